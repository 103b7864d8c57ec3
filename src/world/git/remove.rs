//! Repositories that are put away: archived ones take no changes, deleted ones go as a whole.

use std::fs;
use std::time::Duration;

use super::create::{UNFINISHED, sweep};
use super::refs::Refs;
use super::{GitForge, history, moved, pulls};
use crate::error::{Error, Result, io};
use crate::world::change::Change;
use crate::world::forge::{Outcome, RepoId, archived, missing};
use crate::world::lock::FileLock;
use crate::world::store;

impl GitForge {
    /// Refuses a change of a repository that is archived.
    pub(super) fn refuse_archived(&self, change: &Change) -> Result<()> {
        let Some(repo) = change.repo() else { return Ok(()) };
        let putting_away = matches!(
            change,
            Change::CreateRepository { .. }
                | Change::ArchiveRepository { .. }
                | Change::UnarchiveRepository { .. }
                | Change::DeleteRepository { .. }
        );
        match self.card(repo)? {
            Some(card) if card.archived.is_some() && !putting_away => Err(archived(repo)),
            _ => Ok(()),
        }
    }

    /// Archives a repository, or takes it back into use.
    pub(super) fn archive(&self, repo: &RepoId, by: Option<&str>) -> Result<Outcome> {
        let path = self.existing(repo)?;
        let _writer = Refs::of(&path).write()?;
        let mut card = self.card(repo)?.ok_or_else(|| missing(repo))?;
        if card.archived.as_deref() == by {
            return Ok(Outcome { already: true, ..Outcome::default() });
        }
        card.archived = by.map(str::to_owned);
        store::write_json(&path.join("idp/repository.json"), &card)?;
        Ok(Outcome::default())
    }

    /// Deletes a repository that is still as it was looked at: it is renamed out of sight first, so that a kill leaves
    /// a whole one or none.
    pub(super) fn delete(&self, change: &Change) -> Result<Outcome> {
        let Change::DeleteRepository { repo, refs, pull_requests } = change else {
            return Err(Error::failed("idp::forge", "not a deletion"));
        };
        let path = self.existing(repo)?;
        let owner_folder = self.folder.join(repo.owner());
        let _lock = FileLock::acquire(&owner_folder.join(".lock"), Duration::from_secs(30))?;
        let grave = owner_folder.join(format!("{UNFINISHED}deleted-{}", repo.name()));
        sweep(&owner_folder)?;
        {
            let _writer = Refs::of(&path).write()?;
            if history::refs(self, repo)? != *refs || pulls::records(&path)?.len() != *pull_requests {
                return Err(moved(repo, "something"));
            }
            fs::rename(&path, &grave).map_err(io("delete the repository", &path))?;
        }
        store::sync_folder_of(&path)?;
        fs::remove_dir_all(&grave).map_err(io("delete the repository", &grave))?;
        Ok(Outcome::default())
    }
}
