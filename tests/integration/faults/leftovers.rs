//! What a kill can leave half-done between two system calls, made by hand: a torn line, an orphaned part of the
//! journal, half a pack, unfinished folders. The next run is content with all of it.

use std::fs;
use std::io::Write;

use super::{SMALLEST, smallest};
use crate::support::{Workspace, World, git};

/// A world that a run of `smallest service=web` makes complete.
fn with(leave: impl FnOnce(&Workspace)) {
    let expected = {
        let workspace = smallest();
        workspace.idp(SMALLEST.args).succeeds("the first run");
        workspace.idp(&["smallest", "service=web"]).succeeds("the second run");
        World::of(&workspace)
    };
    let workspace = smallest();
    workspace.idp(SMALLEST.args).succeeds("the first run");
    leave(&workspace);
    workspace.idp(&["smallest", "service=web"]).succeeds("the run after");
    World::of(&workspace).assert_same(&expected, "leftovers");
    let again = workspace.idp(SMALLEST.args).succeeds("the first again");
    assert_eq!(again.counts(), [0, 0, 0], "{again}");
    workspace.fsck("leftovers");
}

#[test]
fn a_torn_line_of_a_contact_never_arrived() {
    with(|workspace| {
        let path = workspace.path().join(".idp/notifications/deployments.jsonl");
        let whole = fs::read_to_string(&path).unwrap();
        let torn = &whole[..whole.len() / 2];
        fs::OpenOptions::new().append(true).open(path).unwrap().write_all(torn.as_bytes()).unwrap();
    });
}

#[test]
fn a_journal_that_lost_its_main_file_or_its_log_begins_again() {
    with(|workspace| fs::remove_file(workspace.path().join(".idp/journal.sqlite")).unwrap());
    with(|workspace| {
        // A log and its index of another journal beside none.
        let state = workspace.path().join(".idp");
        fs::remove_file(state.join("journal.sqlite")).unwrap();
        fs::write(state.join("journal.sqlite-wal"), [7; 5000]).unwrap();
        fs::write(state.join("journal.sqlite-shm"), [7; 32768]).unwrap();
    });
    with(|workspace| fs::write(workspace.path().join(".idp/journal.sqlite"), b"").unwrap());
}

#[test]
fn half_a_pack_is_no_pack() {
    with(|workspace| {
        let bare = workspace.bare("platform");
        let packs = bare.join("objects/pack");
        fs::write(packs.join("pack-0123456789012345678901234567890123456789.pack"), b"PACK").unwrap();
        fs::create_dir_all(bare.join("idp/packing")).unwrap();
        fs::write(bare.join("idp/packing/pack_git2_abc"), b"PACK").unwrap();
        fs::write(bare.join("idp/draft"), b"").unwrap();
        fs::write(bare.join("idp/lock.note"), b"1-2.3 /nowhere/main.lock\nhalf a li").unwrap();
    });
}

#[test]
fn a_pack_that_was_kept_for_a_dead_run_is_kept_no_longer() {
    let workspace = smallest();
    workspace.idp(SMALLEST.args).succeeds("the first run");
    let packs = workspace.bare("platform").join("objects/pack");
    let keeps = || -> Vec<_> {
        let files = fs::read_dir(&packs).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|path| path.extension().is_some_and(|ext| ext == "keep")).collect()
    };
    assert!(keeps().is_empty(), "a run that ended keeps packs: {:?}", keeps());
    let left = fs::read_dir(&packs).unwrap().map(|entry| entry.unwrap().path());
    let pack = left.into_iter().find(|path| path.extension().is_some_and(|ext| ext == "pack")).unwrap();
    let by_hand = packs.join("pack-by-hand.keep");
    fs::write(pack.with_extension("keep"), "idp-run: written, no ref names it yet\n").unwrap();
    fs::write(&by_hand, "kept by a person\n").unwrap();
    workspace.idp(&["smallest", "service=web"]).succeeds("the run after");
    assert_eq!(keeps(), [by_hand]);
    git(&workspace.bare("platform"), &["gc", "-q", "--prune=now"]);
    workspace.fsck("after the collection of garbage");
}

#[test]
fn unfinished_folders_are_thrown_away() {
    with(|workspace| {
        let unfinished = workspace.path().join(".idp/forge/acme/.unfinished-web");
        fs::create_dir_all(unfinished.join("objects")).unwrap();
        fs::write(unfinished.join("HEAD"), b"ref: re").unwrap();
    });
    let workspace = smallest();
    workspace.write(".idp/forge.unfinished/acme/platform.git/HEAD", "ref: re");
    workspace.idp(SMALLEST.args).succeeds("a world that was begun");
    World::of(&workspace).assert_same(&SMALLEST.undisturbed(), "a world that was begun");
}
