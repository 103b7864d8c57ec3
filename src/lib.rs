//! `idp-run`: golden paths as scripts that can be planned, killed and rerun. Rooms in layer order, lowest first.

pub mod error; //     what can go wrong, and the exit codes
pub mod formats;
pub mod report; //    what is said, as data //   languages and documents of others; pure

pub mod embedded; //  stdlib, scripts and templates, as part of the binary
