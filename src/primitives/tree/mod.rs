//! A tree: the files of a commit with edits on top, not written anywhere yet. Cheap to clone; edits make a new one.

pub mod api;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::future::try_join_all;

use crate::error::{Error, Result};
use crate::world::FileChange;
use crate::world::change::File;
use crate::world::forge::{CommitId, Entry, Forge, RepoId, check_path, file_and_folder};

/// Files at a commit (or none), with edits.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    base: Option<(RepoId, CommitId)>,
    edits: Arc<BTreeMap<String, Option<File>>>,
}

impl Tree {
    /// A tree of just these files.
    pub fn of(files: impl IntoIterator<Item = (String, File)>) -> Tree {
        let edits = files.into_iter().map(|(path, file)| (path, Some(file))).collect();
        Tree { base: None, edits: Arc::new(edits) }
    }

    /// The files of a commit, without edits.
    pub fn at(repo: RepoId, commit: CommitId) -> Tree {
        Tree { base: Some((repo, commit)), edits: Arc::default() }
    }

    /// The files of a commit with these edits.
    pub fn with_edits(repo: RepoId, commit: CommitId, edits: BTreeMap<String, Option<File>>) -> Tree {
        Tree { base: Some((repo, commit)), edits: Arc::new(edits) }
    }

    /// Whether it has a commit below its edits.
    pub fn base(&self) -> Option<&(RepoId, CommitId)> {
        self.base.as_ref()
    }

    /// What differs from the commit: files that are written, and those that are removed.
    pub fn edits(&self) -> &BTreeMap<String, Option<File>> {
        &self.edits
    }

    /// The same with a file written.
    pub fn write(&self, path: &str, file: File) -> Result<Tree> {
        check_path(path)?;
        Ok(self.edited(|edits| {
            edits.insert(path.to_string(), Some(file));
        }))
    }

    /// The same without a file.
    pub fn remove(&self, path: &str) -> Result<Tree> {
        check_path(path)?;
        Ok(self.edited(|edits| {
            edits.insert(path.to_string(), None);
        }))
    }

    /// The same with the edits of another tree on top, under a folder (the root is "").
    pub fn add(&self, folder: &str, other: &Tree) -> Result<Tree> {
        if let Some((repo, _)) = other.base.as_ref().filter(|base| Some(*base) != self.base.as_ref()) {
            return Err(Error::failed(
                "idp::tree::base",
                format!("only a tree without a commit can be added, not one of {repo}"),
            )
            .help("start it with `tree()` or `template(...)`"));
        }
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        for path in other.edits.keys() {
            check_path(&format!("{prefix}{path}"))?;
        }
        Ok(self.edited(|edits| {
            for (path, file) in other.edits.iter() {
                edits.insert(format!("{prefix}{path}"), file.clone());
            }
        }))
    }

    fn edited(&self, edit: impl FnOnce(&mut BTreeMap<String, Option<File>>)) -> Tree {
        let mut edits = (*self.edits).clone();
        edit(&mut edits);
        Tree { base: self.base.clone(), edits: Arc::new(edits) }
    }

    /// A file with the edits on top, if it is there.
    pub async fn read(&self, forge: &dyn Forge, path: &str) -> Result<Option<File>> {
        match (self.edits.get(path), &self.base) {
            (Some(file), _) => Ok(file.clone()),
            (None, Some((repo, commit))) => forge.file(repo, commit, path).await,
            (None, None) => Ok(None),
        }
    }

    /// A file's text, or an error that says what is wrong with it.
    pub async fn text(&self, forge: &dyn Forge, path: &str) -> Result<String> {
        self.text_of(path, self.read(forge, path).await?)
    }

    fn text_of(&self, path: &str, file: Option<File>) -> Result<String> {
        let file = file.ok_or_else(|| {
            Error::failed("idp::tree::missing", format!("{} has no file {path}", self.name()))
                .help("`tree.has(path)` tells whether a file is there")
        })?;
        String::from_utf8(file.bytes.to_vec())
            .map_err(|_| Error::failed("idp::tree::binary", format!("{path} of {} is not text", self.name())))
    }

    /// The texts of several files in their order. What the commit has of them is asked for at once.
    pub async fn texts(&self, forge: &dyn Forge, paths: &[String]) -> Result<Vec<String>> {
        let Some((repo, commit)) = &self.base else {
            return try_join_all(paths.iter().map(|path| self.text(forge, path))).await;
        };
        let asked: BTreeSet<&String> = paths.iter().filter(|path| !self.edits.contains_key(*path)).collect();
        let mut entries = Vec::new();
        if !asked.is_empty() {
            entries = forge.list(repo, commit, "").await?;
            entries.retain(|entry| asked.contains(&entry.path));
        }
        let files = forge.contents(repo, commit, &entries).await?;
        let mut there: BTreeMap<&str, File> =
            entries.iter().zip(files).filter_map(|(entry, file)| Some((entry.path.as_str(), file?))).collect();
        let text = |path: &String| match self.edits.get(path) {
            Some(edited) => self.text_of(path, edited.clone()),
            None => self.text_of(path, there.remove(path.as_str())),
        };
        paths.iter().map(text).collect()
    }

    /// Whether a file is there.
    pub async fn has(&self, forge: &dyn Forge, path: &str) -> Result<bool> {
        Ok(self.read(forge, path).await?.is_some())
    }

    /// The paths under a folder, in order.
    pub async fn files(&self, forge: &dyn Forge, folder: &str) -> Result<Vec<String>> {
        let folder = folder.trim_end_matches('/');
        let mut found: BTreeSet<String> = match &self.base {
            Some((repo, commit)) => {
                forge.list(repo, commit, folder).await?.into_iter().map(|entry: Entry| entry.path).collect()
            }
            None => Default::default(),
        };
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        for (path, file) in self.edits.iter().filter(|(path, _)| path.starts_with(&prefix)) {
            match file {
                Some(_) => found.insert(path.clone()),
                None => found.remove(path),
            };
        }
        Ok(found.into_iter().collect())
    }

    /// What its edits change of a commit: files that are as edited already are left out.
    pub async fn changes(
        &self,
        forge: &dyn Forge,
        repo: &RepoId,
        commit: Option<&CommitId>,
    ) -> Result<Vec<FileChange>> {
        if self.edits.is_empty() {
            return Ok(Vec::new());
        }
        let there = match commit {
            Some(commit) => forge.list(repo, commit, "").await?,
            None => Vec::new(),
        };
        let known: BTreeMap<&str, &Entry> = there.iter().map(|entry| (entry.path.as_str(), entry)).collect();
        let entry_of = |path: &str| known.get(path).copied();
        // By their ids: what is as it should be needn't be read.
        let others = self.edits.iter().filter(|(path, after)| !Entry::is(entry_of(path), after.as_ref()));
        let changes = try_join_all(others.map(|(path, after)| async move {
            let before = match (commit, entry_of(path)) {
                (Some(commit), Some(_)) => forge.file(repo, commit, path).await?,
                _ => None,
            };
            Ok::<_, Error>(FileChange { path: path.clone(), before, after: after.clone() })
        }))
        .await?;
        if !changes.is_empty() {
            refuse_overlaps(there, &changes)?;
        }
        Ok(changes)
    }

    /// The same edits on another base.
    pub fn rebased(&self, repo: &RepoId, commit: Option<&CommitId>) -> Tree {
        Tree { base: commit.map(|commit| (repo.clone(), commit.clone())), edits: self.edits.clone() }
    }

    fn name(&self) -> String {
        match &self.base {
            Some((repo, _)) => repo.to_string(),
            None => "the tree".to_string(),
        }
    }
}

/// A plan has no Git that would notice: a path can't be a file and a folder.
fn refuse_overlaps(there: Vec<Entry>, changes: &[FileChange]) -> Result<()> {
    let mut paths: BTreeSet<String> = there.into_iter().map(|entry| entry.path).collect();
    for change in changes {
        match change.after {
            Some(_) => paths.insert(change.path.clone()),
            None => paths.remove(&change.path),
        };
    }
    let new: Vec<&str> = changes
        .iter()
        .filter(|change| change.before.is_none() && change.after.is_some())
        .map(|change| change.path.as_str())
        .collect();
    if !new.is_empty() {
        let mut folded: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for path in &paths {
            folded.entry(path.to_lowercase()).or_default().push(path);
        }
        for path in new {
            if let Some(twin) = folded.get(&path.to_lowercase()).and_then(|all| all.iter().find(|twin| **twin != path))
            {
                let message = format!("`{path}` differs from `{twin}` by letter case alone");
                return Err(Error::failed("idp::tree::twin", message)
                    .help("not every file system can hold both: remove one in the same edit, or choose another name"));
            }
        }
    }
    for path in changes.iter().filter(|change| change.after.is_some()).map(|change| change.path.as_str()) {
        if let Some((at, _)) = path.match_indices('/').find(|(at, _)| paths.contains(&path[..*at])) {
            return Err(file_and_folder(&path[..at]));
        }
        let below = format!("{path}/");
        if paths.range(below.clone()..).next().is_some_and(|next| next.starts_with(&below)) {
            return Err(file_and_folder(path));
        }
    }
    Ok(())
}
