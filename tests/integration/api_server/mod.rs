//! What a real API server says, and whether we say the same.

mod built_in;
mod comparison;
mod definitions;
mod generated;
mod keywords;
mod random;
mod server;
mod xrds;
