//! What an audit found as objects of a cluster, which dashboards and exporters of policies read: a report for each namespace
//! and one for the rest. The forms are those of the Kubernetes policy working group and of OpenReports.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::formats::yaml;
use crate::report::{Audit, Detection, ObjectName};

/// Who writes the reports: their name, the value of their label, and the source of their results.
const BY: &str = "idp-run";

/// A form of the same contents.
pub struct Api {
    api_version: &'static str,
    in_namespace: &'static str,
    in_cluster: &'static str,
    /// Whether the report itself says who wrote it.
    has_source: bool,
}

/// `wgpolicyk8s.io`, <https://github.com/kubernetes-sigs/wg-policy-prototypes>.
pub const WORKING_GROUP: Api = Api {
    api_version: "wgpolicyk8s.io/v1alpha2",
    in_namespace: "PolicyReport",
    in_cluster: "ClusterPolicyReport",
    has_source: false,
};

/// `openreports.io`, <https://openreports.io>, which goes on with the former.
pub const OPEN_REPORTS: Api = Api {
    api_version: "openreports.io/v1alpha1",
    in_namespace: "Report",
    in_cluster: "ClusterReport",
    has_source: true,
};

/// The reports as a stream of YAML documents. Each namespace with an object has one, be it empty: applied again, it takes
/// the place of what was found before.
pub fn text(audit: &Audit, api: &Api) -> String {
    let mut reports: BTreeMap<Option<&str>, Vec<&Detection>> = BTreeMap::from([(None, Vec::new())]);
    for seen in &audit.objects {
        reports.entry(namespace(&seen.object)).or_default();
    }
    for detection in &audit.detections {
        let place = audit.object(detection).and_then(namespace);
        reports.entry(place).or_default().push(detection);
    }
    let reports = reports.into_iter().map(|(namespace, found)| yaml::render(&report(audit, api, namespace, &found)));
    reports.collect::<Vec<_>>().join("---\n")
}

/// The namespace that an object names, if it is one that a report can be put into.
fn namespace(object: &ObjectName) -> Option<&str> {
    let is_label = |text: &&str| {
        let inner = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        inner && (1..=63).contains(&text.len()) && !text.starts_with('-') && !text.ends_with('-')
    };
    object.namespace.as_deref().filter(is_label)
}

fn report(audit: &Audit, api: &Api, namespace: Option<&str>, found: &[&Detection]) -> Value {
    let results: Vec<Value> = found.iter().map(|detection| result(audit, detection)).collect();
    let count = |verdict: &str| results.iter().filter(|result| result["result"] == *verdict).count();
    let summary = json!({
        "pass": count("pass"), "fail": count("fail"), "warn": count("warn"), "error": count("error"), "skip": count("skip"),
    });
    let mut metadata = Map::from_iter([("name".to_owned(), BY.into())]);
    if let Some(namespace) = namespace {
        metadata.insert("namespace".into(), namespace.into());
    }
    metadata.insert("labels".into(), json!({ "app.kubernetes.io/managed-by": BY }));
    let kind = if namespace.is_some() { api.in_namespace } else { api.in_cluster };
    let mut report = json!({ "apiVersion": api.api_version, "kind": kind, "metadata": metadata });
    if api.has_source {
        report["source"] = BY.into();
    }
    report["summary"] = summary;
    report["results"] = results.into();
    report
}

fn result(audit: &Audit, detection: &Detection) -> Value {
    let finding = &detection.finding;
    // `pack/rule`, or a policy by itself.
    let (policy, rule) = finding.policy.split_once('/').unwrap_or((&finding.policy, ""));
    let mut result = json!({ "source": BY, "policy": policy });
    if !rule.is_empty() {
        result["rule"] = rule.into();
    }
    result["result"] = verdict(audit, detection).into();
    result["severity"] = json!(finding.severity);
    result["scored"] = audit.counts(detection).into();
    result["message"] = finding.message.as_str().into();
    let named = audit.object(detection).filter(|object| object.name.is_some());
    result["resources"] = named.map(resource).into_iter().collect();
    let place = &finding.place;
    let number = |number: usize| (number > 0).then(|| number.to_string());
    let mut properties = Map::new();
    let mut told = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            properties.insert(name.into(), value.into());
        }
    };
    told("file", Some(place.file.clone()));
    told("line", number(place.line));
    told("column", number(place.column));
    told("path", Some(detection.path.clone()));
    told("help", finding.help.clone());
    told("mended", detection.mended.then(|| "true".to_owned()));
    told("waiver", detection.waived.as_ref().map(ToString::to_string));
    result["properties"] = properties.into();
    result
}

/// A finding that somebody answers for is skipped; one that fails nothing is a warning.
fn verdict(audit: &Audit, detection: &Detection) -> &'static str {
    match &detection.waived {
        Some(_) => "skip",
        None if audit.counts(detection) => "fail",
        None => "warn",
    }
}

fn resource(object: &ObjectName) -> Value {
    let mut resource = json!({ "apiVersion": object.api_version, "kind": object.kind, "name": object.name });
    if let Some(namespace) = &object.namespace {
        resource["namespace"] = namespace.as_str().into();
    }
    resource
}
