//! `duplicate-id`: the same id of a commit or proposal twice.

use super::{Checked, Report, Rule};
use crate::report::Severity;
use crate::script::check::facts::{Call, Inside, VariableId};

/// The rule.
pub const RULE: Rule = Rule {
    id: "duplicate-id",
    severity: Severity::High,
    about: "A run commits or proposes twice to a repository with the same id",
    why: "The id is how a rerun tells what it made. The second commit or proposal with the same id stops the run.",
    bad: r##"let app = repo("orders-returns").ensure(#{ description: "Takes goods back" });
app.commit("main", "feat: start", tree().write("README.md", "# Returns"));
app.commit("main", "docs: runbook", tree().write("RUNBOOK.md", "# Runbook"));
"##,
    good: r##"let app = repo("orders-returns").ensure(#{ description: "Takes goods back" });
app.commit("main", "feat: start", tree().write("README.md", "# Returns"));
app.commit("main", "docs: runbook", tree().write("RUNBOOK.md", "# Runbook"), #{ id: "runbook" });
"##,
    files: &[],
    find,
};

fn find(checked: &Checked, report: &mut Report) {
    let mut seen: Vec<(&Call, String)> = Vec::new();
    for call in &checked.facts.calls {
        let Some(id) = id(call) else { continue };
        let on = call.on.as_ref().and_then(|on| on.variable);
        let depth = |id: VariableId| checked.facts.variables[id].depth;
        let before = seen.iter().find(|(other, other_id)| {
            *other_id == id
                && other.name == call.name
                && other.function == call.function
                && on.is_some()
                && other.on.as_ref().and_then(|on| on.variable) == on
                && (within(&other.inside, &call.inside) || within(&call.inside, &other.inside))
        });
        let help = format!("give each an id of its own: `#{{ id: \"...\" }}` as the last argument of `{}`", call.name);
        if let Some((other, _)) = before {
            let line = other.position.line().unwrap_or(0);
            report.add(call.position, format!("line {line} has a `{}` with the same id, `{id}`", call.name), help);
        } else if on.is_some_and(|on| call.inside.iter().skip(depth(on)).any(|inside| inside.repeats)) {
            // Declared before the loop, it is the same repository each time.
            report.add(call.position, format!("each turn of the loop has the same id, `{id}`"), help);
        }
        seen.push((call, id));
    }
}

/// The id of a commit or proposal, where it can be told.
fn id(call: &Call) -> Option<String> {
    let (options, otherwise) = match (call.name.as_str(), call.arguments.len()) {
        ("commit", 3) => (None, call.arguments[0].text.clone()),
        ("commit", 4) => (Some(&call.arguments[3]), call.arguments[0].text.clone()),
        ("propose", 2) => (None, Some("the run's own".to_string())),
        ("propose", 3) => (Some(&call.arguments[2]), Some("the run's own".to_string())),
        _ => return None,
    };
    let Some(options) = options else { return otherwise };
    let keys = options.keys.as_ref()?;
    if keys.iter().any(|key| key.name == "branch") {
        return None;
    }
    match keys.iter().find(|key| key.name == "id") {
        Some(key) => key.value.text.clone(),
        None => otherwise,
    }
}

/// Whether one place is within the blocks of the other: both are executed, one after the other.
fn within(outer: &[Inside], inner: &[Inside]) -> bool {
    inner.starts_with(outer)
}
