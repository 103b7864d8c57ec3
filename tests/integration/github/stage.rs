//! The example's workspace with GitHub as its forge.

use std::fs;
use std::path::Path;

use crate::support::forge_state::ForgeState;
use crate::support::github::{ALICE, GitHub, TOKEN};
use crate::support::{Said, Workspace};

/// A service from nothing.
pub const SERVICE: [&str; 5] = ["create-service", "--params", "payments-api.yaml", "--output", "json"];

/// A database for a service that is there.
pub const RESOURCE: [&str; 8] = [
    "create-resource",
    "project=orders",
    "env=dev",
    "type=postgresql",
    "name=shelf",
    "service=stock",
    "--output",
    "json",
];

/// A workspace whose forge is the emulator. The token may be nowhere but in the requests' own header: that is looked at
/// after each command and at the end.
pub struct Stage {
    pub github: GitHub,
    pub workspace: Workspace,
}

impl Stage {
    /// The example organisation on GitHub; nothing, and said by name, where the emulator is missing.
    pub fn acme() -> Option<Stage> {
        let github = GitHub::acme()?;
        let workspace = Workspace::acme();
        point(&workspace, &github.proxy.url());
        Some(Stage { github, workspace })
    }

    /// The same on a GitHub Enterprise Server, whose pages are where `api_url` says.
    pub fn enterprise() -> Option<Stage> {
        let github = GitHub::acme()?;
        let workspace = Workspace::acme();
        point(&workspace, &github.proxy.as_enterprise());
        let file = workspace.path().join("idp.yaml");
        let config = fs::read_to_string(&file).unwrap();
        let elsewhere = " url: https://git.acme.example,";
        assert!(config.contains(elsewhere));
        fs::write(&file, config.replace(elsewhere, "")).unwrap();
        Some(Stage { github, workspace })
    }

    /// The binary with all that it may do, and a token.
    pub fn command(&self, args: &[&str]) -> std::process::Command {
        let mut command = self.workspace.command(args);
        command.env("GITHUB_TOKEN", TOKEN).env("IDP_GRANTS", self.workspace.path().join("grants.yaml"));
        command
    }

    /// Runs it to its end, be it a kill.
    #[track_caller]
    pub fn idp(&self, args: &[&str]) -> Said {
        self.run(&mut self.command(args))
    }

    /// The same as `alice`, the person who approves.
    #[track_caller]
    pub fn alice(&self, args: &[&str]) -> Said {
        self.run(self.command(args).env("GITHUB_TOKEN", ALICE))
    }

    #[track_caller]
    fn run(&self, command: &mut std::process::Command) -> Said {
        let said = self.github.run(command);
        for text in [&said.stdout, &said.stderr] {
            assert!(!holds_token(text.as_bytes()), "the token is in what was said: {said}");
        }
        said
    }

    /// What is in the forge now.
    pub fn state(&self) -> ForgeState {
        ForgeState::of_github(&self.github)
    }

    /// Runs it again after something went wrong: the forge is as ever.
    #[track_caller]
    pub fn recovers(&self, args: &[&str], expected: &ForgeState, when: &str) {
        self.github.proxy.forgive();
        self.idp(args).succeeds(&format!("rerun: {when}"));
        self.state().assert_same(expected, when);
    }

    /// The same, and then nothing is left to do.
    #[track_caller]
    pub fn converges(&self, args: &[&str], expected: &ForgeState, when: &str) {
        self.recovers(args, expected, when);
        self.is_done(args, when);
    }

    /// Runs it once more, which writes nothing.
    #[track_caller]
    pub fn is_done(&self, args: &[&str], when: &str) {
        self.github.proxy.taken();
        let again = self.idp(args).succeeds(&format!("once more: {when}"));
        assert_eq!(again.counts(), [0, 0, 0], "{when}: {again}");
        assert_eq!(self.github.proxy.counts().writes, 0, "{when}: {:#?}", self.asked());
    }

    /// All that was asked since the last look, one line each.
    pub fn asked(&self) -> Vec<String> {
        self.github.proxy.taken().iter().map(ToString::to_string).collect()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        for exchange in self.github.proxy.exchanges() {
            let request = &exchange.request;
            let told = holds_token(&request.body) || holds_token(request.target.as_bytes());
            assert!(!told, "the token is in what was asked: {exchange}");
        }
        // The journal, saved plans, whatever else was left.
        look_for_token(self.workspace.path());
    }
}

fn holds_token(bytes: &[u8]) -> bool {
    [TOKEN, ALICE].iter().any(|token| bytes.windows(token.len()).any(|part| part == token.as_bytes()))
}

fn look_for_token(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            look_for_token(&path);
        } else {
            assert!(!holds_token(&fs::read(&path).unwrap()), "the token is in {}", path.display());
        }
    }
}

/// Makes GitHub, at that URL, the forge of a workspace.
pub fn point(workspace: &Workspace, api_url: &str) {
    let file = workspace.path().join("idp.yaml");
    let config = fs::read_to_string(&file).unwrap();
    let local = "forge: { kind: local, folder: .idp/forge, owner: acme, url: https://git.acme.example }";
    assert!(config.contains(local));
    let github = format!(
        "forge: {{ kind: github, owner: acme, api_url: '{api_url}', url: https://git.acme.example, wait: 2s }}"
    );
    fs::write(&file, config.replace(local, &github)).unwrap();
    workspace.write("grants.yaml", "allow: [{ script: \"**\", change: \"**\", target: \"**\" }]\n");
}

/// The warnings of a run with `--output json`, as their words and their help.
pub fn warnings(said: &Said) -> Vec<(String, String)> {
    let events = said.stdout.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let text = |event: &serde_json::Value, key: &str| event[key].as_str().unwrap_or_default().to_owned();
    events
        .filter(|event| event["type"] == "diagnostic" && event["severity"] == "warning")
        .map(|event| (text(&event, "message"), text(&event, "help")))
        .collect()
}
