//! `unreachable-code`: what is never executed.

use super::{Checked, Report, Rule};
use crate::report::Severity;

/// The rule.
pub const RULE: Rule = Rule {
    id: "unreachable-code",
    severity: Severity::Medium,
    about: "Statements that are never executed",
    why: "What stands behind `return`, `throw`, `break` or `fail`, or under a condition that is written down as false, does nothing.",
    bad: r#"fn least(a, b) {
    return a;
    print(b);
}

print(least(1, 2));
"#,
    good: r#"fn least(a, b) {
    print(b);
    a
}

print(least(1, 2));
"#,
    files: &[],
    find,
};

fn find(checked: &Checked, report: &mut Report) {
    for (position, word) in &checked.facts.unreachable {
        report.add(*position, format!("this is never executed: {word} comes before"), "remove it, or move it before");
    }
    for decision in checked.facts.decisions.iter().filter(|decision| matches!(decision.word, "if" | "while")) {
        if let Some(constant) = decision.constant {
            let message = format!("`{}` is always {constant}: what it decides is decided already", decision.word);
            report.add(decision.position, message, "remove the condition, or what it leaves out");
        }
    }
}
