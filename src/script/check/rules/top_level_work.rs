//! `top-level-work`: work that is done more often than meant.

use super::{Checked, Report, Rule};
use crate::report::Severity;

/// The rule.
pub const RULE: Rule = Rule {
    id: "top-level-work",
    severity: Severity::Medium,
    about: "Statements stand beside `fn run(p)`",
    why: "The top level is executed for each of `params`, `check` and `run`, the first time without a world. What is to be done belongs into `run`.",
    bad: r#"print("hello");

fn run(p) {
    print("there");
}
"#,
    good: r#"const WORD = "hello";

fn run(p) {
    print(global::WORD);
    print("there");
}
"#,
    files: &[],
    find,
};

fn find(checked: &Checked, report: &mut Report) {
    if checked.facts.defines("run", 1) {
        for position in &checked.facts.work {
            report.add(
                *position,
                "the script has `fn run(p)`, and does something outside of it",
                "move it into `run`; imports and constants may stay",
            );
        }
    }
}
