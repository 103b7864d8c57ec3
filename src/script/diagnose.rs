//! Errors of scripts as people meet them: a code, a sentence, and a frame for each call on the way.

use std::sync::{Arc, PoisonError};

use rhai::{EvalAltResult, ParseErrorType, Position};

use super::engine::Host;
use super::imports::Sources;
use crate::bridge::{Trouble, Waiting};
use crate::error::{Error, Place, nearest};
use crate::library::Script;
use crate::report::Frame;

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
    let error = explain(at, host);
    frames.extend(frame(host.sources(), &source, position, "here".into()));
    frames.reverse();
    Trouble::Failed { error, frames }
}

/// What an error of compiling means.
pub fn of_parse(script: &Script, error: ParseErrorType, position: Position) -> Trouble {
    let sources = Sources::default();
    sources.lock().unwrap_or_else(PoisonError::into_inner).insert(script.shown.clone(), script.text.clone());
    let frames = frame(&sources, &script.shown, position, "here".into()).into_iter().collect();
    Trouble::Failed { error: syntax(&error), frames }
}

/// The same, for a file that was imported.
pub fn in_module(shown: &str, error: ParseErrorType, position: Position) -> EvalAltResult {
    EvalAltResult::ErrorInModule(
        shown.to_string(),
        Box::new(EvalAltResult::ErrorRuntime(rhai::Dynamic::from(syntax(&error)), position)),
        Position::NONE,
    )
}

fn syntax(error: &ParseErrorType) -> Error {
    let message = error.to_string();
    let (message, help) = match error {
        ParseErrorType::VariableUndefined(name) => (
            format!("there is no variable `{name}`"),
            "declare it with `let`; functions don't see variables of the top level, constants are `global::NAME` there",
        ),
        ParseErrorType::Reserved(word) => {
            (format!("`{word}` is a reserved word"), "choose another name; as the key of a map, put it in quotes")
        }
        ParseErrorType::MissingToken(token, what) => {
            (format!("`{token}` is missing {what}"), "look at the line above, too")
        }
        _ => (message, "docs/scripts.md tells how scripts are written"),
    };
    Error::invalid("idp::script::syntax", message).help(help)
}

fn shown_source(sources: &Sources, module: &str) -> Option<String> {
    let sources = sources.lock().unwrap_or_else(PoisonError::into_inner);
    sources.contains_key(module).then(|| module.to_string())
}

fn frame(sources: &Sources, file: &str, position: Position, label: String) -> Option<Frame> {
    let line = position.line()?;
    let source: Arc<str> = sources.lock().unwrap_or_else(PoisonError::into_inner).get(file).cloned()?;
    Some(Frame { label, place: Place::at(file, line, position.position().unwrap_or(0)), source })
}

fn explain(error: EvalAltResult, host: &Host) -> Error {
    use EvalAltResult::*;
    match error {
        ErrorRuntime(value, _) | ErrorTerminated(value, _) => match value.clone().try_cast::<Error>() {
            Some(error) => error,
            None => {
                // `throw "text"` of a script.
                let data = crate::primitives::value::to_json(&value).map(|data| data.to_string());
                let text = value.into_string().or(data).unwrap_or_else(|error| error.to_string());
                Error::failed("idp::script::thrown", text)
            }
        },
        ErrorFunctionNotFound(signature, _) => unknown_function(&signature, host),
        ErrorVariableNotFound(name, _) => {
            Error::invalid("idp::script::variable", format!("there is no variable `{name}`"))
                .help("functions don't see variables of the top level; constants are `global::NAME` there")
        }
        ErrorPropertyNotFound(name, _) => Error::invalid("idp::script::field", format!("there is no field `{name}`"))
            .help("for a field that may be missing, write `map.get(\"name\") ?? otherwise`"),
        ErrorIndexNotFound(index, _) => Error::invalid("idp::script::field", format!("there is no element `{index}`"))
            .help("for an element that may be missing, write `map.get(\"name\") ?? otherwise`"),
        ErrorDotExpr(text, _) if !text.is_empty() => unknown_field(&text, &host.function_names()),
        ErrorMismatchDataType(_, got, _) if got.ends_with("LaterValue") => known_later("a decision"),
        ErrorMismatchDataType(wanted, got, _) | ErrorMismatchOutputType(wanted, got, _) => Error::invalid(
            "idp::script::type",
            format!("{} is needed here, and it is {}", plain_type(&wanted), plain_type(&got)),
        ),
        ErrorModuleNotFound(name, _) => Error::invalid("idp::script::import", format!("there is no module `{name}`")),
        ErrorStackOverflow(_) => {
            Error::failed("idp::script::depth", "functions call each other more than 64 levels deep")
                .help("look for a function that calls itself without end")
        }
        ErrorDataTooLarge(what, _) => {
            Error::failed("idp::script::size", format!("{} is over its limit", what.to_lowercase()))
                .help("a text may have 1 MiB, a list or map 20,000 elements")
        }
        other => {
            let mut other = other;
            other.clear_position();
            Error::failed("idp::script::error", plain_types(&other.to_string()))
        }
    }
}

/// What scripts can't do with a value that the world will assign.
fn known_later(what: &str) -> Error {
    Error::failed("idp::plan::unknown", format!("{what} needs a value that is not known before the plan is applied"))
        .help("use it in texts and options only, or look at what is known already")
}

/// Rhai says `Unknown property 'len' - a getter is not registered for type 'Repo'`.
fn unknown_field(text: &str, names: &[String]) -> Error {
    let quoted: Vec<&str> = text.split('\'').skip(1).step_by(2).collect();
    let [name, on, ..] = quoted.as_slice() else { return Error::invalid("idp::script::field", plain_types(text)) };
    let on = plain_type(on);
    if on == "a Later" {
        return known_later(&format!("`.{name}`"));
    }
    let error = Error::invalid("idp::script::field", format!("{on} has no field `{name}`"));
    match nearest(name, names.iter().map(String::as_str)) {
        Some(near) if near == *name => error.help(format!("is it a function? `.{name}()`")),
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error,
    }
}

fn unknown_function(signature: &str, host: &Host) -> Error {
    let (name, arguments) = signature.split_once(" (").unwrap_or((signature, ")"));
    let arguments: Vec<String> =
        arguments.trim_end_matches(')').split(", ").filter(|argument| !argument.is_empty()).map(plain_type).collect();
    if arguments.iter().any(|argument| argument == "a Later") {
        return known_later(&format!("`{name}`"));
    }
    let with = if arguments.is_empty() { "no arguments".to_string() } else { arguments.join(", ") };
    let names = host.function_names();
    if names.iter().any(|known| known == name) {
        let error = Error::invalid("idp::script::arguments", format!("`{name}` can't be called with {with}"));
        let usages = usages(&host.signatures(name), arguments.first());
        return error.help(match usages.is_empty() {
            true => "look at the number and the types of its arguments".to_string(),
            false => format!("it is called as {}", usages.join(" or ")),
        });
    }
    let error = Error::invalid("idp::script::function", format!("there is no function `{name}` (called with {with})"));
    match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error,
    }
}

/// How a function is called, from signatures such as `tree(repo: &mut Repo, branch: &str) -> RhaiResultOf<Tree>`;
/// those of the type that it was called on, if there are any.
fn usages(signatures: &[String], on: Option<&String>) -> Vec<String> {
    let mut all: Vec<(bool, String)> = Vec::new();
    for signature in signatures {
        let Some((name, rest)) = signature.split_once('(') else { continue };
        let parameters = rest.split_once(')').map_or(rest, |(inside, _)| inside);
        let pairs: Vec<(&str, &str)> = parameters.split(", ").filter_map(|part| part.split_once(": ")).collect();
        let names: Vec<&str> = pairs.iter().map(|(name, _)| *name).collect();
        let fits = pairs.first().is_some_and(|(_, kind)| Some(&plain_type(kind)) == on);
        all.push(match pairs.first() {
            Some((_, kind)) if kind.starts_with("&mut ") => {
                (fits, format!("`{}.{name}({})`", names[0], names[1..].join(", ")))
            }
            _ => (fits, format!("`{name}({})`", names.join(", "))),
        });
    }
    let fitting = all.iter().any(|(fits, _)| *fits);
    all.into_iter().filter(|(fits, _)| *fits || !fitting).map(|(_, usage)| usage).collect()
}

/// What people call a type that Rhai names.
fn plain_type(name: &str) -> String {
    let name = name.trim().trim_start_matches("&mut ").trim_start_matches('&');
    match name {
        "i64" => "a whole number".into(),
        "f64" => "a number".into(),
        "bool" => "true or false".into(),
        "()" => "nothing".into(),
        "str" | "string" | "String" | "ImmutableString" | "str | ImmutableString | String" => "a text".into(),
        "array" => "a list".into(),
        "map" => "a map".into(),
        "Fn" => "a function".into(),
        other => match other.rsplit("::").next().unwrap_or(other) {
            name if name.starts_with(['A', 'E', 'I', 'O']) => format!("an {name}"),
            name => format!("a {name}"),
        },
    }
}

/// Rust's paths shortened to their last part.
fn plain_types(text: &str) -> String {
    text.split(' ')
        .map(|word| match word.rsplit_once("::") {
            Some((_, last)) if word.contains("idp_run") => format!("`{}", last.trim_start_matches('`')),
            _ => word.to_string(),
        })
        .collect::<Vec<_>>()
        .join(" ")
}
