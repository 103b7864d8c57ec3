//! Which rendered paths may be written to a repository: a closed list of refusals, and no two files in one place.
//! The rules about `.git` follow Git's `verify_path` (read-cache.c) with protectHFS and protectNTFS on.

use std::collections::HashMap;

/// Says why `path` can't be written, as the end of a sentence.
pub fn check(path: &str) -> Result<(), String> {
    if path.starts_with('/') {
        return Err("which is absolute".to_owned());
    }
    if path.len() > 4096 {
        return Err("which is longer than 4,096 bytes".to_owned());
    }
    path.split('/').try_for_each(segment)
}

fn segment(segment: &str) -> Result<(), String> {
    let problem = match segment {
        "" => "which has an empty segment",
        "." | ".." => "which leaves its folder",
        _ if segment.contains('\\') => "which has a backslash",
        _ if segment.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) => {
            "which has a control character or a line break"
        }
        _ if segment.len() > 255 => "which has a segment longer than 255 bytes",
        // `C:` at the start of a path is a drive elsewhere.
        _ if segment.len() == 2 && segment.ends_with(':') => "which names a drive",
        _ if is_git(segment) => "which enters Git's own folder",
        _ => return Ok(()),
    };
    Err(problem.to_owned())
}

/// Whether some file system takes this name for `.git`.
fn is_git(segment: &str) -> bool {
    // HFS+ ignores these; NTFS ignores dots and spaces at the end and reads `:` as the start of a stream's name.
    let ignored =
        |c: char| matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}');
    let seen: String = segment.chars().filter(|c| !ignored(*c)).flat_map(char::to_lowercase).collect();
    let stem = seen.split(':').next().unwrap_or(&seen).trim_end_matches(['.', ' ']);
    stem == ".git" || stem == "git~1"
}

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
