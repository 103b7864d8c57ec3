//! Files that survive a kill: written beside their place, synced, renamed, and the folder synced.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::config::file;
use crate::error::{Error, Result, io};

/// The largest file of our own or of Git's beside its objects, in bytes.
const LARGEST: u64 = 256 << 20;

/// Replaces a file as a whole: readers and crashes see the old contents or the new ones, never a part.
///
/// The caller holds the lock that keeps a second writer away: the temporary name is fixed, so that a kill leaves at
/// most one of them, which the next writer takes over.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let temporary = beside(path)?;
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).open(&temporary).map_err(io("write", &temporary))?;
    file.write_all(bytes).map_err(io("write", &temporary))?;
    file.sync_all().map_err(io("sync", &temporary))?;
    drop(file);
    fs::rename(&temporary, path).map_err(io("replace", path))?;
    sync_folder_of(path)
}

/// Replaces a file of a person's choice as a whole, readable by its owner alone. No lock is held, so the temporary
/// name is the process's own.
pub fn replace_private(path: &Path, bytes: &[u8]) -> Result<()> {
    replace_with_mode(path, bytes, 0o600)
}

/// The same, readable by those whom the process's umask lets.
pub fn replace_unlocked(path: &Path, bytes: &[u8]) -> Result<()> {
    replace_with_mode(path, bytes, 0o666)
}

fn replace_with_mode(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let mut temporary = beside(path)?.into_os_string();
    temporary.push(format!(".{}", std::process::id()));
    let temporary = PathBuf::from(temporary);
    let write = || -> Result<()> {
        let mut options = OpenOptions::new();
        std::os::unix::fs::OpenOptionsExt::mode(options.write(true).create_new(true), mode);
        let mut file = options.open(&temporary).map_err(io("write", &temporary))?;
        file.write_all(bytes).map_err(io("write", &temporary))?;
        file.sync_all().map_err(io("sync", &temporary))?;
        fs::rename(&temporary, path).map_err(io("replace", path))
    };
    if let Err(error) = write() {
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    sync_folder_of(path)
}

/// Replaces a file that belongs to people, or makes it: as a whole, with the permissions that it has, and behind the
/// link that it may be. The temporary file is locked while it is written, so that a second writer waits for its turn.
pub fn replace_in_place(path: &Path, bytes: &[u8]) -> Result<()> {
    let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let temporary = beside(path)?;
    if fs::symlink_metadata(&temporary).is_ok_and(|there| !there.is_file()) {
        let message = format!("{} is in the way", temporary.display());
        return Err(Error::failed("idp::io", message).help("remove it"));
    }
    let mut file = loop {
        let options = OpenOptions::new().write(true).create(true).truncate(false).clone();
        let file = options.open(&temporary).map_err(io("write", &temporary))?;
        file.lock().map_err(io("lock", &temporary))?;
        let own = file.metadata().map_err(io("write", &temporary))?.ino();
        // Whoever held the lock may have put the file in its place meanwhile.
        if fs::symlink_metadata(&temporary).is_ok_and(|there| there.ino() == own) {
            break file;
        }
    };
    file.set_len(0).map_err(io("write", &temporary))?;
    file.write_all(bytes).map_err(io("write", &temporary))?;
    if let Ok(there) = fs::metadata(path) {
        file.set_permissions(there.permissions()).map_err(io("write", &temporary))?;
    }
    file.sync_all().map_err(io("sync", &temporary))?;
    fs::rename(&temporary, path).map_err(io("replace", path))?;
    sync_folder_of(path)
}

/// Makes the names in a file's folder durable.
pub fn sync_folder_of(path: &Path) -> Result<()> {
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io("sync the folder", folder))
}

/// Reads a file, or nothing if it is not there.
pub fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match file::read(path, LARGEST) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(io("read", path)(error)),
    }
}

/// Reads a JSON file, or nothing if it is not there.
pub fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    let Some(bytes) = read(path)? else { return Ok(None) };
    serde_json::from_slice(&bytes).map(Some).map_err(|error| {
        Error::failed("idp::store::broken", format!("{} can't be read: {error}", path.display()))
            .help("it was changed by hand or by a newer version; restore it from a backup")
    })
}

/// Replaces a JSON file as a whole.
pub fn write_json<T: serde::Serialize>(path: &Path, value: &T) -> Result<()> {
    let mut bytes = serde_json::to_vec_pretty(value)
        .map_err(|error| Error::failed("idp::store", format!("can't write {}: {error}", path.display())))?;
    bytes.push(b'\n');
    replace(path, &bytes)
}

fn beside(path: &Path) -> Result<PathBuf> {
    let name = path
        .file_name()
        .ok_or_else(|| Error::failed("idp::store", format!("{} is not a file's path", path.display())))?;
    let mut temporary = std::ffi::OsString::from(".");
    temporary.push(name);
    temporary.push(".new");
    Ok(path.with_file_name(temporary))
}
