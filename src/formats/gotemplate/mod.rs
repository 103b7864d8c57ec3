//! Go's text/template with the functions of sprig, over values of JSON: what ApplicationSets are written in. The rules and
//! the words of errors are those of Go 1.26 and sprig 3.3; every rendering is bounded.

pub mod application_set;
mod builtins;
mod call;
mod eval;
pub mod fasttemplate;
mod functions;
mod lexer;
mod limits;
mod node;
mod parse;
mod printf;
mod sprig;
mod strconv;
#[cfg(test)]
mod tests;
pub(in crate::formats) mod value;
mod yaml;

use std::fmt;

pub use functions::Dialect;
use functions::Functions;
pub use limits::Limits;
pub use value::Numbers;
use value::{Slot, Value};

/// A template, read and ready to be rendered any number of times.
#[derive(Debug)]
pub struct Template {
    name: String,
    text: String,
    options: Options,
    trees: node::Trees,
}

/// How a template is read and rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// What a key is that a map doesn't have.
    pub missing_key: MissingKey,
    /// Which functions there are.
    pub dialect: Dialect,
}

/// The option `missingkey`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MissingKey {
    /// `<no value>`; also called `invalid`.
    #[default]
    Default,
    /// The zero value of the map's elements.
    Zero,
    /// The end of the rendering.
    Error,
}

/// What templates look at. Made once for all templates that are rendered with it; what one of them sets in it, the
/// next one sees.
#[derive(Debug)]
pub struct Data(Value);

/// What sort of error it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The text is no template.
    Parse,
    /// It can't be rendered with these values.
    Execute,
    /// One of the bounds.
    Limit,
}

/// An error, in Go's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// What sort of error it is.
    pub kind: ErrorKind,
    /// `template: NAME:LINE:COLUMN: executing "NAME" at <...>: ...`
    pub message: String,
    /// The line in the text, from 1.
    pub line: usize,
    /// The byte in the line, from 1; 0 where only the line is known.
    pub column: usize,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for TemplateError {}

impl TemplateError {
    /// An error outside of any template.
    fn of(fault: limits::Fault) -> Self {
        let kind = if fault.is_limit { ErrorKind::Limit } else { ErrorKind::Execute };
        TemplateError { kind, message: fault.message, line: 1, column: 0 }
    }
}

impl Data {
    /// Values of JSON, with numbers as wanted.
    pub fn new(json: &serde_json::Value, numbers: Numbers) -> Self {
        Data(Value::from_json(json, numbers))
    }

    /// Values that are Go's already.
    pub(in crate::formats) fn of(value: Value) -> Self {
        Data(value)
    }
}

/// A value as `%v` prints it.
///
/// # Errors
/// For more text than a rendering may take.
pub(in crate::formats) fn printed(value: &Value, limits: &Limits) -> Result<String, TemplateError> {
    let mut budget = limits::Budget::new(limits);
    printf::Printer::print(std::slice::from_ref(value), &mut budget).map_err(TemplateError::of)
}

/// A value of JSON that a text of YAML stands for, as sigs.k8s.io/yaml reads it: its first document.
///
/// # Errors
/// What is wrong with the text.
pub(in crate::formats) fn yaml_value(text: &str, limits: &Limits) -> Result<serde_json::Value, TemplateError> {
    let mut budget = limits::Budget::new(limits);
    yaml::from_yaml(text, &mut budget).map_err(TemplateError::of)
}

impl Options {
    /// Sets an option as `goTemplateOptions` has it: `missingkey=error`.
    ///
    /// # Errors
    /// For one that text/template doesn't have, which panics there.
    pub fn set(&mut self, option: &str) -> Result<(), String> {
        self.missing_key = match option.split_once('=') {
            None if option.is_empty() => return Err("empty option string".to_owned()),
            Some(("missingkey", "default" | "invalid")) => MissingKey::Default,
            Some(("missingkey", "zero")) => MissingKey::Zero,
            Some(("missingkey", "error")) => MissingKey::Error,
            _ => return Err(format!("unrecognized option: {option}")),
        };
        Ok(())
    }
}

impl Template {
    /// Reads a template. The name is what errors call it by.
    ///
    /// # Errors
    /// `template: NAME:LINE: ...`, for what isn't one and for functions that there aren't.
    pub fn parse(name: &str, text: &str, options: &Options) -> Result<Template, TemplateError> {
        let functions = Functions::of(options.dialect);
        match parse::parse(name, text, functions) {
            Ok(trees) => Ok(Template { name: name.to_owned(), text: text.to_owned(), options: *options, trees }),
            Err(message) => {
                let place = message.strip_prefix("template: ").and_then(|rest| rest.strip_prefix(name));
                let line = place.and_then(|rest| rest.strip_prefix(':')?.split(':').next()?.parse().ok());
                Err(TemplateError { kind: ErrorKind::Parse, line: line.unwrap_or(1), column: 0, message })
            }
        }
    }

    /// Renders it.
    ///
    /// # Errors
    /// What Go would say, or which of the bounds was met.
    pub fn render(&self, data: &Data, limits: &Limits) -> Result<String, TemplateError> {
        let mut budget = limits::Budget::new(limits);
        let data = Slot::plain(data.0.clone());
        eval::State::new(self, &mut budget, 0).run(data).map_err(|error| *error)
    }

    /// The names of all functions of a dialect, sorted.
    pub fn functions(dialect: Dialect) -> Vec<&'static str> {
        Functions::of(dialect).names()
    }
}
