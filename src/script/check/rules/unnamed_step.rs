//! `unnamed-step`: `step("", ...)`.

use super::{Checked, Report, Rule};
use crate::report::Severity;

/// The rule.
pub const RULE: Rule = Rule {
    id: "unnamed-step",
    severity: Severity::High,
    about: "A step has no name",
    why: "Progress, the plan and the journal show steps by their names; the run stops at one that has none.",
    bad: r#"step("", || print("hello"));
"#,
    good: r#"step("Say hello", || print("hello"));
"#,
    files: &[],
    find,
};

fn find(checked: &Checked, report: &mut Report) {
    for call in checked.facts.calls.iter().filter(|call| call.on.is_none() && call.name == "step") {
        if let Some(name) =
            call.arguments.first().filter(|name| name.text.as_deref().is_some_and(|text| text.trim().is_empty()))
        {
            report.add(
                name.position,
                "the step has no name",
                "say what it does: step(\"Open the pull request\", || ...)",
            );
        }
    }
}
