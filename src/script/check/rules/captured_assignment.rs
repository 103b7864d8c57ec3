//! `captured-assignment`: what would be lost because items are worked on at the same time.

use super::{Checked, Report, Rule};
use crate::primitives::captured::assigned_captures;
use crate::report::Severity;

/// The rule.
pub const RULE: Rule = Rule {
    id: "captured-assignment",
    severity: Severity::High,
    about: "A function given to `parallel` changes a variable from around it",
    why: "The items are worked on at the same time, each with a copy of the variables: what one of them changes is lost.",
    bad: r#"let made = [];
parallel(["a", "b"], |name| made.push(name));
print(made);
"#,
    good: r#"let made = parallel(["a", "b"], |name| name + "!");
print(made);
"#,
    files: &[],
    find,
};

fn find(checked: &Checked, report: &mut Report) {
    for call in checked.facts.calls.iter().filter(|call| call.on.is_none() && call.name == "parallel") {
        let closures = call.arguments.iter().flat_map(|argument| checked.facts.closures_of(argument));
        for closure in closures.map(|number| &checked.facts.closures[number]) {
            let find = |name: &str| checked.function(name);
            for assigned in assigned_captures(&closure.definition, closure.captures, &find) {
                let message = match &assigned.method {
                    // A tree's `remove` gives another tree; only what is known to be something else is harmless.
                    Some(method) if checked.is_harmless(&assigned.name, method) => continue,
                    Some(method) => format!("`{}` is changed by `{method}` within `parallel`", assigned.name),
                    None => format!("`{}` is assigned within `parallel`", assigned.name),
                };
                report.add(assigned.position, message, "return what is found: `parallel` gives the results in order");
            }
        }
    }
}
