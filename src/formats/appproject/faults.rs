//! What is wrong with a project itself, whatever its Applications ask for.

use std::collections::BTreeSet;

use serde_json::Value;

use super::cron::Schedule;
use super::{glob, windows};

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
    roles(project, &mut found);
    sync_windows(spec, &mut found);
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

fn roles(project: &Value, found: &mut Vec<Fault>) {
    let named = text(&project["metadata"], "name");
    let mut seen = BTreeSet::new();
    for (at, role) in items(&project["spec"]["roles"]).enumerate() {
        let (path, name) = (format!("spec.roles[{at}]"), text(role, "name"));
        if !seen.insert(name) {
            found.push(Fault { path: format!("{path}.name"), message: format!("role '{name}' already exists") });
        }
        let ends = |c: char| c.is_ascii_alphanumeric();
        let is_name =
            name.starts_with(ends) && name.ends_with(ends) && name.chars().all(|c| ends(c) || "-_".contains(c));
        if !is_name {
            let message = format!(
                "invalid role name '{name}'. Must consist of alphanumeric characters, '-' or '_', and must start and end \
                 with an alphanumeric character"
            );
            found.push(Fault { path: format!("{path}.name"), message });
        }
        let mut lines = BTreeSet::new();
        for (at, line) in items(&role["policies"]).enumerate() {
            let line = line.as_str().unwrap_or_default();
            let twice = || format!("policy '{line}' already exists for role '{name}'");
            let message = if lines.insert(line) { super::roles::fault(named, name, line) } else { Some(twice()) };
            found.extend(message.map(|message| Fault { path: format!("{path}.policies[{at}]"), message }));
        }
    }
}

/// The longest description of a window, in bytes.
const LONGEST_DESCRIPTION: usize = 255;

fn sync_windows(spec: &Value, found: &mut Vec<Fault>) {
    for (at, window) in items(&spec["syncWindows"]).enumerate() {
        let (kind, schedule) = (text(window, "kind"), text(window, "schedule"));
        let mut wrong = |field: &str, message: String| {
            let path = format!("spec.syncWindows[{at}]");
            let path = if field.is_empty() { path } else { format!("{path}.{field}") };
            found.push(Fault { path, message });
        };
        if !matches!(kind, "allow" | "deny") {
            wrong("kind", format!("kind '{kind}' mismatch: can only be allow or deny"));
        }
        if let Err(why) = Schedule::parse(schedule) {
            wrong("schedule", format!("cannot parse schedule '{schedule}': {why}"));
        }
        if let Err(message) = windows::length(window) {
            wrong("duration", message);
        }
        if text(window, "description").len() > LONGEST_DESCRIPTION {
            wrong("description", format!("description must not exceed {LONGEST_DESCRIPTION} characters"));
        }
        let names = |field: &str| items(&window[field]).next().is_some();
        if !["applications", "namespaces", "clusters"].into_iter().any(names) {
            let duration = text(window, "duration");
            let message =
                format!("window '{kind}':'{schedule}':'{duration}' requires one of application, cluster or namespace");
            wrong("", message);
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
