//! `idp-run list`: the scripts that can be run by name, and the templates that they can render.

use clap::Args;
use serde_json::json;

use super::Global;
use crate::error::{Exit, Result};
use crate::library::{Library, Listed};
use crate::output::{self, Format, table::Table};

#[derive(Args)]
pub struct ListArgs {
    /// The templates instead
    #[arg(long)]
    templates: bool,
}

pub fn list(global: &Global, args: &ListArgs) -> Result<Exit> {
    let config = global.config()?;
    let library = Library::new(&config.root);
    let (kind, found) = match args.templates {
        true => ("template", library.templates()?),
        false => ("script", library.scripts()?),
    };
    let options = global.options(false);
    if options.format == Format::Json {
        let record =
            |Listed { name, title, origin }| json!({ "type": kind, "name": name, "title": title, "origin": origin });
        output::records(&options, found.into_iter().map(record));
        return Ok(Exit::Ok);
    }
    let mut table = Table::new(["NAME", "TITLE", "FROM"]);
    for listed in found {
        table.row([listed.name, listed.title, listed.origin.to_string()]);
    }
    output::table(&options, &table);
    Ok(Exit::Ok)
}
