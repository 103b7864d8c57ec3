//! Paths with slashes and the patterns of `path.Match`, as Go has them: ApplicationSets and AppProjects choose by them.

/// The last element, as Go's `path.Base`.
pub fn base(path: &str) -> &str {
    if path.is_empty() {
        return ".";
    }
    let path = path.trim_end_matches('/');
    if path.is_empty() { "/" } else { path.rsplit('/').next().unwrap_or(path) }
}

/// All but the last element, as Go's `path.Dir` for clean paths.
pub fn dir(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) => "/",
        Some((dir, _)) => dir,
        None => ".",
    }
}

/// Whether a path fits a pattern: `*` and `?` stay within an element, `[a-z]` is a class, `\` escapes. Nothing fits
/// a broken pattern.
pub fn matches(pattern: &str, path: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let path: Vec<char> = path.chars().collect();
    let (mut at, mut in_path) = (0, 0);
    // Where to go on if what follows the last star doesn't fit: behind it, and one sign later in the path.
    let mut retry: Option<(usize, usize)> = None;
    loop {
        let step = match pattern.get(at) {
            None if in_path == path.len() => return true,
            None => Step::Fails,
            Some('*') => {
                retry = Some((at + 1, in_path));
                at += 1;
                continue;
            }
            Some(_) => one(&pattern, at, path.get(in_path).copied()),
        };
        match step {
            Step::Fits(next) => {
                at = next;
                in_path += 1;
            }
            Step::Broken => return false,
            Step::Fails => match retry {
                Some((behind, from)) if path.get(from).is_some_and(|c| *c != '/') => {
                    retry = Some((behind, from + 1));
                    at = behind;
                    in_path = from + 1;
                }
                _ => return false,
            },
        }
    }
}

enum Step {
    /// It fits, and the pattern goes on there.
    Fits(usize),
    Fails,
    Broken,
}

/// Whether one sign fits what the pattern has at a place that is no star.
fn one(pattern: &[char], at: usize, sign: Option<char>) -> Step {
    let fits = |does: bool, next: usize| if does { Step::Fits(next) } else { Step::Fails };
    match pattern[at] {
        '?' => fits(sign.is_some_and(|c| c != '/'), at + 1),
        '\\' => match pattern.get(at + 1) {
            Some(wanted) => fits(sign == Some(*wanted), at + 2),
            None => Step::Broken,
        },
        '[' => class(pattern, at + 1, sign),
        wanted => fits(sign == Some(wanted), at + 1),
    }
}

/// Whether a sign is of the class that begins there.
fn class(pattern: &[char], mut at: usize, sign: Option<char>) -> Step {
    let negated = pattern.get(at) == Some(&'^');
    at += usize::from(negated);
    let (mut is_in, mut ranges) = (false, 0);
    loop {
        if pattern.get(at) == Some(&']') && ranges > 0 {
            at += 1;
            break;
        }
        let Some((low, next)) = member(pattern, at) else { return Step::Broken };
        at = next;
        let mut high = low;
        if pattern.get(at) == Some(&'-') {
            let Some((end, next)) = member(pattern, at + 1) else { return Step::Broken };
            (high, at) = (end, next);
        }
        is_in |= sign.is_some_and(|c| low <= c && c <= high);
        ranges += 1;
    }
    if sign.is_some() && is_in != negated { Step::Fits(at) } else { Step::Fails }
}

/// A sign in a class, which may be escaped, and what follows.
fn member(pattern: &[char], at: usize) -> Option<(char, usize)> {
    match pattern.get(at)? {
        '-' | ']' => None,
        '\\' => Some((*pattern.get(at + 1)?, at + 2)).filter(|(_, next)| *next < pattern.len()),
        c => Some((*c, at + 1)).filter(|(_, next)| *next < pattern.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_go() {
        // From the tests of Go's package path.
        for (pattern, path, expected) in [
            ("abc", "abc", true),
            ("*", "abc", true),
            ("*c", "abc", true),
            ("a*", "a", true),
            ("a*", "ab/c", false),
            ("a*/b", "abc/b", true),
            ("a*/b", "a/c/b", false),
            ("a*b*c*d*e*/f", "axbxcxdxexxx/f", true),
            ("a*b*c*d*e*/f", "axbxcxdxe/xxx/f", false),
            ("a*b?c*x", "abxbbxdbxebxczzx", true),
            ("a*b?c*x", "abxbbxdbxebxczzy", false),
            ("ab[c]", "abc", true),
            ("ab[b-d]", "abc", true),
            ("ab[e-g]", "abc", false),
            ("ab[^c]", "abc", false),
            ("ab[^e-g]", "abc", true),
            ("a\\*b", "a*b", true),
            ("a\\*b", "ab", false),
            ("a???b", "aaab", false),
            ("a[^a][^a][^a]b", "aabb", false),
            ("[a-ζ]*", "α", true),
            ("*[a-ζ]", "A", false),
            ("a?b", "a/b", false),
            ("a*b", "a/b", false),
            ("[\\]a]", "]", true),
            ("[\\-x]", "-", true),
            ("[]a]", "]", false),
            ("[-]", "-", false),
            ("[x-]", "x", false),
            ("[a-b-c]", "a", false),
            ("[", "a", false),
            ("a[", "a", false),
            ("*x", "xxx", true),
            ("", "", true),
        ] {
            assert_eq!(matches(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn elements_are_those_of_go() {
        assert_eq!((base("a/b"), base("a"), base(""), base("a/")), ("b", "a", ".", "a"));
        assert_eq!((dir("a/b/c.yaml"), dir("c.yaml"), dir("/c")), ("a/b", ".", "/"));
    }
}
