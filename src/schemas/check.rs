//! Checking a document against the schema of its kind: is there such a kind, does it have such fields, are they right.
//! One call for the door, audits and claims.

use serde_json::Value;

use super::kind::Kind;
use super::{Found, Schemas, find};
use crate::error::{Error, with_article};
use crate::formats::definitions::{self, Role};
use crate::formats::lists;
use crate::formats::objects::object_of;
use crate::formats::schema::{How, Names, Reason, Violation};
use crate::formats::yaml::Step;
use crate::report::Severity;

/// How a document is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Checks<'a> {
    /// It is a part of an object, such as a patch of a kustomization: nothing is missing.
    pub partial: bool,
    /// Rules of CEL are evaluated.
    pub rules: bool,
    /// What the object was before, for rules about changes.
    pub old: Option<&'a Value>,
}

impl Default for Checks<'_> {
    fn default() -> Self {
        Checks { partial: false, rules: true, old: None }
    }
}

/// One thing that is wrong with a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// Where in the document.
    pub path: Vec<Step>,
    /// Whether the key is meant there, and not the value.
    pub at_key: bool,
    /// How bad: what an API server refuses is high.
    pub severity: Severity,
    /// What sort of mistake, where it is one against the schema.
    pub reason: Option<Reason>,
    /// One sentence without a final stop, in the API server's words.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Whether the object couldn't be judged, so that nobody knows what else is wrong.
    pub unjudged: bool,
}

impl Problem {
    /// Whether it is a field that isn't there.
    pub fn is_missing(&self) -> bool {
        self.reason == Some(Reason::Required)
    }

    /// Whether it is about the object's name.
    pub fn is_about_the_name(&self) -> bool {
        self.path == ["metadata".into(), "name".into()]
    }
}

impl Schemas {
    /// Everything that is wrong with a document. Nothing, if it is no object of Kubernetes; of a kind of which nothing
    /// is known, that is said as a problem of low severity. The objects of a list are looked at one by one.
    pub fn check(&self, document: &Value, how: Checks<'_>) -> Vec<Problem> {
        if lists::is_list(document) {
            return self.check_list(document, how);
        }
        let Some((api_version, kind)) = object_of(document) else { return Vec::new() };
        match self.find(api_version, kind) {
            Found::Known(known) => check_known(&known, document, how),
            found => vec![unknown(&found, api_version, kind, self.release())],
        }
    }

    fn check_list(&self, list: &Value, how: Checks<'_>) -> Vec<Problem> {
        let parts = lists::of(list);
        let mut problems: Vec<Problem> = parts.odd.into_iter().map(|(path, why)| odd(path, why)).collect();
        for part in parts.objects {
            for mut problem in self.check(&part.value, Checks { old: None, ..how }) {
                problem.path.splice(0..0, part.path.iter().cloned());
                problems.push(problem);
            }
        }
        problems
    }
}

fn check_known(kind: &Kind, document: &Value, how: Checks<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let Some(warning) = &kind.deprecated {
        problems.push(problem("apiVersion", Severity::Medium, warning.clone(), None));
    }
    if !kind.namespaced && document.pointer("/metadata/namespace").is_some_and(|namespace| !namespace.is_null()) {
        let message = "metadata.namespace: Forbidden: not allowed on this type".to_string();
        let help = format!("{} belongs to the whole cluster: leave the namespace out", with_article(&kind.kind));
        let path = vec!["metadata".into(), "namespace".into()];
        problems.push(Problem { path, at_key: true, ..problem("", Severity::Medium, message, Some(help)) });
    }
    let schema = match kind.schema() {
        Ok(schema) => schema,
        Err(error) => {
            problems.push(not_judged(&kind.kind, &error));
            return problems;
        }
    };
    let names = Names::of(&kind.api_version, &kind.kind);
    let violations = schema.review(document, how.old, names, How { partial: how.partial, rules: how.rules });
    problems.extend(violations.into_iter().map(|violation| of(violation, kind)));
    if !how.partial && definitions::is_one(document) {
        // What the kind's own schema has told needs no second.
        let told: Vec<Vec<Step>> = problems.iter().map(|problem| problem.path.clone()).collect();
        let faults = definitions::faults(document).into_iter().filter(|fault| !told.contains(&fault.path));
        problems.extend(faults.map(of_definition));
    }
    // A patch is for what its target names; its own name is often a word that fills the field.
    problems.retain(|problem| !(how.partial && problem.is_about_the_name()));
    problems
}

/// A fault of a definition, for which there is no kind.
fn of_definition(fault: Violation) -> Problem {
    Problem {
        at_key: fault.reason == Reason::Unknown,
        severity: Severity::High,
        reason: Some(fault.reason),
        message: fault.to_string(),
        help: fault.help,
        path: fault.path,
        unjudged: false,
    }
}

/// That an object can't be judged, since its kind is none.
fn not_judged(kind: &str, error: &Error) -> Problem {
    let place = error.place().map_or_else(String::new, |place| format!(" at {place}"));
    let message = format!("the {kind} can't be checked: {}", error.message());
    let help = format!("mend the definition{place}");
    Problem { unjudged: true, ..problem("kind", Severity::High, message, Some(help)) }
}

/// What in a list is no object.
fn odd(path: Vec<Step>, why: String) -> Problem {
    Problem { path, ..problem("items", Severity::High, why, Some("an API server takes nothing else of a list".into())) }
}

fn of(violation: Violation, kind: &Kind) -> Problem {
    let mut help = violation.help.clone().or_else(|| hint(&violation, kind));
    if kind.is_partial() && violation.reason == Reason::Unknown {
        let beyond = format!(
            "only a part of {} is built in: if the field is right, import its CRD, idp-run schemas import FILE",
            kind.kind
        );
        help = Some(help.map_or(beyond.clone(), |help| format!("{help} {beyond}")));
    }
    Problem {
        at_key: violation.reason == Reason::Unknown,
        severity: Severity::High,
        reason: Some(violation.reason),
        message: violation.to_string(),
        help,
        path: violation.path,
        unjudged: false,
    }
}

/// What to do about a mistake that people make often.
fn hint(violation: &Violation, kind: &Kind) -> Option<String> {
    match violation.reason {
        Reason::Required => Some(format!("{} needs it", with_article(&kind.kind))),
        Reason::Unknown if matches!(kind.role, Role::Claim { .. }) => definitions::said_of_claims(violation),
        Reason::Invalid if violation.message.contains("(([KMGTPE]i)|[numkMGTPE]") => {
            Some("quantities are written like 500m, 2, 512Mi or 1Gi".into())
        }
        _ => None,
    }
}

fn problem(key: &str, severity: Severity, message: String, help: Option<String>) -> Problem {
    Problem { path: vec![key.into()], at_key: false, severity, reason: None, message, help, unjudged: false }
}

/// What there is to say of a kind that isn't known.
fn unknown(found: &Found, api_version: &str, kind: &str, release: &str) -> Problem {
    let use_instead = |instead: &Option<String>| instead.as_ref().map(|version| format!("use {version}"));
    match found {
        Found::Removed { release: gone, instead } => {
            let message = format!("{api_version} {kind} was removed in Kubernetes {gone}");
            let help = use_instead(instead).unwrap_or_else(|| "nothing has taken its place".into());
            problem("apiVersion", Severity::High, message, Some(help))
        }
        Found::NotYet { release: first, instead } => {
            let message = format!("{api_version} {kind} comes with Kubernetes {first}, and this is for {release}");
            problem("apiVersion", Severity::High, message, use_instead(instead))
        }
        Found::UnknownVersion { has, all } => {
            let severity = if *all { Severity::High } else { Severity::Low };
            let message = format!("there is no {kind} in {api_version}");
            problem("apiVersion", severity, message, Some(format!("known: {}", has.join(", "))))
        }
        Found::UnknownKind { nearest, all } => {
            let severity = if *all || nearest.is_some() { Severity::High } else { Severity::Low };
            let help = match nearest {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("`idp-run schemas list {}` shows the kinds that are known", find::split(api_version).0),
            };
            problem("kind", severity, format!("{api_version} has no kind `{kind}`"), Some(help))
        }
        Found::Broken(broken) => not_judged(kind, &broken.error),
        Found::UnknownGroup { nearest: Some(near) } => {
            let message = format!("there is no API group `{}`", find::split(api_version).0);
            problem("apiVersion", Severity::High, message, Some(format!("did you mean `{near}`?")))
        }
        Found::UnknownGroup { nearest: None } | Found::Known(_) => {
            let message = format!("nothing is known of {api_version} {kind}: it was not checked");
            let help = "put its CRD into schemas/ of the workspace: idp-run schemas import FILE".to_string();
            problem("kind", Severity::Low, message, Some(help))
        }
    }
}
