//! One file: compiled, read, gone through by every rule, less what its comments allow. `cli` hands the files over.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use rhai::{AST, Engine, Position};

use super::facts::{Call, Facts, Key, Value};
use super::imports::{Imported, imported};
use super::kinds::Kinds;
use super::rules::{Rule, all, syntax};
use super::suppress::Allowances;
use super::tokens::Tokens;
use super::types::{Signatures, Type};
use super::walk;
use crate::config::Config;
use crate::error::Place;
use crate::library::{Library, Script};
use crate::primitives::{self, options::CallOptions};
use crate::report::{Finding, Severity};
use crate::schemas::{Schemas, Workspace};

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// It is run by name or path.
    Script,
    /// Others import its functions.
    Module,
    /// It tests another file.
    Test,
}

/// A file as rules see it.
pub struct Checked {
    /// What it is for.
    pub purpose: Purpose,
    /// What it says.
    pub facts: Facts,
    /// What comes before its statements as `//!`.
    pub header: String,
    /// Its imports, in the order of `facts.imports`.
    pub imports: Vec<Imported>,
    /// What its engine knows.
    pub signatures: &'static Signatures,
    /// Where templates are looked up.
    pub library: Library,
    /// The pack that it is, where its folder says that it is one.
    pub pack: Option<String>,
    definitions: Vec<rhai::Shared<rhai::ScriptFuncDef>>,
    kinds: Arc<LazyKinds>,
}

/// The schemas of the workspace, read when a rule asks for them first. Checkers of several threads share them.
#[derive(Default)]
pub struct LazyKinds {
    config: Option<Config>,
    kinds: OnceLock<Option<Kinds>>,
}

impl LazyKinds {
    /// Those of a workspace.
    pub fn of(config: &Config) -> Arc<LazyKinds> {
        Arc::new(LazyKinds { config: Some(config.clone()), kinds: OnceLock::new() })
    }
}

impl Checked {
    /// Whether the script defines a function of that name.
    pub fn knows(&self, name: &str) -> bool {
        self.facts.functions.iter().any(|function| function.name == name)
    }

    /// The definition of a function or closure.
    pub fn function(&self, name: &str) -> Option<rhai::Shared<rhai::ScriptFuncDef>> {
        self.definitions.iter().find(|definition| definition.name == name).cloned()
    }

    /// What an import brings, by the name that it has in the script.
    pub fn import(&self, alias: &str) -> Option<&Imported> {
        let at = self.facts.imports.iter().position(|import| import.alias == alias)?;
        self.imports.get(at)
    }

    /// The calls that take options, with what they know of them.
    pub fn with_options(&self) -> impl Iterator<Item = (&Call, &'static CallOptions)> {
        self.facts.calls.iter().filter_map(|call| {
            let all = primitives::options().chain(super::super::harness::options());
            let options = all.into_iter().find(|options| {
                options.function == call.name
                    && options.arguments == call.arguments.len()
                    && match &call.on {
                        None => options.on.is_empty(),
                        Some(on) => !options.on.is_empty() && fits(&on.is, options.on),
                    }
            })?;
            (call.namespace.is_none() && !self.knows(&call.name)).then_some((call, options))
        })
    }

    /// The options that calls are given in literal maps, each with its call and what that knows of options.
    pub fn given_options(&self) -> impl Iterator<Item = (&Call, &'static CallOptions, &Key)> {
        self.with_options().flat_map(|(call, options)| {
            let keys = call.arguments.last().and_then(|last| last.keys.as_ref());
            keys.into_iter().flatten().map(move |key| (call, options, key))
        })
    }

    /// The kinds that schemas know: what is built in, and the workspace's own; none if those can't be read.
    pub fn kinds(&self) -> Option<&Kinds> {
        let read = || match &self.kinds.config {
            // Policies look at fields of later releases than the workspace's, too.
            Some(config) => Workspace::new(config).of_release(Schemas::newest()).own().ok(),
            None => Schemas::embedded(Schemas::newest()).ok().map(Arc::new),
        };
        self.kinds.kinds.get_or_init(|| read().map(Kinds::of)).as_ref()
    }

    /// The environments that the workspace declares, if it does.
    pub fn environments(&self) -> Option<Vec<&str>> {
        let config = self.kinds.config.as_ref().filter(|config| config.declares_environments)?;
        Some(config.environments.iter().map(|environment| environment.name.as_str()).collect())
    }

    /// Whether a method that changes texts, lists and maps is known to be called on something else.
    pub fn is_harmless(&self, variable: &str, method: &str) -> bool {
        let other = |is: &Type| matches!(is, Type::Named(name) if name != "char");
        let mut all = self.facts.variables.iter().filter(|own| own.name == variable).peekable();
        all.peek().is_some()
            && all.all(|own| other(&own.holds))
            && self
                .signatures
                .named(method)
                .iter()
                .any(|signature| signature.parameters.first().is_some_and(|(_, first)| other(first)))
    }

    /// What to call a value: its variable, or its type.
    pub fn name_of(&self, value: &Value) -> String {
        match value.variable {
            Some(id) => self.facts.variables[id].name.clone(),
            None => "the old one".to_string(),
        }
    }
}

/// Whether a value may be of a type with a name; the name of a call decides where it can't be told.
fn fits(is: &Type, name: &str) -> bool {
    match is {
        Type::Named(own) => own == name,
        other => other.is_open(),
    }
}

/// Takes what a rule finds.
pub struct Report<'a> {
    rule: &'static Rule,
    file: &'a str,
    found: &'a mut Vec<Finding>,
}

impl Report<'_> {
    /// A finding at a place, with what to do about it.
    pub fn add(&mut self, position: Position, message: impl Into<String>, help: impl Into<String>) {
        self.put(self.rule.severity, position, message.into(), help.into());
    }

    /// The same as a warning, whatever the rule's own severity.
    pub fn warn(&mut self, position: Position, message: impl Into<String>, help: impl Into<String>) {
        self.put(self.rule.severity.min(Severity::Medium), position, message.into(), help.into());
    }

    fn put(&mut self, severity: Severity, position: Position, message: String, help: String) {
        let place = Place::at(self.file, position.line().unwrap_or(0), position.position().unwrap_or(0));
        let help = Some(help).filter(|help| !help.is_empty());
        self.found.push(Finding { policy: self.rule.id.to_string(), severity, place, message, help });
    }
}

/// Checks files, reading each module that they import once.
pub struct Checker {
    pub(super) library: Library,
    pub(super) engine: Engine,
    pub(super) modules: RefCell<HashMap<String, Rc<Imported>>>,
    /// What files are for, where that needn't be told from their texts.
    purpose: Option<Purpose>,
    kinds: Arc<LazyKinds>,
}

impl Checker {
    /// A checker of scripts that look up names in this library.
    pub fn new(library: Library) -> Checker {
        Checker {
            library,
            engine: super::super::engine::compiler(),
            modules: RefCell::default(),
            purpose: None,
            kinds: Arc::default(),
        }
    }

    /// The same for a script that is about to run, whatever it looks like.
    pub fn of_run(library: Library) -> Checker {
        Checker { purpose: Some(Purpose::Script), ..Checker::new(library) }
    }

    /// The same with the kinds of a workspace.
    #[must_use]
    pub fn with_kinds(self, kinds: Arc<LazyKinds>) -> Checker {
        Checker { kinds, ..self }
    }

    /// What is wrong with a script, in the order of its text.
    pub fn check(&self, script: &Script) -> Vec<Finding> {
        let mut found = Vec::new();
        let tokens = Tokens::of(&self.engine, &script.text);
        match self.engine.compile(&*script.text) {
            Ok(ast) => self.rules(script, &ast, &tokens, &mut found),
            Err(error) => {
                let (rule, message, help) = syntax::explain(script, &error.0, error.1);
                let mut report = Report { rule, file: &script.shown, found: &mut found };
                // The end of a text has no column of its own.
                let position = if error.1.is_none() { Position::new(last_line(&script.text), 0) } else { error.1 };
                report.add(position, message, help);
            }
        }
        let allowances = Allowances::of(&tokens.comments);
        let mut left = allowances.apply(&script.shown, found);
        left.sort_by(|a, b| (a.place.line, a.place.column, &a.policy).cmp(&(b.place.line, b.place.column, &b.policy)));
        left
    }

    fn rules(&self, script: &Script, ast: &AST, tokens: &Tokens, found: &mut Vec<Finding>) {
        let library = self.library.clone().beside(script);
        let purpose = self.purpose.unwrap_or_else(|| purpose(script, ast, tokens));
        let signatures = if purpose == Purpose::Test { Signatures::of_tests() } else { Signatures::all() };
        let facts = walk::facts(ast, tokens, signatures, purpose == Purpose::Module);
        let imports = facts.imports.iter().map(|import| imported(self, &library, import)).collect();
        let header = ast.doc().to_string();
        let definitions = ast.iter_fn_def().cloned().collect();
        let pack = script.pack().filter(|_| purpose == Purpose::Script).map(str::to_owned);
        let kinds = self.kinds.clone();
        let checked = Checked { purpose, facts, header, imports, signatures, library, pack, definitions, kinds };
        for rule in all() {
            let mut report = Report { rule, file: &script.shown, found };
            (rule.find)(&checked, &mut report);
        }
    }
}

/// A test by its name; a module has functions and nothing to run.
fn purpose(script: &Script, ast: &AST, tokens: &Tokens) -> Purpose {
    if script.name.ends_with(".test") {
        return Purpose::Test;
    }
    let heads = tokens.heads();
    let runs = heads.iter().any(|head| head.name == "run" && head.parameters.len() < 2 || head.name == "params");
    let works = ast.statements().iter().any(|statement| {
        let declares = matches!(statement, rhai::Stmt::Var(_, flags, _) if flags.contains(rhai::ASTFlags::CONSTANT));
        !declares && !matches!(statement, rhai::Stmt::Import(..) | rhai::Stmt::Export(..) | rhai::Stmt::Noop(_))
    });
    if heads.is_empty() || runs || works { Purpose::Script } else { Purpose::Module }
}

fn last_line(text: &str) -> u16 {
    u16::try_from(text.lines().count().max(1)).unwrap_or(u16::MAX)
}

/// Whether findings of a severity are errors; the others are warnings.
pub fn is_error(severity: Severity) -> bool {
    severity >= Severity::High
}
