//! `unused-import`: imports that nothing uses.

use super::{Checked, Report, Rule};
use crate::report::Severity;

/// The rule.
pub const RULE: Rule = Rule {
    id: "unused-import",
    severity: Severity::Medium,
    about: "An import that nothing uses",
    why: "It is read and compiled with every run.",
    bad: r#"import "std/naming" as naming;
print("hello");
"#,
    good: r#"import "std/naming" as naming;
print(naming::java_segment("hello"));
"#,
    files: &[],
    find,
};

fn find(checked: &Checked, report: &mut Report) {
    for import in checked.facts.imports.iter().filter(|import| !import.used) {
        report.add(import.position, format!("nothing uses the import `{}`", import.alias), "remove it");
    }
}
