//! Which lines and branches of scripts the tests executed: what can be, from the syntax tree; what was, from a counter
//! in each engine.

mod nodes;
mod observer;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::discover::{Silent, shown, walk};
use crate::embedded;
use crate::error::Result;
use crate::library::{Library, Script};
use crate::report::{Arm, Branch, Coverage, FileCoverage};
use crate::script::{Extras, Host, Progress};
use nodes::{Executable, Fork, Times};
use observer::Hits;

pub use observer::Counter;

/// Folders whose scripts count even if no test executed them.
const SHELVES: [&str; 2] = ["scripts", "stdlib"];

/// Prefix of the names of built-in files.
const EMBEDDED: &str = "embedded:";

/// The coverage of the scripts below the paths (by default the workspace's `scripts/` and `stdlib/`), and of all others of
/// the workspace that were executed.
pub fn report(counter: &Counter, root: &Path, here: &Path, paths: &[PathBuf]) -> Result<Coverage> {
    let mut hits: HashMap<PathBuf, Hits> = HashMap::new();
    for (name, counted) in counter.sum() {
        if let Some(path) = path_of(&name, root, here) {
            hits.entry(path).or_default().add(&counted);
        }
    }
    let mut files: Vec<PathBuf> = hits.keys().cloned().collect();
    match paths {
        [] => {
            for shelf in SHELVES.map(|shelf| root.join(shelf)).iter().filter(|shelf| shelf.is_dir()) {
                walk(shelf, ".rhai", &mut files)?;
            }
        }
        paths => {
            for folder in paths.iter().map(|path| here.join(path)).filter(|path| path.is_dir()) {
                walk(&folder, ".rhai", &mut files)?;
            }
        }
    }
    let mut files: Vec<PathBuf> = files.iter().filter_map(|path| path.canonicalize().ok()).collect();
    files.retain(|path| !path.to_string_lossy().ends_with(".test.rhai"));
    files.sort();
    files.dedup();
    let mut coverage = Coverage::default();
    for path in files {
        coverage.files.extend(file(&path, here, hits.get(&path).unwrap_or(&Hits::default()))?);
    }
    Ok(coverage)
}

/// The file of the workspace that a name of diagnostics stands for. A built-in file counts as the one that it was made
/// from, if that is part of the workspace and is still the same.
fn path_of(name: &str, root: &Path, here: &Path) -> Option<PathBuf> {
    let path = match name.strip_prefix(EMBEDDED) {
        Some(inner) => {
            let path = root.join(inner);
            let same = std::fs::read(&path).ok()? == embedded::file(inner)?.bytes;
            same.then_some(path)?
        }
        // Scripts that were run by path start at the workspace, test files where the command was typed.
        None => [root.join(name), here.join(name)].into_iter().find(|path| path.is_file())?,
    };
    let path = path.canonicalize().ok()?;
    path.starts_with(root.canonicalize().ok()?).then_some(path)
}

/// What was executed of one file; nothing if it can't be compiled: then there is nothing that could be.
fn file(path: &Path, here: &Path, hits: &Hits) -> Result<Option<FileCoverage>> {
    let here = here.canonicalize().unwrap_or_else(|_| here.to_path_buf());
    let name = shown(path, &here);
    let folder = path.parent().unwrap_or(path);
    let script: Script = Library::new(folder).script(&path.display().to_string(), folder)?;
    let source = script.text.clone();
    let host = Host::compile_with(
        script,
        &Library::new(folder),
        Arc::new(Silent),
        Progress::new(usize::MAX),
        Extras::default(),
    );
    let Ok(host) = host else { return Ok(None) };
    let mut executable = Executable::default();
    host.each_node(&mut |node| executable.add(node));
    let mut lines: BTreeMap<usize, u64> = BTreeMap::new();
    for (line, node) in &executable.lines {
        let times = lines.entry(*line).or_default();
        *times = (*times).max(hits.of(node));
    }
    let mut branches: Vec<Branch> = executable.forks.into_iter().map(|fork| taken(fork, hits)).collect();
    branches.sort_by_key(|branch| branch.line);
    Ok(Some(FileCoverage { file: name, source, lines, branches }))
}

fn taken(fork: Fork, hits: &Hits) -> Branch {
    let times = |times: &Times| match times {
        Times::Of(node) => hits.of(node),
        Times::Rest(asked, others) => {
            hits.of(asked).saturating_sub(others.iter().map(|other| hits.of(other)).sum::<u64>())
        }
        Times::NoElement(node) => hits.without_element(node),
    };
    let arm = |(name, way): (String, Times)| Arm { taken: times(&way), name };
    Branch { line: fork.line, kind: fork.kind, arms: fork.ways.into_iter().map(arm).collect() }
}
