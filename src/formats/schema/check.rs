//! Values against a schema, check by check as the API server's validator goes. A first walk only asks whether all is
//! right and allocates nothing; texts are made in a second one, if there is something to say.

use serde_json::{Map, Value};

use super::How;
use super::correlate::Old;
use super::format::Kind;
use super::node::{Additional, Dialect, Graph, Id, Junctors, Node, Type};
use super::number::{self, Num, Wrong};
use super::violation::{Reason, Trail, Violation};
use super::wording;
use crate::error::nearest;

/// All violations of a schema's own keywords.
pub(super) fn check(graph: &Graph, root: Id, value: &Value, old: Option<&Value>, how: How) -> Vec<Violation> {
    let check = Check { graph, partial: how.partial };
    let old = old.map(|value| Old { value, structure: root });
    check.run(root, value, old, &Trail::ROOT)
}

/// The same for a part of an object that has a schema of its own.
pub(super) fn check_at(graph: &Graph, id: Id, value: &Value, trail: &Trail, how: How) -> Vec<Violation> {
    Check { graph, partial: how.partial }.run(id, value, None, trail)
}

impl Check<'_> {
    fn run(&self, id: Id, value: &Value, old: Option<Old>, trail: &Trail) -> Vec<Violation> {
        let mut sink = Sink { found: Vec::new(), keep: false };
        if self.correlated(id, value, old, trail, &mut sink).valid {
            return Vec::new();
        }
        sink.keep = true;
        self.correlated(id, value, old, trail, &mut sink);
        let mut found: Vec<Violation> = Vec::with_capacity(sink.found.len());
        for violation in sink.found {
            // Several alternatives may say the same of a field.
            if !found.iter().any(|other| other.field == violation.field && other.message == violation.message) {
                found.push(violation);
            }
        }
        found
    }
}

struct Check<'g> {
    graph: &'g Graph,
    partial: bool,
}

/// Where violations go, if they are wanted.
struct Sink {
    found: Vec<Violation>,
    keep: bool,
}

impl Sink {
    fn push(&mut self, violation: impl FnOnce() -> Violation) {
        if self.keep {
            self.found.push(violation());
        }
    }
}

/// How a value did. The number of checks that it went through decides which of several alternatives is told about.
#[derive(Debug, Clone, Copy)]
struct Outcome {
    valid: bool,
    matches: u32,
}

impl Outcome {
    fn add(&mut self, other: Outcome) {
        self.valid &= other.valid;
        self.matches += other.matches;
    }
}

impl Check<'_> {
    /// A value with what it was before: if it hasn't changed, it may stay wrong.
    fn correlated(&self, id: Id, value: &Value, old: Option<Old>, trail: &Trail, sink: &mut Sink) -> Outcome {
        let mark = sink.found.len();
        let mut outcome = self.value(id, value, old, trail, sink);
        if !outcome.valid && old.is_some_and(|old| old.is_same(self.graph, value)) {
            sink.found.truncate(mark);
            outcome.valid = true;
        }
        outcome
    }

    fn value(&self, id: Id, value: &Value, old: Option<Old>, trail: &Trail, sink: &mut Sink) -> Outcome {
        let node = self.graph.node(id);
        let mut outcome = Outcome { valid: true, matches: 0 };
        if value.is_null() {
            let right = self.null(node, trail, sink);
            outcome.add(Outcome { valid: right, matches: u32::from(right) });
            outcome.valid &= self.choices(node, value, trail, sink);
            return outcome;
        }
        if !node.types.is_empty() || node.format.is_some() {
            let right = self.kind(node, value, trail, sink);
            outcome.add(Outcome { valid: right, matches: 1 + u32::from(right) });
        }
        outcome.matches += 2;
        if let Some(junctors) = &node.junctors {
            outcome.add(self.junctors(junctors, value, trail, sink));
        }
        match value {
            Value::String(text) => {
                outcome.matches += 1;
                outcome.valid &= self.text(node, text, trail, sink);
                if let Some(format) = &node.format
                    && let Kind::Text(is_right) = format.kind
                {
                    outcome.matches += 1;
                    if !is_right(text) {
                        outcome.valid = false;
                        sink.push(|| self.wrong_type(trail, &format.name, text, value));
                    }
                }
            }
            Value::Number(number) => {
                outcome.add(Outcome { valid: self.number(node, Num::from(number), trail, sink), matches: 2 });
            }
            Value::Array(list) => outcome.add(self.list(node, list, old, trail, sink)),
            _ => {}
        }
        outcome.matches += 1;
        outcome.valid &= self.choices(node, value, trail, sink);
        if let Value::Object(map) = value {
            outcome.matches += 1;
            outcome.add(self.map(node, map, old, trail, sink));
        }
        outcome.matches += 1;
        outcome
    }

    fn null(&self, node: &Node, trail: &Trail, sink: &mut Sink) -> bool {
        let right = node.types.is_empty() || node.nullable || node.is(Type::Null);
        if !right {
            sink.push(|| self.wrong_type(trail, &names(&node.types), "null", &Value::Null));
        }
        right
    }

    fn kind(&self, node: &Node, value: &Value, trail: &Trail, sink: &mut Sink) -> bool {
        let (kind, format) = match value {
            Value::Null => (Type::Null, ""),
            Value::Bool(_) => (Type::Boolean, ""),
            Value::String(_) => (Type::String, ""),
            Value::Array(_) => (Type::Array, ""),
            Value::Object(_) => (Type::Object, ""),
            Value::Number(number) => match Num::from(number) {
                Num::Int(_) => (Type::Integer, "int64"),
                Num::Float(_) => (Type::Number, "float64"),
            },
        };
        let fits = node.is(kind)
            || match value {
                Value::Number(number) => match Num::from(number) {
                    Num::Int(_) => node.is(Type::Number),
                    Num::Float(float) => node.is(Type::Integer) && number::is_whole(float),
                },
                _ => false,
            };
        if fits {
            return true;
        }
        let sequence = matches!(kind, Type::String | Type::Array);
        if let Some(expected) = &node.format {
            if !sequence && expected.name != format {
                sink.push(|| self.wrong_type(trail, &expected.name, format, value));
                return false;
            }
            // Whatever has a format may be a list for the API server, unless it is a number.
            let numeric = node.is(Type::Number) || node.is(Type::Integer);
            if sequence && !numeric && self.graph.dialect == Dialect::Custom {
                return true;
            }
        }
        sink.push(|| self.wrong_type(trail, &names(&node.types), kind.name(), value));
        false
    }

    /// A value of another type or format: what was expected, and what the API server calls that which is there.
    fn wrong_type(&self, trail: &Trail, expected: &str, got: &str, value: &Value) -> Violation {
        let quoted = wording::quote(got);
        let body = format!("Invalid value: {quoted}: {} in body must be of type {expected}: {quoted}", trail.name());
        let mut violation = trail.schema(Reason::TypeInvalid, body);
        violation.help = match (expected, value) {
            ("string", Value::Number(number)) => Some(format!("write it in quotes: \"{number}\"")),
            ("string", Value::Bool(flag)) => Some(format!("write it in quotes: \"{flag}\"")),
            ("integer" | "number", Value::String(text)) if text.parse::<f64>().is_ok() => {
                Some(format!("write it without quotes: {text}"))
            }
            ("boolean", Value::String(text)) if matches!(text.as_str(), "true" | "false") => {
                Some(format!("write it without quotes: {text}"))
            }
            _ => None,
        };
        violation
    }

    fn text(&self, node: &Node, text: &str, trail: &Trail, sink: &mut Sink) -> bool {
        let Some(bounds) = &node.bounds else { return true };
        if bounds.max_length.is_some() || bounds.min_length.is_some() {
            let length = text.chars().count() as i64;
            if let Some(most) = bounds.max_length.filter(|most| length > *most) {
                sink.push(|| {
                    let bytes = if most == 1 { "byte" } else { "bytes" };
                    let limit = match most {
                        0.. => format!("may not be more than {most} {bytes}"),
                        _ => "value is too long".to_string(),
                    };
                    trail.schema(Reason::TooLong, format!("Too long: {limit}"))
                });
                return false;
            }
            if let Some(least) = bounds.min_length.filter(|least| length < *least) {
                sink.push(|| {
                    self.invalid(trail, &Value::from(text), format_args!("should be at least {least} chars long"))
                });
                return false;
            }
        }
        let Some(pattern) = &bounds.pattern else { return true };
        match pattern.is_match(text) {
            Some(true) => true,
            Some(false) => {
                sink.push(|| self.invalid(trail, &Value::from(text), format_args!("should match '{}'", pattern.text)));
                false
            }
            None => {
                let words =
                    format_args!("should match '{}, but pattern is invalid: expression too large'", pattern.text);
                sink.push(|| self.invalid(trail, &Value::from(text), words));
                false
            }
        }
    }

    /// `Invalid value: 0: spec.replicas in body should …`.
    fn invalid(&self, trail: &Trail, value: &Value, should: std::fmt::Arguments) -> Violation {
        let detail = format!("{} in body {should}", trail.name());
        trail.schema(Reason::Invalid, wording::body(Reason::Invalid, value, &detail))
    }

    fn number(&self, node: &Node, num: Num, trail: &Trail, sink: &mut Sink) -> bool {
        if number::is_right(node, num) {
            return true;
        }
        if sink.keep {
            for wrong in number::wrongs(node, num, &trail.name()) {
                let invalid = |shown: &Value, detail: &str| {
                    trail.schema(Reason::Invalid, wording::body(Reason::Invalid, shown, detail))
                };
                sink.found.push(match wrong {
                    Wrong::Value(Num::Int(int), detail) => invalid(&Value::from(int), &detail),
                    Wrong::Value(Num::Float(float), detail) => invalid(&Value::from(float), &detail),
                    Wrong::Unnamed(message) => trail.unnamed(message),
                });
            }
        }
        false
    }

    fn choices(&self, node: &Node, value: &Value, trail: &Trail, sink: &mut Sink) -> bool {
        if node.choices.is_empty() || node.choices.iter().any(|choice| is_choice(value, choice)) {
            return true;
        }
        sink.push(|| {
            let shown = |choice: &Value| match choice {
                Value::String(text) => wording::quote(text),
                other => wording::quote(&wording::json(other)),
            };
            let listed = node.choices.iter().map(shown).collect::<Vec<_>>().join(", ");
            let detail = format!("supported values: {listed}");
            let mut violation = trail.schema(Reason::NotSupported, wording::body(Reason::NotSupported, value, &detail));
            violation.help = value
                .as_str()
                .and_then(|text| nearest_choice(text, node.choices.iter().filter_map(Value::as_str)))
                .map(|near| format!("did you mean `{near}`?"));
            violation
        });
        false
    }

    fn list(&self, node: &Node, list: &[Value], old: Option<Old>, trail: &Trail, sink: &mut Sink) -> Outcome {
        let mut outcome = Outcome { valid: true, matches: 2 };
        if let Some(items) = node.items {
            for (index, item) in list.iter().enumerate() {
                let old = old.and_then(|old| old.element(self.graph, item));
                outcome.add(self.correlated(items, item, old, &trail.index(index), sink));
            }
        }
        let Some(bounds) = &node.bounds else { return outcome };
        let length = list.len() as i64;
        if let Some(least) = bounds.min_items.filter(|least| length < *least && !self.partial) {
            outcome.valid = false;
            let words = format_args!("should have at least {least} items");
            sink.push(|| self.invalid(trail, &Value::from(length), words));
        }
        if let Some(most) = bounds.max_items.filter(|most| length > *most) {
            outcome.valid = false;
            sink.push(|| too_many(trail, length, most));
        }
        outcome
    }

    fn map(&self, node: &Node, map: &Map<String, Value>, old: Option<Old>, trail: &Trail, sink: &mut Sink) -> Outcome {
        let mut outcome = Outcome { valid: true, matches: 0 };
        if let Some(bounds) = &node.bounds {
            let length = map.len() as i64;
            if let Some(least) = bounds.min_properties.filter(|least| length < *least && !self.partial) {
                outcome.valid = false;
                let words = format_args!("should have at least {least} properties");
                sink.push(|| self.invalid(trail, &Value::from(length), words));
            }
            if let Some(most) = bounds.max_properties.filter(|most| length > *most) {
                outcome.valid = false;
                sink.push(|| too_many(trail, length, most));
            }
        }
        for (key, value) in map {
            let (id, trail) = match (node.property(key), node.additional) {
                (Some(id), _) => (id, trail.field(key)),
                (None, Additional::Schema(id)) => (id, trail.key(key)),
                (None, Additional::Forbidden) => {
                    outcome.valid = false;
                    sink.push(|| {
                        let detail = format!("{}.{key} in body is a forbidden property", trail.name());
                        let body = wording::body(Reason::Invalid, &Value::from(key.as_str()), &detail);
                        Violation { path: trail.key(key).steps(), ..trail.schema(Reason::Invalid, body) }
                    });
                    continue;
                }
                (None, _) => continue,
            };
            // The API server converts both objects to one version, so that these never differ.
            let same = trail.up_is_root() && matches!(key.as_str(), "apiVersion" | "kind");
            let old = old.filter(|_| !same).and_then(|old| old.field(self.graph, key));
            outcome.add(self.correlated(id, value, old, &trail, sink));
        }
        if !self.partial {
            for name in node.required.iter().filter(|name| !map.contains_key(*name)) {
                outcome.valid = false;
                sink.push(|| trail.field(name).schema(Reason::Required, "Required value".into()));
            }
        }
        outcome
    }

    /// Alternatives know nothing of the old object: upstream's don't either.
    fn junctors(&self, junctors: &Junctors, value: &Value, trail: &Trail, sink: &mut Sink) -> Outcome {
        let mut outcome = Outcome { valid: true, matches: 0 };
        if !junctors.any.is_empty() {
            outcome.add(self.any_of(&junctors.any, value, trail, sink));
        }
        // Of a part of an object nobody can say that exactly one alternative holds, or none.
        if !junctors.one.is_empty() && !self.partial {
            outcome.add(self.one_of(&junctors.one, value, trail, sink));
        }
        if !junctors.all.is_empty() {
            outcome.add(self.all_of(&junctors.all, value, trail, sink));
        }
        if let Some(id) = junctors.not.filter(|_| !self.partial) {
            let mark = sink.found.len();
            let inner = self.value(id, value, None, trail, sink);
            sink.found.truncate(mark);
            if inner.valid {
                outcome.valid = false;
                sink.push(|| trail.unnamed(format!("{} must not validate the schema (not)", quoted(trail))));
            }
        }
        outcome
    }

    /// Runs one alternative and takes back what it said.
    fn attempt(&self, id: Id, value: &Value, trail: &Trail, sink: &mut Sink) -> (Outcome, Vec<Violation>) {
        let mark = sink.found.len();
        let outcome = self.value(id, value, None, trail, sink);
        (outcome, sink.found.split_off(mark))
    }

    fn any_of(&self, ids: &[Id], value: &Value, trail: &Trail, sink: &mut Sink) -> Outcome {
        let mut best: Option<(Outcome, Vec<Violation>)> = None;
        for id in ids {
            let (outcome, said) = self.attempt(*id, value, trail, sink);
            if outcome.valid {
                return outcome;
            }
            if best.as_ref().is_none_or(|(best, _)| outcome.matches > best.matches) {
                best = Some((outcome, said));
            }
        }
        sink.push(|| trail.unnamed(format!("{} must validate at least one schema (anyOf)", quoted(trail))));
        let (outcome, said) = best.unwrap_or((Outcome { valid: false, matches: 0 }, Vec::new()));
        sink.found.extend(said);
        Outcome { valid: false, ..outcome }
    }

    fn one_of(&self, ids: &[Id], value: &Value, trail: &Trail, sink: &mut Sink) -> Outcome {
        let mut best: Option<(Outcome, Vec<Violation>)> = None;
        let mut first: Option<Outcome> = None;
        let mut valid = 0;
        for id in ids {
            let (outcome, said) = self.attempt(*id, value, trail, sink);
            if outcome.valid {
                valid += 1;
                first = first.or(Some(outcome));
                best = None;
            } else if valid == 0 && best.as_ref().is_none_or(|(best, _)| outcome.matches > best.matches) {
                best = Some((outcome, said));
            }
        }
        if let (1, Some(outcome)) = (valid, first) {
            return outcome;
        }
        sink.push(|| {
            let what = match valid {
                0 => "Found none valid".to_string(),
                _ => format!("Found {valid} valid alternatives"),
            };
            trail.unnamed(format!("{} must validate one and only one schema (oneOf). {what}", quoted(trail)))
        });
        let (outcome, said) = best.unwrap_or((Outcome { valid: false, matches: 0 }, Vec::new()));
        sink.found.extend(said);
        Outcome { valid: false, ..outcome }
    }

    fn all_of(&self, ids: &[Id], value: &Value, trail: &Trail, sink: &mut Sink) -> Outcome {
        let mut all = Outcome { valid: true, matches: 0 };
        let mut valid = 0;
        for id in ids {
            let outcome = self.value(*id, value, None, trail, sink);
            valid += usize::from(outcome.valid);
            all.add(outcome);
        }
        if valid != ids.len() {
            let what = if valid == 0 { ". None validated" } else { "" };
            sink.push(|| trail.unnamed(format!("{} must validate all the schemas (allOf){what}", quoted(trail))));
        }
        all
    }
}

fn quoted(trail: &Trail) -> String {
    wording::quote(&trail.name())
}

fn names(types: &[Type]) -> String {
    types.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(",")
}

fn too_many(trail: &Trail, length: i64, most: i64) -> Violation {
    let items = if most == 1 { "item" } else { "items" };
    let limit = match most {
        0.. => format!("must have at most {most} {items}"),
        _ => "has too many items".to_string(),
    };
    trail.schema(Reason::TooMany, format!("Too many: {length}: {limit}"))
}

/// Whether a value is what an `enum` lists. Go converts the one to the type of the other first: 1.5 is the choice 1, and
/// the number of a sign is its text. Null is never one, even if it is listed.
fn is_choice(value: &Value, choice: &Value) -> bool {
    match (value, choice) {
        (Value::Null, _) | (_, Value::Null) => false,
        (Value::Number(value), Value::Number(choice)) => match (Num::from(value), Num::from(choice)) {
            (Num::Int(value), Num::Int(choice)) => value == choice,
            (Num::Float(value), Num::Int(choice)) => number::whole(value) == choice,
            (Num::Int(value), Num::Float(choice)) => value as f64 == choice,
            (Num::Float(value), Num::Float(choice)) => value == choice,
        },
        (Value::Number(value), Value::String(choice)) => {
            let sign =
                value.as_i64().map(|code| u32::try_from(code).ok().and_then(char::from_u32).unwrap_or('\u{fffd}'));
            sign.is_some_and(|sign| choice.chars().eq([sign]))
        }
        (value, choice) => value == choice,
    }
}

/// The nearest choice: one that differs in case alone, or by a slip.
fn nearest_choice<'a>(text: &str, choices: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    choices.clone().find(|choice| choice.eq_ignore_ascii_case(text)).or_else(|| nearest(text, choices))
}
