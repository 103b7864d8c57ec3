//! The parts of deliveries: each struct holds what a trigger may ask about, under GitHub's own names.

use serde::{Deserialize, Deserializer};

/// A person, an organisation or a bot.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Account {
    /// Its name in URLs.
    pub login: String,
    /// `User`, `Organization` or `Bot`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

/// A repository.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Repository {
    /// Stays when it is renamed.
    pub id: u64,
    /// Without the owner.
    pub name: String,
    /// `owner/name`.
    pub full_name: String,
    /// Who has it.
    pub owner: Option<Account>,
    /// Its default branch, where the delivery says it.
    pub default_branch: Option<String>,
    /// Whether it is private or internal.
    #[serde(default)]
    pub private: bool,
    /// Whether it takes no changes any more.
    #[serde(default)]
    pub archived: bool,
}

/// A branch or tag that moved.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Push {
    /// Such as `refs/heads/main`.
    #[serde(rename = "ref")]
    pub reference: String,
    /// The commit before; zeros if it is new.
    pub before: String,
    /// The commit now; zeros if it was deleted.
    pub after: String,
    /// Whether it is new.
    #[serde(default)]
    pub created: bool,
    /// Whether it was deleted.
    #[serde(default)]
    pub deleted: bool,
    /// Whether commits were taken away.
    #[serde(default)]
    pub forced: bool,
    /// What came with it, oldest first, at most 2,048.
    #[serde(default)]
    pub commits: Vec<Commit>,
    /// The commit at its head.
    pub head_commit: Option<Commit>,
}

impl Push {
    /// The branch; nothing for tags and other refs.
    pub fn branch(&self) -> Option<&str> {
        self.reference.strip_prefix("refs/heads/")
    }

    /// The paths that its commits added, changed or removed, each once, in order.
    pub fn paths(&self) -> Vec<&str> {
        let commits = self.commits.iter();
        let mut paths: Vec<&str> = commits
            .flat_map(|commit| commit.added.iter().chain(&commit.modified).chain(&commit.removed))
            .map(String::as_str)
            .collect();
        paths.sort_unstable();
        paths.dedup();
        paths
    }
}

/// A commit of a push.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Commit {
    /// Its id.
    pub id: String,
    /// Its message, trailers included.
    pub message: String,
    /// Paths that are new.
    #[serde(default)]
    pub added: Vec<String>,
    /// Paths that changed.
    #[serde(default)]
    pub modified: Vec<String>,
    /// Paths that went away.
    #[serde(default)]
    pub removed: Vec<String>,
}

/// A change of a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PullRequest {
    /// The pull request as it is now.
    pub pull_request: Pull,
    /// The label that was added or removed.
    pub label: Option<Label>,
    /// The head before a push to it (`synchronize`).
    pub before: Option<String>,
}

/// A pull request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Pull {
    /// Its number in the repository.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Its description.
    pub body: Option<String>,
    /// `open` or `closed`.
    pub state: String,
    /// Whether it is a draft.
    #[serde(default)]
    pub draft: bool,
    /// When it was merged, as RFC 3339.
    pub merged_at: Option<String>,
    /// The commit that it became, once merged.
    pub merge_commit_sha: Option<String>,
    /// Where people look at it.
    pub html_url: Option<String>,
    /// Who opened it.
    pub user: Option<Account>,
    /// Where it comes from.
    pub head: Side,
    /// Where it goes.
    pub base: Side,
    /// Its labels.
    #[serde(default)]
    pub labels: Vec<Label>,
}

impl Pull {
    /// Whether it was merged, rather than closed or still open.
    pub fn merged(&self) -> bool {
        self.merged_at.is_some()
    }
}

/// One end of a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Side {
    /// The branch.
    #[serde(rename = "ref")]
    pub branch: String,
    /// The commit at its head.
    pub sha: String,
    /// The repository; nothing once a fork was deleted, and in short forms its name alone.
    #[serde(default, deserialize_with = "if_whole")]
    pub repo: Option<Repository>,
}

/// A label.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Label {
    /// Its name.
    pub name: String,
}

/// A review of a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PullRequestReview {
    /// The review.
    pub review: Review,
    /// What it is about.
    pub pull_request: Pull,
}

/// What a reviewer said.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Review {
    /// `approved`, `changes_requested`, `commented` or `dismissed`.
    pub state: String,
    /// In words.
    pub body: Option<String>,
    /// The head that was reviewed.
    pub commit_id: Option<String>,
    /// Who.
    pub user: Option<Account>,
}

/// A change of a check.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CheckRun {
    /// The check as it is now.
    pub check_run: Check,
    /// The button that somebody pressed.
    pub requested_action: Option<RequestedAction>,
}

/// A check.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Check {
    /// Its number.
    pub id: u64,
    /// Its name, by which protection asks for it.
    pub name: String,
    /// The commit.
    pub head_sha: String,
    /// `queued`, `in_progress` or `completed`.
    pub status: String,
    /// `success`, `failure` and so on, once it is completed.
    pub conclusion: Option<String>,
    /// What its App calls it.
    pub external_id: Option<String>,
    /// Open pull requests whose head the commit is, of the same repository.
    #[serde(default)]
    pub pull_requests: Vec<PullNumber>,
}

/// A pull request in short.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PullNumber {
    /// Its number.
    pub number: u64,
}

/// A button of a check.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RequestedAction {
    /// What the App calls it.
    pub identifier: Option<String>,
}

/// A change of a suite of checks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CheckSuite {
    /// The suite as it is now.
    pub check_suite: Suite,
}

/// All checks of an App for a commit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Suite {
    /// Its number.
    pub id: u64,
    /// The branch, if the commit is at a head of this repository.
    pub head_branch: Option<String>,
    /// The commit.
    pub head_sha: String,
    /// `queued`, `in_progress` or `completed`.
    pub status: Option<String>,
    /// `success`, `failure` and so on, once all are completed.
    pub conclusion: Option<String>,
    /// Open pull requests whose head the commit is, of the same repository.
    #[serde(default)]
    pub pull_requests: Vec<PullNumber>,
}

/// A change of a comment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct IssueComment {
    /// What it is on.
    pub issue: Issue,
    /// The comment as it is now.
    pub comment: Comment,
}

/// An issue, or a pull request as one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Issue {
    /// Its number in the repository.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// `open` or `closed`.
    pub state: String,
    /// Whether it is a pull request.
    #[serde(default, rename = "pull_request", deserialize_with = "is_there")]
    pub is_pull_request: bool,
    /// Its labels.
    #[serde(default)]
    pub labels: Vec<Label>,
}

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Comment {
    /// Its number.
    pub id: u64,
    /// What it says.
    pub body: Option<String>,
    /// Who wrote it.
    pub user: Option<Account>,
    /// What the writer is to the repository: `OWNER`, `MEMBER`, `COLLABORATOR`, `CONTRIBUTOR`, `NONE` ...
    pub author_association: Option<String>,
}

/// What a repository was before, where that changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct RepositoryChange {
    /// The parts that changed.
    #[serde(default)]
    pub changes: Changes,
}

/// Values before a change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Changes {
    /// Of a renamed repository.
    pub repository: Option<Renamed>,
    /// Of the default branch.
    pub default_branch: Option<Was>,
}

/// A repository that had another name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Renamed {
    /// The name.
    pub name: Option<Was>,
}

/// A value before.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Was {
    /// The value.
    pub from: Option<String>,
}

/// A change of a release.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Release {
    /// The release as it is now.
    pub release: ReleaseInfo,
}

/// A release.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ReleaseInfo {
    /// The tag that it is of.
    pub tag_name: String,
    /// Its title.
    pub name: Option<String>,
    /// Whether only those who write see it.
    #[serde(default)]
    pub draft: bool,
    /// Whether it is marked as not ready.
    #[serde(default)]
    pub prerelease: bool,
    /// Where people look at it.
    pub html_url: Option<String>,
}

/// A change of a run of a workflow.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct WorkflowRun {
    /// The run as it is now.
    pub workflow_run: Workflow,
}

/// A run of a workflow.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Workflow {
    /// Its number.
    pub id: u64,
    /// The workflow's name.
    pub name: Option<String>,
    /// What started it: `push`, `pull_request` ...
    pub event: Option<String>,
    /// The branch.
    pub head_branch: Option<String>,
    /// The commit.
    pub head_sha: String,
    /// `queued`, `in_progress` or `completed`.
    pub status: Option<String>,
    /// `success`, `failure` and so on, once it is completed.
    pub conclusion: Option<String>,
    /// Where people look at it.
    pub html_url: Option<String>,
    /// Open pull requests whose head the commit is, of the same repository.
    #[serde(default)]
    pub pull_requests: Vec<PullNumber>,
}

/// A hook that was made.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Ping {
    /// Its number.
    pub hook_id: u64,
    /// The hook.
    pub hook: Hook,
}

/// A hook.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Hook {
    /// The events that it is for; `*` is all of them.
    #[serde(default)]
    pub events: Vec<String>,
    /// Whether it is on.
    #[serde(default)]
    pub active: bool,
}

/// A change of an App's installation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Installation {
    /// The installation as it is now.
    pub installation: Installed,
}

/// An App in an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Installed {
    /// Its number.
    pub id: u64,
    /// Where it is installed.
    pub account: Option<Account>,
    /// `all` or `selected`.
    pub repository_selection: Option<String>,
}

/// A value if it is whole, and nothing otherwise.
fn if_whole<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Repository>, D::Error> {
    let value = serde_json::Value::deserialize(from)?;
    Ok(serde_json::from_value(value).ok())
}

/// Whether anything but null is there.
fn is_there<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Ok(!serde_json::Value::deserialize(from)?.is_null())
}
