//! `idp-run reference`: the pages about everything that scripts can call, written, or compared with those in a folder.

use std::path::PathBuf;

use clap::Args;

use super::{Global, current_folder};
use crate::error::{Error, Exit, Kind, Result};
use crate::library::Library;
use crate::output::{self, Format};
use crate::script::reference;

#[derive(Args)]
pub struct ReferenceArgs {
    /// The folder of the pages
    #[arg(value_name = "DIR", default_value = "docs/reference")]
    folder: PathBuf,
    /// Write nothing: fail if a page isn't what it would be
    #[arg(long)]
    check: bool,
}

pub fn reference(global: &Global, args: &ReferenceArgs) -> Result<Exit> {
    let here = current_folder()?;
    let folder = here.join(&args.folder);
    let files = reference::pages(&reference::all(&Library::new(&here))?);
    let changed = match args.check {
        true => reference::drift(&files, &folder)?,
        false => reference::write(&files, &folder)?,
    };
    if args.check && !changed.is_empty() {
        let shown = args.folder.display();
        let message = format!("{shown} fell behind: {}", changed.join(", "));
        return Err(Error::new(Kind::Verdict, "idp::reference::drift", message)
            .help(format!("`idp-run reference {shown}` writes the pages")));
    }
    let options = global.options(false);
    match options.format {
        Format::Json => {
            let record = |path: &String| serde_json::json!({ "type": "file", "path": path });
            output::records(&options, changed.iter().map(record));
        }
        _ => {
            let total = files.len();
            output::text(&match changed.len() {
                0 => format!("{total} files are as they should be."),
                number => format!("{number} of {total} files written."),
            });
        }
    }
    Ok(Exit::Ok)
}
