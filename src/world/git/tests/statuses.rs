//! Commit statuses: the newest of a name counts, and a success is what a protected branch asks for.

use super::*;
use crate::world::commit_status::{CommitState, CommitStatus};

fn status(state: CommitState, words: &str) -> CommitStatus {
    CommitStatus { state, description: words.into(), url: None }
}

fn set(stage: &Stage, commit: &CommitId, name: &str, after: CommitStatus) -> Result<Outcome> {
    let before = block_on(stage.forge.statuses(&stage.repo, commit))?.remove(name);
    let (repo, commit, name) = (stage.repo.clone(), commit.clone(), name.to_string());
    stage.apply(&Change::SetStatus { repo, at: "main".into(), commit, name, before, after }, "idp-run")
}

#[test]
fn the_newest_of_a_name_counts() {
    let stage = Stage::new();
    let head = stage.head("main").unwrap();
    assert!(!set(&stage, &head, "lint", status(CommitState::Pending, "")).unwrap().already);
    assert!(!set(&stage, &head, "lint", status(CommitState::Failure, "2 findings")).unwrap().already);
    assert!(set(&stage, &head, "lint", status(CommitState::Failure, "2 findings")).unwrap().already);
    set(&stage, &head, "test", status(CommitState::Success, "")).unwrap();
    let all = block_on(stage.forge.statuses(&stage.repo, &head)).unwrap();
    assert_eq!(all.keys().collect::<Vec<_>>(), ["lint", "test"]);
    assert_eq!(all["lint"], status(CommitState::Failure, "2 findings"));
    // Those of another commit are others; of none there are none, whatever its id looks like.
    let next = stage.commit("main", &[file("a", "a")]);
    assert!(block_on(stage.forge.statuses(&stage.repo, &next)).unwrap().is_empty());
    for id in ["0".repeat(40), "../repository".to_string()] {
        assert_eq!(
            set(&stage, &CommitId(id), "lint", status(CommitState::Success, "")).unwrap_err().code(),
            "idp::forge::git"
        );
    }
    stage.is_sound();
}

#[test]
fn a_success_at_the_head_is_what_a_merge_needs() {
    let stage = Stage::new();
    stage.protect(0, &["lint", "test"], false);
    let number = stage.open("topic", &[file("a", "a")]);
    let head = stage.pull(number).commit;
    set(&stage, &head, "lint", status(CommitState::Failure, "")).unwrap();
    let error = stage.merge(number, MergeMethod::Merge, false).unwrap_err();
    assert!(error.message().contains("the check `lint` (it says failure), and the check `test`"), "{error}");
    set(&stage, &head, "lint", status(CommitState::Success, "")).unwrap();
    set(&stage, &stage.head("main").unwrap(), "test", status(CommitState::Success, "")).unwrap();
    let error = stage.merge(number, MergeMethod::Merge, false).unwrap_err();
    assert!(error.message().ends_with("needs the check `test`"), "that of another commit: {error}");
    set(&stage, &head, "test", status(CommitState::Success, "")).unwrap();
    stage.merge(number, MergeMethod::Merge, false).unwrap();
    assert_eq!(stage.pull(number).state, State::Merged);
}
