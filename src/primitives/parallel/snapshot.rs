//! Values without anything shared in them: what goes from one thread of a script to another.

use rhai::{Array, Dynamic, FnPtr, Map};

use crate::error::{Error, Result};

/// How deep values may nest, as everywhere.
const DEEPEST: usize = 64;

/// Replaces everything shared in a value by a copy. Closures share the variables that they captured with the script,
/// and two threads at one variable wait for each other, give up, and report a data race.
///
/// Errors: a value that nests too deep; a variable that is in use, as in `list.map(|x| parallel(...list...))`.
pub fn settle(value: &mut Dynamic) -> Result<()> {
    settle_at(value, 0)
}

fn settle_at(value: &mut Dynamic, depth: usize) -> Result<()> {
    if depth > DEEPEST {
        return Err(Error::failed("idp::script::depth", format!("the value nests deeper than {DEEPEST} levels")));
    }
    if value.is_shared() {
        *value = value.flatten_clone();
        if value.is_shared() {
            return Err(Error::failed("idp::parallel::captured", "a captured variable is in use while it is copied")
                .help("copy it before: `let copy = variable;`, and use the copy in the closure"));
        }
    }
    if let Some(mut list) = value.write_lock::<Array>() {
        return list.iter_mut().try_for_each(|item| settle_at(item, depth + 1));
    }
    if let Some(mut map) = value.write_lock::<Map>() {
        return map.values_mut().try_for_each(|item| settle_at(item, depth + 1));
    }
    if let Some(mut function) = value.write_lock::<FnPtr>() {
        return function.iter_curry_mut().try_for_each(|captured| settle_at(captured, depth + 1));
    }
    Ok(())
}
