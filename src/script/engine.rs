//! One engine a run: Rhai's language without its dangerous parts, our primitives, and a watch on time and memory.

use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering};
use std::sync::{Arc, OnceLock, PoisonError};

use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicFnPackage, BasicIteratorPackage, BasicMapPackage, BasicMathPackage,
    BasicStringPackage, LanguageCorePackage, LogicPackage, MoreStringPackage, Package,
};
use rhai::{AST, ASTNode, CallFnOptions, Dynamic, Engine, FuncArgs, Module, OptimizationLevel, Scope, Shared, Token};
use tokio::sync::watch;

use super::diagnose::of_parse;
use super::imports::{Imports, Sources};
use super::memory::{self, Ceiling};
use super::{sort, strings, values};
use crate::bridge::{RhaiResultOf, Stop, Trouble};
use crate::error::Error;
use crate::library::{Library, Script};
use crate::primitives;
use crate::report::{Event, Place, Sink};

/// How a run is told to stop, and how its engine notices.
#[derive(Clone)]
pub struct Progress {
    stop: watch::Sender<Stop>,
    tripped: Arc<AtomicBool>,
    /// Set by a thread that asked for more than its ceiling.
    reached: Arc<AtomicBool>,
    memory: usize,
    /// The bytes that all threads of the run hold, as far as they said.
    all: Arc<AtomicIsize>,
    /// What this one said.
    said: Arc<AtomicIsize>,
    /// Set while a person is asked.
    asking: Arc<AtomicBool>,
}

/// How much more than the limit a thread may hold within one call that nothing can interrupt. A copy doubles.
const CEILING_FACTOR: usize = 2;

/// What even a small limit leaves to such a call.
const CEILING_LEAST: usize = 64 << 20;

/// A thread says what it holds when that changed by so many bytes: the sum would cost too much at each operation.
const COARSE: isize = 256 << 10;

impl Progress {
    /// A watch with this many bytes for the script's threads.
    pub fn new(memory: usize) -> Progress {
        let stop = watch::Sender::new(Stop::No);
        Progress {
            stop,
            tripped: Arc::default(),
            reached: Arc::default(),
            memory,
            all: Arc::default(),
            said: Arc::default(),
            asking: Arc::default(),
        }
    }

    /// A watch for what the same thread does next, after it was stopped.
    #[must_use]
    pub fn renewed(&self) -> Progress {
        Progress { reached: self.reached.clone(), ..Progress::new(self.memory) }
    }

    /// Asks a person, who may take their time: it isn't the run's.
    pub fn asking<T>(&self, ask: impl FnOnce() -> T) -> T {
        self.asking.store(true, Ordering::SeqCst);
        let answer = ask();
        self.asking.store(false, Ordering::SeqCst);
        answer
    }

    /// Whether a person is being asked.
    pub(super) fn is_asking(&self) -> bool {
        self.asking.load(Ordering::SeqCst)
    }

    /// Tells the run to stop. The first reason stays.
    pub fn stop(&self, why: Stop) {
        self.stop.send_if_modified(|now| {
            let first = *now == Stop::No;
            if first {
                *now = why;
            }
            first
        });
        self.tripped.store(true, Ordering::SeqCst);
    }

    /// Why the run is to stop, if so.
    pub fn why(&self) -> Stop {
        *self.stop.borrow()
    }

    /// For those who wait for it.
    pub fn subscribe(&self) -> watch::Receiver<Stop> {
        self.stop.subscribe()
    }

    /// A flag that is set once the run is to stop.
    pub fn flag(&self) -> Arc<AtomicBool> {
        self.tripped.clone()
    }

    /// The same watch for one more thread of the run.
    pub(super) fn on_another_thread(&self) -> Progress {
        Progress { said: Arc::default(), ..self.clone() }
    }

    /// Its thread ends: what it holds is counted by somebody else.
    pub(super) fn withdraw(&self) {
        self.all.fetch_sub(self.said.swap(0, Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Bounds what this thread can hold within one call, however long that takes.
    pub fn put_ceiling(&self) -> Ceiling {
        let most = self.memory.saturating_mul(CEILING_FACTOR).max(self.memory.saturating_add(CEILING_LEAST));
        Ceiling::put(most, self.reached.clone())
    }

    /// Whether a thread stands still at its ceiling.
    pub fn stands_still(&self) -> bool {
        self.reached.load(Ordering::SeqCst)
    }

    /// Called by the engine between operations, and by functions that take long. The error that the run is to end in.
    pub fn check(&self) -> Option<Error> {
        let (held, said) = (memory::balance(), self.said.load(Ordering::Relaxed));
        if (held - said).abs() > COARSE {
            self.said.store(held, Ordering::Relaxed);
            self.all.fetch_add(held - said, Ordering::Relaxed);
        }
        let others = self.all.load(Ordering::Relaxed) - self.said.load(Ordering::Relaxed);
        if usize::try_from(held + others).unwrap_or(0) > self.memory {
            self.stop(Stop::Memory);
        }
        if !self.tripped.load(Ordering::Relaxed) {
            return None;
        }
        self.why().error()
    }
}

/// An engine with a compiled script.
pub struct Host {
    pub(super) engine: Engine,
    pub(super) ast: AST,
    pub(super) sources: Sources,
    pub(super) library: Library,
    pub(super) script: Script,
    pub(super) progress: Progress,
    pub(super) extras: Extras,
}

/// What a host has beyond the primitives.
#[derive(Clone, Default)]
pub struct Extras {
    /// Functions that only this host's scripts may call.
    pub modules: Vec<Shared<Module>>,
    /// Watches what is executed.
    pub observer: Option<Observer>,
}

/// Watches what an engine executes, once it is built in.
pub type Observer = Arc<dyn Fn(&mut Engine) + Send + Sync>;

impl Host {
    /// Compiles a script. What it prints goes to the sink.
    pub fn compile(
        script: Script,
        library: &Library,
        sink: Arc<dyn Sink>,
        progress: Progress,
    ) -> Result<Host, Trouble> {
        Host::compile_with(script, library, sink, progress, Extras::default())
    }

    /// The same, with more than the primitives.
    pub fn compile_with(
        script: Script,
        library: &Library,
        sink: Arc<dyn Sink>,
        progress: Progress,
        extras: Extras,
    ) -> Result<Host, Trouble> {
        let sources = Sources::default();
        sources.lock().unwrap_or_else(PoisonError::into_inner).insert(script.shown.clone(), script.text.clone());
        let library = library.clone().beside(&script);
        let engine = equipped(&script, &library, &sources, sink, progress.clone(), &extras);
        let compiled = engine.compile(&*script.text);
        if let Some(error) = progress.why().error() {
            return Err(error.into());
        }
        let mut ast = compiled.map_err(|error| of_parse(&script, *error.0, error.1))?;
        ast.set_source(script.shown.as_str());
        Ok(Host { engine, ast, sources, library, script, progress, extras })
    }

    /// The script.
    pub fn script(&self) -> &Script {
        &self.script
    }

    /// The texts that diagnostics quote.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// Where its names are looked up.
    pub fn library(&self) -> &Library {
        &self.library
    }

    /// The watch on this engine.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// The names of all functions that can be called, for suggestions.
    pub fn function_names(&self) -> Vec<String> {
        let mut names: Vec<String> = modules()
            .iter()
            .chain(&self.extras.modules)
            .flat_map(|module| module.gen_fn_signatures_with_mapper(std::borrow::Cow::Borrowed))
            .map(|signature| name_of(&signature))
            .collect();
        names.extend(self.ast.iter_functions().map(|function| function.name.to_string()));
        // Operators are functions, too, and nobody means one by a word.
        names.retain(|name| name.starts_with(|c: char| c.is_alphabetic()));
        names.sort();
        names.dedup();
        names
    }

    /// The signatures of a function of the primitives, for those who call it with the wrong arguments.
    pub fn signatures(&self, name: &str) -> Vec<String> {
        let modules = primitives::all().iter().map(|primitive| &primitive.module).chain(&self.extras.modules);
        let mut found: Vec<String> = modules
            .flat_map(|module| module.gen_fn_signatures_with_mapper(std::borrow::Cow::Borrowed))
            .filter(|signature| name_of(signature) == name)
            .collect();
        found.sort();
        found
    }

    /// Hands each node of the syntax tree to a function: of the top level, then of each function and closure.
    pub fn each_node(&self, on_node: &mut dyn FnMut(&ASTNode<'_>)) {
        self.ast.walk(&mut |path: &[ASTNode<'_>]| {
            if let Some(node) = path.last() {
                on_node(node);
            }
            true
        });
    }

    /// The functions that the script defines, with the number of their parameters.
    pub fn functions(&self) -> Vec<(String, usize)> {
        let named = self.ast.iter_functions().filter(|function| !function.name.starts_with("anon$"));
        named.map(|function| (function.name.to_string(), function.params.len())).collect()
    }

    /// Whether the script defines a function with this many parameters.
    pub fn defines(&self, name: &str, parameters: usize) -> bool {
        self.ast.iter_functions().any(|function| function.name == name && function.params.len() == parameters)
    }

    /// Calls a function of the script, after its top level.
    pub fn call(&self, name: &str, args: impl FuncArgs) -> RhaiResultOf<Dynamic> {
        let options = CallFnOptions::new().eval_ast(true).rewind_scope(true);
        let result = self.engine.call_fn_with_options(options, &mut Scope::new(), &self.ast, name, args);
        self.sticky(result)
    }

    /// Runs the script from top to bottom.
    pub fn run(&self) -> RhaiResultOf<Dynamic> {
        let result = self.engine.eval_ast_with_scope(&mut Scope::new(), &self.ast);
        self.sticky(result)
    }
}

fn name_of(signature: &str) -> String {
    signature.split('(').next().unwrap_or_default().trim().to_string()
}

/// An engine for one thread, with imports and with a sink for what is printed.
pub(super) fn equipped(
    script: &Script,
    library: &Library,
    sources: &Sources,
    sink: Arc<dyn Sink>,
    progress: Progress,
    extras: &Extras,
) -> Engine {
    let mut engine = build(progress);
    for module in &extras.modules {
        engine.register_global_module(module.clone());
    }
    if let Some(observe) = &extras.observer {
        observe(&mut engine);
    }
    engine.set_module_resolver(Imports::new(library.clone(), sources.clone()));
    let (shown, log) = (script.shown.clone(), sink.clone());
    engine.on_print(move |text| sink.emit(Event::Print(text.to_string())));
    engine.on_debug(move |text, source, position| {
        let place = Place::at(source.unwrap_or(&shown), position.line().unwrap_or(0), position.position().unwrap_or(0));
        log.emit(Event::Debug { text: text.to_string(), place });
    });
    engine
}

/// An engine that compiles scripts and is never run.
pub(super) fn compiler() -> Engine {
    build(Progress::new(usize::MAX))
}

/// An engine without a script.
pub(super) fn build(progress: Progress) -> Engine {
    let mut engine = Engine::new_raw();
    for module in modules() {
        engine.register_global_module(module.clone());
    }
    strings::register(&mut engine);
    sort::register(&mut engine);
    values::register(&mut engine, &progress);
    engine
        .set_optimization_level(OptimizationLevel::None)
        .set_strict_variables(true)
        .set_fail_on_invalid_map_property(true)
        .set_max_string_size(strings::LONGEST)
        .set_max_array_size(strings::MOST)
        .set_max_map_size(strings::MOST)
        .set_max_call_levels(64)
        .set_max_expr_depths(128, 128)
        .set_max_variables(256)
        .set_max_functions(512)
        .set_max_modules(64);
    for symbol in ["eval", "Fn", "curry"] {
        engine.disable_symbol(symbol);
    }
    watch_tokens(&mut engine, progress.clone());
    engine.on_progress(move |_| progress.check().map(Dynamic::from));
    engine
}

/// Ends a text that compiles for ever (`on_progress` begins with its run), and gives scripts the word `shared`, the
/// name of an option: Rhai reserves it and does nothing with it.
#[expect(deprecated, reason = "Rhai marks the function as one that may change, not as one that goes")]
fn watch_tokens(engine: &mut Engine, progress: Progress) {
    engine.on_parse_token(move |token, _, _| match token {
        _ if progress.check().is_some() => Token::EOF,
        Token::Reserved(word) if word.as_str() == "shared" => Token::Identifier(word),
        token => token,
    });
}

/// Rhai's packages and our primitives, built once for all engines.
pub(super) fn modules() -> &'static [Shared<Module>] {
    static MODULES: OnceLock<Vec<Shared<Module>>> = OnceLock::new();
    MODULES.get_or_init(|| {
        let ours = primitives::all().iter().map(|primitive| &primitive.module);
        packages().iter().chain(ours).cloned().collect()
    })
}

/// What the language itself brings.
pub(super) fn packages() -> &'static [Shared<Module>] {
    static PACKAGES: OnceLock<Vec<Shared<Module>>> = OnceLock::new();
    PACKAGES.get_or_init(|| {
        vec![
            LanguageCorePackage::new().as_shared_module(),
            ArithmeticPackage::new().as_shared_module(),
            BasicStringPackage::new().as_shared_module(),
            BasicIteratorPackage::new().as_shared_module(),
            BasicFnPackage::new().as_shared_module(),
            LogicPackage::new().as_shared_module(),
            BasicMathPackage::new().as_shared_module(),
            BasicArrayPackage::new().as_shared_module(),
            BasicMapPackage::new().as_shared_module(),
            MoreStringPackage::new().as_shared_module(),
        ]
    })
}
