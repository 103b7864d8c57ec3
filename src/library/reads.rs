//! What was read from a library, by name and SHA-256: what a saved plan is bound to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::formats::digest::digest;

/// Names and digests of the files that were read. Cheap to clone; the clones share them.
#[derive(Debug, Clone, Default)]
pub struct Reads(Arc<Mutex<BTreeMap<String, String>>>);

impl Reads {
    /// Notes a file. Names are paths within the workspace, `embedded:` and a path within the binary, or whole paths.
    pub fn note(&self, name: &str, bytes: &[u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_string(), digest(bytes));
    }

    /// All of them so far, in the order of their names.
    pub fn all(&self) -> BTreeMap<String, String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
