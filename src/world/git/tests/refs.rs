//! Refs beside git: compare and swap, packed refs, names in each other's way, locks that others left.

use std::fs;
use std::sync::Barrier;
use std::time::{Duration, SystemTime};

use super::*;

const TOPIC: &str = "refs/heads/topic";

fn update(stage: &Stage, name: &str, expected: Option<&CommitId>, to: &CommitId) -> Result<bool> {
    Refs::of(&stage.bare()).write().unwrap().update(name, expected, to)
}

fn delete(stage: &Stage, name: &str, expected: &CommitId) -> Result<bool> {
    Refs::of(&stage.bare()).write().unwrap().delete(name, expected)
}

fn read(stage: &Stage, name: &str) -> Option<CommitId> {
    Refs::of(&stage.bare()).read(name).unwrap()
}

fn two() -> (Stage, CommitId, CommitId) {
    let stage = Stage::new();
    let one = stage.head("main").unwrap();
    let two = stage.commit("main", &[file("two", "2")]);
    (stage, one, two)
}

#[test]
fn an_update_needs_the_right_expectation() {
    let (stage, one, two) = two();
    assert!(!update(&stage, TOPIC, Some(&one), &two).unwrap(), "it isn't there");
    assert!(update(&stage, TOPIC, None, &one).unwrap());
    assert!(!update(&stage, TOPIC, None, &two).unwrap(), "it is there");
    assert!(!update(&stage, TOPIC, Some(&two), &two).unwrap(), "it is elsewhere");
    assert_eq!(read(&stage, TOPIC).unwrap(), one);
    assert!(update(&stage, TOPIC, Some(&one), &two).unwrap());
    assert_eq!(stage.git(&["rev-parse", "topic"]), two.0);
    assert!(!delete(&stage, TOPIC, &one).unwrap());
    assert!(delete(&stage, TOPIC, &two).unwrap());
    assert_eq!((read(&stage, TOPIC), stage.git(&["branch", "--list", "topic"])), (None, String::new()));
    assert!(!stage.bare().join("idp/lock.note").exists() && !stage.bare().join("idp/draft").exists());
}

#[test]
fn packed_refs_are_read_updated_and_deleted() {
    let (stage, one, two) = two();
    update(&stage, TOPIC, None, &one).unwrap();
    stage.git(&["tag", "-m", "annotated", "v1", &two.0]);
    stage.git(&["pack-refs", "--all"]);
    assert!(!stage.bare().join(TOPIC).exists());
    assert_eq!(read(&stage, TOPIC).as_ref(), Some(&one));
    assert!(!update(&stage, TOPIC, Some(&two), &two).unwrap());
    assert!(update(&stage, TOPIC, Some(&one), &two).unwrap());
    assert_eq!(read(&stage, TOPIC).as_ref(), Some(&two), "the loose one hides the packed one");
    let listed = Refs::of(&stage.bare()).list("refs/heads/").unwrap();
    assert_eq!(listed, [("refs/heads/main".to_string(), two.clone()), (TOPIC.to_string(), two.clone())]);
    // Deleting the loose one alone would bring the packed one back.
    assert!(delete(&stage, TOPIC, &two).unwrap());
    assert_eq!(read(&stage, TOPIC), None);
    assert_eq!(
        stage.git(&["for-each-ref", "--format=%(refname)", "refs/heads", "refs/tags"]),
        "refs/heads/main\nrefs/tags/v1"
    );
    assert_eq!(stage.git(&["rev-parse", "v1^{commit}"]), two.0, "the peeled line of the tag is there");
    // One that is only packed.
    update(&stage, TOPIC, None, &one).unwrap();
    stage.git(&["pack-refs", "--all"]);
    assert!(delete(&stage, TOPIC, &one).unwrap());
    assert_eq!(stage.git(&["branch", "--format=%(refname:short)"]), "main");
    stage.is_sound();
}

#[test]
fn names_in_each_others_way_are_refused() {
    let (stage, one, _) = two();
    update(&stage, "refs/heads/a/b", None, &one).unwrap();
    for name in ["refs/heads/a", "refs/heads/a/b/c"] {
        for pack in [false, true] {
            if pack {
                stage.git(&["pack-refs", "--all"]);
            }
            let error = update(&stage, name, None, &one).unwrap_err();
            assert_eq!(error.code(), "idp::forge::ref_conflict", "{name}");
            assert!(error.message().contains("refs/heads/a/b"), "{error}");
            assert_eq!(read(&stage, name), None);
        }
    }
    assert!(update(&stage, "refs/heads/a/bc", None, &one).unwrap(), "a longer name is no folder");
    // The empty folders that stay behind are in nobody's way.
    delete(&stage, "refs/heads/a/b", &one).unwrap();
    delete(&stage, "refs/heads/a/bc", &one).unwrap();
    assert!(update(&stage, "refs/heads/a", None, &one).unwrap());
    assert_eq!(stage.git(&["rev-parse", "a"]), one.0);
    stage.is_sound();
}

#[test]
fn locks_of_the_dead_are_broken_and_of_the_living_respected() {
    let (stage, one, two) = two();
    update(&stage, TOPIC, None, &one).unwrap();
    let lock = stage.bare().join("refs/heads/topic.lock");
    fs::write(&lock, "").unwrap();
    let old = SystemTime::now() - Duration::from_secs(120);
    fs::File::options().write(true).open(&lock).unwrap().set_modified(old).unwrap();
    assert!(update(&stage, TOPIC, Some(&one), &two).unwrap(), "a minute is more than git ever needs");
    assert!(!lock.exists());
    // One of our own that a kill left is broken at once, by the note.
    fs::write(stage.bare().join("idp/draft"), "").unwrap();
    fs::hard_link(stage.bare().join("idp/draft"), &lock).unwrap();
    let data = fs::metadata(&lock).unwrap();
    use std::os::unix::fs::MetadataExt;
    let note = format!("{}-{}.{} {}\n", data.ino(), data.mtime(), data.mtime_nsec(), lock.display());
    fs::write(stage.bare().join("idp/lock.note"), note).unwrap();
    let began = std::time::Instant::now();
    assert!(update(&stage, TOPIC, Some(&two), &one).unwrap());
    assert!(began.elapsed() < Duration::from_secs(2));
    // Git's own, a moment old, is waited for.
    fs::write(&lock, "").unwrap();
    let held = lock.clone();
    let freed = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        fs::remove_file(held).unwrap();
    });
    assert!(update(&stage, TOPIC, Some(&one), &two).unwrap());
    freed.join().unwrap();
    assert!(began.elapsed() > Duration::from_millis(300));
}

#[test]
fn a_lock_that_stays_is_named() {
    let (stage, one, _) = two();
    let lock = stage.bare().join("refs/heads/topic.lock");
    fs::write(&lock, "").unwrap();
    let error = update(&stage, TOPIC, None, &one).unwrap_err();
    assert_eq!(error.code(), "idp::forge::locked");
    assert!(error.is_retryable() && error.help_text().unwrap().contains("topic.lock"));
    assert!(lock.exists());
}

#[test]
fn a_ref_that_holds_no_commit_is_an_error() {
    let (stage, ..) = two();
    for text in ["", "ref: refs/heads/main\n", "1234\n"] {
        fs::write(stage.bare().join(TOPIC), text).unwrap();
        let error = Refs::of(&stage.bare()).read(TOPIC).unwrap_err();
        assert_eq!(error.code(), "idp::forge::broken_ref", "{text:?}");
    }
}

#[test]
fn no_update_is_lost_beside_git() {
    let stage = Stage::new();
    let (threads, each) = (4, 10);
    let barrier = Barrier::new(threads + 1);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (stage, barrier) = (&stage, &barrier);
            scope.spawn(move || {
                barrier.wait();
                for n in 0..each {
                    let id = format!("{thread}-{n}");
                    loop {
                        let change = stage.commit_change("main", &id, &[file(&format!("f/{id}"), "x")]);
                        match stage.apply(&change, "idp-run") {
                            Ok(_) => break,
                            Err(error) => assert_eq!(error.code(), crate::world::forge::MOVED, "{error}"),
                        }
                    }
                }
            });
        }
        barrier.wait();
        for _ in 0..15 {
            stage.git(&["pack-refs", "--all"]);
        }
    });
    let files = block_on(stage.forge.list(&stage.repo, &stage.head("main").unwrap(), "f")).unwrap();
    assert_eq!(files.len(), threads * each);
    assert_eq!(stage.git(&["rev-list", "--count", "main"]), (threads * each + 1).to_string());
    stage.is_sound();
}
