//! Coverage as one page that needs nothing else: a table of files, then each source with what was executed.

use std::collections::BTreeMap;

use super::percent;
use crate::output::verdicts::escaped;
use crate::report::{Branch, Coverage, FileCoverage, Share};

const STYLE: &str = include_str!("page.css");

/// The page.
pub fn page(coverage: &Coverage) -> String {
    let mut text = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>Coverage of scripts</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<h1>Coverage of scripts</h1>\n"
    );
    text.push_str("<table>\n<thead><tr><th>File</th><th colspan=\"2\">Lines</th><th colspan=\"2\">Branches</th></tr></thead>\n<tbody>\n");
    for (number, file) in coverage.files.iter().enumerate() {
        let name = format!("<a href=\"#file-{number}\">{}</a>", escaped(&file.file));
        text.push_str(&row(&name, file.lines_share(), file.branches_share()));
    }
    text.push_str("</tbody>\n<tfoot>\n");
    text.push_str(&row("All", coverage.lines(), coverage.branches()));
    text.push_str("</tfoot>\n</table>\n");
    text.push_str(&rules(coverage));
    for (number, file) in coverage.files.iter().enumerate() {
        text.push_str(&source(number, file));
    }
    text.push_str("</body>\n</html>\n");
    text
}

fn row(name: &str, lines: Share, branches: Share) -> String {
    let cells = |share: Share| {
        let class = match share.percent() {
            percent if percent >= 90.0 => "good",
            percent if percent >= 70.0 => "fair",
            _ => "poor",
        };
        format!(
            "<td class=\"bar\"><span class=\"{class}\" style=\"width:{:.1}%\"></span></td><td class=\"number\">{} \
             <small>{} of {}</small></td>",
            share.percent(),
            percent(share),
            share.hit,
            share.all
        )
    };
    format!("<tr><td>{name}</td>{}{}</tr>\n", cells(lines), cells(branches))
}

fn source(number: usize, file: &FileCoverage) -> String {
    let mut branches: BTreeMap<usize, Vec<&Branch>> = BTreeMap::new();
    for branch in &file.branches {
        branches.entry(branch.line).or_default().push(branch);
    }
    let open = if file.lines_share().hit < file.lines_share().all { " open" } else { "" };
    let mut text = format!(
        "<details id=\"file-{number}\"{open}>\n<summary>{} <small>{} of lines, {} of branches</small></summary>\n\
         <table class=\"source\">\n",
        escaped(&file.file),
        percent(file.lines_share()),
        percent(file.branches_share())
    );
    for (at, line) in file.source.lines().enumerate() {
        let at = at + 1;
        let hits = file.lines.get(&at);
        let notes = branches.get(&at).map(|branches| missed(branches)).unwrap_or_default();
        let class = match (hits, notes.is_empty()) {
            (Some(0), _) => "missed",
            (Some(_), false) => "partly",
            (Some(_), true) => "hit",
            (None, _) => "plain",
        };
        let times = hits.map(|hits| format!("{hits}×")).unwrap_or_default();
        let note = if notes.is_empty() || hits == Some(&0) {
            String::new()
        } else {
            format!(" <span class=\"note\">{}</span>", escaped(&notes))
        };
        text.push_str(&format!(
            "<tr class=\"{class}\"><td class=\"at\">{at}</td><td class=\"times\">{times}</td><td><code>{}</code>{note}</td></tr>\n",
            escaped(line)
        ));
    }
    text.push_str("</table>\n</details>\n");
    text
}

/// What tests saw of the rules of packs.
fn rules(coverage: &Coverage) -> String {
    if coverage.rules.is_empty() {
        return String::new();
    }
    let mut text = String::from("<h2>Rules</h2>\n<table>\n<thead><tr><th>Rule</th>");
    text.push_str("<th>Passed</th><th>Failed</th><th>Waived</th><th>Mended</th></tr></thead>\n<tbody>\n");
    for rule in &coverage.rules {
        let class = if rule.missed().is_empty() { "hit" } else { "missed" };
        let mended = if rule.mends { rule.mended.to_string() } else { "-".to_string() };
        text.push_str(&format!(
            "<tr class=\"{class}\"><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{mended}</td></tr>\n",
            escaped(&rule.rule),
            rule.passed,
            rule.failed,
            rule.waived
        ));
    }
    text.push_str("</tbody>\n</table>\n");
    text
}

/// The ways that were not taken at a line.
fn missed(branches: &[&Branch]) -> String {
    let mut notes = Vec::new();
    for branch in branches {
        let arms: Vec<&str> = branch.arms.iter().filter(|arm| arm.taken == 0).map(|arm| arm.name.as_str()).collect();
        if !arms.is_empty() {
            notes.push(format!("{}: never {}", branch.kind, arms.join(", ")));
        }
    }
    notes.join("; ")
}
