//! Failures as miette reports, with one label a call; warnings and findings as a line or three.

use std::collections::BTreeSet;
use std::fmt;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode, ThemeCharacters, ThemeStyles,
};

use super::look::{Look, clean, wrap};
use super::source::{Lines, Sources};
use crate::error::{Error, codes};
use crate::report::{Finding, Frame};

/// An error and the calls that it came through, then those that it sums up.
pub(super) fn failure(look: &Look, error: &Error, frames: &[Frame]) -> String {
    let mut text = one(look, error, frames, None);
    let mut said = BTreeSet::from([error.code()]);
    text.push_str(&explained(look, error.code()));
    for related in error.related() {
        text.push('\n');
        text.push_str(&one(look, &related.error, &related.frames, Some(&related.item)));
        // The same for each of many items is told once.
        if said.insert(related.error.code()) {
            text.push_str(&explained(look, related.error.code()));
        }
    }
    text
}

/// What tells more of an error, on a terminal, where it can be typed.
fn explained(look: &Look, code: &str) -> String {
    match codes::find(code) {
        Some(_) if look.terminal => format!("  {}\n", look.dim(&format!("idp-run explain {code}"))),
        _ => String::new(),
    }
}

fn one(look: &Look, error: &Error, frames: &[Frame], item: Option<&str>) -> String {
    let width = look.measure();
    let mut sources = Sources::default();
    let mut trail = Vec::new();
    for frame in frames {
        if !sources.mark(&clean(&frame.label), &frame.place, &frame.source, width.saturating_sub(10)) {
            let called = if frame.label.is_empty() { String::new() } else { format!("{} ", frame.label) };
            trail.push(clean(&format!("{called}at {}", frame.place)).into_owned());
        }
    }
    // Named where its text isn't at hand: a file of a repository, a manifest of a cluster.
    if let Some(place) = error.place().filter(|place| !sources.mark_again("", place)) {
        trail.insert(0, clean(&place.to_string()).into_owned());
    }
    let message = match item {
        Some(item) => format!("{item}: {}", error.message()),
        None => error.message().to_string(),
    };
    let report = Report {
        code: error.code().to_string(),
        warning: false,
        message: clean(&message).into_owned(),
        help: error.help_text().map(|help| clean(help).into_owned()),
        trail: Trail::chain(trail),
        labels: sources.labels(),
        sources,
    };
    draw(look, width, &report)
}

/// A warning: one sentence, and what to do.
pub(super) fn warning(look: &Look, message: &str, help: Option<&str>) -> String {
    compact(look, &look.yellow(look.symbol("⚠", "!")), message, None, help)
}

/// A finding: who says so and how bad, the sentence, the place, and how to mend it.
pub(super) fn finding(look: &Look, finding: &Finding) -> String {
    let symbol =
        if finding.refuses() { look.red(look.symbol("✗", "x")) } else { look.yellow(look.symbol("⚠", "!")) };
    let message = format!("{}: {}", finding.policy, finding.message);
    let severity = format!("{:?}", finding.severity).to_lowercase();
    let place = format!("{severity}, at {}", finding.place);
    compact(look, &symbol, &message, Some(&place), finding.help.as_deref())
}

/// A finding under a head of its own and with its line, where the file's text is at hand. What fails nothing is a warning.
pub(super) fn found(
    look: &Look,
    finding: &Finding,
    (head, warning): (&str, bool),
    source: Option<&Lines<'_>>,
) -> String {
    let width = look.measure();
    let mut sources = Sources::default();
    let shown = source.is_some_and(|source| {
        let excerpt = source.around(finding.place.line);
        sources.mark_in("", &finding.place, excerpt, width.saturating_sub(10))
    });
    let trail = if shown { Vec::new() } else { vec![clean(&finding.place.to_string()).into_owned()] };
    let report = Report {
        code: head.to_string(),
        warning,
        message: clean(&finding.message).into_owned(),
        help: finding.help.as_ref().map(|help| clean(help).into_owned()),
        trail: Trail::chain(trail),
        labels: sources.labels(),
        sources,
    };
    draw(look, width, &report)
}

fn compact(look: &Look, symbol: &str, message: &str, place: Option<&str>, help: Option<&str>) -> String {
    let width = look.measure();
    let mut text = String::new();
    let mut say = |lead: &str, indent: &str, words: &str, width: usize| {
        for (at, line) in wrap(&clean(words), width).iter().enumerate() {
            let lead = if at == 0 { lead } else { indent };
            text.push_str(&format!("{lead}{line}\n"));
        }
    };
    say(&format!("{symbol} "), "  ", message, width - 2);
    if let Some(place) = place {
        say("  ", "  ", place, usize::MAX);
    }
    if let Some(help) = help {
        say(&format!("  {} ", look.cyan("help:")), "        ", help, width - 8);
    }
    text
}

fn draw(look: &Look, width: usize, report: &Report) -> String {
    let mut styles = if look.color { ThemeStyles::ansi() } else { ThemeStyles::none() };
    // The place where it happened is red, the calls that led there are not.
    let primary = report.sources.primary();
    styles.highlights = (0..report.sources.len().max(1))
        .map(|at| match Some(at) == primary {
            true if report.warning => styles.warning,
            true => styles.error,
            false => styles.advice,
        })
        .collect();
    let characters = if look.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() };
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme { characters, styles })
        .with_width(width)
        .with_break_words(false)
        .with_context_lines(1)
        .without_primary_span_start();
    let mut text = String::new();
    match handler.render_report(&mut text, report) {
        // Empty lines of a source are drawn with a space behind their edge.
        Ok(()) => text.lines().map(|line| format!("{}\n", line.trim_end())).collect(),
        Err(_) => format!("{}: {}\n", report.code, report.message),
    }
}

#[derive(Debug)]
struct Report {
    code: String,
    /// It stops nothing.
    warning: bool,
    message: String,
    help: Option<String>,
    trail: Option<Trail>,
    labels: Vec<LabeledSpan>,
    sources: Sources,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Report {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.trail.as_ref().map(|trail| trail as _)
    }
}

impl Diagnostic for Report {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(if self.warning { miette::Severity::Warning } else { miette::Severity::Error })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as _)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.sources)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

/// Places whose text isn't at hand, as miette draws a chain of causes.
#[derive(Debug)]
struct Trail {
    place: String,
    rest: Option<Box<Trail>>,
}

impl Trail {
    fn chain(places: Vec<String>) -> Option<Trail> {
        places.into_iter().rev().fold(None, |rest, place| Some(Trail { place, rest: rest.map(Box::new) }))
    }
}

impl fmt::Display for Trail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place)
    }
}

impl std::error::Error for Trail {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.rest.as_deref().map(|rest| rest as _)
    }
}
