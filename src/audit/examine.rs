//! One text: its documents, the Kubernetes objects among them, and what the policies say of each.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use super::Text;
use super::crew::{Seats, failed};
use super::panel::Panel;
use super::policy::{Breach, Object};
use crate::error::{Error, Place};
use crate::formats::lists;
use crate::formats::objects::{self, Shape};
use crate::formats::yaml::{self, Document, Path, Step};
use crate::primitives::manifest::Manifest;
use crate::primitives::policy::{Candidate, Facts, Report};
use crate::report::{Detection, Finding, ObjectName, PolicyLevel, Seen, Severity, shortened};

/// The name under which it is said that something can't be read.
pub const READING: &str = "manifest";

/// What came of a text.
#[derive(Debug, Default)]
pub struct Examined {
    pub detections: Vec<Detection>,
    pub objects: Vec<Seen>,
    /// Where each object is: its document, and its path in it.
    pub roots: Vec<(usize, Vec<Step>)>,
    /// The objects themselves, where a policy looks at all of them.
    pub kept: Vec<Manifest>,
    /// How many of the objects are patches that packs weren't asked about.
    pub patches: usize,
    /// What the text says, if something was found in it.
    pub source: Option<Arc<str>>,
    /// Why it can't be read.
    pub unread: Option<Error>,
}

impl Examined {
    /// Of a text over which this program itself stumbled.
    pub fn of_nothing(text: &Text) -> Examined {
        let why = "idp-run itself failed over this file; that is a fault of idp-run".to_owned();
        Examined { detections: vec![unreadable(Place::file(&*text.shown), why, None)], ..Examined::default() }
    }

    /// What is kept of each text adds up: a list that was begun for one object has room for four.
    fn take_no_more_than_needed(&mut self) {
        self.detections.shrink_to_fit();
        self.objects.shrink_to_fit();
        self.roots.shrink_to_fit();
        self.kept.shrink_to_fit();
    }
}

/// What a text is shown to.
struct Review<'r, 'j> {
    number: usize,
    text: &'r Text,
    panel: &'j Panel,
    seats: &'r mut Seats<'j>,
    keep: bool,
    found: Examined,
}

/// How many objects a text can have, so that a number tells text and object.
const OBJECTS: usize = 1 << 20;

/// The number of an object of a text.
pub fn number_of(text: usize, object: usize) -> usize {
    text * OBJECTS + object
}

/// The text and the object within it that a number stands for.
pub fn numbered(number: usize) -> (usize, usize) {
    (number / OBJECTS, number % OBJECTS)
}

/// Shows a text to the panel; one that wasn't read yet is read for it.
pub fn examine<'j>(number: usize, text: &Text, panel: &'j Panel, seats: &mut Seats<'j>) -> Examined {
    let text = &*match text.read() {
        Ok(text) => text,
        Err(error) => return Examined { unread: Some(error), ..Examined::default() },
    };
    let found = Examined::default();
    let mut review = Review { number, text, panel, seats, keep: panel.looks_at_all(), found };
    review.of_text();
    let source = text.content.clone().filter(|_| !review.found.detections.is_empty());
    let mut found = Examined { source, ..review.found };
    found.take_no_more_than_needed();
    found
}

impl Review<'_, '_> {
    fn of_text(&mut self) {
        let text = self.text;
        let Some(content) = &text.content else {
            // JSON of other encodings is something else; YAML that nobody can read may be a manifest.
            if text.named || !objects::is_json(&text.shown) {
                let (line, column) = text.garbled.unwrap_or_default();
                let place = Place::at(&*text.shown, line, column);
                self.found.detections.push(unreadable(place, "the file is not UTF-8".into(), None));
            }
            return;
        };
        if !text.named && !objects::may_say(&text.shown, content) {
            return;
        }
        let (documents, faults) = yaml::parse_each(&text.shown, content);
        self.found.detections.extend(faults.iter().map(|error| not_yaml(&text.shown, error)));
        for (number, document) in documents.into_iter().enumerate() {
            self.of_document(number, document);
        }
        if !self.found.objects.is_empty() && objects::is_json(&text.shown) {
            self.found.detections.extend(not_json(&text.shown, content));
        }
    }

    fn of_document(&mut self, number: usize, mut document: Document) {
        let parts = lists::of(&document.value);
        for (path, why) in parts.odd {
            let help = "an API server takes nothing else of a list".to_owned();
            self.found.detections.push(unreadable(document.place(&path), why, Some(help)));
        }
        let typed = |value| if let Cow::Owned(value) = value { Some(value) } else { None };
        let found: Vec<_> = parts.objects.into_iter().map(|part| (part.path, typed(part.value))).collect();
        for (path, typed) in found {
            // Elements of a list of one kind are what the list says that they are.
            if let Some(value) = typed
                && let Some(element) = yaml::get_mut(&mut document.value, &path)
            {
                *element = value;
            }
            self.of_object(number, &mut document, path);
        }
    }

    fn of_object(&mut self, number: usize, document: &mut Document, root: Vec<Step>) {
        let Some(value) = yaml::get(&document.value, &root) else { return };
        let (api_version, kind) = match objects::shape(value, &self.text.shown) {
            Shape::Object { api_version, kind } => (api_version, kind),
            half => {
                let (key, missing) = match half {
                    Shape::NoApiVersion(kind) => ("apiVersion", format!("the {kind} has no apiVersion")),
                    Shape::NoKind => ("kind", "the object has no kind".to_owned()),
                    _ => return,
                };
                let (place, what) = match &value[key] {
                    Value::Null => (document.place(&root), missing),
                    there => {
                        let path: Vec<Step> = root.iter().cloned().chain([key.into()]).collect();
                        (document.place(&path), format!("{key} must be a text, and is {there}"))
                    }
                };
                self.found.detections.push(unreadable(place, what, Some(objects::NEEDS.into())));
                return;
            }
        };
        let metadata = |name: &str| value["metadata"][name].as_str().map(str::to_owned);
        let name = ObjectName {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: metadata("namespace"),
            name: metadata("name").or_else(|| metadata("generateName")),
        };
        let place = document.place(&root);
        let object = Object { value, document, root: &root, name: &name, place: &place, partial: self.text.partial };
        let at = self.found.objects.len();
        for policy in &self.panel.built_in {
            let breaches = policy.check(&object);
            if !breaches.is_empty() {
                let policy = policy.about().id;
                let told = |breach| detection(&policy, breach, at, &root, document);
                self.found.detections.extend(breaches.into_iter().map(told));
            }
        }
        if !self.panel.packs.is_empty() {
            // Places are found by path: they need the document's tree, not its value.
            let value = yaml::get_mut(&mut document.value, &root).map(Value::take).unwrap_or_default();
            let manifest = Manifest::numbered(value, number_of(self.number, at));
            self.seats.look_at(at, place.line);
            self.ask(&manifest, &name, at, &root, document);
            // What a patch lacks, its base has.
            if self.keep && !self.text.partial {
                self.found.kept.push(manifest);
            }
        }
        self.found.objects.push(Seen { object: name, file: self.text.shown.clone(), line: place.line });
        self.found.roots.push((number, root));
    }

    /// Asks the rules of the packs.
    fn ask(&mut self, object: &Manifest, name: &ObjectName, at: usize, root: &[Step], document: &Document) {
        // A patch has only what it changes: that something is missing there means nothing.
        if self.text.partial {
            self.found.patches += 1;
            return;
        }
        let environment = self.panel.environment_of(self.text, name.namespace.as_deref());
        let candidate = Candidate { object, file: &self.text.shown, environment };
        for (pack, chosen) in self.panel.packs.iter().enumerate() {
            let setup = chosen.setup(environment);
            for (rule, facts) in chosen.pack().rules().iter().enumerate().filter(|(_, facts)| facts.of_one) {
                let Some(level) = chosen.level(rule, setup) else { continue };
                let Some(view) = facts.applies_to.view(&candidate) else { continue };
                match self.seats.ask((pack, setup), rule, |seat, params| seat.check(rule, view, params)) {
                    Ok(reports) => {
                        let told = |report| reported(facts, level, report, object.number(), at, root, document);
                        self.found.detections.extend(reports.into_iter().map(told));
                    }
                    Err(error) => {
                        let place = document.place(root);
                        self.found.detections.push(failed(chosen, (rule, setup), &error, Some(at), place));
                    }
                }
            }
        }
    }
}

/// What a rule reported of an object, with its place in the file.
pub fn reported(
    facts: &Facts,
    level: PolicyLevel,
    report: Report,
    number: usize,
    object: usize,
    root: &[Step],
    document: &Document,
) -> Detection {
    // A place in something that the rule made itself is none in the object.
    let path = if report.at.number() == number { report.at.path() } else { Vec::new() };
    let whole: Vec<Step> = root.iter().chain(&path).cloned().collect();
    let finding = Finding {
        policy: facts.id.clone(),
        severity: facts.severity,
        place: document.place_to_look(&whole),
        message: report.message,
        help: report.help,
    };
    let path = shortened(&Path(&path).to_string());
    Detection {
        level: report.level.min(level),
        finding,
        object: Some(object),
        path,
        fixable: facts.mends,
        failed: false,
        mended: false,
        waived: None,
    }
}

fn not_yaml(shown: &str, error: &Error) -> Detection {
    let place = error.place().cloned().unwrap_or_else(|| Place::file(shown));
    unreadable(place, error.message().to_owned(), error.help_text().map(str::to_owned))
}

/// What only those take who read JSON as YAML, as kubectl does once it failed to read it: a comma too many, a comment.
fn not_json(shown: &str, content: &str) -> Option<Detection> {
    let content = content.trim_start_matches('\u{feff}');
    serde_json::from_str::<serde::de::IgnoredAny>(content).err()?;
    // It has better words where it reads for a value.
    let error = serde_json::from_str::<Value>(content).err()?;
    let place = Place::at(shown, error.line(), error.column());
    let said = error.to_string();
    let said = said.split(" at line ").next().unwrap_or_default();
    let help = "kubectl takes it for YAML; others, such as Argo CD, refuse it".to_owned();
    let mut detection = unreadable(place, format!("the file is YAML, and no JSON: {said}"), Some(help));
    detection.finding.severity = Severity::Medium;
    Some(detection)
}

fn unreadable(place: Place, message: String, help: Option<String>) -> Detection {
    let finding = Finding { policy: READING.into(), severity: Severity::High, place, message, help };
    let path = String::new();
    Detection {
        level: PolicyLevel::Deny,
        finding,
        object: None,
        path,
        fixable: false,
        failed: false,
        mended: false,
        waived: None,
    }
}

fn detection(policy: &str, breach: Breach, object: usize, root: &[Step], document: &Document) -> Detection {
    let Breach { severity, path, at_key, place, message, help } = breach;
    let whole: Vec<Step> = root.iter().chain(&path).cloned().collect();
    let of_path = || if at_key { document.key_place(&whole) } else { document.place_to_look(&whole) };
    let place = place.unwrap_or_else(of_path);
    let (message, help) = (shortened(&message), help.as_deref().map(shortened));
    let finding = Finding { policy: policy.into(), severity, place, message, help };
    Detection {
        level: PolicyLevel::Deny,
        finding,
        object: Some(object),
        path: shortened(&Path(&path).to_string()),
        fixable: false,
        failed: false,
        mended: false,
        waived: None,
    }
}
