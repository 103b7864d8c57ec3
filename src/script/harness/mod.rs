//! Tests of scripts: `name.test.rhai` beside `name.rhai`, each `fn test_...()` in a world of its own in memory. The
//! primitives are the same as in runs; what tests need besides is registered here, for test files alone.

mod assertions;
mod cases;
pub mod coverage;
mod discover;
mod examiner;
mod outcome;
mod people;
mod policies;
mod runs;
mod snapshot;
mod stage;
mod suite;
mod verdicts;

use std::sync::{Arc, OnceLock};

use rhai::{Module, NativeCallContext, Shared, exported_module};

use crate::bridge::{RhaiResultOf, RunTag, throw};
use crate::error::{Error, Kind};
use crate::primitives::Primitive;
use crate::primitives::options::CallOptions;
use stage::Stage;

pub use discover::{TestFile, discover};
pub use examiner::{Answer, Examiner, Question};
pub use snapshot::Keeping;
pub use suite::{Suite, run};

/// The functions that test files have besides the primitives, by what they are about.
pub fn all() -> &'static [Primitive] {
    static ALL: OnceLock<Vec<Primitive>> = OnceLock::new();
    ALL.get_or_init(|| {
        vec![
            Primitive { name: "assertions", module: exported_module!(assertions::api).into() },
            Primitive { name: "people", module: exported_module!(people::api).into() },
            Primitive { name: "policies", module: exported_module!(policies::api).into() },
            Primitive { name: "runs", module: exported_module!(runs::api).into() },
        ]
    })
}

/// The options of their calls.
pub fn options() -> impl Iterator<Item = &'static CallOptions> {
    policies::ALL.iter()
}

fn modules() -> Vec<Shared<Module>> {
    all().iter().map(|primitive| primitive.module.clone()).collect()
}

/// The code of assertions that don't hold.
const ASSERTION: &str = "idp::test::assertion";

/// The error of an assertion.
fn assertion(message: impl Into<String>) -> Error {
    Error::new(Kind::Verdict, ASSERTION, message)
}

/// The stage of the test that a call belongs to, and its tag.
fn stage_of(ctx: &NativeCallContext) -> RhaiResultOf<(Arc<Stage>, RunTag)> {
    let found = RunTag::of(ctx).and_then(|tag| Some((tag.host::<Stage>()?, tag)));
    found.ok_or_else(|| {
        let error = Error::failed("idp::script::no_run", format!("{} is for tests", ctx.fn_name()));
        throw(ctx, error.help("call it in a `fn test_...()` of a file NAME.test.rhai"))
    })
}
