//! A pack of policies: a script whose top level declares rules. It is compiled once; each thread that asks its rules has
//! an engine of its own, and its own closures. Called by `audit`.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use rhai::{Dynamic, EvalAltResult, Position};

use super::diagnose::diagnose;
use super::engine::{Extras, Host, Progress, equipped};
use super::params::{Declared, Given, gather, to_map};
use super::prompt::{Asking, Judge};
use crate::bridge::{RhaiResultOf, Trouble, throw_at};
use crate::error::{Error, Place, Related, Result};
use crate::library::{Library, Script};
use crate::primitives::manifest::Manifest;
use crate::primitives::param::Param;
use crate::primitives::policy::{self, Closure, Facts, Mistake, Objects, Register, Report, Rule};
use crate::report::{Frame, Silence};

/// A pack, compiled and read.
pub struct Pack {
    model: Host,
    declared: Vec<Declared>,
    rules: Vec<Arc<Facts>>,
}

impl Pack {
    /// Compiles a script and lets it declare its parameters and rules. `progress` watches that.
    pub fn load(script: Script, library: &Library, progress: Progress, extras: Extras) -> Result<Pack, Trouble> {
        let shown = script.shown.clone();
        let model = Host::compile_with(script, library, Arc::new(Silence), progress.clone(), extras)?;
        let mut pack = Pack { model, declared: Vec::new(), rules: Vec::new() };
        // The seat first: it tells all that is wrong with the rules.
        pack.rules = pack.seat(progress)?.rules.iter().map(|rule| rule.facts.clone()).collect();
        pack.declared = pack.model.declared().map_err(|error| diagnose(&pack.model, *error))?;
        if pack.rules.is_empty() {
            let error = Error::invalid("idp::policy::none", format!("{shown} declares no policy"));
            return Err(error.help("declare one with `policy(\"pack/rule\", #{ title: ..., check: |o| ... })`").into());
        }
        Ok(pack)
    }

    /// The script.
    pub fn script(&self) -> &Script {
        self.model.script()
    }

    /// What its rules say of themselves, in the order of the script.
    pub fn rules(&self) -> &[Arc<Facts>] {
        &self.rules
    }

    /// Its parameters.
    pub fn declared(&self) -> &[Declared] {
        &self.declared
    }

    /// The values of its parameters: those that are given, and defaults.
    ///
    /// # Errors
    /// `idp::param::unknown`, `::missing`, and what a value that breaks its rules says.
    pub fn values(&self, given: &Given) -> Result<serde_json::Map<String, serde_json::Value>> {
        gather(&self.script().name, &self.declared, false, given, &Nobody, &|_| Ok(())).map(|gathered| gathered.values)
    }

    /// The same rules for one thread, on an engine that this progress watches.
    pub fn seat(&self, progress: Progress) -> Result<Seat, Trouble> {
        let Host { ast, sources, library, script, extras, .. } = &self.model;
        let engine = equipped(script, library, sources, Arc::new(Silence), progress.clone(), extras);
        let (ast, sources, library) = (ast.clone(), sources.clone(), library.clone());
        let (script, extras) = (script.clone(), extras.clone());
        let mut host = Host { engine, ast, sources, library, script, progress, extras };
        let register = Register::of_pack(host.script.pack());
        host.engine.set_default_tag(Dynamic::from(register.clone()));
        let ran = host.run();
        let mistakes = register.take_mistakes();
        if !mistakes.is_empty() {
            return Err(declared_wrongly(&host, mistakes, ran.err()));
        }
        drop(ran.map_err(|error| diagnose(&host, *error))?);
        let rules = register.take_rules();
        Ok(Seat { host, register, rules, known: RefCell::default() })
    }
}

/// What an error of Rhai's means, and the calls that led to it.
type Meaning = (Error, Vec<Frame>);

/// The rules of a pack on one thread.
pub struct Seat {
    host: Host,
    register: Register,
    rules: Vec<Rule>,
    /// What errors mean that came up before: to tell it takes a walk through the script.
    known: RefCell<HashMap<(usize, String), Meaning>>,
}

/// Parameters as rules take them.
pub fn as_params(values: &serde_json::Map<String, serde_json::Value>) -> Dynamic {
    to_map(values).into()
}

impl Seat {
    /// What a rule says of an object.
    pub fn check(&self, rule: usize, object: Manifest, params: &Dynamic) -> Result<Vec<Report>, Trouble> {
        let closure = self.rules.get(rule).and_then(|rule| rule.check.as_ref());
        closure.map_or(Ok(Vec::new()), |closure| self.asked(rule, closure, Dynamic::from(object), params, false))
    }

    /// What a rule says of all objects.
    pub fn check_all(&self, rule: usize, all: Objects, params: &Dynamic) -> Result<Vec<Report>, Trouble> {
        let closure = self.rules.get(rule).and_then(|rule| rule.check_all.as_ref());
        closure.map_or(Ok(Vec::new()), |closure| self.asked(rule, closure, Dynamic::from(all), params, true))
    }

    /// The object as a rule mends it; none if it has no fix or gives nothing back.
    pub fn fix(&self, rule: usize, object: Manifest, params: &Dynamic) -> Result<Option<Manifest>, Trouble> {
        let Some(closure) = self.rules.get(rule).and_then(|rule| rule.fix.as_ref()) else { return Ok(None) };
        let given = self.call(rule, closure, Dynamic::from(object), params)?;
        if given.is_unit() {
            return Ok(None);
        }
        given.try_cast::<Manifest>().map(Some).ok_or_else(|| {
            let error = Error::failed("idp::policy::fix", "the fix gives back something else than the object");
            error.help("let it end in the changed object: `fix: |o| o.set(\"spec.replicas\", 2)`").into()
        })
    }

    fn asked(
        &self,
        rule: usize,
        closure: &Closure,
        about: Dynamic,
        params: &Dynamic,
        of_all: bool,
    ) -> Result<Vec<Report>, Trouble> {
        self.register.open(of_all);
        let result = self.call(rule, closure, about, params);
        let reports = self.register.close();
        result.map(|_| reports)
    }

    fn call(&self, rule: usize, closure: &Closure, about: Dynamic, params: &Dynamic) -> Result<Dynamic, Trouble> {
        let result = policy::call(&self.host.engine, &self.rules[rule], closure, about, params);
        self.host.sticky(result).map_err(|error| self.explained(rule, *error))
    }

    fn explained(&self, rule: usize, error: EvalAltResult) -> Trouble {
        let key = (rule, error.to_string());
        if let Some((error, frames)) = self.known.borrow().get(&key) {
            return Trouble::Failed { error: error.clone(), frames: frames.clone() };
        }
        let trouble = diagnose(&self.host, error);
        if let Trouble::Failed { error, frames } = &trouble {
            self.known.borrow_mut().insert(key, (error.clone(), frames.clone()));
        }
        trouble
    }
}

/// What is wrong with the declarations of a script, and what ended it behind them.
fn declared_wrongly(host: &Host, mistakes: Vec<Mistake>, ended: Option<Box<EvalAltResult>>) -> Trouble {
    let shown = host.script().shown.as_str();
    let thrown = |mistake: Mistake| {
        let inner = throw_at(mistake.error, mistake.position);
        let error = match mistake.source.filter(|source| source != shown) {
            Some(source) => EvalAltResult::ErrorInModule(source, inner, Position::NONE),
            None => *inner,
        };
        (mistake.id, diagnose(host, error))
    };
    let mut troubles: Vec<(String, Trouble)> = mistakes.into_iter().map(thrown).collect();
    troubles.extend(ended.map(|error| ("the script".to_owned(), diagnose(host, *error))));
    if troubles.len() == 1
        && let Some((_, only)) = troubles.pop()
    {
        return only;
    }
    let message = format!("{} mistakes where {shown} declares its policies", troubles.len());
    let related = troubles.into_iter().filter_map(|(item, trouble)| match trouble {
        Trouble::Failed { error, frames } => Some(Related { item, error, frames }),
        Trouble::Waiting(_) => None,
    });
    Error::invalid("idp::policy::declared", message).at(Place::file(shown)).because(related.collect()).into()
}

/// Policies ask no person.
struct Nobody;

impl Asking for Nobody {
    fn is_there(&self) -> bool {
        false
    }

    fn ask(&self, name: &str, _: &Param, _: &Judge) -> Result<serde_json::Value> {
        Err(Error::invalid("idp::param::missing", format!("the parameter `{name}` is missing")))
    }

    fn offer(&self, _: &[&str], _: bool) -> Result<bool> {
        Ok(false)
    }
}

impl Host {
    /// A stop that something swallowed on its way is still a stop.
    pub(super) fn sticky(&self, result: RhaiResultOf<Dynamic>) -> RhaiResultOf<Dynamic> {
        match self.progress.why().error() {
            Some(error) => {
                let position = result.err().map_or(rhai::Position::NONE, |stopped| stopped.position());
                Err(crate::bridge::throw_at(error, position))
            }
            None => result,
        }
    }
}
