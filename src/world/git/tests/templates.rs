//! Repositories that are made from another one.

use super::*;

fn make(stage: &Stage, name: &str, template: &str, branch: &str) -> Result<RepoId> {
    let repo = RepoId::new("acme", name).unwrap();
    let settings = Settings { default_branch: branch.into(), ..Settings::default() };
    let template = Some(RepoId::new("acme", template).unwrap());
    let create = Change::CreateRepository { repo: repo.clone(), settings, marker: "run1".into(), template };
    stage.apply(&create, "idp-run").map(|_| repo)
}

#[test]
fn the_tree_is_the_templates_with_its_links_and_its_history_is_not() {
    let stage = Stage::new();
    stage.person("main", |at| {
        std::os::unix::fs::symlink("README.md", at.join("LINK")).unwrap();
        std::fs::create_dir_all(at.join("a/b")).unwrap();
        std::fs::write(at.join("a/b/run.sh"), "echo\n").unwrap();
        git_in(at, &["add", "--chmod=+x", "a/b/run.sh"]);
    });
    let repo = make(&stage, "copy", "app", "trunk").unwrap();
    let bare = stage.folder.path().join("acme/copy.git");
    let tree = |folder: &Path, branch: &str| git_in(folder, &["rev-parse", &format!("{branch}^{{tree}}")]);
    assert_eq!(tree(&bare, "trunk"), tree(&stage.bare(), "main"));
    assert_eq!(git_in(&bare, &["rev-list", "--count", "--all"]), "1");
    git_in(&bare, &["fsck", "--strict", "--no-progress"]);
    let head = block_on(stage.forge.branch(&repo, "trunk")).unwrap().unwrap();
    let revision = block_on(stage.forge.revision(&repo, &head)).unwrap();
    assert_eq!((revision.author.as_str(), revision.trailer.as_deref()), ("idp-run", Some("run1/%template")));
}

#[test]
fn without_its_files_there_is_no_repository() {
    let stage = Stage::new();
    let empty = RepoId::new("acme", "empty").unwrap();
    let settings = Settings::default();
    let create = Change::CreateRepository { repo: empty, settings, marker: "run1".into(), template: None };
    stage.apply(&create, "idp-run").unwrap();
    for template in ["nowhere", "empty"] {
        let error = make(&stage, "copy", template, "main").unwrap_err();
        assert_eq!(error.code(), "idp::repo::template");
        assert!(!stage.folder.path().join("acme/copy.git").exists());
    }
    make(&stage, "copy", "app", "main").unwrap();
}
