//! `return-in-closure`: a `return` that leaves less than it seems to.

use super::{Checked, Report, Rule};
use crate::report::Severity;

/// The rule.
pub const RULE: Rule = Rule {
    id: "return-in-closure",
    severity: Severity::Medium,
    about: "`return` with a value leaves only the function given to `step`",
    why: "A `return` leaves the innermost function. The value that it hands back is what `step` returns, and nobody keeps that.",
    bad: r#"fn run(p) {
    step("Look", || {
        if repo("orders-stock").exists() {
            return "it is there";
        }
        print("not there");
    });
    print("this is printed in either case");
}
"#,
    good: r#"fn run(p) {
    let found = step("Look", || repo("orders-stock").exists());
    if found {
        return "it is there";
    }
    print("not there");
}
"#,
    files: &[],
    find,
};

fn find(checked: &Checked, report: &mut Report) {
    for call in checked.facts.calls.iter().filter(|call| call.name == "step" && call.on.is_none() && !call.used) {
        for argument in &call.arguments {
            let closure = argument.closure.map(|number| &checked.facts.closures[number]);
            for position in closure.into_iter().flat_map(|closure| &closure.returning) {
                report.add(
                    *position,
                    "`return` leaves the step only, and nobody keeps what it hands back",
                    "keep what `step` returns, and decide by it after the step",
                );
            }
        }
    }
}
