//! Manifests and policies that mean harm, looked at by the real binary: each ends in a finding with a place, and the rest of
//! the run is done.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::support::{Said, Workspace};

const PACKS: [&str; 8] = ["--with", "schema", "--with", "pod-security", "--with", "workload", "--with", "platform"];

/// A pod with a fault that everybody finds.
const PLAIN: &str =
    "apiVersion: v1\nkind: Pod\nmetadata: {name: plain}\nspec: {hostPID: true, containers: [{name: a}]}\n";

/// The findings by file: `line policy: message`.
fn findings(said: &Said) -> BTreeMap<String, Vec<String>> {
    assert_eq!(said.status.code(), Some(3), "{said}");
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in said.stdout.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        if event["type"] == "finding" {
            let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
            let told = format!("{} {}: {}", event["line"], text("policy"), text("message"));
            found.entry(text("file")).or_default().push(told);
        }
    }
    found
}

fn nested(open: &str, close: &str, depth: usize) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {}{}\n",
        open.repeat(depth),
        close.repeat(depth)
    )
}

#[test]
fn manifests_end_in_findings() {
    let long = "x".repeat(10 << 20);
    let bomb: String = (1..30).map(|at| format!("b{at}: &b{at} [*b{0}, *b{0}, *b{0}, *b{0}]\n", at - 1)).collect();
    let pod = |fields: &str| format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {{{fields}}}\n");
    let ws = Workspace::of(&[
        ("k8s/alias.yaml", &format!("b0: &b0 [1, 2]\n{bomb}apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\n")),
        (
            "k8s/annotation.yaml",
            &format!(
                "{PLAIN}---\n{}",
                PLAIN.replace("{name: plain}", &format!("{{name: a, annotations: {{a: {long}}}}}"))
            ),
        ),
        ("k8s/image.yaml", &pod(&format!("containers: [{{name: a, image: {long}}}]"))),
        ("k8s/key.yaml", &pod(&format!("containers: [{{name: a, ? {long} : 1}}]"))),
        ("k8s/deep.yaml", &nested("{a: ", "}", 300)),
        ("k8s/deeper.yaml", &nested("[", "]", 100_000)),
        ("k8s/at-the-limit.yaml", &nested("{a: ", "}", 120)),
        ("k8s/twice.yaml", &PLAIN.replace("kind: Pod", "kind: Pod\nkind: Pod")),
        ("k8s/tab.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n\tname: a\n"),
        ("k8s/kind.yaml", &PLAIN.replace("kind: Pod", "kind: 7")),
        ("k8s/head.yaml", &PLAIN.replace("kind: Pod", "kind: 8").replace("apiVersion: v1", "apiVersion: 7")),
        ("k8s/version.yaml", &PLAIN.replace("apiVersion: v1", "apiVersion: [v1]")),
        (
            "k8s/shapes.yaml",
            &[pod("containers: {}"), pod("volumes: {a: 7}, containers: 7"), pod("containers: [7, [], {env: {}}]")]
                .join("---\n"),
        ),
        ("k8s/spec.yaml", &PLAIN.replace("spec:", "spec: 7 #")),
        ("k8s/plain.yaml", PLAIN),
    ]);
    fs::write(ws.path().join("k8s/bytes.yaml"), b"apiVersion: v1\nkind: Pod\nmetadata: {name: \xff}\n").unwrap();
    let said = ws.idp(&[&["audit", "k8s", "--output", "json"], &PACKS[..]].concat());
    let found = findings(&said);
    let said_of = |file: &str, start: &str, word: &str| {
        let all = found.get(&format!("k8s/{file}")).map(Vec::as_slice).unwrap_or_default();
        assert!(all.iter().any(|told| told.starts_with(start) && told.contains(word)), "{file}: {all:#?}");
    };
    for (file, start, word) in [
        ("alias.yaml", "", "alias"),
        ("deep.yaml", "4 manifest: ", "deeper"),
        ("deeper.yaml", "4 manifest: ", "deep"),
        ("twice.yaml", "3 manifest: ", "twice"),
        ("tab.yaml", "4 manifest: ", "tab"),
        ("bytes.yaml", "3 manifest: ", "UTF-8"),
        ("kind.yaml", "2 manifest: ", "kind"),
        ("head.yaml", "2 manifest: ", "kind"),
        ("version.yaml", "1 manifest: ", "apiVersion"),
        ("spec.yaml", "4 schema: ", "spec"),
    ] {
        said_of(file, start, word);
    }
    // What can be read is judged, whatever is beside it.
    for file in ["plain.yaml", "annotation.yaml"] {
        let all = &found[&format!("k8s/{file}")];
        let of = |policy: &str| all.iter().filter(|told| told.contains(policy)).count();
        let objects = if file == "plain.yaml" { 1 } else { 2 };
        assert_eq!(of(" pod-security/host-namespaces:"), objects, "{file}: {all:#?}");
    }
    let failed: Vec<&String> = found.values().flatten().filter(|told| told.contains("itself failed")).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(said.stdout.len() < 1 << 20, "{} bytes are said of it", said.stdout.len());
}

#[test]
fn policies_end_in_findings() {
    let rules = r#"
fn down(depth) { down(depth + 1) }
policy("bad/loops", #{ title: "Never ends", check: |o| { loop { } } });
policy("bad/grows", #{ title: "Grows", check: |o| {
    let all = [];
    for i in 0..19000 { let t = `some ${i}`; for j in 0..13 { t += t; } all.push(t); }
} });
policy("bad/recurses", #{ title: "Goes down", check: |o| down(0) });
policy("bad/shouts", #{ title: "Says much", check: |o| { let t = "abcdefgh"; for i in 0..15 { t += t; } warn(o, t, t); } });
policy("bad/repeats", #{ title: "Says it often", check: |o| for i in 0..15000 { warn(o, `${i}`); } });
policy("bad/many", #{ title: "Finds much", check: |o| for i in 0..3000 { warn(o, `${i}`); } });
policy("bad/all", #{ title: "Fails over all", check_all: |all| throw "no" });
policy("good/rule", #{ title: "Fine", check: |o| deny(o.at("spec.hostPID"), "seen") });
"#;
    let files: Vec<(String, String)> =
        (0..20).map(|at| (format!("k8s/{at:02}.yaml"), PLAIN.replace("plain", &format!("pod-{at}")))).collect();
    let mut all: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    all.push(("bad.rhai", rules));
    let ws = Workspace::of(&all);
    let said = ws.idp(&["audit", "k8s", "--with", "./bad.rhai", "--output", "json"]);
    let found = findings(&said);
    let told: Vec<(&String, &String)> =
        found.iter().flat_map(|(file, all)| all.iter().map(move |told| (file, told))).collect();
    let of = |policy: &str| told.iter().filter(|(_, told)| told.contains(policy)).collect::<Vec<_>>();
    // Each policy that fails is told once, at an object; the line of its script is in the message.
    for (policy, script) in [
        ("bad/loops", "longer than 5 s (./bad.rhai:3:"),
        ("bad/grows", "over its limit (./bad.rhai:"),
        ("bad/recurses", "levels deep (./bad.rhai:8:"),
        ("bad/repeats", "more than 10000 findings (./bad.rhai:10:"),
        ("bad/all", "no (./bad.rhai:12:"),
    ] {
        let all = of(policy);
        assert!(all.len() == 1 && all[0].1.contains(script) && all[0].0.starts_with("k8s/"), "{all:#?}");
    }
    assert!(of("bad/recurses")[0].1.ends_with(", and so it did over 19 further objects"), "{:?}", of("bad/recurses"));
    assert_eq!((of("bad/many").len(), of("good/rule").len()), (20 * 3000, 20));
    assert!(of("bad/shouts").len() == 20 && of("bad/shouts").iter().all(|(_, told)| told.len() < 3000));
}
