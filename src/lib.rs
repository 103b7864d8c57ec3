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

/// The scripts, templates and modules that are built into the binary.
pub mod embedded;

/// What the workspace declares.
pub mod config;

/// Scripts and templates by name: of the workspace, of the script's folder, embedded.
pub mod library;

/// Everything outside the process, and the one door for change.
pub mod world;

/// The schemas of all kinds that a platform knows.
pub mod schemas;

/// What a controller would make of an ApplicationSet, seen before it does.
pub mod rendering;

/// The one way between sync scripts and async Rust.
pub mod bridge;

/// What scripts may say.
pub mod primitives;

/// The Rhai host.
pub mod script;

/// Policies over manifests.
pub mod audit;

/// Scorecards over services.
pub mod score;

/// Text for people and machines.
pub mod output;

/// The command line.
pub mod cli;
