//! `idp-run form` on the definitions of the example: what it makes is taken by those that it is for.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use idp_run::formats::schema::Schema;
use idp_run::formats::yaml;
use serde_json::{Value, json};

use crate::workspace::{Said, Workspace};

const CROSSPLANE: &str = "seeds/platform-gitops/crossplane";
const KINDS: [&str; 5] = ["postgresql", "s3", "sqs", "database", "mongodb"];

fn form(ws: &Workspace, kind: &str, made: &str) -> Said {
    ws.idp(&["form", &format!("{CROSSPLANE}/{kind}/definition.yaml"), "--as", made])
}

#[test]
fn people_see_defaults_and_bounds() {
    let ws = Workspace::acme();
    let said = form(&ws, "mongodb", "table");
    assert_eq!(said.code, 0, "{said}");
    insta::assert_snapshot!(said.stdout, @r"
    FIELD           TYPE          DEFAULT  ALLOWED        ABOUT
    spec.storageGB  whole number  10       10 to 500      Size of the disk of each member. It stays what it is.
    spec.version    text          7.0      6.0, 7.0, 8.0  Major version
    ");
    assert!(!ws.has_state());
}

#[test]
fn a_golden_path_takes_the_parameters() {
    let ws = Workspace::acme();
    for kind in KINDS {
        let text = form(&ws, kind, "params").stdout;
        let run = "\nfn run(p) { print(manifest(#{ spec: spec(p) }).to_yaml()); }\n";
        ws.write(&format!("{kind}.rhai"), &format!("//! Ask for it\n\n{text}{run}"));
        let said = ws.idp(&["check", &format!("{kind}.rhai")]);
        assert_eq!(said.code, 0, "{kind}: {said}");
    }
    let said = ws.idp(&["postgresql.rhai", "storageGB=50", "--plan"]);
    assert!(
        said.stdout.contains("    instanceClass: db.t4g.medium\n    multiAZ: false\n    storageGB: 50\n"),
        "{said}"
    );
    ws.idp(&["postgresql.rhai", "storageGB=5", "--output", "json"]).fails(2, "idp::param::range");
    ws.idp(&["database.rhai", "engine=oracle", "--output", "json"]).fails(2, "idp::param::choice");
}

#[test]
fn json_schema_takes_and_refuses_what_the_definition_does() {
    let ws = Workspace::acme();
    let schema = |kind: &str| -> Value { serde_json::from_str(&form(&ws, kind, "json-schema").stdout).unwrap() };
    for kind in KINDS {
        assert!(jsonschema::draft7::meta::is_valid(&schema(kind)), "{kind}");
    }
    let postgresql = jsonschema::draft7::new(&schema("postgresql")).unwrap();
    assert!(postgresql.is_valid(&json!({ "parameters": { "storageGB": 50, "multiAZ": true } })));
    for wrong in [
        json!({}),
        json!({ "parameters": {} }),
        json!({ "parameters": { "storageGB": 5 } }),
        json!({ "parameters": { "storageGB": "50" } }),
        json!({ "parameters": { "storageGB": 50, "storage": 50 } }),
        json!({ "parameters": { "storageGB": 50, "instanceClass": "huge" } }),
    ] {
        assert!(!postgresql.is_valid(&wrong), "{wrong}");
    }
}

#[test]
fn the_template_is_one_that_the_catalog_takes() {
    let ws = Workspace::acme();
    for kind in KINDS {
        let text = form(&ws, kind, "backstage").stdout;
        let document = idp_run::formats::yaml::parse(kind, &text).unwrap().remove(0);
        assert_eq!(idp_run::formats::catalog::check(&document.value), [], "{kind}");
        for page in document.value["spec"]["parameters"].as_array().unwrap() {
            assert!(jsonschema::draft7::meta::is_valid(page), "{kind}: {page:#}");
        }
    }
}

/// What the scaffolder writes for these answers, by path; nothing where there is no nunjucks.
fn scaffolded(template: &Value, parameters: &Value) -> Option<BTreeMap<String, Value>> {
    let installed = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../backstage/node_modules");
    if !installed.join("nunjucks").is_dir() {
        println!("skipped: nunjucks is not installed; .ci/run installs it");
        return None;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/scaffolder.cjs");
    let mut node = Command::new("node");
    node.arg(script).env("NODE_PATH", installed).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut node = node.spawn().ok()?;
    let asked =
        json!({ "template": template, "parameters": parameters, "task": "4d7c1f2a-0b1e-4d7c-9f2a-1c6b5f0e7d3a" });
    node.stdin.take().unwrap().write_all(asked.to_string().as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success(), "{parameters}");
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    let repository = format!("git.acme.example?owner=acme&repo={}-gitops", parameters["project"].as_str().unwrap());
    assert_eq!(said["request"]["repoUrl"], repository.as_str());
    Some(serde_json::from_value(said["files"].clone()).unwrap())
}

/// The portal and the golden path are two doors to one thing: the same files, with the same content.
#[test]
fn the_template_proposes_what_create_resource_does() {
    let ws = Workspace::acme();
    for (kind, env, answers, words) in [
        ("postgresql", "dev", json!({}), &[][..]),
        ("postgresql", "prod", json!({}), &[]),
        (
            "postgresql",
            "prod",
            json!({ "parameters": { "multiAZ": false, "storageGB": 30 } }),
            &["multiAZ=false", "storageGB=30"],
        ),
        ("s3", "dev", json!({}), &[]),
        ("s3", "dev", json!({ "parameters": { "expireAfterDays": 9 } }), &["expireAfterDays=9"]),
        ("sqs", "staging", json!({}), &[]),
        ("database", "prod", json!({ "engine": "mysql" }), &["engine=mysql"]),
        (
            "database",
            "dev",
            json!({ "engine": "mysql", "size": "large" }),
            &["engine=mysql", "size=large", "provider=gcp"],
        ),
        ("mongodb", "dev", json!({ "storageGB": 20 }), &["storageGB=20"]),
    ] {
        let provider = if words.contains(&"provider=gcp") { "gcp" } else { "aws" };
        let parameters = json!({
            "project": "orders", "env": env, "name": "x", "owner": "group:team-orders", "provider": provider, "spec": answers,
        });
        let template = yaml::parse(kind, &form(&ws, kind, "backstage").stdout).unwrap().remove(0).value;
        let Some(mut theirs) = scaffolded(&template, &parameters) else { return };
        let (env, kind_of) = (format!("env={env}"), format!("type={kind}"));
        let fixed = [
            "create-resource",
            "--plan",
            "--output",
            "json",
            "project=orders",
            &env,
            &kind_of,
            "name=x",
            "owner=team-orders",
        ];
        let said = ws.idp(&[&fixed[..], words].concat());
        assert_eq!(said.code, 0, "{said}");
        let mut ours: BTreeMap<String, Value> = BTreeMap::new();
        for file in said.of_type("change")[0]["diff"]["files"].as_array().unwrap() {
            let added = file["text"].as_str().unwrap().lines().filter_map(|line| line.strip_prefix('+'));
            let text = added.collect::<Vec<_>>().join("\n");
            ours.insert(file["path"].as_str().unwrap().into(), yaml::parse("file", &text).unwrap().remove(0).value);
        }
        let definition =
            yaml::parse("file", &ws.read(&format!("{CROSSPLANE}/{kind}/definition.yaml"))).unwrap().remove(0).value;
        let schema = Schema::parse(&definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]).unwrap();
        for files in [&mut ours, &mut theirs] {
            let claim = files.values_mut().find(|file| file["kind"] != "Resource").unwrap();
            schema.default(claim);
            // A name that no other one had comes of the run here and of the task there.
            if kind == "mongodb" {
                let name = claim["metadata"]["name"].as_str().unwrap().to_string();
                assert!(name.starts_with("mongodb-x-") && name.len() == "mongodb-x-".len() + 5, "{name}");
                claim["metadata"]["name"] = "mongodb-x".into();
                claim["spec"]["writeConnectionSecretToRef"]["name"] = "mongodb-x-connection".into();
            }
        }
        assert_eq!(theirs, ours, "{parameters}");
    }
}

#[test]
fn mistakes_are_named() {
    let ws = Workspace::acme();
    let fails = |args: &[&str], code: &str, words: &str| {
        let said = ws.idp(&[&["form", "--output", "json"][..], args].concat());
        said.fails(2, code);
        assert!(said.stderr.contains(words), "{said}");
    };
    fails(&["nope.yaml"], "idp::form::file", "can't read nope.yaml");
    fails(&[&format!("{CROSSPLANE}/s3/composition.yaml")], "idp::form::definition", "it says Composition");
    let file = format!("{CROSSPLANE}/s3/definition.yaml");
    fails(&[&file, "--version", "v1alpha2"], "idp::form::version", "did you mean v1alpha1?");
    let text = std::fs::read_to_string(ws.path().join(&file)).unwrap();
    ws.write("unserved.yaml", &text.replace("served: true", "served: false"));
    fails(&["unserved.yaml"], "idp::form::definition", "serves no version");
    let hidden = text.replace(
        "                  properties:\n",
        "                  required: [expireAfterDays]\n                  properties:\n",
    );
    ws.write("hidden.yaml", &hidden.replace("type: integer", "type: integer\n                      x-ui-hidden: true"));
    fails(&["hidden.yaml"], "idp::form::hidden", "spec.parameters.expireAfterDays");
}
