//! Tests of what rules apply to.

use rhai::{Dynamic, Map};

use super::*;

fn list(items: &[&str]) -> Dynamic {
    Dynamic::from_array(items.iter().map(|item| Dynamic::from((*item).to_owned())).collect())
}

fn matching(fields: &[(&str, Dynamic)]) -> Match {
    let map: Map = fields.iter().map(|(key, value)| ((*key).into(), value.clone())).collect();
    let (found, wrong) = Match::of(&map);
    assert!(wrong.is_empty(), "{wrong:?}");
    found
}

fn said(applies_to: &Match, object: &Manifest) -> String {
    let candidate = Candidate { object, file: "apps/api/web.yaml", environment: Some("prod") };
    match applies_to.view_or_why(&candidate) {
        Ok(view) => view.kind().to_owned(),
        Err(why) => why,
    }
}

#[test]
fn every_field_lets_through_what_it_names() {
    let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop-prod, labels: {a: b}}\n\
                spec: {template: {metadata: {labels: {tier: web}}, spec: {}}}\n";
    let object = Manifest::parse("t", text).unwrap();
    let one = |key: &str, items: &[&str]| said(&matching(&[(key, list(items))]), &object);
    assert_eq!(said(&Match::default(), &object), "Deployment");
    assert_eq!(one("kinds", &["Pod"]), "Pod");
    assert_eq!(one("kinds", &["Pod", "Deployment"]), "Deployment");
    assert_eq!(one("kinds", &["Service"]), "the kind Deployment is none of Service");
    assert_eq!(one("api_groups", &["", "apps"]), "Deployment");
    assert_eq!(one("api_groups", &[""]), "the API group `apps` is none of ");
    assert_eq!(one("namespaces", &["shop-*"]), "Deployment");
    assert_eq!(one("not_namespaces", &["shop-*"]), "the namespace `shop-prod` is left out: shop-*");
    assert_eq!(one("names", &["api"]), "the name `web` is none of api");
    assert_eq!(one("paths", &["apps/**"]), "Deployment");
    assert_eq!(one("paths", &["base/**"]), "the file `apps/api/web.yaml` is none of base/**");
    assert_eq!(one("environments", &["dev"]), "the environment `prod` is none of dev");
    let labels = |kind: &str, label: &str| {
        let map: Map = [(label.into(), Dynamic::from("w*".to_owned()))].into_iter().collect();
        said(&matching(&[("kinds", list(&[kind])), ("labels", Dynamic::from_map(map))]), &object)
    };
    assert_eq!(labels("Pod", "tier"), "Pod", "a pod's labels are its own");
    assert_eq!(labels("Deployment", "tier"), "the label tier is missing");
}

#[test]
fn a_namespace_is_in_itself() {
    let object = Manifest::parse("t", "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n").unwrap();
    assert_eq!(said(&matching(&[("namespaces", list(&["shop"]))]), &object), "Namespace");
}

#[test]
fn kinds_are_globs_and_pods_are_still_templates() {
    let text =
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: a}\nspec: {template: {spec: {containers: []}}}\n";
    let object = Manifest::parse("t", text).unwrap();
    let view = |kinds: &[&str]| {
        let applies_to = matching(&[("kinds", list(kinds))]);
        let candidate = Candidate { object: &object, file: "a.yaml", environment: None };
        applies_to.view(&candidate).map(|view| view.kind().to_owned())
    };
    assert_eq!(view(&["*Set"]).as_deref(), Some("StatefulSet"));
    assert_eq!(view(&["Deploy*", "Pod"]).as_deref(), Some("Pod"));
    assert_eq!(view(&["*"]).as_deref(), Some("StatefulSet"));
    assert_eq!(view(&["Deploy*"]), None);
}

#[test]
fn unknown_fields_are_refused() {
    let fields = [("kind", list(&["Pod"])), ("names", Dynamic::from(7_i64)), ("paths", list(&["a["]))];
    let map: Map = fields.into_iter().map(|(key, value)| (key.into(), value)).collect();
    let (_, wrong) = Match::of(&map);
    let told: Vec<_> = wrong.iter().map(|error| (error.message(), error.help_text())).collect();
    assert_eq!(told[0], ("applies_to has no `kind`", Some("did you mean `kinds`?")));
    assert_eq!(told[1], ("names must be a list of texts", None));
    assert!(told.len() == 3 && told[2].0.starts_with("paths: "), "{told:?}");
}

#[test]
fn ids_have_a_pack_and_a_rule() {
    assert_eq!(id_of("pod-security/host-ports"), Some(("pod-security", "host-ports")));
    for id in ["", "one", "a/b/c", "A/b", "a/", "a b"] {
        assert_eq!(id_of(id), None, "{id}");
    }
}
