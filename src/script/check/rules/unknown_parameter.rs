//! `unknown-parameter`: fields of `p`.

use rhai::Position;

use super::{Checked, Report, Rule};
use crate::error::nearest;
use crate::report::Severity;
use crate::script::check::declarations;
use crate::script::check::types::Type;
use crate::script::check::views::{Place, Thing, Views};

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
    if let Some(params) = &checked.facts.params {
        for field in checked.facts.fields.iter().filter(|field| field.on == Type::Params) {
            told(params, &field.name, field.position, report);
        }
    }
    of_policies(checked, report);
}

/// Those that functions of policies read, in whatever functions of the script they read them.
fn of_policies(checked: &Checked, report: &mut Report) {
    let policies = declarations::of(checked);
    // What `params()` puts together can't be told.
    let params = match &checked.facts.params {
        Some(params) => params.as_slice(),
        None if !checked.knows("params") => &[],
        None => return,
    };
    let (function, is_known) = (|name: &str| checked.function(name), |_: &Place| true);
    let mut views = Views::new(&function, &is_known);
    for policy in &policies {
        for (key, first) in [("check", Thing::Other), ("fix", Thing::Other), ("check_all", Thing::All)] {
            let Some(key) = policy.key(key) else { continue };
            for closure in checked.facts.closures_of(&key.value) {
                let closure = &checked.facts.closures[closure];
                views.closure(&closure.definition, closure.captures, first.clone());
            }
        }
    }
    views.params.sort_by_key(|(_, position)| (position.line(), position.position()));
    views.params.dedup();
    for (name, position) in &views.params {
        told(params, name, *position, report);
    }
}

fn told(params: &[(String, Type)], name: &str, position: Position, report: &mut Report) {
    if params.iter().any(|(own, _)| own == name) {
        return;
    }
    let help = match nearest(name, params.iter().map(|(name, _)| name.as_str())) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("declare it in params(): `{name}: param(\"string\", \"...\")`"),
    };
    let message = match params.is_empty() {
        true => format!("there is no params() that declares `{name}`"),
        false => format!("params() declares no `{name}`"),
    };
    report.add(position, message, help);
}
