//! Git hosting as scripts need it: the trait and its plain types. `git` has the embedded one, `overlay` the held one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use async_trait::async_trait;
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

use super::access::Role;
use super::change::{Change, File, FileChange, Marker};
use super::commit_status::CommitStatus;
use super::later::Later;
pub use super::names::{check_branch, check_path, file_and_folder};
use super::webhook::Hook;
use crate::error::{Error, Result, with_article};
use crate::report::Diff;

/// A repository's address, `owner/name`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RepoId {
    owner: String,
    name: String,
}

impl RepoId {
    /// An address from its parts; both are what hosts accept: letters, digits, `.`, `_`, `-`, at most 100 characters,
    /// no leading dot or hyphen, no `.git` at the end.
    pub fn new(owner: &str, name: &str) -> Result<RepoId> {
        for (what, part) in [("owner", owner), ("repository name", name)] {
            let fine = !part.is_empty()
                && part.len() <= 100
                && !part.starts_with(['.', '-'])
                && !part.to_ascii_lowercase().ends_with(".git")
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
            if !fine {
                return Err(Error::invalid("idp::repo::name", format!("`{part}` can't be {}", with_article(what)))
                    .help("letters, digits, `.`, `_` and `-`; no leading dot, at most 100 characters"));
            }
        }
        Ok(RepoId { owner: owner.to_string(), name: name.to_string() })
    }

    /// `name` or `owner/name`; a bare name belongs to `owner`.
    pub fn parse(text: &str, owner: &str) -> Result<RepoId> {
        match text.split_once('/') {
            Some((owner, name)) => RepoId::new(owner, name),
            None => RepoId::new(owner, text),
        }
    }

    /// The user or organisation.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// The name without its owner.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for RepoId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

impl TryFrom<String> for RepoId {
    type Error = Error;
    fn try_from(text: String) -> Result<RepoId> {
        RepoId::parse(&text, "")
    }
}

impl From<RepoId> for String {
    fn from(repo: RepoId) -> String {
        repo.to_string()
    }
}

/// A commit: 40 hexadecimal digits, or `plan:N` and `seed:N` for one that is held in memory.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CommitId(pub String);

impl CommitId {
    /// What stands where a commit is expected and is none: the name of another ref, something that can't be read.
    pub fn none(instead: &str) -> CommitId {
        CommitId(format!("not a commit: {instead}"))
    }

    /// Whether there is a commit of this id.
    pub fn is_one(&self) -> bool {
        !self.0.starts_with("not a commit")
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A repository's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// One line about it.
    pub description: String,
    /// `public`, `internal` or `private`.
    pub visibility: String,
    /// The branch that clones check out.
    pub default_branch: String,
    /// Topics, without the ones that carry markers.
    pub topics: BTreeSet<String>,
    /// Labels of pull requests: name and colour (six hexadecimal digits). Of a repository that is there only those that
    /// the forge tells with it: see [`Forge::labels`].
    pub labels: BTreeMap<String, String>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            description: String::new(),
            visibility: "private".into(),
            default_branch: "main".into(),
            topics: BTreeSet::new(),
            labels: BTreeMap::new(),
        }
    }
}

impl Settings {
    /// The difference to what they were; all of them, for a new repository.
    pub(super) fn diff(&self, before: Option<&Settings>, diff: &mut Diff) {
        let of = |settings: &Settings| {
            let description = Some(settings.description.clone()).filter(|text| !text.is_empty());
            [
                ("description", description),
                ("visibility", Some(settings.visibility.clone())),
                ("default branch", Some(settings.default_branch.clone())),
                ("topics", super::change::joined(Some(&settings.topics))),
                ("labels", super::change::joined(Some(&settings.labels.keys().cloned().collect()))),
            ]
        };
        let before = before.map(of);
        for (at, (name, after)) in of(self).into_iter().enumerate() {
            diff.field(name, before.as_ref().and_then(|fields| fields[at].1.clone()), after);
        }
    }
}

/// A repository as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// Its address.
    pub id: RepoId,
    /// Its settings.
    pub settings: Settings,
    /// The hash of the run (or project) that made it; none if a person did.
    pub marker: Option<String>,
    /// Whether that run took it over, instead of making it.
    pub adopted: bool,
    /// The hash of the run whose undo archived it; an archived repository takes no changes.
    pub archived: Option<String>,
}

/// What must hold before a branch takes a commit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Protection {
    /// Approving reviews that a pull request needs; direct commits are refused.
    pub reviews: u32,
    /// Names of checks that must have succeeded.
    pub checks: BTreeSet<String>,
    /// Whether an owner named in CODEOWNERS must be among the approvers.
    pub code_owners: bool,
}

impl Protection {
    pub(super) fn diff(&self, before: Option<&Protection>, diff: &mut Diff) {
        diff.field("reviews", before.map(|rule| rule.reviews.to_string()), Some(self.reviews.to_string()));
        let checks = |rule: &Protection| super::change::joined(Some(&rule.checks));
        diff.field("checks", before.and_then(checks), checks(self));
        let owners = |rule: &Protection| rule.code_owners.to_string();
        diff.field("code owners", before.map(owners), Some(owners(self)));
    }
}

/// Where a pull request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Proposed.
    Open,
    /// Its commits are in the base.
    Merged,
    /// Closed unmerged: a person's no.
    Closed,
}

impl State {
    /// `open`, `merged` or `closed`.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Merged => "merged",
            State::Closed => "closed",
        }
    }
}

/// How commits of a pull request come into the base.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MergeMethod {
    /// A commit with both as parents.
    #[default]
    Merge,
    /// One commit on the base.
    Squash,
    /// The commits again, on the base.
    Rebase,
}

impl fmt::Display for MergeMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            MergeMethod::Merge => "merge commit",
            MergeMethod::Squash => "squash",
            MergeMethod::Rebase => "rebase",
        })
    }
}

/// A person's approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who.
    pub by: String,
    /// The head that was looked at.
    pub commit: CommitId,
}

/// Something said under a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// Who.
    pub by: String,
    /// What.
    pub body: String,
    /// The hidden marker of a run's comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marker: Option<String>,
}

/// How it was merged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merged {
    /// Who.
    pub by: String,
    /// How.
    pub method: MergeMethod,
    /// The commit on the base that brought it in.
    pub commit: CommitId,
    /// The rules that `--admin` overrode, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overridden: Vec<String>,
}

/// A pull request as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    /// Its number; unknown in a plan that opens it.
    pub number: Later<u64>,
    /// Where people look at it.
    pub url: Later<String>,
    /// The title.
    pub title: String,
    /// The description.
    pub body: String,
    /// Who opened it.
    pub author: String,
    /// The branch that is proposed.
    pub head: String,
    /// The branch that it is proposed to.
    pub base: String,
    /// The head's commit.
    pub commit: CommitId,
    /// Labels.
    pub labels: BTreeSet<String>,
    /// People and teams asked for a review.
    pub reviewers: BTreeSet<String>,
    /// Where it stands.
    pub state: State,
    /// How it was merged, as far as the forge tells it with the pull request: see [`Forge::merged`].
    pub merged: Option<Merged>,
}

/// What was said about a pull request so far. It is asked for apart: few who look at a pull request need it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Discussion {
    /// Approvals.
    pub approvals: Vec<Approval>,
    /// Comments, oldest first.
    pub comments: Vec<Comment>,
}

impl Discussion {
    /// Whether a comment with this marker is there.
    pub fn has(&self, marker: &str) -> bool {
        self.comments.iter().any(|comment| comment.marker.as_deref() == Some(marker))
    }
}

/// The marker of the comment that tells an undone pull request from one that a person closed.
pub fn undone_marker(run: &str) -> String {
    format!("{run}/undone")
}

/// A commit, as far as it says who made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// Which.
    pub id: CommitId,
    /// What it stands on.
    pub parents: Vec<CommitId>,
    /// Who made it.
    pub author: String,
    /// Our trailer, if it has one.
    pub trailer: Option<String>,
    /// The rendering that an update was merged from.
    pub rendering: Option<CommitId>,
}

/// A commit that changed what is at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touch {
    /// Which.
    pub id: CommitId,
    /// Who made it.
    pub author: String,
    /// When it came to the branch, in seconds since 1970-01-01 UTC; none for what isn't made yet.
    pub at: Option<i64>,
    /// The first line of its message.
    pub title: String,
}

/// What it takes to take commits back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reverted {
    /// These files; none if nothing of the commits is left.
    Files(Vec<FileChange>),
    /// These files were changed since in the same places.
    Conflicts(Vec<String>),
}

/// One entry of a folder at a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The path from the repository's root.
    pub path: String,
    /// The blob's (or, in a plan, the content's) id.
    pub blob: String,
    /// Git mode 100755.
    pub executable: bool,
}

/// A file, and where it is: at the head of the default branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The repository.
    pub repo: RepoId,
    /// The path from its root.
    pub path: String,
    /// The file.
    pub file: File,
}

impl Entry {
    /// Whether an entry, or none, is this file, or none: by its blob's id, without reading it.
    pub fn is(entry: Option<&Entry>, file: Option<&File>) -> bool {
        match (entry, file) {
            (None, None) => true,
            (Some(entry), Some(file)) => {
                entry.executable == file.executable && entry.blob == super::git::blob_id(&file.bytes)
            }
            _ => false,
        }
    }
}

/// Whether a request was carried out before, and what says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivered {
    /// Nothing does.
    No,
    /// The marker's ref does, at this commit.
    Marked(CommitId),
    /// A commit's trailer does; the ref was lost to a crash.
    Trailer(CommitId),
}

/// Whether a head can be merged into a base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mergeable {
    /// Without a conflict.
    Clean,
    /// These files conflict.
    Conflicts(Vec<String>),
}

/// What the world said to a change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// What an HTTP service answered; nothing in a plan.
    pub response: Option<super::http::Response>,
    /// The commit that it made.
    pub commit: Option<Later<CommitId>>,
    /// The pull request's number.
    pub number: Option<Later<u64>>,
    /// What people should know of it: what was asked for and isn't essential, and couldn't be had.
    pub warnings: Vec<(String, String)>,
    /// True when the world had it already (a concurrent run of the same request was faster).
    pub already: bool,
}

/// Who acts, when, for the forge's records.
#[derive(Debug, Clone)]
pub struct Actor {
    /// A user name: `idp-run` for runs, the person otherwise.
    pub name: String,
    /// Seconds since 1970-01-01 UTC.
    pub time: i64,
}

/// The user name of runs.
pub const RUNS_AS: &str = "idp-run";

/// The code of the error that says that a branch moved between read and write. The edit is to be done again.
pub const MOVED: &str = "idp::forge::moved";

/// Git hosting. Reads see what is there now; `apply` is called by the door alone.
///
/// Errors: `idp::forge::missing` for a repository that isn't there; [`MOVED`] from `apply` when a precondition on a
/// branch no longer holds; retryable ones when the same call may succeed later.
#[async_trait]
pub trait Forge: Send + Sync {
    /// The user or organisation that bare repository names belong to.
    fn owner(&self) -> &str;
    /// Where people look at a repository; `repo` need not exist.
    fn url(&self, repo: &RepoId) -> String;
    /// A repository, if it is there.
    async fn repository(&self, repo: &RepoId) -> Result<Option<Repository>>;
    /// All repositories of the owner, in name order.
    async fn repositories(&self) -> Result<Vec<RepoId>>;
    /// One file, and the files below a folder, of every repository of the owner: what the catalog is read from.
    async fn everywhere(&self, file: &str, folder: &str) -> Result<Vec<Located>> {
        let mut found = Vec::new();
        for repo in self.repositories().await? {
            found.extend(self.located(&repo, file, folder).await?);
        }
        Ok(found)
    }
    /// The same of one repository.
    async fn located(&self, repo: &RepoId, file: &str, folder: &str) -> Result<Vec<Located>> {
        let Some(repository) = self.repository(repo).await? else { return Ok(Vec::new()) };
        let Some(head) = self.branch(repo, &repository.settings.default_branch).await? else { return Ok(Vec::new()) };
        let mut paths = vec![file.to_string()];
        paths.extend(self.list(repo, &head, folder).await?.into_iter().map(|entry| entry.path));
        let mut found = Vec::new();
        for path in paths {
            if let Some(file) = self.file(repo, &head, &path).await? {
                found.push(Located { repo: repo.clone(), path, file });
            }
        }
        Ok(found)
    }
    /// Those among them that may have open pull requests: hosts that know spare the requests for the others.
    async fn with_open_pull_requests(&self) -> Result<Vec<RepoId>> {
        self.repositories().await
    }
    /// A branch's protection, if it has one.
    async fn protection(&self, repo: &RepoId, branch: &str) -> Result<Option<Protection>>;
    /// What was found out about a commit: the newest status of each name.
    async fn statuses(&self, repo: &RepoId, commit: &CommitId) -> Result<BTreeMap<String, CommitStatus>>;
    /// What a team of the repository's owner may do there, if anything.
    async fn team_role(&self, repo: &RepoId, team: &str) -> Result<Option<Role>>;
    /// Whether an owner has a team of that name.
    async fn has_team(&self, owner: &str, team: &str) -> Result<bool>;
    /// A repository's webhook with that URL, if there is one.
    async fn webhook(&self, repo: &RepoId, url: &str) -> Result<Option<Hook>>;
    /// A branch's head, if it is there.
    async fn branch(&self, repo: &RepoId, branch: &str) -> Result<Option<CommitId>>;
    /// All files under a folder (the root is ""), in path order.
    async fn list(&self, repo: &RepoId, commit: &CommitId, folder: &str) -> Result<Vec<Entry>>;
    /// One file, if it is there.
    async fn file(&self, repo: &RepoId, commit: &CommitId, path: &str) -> Result<Option<File>>;
    /// Files of a commit by their entries, in the order of those: hosts that can tell many at once spare requests.
    async fn contents(&self, repo: &RepoId, commit: &CommitId, entries: &[Entry]) -> Result<Vec<Option<File>>> {
        try_join_all(entries.iter().map(|entry| self.file(repo, commit, &entry.path))).await
    }
    /// Whether a commit to a long-lived branch was made before.
    async fn delivered(&self, repo: &RepoId, branch: &str, marker: &Marker) -> Result<Delivered>;
    /// Pull requests whose head is this branch (all of them, without one), oldest first.
    async fn pull_requests(&self, repo: &RepoId, head: Option<&str>) -> Result<Vec<PullRequest>>;
    /// What was said about a pull request.
    async fn discussion(&self, repo: &RepoId, pull: &PullRequest) -> Result<Discussion>;
    /// How a pull request came into its base, if it did and the forge knows.
    async fn merged(&self, _: &RepoId, pull: &PullRequest) -> Result<Option<Merged>> {
        Ok(pull.merged.clone())
    }
    /// Whether the run that opened a pull request was undone: then it is none of that run's pull requests any more.
    async fn was_undone(&self, repo: &RepoId, pull: &PullRequest, run: &str) -> Result<bool> {
        Ok(pull.state != State::Open && self.discussion(repo, pull).await?.has(&undone_marker(run)))
    }
    /// The labels of a repository, by name with their colours: hosts tell them apart from its other settings.
    async fn labels(&self, repo: &RepoId) -> Result<BTreeMap<String, String>> {
        Ok(self.repository(repo).await?.map(|found| found.settings.labels).unwrap_or_default())
    }
    /// The best common ancestor.
    async fn merge_base(&self, repo: &RepoId, one: &CommitId, other: &CommitId) -> Result<Option<CommitId>>;
    /// Whether `head` merges into `base`.
    async fn mergeable(&self, repo: &RepoId, base: &CommitId, head: &CommitId) -> Result<Mergeable>;
    /// The trailer of a commit's message, if it is ours.
    async fn trailer(&self, repo: &RepoId, commit: &CommitId) -> Result<Option<String>>;
    /// All refs that people can push, by their names below `refs/`: `heads/main`, `tags/v1`, `notes/commits`. Those
    /// that point at another ref, or at nothing, are among them (see [`CommitId::is_one`]).
    async fn refs(&self, repo: &RepoId) -> Result<BTreeMap<String, CommitId>>;
    /// The commits to long-lived branches that a run (or project) marked, by the ids of the markers.
    async fn marks(&self, repo: &RepoId, owner: &str) -> Result<Vec<(String, CommitId)>>;
    /// One commit.
    async fn revision(&self, repo: &RepoId, commit: &CommitId) -> Result<Revision>;
    /// The last commits from one backwards, newest first, without those that another one stands on.
    async fn history(&self, repo: &RepoId, from: &CommitId, without: Option<&CommitId>) -> Result<Vec<Revision>>;
    /// The commits that changed a file or folder, newest first and at most so many, along the first parents from one
    /// backwards: a merge is one of them, and not what it merged.
    async fn touched(&self, repo: &RepoId, from: &CommitId, path: &str, most: usize) -> Result<Vec<Touch>>;
    /// The files that take back on `onto` what came between `before` and `after`, and keep what came since.
    async fn revert(&self, repo: &RepoId, onto: &CommitId, before: &CommitId, after: &CommitId) -> Result<Reverted>;
    /// Looks anew from now on at what it may remember.
    fn look_again(&self) {}
    /// Makes a change. Only the door calls this.
    async fn apply(&self, change: &Change, actor: &Actor) -> Result<Outcome>;
}

/// The error for a repository that isn't there.
pub fn missing(repo: &RepoId) -> Error {
    Error::failed("idp::forge::missing", format!("there is no repository {repo}"))
        .help("check the name, or create the repository first")
}

/// The error for a template that no repository can be made from.
pub fn no_template(template: &RepoId, why: &str) -> Error {
    Error::failed("idp::repo::template", format!("no repository can be made from {template}: {why}"))
        .help("check the name of the template; on GitHub its settings must say \"Template repository\"")
}

/// The error for a repository that takes no changes.
pub fn archived(repo: &RepoId) -> Error {
    Error::failed("idp::forge::archived", format!("{repo} is archived and takes no changes"))
        .help("the run that it belongs to takes it back into use: run its script again")
}

/// The error for a branch that a run would make and that somebody else made.
pub fn branch_taken(repo: &RepoId, branch: &str) -> Error {
    Error::failed("idp::pr::branch_taken", format!("{repo} has a branch {branch} that this run didn't make"))
        .help("delete or rename that branch, or give the proposal another `branch`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repository_names_follow_the_hosts() {
        assert_eq!(RepoId::parse("payments-api", "acme").unwrap().to_string(), "acme/payments-api");
        for bad in ["", "../x", ".git", "a b", "x.git", "-x", "a/b/c"] {
            assert!(RepoId::parse(bad, "acme").is_err(), "{bad}");
        }
    }
}
