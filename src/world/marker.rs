//! Markers: what runs leave at what they made, so that the next attempt finds it. As refs, and as trailers of commits.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Proof, left at the target, that a request was carried out: `<hash of run key>/<id>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Marker {
    /// The first 16 hexadecimal digits of the SHA-256 of the run key (or of the project, for what runs share).
    pub owner: String,
    /// Which of the run's requests in that repository; letters, digits, `.`, `_`, `-` and `%` escapes.
    pub id: String,
}

impl Marker {
    /// A marker whose id is escaped so that it can stand in a ref name.
    pub fn new(owner: &str, id: &str) -> Marker {
        let mut safe = String::with_capacity(id.len());
        for (at, byte) in id.bytes().enumerate() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => safe.push(char::from(byte)),
                // A leading dot, two dots and `.lock` are what git refuses in ref names.
                b'.' if at > 0 && !safe.ends_with('.') && !id[at..].starts_with(".lock") && at + 1 < id.len() => {
                    safe.push('.');
                }
                _ => safe.push_str(&format!("%{byte:02X}")),
            }
        }
        Marker { owner: owner.to_string(), id: safe }
    }

    /// The message of the first commit of a repository that is made from a template, as GitHub words it.
    pub const FIRST: &str = "Initial commit";

    /// The marker of that commit, which no script can ask for: ids of scripts have no bare `%`.
    pub fn of_template(owner: &str) -> Marker {
        Marker { owner: owner.to_string(), id: "%template".to_string() }
    }

    /// The ref that says so in one request.
    pub fn ref_name(&self) -> String {
        format!("refs/idp-run/{}/{}", self.owner, self.id)
    }

    /// The trailer of the commit, for when a crash fell between the commit and the ref.
    pub fn trailer(&self) -> String {
        format!("{TRAILER}: {self}")
    }
}

impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.id)
    }
}

/// The key of the trailer in commits that runs make.
pub const TRAILER: &str = "Idp-Run";

/// The key of the trailer that names the rendering which an update was merged from.
pub const RENDERED: &str = "Idp-Run-Rendered";

/// The value of our trailer in a commit message.
pub fn trailer_of(message: &str) -> Option<&str> {
    trailer(message, TRAILER)
}

/// The value of a trailer in a commit message: only in the last paragraph, as git reads trailers.
pub fn trailer<'a>(message: &'a str, key: &str) -> Option<&'a str> {
    let last = message.trim_end().rsplit("\n\n").next()?;
    if last.len() == message.trim_end().len() {
        return None; // The subject alone has no trailers.
    }
    last.lines().rev().find_map(|line| line.strip_prefix(key)?.strip_prefix(": ")).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marker_ids_can_stand_in_refs() {
        assert_eq!(Marker::new("ab", "main").ref_name(), "refs/idp-run/ab/main");
        assert_eq!(Marker::new("ab", "release/1.2").id, "release%2F1.2");
        assert_eq!(Marker::new("ab", ".x..y.lock").id, "%2Ex.%2Ey%2Elock");
    }

    #[test]
    fn trailers_count_only_in_the_last_paragraph() {
        assert_eq!(trailer_of("feat: x\n\nBody.\n\nIdp-Run: ab/main\n"), Some("ab/main"));
        assert_eq!(trailer_of("feat: x\n\nIdp-Run: ab/main\n\nlater words"), None);
        assert_eq!(trailer_of("Idp-Run: ab/main"), None);
    }
}
