//! What tests claim. A claim that doesn't hold ends the test with the place of the call, and a diff where one helps.

use rhai::plugin::*;
use rhai::{Dynamic, NativeCallContext};
use serde_json::Value;

use super::outcome::RunResult;
use super::{assertion, stage_of};
use crate::bridge::{RhaiResultOf, throw};
use crate::error::{Error, Result};
use crate::formats::yaml;
use crate::primitives::value;
use crate::report::FileDiff;

/// Values longer than this are not repeated in the sentence; the diff has them.
const SHORT: usize = 60;

/// A value as data.
fn data(given: &Dynamic) -> Result<Value> {
    match given.read_lock::<RunResult>() {
        Some(result) => Ok(Value::String(result.0.summary())),
        None => value::to_json(given),
    }
}

/// A value as the lines of a diff or a snapshot.
fn lines(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => yaml::render(other),
    }
}

fn short(value: &Value) -> Option<String> {
    Some(value.to_string()).filter(|text| text.len() <= SHORT)
}

/// Throws an assertion with the difference of two texts.
fn differ(
    ctx: &NativeCallContext,
    message: String,
    help: Option<&str>,
    expected: &str,
    actual: &str,
) -> Box<rhai::EvalAltResult> {
    let error = match help {
        Some(help) => assertion(message).help(help),
        None => assertion(message),
    };
    let diff = FileDiff::between("", Some(expected.as_bytes()), Some(actual.as_bytes())).text;
    if let Ok((stage, _)) = stage_of(ctx) {
        stage.explain_later(&error, Vec::new(), Some(diff));
    }
    throw(ctx, error)
}

/// Whether a text has a part, a list an element, a map all entries of another.
fn holds(whole: &Value, part: &Value) -> Result<bool> {
    match (whole, part) {
        (Value::String(whole), Value::String(part)) => Ok(whole.contains(part.as_str())),
        (Value::Array(list), part) => Ok(list.contains(part)),
        (Value::Object(whole), Value::String(key)) => Ok(whole.contains_key(key)),
        (Value::Object(whole), Value::Object(part)) => {
            Ok(part.iter().all(|(key, value)| whole.get(key) == Some(value)))
        }
        _ => Err(Error::invalid("idp::test::arguments", "nothing can contain this")
            .help("a text contains a text, a list an element, a map a key or the entries of another map")),
    }
}

fn contains(ctx: &NativeCallContext, whole: &Dynamic, part: &Dynamic, wanted: bool) -> RhaiResultOf<()> {
    let (whole, part) = data(whole).and_then(|whole| Ok((whole, data(part)?))).map_err(|error| throw(ctx, error))?;
    if holds(&whole, &part).map_err(|error| throw(ctx, error))? == wanted {
        return Ok(());
    }
    let verb = if wanted { "is not in" } else { "is in" };
    let what = short(&part).unwrap_or_else(|| "what was looked for".into());
    let error = assertion(format!("{what} {verb} {}", short(&whole).unwrap_or_else(|| "the value".into())));
    let (stage, _) = stage_of(ctx)?;
    let shown: String = lines(&whole).lines().take(40).map(|line| format!(" {line}\n")).collect();
    stage.explain_later(&error, Vec::new(), Some(shown));
    Err(throw(ctx, error))
}

/// The value as its snapshot has it, or an error with the difference.
fn compare(ctx: &NativeCallContext, name: Option<&str>, given: &Dynamic) -> RhaiResultOf<()> {
    let (stage, _) = stage_of(ctx)?;
    let text = data(given).map(|value| lines(&value)).map_err(|error| throw(ctx, error))?;
    let found = {
        let mut taking = stage.snapshots.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        taking.take(name, text).map_err(|error| throw(ctx, error))?
    };
    match found {
        None => Ok(()),
        Some(mismatch) => Err(differ(
            ctx,
            format!("the snapshot `{}` differs", mismatch.name),
            Some("if it is as it should be: `idp-run test --update`"),
            &mismatch.expected,
            &mismatch.actual,
        )),
    }
}

/// Claims of tests: what must be so, compared and shown with a difference.
#[export_module]
pub mod api {
    use rhai::{Dynamic, FnPtr, NativeCallContext};

    use super::super::{assertion, outcome::RunResult, stage_of};
    use crate::bridge::{RhaiResultOf, throw};
    use crate::error::{Error, Result};
    use crate::script::Trouble;

    /// Claims that something is so.
    ///
    /// ```rhai
    /// assert(1 + 1 == 2);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn assert(ctx: NativeCallContext, so: bool) -> RhaiResultOf<()> {
        if so { Ok(()) } else { Err(throw(&ctx, assertion("this is not so"))) }
    }

    /// Claims that something is so, with the words for when it isn't.
    ///
    /// ```rhai
    /// assert("api".len == 3, "the name has three letters");
    /// ```
    #[rhai_fn(name = "assert", return_raw)]
    pub fn assert_with(ctx: NativeCallContext, so: bool, otherwise: &str) -> RhaiResultOf<()> {
        if so { Ok(()) } else { Err(throw(&ctx, assertion(otherwise))) }
    }

    /// Claims that a value is the expected one. Shows a diff if it isn't.
    ///
    /// ```rhai
    /// assert_eq([1, 2].map(|n| n * 2), [2, 4]);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn assert_eq(ctx: NativeCallContext, actual: Dynamic, expected: Dynamic) -> RhaiResultOf<()> {
        let both = || -> Result<_> { Ok((super::data(&actual)?, super::data(&expected)?)) };
        let (actual, expected) = both().map_err(|error| throw(&ctx, error))?;
        if actual == expected {
            return Ok(());
        }
        let message = match (super::short(&actual), super::short(&expected)) {
            (Some(actual), Some(expected)) => format!("it is {actual}, and should be {expected}"),
            _ => "it is not what it should be".to_string(),
        };
        Err(super::differ(&ctx, message, None, &super::lines(&expected), &super::lines(&actual)))
    }

    /// Claims that a value is not this one.
    ///
    /// ```rhai
    /// assert_ne(key("payments", "dev", "api").namespace, "payments");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn assert_ne(ctx: NativeCallContext, actual: Dynamic, other: Dynamic) -> RhaiResultOf<()> {
        let both = || -> Result<_> { Ok((super::data(&actual)?, super::data(&other)?)) };
        let (actual, other) = both().map_err(|error| throw(&ctx, error))?;
        if actual != other {
            return Ok(());
        }
        let value = super::short(&actual).unwrap_or_else(|| "the very value".into());
        Err(throw(&ctx, assertion(format!("it is {value}, and should not be"))))
    }

    /// Claims that a text has this part, a list this element, a map this key or the entries of this map.
    ///
    /// ```rhai
    /// assert_contains("golden path", "path");
    /// assert_contains([1, 2], 2);
    /// assert_contains(#{ a: 1, b: 2 }, #{ b: 2 });
    /// ```
    #[rhai_fn(return_raw)]
    pub fn assert_contains(ctx: NativeCallContext, whole: Dynamic, part: Dynamic) -> RhaiResultOf<()> {
        super::contains(&ctx, &whole, &part, true)
    }

    /// Claims that a text hasn't this part, a list not this element, a map not this key or these entries.
    ///
    /// ```rhai
    /// assert_lacks(["dev", "prod"], "staging");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn assert_lacks(ctx: NativeCallContext, whole: Dynamic, part: Dynamic) -> RhaiResultOf<()> {
        super::contains(&ctx, &whole, &part, false)
    }

    /// Claims that a run changed nothing: what a second run of the same script is to do.
    ///
    /// ```rhai
    /// run_script("examples/greet.rhai", #{ name: "api" });
    /// assert_unchanged(run_script("examples/greet.rhai", #{ name: "api" }));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn assert_unchanged(ctx: NativeCallContext, result: RunResult) -> RhaiResultOf<()> {
        match result.0.counts.changes() {
            0 => Ok(()),
            _ => {
                let message = format!("{} made changes, and there was nothing to change", result.0.script);
                Err(super::differ(&ctx, message, None, "no changes\n", &result.0.summary()))
            }
        }
    }

    /// Calls a function that is to fail with an error of this code, and returns the error: `code`, `message`, `help`.
    ///
    /// ```rhai
    /// let e = expect_error("idp::script::failed", || fail("the name is taken", "choose another one"));
    /// assert_eq(e.help, "choose another one");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn expect_error(ctx: NativeCallContext, code: &str, work: FnPtr) -> RhaiResultOf<Error> {
        let (stage, _) = stage_of(&ctx)?;
        let thrown = match work.call_within_context::<Dynamic>(&ctx, ()) {
            Ok(_) => return Err(throw(&ctx, assertion(format!("this was to fail with {code}, and didn't")))),
            Err(thrown) => thrown,
        };
        match stage.explain(*thrown) {
            Trouble::Failed { error, .. } if error.code() == code => Ok(error),
            Trouble::Failed { error, frames } => {
                let message = format!("this was to fail with {code}, and failed with {}: {error}", error.code());
                let wrong = assertion(message);
                stage.explain_later(&wrong, frames, None);
                Err(throw(&ctx, wrong))
            }
            Trouble::Waiting(what) => Err(throw(&ctx, assertion(format!("this waits for {what}")))),
        }
    }

    /// Claims that a value is as its snapshot in `NAME.test.snap` has it: texts as they are, the result of a run by its
    /// changes, other data as YAML. A new snapshot is written (in CI it fails); `idp-run test --update` rewrites those
    /// that differ. Each counts within its test.
    ///
    /// ```rhai
    /// assert_snapshot(#{ replicas: 2 });
    /// ```
    #[rhai_fn(return_raw)]
    pub fn assert_snapshot(ctx: NativeCallContext, given: Dynamic) -> RhaiResultOf<()> {
        super::compare(&ctx, None, &given)
    }

    /// Claims that a value is as the snapshot of that name has it.
    ///
    /// ```rhai
    /// assert_snapshot("sizes", #{ replicas: 2 });
    /// ```
    #[rhai_fn(name = "assert_snapshot", return_raw)]
    pub fn assert_snapshot_named(ctx: NativeCallContext, name: &str, given: Dynamic) -> RhaiResultOf<()> {
        super::compare(&ctx, Some(name), &given)
    }
}
