//! What the objects of a change were before it, wherever they stood: rules about changes hold for an object that is moved
//! to another file, too.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::find::split;
use crate::formats::{lists, objects, yaml};
use crate::world::World;
use crate::world::change::{Change, File};
use crate::world::forge::{CommitId, RepoId};

/// A file of objects before and after a change.
#[derive(Debug, Default)]
struct Changed {
    before: Vec<Value>,
    after: Vec<Value>,
}

/// The objects of all files that a change touches.
#[derive(Debug, Default)]
pub struct Before(BTreeMap<String, Changed>);

impl Before {
    /// As the change itself tells it.
    pub fn of(change: &Change) -> Before {
        let files = change.files().iter().filter(|file| objects::may_hold(&file.path));
        let objects = |file: &Option<File>| file.as_ref().map(|file| objects_of(&file.bytes)).unwrap_or_default();
        let changed = files
            .map(|file| (file.path.clone(), Changed { before: objects(&file.before), after: objects(&file.after) }));
        Before(changed.collect())
    }

    /// As it is where the change is proposed to: what a branch said was never delivered. What the branch had changed before
    /// counts, too.
    pub async fn delivered(change: &Change, world: &World) -> Before {
        let mut found = Before::of(change);
        let Some((repo, base)) = base(change, world).await else { return found };
        let mut files: BTreeMap<String, Option<Vec<Value>>> = BTreeMap::new();
        if let Change::UpdatePullRequest { commit: Some(commit), .. } = change
            && let Some(head) = commit.parents.first()
        {
            for path in differing(&repo, &base, head, world).await {
                files.insert(path.clone(), Some(read(&repo, head, &path, world).await));
            }
        }
        files.extend(found.0.keys().map(|path| (path.clone(), None)));
        for (path, after) in files {
            let before = read(&repo, &base, &path, world).await;
            let known = found.0.entry(path).or_default();
            known.before = before;
            known.after = after.unwrap_or_else(|| std::mem::take(&mut known.after));
        }
        found
    }

    /// What an object was: in the same file, or else in one that has it no more.
    pub fn old(&self, path: &str, object: &Value) -> Option<&Value> {
        let named = text(object, "/metadata/name").is_some();
        let same = |changed: &'_ Changed| -> Vec<usize> {
            (0..changed.before.len()).filter(|at| is_same(&changed.before[*at], object)).collect()
        };
        let here = self.0.get(path).filter(|_| named)?;
        let nearest = |changed: &Changed, found: Vec<usize>| {
            let exact = |at: &usize| namespace(&changed.before[*at]) == namespace(object);
            found.iter().copied().find(exact).or_else(|| found.first().copied())
        };
        if let Some(at) = nearest(here, same(here)) {
            return Some(&here.before[at]);
        }
        let others = self.0.iter().filter(|(other, _)| *other != path).map(|(_, changed)| changed);
        let gone = others.filter_map(|changed| {
            let taken = same(changed)
                .into_iter()
                .filter(|at| !changed.after.iter().any(|after| is_same(after, &changed.before[*at])));
            nearest(changed, taken.collect()).map(|at| &changed.before[at])
        });
        gone.min_by_key(|old| namespace(old) != namespace(object))
    }
}

/// The paths of YAML files that are at a base and aren't, or are other ones, at a head.
async fn differing(repo: &RepoId, base: &CommitId, head: &CommitId, world: &World) -> BTreeSet<String> {
    let list = async |commit| world.forge.list(repo, commit, "").await.unwrap_or_default();
    let (there, here) = (list(base).await, list(head).await);
    let same: BTreeMap<&str, _> = here.iter().map(|entry| (entry.path.as_str(), entry)).collect();
    let differs = there.iter().filter(|entry| same.get(entry.path.as_str()).is_none_or(|other| *other != *entry));
    differs.map(|entry| entry.path.clone()).filter(|path| objects::may_hold(path)).collect()
}

/// The commit that a change is for: the head of the branch that a pull request is proposed to, or of the default branch.
async fn base(change: &Change, world: &World) -> Option<(RepoId, CommitId)> {
    let repo = change.repo()?;
    let branch = match change {
        Change::OpenPullRequest { base, .. } => base.clone(),
        _ => world.forge.repository(repo).await.ok()??.settings.default_branch,
    };
    Some((repo.clone(), world.forge.branch(repo, &branch).await.ok()??))
}

async fn read(repo: &RepoId, commit: &CommitId, path: &str, world: &World) -> Vec<Value> {
    let file = world.forge.file(repo, commit, path).await.ok().flatten();
    file.map(|file| objects_of(&file.bytes)).unwrap_or_default()
}

fn objects_of(bytes: &[u8]) -> Vec<Value> {
    let documents = std::str::from_utf8(bytes).ok().and_then(|text| yaml::parse("", text).ok()).unwrap_or_default();
    let parts = documents.iter().flat_map(|document| lists::of(&document.value).objects);
    parts.map(|part| part.value.into_owned()).collect()
}

fn text<'v>(object: &'v Value, path: &str) -> Option<&'v str> {
    object.pointer(path).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn namespace(object: &Value) -> Option<&str> {
    text(object, "/metadata/namespace")
}

/// Whether two documents are one object: of one kind in any version, of one name, and of one namespace as far as it is said.
fn is_same(one: &Value, other: &Value) -> bool {
    let same = |path: &str| text(one, path) == text(other, path);
    let group = |object| split(text(object, "/apiVersion").unwrap_or_default()).0;
    let one_namespace = namespace(one).zip(namespace(other)).is_none_or(|(one, other)| one == other);
    group(one) == group(other) && same("/kind") && same("/metadata/name") && one_namespace
}
