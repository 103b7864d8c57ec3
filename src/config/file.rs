//! Files of a workspace, which somebody else may have written: read only if they are regular and not too large, and
//! only if no link leads out of the workspace. The rooms above read theirs through it, too.

use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

/// The most that a configuration, a card of a template, or a script of any kind may have, in bytes.
pub const LONGEST_TEXT: u64 = 16 << 20;

/// A file's contents, of at most so many bytes. A pipe or a device of that name would be waited for without end.
pub fn read(path: &Path, most: u64) -> Result<Vec<u8>> {
    let data = std::fs::metadata(path)?;
    if data.is_dir() {
        return Err(Error::new(ErrorKind::IsADirectory, "it is a folder"));
    }
    if !data.is_file() {
        return Err(Error::new(ErrorKind::InvalidInput, "it is not a regular file"));
    }
    let too_large = || Error::new(ErrorKind::FileTooLarge, format!("it is larger than {} MiB", most >> 20));
    if data.len() > most {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(data.len()).unwrap_or(0));
    std::fs::File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(too_large());
    }
    Ok(bytes)
}

/// The same as text.
pub fn read_text(path: &Path) -> Result<String> {
    String::from_utf8(read(path, LONGEST_TEXT)?).map_err(|_| Error::new(ErrorKind::InvalidData, "it is not UTF-8"))
}

/// Whether a path below a folder stays there, links and all, as far as it exists.
pub fn stays_inside(root: &Path, path: &Path) -> bool {
    let Ok(root) = root.canonicalize() else { return true };
    let there = path.ancestors().find(|part| part.symlink_metadata().is_ok());
    // What is there but leads nowhere is a link to nothing.
    there.is_none_or(|part| part.canonicalize().is_ok_and(|real| real.starts_with(&root) || root.starts_with(&real)))
}
