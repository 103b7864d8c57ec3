//! Lists in manifests as scripts walk them: `for`, and what takes a function.

use std::any::TypeId;

use rhai::{Array, Dynamic, EvalAltResult, FnPtr, Module, NativeCallContext, Position};
use serde_json::Value;

use super::Manifest;
use crate::bridge::{RhaiResultOf, throw_at};
use crate::error::Error;

impl Manifest {
    /// The elements of a list; none if nothing is there.
    ///
    /// # Errors
    /// `idp::manifest::list` for anything but a list.
    pub fn elements(&self) -> Result<Array, Error> {
        match self.value() {
            Value::Null => Ok(Array::new()),
            Value::Array(list) => {
                Ok((0..list.len()).map(|at| self.element(i64::try_from(at).unwrap_or_default())).collect())
            }
            Value::Object(_) => Err(Error::failed("idp::manifest::list", "this is a map, and has no elements")
                .help("go through its keys: `for key in view.keys()`, and look at `view[key]`")),
            _ => Err(Error::failed("idp::manifest::list", "this is one value, and has no elements")),
        }
    }
}

/// `for x in view`.
pub fn register(module: &mut Module) {
    module.set_iter_result(TypeId::of::<Manifest>(), |view| {
        match view.read_lock::<Manifest>().map(|view| view.elements()) {
            Some(Ok(list)) => Box::new(list.into_iter().map(Ok)),
            Some(Err(error)) => Box::new(std::iter::once(Err(throw_at(error, Position::NONE)))),
            None => Box::new(std::iter::empty()),
        }
    });
}

/// Asks a function about each element until it says what is looked for.
pub fn first(ctx: &NativeCallContext, list: &Array, holds: &FnPtr, wanted: bool) -> RhaiResultOf<Option<usize>> {
    for (at, item) in list.iter().enumerate() {
        if asked(ctx, item, holds)? == wanted {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

/// The elements of which a function says true.
pub fn those(ctx: &NativeCallContext, list: Array, holds: &FnPtr) -> RhaiResultOf<Array> {
    let mut found = Array::new();
    for item in list {
        if asked(ctx, &item, holds)? {
            found.push(item);
        }
    }
    Ok(found)
}

fn asked(ctx: &NativeCallContext, item: &Dynamic, holds: &FnPtr) -> RhaiResultOf<bool> {
    let answer: Dynamic = holds.call_within_context(ctx, (item.clone(),))?;
    answer
        .as_bool()
        .map_err(|is| Box::new(EvalAltResult::ErrorMismatchDataType("bool".into(), is.into(), ctx.call_position())))
}
