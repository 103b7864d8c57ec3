//! The embedded forge: a folder of bare Git repositories that plain `git` reads, at `<folder>/<owner>/<repo>.git`.
//! Settings, protection and pull requests are files in `<repo>.git/idp/`; refs and objects are Git's own.

pub mod checkout;
mod create;
mod history;
mod merge;
mod merge_text;
mod objects;
mod options;
mod packs;
mod pulls;
mod refs;
mod remove;
mod rules;
mod seed;
mod settings;
mod statuses;
mod template;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use async_trait::async_trait;

pub use merge_text::{LABELS, is_binary, is_marked, merge_text};
pub use seed::{Seed, preview, sow};

use self::objects::Objects;
use self::refs::Refs;
use super::access::Role;
use super::change::{Change, File, Marker, trailer_of};
use super::commit_status::CommitStatus;
use super::forge::{
    Actor, CommitId, Delivered, Discussion, Entry, Forge, MOVED, Mergeable, Outcome, Protection, PullRequest, RepoId,
    Repository, Reverted, Revision, State, Touch, missing,
};
use super::later::Later;
use super::store;
use super::webhook::Hook;
use crate::error::{Error, Result};

/// How many commits of a branch are searched for a trailer whose ref was lost.
const RECENT: usize = 200;

/// A forge on a folder of bare repositories.
pub struct GitForge {
    folder: PathBuf,
    owner: String,
    url: String,
    teams: BTreeMap<String, Vec<String>>,
}

/// What a repository says of itself, in `idp/repository.json`.
#[derive(serde::Serialize, serde::Deserialize)]
struct Card {
    #[serde(flatten)]
    settings: super::forge::Settings,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
    /// Whether the run of the marker took it over, instead of making it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    adopted: bool,
    /// The run that archived it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    archived: Option<String>,
}

impl GitForge {
    /// The forge in that folder. `url` is what people's browsers reach it by; `teams` are members by team name, for
    /// the rule that code owners must approve.
    pub fn new(
        folder: impl Into<PathBuf>,
        owner: impl Into<String>,
        url: impl Into<String>,
        teams: BTreeMap<String, Vec<String>>,
    ) -> GitForge {
        GitForge { folder: folder.into(), owner: owner.into(), url: url.into(), teams }
    }

    /// Whether the world was made.
    pub fn exists(&self) -> bool {
        self.folder.is_dir()
    }

    fn path(&self, repo: &RepoId) -> PathBuf {
        self.folder.join(repo.owner()).join(format!("{}.git", repo.name()))
    }

    /// The repository's folder, if it is there.
    fn existing(&self, repo: &RepoId) -> Result<PathBuf> {
        let path = self.path(repo);
        if path.join("idp/repository.json").is_file() { Ok(path) } else { Err(missing(repo)) }
    }

    fn card(&self, repo: &RepoId) -> Result<Option<Card>> {
        store::read_json(&self.path(repo).join("idp/repository.json"))
    }

    fn update_card(&self, change: &Change) -> Result<Outcome> {
        let Change::UpdateRepository { repo, before, after, marker } = change else {
            return Err(Error::failed("idp::forge", "not new settings"));
        };
        let path = self.existing(repo)?;
        let _writer = Refs::of(&path).write()?;
        let mut card = self.card(repo)?.ok_or_else(|| missing(repo))?;
        if card.settings == *after && marker.is_none() {
            return Ok(Outcome { already: true, ..Outcome::default() });
        }
        // Several runs may share the repository: what another one set meanwhile is not to be set back.
        if card.settings != *before {
            return Err(moved(repo, "the settings"));
        }
        card.settings = after.clone();
        if let Some(marker) = marker {
            card.adopted = card.adopted || card.marker.as_ref() != Some(marker);
            card.marker = Some(marker.clone());
        }
        create::set_head(&path, &card.settings.default_branch)?;
        store::write_json(&path.join("idp/repository.json"), &card)?;
        Ok(Outcome::default())
    }

    fn protect(&self, change: &Change) -> Result<Outcome> {
        let Change::ProtectBranch { repo, branch, before, after } = change else {
            return Err(Error::failed("idp::forge", "not a protection"));
        };
        let path = self.existing(repo)?;
        let _writer = Refs::of(&path).write()?;
        let file = path.join("idp/protection.json");
        let mut rules: BTreeMap<String, Protection> = store::read_json(&file)?.unwrap_or_default();
        if rules.get(branch) == Some(after) {
            return Ok(Outcome { already: true, ..Outcome::default() });
        }
        if rules.get(branch) != before.as_ref() {
            return Err(moved(repo, &format!("the protection of {branch}")));
        }
        rules.insert(branch.clone(), after.clone());
        store::write_json(&file, &rules)?;
        Ok(Outcome::default())
    }

    /// A commit to a long-lived branch, then its marker's ref.
    fn commit(&self, change: &Change, actor: &Actor) -> Result<Outcome> {
        let Change::Commit { repo, branch, parent, message, marker, files } = change else {
            return Err(Error::failed("idp::forge", "not a commit"));
        };
        let path = self.existing(repo)?;
        let objects = Objects::open(&path)?;
        let writer = Refs::of(&path).write()?;
        // A concurrent run of what several runs share may have been faster; that is as good.
        if writer.refs().read(&marker.ref_name())?.is_some() {
            return Ok(Outcome { already: true, ..Outcome::default() });
        }
        let name = format!("refs/heads/{branch}");
        if writer.refs().read(&name)? != *parent {
            return Err(moved(repo, branch));
        }
        if parent.is_some() {
            rules::refuse_direct_commit(self.protections(&path)?.get(branch), repo, branch)?;
        }
        let message = with_trailer(message, marker);
        let parents: Vec<CommitId> = parent.iter().cloned().collect();
        let commit = objects.write_commit(&parents, parent.as_ref(), files, &message, actor)?;
        if !writer.update(&name, parent.as_ref(), &commit)? {
            return Err(moved(repo, branch));
        }
        writer.update(&marker.ref_name(), None, &commit)?;
        Ok(Outcome { commit: Some(Later::Known(commit)), ..Outcome::default() })
    }

    fn restore_marker(&self, repo: &RepoId, marker: &Marker, commit: &CommitId) -> Result<Outcome> {
        let path = self.existing(repo)?;
        let writer = Refs::of(&path).write()?;
        let now = writer.refs().read(&marker.ref_name())?;
        writer.update(&marker.ref_name(), now.as_ref(), commit)?;
        Ok(Outcome::default())
    }

    fn delete_branch(&self, repo: &RepoId, branch: &str, commit: &CommitId) -> Result<Outcome> {
        let path = self.existing(repo)?;
        let writer = Refs::of(&path).write()?;
        rules::refuse_direct_commit(self.protections(&path)?.get(branch), repo, branch)?;
        if writer.delete(&format!("refs/heads/{branch}"), commit)? {
            Ok(Outcome::default())
        } else {
            Err(moved(repo, branch))
        }
    }

    fn protections(&self, path: &Path) -> Result<BTreeMap<String, Protection>> {
        Ok(store::read_json(&path.join("idp/protection.json"))?.unwrap_or_default())
    }
}

/// The id that Git gives to a file's contents.
pub fn blob_id(bytes: &[u8]) -> String {
    git2::Oid::hash_object(git2::ObjectType::Blob, bytes).map(|id| id.to_string()).unwrap_or_default()
}

/// The message with the marker as its trailer.
fn with_trailer(message: &str, marker: &Marker) -> String {
    format!("{}\n\n{}\n", message.trim_end(), marker.trailer())
}

/// The error for a branch, or something else of a repository, that isn't where the caller saw it.
fn moved(repo: &RepoId, what: &str) -> Error {
    Error::failed(MOVED, format!("{what} of {repo} moved while it was edited")).help("run the same command again")
}

#[async_trait]
impl Forge for GitForge {
    fn owner(&self) -> &str {
        &self.owner
    }

    fn url(&self, repo: &RepoId) -> String {
        format!("{}/{repo}", self.url.trim_end_matches('/'))
    }

    async fn repository(&self, repo: &RepoId) -> Result<Option<Repository>> {
        let card = self.card(repo)?;
        Ok(card.map(|card| Repository {
            id: repo.clone(),
            settings: card.settings,
            marker: card.marker,
            adopted: card.adopted,
            archived: card.archived,
        }))
    }

    async fn repositories(&self) -> Result<Vec<RepoId>> {
        let folder = self.folder.join(&self.owner);
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(crate::error::io("read the folder", &folder)(error)),
        };
        let mut found: Vec<RepoId> = entries
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter_map(|name| RepoId::new(&self.owner, name.strip_suffix(".git")?).ok())
            .filter(|repo| self.existing(repo).is_ok())
            .collect();
        found.sort();
        Ok(found)
    }

    async fn protection(&self, repo: &RepoId, branch: &str) -> Result<Option<Protection>> {
        Ok(self.protections(&self.existing(repo)?)?.remove(branch))
    }

    async fn statuses(&self, repo: &RepoId, commit: &CommitId) -> Result<BTreeMap<String, CommitStatus>> {
        let folder = self.existing(repo)?;
        statuses::of(&folder, &Objects::open(&folder)?, commit)
    }

    async fn team_role(&self, repo: &RepoId, team: &str) -> Result<Option<Role>> {
        Ok(self.roles(repo)?.get(team).copied())
    }

    async fn has_team(&self, _: &str, team: &str) -> Result<bool> {
        Ok(self.knows_team(team))
    }

    async fn webhook(&self, repo: &RepoId, url: &str) -> Result<Option<Hook>> {
        Ok(self.webhooks(repo)?.remove(url))
    }

    async fn branch(&self, repo: &RepoId, branch: &str) -> Result<Option<CommitId>> {
        Refs::of(&self.existing(repo)?).read(&format!("refs/heads/{branch}"))
    }

    async fn list(&self, repo: &RepoId, commit: &CommitId, folder: &str) -> Result<Vec<Entry>> {
        Objects::open(&self.existing(repo)?)?.list(commit, folder)
    }

    async fn file(&self, repo: &RepoId, commit: &CommitId, path: &str) -> Result<Option<File>> {
        Objects::open(&self.existing(repo)?)?.file(commit, path)
    }

    async fn contents(&self, repo: &RepoId, commit: &CommitId, entries: &[Entry]) -> Result<Vec<Option<File>>> {
        let objects = Objects::open(&self.existing(repo)?)?;
        entries.iter().map(|entry| objects.file(commit, &entry.path)).collect()
    }

    async fn delivered(&self, repo: &RepoId, branch: &str, marker: &Marker) -> Result<Delivered> {
        let path = self.existing(repo)?;
        let refs = Refs::of(&path);
        if let Some(commit) = refs.read(&marker.ref_name())? {
            return Ok(Delivered::Marked(commit));
        }
        let Some(head) = refs.read(&format!("refs/heads/{branch}"))? else { return Ok(Delivered::No) };
        let objects = Objects::open(&path)?;
        let mut walk = objects.repository().revwalk().map_err(objects::git("walk the history"))?;
        walk.push(objects::oid(&head)?).map_err(objects::git("walk the history"))?;
        let wanted = marker.to_string();
        for id in walk.take(RECENT) {
            let id = objects::id_of(id.map_err(objects::git("walk the history"))?);
            if trailer_of(&String::from_utf8_lossy(objects.commit(&id)?.message_bytes())) == Some(&wanted) {
                return Ok(Delivered::Trailer(id));
            }
        }
        Ok(Delivered::No)
    }

    async fn pull_requests(&self, repo: &RepoId, head: Option<&str>) -> Result<Vec<PullRequest>> {
        pulls::list(self, repo, head)
    }

    async fn discussion(&self, repo: &RepoId, pull: &PullRequest) -> Result<Discussion> {
        let Later::Known(number) = pull.number else { return Ok(Discussion::default()) };
        let record = pulls::existing(&self.existing(repo)?, repo, number)?;
        Ok(Discussion { approvals: record.approvals, comments: record.comments })
    }

    async fn merge_base(&self, repo: &RepoId, one: &CommitId, other: &CommitId) -> Result<Option<CommitId>> {
        Objects::open(&self.existing(repo)?)?.merge_base(one, other)
    }

    async fn mergeable(&self, repo: &RepoId, base: &CommitId, head: &CommitId) -> Result<Mergeable> {
        Objects::open(&self.existing(repo)?)?.mergeable(base, head)
    }

    async fn trailer(&self, repo: &RepoId, commit: &CommitId) -> Result<Option<String>> {
        let objects = Objects::open(&self.existing(repo)?)?;
        let found = objects.commit(commit)?;
        Ok(trailer_of(&String::from_utf8_lossy(found.message_bytes())).map(str::to_owned))
    }

    async fn refs(&self, repo: &RepoId) -> Result<BTreeMap<String, CommitId>> {
        history::refs(self, repo)
    }

    async fn marks(&self, repo: &RepoId, owner: &str) -> Result<Vec<(String, CommitId)>> {
        history::marks(self, repo, owner)
    }

    async fn revision(&self, repo: &RepoId, commit: &CommitId) -> Result<Revision> {
        history::revision(&Objects::open(&self.existing(repo)?)?, commit)
    }

    async fn history(&self, repo: &RepoId, from: &CommitId, without: Option<&CommitId>) -> Result<Vec<Revision>> {
        history::history(self, repo, from, without)
    }

    async fn touched(&self, repo: &RepoId, from: &CommitId, path: &str, most: usize) -> Result<Vec<Touch>> {
        history::touched(self, repo, from, path, most)
    }

    async fn revert(&self, repo: &RepoId, onto: &CommitId, before: &CommitId, after: &CommitId) -> Result<Reverted> {
        history::revert(self, repo, onto, before, after)
    }

    async fn apply(&self, change: &Change, actor: &Actor) -> Result<Outcome> {
        self.refuse_archived(change)?;
        match change {
            Change::CreateRepository { .. } => create::create(self, change, actor),
            Change::UpdateRepository { .. } => self.update_card(change),
            Change::ProtectBranch { .. } => self.protect(change),
            Change::SetStatus { .. } => statuses::set(self, change),
            Change::GrantTeam(grant) => self.grant(grant),
            Change::SetWebhook(hook) => self.set_webhook(hook),
            Change::Commit { .. } => self.commit(change, actor),
            Change::RestoreMarker { repo, marker, commit } => self.restore_marker(repo, marker, commit),
            Change::OpenPullRequest { .. } => pulls::open(self, change, actor),
            Change::UpdatePullRequest { .. } => pulls::update(self, change, actor),
            Change::Comment { repo, number, marker, body, .. } => {
                pulls::comment(self, repo, number, marker, body, actor)
            }
            Change::Approve { repo, number } => pulls::approve(self, repo, *number, actor),
            // Nobody merges later here: what may not be merged now waits for people and their next `pr merge`.
            Change::Merge { repo, number, method, head, admin, later: _ } => {
                merge::merge(self, repo, *number, *method, head, *admin, actor)
            }
            Change::ClosePullRequest { repo, number } => pulls::set_state(self, repo, *number, State::Closed),
            Change::DeleteBranch { repo, branch, commit } => self.delete_branch(repo, branch, commit),
            Change::ArchiveRepository { repo, by } => self.archive(repo, Some(by)),
            Change::UnarchiveRepository { repo } => self.archive(repo, None),
            Change::DeleteRepository { .. } => self.delete(change),
            Change::ApplyManifest { .. } | Change::Notify { .. } | Change::Request(..) => {
                Err(Error::failed("idp::forge", "not a change of a forge"))
            }
        }
    }
}
