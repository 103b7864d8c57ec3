//! Since which attempt people have what a run delivered: the journal knows what each attempt made, the forge what people
//! took of it. For `runs list --outdated` and for what a rerun says of older files.

use std::collections::BTreeMap;
use std::fmt;

use crate::error::Result;
use crate::world::forge::{Forge, RepoId, State};
use crate::world::journal::{AttemptRow, Made};

/// The beginning of the branches of updates.
const UPDATES: &str = "idp-run/update-";

/// How old the files of a run are, and what of it people were asked to bring up to date.
#[derive(Debug)]
pub struct Delivered {
    /// The position of the attempt that delivered the oldest of them.
    pub since: usize,
    /// The updates that people haven't taken.
    pub updates: Vec<Proposed>,
}

/// An update that people haven't taken.
#[derive(Debug)]
pub struct Proposed {
    /// The repository.
    pub repo: RepoId,
    /// The pull request's number.
    pub number: u64,
    /// Whether they still may; otherwise they declined it.
    pub open: bool,
}

impl fmt::Display for Proposed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.open { "is open" } else { "was declined" };
        write!(f, "{}#{} {state}", self.repo, self.number)
    }
}

/// Looks at what the attempts made. A commit is as old as the attempt that made it. A proposal follows its run: it is as
/// old as the last attempt that changed it, and while it is open as the last one that went well. An update makes all of
/// that as new as itself, unless people left it open or declined it.
pub async fn delivered(forge: &dyn Forge, attempts: &[AttemptRow], made: &[Made]) -> Result<Delivered> {
    let mut commit = None;
    let mut proposals: BTreeMap<&str, usize> = BTreeMap::new();
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    // By delivery, then by number: each update that is settled has a branch of its own.
    let mut updates: BTreeMap<&str, BTreeMap<u64, (&str, usize)>> = BTreeMap::new();
    for (at, attempt) in attempts.iter().enumerate() {
        for change in attempt.changes.iter().filter(|change| change.status != "failed") {
            match (change.kind.as_str(), change.target.split_once(' ')) {
                ("commit", _) => drop(commit.get_or_insert(at)),
                ("pull_request", Some((_, head))) if head.starts_with(UPDATES) => {
                    let Some((delivery, number)) = change.target.rsplit_once('-') else { continue };
                    let number = number.parse().unwrap_or_default();
                    updates.entry(delivery).or_default().entry(number).or_insert((&change.target, at));
                }
                ("pull_request", Some(_)) => {
                    first.entry(&change.target).or_insert(at);
                    proposals.insert(&change.target, at);
                }
                _ => {}
            }
        }
    }
    let given_up: Vec<&str> = proposals.keys().copied().filter(|target| is_replaced(target, &first)).collect();
    proposals.retain(|target, _| !given_up.contains(target));
    let (mut untaken, mut left) = (made.len(), Vec::new());
    for delivery in updates.into_values() {
        let mut since_taken: Option<(usize, Proposed)> = None;
        for (target, at) in delivery.into_values() {
            since_taken = match (latest(forge, target).await?, since_taken) {
                (Some((repo, number, state @ (State::Open | State::Closed))), before) => {
                    let first = before.map_or(at, |(first, _)| first);
                    Some((first, Proposed { repo, number, open: state == State::Open }))
                }
                _ => None,
            };
        }
        if let Some((first, proposed)) = since_taken {
            untaken = untaken.min(first);
            left.push(proposed);
        }
    }
    let updated = made.iter().take(untaken).rposition(|attempt| attempt.update && attempt.ok);
    let last = made.iter().rposition(|attempt| attempt.ok);
    let mut oldest = commit;
    for (target, changed) in proposals {
        let at = match latest(forge, target).await? {
            Some((_, _, State::Open)) => last.map_or(changed, |last| last.max(changed)),
            _ => changed,
        };
        oldest = Some(oldest.map_or(at, |oldest: usize| oldest.min(at)));
    }
    let since = oldest.unwrap_or_default().max(updated.unwrap_or_default());
    Ok(Delivered { since, updates: left })
}

/// Whether a later attempt proposed the next turn of it, `BRANCH-2` after `BRANCH`: what was merged and given up since is
/// nobody's any more.
fn is_replaced(target: &str, first: &BTreeMap<&str, usize>) -> bool {
    let turn = |other: &str| other.strip_prefix(target)?.strip_prefix('-')?.parse::<usize>().ok();
    let (stem, number) = match target.rsplit_once('-') {
        Some((stem, number)) if first.contains_key(stem) => (stem, number.parse::<usize>().unwrap_or(1)),
        _ => (target, 1),
    };
    let since = first.get(target);
    let next = |other: &&str| match number {
        1 => turn(other).is_some_and(|turn| turn > 1),
        _ => other.strip_prefix(stem).and_then(|rest| rest.strip_prefix('-')?.parse().ok()) > Some(number),
    };
    first.iter().any(|(other, at)| Some(at) > since && next(other))
}

/// The pull request of a branch: the open one, else the latest.
async fn latest(forge: &dyn Forge, target: &str) -> Result<Option<(RepoId, u64, State)>> {
    let Some((repo, head)) = target.split_once(' ') else { return Ok(None) };
    let repo = RepoId::parse(repo, forge.owner())?;
    if forge.repository(&repo).await?.is_none() {
        return Ok(None);
    }
    let pulls = forge.pull_requests(&repo, Some(head)).await?;
    let there = pulls.iter().rfind(|pull| pull.state == State::Open).or(pulls.last());
    Ok(there.map(|pull| (repo, pull.number.known().copied().unwrap_or_default(), pull.state)))
}
