//! Looks at what a change would commit or apply: an object that an API server would refuse doesn't pass the door.
//! Callers put it among the door's reviewers.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::check::{Checks, Problem, object_of};
use super::workspace::{self, Workspace};
use super::{Found, Schemas};
use crate::config::Config;
use crate::error::{Error, Place};
use crate::formats::definitions;
use crate::formats::kustomize;
use crate::formats::yaml::{self, Document};
use crate::report::{Finding, Severity};
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
    before: Vec<Document>,
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
        let conflicts = change.rendering().map(|rendering| &rendering.conflicts);
        let written: Vec<Written<'_>> = change
            .files()
            .iter()
            .filter(|file| workspace::is_yaml(&file.path))
            // Conflict markers are for people to take out.
            .filter(|file| !conflicts.is_some_and(|conflicts| conflicts.contains(&file.path)))
            .filter_map(|file| {
                let parse = |bytes: &[u8]| parsed(&format!("{repo}:{}", file.path), bytes);
                // What doesn't parse is for another reviewer.
                let documents = parse(&file.after.as_ref()?.bytes)?;
                let before = file.before.as_ref().and_then(|file| parse(&file.bytes)).unwrap_or_default();
                Some(Written { file, documents, before })
            })
            .collect();
        let objects: Vec<&Value> =
            written.iter().flat_map(|written| &written.documents).map(|document| &document.value).collect();
        if !objects.iter().any(|object| object_of(object).is_some()) {
            return Vec::new();
        }
        let documents: Vec<&Document> = written.iter().flat_map(|written| &written.documents).collect();
        let mut findings = Vec::new();
        for document in &documents {
            if let Err(error) = definitions::read(document) {
                findings.push(told(&error, document.file()));
            }
        }
        let schemas = match self.schemas(&objects, &documents, world).await {
            Ok(schemas) => schemas,
            Err(error) => return vec![told(&error, &repo.to_string())],
        };
        for written in &written {
            self.file(change, written, &schemas, world, &mut findings).await;
        }
        findings
    }

    async fn file(
        &self,
        change: &Change,
        written: &Written<'_>,
        schemas: &Schemas,
        world: &World,
        findings: &mut Vec<Finding>,
    ) {
        // Whether the file is a patch is asked when something is missing in it, and once.
        let mut is_patch = None;
        let mut base = None;
        for document in &written.documents {
            let old = written.before.iter().map(|before| &before.value).find(|old| is_same(old, &document.value));
            let mut how = Checks { old, ..Checks::default() };
            let mut problems = schemas.check(&document.value, how);
            if !problems.is_empty() && matches!(change, Change::UpdatePullRequest { .. }) {
                // What a branch said was never delivered: what counts is what there is where it is proposed to.
                if base.is_none() {
                    let text = in_repository(change, &written.file.path, world).await;
                    base = Some(text.and_then(|bytes| parsed("", &bytes)).unwrap_or_default());
                }
                let delivered = base.iter().flatten().map(|there| &there.value);
                how.old = delivered.into_iter().find(|there| is_same(there, &document.value));
                problems = schemas.check(&document.value, how);
            }
            if problems.iter().any(Problem::is_missing) {
                let patch = match is_patch {
                    Some(patch) => patch,
                    None => *is_patch.insert(kustomize_names(change, &written.file.path, world).await),
                };
                if patch {
                    how.partial = true;
                    problems = schemas.check(&document.value, how);
                }
            }
            let known: BTreeSet<String> = match how.old {
                Some(old) if !problems.is_empty() => {
                    let before = schemas.check(old, Checks { old: None, ..how });
                    before.into_iter().map(|problem| problem.message).collect()
                }
                _ => BTreeSet::new(),
            };
            for problem in problems.into_iter().filter(is_news) {
                let place = match problem.at_key {
                    true => document.key_place(&problem.path),
                    false => document.place(&problem.path),
                };
                let was_there = known.contains(&problem.message);
                findings.push(finding(problem, &document.value, place, was_there));
            }
        }
    }

    /// The schemas to check these objects with: those of the repositories only if they are needed, and those that the
    /// change itself brings.
    async fn schemas(&self, objects: &[&Value], documents: &[&Document], world: &World) -> Result<Arc<Schemas>, Error> {
        let mut schemas = self.0.own()?;
        let is_known = |schemas: &Schemas| {
            let items = objects.iter().filter_map(|object| object["items"].as_array()).flatten();
            items.chain(objects.iter().copied()).filter_map(object_of).all(|(api_version, kind)| {
                (api_version, kind) == ("v1", "List")
                    || !matches!(schemas.find(api_version, kind), Found::UnknownGroup | Found::UnknownKind { .. })
            })
        };
        if !is_known(&schemas) {
            schemas = self.0.whole(world.forge.as_ref()).await?.schemas.clone();
        }
        let brought: Vec<_> =
            documents.iter().filter_map(|document| definitions::read(document).ok()).flatten().collect();
        if brought.is_empty() { Ok(schemas) } else { Ok(Arc::new(schemas.before(brought))) }
    }
}

fn parsed(name: &str, bytes: &[u8]) -> Option<Vec<Document>> {
    yaml::parse(name, std::str::from_utf8(bytes).ok()?).ok()
}

/// Whether a kustomization of the change or of the repository names a file as a patch.
async fn kustomize_names(change: &Change, path: &str, world: &World) -> bool {
    for folder in kustomize::folders_above(path) {
        for name in kustomize::NAMES {
            let at = if folder.is_empty() { name.to_string() } else { format!("{folder}/{name}") };
            let text = match change.files().iter().find(|file| file.path == at) {
                Some(file) => file.after.as_ref().map(|file| file.bytes.clone()),
                None => in_repository(change, &at, world).await,
            };
            let text = text.as_deref().and_then(|bytes| std::str::from_utf8(bytes).ok());
            let documents = text.and_then(|text| yaml::parse(&at, text).ok()).unwrap_or_default();
            if documents.iter().any(|document| kustomize::patches(&document.value, folder).contains(path)) {
                return true;
            }
        }
    }
    false
}

/// A file of the repository that a change is for: at the head of the branch that a new pull request is proposed to, or
/// else of the default branch.
async fn in_repository(change: &Change, path: &str, world: &World) -> Option<Arc<[u8]>> {
    let repo = change.repo()?;
    let base = match change {
        Change::OpenPullRequest { base, .. } => base.clone(),
        _ => world.forge.repository(repo).await.ok()??.settings.default_branch,
    };
    let head = world.forge.branch(repo, &base).await.ok()??;
    Some(world.forge.file(repo, &head, path).await.ok()??.bytes)
}

/// Low ones are for audits. That an object has a name, other reviewers see to.
fn is_news(problem: &Problem) -> bool {
    problem.severity > Severity::Low && !(problem.is_missing() && problem.path == ["metadata".into(), "name".into()])
}

/// Whether two documents are one object.
fn is_same(one: &Value, other: &Value) -> bool {
    let same = |path: &str| one.pointer(path) == other.pointer(path);
    same("/apiVersion") && same("/kind") && same("/metadata/name") && same("/metadata/namespace")
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
