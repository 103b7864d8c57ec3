//! What an audit found: snippets for people, lines for machines, and what CI servers, code scanning and clusters read.
//! Called by `cli`.

mod code_scanning;
mod explanation;
mod junit;
mod policy_report;

use std::collections::BTreeMap;

use serde_json::json;

use super::actions::{Actions, command};
use super::look::{Look, clean, one_line};
use super::source::Lines;
use super::stream::Streams;
use super::words::count;
use super::{Format, Options, diagnostic, fixes, json as lines};
use crate::report::{Audit, Detection, Finding, PolicyLevel, Review, Severity};

pub use explanation::explanation;

/// What is said behind a finding that a planned fix mends, where a format has no field for it.
const MENDED: &str = " (--fix mends it)";

/// Writes an audit to stdout.
pub fn audit(options: &Options, audit: &Audit) {
    let mut streams = Streams::standard(options.color);
    let text = match options.format {
        Format::Human => people(&streams.stdout.look(), audit, (options.quiet, options.verbose)),
        format => report(format, audit),
    };
    match options.format {
        Format::Human => streams.stdout.write(&text),
        _ => streams.stdout.raw(&text),
    }
    if let Some(actions) = Actions::detect().filter(|_| matches!(options.format, Format::Human | Format::Json)) {
        let review = by_verdict(audit);
        let remark =
            |finding: &Finding| command::annotate(&actions.of_finding(finding, &review.title(&finding.policy)));
        let remarks: String = review.findings.iter().map(remark).collect();
        streams.stderr.command(&remarks);
    }
}

/// What an audit found in a format, as it is written to a file.
pub fn report(format: Format, audit: &Audit) -> String {
    match format {
        // Nobody asks for manifests of an audit.
        Format::Human | Format::Yaml => people(&Look { unicode: true, ..Look::default() }, audit, (false, false)),
        Format::Json => lines::tame(&machine(audit)),
        Format::Junit => junit::text(audit),
        Format::Sarif => code_scanning::log(audit, &review(audit)),
        Format::Github => command::findings(&by_verdict(audit)),
        Format::PolicyReport => policy_report::text(audit, &policy_report::WORKING_GROUP),
        Format::OpenReports => policy_report::text(audit, &policy_report::OPEN_REPORTS),
    }
}

/// The findings, as those who show rules read them: each with the object that it is about.
fn review(audit: &Audit) -> Review {
    let (mut findings, mut suppressed) = (Vec::new(), Vec::new());
    for detection in &audit.detections {
        match &detection.waived {
            None => findings.push(told(audit, detection)),
            Some(waived) => suppressed.push((told(audit, detection), waived.to_string())),
        }
    }
    let rules = audit.policies.clone();
    Review { family: Audit::FAMILY, rules, findings, suppressed, files: audit.files, ..Review::default() }
}

/// The same for annotations, which know errors and warnings: what fails the audit is an error.
fn by_verdict(audit: &Audit) -> Review {
    let mut review = review(audit);
    let open = audit.detections.iter().filter(|detection| detection.waived.is_none());
    for (finding, detection) in review.findings.iter_mut().zip(open) {
        let severity = finding.severity;
        finding.severity =
            if audit.counts(detection) { severity.max(Severity::High) } else { severity.min(Severity::Medium) };
    }
    review
}

/// The finding with its object in the sentence.
fn told(audit: &Audit, detection: &Detection) -> Finding {
    let mut finding = detection.finding.clone();
    if let Some(object) = audit.object(detection) {
        finding.message = format!("{object}: {}", finding.message);
    }
    if detection.mended {
        finding.message.push_str(MENDED);
    }
    finding
}

/// Writes a text of standard input as fixes left it to stdout, and what was done and is left to stderr.
pub fn mended_input(options: &Options, text: &str, audit: &Audit) {
    let mut streams = Streams::standard(options.color);
    streams.stdout.raw(text);
    let said = people(&streams.stderr.look(), audit, (options.quiet, options.verbose));
    streams.stderr.write(&said);
}

fn people(look: &Look, audit: &Audit, (quiet, verbose): (bool, bool)) -> String {
    let mut text = String::new();
    let lines: BTreeMap<&str, Lines<'_>> =
        audit.sources.iter().map(|(file, text)| (&**file, Lines::of(text))).collect();
    if let Some(fixes) = &audit.fixes {
        text.push_str(&fixes::people(look, fixes, verbose));
    }
    for detection in audit.detections.iter().filter(|detection| detection.is_open()) {
        let finding = told(audit, detection);
        let source = lines.get(&*finding.place.file);
        text.push_str(&diagnostic::found(look, &finding, (&head(detection), !audit.counts(detection)), source));
        text.push('\n');
    }
    if !quiet {
        text.push_str(&waived(look, audit));
        if look.terminal {
            text.push_str(&waive(look, audit).unwrap_or_default());
        }
        text.push_str(&summary(look, audit));
    }
    text
}

/// Whose finding it is, as `waive` wants it, how bad, and what follows if that isn't a failure.
fn head(detection: &Detection) -> String {
    let severity = format!("{:?}", detection.finding.severity).to_lowercase();
    let level = match detection.level {
        PolicyLevel::Deny => String::new(),
        level => format!(", {}", level.name()),
    };
    format!("{} ({severity}{level})", detection.finding.policy)
}

/// The command that lets the first finding be that fails the audit, where it can be typed.
fn waive(look: &Look, audit: &Audit) -> Option<String> {
    let waivable = |policy: &str| audit.policies.iter().any(|rule| rule.id == policy && rule.waivable);
    let mut failing = audit.detections.iter().filter(|detection| audit.counts(detection));
    let (detection, object) = failing.find_map(|detection| {
        let object = audit.object(detection).filter(|object| object.name.is_some())?;
        waivable(&detection.finding.policy).then_some((detection, object))
    })?;
    let parts = [Some(&object.kind), object.namespace.as_ref(), object.name.as_ref()];
    let object: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    let path = match detection.path.contains(['[', '"', ' ']) {
        _ if detection.path.is_empty() => String::new(),
        true => format!(" --path '{}'", detection.path),
        false => format!(" --path {}", detection.path),
    };
    let policy = &detection.finding.policy;
    let command = format!("idp-run waive {policy} {}{path} --owner TEAM --reason WHY --expires 30d", object.join("/"));
    let command = clean(&command);
    Some(format!("{}\n", look.dim(&format!("Who answers for one can let it be: {command}"))))
}

/// Findings that somebody answers for, two lines each.
fn waived(look: &Look, audit: &Audit) -> String {
    let mut text = String::new();
    for detection in &audit.detections {
        let Some(waived) = &detection.waived else { continue };
        let Finding { policy, place, message, .. } = told(audit, detection);
        text.push_str(&one_line(&format!("waived {place} {policy}: {message}")));
        text.push_str(&format!("\n  {}\n", look.dim(&one_line(&waived.to_string()))));
    }
    if text.is_empty() { text } else { text + "\n" }
}

fn summary(look: &Look, audit: &Audit) -> String {
    let objects = format!("{} in {}", count(audit.objects.len(), "object"), count(audit.files, "file"));
    let of = |severity: Severity| {
        let open = audit.detections.iter().filter(|detection| detection.is_open());
        let number = open.filter(|detection| detection.finding.severity == severity).count();
        (number > 0).then(|| format!("{number} {}", format!("{severity:?}").to_lowercase()))
    };
    let severities = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low];
    let found: Vec<String> = severities.into_iter().filter_map(of).collect();
    let other = match audit.skipped {
        0 => String::new(),
        1 => "; 1 file holds no Kubernetes object".to_owned(),
        many => format!("; {many} files hold no Kubernetes object"),
    };
    let waived = match audit.waived() {
        0 => String::new(),
        many => format!(", {many} waived"),
    };
    let other = match audit.patches {
        0 => other,
        1 => format!("{other}; 1 is a patch, about which packs aren't asked"),
        many => format!("{other}; {many} are patches, about which packs aren't asked"),
    };
    if found.is_empty() {
        return format!("{} Nothing found in {objects}{waived}{other}.\n", look.green(look.symbol("✓", "ok")));
    }
    let open = audit.open();
    let fixable = audit.detections.iter().filter(|found| found.fixable && found.is_open()).count();
    let other = match (fixable, &audit.fixes) {
        (0, _) | (_, Some(_)) => other,
        (some, None) => format!("{other}; --fix can try to mend {some} of them"),
    };
    let head = format!("{} ({})", count(open, "finding"), found.join(", "));
    let head = if audit.fails() { look.red(&head) } else { look.yellow(&head) };
    format!("{head} in {objects}{waived}{other}.\n")
}

fn machine(audit: &Audit) -> String {
    let mut text = lines::version();
    for event in audit.fixes.iter().flat_map(fixes::events) {
        text.push_str(&format!("{event}\n"));
    }
    for detection in &audit.detections {
        let Finding { policy, severity, place, message, help } = &detection.finding;
        let record = json!({
            "type": "finding",
            "policy": policy,
            "code": Audit::code(policy),
            "severity": severity,
            "level": detection.level,
            "object": audit.object(detection),
            "file": place.file,
            "line": place.line,
            "column": place.column,
            "path": detection.path,
            "message": clean(message),
            "help": help,
            "fixable": detection.fixable,
            "waived": detection.waived.is_some(),
            "waiver": detection.waived,
            "mended": detection.mended,
        });
        text.push_str(&format!("{record}\n"));
    }
    let summary = json!({
        "type": "summary",
        "create": 0,
        "update": audit.fixes.as_ref().map_or(0, |fixes| fixes.files.len()),
        "delete": 0,
        "unchanged": 0,
        "status": if audit.fails() { "failed" } else { "applied" },
        "files": audit.files,
        "objects": audit.objects.len(),
        "findings": audit.open(),
        "waived": audit.waived(),
        "skipped": audit.skipped,
        "patches": audit.patches,
        "mended": audit.fixes.as_ref().map_or(0, |fixes| fixes.mended),
    });
    text.push_str(&format!("{summary}\n"));
    text
}
