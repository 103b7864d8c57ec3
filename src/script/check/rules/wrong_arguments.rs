//! `wrong-arguments`: calls that no form of a function takes.

use super::{Checked, Report, Rule};
use crate::primitives::manifest::pod;
use crate::primitives::param::{Kind, unknown_kind};
use crate::report::Severity;
use crate::script::check::facts::Call;
use crate::script::check::imports::Imported;
use crate::script::check::types::{Signatures, Type};
use crate::script::habits;

/// The rule.
pub const RULE: Rule = Rule {
    id: "wrong-arguments",
    severity: Severity::High,
    about: "A function is called with the wrong number or types of arguments",
    why: "Rhai looks for a function with these arguments when it is called: the run stops half-way.",
    bad: r#"print(repo("orders-stock").tree().files());
"#,
    good: r#"print(repo("orders-stock").tree("main").files());
"#,
    files: &[],
    find,
};

fn find(checked: &Checked, report: &mut Report) {
    for call in &checked.facts.calls {
        match &call.namespace {
            Some(alias) => foreign(checked, report, call, alias),
            None if call.variable.is_none() && !Signatures::built_in(&call.name) => {
                own(checked, report, call);
                words(checked, report, call);
            }
            None => {}
        }
    }
}

/// Texts that must be one of some words, and defaults that must be of the type that another call names.
fn words(checked: &Checked, report: &mut Report, call: &Call) {
    let [first, ..] = call.arguments.as_slice() else { return };
    if checked.knows(&call.name) {
        return;
    }
    match (call.name.as_str(), &call.on, first.text.as_deref()) {
        ("param", None, Some(kind)) if Kind::named(kind).is_none() => {
            let error = unknown_kind(kind);
            report.add(first.position, error.message(), error.help_text().unwrap_or_default());
        }
        ("containers", Some(_), Some(role)) if !pod::ROLES.contains(&role) => {
            let error = pod::unknown_role(role);
            report.add(first.position, error.message(), error.help_text().unwrap_or_default());
        }
        ("or_else", Some(on), _) => {
            // A chain of methods begins where its first call does.
            let begins = |one: &&Call| one.name == "param" && one.on.is_none() && one.position == on.position;
            let declared = checked.facts.calls.iter().find(begins).and_then(|one| one.arguments.first());
            let Some(kind) = declared.and_then(|kind| Kind::named(kind.text.as_deref()?)) else { return };
            let fits = match (kind, &first.is) {
                (_, Type::Unknown | Type::Later | Type::Named(_)) => true,
                (Kind::String, is) => *is == Type::Text,
                (Kind::Int, is) => *is == Type::Int,
                (Kind::Float, is) => matches!(is, Type::Int | Type::Float),
                (Kind::Bool, is) => *is == Type::Bool,
                (Kind::List, is) => *is == Type::List,
                (Kind::IntOrString, is) => matches!(is, Type::Text | Type::Int),
            };
            if !fits {
                let message = format!("the default must be {}, and it is {}", kind.words(), first.is.words());
                report.add(first.position, message, format!("the parameter is declared as `{}`", kind.name()));
            }
        }
        _ => {}
    }
}

fn own(checked: &Checked, report: &mut Report, call: &Call) {
    let mut types: Vec<Type> = call.on.iter().map(|on| on.is.clone()).collect();
    types.extend(call.arguments.iter().map(|argument| argument.is.clone()));
    let native = checked.signatures.named(&call.name);
    if native.iter().any(|signature| signature.takes(&types)) {
        return;
    }
    // A function of a script, called as a method, has its value as `this`.
    let scripted: Vec<&Vec<String>> =
        checked.facts.functions.iter().filter(|own| own.name == call.name).map(|own| &own.parameters).collect();
    if scripted.iter().any(|parameters| parameters.len() == call.arguments.len()) {
        return;
    }
    if native.is_empty() && scripted.is_empty() {
        return;
    }
    let with = match types.is_empty() {
        true => "no arguments".to_string(),
        false => types.iter().map(Type::words).collect::<Vec<_>>().join(", "),
    };
    let mut usages = checked.signatures.usages(&call.name, types.first());
    usages.extend(scripted.iter().map(|parameters| format!("`{}({})`", call.name, parameters.join(", "))));
    let habit = habits::of_arguments(&call.name, types.len());
    let help = habit.map_or_else(|| format!("it is called as {}", usages.join(" or ")), str::to_owned);
    report.add(call.position, format!("`{}` can't be called with {with}", call.name), help);
}

fn foreign(checked: &Checked, report: &mut Report, call: &Call, alias: &str) {
    let Some(Imported::Module(module)) = checked.import(alias) else { return };
    let mut forms = module.functions.iter().filter(|(name, _)| *name == call.name).peekable();
    if forms.peek().is_none() || forms.clone().any(|(_, parameters)| parameters.len() == call.arguments.len()) {
        return;
    }
    let usages: Vec<String> =
        forms.map(|(name, parameters)| format!("`{alias}::{name}({})`", parameters.join(", "))).collect();
    let message = format!("`{alias}::{}` can't be called with {} arguments", call.name, call.arguments.len());
    report.add(call.position, message, format!("it is called as {}", usages.join(" or ")));
}
