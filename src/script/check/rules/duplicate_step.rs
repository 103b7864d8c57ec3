//! `duplicate-step`: steps that can't be told apart.

use super::{Checked, Report, Rule};
use crate::report::Severity;
use crate::script::check::facts::Call;

/// The rule.
pub const RULE: Rule = Rule {
    id: "duplicate-step",
    severity: Severity::Medium,
    about: "Two steps have the same name",
    why: "Progress, the plan and the journal tell steps apart by their names.",
    bad: r#"step("Look", || print("once"));
step("Look", || print("twice"));
"#,
    good: r#"step("Look at the repository", || print("once"));
step("Look at the catalog", || print("twice"));
"#,
    files: &[],
    find,
};

fn find(checked: &Checked, report: &mut Report) {
    let mut seen: Vec<&Call> = Vec::new();
    for call in checked.facts.calls.iter().filter(|call| call.on.is_none() && call.name == "step") {
        let Some(name) = call.arguments.first().and_then(|name| name.text.as_deref()).filter(|name| !name.is_empty())
        else {
            continue;
        };
        let same = |other: &&&Call| {
            other.arguments[0].text.as_deref() == Some(name)
                && other.function == call.function
                && (call.inside.starts_with(&other.inside) || other.inside.starts_with(&call.inside))
        };
        if let Some(other) = seen.iter().find(same) {
            let line = other.position.line().unwrap_or(0);
            report.add(
                call.arguments[0].position,
                format!("line {line} has a step of the same name"),
                "say what this one does",
            );
        } else if call.inside.iter().any(|inside| inside.repeats) {
            report.add(
                call.arguments[0].position,
                "each turn of the loop has a step of the same name",
                "put the item into the name: step(`Deploy to ${env.name}`, || ...)",
            );
        }
        seen.push(call);
    }
}
