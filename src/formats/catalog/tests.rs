//! Rules of the catalog, one table each.

use serde_json::{Value, json};

use super::*;

fn component() -> Value {
    json!({
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Component",
        "metadata": { "name": "orders-checkout" },
        "spec": { "type": "service", "lifecycle": "production", "owner": "group:team-orders" },
    })
}

fn with(pointer: &str, value: Value) -> Value {
    let mut entity = component();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    entity.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(key.into(), value);
    entity
}

fn said(entity: &Value) -> String {
    let lines = check(entity).into_iter().map(|found| format!("{} {}; {}\n", found.path(), found.what, found.help));
    lines.collect()
}

#[test]
fn a_good_entity_breaks_nothing() {
    assert_eq!(said(&component()), "");
}

#[test]
fn names() {
    let long = "a".repeat(63);
    for good in ["a", "A1", "a-b_c.d", "orders--checkout", long.as_str()] {
        assert_eq!(said(&with("/metadata/name", json!(good))), "", "{good}");
    }
    let longer = "a".repeat(64);
    for bad in ["", "-a", "a-", "a b", "ä", "a/b", longer.as_str()] {
        assert!(said(&with("/metadata/name", json!(bad))).starts_with("metadata.name must be letters"), "{bad}");
    }
    for (bad, good) in [("Default", "default"), ("a.b", "a--b"), ("-a", "a1")] {
        assert!(said(&with("/metadata/namespace", json!(bad))).starts_with("metadata.namespace must be"), "{bad}");
        assert_eq!(said(&with("/metadata/namespace", json!(good))), "", "{good}");
    }
}

#[test]
fn labels_annotations_and_tags() {
    assert_eq!(said(&with("/metadata/labels", json!({ "a.b/c": "x", "d": "" }))), "");
    assert_eq!(said(&with("/metadata/annotations", json!({ "a.b/c": "any: thing at all" }))), "");
    assert_eq!(said(&with("/metadata/tags", json!(["java", "c++", "c#", "lang:go", "a-b"]))), "");
    for (field, value, path) in [
        ("labels", json!({ "a/b/c": "x" }), "metadata.labels.a/b/c"),
        ("labels", json!({ "a": "x y" }), "metadata.labels.a"),
        ("labels", json!({ "a": true }), "metadata.labels.a"),
        ("annotations", json!({ "A.b/c": "x" }), "metadata.annotations[\"A.b/c\"]"),
        ("annotations", json!({ "a": 1 }), "metadata.annotations.a"),
        ("tags", json!(["Java"]), "metadata.tags[0]"),
        ("tags", json!(["java", "a--b"]), "metadata.tags[1]"),
        ("tags", json!("java"), "metadata.tags"),
    ] {
        let found = check(&with(&format!("/metadata/{field}"), value));
        assert_eq!(found.iter().map(Violation::path).collect::<Vec<_>>(), [path]);
    }
}

#[test]
fn links() {
    for url in ["https://a.example", "http://localhost:3000/x?y", "mailto:a@b", "HTTPS://[::1]:80/", "https:a"] {
        assert_eq!(said(&with("/metadata/links", json!([{ "url": url }]))), "", "{url}");
    }
    for url in
        ["", "/docs", "a.example", "https://", "https://a b/", "https://1.2.3.4.5/", "http://a:99999/", "https://[::1"]
    {
        let text = said(&with("/metadata/links", json!([{ "url": url }])));
        assert!(text.starts_with("metadata.links[0].url must be an absolute URL"), "{url}: {text}");
    }
    assert!(said(&with("/metadata/links", json!([{ "title": "x" }]))).starts_with("metadata.links[0].url is missing"));
}

#[test]
fn messages() {
    let mut misspelled = component();
    let owner = misspelled["spec"].as_object_mut().unwrap().remove("owner").unwrap();
    misspelled["spec"]["onwer"] = owner;
    assert_eq!(said(&misspelled), "spec.owner is missing; did you mean `owner` where it says `onwer`?\n");
    let mut bare = component();
    bare.as_object_mut().unwrap().remove("spec");
    assert_eq!(said(&bare), "spec is missing; the kind Component needs spec: a map\n");
    assert_eq!(
        said(&with("/spec/dependsOn", json!(["orders-stock"]))),
        "spec.dependsOn[0] must be a reference, and it `orders-stock` names no kind; write it as \
         [kind:][namespace/]name, such as component:name\n"
    );
    assert_eq!(
        said(&with("/spec/lifecycle", json!(1))),
        "spec.lifecycle must be a text, and it is a number; quote it: \"1\"\n"
    );
    assert_eq!(
        said(&with("/kind", json!("component"))),
        "kind is component, which Backstage doesn't know; did you mean Component?\n"
    );
    assert_eq!(
        said(&with("/apiVersion", json!("backstage.io/v1"))),
        "apiVersion must be backstage.io/v1alpha1 or backstage.io/v1beta1 for the kind Component; write apiVersion: \
         backstage.io/v1alpha1\n"
    );
    assert_eq!(
        said(&with("/status", json!({}))),
        "status is no field of an entity; an entity has apiVersion, kind, metadata and spec, and nothing beside them\n"
    );
}

#[test]
fn placeholders_stand_for_what_they_become() {
    let mut api = with("/kind", json!("API"));
    api["spec"]["definition"] = json!({ "$text": "./openapi.yaml" });
    assert_eq!(said(&api), "");
    api["spec"]["definition"] = json!({ "openapi": "3.1.0" });
    assert!(said(&api).starts_with("spec.definition must be a text, and it is a map"));
    api["spec"]["definition"] = json!({ "$text": "a", "b": "c" });
    assert!(said(&api).starts_with("spec.definition"));
    assert_eq!(said(&with("/spec/dependsOn", json!({ "$yaml": "deps.yaml" }))), "");
    assert!(
        said(&with("/spec/dependsOn", json!({ "$text": "deps.yaml" }))).starts_with("spec.dependsOn must be a list")
    );
}

#[test]
fn references_and_their_defaults() {
    let read = |text: &str, kind| EntityRef::parse(text, kind, "default").map(|found| found.to_string());
    assert_eq!(read("team-a", Some("Group")).unwrap(), "group:default/team-a");
    assert_eq!(read("User:Guests/Ann", Some("Group")).unwrap(), "user:guests/ann");
    assert_eq!(read("ns/a:b", Some("Group")).unwrap(), "group:ns/a:b");
    assert_eq!(read("team-a", None), Err("`team-a` names no kind".into()));
    assert_eq!(read(":a", None), Err("`:a` has an empty kind".into()));
    assert_eq!(read("group:/a", None), Err("`group:/a` has an empty namespace".into()));
    assert_eq!(read("group:a/", None), Err("`group:a/` has an empty name".into()));
}

#[test]
fn only_catalog_files_and_entities_are_meant() {
    assert!(is_catalog_file("catalog-info.yaml") && is_catalog_file("catalog/a/b.yml"));
    assert!(!is_catalog_file("skeleton/catalog-info.yaml") && !is_catalog_file("catalog/README.md"));
    assert!(is_entity(&component()));
    assert!(is_entity(&json!({ "apiVersion": "scaffolder.backstage.io/v1beta3" })));
    assert!(is_entity(&json!({ "apiVersion": "backstage.oi/v1alpha1", "kind": "Component" })));
    assert!(!is_entity(&json!({ "apiVersion": "v1", "kind": "ConfigMap" })));
}
