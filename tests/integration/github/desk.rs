//! A person at a terminal in front of GitHub: they see the plan, and their yes is the grant for it, and for nothing else.

use std::process::Command;

use super::stage::Stage;
use crate::support::terminal::Terminal;

const SERVICE: [&str; 3] = ["create-service", "--params", "payments-api.yaml"];

impl Stage {
    /// The binary as a person starts it: with a token, and no grants.
    fn at_desk(&self, args: &[&str]) -> Command {
        let mut command = self.command(args);
        command.env_remove("IDP_GRANTS");
        command
    }

    fn writes(&self) -> Vec<String> {
        self.asked().into_iter().filter(|line| !line.starts_with("GET ") && !line.contains("/graphql")).collect()
    }
}

#[test]
fn a_yes_makes_what_was_shown_and_no_change_needs_none() {
    let Some(stage) = Stage::acme() else { return };
    let mut terminal = Terminal::start(stage.at_desk(&SERVICE));
    terminal.shows(" changes in acme?");
    assert_eq!(stage.writes(), [""; 0]);
    terminal.types("y\r");
    let said = terminal.ends();
    assert!(said.status.success(), "{said}");
    assert!(said.stdout.contains(" to create, 0 to change, 0 to delete."), "{said}");
    assert!(said.stdout.contains(" created, 0 changed, 0 deleted."), "{said}");
    stage.asked();
    let mut again = Terminal::start(stage.at_desk(&SERVICE));
    again.shows("No changes.");
    let said = again.ends();
    assert!(said.status.success(), "{said}");
    assert_eq!(said.stdout.matches("No changes.").count(), 1, "{said}");
    assert_eq!(stage.writes(), [""; 0]);
    let said = stage.idp(&["runs", "list"]);
    assert!(said.stdout.contains("applied"), "{said}");
    stage.github.proxy.assert_valid();
}

#[test]
fn a_no_makes_nothing() {
    let Some(stage) = Stage::acme() else { return };
    let mut terminal = Terminal::start(stage.at_desk(&SERVICE));
    terminal.shows(" changes in acme?");
    terminal.types("n\r");
    let said = terminal.ends();
    assert_eq!(said.status.code(), Some(130), "{said}");
    assert!(said.stdout.contains("Cancelled before any change."), "{said}");
    assert_eq!(stage.writes(), [""; 0]);
}

#[test]
fn what_moved_behind_the_question_is_refused_by_name() {
    let Some(stage) = Stage::acme() else { return };
    let mut terminal = Terminal::start(stage.at_desk(&SERVICE));
    terminal.shows(" changes in acme?");
    stage.github.repository("payments-api", serde_json::json!({ "visibility": "internal" }));
    stage.asked();
    terminal.types("y\r");
    let said = terminal.ends();
    assert_eq!(said.status.code(), Some(1), "{said}");
    assert!(said.stdout.contains("idp::plan::moved"), "{said}");
    assert!(said.stdout.contains("acme/payments-api"), "{said}");
    assert!(said.stdout.contains("run the same command again"), "{said}");
    assert_eq!(stage.writes(), [""; 0]);
}

#[test]
fn a_yes_beforehand_is_one_at_a_terminal_alone() {
    let Some(stage) = Stage::acme() else { return };
    let args = [&SERVICE[..], &["--yes"]].concat();
    let said = crate::support::Said::of(&mut stage.at_desk(&args));
    assert_eq!(said.status.code(), Some(4), "{said}");
    assert!(said.stderr.contains("idp::permission") && said.stderr.contains("IDP_GRANTS"), "{said}");
    let mut ci = stage.at_desk(&args);
    ci.env("CI", "true");
    assert_eq!(Terminal::start(ci).ends().status.code(), Some(4));
    assert_eq!(stage.writes(), [""; 0]);
    let said = Terminal::start(stage.at_desk(&args)).ends();
    assert!(said.status.success() && said.stdout.contains(" created, 0 changed, 0 deleted."), "{said}");
}

#[test]
fn a_saved_plan_and_an_undo_are_asked_about_too() {
    let Some(stage) = Stage::acme() else { return };
    let plan = [&SERVICE[..], &["--plan", "--out", "plan.json"]].concat();
    let said = Terminal::start(stage.at_desk(&plan)).ends();
    assert!(said.status.success(), "{said}");
    let mut terminal = Terminal::start(stage.at_desk(&["apply", "plan.json"]));
    terminal.shows(" changes in acme?");
    terminal.types("y\r");
    let said = terminal.ends();
    assert!(said.status.success() && said.stdout.contains(" created, 0 changed, 0 deleted."), "{said}");
    assert_eq!(said.stdout.matches("Plan of create-service").count(), 1, "{said}");
    stage.asked();
    let mut terminal = Terminal::start(stage.at_desk(&["runs", "undo", "create-service"]));
    terminal.shows(" changes in acme?");
    assert_eq!(stage.writes(), [""; 0]);
    terminal.types("y\r");
    let said = terminal.ends();
    assert!(said.status.success() && said.stdout.contains("Done: "), "{said}");
    assert!(!stage.writes().is_empty());
}
