//! The objects of a repository beside those that a change brings, for rules that look at all of them. A file is read once
//! a run, as long as it stays what it is.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::error::Result;
use crate::formats::objects::{self, object_of};
use crate::formats::{kustomize, lists, yaml};
use crate::primitives::manifest::Manifest;
use crate::world::World;
use crate::world::change::Change;
use crate::world::forge::{CommitId, Entry, RepoId};

/// A repository with more files than that isn't read for a change.
const MOST_FILES: usize = 5_000;

/// What tells objects of the repository from those of the change.
const NUMBER: usize = usize::MAX;

/// A file, as it was read.
#[derive(Debug, Default)]
struct Read {
    objects: Vec<Manifest>,
    kustomizations: Vec<Value>,
}

/// What was read so far, by blob.
#[derive(Debug, Default)]
pub struct Trees(Mutex<HashMap<String, Arc<Read>>>);

/// A repository as a change will leave it, without what the change brings.
#[derive(Debug, Default)]
pub struct Tree {
    /// The objects of all other files.
    pub others: Arc<Vec<Manifest>>,
    /// What kustomizations name, those of the change among them.
    pub named: kustomize::Named,
}

impl Trees {
    /// The tree that a change is made on; none if it is too large.
    ///
    /// # Errors
    /// The forge's.
    pub async fn of(&self, change: &Change, world: &World) -> Result<Option<Tree>> {
        let mut tree = Tree::default();
        for file in change.files() {
            let text = file.after.as_ref().and_then(|after| std::str::from_utf8(&after.bytes).ok());
            name(&read(&file.path, text.unwrap_or_default()), &file.path, &mut tree.named);
        }
        let Some((repo, commit)) = base(change) else { return Ok(Some(tree)) };
        let listed = world.forge.list(repo, commit, "").await?;
        let there: BTreeSet<&str> = listed.iter().map(|entry| entry.path.as_str()).collect();
        let changed: BTreeSet<&str> = change.files().iter().map(|file| file.path.as_str()).collect();
        let may_say = |path: &str| objects::may_hold(path) || kustomize::is_one(path);
        let is_later = |path: &str| objects::would_render(path).iter().any(|beside| there.contains(beside.as_str()));
        let wanted: Vec<Entry> = listed
            .iter()
            .filter(|entry| may_say(&entry.path) && !changed.contains(entry.path.as_str()) && !is_later(&entry.path))
            .cloned()
            .collect();
        if wanted.len() > MOST_FILES {
            return Ok(None);
        }
        let files = self.files(repo, commit, &wanted, world).await?;
        for (entry, file) in wanted.iter().zip(&files) {
            name(file, &entry.path, &mut tree.named);
        }
        let whole = wanted.iter().zip(&files).filter(|(entry, _)| !tree.named.is_patch(&entry.path));
        tree.others = Arc::new(whole.flat_map(|(_, file)| file.objects.iter().cloned()).collect());
        Ok(Some(tree))
    }

    /// The files of these entries, in their order: from the forge those that weren't read before.
    async fn files(
        &self,
        repo: &RepoId,
        commit: &CommitId,
        entries: &[Entry],
        world: &World,
    ) -> Result<Vec<Arc<Read>>> {
        // What a file is depends on its name, too.
        let key = |entry: &Entry| format!("{} {}", entry.blob, entry.path);
        let unread: Vec<Entry> = {
            let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            entries.iter().filter(|entry| !known.contains_key(&key(entry))).cloned().collect()
        };
        let contents = if unread.is_empty() { Vec::new() } else { world.forge.contents(repo, commit, &unread).await? };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (entry, file) in unread.iter().zip(contents) {
            let text = file.and_then(|file| String::from_utf8(file.bytes.to_vec()).ok()).unwrap_or_default();
            known.insert(key(entry), Arc::new(read(&entry.path, &text)));
        }
        Ok(entries.iter().filter_map(|entry| known.get(&key(entry)).cloned()).collect())
    }
}

/// The commit whose files a change changes; none for the first one.
fn base(change: &Change) -> Option<(&RepoId, &CommitId)> {
    let commit = match change {
        Change::Commit { parent, .. } => parent.as_ref()?,
        Change::OpenPullRequest { commit, .. } | Change::UpdatePullRequest { commit: Some(commit), .. } => {
            &commit.tree_of
        }
        _ => return None,
    };
    Some((change.repo()?, commit))
}

/// What can't be read holds nothing that could be looked at.
fn read(path: &str, text: &str) -> Read {
    let is_kustomization = kustomize::is_one(path);
    if !is_kustomization && !objects::may_say(path, text) {
        return Read::default();
    }
    let (documents, _) = yaml::parse_each(path, text);
    if is_kustomization {
        let kustomizations = documents.into_iter().map(|document| document.value).collect();
        return Read { kustomizations, ..Read::default() };
    }
    let parts = documents.iter().flat_map(|document| lists::of(&document.value).objects);
    let objects = parts.filter(|part| object_of(&part.value).is_some());
    let objects = objects.map(|part| Manifest::numbered(part.value.into_owned(), NUMBER)).collect();
    Read { objects, ..Read::default() }
}

fn name(file: &Read, path: &str, named: &mut kustomize::Named) {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    file.kustomizations.iter().for_each(|kustomization| named.add(kustomization, folder));
}
