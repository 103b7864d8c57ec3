//! `reserved-word`: found when the script is compiled.

use super::Rule;
use crate::report::Severity;

/// The rule.
pub const RULE: Rule = Rule {
    id: "reserved-word",
    severity: Severity::High,
    about: "A name is a word that Rhai keeps for itself",
    why: "Such a script doesn't compile. As the key of a map the word may stand in quotes.",
    bad: r#"let x = #{ package: "com.acme" };
print(x);
"#,
    good: r#"let x = #{ "package": "com.acme" };
print(x);
"#,
    files: &[],
    find: super::elsewhere,
};
