//! The software catalog as a view over the forge: `catalog-info.yaml` of every repository, and the files of `catalog/`
//! in GitOps repositories. And its entities, built and checked before they are written.

mod entity;

use rhai::plugin::*;
use serde_json::Value;

use crate::error::Result;
use crate::formats::catalog::{DEFAULT_NAMESPACE, EntityRef};
use crate::formats::yaml;
use crate::world::World;
use crate::world::forge::{Located, RepoId};
pub use entity::{ENTITY, build, reference};

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
    let mut found = of_kind(world, kind).await?;
    let named = |entity: &Value| {
        entity.pointer("/metadata/name").and_then(Value::as_str).is_some_and(|text| text.eq_ignore_ascii_case(name))
    };
    found.retain(|found| named(&found.entity));
    Ok(found)
}

/// All entities of a kind.
async fn of_kind(world: &World, kind: &str) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for Located { repo, path, file } in world.forge.everywhere("catalog-info.yaml", "catalog").await? {
        let text = String::from_utf8_lossy(&file.bytes);
        // A broken catalog file never hides the right ones.
        for document in yaml::parse(&path, &text).unwrap_or_default() {
            if document.value["kind"].as_str().is_some_and(|text| text.eq_ignore_ascii_case(kind)) {
                found.push(Found { repo: repo.clone(), path: path.clone(), entity: document.value });
            }
        }
    }
    Ok(found)
}

/// All entities whose `spec.dependsOn` names this one, whatever case and short forms they write.
pub async fn dependents(world: &World, on: &str) -> Result<Vec<Found>> {
    let whole =
        |text: &str| EntityRef::parse(text, None, DEFAULT_NAMESPACE).ok().map(|reference| reference.to_string());
    let Some(wanted) = whole(on) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for Located { repo, path, file } in world.forge.everywhere("catalog-info.yaml", "catalog").await? {
        for document in yaml::parse(&path, &String::from_utf8_lossy(&file.bytes)).unwrap_or_default() {
            let list = document.value.pointer("/spec/dependsOn").and_then(Value::as_array).into_iter().flatten();
            if list.filter_map(Value::as_str).any(|text| whole(text).as_ref() == Some(&wanted)) {
                found.push(Found { repo: repo.clone(), path: path.clone(), entity: document.value });
            }
        }
    }
    Ok(found)
}

fn map_of(found: Found) -> rhai::Dynamic {
    let mut map = rhai::Map::new();
    map.insert("repository".into(), found.repo.to_string().into());
    map.insert("path".into(), found.path.into());
    map.insert("entity".into(), crate::primitives::value::from_json(&found.entity));
    rhai::Dynamic::from_map(map)
}

/// The software catalog: what the `catalog-info.yaml` files of all repositories say, and entities for it.
#[export_module]
pub mod api {
    use rhai::{Array, Dynamic, Map, NativeCallContext};

    use crate::bridge::{RhaiResultOf, run_of, throw};
    use crate::primitives::manifest::Manifest;

    /// The catalog's entities of a kind and name, each a map with `repository`, `path` and `entity`.
    ///
    /// Errors: `idp::yaml::syntax`.
    ///
    /// ```rhai
    /// for found in catalog("Component", "orders-checkout") { print(found.repository); }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn catalog(ctx: NativeCallContext, kind: &str, name: &str) -> RhaiResultOf<Array> {
        let run = run_of(&ctx)?;
        let act = || run.wait(super::find(run.world()?, kind, name));
        let found = act().map_err(|error| throw(&ctx, error))?;
        Ok(found.into_iter().map(super::map_of).collect())
    }

    /// The catalog's entities of a kind, each a map with `repository`, `path` and `entity`.
    ///
    /// ```rhai
    /// for found in catalog("Group") { print(found.entity.metadata.name); }
    /// ```
    #[rhai_fn(name = "catalog", return_raw)]
    pub fn catalog_of(ctx: NativeCallContext, kind: &str) -> RhaiResultOf<Array> {
        let run = run_of(&ctx)?;
        let act = || run.wait(super::of_kind(run.world()?, kind));
        let found = act().map_err(|error| throw(&ctx, error))?;
        Ok(found.into_iter().map(super::map_of).collect())
    }

    /// The catalog's entities that depend on another one by `spec.dependsOn`, as maps like those of `catalog`.
    ///
    /// ```rhai
    /// for found in catalog_dependents("resource:aws-orders-dev-s3-pictures") { print(found.path); }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn catalog_dependents(ctx: NativeCallContext, reference: &str) -> RhaiResultOf<Array> {
        let run = run_of(&ctx)?;
        let act = || run.wait(super::dependents(run.world()?, reference));
        let found = act().map_err(|error| throw(&ctx, error))?;
        Ok(found.into_iter().map(super::map_of).collect())
    }

    /// An entity of the catalog as a manifest: its kind (`Domain`, `System`, `Component`, `API`, `Resource`, `Group`,
    /// `User`, `Location` or `Template`), its name, the fields of its `metadata`, and `spec`. What Backstage wouldn't
    /// take is an error that names the field.
    ///
    /// Errors: `idp::catalog::kind`, `idp::catalog::entity`.
    ///
    /// ```rhai
    /// let resource = entity("Resource", "orders-prod-invoices", #{
    ///     description: "Where invoices are kept",
    ///     links: [#{ url: "https://git.acme.example/acme/orders-gitops", title: "GitOps repository" }],
    ///     spec: #{ type: "s3", owner: "group:team-orders", system: "orders" },
    /// });
    /// print(tree().write("catalog/invoices.yaml", resource).read("catalog/invoices.yaml"));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn entity(ctx: NativeCallContext, kind: &str, name: &str, fields: Map) -> RhaiResultOf<Manifest> {
        super::build(kind, name, &fields).map_err(|error| throw(&ctx, error))
    }

    /// The reference of an entity, or of a text that names its kind, in full and in lowercase.
    ///
    /// Errors: `idp::catalog::reference`.
    ///
    /// ```rhai
    /// print(entity_ref(entity("User", "ann", #{ spec: #{ memberOf: [] } })));
    /// print(entity_ref("Group:team-orders"));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn entity_ref(ctx: NativeCallContext, of: Dynamic) -> RhaiResultOf<String> {
        super::reference(&of, None).map_err(|error| throw(&ctx, error))
    }

    /// The reference that a text stands for in a field whose references mean this kind where they name none.
    ///
    /// ```rhai
    /// print(entity_ref("team-orders", "Group"));
    /// ```
    #[rhai_fn(name = "entity_ref", return_raw)]
    pub fn entity_ref_of(ctx: NativeCallContext, text: Dynamic, kind: &str) -> RhaiResultOf<String> {
        super::reference(&text, Some(kind)).map_err(|error| throw(&ctx, error))
    }
}
