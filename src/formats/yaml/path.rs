//! Paths into a value, written as people write them: `spec.containers[0].image`, `metadata.annotations["a.b/c"]`.

use std::fmt;

use serde_json::Value;

use crate::error::{Error, Result};

/// One step down: into a map by key, or into a list by index from 0.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// A key of a map.
    Key(String),
    /// An element of a list, from 0.
    Index(usize),
}

impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Step::Key(key.to_owned())
    }
}

impl From<String> for Step {
    fn from(key: String) -> Self {
        Step::Key(key)
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Step::Index(index)
    }
}

/// Reads a path. The empty text is the whole document; a key with dots, brackets, quotes or spaces goes in `["…"]`
/// with the escapes of a JSON string.
///
/// # Errors
/// `idp::yaml::path` when the text is no such path, naming the column.
pub fn parse_path(text: &str) -> Result<Vec<Step>> {
    let wrong = |at: usize, what: &str| {
        let column = text[..at].chars().count() + 1;
        Error::invalid("idp::yaml::path", format!("`{text}` is not a path: {what} at column {column}"))
            .help("write it like spec.containers[0].image or metadata.annotations[\"example.com/name\"]")
    };
    let mut steps = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if let Some(quoted) = rest.strip_prefix("[\"") {
            let length = closing_quote(quoted).ok_or_else(|| wrong(at, "a quote without an end"))?;
            let literal = &rest[1..length + 3];
            let key = serde_json::from_str(literal).map_err(|_| wrong(at, "a wrong escape in the quoted key"))?;
            at += 1 + literal.len();
            if !text[at..].starts_with(']') {
                return Err(wrong(at, "`]` is missing"));
            }
            at += 1;
            steps.push(Step::Key(key));
        } else if let Some(number) = rest.strip_prefix('[') {
            let end = number.find(']').ok_or_else(|| wrong(at, "`[` without `]`"))?;
            let digits = &number[..end];
            if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return Err(wrong(at + 1, "neither a number nor a quoted key"));
            }
            steps.push(Step::Index(digits.parse().map_err(|_| wrong(at + 1, "a number out of range"))?));
            at += end + 2;
        } else {
            let dot = usize::from(rest.starts_with('.') && !steps.is_empty());
            if dot == 0 && !steps.is_empty() {
                return Err(wrong(at, "`.` or `[` is missing"));
            }
            let name = &rest[dot..];
            let end = name.find(['.', '[']).unwrap_or(name.len());
            if !is_simple(&name[..end]) {
                return Err(wrong(at + dot, "a key is missing, or must be quoted"));
            }
            steps.push(Step::Key(name[..end].to_owned()));
            at += dot + end;
        }
    }
    Ok(steps)
}

/// Where the string ends whose opening quote has been read.
fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at),
            _ => {}
        }
    }
    None
}

fn is_simple(key: &str) -> bool {
    !key.is_empty()
        && !key.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '.' | '[' | ']' | '"'))
}

/// A path that prints the way [`parse_path`] reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path<'a>(pub &'a [Step]);

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) if is_simple(key) => write!(f, "{}{key}", if at > 0 { "." } else { "" })?,
                Step::Key(key) => write!(f, "[{}]", Value::from(key.as_str()))?,
            }
        }
        Ok(())
    }
}

/// The part of a value at a path, if it is there.
pub fn get<'a>(value: &'a Value, path: &[Step]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.as_object()?.get(key),
        Step::Index(index) => value.as_array()?.get(*index),
    })
}

/// The same for changing it in place.
pub fn get_mut<'a>(value: &'a mut Value, path: &[Step]) -> Option<&'a mut Value> {
    path.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.as_object_mut()?.get_mut(key),
        Step::Index(index) => value.as_array_mut()?.get_mut(*index),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_the_ways_people_write() {
        let steps = |text: &str| parse_path(text).unwrap();
        assert_eq!(
            steps("spec.containers[0].image"),
            ["spec".into(), "containers".into(), Step::Index(0), "image".into()]
        );
        assert_eq!(
            steps("metadata.annotations[\"a.b/c\"]"),
            ["metadata".into(), "annotations".into(), Step::from("a.b/c")]
        );
        assert_eq!(steps("[2][\"a\\\"]b\"].c"), [2.into(), "a\"]b".into(), Step::from("c")]);
        assert_eq!(steps("data.my-key/x"), ["data".into(), Step::from("my-key/x")]);
        assert!(steps("").is_empty());
    }

    #[test]
    fn refuses_the_rest_with_a_column() {
        for text in [
            ".a",
            "a.",
            "a..b",
            "a[",
            "a[x]",
            "a[-1]",
            "a[\"b]",
            "a[\"b\"",
            "a[0]b",
            "a b",
            "a]",
            "a[99999999999999999999999]",
        ] {
            let error = parse_path(text).unwrap_err();
            assert_eq!(error.code(), "idp::yaml::path", "{text}");
            assert!(error.message().contains("column"), "{text}");
        }
    }

    #[test]
    fn gets_what_is_there() {
        let value = serde_json::json!({"a": [{"b": 1}]});
        assert_eq!(get(&value, &parse_path("a[0].b").unwrap()), Some(&1.into()));
        assert_eq!(get(&value, &parse_path("a[1].b").unwrap()), None);
        assert_eq!(get(&value, &parse_path("a.b").unwrap()), None);
    }

    proptest! {
        #[test]
        fn round_trip(path in prop::collection::vec(prop_oneof![
            any::<String>().prop_map(Step::Key), "[a-z.\\[\"]{0,4}".prop_map(Step::Key), any::<usize>().prop_map(Step::Index),
        ], 0..6)) {
            prop_assert_eq!(parse_path(&Path(&path).to_string()).unwrap(), path);
        }
    }
}
