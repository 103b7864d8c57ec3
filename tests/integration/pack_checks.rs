//! `idp-run check` on packs of policies: mistakes in declarations, all at once, and fields that no object of a rule's kinds
//! has; nothing where that isn't certain.

use idp_run::library::Library;
use idp_run::script::check::Checker;

use crate::workspace::Workspace;

/// What the rules about policies and parameters find in the pack `shop`, as `LINE MESSAGE: HELP`.
fn found(text: &str) -> Vec<String> {
    let ws = Workspace::empty();
    ws.write("scripts/policies/shop.rhai", &format!("//! Shop\n\n{text}"));
    let library = Library::new(ws.path());
    let script = library.pack("shop", ws.path()).unwrap();
    let found = Checker::new(library).check(&script);
    let own = found.iter().filter(|one| {
        ["wrong-policy", "wrong-arguments", "unknown-manifest-field", "unknown-parameter", "unused-parameter"]
            .contains(&one.policy.as_str())
    });
    own.map(|one| format!("{} {}: {}", one.place.line - 2, one.message, one.help.as_deref().unwrap_or_default()))
        .collect()
}

/// What is found in a check of objects of some kinds.
fn fields(kinds: &str, body: &str) -> Vec<String> {
    let rule =
        format!("policy(\"shop/a\", #{{ title: \"A\", applies_to: #{{ {kinds} }}, check: |o| {{ {body} }} }});\n");
    found(&rule)
}

#[test]
fn all_mistakes_of_declarations_are_found_at_once() {
    let found = found(
        r#"policy("shop/a", #{
    severity: "hihg",
    level: "denny",
    applies_to: #{ kinds: ["Deploymnet", "Db*", "Widget"], namespace: ["a"], names: 7, labels: [] },
    check: |_a, _b, _c| (),
});
policy("shop/a", #{ title: " ", check_all: |all| deny(all.all()[0], " "), fix: |o| o });
policy("other/b", #{ title: "T" });
policy("b", #{ title: "T", check: |_o| () });
"#,
    );
    insta::assert_snapshot!(found.join("\n"), @r#"
    1 the policy has no title: say in one line what it finds: `title: "..."`
    2 there is no severity `hihg`: did you mean `high`?
    3 there is no level `denny`: did you mean `deny`?
    4 no schema knows the kind `Deploymnet`: did you mean `Deployment`?
    4 applies_to has no `namespace`: did you mean `namespaces`?
    4 `names` must be a list of texts, and it is a whole number: 
    4 `labels` must be a map of names and values, and it is a list: 
    5 `check` has 3 arguments: write |o| or |o, p|: what it looks at, and the parameters of the pack
    7 line 3 has a policy `shop/a`, too: give each of them an id of its own
    7 the title says nothing: say in one line what the policy finds
    7 `deny` says nothing: write a sentence about the object: what is wrong with it
    7 the policy mends what it finds among all objects: a fix goes with `check: |o| { ... }`, which can be asked again once the object is mended
    8 the policy checks nothing: give it `check: |o| { ... }`, or `check_all: |all| { ... }`
    8 `other/b` is in the pack `shop`: a pack is known by the name of its file: call it `shop/b`, or the file other.rhai
    9 `b` can't be the id of a policy: an id is PACK/RULE in lower-case letters, digits and hyphens, such as shop/replicas
    "#);
}

#[test]
fn fields_that_no_kind_has_are_found_however_they_are_asked_for() {
    let workloads = "kinds: [\"Deployment\", \"StatefulSet\"]";
    for (body, field) in [
        ("print(o.spec.replcas);", "spec.replcas"),
        ("print(o.spec?.replcas ?? 1);", "spec.replcas"),
        ("let spec = o.spec; if spec?.replcas == 1 { }", "spec.replcas"),
        ("deny(o.at(\"spec.replcas\"), \"few\");", "spec.replcas"),
        ("print(o.get(\"spec.template.spec.containers[0].imge\"));", "spec.template.spec.containers[*].imge"),
        ("print(o.has(\"metadata.lables\"));", "metadata.lables"),
        ("for c in o.spec.template.spec.containers ?? [] { print(c.imge); }", "spec.template.spec.containers[*].imge"),
        ("print(o.spec.template.spec.containers[0].imge);", "spec.template.spec.containers[*].imge"),
        ("print(o[\"spec\"][\"replcas\"]);", "spec.replcas"),
        (
            "let a = 1; print(o.spec.template.spec.volumes.filter(|v| v.secret?.nam == a));",
            "spec.template.spec.volumes[*].secret.nam",
        ),
        ("switch o.name { \"a\" => print(o.spec.replcas), _ => () }", "spec.replcas"),
        ("try { print(`${o.spec.replcas}`); } catch { }", "spec.replcas"),
        ("return if true { o.spec.replcas } else { 1 };", "spec.replcas"),
    ] {
        let found = fields(workloads, body);
        let expected = format!("1 none of Deployment, StatefulSet has a field `{field}`");
        assert!(found.len() == 1 && found[0].starts_with(&expected), "{body}: {found:?}");
    }
    for (body, field) in [
        ("for c in o.containers() { print(c.at(\"imge\")); }", "spec.containers[*].imge"),
        (
            "print(o.containers().some(|c| c.securityContext?.privilegd == true));",
            "spec.containers[*].securityContext.privilegd",
        ),
        (
            "for c in o.containers() { print(c.security(\"runAsNonRot\")); }",
            "spec.containers[*].securityContext.runAsNonRot",
        ),
        ("print(o.containers().find(|c| c.role() == \"main\").imge);", "spec.containers[*].imge"),
    ] {
        let found = fields("kinds: [\"Pod\"]", body);
        assert!(found.len() == 1 && found[0].contains(&format!("Pod has no field `{field}`")), "{body}: {found:?}");
    }
    let all = r#"policy("shop/a", #{ title: "A", check_all: |all| {
    for s in all.of("Service") { print(s.spec.prots); }
    for s in all.of("apps", "Deployment").filter(|d| d.spec.replcas == 1) { print(s.spec.replicas); }
    print(all.find("Ingress", "a", "b").spec.rule);
    for pod in all.pods() { print(pod.spec.container); }
} });
"#;
    let lines: Vec<String> = found(all).iter().map(|one| one.split_whitespace().next().unwrap().to_owned()).collect();
    assert_eq!(lines, ["2", "3", "4", "5"]);
    let fix = "policy(\"shop/a\", #{ title: \"A\", applies_to: #{ kinds: [\"Deployment\"] }, check: |_o| (), fix: |o| o.set(\"spec.replcas\", 2) });\n";
    assert_eq!(found(fix), ["1 Deployment has no field `spec.replcas`: did you mean `replicas`?"]);
}

#[test]
fn containers_of_controllers_are_those_of_their_templates() {
    let deployment = "kinds: [\"Deployment\"]";
    for (body, field) in [
        ("for c in o.containers() { if c.imag == () { deny(c.at(\"image\"), \"none\"); } }", "imag"),
        ("for c in o.containers(\"init\") { print(c.resource?.limits); }", "resource"),
        ("for c in o.containers() { print(c.at(\"resources.limitz.memory\")); }", "resources.limitz"),
        ("for c in o.containers() { print(c.security(\"runAsRot\")); }", "securityContext.runAsRot"),
    ] {
        let place = format!("1 Deployment has no field `spec.template.spec.containers[*].{field}`");
        let found = fields(deployment, body);
        assert!(found.len() == 1 && found[0].starts_with(&place), "{body}: {found:?}");
    }
    let right = "for c in o.containers() { print(c.image); print(c.security(\"runAsUser\")); \
        print(c.security(\"fsGroup\")); print(c.resources?.limits?.memory); }";
    for kinds in ["\"Deployment\"", "\"CronJob\", \"Deployment\"", "\"Pod\"", "\"CronJob\", \"Pod\"", "\"Rollout\""] {
        let kinds = format!("kinds: [{kinds}]");
        assert_eq!(fields(&kinds, right), [""; 0], "{kinds}");
    }
    let several = fields("kinds: [\"CronJob\", \"Deployment\"]", "for c in o.containers() { print(c.imag); }");
    assert_eq!(several.len(), 1, "{several:?}");
    let whole = fields("kinds: [\"Pod\"]", "for c in o.whole().containers() { print(c.imag); print(c.image); }");
    assert_eq!(whole.len(), 1, "{whole:?}");
}

#[test]
fn words_of_containers_and_parameters_are_looked_at() {
    let mistakes = found(
        r#"fn params() { #{
    k: param("int", "K").range(1, 9).or_else("x"),
    e: param("enum(a,b)", "E"),
    f: param("float", "F").or_else(1),
    s: param("string", "S").or_else("a"),
} }
policy("shop/a", #{ title: "A", check: |o, p| {
    for c in o.containers("inti") { deny(c, `${p.k} ${p.e} ${p.f} ${p.s}`); }
    print(o.containers("sidecar"));
} });
"#,
    );
    insta::assert_snapshot!(mistakes.join("\n"), @r#"
    2 the default must be a whole number, and it is a text: the parameter is declared as `int`
    3 `enum(a,b)` is not the type of a parameter: string, int, float, bool or list; a choice among texts is `param("string", ...).choices([...])`
    8 there is no role of containers `inti`: did you mean `init`? roles are main, init, sidecar, ephemeral
    "#);
}

#[test]
fn where_it_is_not_certain_nothing_is_said() {
    for (kinds, body) in [
        // One of the kinds has it.
        ("kinds: [\"Deployment\", \"StatefulSet\"]", "print(o.spec.serviceName);"),
        // Nobody knows the kind, or all of it; any kind is meant.
        ("kinds: [\"Widget\"]", "print(o.spec.replcas);"),
        ("kinds: [\"Deployment\", \"Widget\"]", "print(o.spec.replcas);"),
        ("kinds: [\"Deploy*\"]", "print(o.spec.replcas);"),
        ("names: [\"a\"]", "print(o.spec.replcas);"),
        ("kinds: [\"Service\"], api_groups: [\"serving.knative.dev\"]", "print(o.spec.template);"),
        // Maps of anything, getters and functions of views.
        (
            "kinds: [\"ConfigMap\"]",
            "print(o.data.anything); print(o.name); print(o.labels.app); print(o.metadata.annotations.a);",
        ),
        (
            "kinds: [\"Pod\"]",
            "print(o.whole().spec.anything); for c in o.containers() { print(c.targetContainerName); print(c.name); }",
        ),
        ("kinds: [\"Pod\"]", "for c in o.containers() { print(c.resources.limits[\"nvidia.com/gpu\"]); }"),
        // A variable that is something else by then.
        ("kinds: [\"Pod\"]", "let x = o.spec; x = #{ foo: 1 }; print(x.foo);"),
        (
            "kinds: [\"Pod\"]",
            "let key = \"foo\"; print(o.spec[key]); print(o.at(`spec.${key}`)); print((o.spec ?? key).foo);",
        ),
        ("kinds: [\"Pod\"]", "let o = #{ foo: 1 }; print(o.foo);"),
        ("kinds: [\"Pod\"]", "let f = |o| o.foo; print(f.call(#{ foo: 1 }));"),
    ] {
        assert_eq!(fields(kinds, body), Vec::<String>::new(), "{kinds} {body}");
    }
}

#[test]
fn kinds_of_the_workspace_count() {
    let ws = Workspace::empty();
    let pack = "//! Shop\n\npolicy(\"shop/a\", #{ title: \"A\", applies_to: #{ kinds: [\"Widgte\"] }, check: |_o| () });\n\
                policy(\"shop/b\", #{ title: \"A\", applies_to: #{ kinds: [\"Widget\"] }, check: |o| deny(o.at(\"spec.siz\"), \"odd\") });\n";
    ws.write("scripts/policies/shop.rhai", pack).write("idp.yaml", "");
    let before = ws.idp(&["check"]);
    assert!(!before.stdout.contains("Widget`?") && !before.stdout.contains("spec.siz"), "{before}");
    ws.write(
        "schemas/widget.yaml",
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: widgets.acme.example}\n\
         spec:\n  group: acme.example\n  scope: Namespaced\n  names: {kind: Widget, plural: widgets, singular: widget}\n  versions:\n\
         \x20 - name: v1\n    served: true\n    storage: true\n    schema:\n      openAPIV3Schema:\n        type: object\n        \
         properties: {spec: {type: object, properties: {size: {type: string}}}}\n",
    );
    let after = ws.idp(&["check"]);
    assert!(after.stdout.contains("did you mean `Widget`?"), "{after}");
    assert!(after.stdout.contains("Widget has no field `spec.siz`"), "{after}");
}

#[test]
fn what_applies_to_nothing_is_found() {
    let ws = Workspace::empty();
    let clusters = "clusters: { dev: { kind: snapshot, folder: .idp/dev } }\n";
    ws.write("idp.yaml", &format!("{clusters}environments: {{ dev: {{ cluster: dev }}, prod: {{ cluster: dev }} }}\n"));
    let rule = |applies_to: &str| {
        let text = format!(
            "//! Shop\n\npolicy(\"shop/a\", #{{ title: \"A\", applies_to: #{{ {applies_to} }}, check: |o, p| () }});\n"
        );
        ws.write("scripts/policies/shop.rhai", &text);
        let said = ws.idp(&["check", "--output", "json"]);
        let told = said.of_type("diagnostic");
        let of = |told: &serde_json::Value| format!("{} {}: {}", told["level"], told["message"], told["help"]);
        told.iter().map(|told| of(told).replace(['"', '\\'], "")).collect::<Vec<_>>().join("\n")
    };
    assert!(rule("names: [\"a[\"]").starts_with("high `a[` is not a glob: unclosed character class"));
    assert!(rule("labels: #{ app: [\"{a\"] }").starts_with("high `{a` is not a glob"));
    assert_eq!(
        rule("environments: [\"dev\", \"pr*\", \"porduction\"]"),
        "high there is no environment `porduction`: idp.yaml declares dev, prod"
    );
    assert_eq!(rule("environments: [\"prdo\"]"), "high there is no environment `prdo`: did you mean `prod`?");
    assert_eq!(rule("api_groups: [\"app\"]"), "medium no known kind is of the API group `app`: did you mean `apps`?");
    assert!(rule("api_groups: [\"apps/v1\"]").contains("did you mean `apps`?"));
    assert_eq!(
        rule("kinds: [\"Deployment\"], api_groups: [\"batch\"]"),
        "medium no Deployment is of the API group `batch`: its groups are apps"
    );
    for fine in [
        "kinds: [\"Deployment\"], api_groups: [\"apps\"]",
        "kinds: [\"Pod\"], api_groups: [\"apps\", \"\"]",
        "api_groups: [\"gateway.networking.k8s.io\", \"*.example\"]",
        "kinds: [\"Deploy*\"], names: [\"a-[bc]\"], environments: [\"*\"]",
    ] {
        assert_eq!(rule(fine), "", "{fine}");
    }
    // Where the workspace names no environments, all may be.
    ws.write("idp.yaml", clusters);
    assert_eq!(rule("environments: [\"porduction\"]"), "");
}

#[test]
fn helpers_parameters_and_whole_objects_are_gone_into() {
    let found = found(
        r#"fn params() { #{ minimum: param("int", "Replicas").or_else(2) } }
fn replicas(o) { o.spec?.replcas ?? 1 }
fn few(o, p) { replicas(o) < p.minimun }
fn ports(o) { o.spec?.ports ?? [] }
fn deep(o, n) { if n == 0 { o.spec.stratgy } else { deep(o, n - 1) } }
fn named() { this.metadata.lables }
policy("shop/a", #{ title: "A", applies_to: #{ kinds: ["Deployment"] }, check: |o, p| if few(o, p) { deny(o, "x") } });
policy("shop/b", #{ title: "B", applies_to: #{ kinds: ["Pod"] }, check: |o| if o.whole().spec.replcas == o.whole().spec.strategy.canary { deny(o, "x") } });
policy("shop/c", #{ title: "C", check_all: |all| for d in all.of("Deploymnt") { for s in all.of("Service") { if ports(s) == ports(d) { deny(d, "x") } } } });
policy("shop/d", #{ title: "D", applies_to: #{ kinds: ["Deployment"] }, check: |o| deny(deep(o, 3), `${ports(o)}`) });
policy("shop/e", #{ title: "E", applies_to: #{ kinds: ["Service"] }, check: |o, p| deny(o.whole().spec.prts, `${p["least"]} ${o.named()}`) });
policy("shop/f", #{ title: "F", check_all: |all, p| (), level: "warn" });
policy("shop/g", #{ title: "G", check: |o| [1].map(|x| o.name) });
"#,
    );
    insta::assert_snapshot!(found.join("\n"), @r#"
    2 Deployment has no field `spec.replcas`: did you mean `replicas`?
    3 params() declares no `minimun`: did you mean `minimum`?
    5 Deployment has no field `spec.stratgy`: did you mean `strategy`?
    6 Service has no field `metadata.lables`: did you mean `labels`?
    8 no object with a pod template has a field `spec.replcas`: did you mean `replicas`?
    9 no schema knows the kind `Deploymnt`: did you mean `Deployment`?
    11 Service has no field `spec.prts`: did you mean `ports`?
    11 params() declares no `least`: declare it in params(): `least: param("string", "...")`
    13 the parameter `x` is not used: remove it, or call it `_x`
    "#);
}

#[test]
fn what_is_declared_only_sometimes_is_told() {
    let found = found(
        r#"const STRICT = true;
if STRICT { policy("shop/a", #{ title: "A", check: |o| if o.name == "" { deny(o, "x") } }); }
switch STRICT { true => policy("shop/b", #{ title: "B", check: |o| deny(o, "x") }), _ => () }
try { policy("shop/c", #{ title: "C", check: |o| deny(o, "x") }); } catch { print("none"); }
for kind in ["Deployment", "StatefulSet"] { policy(`shop/${kind.to_lower()}`, #{ title: "D", check: |o| deny(o, "x") }); }
policy("shop/e", #{ title: "E", check: |o| deny(o, "x") });
"#,
    );
    let lines: Vec<&str> = found.iter().map(|one| one.split(": declare").next().unwrap()).collect();
    assert_eq!(lines, [2, 3, 4].map(|line| format!("{line} the policy is there only if something holds")));
}
