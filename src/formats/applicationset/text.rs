//! Texts with places for parameters, in the dialect of their ApplicationSet, each parsed once.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use crate::formats::gotemplate::value::Value;
use crate::formats::gotemplate::{Data, Limits, MissingKey, Options, Template, application_set, fasttemplate};

use super::params::{self, Params};

/// How texts are rendered.
#[derive(Debug)]
pub struct Dialect {
    /// The options of Go's templates; nothing for the other dialect.
    pub go: Option<Options>,
    /// The bounds of one rendering.
    pub limits: Limits,
    parsed: RefCell<HashMap<(String, bool), Rc<Text>>>,
    /// Bytes that may still be written.
    left: Cell<usize>,
}

/// A text, parsed.
#[derive(Debug)]
pub enum Text {
    /// Without a place.
    Fixed(String),
    /// In the older dialect.
    Fast(String),
    /// In Go's.
    Go(Box<Template>),
    /// No template, and why.
    Wrong(String),
}

/// Parameters, as texts look at them.
pub struct Bound<'p> {
    params: &'p Params,
    data: Option<Data>,
}

impl<'p> Bound<'p> {
    /// Parameters for texts of a dialect.
    pub fn new(params: &'p Params, dialect: &Dialect) -> Self {
        Bound { params, data: dialect.go.map(|_| Data::of(params::map(params.clone()))) }
    }

    /// Whether there are none, which leaves templates as they are.
    pub fn is_empty(&self) -> bool {
        self.params.is_empty()
    }
}

/// Texts that are kept parsed; a set has a few dozen, unless parameters write them.
const KEPT: usize = 4096;

impl Dialect {
    /// The dialect of an ApplicationSet; `left` is how many bytes all renderings may write.
    pub fn new(go: Option<Options>, limits: Limits, left: usize) -> Self {
        Dialect { go, limits, parsed: RefCell::default(), left: Cell::new(left) }
    }

    /// A text, parsed.
    pub fn text(&self, source: &str) -> Rc<Text> {
        self.parse(source, false)
    }

    fn parse(&self, source: &str, is_strict: bool) -> Rc<Text> {
        let key = (source.to_owned(), is_strict);
        if let Some(known) = self.parsed.borrow().get(&key) {
            return known.clone();
        }
        let text = Rc::new(match self.go {
            _ if !source.contains("{{") => Text::Fixed(source.to_owned()),
            None => Text::Fast(source.to_owned()),
            Some(options) => {
                let missing_key = if is_strict { MissingKey::Error } else { options.missing_key };
                match application_set::parse(source, &Options { missing_key, ..options }) {
                    Ok(template) => Text::Go(Box::new(template)),
                    Err(error) => Text::Wrong(error.message),
                }
            }
        });
        let mut parsed = self.parsed.borrow_mut();
        if parsed.len() >= KEPT {
            parsed.clear();
        }
        parsed.insert(key, text.clone());
        text
    }

    /// Renders a text.
    ///
    /// # Errors
    /// In the controller's words.
    pub fn render(&self, text: &Text, bound: &Bound<'_>) -> Result<String, String> {
        let rendered = match text {
            Text::Fixed(text) => text.clone(),
            Text::Wrong(message) => return Err(message.clone()),
            Text::Fast(source) => fasttemplate::replace(source, |name| match bound.params.get(name) {
                Some(Value::Str(text)) => Some(text),
                _ => None,
            })?,
            Text::Go(template) => {
                let none;
                let data = match &bound.data {
                    Some(data) => data,
                    None => {
                        none = Data::of(params::map(Params::new()));
                        &none
                    }
                };
                application_set::rendered(template, data, &self.limits).map_err(|error| error.message)?
            }
        };
        let left = self.left.get().checked_sub(rendered.len()).ok_or("the Applications are larger than they may be")?;
        self.left.set(left);
        Ok(rendered)
    }

    /// Renders a text that is met once.
    ///
    /// # Errors
    /// In the controller's words.
    pub fn replace(&self, source: &str, bound: &Bound<'_>) -> Result<String, String> {
        self.render(&self.text(source), bound)
    }

    /// Renders a value that may ask for what isn't known yet: nothing then.
    ///
    /// # Errors
    /// For other errors, in the controller's words.
    pub fn replace_known(&self, source: &str, bound: &Bound<'_>) -> Result<Option<String>, String> {
        match self.render(&self.parse(source, self.go.is_some()), bound) {
            Ok(text) => Ok(Some(text)),
            Err(message)
                if message.contains("map has no entry for key") || message.contains("can't evaluate field") =>
            {
                Ok(None)
            }
            Err(message) => Err(message),
        }
    }
}
