//! Errors as scripts see the ones that they catch.

use rhai::plugin::*;

/// What scripts see.
#[export_module]
pub mod api {
    use rhai::{Dynamic, ImmutableString};

    /// An error that a `catch` holds: `code` (stable), `message`, `help`.
    pub type Error = crate::error::Error;

    /// The stable code of an error.
    ///
    /// ```rhai
    /// try { repo("no-such").tree("main"); } catch (e) { print(e.code); }
    /// ```
    #[rhai_fn(global, get = "code", pure)]
    pub fn code(error: &mut Error) -> ImmutableString {
        error.code().into()
    }

    /// The sentence of an error.
    ///
    /// ```rhai
    /// try { repo("no-such").tree("main"); } catch (e) { print(e.message); }
    /// ```
    #[rhai_fn(global, get = "message", pure)]
    pub fn message(error: &mut Error) -> ImmutableString {
        error.message().into()
    }

    /// What can be done about an error; `()` if nothing is known.
    ///
    /// ```rhai
    /// try { repo("no-such").tree("main"); } catch (e) { print(e.help ?? "no idea"); }
    /// ```
    #[rhai_fn(global, get = "help", pure)]
    pub fn help(error: &mut Error) -> Dynamic {
        error.help_text().map_or(Dynamic::UNIT, |help| help.to_string().into())
    }

    /// The sentence of an error, in texts.
    ///
    /// ```rhai
    /// try { repo("no-such").tree("main"); } catch (e) { print(`It failed: ${e}`); }
    /// ```
    #[rhai_fn(global, name = "to_string", name = "to_debug", pure)]
    pub fn to_string(error: &mut Error) -> ImmutableString {
        error.message().into()
    }
}
