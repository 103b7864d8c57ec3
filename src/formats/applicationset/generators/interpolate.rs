//! The second generator of a matrix, filled with the parameters of the first.

use serde_json::{Map, Value as Json};

use crate::formats::applicationset::engine::Engine;
use crate::formats::applicationset::params::Params;
use crate::formats::applicationset::template::FREE;
use crate::formats::applicationset::text::Bound;

/// Kinds whose `values` may look at parameters of their own, and stay as they are written if they do.
const WITH_VALUES: [&str; 7] =
    ["clusters", "git", "scmProvider", "clusterDecisionResource", "pullRequest", "plugin", "oci"];

/// The settings of a generator, with the parameters put in.
///
/// # Errors
/// In the controller's words.
pub fn generator(engine: &Engine<'_>, kind: &str, settings: &Json, params: &Params) -> Result<Json, String> {
    let bound = Bound::new(params, &engine.dialect);
    of_kind(engine, kind, settings, &bound)
        .map_err(|message| format!("failed to replace parameters in generator: {message}"))
}

/// An entry of generators, with the parameters put in.
///
/// # Errors
/// In the controller's words.
pub fn interpolated(engine: &Engine<'_>, entry: &Json, params: &Params) -> Result<Json, String> {
    let entry = entry.as_object().into_iter().flatten();
    let filled = entry.map(|(kind, settings)| Ok((kind.clone(), generator(engine, kind, settings, params)?)));
    filled.collect::<Result<Map<String, Json>, String>>().map(Json::Object)
}

fn of_kind(engine: &Engine<'_>, kind: &str, settings: &Json, bound: &Bound<'_>) -> Result<Json, String> {
    let Some(fields) = settings.as_object() else { return replaced(engine, settings, bound) };
    let mut filled = Map::new();
    for (field, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
        let value = match (field.as_str(), value) {
            ("values", Json::Object(values)) if WITH_VALUES.contains(&kind) => known_values(engine, values, bound)?,
            ("generators", Json::Array(entries)) if matches!(kind, "matrix" | "merge") => {
                let entries = entries.iter().map(|entry| of_entry(engine, entry, bound));
                Json::Array(entries.collect::<Result<_, String>>()?)
            }
            ("elements", value) | ("input", value) => free(engine, value, bound)?,
            _ => replaced(engine, value, bound)?,
        };
        filled.insert(field.clone(), value);
    }
    Ok(Json::Object(filled))
}

fn of_entry(engine: &Engine<'_>, entry: &Json, bound: &Bound<'_>) -> Result<Json, String> {
    let fields = entry.as_object().into_iter().flatten();
    let filled = fields.map(|(kind, settings)| Ok((kind.clone(), of_kind(engine, kind, settings, bound)?)));
    filled.collect::<Result<Map<String, Json>, String>>().map(Json::Object)
}

fn known_values(engine: &Engine<'_>, values: &Map<String, Json>, bound: &Bound<'_>) -> Result<Json, String> {
    let mut filled = Map::new();
    for (key, value) in values {
        let source = value.as_str().unwrap_or_default();
        let known = engine
            .dialect
            .replace_known(source, bound)
            .map_err(|message| format!("failed to pre-resolve Values key {key:?}: {message}"))?;
        filled.insert(key.clone(), Json::String(known.unwrap_or_else(|| source.to_owned())));
    }
    Ok(Json::Object(filled))
}

/// A value that is one text to the controller.
fn free(engine: &Engine<'_>, value: &Json, bound: &Bound<'_>) -> Result<Json, String> {
    replaced(engine, value, bound).map_err(|message| format!("{FREE}: {message}"))
}

/// A value with all its texts and keys rendered.
fn replaced(engine: &Engine<'_>, value: &Json, bound: &Bound<'_>) -> Result<Json, String> {
    Ok(match value {
        Json::String(text) => Json::String(engine.dialect.replace(text, bound)?),
        Json::Array(items) => {
            Json::Array(items.iter().map(|item| replaced(engine, item, bound)).collect::<Result<_, String>>()?)
        }
        Json::Object(fields) => {
            let mut filled = Map::new();
            for (key, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
                let is_free = key == "valuesObject";
                let value = if is_free { free(engine, value, bound) } else { replaced(engine, value, bound) }?;
                filled.insert(engine.dialect.replace(key, bound)?, value);
            }
            Json::Object(filled)
        }
        other => other.clone(),
    })
}
