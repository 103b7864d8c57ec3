//! Random structural schemas and objects for them, most of them nearly right: from a seed, so that a difference can be
//! looked at again.

use serde_json::{Map, Value, json};

/// Numbers that follow from a seed: SplitMix64.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Less than `end`.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// True once in `of` times.
    pub fn once_in(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

const NAMES: [&str; 8] = ["name", "size", "replicas", "port", "tags", "a.b", "owner", "x-y"];
const PATTERNS: [&str; 6] = ["^[a-z]+$", "a|b", "^.{2,4}$", r"\d+", "^[^@]+@acme$", r"^(?:[0-9]{1,3}\.){3}$"];
const FORMATS: [&str; 20] = [
    "date",
    "date-time",
    "datetime",
    "duration",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "cidr",
    "uri",
    "uuid",
    "byte",
    "mac",
    "password",
    "hexcolor",
    "isbn",
    "creditcard",
    "k8s-short-name",
    "int32",
    "no-such-format",
];
const WORDS: [&str; 40] = [
    "",
    "a",
    "ab",
    "abc",
    "abcd",
    "b",
    "B",
    "ü",
    "日本",
    "12",
    "1.2.3.",
    "10.0.0.1",
    "300.0.0.1",
    "::1",
    "10.0.0.0/8",
    "10.0.0.1/8",
    "2024-02-30",
    "2024-02-29",
    "2024-02-29T10:00:00Z",
    "2024-02-29T10:00:00",
    "2024-02-29T25:00:00Z",
    "1h",
    "1 day",
    "3d",
    "x@acme",
    "x@acme.example",
    "acme.example",
    "-acme",
    "https://acme.example/a?b#c",
    "/a b",
    "123e4567-e89b-12d3-a456-426614174000",
    "aGk=",
    "aGk",
    "a\nb",
    "00:11:22:33:44:55",
    "#fff",
    "978-3-16-148410-0",
    "4111111111111111",
    " ",
    "1",
];
const INTEGERS: [i64; 14] =
    [0, 1, -1, 2, 3, 4, 5, 10, 100, 2_147_483_647, 2_147_483_648, -2_147_483_649, 9_007_199_254_740_993, i64::MAX];
const FLOATS: [f64; 9] = [0.0, 0.5, -0.5, 1.0, 1.5, 2.0, 3.3, 1e10, 1e21];

/// Bounds that are written in another way than they look.
const BOUNDS: [f64; 6] = [0.5, 1.0, 1e6, 12345678.0, 2147483648.0, 1e-5];

/// A schema for the root of a custom resource, with one to four properties beside `metadata`.
pub fn schema(dice: &mut Dice) -> Value {
    let mut root = object(dice, 3);
    // The root of a custom resource is an object with fields; nothing else is allowed there.
    let mut properties = root["properties"].as_object().cloned().unwrap_or_default();
    if properties.is_empty() {
        properties.insert("spec".into(), node(dice, 3));
    }
    let mut whole = json!({ "type": "object", "properties": properties });
    if dice.once_in(8) {
        whole["x-kubernetes-preserve-unknown-fields"] = true.into();
    }
    if let Some(required) = root.as_object_mut().and_then(|root| root.remove("required")) {
        whole["required"] = required;
    }
    whole
}

/// A schema of anything; `depth` is how many levels may follow.
fn node(dice: &mut Dice, depth: usize) -> Value {
    let kinds = if depth == 0 { 6 } else { 12 };
    let mut node = match dice.below(kinds) {
        0 | 1 => text(dice),
        2 => integer(dice),
        3 => number(dice),
        4 => json!({ "type": "boolean" }),
        5 => json!({ "x-kubernetes-int-or-string": true }),
        6 | 7 => list(dice, depth),
        8 => map(dice, depth),
        9 if dice.once_in(3) => json!({ "x-kubernetes-preserve-unknown-fields": true }),
        9 if dice.once_in(2) => json!({
            "type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true
        }),
        _ => object(dice, depth),
    };
    if dice.once_in(6) {
        node["nullable"] = true.into();
    }
    if dice.once_in(5) {
        combine(dice, &mut node);
    }
    if dice.once_in(5) {
        rules(dice, &mut node);
    }
    if dice.once_in(4)
        && let Some(value) = default_of(dice, &node)
    {
        node["default"] = value;
    }
    node
}

fn text(dice: &mut Dice) -> Value {
    let mut node = json!({ "type": "string" });
    text_bounds(dice, &mut node);
    if dice.once_in(4) {
        node["format"] = (*dice.pick(&FORMATS)).into();
    }
    node
}

fn text_bounds(dice: &mut Dice, node: &mut Value) {
    match dice.below(6) {
        0 => {
            let words: Vec<&str> = (0..=dice.below(3)).map(|_| *dice.pick(&WORDS)).collect();
            node["enum"] = json!(words.into_iter().collect::<std::collections::BTreeSet<_>>());
        }
        1 => node["pattern"] = (*dice.pick(&PATTERNS)).into(),
        2 => node["minLength"] = dice.below(4).into(),
        3 => node["maxLength"] = dice.below(4).into(),
        _ => {}
    }
}

fn integer(dice: &mut Dice) -> Value {
    let mut node = json!({ "type": "integer" });
    number_bounds(dice, &mut node);
    if dice.once_in(3) {
        node["format"] = (*dice.pick(&["int32", "int64"])).into();
    }
    node
}

fn number(dice: &mut Dice) -> Value {
    let mut node = json!({ "type": "number" });
    number_bounds(dice, &mut node);
    if dice.once_in(3) {
        node["format"] = (*dice.pick(&["float", "double"])).into();
    }
    node
}

fn number_bounds(dice: &mut Dice, node: &mut Value) {
    match dice.below(6) {
        0 => {
            node["minimum"] = bound(dice);
            if dice.once_in(3) {
                node["exclusiveMinimum"] = true.into();
            }
        }
        1 => {
            node["maximum"] = bound(dice);
            if dice.once_in(3) {
                node["exclusiveMaximum"] = true.into();
            }
        }
        2 => node["multipleOf"] = (1 + dice.below(4)).into(),
        3 => node["enum"] = json!([1, 2 + dice.below(3)]),
        _ => {}
    }
}

/// A bound.
fn bound(dice: &mut Dice) -> Value {
    if dice.once_in(6) { json!(dice.pick(&BOUNDS)) } else { (dice.below(9) as i64 - 2).into() }
}

fn list(dice: &mut Dice, depth: usize) -> Value {
    let mut node = match dice.below(4) {
        0 => json!({ "items": text(dice), "x-kubernetes-list-type": "set" }),
        1 => {
            let mut item = object(dice, depth - 1);
            item["properties"]["name"] = json!({ "type": "string" });
            item["required"] = json!(["name"]);
            item.as_object_mut()
                .into_iter()
                .for_each(|item| ["nullable", "default"].map(|key| item.remove(key)).into_iter().for_each(drop));
            json!({ "items": item, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"] })
        }
        _ => json!({ "items": node(dice, depth - 1) }),
    };
    node["type"] = "array".into();
    match dice.below(5) {
        0 => node["minItems"] = dice.below(3).into(),
        1 => node["maxItems"] = dice.below(4).into(),
        _ => {}
    }
    node
}

fn map(dice: &mut Dice, depth: usize) -> Value {
    let mut node = json!({ "type": "object", "additionalProperties": node(dice, depth - 1) });
    match dice.below(6) {
        0 => node["minProperties"] = dice.below(3).into(),
        1 => node["maxProperties"] = dice.below(3).into(),
        _ => {}
    }
    node
}

fn object(dice: &mut Dice, depth: usize) -> Value {
    let mut properties = Map::new();
    for _ in 0..=dice.below(4) {
        properties.insert((*dice.pick(&NAMES)).into(), node(dice, depth.saturating_sub(1)));
    }
    let names: Vec<&String> = properties.keys().filter(|_| dice.once_in(3)).collect();
    let mut node = json!({ "type": "object" });
    if !names.is_empty() {
        node["required"] = json!(names);
    }
    node["properties"] = properties.into();
    if dice.once_in(8) {
        node["x-kubernetes-preserve-unknown-fields"] = true.into();
    }
    node
}

/// Value validations of a node joined by allOf, anyOf, oneOf or not: without types, as structural schemas want it.
fn combine(dice: &mut Dice, node: &mut Value) {
    let kind = node["type"].as_str().unwrap_or_default().to_owned();
    let part = |dice: &mut Dice| {
        let mut part = json!({});
        match kind.as_str() {
            "string" => text_bounds(dice, &mut part),
            "integer" | "number" => number_bounds(dice, &mut part),
            "array" => part["minItems"] = dice.below(3).into(),
            "object" => {
                let names: Vec<String> =
                    node["properties"].as_object().into_iter().flat_map(Map::keys).cloned().collect();
                if names.is_empty() {
                    part["minProperties"] = dice.below(3).into();
                } else {
                    part["required"] = json!([dice.pick(&names)]);
                }
            }
            _ => {}
        }
        part
    };
    let parts = [part(dice), part(dice)];
    match dice.below(4) {
        0 => node["allOf"] = json!(parts),
        1 => node["anyOf"] = json!(parts),
        2 => node["oneOf"] = json!(parts),
        _ => node["not"] = parts[0].clone(),
    }
}

/// Rules in CEL, of which some are about changes. Those that may cost too much are refused with the definition.
fn rules(dice: &mut Dice, node: &mut Value) {
    let of_kind: &[&str] = match node["type"].as_str() {
        Some("string") => {
            &["self.size() < 4", "self != 'ab'", "self.startsWith('a')", "self == oldSelf", "self >= 'a' || self == ''"]
        }
        Some("integer") => {
            &["self >= 1", "self % 2 == 0", "self >= oldSelf", "10 / self > 2", "self + 9223372036854775800 > 0"]
        }
        Some("number") => &["self < 2.0", "self >= oldSelf", "double(int(self)) == self"],
        Some("boolean") => &["self", "!self", "self || !oldSelf"],
        Some("array") => &["self.size() < 3", "self == oldSelf", "size(self) > 0"],
        Some("object") if node["properties"]["size"].is_object() => {
            &["has(self.size)", "!has(self.size)", "has(self.size) || !has(oldSelf.size)"]
        }
        Some("object") if node["additionalProperties"].is_object() => {
            &["self.size() < 2", "!('name' in self)", "self == oldSelf"]
        }
        None if node["x-kubernetes-int-or-string"] == true => {
            &["type(self) == int", "type(self) == string || self < 3"]
        }
        _ => return,
    };
    let rule = *dice.pick(of_kind);
    let mut entry = json!({ "rule": rule });
    match dice.below(4) {
        0 => entry["message"] = "not as it should be".into(),
        1 => entry["messageExpression"] = "'no: ' + 'as said'".into(),
        2 => {
            entry["reason"] = (*dice.pick(&["FieldValueForbidden", "FieldValueRequired", "FieldValueDuplicate"])).into()
        }
        _ => {}
    }
    node["x-kubernetes-validations"] = json!([entry]);
}

/// A default that the server may take: one that doesn't hold is refused with the definition, and the schema isn't used.
fn default_of(dice: &mut Dice, node: &Value) -> Option<Value> {
    if let Some(first) = node["enum"].get(0) {
        return Some(first.clone());
    }
    match node["type"].as_str()? {
        "string" if node["format"].is_null() && node["pattern"].is_null() => {
            Some("ab".into()).filter(|_| node["maxLength"].is_null() && node["minLength"].as_u64().unwrap_or(0) < 3)
        }
        "integer" if node["multipleOf"].is_null() => Some((node["minimum"].as_i64().unwrap_or(0) + 1).into()),
        "boolean" => Some(true.into()),
        "array" if node["minItems"].is_null() => Some(json!([])),
        "object" if node["minProperties"].is_null() && !node["x-kubernetes-embedded-resource"].is_boolean() => {
            let plain = node["required"].is_null() && dice.once_in(2);
            plain.then(|| json!({}))
        }
        _ => None,
    }
}

/// A value for a schema: mostly as it wants it, here and there something else.
pub fn value(dice: &mut Dice, schema: &Value) -> Value {
    if dice.once_in(25) {
        return odd(dice);
    }
    if let Some(values) = schema["enum"].as_array()
        && !dice.once_in(6)
    {
        return dice.pick(values).clone();
    }
    if schema["x-kubernetes-int-or-string"] == true {
        return if dice.once_in(2) { word(dice) } else { (*dice.pick(&INTEGERS)).into() };
    }
    match schema["type"].as_str() {
        Some("string") => word(dice),
        Some("integer") => small(dice),
        Some("number") if dice.once_in(2) => small(dice),
        Some("number") => json!(dice.pick(&FLOATS)),
        Some("boolean") => dice.once_in(2).into(),
        Some("array") => {
            let count = dice.below(4);
            let mut items: Vec<Value> = (0..count).map(|_| value(dice, &schema["items"])).collect();
            if count > 1 && dice.once_in(4) {
                items[1] = items[0].clone();
            }
            items.into()
        }
        Some("object") => fields(dice, schema),
        _ => odd(dice),
    }
}

fn fields(dice: &mut Dice, schema: &Value) -> Value {
    let mut fields = Map::new();
    if schema["x-kubernetes-embedded-resource"] == true && !dice.once_in(4) {
        fields.insert("apiVersion".into(), "v1".into());
        fields.insert("kind".into(), "Thing".into());
        if dice.once_in(2) {
            fields.insert("metadata".into(), json!({ "name": word(dice), "unknown": 1 }));
        }
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let required = schema["required"].as_array().is_some_and(|names| names.iter().any(|other| other == name));
        if !dice.once_in(if required { 12 } else { 3 }) {
            fields.insert(name.clone(), value(dice, property));
        }
    }
    if schema["additionalProperties"].is_object() {
        for _ in 0..dice.below(4) {
            fields.insert((*dice.pick(&NAMES)).into(), value(dice, &schema["additionalProperties"]));
        }
    }
    if dice.once_in(8) {
        fields.insert("unknown".into(), odd(dice));
    }
    fields.into()
}

fn word(dice: &mut Dice) -> Value {
    (*dice.pick(&WORDS)).into()
}

fn small(dice: &mut Dice) -> Value {
    if dice.once_in(4) { (*dice.pick(&INTEGERS)).into() } else { (dice.below(7) as i64).into() }
}

/// Anything, as somebody may write it where something else belongs.
pub fn odd(dice: &mut Dice) -> Value {
    match dice.below(9) {
        0 => Value::Null,
        1 => dice.once_in(2).into(),
        2 => (*dice.pick(&INTEGERS)).into(),
        3 => json!(dice.pick(&FLOATS)),
        4 => json!([]),
        5 => json!({}),
        6 => json!([null, "a", { "b": 1 }]),
        7 => json!({ "a": null, "b": [1], "c": { "d": "e" } }),
        _ => word(dice),
    }
}
