//! Pull requests beside people with plain git: what they push, merge, close and delete is what is true.

use super::*;

#[test]
fn an_open_one_has_a_branch_and_a_ref() {
    let stage = Stage::new();
    let number = stage.open("topic", &[file("a", "a\n")]);
    assert_eq!(number, 1);
    let pull = stage.pull(1);
    assert_eq!((pull.state, pull.author.as_str(), pull.base.as_str()), (State::Open, "idp-run", "main"));
    assert_eq!(pull.url, Later::Known("https://git.acme.example/acme/app/pull/1".into()));
    assert_eq!(stage.git(&["rev-parse", "refs/pull/1/head"]), pull.commit.0);
    assert_eq!(stage.git(&["rev-parse", "topic"]), pull.commit.0);
    assert_eq!(stage.git(&["diff", "--name-only", "main", "topic"]), "a");
    let trailer = block_on(stage.forge.trailer(&stage.repo, &pull.commit)).unwrap();
    assert_eq!(trailer.as_deref(), Some("run1/topic"));
    assert_eq!(stage.open("topic", &[file("b", "b\n")]), 1, "one branch has one open pull request");
    assert_eq!(stage.open("other", &[file("b", "b\n")]), 2);
    stage.is_sound();
}

#[test]
fn each_method_merges_as_git_would() {
    for method in [MergeMethod::Merge, MergeMethod::Squash, MergeMethod::Rebase] {
        let stage = Stage::new();
        let number = stage.open("topic", &[file("list", "one\ntwo\nthree\nfour\nFIVE\n")]);
        stage.person("topic", |at| std::fs::write(at.join("by-hand"), "x\n").unwrap());
        let base = stage.commit("main", &[file("list", "ONE\ntwo\nthree\nfour\nfive\n")]);
        let topic = stage.pull(number).commit;
        stage.merge(number, method, false).unwrap();
        assert_eq!(stage.git(&["show", "main:list"]), "ONE\ntwo\nthree\nfour\nFIVE", "{method}");
        assert_eq!(stage.git(&["show", "main:by-hand"]), "x");
        let parents = stage.git(&["log", "-1", "--format=%P", "main"]);
        let log = stage.git(&["log", "--format=%s", &format!("{}..main", base.0)]);
        match method {
            MergeMethod::Merge => {
                assert_eq!(parents, format!("{} {}", base.0, topic.0));
                assert!(log.starts_with("Merge pull request #1 from topic"), "{log}");
            }
            MergeMethod::Squash => {
                assert_eq!(parents, base.0);
                assert_eq!(log, "Title of topic (#1)");
            }
            MergeMethod::Rebase => assert_eq!(log, "by hand\nfeat: topic"),
        }
        let pull = stage.pull(number);
        assert_eq!((pull.state, &pull.commit), (State::Merged, &topic));
        let merged = pull.merged.unwrap();
        assert_eq!((merged.by.as_str(), merged.method, merged.overridden.len()), ("ann", method, 0));
        assert_eq!(merged.commit, stage.head("main").unwrap());
        assert_eq!(stage.merge(number, method, false).unwrap_err().code(), "idp::pr::state");
        assert_eq!(stage.close(number).unwrap_err().code(), "idp::pr::state");
        stage.is_sound();
    }
}

#[test]
fn conflicts_are_named_by_every_method() {
    for method in [MergeMethod::Merge, MergeMethod::Squash, MergeMethod::Rebase] {
        let stage = Stage::new();
        let number = stage.open("topic", &[file("list", "1\n"), file("README.md", "2\n"), file("fine", "x")]);
        let base = stage.commit("main", &[file("list", "3\n"), file("README.md", "4\n")]);
        let error = stage.merge(number, method, false).unwrap_err();
        assert_eq!(error.code(), "idp::pr::conflict", "{method}");
        assert!(error.message().contains("README.md, list"), "{error}");
        assert_eq!(stage.head("main").unwrap(), base);
        assert_eq!(stage.pull(number).state, State::Open);
    }
}

#[test]
fn a_rebase_whose_commits_conflict_one_by_one_is_refused() {
    let stage = Stage::new();
    let number = stage.open("topic", &[file("list", "X\n")]);
    // Together the two commits change nothing of the list; each alone conflicts.
    stage.person("topic", |at| std::fs::write(at.join("list"), "one\ntwo\nthree\nfour\nfive\n").unwrap());
    stage.commit("main", &[file("list", "Y\n")]);
    assert_eq!(stage.merge(number, MergeMethod::Rebase, false).unwrap_err().code(), "idp::pr::conflict");
    stage.merge(number, MergeMethod::Squash, false).unwrap();
    assert_eq!(stage.git(&["show", "main:list"]), "Y");
}

#[test]
fn a_persons_push_is_the_head() {
    let stage = Stage::new();
    let number = stage.open("topic", &[file("a", "a\n")]);
    let looked_at = stage.pull(number).commit;
    stage.person("topic", |at| std::fs::write(at.join("a"), "by hand\n").unwrap());
    let pull = stage.pull(number);
    assert_eq!(pull.commit.0, stage.git(&["rev-parse", "topic"]));
    assert_ne!(pull.commit, looked_at);
    assert_eq!(block_on(stage.forge.trailer(&stage.repo, &pull.commit)).unwrap(), None);
    // What was looked at is no longer what would be merged.
    let method = MergeMethod::Merge;
    let stale = Change::Merge { repo: stage.repo.clone(), number, method, head: looked_at, admin: false, later: false };
    assert_eq!(stage.apply(&stale, "ann").unwrap_err().code(), crate::world::forge::MOVED);
    stage.merge(number, method, false).unwrap();
    assert_eq!(stage.git(&["show", "main:a"]), "by hand");
}

#[test]
fn what_a_person_merged_with_git_is_merged() {
    for args in [
        &["merge", "-q", "--no-ff", "-m", "by hand", "origin/topic"][..],
        &["merge", "-q", "--ff-only", "origin/topic"],
    ] {
        let stage = Stage::new();
        let number = stage.open("topic", &[file("a", "a\n")]);
        stage.person("main", |at| {
            git_in(at, args);
        });
        let pull = stage.pull(number);
        assert_eq!((pull.state, pull.merged), (State::Merged, None));
        // Also after the branch went.
        stage.git(&["branch", "-D", "topic"]);
        assert_eq!(stage.pull(number).state, State::Merged);
    }
}

#[test]
fn closing_keeps_the_commits() {
    let stage = Stage::new();
    let number = stage.open("topic", &[file("a", "a\n")]);
    stage.person("topic", |at| std::fs::write(at.join("a"), "by hand\n").unwrap());
    let head = stage.pull(number).commit;
    stage.close(number).unwrap();
    assert_eq!(stage.pull(number).state, State::Closed);
    let delete = Change::DeleteBranch { repo: stage.repo.clone(), branch: "topic".into(), commit: head.clone() };
    stage.apply(&delete, "ann").unwrap();
    assert_eq!(stage.head("topic"), None);
    stage.git(&["gc", "--prune=now", "-q"]);
    assert_eq!(stage.git(&["rev-parse", "refs/pull/1/head"]), head.0);
    assert_eq!(stage.git(&["show", &format!("{}:a", head.0)]), "by hand");
    assert_eq!(stage.pull(number).commit, head);
    stage.is_sound();
    // Opened again, the branch is back where it was.
    stage.reopen(number, None).unwrap();
    assert_eq!((stage.pull(number).state, stage.head("topic")), (State::Open, Some(head)));
}

#[test]
fn a_closed_one_whose_commits_come_to_the_base_stays_closed() {
    let stage = Stage::new();
    let number = stage.open("topic", &[file("a", "a\n")]);
    stage.close(number).unwrap();
    stage.person("main", |at| {
        git_in(at, &["merge", "-q", "--no-ff", "-m", "after all", "origin/topic"]);
    });
    assert_eq!(stage.pull(number).state, State::Closed, "a person's no stands");
}

#[test]
fn a_merge_that_was_recorded_and_not_made_did_not_happen() {
    let stage = Stage::new();
    let number = stage.open("topic", &[file("a", "a\n")]);
    let before = stage.head("main").unwrap();
    stage.merge(number, MergeMethod::Squash, false).unwrap();
    // As a kill between the record and the branch leaves it.
    stage.git(&["update-ref", "refs/heads/main", &before.0]);
    let path = stage.bare().join("idp/pulls/1.json");
    let text = std::fs::read_to_string(&path).unwrap().replace("\"state\": \"merged\"", "\"state\": \"open\"");
    std::fs::write(&path, text).unwrap();
    assert_eq!(stage.pull(number).state, State::Open);
    stage.merge(number, MergeMethod::Squash, false).unwrap();
    assert_eq!(stage.pull(number).state, State::Merged);
    assert_eq!(stage.git(&["rev-list", "--count", "main"]), "2");
}

#[test]
fn a_record_that_was_broken_by_hand_is_named() {
    let stage = Stage::new();
    stage.open("topic", &[file("a", "a\n")]);
    std::fs::write(stage.bare().join("idp/pulls/1.json"), "{").unwrap();
    let error = block_on(stage.forge.pull_requests(&stage.repo, None)).unwrap_err();
    assert_eq!(error.code(), "idp::store::broken");
    assert!(error.message().contains("pulls/1.json"), "{error}");
}

#[test]
fn the_branch_of_a_person_is_not_taken() {
    let stage = Stage::new();
    stage.git(&["branch", "topic", "main"]);
    let at = stage.head("main").unwrap();
    let commit = BranchCommit {
        parents: vec![at.clone()],
        message: "x".into(),
        files: vec![file("a", "a")],
        tree_of: at,
        rendering: None,
    };
    let open = Change::OpenPullRequest {
        repo: stage.repo.clone(),
        base: "main".into(),
        head: "topic".into(),
        commit,
        marker: Marker::new("run1", "topic"),
        title: "T".into(),
        body: String::new(),
        labels: Default::default(),
        reviewers: Default::default(),
    };
    assert_eq!(stage.apply(&open, "idp-run").unwrap_err().code(), "idp::pr::branch_taken");
    assert!(block_on(stage.forge.pull_requests(&stage.repo, None)).unwrap().is_empty());
}

#[test]
fn what_a_person_merged_or_closed_meanwhile_takes_no_commits() {
    for merged in [true, false] {
        let stage = Stage::new();
        let number = stage.open("topic", &[file("a", "a\n")]);
        let seen = stage.pull(number).commit;
        if merged {
            stage.merge(number, MergeMethod::Merge, true).unwrap();
        } else {
            stage.close(number).unwrap();
        }
        let change = Change::UpdatePullRequest {
            repo: stage.repo.clone(),
            number: Later::Known(number),
            head: "topic".into(),
            marker: Marker::new("run1", "topic"),
            before: PullRequestText::default(),
            after: PullRequestText::default(),
            commit: Some(BranchCommit {
                parents: vec![seen.clone()],
                message: "too late".into(),
                files: vec![file("b", "b\n")],
                tree_of: seen.clone(),
                rendering: None,
            }),
            reopen: false,
        };
        assert_eq!(stage.apply(&change, "idp-run").unwrap_err().code(), MOVED, "merged: {merged}");
        assert_eq!(stage.git(&["rev-parse", "refs/pull/1/head"]), seen.0);
        stage.is_sound();
    }
}

#[test]
fn a_head_with_a_merge_in_it_is_not_rebased() {
    let stage = Stage::new();
    let number = stage.open("topic", &[file("a", "a\n")]);
    stage.commit("main", &[file("b", "b\n")]);
    stage.person("topic", |at| {
        git_in(at, &["merge", "-q", "--no-edit", "origin/main"]);
    });
    assert_eq!(stage.merge(number, MergeMethod::Rebase, true).unwrap_err().code(), "idp::pr::rebase");
    stage.merge(number, MergeMethod::Squash, true).unwrap();
}
