//! What is said, as data: events, findings, diffs. Only `output` turns them into text for people or machines.

mod coverage;
mod diff;
mod event;
mod finding;
mod test;

pub use crate::error::{Frame, Place, Related};
pub use coverage::{Arm, Branch, Coverage, FileCoverage, Share};
pub use diff::{Diff, FileDiff};
pub use event::{Action, Counts, Event, Sink, Status};
pub use finding::{Finding, Review, RuleInfo, Severity};
pub use test::{SnapshotNote, TestCase, TestFailure, TestReport};
