//! The keywords of a schema as Go decodes them: what is of another type can't be read, null is as good as not there.

use serde_json::Value;

use super::super::violation::{Reason, Trail, Violation};
use super::super::wording;
use crate::error::nearest;

/// A schema as it was written. What is no map has no keywords; [`unreadable`] tells of it.
#[derive(Clone, Copy)]
pub(super) struct Words<'a>(pub(super) &'a Value);

impl<'a> Words<'a> {
    pub(super) fn get(self, word: &str) -> Option<&'a Value> {
        self.0.get(word).filter(|value| !value.is_null())
    }

    pub(super) fn text(self, word: &str) -> &'a str {
        self.get(word).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn flag(self, word: &str) -> bool {
        self.get(word).and_then(Value::as_bool).unwrap_or_default()
    }

    pub(super) fn list(self, word: &str) -> &'a [Value] {
        self.get(word).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn texts(self, word: &str) -> Vec<&'a str> {
        self.list(word).iter().filter_map(Value::as_str).collect()
    }

    /// A keyword that holds a schema.
    pub(super) fn schema(self, word: &str) -> Option<Words<'a>> {
        self.get(word).filter(|value| value.is_object()).map(Words)
    }

    /// A keyword that holds a list of schemas.
    pub(super) fn schemas(self, word: &str) -> impl Iterator<Item = (usize, Words<'a>)> {
        self.list(word).iter().map(Words).enumerate()
    }

    /// A keyword that holds schemas by name.
    pub(super) fn named(self, word: &str) -> impl Iterator<Item = (&'a str, Words<'a>)> {
        let map = self.get(word).and_then(Value::as_object);
        map.into_iter().flatten().map(|(name, value)| (name.as_str(), Words(value)))
    }

    pub(super) fn property(self, name: &str) -> Option<Words<'a>> {
        self.get("properties")?.get(name).map(Words)
    }

    /// The keywords that say something: an empty text, list or map and a plain `false` don't.
    pub(super) fn said(self) -> impl Iterator<Item = &'a str> {
        let says = |word: &str, value: &Value| match value {
            Value::Null => false,
            Value::Bool(flag) => *flag || word == "additionalProperties",
            Value::String(text) => !text.is_empty() || matches!(word, "default" | "example") || is_pointer(word),
            Value::Array(list) => !list.is_empty() || matches!(word, "default" | "example"),
            Value::Object(map) => !map.is_empty() || !matches!(word, "properties" | "definitions"),
            Value::Number(_) => true,
        };
        let map = self.0.as_object();
        map.into_iter().flatten().filter(move |(word, value)| says(word, value)).map(|(word, _)| word.as_str())
    }
}

fn is_pointer(word: &str) -> bool {
    matches!(word, "x-kubernetes-list-type" | "x-kubernetes-map-type" | "$ref")
}

/// What may stand behind a keyword.
#[derive(Clone, Copy, PartialEq)]
enum Holds {
    Anything,
    Text,
    Number,
    Count,
    Flag,
    Values,
    Texts,
    Schema,
    Schemas,
    Named,
    SchemaOrSchemas,
    SchemaOrFlag,
    Rules,
    Map,
}

const KEYWORDS: [(&str, Holds); 43] = [
    ("$ref", Holds::Text),
    ("$schema", Holds::Text),
    ("additionalItems", Holds::SchemaOrFlag),
    ("additionalProperties", Holds::SchemaOrFlag),
    ("allOf", Holds::Schemas),
    ("anyOf", Holds::Schemas),
    ("default", Holds::Anything),
    ("definitions", Holds::Named),
    ("dependencies", Holds::Map),
    ("description", Holds::Text),
    ("enum", Holds::Values),
    ("example", Holds::Anything),
    ("exclusiveMaximum", Holds::Flag),
    ("exclusiveMinimum", Holds::Flag),
    ("externalDocs", Holds::Map),
    ("format", Holds::Text),
    ("id", Holds::Text),
    ("items", Holds::SchemaOrSchemas),
    ("maxItems", Holds::Count),
    ("maxLength", Holds::Count),
    ("maxProperties", Holds::Count),
    ("maximum", Holds::Number),
    ("minItems", Holds::Count),
    ("minLength", Holds::Count),
    ("minProperties", Holds::Count),
    ("minimum", Holds::Number),
    ("multipleOf", Holds::Number),
    ("not", Holds::Schema),
    ("nullable", Holds::Flag),
    ("oneOf", Holds::Schemas),
    ("pattern", Holds::Text),
    ("patternProperties", Holds::Named),
    ("properties", Holds::Named),
    ("required", Holds::Texts),
    ("title", Holds::Text),
    ("type", Holds::Text),
    ("uniqueItems", Holds::Flag),
    ("x-kubernetes-embedded-resource", Holds::Flag),
    ("x-kubernetes-int-or-string", Holds::Flag),
    ("x-kubernetes-list-map-keys", Holds::Texts),
    ("x-kubernetes-list-type", Holds::Text),
    ("x-kubernetes-map-type", Holds::Text),
    ("x-kubernetes-preserve-unknown-fields", Holds::Flag),
];

/// What isn't in the list above, so that each line of it stays short.
const MORE: [(&str, Holds); 1] = [("x-kubernetes-validations", Holds::Rules)];

const OF_RULES: [(&str, Holds); 6] = [
    ("fieldPath", Holds::Text),
    ("message", Holds::Text),
    ("messageExpression", Holds::Text),
    ("optionalOldSelf", Holds::Flag),
    ("reason", Holds::Text),
    ("rule", Holds::Text),
];

/// What of a schema can't be decoded, and the keywords that aren't any.
pub(super) fn unreadable(schema: &Value, trail: &Trail, found: &mut Vec<Violation>) {
    read(Holds::Schema, schema, trail, found);
}

fn fields(value: &Value, known: &[(&str, Holds)], trail: &Trail, found: &mut Vec<Violation>) {
    for (word, value) in value.as_object().into_iter().flatten() {
        let trail = trail.field(word);
        match known.iter().chain(&MORE).find(|(name, _)| name == word) {
            Some((_, holds)) => read(*holds, value, &trail, found),
            None => found.push(trail.unknown(nearest(word, known.iter().chain(&MORE).map(|(name, _)| *name)))),
        }
    }
}

fn read(holds: Holds, value: &Value, trail: &Trail, found: &mut Vec<Violation>) {
    if value.is_null() {
        return;
    }
    let (fits, wanted) = match holds {
        Holds::Anything => (true, ""),
        Holds::Text => (value.is_string(), "string"),
        Holds::Number => (value.is_number(), "number"),
        Holds::Count => (value.is_i64(), "integer"),
        Holds::Flag => (value.is_boolean(), "boolean"),
        Holds::Values | Holds::Texts | Holds::Schemas | Holds::Rules => (value.is_array(), "array"),
        Holds::Schema | Holds::Named | Holds::Map => (value.is_object(), "object"),
        Holds::SchemaOrSchemas => (value.is_object() || value.is_array(), "object"),
        Holds::SchemaOrFlag => (value.is_object() || value.is_boolean(), "object"),
    };
    if !fits {
        let body = format!("Invalid value: {value}: must be of type {wanted}, not {}", wording::type_name(value));
        let plain = holds == Holds::Text && (value.is_number() || value.is_boolean());
        let help = plain.then(|| format!("write it in quotes: \"{value}\""));
        found.push(Violation { help, ..trail.other(Reason::TypeInvalid, body) });
        return;
    }
    let list = || value.as_array().into_iter().flatten().enumerate();
    match holds {
        Holds::Schema => fields(value, &KEYWORDS, trail, found),
        Holds::SchemaOrFlag | Holds::SchemaOrSchemas if value.is_object() => fields(value, &KEYWORDS, trail, found),
        Holds::Schemas | Holds::SchemaOrSchemas => {
            list().for_each(|(at, item)| read(Holds::Schema, item, &trail.index(at), found));
        }
        Holds::Texts => list().for_each(|(at, item)| read(Holds::Text, item, &trail.index(at), found)),
        Holds::Named => {
            for (name, value) in value.as_object().into_iter().flatten() {
                read(Holds::Schema, value, &trail.key(name), found);
            }
        }
        Holds::Rules => {
            for (at, rule) in list() {
                let trail = trail.index(at);
                read(Holds::Map, rule, &trail, found);
                fields(rule, &OF_RULES, &trail, found);
            }
        }
        _ => {}
    }
}
