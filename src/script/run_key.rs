//! What a run is known by: the script's name and its identity parameters, never a digest of its input.

use serde_json::{Map, Value};

use super::inputs::input_hash;
use super::params::Declared;
use crate::library::Script;
use crate::world::hash;
use crate::world::journal::{Inputs, RunKey};

/// Segments of the semantic key: the identity of a run whose script marks no parameter.
const SEGMENTS: [&str; 3] = ["project", "env", "service"];

/// The run of a script with these parameters, made with these inputs.
pub fn run_key(script: &Script, inputs: &Inputs, declared: &[Declared], values: &Map<String, Value>) -> RunKey {
    let marked: Vec<&str> =
        declared.iter().filter(|param| param.rule.identity).map(|param| param.name.as_str()).collect();
    let identity: Vec<&str> = if marked.is_empty() {
        declared.iter().map(|param| param.name.as_str()).filter(|name| SEGMENTS.contains(name)).collect()
    } else {
        marked
    };
    // By name, so that a script whose parameters are put in another order still finds what it made.
    let mut identity = identity;
    identity.sort_unstable();
    let mut key = script.name.clone();
    for name in identity {
        if let Some(value) = values.get(name).filter(|value| !value.is_null()) {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            // Spaces separate the parts of a key, so they are written another way within one.
            key.push_str(&format!(" {name}={}", text.replace('%', "%25").replace(' ', "%20")));
        }
    }
    RunKey { hash: hash::short(&key), script: script.name.clone(), input_hash: input_hash(inputs, values), key }
}
