//! Standings of many services in one: by owner, group, system, domain, and of all. For reports and their pages.

use std::collections::BTreeMap;

use serde::Serialize;

use super::points::Score;
use super::scorecard::Scorecard;
use super::standing::Standing;
use super::verdict::Verdict;

/// What services are put together by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// All of them.
    Organisation,
    /// Who answers for them.
    Owner,
    /// Who answers for them, and each group above.
    Group,
    /// The system that they are part of.
    System,
    /// The domains that they are part of, those above, too.
    Domain,
}

/// How many services are at a level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AtLevel {
    /// The level; none for those that have reached none.
    pub level: Option<String>,
    /// How many.
    pub services: usize,
}

/// A check that many services don't pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Worst {
    /// Its id.
    pub check: String,
    /// How many services fail.
    pub failed: usize,
    /// Of how many nobody knows.
    pub unknown: usize,
    /// For how many somebody answers.
    pub exempted: usize,
    /// How many it is asked of.
    pub asked: usize,
}

/// Services put together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RollUp {
    /// The reference of the owner, system or domain; none for services without one, and for all of them.
    pub of: Option<String>,
    /// How many services.
    pub services: usize,
    /// How many of them have a score.
    pub scored: usize,
    /// The middle of their scores, which a few outliers don't move.
    pub median: Option<Score>,
    /// The mean of their scores.
    pub mean: Option<Score>,
    /// How many are at each level, those without one first, then from the lowest.
    pub levels: Vec<AtLevel>,
    /// The checks that fail, those that most services fail first.
    pub worst: Vec<Worst>,
}

/// Puts the standings by a scorecard together, in the order of the names, services without one last. A service may be in several:
/// of each group above its owner. `worst` is how many checks are named at most.
pub fn roll_up(scorecard: &Scorecard, standings: &[Standing], by: By, worst: usize) -> Vec<RollUp> {
    let mut groups: BTreeMap<Option<&str>, Vec<&Standing>> = BTreeMap::new();
    for standing in standings.iter().filter(|standing| standing.scorecard == scorecard.id()) {
        let service = &standing.service;
        let mut names: Vec<&str> = match by {
            By::Organisation => Vec::new(),
            By::Owner => service.owner.iter().map(String::as_str).collect(),
            By::Group => service.owner.iter().chain(&service.above).map(String::as_str).collect(),
            By::System => service.system.iter().map(String::as_str).collect(),
            By::Domain => service.domains.iter().map(String::as_str).collect(),
        };
        names.sort_unstable();
        names.dedup();
        match names.is_empty() {
            true => groups.entry(None).or_default().push(standing),
            false => names.into_iter().for_each(|name| groups.entry(Some(name)).or_default().push(standing)),
        }
    }
    let nobody = groups.remove(&None).map(|standings| (None, standings));
    groups.into_iter().chain(nobody).map(|(of, standings)| one(scorecard, of, &standings, worst)).collect()
}

fn one(scorecard: &Scorecard, of: Option<&str>, standings: &[&Standing], worst: usize) -> RollUp {
    let scores: Vec<Score> = standings.iter().filter_map(|standing| standing.score).collect();
    let at = |level: Option<&str>| AtLevel {
        level: level.map(str::to_owned),
        services: standings.iter().filter(|standing| standing.level.as_deref() == level).count(),
    };
    let levels = scorecard.levels().iter().map(|level| Some(level.name.as_str()));
    RollUp {
        of: of.map(str::to_owned),
        services: standings.len(),
        scored: scores.len(),
        mean: Score::mean(&scores),
        median: Score::median(scores),
        levels: std::iter::once(None).chain(levels).map(at).collect(),
        worst: worst_of(scorecard, standings, worst),
    }
}

fn worst_of(scorecard: &Scorecard, standings: &[&Standing], most: usize) -> Vec<Worst> {
    let mut counts: BTreeMap<&str, Worst> = BTreeMap::new();
    for outcome in standings.iter().flat_map(|standing| &standing.checks) {
        let none = || Worst { check: outcome.check.clone(), failed: 0, unknown: 0, exempted: 0, asked: 0 };
        let count = counts.entry(&outcome.check).or_insert_with(none);
        match outcome.answer.verdict {
            Verdict::NotApplicable => continue,
            _ if outcome.exempted.is_some() => count.exempted += 1,
            Verdict::Fail => count.failed += 1,
            Verdict::Unknown => count.unknown += 1,
            Verdict::Pass => {}
        }
        count.asked += 1;
    }
    // Checks of an older version of the scorecard that a standing may still have say nothing of today's.
    let known = scorecard.checks().filter_map(|check| counts.remove(check.id.as_str()));
    let mut found: Vec<Worst> = known.filter(|worst| worst.failed + worst.unknown > 0).collect();
    found.sort_by_key(|worst| std::cmp::Reverse((worst.failed, worst.unknown)));
    found.truncate(most);
    found
}
