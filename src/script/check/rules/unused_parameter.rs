//! `unused-parameter`: parameters that nothing reads.

use super::{Checked, Report, Rule};
use crate::report::Severity;
use crate::script::check::facts::Kind;

/// The rule.
pub const RULE: Rule = Rule {
    id: "unused-parameter",
    severity: Severity::Medium,
    about: "A parameter that its function does not use",
    why: "Either the function forgets something, or its callers say too much. A name that begins with `_` says that it is meant so.",
    bad: r#"fn least(a, b, c) {
    if a < b { a } else { b }
}

print(least(1, 2, 3));
"#,
    good: r#"fn least(a, b) {
    if a < b { a } else { b }
}

print(least(1, 2));
"#,
    files: &[],
    find,
};

fn find(checked: &Checked, report: &mut Report) {
    for variable in checked.facts.variables.iter().filter(|variable| !variable.read && !variable.name.starts_with('_'))
    {
        let contract = ["run", "check"].contains(&variable.function.as_str());
        let unused = match variable.kind {
            // The contract of a golden path gives it, wanted or not.
            Kind::Parameter => !contract,
            Kind::ClosureParameter => true,
            _ => false,
        };
        if unused {
            report.add(
                variable.position,
                format!("the parameter `{}` is not used", variable.name),
                format!("remove it, or call it `_{}`", variable.name),
            );
        }
    }
}
