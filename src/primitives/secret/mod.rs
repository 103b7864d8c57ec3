//! Secrets: a name that stands for a value which only the door reads. It can't enter a text or any data.

use std::fmt;

use rhai::plugin::*;
use rhai::{EvalAltResult, NativeCallContext};

use crate::bridge::throw;
use crate::config::HeaderText;
use crate::error::{Error, Result};
use crate::primitives::options::{Options, Takes};

/// A secret's name. Its value never enters a script.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    name: String,
    /// What stands before the value where it is sent.
    prefix: String,
}

impl Secret {
    /// The secret of that name.
    pub fn named(name: &str) -> Secret {
        Secret { name: name.to_string(), prefix: String::new() }
    }

    /// The header that it becomes.
    pub fn header(&self) -> HeaderText {
        HeaderText::Secret { secret: self.name.clone(), prefix: self.prefix.clone() }
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

impl Options<'_> {
    /// A secret.
    pub fn secret(&self, key: &str) -> Result<Option<HeaderText>> {
        let Some(given) = self.get(key) else { return Ok(None) };
        let secret = given.read_lock::<Secret>().map(|secret| secret.header());
        secret.map(Some).ok_or_else(|| self.wrong(key, given, Takes::Secret))
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

    use crate::bridge::{RhaiResultOf, run_of, throw};
    use crate::world::secrets::{Secrets, check_name};

    /// A secret: a name whose value only the door reads. It prints as `***` and can't be part of a text.
    pub type Secret = super::Secret;

    /// The secret of that name: from what `idp.yaml` says of it, else from the folder `IDP_SECRETS_DIR`, else from the
    /// environment. Scripts never hold its value; from here on the run hides it in all that it says.
    ///
    /// Errors: `idp::secret::name`.
    ///
    /// ```rhai
    /// let token = secret("SLACK_TOKEN");
    /// print(token.name);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn secret(ctx: NativeCallContext, name: &str) -> RhaiResultOf<Secret> {
        check_name(name).map_err(|error| throw(&ctx, error))?;
        // Beside a script's functions stand constants, which are made before there is a run.
        if let Ok(run) = run_of(&ctx) {
            Secrets::of(&run.config).hide(name);
        }
        Ok(Secret::named(name))
    }

    /// The same secret with a text before it, as headers have it.
    ///
    /// ```rhai
    /// let header = secret("SLACK_TOKEN").after("Bearer ");
    /// print(header.name);
    /// ```
    #[rhai_fn(global, pure)]
    pub fn after(secret: &mut Secret, prefix: &str) -> Secret {
        Secret { prefix: prefix.to_string(), ..secret.clone() }
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
