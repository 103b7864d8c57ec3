//! Policies as scripts, asked by `idp-run audit --with`: what they are shown, what they report, what ends them.

use serde_json::Value;

use crate::support::{Said, Workspace};

const WEB: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  replicas: 1
  template:
    metadata: { labels: { app: web } }
    spec:
      securityContext:
        runAsNonRoot: true
      containers:
        - name: web
          image: r.io/web:latest
        - name: log
          image: r.io/log:1
          securityContext:
            runAsNonRoot: false
";

const PACK: &str = r#"//! Rules of the shop
fn params() { #{ least: param("int", "Replicas").or_else(2) } }
const SUFFIX = ":latest";
fn is_floating(image) { image.ends_with(global::SUFFIX) }
policy("shop/replicas", #{
    title: "Too few replicas", severity: "high", applies_to: #{ kinds: ["Deployment"] },
    check: |o, p| if (o.spec.replicas ?? 1) < p.least { deny(o.at("spec.replicas"), `fewer than ${p.least}`, "add some") },
});
policy("shop/latest", #{
    title: "Floating image", applies_to: #{ kinds: ["Pod"] },
    check: |o| for c in o.containers() { if is_floating(c.image) { warn(c.at("image"), `${c.name} of ${o.name} floats`) } },
});
policy("shop/root", #{
    title: "May be root", severity: "high", applies_to: #{ kinds: ["Pod"] },
    check: |o| for c in o.containers() {
        if c.security("runAsNonRoot") != true { deny(c.security_at("runAsNonRoot"), `${c.name} may be root`) }
    },
});
policy("shop/owner", #{
    title: "No owner", level: "warn", severity: "critical", applies_to: #{ kinds: ["Deployment"] },
    check: |o| if o.label("owner") == () { deny(o.at("metadata.labels.owner"), "nobody owns it") },
});
"#;

/// The findings as `file:line:column level severity policy path: message`.
fn findings(said: &Said) -> Vec<String> {
    let events = said.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    events
        .filter(|event| event["type"] == "finding")
        .map(|event| {
            let of = |key: &str| text(&event[key]);
            let place = format!("{}:{}:{}", of("file"), event["line"], event["column"]);
            let what = format!("{} {} {} {}", of("level"), of("severity"), of("policy"), of("path"));
            format!("{place} {what}: {}", of("message"))
        })
        .collect()
}

fn audited(ws: &Workspace, more: &[&str]) -> Said {
    let all: Vec<&str> = ["audit", "k8s", "--output", "json"].into_iter().chain(more.iter().copied()).collect();
    ws.idp(&all)
}

#[test]
fn a_pack_finds_what_is_wrong_where_it_is_written() {
    let ws = Workspace::of(&[("k8s/web.yaml", WEB), ("shop.rhai", PACK)]);
    let said = audited(&ws, &["--with", "./shop.rhai"]);
    assert_eq!(said.status.code(), Some(3), "{said}");
    assert_eq!(
        findings(&said),
        [
            "k8s/web.yaml:3:1 deny critical shop/owner metadata.labels.owner: nobody owns it",
            "k8s/web.yaml:7:13 deny high shop/replicas spec.replicas: fewer than 2",
            "k8s/web.yaml:15:18 warn medium shop/latest spec.template.spec.containers[0].image: web of web floats",
            "k8s/web.yaml:19:27 deny high shop/root spec.template.spec.containers[1].securityContext.runAsNonRoot: log may be root",
        ].map(|line| line.replace("deny critical", "warn critical")),
        "{said}"
    );
    let said = audited(&ws, &["--with", "./shop.rhai", "--param", "least=1", "--fail-on", "critical"]);
    assert_eq!((said.status.code(), findings(&said).len()), (Some(0), 3), "a warning fails nothing: {said}");
    for (param, code, help) in
        [("last=1", "idp::param::unknown", "did you mean `least`?"), ("shop.least=many", "idp::param::type", "least")]
    {
        let said = audited(&ws, &["--with", "./shop.rhai", "--param", param]);
        assert_eq!(said.status.code(), Some(2), "{said}");
        assert!(said.stderr.contains(code) || said.stdout.contains(code), "{said}");
        assert!(said.stderr.contains(help) || said.stdout.contains(help), "{said}");
    }
}

#[test]
fn packs_have_names() {
    let ws = Workspace::of(&[("k8s/web.yaml", WEB), ("scripts/policies/shop.rhai", PACK)]);
    ws.write("idp.yaml", "");
    assert_eq!(findings(&audited(&ws, &["--with", "shop"])).len(), 4);
    assert_eq!(findings(&audited(&ws, &["--with", "scripts/policies"])).len(), 4);
    let listed = ws.idp(&["list"]).succeeds("the pack has a name");
    assert!(listed.stdout.contains("Rules of the shop"), "{listed}");
    let said = audited(&ws, &["--with", "shopp"]);
    assert_eq!(said.status.code(), Some(2), "{said}");
    assert!(format!("{said}").contains("did you mean `shop`?"), "{said}");
    let both = audited(&ws, &["--with", "shop", "--with", "schema"]);
    assert!(findings(&both).iter().any(|line| line.contains(" schema ")), "the Deployment has no selector: {both}");
}

#[test]
fn whole_sets_are_looked_at_together() {
    let ingress = |name: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  rules:\n    - host: shop.example\n---\n"
        )
    };
    let rule = r#"policy("shop/host", #{
        title: "One host, two Ingresses", severity: "high",
        check_all: |all| {
            let hosts = #{};
            for i in all.of("networking.k8s.io", "Ingress") { for r in i.spec.rules {
                if hosts.get(r.host) != () { deny(r.at("host"), `${hosts[r.host]} has it`) }
                hosts[r.host] = i.name;
            } }
            if all.find("Ingress", "shop", "a") == () || all.of("apps", "Ingress").len() > 0 { throw "lookups are wrong"; }
        },
    });"#;
    let ws = Workspace::of(&[
        ("k8s/a.yaml", &ingress("a")),
        ("k8s/b.yaml", &format!("{WEB}---\n{}", ingress("b"))),
        ("host.rhai", rule),
    ]);
    let said = audited(&ws, &["--with", "./host.rhai"]);
    assert_eq!(findings(&said), ["k8s/b.yaml:26:13 deny high shop/host spec.rules[0].host: a has it"], "{said}");
}

#[test]
fn a_policy_that_fails_is_a_finding_and_the_rest_goes_on() {
    let rules = r#"
policy("bad/throws", #{ title: "Throws", check: |o| { let x = 1;
    throw "no idea"; } });
policy("bad/field", #{ title: "Wrong field", check: |o| o.nothing.at_all == 1 });
policy("bad/loops", #{ title: "Never ends", check: |o| { loop { } } });
policy("bad/grows", #{ title: "Grows", check: |o| { let all = []; for i in 0..19000 { let t = `some ${i}`; for j in 0..13 { t += t; } all.push(t); } } });
policy("bad/place", #{ title: "No place", check: |o| deny("spec", "x") });
policy("good/rule", #{ title: "Fine", check: |o| warn(o, "seen") });
"#;
    let ws = Workspace::of(&[("k8s/web.yaml", WEB), ("bad.rhai", rules)]);
    let said = audited(&ws, &["--with", "./bad.rhai"]);
    assert_eq!(said.status.code(), Some(3), "{said}");
    let found = findings(&said);
    let of = |id: &str| found.iter().find(|line| line.contains(id)).unwrap_or_else(|| panic!("{id}: {said}")).clone();
    // At the object, with the place in the script; one for all objects.
    let throws = of("bad/throws");
    assert!(throws.starts_with("k8s/web.yaml:1:1 deny high") && throws.contains("no idea (./bad.rhai:3:5)"), "{said}");
    assert!(of("bad/field").contains("(./bad.rhai:4:"), "{said}");
    assert!(of("bad/loops").starts_with("k8s/web.yaml:") && of("bad/loops").contains("longer than"), "{said}");
    assert!(of("bad/loops").contains("(./bad.rhai:5:"), "{said}");
    assert!(of("bad/grows").contains("itself failed"), "{said}");
    assert!(of("bad/place").contains("(./bad.rhai:7:"), "{said}");
    assert!(of("good/rule").starts_with("k8s/web.yaml:1:1 warn"), "{said}");
}

#[test]
fn a_policy_that_fails_has_the_level_that_is_set() {
    let rules = r#"
policy("bad/throws", #{ title: "Throws", severity: "high", check: |o| throw "oh" });
policy("bad/all", #{ title: "Throws, too", severity: "high", check_all: |all| throw "ah" });
policy("bad/loops", #{ title: "Never ends", severity: "high", level: "audit", check: |o| loop { } });
"#;
    let ws = Workspace::of(&[("k8s/web.yaml", WEB), ("k8s/prod/web.yaml", WEB), ("bad.rhai", rules)]);
    let levels = |said: &Said| {
        let of =
            |line: &String| line.split(' ').take(4).filter(|word| !word.contains("high")).collect::<Vec<_>>().join(" ");
        findings(said).iter().map(of).collect::<Vec<_>>()
    };
    ws.write("idp.yaml", "policies: { packs: { bad: { levels: { bad: warn } } } }\n");
    let said = audited(&ws, &["--with", "./bad.rhai"]).succeeds("nothing is denied");
    assert!(levels(&said).iter().all(|line| line.contains(" warn ")), "{said}");
    // In an environment of its own, and by the rule itself.
    let prod = "clusters: { c: { kind: snapshot, folder: .idp/c } }\nenvironments: { prod: { cluster: c } }\npolicies: { packs: { bad: { levels: { bad/throws: warn, bad/all: warn }, environments: { prod: { levels: { bad/throws: deny } } } } } }\n";
    ws.write("idp.yaml", prod);
    let said = audited(&ws, &["--with", "./bad.rhai"]);
    assert_eq!(said.status.code(), Some(3), "{said}");
    let found = levels(&said);
    let has = |line: &str| assert!(found.iter().any(|found| found == line), "{line}: {said}");
    has("k8s/prod/web.yaml:1:1 deny bad/throws");
    has("k8s/web.yaml:1:1 warn bad/throws");
    assert!(found.iter().any(|line| line.ends_with("audit bad/loops")), "{said}");
    assert!(found.iter().any(|line| line.ends_with("warn bad/all")), "{said}");
}

#[test]
fn a_parameter_of_a_pack_that_nobody_asks_names_those_that_are() {
    let ws = Workspace::of(&[("k8s/web.yaml", WEB), ("shop.rhai", PACK)]);
    for (param, help) in [("zz.least=1", "shop is asked"), ("shp.least=1", "did you mean `shop`?")] {
        let said = audited(&ws, &["--with", "./shop.rhai", "--param", param]);
        let pack = param.split('.').next().unwrap_or_default();
        assert!(said.status.code() == Some(2) && said.stdout.contains(help), "{said}");
        assert!(format!("{said}").contains(&format!("no pack `{pack}` is asked")), "{said}");
    }
}

#[test]
fn what_is_wrong_with_a_pack_is_said_before_anything_is_read() {
    for (text, code) in [
        ("policy(\"A/b\", #{ title: \"x\", check: |o| 1 });", "idp::policy::declared"),
        ("policy(\"a/b\", #{ title: \"x\" });", "idp::policy::declared"),
        ("policy(\"a/b\", #{ title: \"x\", check_all: |all| 1, fix: |o| o });", "idp::policy::declared"),
        ("policy(\"a/b\", #{ title: \"x\", check: |o, p, q| 1 });", "idp::policy::declared"),
        ("policy(\"a/b\", #{ title: \"x\", chek: |o| 1 });", "idp::script::option"),
        ("policy(\"a/b\", #{ title: \"x\", check: |o| 1, severity: \"bad\" });", "idp::policy::declared"),
        ("print(1);", "idp::policy::none"),
        ("policy(", "idp::script::syntax"),
        ("let repos = repo(\"a\").ensure();", "idp::script::no_run"),
    ] {
        let ws = Workspace::of(&[("k8s/web.yaml", WEB), ("p.rhai", text)]);
        let said = audited(&ws, &["--with", "./p.rhai"]);
        assert!(matches!(said.status.code(), Some(1 | 2)), "{text} {said}");
        assert!(format!("{said}").contains(code), "{text}: {code} {said}");
    }
}

#[test]
fn mistakes_of_declarations_are_told_all_at_once() {
    let rules = r#"//! Mistakes
policy("shop/one", #{ titel: "x", severity: "hihg", level: "deney", applies_to: #{ kind: ["Pod"], names: ["a["] }, check: |o| 1 });
policy("shop/fine", #{ title: "Fine", check: |o| 1 });
policy("Shop/two", #{ title: "x", fix: |o| o, waivable: "no" });
policy("shop/fine", #{ title: "Again", check: |o, p, q| 1 });
throw "and the end";
"#;
    let ws = Workspace::of(&[("k8s/web.yaml", WEB), ("shop.rhai", rules)]);
    let said = ws.idp(&["audit", "k8s", "--with", "./shop.rhai"]);
    assert_eq!(said.status.code(), Some(2), "{said}");
    for words in [
        "12 mistakes where ./shop.rhai declares its policies",
        "policy has no option `titel`",
        "did you mean `title`?",
        "the policy `shop/one` has no title",
        "has the severity `hihg`",
        "has the level `deney`",
        "applies to what can't be: applies_to has no `kind`",
        "did you mean `kinds`?",
        "names: error parsing glob",
        "the policy `Shop/two` has no proper id",
        "the policy `Shop/two` checks nothing",
        "the option `waivable` of policy must be true or false",
        "there are two policies `shop/fine`",
        "the policy `shop/fine` has a check of 3 arguments",
        "and the end",
    ] {
        assert!(said.stderr.contains(words), "{words}: {said}");
    }
    for line in [2, 4, 5, 6] {
        assert!(said.stderr.contains(&format!("./shop.rhai:{line}:")), "{line}: {said}");
    }
}

#[test]
fn a_wrong_default_is_told_where_parameters_are_declared() {
    let wrong = PACK.replace("or_else(2)", "or_else(\"x\")");
    let ws = Workspace::of(&[("k8s/web.yaml", WEB), ("shop.rhai", &wrong)]);
    let said = ws.idp(&["audit", "k8s", "--with", "./shop.rhai"]);
    assert_eq!(said.status.code(), Some(2), "{said}");
    assert!(said.stderr.contains("`least` must be a whole number, not `x`"), "{said}");
    assert!(said.stderr.contains("shop.rhai:2:"), "the line of params: {said}");
}

#[test]
fn an_id_of_another_pack_is_refused_by_all_who_read_a_pack_by_its_folder() {
    let ws = Workspace::of(&[("k8s/web.yaml", WEB), ("scripts/policies/till.rhai", PACK), ("idp.yaml", "")]);
    ws.write("scripts/policies/till.test.rhai", "fn test_a() { check_policy(\"till/owner\", \"k8s/web.yaml\"); }\n");
    for args in [
        ["audit", "k8s", "--with", "till"].as_slice(),
        &["audit", "k8s", "--with", "scripts/policies/till.rhai"],
        &["test", "scripts/policies"],
    ] {
        let said = ws.idp(args);
        assert!(!said.status.success(), "{args:?}: {said}");
        let told = format!("{said}");
        for words in ["`shop/replicas` is in the pack `till`", "`till/replicas`, or the file", "till.rhai:5:"] {
            assert!(told.contains(words), "{args:?}: {words}: {said}");
        }
    }
    ws.write("elsewhere/till.rhai", PACK);
    assert_eq!(findings(&audited(&ws, &["--with", "elsewhere/till.rhai"])).len(), 4);
}

#[test]
fn a_role_of_containers_that_there_isnt_is_no_empty_list() {
    let rules = "policy(\"shop/init\", #{ title: \"Init\", severity: \"high\", check: |o| \
        for c in o.containers(\"inti\") { deny(c, \"x\") } });\n";
    let ws = Workspace::of(&[("k8s/web.yaml", WEB), ("shop.rhai", rules)]);
    let said = ws.idp(&["audit", "k8s", "--with", "./shop.rhai"]);
    assert_eq!(said.status.code(), Some(3), "{said}");
    for words in
        ["there is no role of containers `inti`", "did you mean `init`? roles are main, init, sidecar, ephemeral"]
    {
        assert!(said.stdout.contains(words), "{words}: {said}");
    }
}

#[test]
fn what_is_missing_is_told_at_the_key_that_it_would_be_under() {
    let rule = |path: &str| {
        let rules = format!("policy(\"a/b\", #{{ title: \"t\", check: |o| deny(o.at(\"{path}\"), \"none\") }});");
        let ws = Workspace::of(&[("k8s/web.yaml", WEB), ("a.rhai", &rules)]);
        findings(&audited(&ws, &["--with", "./a.rhai"]))[0].split_whitespace().next().unwrap().to_owned()
    };
    for (path, place) in [
        ("spec.paused", "6:1"),
        ("spec.template.spec.containers[0].resources.limits", "14:11"),
        ("spec.template.spec.containers[4]", "13:7"),
        ("spec.template.spec.containers[1].securityContext.privileged", "18:11"),
        ("status.x", "1:1"),
        ("spec.replicas", "7:13"),
        ("spec.template", "9:5"),
    ] {
        assert_eq!(rule(path), format!("k8s/web.yaml:{place}"), "{path}");
    }
}

#[test]
fn a_pack_is_one_file_however_it_is_named() {
    let ws = Workspace::of(&[("k8s/web.yaml", WEB), ("scripts/policies/shop.rhai", PACK), ("shop.rhai", PACK)]);
    let enforce = |words: &str| ws.write("idp.yaml", &format!("policies:\n  enforce: [{words}]\n"));
    enforce("shop, ./scripts/policies, ./scripts/policies/shop.rhai");
    assert_eq!(findings(&audited(&ws, &[])).len(), 4);
    let twice = audited(&ws, &["--with", "shop", "--with", "scripts/policies"]);
    assert_eq!(findings(&twice).len(), 4, "{twice}");
    enforce("shop, ./shop.rhai");
    let said = ws.idp(&["audit", "k8s"]);
    assert_eq!(said.status.code(), Some(2), "{said}");
    for words in ["there are two packs `shop`: ", "scripts/policies/shop.rhai and ./shop.rhai", "idp.yaml:2:19"] {
        assert!(said.stderr.contains(words), "{words}: {said}");
    }
    let said = ws.idp(&["audit", "k8s", "--with", "shop", "--with", "./shop.rhai"]);
    assert!(said.status.code() == Some(2) && said.stderr.contains("policies/shop.rhai and ./shop.rhai"), "{said}");
}

#[test]
fn doctor_reads_what_is_said_of_packs_that_arent_enforced() {
    let ws = Workspace::of(&[("scripts/policies/shop.rhai", PACK)]);
    let told = |said: &str| {
        ws.write("idp.yaml", &format!("policies:\n  enforce: [schema]\n  packs: {{ shop: {{ {said} }} }}\n"));
        let said = ws.idp(&["doctor"]);
        let wrong = said.stdout.lines().find(|line| line.starts_with("FAIL  policies")).unwrap_or_default();
        wrong.trim_start_matches("FAIL  policies: ").to_owned()
    };
    assert_eq!(told("levels: { shop/owner: off }, params: { least: 1 }"), "");
    assert!(told("levels: { shop/onwer: off }").starts_with("the pack shop has no policy `shop/onwer` (idp.yaml:3:"));
    assert!(told("params: { laest: 1 }").starts_with("the pack shop has no parameter `laest` (idp.yaml:3:"));
}

#[test]
fn an_empty_message_is_found_by_an_audit() {
    let rules = "policy(\"shop/mute\", #{ title: \"Mute\", severity: \"high\", check: |o| deny(o, ` `) });\n";
    let ws = Workspace::of(&[("k8s/web.yaml", WEB), ("shop.rhai", rules)]);
    let said = audited(&ws, &["--with", "./shop.rhai"]);
    assert_eq!(said.status.code(), Some(3), "{said}");
    let found = findings(&said).join("\n");
    assert!(found.contains("the policy itself failed: deny says nothing (./shop.rhai:1:"), "{said}");
}

#[test]
fn it_is_explained_why() {
    let ws = Workspace::of(&[("k8s/web.yaml", WEB), ("shop.rhai", PACK)]);
    let explained = |policy: &str, object: &str, more: &[&str]| {
        ws.idp(&[&["audit", "--explain", policy, object, "k8s", "--with", "./shop.rhai"], more].concat())
    };
    let said = explained("shop/replicas", "Deployment/shop/web", &["--param", "least=3"]);
    assert_eq!(said.status.code(), Some(3), "{said}");
    for part in [
        "shop/replicas: Too few replicas",
        "./shop.rhai:5:1",
        "Deployment shop/web, k8s/web.yaml:1:1",
        "ok kinds: Deployment; it is Deployment",
        "deny, severity high",
        "least = 3 (--param)",
        "lines 7",
        "deny at spec.replicas, in line 7: fewer than 3",
        "deny k8s/web.yaml:7:13: fewer than 3",
        "fails",
    ] {
        assert!(said.stdout.contains(part), "{part}: {said}");
    }
    let said =
        explained("shop/replicas", "k8s/web.yaml:3", &["--param", "least=1", "--output", "json"]).succeeds("it passes");
    let event: Value = serde_json::from_str(said.stdout.lines().last().unwrap()).unwrap();
    assert_eq!((&event["verdict"], &event["params"][0]["origin"]), (&"passes".into(), &"--param".into()), "{said}");
    ws.write("k8s/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
    let said = explained("shop/replicas", "ConfigMap/a", &[]).succeeds("it isn't asked");
    assert!(said.stdout.contains("not asked: the kind ConfigMap is none of Deployment"), "{said}");
    for (policy, object, near) in
        [("shop/replica", "ConfigMap/a", "shop/replicas"), ("shop/replicas", "Deploymnt/web", "Deployment/web")]
    {
        let said = explained(policy, object, &[]);
        assert!(said.status.code() == Some(2) && said.stderr.contains(near), "{said}");
    }
}

#[test]
fn an_explanation_is_of_the_object_at_the_line() {
    let two = format!(
        "# First\n{WEB}---\n\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata:\n  b: |\n    c\n\n# The end\n"
    );
    let list = "kind: List\napiVersion: v1\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: one}\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: two}\nmetadata: {}\n";
    let ws = Workspace::of(&[("k8s/two.yaml", &two), ("k8s/list.yaml", list), ("shop.rhai", PACK)]);
    let explained = |at: &str| ws.idp(&["audit", "--explain", "shop/replicas", at, "k8s", "--with", "./shop.rhai"]);
    let end = WEB.lines().count() + 1;
    for (at, object) in [
        ("k8s/two.yaml:2".to_owned(), "Deployment shop/web"),
        (format!("k8s/two.yaml:{end}"), "Deployment shop/web"),
        (format!("k8s/two.yaml:{}", end + 7), "ConfigMap a"),
        ("k8s/list.yaml:6".to_owned(), "ConfigMap one"),
        ("k8s/list.yaml:9".to_owned(), "ConfigMap two"),
    ] {
        let said = explained(&at);
        assert!(said.stdout.contains(object), "{at}: {said}");
    }
    for at in [
        "two.yaml:1".to_owned(),
        format!("two.yaml:{}", end + 1),
        "two.yaml:9999".to_owned(),
        "list.yaml:10".to_owned(),
    ] {
        let said = explained(&format!("k8s/{at}"));
        assert_eq!(said.status.code(), Some(2), "{at}: {said}");
        assert!(said.stderr.contains(&format!("no object is at k8s/{at}")), "{said}");
    }
    let said = explained("k8s/two.yaml:9999");
    let lines =
        format!("there is Deployment shop/web in lines 2 to {end}, ConfigMap a in lines {} to {}", end + 3, end + 8);
    assert!(said.stderr.split_whitespace().collect::<Vec<_>>().join(" ").contains(&lines), "{lines}: {said}");
}

#[test]
fn an_explanation_names_waivers_and_why_they_dont_help() {
    let waiver = |name: &str, path: &str, expires: &str| {
        let path = if path.is_empty() { String::new() } else { format!(", path: {path}") };
        format!(
            "policy: shop/*\nobjects: [{{kind: Deployment, name: {name}{path}}}]\nowner: us\nreason: so\nexpires: {expires}\n"
        )
    };
    let all = [
        waiver("web", "", "2020-01-01"),
        waiver("other", "", "2999-01-01"),
        waiver("web", "metadata", "2999-01-01"),
        waiver("web", "spec", "2999-01-01"),
    ];
    let ws = Workspace::of(&[
        ("k8s/web.yaml", WEB),
        ("shop.rhai", PACK),
        ("idp.yaml", ""),
        ("waivers/a.yaml", &all.join("---\n")),
    ]);
    let said = ws.idp(&["audit", "--explain", "shop/replicas", "Deployment/web", "k8s", "--with", "./shop.rhai"]);
    let said = said.succeeds("one of them covers it");
    for part in [
        "waivers      doesn't help: it expired with 2020-01-01; us until",
        "doesn't help: its name is `other`, and the object's is `web`; us until",
        "doesn't help: its path is none of the fields that are found fault with; us until",
        "covers 1 of 1 finding; us until 2999-01-01",
        "verdict      waived",
    ] {
        assert!(said.stdout.contains(part), "{part}: {said}");
    }
}
