//! Values as YAML text in the style of kubectl: block collections, two spaces, lists at the column of their key.
//! Scalars are plain only where our reader and a YAML 1.2 reader take them for the same string.

use std::fmt::Write;

use serde_json::{Map, Number, Value};

use super::scalar::{self, Plain};

/// Writes a document, with a line break at its end.
///
/// Numbers go the way of JSON in Kubernetes: `1.0` is written, and read back, as `1`.
pub fn render(value: &Value) -> String {
    let mut block = Block::new(Style::default());
    block.node(value, 0);
    block.text.push('\n');
    block.text
}

/// How far collections are indented.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Style {
    /// A map under its key.
    pub map: usize,
    /// The dashes of a list under its key.
    pub list: usize,
}

impl Default for Style {
    fn default() -> Self {
        Style { map: 2, list: 0 }
    }
}

/// Block text in the making. Every part is written without the indent of its first line and without its last line break.
pub struct Block {
    pub text: String,
    style: Style,
}

impl Block {
    pub fn new(style: Style) -> Self {
        Block { text: String::new(), style }
    }

    /// A value at a column: a collection begins right here.
    pub fn node(&mut self, value: &Value, indent: usize) {
        match value {
            Value::Object(map) if !map.is_empty() => self.map(map, indent),
            Value::Array(items) if !items.is_empty() => {
                for (position, item) in items.iter().enumerate() {
                    if position > 0 {
                        self.line(indent);
                    }
                    self.item(item, indent, 1);
                }
            }
            _ => self.scalar(value, indent),
        }
    }

    fn map(&mut self, map: &Map<String, Value>, indent: usize) {
        for (position, (key, value)) in map.iter().enumerate() {
            if position > 0 {
                self.line(indent);
            }
            self.entry(key, value, indent);
        }
    }

    /// `- item`, the dash at this column, with so many blanks behind it.
    pub fn item(&mut self, item: &Value, indent: usize, blanks: usize) {
        self.text.push('-');
        pad(&mut self.text, blanks);
        match item {
            Value::Object(_) | Value::Array(_) => self.node(item, indent + 1 + blanks),
            _ => self.scalar(item, indent),
        }
    }

    /// `key: value`, the key at this column.
    pub fn entry(&mut self, key: &str, value: &Value, indent: usize) {
        self.text.push_str(&inline_string(key));
        self.text.push(':');
        self.value(value, indent);
    }

    /// What follows the colon of a key at this column.
    pub fn value(&mut self, value: &Value, indent: usize) {
        let inner = match value {
            Value::Object(map) if !map.is_empty() => indent + self.style.map,
            Value::Array(items) if !items.is_empty() => indent + self.style.list,
            _ => {
                self.text.push(' ');
                return self.scalar(value, indent);
            }
        };
        self.line(inner);
        self.node(value, inner);
    }

    /// A scalar or an empty collection; text of several lines as a literal block where that is exact.
    fn scalar(&mut self, value: &Value, indent: usize) {
        let block = value.as_str().and_then(|string| literal(string, indent + self.style.map));
        self.text.push_str(&block.unwrap_or_else(|| flow(value)));
    }

    fn line(&mut self, indent: usize) {
        self.text.push('\n');
        pad(&mut self.text, indent);
    }
}

fn pad(text: &mut String, indent: usize) {
    text.extend(std::iter::repeat_n(' ', indent));
}

/// A value on one line.
pub fn flow(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(bool) => bool.to_string(),
        Value::Number(number) => number_text(number),
        Value::String(string) => inline_string(string),
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let entries = map.iter().map(|(key, value)| format!("{}: {}", inline_string(key), flow(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}

/// The same as JSON, which has quotes around every string.
pub fn json(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(json).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let entries = map.iter().map(|(key, value)| format!("{}: {}", Value::from(key.as_str()), json(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Number(number) => number_text(number),
        plain => plain.to_string(),
    }
}

/// The same in lines, each level indented by a step more than the one around it, which is indented so.
pub fn json_lines(value: &Value, indent: &str, step: &str) -> String {
    let inner = format!("{indent}{step}");
    let within = |open, parts: Vec<String>, close| {
        format!("{open}\n{inner}{}\n{indent}{close}", parts.join(&format!(",\n{inner}")))
    };
    match value {
        Value::Array(items) if !items.is_empty() => {
            within('[', items.iter().map(|item| json_lines(item, &inner, step)).collect(), ']')
        }
        Value::Object(map) if !map.is_empty() => {
            let entry = |(key, value): (&String, &Value)| {
                format!("{}: {}", Value::from(key.as_str()), json_lines(value, &inner, step))
            };
            within('{', map.iter().map(entry).collect(), '}')
        }
        short => json(short),
    }
}

fn number_text(number: &Number) -> String {
    match number.as_f64().filter(|_| number.is_f64()).and_then(scalar::decimal) {
        Some(normal) => normal.to_string(),
        None => number.to_string(),
    }
}

/// A string on one line: plain if nobody can mistake it, else in double quotes.
pub fn inline_string(string: &str) -> String {
    if is_plain(string) { string.to_owned() } else { double_quoted(string) }
}

/// Whether a string may stand unquoted, as key or value, in block and in flow collections.
pub fn is_plain(string: &str) -> bool {
    let Some(first) = string.chars().next() else { return false };
    let safe_first = match first {
        '-' => string.len() > 1 && !string.starts_with("- ") && !string.starts_with("---"),
        '.' => !string.starts_with("..."),
        _ => !matches!(
            first,
            '?' | ':'
                | ','
                | '['
                | ']'
                | '{'
                | '}'
                | '#'
                | '&'
                | '*'
                | '!'
                | '|'
                | '>'
                | '\''
                | '"'
                | '%'
                | '@'
                | '`'
                | '='
                | '<'
                | '~'
        ),
    };
    safe_first
        && !string.ends_with([' ', ':'])
        && first != ' '
        && !string.contains(": ")
        && !string.contains(" #")
        && !string
            .contains(|c: char| matches!(c, ',' | '[' | ']' | '{' | '}') || !is_printable(c) || c == '\n' || c == '\t')
        && scalar::resolve(string) == Plain::Str
        && !looks_typed(string)
}

/// Words that some other reader takes for something else than text: YAML 1.2 numbers, base 60, dates, words for numbers.
fn looks_typed(string: &str) -> bool {
    let lower = string.to_ascii_lowercase();
    if matches!(lower.as_str(), "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false" | "null") {
        return true;
    }
    let unsigned = lower.trim_start_matches(['+', '-']);
    if matches!(unsigned, ".inf" | ".nan" | "inf" | "nan" | "infinity") {
        return true;
    }
    let radix = ["0x", "0o", "0b"].iter().any(|prefix| unsigned.starts_with(prefix));
    let figures = unsigned.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'_' | b':' | b'-' | b'+' | b'e'));
    // Versions and addresses with several dots are numbers to nobody.
    let dotted = unsigned.bytes().filter(|b| *b == b'.').count() > 1 && !unsigned.contains([':', '_', 'e']);
    unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') && (radix || figures && !dotted || is_date(unsigned))
}

fn is_date(word: &str) -> bool {
    let bytes = word.as_bytes();
    bytes.len() > 7 && bytes[..4].iter().all(u8::is_ascii_digit) && bytes[4] == b'-' && bytes[5].is_ascii_digit()
}

fn is_printable(c: char) -> bool {
    matches!(c, '\t' | '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..)
        && !matches!(c, '\u{2028}' | '\u{2029}')
}

/// A string in double quotes, on one line, with the escapes that it needs.
pub fn double_quoted(string: &str) -> String {
    let mut text = String::with_capacity(string.len() + 2);
    text.push('"');
    for c in string.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            c if is_printable(c) => text.push(c),
            c if u32::from(c) < 0x100 => drop(write!(text, "\\x{:02x}", u32::from(c))),
            c if u32::from(c) < 0x1_0000 => drop(write!(text, "\\u{:04x}", u32::from(c))),
            c => drop(write!(text, "\\U{:08x}", u32::from(c))),
        }
    }
    text.push('"');
    text
}

/// A string in single quotes, where that is exact on one line.
pub fn single_quoted(string: &str) -> Option<String> {
    let fits = string.chars().all(|c| is_printable(c) && c != '\n' && c != '\t');
    fits.then(|| format!("'{}'", string.replace('\'', "''")))
}

/// A literal block (`|`, `|-`, `|+`) without the last line break, for text of several lines that it holds exactly.
pub fn literal(string: &str, indent: usize) -> Option<String> {
    let body = string.trim_end_matches('\n');
    let breaks = string.len() - body.len();
    let first = body.lines().next()?;
    // Leading blanks would need an indentation indicator, and trailing ones are lost in too many editors.
    let exact = string.contains('\n')
        && !first.is_empty()
        && !first.starts_with([' ', '\t'])
        && body.chars().all(is_printable)
        && !body.split('\n').any(|line| line.ends_with([' ', '\t']) || line.starts_with('\t'));
    if !exact {
        return None;
    }
    let chomp = match breaks {
        0 => "-",
        1 => "",
        _ => "+",
    };
    let mut text = format!("|{chomp}");
    for line in body.split('\n') {
        text.push('\n');
        if !line.is_empty() {
            pad(&mut text, indent);
            text.push_str(line);
        }
    }
    text.extend(std::iter::repeat_n('\n', breaks.saturating_sub(1)));
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::yaml::parse;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn looks_as_kubectl_prints() {
        let value = json!({
            "apiVersion": "apps/v1", "metadata": {"name": "x", "annotations": {"a.b/c": "1", "yes": "no"}},
            "spec": {"args": ["a", "- b", ["c", "d"], {"k": "v", "l": []}, {}], "script": "a\n\nb\n", "count": 1.5, "z": null},
        });
        let text = "apiVersion: apps/v1
metadata:
  name: x
  annotations:
    a.b/c: \"1\"
    \"yes\": \"no\"
spec:
  args:
  - a
  - \"- b\"
  - - c
    - d
  - k: v
    l: []
  - {}
  script: |
    a

    b
  count: 1.5
  z: null
";
        assert_eq!(render(&value), text);
        assert_eq!(render(&json!("x")), "x\n");
        assert_eq!(render(&json!([])), "[]\n");
        assert_eq!(render(&json!(1.0)), "1\n");
        assert_eq!(render(&json!(["a\nb"])), "- |-\n  a\n  b\n");
    }

    #[test]
    fn quotes_what_would_read_back_otherwise() {
        for word in [
            "",
            "~",
            "null",
            "yes",
            "On",
            "y",
            "N",
            "TRUE",
            "1",
            "0755",
            "0o17",
            "0x1f",
            "1e3",
            "1_000",
            "1.5",
            ".5",
            "-1",
            "+1",
            "09",
            ".inf",
            "-.INF",
            ".nan",
            "1:30",
            "12:30:45",
            "2001-12-14",
            "2001-12-14T21:59:43Z",
            "<<",
            "=",
            "*x",
            "&x",
            "!x",
            "a: b",
            "a #b",
            "a:",
            " a",
            "a ",
            "- a",
            "-",
            "---",
            "...",
            "?",
            "? x",
            ":",
            "@a",
            "`a",
            "%a",
            "|",
            ">",
            "'a",
            "\"a",
            "[a",
            "{a",
            "a, b",
            "#a",
            "a\tb",
            "a\r\nb",
            "\u{85}",
            "\u{2028}",
            "\u{feff}",
            "a\u{7}",
            "{{ x }}",
            "yEs",
            "1__0",
        ] {
            assert!(!is_plain(word), "{word:?}");
            let text = render(&json!({ word: word, "l": [word] }));
            assert_eq!(parse("t.yaml", &text).unwrap()[0].value, json!({ word: word, "l": [word] }), "{text}");
        }
        for word in [
            "a",
            "v1.2.3",
            "ghcr.io/a/b:v1@sha256:0",
            "https://x.y/z?a=b&c",
            "-x",
            "a#b",
            "100m",
            "1.2.3-x",
            "10.0.0.0/8",
            "año",
            "a b",
            "1a",
        ] {
            assert!(is_plain(word), "{word:?}");
        }
    }

    fn values() -> impl Strategy<Value = Value> {
        let text = prop_oneof![
            any::<String>(),
            "[ -~\n\t]{0,12}",
            "[a-c\n #:'\"|>-]{0,10}",
            "(yes|no|on|~|null|0x1|1e3|0[0-9]{1,3}|[-+]?[0-9._:e]{1,6}|<<|\u{85}|\u{2028}|\u{feff})",
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_filter_map("as JSON has it", |n| scalar::decimal(n).map(Value::Number)),
            text.clone().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 5, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec((text.clone(), inner), 0..5)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn reads_back(value in values().prop_filter("null is no document", |value| !value.is_null())) {
            let text = render(&value);
            let documents = parse("t.yaml", &text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
            prop_assert_eq!(&documents[0].value, &value, "{}", text);
            let line = flow(&value);
            prop_assert_eq!(&parse("t.yaml", &line).unwrap()[0].value, &value, "{}", line);
        }
    }
}
