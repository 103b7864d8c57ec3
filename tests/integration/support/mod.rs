//! What the fault tests share: workspaces in temporary folders, the binary with a scrubbed environment, the world as
//! it can be compared.

pub mod api_server;
pub mod forge_state;
pub mod github;
pub mod server;
pub mod terminal;
pub mod world;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

use tempfile::TempDir;

pub use crate::workspace::{git, git_command};
pub use world::World;

/// The binary under test.
pub const BINARY: &str = env!("CARGO_BIN_EXE_idp-run");

/// A workspace in a folder of its own, gone when it is dropped.
pub struct Workspace {
    folder: TempDir,
}

impl Workspace {
    /// A workspace of these files.
    pub fn of(files: &[(&str, &str)]) -> Workspace {
        let workspace = Workspace { folder: TempDir::new().unwrap() };
        for (path, text) in files {
            workspace.write(path, text);
        }
        workspace
    }

    /// A copy of `examples/acme` as people clone it.
    pub fn acme() -> Workspace {
        let workspace = Workspace { folder: TempDir::new().unwrap() };
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/acme"), workspace.path());
        // What somebody's runs made of the example stays behind.
        let _ = fs::remove_dir_all(workspace.path().join(".idp"));
        workspace
    }

    /// The same files again, in another folder.
    pub fn copy(&self) -> Workspace {
        let workspace = Workspace { folder: TempDir::new().unwrap() };
        copy(self.path(), workspace.path());
        workspace
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The folder of a bare repository of the embedded forge.
    pub fn bare(&self, repo: &str) -> PathBuf {
        self.path().join(format!(".idp/forge/acme/{repo}.git"))
    }

    /// The folders of all of them.
    pub fn repositories(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for owner in fs::read_dir(self.path().join(".idp/forge")).into_iter().flatten().flatten() {
            for repo in fs::read_dir(owner.path()).into_iter().flatten().flatten() {
                if repo.path().extension().is_some_and(|ext| ext == "git") {
                    found.push(repo.path());
                }
            }
        }
        found.sort();
        found
    }

    /// The binary with nothing of this machine's environment.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command.args(args).current_dir(self.path()).env_clear().env("HOME", self.path()).stdin(Stdio::null());
        command
    }

    /// Runs it to its end.
    pub fn idp(&self, args: &[&str]) -> Said {
        Said::of(&mut self.command(args))
    }

    /// Forgets the journal, as a person may at any time.
    pub fn forget_journal(&self) {
        for name in ["journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm"] {
            let _ = fs::remove_file(self.path().join(".idp").join(name));
        }
    }

    /// Fails unless git finds every repository whole.
    #[track_caller]
    pub fn fsck(&self, when: &str) {
        for repo in self.repositories() {
            let said = Said::of(&mut git_command(&repo, &["fsck", "--full", "--strict", "--no-dangling"]));
            assert!(said.status.success() && said.stderr.is_empty(), "{when}: git fsck {}: {said}", repo.display());
        }
    }
}

/// What a command said, and how it ended.
pub struct Said {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Said {
    pub fn of(command: &mut Command) -> Said {
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Said { status: output.status, stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    #[track_caller]
    pub fn succeeds(self, when: &str) -> Said {
        assert!(self.status.success(), "{when}: {self}");
        self
    }

    /// The summary of a run with `--output json`: created, updated, deleted.
    #[track_caller]
    pub fn counts(&self) -> [u64; 3] {
        let last: Value =
            self.stdout.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
        assert_eq!(last["type"], "summary", "{self}");
        ["create", "update", "delete"].map(|name| last[name].as_u64().unwrap())
    }
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\n--- stdout\n{}--- stderr\n{}", self.status, self.stdout, self.stderr)
    }
}

/// Whether the binary ships a script of that name.
pub fn ships(script: &str) -> bool {
    static LISTED: OnceLock<String> = OnceLock::new();
    let listed = LISTED.get_or_init(|| Workspace::of(&[]).idp(&["list"]).stdout);
    listed.split_whitespace().any(|word| word == script)
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir_all(&to).unwrap();
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
