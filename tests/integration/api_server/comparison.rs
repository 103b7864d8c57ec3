//! One object, two judges: what the API server makes of it and what our validator does. Differences are collected, so
//! that a test says all of them at once.

use std::collections::BTreeSet;
use std::fmt::Write;

use idp_run::formats::schema::{How, Schema};
use regex::Regex;
use serde_json::{Map, Value, json};

use crate::support::api_server::{Answer, Client, Strictness};

/// What came of an object: the object as it would be stored, or what is wrong with it, a line a cause.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Stored(Value),
    Refused(BTreeSet<String>),
    /// Refused by the server before it looks at the schema: metadata of embedded objects whose fields have other types. It
    /// says what Go's decoder says; we name the field.
    Unreadable,
}

/// How often the two agreed, and where they didn't.
#[derive(Default)]
pub struct Tally {
    pub objects: usize,
    pub stored: usize,
    /// Refused by both; of these, with the same fields, and with the same words.
    pub refused: usize,
    pub fields: usize,
    pub words: usize,
    /// Refused by both, by the server as unreadable.
    pub unreadable: usize,
    /// Unknown fields, asked for strictly.
    pub strict: usize,
    pub differences: Vec<String>,
}

/// A kind that both judges know.
pub struct Kind {
    pub api_version: String,
    pub kind: String,
    /// Where the server has its objects: `/apis/GROUP/VERSION/namespaces/default/PLURAL`.
    pub at: String,
    /// As it is written in its definition.
    pub raw: Value,
    pub schema: Schema,
}

/// What the server adds where it has told other errors; we say nothing of what wasn't checked.
const UNCHECKED: &str = "some validation rules were not checked because the object was invalid";

/// What an object has that its schema needn't say.
const OF_EVERY_OBJECT: [&str; 3] = ["apiVersion", "kind", "metadata"];

impl Kind {
    /// The kinds of a CustomResourceDefinition, one a version.
    pub fn of(definition: &Value) -> Vec<Kind> {
        let spec = &definition["spec"];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let (group, plural, kind) =
            (text(&spec["group"]), text(&spec["names"]["plural"]), text(&spec["names"]["kind"]));
        let namespaced = if spec["scope"] == "Namespaced" { "namespaces/default/" } else { "" };
        let versions = spec["versions"].as_array().unwrap();
        let served = versions.iter().filter(|version| version["served"] == true);
        let of = |version: &Value| {
            let (name, raw) = (text(&version["name"]), version["schema"]["openAPIV3Schema"].clone());
            let schema = Schema::parse(&raw).unwrap_or_else(|error| panic!("{kind}: {error}: {raw:#}"));
            let (api_version, at) = (format!("{group}/{name}"), format!("/apis/{group}/{name}/{namespaced}{plural}"));
            Kind { api_version, kind: kind.clone(), at, raw, schema }
        };
        served.map(of).collect()
    }

    /// An object of the kind with these fields beside apiVersion, kind and name.
    pub fn object(&self, fields: &Value) -> Value {
        let mut object = Map::new();
        object.insert("apiVersion".into(), self.api_version.clone().into());
        object.insert("kind".into(), self.kind.clone().into());
        object.insert("metadata".into(), json!({ "name": "object" }));
        let others =
            fields.as_object().into_iter().flatten().filter(|(name, _)| !OF_EVERY_OBJECT.contains(&name.as_str()));
        object.extend(others.map(|(name, field)| (name.clone(), field.clone())));
        object.into()
    }

    /// What our validator makes of it; `old` is what it would replace.
    pub fn ours(&self, object: &Value, old: Option<&Value>) -> Outcome {
        let object = self.schema.settled(object);
        let violations = self.schema.validate(&object, old, How { partial: false, rules: true });
        if violations.is_empty() {
            return Outcome::Stored(comparable(&object));
        }
        Outcome::Refused(violations.iter().map(ToString::to_string).collect())
    }
}

impl Tally {
    /// Asks both about the creation of an object, and says whether the server takes it.
    pub fn compare(&mut self, client: &mut Client, kind: &Kind, object: &Value) -> bool {
        let answer = client.would_create(&kind.at, object, Strictness::Ignore);
        self.judge(kind, object, &answer, None);
        answer.is_good()
    }

    /// Asks both whether an object may become another one.
    pub fn compare_update(&mut self, client: &mut Client, kind: &Kind, old: &Value, object: &Value) {
        let answer = client.would_update(&kind.at, object, Strictness::Ignore);
        self.judge(kind, object, &answer, Some(old));
    }

    /// Asks both which fields of an object the schema doesn't know.
    pub fn compare_strictly(&mut self, client: &mut Client, kind: &Kind, object: &Value) {
        let answer = client.would_create(&kind.at, object, Strictness::Strict);
        let mut theirs: BTreeSet<String> = BTreeSet::new();
        let message = answer.body["message"].as_str().unwrap_or_default();
        match message.split_once("strict decoding error: ") {
            Some((_, errors)) => theirs = errors.split(", ").map(keys_as_fields).collect(),
            // What it can't read at all it refuses before it looks for unknown fields.
            None if answer.status == 400 => return,
            None => {}
        }
        let unknown = || kind.schema.unknown(object).iter().map(|found| found.message.clone()).collect();
        let ours = std::panic::catch_unwind(std::panic::AssertUnwindSafe(unknown));
        let ours: BTreeSet<String> = ours.unwrap_or_else(|_| BTreeSet::from(["a panic".to_owned()]));
        self.strict += 1;
        if ours != theirs {
            self.differ(kind, object, "unknown fields", &format!("{theirs:#?}"), &format!("{ours:#?}"));
        }
    }

    fn judge(&mut self, kind: &Kind, object: &Value, answer: &Answer, old: Option<&Value>) {
        self.objects += 1;
        let ours = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| kind.ours(object, old)));
        let ours = ours.unwrap_or_else(|_| Outcome::Refused(BTreeSet::from(["a panic".to_owned()])));
        let theirs = outcome(answer);
        match (&theirs, &ours) {
            (Outcome::Stored(theirs), Outcome::Stored(ours)) if theirs == ours => self.stored += 1,
            (Outcome::Refused(theirs), Outcome::Refused(ours)) => {
                self.refused += 1;
                let fields = |of: &BTreeSet<String>| -> BTreeSet<String> {
                    of.iter().map(|line| line.split(": ").next().unwrap_or_default().to_owned()).collect()
                };
                self.fields += usize::from(fields(theirs) == fields(ours));
                self.words += usize::from(theirs == ours);
                if theirs != ours {
                    self.differ(kind, object, "words", &lines(theirs), &lines(ours));
                }
            }
            (Outcome::Unreadable, Outcome::Refused(_)) => self.unreadable += 1,
            _ => self.differ(kind, object, "verdicts", &said(&theirs), &said(&ours)),
        }
    }

    fn differ(&mut self, kind: &Kind, object: &Value, what: &str, theirs: &str, ours: &str) {
        self.differences.push(format!(
            "{what} of {} {}\n  schema {}\n  object {object}\n  server {theirs}\n  ours   {ours}",
            kind.api_version, kind.kind, kind.raw
        ));
    }

    /// Prints the numbers, and fails if there is a difference.
    #[track_caller]
    pub fn conclude(self, name: &str) {
        println!(
            "api server, {name}: {} objects: {} stored alike, {} refused by both ({} at the same fields, {} in the same words), \
             {} more that the server can't read; {} asked strictly; {} differences",
            self.objects,
            self.stored,
            self.refused,
            self.fields,
            self.words,
            self.unreadable,
            self.strict,
            self.differences.len()
        );
        let mut text = String::new();
        for difference in self.differences.iter().take(20) {
            write!(text, "\n\n{difference}").unwrap();
        }
        assert!(self.differences.is_empty(), "{} differences from the API server:{text}", self.differences.len());
    }
}

/// Within embedded objects of a map the server writes `map[key].metadata`, elsewhere `map.key`, as we do everywhere.
fn keys_as_fields(error: &str) -> String {
    let key = Regex::new(r"\[([^\[\]]*[^0-9\[\]][^\[\]]*)\]").unwrap();
    key.replace_all(error, ".$1").into_owned()
}

fn lines(causes: &BTreeSet<String>) -> String {
    causes.iter().map(|cause| format!("\n    {cause}")).collect()
}

fn said(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Stored(object) => format!("stores {object}"),
        Outcome::Refused(causes) => format!("refuses{}", lines(causes)),
        Outcome::Unreadable => "can't read it".into(),
    }
}

fn outcome(answer: &Answer) -> Outcome {
    match answer.status {
        200 | 201 => Outcome::Stored(comparable(&answer.body)),
        422 => Outcome::Refused(answer.causes().into_iter().filter(|cause| !cause.contains(UNCHECKED)).collect()),
        400 => Outcome::Unreadable,
        other => panic!("the server answers {other}: {:#}", answer.body),
    }
}

/// The object without what the server writes into `metadata`, keys in order, and numbers by their value: the server writes
/// a float of 1 as `1`.
fn comparable(object: &Value) -> Value {
    let mut object = normal(object);
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for name in ["creationTimestamp", "generation", "managedFields", "namespace", "resourceVersion", "uid"] {
            metadata.remove(name);
        }
    }
    object
}

fn normal(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut names: Vec<&String> = fields.keys().collect();
            names.sort();
            names.into_iter().map(|name| (name.clone(), normal(&fields[name]))).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.iter().map(normal).collect(),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 9e15 => (float as i64).into(),
            _ => value.clone(),
        },
        other => other.clone(),
    }
}
