//! Asks for parameters on the terminal.

use std::io::IsTerminal;

use dialoguer::{Input, Select};
use serde_json::Value;

use crate::error::{Error, Kind, Result};
use crate::primitives::param::{self, Param};
use crate::script::{Asking, Judge};

/// The choice of those who leave a parameter out.
const LEFT_OUT: &str = "(leave it out)";

/// The terminal, if stdin and stderr are one.
pub struct Terminal {
    /// Whether questions may be asked at all.
    pub allowed: bool,
    /// Whether somebody is there who wants to look at what needn't be given.
    pub offers: bool,
}

pub(super) fn stopped(error: dialoguer::Error) -> Error {
    Error::new(
        Kind::Interrupted,
        "idp::cancelled",
        match &error {
            dialoguer::Error::IO(cause) if cause.kind() == std::io::ErrorKind::Interrupted => {
                "stopped while asking".to_string()
            }
            _ => format!("stopped while asking: {error}"),
        },
    )
}

/// Asks what is answered with yes or no, and asks again for anything else. Enter is the answer in capitals.
pub(super) fn agreed(question: &str, usual: Option<bool>) -> Result<bool> {
    let choices = match usual {
        Some(true) => "[Y/n]",
        Some(false) => "[y/N]",
        None => "[y/n]",
    };
    let means = move |text: &str| match text.trim().to_lowercase().as_str() {
        "y" | "yes" | "true" => Some(true),
        "n" | "no" | "false" => Some(false),
        "" => usual,
        _ => None,
    };
    let valid = |text: &String| means(text).map(drop).ok_or("answer y or n");
    let input = Input::<String>::new().with_prompt(format!("{question} {choices}"));
    let text = input.allow_empty(true).validate_with(valid).interact_text().map_err(stopped)?;
    Ok(means(&text).unwrap_or_default())
}

impl Asking for Terminal {
    fn is_there(&self) -> bool {
        self.allowed && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    fn ask(&self, name: &str, rule: &Param, judge: &Judge) -> Result<Value> {
        let bounds = rule.range.map(|range| format!(", {}", param::bounds(range))).unwrap_or_default();
        let question = format!("{} ({name}{bounds})", rule.description);
        let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if rule.kind == param::Kind::Bool && !rule.optional {
            return agreed(&question, rule.default.as_ref().and_then(Value::as_bool)).map(Value::Bool);
        }
        let flags = [Value::Bool(true), Value::Bool(false)];
        let choices = if rule.kind == param::Kind::Bool { &flags[..] } else { &rule.choices };
        if !choices.is_empty() && rule.kind != param::Kind::List {
            let mut names: Vec<String> = choices.iter().map(shown).collect();
            if rule.optional {
                names.push(LEFT_OUT.to_string());
            }
            let usual = match &rule.default {
                Some(default) => choices.iter().position(|choice| choice == default).unwrap_or_default(),
                None if rule.optional => choices.len(),
                None => 0,
            };
            let at = Select::new().with_prompt(question).items(&names).default(usual).interact().map_err(stopped)?;
            return Ok(choices.get(at).cloned().unwrap_or_default());
        }
        let may_be_empty = rule.optional || rule.default.is_some();
        let valid = |text: &String| -> std::result::Result<(), String> {
            if text.is_empty() && may_be_empty {
                return Ok(());
            }
            let value = param::parse(name, rule, text);
            let fits = value.and_then(|value| param::check(name, rule, &value).and_then(|()| judge(&value)));
            fits.map_err(|error| match error.help_text() {
                Some(help) if error.code() == param::REFUSED => format!("{}; {help}", error.message()),
                _ => error.message().to_string(),
            })
        };
        let mut input = Input::new().with_prompt(question).allow_empty(may_be_empty).validate_with(valid);
        if let Some(default) = &rule.default {
            input = input.default(shown(default));
        }
        let text: String = input.interact_text().map_err(stopped)?;
        match (&rule.default, text.is_empty() && may_be_empty) {
            (Some(default), _) if text == shown(default) => Ok(default.clone()),
            (default, true) => Ok(default.clone().unwrap_or_default()),
            (_, false) => param::parse(name, rule, &text),
        }
    }

    fn offer(&self, names: &[&str], stays: bool) -> Result<bool> {
        if !self.offers {
            return Ok(false);
        }
        let otherwise = if stays { "stays as it is" } else { "has its default" };
        agreed(&format!("Go through {}? What isn't asked {otherwise}", names.join(", ")), Some(false))
    }
}
