//! Why a policy says of an object what it says, for people and for machines. Called by `cli`.

use serde_json::json;

use crate::output::look::{Look, clean, one_line};
use crate::output::stream::Streams;
use crate::output::words::count;
use crate::output::{Format, Options, json as lines};
use crate::report::{Explanation, Remedy, Said};

/// Writes an explanation to stdout.
pub fn explanation(options: &Options, explanation: &Explanation) {
    let mut streams = Streams::standard(options.color);
    match options.format {
        Format::Json => streams.stdout.raw(&lines::tame(&machine(explanation))),
        _ => {
            let text = people(&streams.stdout.look(), explanation);
            streams.stdout.write(&text);
        }
    }
}

fn people(look: &Look, of: &Explanation) -> String {
    let mut text = String::new();
    let mut row = |name: &str, what: &str| {
        let name = look.dim(&format!("{name:<12}"));
        text.push_str(&format!("{name} {}\n", one_line(what)).replace(" \n", "\n"));
    };
    row("policy", &format!("{}: {}", of.policy.0, of.policy.1));
    if let Some(script) = &of.script {
        row("", &script.to_string());
    }
    row("object", &format!("{}, {}", of.object, of.place));
    if let Some(environment) = &of.environment {
        row("environment", environment);
    }
    for (at, fit) in of.applies_to.iter().enumerate() {
        let sign = if fit.fits { look.symbol("✓", "ok") } else { look.symbol("✗", "x") };
        let lead = if at == 0 { "applies to" } else { "" };
        row(lead, &format!("{sign} {}: {}; it is {}", fit.field, fit.wanted, fit.is));
    }
    if let (Some(level), Some(severity)) = (of.level, of.severity) {
        row("level", &format!("{}, severity {}", level.name(), format!("{severity:?}").to_lowercase()));
    }
    for (at, param) in of.params.iter().enumerate() {
        let lead = if at == 0 { "parameters" } else { "" };
        row(lead, &format!("{} = {} ({})", param.name, param.value, param.origin));
    }
    if !of.ran.is_empty() {
        row("ran", &format!("lines {}", ranges(&of.ran)));
    }
    for (at, said) in of.said.iter().enumerate() {
        let lead = if at == 0 { "said" } else { "" };
        let Said { level, path, line, message } = said;
        let path = if path.is_empty() { "the object" } else { path };
        row(lead, &format!("{} at {path}, in line {line}: {message}", level.name()));
    }
    for (at, found) in of.found.iter().enumerate() {
        let lead = if at == 0 { "found" } else { "" };
        let waived = match &found.waived {
            Some(waived) => format!("; waived by {waived}"),
            None => String::new(),
        };
        row(lead, &format!("{} {}: {}{waived}", found.level.name(), found.finding.place, found.finding.message));
    }
    match &of.fix {
        Some(Remedy { mends: true, why: None }) => row("fix", "mends it: --fix"),
        Some(Remedy { mends: true, why: Some(why) }) => row("fix", &format!("mends a part of it: {why}")),
        Some(Remedy { why, .. }) => {
            row("fix", &format!("isn't made: {}", why.as_deref().unwrap_or("it changes nothing")))
        }
        None => {}
    }
    for (at, covering) in of.waivers.iter().enumerate() {
        let lead = if at == 0 { "waivers" } else { "" };
        let what = match &covering.why {
            Some(why) => format!("doesn't help: {why}"),
            None => format!("covers {} of {}", covering.covers, count(of.found.len(), "finding")),
        };
        row(lead, &format!("{what}; {}", covering.waiver));
    }
    let why = of.not_asked.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    let verdict = format!("{}{why}", of.verdict());
    let verdict = if of.fails { look.red(&verdict) } else { verdict };
    text.push_str(&format!("{} {verdict}\n", look.dim(&format!("{:<12}", "verdict"))));
    text
}

/// `3-5, 8`.
fn ranges(lines: &[usize]) -> String {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for line in lines {
        match found.last_mut() {
            Some((_, last)) if *last + 1 == *line => *last = *line,
            _ => found.push((*line, *line)),
        }
    }
    let shown = found.iter().map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    });
    shown.collect::<Vec<_>>().join(", ")
}

fn machine(of: &Explanation) -> String {
    let found = of.found.iter().map(|found| {
        json!({
            "level": found.level, "line": found.finding.place.line, "column": found.finding.place.column,
            "path": found.path, "message": clean(&found.finding.message), "waiver": found.waived,
        })
    });
    let record = json!({
        "type": "explanation",
        "policy": of.policy.0,
        "title": of.policy.1,
        "script": of.script,
        "severity": of.severity,
        "level": of.level,
        "object": of.object,
        "file": of.place.file,
        "line": of.place.line,
        "environment": of.environment,
        "applies_to": of.applies_to,
        "not_asked": of.not_asked,
        "params": of.params,
        "ran": of.ran,
        "said": of.said,
        "found": found.collect::<Vec<_>>(),
        "fix": of.fix,
        "waivers": of.waivers,
        "verdict": of.verdict(),
    });
    format!("{}{record}\n", lines::version())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_by_ranges() {
        assert_eq!(ranges(&[3, 4, 5, 8, 10, 11]), "3-5, 8, 10-11");
    }
}
