//! Patterns of projects: `*` is any text, or with a separator any within an element, `**` any text, `[a-z]` and `[!abc]`
//! classes, `{a,b}` either. As gobwas/glob 0.2, of which argo-cd has a copy.

use regex::Regex;

/// The longest pattern, in bytes.
const LONGEST: usize = 4096;

/// Whether a text fits a pattern. Nothing fits a broken one.
pub fn matches(pattern: &str, text: &str, separator: Option<char>) -> bool {
    pattern == text && !pattern.contains(['\\', '[', '{'])
        || compiled(pattern, separator).is_some_and(|regex| regex.is_match(text))
}

/// Whether a pattern is one.
pub fn is_valid(pattern: &str) -> bool {
    compiled(pattern, None).is_some()
}

fn compiled(pattern: &str, separator: Option<char>) -> Option<Regex> {
    if pattern.len() > LONGEST {
        return None;
    }
    Regex::new(&format!("(?s)^(?:{})$", translated(pattern, separator)?)).ok()
}

fn translated(pattern: &str, separator: Option<char>) -> Option<String> {
    let one = separator.map_or_else(|| ".".to_owned(), |c| format!("[^{}]", regex::escape(&c.to_string())));
    let signs: Vec<char> = pattern.chars().collect();
    let mut out = String::new();
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(c) = signs.get(at) {
        at += 1;
        match c {
            '*' if signs.get(at) == Some(&'*') => {
                at += 1;
                out.push_str(".*");
            }
            '*' => {
                out.push_str(&one);
                out.push('*');
            }
            '?' => out.push_str(&one),
            '[' => at = class(&signs, at, &mut out)?,
            '{' => {
                depth += 1;
                out.push_str("(?:");
            }
            '}' if depth > 0 => {
                depth -= 1;
                out.push(')');
            }
            ',' if depth > 0 => out.push('|'),
            '\\' => {
                // At the end it escapes nothing.
                if let Some(c) = signs.get(at) {
                    out.push_str(&regex::escape(&c.to_string()));
                }
                at += 1;
            }
            c => out.push_str(&regex::escape(&c.to_string())),
        }
    }
    // What nothing closes ends with the pattern.
    out.extend(std::iter::repeat_n(')', depth));
    Some(out)
}

/// A class: signs, or one range.
fn class(signs: &[char], mut at: usize, out: &mut String) -> Option<usize> {
    out.push('[');
    if signs.get(at) == Some(&'!') {
        out.push('^');
        at += 1;
    }
    let add = |out: &mut String, c: char| {
        if c.is_ascii_punctuation() {
            out.push('\\');
        }
        out.push(c);
    };
    if let (Some(low), Some('-')) = (signs.get(at), signs.get(at + 1)) {
        let high = signs.get(at + 2).filter(|high| low <= *high)?;
        add(out, *low);
        out.push('-');
        add(out, *high);
        out.push(']');
        return (signs.get(at + 3) == Some(&']')).then_some(at + 4);
    }
    let first = at;
    loop {
        match signs.get(at)? {
            ']' if at > first => break,
            ']' => return None,
            '\\' => {
                at += 1;
                add(out, *signs.get(at)?);
            }
            c => add(out, *c),
        }
        at += 1;
    }
    out.push(']');
    Some(at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stop_at_the_separator_if_there_is_one() {
        assert!(matches("https://h/g/*", "https://h/g/r", Some('/')));
        assert!(!matches("https://h/g/*", "https://h/g/s/r", Some('/')));
        assert!(matches("https://h/g/**", "https://h/g/s/r", Some('/')));
        assert!(matches("*.svc", "a/b.svc", None));
        assert!(matches("{a,b*}-x", "bcd-x", None));
        assert!(matches("[!a]x", "bx", None));
        assert!(matches("[a-c]x", "bx", None) && !matches("[a-c]x", "dx", None));
        assert!(matches("a[b]", "ab", None) && !matches("a[b]", "a[b]", None));
    }

    #[test]
    fn broken_patterns_fit_nothing() {
        for pattern in ["[[ech*", "[", "[]", "[c-a]", "[a-zA-Z]"] {
            assert!(!is_valid(pattern), "{pattern}");
            assert!(!matches(pattern, pattern, None), "{pattern}");
        }
    }
}
