//! `unknown-parameter`: fields of `p`.

use super::{Checked, Report, Rule};
use crate::error::nearest;
use crate::report::Severity;
use crate::script::check::types::Type;

/// The rule.
pub const RULE: Rule = Rule {
    id: "unknown-parameter",
    severity: Severity::High,
    about: "A parameter is used that `params()` does not declare",
    why: "The run stops where the field is read.",
    bad: r#"fn params() {
    #{ project: param("string", "Business domain") }
}

fn run(p) {
    print(p.porject);
}
"#,
    good: r#"fn params() {
    #{ project: param("string", "Business domain") }
}

fn run(p) {
    print(p.project);
}
"#,
    files: &[],
    find,
};

fn find(checked: &Checked, report: &mut Report) {
    let Some(params) = &checked.facts.params else { return };
    for field in checked.facts.fields.iter().filter(|field| field.on == Type::Params) {
        if params.iter().all(|(name, _)| *name != field.name) {
            let help = match nearest(&field.name, params.iter().map(|(name, _)| name.as_str())) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("declare it in params(): `{}: param(\"string\", \"...\")`", field.name),
            };
            report.add(field.position, format!("params() declares no `{}`", field.name), help);
        }
    }
}
