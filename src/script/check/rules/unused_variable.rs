//! `unused-variable`: values that nobody reads.

use super::{Checked, Report, Rule};
use crate::report::Severity;
use crate::script::check::facts::Kind;

/// The rule.
pub const RULE: Rule = Rule {
    id: "unused-variable",
    severity: Severity::Medium,
    about: "A variable whose value nobody reads",
    why: "Often the sign of a typing error in the place where it should be read.",
    bad: r#"let service = "stock";
let team = "orders";
print(service);
"#,
    good: r#"let service = "stock";
let team = "orders";
print(`${service} of ${team}`);
"#,
    files: &[],
    find,
};

fn find(checked: &Checked, report: &mut Report) {
    for variable in checked
        .facts
        .variables
        .iter()
        .filter(|variable| !variable.read && !variable.exported && !variable.name.starts_with('_'))
    {
        let help = match variable.kind {
            Kind::Let | Kind::Const => "remove it; a call may stand alone",
            Kind::Counter => "leave it out: `for item in items`",
            Kind::Caught => "leave it out: `catch { ... }`",
            _ => continue,
        };
        report.add(variable.position, format!("nobody reads `{}`", variable.name), help);
    }
}
