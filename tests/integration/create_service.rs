//! The golden path `create-service` on the example organisation: what it makes, and what reruns leave alone.

use crate::workspace::Workspace;

const RUN: [&str; 5] = ["create-service", "--params", "payments-api.yaml", "--output", "json"];
const NOTHING: &str = "create 0 update 0 delete 0 unchanged 8 applied";

fn applied() -> Workspace {
    let ws = Workspace::acme();
    ws.idp(&RUN).ends(0, "create 8 update 0 delete 0 unchanged 0 applied");
    ws
}

fn merge(ws: &Workspace, repo: &str, number: &str) {
    let act = |args: &[&str]| {
        let said = ws.idp(args);
        assert_eq!(said.code, 0, "{said}");
    };
    act(&["pr", "approve", repo, number, "--as", "alice"]);
    act(&["pr", "merge", repo, number, "--as", "alice"]);
}

#[test]
fn plan_and_apply_list_the_same_changes_and_a_plan_leaves_nothing() {
    let ws = Workspace::acme();
    let plan = ws.idp(&[&RUN[..], &["--plan"]].concat());
    plan.ends(0, "create 8 update 0 delete 0 unchanged 0 planned");
    assert!(!ws.has_state());
    let apply = ws.idp(&RUN);
    assert_eq!(plan.changes(), apply.changes());
    let diffs = |said: &crate::workspace::Said| -> Vec<serde_json::Value> {
        said.of_type("change").into_iter().map(|event| event["diff"]["files"].clone()).collect()
    };
    assert_eq!(diffs(&plan), diffs(&apply), "the files that were planned are those that were made");
    let before = ws.git("platform-gitops", &["for-each-ref"]);
    ws.idp(&[&RUN[..], &["--plan"]].concat()).ends(0, "create 0 update 0 delete 0 unchanged 8 planned");
    assert_eq!(ws.git("platform-gitops", &["for-each-ref"]), before);
    let runs = ws.idp(&["runs", "show", "create-service"]);
    assert!(runs.stdout.contains("Attempt 1,") && !runs.stdout.contains("Attempt 2,"), "{runs}");
}

#[test]
fn a_second_run_changes_nothing_with_and_without_the_journal() {
    let ws = applied();
    ws.idp(&RUN).ends(0, NOTHING);
    for file in ["journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm"] {
        let _ = std::fs::remove_file(ws.path().join(".idp").join(file));
    }
    ws.idp(&RUN).ends(0, NOTHING);
    ws.git("payments-api", &["fsck", "--full", "--strict"]);
}

#[test]
fn merged_and_edited_by_hand_stays() {
    let ws = applied();
    merge(&ws, "platform-gitops", "1");
    merge(&ws, "payments-gitops", "1");
    ws.person("payments-api", "main", |at| std::fs::write(at.join("README.md"), "Ours now\n").unwrap());
    ws.person("payments-gitops", "main", |at| {
        std::fs::remove_dir_all(at.join("k8s/staging")).unwrap();
    });
    ws.idp(&RUN).ends(0, NOTHING);
    assert_eq!(ws.file("payments-api", "main", "README.md").as_deref(), Some("Ours now\n"));
    assert_eq!(ws.file("payments-gitops", "main", "k8s/staging/api/deployment.yaml"), None);
    let set = ws.file("platform-gitops", "main", "argocd/payments.yaml").unwrap();
    assert_eq!(set.matches("service: api").count(), 1, "{set}");
}

#[test]
fn a_closed_pull_request_is_a_persons_no() {
    let ws = applied();
    assert_eq!(ws.idp(&["pr", "close", "platform-gitops", "1", "--as", "alice"]).code, 0);
    let said = ws.idp(&RUN);
    said.fails(2, "idp::param::refused");
    assert!(said.stdout.contains("/platform-gitops/pull/1 was closed without being merged"), "{said}");
    assert!(said.stderr.contains("reopen=true") && !said.stderr.contains(".rhai"), "{said}");
    ws.idp(&[&RUN[..], &["reopen=true"]].concat()).ends(0, "create 0 update 1 delete 0 unchanged 7 applied");
    ws.idp(&RUN).ends(0, NOTHING);
    assert_eq!(ws.idp(&["pr", "close", "payments-gitops", "1", "--as", "alice"]).code, 0);
    ws.idp(&RUN).fails(2, "idp::param::refused");
}

#[test]
fn another_description_updates_settings_and_open_pull_requests_only() {
    let ws = applied();
    let delivered = ws.git("payments-api", &["rev-parse", "main"]);
    let said = ws.idp(&[&RUN[..], &["description=Takes money"]].concat());
    said.ends(0, "create 0 update 3 delete 0 unchanged 5 applied");
    assert_eq!(
        said.changes(),
        [
            "update repository acme/payments-api",
            "update pull_request acme/platform-gitops create-service-payments-api",
            "update pull_request acme/payments-gitops create-service-payments-api",
        ]
    );
    assert_eq!(ws.git("payments-api", &["rev-parse", "main"]), delivered, "what was committed stays");
    ws.idp(&[&RUN[..], &["description=Takes money"]].concat()).ends(0, NOTHING);
    let pull = ws.idp(&["pr", "show", "payments-gitops", "1"]);
    assert!(pull.stdout.contains("**gateway-api**: Takes money"), "{pull}");
}

#[test]
fn a_name_that_others_have_is_refused_in_the_plan_with_its_owner() {
    let ws = Workspace::acme();
    // orders-checkout is a Component of the seeds: system `orders`, service `checkout`.
    let words = ["project=pay", "system=orders", "service=checkout", "owner=team-payments", "description=x"];
    let said = ws.idp(&[&["create-service", "--output", "json", "--plan"][..], &words].concat());
    said.fails(2, "idp::param::refused");
    assert!(said.stderr.contains("orders-checkout exists already: it belongs to"), "{said}");
    assert!(!ws.has_state());
}

#[test]
fn wrong_parameters_are_named_and_nothing_is_made() {
    let ws = Workspace::acme();
    for (word, code, text) in [
        ("service=gitops", "idp::key::reserved", "can't be the name of a service"),
        ("service=true", "idp::param::pattern", "YAML reads it"),
        ("project=pay-ments", "idp::param::pattern", "`project`"),
        ("project=platform", "idp::param::refused", "platform team's own"),
        ("owner=Team Payments", "idp::param::pattern", "`owner`"),
        ("template=cobol", "idp::param::choice", "java-spring-boot"),
        ("databse=true", "idp::param::unknown", "did you mean `database`?"),
        ("database=perhaps", "idp::param::type", "true or false"),
    ] {
        let said = ws.idp(&[&RUN[..], &[word]].concat());
        said.fails(2, code);
        assert!(said.stderr.contains(text), "{word}: {said}");
        assert!(!ws.has_state(), "{word}");
    }
}

#[test]
fn hostile_descriptions_stay_text() {
    let ws = Workspace::acme();
    let hostile = "description=a: b # \"c\" ${{ values.owner }} {% if x %} '";
    ws.idp(&[&RUN[..], &[hostile]].concat()).ends(0, "create 8 update 0 delete 0 unchanged 0 applied");
    let card = ws.file("payments-api", "main", "catalog-info.yaml").unwrap();
    assert!(card.contains("${{ values.owner }} {% if x %}"), "{card}");
    ws.idp(&[&RUN[..], &[hostile]].concat()).ends(0, NOTHING);
}

#[test]
fn a_second_service_of_the_project_shares_what_the_first_one_made() {
    let ws = applied();
    let words = ["project=payments", "service=ledger", "owner=team-orders", "description=Books"];
    let said = ws.idp(&[&["create-service", "--output", "json"][..], &words].concat());
    said.ends(0, "create 5 update 0 delete 0 unchanged 3 applied");
    merge(&ws, "platform-gitops", "1");
    // The second one's pull request adds the same new files: it is redone on what was merged.
    let said = ws.idp(&[&["create-service", "--output", "json"][..], &words].concat());
    said.ends(0, "create 0 update 1 delete 0 unchanged 7 applied");
    merge(&ws, "platform-gitops", "2");
    let set = ws.file("platform-gitops", "main", "argocd/payments.yaml").unwrap();
    assert_eq!(set.matches("- service: ").count(), 2, "{set}");
    let bounds = ws.file("platform-gitops", "main", "argocd/payments-project.yaml").unwrap();
    assert!(bounds.contains("acme:team-payments") && bounds.contains("acme:team-orders"), "{bounds}");
}

#[test]
fn a_project_that_people_started_gets_a_service_like_any_other() {
    let ws = Workspace::acme();
    let words = ["project=orders", "service=returns", "owner=team-orders", "description=Takes things back"];
    let args = [&["create-service", "--output", "json"][..], &words].concat();
    // Its GitOps repository and its files in the platform's are there: two pull requests and the code.
    let said = ws.idp(&args);
    said.ends(0, "create 5 update 0 delete 0 unchanged 0 applied");
    assert!(!said.changes().iter().any(|change| change.contains("orders-gitops main")), "{said}");
    ws.idp(&args).ends(0, "create 0 update 0 delete 0 unchanged 5 applied");
    let pull = ws.idp(&["pr", "show", "platform-gitops", "1"]);
    assert!(
        pull.stdout.contains("+                - service: returns\n+                  component: orders-returns"),
        "{pull}"
    );
}
