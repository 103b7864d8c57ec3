//! What came into a branch since, in the way of a revert: named by the pull requests and commits that brought it.

use std::collections::BTreeMap;

use super::revert::Wanted;
use super::{Conflict, RepoId, Result, Undo, made_by};
use crate::report::Event;
use crate::world::forge::CommitId;

/// How many commits of a branch are looked through.
const RECENT: usize = 500;

/// How many of those in the way are named.
const NAMED: usize = 3;

impl Undo<'_> {
    /// Says what is in the way of a revert.
    pub(super) async fn conflict(&self, wanted: &Wanted<'_>, base: &CommitId, paths: &[String]) -> Result<Conflict> {
        let found = self.since(wanted.repo, base, &wanted.span.1, paths).await?;
        let own = !found.is_empty() && found.iter().all(|(_, own)| *own);
        let mut names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        let more = names.len().saturating_sub(NAMED);
        names.truncate(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let by = if names.is_empty() { String::new() } else { format!(" by {}{more}", names.join(", ")) };
        let why = format!("{} changed since{by}", paths.join(", "));
        let (kind, target) = (wanted.what.0.to_string(), wanted.what.1.clone());
        self.door.sink().emit(Event::Conflict { kind, target: target.clone(), why: why.clone() });
        let title = wanted.title.trim_start_matches("Revert ");
        Ok(Conflict { named: format!("{target} ({title}): {why}"), own })
    }

    /// What changed these files between a commit and the head of its branch, newest first, and whether the undone run
    /// did it.
    async fn since(
        &self,
        repo: &RepoId,
        head: &CommitId,
        after: &CommitId,
        paths: &[String],
    ) -> Result<Vec<(String, bool)>> {
        let forge = self.forge();
        let own: Vec<_> = self.own_pulls(repo).await?.into_iter().map(|pull| pull.number).collect();
        let mut merges = BTreeMap::new();
        for pull in forge.pull_requests(repo, None).await? {
            if let Some(merged) = &pull.merged {
                let is_own = own.contains(&pull.number);
                let whose = if is_own { "this run".to_string() } else { pull.author };
                merges.insert(merged.commit.clone(), (format!("#{} of {whose}", pull.number), is_own));
            }
        }
        let marked = forge.marks(repo, &self.run).await?;
        let mut found = Vec::new();
        let mut at = head.clone();
        for _ in 0..RECENT {
            if at == *after {
                break;
            }
            let Some(before) = self.first_parent(repo, &at).await? else { break };
            let mut touches = false;
            for path in paths {
                let (was, is) = tokio::try_join!(forge.file(repo, &before, path), forge.file(repo, &at, path))?;
                touches |= was != is;
            }
            if touches {
                let revision = forge.revision(repo, &at).await?;
                let is_own = made_by(&revision, &self.run, &marked);
                let whose = if is_own { "this run".to_string() } else { revision.author };
                let named = format!("{} of {whose}", at.0.get(..8).unwrap_or(&at.0));
                found.push(merges.remove(&at).unwrap_or((named, is_own)));
            }
            at = before;
        }
        Ok(found)
    }
}
