//! Values that the world assigns: known after an apply, `(known after apply)` in a plan.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What plans print in the place of a value that the world will assign.
pub const KNOWN_AFTER_APPLY: &str = "(known after apply)";

/// A value that is there, or that the world will assign when the change is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Later<T> {
    /// The value.
    Known(T),
    /// Not before the apply.
    Unknown,
}

impl<T> Later<T> {
    /// The value, if it is there.
    pub fn known(&self) -> Option<&T> {
        match self {
            Later::Known(value) => Some(value),
            Later::Unknown => None,
        }
    }
}

impl<T: fmt::Display> fmt::Display for Later<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Later::Known(value) => value.fmt(f),
            Later::Unknown => f.write_str(KNOWN_AFTER_APPLY),
        }
    }
}
