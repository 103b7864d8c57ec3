//! Exemptions: checks that somebody answers for until a day. They are files of the workspace, like waivers; what they cover
//! leaves the score and stays in sight, and those that are expired, unused or about nothing are found fault with.

mod judge;
mod read;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;

use super::scorecard::Check;
use super::service::Service;
use super::standing::Outcome;
use super::verdict::{Answer, Verdict};
use crate::audit::waivers::Glob;
use crate::error::{Place, Result};
use crate::report::Waived;

/// The name under which exemptions themselves are found fault with.
pub const POLICY: &str = "exemption";

/// An exemption, as its document says it.
#[derive(Debug, Clone)]
struct Exemption {
    /// Of `SCORECARD/CHECK`.
    checks: Vec<(Glob, Place)>,
    services: Vec<(Glob, Place)>,
    told: Arc<Waived>,
    expires: Date,
    expires_place: Place,
}

impl Exemption {
    fn is_of(&self, check: &str) -> bool {
        self.checks.iter().any(|(glob, _)| glob.matches(check))
    }

    fn is_about(&self, service: &Service) -> bool {
        self.services.iter().any(|(glob, _)| service.is_named_by(glob))
    }

    fn named(&self) -> String {
        self.checks.iter().map(|(glob, _)| glob.text.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// The exemptions of a workspace, on a day.
#[derive(Debug, Clone, Default)]
pub struct Exemptions {
    exemptions: Vec<Exemption>,
    today: Date,
}

impl Exemptions {
    /// Those of files, by name and text. An exemption holds through its last day.
    ///
    /// # Errors
    /// `idp::exemption::invalid` for one that lacks a field, or says what exemptions don't, with its place; `idp::yaml::syntax`.
    pub fn of(files: &BTreeMap<String, String>, today: Date) -> Result<Exemptions> {
        let mut exemptions = Vec::new();
        for (file, text) in files {
            exemptions.extend(read::exemptions(file, text)?);
        }
        Ok(Exemptions { exemptions, today })
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.exemptions.is_empty()
    }

    /// What becomes of an answer: what fails or is unknown may be exempted. A pass needs nobody to answer for it.
    pub(super) fn decide(&self, full_id: &str, service: &Service, check: &Check, answer: Answer) -> Outcome {
        let mut outcome = Outcome { check: check.id.clone(), answer, exempted: None, lapsed: None };
        if !matches!(outcome.answer.verdict, Verdict::Fail | Verdict::Unknown) {
            return outcome;
        }
        let covers = |exemption: &&Exemption| exemption.is_of(full_id) && exemption.is_about(service);
        let covering: Vec<&Exemption> = self.exemptions.iter().filter(covers).collect();
        let holds = |exemption: &&&Exemption| exemption.expires >= self.today;
        outcome.exempted = covering.iter().find(holds).map(|exemption| exemption.told.clone());
        if outcome.exempted.is_none() {
            // The one that held longest tells best since when it counts again.
            outcome.lapsed = covering.iter().max_by_key(|exemption| exemption.expires).map(|found| found.told.clone());
        }
        outcome
    }
}
