//! What of a repository is a run's, and what is others': by trailers and markers.

use super::{PullRequest, RUNS_AS, RepoId, Repository, Result, Undo, made_by, undone_marker};
use crate::world::change::Marker;

impl Undo<'_> {
    /// The pull requests that the run opened, oldest first.
    pub(super) async fn own_pulls(&self, repo: &RepoId) -> Result<Vec<PullRequest>> {
        let mut own = Vec::new();
        for pull in self.forge().pull_requests(repo, None).await? {
            if pull.author != RUNS_AS {
                continue;
            }
            let marker = Marker::new(&self.run, &pull.head).to_string();
            let is_own = match self.forge().trailer(repo, &pull.commit).await? {
                Some(trailer) => trailer == marker,
                // A person's commit is on top: one of the run's is below it.
                None => {
                    let history = self.forge().history(repo, &pull.commit, None).await?;
                    history.iter().any(|revision| revision.trailer.as_deref() == Some(&marker))
                }
            };
            if is_own {
                own.push(pull);
            }
        }
        Ok(own)
    }

    /// What others did in a repository of the run, in words; nothing if nobody touched it.
    pub(super) async fn touched(&self, repository: &Repository) -> Result<Vec<String>> {
        let (forge, repo) = (self.forge(), &repository.id);
        let mut by = Vec::new();
        let marked = forge.marks(repo, &self.run).await?;
        for (name, commit) in forge.refs(repo).await? {
            if let Some(tag) = name.strip_prefix("tags/") {
                by.push(format!("the tag {tag}"));
                continue;
            }
            // Notes and the like, whose commits needn't be of this history: a run makes none of them.
            let Some(branch) = name.strip_prefix("heads/") else {
                by.push(format!("the ref refs/{name}"));
                continue;
            };
            // Nobody but a person points a branch at another one.
            if !commit.is_one() {
                by.push(format!("the branch {branch}, which is {commit}"));
                continue;
            }
            let history = forge.history(repo, &commit, None).await?;
            if let Some(revision) = history.iter().find(|revision| !made_by(revision, &self.run, &marked)) {
                let id = revision.id.0.get(..8).unwrap_or(&revision.id.0);
                by.push(format!("a commit of {} ({id}) on {branch}", revision.author));
                continue;
            }
            // A branch that somebody made of the run's own commits.
            let trailer = Marker::new(&self.run, branch).to_string();
            let is_known = branch == repository.settings.default_branch
                || marked.iter().any(|(id, marked)| *marked == commit && *id == Marker::new(&self.run, branch).id)
                || history.first().is_some_and(|head| head.trailer.as_ref() == Some(&trailer));
            if !is_known {
                by.push(format!("the branch {branch}"));
            }
        }
        for pull in forge.pull_requests(repo, None).await? {
            let said = forge.discussion(repo, &pull).await?;
            let comments = said.comments.iter().filter(|comment| comment.by != RUNS_AS);
            let people = comments.map(|comment| &comment.by).chain(said.approvals.iter().map(|approval| &approval.by));
            let others: Vec<&String> = people.collect();
            if pull.author != RUNS_AS {
                by.push(format!("pull request #{} of {}", pull.number, pull.author));
            } else if let Some(person) = others.first() {
                by.push(format!("{person} in pull request #{}", pull.number));
            } else if pull.state == super::State::Closed && !said.has(&undone_marker(&self.run)) {
                by.push(format!("pull request #{}, which was closed", pull.number));
            }
        }
        Ok(by)
    }
}
