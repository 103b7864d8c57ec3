//! What people are asked for, on the definitions of the example and on small ones of its own.

use serde_json::{Value, json};

use super::*;
use crate::formats::yaml;

const POSTGRESQL: &str =
    include_str!("../../../examples/acme/seeds/platform-gitops/crossplane/postgresql/definition.yaml");
const DATABASE: &str = include_str!("../../../examples/acme/seeds/platform-gitops/crossplane/database/definition.yaml");
const ON_AWS: &str =
    include_str!("../../../examples/acme/seeds/platform-gitops/crossplane/database/composition-aws.yaml");
const ON_GCP: &str =
    include_str!("../../../examples/acme/seeds/platform-gitops/crossplane/database/composition-gcp.yaml");

fn object(text: &str) -> Value {
    yaml::parse("file", text).unwrap().remove(0).value
}

fn of(text: &str) -> Form {
    let forms = read(&object(text), &[object(ON_AWS), object(ON_GCP)]).unwrap();
    preferred(&forms).unwrap().clone()
}

/// A definition of the second version of the API whose `spec` is this.
fn with_spec(spec: &str) -> Value {
    object(&format!(
        "apiVersion: apiextensions.crossplane.io/v2
kind: CompositeResourceDefinition
metadata: {{name: caches.acme.example}}
spec:
  group: acme.example
  scope: Namespaced
  names: {{kind: Cache, plural: caches}}
  versions:
  - name: v1
    served: true
    referenceable: true
    schema: {{openAPIV3Schema: {{type: object, properties: {{spec: {spec}}}}}}}
"
    ))
}

fn portal() -> Portal {
    Portal {
        owner: "group:platform-team".into(),
        host: "github.com".into(),
        organisation: "acme".into(),
        url: "https://github.com/acme".into(),
        environments: vec![("dev".into(), false), ("prod".into(), true)],
        folders: false,
    }
}

#[test]
fn fields_have_what_a_person_needs_to_know() {
    let form = of(POSTGRESQL);
    assert_eq!(
        (form.kind.as_str(), form.word.as_str(), form.makes),
        ("PostgreSQLInstance", "postgresql", Makes::Claim)
    );
    let names: Vec<&str> = form.fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["storageGB", "instanceClass", "multiAZ", "backupRetentionDays"]);
    let storage = &form.fields[0];
    assert_eq!(storage.path, ["parameters", "storageGB"]);
    assert_eq!((storage.shape, storage.required, storage.range), (Shape::Whole, true, (Some(20.0), Some(1000.0))));
    assert_eq!(form.fields[1].choices.len(), 4);
    assert_eq!(form.fields[2].default, Some(json!(false)));
    assert!(form.fields[3].advanced && !form.fields[3].required);
    assert_eq!(form.usual(true).unwrap()["parameters"]["storageGB"], 50);
    assert_eq!(form.usual(false).unwrap()["parameters"]["storageGB"], 20);
}

#[test]
fn a_word_means_a_form_as_kubectl_takes_it() {
    let form = of(POSTGRESQL);
    for word in [
        "PostgreSQLInstance",
        "postgresqlinstance",
        "postgresqlinstances",
        "postgresql",
        "postgresql.platform.acme.example",
    ] {
        assert!(form.answers_to(word), "{word}");
    }
    assert!(!form.answers_to("postgres"));
}

#[test]
fn providers_come_from_the_compositions() {
    let form = of(DATABASE);
    let providers: Vec<&str> = form.providers.iter().map(|(provider, _)| provider.as_str()).collect();
    assert_eq!((providers, form.provider()), (vec!["aws", "gcp"], Some("aws")));
    assert_eq!(of(POSTGRESQL).provider(), None, "its composition isn't among those given");
}

#[test]
fn the_order_is_that_of_the_definition_unless_it_says_another() {
    let spec = "{type: object, properties: {zone: {type: string}, age: {type: integer, x-ui-order: 2}, name: {type: string, x-ui-order: 1}, bare: {type: string}}}";
    let form = read(&with_spec(spec), &[]).unwrap().remove(0);
    let names: Vec<&str> = form.fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["name", "age", "bare", "zone"]);
}

#[test]
fn names_that_are_alike_take_the_key_before() {
    let spec = "{type: object, properties: {size: {type: string}, backup: {type: object, properties: {size: {type: string}, days: {type: integer}}}}}";
    let form = read(&with_spec(spec), &[]).unwrap().remove(0);
    let names: Vec<&str> = form.fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["size", "backupSize", "days"]);
}

#[test]
fn what_is_below_an_optional_group_needs_no_answer() {
    let spec = "{type: object, required: [must], properties: {
        must: {type: object, required: [a], properties: {a: {type: string}}},
        may: {type: object, required: [b], properties: {b: {type: string}}},
        made: {type: object, default: {}, required: [c, d], properties: {c: {type: string}, d: {type: string, default: x}}}}}";
    let form = read(&with_spec(spec), &[]).unwrap().remove(0);
    let needed: Vec<&str> =
        form.fields.iter().filter(|field| field.required).map(|field| field.name.as_str()).collect();
    assert_eq!(needed, ["a", "c"]);
}

#[test]
fn what_is_hidden_is_nowhere() {
    let spec = "{type: object, required: [shown], properties: {shown: {type: string}, inner: {type: object, x-ui-hidden: true, properties: {a: {type: string}}}, other: {type: string, x-ui-hidden: true, default: x}}}";
    let form = read(&with_spec(spec), &[]).unwrap().remove(0);
    assert_eq!(form.fields.len(), 1);
    for text in
        [json_schema(&form).to_string(), template(&form, &portal()).unwrap().to_string(), params(&form).unwrap()]
    {
        assert!(!text.contains("inner") && !text.contains("other"), "{text}");
    }
    let spec = "{type: object, required: [token], properties: {token: {type: string, x-ui-hidden: true}}}";
    let error = read(&with_spec(spec), &[]).unwrap_err();
    assert_eq!(
        (error.code(), error.message()),
        ("idp::form::hidden", "spec.token has to be given, has no default, and is hidden")
    );
}

#[test]
fn versions_that_are_not_served_have_no_form() {
    let mut document = object(POSTGRESQL);
    let mut old = document["spec"]["versions"][0].clone();
    old["name"] = "v1alpha0".into();
    old["served"] = false.into();
    document["spec"]["versions"].as_array_mut().unwrap().insert(0, old);
    let forms = read(&document, &[]).unwrap();
    assert_eq!(forms.iter().map(|form| form.version.as_str()).collect::<Vec<_>>(), ["v1alpha1"]);
    document["spec"]["versions"].as_array_mut().unwrap().truncate(1);
    let error = read(&document, &[]).unwrap_err();
    assert!(error.message().contains("serves no version"), "{error}");
    assert!(read(&json!({ "kind": "Deployment" }), &[]).unwrap_err().message().contains("it says Deployment"));
}

#[test]
fn composites_without_claims_are_asked_for_themselves() {
    let namespaced = read(&with_spec("{type: object, properties: {size: {type: string}}}"), &[]).unwrap().remove(0);
    assert_eq!((namespaced.kind.as_str(), namespaced.makes), ("Cache", Makes::Namespaced));
    let mut document = with_spec("{type: object}");
    document["spec"]["scope"] = "Cluster".into();
    assert_eq!(read(&document, &[]).unwrap()[0].makes, Makes::Cluster);
    document["spec"]["scope"] = "LegacyCluster".into();
    assert_eq!(read(&document, &[]).unwrap()[0].makes, Makes::LegacyCluster);
    document["spec"].as_object_mut().unwrap().remove("scope");
    assert_eq!(read(&document, &[]).unwrap()[0].makes, Makes::Namespaced);
}

#[test]
fn json_schema_keeps_bounds_and_drops_what_is_kubernetes_own() {
    let spec = "{type: object, required: [size], properties: {
        size: {type: integer, minimum: 0, exclusiveMinimum: true, x-kubernetes-validations: [{rule: self > 1}]},
        port: {x-kubernetes-int-or-string: true, anyOf: [{type: integer}, {type: string}]},
        note: {type: string, nullable: true},
        labels: {type: object, additionalProperties: {type: string}},
        any: {type: object, x-kubernetes-preserve-unknown-fields: true}}}";
    let form = read(&with_spec(spec), &[]).unwrap().remove(0);
    assert_eq!(
        json_schema(&form),
        json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "title": "Cache",
            "type": "object",
            "properties": {
                "size": { "type": "integer", "exclusiveMinimum": 0 },
                "port": { "type": ["integer", "string"], "anyOf": [{ "type": "integer" }, { "type": "string" }] },
                "note": { "type": ["string", "null"] },
                "labels": { "type": "object", "additionalProperties": { "type": "string" } },
                "any": { "type": "object" },
            },
            "additionalProperties": false,
            "required": ["size"],
        })
    );
}

#[test]
fn parameters_are_those_of_a_golden_path() {
    insta::assert_snapshot!(params(&of(POSTGRESQL)).unwrap(), @r#"
    // Fields of PostgreSQLInstance, platform.acme.example/v1alpha1, as xpostgresqlinstances.platform.acme.example defines them.
    fn params() {
        #{
            storageGB: param("int", "Size of the disk. It can grow, never shrink. (in production 50)").range(20, 1000).or_else(20),
            instanceClass: param("string", "Size of the server (in production db.t4g.large)").choices(["db.t4g.medium", "db.t4g.large", "db.m7g.large", "db.m7g.xlarge"]).or_else("db.t4g.medium"),
            multiAZ: param("bool", "Whether a standby waits in another zone (in production true)").or_else(false),
            backupRetentionDays: param("int", "For how many days a point in time can be restored (in production 14)").range(1, 35).or_else(1),
        }
    }

    /// The claim's `spec`; what wasn't given is left out.
    fn spec(p) {
        #{
            parameters: #{
                storageGB: p.storageGB,
                instanceClass: p.instanceClass,
                multiAZ: p.multiAZ,
                backupRetentionDays: p.backupRetentionDays,
            },
        }
    }
    "#);
}

#[test]
fn parameters_have_names_that_rhai_takes() {
    let spec = "{type: object, properties: {public: {type: boolean}, two-words: {type: string, minLength: 2}, rules: {type: array, items: {type: object}, default: [{a: 1}]}}}";
    let form = read(&with_spec(spec), &[]).unwrap().remove(0);
    let text = params(&form).unwrap();
    for line in [
        r#""public": param("bool", "public").optional(),"#,
        r#""two-words": param("string", "two-words").at_least(2).optional(),"#,
        r#"rules: param("string", "rules (JSON)").or_else("[{\"a\":1}]"),"#,
        r#""public": p["public"],"#,
        r#"rules: parse_json(p.rules),"#,
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn the_template_keeps_what_is_required() {
    let made = template(&of(DATABASE), &portal()).unwrap();
    let pages = made["spec"]["parameters"].as_array().unwrap();
    let titles: Vec<&str> = pages.iter().map(|page| page["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["What and where", "Database"]);
    assert_eq!(
        (&pages[1]["required"], &pages[1]["properties"]["spec"]["required"]),
        (&json!(["spec"]), &json!(["engine"]))
    );
    let made = template(&of(POSTGRESQL), &portal()).unwrap();
    let fields = &made["spec"]["parameters"][1]["properties"]["spec"]["properties"]["parameters"];
    assert_eq!(fields.get("required"), None, "what has a usual value needs no answer");
    assert_eq!(fields["properties"]["storageGB"]["maximum"], 1000);
    assert!(fields["properties"].get("backupRetentionDays").is_none());
    let toggle = &fields["dependencies"]["showAdvancedSettings"];
    assert_eq!(toggle["if"]["properties"]["showAdvancedSettings"]["const"], true);
    let days = &toggle["then"]["properties"]["backupRetentionDays"];
    assert_eq!((&days["ui:help"], days.get("default")), (&json!("1, in production 14, unless given"), None));
}

#[test]
fn the_template_proposes_what_create_resource_would() {
    let made = template(&of(POSTGRESQL), &portal()).unwrap();
    let steps = made["spec"]["steps"].as_array().unwrap();
    let claim = &steps[0]["input"]["data"];
    assert_eq!(claim["metadata"]["name"], "${{ parameters.name }}");
    assert_eq!(claim["metadata"]["namespace"], "${{ parameters.project }}-${{ parameters.env }}-infra");
    assert_eq!(
        claim["spec"]["parameters"]["storageGB"],
        r#"${{ parameters.spec.parameters.storageGB | default(50 if parameters.env in ["prod"] else 20) }}"#
    );
    assert!(claim["spec"].get("compositionSelector").is_none());
    let path = &steps[1]["input"]["path"];
    assert_eq!(path, "crossplane/claims/${{ parameters.env }}/postgresql-${{ parameters.name }}.yaml");
    let in_folders = template(&of(POSTGRESQL), &Portal { folders: true, ..portal() }).unwrap();
    let path = &in_folders["spec"]["steps"][1]["input"]["path"];
    assert_eq!(path, "crossplane/claims/${{ parameters.env }}/postgresql/${{ parameters.name }}.yaml");
    let mut unique = object(POSTGRESQL);
    unique["metadata"]["annotations"]["idp-run/claim-name"] = "{type}-{name}-{unique}".into();
    let made = template(&read(&unique, &[]).unwrap()[0], &portal()).unwrap();
    let name = &made["spec"]["steps"][0]["input"]["data"]["metadata"]["name"];
    assert_eq!(name, "postgresql-${{ parameters.name }}-${{ context.task.id | truncate(5, true, '') }}");
}

#[test]
fn the_template_lets_people_choose_where_it_runs() {
    let made = template(&of(DATABASE), &portal()).unwrap();
    let provider = &made["spec"]["parameters"][0]["properties"]["provider"];
    assert_eq!((&provider["enum"], &provider["default"]), (&json!(["aws", "gcp"]), &json!("aws")));
    assert_eq!(
        made["spec"]["steps"][0]["input"]["data"]["spec"]["compositionSelector"],
        "${{ { matchLabels: { provider: parameters.provider } } if parameters.provider != 'aws' else undefined }}"
    );
}

#[test]
fn groups_with_a_switch_show_the_rest_once_it_is_on() {
    let spec = "{type: object, properties: {backup: {type: object, required: [kind], properties: {enabled: {type: boolean}, kind: {type: string}, days: {type: integer, x-ui-order: 1}}}}}";
    let form = read(&with_spec(spec), &[]).unwrap().remove(0);
    let made = template(&form, &portal()).unwrap();
    let group = &made["spec"]["parameters"][1]["properties"]["spec"]["properties"]["backup"];
    let there: Vec<&String> = group["properties"].as_object().unwrap().keys().collect();
    assert_eq!(there, ["enabled", "kind"]);
    assert_eq!(group["dependencies"]["enabled"]["then"]["properties"]["days"]["type"], "integer");
    assert_eq!(group["dependencies"]["enabled"]["required"], json!(["kind"]));
    assert_eq!(group["ui:order"], json!(["days", "enabled", "kind", "*"]));
}

#[test]
fn templates_are_entities_that_backstage_takes() {
    for text in [POSTGRESQL, DATABASE] {
        let template = template(&of(text), &portal()).unwrap();
        assert_eq!(crate::formats::catalog::check(&template), []);
    }
    let mut document = object(POSTGRESQL);
    let long = format!("x{}.platform.acme.example", "postgresqlinstances".repeat(3));
    document["metadata"]["name"] = long.into();
    let template = template(&read(&document, &[]).unwrap()[0], &portal()).unwrap();
    assert_eq!(crate::formats::catalog::check(&template), []);
    assert!(template["metadata"]["name"].as_str().unwrap().ends_with("-v1alpha1"));
}

/// A cache that may have a plan: a group that is there only if something of it is given.
fn cache() -> Form {
    let definition = with_spec(
        "{type: object, required: [size], properties: {
            size: {type: string},
            surge: {x-kubernetes-int-or-string: true, default: 25%},
            most: {x-kubernetes-int-or-string: true},
            plan: {type: object, required: [day], properties: {
                day: {type: string}, keep: {type: integer, default: 7}, window: {type: object, properties: {from: {type: string}}}}},
            disk: {type: object, default: {}, properties: {fast: {type: boolean, default: true}}}}}",
    );
    preferred(&read(&definition, &[]).unwrap()).unwrap().clone()
}

#[test]
fn a_group_is_there_only_if_something_of_it_is_given() {
    let form = cache();
    let keep = form.fields.iter().find(|field| field.name == "keep").unwrap();
    assert_eq!((&keep.default, &keep.hint, keep.required), (&None, &Some(json!(7)), false));
    let text = params(&form).unwrap();
    for line in [
        "        keep: param(\"int\", \"keep (7 once something beside it is given)\").optional(),\n",
        "        surge: param(\"string\", \"surge\").or_else(\"25%\"),\n",
        "        surge: number_or_text(p.surge),\n",
        "        most: if p.most != () { number_or_text(p.most) },\n",
        "        plan: any(#{\n            day: p.day,\n            keep: p.keep,\n            window: any(#{\n                from: p.from,\n            }),\n        }),\n",
        "        disk: #{\n            fast: p.fast,\n        },\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn a_template_asks_for_all_of_a_group_or_nothing() {
    let template = template(&cache(), &portal()).unwrap();
    let plan = &template["spec"]["parameters"][1]["properties"]["spec"]["properties"]["plan"];
    assert_eq!(plan["required"], Value::Null);
    assert_eq!(plan["dependencies"], json!({ "keep": ["day"], "window": ["day"] }));
    assert_eq!(plan["properties"]["keep"]["default"], Value::Null, "a form fills in each default that it knows");
    assert_eq!(plan["properties"]["keep"]["ui:placeholder"], 7);
    let spec = &template["spec"]["steps"][0]["input"]["data"]["spec"];
    assert_eq!(
        spec["plan"],
        "${{ { \"day\": parameters.spec.plan.day, \"keep\": parameters.spec.plan.keep, \"window\": ({ \"from\": \
         parameters.spec.plan.window.from } if parameters.spec.plan.window.from is defined else undefined) } if \
         parameters.spec.plan.day is defined or parameters.spec.plan.keep is defined or \
         parameters.spec.plan.window.from is defined else undefined }}"
    );
    assert_eq!(spec["disk"], json!({ "fast": "${{ parameters.spec.disk.fast }}" }));
}
