//! What scripts import, as far as checks need it: the functions of each module, and whether it imports itself.

use std::rc::Rc;

use rhai::{ASTFlags, Expr, Stmt};

use super::facts::Import;
use super::script::Checker;
use crate::error::Error;
use crate::library::Library;

/// What an import brings.
#[derive(Debug, Clone)]
pub enum Imported {
    /// A module.
    Module(Rc<Module>),
    /// Nothing: there is no such module, or it doesn't compile.
    Broken(Error),
    /// Its name isn't a text.
    Untold,
}

/// A module.
#[derive(Debug, Default)]
pub struct Module {
    /// Names of its functions with the names of their parameters; no private ones.
    pub functions: Vec<(String, Vec<String>)>,
    /// The names of what it exports beside functions.
    pub exports: Vec<String>,
    /// The names of the modules that it imports.
    pub imports: Vec<String>,
    /// The way on which it imports itself, if it does.
    pub cycle: Option<Vec<String>>,
}

/// What an import of a script brings.
pub fn imported(checker: &Checker, library: &Library, import: &Import) -> Imported {
    match &import.module {
        Some(name) => (*module(checker, library, name, &mut Vec::new())).clone(),
        None => Imported::Untold,
    }
}

fn module(checker: &Checker, library: &Library, name: &str, way: &mut Vec<String>) -> Rc<Imported> {
    if let Some(known) = checker.modules.borrow().get(name) {
        return known.clone();
    }
    let made = Rc::new(match read(checker, library, name) {
        Ok(mut module) => {
            way.push(name.to_string());
            for inner in &module.imports {
                if let Some(at) = way.iter().position(|on_the_way| on_the_way == inner) {
                    module.cycle = Some(way[at..].iter().chain([inner]).cloned().collect());
                } else if let Imported::Module(found) = &*self::module(checker, library, inner, way)
                    && found.cycle.is_some()
                {
                    module.cycle = found.cycle.clone();
                }
            }
            way.pop();
            Imported::Module(Rc::new(module))
        }
        Err(error) => Imported::Broken(error),
    });
    // What was read on the way round a circle knows only a part of it.
    if way.is_empty() {
        checker.modules.borrow_mut().insert(name.to_string(), made.clone());
    }
    made
}

fn read(checker: &Checker, library: &Library, name: &str) -> Result<Module, Error> {
    let script = library.module(name)?;
    let ast = checker.engine.compile(&*script.text).map_err(|error| {
        let place = format!("{}:{}", script.shown, error.1.line().unwrap_or(0));
        Error::invalid("idp::script::import", format!("the module `{name}` doesn't compile: {} ({place})", error.0))
            .help(format!("idp-run check {}", script.shown))
    })?;
    let mut module = Module::default();
    for function in ast.iter_functions() {
        if function.access == rhai::FnAccess::Public && !function.name.starts_with("anon$") {
            let parameters = function.params.iter().map(ToString::to_string).collect();
            module.functions.push((function.name.to_string(), parameters));
        }
    }
    for statement in ast.statements() {
        match statement {
            Stmt::Import(parts, _) => {
                if let Expr::StringConstant(path, _) = &parts.0 {
                    module.imports.push(path.to_string());
                }
            }
            Stmt::Var(parts, flags, _) if flags.contains(ASTFlags::EXPORTED) => {
                module.exports.push(parts.0.name.to_string());
            }
            Stmt::Export(parts, _) => {
                let alias = if parts.1.name.is_empty() { &parts.0.name } else { &parts.1.name };
                module.exports.push(alias.to_string());
            }
            _ => {}
        }
    }
    Ok(module)
}
