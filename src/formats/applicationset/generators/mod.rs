//! Generators: what an entry of `spec.generators` gives as parameters. The rules and words are those of argo-cd 3.6,
//! applicationset/generators.

mod clusters;
mod decision;
mod interpolate;
mod list;
mod matrix;
mod merge;
mod plugin;
mod pull_requests;
mod repositories;
mod repository;
mod values;

use serde_json::Value as Json;

use super::Fault;
use super::engine::Engine;
use super::params::{self, Params};
use super::selector::Selector;

pub use clusters::IN_CLUSTER;
pub use interpolate::interpolated;

/// How deep a generator stands, which decides what it may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// In `spec.generators`.
    Top,
    /// In a matrix or merge there.
    Nested,
    /// In a matrix or merge in one.
    Terminal,
}

/// The generators, in the order in which the controller looks for them.
pub const KINDS: [&str; 10] = [
    "list",
    "clusters",
    "git",
    "scmProvider",
    "clusterDecisionResource",
    "pullRequest",
    "matrix",
    "merge",
    "plugin",
    "oci",
];

/// What one generator gave.
#[derive(Debug)]
pub struct Generated<'g> {
    /// Where it stands: `spec.generators[0].list`.
    pub path: String,
    /// Its own settings, as they are written.
    pub settings: &'g Json,
    /// Sets of parameters, one for each Application.
    pub params: Vec<Params>,
}

/// The kinds that an entry has, at its level.
pub fn kinds_of(entry: &Json, level: Level) -> impl Iterator<Item = &'static str> + '_ {
    let may_be = move |kind: &str| level < Level::Terminal || !matches!(kind, "matrix" | "merge");
    KINDS.into_iter().filter(move |kind| may_be(kind) && !entry[*kind].is_null())
}

/// Runs the generators of an entry, and filters what they give by its selector.
///
/// # Errors
/// The first one, with the path of the generator.
pub fn transform<'g>(
    engine: &Engine<'_>,
    entry: &'g Json,
    level: Level,
    outer: Option<&Params>,
    path: &str,
) -> Result<Vec<Generated<'g>>, Fault> {
    let selector = match &entry["selector"] {
        Json::Null => None,
        selector => Some(Selector::parse(selector).map_err(|message| {
            Fault::new(format!("{path}.selector"), format!("error parsing label selector: {message}"))
        })?),
    };
    let mut results = Vec::new();
    for kind in kinds_of(entry, level) {
        let path = format!("{path}.{kind}");
        let written = &entry[kind];
        let at = |message: String| Fault::new(path.clone(), message);
        let filled = match outer.filter(|outer| !outer.is_empty()) {
            Some(outer) => Some(interpolate::generator(engine, kind, written, outer).map_err(at)?),
            None => None,
        };
        let settings = filled.as_ref().unwrap_or(written);
        let mut found = match kind {
            "list" => list::params(engine, settings, &path)?,
            "clusters" => clusters::params(engine, settings, &path)?,
            "git" | "oci" => repository::params(engine, kind, settings, &path)?,
            "scmProvider" => repositories::params(engine, settings, &path)?,
            "clusterDecisionResource" => decision::params(engine, settings, &path)?,
            "pullRequest" => pull_requests::params(engine, settings, &path)?,
            "plugin" => plugin::params(engine, settings, &path)?,
            "matrix" => matrix::params(engine, settings, level, &path)?,
            _ => merge::params(engine, settings, level, &path)?,
        };
        // The others count what they combine.
        if !matches!(kind, "matrix" | "merge") {
            engine.count(found.len()).map_err(at)?;
        }
        if let Some(selector) = selector.as_ref().filter(|selector| !selector.is_everything()) {
            let mut chosen = Vec::with_capacity(found.len());
            for params in found {
                if selector.matches(&params::flattened(&params, &engine.dialect.limits).map_err(at)?) {
                    chosen.push(params);
                }
            }
            found = chosen;
        }
        results.push(Generated { path, settings: written, params: found });
    }
    Ok(results)
}

/// The parameters of a generator in a matrix or merge, which must be one.
///
/// # Errors
/// For none and several, and in it.
fn child(
    engine: &Engine<'_>,
    entry: &Json,
    level: Level,
    outer: Option<&Params>,
    path: &str,
) -> Result<Vec<Params>, Fault> {
    let level = if level == Level::Top { Level::Nested } else { Level::Terminal };
    let results = transform(engine, entry, level, outer, path)
        .map_err(|fault| fault.under("child generator returned an error on parameter generation"))?;
    let mut results = results.into_iter();
    match (results.next(), results.next()) {
        (Some(one), None) => Ok(one.params),
        (None, _) => Err(Fault::new(path.to_owned(), "child generator generated no parameters".to_owned())),
        (Some(_), Some(_)) => {
            Err(Fault::new(path.to_owned(), "found more than one generator in matrix.Generators".to_owned()))
        }
    }
}

/// The generators that a matrix or merge holds.
fn children(settings: &Json) -> &[Json] {
    settings["generators"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A text of the settings, empty if there is none.
fn text<'s>(settings: &'s Json, field: &str) -> &'s str {
    settings[field].as_str().unwrap_or_default()
}
