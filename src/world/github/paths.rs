//! Paths of GitHub's API, with what stands in them percent-encoded: octocrab takes paths as they are.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::world::forge::RepoId;

/// What may stand in a segment as it is: RFC 3986's unreserved characters.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The same, with the slashes of refs and file paths kept.
const PATH: &AsciiSet = &SEGMENT.remove(b'/');

/// One segment of a path, or one value of a query.
pub fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// Several segments: a file's path, a ref's name.
pub fn segments(text: &str) -> String {
    utf8_percent_encode(text, PATH).to_string()
}

/// The path of a repository, or of something of it: `of(repo, "git/trees")`.
pub fn of(repo: &RepoId, below: &str) -> String {
    match below {
        "" => format!("/repos/{repo}"),
        below => format!("/repos/{repo}/{below}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_place() {
        assert_eq!(segment("a/b?c#d é"), "a%2Fb%3Fc%23d%20%C3%A9");
        assert_eq!(segments("heads/feat/x y%2F"), "heads/feat/x%20y%252F");
    }
}
