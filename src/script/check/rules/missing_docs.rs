//! `missing-docs`: titles, descriptions, comments.

use rhai::Position;

use super::{Checked, Report, Rule};
use crate::report::Severity;
use crate::script::check::script::Purpose;

/// The rule.
pub const RULE: Rule = Rule {
    id: "missing-docs",
    severity: Severity::Medium,
    about: "A file, a function of a module or a parameter is not described",
    why: "The first line of the header is the title in `idp-run list`; descriptions of parameters are what people are asked with; comments of functions are the reference.",
    bad: r#"fn params() {
    #{ project: param("string", "") }
}

fn run(p) {
    print(p.project);
}
"#,
    good: r#"//! Say a name
//!
//! Prints the name of a project.

fn params() {
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
    if checked.purpose != Purpose::Test && checked.header.trim_start_matches("//!").trim().is_empty() {
        report.add(
            Position::new(1, 0),
            "the file has no title",
            "begin it with `//! What it does`, an empty `//!`, and more words",
        );
    }
    if checked.purpose == Purpose::Module {
        for function in checked.facts.functions.iter().filter(|function| !function.private && !function.documented) {
            let message = format!("the function `{}` is not described", function.name);
            report.add(function.position, message, "put a `///` comment above it, or make it `private`");
        }
    }
    for call in checked.facts.calls.iter().filter(|call| call.on.is_none() && call.name == "param") {
        if let Some(description) =
            call.arguments.get(1).filter(|value| value.text.as_deref().is_some_and(|text| text.trim().is_empty()))
        {
            report.add(
                description.position,
                "the parameter is not described",
                "say what it is: people are asked with these words",
            );
        }
    }
}
