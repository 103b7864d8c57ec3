//! Workflows of GitHub Actions: steps are stages, one after the other within a job, and jobs by what they need.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::gates::Gate::{self, *};
use super::{Engine, Limit, Pipeline, Stage, commands, number, text_of};
use crate::formats::yaml::{Document, Step};

/// Actions by owner and name (a trailing `/` takes all below), and the gates that they are.
const ACTIONS: &[(&str, &[Gate])] = &[
    ("actions/checkout", &[Clone]),
    ("github/codeql-action/analyze", &[Sast]),
    ("sonarsource/sonarqube-scan-action", &[Sast]),
    ("sonarsource/sonarcloud-github-action", &[Sast]),
    ("sonarsource/sonarqube-quality-gate-action", &[Sast]),
    ("returntocorp/semgrep-action", &[Sast]),
    ("semgrep/semgrep-action", &[Sast]),
    ("securego/gosec", &[Sast]),
    ("dependency-check/dependency-check_action", &[DependencyCheck]),
    ("actions/dependency-review-action", &[DependencyCheck]),
    ("google/osv-scanner-action", &[DependencyCheck]),
    ("google/osv-scanner-action/", &[DependencyCheck]),
    ("golang/govulncheck-action", &[DependencyCheck]),
    ("pypa/gh-action-pip-audit", &[DependencyCheck]),
    ("snyk/actions/docker", &[ImageScan]),
    ("snyk/actions/", &[DependencyCheck]),
    ("docker/scout-action", &[ImageScan]),
    ("gitleaks/gitleaks-action", &[SecretScan]),
    ("trufflesecurity/trufflehog", &[SecretScan]),
    ("zaproxy/action-baseline", &[Dast]),
    ("zaproxy/action-full-scan", &[Dast]),
    ("zaproxy/action-api-scan", &[Dast]),
    ("docker/bake-action", &[ImageBuild]),
    ("redhat-actions/buildah-build", &[ImageBuild]),
    ("redhat-actions/push-to-registry", &[Push]),
    ("slackapi/slack-github-action", &[Notification]),
    ("rtcamp/action-slack-notify", &[Notification]),
    ("8398a7/action-slack", &[Notification]),
    // These do none of it, whatever their steps are called.
    ("actions/setup-", &[]),
    ("actions/cache", &[]),
    ("actions/upload-artifact", &[]),
    ("actions/download-artifact", &[]),
    ("docker/login-action", &[]),
    ("docker/setup-buildx-action", &[]),
    ("docker/setup-qemu-action", &[]),
    ("docker/metadata-action", &[]),
    ("github/codeql-action/init", &[]),
    ("github/codeql-action/upload-sarif", &[]),
];

/// The workflow of a document.
pub fn read(document: &Document, file: &str) -> Pipeline {
    let value = &document.value;
    let name = value.get("name").and_then(text_of);
    // `on` without quotes is a word of YAML 1.1 for true.
    let on = value.get("on").or_else(|| value.get("true"));
    let mut pipeline = Pipeline {
        engine: Engine::GitHubActions,
        name: name.unwrap_or_else(|| file.rsplit(['/', ':']).next().unwrap_or_default().to_owned()),
        events: events(on),
        stages: Vec::new(),
        place: document.place(&[]),
    };
    let jobs = value.get("jobs").and_then(Value::as_object);
    // By job: its first and its last stage.
    let mut ends: HashMap<&str, (usize, usize)> = HashMap::new();
    for (id, job) in jobs.into_iter().flatten() {
        let from = pipeline.stages.len();
        pipeline.stages.extend(stages(document, id, job));
        if let Some(last) = pipeline.stages.len().checked_sub(1).filter(|last| *last >= from) {
            ends.insert(id, (from, last));
        }
    }
    for (id, job) in jobs.into_iter().flatten() {
        let Some((first, last)) = ends.get(id.as_str()).copied() else { continue };
        for at in first + 1..=last {
            pipeline.stages[at].after.push(at - 1);
        }
        let needs: Vec<&str> = match job.get("needs") {
            Some(Value::String(need)) => vec![need.as_str()],
            Some(Value::Array(needs)) => needs.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let before = needs.iter().filter_map(|need| ends.get(need)).map(|(_, last)| *last);
        pipeline.stages[first].after.extend(before);
    }
    pipeline
}

fn events(on: Option<&Value>) -> Vec<String> {
    match on {
        Some(Value::String(event)) => vec![event.clone()],
        Some(Value::Array(list)) => list.iter().filter_map(text_of).collect(),
        Some(Value::Object(map)) => map.keys().cloned().collect(),
        _ => Vec::new(),
    }
}

fn stages(document: &Document, id: &str, job: &Value) -> Vec<Stage> {
    let path = || vec![Step::from("jobs"), Step::from(id)];
    let conditions = Conditions::of(job);
    if let Some(workflow) = job.get("uses").and_then(Value::as_str) {
        let mut stage = Stage::new(id.to_owned(), document.place(&path()));
        stage.elsewhere = Some(format!("the workflow {workflow}"));
        conditions.put(&mut stage);
        return vec![stage];
    }
    let steps = job.get("steps").and_then(Value::as_array).into_iter().flatten();
    let one = |(at, step): (usize, &Value)| {
        let place = document.place(&path().into_iter().chain(["steps".into(), Step::Index(at)]).collect::<Vec<_>>());
        let mut stage = Stage::new(name(step), place);
        look(step, &mut stage);
        Conditions::of(step).put(&mut stage);
        conditions.put(&mut stage);
        stage
    };
    steps.enumerate().map(one).collect()
}

fn name(step: &Value) -> String {
    let text = |key: &str| step.get(key).and_then(text_of);
    let run = || text("run").map(|run| run.trim().lines().next().unwrap_or_default().to_owned());
    text("name").or_else(|| text("uses")).or_else(run).unwrap_or_default()
}

/// When a job or a step runs, and whether it may fail.
struct Conditions {
    condition: Option<String>,
    may_fail: bool,
}

impl Conditions {
    fn of(value: &Value) -> Conditions {
        let condition = value.get("if").and_then(text_of).map(|text| {
            let text = text.trim();
            text.strip_prefix("${{").and_then(|text| text.strip_suffix("}}")).unwrap_or(text).trim().to_owned()
        });
        let may_fail = match value.get("continue-on-error") {
            Some(Value::Bool(may)) => *may,
            // An expression may come out true.
            Some(Value::String(text)) => text != "false",
            _ => false,
        };
        Conditions { condition, may_fail }
    }

    fn put(&self, stage: &mut Stage) {
        if self.may_fail {
            stage.lets_through.get_or_insert("the workflow goes on when it fails (continue-on-error)".into());
        }
        let Some(condition) = &self.condition else { return };
        if condition == "false" {
            stage.lets_through = Some("it never runs (if: false)".into());
        }
        stage.always |= condition.contains("always()") || condition.contains("!cancelled()");
        stage.condition = Some(match &stage.condition {
            Some(inner) => format!("{condition} && {inner}"),
            None => condition.clone(),
        });
    }
}

/// What a step does: by its action or its commands, and where those aren't known by its name.
fn look(step: &Value, stage: &mut Stage) {
    let text = |key: &str| step.get(key).and_then(Value::as_str);
    let mut is_known = false;
    if let Some(action) = text("uses") {
        let none = Map::new();
        let with = step.get("with").and_then(Value::as_object).unwrap_or(&none);
        if action.starts_with("./") {
            stage.elsewhere = Some(format!("the action {action}"));
        }
        is_known = of_action(action, with, stage);
    } else if let Some(script) = text("run") {
        let seen = commands::look(script);
        is_known = !seen.gates.is_empty();
        stage.gates = seen.gates;
        stage.limits = seen.limits;
        stage.lets_through = seen.lets_through;
        if script.contains("hooks.slack.com") {
            stage.gates.push(Notification);
        }
    }
    if !is_known && let Some(name) = text("name") {
        stage.gates.extend(Gate::named(name));
    }
}

/// Takes the gates of an action, if it is known.
fn of_action(action: &str, with: &Map<String, Value>, stage: &mut Stage) -> bool {
    let action = action.split('@').next().unwrap_or_default().to_lowercase();
    let given = |key: &str| with.get(key).and_then(text_of);
    for (key, value) in with {
        let bare: String = key.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
        let is_bound = ["min", "threshold", "failunder"].iter().any(|word| bare.contains(word));
        let of_coverage = is_bound && (bare.contains("coverage") || bare == "failunder");
        if let Some(percent) = number(value).filter(|_| of_coverage) {
            stage.limits.push(Limit::Coverage(percent));
        }
    }
    match action.as_str() {
        "aquasecurity/trivy-action" => {
            let scanners = given("scanners").unwrap_or_else(|| "vuln,secret".into());
            let scans = |what: &str| scanners.split(',').any(|scanner| scanner.trim() == what);
            let kind = given("scan-type").unwrap_or_else(|| "image".into());
            let gate = match kind.as_str() {
                "image" => Some(ImageScan),
                "fs" | "rootfs" | "repo" => Some(DependencyCheck),
                _ => None,
            };
            stage.gates.extend(gate.filter(|_| scans("vuln")));
            stage.gates.extend(Some(SecretScan).filter(|_| gate.is_some() && scans("secret")));
            stage.limits.extend(given("severity").map(Limit::Severities));
            if given("exit-code").is_none_or(|code| code == "0") {
                stage.lets_through = Some("it finds, and never fails: give it exit-code: \"1\"".into());
            }
            true
        }
        "anchore/scan-action" => {
            stage.gates.push(if with.contains_key("image") { ImageScan } else { DependencyCheck });
            stage.limits.extend(given("severity-cutoff").map(Limit::Severities));
            if given("fail-build").as_deref() == Some("false") {
                stage.lets_through = Some("it finds, and never fails: fail-build is false".into());
            }
            true
        }
        "docker/build-push-action" => {
            stage.gates.push(ImageBuild);
            // An expression may come out true.
            stage.gates.extend(Some(Push).filter(|_| given("push").is_some_and(|push| push != "false")));
            true
        }
        _ => {
            let fits = |known: &str| action == known || ((known.ends_with(['/', '-'])) && action.starts_with(known));
            let Some((_, gates)) = ACTIONS.iter().find(|(known, _)| fits(known)) else { return false };
            stage.gates.extend_from_slice(gates);
            true
        }
    }
}
