//! Commits from trees, never through a work tree: what git sees of them.

use std::os::unix::fs::symlink;

use super::*;
use crate::world::forge::Mergeable;

fn executable(path: &str, text: &str) -> FileChange {
    let after = File { executable: true, ..File::text(text) };
    FileChange { path: path.into(), before: None, after: Some(after) }
}

#[test]
fn git_sees_what_was_committed() {
    let stage = Stage::new();
    stage.commit("main", &[file("a/b/c.txt", "c\n"), executable("run.sh", "#!/bin/sh\n"), file("ä ö.md", "ü\n")]);
    assert_eq!(stage.git(&["show", "main:a/b/c.txt"]), "c");
    assert!(stage.git(&["ls-tree", "main", "run.sh"]).starts_with("100755 blob"));
    assert!(stage.git(&["ls-tree", "main", "README.md"]).starts_with("100644 blob"));
    assert_eq!(stage.git(&["show", "main:ä ö.md"]), "ü");
    let log = stage.git(&["log", "-1", "--format=%an|%ae|%at|%s|%(trailers:key=Idp-Run,valueonly)"]);
    assert!(log.starts_with("idp-run|idp-run@users.noreply.idp-run.invalid|1700000000|feat: x|run1/main-1"), "{log}");
    let clone = TempDir::new().unwrap();
    git_in(clone.path(), &["clone", "-q", stage.bare().to_str().unwrap(), "."]);
    assert_eq!(git_in(clone.path(), &["status", "--porcelain"]), "");
    assert_eq!(std::fs::read_to_string(clone.path().join("a/b/c.txt")).unwrap(), "c\n");
    stage.is_sound();
    // And it reads back the same.
    let head = stage.head("main").unwrap();
    let entries = block_on(stage.forge.list(&stage.repo, &head, "")).unwrap();
    let paths: Vec<&str> = entries.iter().map(|entry| entry.path.as_str()).collect();
    assert_eq!(paths, ["README.md", "a/b/c.txt", "list", "run.sh", "ä ö.md"]);
    assert_eq!(entries[1].blob, stage.git(&["rev-parse", "main:a/b/c.txt"]));
    assert_eq!(entries[1].blob, blob_id(b"c\n"));
    assert!(entries[3].executable);
    let below = block_on(stage.forge.list(&stage.repo, &head, "a")).unwrap();
    assert_eq!(below.len(), 1);
    assert_eq!(block_on(stage.forge.file(&stage.repo, &head, "a")).unwrap(), None, "a folder is no file");
    assert_eq!(block_on(stage.forge.list(&stage.repo, &head, "gone")).unwrap(), []);
}

#[test]
fn deletions_take_empty_folders_with_them() {
    let stage = Stage::new();
    stage.commit("main", &[file("a/b/c", "c"), file("a/d", "d"), file("e/f", "f")]);
    stage.commit("main", &[gone("a/b/c"), gone("e/f"), gone("never/was")]);
    assert_eq!(stage.git(&["ls-tree", "-r", "--name-only", "main"]), "README.md\na/d\nlist");
    assert_eq!(stage.git(&["ls-tree", "--name-only", "main"]), "README.md\na\nlist");
    // A file takes a folder's place, and a folder a file's.
    stage.commit("main", &[gone("a/d"), file("a", "file")]);
    assert_eq!(stage.git(&["show", "main:a"]), "file");
    stage.commit("main", &[gone("a"), file("a/x", "again")]);
    assert_eq!(stage.git(&["show", "main:a/x"]), "again");
    stage.commit("main", &[gone("a/x"), gone("list"), gone("README.md")]);
    assert_eq!(stage.git(&["ls-tree", "-r", "main"]), "", "an empty tree is a tree");
    stage.is_sound();
}

#[test]
fn a_file_where_a_folder_stays_is_refused() {
    let stage = Stage::new();
    stage.commit("main", &[file("a/b", "b")]);
    let head = stage.head("main");
    for files in [
        &[file("x", "file"), file("x/y", "below")][..],
        &[file("a", "over a folder")],
        &[file("README.md/x", "below a file")],
    ] {
        let error = stage.apply(&stage.commit_change("main", "both", files), "idp-run").unwrap_err();
        assert_eq!(error.code(), "idp::tree::overlap", "{files:?}");
    }
    // What isn't there has nothing to lose.
    stage.commit("side", &[file("a/b", "b")]);
    stage.commit("side", &[gone("a"), gone("a/b/c"), file("z", "z")]);
    assert_eq!(stage.git(&["show", "side:a/b"]), "b");
    assert_eq!(stage.head("main"), head, "all files land together or not at all");
}

#[test]
fn paths_that_leave_the_repository_are_refused() {
    let stage = Stage::new();
    let head = stage.head("main");
    for path in ["../x", "/x", "a/../../x", ".git/config", "a/.git/hooks/x", "a//b", "a/", "", ".GIT/x", "a\0b", "a\\b"]
    {
        let change = stage.commit_change("main", "bad", &[file("fine", "x"), file(path, "x")]);
        let error = stage.apply(&change, "idp-run").unwrap_err();
        assert_eq!(error.code(), "idp::tree::path", "{path:?}");
    }
    assert_eq!(stage.head("main"), head);
}

#[test]
fn links_are_neither_read_nor_followed() {
    let stage = Stage::new();
    stage.person("main", |at| {
        symlink("/etc/passwd", at.join("link")).unwrap();
        symlink("/tmp", at.join("folder")).unwrap();
    });
    let head = stage.head("main").unwrap();
    assert_eq!(block_on(stage.forge.file(&stage.repo, &head, "link")).unwrap(), None);
    let entries = block_on(stage.forge.list(&stage.repo, &head, "")).unwrap();
    assert!(!entries.iter().any(|entry| entry.path.starts_with("link") || entry.path.starts_with("folder")));
    // Nothing is written through one.
    let through = stage.commit_change("main", "through", &[file("folder/inside", "x")]);
    assert_eq!(stage.apply(&through, "idp-run").unwrap_err().code(), "idp::tree::overlap");
    stage.commit("main", &[file("new", "x")]);
    assert!(stage.git(&["ls-tree", "main", "link"]).starts_with("120000"), "what isn't edited stays");
    stage.is_sound();
}

#[test]
fn a_commit_on_a_moved_branch_is_refused() {
    let stage = Stage::new();
    let change = stage.commit_change("main", "late", &[file("late", "x")]);
    stage.person("main", |at| std::fs::write(at.join("early"), "x").unwrap());
    let error = stage.apply(&change, "idp-run").unwrap_err();
    assert_eq!(error.code(), crate::world::forge::MOVED);
    let first = Change::Commit {
        repo: stage.repo.clone(),
        branch: "new".into(),
        parent: None,
        message: "x".into(),
        marker: Marker::new("run1", "new"),
        files: vec![file("a", "a")],
    };
    stage.apply(&first, "idp-run").unwrap();
    assert_eq!(stage.git(&["rev-list", "--count", "new"]), "1");
}

#[test]
fn a_delivery_is_known_by_its_ref_and_by_its_trailer() {
    let stage = Stage::new();
    let marker = Marker::new("run1", "docs/a b");
    let delivered = || block_on(stage.forge.delivered(&stage.repo, "main", &marker)).unwrap();
    assert_eq!(delivered(), Delivered::No);
    let mut change = stage.commit_change("main", "x", &[file("docs", "x")]);
    if let Change::Commit { marker: of, .. } = &mut change {
        *of = marker.clone();
    }
    stage.apply(&change, "idp-run").unwrap();
    let commit = stage.head("main").unwrap();
    assert_eq!(delivered(), Delivered::Marked(commit.clone()));
    assert!(stage.apply(&change, "idp-run").unwrap().already, "again is once");
    stage.git(&["update-ref", "-d", &marker.ref_name()]);
    stage.person("main", |at| std::fs::write(at.join("more"), "x").unwrap());
    assert_eq!(delivered(), Delivered::Trailer(commit.clone()));
    let restore = Change::RestoreMarker { repo: stage.repo.clone(), marker: marker.clone(), commit: commit.clone() };
    stage.apply(&restore, "idp-run").unwrap();
    assert_eq!(stage.git(&["rev-parse", &marker.ref_name()]), commit.0);
    // Words in a message are no trailer.
    stage.git(&["update-ref", "-d", &marker.ref_name()]);
    let other = Marker::new("run1", "other");
    stage.person("main", |at| {
        git_in(at, &["commit", "-q", "--allow-empty", "-m", &format!("x\n\nIdp-Run: {other}\n\nnot the end")]);
    });
    assert_eq!(block_on(stage.forge.delivered(&stage.repo, "main", &other)).unwrap(), Delivered::No);
}

#[test]
fn merges_agree_with_git() {
    let stage = Stage::new();
    let base = stage.head("main").unwrap();
    stage.git(&["branch", "topic"]);
    stage.commit("main", &[file("list", "ONE\ntwo\nthree\nfour\nfive\n")]);
    stage.commit("topic", &[file("list", "one\ntwo\nthree\nfour\nFIVE\n"), file("new", "x")]);
    let (main, topic) = (stage.head("main").unwrap(), stage.head("topic").unwrap());
    let mergeable = |one, other| block_on(stage.forge.mergeable(&stage.repo, one, other)).unwrap();
    assert_eq!(mergeable(&main, &topic), Mergeable::Clean);
    assert_eq!(block_on(stage.forge.merge_base(&stage.repo, &main, &topic)).unwrap(), Some(base));
    let topic = stage.commit("topic", &[file("list", "1\ntwo\nthree\nfour\nFIVE\n"), gone("README.md")]);
    let main = stage.commit("main", &[file("README.md", "# Changed\n")]);
    assert_eq!(mergeable(&main, &topic), Mergeable::Conflicts(vec!["README.md".into(), "list".into()]));
}
