//! What a check says of a service: pass, fail, unknown or not applicable, and why. Checks answer; the score keeps the answers.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::Place;

/// What a check says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is as it should be.
    Pass,
    /// It isn't.
    Fail,
    /// A fact that it takes can't be had: neither of both.
    Unknown,
    /// It isn't asked of this service.
    NotApplicable,
}

impl Verdict {
    /// As people read it.
    pub fn words(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Fail => "fail",
            Verdict::Unknown => "unknown",
            Verdict::NotApplicable => "not applicable",
        }
    }
}

/// What a check looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// A file and line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// An object: `Application argocd/orders-prod-api`, `report trivy.json`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// What is there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub says: String,
}

impl Evidence {
    /// A place with what is there.
    pub fn at(place: Place, says: impl Into<String>) -> Evidence {
        Evidence { place: Some(place), object: None, says: says.into() }
    }

    /// An object with what is there.
    pub fn of(object: impl Into<String>, says: impl Into<String>) -> Evidence {
        Evidence { place: None, object: Some(object.into()), says: says.into() }
    }
}

/// A bound that a number has to keep.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Threshold {
    /// This much or more: coverage.
    AtLeast(f64),
    /// This much or less: days since the last deployment.
    AtMost(f64),
}

/// A number that a check found, with the bound that it was held against.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The number.
    pub value: f64,
    /// What it counts: `%`, `days`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// The bound.
    pub threshold: Threshold,
}

impl Measured {
    fn is_kept(&self) -> bool {
        match self.threshold {
            Threshold::AtLeast(bound) => self.value >= bound,
            Threshold::AtMost(bound) => self.value <= bound,
        }
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let space = if self.unit.is_empty() { "" } else { " " };
        let unit = &self.unit;
        let (words, bound) = match self.threshold {
            Threshold::AtLeast(bound) => ("at least", bound),
            Threshold::AtMost(bound) => ("at most", bound),
        };
        write!(f, "{}{space}{unit}, and {words} {bound}{space}{unit} is asked for", self.value)
    }
}

/// What a check answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// What it says.
    pub verdict: Verdict,
    /// Why, a sentence without a final stop; never empty but for a pass.
    pub reason: String,
    /// What it looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// The number that decided, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<Measured>,
}

impl Answer {
    fn of(verdict: Verdict, reason: String) -> Answer {
        // Whoever reads the result can do nothing with a bare verdict.
        let reason =
            if reason.trim().is_empty() && verdict != Verdict::Pass { "no reason was given".into() } else { reason };
        Answer { verdict, reason, evidence: Vec::new(), measured: None }
    }

    /// It is as it should be.
    pub fn pass(reason: impl Into<String>) -> Answer {
        Answer::of(Verdict::Pass, reason.into())
    }

    /// It isn't.
    pub fn fail(reason: impl Into<String>) -> Answer {
        Answer::of(Verdict::Fail, reason.into())
    }

    /// A fact can't be had.
    pub fn unknown(reason: impl Into<String>) -> Answer {
        Answer::of(Verdict::Unknown, reason.into())
    }

    /// It isn't asked of this service.
    pub fn not_applicable(reason: impl Into<String>) -> Answer {
        Answer::of(Verdict::NotApplicable, reason.into())
    }

    /// A number held against its bound. What is no number is unknown.
    pub fn measured(value: f64, unit: impl Into<String>, threshold: Threshold) -> Answer {
        let measured = Measured { value, unit: unit.into(), threshold };
        if !value.is_finite() {
            return Answer::unknown("what was measured is no number");
        }
        let verdict = if measured.is_kept() { Verdict::Pass } else { Verdict::Fail };
        Answer { measured: Some(measured.clone()), ..Answer::of(verdict, measured.to_string()) }
    }

    /// With what it looked at.
    #[must_use]
    pub fn because(mut self, evidence: Evidence) -> Answer {
        self.evidence.push(evidence);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_held_against_their_bound() {
        let coverage = |value| Answer::measured(value, "%", Threshold::AtLeast(80.0));
        assert_eq!(coverage(80.0).verdict, Verdict::Pass);
        assert_eq!(coverage(79.9).verdict, Verdict::Fail);
        assert_eq!(coverage(79.9).reason, "79.9 %, and at least 80 % is asked for");
        assert_eq!(coverage(f64::NAN).verdict, Verdict::Unknown);
        let criticals = Answer::measured(2.0, "", Threshold::AtMost(0.0));
        assert_eq!((criticals.verdict, criticals.reason.as_str()), (Verdict::Fail, "2, and at most 0 is asked for"));
    }

    #[test]
    fn whatever_isnt_a_pass_says_why() {
        assert_eq!(Answer::fail(" ").reason, "no reason was given");
        assert_eq!(Answer::pass("").reason, "");
    }
}
