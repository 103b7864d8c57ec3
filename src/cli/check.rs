//! `idp-run check`: mistakes in scripts, found without running them.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{Global, current_folder};
use crate::error::{Error, Exit, Result, io};
use crate::library::{Library, Script};
use crate::output::{self, Format, table::Table};
use crate::report::{Review, RuleInfo};
use crate::script::check::{Checker, LazyKinds, rules};
use crate::script::spread_with;

/// Folders of a workspace that hold scripts.
const FOLDERS: [&str; 2] = ["scripts", "stdlib"];

#[derive(Args)]
pub struct CheckArgs {
    /// Files, folders, or names of scripts [default: scripts/ and stdlib/ of the workspace]
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
    /// Fail for warnings, too
    #[arg(long)]
    strict: bool,
    /// Show the rules, and check nothing
    #[arg(long)]
    rules: bool,
}

pub fn check(global: &Global, args: &CheckArgs) -> Result<Exit> {
    let options = global.options(false);
    if args.rules {
        show_rules(&options);
        return Ok(Exit::Ok);
    }
    let here = current_folder()?;
    let config = global.config()?;
    let library = Library::new(&config.root);
    let mut scripts: Vec<Script> = Vec::new();
    if args.paths.is_empty() {
        for folder in FOLDERS.map(|folder| config.root.join(folder)).into_iter().filter(|folder| folder.is_dir()) {
            collect(&folder, &here, &library, &mut scripts)?;
        }
    }
    for path in &args.paths {
        let found = here.join(path);
        if found.is_dir() {
            collect(&found, &here, &library, &mut scripts)?;
        } else if found.is_file() {
            scripts.push(library.script(&shown(&found, &here), &here)?);
        } else {
            scripts.push(library.script(path, &here)?);
        }
    }
    if scripts.is_empty() {
        let error = Error::invalid("idp::check::nothing", "there is no script to check");
        return Err(error.help("name files or folders with .rhai files: `idp-run check PATH...`"));
    }
    let mut review = Review { family: "idp::check", files: scripts.len(), ..Review::default() };
    review.rules = rules()
        .map(|rule| RuleInfo {
            id: rule.id.into(),
            about: rule.about.into(),
            why: rule.why.into(),
            is_error: rule.is_error(),
            waivable: false,
        })
        .collect();
    let kinds = LazyKinds::of(&config);
    // A checker keeps what it read of modules, and its engine, for itself.
    let checker = || Checker::new(library.clone()).with_kinds(kinds.clone());
    let found = spread_with(&scripts, checker, Checker::check);
    review.findings = found.into_iter().flatten().collect();
    for script in scripts {
        review.sources.insert(script.shown, script.text);
    }
    output::findings(&options, &review);
    let fails = if args.strict { !review.findings.is_empty() } else { review.errors() > 0 };
    Ok(if fails { Exit::Verdict } else { Exit::Ok })
}

fn show_rules(options: &output::Options) {
    let level = |error: bool| if error { "error" } else { "warning" };
    if options.format == Format::Json {
        let record = |rule: &crate::script::check::Rule| {
            serde_json::json!({
                "type": "rule", "rule": rule.id, "code": rule.code(), "level": level(rule.is_error()),
                "about": rule.about, "why": rule.why,
            })
        };
        output::records(options, rules().map(record));
        return;
    }
    let mut table = Table::new(["RULE", "LEVEL", "WHAT IT FINDS"]);
    for rule in rules() {
        table.row([rule.id.to_string(), level(rule.is_error()).to_string(), rule.about.to_string()]);
    }
    output::table(options, &table);
}

/// The scripts of a folder and of those in it, in the order of their paths; nothing hidden, no links.
pub(super) fn collect(folder: &Path, here: &Path, library: &Library, scripts: &mut Vec<Script>) -> Result<()> {
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io("read the folder", folder))? {
        entries.push(entry.map_err(io("read the folder", folder))?);
    }
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type().map_err(io("read", &entry.path()))?;
        if kind.is_dir() && !name.starts_with('.') && name != "target" {
            collect(&entry.path(), here, library, scripts)?;
        } else if kind.is_file() && name.ends_with(".rhai") && !name.ends_with(".d.rhai") {
            scripts.push(library.script(&shown(&entry.path(), here), here)?);
        }
    }
    Ok(())
}

/// A path as people type it from here.
fn shown(path: &Path, here: &Path) -> String {
    let shown: PathBuf = path.strip_prefix(here).unwrap_or(path).to_path_buf();
    shown.components().collect::<PathBuf>().display().to_string()
}
