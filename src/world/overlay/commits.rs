//! Commits that exist only in an overlay: how they are made, what they stand on, what a merge of them changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Held, Overlay, Planned};
use crate::error::{Error, Result};
use crate::world::change::{BranchCommit, FileChange, Marker};
use crate::world::forge::{CommitId, Entry, Forge, Mergeable, PullRequest, RepoId, Touch, missing, no_template};

impl Overlay {
    /// A new commit here; its id counts the commits of the repository, so that a plan is the same each time.
    pub(super) fn add_commit(
        &self,
        held: &mut Held,
        parents: Vec<CommitId>,
        tree_of: Option<CommitId>,
        files: &[FileChange],
        marker: Option<&Marker>,
    ) -> CommitId {
        let id = CommitId(format!("{}{}", self.prefix, held.commits.len() + 1));
        let files = files.iter().map(|file| (file.path.clone(), file.after.clone())).collect();
        let (files, trailer) = (Arc::new(files), marker.map(Marker::to_string));
        held.commits.insert(id.clone(), Planned { parents, tree_of, template: None, files, trailer, rendering: None });
        id
    }

    pub(super) fn add_branch_commit(
        &self,
        held: &mut Held,
        head: &str,
        commit: &BranchCommit,
        marker: &Marker,
    ) -> CommitId {
        let kept = commit
            .rendering
            .as_ref()
            .map(|rendering| self.add_commit(held, Vec::new(), rendering.on.clone(), &rendering.files, None));
        let (parents, tree_of) = (commit.parents.clone(), Some(commit.tree_of.clone()));
        let id = self.add_commit(held, parents, tree_of, &commit.files, Some(marker));
        held.commits.entry(id.clone()).and_modify(|planned| planned.rendering = kept);
        held.branches.insert(head.to_string(), id.clone());
        id
    }

    /// All commits that a planned one stands on, itself included, down to and with the first real ones.
    pub(super) fn ancestors(&self, repo: &RepoId, commit: &CommitId) -> Vec<CommitId> {
        let mut found = vec![commit.clone()];
        let mut at = 0;
        while at < found.len() {
            if let Some(planned) = self.planned(repo, &found[at]) {
                found.extend(planned.parents);
            }
            at += 1;
        }
        found
    }

    /// See [`Forge::touched`]: what is made here comes first, and has no time.
    pub(super) async fn touched_by(
        &self,
        repo: &RepoId,
        from: &CommitId,
        path: &str,
        most: usize,
    ) -> Result<Vec<Touch>> {
        let (mut found, mut at) = (Vec::new(), from.clone());
        let is_below =
            |file: &String| file.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        while let Some(planned) = self.planned(repo, &at) {
            let parent = planned.parents.first().cloned();
            if planned.files.keys().any(is_below) {
                let author = planned.revision(&at).author;
                found.push(Touch { id: at, author, at: None, title: "(not made yet)".into() });
            }
            match parent {
                Some(parent) => at = parent,
                None => return Ok(found),
            }
        }
        found.extend(self.inner.touched(repo, &at, path, most).await?);
        found.truncate(most);
        Ok(found)
    }

    /// The base's head, and what a merge of the pull request changes there.
    pub(super) async fn merge(&self, repo: &RepoId, pull: &PullRequest) -> Result<(CommitId, Vec<FileChange>)> {
        let base = self.branch(repo, &pull.base).await?.ok_or_else(|| missing(repo))?;
        if let Mergeable::Conflicts(files) = self.mergeable(repo, &base, &pull.commit).await? {
            let message = format!("{repo}#{} conflicts with {} in {}", pull.number, pull.base, files.join(", "));
            return Err(Error::failed("idp::pr::conflict", message).help("run the script that opened it again"));
        }
        let common = self.merge_base(repo, &base, &pull.commit).await?.unwrap_or_else(|| base.clone());
        let mut files = Vec::new();
        for path in self.changed(repo, &common, &pull.commit).await?.into_keys() {
            let (before, after) = (self.file(repo, &base, &path).await?, self.file(repo, &pull.commit, &path).await?);
            files.push(FileChange { path, before, after });
        }
        Ok((base, files))
    }

    /// A template, and the commit whose files a repository that is made from it begins with.
    pub(super) async fn template(&self, template: &RepoId) -> Result<(RepoId, CommitId)> {
        let found = self.repository(template).await?;
        let found = found.ok_or_else(|| no_template(template, "there is no such repository"))?;
        let head = self.branch(template, &found.settings.default_branch).await?;
        Ok((template.clone(), head.ok_or_else(|| no_template(template, "it has no commit"))?))
    }

    /// The paths that differ between two commits, for merges of planned ones.
    pub(super) async fn changed(
        &self,
        repo: &RepoId,
        from: &CommitId,
        to: &CommitId,
    ) -> Result<BTreeMap<String, Option<String>>> {
        let index = |entries: Vec<Entry>| -> BTreeMap<String, String> {
            entries.into_iter().map(|entry| (entry.path, entry.blob)).collect()
        };
        let (from, to) = (index(self.list(repo, from, "").await?), index(self.list(repo, to, "").await?));
        let mut changed = BTreeMap::new();
        for path in from.keys().chain(to.keys()) {
            if from.get(path) != to.get(path) {
                changed.insert(path.clone(), to.get(path).cloned());
            }
        }
        Ok(changed)
    }
}
