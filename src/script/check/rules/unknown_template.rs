//! `unknown-template`: names of templates.

use super::{Checked, Report, Rule};
use crate::report::Severity;

/// The rule.
pub const RULE: Rule = Rule {
    id: "unknown-template",
    severity: Severity::High,
    about: "There is no template of that name",
    why: "The run stops at the call.",
    bad: r#"print(template("helo-world", #{}).files());
"#,
    good: r#"print(template("hello-world", #{}).files());
"#,
    files: &[
        ("templates/hello-world/template.yaml", "title: Hello\nvalues: {}\n"),
        ("templates/hello-world/skeleton/hello.md", "Hello\n"),
    ],
    find,
};

fn find(checked: &Checked, report: &mut Report) {
    for call in checked.facts.calls.iter().filter(|call| call.on.is_none() && call.name == "template") {
        let Some(name) = call.arguments.first().filter(|name| name.text.is_some()) else { continue };
        if let Err(error) = checked.library.template(name.text.as_deref().unwrap_or_default()) {
            report.add(name.position, error.message(), error.help_text().unwrap_or_default());
        }
    }
}
