//! Standard input, where a command takes `-` for a file.

use std::io::Read;

use crate::error::{Error, Result};

/// What it is called in findings and errors.
pub const NAME: &str = "<stdin>";

/// More than that is refused before it is read.
const MOST: u64 = 64 << 20;

/// All of it; what is wrong with it is an error of this code.
pub fn text(code: &'static str) -> Result<String> {
    let mut text = String::new();
    let read = std::io::stdin().lock().take(MOST + 1).read_to_string(&mut text);
    read.map_err(|error| Error::invalid(code, format!("can't read standard input: {error}")))?;
    if text.len() as u64 > MOST {
        return Err(Error::invalid(code, format!("standard input has more than {} MiB", MOST >> 20)));
    }
    if text.trim().is_empty() {
        let error = Error::invalid(code, "standard input is empty: there is nothing to look at");
        return Err(error.help("what wrote it may have failed: `set -o pipefail` in bash lets that end the job"));
    }
    Ok(text)
}
