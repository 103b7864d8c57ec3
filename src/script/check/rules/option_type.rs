//! `option-type`: values of options.

use super::{Checked, Report, Rule};
use crate::primitives::options::Takes;
use crate::report::Severity;
use crate::script::check::types::Type;

/// The rule.
pub const RULE: Rule = Rule {
    id: "option-type",
    severity: Severity::High,
    about: "An option is given a value of the wrong type",
    why: "The run stops at the call.",
    bad: r#"repo("orders-returns").ensure(#{ description: "Takes goods back", topics: "orders" });
"#,
    good: r#"repo("orders-returns").ensure(#{ description: "Takes goods back", topics: ["orders"] });
"#,
    files: &[],
    find,
};

fn find(checked: &Checked, report: &mut Report) {
    for (call, options, key) in checked.given_options() {
        let Some(option) = options.known.iter().find(|option| option.key == key.name) else { continue };
        let fits = match (option.takes, &key.value.is) {
            (_, Type::Unknown | Type::Unit) => true,
            (Takes::Text, is) => matches!(is, Type::Text | Type::Later),
            (Takes::Flag, is) => *is == Type::Bool,
            (Takes::Count, is) => *is == Type::Int,
            (Takes::Texts | Takes::Maps, is) => *is == Type::List,
            (Takes::TextMap | Takes::Map | Takes::Headers, is) => *is == Type::Map,
            (Takes::Secret, is) => *is == Type::Named("Secret".into()),
            (Takes::Function, is) => *is == Type::Function,
        };
        if !fits {
            let message = format!(
                "the option `{}` of `{}` must be {}, and it is {}",
                key.name,
                call.name,
                option.takes.words(),
                key.value.is.words()
            );
            report.add(key.value.position, message, option.about);
        }
    }
}
