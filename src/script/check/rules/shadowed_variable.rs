//! `shadowed-variable`: two variables of one name.

use super::{Checked, Report, Rule};
use crate::report::Severity;

/// The rule.
pub const RULE: Rule = Rule {
    id: "shadowed-variable",
    severity: Severity::Medium,
    about: "A variable hides another one of the same name",
    why: "Whoever reads or changes the inner one may mean the outer one. A new value made of the old one is no such mistake.",
    bad: r#"let name = "stock";
for name in ["a", "b"] {
    print(name);
}
print(name);
"#,
    good: r#"let name = "stock";
for letter in ["a", "b"] {
    print(letter);
}
print(name);
"#,
    files: &[],
    find,
};

fn find(checked: &Checked, report: &mut Report) {
    for variable in checked.facts.variables.iter().filter(|variable| !variable.name.starts_with('_')) {
        if let Some((hidden, false)) = variable.hides {
            let line = checked.facts.variables[hidden].position.line().unwrap_or(0);
            report.add(
                variable.position,
                format!("`{}` hides the variable of line {line}", variable.name),
                "give one of them another name",
            );
        }
    }
}
