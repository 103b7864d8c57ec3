//! Calls that no function takes and fields that no value has, in words for authors. Called by `diagnose`.

use super::engine::Host;
use super::habits;
use crate::error::{Error, nearest};

/// What scripts can't do with a value that the world will assign.
pub fn known_later(what: &str) -> Error {
    Error::failed("idp::plan::unknown", format!("{what} needs a value that is not known before the plan is applied"))
        .help("use it in texts and options only, or look at what is known already")
}

/// Rhai says `Unknown property 'len' - a getter is not registered for type 'Repo'`.
pub fn unknown_field(text: &str) -> Error {
    let quoted: Vec<&str> = text.split('\'').skip(1).step_by(2).collect();
    let [name, on, ..] = quoted.as_slice() else { return Error::invalid("idp::script::field", plain_types(text)) };
    let (fields, methods) = super::check::members(on);
    let on = plain_type(on);
    if on == "a Later" {
        return known_later(&format!("`.{name}`"));
    }
    let error = Error::invalid("idp::script::field", format!("{on} has no field `{name}`"));
    if on == "nothing" {
        return error.help(format!("what stands before it isn't there: `?.{name}` asks for it only where it is"));
    }
    if methods.contains(name) {
        return error.help(format!("is it a function? `.{name}()`"));
    }
    if let (true, Some(habit)) = (fields.contains(&"len"), habits::of_function(name)) {
        return error.help(habit);
    }
    match (nearest(name, fields), nearest(name, methods)) {
        (Some(near), _) => error.help(format!("did you mean `{near}`?")),
        (None, Some(near)) => error.help(format!("did you mean `.{near}()`?")),
        (None, None) => error,
    }
}

/// A call that no function takes.
pub fn unknown_function(signature: &str, host: &Host) -> Error {
    let (name, arguments) = signature.split_once(" (").unwrap_or((signature, ")"));
    // One bracket ends the signature: nothing's own type ends in another.
    let arguments = arguments.strip_suffix(')').unwrap_or(arguments);
    let arguments: Vec<String> =
        arguments.split(", ").filter(|argument| !argument.is_empty()).map(plain_type).collect();
    if arguments.iter().any(|argument| argument == "a Later") {
        return known_later(&format!("`{name}`"));
    }
    if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return unknown_operator(name, &arguments);
    }
    let with = if arguments.is_empty() { "no arguments".to_string() } else { arguments.join(", ") };
    let names = host.function_names();
    if names.iter().any(|known| known == name) {
        let error = Error::invalid("idp::script::arguments", format!("`{name}` can't be called with {with}"));
        if let Some(habit) = habits::of_arguments(name, arguments.len()) {
            return error.help(habit);
        }
        let usages = usages(&host.signatures(name), arguments.first());
        return error.help(match usages.is_empty() {
            true => "look at the number and the types of its arguments".to_string(),
            false => format!("it is called as {}", usages.join(" or ")),
        });
    }
    let error = Error::invalid("idp::script::function", format!("there is no function `{name}` (called with {with})"));
    if host.script().text.contains(&format!("let {name} = |")) {
        return error.help(format!("`{name}` is a variable: call what it holds, `{name}.call(...)`"));
    }
    if let Some(habit) = habits::of_function(name) {
        return error.help(habit);
    }
    match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error.help("`idp-run check` looks for all such calls at once"),
    }
}

/// `"a" * 2` and the like.
fn unknown_operator(operator: &str, sides: &[String]) -> Error {
    let error =
        Error::invalid("idp::script::operator", format!("`{operator}` can't be used with {}", sides.join(" and ")));
    if sides.iter().any(|side| side == "nothing") {
        return error.help("`()` is a value that is missing: give it another with `value ?? otherwise`");
    }
    if sides.iter().any(|side| side == "a text") {
        return error.help(
            "texts are put together with `+` or as `${...}` in backticks; a number of a text is `parse_int(text)`",
        );
    }
    error.help("look at the types of both sides")
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
pub fn plain_type(name: &str) -> String {
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
pub fn plain_types(text: &str) -> String {
    text.split(' ')
        .map(|word| match word.rsplit_once("::") {
            Some((_, last)) if word.contains("idp_run") => format!("`{}", last.trim_start_matches('`')),
            _ => word.to_string(),
        })
        .collect::<Vec<_>>()
        .join(" ")
}
