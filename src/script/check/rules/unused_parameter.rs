//! `unused-parameter`: parameters that nothing reads.

use std::collections::BTreeSet;

use super::{Checked, Report, Rule};
use crate::report::Severity;
use crate::script::check::declarations;
use crate::script::check::facts::{Kind, VariableId};

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
    let given = given_to_policies(checked);
    let variables = checked.facts.variables.iter().enumerate();
    for (id, variable) in variables.filter(|(_, variable)| !variable.read && !variable.name.starts_with('_')) {
        let contract = ["run", "check"].contains(&variable.function.as_str());
        let unused = match variable.kind {
            // The contracts of golden paths and policies give it, wanted or not.
            Kind::Parameter => !contract,
            Kind::ClosureParameter => !given.contains(&id),
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

/// The parameters of the functions that policies are declared with.
fn given_to_policies(checked: &Checked) -> BTreeSet<VariableId> {
    let policies = declarations::of(checked);
    let keys = policies.iter().flat_map(|policy| ["check", "check_all", "fix"].map(|key| policy.key(key)));
    let closures = keys.flatten().flat_map(|key| checked.facts.closures_of(&key.value));
    closures.flat_map(|closure| checked.facts.closures[closure].parameters.iter().copied()).collect()
}
