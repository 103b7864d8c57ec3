//! Differences between before and after of a change: of files as unified diffs, of settings field by field.

use serde::{Deserialize, Serialize};

/// What a change alters, for people to read before they say yes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Diff {
    /// Settings: field, before (none when it is new), after (none when it goes).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<(String, Option<String>, Option<String>)>,
    /// Files, in path order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileDiff>,
}

/// One file of a diff.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileDiff {
    /// The path within the repository.
    pub path: String,
    /// Whether the file is new, changed or gone.
    pub action: super::Action,
    /// Lines added.
    pub added: usize,
    /// Lines removed.
    pub removed: usize,
    /// Unified hunks with three lines of context; empty for binary files.
    pub text: String,
}

impl Diff {
    /// Adds a field if before and after differ.
    pub fn field(&mut self, name: &str, before: Option<String>, after: Option<String>) {
        if before != after {
            self.fields.push((name.to_string(), before, after));
        }
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.files.is_empty()
    }
}

impl FileDiff {
    /// The difference of one file; `None` on either side means that there is no such file there.
    pub fn between(path: &str, before: Option<&[u8]>, after: Option<&[u8]>) -> FileDiff {
        let action = match (before, after) {
            (None, _) => super::Action::Create,
            (_, None) => super::Action::Delete,
            _ => super::Action::Update,
        };
        let text = |bytes: Option<&[u8]>| -> Option<String> {
            let bytes = bytes.unwrap_or_default();
            if bytes.contains(&0) { None } else { std::str::from_utf8(bytes).ok().map(str::to_owned) }
        };
        let (Some(old), Some(new)) = (text(before), text(after)) else {
            return FileDiff { path: path.to_string(), action, added: 0, removed: 0, text: String::new() };
        };
        let diff = similar::TextDiff::from_lines(old.as_str(), new.as_str());
        let (mut added, mut removed) = (0, 0);
        for change in diff.iter_all_changes() {
            match change.tag() {
                similar::ChangeTag::Insert => added += 1,
                similar::ChangeTag::Delete => removed += 1,
                similar::ChangeTag::Equal => {}
            }
        }
        let text = diff.unified_diff().context_radius(3).missing_newline_hint(true).to_string();
        FileDiff { path: path.to_string(), action, added, removed, text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_is_all_additions() {
        let diff = FileDiff::between("a", None, Some(b"one\ntwo\n"));
        assert_eq!((diff.added, diff.removed), (2, 0));
        assert_eq!(diff.action, super::super::Action::Create);
    }

    #[test]
    fn binary_files_have_no_text() {
        assert_eq!(FileDiff::between("a", Some(b"a\0b"), Some(b"c")).text, "");
    }
}
