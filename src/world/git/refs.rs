//! Reads and writes refs of a bare repository beside other writers (git itself, other runs), losing no update.
//!
//! libgit2 leaves a `.lock` behind when killed and brings deleted branches back while refs are packed; so this is ours.

use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use crate::config::file;
use crate::error::{Error, Result, io};
use crate::world::forge::CommitId;
use crate::world::lock::FileLock;
use crate::world::store;

/// How long we wait for a lock that git holds.
const PATIENCE: Duration = Duration::from_secs(5);
/// A `.lock` of others that is older than this was left by a process that died: git holds one for milliseconds.
const STALE: Duration = Duration::from_secs(60);

/// The refs of one repository.
pub struct Refs<'a> {
    folder: &'a Path,
}

/// The right to write refs (and the forge's own files) of one repository: a kernel lock, so one process at a time.
pub struct Writer<'a> {
    refs: Refs<'a>,
    _lock: FileLock,
}

impl<'a> Refs<'a> {
    /// The refs of the bare repository in this folder.
    pub fn of(folder: &'a Path) -> Refs<'a> {
        Refs { folder }
    }

    /// Where a ref points. Loose first, then packed: `git pack-refs` writes in the other order, so none is missed.
    pub fn read(&self, name: &str) -> Result<Option<CommitId>> {
        if let Some(bytes) = self.read_loose(name)? {
            return parse_id(&bytes, name).map(Some);
        }
        if let Some(found) = self.packed()?.into_iter().find(|(packed, _)| packed == name) {
            return Ok(Some(found.1));
        }
        // Between the two reads the ref may have become loose (an update) or packed (pack-refs) again.
        match self.read_loose(name)? {
            Some(bytes) => parse_id(&bytes, name).map(Some),
            None => Ok(None),
        }
    }

    /// All refs under a prefix such as `refs/heads/`, in name order; not those that the forge can't deal with.
    pub fn list(&self, prefix: &str) -> Result<Vec<(String, CommitId)>> {
        let mut found = self.all(prefix)?;
        found.retain(|(name, id)| id.is_one() && !name.contains('\\'));
        Ok(found)
    }

    /// The same with symbolic refs, links and broken ones, which are at no commit, and those whose names are no UTF-8:
    /// these have escapes in them, and no other name has a backslash.
    pub fn all(&self, prefix: &str) -> Result<Vec<(String, CommitId)>> {
        let mut found = std::collections::BTreeMap::new();
        self.walk(
            &self.folder.join(prefix.trim_end_matches('/')),
            prefix.trim_end_matches('/'),
            &mut |name, bytes| {
                let id = parse_id(bytes, &name);
                let instead = || CommitId::none(&bytes.trim_ascii().escape_ascii().to_string());
                found.insert(name, id.unwrap_or_else(|_| instead()));
            },
        )?;
        // Packed ones last, as in `read`: what `git pack-refs` moves meanwhile is met in one of the two places.
        for (name, id) in self.packed()? {
            if name.starts_with(prefix) {
                found.entry(name).or_insert(id);
            }
        }
        Ok(found.into_iter().collect())
    }

    /// Waits for the repository's kernel lock and tidies what a dead holder left.
    pub fn write(self) -> Result<Writer<'a>> {
        let lock = FileLock::acquire(&self.folder.join("idp/lock"), Duration::from_secs(30))?;
        let writer = Writer { refs: self, _lock: lock };
        writer.break_own_leftovers()?;
        Ok(writer)
    }

    fn read_loose(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let path = self.folder.join(name);
        if path.is_symlink() {
            let message = format!("{} is a link, which the embedded forge doesn't follow", path.display());
            return Err(Error::failed("idp::forge::git", message).help("`git update-ref` makes a plain one"));
        }
        match file::read(&path, 1 << 20) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) => match error.kind() {
                std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory | std::io::ErrorKind::IsADirectory => {
                    Ok(None)
                }
                _ => Err(io("read the ref", &path)(error)),
            },
        }
    }

    fn packed(&self) -> Result<Vec<(String, CommitId)>> {
        let text = match store::read(&self.folder.join("packed-refs"))? {
            Some(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            None => return Ok(Vec::new()),
        };
        Ok(text
            .lines()
            .filter(|line| !line.starts_with(['#', '^']))
            .filter_map(|line| line.split_once(' '))
            .map(|(id, name)| (name.to_string(), CommitId(id.to_string())))
            .collect())
    }

    fn walk(&self, folder: &Path, prefix: &str, take: &mut dyn FnMut(String, &[u8])) -> Result<()> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
                return Ok(());
            }
            Err(error) => return Err(io("read the folder", folder)(error)),
        };
        for entry in entries {
            let entry = entry.map_err(io("read the folder", folder))?;
            let file_name = match entry.file_name().into_string() {
                Ok(name) => name,
                Err(name) => name.as_bytes().escape_ascii().to_string(),
            };
            let name = format!("{prefix}/{file_name}");
            match entry.file_type() {
                Ok(kind) if kind.is_symlink() => take(name, b"a link"),
                Ok(kind) if kind.is_dir() => self.walk(&entry.path(), &name, take)?,
                Ok(kind) if kind.is_file() && !file_name.ends_with(".lock") => {
                    if let Some(bytes) = store::read(&entry.path())? {
                        take(name, &bytes);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl<'a> Writer<'a> {
    /// The refs, for reading under the lock.
    pub fn refs(&self) -> &Refs<'a> {
        &self.refs
    }

    /// Points a ref at a commit if it points where the caller saw it (`None`: it must not exist).
    ///
    /// Returns false, and changes nothing, if it points elsewhere by now.
    pub fn update(&self, name: &str, expected: Option<&CommitId>, to: &CommitId) -> Result<bool> {
        self.refuse_folder_conflict(name)?;
        let path = self.refs.folder.join(name);
        let mut lock = self.hold(&path, format!("{to}\n").as_bytes())?;
        if self.refs.read(name)?.as_ref() != expected {
            return Ok(false);
        }
        // Git leaves empty folders where refs with longer names were.
        if path.is_dir() {
            remove_empty_folders(&path);
        }
        lock.commit(&path)?;
        Ok(true)
    }

    /// Deletes a ref if it points where the caller saw it.
    pub fn delete(&self, name: &str, expected: &CommitId) -> Result<bool> {
        let path = self.refs.folder.join(name);
        let _lock = self.hold(&path, b"")?;
        if self.refs.read(name)?.as_ref() != Some(expected) {
            return Ok(false);
        }
        let packed_path = self.refs.folder.join("packed-refs");
        // Until the loose ref is gone, too: `git pack-refs` would pack it again behind our back, or pack others that
        // the rewritten file must not forget.
        let _packed_lock = self.hold(&packed_path, b"")?;
        if self.refs.packed()?.iter().any(|(packed, _)| packed == name) {
            // The packed line goes first: with the loose one gone first, a reader would see an old value again.
            let text = String::from_utf8_lossy(&store::read(&packed_path)?.unwrap_or_default()).into_owned();
            let mut kept = String::with_capacity(text.len());
            let mut skipping = false;
            for line in text.split_inclusive('\n') {
                let peeled = line.starts_with('^');
                skipping =
                    if peeled { skipping } else { line.trim_end().split_once(' ').is_some_and(|(_, n)| n == name) };
                if !skipping {
                    kept.push_str(line);
                }
            }
            store::replace(&packed_path, kept.as_bytes())?;
        }
        match fs::remove_file(&path) {
            Ok(()) => store::sync_folder_of(&path)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(io("delete the ref", &path)(error)),
        }
        Ok(true)
    }

    /// A ref can't be a folder of another one: `a` beside `a/b`.
    fn refuse_folder_conflict(&self, name: &str) -> Result<()> {
        let under = format!("{name}/");
        let conflict = |other: &str| {
            other.starts_with(&under) || name.strip_prefix(other).is_some_and(|rest| rest.starts_with('/'))
        };
        let space = name.splitn(3, '/').take(2).collect::<Vec<_>>().join("/") + "/";
        match self.refs.list(&space)?.into_iter().find(|(other, _)| conflict(other)) {
            None => Ok(()),
            Some((other, _)) => {
                Err(Error::failed("idp::forge::ref_conflict", format!("can't make {name} beside {other}"))
                    .help("git keeps refs as files in folders: rename or delete one of the two"))
            }
        }
    }

    /// Makes `<path>.lock` as git does, with the new contents in it, and says so in our note first.
    fn hold(&self, path: &Path, bytes: &[u8]) -> Result<Held> {
        let lock_path = lock_path(path);
        let draft = self.refs.folder.join("idp/draft");
        let began = Instant::now();
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(io("make the folder", folder))?;
        }
        // The draft is a fresh inode each time; the note names it, so that the next holder of the kernel lock knows a
        // `.lock` that we left from one that git holds, whatever the moment at which we died.
        let _ = fs::remove_file(&draft);
        let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&draft).map_err(io("write", &draft))?;
        file.write_all(bytes).map_err(io("write", &draft))?;
        file.sync_all().map_err(io("sync", &draft))?;
        let line = format!("{} {}\n", identity(&file.metadata().map_err(io("read", &draft))?), lock_path.display());
        let note = self.note();
        fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&note)
            .and_then(|mut note| note.write_all(line.as_bytes()))
            .map_err(io("write", &note))?;
        loop {
            match fs::hard_link(&draft, &lock_path) {
                Ok(()) => return Ok(Held { lock_path, draft, done: false }),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                    self.break_if_stale(&lock_path);
                    if began.elapsed() > PATIENCE {
                        return Err(Error::failed(
                            "idp::forge::locked",
                            format!("{} is locked by a git process", path.display()),
                        )
                        .help(format!("try again; if no git process runs there, remove {}", lock_path.display()))
                        .retryable());
                    }
                    std::thread::sleep(Duration::from_millis(2));
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    // Another deletion tidied the folder away under us.
                    if let Some(folder) = path.parent() {
                        fs::create_dir_all(folder).map_err(io("make the folder", folder))?;
                    }
                }
                Err(error) => return Err(io("lock", path)(error)),
            }
        }
    }

    fn note(&self) -> PathBuf {
        self.refs.folder.join("idp/lock.note")
    }

    /// Breaks the `.lock` that a dead holder of the kernel lock left; we hold that lock, so it is dead for sure.
    fn break_own_leftovers(&self) -> Result<()> {
        let note = self.note();
        let Some(bytes) = store::read(&note)? else { return Ok(()) };
        for line in String::from_utf8_lossy(&bytes).lines() {
            if let Some((noted, path)) = line.split_once(' ')
                && let Ok(left) = fs::symlink_metadata(path)
                && identity(&left) == noted
            {
                fs::remove_file(path).map_err(io("remove the stale lock", Path::new(path)))?;
            }
        }
        let _ = fs::remove_file(self.refs.folder.join("idp/draft"));
        fs::remove_file(&note).map_err(io("remove", &note))
    }

    fn break_if_stale(&self, lock_path: &Path) {
        let age = fs::metadata(lock_path)
            .and_then(|data| data.modified())
            .ok()
            .and_then(|time| SystemTime::now().duration_since(time).ok());
        if age.is_some_and(|age| age > STALE) {
            let _ = fs::remove_file(lock_path);
        }
    }
}

impl Drop for Writer<'_> {
    fn drop(&mut self) {
        // A note that outlives its writer means that the writer died.
        let _ = fs::remove_file(self.note());
    }
}

/// What tells a file from every other that ever had its name: inodes are used again, times to the nanosecond hardly.
fn identity(data: &fs::Metadata) -> String {
    format!("{}-{}.{}", data.ino(), data.mtime(), data.mtime_nsec())
}

/// A `.lock` that we made.
struct Held {
    lock_path: PathBuf,
    draft: PathBuf,
    done: bool,
}

impl Held {
    /// Puts the lock's contents in the place of the file.
    fn commit(&mut self, path: &Path) -> Result<()> {
        fs::rename(&self.lock_path, path).map_err(io("replace", path))?;
        self.done = true;
        store::sync_folder_of(path)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if !self.done {
            let _ = fs::remove_file(&self.lock_path);
        }
        let _ = fs::remove_file(&self.draft);
    }
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

fn parse_id(bytes: &[u8], name: &str) -> Result<CommitId> {
    let text = std::str::from_utf8(bytes).unwrap_or_default().trim();
    if text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(CommitId(text.to_string()))
    } else {
        Err(Error::failed("idp::forge::broken_ref", format!("the ref {name} doesn't hold a commit id")))
    }
}

fn remove_empty_folders(folder: &Path) {
    if let Ok(entries) = fs::read_dir(folder) {
        for entry in entries.flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                remove_empty_folders(&entry.path());
            }
        }
    }
    let _ = fs::remove_dir(folder);
}
