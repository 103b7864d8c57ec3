//! Contacts: services that are told things and can't always be asked afterwards whether they were.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::lock::FileLock;
use crate::error::{Result, io};

/// A message and the key that makes it one message, however often it is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Notification {
    /// `<hash of run key>/<hash of cause>`, handed to the service as its own key of de-duplication.
    pub key: String,
    /// The cause in the script's words.
    pub cause: String,
    /// What is said: `text`, and what else the script gave.
    pub message: BTreeMap<String, Value>,
}

/// A service that takes notifications.
#[async_trait]
pub trait Contact: Send + Sync {
    /// Whether a message that is sent again with the same key arrives once.
    fn deduplicates(&self) -> bool;
    /// Whether the service has the message; `None` if it can't be asked.
    async fn has(&self, key: &str) -> Result<Option<bool>>;
    /// Sends a message. Only the door calls this.
    async fn send(&self, notification: &Notification) -> Result<()>;
}

/// A contact that is a file with one JSON line a notification: for desks, tests, and tools that read along.
pub struct FileContact {
    path: PathBuf,
}

impl FileContact {
    /// The contact with this file. It and its folder are made with the first message.
    pub fn new(path: impl Into<PathBuf>) -> FileContact {
        FileContact { path: path.into() }
    }

    /// Whether a line with this key is among the whole lines.
    fn holds(text: &str, key: &str) -> bool {
        text.lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .any(|line| line.get("key").and_then(Value::as_str) == Some(key))
    }
}

#[async_trait]
impl Contact for FileContact {
    fn deduplicates(&self) -> bool {
        true
    }

    async fn has(&self, key: &str) -> Result<Option<bool>> {
        let bytes = super::store::read(&self.path)?.unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        // A torn last line never arrived.
        let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
        Ok(Some(Self::holds(whole, key)))
    }

    async fn send(&self, notification: &Notification) -> Result<()> {
        let mut lock_path = self.path.as_os_str().to_owned();
        lock_path.push(".lock");
        let _lock = FileLock::acquire(&PathBuf::from(lock_path), Duration::from_secs(30))?;
        let failed = |error| io("write", &self.path)(error);
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&self.path).map_err(failed)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|error| io("read", &self.path)(error))?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        if Self::holds(&String::from_utf8_lossy(&bytes[..whole]), &notification.key) {
            return Ok(());
        }
        file.set_len(whole as u64).map_err(|error| io("write", &self.path)(error))?;
        file.seek(SeekFrom::End(0)).map_err(|error| io("write", &self.path)(error))?;
        let mut line = json!({ "key": notification.key, "cause": notification.cause, "message": notification.message })
            .to_string();
        line.push('\n');
        file.write_all(line.as_bytes()).map_err(|error| io("write", &self.path)(error))?;
        file.sync_all().map_err(|error| io("sync", &self.path)(error))?;
        super::store::sync_folder_of(&self.path)
    }
}
