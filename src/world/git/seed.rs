//! Seeds: folders of the workspace that become repositories when the embedded world is first made.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use super::objects::Objects;
use super::refs::Refs;
use super::{GitForge, create};
use crate::error::{Error, Result, io};
use crate::formats::skeleton::SourceFile;
use crate::library::files_of;
use crate::world::change::{Change, File, FileChange, Marker};
use crate::world::forge::{Actor, Forge, Protection, RUNS_AS, RepoId, Settings, check_path};
use crate::world::overlay::Overlay;
use crate::world::store;

/// A folder that becomes a repository.
#[derive(Debug, Clone, PartialEq)]
pub struct Seed {
    /// The repository.
    pub repo: RepoId,
    /// The folder with its first files.
    pub folder: PathBuf,
    /// Its settings.
    pub settings: Settings,
    /// The protection of its default branch.
    pub protection: Option<Protection>,
}

/// Makes the whole embedded forge from its seeds, or nothing: built beside its place, then renamed.
///
/// Does nothing if the forge is there. The caller holds the world's lock.
pub fn sow(forge: &GitForge, seeds: &[Seed], time: i64) -> Result<()> {
    if forge.folder.exists() {
        return Ok(());
    }
    let mut draft_name = forge.folder.as_os_str().to_owned();
    draft_name.push(".unfinished");
    let draft = PathBuf::from(draft_name);
    if draft.exists() {
        fs::remove_dir_all(&draft).map_err(io("remove the unfinished world", &draft))?;
    }
    fs::create_dir_all(draft.join(&forge.owner)).map_err(io("make the folder", &draft))?;
    let actor = Actor { name: RUNS_AS.to_string(), time };
    for seed in seeds {
        let folder = draft.join(seed.repo.owner()).join(format!("{}.git", seed.repo.name()));
        create::build(&folder, &seed.settings, None)?;
        let branch = &seed.settings.default_branch;
        let commit = Objects::open(&folder)?.write_commit(&[], None, &files(seed)?, MESSAGE, &actor)?;
        Refs::of(&folder).write()?.update(&format!("refs/heads/{branch}"), None, &commit)?;
        if let Some(rule) = &seed.protection {
            let rules = std::collections::BTreeMap::from([(branch, rule)]);
            store::write_json(&folder.join("idp/protection.json"), &rules)?;
        }
    }
    fs::rename(&draft, &forge.folder).map_err(io("make the world", &forge.folder))?;
    store::sync_folder_of(&forge.folder)
}

/// The forge as [`sow`] would make it, in memory, over one that has nothing: for plans and reading verbs before the first
/// apply, and for tests.
pub async fn preview(inner: Arc<dyn Forge>, seeds: &[Seed], time: i64) -> Result<Overlay> {
    let world = Overlay::preview(inner);
    let actor = Actor { name: RUNS_AS.to_string(), time };
    for seed in seeds {
        let (repo, branch) = (seed.repo.clone(), seed.settings.default_branch.clone());
        let marker = Marker::new("seed", &branch);
        world
            .apply(
                &Change::CreateRepository {
                    repo: repo.clone(),
                    settings: seed.settings.clone(),
                    marker: String::new(),
                    template: None,
                },
                &actor,
            )
            .await?;
        let commit = Change::Commit {
            repo: repo.clone(),
            branch: branch.clone(),
            parent: None,
            message: MESSAGE.into(),
            marker,
            files: files(seed)?,
        };
        world.apply(&commit, &actor).await?;
        if let Some(after) = &seed.protection {
            world.apply(&Change::ProtectBranch { repo, branch, before: None, after: after.clone() }, &actor).await?;
        }
    }
    Ok(world)
}

const MESSAGE: &str = "Seed\n";

/// The files of a seed's folder, in path order.
fn files(seed: &Seed) -> Result<Vec<FileChange>> {
    let found = files_of(&seed.folder, "idp::seed")?;
    if found.is_empty() {
        let message = format!("the seed folder {} has no files", seed.folder.display());
        return Err(Error::invalid("idp::seed", message)
            .help("a repository needs a first commit: put at least a README.md in the folder"));
    }
    let change = |file: SourceFile| {
        check_path(&file.path)?;
        let after = File { bytes: Arc::from(file.bytes.into_owned()), executable: file.executable };
        Ok(FileChange { path: file.path, before: None, after: Some(after) })
    };
    found.into_iter().map(change).collect()
}
