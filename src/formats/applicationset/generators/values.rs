//! `values` of a generator: texts that look at its parameters and become parameters themselves. None sees another,
//! so that they can't blow each other up.

use std::rc::Rc;

use serde_json::Value as Json;

use crate::formats::applicationset::engine::Engine;
use crate::formats::applicationset::params::{self, Params};
use crate::formats::applicationset::text::Bound;
use crate::formats::gotemplate::value::Value;

/// Adds the values to the parameters.
///
/// # Errors
/// For a text that can't be rendered.
pub fn append(engine: &Engine<'_>, settings: &Json, params: &mut Params) -> Result<(), String> {
    let Some(values) = settings["values"].as_object().filter(|values| !values.is_empty()) else { return Ok(()) };
    let bound = Bound::new(params, &engine.dialect);
    let mut rendered = Vec::with_capacity(values.len());
    for (key, value) in values {
        let text = engine.dialect.replace(value.as_str().unwrap_or_default(), &bound).map_err(|message| {
            format!(
                "failed to replace templated string: failed to replace templated string with rendered values: {message}"
            )
        })?;
        rendered.push((key.as_str(), text));
    }
    add(engine, params, rendered);
    Ok(())
}

/// Adds the values as they are written.
pub fn append_as_written(engine: &Engine<'_>, settings: &Json, params: &mut Params) {
    let values = settings["values"].as_object().into_iter().flatten();
    let texts: Vec<_> =
        values.map(|(key, value)| (key.as_str(), value.as_str().unwrap_or_default().to_owned())).collect();
    if !texts.is_empty() {
        add(engine, params, texts);
    }
}

fn add(engine: &Engine<'_>, params: &mut Params, values: Vec<(&str, String)>) {
    if engine.is_go() {
        params.insert(Rc::from("values"), params::texts(values));
    } else {
        params.extend(values.into_iter().map(|(key, text)| (Rc::from(format!("values.{key}")), Value::from(text))));
    }
}
