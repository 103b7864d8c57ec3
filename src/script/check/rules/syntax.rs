//! `syntax`: what the compiler refuses.

use rhai::{ParseErrorType, Position};

use super::Rule;
use super::{reserved_word, undefined_variable};
use crate::library::Script;
use crate::report::Severity;
use crate::script::syntax as compile;

/// The rule.
pub const RULE: Rule = Rule {
    id: "syntax",
    severity: Severity::High,
    about: "A script does not compile",
    why: "It can't be run at all.",
    bad: r#"let x = 1
print(x);
"#,
    good: r#"let x = 1;
print(x);
"#,
    files: &[],
    find: super::elsewhere,
};

/// The rule, the message and the help for a mistake that the compiler found.
pub fn explain(script: &Script, error: &ParseErrorType, at: Position) -> (&'static Rule, String, String) {
    let rule = match error {
        ParseErrorType::Reserved(_) => &reserved_word::RULE,
        ParseErrorType::VariableUndefined(_) => &undefined_variable::RULE,
        _ => &RULE,
    };
    let error = compile::explain(error, &script.text, at);
    (rule, error.message().to_string(), error.help_text().unwrap_or_default().to_string())
}
