//! Tests of references.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::formats::yaml::Path;

/// `KIND NAMESPACE/NAME at PATH`, a line a reference.
fn shown(object: Value) -> Vec<String> {
    let line = |reference: Reference| {
        let Reference { group, kind, name, namespace, optional, path } = reference;
        let group = if group.is_empty() { String::new() } else { format!(".{group}") };
        let namespace = namespace.map(|namespace| format!("{namespace}/")).unwrap_or_default();
        let optional = if optional { " (optional)" } else { "" };
        format!("{kind}{group} {namespace}{name}{optional} at {}", Path(&path))
    };
    of(&object).into_iter().map(line).collect()
}

#[test]
fn pods_name_what_they_mount_and_read() {
    let pod = json!({
        "serviceAccountName": "api", "serviceAccount": "old",
        "priorityClassName": "high", "imagePullSecrets": [{ "name": "pull" }],
        "volumes": [
            { "name": "a", "configMap": { "name": "files", "optional": true } },
            { "name": "b", "secret": { "secretName": "tls" } },
            { "name": "c", "projected": { "sources": [{ "serviceAccountToken": {} }, { "secret": { "name": "keys" } }] } },
            { "name": "d", "persistentVolumeClaim": { "claimName": "data" } },
            { "name": "e", "emptyDir": {} },
        ],
        "initContainers": [{ "name": "i", "envFrom": [{ "secretRef": { "name": "init" } }] }],
        "containers": [{ "name": "c", "env": [
            { "name": "A", "value": "a" },
            { "name": "B", "valueFrom": { "secretKeyRef": { "name": "db", "key": "password", "optional": true } } },
        ], "envFrom": [{ "configMapRef": { "name": "env" } }] }],
    });
    let cron = json!({
        "apiVersion": "batch/v1", "kind": "CronJob", "metadata": { "name": "x", "namespace": "n" },
        "spec": { "jobTemplate": { "spec": { "template": { "spec": pod } } } },
    });
    let spec = "spec.jobTemplate.spec.template.spec";
    let expected = [
        format!("ServiceAccount n/api at {spec}.serviceAccountName"),
        format!("PriorityClass.scheduling.k8s.io high at {spec}.priorityClassName"),
        format!("Secret n/pull at {spec}.imagePullSecrets[0].name"),
        format!("ConfigMap n/files (optional) at {spec}.volumes[0].configMap.name"),
        format!("Secret n/tls at {spec}.volumes[1].secret.secretName"),
        format!("Secret n/keys at {spec}.volumes[2].projected.sources[1].secret.name"),
        format!("PersistentVolumeClaim n/data at {spec}.volumes[3].persistentVolumeClaim.claimName"),
        format!("Secret n/db (optional) at {spec}.containers[0].env[1].valueFrom.secretKeyRef.name"),
        format!("ConfigMap n/env at {spec}.containers[0].envFrom[0].configMapRef.name"),
        format!("Secret n/init at {spec}.initContainers[0].envFrom[0].secretRef.name"),
    ];
    assert_eq!(shown(cron), expected);
    let bare = json!({ "apiVersion": "v1", "kind": "Pod", "spec": { "serviceAccount": "old" } });
    assert_eq!(shown(bare), ["ServiceAccount /old at spec.serviceAccount"]);
}

#[test]
fn routes_scalers_and_bindings_name_their_targets() {
    let ingress = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": { "namespace": "n" },
        "spec": {
            "ingressClassName": "nginx", "tls": [{ "secretName": "cert" }],
            "rules": [{ "http": { "paths": [{ "backend": { "service": { "name": "api", "port": { "number": 80 } } } }] } }],
        },
    });
    assert_eq!(
        shown(ingress),
        [
            "IngressClass.networking.k8s.io nginx at spec.ingressClassName",
            "Secret n/cert at spec.tls[0].secretName",
            "Service n/api at spec.rules[0].http.paths[0].backend.service.name",
        ]
    );
    let route = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": { "namespace": "n" },
        "spec": {
            "parentRefs": [{ "name": "public", "namespace": "gateways" }],
            "rules": [{ "backendRefs": [{ "name": "api" }, { "group": "net.gke.io", "kind": "ServiceImport", "name": "far" }] }],
        },
    });
    assert_eq!(
        shown(route),
        [
            "Gateway.gateway.networking.k8s.io gateways/public at spec.parentRefs[0].name",
            "Service n/api at spec.rules[0].backendRefs[0].name",
            "ServiceImport.net.gke.io n/far at spec.rules[0].backendRefs[1].name",
        ]
    );
    let scaler = json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": { "namespace": "n" },
        "spec": { "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "api" } },
    });
    assert_eq!(shown(scaler), ["Deployment.apps n/api at spec.scaleTargetRef.name"]);
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": { "namespace": "n" },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view" },
        "subjects": [
            { "kind": "Group", "name": "team", "apiGroup": "rbac.authorization.k8s.io" },
            { "kind": "ServiceAccount", "name": "ci", "namespace": "build" },
        ],
    });
    assert_eq!(
        shown(binding),
        ["ClusterRole.rbac.authorization.k8s.io view at roleRef.name", "ServiceAccount build/ci at subjects[1].name",]
    );
}

#[test]
fn what_is_called_the_same_in_another_group_names_nothing() {
    let other = json!({ "apiVersion": "example.org/v1", "kind": "Deployment", "spec": { "template": { "spec": { "serviceAccountName": "a" } } } });
    assert_eq!(shown(other), Vec::<String>::new());
}

#[test]
fn every_field_of_the_table_is_found() {
    for known in OBJECTS {
        let pod = known.pod.map(|at| POD.iter().map(move |field| (at, field)));
        let all = known.fields.iter().map(|field| ("", field)).chain(pod.into_iter().flatten());
        for (prefix, field) in all {
            let at = [prefix, field.at].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(".");
            let kind = match field.names {
                Names::If(_, kind) => kind,
                _ => "Given",
            };
            let mut value = json!({ field.name: "x", "kind": kind });
            for part in at.split('.').rev().filter(|part| !part.is_empty()) {
                value = match part.strip_suffix("[]") {
                    Some(key) => json!({ key: [value] }),
                    None => json!({ part: value }),
                };
            }
            value["apiVersion"] = format!("{}/v1", known.groups[0]).trim_start_matches('/').into();
            value["kind"] = known.kinds[0].into();
            assert_eq!(of(&value).len(), 1, "{value}");
        }
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let words = "spec|template|volumes|secret|name|containers|env|valueFrom|secretKeyRef|rules|http|paths|subjects";
    let leaf =
        prop_oneof!["a|ServiceAccount|".prop_map(Value::from), Just(Value::Null), any::<bool>().prop_map(Value::from)];
    leaf.prop_recursive(6, 48, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((words, inner), 0..5)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_panics(mut object in any_value(), which in 0..OBJECTS.len()) {
        if let Value::Object(map) = &mut object {
            map.insert("apiVersion".into(), format!("{}/v1", OBJECTS[which].groups[0]).trim_start_matches('/').into());
            map.insert("kind".into(), OBJECTS[which].kinds[0].into());
        }
        for reference in of(&object) {
            prop_assert!(crate::formats::yaml::get(&object, &reference.path).is_some());
        }
    }
}
