//! The shipped pack `workload`: the golden paths' own manifests pass, and the page in docs says what the pack does. What each
//! rule finds is tested by scripts/policies/workload.test.rhai.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::Workspace;

#[test]
fn what_the_golden_paths_write_passes() {
    let workspace = Workspace::acme();
    let said = workspace.idp(&["audit", "--with", "workload", "--output", "json", "seeds"]);
    let events = said.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let found: Vec<Value> = events.filter(|event| event["type"] == "finding").collect();
    assert_eq!((said.status.code(), found), (Some(0), Vec::new()), "{said}");
}

/// The table of rules, from what the pack says of itself.
fn table() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pack = fs::read_to_string(root.join("scripts/policies/workload.rhai")).unwrap();
    let mut rows =
        vec!["| rule | severity | what it finds | why it matters |".to_owned(), "|---|---|---|---|".to_owned()];
    for rule in pack.split("\npolicy(\"").skip(1) {
        let text = |key: &str| {
            let line = rule.lines().find_map(|line| line.trim_start().strip_prefix(&format!("{key}: \""))).unwrap();
            line.rsplit_once('"').unwrap().0.replace('|', "\\|")
        };
        let id = rule.split('"').next().unwrap();
        let mends = if rule.contains("\n    fix: ") { " It has a fix." } else { "" };
        let (severity, title, description) = (text("severity"), text("title"), text("description"));
        rows.push(format!("| `{id}` | {severity} | {title} | {description}{mends} |"));
    }
    rows.join("\n") + "\n"
}

/// `IDP_WRITE_DOCS=1 cargo test --test integration workload::` writes the table.
#[test]
fn the_page_says_what_the_pack_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/workload.md");
    let page = fs::read_to_string(&path).unwrap();
    let (above, below) = page.split_once("\n| rule |").unwrap();
    let rest = below.split_once("\n\n").map_or("", |(_, rest)| rest);
    let expected = format!("{above}\n{}{}{rest}", table(), if rest.is_empty() { "" } else { "\n" });
    if std::env::var_os("IDP_WRITE_DOCS").is_some() {
        fs::write(&path, &expected).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap() == expected,
        "docs/workload.md is behind the pack: IDP_WRITE_DOCS=1 writes it"
    );
}
