//! The pack `platform`: what the golden paths make passes it. What each rule finds is tested by
//! scripts/policies/platform.test.rhai.

use serde_json::Value;

use crate::support::Workspace;

/// What golden paths made for the example, as it is delivered.
#[test]
fn what_golden_paths_make_passes() {
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/acme/seeds");
    let said = Workspace::of(&[]).idp(&["audit", seeds, "--with", "platform", "--output", "json"]);
    let events = said.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let found: Vec<Value> = events.filter(|event| event["type"] == "finding").collect();
    assert_eq!((said.status.code(), found), (Some(0), Vec::new()), "{said}");
}
