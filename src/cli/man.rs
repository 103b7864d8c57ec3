//! `idp-run man`: manual pages, printed or written to a folder.

use std::path::PathBuf;

use clap::Args;

use super::current_folder;
use crate::error::{Error, Exit, Result, io};
use crate::output;

#[derive(Args)]
pub struct ManArgs {
    /// The page of a command, such as `runs show`; of idp-run itself if left out
    #[arg(value_name = "COMMAND")]
    path: Vec<String>,
    /// Write the pages of all commands to this folder, as idp-run.1, idp-run-list.1 ...
    #[arg(long, value_name = "DIR", conflicts_with = "path")]
    dir: Option<PathBuf>,
}

pub fn man(args: &ManArgs) -> Result<Exit> {
    let mut command = super::command().disable_help_subcommand(true);
    command.build();
    if let Some(folder) = &args.dir {
        let folder = current_folder()?.join(folder);
        std::fs::create_dir_all(&folder).map_err(io("make the folder", &folder))?;
        clap_mangen::generate_to(command, &folder).map_err(io("write the pages to", &folder))?;
        return Ok(Exit::Ok);
    }
    let mut page = &command;
    for name in &args.path {
        page = page.find_subcommand(name).filter(|found| !found.is_hide_set()).ok_or_else(|| {
            Error::invalid("idp::usage", format!("idp-run has no command `{}`", args.path.join(" ")))
                .help("`idp-run --help` lists the commands")
        })?;
    }
    let mut text = Vec::new();
    clap_mangen::Man::new(page.clone())
        .render(&mut text)
        .map_err(|error| Error::failed("idp::io", format!("can't render the page: {error}")))?;
    output::text(&String::from_utf8_lossy(&text));
    Ok(Exit::Ok)
}
