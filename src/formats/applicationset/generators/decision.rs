//! The cluster decision resource generator: clusters that the status of some other object names.

use std::rc::Rc;

use serde_json::Value as Json;

use super::clusters::{IN_CLUSTER, IN_CLUSTER_SERVER};
use super::{text, values};
use crate::formats::applicationset::Fault;
use crate::formats::applicationset::answers::string_map;
use crate::formats::applicationset::engine::Engine;
use crate::formats::applicationset::params::{self, Params};
use crate::formats::applicationset::selector::Selector;
use crate::formats::gotemplate::value::Value;

/// What the generator gives, in the order of the decisions.
///
/// # Errors
/// For a definition that is none, and if nobody knows the clusters, the ConfigMap or the objects.
pub fn params(engine: &Engine<'_>, settings: &Json, path: &str) -> Result<Vec<Params>, Fault> {
    let wrong = |message: String| Fault::new(path.to_owned(), message);
    let known = engine.answers.clusters().map_err(|why| Fault::unanswered(path, why, "error listing clusters"))?;
    let mut clusters: Vec<(String, String)> = known.into_iter().map(|cluster| (cluster.name, cluster.server)).collect();
    if !clusters.iter().any(|(_, server)| server == IN_CLUSTER_SERVER) {
        clusters.push((IN_CLUSTER.to_owned(), IN_CLUSTER_SERVER.to_owned()));
    }
    let name = text(settings, "configMapRef");
    let at = format!("{path}.configMapRef");
    let reading = "error reading configMapRef";
    let data = engine.answers.config_map(name).map_err(|why| Fault::unanswered(&at, why, reading))?;
    let data = data.ok_or_else(|| Fault::new(at, format!("{reading}: configmaps \"{name}\" not found")))?;
    let of = |key: &str| data.get(key).map(String::as_str).unwrap_or_default();
    if of("kind").is_empty() || of("apiVersion").find('/').is_none_or(|slash| slash == 0) {
        return Err(wrong("there is a problem with the apiVersion, kind or resourceName provided".to_owned()));
    }
    let (name, labels) = (text(settings, "name"), &settings["labelSelector"]);
    let has_labels = !labels["matchLabels"].is_null() || !labels["matchExpressions"].is_null();
    if name.is_empty() != has_labels {
        let message = "there is a problem with the definition of the ClusterDecisionResource generator";
        return Err(wrong(message.to_owned()));
    }
    let selector = Selector::parse_strict(labels).map_err(wrong)?;
    let asking = "failed to get dynamic resources";
    let resources =
        engine.answers.resources(of("apiVersion"), of("kind")).map_err(|why| Fault::unanswered(path, why, asking))?;
    let is_chosen = |resource: &&Json| {
        let metadata = &resource["metadata"];
        let labels: Vec<_> = string_map(&metadata["labels"]).into_iter().collect();
        if name.is_empty() { selector.matches(&labels) } else { metadata["name"] == name }
    };
    let resources: Vec<&Json> = resources.iter().filter(is_chosen).collect();
    if resources.is_empty() {
        return Err(wrong("no clusterDecisionResources found".to_owned()));
    }
    let list = if of("statusListKey").is_empty() { "clusters" } else { of("statusListKey") };
    let key = of("matchKey");
    if key.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for resource in resources {
        let Some(status) = resource["status"].as_object().filter(|status| !status.is_empty()) else { continue };
        let decisions = status.get(list).and_then(Json::as_array).ok_or_else(|| {
            wrong(format!(
                "the status of {} has no list {list}",
                resource["metadata"]["name"].as_str().unwrap_or_default()
            ))
        })?;
        for decision in decisions {
            let chosen = printed(engine, &decision[key]).map_err(wrong)?;
            let cluster = clusters.iter().find(|(name, _)| *name == chosen && !chosen.is_empty());
            let Some((name, server)) = cluster.filter(|_| !decision[key].is_null()) else { continue };
            let mut params =
                Params::from([(Rc::from("name"), Value::str(name)), (Rc::from("server"), Value::str(server))]);
            for (key, value) in decision.as_object().into_iter().flatten() {
                params.insert(Rc::from(key.as_str()), Value::from(printed(engine, value).map_err(wrong)?));
            }
            values::append_as_written(engine, settings, &mut params);
            found.push(params);
        }
    }
    Ok(found)
}

/// A value of an object as `%v` prints it: whole numbers are integers there.
fn printed(engine: &Engine<'_>, value: &Json) -> Result<String, String> {
    match value.as_i64() {
        Some(number) => Ok(number.to_string()),
        None => params::printed(&params::from_json(value), &engine.dialect.limits),
    }
}
