//! Functions that Rhai has too, but without a bound on what they make, or how long they take, in one call.

use rhai::{Array, Dynamic, Engine, EvalAltResult, INT, ImmutableString, Position};

use crate::error::Error;

/// The longest text, in bytes. Rhai checks it between operations, and one `replace` can make gigabytes.
pub const LONGEST: usize = 1 << 20;

/// The most elements of a list or map.
pub const MOST: usize = 20_000;

/// Puts the bounded functions in front of Rhai's own.
pub fn register(engine: &mut Engine) {
    engine.register_fn("replace", |text: &mut ImmutableString, find: &str, with: &str| replace(text, find, with));
    engine.register_fn("replace", |text: &mut ImmutableString, find: char, with: &str| {
        replace(text, find.encode_utf8(&mut [0; 4]), with)
    });
    engine.register_fn("replace", |text: &mut ImmutableString, find: &str, with: char| {
        replace(text, find, with.encode_utf8(&mut [0; 4]))
    });
    engine.register_fn("replace", |text: &mut ImmutableString, find: char, with: char| {
        replace(text, find.encode_utf8(&mut [0; 4]), with.encode_utf8(&mut [0; 4]))
    });
    // Nothing can end a thread that sleeps; scripts that wait for people end their attempt.
    engine.register_fn("sleep", |_: i64| awake());
    engine.register_fn("sleep", |_: f64| awake());
    engine.register_fn("pad", |text: &mut ImmutableString, length: i64, with: &str| {
        let wanted = usize::try_from(length).unwrap_or(0);
        bounded(wanted.saturating_mul(with.len().max(1)))?;
        let mut padded = text.to_string();
        let mut have = padded.chars().count();
        while have < wanted && !with.is_empty() {
            padded.push_str(with);
            have += with.chars().count();
        }
        *text = padded.chars().take(wanted.max(text.chars().count())).collect::<String>().into();
        Ok::<(), Box<EvalAltResult>>(())
    });
    register_splits(engine);
}

/// A text has more characters than a list may have elements, and each becomes a text of its own.
fn register_splits(engine: &mut Engine) {
    engine.register_fn("to_chars", |text: &str| listed(text.chars()));
    engine.register_fn("split", |text: &str| match text {
        "" => listed([""].into_iter()),
        text => listed(text.split_whitespace()),
    });
    engine.register_fn("split", |text: &str, by: &str| listed(text.split(by)));
    engine.register_fn("split", |text: &str, by: char| listed(text.split(by)));
    engine.register_fn("split", |text: &str, by: &str, most: INT| listed(text.splitn(pieces(most), by)));
    engine.register_fn("split", |text: &str, by: char, most: INT| listed(text.splitn(pieces(most), by)));
    engine.register_fn("split_rev", |text: &str, by: &str| listed(text.rsplit(by)));
    engine.register_fn("split_rev", |text: &str, by: char| listed(text.rsplit(by)));
    engine.register_fn("split_rev", |text: &str, by: &str, most: INT| listed(text.rsplitn(pieces(most), by)));
    engine.register_fn("split_rev", |text: &str, by: char, most: INT| listed(text.rsplitn(pieces(most), by)));
}

/// Fewer than one piece is one, as in Rhai.
fn pieces(most: INT) -> usize {
    usize::try_from(most).unwrap_or(0).max(1)
}

fn listed(pieces: impl Iterator<Item = impl Into<Dynamic>>) -> Result<Array, Box<EvalAltResult>> {
    let list: Array = pieces.take(MOST + 1).map(Into::into).collect();
    if list.len() > MOST {
        return Err(EvalAltResult::ErrorDataTooLarge("Size of array".into(), Position::NONE).into());
    }
    Ok(list)
}

fn replace(text: &mut ImmutableString, find: &str, with: &str) -> Result<(), Box<EvalAltResult>> {
    if find.is_empty() {
        return Ok(());
    }
    let found = text.matches(find).count();
    bounded(text.len().saturating_add(found.saturating_mul(with.len())))?;
    *text = text.replace(find, with).into();
    Ok(())
}

fn awake() -> Result<(), Box<EvalAltResult>> {
    let error = Error::invalid("idp::script::function", "scripts can't sleep")
        .help("`pull.wait()` or `wait_for(what, || done)` end the attempt, and the same command goes on later");
    Err(crate::bridge::throw_at(error, Position::NONE))
}

fn bounded(bytes: usize) -> Result<(), Box<EvalAltResult>> {
    if bytes > LONGEST {
        return Err(EvalAltResult::ErrorDataTooLarge("Length of string".into(), Position::NONE).into());
    }
    Ok(())
}
