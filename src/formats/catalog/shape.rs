//! What a field may hold, as data, and the walk that compares an entity with it.

use serde_json::Value;

use super::Violation;
use super::reference::{DEFAULT_NAMESPACE, EntityRef};
use super::rules::{self, Rule};
use crate::error::nearest;
use crate::formats::yaml::Step;

/// What a value may be.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// A text that isn't empty.
    Text,
    /// Any text.
    AnyText,
    /// A text that keeps a rule.
    Ruled(Rule),
    /// One of these.
    Word(&'static [&'static str]),
    /// A text, or true or false.
    TextOrFlag,
    /// A reference to an entity, and the kind that it means where it names none.
    Ref(Option<&'static str>),
    /// A list.
    List(&'static Shape),
    /// A list that isn't empty.
    SomeOf(&'static Shape),
    /// One of them, or a list.
    OneOrMany(&'static Shape),
    /// A map with these fields, and others that nobody looks at.
    Map(&'static [Field]),
    /// A map with these fields; all others are texts.
    MapOrTexts(&'static [Field]),
    /// A map whose keys keep one rule and whose values another.
    Ruling(Rule, Option<Rule>),
}

/// A field of a map.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its key.
    pub name: &'static str,
    /// Whether it must be there.
    pub required: bool,
    /// What it holds.
    pub shape: Shape,
}

/// A field that must be there.
pub const fn must(name: &'static str, shape: Shape) -> Field {
    Field { name, required: true, shape }
}

/// A field that may be left out.
pub const fn may(name: &'static str, shape: Shape) -> Field {
    Field { name, required: false, shape }
}

/// The fields of an entity.
pub const ROOT: [&str; 4] = ["apiVersion", "kind", "metadata", "spec"];
pub const API_VERSION: Field = must("apiVersion", Shape::Ruled(rules::API_VERSION));
pub const KIND: Field = must("kind", Shape::Ruled(rules::KIND));
pub const SPEC: Field = may("spec", Shape::Map(&[]));
pub const METADATA: Field = must(
    "metadata",
    Shape::Map(&[
        must("name", Shape::Ruled(rules::NAME)),
        may("namespace", Shape::Ruled(rules::NAMESPACE)),
        may("uid", Shape::Text),
        may("etag", Shape::Text),
        may("title", Shape::Text),
        may("description", Shape::AnyText),
        may("labels", Shape::Ruling(rules::LABEL_KEY, Some(rules::LABEL_VALUE))),
        may("annotations", Shape::Ruling(rules::LABEL_KEY, None)),
        may("tags", Shape::List(&Shape::Ruled(rules::TAG))),
        may(
            "links",
            Shape::List(&Shape::Map(&[
                must("url", Shape::Ruled(rules::URL)),
                may("title", Shape::Ruled(rules::NOT_BLANK)),
                may("icon", Shape::Ruled(rules::NOT_BLANK)),
                may("type", Shape::Text),
            ])),
        ),
    ]),
);

/// A walk through an entity: where it is, and what it found.
#[derive(Default)]
pub struct Walk {
    /// The entity's kind, for messages; empty while it isn't known.
    pub kind: &'static str,
    /// What is wrong.
    pub found: Vec<Violation>,
    path: Vec<Step>,
}

impl Walk {
    /// Goes down a step.
    pub fn at(&mut self, step: impl Into<Step>, look: impl FnOnce(&mut Walk)) {
        self.path.push(step.into());
        look(self);
        self.path.pop();
    }

    /// The value here is wrong.
    pub fn breaks(&mut self, what: impl Into<String>, help: impl Into<String>) {
        let (what, help) = (what.into(), help.into());
        self.found.push(Violation { field: self.path.clone(), key: false, what, help });
    }

    /// The key here is wrong, or missing.
    pub fn breaks_key(&mut self, what: impl Into<String>, help: impl Into<String>) {
        let (what, help) = (what.into(), help.into());
        self.found.push(Violation { field: self.path.clone(), key: true, what, help });
    }

    /// A field of a map that is one.
    pub fn field(&mut self, map: &Value, field: &Field) {
        match map.get(field.name) {
            Some(value) => self.at(field.name, |walk| walk.value(value, &field.shape)),
            None if field.required => {
                let help = self.missing(map, field);
                self.at(field.name, |walk| walk.breaks_key("is missing", help));
            }
            None => {}
        }
    }

    /// A field that is misspelled looks missing.
    fn missing(&self, map: &Value, field: &Field) -> String {
        let keys = map.as_object().into_iter().flatten().map(|(key, _)| key.as_str());
        if let Some(near) = nearest(field.name, keys) {
            return format!("did you mean `{}` where it says `{near}`?", field.name);
        }
        let whose = match (self.kind, self.path.len()) {
            (_, 2..) => "every element".to_string(),
            ("", _) => "every entity".to_string(),
            (kind, _) => format!("the kind {kind}"),
        };
        format!("{whose} needs {}: {}", field.name, field.shape.words())
    }

    fn value(&mut self, value: &Value, shape: &Shape) {
        if let Some(fills) = placeholder(value)
            && (fills == Fills::Anything || shape.takes_text())
        {
            return;
        }
        match (shape, value) {
            (Shape::AnyText | Shape::TextOrFlag, Value::String(_)) | (Shape::TextOrFlag, Value::Bool(_)) => {}
            (Shape::Text, Value::String(text)) if !text.is_empty() => {}
            (Shape::Text, Value::String(_)) => self.breaks("must not be empty", "leave it out, or fill it"),
            (Shape::Ruled(rule), Value::String(text)) => self.rule(rule, text),
            (Shape::Word(words), Value::String(text)) => {
                if !words.contains(&text.as_str()) {
                    let words = words.join(" or ");
                    self.breaks(format!("must be {words}, and it is `{text}`"), format!("write {words}"));
                }
            }
            (Shape::Ref(kind), Value::String(text)) => {
                if let Err(what) = EntityRef::parse(text, *kind, DEFAULT_NAMESPACE) {
                    let kind = kind.unwrap_or("component").to_lowercase();
                    self.breaks(
                        format!("must be a reference, and it {what}"),
                        format!("write it as [kind:][namespace/]name, such as {kind}:name"),
                    );
                }
            }
            (Shape::List(_) | Shape::SomeOf(_) | Shape::OneOrMany(_), Value::Array(list)) => {
                if list.is_empty() && matches!(shape, Shape::SomeOf(_)) {
                    self.breaks("must not be empty", "name at least one");
                }
                let (Shape::List(inner) | Shape::SomeOf(inner) | Shape::OneOrMany(inner)) = shape else { return };
                for (index, item) in list.iter().enumerate() {
                    self.at(index, |walk| walk.value(item, inner));
                }
            }
            (Shape::OneOrMany(inner), one) => self.value(one, inner),
            (Shape::Map(fields), Value::Object(_)) => {
                for field in *fields {
                    self.field(value, field);
                }
            }
            (Shape::MapOrTexts(fields), Value::Object(map)) => {
                for field in *fields {
                    self.field(value, field);
                }
                for (key, item) in map.iter().filter(|(key, _)| fields.iter().all(|field| field.name != *key)) {
                    self.at(key.as_str(), |walk| walk.value(item, &Shape::AnyText));
                }
            }
            (Shape::Ruling(keys, values), Value::Object(map)) => {
                for (key, item) in map {
                    self.at(key.as_str(), |walk| {
                        if !(keys.keeps)(key) {
                            walk.breaks_key(format!("has a key that must be {}", keys.asks), keys.help);
                        }
                        walk.value(item, &values.map_or(Shape::AnyText, Shape::Ruled));
                    });
                }
            }
            _ => {
                let (wanted, is) = (shape.words(), named(value));
                self.breaks(format!("must be {wanted}, and it is {is}"), hint(shape, value));
            }
        }
    }

    fn rule(&mut self, rule: &Rule, text: &str) {
        if !(rule.keeps)(text) {
            let shown: String = text.chars().take(80).collect();
            let more = if shown.len() < text.len() { "..." } else { "" };
            self.breaks(format!("must be {}, and it is `{shown}{more}`", rule.asks), rule.help);
        }
    }
}

impl Shape {
    /// Whether a text could stand here.
    fn takes_text(&self) -> bool {
        match self {
            Shape::Text | Shape::AnyText | Shape::Ruled(_) | Shape::Word(_) | Shape::TextOrFlag | Shape::Ref(_) => true,
            Shape::OneOrMany(inner) => inner.takes_text(),
            _ => false,
        }
    }

    fn words(&self) -> &'static str {
        match self {
            Shape::Text | Shape::AnyText | Shape::Ruled(_) => "a text",
            Shape::Word(_) => "a word",
            Shape::TextOrFlag => "a text, or true or false",
            Shape::Ref(_) => "a reference to an entity",
            Shape::List(inner) if inner.takes_text() => "a list of texts",
            Shape::List(_) | Shape::SomeOf(_) => "a list of maps",
            Shape::OneOrMany(_) => "one or a list",
            Shape::Ruling(..) => "a map of texts",
            Shape::Map(_) | Shape::MapOrTexts(_) => "a map",
        }
    }
}

/// What Backstage puts in the place of `{ $text: FILE }` and its like before it looks.
#[derive(PartialEq)]
enum Fills {
    Text,
    Anything,
}

fn placeholder(value: &Value) -> Option<Fills> {
    let map = value.as_object().filter(|map| map.len() == 1)?;
    let (key, target) = map.iter().next()?;
    target.as_str()?;
    match key.as_str() {
        "$text" | "$openapi" | "$asyncapi" => Some(Fills::Text),
        "$json" | "$yaml" => Some(Fills::Anything),
        _ => None,
    }
}

fn named(value: &Value) -> &'static str {
    match value {
        Value::Null => "empty",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

fn hint(shape: &Shape, value: &Value) -> String {
    match (shape, value) {
        (_, Value::Null) => "leave the field out, or fill it".into(),
        (shape, Value::Number(number)) if shape.takes_text() => format!("quote it: \"{number}\""),
        (shape, Value::Bool(flag)) if shape.takes_text() => format!("quote it: \"{flag}\""),
        (Shape::List(_) | Shape::SomeOf(_), Value::String(_)) => "begin each element with `- `".into(),
        _ => "see https://backstage.io/docs/features/software-catalog/descriptor-format".into(),
    }
}
