//! Kernel file locks: held by an open file, freed by the kernel when the process ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::error::{Error, Result, io};

/// A held lock. Dropping it frees it.
#[derive(Debug)]
pub struct FileLock {
    file: File,
    path: PathBuf,
}

impl FileLock {
    /// Takes the lock, waiting for at most `patience`. The file (and its folder) is made if need be and stays.
    ///
    /// Errors: `idp::lock::held`, with what the holder wrote about itself.
    pub fn acquire(path: &Path, patience: Duration) -> Result<FileLock> {
        let began = Instant::now();
        let mut pause = Duration::from_micros(200);
        loop {
            if let Some(lock) = FileLock::try_acquire(path)? {
                return Ok(lock);
            }
            if began.elapsed() >= patience {
                let holder = std::fs::read_to_string(path).unwrap_or_default();
                let holder = holder.trim();
                let by = if holder.is_empty() { "another process".to_string() } else { holder.to_string() };
                return Err(Error::failed("idp::lock::held", format!("{} is held by {by}", path.display()))
                    .help("wait for it to end, or stop it; the lock is freed when its process ends"));
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(20));
        }
    }

    /// Takes the lock if nobody holds it.
    pub fn try_acquire(path: &Path) -> Result<Option<FileLock>> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(io("make the folder", folder))?;
        }
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(io("open the lock", path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(FileLock { file, path: path.to_path_buf() })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(io("lock", path)(error)),
        }
    }

    /// Says who holds it, for those who wait.
    pub fn sign(&mut self, holder: &str) -> Result<()> {
        let path = self.path.clone();
        self.file.set_len(0).map_err(io("write the lock", &path))?;
        self.file.rewind().map_err(io("write the lock", &path))?;
        self.file.write_all(holder.as_bytes()).map_err(io("write the lock", &path))
    }

    /// What the last holder said of itself.
    pub fn signature(&mut self) -> String {
        let mut text = String::new();
        let _ = self.file.rewind().and_then(|()| self.file.read_to_string(&mut text));
        text
    }
}
