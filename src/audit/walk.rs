//! The files of an audit: what the paths name, and below folders the YAML and JSON files that no .gitignore leaves out.

use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ignore::overrides::{Override, OverrideBuilder};
use ignore::{WalkBuilder, WalkState};

use crate::error::{Error, Result};
use crate::formats::objects;

/// A file to be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct File {
    /// Where it is.
    pub path: PathBuf,
    /// As it is shown: from the current folder, if it is below that.
    pub shown: String,
    /// Whether a path names it, and not just a folder above it.
    pub named: bool,
    /// Whether it is a pipe or something like it, which can be read once.
    pub streams: bool,
}

/// The files that the paths stand for, in order, each once. Hidden folders, `node_modules`, the templates of Helm charts and
/// the skeletons of templates are not looked into; links are not followed.
///
/// # Errors
/// `idp::audit::path` for a path that isn't there, `idp::audit::glob` for an exclusion that is no glob, `idp::io`.
pub fn files(paths: &[String], exclude: &[String], here: &Path) -> Result<Vec<File>> {
    let overrides = excluded(exclude, here)?;
    let mut files = Vec::new();
    for path in paths {
        let whole = plain(&here.join(path));
        if whole.is_dir() {
            below(&whole, &overrides, here, &mut files)?;
        } else if whole.exists() {
            // Pipes as well as files: `<(helm template ...)` of a shell is one.
            let streams = !whole.is_file();
            files.push(File { shown: shown(&whole, here), path: whole, named: true, streams });
        } else {
            let error = Error::invalid("idp::audit::path", format!("there is no file or folder {path}"));
            return Err(error.help("name files, folders, or - for standard input: `idp-run audit k8s/`"));
        }
    }
    // A file that is named and is also below a folder counts as named.
    files.sort_by(|a, b| a.shown.cmp(&b.shown).then(b.named.cmp(&a.named)));
    files.dedup_by(|later, first| later.path == first.path);
    Ok(files)
}

fn excluded(exclude: &[String], here: &Path) -> Result<Override> {
    let mut overrides = OverrideBuilder::new(here);
    let wrong = |error: ignore::Error| Error::invalid("idp::audit::glob", format!("--exclude: {error}"));
    for glob in exclude {
        overrides.add(&format!("!{glob}")).map_err(wrong)?;
    }
    overrides.build().map_err(wrong)
}

/// Whether a folder has others in it. Walkers without work sleep for a millisecond: what is flat is read faster by one.
fn is_deep(folder: &Path) -> bool {
    let is_folder = |entry: std::fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
    std::fs::read_dir(folder).is_ok_and(|entries| entries.flatten().any(is_folder))
}

/// Looks below a folder on all cores; the files come in no order.
fn below(folder: &Path, overrides: &Override, here: &Path, files: &mut Vec<File>) -> Result<()> {
    // What a repository says of itself counts; what this machine's user set up doesn't, so that CI finds the same.
    let walk = WalkBuilder::new(folder)
        .standard_filters(false)
        .hidden(true)
        .parents(true)
        .git_ignore(true)
        .require_git(false)
        .overrides(overrides.clone())
        .filter_entry(|entry| {
            let name = entry.file_name();
            let beside = |file: &str| entry.path().parent().is_some_and(|parent| parent.join(file).is_file());
            let rendered_later = objects::RENDERED_LATER.iter().any(|(folder, file)| name == *folder && beside(file));
            name != "node_modules" && !rendered_later
        })
        .threads(if is_deep(folder) { std::thread::available_parallelism().map_or(1, usize::from) } else { 1 })
        .build_parallel();
    let (found, wrong) = (Mutex::new(files), Mutex::new(None));
    walk.run(|| {
        Box::new(|entry| {
            match entry {
                Ok(entry) => {
                    let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
                    if is_file && objects::may_hold(&entry.file_name().to_string_lossy()) {
                        let shown = shown(entry.path(), here);
                        let file = File { shown, path: entry.into_path(), named: false, streams: false };
                        found.lock().unwrap_or_else(PoisonError::into_inner).push(file);
                    }
                }
                Err(error) => {
                    *wrong.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    return WalkState::Quit;
                }
            }
            WalkState::Continue
        })
    });
    match wrong.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(Error::failed("idp::io", format!("can't look below {}: {error}", folder.display()))),
        None => Ok(()),
    }
}

fn shown(path: &Path, here: &Path) -> String {
    path.strip_prefix(here).unwrap_or(path).display().to_string()
}

/// The path without `.` and `..`, as far as its text alone can tell.
pub fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(plain.pop()),
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_by_their_text() {
        assert_eq!(plain(Path::new("/k/overlays/dev/../../base/./a.yaml")), Path::new("/k/base/a.yaml"));
    }
}
