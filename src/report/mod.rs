//! What is said, as data: events, findings, diffs. Only `output` turns them into text for people or machines.

mod annotation;
mod audit;
pub mod clean;
mod coverage;
mod diff;
mod event;
mod explanation;
mod finding;
pub mod redact;
mod rendered;
pub mod shell;
mod test;

pub use crate::error::{Frame, Place, Related};
pub use annotation::{Annotation, Level};
pub use audit::{Audit, Detection, Edit, Fixes, ObjectName, PolicyLevel, RefusedFix, Seen, Waived};
pub use coverage::{Arm, Branch, Coverage, FileCoverage, RuleCoverage, Share};
pub use diff::{Diff, FileDiff};
pub use event::{Action, Counts, Event, Silence, Sink, Status};
pub use explanation::{Covering, Explanation, Fit, InForce, Remedy, Said};
pub use finding::{Finding, Review, RuleInfo, Severity, shortened};
pub use redact::Redactor;
pub use rendered::{
    ApplicationChange, ApplicationField, Comparison, ProblemEffect, RenderedApplication, RenderedMissing,
    RenderedProblem, RenderedSet, RenderedSource,
};
pub use test::{SnapshotNote, TestCase, TestFailure, TestReport};
