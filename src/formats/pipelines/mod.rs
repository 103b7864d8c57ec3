//! Pipelines as far as their gates go: Pipelines and PipelineRuns of Tekton, workflows of GitHub Actions. What is done in which order,
//! what may fail, and what is done elsewhere and can't be seen. Callers are those who gather facts of a service.

mod actions;
mod commands;
mod coverage_gate;
mod gates;
mod tekton;
#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::error::{Place, Result};
use crate::formats::yaml;
pub use coverage_gate::{CoverageGate, coverage_gate};
pub use gates::Gate;

/// What runs a pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    /// Tekton Pipelines.
    Tekton,
    /// GitHub Actions.
    GitHubActions,
}

/// A bound that a stage is given.
#[derive(Debug, Clone, PartialEq)]
pub enum Limit {
    /// The coverage below which tests fail, in percent.
    Coverage(f64),
    /// The CVSS score from which a scan fails.
    Cvss(f64),
    /// The severities at which a scan fails, as they are written.
    Severities(String),
}

/// A task of Tekton, or a step of a job.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// Its name; of a step without one what it runs.
    pub name: String,
    /// The gates that it is. Known by what it runs, or else by its name.
    pub gates: Vec<Gate>,
    /// The stages right before it, by index.
    pub after: Vec<usize>,
    /// Why it holds nobody up, if it doesn't: it may fail, or finds and never fails.
    pub lets_through: Option<String>,
    /// The condition under which it runs, if there is one.
    pub condition: Option<String>,
    /// Whether it runs whatever happened before.
    pub always: bool,
    /// The bounds that it is given.
    pub limits: Vec<Limit>,
    /// Where what it does is written, if not here: a workflow or an action of its own.
    pub elsewhere: Option<String>,
    /// Where it is written.
    pub place: Place,
}

impl Stage {
    fn new(name: String, place: Place) -> Stage {
        Stage {
            name,
            gates: Vec::new(),
            after: Vec::new(),
            lets_through: None,
            condition: None,
            always: false,
            limits: Vec::new(),
            elsewhere: None,
            place,
        }
    }
}

/// A pipeline.
#[derive(Debug, Clone, PartialEq)]
pub struct Pipeline {
    /// What runs it.
    pub engine: Engine,
    /// Its name.
    pub name: String,
    /// The events that start it, such as `push`; empty for Tekton, whose pipelines don't say.
    pub events: Vec<String>,
    /// Its stages, in the order in which they are written.
    pub stages: Vec<Stage>,
    /// Where it is written.
    pub place: Place,
}

impl Pipeline {
    /// The stages that are a gate.
    pub fn of(&self, gate: Gate) -> impl Iterator<Item = &Stage> {
        self.stages.iter().filter(move |stage| stage.gates.contains(&gate))
    }

    /// Whether it has a gate that holds up what fails; none where it may have one that can't be seen from here.
    pub fn holds(&self, gate: Gate) -> Option<bool> {
        if self.of(gate).any(|stage| stage.lets_through.is_none()) {
            return Some(true);
        }
        self.elsewhere().next().is_none().then_some(false)
    }

    /// What it does that is written elsewhere.
    pub fn elsewhere(&self) -> impl Iterator<Item = &str> {
        self.stages.iter().filter_map(|stage| stage.elsewhere.as_deref())
    }

    /// Whether every stage of one gate waits for a stage of another one, over any number of stages; none where it doesn't have both.
    pub fn comes_before(&self, first: Gate, then: Gate) -> Option<bool> {
        self.of(first).next()?;
        self.of(then).next()?;
        let indices = self.stages.iter().enumerate().filter(|(_, stage)| stage.gates.contains(&then));
        Some(
            indices
                .map(|(at, _)| at)
                .all(|at| self.all_before(at).iter().any(|before| self.stages[*before].gates.contains(&first))),
        )
    }

    fn all_before(&self, at: usize) -> Vec<usize> {
        let mut found: Vec<usize> = Vec::new();
        let mut todo = vec![at];
        while let Some(next) = todo.pop() {
            for before in &self.stages[next].after {
                if !found.contains(before) {
                    found.push(*before);
                    todo.push(*before);
                }
            }
        }
        found
    }

    /// The coverage below which it fails, with the stage that says so.
    pub fn coverage(&self) -> Option<(f64, &Stage)> {
        self.stages.iter().filter(|stage| stage.lets_through.is_none()).find_map(|stage| {
            let bound = stage.limits.iter().find_map(|limit| match limit {
                Limit::Coverage(percent) => Some(*percent),
                _ => None,
            });
            Some((bound?, stage))
        })
    }
}

/// The pipelines of a file. Documents that are none are left out.
///
/// # Errors
/// `idp::yaml::*`.
pub fn read(file: &str, text: &str) -> Result<Vec<Pipeline>> {
    let mut found = Vec::new();
    for document in yaml::parse(file, text)? {
        let value = &document.value;
        let said = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
        if said("apiVersion").split('/').next() == Some("tekton.dev") {
            found.extend(tekton::read(&document, said("kind")));
        } else if value.get("jobs").is_some_and(Value::is_object) && value.get("kind").is_none() {
            found.push(actions::read(&document, file));
        }
    }
    Ok(found)
}

/// A number, also one that is written as a text; `80%` is 80.
fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().trim_end_matches('%').trim_end().parse().ok(),
        _ => None,
    };
    number.filter(|number: &f64| number.is_finite())
}

/// A value as a text.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}
