//! Every mutation of the world, as data: what it does, to what, and the difference that it makes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::access::TeamGrant;
use super::commit_status::CommitStatus;
use super::forge::{CommitId, MergeMethod, Protection, RepoId, Settings};
use super::http::{Method, Request};
use super::later::Later;
pub use super::marker::{Marker, RENDERED, TRAILER, trailer, trailer_of};
pub use super::object::ObjectId;
use super::webhook::Webhook;
use crate::report::{Action, Diff, FileDiff};

/// A file's contents and whether it can be executed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// The contents.
    #[serde(with = "bytes")]
    pub bytes: Arc<[u8]>,
    /// Git mode 100755 instead of 100644.
    pub executable: bool,
}

impl File {
    /// A plain text file.
    pub fn text(text: impl AsRef<str>) -> File {
        File { bytes: Arc::from(text.as_ref().as_bytes()), executable: false }
    }
}

/// One file of a commit: before (none when it is new) and after (none when it goes).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    /// The path within the repository, `/`-separated.
    pub path: String,
    /// What it was at the commit that was edited.
    pub before: Option<File>,
    /// What it becomes.
    pub after: Option<File>,
}

/// The commit on a pull request's branch that an open or an update makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BranchCommit {
    /// Its parents, the branch's head first; for a new branch the base's head.
    pub parents: Vec<CommitId>,
    /// Subject and body, without the trailer.
    pub message: String,
    /// What it changes relative to `tree_of`.
    pub files: Vec<FileChange>,
    /// The commit whose tree the files change.
    pub tree_of: CommitId,
    /// With an update of what was delivered: what the files were merged from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rendering: Option<Rendering>,
}

/// What a run would deliver, without people's edits: kept beside the update that it was merged into, since the next
/// update is merged from what changed since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rendering {
    /// The commit that the edit was made on; none if on no files at all.
    pub on: Option<CommitId>,
    /// What the edit changes of it.
    pub files: Vec<FileChange>,
    /// The files of the merge that hold conflict markers.
    pub conflicts: BTreeSet<String>,
}

/// What people read of a pull request, each field only if it is to change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRequestText {
    /// The title.
    pub title: Option<String>,
    /// The description.
    pub body: Option<String>,
    /// Labels that it must carry; others stay.
    pub labels: Option<BTreeSet<String>>,
    /// People and teams asked for a review; others stay.
    pub reviewers: Option<BTreeSet<String>>,
}

/// One mutation of the world.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// Make a repository: without a commit, or with the files of a template.
    CreateRepository {
        /// The repository.
        repo: RepoId,
        /// Its settings.
        settings: Settings,
        /// The hash of the run or project that makes it.
        marker: String,
        /// The repository whose files it begins with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        template: Option<RepoId>,
    },
    /// Change its settings; with `marker`, also take it over.
    UpdateRepository {
        /// The repository.
        repo: RepoId,
        /// As it is.
        before: Settings,
        /// As it becomes.
        after: Settings,
        /// The hash of the run that takes it over, if one does.
        marker: Option<String>,
    },
    /// Archive a repository: it can be read, and takes no changes.
    ArchiveRepository {
        /// The repository.
        repo: RepoId,
        /// The hash of the run that is undone.
        by: String,
    },
    /// Take an archived repository back into use.
    UnarchiveRepository {
        /// The repository.
        repo: RepoId,
    },
    /// Delete a repository that is still as it was looked at.
    DeleteRepository {
        /// The repository.
        repo: RepoId,
        /// Its refs, but for those that the forge keeps for itself.
        refs: BTreeMap<String, CommitId>,
        /// How many pull requests it has.
        pull_requests: usize,
    },
    /// Set a branch's protection.
    ProtectBranch {
        /// The repository.
        repo: RepoId,
        /// The branch.
        branch: String,
        /// As it is.
        before: Option<Protection>,
        /// As it becomes.
        after: Protection,
    },
    /// Say what was found out about a commit.
    SetStatus {
        /// The repository.
        repo: RepoId,
        /// What names the commit: a branch whose head it is, or its id.
        at: String,
        /// The commit.
        commit: CommitId,
        /// Under which name; the newest of a name counts.
        name: String,
        /// As it is.
        before: Option<CommitStatus>,
        /// As it becomes.
        after: CommitStatus,
    },
    /// Give a team a role in a repository.
    GrantTeam(TeamGrant),
    /// Have a URL told of what happens in a repository.
    SetWebhook(Webhook),
    /// Commit to a long-lived branch; all files land together or not at all.
    Commit {
        /// The repository.
        repo: RepoId,
        /// The branch.
        branch: String,
        /// The head that was edited; none for the first commit.
        parent: Option<CommitId>,
        /// Subject and body, without the trailer.
        message: String,
        /// What says afterwards that it was done.
        marker: Marker,
        /// The files.
        files: Vec<FileChange>,
    },
    /// Put back a marker whose commit is there.
    RestoreMarker {
        /// The repository.
        repo: RepoId,
        /// What says afterwards that it was done.
        marker: Marker,
        /// The commit that carried the request out.
        commit: CommitId,
    },
    /// Make a branch with one commit and a pull request of it.
    OpenPullRequest {
        /// The repository.
        repo: RepoId,
        /// The branch that it is proposed to.
        base: String,
        /// The branch that is proposed.
        head: String,
        /// The commit that it makes, if any.
        commit: BranchCommit,
        /// What says afterwards that it was done.
        marker: Marker,
        /// The title.
        title: String,
        /// The text.
        body: String,
        /// Labels.
        labels: BTreeSet<String>,
        /// People and teams asked for a review.
        reviewers: BTreeSet<String>,
    },
    /// Change an open (or, with `reopen`, closed) pull request.
    UpdatePullRequest {
        /// The repository.
        repo: RepoId,
        /// Its number.
        number: Later<u64>,
        /// The branch that is proposed.
        head: String,
        /// What says afterwards that it was done.
        marker: Marker,
        /// As it is.
        before: PullRequestText,
        /// As it becomes.
        after: PullRequestText,
        /// The commit that it makes, if any.
        commit: Option<BranchCommit>,
        /// Whether it is opened again.
        reopen: bool,
    },
    /// Say something under a pull request, once for its marker.
    Comment {
        /// The repository.
        repo: RepoId,
        /// Its number.
        number: Later<u64>,
        /// The branch that is proposed.
        head: String,
        /// What tells it from other comments of runs.
        marker: String,
        /// The text.
        body: String,
    },
    /// Approve a pull request.
    Approve {
        /// The repository.
        repo: RepoId,
        /// Its number.
        number: u64,
    },
    /// Merge a pull request whose head is still this one.
    Merge {
        /// The repository.
        repo: RepoId,
        /// Its number.
        number: u64,
        /// How its commits come into the base.
        method: MergeMethod,
        /// The head that was looked at.
        head: CommitId,
        /// Whether rules of the base are overridden.
        admin: bool,
        /// Whether the host merges it once the rules hold, if they don't yet.
        #[serde(default)]
        later: bool,
    },
    /// Close a pull request without merging it.
    ClosePullRequest {
        /// The repository.
        repo: RepoId,
        /// Its number.
        number: u64,
    },
    /// Delete a branch that is still at this commit.
    DeleteBranch {
        /// The repository.
        repo: RepoId,
        /// The branch.
        branch: String,
        /// Where it is.
        commit: CommitId,
    },
    /// Bring an object of a cluster to `after`.
    ApplyManifest {
        /// The cluster.
        cluster: String,
        /// The object.
        object: ObjectId,
        /// As it is.
        before: Option<Value>,
        /// As it becomes.
        after: Value,
    },
    /// Send a message to a contact, at most once for its key.
    Notify {
        /// The contact.
        contact: String,
        /// What makes it one message, however often it is sent.
        key: String,
        /// The cause in the script's words.
        cause: String,
        /// What is said: `text`, and what else the script gave.
        message: BTreeMap<String, Value>,
    },
    /// Send a request that changes something.
    Request(Request),
}

impl Change {
    /// What it does to its target.
    pub fn action(&self) -> Action {
        use Change::*;
        match self {
            CreateRepository { .. } | Commit { .. } | OpenPullRequest { .. } | Comment { .. } | Notify { .. } => {
                Action::Create
            }
            ProtectBranch { before: None, .. } | SetStatus { before: None, .. } => Action::Create,
            GrantTeam(grant) if grant.before.is_none() => Action::Create,
            SetWebhook(hook) if hook.before.is_none() => Action::Create,
            DeleteBranch { .. } | DeleteRepository { .. } => Action::Delete,
            Request(request) => match request.method {
                Method::Post | Method::Get => Action::Create,
                Method::Put | Method::Patch => Action::Update,
                Method::Delete => Action::Delete,
            },
            ApplyManifest { before, .. } if before.is_none() => Action::Create,
            _ => Action::Update,
        }
    }

    /// The kind of object that it changes, as plans, permissions and the journal name it.
    pub fn kind(&self) -> &'static str {
        use Change::*;
        match self {
            CreateRepository { .. }
            | UpdateRepository { .. }
            | ArchiveRepository { .. }
            | UnarchiveRepository { .. }
            | DeleteRepository { .. } => "repository",
            ProtectBranch { .. } => "protection",
            SetStatus { .. } => "commit_status",
            GrantTeam(..) => "access",
            SetWebhook(..) => "webhook",
            Commit { .. } | RestoreMarker { .. } => "commit",
            OpenPullRequest { .. }
            | UpdatePullRequest { .. }
            | Approve { .. }
            | Merge { .. }
            | ClosePullRequest { .. } => "pull_request",
            Comment { .. } => "comment",
            DeleteBranch { .. } => "branch",
            ApplyManifest { .. } => "manifest",
            Notify { .. } => "notification",
            Request(..) => "request",
        }
    }

    /// What it is done to: `acme/payments-api`, `acme/payments-api main`, `cluster-dev Deployment ns/name` ...
    pub fn target(&self) -> String {
        use Change::*;
        match self {
            CreateRepository { repo, .. }
            | UpdateRepository { repo, .. }
            | ArchiveRepository { repo, .. }
            | UnarchiveRepository { repo }
            | DeleteRepository { repo, .. } => repo.to_string(),
            ProtectBranch { repo, branch, .. } | DeleteBranch { repo, branch, .. } => format!("{repo} {branch}"),
            SetStatus { repo, at, name, .. } => format!("{repo} {at} {name}"),
            GrantTeam(TeamGrant { repo, team, .. }) => format!("{repo} {team}"),
            SetWebhook(Webhook { repo, url, .. }) => format!("{repo} {url}"),
            Commit { repo, branch, marker, .. } if marker.id == *branch => format!("{repo} {branch}"),
            Commit { repo, branch, marker, .. } => format!("{repo} {branch} ({})", marker.id),
            RestoreMarker { repo, marker, .. } => format!("{repo} {marker}"),
            OpenPullRequest { repo, head, .. } | UpdatePullRequest { repo, head, .. } => format!("{repo} {head}"),
            Comment { repo, head, marker, .. } => {
                let name = marker.rsplit('/').next().unwrap_or_default();
                format!("{repo} {head} {}", &name[name.len().saturating_sub(8)..])
            }
            Approve { repo, number } | Merge { repo, number, .. } | ClosePullRequest { repo, number } => {
                format!("{repo}#{number}")
            }
            ApplyManifest { cluster, object, .. } => format!("{cluster} {object}"),
            Notify { contact, cause, .. } => format!("{contact} {cause}"),
            Request(request) => request.to_string(),
        }
    }

    /// The repository that it is done to, if any.
    pub fn repo(&self) -> Option<&RepoId> {
        use Change::*;
        match self {
            CreateRepository { repo, .. }
            | UpdateRepository { repo, .. }
            | ArchiveRepository { repo, .. }
            | UnarchiveRepository { repo }
            | DeleteRepository { repo, .. }
            | ProtectBranch { repo, .. }
            | SetStatus { repo, .. }
            | GrantTeam(TeamGrant { repo, .. })
            | SetWebhook(Webhook { repo, .. })
            | Commit { repo, .. }
            | RestoreMarker { repo, .. }
            | OpenPullRequest { repo, .. }
            | UpdatePullRequest { repo, .. }
            | Comment { repo, .. }
            | Approve { repo, .. }
            | Merge { repo, .. }
            | ClosePullRequest { repo, .. }
            | DeleteBranch { repo, .. } => Some(repo),
            ApplyManifest { .. } | Notify { .. } | Request(..) => None,
        }
    }

    /// The files that it would commit.
    pub fn files(&self) -> &[FileChange] {
        match self {
            Change::Commit { files, .. } => files,
            Change::OpenPullRequest { commit, .. } | Change::UpdatePullRequest { commit: Some(commit), .. } => {
                &commit.files
            }
            _ => &[],
        }
    }

    /// What its files were merged from, if it updates what was delivered.
    pub fn rendering(&self) -> Option<&Rendering> {
        match self {
            Change::OpenPullRequest { commit, .. } | Change::UpdatePullRequest { commit: Some(commit), .. } => {
                commit.rendering.as_ref()
            }
            _ => None,
        }
    }

    /// The difference that it makes, for people.
    pub fn diff(&self) -> Diff {
        let mut diff = Diff::default();
        match self {
            Change::CreateRepository { settings, template, .. } => {
                settings.diff(None, &mut diff);
                diff.field("template", None, template.as_ref().map(RepoId::to_string));
            }
            Change::UpdateRepository { before, after, .. } => after.diff(Some(before), &mut diff),
            Change::ArchiveRepository { .. } => diff.field("archived", Some("no".into()), Some("yes".into())),
            Change::UnarchiveRepository { .. } => diff.field("archived", Some("yes".into()), Some("no".into())),
            Change::DeleteRepository { refs, .. } => {
                let names: Vec<&str> = refs.keys().map(String::as_str).collect();
                diff.field("refs", Some(names.join(", ")).filter(|names| !names.is_empty()), None);
            }
            Change::ProtectBranch { before, after, .. } => after.diff(before.as_ref(), &mut diff),
            Change::SetStatus { before, after, .. } => after.diff(before.as_ref(), &mut diff),
            Change::GrantTeam(grant) => grant.diff(&mut diff),
            Change::SetWebhook(hook) => hook.diff(&mut diff),
            Change::Commit { message, .. } => diff.field("message", None, Some(subject(message))),
            Change::OpenPullRequest { base, title, body, labels, reviewers, .. } => {
                diff.field("title", None, Some(title.clone()));
                diff.field("base", None, Some(base.clone()));
                diff.field("body", None, Some(body.clone()).filter(|text| !text.is_empty()));
                diff.field("labels", None, joined(Some(labels)));
                diff.field("reviewers", None, joined(Some(reviewers)));
            }
            Change::UpdatePullRequest { before, after, reopen, .. } => {
                if *reopen {
                    diff.field("state", Some("closed".into()), Some("open".into()));
                }
                diff.field("title", before.title.clone(), after.title.clone());
                diff.field("body", before.body.clone(), after.body.clone());
                diff.field("labels", joined(before.labels.as_ref()), joined(after.labels.as_ref()));
                diff.field("reviewers", joined(before.reviewers.as_ref()), joined(after.reviewers.as_ref()));
            }
            Change::Comment { body, .. } => diff.field("body", None, Some(body.clone())),
            Change::Approve { .. } => diff.field("review", None, Some("approved".into())),
            Change::Merge { method, .. } => diff.field("merge", None, Some(method.to_string())),
            Change::ClosePullRequest { .. } => diff.field("state", Some("open".into()), Some("closed".into())),
            Change::RestoreMarker { .. } => {}
            Change::DeleteBranch { branch, .. } => diff.field("branch", Some(branch.clone()), None),
            Change::ApplyManifest { object, before, after, .. } => {
                let text = |value: &Value| crate::formats::yaml::render(value);
                diff.files.push(FileDiff::between(
                    &object.to_string(),
                    before.as_ref().map(text).as_deref().map(str::as_bytes),
                    Some(text(after).as_bytes()),
                ));
            }
            Change::Request(request) => request.diff(&mut diff),
            Change::Notify { message, .. } => {
                for (name, value) in message {
                    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    diff.field(name, None, Some(text));
                }
            }
        }
        for file in self.files() {
            let bytes = |file: &Option<File>| file.as_ref().map(|file| file.bytes.clone());
            let (before, after) = (bytes(&file.before), bytes(&file.after));
            diff.files.push(FileDiff::between(&file.path, before.as_deref(), after.as_deref()));
        }
        diff
    }
}

fn subject(message: &str) -> String {
    message.lines().next().unwrap_or_default().to_string()
}

pub(super) fn joined(values: Option<&BTreeSet<String>>) -> Option<String> {
    let values = values?;
    (!values.is_empty()).then(|| values.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
}

/// File contents in saved changes: text as text, anything else as an array of bytes.
mod bytes {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Text(String),
        Bytes(Vec<u8>),
    }

    pub fn serialize<S: Serializer>(bytes: &Arc<[u8]>, to: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(bytes) {
            Ok(text) => text.serialize(to),
            Err(_) => bytes.as_ref().serialize(to),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Arc<[u8]>, D::Error> {
        Ok(match Either::deserialize(from)? {
            Either::Text(text) => Arc::from(text.into_bytes()),
            Either::Bytes(bytes) => Arc::from(bytes),
        })
    }
}
