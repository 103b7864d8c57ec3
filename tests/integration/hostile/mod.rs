//! What means harm: scripts, trees, templates. It ends in an error within its limits, touches nothing outside, and the
//! process goes on.

mod checks;
mod corpus;
mod inside;
mod limits;
mod manifests;
mod scripts;
mod trees;
