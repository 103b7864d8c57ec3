//! Snapshots: what values were when somebody looked at them, in `NAME.test.snap` beside `NAME.test.rhai`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::assertion;
use crate::error::{Error, Place, Result, io};
use crate::report::SnapshotNote;

/// What is done about a snapshot that is new or differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeping {
    /// New ones are written, others must be as they are: at a desk.
    New,
    /// All must be there and as they are: in CI.
    Nothing,
    /// All are written as they are now: `--update`.
    All,
}

/// What stands before each line of a snapshot.
const INDENT: &str = "    ";

/// A file of snapshots.
#[derive(Debug, Clone, Default)]
pub struct Snapshots {
    path: PathBuf,
    /// Texts without newlines at their end, by `test: name`.
    stored: Arc<BTreeMap<String, String>>,
}

impl Snapshots {
    /// The snapshots of a test file; none if it has no such file yet.
    pub fn beside(test: &Path) -> Result<Snapshots> {
        let path = test.with_extension("snap");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(io("read", &path)(error)),
        };
        let stored = Arc::new(parse(&path.display().to_string(), &text)?);
        Ok(Snapshots { path, stored })
    }

    /// For one test.
    pub fn taking(&self, test: &str, keeping: Keeping) -> Taking {
        let stored = self.stored.clone();
        Taking { test: test.to_string(), stored, keeping, count: 0, taken: BTreeMap::new() }
    }

    /// Writes what the tests took, and says what is new, other, or named by nobody. `whole`: every test of the file ran
    /// and passed, so that what none of them took is named by nobody.
    pub fn settle(&self, taken: Vec<Taking>, keeping: Keeping, whole: bool) -> Result<Vec<(String, SnapshotNote)>> {
        let mut notes = Vec::new();
        let mut kept = (*self.stored).clone();
        let mut named = Vec::new();
        for (name, text) in taken.into_iter().flat_map(|taking| taking.taken) {
            named.push(name.clone());
            match kept.insert(name.clone(), text.clone()) {
                None => notes.push((name, SnapshotNote::Written)),
                Some(before) if before != text => notes.push((name, SnapshotNote::Updated)),
                Some(_) => {}
            }
        }
        for name in self.stored.keys().filter(|name| whole && !named.contains(name)) {
            if keeping == Keeping::All {
                kept.remove(name);
                notes.push((name.clone(), SnapshotNote::Removed));
            } else {
                notes.push((name.clone(), SnapshotNote::Unreferenced));
            }
        }
        if kept != *self.stored {
            match kept.is_empty() {
                true => std::fs::remove_file(&self.path).map_err(io("remove", &self.path))?,
                false => std::fs::write(&self.path, self.render(&kept)).map_err(io("write", &self.path))?,
            }
        }
        Ok(notes)
    }

    fn render(&self, snapshots: &BTreeMap<String, String>) -> String {
        let test = self.path.with_extension("rhai");
        let test = test.file_name().unwrap_or_default().to_string_lossy();
        let mut text = format!("# What {test} compares with. `idp-run test --update` rewrites it.\n");
        for (name, snapshot) in snapshots {
            text.push_str(&format!("\n[{name}]\n"));
            for line in snapshot.split('\n') {
                text.push_str(&if line.is_empty() { "\n".to_string() } else { format!("{INDENT}{line}\n") });
            }
        }
        text
    }
}

fn parse(shown: &str, text: &str) -> Result<BTreeMap<String, String>> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut name: Option<String> = None;
    for (at, line) in text.split('\n').enumerate() {
        if let Some(heading) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            name = Some(heading.to_string());
            found.insert(heading.to_string(), String::new());
        } else if let Some(snapshot) = name.as_ref().and_then(|name| found.get_mut(name))
            && (line.is_empty() || line.starts_with(INDENT))
        {
            snapshot.push_str(line.strip_prefix(INDENT).unwrap_or_default());
            snapshot.push('\n');
        } else if !line.is_empty() && !line.starts_with('#') {
            let error = Error::invalid("idp::test::snapshot", "this is no line of a snapshot");
            return Err(error
                .help("lines begin with four spaces below `[test: name]`; `idp-run test --update` writes the file anew")
                .at(Place::at(shown, at + 1, 1)));
        }
    }
    for snapshot in found.values_mut() {
        snapshot.truncate(snapshot.trim_end_matches('\n').len());
    }
    Ok(found)
}

/// What one test compares with, and what it took.
#[derive(Debug)]
pub struct Taking {
    test: String,
    stored: Arc<BTreeMap<String, String>>,
    keeping: Keeping,
    count: usize,
    taken: BTreeMap<String, String>,
}

/// A snapshot that differs.
#[derive(Debug)]
pub struct Mismatch {
    /// Its name within the test.
    pub name: String,
    /// As it is stored.
    pub expected: String,
    /// As it is.
    pub actual: String,
}

impl Taking {
    /// Compares a text with the snapshot of that name, by default the number of the call.
    pub fn take(&mut self, name: Option<&str>, text: String) -> Result<Option<Mismatch>> {
        self.count += usize::from(name.is_none());
        let name = name.map_or_else(|| self.count.to_string(), str::to_owned);
        if name.is_empty() || name.contains(['\n', ']', '[']) {
            return Err(Error::invalid("idp::test::snapshot", format!("`{name}` can't be the name of a snapshot")));
        }
        let key = format!("{}: {name}", self.test);
        if self.taken.contains_key(&key) {
            return Err(Error::invalid("idp::test::snapshot", format!("the snapshot `{name}` is taken twice"))
                .help("give each of them a name of its own"));
        }
        let actual = text.trim_end_matches('\n').to_string();
        match self.stored.get(&key) {
            Some(expected) if *expected != actual && self.keeping != Keeping::All => {
                return Ok(Some(Mismatch { name, expected: format!("{expected}\n"), actual: actual + "\n" }));
            }
            None if self.keeping == Keeping::Nothing => {
                return Err(assertion(format!("there is no snapshot `{name}`")).help(
                    "run `idp-run test` at a desk, look at what it writes, and commit it: in CI none is written",
                ));
            }
            _ => {}
        }
        self.taken.insert(key, actual);
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let test = folder.path().join("x.test.rhai");
        let mut taking = Snapshots::beside(&test).unwrap().taking("test_a", Keeping::New);
        let odd = "[not a heading]\n\n  # indented\n    more\n\nend\n";
        assert!(taking.take(None, odd.into()).unwrap().is_none());
        assert!(taking.take(Some("b"), String::new()).unwrap().is_none());
        let notes = Snapshots::beside(&test).unwrap().settle(vec![taking], Keeping::New, true).unwrap();
        assert_eq!(notes.len(), 2);

        let again = Snapshots::beside(&test).unwrap();
        let mut taking = again.taking("test_a", Keeping::Nothing);
        assert!(taking.take(None, odd.into()).unwrap().is_none());
        assert!(taking.take(Some("b"), String::new()).unwrap().is_none());
        let mut other = again.taking("test_a", Keeping::Nothing);
        let mismatch = other.take(None, "other".into()).unwrap().unwrap();
        assert_eq!(mismatch.actual, "other\n");
        assert_eq!(other.take(Some("new"), String::new()).unwrap_err().code(), "idp::test::assertion");
        assert_eq!(again.settle(vec![taking], Keeping::Nothing, true).unwrap(), []);
    }

    #[test]
    fn what_nobody_names_is_named_and_goes_with_update() {
        let folder = tempfile::tempdir().unwrap();
        let test = folder.path().join("x.test.rhai");
        std::fs::write(test.with_extension("snap"), "[test_gone: 1]\n    text\n").unwrap();
        let snapshots = Snapshots::beside(&test).unwrap();
        let name = "test_gone: 1".to_string();
        assert_eq!(snapshots.settle(vec![], Keeping::New, true).unwrap(), [(name.clone(), SnapshotNote::Unreferenced)]);
        assert_eq!(snapshots.settle(vec![], Keeping::All, false).unwrap(), []);
        assert_eq!(snapshots.settle(vec![], Keeping::All, true).unwrap(), [(name, SnapshotNote::Removed)]);
        assert!(!test.with_extension("snap").exists());
    }

    #[test]
    fn a_broken_file_is_refused_with_its_line() {
        let error = parse("x.test.snap", "[a: 1]\n    fine\nbroken\n").unwrap_err();
        assert_eq!(error.place().unwrap().to_string(), "x.test.snap:3:1");
    }
}
