//! What is wrong with a project itself, whatever its Applications ask for.

use std::collections::BTreeSet;

use serde_json::Value;

use super::glob;

/// Something that is wrong, in the words of Argo CD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where in the project: `spec.destinations[0].namespace`.
    pub path: String,
    /// What.
    pub message: String,
}

/// Signs that the name of a service account doesn't have.
const NOT_IN_ACCOUNTS: [char; 8] = ['!', '*', '[', ']', '{', '}', '\\', '/'];

/// All that is wrong with a project.
pub fn faults(project: &Value) -> Vec<Fault> {
    let spec = &project["spec"];
    let mut found = Vec::new();
    destinations(spec, &mut found);
    for (list, what) in [("sourceNamespaces", "source namespace"), ("sourceRepos", "source repository")] {
        let mut seen = BTreeSet::new();
        for (at, entry) in items(&spec[list]).enumerate() {
            let entry = entry.as_str().unwrap_or_default();
            let path = format!("spec.{list}[{at}]");
            if list == "sourceRepos" && entry == "!*" {
                found.push(Fault { path, message: format!("{what} has an invalid format, '!*'") });
            } else if !seen.insert(entry) {
                found.push(Fault { path, message: format!("{what} '{entry}' already added") });
            }
        }
    }
    service_accounts(spec, &mut found);
    found
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

fn destinations(spec: &Value, found: &mut Vec<Fault>) {
    let mut seen = BTreeSet::new();
    for (at, item) in items(&spec["destinations"]).enumerate() {
        let path = format!("spec.destinations[{at}]");
        for field in ["name", "server", "namespace"].iter().filter(|field| text(item, field) == "!*") {
            let message = format!("{field} has an invalid format, '!*'");
            found.push(Fault { path: format!("{path}.{field}"), message });
        }
        let by_name = text(item, "server").is_empty() && !text(item, "name").is_empty();
        let cluster = text(item, if by_name { "name" } else { "server" });
        let key = format!("{cluster}/{}", text(item, "namespace"));
        if !seen.insert(key.clone()) {
            found.push(Fault { path, message: format!("destination '{key}' already added") });
        }
    }
}

fn service_accounts(spec: &Value, found: &mut Vec<Fault>) {
    let mut seen = BTreeSet::new();
    for (at, item) in items(&spec["destinationServiceAccounts"]).enumerate() {
        let path = format!("spec.destinationServiceAccounts[{at}]");
        let (server, namespace) = (text(item, "server"), text(item, "namespace"));
        let account = text(item, "defaultServiceAccount");
        let mut wrong = |field: &str, value: &str| {
            let message = format!("{field} has an invalid format, '{value}'");
            found.push(Fault { path: format!("{path}.{field}"), message });
        };
        for (field, value) in [("server", server), ("namespace", namespace)] {
            if value.contains('!') || !glob::is_valid(value) {
                wrong(field, value);
            }
        }
        if account.trim_matches(' ').is_empty() || account.contains(NOT_IN_ACCOUNTS) {
            wrong("defaultServiceAccount", account);
        }
        let key = format!("{server}/{namespace}");
        if !seen.insert(key.clone()) {
            found.push(Fault { path, message: format!("destinationServiceAccount '{key}' already added") });
        }
    }
}
