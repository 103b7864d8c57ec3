//! `idp-run init` and `idp-run new`: a workspace to begin with, and the next script of one. Nothing is overwritten.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::json;

use super::{Global, current_folder};
use crate::audit::{self, schema, waivers};
use crate::error::{Error, Exit, Result, io};
use crate::formats::skeleton::{self, RenderedFile};
use crate::library::{Library, starter};
use crate::output::{self, Format};
use crate::world::forge::RepoId;

#[derive(Args)]
pub struct InitArgs {
    /// The folder, made if it isn't there
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// The organisation that repositories belong to
    #[arg(long, value_name = "NAME", default_value = "acme")]
    owner: String,
}

#[derive(Args)]
pub struct NewArgs {
    /// What to make
    #[arg(value_name = "KIND", value_enum)]
    kind: Kind,
    /// Its name: lower-case letters, digits and hyphens
    name: String,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// A script that developers run, and its test
    GoldenPath,
    /// A pack of rules over manifests, and its test
    Policy,
    /// A measure of services
    Scorecard,
}

/// A file of a starter, and whether it was written.
struct Laid {
    path: String,
    written: bool,
}

pub fn init(global: &Global, args: &InitArgs) -> Result<Exit> {
    let folder = current_folder()?.join(&args.folder);
    let shown = args.folder.display().to_string();
    if folder.exists() && !folder.is_dir() {
        return Err(Error::invalid("idp::init", format!("{shown} is a file, not a folder")).help("name a folder"));
    }
    RepoId::parse("platform-gitops", &args.owner).map_err(|error| {
        Error::invalid("idp::init", format!("`{}` can't be an owner: {error}", args.owner))
            .help("letters, digits, `.`, `_` and `-`, as in --owner acme")
    })?;
    let files = skeleton::render("workspace", &starter("workspace"), &json!({ "owner": args.owner }))?;
    let laid = lay(&folder, files)?;
    let mut next = vec!["idp-run doctor", "idp-run check", "idp-run test", ONBOARD_PLAN, ONBOARD];
    let enter = format!("cd {shown}");
    if shown != "." {
        next.insert(0, &enter);
    }
    say(global, &laid, &next);
    Ok(Exit::Ok)
}

const ONBOARD_PLAN: &str = "idp-run onboard-team --params requests/team-payments.yaml --plan";
const ONBOARD: &str = "idp-run onboard-team --params requests/team-payments.yaml";

pub fn new(global: &Global, args: &NewArgs) -> Result<Exit> {
    let (starting, shelf) = match args.kind {
        Kind::GoldenPath => ("golden-path", "scripts/golden-paths"),
        Kind::Policy => ("policy", "scripts/policies"),
        Kind::Scorecard => {
            return Err(Error::invalid("idp::new::kind", "this version of idp-run doesn't run scorecards yet").help(
                "`idp-run new golden-path NAME` makes a golden path, `idp-run new policy NAME` a pack of policies",
            ));
        }
    };
    let name = &args.name;
    let config = global.config()?;
    free(&Library::new(&config.root), name)?;
    let words = name.replace('-', " ");
    let mut letters = words.chars();
    let title: String = letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect();
    let files = skeleton::render(starting, &starter(starting), &json!({ "name": name, "title": title }))?;
    let folder = config.root.join(shelf);
    if let Some(there) = files.iter().map(|file| folder.join(&file.path)).find(|path| path.symlink_metadata().is_ok()) {
        return Err(taken(name, &there.display().to_string()));
    }
    let mut laid = lay(&folder, files)?;
    laid.iter_mut().for_each(|file| file.path = format!("{shelf}/{}", file.path));
    let test = format!("idp-run test {shelf}/{name}.test.rhai");
    let next = match args.kind {
        Kind::Policy => [format!("idp-run check --strict {shelf}/{name}.rhai"), format!("idp-run audit --with {name}")],
        _ => [format!("idp-run {name} --help"), format!("idp-run {name} name=an-example about=Try --plan")],
    };
    say(global, &laid, &[&test, &next[0], &next[1]]);
    Ok(Exit::Ok)
}

/// A script's name that nothing else has.
fn free(library: &Library, name: &str) -> Result<()> {
    let fine = name.len() <= 63
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !name.ends_with('-');
    if !fine {
        return Err(Error::invalid("idp::new::name", format!("`{name}` can't be the name of a script"))
            .help("lower-case letters, digits and hyphens, a letter first: add-database"));
    }
    if super::command().get_subcommands().any(|verb| verb.get_name() == name) || name == "help" {
        return Err(Error::invalid("idp::new::name", format!("`{name}` is a command of idp-run"))
            .help("commands win over scripts: choose another name"));
    }
    let built_in = [audit::unreadable().id, schema::about().id, waivers::POLICY.into()];
    if built_in.iter().any(|policy| *policy == *name) {
        return Err(taken(name, "a built-in policy"));
    }
    match library.scripts()?.iter().find(|script| script.name == name) {
        Some(script) if script.origin == "embedded" => Err(taken(name, "a built-in script")
            .help(format!("`idp-run eject {name}` copies it into the workspace, to change it"))),
        Some(_) => Err(taken(name, "a script of this workspace")),
        None => Ok(()),
    }
}

fn taken(name: &str, by: &str) -> Error {
    Error::invalid("idp::new::taken", format!("`{name}` is there already: {by}"))
        .help("choose another name; nothing was written")
}

/// Writes files that aren't there yet.
fn lay(folder: &Path, files: Vec<RenderedFile>) -> Result<Vec<Laid>> {
    let mut laid = Vec::new();
    for file in files {
        let path = folder.join(&file.path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(io("make the folder", parent))?;
        }
        // What is there stays, also if it is a link that leads nowhere.
        let opened = std::fs::OpenOptions::new().write(true).create_new(true).open(&path);
        let written = match opened {
            Ok(mut there) => {
                there.write_all(&file.bytes).map_err(io("write", &path))?;
                true
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => false,
            Err(error) => return Err(io("write", &path)(error)),
        };
        laid.push(Laid { path: file.path, written });
    }
    Ok(laid)
}

fn say(global: &Global, laid: &[Laid], next: &[&str]) {
    let options = global.options(false);
    if options.format == Format::Json {
        let record = |file: &Laid| json!({ "type": "file", "path": file.path, "written": file.written });
        output::records(&options, laid.iter().map(record));
        return;
    }
    let mut text = String::new();
    for file in laid {
        let (mark, note) = if file.written { ("+", "") } else { ("=", "  (was there: left as it is)") };
        text.push_str(&format!("{mark} {}{note}\n", file.path));
    }
    text.push_str("\nNext:\n");
    for command in next {
        text.push_str(&format!("  {command}\n"));
    }
    output::text(&text);
}
