//! People's acts on pull requests, killed at every system call that changes the disk (every third in the short tier):
//! acting again ends where an undisturbed act ends.

use super::tracer::{self, Death, changes_disk};
use super::{SMALLEST, all_points, on_two_threads, smallest};
use crate::support::{Workspace, World};

/// A run's pull request, and a person's approval of it.
fn approved() -> Workspace {
    let workspace = smallest();
    workspace.idp(SMALLEST.args).succeeds("the run");
    workspace.idp(&["pr", "approve", "platform", "1", "--as", "alice"]).succeeds("the approval");
    workspace
}

/// The next run in that repository tidies what a dead person's command left.
fn next_run(workspace: &Workspace) {
    workspace.idp(&["smallest", "service=web"]).succeeds("the next run");
}

fn killed_and_done_again(args: &[&str]) {
    let original = approved();
    let calm = match tracer::run(&original.copy(), args, changes_disk, None) {
        Ok(calm) => calm,
        Err(error) => return println!("skipped: ptrace is not permitted here: {error}"),
    };
    assert_eq!(calm.code, Some(0), "{args:?} without a kill");
    let undisturbed = original.copy();
    undisturbed.idp(args).succeeds("undisturbed");
    let done = World::of(&undisturbed);
    next_run(&undisturbed);
    let expected = World::of(&undisturbed);

    let step = if all_points() { 1 } else { 3 };
    let deaths = calm.seen * 2 / step;
    on_two_threads(|number| {
        if number >= deaths {
            return false;
        }
        let death = Death { at: 1 + number * step / 2, after: number * step % 2 == 1 };
        let when = format!("{args:?}, killed at {death:?} of {}", calm.seen);
        let workspace = original.copy();
        tracer::run(&workspace, args, changes_disk, Some(death)).unwrap();
        let again = workspace.idp(args);
        // What was done when it died is said to be done.
        if !again.status.success() {
            assert!(again.stderr.contains("already"), "{when}: {again}");
            World::of(&workspace).assert_same(&done, &when);
        }
        next_run(&workspace);
        World::of(&workspace).assert_same(&expected, &when);
        workspace.fsck(&when);
        true
    });
    println!("{args:?}: killed at {deaths} of {} entries and exits of system calls", calm.seen * 2);
}

#[test]
fn an_approval_killed_anywhere() {
    killed_and_done_again(&["pr", "approve", "platform", "1", "--as", "bob"]);
}

#[test]
fn a_merge_killed_anywhere() {
    killed_and_done_again(&["pr", "merge", "platform", "1", "--as", "alice", "--delete-branch"]);
}

#[test]
fn a_squash_killed_anywhere() {
    killed_and_done_again(&["pr", "merge", "platform", "1", "--as", "alice", "--squash"]);
}

#[test]
fn a_rebase_killed_anywhere() {
    killed_and_done_again(&["pr", "merge", "platform", "1", "--as", "alice", "--rebase"]);
}

#[test]
fn a_close_killed_anywhere() {
    killed_and_done_again(&["pr", "close", "platform", "1", "--as", "alice", "--delete-branch"]);
}
