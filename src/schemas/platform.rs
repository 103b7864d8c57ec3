//! The kinds of the tools around Kubernetes, as far as golden paths write them: kinds/platform/*.yaml, a file a tool,
//! written from its documentation in the notation of `shorthand`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::shorthand;
use crate::embedded;
use crate::error::{Error, Place, Result};
use crate::formats::definitions::{Definition, Role, Version};
use crate::formats::yaml::{self, Document};

/// All of them.
///
/// # Errors
/// `idp::schema::definition` if one of the files isn't what it should be; a test sees that they are.
pub fn definitions() -> Result<Vec<Definition>> {
    let mut found = Vec::new();
    for file in embedded::under("kinds/platform") {
        let shown = format!("embedded:{}", file.path);
        for document in yaml::parse(&shown, &String::from_utf8_lossy(file.bytes))? {
            found.extend(read(&document)?);
        }
    }
    Ok(found)
}

/// A document: the kinds of one API group.
fn read(document: &Document) -> Result<Vec<Definition>> {
    let wrong = |what: &str| {
        Error::failed("idp::schema::definition", format!("{}: {what}", document.file()))
            .at(Place::file(document.file()))
    };
    let group = document.value["group"].as_str().ok_or_else(|| wrong("has no group"))?;
    let kinds = document.value["kinds"].as_object().ok_or_else(|| wrong("has no kinds"))?;
    kinds
        .iter()
        .map(|(kind, described)| definition(group, kind, described).map_err(|why| wrong(&format!("{kind}{why}"))))
        .collect()
}

fn definition(group: &str, kind: &str, described: &Value) -> Result<Definition, String> {
    let mut versions = Vec::new();
    for (name, written) in described["versions"].as_object().ok_or(" has no versions")? {
        let (deprecated, fields) = match written.get("deprecated") {
            Some(warning) => (warning.as_str().map(str::to_string), &written["fields"]),
            None => (None, written),
        };
        versions.push(Version {
            name: name.clone(),
            served: true,
            storage: versions.is_empty(),
            deprecated,
            schema: Arc::new(schema(fields)?),
            columns: Vec::new(),
            status: true,
        });
    }
    let lower = kind.to_ascii_lowercase();
    Ok(Definition {
        group: group.to_string(),
        kind: kind.to_string(),
        plural: described["plural"].as_str().map_or_else(|| format!("{lower}s"), str::to_string),
        singular: lower,
        list_kind: format!("{kind}List"),
        short_names: Vec::new(),
        categories: Vec::new(),
        namespaced: described["scope"].as_str() != Some("Cluster"),
        versions,
        role: Role::Partial,
        connection_keys: Vec::new(),
        annotations: Default::default(),
        place: None,
    })
}

/// What is written are the fields beside apiVersion, kind and metadata; the status is nobody's to write.
fn schema(fields: &Value) -> Result<Value, String> {
    let mut made = shorthand::expand(fields)?;
    if made["type"] != "object" {
        return Err(" must be a map of fields".into());
    }
    for key in ["apiVersion", "kind"] {
        made["properties"][key] = json!({ "type": "string" });
    }
    made["properties"]["metadata"] = json!({ "type": "object" });
    if made["properties"].get("status").is_none() {
        made["properties"]["status"] = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    }
    Ok(made)
}
