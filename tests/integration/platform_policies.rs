//! The pack `platform`: what each of its rules finds and leaves alone (tests/policies/platform/cases.yaml), and that what the
//! golden paths make passes it.

use std::collections::{BTreeMap, BTreeSet};

use idp_run::formats::yaml;
use serde_json::Value;

use crate::support::{Said, Workspace};

const CASES: &str = include_str!("../policies/platform/cases.yaml");
const PACK: &str = include_str!("../../scripts/policies/platform.rhai");

/// Rules that see all objects of a run: each of their cases is one.
const OF_SETS: [&str; 2] = ["default-deny", "quota"];

struct Case {
    rule: String,
    params: Vec<String>,
    manifest: String,
    expected: Value,
}

fn cases() -> Vec<Case> {
    let document = yaml::parse("cases.yaml", CASES).unwrap().remove(0).value;
    let of = |case: &Value| {
        let text = |key: &str| case[key].as_str().unwrap_or_default().to_string();
        let given = case["params"].as_object().into_iter().flatten();
        let params = given.map(|(name, value)| {
            let items = value.as_array().map(|items| items.iter().map(shown).collect::<Vec<_>>().join(","));
            format!("{name}={}", items.unwrap_or_else(|| shown(value)))
        });
        let expected = ["finds", "count", "first"].iter().find_map(|key| case.get(*key)).unwrap();
        Case { rule: text("rule"), params: params.collect(), manifest: text("manifest"), expected: expected.clone() }
    };
    document.as_array().unwrap().iter().map(of).collect()
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}

fn audited(ws: &Workspace, folder: &str, params: &[String]) -> Said {
    let mut args = vec!["audit", folder, "--with", "platform", "--output", "json"];
    for param in params {
        args.extend(["--param", param]);
    }
    let said = ws.idp(&args);
    assert!(matches!(said.status.code(), Some(0 | 3)), "{said}");
    said
}

/// The findings by file: rule, and `path: message`.
fn findings(said: &Said) -> Vec<(String, String, String)> {
    let events = said.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let of = |event: &Value, key: &str| event[key].as_str().unwrap_or_default().to_string();
    let found = events.filter(|event| event["type"] == "finding").map(|event| {
        let rule = of(&event, "policy").trim_start_matches("platform/").to_string();
        (of(&event, "file"), rule, format!("{}: {}", of(&event, "path"), of(&event, "message")))
    });
    found.collect()
}

#[test]
fn every_rule_finds_what_it_should_and_leaves_the_rest() {
    let mut groups: BTreeMap<(Vec<String>, usize), Vec<Case>> = BTreeMap::new();
    for (number, case) in cases().into_iter().enumerate() {
        let alone = if OF_SETS.contains(&case.rule.as_str()) { number + 1 } else { 0 };
        groups.entry((case.params.clone(), alone)).or_default().push(case);
    }
    let (mut offences, mut passed, mut failed) = (String::new(), BTreeSet::new(), BTreeSet::new());
    for ((params, _), cases) in groups {
        let names: Vec<String> = (0..cases.len()).map(|number| format!("k8s/{number}.yaml")).collect();
        let files: Vec<(&str, &str)> =
            names.iter().zip(&cases).map(|(name, case)| (name.as_str(), case.manifest.as_str())).collect();
        let ws = Workspace::of(&files);
        let said = findings(&audited(&ws, "k8s", &params));
        for (name, case) in names.iter().zip(&cases) {
            let mine = said.iter().filter(|(file, rule, _)| file.ends_with(name.as_str()) && *rule == case.rule);
            let found: Vec<Value> = mine.map(|(_, _, text)| text.as_str().into()).collect();
            let right = match &case.expected {
                Value::Array(all) => {
                    let sorted = |list: &[Value]| list.iter().map(shown).collect::<BTreeSet<_>>();
                    all.len() == found.len() && sorted(all) == sorted(&found)
                }
                Value::String(first) => found.iter().any(|one| one == first.as_str()),
                count => count.as_u64() == Some(found.len() as u64),
            };
            if !right {
                offences.push_str(&format!(
                    "{} {params:?}\n{}\n  wants {}\n  found {found:?}\n",
                    case.rule, case.manifest, case.expected
                ));
            }
            if found.is_empty() {
                passed.insert(case.rule.clone())
            } else {
                failed.insert(case.rule.clone())
            };
        }
    }
    assert!(offences.is_empty(), "{offences}");
    let rules: BTreeSet<String> = PACK
        .lines()
        .filter_map(|line| line.strip_prefix("policy(\"platform/")?.split('"').next())
        .map(str::to_string)
        .collect();
    assert!(rules.len() > 25, "{rules:?}");
    assert_eq!((&passed, &failed), (&rules, &rules), "each rule has what passes it and what doesn't");
}

/// What the golden paths made for the example, as it is delivered.
#[test]
fn what_golden_paths_make_passes() {
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/acme/seeds");
    let ws = Workspace::of(&[]);
    let said = audited(&ws, seeds, &[]);
    assert_eq!(findings(&said), [], "{said}");
}
