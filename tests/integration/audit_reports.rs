//! Reports of `idp-run audit`: several from one run, each as its readers want it.

use std::path::Path;

use idp_run::schemas::{Checks, Schemas};
use serde_json::{Value, json};

use crate::support::{Said, Workspace};

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: { name: api, namespace: payments }
spec:
  replcas: 2
  selector: { matchLabels: { app: api } }
  template:
    metadata: { labels: { app: api } }
    spec: { containers: [{ name: api, image: \"registry.example/api:1\" }] }
";

/// A high finding in a namespace, a medium one of the cluster, one of a file, and an object without any.
fn workspace() -> Workspace {
    Workspace::of(&[
        ("k8s/api.yaml", DEPLOYMENT),
        (
            "k8s/role.yaml",
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: { name: a, namespace: b }\nrules: []\n",
        ),
        ("k8s/broken.yaml", "a: [\n"),
        ("k8s/fine.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: fine, namespace: orders }\n"),
    ])
}

fn read(ws: &Workspace, file: &str) -> String {
    std::fs::read_to_string(ws.path().join(file)).unwrap()
}

fn documents(text: &str) -> Vec<Value> {
    let documents = idp_run::formats::yaml::parse("report.yaml", text).unwrap();
    documents.into_iter().map(|document| document.value).collect()
}

#[track_caller]
fn refused(said: &Said, words: &str) {
    assert!(said.status.code() == Some(2) && said.stderr.contains("idp::audit::report"), "{said}");
    assert!(said.stdout.is_empty() && said.stderr.contains(words), "{said}");
}

#[test]
fn several_reports_come_from_one_run_and_stdout_stays_pure() {
    let ws = workspace();
    let alone = ws.idp(&["audit", "k8s", "--output", "json"]);
    let reports = [
        "json=a.json",
        "junit=k8s/a.xml",
        "sarif=a.sarif",
        "github=a.txt",
        "human=a.log",
        "policyreport=p.yaml",
        "openreports=k8s/o.yaml",
    ];
    let mut args = vec!["audit", "k8s", "--output", "json"];
    reports.iter().for_each(|report| args.extend(["--report", report]));
    for _ in 0..2 {
        // What the first run wrote is nothing to look at for the second.
        let said = ws.idp(&args);
        assert_eq!((said.status.code(), &said.stdout), (Some(3), &alone.stdout), "{said}");
        assert_eq!(read(&ws, "a.json"), alone.stdout);
    }
    for (format, file) in reports.iter().map(|report| report.split_once('=').unwrap()) {
        let stdout = ws
            .idp(&["audit", "k8s/api.yaml", "k8s/role.yaml", "k8s/broken.yaml", "k8s/fine.yaml", "--output", format])
            .stdout;
        let written = read(&ws, file);
        assert!(written == stdout || format == "human", "{format}\n{written}\n{stdout}");
        assert!(!written.contains('\u{1b}') && written.contains("replcas"), "{format}\n{written}");
    }
    let left: Vec<String> = std::fs::read_dir(ws.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.contains(".new"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn a_report_that_cant_be_written_is_told_before_anything_is_looked_at() {
    let ws = workspace();
    let report = |report: &str| ws.idp(&["audit", "nowhere", "--report", report]);
    refused(&report("sarif=out/a.sarif"), "there is no such folder");
    refused(&report("sarif=k8s"), "there is something that is no file");
    refused(&report("sarif"), "there is no file");
    refused(&report("sarfi=a"), "did you mean `sarif`?");
    refused(&report("json=-"), "--output json");
    refused(&ws.idp(&["audit", "--report", "json=a", "--report", "sarif=./a"]), "the file is named twice");
    let before = std::fs::read(ws.path().join("k8s/api.yaml")).unwrap();
    for path in ["k8s/api.yaml", "k8s"] {
        refused(&ws.idp(&["audit", path, "--report", "sarif=./k8s/api.yaml"]), "a file that is no report");
    }
    assert_eq!(std::fs::read(ws.path().join("k8s/api.yaml")).unwrap(), before);
    std::fs::write(ws.path().join("own.rhai"), "print(1);").unwrap();
    refused(&ws.idp(&["audit", "k8s", "--report", "json=own.rhai"]), "a file that is no report");
    // One report takes the place of another.
    for format in ["json", "policyreport", "openreports", "sarif", "json"] {
        let again = ws.idp(&["audit", "k8s", "--with", "schema", "--report", &format!("{format}=k8s/report.json")]);
        assert_ne!(again.status.code(), Some(2), "{again}");
    }
    let sorry = ws.idp(&["check", "--output", "policyreport"]);
    assert_eq!(sorry.status.code(), Some(2), "{sorry}");
}

#[test]
fn sarif_is_as_its_schema_says() {
    let ws = workspace();
    let log: Value = serde_json::from_str(&ws.idp(&["audit", "k8s", "--output", "sarif"]).stdout).unwrap();
    let packed = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sarif/sarif-2.1.0.json.z")).unwrap();
    let text = miniz_oxide::inflate::decompress_to_vec_zlib(&packed).unwrap();
    // As published its pattern of languages has a bracket too much, which ECMAScript lets pass.
    let text = String::from_utf8(text).unwrap().replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}?$");
    let schema: Value = serde_json::from_str(&text).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let wrong = |log: &Value| validator.iter_errors(log).map(|error| error.to_string()).collect::<Vec<_>>();
    assert_eq!(wrong(&log), Vec::<String>::new());
    let mut bent = log.clone();
    bent["runs"][0]["results"][0]["level"] = "bad".into();
    assert!(!wrong(&bent).is_empty(), "the schema is asked");
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(rules.iter().all(|rule| rule["properties"]["security-severity"].is_string()), "{rules:#?}");
    assert!(
        rules.iter().all(|rule| rule["help"]["markdown"].is_string() && rule["properties"]["precision"].is_string())
    );
    // Lines move, fingerprints stay.
    let prints = |log: &Value| -> Vec<Value> {
        let results = log["runs"][0]["results"].as_array().unwrap().iter();
        results.map(|result| result["partialFingerprints"]["primaryLocationLineHash"].clone()).collect()
    };
    let before = prints(&log);
    assert!(before.len() == 3 && before[0] != before[1] && before.iter().all(Value::is_string), "{before:?}");
    std::fs::write(ws.path().join("k8s/api.yaml"), format!("# A line\n{DEPLOYMENT}")).unwrap();
    let moved: Value = serde_json::from_str(&ws.idp(&["audit", "k8s", "--output", "sarif"]).stdout).unwrap();
    assert_ne!(moved["runs"][0]["results"][0]["locations"], log["runs"][0]["results"][0]["locations"]);
    assert_eq!(prints(&moved), before);
}

#[test]
fn a_rule_without_a_description_says_its_title_once() {
    let ws = workspace();
    ws.write("shop.rhai", "policy(\"shop/a\", #{ title: \"Too few\", check: |o| deny(o, \"x\") });\n");
    let said = ws.idp(&["audit", "k8s", "--with", "./shop.rhai", "--output", "sarif"]);
    let log: Value = serde_json::from_str(&said.stdout).unwrap();
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    let rule = rules.iter().find(|rule| rule["id"] == "shop/a").unwrap();
    assert_eq!(rule["fullDescription"]["text"], "Too few");
}

#[test]
fn policy_reports_are_objects_that_their_kinds_allow() {
    let ws = workspace();
    for (format, kinds) in [
        ("policyreport", ["ClusterPolicyReport", "PolicyReport", "PolicyReport", "PolicyReport"]),
        ("openreports", ["ClusterReport", "Report", "Report", "Report"]),
    ] {
        let reports = documents(&ws.idp(&["audit", "k8s", "--output", format]).stdout);
        let of = |key: &str| reports.iter().map(|report| report[key].clone()).collect::<Vec<_>>();
        assert_eq!(of("kind"), kinds);
        let namespaces: Vec<&Value> = reports.iter().map(|report| &report["metadata"]["namespace"]).collect();
        assert_eq!(namespaces, [&json!(null), &json!("b"), &json!("orders"), &json!("payments")]);
        assert_eq!(
            reports[3]["results"],
            json!([{
                "source": "idp-run", "policy": "schema", "result": "fail", "severity": "high", "scored": true,
                "message": "unknown field \"spec.replcas\"",
                "resources": [{ "apiVersion": "apps/v1", "kind": "Deployment", "name": "api", "namespace": "payments" }],
                "properties": { "file": "k8s/api.yaml", "line": "5", "column": "3", "path": "spec.replcas", "help": "did you mean `replicas`?" },
            }])
        );
        assert_eq!(reports[2]["results"], json!([]), "what was found before goes");
        assert_eq!(reports[0]["results"][0]["properties"]["file"], "k8s/broken.yaml");
        assert_eq!(reports[0]["summary"], json!({ "pass": 0, "fail": 1, "warn": 0, "error": 0, "skip": 0 }));
        let schemas = Schemas::embedded(Schemas::newest()).unwrap();
        let problems: Vec<_> = reports.iter().flat_map(|report| schemas.check(report, Checks::default())).collect();
        assert_eq!(problems, Vec::new());
    }
}
