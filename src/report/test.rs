//! What tests of scripts came to, as data.

use std::time::Duration;

use super::Frame;
use crate::error::Error;

/// One test function and how it ended.
#[derive(Debug, Clone)]
pub struct TestCase {
    /// The file as people name it.
    pub file: String,
    /// The function.
    pub name: String,
    /// The line at which it begins.
    pub line: usize,
    /// How long it took.
    pub time: Duration,
    /// What it and the scripts that it ran printed.
    pub said: Vec<String>,
    /// Why it failed, if it did.
    pub failure: Option<TestFailure>,
}

/// Why a test failed.
#[derive(Debug, Clone)]
pub struct TestFailure {
    /// What is wrong.
    pub error: Error,
    /// Where in the scripts, innermost first.
    pub frames: Vec<Frame>,
    /// Expected against actual, as a unified diff.
    pub diff: Option<String>,
}

/// What happened to a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotNote {
    /// It was new, and was written.
    Written,
    /// It differed, and was rewritten.
    Updated,
    /// No assertion names it any more.
    Unreferenced,
    /// It was taken out, since no assertion names it.
    Removed,
}

/// All tests of one invocation.
#[derive(Debug, Clone, Default)]
pub struct TestReport {
    /// In the order of files and, within one, of lines.
    pub cases: Vec<TestCase>,
    /// Snapshots that aren't as they were: file, name, what happened.
    pub snapshots: Vec<(String, String, SnapshotNote)>,
    /// Tests that `--fail-fast` left out.
    pub skipped: usize,
    /// From the first test to the last.
    pub time: Duration,
}

impl TestReport {
    /// How many tests failed.
    pub fn failed(&self) -> usize {
        self.cases.iter().filter(|case| case.failure.is_some()).count()
    }
}
