//! Events for machines: one JSON object a line on stdout, fields in a fixed order, nothing else there.
//! Failures are also said on stderr, so that whoever pipes stdout into a program still sees why it stopped.

use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use super::diagnostic;
use super::stream::Streams;
use crate::error::Place;
use crate::report::{Action, Counts, Diff, Event, Frame, Related, RenderedSet, Severity, Sink, Status};

/// Counts up when a reader of an older version would be misled; new fields and new types of lines don't count.
const FORMAT: u32 = 1;

/// The sink for machines.
pub(super) struct Json(Mutex<Streams>);

impl Json {
    /// Writes the line that names the format's version.
    pub(super) fn new(mut streams: Streams) -> Json {
        line(&mut streams, &Line::Version { format: FORMAT, idp_run: env!("CARGO_PKG_VERSION") });
        Json(Mutex::new(streams))
    }
}

/// The line that names the format's version, for streams that no sink writes.
pub(super) fn version() -> String {
    let version = Line::Version { format: FORMAT, idp_run: env!("CARGO_PKG_VERSION") };
    serde_json::to_string(&version).map(|text| text + "\n").unwrap_or_default()
}

/// The last line of a verb that changed nothing by a run.
pub(super) fn end(streams: &mut Streams, failed: bool) {
    let status = if failed { Status::Failed } else { Status::Applied };
    line(streams, &Line::Summary { counts: &Counts::default(), status });
}

impl Sink for Json {
    fn emit(&self, event: Event) {
        let mut streams = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Event::Failure { error, frames } = &event {
            let text = diagnostic::failure(&streams.stderr.look(), error, frames);
            streams.stderr.write(&text);
        }
        line(&mut streams, &Line::from(&event));
    }
}

fn line(streams: &mut Streams, line: &Line<'_>) {
    // Only maps with keys that aren't strings fail, and there is none in a line.
    if let Ok(mut text) = serde_json::to_string(line) {
        text.push('\n');
        streams.stdout.raw(&tame(&text));
    }
}

/// The same lines, in which the runner of GitHub Actions finds no `##[command]`. What follows two hashes with a bracket
/// is within a text, and there a bracket may be written as its number.
pub(super) fn tame(text: &str) -> String {
    text.replace("##[", "##\\u005b")
}

/// One line. The order of the fields is the order on the line.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line<'a> {
    Version {
        format: u32,
        idp_run: &'a str,
    },
    Step {
        name: &'a str,
        depth: usize,
        state: &'a str,
    },
    Items {
        running: &'a [String],
        done: usize,
        of: usize,
    },
    Change {
        action: Action,
        kind: &'a str,
        target: &'a str,
        diff: &'a Diff,
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<&'a str>,
    },
    Unchanged {
        kind: &'a str,
        target: &'a str,
    },
    Output {
        name: &'a str,
        value: &'a serde_json::Value,
    },
    Debug {
        text: &'a str,
        place: &'a crate::error::Place,
    },
    Print {
        text: &'a str,
    },
    Diagnostic {
        /// `error`, `warning` or `finding`.
        severity: &'a str,
        /// Of a finding only: `low`, `medium`, `high`, `critical`.
        #[serde(skip_serializing_if = "Option::is_none")]
        level: Option<Severity>,
        /// Of an error its stable code, of a finding its policy; a warning has none.
        code: Option<&'a str>,
        message: &'a str,
        help: Option<&'a str>,
        place: Option<&'a Place>,
        frames: &'a [Frame],
        /// Of an error that sums up others.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        related: Vec<RelatedLine<'a>>,
    },
    Waiting {
        #[serde(rename = "for")]
        what: &'a str,
    },
    PlanSaved {
        file: &'a str,
        digest: &'a str,
        changes: usize,
    },
    Plan {
        run: &'a str,
        created: &'a str,
        idp_run: &'a str,
        digest: &'a str,
        changes: usize,
    },
    Moved {
        kind: &'a str,
        target: &'a str,
        why: &'a str,
        diff: &'a Diff,
    },
    Conflict {
        kind: &'a str,
        target: &'a str,
        why: &'a str,
    },
    Stays {
        kind: &'a str,
        target: &'a str,
        why: &'a str,
    },
    ApplicationSet(&'a RenderedSet),
    PullRequest {
        number: u64,
        title: &'a str,
        head: &'a str,
        base: &'a str,
        state: &'a str,
        url: &'a str,
        repository: &'a str,
    },
    Summary {
        #[serde(flatten)]
        counts: &'a Counts,
        status: Status,
    },
}

/// One of the errors that another one sums up.
#[derive(Serialize)]
struct RelatedLine<'a> {
    item: &'a str,
    code: &'a str,
    message: &'a str,
    help: Option<&'a str>,
    place: Option<&'a Place>,
    frames: &'a [Frame],
}

impl<'a> From<&'a Related> for RelatedLine<'a> {
    fn from(related: &'a Related) -> RelatedLine<'a> {
        let Related { item, error, frames } = related;
        let (code, message) = (error.code(), error.message());
        RelatedLine { item, code, message, help: error.help_text(), place: error.place(), frames }
    }
}

impl<'a> From<&'a Event> for Line<'a> {
    fn from(event: &'a Event) -> Line<'a> {
        match event {
            Event::StepStarted { name, depth } => Line::Step { name, depth: *depth, state: "started" },
            Event::StepEnded { name, depth, ok } => {
                Line::Step { name, depth: *depth, state: if *ok { "done" } else { "failed" } }
            }
            Event::Items { running, done, of } => Line::Items { running, done: *done, of: *of },
            Event::Change { action, kind, target, diff, note } => {
                Line::Change { action: *action, kind, target, diff, note: note.as_deref() }
            }
            Event::Unchanged { kind, target } => Line::Unchanged { kind, target },
            Event::Output { name, value } => Line::Output { name, value },
            Event::Print(text) => Line::Print { text },
            Event::Debug { text, place } => Line::Debug { text, place },
            Event::Warning { message, help } => Line::Diagnostic {
                severity: "warning",
                level: None,
                code: None,
                message,
                help: help.as_deref(),
                place: None,
                frames: &[],
                related: Vec::new(),
            },
            Event::Finding(finding) => Line::Diagnostic {
                severity: "finding",
                level: Some(finding.severity),
                code: Some(&finding.policy),
                message: &finding.message,
                help: finding.help.as_deref(),
                place: Some(&finding.place),
                frames: &[],
                related: Vec::new(),
            },
            Event::Failure { error, frames } => Line::Diagnostic {
                severity: "error",
                level: None,
                code: Some(error.code()),
                message: error.message(),
                help: error.help_text(),
                place: error.place(),
                frames,
                related: error.related().iter().map(RelatedLine::from).collect(),
            },
            Event::Waiting(what) => Line::Waiting { what },
            Event::PlanSaved { file, digest, changes } => Line::PlanSaved { file, digest, changes: *changes },
            Event::PlanRead { run, created, idp_run, digest, changes } => {
                Line::Plan { run, created, idp_run, digest, changes: *changes }
            }
            Event::Moved { kind, target, why, diff } => Line::Moved { kind, target, why, diff },
            Event::Conflict { kind, target, why } => Line::Conflict { kind, target, why },
            Event::Stays { kind, target, why } => Line::Stays { kind, target, why },
            Event::Rendered(set) => Line::ApplicationSet(set),
            Event::PullRequest { repository, number, title, head, base, state, url } => {
                Line::PullRequest { number: *number, title, head, base, state, url, repository }
            }
            Event::Summary { counts, status } => Line::Summary { counts, status: *status },
        }
    }
}
