//! Rules in CEL, as the API server compiles and evaluates them: `x-kubernetes-validations` with its libraries and costs.
//! Parsing is the `cel` crate's; types, libraries and evaluation are here. docs/decisions.md says why.

mod check;
mod compare;
mod cost;
mod eval;
mod field_path;
mod fold;
mod functions;
#[cfg(test)]
mod hostile_tests;
mod kinds;
mod names;
mod parse;
mod rule;
mod signatures;
#[cfg(test)]
mod tests;
mod tree;
mod types;
mod value;

use std::sync::Arc;

use serde_json::Value as Json;

pub(in crate::formats) use functions::format::{label_value, qualified_name};
pub use rule::{Broken, Budget, Fault, Part, Reason, Rule};
pub use types::Type;

/// The steps of a `fieldPath` that names a field of a schema.
///
/// # Errors
/// What is wrong with the path.
pub fn field_path(path: &str, schema: &Json) -> Result<Vec<String>, String> {
    field_path::read(path, &Arc::new(Type::of_schema(schema)))
}
