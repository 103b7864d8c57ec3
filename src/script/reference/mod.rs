//! What scripts can call, as data: every primitive, every module of the standard library, the language's own functions.
//! Read from the registry and from doc comments; `explain`, the reference pages and editors go by it.

mod definitions;
mod entry;
mod markdown;
mod metadata;
mod pages;

pub use entry::{Chapter, Entry, Kind, Of, OptionRow, Parameter, Usage, first_sentence};
pub use pages::{drift, pages, write};

use rhai::{Engine, ScriptFnMetadata};

use super::Progress;
use super::engine::{build, packages};
use super::{harness, syntax};
use crate::error::{Place, Result};
use crate::library::{Library, header};
use crate::primitives::{self, Primitive};

/// What reading a module may hold: no more than a run.
const MEMORY: usize = 256 << 20;

/// The primitives, in the order of the registry.
pub fn primitives() -> Vec<Chapter> {
    primitives::all().iter().map(|primitive| of_registry(primitive, Of::Primitive)).collect()
}

/// What test files have besides.
pub fn tests() -> Vec<Chapter> {
    harness::all().iter().map(|primitive| of_registry(primitive, Of::Test)).collect()
}

fn of_registry(primitive: &Primitive, of: Of) -> Chapter {
    let mut engine = Engine::new_raw();
    engine.register_global_module(primitive.module.clone());
    Chapter {
        name: primitive.name.to_string(),
        of,
        about: metadata::words(primitive.module.doc()).0,
        entries: metadata::entries(&engine, metadata::Engines::OnlyOurs),
    }
}

/// What Rhai's own packages bring.
pub fn language() -> Chapter {
    let mut engine = Engine::new_raw();
    for module in packages() {
        engine.register_global_module(module.clone());
    }
    Chapter {
        name: "rhai".into(),
        of: Of::Language,
        about: "Functions of the language: texts, lists, maps, numbers.".into(),
        entries: metadata::entries(&engine, metadata::Engines::Packages),
    }
}

/// The modules of the standard library.
pub fn modules(library: &Library) -> Result<Vec<Chapter>> {
    library.std_modules().iter().map(|name| module(library, name)).collect()
}

/// A module by the name that scripts import it by: its functions, with the words of their comments.
pub fn module(library: &Library, name: &str) -> Result<Chapter> {
    let script = library.module(name)?;
    let ast = build(Progress::new(MEMORY)).compile(&*script.text).map_err(|error| {
        let (line, column) = (error.1.line().unwrap_or(0), error.1.position().unwrap_or(0));
        syntax::explain(&error.0, &script.text, error.1).at(Place::at(&script.shown, line, column))
    })?;
    let mut functions: Vec<ScriptFnMetadata<'_>> = ast.iter_functions().collect();
    functions.retain(|function| function.access == rhai::FnAccess::Public && !function.name.starts_with("anon$"));
    functions.sort_by_key(|function| position(&script.text, function.name));
    let (title, description) = header(&script.text);
    let about = [title.trim_end_matches('.').to_string() + ".", description].join(" ").trim().to_string();
    let entries = functions.iter().map(|function| metadata::of_script(name, function)).collect();
    Ok(Chapter { name: name.to_string(), of: Of::Module, about, entries })
}

/// Where a function stands in its file: the author chose an order.
fn position(text: &str, name: &str) -> usize {
    text.find(&format!("fn {name}(")).unwrap_or(usize::MAX)
}

/// Everything that is built in.
pub fn all(library: &Library) -> Result<Vec<Chapter>> {
    let mut chapters = primitives();
    chapters.extend(tests());
    chapters.extend(modules(library)?);
    Ok(chapters)
}
