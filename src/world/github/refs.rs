//! Branches, markers and history on GitHub. A marker is a ref of its own, `refs/idp-run/<hash>/<id>`, as everywhere.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde::Deserialize;
use serde_json::{Value, json};

use super::objects::{Commit, Draft, Id, branch_path, commit_path};
use super::paths::{of, segment};
use super::refusal::Tried;
use super::{GitHubForge, moved, read, with_trailer};
use crate::error::{Error, Result};
use crate::world::change::{Change, Marker, RENDERED, trailer, trailer_of};
use crate::world::forge::{CommitId, Delivered, Outcome, RUNS_AS, RepoId, Repository, Revision, Touch};
use crate::world::later::Later;

/// How many commits of a branch are searched for a trailer whose ref was lost.
const RECENT: usize = 200;

#[derive(Deserialize)]
struct Ref {
    #[serde(rename = "ref")]
    name: String,
    object: Id,
}

/// A branch, with as much of its commit as GitHub tells.
#[derive(Deserialize)]
struct Branch {
    commit: Head,
}

#[derive(Deserialize)]
struct Head {
    sha: String,
    #[serde(default)]
    commit: Option<Value>,
    #[serde(default)]
    parents: Option<Value>,
}

impl GitHubForge {
    /// A branch's head as it is, the first commit that GitHub makes included.
    pub(super) async fn head(&self, repo: &RepoId, branch: &str) -> Result<Option<Commit>> {
        let Some(body) = self.client.get(&branch_path(repo, branch)).await? else { return Ok(None) };
        let Head { sha, commit, parents } = read::<Branch>(&body)?.commit;
        // The whole commit comes with the branch: it needn't be asked for.
        if let (Some(mut commit), Some(parents)) = (commit, parents)
            && let Some(map) = commit.as_object_mut()
        {
            map.insert("sha".into(), sha.clone().into());
            map.insert("parents".into(), parents);
            self.client.reads.put(&commit_path(repo, &sha), Some(commit)).await;
        }
        Ok(Some(self.commit(repo, &CommitId(sha)).await?))
    }

    /// The same for those who ask: nothing while there is only the first commit of a repository that a run made.
    pub(super) async fn branch_of(&self, repo: &RepoId, branch: &str) -> Result<Option<CommitId>> {
        let Some(head) = self.head(repo, branch).await? else { return Ok(None) };
        if self.is_blank(repo, &head).await?
            && self.find(repo).await?.is_some_and(|found| is_made(&found))
            && !self.was_generated(repo).await?
        {
            return Ok(None);
        }
        Ok(Some(CommitId(head.sha)))
    }

    /// Where the markers of a run or project are told.
    pub(super) fn marks_path(&self, repo: &RepoId, owner: &str) -> String {
        of(repo, &format!("git/matching-refs/idp-run/{}", segment(owner)))
    }

    /// The markers of a run or project, with their commits.
    pub(super) async fn marks_of(&self, repo: &RepoId, owner: &str) -> Result<Vec<(String, CommitId)>> {
        let prefix = format!("refs/idp-run/{owner}/");
        Ok(self
            .matching(&self.marks_path(repo, owner))
            .await?
            .into_iter()
            .filter_map(|found| Some((found.name.strip_prefix(&prefix)?.to_string(), CommitId(found.object.sha))))
            .collect())
    }

    async fn matching(&self, path: &str) -> Result<Vec<Ref>> {
        match self.client.get(path).await? {
            Some(body) => read(&body),
            None => Ok(Vec::new()),
        }
    }

    /// All branches and tags, by their names below `refs/`. GitHub keeps others, such as those of pull requests and
    /// notes, and tells of none.
    pub(super) async fn all_refs(&self, repo: &RepoId) -> Result<BTreeMap<String, CommitId>> {
        let mut all = BTreeMap::new();
        let [heads, tags] = ["heads", "tags"].map(|kind| of(repo, &format!("git/matching-refs/{kind}/")));
        let (heads, tags) = tokio::try_join!(self.matching(&heads), self.matching(&tags))?;
        for found in heads.into_iter().chain(tags) {
            let name = found.name.strip_prefix("refs/").unwrap_or(&found.name).to_string();
            all.insert(name, CommitId(found.object.sha));
        }
        Ok(all)
    }

    /// Whether a commit was delivered: its marker, or its trailer among the last commits of the branch.
    pub(super) async fn was_delivered(&self, repo: &RepoId, branch: &str, marker: &Marker) -> Result<Delivered> {
        let marks = self.marks_of(repo, &marker.owner).await?;
        if let Some((_, commit)) = marks.into_iter().find(|(id, _)| *id == marker.id) {
            return Ok(Delivered::Marked(commit));
        }
        let Some(head) = self.head(repo, branch).await? else { return Ok(Delivered::No) };
        let wanted = marker.to_string();
        let recent = self.recent(repo, &head).await?;
        let found = recent.into_iter().find(|revision| revision.trailer.as_ref() == Some(&wanted));
        Ok(found.map_or(Delivered::No, |revision| Delivered::Trailer(revision.id)))
    }

    /// The last commits from one backwards, newest first.
    async fn recent(&self, repo: &RepoId, from: &Commit) -> Result<Vec<Revision>> {
        if from.parents.is_empty() {
            return Ok(vec![revision(from)]);
        }
        let path = of(repo, &format!("commits?sha={}", from.sha));
        let (listed, _) = self.client.some(&path, None, RECENT).await?;
        let found: Result<Vec<Revision>> =
            listed.iter().take(RECENT).map(|item| Ok(revision(&listed_commit(item)?))).collect();
        found
    }

    /// See [`crate::world::forge::Forge::touched`]. GitHub names the commits that changed a path wherever they were made first: those
    /// that a merge brought are told as that merge, as far back as one list of the branch's commits goes.
    pub(super) async fn touched_by(
        &self,
        repo: &RepoId,
        from: &CommitId,
        path: &str,
        most: usize,
    ) -> Result<Vec<Touch>> {
        let of_path = of(repo, &format!("commits?sha={from}&path={}", segment(path)));
        let of_branch = of(repo, &format!("commits?sha={from}"));
        let lists = futures_util::future::try_join(
            self.client.some(&of_path, None, most),
            self.client.some(&of_branch, None, RECENT),
        );
        let ((touching, _), (recent, _)) = lists.await?;
        let read = |items: &[Value]| items.iter().map(listed_commit).collect::<Result<Vec<Commit>>>();
        let (touching, recent) = (read(&touching)?, read(&recent)?);
        let known: BTreeMap<&str, &Commit> = recent.iter().map(|commit| (commit.sha.as_str(), commit)).collect();
        let brought = brought_by(&known, &from.0);
        let mut found: Vec<Touch> = Vec::new();
        for commit in &touching {
            let by = brought.get(commit.sha.as_str()).and_then(|by| known.get(by)).copied().unwrap_or(commit);
            if found.iter().all(|other| other.id.0 != by.sha) {
                found.push(touch(by));
            }
        }
        found.truncate(most);
        Ok(found)
    }

    /// The last commits from one backwards without those that another one stands on, newest first.
    pub(super) async fn history_of(
        &self,
        repo: &RepoId,
        from: &CommitId,
        without: Option<&CommitId>,
    ) -> Result<Vec<Revision>> {
        let Some(without) = without else {
            let mut found = self.recent(repo, &self.commit(repo, from).await?).await?;
            if let Some(first) = found.last_mut()
                && let Some(marker) = self.begun_by(repo, &first.id).await?
            {
                first.author = RUNS_AS.to_string();
                first.trailer = Some(marker.to_string());
            }
            return Ok(found);
        };
        let path = of(repo, &format!("compare/{without}...{from}"));
        // Oldest first: the last ones are on the last page.
        let listed = self.client.all(&path, Some("commits")).await?;
        let mut found: Vec<Revision> = Vec::with_capacity(listed.len());
        for item in &listed {
            found.push(revision(&listed_commit(item)?));
        }
        found.reverse();
        found.truncate(RECENT);
        Ok(found)
    }

    /// The marker of the commit that GitHub made with a repository of a run: as long as it holds nothing but a README, or
    /// what the template holds now, it is nobody else's. Its author is whoever the token is.
    async fn begun_by(&self, repo: &RepoId, first: &CommitId) -> Result<Option<Marker>> {
        let commit = self.commit(repo, first).await?;
        if !commit.parents.is_empty() || commit.message.trim() != Marker::FIRST {
            return Ok(None);
        }
        let Some(owner) = self.find(repo).await?.filter(is_made).and_then(|found| found.marker) else {
            return Ok(None);
        };
        let is_its = self.is_blank(repo, &commit).await? || self.is_of_template(repo, &commit).await?;
        Ok(is_its.then(|| Marker::of_template(&owner)))
    }

    /// The best common ancestor.
    pub(super) async fn common(&self, repo: &RepoId, one: &CommitId, other: &CommitId) -> Result<Option<CommitId>> {
        if one == other {
            return Ok(Some(one.clone()));
        }
        // What one stands on directly, needs no question.
        for (above, below) in [(one, other), (other, one)] {
            if self.commit(repo, above).await?.parents.iter().any(|parent| parent.sha == below.0) {
                return Ok(Some(below.clone()));
            }
        }
        let path = of(repo, &format!("compare/{one}...{other}?per_page=1"));
        let Some(body) = self.client.get(&path).await? else { return Ok(None) };
        let id = body.pointer("/merge_base_commit/sha").and_then(Value::as_str);
        Ok(id.map(|id| CommitId(id.to_string())))
    }

    /// A commit to a long-lived branch, then its marker.
    pub(super) async fn deliver(&self, change: &Change) -> Result<Outcome> {
        let Change::Commit { repo, branch, parent, message, marker, files } = change else {
            return Err(Error::failed("idp::forge", "not a commit"));
        };
        let known = self.marks_of(repo, &marker.owner).await?;
        if known.iter().any(|(id, _)| *id == marker.id) {
            return Ok(Outcome { already: true, ..Outcome::default() });
        }
        let head = self.head(repo, branch).await?;
        let name = format!("heads/{branch}");
        let message = with_trailer(message, &marker.trailer());
        let commit = match (parent, head) {
            (Some(parent), Some(head)) if head.sha == parent.0 => {
                self.land(repo, &name, Some(parent), Some(parent), files, &message).await?
            }
            // The first commit that people see comes on top of the one that GitHub made, and replaces what it holds.
            (None, Some(head)) if self.is_blank(repo, &head).await? => {
                self.land(repo, &name, Some(&CommitId(head.sha)), None, files, &message).await?
            }
            (None, None) => match self.land(repo, &name, None, None, files, &message).await {
                Err(trouble) if trouble.is_empty_repository() => {
                    let first = self.begin(repo, branch).await?;
                    self.land(repo, &name, Some(&first), None, files, &message).await?
                }
                ended => ended?,
            },
            _ => return Err(moved(repo, branch)),
        };
        self.mark(repo, marker, &commit, known).await?;
        Ok(Outcome { commit: Some(Later::Known(CommitId(commit.sha))), ..Outcome::default() })
    }

    /// Makes a commit on a branch's head, or its first one.
    async fn land(
        &self,
        repo: &RepoId,
        name: &str,
        parent: Option<&CommitId>,
        tree_of: Option<&CommitId>,
        files: &[crate::world::change::FileChange],
        message: &str,
    ) -> Tried<Commit> {
        let parents: Vec<CommitId> = parent.iter().copied().cloned().collect();
        let commit =
            self.write_commit(repo, &Draft { parents: &parents, tree_of, files, message, timeless: false }).await?;
        match parent {
            Some(_) => self.move_ref(repo, name, &commit, false).await?,
            None if self.create_ref(repo, name, &commit).await? => {}
            None => return Err(moved(repo, name.trim_start_matches("heads/")).into()),
        }
        Ok(commit)
    }

    /// Leaves the marker of a delivery. What another run left meanwhile says the same.
    pub(super) async fn mark(
        &self,
        repo: &RepoId,
        marker: &Marker,
        commit: &Commit,
        known: Vec<(String, CommitId)>,
    ) -> Result<()> {
        let name = format!("idp-run/{}/{}", marker.owner, marker.id);
        if !self.create_ref(repo, &name, commit).await? {
            self.move_ref(repo, &name, commit, true).await?;
        }
        let told = known
            .into_iter()
            .filter(|(id, _)| *id != marker.id)
            .chain([(marker.id.clone(), CommitId(commit.sha.clone()))]);
        let told: Vec<Value> = told
            .map(|(id, at)| json!({ "ref": format!("refs/idp-run/{}/{id}", marker.owner), "object": { "sha": at.0 } }))
            .collect();
        self.client.reads.put(&self.marks_path(repo, &marker.owner), Some(json!(told))).await;
        Ok(())
    }
}

/// Whether a run or project made it.
fn is_made(found: &Repository) -> bool {
    found.marker.is_some() && !found.adopted
}

/// A commit as lists tell it: `{ sha, commit: { message, tree, author }, parents }`.
fn listed_commit(item: &Value) -> Result<Commit> {
    let mut commit = item.get("commit").cloned().unwrap_or_default();
    if let Some(map) = commit.as_object_mut() {
        for key in ["sha", "parents"] {
            map.insert(key.into(), item.get(key).cloned().unwrap_or_default());
        }
    }
    read(&commit)
}

/// By which commit on the line of first parents each of these commits came to the branch.
fn brought_by<'a>(known: &BTreeMap<&'a str, &'a Commit>, head: &str) -> BTreeMap<&'a str, &'a str> {
    let mut line: Vec<&Commit> = Vec::new();
    let mut next = known.get(head).copied();
    while let Some(commit) = next {
        line.push(commit);
        next = commit.parents.first().and_then(|parent| known.get(parent.sha.as_str())).copied();
    }
    let mut brought = BTreeMap::new();
    // Oldest first: what an older one brought was there before.
    for on in line.into_iter().rev() {
        let mut open = vec![on];
        while let Some(commit) = open.pop() {
            if let Entry::Vacant(entry) = brought.entry(commit.sha.as_str()) {
                entry.insert(on.sha.as_str());
                open.extend(commit.parents.iter().filter_map(|parent| known.get(parent.sha.as_str())));
            }
        }
    }
    brought
}

fn touch(commit: &Commit) -> Touch {
    let date = commit.committer.as_ref().and_then(|person| person.date.as_ref());
    Touch {
        id: CommitId(commit.sha.clone()),
        author: revision(commit).author,
        at: date.and_then(|date| date.parse::<jiff::Timestamp>().ok()).map(jiff::Timestamp::as_second),
        title: commit.message.lines().next().unwrap_or_default().to_owned(),
    }
}

/// What a commit says of who made it.
pub fn revision(commit: &Commit) -> Revision {
    Revision {
        id: CommitId(commit.sha.clone()),
        parents: commit.parents.iter().map(|parent| CommitId(parent.sha.clone())).collect(),
        author: commit.author.as_ref().and_then(|author| author.name.clone()).unwrap_or_else(|| "someone".into()),
        trailer: trailer_of(&commit.message).map(str::to_owned),
        rendering: trailer(&commit.message, RENDERED).map(|id| CommitId(id.to_string())),
    }
}
