//! What is said, as data: events, findings, diffs. Only `output` turns them into text for people or machines.

mod diff;
mod event;
mod finding;

pub use crate::error::Place;
pub use diff::{Diff, FileDiff};
pub use event::{Action, Counts, Event, Frame, Sink, Status};
pub use finding::{Finding, Severity};
