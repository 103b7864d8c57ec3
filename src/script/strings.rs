//! Functions that Rhai has too, but without a bound on what they make, or how long they take, in one call.

use rhai::{Engine, EvalAltResult, ImmutableString, Position};

use crate::error::Error;

/// The longest text, in bytes. Rhai checks it between operations, and one `replace` can make gigabytes.
pub const LONGEST: usize = 1 << 20;

/// Puts the bounded functions in front of Rhai's own.
pub fn register(engine: &mut Engine) {
    engine.register_fn("replace", |text: &mut ImmutableString, find: &str, with: &str| {
        if find.is_empty() {
            return Ok(());
        }
        let found = text.matches(find).count();
        bounded(text.len().saturating_add(found.saturating_mul(with.len())))?;
        *text = text.replace(find, with).into();
        Ok::<(), Box<EvalAltResult>>(())
    });
    engine.register_fn("replace", |text: &mut ImmutableString, find: char, with: char| {
        bounded(text.len().saturating_mul(4))?;
        *text = text.replace(find, with.encode_utf8(&mut [0; 4])).into();
        Ok::<(), Box<EvalAltResult>>(())
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
