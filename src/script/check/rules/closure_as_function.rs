//! `closure-as-function`: `f(x)` where `f` is a variable.

use super::{Checked, Report, Rule};
use crate::report::Severity;

/// The rule.
pub const RULE: Rule = Rule {
    id: "closure-as-function",
    severity: Severity::High,
    about: "A function in a variable is called as if it had that name",
    why: "Only functions that `fn` defines are called by their names. What a variable holds is called with `call`.",
    bad: r#"let greet = |name| `Hello ${name}`;
print(greet("world"));
"#,
    good: r#"let greet = |name| `Hello ${name}`;
print(greet.call("world"));
"#,
    files: &[],
    find,
};

fn find(checked: &Checked, report: &mut Report) {
    for call in checked.facts.calls.iter().filter(|call| call.variable.is_some()) {
        if checked.signatures.named(&call.name).is_empty() && !checked.knows(&call.name) {
            let message = format!("`{}` is a variable, not a function", call.name);
            let rest = if call.arguments.is_empty() { "" } else { "..." };
            report.add(call.position, message, format!("call what it holds: `{}.call({rest})`", call.name));
        }
    }
}
