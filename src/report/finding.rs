//! One violation, found by a reviewer, a check or a policy; and a whole review of files.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::Audit;
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

/// How many characters a finding's sentence may have, and its path likewise.
const LONGEST: usize = 2_000;

/// What a finding says in words: what is longer than anybody reads is cut off.
pub fn shortened(words: &str) -> String {
    match words.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words.to_owned(),
    }
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

/// A rule, for those who show what it found.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleInfo {
    /// Its name: the `policy` of its findings.
    pub id: String,
    /// What it finds, a sentence without a final stop.
    pub about: String,
    /// Why that is worth mending.
    pub why: String,
    /// Whether what it finds is an error.
    pub is_error: bool,
    /// Whether somebody may answer for what it finds, so that it doesn't count.
    pub waivable: bool,
}

/// What was found in some files.
#[derive(Debug, Clone, Default)]
pub struct Review {
    /// What codes begin with: `idp::check`.
    pub family: &'static str,
    /// The rules, found or not.
    pub rules: Vec<RuleInfo>,
    /// The findings, in the order of the files.
    pub findings: Vec<Finding>,
    /// Those that somebody answers for, with what they say.
    pub suppressed: Vec<(Finding, String)>,
    /// The texts of the files by their names.
    pub sources: BTreeMap<String, Arc<str>>,
    /// How many files were looked at.
    pub files: usize,
}

impl Review {
    /// The stable code of what a rule finds: `idp::check::unknown_function`.
    pub fn code(&self, rule: &str) -> String {
        format!("{}::{}", self.family, rule.replace('-', "_").replace('/', "::"))
    }

    /// What a rule is called above its findings: people who look at manifests know policies by `pack/rule`.
    pub fn title(&self, rule: &str) -> String {
        let info = self.rules.iter().find(|info| info.id == rule);
        match info.filter(|_| self.family == Audit::FAMILY) {
            Some(info) => format!("{rule} ({})", info.about),
            None => self.code(rule),
        }
    }

    /// How many findings are errors.
    pub fn errors(&self) -> usize {
        self.findings.iter().filter(|finding| finding.refuses()).count()
    }
}
