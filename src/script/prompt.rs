//! Asking a person for parameters.

use serde_json::Value;

use crate::error::Result;
use crate::primitives::param::Param;

/// Somebody who can be asked. The command line has a terminal; tests and CI have nobody.
pub trait Asking {
    /// Whether somebody is there.
    fn is_there(&self) -> bool;
    /// Asks for one parameter until the answer obeys its rules. Nothing stands for one that is left out.
    fn ask(&self, name: &str, rule: &Param) -> Result<Value>;
}
