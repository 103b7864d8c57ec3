//! GitHub for tests: its own description of its API, and what stands in for it on this machine, the emulator behind a
//! proxy that checks, counts and fails.

pub mod description;
pub mod emulator;
pub mod enterprise;
pub mod failures;
pub mod flight;
pub mod gaps;
pub mod graphql;
pub mod http;
pub mod proxy;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};

pub use emulator::{ALICE, TOKEN};
pub use http::{Answer, Request};
pub use proxy::{Counts, Fault, Proxy};

use super::Said;
use emulator::Emulator;
use gaps::Memory;

/// GitHub with the organisation `acme`: ask it at `proxy.url()`.
pub struct GitHub {
    pub proxy: Proxy,
    memory: Arc<Memory>,
    _emulator: Emulator,
}

impl GitHub {
    /// An organisation without repositories; nothing, and said by name, where node or the emulator is missing.
    pub fn start() -> Option<GitHub> {
        let proxy = Proxy::new();
        let emulator = Emulator::start(&proxy.url())?;
        proxy.forward_to(emulator.address);
        let memory = gaps::add(&proxy);
        Some(GitHub { proxy, memory, _emulator: emulator })
    }

    /// An organisation with the repositories that `examples/acme` starts with, and the teams that it names.
    pub fn acme() -> Option<GitHub> {
        let github = GitHub::start()?;
        for team in ["platform-team", "team-orders", "team-payments"] {
            github.made("POST", "/orgs/acme/teams", json!({ "name": team, "privacy": "closed" }));
        }
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/acme");
        for (name, description) in [
            ("platform-gitops", "What Argo CD and Crossplane offer, and who may use it"),
            ("orders-gitops", "What runs for the project orders, and where"),
            ("orders-checkout", "Takes an order from basket to payment"),
            ("orders-stock", "Knows what is in which warehouse"),
        ] {
            github.repository(name, json!({ "description": description, "visibility": "internal" }));
            github.seed(name, &folder.join("seeds").join(name));
            let protection = json!({
                "required_status_checks": null, "enforce_admins": null, "restrictions": null,
                "required_pull_request_reviews": { "required_approving_review_count": 1 },
            });
            github.made("PUT", &format!("/repos/acme/{name}/branches/main/protection"), protection);
        }
        Some(github)
    }

    /// From now on a second pull request of a branch is opened like the first: for tests that count them.
    pub fn accept_duplicates(&self) {
        self.memory.accepts_duplicates.store(true, Ordering::SeqCst);
    }

    /// A repository of the organisation with settings as PATCH takes them; it has a first commit.
    pub fn repository(&self, name: &str, settings: Value) {
        self.made("POST", "/orgs/acme/repos", json!({ "name": name, "auto_init": true }));
        self.made("PATCH", &format!("/repos/acme/{name}"), settings);
    }

    /// The files of a folder in place of all that `main` has, as its only commit.
    pub fn seed(&self, repo: &str, folder: &Path) {
        let mut files = Vec::new();
        walk(folder, folder, &mut files);
        let tree: Vec<Value> = files
            .iter()
            .map(|(path, file)| {
                let executable = fs::metadata(file).unwrap().permissions().mode() & 0o100 != 0;
                let mode = if executable { "100755" } else { "100644" };
                json!({ "path": path, "mode": mode, "type": "blob", "content": fs::read_to_string(file).unwrap() })
            })
            .collect();
        self.replace(repo, "main", "Seed\n", &tree, &[]);
    }

    /// What somebody else pushes to a branch: these files, on top of what is there. The new head.
    pub fn push(&self, repo: &str, branch: &str, message: &str, files: &[(&str, &str)]) -> String {
        let head = self.head(repo, branch);
        let commit = self.read(&format!("/repos/acme/{repo}/git/commits/{head}"));
        let file =
            |(path, text): &(&str, &str)| json!({ "path": path, "mode": "100644", "type": "blob", "content": text });
        let files: Vec<Value> = files.iter().map(file).collect();
        let body = json!({ "base_tree": commit["tree"]["sha"], "tree": files });
        let tree = self.made("POST", &format!("/repos/acme/{repo}/git/trees"), body);
        self.commit(repo, branch, message, &tree, &[head])
    }

    fn replace(&self, repo: &str, branch: &str, message: &str, tree: &[Value], parents: &[String]) -> String {
        let tree = self.made("POST", &format!("/repos/acme/{repo}/git/trees"), json!({ "tree": tree }));
        self.commit(repo, branch, message, &tree, parents)
    }

    fn commit(&self, repo: &str, branch: &str, message: &str, tree: &Value, parents: &[String]) -> String {
        let body = json!({ "message": message, "tree": tree["sha"], "parents": parents });
        let commit = self.made("POST", &format!("/repos/acme/{repo}/git/commits"), body);
        let body = json!({ "sha": commit["sha"], "force": parents.is_empty() });
        self.made("PATCH", &format!("/repos/acme/{repo}/git/refs/heads/{branch}"), body);
        commit["sha"].as_str().unwrap().to_owned()
    }

    /// Runs a command that talks to this GitHub to its end, be it a kill that is due at one of its requests.
    pub fn run(&self, command: &mut Command) -> Said {
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        self.proxy.client(child.id());
        let output = child.wait_with_output().unwrap();
        // Its number may soon be another's.
        self.proxy.client(0);
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Said { status: output.status, stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// The commit at a branch's head.
    #[track_caller]
    pub fn head(&self, repo: &str, branch: &str) -> String {
        let found = self.read(&format!("/repos/acme/{repo}/git/ref/heads/{branch}"));
        found["object"]["sha"].as_str().unwrap().to_owned()
    }

    /// The answer to a GET, which must succeed. Past checks, records and faults.
    #[track_caller]
    pub fn read(&self, target: &str) -> Value {
        self.made("GET", target, Value::Null)
    }

    /// The answer to a request of a person, which must succeed. Past checks, records and faults.
    #[track_caller]
    pub fn made(&self, method: &str, target: &str, body: Value) -> Value {
        let answer = self.proxy.ask(method, target, body);
        assert!(answer.status < 300, "{method} {target}: {} {}", answer.status, answer.value());
        answer.value()
    }

    /// All pages of a list.
    #[track_caller]
    pub fn list(&self, target: &str) -> Vec<Value> {
        let sign = if target.contains('?') { '&' } else { '?' };
        let mut all = Vec::new();
        for page in 1.. {
            let found = self.read(&format!("{target}{sign}per_page=100&page={page}"));
            let found = found.as_array().unwrap();
            all.extend_from_slice(found);
            if found.len() < 100 {
                break;
            }
        }
        all
    }
}

/// The files below a folder with their paths from it, in order.
fn walk(root: &Path, folder: &Path, found: &mut Vec<(String, PathBuf)>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            walk(root, &path, found);
        } else {
            found.push((path.strip_prefix(root).unwrap().display().to_string(), path));
        }
    }
}
