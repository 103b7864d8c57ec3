//! Tests of what a project permits, as a whole.

use serde_json::{Value, json};

use super::*;

fn project() -> Value {
    json!({
        "metadata": { "name": "pay" },
        "spec": {
            "sourceRepos": ["https://git/pay/*", "!https://git/pay/secret"],
            "destinations": [{ "server": "https://prod", "namespace": "pay-*" }, { "name": "lab", "namespace": "*" }],
            "sourceNamespaces": ["team-*", "/^ci-[0-9]+$/"],
            "clusterResourceWhitelist": [{ "group": "", "kind": "Namespace", "name": "pay-*" }],
            "namespaceResourceBlacklist": [{ "group": "rbac.authorization.k8s.io", "kind": "*" }],
        },
    })
}

fn application(repository: &str, destination: Value) -> Value {
    json!({
        "metadata": { "name": "api", "namespace": "argocd" },
        "spec": { "project": "pay", "source": { "repoURL": repository }, "destination": destination },
    })
}

#[test]
fn what_is_permitted_passes() {
    let fits = application("https://git/pay/api.git", json!({ "server": "https://prod", "namespace": "pay-api" }));
    assert_eq!(check(&fits, &project(), &Context::default()), []);
}

#[test]
fn each_refusal_has_its_place_and_reason() {
    let mut wrong = application("https://git/pay/secret", json!({ "server": "https://prod", "namespace": "other" }));
    wrong["metadata"]["namespace"] = json!("elsewhere");
    let refusals = check(&wrong, &project(), &Context::default());
    let shown: Vec<String> = refusals.iter().map(|refusal| format!("{}: {}", refusal.path, refusal.message)).collect();
    assert_eq!(
        shown,
        [
            "metadata.namespace: application 'api' in namespace 'elsewhere' is not permitted to use project 'pay': its \
             sourceNamespaces are team-*, /^ci-[0-9]+$/",
            "spec.source.repoURL: application repo https://git/pay/secret is not permitted in project 'pay': its \
             sourceRepos have !https://git/pay/secret",
            "spec.destination: application destination server 'https://prod' and namespace 'other' do not match any of \
             the allowed destinations in project 'pay': its destinations are https://prod pay-*, lab *",
        ]
    );
}

#[test]
fn a_cluster_is_known_by_its_name_too() {
    let named = application("https://git/pay/api", json!({ "server": "https://lab", "namespace": "any" }));
    assert_eq!(check(&named, &project(), &Context::default()).len(), 1);
    let context = Context { clusters: &[("lab", "https://lab")], ..Context::default() };
    assert_eq!(check(&named, &project(), &context), []);
}

#[test]
fn kinds_with_a_namespace_are_open_and_others_are_not() {
    let may = |group: &str, kind: &str, name: &str, is_namespaced: bool| {
        is_kind_permitted(&project(), group, kind, name, is_namespaced).is_ok()
    };
    assert!(may("apps", "Deployment", "api", true));
    assert!(!may("rbac.authorization.k8s.io", "Role", "api", true));
    assert!(may("", "Namespace", "pay-api", false));
    assert!(!may("", "Namespace", "kube-system", false));
    assert!(!may("rbac.authorization.k8s.io", "ClusterRole", "api", false));
    let mut closed = project();
    closed["spec"]["namespaceResourceWhitelist"] = json!([]);
    let refused = is_kind_permitted(&closed, "apps", "Deployment", "api", true);
    assert_eq!(refused.unwrap_err(), "its namespaceResourceWhitelist are empty");
}

#[test]
fn namespaces_of_applications_are_globs_or_regular_expressions() {
    for (namespace, expected) in [("argocd", true), ("", true), ("team-a", true), ("ci-7", true), ("ci-x", false)] {
        assert_eq!(is_namespace_permitted(&project(), namespace, "argocd").is_ok(), expected, "{namespace}");
    }
}

#[test]
fn all_that_is_wrong_with_a_project_is_told() {
    let wrong = json!({ "metadata": { "name": "pay" }, "spec": {
        "sourceRepos": ["!*", "a", "a"],
        "destinations": [{ "server": "!*", "namespace": "n" }],
        "roles": [{ "name": "-x", "policies": ["nonsense"] }],
        "syncWindows": [{ "kind": "maybe", "schedule": "x", "duration": "1d" }],
    } });
    let paths: Vec<String> = faults(&wrong).into_iter().map(|fault| fault.path).collect();
    assert_eq!(
        paths,
        [
            "spec.destinations[0].server",
            "spec.sourceRepos[0]",
            "spec.sourceRepos[2]",
            "spec.roles[0].name",
            "spec.roles[0].policies[0]",
            "spec.syncWindows[0].kind",
            "spec.syncWindows[0].schedule",
            "spec.syncWindows[0].duration",
            "spec.syncWindows[0]",
        ]
    );
    assert_eq!(faults(&project()), []);
}
