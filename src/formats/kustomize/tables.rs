//! Which fields hold names, namespaces, labels, images, replicas: kustomize's own tables (`fields.txt`, api 0.21), and what
//! `configurations` add to them.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::fields::{FieldSpec, add};
use super::resource::Gvk;

/// Tables by the names that `configurations` have for them. Lines: path, group, version, kind, `create`; `-` is open.
const FIELDS: &str = include_str!("fields.txt");

/// The fields that refer to objects of a kind by their names.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct References {
    /// The kind of the objects.
    pub(super) to: Gvk,
    /// The fields, each with the kind that it is in.
    pub(super) from: Vec<FieldSpec>,
}

/// All tables.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Tables {
    lists: HashMap<String, Vec<FieldSpec>>,
    pub(super) references: Vec<References>,
}

/// The tables of fields that a configuration may add to.
const LISTS: [&str; 10] = [
    "namePrefix",
    "nameSuffix",
    "namespace",
    "commonLabels",
    "labels",
    "templateLabels",
    "volumeClaimTemplateLabels",
    "commonAnnotations",
    "images",
    "replicas",
];

impl Tables {
    /// Those that are built in.
    pub(super) fn built_in() -> Arc<Tables> {
        static BUILT_IN: OnceLock<Arc<Tables>> = OnceLock::new();
        BUILT_IN.get_or_init(|| Arc::new(Tables::read(FIELDS))).clone()
    }

    /// The fields of a table.
    pub(super) fn list(&self, name: &str) -> &[FieldSpec] {
        self.lists.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    fn read(table: &str) -> Tables {
        let mut all = Tables::default();
        let mut list = "";
        for line in table.lines() {
            let words: Vec<&str> = line.split(' ').map(|word| if word == "-" { "" } else { word }).collect();
            let gvk = |at: usize| {
                let word = |at: usize| words.get(at).map(ToString::to_string).unwrap_or_default();
                Gvk { group: word(at), version: word(at + 1), kind: word(at + 2) }
            };
            match words.as_slice() {
                ["#", "nameReference", ..] => {
                    all.references.push(References { to: gvk(2), from: Vec::new() });
                    list = "";
                }
                ["#", name] => list = name,
                [path, ..] => {
                    let spec = FieldSpec::new(gvk(1), path, words.last() == Some(&"create"));
                    match all.references.last_mut().filter(|_| list.is_empty()) {
                        Some(references) => references.from.push(spec),
                        None => all.lists.entry(list.to_string()).or_default().push(spec),
                    }
                }
                [] => {}
            }
        }
        all
    }

    /// Reads a file that `configurations` name.
    ///
    /// # Errors
    /// What isn't a table, in words.
    pub(super) fn of_configuration(document: &Value) -> Result<Tables, String> {
        let map = document.as_object().ok_or("a configuration is a map of tables")?;
        let mut all = Tables::default();
        for (name, value) in map {
            match name.as_str() {
                "apiVersion" | "kind" | "metadata" => {}
                "nameReference" => {
                    for entry in value.as_array().into_iter().flatten() {
                        let from = specs(&entry["fieldSpecs"]).map_err(|why| format!("{name}: {why}"))?;
                        all.references.push(References { to: gvk(entry), from });
                    }
                }
                "varReference" => return Err("varReference belongs to `vars`, which aren't supported".into()),
                name if LISTS.contains(&name) => {
                    let list = specs(value).map_err(|why| format!("{name}: {why}"))?;
                    all.lists.insert(name.to_string(), list);
                }
                other => return Err(format!("there is no table {other}; there are {}", LISTS.join(", "))),
            }
        }
        Ok(all)
    }

    /// Adds other tables.
    ///
    /// # Errors
    /// Fields that are there twice, and not alike.
    pub(super) fn merge(&mut self, other: &Tables) -> Result<(), String> {
        for (name, list) in &other.lists {
            add(self.lists.entry(name.clone()).or_default(), list).map_err(|why| format!("{name}: {why}"))?;
        }
        for references in &other.references {
            match self.references.iter_mut().find(|own| own.to == references.to) {
                Some(own) => add(&mut own.from, &references.from).map_err(|why| format!("nameReference: {why}"))?,
                None => self.references.push(references.clone()),
            }
        }
        Ok(())
    }
}

fn gvk(value: &Value) -> Gvk {
    let text = |key: &str| value[key].as_str().unwrap_or_default().to_string();
    Gvk { group: text("group"), version: text("version"), kind: text("kind") }
}

/// Field specs as they are written in configurations, and in `labels`.
///
/// # Errors
/// One without a path.
pub(super) fn specs(list: &Value) -> Result<Vec<FieldSpec>, String> {
    let read = |entry: &Value| match entry["path"].as_str() {
        Some(path) if !path.is_empty() => {
            Ok(FieldSpec::new(gvk(entry), path, entry["create"].as_bool().unwrap_or_default()))
        }
        _ => Err("a field needs a path".to_string()),
    };
    list.as_array().into_iter().flatten().map(read).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_tables_are_read_and_added_to() {
        let mut all = (*Tables::built_in()).clone();
        assert_eq!(all.list("images").len(), 7);
        let secrets = all.references.iter().find(|references| references.to.kind == "Secret").unwrap();
        let auth = secrets.from.iter().find(|spec| spec.path.contains("auth-tls-secret")).unwrap();
        assert_eq!(auth.steps, ["metadata", "annotations", "nginx.ingress.kubernetes.io/auth-tls-secret"]);
        let more = json!({
            "nameReference": [{ "kind": "Secret", "version": "v1", "fieldSpecs": [{ "path": "spec/secret", "kind": "Thing" }] }],
            "images": [{ "path": "spec/image", "kind": "Thing" }],
        });
        all.merge(&Tables::of_configuration(&more).unwrap()).unwrap();
        assert_eq!(all.list("images").len(), 8);
        let secrets = all.references.iter().find(|references| references.to.kind == "Secret").unwrap();
        assert_eq!(secrets.from.last().unwrap().path, "spec/secret");
        assert!(Tables::of_configuration(&json!({ "image": [] })).unwrap_err().starts_with("there is no table image"));
    }
}
