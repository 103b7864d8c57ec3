//! `idp-run doctor`: what holds in a workspace and where it comes from, and what would fail. It changes nothing.

use clap::Args;
use serde_json::json;

use super::checkup::{Finding, State, checkup};
use super::{Global, current_folder};
use crate::config::Config;
use crate::config::origins::{self, Held};
use crate::error::{Error, Exit, Result};
use crate::output::{self, Format, table::Table};

#[derive(Args)]
pub struct DoctorArgs {
    /// Show every setting, not only those that idp.yaml, the environment or a flag give
    #[arg(long)]
    all: bool,
}

/// Variables that settings come from, beside idp.yaml.
const VARIABLES: [&str; 6] = ["IDP_WORKSPACE", "IDP_GRANTS", "IDP_FAULT", "NO_COLOR", "CLICOLOR_FORCE", "CI"];

pub fn doctor(global: &Global, args: &DoctorArgs) -> Result<Exit> {
    let here = current_folder()?;
    let mut found = Vec::new();
    let mut held = Vec::new();
    match Config::find(global.workspace.as_deref(), &here) {
        Err(error) => found.push(Finding::of("idp.yaml", &error)),
        Ok(config) => {
            let none = config.is_none();
            let config = config.map_or_else(|| Config::bare(&here), Ok)?;
            if none {
                let help = "`idp-run init` makes a workspace here; without one, the defaults hold";
                found.push(Finding::warning("workspace", "there is no idp.yaml here or above", help));
            }
            held = settings(global, &config)?;
            found.extend(checkup(&config));
        }
    }
    let options = global.options(false);
    if options.format == Format::Json {
        let settings = held
            .iter()
            .map(|held| json!({ "type": "setting", "key": held.key, "value": held.value, "origin": held.origin }));
        output::records(&options, settings.chain(found.iter().map(Finding::data)).collect::<Vec<_>>());
    } else {
        let mut table = Table::new(["SETTING", "VALUE", "FROM"]);
        let hidden = held.iter().filter(|held| held.origin == "default").count();
        for held in held.iter().filter(|held| args.all || held.origin != "default") {
            table.row([&held.key, &held.value, &held.origin]);
        }
        output::table(&options, &table);
        let mut text = String::new();
        if !args.all && hidden > 0 {
            text.push_str(&format!("Left at their defaults: {hidden}. --all shows them.\n"));
        }
        text.push('\n');
        for finding in &found {
            text.push_str(&finding.line());
        }
        let count = |state| found.iter().filter(|finding| finding.state == state).count();
        let (failed, warnings) = (count(State::Failed), count(State::Warning));
        text.push_str(&format!("\n{failed} would fail, {warnings} to look at.\n"));
        output::text(&text);
    }
    // The gravest: what a person must mend before anything runs is a mistake in a file.
    let exits = found.iter().filter_map(|finding| finding.exit);
    Ok(exits.max_by_key(|exit| (*exit == Exit::Invalid, *exit as u8)).unwrap_or(Exit::Ok))
}

/// Flags and variables first, since they win.
fn settings(global: &Global, config: &Config) -> Result<Vec<Held>> {
    let mut held = Vec::new();
    let folder = config.root.display().to_string();
    let origin = match (&global.workspace, std::env::var_os("IDP_WORKSPACE").filter(|value| !value.is_empty())) {
        (Some(_), _) => "flag --workspace",
        (None, Some(_)) => "environment IDP_WORKSPACE",
        (None, None) if config.file.is_some() => "nearest idp.yaml",
        (None, None) => "default",
    };
    held.push(Held { key: "workspace".into(), value: folder, origin: origin.into() });
    for name in VARIABLES {
        if let Some(value) = std::env::var_os(name).filter(|value| !value.is_empty()) {
            let value = value.to_string_lossy().into_owned();
            held.push(Held { key: name.into(), value, origin: "environment".into() });
        }
    }
    // Values of parameters may be private: their names say enough.
    let parameters = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    for name in parameters.filter(|name| name.starts_with("IDP_PARAM_")) {
        held.push(Held { key: name, value: "(given)".into(), origin: "environment".into() });
    }
    held.extend(origins::of(config)?);
    Ok(held)
}

impl Finding {
    /// Something that would fail, as the error that it would fail with.
    pub fn of(what: &str, error: &Error) -> Finding {
        let place = error.place().map(|place| format!(" ({place})")).unwrap_or_default();
        Finding {
            what: what.into(),
            state: State::Failed,
            message: format!("{}{place}", error.message()),
            help: error.help_text().map(str::to_owned),
            code: Some(error.code()),
            exit: Some(error.kind().into()),
        }
    }
}
