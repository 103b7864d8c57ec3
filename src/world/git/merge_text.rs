//! Three versions of one file's contents merged line by line, by libgit2's merge of files. Updates call it.

use git2::{MergeFileInput, MergeFileOptions};

use super::objects::git;
use crate::error::Result;

/// A line that all three versions are given as their first, and that goes again: the binding reads an empty result
/// through a null pointer.
const GUARD: &[u8] = b"-\n";

/// Contents of one file that were merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedText {
    /// The contents, with conflict markers around what both sides changed.
    pub bytes: Vec<u8>,
    /// Whether there are such markers.
    pub conflicts: bool,
}

/// What a line of conflict markers calls the people's side, what was delivered, and what would be delivered now.
pub const LABELS: [&str; 3] = ["people's edits", "delivered before", "new"];

/// Whether contents hold markers as an update leaves them where both sides changed the same lines.
pub fn is_marked(bytes: &[u8]) -> bool {
    let [ours, _, theirs] = LABELS;
    let begins = |mark: String| bytes.split(|byte| *byte == b'\n').any(|line| line.trim_ascii_end() == mark.as_bytes());
    begins(format!("<<<<<<< {ours}")) && begins(format!(">>>>>>> {theirs}"))
}

/// Merges what `ours` and `theirs` made of `base`. Binary contents are the caller's to recognise: see [`is_binary`].
pub fn merge_text(base: &[u8], ours: &[u8], theirs: &[u8]) -> Result<MergedText> {
    super::options::set_once();
    let guarded = |bytes: &[u8]| [GUARD, bytes].concat();
    let versions = [guarded(base), guarded(ours), guarded(theirs)];
    let [base, ours, theirs] = versions.each_ref().map(|bytes| {
        let mut input = MergeFileInput::new();
        input.content(bytes);
        input
    });
    let mut options = MergeFileOptions::new();
    options.our_label(LABELS[0]).ancestor_label(LABELS[1]).their_label(LABELS[2]).style_diff3(true);
    let merged = git2::merge_file(&base, &ours, &theirs, Some(&mut options)).map_err(git("merge the file"))?;
    let bytes = merged.content();
    Ok(MergedText { bytes: bytes.strip_prefix(GUARD).unwrap_or(bytes).to_vec(), conflicts: !merged.is_automergeable() })
}

/// Whether contents are no text, by git's rule: a zero byte among the first 8,000.
pub fn is_binary(bytes: &[u8]) -> bool {
    bytes.iter().take(8000).any(|byte| *byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(base: &str, ours: &str, theirs: &str) -> (String, bool) {
        let merged = merge_text(base.as_bytes(), ours.as_bytes(), theirs.as_bytes()).unwrap();
        (String::from_utf8(merged.bytes).unwrap(), merged.conflicts)
    }

    #[test]
    fn changes_of_both_sides_come_together() {
        let base = "one\ntwo\nthree\nfour\nfive\n";
        assert_eq!(
            merged(base, "ONE\ntwo\nthree\nfour\nfive\n", "one\ntwo\nthree\nfour\nFIVE\n"),
            ("ONE\ntwo\nthree\nfour\nFIVE\n".into(), false)
        );
        assert_eq!(merged(base, base, ""), (String::new(), false));
        assert_eq!(merged("", "", "new\n"), ("new\n".into(), false));
        assert_eq!(merged("a", "a", "b"), ("b".into(), false), "no newline at the end");
    }

    #[test]
    fn what_both_changed_is_marked_with_who_says_what() {
        let (text, conflicts) = merged("port: 1\n", "port: 2\n", "port: 3\n");
        assert!(conflicts);
        assert_eq!(
            text,
            "<<<<<<< people's edits\nport: 2\n||||||| delivered before\nport: 1\n=======\nport: 3\n>>>>>>> new\n"
        );
        let (text, conflicts) = merged("", "theirs\n", "ours\n");
        assert!(conflicts && text.starts_with("<<<<<<< people's edits\ntheirs\n"), "{text}");
        assert!(is_marked(text.as_bytes()) && is_marked(text.replace('\n', "\r\n").as_bytes()));
        assert!(!is_marked(b"<<<<<<< HEAD\n=======\n>>>>>>> new\n") && !is_marked(b"is <<<<<<< people's edits\n"));
    }
}
