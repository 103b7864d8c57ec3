//! The Rhai host: an engine with limits, confined imports, parameters, and errors that point at the script.

mod attempt;
mod beside;
mod calls;
pub mod check;
mod diagnose;
mod engine;
mod fence;
mod habits;
pub mod harness;
mod imports;
mod inputs;
mod memory;
mod meter;
mod pack;
mod params;
mod prompt;
pub mod reference;
mod run_key;
mod sort;
mod strings;
mod syntax;
mod values;

pub use crate::bridge::Trouble;
pub use attempt::{Attempt, Reviewers, Surroundings};
pub use diagnose::diagnose;
pub use engine::{Extras, Host, Progress};
pub use fence::{Ended, Fence};
pub use inputs::{basis, differences, input_hash, present};
pub use memory::{Ceiling, level};
pub use meter::MOST_SAID;
pub use pack::{Pack, Seat, as_params};
pub use params::{Declared, Given, gather, to_map};
pub use prompt::Asking;
pub use run_key::run_key;
pub use strings::{LONGEST as LONGEST_TEXT, MOST as MOST_ELEMENTS};
