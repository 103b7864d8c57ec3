//! What the branches of repositories would hold: gathered while the changes of a plan pass its door.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::guard::Guard;
use crate::error::Result;
use crate::world::change::{Change, FileChange};
use crate::world::forge::RepoId;

/// Files that are written, or removed, by their paths.
pub type Changes = BTreeMap<String, Option<Arc<[u8]>>>;

/// Where files end once all is merged.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Onto {
    /// A branch.
    Branch(String),
    /// The base of the pull request that is there with this head.
    BaseOf(String),
}

/// Gathers what is written, and lets another guard look on.
#[derive(Default)]
pub struct Written {
    inner: Option<Arc<dyn Guard>>,
    files: Mutex<BTreeMap<(RepoId, Onto), Changes>>,
}

impl Written {
    /// Beside another guard, if there is one.
    pub fn beside(inner: Option<Arc<dyn Guard>>) -> Written {
        Written { inner, files: Mutex::default() }
    }

    /// What was written so far.
    pub fn files(&self) -> BTreeMap<(RepoId, Onto), Changes> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn gather(&self, repo: &RepoId, onto: Onto, files: &[FileChange]) {
        if files.is_empty() {
            return;
        }
        let mut all = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let own = all.entry((repo.clone(), onto)).or_default();
        own.extend(files.iter().map(|file| (file.path.clone(), file.after.as_ref().map(|after| after.bytes.clone()))));
    }
}

impl Guard for Written {
    fn admit(&self, change: &Change) -> Result<()> {
        self.inner.as_ref().map_or(Ok(()), |inner| inner.admit(change))
    }

    fn made(&self, change: &Change, position: i64) {
        match change {
            Change::Commit { repo, branch, files, .. } => self.gather(repo, Onto::Branch(branch.clone()), files),
            Change::OpenPullRequest { repo, base, commit, .. } => {
                self.gather(repo, Onto::Branch(base.clone()), &commit.files);
            }
            Change::UpdatePullRequest { repo, head, commit: Some(commit), .. } => {
                self.gather(repo, Onto::BaseOf(head.clone()), &commit.files);
            }
            _ => {}
        }
        if let Some(inner) = &self.inner {
            inner.made(change, position);
        }
    }
}
