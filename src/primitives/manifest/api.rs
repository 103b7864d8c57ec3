//! What scripts see of manifests.

use rhai::plugin::*;
use rhai::{Array, Dynamic, NativeCallContext};

use super::path::Segment;
use super::{Manifest as View, data};
use crate::bridge::{RhaiResultOf, throw};
use crate::formats::yaml;

fn text(of: Option<&str>) -> Dynamic {
    of.unwrap_or_default().into()
}

fn path_to(ctx: &NativeCallContext, path: &str) -> RhaiResultOf<Vec<yaml::Step>> {
    yaml::parse_path(path).map_err(|error| throw(ctx, error))
}

fn segments(ctx: &NativeCallContext, path: &str) -> RhaiResultOf<Vec<Segment>> {
    Ok(path_to(ctx, path)?.iter().map(Segment::from).collect())
}

fn elements_of(ctx: &NativeCallContext, view: &View) -> RhaiResultOf<Array> {
    view.elements().map_err(|error| throw(ctx, error))
}

fn metadata(manifest: &View, field: &'static str) -> Dynamic {
    let metadata = manifest.child(Segment::Key("metadata".into()));
    Dynamic::from(metadata.child(Segment::Key(field.into())))
}

/// Manifests: one object of Kubernetes as data, read from YAML, looked into by field, changed by path, written as YAML.
#[export_module]
pub mod api {
    use rhai::{Array, Dynamic, FnPtr, ImmutableString, Map, NativeCallContext};

    use super::{data, elements_of, metadata, path_to, segments, text};
    use crate::bridge::{RhaiResultOf, throw};
    use crate::formats::yaml;
    use crate::primitives::manifest::{elements, pod};
    use crate::primitives::value;

    /// One object of Kubernetes, or a view of a part of it. Its fields are read as they are called: `m.spec.replicas`,
    /// `m["app.kubernetes.io/name"]`, `m.spec.ports[0]`. A map or a list is a view again, a text or a number is itself,
    /// and what isn't there is `()`; behind what may be missing write `?.`: `m.spec.strategy?.type`.
    pub type Manifest = crate::primitives::manifest::Manifest;

    /// The manifest of a map.
    ///
    /// Errors: `idp::script::data`, `idp::script::depth`, `idp::secret::data`.
    ///
    /// ```rhai
    /// let m = manifest(#{ apiVersion: "v1", kind: "Namespace", metadata: #{ name: "payments-dev-api" } });
    /// print(m.name);
    /// ```
    #[rhai_fn(name = "manifest", return_raw)]
    pub fn of_map(ctx: NativeCallContext, fields: Map) -> RhaiResultOf<Manifest> {
        let value = value::to_json(&Dynamic::from_map(fields)).map_err(|error| throw(&ctx, error))?;
        Ok(Manifest::of(value))
    }

    /// The manifest that a YAML text holds; the first, if there are several.
    ///
    /// Errors: `idp::manifest::empty`, `idp::yaml::syntax`, `idp::yaml::duplicate_key`.
    ///
    /// ```rhai
    /// print(manifest("apiVersion: v1\nkind: Namespace\nmetadata: {name: payments}\n").kind);
    /// ```
    #[rhai_fn(name = "manifest", return_raw)]
    pub fn of_text(ctx: NativeCallContext, text: &str) -> RhaiResultOf<Manifest> {
        Manifest::parse("manifest", text).map_err(|error| throw(&ctx, error))
    }

    /// `apiVersion`; empty if it has none.
    ///
    /// ```rhai
    /// print(manifest("apiVersion: v1\nkind: Namespace\nmetadata: {name: payments}\n").api_version);
    /// ```
    #[rhai_fn(global, get = "api_version", pure)]
    pub fn api_version(manifest: &mut Manifest) -> Dynamic {
        if manifest.is_object() { text(Some(manifest.api_version())) } else { manifest.field(&"apiVersion".into()) }
    }

    /// `kind`; empty if it has none. A pod template that a policy is shown is a `Pod`.
    ///
    /// ```rhai
    /// print(manifest("apiVersion: v1\nkind: Namespace\nmetadata: {name: payments}\n").kind);
    /// ```
    #[rhai_fn(global, get = "kind", pure)]
    pub fn kind(manifest: &mut Manifest) -> Dynamic {
        if manifest.is_object() { text(Some(manifest.kind())) } else { manifest.field(&"kind".into()) }
    }

    /// `metadata.name`; empty if it has none. Of a part of an object, its field `name`.
    ///
    /// ```rhai
    /// print(manifest("apiVersion: v1\nkind: Namespace\nmetadata: {name: payments}\n").name);
    /// ```
    #[rhai_fn(global, get = "name", pure)]
    pub fn name(manifest: &mut Manifest) -> Dynamic {
        if manifest.is_object() { text(manifest.of_metadata("name")) } else { manifest.field(&"name".into()) }
    }

    /// `metadata.namespace`; empty if it has none. Of a part of an object, its field `namespace`.
    ///
    /// ```rhai
    /// print(manifest("kind: Service\nmetadata: {name: api, namespace: payments-dev-api}\n").namespace);
    /// ```
    #[rhai_fn(global, get = "namespace", pure)]
    pub fn namespace(manifest: &mut Manifest) -> Dynamic {
        if manifest.is_object() { text(manifest.of_metadata("namespace")) } else { manifest.field(&"namespace".into()) }
    }

    /// `metadata.labels` as a view, empty if there are none. Of a part of an object, its field `labels`.
    ///
    /// ```rhai
    /// let m = manifest("kind: Service\nmetadata: {name: api, labels: {app: api}}\n");
    /// print(m.labels.keys());
    /// ```
    #[rhai_fn(global, get = "labels", pure)]
    pub fn labels(manifest: &mut Manifest) -> Dynamic {
        if manifest.is_object() { metadata(manifest, "labels") } else { manifest.field(&"labels".into()) }
    }

    /// `metadata.annotations` as a view, empty if there are none. Of a part of an object, its field `annotations`.
    ///
    /// ```rhai
    /// let m = manifest("kind: Service\nmetadata: {name: api, annotations: {a.b/c: d}}\n");
    /// print(m.annotations["a.b/c"]);
    /// ```
    #[rhai_fn(global, get = "annotations", pure)]
    pub fn annotations(manifest: &mut Manifest) -> Dynamic {
        if manifest.is_object() { metadata(manifest, "annotations") } else { manifest.field(&"annotations".into()) }
    }

    /// A label's value; `()` if it isn't there.
    ///
    /// ```rhai
    /// let m = manifest("kind: Service\nmetadata: {name: api, labels: {app: api}}\n");
    /// print(m.label("app") ?? "none");
    /// ```
    #[rhai_fn(global, pure)]
    pub fn label(manifest: &mut Manifest, key: &str) -> Dynamic {
        manifest.text_in("labels", key).map_or(Dynamic::UNIT, Into::into)
    }

    /// An annotation's value; `()` if it isn't there.
    ///
    /// ```rhai
    /// let m = manifest("kind: Service\nmetadata: {name: api, annotations: {note: hello}}\n");
    /// print(m.annotation("note") ?? "none");
    /// ```
    #[rhai_fn(global, pure)]
    pub fn annotation(manifest: &mut Manifest, key: &str) -> Dynamic {
        manifest.text_in("annotations", key).map_or(Dynamic::UNIT, Into::into)
    }

    /// A field, for keys that can't be written behind a dot.
    ///
    /// ```rhai
    /// let m = manifest("kind: Service\nmetadata: {labels: {app.kubernetes.io/name: api}}\n");
    /// print(m.labels["app.kubernetes.io/name"]);
    /// ```
    #[rhai_fn(global, index_get, pure)]
    pub fn field(manifest: &mut Manifest, key: ImmutableString) -> Dynamic {
        manifest.field(&key)
    }

    /// An element of a list, from 0; from its end for negative numbers; `()` if there is none.
    ///
    /// ```rhai
    /// let m = manifest("kind: Service\nspec: {ports: [{port: 80}, {port: 443}]}\n");
    /// print(m.spec.ports[-1].port);
    /// ```
    #[rhai_fn(global, index_get, pure)]
    pub fn element(manifest: &mut Manifest, index: i64) -> Dynamic {
        manifest.element(index)
    }

    /// How many fields or elements there are.
    ///
    /// ```rhai
    /// print(manifest("kind: Service\nspec: {ports: [{port: 80}, {port: 443}]}\n").spec.ports.len());
    /// ```
    #[rhai_fn(global, pure)]
    pub fn len(manifest: &mut Manifest) -> i64 {
        let value = manifest.value();
        let count = value.as_array().map(Vec::len).or_else(|| value.as_object().map(serde_json::Map::len));
        count.and_then(|count| i64::try_from(count).ok()).unwrap_or(0)
    }

    /// Whether there is no field and no element.
    ///
    /// ```rhai
    /// print(manifest("kind: Service\n").labels.is_empty());
    /// ```
    #[rhai_fn(global, pure)]
    pub fn is_empty(manifest: &mut Manifest) -> bool {
        len(manifest) == 0
    }

    /// The keys of a map.
    ///
    /// ```rhai
    /// print(manifest("kind: Service\nmetadata: {labels: {app: api}}\n").labels.keys());
    /// ```
    #[rhai_fn(global, pure)]
    pub fn keys(manifest: &mut Manifest) -> Array {
        let map = manifest.value().as_object();
        map.into_iter().flatten().map(|(key, _)| key.as_str().into()).collect()
    }

    /// The values of a map or the elements of a list, as a list that can be sorted and changed.
    ///
    /// ```rhai
    /// print(manifest("kind: Service\nmetadata: {labels: {app: api}}\n").labels.values());
    /// ```
    #[rhai_fn(global, pure)]
    pub fn values(manifest: &mut Manifest) -> Array {
        match manifest.value().as_object() {
            Some(map) => map.keys().map(|key| manifest.field(&key.as_str().into())).collect(),
            None => manifest.elements().unwrap_or_default(),
        }
    }

    /// Whether there is something at a path.
    ///
    /// Errors: `idp::yaml::path`.
    ///
    /// ```rhai
    /// print(manifest("kind: Service\nspec: {selector: {app: api}}\n").has("spec.selector.app"));
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn has(ctx: NativeCallContext, manifest: &mut Manifest, path: &str) -> RhaiResultOf<bool> {
        Ok(manifest.get(&path_to(&ctx, path)?).is_some_and(|value| !value.is_null()))
    }

    /// Whether a list holds a value, or a map a key; what `in` asks.
    ///
    /// ```rhai
    /// let m = manifest("kind: Role\nrules: [{verbs: [get, list]}]\n");
    /// print("get" in m.rules[0].verbs);
    /// ```
    #[rhai_fn(global, pure)]
    pub fn contains(manifest: &mut Manifest, item: Dynamic) -> bool {
        match (manifest.value(), value::to_json(&item)) {
            (serde_json::Value::Array(list), Ok(item)) => list.contains(&item),
            (serde_json::Value::Object(map), Ok(item)) => item.as_str().is_some_and(|key| map.contains_key(key)),
            _ => false,
        }
    }

    /// The elements of a list for which a function says true.
    ///
    /// Errors: `idp::manifest::list`.
    ///
    /// ```rhai
    /// let m = manifest("kind: Service\nspec: {ports: [{port: 80}, {port: 443}]}\n");
    /// print(m.spec.ports.filter(|p| p.port > 100).len());
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn filter(ctx: NativeCallContext, manifest: &mut Manifest, holds: FnPtr) -> RhaiResultOf<Array> {
        elements::those(&ctx, elements_of(&ctx, manifest)?, &holds)
    }

    /// What a function makes of each element of a list.
    ///
    /// Errors: `idp::manifest::list`.
    ///
    /// ```rhai
    /// let m = manifest("kind: Service\nspec: {ports: [{port: 80}, {port: 443}]}\n");
    /// print(m.spec.ports.map(|p| p.port));
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn map(ctx: NativeCallContext, manifest: &mut Manifest, to: FnPtr) -> RhaiResultOf<Array> {
        elements_of(&ctx, manifest)?.into_iter().map(|item| to.call_within_context(&ctx, (item,))).collect()
    }

    /// Whether a function says true of an element of a list.
    ///
    /// Errors: `idp::manifest::list`.
    ///
    /// ```rhai
    /// let m = manifest("kind: Service\nspec: {ports: [{port: 80}, {port: 443}]}\n");
    /// print(m.spec.ports.some(|p| p.port == 443));
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn some(ctx: NativeCallContext, manifest: &mut Manifest, holds: FnPtr) -> RhaiResultOf<bool> {
        Ok(elements::first(&ctx, &elements_of(&ctx, manifest)?, &holds, true)?.is_some())
    }

    /// Whether a function says true of every element of a list.
    ///
    /// Errors: `idp::manifest::list`.
    ///
    /// ```rhai
    /// let m = manifest("kind: Service\nspec: {ports: [{port: 80}, {port: 443}]}\n");
    /// print(m.spec.ports.all(|p| p.port < 1024));
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn all(ctx: NativeCallContext, manifest: &mut Manifest, holds: FnPtr) -> RhaiResultOf<bool> {
        Ok(elements::first(&ctx, &elements_of(&ctx, manifest)?, &holds, false)?.is_none())
    }

    /// The first element of a list for which a function says true; `()` if there is none.
    ///
    /// Errors: `idp::manifest::list`.
    ///
    /// ```rhai
    /// let m = manifest("kind: Service\nspec: {ports: [{port: 80}, {port: 443}]}\n");
    /// print(m.spec.ports.find(|p| p.port > 100).port);
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn find(ctx: NativeCallContext, manifest: &mut Manifest, holds: FnPtr) -> RhaiResultOf<Dynamic> {
        let mut list = elements_of(&ctx, manifest)?;
        let found = elements::first(&ctx, &list, &holds, true)?;
        Ok(found.map_or(Dynamic::UNIT, |at| list.swap_remove(at)))
    }

    /// A value by its path, as data of its own; `()` if there is none.
    ///
    /// Errors: `idp::yaml::path`.
    ///
    /// ```rhai
    /// let m = manifest(#{ kind: "Deployment", spec: #{ replicas: 2 } });
    /// print(m.get("spec.replicas") ?? 1);
    /// ```
    #[rhai_fn(global, name = "get", return_raw, pure)]
    pub fn get_value(ctx: NativeCallContext, manifest: &mut Manifest, path: &str) -> RhaiResultOf<Dynamic> {
        Ok(manifest.get(&path_to(&ctx, path)?).map_or(Dynamic::UNIT, data))
    }

    /// The place at a path, whether there is something or not: what `deny` and its like point at.
    ///
    /// Errors: `idp::yaml::path`, `idp::manifest::path`.
    ///
    /// ```rhai
    /// let m = manifest("kind: Deployment\nspec: {replicas: 1}\n");
    /// print(m.at("spec.replicas").path());
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn at(ctx: NativeCallContext, manifest: &mut Manifest, path: &str) -> RhaiResultOf<Manifest> {
        manifest.at(path).map_err(|error| throw(&ctx, error))
    }

    /// The path of a view from its object, such as `spec.template.spec.containers[0]`.
    ///
    /// ```rhai
    /// print(manifest("kind: Pod\nspec: {containers: [{name: a}]}\n").spec.containers[0].path());
    /// ```
    #[rhai_fn(global, pure)]
    pub fn path(manifest: &mut Manifest) -> ImmutableString {
        yaml::Path(&manifest.path()).to_string().into()
    }

    /// The object that a view is a part of: of a pod template that a policy is shown, the object that a person wrote.
    ///
    /// ```rhai
    /// print(manifest("kind: Deployment\nspec: {replicas: 1}\n").spec.whole().kind);
    /// ```
    #[rhai_fn(global, pure)]
    pub fn whole(manifest: &mut Manifest) -> Manifest {
        manifest.whole()
    }

    /// The object as a pod: itself, or the pod template of a controller; `()` if it has none.
    ///
    /// ```rhai
    /// let m = manifest("apiVersion: apps/v1\nkind: Deployment\nspec: {template: {spec: {hostNetwork: true}}}\n");
    /// print(m.pod()?.spec.hostNetwork);
    /// ```
    #[rhai_fn(global, pure)]
    pub fn pod(manifest: &mut Manifest) -> Dynamic {
        manifest.pod().map_or(Dynamic::UNIT, Dynamic::from)
    }

    /// The containers of a pod, or of the pod template of a controller: first those that initialise, then the others,
    /// then ephemeral ones.
    ///
    /// ```rhai
    /// let m = manifest("apiVersion: v1\nkind: Pod\nspec: {containers: [{name: api, image: api:1}]}\n");
    /// for c in m.containers() { print(c.name); }
    /// ```
    #[rhai_fn(global, pure)]
    pub fn containers(manifest: &mut Manifest) -> Array {
        manifest.containers().into_iter().map(Dynamic::from).collect()
    }

    /// The containers of one role: `main`, `init`, `sidecar` or `ephemeral`.
    ///
    /// Errors: `idp::script::arguments`.
    ///
    /// ```rhai
    /// let m = manifest("apiVersion: v1\nkind: Pod\nspec: {containers: [{name: api, image: api:1}]}\n");
    /// print(m.containers("main").len());
    /// ```
    #[rhai_fn(global, name = "containers", return_raw, pure)]
    pub fn containers_of(ctx: NativeCallContext, manifest: &mut Manifest, role: &str) -> RhaiResultOf<Array> {
        if !pod::ROLES.contains(&role) {
            return Err(throw(&ctx, pod::unknown_role(role)));
        }
        let all = manifest.containers().into_iter();
        Ok(all.filter(|container| container.role() == Some(role)).map(Dynamic::from).collect())
    }

    /// What a container is: `main`, `init`, `sidecar` (it initialises, and stays) or `ephemeral`; `()` of anything else.
    ///
    /// ```rhai
    /// let m = manifest("apiVersion: v1\nkind: Pod\nspec: {containers: [{name: api, image: api:1}]}\n");
    /// print(m.containers()[0].role());
    /// ```
    #[rhai_fn(global, pure)]
    pub fn role(manifest: &mut Manifest) -> Dynamic {
        manifest.role().map_or(Dynamic::UNIT, Dynamic::from)
    }

    /// A field of a container's security context as it takes effect: what the container says, or else what its pod does
    /// where that counts for containers. Of a pod, what it says itself.
    ///
    /// Errors: `idp::yaml::path`.
    ///
    /// ```rhai
    /// let m = manifest("apiVersion: v1\nkind: Pod\nspec: {securityContext: {runAsNonRoot: true}, containers: [{name: a}]}\n");
    /// print(m.containers()[0].security("runAsNonRoot"));
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn security(ctx: NativeCallContext, manifest: &mut Manifest, field: &str) -> RhaiResultOf<Dynamic> {
        Ok(manifest.security(&segments(&ctx, field)?))
    }

    /// Where that is said, or where it should be.
    ///
    /// Errors: `idp::yaml::path`.
    ///
    /// ```rhai
    /// let m = manifest("apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a}]}\n");
    /// print(m.containers()[0].security_at("runAsNonRoot").path());
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn security_at(ctx: NativeCallContext, manifest: &mut Manifest, field: &str) -> RhaiResultOf<Manifest> {
        Ok(manifest.security_at(&segments(&ctx, field)?))
    }

    /// The manifest with a value set; maps on the way are made. The place is a path, or a view of the same object.
    ///
    /// Errors: `idp::manifest::path`, `idp::yaml::path`.
    ///
    /// ```rhai
    /// let m = manifest(#{ kind: "Deployment" }).set("spec.replicas", 3);
    /// print(m.get("spec.replicas"));
    /// ```
    #[rhai_fn(global, name = "set", return_raw, pure)]
    pub fn set_value(
        ctx: NativeCallContext,
        manifest: &mut Manifest,
        place: Dynamic,
        to: Dynamic,
    ) -> RhaiResultOf<Manifest> {
        let act = || manifest.set_at(&manifest.place_of(&place)?, value::to_json(&to)?);
        act().map_err(|error| throw(&ctx, error))
    }

    /// The manifest without what is at a place; as it is if nothing is there.
    ///
    /// Errors: `idp::manifest::path`, `idp::yaml::path`.
    ///
    /// ```rhai
    /// let m = manifest("kind: Pod\nspec: {hostNetwork: true}\n").remove("spec.hostNetwork");
    /// print(m.has("spec.hostNetwork"));
    /// ```
    #[rhai_fn(global, name = "remove", return_raw, pure)]
    pub fn remove_value(ctx: NativeCallContext, manifest: &mut Manifest, place: Dynamic) -> RhaiResultOf<Manifest> {
        let act = || manifest.remove_at(&manifest.place_of(&place)?);
        act().map_err(|error| throw(&ctx, error))
    }

    /// The manifest as YAML.
    ///
    /// ```rhai
    /// print(manifest(#{ kind: "Namespace" }).to_yaml());
    /// ```
    #[rhai_fn(global, name = "to_yaml", name = "to_string", name = "to_debug", pure)]
    pub fn to_yaml(manifest: &mut Manifest) -> ImmutableString {
        yaml::render(manifest.value()).into()
    }

    /// Whether two manifests, or parts of some, say the same.
    ///
    /// ```rhai
    /// print(manifest(#{ kind: "Namespace" }) == manifest("kind: Namespace\n"));
    /// ```
    #[rhai_fn(global, name = "==", pure)]
    pub fn equals(manifest: &mut Manifest, other: Manifest) -> bool {
        *manifest == other
    }

    /// Whether two manifests, or parts of some, differ.
    ///
    /// ```rhai
    /// print(manifest(#{ kind: "Namespace" }) != manifest("kind: Service\n"));
    /// ```
    #[rhai_fn(global, name = "!=", pure)]
    pub fn differs(manifest: &mut Manifest, other: Manifest) -> bool {
        *manifest != other
    }
}
