//! `unknown-constant`: constants that nobody declares.

use super::{Checked, Report, Rule};
use crate::error::nearest;
use crate::report::Severity;
use crate::script::check::facts::Kind;
use crate::script::check::imports::Imported;

/// The rule.
pub const RULE: Rule = Rule {
    id: "unknown-constant",
    severity: Severity::High,
    about: "`global::NAME` or `module::NAME` is not there",
    why: "The run stops at the name.",
    bad: r#"const LIMIT = 3;
print(LIMIT);

fn least() {
    global::LIMITS
}

print(least());
"#,
    good: r#"const LIMIT = 3;
print(LIMIT);

fn least() {
    global::LIMIT
}

print(least());
"#,
    files: &[],
    find,
};

fn find(checked: &Checked, report: &mut Report) {
    let constants: Vec<&str> = checked
        .facts
        .variables
        .iter()
        .filter(|variable| variable.kind == Kind::Const && variable.function.is_empty())
        .map(|variable| variable.name.as_str())
        .collect();
    for (name, position) in checked.facts.globals.iter().filter(|(name, _)| !constants.contains(&name.as_str())) {
        let help = match nearest(name, constants.iter().copied()) {
            Some(near) => format!("did you mean `global::{near}`?"),
            None => format!("declare it at the top level: `const {name} = ...;`"),
        };
        report.add(*position, format!("there is no constant `{name}` at the top level"), help);
    }
    for (alias, name, position) in &checked.facts.foreign {
        let Some(Imported::Module(module)) = checked.import(alias) else { continue };
        if !module.exports.contains(name) {
            let help = match nearest(name, module.exports.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{alias}::{near}`?"),
                None => "the module must say `export const`".to_string(),
            };
            report.add(*position, format!("`{alias}` exports no `{name}`"), help);
        }
    }
}
