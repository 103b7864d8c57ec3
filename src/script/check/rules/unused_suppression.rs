//! `unused-suppression`: reported by `suppress`, which reads the comments.

use super::Rule;
use crate::report::Severity;

/// The rule.
pub const RULE: Rule = Rule {
    id: "unused-suppression",
    severity: Severity::Medium,
    about: "A comment allows something that nothing finds",
    why: "What was mended needs no allowance any more, and the next mistake of the kind would go unseen.",
    bad: r#"// idp-run: allow(unused-variable): it is printed below
let x = 1;
print(x);
"#,
    good: r#"let x = 1;
print(x);
"#,
    files: &[],
    find: super::elsewhere,
};
