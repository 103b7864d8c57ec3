//! The catalog's entities: refused at the door with their line and field, built by scripts, and judged as Backstage does.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use idp_run::formats::catalog;
use idp_run::formats::yaml::Step;
use serde_json::{Value, json};

use crate::workspace::Workspace;

const COMPONENT: &str = "\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: orders checkout
spec:
  type: service
  lifecycle: production
  onwer: group:team-orders
";

fn commit(file: &str, text: &str) -> String {
    let text = text.replace('\n', "\\n");
    format!("repo(\"app\").commit(\"main\", \"feat: entity\", tree().write(\"{file}\", \"{text}\"));\n")
}

#[test]
fn a_wrong_entity_is_refused_in_the_plan_with_line_and_field() {
    let ws = Workspace::new();
    for file in ["catalog-info.yaml", "catalog/components/checkout.yaml"] {
        let said = ws.plan(&commit(file, COMPONENT));
        said.fails(1, "idp::review::refused");
        let place = format!("acme/app:{file}:4:9");
        assert!(said.stderr.contains(&place), "{said}");
        let found = said.of_type("diagnostic");
        assert_eq!(
            found[0]["message"].as_str().unwrap().split(" must").next(),
            Some("the Component `orders checkout`: metadata.name")
        );
        assert_eq!(found[1]["message"], "the Component `orders checkout`: spec.owner is missing");
        assert_eq!(found[1]["help"], "did you mean `owner` where it says `onwer`?");
        assert!(!ws.has_state());
    }
    // Elsewhere such a file may be a template of one.
    ws.plan(&commit("skeleton/catalog-info.yaml", COMPONENT)).ends(0, "create 1 update 0 delete 0 unchanged 0 planned");
}

#[test]
fn scripts_build_entities_in_the_order_of_people() {
    let ws = Workspace::new();
    let said = ws.plan(
        "let spec = #{ owner: \"group:team-a\", system: (), type: \"s3\" };\n\
         let made = entity(\"Resource\", \"a-bucket\", #{ title: \"A\", tags: [\"s3\"], spec: spec });\n\
         print(made.to_yaml());\nprint(entity_ref(made));\nprint(entity_ref(\"team-a\", \"Group\"));\n",
    );
    insta::assert_snapshot!(said.prints(), @r"
    apiVersion: backstage.io/v1alpha1
    kind: Resource
    metadata:
      name: a-bucket
      title: A
      tags:
      - s3
    spec:
      type: s3
      owner: group:team-a

    resource:default/a-bucket
    group:default/team-a
    ");
}

#[test]
fn scripts_hear_which_field_is_wrong() {
    let ws = Workspace::new();
    for (call, code, words) in [
        ("entity(\"Resouce\", \"a\", #{})", "idp::catalog::kind", ["`Resouce` is no kind", "did you mean Resource?"]),
        (
            "entity(\"Resource\", \"a\", #{ descripton: \"\" })",
            "idp::script::option",
            ["`descripton`", "`description`"],
        ),
        (
            "entity(\"Resource\", \"a\", #{ spec: #{ type: \"s3\" } })",
            "idp::catalog::entity",
            ["the Resource `a`: spec.owner is missing", "the kind Resource needs owner: a reference to an entity"],
        ),
        (
            "entity(\"Group\", \"a b\", #{ spec: #{ type: \"team\", children: [] } })",
            "idp::catalog::entity",
            ["metadata.name must be letters", "metadata.title"],
        ),
        ("entity_ref(\"a\")", "idp::catalog::reference", ["names no kind", "[kind:][namespace/]name"]),
    ] {
        let said = ws.plan(&format!("{call};\n"));
        said.fails(2, code);
        for word in words {
            assert!(said.stderr.contains(word), "{call}: {word}: {said}");
        }
    }
}

/// Entities that Backstage takes, one of each kind, with every field that its schemas know.
fn good() -> Vec<Value> {
    let of = |version: &str, kind: &str, spec: Value| {
        json!({
            "apiVersion": version, "kind": kind,
            "metadata": {
                "name": "orders-checkout", "namespace": "default", "title": "Checkout", "description": "",
                "labels": { "example.com/tier": "gold", "plain": "" },
                "annotations": { "example.com/slug": "acme/checkout", "note": "any: text" },
                "tags": ["java", "c++", "lang:go"],
                "links": [{ "url": "https://git.acme.example/x", "title": "Code", "icon": "code", "type": "vcs" }],
            },
            "spec": spec,
        })
    };
    let core = |kind: &str, spec: Value| of("backstage.io/v1alpha1", kind, spec);
    let profile = json!({ "displayName": "Ann", "email": "ann@acme.example", "picture": "https://acme.example/a.png" });
    vec![
        core(
            "Component",
            json!({ "type": "service", "lifecycle": "production", "owner": "team-a", "system": "orders",
                "subcomponentOf": "shop", "providesApis": ["a", "api:b"], "consumesApis": ["ns/c"],
                "dependsOn": ["resource:db", "component:ns/x"], "dependencyOf": ["component:y"] }),
        ),
        core(
            "API",
            json!({ "type": "openapi", "lifecycle": "production", "owner": "user:ann", "system": "orders",
                "definition": "openapi: 3.1.0" }),
        ),
        core(
            "API",
            json!({ "type": "mcp-server", "lifecycle": "production", "owner": "team-a", "system": "orders",
                "remotes": [{ "type": "streamable-http", "url": "https://acme.example/mcp" }] }),
        ),
        core(
            "Resource",
            json!({ "type": "database", "owner": "group:team-a", "system": "orders", "dependsOn": ["resource:vpc"],
                "dependencyOf": ["component:x"] }),
        ),
        core("System", json!({ "type": "product", "owner": "team-a", "domain": "orders" })),
        core("Domain", json!({ "type": "business", "owner": "team-a", "subdomainOf": "retail" })),
        core(
            "Group",
            json!({ "type": "team", "profile": profile, "parent": "shop", "children": ["sub"], "members": ["ann"] }),
        ),
        core("User", json!({ "profile": profile, "memberOf": ["team-a"] })),
        core(
            "Location",
            json!({ "type": "url", "target": "./a.yaml", "targets": ["./b.yaml"], "presence": "optional" }),
        ),
        of(
            "scaffolder.backstage.io/v1beta3",
            "Template",
            json!({ "type": "service", "owner": "team-a", "lifecycle": "production",
                "parameters": [{ "title": "About", "required": ["name"], "properties": { "name": { "type": "string" } } }],
                "secrets": { "schema": {} },
                "presentation": { "buttonLabels": { "backButtonText": "Back" } },
                "formDecorators": [{ "id": "a", "input": {} }],
                "steps": [{ "id": "fetch", "name": "Fetch", "action": "fetch:template", "input": { "url": "./skeleton" },
                    "if": "${{ parameters.name }}" }],
                "output": { "links": [{ "if": true, "url": "https://x", "entityRef": "component:x", "title": "T", "icon": "i" }],
                    "text": [{ "title": "T", "icon": "i", "content": "" }], "remoteUrl": "https://x" } }),
        ),
    ]
}

/// Values that stand for mistakes people make, and some that are none.
fn values() -> Vec<Value> {
    let texts = [
        "",
        " ",
        "a",
        "A",
        "a b",
        "a-b",
        "a--b",
        "a_b",
        "a.b",
        "-a",
        "a-",
        "a/b",
        "a/b/c",
        "a:b",
        "a:b/c",
        ":a",
        "a:",
        "a/",
        "/a",
        "a:/b",
        "ä",
        "x/y:z",
        "group:default/team-a",
        "User:ann",
        "team a",
        "default",
        "Default",
        "optional",
        "maybe",
        "https://a.example/b",
        "HTTP://a",
        "https://",
        "https:/a",
        "https:a",
        "http:\\\\a",
        "mailto:a@b",
        "//a",
        "/docs",
        "a.example",
        "https://a b",
        "https://[::1]:8080",
        "https://[::1",
        "http://1.2.3",
        "http://256.1.1.1",
        "http://1.2.3.4.5",
        "http://0x7f.1",
        "http://a:65536",
        "http://a:b",
        "http://a:0080/",
        "http://u:p@a/",
        "http://%41",
        "http://a%20b",
        "http://a^b",
        "file:///x",
        "file://a b/x",
        "urn:x:y",
        "x://",
        "x://a b",
        "1x:y",
        " https://a ",
        "https://a\n",
        "backstage.io/v1alpha1",
        "backstage.io/v1beta1",
        "backstage.io/v1",
        "scaffolder.backstage.io/v1beta3",
        "v1",
        "Backstage.io/v1",
        "a.b.c/v1/x",
        "Component",
        "component",
        "Resource",
        "ConfigMap",
        "1Kind",
        "Ki-nd",
        "java",
        "c#",
        "Java",
        "lang:go",
        "a\n",
        "mcp-server",
    ];
    let mut values: Vec<Value> = texts.iter().map(|text| json!(text)).collect();
    for length in [63, 64, 253, 254] {
        values.push(json!("a".repeat(length)));
        values.push(json!(format!("{}/x", "b.".repeat((length - 1) / 2) + "b")));
    }
    values.extend([
        json!(null),
        json!(true),
        json!(0),
        json!(1.5),
        json!([]),
        json!({}),
        json!(["a"]),
        json!(["a:b", ""]),
        json!([1]),
        json!([null]),
        json!([{}]),
        json!([["a"]]),
        json!({ "a": "b" }),
        json!({ "a/b/c": "x" }),
        json!({ "A.b/c": "x" }),
        json!({ "a b": "x" }),
        json!({ "": "x" }),
        json!({ "a": 1 }),
        json!({ "a": null }),
        json!({ "a.b/c": "x y" }),
        json!([{ "url": "a" }]),
        json!([{ "url": "https://a", "title": " " }]),
        json!([{ "url": "https://a", "icon": "" }]),
        json!([{ "title": "x" }]),
        json!([{ "type": "x", "url": "" }]),
        json!({ "links": [{ "url": "" }] }),
    ]);
    values
}

/// Every place of a value, as a path.
fn places(value: &Value, at: &mut Vec<Step>, found: &mut Vec<Vec<Step>>) {
    let mut down = |step: Step, inner: &Value, at: &mut Vec<Step>| {
        at.push(step);
        found.push(at.clone());
        places(inner, at, found);
        at.pop();
    };
    match value {
        Value::Object(map) => map.iter().for_each(|(key, inner)| down(key.as_str().into(), inner, at)),
        Value::Array(list) => list.iter().enumerate().for_each(|(index, inner)| down(index.into(), inner, at)),
        _ => {}
    }
}

/// One mistake: a value replaced, a field taken away, misspelled or added.
fn break_at(entity: &mut Value, path: &[Step], how: u64, value: Value) {
    let Some((last, parents)) = path.split_last() else { return };
    let mut parent = entity;
    for step in parents {
        let next = match step {
            Step::Key(key) => parent.get_mut(key),
            Step::Index(index) => parent.get_mut(*index),
        };
        match next {
            Some(next) => parent = next,
            None => return,
        }
    }
    match (last, parent) {
        (Step::Key(key), Value::Object(map)) => match how % 8 {
            0 => drop(map.shift_remove(key)),
            1 => {
                if let Some(value) = map.shift_remove(key) {
                    map.insert(format!("{key}s"), value);
                }
            }
            2 => drop(map.insert("other".into(), value)),
            _ => drop(map.insert(key.clone(), value)),
        },
        (Step::Index(index), Value::Array(list)) if *index < list.len() => match how % 8 {
            0 => drop(list.remove(*index)),
            _ => list[*index] = value,
        },
        _ => {}
    }
}

/// The same entities in every run: the good ones, each good one with each field broken in some way, and some with two
/// mistakes.
fn generated() -> Vec<Value> {
    let (good, values) = (good(), values());
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    // Xorshift: the same numbers on every machine.
    let mut number = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let mut entities = good.clone();
    for entity in &good {
        let mut paths = Vec::new();
        places(entity, &mut Vec::new(), &mut paths);
        for path in &paths {
            for how in 0..3 {
                let mut broken = entity.clone();
                break_at(&mut broken, path, how, values[number(values.len())].clone());
                entities.push(broken);
            }
            for _ in 0..4 {
                let mut broken = entity.clone();
                break_at(&mut broken, path, 7, values[number(values.len())].clone());
                entities.push(broken);
            }
        }
        for _ in 0..30 {
            let mut broken = entity.clone();
            for _ in 0..2 {
                let path = &paths[number(paths.len())];
                break_at(&mut broken, path, number(8) as u64, values[number(values.len())].clone());
            }
            entities.push(broken);
        }
    }
    // Each value in each field that has a rule.
    for value in &values {
        for pointer in [
            "/metadata/name",
            "/metadata/namespace",
            "/metadata/tags/0",
            "/metadata/links/0/url",
            "/apiVersion",
            "/kind",
        ]
        .into_iter()
        .chain([
            "/metadata/labels/plain",
            "/spec/owner",
            "/spec/dependsOn/0",
            "/metadata/labels",
            "/metadata/links",
            "/spec",
        ]) {
            let mut entity = good[0].clone();
            *entity.pointer_mut(pointer).unwrap() = value.clone();
            entities.push(entity);
        }
    }
    entities
}

/// Where the packages are: `IDP_RUN_BACKSTAGE`, or what `.ci/run` installs.
fn packages() -> Option<PathBuf> {
    let installed = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../backstage/node_modules");
    let folder = std::env::var_os("IDP_RUN_BACKSTAGE").map_or(installed, PathBuf::from);
    folder.join("@backstage/catalog-model").is_dir().then_some(folder)
}

#[test]
fn generated_entities_get_the_verdicts_of_backstage() {
    let Some(packages) = packages() else {
        println!(
            "skipped: @backstage/catalog-model is not installed; .ci/run installs it, or IDP_RUN_BACKSTAGE names node_modules"
        );
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/catalog_model.cjs");
    let node = Command::new("node")
        .arg(script)
        .env("NODE_PATH", packages)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut node) = node else {
        println!("skipped: there is no node to run @backstage/catalog-model");
        return;
    };
    let entities = generated();
    let lines: String = entities.iter().map(|entity| format!("{entity}\n")).collect();
    let mut stdin = node.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = node.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let verdicts: Vec<Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(verdicts.len(), entities.len(), "node answered them all");
    let (mut good, mut bad, mut skipped, mut fields, mut offences) = (0, 0, 0, 0, String::new());
    for (entity, verdict) in entities.iter().zip(&verdicts) {
        if let Some(package) = verdict["skipped"].as_str() {
            if skipped == 0 {
                println!("skipped: templates, since {package} is not installed");
            }
            skipped += 1;
            continue;
        }
        let found = catalog::check(entity);
        // A kind of somebody's own is for their processors.
        if found.is_empty() && verdict["why"] == "no processor recognised the kind" {
            continue;
        }
        let ours: Vec<String> = found.iter().map(|violation| pointer(&violation.field)).collect();
        if verdict["valid"] != json!(found.is_empty()) {
            offences.push_str(&format!("{entity}\n  Backstage: {verdict}\n  ours: {found:?}\n"));
        } else if let Some(field) = verdict["field"].as_str() {
            fields += 1;
            // Of what may be one or a list, Backstage names the whole, ours the element.
            let below = format!("{field}/");
            if !ours.iter().any(|ours| ours == field || ours.starts_with(&below)) {
                offences.push_str(&format!("{entity}\n  Backstage names {field}: {verdict}\n  ours: {ours:?}\n"));
            }
        }
        match found.is_empty() {
            true => good += 1,
            false => bad += 1,
        }
    }
    assert!(offences.is_empty(), "{offences}");
    assert!(good > 100 && bad > 500 && fields > bad * 9 / 10, "{good} good, {bad} broken, {fields} fields");
    println!("entities judged as @backstage/catalog-model does: {good} good, {bad} broken, the same field in {fields}");
}

fn pointer(field: &[Step]) -> String {
    let part = |step: &Step| match step {
        Step::Key(key) => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        Step::Index(index) => format!("/{index}"),
    };
    field.iter().map(part).collect()
}
