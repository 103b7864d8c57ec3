//! What the files of a change are by what lies beside them, in the change or in the repository: texts that are rendered
//! later, and patches of kustomizations. Reviewers ask.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Mutex;

use super::World;
use super::change::Change;
use super::forge::CommitId;
use crate::error::Result;
use crate::formats::{kustomize, objects, yaml};

/// The files of a change that become manifests once they are rendered: of Helm charts and skeletons, by what is beside
/// them in the change or the repository.
pub async fn rendered_later<'c>(change: &'c Change, world: &World) -> Vec<&'c str> {
    let mut found = Vec::new();
    let mut told = BTreeMap::new();
    for file in change.files() {
        for beside in objects::would_render(&file.path) {
            let is_there = match (told.get(&beside), change.files().iter().find(|file| file.path == beside)) {
                (Some(known), _) => *known,
                (None, Some(file)) => file.after.is_some(),
                (None, None) => in_repository(change, &beside, world).await.is_some(),
            };
            told.insert(beside, is_there);
            if is_there {
                found.push(file.path.as_str());
                break;
            }
        }
    }
    found
}

/// A file of the repository that a change is for, as it is before: at the head of the branch that a new pull request is proposed to, or
/// else of the default branch.
pub async fn in_repository(change: &Change, path: &str, world: &World) -> Option<Arc<[u8]>> {
    let repo = change.repo()?;
    let head = base_of(change, world).await.ok()??;
    Some(world.forge.file(repo, &head, path).await.ok()??.bytes)
}

/// The head of the branch that a new pull request is proposed to, or else of the default branch.
pub async fn base_of(change: &Change, world: &World) -> Result<Option<CommitId>> {
    let Some(repo) = change.repo() else { return Ok(None) };
    let base = match change {
        Change::OpenPullRequest { base, .. } => base.clone(),
        _ => match world.forge.repository(repo).await? {
            Some(known) => known.settings.default_branch,
            None => return Ok(None),
        },
    };
    world.forge.branch(repo, &base).await
}

/// Which files of a change are patches.
pub struct Patches<'c> {
    change: &'c Change,
    world: &'c World,
    /// What the kustomizations say that were read, by their paths.
    read: Mutex<BTreeMap<String, kustomize::Named>>,
}

impl<'c> Patches<'c> {
    /// Nothing is read yet.
    pub fn new(change: &'c Change, world: &'c World) -> Patches<'c> {
        Patches { change, world, read: Mutex::default() }
    }

    /// Whether a kustomization of the change, or one above the file in the repository, names it as a patch, and none names
    /// it as a resource.
    pub async fn name(&self, path: &str) -> bool {
        let above = kustomize::folders_above(path).into_iter().flat_map(|folder| {
            let at = |name: &str| if folder.is_empty() { name.to_string() } else { format!("{folder}/{name}") };
            kustomize::NAMES.map(at)
        });
        let changed = self.change.files().iter().map(|file| file.path.clone());
        let mut read = self.read.lock().await;
        let mut is_patch = false;
        for at in changed.filter(|path| kustomize::is_one(path)).chain(above) {
            if !read.contains_key(&at) {
                read.insert(at.clone(), self.named(&at).await);
            }
            match read.get(&at) {
                Some(named) if named.resources.contains(path) => return false,
                Some(named) => is_patch |= named.patches.contains(path),
                None => {}
            }
        }
        is_patch
    }

    async fn named(&self, at: &str) -> kustomize::Named {
        let text = match self.change.files().iter().find(|file| file.path == at) {
            Some(file) => file.after.as_ref().map(|file| file.bytes.clone()),
            None => in_repository(self.change, at, self.world).await,
        };
        let text = text.as_deref().and_then(|bytes| std::str::from_utf8(bytes).ok());
        let documents = text.and_then(|text| yaml::parse(at, text).ok()).unwrap_or_default();
        let folder = at.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut named = kustomize::Named::default();
        documents.iter().for_each(|document| named.add(&document.value, folder));
        named
    }
}
