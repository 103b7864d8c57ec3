//! What people and machines read, whole. Here: a run to say, and what it says on both streams.

mod failures;
mod people;
mod streams;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use serde_json::json;

use super::*;
use crate::error::{Place, Related};
use crate::report::{Action, Counts, Diff, FileDiff, Finding, Frame, Severity, Status};

#[derive(Clone, Default)]
pub(in crate::output) struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Captured {
    pub(in crate::output) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

pub(in crate::output) const UNICODE: Look = Look { color: false, unicode: true, width: Some(100), terminal: true };

/// stdout and stderr of a run that says these events.
fn run(options: Options, look: Look, events: Vec<Event>) -> (String, String) {
    let (stdout, stderr) = (Captured::default(), Captured::default());
    let streams = Streams {
        stdout: Stream::new(Box::new(stdout.clone()), look),
        stderr: Stream::new(Box::new(stderr.clone()), look),
    };
    let sink = sink_to(&options, streams);
    for event in events {
        sink.emit(event);
    }
    drop(sink);
    (stdout.text(), stderr.text())
}

fn both(options: Options, events: Vec<Event>) -> String {
    let (stdout, stderr) = run(options, UNICODE, events);
    format!("----- stderr -----\n{stderr}----- stdout -----\n{stdout}")
}

fn apply() -> Options {
    Options::default()
}

fn plan() -> Options {
    Options { plan: true, ..Options::default() }
}

pub(in crate::output) fn started(name: &str, depth: usize) -> Event {
    Event::StepStarted { name: name.into(), depth }
}

pub(in crate::output) fn ended(name: &str, depth: usize, ok: bool) -> Event {
    Event::StepEnded { name: name.into(), depth, ok }
}

pub(in crate::output) fn change(action: Action, kind: &'static str, target: &str, diff: Diff) -> Event {
    Event::Change { action, kind, target: target.into(), diff, note: None }
}

fn unchanged(kind: &'static str, target: &str) -> Event {
    Event::Unchanged { kind, target: target.into() }
}

pub(in crate::output) fn output(name: &str, value: serde_json::Value) -> Event {
    Event::Output { name: name.into(), value }
}

pub(in crate::output) fn summary(
    create: usize,
    update: usize,
    delete: usize,
    unchanged: usize,
    status: Status,
) -> Event {
    Event::Summary { counts: Counts { create, update, delete, unchanged }, status }
}

fn fields(fields: &[(&str, Option<&str>, Option<&str>)]) -> Diff {
    let mut diff = Diff::default();
    for (name, before, after) in fields {
        diff.field(name, before.map(str::to_owned), after.map(str::to_owned));
    }
    diff
}

fn files(files: &[(&str, Option<&str>, Option<&str>)]) -> Diff {
    let file = |(path, before, after): &(&str, Option<&str>, Option<&str>)| {
        FileDiff::between(path, before.map(str::as_bytes), after.map(str::as_bytes))
    };
    Diff { fields: Vec::new(), files: files.iter().map(file).collect() }
}

const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: api\n  namespace: payments-dev\n\
    spec:\n  replicas: 1\n  selector:\n    matchLabels:\n      app: api\n  template:\n    metadata:\n";

fn scaffold() -> Event {
    let diff = files(&[
        ("README.md", None, Some("# api\n\nOwned by team-payments.\n")),
        ("k8s/deployment.yaml", None, Some(DEPLOYMENT)),
        ("logo.png", None, Some("\0")),
    ]);
    change(Action::Create, "commit", "acme/payments-api main", diff)
}

fn pull_request() -> Event {
    let before = "apps:\n  - orders\n  - users\n\nowner: platform\n";
    let after = "apps:\n  - orders\n  - payments-api\n  - users\n\nowner: platform";
    let mut diff =
        files(&[("apps/index.yaml", Some(before), Some(after)), ("apps/old.yaml", Some("a: 1\nb: 2\n"), None)]);
    diff.field("title", None, Some("Create payments-api".into()));
    diff.field("body", None, Some("Creates the service.\n\nSee (known after apply).".into()));
    change(Action::Create, "pull_request", "acme/platform-gitops create-service-payments-api", diff)
}

fn a_plan() -> Vec<Event> {
    vec![
        started("Scaffold the application repository", 0),
        change(
            Action::Create,
            "repository",
            "acme/payments-api",
            fields(&[
                ("visibility", None, Some("internal")),
                ("description", None, Some("api of payments")),
                ("url", None, Some("(known after apply)")),
            ]),
        ),
        scaffold(),
        ended("Scaffold the application repository", 0, true),
        started("Find the owners", 0),
        unchanged("team", "team-payments"),
        ended("Find the owners", 0, true),
        started("Deliver", 0),
        started("Open the GitOps pull request", 1),
        pull_request(),
        Event::Waiting("the approval of acme/platform-gitops#(known after apply)".into()),
        ended("Open the GitOps pull request", 1, true),
        change(
            Action::Update,
            "protection",
            "acme/platform-gitops main",
            fields(&[
                ("reviews", Some("1"), Some("2")),
                ("code_owners", None, Some("true")),
                ("note", Some("Two lines\nof text\n"), Some("Two lines\nof prose\n")),
            ]),
        ),
        ended("Deliver", 0, true),
        Event::Print("payments-dev-api goes to dev".into()),
        output("Repository", json!("(known after apply)")),
        output("Namespaces", json!(["payments-dev", "payments-prod"])),
        summary(3, 1, 0, 1, Status::Planned),
    ]
}

fn an_apply() -> Vec<Event> {
    vec![
        started("Scaffold the application repository", 0),
        change(Action::Create, "repository", "acme/payments-api", fields(&[("visibility", None, Some("internal"))])),
        scaffold(),
        ended("Scaffold the application repository", 0, true),
        started("Deliver", 0),
        started("Open the GitOps pull request", 1),
        pull_request(),
        ended("Open the GitOps pull request", 1, true),
        Event::Warning {
            message: "pull request acme/platform-gitops#12 has commits by people; it is kept as it is".into(),
            help: Some("review it, or close it and run with reopen: true".into()),
        },
        Event::Finding(Finding {
            policy: "pod-security".into(),
            severity: Severity::Medium,
            place: Place::at("k8s/deployment.yaml", 7, 3),
            message: "the container may run as root".into(),
            help: Some("set securityContext.runAsNonRoot: true".into()),
        }),
        ended("Deliver", 0, true),
        output("Repository", json!("https://git.acme.dev/acme/payments-api")),
        output("Pull request", json!("https://git.acme.dev/acme/platform-gitops/pulls/12")),
        summary(3, 0, 0, 2, Status::Applied),
    ]
}

const SCRIPT: &str = "import \"std/claims\" as claims;\n\nfn database(key, size) {\n    let spec = #{ size: size };\n    \
    claims::postgres(key, spec)\n}\n\nfn run(p) {\n    let key = key(p.project, \"dev\", p.service);\n    \
    step(\"Provision PostgreSQL\", || {\n        database(key, \"huge\").propose(\"platform-gitops\")\n    });\n}\n";

const CLAIMS: &str = "fn postgres(key, spec) {\n    claim(\"PostgreSQLInstance\", key, spec)\n}\n";

fn frame(label: &str, place: Place, source: &str) -> Frame {
    Frame { label: label.into(), place, source: source.into() }
}

fn a_failure() -> Event {
    let error = Error::failed(
        "idp::claim::rejected",
        "spec.size of PostgreSQLInstance can't be `huge`: it is one of small, medium, large",
    )
    .help("run `idp-run explain PostgreSQLInstance` to see its fields")
    .at(Place::at("acme/platform-gitops@main:xrds/postgres.yaml", 31, 17));
    let frames = vec![
        frame("claim", Place::at("std/claims.rhai", 2, 5), CLAIMS),
        frame("claims::postgres", Place::at("create-service.rhai", 5, 13), SCRIPT),
        frame("database", Place::at("create-service.rhai", 11, 9), SCRIPT),
    ];
    Event::Failure { error, frames }
}
