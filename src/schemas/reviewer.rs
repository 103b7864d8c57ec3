//! Looks at what a change would commit or apply: an object that an API server would refuse doesn't pass the door.
//! Callers put it among the door's reviewers.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::before::Before;
use super::check::{Checks, Problem};
use super::workspace::Workspace;
use super::{Found, Schemas};
use crate::config::Config;
use crate::error::{Error, Place};
use crate::formats::definitions;
use crate::formats::lists::{self, Part};
use crate::formats::objects::{self, object_of};
use crate::formats::schema::Schema;
use crate::formats::yaml::{self, Document, Step};
use crate::report::{Finding, Severity};
use crate::world::beside::{self, Patches};
use crate::world::change::{Change, FileChange};
use crate::world::review::Reviewer;
use crate::world::{World, open};

/// What its findings are called.
const POLICY: &str = "schema";

/// Every object that a change brings is one that its kind's schema allows. What was wrong before is told, not refused.
pub struct Objects(pub Arc<Workspace>);

#[async_trait]
impl Reviewer for Objects {
    async fn review(&self, change: &Change, world: &World) -> Vec<Finding> {
        match change {
            Change::ApplyManifest { cluster, object, before, after } => {
                self.applied(&format!("{cluster}:{object}"), before.as_ref(), after, world).await
            }
            _ => self.committed(change, world).await,
        }
    }
}

/// A file of objects that a change would write.
struct Written<'c> {
    file: &'c FileChange,
    documents: Vec<Document>,
}

impl Written<'_> {
    /// The objects, each with the document that it stands in.
    fn objects(&self) -> Vec<(&Document, Part<'_>)> {
        let mut found = Vec::new();
        for document in &self.documents {
            found.extend(lists::of(&document.value).objects.into_iter().map(|part| (document, part)));
        }
        found
    }
}

/// What the objects of a change were.
struct History {
    /// As the change tells it: read when it is needed, and once.
    own: OnceCell<Before>,
    /// As it is where the change is proposed to: read when it is needed, and once.
    delivered: Option<Before>,
}

/// The reviewers of a run's door: those of the world, and this one.
pub fn all(config: &Config) -> Result<Vec<Box<dyn Reviewer>>, Error> {
    let mut reviewers = open::reviewers(config)?;
    reviewers.push(Box::new(Objects(Arc::new(Workspace::new(config)))));
    Ok(reviewers)
}

impl Objects {
    async fn applied(&self, name: &str, before: Option<&Value>, after: &Value, world: &World) -> Vec<Finding> {
        let schemas = match self.schemas(&[after], &[], world).await {
            Ok(schemas) => schemas,
            Err(error) => return vec![told(&error, name)],
        };
        let problems = schemas.check(after, Checks { old: before, ..Checks::default() });
        let findings = problems.into_iter().map(|problem| finding(problem, after, Place::file(name), false));
        findings.filter(|finding| finding.severity > Severity::Low).collect()
    }

    async fn committed(&self, change: &Change, world: &World) -> Vec<Finding> {
        let Some(repo) = change.repo() else { return Vec::new() };
        let later = beside::rendered_later(change, world).await;
        let conflicts = change.rendering().map(|rendering| &rendering.conflicts);
        let written: Vec<Written<'_>> = change
            .files()
            .iter()
            .filter(|file| objects::may_hold(&file.path) && !later.contains(&file.path.as_str()))
            // Conflict markers are for people to take out.
            .filter(|file| !conflicts.is_some_and(|conflicts| conflicts.contains(&file.path)))
            .filter_map(|file| {
                let parse = |bytes: &[u8]| parsed(&format!("{repo}:{}", file.path), bytes);
                // What doesn't parse is for another reviewer.
                let documents = parse(&file.after.as_ref()?.bytes)?;
                Some(Written { file, documents })
            })
            .collect();
        let documents: Vec<&Document> = written.iter().flat_map(|written| &written.documents).collect();
        let mut findings: Vec<Finding> = documents.iter().flat_map(|document| odd(document)).collect();
        let parts: Vec<_> = written.iter().flat_map(Written::objects).collect();
        let objects: Vec<&Value> = parts.iter().map(|(_, part)| part.value.as_ref()).collect();
        if !objects.iter().any(|object| object_of(object).is_some()) {
            return findings;
        }
        let schemas = match self.schemas(&objects, &documents, world).await {
            Ok(schemas) => schemas,
            Err(error) => return vec![told(&error, &repo.to_string())],
        };
        for (document, part) in parts.iter().filter(|(_, part)| definitions::is_one(&part.value)) {
            findings.extend(about_definition(&schemas, document, part));
        }
        let mut before = History { own: OnceCell::new(), delivered: None };
        for written in &written {
            self.file(change, written, &schemas, world, (&mut before, &mut findings)).await;
        }
        findings
    }

    async fn file(
        &self,
        change: &Change,
        written: &Written<'_>,
        schemas: &Schemas,
        world: &World,
        (before, findings): (&mut History, &mut Vec<Finding>),
    ) {
        // Whether the file is a patch is asked when something is missing in it, and once.
        let patches = Patches::new(change, world);
        let path = &written.file.path;
        for (document, part) in written.objects() {
            let object = part.value.as_ref();
            let mut how = Checks::default();
            let mut problems = schemas.check(object, how);
            // What the object was only matters if something is wrong with it, or its kind has rules about changes.
            if !problems.is_empty() || compares(schemas, object) {
                how.old = if matches!(change, Change::UpdatePullRequest { .. }) {
                    // What a branch said was never delivered: what counts is what there is where it is proposed to.
                    let delivered = match before.delivered.take() {
                        Some(delivered) => delivered,
                        None => Before::delivered(change, world).await,
                    };
                    before.delivered.insert(delivered).old(path, object)
                } else {
                    before.own.get_or_init(|| Before::of(change)).old(path, object)
                };
                problems = schemas.check(object, how);
            }
            if problems.iter().any(|problem| problem.is_missing() || problem.is_about_the_name())
                && patches.name(path).await
            {
                how.partial = true;
                problems = schemas.check(object, how);
            }
            let known: BTreeSet<String> = match how.old {
                Some(old) if !problems.is_empty() => {
                    let before = schemas.check(old, Checks { old: None, ..how });
                    before.into_iter().map(|problem| problem.message).collect()
                }
                _ => BTreeSet::new(),
            };
            for problem in problems.into_iter().filter(is_news) {
                let whole: Vec<Step> = part.path.iter().chain(&problem.path).cloned().collect();
                let place = match problem.at_key {
                    true => document.key_place(&whole),
                    false => document.place(&whole),
                };
                let was_there = known.contains(&problem.message) && !problem.unjudged;
                findings.push(finding(problem, object, place, was_there));
            }
        }
    }

    /// The schemas to check these objects with: those of the repositories only if they are needed, and those that the
    /// change itself brings.
    async fn schemas(&self, objects: &[&Value], documents: &[&Document], world: &World) -> Result<Arc<Schemas>, Error> {
        let mut schemas = self.0.own()?;
        let is_known = |schemas: &Schemas| {
            objects.iter().copied().filter_map(object_of).all(|(api_version, kind)| {
                match schemas.find(api_version, kind) {
                    // Of what is built in as a part, somebody may have the whole.
                    Found::Known(known) => !known.is_partial(),
                    Found::UnknownGroup { .. } | Found::UnknownKind { .. } => false,
                    Found::UnknownVersion { all, .. } => all,
                    Found::Removed { .. } | Found::NotYet { .. } | Found::Broken(_) => true,
                }
            })
        };
        if !is_known(&schemas) {
            schemas = self.0.whole(world.forge.as_ref()).await?.schemas.clone();
        }
        let (mut brought, mut broken) = (Vec::new(), Vec::new());
        for (kinds, wrong) in documents.iter().map(|document| definitions::sorted(document)) {
            brought.extend(kinds);
            broken.extend(wrong);
        }
        let none = brought.is_empty() && broken.is_empty();
        if none { Ok(schemas) } else { Ok(Arc::new(schemas.before(brought).with_broken(broken))) }
    }
}

fn parsed(name: &str, bytes: &[u8]) -> Option<Vec<Document>> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| objects::may_say(name, text))?;
    yaml::parse(name, text).ok()
}

/// Low ones are for audits. That an object has a name, other reviewers see to.
fn is_news(problem: &Problem) -> bool {
    problem.severity > Severity::Low && !(problem.is_missing() && problem.is_about_the_name())
}

/// Whether a kind has rules about changes.
fn compares(schemas: &Schemas, object: &Value) -> bool {
    let Some((api_version, kind)) = object_of(object) else { return false };
    match schemas.find(api_version, kind) {
        Found::Known(kind) => kind.schema().is_ok_and(Schema::compares),
        _ => false,
    }
}

/// What in the lists of a document is no object.
fn odd(document: &Document) -> Vec<Finding> {
    let told = |(path, message): (Vec<Step>, String)| Finding {
        policy: POLICY.into(),
        severity: Severity::High,
        place: document.place(&path),
        message,
        help: Some("an API server takes nothing else of a list".into()),
    };
    lists::of(&document.value).odd.into_iter().map(told).collect()
}

/// That a definition doesn't count, or keeps another one from counting. The same file at the head of a branch is what it was.
fn about_definition(schemas: &Schemas, document: &Document, part: &Part<'_>) -> Option<Finding> {
    let place = document.place(&part.path);
    let (message, help) = schemas.about_definition(&place)?;
    Some(Finding { policy: POLICY.into(), severity: Severity::Medium, place, message, help: Some(help) })
}

fn finding(problem: Problem, object: &Value, place: Place, was_there: bool) -> Finding {
    let text = |path: &str| object.pointer(path).and_then(Value::as_str);
    let called = match (text("/kind"), text("/metadata/name")) {
        (Some(kind), Some(name)) => format!("{kind} {name}: "),
        (Some(kind), None) => format!("{kind}: "),
        _ => String::new(),
    };
    let severity = if was_there { problem.severity.min(Severity::Medium) } else { problem.severity };
    Finding {
        policy: POLICY.into(),
        severity,
        place,
        message: format!("{called}{}", problem.message),
        help: problem.help,
    }
}

/// An error that keeps objects from being checked.
fn told(error: &Error, name: &str) -> Finding {
    Finding {
        policy: POLICY.into(),
        severity: Severity::High,
        place: error.place().cloned().unwrap_or_else(|| Place::file(name)),
        message: error.message().to_string(),
        help: error.help_text().map(str::to_string),
    }
}
