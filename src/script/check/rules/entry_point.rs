//! `entry-point`: `run`, `check`, `identity` and `params` that nobody calls. `diagnose` refuses to run such a script, too.

use super::{Checked, Report, Rule};
use crate::report::Severity;
use crate::script::check::script::Purpose;

/// The rule.
pub const RULE: Rule = Rule {
    id: "entry-point",
    severity: Severity::High,
    about: "`run`, `check`, `identity` or `params` has the wrong number of parameters",
    why: "Only `fn run(p)`, `fn check(p)`, `fn identity(p)`, `fn params()` and, beside it, `fn params(p)` are called. Another function of such a name is left out in silence, unless the script calls it.",
    bad: r#"fn run() {
    print("hello");
}
"#,
    good: r#"fn run(_p) {
    print("hello");
}
"#,
    files: &[],
    find,
};

/// The functions that a run calls, with the parameters that they take.
pub const ENTRY_POINTS: [(&str, &[&str]); 4] =
    [("check", &["p"]), ("identity", &["p"]), ("params", &[]), ("run", &["p"])];

fn find(checked: &Checked, report: &mut Report) {
    if checked.purpose != Purpose::Script {
        return;
    }
    for (name, takes) in ENTRY_POINTS.iter().filter(|(name, takes)| !checked.facts.defines(name, takes.len())) {
        for own in checked.facts.functions.iter().filter(|own| own.name == *name && !own.called) {
            let number = match own.parameters.len() {
                0 => "no parameter".to_string(),
                1 => "a parameter".to_string(),
                many => format!("{many} parameters"),
            };
            let help = match (*name, own.parameters.len()) {
                ("params", _) => "write `fn params()`: what it returns declares the values that a run asks for".into(),
                (_, 0) => format!("write `fn {name}(p)`; where `p` isn't needed, `fn {name}(_p)`"),
                (_, _) => format!("write `fn {name}(p)`: `p` has the values that `params()` declares, `p.name`"),
            };
            report.add(own.position, format!("`{name}` has {number}: a run calls `{name}({})`", takes.join("")), help);
        }
    }
}
