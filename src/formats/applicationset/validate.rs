//! What the controller looks at before it creates what was generated: names, projects, destinations, and the steps of a
//! RollingSync.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::engine::Engine;
use super::generators::IN_CLUSTER;
use super::steps::steps;
use super::{Generated, Problem, Reason, Rendering};

/// Moves Applications that the controller would leave out to the refused ones, and says why.
pub fn validate(engine: &Engine<'_>, rendering: &mut Rendering) {
    let made = std::mem::take(&mut rendering.applications);
    let set = engine.set["metadata"]["name"].as_str().unwrap_or_default();
    let mut names = BTreeSet::new();
    let mut seen = Seen::default();
    for generated in made {
        let name = generated.application["metadata"]["name"].as_str().unwrap_or_default();
        let fault = if name.is_empty() {
            Some(format!(
                "ApplicationSet {set} contains an application with no name; a name must be set in the template's \
                 metadata.name or via a templatePatch (generateName is not supported)"
            ))
        } else if !names.insert(name.to_owned()) {
            Some(format!("ApplicationSet {set} contains applications with duplicate name: {name}"))
        } else {
            seen.fault(engine, &generated)
        };
        match fault {
            None => rendering.applications.push(generated),
            Some(message) => {
                let path = generated.from.clone();
                rendering.problems.push(Problem { path, message, reason: Reason::Application });
                rendering.refused.push(generated);
            }
        }
    }
    rendering.problems.extend(strategy(engine.set, rendering));
}

/// Answers that were given: Applications ask the same again and again.
#[derive(Default)]
struct Seen {
    /// Whether there is a project; nothing if nobody knows.
    projects: BTreeMap<String, Option<bool>>,
    /// Whether there is a cluster of a name.
    clusters: Option<Option<BTreeSet<String>>>,
}

impl Seen {
    /// What is wrong with the project or destination of an Application.
    fn fault(&mut self, engine: &Engine<'_>, generated: &Generated) -> Option<String> {
        let spec = &generated.application["spec"];
        let project = spec["project"].as_str().unwrap_or_default();
        let is_known = match self.projects.get(project) {
            Some(known) => *known,
            None => {
                let known = engine.answers.has_project(project).ok();
                *self.projects.entry(project.to_owned()).or_insert(known)
            }
        };
        if is_known == Some(false) {
            return Some(format!("application references project {project} which does not exist"));
        }
        let wrong = |why: String| Some(format!("application destination spec is invalid: {why}"));
        let text = |field: &str| spec["destination"][field].as_str().unwrap_or_default();
        match (text("name"), text("server")) {
            ("", "") => wrong("Destination server missing from app spec".to_owned()),
            ("", _) => None,
            (name, "") => {
                let known = self.clusters.get_or_insert_with(|| {
                    let clusters = engine.answers.clusters().ok()?;
                    Some(clusters.into_iter().map(|cluster| cluster.name).chain([IN_CLUSTER.to_owned()]).collect())
                });
                let is_missing = known.as_ref().is_some_and(|names| !names.contains(name));
                if is_missing { wrong(format!("there are no clusters with this name: {name}")) } else { None }
            }
            (name, server) => {
                wrong(format!("application destination can't have both name and server defined: {name} {server}"))
            }
        }
    }
}

/// What is wrong with the strategy, for these Applications.
fn strategy(set: &Json, rendering: &Rendering) -> Option<Problem> {
    let strategy = &set["spec"]["strategy"];
    if strategy["type"] != "RollingSync" || strategy["rollingSync"].is_null() {
        return None;
    }
    let path = "spec.strategy.rollingSync.steps".to_owned();
    if strategy["rollingSync"]["steps"].as_array().is_none_or(Vec::is_empty) {
        let message = "No steps defined for rollout".to_owned();
        return Some(Problem { path, message, reason: Reason::Parameters });
    }
    // What is missing might belong to a step that is empty now.
    let applications: Vec<&Json> = rendering.applications.iter().map(|made| &made.application).collect();
    let mut found = steps(set, &applications);
    if !rendering.missing.is_empty() {
        found.empty.clear();
    }
    found.message().map(|message| Problem { path, message, reason: Reason::Warning })
}
