//! A manifest: one object of Kubernetes as data. A reference-counted view: cloning is cheap, setting makes a new one.

use std::sync::Arc;

use rhai::plugin::*;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::formats::yaml::{self, Step};

/// One object.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest(Arc<Value>);

impl Manifest {
    /// The object of a JSON value.
    pub fn of(value: Value) -> Manifest {
        Manifest(Arc::new(value))
    }

    /// The first document of a text. `file` names it in errors.
    pub fn parse(file: &str, text: &str) -> Result<Manifest> {
        match yaml::parse(file, text)?.into_iter().next() {
            Some(document) => Ok(Manifest::of(document.value)),
            None => Err(Error::failed("idp::manifest::empty", format!("{file} holds no document"))),
        }
    }

    /// The object.
    pub fn value(&self) -> &Value {
        &self.0
    }

    /// A value by its path.
    pub fn get(&self, path: &[Step]) -> Option<&Value> {
        yaml::get(&self.0, path)
    }

    /// The same with a value set; maps on the way are made.
    pub fn set(&self, path: &[Step], value: Value) -> Result<Manifest> {
        let mut object = (*self.0).clone();
        let mut at = &mut object;
        for step in path {
            at = match (step, at) {
                (Step::Key(key), Value::Object(map)) => map.entry(key.clone()).or_insert(Value::Null),
                (Step::Key(key), at) if at.is_null() => {
                    *at = Value::Object(serde_json::Map::new());
                    let Value::Object(map) = at else { return Err(no_place(path)) };
                    map.entry(key.clone()).or_insert(Value::Null)
                }
                (Step::Index(index), Value::Array(list)) => list.get_mut(*index).ok_or_else(|| no_place(path))?,
                _ => return Err(no_place(path)),
            };
        }
        *at = value;
        Ok(Manifest::of(object))
    }
}

fn no_place(path: &[Step]) -> Error {
    let shown = yaml::Path(path);
    Error::failed("idp::manifest::path", format!("the manifest has no place for {shown}"))
}

fn text_at(manifest: &Manifest, pointer: &str) -> rhai::ImmutableString {
    manifest.value().pointer(pointer).and_then(Value::as_str).unwrap_or_default().into()
}

/// Manifests: one object of Kubernetes as data, read from YAML, changed by path, written as YAML.
#[export_module]
pub mod api {
    use rhai::{Dynamic, ImmutableString, Map, NativeCallContext};

    use crate::bridge::{RhaiResultOf, throw};
    use crate::formats::yaml;
    use crate::primitives::value;

    /// One object of Kubernetes. `get` and `set` take paths such as `spec.template.spec.containers[0].image`.
    pub type Manifest = super::Manifest;

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
    pub fn api_version(manifest: &mut Manifest) -> ImmutableString {
        super::text_at(manifest, "/apiVersion")
    }

    /// `kind`; empty if it has none.
    ///
    /// ```rhai
    /// print(manifest("apiVersion: v1\nkind: Namespace\nmetadata: {name: payments}\n").kind);
    /// ```
    #[rhai_fn(global, get = "kind", pure)]
    pub fn kind(manifest: &mut Manifest) -> ImmutableString {
        super::text_at(manifest, "/kind")
    }

    /// `metadata.name`; empty if it has none.
    ///
    /// ```rhai
    /// print(manifest("apiVersion: v1\nkind: Namespace\nmetadata: {name: payments}\n").name);
    /// ```
    #[rhai_fn(global, get = "name", pure)]
    pub fn name(manifest: &mut Manifest) -> ImmutableString {
        super::text_at(manifest, "/metadata/name")
    }

    /// `metadata.namespace`; empty if it has none.
    ///
    /// ```rhai
    /// print(manifest("kind: Service\nmetadata: {name: api, namespace: payments-dev-api}\n").namespace);
    /// ```
    #[rhai_fn(global, get = "namespace", pure)]
    pub fn namespace(manifest: &mut Manifest) -> ImmutableString {
        super::text_at(manifest, "/metadata/namespace")
    }

    /// A value by its path; `()` if there is none.
    ///
    /// Errors: `idp::yaml::path`.
    ///
    /// ```rhai
    /// let m = manifest(#{ kind: "Deployment", spec: #{ replicas: 2 } });
    /// print(m.get("spec.replicas") ?? 1);
    /// ```
    #[rhai_fn(global, name = "get", return_raw, pure)]
    pub fn get_value(ctx: NativeCallContext, manifest: &mut Manifest, path: &str) -> RhaiResultOf<Dynamic> {
        let path = yaml::parse_path(path).map_err(|error| throw(&ctx, error))?;
        Ok(manifest.get(&path).map_or(Dynamic::UNIT, value::from_json))
    }

    /// The manifest with a value set; maps on the way are made.
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
        path: &str,
        to: Dynamic,
    ) -> RhaiResultOf<Manifest> {
        let act = || manifest.set(&yaml::parse_path(path)?, value::to_json(&to)?);
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
}
