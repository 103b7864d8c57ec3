//! Tests of packs of policies: what they find is what audits find, rules of which something is missing are named, and
//! mistakes in a test are told with their place.

use serde_json::Value;

use crate::workspace::{Said, Workspace};

const SHOP: &str = r#"//! Rules of the shop

fn params() { #{ replicas: param("int", "How many").or_else(2) } }

policy("shop/replicas", #{
    title: "Too few replicas",
    severity: "high",
    applies_to: #{ kinds: ["Deployment"] },
    check: |o, p| if (o.spec?.replicas ?? 1) < p.replicas {
        deny(o.at("spec.replicas"), "too few", `ask for ${p.replicas}`);
    },
    fix: |o, p| o.set("spec.replicas", p.replicas),
});

policy("shop/owner", #{
    title: "No owner",
    level: "warn",
    applies_to: #{ environments: ["prod"], paths: ["k8s/**"] },
    check: |o| if o.label("owner") == () { deny(o.at("metadata.labels.owner"), "nobody owns it"); },
});

policy("shop/one-host", #{
    title: "A host twice",
    check_all: |all| if all.of("Ingress").len() > 1 { deny(all.of("Ingress")[1], "there is one already"); },
});

policy("shop/throws", #{ title: "It throws", check: |o| if o.kind == "Job" { o.spec.a.b; } });
"#;

const WEB: &str =
    "apiVersion: apps/v1\\nkind: Deployment\\nmetadata: {name: web, namespace: n}\\nspec: {replicas: 1}\\n";

fn shop(tests: &str) -> Workspace {
    let workspace = Workspace::empty();
    workspace.write(
        "idp.yaml",
        "environments: { dev: { cluster: a }, prod: { cluster: a } }\nclusters: { a: { kind: snapshot, folder: a } }\n",
    );
    workspace.write("scripts/policies/shop.rhai", SHOP);
    workspace.write("scripts/policies/shop.test.rhai", &format!("const WEB = \"{WEB}\";\n{tests}"));
    workspace
}

fn tested(workspace: &Workspace, more: &[&str]) -> Said {
    workspace.idp(&[&["test", "scripts", "--output", "json"], more].concat())
}

fn lines(said: &Said, kind: &str) -> Vec<Value> {
    said.events().into_iter().filter(|line| line["type"] == kind).collect()
}

#[test]
fn what_is_found_is_what_an_audit_finds() {
    let workspace = shop(
        r#"
fn test_fields() {
    let found = check_policy("shop", global::WEB, #{ environment: "prod", file: "k8s/web.yaml" });
    assert_eq(found.map(|f| f.policy), ["shop/owner", "shop/replicas"]);
    print(found);
}
fn test_rule_alone() {
    assert_eq(check_policy("shop/owner", global::WEB, #{ environment: "prod", file: "k8s/web.yaml" })[0].level, "warn");
    assert_clean(check_policy("shop/owner", global::WEB, #{ environment: "dev", file: "k8s/web.yaml" }));
    assert_clean(check_policy("shop/owner", global::WEB, #{ environment: "prod" }));
    let found = check_policy("shop/owner", global::WEB, #{ environment: "prod", file: "k8s/web.yaml", level: "deny" });
    assert_finds(found, #{ level: "deny" });
}
fn test_lists_files_and_sets() {
    let ingress = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a}\n";
    assert_clean(check_policy("shop/one-host", ingress));
    assert_eq(check_policy("shop/one-host", [ingress, #{ file: "b.yaml", text: ingress }])[0].file, "b.yaml");
    assert_eq(check_policy("shop/replicas", "web.yaml").len(), 1);
    assert_eq(check_policy("shop/replicas", "scripts/policies/web.yaml").len(), 1);
    assert_eq(check_policy("./shop.rhai", "web.yaml").len(), 1);
}
fn test_trees() {
    let r = run_script("deploy", #{});
    let found = check_policy("shop/replicas", r.tree("gitops"));
    assert_eq(found.map(|f| f.file), ["k8s/web.yaml"]);
    assert_contains(fix_policy("shop/replicas", r.tree("gitops"))[0].text, "replicas: 2");
}
fn test_built_in() {
    let found = check_policy("schema", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {contaners: []}\n");
    assert_finds(found, #{ path: "spec.contaners", policy: "schema" });
    assert_finds(check_policy("pod-security/privileged",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, securityContext: {privileged: true}}]}\n"),
        "spec.containers[0].securityContext.privileged");
}
"#,
    );
    workspace.write("scripts/policies/web.yaml", &WEB.replace("\\n", "\n"));
    workspace.write(
        "scripts/deploy.rhai",
        "fn run(p) { let r = repo(\"gitops\"); r.ensure(#{}); \
         r.commit(\"main\", \"feat: web\", tree().write(\"k8s/web.yaml\", \"apiVersion: apps/v1\\nkind: Deployment\\nmetadata: {name: web}\\nspec: {replicas: 1, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: a}]}}}\\n\").write(\"README.md\", \"x\")); }\n",
    );
    let said = tested(&workspace, &[]);
    assert_eq!(said.code, 0, "{said}");
    // The same as a file.
    workspace.write("k8s/web.yaml", &WEB.replace("\\n", "\n"));
    let audit = workspace.idp(&["audit", "k8s", "--with", "shop", "--environment", "prod", "--output", "json"]);
    let fields = ["policy", "level", "line", "column", "path", "message", "help", "object"];
    let of = |finding: &Value| -> Vec<Value> { fields.iter().map(|field| finding[*field].clone()).collect() };
    let printed = lines(&said, "test").into_iter().find(|line| line["name"] == "test_fields").unwrap();
    let printed = printed["said"][0].as_str().unwrap().to_owned();
    for finding in lines(&audit, "finding") {
        for value in of(&finding).iter().filter(|value| value.is_string()) {
            assert!(printed.contains(value.as_str().unwrap()), "{printed} lacks {value}");
        }
    }
    assert_eq!(lines(&audit, "finding").len(), 2, "{audit}");
}

#[test]
fn a_rule_of_which_something_is_missing_is_named() {
    let workspace = shop(
        r#"
fn test_it() {
    check_policy("shop/replicas", global::WEB);
    check_policy("shop/replicas", global::WEB, #{ params: #{ replicas: 1 } });
    check_policy("shop", global::WEB, #{ environment: "prod", file: "k8s/a.yaml" });
    fix_policy("shop/replicas", global::WEB, #{ params: #{ replicas: 1 } });
}
"#,
    );
    let said = tested(&workspace, &["--coverage"]);
    assert_eq!(said.code, 0, "{said}");
    let never: Vec<_> =
        lines(&said, "rule_coverage").iter().map(|rule| format!("{} {}", rule["rule"], rule["never"])).collect();
    assert_eq!(
        never,
        [
            r#""shop/one-host" ["passed","failed","waived"]"#,
            r#""shop/owner" ["passed","waived"]"#,
            r#""shop/replicas" ["waived","mended"]"#,
            r#""shop/throws" ["passed","failed","waived"]"#
        ]
    );
    let files = lines(&said, "coverage");
    assert_eq!(files[0]["file"], "scripts/policies/shop.rhai");
    let plain = workspace.idp(&["test", "scripts", "--coverage"]);
    assert!(plain.stdout.contains("scripts/policies/shop.rhai  1 of 4"), "{plain}");
}

#[test]
fn cases_that_come_out_otherwise_are_told_with_their_lines() {
    let workspace = shop("fn test_cases() { assert_cases(\"cases.yaml\"); }\n");
    let web = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 1}\n";
    let job = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: a}\n";
    let cases = format!(
        "### shop/replicas passes\n{web}---\n### shop/replicas fails at spec.replica\n{web}---\n### shop/replicas passes\n{job}---\n\
         ### shop/replicas skips\n{web}---\n### shop/replicas mends at spec.replicas=3\n{web}---\n\
         ### shop/owner warns at metadata.labels.owner: nobody owns it\n# environment prod\n# file k8s/a.yaml\n{web}---\n\
         ### shop/replicas mends at spec.replicas=4\n# with replicas=4\n{web}"
    );
    workspace.write("scripts/policies/cases.yaml", &cases);
    let said = workspace.idp(&["test"]);
    assert_eq!(said.code, 3, "{said}");
    let offences: Vec<&str> = said.stdout.lines().filter(|line| line.contains("cases.yaml:")).map(str::trim).collect();
    insta::assert_snapshot!(offences.join("\n"), @r"
    cases.yaml:1 shop/replicas: it finds shop/replicas deny at spec.replicas: too few
    cases.yaml:7 shop/replicas: it should find `spec.replica`; it finds shop/replicas deny at spec.replicas: too few
    cases.yaml:13 shop/replicas: it isn't asked about any of them
    cases.yaml:18 shop/replicas: it is asked about them
    cases.yaml:24 shop/replicas: the fix makes of it
    ");
    assert!(said.stdout.contains("5 of 7 cases come out otherwise"), "{said}");
}

#[test]
fn mistakes_in_a_test_are_told() {
    for (call, code, part) in [
        ("check_policy(\"shop/replica\", global::WEB)", "idp::audit::policy", "did you mean `shop/replicas`?"),
        ("check_policy(\"shup\", global::WEB)", "idp::audit::policy", "did you mean `shop`?"),
        ("check_policy(\"shop\", 7)", "idp::test::manifests", "manifests can't be a whole number"),
        ("check_policy(\"shop\", \"no.yaml\")", "idp::test::manifests", "there is no file no.yaml"),
        ("check_policy(\"shop\", \"../../../../../etc/passwd.yaml\")", "idp::test::manifests", "there is no file"),
        ("check_policy(\"shop\", \"a: 1\")", "idp::test::manifests", "there is no object"),
        ("check_policy(\"shop\", global::WEB, #{ parms: #{} })", "idp::script::option", "did you mean `params`?"),
        ("check_policy(\"shop\", global::WEB, #{ params: #{ replica: 1 } })", "idp::param::unknown", "replica"),
        ("check_policy(\"shop\", global::WEB, #{ params: #{ replicas: \"a\" } })", "idp::param::type", "replicas"),
        ("check_policy(\"shop\", global::WEB, #{ level: \"denied\" })", "idp::script::option", "denied"),
        ("check_policy(\"shop\", global::WEB, #{ waivers: \"a: 1\" })", "idp::waiver::invalid", "a"),
        (
            "check_policy(\"shop/throws\", \"apiVersion: batch/v1\\nkind: Job\\nmetadata: {name: a}\\n\")",
            "idp::test::policy",
            "shop.rhai:27",
        ),
        ("assert_finds(check_policy(\"shop\", global::WEB), #{ paths: 1 })", "idp::test::arguments", "no `paths`"),
        ("assert_finds(check_policy(\"shop\", global::WEB), \"a\")", "idp::test::assertion", "too few"),
        ("assert_clean(check_policy(\"shop\", global::WEB))", "idp::test::assertion", "and there is a finding"),
        ("assert_cases(\"shop.rhai\")", "idp::test::cases", "there is no case"),
    ] {
        let workspace = shop(&format!("fn test_it() {{ {call}; }}\n"));
        let said = workspace.idp(&["test"]);
        assert_eq!(said.code, 3, "{call}\n{said}");
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.stdout.contains(code) && words(&said.stdout).contains(&words(part)), "{call}\n{said}");
    }
}
