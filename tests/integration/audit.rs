//! `idp-run audit`: which files it looks at, what it finds in them, how it says so and how it ends.

use serde_json::{Value, json};

use crate::support::{Said, Workspace};

const GOOD: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
  namespace: payments
spec:
  replicas: 2
  selector: { matchLabels: { app: api } }
  template:
    metadata: { labels: { app: api } }
    spec:
      containers:
        - name: api
          image: registry.example/api:1
";

/// The findings as `file:line:column severity path`.
fn findings(said: &Said) -> Vec<String> {
    let events = said.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let found = events.filter(|event| event["type"] == "finding");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    found
        .map(|event| {
            let (file, line, column) = (text(&event["file"]), &event["line"], &event["column"]);
            format!("{file}:{line}:{column} {} {}", text(&event["severity"]), text(&event["path"]))
        })
        .collect()
}

fn summary(said: &Said) -> Value {
    serde_json::from_str(said.stdout.lines().last().unwrap()).unwrap()
}

#[test]
fn a_wrong_field_is_found_where_it_stands() {
    let ws = Workspace::of(&[
        ("k8s/good.yaml", GOOD),
        ("k8s/typo.yaml", &GOOD.replace("replicas", "replcas")),
        ("k8s/type.yaml", &GOOD.replace("replicas: 2", "replicas: two")),
        ("values.yaml", "replcas: 2\n"),
    ]);
    let said = ws.idp(&["audit", "--with", "schema", "--output", "json"]);
    assert_eq!(said.status.code(), Some(3), "{said}");
    assert_eq!(
        findings(&said),
        ["k8s/type.yaml:7:13 high spec.replicas", "k8s/typo.yaml:7:3 high spec.replcas"],
        "{said}"
    );
    assert_eq!(
        summary(&said),
        json!({
            "type": "summary", "create": 0, "update": 0, "delete": 0, "unchanged": 0, "status": "failed",
            "files": 4, "objects": 3, "findings": 2, "waived": 0, "skipped": 1, "patches": 0, "mended": 0,
        })
    );
    let typo = said.stdout.lines().find(|line| line.contains("typo.yaml")).unwrap();
    let typo: Value = serde_json::from_str(typo).unwrap();
    assert_eq!(
        typo["object"],
        json!({ "apiVersion": "apps/v1", "kind": "Deployment", "namespace": "payments", "name": "api" })
    );
    assert!(typo["help"].as_str().unwrap().contains("replicas"), "{typo}");

    let said = ws.idp(&["audit", "k8s/good.yaml"]).succeeds("nothing is wrong with it");
    assert_eq!(said.stdout, "ok Nothing found in 1 object in 1 file.\n");
    let said = ws.idp(&["audit", "k8s/typo.yaml"]);
    assert!(said.stdout.contains("schema (high)") && said.stdout.contains("k8s/typo.yaml:7:3"), "{said}");
    assert!(
        said.stdout.contains("Deployment payments/api")
            && said.stdout.ends_with("1 finding (1 high) in 1 object in 1 file.\n"),
        "{said}"
    );
}

#[test]
fn patches_lack_what_they_leave_alone() {
    let patch = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\nspec:\n  replicas: 5\n  paused: null\n  template:\n    \
                 spec:\n      containers: [{name: old, $patch: delete}]\n";
    let ws = Workspace::of(&[
        ("base/deployment.yaml", GOOD),
        ("base/kustomization.yaml", "resources: [deployment.yaml]\n"),
        ("prod/kustomization.yaml", "resources: [../base]\npatches: [{path: replicas.yaml}]\n"),
        ("prod/replicas.yaml", patch),
    ]);
    ws.idp(&["audit"]).succeeds("a patch may be partial");
    ws.idp(&["audit", "prod/replicas.yaml"]).succeeds("also one that is named alone");
    ws.write("prod/replicas.yaml", &patch.replace("replicas", "replcas"));
    assert_eq!(findings(&ws.idp(&["audit", "--output", "json"])), ["prod/replicas.yaml:5:3 high spec.replcas"]);
    ws.write("prod/kustomization.yaml", "resources: [replicas.yaml]\n");
    let found = findings(&ws.idp(&["audit", "--output", "json"]));
    assert!(found.iter().any(|line| line.contains("spec.selector")), "an object is whole: {found:#?}");
}

#[test]
fn definitions_beside_the_objects_count() {
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": "widgets.example.com" },
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": { "kind": "Widget", "listKind": "WidgetList", "plural": "widgets", "singular": "widget" },
            "versions": [{ "name": "v1", "served": true, "storage": true, "schema": { "openAPIV3Schema": {
                "type": "object",
                "properties": { "spec": { "type": "object", "properties": { "size": { "type": "string", "enum": ["small", "large"] } } } },
            } } }],
        },
    });
    let widget = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: a}\nspec: {size: tiny}\n";
    let ws = Workspace::of(&[("crds/widget.json", &definition.to_string()), ("widget.yaml", widget)]);
    assert_eq!(findings(&ws.idp(&["audit", "--output", "json"])), ["widget.yaml:4:14 high spec.size"]);
    let said =
        ws.idp(&["audit", "widget.yaml", "--output", "json"]).succeeds("of what isn't known little can be wrong");
    assert_eq!(findings(&said), ["widget.yaml:2:7 low kind"]);
    assert_eq!(ws.idp(&["audit", "widget.yaml", "--fail-on", "low"]).status.code(), Some(3));
}

#[test]
fn standard_input_is_a_text_like_others() {
    let ws = Workspace::of(&[("typo.yaml", &GOOD.replace("replicas", "replcas"))]);
    let mut command = ws.command(&["audit", "-", "--output", "json"]);
    command.stdin(std::fs::File::open(ws.path().join("typo.yaml")).unwrap());
    let said = Said::of(&mut command);
    assert_eq!(
        (said.status.code(), findings(&said)),
        (Some(3), vec!["<stdin>:7:3 high spec.replcas".to_owned()]),
        "{said}"
    );
    // What should have written it failed.
    let mut command = ws.command(&["audit", "-"]);
    command.stdin(std::process::Stdio::null());
    let said = Said::of(&mut command);
    assert_eq!(said.status.code(), Some(2), "{said}");
    assert!(said.stderr.contains("idp::audit::input"), "{said}");
}

/// `idp-run audit <(helm template ...)`.
#[cfg(unix)]
#[test]
fn a_pipe_is_read_like_a_file() {
    let ws = Workspace::of(&[("typo.yaml", &GOOD.replace("replicas", "replcas"))]);
    let idp = ws.command(&[]).get_program().to_string_lossy().into_owned();
    let mut bash = std::process::Command::new("bash");
    bash.args(["-c", &format!("'{idp}' audit <(cat typo.yaml) --output json")]);
    let said = Said::of(bash.current_dir(ws.path()).env_clear().env("HOME", ws.path()));
    let found = findings(&said);
    assert!(said.status.code() == Some(3) && found.len() == 1, "{said}");
    assert!(found[0].starts_with("/dev/fd/") && found[0].ends_with(":7:3 high spec.replcas"), "{said}");
}

#[test]
fn releases_of_kubernetes_differ() {
    let old = "apiVersion: flowcontrol.apiserver.k8s.io/v1beta3\nkind: FlowSchema\nmetadata: {name: a}\n\
               spec: {priorityLevelConfiguration: {name: b}}\n";
    let ws = Workspace::of(&[("flow.yaml", old)]);
    let said = ws.idp(&["audit", "--kubernetes", "1.36", "--output", "json"]);
    assert_eq!(findings(&said), ["flow.yaml:1:13 high apiVersion"], "{said}");
    let said = ws.idp(&["audit", "--kubernetes", "1.12"]);
    assert_eq!(said.status.code(), Some(2), "{said}");
    assert!(said.stderr.contains("idp::schema::release"), "{said}");
}

#[test]
fn each_format_has_the_finding() {
    let ws = Workspace::of(&[("typo.yaml", &GOOD.replace("replicas", "replcas")), ("broken.yaml", "a: [\n")]);
    let of = |format: &str| ws.idp(&["audit", "--output", format]).stdout;
    let junit = of("junit");
    assert!(junit.contains("<testsuites name=\"idp-run audit\" tests=\"2\" failures=\"2\">"), "{junit}");
    assert!(junit.contains("name=\"Deployment payments/api\" file=\"typo.yaml\" line=\"1\""), "{junit}");
    assert!(junit.contains("<failure type=\"idp::audit::schema\""), "{junit}");
    let sarif: Value = serde_json::from_str(&of("sarif")).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let rules: Vec<&Value> = results.iter().map(|result| &result["ruleId"]).collect();
    assert_eq!(rules, ["manifest", "schema"]);
    assert_eq!(results[1]["locations"][0]["physicalLocation"]["region"], json!({ "startLine": 7, "startColumn": 3 }));
    let github = of("github");
    assert!(github.contains("::error file=typo.yaml,line=7,col=3,title=schema ("), "{github}");
}

#[test]
fn wrong_arguments_name_what_is_right() {
    let ws = Workspace::of(&[("notes.txt", "")]);
    for (args, code) in [
        (&["audit", "nowhere"][..], "idp::audit::path"),
        (&["audit", "."], "idp::audit::nothing"),
        (&["audit", "--with", "shema"], "idp::audit::policy"),
        (&["audit", "--exclude", "["], "idp::audit::glob"),
    ] {
        let said = ws.idp(args);
        assert_eq!(said.status.code(), Some(2), "{args:?}: {said}");
        assert!(said.stderr.contains(code), "{args:?}: {said}");
    }
    assert!(ws.idp(&["audit", "--with", "shema"]).stderr.contains("did you mean `schema`?"));
}

#[test]
fn policies_and_releases_are_completed() {
    let ws = Workspace::of(&[]);
    let policies = ws.idp(&["complete-words", "audit", "--with", ""]).stdout;
    assert!(
        ["schema\t", "workload\t", "\tfiles"].iter().all(|word| policies.lines().any(|line| line.starts_with(word))),
        "{policies}"
    );
    let releases = ws.idp(&["complete-words", "audit", "--kubernetes", "1.3"]).stdout;
    assert!(releases.lines().any(|line| line == "1.36\t"), "{releases}");
    assert!(ws.idp(&["complete-words", "audit", "--fail-on", "m"]).stdout.starts_with("medium\t"));
}

#[test]
fn what_lacks_quotes_is_told_as_it_is_written() {
    let ws = Workspace::of(&[("idp.yaml", "")]);
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: { name: a, annotations: { a: on, b: 0644, c: 1.10, d: ~ } }\nspec:\n  \
               containers:\n    - name: a\n      env: [{ name: A, value: yes }]\n";
    let list = pod.replace('\n', "\n    ").replace("apiVersion: v1", "- apiVersion: v1");
    ws.write("pod.yaml", pod);
    ws.write("list.yaml", &format!("apiVersion: v1\nkind: List\nitems:\n  {}\n", list.trim_end()));
    for file in ["pod.yaml", "list.yaml"] {
        let said = ws.idp(&["audit", file, "--output", "json"]);
        let lines = said.stdout.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let advice: Vec<String> = lines
            .filter(|line| line["type"] == "finding")
            .filter_map(|found| found["help"].as_str().map(str::to_owned))
            .collect();
        let quoted = ["on", "0644", "1.10", "yes"].map(|text| format!("write it in quotes: \"{text}\""));
        for wanted in quoted {
            assert!(advice.contains(&wanted), "{wanted} of {file}: {said}");
        }
    }
}

#[test]
fn a_document_that_cant_be_read_hides_no_other() {
    let broken = "---\nkind: ConfigMap\nmetadata: {name: a\n";
    let wrong = GOOD.replace("replicas", "replcas");
    let ws = Workspace::of(&[("k8s.yaml", &format!("{GOOD}{broken}---\n{wrong}"))]);
    let lines = GOOD.lines().count();
    let said = ws.idp(&["audit", "k8s.yaml", "--output", "json"]);
    let expected =
        [format!("k8s.yaml:{}:11 high ", lines + 3), format!("k8s.yaml:{}:3 high spec.replcas", lines + 4 + 7)];
    assert_eq!(findings(&said), expected, "{said}");
    assert_eq!((said.status.code(), summary(&said)["objects"].as_u64()), (Some(3), Some(2)), "{said}");
    // Who asks for one of the others, and who would mend it, gets that one.
    let pack = "policy(\"house/a\", #{ title: \"A\", severity: \"high\", check: |o| if o.get(\"spec.replcas\") != () { \
                deny(o.at(\"spec.replcas\"), \"wrong\") }, fix: |o| o.remove(\"spec.replcas\") });\n";
    ws.write("house.rhai", pack);
    let at = format!("k8s.yaml:{}", lines + 6);
    let said = ws.idp(&["audit", "k8s.yaml", "--with", "./house.rhai", "--explain", "house/a", &at]);
    assert!(said.stdout.contains(&format!("deny k8s.yaml:{}:12: wrong", lines + 11)), "{said}");
    let before = std::fs::read(ws.path().join("k8s.yaml")).unwrap();
    let said = ws.idp(&["audit", "k8s.yaml", "--with", "./house.rhai", "--fix"]);
    assert!(said.stdout.contains("another document of the file can't be read in line"), "{said}");
    assert_eq!(std::fs::read(ws.path().join("k8s.yaml")).unwrap(), before);
}

#[test]
fn json_that_only_yaml_takes_is_told() {
    let object = "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\",\n \"metadata\": {\"name\": \"a\",}}\n";
    let ws = Workspace::of(&[("a.json", object), ("b.yaml", object), ("c.json", &object.replace(",}", "}"))]);
    let said = ws.idp(&["audit", "a.json", "b.yaml", "c.json", "--output", "json"]).succeeds("kubectl takes it");
    assert_eq!(findings(&said), ["a.json:2:27 medium "], "{said}");
    assert!(said.stdout.contains("trailing comma") && said.stdout.contains("Argo CD"), "{said}");
}
