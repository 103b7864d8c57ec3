//! Asking a person for parameters.

use serde_json::Value;

use crate::error::Result;
use crate::primitives::param::Param;

/// Somebody who can be asked. The command line has a terminal; tests and CI have nobody.
pub trait Asking {
    /// Whether somebody is there.
    fn is_there(&self) -> bool;
    /// Asks for one parameter until the answer obeys its rules and `judge` takes it. Nothing stands for one that is left out.
    fn ask(&self, name: &str, rule: &Param, judge: &Judge) -> Result<Value>;
    /// Offers to go through parameters that needn't be given: whether somebody wants to. What isn't asked `stays`, or else has
    /// its default.
    fn offer(&self, names: &[&str], stays: bool) -> Result<bool>;
}

/// What the script says of an answer, beyond the parameter's own rules.
pub type Judge<'a> = dyn Fn(&Value) -> Result<()> + 'a;
