//! `unresolved-import`: modules that are not there.

use super::{Checked, Report, Rule};
use crate::report::Severity;
use crate::script::check::imports::Imported;

/// The rule.
pub const RULE: Rule = Rule {
    id: "unresolved-import",
    severity: Severity::High,
    about: "A module that is imported is not there, or does not compile",
    why: "The run stops before it begins.",
    bad: r#"import "std/namign" as naming;
print(naming::java_segment("a-b"));
"#,
    good: r#"import "std/naming" as naming;
print(naming::java_segment("a-b"));
"#,
    files: &[],
    find,
};

fn find(checked: &Checked, report: &mut Report) {
    for (import, imported) in checked.facts.imports.iter().zip(&checked.imports) {
        if let Imported::Broken(error) = imported {
            report.add(import.position, error.message(), error.help_text().unwrap_or_default());
        }
    }
}
