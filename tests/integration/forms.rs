//! `idp-run form` on the definitions of the example: what it makes is taken by those that it is for.

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
    spec.storageGB  whole number  10       10 to 500      Size of the disk of each member. It can grow, never shrink.
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
