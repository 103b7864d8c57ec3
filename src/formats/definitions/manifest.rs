//! A definition as the CustomResourceDefinition that a cluster has of it.

use serde_json::{Map, Value, json};

use super::{Definition, Version};

/// The manifest, ready to be applied.
pub fn of(definition: &Definition) -> Value {
    let mut names = json!({
        "kind": definition.kind,
        "plural": definition.plural,
        "singular": definition.singular,
        "listKind": definition.list_kind,
    });
    for (key, list) in [("shortNames", &definition.short_names), ("categories", &definition.categories)] {
        if !list.is_empty() {
            names[key] = json!(list);
        }
    }
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("{}.{}", definition.plural, definition.group) },
        "spec": {
            "group": definition.group,
            "names": names,
            "scope": if definition.namespaced { "Namespaced" } else { "Cluster" },
            "versions": definition.versions.iter().map(version).collect::<Vec<_>>(),
        },
    })
}

fn version(version: &Version) -> Value {
    let mut made = Map::new();
    made.insert("name".into(), json!(version.name));
    made.insert("served".into(), json!(version.served));
    made.insert("storage".into(), json!(version.storage));
    if let Some(warning) = &version.deprecated {
        made.insert("deprecated".into(), json!(true));
        made.insert("deprecationWarning".into(), json!(warning));
    }
    made.insert("schema".into(), json!({ "openAPIV3Schema": *version.schema }));
    if version.status {
        made.insert("subresources".into(), json!({ "status": {} }));
    }
    if !version.columns.is_empty() {
        made.insert("additionalPrinterColumns".into(), json!(version.columns));
    }
    made.into()
}
