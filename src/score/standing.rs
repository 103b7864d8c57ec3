//! How a service stands by a scorecard: its score, its level, and what is missing for the next one. The rules of counting are
//! here and nowhere else.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::exemptions::Exemptions;
use super::points::{Mean, Score, Weight};
use super::scorecard::{Check, Dimension, Scorecard};
use super::service::Service;
use super::verdict::{Answer, Verdict};
use crate::report::Waived;

/// What became of a check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The check's id within its scorecard.
    pub check: String,
    /// What it answered.
    #[serde(flatten)]
    pub answer: Answer,
    /// The exemption that keeps it from counting; only where it doesn't pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exempted: Option<Arc<Waived>>,
    /// An exemption that has expired, so that it counts again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lapsed: Option<Arc<Waived>>,
}

impl Outcome {
    /// Whether a level that needs the check has it. Who answers for a check until a day has the level until that day; what isn't
    /// known isn't there.
    pub fn suffices(&self) -> bool {
        self.exempted.is_some() || matches!(self.answer.verdict, Verdict::Pass | Verdict::NotApplicable)
    }

    /// The verdict, if it counts.
    fn counts(&self) -> Option<Verdict> {
        Some(self.answer.verdict).filter(|verdict| self.exempted.is_none() && *verdict != Verdict::NotApplicable)
    }
}

/// A dimension of a service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OfDimension {
    /// Its id.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// How much it counts.
    pub weight: Weight,
    /// Its score; none where nothing of it is known.
    pub score: Option<Score>,
    /// How many checks pass.
    pub passed: usize,
    /// How many fail.
    pub failed: usize,
    /// Of how many nobody knows.
    pub unknown: usize,
    /// How many somebody answers for.
    pub exempted: usize,
}

/// A check that keeps a service from its next level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Missing {
    /// Its id.
    pub check: String,
    /// What it asks for.
    pub title: String,
    /// Fail, or unknown.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
    /// What to do.
    pub remediation: Option<String>,
    /// Whether it comes with a fix.
    pub fixable: bool,
}

/// The next level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Next {
    /// Its name.
    pub level: String,
    /// What is missing for it, of the lowest level first.
    pub missing: Vec<Missing>,
}

/// How a service stands by a scorecard.
///
/// - **Score.** A dimension's is the share of the weights of its passing checks in those of its passing and failing ones; the
///   scorecard's is the mean of its dimensions' by their weights. What isn't applicable or is exempted counts in neither; a dimension
///   of which nothing counts doesn't, either.
/// - **Unknown** is left out of the score, since a service isn't worse for a forge that doesn't answer; and it isn't forgotten:
///   `lowest` and `highest` say what the score is if all of it failed or passed, `known` how much of the weight is known, and a level
///   that needs it isn't reached. So nothing is won by hiding a report.
/// - **Level.** The highest of which all checks, and all of the levels below, pass, aren't applicable, or are exempted. Where no
///   check passes there is no level, whatever isn't applicable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// The scorecard's id.
    pub scorecard: String,
    /// The service.
    pub service: Service,
    /// The score; none where nothing is known.
    pub score: Option<Score>,
    /// What it is if all that is unknown fails.
    pub lowest: Option<Score>,
    /// What it is if all that is unknown passes.
    pub highest: Option<Score>,
    /// How much of the weight is known.
    pub known: Option<Score>,
    /// The level, if one is reached.
    pub level: Option<String>,
    /// The checks that the level has by exemption.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_exemption: Vec<String>,
    /// The next level, if there is one.
    pub next: Option<Next>,
    /// The dimensions, in the scorecard's order.
    pub dimensions: Vec<OfDimension>,
    /// The checks, in the scorecard's order.
    pub checks: Vec<Outcome>,
}

impl Standing {
    /// The outcome of a check.
    pub fn outcome(&self, check: &str) -> Option<&Outcome> {
        self.checks.iter().find(|outcome| outcome.check == check)
    }

    /// How many checks have a verdict, those that are exempted left out.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.checks.iter().filter(|outcome| outcome.exempted.is_none() && outcome.answer.verdict == verdict).count()
    }
}

/// The weights of a dimension's checks.
#[derive(Default)]
struct Weights {
    passed: u64,
    failed: u64,
    unknown: u64,
}

impl Weights {
    fn known(&self) -> u64 {
        self.passed + self.failed
    }

    fn all(&self) -> u64 {
        self.known() + self.unknown
    }
}

impl Scorecard {
    /// How a service stands; none if the scorecard isn't about it. `ask` is called once for each check that is applicable, in the
    /// order of the dimensions.
    pub fn score(
        &self,
        service: &Service,
        exemptions: &Exemptions,
        mut ask: impl FnMut(&Check) -> Answer,
    ) -> Option<Standing> {
        if self.applies_to().why_not(service).is_some() {
            return None;
        }
        let mut checks = Vec::new();
        let mut dimensions = Vec::new();
        let mut sums: [Mean; 4] = Default::default();
        for dimension in self.dimensions() {
            let mut outcomes = Vec::new();
            for check in &dimension.checks {
                let answer = match check.applies_to.why_not(service) {
                    Some(why) => Answer::not_applicable(why),
                    None => ask(check),
                };
                outcomes.push(exemptions.decide(&self.full_id(&check.id), service, check, answer));
            }
            let weights = weights(dimension, &outcomes);
            let weight = dimension.weight.thousandths();
            let [score, lowest, highest, known] = &mut sums;
            score.add_share(weight, weights.passed, weights.known());
            lowest.add_share(weight, weights.passed, weights.all());
            highest.add_share(weight, weights.passed + weights.unknown, weights.all());
            known.add_share(weight, weights.known(), weights.all());
            dimensions.push(of_dimension(dimension, &weights, &outcomes));
            checks.extend(outcomes);
        }
        let [score, lowest, highest, known] = sums.map(|sum| sum.score());
        let (reached, next) = self.climb(&checks);
        let by_exemption = |level| {
            let needs = self.needs(level);
            let exempted = checks.iter().filter(|outcome| outcome.exempted.is_some());
            let named = exempted.filter(|outcome| needs.contains(&outcome.check.as_str()));
            named.map(|outcome| outcome.check.clone()).collect()
        };
        Some(Standing {
            scorecard: self.id().to_owned(),
            service: service.clone(),
            score,
            lowest,
            highest,
            known,
            level: reached.map(|level| self.levels()[level].name.clone()),
            by_exemption: reached.map(by_exemption).unwrap_or_default(),
            next,
            dimensions,
            checks,
        })
    }

    /// The level that is reached, and the next one.
    fn climb(&self, outcomes: &[Outcome]) -> (Option<usize>, Option<Next>) {
        let by_id: HashMap<&str, &Outcome> = outcomes.iter().map(|outcome| (outcome.check.as_str(), outcome)).collect();
        let lacks = |level: usize| {
            let needs = self.needs(level).into_iter().filter_map(|check| by_id.get(check));
            needs.filter(|outcome| !outcome.suffices()).filter_map(|outcome| self.missing(outcome)).collect::<Vec<_>>()
        };
        let passes = outcomes.iter().any(|outcome| outcome.answer.verdict == Verdict::Pass);
        let mut reached = None;
        for (at, level) in self.levels().iter().enumerate() {
            let missing = lacks(at);
            if !missing.is_empty() || !passes {
                return (reached, Some(Next { level: level.name.clone(), missing }));
            }
            reached = Some(at);
        }
        (reached, None)
    }

    fn missing(&self, outcome: &Outcome) -> Option<Missing> {
        let check = self.check(&outcome.check)?;
        Some(Missing {
            check: check.id.clone(),
            title: check.title.clone(),
            verdict: outcome.answer.verdict,
            reason: outcome.answer.reason.clone(),
            remediation: check.remediation.clone(),
            fixable: check.fixable,
        })
    }
}

fn weights(dimension: &Dimension, outcomes: &[Outcome]) -> Weights {
    let mut weights = Weights::default();
    for (check, outcome) in dimension.checks.iter().zip(outcomes) {
        let weight = check.weight.thousandths();
        match outcome.counts() {
            Some(Verdict::Pass) => weights.passed += weight,
            Some(Verdict::Fail) => weights.failed += weight,
            Some(Verdict::Unknown) => weights.unknown += weight,
            _ => {}
        }
    }
    weights
}

fn of_dimension(dimension: &Dimension, weights: &Weights, outcomes: &[Outcome]) -> OfDimension {
    let count = |verdict| outcomes.iter().filter(|outcome| outcome.counts() == Some(verdict)).count();
    OfDimension {
        id: dimension.id.clone(),
        title: dimension.title.clone(),
        weight: dimension.weight,
        score: Score::share(weights.passed, weights.known()),
        passed: count(Verdict::Pass),
        failed: count(Verdict::Fail),
        unknown: count(Verdict::Unknown),
        exempted: outcomes.iter().filter(|outcome| outcome.exempted.is_some()).count(),
    }
}
