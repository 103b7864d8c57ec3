//! How much of the code tests run.

use serde::{Deserialize, Serialize};

/// What was counted, and how much of it was run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    /// How much was run.
    pub covered: u64,
    /// How much wasn't.
    pub missed: u64,
}

impl Counter {
    /// From 0 to 100; none where there is nothing to run.
    pub fn percent(&self) -> Option<f64> {
        let all = self.covered.checked_add(self.missed)?;
        (all > 0).then(|| self.covered as f64 * 100.0 / all as f64)
    }
}

/// A report of coverage. Counters are of the whole project; one that the report doesn't have is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// The project.
    pub subject: String,
    /// When the tests ended that were measured last, if the report says so, in seconds since 1970.
    pub generated: Option<i64>,
    /// Lines.
    pub lines: Option<Counter>,
    /// Branches of conditions.
    pub branches: Option<Counter>,
    /// Instructions of bytecode, by which JaCoCo's own gates count if nothing else is said.
    pub instructions: Option<Counter>,
}
