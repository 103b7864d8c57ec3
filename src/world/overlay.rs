//! A forge with its writes held back: reads fall through, writes stay here, later reads see them.
//! Plans lay it over the real forge, tests and first plans over one that is empty.

mod commits;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures_util::future::try_join_all;

use super::access::Role;
use super::change::{Change, File, Marker};
use super::commit_status::CommitStatus;
use super::forge::{
    Actor, Approval, CommitId, Delivered, Discussion, Entry, Forge, Located, MOVED, Mergeable, Merged, Outcome,
    Protection, PullRequest, RepoId, Repository, Reverted, Revision, Settings, State, Touch, archived, missing,
};
use super::later::Later;
use super::webhook::Hook;
use crate::error::{Error, Result};

/// A forge whose writes stay in memory.
pub struct Overlay {
    inner: Arc<dyn Forge>,
    /// What the ids of commits made here begin with; overlays lie on each other, so each kind has its own.
    prefix: &'static str,
    /// Whether numbers and URLs are assigned here, as the real forge would.
    assigns: bool,
    held: Mutex<BTreeMap<RepoId, Held>>,
}

/// What is held of one repository.
#[derive(Default, Clone)]
struct Held {
    /// Made here, so that the inner forge has nothing of it.
    created: bool,
    /// Deleted here.
    deleted_whole: bool,
    repository: Option<Repository>,
    protection: BTreeMap<String, Protection>,
    statuses: BTreeMap<CommitId, BTreeMap<String, CommitStatus>>,
    roles: BTreeMap<String, Role>,
    webhooks: BTreeMap<String, Hook>,
    branches: BTreeMap<String, CommitId>,
    deleted: BTreeSet<String>,
    commits: HashMap<CommitId, Planned>,
    delivered: BTreeMap<Marker, CommitId>,
    pulls: Vec<PullRequest>,
    /// What is said here about pull requests, on top of what was said where they are.
    said: BTreeMap<String, Discussion>,
    /// Those that were opened here, of which the inner forge knows nothing.
    opened: BTreeSet<String>,
}

/// A commit that exists only here: files changed on top of another commit's.
#[derive(Clone)]
struct Planned {
    parents: Vec<CommitId>,
    tree_of: Option<CommitId>,
    /// The commit of another repository whose tree it has.
    template: Option<(RepoId, CommitId)>,
    files: Arc<BTreeMap<String, Option<File>>>,
    /// None for what people commit.
    trailer: Option<String>,
    rendering: Option<CommitId>,
}

impl Planned {
    fn revision(self, id: &CommitId) -> Revision {
        let author = if self.trailer.is_some() { super::forge::RUNS_AS } else { "someone" };
        let Planned { parents, trailer, rendering, .. } = self;
        Revision { id: id.clone(), parents, author: author.into(), trailer, rendering }
    }
}

impl Overlay {
    /// Holds back what is written to this one.
    pub fn over(inner: Arc<dyn Forge>) -> Overlay {
        Overlay { inner, prefix: "plan:", assigns: false, held: Mutex::default() }
    }

    /// Holds back what is written, and gives pull requests numbers as if they were opened.
    pub fn rehearsal(inner: Arc<dyn Forge>) -> Overlay {
        Overlay { inner, prefix: "test:", assigns: true, held: Mutex::default() }
    }

    /// A forge in memory, over one that is not there yet.
    pub fn preview(inner: Arc<dyn Forge>) -> Overlay {
        Overlay { inner, prefix: "seed:", assigns: false, held: Mutex::default() }
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<RepoId, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is held of a repository, and whether the inner forge may be asked for the rest.
    fn of(&self, repo: &RepoId) -> (Option<Held>, bool) {
        let held = self.held().get(repo).cloned();
        let ask = !held.as_ref().is_some_and(|held| held.created || held.deleted_whole);
        (held, ask)
    }

    fn is_ours(&self, commit: &CommitId) -> bool {
        commit.0.starts_with(self.prefix)
    }

    fn planned(&self, repo: &RepoId, commit: &CommitId) -> Option<Planned> {
        self.held().get(repo)?.commits.get(commit).cloned()
    }
}

#[async_trait]
impl Forge for Overlay {
    fn owner(&self) -> &str {
        self.inner.owner()
    }

    fn url(&self, repo: &RepoId) -> String {
        self.inner.url(repo)
    }

    async fn repository(&self, repo: &RepoId) -> Result<Option<Repository>> {
        match self.of(repo) {
            (Some(Held { repository: Some(repository), .. }), _) => Ok(Some(repository)),
            (_, false) => Ok(None),
            _ => self.inner.repository(repo).await,
        }
    }

    async fn repositories(&self) -> Result<Vec<RepoId>> {
        let mut all: BTreeSet<RepoId> = self.inner.repositories().await?.into_iter().collect();
        let held = self.held();
        all.extend(held.iter().filter(|(_, held)| held.created).map(|(repo, _)| repo.clone()));
        all.retain(|repo| !held.get(repo).is_some_and(|held| held.deleted_whole));
        drop(held);
        Ok(all.into_iter().collect())
    }

    async fn everywhere(&self, file: &str, folder: &str) -> Result<Vec<Located>> {
        let held: Vec<RepoId> = self.held().keys().cloned().collect();
        let mut found = self.inner.everywhere(file, folder).await?;
        // What is held of a repository is read here, where it is.
        found.retain(|located| !held.contains(&located.repo));
        for repo in held {
            found.extend(self.located(&repo, file, folder).await?);
        }
        found.sort_by(|one, other| one.repo.cmp(&other.repo));
        Ok(found)
    }

    async fn protection(&self, repo: &RepoId, branch: &str) -> Result<Option<Protection>> {
        let (held, ask) = self.of(repo);
        if let Some(rule) = held.and_then(|held| held.protection.get(branch).cloned()) {
            return Ok(Some(rule));
        }
        if ask { self.inner.protection(repo, branch).await } else { Ok(None) }
    }

    async fn statuses(&self, repo: &RepoId, commit: &CommitId) -> Result<BTreeMap<String, CommitStatus>> {
        let (held, ask) = self.of(repo);
        let ask = ask && !self.is_ours(commit);
        let mut all = if ask { self.inner.statuses(repo, commit).await? } else { BTreeMap::new() };
        all.extend(held.and_then(|mut held| held.statuses.remove(commit)).unwrap_or_default());
        Ok(all)
    }

    async fn team_role(&self, repo: &RepoId, team: &str) -> Result<Option<Role>> {
        let (held, ask) = self.of(repo);
        match held.and_then(|held| held.roles.get(team).copied()) {
            None if ask => self.inner.team_role(repo, team).await,
            held => Ok(held),
        }
    }

    async fn has_team(&self, owner: &str, team: &str) -> Result<bool> {
        self.inner.has_team(owner, team).await
    }

    async fn webhook(&self, repo: &RepoId, url: &str) -> Result<Option<Hook>> {
        let (held, ask) = self.of(repo);
        match held.and_then(|held| held.webhooks.get(url).cloned()) {
            None if ask => self.inner.webhook(repo, url).await,
            held => Ok(held),
        }
    }

    async fn branch(&self, repo: &RepoId, branch: &str) -> Result<Option<CommitId>> {
        let (held, mut ask) = self.of(repo);
        if let Some(held) = held {
            if let Some(commit) = held.branches.get(branch) {
                return Ok(Some(commit.clone()));
            }
            ask = ask && !held.deleted.contains(branch);
        }
        if ask { self.inner.branch(repo, branch).await } else { Ok(None) }
    }

    async fn list(&self, repo: &RepoId, commit: &CommitId, folder: &str) -> Result<Vec<Entry>> {
        let Some(planned) = self.planned(repo, commit) else { return self.inner.list(repo, commit, folder).await };
        let mut found: BTreeMap<String, Entry> = match &planned.tree_of {
            Some(below) => self.list(repo, below, folder).await?,
            None => match &planned.template {
                Some((template, commit)) => self.list(template, commit, folder).await?,
                None => Vec::new(),
            },
        }
        .into_iter()
        .map(|entry| (entry.path.clone(), entry))
        .collect();
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        for (path, file) in planned.files.iter().filter(|(path, _)| path.starts_with(&prefix)) {
            match file {
                Some(file) => {
                    let blob = super::git::blob_id(&file.bytes);
                    found.insert(path.clone(), Entry { path: path.clone(), blob, executable: file.executable });
                }
                None => {
                    found.remove(path);
                }
            }
        }
        Ok(found.into_values().collect())
    }

    async fn file(&self, repo: &RepoId, commit: &CommitId, path: &str) -> Result<Option<File>> {
        match self.planned(repo, commit) {
            None => self.inner.file(repo, commit, path).await,
            Some(planned) => match (planned.files.get(path), planned.tree_of) {
                (Some(file), _) => Ok(file.clone()),
                (None, Some(below)) => self.file(repo, &below, path).await,
                (None, None) => match planned.template {
                    Some((template, commit)) => self.file(&template, &commit, path).await,
                    None => Ok(None),
                },
            },
        }
    }

    async fn contents(&self, repo: &RepoId, commit: &CommitId, entries: &[Entry]) -> Result<Vec<Option<File>>> {
        if self.planned(repo, commit).is_none() {
            return self.inner.contents(repo, commit, entries).await;
        }
        try_join_all(entries.iter().map(|entry| self.file(repo, commit, &entry.path))).await
    }

    async fn delivered(&self, repo: &RepoId, branch: &str, marker: &Marker) -> Result<Delivered> {
        let (held, ask) = self.of(repo);
        if let Some(commit) = held.and_then(|held| held.delivered.get(marker).cloned()) {
            return Ok(Delivered::Marked(commit));
        }
        if ask { self.inner.delivered(repo, branch, marker).await } else { Ok(Delivered::No) }
    }

    async fn pull_requests(&self, repo: &RepoId, head: Option<&str>) -> Result<Vec<PullRequest>> {
        let (held, ask) = self.of(repo);
        let held = held.map(|held| held.pulls).unwrap_or_default();
        let mut all = if ask { self.inner.pull_requests(repo, head).await? } else { Vec::new() };
        // What is held of a pull request that the inner forge has stands in its place.
        for pull in held.into_iter().filter(|pull| head.is_none_or(|head| pull.head == head)) {
            match all.iter_mut().find(|there| there.number == pull.number && pull.number != Later::Unknown) {
                Some(there) => *there = pull,
                None => all.push(pull),
            }
        }
        Ok(all)
    }

    async fn discussion(&self, repo: &RepoId, pull: &PullRequest) -> Result<Discussion> {
        let (held, ask) = self.of(repo);
        let key = told(pull);
        let ask = ask && !held.as_ref().is_some_and(|held| held.opened.contains(&key));
        let mut all = if ask { self.inner.discussion(repo, pull).await? } else { Discussion::default() };
        if let Some(said) = held.and_then(|mut held| held.said.remove(&key)) {
            all.approvals.extend(said.approvals);
            all.comments.extend(said.comments);
        }
        Ok(all)
    }

    async fn merged(&self, repo: &RepoId, pull: &PullRequest) -> Result<Option<Merged>> {
        let (held, ask) = self.of(repo);
        let is_held = held.is_some_and(|held| held.pulls.iter().any(|there| told(there) == told(pull)));
        if ask && !is_held { self.inner.merged(repo, pull).await } else { Ok(pull.merged.clone()) }
    }

    async fn labels(&self, repo: &RepoId) -> Result<BTreeMap<String, String>> {
        let (held, ask) = self.of(repo);
        let mut all = if ask { self.inner.labels(repo).await? } else { BTreeMap::new() };
        all.extend(held.and_then(|held| held.repository).map(|found| found.settings.labels).unwrap_or_default());
        Ok(all)
    }

    async fn merge_base(&self, repo: &RepoId, one: &CommitId, other: &CommitId) -> Result<Option<CommitId>> {
        if !self.is_ours(one) && !self.is_ours(other) {
            return self.inner.merge_base(repo, one, other).await;
        }
        let (ours, theirs) = (self.ancestors(repo, one), self.ancestors(repo, other));
        if let Some(common) = ours.iter().find(|commit| theirs.contains(commit)) {
            return Ok(Some(common.clone()));
        }
        let real = |commits: &[CommitId]| commits.iter().find(|commit| !self.is_ours(commit)).cloned();
        match (real(&ours), real(&theirs)) {
            (Some(ours), Some(theirs)) => self.inner.merge_base(repo, &ours, &theirs).await,
            _ => Ok(None),
        }
    }

    async fn mergeable(&self, repo: &RepoId, base: &CommitId, head: &CommitId) -> Result<Mergeable> {
        if !self.is_ours(base) && !self.is_ours(head) {
            return self.inner.mergeable(repo, base, head).await;
        }
        let Some(common) = self.merge_base(repo, base, head).await? else { return Ok(Mergeable::Clean) };
        let (ours, theirs) = (self.changed(repo, &common, base).await?, self.changed(repo, &common, head).await?);
        // By whole files: a plan may call a conflict what Git merges line by line, never the other way round.
        let conflicts: Vec<String> = ours
            .iter()
            .filter(|(path, blob)| theirs.get(*path).is_some_and(|other| other != *blob))
            .map(|(path, _)| path.clone())
            .collect();
        Ok(if conflicts.is_empty() { Mergeable::Clean } else { Mergeable::Conflicts(conflicts) })
    }

    async fn trailer(&self, repo: &RepoId, commit: &CommitId) -> Result<Option<String>> {
        match self.planned(repo, commit) {
            Some(planned) => Ok(planned.trailer),
            None => self.inner.trailer(repo, commit).await,
        }
    }

    async fn refs(&self, repo: &RepoId) -> Result<BTreeMap<String, CommitId>> {
        let (held, ask) = self.of(repo);
        let mut refs = if ask { self.inner.refs(repo).await? } else { BTreeMap::new() };
        for held in held.iter() {
            refs.retain(|name, _| !name.strip_prefix("heads/").is_some_and(|name| held.deleted.contains(name)));
            refs.extend(held.branches.iter().map(|(name, id)| (format!("heads/{name}"), id.clone())));
        }
        Ok(refs)
    }

    async fn marks(&self, repo: &RepoId, owner: &str) -> Result<Vec<(String, CommitId)>> {
        let (held, ask) = self.of(repo);
        let mut marks = if ask { self.inner.marks(repo, owner).await? } else { Vec::new() };
        let delivered = held.iter().flat_map(|held| &held.delivered).filter(|(marker, _)| marker.owner == owner);
        marks.extend(delivered.map(|(marker, id)| (marker.id.clone(), id.clone())));
        Ok(marks)
    }

    async fn revision(&self, repo: &RepoId, commit: &CommitId) -> Result<Revision> {
        match self.planned(repo, commit) {
            Some(planned) => Ok(planned.revision(commit)),
            None => self.inner.revision(repo, commit).await,
        }
    }

    async fn history(&self, repo: &RepoId, from: &CommitId, without: Option<&CommitId>) -> Result<Vec<Revision>> {
        let hidden: Vec<CommitId> = without.map(|without| self.ancestors(repo, without)).unwrap_or_default();
        let (mut found, mut real) = (Vec::new(), Vec::new());
        for id in self.ancestors(repo, from).into_iter().filter(|id| !hidden.contains(id)) {
            match self.planned(repo, &id) {
                Some(planned) => found.push(planned.revision(&id)),
                None => real.push(id),
            }
        }
        let below = hidden.iter().find(|id| !self.is_ours(id));
        for id in real {
            found.extend(self.inner.history(repo, &id, below).await?);
        }
        Ok(found)
    }

    async fn touched(&self, repo: &RepoId, from: &CommitId, path: &str, most: usize) -> Result<Vec<Touch>> {
        self.touched_by(repo, from, path, most).await
    }

    async fn revert(&self, repo: &RepoId, onto: &CommitId, before: &CommitId, after: &CommitId) -> Result<Reverted> {
        if [onto, before, after].into_iter().any(|commit| self.is_ours(commit)) {
            // What a plan would do can't be taken back in the same plan.
            return Err(Error::failed("idp::forge", format!("{repo}: a planned commit can't be taken back")));
        }
        self.inner.revert(repo, onto, before, after).await
    }

    async fn apply(&self, change: &Change, actor: &Actor) -> Result<Outcome> {
        let Some(repo) = change.repo() else { return Err(Error::failed("idp::forge", "not a change of a forge")) };
        // What the change needs of the inner forge is read before the lock: it isn't held across an await.
        let repository = self.repository(repo).await?;
        let target = match change {
            Change::UpdatePullRequest { number, head, .. } | Change::Comment { number, head, .. } => {
                self.pull_requests(repo, Some(head)).await?.into_iter().rfind(|pull| pull.number == *number)
            }
            Change::Approve { number, .. } | Change::Merge { number, .. } | Change::ClosePullRequest { number, .. } => {
                self.pull_requests(repo, None).await?.into_iter().find(|pull| pull.number == Later::Known(*number))
            }
            _ => None,
        };
        let said = match (&target, change) {
            (Some(pull), Change::Comment { .. }) => self.discussion(repo, pull).await?,
            _ => Discussion::default(),
        };
        let template = match change {
            Change::CreateRepository { template: Some(template), .. } => Some(self.template(template).await?),
            _ => None,
        };
        let head = match change {
            Change::Commit { branch, .. } => self.branch(repo, branch).await?,
            _ => None,
        };
        let merge = match (&target, change) {
            (Some(pull), Change::Merge { .. }) => Some(self.merge(repo, pull).await?),
            _ => None,
        };
        let mut all = self.held();
        let held = all.entry(repo.clone()).or_default();
        if repository.is_none() && !matches!(change, Change::CreateRepository { .. }) {
            return Err(missing(repo));
        }
        let putting_away = matches!(
            change,
            Change::ArchiveRepository { .. } | Change::UnarchiveRepository { .. } | Change::DeleteRepository { .. }
        );
        if repository.as_ref().is_some_and(|now| now.archived.is_some()) && !putting_away {
            return Err(archived(repo));
        }
        let mut outcome = Outcome::default();
        match change {
            Change::CreateRepository { settings, marker, .. } => {
                if repository.is_some() {
                    return Ok(Outcome { already: true, ..outcome });
                }
                *held = Held { created: true, ..Held::default() };
                held.repository = Some(made(repo, settings, marker));
                if template.is_some() {
                    let id = self.add_commit(held, Vec::new(), None, &[], Some(&Marker::of_template(marker)));
                    held.commits.entry(id.clone()).and_modify(|planned| planned.template = template);
                    held.branches.insert(settings.default_branch.clone(), id);
                }
            }
            Change::UpdateRepository { after, marker, .. } => {
                let now = repository.ok_or_else(|| missing(repo))?;
                let adopted = now.adopted || marker.as_ref().is_some_and(|marker| now.marker.as_ref() != Some(marker));
                let marker = marker.clone().or(now.marker.clone());
                held.repository = Some(Repository { settings: after.clone(), marker, adopted, ..now });
            }
            Change::ArchiveRepository { .. } | Change::UnarchiveRepository { .. } => {
                let now = repository.ok_or_else(|| missing(repo))?;
                let archived = match change {
                    Change::ArchiveRepository { by, .. } => Some(by.clone()),
                    _ => None,
                };
                held.repository = Some(Repository { archived, ..now });
            }
            Change::DeleteRepository { .. } => *held = Held { deleted_whole: true, ..Held::default() },
            Change::ProtectBranch { branch, after, .. } => {
                held.protection.insert(branch.clone(), after.clone());
            }
            Change::SetStatus { commit, name, after, .. } => {
                held.statuses.entry(commit.clone()).or_default().insert(name.clone(), after.clone());
            }
            Change::GrantTeam(grant) => {
                held.roles.insert(grant.team.clone(), grant.after);
            }
            Change::SetWebhook(hook) => {
                held.webhooks.insert(hook.url.clone(), hook.after.clone());
            }
            Change::Commit { branch, parent, marker, files, .. } => {
                if held.delivered.contains_key(marker) {
                    return Ok(Outcome { already: true, ..outcome });
                }
                if head != *parent {
                    return Err(Error::failed(MOVED, format!("{branch} of {repo} moved while it was edited")));
                }
                let parents = parent.iter().cloned().collect();
                let ours = Some(marker).filter(|marker| !marker.owner.is_empty());
                let id = self.add_commit(held, parents, parent.clone(), files, ours);
                for pull in held.pulls.iter_mut().filter(|pull| pull.head == *branch && pull.state == State::Open) {
                    pull.commit = id.clone();
                }
                held.branches.insert(branch.clone(), id.clone());
                held.delivered.extend(ours.cloned().map(|marker| (marker, id)));
                outcome.commit = Some(Later::Unknown);
            }
            Change::DeleteBranch { branch, .. } => {
                held.deleted.insert(branch.clone());
                held.branches.remove(branch);
            }
            Change::RestoreMarker { marker, commit, .. } => {
                held.delivered.insert(marker.clone(), commit.clone());
            }
            Change::OpenPullRequest { base, head, commit, marker, title, body, labels, reviewers, .. } => {
                let id = self.add_branch_commit(held, head, commit, marker);
                let (number, url) = match self.assigns {
                    true => {
                        let number = held.pulls.len() as u64 + 1;
                        (Later::Known(number), Later::Known(format!("{}/pull/{number}", self.url(repo))))
                    }
                    false => (Later::Unknown, Later::Unknown),
                };
                outcome.number = Some(number.clone());
                let pull = PullRequest {
                    number,
                    url,
                    title: title.clone(),
                    body: body.clone(),
                    author: actor.name.clone(),
                    head: head.clone(),
                    base: base.clone(),
                    commit: id,
                    labels: labels.clone(),
                    reviewers: reviewers.clone(),
                    state: State::Open,
                    merged: None,
                };
                held.opened.insert(told(&pull));
                held.pulls.push(pull);
                outcome.commit = Some(Later::Unknown);
            }
            Change::UpdatePullRequest { number, head, marker, after, commit, reopen, .. } => {
                let mut pull = target.ok_or_else(|| gone(change))?;
                if let Some(commit) = commit {
                    pull.commit = self.add_branch_commit(held, head, commit, marker);
                    outcome.commit = Some(Later::Unknown);
                }
                if *reopen {
                    pull.state = State::Open;
                }
                pull.title = after.title.clone().unwrap_or(pull.title);
                pull.body = after.body.clone().unwrap_or(pull.body);
                pull.labels = after.labels.clone().unwrap_or(pull.labels);
                pull.reviewers = after.reviewers.clone().unwrap_or(pull.reviewers);
                outcome.number = Some(number.clone());
                hold(held, pull);
            }
            Change::Comment { marker, body, .. } => {
                let pull = target.ok_or_else(|| gone(change))?;
                if said.has(marker) {
                    return Ok(Outcome { already: true, ..outcome });
                }
                let (by, body, marker) = (actor.name.clone(), body.clone(), Some(marker.clone()));
                let comments = &mut held.said.entry(told(&pull)).or_default().comments;
                comments.push(super::forge::Comment { by, body, marker });
            }
            Change::Approve { .. } => {
                let pull = target.ok_or_else(|| gone(change))?;
                let approval = Approval { by: actor.name.clone(), commit: pull.commit.clone() };
                held.said.entry(told(&pull)).or_default().approvals.push(approval);
            }
            Change::Merge { .. } | Change::ClosePullRequest { .. } => {
                let mut pull = target.ok_or_else(|| gone(change))?;
                if pull.state != State::Open {
                    let message = format!("{} is {} already", change.target(), pull.state.as_str());
                    return Err(Error::failed("idp::pr::state", message));
                }
                pull.state = if merge.is_some() { State::Merged } else { State::Closed };
                if let Some((base, files)) = merge {
                    let id = self.add_commit(held, vec![base.clone(), pull.commit.clone()], Some(base), &files, None);
                    held.branches.insert(pull.base.clone(), id);
                }
                hold(held, pull);
            }
            Change::ApplyManifest { .. } | Change::Notify { .. } | Change::Request(..) => {
                return Err(Error::failed("idp::forge", "not a change of a forge"));
            }
        }
        Ok(outcome)
    }
}

fn made(repo: &RepoId, settings: &Settings, marker: &str) -> Repository {
    let marker = Some(marker.to_string()).filter(|marker| !marker.is_empty());
    Repository { id: repo.clone(), settings: settings.clone(), marker, adopted: false, archived: None }
}

fn gone(change: &Change) -> Error {
    Error::failed("idp::pr::missing", format!("there is no pull request {}", change.target()))
}

/// What tells a pull request from others of its repository: their branches may be the same, and numbers unknown.
fn told(pull: &PullRequest) -> String {
    format!("{}#{}", pull.head, pull.number)
}

fn hold(held: &mut Held, pull: PullRequest) {
    match held.pulls.iter_mut().find(|there| there.number == pull.number && there.head == pull.head) {
        Some(there) => *there = pull,
        None => held.pulls.push(pull),
    }
}
