//! `import-cycle`: imports that go round.

use super::{Checked, Report, Rule};
use crate::report::Severity;
use crate::script::check::imports::Imported;

/// The rule.
pub const RULE: Rule = Rule {
    id: "import-cycle",
    severity: Severity::High,
    about: "A module imports itself by way of others",
    why: "A run stops when it comes round to a module that it is still reading.",
    bad: r#"import "lib/orders" as orders;
orders::start();
"#,
    good: r#"import "lib/words" as words;
words::start();
"#,
    files: &[
        (
            "lib/orders.rhai",
            "//! Orders\n\nimport \"lib/stock\" as stock;\n\n/// Starts.\nfn start() {\n    stock::start()\n}\n",
        ),
        (
            "lib/stock.rhai",
            "//! Stock\n\nimport \"lib/orders\" as orders;\n\n/// Starts.\nfn start() {\n    orders::start()\n}\n",
        ),
        ("lib/words.rhai", "//! Words\n\n/// Starts.\nfn start() {\n    1\n}\n"),
    ],
    find,
};

fn find(checked: &Checked, report: &mut Report) {
    for (import, imported) in checked.facts.imports.iter().zip(&checked.imports) {
        if let Imported::Module(module) = imported
            && let Some(cycle) = &module.cycle
        {
            let message = format!("the import goes round in a circle: {}", cycle.join(" → "));
            report.add(import.position, message, "move what both need into a third module");
        }
    }
}
