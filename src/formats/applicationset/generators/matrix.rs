//! The matrix generator: every set of the first generator with every set of the second, which may look at the first's.

use serde_json::Value as Json;

use super::{Level, child, children};
use crate::formats::applicationset::Fault;
use crate::formats::applicationset::engine::Engine;
use crate::formats::applicationset::params::{self, Params};
use crate::formats::gotemplate::value::Value;

/// What the generator gives, by the sets of the first.
///
/// # Errors
/// For another number of generators than two, in one of them, and in the older dialect for parameters that both have.
pub fn params(engine: &Engine<'_>, settings: &Json, level: Level, path: &str) -> Result<Vec<Params>, Fault> {
    let wrong = |message: &str| Fault::new(format!("{path}.generators"), message.to_owned());
    let (first, second) = match children(settings) {
        [first, second] => (first, second),
        [] | [_] => return Err(wrong("found less than two generators, Matrix support only two")),
        _ => return Err(wrong("found more than two generators, Matrix support only two")),
    };
    let below = |at: usize| format!("{path}.generators[{at}]");
    let outer = child(engine, first, level, None, &below(0))
        .map_err(|fault| fault.under("error failed to get params for first generator in matrix generator"))?;
    let inner_of = |params: &Params| {
        child(engine, second, level, Some(params), &below(1))
            .map_err(|fault| fault.under("failed to get params for second generator in the matrix generator"))
    };
    // Without a place for parameters it gives the same each time.
    let is_fixed = !second.to_string().contains("{{");
    let mut fixed: Option<Vec<Params>> = None;
    let mut found = Vec::new();
    for outer in &outer {
        let own;
        let inner = match &fixed {
            Some(inner) => inner,
            None if is_fixed => fixed.insert(inner_of(outer)?),
            None => {
                own = inner_of(outer)?;
                &own
            }
        };
        let too_many = |message: String| Fault::new(path.to_owned(), message);
        engine.count(inner.len()).map_err(too_many)?;
        for inner in inner {
            found.push(if engine.is_go() {
                let mut params = inner.clone();
                params::override_with(&mut params, outer);
                params
            } else {
                combined(engine, outer, inner).map_err(|message| {
                    let what = "failed to combine string maps with merging params for the matrix generator";
                    Fault::new(path.to_owned(), format!("{what}: {message}"))
                })?
            });
        }
    }
    Ok(found)
}

/// Both as texts; what both have must be the same.
fn combined(engine: &Engine<'_>, outer: &Params, inner: &Params) -> Result<Params, String> {
    let text = |value: &Value| params::printed(value, &engine.dialect.limits).map(Value::from);
    let mut params = Params::new();
    for (key, value) in outer {
        params.insert(key.clone(), text(value)?);
    }
    for (key, value) in inner {
        let value = text(value)?;
        if let (Some(Value::Str(a)), Value::Str(b)) = (params.get(key), &value)
            && a != b
        {
            return Err(format!("found duplicate key {key} with different value, a: {a} ,b: {b}"));
        }
        params.insert(key.clone(), value);
    }
    Ok(params)
}
