//! Why a policy says of an object what it says: what was compared, what is in force, what its script did.

use std::sync::Arc;

use serde::Serialize;

use super::{Detection, ObjectName, PolicyLevel, Severity, Waived};
use crate::error::Place;

/// One entry of `applies_to`, held against an object.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fit {
    /// `kinds`, `namespaces` ...
    pub field: String,
    /// What the policy wants.
    pub wanted: String,
    /// What the object has.
    pub is: String,
    /// Whether that will do.
    pub fits: bool,
}

/// A parameter with its value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InForce {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: serde_json::Value,
    /// Who says so: `--param`, `idp.yaml` or `default`.
    pub origin: &'static str,
}

/// What a check said, and where in its script.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Said {
    /// `deny`, `warn` or `audit`, before the policy's level caps it.
    pub level: PolicyLevel,
    /// The field.
    pub path: String,
    /// The line of the script.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

/// A waiver of a policy, held against an object.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Covering {
    /// What it says.
    pub waiver: Arc<Waived>,
    /// How many of the policy's findings of the object it covers.
    pub covers: usize,
    /// Why it lets none of them be, if it doesn't.
    pub why: Option<String>,
}

/// What the policy's fix would do about its findings.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Remedy {
    /// Whether it mends any of them.
    pub mends: bool,
    /// Why it leaves some.
    pub why: Option<String>,
}

/// All of it.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// The policy's id and title.
    pub policy: (String, String),
    /// Where it is declared; none for one that is built in.
    pub script: Option<Place>,
    /// How bad its findings are.
    pub severity: Option<Severity>,
    /// At which level it is asked.
    pub level: Option<PolicyLevel>,
    /// The object.
    pub object: ObjectName,
    /// Where the object begins.
    pub place: Place,
    /// The environment that it is for, if that is known.
    pub environment: Option<String>,
    /// What decides whether the policy is asked.
    pub applies_to: Vec<Fit>,
    /// Why it isn't asked, if it isn't.
    pub not_asked: Option<String>,
    /// Its parameters.
    pub params: Vec<InForce>,
    /// The lines of its script that ran.
    pub ran: Vec<usize>,
    /// What its check said.
    pub said: Vec<Said>,
    /// The waivers of the policy, with what each does for the object.
    pub waivers: Vec<Covering>,
    /// What became of that: its findings of the object, those that somebody answers for among them.
    pub found: Vec<Detection>,
    /// What the fix would do about those that nobody answers for; none if there is no fix, or nothing to mend.
    pub fix: Option<Remedy>,
    /// Whether one of them fails the audit.
    pub fails: bool,
}

impl Explanation {
    /// In a word: `fails`, `waived`, `told`, `passes` or `not asked`.
    pub fn verdict(&self) -> &'static str {
        match &self.found[..] {
            _ if self.fails => "fails",
            [] if self.not_asked.is_some() => "not asked",
            [] => "passes",
            all if all.iter().all(|found| found.waived.is_some()) => "waived",
            _ => "told",
        }
    }
}
