//! `interpolation-in-quotes`: `${name}` where it means nothing.

use super::{Checked, Report, Rule};
use crate::report::Severity;

/// The rule.
pub const RULE: Rule = Rule {
    id: "interpolation-in-quotes",
    severity: Severity::Medium,
    about: "A text in double quotes holds `${name}`",
    why: "Only texts in backticks replace `${name}` by its value; in double quotes it stays as it is.",
    bad: r#"let name = "stock";
print("The service is ${name}");
"#,
    good: r#"let name = "stock";
print(`The service is ${name}`);
"#,
    files: &[],
    find,
};

fn find(checked: &Checked, report: &mut Report) {
    for (name, position) in &checked.facts.uninterpolated {
        report.add(
            *position,
            format!("`${{{name}}}` stays as it is in double quotes"),
            "put the text in backticks: `...`",
        );
    }
}
