//! Clusters: objects read and applied by name.

use rhai::plugin::*;
use serde_json::{Value, json};

use super::options::{CallOptions, OptionSpec, Takes};
use crate::error::{Error, Result};
use crate::world::Door;
use crate::world::change::Change;
use crate::world::cluster::{MADE_BY, address, merged};

/// A cluster as scripts hold it.
#[derive(Debug, Clone)]
pub struct ClusterHandle {
    /// Its name in `idp.yaml`.
    pub name: String,
}

impl ClusterHandle {
    /// Brings about what the manifest gives of an object. Fields that it doesn't give stay.
    ///
    /// Errors: `idp::manifest::foreign` if another run made the object; `idp::manifest::unmarked` if no run did and
    /// `adopt` isn't given.
    pub async fn apply(&self, door: &Door, given: &Value, adopt: bool) -> Result<()> {
        let object = address(given)?;
        let before = door.world().cluster(&self.name)?.get(&object).await?;
        let hash = &door.run().hash;
        if let Some(now) = &before {
            match now.pointer("/metadata/annotations").and_then(|all| all.get(MADE_BY)).and_then(Value::as_str) {
                Some(owner) if owner == hash => {}
                Some(_) => {
                    return Err(Error::failed(
                        "idp::manifest::foreign",
                        format!("{object} in {} was made by another run", self.name),
                    )
                    .help("give this one another name"));
                }
                None if adopt => {}
                None => {
                    return Err(Error::failed(
                        "idp::manifest::unmarked",
                        format!("{object} in {} is there already, and no run made it", self.name),
                    )
                    .help("choose another name, or take it over with `adopt: true`"));
                }
            }
        }
        let mark = json!({ "metadata": { "annotations": { MADE_BY: hash } } });
        let after = merged(before.as_ref(), &merged(Some(given), &mark));
        let change = Change::ApplyManifest { cluster: self.name.clone(), object, before, after };
        if let Change::ApplyManifest { before: Some(before), after, .. } = &change
            && before == after
        {
            door.unchanged("manifest", &change.target());
            return Ok(());
        }
        door.pass(change).await.map(drop)
    }
}

/// The options of `cluster.apply(manifest, options)`.
pub const APPLY: CallOptions = CallOptions {
    function: "apply",
    on: "Cluster",
    arguments: 2,
    known: &[OptionSpec::new("adopt", Takes::Flag, "take over an object that no run made").otherwise("false")],
    open: false,
};

/// Clusters that idp.yaml declares: objects read and applied by name.
#[export_module]
pub mod api {
    use rhai::{Array, Dynamic, ImmutableString, Map, NativeCallContext};

    use crate::bridge::{RhaiResultOf, run_of, throw};
    use crate::primitives::manifest::Manifest;
    use crate::primitives::options::Options;
    use crate::world::change::ObjectId;

    /// A cluster that `idp.yaml` declares.
    pub type Cluster = super::ClusterHandle;

    /// The cluster of that name.
    ///
    /// Errors: `idp::world::unknown`.
    ///
    /// ```rhai
    /// print(cluster("cluster-dev").name);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn cluster(ctx: NativeCallContext, name: &str) -> RhaiResultOf<Cluster> {
        let run = run_of(&ctx)?;
        let act = || run.world()?.cluster(name).map(|_| Cluster { name: name.to_string() });
        act().map_err(|error| throw(&ctx, error))
    }

    /// The cluster's name.
    ///
    /// ```rhai
    /// print(cluster("cluster-dev").name);
    /// ```
    #[rhai_fn(global, get = "name", pure)]
    pub fn name(cluster: &mut Cluster) -> ImmutableString {
        cluster.name.as_str().into()
    }

    /// Applies a manifest: the fields that it gives are brought about, others stay.
    ///
    /// Errors: `idp::manifest::incomplete`, `idp::manifest::name`, `idp::manifest::foreign`,
    /// `idp::manifest::unmarked`, `idp::cluster::moved`, `idp::cluster::shared_file`, `idp::permission`.
    ///
    /// ```rhai
    /// cluster("cluster-dev").apply(manifest(#{
    ///     apiVersion: "v1", kind: "Namespace", metadata: #{ name: "payments-dev-api" },
    /// }));
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn apply(ctx: NativeCallContext, cluster: &mut Cluster, manifest: Manifest) -> RhaiResultOf<Cluster> {
        apply_with(ctx, cluster, manifest, Map::new())
    }

    /// Applies a manifest with options: `adopt: true` takes over an object that no run made.
    ///
    /// ```rhai
    /// let namespace = manifest(#{ apiVersion: "v1", kind: "Namespace", metadata: #{ name: "payments-dev-api" } });
    /// cluster("cluster-dev").apply(namespace, #{ adopt: true });
    /// ```
    #[rhai_fn(global, name = "apply", return_raw, pure)]
    pub fn apply_with(
        ctx: NativeCallContext,
        cluster: &mut Cluster,
        manifest: Manifest,
        options: Map,
    ) -> RhaiResultOf<Cluster> {
        let run = run_of(&ctx)?;
        let act = || {
            let adopt = Options::of(&super::APPLY, &options)?.flag("adopt")?.unwrap_or(false);
            run.pass(cluster.apply(run.door()?, manifest.value(), adopt))
        };
        act().map(|()| cluster.clone()).map_err(|error| throw(&ctx, error))
    }

    /// An object by apiVersion, kind, namespace (empty for objects of the whole cluster) and name; `()` if there is
    /// none.
    ///
    /// ```rhai
    /// let found = cluster("cluster-dev").get("v1", "Namespace", "", "payments-dev-api");
    /// print(found ?? "none");
    /// ```
    #[rhai_fn(global, name = "get", return_raw, pure)]
    pub fn get_object(
        ctx: NativeCallContext,
        cluster: &mut Cluster,
        api_version: &str,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> RhaiResultOf<Dynamic> {
        let run = run_of(&ctx)?;
        let object = ObjectId {
            api_version: api_version.into(),
            kind: kind.into(),
            namespace: Some(namespace.to_string()).filter(|namespace| !namespace.is_empty()),
            name: name.into(),
        };
        let act = || run.wait(run.world()?.cluster(&cluster.name)?.get(&object));
        let found = act().map_err(|error| throw(&ctx, error))?;
        Ok(found.map_or(Dynamic::UNIT, |value| Dynamic::from(Manifest::of(value))))
    }

    /// All objects of a kind, in a namespace (empty for all of them).
    ///
    /// ```rhai
    /// for namespace in cluster("cluster-dev").list("v1", "Namespace", "") { print(namespace.name); }
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn list(
        ctx: NativeCallContext,
        cluster: &mut Cluster,
        api_version: &str,
        kind: &str,
        namespace: &str,
    ) -> RhaiResultOf<Array> {
        let run = run_of(&ctx)?;
        let namespace = Some(namespace).filter(|namespace| !namespace.is_empty());
        let act = || run.wait(run.world()?.cluster(&cluster.name)?.list(api_version, kind, namespace));
        let found = act().map_err(|error| throw(&ctx, error))?;
        Ok(found.into_iter().map(|value| Dynamic::from(Manifest::of(value))).collect())
    }
}
