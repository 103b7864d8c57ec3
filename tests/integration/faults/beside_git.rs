//! Git at work on the same repository: packing refs, collecting garbage, pushing and deleting branches, while several
//! runs commit and propose. Nothing is lost, and what was deleted stays deleted.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use super::all_points;
use crate::support::{Said, Workspace, git, git_command};

const WRITERS: usize = 4;

const SCRIPT: &str = r##"//! Commit and propose
fn params() { #{ name: param("string", "Name").identity() } }
fn run(p) {
    let app = repo("app");
    app.commit("main", `feat: ${p.name}`, |t| t.write(`files/${p.name}.txt`, p.name), #{ id: p.name });
    app.propose(`Propose ${p.name}`, |t| t.write(`proposed/${p.name}.txt`, p.name));
}
"##;

fn workspace() -> Workspace {
    let workspace = Workspace::of(&[
        ("idp.yaml", "forge: { kind: local, owner: acme }\nseeds: { app: { folder: seeds/app } }\n"),
        ("seeds/app/README.md", "# App\n"),
        ("scripts/writer.rhai", SCRIPT),
    ]);
    workspace.idp(&["writer", "name=first"]).succeeds("the first run");
    workspace
}

/// Branches that a clone pushed: those that must be there in the end, and those that it deleted again.
#[derive(Default)]
struct Pushed {
    kept: BTreeSet<String>,
    deleted: BTreeSet<String>,
}

/// A person's clone that pushes new branches, and deletes every other one again.
fn push_branches(clone: &Path, done: &AtomicBool) -> Pushed {
    let mut pushed = Pushed::default();
    // Git itself gives up on a lock that another git holds; people try again.
    let insist = |args: &[&str]| {
        for _ in 0..100 {
            if Said::of(&mut git_command(clone, args)).status.success() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("git {args:?} never worked");
    };
    for number in 0.. {
        if done.load(Ordering::SeqCst) {
            return pushed;
        }
        let branch = format!("by-hand/{number}");
        git(clone, &["commit", "-q", "--allow-empty", "-m", &branch]);
        insist(&["push", "-q", "origin", &format!("HEAD:refs/heads/{branch}")]);
        if number % 2 == 0 {
            insist(&["push", "-q", "origin", &format!(":refs/heads/{branch}")]);
            pushed.deleted.insert(branch);
        } else {
            pushed.kept.insert(branch);
        }
    }
    pushed
}

#[test]
fn runs_beside_git_lose_nothing() {
    let workspace = workspace();
    let rounds = if all_points() { 60 } else { 8 };
    let (done, maintained) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut pushed = Pushed::default();
    // Before git is at work: a clone copies packs as files, and minds when one is replaced meanwhile.
    let clone = tempfile::TempDir::new().unwrap();
    git(clone.path(), &["clone", "-q", workspace.bare("app").to_str().unwrap(), "."]);
    std::thread::scope(|scope| {
        let maintenance = |args: &'static [&'static str]| {
            let (workspace, done, maintained) = (&workspace, &done, &maintained);
            scope.spawn(move || {
                while !done.load(Ordering::SeqCst) {
                    let said = Said::of(&mut git_command(&workspace.bare("app"), args));
                    maintained.fetch_add(usize::from(said.status.success()), Ordering::SeqCst);
                }
            });
        };
        maintenance(&["pack-refs", "--all"]);
        maintenance(&["gc", "-q"]);
        let pusher = scope.spawn(|| push_branches(clone.path(), &done));
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let workspace = &workspace;
                scope.spawn(move || {
                    for round in 0..rounds {
                        let name = format!("w{writer}-{round}");
                        let when = format!("beside git, {name}");
                        workspace.idp(&["writer", &format!("name={name}")]).succeeds(&when);
                        // Every other proposal is closed and its branch deleted, while git packs it.
                        if round % 2 == 0 {
                            let number = number_of(workspace, &format!("writer-{name}"));
                            let close = ["pr", "close", "app", &number, "--as", "ann", "--delete-branch"];
                            workspace.idp(&close).succeeds(&when);
                        }
                    }
                })
            })
            .collect();
        let ended: Vec<_> = writers.into_iter().map(|writer| writer.join()).collect();
        done.store(true, Ordering::SeqCst);
        pushed = pusher.join().unwrap();
        ended.into_iter().for_each(|writer| writer.unwrap());
    });
    println!(
        "{} runs beside {} rounds of pack-refs and gc, {} pushed and {} deleted branches",
        WRITERS * rounds,
        maintained.into_inner(),
        pushed.kept.len() + pushed.deleted.len(),
        pushed.deleted.len()
    );
    nothing_is_lost(&workspace, rounds, &pushed);
}

fn number_of(workspace: &Workspace, head: &str) -> String {
    let said = workspace.idp(&["pr", "list", "app", "--output", "json"]).succeeds("the list");
    let pulls = said.stdout.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let found = pulls.into_iter().find(|pull| pull["head"] == head).unwrap_or_else(|| panic!("no pull request {head}"));
    found["number"].to_string()
}

fn nothing_is_lost(workspace: &Workspace, rounds: usize, pushed: &Pushed) {
    let bare = workspace.bare("app");
    let lines = |args: &[&str]| -> BTreeSet<String> { git(&bare, args).lines().map(str::to_owned).collect() };
    let names: BTreeSet<String> = (0..WRITERS)
        .flat_map(|writer| (0..rounds).map(move |round| format!("w{writer}-{round}")))
        .chain(["first".to_string()])
        .collect();

    let files: BTreeSet<String> = names.iter().map(|name| format!("files/{name}.txt")).collect();
    assert_eq!(lines(&["ls-tree", "-r", "--name-only", "main", "files/"]), files, "the files of the commits");
    let count: usize = git(&bare, &["rev-list", "--count", "main"]).parse().unwrap();
    assert_eq!(count, names.len() + 1, "one commit a run on the seed's");
    let markers = lines(&["for-each-ref", "--format=%(refname)", "refs/idp-run/"]);
    assert_eq!(markers.len(), names.len(), "one marker a commit: {markers:?}");

    let heads = lines(&["for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads/"]);
    for (branch, there) in pushed.kept.iter().map(|b| (b, true)).chain(pushed.deleted.iter().map(|b| (b, false))) {
        assert_eq!(heads.contains(branch), there, "{branch}, pushed by hand");
    }
    let said = workspace.idp(&["pr", "list", "app", "--output", "json"]).succeeds("the list");
    let mut heads_of_pulls = BTreeSet::new();
    for line in said.stdout.lines() {
        let pull: serde_json::Value = serde_json::from_str(line).unwrap();
        if let Some(head) = pull["head"].as_str() {
            let closed =
                head.rsplit('-').next().and_then(|round| round.parse().ok()).is_some_and(|n: u32| n.is_multiple_of(2));
            assert_eq!(pull["state"], if closed { "closed" } else { "open" }, "{pull}");
            assert_eq!(heads.contains(head), !closed, "the branch of {pull}");
            assert!(heads_of_pulls.insert(head.to_string()), "{head} was proposed twice");
        }
    }
    let proposed: BTreeSet<String> = names.iter().map(|name| format!("writer-{name}")).collect();
    assert_eq!(heads_of_pulls, proposed, "one pull request a run");
    let locks: Vec<_> = walk(&bare.join("refs")).into_iter().filter(|path| path.ends_with(".lock")).collect();
    assert!(locks.is_empty(), "{locks:?}");
    workspace.fsck("beside git");
}

fn walk(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            found.extend(walk(&entry.path()));
        } else {
            found.push(entry.path().display().to_string());
        }
    }
    found
}
