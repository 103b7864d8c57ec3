//! Opens the world that a workspace declares: for changing (the first time makes it from its seeds), or for reading.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use globset::{Glob, GlobSetBuilder};

use super::contact::{Contact, FileContact};
use super::forge::{Forge, Protection, RepoId, Settings};
use super::git::{self, GitForge, Seed};
use super::github::{self, GitHubForge};
use super::http;
use super::lock::FileLock;
use super::nothing::{NoForge, Nothing};
use super::permission::Permissions;
use super::review::{Entities, Manifests, Reviewer};
use super::secrets::{NoSecrets, Secrets};
use super::snapshot::Snapshot;
use super::{Clock, Cluster, World};
use crate::config::{self, Config};
use crate::error::{Error, Result, io};

/// Opens the world to be changed, and makes it first if it isn't there.
pub fn for_changes(config: &Config) -> Result<World> {
    let folder = config.state();
    std::fs::create_dir_all(&folder).map_err(io("make the folder", &folder))?;
    let forge = match forge(config) {
        Opened::Embedded(forge) => forge,
        Opened::Outside(forge) => return Ok(world(config, forge, false)),
    };
    let seeds = seeds(config)?;
    {
        let _lock = FileLock::acquire(&folder.join("lock"), Duration::from_secs(60))?;
        git::sow(&forge, &seeds, Clock::System.now())?;
    }
    Ok(world(config, Arc::new(forge), true))
}

/// Opens the world to be read; where it isn't there yet, as its seeds would make it, in memory.
pub async fn for_reading(config: &Config) -> Result<World> {
    let forge = match forge(config) {
        Opened::Embedded(forge) => forge,
        Opened::Outside(forge) => return Ok(world(config, forge, false)),
    };
    if forge.exists() {
        return Ok(world(config, Arc::new(forge), true));
    }
    let preview = git::preview(Arc::new(forge), &seeds(config)?, Clock::System.now()).await?;
    Ok(world(config, Arc::new(preview), true))
}

/// The time that tests live at: 2026-01-01 00:00 UTC.
pub const TEST_TIME: i64 = 1_767_225_600;

/// The world as its seeds make it (or, without them, an empty one) in memory, with nothing of the real one in reach: what
/// tests lay their overlays on.
pub async fn for_tests(config: &Config, seeded: bool) -> Result<World> {
    let seeds = if seeded { seeds(config)? } else { Vec::new() };
    let nothing = Arc::new(NoForge { owner: config.forge.owner().into(), url: config.forge.url().into() });
    Ok(World {
        forge: Arc::new(git::preview(nothing, &seeds, TEST_TIME).await?),
        clusters: config.clusters.keys().map(|name| (name.clone(), Arc::new(Nothing) as Arc<dyn Cluster>)).collect(),
        contacts: config.contacts.keys().map(|name| (name.clone(), Arc::new(Nothing) as Arc<dyn Contact>)).collect(),
        http: config.http.keys().map(|name| (name.clone(), Arc::new(Nothing) as Arc<dyn http::Service>)).collect(),
        secrets: Secrets::default(),
        clock: Clock::Fixed(TEST_TIME),
        embedded: true,
    })
}

/// Who may change what: `grants` come from outside, with the name of their file; `idp.yaml` may narrow them.
pub fn permissions(config: &Config, grants: Option<(&str, &[config::Grant])>) -> Result<Permissions> {
    Permissions::new(grants, config.permissions.as_ref().map(|grants| ("idp.yaml", grants.as_slice())))
}

/// Who looks at each change before it is planned or made.
pub fn reviewers(config: &Config) -> Result<Vec<Box<dyn Reviewer>>> {
    let wrong = |error: globset::Error| Error::invalid("idp::config", error.to_string());
    let mut required = GlobSetBuilder::new();
    for glob in &config.manifests {
        required.add(Glob::new(glob).map_err(wrong)?);
    }
    let manifests = Manifests { required: required.build().map_err(wrong)? };
    Ok(vec![Box::new(manifests), Box::new(Entities), Box::new(NoSecrets(config.redactor.clone()))])
}

/// The folders that become repositories of an embedded forge; one elsewhere has its own.
fn seeds(config: &Config) -> Result<Vec<Seed>> {
    let owner = config.forge.owner();
    config
        .seeds
        .iter()
        .map(|seed| {
            Ok(Seed {
                repo: RepoId::parse(&seed.repository, owner)?,
                folder: seed.folder.clone(),
                settings: Settings {
                    description: seed.description.clone(),
                    visibility: "internal".into(),
                    ..Settings::default()
                },
                protection: seed.reviews.map(|reviews| Protection { reviews, ..Protection::default() }),
            })
        })
        .collect()
}

/// GitHub, where it is the forge. Nothing is asked before the first read.
pub fn github(config: &Config) -> Option<Arc<GitHubForge>> {
    match forge(config) {
        Opened::Embedded(_) => None,
        Opened::Outside(forge) => Some(forge),
    }
}

/// Whether all of the world lies in the workspace, see [`World::embedded`].
pub fn is_embedded(config: &Config) -> bool {
    matches!(config.forge, config::Forge::Local { .. })
}

/// The forge of the workspace: the embedded one, or the client of the one that it names.
enum Opened {
    Embedded(GitForge),
    Outside(Arc<GitHubForge>),
}

fn forge(config: &Config) -> Opened {
    match &config.forge {
        config::Forge::Local { folder, owner, url, teams } => {
            Opened::Embedded(GitForge::new(folder, owner, url, teams.clone()))
        }
        config::Forge::GitHub { owner, api_url, url, app, wait, rulesets } => {
            let account = github::Account {
                owner: owner.clone(),
                api: api_url.clone(),
                app: app.clone(),
                tokens: &github::TOKENS,
                secrets: Secrets::of(config),
                redactor: config.redactor.clone(),
            };
            Opened::Outside(Arc::new(GitHubForge::new(account, url, *wait).with_rulesets(*rulesets)))
        }
    }
}

fn world(config: &Config, forge: Arc<dyn Forge>, embedded: bool) -> World {
    let clusters = config.clusters.iter().map(|(name, folder)| {
        let cluster: Arc<dyn Cluster> = Arc::new(Snapshot::new(folder));
        (name.clone(), cluster)
    });
    let contacts = config.contacts.iter().map(|(name, path)| {
        let contact: Arc<dyn Contact> = Arc::new(FileContact::new(path));
        (name.clone(), contact)
    });
    let secrets = Secrets::of(config);
    let services = config.http.iter().map(|(name, service)| {
        let client: Arc<dyn http::Service> = Arc::new(http::Client::new(name, service.clone(), secrets.clone()));
        (name.clone(), client)
    });
    World {
        forge,
        clusters: clusters.collect(),
        contacts: contacts.collect::<BTreeMap<_, _>>(),
        http: services.collect(),
        secrets: secrets.clone(),
        clock: Clock::System,
        embedded,
    }
}
