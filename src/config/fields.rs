//! Reads the fields of a YAML document one by one: unknown keys and wrong types are errors with their place.

use serde_json::Value;

use crate::error::{Error, Place, Result, nearest};
use crate::formats::yaml::{Document, Step};

/// A value within a document, with the way to it.
#[derive(Clone)]
pub struct Field<'a> {
    document: &'a Document,
    value: &'a Value,
    path: Vec<Step>,
    /// The code of errors about it.
    code: &'static str,
}

impl<'a> Field<'a> {
    /// The document's root.
    pub fn root(document: &'a Document) -> Field<'a> {
        Field::root_of(document, "idp::config")
    }

    /// The root of a document of another kind than `idp.yaml`, with the code of errors about it.
    pub fn root_of(document: &'a Document, code: &'static str) -> Field<'a> {
        Field { document, value: &document.value, path: Vec::new(), code }
    }

    /// The value as it is.
    pub fn value(&self) -> &'a Value {
        self.value
    }

    /// Where it is.
    pub fn place(&self) -> Place {
        self.document.place(&self.path)
    }

    /// Where its key is.
    pub fn key_place(&self) -> Place {
        self.document.key_place(&self.path)
    }

    /// An error about this field.
    pub fn error(&self, message: impl std::fmt::Display) -> Error {
        let name = self.name();
        let message = if name.is_empty() { message.to_string() } else { format!("`{name}` {message}") };
        Error::invalid(self.code, message).at(self.place())
    }

    fn name(&self) -> String {
        let mut name = String::new();
        for step in &self.path {
            match step {
                Step::Key(key) if name.is_empty() => name.push_str(key),
                Step::Key(key) => name.push_str(&format!(".{key}")),
                Step::Index(at) => name.push_str(&format!("[{at}]")),
            }
        }
        name
    }

    fn below(&self, step: Step, value: &'a Value) -> Field<'a> {
        let mut path = self.path.clone();
        path.push(step);
        Field { document: self.document, value, path, code: self.code }
    }

    /// The entries of a map whose keys are free.
    pub fn entries(&self) -> Result<Vec<(String, Field<'a>)>> {
        match self.value {
            Value::Object(map) => {
                Ok(map.iter().map(|(key, value)| (key.clone(), self.below(Step::Key(key.clone()), value))).collect())
            }
            Value::Null => Ok(Vec::new()),
            _ => Err(self.error("must be a map")),
        }
    }

    /// The elements of a list.
    pub fn elements(&self) -> Result<Vec<Field<'a>>> {
        match self.value {
            Value::Array(list) => {
                Ok(list.iter().enumerate().map(|(at, value)| self.below(Step::Index(at), value)).collect())
            }
            Value::Null => Ok(Vec::new()),
            _ => Err(self.error("must be a list")),
        }
    }

    /// Refuses keys other than the known ones.
    pub fn only(&self, known: &[&str]) -> Result<()> {
        for (key, field) in self.entries()? {
            if !known.contains(&key.as_str()) {
                let help = match nearest(&key, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known here: {}", known.join(", ")),
                };
                let place = self.document.key_place(&field.path);
                let message = format!("unknown key `{}`", field.name());
                return Err(Error::invalid(self.code, message).help(help).at(place));
            }
        }
        Ok(())
    }

    /// A field of a map, if it is there and not null.
    pub fn get(&self, key: &str) -> Option<Field<'a>> {
        let value = self.value.get(key).filter(|value| !value.is_null())?;
        Some(self.below(Step::Key(key.to_string()), value))
    }

    /// A field that must be there.
    pub fn need(&self, key: &str) -> Result<Field<'a>> {
        self.get(key).ok_or_else(|| self.error(format!("needs `{key}`")))
    }

    /// A text that isn't empty.
    pub fn text(&self) -> Result<String> {
        match self.value {
            Value::String(text) if !text.is_empty() => Ok(text.clone()),
            Value::String(_) => Err(self.error("is empty")),
            _ => Err(self.error("must be a text")),
        }
    }

    /// A field's text, or nothing.
    pub fn text_of(&self, key: &str) -> Result<Option<String>> {
        self.get(key).map(|field| field.text()).transpose()
    }

    /// A list of texts.
    pub fn texts(&self) -> Result<Vec<String>> {
        self.elements()?.iter().map(Field::text).collect()
    }

    /// true or false.
    pub fn flag(&self) -> Result<bool> {
        self.value.as_bool().ok_or_else(|| self.error("must be true or false"))
    }

    /// A whole number from 0.
    pub fn count(&self) -> Result<u64> {
        self.value.as_u64().ok_or_else(|| self.error("must be a whole number from 0"))
    }
}
