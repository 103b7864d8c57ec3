//! The files of a repository at some state: of a forge's commit, of a folder or a clone on this disk, or of one of those
//! with changes that aren't made yet.

use std::path::PathBuf;
use std::sync::Arc;

use crate::error::Result;
use crate::world::Forge;
use crate::world::forge::{CommitId, Entry, RepoId};
use crate::world::git::checkout::{self, Checkout};
use crate::world::plan::written;

/// The files of a repository at some state.
#[derive(Clone)]
pub enum Files {
    /// Nothing yet.
    None,
    /// A commit of a forge's repository.
    Forge(Arc<dyn Forge>, RepoId, CommitId),
    /// A folder as it is.
    Folder(PathBuf),
    /// A commit of a clone, below a folder of it.
    Commit(Checkout, CommitId, String),
    /// Others, with files that are written and removed on top.
    Changed(Box<Files>, Changes),
}

/// Files that are written, or removed, by their paths.
pub type Changes = Arc<written::Changes>;

impl Files {
    /// All of them, in the order of their paths.
    ///
    /// # Errors
    /// What reading ends in.
    pub async fn list(&self) -> Result<Vec<Entry>> {
        match self {
            Files::None => Ok(Vec::new()),
            Files::Forge(forge, repo, commit) => forge.list(repo, commit, "").await,
            Files::Folder(folder) => checkout::files_below(folder),
            Files::Commit(checkout, commit, folder) => {
                let mut found = checkout.list(commit, folder)?;
                let within = if folder.is_empty() { 0 } else { folder.len() + 1 };
                found.iter_mut().for_each(|entry| drop(entry.path.drain(..within)));
                Ok(found)
            }
            Files::Changed(base, changes) => {
                let mut found = Box::pin(base.list()).await?;
                found.retain(|entry| !changes.contains_key(&entry.path));
                let written = changes.iter().filter(|(_, content)| content.is_some());
                found.extend(written.map(|(path, _)| Entry {
                    path: path.clone(),
                    blob: String::new(),
                    executable: false,
                }));
                found.sort_by(|a, b| a.path.cmp(&b.path));
                Ok(found)
            }
        }
    }

    /// The contents of some of them.
    ///
    /// # Errors
    /// What reading ends in.
    pub async fn contents(&self, entries: &[Entry]) -> Result<Vec<Option<Arc<[u8]>>>> {
        match self {
            Files::None => Ok(vec![None; entries.len()]),
            Files::Forge(forge, repo, commit) => {
                let files = forge.contents(repo, commit, entries).await?;
                Ok(files.into_iter().map(|file| Some(file?.bytes)).collect())
            }
            Files::Folder(folder) => {
                let read = |entry: &Entry| match std::fs::read(folder.join(&entry.path)) {
                    Ok(bytes) => Ok(Some(Arc::from(bytes))),
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                    Err(error) => Err(crate::error::io("read", &folder.join(&entry.path))(error)),
                };
                entries.iter().map(read).collect()
            }
            Files::Commit(checkout, commit, folder) => {
                let path = |entry: &Entry| match folder.as_str() {
                    "" => entry.path.clone(),
                    folder => format!("{folder}/{}", entry.path),
                };
                checkout.files(commit, &entries.iter().map(path).collect::<Vec<_>>())
            }
            Files::Changed(base, changes) => {
                let own: Vec<Option<&Option<Arc<[u8]>>>> =
                    entries.iter().map(|entry| changes.get(&entry.path)).collect();
                let others: Vec<Entry> =
                    entries.iter().filter(|entry| !changes.contains_key(&entry.path)).cloned().collect();
                let mut others = Box::pin(base.contents(&others)).await?.into_iter();
                let found = own.into_iter().map(|own| match own {
                    Some(content) => content.clone(),
                    None => others.next().flatten(),
                });
                Ok(found.collect())
            }
        }
    }

    /// One file, if it is there.
    ///
    /// # Errors
    /// What reading ends in.
    pub async fn one(&self, path: &str) -> Result<Option<Arc<[u8]>>> {
        match self {
            Files::Forge(forge, repo, commit) => Ok(forge.file(repo, commit, path).await?.map(|file| file.bytes)),
            other => {
                let entry = Entry { path: path.to_owned(), blob: String::new(), executable: false };
                Ok(other.contents(&[entry]).await?.into_iter().next().flatten())
            }
        }
    }
}
