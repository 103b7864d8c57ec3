//! Applications that their project would refuse don't pass the door, and scripts see what ApplicationSets generate.

use crate::workspace::{Said, Workspace};

/// A script that proposes files to the platform's repository.
fn proposal(files: &[(&str, String)]) -> String {
    let edits: String = files.iter().map(|(path, text)| format!(".write({path:?}, {text:?})")).collect();
    format!("repo(\"platform-gitops\").propose(\"X\", |t| t{edits}, #{{ branch: \"x\" }});")
}

/// An Application of the project orders.
fn application(source: &str, destination: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: extra\n  namespace: argocd\nspec:\n  project: orders\n  \
         source: {{ repoURL: {source}, path: k8s, targetRevision: main }}\n  destination: {destination}\n"
    )
}

const OWN: &str = "https://git.acme.example/acme/orders-gitops.git";

/// The findings about projects: level, place, message, help.
fn findings(said: &Said) -> String {
    let mut lines = String::new();
    for event in said.of_type("diagnostic").iter().filter(|event| event["code"] == "project") {
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_string();
        let (level, place) = (text(&event["level"]), &event["place"]);
        lines.push_str(&format!("{level} {}:{}: {}\n", text(&place["file"]), place["line"], text(&event["message"])));
        lines.push_str(&format!("  {}\n", text(&event["help"])));
    }
    lines
}

#[test]
fn an_application_that_its_project_would_refuse_is_refused_in_the_plan() {
    let ws = Workspace::acme();
    let fine = application(OWN, "{ name: cluster-dev, namespace: orders-dev-extra }");
    let plan = ws.plan(&proposal(&[("argocd/extra.yaml", fine)]));
    assert_eq!((plan.code, findings(&plan).as_str()), (0, ""), "{plan}");
    let wrong = application("https://github.com/acme/orders.git", "{ name: cluster-dev, namespace: kube-system }");
    let plan = ws.plan(&proposal(&[("argocd/extra.yaml", wrong.clone())]));
    plan.fails(1, "idp::review::refused");
    insta::assert_snapshot!(findings(&plan), @r"
    high acme/platform-gitops:argocd/extra.yaml:8: Application extra: application repo https://github.com/acme/orders.git is not permitted in project 'orders': its sourceRepos are https://git.acme.example/acme/orders-gitops.git
      permit it in acme/platform-gitops:argocd/orders-project.yaml:2:1, or ask for what is permitted
    high acme/platform-gitops:argocd/extra.yaml:9: Application extra: application destination server 'cluster-dev' and namespace 'kube-system' do not match any of the allowed destinations in project 'orders': its destinations are cluster-dev orders-dev-*, cluster-staging orders-staging-*, cluster-prod orders-prod-*, !argocd, !monitoring and 3 more
      permit it in acme/platform-gitops:argocd/orders-project.yaml:2:1, or ask for what is permitted
    ");
    // What is refused is neither made nor half made.
    let applied = ws.script(&proposal(&[("argocd/extra.yaml", wrong.clone())]));
    applied.fails(1, "idp::review::refused");
    // A project that nobody here knows refuses nothing; one that the same change brings is asked.
    let other = wrong.replace("project: orders", "project: extra");
    assert_eq!(ws.plan(&proposal(&[("argocd/extra.yaml", other.clone())])).code, 0);
    let project = "apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: { name: extra, namespace: argocd }\nspec:\n  sourceRepos: ['*']\n  destinations: []\n";
    let plan = ws.plan(&proposal(&[("argocd/extra.yaml", other), ("argocd/extra-project.yaml", project.into())]));
    plan.fails(1, "idp::review::refused");
    insta::assert_snapshot!(findings(&plan), @r"
    high acme/platform-gitops:argocd/extra.yaml:9: Application extra: application destination server 'cluster-dev' and namespace 'kube-system' do not match any of the allowed destinations in project 'extra': its destinations are empty
      permit it in acme/platform-gitops:argocd/extra-project.yaml:1:1, or ask for what is permitted
    ");
}

#[test]
fn a_destination_that_may_be_the_same_by_its_other_name_is_not_judged() {
    let ws = Workspace::acme();
    // The project has names, and this is the server of one of them, for all that is known here.
    let by_server = application(OWN, "{ server: 'https://10.0.0.1', namespace: orders-dev-extra }");
    assert_eq!(ws.plan(&proposal(&[("argocd/extra.yaml", by_server)])).code, 0);
    let elsewhere = application(OWN, "{ server: 'https://10.0.0.1', namespace: default }");
    ws.plan(&proposal(&[("argocd/extra.yaml", elsewhere)])).fails(1, "idp::review::refused");
}

#[test]
fn what_a_set_generates_is_asked_and_what_was_refused_before_is_told() {
    let ws = Workspace::acme();
    let set = ws.read("seeds/platform-gitops/argocd/orders.yaml");
    let wrong = set.replace("namespace: 'orders-{{ .env }}-{{ .service }}'", "namespace: 'other-{{ .env }}'");
    let plan = ws.plan(&proposal(&[("argocd/orders.yaml", wrong.clone())]));
    plan.fails(1, "idp::review::refused");
    insta::assert_snapshot!(findings(&plan), @r"
    high acme/platform-gitops:argocd/orders.yaml:55: ApplicationSet orders, Application orders-checkout-dev: application destination server 'cluster-dev' and namespace 'other-dev' do not match any of the allowed destinations in project 'orders': its destinations are cluster-dev orders-dev-*, cluster-staging orders-staging-*, cluster-prod orders-prod-*, !argocd, !monitoring and 3 more
      permit it in acme/platform-gitops:argocd/orders-project.yaml:2:1, or ask for what is permitted
    high acme/platform-gitops:argocd/orders.yaml:55: ApplicationSet orders, Application orders-checkout-staging: application destination server 'cluster-staging' and namespace 'other-staging' do not match any of the allowed destinations in project 'orders': its destinations are cluster-dev orders-dev-*, cluster-staging orders-staging-*, cluster-prod orders-prod-*, !argocd, !monitoring and 3 more
      permit it in acme/platform-gitops:argocd/orders-project.yaml:2:1, or ask for what is permitted
    high acme/platform-gitops:argocd/orders.yaml:55: ApplicationSet orders, Application orders-checkout-prod: application destination server 'cluster-prod' and namespace 'other-prod' do not match any of the allowed destinations in project 'orders': its destinations are cluster-dev orders-dev-*, cluster-staging orders-staging-*, cluster-prod orders-prod-*, !argocd, !monitoring and 3 more (and 3 more of its Applications are refused)
      permit it in acme/platform-gitops:argocd/orders-project.yaml:2:1, or ask for what is permitted
    ");
    // Whoever mends something else is not held up by it.
    ws.write("seeds/platform-gitops/argocd/orders.yaml", &wrong);
    let plan = ws.plan(&proposal(&[("argocd/orders.yaml", wrong.replace("limit: 5", "limit: 6"))]));
    assert_eq!(plan.code, 0, "{plan}");
    assert!(findings(&plan).starts_with("medium ") && findings(&plan).contains(", as before this change"), "{plan}");
}

#[test]
fn scripts_see_what_a_set_generates_with_the_edits_of_their_tree() {
    let ws = Workspace::acme();
    let said = ws.plan(
        "let tree = repo(\"platform-gitops\").tree(\"main\");
let more = tree.appset(\"argocd/orders.yaml\").ensure(\"service\", #{ service: \"returns\", component: \"orders-returns\" });
print(tree.appset(\"argocd/orders.yaml\").render().len);
let all = more.appset(\"argocd/orders.yaml\").render();
print(all.len);
print(all[6].name + \" \" + all[6].spec.destination.namespace);
let rbac = tree.write(\"k8s/rbac/dev/more.yaml\", \"x: 1\").remove(\"k8s/rbac/prod/orders.yaml\").appset(\"argocd/rbac.yaml\").render();
print(rbac.map(|application| application.name));
",
    );
    assert_eq!(said.code, 0, "{said}");
    insta::assert_snapshot!(said.prints(), @r#"
    6
    9
    orders-returns-dev orders-dev-returns
    ["rbac-dev-more", "rbac-dev-orders-checkout", "rbac-dev-orders-stock", "rbac-dev-orders", "rbac-prod-orders-checkout", "rbac-prod-orders-stock", "rbac-staging-orders-checkout", "rbac-staging-orders-stock", "rbac-staging-orders"]
    "#);
}
