//! The cluster generator: the clusters that Argo CD knows, with the labels of their Secrets.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Value as Json, json};

use super::values;
use crate::formats::applicationset::Fault;
use crate::formats::applicationset::answers::Cluster;
use crate::formats::applicationset::engine::Engine;
use crate::formats::applicationset::params::{self, Params};
use crate::formats::applicationset::selector::Selector;
use crate::formats::gotemplate::application_set::normalize;
use crate::formats::gotemplate::value::Value;

/// The name of the cluster that Argo CD runs in.
pub const IN_CLUSTER: &str = "in-cluster";
/// Its address from the inside.
pub const IN_CLUSTER_SERVER: &str = "https://kubernetes.default.svc";

/// Annotations of Argo CD's own and of kubectl's, which are no parameters.
const NO_PARAMETERS: [&str; 7] = [
    "argocd.argoproj.io/refresh",
    "argocd.argoproj.io/refresh-timestamp",
    "argocd.argoproj.io/hydrate",
    "argocd.argoproj.io/hydrate-timestamp",
    "argocd.argoproj.io/tracking-id",
    "argocd.argoproj.io/installation-id",
    "kubectl.kubernetes.io/last-applied-configuration",
];

/// What the generator gives, by the names of the clusters; the controller's own comes last.
///
/// # Errors
/// For a wrong selector or value, and if nobody knows the clusters.
pub fn params(engine: &Engine<'_>, settings: &Json, path: &str) -> Result<Vec<Params>, Fault> {
    let wrong = |message: String| Fault::new(path.to_owned(), message);
    let selector = Selector::parse_strict(&settings["selector"]).map_err(|message| {
        Fault::new(
            format!("{path}.selector"),
            format!("error getting cluster secrets: error converting label selector: {message}"),
        )
    })?;
    let known =
        engine.answers.clusters().map_err(|why| Fault::unanswered(path, why, "error getting cluster secrets"))?;
    // A cluster that two Secrets name is the last one's.
    let chosen = known.iter().filter(|cluster| selector.matches(&labels(cluster)));
    let chosen: BTreeMap<&str, &Cluster> = chosen.map(|cluster| (cluster.name.as_str(), cluster)).collect();
    let mut found = Vec::with_capacity(chosen.len() + 1);
    for cluster in chosen.values() {
        let mut params = of(cluster, engine.is_go());
        values::append(engine, settings, &mut params)
            .map_err(|message| wrong(format!("error appending templated values for cluster: {message}")))?;
        found.push(params);
    }
    // Without a Secret it has no labels that a selector could look at.
    let has_own_secret = || chosen.values().any(|cluster| cluster.server == IN_CLUSTER_SERVER);
    if selector.is_everything() && !has_own_secret() {
        let own =
            json!({ "name": IN_CLUSTER, "nameNormalized": IN_CLUSTER, "server": IN_CLUSTER_SERVER, "project": "" });
        let mut params = params::of_object(&own);
        values::append(engine, settings, &mut params)
            .map_err(|message| wrong(format!("error appending templated values for local cluster: {message}")))?;
        found.push(params);
    }
    if settings["flatList"] == true {
        let all = Value::list(found.into_iter().map(params::map).collect());
        return Ok(vec![Params::from([(Rc::from("clusters"), all)])]);
    }
    Ok(found)
}

fn labels(cluster: &Cluster) -> Vec<(String, String)> {
    cluster.labels.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn of(cluster: &Cluster, is_go: bool) -> Params {
    let mut params = Params::from([
        (Rc::from("name"), Value::str(&cluster.name)),
        (Rc::from("nameNormalized"), Value::from(normalize(&cluster.name))),
        (Rc::from("server"), Value::str(&cluster.server)),
        (Rc::from("project"), Value::str(cluster.project.as_deref().unwrap_or_default())),
    ]);
    let annotations = cluster.annotations.iter().filter(|(key, _)| !NO_PARAMETERS.contains(&key.as_str()));
    if is_go {
        let mut metadata = Params::new();
        if !cluster.annotations.is_empty() {
            metadata.insert(Rc::from("annotations"), params::texts(annotations));
        }
        if !cluster.labels.is_empty() {
            metadata.insert(Rc::from("labels"), params::texts(&cluster.labels));
        }
        params.insert(Rc::from("metadata"), params::map(metadata));
        return params;
    }
    for (what, (key, value)) in
        annotations.map(|entry| ("annotations", entry)).chain(cluster.labels.iter().map(|entry| ("labels", entry)))
    {
        params.insert(Rc::from(format!("metadata.{what}.{key}")), Value::str(value));
    }
    params
}
