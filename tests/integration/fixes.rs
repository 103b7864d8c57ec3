//! `audit --fix` with the real binary: what it changes, what it leaves, and what it refuses.

use serde_json::Value;

use crate::support::{Said, Workspace};

const PACK: &str = r#"//! Rules of the house
policy("house/host-pid", #{
    title: "Processes of the node are seen", severity: "high", applies_to: #{ kinds: ["Pod"] },
    check: |o| if o.get("spec.hostPID") == true { deny(o.at("spec.hostPID"), "hostPID is on", "leave it out") },
    fix: |o| o.remove("spec.hostPID"),
});
policy("house/non-root", #{
    title: "May be root", severity: "high", applies_to: #{ kinds: ["Pod"] },
    check: |o| if o.get("spec.securityContext.runAsNonRoot") != true {
        deny(o.at("spec.securityContext.runAsNonRoot"), "it may be root")
    },
    fix: |o| o.set("spec.securityContext.runAsNonRoot", true),
});
policy("house/pull", #{
    title: "Images are pulled by chance", applies_to: #{ kinds: ["Pod"] },
    check: |o| for c in o.containers() {
        if c.imagePullPolicy != "Always" { deny(c.at("imagePullPolicy"), `${c.name} is pulled by chance`) }
    },
    fix: |o| {
        let mended = o;
        for c in o.containers() { mended = mended.set(c.at("imagePullPolicy"), "Always"); }
        mended
    },
});
"#;

const WEB: &str = "\
# The shop's front.
apiVersion: apps/v1
kind: Deployment
metadata:
    name: \"web\"      # as the catalog calls it
    namespace: 'shop'
spec:
    selector: { matchLabels: { app: web } }
    template:
        metadata: { labels: { app: web } }
        spec:
            hostPID: true   # for the tracer
            containers:

              # The one that counts.
              - name: web
                image: \"r.io/web:1\"   # pinned
              - { name: log, image: r.io/log:1 }
---
# Nothing to mend here.
apiVersion: v1
kind: ConfigMap
metadata: {name: a, namespace: shop}
data: {\"a\":   'b'}
";

const MENDED: &str = "\
# The shop's front.
apiVersion: apps/v1
kind: Deployment
metadata:
    name: \"web\"      # as the catalog calls it
    namespace: 'shop'
spec:
    selector: { matchLabels: { app: web } }
    template:
        metadata: { labels: { app: web } }
        spec:
            containers:

              # The one that counts.
              - name: web
                image: \"r.io/web:1\"   # pinned
                imagePullPolicy: Always
              - { name: log, image: r.io/log:1, imagePullPolicy: Always }
            securityContext:
                runAsNonRoot: true
---
# Nothing to mend here.
apiVersion: v1
kind: ConfigMap
metadata: {name: a, namespace: shop}
data: {\"a\":   'b'}
";

fn workspace() -> Workspace {
    Workspace::of(&[("idp.yaml", ""), ("house.rhai", PACK), ("k8s/web.yaml", WEB), ("other/web.yaml", WEB)])
}

fn read(ws: &Workspace, path: &str) -> String {
    std::fs::read_to_string(ws.path().join(path)).unwrap()
}

fn events(said: &Said, kind: &str) -> Vec<Value> {
    let lines = said.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["type"] == kind).collect()
}

const FIX: [&str; 5] = ["audit", "k8s", "--with", "./house.rhai", "--fix"];

#[test]
fn a_fix_changes_what_it_names_and_no_other_byte() {
    let ws = workspace();
    let said = ws.idp(&["audit", "k8s", "--with", "./house.rhai"]);
    assert!(said.status.code() == Some(3) && said.stdout.contains("--fix can try to mend 4 of them"), "{said}");
    let said = ws.idp(&[&FIX[..], &["--plan"]].concat()).succeeds("a plan, after which nothing is left");
    assert!(said.stdout.contains("- ") && said.stdout.contains("hostPID: true   # for the tracer"), "{said}");
    assert!(said.stdout.contains("Plan: 4 findings to mend in 1 file. Nothing was written"), "{said}");
    assert_eq!(read(&ws, "k8s/web.yaml"), WEB, "a plan writes nothing");
    let said = ws.idp(&FIX).succeeds("nothing is left");
    insta::assert_snapshot!(said.stdout, @r"
    ~ file k8s/web.yaml (1 file, +4 -2)
    Mended: 4 findings in 1 file. This is what is left:

    ok Nothing found in 2 objects in 1 file.
    ");
    assert_eq!(read(&ws, "k8s/web.yaml"), MENDED);
    assert_eq!(read(&ws, "other/web.yaml"), WEB, "it wasn't asked about");
    let said = ws.idp(&FIX).succeeds("again");
    assert!(said.stdout.contains("Nothing was mended"), "{said}");
    assert_eq!(read(&ws, "k8s/web.yaml"), MENDED);
}

#[test]
fn machines_read_what_was_changed() {
    let ws = workspace();
    let said = ws.idp(&["audit", "k8s", "--with", "./house.rhai", "--output", "json"]);
    assert!(events(&said, "finding").iter().all(|found| found["fixable"] == true), "{said}");
    let said = ws.idp(&[&FIX[..], &["--output", "json"]].concat()).succeeds("it is mended");
    let changes = events(&said, "change");
    assert_eq!((changes.len(), changes[0]["target"].as_str()), (1, Some("k8s/web.yaml")), "{said}");
    assert!(changes[0]["diff"]["files"][0]["text"].as_str().unwrap().contains("-            hostPID"), "{said}");
    let summary = &events(&said, "summary")[0];
    assert_eq!((summary["update"].as_u64(), summary["findings"].as_u64()), (Some(1), Some(0)), "{said}");
}

#[test]
fn standard_input_is_mended_to_standard_output() {
    let ws = workspace();
    let mut command = ws.command(&["audit", "-", "--with", "./house.rhai", "--fix"]);
    command.stdin(std::fs::File::open(ws.path().join("k8s/web.yaml")).unwrap());
    let said = Said::of(&mut command).succeeds("nothing is left");
    assert_eq!(said.stdout, MENDED);
    assert!(said.stderr.contains("Mended: 4 findings"), "{said}");
    for args in [&["audit", "-", "k8s", "--fix"][..], &["audit", "-", "--fix", "--output", "json"]] {
        let said = ws.idp(args);
        assert!(said.status.code() == Some(2) && said.stderr.contains("standard input"), "{said}");
    }
    assert_eq!(ws.idp(&["audit", "--plan"]).status.code(), Some(2), "--plan is for --fix");
}

#[test]
fn lists_and_json_stay_what_they_are() {
    let pod = r#"{
      "apiVersion": "v1",
      "kind": "Pod",
      "metadata": {"name": "NAME"},
      "spec": {
        "hostPID": true,
        "containers": [{"name": "a", "image": "r.io/a:1", "imagePullPolicy": "Always"}]
      }
    }"#;
    let list = format!(
        "{{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"List\",\n  \"items\": [\n    {},\n    {}\n  ]\n}}\n",
        pod.replace("NAME", "a"),
        pod.replace("NAME", "b")
    );
    let ws = workspace();
    ws.write("k8s/list.json", &list);
    ws.idp(&FIX).succeeds("nothing is left");
    let mended = read(&ws, "k8s/list.json");
    let value: Value = serde_json::from_str(&mended).expect("it is still JSON");
    for item in value["items"].as_array().unwrap() {
        assert_eq!(item["spec"]["securityContext"]["runAsNonRoot"], true, "{mended}");
        assert_eq!(item["spec"].get("hostPID"), None, "{mended}");
    }
    for line in list.lines().filter(|line| !line.contains("hostPID") && !line.contains("containers")) {
        assert!(mended.lines().any(|there| there == line), "{line:?} is gone: {mended}");
    }
}

#[test]
fn a_fix_that_isnt_one_is_refused_and_told() {
    let refused = |pack: &str, file: &str| {
        let ws = Workspace::of(&[("house.rhai", pack), ("pod.yaml", file)]);
        let said = ws.idp(&["audit", "pod.yaml", "--with", "./house.rhai", "--fix", "--output", "json"]);
        let told = events(&said, "fix_refused");
        let told: Vec<String> =
            told.iter().map(|told| format!("{} {}", told["policy"], told["message"]).replace('"', "")).collect();
        (told, read(&ws, "pod.yaml"), said)
    };
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  hostPID: true\n  containers: []\n";
    let policy = |id: &str, when: &str, fix: &str| {
        format!(
            "policy(\"house/{id}\", #{{ title: \"t\", severity: \"high\", check: |o| if {when} {{ deny(o.at(\"spec.hostPID\"), \"wrong\") }}, \
             fix: |o| {fix} }});\n"
        )
    };
    // It mends nothing.
    let useless = policy("useless", "o.spec.hostPID == true", "o.set(\"spec.a\", 1)");
    let (told, text, said) = refused(&useless, pod);
    assert_eq!(told, ["house/useless it mends nothing: the finding would still be there"], "{said}");
    assert_eq!((text.as_str(), said.status.code()), (pod, Some(3)));
    // What one asks for, another one forbids.
    let both = [
        policy("off", "o.get(\"spec.hostPID\") == true", "o.set(\"spec.hostPID\", false)"),
        policy("on", "o.get(\"spec.hostPID\") == false", "o.set(\"spec.hostPID\", true)"),
    ]
    .concat();
    let (told, text, said) = refused(&both, pod);
    assert_eq!(told, ["house/off house/on would find fault with it: wrong"], "{said}");
    assert_eq!(text, pod);
    // One was made, and the next one is its contrary.
    let contrary = [
        policy("off", "o.get(\"spec.hostPID\") == true", "o.set(\"spec.hostPID\", false)"),
        policy(
            "named",
            "!o.has(\"metadata.labels\")",
            "o.set(\"metadata.labels.a\", \"b\").set(\"spec.hostPID\", true)",
        ),
    ]
    .concat();
    let (told, text, said) = refused(&contrary, pod);
    assert_eq!(told, ["house/named it contradicts the fix of house/off, which was made: wrong"], "{said}");
    assert_eq!(text, pod.replace("hostPID: true", "hostPID: false"));
    // It belongs to others, too.
    let shared = "x: &x {hostPID: true}\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: *x\n";
    let off = policy("off", "o.get(\"spec.hostPID\") == true", "o.remove(\"spec.hostPID\")");
    let (told, text, said) = refused(&off, shared);
    assert!(told.len() == 1 && told[0].contains("through the alias"), "{told:?} {said}");
    assert_eq!(text, shared);
    // It throws.
    let (told, text, _) = refused(&policy("throws", "true", "o.nothing_of_the_kind()"), pod);
    assert!(told.len() == 1 && text == pod, "{told:?}");
}

#[test]
fn what_is_waived_is_left() {
    let ws = workspace();
    let waiver = |path: &str| {
        format!(
            "policy: house/*\nobjects: [{{kind: Deployment, name: web, path: '{path}'}}]\nowner: a\nreason: b\nexpires: 2999-01-01\n"
        )
    };
    ws.write("waivers/a.yaml", &waiver("spec.template.spec.hostPID"));
    ws.idp(&FIX).succeeds("the rest is mended");
    let text = read(&ws, "k8s/web.yaml");
    assert!(text.contains("hostPID: true   # for the tracer") && text.contains("runAsNonRoot: true"), "{text}");
    // One of two findings of one policy.
    ws.write("k8s/web.yaml", WEB);
    ws.write("waivers/a.yaml", &waiver("spec.template.spec.containers[1]"));
    ws.idp(&FIX).succeeds("the rest is mended");
    let text = read(&ws, "k8s/web.yaml");
    assert!(text.contains("{ name: log, image: r.io/log:1 }\n"), "{text}");
    assert!(text.contains("imagePullPolicy: Always\n"), "{text}");
    // A fix that knows only what is waived.
    let pack = "policy(\"house/first\", #{ title: \"t\", applies_to: #{ kinds: [\"Pod\"] }, \
                check: |o| for c in o.containers() { deny(c, \"wrong\") }, fix: |o| o.set(\"spec.containers[0].tty\", true) });\n";
    ws.write("house.rhai", pack);
    ws.write("waivers/a.yaml", &waiver("spec.template.spec.containers[0]"));
    let said = ws.idp(&["audit", "k8s", "--with", "./house.rhai", "--fix", "--output", "json"]);
    let why: Vec<Value> = events(&said, "fix_refused").iter().map(|told| told["message"].clone()).collect();
    assert_eq!(why, ["all that it would change is waived"], "{said}");
}

#[test]
fn what_cant_be_mended_is_told_and_stops_nothing_else() {
    let pod = "x: &one {name: one, image: a:1}\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  hostPID: false\n  securityContext: {runAsNonRoot: true}\n  containers:\n    - *one\n    - {name: two, image: b:1}\n";
    let ws = Workspace::of(&[("house.rhai", PACK), ("pod.yaml", pod)]);
    let said = ws.idp(&["audit", "pod.yaml", "--with", "./house.rhai", "--fix", "--output", "json"]);
    let told = events(&said, "fix_refused");
    assert!(told.len() == 1 && told[0]["message"].as_str().unwrap().contains("through the alias"), "{said}");
    let text = read(&ws, "pod.yaml");
    assert!(text.contains("{name: two, image: b:1, imagePullPolicy: Always}"), "{text}");
    // What is mended at its anchor is mended.
    let own = pod.replace("x: &one {name: one, image: a:1}\n", "").replace("*one", "*one\n    - {name: c, image: c:1}");
    let own = own.replace("  containers:", "  initContainers: [&one {name: one, image: a:1}]\n  containers:");
    ws.write("pod.yaml", &own);
    let said = ws.idp(&["audit", "pod.yaml", "--with", "./house.rhai", "--fix", "--output", "json"]);
    assert!(events(&said.succeeds("nothing is left"), "fix_refused").is_empty());
    // What is left of a finding has a reason, too, and lines are those of the file as it is.
    let half = PACK
        .replace("c.at(\"imagePullPolicy\"), \"Always\")", "o.at(`spec.containers[0].imagePullPolicy`), \"Always\")");
    let ws = Workspace::of(&[("house.rhai", &half), ("pod.yaml", &pod.replace("*one", "{name: one}"))]);
    let said = ws.idp(&["audit", "pod.yaml", "--with", "./house.rhai", "--fix", "--output", "json"]);
    let told = events(&said, "fix_refused");
    assert!(told.len() == 1 && told[0]["message"].as_str().unwrap().contains("nothing to change"), "{said}");
    assert_eq!((&told[0]["line"], &told[0]["column"]), (&Value::from(10), &Value::from(7)), "{said}");
    // A fix that knows nothing to change says so.
    let idle = "policy(\"house/idle\", #{ title: \"t\", check: |o| deny(o, \"wrong\"), fix: |o| o });";
    let ws = Workspace::of(&[("house.rhai", idle), ("pod.yaml", pod)]);
    let said = ws.idp(&["audit", "pod.yaml", "--with", "./house.rhai", "--fix"]);
    assert!(said.stdout.contains("nothing to change"), "{said}");
    assert_eq!(read(&ws, "pod.yaml"), pod);
}

#[test]
fn a_fix_that_never_ends_hides_nothing() {
    let endless = "policy(\"house/slow\", #{ title: \"t\", severity: \"high\", check: |o| deny(o, \"wrong\"), fix: |o| loop { } });";
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {}\n";
    let ws = Workspace::of(&[("house.rhai", endless), ("a.yaml", pod), ("b.yaml", pod)]);
    let said = ws.idp(&["audit", "a.yaml", "b.yaml", "--with", "./house.rhai", "--fix", "--output", "json"]);
    assert_eq!(said.status.code(), Some(3), "{said}");
    assert_eq!(events(&said, "finding").len(), 2, "{said}");
    assert_eq!(read(&ws, "a.yaml"), pod);
}

#[test]
fn a_block_that_the_file_cuts_off_keeps_its_value() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  securityContext: {runAsNonRoot: true}\n  containers:\n  - name: a\n    args:\n    - |\n      x";
    let ws = Workspace::of(&[("house.rhai", PACK), ("k8s/pod.yaml", pod)]);
    ws.idp(&FIX).succeeds("it is mended");
    assert_eq!(
        read(&ws, "k8s/pod.yaml"),
        format!("{}    imagePullPolicy: Always", pod.replace("- |\n      x", "- |-\n      x\n"))
    );
}

#[test]
fn json_keeps_its_layout() {
    let ws = workspace();
    let four = r#"{
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web"},
    "spec": {
        "hostPID": true,
        "containers": [
            {
                "name": "web",
                "image": "r.io/web:1"
            },
            {"name": "log", "image": "r.io/log:1"}
        ]
    }
}
"#;
    let mended = r#"{
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web"},
    "spec": {
        "containers": [
            {
                "name": "web",
                "image": "r.io/web:1",
                "imagePullPolicy": "Always"
            },
            {"name": "log", "image": "r.io/log:1", "imagePullPolicy": "Always"}
        ],
        "securityContext": {
            "runAsNonRoot": true
        }
    }
}
"#;
    let empty = four.replace("\"hostPID\": true", "\"securityContext\": {}");
    let grown = "\"securityContext\": {\n            \"runAsNonRoot\": true\n        }";
    let in_place = mended
        .replace(&format!(",\n        {grown}"), "")
        .replace("\"spec\": {", &format!("\"spec\": {{\n        {grown},"));
    let tabs = |text: &str| text.replace("    ", "\t");
    let crlf = |text: &str| text.replace('\n', "\r\n");
    for (before, after) in [
        (four.to_owned(), mended.to_owned()),
        (empty, in_place),
        (tabs(four), tabs(mended)),
        (crlf(four), crlf(mended)),
    ] {
        ws.write("k8s/pod.json", &before);
        ws.idp(&["audit", "k8s/pod.json", "--with", "./house.rhai", "--fix"]).succeeds("it is mended");
        assert_eq!(read(&ws, "k8s/pod.json"), after);
    }
}

#[test]
fn a_pipe_that_is_named_cant_be_mended() {
    let ws = workspace();
    for plan in [&[][..], &["--plan"]] {
        let mut shell = std::process::Command::new("bash");
        let idp = ws.command(&[]).get_program().to_owned();
        let line = format!("\"$0\" audit <(cat k8s/web.yaml) --with ./house.rhai --fix {}", plan.join(" "));
        let said = Said::of(shell.arg("-c").arg(line).arg(idp).current_dir(ws.path()));
        assert_eq!(said.status.code(), Some(2), "{said}");
        assert!(said.stderr.contains("--fix mends files and standard input, and /dev/fd/"), "{said}");
    }
}

#[test]
fn a_plan_says_what_is_found_in_the_files_as_they_are() {
    let ws = workspace();
    let owner = "policy(\"house/owner\", #{ title: \"Nobody's\", severity: \"high\", applies_to: #{ kinds: [\"Deployment\", \"ConfigMap\"] },\n    \
                 check: |o| if o.label(\"owner\") == () { deny(o, \"nobody owns it\") } });\n";
    ws.write("house.rhai", &[PACK, owner].concat());
    let place = |found: &Value| format!("{} {}:{}", found["policy"], found["line"], found["column"]).replace('"', "");
    let before = ws.idp(&["audit", "k8s", "--with", "./house.rhai", "--output", "json"]);
    let plan = |more: &[&str]| ws.idp(&[&FIX[..], &["--plan"], more].concat());
    let said = plan(&["--output", "json"]);
    let of = |said: &Said| events(said, "finding").iter().map(place).collect::<Vec<_>>();
    assert_eq!(of(&said), of(&before), "lines are those of the text on disk");
    let mended = |found: &&Value| found["mended"] == true;
    let found = events(&said, "finding");
    assert_eq!(found.iter().filter(mended).count(), 4, "{said}");
    assert!(found.iter().all(|found| (found["mended"] == true) != (found["policy"] == "house/owner")), "{said}");
    let summary = &events(&said, "summary")[0];
    assert_eq!((&summary["findings"], &summary["mended"]), (&Value::from(2), &Value::from(4)), "{said}");
    assert_eq!(said.status.code(), Some(3), "an owner is missing");
    // Each format says of which findings.
    let failures = |text: &str, sign: &str| text.matches(sign).count();
    let junit = plan(&["--output", "junit"]).stdout;
    assert_eq!(
        [failures(&junit, "<failure "), failures(&junit, "(--fix mends it): k8s/web.yaml:1")],
        [2, 4],
        "{junit}"
    );
    let sarif: Value = serde_json::from_str(&plan(&["--output", "sarif"]).stdout).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let marked = results.iter().filter(|result| result["properties"]["mended"] == true && result["level"] == "note");
    assert_eq!((results.len(), marked.count()), (6, 4), "{sarif}");
    let github = plan(&["--output", "github"]).stdout;
    assert_eq!([failures(&github, "::error "), failures(&github, "::warning ")], [2, 4], "{github}");
    assert!(github.contains("line=12,col=22,title=house/host-pid (Processes of the node are seen)::"), "{github}");
    let report = plan(&["--output", "policyreport"]).stdout;
    assert_eq!([failures(&report, "result: fail"), failures(&report, "mended: \"true\"")], [2, 4], "{report}");
    // People see the difference, and what is left at the lines that they have.
    let people = plan(&[]).stdout;
    assert!(people.contains("k8s/web.yaml:21:1") && !people.contains("may be root"), "{people}");
    assert_eq!(read(&ws, "k8s/web.yaml"), WEB);
    // Without an owner's fault the plan passes, and so does what comes of it.
    let fails = ["--with", "./house.rhai", "--fix", "--output", "json"];
    ws.write("house.rhai", PACK);
    ws.idp(&[&["audit", "k8s"], &fails[..], &["--plan"]].concat()).succeeds("all of it would be mended");
}

#[test]
fn a_plan_knows_which_element_of_a_list_is_left() {
    let pack = "policy(\"house/args\", #{ title: \"Arguments\", severity: \"high\", applies_to: #{ kinds: [\"Pod\"] },\n    \
                check: |o| for a in o.at(\"spec.args\").values() { if a != 2 { deny(o.at(`spec.args[${o.get(\"spec.args\").index_of(a)}]`), `${a} is odd`) } },\n    \
                fix: |o| o.remove(\"spec.args[0]\"),\n});\n";
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  args:\n  - 1\n  - 2\n  - 3\n";
    let ws = Workspace::of(&[("house.rhai", pack), ("pod.yaml", pod)]);
    let said = ws.idp(&["audit", "pod.yaml", "--with", "./house.rhai", "--fix", "--plan", "--output", "json"]);
    let found = events(&said, "finding");
    let told: Vec<_> = found.iter().map(|found| (found["line"].as_u64(), found["mended"].as_bool())).collect();
    assert_eq!(told, [(Some(6), Some(true)), (Some(8), Some(false))], "{said}");
}

#[test]
fn it_is_explained_what_a_fix_would_do() {
    let pack = "policy(\"house/idle\", #{ title: \"t\", check: |o| deny(o, \"wrong\"), fix: |o| o });\n\
                policy(\"house/off\", #{ title: \"t\", check: |o| if o.get(\"spec.hostPID\") == true { deny(o.at(\"spec.hostPID\"), \"wrong\") }, fix: |o| o.remove(\"spec.hostPID\") });\n\
                policy(\"house/none\", #{ title: \"t\", check: |o| deny(o, \"wrong\") });\n";
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {hostPID: true}\n";
    let ws = Workspace::of(&[("house.rhai", pack), ("pod.yaml", pod)]);
    let explained = |policy: &str, more: &[&str]| {
        ws.idp(&[&["audit", "pod.yaml", "--with", "./house.rhai", "--explain", policy, "Pod/a"], more].concat())
    };
    for (policy, fix) in [
        ("house/idle", "fix          isn't made: it has nothing to change here (./house.rhai:1): mend it by hand"),
        ("house/off", "fix          mends it: --fix"),
    ] {
        let said = explained(policy, &[]);
        assert!(said.stdout.lines().any(|line| line == fix), "{policy}: {said}");
    }
    assert!(!explained("house/none", &[]).stdout.contains("fix  "));
    let json: Value =
        serde_json::from_str(explained("house/off", &["--output", "json"]).stdout.lines().last().unwrap()).unwrap();
    assert_eq!(json["fix"], serde_json::json!({ "mends": true, "why": null }));
    assert_eq!(read(&ws, "pod.yaml"), pod);
    // What no explanation can be written as.
    let said = explained("house/off", &["--output", "sarif"]);
    assert!(said.status.code() == Some(2) && said.stderr.contains("--output sarif is not for --explain"), "{said}");
}
