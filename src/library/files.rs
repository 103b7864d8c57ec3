//! The files of a folder on disk, for skeletons and seeds: somebody else may have made it, so nothing is followed and
//! everything is bounded.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

use crate::config::file;
use crate::error::{Error, Result, io};
use crate::formats::repository_path;
use crate::formats::skeleton::SourceFile;

/// The largest file, in bytes.
pub const LARGEST_FILE: u64 = 32 << 20;

/// What all files together may have, in bytes.
pub const LARGEST_TREE: usize = 128 << 20;

/// The most files and folders.
pub const MOST_FILES: usize = 20_000;

/// How deep folders may nest.
pub const DEEPEST_FOLDER: usize = 64;

/// The files of a folder, in path order. Links, devices, pipes, Git's own files, submodules, and names that differ by
/// case alone are refused under this error code, with their path.
pub fn files_of(folder: &Path, code: &'static str) -> Result<Vec<SourceFile>> {
    if folder.symlink_metadata().map_err(io("read the folder", folder))?.is_symlink() {
        return Err(
            refused(code, folder, "is a link").help("links are not followed: nothing outside the folder is read")
        );
    }
    let mut walk = Walk { code, found: Vec::new(), seen: 0, bytes: 0, folded: HashMap::new() };
    walk.folder(folder, "", 0)?;
    walk.found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(walk.found)
}

struct Walk {
    code: &'static str,
    found: Vec<SourceFile>,
    seen: usize,
    bytes: usize,
    /// Paths by their lower case.
    folded: HashMap<String, String>,
}

fn refused(code: &'static str, path: &Path, why: &str) -> Error {
    // A name may hold what a terminal would obey.
    Error::invalid(code, format!("{} {why}", path.display().to_string().escape_debug()))
}

impl Walk {
    fn folder(&mut self, folder: &Path, prefix: &str, depth: usize) -> Result<()> {
        if depth > DEEPEST_FOLDER {
            return Err(refused(self.code, folder, &format!("nests deeper than {DEEPEST_FOLDER} folders")));
        }
        for entry in std::fs::read_dir(folder).map_err(io("read the folder", folder))? {
            let entry = entry.map_err(io("read the folder", folder))?;
            let on_disk = entry.path();
            let code = self.code;
            self.seen += 1;
            if self.seen > MOST_FILES {
                return Err(refused(code, folder, &format!("and what is beside it are more than {MOST_FILES} files"))
                    .help("a skeleton or a seed is a beginning; put the rest into the repository later"));
            }
            let Ok(name) = entry.file_name().into_string() else {
                return Err(refused(code, &on_disk, "has a name that is not UTF-8"));
            };
            let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
            repository_path::check(&path).map_err(|why| {
                refused(code, &on_disk, &format!("has the path {path:?}, {why}"))
                    .help("rename it; a checkout's own .git doesn't belong into a skeleton or a seed")
            })?;
            if name.eq_ignore_ascii_case(".gitmodules") {
                return Err(refused(code, &on_disk, "names submodules, which can't be carried along")
                    .help("copy their files, or let people add the submodule"));
            }
            if let Some(twin) = self.folded.insert(path.to_lowercase(), path.clone()) {
                return Err(refused(code, &on_disk, &format!("differs from {twin} by letter case alone"))
                    .help("not every file system can hold both"));
            }
            let data = entry.metadata().map_err(io("read", &on_disk))?;
            if data.is_dir() {
                self.folder(&on_disk, &path, depth + 1)?;
                continue;
            }
            if !data.is_file() {
                return Err(refused(code, &on_disk, "is neither a file nor a folder")
                    .help("links, devices and pipes are not followed: nothing outside the folder is read"));
            }
            let executable = std::os::unix::fs::PermissionsExt::mode(&data.permissions()) & 0o100 != 0;
            let bytes = file::read(&on_disk, LARGEST_FILE).map_err(|error| match error.kind() {
                std::io::ErrorKind::FileTooLarge => refused(code, &on_disk, &format!("can't be read: {error}")),
                _ => io("read", &on_disk)(error),
            })?;
            self.bytes += bytes.len();
            if self.bytes > LARGEST_TREE {
                return Err(refused(
                    code,
                    &on_disk,
                    &format!("and the others have more than {} MiB", LARGEST_TREE >> 20),
                ));
            }
            self.found.push(SourceFile { path, executable, bytes: Cow::Owned(bytes) });
        }
        Ok(())
    }
}
