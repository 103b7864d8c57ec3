//! `idp-run`: golden paths as scripts that can be planned, killed and rerun. The rooms, lowest layer first; a room
//! imports only rooms above it in this list.
#![deny(unsafe_code)]
#![warn(missing_docs)]

/// What can go wrong, and the exit codes.
pub mod error;

/// What is said, as data.
pub mod report;

/// Languages and documents of others; pure.
pub mod formats;
pub mod report; //    what is said, as data //   languages and documents of others; pure

pub mod embedded; //  stdlib, scripts and templates, as part of the binary
