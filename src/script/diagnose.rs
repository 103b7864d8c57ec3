//! Errors of scripts as people meet them: a code, a sentence, and a frame for each call on the way.

use std::sync::{Arc, PoisonError};

use rhai::{EvalAltResult, ParseErrorType, Position};

use super::check::{Checker, ENTRY_POINTS};
use super::engine::Host;
use super::imports::Sources;
use super::{calls, syntax};
use crate::bridge::{Trouble, Waiting};
use crate::error::{Error, Place};
use crate::library::Script;
use crate::primitives::param::REFUSED;
use crate::report::{Finding, Frame};

/// What an error of a host's script means.
pub fn diagnose(host: &Host, error: EvalAltResult) -> Trouble {
    let mut frames = Vec::new();
    let mut source = host.script().shown.clone();
    let mut at = error;
    loop {
        at = match at {
            EvalAltResult::ErrorInFunctionCall(name, callee, inner, position) => {
                let label = if name.starts_with("anon$") { "this function".to_string() } else { format!("`{name}`") };
                frames.extend(frame(host.sources(), &source, position, label));
                if !callee.is_empty() {
                    source = callee;
                }
                *inner
            }
            EvalAltResult::ErrorInModule(module, inner, position) => {
                frames.extend(frame(host.sources(), &source, position, format!("imported `{module}`")));
                if let Some(shown) = shown_source(host.sources(), &module) {
                    source = shown;
                }
                *inner
            }
            last => {
                at = last;
                break;
            }
        };
    }
    let position = at.position();
    if let EvalAltResult::ErrorTerminated(token, _) = &at
        && let Some(Waiting(what)) = token.clone().try_cast::<Waiting>()
    {
        return Trouble::Waiting(what);
    }
    let rule = rule_for(&at);
    let mut error = explain(at, host);
    let mut position = position;
    if let Some(found) = rule.and_then(|rule| checked(host, &source, rule, &error, position)) {
        (error, position) = told(error, found, position);
    }
    if error.code() == REFUSED {
        // It is the value that is wrong, not the script.
        return error.into();
    }
    frames.extend(frame(host.sources(), &source, position, "here".into()));
    frames.reverse();
    Trouble::Failed { error, frames }
}

/// Refuses a script whose `run`, `check` or `params` would be left out in silence, before anything of it runs.
pub fn entry_points(host: &Host) -> Result<(), Trouble> {
    let functions = host.functions();
    let suspect = |(name, takes): &(&str, &[&str])| {
        let mut own = functions.iter().filter(|(own, _)| own == name).peekable();
        own.peek().is_some() && own.all(|(_, parameters)| *parameters != takes.len())
    };
    if !ENTRY_POINTS.iter().any(suspect) {
        return Ok(());
    }
    let found = Checker::of_run(host.library().clone()).check(host.script());
    match found.into_iter().find(|finding| finding.policy == "entry-point") {
        None => Ok(()),
        Some(found) => {
            let (error, position) = told(Error::invalid("idp::script::run", ""), found, Position::NONE);
            let frames = frame(host.sources(), &host.script().shown, position, "here".into()).into_iter().collect();
            Err(Trouble::Failed { error, frames })
        }
    }
}

/// What an error of compiling means.
pub fn of_parse(script: &Script, error: ParseErrorType, position: Position) -> Trouble {
    let sources = Sources::default();
    sources.lock().unwrap_or_else(PoisonError::into_inner).insert(script.shown.clone(), script.text.clone());
    let frames = frame(&sources, &script.shown, position, "here".into()).into_iter().collect();
    Trouble::Failed { error: syntax::explain(&error, &script.text, position), frames }
}

/// The same, for a file that was imported.
pub fn in_module(script: &Script, error: ParseErrorType, position: Position) -> EvalAltResult {
    let error = rhai::Dynamic::from(syntax::explain(&error, &script.text, position));
    EvalAltResult::ErrorInModule(
        script.shown.clone(),
        Box::new(EvalAltResult::ErrorRuntime(error, position)),
        Position::NONE,
    )
}

fn shown_source(sources: &Sources, module: &str) -> Option<String> {
    let sources = sources.lock().unwrap_or_else(PoisonError::into_inner);
    sources.contains_key(module).then(|| module.to_string())
}

fn frame(sources: &Sources, file: &str, position: Position, label: String) -> Option<Frame> {
    let mut line = position.line()?;
    let source: Arc<str> = sources.lock().unwrap_or_else(PoisonError::into_inner).get(file).cloned()?;
    let mut column = position.position().unwrap_or(0);
    // The end of a text is behind its last line.
    let last = source.lines().count().max(1);
    if line > last {
        (line, column) = (last, 0);
    }
    Some(Frame { label, place: Place::at(file, line, column), source })
}

/// The static check that knows more of an error than the engine: its place, or the name that was meant.
fn rule_for(error: &EvalAltResult) -> Option<&'static str> {
    match error {
        EvalAltResult::ErrorPropertyNotFound(..) => Some("unknown-parameter"),
        EvalAltResult::ErrorDataRace(..) => Some("closure-on-own-value"),
        EvalAltResult::ErrorRuntime(value, _) => match value.read_lock::<Error>()? {
            error if error.code() == "idp::script::option" => Some("unknown-option"),
            error if error.message().contains("${") => Some("interpolation-in-quotes"),
            _ => None,
        },
        _ => None,
    }
}

/// What a static check finds where an error came up.
fn checked(host: &Host, source: &str, rule: &str, error: &Error, at: Position) -> Option<Finding> {
    let text = host.sources().lock().unwrap_or_else(PoisonError::into_inner).get(source).cloned()?;
    let script = Script { shown: source.to_string(), text, ..host.script().clone() };
    let found = Checker::new(host.library().clone()).check(&script);
    found.into_iter().filter(|finding| finding.policy == rule).find(|finding| match rule {
        // The engine doesn't say where.
        "closure-on-own-value" => true,
        // It says where the call is, not the key.
        "unknown-option" => finding.message == error.message(),
        "interpolation-in-quotes" => Some(finding.place.line) == at.line(),
        _ => Some(finding.place.line) == at.line() && Some(finding.place.column) == at.position(),
    })
}

/// The error in the words and at the place of a finding.
fn told(error: Error, found: Finding, at: Position) -> (Error, Position) {
    let number = |number: usize| u16::try_from(number).unwrap_or(0);
    let (line, column) = (number(found.place.line), number(found.place.column));
    let position = if line > 0 { Position::new(line, column) } else { at };
    // What an argument became says more than that it was meant otherwise.
    let message = if error.message().contains("${") { error.message().to_string() } else { found.message };
    let same = Error::new(error.kind(), error.code(), message);
    let help = found.help.or(error.help_text().map(str::to_owned));
    (help.into_iter().fold(same, Error::help), position)
}

fn explain(error: EvalAltResult, host: &Host) -> Error {
    use EvalAltResult::*;
    match error {
        ErrorRuntime(value, _) | ErrorTerminated(value, _) => match value.clone().try_cast::<Error>() {
            Some(error) => error,
            None => thrown(value),
        },
        ErrorFunctionNotFound(signature, _) => calls::unknown_function(&signature, host),
        ErrorVariableNotFound(name, _) => {
            Error::invalid("idp::script::variable", format!("there is no variable `{name}`"))
                .help("functions don't see variables of the top level; constants are `global::NAME` there")
        }
        ErrorPropertyNotFound(name, _) if ["code", "help"].contains(&name.as_str()) => Error::invalid(
            "idp::script::field",
            format!("there is no field `{name}`"),
        )
        .help(
            "if this was caught: what the language itself refuses is a map with `message` and `error`, without a code",
        ),
        ErrorPropertyNotFound(name, _) => Error::invalid("idp::script::field", format!("there is no field `{name}`"))
            .help("for a field that may be missing, write `map.get(\"name\") ?? otherwise`"),
        ErrorIndexNotFound(index, _) => Error::invalid("idp::script::field", format!("there is no element `{index}`"))
            .help("for an element that may be missing, write `map.get(\"name\") ?? otherwise`"),
        ErrorArrayBounds(len, index, _) => bounds("list", len, index),
        ErrorStringBounds(len, index, _) => bounds("text", len, index),
        ErrorIndexingType(kind, _) => {
            let kind = kind.split([' ', '[']).next().unwrap_or_default();
            Error::invalid("idp::script::type", format!("{} has no elements", calls::plain_type(kind)))
                .help("lists, maps and texts have: `list[0]`, `map[\"key\"]`")
        }
        ErrorFor(_) => Error::invalid("idp::script::type", "`for` can't go through this value")
            .help("it goes through lists and ranges; through the keys of a map with `map.keys()`"),
        ErrorDataRace(..) => {
            Error::invalid("idp::script::data_race", "a function uses the variable that it is handed to a method of")
                .help("take what it needs into a variable of its own before, and use that")
        }
        ErrorAssignmentToConstant(name, _) => {
            Error::invalid("idp::script::constant", format!("`{name}` is a constant: it keeps its value"))
                .help("declare it with `let`")
        }
        ErrorNonPureMethodCallOnConstant(name, _) => {
            Error::invalid("idp::script::constant", format!("`{name}` would change a constant"))
                .help("copy it first: `let copy = ...;`")
        }
        ErrorUnboundThis(_) => Error::invalid("idp::script::variable", "`this` stands for nothing here")
            .help("it is the value that a function of the script is called on as a method"),
        ErrorDotExpr(text, _) if !text.is_empty() => calls::unknown_field(&text),
        ErrorMismatchDataType(_, got, _) if got.ends_with("LaterValue") => calls::known_later("a decision"),
        ErrorMismatchDataType(wanted, got, _) | ErrorMismatchOutputType(wanted, got, _) => {
            let (wanted, got) = (calls::plain_type(&wanted), calls::plain_type(&got));
            let error = Error::invalid("idp::script::type", format!("{wanted} is needed here, and it is {got}"));
            match (wanted.as_str(), got.as_str()) {
                ("true or false", "nothing") => error.help("`()` is no answer: compare with it, `value == ()`"),
                ("true or false", _) => {
                    error.help("decide by a comparison: `count > 0`, `text != \"\"`, `list.len > 0`")
                }
                _ => error,
            }
        }
        ErrorModuleNotFound(name, _) => Error::invalid("idp::script::import", format!("there is no module `{name}`")),
        ErrorStackOverflow(_) => {
            Error::failed("idp::script::depth", "functions call each other more than 64 levels deep")
                .help("look for a function that calls itself without end")
        }
        ErrorDataTooLarge(what, _) => {
            Error::failed("idp::script::size", format!("{} is over its limit", what.to_lowercase()))
                .help("a text may have 1 MiB, a list or map 20,000 elements")
        }
        ErrorArithmetic(text, _) => Error::failed("idp::script::arithmetic", syntax::lower(&text)),
        other => {
            let mut other = other;
            other.clear_position();
            Error::failed("idp::script::error", syntax::lower(&calls::plain_types(&other.to_string())))
        }
    }
}

/// `throw "text"` of a script, or a map with a `message` and perhaps a `help`.
fn thrown(value: rhai::Dynamic) -> Error {
    let part = |name: &str| {
        let map = value.as_map_ref().ok()?;
        map.get(name).and_then(|part| part.clone().into_string().ok())
    };
    let error = |message: String| Error::failed("idp::script::thrown", message);
    if let Some(message) = part("message") {
        return match part("help") {
            Some(help) => error(message).help(help),
            None => error(message),
        };
    }
    let data = crate::primitives::value::to_json(&value).map(|data| data.to_string());
    error(value.into_string().or(data).unwrap_or_else(|error| error.to_string()))
}

fn bounds(what: &str, len: usize, index: i64) -> Error {
    let has = match len {
        0 => "is empty".to_string(),
        1 => "has 1".to_string(),
        many => format!("has {many}"),
    };
    Error::invalid("idp::script::bounds", format!("there is no element {index}: the {what} {has}"))
        .help(format!("elements count from 0; where it may be missing, write `{what}.get({index}) ?? otherwise`"))
}
