//! What Argo CD's controller would make of ApplicationSets: rendered with the workspace's repositories and clusters and
//! what the caller gives, and compared with what they were.

mod book;
mod compare;
mod files;
mod given;
mod planned;
mod repositories;
mod reviewer;
mod sets;

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::formats::applicationset::{Generated, Problem, Reason, Rendering, Settings};
use crate::report::{
    ProblemEffect, RenderedApplication, RenderedMissing, RenderedProblem, RenderedSet, RenderedSource,
};

pub use book::Book;
pub use compare::{Side, compared};
pub use files::{Changes, Files};
pub use given::{Given, clusters};
pub use planned::planned;
pub use repositories::{Local, Repositories, commit_of, place_of};
pub use reviewer::Projects;
pub use sets::{Set, may_hold, of_text};

/// How long one ApplicationSet may take.
const TIME: Duration = Duration::from_secs(30);

/// The bounds of one rendering, which begins now.
pub fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.limits.template.deadline = Instant::now().checked_add(TIME);
    settings
}

/// What a set gives, with all of its Applications.
pub fn whole(set: &Set, rendering: Rendering) -> RenderedSet {
    let mut report = told(set, &rendering);
    let made = rendering.applications.into_iter();
    report.applications = made
        .map(|Generated { application, from, .. }| {
            let short = in_short(&application);
            RenderedApplication { from, manifest: application, ..short }
        })
        .collect();
    report
}

/// What a set gives, but for the Applications.
pub fn told(set: &Set, rendering: &Rendering) -> RenderedSet {
    let missing = rendering.missing.iter().map(|missing| RenderedMissing {
        place: set.place_of(&missing.path),
        help: help(&missing.path, &missing.what).to_owned(),
        path: missing.path.clone(),
        what: missing.what.clone(),
    });
    RenderedSet {
        name: set.name().to_owned(),
        place: set.place(),
        count: rendering.applications.len(),
        applications: Vec::new(),
        problems: rendering.problems.iter().map(|problem| told_problem(set, problem)).collect(),
        missing: missing.collect(),
        compared: None,
    }
}

fn told_problem(set: &Set, problem: &Problem) -> RenderedProblem {
    RenderedProblem {
        effect: match problem.reason {
            Reason::Parameters | Reason::Template => ProblemEffect::Stops,
            Reason::Application => ProblemEffect::LeavesOut,
            Reason::Warning => ProblemEffect::Warns,
        },
        path: problem.path.clone(),
        place: set.place_of(&problem.path),
        message: problem.message.clone(),
    }
}

/// How what a generator asks can be given.
fn help(path: &str, what: &str) -> &'static str {
    let kind = path.split('.').rfind(|step| {
        let kinds = ["git", "oci", "clusters", "scmProvider", "pullRequest", "plugin", "clusterDecisionResource"];
        kinds.contains(step)
    });
    match kind {
        _ if what.starts_with("the clusters") => "--clusters FILE gives them: Secrets of Argo CD's, or a list",
        Some("git") => "--repo URL=DIR says which folder stands for it",
        Some("oci") => "`repo_dirs` or `repo_files` in --fixture FILE give it",
        Some("scmProvider") => "`scm_repos` in --fixture FILE gives them",
        Some("pullRequest") => "`prs` in --fixture FILE gives them",
        Some("plugin") => "`plugin_response` in --fixture FILE gives it",
        Some("clusterDecisionResource") => "`config_maps` and `resources` in --fixture FILE give it",
        _ => "--fixture FILE may give it",
    }
}

/// An Application in a few words.
fn in_short(application: &Value) -> RenderedApplication {
    let text = |value: &Value, field: &str| value[field].as_str().unwrap_or_default().to_owned();
    let spec = &application["spec"];
    let sources = match spec["sources"].as_array() {
        Some(sources) if !sources.is_empty() => sources.iter().collect(),
        _ if spec["source"].is_object() => vec![&spec["source"]],
        _ if spec["sourceHydrator"]["drySource"].is_object() => vec![&spec["sourceHydrator"]["drySource"]],
        _ => Vec::new(),
    };
    let source = |source: &Value| RenderedSource {
        repository: text(source, "repoURL"),
        path: [text(source, "path"), text(source, "chart")]
            .into_iter()
            .find(|path| !path.is_empty())
            .unwrap_or_default(),
        revision: text(source, "targetRevision"),
    };
    let destination = &spec["destination"];
    RenderedApplication {
        name: text(&application["metadata"], "name"),
        project: text(spec, "project"),
        sources: sources.into_iter().map(source).collect(),
        cluster: [text(destination, "name"), text(destination, "server")]
            .into_iter()
            .find(|cluster| !cluster.is_empty())
            .unwrap_or_default(),
        namespace: text(destination, "namespace"),
        from: String::new(),
        manifest: Value::Null,
    }
}
