//! Tests of views: what is seen where, pods of controllers, security contexts, edits.

use serde_json::json;

use super::*;

fn parsed(text: &str) -> Manifest {
    Manifest::parse("test", text).unwrap()
}

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop, labels: {app: api}}
spec:
  template:
    metadata: {labels: {tier: web}}
    spec:
      securityContext: {runAsNonRoot: true, fsGroup: 1, windowsOptions: {hostProcess: true, runAsUserName: a}, seLinuxOptions: {type: t}}
      initContainers:
        - {name: wait, image: wait:1}
        - {name: proxy, image: proxy:1, restartPolicy: Always}
      containers:
        - name: api
          image: api:1
          securityContext: {runAsUser: 7, windowsOptions: {runAsUserName: b}, seLinuxOptions: {level: l}}
";

#[test]
fn a_template_is_seen_as_a_pod() {
    let pod = parsed(DEPLOYMENT).pod().unwrap();
    assert_eq!((pod.kind(), pod.api_version()), ("Pod", "v1"));
    assert_eq!((pod.of_metadata("name"), pod.of_metadata("namespace")), (Some("api"), Some("shop")));
    assert_eq!((pod.text_in("labels", "tier"), pod.text_in("labels", "app")), (Some("web"), None));
    assert_eq!(pod.whole().kind(), "Deployment");
    let paths: Vec<(String, Option<&str>)> =
        pod.containers().iter().map(|c| (yaml::Path(&c.path()).to_string(), c.role())).collect();
    assert_eq!(
        paths,
        [
            ("spec.template.spec.initContainers[0]".into(), Some("init")),
            ("spec.template.spec.initContainers[1]".into(), Some("sidecar")),
            ("spec.template.spec.containers[0]".into(), Some("main")),
        ]
    );
    assert_eq!(parsed("apiVersion: v1\nkind: Service\n").pod(), None);
    assert_eq!(parsed("apiVersion: apps/v1\nkind: Deployment\nspec: {template: 7}\n").pod(), None);
}

#[test]
fn security_contexts_are_merged_as_the_kubelet_does() {
    let containers = parsed(DEPLOYMENT).containers();
    let at = |container: usize, field: &str| {
        let steps: Vec<Segment> = yaml::parse_path(field).unwrap().iter().map(Segment::from).collect();
        let place = containers[container].security_at(&steps);
        format!("{}={}", yaml::Path(&place.path()), place.value())
    };
    let pod = "spec.template.spec.securityContext";
    let own = "spec.template.spec.containers[0].securityContext";
    assert_eq!(at(2, "runAsNonRoot"), format!("{pod}.runAsNonRoot=true"));
    assert_eq!(at(2, "runAsUser"), format!("{own}.runAsUser=7"));
    assert_eq!(at(2, "windowsOptions.hostProcess"), format!("{pod}.windowsOptions.hostProcess=true"));
    assert_eq!(at(2, "windowsOptions.runAsUserName"), format!("{own}.windowsOptions.runAsUserName=\"b\""));
    assert_eq!(at(2, "seLinuxOptions.type"), format!("{own}.seLinuxOptions.type=null"));
    assert_eq!(at(2, "fsGroup"), format!("{own}.fsGroup=null"), "a pod's alone");
    assert_eq!(at(0, "seLinuxOptions.type"), format!("{pod}.seLinuxOptions.type=\"t\""));
}

#[test]
fn places_are_there_or_not() {
    let object = parsed(DEPLOYMENT);
    assert_eq!(object.at("metadata.name").unwrap().value(), &json!("api"));
    let nowhere = object.at("spec.strategy.type").unwrap();
    assert_eq!((nowhere.value(), nowhere.path().len()), (&json!(null), 3));
    assert_eq!(object.at(&"a.".repeat(200)).unwrap_err().code(), "idp::yaml::path");
    assert_eq!(object.at(&format!("a{}", ".a".repeat(200))).unwrap_err().code(), "idp::manifest::path");
}

#[test]
fn edits_are_remembered_by_the_whole_object() {
    let pod = parsed(DEPLOYMENT).pod().unwrap();
    let container = pod.containers()[2].clone();
    let place = pod.place_of(&Dynamic::from(container.at("image").unwrap())).unwrap();
    let mended = pod.set_at(&place, json!("api:2")).unwrap();
    let mended = mended.remove_at(&mended.at("spec.securityContext").unwrap()).unwrap();
    let mended = mended.set_at(&mended.at("spec.nodeSelector.a").unwrap(), json!("b")).unwrap();
    assert_eq!(mended.get(&yaml::parse_path("spec.containers[0].image").unwrap()), Some(&json!("api:2")));
    let edits: Vec<(&str, Option<Value>)> =
        mended.edits().iter().map(|edit| (edit.path.as_str(), edit.to.clone())).collect();
    assert_eq!(
        edits,
        [
            ("spec.template.spec.containers[0].image", Some(json!("api:2"))),
            ("spec.template.spec.securityContext", None),
            ("spec.template.spec.nodeSelector.a", Some(json!("b"))),
        ]
    );
    assert!(pod.edits().is_empty(), "the first one stays what it was");
    let same = pod.set_at(&place, json!("api:1")).unwrap();
    assert!(same.edits().is_empty(), "what is so already is no edit");
    assert!(pod.set_at(&pod.at("spec.containers[3]").unwrap(), json!({})).is_err());
    assert!(pod.set_at(&pod.at("spec.containers[1]").unwrap(), json!({})).is_ok(), "one past the end is added");
}
