//! Policies as scripts declare them: a rule with what it applies to and what it asks of an object; and what rules report
//! while they are asked. `audit` does the asking.

pub mod api;
mod matching;
mod set;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rhai::{Dynamic, FnPtr, GlobalRuntimeState, Map, NativeCallContext, Position};

use super::manifest::Manifest;
use super::options::{CallOptions, OptionSpec, Options, Takes};
use crate::bridge::{RhaiResultOf, throw};
use crate::error::{Error, Result, nearest};
use crate::report::{PolicyLevel, Severity, shortened};
pub use matching::{Candidate, KEYS as APPLIES_TO, Match};
pub use set::Objects;

/// What `policy` takes.
const POLICY: CallOptions = CallOptions {
    function: "policy",
    on: "",
    arguments: 2,
    known: &[
        OptionSpec::new("title", Takes::Text, "what it finds, in one line"),
        OptionSpec::new("description", Takes::Text, "why that matters and what to do").otherwise("the title"),
        OptionSpec::new("severity", Takes::Text, "low, medium, high or critical").otherwise("medium"),
        OptionSpec::new("applies_to", Takes::Map, "which objects it is asked about").otherwise("all of them"),
        OptionSpec::new("level", Takes::Text, "deny, warn, audit or off").otherwise("deny"),
        OptionSpec::new("waivable", Takes::Flag, "whether findings may be waived").otherwise("true"),
        OptionSpec::new("check", Takes::Function, "`|o|` or `|o, p|`: looks at one object"),
        OptionSpec::new("check_all", Takes::Function, "`|all|` or `|all, p|`: looks at all objects of the run"),
        OptionSpec::new("fix", Takes::Function, "`|o|` or `|o, p|`: gives the object mended"),
    ],
    open: false,
};

/// The options of this folder's calls.
pub const ALL: &[CallOptions] = &[POLICY];

/// A function of a rule, with how many arguments it takes.
#[derive(Clone)]
pub struct Closure {
    /// The function.
    pub function: FnPtr,
    /// Whether it takes the parameters, too.
    pub takes_params: bool,
}

/// A rule as its script declares it.
#[derive(Clone)]
pub struct Rule {
    /// What can be said of it without asking it.
    pub facts: Arc<Facts>,
    /// Looks at one object.
    pub check: Option<Closure>,
    /// Looks at all of them.
    pub check_all: Option<Closure>,
    /// Mends an object.
    pub fix: Option<Closure>,
    /// What its functions see of the script: imports and constants.
    pub global: Arc<GlobalRuntimeState>,
}

/// What a rule says of itself.
#[derive(Debug, Clone)]
pub struct Facts {
    /// `pack/rule`.
    pub id: String,
    /// What it finds, in one line.
    pub title: String,
    /// Why that matters and what to do.
    pub description: String,
    /// How bad.
    pub severity: Severity,
    /// Which objects it is asked about.
    pub applies_to: Match,
    /// What follows from its findings unless somebody says otherwise.
    pub level: PolicyLevel,
    /// Whether its findings may be waived.
    pub waivable: bool,
    /// Whether it can mend objects.
    pub mends: bool,
    /// Whether it looks at single objects.
    pub of_one: bool,
    /// Whether it looks at all objects together.
    pub of_all: bool,
    /// The line of its declaration.
    pub line: usize,
}

/// What a rule says of an object.
#[derive(Debug, Clone)]
pub struct Report {
    /// What it asks for.
    pub level: PolicyLevel,
    /// Where.
    pub at: Manifest,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// The line of the script that says so.
    pub line: usize,
}

/// What travels in the engine's tag while a pack is read and asked: it collects rules, then reports.
#[derive(Clone, Default)]
pub struct Register(Arc<Mutex<Collected>>);

#[derive(Default)]
struct Collected {
    rules: Vec<Rule>,
    mistakes: Vec<Mistake>,
    /// Open while a rule is asked.
    reports: Option<Vec<Report>>,
    /// How many of them there may be.
    most: usize,
    /// The pack, where its folder says that the script is one.
    pack: Option<String>,
}

/// What is wrong with a declaration.
pub struct Mistake {
    /// The id of the policy.
    pub id: String,
    /// What.
    pub error: Error,
    /// Where it is declared.
    pub position: Position,
    /// The script, as the engine knows it.
    pub source: Option<String>,
}

impl Register {
    /// For a script, which is a pack by its folder or isn't.
    pub fn of_pack(pack: Option<&str>) -> Register {
        Register(Arc::new(Mutex::new(Collected { pack: pack.map(str::to_owned), ..Collected::default() })))
    }

    fn inner(&self) -> MutexGuard<'_, Collected> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The rules that were declared.
    pub fn take_rules(&self) -> Vec<Rule> {
        std::mem::take(&mut self.inner().rules)
    }

    /// What is wrong with those that weren't.
    pub fn take_mistakes(&self) -> Vec<Mistake> {
        std::mem::take(&mut self.inner().mistakes)
    }

    /// A rule is asked from here on, about one object or about all of them.
    pub fn open(&self, of_all: bool) {
        let mut inner = self.inner();
        inner.reports = Some(Vec::new());
        inner.most = if of_all { MOST_OF_ALL } else { MOST_OF_ONE };
    }

    /// What it said.
    pub fn close(&self) -> Vec<Report> {
        self.inner().reports.take().unwrap_or_default()
    }

    fn of(ctx: &NativeCallContext) -> Option<Register> {
        ctx.tag()?.read_lock::<Register>().map(|register| register.clone())
    }
}

/// Declares a rule: where policies are asked it is kept, elsewhere it is just looked at. What is wrong with those at the top
/// level of a pack is kept, too, so that all of it is told at once.
fn declare(ctx: &NativeCallContext, id: &str, fields: &Map) -> RhaiResultOf<()> {
    let declared = rule(ctx, id, fields);
    let Some(register) = Register::of(ctx) else {
        return declared.map(drop).map_err(|wrong| throw(ctx, first(wrong)));
    };
    let mut inner = register.inner();
    let elsewhere = inner.pack.as_deref().and_then(|own| of_another(id, own));
    let mut wrong = match declared {
        Ok(rule) if elsewhere.is_none() && !inner.has(id) => {
            inner.rules.push(rule);
            return Ok(());
        }
        Ok(_) => Vec::new(),
        Err(wrong) => wrong,
    };
    wrong.extend(elsewhere);
    if inner.has(id) {
        let error = Error::invalid("idp::policy::declared", format!("there are two policies `{id}`"));
        wrong.push(error.help("give each of them an id of its own"));
    }
    // This call is one level; deeper down, the calls on the way belong to the place.
    if ctx.call_level() > 1 {
        return Err(throw(ctx, first(wrong)));
    }
    let (position, source) = (ctx.call_position(), ctx.call_source().map(str::to_owned));
    let mistake = |error| Mistake { id: id.to_owned(), error, position, source: source.clone() };
    inner.mistakes.extend(wrong.into_iter().map(mistake));
    Ok(())
}

impl Collected {
    fn has(&self, id: &str) -> bool {
        self.rules.iter().any(|known| known.facts.id == id) || self.mistakes.iter().any(|known| known.id == id)
    }
}

fn first(wrong: Vec<Error>) -> Error {
    let unknown = || Error::invalid("idp::policy::declared", "the policy is declared wrongly");
    wrong.into_iter().next().unwrap_or_else(unknown)
}

fn rule(ctx: &NativeCallContext, id: &str, fields: &Map) -> Result<Rule, Vec<Error>> {
    let wrong = |what: String| Error::invalid("idp::policy::declared", format!("the policy `{id}` {what}"));
    let (options, mut mistakes) = Options::with_unknown(&POLICY, fields);
    if id_of(id).is_none() {
        let help = "an id is PACK/RULE in lower-case letters, digits and hyphens: \"pod-security/host-namespaces\"";
        mistakes.push(wrong("has no proper id".into()).help(help));
    }
    let mut text = |key: &str| {
        options.text(key).unwrap_or_else(|error| {
            mistakes.push(error);
            None
        })
    };
    let (title, description) = (text("title"), text("description"));
    let (severity_is, level_is) = (text("severity"), text("level"));
    let title = title.filter(|title| !title.trim().is_empty()).unwrap_or_default();
    let titled = fields.get("title").is_some_and(|title| !title.is_string());
    if title.is_empty() && !titled {
        mistakes.push(wrong("has no title".into()).help("say in one line what it finds"));
    }
    let severity = severity_is.as_deref().map_or(Some(Severity::Medium), severity).unwrap_or_else(|| {
        mistakes.push(wrong(format!("has the severity `{}`", severity_is.unwrap_or_default())).help(SEVERITIES));
        Severity::Medium
    });
    let level = level_is.as_deref().map_or(Some(PolicyLevel::Deny), PolicyLevel::named).unwrap_or_else(|| {
        mistakes.push(wrong(format!("has the level `{}`", level_is.unwrap_or_default())).help(LEVELS));
        PolicyLevel::Deny
    });
    let closure = |key: &str| -> Result<Option<Closure>> {
        let Some(function) = options.function(key)? else { return Ok(None) };
        let takes = parameters(ctx, &function);
        match takes {
            Some(1 | 2) | None => Ok(Some(Closure { function, takes_params: takes == Some(2) })),
            Some(count) => {
                let help = "write |o| or |o, p|: the object, and the parameters of the pack";
                Err(wrong(format!("has a {key} of {count} arguments")).help(help))
            }
        }
    };
    let mut function = |key: &str| {
        closure(key).unwrap_or_else(|error| {
            mistakes.push(error);
            None
        })
    };
    let (check, check_all, fix) = (function("check"), function("check_all"), function("fix"));
    let has = |key: &str| options.get(key).is_some();
    if !has("check") && !has("check_all") {
        mistakes.push(wrong("checks nothing".into()).help("give it `check: |o| { ... }`"));
    } else if !has("check") && has("fix") {
        // Whether a fix mends is seen by asking about the one object again.
        let help = "a fix goes with `check: |o| { ... }`, which can be asked again once the object is mended";
        mistakes.push(wrong("mends what it finds among all objects".into()).help(help));
    }
    let mut applies_to = Match::default();
    if let Some(map) = fields.get("applies_to") {
        match map.read_lock::<Map>() {
            Some(map) => {
                let (found, odd) = Match::of(&map);
                applies_to = found;
                let told = |error: Error| {
                    let told = wrong(format!("applies to what can't be: {error}"));
                    error.help_text().map(str::to_owned).into_iter().fold(told, Error::help)
                };
                mistakes.extend(odd.into_iter().map(told));
            }
            None => mistakes.push(wrong("has an applies_to that is no map".into())),
        }
    }
    let waivable = options.flag("waivable").unwrap_or_else(|error| {
        mistakes.push(error);
        None
    });
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let facts = Facts {
        id: id.into(),
        description: description.unwrap_or_else(|| title.clone()),
        title,
        severity,
        applies_to,
        level,
        waivable: waivable.unwrap_or(true),
        mends: fix.is_some(),
        of_one: check.is_some(),
        of_all: check_all.is_some(),
        line: ctx.call_position().line().unwrap_or(0),
    };
    Ok(Rule { facts: Arc::new(facts), check, check_all, fix, global: Arc::new(ctx.global_runtime_state().clone()) })
}

const SEVERITIES: &str = "it is one of low, medium, high, critical";
const LEVELS: &str = "it is one of deny, warn, audit, off";

fn severity(name: &str) -> Option<Severity> {
    Some(match name {
        "low" => Severity::Low,
        "medium" => Severity::Medium,
        "high" => Severity::High,
        "critical" => Severity::Critical,
        _ => return None,
    })
}

/// The pack and the rule of an id, if it is one.
pub fn id_of(id: &str) -> Option<(&str, &str)> {
    let part = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    id.split_once('/').filter(|(pack, rule)| part(pack) && part(rule))
}

/// What is wrong with an id in a script that is a pack by its folder, if it names another pack.
pub fn of_another(id: &str, own: &str) -> Option<Error> {
    let (pack, rule) = id_of(id).filter(|(pack, _)| *pack != own)?;
    let message = format!("`{id}` is in the pack `{own}`: a pack is known by the name of its file");
    let error = Error::invalid("idp::policy::declared", message);
    Some(error.help(format!("call it `{own}/{rule}`, or the file {pack}.rhai")))
}

/// Whether there is a severity of that name.
pub fn is_severity(name: &str) -> bool {
    severity(name).is_some()
}

/// How many arguments a function takes beside what it captured.
fn parameters(ctx: &NativeCallContext, function: &FnPtr) -> Option<usize> {
    let found = super::captured::function_of(ctx, function.fn_name())?;
    Some(found.params.len().saturating_sub(function.curry().len()))
}

/// Reports of the rule that is asked.
fn report(
    ctx: &NativeCallContext,
    level: PolicyLevel,
    place: &Dynamic,
    message: &str,
    help: Option<&str>,
) -> RhaiResultOf<()> {
    let fail = |error: Error| Err(throw(ctx, error));
    let name = level.name();
    let Some(at) = place.read_lock::<Manifest>().map(|view| view.clone()) else {
        let is = super::value::type_of(place);
        let error = Error::failed("idp::policy::place", format!("{name} needs a place first, and it is {is}"));
        return fail(error.help("hand over the object, a view, or the place of a field: o.at(\"spec.replicas\")"));
    };
    if message.trim().is_empty() {
        let error = Error::failed("idp::policy::message", format!("{name} says nothing"));
        return fail(error.help("write a sentence about the object: what is wrong with it"));
    }
    let register = Register::of(ctx);
    let Some(register) = register else { return fail(outside(name)) };
    let mut inner = register.inner();
    let (most, line) = (inner.most, ctx.call_position().line().unwrap_or(0));
    let Some(reports) = &mut inner.reports else { return fail(outside(name)) };
    if reports.len() >= most {
        let error = Error::failed("idp::policy::reports", format!("it has more than {most} findings"));
        return fail(error.help("report once for each field that is wrong"));
    }
    reports.push(Report { level, at, message: shortened(message.trim()), help: help.map(shortened), line });
    Ok(())
}

/// What a rule may say of one object.
const MOST_OF_ONE: usize = 10_000;

/// And of all objects of a run.
const MOST_OF_ALL: usize = 1_000_000;

fn outside(name: &str) -> Error {
    Error::failed("idp::policy::outside", format!("{name} is for the checks of policies"))
        .help("call it in `check: |o| { ... }`, and ask the policy with `idp-run audit --with FILE`")
}

/// The rule whose id was meant, if one is close.
pub fn near<'a>(id: &str, rules: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest(id, rules)
}

/// Calls a function of a rule: with the thing that it looks at, and with the parameters if it takes them.
///
/// # Errors
/// What the function throws.
pub fn call(
    engine: &rhai::Engine,
    rule: &Rule,
    closure: &Closure,
    about: Dynamic,
    params: &Dynamic,
) -> RhaiResultOf<Dynamic> {
    let ctx = NativeCallContext::new_with_all_fields(engine, "policy", None, &rule.global, Position::NONE);
    if closure.takes_params {
        closure.function.call_within_context(&ctx, (about, params.clone()))
    } else {
        closure.function.call_within_context(&ctx, (about,))
    }
}
