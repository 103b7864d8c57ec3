//! An entity built from what a script says of it, in the order in which people write entities.

use rhai::{Dynamic, Map as RhaiMap};
use serde_json::{Map, Value};

use crate::error::{Error, Result, nearest};
use crate::formats::catalog::{self, Violation};
use crate::primitives::manifest::Manifest;
use crate::primitives::options::{CallOptions, OptionSpec, Options, Takes};
use crate::primitives::value;

const fn option(key: &'static str, takes: Takes, about: &'static str) -> OptionSpec {
    OptionSpec { key, takes, default: "", about }
}

/// The options of `entity`: the fields of `metadata`, and `spec`.
pub const ENTITY: CallOptions = CallOptions {
    function: "entity",
    on: "",
    arguments: 3,
    known: &[
        OptionSpec { default: "default", ..option("namespace", Takes::Text, "namespace of the catalog") },
        option("title", Takes::Text, "name for people"),
        option("description", Takes::Text, "what it is, one sentence"),
        option("labels", Takes::TextMap, "labels, for queries"),
        option("annotations", Takes::TextMap, "annotations, for plugins"),
        option("tags", Takes::Texts, "tags, in lowercase"),
        option("links", Takes::Maps, "links, each with `url`, and `title`, `icon` or `type`"),
        option("spec", Takes::Map, "what the kind asks for: `type`, `owner`, `system` ..."),
    ],
    open: false,
};

/// The entity of a kind and name, or the error that names the first field that Backstage wouldn't take.
pub fn build(kind: &str, name: &str, fields: &RhaiMap) -> Result<Manifest> {
    Options::of(&ENTITY, fields)?;
    let Some(known) = catalog::named(kind) else {
        let names = || catalog::all().iter().map(|kind| kind.name);
        let near = names().find(|name| name.eq_ignore_ascii_case(kind)).or_else(|| nearest(kind, names()));
        let help = match near {
            Some(near) => format!("did you mean {near}?"),
            None => format!("the kinds are {}", names().collect::<Vec<_>>().join(", ")),
        };
        return Err(Error::invalid("idp::catalog::kind", format!("`{kind}` is no kind of the catalog")).help(help));
    };
    let given = |key: &str| fields.get(key).filter(|value| !value.is_unit());
    let mut metadata = Map::new();
    metadata.insert("name".into(), name.into());
    for field in ENTITY.known.iter().map(|option| option.key).filter(|key| *key != "spec") {
        if let Some(value) = given(field) {
            metadata.insert(field.into(), value::to_json(value)?);
        }
    }
    let spec = given("spec").map(value::to_json).transpose()?.unwrap_or_else(|| Value::Object(Map::new()));
    let entity = Value::Object(Map::from_iter([
        ("apiVersion".to_string(), known.api_versions[0].into()),
        ("kind".to_string(), known.name.into()),
        ("metadata".to_string(), Value::Object(metadata)),
        ("spec".to_string(), ordered(spec, known)),
    ]));
    match catalog::check(&entity).first() {
        Some(violation) => Err(refused(&entity, violation)),
        None => Ok(Manifest::of(entity)),
    }
}

/// The fields that the kind knows first, in its order; what a script leaves empty is left out.
fn ordered(spec: Value, kind: &catalog::Kind) -> Value {
    let Value::Object(mut given) = spec else { return spec };
    given.retain(|_, value| !value.is_null());
    let mut fields = Map::new();
    for field in kind.fields() {
        if let Some(value) = given.shift_remove(field) {
            fields.insert(field.into(), value);
        }
    }
    fields.extend(given);
    Value::Object(fields)
}

fn refused(entity: &Value, violation: &Violation) -> Error {
    let message = format!("{}: {} {}", catalog::called(entity), violation.path(), violation.what);
    Error::invalid("idp::catalog::entity", message).help(violation.help.clone())
}

/// A reference in full, `kind:namespace/name`: of an entity, or of a text and the kind that it means where it names none.
pub fn reference(of: &Dynamic, kind: Option<&str>) -> Result<String> {
    let wrong = |what: String| {
        Error::invalid("idp::catalog::reference", format!("the reference {what}"))
            .help("write it as [kind:][namespace/]name, such as group:team-payments")
    };
    if let Some(manifest) = of.read_lock::<Manifest>() {
        let text = |pointer: &str| manifest.value().pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let namespace = Some(text("/metadata/namespace")).filter(|namespace| !namespace.is_empty());
        let namespace = namespace.unwrap_or(catalog::DEFAULT_NAMESPACE);
        let (kind, name) = (text("/kind"), text("/metadata/name"));
        if kind.is_empty() || name.is_empty() {
            return Err(wrong("needs a manifest with kind and metadata.name".into()));
        }
        return Ok(format!("{kind}:{namespace}/{name}").to_lowercase());
    }
    let Ok(text) = of.as_immutable_string_ref() else {
        return Err(wrong(format!("must be of a text or an entity, and it is of {}", value::type_of(of))));
    };
    catalog::EntityRef::parse(&text, kind, catalog::DEFAULT_NAMESPACE).map(|found| found.to_string()).map_err(wrong)
}
