//! The merge generator: the sets of the first generator, overridden by those of the others that have the same keys.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::{Level, child, children};
use crate::formats::applicationset::Fault;
use crate::formats::applicationset::engine::Engine;
use crate::formats::applicationset::params::{self, Params};

/// What the generator gives, in the order of its first generator.
///
/// # Errors
/// For less than two generators, in one of them, and for sets that the keys don't tell apart.
pub fn params(engine: &Engine<'_>, settings: &Json, level: Level, path: &str) -> Result<Vec<Params>, Fault> {
    let entries = children(settings);
    if entries.len() < 2 {
        let message = "found less than two generators, Merge requires two or more";
        return Err(Fault::new(format!("{path}.generators"), message.to_owned()));
    }
    let mut all = Vec::with_capacity(entries.len());
    for (at, entry) in entries.iter().enumerate() {
        let sets = child(engine, entry, level, None, &format!("{path}.generators[{at}]")).map_err(|fault| {
            let which = format!("error getting params from generator {} of {}", at + 1, entries.len());
            fault.under(&which).under("error getting param sets from generators")
        })?;
        all.push(sets);
    }
    let keys: Vec<&str> = settings["mergeKeys"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    let by_key = |sets: &[Params]| {
        places(&keys, sets).map_err(|message| {
            Fault::new(format!("{path}.mergeKeys"), format!("error getting param sets by merge key: {message}"))
        })
    };
    let mut all = all.into_iter();
    let mut base = all.next().unwrap_or_default();
    let places = by_key(&base)?;
    for sets in all {
        for (key, at) in by_key(&sets)? {
            let Some(base) = places.get(&key).and_then(|at| base.get_mut(*at)) else { continue };
            if engine.is_go() {
                params::override_with(base, &sets[at]);
            } else {
                base.extend(sets[at].clone());
            }
        }
    }
    Ok(base)
}

/// Where the sets are, by the values of the keys as JSON.
fn places(keys: &[&str], sets: &[Params]) -> Result<BTreeMap<String, usize>, String> {
    if keys.is_empty() {
        return Err("no merge keys were specified, Merge requires at least one".to_owned());
    }
    let mut keys = keys.to_vec();
    keys.sort_unstable();
    let mut places = BTreeMap::new();
    for (at, params) in sets.iter().enumerate() {
        let value = |key: &str| params.get(key).map_or(Json::Null, params::to_json);
        let own: Map<String, Json> = keys.iter().map(|key| ((*key).to_owned(), value(key))).collect();
        let own = Json::Object(own).to_string();
        if places.insert(own.clone(), at).is_some() {
            return Err(format!(
                "the parameters from a generator were not unique by the given mergeKeys, Merge requires all param \
                 sets to be unique. Duplicate key was {own}"
            ));
        }
    }
    Ok(places)
}
