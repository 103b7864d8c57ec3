//! `idp-run completions`: completion scripts for shells.

use clap::Args;
use clap_complete::Shell;

use crate::error::{Exit, Result};
use crate::output;

#[derive(Args)]
pub struct CompletionsArgs {
    /// The shell: bash, zsh, fish, elvish or powershell
    shell: Shell,
}

pub fn completions(args: &CompletionsArgs) -> Result<Exit> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut super::command(), "idp-run", &mut text);
    output::text(&String::from_utf8_lossy(&text));
    Ok(Exit::Ok)
}
