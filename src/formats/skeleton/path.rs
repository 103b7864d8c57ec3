//! No two rendered files in one place.

use std::collections::HashMap;

/// The paths given out so far, letter case aside: macOS and Windows can't check out `A` beside `a`.
#[derive(Default)]
pub struct Taken {
    files: HashMap<String, String>,
    folders: HashMap<String, String>,
}

impl Taken {
    /// Takes `path` for the skeleton's file `source`, or says who has it.
    pub fn add(&mut self, path: &str, source: &str) -> Result<(), String> {
        let path = path.to_lowercase();
        if let Some(other) = self.files.get(&path) {
            return Err(format!("which is that of {other} too (letter case aside)"));
        }
        if let Some(other) = self.folders.get(&path) {
            return Err(format!("which is a folder of {other}"));
        }
        for (at, _) in path.match_indices('/').rev() {
            let folder = &path[..at];
            if let Some(other) = self.files.get(folder) {
                return Err(format!("under {other}, which is a file"));
            }
            // A known folder's own parents are known too.
            if self.folders.contains_key(folder) {
                break;
            }
            self.folders.insert(folder.to_owned(), source.to_owned());
        }
        self.files.insert(path, source.to_owned());
        Ok(())
    }
}
