//! What manifests name, in scripts.

use rhai::plugin::*;

/// What objects of Kubernetes name: the ConfigMaps and Secrets of pods, the Services of routes, the roles of bindings.
#[export_module]
pub mod api {
    use rhai::{Array, Dynamic, Map, NativeCallContext};

    use crate::bridge::{RhaiResultOf, throw};
    use crate::formats::references;
    use crate::formats::yaml;
    use crate::primitives::manifest::Manifest;

    /// What an object names, a pod template what its pods do: a list of `#{ kind, api_group, name, namespace, optional, at }`.
    /// `namespace` is `()` for what is in none, `at` the place of the name. Of parts of objects nothing is known.
    ///
    /// ```rhai
    /// let m = manifest("apiVersion: v1\nkind: Pod\nspec: {serviceAccountName: api}\n");
    /// for r in m.references() { print(`${r.kind} ${r.name} at ${r.at.path()}`); }
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn references(ctx: NativeCallContext, manifest: &mut Manifest) -> RhaiResultOf<Array> {
        let found = match (manifest.is_object(), manifest.is_template()) {
            (_, true) => references::of_pod(manifest.value(), manifest.of_metadata("namespace").unwrap_or_default()),
            (true, _) => references::of(manifest.value()),
            (false, _) => Vec::new(),
        };
        let one = |reference: references::Reference| {
            let mut map = Map::new();
            map.insert("kind".into(), reference.kind.into());
            map.insert("api_group".into(), reference.group.into());
            map.insert("name".into(), reference.name.into());
            map.insert("namespace".into(), reference.namespace.map_or(Dynamic::UNIT, Into::into));
            map.insert("optional".into(), reference.optional.into());
            map.insert("at".into(), Dynamic::from(manifest.at(&yaml::Path(&reference.path).to_string())?));
            Ok(Dynamic::from_map(map))
        };
        let list: crate::error::Result<Array> = found.into_iter().map(one).collect();
        list.map_err(|error| throw(&ctx, error))
    }
}
