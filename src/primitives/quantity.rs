//! Quantities of resources in scripts.

use rhai::plugin::*;
use rhai::{Dynamic, ImmutableString};

use crate::error::{Error, Result};
use crate::formats::quantity::Quantity;

/// YAML has `cpu: 1` and `cpu: 0.5` for numbers; Kubernetes reads them as their texts.
fn read(of: &Dynamic) -> Result<Quantity> {
    let number =
        of.as_int().map(|number| number.to_string()).or_else(|_| of.as_float().map(|number| number.to_string()));
    let text: ImmutableString = match number {
        Ok(text) => text.into(),
        Err(_) => of.clone().into_immutable_string().unwrap_or_default(),
    };
    Quantity::parse(&text).map_err(|wrong| {
        let shown: String = text.chars().take(200).collect();
        Error::invalid("idp::quantity::form", format!("`{shown}` is no quantity: {wrong}"))
            .help("write a number with a suffix or none: 500m, 2, 128Mi, 1.5Gi")
    })
}

/// Quantities of resources as Kubernetes reads, compares and adds them: `500m`, `1Gi`, `1e3`.
#[export_module]
pub mod api {
    use rhai::{Dynamic, ImmutableString, NativeCallContext};

    use crate::bridge::{RhaiResultOf, throw};

    /// A quantity of a resource. `<`, `==`, `+` and the like take what it is for how it is written: `1Gi` is `1024Mi`.
    pub type Quantity = crate::formats::quantity::Quantity;

    /// The quantity that a text or number says.
    ///
    /// Errors: `idp::quantity::form`.
    ///
    /// ```rhai
    /// if quantity("1500m") > quantity(1) { print("more than one core"); }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn quantity(ctx: NativeCallContext, of: Dynamic) -> RhaiResultOf<Quantity> {
        super::read(&of).map_err(|error| throw(&ctx, error))
    }

    /// Whether a value is a quantity.
    ///
    /// ```rhai
    /// print(is_quantity("128MB"));
    /// ```
    pub fn is_quantity(of: Dynamic) -> bool {
        super::read(&of).is_ok()
    }

    /// About how much it is, as a number.
    ///
    /// ```rhai
    /// print(quantity("500m").number);
    /// ```
    #[rhai_fn(global, get = "number", pure)]
    pub fn number(quantity: &mut Quantity) -> f64 {
        quantity.float()
    }

    /// The sum of two quantities.
    ///
    /// ```rhai
    /// print(quantity("1Gi") + quantity("512Mi"));
    /// ```
    #[rhai_fn(global, name = "+", pure)]
    pub fn plus(quantity: &mut Quantity, other: Quantity) -> Quantity {
        quantity.plus(&other)
    }

    /// What is left of a quantity without another.
    ///
    /// ```rhai
    /// print(quantity("1Gi") - quantity("512Mi"));
    /// ```
    #[rhai_fn(global, name = "-", pure)]
    pub fn minus(quantity: &mut Quantity, other: Quantity) -> Quantity {
        quantity.minus(&other)
    }

    /// Whether two quantities are the same, however they are written.
    ///
    /// ```rhai
    /// print(quantity("1Gi") == quantity("1024Mi"));
    /// ```
    #[rhai_fn(global, name = "==", pure)]
    pub fn equals(quantity: &mut Quantity, other: Quantity) -> bool {
        *quantity == other
    }

    /// Whether two quantities differ.
    ///
    /// ```rhai
    /// print(quantity("1G") != quantity("1Gi"));
    /// ```
    #[rhai_fn(global, name = "!=", pure)]
    pub fn differs(quantity: &mut Quantity, other: Quantity) -> bool {
        *quantity != other
    }

    /// Whether it is less than another.
    ///
    /// ```rhai
    /// print(quantity("900m") < quantity(1));
    /// ```
    #[rhai_fn(global, name = "<", pure)]
    pub fn less(quantity: &mut Quantity, other: Quantity) -> bool {
        *quantity < other
    }

    /// Whether it is at most another.
    ///
    /// ```rhai
    /// print(quantity("1") <= quantity("1000m"));
    /// ```
    #[rhai_fn(global, name = "<=", pure)]
    pub fn at_most(quantity: &mut Quantity, other: Quantity) -> bool {
        *quantity <= other
    }

    /// Whether it is more than another.
    ///
    /// ```rhai
    /// print(quantity("1Gi") > quantity("1G"));
    /// ```
    #[rhai_fn(global, name = ">", pure)]
    pub fn more(quantity: &mut Quantity, other: Quantity) -> bool {
        *quantity > other
    }

    /// Whether it is at least another.
    ///
    /// ```rhai
    /// print(quantity("1") >= quantity("1000m"));
    /// ```
    #[rhai_fn(global, name = ">=", pure)]
    pub fn at_least(quantity: &mut Quantity, other: Quantity) -> bool {
        *quantity >= other
    }

    /// The quantity in its canonical form: `1024Mi` is `1Gi`, `0.5` is `500m`.
    ///
    /// ```rhai
    /// print(quantity("1024Mi"));
    /// ```
    #[rhai_fn(global, name = "to_string", name = "to_debug", pure)]
    pub fn to_string(quantity: &mut Quantity) -> ImmutableString {
        quantity.to_string().into()
    }
}
