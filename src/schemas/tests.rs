//! Tests of lookups: kinds of Kubernetes over its versions, of the tools around it, of the workspace.

use super::*;
use crate::formats::definitions;
use crate::formats::yaml;

fn at(release: &str) -> Schemas {
    Schemas::embedded(release).unwrap()
}

fn crd(version: &str, field: &str) -> Vec<Definition> {
    let text = format!(
        "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{ name: gadgets.acme.example }}
spec:
  group: acme.example
  scope: Namespaced
  names: {{ kind: Gadget, plural: gadgets }}
  versions:
    - {{ name: v1alpha1, served: false, storage: false, schema: {{ openAPIV3Schema: {{ type: object }} }} }}
    - name: {version}
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              required: [{field}]
              properties:
                {field}: {{ type: integer, minimum: 1 }}
                mode: {{ type: string, default: fast, enum: [fast, slow] }}
"
    );
    definitions::read(&yaml::parse("gadget.yaml", &text).unwrap()[0]).unwrap()
}

#[test]
fn no_kind_is_taken_for_a_file_of_a_tool() {
    let kubernetes = kubernetes::kinds().iter().map(|kind| (kind.api_version(), kind.kind.to_owned()));
    let around: Vec<_> = platform::definitions().unwrap();
    let around = around.iter().map(|known| (known.api_version(&known.versions[0].name), known.kind.clone()));
    for (api_version, kind) in kubernetes.chain(around) {
        let object = serde_json::json!({ "apiVersion": api_version, "kind": kind });
        assert!(crate::formats::objects::object_of(&object).is_some(), "{api_version} {kind}");
    }
}

#[test]
fn kinds_of_kubernetes_are_known_with_their_scope() {
    let schemas = at("1.36");
    let Found::Known(kind) = schemas.find("apps/v1", "Deployment") else { panic!("not found") };
    assert!(kind.namespaced && !kind.is_partial() && kind.definition().is_none());
    assert_eq!((kind.plural.as_str(), kind.deprecated.as_deref()), ("deployments", None));
    let Found::Known(kind) = schemas.find("v1", "Endpoints") else { panic!("not found") };
    let warning = "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice";
    assert_eq!((kind.plural.as_str(), kind.deprecated.as_deref()), ("endpoints", Some(warning)));
    let Found::Known(kind) = at("1.32").find("v1", "Endpoints") else { panic!("not found") };
    assert_eq!(kind.deprecated, None);
}

#[test]
fn versions_come_and_go_with_releases() {
    let said = |release: &str, api_version: &str, kind: &str| match at(release).find(api_version, kind) {
        Found::Known(_) => "known".to_string(),
        Found::Removed { release, instead } => format!("gone in {release}, use {instead:?}"),
        Found::NotYet { release, instead } => format!("from {release}, use {instead:?}"),
        Found::UnknownVersion { has, all } => format!("has {has:?} {all}"),
        Found::UnknownKind { nearest, all } => format!("near {nearest:?} {all}"),
        Found::UnknownGroup { nearest } => format!("unknown group, near {nearest:?}"),
        Found::Broken(broken) => format!("broken: {}", broken.error),
    };
    assert_eq!(said("1.37", "extensions/v1beta1", "Ingress"), "gone in 1.22, use Some(\"networking.k8s.io/v1\")");
    assert_eq!(said("1.37", "policy/v1beta1", "PodSecurityPolicy"), "gone in 1.25, use None");
    assert_eq!(said("1.37", "batch/v1beta1", "CronJob"), "gone in 1.25, use Some(\"batch/v1\")");
    assert_eq!(said("1.32", "resource.k8s.io/v1", "DeviceClass"), "from 1.34, use Some(\"resource.k8s.io/v1beta1\")");
    assert_eq!(said("1.34", "resource.k8s.io/v1", "DeviceClass"), "known");
    assert_eq!(
        said("1.37", "resource.k8s.io/v1alpha3", "DeviceClass"),
        "gone in 1.34, use Some(\"resource.k8s.io/v1\")"
    );
    assert_eq!(said("1.37", "apps/v3", "Deployment"), "has [\"apps/v1\"] true");
    assert_eq!(said("1.37", "apps/v1", "deploymnt"), "near Some(\"Deployment\") true");
    assert_eq!(said("1.37", "apps/v1", "Gadget"), "near None true");
    assert_eq!(said("1.37", "argoproj.io/v1alpha1", "AppProjects"), "near Some(\"AppProject\") false");
    assert_eq!(said("1.37", "argoproj.io/v1alpha1", "Workflow"), "near None false");
    assert_eq!(said("1.37", "argoproj.io/v1", "Application"), "has [\"argoproj.io/v1alpha1\"] false");
    assert_eq!(said("1.37", "acme.example/v1", "Gadget"), "unknown group, near None");
}

#[test]
fn the_workspace_comes_before_what_is_built_in_and_the_later_before_the_earlier() {
    let schemas = at("1.36").with(crd("v1", "size")).with(crd("v2", "size"));
    let Found::Known(kind) = schemas.find("acme.example/v2", "Gadget") else { panic!("not found") };
    assert_eq!(kind.definition().unwrap().place.as_ref().unwrap().file, "gadget.yaml");
    assert!(matches!(schemas.find("acme.example/v1", "Gadget"), Found::UnknownVersion { all: true, .. }));
    // A version that isn't served is none.
    assert!(matches!(schemas.find("acme.example/v1alpha1", "Gadget"), Found::UnknownVersion { .. }));
    assert_eq!(schemas.defined_twice().len(), 1);
    assert!(at("1.36").with(crd("v1", "size")).with(crd("v1", "size")).defined_twice().is_empty());

    let application = crd("v1", "size")
        .into_iter()
        .map(|gadget| Definition { group: "argoproj.io".into(), kind: "Application".into(), ..gadget })
        .collect();
    let schemas = at("1.36").with(application);
    let Found::UnknownVersion { all, .. } = schemas.find("argoproj.io/v2", "Application") else { panic!("found") };
    assert!(all, "the CRD takes the place of the part that is built in");
    assert!(schemas.defined_twice().is_empty());
}

#[test]
fn a_release_that_is_not_built_in_is_an_error() {
    let error = Schemas::embedded("1.20").unwrap_err();
    assert_eq!(error.code(), "idp::schema::release");
    assert_eq!(
        error.help_text(),
        Some("built in are 1.32 to 1.37: name the nearest one, as `kubernetes` in idp.yaml or --kubernetes")
    );
    assert_eq!(Schemas::embedded("v1.36.4").unwrap().release(), "1.36");
}
