//! The plugin generator: what a service gives for the parameters that it is sent.

use std::rc::Rc;

use serde_json::{Value as Json, json};

use super::{text, values};
use crate::formats::applicationset::Fault;
use crate::formats::applicationset::engine::Engine;
use crate::formats::applicationset::params;
use crate::formats::applicationset::params::Params;
use crate::formats::applicationset::words;
use crate::formats::gotemplate::value::Value;

/// What the generator gives.
///
/// # Errors
/// For an answer that isn't one, and if nobody knows it.
pub fn params(engine: &Engine<'_>, settings: &Json, path: &str) -> Result<Vec<Params>, Fault> {
    let wrong = |message: String| Fault::new(path.to_owned(), message);
    let input = match &settings["input"]["parameters"] {
        Json::Null => json!({}),
        parameters => parameters.clone(),
    };
    let config_map = text(&settings["configMapRef"], "name");
    let asking = "error getting plugin from generator";
    let body = engine.answers.plugin(config_map, &input).map_err(|why| Fault::unanswered(path, why, asking))?;
    let set = engine.set["metadata"]["name"].as_str().unwrap_or_default();
    let unreadable = |message: String| wrong(format!("error listing params: error get api '{set}': {message}: {body}"));
    let answer: Json = if body.trim().is_empty() {
        Json::Null
    } else {
        serde_json::from_str(&body).map_err(|error| unreadable(words::syntax(&body, &error)))?
    };
    let sets = match &answer["output"]["parameters"] {
        Json::Null => Vec::new(),
        Json::Array(sets) => sets.iter().collect(),
        other => return Err(unreadable(words::unmarshal(other, "[]map[string]interface {}"))),
    };
    let mut found = Vec::with_capacity(sets.len());
    for set in sets {
        let mut params = params::of_object(set);
        if !engine.is_go() {
            let flat = params::flattened(&params, &engine.dialect.limits).map_err(wrong)?;
            params = flat.into_iter().map(|(key, text)| (Rc::from(key), Value::from(text))).collect();
        }
        params.insert(Rc::from("generator"), params::from_json(&json!({ "input": { "parameters": input } })));
        values::append(engine, settings, &mut params)
            .map_err(|message| wrong(format!("error generating params: {message}")))?;
        found.push(params);
    }
    Ok(found)
}
