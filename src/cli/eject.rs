//! `idp-run eject`: what is built in is copied into the workspace, to be changed there. Nothing is overwritten.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use clap::Args;
use serde_json::json;

use super::Global;
use crate::config::file::stays_inside;
use crate::error::{Error, Exit, Result, io};
use crate::library::{Library, Script};
use crate::output::{self, Format};

#[derive(Args)]
pub struct EjectArgs {
    /// The name of a script, a template, or a module: create-service, java-spring-boot, std/gitops
    name: String,
}

/// What was copied.
struct Copied {
    /// Its path from the workspace.
    path: String,
    templates: Vec<String>,
    modules: Vec<String>,
    /// What is to be done for it to count.
    next: Option<String>,
}

pub fn eject(global: &Global, args: &EjectArgs) -> Result<Exit> {
    let config = global.config()?;
    let (root, library, name) = (&config.root, Library::new(&config.root), args.name.as_str());
    let copied = match name.strip_prefix("std/") {
        Some(inner) => module(root, &library, inner)?,
        None => match library.script(name, root) {
            Ok(script) => self::script(root, &library, name, &script)?,
            // A name that is neither is more likely the wrong one of a script, unless a template is near.
            Err(unknown) => match library.embedded_name(name)? {
                Some(real) => template(root, &real)?,
                None => match library.template(name) {
                    Ok(_) => return Err(there(name, &format!("templates/{name}"))),
                    Err(error) if error.help_text().is_some_and(|help| help.starts_with("did you mean")) => {
                        return Err(error);
                    }
                    Err(_) => return Err(unknown),
                },
            },
        },
    };
    say(global, &root.join(&copied.path).display().to_string(), &copied);
    Ok(Exit::Ok)
}

fn there(name: &str, path: &str) -> Error {
    Error::invalid("idp::eject", format!("{name} is in the workspace already: {path}")).help("change it there")
}

fn script(root: &Path, library: &Library, name: &str, script: &Script) -> Result<Copied> {
    let Some(inner) = script.shown.strip_prefix("embedded:") else { return Err(there(name, &script.shown)) };
    write(root, inner, script.text.as_bytes(), false)?;
    let (modules, templates) = library.uses(script)?;
    Ok(Copied { path: inner.to_string(), templates, modules, next: None })
}

fn module(root: &Path, library: &Library, name: &str) -> Result<Copied> {
    let module = library.module(&format!("std/{name}"))?;
    let path = format!("lib/{name}.rhai");
    if root.join(&path).symlink_metadata().is_ok() {
        return Err(there(name, &path));
    }
    write(root, &path, module.text.as_bytes(), false)?;
    let (modules, templates) = library.uses(&module)?;
    let next = format!("Scripts have to import it by its new name: import \"lib/{name}\" as {name};");
    Ok(Copied { path, templates, modules, next: Some(next) })
}

/// Copies a template beside its place first: half a template would stand in for the whole one that is built in.
fn template(root: &Path, name: &str) -> Result<Copied> {
    let path = format!("templates/{name}");
    let (place, draft) = (root.join(&path), format!("templates/.{name}.unfinished"));
    if place.symlink_metadata().is_ok() {
        return Err(there(name, &path));
    }
    let left = root.join(&draft);
    if left.is_dir() && stays_inside(root, &left) {
        std::fs::remove_dir_all(&left).map_err(io("remove", &left))?;
    }
    for file in crate::embedded::under(&path) {
        let inner = file.path.strip_prefix(&path).unwrap_or(file.path);
        write(root, &format!("{draft}{inner}"), file.bytes, file.executable)?;
    }
    std::fs::rename(&left, &place).map_err(io("write", &place))?;
    let next = "It takes the place of the built-in one. `idp-run SCRIPT --update` brings its changes to what was made.";
    Ok(Copied { path, templates: Vec::new(), modules: Vec::new(), next: Some(next.to_string()) })
}

/// Writes a file that isn't there yet.
fn write(root: &Path, path: &str, bytes: &[u8], executable: bool) -> Result<()> {
    let place = root.join(path);
    if !stays_inside(root, &place) {
        let message = format!("can't copy to {path}: a link leads out of the workspace");
        return Err(Error::invalid("idp::eject", message).help("put a folder in its place"));
    }
    if let Some(folder) = place.parent() {
        std::fs::create_dir_all(folder).map_err(io("make the folder", folder))?;
    }
    std::fs::write(&place, bytes).map_err(io("write", &place))?;
    if executable {
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&place, mode).map_err(io("write", &place))?;
    }
    Ok(())
}

fn say(global: &Global, path: &str, copied: &Copied) {
    let options = global.options(false);
    let Copied { templates, modules, next, .. } = copied;
    if options.format == Format::Json {
        let record = json!({ "type": "file", "path": path, "templates": templates, "modules": modules });
        return output::records(&options, [record]);
    }
    let mut text = format!("{path}\n");
    let mut add = |line: String| text.push_str(&format!("\n{line}\n"));
    if !templates.is_empty() {
        add(format!("It renders {}.\n`idp-run eject TEMPLATE` copies one of them, too.", templates.join(", ")));
    }
    if !modules.is_empty() {
        add(format!("It imports {}.\n`idp-run eject MODULE` copies one of them, too.", modules.join(", ")));
    }
    next.iter().for_each(|next| add(next.clone()));
    output::text(&text);
}
