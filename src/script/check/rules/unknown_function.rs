//! `unknown-function`: functions that are not there.

use super::{Checked, Report, Rule};
use crate::error::nearest;
use crate::report::Severity;
use crate::script::check::facts::Call;
use crate::script::check::imports::Imported;
use crate::script::check::types::Signatures;
use crate::script::habits;

/// The rule.
pub const RULE: Rule = Rule {
    id: "unknown-function",
    severity: Severity::High,
    about: "A function is called that is not there",
    why: "Rhai looks functions up when they are called: the run stops half-way.",
    bad: r#"let app = repo("orders-stock");
print(app.exits());
"#,
    good: r#"let app = repo("orders-stock");
print(app.exists());
"#,
    files: &[],
    find,
};

fn find(checked: &Checked, report: &mut Report) {
    for call in &checked.facts.calls {
        if let Some(alias) = &call.namespace {
            foreign(checked, report, call, alias);
            continue;
        }
        let known = !checked.signatures.named(&call.name).is_empty()
            || Signatures::built_in(&call.name)
            || checked.knows(&call.name);
        if known || call.variable.is_some() {
            continue;
        }
        let on = call.on.as_ref().map(|on| &on.is).filter(|is| !is.is_open());
        let methods = on.map(|on| checked.signatures.members(on).1).unwrap_or_default();
        let own = checked.facts.functions.iter().map(|function| function.name.as_str());
        let near = nearest(&call.name, methods).or_else(|| nearest(&call.name, checked.signatures.names().chain(own)));
        let message = match on {
            Some(on) => format!("{} has no function `{}`", on.words(), call.name),
            None => format!("there is no function `{}`", call.name),
        };
        let help = match habits::of_function(&call.name) {
            Some(habit) => habit.to_string(),
            None => near.map(|near| format!("did you mean `{near}`?")).unwrap_or_default(),
        };
        report.add(call.position, message, help);
    }
}

/// A function of an import.
fn foreign(checked: &Checked, report: &mut Report, call: &Call, alias: &str) {
    let Some(imported) = checked.import(alias) else {
        let aliases = checked.facts.imports.iter().map(|import| import.alias.as_str());
        let help = match nearest(alias, aliases) {
            Some(near) => format!("did you mean `{near}::{}`?", call.name),
            None => format!("import it first: `import \"std/...\" as {alias};`"),
        };
        report.add(call.position, format!("nothing is imported as `{alias}`"), help);
        return;
    };
    let Imported::Module(module) = imported else { return };
    if !module.functions.iter().any(|(name, _)| *name == call.name) {
        let names = module.functions.iter().map(|(name, _)| name.as_str());
        let help = match nearest(&call.name, names.clone()) {
            Some(near) => format!("did you mean `{alias}::{near}`?"),
            None => format!("it has {}", names.collect::<Vec<_>>().join(", ")),
        };
        report.add(call.position, format!("`{alias}` has no function `{}`", call.name), help);
    }
}
