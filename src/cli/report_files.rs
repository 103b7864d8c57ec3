//! `--report FORMAT=FILE` of `audit`: which files are wanted, whether they can be written, and writing them.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::audit::walk;
use crate::error::{Error, Result, nearest};
use crate::formats::objects;
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
        let wrong = |message: &str, help: &str| {
            Err(Error::invalid("idp::audit::report", format!("--report {value}: {message}")).help(help))
        };
        let example = "write a format and a file: `--report sarif=audit.sarif`";
        let Some((name, file)) = value.split_once('=').filter(|(_, file)| !file.is_empty()) else {
            return wrong("there is no file", example);
        };
        // Manifests are no report.
        let is_report = |format: &Format| *format != Format::Yaml;
        let Some(format) = Format::from_str(name, false).ok().filter(is_report) else {
            let known = Format::value_variants().iter().filter(|format| is_report(format));
            let names: Vec<String> = known.map(ToString::to_string).collect();
            let near = nearest(name, names.iter().map(String::as_str));
            let near = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
            return wrong(&format!("there is no format `{name}`"), &format!("{near}formats: {}", names.join(", ")));
        };
        if file == "-" {
            return wrong("that is standard output", &format!("for standard output there is `--output {name}`"));
        }
        let path = walk::plain(&here.join(file));
        if !path.parent().is_some_and(Path::is_dir) {
            return wrong("there is no such folder", "make the folder first, or name another one");
        }
        if path.exists() && !path.is_file() {
            return wrong("there is something that is no file", "name a file; it is made, or replaced as a whole");
        }
        if !may_be_replaced(&path) {
            return wrong(
                "there is a file that is no report of an earlier audit",
                "name another file, or remove this one first: what is there would be lost",
            );
        }
        if files.iter().any(|other| other.path == path) {
            return wrong("the file is named twice", "give each report a file of its own");
        }
        files.push(ReportFile { format, path });
    }
    Ok(files)
}

/// Whether what is at a path may go. Manifests and scripts have the same endings as reports: what begins like none of those is
/// somebody's.
fn may_be_replaced(path: &Path) -> bool {
    let name = path.to_string_lossy();
    if !path.is_file() || !(objects::may_hold(&name) || name.ends_with(".rhai")) {
        return true;
    }
    let mut head = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(512).read_to_end(&mut head));
    let head = String::from_utf8_lossy(&head);
    let starts = ["{\"type\":\"version\"", "<?xml", "::"].iter().any(|start| head.starts_with(start));
    let says =
        ["sarif-2.1.0.json", "kind: PolicyReport", "kind: ClusterPolicyReport"].iter().any(|word| head.contains(word));
    read.is_err() || head.is_empty() || starts || says || head.starts_with("apiVersion: openreports.io/")
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
