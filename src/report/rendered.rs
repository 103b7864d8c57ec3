//! What an ApplicationSet gives, and what changes when it gives something else: as data, for tables, events and plans.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Action;
use crate::error::Place;

/// An ApplicationSet, rendered.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenderedSet {
    /// Its name.
    pub name: String,
    /// The file that it is in, with the line and column of its document.
    pub place: Place,
    /// How many Applications the controller would have.
    pub count: usize,
    /// The Applications themselves; none where only differences are asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub applications: Vec<RenderedApplication>,
    /// What is wrong, in Argo CD's words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<RenderedProblem>,
    /// What nobody knows offline.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<RenderedMissing>,
    /// What is otherwise than before, if it was compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared: Option<Comparison>,
}

/// An Application in a few words, with all of it where that is asked for.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenderedApplication {
    /// Its name.
    pub name: String,
    /// The project that it belongs to.
    pub project: String,
    /// Where its manifests are.
    pub sources: Vec<RenderedSource>,
    /// The cluster, by name or by the URL of its API.
    pub cluster: String,
    /// The namespace, if it names one.
    pub namespace: String,
    /// The generator that it comes from: `spec.generators[0].matrix`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub from: String,
    /// The whole object.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub manifest: Value,
}

/// Where manifests are.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenderedSource {
    /// The repository's URL.
    pub repository: String,
    /// The folder in it, or the chart.
    pub path: String,
    /// The branch, tag, commit or version.
    pub revision: String,
}

/// Something that is wrong with an ApplicationSet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenderedProblem {
    /// What the controller does about it.
    pub effect: ProblemEffect,
    /// The field: `spec.generators[0].git`.
    pub path: String,
    /// Where that is.
    pub place: Place,
    /// In Argo CD's words.
    pub message: String,
}

/// What a controller does about a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemEffect {
    /// It changes no Application of the set.
    Stops,
    /// It leaves the Application out.
    LeavesOut,
    /// It says so and goes on.
    Warns,
}

/// What a generator asks and nobody here knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenderedMissing {
    /// The generator: `spec.generators[0].pullRequest`.
    pub path: String,
    /// Where that is.
    pub place: Place,
    /// What it asks.
    pub what: String,
    /// How it can be given.
    pub help: String,
}

/// What is between two renderings of a set.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// With what it was compared, in words; nothing in a plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<String>,
    /// Why nothing can be said, or why the controller changes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// Applications that appear, change and vanish, by name.
    pub changes: Vec<ApplicationChange>,
}

impl Comparison {
    /// How many appear, change and vanish.
    pub fn counts(&self) -> [(Action, usize); 3] {
        let of = |action: Action| (action, self.changes.iter().filter(|change| change.action == action).count());
        [of(Action::Create), of(Action::Update), of(Action::Delete)]
    }
}

/// An Application that appears, changes or vanishes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplicationChange {
    /// Which of the three.
    pub action: Action,
    /// The Application as it will be; one that vanishes as it was.
    pub application: RenderedApplication,
    /// The fields that change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<ApplicationField>,
    /// Why the controller leaves the Application that there is as it is, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<String>,
    /// Whether what it deployed goes with one that vanishes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub with_resources: bool,
}

/// A field of an Application that changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplicationField {
    /// Which: `spec.source.targetRevision`.
    pub path: String,
    /// What was there; null for nothing.
    pub before: Value,
    /// What will be there; null for nothing.
    pub after: Value,
    /// Whether `ignoreApplicationDifferences` leaves it as it is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ignored: bool,
}

impl RenderedSet {
    /// Whether the controller would refuse all or some of it.
    pub fn is_refused(&self) -> bool {
        self.problems.iter().any(|problem| problem.effect != ProblemEffect::Warns)
    }

    /// Whether there is anything to tell of a comparison.
    pub fn is_news(&self) -> bool {
        !self.problems.is_empty()
            || !self.missing.is_empty()
            || self.compared.as_ref().is_none_or(|compared| compared.stopped.is_some() || !compared.changes.is_empty())
    }
}
