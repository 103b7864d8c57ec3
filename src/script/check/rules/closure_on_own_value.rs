//! `closure-on-own-value`: a data race in the making.

use super::{Checked, Report, Rule};
use crate::report::Severity;

/// The rule.
pub const RULE: Rule = Rule {
    id: "closure-on-own-value",
    severity: Severity::High,
    about: "A function that a method is given uses the variable that the method is called on",
    why: "While the method is at work the variable is locked: the run stops with a data race.",
    bad: r#"let app = repo("orders-stock");
app.propose("Say hello", |tree| tree.write("hello.md", app.name));
"#,
    good: r#"let app = repo("orders-stock");
let name = app.name;
app.propose("Say hello", |tree| tree.write("hello.md", name));
"#,
    files: &[],
    find,
};

fn find(checked: &Checked, report: &mut Report) {
    for call in &checked.facts.calls {
        let native = !checked.signatures.named(&call.name).is_empty() && call.name != "call";
        let on = call.on.as_ref().or(call.arguments.first()).and_then(|value| value.variable);
        let Some(on) = on.filter(|_| native && call.namespace.is_none()) else { continue };
        for argument in &call.arguments {
            let closure = argument.closure.map(|number| &checked.facts.closures[number]);
            if closure.is_some_and(|closure| closure.captured.contains(&on)) {
                let name = &checked.facts.variables[on].name;
                let message =
                    format!("the function that `{}` is given uses `{name}`, which it is called on", call.name);
                report.add(
                    argument.position,
                    message,
                    format!("take what it needs of `{name}` into a variable before"),
                );
            }
        }
    }
}
