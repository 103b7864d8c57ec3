//! A field of a document that defines kinds: read with its place, so that what is wrong is told where it stands.

use serde_json::Value;

use crate::formats::schema::{Reason, Violation};
use crate::formats::yaml::{Path, Step};

/// What a field holds, or what is wrong with it.
pub type Result<T> = std::result::Result<T, Box<Violation>>;

/// A field that is there.
#[derive(Clone)]
pub struct Field<'d> {
    path: Vec<Step>,
    value: &'d Value,
}

impl<'d> Field<'d> {
    pub fn root(value: &'d Value) -> Field<'d> {
        Field { path: Vec::new(), value }
    }

    pub fn value(&self) -> &'d Value {
        self.value
    }

    /// The fault that this field is. It is told as Kubernetes tells it: path, then what is wrong.
    pub fn error(&self, what: &str) -> Box<Violation> {
        self.fault(Reason::Invalid, what.to_owned())
    }

    fn fault(&self, reason: Reason, message: String) -> Box<Violation> {
        let (field, path) = (Path(&self.path).to_string(), self.path.clone());
        Box::new(Violation { path, field, reason, message, help: None })
    }

    fn step(&self, step: Step, value: &'d Value) -> Field<'d> {
        let mut path = self.path.clone();
        path.push(step);
        Field { path, value }
    }

    /// A field that may be missing; null is missing.
    pub fn get(&self, key: &str) -> Option<Field<'d>> {
        let value = self.value.get(key).filter(|value| !value.is_null())?;
        Some(self.step(key.into(), value))
    }

    pub fn need(&self, key: &str) -> Result<Field<'d>> {
        self.get(key)
            .ok_or_else(|| self.step(key.into(), &Value::Null).fault(Reason::Required, "Required value".into()))
    }

    pub fn text(&self) -> Result<&'d str> {
        self.value.as_str().filter(|text| !text.is_empty()).ok_or_else(|| self.error("must be a text"))
    }

    /// A text, or what stands there if there is none.
    pub fn text_or(&self, key: &str, otherwise: impl FnOnce() -> String) -> Result<String> {
        self.get(key).map_or_else(|| Ok(otherwise()), |field| field.text().map(str::to_owned))
    }

    pub fn flag(&self, key: &str) -> Result<bool> {
        let Some(field) = self.get(key) else { return Ok(false) };
        field.value.as_bool().ok_or_else(|| field.error("must be true or false"))
    }

    /// A text that is one of these.
    pub fn choice(&self, key: &str, choices: &[&'static str]) -> Result<Option<&'static str>> {
        let Some(field) = self.get(key) else { return Ok(None) };
        let text = field.text()?;
        let found = choices.iter().find(|choice| **choice == text).copied();
        let quoted: Vec<String> = choices.iter().map(|choice| format!("\"{choice}\"")).collect();
        let wrong = || field.error(&format!("Unsupported value: \"{text}\": supported values: {}", quoted.join(", ")));
        found.map(Some).ok_or_else(wrong)
    }

    pub fn elements(&self) -> Result<Vec<Field<'d>>> {
        let items = self.value.as_array().ok_or_else(|| self.error("must be a list"))?;
        Ok(items.iter().enumerate().map(|(at, item)| self.step(at.into(), item)).collect())
    }

    /// A list of texts; empty if it is missing.
    pub fn texts(&self, key: &str) -> Result<Vec<String>> {
        let Some(field) = self.get(key) else { return Ok(Vec::new()) };
        field.elements()?.iter().map(|item| item.text().map(str::to_owned)).collect()
    }

    pub fn object(&self) -> Result<&'d serde_json::Map<String, Value>> {
        self.value.as_object().ok_or_else(|| self.error("must be a map"))
    }
}
