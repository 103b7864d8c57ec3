//! Which files of a repository the patterns of a Git generator choose: as `git ls-files` does, where a star passes
//! slashes, or as the controller does with new file globbing, where only `**` does.

use regex::Regex;

/// How patterns of files are read: `ARGOCD_APPLICATIONSET_CONTROLLER_ENABLE_NEW_GIT_FILE_GLOBBING`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Globbing {
    /// By Git, which is the default: `*` is any text, slashes too, and the name of a folder is all in it.
    #[default]
    Old,
    /// By doublestar: `*` stays within an element, `**` is any elements, `{a,b}` either.
    New,
}

/// Which files are asked for: those that one pattern takes and none leaves out.
#[derive(Debug, Clone)]
pub struct Choice {
    taken: Vec<Glob>,
    left_out: Vec<Glob>,
}

impl Choice {
    /// Patterns, with whether they leave out.
    pub fn new<'p>(patterns: impl IntoIterator<Item = (&'p str, bool)>, globbing: Globbing) -> Self {
        let mut choice = Choice { taken: Vec::new(), left_out: Vec::new() };
        for (pattern, leaves_out) in patterns {
            let glob = Glob::new(pattern, globbing);
            if leaves_out { choice.left_out.push(glob) } else { choice.taken.push(glob) }
        }
        choice
    }

    /// Whether a file is one of them; paths are from the root of the repository, without a slash before.
    pub fn matches(&self, path: &str) -> bool {
        self.taken.iter().any(|glob| glob.matches(path)) && !self.left_out.iter().any(|glob| glob.matches(path))
    }

    /// The patterns that take, as they are written.
    pub fn patterns(&self) -> impl Iterator<Item = &str> {
        self.taken.iter().map(|glob| glob.pattern.as_str())
    }
}

#[derive(Debug, Clone)]
struct Glob {
    pattern: String,
    globbing: Globbing,
    /// Nothing if the pattern is broken, or more than a pattern may be.
    regex: Option<Regex>,
}

/// The longest pattern, in bytes.
const LONGEST: usize = 4096;

impl Glob {
    fn new(pattern: &str, globbing: Globbing) -> Self {
        // No path means the whole repository.
        let pattern = if pattern.is_empty() { "." } else { pattern };
        let source = match globbing {
            _ if pattern.len() > LONGEST => None,
            Globbing::Old => pathspec(pattern),
            Globbing::New => doublestar(pattern),
        };
        let regex = source.and_then(|source| Regex::new(&format!("(?s)^(?:{source})$")).ok());
        Glob { pattern: pattern.to_owned(), globbing, regex }
    }

    fn matches(&self, path: &str) -> bool {
        let in_folder = || {
            let folder = self.pattern.trim_end_matches('/').trim_start_matches("./");
            folder == "." || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
        };
        let by_name = self.globbing == Globbing::Old && (self.pattern == path || in_folder());
        by_name || self.regex.as_ref().is_some_and(|regex| regex.is_match(path))
    }
}

/// A pattern of Git without magic: `*` and `**` alike are any text.
fn pathspec(pattern: &str) -> Option<String> {
    let mut out = String::new();
    let signs: Vec<char> = pattern.strip_prefix("./").unwrap_or(pattern).chars().collect();
    let mut at = 0;
    while at < signs.len() {
        match signs[at] {
            '*' => out.push_str(".*"),
            '?' => out.push('.'),
            '[' => at = class(&signs, at, &mut out, "!^")?,
            '\\' => {
                at += 1;
                out.push_str(&regex::escape(&signs.get(at)?.to_string()));
            }
            c => out.push_str(&regex::escape(&c.to_string())),
        }
        at += 1;
    }
    Some(out)
}

/// A pattern of doublestar, after it was joined to the root, which cleans it.
fn doublestar(pattern: &str) -> Option<String> {
    let clean = cleaned(pattern)?;
    let signs: Vec<char> = clean.chars().collect();
    let mut out = String::new();
    let (mut at, mut braces) = (0, 0_usize);
    while at < signs.len() {
        match signs[at] {
            '*' if signs.get(at + 1) == Some(&'*') && is_element(&signs, at) => {
                at += 1;
                if signs.get(at + 1) == Some(&'/') {
                    out.push_str("(?:[^/]+/)*");
                    at += 1;
                } else {
                    out.push_str(".*");
                }
            }
            '*' => out.push_str("[^/]*"),
            '?' => out.push_str("[^/]"),
            '[' => at = class(&signs, at, &mut out, "!^")?,
            '{' => {
                out.push_str("(?:");
                braces += 1;
            }
            '}' if braces > 0 => {
                out.push(')');
                braces -= 1;
            }
            ',' if braces > 0 => out.push('|'),
            '\\' => {
                at += 1;
                out.push_str(&regex::escape(&signs.get(at)?.to_string()));
            }
            c => out.push_str(&regex::escape(&c.to_string())),
        }
        at += 1;
    }
    (braces == 0).then_some(out)
}

/// Whether two stars are a whole element.
fn is_element(signs: &[char], at: usize) -> bool {
    let before = at == 0 || matches!(signs[at - 1], '/' | '{' | ',');
    before && signs.get(at + 2).is_none_or(|c| matches!(c, '/' | '}' | ','))
}

/// As Go's `filepath.Join` cleans a path; nothing for one that leaves the root.
fn cleaned(pattern: &str) -> Option<String> {
    let mut elements = Vec::new();
    for element in pattern.split('/') {
        match element {
            "" | "." => {}
            ".." => {
                elements.pop()?;
            }
            other => elements.push(other),
        }
    }
    Some(elements.join("/"))
}

/// Writes the class that begins there, and gives where it ends.
fn class(signs: &[char], start: usize, out: &mut String, negations: &str) -> Option<usize> {
    let mut at = start + 1;
    out.push('[');
    if signs.get(at).is_some_and(|c| negations.contains(*c)) {
        out.push('^');
        at += 1;
    }
    let first = at;
    loop {
        match signs.get(at)? {
            ']' if at > first => break,
            '-' if at > first && signs.get(at + 1).is_some_and(|c| *c != ']') => out.push('-'),
            '\\' => {
                at += 1;
                escape_in_class(out, *signs.get(at)?);
            }
            c => escape_in_class(out, *c),
        }
        at += 1;
    }
    out.push(']');
    Some(at)
}

fn escape_in_class(out: &mut String, c: char) {
    if c.is_ascii_punctuation() {
        out.push('\\');
    }
    out.push(c);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(globbing: Globbing, patterns: &[(&str, bool)], path: &str) -> bool {
        Choice::new(patterns.iter().copied(), globbing).matches(path)
    }

    #[test]
    fn stars_of_git_pass_slashes() {
        let one = |pattern, path| chosen(Globbing::Old, &[(pattern, false)], path);
        assert!(one("a/*.yaml", "a/b/c.yaml"));
        assert!(one("**/config.json", "a/config.json"));
        // Git without magic wants the slash that is written.
        assert!(!one("**/config.json", "config.json"));
        assert!(one("a/b", "a/b/c/d.yaml"));
        assert!(one("", "anything/at.all"));
        assert!(!one("a/b", "a/bc.yaml"));
        assert!(one("a/[!x].yaml", "a/b.yaml"));
    }

    #[test]
    fn single_stars_of_the_new_way_stay_in_an_element() {
        let one = |pattern, path| chosen(Globbing::New, &[(pattern, false)], path);
        assert!(!one("a/*.yaml", "a/b/c.yaml"));
        assert!(one("a/**/c.yaml", "a/c.yaml"));
        assert!(one("a/**/c.yaml", "a/b/d/c.yaml"));
        assert!(one("**/config.json", "config.json"));
        assert!(one("{a,b}/x", "b/x"));
        assert!(!one("../x", "x"));
        assert!(one("a/**", "a/b/c"));
    }

    #[test]
    fn what_is_left_out_is_left_out_wherever_it_is_said() {
        let patterns = [("p/**/skip.json", true), ("**/*.json", false)];
        assert!(chosen(Globbing::New, &patterns, "p/a/x.json"));
        assert!(!chosen(Globbing::New, &patterns, "p/a/skip.json"));
    }
}
