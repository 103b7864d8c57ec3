//! Waivers with the real binary: what they cover, when they fail, and how `waive` writes them.

use serde_json::Value;

use crate::support::{Said, Workspace};

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
  namespace: payments
spec:
  replcas: 2
  selector: { matchLabels: { app: api } }
  template:
    metadata: { labels: { app: api } }
    spec:
      containers: [{ name: api, image: registry.example/api:1 }]
";

const WAIVER: &str = "\
policy: schema
objects:
  - kind: Deployment
    namespace: payments
    name: api
    path: spec.replcas
owner: team-payments
reason: the operator reads it
ticket: PAY-12
expires: 2999-12-31
";

fn workspace(waiver: &str) -> Workspace {
    Workspace::of(&[("idp.yaml", ""), ("k8s/api.yaml", DEPLOYMENT), ("waivers/payments.yaml", waiver)])
}

fn findings(said: &Said) -> Vec<Value> {
    let lines = said.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["type"] == "finding").collect()
}

#[test]
fn a_waived_finding_is_told_and_fails_nothing() {
    let ws = workspace(WAIVER);
    let said = ws.idp(&["audit"]).succeeds("its one finding is waived");
    insta::assert_snapshot!(said.stdout, @r#"
    waived k8s/api.yaml:7:3 schema: Deployment payments/api: unknown field "spec.replcas"
      team-payments until 2999-12-31: the operator reads it (waivers/payments.yaml:1:1, PAY-12)

    ok Nothing found in 1 object in 3 files, 1 waived; 2 files hold no Kubernetes object.
    "#);
    let said = ws.idp(&["audit", "--output", "json"]).succeeds("the same");
    let found = findings(&said);
    assert_eq!((found.len(), &found[0]["waived"], &found[0]["level"]), (1, &Value::Bool(true), &"deny".into()));
    assert_eq!(
        found[0]["waiver"],
        serde_json::json!({
            "owner": "team-payments", "reason": "the operator reads it", "ticket": "PAY-12", "expires": "2999-12-31",
            "place": { "file": "waivers/payments.yaml", "line": 1, "column": 1 },
        })
    );
    assert!(said.stdout.contains(r#""findings":0,"waived":1"#), "{said}");
    let sarif: Value = serde_json::from_str(&ws.idp(&["audit", "--output", "sarif"]).stdout).unwrap();
    let suppression = &sarif["runs"][0]["results"][0]["suppressions"][0];
    assert_eq!((suppression["kind"].as_str(), suppression["status"].as_str()), (Some("external"), Some("accepted")));
    assert!(suppression["justification"].as_str().unwrap().contains("PAY-12"), "{sarif:#}");
    assert!(!ws.idp(&["audit", "--output", "github"]).stdout.contains("replcas"), "no annotation");
    // From another folder, and from standard input, it is the same object.
    let mut command = ws.command(&["audit", "../k8s"]);
    command.current_dir(ws.path().join("waivers"));
    Said::of(&mut command).succeeds("files are named from elsewhere");
    let mut command = ws.command(&["audit", "-"]);
    command.stdin(std::fs::File::open(ws.path().join("k8s/api.yaml")).unwrap());
    Said::of(&mut command).succeeds("standard input has no file");
    ws.write("waivers/payments.yaml", &WAIVER.replace("name: api", "name: api\n    file: other/**"));
    assert_eq!(ws.idp(&["audit"]).status.code(), Some(3), "the file is another one");
}

#[test]
fn an_expired_one_fails() {
    let ws = workspace(&WAIVER.replace("2999", "2020"));
    let said = ws.idp(&["audit", "--output", "json"]);
    assert_eq!(said.status.code(), Some(3), "{said}");
    let found = findings(&said);
    let told: Vec<_> = found.iter().map(|found| (found["policy"].as_str(), found["line"].as_u64())).collect();
    assert_eq!(told, [(Some("schema"), Some(7)), (Some("waiver"), Some(10))], "{said}");
    assert_eq!(found[1]["code"], "idp::audit::waiver");
    let said = ws.idp(&["audit", "k8s/"]);
    assert!(said.stdout.contains("waivers/payments.yaml:10:10") && said.stdout.contains("2020-12-31"), "{said}");
}

#[test]
fn an_unused_one_warns_where_it_was_looked_for() {
    let ws = workspace(WAIVER);
    ws.write("k8s/api.yaml", &DEPLOYMENT.replace("replcas", "replicas"));
    ws.write("other/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
    let said = ws.idp(&["audit"]).succeeds("a warning fails nothing");
    assert!(said.stdout.contains("schema finds nothing that this waiver covers"), "{said}");
    let said = ws.idp(&["audit", "other"]).succeeds("its object wasn't looked at");
    assert!(!said.stdout.contains("waiver"), "{said}");
    std::fs::remove_file(ws.path().join("k8s/api.yaml")).unwrap();
    let said = ws.idp(&["audit"]).succeeds("the object is gone");
    assert!(said.stdout.contains("schema finds nothing that this waiver covers"), "{said}");
}

#[test]
fn one_that_lacks_something_is_bad_input() {
    for (from, to, place, word) in [
        ("owner: team-payments\n", "", "waivers/payments.yaml:1:1", "`owner`"),
        ("expires", "expiry", "waivers/payments.yaml:10:1", "did you mean `expires`?"),
        ("2999-12-31", "soon", "waivers/payments.yaml:10:10", "`expires`"),
    ] {
        let ws = workspace(&WAIVER.replace(from, to));
        let said = ws.idp(&["audit"]);
        assert_eq!(said.status.code(), Some(2), "{said}");
        assert!(said.stderr.contains("idp::waiver::invalid"), "{said}");
        assert!(said.stderr.contains(place) && said.stderr.contains(word), "{place} {word}: {said}");
    }
    let ws = workspace(WAIVER);
    ws.write("idp.yaml", "waivers: [nowhere]\n");
    assert_eq!(ws.idp(&["audit"]).status.code(), Some(3), "what isn't there waives nothing");
    ws.write("idp.yaml", "waivers: {a: b}\n");
    let said = ws.idp(&["audit"]);
    assert!(said.status.code() == Some(2) && said.stderr.contains("idp.yaml:1:10"), "{said}");
    ws.write("idp.yaml", "waivers: [waivers/payments.yaml]\n");
    ws.idp(&["audit"]).succeeds("a file is named");
    ws.write("idp.yaml", "waivers: []\n");
    assert_eq!(ws.idp(&["audit"]).status.code(), Some(3), "there are none");
}

const WAIVE: [&str; 11] = [
    "waive",
    "schema",
    "Deployment/payments/api",
    "--path",
    "spec.replcas",
    "--owner",
    "team-payments",
    "--reason",
    "the operator reads it",
    "--expires",
    "2999-12-31",
];

#[test]
fn waive_writes_one_and_no_second() {
    let ws = Workspace::of(&[("idp.yaml", ""), ("k8s/api.yaml", DEPLOYMENT)]);
    let with = |more: &[&'static str]| [&WAIVE[..], more].concat();
    let said = ws.idp(&with(&["--plan"])).succeeds("a plan");
    assert!(said.stdout.contains("waivers/schema.yaml") && said.stdout.contains("expires: "), "{said}");
    assert!(!ws.path().join("waivers").exists(), "a plan writes nothing");
    ws.idp(&WAIVE).succeeds("it is written");
    let file = ws.path().join("waivers/schema.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    insta::assert_snapshot!(text, @r#"
    policy: schema
    objects:
    - kind: Deployment
      namespace: payments
      name: api
      path: spec.replcas
    owner: team-payments
    reason: the operator reads it
    expires: "2999-12-31"
    "#);
    ws.idp(&["audit"]).succeeds("its finding is waived");
    assert_eq!(ws.idp(&with(&["--output", "json"])).succeeds("again").counts(), [0, 0, 0]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    // A comment of somebody's stays when its terms change, and when another one follows.
    std::fs::write(&file, format!("# Ask Ann.\n{text}")).unwrap();
    assert_eq!(ws.idp(&with(&["--ticket", "PAY-1", "--output", "json"])).succeeds("a ticket").counts(), [0, 1, 0]);
    let changed = std::fs::read_to_string(&file).unwrap();
    assert_eq!(changed, format!("# Ask Ann.\n{text}ticket: PAY-1\n"));
    let mut other = WAIVE;
    other[2] = "Service/payments/*";
    ws.idp(&other).succeeds("another object");
    let both = std::fs::read_to_string(&file).unwrap();
    assert!(both.starts_with(&changed) && both[changed.len()..].starts_with("---\npolicy: schema\n"), "{both}");
    ws.idp(&["audit"]).succeeds("both can be read");
}

#[test]
fn waive_knows_what_was_meant() {
    let ws = Workspace::of(&[("idp.yaml", ""), ("k8s/api.yaml", DEPLOYMENT)]);
    let instead = |at: usize, word: &'static str| {
        let mut words = WAIVE;
        words[at] = word;
        words
    };
    for (words, hint) in [
        (instead(1, "shema"), "did you mean `schema`?"),
        (instead(1, "zzz"), "names the policy"),
        (instead(2, "Deploymnt/payments/api"), "did you mean `Deployment`?"),
        (instead(2, "deployment/payments/api"), "did you mean `Deployment`?"),
        (instead(2, "api"), "KIND/NAME"),
        (instead(4, "spec..x"), "column"),
        (instead(4, "spec..x"), "idp::waiver::argument"),
        (instead(4, "spec..x"), "--path: "),
        (instead(4, "spec.replicsa"), "idp::waiver::unknown"),
        (instead(4, "spec.tempalte.spec"), "did you mean `template`?"),
        (instead(1, "workload/imagetag"), "did you mean `workload/image-tag`?"),
        (instead(1, "worklod/*"), "did you mean the pack `workload`?"),
        (instead(1, "nobody/knows"), "no script of the workspace declares a policy of `nobody`; packs are"),
        (instead(1, "w*d*tag"), "`*/*` is every policy of every pack"),
        (instead(1, "a[b"), "idp::waiver::argument"),
        (instead(2, "Deployment/payments/a[pi"), "OBJECT: `a[pi` is not a glob"),
        (instead(10, "2020-01-01"), "idp::waiver::argument"),
        (instead(10, "2020-01-01"), "to come"),
        (instead(10, "soon"), "30d"),
        (instead(8, " "), "--reason"),
    ] {
        let said = ws.idp(&words);
        assert_eq!(said.status.code(), Some(2), "{words:?}: {said}");
        assert!(said.stderr.contains(hint), "{words:?}: {said}");
        assert!(!said.stderr.contains("waivers/schema.yaml"), "no line of a file that isn't there: {said}");
        assert!(!ws.path().join("waivers").exists(), "{words:?}");
    }
    // What the object may have, and policies of scripts that are asked by their path.
    ws.idp(&[&instead(4, "spec.template.spec.containers[*].image")[..], &["--plan"]].concat()).succeeds("a field");
    let pack = "policy(\"house/own\", #{ title: \"t\", check: |o| () });\npolicy(\"house/strict\", #{ title: \"t\", waivable: false, check: |o| () });\n";
    ws.write("rules/house.rhai", pack);
    for policy in ["house/own", "house/*", "*/*"] {
        ws.idp(&[&instead(1, policy)[..], &["--plan"]].concat()).succeeds(policy);
    }
    let said = ws.idp(&[&instead(1, "*")[..], &["--plan"]].concat()).succeeds("those that are built in");
    assert!(said.stderr.contains("no policy of a pack") && said.stderr.contains("`*/*`"), "{said}");
    let said = ws.idp(&instead(1, "house/onw"));
    assert!(said.status.code() == Some(2) && said.stderr.contains("did you mean `house/own`?"), "{said}");
    ws.write("scripts/policies/house.rhai", pack);
    let said = ws.idp(&instead(1, "house/strict"));
    assert!(said.status.code() == Some(2) && said.stderr.contains("idp::waiver::forbidden"), "{said}");
    let said = ws.idp(&instead(2, "Deployment/payments/apo")).succeeds("the object may be elsewhere");
    assert!(said.stderr.contains("there is Deployment/payments/api"), "{said}");
    // Of an object that no file has the schemas of its kind know, but it may have what `schema` finds.
    let elsewhere = |policy, path| {
        let mut words = instead(2, "Deployment/payments/elsewhere");
        (words[1], words[4]) = (policy, path);
        ws.idp(&[&words[..], &["--plan"]].concat())
    };
    let said = elsewhere("workload/image-tag", "spec.replcas");
    assert!(said.status.code() == Some(2) && said.stderr.contains("did you mean `replicas`?"), "{said}");
    assert!(said.stderr.contains("Deployment/payments/elsewhere has no field `spec.replcas`"), "{said}");
    let said = elsewhere("schema", "spec.replcas").succeeds("it may be there");
    let words = said.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("elsewhere, and no Deployment has a field `spec.replcas`"), "{said}");
    elsewhere("workload/image-tag", "spec.template.spec.containers[*].image").succeeds("a field");
    let said = ws.idp(&instead(10, "30d")).succeeds("days from today");
    assert!(!said.stderr.contains("there is"), "{said}");
}

#[test]
fn what_never_covers_anything_is_told() {
    let ws = workspace(WAIVER);
    let about_waivers = |args: &[&str]| -> Vec<(String, String)> {
        let said = ws.idp(&[&["audit", "--output", "json"], args].concat());
        let own = findings(&said).into_iter().filter(|finding| finding["policy"] == "waiver");
        own.map(|own| {
            assert_eq!((own["severity"].as_str(), own["level"].as_str()), (Some("low"), Some("warn")), "{own}");
            let told = format!("{}:{} {}", own["file"].as_str().unwrap(), own["line"], own["message"]);
            (told, own["help"].as_str().unwrap_or_default().to_owned())
        })
        .collect()
    };
    assert_eq!(about_waivers(&[]), []);
    // A misspelt policy, and one whose pack isn't known: a script may have it that wasn't asked here.
    ws.write("waivers/payments.yaml", &WAIVER.replace("policy: schema", "policy: [schema, workload/image-tga]"));
    let misspelt = [(
        "waivers/payments.yaml:1 \"there is no policy `workload/image-tga`, so the waiver covers nothing of it\""
            .into(),
        "did you mean `workload/image-tag`?".into(),
    )];
    assert_eq!(about_waivers(&[]), misspelt);
    assert_eq!(about_waivers(&["k8s/api.yaml"]), misspelt);
    ws.write("waivers/payments.yaml", &WAIVER.replace("policy: schema", "policy: [schema, shop/label]"));
    assert_eq!(about_waivers(&["k8s/api.yaml"]), []);
    assert_eq!(about_waivers(&[]).len(), 1, "all was looked at");
    // A star that stops at a slash.
    ws.write("waivers/payments.yaml", &WAIVER.replace("kind: Deployment", "file: '*.yaml'"));
    let stopped = (
        "waivers/payments.yaml:3 \"schema finds nothing that this waiver covers\"".to_owned(),
        "`*` doesn't cross `/`: write `**` where it should".to_owned(),
    );
    assert_eq!(about_waivers(&["k8s"]), [stopped]);
    ws.write("waivers/payments.yaml", &WAIVER.replace("kind: Deployment", "file: '**/*.yaml'"));
    assert_eq!(about_waivers(&["k8s"]), []);
    // JSON is read; what is neither JSON nor YAML is told, but for what people are told there.
    std::fs::remove_file(ws.path().join("waivers/payments.yaml")).unwrap();
    ws.write("waivers/notes.txt", WAIVER);
    ws.write("waivers/README.md", "# Ours\n");
    ws.write("waivers/OWNERS", "team-payments\n");
    let unread = [("waivers/notes.txt:1 \"a file among the waivers that isn't read\"".to_owned(), UNREAD.to_owned())];
    assert_eq!(about_waivers(&[]), unread);
    let json = serde_json::json!({
        "policy": "schema", "objects": [{ "kind": "Deployment", "name": "api" }], "owner": "a", "reason": "b",
        "expires": "2999-12-31",
    });
    ws.write("waivers/api.json", &json.to_string());
    assert_eq!(about_waivers(&[]), unread);
    ws.idp(&["audit"]).succeeds("the waiver of JSON counts");
}

const UNREAD: &str = "waivers are YAML or JSON: give it the ending .yaml, or put it elsewhere";

#[test]
fn doctor_tells_waivers_that_nobody_reads_or_of_policies_that_there_arent() {
    let ws = workspace(
        &WAIVER.replace("policy: schema", "policy: [schema, workload/image-tga, house/own, house/onw, nobody/knows]"),
    );
    ws.write("rules/house.rhai", "policy(\"house/own\", #{ title: \"t\", check: |o| () });\n");
    ws.write("waivers/notes.txt", "policy: schema\n");
    ws.write("waivers/README.md", "# Ours\n");
    let said = ws.idp(&["doctor"]);
    for part in [
        "look  waivers: nobody reads waivers/notes.txt",
        "look  waivers: there is no policy `workload/image-tga` (waivers/payments.yaml:1",
        "did you mean `workload/image-tag`?",
        "did you mean `house/own`?",
        "there is no policy `nobody/knows`",
    ] {
        assert!(said.stdout.contains(part), "{part}: {said}");
    }
    assert!(!said.stdout.contains("README.md") && !said.stdout.contains("policy `house/own`"), "{said}");
}
