//! Selectors of labels in scripts.

use std::borrow::Cow;

use rhai::Dynamic;
use rhai::plugin::*;
use serde_json::Value;

use super::manifest::Manifest;
use super::value;
use crate::error::Result;

/// What a view, a map or nothing says, a view's data uncopied.
fn with<T>(of: &Dynamic, act: impl FnOnce(&Value) -> T) -> Result<T> {
    let view = of.read_lock::<Manifest>();
    let value = match &view {
        Some(view) => Cow::Borrowed(view.value()),
        None => Cow::Owned(value::to_json(of)?),
    };
    Ok(act(&value))
}

/// Selectors of labels: `matchLabels` and `matchExpressions` of Deployments, NetworkPolicies and budgets, or the plain map of
/// a Service.
#[export_module]
pub mod api {
    use rhai::{Dynamic, NativeCallContext};
    use serde_json::Value;

    use crate::bridge::{RhaiResultOf, throw};
    use crate::error::Error;
    use crate::primitives::selector::with;

    /// A selector of labels.
    pub type Selector = crate::formats::selector::Selector;

    /// The selector of a view or map; `()` selects nothing, an empty map everything.
    ///
    /// Errors: `idp::selector::form`, `idp::script::data`.
    ///
    /// ```rhai
    /// let api = selector(#{ matchLabels: #{ app: "api" } });
    /// print(api.matches(#{ app: "api", tier: "web" }));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn selector(ctx: NativeCallContext, of: Dynamic) -> RhaiResultOf<Selector> {
        let read = |value: &Value| {
            Selector::parse(value).map_err(|wrong| {
                Error::invalid("idp::selector::form", wrong)
                    .help("write matchLabels and matchExpressions, or labels alone for a Service")
            })
        };
        with(&of, read).and_then(|read| read).map_err(|error| throw(&ctx, error))
    }

    /// Whether it selects what has these labels, a view or map.
    ///
    /// Errors: `idp::script::data`.
    ///
    /// ```rhai
    /// let service = manifest("kind: Service\nspec: {selector: {app: api}}\n");
    /// print(selector(service.get("spec.selector")).matches(#{ app: "web" }));
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn matches(ctx: NativeCallContext, selector: &mut Selector, labels: Dynamic) -> RhaiResultOf<bool> {
        with(&labels, |labels| selector.matches(labels)).map_err(|error| throw(&ctx, error))
    }

    /// Whether it selects whatever there is.
    ///
    /// ```rhai
    /// print(selector(#{}).is_everything());
    /// ```
    #[rhai_fn(global, pure)]
    pub fn is_everything(selector: &mut Selector) -> bool {
        selector.is_everything()
    }
}
