//! `undefined-variable`: found when the script is compiled.

use super::Rule;
use crate::report::Severity;

/// The rule.
pub const RULE: Rule = Rule {
    id: "undefined-variable",
    severity: Severity::High,
    about: "A variable is used that is not there",
    why: "Such a script doesn't compile. Functions see their parameters and their own variables only; constants of the top level are `global::NAME` in them.",
    bad: r#"const LIMIT = 3;

fn least() {
    LIMIT
}

print(least());
"#,
    good: r#"const LIMIT = 3;

fn least() {
    global::LIMIT
}

print(least());
"#,
    files: &[],
    find: super::elsewhere,
};
