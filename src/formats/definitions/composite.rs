//! What Crossplane adds to the schema of an XRD: the fields of its own machinery, by scope, and those of claims.
//! After internal/xcrd of crossplane/crossplane v2.1.0.

use crate::formats::schema::{Reason, Violation};
use crate::formats::yaml::Step;
use serde_json::{Map, Value, json};

/// Where composite resources live, and with it where Crossplane keeps its own fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// As in Crossplane 1: in the whole cluster, with claims and connection secrets.
    Legacy,
    /// In namespaces.
    Namespaced,
    /// In the whole cluster.
    Cluster,
}

/// What is added to a kind.
pub struct Machinery {
    pub namespaced: bool,
    pub category: &'static str,
    spec: Map<String, Value>,
    status: Map<String, Value>,
    pub columns: Vec<Value>,
}

/// Names become values of labels.
const LONGEST_NAME: u64 = 63;

/// The schema of the CRD that Crossplane makes: of the XRD's it takes `spec`, `status` and the length of the name.
pub fn schema(written: &Value, machinery: &Machinery) -> Value {
    let part = |name: &str| written.pointer(&format!("/properties/{name}")).unwrap_or(&Value::Null);
    let longest = part("metadata").pointer("/properties/name/maxLength").and_then(Value::as_u64);
    let longest = longest.unwrap_or(LONGEST_NAME).min(LONGEST_NAME);
    let mut made = json!({
        "type": "object",
        "required": ["spec"],
        "properties": {
            "apiVersion": { "type": "string" },
            "kind": { "type": "string" },
            "metadata": { "type": "object", "properties": { "name": { "type": "string", "maxLength": longest } } },
            "spec": merged(part("spec"), &machinery.spec, &["x-kubernetes-preserve-unknown-fields"]),
            "status": merged(part("status"), &machinery.status, &[]),
        },
    });
    copy(written, &mut made, &["description"]);
    made
}

/// An object of what is written and of what Crossplane adds, which wins. No other keyword of the object is taken over.
fn merged(written: &Value, added: &Map<String, Value>, more: &[&str]) -> Value {
    let mut properties = written["properties"].as_object().cloned().unwrap_or_default();
    properties.extend(added.clone());
    let mut made = json!({ "type": "object" });
    copy(written, &mut made, &["description", "required", "oneOf", "x-kubernetes-validations"]);
    copy(written, &mut made, more);
    made["properties"] = properties.into();
    made
}

fn copy(from: &Value, to: &mut Value, keys: &[&str]) {
    for key in keys {
        if let Some(value) = from.get(key).filter(|value| !value.is_null()) {
            to[key] = value.clone();
        }
    }
}

/// What composite resources have. `update` is the policy for new revisions of the Composition.
pub fn of_composite(scope: Scope, update: &str) -> Machinery {
    let mut spec = composition();
    spec["compositionUpdatePolicy"]["default"] = update.into();
    let mut reference = json!({ "apiVersion": text(), "name": text(), "namespace": text(), "kind": text() });
    if let (Scope::Namespaced, Some(fields)) = (scope, reference.as_object_mut()) {
        // A composite resource of a namespace composes within it.
        fields.shift_remove("namespace");
    }
    spec.insert(
        "resourceRefs".into(),
        json!({
            "type": "array",
            "x-kubernetes-list-type": "atomic",
            "items": { "type": "object", "required": ["apiVersion", "kind"], "properties": reference },
        }),
    );
    let legacy = scope == Scope::Legacy;
    let at = if legacy { ".spec" } else { ".spec.crossplane" };
    if legacy {
        spec.insert("claimRef".into(), named(&["apiVersion", "kind", "namespace", "name"]));
        spec.insert("writeConnectionSecretToRef".into(), named(&["name", "namespace"]));
    } else {
        let description = "Configures how Crossplane will reconcile this composite resource";
        let crossplane = json!({ "type": "object", "description": description, "properties": spec });
        spec = Map::from_iter([("crossplane".to_string(), crossplane)]);
    }
    let mut columns = states();
    columns.push(column("COMPOSITION", "string", &format!("{at}.compositionRef.name")));
    let mut revision = column("COMPOSITIONREVISION", "string", &format!("{at}.compositionRevisionRef.name"));
    revision["priority"] = 1.into();
    columns.push(revision);
    columns.push(age());
    Machinery { namespaced: scope == Scope::Namespaced, category: "composite", spec, status: status(legacy), columns }
}

/// What claims have. `delete` is the policy for the composite resource behind one that is deleted.
pub fn of_claim(delete: &str) -> Machinery {
    let mut spec = composition();
    let policy = json!({ "type": "string", "enum": ["Background", "Foreground"], "default": delete });
    spec.insert("compositeDeletePolicy".into(), policy);
    spec.insert("resourceRef".into(), named(&["apiVersion", "kind", "name"]));
    spec.insert("writeConnectionSecretToRef".into(), named(&["name"]));
    let mut columns = states();
    columns.push(column("CONNECTION-SECRET", "string", ".spec.writeConnectionSecretToRef.name"));
    columns.push(age());
    Machinery { namespaced: true, category: "claim", spec, status: status(true), columns }
}

/// Why claims don't say in which namespace their connection secret is.
pub const BESIDE_CLAIMS: &str =
    "v1 claims have no namespace there: the secret is beside the claim, in its own namespace; leave it out";

/// What to say of a field that claims don't have, and that people write there since composites do.
pub fn said_of_claims(violation: &Violation) -> Option<String> {
    let secret = ["spec", "writeConnectionSecretToRef", "namespace"].map(Step::from);
    (violation.reason == Reason::Unknown && violation.path == secret).then(|| BESIDE_CLAIMS.to_string())
}

/// Which Composition makes it, in which revision.
fn composition() -> Map<String, Value> {
    let labels = json!({ "type": "object", "additionalProperties": text() });
    let selector = json!({ "type": "object", "required": ["matchLabels"], "properties": { "matchLabels": labels } });
    Map::from_iter([
        ("compositionRef".to_string(), named(&["name"])),
        ("compositionSelector".to_string(), selector.clone()),
        ("compositionRevisionRef".to_string(), named(&["name"])),
        ("compositionRevisionSelector".to_string(), selector),
        ("compositionUpdatePolicy".to_string(), json!({ "type": "string", "enum": ["Automatic", "Manual"] })),
    ])
}

fn status(legacy: bool) -> Map<String, Value> {
    let condition = json!({
        "type": "object",
        "required": ["lastTransitionTime", "reason", "status", "type"],
        "properties": {
            "lastTransitionTime": { "type": "string", "format": "date-time" },
            "message": text(),
            "reason": text(),
            "status": text(),
            "type": text(),
            "observedGeneration": { "type": "integer", "format": "int64" },
        },
    });
    let conditions = json!({
        "description": "Conditions of the resource.",
        "type": "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
        "items": condition,
    });
    let mut made = Map::from_iter([("conditions".to_string(), conditions)]);
    if legacy {
        let published = json!({ "lastPublishedTime": { "type": "string", "format": "date-time" } });
        made.insert("connectionDetails".into(), json!({ "type": "object", "properties": published }));
        let types = json!({ "type": "array", "x-kubernetes-list-type": "set", "items": text() });
        made.insert("claimConditionTypes".into(), types);
    }
    made
}

fn text() -> Value {
    json!({ "type": "string" })
}

/// An object with these texts, all of them required.
fn named(keys: &[&str]) -> Value {
    let properties: Map<String, Value> = keys.iter().map(|key| (key.to_string(), text())).collect();
    json!({ "type": "object", "required": keys, "properties": properties })
}

fn column(name: &str, kind: &str, path: &str) -> Value {
    json!({ "name": name, "type": kind, "jsonPath": path })
}

fn states() -> Vec<Value> {
    let state =
        |name: &str, kind: &str| column(name, "string", &format!(".status.conditions[?(@.type=='{kind}')].status"));
    vec![state("SYNCED", "Synced"), state("READY", "Ready")]
}

fn age() -> Value {
    column("AGE", "date", ".metadata.creationTimestamp")
}
