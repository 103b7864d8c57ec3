//! A workspace in a temporary folder, the binary with a scrubbed environment, and a person with plain git beside it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The binary under test.
pub const BINARY: &str = env!("CARGO_BIN_EXE_idp-run");

/// One protected repository that people review, one contact, one cluster.
pub const IDP_YAML: &str = "\
forge: { kind: local, folder: .idp/forge, owner: acme, url: https://git.acme.example }
clusters: { dev: { kind: snapshot, folder: .idp/clusters/dev } }
contacts: { ops: { kind: file, path: .idp/ops.jsonl } }
environments: { dev: { cluster: dev } }
seeds:
  gitops: { folder: seeds/gitops, protection: { reviews: 1 } }
  app: { folder: seeds/app }
";

/// A folder that goes when the test ends.
pub struct Workspace {
    folder: TempDir,
}

/// What a command said, and how it ended.
pub struct Said {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Workspace {
    /// A workspace with [`IDP_YAML`] and its seeds.
    pub fn new() -> Workspace {
        let workspace = Workspace { folder: TempDir::new().unwrap() };
        workspace.write("idp.yaml", IDP_YAML);
        workspace.write("seeds/gitops/README.md", "# GitOps\n");
        workspace.write("seeds/gitops/list.txt", "one\ntwo\nthree\nfour\nfive\nsix\nseven\n");
        workspace.write("seeds/app/README.md", "# App\n");
        workspace
    }

    /// A copy of `examples/acme` without what runs made of it.
    pub fn acme() -> Workspace {
        let workspace = Workspace { folder: TempDir::new().unwrap() };
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/acme"), workspace.path());
        workspace
    }

    /// An empty folder.
    pub fn empty() -> Workspace {
        Workspace { folder: TempDir::new().unwrap() }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, path: &str, text: &str) -> &Workspace {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// The binary with nothing of this machine's environment, in the workspace's folder.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command.args(args).current_dir(self.path()).env_clear().env("HOME", self.path()).stdin(Stdio::null());
        command
    }

    pub fn idp(&self, args: &[&str]) -> Said {
        said(self.command(args))
    }

    /// Writes a script and runs it; its events are on stdout.
    pub fn script(&self, text: &str) -> Said {
        self.named("script", text, &[])
    }

    /// Writes a script and plans it.
    pub fn plan(&self, text: &str) -> Said {
        self.named("script", text, &["--plan"])
    }

    /// Writes a script of a name, and runs it with arguments behind the name.
    pub fn named(&self, name: &str, text: &str, args: &[&str]) -> Said {
        let file = format!("{name}.rhai");
        self.write(&file, text);
        self.idp(&[&[file.as_str(), "--output", "json"], args].concat())
    }

    /// The folder of a bare repository.
    pub fn bare(&self, repo: &str) -> PathBuf {
        self.path().join(format!(".idp/forge/acme/{repo}.git"))
    }

    /// What git says about a bare repository.
    pub fn git(&self, repo: &str, args: &[&str]) -> String {
        git(&self.bare(repo), args)
    }

    /// A file at the head of a branch, or `None`.
    pub fn file(&self, repo: &str, branch: &str, path: &str) -> Option<String> {
        let output = git_command(&self.bare(repo), &["show", &format!("{branch}:{path}")]).output().unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    }

    /// A person clones, edits in the work tree of a branch, commits and pushes.
    pub fn person(&self, repo: &str, branch: &str, edit: impl FnOnce(&Path)) {
        let clone = TempDir::new().unwrap();
        let at = clone.path();
        git(at, &["clone", "-q", self.bare(repo).to_str().unwrap(), "."]);
        git(at, &["checkout", "-q", branch]);
        edit(at);
        git(at, &["add", "-A"]);
        git(at, &["commit", "-q", "--allow-empty", "-m", "by hand"]);
        git(at, &["push", "-q", "origin", branch]);
    }

    /// Whether the world was made: plans and refusals leave nothing.
    pub fn has_state(&self) -> bool {
        self.path().join(".idp").exists()
    }

    /// Deletes the journal: what is left is what the world says.
    pub fn forget_journal(&self) {
        for name in ["journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm"] {
            let _ = fs::remove_file(self.path().join(".idp").join(name));
        }
    }
}

impl Said {
    /// The events on stdout; every line must be one.
    pub fn events(&self) -> Vec<Value> {
        let event = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}\n{self}"));
        self.stdout.lines().map(event).collect()
    }

    pub fn of_type(&self, kind: &str) -> Vec<Value> {
        self.events().into_iter().filter(|event| event["type"] == kind).collect()
    }

    /// `create update delete unchanged status` of the summary, which must be the last line.
    pub fn summary(&self) -> String {
        let events = self.events();
        let last = events.last().unwrap_or_else(|| panic!("nothing was said\n{self}"));
        assert_eq!(last["type"], "summary", "{self}");
        let number = |name: &str| last[name].as_u64().unwrap_or_else(|| panic!("no {name}\n{self}"));
        let status = last["status"].as_str().unwrap();
        format!(
            "create {} update {} delete {} unchanged {} {status}",
            number("create"),
            number("update"),
            number("delete"),
            number("unchanged")
        )
    }

    /// The code of the error, or nothing.
    pub fn error(&self) -> String {
        let mut errors = self.of_type("diagnostic").into_iter().filter(|event| event["severity"] == "error");
        errors.next().map(|event| event["code"].as_str().unwrap_or_default().to_string()).unwrap_or_default()
    }

    /// `action kind target` of each change.
    pub fn changes(&self) -> Vec<String> {
        let text = |event: &Value, name: &str| event[name].as_str().unwrap().to_string();
        let one =
            |event: &Value| format!("{} {} {}", text(event, "action"), text(event, "kind"), text(event, "target"));
        self.of_type("change").iter().map(one).collect()
    }

    /// What the script printed.
    pub fn prints(&self) -> String {
        let lines = self.of_type("print");
        lines.iter().map(|event| event["text"].as_str().unwrap()).collect::<Vec<_>>().join("\n")
    }

    /// Fails unless the run ended with this code and these numbers.
    #[track_caller]
    pub fn ends(&self, code: i32, summary: &str) -> &Said {
        assert_eq!((self.code, self.summary().as_str()), (code, summary), "{self}");
        self
    }

    /// Fails unless the run ended in this error.
    #[track_caller]
    pub fn fails(&self, code: i32, error: &str) -> &Said {
        assert_eq!((self.code, self.error().as_str()), (code, error), "{self}");
        self.summary();
        self
    }
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exit {}\n--- stdout\n{}--- stderr\n{}", self.code, self.stdout, self.stderr)
    }
}

pub fn said(mut command: Command) -> Said {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Git without anybody's configuration.
pub fn git_command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.args(args).current_dir(folder).stdin(Stdio::null());
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        command.env_remove(name);
    }
    for (name, value) in [
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_AUTHOR_NAME", "Ann"),
        ("GIT_AUTHOR_EMAIL", "ann@acme.example"),
        ("GIT_COMMITTER_NAME", "Ann"),
        ("GIT_COMMITTER_EMAIL", "ann@acme.example"),
    ] {
        command.env(name, value);
    }
    command
}

#[track_caller]
pub fn git(folder: &Path, args: &[&str]) -> String {
    let output = git_command(folder, args).output().unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_string()
}

/// Copies a folder without what runs made of it.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name() == ".idp" {
            continue;
        }
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir_all(&to).unwrap();
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
