//! What changed between two results of a scorecard: services that rose or fell, and by which checks; new, gone and renamed ones. For
//! history, nudges and pull requests.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;

use super::points::Score;
use super::scorecard::Scorecard;
use super::standing::{Outcome, Standing};
use super::verdict::Verdict;

/// What a check is of a service, as far as the score is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It passes.
    Pass,
    /// It fails.
    Fail,
    /// Nobody knows.
    Unknown,
    /// It isn't asked.
    NotApplicable,
    /// It doesn't pass, and somebody answers for it.
    Exempted,
    /// The scorecard doesn't have it.
    Absent,
}

impl State {
    fn of(outcome: Option<&Outcome>) -> State {
        match outcome {
            None => State::Absent,
            Some(outcome) if outcome.exempted.is_some() => State::Exempted,
            Some(outcome) => match outcome.answer.verdict {
                Verdict::Pass => State::Pass,
                Verdict::Fail => State::Fail,
                Verdict::Unknown => State::Unknown,
                Verdict::NotApplicable => State::NotApplicable,
            },
        }
    }

    fn name(self) -> &'static str {
        match self {
            State::Pass => "pass",
            State::Fail => "fail",
            State::Unknown => "unknown",
            State::NotApplicable => "not applicable",
            State::Exempted => "exempted",
            State::Absent => "absent",
        }
    }
}

/// A check that says something else than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Turn {
    /// Its id.
    pub check: String,
    /// What it said.
    pub from: State,
    /// What it says.
    pub to: State,
    /// Why; why it did, where it isn't there any more.
    pub reason: String,
}

/// Which way a service moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Its level or, at the same level, its score is higher, and a check turned for the better.
    Rose,
    /// Its level or score is lower, and a check turned for the worse.
    Fell,
    /// Checks turned, and neither of both: what is known of it changed, or what it is asked.
    Turned,
}

/// A service that isn't as it was.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Moved {
    /// Its reference now.
    pub service: String,
    /// What it was called before, if it has been renamed.
    pub renamed_from: Option<String>,
    /// Which way.
    pub way: Way,
    /// Its score before and now.
    pub score: (Option<Score>, Option<Score>),
    /// Its level before and now.
    pub level: (Option<String>, Option<String>),
    /// The checks that say something else, in the scorecard's order.
    pub turns: Vec<Turn>,
}

impl Moved {
    /// What tells this movement from others of the service, the same however often it is seen: a message about it goes out once.
    pub fn cause(&self, scorecard: &str) -> String {
        let level = |level: &Option<String>| level.clone().unwrap_or_else(|| "none".to_owned());
        let turns: Vec<String> =
            self.turns.iter().map(|turn| format!("{}:{}>{}", turn.check, turn.from.name(), turn.to.name())).collect();
        let (before, now) = &self.level;
        format!("{scorecard} {} {}>{} {}", self.service, level(before), level(now), turns.join(" "))
    }
}

/// What changed between two results.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Difference {
    /// Services that aren't as they were, by reference.
    pub moved: Vec<Moved>,
    /// Services that weren't there.
    pub new: Vec<String>,
    /// Services that aren't there any more.
    pub gone: Vec<String>,
    /// Services that are as they were under another name: before and now.
    pub renamed: Vec<(String, String)>,
    /// How many are as they were.
    pub unchanged: usize,
}

impl Difference {
    /// Those that moved one way.
    pub fn which(&self, way: Way) -> impl Iterator<Item = &Moved> {
        self.moved.iter().filter(move |moved| moved.way == way)
    }
}

/// Holds two results of a scorecard, as it is now, against each other.
///
/// A service is the same if its reference is, or else if it is the only one before and now that has the same uid, the same annotation
/// `idp-run/service-id`, or the same repository: then it has been renamed, and keeps its history.
pub fn difference(scorecard: &Scorecard, before: &[Standing], after: &[Standing]) -> Difference {
    let of = |standings: &'_ [Standing]| -> BTreeMap<String, usize> {
        let own = standings.iter().enumerate().filter(|(_, standing)| standing.scorecard == scorecard.id());
        own.map(|(at, standing)| (standing.service.key.clone(), at)).collect()
    };
    let (was, is) = (of(before), of(after));
    let renames = renames(&was, before, &is, after);
    let old_names: HashSet<&str> = renames.values().copied().collect();
    let mut found = Difference::default();
    for (key, at) in &is {
        let now = &after[*at];
        let old_name = renames.get(key.as_str()).copied();
        let Some(then) = was.get(old_name.unwrap_or(key)).map(|at| &before[*at]) else {
            found.new.push(key.clone());
            continue;
        };
        let turns = turns(scorecard, then, now);
        if let Some(old_name) = old_name {
            found.renamed.push((old_name.to_owned(), key.clone()));
        }
        if turns.is_empty() && then.level == now.level && then.score == now.score {
            found.unchanged += 1;
            continue;
        }
        found.moved.push(Moved {
            service: key.clone(),
            renamed_from: old_name.map(str::to_owned),
            way: way(scorecard, then, now, &turns),
            score: (then.score, now.score),
            level: (then.level.clone(), now.level.clone()),
            turns,
        });
    }
    let gone = was.keys().filter(|key| !is.contains_key(*key) && !old_names.contains(key.as_str()));
    found.gone = gone.cloned().collect();
    found
}

/// New names with the old ones.
fn renames<'a>(
    was: &'a BTreeMap<String, usize>,
    before: &'a [Standing],
    is: &'a BTreeMap<String, usize>,
    after: &'a [Standing],
) -> HashMap<&'a str, &'a str> {
    let old = only(was, before);
    let new = only(is, after);
    let mut found: HashMap<&str, &str> = HashMap::new();
    let mut taken = HashSet::new();
    for (key, at) in is.iter().filter(|(key, _)| !was.contains_key(*key)) {
        let identities = after[*at].service.identities.iter().map(String::as_str);
        let mut same = identities.filter(|identity| new.get(identity).is_some_and(Option::is_some));
        let old_name = same.find_map(|identity| old.get(identity).copied().flatten());
        if let Some(old_name) = old_name.filter(|name| !is.contains_key(*name))
            && taken.insert(old_name)
        {
            found.insert(key, old_name);
        }
    }
    found
}

/// Identities with the one service that has each; none where several have it.
fn only<'a>(keys: &'a BTreeMap<String, usize>, standings: &'a [Standing]) -> HashMap<&'a str, Option<&'a str>> {
    let mut found: HashMap<&str, Option<&str>> = HashMap::new();
    for (key, at) in keys {
        for identity in &standings[*at].service.identities {
            found.entry(identity).and_modify(|one| *one = None).or_insert(Some(key));
        }
    }
    found
}

fn turns(scorecard: &Scorecard, then: &Standing, now: &Standing) -> Vec<Turn> {
    let mut ids: Vec<&str> = scorecard.checks().map(|check| check.id.as_str()).collect();
    let all = now.checks.iter().chain(&then.checks).map(|outcome| outcome.check.as_str());
    for id in all {
        if scorecard.check(id).is_none() && !ids.contains(&id) {
            ids.push(id);
        }
    }
    let index = |standing: &'_ Standing| -> HashMap<String, usize> {
        standing.checks.iter().enumerate().map(|(at, outcome)| (outcome.check.clone(), at)).collect()
    };
    let (was, is) = (index(then), index(now));
    let turn = |id: &str| {
        let old = was.get(id).map(|at| &then.checks[*at]);
        let new = is.get(id).map(|at| &now.checks[*at]);
        let (from, to) = (State::of(old), State::of(new));
        let reason = new.or(old).map(|outcome| outcome.answer.reason.clone()).unwrap_or_default();
        (from != to).then(|| Turn { check: id.to_owned(), from, to, reason })
    };
    ids.into_iter().filter_map(turn).collect()
}

fn way(scorecard: &Scorecard, then: &Standing, now: &Standing, turns: &[Turn]) -> Way {
    let rank = |level: &Option<String>| match level {
        None => Some(0),
        // A level that the scorecard had before can't be compared.
        Some(name) => scorecard.levels().iter().position(|level| level.name == *name).map(|at| at + 1),
    };
    let by_level = match (rank(&then.level), rank(&now.level)) {
        (Some(then), Some(now)) => now.cmp(&then),
        _ => Ordering::Equal,
    };
    // A report that is hidden raises the score, and a forge that doesn't answer lowers it: neither is the service's doing.
    let better = turns.iter().any(|turn| {
        matches!(turn.to, State::Pass | State::Exempted)
            || (turn.from == State::Fail && turn.to == State::NotApplicable)
    });
    let worse = turns.iter().any(|turn| turn.to == State::Fail);
    let by_score = match (then.score, now.score) {
        (Some(then), Some(now)) => now.cmp(&then),
        _ => Ordering::Equal,
    };
    match by_level.then(by_score) {
        Ordering::Greater if better => Way::Rose,
        Ordering::Less if worse => Way::Fell,
        _ => Way::Turned,
    }
}
