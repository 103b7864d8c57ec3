//! Repositories: ensured settings, commits to long-lived branches, protection. Rules: the design's "ensure".

pub mod access;
pub mod api;
pub mod options;
pub mod status;
pub mod webhook;

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Error, Result};
use crate::primitives::tree::Tree;
use crate::world::change::{Change, Marker};
use crate::world::forge::{
    CommitId, Delivered, MOVED, RepoId, Repository, Settings, archived, check_branch, missing, no_template,
};
use crate::world::{Door, hash};

/// A repository as scripts hold it: its address, and whether several runs share it.
#[derive(Debug, Clone, PartialEq)]
pub struct Repo {
    /// Its address.
    pub id: RepoId,
    /// Where people look at it.
    pub url: String,
    /// The project that shares it, if it isn't this run's own.
    pub shared: Option<String>,
}

/// What a script asks of a repository; only what it gives is compared.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wish {
    /// One line about it.
    pub description: Option<String>,
    /// `public`, `internal` or `private`.
    pub visibility: Option<String>,
    /// The default branch.
    pub default_branch: Option<String>,
    /// Topics that it must have; others stay.
    pub topics: Option<BTreeSet<String>>,
    /// Labels that it must have, with colours; others stay.
    pub labels: Option<BTreeMap<String, String>>,
    /// Whether one that nobody's run made may be taken over.
    pub adopt: bool,
    /// The repository whose files it begins with, if it is made.
    pub template: Option<RepoId>,
}

impl Wish {
    fn applied(&self, now: &Settings) -> Settings {
        let mut settings = now.clone();
        let set = |to: &mut String, from: &Option<String>| {
            if let Some(text) = from {
                to.clone_from(text);
            }
        };
        set(&mut settings.description, &self.description);
        set(&mut settings.visibility, &self.visibility);
        set(&mut settings.default_branch, &self.default_branch);
        settings.topics.extend(self.topics.iter().flatten().cloned());
        settings.labels.extend(self.labels.iter().flatten().map(|(name, colour)| (name.clone(), colour.clone())));
        settings
    }
}

impl Repo {
    /// What this run's objects in the repository are marked with.
    pub fn owner_hash(&self, door: &Door) -> String {
        match &self.shared {
            Some(project) => hash::short(&format!("shared {project}")),
            None => door.run().hash.clone(),
        }
    }

    /// Makes the repository, or brings what the script gives of its settings about.
    ///
    /// Errors: `idp::repo::foreign` if another run made it; `idp::repo::unmarked` if none did and `adopt` isn't given.
    pub async fn ensure(&self, door: &Door, wish: &Wish) -> Result<()> {
        let mut tries = 1;
        loop {
            match self.ensure_once(door, wish).await {
                // Runs that share it may change it at the same time: each looks again and adds what it asks for.
                Err(error) if error.code() == MOVED && tries < REDONE => tries += 1,
                ended => return ended,
            }
        }
    }

    async fn ensure_once(&self, door: &Door, wish: &Wish) -> Result<()> {
        let marker = self.owner_hash(door);
        let Some(found) = door.world().forge.repository(&self.id).await? else {
            let settings = wish.applied(&Settings::default());
            if let Some(template) = &wish.template
                && door.world().forge.repository(template).await?.is_none()
            {
                return Err(no_template(template, "there is no such repository"));
            }
            let (repo, template) = (self.id.clone(), wish.template.clone());
            let change = Change::CreateRepository { repo, settings, marker: marker.clone(), template };
            let outcome = door.pass(change).await?;
            if !outcome.already {
                return Ok(());
            }
            // Another run was faster: what it made is looked at like everything that was there before.
            let found = door.world().forge.repository(&self.id).await?.ok_or_else(|| missing(&self.id))?;
            return self.ensure_settings(door, wish, found, &marker).await;
        };
        self.ensure_settings(door, wish, found, &marker).await
    }

    async fn ensure_settings(&self, door: &Door, wish: &Wish, mut found: Repository, marker: &str) -> Result<()> {
        let take_over = match &found.marker {
            Some(owner) if owner == marker => false,
            Some(_) => {
                return Err(Error::failed("idp::repo::foreign", format!("{} was made by another run", self.id)).help(
                    "give this one another name; what several runs share needs `repo(name, #{ shared: project })`",
                ));
            }
            None if wish.adopt => true,
            None => {
                return Err(Error::failed(
                    "idp::repo::unmarked",
                    format!("{} is there already, and no run made it", self.id),
                )
                .help("choose another name, or take it over with `adopt: true`"));
            }
        };
        match &found.archived {
            // An undo of this very run put it away: running again takes it back.
            Some(by) if *by == door.run().hash => {
                door.pass(Change::UnarchiveRepository { repo: self.id.clone() }).await?;
            }
            Some(_) => return Err(archived(&self.id)),
            None => {}
        }
        if wish.labels.is_some() {
            found.settings.labels.extend(door.world().forge.labels(&self.id).await?);
        }
        let after = wish.applied(&found.settings);
        if !take_over && after == found.settings {
            door.unchanged("repository", &self.id.to_string());
            return Ok(());
        }
        let marker = take_over.then(|| marker.to_string());
        let change = Change::UpdateRepository { repo: self.id.clone(), before: found.settings, after, marker };
        door.pass(change).await.map(drop)
    }

    /// Brings about what the script gives of a branch's protection.
    pub async fn protect(
        &self,
        door: &Door,
        branch: &str,
        reviews: Option<u32>,
        checks: Option<BTreeSet<String>>,
        code_owners: Option<bool>,
    ) -> Result<()> {
        let mut tries = 0;
        loop {
            let before = door.world().forge.protection(&self.id, branch).await?;
            let mut after = before.clone().unwrap_or_default();
            after.reviews = reviews.unwrap_or(after.reviews);
            after.checks.extend(checks.iter().flatten().cloned());
            after.code_owners = code_owners.unwrap_or(after.code_owners);
            if before.as_ref() == Some(&after) {
                door.unchanged("protection", &format!("{} {branch}", self.id));
                return Ok(());
            }
            let change = Change::ProtectBranch { repo: self.id.clone(), branch: branch.into(), before, after };
            tries += 1;
            match door.pass(change).await {
                Err(error) if error.code() == MOVED && tries < REDONE => {}
                ended => return ended.map(drop),
            }
        }
    }

    /// The tree of a branch's head, or of the commit with that id.
    pub async fn tree(&self, door: &Door, at: &str) -> Result<Tree> {
        Ok(Tree::at(self.id.clone(), self.commit_at(door, at).await?))
    }

    /// A branch's head, or the commit with that id.
    pub async fn commit_at(&self, door: &Door, at: &str) -> Result<CommitId> {
        let forge = &door.world().forge;
        if status::is_id(at) {
            // That there is one is asked here: a commit that isn't there would be one without files.
            return Ok(forge.revision(&self.id, &CommitId(at.to_string())).await?.id);
        }
        check_branch(at)?;
        forge.branch(&self.id, at).await?.ok_or_else(|| no_branch(&self.id, at))
    }
}

/// The error for a branch that isn't there.
pub fn no_branch(repo: &RepoId, branch: &str) -> Error {
    Error::failed("idp::repo::branch", format!("{repo} has no branch {branch}"))
}

/// A commit to a long-lived branch, asked for by a script. It is done once its marker is there, whatever the files
/// say by now: people own what was delivered.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The repository.
    pub repo: Repo,
    /// The branch.
    pub branch: String,
    /// Which of the run's deliveries to this repository.
    pub id: String,
    /// Subject and body.
    pub message: String,
}

/// Where a delivery stands.
pub enum Stand {
    /// It was made before, by this commit.
    Made(CommitId),
    /// Its edit is to be made on this head; none for a branch that isn't there yet.
    Due(Option<CommitId>),
}

/// How often an edit is redone because others were faster.
const REDONE: u32 = 50;

impl Delivery {
    /// What says afterwards that it was made.
    pub fn marker(&self, door: &Door) -> Marker {
        Marker::new(&self.repo.owner_hash(door), &self.id)
    }

    /// Whether it was made before, or where its edit is to be made.
    pub async fn look(&self, door: &Door) -> Result<Stand> {
        let forge = &door.world().forge;
        let marker = self.marker(door);
        let target = self.change(&marker, None, Vec::new()).target();
        match forge.delivered(&self.repo.id, &self.branch, &marker).await? {
            Delivered::Marked(commit) => {
                door.unchanged("commit", &target);
                Ok(Stand::Made(commit))
            }
            Delivered::Trailer(commit) => {
                let repo = self.repo.id.clone();
                door.pass(Change::RestoreMarker { repo, marker, commit: commit.clone() }).await?;
                door.unchanged("commit", &target);
                Ok(Stand::Made(commit))
            }
            Delivered::No => {
                let head = forge.branch(&self.repo.id, &self.branch).await?;
                if head.is_some() && forge.protection(&self.repo.id, &self.branch).await?.is_some() {
                    // Another run of what several share may have delivered and protected since the first look.
                    if let Delivered::Marked(commit) | Delivered::Trailer(commit) =
                        forge.delivered(&self.repo.id, &self.branch, &marker).await?
                    {
                        door.unchanged("commit", &target);
                        return Ok(Stand::Made(commit));
                    }
                    return Err(Error::failed(
                        "idp::forge::protected",
                        format!("{} of {} is protected", self.branch, self.repo.id),
                    )
                    .help("propose a pull request instead: `repo.propose(...)`"));
                }
                Ok(Stand::Due(head))
            }
        }
    }

    /// Makes the commit of the edited tree. Returns false if the branch moved: the edit is to be redone.
    pub async fn make(&self, door: &Door, head: Option<CommitId>, tree: &Tree) -> Result<bool> {
        let forge = &door.world().forge;
        let marker = self.marker(door);
        let files = tree.changes(&**forge, &self.repo.id, head.as_ref()).await?;
        let change = self.change(&marker, head.clone(), files);
        if change.files().is_empty() {
            // All of it is there already: nothing to commit, and the marker says that it needn't be looked at again.
            let target = change.target();
            if let Some(commit) = head {
                door.pass(Change::RestoreMarker { repo: self.repo.id.clone(), marker, commit }).await?;
            }
            door.unchanged("commit", &target);
            return Ok(true);
        }
        match door.pass(change).await {
            Ok(_) => Ok(true),
            Err(error) if error.code() == MOVED => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn change(&self, marker: &Marker, parent: Option<CommitId>, files: Vec<crate::world::FileChange>) -> Change {
        Change::Commit {
            repo: self.repo.id.clone(),
            branch: self.branch.clone(),
            parent,
            message: self.message.clone(),
            marker: marker.clone(),
            files,
        }
    }
}

/// Redoes `attempt` until it says that it is done.
pub fn redo(
    what: &str,
    mut attempt: impl FnMut() -> crate::bridge::RhaiResultOf<bool>,
) -> crate::bridge::RhaiResultOf<()> {
    for _ in 0..REDONE {
        if attempt()? {
            return Ok(());
        }
    }
    Err(crate::bridge::throw_at(
        Error::failed(MOVED, format!("{what} moved {REDONE} times while it was edited"))
            .help("others commit to it all the time: run the same command again when it is calmer"),
        rhai::Position::NONE,
    ))
}
