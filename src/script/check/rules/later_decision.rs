//! `later-decision`: deciding by what the world will assign.

use super::{Checked, Report, Rule};
use crate::report::Severity;
use crate::script::check::types::Type;

/// The rule.
pub const RULE: Rule = Rule {
    id: "later-decision",
    severity: Severity::Medium,
    about: "A decision by a value that a plan does not know yet",
    why: "Numbers and URLs of pull requests are assigned with the apply. A plan stops where a script decides by one.",
    bad: r#"let pull = repo("orders-stock").propose("Say hello", |tree| tree.write("hello.md", "Hello"));
if pull.number > 3 {
    print("many");
}
"#,
    good: r#"let pull = repo("orders-stock").propose("Say hello", |tree| tree.write("hello.md", "Hello"));
if pull.state == "open" {
    print(`look at ${pull.number}`);
}
"#,
    files: &[],
    find,
};

fn find(checked: &Checked, report: &mut Report) {
    for decision in checked.facts.decisions.iter().filter(|decision| decision.by.is == Type::Later) {
        let message = format!("`{}` decides by a value that may be known only after the apply", decision.word);
        report.add(
            decision.position,
            message,
            "decide by what is known already, such as `pull.state`; in texts the value is fine",
        );
    }
}
