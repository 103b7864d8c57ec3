//! Asks for parameters on the terminal.

use std::io::IsTerminal;

use dialoguer::{Confirm, Input, Select};
use serde_json::Value;

use crate::error::{Error, Kind, Result};
use crate::primitives::param::{self, Param};
use crate::script::Asking;

/// The terminal, if stdin and stderr are one.
pub struct Terminal {
    /// Whether questions may be asked at all.
    pub allowed: bool,
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

impl Asking for Terminal {
    fn is_there(&self) -> bool {
        self.allowed && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    fn ask(&self, name: &str, rule: &Param) -> Result<Value> {
        let question = format!("{} ({name})", rule.description);
        if rule.kind == param::Kind::Bool {
            return Confirm::new().with_prompt(question).interact().map(Value::Bool).map_err(stopped);
        }
        if !rule.choices.is_empty() && rule.kind != param::Kind::List {
            let names: Vec<String> =
                rule.choices.iter().map(|c| c.as_str().map_or_else(|| c.to_string(), str::to_owned)).collect();
            let at = Select::new().with_prompt(question).items(&names).default(0).interact().map_err(stopped)?;
            return Ok(rule.choices[at].clone());
        }
        let valid = |text: &String| -> std::result::Result<(), String> {
            let fits = param::parse(name, rule, text).and_then(|value| param::check(name, rule, &value));
            fits.map_err(|error| error.message().to_string())
        };
        let text: String = Input::new().with_prompt(question).validate_with(valid).interact_text().map_err(stopped)?;
        param::parse(name, rule, &text)
    }
}
