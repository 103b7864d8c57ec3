//! The embedded forge, cross-checked with git itself. Here: a forge in a temporary folder, and the changes it takes.

mod commits;
mod pulls;
mod refs;
mod rules;
mod settings;
mod statuses;
mod templates;

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use super::*;
use crate::world::change::{BranchCommit, FileChange, PullRequestText};
use crate::world::forge::{MergeMethod, Settings};

/// Drives a future of the forge, which never really waits.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn actor(name: &str) -> Actor {
    Actor { name: name.into(), time: 1_700_000_000 }
}

fn file(path: &str, text: &str) -> FileChange {
    FileChange { path: path.into(), before: None, after: Some(File::text(text)) }
}

fn gone(path: &str) -> FileChange {
    FileChange { path: path.into(), before: None, after: None }
}

/// A forge with the repository `acme/app`, whose branch `main` has a commit.
struct Stage {
    folder: TempDir,
    forge: GitForge,
    repo: RepoId,
}

impl Stage {
    fn new() -> Stage {
        let folder = TempDir::new().unwrap();
        let teams = BTreeMap::from([("platform".to_string(), vec!["ann".to_string(), "bob".to_string()])]);
        let forge = GitForge::new(folder.path(), "acme", "https://git.acme.example/", teams);
        let stage = Stage { folder, forge, repo: RepoId::new("acme", "app").unwrap() };
        let settings = Settings { description: "App".into(), ..Settings::default() };
        let create =
            Change::CreateRepository { repo: stage.repo.clone(), settings, marker: "run1".into(), template: None };
        stage.apply(&create, "idp-run").unwrap();
        stage.commit("main", &[file("README.md", "# App\n"), file("list", "one\ntwo\nthree\nfour\nfive\n")]);
        stage
    }

    fn bare(&self) -> PathBuf {
        self.folder.path().join("acme/app.git")
    }

    fn apply(&self, change: &Change, who: &str) -> Result<Outcome> {
        block_on(self.forge.apply(change, &actor(who)))
    }

    fn head(&self, branch: &str) -> Option<CommitId> {
        block_on(self.forge.branch(&self.repo, branch)).unwrap()
    }

    fn commit_change(&self, branch: &str, id: &str, files: &[FileChange]) -> Change {
        Change::Commit {
            repo: self.repo.clone(),
            branch: branch.into(),
            parent: self.head(branch),
            message: "feat: x".into(),
            marker: Marker::new("run1", id),
            files: files.to_vec(),
        }
    }

    /// A commit with an id of its own.
    fn commit(&self, branch: &str, files: &[FileChange]) -> CommitId {
        let id = format!("{branch}-{}", self.git(&["rev-list", "--all", "--count"]));
        self.apply(&self.commit_change(branch, &id, files), "idp-run").unwrap();
        self.head(branch).unwrap()
    }

    /// Opens a pull request from a branch of one commit on main, and returns its number.
    fn open(&self, head: &str, files: &[FileChange]) -> u64 {
        let at = self.head("main").unwrap();
        let commit = BranchCommit {
            parents: vec![at.clone()],
            message: format!("feat: {head}"),
            files: files.to_vec(),
            tree_of: at,
            rendering: None,
        };
        let open = Change::OpenPullRequest {
            repo: self.repo.clone(),
            base: "main".into(),
            head: head.into(),
            commit,
            marker: Marker::new("run1", head),
            title: format!("Title of {head}"),
            body: "Words.".into(),
            labels: Default::default(),
            reviewers: Default::default(),
        };
        match self.apply(&open, "idp-run").unwrap().number {
            Some(Later::Known(number)) => number,
            other => panic!("{other:?}"),
        }
    }

    fn pull(&self, number: u64) -> PullRequest {
        let all = block_on(self.forge.pull_requests(&self.repo, None)).unwrap();
        all.into_iter().find(|pull| pull.number == Later::Known(number)).unwrap()
    }

    fn approve(&self, number: u64, who: &str) -> Result<Outcome> {
        self.apply(&Change::Approve { repo: self.repo.clone(), number }, who)
    }

    fn merge(&self, number: u64, method: MergeMethod, admin: bool) -> Result<Outcome> {
        let head = self.pull(number).commit;
        self.apply(&Change::Merge { repo: self.repo.clone(), number, method, head, admin, later: false }, "ann")
    }

    fn close(&self, number: u64) -> Result<Outcome> {
        self.apply(&Change::ClosePullRequest { repo: self.repo.clone(), number }, "ann")
    }

    fn reopen(&self, number: u64, commit: Option<BranchCommit>) -> Result<Outcome> {
        let head = self.pull(number).head;
        let change = Change::UpdatePullRequest {
            repo: self.repo.clone(),
            number: Later::Known(number),
            marker: Marker::new("run1", &head),
            head,
            before: PullRequestText::default(),
            after: PullRequestText::default(),
            commit,
            reopen: true,
        };
        self.apply(&change, "idp-run")
    }

    fn protect(&self, reviews: u32, checks: &[&str], code_owners: bool) {
        let checks = checks.iter().map(ToString::to_string).collect();
        let after = Protection { reviews, checks, code_owners };
        let before = block_on(self.forge.protection(&self.repo, "main")).unwrap();
        let change = Change::ProtectBranch { repo: self.repo.clone(), branch: "main".into(), before, after };
        self.apply(&change, "ann").unwrap();
    }

    /// What git says about the repository.
    #[track_caller]
    fn git(&self, args: &[&str]) -> String {
        git_in(&self.bare(), args)
    }

    /// A person clones, does something in the work tree of a branch, and pushes it.
    fn person(&self, branch: &str, edit: impl FnOnce(&Path)) {
        let clone = TempDir::new().unwrap();
        git_in(clone.path(), &["clone", "-q", self.bare().to_str().unwrap(), "."]);
        git_in(clone.path(), &["checkout", "-q", branch]);
        edit(clone.path());
        git_in(clone.path(), &["add", "-A"]);
        git_in(clone.path(), &["commit", "-q", "--allow-empty", "-m", "by hand"]);
        git_in(clone.path(), &["push", "-q", "origin", branch]);
    }

    #[track_caller]
    fn is_sound(&self) {
        git_in(&self.bare(), &["fsck", "--strict", "--no-progress"]);
    }
}

#[track_caller]
fn git_in(folder: &Path, args: &[&str]) -> String {
    let mut git = Command::new("git");
    git.args(args).current_dir(folder).env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
    for who in ["AUTHOR", "COMMITTER"] {
        git.env(format!("GIT_{who}_NAME"), "Ann").env(format!("GIT_{who}_EMAIL"), "ann@acme.example");
    }
    let output = git.output().unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_string()
}

#[test]
fn a_repository_is_whole_or_not_there() {
    let stage = Stage::new();
    assert_eq!(stage.git(&["symbolic-ref", "HEAD"]), "refs/heads/main");
    for key in ["gc.auto", "gc.packRefs", "receive.autogc", "maintenance.auto"] {
        assert!(["0", "false"].contains(&stage.git(&["config", key]).as_str()), "{key}");
    }
    let found = block_on(stage.forge.repository(&stage.repo)).unwrap().unwrap();
    assert_eq!((found.settings.description.as_str(), found.marker.as_deref()), ("App", Some("run1")));
    assert_eq!(stage.forge.url(&stage.repo), "https://git.acme.example/acme/app");
    // What a kill left is no repository, and is tidied away by the next.
    let left = stage.folder.path().join("acme/.unfinished-other");
    std::fs::create_dir_all(left.join("refs")).unwrap();
    std::fs::create_dir_all(stage.folder.path().join("acme/by-hand.git")).unwrap();
    assert_eq!(block_on(stage.forge.repositories()).unwrap(), std::slice::from_ref(&stage.repo));
    let again = Change::CreateRepository {
        repo: stage.repo.clone(),
        settings: Settings::default(),
        marker: "x".into(),
        template: None,
    };
    assert!(stage.apply(&again, "idp-run").unwrap().already);
    assert!(!left.exists());
    let marker = block_on(stage.forge.repository(&stage.repo)).unwrap().unwrap().marker;
    assert_eq!(marker.as_deref(), Some("run1"), "the second maker changed nothing");
}

#[test]
fn settings_change_and_head_follows() {
    let stage = Stage::new();
    let before = block_on(stage.forge.repository(&stage.repo)).unwrap().unwrap().settings;
    let after = Settings { default_branch: "trunk".into(), visibility: "public".into(), ..before.clone() };
    let change =
        Change::UpdateRepository { repo: stage.repo.clone(), before, after: after.clone(), marker: Some("new".into()) };
    stage.apply(&change, "idp-run").unwrap();
    let found = block_on(stage.forge.repository(&stage.repo)).unwrap().unwrap();
    assert_eq!((found.settings, found.marker.as_deref()), (after, Some("new")));
    assert_eq!(stage.git(&["symbolic-ref", "HEAD"]), "refs/heads/trunk");
}

#[test]
fn refs_in_tables_are_refused() {
    let stage = Stage::new();
    stage.git(&["config", "core.repositoryformatversion", "1"]);
    stage.git(&["config", "extensions.refstorage", "reftable"]);
    let commit = CommitId("0".repeat(40));
    let error = block_on(stage.forge.list(&stage.repo, &commit, "")).unwrap_err();
    assert_eq!(error.code(), "idp::forge::git");
    let change = Change::Commit {
        repo: stage.repo.clone(),
        branch: "main".into(),
        parent: None,
        message: "x".into(),
        marker: Marker::new("run1", "other"),
        files: vec![file("a", "a")],
    };
    assert_eq!(stage.apply(&change, "idp-run").unwrap_err().code(), "idp::forge::git");
}

#[test]
fn planted_configuration_never_runs() {
    let stage = Stage::new();
    let (bare, trap) = (stage.bare(), stage.folder.path().join("sprung"));
    let script = stage.folder.path().join("trap.sh");
    std::fs::write(&script, format!("#!/bin/sh\ntouch {}\n", trap.display())).unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    std::fs::create_dir_all(bare.join("hooks")).unwrap();
    for hook in ["pre-commit", "post-commit", "reference-transaction", "update", "post-update", "pre-receive"] {
        std::fs::copy(&script, bare.join("hooks").join(hook)).unwrap();
    }
    let config = std::fs::read_to_string(bare.join("config")).unwrap();
    let trap_line = script.display().to_string();
    let planted = format!(
        "{config}[core]\n\tfsmonitor = {trap_line}\n\thooksPath = {}\n\tsshCommand = {trap_line}\n\teditor = {trap_line}\n\
         [filter \"x\"]\n\tclean = {trap_line}\n\tsmudge = {trap_line}\n[merge \"x\"]\n\tdriver = {trap_line}\n\
         [diff]\n\texternal = {trap_line}\n[gpg]\n\tprogram = {trap_line}\n[commit]\n\tgpgSign = true\n",
        bare.join("hooks").display()
    );
    std::fs::write(bare.join("config"), planted).unwrap();
    stage.commit("main", &[file(".gitattributes", "* filter=x merge=x diff=x\n"), file("a", "a\n")]);
    let number = stage.open("topic", &[file("a", "b\n"), file("list", "1\n")]);
    stage.commit("main", &[file("b", "b\n")]);
    stage.merge(number, MergeMethod::Merge, false).unwrap();
    assert_eq!(stage.pull(number).state, State::Merged);
    assert!(!trap.exists(), "nothing of the repository's configuration was run");
}
