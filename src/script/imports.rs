//! Imports: `std/...` and files below the workspace, compiled once a run; a cycle is an error that names it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rhai::{Engine, Module, ModuleResolver, Position, Scope, Shared};

use crate::bridge::{RhaiResultOf, throw_at};
use crate::error::Error;
use crate::library::Library;

/// The texts of all files of a run by the name that diagnostics use.
pub type Sources = Arc<Mutex<HashMap<String, Arc<str>>>>;

/// Resolves what scripts import.
pub struct Imports {
    library: Library,
    sources: Sources,
    loaded: Mutex<HashMap<String, Shared<Module>>>,
    loading: Mutex<Vec<String>>,
}

impl Imports {
    /// Imports from a library; the texts read are added to `sources`.
    pub fn new(library: Library, sources: Sources) -> Imports {
        Imports { library, sources, loaded: Mutex::default(), loading: Mutex::default() }
    }
}

impl ModuleResolver for Imports {
    fn resolve(
        &self,
        engine: &Engine,
        _: Option<&str>,
        path: &str,
        position: Position,
    ) -> RhaiResultOf<Shared<Module>> {
        if let Some(module) = self.loaded.lock().unwrap_or_else(PoisonError::into_inner).get(path) {
            return Ok(module.clone());
        }
        {
            let mut loading = self.loading.lock().unwrap_or_else(PoisonError::into_inner);
            if loading.iter().any(|name| name == path) {
                let message = format!("`{path}` imports itself: {} → {path}", loading.join(" → "));
                let error = Error::invalid("idp::script::import_cycle", message);
                return Err(throw_at(error.help("move what both need into a third file"), position));
            }
            loading.push(path.to_string());
        }
        let result = self.load(engine, path, position);
        self.loading.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let module = result?;
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_string(), module.clone());
        Ok(module)
    }
}

impl Imports {
    fn load(&self, engine: &Engine, path: &str, position: Position) -> RhaiResultOf<Shared<Module>> {
        let script = self.library.module(path).map_err(|error| throw_at(error, position))?;
        self.sources.lock().unwrap_or_else(PoisonError::into_inner).insert(script.shown.clone(), script.text.clone());
        let mut ast = engine
            .compile(&*script.text)
            .map_err(|error| Box::new(super::diagnose::in_module(&script, *error.0, error.1)))?;
        ast.set_source(script.shown.as_str());
        Module::eval_ast_as_new(Scope::new(), &ast, engine).map(Into::into)
    }
}
