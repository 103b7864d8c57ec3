//! Values as Go prints them, so that messages are those of the API server: `%v`, `%q` and `encoding/json`.

use std::ops::Range;

use serde_json::Value;

use super::violation::Reason;

/// `Invalid value: "x": detail`.
pub(super) fn body(reason: Reason, value: &Value, detail: &str) -> String {
    let mut text = format!("{}: {}", reason.text(), shown(value));
    if !detail.is_empty() {
        text.push_str(": ");
        text.push_str(detail);
    }
    text
}

/// A value as an error shows it.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => quote(text),
        Value::Number(_) => plain(value),
        other => json(other),
    }
}

/// What JSON schema calls a value's type.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// `%v` of a scalar.
fn plain(value: &Value) -> String {
    match value {
        Value::Number(number) => match number.as_i64() {
            Some(int) => int.to_string(),
            None => float(number.as_f64().unwrap_or_default()),
        },
        other => json(other),
    }
}

/// `%v` of a float: the shortest digits, with an exponent below 1e-4 and from a million.
pub(super) fn float(value: f64) -> String {
    exponent(value, 1e-4..1e6, true)
}

fn exponent(value: f64, without: Range<f64>, two_digits: bool) -> String {
    if value == 0.0 || without.contains(&value.abs()) {
        return format!("{value}");
    }
    let text = format!("{value:e}");
    let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, power) = power.strip_prefix('-').map_or(("+", power), |power| ("-", power));
    match two_digits && power.len() < 2 {
        true => format!("{digits}e{sign}0{power}"),
        false => format!("{digits}e{sign}{power}"),
    }
}

/// `%q`.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\x07' => quoted.push_str("\\a"),
            '\x08' => quoted.push_str("\\b"),
            '\x0c' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\x0b' => quoted.push_str("\\v"),
            c if c.is_ascii_control() => quoted.push_str(&format!("\\x{:02x}", c as u32)),
            c if c.is_ascii() => quoted.push(c),
            // What Rust writes as an escape isn't printable for Go either, but for marks that join the sign before.
            c if !c.is_alphanumeric() && c.escape_debug().count() > 1 && u32::from(c) > 0xffff => {
                quoted.push_str(&format!("\\U{:08x}", c as u32))
            }
            c if !c.is_alphanumeric() && c.escape_debug().count() > 1 && !joins(c) => {
                quoted.push_str(&format!("\\u{:04x}", c as u32))
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a sign is escaped only because it can't stand at the start of a text.
fn joins(c: char) -> bool {
    ['a', c].iter().collect::<String>().escape_debug().count() == 2
}

/// `json.Marshal`: keys sorted, signs of HTML escaped.
pub(super) fn json(value: &Value) -> String {
    let mut text = String::new();
    write_json(value, &mut text);
    text
}

fn write_json(value: &Value, text: &mut String) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(true) => text.push_str("true"),
        Value::Bool(false) => text.push_str("false"),
        Value::Number(number) => match number.as_i64() {
            Some(int) => text.push_str(&int.to_string()),
            None => text.push_str(&exponent(number.as_f64().unwrap_or_default(), 1e-6..1e21, false)),
        },
        Value::String(string) => write_string(string, text),
        Value::Array(list) => {
            text.push('[');
            for (at, item) in list.iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                write_json(item, text);
            }
            text.push(']');
        }
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            text.push('{');
            for (at, (key, value)) in entries.into_iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                write_string(key, text);
                text.push(':');
                write_json(value, text);
            }
            text.push('}');
        }
    }
}

fn write_string(string: &str, text: &mut String) {
    text.push('"');
    for c in string.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\x08' => text.push_str("\\b"),
            '\x0c' => text.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => text.push_str(&format!("\\u{:04x}", c as u32)),
            c if (c as u32) < 0x20 => text.push_str(&format!("\\u{:04x}", c as u32)),
            c => text.push(c),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_as_go_prints_them() {
        let cases = [
            (1.0, "1"),
            (0.5, "0.5"),
            (123456.5, "123456.5"),
            (1e6, "1e+06"),
            (1234567.5, "1.2345675e+06"),
            (1e21, "1e+21"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
        ];
        for (value, text) in cases {
            assert_eq!(float(value), text);
        }
        assert_eq!(float(-1.5e-7), "-1.5e-07");
        assert_eq!(json(&serde_json::json!([1.5e-7, 1e20, 1e21])), "[1.5e-7,100000000000000000000,1e+21]");
    }

    #[test]
    fn texts_as_go_quotes_them() {
        assert_eq!(quote("a\"b\\\n\x01é\u{a0}\u{301}"), "\"a\\\"b\\\\\\n\\x01é\\u00a0\u{301}\"");
        assert_eq!(json(&serde_json::json!({"b": "<", "a": [null, 1.5]})), r#"{"a":[null,1.5],"b":"\u003c"}"#);
    }
}
