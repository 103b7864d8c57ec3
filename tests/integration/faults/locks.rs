//! Locks of refs that somebody left or holds: a dead run's is broken at once, an old one of others is broken, a young
//! one makes a run wait.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use super::{SMALLEST, smallest};
use crate::support::Workspace;

/// The lock of the branch that the next run for `web` makes, left by nobody yet.
fn foreign_lock(age: Duration) -> (Workspace, PathBuf) {
    let workspace = smallest();
    workspace.idp(SMALLEST.args).succeeds("the first run");
    let lock = workspace.bare("platform").join("refs/heads/smallest-web.lock");
    let file = fs::File::create_new(&lock).unwrap();
    file.set_modified(SystemTime::now() - age).unwrap();
    (workspace, lock)
}

const WEB: &[&str] = &["smallest", "service=web"];

#[test]
fn an_old_lock_of_others_is_broken() {
    let (workspace, lock) = foreign_lock(Duration::from_secs(90));
    let began = Instant::now();
    workspace.idp(WEB).succeeds("an old lock");
    assert!(!lock.exists() && began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    crate::support::git(&workspace.bare("platform"), &["rev-parse", "--verify", "refs/heads/smallest-web"]);
    workspace.fsck("an old lock");
}

#[test]
fn a_young_lock_of_git_makes_a_run_wait() {
    let (workspace, lock) = foreign_lock(Duration::ZERO);
    let began = Instant::now();
    let waited = Duration::from_millis(1500);
    std::thread::scope(|scope| {
        let run = scope.spawn(|| (workspace.idp(WEB), began.elapsed()));
        std::thread::sleep(waited);
        // The lock is another's to give back: a run that took it away would have lost an update.
        fs::remove_file(&lock).expect("the lock is still there");
        let (said, took) = run.join().unwrap();
        said.succeeds("a young lock");
        assert!(took >= waited, "the run went on after {took:?}");
    });
    workspace.fsck("a young lock");
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[test]
fn the_lock_of_a_killed_run_is_broken_at_once() {
    use super::tracer::{self, Death, links};

    let expected = SMALLEST.undisturbed();
    let calm = match tracer::run(&smallest(), SMALLEST.args, links, None) {
        Ok(calm) => calm,
        Err(error) => return println!("skipped: ptrace is not permitted here: {error}"),
    };
    let mut left = 0;
    for at in 1..=calm.seen {
        let workspace = smallest();
        // At the exit of the link the lock is there, and nothing else of the update is.
        tracer::run(&workspace, SMALLEST.args, links, Some(Death { at, after: true })).unwrap();
        left += ref_locks(&workspace).len();
        let began = Instant::now();
        workspace.idp(SMALLEST.args).succeeds("the lock of a killed run");
        let took = began.elapsed();
        assert!(took < Duration::from_secs(4), "the rerun waited for a dead run's lock: {took:?}");
        assert_eq!(ref_locks(&workspace), [] as [PathBuf; 0]);
        crate::support::World::of(&workspace).assert_same(&expected, "the lock of a killed run");
    }
    println!("{left} locks of killed runs were broken at once");
    // A commit, its marker, a proposal's branch and its head. libgit2 makes hard links, too; they lock no ref.
    assert!(left >= 4, "refs are no longer locked by hard links: {left} locks left");
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn ref_locks(workspace: &Workspace) -> Vec<PathBuf> {
    fn walk(folder: PathBuf, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                walk(entry.path(), found);
            } else if entry.path().extension().is_some_and(|ext| ext == "lock") {
                found.push(entry.path());
            }
        }
    }
    let mut found = Vec::new();
    for repo in workspace.repositories() {
        walk(repo.join("refs"), &mut found);
    }
    found
}
