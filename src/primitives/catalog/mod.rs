//! The software catalog as a view over the forge: `catalog-info.yaml` of every repository, and the files of `catalog/`
//! in GitOps repositories.

use rhai::plugin::*;
use serde_json::Value;

use crate::error::Result;
use crate::formats::yaml;
use crate::world::World;
use crate::world::forge::RepoId;

/// An entity and where it is declared.
#[derive(Debug, Clone)]
pub struct Found {
    /// The repository.
    pub repo: RepoId,
    /// The file.
    pub path: String,
    /// The entity.
    pub entity: Value,
}

/// All entities of a kind and name, whatever their namespace; kinds and names are compared without case, as Backstage does.
pub async fn find(world: &World, kind: &str, name: &str) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for repo in world.forge.repositories().await? {
        let Some(repository) = world.forge.repository(&repo).await? else { continue };
        let Some(head) = world.forge.branch(&repo, &repository.settings.default_branch).await? else { continue };
        let mut paths = vec!["catalog-info.yaml".to_string()];
        paths.extend(world.forge.list(&repo, &head, "catalog").await?.into_iter().map(|entry| entry.path));
        for path in paths {
            let Some(file) = world.forge.file(&repo, &head, &path).await? else { continue };
            let text = String::from_utf8_lossy(&file.bytes);
            // A broken catalog file never hides the right ones.
            for document in yaml::parse(&path, &text).unwrap_or_default() {
                let is = |pointer: &str, wanted: &str| {
                    let text = document.value.pointer(pointer).and_then(Value::as_str);
                    text.is_some_and(|text| text.eq_ignore_ascii_case(wanted))
                };
                if is("/kind", kind) && is("/metadata/name", name) {
                    found.push(Found { repo: repo.clone(), path: path.clone(), entity: document.value });
                }
            }
        }
    }
    Ok(found)
}

/// What scripts see.
#[export_module]
pub mod api {
    use rhai::{Array, Dynamic, Map, NativeCallContext};

    use crate::bridge::{RhaiResultOf, run_of, throw};
    use crate::primitives::value;

    /// The catalog's entities of a kind and name, each a map with `repository`, `path` and `entity`.
    ///
    /// ```rhai
    /// for found in catalog("Component", "orders-checkout") { print(found.repository); }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn catalog(ctx: NativeCallContext, kind: &str, name: &str) -> RhaiResultOf<Array> {
        let run = run_of(&ctx)?;
        let act = || run.wait(super::find(run.world()?, kind, name));
        let found = act().map_err(|error| throw(&ctx, error))?;
        let map = |found: super::Found| {
            let mut map = Map::new();
            map.insert("repository".into(), found.repo.to_string().into());
            map.insert("path".into(), found.path.into());
            map.insert("entity".into(), value::from_json(&found.entity));
            Dynamic::from_map(map)
        };
        Ok(found.into_iter().map(map).collect())
    }
}
