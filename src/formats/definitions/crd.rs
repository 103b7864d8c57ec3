//! CustomResourceDefinitions, as apiextensions-apiserver reads and checks them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::field::{Field, Result};
use super::{Definition, Role, Version, names};
use crate::formats::schema::Violation;

/// Reads a CRD.
pub fn read(value: &Value, api: &str) -> Result<Vec<Definition>> {
    let root = Field::root(value);
    if api != "v1" {
        return Err(removed(&root, api));
    }
    let spec = root.need("spec")?;
    let group = names::group(&spec)?;
    let called = names::read(&spec.need("names")?)?;
    names::check_title(&root, &called.plural, &group)?;
    spec.need("scope")?;
    let scope = spec.choice("scope", &["Cluster", "Namespaced"])?;
    let list = spec.need("versions")?;
    let mut versions = Vec::new();
    for version in list.elements()? {
        let schema = version.need("schema")?.need("openAPIV3Schema")?;
        check_schema(&schema)?;
        let name = names::label(&version, "name", str::to_owned)?;
        version.need("served")?;
        version.need("storage")?;
        versions.push(Version {
            served: version.flag("served")?,
            storage: version.flag("storage")?,
            deprecated: deprecation(&version, &group, &name, &called.kind)?,
            schema: Arc::new(schema.value().clone()),
            columns: columns(&version)?,
            status: version.get("subresources").is_some_and(|field| field.get("status").is_some()),
            name,
        });
    }
    check_versions(&list, "storage")?;
    Ok(vec![Definition {
        group,
        kind: called.kind,
        plural: called.plural,
        singular: called.singular,
        list_kind: called.list_kind,
        short_names: called.short_names,
        categories: called.categories,
        namespaced: scope == Some("Namespaced"),
        versions,
        role: Role::Custom,
        connection_keys: Vec::new(),
        annotations: annotations(&root),
        place: None,
    }])
}

fn removed(root: &Field<'_>, api: &str) -> Box<Violation> {
    let (what, help) = match api {
        "v1beta1" => (
            "apiextensions.k8s.io/v1beta1 was removed in Kubernetes 1.22".to_string(),
            "write it as apiextensions.k8s.io/v1, with a schema for each version",
        ),
        _ => (format!("there is no apiextensions.k8s.io/{api}"), "use apiextensions.k8s.io/v1"),
    };
    Box::new(Violation { help: Some(help.into()), ..*root.error(&what) })
}

/// What the API server tells those who use a version that is deprecated.
pub fn deprecation(version: &Field<'_>, group: &str, name: &str, kind: &str) -> Result<Option<String>> {
    if !version.flag("deprecated")? {
        return Ok(None);
    }
    version.text_or("deprecationWarning", || format!("{group}/{name} {kind} is deprecated")).map(Some)
}

/// `additionalPrinterColumns`, as they are.
pub fn columns(version: &Field<'_>) -> Result<Vec<Value>> {
    let Some(field) = version.get("additionalPrinterColumns") else { return Ok(Vec::new()) };
    field.elements().map(|items| items.iter().map(|item| item.value().clone()).collect())
}

/// The root of a schema is an object; what is inside is for the one who compiles it.
pub fn check_schema(schema: &Field<'_>) -> Result<()> {
    schema.object()?;
    schema.need("type")?;
    schema.choice("type", &["object"]).map(drop)
}

fn name<'d>(version: &Field<'d>) -> Option<&'d str> {
    version.get("name")?.value().as_str()
}

/// Versions have names of their own, and one of them is stored.
pub fn check_versions(list: &Field<'_>, stored: &str) -> Result<()> {
    let elements = list.elements()?;
    for (at, version) in elements.iter().enumerate() {
        let Some(own) = name(version) else { continue };
        if elements[..at].iter().any(|other| name(other) == Some(own)) {
            return Err(version.need("name")?.error(&format!("Duplicate value: \"{own}\"")));
        }
    }
    // Of a version that doesn't say, that is told.
    let said: Vec<bool> =
        elements.iter().filter_map(|version| version.get(stored).and_then(|flag| flag.value().as_bool())).collect();
    match said.iter().filter(|stored| **stored).count() {
        1 => Ok(()),
        _ if said.len() < elements.len() => Ok(()),
        0 => Err(list.error(&format!("must have exactly one version with {stored}: true, it has none"))),
        several => Err(list.error(&format!("must have exactly one version with {stored}: true, it has {several}"))),
    }
}

/// `metadata.annotations`.
pub fn annotations(root: &Field<'_>) -> BTreeMap<String, String> {
    let found = root.get("metadata").and_then(|metadata| metadata.get("annotations"));
    let entries = found.iter().filter_map(|field| field.value().as_object()).flatten();
    entries.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}
