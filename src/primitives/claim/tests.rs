//! Claims of small definitions: what is set, what is refused, what an object becomes.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::primitives::param::{check, parse};
use crate::schemas::offers::{self, Offer};

fn offer(definition: &str) -> Arc<Offer> {
    offers::of_texts(vec![("platform: file.yaml".into(), definition.into())]).unwrap().remove(0)
}

const DEFINITION: &str = "apiVersion: apiextensions.crossplane.io/v1
kind: CompositeResourceDefinition
metadata:
  name: xcaches.acme.example
  annotations: {idp-run/defaults: 'size: medium', idp-run/grows: disk, idp-run/immutable: 'spec.zone, name'}
spec:
  group: acme.example
  names: {kind: XCache, plural: xcaches}
  claimNames: {kind: Cache, plural: caches}
  connectionSecretKeys: [url]
  versions:
  - name: v1
    served: true
    referenceable: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [zone]
            properties:
              size: {type: string, enum: [small, medium, large], default: small}
              zone: {type: string, maxLength: 3}
              disk: {type: string, default: 10Gi}
              name: {type: string}
              rules: {type: array, items: {type: object, required: [port], properties: {port: {type: integer, maximum: 99}}}}
              net: {type: object, properties: {name: {type: string}}}
";

fn claim() -> Claim {
    Claim::of(offer(DEFINITION))
}

fn message(error: Error) -> String {
    assert_eq!(error.code(), REJECTED, "{error}");
    error.message().to_string()
}

#[test]
fn fields_are_checked_as_they_are_set() {
    for (field, value, text) in [
        ("size", json!("huge"), "spec.size: Unsupported value: \"huge\""),
        ("size", json!(3), "spec.size: Invalid value: \"integer\""),
        ("zone", json!("long"), "spec.zone: Too long"),
        ("spec.rules", json!([{ "port": 100 }]), "spec.rules[0].port: Invalid value: 100"),
        ("rules", json!([{ "prot": 1 }]), "unknown field \"spec.rules[0].prot\""),
        ("siez", json!("small"), "Cache has no field `siez`"),
    ] {
        let text_is = message(claim().set(field, value).unwrap_err());
        assert!(text_is.contains(text), "{field}: {text_is}");
    }
    let error = claim().set("siez", json!("small")).unwrap_err();
    assert_eq!(error.help_text(), Some("did you mean `size`? `idp-run form cache` shows its fields"));
    assert!(claim().set("net.name", json!("a")).is_ok());
}

#[test]
fn an_object_has_the_defaults_and_is_checked_as_a_whole() {
    let wrapping = Wrapping { namespace: Some("a".into()), secret: Some("s".into()), ..Wrapping::default() };
    let object = claim().set("zone", json!("a")).unwrap().object("x", &wrapping).unwrap();
    assert_eq!(
        object,
        json!({
            "apiVersion": "acme.example/v1",
            "kind": "Cache",
            "metadata": { "name": "x", "namespace": "a" },
            "spec": { "zone": "a", "size": "small", "disk": "10Gi", "writeConnectionSecretToRef": { "name": "s" } },
        })
    );
    assert!(message(claim().object("x", &wrapping).unwrap_err()).contains("spec.zone: Required value"));
    let bad_name = claim().set("zone", json!("a")).unwrap().object("X", &wrapping).unwrap_err();
    assert!(message(bad_name).contains("metadata.name: Invalid value: \"X\""));
    let mut wrong = object.clone();
    wrong["spec"]["writeConnectionSecretToRef"]["namespace"] = "a".into();
    let text = message(claim().accepts(&wrong).unwrap_err());
    assert!(text.contains("unknown field \"spec.writeConnectionSecretToRef.namespace\""), "{text}");
}

#[test]
fn questions_have_what_is_set_as_defaults_and_keep_off_names_of_others() {
    let claim = claim().avoiding(vec!["name".into()]).usual(false).unwrap();
    let questions = claim.params();
    let names: Vec<&str> = questions.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["size", "zone", "disk", "specName", "rules", "netName"]);
    assert_eq!(questions[0].1.default, Some(json!("medium")));
    assert!(!questions[1].1.optional && questions[3].1.optional);
    let answers = json!({ "name": "theirs", "specName": "ours", "zone": "b", "rules": "[{port: 1}]", "size": null });
    let answered = claim.answered(answers.as_object().unwrap()).unwrap();
    let object = answered.object("x", &Wrapping::default()).unwrap();
    assert_eq!(object["spec"]["name"], "ours");
    assert_eq!(object["spec"]["rules"][0]["port"], 1);
    assert_eq!(object["spec"]["size"], "medium");
}

#[test]
fn what_is_there_changes_by_the_rules_of_the_definition() {
    let claim = claim();
    let before = claim.set("zone", json!("a")).unwrap().object("x", &Wrapping::default()).unwrap();
    let with = |field: &str, value: Value| {
        let mut after = before.clone();
        after["spec"][field] = value;
        refuse_change(&claim, &before, &after)
    };
    with("disk", json!("20Gi")).unwrap();
    with("size", json!("large")).unwrap();
    assert!(message(with("disk", json!("5Gi")).unwrap_err()).contains("can't be less than before, which is 10Gi"));
    assert!(
        message(with("zone", json!("b")).unwrap_err()).contains("spec.zone: Invalid value: \"b\": field is immutable")
    );
    assert!(message(with("name", json!("n")).unwrap_err()).contains("spec.name"));
}

/// What people answered is what the error speaks of; what a script set by itself is the claim's.
#[test]
fn what_is_wrong_with_an_answer_is_said_of_the_parameter() {
    let claim = claim().avoiding(vec!["name".into()]);
    let answers = |values: Value| claim.answered(values.as_object().unwrap());
    let error = answers(json!({ "zone": "long" })).unwrap_err();
    assert_eq!(error.code(), REFUSED);
    assert!(error.message().starts_with("the parameter `zone` isn't what Cache takes: Too long"), "{error}");
    let before = answers(json!({ "zone": "a", "specName": "n" })).unwrap().object("x", &Wrapping::default()).unwrap();
    let mut after = before.clone();
    after["spec"]["name"] = json!("m");
    let asked = answers(json!({ "zone": "a" })).unwrap();
    let error = refuse_change(&asked, &before, &after).unwrap_err();
    assert!(error.message().contains("the parameter `specName` isn't what Cache takes"), "{error}");
    assert!(message(refuse_change(&claim, &before, &after).unwrap_err()).contains("spec.name"));
}

/// The API server puts defaults in before it compares.
#[test]
fn what_is_left_out_is_compared_as_its_default() {
    let claim = claim();
    let before = claim.set("zone", json!("a")).unwrap().object("x", &Wrapping::default()).unwrap();
    let mut bare = before.clone();
    bare["spec"].as_object_mut().unwrap().remove("disk");
    refuse_change(&claim, &before, &bare).unwrap();
    let mut larger = before.clone();
    larger["spec"]["disk"] = json!("20Gi");
    assert!(message(refuse_change(&claim, &larger, &bare).unwrap_err()).contains("which is 20Gi"));
}

#[test]
fn where_a_claim_runs_is_a_field_where_there_is_a_choice() {
    let composition = |provider: &str| {
        format!(
            "---
apiVersion: apiextensions.crossplane.io/v1
kind: Composition
metadata: {{name: cache-{provider}, labels: {{provider: {provider}}}}}
spec: {{compositeTypeRef: {{apiVersion: acme.example/v1, kind: XCache}}}}
"
        )
    };
    assert!(!claim().paths().iter().any(|(name, _)| name == "provider"));
    let text = [DEFINITION, &composition("aws"), &composition("gcp")].concat();
    let claim = Claim::of(offer(&text)).on("gcp").unwrap().set("zone", json!("a")).unwrap();
    let path = ("provider".to_string(), "spec.compositionSelector.matchLabels.provider".to_string());
    assert!(claim.paths().contains(&path));
    let object = claim.object("x", &Wrapping::default()).unwrap();
    assert_eq!(Claim::of(offer(&text)).like(&object).provider(), Some("gcp"));
}

#[test]
fn words_lead_to_one_kind() {
    let two = |group: &str| {
        format!(
            "apiVersion: apiextensions.crossplane.io/v2
kind: CompositeResourceDefinition
metadata: {{name: caches.{group}}}
spec:
  group: {group}
  scope: Namespaced
  names: {{kind: Cache, plural: caches}}
  versions: [{{name: v1, served: true, referenceable: true, schema: {{openAPIV3Schema: {{type: object}}}}}}]
"
        )
    };
    let all = || offers::of_texts(vec![("a".into(), two("a.example")), ("b".into(), two("b.example"))]).unwrap();
    assert_eq!(offers::named(&all(), "cache").unwrap_err().code(), "idp::claim::ambiguous");
    assert_eq!(offers::named(&all(), "caches.b.example").unwrap().form.group, "b.example");
    assert_eq!(offers::named(&all(), "cahce").unwrap_err().code(), "idp::claim::unknown");
    // A composite of the second version of the API has Crossplane's fields in a place of their own, and no secret.
    let object = Claim::of(offers::named(&all(), "cache.a.example").unwrap());
    let object = object.object("x", &Wrapping { namespace: Some("a".into()), ..Wrapping::default() }).unwrap();
    assert_eq!(object["kind"], "Cache");
}

#[test]
fn where_the_connection_goes_is_no_field_of_a_claim() {
    let refused = |field: &str| claim().set(field, json!("a")).unwrap_err();
    let error = refused("writeConnectionSecretToRef.namespace");
    assert!(error.help_text().unwrap().contains("v1 claims have no namespace there"), "{error}");
    assert!(refused("spec.writeConnectionSecretToRef.name").help_text().unwrap().contains("secret: NAME"));
}

#[test]
fn what_is_wrong_with_answers_together_is_their_fault() {
    let ruled = DEFINITION.replace(
        "            required: [zone]\n",
        "            required: [zone]\n            x-kubernetes-validations: [{rule: 'self.size != \"large\" || self.zone != \"a\"', message: no large one there}]\n",
    );
    let claim =
        Claim::of(offer(&ruled)).answered(json!({ "size": "large", "zone": "a" }).as_object().unwrap()).unwrap();
    let error = claim.object("x", &Wrapping::default()).unwrap_err();
    assert_eq!(error.code(), REFUSED);
    assert!(error.message().contains("no large one there"), "{error}");
}

#[test]
fn a_number_or_a_text_is_what_it_looks_like() {
    let open = DEFINITION.replace("disk: {type: string, default: 10Gi}", "disk: {x-kubernetes-int-or-string: true}");
    for (given, is) in [("50%", json!("50%")), ("3", json!(3)), ("3a", json!("3a"))] {
        let answers = json!({ "zone": "a", "disk": given });
        let made = Claim::of(offer(&open)).answered(answers.as_object().unwrap()).unwrap();
        assert_eq!(made.object("x", &Wrapping::default()).unwrap()["spec"]["disk"], is);
    }
}

#[test]
fn a_number_or_a_text_is_asked_for_as_either() {
    let open = DEFINITION.replace("disk: {type: string, default: 10Gi}", "disk: {x-kubernetes-int-or-string: true}");
    let there = json!({ "spec": { "zone": "a", "disk": 80 } });
    let claim = Claim::of(offer(&open)).like(&there);
    let questions = claim.params();
    let (_, disk) = questions.iter().find(|(name, _)| name == "disk").unwrap();
    assert_eq!(disk.default, Some(json!(80)));
    assert_eq!(parse("disk", disk, "81").unwrap(), json!(81));
    for value in [json!(81), json!("81%")] {
        check("disk", disk, &value).unwrap();
    }
    let error = check("disk", disk, &json!(true)).unwrap_err();
    assert!(error.message().contains("must be a whole number or a text, not `true`"), "{error}");
}

/// A definition that is stricter by now judges what is asked for, and not what is there.
#[test]
fn what_is_there_is_no_answer() {
    let strict = DEFINITION.replace("maxLength: 3", "maxLength: 1").replace("enum: [small,", "enum: [");
    let there = json!({ "spec": { "zone": "abc", "size": "small", "disk": 10 } });
    let claim = Claim::of(offer(&strict)).like(&there);
    for (name, rule) in claim.params() {
        if let Some(present) = &rule.default {
            check(&name, &rule, present).unwrap();
        }
    }
    let size = claim.params().into_iter().find(|(name, _)| name == "size").unwrap().1;
    assert!(check("size", &size, &json!("tiny")).is_err());
    let answers = |values: Value| claim.answered(values.as_object().unwrap());
    answers(json!({ "zone": "abc", "size": "large", "disk": 10 })).unwrap();
    assert_eq!(answers(json!({ "zone": "abd" })).unwrap_err().code(), REFUSED);
    // What is no JSON is the parameter's fault.
    let error = answers(json!({ "rules": "[{" })).unwrap_err();
    assert!(
        error.code() == REFUSED && error.message().starts_with("the parameter `rules` isn't JSON or YAML: "),
        "{error}"
    );
}
