//! Reviewers look at each change before it is planned or made; what they find can refuse it.

use async_trait::async_trait;
use globset::GlobSet;
use serde_json::Value;

use super::World;
use super::beside::{self, Patches};
use super::change::Change;
use crate::error::{Error, Place, Result};
use crate::formats::objects::{self, Shape};
use crate::formats::yaml::{Document, Step};
use crate::formats::{catalog, yaml};
use crate::report::{Finding, Severity};

/// Looks at a change before it is made.
#[async_trait]
pub trait Reviewer: Send + Sync {
    /// What is wrong with it. The world is there to be read, as it is before the change.
    async fn review(&self, change: &Change, world: &World) -> Vec<Finding>;

    /// Whether it can look at anything: asked before the first change, so that nothing is made before that is known.
    async fn ready(&self, _: &World) -> Result<()> {
        Ok(())
    }

    /// The code of the error that a refusal of its becomes.
    fn code(&self) -> &'static str {
        REFUSED
    }
}

/// The code of a change that a review refuses.
const REFUSED: &str = "idp::review::refused";

/// Every committed YAML file parses; a document that is meant as an object is a whole one.
pub struct Manifests {
    /// Globs over `repository/path`: files in which every document must be a manifest.
    pub required: GlobSet,
}

#[async_trait]
impl Reviewer for Manifests {
    async fn review(&self, change: &Change, world: &World) -> Vec<Finding> {
        let Some(repo) = change.repo() else { return Vec::new() };
        let mut findings = Vec::new();
        let patches = Patches::new(change, world);
        let later = beside::rendered_later(change, world).await;
        for file in change.files() {
            let Some(after) = &file.after else { continue };
            let required = self.required.is_match(format!("{}/{}", repo.name(), file.path));
            if !objects::may_hold(&file.path) || !required && later.contains(&file.path.as_str()) {
                continue;
            }
            // An update leaves to people what is theirs: conflict markers, which they take out before they merge, and
            // files that were no YAML before.
            let is_yaml = |text: &str| yaml::parse(&file.path, text).is_ok();
            if let Some(rendering) = change.rendering()
                && (rendering.conflicts.contains(&file.path)
                    || file.before.as_ref().is_some_and(|was| !std::str::from_utf8(&was.bytes).is_ok_and(is_yaml)))
            {
                continue;
            }
            let name = format!("{repo}:{}", file.path);
            match std::str::from_utf8(&after.bytes) {
                Ok(text) if !required && !objects::may_say(&file.path, text) => {}
                Ok(text) => {
                    let mut found = Vec::new();
                    review_text(&name, text, required, &mut found);
                    // What a kustomization patches is named by its target.
                    if found.iter().any(|finding| finding.message.ends_with(UNNAMED)) && patches.name(&file.path).await
                    {
                        found.retain(|finding| !finding.message.ends_with(UNNAMED));
                    }
                    findings.append(&mut found);
                }
                // JSON of other encodings is something else.
                Err(_) if !required && objects::is_json(&file.path) => {}
                Err(_) => findings.push(refusal("yaml", Place::file(&name), "the file is not UTF-8".into(), None)),
            }
        }
        findings
    }
}

/// What an object without a name lacks.
const UNNAMED: &str = "metadata.name";

fn refusal(policy: &str, place: Place, message: String, help: Option<String>) -> Finding {
    Finding { policy: policy.into(), severity: Severity::High, place, message, help }
}

fn review_text(name: &str, text: &str, required: bool, findings: &mut Vec<Finding>) {
    let documents = match yaml::parse(name, text) {
        Ok(documents) => documents,
        Err(error) => {
            let place = error.place().cloned().unwrap_or_else(|| Place::file(name));
            let help = error.help_text().map(str::to_owned);
            findings.push(refusal("yaml", place, error.message().to_string(), help));
            return;
        }
    };
    for document in documents {
        review_document(&document.value, &[], &document, (name, required), findings);
    }
}

fn review_document(value: &Value, root: &[Step], document: &Document, file: (&str, bool), findings: &mut Vec<Finding>) {
    let (name, required) = file;
    let mut lacks = |what: &str, field: &str| {
        let message = format!("the {what} has no {field}");
        findings.push(refusal("manifest", document.place(root), message, Some(objects::NEEDS.into())));
    };
    let called = value.pointer("/metadata/name").and_then(Value::as_str).is_some_and(|name| !name.is_empty());
    match objects::shape(value, name) {
        Shape::Object { kind, .. } if !called => lacks(kind, UNNAMED),
        Shape::Object { .. } => {}
        Shape::List(items) => {
            for (at, item) in items.iter().enumerate() {
                review_document(item, &[Step::Key("items".into()), Step::Index(at)], document, file, findings);
            }
        }
        half @ (Shape::NoApiVersion(_) | Shape::NoKind) => {
            match half {
                Shape::NoApiVersion(kind) => lacks(kind, "apiVersion"),
                _ => lacks("manifest", "kind"),
            }
            if !called {
                lacks("manifest", UNNAMED);
            }
        }
        Shape::Other if required && !objects::is_headed(value) => {
            let message = "every document of this file must be a Kubernetes object".to_string();
            let help = "idp.yaml lists the file under `manifests`; add apiVersion, kind and metadata.name";
            findings.push(refusal("manifest", document.place(root), message, Some(help.into())));
        }
        Shape::Other => {}
    }
}

/// Entities in the files that the catalog reads are such as Backstage takes.
pub struct Entities;

#[async_trait]
impl Reviewer for Entities {
    async fn review(&self, change: &Change, _: &World) -> Vec<Finding> {
        let Some(repo) = change.repo() else { return Vec::new() };
        let mut findings = Vec::new();
        for file in change.files().iter().filter(|file| catalog::is_catalog_file(&file.path)) {
            let text = file.after.as_ref().and_then(|after| std::str::from_utf8(&after.bytes).ok());
            let Some(text) = text else { continue };
            // What doesn't parse is for `Manifests`.
            let documents = yaml::parse(&format!("{repo}:{}", file.path), text).unwrap_or_default();
            for document in documents.iter().filter(|document| catalog::is_entity(&document.value)) {
                for found in catalog::check(&document.value) {
                    let place = if found.key { document.key_place(&found.field) } else { document.place(&found.field) };
                    let message = format!("{}: {} {}", catalog::called(&document.value), found.path(), found.what);
                    findings.push(refusal("catalog", place, message, Some(found.help)));
                }
            }
        }
        findings
    }
}

/// The error that the first refusing finding becomes, under the code of its reviewer.
pub fn refused(code: &'static str, change: &Change, findings: &[Finding]) -> Option<Error> {
    let first = findings.iter().find(|finding| finding.refuses())?;
    let others = findings.iter().filter(|finding| finding.refuses()).count() - 1;
    let more = if others == 0 { String::new() } else { format!(" (and {others} more)") };
    // A policy has a name by which people find it.
    let by = if code == REFUSED { String::new() } else { format!(" by {}", first.policy) };
    let (kind, target) = (change.kind().replace('_', " "), change.target());
    let mut error =
        Error::failed(code, format!("{kind} {target} is refused{by}: {}{more}", first.message)).at(first.place.clone());
    if let Some(help) = &first.help {
        error = error.help(help.clone());
    }
    Some(error)
}
