//! Secrets: a name that stands for a value which only the door reads. It can't enter a text or any data.

use std::fmt;

use rhai::plugin::*;
use rhai::{EvalAltResult, NativeCallContext};

use crate::bridge::throw;
use crate::error::Error;

/// A secret's name. Its value never enters a script.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    name: String,
}

impl Secret {
    /// The secret of that name.
    pub fn named(name: &str) -> Secret {
        Secret { name: name.to_string() }
    }

    /// Its name, which is no secret.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

fn refuse(ctx: &NativeCallContext) -> Box<EvalAltResult> {
    throw(
        ctx,
        Error::failed("idp::secret::text", "a secret can't be part of a text")
            .help("hand the secret itself to the function that needs it; only the door reads its value"),
    )
}

/// Secrets: a name in place of a value. It enters no text and no data.
#[export_module]
pub mod api {
    use rhai::{ImmutableString, NativeCallContext};

    use crate::bridge::RhaiResultOf;

    /// A secret: a name whose value only the door reads. It prints as `***` and can't be part of a text.
    pub type Secret = super::Secret;

    /// The secret of that name. Nothing is read before the change that needs it.
    ///
    /// ```rhai
    /// let token = secret("SLACK_TOKEN");
    /// print(token.name);
    /// ```
    pub fn secret(name: &str) -> Secret {
        Secret::named(name)
    }

    /// The secret's name.
    ///
    /// ```rhai
    /// print(secret("SLACK_TOKEN").name);
    /// ```
    #[rhai_fn(global, get = "name", pure)]
    pub fn name(secret: &mut Secret) -> ImmutableString {
        secret.name().into()
    }

    /// A secret prints as `***`, also inside of texts: Rhai gives functions no way to refuse there.
    ///
    /// ```rhai
    /// print(`token: ${secret("SLACK_TOKEN")}`);
    /// ```
    #[rhai_fn(global, name = "to_string", name = "to_debug", pure)]
    pub fn to_string(secret: &mut Secret) -> ImmutableString {
        format!("{secret}").into()
    }

    /// A secret can't be added to a text.
    ///
    /// Errors: `idp::secret::text`.
    ///
    /// ```rhai
    /// try { let text = "token: " + secret("SLACK_TOKEN"); } catch (e) { print(e.code); }
    /// ```
    #[rhai_fn(global, name = "+", return_raw)]
    pub fn text_before(ctx: NativeCallContext, _text: &str, _secret: Secret) -> RhaiResultOf<ImmutableString> {
        Err(super::refuse(&ctx))
    }

    /// Nothing can be added to a secret.
    ///
    /// Errors: `idp::secret::text`.
    ///
    /// ```rhai
    /// try { let text = secret("SLACK_TOKEN") + "!"; } catch (e) { print(e.code); }
    /// ```
    #[rhai_fn(global, name = "+", return_raw)]
    pub fn text_after(ctx: NativeCallContext, _secret: Secret, _text: &str) -> RhaiResultOf<ImmutableString> {
        Err(super::refuse(&ctx))
    }
}
