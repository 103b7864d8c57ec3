//! Objects against small schemas: every check once, in the words of the API server.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::*;

/// A claim's schema with one field of each sort.
fn database() -> Schema {
    Schema::parse(&json!({
        "type": "object",
        "required": ["spec"],
        "properties": {
            "spec": {
                "type": "object",
                "required": ["size", "owner"],
                "properties": {
                    "size": { "type": "string", "enum": ["small", "medium", "large"], "default": "small" },
                    "owner": { "type": "string", "minLength": 3, "maxLength": 10, "pattern": "^[a-z]+$" },
                    "replicas": { "type": "integer", "format": "int32", "minimum": 1, "maximum": 9 },
                    "ratio": { "type": "number", "exclusiveMinimum": true, "minimum": 0 },
                    "port": { "x-kubernetes-int-or-string": true, "default": 5432 },
                    "backup": { "type": "boolean" },
                    "zones": { "type": "array", "x-kubernetes-list-type": "set", "maxItems": 3, "items": { "type": "string" } },
                    "users": {
                        "type": "array",
                        "x-kubernetes-list-type": "map",
                        "x-kubernetes-list-map-keys": ["name"],
                        "items": {
                            "type": "object",
                            "required": ["name"],
                            "properties": {
                                "name": { "type": "string" },
                                "role": { "type": "string", "default": "reader" },
                                "note": { "type": "string", "nullable": true },
                            },
                        },
                    },
                    "tags": { "type": "object", "additionalProperties": { "type": "string", "maxLength": 5 } },
                    "extra": { "type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": {
                        "known": { "type": "object", "properties": { "a": { "type": "string" } } },
                    } },
                    "template": { "type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true },
                    "uri": { "type": "string", "format": "uri" },
                },
            },
        },
    }))
    .unwrap()
}

fn object(spec: Value) -> Value {
    json!({ "apiVersion": "example.org/v1", "kind": "Database", "metadata": { "name": "x" }, "spec": spec })
}

/// Everything that is said of a spec, a line each, with its help.
fn said(spec: Value) -> String {
    lines(&database().review(&object(spec), None, Names::default(), How::default()))
}

fn lines(violations: &[Violation]) -> String {
    let line = |violation: &Violation| match &violation.help {
        Some(help) => format!("{violation}\n    {help}"),
        None => violation.to_string(),
    };
    violations.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_right_object_is_right() {
    assert_eq!(said(json!({ "owner": "payments", "replicas": 3, "ratio": 0.5, "tags": { "a": "b" } })), "");
}

#[test]
fn mistakes_are_told_in_the_words_of_the_api_server() {
    assert_snapshot!(said(json!({
        "size": "smal", "owner": "Payments Team", "replcas": 2, "replicas": "3", "ratio": 0, "port": true, "backup": "true",
        "zones": ["a", "a", "b", "c"], "users": [{ "name": "x" }, { "name": "x" }, {}], "tags": { "k": "toolong" }, "uri": "nope",
        "template": { "kind": "a b", "metadata": { "name": "x/y", "lables": {} } },
    })), @r#"
    unknown field "spec.replcas"
        did you mean `replicas`?
    unknown field "spec.template.metadata.lables"
        did you mean `labels`?
    spec.size: Unsupported value: "smal": supported values: "small", "medium", "large"
        did you mean `small`?
    spec.owner: Too long: may not be more than 10 bytes
    spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string"
        write it without quotes: 3
    spec.ratio: Invalid value: 0: spec.ratio in body should be greater than 0
    spec.port: Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean"
    spec.backup: Invalid value: "string": spec.backup in body must be of type boolean: "string"
        write it without quotes: true
    spec.zones: Too many: 4: must have at most 3 items
    spec.users[2].name: Required value
    spec.tags.k: Too long: may not be more than 5 bytes
    spec.uri: Invalid value: "nope": spec.uri in body must be of type uri: "nope"
    spec.template.apiVersion: Required value
    spec.template.kind: Invalid value: "a b": may have mixed case, but should otherwise match: a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')
    spec.template.metadata.name: Invalid value: "x/y": may not contain '/'
    spec.zones[1]: Duplicate value: "a"
    spec.users[1]: Duplicate value: {"name":"x"}
    "#);
}

#[test]
fn a_missing_field_may_stand_beside_under_a_wrong_name() {
    assert_snapshot!(said(json!({ "ownr": "payments" })), @r#"
    unknown field "spec.ownr"
        did you mean `owner`?
    spec.owner: Required value
    "#);
    assert_eq!(database().validate(&object(json!({})), None, How::default())[0].path, yaml_path("spec.size"));
    // A part of an object may leave out what it likes.
    let how = How { partial: true, ..How::default() };
    let patch = json!({ "spec": { "replicas": 0, "$patch": "replace", "users": [{ "role": "x" }] } });
    assert_snapshot!(lines(&database().review(&patch, None, Names::default(), how)), @"spec.replicas: Invalid value: 0: spec.replicas in body should be greater than or equal to 1");
}

#[test]
fn a_field_may_have_slipped_to_another_depth() {
    assert_snapshot!(said(json!({ "owner": "abc", "role": "x", "extra": { "known": { "replicas": 1, "owner": "x" } } })), @r#"
    unknown field "spec.role"
    unknown field "spec.extra.known.replicas"
        did you mean `spec.replicas`?
    unknown field "spec.extra.known.owner"
        did you mean `spec.owner`?
    "#);
    let mut value = object(json!({ "owner": "abc" }));
    value["size"] = json!("small");
    assert_snapshot!(lines(&database().unknown(&value)), @r#"
    unknown field "size"
        did you mean `spec.size`?
    "#);
}

fn yaml_path(text: &str) -> Vec<Step> {
    crate::formats::yaml::parse_path(text).unwrap()
}

#[test]
fn defaults_fill_in_after_nulls_have_gone() {
    let mut value =
        object(json!({ "owner": null, "size": null, "users": [{ "name": "a", "note": null, "role": null }, null] }));
    database().default(&mut value);
    let expected =
        json!({ "size": "small", "users": [{ "name": "a", "note": null, "role": "reader" }, null], "port": 5432 });
    assert_eq!(value["spec"], expected);
}

#[test]
fn unknown_fields_go_unless_they_are_kept() {
    let spec = json!({
        "x": 1, "owner": "payments", "extra": { "any": { "thing": 1 }, "known": { "a": "b", "c": 1 } }, "tags": { "any": "x" },
        "users": [{ "name": "a", "y": { "z": 1 } }], "template": { "kind": "X", "apiVersion": "v1", "spec": { "a": 1 } },
    });
    let mut value = object(spec);
    let dropped = database().prune(&mut value);
    let shown: Vec<String> = dropped.iter().map(|path| crate::formats::yaml::Path(path).to_string()).collect();
    assert_eq!(shown, ["spec.x", "spec.extra.known.c", "spec.users[0].y"]);
    assert_eq!(value["spec"]["extra"], json!({ "any": { "thing": 1 }, "known": { "a": "b" } }));
    assert!(database().unknown(&value).is_empty());
}

#[test]
fn what_has_not_changed_may_stay_wrong() {
    let old = object(json!({ "owner": "x", "size": "huge", "users": [{ "name": "a", "role": 1 }, { "name": "b" }] }));
    let mut new = old.clone();
    new["spec"]["replicas"] = json!(0);
    new["spec"]["users"] = json!([{ "name": "b" }, { "name": "a", "role": 1 }, { "name": "c", "role": 2 }]);
    let violations = database().review(&new, Some(&old), Names::default(), How::default());
    assert_snapshot!(lines(&violations), @r#"
    spec.users[2].role: Invalid value: "integer": spec.users[2].role in body must be of type string: "integer"
        write it in quotes: "2"
    spec.replicas: Invalid value: 0: spec.replicas in body should be greater than or equal to 1
    "#);
}

fn values(schema: Value, value: Value) -> String {
    let schema = Schema::parse(&json!({ "type": "object", "properties": { "v": schema } })).unwrap();
    lines(&schema.validate(&json!({ "v": value }), None, How::default()))
}

#[test]
fn numbers_are_bounded_as_go_bounds_them() {
    assert_eq!(values(json!({ "type": "integer" }), json!(3.0)), "");
    assert_eq!(values(json!({ "type": "number" }), json!(3)), "");
    // A whole number meets the bound without its fraction.
    assert_eq!(values(json!({ "type": "number", "minimum": 1.5 }), json!(1)), "");
    assert_snapshot!(values(json!({ "type": "integer", "format": "int32" }), json!(3_000_000_000i64)), @r#"<nil>: Invalid value: "": Checked value must be of type integer with format int32 in v"#);
    assert_snapshot!(values(json!({ "type": "integer" }), json!(1.5)), @r#"
    v: Invalid value: "number": v in body must be of type integer: "number"
    <nil>: Invalid value: "": Checked value must be of type integer (default format) in v
    "#);
    assert_snapshot!(values(json!({ "type": "number", "multipleOf": 0.1 }), json!(0.25)), @"v: Invalid value: 0.25: v in body should be a multiple of 0.1");
    assert_snapshot!(values(json!({ "type": "number", "multipleOf": 0.5 }), json!(2)), @"v: Invalid value: 0: factor MultipleOf declared for v must be positive: 0");
    assert_snapshot!(values(json!({ "type": "number", "maximum": 1e21 }), json!(1e22)), @"v: Invalid value: 1e+22: v in body should be less than or equal to 1e+21");
    assert_snapshot!(values(json!({ "type": "boolean", "format": "x" }), json!(1)), @r#"v: Invalid value: "integer": v in body must be of type boolean: "integer""#);
}

#[test]
fn null_is_a_value_only_where_it_is_allowed() {
    assert_eq!(values(json!({ "type": "string", "nullable": true }), json!(null)), "");
    assert_snapshot!(values(json!({ "type": "string" }), json!(null)), @r#"v: Invalid value: "null": v in body must be of type string: "null""#);
    // Upstream never finds null among the choices.
    assert_snapshot!(values(json!({ "type": "string", "nullable": true, "enum": ["a", null] }), json!(null)), @r#"v: Unsupported value: null: supported values: "a", "null""#);
}

#[test]
fn alternatives_tell_of_the_one_that_came_nearest() {
    let schema = json!({
        "type": "object",
        "properties": { "a": { "type": "string" }, "b": { "type": "integer" } },
        "oneOf": [{ "required": ["a"] }, { "required": ["b"], "properties": { "b": { "minimum": 3 } } }],
    });
    assert_eq!(values(schema.clone(), json!({ "a": "x" })), "");
    assert_snapshot!(values(schema.clone(), json!({ "b": 1 })), @r#"
    <nil>: Invalid value: "": "v" must validate one and only one schema (oneOf). Found none valid
    v.b: Invalid value: 1: v.b in body should be greater than or equal to 3
    "#);
    assert_snapshot!(values(schema, json!({ "a": "x", "b": 3 })), @r#"<nil>: Invalid value: "": "v" must validate one and only one schema (oneOf). Found 2 valid alternatives"#);
    let schema = json!({ "type": "string", "anyOf": [{ "pattern": "^a" }, { "minLength": 3 }], "not": { "enum": ["abc"] }, "allOf": [{ "maxLength": 4 }] });
    assert_snapshot!(values(schema.clone(), json!("bc")), @r#"
    <nil>: Invalid value: "": "v" must validate at least one schema (anyOf)
    v: Invalid value: "bc": v in body should match '^a'
    "#);
    assert_snapshot!(values(schema.clone(), json!("abc")), @r#"<nil>: Invalid value: "": "v" must not validate the schema (not)"#);
    assert_snapshot!(values(schema, json!("abcde")), @r#"
    v: Too long: may not be more than 4 bytes
    <nil>: Invalid value: "": "v" must validate all the schemas (allOf). None validated
    "#);
}

#[test]
fn metadata_has_rules_of_its_own() {
    let value = json!({
        "apiVersion": "a/b/c", "kind": "Thing",
        "metadata": { "name": "My_Name", "namespace": "a.b", "labels": { "a/b/c": "ok", "version": 1, "x": "-" }, "finalizers": ["-"] },
    });
    let violations = metadata(&value, Names::default(), How::default());
    assert_snapshot!(lines(&violations), @r#"
    apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c
    metadata.labels.version: Invalid value: "integer": metadata.labels.version in body must be of type string: "integer"
        write it in quotes: "1"
    "#);
    let mut value = value;
    value["metadata"]["labels"]["version"] = json!("1");
    let violations = metadata(&value, Names::default(), How::default());
    let shown: Vec<String> =
        violations.iter().map(|violation| violation.to_string().chars().take(75).collect()).collect();
    assert_snapshot!(shown.join("\n"), @r#"
    apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c
    metadata.name: Invalid value: "My_Name": a lowercase RFC 1123 subdomain mus
    metadata.namespace: Invalid value: "a.b": must not contain dots
    metadata.labels: Invalid value: "a/b/c": a valid label key must consist of 
    metadata.labels: Invalid value: "-": a valid label must be an empty string 
    metadata.finalizers: Invalid value: "-": name part must consist of alphanum
    "#);
    assert_eq!(violations[4].path, yaml_path("metadata.labels.x"));
    let role =
        json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": { "name": "system:x" } });
    assert!(metadata(&role, Names::of("rbac.authorization.k8s.io/v1", "Role"), How::default()).is_empty());
    let generated =
        json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "generateName": "x-", "creationTimestamp": null } });
    assert!(metadata(&generated, Names::of("v1", "Pod"), How::default()).is_empty());
}

#[test]
fn definitions_refer_to_each_other_and_to_themselves() {
    let definitions = json!({
        "Tree": { "type": "object", "properties": { "name": { "type": "string" }, "below": { "type": "array", "items": { "$ref": "Tree" } }, "raw": { "type": "object" },
            "size": { "allOf": [{ "$ref": "Size" }], "default": {} } } },
        "Size": { "type": "string", "format": "int-or-string" },
    });
    let resolve = |name: &str| definitions.get(name);
    let schema = Schema::parse_with(&definitions["Tree"], &resolve).unwrap();
    let value = json!({ "name": "a", "below": [{ "nme": "b", "below": [{ "name": 1, "size": true }] }], "raw": { "any": { "x": 1 } }, "size": 3, "x": null });
    assert_snapshot!(lines(&schema.review(&value, None, Names::default(), How { partial: true, ..How::default() })), @r#"
    unknown field "below[0].nme"
        did you mean `name`?
    unknown field "x"
    below[0].below[0].name: Invalid value: "integer": below[0].below[0].name in body must be of type string: "integer"
        write it in quotes: "1"
    below[0].below[0].size: Invalid value: "boolean": below[0].below[0].size in body must be of type integer,string: "boolean"
    "#);
    let error = Schema::parse_with(&json!({ "$ref": "Nothing" }), &|_| None).unwrap_err();
    assert_eq!(error.message(), "the schema refers to `Nothing`, which isn't there");
    let looped = json!({ "A": { "anyOf": [{ "$ref": "B" }, {}] }, "B": { "allOf": [{ "$ref": "A" }, {}] } });
    let error = Schema::parse_with(&looped["A"], &|name| looped.get(name)).unwrap_err();
    assert_eq!(error.message(), "the schema has a definition that is an alternative of itself");
}

#[test]
fn what_is_no_schema_is_refused_with_its_place() {
    let cases = [
        (
            json!({ "properties": { "a": { "type": "text" } } }),
            "`properties.a.type` of the schema is `text`, which is none of",
        ),
        (
            json!({ "properties": { "a": { "required": true } } }),
            "`properties.a.required` of the schema must be a list of texts",
        ),
        (json!({ "anyOf": [{}, { "minimum": "1" }] }), "`anyOf[1].minimum` of the schema must be a number"),
        (json!({ "items": [{}] }), "`items` of the schema must be a map"),
        (json!({ "uniqueItems": true }), "`uniqueItems` of the schema can't be true"),
        (json!({ "patternProperties": { "a": {} } }), "`patternProperties` of the schema isn't supported"),
        (json!({ "$ref": "#/definitions/x" }), "`$ref` of the schema isn't allowed"),
        (
            json!({ "properties": { "a": { "pattern": "(?=a)" } } }),
            "`properties.a.pattern` of the schema isn't a pattern of Go: a group that",
        ),
        (json!({ "x-kubernetes-list-type": "bag" }), "`x-kubernetes-list-type` of the schema is `bag`"),
        (json!([]), "the schema must be a map"),
    ];
    for (schema, message) in cases {
        let error = Schema::parse(&schema).unwrap_err();
        assert!(error.message().starts_with(message), "{}", error.message());
        assert!(error.help_text().is_some());
    }
}

#[test]
fn fields_can_be_shown() {
    let schema = database();
    let spec = schema.node(&yaml_path("spec")).unwrap();
    let names: Vec<&str> = spec.properties().iter().map(|(name, _)| *name).take(3).collect();
    assert_eq!(names, ["size", "owner", "replicas"]);
    assert_eq!(spec.required(), ["size", "owner"]);
    let size = schema.node(&yaml_path("spec.size")).unwrap();
    assert_eq!(
        (size.kind(), size.default_value(), size.choices().len()),
        (Some(Type::String), Some(&json!("small")), 3)
    );
    let replicas = schema.node(&yaml_path("spec.replicas")).unwrap();
    assert_eq!(
        (replicas.bounds().minimum, replicas.bounds().maximum, replicas.format()),
        (Some(1.0), Some(9.0), Some("int32"))
    );
    let users = schema.node(&yaml_path("spec.users")).unwrap();
    assert!(
        users.is_list() && users.list_keys() == ["name"] && schema.node(&yaml_path("spec.users[3].role")).is_some()
    );
    assert_eq!(schema.node(&yaml_path("spec.tags.any")).unwrap().bounds().max_length, Some(5));
    assert!(
        schema.node(&yaml_path("spec.port")).unwrap().is_int_or_string() && schema.node(&yaml_path("spec.x")).is_none()
    );
}

#[test]
fn metadata_is_judged_once() {
    let text = json!({ "type": "string" });
    let labels = json!({ "type": "object", "additionalProperties": text });
    let meta = json!({ "type": "object", "properties": { "name": text, "labels": labels } });
    let all = json!({ "type": "object", "properties": { "apiVersion": text, "kind": text, "metadata": meta } });
    let schema = Schema::parse_with(&all, &|_| None).unwrap();
    let object = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "x", "labels": { "a": 1 } } });
    assert_eq!(schema.review(&object, None, Names::default(), How::default()).len(), 1);
}

#[test]
fn metadata_is_a_schema() {
    assert!(super::metadata::schema().is_some());
}

/// What rules say of a change.
fn ruled(schema: Value, old: Option<Value>, new: Value) -> String {
    let schema = Schema::parse(&json!({ "type": "object", "properties": { "spec": schema } })).unwrap();
    let how = How { rules: true, ..How::default() };
    lines(&schema.validate(&object(new), old.map(object).as_ref(), how))
}

#[test]
fn rules_are_checked_where_they_are() {
    let schema = json!({
        "type": "object",
        "x-kubernetes-validations": [
            { "rule": "self.min <= self.max", "messageExpression": "'min ' + string(self.min) + ' is above max'", "fieldPath": ".min" },
            { "rule": "!has(self.secret)", "reason": "FieldValueForbidden", "message": "keep it elsewhere" },
        ],
        "properties": {
            "min": { "type": "integer", "default": 1 },
            "max": { "type": "integer" },
            "secret": { "type": "string", "maxLength": 3 },
            "names": { "type": "object", "additionalProperties": {
                "type": "string", "x-kubernetes-validations": [{ "rule": "self.startsWith('a')" }],
            } },
        },
        "allOf": [{ "properties": { "max": { "x-kubernetes-validations": [{ "rule": "self < 9" }] } } }],
    });
    assert_eq!(ruled(schema.clone(), None, json!({ "min": 1, "max": 3 })), "");
    assert_snapshot!(ruled(schema.clone(), None, json!({ "min": 20, "max": 10, "secret": "x", "names": { "k": "b" } })), @r#"
    spec.min: Invalid value: min 20 is above max
    spec: Forbidden: keep it elsewhere
    spec.max: Invalid value: 10: failed rule: self < 9
    spec.names[k]: Invalid value: "b": failed rule: self.startsWith('a')
    "#);
    // What the schema itself refuses is mended first.
    assert_snapshot!(ruled(schema, None, json!({ "min": 20, "max": 10, "secret": "long" })), @"spec.secret: Too long: may not be more than 3 bytes");
}

#[test]
fn rules_of_change_find_what_was_there() {
    let schema = json!({
        "type": "object",
        "properties": {
            "engine": { "type": "string", "x-kubernetes-validations": [{ "rule": "self == oldSelf", "message": "can't be changed" }] },
            "disks": {
                "type": "array",
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["name"],
                "items": { "type": "object", "required": ["name"], "properties": {
                    "name": { "type": "string" },
                    "size": { "type": "integer", "x-kubernetes-validations": [
                        { "rule": "self >= oldSelf", "message": "can't shrink" }, { "rule": "self < 100" },
                    ] },
                } },
            },
        },
    });
    let old = json!({ "engine": "a", "disks": [{ "name": "x", "size": 5 }, { "name": "y", "size": 500 }] });
    let new = json!({ "engine": "b", "disks": [{ "name": "y", "size": 500 }, { "name": "x", "size": 4 }, { "name": "z", "size": 200 }] });
    assert_eq!(ruled(schema.clone(), Some(old.clone()), old.clone()), "");
    assert_snapshot!(ruled(schema.clone(), Some(old), new.clone()), @r#"
    spec.engine: Invalid value: "b": can't be changed
    spec.disks[1].size: Invalid value: 4: can't shrink
    spec.disks[2].size: Invalid value: 200: failed rule: self < 100
    "#);
    assert_snapshot!(ruled(schema, None, new), @r#"
    spec.disks[0].size: Invalid value: 500: failed rule: self < 100
    spec.disks[2].size: Invalid value: 200: failed rule: self < 100
    "#);
}

#[test]
fn a_rule_that_is_none_is_told_where_it_stands() {
    let schema = json!({ "type": "string", "x-kubernetes-validations": [{ "rule": "self.sizes() < 3" }] });
    assert!(
        ruled(schema, None, json!("a"))
            .starts_with("spec: Invalid value: \"string\": rule compile error: compilation failed")
    );
}
