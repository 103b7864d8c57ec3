//! The list generator: elements that are written down, or that a text of YAML gives.

use std::rc::Rc;

use serde_json::Value as Json;

use crate::formats::applicationset::Fault;
use crate::formats::applicationset::engine::Engine;
use crate::formats::applicationset::params::{self, Params};
use crate::formats::applicationset::words;
use crate::formats::gotemplate;
use crate::formats::gotemplate::value::Value;

/// What the generator gives.
///
/// # Errors
/// For elements that are no maps, and in the older dialect for values that are no texts.
pub fn params(engine: &Engine<'_>, settings: &Json, path: &str) -> Result<Vec<Params>, Fault> {
    let mut found = Vec::new();
    for (at, element) in settings["elements"].as_array().into_iter().flatten().enumerate() {
        let wrong = |message: String| Fault::new(format!("{path}.elements[{at}]"), message);
        if !element.is_object() && !element.is_null() {
            let message = words::unmarshal(element, "map[string]interface {}");
            return Err(wrong(format!("error unmarshling list element {message}")));
        }
        found.push(if engine.is_go() { params::of_object(element) } else { texts(element).map_err(wrong)? });
    }
    let text = super::text(settings, "elementsYaml");
    if !text.is_empty() {
        let wrong = |message: String| {
            let message = format!("error unmarshling decoded ElementsYaml {message}");
            Fault::new(format!("{path}.elementsYaml"), message)
        };
        let elements = gotemplate::yaml_value(text, &engine.dialect.limits)
            .map_err(|error| wrong(format!("error converting YAML to JSON: {}", error.message)))?;
        found.extend(words::maps(&elements).map_err(wrong)?.into_iter().map(params::of_object));
    }
    Ok(found)
}

/// The parameters of an element in the older dialect, which are texts.
fn texts(element: &Json) -> Result<Params, String> {
    // The controller prints an error that there isn't.
    const NO_TEXT: &str = "error parsing value as string %!w(<nil>)";
    let mut params = Params::new();
    for (key, value) in element.as_object().into_iter().flatten() {
        if key != "values" {
            params.insert(Rc::from(key.as_str()), Value::str(value.as_str().ok_or(NO_TEXT)?));
            continue;
        }
        for (key, value) in value.as_object().ok_or("error parsing values map")? {
            params.insert(Rc::from(format!("values.{key}")), Value::str(value.as_str().ok_or(NO_TEXT)?));
        }
    }
    Ok(params)
}
