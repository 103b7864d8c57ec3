//! Twenty runs at once that all edit one file: a pull request each, merged one after the other, rerun where they no
//! longer merge, until every edit is in the file once.

use std::collections::BTreeMap;

use serde_json::Value;

use super::all_points;
use super::together::at_once;
use crate::support::{Workspace, git, ships};

/// Open pull requests by number, with their branches.
fn open_pulls(workspace: &Workspace, repo: &str) -> BTreeMap<u64, String> {
    let said = workspace.idp(&["pr", "list", repo, "--state", "open", "--output", "json"]).succeeds("the list");
    let pulls = said.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    pulls.filter_map(|pull| Some((pull["number"].as_u64()?, pull["head"].as_str()?.to_string()))).collect()
}

/// Approves and merges as people would; runs again whose pull request stopped merging. Returns how often that was.
fn merge_all(workspace: &Workspace, repo: &str, rerun: impl Fn(&str)) -> usize {
    let mut reruns = 0;
    for _ in 0..3 {
        for (number, head) in open_pulls(workspace, repo) {
            let number = number.to_string();
            workspace.idp(&["pr", "approve", repo, &number, "--as", "alice"]).succeeds("an approval");
            let merge = || workspace.idp(&["pr", "merge", repo, &number, "--as", "alice"]);
            let first = merge();
            if first.status.success() {
                continue;
            }
            assert!(first.stderr.contains("idp::pr::conflict"), "{first}");
            rerun(&head);
            reruns += 1;
            merge().succeeds(&format!("{repo}#{number} after the rerun"));
        }
        if open_pulls(workspace, repo).is_empty() {
            return reruns;
        }
    }
    panic!("{repo} has open pull requests that never merge: {:?}", open_pulls(workspace, repo));
}

fn merge_order_of(runs: usize) -> Vec<String> {
    (1..=runs).map(|run| format!("s{run:02}")).collect()
}

const APPEND: &str = r##"//! Append a line
fn params() { #{ service: param("string", "Service").identity() } }
fn run(p) {
    repo("platform").propose(`Add ${p.service}`, |t| t.append("list.yaml", "services", #{ service: p.service }));
}
"##;

#[test]
fn runs_that_append_to_one_list() {
    let (services, rounds) = (merge_order_of(12), if all_points() { 10 } else { 1 });
    for _ in 0..rounds {
        let workspace = Workspace::of(&[
            (
                "idp.yaml",
                "forge: { kind: local, owner: acme }\nseeds: { platform: { folder: seeds/platform, protection: { reviews: 1 } } }\n",
            ),
            ("seeds/platform/list.yaml", "# Services\nservices:\n  - service: first # stays\n"),
            ("scripts/add.rhai", APPEND),
        ]);
        let args = |service: &str| vec!["add".to_string(), format!("service={service}")];
        for said in at_once(&workspace, &services.iter().map(|service| args(service)).collect::<Vec<_>>()) {
            said.succeeds("many at once");
        }
        assert_eq!(open_pulls(&workspace, "platform").len(), services.len());
        let reruns = merge_all(&workspace, "platform", |head| {
            let service = head.strip_prefix("add-").unwrap();
            workspace.idp(&["add", &format!("service={service}")]).succeeds("a rerun");
        });
        println!("{} runs that append to one list: {reruns} were run again", services.len());
        let text = git(&workspace.bare("platform"), &["show", "main:list.yaml"]);
        let mut lines: Vec<&str> = text.lines().collect();
        lines[3..].sort_unstable();
        let added: Vec<String> = services.iter().map(|service| format!("  - service: {service}")).collect();
        assert_eq!(lines[..3], ["# Services", "services:", "  - service: first # stays"], "{text}");
        assert_eq!(lines[3..], added, "{text}");
        workspace.fsck("runs that append to one list");
    }
}

#[test]
fn twenty_services_in_one_application_set() {
    if !ships("create-service") {
        return println!("skipped: this build ships no script `create-service`");
    }
    let services = merge_order_of(20);
    let workspace = Workspace::acme();
    let create = |service: &str| -> Vec<String> {
        let service = format!("service={service}");
        ["create-service", "project=payments", &service, "owner=team-payments", "description=Takes payments"]
            .map(str::to_owned)
            .to_vec()
    };
    let said = at_once(&workspace, &services.iter().map(|service| create(service)).collect::<Vec<_>>());
    for (said, service) in said.into_iter().zip(&services) {
        said.succeeds(&format!("twenty at once, {service}"));
    }
    assert_eq!(open_pulls(&workspace, "platform-gitops").len(), services.len(), "a pull request each");

    let reruns = merge_all(&workspace, "platform-gitops", |head| {
        let service = head.rsplit('-').next().unwrap();
        let args = create(service);
        workspace.idp(&args.iter().map(String::as_str).collect::<Vec<_>>()).succeeds("a rerun");
    });
    println!("20 services in one ApplicationSet: {reruns} were run again");

    let text = git(&workspace.bare("platform-gitops"), &["show", "main:argocd/payments.yaml"]);
    let mut found = Vec::new();
    for document in idp_run::formats::yaml::parse("argocd/payments.yaml", &text).unwrap() {
        services_of(&document.value, &mut found);
    }
    found.sort();
    assert_eq!(found, services, "every service once:\n{text}");

    let bare = workspace.bare("payments-gitops");
    assert_eq!(git(&bare, &["rev-list", "--count", "main"]), "1", "one first commit");
    assert_eq!(open_pulls(&workspace, "payments-gitops").len(), services.len(), "a pull request of manifests each");
    for service in &services {
        let count = git(&workspace.bare(&format!("payments-{service}")), &["rev-list", "--count", "main"]);
        assert_eq!(count, "1", "payments-{service}");
    }
    workspace.fsck("twenty services");
}

/// The `service` of every element of a list generator.
fn services_of(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            if let Some(Value::Array(elements)) = map.get("elements") {
                found.extend(elements.iter().filter_map(|element| Some(element["service"].as_str()?.to_string())));
            }
            map.values().for_each(|value| services_of(value, found));
        }
        Value::Array(list) => list.iter().for_each(|value| services_of(value, found)),
        _ => {}
    }
}
