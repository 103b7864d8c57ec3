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

/// A definition with groups that may be left out, for which nobody prepared anything.
const CACHE: &str = "apiVersion: apiextensions.crossplane.io/v2
kind: CompositeResourceDefinition
metadata: {name: caches.acme.example}
spec:
  group: acme.example
  scope: Namespaced
  names: {kind: Cache, plural: caches}
  versions:
  - name: v1
    served: true
    referenceable: true
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {
      size: {type: string, default: small},
      surge: {x-kubernetes-int-or-string: true, default: 25%},
      plan: {type: object, required: [day], properties: {day: {type: string}, keep: {type: integer, default: 7}}}}}}}}
";

/// What the parameters make of no answers, and of these, is what create-resource writes.
#[test]
fn forms_and_create_resource_write_the_same() {
    let ws = Workspace::acme();
    ws.write("schemas/caches.yaml", CACHE);
    let spec = |text: &str| {
        let mut spec = yaml::parse("claim", text).unwrap().remove(0).value["spec"].take();
        for own in ["writeConnectionSecretToRef", "crossplane"] {
            spec.as_object_mut().unwrap().remove(own);
        }
        spec
    };
    let run = "\nfn run(p) { print(manifest(#{ spec: spec(p) }).to_yaml()); }\n";
    for (kind, words) in [
        ("postgresql", &[][..]),
        ("postgresql", &["multiAZ=true", "backupRetentionDays=3"]),
        ("s3", &[]),
        ("sqs", &[]),
        ("db", &["engine=postgres"]),
        ("mongodb", &[]),
        ("cache", &[]),
        ("cache", &["surge=3"]),
        ("cache", &["surge=50%", "day=monday"]),
        ("cache", &["day=monday", "keep=9"]),
    ] {
        let text = ws.idp(&["form", kind, "--as", "params"]).stdout;
        ws.write("made.rhai", &format!("//! Ask for it\n\n{text}{run}"));
        let checked = ws.idp(&["check", "made.rhai"]);
        assert_eq!(checked.code, 0, "{kind}: {checked}");
        let mut made = spec(&ws.idp(&[&["made.rhai", "--plan", "--output", "json"], words].concat()).prints());
        let create = [
            "create-resource",
            "project=orders",
            "env=dev",
            "name=x",
            "owner=team-orders",
            "--plan",
            "--output",
            "json",
        ];
        let said = ws.idp(&[&create[..], &[&format!("type={kind}")], words].concat());
        assert_eq!(said.code, 0, "{said}");
        let files = said.of_type("change")[0]["diff"]["files"].clone();
        let claim =
            files.as_array().unwrap().iter().find(|file| file["path"].as_str().unwrap().starts_with("crossplane/"));
        let lines = claim.unwrap()["text"].as_str().unwrap().lines().filter_map(|line| line.strip_prefix('+'));
        let wanted = spec(&lines.collect::<Vec<_>>().join("\n"));
        // What the API server fills in once the group is there.
        if made["plan"]["day"] == "monday" && made["plan"]["keep"].is_null() {
            made["plan"]["keep"] = 7.into();
        }
        assert_eq!(made, wanted, "{kind} {words:?}");
    }
}

/// What create-resource gives where nobody says, wherever it depends on the environment.
#[test]
fn people_see_what_claims_get() {
    let ws = Workspace::acme();
    insta::assert_snapshot!(ws.idp(&["form", "postgresql"]).stdout, @r"
    FIELD                                TYPE           DEFAULT                                   ALLOWED                                                   ABOUT
    spec.parameters.storageGB            whole number   20 (production: 50)                       20 to 1000                                                Size of the disk. It can grow, never shrink.
    spec.parameters.instanceClass        text           db.t4g.medium (production: db.t4g.large)  db.t4g.medium, db.t4g.large, db.m7g.large, db.m7g.xlarge  Size of the server
    spec.parameters.multiAZ              true or false  false (production: true)                                                                            Whether a standby waits in another zone
    spec.parameters.backupRetentionDays  whole number   1 (production: 14)                        1 to 35                                                   For how many days a point in time can be restored
    ");
    let explained = ws.idp(&["explain", "PostgreSQLInstance"]).stdout;
    assert!(explained.contains("1 (production: 14)"), "{explained}");
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
    let hidden = text
        .replace("                  default: {}\n", "")
        .replace(
            "              properties:\n                parameters:\n",
            "              required: [parameters]\n              properties:\n                parameters:\n",
        )
        .replace(
            "                  properties:\n",
            "                  required: [expireAfterDays]\n                  properties:\n",
        );
    ws.write("hidden.yaml", &hidden.replace("type: integer", "type: integer\n                      x-ui-hidden: true"));
    fails(&["hidden.yaml"], "idp::form::hidden", "spec.parameters.expireAfterDays");
}
