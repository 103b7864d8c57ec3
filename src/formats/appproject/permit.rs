//! Whether a project permits a source, a destination, a kind, and all that an Application asks for.

use regex::Regex;
use serde_json::Value;

use super::glob;
use super::url::normalized;
use crate::formats::go_path;
use crate::formats::pattern;

/// Where an Application goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Destination<'a> {
    /// The URL of the cluster's API.
    pub server: &'a str,
    /// The name of the cluster.
    pub name: &'a str,
    /// The namespace.
    pub namespace: &'a str,
}

/// Something that a project refuses, in the words of Argo CD, which goes on with why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Where in the Application: `spec.source.repoURL`.
    pub path: String,
    /// What.
    pub message: String,
}

/// What else decides whether an Application is permitted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context<'a> {
    /// The namespace of Argo CD; `argocd` if it isn't known.
    pub namespace: Option<&'a str>,
    /// The clusters that are known, by name and server: a destination names one of the two, a project maybe the other.
    pub clusters: &'a [(&'a str, &'a str)],
}

/// The texts of a list.
fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

fn is_denial(pattern: &str) -> bool {
    pattern.starts_with('!')
}

/// Whether a text fits a pattern, which may begin with `!`.
fn fits(pattern: &str, text: &str, separator: Option<char>) -> bool {
    match pattern.strip_prefix('!') {
        Some(pattern) => !glob::matches(pattern, text, separator),
        None => pattern == "*" || glob::matches(pattern, text, separator),
    }
}

/// Whether a repository is one of the project's `sourceRepos`: some pattern takes it, and none with `!` refuses it.
///
/// # Errors
/// Why not.
pub fn is_source_permitted(project: &Value, repository: &str) -> Result<(), String> {
    let url = normalized(repository);
    let mut is_taken = false;
    for pattern in texts(&project["spec"]["sourceRepos"]) {
        let whole = match pattern.strip_prefix('!') {
            Some(pattern) => format!("!{}", normalized(pattern)),
            None => normalized(pattern),
        };
        if fits(&whole, &url, Some('/')) {
            is_taken = true;
        } else if is_denial(pattern) {
            return Err(format!("its sourceRepos have {pattern}"));
        }
    }
    if is_taken { Ok(()) } else { Err(allowed("its sourceRepos", texts(&project["spec"]["sourceRepos"]))) }
}

/// Whether a destination is one of the project's.
///
/// # Errors
/// Why not.
pub fn is_destination_permitted(project: &Value, destination: Destination<'_>) -> Result<(), String> {
    let Destination { server, name, namespace } = destination;
    let items: Vec<&Value> = project["spec"]["destinations"].as_array().into_iter().flatten().collect();
    let mut is_taken = false;
    for item in &items {
        let (of_name, of_server, of_namespace) = (text(item, "name"), text(item, "server"), text(item, "namespace"));
        let by_name = !name.is_empty() && fits(of_name, name, None);
        let by_server = !server.is_empty() && fits(of_server, server, None);
        let by_namespace = fits(of_namespace, namespace, None);
        let is_cluster_denied = (!by_name && is_denial(of_name)) || (!by_server && is_denial(of_server));
        if (by_server || by_name) && by_namespace {
            is_taken = true;
        } else if (is_cluster_denied && by_namespace) || (!by_namespace && is_denial(of_namespace) && by_server) {
            return Err(format!("its destinations have {}", shown(item)));
        }
    }
    if is_taken {
        return Ok(());
    }
    let items: Vec<String> = items.into_iter().map(shown).collect();
    Err(allowed("its destinations", items.iter().map(String::as_str)))
}

/// A destination in a few words.
fn shown(item: &Value) -> String {
    let cluster = if text(item, "server").is_empty() { text(item, "name") } else { text(item, "server") };
    format!("{cluster} {}", text(item, "namespace")).trim().to_owned()
}

/// The most entries of a list that are shown.
const SHOWN: usize = 5;

fn allowed<'t>(what: &str, entries: impl Iterator<Item = &'t str>) -> String {
    let entries: Vec<&str> = entries.collect();
    match entries.as_slice() {
        [] => format!("{what} are empty"),
        few if few.len() <= SHOWN => format!("{what} are {}", few.join(", ")),
        many => format!("{what} are {} and {} more", many[..SHOWN].join(", "), many.len() - SHOWN),
    }
}

/// Whether objects of a kind may be deployed: namespaced ones unless the lists say otherwise, others only if they do.
/// `name` is that of the object, which lists of kinds without a namespace may tell.
///
/// # Errors
/// Why not.
pub fn is_kind_permitted(
    project: &Value,
    group: &str,
    kind: &str,
    name: &str,
    is_namespaced: bool,
) -> Result<(), String> {
    let spec = &project["spec"];
    let (allowing, denying) = match is_namespaced {
        true => ("namespaceResourceWhitelist", "namespaceResourceBlacklist"),
        false => ("clusterResourceWhitelist", "clusterResourceBlacklist"),
    };
    let takes = |item: &&Value| {
        let of_name = text(item, "name");
        go_path::matches(text(item, "kind"), kind)
            && go_path::matches(text(item, "group"), group)
            && (is_namespaced || of_name.is_empty() || go_path::matches(of_name, name))
    };
    let find = |list: &str| spec[list].as_array().into_iter().flatten().find(takes);
    let shown = |item: &Value| format!("{}/{}", text(item, "group"), text(item, "kind"));
    // A list that isn't there allows all that has a namespace; one that is empty allows nothing.
    let is_open = is_namespaced && spec[allowing].is_null();
    if !is_open && find(allowing).is_none() {
        let items = spec[allowing].as_array().map(Vec::as_slice).unwrap_or_default();
        let items: Vec<String> = items.iter().map(shown).collect();
        return Err(allowed(&format!("its {allowing}"), items.iter().map(String::as_str)));
    }
    match find(denying) {
        Some(item) => Err(format!("its {denying} has {}", shown(item))),
        None => Ok(()),
    }
}

/// Whether Applications in a namespace may use the project: those in Argo CD's own may.
///
/// # Errors
/// Why not.
pub fn is_namespace_permitted(project: &Value, namespace: &str, own: &str) -> Result<(), String> {
    if namespace.is_empty() || namespace == own {
        return Ok(());
    }
    let list = &project["spec"]["sourceNamespaces"];
    let is_taken = texts(list).any(|pattern| {
        let regex = pattern.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')).filter(|text| !text.is_empty());
        let by_regex = regex.and_then(|text| Regex::new(&pattern::translate(text).ok()?).ok());
        by_regex.is_some_and(|regex| regex.is_match(namespace)) || glob::matches(pattern, namespace, None)
    });
    if is_taken { Ok(()) } else { Err(allowed("its sourceNamespaces", texts(list))) }
}

/// All that a project refuses of an Application.
pub fn check(application: &Value, project: &Value, context: &Context<'_>) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    let (spec, metadata) = (&application["spec"], &application["metadata"]);
    let named = text(&project["metadata"], "name");
    let mut refuse = |path: &str, message: String| refusals.push(Refusal { path: path.to_owned(), message });
    let namespace = text(metadata, "namespace");
    if let Err(why) = is_namespace_permitted(project, namespace, context.namespace.unwrap_or("argocd")) {
        let name = text(metadata, "name");
        refuse(
            "metadata.namespace",
            format!("application '{name}' in namespace '{namespace}' is not permitted to use project '{named}': {why}"),
        );
    }
    for (path, repository) in sources(spec) {
        if let Err(why) = is_source_permitted(project, repository) {
            refuse(&path, format!("application repo {repository} is not permitted in project '{named}': {why}"));
        }
    }
    let asked = &spec["destination"];
    let (server, name) = (text(asked, "server"), text(asked, "name"));
    let known = |cluster: &&(&str, &str)| if server.is_empty() { cluster.0 == name } else { cluster.1 == server };
    let (name, server) = context.clusters.iter().find(known).copied().unwrap_or((name, server));
    let destination = Destination { server, name, namespace: text(asked, "namespace") };
    if let Err(why) = is_destination_permitted(project, destination) {
        let cluster = if text(asked, "name").is_empty() { server } else { name };
        let namespace = destination.namespace;
        refuse(
            "spec.destination",
            format!(
                "application destination server '{cluster}' and namespace '{namespace}' do not match any of the allowed \
                 destinations in project '{named}': {why}"
            ),
        );
    }
    refusals
}

/// The repositories that an Application reads, and where it says so.
fn sources(spec: &Value) -> Vec<(String, &str)> {
    let hydrator = &spec["sourceHydrator"];
    if hydrator.is_object() {
        return vec![("spec.sourceHydrator.drySource.repoURL".to_owned(), text(&hydrator["drySource"], "repoURL"))];
    }
    match spec["sources"].as_array().filter(|sources| !sources.is_empty()) {
        Some(sources) => {
            let sources = sources.iter().enumerate();
            sources.map(|(at, source)| (format!("spec.sources[{at}].repoURL"), text(source, "repoURL"))).collect()
        }
        None => vec![("spec.source.repoURL".to_owned(), text(&spec["source"], "repoURL"))],
    }
}
