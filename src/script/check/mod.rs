//! Static checks of scripts: what `idp-run check` finds without running anything. A rule is a file of `rules`; `script`
//! reads a file once, and the rules go through what it says.

mod declarations;
mod expressions;
mod facts;
mod imports;
mod kinds;
mod rules;
mod script;
mod suppress;
mod tokens;
mod types;
mod views;
mod walk;

pub use kinds::Kinds;
pub use rules::entry_point::ENTRY_POINTS;
pub use rules::{Rule, all as rules};
pub use script::{Checker, LazyKinds};

/// The names of the fields and of the methods of a type that Rhai names.
pub fn members(on: &str) -> (Vec<&'static str>, Vec<&'static str>) {
    types::Signatures::all().members(&types::Type::of_rhai(on))
}

/// Whether a name is no function of the engine's.
pub fn is_free(name: &str) -> bool {
    types::Signatures::all().named(name).is_empty()
}
