//! `bad-suppression`: reported by `suppress`, which reads the comments.

use super::Rule;
use crate::report::Severity;

/// The rule.
pub const RULE: Rule = Rule {
    id: "bad-suppression",
    severity: Severity::High,
    about: "A comment that is to allow something has no reason, or names no rule",
    why: "A finding that is allowed without a word teaches nobody, and a misspelt rule allows nothing.",
    bad: r#"// idp-run: allow(unused-variable)
let x = 1;
"#,
    good: r#"// idp-run: allow(unused-variable): shows how a value is named
let x = 1;
"#,
    files: &[],
    find: super::elsewhere,
};
