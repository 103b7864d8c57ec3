//! Each keyword of a structural schema by itself, with values on both sides of its border.

use serde_json::{Value, json};

use super::comparison::{Kind, Tally};
use crate::support::api_server::{client, definition};

/// A schema of `spec`, and values for it.
fn cases() -> Vec<(Value, Vec<Value>)> {
    let any = || vec![json!(null), json!(true), json!(1), json!(1.5), json!("a"), json!([1]), json!({ "a": 1 })];
    let mut cases = Vec::new();
    let mut case = |schema: Value, values: Value| {
        let Value::Array(values) = values else { panic!("values are a list") };
        cases.push((schema, values));
    };
    // Types.
    for kind in ["boolean", "integer", "number", "string"] {
        case(json!({ "type": kind }), any().into());
        case(json!({ "type": kind, "nullable": true }), any().into());
    }
    case(json!({ "type": "array", "items": { "type": "string" } }), any().into());
    case(json!({ "type": "object" }), any().into());
    case(json!({ "type": "object", "nullable": true }), any().into());
    case(json!({ "x-kubernetes-preserve-unknown-fields": true }), any().into());
    case(json!({ "x-kubernetes-int-or-string": true }), any().into());
    case(
        json!({ "x-kubernetes-int-or-string": true, "anyOf": [{ "type": "integer" }, { "type": "string" }], "pattern": "^[0-9]+%$" }),
        json!([1, "1%", "1", true, 1.0, 2.5]),
    );
    // Numbers.
    case(json!({ "type": "integer", "minimum": 1, "maximum": 3 }), json!([0, 1, 3, 4, 1.0, 2.5, -1]));
    case(json!({ "type": "integer", "minimum": 1, "exclusiveMinimum": true }), json!([1, 2]));
    case(json!({ "type": "integer", "maximum": 3, "exclusiveMaximum": true }), json!([2, 3]));
    case(json!({ "type": "number", "minimum": 0.5, "maximum": 1.5 }), json!([0.4, 0.5, 1, 1.5, 1.6, 2, 1e21]));
    case(json!({ "type": "integer", "multipleOf": 3 }), json!([0, 3, 4, -3]));
    case(json!({ "type": "number", "multipleOf": 0.1 }), json!([0.1, 0.3, 0.35, 1]));
    case(json!({ "type": "integer", "format": "int32" }), json!([2147483647i64, 2147483648i64, -2147483649i64]));
    case(json!({ "type": "integer", "format": "int64" }), json!([i64::MAX, i64::MIN, 9007199254740993i64, 1e19]));
    case(json!({ "type": "number", "format": "float" }), json!([1.5, 1e39, 1]));
    case(json!({ "type": "number", "format": "double" }), json!([1.5, 1e300]));
    // Texts.
    case(
        json!({ "type": "string", "minLength": 2, "maxLength": 3 }),
        json!(["", "a", "ab", "abc", "abcd", "日本", "日", "日本語で"]),
    );
    case(
        json!({ "type": "string", "pattern": "^[a-z]([-a-z0-9]*[a-z0-9])?$" }),
        json!(["a", "a-b", "-a", "A", "a\nb", ""]),
    );
    case(json!({ "type": "string", "pattern": "b" }), json!(["abc", "ac", "B"]));
    case(json!({ "type": "string", "pattern": "(?i)^a.c$" }), json!(["ABC", "a\nc", "aüc"]));
    case(json!({ "type": "string", "pattern": r"^\w+\s\d$" }), json!(["ab 1", "ü 1", "ab\u{a0}1", "ab ١"]));
    case(json!({ "type": "string", "enum": ["a", "b", ""] }), json!(["a", "", "c", null, 1]));
    case(json!({ "type": "integer", "enum": [1, 2] }), json!([1, 2, 3, 1.0, "1"]));
    case(json!({ "type": "number", "enum": [1, 2.5] }), json!([1, 2.5, 3, 1.0]));
    let times = json!([
        "2024-02-29",
        "2023-02-29",
        "2024-02-29T23:59:59Z",
        "2024-02-29T23:59:60Z",
        "2024-02-29t23:59:59.5+01:00",
        "2024-02-29 23:59:59",
        "24-02-29",
        "1h",
        "1h30m",
        "1 hour",
        "3 days",
        "P1D",
        "-1h",
        "1.5h",
        "1w",
        "2 weeks",
        "1us",
        "",
        "1",
        "10ns"
    ]);
    for format in ["date", "date-time", "datetime", "duration"] {
        case(json!({ "type": "string", "format": format }), times.clone());
    }
    let names = json!([
        "a@b.example",
        "a@b",
        "@b",
        "Ann <a@b.example>",
        "b.example",
        "-b.example",
        "b_c.example",
        "B.EXAMPLE",
        "münchen.example",
        "b.example.",
        "a b",
        "https://b.example/c",
        "/c",
        "c",
        "http://a b/",
        "//b",
        "mailto:a@b",
        "%zz",
        "http://[::1]:80/",
        ""
    ]);
    for format in ["email", "hostname", "uri", "password", "no-such-format"] {
        case(json!({ "type": "string", "format": format }), names.clone());
    }
    let addresses = json!([
        "10.0.0.1",
        "010.0.0.1",
        "10.0.0",
        "::1",
        "::ffff:10.0.0.1",
        "fe80::1%eth0",
        "1::2::3",
        "10.0.0.0/8",
        "10.0.0.1/33",
        "::/0",
        "fe80::/129",
        "00:11:22:33:44:55",
        "00-11-22-33-44-55",
        "0011.2233.4455",
        "001122334455",
        "00112233445",
        "00:11:22",
        "01:23:45:67:89:ab:cd:ef",
        ""
    ]);
    for format in ["ipv4", "ipv6", "cidr", "mac"] {
        case(json!({ "type": "string", "format": format }), addresses.clone());
    }
    let tokens = json!([
        "123e4567-e89b-12d3-a456-426614174000",
        "123E4567-E89B-42D3-A456-426614174000",
        "123e4567e89b32d3a456426614174000",
        "123e4567-e89b-52d3-a456-426614174000",
        "not-a-uuid",
        "aGVsbG8=",
        "aGVsbG8",
        "a-_=",
        "",
        "#fff",
        "fff",
        "#ffff",
        "rgb(1,2,3)",
        "rgb(256,2,3)",
        "978-3-16-148410-0",
        "3-16-148410-0",
        "9783161484100",
        "3161484100",
        "4111111111111111",
        "4111 1111 1111 1111",
        "4111111111111112",
        "078-05-1120",
        "123456789",
        "5f8f8c44b54764421b7156c3",
        "5f8f8c44"
    ]);
    for format in [
        "uuid",
        "uuid3",
        "uuid4",
        "uuid5",
        "byte",
        "hexcolor",
        "rgbcolor",
        "isbn",
        "isbn10",
        "isbn13",
        "creditcard",
        "ssn",
        "bsonobjectid",
    ] {
        case(json!({ "type": "string", "format": format }), tokens.clone());
    }
    for format in ["k8s-short-name", "k8s-long-name"] {
        case(
            json!({ "type": "string", "format": format }),
            json!(["a", "a.b", "A", "-a", "a-", "", "1", "a_b", "a..b"]),
        );
    }
    // Lists.
    let text = || json!({ "type": "string" });
    case(
        json!({ "type": "array", "items": text(), "minItems": 1, "maxItems": 2 }),
        json!([[], ["a"], ["a", "b"], ["a", "b", "c"], [null], [1]]),
    );
    for kind in ["atomic", "set"] {
        case(
            json!({ "type": "array", "items": text(), "x-kubernetes-list-type": kind }),
            json!([["a", "a"], ["a", "b", "a", "b", "a"], ["a"], []]),
        );
    }
    case(
        json!({ "type": "array", "x-kubernetes-list-type": "set", "items": { "type": "integer" } }),
        json!([[1, 1], [1, 1.0], [1, 2]]),
    );
    let item = json!({ "type": "object", "required": ["name"], "properties": {
        "name": text(), "port": { "type": "integer", "default": 80 }, "protocol": { "type": "string" },
    } });
    let entries = json!([
        [{ "name": "a" }, { "name": "a" }],
        [{ "name": "a", "port": 1 }, { "name": "a", "port": 2 }],
        [{ "name": "a", "port": 80 }, { "name": "a" }, { "name": "a" }],
        [{ "port": 1 }],
        [{ "name": "a", "unknown": 1 }, null],
        ["a"],
        { "a": 1 },
    ]);
    case(
        json!({ "type": "array", "items": item, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"] }),
        entries.clone(),
    );
    case(
        json!({ "type": "array", "items": item, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name", "port"] }),
        entries,
    );
    // Objects.
    let properties = || json!({ "a": { "type": "integer" }, "b.c": { "type": "string" } });
    case(
        json!({ "type": "object", "required": ["a", "b.c"], "properties": properties() }),
        json!([{}, { "a": 1 }, { "a": null, "b.c": "" }, { "a": 1, "b.c": "x", "d": 1 }]),
    );
    case(
        json!({ "type": "object", "properties": properties(), "minProperties": 1, "maxProperties": 1 }),
        json!([{}, { "a": 1 }, { "a": 1, "b.c": "" }, { "d": 1 }]),
    );
    case(
        json!({ "type": "object", "additionalProperties": { "type": "integer", "minimum": 1 } }),
        json!([{ "x": 1, "y.z": 0 }, { "x": "a" }, { "x": null }, {}]),
    );
    case(json!({ "type": "object", "additionalProperties": true }), json!([{ "x": 1, "y": { "z": null } }]));
    case(
        json!({ "type": "object", "properties": properties(), "x-kubernetes-preserve-unknown-fields": true }),
        json!([{ "d": { "e": null } }, { "a": "x", "d": 1 }]),
    );
    case(
        json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": { "a": { "type": "object", "properties": { "b": text() } } } }),
        json!([{ "a": { "b": "c", "d": 1 }, "e": 1 }]),
    );
    case(
        json!({ "type": "object", "x-kubernetes-map-type": "atomic", "properties": properties() }),
        json!([{ "a": 1, "d": 2 }]),
    );
    let embedded = json!({ "type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true });
    case(
        embedded,
        json!([{}, { "apiVersion": "v1", "kind": "A" }, { "apiVersion": "v1", "kind": "A", "metadata": { "name": "a" }, "spec": 1 }, { "kind": "A" },
            { "apiVersion": "a/b/c", "kind": "A b" }, { "apiVersion": "v1", "kind": "A", "metadata": { "name": "A_b", "labels": { "x y": "z" } } },
            { "apiVersion": "v1", "kind": "A", "metadata": { "nme": "a", "labels": { "a": 1 } } }, { "apiVersion": 1, "kind": "A" }, { "apiVersion": "v1", "kind": "A", "metadata": "x" }]),
    );
    case(
        json!({ "type": "object", "x-kubernetes-embedded-resource": true, "properties": { "spec": { "type": "object", "properties": { "a": text() } } } }),
        json!([{ "apiVersion": "v1", "kind": "A", "metadata": { "name": "a", "unknown": 1 }, "spec": { "a": "b", "c": 1 }, "d": 1 }]),
    );
    // Defaults, and what becomes of null.
    let defaults = json!({ "type": "object", "properties": {
        "a": { "type": "integer", "default": 1 },
        "n": { "type": "integer", "default": 2, "nullable": true },
        "plain": { "type": "integer" },
        "null": { "type": "integer", "nullable": true },
        "deep": { "type": "object", "default": {}, "properties": { "b": { "type": "string", "default": "c" } } },
        "later": { "type": "object", "properties": { "b": { "type": "string", "default": "c" } } },
        "items": { "type": "array", "items": { "type": "object", "properties": { "b": { "type": "string", "default": "c" } } } },
        "map": { "type": "object", "additionalProperties": { "type": "object", "properties": { "b": { "type": "boolean", "default": true } } } },
        "list": { "type": "array", "default": ["x"], "items": { "type": "string", "default": "y" } },
        "words": { "type": "object", "additionalProperties": { "type": "string", "default": "z" } },
        "open": { "type": "object", "x-kubernetes-preserve-unknown-fields": true, "default": { "u": 1 } },
    } });
    case(
        defaults,
        json!([{}, { "a": null, "n": null, "plain": null, "null": null, "deep": null, "later": null, "items": null, "list": null }, { "deep": {}, "later": {} },
            { "items": [{}, { "b": "d" }, null, { "b": null }], "map": { "k": {}, "l": null } }, { "list": [null, "q"], "words": { "k": null } }, { "open": {} }]),
    );
    // Joined value validations.
    for join in ["allOf", "anyOf", "oneOf"] {
        case(json!({ "type": "integer", join: [{ "minimum": 2 }, { "maximum": 4 }] }), json!([1, 2, 3, 4, 5]));
        case(json!({ "type": "integer", join: [{ "minimum": 10 }, { "multipleOf": 7 }] }), json!([1, 7, 10, 70]));
        case(
            json!({ "type": "object", "properties": properties(), join: [{ "required": ["a"] }, { "required": ["b.c"] }] }),
            json!([{}, { "a": 1 }, { "a": 1, "b.c": "x" }]),
        );
        case(
            json!({ "type": "object", "properties": properties(), join: [{ "properties": { "a": { "minimum": 3 } } }, { "properties": { "a": { "enum": [5] } } }] }),
            json!([{ "a": 1 }, { "a": 3 }, { "a": 5 }, {}]),
        );
    }
    case(json!({ "type": "string", "not": { "enum": ["a"] } }), json!(["a", "b"]));
    case(
        json!({ "type": "object", "properties": properties(), "not": { "required": ["a"] } }),
        json!([{ "a": 1 }, {}]),
    );
    cases
}

#[test]
fn each_keyword_is_judged_as_the_server_judges_it() {
    let Some(mut client) = client() else { return };
    let cases = cases();
    let root = |spec: &Value| json!({ "type": "object", "properties": { "spec": spec } });
    // A definition for each: objects of a version would be pruned by the schema of the stored one.
    let of = |(number, (schema, _)): (usize, &(Value, _))| {
        definition(&format!("k{number}.keywords.example"), "Keyword", &[root(schema)])
    };
    let definitions: Vec<Value> = cases.iter().enumerate().map(of).collect();
    client.define(&definitions);
    let mut tally = Tally::default();
    for (definition, (_, values)) in definitions.iter().zip(&cases) {
        let kind = Kind::of(definition).remove(0);
        for value in values {
            let object = kind.object(&json!({ "spec": value }));
            tally.compare(&mut client, &kind, &object);
            tally.compare_strictly(&mut client, &kind, &object);
        }
        client.remove(definition);
    }
    tally.conclude("keywords");
}
