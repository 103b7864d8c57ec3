//! `--report FORMAT=FILE` of `audit`: which files are wanted, whether they can be written, and writing them.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::audit::walk;
use crate::error::{Error, Result, nearest};
use crate::output::{self, Format};
use crate::report::Audit;
use crate::world::store;

/// A file that is written once the audit is done.
pub struct ReportFile {
    format: Format,
    path: PathBuf,
}

/// What was asked for.
///
/// # Errors
/// `idp::audit::report` for what isn't FORMAT=FILE, a format that isn't there, a file that is named twice or can't be
/// written where it should be.
pub fn wanted(values: &[String], here: &Path) -> Result<Vec<ReportFile>> {
    let mut files: Vec<ReportFile> = Vec::new();
    for value in values {
        let wrong = |message: String, help: &str| {
            Err(Error::invalid("idp::audit::report", format!("--report {value}: {message}")).help(help))
        };
        let example = "write a format and a file: `--report sarif=audit.sarif`";
        let Some((name, file)) = value.split_once('=').filter(|(_, file)| !file.is_empty()) else {
            return wrong("there is no file".into(), example);
        };
        let Ok(format) = Format::from_str(name, false) else {
            let names: Vec<String> = Format::value_variants().iter().map(ToString::to_string).collect();
            let near = nearest(name, names.iter().map(String::as_str));
            let near = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
            return wrong(format!("there is no format `{name}`"), &format!("{near}formats: {}", names.join(", ")));
        };
        if file == "-" {
            return wrong("that is standard output".into(), &format!("for standard output there is `--output {name}`"));
        }
        let path = walk::plain(&here.join(file));
        if !path.parent().is_some_and(Path::is_dir) {
            return wrong("there is no such folder".into(), "make the folder first, or name another one");
        }
        if path.exists() && !path.is_file() {
            return wrong(
                "there is something that is no file".into(),
                "name a file; it is made, or replaced as a whole",
            );
        }
        if files.iter().any(|other| other.path == path) {
            return wrong("the file is named twice".into(), "give each report a file of its own");
        }
        files.push(ReportFile { format, path });
    }
    Ok(files)
}

/// Whether a path is one of them: what an earlier audit wrote is nothing to look at.
pub fn name(files: &[ReportFile], path: &Path) -> bool {
    files.iter().any(|file| file.path == path)
}

/// Writes them, each as a whole.
///
/// # Errors
/// `idp::io`.
pub fn write(files: &[ReportFile], audit: &Audit) -> Result<()> {
    files.iter().try_for_each(|file| store::replace_unlocked(&file.path, output::report(file.format, audit).as_bytes()))
}
