//! The only room that renders: events, errors, texts and tables become lines for people or for machines.
//! stdout is the result; stderr carries progress and diagnostics. The command line makes one sink a run.

pub mod actions;
mod audit;
mod change;
mod coverage;
mod diagnostic;
mod findings;
mod fixes;
mod human;
mod json;
mod look;
pub mod markdown;
mod progress;
pub mod record;
mod rendered;
mod sarif;
mod source;
mod stream;
pub mod table;
mod verdicts;
mod words;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use actions::{Actions, InActions, command};

use crate::error::Error;
use crate::report::{Counts, Event, Sink, Status};

pub use audit::{audit, explanation, mended_input, report};
pub use coverage::{coverage, page as coverage_page, trace as coverage_trace};
pub use findings::{findings, findings_to};
pub use look::Look;
pub use rendered::rendered;
pub use stream::{Stream, Streams};
pub use verdicts::{test_list, test_report};

/// Whom the output is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// People: colour, words, aligned columns.
    #[default]
    Human,
    /// Machines: one event a line, the first names the format's version.
    Json,
    /// What CI servers show of tests: `test` and `audit`.
    Junit,
    /// Code scanning and editors, SARIF 2.1.0: `check` and `audit`.
    Sarif,
    /// Workflow commands of GitHub Actions: `check` and `audit`.
    Github,
    /// PolicyReports of the Kubernetes policy working group, wgpolicyk8s.io/v1alpha2: `audit`.
    #[value(name = "policyreport")]
    PolicyReport,
    /// Reports of OpenReports, openreports.io/v1alpha1: `audit`.
    #[value(name = "openreports")]
    OpenReports,
    /// The manifests themselves: `render`.
    Yaml,
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Format::Human => "human",
            Format::Json => "json",
            Format::Junit => "junit",
            Format::Sarif => "sarif",
            Format::Github => "github",
            Format::PolicyReport => "policyreport",
            Format::OpenReports => "openreports",
            Format::Yaml => "yaml",
        })
    }
}

/// What `--color` says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ColorChoice {
    /// `NO_COLOR`, then `CLICOLOR_FORCE`, then whether the stream is a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How a run is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// Whom for.
    pub format: Format,
    /// Whether changes are shown in full on stdout (a plan) or as lines of progress on stderr (an apply).
    pub plan: bool,
    /// Colour.
    pub color: ColorChoice,
    /// Says nothing of steps and changes on stderr. Warnings, findings and failures are still said.
    pub quiet: bool,
    /// Shows new files whole, the diffs of an apply, and the objects that are as asked.
    pub verbose: bool,
}

/// The sink of a run, over the process's own stdout and stderr, with commands for the runner in a job of GitHub Actions.
pub fn sink(options: &Options) -> Arc<dyn Sink> {
    let sink = sink_to(options, Streams::standard(options.color));
    match Actions::detect() {
        Some(actions) => in_actions(options, sink, actions, Streams::standard(options.color).stderr),
        None => sink,
    }
}

fn in_actions(options: &Options, sink: Arc<dyn Sink>, actions: Actions, stderr: Stream) -> Arc<dyn Sink> {
    let groups = options.format == Format::Human && !options.plan && !options.quiet;
    Arc::new(InActions::around(sink, actions, groups, stderr))
}

/// The sink of a run, over streams of the caller's.
pub fn sink_to(options: &Options, streams: Streams) -> Arc<dyn Sink> {
    match options.format {
        Format::Json => Arc::new(json::Json::new(streams)),
        _ => Arc::new(human::Human::new(options, streams)),
    }
}

/// Says an error that happened outside of a run, such as a wrong flag: on stderr for people; in JSON also on stdout,
/// as a whole stream that ends in a failed summary of zeros.
pub fn error_to_stderr(options: &Options, error: &Error) {
    refuse(options, Streams::standard(options.color), error);
    if let Some(actions) = Actions::detect() {
        Streams::standard(options.color).stderr.command(&command::annotate(&actions.of_error(error, &[])));
    }
}

/// Says a warning after the end of a run: on stderr, whatever the format.
pub fn warning_to_stderr(options: &Options, message: &str, help: Option<&str>) {
    let mut stderr = Streams::standard(options.color).stderr;
    let text = diagnostic::warning(&stderr.look(), message, help);
    stderr.write(&text);
    if let Some(actions) = Actions::detect() {
        stderr.command(&command::annotate(&actions.of_warning(message, help)));
    }
}

fn refuse(options: &Options, mut streams: Streams, error: &Error) {
    match options.format {
        Format::Json => {
            let sink = json::Json::new(streams);
            sink.emit(Event::Failure { error: error.clone(), frames: Vec::new() });
            sink.emit(Event::Summary { counts: Counts::default(), status: Status::Failed });
        }
        _ => {
            let text = diagnostic::failure(&streams.stderr.look(), error, &[]);
            streams.stderr.write(&text);
        }
    }
}

/// Writes what a verb that isn't a run found, as a whole stream of events: a line each, and a summary of zeros.
pub fn records(options: &Options, records: impl IntoIterator<Item = serde_json::Value>) {
    let mut text = json::version();
    for record in records {
        text.push_str(&format!("{record}\n"));
    }
    let mut streams = Streams::standard(options.color);
    streams.stdout.raw(&json::tame(&text));
    json::end(&mut streams, false);
}

/// Writes a text to stdout as it is, with a newline at its end: the result of a verb that isn't a run.
pub fn text(text: &str) {
    let mut streams = Streams::standard(ColorChoice::Never);
    streams.stdout.write(text);
    if !text.ends_with('\n') {
        streams.stdout.write("\n");
    }
}

/// Writes a table to stdout.
pub fn table(options: &Options, table: &table::Table) {
    let mut streams = Streams::standard(options.color);
    let text = table.render(&streams.stdout.look());
    streams.stdout.write(&text);
}
