//! The first commit of a repository that is made from a template: the template's tree as it is, links included.

use std::collections::HashSet;
use std::path::Path;

use git2::{ObjectType, Oid, Repository};

use super::objects::{Objects, commit, git};
use super::refs::Refs;
use super::{GitForge, with_trailer};
use crate::error::{Error, Result};
use crate::world::change::{Change, Marker};
use crate::world::forge::{Actor, RepoId, no_template};

/// Commits the files of a template's default branch to the default branch of a repository in the making.
pub fn fill(forge: &GitForge, template: &RepoId, draft: &Path, change: &Change, actor: &Actor) -> Result<()> {
    let Change::CreateRepository { settings, marker, .. } = change else {
        return Err(Error::failed("idp::forge", "not a new repository"));
    };
    let card = forge.card(template)?.ok_or_else(|| no_template(template, "there is no such repository"))?;
    let folder = forge.existing(template)?;
    let branch = format!("refs/heads/{}", card.settings.default_branch);
    let head = Refs::of(&folder).read(&branch)?.ok_or_else(|| no_template(template, "it has no commit"))?;
    let from = Objects::open(&folder)?;
    let tree = from.commit(&head)?.tree_id();
    let message = with_trailer(Marker::FIRST, &Marker::of_template(marker));
    let made = Objects::open(draft)?.packed(|repository| {
        copy(from.repository(), repository, tree).map_err(git("copy the template"))?;
        commit(repository, &[], tree, &message, actor)
    })?;
    Refs::of(draft).write()?.update(&format!("refs/heads/{}", settings.default_branch), None, &made)?;
    Ok(())
}

/// Copies a tree and all that it names, but for submodules, which are in no repository that names them.
fn copy(from: &Repository, to: &Repository, tree: Oid) -> std::result::Result<(), git2::Error> {
    let (source, target) = (from.odb()?, to.odb()?);
    let (mut left, mut seen) = (vec![tree], HashSet::from([tree]));
    while let Some(id) = left.pop() {
        let object = source.read(id)?;
        target.write(object.kind(), object.data())?;
        if object.kind() == ObjectType::Tree {
            let inner = from.find_tree(id)?;
            let named = inner.iter().filter(|entry| entry.kind() != Some(ObjectType::Commit)).map(|entry| entry.id());
            left.extend(named.filter(|id| seen.insert(*id)));
        }
    }
    Ok(())
}
