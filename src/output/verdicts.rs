//! What tests came to: for people a line a file and each failure in full, for machines a line a test, for CI servers
//! JUnit's XML.

use std::time::Duration;

use serde_json::json;

use super::actions::{Actions, command};
use super::look::{Look, clean};
use super::stream::Streams;
use super::words::count;
use super::{Format, Options, diagnostic, json as lines};
use crate::report::{SnapshotNote, TestCase, TestFailure, TestReport};

/// Writes a report of tests to stdout, in the form that was asked for.
pub fn test_report(options: &Options, report: &TestReport) {
    let mut streams = Streams::standard(options.color);
    let text = match options.format {
        Format::Json => machine(report),
        Format::Junit => junit(report),
        _ => human(&streams.stdout.look(), options, report),
    };
    match options.format {
        Format::Human => streams.stdout.write(&text),
        Format::Json => streams.stdout.raw(&lines::tame(&text)),
        _ => streams.stdout.raw(&text),
    }
    if let Some(actions) = Actions::detect() {
        let remark = |(_, failure): (&TestCase, &TestFailure)| {
            command::annotate(&actions.of_error(&failure.error, &failure.frames))
        };
        let remarks: String = failures(report).map(remark).collect();
        streams.stderr.command(&remarks);
    }
    if options.format != Format::Human {
        // Whoever pipes stdout into a program still sees why it failed.
        let look = streams.stderr.look();
        let text: String = failures(report).map(|(case, failure)| failed(&look, case, failure)).collect();
        streams.stderr.write(&text);
    }
}

/// Writes which tests there are: file, name, line.
pub fn test_list(options: &Options, tests: &[(String, String, usize)]) {
    if options.format == Format::Json {
        let record = |(file, name, line): &(String, String, usize)| json!({ "type": "test", "file": file, "name": name, "line": line });
        super::records(options, tests.iter().map(record));
        return;
    }
    let text: String = tests.iter().map(|(file, name, line)| format!("{}:{line} {name}\n", clean(file))).collect();
    super::text(&text);
}

fn failures(report: &TestReport) -> impl Iterator<Item = (&TestCase, &TestFailure)> {
    report.cases.iter().filter_map(|case| Some((case, case.failure.as_ref()?)))
}

/// The cases of each file, in order.
fn files(report: &TestReport) -> impl Iterator<Item = &[TestCase]> {
    report.cases.chunk_by(|one, next| one.file == next.file)
}

fn milliseconds(time: Duration) -> String {
    if time < Duration::from_secs(10) {
        format!("{} ms", time.as_millis())
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}

fn human(look: &Look, options: &Options, report: &TestReport) -> String {
    let mut text = String::new();
    let (fine, bad) = (look.green(look.symbol("✓", "ok")), look.red(look.symbol("✗", "FAILED")));
    if !options.quiet {
        for cases in files(report) {
            let wrong = cases.iter().any(|case| case.failure.is_some());
            let time = milliseconds(cases.iter().map(|case| case.time).sum());
            let (sign, file) = (if wrong { &bad } else { &fine }, clean(&cases[0].file));
            text.push_str(&format!("{sign} {file}  {}, {time}\n", count(cases.len(), "test")));
            for case in cases.iter().filter(|case| options.verbose || case.failure.is_some()) {
                let sign = if case.failure.is_some() { &bad } else { &fine };
                text.push_str(&format!("    {sign} {}  {}\n", clean(&case.name), milliseconds(case.time)));
                for said in case.said.iter().filter(|_| options.verbose && case.failure.is_none()) {
                    text.push_str(&indented(&clean(said), "        "));
                }
            }
        }
    }
    for (case, failure) in failures(report) {
        text.push('\n');
        text.push_str(&failed(look, case, failure));
    }
    text.push_str(&snapshots(look, report));
    let wrong = report.failed();
    let passed = report.cases.len() - wrong;
    let skipped = if report.skipped > 0 { format!(", {} not run", report.skipped) } else { String::new() };
    let head = if wrong > 0 { look.red(&format!("{wrong} failed")) } else { look.green(&format!("{passed} passed")) };
    let rest = if wrong > 0 { format!(", {passed} passed") } else { String::new() };
    let gap = if text.is_empty() { "" } else { "\n" };
    text.push_str(&format!("{gap}{head}{rest}{skipped}, in {}.\n", milliseconds(report.time)));
    text
}

/// A failure: which test, what is wrong and where, the difference, what was said.
fn failed(look: &Look, case: &TestCase, failure: &TestFailure) -> String {
    let title = format!("{} {}", clean(&case.file), clean(&case.name));
    let mut text = format!("{}\n", look.bold(&title));
    text.push_str(&diagnostic::failure(look, &failure.error, &failure.frames));
    if let Some(diff) = &failure.diff {
        for line in diff.lines().filter(|line| !line.starts_with("---") && !line.starts_with("+++")) {
            let line = format!("    {}", clean(line));
            text.push_str(&match line.as_bytes().get(4) {
                Some(b'+') => look.green(&line),
                Some(b'-') => look.red(&line),
                _ => line,
            });
            text.push('\n');
        }
    }
    if !case.said.is_empty() {
        text.push_str("  It said:\n");
        for said in &case.said {
            text.push_str(&indented(&clean(said), "    "));
        }
    }
    text
}

fn indented(text: &str, indent: &str) -> String {
    text.lines().map(|line| format!("{indent}{line}\n")).collect()
}

fn snapshots(look: &Look, report: &TestReport) -> String {
    let mut text = String::new();
    for (file, name, note) in &report.snapshots {
        let (file, name) = (clean(file), clean(name));
        text.push_str(&match note {
            SnapshotNote::Written => format!("New snapshot in {file}: {name}\n"),
            SnapshotNote::Updated => format!("Rewritten snapshot in {file}: {name}\n"),
            SnapshotNote::Removed => format!("Removed snapshot of {file}: {name}\n"),
            SnapshotNote::Unreferenced => {
                let message = format!("no assertion of {file} names the snapshot {name}");
                diagnostic::warning(look, &message, Some("`idp-run test --update` takes it out"))
            }
        });
    }
    if text.is_empty() { text } else { format!("\n{text}") }
}

fn machine(report: &TestReport) -> String {
    let mut text = lines::version();
    let mut line = |value: serde_json::Value| text.push_str(&format!("{value}\n"));
    for case in &report.cases {
        let mut value = json!({
            "type": "test",
            "file": case.file,
            "name": case.name,
            "line": case.line,
            "status": if case.failure.is_some() { "failed" } else { "passed" },
            "ms": case.time.as_secs_f64() * 1e3,
        });
        if !case.said.is_empty() {
            value["said"] = json!(case.said);
        }
        if let Some(failure) = &case.failure {
            value["failure"] = json!({
                "code": failure.error.code(),
                "message": failure.error.message(),
                "help": failure.error.help_text(),
                "frames": failure.frames,
                "diff": failure.diff,
            });
        }
        line(value);
    }
    for (file, name, note) in &report.snapshots {
        let note = format!("{note:?}").to_lowercase();
        line(json!({ "type": "snapshot", "file": file, "name": name, "note": note }));
    }
    line(json!({
        "type": "test_summary",
        "passed": report.cases.len() - report.failed(),
        "failed": report.failed(),
        "skipped": report.skipped,
        "ms": report.time.as_secs_f64() * 1e3,
    }));
    text
}

/// JUnit's XML as CI servers read it: a suite a file, a case a test.
fn junit(report: &TestReport) -> String {
    let seconds = |time: Duration| format!("{:.6}", time.as_secs_f64());
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"idp-run\" tests=\"{}\" failures=\"{}\" time=\"{}\">\n",
        report.cases.len(),
        report.failed(),
        seconds(report.time),
    );
    for cases in files(report) {
        let file = escaped(&cases[0].file);
        text.push_str(&format!(
            "  <testsuite name=\"{file}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"0\" time=\"{}\">\n",
            cases.len(),
            cases.iter().filter(|case| case.failure.is_some()).count(),
            seconds(cases.iter().map(|case| case.time).sum()),
        ));
        for case in cases {
            text.push_str(&format!(
                "    <testcase classname=\"{file}\" name=\"{}\" file=\"{file}\" line=\"{}\" time=\"{}\">\n",
                escaped(&case.name),
                case.line,
                seconds(case.time),
            ));
            if let Some(failure) = &case.failure {
                let (code, message) = (failure.error.code(), escaped(failure.error.message()));
                let whole = failed(&Look::default(), case, failure);
                let whole = escaped(&whole);
                text.push_str(&format!("      <failure type=\"{code}\" message=\"{message}\">{whole}</failure>\n"));
            }
            if !case.said.is_empty() {
                text.push_str(&format!("      <system-out>{}</system-out>\n", escaped(&case.said.join("\n"))));
            }
            text.push_str("    </testcase>\n");
        }
        text.push_str("  </testsuite>\n");
    }
    text + "</testsuites>\n"
}

/// Text within XML: the five characters that mean something, and none that XML 1.0 can't hold.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\t' | '\n' | '\r' => safe.push(c),
            c if (c as u32) < 0x20 || ('\u{fffe}'..='\u{ffff}').contains(&c) => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}
