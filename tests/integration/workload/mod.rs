//! The shipped pack `workload`: each rule finds what it is for, at its place, and nothing where all is well; the golden
//! paths' own manifests pass; the page in docs says what the pack does.

mod fixes;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::Workspace;

const CASES: [(&str, &str); 3] = [
    ("pods.yaml", include_str!("pods.yaml")),
    ("controllers.yaml", include_str!("controllers.yaml")),
    ("references.yaml", include_str!("references.yaml")),
];

/// One case: what a rule says of some objects.
struct Case {
    place: String,
    rule: String,
    /// `fails`, `warns`, `passes` or `mends`.
    verdict: String,
    /// Where; of `mends` the changes.
    path: String,
    params: Vec<String>,
    manifests: String,
}

fn cases() -> Vec<Case> {
    let mut found: Vec<Case> = Vec::new();
    for (file, text) in CASES {
        for (number, line) in text.lines().enumerate() {
            let Some(title) = line.strip_prefix("### ") else {
                if let Some(case) = found.last_mut().filter(|case| case.place.starts_with(file)) {
                    case.manifests.push_str(line);
                    case.manifests.push('\n');
                }
                continue;
            };
            let (title, params) = title.split_once(" with ").unwrap_or((title, ""));
            let (rule, rest) = title.split_once(' ').unwrap();
            let (verdict, path) = rest.split_once(" at").unwrap_or((rest, ""));
            found.push(Case {
                place: format!("{file}:{}", number + 1),
                rule: format!("workload/{rule}"),
                verdict: verdict.into(),
                path: path.trim().into(),
                params: params.split_whitespace().map(str::to_owned).collect(),
                manifests: String::new(),
            });
        }
    }
    found
}

/// The findings of an audit with the pack, and the lines of its rules.
fn audit(workspace: &Workspace, paths: &[&str], params: &[String]) -> Vec<Value> {
    let mut args = vec!["audit", "--with", "workload", "--output", "json"];
    for param in params {
        args.extend(["--param", param]);
    }
    args.extend(paths);
    let said = workspace.idp(&args);
    assert!(matches!(said.status.code(), Some(0 | 3)), "{said}");
    let events = said.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    events.filter(|event| event["type"] == "finding").collect()
}

/// The ids of the pack's rules, in order.
fn rules() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pack = fs::read_to_string(root.join("scripts/policies/workload.rhai")).unwrap();
    let ids = pack.lines().filter_map(|line| line.strip_prefix("policy(\"")?.split('"').next());
    ids.map(str::to_owned).collect()
}

/// All cases of the same parameters in one run, each in a file and in namespaces of its own.
#[test]
fn each_rule_finds_what_it_is_for_and_nothing_else() {
    let cases = cases();
    let mut runs: BTreeMap<&[String], Vec<(String, &Case)>> = BTreeMap::new();
    for (number, case) in cases.iter().enumerate() {
        runs.entry(&case.params).or_default().push((format!("{number:03}"), case));
    }
    let mut failures = Vec::new();
    for (params, cases) in runs {
        let workspace = Workspace::of(&[("idp.yaml", "")]);
        for (number, case) in &cases {
            let own = case
                .manifests
                .replace("namespace: default", "NAMESPACE")
                .replace("namespace: ", &format!("namespace: x{number}-"));
            workspace.write(&format!("k8s/{number}.yaml"), &own.replace("NAMESPACE", "namespace: default"));
        }
        let found = audit(&workspace, &["k8s"], params);
        let failed =
            found.iter().filter(|finding| finding["message"].as_str().unwrap().contains("the policy itself failed"));
        failures.extend(failed.map(Value::to_string));
        for (number, case) in cases.into_iter().filter(|(_, case)| case.verdict != "mends") {
            let file = format!("k8s/{number}.yaml");
            let said = found
                .iter()
                .filter(|finding| finding["policy"] == case.rule.as_str() && finding["file"] == file.as_str());
            let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
            let said: Vec<String> =
                said.map(|finding| format!("{} {}", text(finding, "level"), text(finding, "path"))).collect();
            let expected: Vec<String> = match case.verdict.as_str() {
                "fails" => vec![format!("deny {}", case.path)],
                "warns" => vec![format!("warn {}", case.path)],
                "passes" => Vec::new(),
                other => panic!("{}: {other} is no verdict", case.place),
            };
            if said != expected {
                failures.push(format!("{} {}: {said:?} instead of {expected:?}", case.place, case.rule));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn each_rule_has_cases_of_both_kinds() {
    let (cases, rules) = (cases(), rules());
    assert!(rules.len() >= 40, "{} rules", rules.len());
    for verdict in ["fails", "passes"] {
        let of: BTreeSet<&str> =
            cases.iter().filter(|case| case.verdict == verdict).map(|case| case.rule.as_str()).collect();
        let missing: Vec<&String> = rules.iter().filter(|rule| !of.contains(rule.as_str())).collect();
        assert!(missing.is_empty(), "without a case that {verdict}: {missing:?}");
    }
    let unknown: Vec<&str> =
        cases.iter().map(|case| case.rule.as_str()).filter(|rule| !rules.iter().any(|known| known == rule)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn what_the_golden_paths_write_passes() {
    let workspace = Workspace::acme();
    let found = audit(&workspace, &["seeds"], &[]);
    assert!(found.is_empty(), "{found:#?}");
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
