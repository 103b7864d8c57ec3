//! `idp-run list` and `idp-run eject`: the scripts that can be run by name.

use clap::Args;

use super::Global;
use crate::error::{Error, Exit, Result, io};
use crate::library::{Library, Listed};
use crate::output::{self, Format, table::Table};

pub fn list(global: &Global) -> Result<Exit> {
    let config = global.config()?;
    let scripts = Library::new(&config.root).scripts()?;
    let options = global.options(false);
    if options.format == Format::Json {
        let record = |script: Listed| serde_json::json!({ "type": "script", "name": script.name, "title": script.title, "origin": script.origin });
        output::records(&options, scripts.into_iter().map(record));
        return Ok(Exit::Ok);
    }
    let mut table = Table::new(["NAME", "TITLE", "FROM"]);
    for script in scripts {
        table.row([script.name, script.title, script.origin.to_string()]);
    }
    output::table(&options, &table);
    Ok(Exit::Ok)
}

#[derive(Args)]
pub struct EjectArgs {
    /// The script's name
    name: String,
}

pub fn eject(global: &Global, args: &EjectArgs) -> Result<Exit> {
    let config = global.config()?;
    let script = Library::new(&config.root).script(&args.name, &config.root)?;
    let Some(inner) = script.shown.strip_prefix("embedded:") else {
        return Err(Error::invalid("idp::eject", format!("{} is a file already: {}", args.name, script.shown)));
    };
    let path = config.root.join(inner);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(io("make the folder", folder))?;
    }
    std::fs::write(&path, script.text.as_bytes()).map_err(io("write", &path))?;
    let path = path.display().to_string();
    let options = global.options(false);
    match options.format {
        Format::Json => output::records(&options, [serde_json::json!({ "type": "file", "path": path })]),
        _ => output::text(&path),
    }
    Ok(Exit::Ok)
}
