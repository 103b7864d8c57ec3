//! Which lists of a kind a strategic merge merges by key, and which kinds live in no namespace: kustomize's own table
//! (`merge-keys.txt`), or the OpenAPI file that a kustomization names instead of it.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use serde_json::Value;

/// Made by tests/kustomize/make-merge-keys.py.
const TABLE: &str = include_str!("merge-keys.txt");

/// A definition by its number.
type Number = usize;

/// What is known of the field of a definition.
#[derive(Debug, Clone, Default)]
struct Field {
    /// The definition of its value, or of its elements.
    of: Option<Number>,
    /// If it is a list that is merged: the keys of its elements, none for texts.
    keys: Option<Vec<String>>,
}

/// All definitions that lead to lists that are merged.
#[derive(Debug, Default)]
pub(super) struct Schemas {
    definitions: Vec<HashMap<String, Field>>,
    kinds: HashMap<String, Number>,
}

/// The schema of a value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Schema<'s> {
    /// Nobody knows; an object inside may have a kind of its own.
    Unknown,
    /// Known, and no list in it is merged.
    Plain,
    /// A value of a definition, or a list of such values.
    Of(&'s Schemas, Number, Option<&'s [String]>),
    /// A list of texts that is merged.
    Texts,
    /// A list of anything that is merged by keys.
    Keyed(&'s [String]),
}

impl<'s> Schema<'s> {
    /// The schema of a field.
    pub(super) fn field(self, name: &str) -> Schema<'s> {
        match self {
            Schema::Of(all, number, None) => {
                let fields = &all.definitions[number];
                let Some(field) = fields.get(name).or_else(|| fields.get("*")) else { return Schema::Plain };
                match (field.of, field.keys.as_deref()) {
                    (Some(of), Some([])) => Schema::Of(all, of, Some(&[])),
                    (Some(of), keys) => Schema::Of(all, of, keys),
                    (None, Some([])) => Schema::Texts,
                    (None, Some(keys)) => Schema::Keyed(keys),
                    (None, None) => Schema::Plain,
                }
            }
            Schema::Unknown => Schema::Unknown,
            _ => Schema::Plain,
        }
    }

    /// The schema of the elements of a list.
    pub(super) fn element(self) -> Schema<'s> {
        match self {
            Schema::Of(all, number, Some(_)) => Schema::Of(all, number, None),
            Schema::Unknown => Schema::Unknown,
            _ => Schema::Plain,
        }
    }

    /// The keys by which the list is merged, none for texts; nothing if it isn't merged.
    pub(super) fn keys(self) -> Option<&'s [String]> {
        match self {
            Schema::Of(_, _, keys) => keys,
            Schema::Texts => Some(&[]),
            Schema::Keyed(keys) => Some(keys),
            _ => None,
        }
    }
}

impl Schemas {
    /// Those that are built in.
    pub(super) fn built_in() -> Arc<Schemas> {
        static BUILT_IN: OnceLock<Arc<Schemas>> = OnceLock::new();
        BUILT_IN.get_or_init(|| Arc::new(Schemas::read(TABLE))).clone()
    }

    /// The schema of a kind.
    pub(super) fn of(&self, api_version: &str, kind: &str) -> Schema<'_> {
        match self.kinds.get(&format!("{api_version} {kind}")) {
            Some(number) => Schema::Of(self, *number, None),
            None => Schema::Unknown,
        }
    }

    fn read(table: &str) -> Schemas {
        let lines = || table.lines().map(|line| line.split(' ').collect::<Vec<_>>());
        let definitions = || lines().filter(|words| !matches!(words[0], "kind" | "cluster"));
        let numbers: HashMap<&str, Number> = definitions().enumerate().map(|(at, words)| (words[0], at)).collect();
        let mut all = Schemas::default();
        for words in lines() {
            match words.as_slice() {
                ["kind", version, kind, of] => {
                    if let Some(number) = numbers.get(of) {
                        all.kinds.insert(format!("{version} {kind}"), *number);
                    }
                }
                ["cluster", ..] | [] => {}
                [_, fields @ ..] => {
                    let read = |word: &&str| -> Option<(String, Field)> {
                        let (name, rest) = word.split_once('=')?;
                        let (of, keys) = match rest.strip_suffix(']').and_then(|rest| rest.split_once('[')) {
                            Some((of, keys)) => (of, Some(keys)),
                            None => (rest, None),
                        };
                        let list = |keys: &str| keys.split(',').filter(|key| !key.is_empty()).map(Into::into).collect();
                        Some((name.to_string(), Field { of: numbers.get(of).copied(), keys: keys.map(list) }))
                    };
                    all.definitions.push(fields.iter().filter_map(read).collect());
                }
            }
        }
        all
    }

    /// Those of an OpenAPI document: definitions with `x-kubernetes-group-version-kind`, and the patch strategies and
    /// merge keys of their lists. It takes the place of the table, as kustomize does it.
    pub(super) fn of_openapi(document: &Value) -> Option<Schemas> {
        let definitions = document.get("definitions")?.as_object()?;
        let numbers: HashMap<&str, Number> =
            definitions.keys().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
        let mut all = Schemas { definitions: vec![HashMap::new(); numbers.len()], ..Schemas::default() };
        for (name, definition) in definitions {
            let number = numbers[name.as_str()];
            for gvk in definition["x-kubernetes-group-version-kind"].as_array().into_iter().flatten() {
                let text = |key: &str| gvk[key].as_str().unwrap_or_default();
                let version = match text("group") {
                    "" => text("version").to_string(),
                    group => format!("{group}/{}", text("version")),
                };
                all.kinds.insert(format!("{version} {}", text("kind")), number);
            }
            all.fill(number, definition, &numbers, 0);
        }
        Some(all)
    }

    /// Reads the fields of a definition; objects that are written inside of it become definitions of their own.
    fn fill(&mut self, number: Number, definition: &Value, numbers: &HashMap<&str, Number>, depth: usize) {
        if depth > 50 {
            return;
        }
        let named =
            definition["properties"].as_object().into_iter().flatten().map(|(name, below)| (name.as_str(), below));
        let others = definition.get("additionalProperties").filter(|below| below.is_object()).map(|below| ("*", below));
        for (name, below) in named.chain(others) {
            let is_list = below["type"] == "array";
            let merged = |text: &str| text.split(',').any(|strategy| strategy == "merge");
            let merged = is_list && below["x-kubernetes-patch-strategy"].as_str().is_some_and(merged);
            let texts = |list: &Value| -> Vec<String> {
                list.as_array().into_iter().flatten().filter_map(|key| key.as_str().map(Into::into)).collect()
            };
            let keys = merged.then(|| match below.get("x-kubernetes-list-map-keys") {
                Some(keys) => texts(keys),
                None => below["x-kubernetes-patch-merge-key"].as_str().map(Into::into).into_iter().collect(),
            });
            let value = if is_list { &below["items"] } else { below };
            let of = match value["$ref"].as_str() {
                Some(name) => numbers.get(name.trim_start_matches("#/definitions/")).copied(),
                None if value["properties"].is_object() || value["additionalProperties"].is_object() => {
                    self.definitions.push(HashMap::new());
                    let own = self.definitions.len() - 1;
                    self.fill(own, value, numbers, depth + 1);
                    Some(own)
                }
                None => None,
            };
            self.definitions[number].insert(name.to_string(), Field { of, keys });
        }
    }
}

/// Whether kustomize knows for certain that a kind lives in no namespace.
pub(super) fn is_of_the_cluster(api_version: &str, kind: &str) -> bool {
    static KINDS: OnceLock<HashSet<(&str, &str)>> = OnceLock::new();
    let kinds = KINDS.get_or_init(|| {
        let words = TABLE.lines().filter_map(|line| line.strip_prefix("cluster ")?.split_once(' '));
        words.collect()
    });
    kinds.contains(&(api_version, kind))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_table_says_how_lists_are_merged() {
        let all = Schemas::built_in();
        let pod = all.of("apps/v1", "Deployment").field("spec").field("template").field("spec");
        assert_eq!(pod.field("containers").keys().unwrap(), ["name"]);
        let ports = pod.field("containers").element().field("ports");
        assert_eq!(ports.keys().unwrap(), ["containerPort", "protocol"]);
        assert_eq!(pod.field("tolerations").keys(), None);
        assert_eq!(all.of("v1", "Pod").field("metadata").field("finalizers").keys().unwrap(), [] as [&str; 0]);
        assert!(matches!(all.of("a.b/v1", "Pod").field("spec"), Schema::Unknown));
        assert!(is_of_the_cluster("v1", "Namespace") && !is_of_the_cluster("v1", "Pod"));
        assert!(!is_of_the_cluster("a.b/v1", "Namespace"));
    }

    #[test]
    fn openapi_says_it_for_other_kinds() {
        let document = json!({ "definitions": {
            "a.Thing": {
                "x-kubernetes-group-version-kind": [{ "group": "a.b", "version": "v1", "kind": "Thing" }],
                "properties": { "spec": { "properties": { "parts": {
                    "type": "array", "items": { "$ref": "#/definitions/a.Part" },
                    "x-kubernetes-patch-merge-key": "id", "x-kubernetes-patch-strategy": "merge",
                } } } },
            },
            "a.Part": { "properties": { "tags": { "type": "array", "items": {}, "x-kubernetes-patch-strategy": "merge" } } },
        } });
        let all = Schemas::of_openapi(&document).unwrap();
        let parts = all.of("a.b/v1", "Thing").field("spec").field("parts");
        assert_eq!(parts.keys().unwrap(), ["id"]);
        assert_eq!(parts.element().field("tags").keys().unwrap(), [] as [&str; 0]);
        assert!(Schemas::of_openapi(&json!({})).is_none());
    }
}
