//! The README's commands and its script, and the example's commands, run as a reader would run them.

use std::fs;
use std::path::Path;

use crate::workspace::{BINARY, Workspace, git, said};

/// The fenced blocks of a language in a Markdown text.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).filter_map(|rest| rest.split("```").next()).map(str::to_owned).collect()
}

/// A folder that looks like the source tree to what the documents' commands touch.
fn tree() -> Workspace {
    let ws = Workspace::empty();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate::workspace::copy(&root.join("examples"), &ws.path().join("examples"));
    ws
}

/// Runs a document's commands one by one in a shell; `skip` says which ones are not for a test.
fn run(ws: &Workspace, commands: &[String]) {
    for command in commands {
        let command = command
            .replace("cargo run --release --", BINARY)
            .replace("/tmp/payments-api", ws.path().join("clone").to_str().unwrap());
        let command = match command.strip_prefix("idp-run ") {
            Some(rest) if rest.starts_with("-w") => format!("{BINARY} {rest}"),
            Some(rest) => format!("{BINARY} -w examples/acme {rest}"),
            None => command,
        };
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &command]).current_dir(ws.path()).env_remove("IDP_WORKSPACE").env("USER", "alice");
        let said = said(shell);
        assert_eq!(said.code, 0, "{command}\n{said}");
    }
}

fn commands(blocks: &[String]) -> Vec<String> {
    let lines = blocks.iter().flat_map(|block| block.lines());
    lines.map(|line| line.trim_start_matches("$ ").to_string()).filter(|line| !line.is_empty()).collect()
}

#[test]
fn the_readme_keeps_its_word() {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let ws = tree();
    let scripts = blocks(&text, "rhai");
    fs::write(ws.path().join("team-page.rhai"), &scripts[0]).unwrap();
    fs::write(ws.path().join("team-page.test.rhai"), &scripts[1]).unwrap();
    let all = commands(&blocks(&text, "console"));
    let wanted: Vec<String> =
        all.iter().filter(|line| !line.starts_with("alias") && *line != "cargo test").cloned().collect();
    assert_eq!(all.len() - wanted.len(), 2, "the alias and the tests themselves: {all:?}");
    run(&ws, &wanted);
    assert!(ws.path().join("clone/catalog-info.yaml").is_file());
    // What the README shows of the output is what is printed.
    let shown = &blocks(&text, "text")[0];
    let fresh = tree();
    let mut again = std::process::Command::new(BINARY);
    again
        .args(["-w", "examples/acme", "create-service", "--params", "examples/acme/payments-api.yaml"])
        .current_dir(fresh.path());
    let again = said(again);
    for line in shown.lines().filter(|line| !line.trim().is_empty() && line.trim() != "...") {
        assert!(again.stderr.contains(line) || again.stdout.contains(line), "{line}\n{again}");
    }
}

#[test]
fn the_page_about_updates_keeps_its_word() {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/updates.md")).unwrap();
    let ws = tree();
    run(&ws, &commands(&blocks(&text, "console")));
    let forge = ws.path().join("examples/acme/.idp/forge/acme/payments-api.git");
    let readme = git(&forge, &["show", "refs/pull/1/head:README.md"]);
    assert!(readme.contains("Takes payments"), "{readme}");
}

#[test]
fn the_example_tells_a_story_that_runs() {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/acme/README.md")).unwrap();
    let ws = tree();
    let all = commands(&blocks(&text, "console"));
    let wanted: Vec<String> =
        all.into_iter().filter(|line| line.contains("idp-run ") || line.contains("cargo run")).collect();
    assert!(wanted.len() >= 6, "{wanted:?}");
    run(&ws, &wanted);
    let forge = ws.path().join("examples/acme/.idp/forge/acme/platform-gitops.git");
    let set = git(&forge, &["show", "main:argocd/payments.yaml"]);
    assert!(set.contains("component: gateway-api"), "{set}");
}

#[test]
fn the_page_about_plans_runs_in_the_example() {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/plans.md")).unwrap();
    let ws = Workspace::acme();
    let all = commands(&blocks(&text, "console"));
    assert!(all.len() >= 4, "{all:?}");
    for command in all {
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &command.replacen("idp-run", BINARY, 1)]).current_dir(ws.path());
        shell.env_remove("IDP_WORKSPACE").env("USER", "alice");
        let said = said(shell);
        assert_eq!(said.code, 0, "{command}\n{said}");
    }
}
