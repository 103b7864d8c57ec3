//! Errors as scripts see the ones that they catch.

use rhai::plugin::*;

/// Errors that a script caught: what they are, and what to do about them.
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

    /// The errors that an error sums up, as `#{ item, error }`: those of the items of `parallel` that failed.
    ///
    /// ```rhai
    /// try { parallel(["a", "b"], |name| fail(`no ${name}`, "")); } catch (e) {
    ///     for failed in e.errors { print(`${failed.item}: ${failed.error.message}`); }
    /// }
    /// ```
    #[rhai_fn(global, get = "errors", pure)]
    pub fn errors(error: &mut Error) -> rhai::Array {
        let one = |related: &crate::error::Related| {
            let mut map = rhai::Map::new();
            map.insert("item".into(), related.item.clone().into());
            map.insert("error".into(), Dynamic::from(related.error.clone()));
            map.into()
        };
        error.related().iter().map(one).collect()
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
