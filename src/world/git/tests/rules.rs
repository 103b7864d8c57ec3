//! Protection: who may commit, what a merge needs, and what is recorded when somebody overrides it.

use super::*;

/// Why a merge is refused, and that the refusal changed nothing.
#[track_caller]
fn refused(stage: &Stage, number: u64) -> String {
    let before = stage.head("main");
    let error = stage.merge(number, MergeMethod::Merge, false).unwrap_err();
    assert_eq!(error.code(), "idp::pr::rules", "{error}");
    assert_eq!((stage.head("main"), stage.pull(number).state), (before, State::Open));
    error.message().to_string()
}

#[test]
fn direct_commits_and_deletions_are_refused() {
    let stage = Stage::new();
    stage.protect(0, &[], false);
    let change = stage.commit_change("main", "direct", &[file("a", "a")]);
    let error = stage.apply(&change, "idp-run").unwrap_err();
    assert_eq!(error.code(), "idp::forge::protected");
    assert!(error.help_text().unwrap().contains("propose"));
    let commit = stage.head("main").unwrap();
    let delete = Change::DeleteBranch { repo: stage.repo.clone(), branch: "main".into(), commit };
    assert_eq!(stage.apply(&delete, "ann").unwrap_err().code(), "idp::forge::protected");
    // The first commit of an empty repository has nobody to ask.
    stage.commit("other", &[file("a", "a")]);
}

#[test]
fn a_merge_needs_its_reviews() {
    let stage = Stage::new();
    stage.protect(2, &[], false);
    let number = stage.open("topic", &[file("a", "a")]);
    assert!(refused(&stage, number).contains("2 approving reviews (has 0)"));
    assert_eq!(stage.approve(number, "idp-run").unwrap_err().code(), "idp::pr::own");
    stage.approve(number, "ann").unwrap();
    stage.approve(number, "ann").unwrap();
    assert!(refused(&stage, number).contains("(has 1)"), "one person is one review");
    stage.approve(number, "bob").unwrap();
    stage.merge(number, MergeMethod::Merge, false).unwrap();
    let said = block_on(stage.forge.discussion(&stage.repo, &stage.pull(number))).unwrap();
    assert_eq!(said.approvals.len(), 2);
    assert_eq!(stage.approve(number, "cay").unwrap_err().code(), "idp::pr::state");
}

#[test]
fn an_approval_that_the_author_wrote_into_the_file_does_not_count() {
    let stage = Stage::new();
    stage.protect(1, &[], false);
    let number = stage.open("topic", &[file("a", "a")]);
    stage.approve(number, "ann").unwrap();
    let path = stage.bare().join("idp/pulls/1.json");
    let text = std::fs::read_to_string(&path).unwrap().replace("\"by\": \"ann\"", "\"by\": \"idp-run\"");
    std::fs::write(&path, text).unwrap();
    assert!(refused(&stage, number).contains("has 0"));
}

#[test]
fn checks_are_needed_by_name() {
    let stage = Stage::new();
    stage.protect(0, &["Test"], false);
    let number = stage.open("topic", &[file("a", "a")]);
    assert!(refused(&stage, number).contains("the check `Test`"));
}

#[test]
fn owners_approve_by_name_or_through_their_team() {
    let stage = Stage::new();
    let owners = "* @cay\n/k8s/ @acme/platform\n/docs/\n";
    stage.commit("main", &[file("CODEOWNERS", owners), file("k8s/a", "a"), file("docs/a", "a")]);
    stage.protect(1, &[], true);
    let number = stage.open("topic", &[file("k8s/a", "b"), file("README.md", "b")]);
    stage.approve(number, "dan").unwrap();
    let why = refused(&stage, number);
    assert!(
        why.contains("@acme/platform (code owner of k8s/a)") && why.contains("@cay (code owner of README.md)"),
        "{why}"
    );
    stage.approve(number, "bob").unwrap();
    let why = refused(&stage, number);
    assert!(!why.contains("platform") && why.contains("@cay"), "{why}");
    stage.approve(number, "cay").unwrap();
    stage.merge(number, MergeMethod::Merge, false).unwrap();
    // A line without owners frees its files.
    let number = stage.open("words", &[file("docs/a", "b")]);
    stage.approve(number, "dan").unwrap();
    stage.merge(number, MergeMethod::Merge, false).unwrap();
}

#[test]
fn the_owners_are_those_of_the_base() {
    let stage = Stage::new();
    stage.commit("main", &[file("CODEOWNERS", "* @cay\n")]);
    stage.protect(1, &[], true);
    let number = stage.open("topic", &[file("CODEOWNERS", "* @dan\n")]);
    stage.approve(number, "dan").unwrap();
    assert!(refused(&stage, number).contains("@cay"), "nobody makes themselves an owner");
}

#[test]
fn deleted_files_have_owners_too() {
    let stage = Stage::new();
    stage.commit("main", &[file("CODEOWNERS", "/k8s/ @cay\n"), file("k8s/a", "a")]);
    stage.protect(0, &[], true);
    let number = stage.open("topic", &[gone("k8s/a")]);
    assert!(refused(&stage, number).contains("@cay"));
}

#[test]
fn what_an_admin_overrides_is_recorded() {
    let stage = Stage::new();
    stage.protect(1, &["Test"], false);
    let number = stage.open("topic", &[file("a", "a")]);
    stage.merge(number, MergeMethod::Squash, true).unwrap();
    let merged = stage.pull(number).merged.unwrap();
    assert_eq!(merged.overridden, ["1 approving review (has 0)", "the check `Test`"]);
    assert_eq!(merged.by, "ann");
    // An admin who overrides nothing has nothing to be recorded.
    let number = stage.open("other", &[file("b", "b")]);
    stage.protect(0, &[], false);
    let rules = stage.bare().join("idp/protection.json");
    std::fs::write(rules, "{}").unwrap();
    stage.merge(number, MergeMethod::Merge, true).unwrap();
    assert_eq!(stage.pull(number).merged.unwrap().overridden, Vec::<String>::new());
}

#[test]
fn conflicts_are_not_overridden() {
    let stage = Stage::new();
    let number = stage.open("topic", &[file("list", "1\n")]);
    stage.commit("main", &[file("list", "2\n")]);
    assert_eq!(stage.merge(number, MergeMethod::Merge, true).unwrap_err().code(), "idp::pr::conflict");
}
