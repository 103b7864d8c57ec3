//! One violation, found by a reviewer or a policy.

use serde::Serialize;

use crate::error::Place;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Said, never refused.
    Low,
    /// Said, never refused.
    Medium,
    /// Refuses a change at the door.
    High,
    /// Refuses a change at the door.
    Critical,
}

/// One violation: who says so, how bad, where, and how to mend it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// The policy or reviewer that found it, e.g. `yaml` or `manifest`.
    pub policy: String,
    /// How bad.
    pub severity: Severity,
    /// Where: a file of a repository or on disk.
    pub place: Place,
    /// One sentence without a final stop.
    pub message: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl Finding {
    /// Whether the door refuses a change with this finding.
    pub fn refuses(&self) -> bool {
        self.severity >= Severity::High
    }
}
