//! What commits say of who made them, and what it takes to take some of them back: for undoing what a run made.

use std::collections::{BTreeMap, BTreeSet};

use super::objects::{self, Objects, conflicts, git, id_of, oid};
use super::refs::Refs;
use super::{GitForge, RECENT};
use crate::error::{Error, Result};
use crate::world::change::{File, FileChange, RENDERED, trailer, trailer_of};
use crate::world::forge::{CommitId, RepoId, Reverted, Revision, Touch};

/// What the embedded forge keeps for itself; all other refs are branches, tags, or what people pushed.
const FORGES_OWN: [&str; 2] = ["idp-run/", "pull/"];

/// All refs but the forge's own, by their names below `refs/`.
pub fn refs(forge: &GitForge, repo: &RepoId) -> Result<BTreeMap<String, CommitId>> {
    let folder = forge.existing(repo)?;
    let mut found = BTreeMap::new();
    for (name, id) in Refs::of(&folder).all("refs/")? {
        let name = name.strip_prefix("refs/").unwrap_or(&name);
        if !FORGES_OWN.iter().any(|own| name.starts_with(own)) {
            found.insert(name.to_string(), id);
        }
    }
    Ok(found)
}

/// The ids of the commits that a run or project marked, with the commits.
pub fn marks(forge: &GitForge, repo: &RepoId, owner: &str) -> Result<Vec<(String, CommitId)>> {
    let prefix = format!("refs/idp-run/{owner}/");
    let found = Refs::of(&forge.existing(repo)?).list(&prefix)?;
    Ok(found.into_iter().map(|(name, id)| (name[prefix.len()..].to_string(), id)).collect())
}

/// One commit.
pub fn revision(objects: &Objects, id: &CommitId) -> Result<Revision> {
    let commit = objects.commit(id)?;
    let message = String::from_utf8_lossy(commit.message_bytes());
    let rendering = trailer(&message, RENDERED).map(|id| CommitId(id.to_string()));
    Ok(Revision {
        id: id.clone(),
        parents: commit.parent_ids().map(id_of).collect(),
        author: String::from_utf8_lossy(commit.author().name_bytes()).into_owned(),
        trailer: trailer_of(&message).map(str::to_owned),
        // Anyone may write a trailer: what names no commit here names nothing.
        rendering: rendering.filter(|id| objects.commit(id).is_ok()),
    })
}

/// Commits from one backwards, newest first, without those that another one stands on.
pub fn history(forge: &GitForge, repo: &RepoId, from: &CommitId, without: Option<&CommitId>) -> Result<Vec<Revision>> {
    let objects = Objects::open(&forge.existing(repo)?)?;
    let failed = git("walk the history");
    let mut walk = objects.repository().revwalk().map_err(&failed)?;
    walk.set_sorting(git2::Sort::TOPOLOGICAL).map_err(&failed)?;
    walk.push(oid(from)?).map_err(&failed)?;
    if let Some(without) = without {
        walk.hide(oid(without)?).map_err(&failed)?;
    }
    let mut found = Vec::new();
    for id in walk.take(RECENT) {
        found.push(revision(&objects, &id_of(id.map_err(&failed)?))?);
    }
    Ok(found)
}

/// How many commits are looked at for those that changed a path.
const LOOKED_AT: usize = 20_000;

/// The commits that changed what is at a path, along the first parents.
pub fn touched(forge: &GitForge, repo: &RepoId, from: &CommitId, path: &str, most: usize) -> Result<Vec<Touch>> {
    let objects = Objects::open(&forge.existing(repo)?)?;
    let path = std::path::Path::new(path);
    let there = |commit: &git2::Commit<'_>| match commit.tree().and_then(|tree| tree.get_path(path)) {
        Ok(entry) => Ok(Some((entry.id(), entry.filemode()))),
        Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
        Err(error) => Err(git("read the tree")(error)),
    };
    let mut commit = objects.commit(from)?;
    let mut now = there(&commit)?;
    let mut found = Vec::new();
    for _ in 0..LOOKED_AT {
        let parent =
            if commit.parent_count() == 0 { None } else { Some(commit.parent(0).map_err(git("read a commit"))?) };
        let before = parent.as_ref().map(&there).transpose()?.flatten();
        if now != before {
            let message = String::from_utf8_lossy(commit.message_bytes());
            found.push(Touch {
                id: id_of(commit.id()),
                author: String::from_utf8_lossy(commit.author().name_bytes()).into_owned(),
                at: Some(commit.time().seconds()),
                title: message.lines().next().unwrap_or_default().to_owned(),
            });
        }
        match parent {
            Some(parent) if found.len() < most => (commit, now) = (parent, before),
            _ => break,
        }
    }
    Ok(found)
}

/// The files that take back on `onto` what came between `before` and `after`: a three-way merge whose ancestor is
/// `after`, so that what was changed since stays.
pub fn revert(
    forge: &GitForge,
    repo: &RepoId,
    onto: &CommitId,
    before: &CommitId,
    after: &CommitId,
) -> Result<Reverted> {
    let objects = Objects::open(&forge.existing(repo)?)?;
    let tree = |id: &CommitId| objects.commit(id)?.tree().map_err(git("read the tree"));
    let (ours, theirs, ancestor) = (tree(onto)?, tree(before)?, tree(after)?);
    let repository = objects.repository();
    let index = repository.merge_trees(&ancestor, &ours, &theirs, None).map_err(git("merge"))?;
    let conflicting = conflicts(&index)?;
    if !conflicting.is_empty() {
        return Ok(Reverted::Conflicts(conflicting));
    }
    let diff = repository.diff_tree_to_index(Some(&ours), Some(&index), None).map_err(git("compare the trees"))?;
    let mut paths = BTreeSet::new();
    for delta in diff.deltas() {
        for path in [delta.old_file().path(), delta.new_file().path()].into_iter().flatten() {
            let path = path.to_str().ok_or_else(|| {
                Error::failed("idp::forge::git", format!("{} of {repo} is no UTF-8 path", path.display()))
            })?;
            paths.insert(path.to_string());
        }
    }
    let mut files = Vec::new();
    for path in paths {
        let after = match index.get_path(std::path::Path::new(&path), 0) {
            Some(entry) => {
                let blob = repository.find_blob(entry.id).map_err(objects::git("read the file"))?;
                Some(File { bytes: blob.content().into(), executable: entry.mode & 0o100 != 0 })
            }
            None => None,
        };
        files.push(FileChange { before: objects.file(onto, &path)?, path, after });
    }
    Ok(Reverted::Files(files))
}
