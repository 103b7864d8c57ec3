//! What GitHub really sends: every example of `@octokit/webhooks-examples` is read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use idp_run::formats::webhook::{Event, parse};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Definition {
    name: String,
    examples: Vec<Value>,
}

/// The examples by event; nothing, and said by name, where they are missing.
fn examples() -> Option<Vec<Definition>> {
    let installed = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../emulate/node_modules");
    let packages = std::env::var_os("IDP_TEST_EMULATE").map_or(installed, PathBuf::from);
    let file = packages.join("@octokit/webhooks-examples/api.github.com/index.json");
    let Ok(text) = std::fs::read(&file) else {
        println!(
            "skipped: webhooks: there is no npm package @octokit/webhooks-examples; .ci/run installs it, or IDP_TEST_EMULATE names node_modules"
        );
        return None;
    };
    Some(serde_json::from_slice(&text).unwrap())
}

#[test]
fn every_example_is_read() {
    let Some(definitions) = examples() else { return };
    let (mut read, mut known) = (0, BTreeMap::new());
    for definition in &definitions {
        let name = &definition.name;
        for example in &definition.examples {
            let found =
                parse(name, example.to_string().as_bytes()).unwrap_or_else(|error| panic!("{error}: {example}"));
            // What was read is what was sent.
            let text = |pointer: &str| example.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
            assert_eq!(found.action, text("/action"), "{name}");
            assert_eq!(found.repository.map(|repo| repo.full_name), text("/repository/full_name"), "{name}");
            assert_eq!(found.sender.map(|sender| sender.login), text("/sender/login"), "{name}");
            assert_eq!(found.installation, example.pointer("/installation/id").and_then(Value::as_u64), "{name}");
            match &found.event {
                Event::Other(other) => assert_eq!(other, name),
                Event::Push(push) => assert_eq!(Some(push.after.clone()), text("/after")),
                Event::PullRequest(change) => {
                    assert_eq!(Some(change.pull_request.head.sha.clone()), text("/pull_request/head/sha"));
                    assert!(change.pull_request.base.repo.is_some());
                }
                Event::PullRequestReview(change) => {
                    assert_eq!(Some(change.review.state.clone()), text("/review/state"))
                }
                Event::CheckRun(change) => assert_eq!(change.check_run.conclusion, text("/check_run/conclusion")),
                Event::CheckSuite(change) => {
                    assert_eq!(change.check_suite.head_branch, text("/check_suite/head_branch"))
                }
                Event::IssueComment(change) => assert_eq!(change.comment.body, text("/comment/body")),
                Event::Repository(change) => {
                    let was = change.changes.default_branch.clone().and_then(|was| was.from);
                    assert_eq!(was, text("/changes/default_branch/from"));
                }
                Event::Release(change) => assert_eq!(Some(change.release.tag_name.clone()), text("/release/tag_name")),
                Event::WorkflowRun(change) => assert_eq!(change.workflow_run.name, text("/workflow_run/name")),
                Event::Ping(ping) => {
                    assert_eq!(ping.hook.events.len(), example["hook"]["events"].as_array().unwrap().len())
                }
                Event::Installation(change) => {
                    assert_eq!(change.installation.repository_selection, text("/installation/repository_selection"));
                }
            }
            if !matches!(found.event, Event::Other(_)) {
                *known.entry(name.as_str()).or_insert(0) += 1;
            }
            read += 1;
        }
    }
    assert_eq!((definitions.len(), read), (58, 329));
    println!("webhooks: {read} examples of {} events, of which are known: {known:?}", definitions.len());
    assert_eq!(known.len(), 11);
}
