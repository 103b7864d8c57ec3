//! Promote, rollback and versions in the example's workspace, beside people who use git.

use std::path::Path;

use crate::workspace::{Said, Workspace, git, git_command};

const FILE: &str = "k8s/staging/stock/kustomization.yaml";

/// A person deploys a tag of stock to staging through a branch and a merge, each at a time.
fn merged(ws: &Workspace, tag: &str, committed: &str, merged: &str) {
    let clone = tempfile::TempDir::new().unwrap();
    let at = clone.path();
    git(at, &["clone", "-q", ws.bare("orders-gitops").to_str().unwrap(), "."]);
    git(at, &["checkout", "-q", "-b", "work"]);
    let text = std::fs::read_to_string(at.join(FILE)).unwrap();
    let line = text.lines().find(|line| line.contains("newTag")).unwrap();
    std::fs::write(at.join(FILE), text.replace(line, &format!("    newTag: \"{tag}\""))).unwrap();
    let dated = |args: &[&str], name: &str, date: &str| {
        let mut command = git_command(at, args);
        command.env("GIT_AUTHOR_NAME", name).env("GIT_AUTHOR_DATE", date).env("GIT_COMMITTER_DATE", date);
        assert!(command.status().unwrap().success(), "git {args:?}");
    };
    dated(&["commit", "-q", "-a", "-m", "stock of staging"], "Bob", committed);
    git(at, &["checkout", "-q", "main"]);
    dated(&["merge", "-q", "--no-ff", "-m", "Merge stock of staging", "work"], "Carol", merged);
    git(at, &["push", "-q", "origin", "main"]);
}

fn with(promotion: &str) -> Workspace {
    let ws = Workspace::acme();
    let config = ws.read("idp.yaml");
    let prod = "  prod: { cluster: cluster-prod, production: true }";
    assert!(config.contains(prod));
    let more = format!("  prod: {{ cluster: cluster-prod, production: true, promotion: {promotion} }}");
    ws.write("idp.yaml", &config.replace(prod, &more));
    // The world is made by the first look at it.
    ws.idp(&["versions"]);
    ws
}

fn promote(ws: &Workspace, more: &[&str]) -> Said {
    ws.idp(&[&["promote", "project=orders", "service=stock", "to=prod", "--output", "json"], more].concat())
}

#[test]
fn a_table_says_what_is_where_since_when_and_by_whom() {
    let ws = Workspace::acme();
    ws.idp(&["versions"]);
    merged(&ws, "0.15.0", "2026-01-01T08:00:00Z", "2026-01-03T12:00:00Z");
    let said = ws.idp(&["versions", "project=orders", "service=stock"]);
    assert_eq!(said.code, 0, "{said}");
    let line = said.stdout.lines().find(|line| line.starts_with("staging")).unwrap();
    // The merge, and not what was committed two days before on another branch.
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(words[..5], ["staging", "stock", "0.15.0", "2026-01-03T12:00:00Z", "Carol"], "{said}");
    assert!(said.stdout.contains("orders/stock  stock 0.14.0  stock 0.15.0  stock 0.13.4"), "{said}");
    let again = ws.idp(&["versions", "service=nobody"]);
    assert_eq!(again.code, 2, "{again}");
}

#[test]
fn the_time_of_the_merge_counts_and_so_do_its_checks() {
    let ws = with("{ checks: [smoke], soak: 2d }");
    merged(&ws, "0.15.0", "2026-01-01T08:00:00Z", "2026-01-03T12:00:00Z");
    let said = promote(&ws, &[]);
    said.fails(2, "idp::param::refused");
    assert!(
        said.stdout.contains("the check smoke is missing on") && !said.stdout.contains("asks for 2 days"),
        "{said}"
    );
    let commit = ws.git("orders-gitops", &["rev-parse", "main"]);
    ws.script(&format!("repo(\"orders-gitops\").status(\"{commit}\", \"smoke\", \"success\");"));
    promote(&ws, &[]).ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
    promote(&ws, &[]).ends(0, "create 0 update 0 delete 0 unchanged 1 applied");
    // The same version, deployed just now.
    let young = with("{ soak: 2d }");
    let now = jiff::Timestamp::now().to_string();
    merged(&young, "0.15.0", "2026-01-01T08:00:00Z", &now);
    let said = promote(&young, &[]);
    said.fails(2, "idp::param::refused");
    assert!(said.stdout.contains("prod asks for 2 days"), "{said}");
}

#[test]
fn a_rollback_is_found_in_history_and_the_way_forward_again() {
    let ws = Workspace::acme();
    ws.idp(&["versions"]);
    for (tag, day) in [("0.15.0", 1), ("0.16.0", 2)] {
        merged(&ws, tag, &format!("2026-01-0{day}T08:00:00Z"), &format!("2026-01-0{day}T12:00:00Z"));
    }
    let rollback = ["rollback", "project=orders", "service=stock", "env=staging", "--output", "json"];
    let to = |version: &str| ws.idp(&[&rollback[..], &[version]].concat());
    to("version=0.14.0").ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
    to("version=0.14.0").ends(0, "create 0 update 0 delete 0 unchanged 1 applied");
    let merge = ws.idp(&["pr", "merge", "orders-gitops", "1", "--admin", "--as", "dora"]);
    assert_eq!(merge.code, 0, "{merge}");
    let file = ws.file("orders-gitops", "main", FILE).unwrap();
    assert!(file.contains("newTag: \"0.14.0\"") && file.contains("# The pipeline writes"), "{file}");
    to("version=0.14.0").ends(0, "create 0 update 0 delete 0 unchanged 0 applied");
    let said = to("version=9.9.9");
    said.fails(2, "idp::param::refused");
    assert!(said.stdout.contains("0.16.0 by Carol on 2026-01-02T12:00:00Z"), "{said}");
    to("version=0.16.0").ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
}

#[test]
fn what_idp_yaml_says_wrongly_is_told_with_its_place() {
    for (from, to, message) in [
        ("production: true }", "production: true, promotion: { direct: true } }", "can't be true of production"),
        ("production: true }", "production: true, promotion: { soak: 2 } }", "must be a time such as"),
        ("production: true }", "production: true, promotion: { check: [a] } }", "check"),
        ("claims: {", "deployments: [\"gitops/{env}/{service}.yaml\"]\nclaims: {", "each once"),
        ("claims: {", "deployments: [\"{project}/{env}/{service}/{name}.yaml\"]\nclaims: {", "each once"),
    ] {
        let ws = Workspace::acme();
        let config = ws.read("idp.yaml");
        assert!(config.contains(from));
        ws.write("idp.yaml", &config.replacen(from, to, 1));
        let said = ws.idp(&["versions"]);
        assert_eq!(said.code, 2, "{said}");
        assert!(said.stderr.contains(message) && said.stderr.contains("idp.yaml:"), "{to}: {said}");
        assert!(!ws.has_state(), "{to}");
    }
}

#[test]
fn another_layout_is_a_line_of_idp_yaml() {
    let ws = Workspace::acme();
    let config = ws.read("idp.yaml");
    ws.write(
        "idp.yaml",
        &format!("{config}\ndeployments: [\"platform-gitops/apps/{{project}}/{{env}}-{{service}}.yaml\"]\n"),
    );
    ws.idp(&["versions"]);
    let chart = |version: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{ name: cache }}\nspec:\n  source: {{ chart: redis, targetRevision: {version} }} # pinned\n"
        )
    };
    ws.person("platform-gitops", "main", |at: &Path| {
        std::fs::create_dir_all(at.join("apps/shop")).unwrap();
        std::fs::write(at.join("apps/shop/dev-cache.yaml"), chart("18.2.0")).unwrap();
        std::fs::write(at.join("apps/shop/staging-cache.yaml"), chart("18.1.0")).unwrap();
    });
    let said = ws.idp(&["promote", "project=shop", "service=cache", "to=staging", "--output", "json"]);
    said.ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
    let branch = said.of_type("change")[0]["target"].as_str().unwrap().to_string();
    let head = ws.git("platform-gitops", &["for-each-ref", "--format=%(refname:short)", "refs/heads/"]);
    let head = head.lines().find(|name| *name != "main").unwrap_or_else(|| panic!("no branch of {branch}"));
    assert_eq!(ws.file("platform-gitops", head, "apps/shop/staging-cache.yaml").unwrap(), chart("18.2.0"));
    let table = ws.idp(&["versions", "project=shop"]);
    assert!(table.stdout.contains("shop/cache  redis 18.2.0  redis 18.1.0  -"), "{table}");
}
