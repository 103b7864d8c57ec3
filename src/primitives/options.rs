//! The trailing map of options that functions take: typed reads, and an unknown key is an error with a suggestion.

use std::collections::BTreeSet;

use rhai::{Dynamic, Map};

use super::later::LaterValue;
use crate::error::{Error, Result, nearest};

/// The options of one call.
pub struct Options<'a> {
    function: &'static str,
    map: &'a Map,
}

impl<'a> Options<'a> {
    /// Options of a function, which knows just these keys.
    pub fn of(function: &'static str, map: &'a Map, known: &[&str]) -> Result<Options<'a>> {
        for key in map.keys() {
            if !known.contains(&key.as_str()) {
                let help = match nearest(key, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known options: {}", known.join(", ")),
                };
                return Err(
                    Error::invalid("idp::script::option", format!("{function} has no option `{key}`")).help(help)
                );
            }
        }
        Ok(Options { function, map })
    }

    fn get(&self, key: &str) -> Option<&'a Dynamic> {
        self.map.get(key).filter(|value| !value.is_unit())
    }

    fn wrong(&self, key: &str, value: &Dynamic, wanted: &str) -> Error {
        let is = super::value::type_of(value);
        Error::invalid(
            "idp::script::option",
            format!("the option `{key}` of {} must be {wanted}, and it is {is}", self.function),
        )
    }

    /// A text. Values that the world will assign enter as `(known after apply)`.
    pub fn text(&self, key: &str) -> Result<Option<String>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        text(value).map(Some).ok_or_else(|| self.wrong(key, value, "a text"))
    }

    /// true or false.
    pub fn flag(&self, key: &str) -> Result<Option<bool>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        value.as_bool().map(Some).map_err(|_| self.wrong(key, value, "true or false"))
    }

    /// A whole number from 0.
    pub fn count(&self, key: &str) -> Result<Option<u32>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let number = value.as_int().ok().and_then(|number| u32::try_from(number).ok());
        number.map(Some).ok_or_else(|| self.wrong(key, value, "a whole number from 0"))
    }

    /// A list of texts.
    pub fn texts(&self, key: &str) -> Result<Option<BTreeSet<String>>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let wrong = || self.wrong(key, value, "a list of texts");
        let list = value.clone().try_cast::<rhai::Array>().ok_or_else(wrong)?;
        list.iter().map(|item| text(item).ok_or_else(wrong)).collect::<Result<_>>().map(Some)
    }

    /// A map of texts.
    pub fn text_map(&self, key: &str) -> Result<Option<std::collections::BTreeMap<String, String>>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let wrong = || self.wrong(key, value, "a map of texts");
        let map = value.clone().try_cast::<Map>().ok_or_else(wrong)?;
        map.iter()
            .map(|(key, item)| Ok((key.to_string(), text(item).ok_or_else(wrong)?)))
            .collect::<Result<_>>()
            .map(Some)
    }
}

fn text(value: &Dynamic) -> Option<String> {
    if let Some(later) = value.read_lock::<LaterValue>() {
        return Some(later.to_string());
    }
    value.clone().into_string().ok()
}
