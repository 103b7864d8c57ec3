//! The example's workspace with GitHub as its forge.

use crate::support::github::{GitHub, TOKEN};
use crate::support::{Said, Workspace};

/// A workspace whose forge is the emulator.
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

    /// The binary with all that it may do, and a token.
    pub fn command(&self, args: &[&str]) -> std::process::Command {
        let mut command = self.workspace.command(args);
        command.env("GITHUB_TOKEN", TOKEN).env("IDP_GRANTS", self.workspace.path().join("grants.yaml"));
        command
    }

    pub fn idp(&self, args: &[&str]) -> Said {
        Said::of(&mut self.command(args))
    }

    /// All that was asked since the last look, one line each.
    pub fn asked(&self) -> Vec<String> {
        self.github.proxy.taken().iter().map(ToString::to_string).collect()
    }
}

/// Makes GitHub, at that URL, the forge of a workspace.
pub fn point(workspace: &Workspace, api_url: &str) {
    let file = workspace.path().join("idp.yaml");
    let config = std::fs::read_to_string(&file).unwrap();
    let local = "forge: { kind: local, folder: .idp/forge, owner: acme, url: https://git.acme.example }";
    assert!(config.contains(local));
    let github = format!(
        "forge: {{ kind: github, owner: acme, api_url: '{api_url}', url: https://git.acme.example, wait: 2s }}"
    );
    std::fs::write(&file, config.replace(local, &github)).unwrap();
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
