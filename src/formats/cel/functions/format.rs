//! Named formats: `format.dns1123Label().validate(...)`.
//! As k8s.io/apiserver v0.36, pkg/cel/library/format.go, with the words of k8s.io/apimachinery's validation.

use regex::Regex;
use std::sync::LazyLock;

use super::super::tree::Native;
use super::super::value::{Outcome, Value, no_overload};
use super::{time, url};

/// A format by its name.
#[derive(Debug)]
pub(in super::super) struct Format {
    name: &'static str,
    check: fn(&str) -> Vec<String>,
    /// By which its cost is counted.
    pub(in super::super) longest_pattern: u64,
}

static ALL: [Format; 13] = [
    Format { name: "dns1123Label", check: label, longest_pattern: 30 },
    Format { name: "dns1123Subdomain", check: subdomain, longest_pattern: 60 },
    Format { name: "dns1035Label", check: old_label, longest_pattern: 30 },
    Format { name: "qualifiedName", check: qualified_name, longest_pattern: 60 },
    Format { name: "dns1123LabelPrefix", check: |text| label(&prefix(text)), longest_pattern: 30 },
    Format { name: "dns1123SubdomainPrefix", check: |text| subdomain(&prefix(text)), longest_pattern: 60 },
    Format { name: "dns1035LabelPrefix", check: |text| old_label(&prefix(text)), longest_pattern: 30 },
    Format { name: "labelValue", check: label_value, longest_pattern: 40 },
    Format { name: "uri", check: |text| url::Url::read(text).err().into_iter().collect(), longest_pattern: 1103 },
    Format { name: "uuid", check: uuid, longest_pattern: 70 },
    Format { name: "byte", check: byte, longest_pattern: 84 },
    Format { name: "date", check: |text| unless(time::is_date(text), "invalid date"), longest_pattern: 70 },
    Format { name: "datetime", check: date_time, longest_pattern: 70 },
];

const LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN: &str = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const OLD_LABEL: &str = "[a-z]([-a-z0-9]*[a-z0-9])?";
const NAME: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

fn constant(name: &'static str) -> Option<&'static Format> {
    ALL.iter().find(|format| format.name == name)
}

pub(super) fn find(name: &str) -> Option<Native> {
    // A function without arguments for each: a pointer can't carry which one it is.
    fn named<'a>(name: &'static str) -> Outcome<'a> {
        constant(name).map(Value::Format).ok_or_else(no_overload)
    }
    Some(match name {
        "format.dns1123Label" => |_| named("dns1123Label"),
        "format.dns1123Subdomain" => |_| named("dns1123Subdomain"),
        "format.dns1035Label" => |_| named("dns1035Label"),
        "format.qualifiedName" => |_| named("qualifiedName"),
        "format.dns1123LabelPrefix" => |_| named("dns1123LabelPrefix"),
        "format.dns1123SubdomainPrefix" => |_| named("dns1123SubdomainPrefix"),
        "format.dns1035LabelPrefix" => |_| named("dns1035LabelPrefix"),
        "format.labelValue" => |_| named("labelValue"),
        "format.uri" => |_| named("uri"),
        "format.uuid" => |_| named("uuid"),
        "format.byte" => |_| named("byte"),
        "format.date" => |_| named("date"),
        "format.datetime" => |_| named("datetime"),
        "format.named" => |args| match args {
            [Value::Text(name)] => Ok(match ALL.iter().find(|format| *format.name == **name) {
                Some(format) => Value::some(Value::Format(format)),
                None => Value::Optional(None),
            }),
            _ => Err(no_overload()),
        },
        "validate" => |args| match args {
            [Value::Format(format), Value::Text(text)] => {
                let messages = (format.check)(text);
                Ok(match messages.is_empty() {
                    true => Value::Optional(None),
                    false => Value::some(Value::list(messages.into_iter().map(Value::made).collect())),
                })
            }
            _ => Err(no_overload()),
        },
        _ => return None,
    })
}

/// A pattern of this file, over a whole text.
fn whole(pattern: &str) -> Option<Regex> {
    Regex::new(&format!("^(?:{pattern})$")).ok()
}

fn fits(pattern: &LazyLock<Option<Regex>>, text: &str) -> bool {
    pattern.as_ref().is_some_and(|pattern| pattern.is_match(text))
}

static LABELS: LazyLock<Option<Regex>> = LazyLock::new(|| whole(LABEL));
static SUBDOMAINS: LazyLock<Option<Regex>> = LazyLock::new(|| whole(SUBDOMAIN));
static OLD_LABELS: LazyLock<Option<Regex>> = LazyLock::new(|| whole(OLD_LABEL));
static NAMES: LazyLock<Option<Regex>> = LazyLock::new(|| whole(NAME));

fn unless(right: bool, message: &str) -> Vec<String> {
    if right { Vec::new() } else { vec![message.to_owned()] }
}

/// A text that something may be appended to: its last dash counts as a letter.
fn prefix(text: &str) -> String {
    if text.len() > 1 && text.ends_with('-') {
        let mut kept: Vec<char> = text.chars().collect();
        kept.truncate(kept.len().saturating_sub(2));
        return kept.into_iter().chain(['a']).collect();
    }
    text.to_owned()
}

fn too_long(text: &str, most: usize) -> Option<String> {
    (text.len() > most).then(|| format!("must be no more than {most} characters"))
}

fn pattern_message(message: &str, pattern: &str, examples: &[&str]) -> String {
    let mut text = format!("{message} (e.g. ");
    for (index, example) in examples.iter().enumerate() {
        if index > 0 {
            text.push_str(" or ");
        }
        text.push_str(&format!("'{example}', "));
    }
    text.push_str(&format!("regex used for validation is '{pattern}')"));
    text
}

fn label(text: &str) -> Vec<String> {
    let mut messages: Vec<String> = too_long(text, 63).into_iter().collect();
    if !fits(&LABELS, text) {
        messages.push(match fits(&SUBDOMAINS, text) {
            true => "must not contain dots".to_owned(),
            false => pattern_message(
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must \
                 start and end with an alphanumeric character",
                LABEL,
                &["my-name", "123-abc"],
            ),
        });
    }
    messages
}

fn subdomain(text: &str) -> Vec<String> {
    let mut messages: Vec<String> = too_long(text, 253).into_iter().collect();
    if !fits(&SUBDOMAINS, text) {
        messages.push(pattern_message(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must \
             start and end with an alphanumeric character",
            SUBDOMAIN,
            &["example.com"],
        ));
    }
    messages
}

fn old_label(text: &str) -> Vec<String> {
    let mut messages: Vec<String> = too_long(text, 63).into_iter().collect();
    if !fits(&OLD_LABELS, text) {
        messages.push(pattern_message(
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic \
             character, and end with an alphanumeric character",
            OLD_LABEL,
            &["my-name", "abc-123"],
        ));
    }
    messages
}

/// What is wrong with a name that may have a prefix, as of a label.
pub fn qualified_name(text: &str) -> Vec<String> {
    let mut messages = Vec::new();
    let mut name_pattern = pattern_message(
        "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
        NAME,
        &["MyName", "my.name", "123-abc"],
    );
    let parts: Vec<&str> = text.split('/').collect();
    let name = match parts[..] {
        [name] => name,
        [prefix, name] => {
            if prefix.is_empty() {
                messages.push("prefix part must be non-empty".to_owned());
            } else {
                messages.extend(subdomain(prefix).into_iter().map(|message| format!("prefix part {message}")));
            }
            name
        }
        _ => {
            name_pattern = pattern_message(
                "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end \
                 with an alphanumeric character",
                NAME,
                &["MyName", "my.name", "123-abc"],
            );
            return vec![format!(
                "{name_pattern} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            )];
        }
    };
    if name.is_empty() {
        messages.push("name part must be non-empty".to_owned());
    } else if let Some(message) = too_long(name, 63) {
        messages.push(format!("name part {message}"));
    }
    if !fits(&NAMES, name) {
        messages.push(format!("name part {name_pattern}"));
    }
    messages
}

/// What is wrong with the value of a label.
pub fn label_value(text: &str) -> Vec<String> {
    let mut messages: Vec<String> = too_long(text, 63).into_iter().collect();
    if !text.is_empty() && !fits(&NAMES, text) {
        messages.push(pattern_message(
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must \
             start and end with an alphanumeric character",
            "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?",
            &["MyValue", "my_value", "12345"],
        ));
    }
    messages
}

fn uuid(text: &str) -> Vec<String> {
    let mut rest = text;
    let mut right = true;
    for (index, length) in [8, 4, 4, 4, 12].into_iter().enumerate() {
        if index > 0 {
            rest = rest.strip_prefix('-').unwrap_or(rest);
        }
        let part = rest.get(..length).unwrap_or_default();
        right &= !part.is_empty() && part.bytes().all(|b| b.is_ascii_hexdigit());
        rest = rest.get(length..).unwrap_or_default();
    }
    unless(right && rest.is_empty(), "does not match the UUID format")
}

/// In the standard alphabet, padded, and not empty.
fn byte(text: &str) -> Vec<String> {
    let body = text.trim_end_matches('=');
    let padding = text.len() - body.len();
    let right = !text.is_empty()
        && text.len().is_multiple_of(4)
        && padding <= 2
        && body.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/');
    unless(right, "invalid base64")
}

fn date_time(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let right = lower.split_once('t').is_some_and(|(date, time)| {
        let time = time.split('t').next().unwrap_or_default();
        let number = |at: usize| time.get(at..at + 2).filter(|part| part.bytes().all(|b| b.is_ascii_digit()));
        let clock = [number(0), number(3), number(6)];
        let colons = time.get(2..3) == Some(":") && time.get(5..6) == Some(":");
        let inside = matches!(clock, [Some(h), Some(m), Some(s)] if h <= "23" && m <= "59" && s <= "59");
        let rest = time.get(8..).unwrap_or_default();
        let rest = match rest.strip_prefix(|c: char| c != 'z' && c != '+' && c != '-') {
            Some(fraction) if fraction.starts_with(|c: char| c.is_ascii_digit()) => {
                fraction.trim_start_matches(|c: char| c.is_ascii_digit())
            }
            Some(_) => "?",
            None => rest,
        };
        let zone = match rest.as_bytes() {
            b"z" => true,
            [b'+' | b'-', a, b, b':', c, d] => [a, b, c, d].iter().all(|digit| digit.is_ascii_digit()),
            _ => false,
        };
        time::is_date(date) && colons && inside && zone
    });
    unless(right, "invalid datetime")
}
