//! Values that the world assigns: they enter texts as `(known after apply)`, and throw when a plan branches on them.

use std::fmt;

use rhai::plugin::*;
use rhai::{Dynamic, EvalAltResult, NativeCallContext};

use crate::bridge::{RhaiResultOf, throw};
use crate::error::Error;
use crate::world::Later;
use crate::world::later::KNOWN_AFTER_APPLY;

/// A value that is not known in a plan; `what` says which.
#[derive(Debug, Clone)]
pub struct LaterValue {
    /// `number of the pull request ...`.
    pub what: String,
    /// Whether it has fields and elements, which are known later, too: what a service will answer.
    pub data: bool,
}

impl fmt::Display for LaterValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(KNOWN_AFTER_APPLY)
    }
}

/// The value for a script: as it is, or one that is known later.
pub fn dynamic<T: Into<Dynamic> + Clone>(value: &Later<T>, what: impl FnOnce() -> String) -> Dynamic {
    match value {
        Later::Known(value) => value.clone().into(),
        Later::Unknown => Dynamic::from(LaterValue { what: what(), data: false }),
    }
}

fn unknown(ctx: &NativeCallContext, later: &LaterValue) -> Box<EvalAltResult> {
    let message = format!("the {} is not known before the plan is applied", later.what);
    throw(
        ctx,
        Error::failed("idp::plan::unknown", message)
            .help("don't decide by it: use it in texts and options only, or look at what is known already"),
    )
}

/// A part of data that is known later; other values have none.
fn part(ctx: &NativeCallContext, later: &LaterValue, asked: String, name: &str) -> RhaiResultOf<LaterValue> {
    if later.data {
        return Ok(LaterValue { what: format!("{name} of the {}", later.what), data: true });
    }
    let message = format!("{asked} needs a value that is not known before the plan is applied");
    let error = Error::failed("idp::plan::unknown", message);
    Err(throw(ctx, error.help("use it in texts and options only, or look at what is known already")))
}

/// Values that the world will assign: in a plan they print as `(known after apply)`.
#[export_module]
pub mod api {
    use rhai::{Dynamic, NativeCallContext};

    use crate::bridge::RhaiResultOf;

    /// A value that the world assigns when a plan is applied, such as the number of a new pull request. It can be
    /// part of a text, where plans print it as `(known after apply)`; a comparison with it is an error in a plan.
    pub type Later = super::LaterValue;

    /// The text of a value that is known after the apply.
    ///
    /// ```rhai
    /// let pull = repo("platform-gitops").propose("Say hello", |t| t.write("hello.md", "Hello\n"), #{ branch: "hello" });
    /// print(`The number is ${pull.number}`);
    /// ```
    #[rhai_fn(global, name = "to_string", name = "to_debug", pure)]
    pub fn to_string(later: &mut Later) -> String {
        format!("{later}")
    }

    /// A text with a value that is known after the apply at its end.
    ///
    /// ```rhai
    /// let pull = repo("platform-gitops").propose("Say hello", |t| t.write("hello.md", "Hello\n"), #{ branch: "hello" });
    /// print("Look at " + pull.url);
    /// ```
    #[rhai_fn(global, name = "+")]
    pub fn text_before(text: &str, later: Later) -> String {
        format!("{text}{later}")
    }

    /// A text with a value that is known after the apply at its beginning.
    ///
    /// ```rhai
    /// let pull = repo("platform-gitops").propose("Say hello", |t| t.write("hello.md", "Hello\n"), #{ branch: "hello" });
    /// print(pull.url + "/files");
    /// ```
    #[rhai_fn(global, name = "+")]
    pub fn text_after(later: Later, text: &str) -> String {
        format!("{later}{text}")
    }

    /// A field of data that is known after the apply, such as what a service will answer, is known then, too.
    ///
    /// Errors: `idp::plan::unknown`.
    ///
    /// ```rhai
    /// try { print(http("pager").post("/services", #{ name: "api" }).json.id); } catch (e) { print(e.code); }
    /// ```
    #[rhai_fn(global, index_get, pure, return_raw)]
    pub fn field(ctx: NativeCallContext, later: &mut Later, name: &str) -> RhaiResultOf<Later> {
        super::part(&ctx, later, format!("`.{name}`"), name)
    }

    /// An element of data that is known after the apply is known then, too.
    ///
    /// ```rhai
    /// try { print(http("pager").post("/services", #{ name: "api" }).json[0]); } catch (e) { print(e.code); }
    /// ```
    #[rhai_fn(global, index_get, pure, return_raw)]
    pub fn element(ctx: NativeCallContext, later: &mut Later, number: i64) -> RhaiResultOf<Later> {
        super::part(&ctx, later, format!("`[{number}]`"), &format!("element {number}"))
    }

    /// Comparing with a value that is known after the apply is an error in a plan.
    ///
    /// Errors: `idp::plan::unknown`.
    ///
    /// ```rhai
    /// let pull = repo("platform-gitops").propose("Say hello", |t| t.write("hello.md", "Hello\n"), #{ branch: "hello" });
    /// try { if pull.number > 3 { print("many"); } } catch (e) { print(e.code); }
    /// ```
    #[rhai_fn(global, return_raw, name = "==", name = "!=", name = "<", name = ">", name = "<=", name = ">=")]
    pub fn compare_left(ctx: NativeCallContext, later: Later, _other: Dynamic) -> RhaiResultOf<bool> {
        Err(super::unknown(&ctx, &later))
    }

    /// Comparing a value with one that is known after the apply is an error in a plan.
    ///
    /// Errors: `idp::plan::unknown`.
    ///
    /// ```rhai
    /// let pull = repo("platform-gitops").propose("Say hello", |t| t.write("hello.md", "Hello\n"), #{ branch: "hello" });
    /// try { if 3 < pull.number { print("many"); } } catch (e) { print(e.code); }
    /// ```
    #[rhai_fn(global, return_raw, name = "==", name = "!=", name = "<", name = ">", name = "<=", name = ">=")]
    pub fn compare_right(ctx: NativeCallContext, _other: Dynamic, later: Later) -> RhaiResultOf<bool> {
        Err(super::unknown(&ctx, &later))
    }
}
