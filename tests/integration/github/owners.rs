//! What GitHub says of a CODEOWNERS that a run wrote.

use serde_json::json;

use super::stage::{Stage, warnings};
use crate::support::github::{Answer, Fault};

const SCRIPT: &str = r##"
let app = repo("app").ensure(#{ description: "App" });
app.commit("main", "feat: files", tree().write("README.md", "# App\n").write(".github/CODEOWNERS", "* @acme/nobody\n"));
"##;

#[test]
fn errors_that_github_finds_are_warned_of_once() {
    let Some(stage) = Stage::acme() else { return };
    let errors = json!({ "errors": [{
        "line": 1, "column": 3, "source": "* @acme/nobody\n", "kind": "Unknown owner", "path": ".github/CODEOWNERS",
        "suggestion": "make sure the team @acme/nobody exists", "message": "Unknown owner on line 1",
    }] });
    stage.github.proxy.layer(move |request, below| match request.path() {
        "/repos/acme/app/codeowners/errors" => {
            assert_eq!(request.query("ref"), Some("main"));
            Answer::json(200, &errors)
        }
        _ => below(request),
    });
    stage.workspace.write("app.rhai", SCRIPT);
    let said = stage.idp(&["app.rhai", "--output", "json"]);
    assert_eq!(said.counts(), [2, 0, 0], "{said}");
    let said_of_it = (
        ".github/CODEOWNERS:1 of acme/app at main: GitHub says `Unknown owner` of `* @acme/nobody`".to_string(),
        "make sure the team @acme/nobody exists".to_string(),
    );
    assert_eq!(warnings(&said), [said_of_it]);
    stage.github.proxy.taken();
    // What wrote nothing asks nothing.
    let again = stage.idp(&["app.rhai", "--output", "json"]);
    assert_eq!((again.counts(), warnings(&again).len()), ([0, 0, 0], 0), "{again}");
    assert!(!stage.asked().iter().any(|line| line.contains("codeowners")));
    stage.github.proxy.assert_valid();
}

#[test]
fn a_proposal_is_asked_about_by_its_branch_and_nobody_fails_for_want_of_an_answer() {
    let Some(stage) = Stage::acme() else { return };
    let script = r#"repo("orders-stock").propose("Owners", |t| t.write("CODEOWNERS", "* @acme/team-orders\n"));"#;
    stage.workspace.write("own.rhai", script);
    let forbidden = Answer::error(403, "Resource not accessible by personal access token");
    let is_question = |request: &crate::support::github::Request| request.path().ends_with("/codeowners/errors");
    stage.github.proxy.fault_on(1, 1, is_question, Fault::Instead(forbidden));
    let said = stage.idp(&["own.rhai", "--output", "json"]);
    assert_eq!(said.counts(), [1, 0, 0], "{said}");
    let warned = warnings(&said);
    assert!(warned.len() == 1 && warned[0].0.contains("isn't known"), "{said}");
    assert!(stage.asked().iter().any(|line| line.contains("codeowners/errors?ref=own")), "{said}");
    stage.github.proxy.assert_valid();
}
