//! Tekton's Pipelines and PipelineRuns (tekton.dev/v1 and v1beta1): tasks are stages, by what they wait for.

use std::collections::HashMap;

use serde_json::Value;

use super::{Engine, Gate, Limit, Pipeline, Stage, commands, number, text_of};
use crate::formats::yaml::{Document, Step, get};

/// The pipeline of a document, if it is one.
pub fn read(document: &Document, kind: &str) -> Option<Pipeline> {
    let value = &document.value;
    let spec: Vec<Step> = match kind {
        "Pipeline" => vec!["spec".into()],
        "PipelineRun" => vec!["spec".into(), "pipelineSpec".into()],
        _ => return None,
    };
    let name = ["name", "generateName"].iter().find_map(|key| value.get("metadata")?.get(key)?.as_str());
    let mut pipeline = Pipeline {
        engine: Engine::Tekton,
        name: name.unwrap_or_default().to_owned(),
        events: Vec::new(),
        stages: Vec::new(),
        place: document.place(&[]),
    };
    if let Some(reference) = value.pointer("/spec/pipelineRef").filter(|_| kind == "PipelineRun") {
        let mut stage = Stage::new("pipelineRef".into(), document.place(&["spec".into(), "pipelineRef".into()]));
        stage.elsewhere = Some(format!("the Pipeline {}", named(reference)));
        pipeline.stages.push(stage);
        return Some(pipeline);
    }
    let mut waits: Vec<Vec<String>> = Vec::new();
    for list in ["tasks", "finally"] {
        let path: Vec<Step> = spec.iter().cloned().chain([list.into()]).collect();
        let tasks = get(value, &path).and_then(Value::as_array).into_iter().flatten();
        for (at, task) in tasks.enumerate() {
            let path: Vec<Step> = path.iter().cloned().chain([Step::Index(at)]).collect();
            pipeline.stages.push(stage(document, task, &path, list == "finally"));
            waits.push(if list == "tasks" { waits_for(task) } else { Vec::new() });
        }
    }
    let names: HashMap<String, usize> =
        pipeline.stages.iter().enumerate().map(|(at, stage)| (stage.name.clone(), at)).collect();
    let ordinary: Vec<usize> = (0..pipeline.stages.len()).filter(|at| !pipeline.stages[*at].always).collect();
    for (at, waits) in waits.iter().enumerate() {
        let stage = &mut pipeline.stages[at];
        // What is in `finally` comes after all others.
        stage.after = if stage.always {
            ordinary.clone()
        } else {
            waits.iter().filter_map(|name| names.get(name).copied()).filter(|before| *before != at).collect()
        };
    }
    Some(pipeline)
}

/// A reference by its name, or by what its resolver is given.
fn named(reference: &Value) -> String {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let params = reference.get("params").and_then(Value::as_array).into_iter().flatten();
    let mut given = params
        .filter(|param| matches!(param.get("name").and_then(Value::as_str), Some("name" | "pathInRepo" | "bundle")));
    text(reference, "name").or_else(|| given.find_map(|param| text(param, "value"))).unwrap_or_default()
}

fn stage(document: &Document, task: &Value, path: &[Step], always: bool) -> Stage {
    let text = |key: &str| task.get(key).and_then(Value::as_str);
    let name = text("name").unwrap_or_default();
    let reference = task.get("taskRef").map(named).unwrap_or_default();
    let mut stage = Stage::new(name.to_owned(), document.place(path));
    stage.always = always;
    stage.gates = Gate::named(name).or_else(|| Gate::named(&reference)).into_iter().collect();
    let steps = task.pointer("/taskSpec/steps").and_then(Value::as_array).into_iter().flatten();
    for step in steps {
        let seen = commands::look(&script(step));
        let new = seen.gates.into_iter().filter(|gate| !stage.gates.contains(gate)).collect::<Vec<_>>();
        stage.gates.extend(new);
        stage.limits.extend(seen.limits);
        stage.lets_through = stage.lets_through.or(seen.lets_through);
    }
    if text("onError") == Some("continue") {
        stage.lets_through = Some("the pipeline goes on when it fails (onError: continue)".into());
    }
    if let Some(conditions) = task.get("when").and_then(Value::as_array).filter(|conditions| !conditions.is_empty()) {
        let told: Vec<String> = conditions.iter().map(condition).collect();
        stage.condition = Some(told.join(" and "));
    }
    params(task, &mut stage);
    stage
}

fn script(step: &Value) -> String {
    if let Some(script) = step.get("script").and_then(Value::as_str) {
        return script.to_owned();
    }
    let words = ["command", "args"].iter().filter_map(|key| step.get(key)?.as_array()).flatten();
    words.filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
}

fn condition(condition: &Value) -> String {
    let text = |key: &str| condition.get(key).and_then(text_of).unwrap_or_default();
    if let Some(cel) = condition.get("cel").and_then(Value::as_str) {
        return cel.to_owned();
    }
    let values = condition.get("values").and_then(Value::as_array).into_iter().flatten();
    let values: Vec<String> = values.filter_map(text_of).collect();
    format!("{} {} [{}]", text("input"), text("operator"), values.join(", "))
}

/// The bounds that a task is given, by the names that the policy `platform/pipeline-thresholds` looks for.
fn params(task: &Value, stage: &mut Stage) {
    for param in task.get("params").and_then(Value::as_array).into_iter().flatten() {
        let name = param.get("name").and_then(Value::as_str).unwrap_or_default();
        let bare: String = name.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
        let Some(value) = param.get("value") else { continue };
        let is = |gate| stage.gates.contains(&gate);
        let limit = match number(value) {
            Some(percent) if bare.contains("coverage") && is(Gate::Tests) => Some(Limit::Coverage(percent)),
            Some(score) if bare.contains("cvss") && is(Gate::DependencyCheck) => Some(Limit::Cvss(score)),
            _ if bare == "severity" && is(Gate::ImageScan) => text_of(value).map(Limit::Severities),
            _ => None,
        };
        let text = text_of(value).unwrap_or_default();
        if bare == "exitcode" && text == "0" && is(Gate::ImageScan) {
            stage.lets_through.get_or_insert("it finds, and never fails: its exit code is 0".into());
        } else if bare.contains("qualitygate") && text == "false" && is(Gate::Sast) {
            stage.lets_through.get_or_insert("a failed quality gate passes".into());
        }
        stage.limits.extend(limit);
    }
}

/// The names of the tasks that a task waits for: those it runs after, and those whose results it takes.
fn waits_for(task: &Value) -> Vec<String> {
    let list = |key: &str| task.get(key).and_then(Value::as_array).into_iter().flatten();
    let mut found: Vec<String> = list("runAfter").filter_map(Value::as_str).map(str::to_owned).collect();
    for value in ["params", "when"].into_iter().flat_map(list) {
        // Results may stand anywhere in a value, also in a list or an object.
        let text = value.to_string();
        let names = text.split("$(tasks.").skip(1).filter_map(|rest| rest.split(['.', ')', '[']).next());
        found.extend(names.map(str::to_owned));
    }
    found
}
