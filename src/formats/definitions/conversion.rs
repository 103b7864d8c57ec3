//! How a CRD says that its versions are converted, as the API server judges it.
//! As k8s.io/apiextensions-apiserver v0.36, validateCustomResourceConversion, and k8s.io/apiserver, pkg/util/webhook.

use serde_json::{Value, json};

use super::judge::wrong_label;
use crate::formats::schema::{self, Trail, Violation};

pub fn faults(conversion: &Value, trail: &Trail, found: &mut Vec<Violation>) {
    if conversion.is_null() {
        return;
    }
    let strategy = conversion["strategy"].as_str().unwrap_or_default();
    let webhook = &conversion["webhook"];
    let at = trail.field("webhook");
    let (client, reviews) = (&webhook["clientConfig"], webhook["conversionReviewVersions"].as_array());
    match strategy {
        "" => found.push(trail.field("strategy").required("")),
        "Webhook" => {
            let client_at = at.field("clientConfig");
            if client.is_null() {
                found.push(client_at.required("required when strategy is set to Webhook"));
            } else {
                of_client(client, &client_at, found);
            }
            let names: Vec<&str> = reviews.into_iter().flatten().filter_map(Value::as_str).collect();
            of_reviews(&names, &at.field("conversionReviewVersions"), found);
            return;
        }
        "None" => {}
        other => found.push(trail.field("strategy").not_supported(&other.into(), &["None", "Webhook"])),
    }
    let detail = "should not be set when strategy is not set to Webhook";
    if !client.is_null() {
        found.push(at.field("clientConfig").forbidden(detail));
    }
    if reviews.is_some_and(|reviews| !reviews.is_empty()) {
        found.push(at.field("conversionReviewVersions").forbidden(detail));
    }
}

fn of_client(client: &Value, trail: &Trail, found: &mut Vec<Violation>) {
    let (url, service) = (&client["url"], &client["service"]);
    match (url.as_str(), service.is_null()) {
        (Some(url), true) => of_url(url, &trail.field("url"), found),
        (None, false) => of_service(service, &trail.field("service"), found),
        _ => found.push(trail.required("exactly one of url or service is required")),
    }
}

const FORM: &str = "; desired format: https://host[/path]";

fn of_url(url: &str, trail: &Trail, found: &mut Vec<Violation>) {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    if scheme != "https" {
        found.push(trail.invalid(&scheme.into(), &format!("'https' is the only allowed URL scheme{FORM}")));
    }
    let (before, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (before, query) = before.split_once('?').unwrap_or((before, ""));
    let authority = if scheme.is_empty() { "" } else { before.split('/').next().unwrap_or_default() };
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    if host.is_empty() {
        found.push(trail.invalid(&host.into(), &format!("host must be specified{FORM}")));
    }
    for (part, detail) in [
        (user, "user information is not permitted in the URL"),
        (fragment, "fragments are not permitted in the URL"),
        (query, "query parameters are not permitted in the URL"),
    ] {
        if !part.is_empty() {
            found.push(trail.invalid(&part.into(), detail));
        }
    }
}

fn of_service(service: &Value, trail: &Trail, found: &mut Vec<Violation>) {
    for key in ["name", "namespace"] {
        if service[key].as_str().unwrap_or_default().is_empty() {
            found.push(trail.field(key).required(""));
        }
    }
    let port = service["port"].as_i64().unwrap_or(443);
    if !(1..=65535).contains(&port) {
        found.push(
            trail.field("port").invalid(&port.into(), "port is not valid: must be between 1 and 65535, inclusive"),
        );
    }
    let Some(path) = service["path"].as_str().filter(|path| !matches!(*path, "" | "/")) else { return };
    let at = trail.field("path");
    let Some(inner) = path.strip_prefix('/') else {
        found.push(at.invalid(&path.into(), "must start with a '/'"));
        return;
    };
    for (index, step) in inner.strip_suffix('/').unwrap_or(inner).split('/').enumerate() {
        if step.is_empty() {
            found.push(at.invalid(&path.into(), &format!("segment[{index}] may not be empty")));
            continue;
        }
        for wrong in schema::wrong_subdomain(step) {
            found.push(at.invalid(&path.into(), &format!("segment[{index}]: {wrong}")));
        }
    }
}

fn of_reviews(versions: &[&str], trail: &Trail, found: &mut Vec<Violation>) {
    if versions.is_empty() {
        found.push(trail.required(""));
        return;
    }
    for (at, version) in versions.iter().enumerate() {
        if versions[..at].contains(version) {
            found.push(trail.index(at).invalid(&json!(version), "duplicate version"));
            continue;
        }
        for wrong in wrong_label(version) {
            found.push(trail.index(at).invalid(&json!(version), &wrong));
        }
    }
    if !versions.iter().any(|version| matches!(*version, "v1" | "v1beta1")) {
        found.push(trail.invalid(&json!(versions), "must include at least one of v1, v1beta1"));
    }
}
