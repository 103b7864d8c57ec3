//! The emulator of GitHub, a process of node (see tests/github/EMULATOR.md): found, started, seeded, ended with the test.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::{Value, json};
use tempfile::TempDir;

/// The token of `robot`, an owner of the organisation: what the binary gets as GITHUB_TOKEN.
pub const TOKEN: &str = "ghp_robotrobotrobotrobotrobotrobotrobot";

/// The token of `alice`, a member: the person who approves.
pub const ALICE: &str = "ghp_alicealicealicealicealicealicealice";

/// The App that is installed for the organisation.
pub const APP: u64 = 4711;

/// The key of that App, of no use anywhere else.
pub const APP_KEY: &str = include_str!("../../../github/app.pem");

/// A running emulator; dropping it ends it.
pub struct Emulator {
    node: Child,
    pub address: SocketAddr,
    _seed: TempDir,
}

impl Emulator {
    /// Starts one whose answers name this URL; nothing, and said by name, where node or the package is missing.
    pub fn start(url: &str) -> Option<Emulator> {
        let program = program()?;
        let folder = TempDir::new().unwrap();
        let seed = folder.path().join("seed.json");
        std::fs::write(&seed, seeds().to_string()).unwrap();
        let preload = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/github/on-loopback.mjs");
        let mut node = Command::new("node")
            .arg("--import")
            .arg(preload)
            .arg(program)
            .args(["start", "--service", "github", "--base-url", url, "--seed"])
            .arg(&seed)
            .current_dir(folder.path())
            .env("NO_COLOR", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(node.stdout.take().unwrap());
        let port = loop {
            let mut line = String::new();
            assert!(said.read_line(&mut line).unwrap() > 0, "the emulator ended: {:?}", node.wait());
            if let Some(port) = line.trim().strip_prefix("listening on ") {
                break port.parse().unwrap();
            }
        };
        // Nobody reads what it says later; it must not stand still for that.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Some(Emulator { node, address: SocketAddr::from(([127, 0, 0, 1], port)), _seed: folder })
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.node.kill();
        let _ = self.node.wait();
    }
}

/// The program, unless it is missing. In CI that is a failure: `.ci/run` installs it.
fn program() -> Option<&'static PathBuf> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let installed = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../emulate/node_modules");
        let packages = std::env::var_os("IDP_TEST_EMULATE").map_or(installed, PathBuf::from);
        let program = packages.join("emulate/dist/index.js");
        let node = Command::new("node").arg("--version").output().is_ok_and(|said| said.status.success());
        (node && program.is_file()).then_some(program)
    });
    if found.is_none() {
        let name = std::thread::current().name().unwrap_or_default().to_owned();
        println!(
            "skipped: {name}: there is no node or no npm package emulate; .ci/run installs it, or IDP_TEST_EMULATE names node_modules"
        );
    }
    found.as_ref()
}

fn seeds() -> Value {
    let permissions = json!({
        "contents": "write", "pull_requests": "write", "administration": "write", "checks": "write", "issues": "write",
        "metadata": "read", "statuses": "write", "repository_hooks": "write",
    });
    json!({
        "tokens": {
            TOKEN: { "login": "robot", "scopes": ["repo", "admin:org", "admin:repo_hook"] },
            ALICE: { "login": "alice", "scopes": ["repo"] },
        },
        "github": {
            "users": [
                { "login": "robot", "name": "Robot", "email": "robot@acme.example" },
                { "login": "alice", "name": "Alice", "email": "alice@acme.example" },
            ],
            "orgs": [{ "login": "acme", "name": "Acme", "members": [
                { "login": "robot", "role": "admin" }, { "login": "alice", "role": "admin" },
            ] }],
            "apps": [{
                "app_id": APP, "slug": "idp-run", "name": "idp-run", "private_key": APP_KEY,
                "permissions": permissions, "events": [],
                "installations": [{ "installation_id": 100, "account": "acme", "repository_selection": "all" }],
            }],
        },
    })
}
