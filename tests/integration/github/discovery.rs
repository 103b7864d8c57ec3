//! The catalog of a whole organisation: how many requests it takes to read, and how long, from a server on this machine.

use std::time::Instant;

use serde_json::{Value, json};

use super::stage::point;
use crate::support::github::{Answer, Proxy, TOKEN};
use crate::support::{Said, Workspace};

/// An organisation of so many repositories, each with an entity; every tenth has three more below `catalog/`.
fn organisation(proxy: &Proxy, repositories: usize) {
    let entity = |kind: &str, name: &str| {
        format!("apiVersion: backstage.io/v1alpha1\nkind: {kind}\nmetadata:\n  name: {name}\nspec:\n  owner: team-a\n")
    };
    proxy.layer(move |request, below| {
        if !request.is_graphql() {
            return below(request);
        }
        let from: usize = request.json()["variables"]["after"].as_str().map_or(0, |text| text.parse().unwrap());
        let to = (from + 100).min(repositories);
        let blob = |text: String| json!({ "oid": "0".repeat(40), "text": text, "isTruncated": false });
        let nodes: Vec<Value> = (from..to)
            .map(|at| {
                let entries: Vec<Value> = (0..3)
                    .map(|n| json!({ "path": format!("catalog/{n}.yaml"), "type": "blob", "object": blob(entity("Resource", &format!("r{at}-{n}"))) }))
                    .collect();
                let folder = if at % 10 == 0 { json!({ "entries": entries }) } else { Value::Null };
                json!({ "name": format!("service-{at:04}"), "file": blob(entity("Component", &format!("service-{at}"))), "folder": folder })
            })
            .collect();
        let page = json!({ "hasNextPage": to < repositories, "endCursor": to.to_string() });
        Answer::json(200, &json!({ "data": { "repositoryOwner": { "repositories": { "nodes": nodes, "pageInfo": page } } } }))
    });
}

#[test]
fn a_thousand_repositories_take_ten_requests() {
    let proxy = Proxy::new();
    organisation(&proxy, 1000);
    let workspace = Workspace::acme();
    point(&workspace, &proxy.url());
    workspace.write(
        "find.rhai",
        "for found in catalog(\"Resource\", \"r990-2\") { print(found.repository + \" \" + found.path); }\nprint(catalog(\"Component\", \"service-7\").len());\n",
    );
    let begun = Instant::now();
    let mut command = workspace.command(&["find.rhai", "--plan"]);
    let said = Said::of(command.env("GITHUB_TOKEN", TOKEN)).succeeds("find");
    println!("discovery of 1,000 repositories: {} ms, {:?}", begun.elapsed().as_millis(), proxy.counts());
    assert!(said.stdout.contains("acme/service-0990 catalog/2.yaml\n1\n"), "{said}");
    assert_eq!(
        proxy.counts().graphql,
        10,
        "a request for a hundred repositories, and none again: {:?}",
        proxy.exchanges()
    );
    proxy.assert_valid();
}
