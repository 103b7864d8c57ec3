//! Commit statuses of the embedded forge: a JSON file a commit, `idp/statuses/<commit>.json`.

use std::collections::BTreeMap;
use std::path::Path;

use super::GitForge;
use super::objects::{Objects, id_of};
use super::refs::Refs;
use crate::error::{Error, Result, io};
use crate::world::change::Change;
use crate::world::commit_status::CommitStatus;
use crate::world::forge::{CommitId, Outcome};
use crate::world::store;

/// What is known of a commit, by the names of who found it out.
///
/// Errors: `idp::forge::git` if there is no such commit.
pub fn of(folder: &Path, objects: &Objects, commit: &CommitId) -> Result<BTreeMap<String, CommitStatus>> {
    // The id that git knows it by: what is given becomes no path.
    let id = id_of(objects.commit(commit)?.id());
    Ok(store::read_json(&folder.join(format!("idp/statuses/{id}.json")))?.unwrap_or_default())
}

/// Sets one.
pub fn set(forge: &GitForge, change: &Change) -> Result<Outcome> {
    let Change::SetStatus { repo, commit, name, after, .. } = change else {
        return Err(Error::failed("idp::forge", "not a commit status"));
    };
    let folder = forge.existing(repo)?;
    let _writer = Refs::of(&folder).write()?;
    let objects = Objects::open(&folder)?;
    let mut all = of(&folder, &objects, commit)?;
    if all.get(name) == Some(after) {
        return Ok(Outcome { already: true, ..Outcome::default() });
    }
    all.insert(name.clone(), after.clone());
    let id = id_of(objects.commit(commit)?.id());
    let place = folder.join("idp/statuses");
    std::fs::create_dir_all(&place).map_err(io("make the folder", &place))?;
    store::write_json(&place.join(format!("{id}.json")), &all)?;
    Ok(Outcome::default())
}
