//! Whether a value fits a parameter, and what a text from the command line means for one.

use serde_json::Value;

use super::{Kind, Param};
use crate::error::{Error, Result, nearest};

/// The value that a text (from the command line, the environment or a prompt) stands for.
pub fn parse(name: &str, param: &Param, text: &str) -> Result<Value> {
    let wrong = |wanted: &str| {
        Error::invalid("idp::param::type", format!("the parameter `{name}` must be {wanted}, not `{text}`"))
    };
    Ok(match param.kind {
        Kind::String => Value::String(text.to_string()),
        Kind::Int => Value::from(text.parse::<i64>().map_err(|_| wrong("a whole number"))?),
        Kind::Float => Value::from(text.parse::<f64>().map_err(|_| wrong("a number"))?),
        Kind::Bool => match text {
            "true" | "yes" | "y" => Value::Bool(true),
            "false" | "no" | "n" => Value::Bool(false),
            _ => return Err(wrong("true or false")),
        },
        Kind::IntOrString => text.parse::<i64>().map_or_else(|_| text.into(), Value::from),
        Kind::List => Value::Array(
            text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(|part| part.into()).collect(),
        ),
    })
}

/// Refuses a value that breaks the parameter's rules, naming the rule. What is there already may stay.
pub fn check(name: &str, param: &Param, value: &Value) -> Result<()> {
    if param.present && param.default.as_ref() == Some(value) {
        return Ok(());
    }
    let wrong = |code, message: String| Error::invalid(code, format!("the parameter `{name}` {message}"));
    let shown = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let fits = match param.kind {
        Kind::String => value.is_string(),
        Kind::Int => value.is_i64() || value.is_u64(),
        Kind::Float => value.is_number(),
        Kind::Bool => value.is_boolean(),
        Kind::IntOrString => value.is_string() || value.is_i64() || value.is_u64(),
        Kind::List => value.as_array().is_some_and(|list| list.iter().all(Value::is_string)),
    };
    if !fits {
        let wanted = param.kind.words();
        let hint = match value {
            Value::Number(_) | Value::Bool(_) if param.kind == Kind::String => "put it in quotes".to_string(),
            Value::String(text) if parse(name, param, text).is_ok_and(|value| check(name, param, &value).is_ok()) => {
                match param.kind {
                    Kind::List => format!("write it as a list: [{text}]"),
                    _ => format!("write it without quotes: {text}"),
                }
            }
            _ => "see --help for the parameters of this script".to_string(),
        };
        return Err(wrong("idp::param::type", format!("must be {wanted}, not `{shown}`")).help(hint));
    }
    if let (Some(pattern), Some(text)) = (&param.pattern, value.as_str())
        && !pattern.is_match(text)
    {
        let message = match &param.words {
            Some(words) => format!("can't be `{shown}`: it must be {words} ({pattern})"),
            None => format!("`{shown}` doesn't match {pattern}"),
        };
        return Err(wrong("idp::param::pattern", message).help(param.description.clone()));
    }
    if let (Some((texts, why)), Some(text)) = (&param.except, value.as_str())
        && texts.iter().any(|one| one == text)
    {
        return Err(wrong("idp::param::pattern", format!("can't be `{shown}`: {why}")).help(param.description.clone()));
    }
    if let Some((least, greatest)) = param.range {
        let (size, what) = match value {
            Value::String(text) => (text.chars().count() as f64, "has a length of"),
            Value::Array(list) => (list.len() as f64, "has a length of"),
            _ => (value.as_f64().unwrap_or_default(), "is"),
        };
        if size < least || size > greatest {
            let message = match (least.is_finite(), greatest.is_finite()) {
                (true, false) => format!("{what} {size}, and must be at least {least}"),
                (false, true) => format!("{what} {size}, and must be at most {greatest}"),
                _ => format!("{what} {size}, and must lie between {least} and {greatest}"),
            };
            return Err(wrong("idp::param::range", message).help(param.description.clone()));
        }
    }
    if !param.choices.is_empty() {
        let of = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let chosen: Vec<&Value> = value.as_array().map_or_else(|| vec![value], |list| list.iter().collect());
        if let Some(bad) = chosen.into_iter().find(|value| !param.choices.contains(value)) {
            let names: Vec<String> = param.choices.iter().map(of).collect();
            let error = wrong("idp::param::choice", format!("can't be `{}`", of(bad)));
            return Err(match nearest(&of(bad), names.iter().map(String::as_str)) {
                Some(near) => error.help(format!("did you mean `{near}`? Choices: {}", names.join(", "))),
                None => error.help(format!("choices: {}", names.join(", "))),
            });
        }
    }
    Ok(())
}
