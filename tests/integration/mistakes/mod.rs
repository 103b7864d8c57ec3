//! The mistakes that new authors make, one a test: the script, and all that they read on stderr.

mod calls;
mod entry_points;
mod habits;
mod language;

use crate::workspace::Workspace;

/// What people read who plan a script in the example's workspace, which must fail.
fn plan(text: &str) -> String {
    let acme = Workspace::acme();
    acme.write("script.rhai", text);
    let said = acme.idp(&["script.rhai", "--plan"]);
    assert_ne!(said.code, 0, "{said}");
    assert!(!acme.has_state(), "a mistake leaves the world untouched");
    said.stderr
}
