//! `discarded-edit`: `tree.write(...)` as a statement.

use super::{Checked, Report, Rule};
use crate::report::Severity;
use crate::script::check::types::Type;

/// The rule.
pub const RULE: Rule = Rule {
    id: "discarded-edit",
    severity: Severity::High,
    about: "An edit gives a new tree or manifest, and nobody keeps it",
    why: "Trees, manifests and parameters never change: what edits them gives a new one, and the old one stays as it was.",
    bad: r##"let files = tree();
files.write("README.md", "# Hello");
print(files.files());
"##,
    good: r##"let files = tree();
files = files.write("README.md", "# Hello");
print(files.files());
"##,
    files: &[],
    find,
};

fn find(checked: &Checked, report: &mut Report) {
    for call in checked.facts.calls.iter().filter(|call| !call.used) {
        let Some(on) = &call.on else { continue };
        let (Type::Named(of), Type::Named(gives)) = (&on.is, &call.returns) else { continue };
        let edits = matches!(
            (of.as_str(), gives.as_str()),
            ("Tree" | "AppSet", "Tree") | ("Manifest", "Manifest") | ("Param", "Param")
        );
        if edits {
            let message = format!(
                "what `{}` gives is lost: it is a new {gives}, and `{}` stays as it is",
                call.name,
                checked.name_of(on)
            );
            let name = on.variable.map(|id| checked.facts.variables[id].name.as_str()).filter(|_| of == gives);
            report.add(
                call.position,
                message,
                match name {
                    Some(name) => format!("keep it: `{name} = {name}.{}(...)`", call.name),
                    None => "keep it in a variable".to_string(),
                },
            );
        }
    }
}
