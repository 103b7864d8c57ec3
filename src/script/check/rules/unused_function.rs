//! `unused-function`: functions that nobody can call.

use super::{Checked, Report, Rule};
use crate::report::Severity;

/// The rule.
pub const RULE: Rule = Rule {
    id: "unused-function",
    severity: Severity::Medium,
    about: "A private function that nothing calls",
    why: "Nobody else can call it.",
    bad: r#"private fn least(a, b) {
    if a < b { a } else { b }
}

fn run(p) {
    print(p);
}
"#,
    good: r#"private fn least(a, b) {
    if a < b { a } else { b }
}

fn run(p) {
    print(least(1, p.len()));
}
"#,
    files: &[],
    find,
};

fn find(checked: &Checked, report: &mut Report) {
    for function in checked.facts.functions.iter().filter(|function| function.private && !function.called) {
        report.add(function.position, format!("nothing calls `{}`", function.name), "remove it");
    }
}
