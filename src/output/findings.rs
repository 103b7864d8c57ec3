//! What checks and policies found: snippets for people, lines for machines, SARIF and workflow commands for CI. `cli`
//! hands over the findings with the rules behind them.

use std::collections::BTreeMap;

use serde_json::json;

use super::actions::{Actions, command};
use super::look::{Look, clean};
use super::source::Lines;
use super::stream::Streams;
use super::{Format, Options, diagnostic, json as lines, sarif, words};
use crate::report::{Finding, Review};

/// Writes a review to stdout.
pub fn findings(options: &Options, review: &Review) {
    findings_to(options, Streams::standard(options.color), review);
    if let Some(actions) = Actions::detect().filter(|_| matches!(options.format, Format::Human | Format::Json)) {
        let remark = |finding: &Finding| command::annotate(&actions.of_finding(finding, &review.code(&finding.policy)));
        let remarks: String = review.findings.iter().map(remark).collect();
        Streams::standard(options.color).stderr.command(&remarks);
    }
}

/// The same, over streams of the caller's.
pub fn findings_to(options: &Options, mut streams: Streams, review: &Review) {
    let text = match options.format {
        Format::Sarif => sarif::log(review),
        Format::Github => command::findings(review),
        Format::Json => machine(review),
        _ => people(&streams.stdout.look(), review, options.quiet),
    };
    match options.format {
        Format::Human => streams.stdout.write(&text),
        Format::Json => streams.stdout.raw(&lines::tame(&text)),
        _ => streams.stdout.raw(&text),
    }
    if options.format == Format::Json {
        lines::end(&mut streams, review.errors() > 0);
    }
}

fn people(look: &Look, review: &Review, quiet: bool) -> String {
    let mut text = String::new();
    let lines: BTreeMap<&str, Lines<'_>> =
        review.sources.iter().map(|(file, text)| (&**file, Lines::of(text))).collect();
    for finding in &review.findings {
        let source = lines.get(&*finding.place.file);
        text.push_str(&diagnostic::found(look, finding, (&review.code(&finding.policy), !finding.refuses()), source));
        text.push('\n');
    }
    if !quiet {
        text.push_str(&summary(look, review));
    }
    text
}

fn summary(look: &Look, review: &Review) -> String {
    let files = words::count(review.files, "file");
    let (errors, warnings) = (review.errors(), review.findings.len() - review.errors());
    if review.findings.is_empty() {
        return format!("{} Nothing found in {files}.\n", look.green(look.symbol("✓", "ok")));
    }
    let count = |number: usize, noun: &str| (number > 0).then(|| words::count(number, noun));
    let found: Vec<String> = [count(errors, "error"), count(warnings, "warning")].into_iter().flatten().collect();
    let found = found.join(", ");
    let found = if errors > 0 { look.red(&found) } else { look.yellow(&found) };
    format!("{found} in {files}.\n")
}

fn machine(review: &Review) -> String {
    let mut text = lines::version();
    for Finding { policy, severity, place, message, help } in &review.findings {
        let record = json!({
            "type": "diagnostic", "severity": "finding", "level": severity, "code": review.code(policy),
            "rule": policy, "message": clean(message), "help": help, "place": place, "frames": [],
        });
        text.push_str(&format!("{record}\n"));
    }
    text
}
