//! GitHub, and GitHub Enterprise, as a forge: octocrab for the line and who it is, structs of our own for the answers.
//! The only room that names octocrab.

pub mod ci;
mod client;
mod discovery;
mod link;
mod listing;
mod merge;
mod objects;
mod owners;
mod paths;
mod protection;
mod pulls;
mod reads;
mod refs;
mod refusal;
mod repositories;
mod rulesets;
mod standing;
mod statuses;
mod talk;
mod teams;
mod template;
mod webhooks;

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::{Mutex, OnceCell};

use self::client::Client;
pub use self::link::{Account, TOKENS};
pub use self::standing::Standing;
use super::access::Role;
use super::change::{Change, File, Marker, trailer_of};
use super::commit_status::CommitStatus;
use super::forge::{
    Actor, CommitId, Delivered, Discussion, Entry, Forge, Located, MOVED, Mergeable, Merged, Outcome, Protection,
    PullRequest, RepoId, Repository, Reverted, Revision, Touch, archived,
};
use super::webhook::Hook;
use crate::error::{Error, Result};

/// A forge that is GitHub.
pub struct GitHubForge {
    client: Client,
    owner: String,
    url: String,
    /// Whether the owner is an organisation: it doesn't change.
    organisation: OnceCell<bool>,
    /// What was last looked for in all repositories, when, and what was found.
    discovered: Mutex<Option<(String, u64, Vec<Located>)>>,
    /// Held while many files are asked for at once.
    asking: Mutex<()>,
    /// Whether branches are protected by rulesets.
    rulesets: bool,
}

impl GitHubForge {
    /// The forge of an account. `url` is where people look at repositories, `wait` how long a rate limit is waited for.
    /// Nothing is asked before the first read.
    pub fn new(account: Account, url: impl Into<String>, wait: Duration) -> GitHubForge {
        GitHubForge {
            owner: account.owner.clone(),
            url: url.into(),
            client: Client::new(account, wait),
            organisation: OnceCell::new(),
            discovered: Mutex::default(),
            asking: Mutex::default(),
            rulesets: false,
        }
    }

    /// The same, with branches protected by rulesets or by classic branch protection.
    #[must_use]
    pub fn with_rulesets(self, rulesets: bool) -> GitHubForge {
        GitHubForge { rulesets, ..self }
    }
}

/// Reads an answer as far as it is used.
fn read<T: DeserializeOwned>(body: &Value) -> Result<T> {
    T::deserialize(body)
        .map_err(|error| Error::failed("idp::github::answer", format!("GitHub's answer can't be read: {error}")))
}

/// The message with a trailer.
fn with_trailer(message: &str, trailer: &str) -> String {
    format!("{}\n\n{trailer}\n", message.trim_end())
}

/// The error for a branch that isn't where the caller saw it.
fn moved(repo: &RepoId, what: &str) -> Error {
    Error::failed(MOVED, format!("{what} of {repo} moved while it was edited")).help("run the same command again")
}

#[async_trait]
impl Forge for GitHubForge {
    fn owner(&self) -> &str {
        &self.owner
    }

    fn url(&self, repo: &RepoId) -> String {
        format!("{}/{repo}", self.url.trim_end_matches('/'))
    }

    async fn repository(&self, repo: &RepoId) -> Result<Option<Repository>> {
        self.find(repo).await
    }

    async fn repositories(&self) -> Result<Vec<RepoId>> {
        self.all_repositories().await
    }

    async fn with_open_pull_requests(&self) -> Result<Vec<RepoId>> {
        self.repositories_with_open_pulls().await
    }

    async fn labels(&self, repo: &RepoId) -> Result<BTreeMap<String, String>> {
        self.labels_of(repo).await
    }

    async fn everywhere(&self, file: &str, folder: &str) -> Result<Vec<Located>> {
        // Asked once in a run, whatever is looked for: until something was written.
        let asked = format!("{file}\n{folder}");
        let mut known = self.discovered.lock().await;
        if let Some((what, age, found)) = known.as_ref()
            && *what == asked
            && *age == self.client.reads.writes()
        {
            return Ok(found.clone());
        }
        let age = self.client.reads.writes();
        let found = self.discover(file, folder).await?;
        *known = Some((asked, age, found.clone()));
        Ok(found)
    }

    async fn protection(&self, repo: &RepoId, branch: &str) -> Result<Option<Protection>> {
        self.protection_of(repo, branch).await
    }

    async fn statuses(&self, repo: &RepoId, commit: &CommitId) -> Result<BTreeMap<String, CommitStatus>> {
        self.statuses_of(repo, commit).await
    }

    async fn team_role(&self, repo: &RepoId, team: &str) -> Result<Option<Role>> {
        self.role_of(repo, team).await
    }

    async fn has_team(&self, owner: &str, team: &str) -> Result<bool> {
        self.knows_team(owner, team).await
    }

    async fn webhook(&self, repo: &RepoId, url: &str) -> Result<Option<Hook>> {
        self.hook_of(repo, url).await
    }

    async fn branch(&self, repo: &RepoId, branch: &str) -> Result<Option<CommitId>> {
        self.branch_of(repo, branch).await
    }

    async fn list(&self, repo: &RepoId, commit: &CommitId, folder: &str) -> Result<Vec<Entry>> {
        self.files(repo, commit, folder).await
    }

    async fn file(&self, repo: &RepoId, commit: &CommitId, path: &str) -> Result<Option<File>> {
        self.one_file(repo, commit, path).await
    }

    async fn contents(&self, repo: &RepoId, _: &CommitId, entries: &[Entry]) -> Result<Vec<Option<File>>> {
        self.texts(repo, entries).await.map(|files| files.into_iter().map(Some).collect())
    }

    async fn delivered(&self, repo: &RepoId, branch: &str, marker: &Marker) -> Result<Delivered> {
        self.was_delivered(repo, branch, marker).await
    }

    async fn pull_requests(&self, repo: &RepoId, head: Option<&str>) -> Result<Vec<PullRequest>> {
        self.list_pulls(repo, head).await
    }

    async fn discussion(&self, repo: &RepoId, pull: &PullRequest) -> Result<Discussion> {
        self.discussed(repo, &pull.number).await
    }

    async fn merged(&self, repo: &RepoId, pull: &PullRequest) -> Result<Option<Merged>> {
        self.merge_of(repo, pull).await
    }

    async fn merge_base(&self, repo: &RepoId, one: &CommitId, other: &CommitId) -> Result<Option<CommitId>> {
        self.common(repo, one, other).await
    }

    async fn mergeable(&self, repo: &RepoId, base: &CommitId, head: &CommitId) -> Result<Mergeable> {
        self.merges(repo, base, head).await
    }

    async fn trailer(&self, repo: &RepoId, commit: &CommitId) -> Result<Option<String>> {
        Ok(trailer_of(&self.commit(repo, commit).await?.message).map(str::to_owned))
    }

    async fn refs(&self, repo: &RepoId) -> Result<BTreeMap<String, CommitId>> {
        self.all_refs(repo).await
    }

    async fn marks(&self, repo: &RepoId, owner: &str) -> Result<Vec<(String, CommitId)>> {
        self.marks_of(repo, owner).await
    }

    async fn revision(&self, repo: &RepoId, commit: &CommitId) -> Result<Revision> {
        Ok(refs::revision(&self.commit(repo, commit).await?))
    }

    async fn history(&self, repo: &RepoId, from: &CommitId, without: Option<&CommitId>) -> Result<Vec<Revision>> {
        self.history_of(repo, from, without).await
    }

    async fn touched(&self, repo: &RepoId, from: &CommitId, path: &str, most: usize) -> Result<Vec<Touch>> {
        self.touched_by(repo, from, path, most).await
    }

    async fn revert(&self, repo: &RepoId, onto: &CommitId, before: &CommitId, after: &CommitId) -> Result<Reverted> {
        self.take_back(repo, onto, before, after).await
    }

    fn look_again(&self) {
        self.client.reads.refresh();
    }

    async fn apply(&self, change: &Change, _: &Actor) -> Result<Outcome> {
        let mut outcome = self.make(change).await;
        if let Ok(outcome) = &mut outcome {
            self.read_owners(change, outcome).await;
        }
        // Whoever redoes it, or passes it again, looks at what is there now.
        if outcome.as_ref().is_err_and(|error| error.is_retryable() || error.code() == MOVED) {
            self.client.reads.refresh();
        }
        outcome
    }
}

impl GitHubForge {
    async fn make(&self, change: &Change) -> Result<Outcome> {
        self.refuse_archived(change).await?;
        match change {
            Change::CreateRepository { .. } => self.create(change).await,
            Change::UpdateRepository { .. } => self.update_repository(change).await,
            Change::ProtectBranch { .. } => self.protect(change).await,
            Change::SetStatus { .. } => self.set_status(change).await,
            Change::GrantTeam(grant) => self.grant(grant).await,
            Change::SetWebhook(hook) => self.set_webhook(hook).await,
            Change::Commit { .. } => self.deliver(change).await,
            Change::RestoreMarker { repo, marker, commit } => {
                let commit = self.commit(repo, commit).await?;
                let known = self.marks_of(repo, &marker.owner).await?;
                self.mark(repo, marker, &commit, known).await.map(|()| Outcome::default())
            }
            Change::OpenPullRequest { .. } => self.open(change).await,
            Change::UpdatePullRequest { .. } => self.update_pull(change).await,
            Change::Comment { repo, number, marker, body, .. } => self.say(repo, number, marker, body).await,
            Change::Approve { repo, number } => self.approve(repo, *number).await,
            Change::Merge { repo, number, method, head, later: true, .. } => {
                self.merge_later(repo, *number, *method, head).await
            }
            Change::Merge { repo, number, method, head, admin, .. } => {
                self.merge_pull(repo, *number, *method, head, *admin).await
            }
            Change::ClosePullRequest { repo, number } => self.close(repo, *number).await,
            Change::DeleteBranch { repo, branch, commit } => self.delete_branch(repo, branch, commit).await,
            Change::ArchiveRepository { repo, by } => self.archive(repo, Some(by)).await,
            Change::UnarchiveRepository { repo } => self.archive(repo, None).await,
            Change::DeleteRepository { .. } => self.delete_repository(change).await,
            Change::ApplyManifest { .. } | Change::Notify { .. } | Change::Request(..) => {
                Err(Error::failed("idp::forge", "not a change of a forge"))
            }
        }
    }

    /// Refuses changes of an archived repository but for those that end it.
    async fn refuse_archived(&self, change: &Change) -> Result<()> {
        use Change::*;
        let Some(repo) = change.repo() else { return Ok(()) };
        if matches!(
            change,
            CreateRepository { .. } | ArchiveRepository { .. } | UnarchiveRepository { .. } | DeleteRepository { .. }
        ) {
            return Ok(());
        }
        match self.told(repo).await? {
            Some(told) if told.archived => Err(archived(repo)),
            _ => Ok(()),
        }
    }

    /// Deletes a branch that is still at this commit. GitHub deletes without comparing: the look right before is what
    /// there is.
    async fn delete_branch(&self, repo: &RepoId, branch: &str, commit: &CommitId) -> Result<Outcome> {
        self.client.reads.refresh();
        match self.head(repo, branch).await? {
            None => Ok(Outcome { already: true, ..Outcome::default() }),
            Some(head) if head.sha == commit.0 => {
                self.delete_ref(repo, &format!("heads/{branch}")).await.map(|()| Outcome::default())
            }
            Some(_) => Err(moved(repo, branch)),
        }
    }
}
