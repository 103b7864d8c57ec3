//! Definitions with faults: the API server and we refuse the same ones, at the same fields.

use std::collections::BTreeSet;

use idp_run::formats::yaml::Step;
use idp_run::report::Severity;
use idp_run::schemas::{Checks, Schemas};
use serde_json::{Value, json};

use super::random::{Dice, schema};
use crate::support::api_server::{Client, client};

const AT: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/// A CRD whose `spec.properties` are these.
fn with_fields(fields: Value) -> Value {
    with_spec(json!({ "type": "object", "properties": fields }))
}

fn with_spec(spec: Value) -> Value {
    with_root(json!({ "type": "object", "properties": { "spec": spec } }))
}

fn with_root(root: Value) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": "things.faults.example" },
        "spec": {
            "group": "faults.example",
            "names": { "kind": "Thing", "plural": "things" },
            "scope": "Namespaced",
            "versions": [{ "name": "v1", "served": true, "storage": true, "schema": { "openAPIV3Schema": root } }],
        },
    })
}

/// What came of a definition: the fields that are wrong, or none.
#[derive(Debug, PartialEq)]
enum Verdict {
    Taken,
    /// Refused before its fields were looked at.
    Unreadable,
    Refused(BTreeSet<String>, BTreeSet<String>),
}

/// What the server writes where all versions have one schema, and by names that it had once.
fn field(line: &str) -> String {
    let line = line.split(": ").next().unwrap_or_default();
    line.replace("spec.validation.openAPIV3Schema", "spec.versions[0].schema.openAPIV3Schema")
        .replace("spec.subresources", "spec.versions[0].subresources")
        .replace("spec.additionalPrinterColumns", "spec.versions[0].additionalPrinterColumns")
        .replace("spec.selectableFields", "spec.versions[0].selectableFields")
        .replace("JSONPath", "jsonPath")
        .replace("webhookClientConfig", "webhook.clientConfig")
        .replace("conversion.conversionReviewVersions", "conversion.webhook.conversionReviewVersions")
}

fn theirs(client: &mut Client, definition: &Value) -> Verdict {
    let answer = client.send("POST", &format!("{AT}?dryRun=All&fieldValidation=Strict"), Some(definition));
    match answer.status {
        200 | 201 => Verdict::Taken,
        400 => Verdict::Unreadable,
        422 => Verdict::Refused(
            answer.causes().iter().map(|line| field(line)).collect(),
            answer.causes().into_iter().collect(),
        ),
        other => panic!("the server answers {other}: {:#}", answer.body),
    }
}

fn ours(schemas: &Schemas, definition: &Value) -> Verdict {
    let problems = schemas.check(definition, Checks::default());
    let high: Vec<_> = problems.into_iter().filter(|problem| problem.severity >= Severity::High).collect();
    if high.is_empty() {
        return Verdict::Taken;
    }
    Verdict::Refused(
        high.iter().map(|problem| field(&problem.message)).collect(),
        high.iter().map(|problem| problem.message.clone()).collect(),
    )
}

#[derive(Default)]
struct Tally {
    all: usize,
    taken: usize,
    refused: usize,
    fields: usize,
    words: usize,
    unreadable: usize,
    /// Refused by the server since their rules may cost too much, which we don't estimate.
    dear: usize,
    differences: Vec<String>,
    apart: Vec<String>,
}

impl Tally {
    fn compare(&mut self, client: &mut Client, schemas: &Schemas, definition: &Value) {
        self.all += 1;
        let (theirs, ours) = (theirs(client, definition), ours(schemas, definition));
        match (&theirs, &ours) {
            (Verdict::Taken, Verdict::Taken) => self.taken += 1,
            (Verdict::Unreadable, Verdict::Refused(..)) => self.unreadable += 1,
            (Verdict::Refused(their_fields, their_words), Verdict::Refused(our_fields, our_words)) => {
                self.refused += 1;
                self.fields += usize::from(their_fields == our_fields);
                self.words += usize::from(their_words == our_words);
                if their_fields != our_fields {
                    self.apart.push(format!("{theirs:#?}\nours {ours:#?}"));
                }
            }
            (Verdict::Refused(_, words), Verdict::Taken) if words.iter().all(|words| words.contains("estimated")) => {
                self.dear += 1;
            }
            _ => self.differences.push(format!("{definition}\n  server {theirs:?}\n  ours {ours:?}")),
        }
    }

    #[track_caller]
    fn conclude(self, name: &str) {
        let Tally { all, taken, refused, fields, words, unreadable, dear, differences, apart } = self;
        if std::env::var_os("IDP_TEST_SHOW").is_some() {
            apart.iter().take(12).for_each(|apart| println!("{apart}\n"));
        }
        println!(
            "api server, {name}: {all} definitions: {taken} taken by both, {refused} refused by both ({fields} at the same \
             fields, {words} in the same words), {unreadable} more that the server can't read, {dear} that are too dear for it; {} differences",
            differences.len()
        );
        assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n\n"));
        // Their fields are ours, too, but for what docs/decisions.md names.
        assert!(fields * 10 >= refused * 8, "{fields} of {refused} at the same fields");
    }
}

/// Definitions with one fault each, and some that look as if they had one.
fn cases() -> Vec<Value> {
    let mut cases = Vec::new();
    let text = || json!({ "type": "string" });
    // Structure.
    for field in [
        json!({}),
        json!({ "type": "" }),
        json!({ "type": "strin" }),
        json!({ "type": "null" }),
        json!({ "type": ["string"] }),
        json!({ "type": 1 }),
        json!({ "type": "array" }),
        json!({ "type": "array", "items": {} }),
        json!({ "type": "array", "items": [{ "type": "string" }] }),
        json!({ "type": "array", "items": text(), "uniqueItems": true }),
        json!({ "type": "array", "items": text(), "additionalItems": true }),
        json!({ "type": "object", "properties": { "a": text() }, "additionalProperties": text() }),
        json!({ "type": "object", "properties": { "a": text() }, "additionalProperties": false }),
        json!({ "type": "object", "properties": { "a": text() }, "additionalProperties": true }),
        json!({ "type": "object", "additionalProperties": {} }),
        json!({ "type": "object", "additionalProperties": "string" }),
        json!({ "type": "object", "patternProperties": { "a": text() } }),
        json!({ "type": "object", "definitions": { "a": text() } }),
        json!({ "type": "object", "dependencies": { "a": ["b"] } }),
        json!({ "type": "string", "$ref": "#/definitions/a" }),
        json!({ "type": "string", "id": "a" }),
        json!({ "type": "string", "$schema": "a" }),
        json!({ "type": "string", "nullable": "yes" }),
        json!({ "type": "string", "maxLength": 1.5 }),
        json!({ "type": "string", "maxLength": "1" }),
        json!({ "type": "string", "enum": "a" }),
        json!({ "type": "string", "enums": ["a"] }),
        json!({ "type": "object", "required": "a" }),
        json!({ "type": "object", "required": ["missing"] }),
        // Alternatives.
        json!({ "type": "string", "anyOf": [{ "type": "string" }] }),
        json!({ "type": "string", "anyOf": [{ "pattern": "a" }, { "pattern": "(" }] }),
        json!({ "type": "string", "oneOf": [{ "description": "a" }] }),
        json!({ "type": "string", "allOf": [{ "default": "a" }] }),
        json!({ "type": "string", "not": { "nullable": true } }),
        json!({ "type": "string", "not": { "title": "a" } }),
        json!({ "type": "object", "anyOf": [{ "required": ["a"] }], "properties": { "a": text() } }),
        json!({ "type": "object", "anyOf": [{ "properties": { "a": { "minLength": 1 } } }] }),
        json!({ "type": "object", "anyOf": [{ "properties": { "a": { "minLength": 1 } } }], "properties": { "a": text() } }),
        json!({ "type": "object", "allOf": [{ "additionalProperties": { "minLength": 1 } }] }),
        json!({ "type": "object", "allOf": [{ "additionalProperties": false }] }),
        json!({ "type": "array", "items": text(), "allOf": [{ "items": { "minLength": 1 } }] }),
        json!({ "type": "object", "allOf": [{ "items": { "minLength": 1 } }] }),
        json!({ "type": "object", "allOf": [{ "x-kubernetes-preserve-unknown-fields": true }] }),
        json!({ "type": "object", "allOf": [{ "x-kubernetes-list-type": "set" }] }),
        json!({ "type": "object", "allOf": [{ "x-kubernetes-validations": [{ "rule": "true" }] }] }),
        json!({ "x-kubernetes-int-or-string": true, "anyOf": [{ "type": "integer" }, { "type": "string" }] }),
        json!({ "x-kubernetes-int-or-string": true, "anyOf": [{ "type": "string" }, { "type": "integer" }] }),
        json!({ "x-kubernetes-int-or-string": true, "allOf": [{ "anyOf": [{ "type": "integer" }, { "type": "string" }] }, { "minLength": 1 }] }),
        json!({ "x-kubernetes-int-or-string": true, "type": "integer" }),
        json!({ "x-kubernetes-int-or-string": true, "x-kubernetes-preserve-unknown-fields": true }),
        // Extensions.
        json!({ "x-kubernetes-preserve-unknown-fields": true }),
        json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": false }),
        json!({ "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true }),
        json!({ "type": "object", "x-kubernetes-embedded-resource": true }),
        json!({ "type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true }),
        json!({ "type": "object", "x-kubernetes-embedded-resource": true, "properties": { "metadata": { "type": "object" } } }),
        json!({ "type": "object", "x-kubernetes-embedded-resource": true, "properties": { "metadata": text() } }),
        json!({ "type": "object", "x-kubernetes-embedded-resource": true, "properties": { "kind": { "type": "integer" } } }),
        json!({ "type": "object", "x-kubernetes-embedded-resource": true, "additionalProperties": text() }),
        json!({ "type": "object", "x-kubernetes-map-type": "granular" }),
        json!({ "type": "object", "x-kubernetes-map-type": "atomic" }),
        json!({ "type": "object", "x-kubernetes-map-type": "set" }),
        json!({ "type": "string", "x-kubernetes-map-type": "atomic" }),
        json!({ "type": "string", "x-kubernetes-list-type": "atomic" }),
        json!({ "type": "array", "items": text(), "x-kubernetes-list-type": "bag" }),
        json!({ "type": "array", "items": text(), "x-kubernetes-list-type": "set" }),
        json!({ "type": "array", "items": { "type": "string", "nullable": true }, "x-kubernetes-list-type": "set" }),
        json!({ "type": "array", "items": { "type": "object" }, "x-kubernetes-list-type": "set" }),
        json!({ "type": "array", "items": { "type": "object", "x-kubernetes-map-type": "atomic" }, "x-kubernetes-list-type": "set" }),
        json!({ "type": "array", "items": { "type": "array", "items": text() }, "x-kubernetes-list-type": "set" }),
        json!({ "type": "array", "items": { "type": "array", "items": text(), "x-kubernetes-list-type": "set" }, "x-kubernetes-list-type": "set" }),
        json!({ "type": "array", "items": text(), "x-kubernetes-list-map-keys": ["a"] }),
        json!({ "type": "array", "items": text(), "x-kubernetes-list-type": "map" }),
        json!({ "type": "array", "items": text(), "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["a"] }),
    ] {
        cases.push(with_fields(json!({ "field": field })));
    }
    // Lists whose elements have keys.
    let list = |keys: Value, required: Value, a: Value| {
        json!({
            "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": keys,
            "items": { "type": "object", "required": required, "properties": { "a": a, "b": text() } },
        })
    };
    for field in [
        list(json!(["a"]), json!(["a"]), text()),
        list(json!(["a"]), json!([]), text()),
        list(json!(["a"]), json!([]), json!({ "type": "string", "default": "x" })),
        list(json!(["a"]), json!(["a"]), json!({ "type": "string", "nullable": true })),
        list(json!(["a"]), json!(["a"]), json!({ "type": "object" })),
        list(json!(["a", "a"]), json!(["a"]), text()),
        list(json!(["c"]), json!(["c"]), text()),
        list(json!([]), json!([]), text()),
    ] {
        cases.push(with_fields(json!({ "field": field })));
    }
    // Defaults and patterns.
    for field in [
        json!({ "type": "string", "default": 1 }),
        json!({ "type": "string", "default": "a" }),
        json!({ "x-kubernetes-int-or-string": true, "default": {} }),
        json!({ "x-kubernetes-int-or-string": true, "default": "a" }),
        json!({ "x-kubernetes-int-or-string": true, "type": "integer", "default": "a" }),
        json!({ "type": "object", "default": { "a": {} }, "properties": { "a": { "x-kubernetes-int-or-string": true } } }),
        json!({ "type": "string", "default": null }),
        json!({ "type": "string", "nullable": true, "default": null }),
        json!({ "type": "string", "enum": ["a"], "default": "b" }),
        json!({ "type": "string", "pattern": "^a$", "default": "b" }),
        json!({ "type": "string", "format": "date", "default": "b" }),
        json!({ "type": "integer", "minimum": 1, "default": 0 }),
        json!({ "type": "object", "default": { "b": 1 }, "properties": { "a": text() } }),
        json!({ "type": "object", "default": { "a": 1 }, "properties": { "a": text() } }),
        json!({ "type": "object", "default": {}, "required": ["a"], "properties": { "a": text() } }),
        json!({ "type": "object", "default": {}, "required": ["a"], "properties": { "a": { "type": "string", "default": "b" } } }),
        json!({ "type": "array", "default": ["a", 1], "items": text() }),
        json!({ "type": "array", "default": ["a", "a"], "items": text(), "x-kubernetes-list-type": "set" }),
        json!({ "type": "array", "items": { "type": "object", "properties": { "a": { "type": "integer", "default": "b" } } } }),
        json!({ "type": "object", "additionalProperties": { "type": "integer", "default": "b" } }),
        json!({ "type": "integer", "default": 1, "x-kubernetes-validations": [{ "rule": "self > 1" }] }),
        json!({ "type": "integer", "default": 1, "x-kubernetes-validations": [{ "rule": "self > oldSelf" }] }),
        json!({ "type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true, "default": {} }),
        json!({ "type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true,
            "default": { "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "a" } } }),
        json!({ "type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true,
            "properties": { "metadata": { "type": "object", "properties": { "name": { "type": "string", "default": "A_b" } } } } }),
        json!({ "type": "string", "pattern": "(" }),
        json!({ "type": "string", "pattern": "(?!a)" }),
        json!({ "type": "string", "pattern": "a{1001}" }),
        json!({ "type": "string", "pattern": "\\1" }),
        json!({ "type": "string", "pattern": "[z-a]" }),
        json!({ "type": "string", "pattern": "\\p{Greek}(?P<a>b)" }),
    ] {
        cases.push(with_fields(json!({ "field": field })));
    }
    rules(&mut cases);
    roots(&mut cases);
    others(&mut cases);
    cases
}

fn rules(cases: &mut Vec<Value>) {
    for rule in [
        json!({ "rule": "self.a == 'x'" }),
        json!({ "rule": "self.b == 'x'" }),
        json!({ "rule": "self.a ==" }),
        json!({ "rule": "self.a" }),
        json!({ "rule": "self.a + 1 == 2" }),
        json!({ "rule": "nix(self.a)" }),
        json!({ "rule": "self.a.matches('(')" }),
        json!({ "rule": " " }),
        json!({}),
        json!({ "message": "a" }),
        json!({ "rule": "true", "message": " " }),
        json!({ "rule": "true", "message": "a\nb" }),
        json!({ "rule": "true &&\ntrue" }),
        json!({ "rule": "true &&\ntrue", "message": "a" }),
        json!({ "rule": "true", "messageExpression": " " }),
        json!({ "rule": "true", "messageExpression": "1" }),
        json!({ "rule": "true", "messageExpression": "self.b" }),
        json!({ "rule": "true", "messageExpression": "'a' + self.a" }),
        json!({ "rule": "true", "reason": "Nix" }),
        json!({ "rule": "true", "reason": "FieldValueForbidden" }),
        json!({ "rule": "true", "fieldPath": ".a" }),
        json!({ "rule": "true", "fieldPath": ".b" }),
        json!({ "rule": "true", "fieldPath": "a" }),
        json!({ "rule": "true", "fieldPath": " " }),
        json!({ "rule": "true", "nix": 1 }),
        json!({ "rule": "self.a == oldSelf.a" }),
        json!({ "rule": "true", "optionalOldSelf": true }),
        json!({ "rule": "oldSelf.hasValue() || true", "optionalOldSelf": true }),
        json!({ "rule": "duration('x') == duration('1s')" }),
        json!({ "rule": "self.a.format('x') == ''" }),
        json!({ "rule": "[1, 'a'] == []" }),
        json!({ "rule": "true || self.open" }),
    ] {
        let spec = json!({
            "type": "object", "x-kubernetes-validations": [rule],
            "properties": { "a": { "type": "string", "maxLength": 10 }, "open": { "x-kubernetes-preserve-unknown-fields": true } },
        });
        cases.push(with_spec(spec));
    }
    let element =
        json!({ "type": "string", "maxLength": 10, "x-kubernetes-validations": [{ "rule": "self == oldSelf" }] });
    let object = json!({
        "type": "object", "required": ["a"], "properties": { "a": { "type": "string", "maxLength": 10 } },
        "x-kubernetes-validations": [{ "rule": "self.a == oldSelf.a" }],
    });
    for field in [
        json!({ "type": "array", "maxItems": 10, "items": element }),
        json!({ "type": "array", "maxItems": 10, "items": element, "x-kubernetes-list-type": "set" }),
        json!({ "type": "array", "maxItems": 10, "items": object, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["a"] }),
        json!({ "type": "object", "maxProperties": 10, "additionalProperties": element }),
        json!({ "type": "object", "x-kubernetes-map-type": "atomic", "properties": { "a": element } }),
        json!({ "x-kubernetes-preserve-unknown-fields": true, "x-kubernetes-validations": [{ "rule": "true" }] }),
        json!({ "x-kubernetes-int-or-string": true, "x-kubernetes-validations": [{ "rule": "self == 1" }] }),
        json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true, "x-kubernetes-validations": [{ "rule": "has(self.a)" }] }),
    ] {
        cases.push(with_fields(json!({ "field": field })));
    }
}

fn roots(cases: &mut Vec<Value>) {
    let spec = || json!({ "type": "object" });
    for root in [
        json!({ "type": "object" }),
        json!({}),
        json!({ "type": "array", "items": { "type": "string" } }),
        json!({ "type": "object", "nullable": true }),
        json!({ "type": "object", "additionalProperties": true }),
        json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true }),
        json!({ "type": "object", "properties": { "metadata": { "type": "object" } } }),
        json!({ "type": "object", "properties": { "metadata": { "type": "string" } } }),
        json!({ "type": "object", "properties": { "metadata": { "type": "object", "description": "a" } } }),
        json!({ "type": "object", "properties": { "metadata": { "type": "object", "properties": { "name": { "type": "string", "pattern": "^a" } } } } }),
        json!({ "type": "object", "properties": { "metadata": { "type": "object", "properties": { "name": { "type": "string", "default": "a" } } } } }),
        json!({ "type": "object", "properties": { "metadata": { "type": "object", "properties": { "labels": { "type": "object" } } } } }),
        json!({ "type": "object", "properties": { "kind": { "type": "integer" } } }),
        json!({ "type": "object", "properties": { "apiVersion": { "type": "string", "default": "a" } } }),
        json!({ "type": "object", "anyOf": [{ "properties": { "metadata": {} } }] }),
        json!({ "type": "object", "x-kubernetes-validations": [{ "rule": "self.metadata.name == 'a'" }] }),
        json!({ "type": "object", "x-kubernetes-validations": [{ "rule": "self.metadata.labels == {}" }] }),
        json!({ "type": "object", "properties": { "spec": spec() }, "required": ["spec"] }),
        json!({ "type": "object", "properties": { "spec": spec() }, "maxProperties": 9 }),
        json!({ "type": "object", "properties": { "spec": spec() }, "enum": [{}] }),
        json!({ "type": "object", "properties": { "spec": spec() }, "x-kubernetes-map-type": "atomic" }),
        json!({ "type": "object", "properties": { "spec": spec() }, "default": {} }),
    ] {
        cases.push(with_root(root.clone()));
        let mut with_status = with_root(root);
        with_status["spec"]["versions"][0]["subresources"] = json!({ "status": {} });
        cases.push(with_status);
    }
}

/// What stands beside the schema.
fn others(cases: &mut Vec<Value>) {
    let webhook = |client: Value, versions: Value| json!({ "strategy": "Webhook", "webhook": { "clientConfig": client, "conversionReviewVersions": versions } });
    let service = |name: &str, path: &str| json!({ "service": { "name": name, "namespace": "b", "path": path } });
    let changes = [
        ("/metadata/name", json!("thing.faults.example")),
        ("/metadata/name", json!("Things.faults.example")),
        ("/spec/group", json!("faults")),
        ("/spec/group", json!("Faults.example")),
        ("/spec/group", json!("")),
        ("/spec/group", json!("faults.k8s.io")),
        ("/spec/scope", json!("namespaced")),
        ("/spec/scope", json!("")),
        ("/spec/names/kind", json!("thing_1")),
        ("/spec/names/kind", json!("")),
        ("/spec/names/plural", json!("Things")),
        ("/spec/names/singular", json!("a thing")),
        ("/spec/names/listKind", json!("Thing")),
        ("/spec/names/listKind", json!("1List")),
        ("/spec/names/shortNames", json!(["th", "T"])),
        ("/spec/names/categories", json!(["all", "a.b"])),
        ("/spec/preserveUnknownFields", json!(true)),
        ("/spec/preserveUnknownFields", json!(false)),
        ("/spec/versions", json!([])),
        ("/spec/versions/0/name", json!("V1")),
        ("/spec/versions/0/name", json!("1")),
        ("/spec/versions/0/storage", json!(false)),
        ("/spec/versions/0/served", json!(false)),
        ("/spec/versions/0/schema", json!({})),
        ("/spec/versions/0/schema", Value::Null),
        ("/spec/versions/0/deprecationWarning", json!("a")),
        ("/spec/versions/0/nix", json!(1)),
        ("/spec/versions/0/subresources", json!({ "scale": {} })),
        (
            "/spec/versions/0/subresources",
            json!({ "scale": { "specReplicasPath": ".spec.a", "statusReplicasPath": ".status.a" } }),
        ),
        (
            "/spec/versions/0/subresources",
            json!({ "scale": { "specReplicasPath": "spec.a", "statusReplicasPath": ".spec.a" } }),
        ),
        (
            "/spec/versions/0/subresources",
            json!({ "scale": { "specReplicasPath": ".spec.a", "statusReplicasPath": ".status.a", "labelSelectorPath": ".a" } }),
        ),
        ("/spec/versions/0/additionalPrinterColumns", json!([{ "name": "a", "type": "string", "jsonPath": ".spec" }])),
        ("/spec/versions/0/additionalPrinterColumns", json!([{ "name": "a", "type": "text", "jsonPath": ".spec" }])),
        ("/spec/versions/0/additionalPrinterColumns", json!([{ "name": "a", "type": "string", "jsonPath": "spec" }])),
        ("/spec/versions/0/additionalPrinterColumns", json!([{ "name": "", "type": "", "jsonPath": "" }])),
        (
            "/spec/versions/0/additionalPrinterColumns",
            json!([{ "name": "a", "type": "string", "format": "x", "jsonPath": ".spec" }]),
        ),
        ("/spec/versions/0/selectableFields", json!([{ "jsonPath": ".spec.field" }])),
        ("/spec/versions/0/selectableFields", json!([{ "jsonPath": ".spec" }])),
        ("/spec/versions/0/selectableFields", json!([{ "jsonPath": ".spec.nix" }])),
        ("/spec/versions/0/selectableFields", json!([{ "jsonPath": ".metadata.name" }])),
        ("/spec/versions/0/selectableFields", json!([{ "jsonPath": ".spec.field" }, { "jsonPath": ".spec.field" }])),
        ("/spec/conversion", json!({ "strategy": "None" })),
        ("/spec/conversion", json!({ "strategy": "Magic" })),
        ("/spec/conversion", json!({ "strategy": "Webhook" })),
        ("/spec/conversion", webhook(service("a", "/b"), json!(["v1"]))),
        ("/spec/conversion", webhook(service("", "b"), json!(["v1"]))),
        ("/spec/conversion", webhook(service("a", "//"), json!(["v1"]))),
        ("/spec/conversion", webhook(service("a", "/b//c"), json!(["v1"]))),
        ("/spec/conversion", webhook(json!({}), json!(["v1"]))),
        ("/spec/conversion", webhook(json!({ "url": "https://a.example/b" }), json!(["v1"]))),
        ("/spec/conversion", webhook(json!({ "url": "http://a.example/b" }), json!(["v1"]))),
        ("/spec/conversion", webhook(json!({ "url": "https://u@a.example/b?c#d" }), json!(["v1"]))),
        ("/spec/conversion", webhook(json!({ "url": "https://a.example" }), json!(["v2"]))),
        ("/spec/conversion", webhook(json!({ "url": "https://a.example" }), json!(["v1", "v1", "V"]))),
        ("/spec/conversion", webhook(json!({ "url": "https://a.example" }), json!([]))),
    ];
    for (at, value) in changes {
        let mut definition = with_fields(json!({ "field": { "type": "string" } }));
        let (up, key) = at.rsplit_once('/').unwrap();
        definition.pointer_mut(up).unwrap()[key] = value;
        cases.push(definition);
    }
    for (group, approval) in [
        ("a.k8s.io", "https://github.com/kubernetes/kubernetes/pull/1"),
        ("a.k8s.io", "unapproved, for now"),
        ("a.k8s.io", "me"),
    ] {
        let mut definition = with_fields(json!({ "field": { "type": "string" } }));
        definition["spec"]["group"] = group.into();
        definition["metadata"] =
            json!({ "name": format!("things.{group}"), "annotations": { "api-approved.kubernetes.io": approval } });
        cases.push(definition);
    }
    let mut two = with_fields(json!({ "field": { "type": "string" } }));
    let version = two["spec"]["versions"][0].clone();
    two["spec"]["versions"].as_array_mut().unwrap().push(version);
    cases.push(two);
}

#[test]
fn definitions_with_one_fault_are_refused_as_the_server_refuses_them() {
    let Some(mut client) = client() else { return };
    let schemas = Schemas::embedded("1.36").unwrap();
    let mut tally = Tally::default();
    for definition in cases() {
        tally.compare(&mut client, &schemas, &definition);
    }
    tally.conclude("definitions with a fault");
}

/// How many random schemas, each broken in as many ways.
const SCHEMAS: u64 = 150;
const WAYS: usize = 4;

#[test]
fn random_broken_definitions_are_refused_as_the_server_refuses_them() {
    let Some(mut client) = client() else { return };
    let schemas = Schemas::embedded("1.36").unwrap();
    let mut tally = Tally::default();
    for seed in 0..SCHEMAS {
        let mut dice = Dice::new(1_000 + seed);
        let raw = schema(&mut dice);
        tally.compare(&mut client, &schemas, &with_root(raw.clone()));
        for _ in 0..WAYS {
            let mut broken = raw.clone();
            break_it(&mut dice, &mut broken);
            tally.compare(&mut client, &schemas, &with_root(broken));
        }
    }
    tally.conclude("random broken definitions");
}

/// Puts a keyword where it may not belong, or takes one away.
fn break_it(dice: &mut Dice, schema: &mut Value) {
    let mut places = Vec::new();
    schemas_in(schema, &mut Vec::new(), &mut places);
    let place = dice.pick(&places).clone();
    let Some(node) = idp_run::formats::yaml::get_mut(schema, &place) else { return };
    let words = [
        ("type", json!("string")),
        ("type", json!("object")),
        ("type", json!("array")),
        ("type", Value::Null),
        ("items", json!({ "type": "string" })),
        ("properties", json!({ "a": {} })),
        ("properties", json!({ "metadata": { "type": "object" } })),
        ("additionalProperties", json!(false)),
        ("additionalProperties", json!({ "type": "integer" })),
        ("default", json!("a")),
        ("default", json!(1)),
        ("default", json!({})),
        ("default", json!([])),
        ("nullable", json!(true)),
        ("pattern", json!("[")),
        ("format", json!("date")),
        ("enum", json!(["a", 1])),
        ("required", json!(["a"])),
        ("anyOf", json!([{ "required": ["a"] }, { "type": "string" }])),
        ("oneOf", json!([{ "properties": { "a": { "minimum": 1 } } }])),
        ("allOf", json!([{ "minLength": 1 }])),
        ("not", json!({ "enum": ["a"] })),
        ("x-kubernetes-int-or-string", json!(true)),
        ("x-kubernetes-preserve-unknown-fields", json!(true)),
        ("x-kubernetes-embedded-resource", json!(true)),
        ("x-kubernetes-list-type", json!("map")),
        ("x-kubernetes-list-type", json!("set")),
        ("x-kubernetes-list-map-keys", json!(["name"])),
        ("x-kubernetes-map-type", json!("atomic")),
        ("x-kubernetes-validations", json!([{ "rule": "self == oldSelf" }])),
        ("x-kubernetes-validations", json!([{ "rule": "size(self) > 1" }])),
    ];
    let (word, value) = dice.pick(&words).clone();
    if let Some(map) = node.as_object_mut() {
        match value {
            Value::Null => drop(map.shift_remove(word)),
            value => drop(map.insert(word.to_string(), value)),
        }
    }
}

/// The places of all schemas within a schema.
fn schemas_in(schema: &Value, path: &mut Vec<Step>, found: &mut Vec<Vec<Step>>) {
    found.push(path.clone());
    let mut below = |steps: &[Step], inner: &Value, found: &mut Vec<Vec<Step>>| {
        path.extend(steps.iter().cloned());
        schemas_in(inner, path, found);
        path.truncate(path.len() - steps.len());
    };
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        below(&["properties".into(), name.as_str().into()], inner, found);
    }
    for word in ["items", "additionalProperties", "not"] {
        if schema[word].is_object() {
            below(&[word.into()], &schema[word], found);
        }
    }
    for word in ["allOf", "anyOf", "oneOf"] {
        for (at, inner) in schema[word].as_array().into_iter().flatten().enumerate() {
            below(&[word.into(), at.into()], inner, found);
        }
    }
}
