//! `edit-without-tree`: an edit that returns something else.

use super::{Checked, Report, Rule};
use crate::report::Severity;
use crate::script::check::types::Type;

/// The rule.
pub const RULE: Rule = Rule {
    id: "edit-without-tree",
    severity: Severity::High,
    about: "The function that edits a tree does not return it",
    why: "`propose` and `commit` take what the function returns for the edited tree. Edits give new trees, so an assignment alone returns nothing.",
    bad: r#"repo("orders-stock").propose("Say hello", |tree| {
    tree = tree.write("hello.md", "Hello");
});
"#,
    good: r#"repo("orders-stock").propose("Say hello", |tree| {
    tree = tree.write("hello.md", "Hello");
    tree
});
"#,
    files: &[],
    find,
};

fn find(checked: &Checked, report: &mut Report) {
    for call in checked.facts.calls.iter().filter(|call| matches!(call.name.as_str(), "propose" | "commit")) {
        for argument in &call.arguments {
            let Some(closure) = argument.closure.map(|number| &checked.facts.closures[number]) else { continue };
            let wrong = match &closure.returns {
                Some(Type::Named(name)) => name != "Tree",
                Some(Type::Unknown | Type::Later) | None => false,
                Some(_) => true,
            };
            if let Some(returns) = closure.returns.as_ref().filter(|_| wrong) {
                let message =
                    format!("the function that `{}` is given returns {}, not a tree", call.name, returns.words());
                report.add(closure.position, message, "end it with the edited tree");
            }
        }
    }
}
