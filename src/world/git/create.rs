//! Makes a bare repository whole or not at all: built beside its place, then renamed into it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Card, GitForge, objects, options, template};
use crate::error::{Error, Result, io};
use crate::world::change::Change;
use crate::world::forge::{Actor, Outcome, Settings};
use crate::world::lock::FileLock;
use crate::world::store;

/// The name of unfinished repositories: it doesn't end in `.git`, so nobody takes one for a repository.
pub(super) const UNFINISHED: &str = ".unfinished-";

/// Makes a repository with its settings and its maker's marker: empty, or with the files of a template.
pub fn create(forge: &GitForge, change: &Change, actor: &Actor) -> Result<Outcome> {
    let Change::CreateRepository { repo, settings, marker, template } = change else {
        return Err(Error::failed("idp::forge", "not a new repository"));
    };
    let place = forge.path(repo);
    let owner_folder = forge.folder.join(repo.owner());
    let _lock = FileLock::acquire(&owner_folder.join(".lock"), Duration::from_secs(30))?;
    sweep(&owner_folder)?;
    if place.exists() {
        // A concurrent run was faster. Whose it is, the caller's next look decides.
        return Ok(Outcome { already: true, ..Outcome::default() });
    }
    let draft = owner_folder.join(format!("{UNFINISHED}{}", repo.name()));
    build(&draft, settings, Some(marker))?;
    if let Some(template) = template {
        template::fill(forge, template, &draft, change, actor)?;
    }
    fs::rename(&draft, &place).map_err(io("make the repository", &place))?;
    store::sync_folder_of(&place)?;
    Ok(Outcome::default())
}

/// Makes a bare repository in an empty folder, without a commit.
pub fn build(folder: &Path, settings: &Settings, marker: Option<&str>) -> Result<()> {
    options::set_once();
    let mut how = git2::RepositoryInitOptions::new();
    how.bare(true).no_reinit(true).external_template(false).mkpath(true).initial_head(&settings.default_branch);
    let repository = git2::Repository::init_opts(folder, &how).map_err(objects::git("make the repository"))?;
    let mut config = repository.config().map_err(objects::git("configure the repository"))?;
    // Git must not start maintenance behind our back: it would pack refs and prune while runs write.
    for (key, value) in
        [("gc.auto", "0"), ("gc.packRefs", "false"), ("receive.autogc", "false"), ("maintenance.auto", "false")]
    {
        config.set_str(key, value).map_err(objects::git("configure the repository"))?;
    }
    let forge_files = folder.join("idp");
    fs::create_dir_all(forge_files.join("pulls")).map_err(io("make the folder", &forge_files))?;
    let card = Card { settings: settings.clone(), marker: marker.map(str::to_owned), adopted: false, archived: None };
    store::write_json(&forge_files.join("repository.json"), &card)?;
    for name in ["config", "HEAD"] {
        let path = folder.join(name);
        fs::File::open(&path).and_then(|file| file.sync_all()).map_err(io("sync", &path))?;
    }
    store::sync_folder_of(&folder.join("config"))
}

/// Removes what a kill left unfinished. The owner's lock is held, so nobody is at work on it.
pub(super) fn sweep(owner_folder: &Path) -> Result<()> {
    let leftovers: Vec<PathBuf> = fs::read_dir(owner_folder)
        .map_err(io("read the folder", owner_folder))?
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(UNFINISHED))
        .map(|entry| entry.path())
        .collect();
    for path in leftovers {
        fs::remove_dir_all(&path).map_err(io("remove the unfinished repository", &path))?;
    }
    Ok(())
}

/// Points HEAD at the default branch, so that clones check it out.
pub fn set_head(folder: &Path, branch: &str) -> Result<()> {
    if store::read(&folder.join("HEAD"))?.as_deref() == Some(format!("ref: refs/heads/{branch}\n").as_bytes()) {
        return Ok(());
    }
    crate::world::forge::check_branch(branch).map_err(|error| Error::failed("idp::forge", error.message()))?;
    store::replace(&folder.join("HEAD"), format!("ref: refs/heads/{branch}\n").as_bytes())
}
