//! Policies that a workspace enforces: what they refuse at the door, what passes it, and what `idp.yaml` may say of them.

use std::fs;

use serde_json::Value;

use crate::workspace::{IDP_YAML, Said, Workspace};

const PACK: &str = r#"//! Rules of the shop
fn params() { #{ least: param("int", "Replicas").or_else(2), size: param("string", "Size").choices(["s", "l"]).or_else("s") } }
policy("shop/replicas", #{
    title: "Too few replicas", severity: "high", applies_to: #{ kinds: ["Deployment"] },
    check: |o, p| if (o.spec?.replicas ?? 1) < p.least { deny(o.at("spec.replicas"), `fewer than ${p.least} replicas`, "add some") },
});
policy("shop/latest", #{
    title: "Floating image", applies_to: #{ kinds: ["Pod"] },
    check: |o| for c in o.containers() { if (c.image ?? "").ends_with(":latest") { deny(c.at("image"), `${c.name} floats`) } },
});
policy("shop/owner", #{
    title: "No owner", level: "warn", severity: "critical", applies_to: #{ kinds: ["Deployment", "Namespace"] },
    check: |o| if o.label("owner") == () { deny(o, "nobody owns it") },
});
policy("shop/paused", #{
    title: "Paused", level: "audit", applies_to: #{ kinds: ["Deployment"] },
    check: |o| if o.spec?.paused == true { deny(o.at("spec.paused"), "it is paused") },
});
policy("shop/backend", #{
    title: "A Service to nowhere", severity: "high",
    check_all: |all| for s in all.of("Service") { if all.find("Deployment", s.namespace, s.name) == () { deny(s, "it leads nowhere") } },
});
policy("shop/quota", #{
    title: "A quota", severity: "high", waivable: false, applies_to: #{ kinds: ["ResourceQuota"] },
    check: |o| deny(o, "quotas are the platform's"),
});
"#;

/// A workspace that enforces the pack. `more` is what `policies` says besides.
fn shop(more: &str) -> Workspace {
    let ws = Workspace::new();
    ws.write("scripts/policies/shop.rhai", PACK);
    enforce(&ws, "[shop]", more);
    ws
}

fn enforce(ws: &Workspace, what: &str, more: &str) {
    ws.write("idp.yaml", &format!("{IDP_YAML}policies:\n  enforce: {what}\n{more}"));
}

fn deployment(name: &str, replicas: u32, image: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\n  namespace: shop\n  labels: {{ owner: us }}\n\
         spec:\n  replicas: {replicas}\n  selector: {{ matchLabels: {{ app: {name} }} }}\n  template:\n    metadata: {{ labels: {{ app: {name} }} }}\n    \
         spec:\n      containers:\n        - name: {name}\n          image: r.example/{name}:{image}\n"
    )
}

fn service(name: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{ name: {name}, namespace: shop }}\n\
         spec: {{ selector: {{ app: {name} }}, ports: [{{ port: 80 }}] }}\n"
    )
}

/// A script that proposes files.
fn proposal(files: &[(&str, &str)]) -> String {
    let edits: String = files.iter().map(|(path, text)| format!(".write({path:?}, {text:?})")).collect();
    format!("repo(\"gitops\").propose(\"X\", |t| t{edits});")
}

/// What the door found: level, policy, place, message.
fn findings(said: &Said) -> Vec<String> {
    let events = said.of_type("diagnostic");
    let found = events.iter().filter(|event| event["severity"] == "finding");
    let line = |event: &Value| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let place = &event["place"];
        let what = format!("{} {}", text(&event["level"]), text(&event["code"]));
        format!("{what} {}:{}: {}", text(&place["file"]), place["line"], text(&event["message"]))
    };
    found.map(line).collect()
}

#[track_caller]
fn denied(said: &Said, policies: &[&str]) {
    said.fails(1, "idp::policy::denied");
    let found = findings(said);
    let refusing = found.iter().filter(|line| line.starts_with("high") || line.starts_with("critical"));
    assert_eq!(refusing.map(|line| line.split(' ').nth(1).unwrap()).collect::<Vec<_>>(), policies, "{said}");
}

#[track_caller]
fn passes(said: &Said) -> Vec<String> {
    assert_eq!(said.code, 0, "{said}");
    findings(said)
}

#[test]
fn what_a_policy_denies_is_refused_in_the_plan_and_in_the_run() {
    let ws = shop("");
    let text = proposal(&[("k8s/web.yaml", &deployment("web", 1, "latest")), ("k8s/note.md", "apiVersion: v1\n")]);
    let plan = ws.plan(&text);
    denied(&plan, &["shop/replicas", "shop/latest"]);
    assert_eq!(
        findings(&plan),
        [
            "high shop/replicas acme/gitops:k8s/web.yaml:8: Deployment shop/web: fewer than 2 replicas",
            "high shop/latest acme/gitops:k8s/web.yaml:15: Deployment shop/web: web floats",
        ]
    );
    assert!(!ws.has_state());
    let run = ws.script(&text);
    denied(&run, &["shop/replicas", "shop/latest"]);
    assert_eq!(ws.idp(&["pr", "list", "gitops"]).stdout, "acme/gitops has no pull requests.\n");
    assert_eq!(ws.git("gitops", &["branch", "--list"]).trim(), "* main");
    let said = ws.idp(&["./script.rhai", "--plan"]);
    insta::assert_snapshot!(said.stderr, @r#"
    x shop/replicas: Deployment shop/web: fewer than 2 replicas
      high, at acme/gitops:k8s/web.yaml:8:13
      help: add some
    x shop/latest: Deployment shop/web: web floats
      high, at acme/gitops:k8s/web.yaml:15:18

    idp::policy::denied

      x pull request acme/gitops script is refused by shop/replicas: Deployment shop/web: fewer than 2
      | replicas (and 1 more)
      `-> acme/gitops:k8s/web.yaml:8:13
       ,-[./script.rhai:1:16]
     1 | repo("gitops").propose("X", |t| t.write("k8s/web.yaml", "apiVersion: apps/v1\nkind: Deplo…
       :                ^^^|^^^
       :                   `-- here
       `----
      help: add some
    "#);
    // Mended, the same run goes on.
    let mended = proposal(&[("k8s/web.yaml", &deployment("web", 2, "1"))]);
    assert_eq!(passes(&ws.script(&mended)), Vec::<String>::new());
    // A pull request that is open is looked at again.
    denied(&ws.script(&text), &["shop/replicas", "shop/latest"]);
}

#[test]
fn every_way_into_the_world_passes_the_door() {
    let ws = shop("");
    let bad = deployment("web", 1, "1");
    denied(
        &ws.plan(&format!("repo(\"app\").commit(\"main\", \"x\", |t| t.write(\"k8s/a.yaml\", {bad:?}));")),
        &["shop/replicas"],
    );
    let applied = format!("cluster(\"dev\").apply(manifest({bad:?}));");
    let said = ws.plan(&applied);
    denied(&said, &["shop/replicas"]);
    let found = findings(&said);
    assert_eq!(found, ["high shop/replicas dev Deployment shop/web:0: Deployment shop/web: fewer than 2 replicas"]);
    denied(&ws.script(&applied), &["shop/replicas"]);
    // Where nothing is enforced, nothing is refused; what is audited is in nobody's way, and a warning is one.
    let paused =
        deployment("web", 2, "1").replace("replicas: 2", "replicas: 2\n  paused: true").replace("owner: us", "a: b");
    assert_eq!(
        passes(&ws.plan(&proposal(&[("k8s/web.yaml", &paused)]))),
        ["medium shop/owner acme/gitops:k8s/web.yaml:1: Deployment shop/web: nobody owns it"]
    );
    enforce(&ws, "[schema]", "");
    assert_eq!(passes(&ws.script(&applied)), Vec::<String>::new());
}

#[test]
fn what_was_there_before_is_told_and_refuses_nothing() {
    let ws = shop("");
    ws.write("seeds/gitops/k8s/web.yaml", &deployment("web", 1, "latest").replace("owner: us", "a: b"));
    let edit = |more: &str| ws.plan(&format!("repo(\"gitops\").propose(\"X\", |t| t{more});"));
    let old = [
        "medium shop/replicas acme/gitops:k8s/web.yaml:8: Deployment shop/web: fewer than 2 replicas, as before this change",
        "medium shop/latest acme/gitops:k8s/web.yaml:15: Deployment shop/web: web floats, as before this change",
    ];
    assert_eq!(passes(&edit(".set(\"k8s/web.yaml\", \"metadata.labels.a\", \"c\")")), old);
    // Moved to another file it is what it was.
    let moved = passes(&edit(".write(\"k8s/b.yaml\", t.read(\"k8s/web.yaml\")).remove(\"k8s/web.yaml\")"));
    assert_eq!(moved, old.map(|line| line.replace("k8s/web.yaml", "k8s/b.yaml")));
    // What the change touches is its own.
    denied(&edit(".set(\"k8s/web.yaml\", \"spec.replicas\", 0)"), &["shop/replicas"]);
    denied(
        &edit(".set(\"k8s/web.yaml\", \"spec.template.spec.containers[0].image\", \"r.example/other:latest\")"),
        &["shop/latest"],
    );
    // Whoever removes an object isn't asked about it.
    assert_eq!(passes(&edit(".remove(\"k8s/web.yaml\")")), Vec::<String>::new());
    // Of two that are told in the same words it is the new one that is refused, wherever it stands.
    let rule = "policy(\"shop/root\", #{ title: \"Root\", severity: \"high\", applies_to: #{ kinds: [\"Pod\"] }, check: |o| \
                for c in o.containers() { deny(c.at(\"securityContext.runAsNonRoot\"), \"may be root\") } });\n";
    ws.write("scripts/policies/shop.rhai", rule);
    let old = deployment("web", 1, "1");
    let new = old.replace("containers:\n", "containers:\n        - name: new\n          image: r.example/new:1\n");
    let said = edit(&format!(".write(\"k8s/web.yaml\", {new:?})"));
    denied(&said, &["shop/root"]);
    let told = findings(&said);
    assert!(
        told[0].contains("high shop/root acme/gitops:k8s/web.yaml:14: ") && !told[0].contains("as before"),
        "{told:?}"
    );
    assert!(told[1].contains("web.yaml:16: ") && told[1].ends_with("as before this change"), "{told:?}");
}

#[test]
fn rules_on_all_objects_see_those_of_the_repository() {
    let ws = shop("");
    ws.write("seeds/gitops/k8s/web.yaml", &deployment("web", 2, "1"));
    ws.write("seeds/gitops/k8s/old.yaml", &service("old"));
    let plan = |files: &[(&str, &str)]| ws.plan(&proposal(files));
    assert_eq!(passes(&plan(&[("apps/service.yaml", &service("web"))])), Vec::<String>::new());
    denied(&plan(&[("apps/service.yaml", &service("api"))]), &["shop/backend"]);
    let both = [("apps/service.yaml", service("api")), ("apps/api.yaml", deployment("api", 2, "1"))];
    assert_eq!(passes(&plan(&both.each_ref().map(|(path, text)| (*path, text.as_str())))), Vec::<String>::new());
    // What the change doesn't bring is no finding of it, though it makes it so.
    ws.write("seeds/gitops/k8s/service.yaml", &service("web"));
    let removed =
        ws.plan("repo(\"gitops\").propose(\"X\", |t| t.remove(\"k8s/web.yaml\").write(\"a.yaml\", \"a: 1\\n\"));");
    assert_eq!(passes(&removed), Vec::<String>::new());
}

#[test]
fn what_is_no_whole_object_is_not_asked() {
    let ws = shop("");
    let bad = deployment("web", 1, "latest");
    let files = [
        ("k8s/kustomization.yaml", "patches:\n- path: web-patch.yaml\n"),
        ("k8s/web-patch.yaml", bad.as_str()),
        ("chart/Chart.yaml", "apiVersion: v2\nname: a\nversion: 1.0.0\n"),
        ("chart/templates/web.yaml", bad.as_str()),
        (
            "template/template.yaml",
            "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: {name: t}\nspec: {type: service}\n",
        ),
        ("template/skeleton/web.yaml", bad.as_str()),
    ];
    assert_eq!(passes(&ws.plan(&proposal(&files))), Vec::<String>::new());
    // Nor without rules on all objects, when nothing of the repository is read.
    enforce(&ws, "[shop]", "  packs: { shop: { levels: { shop/backend: off } } }\n");
    assert_eq!(passes(&ws.plan(&proposal(&files))), Vec::<String>::new());
    denied(&ws.plan(&proposal(&files[1..])), &["shop/replicas", "shop/latest"]);
}

#[test]
fn waivers_of_the_workspace_hold_and_those_of_a_change_dont() {
    let ws = shop("");
    let waiver = "policy: shop/*\nobjects: [{ kind: Deployment, namespace: shop, name: web, file: \"gitops/k8s/*\" }]\n\
                  owner: team-web\nreason: One is enough for the demo\nexpires: 2999-01-01\n";
    let bad = deployment("web", 1, "1");
    let text = proposal(&[("k8s/web.yaml", &bad), ("waivers/web.yaml", waiver)]);
    denied(&ws.plan(&text), &["shop/replicas"]);
    ws.write("waivers/web.yaml", waiver);
    let said = ws.plan(&text);
    assert_eq!(
        passes(&said),
        ["low shop/replicas acme/gitops:k8s/web.yaml:8: Deployment shop/web: fewer than 2 replicas"]
    );
    assert!(said.stdout.contains("waived by team-web until 2999-01-01"), "{said}");
    denied(&ws.plan(&proposal(&[("elsewhere/web.yaml", &bad)])), &["shop/replicas"]);
    ws.write("waivers/web.yaml", &waiver.replace("2999", "1999"));
    denied(&ws.plan(&text), &["shop/replicas"]);
    // A policy may allow none.
    ws.write("waivers/web.yaml", &waiver.replace("Deployment", "ResourceQuota"));
    let quota =
        "apiVersion: v1\nkind: ResourceQuota\nmetadata: { name: web, namespace: shop }\nspec: { hard: { pods: 1 } }\n";
    denied(&ws.plan(&proposal(&[("k8s/quota.yaml", quota)])), &["shop/quota"]);
    // One that can't be read covers nothing, and nothing is made.
    ws.write("waivers/web.yaml", "policy: shop/*\n");
    ws.plan(&text).fails(2, "idp::waiver::invalid");
}

#[test]
fn environments_have_values_and_levels_of_their_own() {
    let environments = "environments: { dev: { cluster: dev }, prod: { cluster: prod, production: true } }\n";
    let ws = shop("");
    let yaml = IDP_YAML
        .replace("environments: { dev: { cluster: dev } }\n", environments)
        .replace("dev } }\ncontacts", "dev }, prod: { kind: snapshot, folder: .idp/clusters/prod } }\ncontacts");
    let policies = "policies:\n  enforce: [shop]\n  packs:\n    shop:\n      params: { least: 1 }\n      levels: { shop/owner: off, shop: audit }\n      \
                    environments:\n        prod:\n          params: { least: 3 }\n          levels: { shop: deny, shop/latest: warn }\n";
    ws.write("idp.yaml", &format!("{yaml}{policies}"));
    let bad = deployment("web", 2, "latest").replace("{ owner: us }", "{}");
    let plan = |path: &str| ws.plan(&proposal(&[(path, &bad)]));
    assert_eq!(passes(&plan("k8s/dev/web.yaml")), Vec::<String>::new());
    let prod = plan("k8s/prod/web.yaml");
    denied(&prod, &["shop/owner", "shop/replicas"]);
    assert!(
        findings(&prod)
            .contains(&"medium shop/latest acme/gitops:k8s/prod/web.yaml:15: Deployment shop/web: web floats".into()),
        "{prod}"
    );
    let applied = |cluster: &str| ws.plan(&format!("cluster({cluster:?}).apply(manifest({bad:?}));"));
    assert_eq!(passes(&applied("dev")), Vec::<String>::new());
    denied(&applied("prod"), &["shop/owner", "shop/replicas"]);
    // What passes in dev is news in prod.
    ws.write("seeds/gitops/k8s/dev/web.yaml", &bad);
    let edit = "t.write(\"k8s/prod/web.yaml\", t.read(\"k8s/dev/web.yaml\")).remove(\"k8s/dev/web.yaml\")";
    let moved = ws.plan(&format!("repo(\"gitops\").propose(\"X\", |t| {edit});"));
    denied(&moved, &["shop/owner", "shop/replicas"]);
    // Audits take the same.
    ws.write("k8s/prod/web.yaml", &bad);
    ws.write("k8s/dev/web.yaml", &bad);
    let audited = |more: &[&str]| {
        let said = ws.idp(&[&["audit", "k8s", "--output", "json"], more].concat());
        let found = said.of_type("finding");
        let line = |event: &Value| format!("{} {} {}", event["level"], event["policy"], event["file"]).replace('"', "");
        (said.code, found.iter().map(line).collect::<Vec<_>>())
    };
    let of_dev = "audit shop/latest k8s/dev/web.yaml".to_string();
    let of_prod =
        ["deny shop/owner", "deny shop/replicas", "warn shop/latest"].map(|what| format!("{what} k8s/prod/web.yaml"));
    let expected: Vec<String> = std::iter::once(of_dev).chain(of_prod).collect();
    assert_eq!(audited(&[]), (3, expected));
    // The command line wins, everywhere.
    let (_, found) = audited(&["--param", "shop.least=1"]);
    assert!(!found.iter().any(|line| line.contains("replicas")), "{found:?}");
    assert_eq!(audited(&["--environment", "dev"]).1.len(), 2);
}

#[test]
fn rules_on_all_objects_have_the_level_of_each_environment() {
    let ws = shop("  packs: { shop: { environments: { dev: { levels: { shop/backend: warn } } } } }\n");
    let files = [("k8s/dev/a.yaml", service("a")), ("k8s/b.yaml", service("b"))];
    let said = ws.plan(&proposal(&files.each_ref().map(|(path, text)| (*path, text.as_str()))));
    denied(&said, &["shop/backend"]);
    assert_eq!(
        findings(&said),
        [
            "high shop/backend acme/gitops:k8s/b.yaml:1: Service shop/b: it leads nowhere",
            "medium shop/backend acme/gitops:k8s/dev/a.yaml:1: Service shop/a: it leads nowhere",
        ]
    );
}

#[test]
fn a_saved_plan_is_applied_only_if_the_policies_of_now_let_it_pass() {
    let ws = shop("");
    let text = proposal(&[("k8s/web.yaml", &deployment("web", 2, "1"))]);
    ws.write("script.rhai", &text);
    assert_eq!(ws.idp(&["./script.rhai", "--plan", "--out", "plan.json"]).code, 0);
    ws.write("scripts/policies/shop.rhai", &PACK.replace("or_else(2)", "or_else(3)"));
    ws.idp(&["apply", "plan.json", "--output", "json"]).fails(1, "idp::policy::denied");
    assert_eq!(ws.idp(&["pr", "list", "gitops"]).stdout, "acme/gitops has no pull requests.\n");
    ws.write("scripts/policies/shop.rhai", PACK);
    assert_eq!(ws.idp(&["apply", "plan.json"]).code, 0);
    assert!(ws.idp(&["pr", "list", "gitops"]).stdout.contains("acme/gitops#1"));
}

#[test]
fn what_was_made_can_be_taken_back_whatever_is_enforced_by_now() {
    let ws = shop("");
    ws.write("seeds/gitops/k8s/api.yaml", &deployment("api", 1, "latest"));
    enforce(&ws, "[]", "");
    let bad = deployment("web", 1, "latest");
    let text = format!(
        "repo(\"app\").commit(\"main\", \"x\", |t| t.write(\"k8s/web.yaml\", {bad:?}));\n\
         repo(\"gitops\").propose(\"X\", |t| t.remove(\"k8s/api.yaml\").write(\"k8s/web.yaml\", {bad:?}));"
    );
    assert_eq!(passes(&ws.script(&text)), Vec::<String>::new());
    enforce(&ws, "[shop]", "");
    let said = ws.idp(&["runs", "undo", "script", "--output", "json"]);
    assert_eq!(said.code, 0, "{said}");
    assert_eq!(ws.git("gitops", &["branch", "--list"]).trim(), "* main");
}

#[test]
fn tests_of_scripts_pass_the_same_door() {
    let ws = shop("");
    ws.write(
        "scripts/path.rhai",
        &format!("//! A path\n{}", proposal(&[("k8s/web.yaml", &deployment("web", 1, "1"))])),
    );
    ws.write(
        "scripts/path.test.rhai",
        "fn test_it_is_refused() {\n    let error = expect_error(\"idp::policy::denied\", || run_script(\"path\", #{}));\n    assert_contains(error.message, \"fewer than 2\");\n}\n",
    );
    let said = ws.idp(&["test"]);
    assert_eq!(said.code, 0, "{said}");
}

#[test]
fn a_policy_that_fails_lets_nothing_pass() {
    let ws = shop("");
    let broken = "//! Broken\npolicy(\"bad/throws\", #{ title: \"T\", severity: \"high\", applies_to: #{ kinds: [\"Service\"] }, check: |o| throw \"oh\" });\n\
                  policy(\"bad/eats\", #{ title: \"T\", severity: \"high\", check: |o| { let a = \"x\"; loop { a += a; } } });\n";
    ws.write("scripts/policies/bad.rhai", broken);
    enforce(&ws, "[bad, shop]", "limits: { memory: 32MiB }\n".replace("limits", "\nlimits").trim_start());
    let said = ws.plan(&proposal(&[("k8s/a.yaml", &service("a")), ("k8s/web.yaml", &deployment("web", 1, "1"))]));
    said.fails(1, "idp::policy::denied");
    let found = findings(&said).join("\n");
    for policy in ["bad/throws", "bad/eats", "shop/replicas", "shop/backend"] {
        assert!(found.contains(policy), "{policy}: {said}");
    }
    ws.write("scripts/policies/bad.rhai", "//! Broken\nlet x = ;\n");
    ws.plan("repo(\"gitops\").propose(\"X\", |t| t.write(\"a.txt\", \"a\"));").fails(2, "idp::script::syntax");
    assert!(!ws.has_state());
    assert!(ws.idp(&["doctor"]).stdout.contains("FAIL  policies"));
    // Whoever only looks isn't bothered.
    assert_eq!(ws.plan("print(repo(\"gitops\").name);").code, 0);
}

#[test]
fn mistakes_in_idp_yaml_are_told_at_their_place() {
    let ws = shop("");
    let plan = |what: &str, more: &str| {
        enforce(&ws, what, more);
        let said = ws.plan("repo(\"gitops\").propose(\"X\", |t| t.write(\"a.txt\", \"a\"));");
        assert_eq!(said.code, 2, "{more}: {said}");
        assert!(!ws.has_state());
        // What keeps `idp.yaml` from being read is told before there is a run.
        let told = if said.stdout.is_empty() { said.stderr } else { said.stdout };
        let error = told
            .lines()
            .find(|line| line.contains("\"error\""))
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        let Some(error) = error else { return told };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let place = &error["place"];
        let at = format!("{}:{}:{}", text(&place["file"]), place["line"], place["column"]);
        format!("{} {at} {} | {}", text(&error["code"]), text(&error["message"]), text(&error["help"]))
    };
    let lines = IDP_YAML.lines().count();
    let mut told = String::new();
    for (what, more) in [
        ("shop", ""),
        ("[shopp]", ""),
        ("[./no.rhai]", ""),
        ("[../shop.rhai]", ""),
        ("[shop, shop]", ""),
        ("[shop]", "  enforced: []\n"),
        ("[shop]", "  packs: { shopp: {} }\n"),
        ("[shop]", "  packs: { shop: { param: {} } }\n"),
        ("[shop]", "  packs: { shop: { params: { laest: 1 } } }\n"),
        ("[shop]", "  packs: { shop: { params: { least: many } } }\n"),
        ("[shop]", "  packs: { shop: { params: { size: m } } }\n"),
        ("[shop]", "  packs: { shop: { levels: { shop/replica: warn } } }\n"),
        ("[shop]", "  packs: { shop: { levels: { latest: warn } } }\n"),
        ("[shop]", "  packs: { shop: { levels: { shop/replicas: wran } } }\n"),
        ("[shop]", "  packs: { shop: { levels: { shop/replicas: on } } }\n"),
        ("[shop]", "  packs: { shop: { environments: { dve: {} } } }\n"),
        ("[shop]", "  packs: { shop: { environments: { dev: { params: { least: x } } } } }\n"),
    ] {
        let line = plan(what, more)
            .replace(&format!("idp.yaml:{}", lines + 2), "idp.yaml:N")
            .replace(&format!("idp.yaml:{}", lines + 3), "idp.yaml:M");
        told.push_str(&format!("{}\n", line.trim_end()));
    }
    insta::assert_snapshot!(told, @"
    idp::config idp.yaml:N:12 `policies.enforce` must be a list |
    idp::audit::policy idp.yaml:N:13 there is no policy `shopp` | did you mean `shop`? there are schema, platform, pod-security, shop, workload; a path contains a `/` or ends in .rhai
    idp::script::unreadable idp.yaml:N:13 can't read the script ./no.rhai: No such file or directory (os error 2) | `idp-run list` shows the scripts that can be named without a path
    idp::config idp.yaml:N:13 `policies.enforce[0]` leaves the workspace: `..` is not allowed | use an absolute path if you mean it
    idp::config idp.yaml:N:19 `policies.enforce[1]` names `shop` a second time |
    idp::config idp.yaml:M:3 unknown key `policies.enforced` | did you mean `enforce`?
    idp::audit::policy idp.yaml:M:12 there is no pack `shopp` | did you mean `shop`?
    idp::config idp.yaml:M:20 unknown key `policies.packs.shop.param` | did you mean `params`?
    idp::param::unknown idp.yaml:M:30 the pack shop has no parameter `laest` | did you mean `least`?
    idp::param::type idp.yaml:M:37 the parameter `least` must be a whole number, not `many` | params() of the pack shop says what it takes
    idp::param::choice idp.yaml:M:36 the parameter `size` can't be `m` | did you mean `l`? Choices: s, l
    idp::policy::level idp.yaml:M:30 the pack shop has no policy `shop/replica` | did you mean `shop/replicas`?
    idp::policy::level idp.yaml:M:30 the pack shop has no policy `latest` | did you mean `shop/latest`?
    idp::config idp.yaml:M:45 `policies.packs.shop.levels.shop/replicas` can't be `wran` | did you mean `warn`?
    idp::config idp.yaml:M:45 `policies.packs.shop.levels.shop/replicas` must be a level | levels are deny, warn, audit, off
    idp::config idp.yaml:M:36 there is no environment `dve` | did you mean `dev`?
    idp::param::type idp.yaml:M:60 the parameter `least` must be a whole number, not `x` | params() of the pack shop says what it takes
    ");
}

#[test]
fn audits_ask_what_is_enforced() {
    let ws = shop("  packs: { shop: { params: { least: 1 } } }\n");
    ws.write("k8s/web.yaml", &deployment("web", 1, "latest"));
    let audited = |more: &[&str]| ws.idp(&[&["audit", "k8s", "--output", "json"], more].concat());
    let policies = |said: &Said| -> Vec<String> {
        said.of_type("finding").iter().map(|event| event["policy"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(policies(&audited(&[])), ["shop/latest"]);
    assert_eq!(policies(&audited(&["--param", "least=3"])), ["shop/replicas", "shop/latest"]);
    assert_eq!(policies(&audited(&["--with", "schema"])), Vec::<String>::new());
    let refused = |more: &[&str]| {
        let said = audited(more);
        assert_eq!(said.code, 2, "{said}");
        said.stderr
    };
    assert!(refused(&["--param", "least=3", "--param", "shop.least=1"]).contains("idp::param::twice"));
    assert_eq!(policies(&audited(&["--param", "least=3", "--param", "shop.least=3"])).len(), 2);
    let unknown = refused(&["--environment", "dve"]);
    assert!(unknown.contains("idp::audit::environment") && unknown.contains("did you mean `dev`?"), "{unknown}");
    // A variable of somebody's shell loosens nothing.
    let mut command = ws.command(&["audit", "k8s", "--output", "json", "--param", "shop.size=s"]);
    command.env("IDP_PARAM_LEAST", "9");
    assert_eq!(policies(&crate::workspace::said(command)), ["shop/latest"]);
    enforce(&ws, "[]", "");
    assert_eq!(policies(&audited(&[])), Vec::<String>::new());
    // Nobody declares environments: any name will do.
    let alone = Workspace::empty();
    alone.write("k8s/web.yaml", &deployment("web", 1, "latest"));
    assert_eq!(alone.idp(&["audit", "k8s", "--environment", "qa"]).code, 0);
}

#[test]
fn doctor_and_completion_know_what_is_enforced() {
    let ws = shop("  packs: { shop: { params: { least: 1 }, levels: { shop/owner: off } } }\n");
    let said = ws.idp(&["doctor"]);
    let level = said.stdout.lines().find(|line| line.contains("levels")).unwrap_or_default();
    assert!(level.contains(" off "), "YAML reads it as false: {said}");
    let line = IDP_YAML.lines().count() + 2;
    assert!(said.stdout.contains(&format!("idp.yaml:{line}")) && said.stdout.contains("policies.enforce"), "{said}");
    assert!(said.stdout.contains("enforced: shop; rules of packs: 6"), "{said}");
    let next = |words: &[&str]| -> Vec<String> {
        let said = ws.idp(&[&["complete-words", "--"], words].concat());
        said.stdout.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
    };
    assert!(["schema", "shop", "workload"].iter().all(|name| next(&["audit", "--with", ""]).contains(&(*name).into())));
    assert_eq!(next(&["audit", "--param", ""]), ["least=", "size="]);
    assert!(next(&["audit", "--with", "pod-security", "--param", ""]).contains(&"level=".into()));
    assert_eq!(next(&["audit", "--environment", ""]), ["dev"]);
}

/// What the door refuses leaves no trace but the attempt.
#[test]
fn a_refused_run_leaves_the_world_as_it_was() {
    let ws = shop("");
    assert_eq!(ws.script("repo(\"app\").propose(\"First\", |t| t.write(\"a.txt\", \"a\\n\"));").code, 0);
    let refs = || ["app", "gitops"].map(|repo| ws.git(repo, &["for-each-ref"]));
    let before = refs();
    let bad = deployment("web", 1, "1");
    let text = format!(
        "cluster(\"dev\").apply(manifest({bad:?}));\nrepo(\"app\").propose(\"Next\", |t| t.write(\"b.txt\", \"b\\n\"));"
    );
    denied(&ws.named("next", &text, &[]), &["shop/replicas"]);
    assert_eq!(refs(), before);
    assert!(
        !ws.path().join(".idp/clusters/dev").exists()
            || fs::read_dir(ws.path().join(".idp/clusters/dev")).unwrap().next().is_none()
    );
}

/// The golden paths on the example, with the shipped packs enforced: every skeleton and every kind of claim passes, with no
/// waiver and without a word; so does what is in the repositories by then.
#[test]
fn what_golden_paths_make_passes_the_shipped_packs() {
    let ws = Workspace::acme();
    let policies = "\npolicies:\n  enforce: [schema, pod-security, workload, platform]\n";
    ws.write("idp.yaml", &(ws.read("idp.yaml") + policies));
    // A folder of a pack's name is no pack.
    ws.write("platform/README.md", "# Notes\n");
    let run = |words: &[&str]| {
        let said = ws.idp(&[words, &["--output", "json"]].concat());
        assert_eq!((said.code, findings(&said)), (0, Vec::new()), "{words:?}: {said}");
    };
    for (at, template) in ["java-spring-boot", "go-gin", "nodejs-express", "python-fastapi"].into_iter().enumerate() {
        let (service, template) = (format!("service=s{at}"), format!("template={template}"));
        let database = format!("database={}", at % 2 == 0);
        let words = [
            "create-service",
            "project=payments",
            &service,
            "owner=team-payments",
            "description=Pays",
            &template,
            &database,
        ];
        run(&words);
    }
    let kinds = ["type=postgresql", "type=s3", "type=sqs", "type=mongodb", "type=database"];
    for kind in kinds {
        for (env, name, whose) in
            [("env=dev", "name=one", "service=stock"), ("env=prod", "name=two", "owner=team-orders")]
        {
            let engine: &[&str] = if kind == "type=database" { &["engine=postgres"] } else { &[] };
            run(&[&["create-resource", "project=orders", env, kind, name, whose], engine].concat());
        }
    }
    // All of it, as audits find it: branches that are proposed and what they are proposed to.
    let all = ws.path().join("all");
    let mut branches = 0;
    for repo in ["payments-gitops", "platform-gitops", "orders-gitops", "s0", "payments-s0"] {
        if !ws.bare(repo).exists() {
            continue;
        }
        for branch in ws.git(repo, &["for-each-ref", "--format=%(refname:short)", "refs/heads"]).lines() {
            let folder = all.join(format!("{repo}-{branch}"));
            fs::create_dir_all(&folder).unwrap();
            let checked_out = format!("--work-tree={}", folder.display());
            ws.git(repo, &[&checked_out, "-c", "core.bare=false", "checkout", "-f", branch, "--", "."]);
            let packs = ["--with", "pod-security", "--with", "workload", "--with", "platform", "--fail-on", "low"];
            let said = ws.idp(&[&["audit", folder.to_str().unwrap(), "--output", "json"][..], &packs].concat());
            assert_eq!((said.code, said.of_type("finding")), (0, Vec::new()), "{repo} {branch}: {said}");
            branches += 1;
        }
    }
    assert!(branches > 15, "only {branches}");
}
