//! Coverage of scripts: a table for people, lines for machines, and files for other tools in `lcov` and `html`.

mod html;
mod lcov;

use serde_json::json;

use super::look::Look;
use super::stream::Streams;
use super::table::Table;
use super::{Format, Options};
use crate::report::{Branch, Coverage, FileCoverage, RuleCoverage, Share};

pub use html::page;
pub use lcov::trace;

/// Writes a coverage: as a table to stdout, in JSON as lines; beside JUnit's XML, which has stdout, to stderr.
pub fn coverage(options: &Options, coverage: &Coverage) {
    let mut streams = Streams::standard(options.color);
    match options.format {
        Format::Json => streams.stdout.write(&machine(coverage)),
        Format::Human => {
            let look = streams.stdout.look();
            let text = format!("\n{}{}", table(&look, coverage), rules(&look, coverage));
            streams.stdout.write(&text);
        }
        _ => {
            let look = streams.stderr.look();
            let text = format!("{}{}", table(&look, coverage), rules(&look, coverage));
            streams.stderr.write(&text);
        }
    }
}

fn percent(share: Share) -> String {
    // Rounded down: what says 100 % is whole.
    format!("{:.1} %", (share.percent() * 10.0).floor() / 10.0)
}

/// Runs of lines as people write them: `3, 7-9`.
fn runs(file: &FileCoverage) -> String {
    let run = |(first, last): &(usize, usize)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    file.missed().iter().map(run).collect::<Vec<_>>().join(", ")
}

/// How many ways a row names; a page names all of them.
const WAYS: usize = 4;

/// Ways that were not taken from lines that were reached: `4 if else, 7 switch case 2`.
fn ways(file: &FileCoverage) -> String {
    let reached = |branch: &&Branch| file.lines.get(&branch.line).is_none_or(|hits| *hits > 0);
    let arms = file.branches.iter().filter(reached).flat_map(|branch| {
        let missed = branch.arms.iter().filter(|arm| arm.taken == 0);
        missed.map(|arm| format!("{} {} {}", branch.line, branch.kind, arm.name))
    });
    let all: Vec<String> = arms.collect();
    let named = all[..all.len().min(WAYS)].join(", ");
    if all.len() > WAYS { format!("{named} and {} more", all.len() - WAYS) } else { named }
}

fn table(look: &Look, coverage: &Coverage) -> String {
    let mut table = Table::new(["FILE", "LINES", "BRANCHES", "MISSED LINES", "MISSED BRANCHES"]);
    for file in &coverage.files {
        let (lines, branches) = (percent(file.lines_share()), percent(file.branches_share()));
        table.row([file.file.clone(), lines, branches, runs(file), ways(file)]);
    }
    let (lines, branches) = (coverage.lines(), coverage.branches());
    let missed = |share: Share| format!("{} of {}", share.all - share.hit, share.all);
    table.row(["All".to_string(), percent(lines), percent(branches), missed(lines), missed(branches)]);
    table.render(look)
}

/// What tests saw of the rules of packs: those of which something is missing, and a row for each pack.
fn rules(look: &Look, coverage: &Coverage) -> String {
    if coverage.rules.is_empty() {
        return String::new();
    }
    let mut table = Table::new(["RULE", "PASSED", "FAILED", "WAIVED", "MENDED", "NEVER"]);
    for pack in coverage.rules.chunk_by(|a, b| a.file == b.file) {
        for rule in pack.iter().filter(|rule| !rule.missed().is_empty()) {
            let mended = if rule.mends { rule.mended.to_string() } else { "-".to_string() };
            let [passed, failed, waived] = [rule.passed, rule.failed, rule.waived].map(|times| times.to_string());
            table.row([rule.rule.clone(), passed, failed, waived, mended, rule.missed().join(", ")]);
        }
        let seen = |name: &str, of: &dyn Fn(&&RuleCoverage) -> bool| {
            let all: Vec<&RuleCoverage> = pack.iter().filter(of).collect();
            let seen = all.iter().filter(|rule| !rule.missed().contains(&name)).count();
            format!("{seen} of {}", all.len())
        };
        let every = |name: &str| seen(name, &|_| true);
        let mended = seen("mended", &|rule| rule.mends);
        let whole = pack.iter().filter(|rule| !rule.missed().is_empty()).count();
        let never = if whole == 0 { String::new() } else { format!("{whole} of {}", pack.len()) };
        table.row([pack[0].file.clone(), every("passed"), every("failed"), every("waived"), mended, never]);
    }
    format!("\n{}", table.render(look))
}

fn machine(coverage: &Coverage) -> String {
    let share = |share: Share| json!({ "hit": share.hit, "all": share.all });
    let mut text = String::new();
    for file in &coverage.files {
        let missed: Vec<_> = file
            .branches
            .iter()
            .flat_map(|branch| branch.arms.iter().map(move |arm| (branch, arm)))
            .filter(|(_, arm)| arm.taken == 0)
            .map(|(branch, arm)| json!({ "line": branch.line, "kind": branch.kind, "arm": arm.name }))
            .collect();
        let record = json!({
            "type": "coverage",
            "file": file.file,
            "lines": share(file.lines_share()),
            "branches": share(file.branches_share()),
            "missed_lines": file.missed(),
            "missed_branches": missed,
        });
        text.push_str(&format!("{record}\n"));
    }
    for rule in &coverage.rules {
        let record = json!({
            "type": "rule_coverage", "rule": rule.rule, "file": rule.file, "passed": rule.passed, "failed": rule.failed,
            "waived": rule.waived, "mends": rule.mends, "mended": rule.mended, "never": rule.missed(),
        });
        text.push_str(&format!("{record}\n"));
    }
    let all =
        json!({ "type": "coverage_summary", "lines": share(coverage.lines()), "branches": share(coverage.branches()) });
    text.push_str(&format!("{all}\n"));
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::report::Arm;

    fn example() -> Coverage {
        let arm = |name: &str, taken| Arm { name: name.into(), taken };
        Coverage {
            files: vec![FileCoverage {
                file: "scripts/a.rhai".into(),
                source: "let a = 1;\nif a < 2 {\n    print(\"<one>\");\n} else {\n    print(2);\n}\n".into(),
                lines: BTreeMap::from([(1, 1), (2, 1), (3, 1), (5, 0)]),
                branches: vec![Branch { line: 2, kind: "if", arms: vec![arm("then", 1), arm("else", 0)] }],
            }],
            rules: vec![rule("shop/latest", [1, 1, 1], 0, true), rule("shop/replicas", [2, 3, 3], 0, false)],
        }
    }

    fn rule(rule: &str, [passed, failed, waived]: [usize; 3], mended: usize, mends: bool) -> RuleCoverage {
        RuleCoverage { rule: rule.into(), file: "scripts/shop.rhai".into(), mends, passed, failed, waived, mended }
    }

    #[test]
    fn a_table_names_rules_of_which_something_is_missing() {
        insta::assert_snapshot!(rules(&Look::default(), &example()), @r"
        RULE               PASSED  FAILED  WAIVED  MENDED  NEVER
        shop/latest        1       1       1       0       mended
        scripts/shop.rhai  2 of 2  2 of 2  2 of 2  0 of 1  1 of 2
        ");
    }

    #[test]
    fn a_table_names_what_is_missed() {
        insta::assert_snapshot!(table(&Look::default(), &example()), @r"
        FILE            LINES   BRANCHES  MISSED LINES  MISSED BRANCHES
        scripts/a.rhai  75.0 %  50.0 %    5             2 if else
        All             75.0 %  50.0 %    1 of 4        1 of 2
        ");
    }

    #[test]
    fn a_trace_is_lcovs() {
        insta::assert_snapshot!(trace(&example()), @r"
        TN:
        SF:scripts/a.rhai
        BRDA:2,0,0,1
        BRDA:2,0,1,0
        BRF:2
        BRH:1
        DA:1,1
        DA:2,1
        DA:3,1
        DA:5,0
        LF:4
        LH:3
        end_of_record
        ");
    }

    #[test]
    fn a_page_is_whole_and_safe() {
        let page = page(&example());
        assert!(page.contains("&lt;one&gt;") && !page.contains("<one>"), "{page}");
        assert!(!page.contains("src=") && !page.contains("href=\"http"), "the page needs nothing else");
    }
}
