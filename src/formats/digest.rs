//! Digests that name things: run keys in refs and branches, inputs in the journal.

use sha2::{Digest, Sha256};

/// The SHA-256 of some bytes, 64 hexadecimal digits.
pub fn digest(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

/// The first 16 digits: 64 bits, enough to tell the runs and projects of one company apart.
pub fn short(text: &str) -> String {
    let mut whole = digest(text.as_bytes());
    whole.truncate(16);
    whole
}
