//! The trailing map of options that functions take: declared once for each call, read with types. The declaration is
//! what the call, the static checks and the reference go by; an unknown key is an error with a suggestion.

use std::collections::BTreeSet;

use rhai::{Dynamic, Map};

use super::later::LaterValue;
use crate::error::{Error, Result, nearest};

/// What an option takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// A text.
    Text,
    /// true or false.
    Flag,
    /// A whole number from 0.
    Count,
    /// A list of texts.
    Texts,
    /// A map of texts.
    TextMap,
    /// A function.
    Function,
    /// A map, which the call itself looks into.
    Map,
    /// A list of maps.
    Maps,
    /// A map of texts and secrets.
    Headers,
    /// A secret.
    Secret,
}

impl Takes {
    /// As people say it.
    pub fn words(self) -> &'static str {
        match self {
            Takes::Text => "a text",
            Takes::Flag => "true or false",
            Takes::Count => "a whole number from 0",
            Takes::Texts => "a list of texts",
            Takes::TextMap => "a map of texts",
            Takes::Function => "a function",
            Takes::Map => "a map",
            Takes::Maps => "a list of maps",
            Takes::Headers => "a map of texts and secrets",
            Takes::Secret => "a secret",
        }
    }
}

/// One option of a call.
#[derive(Debug, Clone, Copy)]
pub struct OptionSpec {
    /// Its key in the map.
    pub key: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// What holds where it isn't given, in a few words; empty where nothing does.
    pub default: &'static str,
    /// What it means, in a few words.
    pub about: &'static str,
}

impl OptionSpec {
    /// An option without which nothing holds in its place.
    pub const fn new(key: &'static str, takes: Takes, about: &'static str) -> OptionSpec {
        OptionSpec { key, takes, default: "", about }
    }

    /// The same with what holds where it isn't given, in a few words.
    #[must_use]
    pub const fn otherwise(self, default: &'static str) -> OptionSpec {
        OptionSpec { default, ..self }
    }
}

/// The options of one call, which come last.
#[derive(Debug, Clone, Copy)]
pub struct CallOptions {
    /// The function's name.
    pub function: &'static str,
    /// The type that it is a method of, as scripts know it; empty for a function.
    pub on: &'static str,
    /// How many arguments the call has with its options, the value that a method is called on not counted.
    pub arguments: usize,
    /// The keys that it knows.
    pub known: &'static [OptionSpec],
    /// Whether other keys are data of the script's own.
    pub open: bool,
}

impl CallOptions {
    /// The error for a key that isn't known, if it isn't.
    pub fn unknown(&self, key: &str) -> Option<Error> {
        if self.open || self.known.iter().any(|option| option.key == key) {
            return None;
        }
        let keys = || self.known.iter().map(|option| option.key);
        let help = match nearest(key, keys()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known options: {}", keys().collect::<Vec<_>>().join(", ")),
        };
        let message = format!("{} has no option `{key}`", self.function);
        Some(Error::invalid("idp::script::option", message).help(help))
    }
}

/// The options of one call.
pub struct Options<'a> {
    function: &'static str,
    map: &'a Map,
}

impl<'a> Options<'a> {
    /// The options that a call was given.
    pub fn of(call: &CallOptions, map: &'a Map) -> Result<Options<'a>> {
        let (options, unknown) = Options::with_unknown(call, map);
        unknown.into_iter().next().map_or(Ok(options), Err)
    }

    /// The same, with an error for each key that isn't known.
    pub fn with_unknown(call: &CallOptions, map: &'a Map) -> (Options<'a>, Vec<Error>) {
        (Options { function: call.function, map }, map.keys().filter_map(|key| call.unknown(key)).collect())
    }

    pub(super) fn get(&self, key: &str) -> Option<&'a Dynamic> {
        self.map.get(key).filter(|value| !value.is_unit())
    }

    pub(super) fn wrong(&self, key: &str, value: &Dynamic, wanted: Takes) -> Error {
        let is = super::value::type_of(value);
        Error::invalid(
            "idp::script::option",
            format!("the option `{key}` of {} must be {}, and it is {is}", self.function, wanted.words()),
        )
    }

    /// A text. Values that the world will assign enter as `(known after apply)`.
    pub fn text(&self, key: &str) -> Result<Option<String>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        text(value).map(Some).ok_or_else(|| self.wrong(key, value, Takes::Text))
    }

    /// true or false.
    pub fn flag(&self, key: &str) -> Result<Option<bool>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        value.as_bool().map(Some).map_err(|_| self.wrong(key, value, Takes::Flag))
    }

    /// A whole number from 0.
    pub fn count(&self, key: &str) -> Result<Option<u32>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let number = value.as_int().ok().and_then(|number| u32::try_from(number).ok());
        number.map(Some).ok_or_else(|| self.wrong(key, value, Takes::Count))
    }

    /// A function.
    pub fn function(&self, key: &str) -> Result<Option<rhai::FnPtr>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        value.clone().try_cast::<rhai::FnPtr>().map(Some).ok_or_else(|| self.wrong(key, value, Takes::Function))
    }

    /// A map.
    pub fn map(&self, key: &str) -> Result<Option<Map>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        value.clone().try_cast::<Map>().map(Some).ok_or_else(|| self.wrong(key, value, Takes::Map))
    }

    /// A list of texts.
    pub fn texts(&self, key: &str) -> Result<Option<BTreeSet<String>>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let wrong = || self.wrong(key, value, Takes::Texts);
        let list = value.clone().try_cast::<rhai::Array>().ok_or_else(wrong)?;
        list.iter().map(|item| text(item).ok_or_else(wrong)).collect::<Result<_>>().map(Some)
    }

    /// A map of texts.
    pub fn text_map(&self, key: &str) -> Result<Option<std::collections::BTreeMap<String, String>>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let wrong = || self.wrong(key, value, Takes::TextMap);
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
