//! `unknown-field`: fields that are not there.

use super::{Checked, Report, Rule};
use crate::error::nearest;
use crate::report::Severity;
use crate::script::check::types::Type;
use crate::script::habits;

/// The rule.
pub const RULE: Rule = Rule {
    id: "unknown-field",
    severity: Severity::High,
    about: "A value has no field of that name",
    why: "The run stops at the field.",
    bad: r#"let app = repo("orders-stock");
print(app.nmae);
"#,
    good: r#"let app = repo("orders-stock");
print(app.name);
"#,
    files: &[],
    find,
};

fn find(checked: &Checked, report: &mut Report) {
    for field in &checked.facts.fields {
        if matches!(field.on, Type::Unknown | Type::Later | Type::Map | Type::Params | Type::Unit) {
            continue;
        }
        // What fields an object has, its kind says.
        if field.on == Type::of_rhai("Manifest") {
            continue;
        }
        if checked.signatures.field(&field.on, &field.name).is_none() {
            let (fields, methods) = checked.signatures.members(&field.on);
            let habit = habits::of_function(&field.name).filter(|_| fields.contains(&"len"));
            let help = match (habit, nearest(&field.name, fields)) {
                _ if methods.contains(&field.name.as_str()) => format!("it is a function: `.{}()`", field.name),
                (Some(habit), _) => habit.to_string(),
                (None, Some(near)) => format!("did you mean `{near}`?"),
                (None, None) => {
                    nearest(&field.name, methods).map(|near| format!("did you mean `.{near}()`?")).unwrap_or_default()
                }
            };
            report.add(field.position, format!("{} has no field `{}`", field.on.words(), field.name), help);
        }
    }
}
