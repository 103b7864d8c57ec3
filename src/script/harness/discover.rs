//! Finds test files: `NAME.test.rhai` below folders, or named ones, with the test functions that they define.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::snapshot::Snapshots;
use crate::config;
use crate::error::{Error, Result, io};
use crate::library::{Library, Script};
use crate::report::{Event, Sink, TestFailure};
use crate::script::{Extras, Host, Progress, Trouble};

/// How the name of a test file ends.
const ENDING: &str = ".test.rhai";

/// Folders that hold no sources of the workspace.
const NOT_OURS: [&str; 2] = ["target", "node_modules"];

/// A file with tests.
#[derive(Clone)]
pub struct TestFile {
    /// The file.
    pub script: Script,
    /// Its test functions with their lines, in the order of the text.
    pub tests: Vec<(String, usize)>,
    /// Why it can't be compiled, if so.
    pub broken: Option<TestFailure>,
    /// What its tests compare with.
    pub snapshots: Snapshots,
}

/// Nobody listens while a file is only compiled.
pub(super) struct Silent;

impl Sink for Silent {
    fn emit(&self, _: Event) {}
}

/// The test files at these paths (files or folders; a script stands for its tests), or all of the workspace. Folders of
/// other workspaces within this one are left out.
pub fn discover(root: &Path, here: &Path, paths: &[PathBuf]) -> Result<Vec<TestFile>> {
    let mut found = Vec::new();
    if paths.is_empty() {
        walk(root, ENDING, &mut found)?;
    }
    for path in paths {
        let path = here.join(path);
        if path.is_dir() {
            walk(&path, ENDING, &mut found)?;
        } else {
            found.push(test_of(&path)?);
        }
    }
    found.sort();
    found.dedup();
    found.iter().map(|path| read(root, here, path)).collect()
}

/// The test file of a path that names it or its script.
fn test_of(path: &Path) -> Result<PathBuf> {
    let shown = path.display().to_string();
    let test = match shown.strip_suffix(".rhai") {
        Some(stem) if !shown.ends_with(ENDING) => PathBuf::from(format!("{stem}{ENDING}")),
        _ => path.to_path_buf(),
    };
    if test.is_file() && test.display().to_string().ends_with(ENDING) {
        return Ok(test);
    }
    let error = Error::invalid("idp::test::path", format!("there is no test file {}", test.display()));
    Err(error.help("tests of NAME.rhai stand in NAME.test.rhai beside it"))
}

/// The files below a folder whose names end so; hidden folders and other workspaces are left out.
pub fn walk(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder).map_err(io("read the folder", folder))? {
        let entry = entry.map_err(io("read the folder", folder))?;
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        let kind = entry.file_type().map_err(io("read", &path))?;
        if kind.is_dir() {
            let other = name.starts_with('.') || NOT_OURS.contains(&name.as_str()) || path.join(config::FILE).is_file();
            if !other {
                walk(&path, ending, found)?;
            }
        } else if kind.is_file() && name.ends_with(ending) {
            found.push(path);
        }
    }
    Ok(())
}

/// A path as people in the current folder would type it.
pub fn shown(path: &Path, here: &Path) -> String {
    path.strip_prefix(here).unwrap_or(path).display().to_string()
}

fn read(root: &Path, here: &Path, path: &Path) -> Result<TestFile> {
    let shown = shown(path, here);
    // `Library::script` reads a name with a slash or an ending as a path; `here` makes the names in reports short.
    let script = Library::new(root).script(&shown, here)?;
    let snapshots = Snapshots::beside(path)?;
    let host = Host::compile_with(
        script.clone(),
        &Library::new(root),
        Arc::new(Silent),
        Progress::new(usize::MAX),
        Extras { modules: super::modules(), observer: None },
    );
    let (tests, broken) = match host {
        Ok(host) => (tests_of(&host, &script)?, None),
        Err(Trouble::Failed { error, frames }) => (Vec::new(), Some(TestFailure { error, frames, diff: None })),
        Err(Trouble::Waiting(_)) => (Vec::new(), None),
    };
    Ok(TestFile { script, tests, broken, snapshots })
}

fn tests_of(host: &Host, script: &Script) -> Result<Vec<(String, usize)>> {
    let mut tests = Vec::new();
    for (name, parameters) in host.functions().into_iter().filter(|(name, _)| name.starts_with("test_")) {
        let line = line_of(&script.text, &name);
        if parameters > 0 {
            let error =
                Error::invalid("idp::test::parameters", format!("`{name}` can't be a test: it takes arguments"));
            return Err(error
                .help("tests take none: `fn test_...()`; give helpers a name that doesn't begin with test_")
                .at(crate::error::Place::at(&script.shown, line, 1)));
        }
        tests.push((name, line));
    }
    tests.sort_by_key(|(_, line)| *line);
    Ok(tests)
}

/// The line at which a function begins.
fn line_of(text: &str, name: &str) -> usize {
    let begins = |line: &str| {
        let rest = line.trim_start().trim_start_matches("private ").trim_start();
        rest.strip_prefix("fn ").is_some_and(|rest| {
            rest.trim_start().strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with('('))
        })
    };
    text.lines().position(begins).map_or(1, |at| at + 1)
}
