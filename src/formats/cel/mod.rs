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

pub use rule::{Broken, Budget, Fault, Part, Reason, Rule};
pub use types::Type;
