//! `unknown-option`: keys of trailing maps.

use super::{Checked, Report, Rule};
use crate::report::Severity;

/// The rule.
pub const RULE: Rule = Rule {
    id: "unknown-option",
    severity: Severity::High,
    about: "A call has no option of that name",
    why: "The run stops at the call.",
    bad: r#"repo("orders-returns").ensure(#{ descripton: "Takes goods back" });
"#,
    good: r#"repo("orders-returns").ensure(#{ description: "Takes goods back" });
"#,
    files: &[],
    find,
};

fn find(checked: &Checked, report: &mut Report) {
    for (_, options, key) in checked.given_options() {
        if let Some(error) = options.unknown(&key.name) {
            report.add(key.position, error.message(), error.help_text().unwrap_or_default());
        }
    }
}
