//! Notifications to contacts, once for a cause.

use rhai::plugin::*;

use super::options::{CallOptions, OptionSpec, Takes};

/// The options of `notify(contact, text, options)`; all others are fields of the message.
pub const NOTIFY: CallOptions = CallOptions {
    function: "notify",
    on: "",
    arguments: 3,
    known: &[OptionSpec::new("once", Takes::Text, "required: the cause, for which the message goes out at most once")],
    open: true,
};

/// Messages to contacts that idp.yaml declares, once for a cause.
#[export_module]
pub mod api {
    use std::collections::BTreeMap;

    use rhai::{Dynamic, Map, NativeCallContext};

    use crate::bridge::{RhaiResultOf, run_of, throw};
    use crate::error::Error;
    use crate::primitives::value;

    /// Tells a contact of `idp.yaml` something, at most once for the run and `once`, the cause. Other fields than
    /// `once` are part of the message.
    ///
    /// Errors: `idp::world::unknown`, `idp::secret::data`, `idp::permission`.
    ///
    /// ```rhai
    /// notify("deployments", "payments-api is on its way", #{ once: "created" });
    /// ```
    #[rhai_fn(return_raw)]
    pub fn notify(ctx: NativeCallContext, contact: &str, text: &str, options: Map) -> RhaiResultOf<()> {
        let run = run_of(&ctx)?;
        let act = || {
            let cause = options.get("once").and_then(|cause| cause.clone().into_string().ok());
            let cause = cause.filter(|cause| !cause.is_empty()).ok_or_else(|| {
                Error::invalid("idp::script::option", "notify needs `once`, the cause of the message")
                    .help("the cause tells whether the message was sent before: #{ once: \"created\" }")
            })?;
            let mut message = BTreeMap::from([("text".to_string(), text.into())]);
            for (name, field) in options.iter().filter(|(name, _)| name.as_str() != "once") {
                message.insert(name.to_string(), value::to_json(field)?);
            }
            run.pass(run.door()?.notify(contact, &cause, message))
        };
        act().map_err(|error| throw(&ctx, error))
    }

    /// A message without options is refused: it needs its cause.
    ///
    /// ```rhai
    /// try { notify("deployments", "hello"); } catch (e) { print(e.help); }
    /// ```
    #[rhai_fn(name = "notify", return_raw)]
    pub fn notify_without_cause(ctx: NativeCallContext, contact: &str, text: &str) -> RhaiResultOf<Dynamic> {
        notify(ctx, contact, text, Map::new()).map(|()| Dynamic::UNIT)
    }
}
