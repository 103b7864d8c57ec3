//! Reverts of what came into branches that people own: a pull request each, for them to review.

use std::collections::BTreeSet;

use super::{Conflict, Marker, PullRequest, RepoId, Repository, Result, State, Undo, made_by, run_key};
use crate::world::change::{BranchCommit, Change, PullRequestText};
use crate::world::forge::{CommitId, MergeMethod, Mergeable, Reverted};

/// What is to be taken back from a branch.
pub(super) struct Wanted<'a> {
    pub(super) repo: &'a RepoId,
    /// What is taken back: `pull_request` or `commit`, and which.
    pub(super) what: (&'static str, String),
    /// The branch that it came into.
    base: &'a str,
    /// The branch that the revert is proposed from.
    head: String,
    /// The commits before and after it came.
    pub(super) span: (CommitId, CommitId),
    pub(super) title: String,
    body: String,
}

impl Undo<'_> {
    /// Proposes the revert of a merged pull request; says in words what conflicts, if something does.
    pub(super) async fn revert_pull(
        &self,
        repository: &Repository,
        pull: &PullRequest,
        number: u64,
    ) -> Result<Option<Conflict>> {
        let repo = &repository.id;
        let Some(span) = self.span_of(repo, pull).await? else {
            self.stays("pull_request", &format!("{repo}#{number}"), "what it brought can't be told from the rest");
            return Ok(None);
        };
        self.propose(Wanted {
            repo,
            what: ("pull_request", format!("{repo}#{number}")),
            base: &pull.base,
            head: format!("undo-{}-{number}", pull.head),
            span,
            title: format!("Revert \"{}\"", pull.title),
            body: format!("Takes back #{number}, which `{}` proposed.\n", self.key),
        })
        .await
    }

    /// Proposes reverts of the commits to long-lived branches of a repository that the run didn't make.
    pub(super) async fn commits(&self, repository: &Repository, conflicts: &mut Vec<Conflict>) -> Result<()> {
        let (forge, repo) = (self.forge(), &repository.id);
        for (id, commit) in forge.marks(repo, &self.run).await? {
            let revision = forge.revision(repo, &commit).await?;
            let trailer = format!("{}/{id}", self.run);
            // Where there was nothing to commit, the marker stands at a commit of others.
            if revision.trailer.as_deref() != Some(&trailer) {
                continue;
            }
            let target = format!("{repo} {id}");
            let Some(base) = self.branch_with(repository, &id, &commit).await? else { continue };
            let Some(before) = revision.parents.first().cloned() else {
                self.stays("commit", &target, "it is the first one of its repository");
                continue;
            };
            let short = commit.0.get(..8).unwrap_or(&commit.0).to_string();
            let conflict = self
                .propose(Wanted {
                    repo,
                    what: ("commit", target.clone()),
                    base: &base,
                    head: format!("undo-{id}-{short}"),
                    span: (before, commit),
                    title: format!("Revert {short}"),
                    body: format!("Takes back {short}, which `{}` committed to {base}.\n", self.key),
                })
                .await?;
            conflicts.extend(conflict);
        }
        Ok(())
    }

    /// The long-lived branch that holds a commit: the default one, or the one that the marker or the journal names.
    async fn branch_with(&self, repository: &Repository, id: &str, commit: &CommitId) -> Result<Option<String>> {
        let repo = &repository.id;
        let prefix = format!("{repo} ");
        let mut names = vec![repository.settings.default_branch.clone(), id.replace("%2F", "/")];
        let rows = self.rows.iter().filter(|row| row.kind == "commit");
        let targets = rows.filter_map(|row| row.target.strip_prefix(&prefix));
        names.extend(targets.map(|target| target.split(' ').next().unwrap_or_default().to_string()));
        for name in names {
            if let Some(head) = self.forge().branch(repo, &name).await?
                && self.contains(repo, &head, commit).await?
            {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }

    async fn contains(&self, repo: &RepoId, head: &CommitId, commit: &CommitId) -> Result<bool> {
        Ok(self.forge().merge_base(repo, head, commit).await?.as_ref() == Some(commit))
    }

    /// The commits of the base before and after a pull request came into it.
    async fn span_of(&self, repo: &RepoId, pull: &PullRequest) -> Result<Option<(CommitId, CommitId)>> {
        let forge = self.forge();
        let Some(base) = forge.branch(repo, &pull.base).await? else { return Ok(None) };
        let Some(merged) = &forge.merged(repo, pull).await? else { return self.span_by_hand(repo, pull, base).await };
        let count = match merged.method {
            MergeMethod::Merge | MergeMethod::Squash => 1,
            // The commits again on top of the base: as many as the head had.
            MergeMethod::Rebase => {
                let fork = forge.merge_base(repo, &merged.commit, &pull.commit).await?;
                forge.history(repo, &pull.commit, fork.as_ref()).await?.len()
            }
        };
        let mut before = merged.commit.clone();
        for _ in 0..count {
            match self.first_parent(repo, &before).await? {
                Some(parent) => before = parent,
                None => return Ok(None),
            }
        }
        Ok(Some((before, merged.commit.clone())))
    }

    /// The same for one that a person merged with plain git: the first commit of the base that has the head.
    async fn span_by_hand(
        &self,
        repo: &RepoId,
        pull: &PullRequest,
        base: CommitId,
    ) -> Result<Option<(CommitId, CommitId)>> {
        let mut at = base;
        let mut parent = self.first_parent(repo, &at).await?;
        while let Some(before) = &parent {
            if !self.contains(repo, before, &pull.commit).await? {
                break;
            }
            at = before.clone();
            parent = self.first_parent(repo, &at).await?;
        }
        if at != pull.commit {
            return Ok(parent.map(|before| (before, at)));
        }
        // Fast-forwarded: the run's own commits, which have no markers, down to the first of others.
        let history = self.forge().history(repo, &at, None).await?;
        let before = history.into_iter().find(|revision| !made_by(revision, &self.run, &[]));
        Ok(before.map(|before| (before.id, at)))
    }

    pub(super) async fn first_parent(&self, repo: &RepoId, commit: &CommitId) -> Result<Option<CommitId>> {
        Ok(self.forge().revision(repo, commit).await?.parents.into_iter().next())
    }

    /// Opens the pull request of a revert, or brings the open one up to the base.
    async fn propose(&self, wanted: Wanted<'_>) -> Result<Option<Conflict>> {
        let (forge, repo) = (self.forge(), wanted.repo);
        let marker = Marker::new(&run_key(&self.key, &self.run).hash, &wanted.head);
        let target = format!("{repo} {}", wanted.head);
        let pulls = forge.pull_requests(repo, Some(&wanted.head)).await?;
        let there = pulls.iter().rfind(|pull| pull.state == State::Open).or(pulls.last());
        let Some(base) = forge.branch(repo, wanted.base).await? else { return Ok(None) };
        match there {
            Some(pull) if pull.state == State::Closed => {
                let why = format!("its revert, #{}, was closed: a person's no", pull.number);
                self.stays("pull_request", &target, &why);
                return Ok(None);
            }
            Some(pull) if pull.state == State::Merged => {
                self.door.unchanged("pull_request", &target);
                return Ok(None);
            }
            Some(pull) => {
                let ours = forge.trailer(repo, &pull.commit).await?.as_deref() == Some(&marker.to_string());
                if !ours || forge.mergeable(repo, &base, &pull.commit).await? == Mergeable::Clean {
                    self.door.unchanged("pull_request", &target);
                    return Ok(None);
                }
            }
            None => {}
        }
        let (before, after) = &wanted.span;
        let files = match forge.revert(repo, &base, before, after).await? {
            Reverted::Files(files) => files,
            Reverted::Conflicts(paths) => {
                return self.conflict(&wanted, &base, &paths).await.map(Some);
            }
        };
        if files.is_empty() && there.is_none() {
            // Somebody took it back already.
            self.door.unchanged("pull_request", &target);
            return Ok(None);
        }
        let commit = |parents| BranchCommit {
            parents,
            message: wanted.title.clone(),
            files,
            tree_of: base.clone(),
            rendering: None,
        };
        let change = match there {
            Some(pull) => Change::UpdatePullRequest {
                repo: repo.clone(),
                number: pull.number.clone(),
                head: wanted.head.clone(),
                marker,
                before: PullRequestText::default(),
                after: PullRequestText::default(),
                commit: Some(commit(vec![pull.commit.clone(), base.clone()])),
                reopen: false,
            },
            None => Change::OpenPullRequest {
                repo: repo.clone(),
                base: wanted.base.to_string(),
                head: wanted.head.clone(),
                commit: commit(vec![base.clone()]),
                marker,
                title: wanted.title.clone(),
                body: wanted.body.clone(),
                labels: BTreeSet::new(),
                reviewers: BTreeSet::new(),
            },
        };
        self.door.pass(change).await.map(|_| None)
    }
}
