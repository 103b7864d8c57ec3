//! A form as Rhai: `params()` for a golden path, and `spec(p)`, which puts what was given where the claim has it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Field, Form, Shape};
use crate::error::Result;

/// The functions as text. Defaults are what a claim gets outside of production. Errors: annotations that are no maps.
pub fn params(form: &Form) -> Result<String> {
    let mut text =
        format!("// Fields of {}, {}, as {} defines them.\n", form.kind, form.api_version(), form.definition);
    text.push_str("fn params() {\n    #{\n");
    for field in &form.fields {
        text.push_str(&format!("        {}: {},\n", key(&field.name), param(form, field)?));
    }
    text.push_str("    }\n}\n\n/// The claim's `spec`; what wasn't given is left out.\nfn spec(p) {\n");
    let tree = tree(form);
    text.push_str(&format!("    {tree}\n}}\n"));
    // Whatever of these is called, with what that calls.
    for (name, function) in [("any", ANY), ("given", GIVEN), ("number_or_text", NUMBER_OR_TEXT)] {
        if text.contains(&format!(" {name}(")) {
            text.push_str(function);
        }
    }
    Ok(text)
}

/// Leaves out a group of which nothing was given.
const ANY: &str = r"
/// The map without what wasn't given; `()` if nothing was.
fn any(map) {
    let kept = given(map);
    if !kept.is_empty() { kept }
}
";

/// Leaves out fields that weren't given.
const GIVEN: &str = r"
/// The map without what wasn't given.
fn given(map) {
    let kept = #{};
    for name in map.keys() {
        if map[name] != () {
            kept[name] = map[name];
        }
    }
    kept
}
";

/// Reads what may be a number or a text.
const NUMBER_OR_TEXT: &str = r"
/// The whole number that a text is, or else the text: `3`, `50%`.
fn number_or_text(text) {
    try {
        return parse_int(text);
    } catch {
        // It is a text.
    }
    text
}
";

/// One parameter's declaration.
fn param(form: &Form, field: &Field) -> Result<String> {
    let kind = match field.shape {
        Shape::Text | Shape::NumberOrText | Shape::Data => "string",
        Shape::Whole => "int",
        Shape::Number => "float",
        Shape::Flag => "bool",
        Shape::Texts => "list",
    };
    let (elsewhere, production) = form.given(field)?;
    let mut about = field.about.clone();
    if field.shape == Shape::Data {
        about.push_str(" (JSON)");
    }
    if production != elsewhere
        && let Some(production) = &production
    {
        about.push_str(&format!(" (in production {})", plain(production)));
    }
    if let Some(hint) = &field.hint {
        about.push_str(&format!(" ({} once something beside it is given)", plain(hint)));
    }
    let mut text = format!("param({}, {})", literal(&kind.into()), literal(&about.into()));
    let typed = !matches!(field.shape, Shape::Data | Shape::NumberOrText);
    if !field.choices.is_empty() && typed {
        text.push_str(&format!(".choices({})", literal(&Value::Array(field.choices.clone()))));
    }
    let number = |value: f64| if field.shape == Shape::Number { format!("{value:?}") } else { format!("{value}") };
    match field.range {
        (Some(least), Some(most)) => text.push_str(&format!(".range({}, {})", number(least), number(most))),
        (Some(least), None) => text.push_str(&format!(".at_least({})", number(least))),
        (None, Some(most)) => text.push_str(&format!(".at_most({})", number(most))),
        (None, None) => {}
    }
    if let Some(pattern) = &field.pattern {
        text.push_str(&format!(".matching({})", literal(&pattern.as_str().into())));
    }
    match &elsewhere {
        Some(default @ Value::String(_)) if field.shape == Shape::NumberOrText => {
            text.push_str(&format!(".or_else({})", literal(default)));
        }
        Some(default) if !typed => text.push_str(&format!(".or_else({})", literal(&default.to_string().into()))),
        Some(default) => text.push_str(&format!(".or_else({})", literal(default))),
        None if !field.required => text.push_str(".optional()"),
        None => {}
    }
    Ok(text)
}

/// A value as people write it.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The map of `spec` with the parameters in their places.
fn tree(form: &Form) -> String {
    enum Node<'a> {
        Map(BTreeMap<usize, (&'a str, Node<'a>)>, bool),
        Leaf(&'a Field),
    }
    fn add<'a>(map: &mut BTreeMap<usize, (&'a str, Node<'a>)>, depth: usize, field: &'a Field) {
        let Some(key) = field.path.get(depth).map(String::as_str) else { return };
        if depth + 1 == field.path.len() {
            map.insert(map.len(), (key, Node::Leaf(field)));
            return;
        }
        let at = map.iter().find(|(_, (known, _))| *known == key).map_or(map.len(), |(at, _)| *at);
        let optional = field.optional.get(depth).copied().unwrap_or_default();
        let entry = map.entry(at).or_insert_with(|| (key, Node::Map(BTreeMap::new(), optional)));
        if let Node::Map(inner, _) = &mut entry.1 {
            add(inner, depth + 1, field);
        }
    }
    // Whether something always stands there.
    let sure = |field: &Field| field.required || form.given(field).is_ok_and(|(given, _)| given.is_some());
    fn write(map: &BTreeMap<usize, (&str, Node)>, depth: usize, sure: &dyn Fn(&Field) -> bool) -> String {
        if map.is_empty() {
            return "#{}".to_string();
        }
        let indent = "    ".repeat(depth + 1);
        let mut text = "#{\n".to_string();
        let mut whole = true;
        for (name, node) in map.values() {
            let (value, there) = match node {
                Node::Map(inner, optional) => {
                    let made = write(inner, depth + 1, sure);
                    let made = made.strip_prefix("given").filter(|_| *optional).unwrap_or(&made).to_string();
                    match (optional, made.starts_with('(')) {
                        (true, true) => (format!("any{made}"), false),
                        (true, false) => (format!("any({made})"), false),
                        (false, _) => (made, true),
                    }
                }
                Node::Leaf(field) => (leaf(field, sure(field)), sure(field)),
            };
            whole &= there;
            text.push_str(&format!("{indent}{}: {value},\n", key(name)));
        }
        let text = format!("{text}{}}}", "    ".repeat(depth));
        if whole { text } else { format!("given({text})") }
    }
    fn leaf(field: &Field, sure: bool) -> String {
        let value = if is_name(&field.name) {
            format!("p.{}", field.name)
        } else {
            format!("p[{}]", literal(&field.name.as_str().into()))
        };
        let read = match field.shape {
            Shape::Data => format!("parse_json({value})"),
            Shape::NumberOrText => format!("number_or_text({value})"),
            _ => return value,
        };
        if sure { read } else { format!("if {value} != () {{ {read} }}") }
    }
    let mut root = BTreeMap::new();
    for field in &form.fields {
        add(&mut root, 0, field);
    }
    write(&root, 1, &sure)
}

/// Words that Rhai keeps for itself, also as bare keys of a map.
const RESERVED: [&str; 55] = [
    "as",
    "async",
    "await",
    "break",
    "call",
    "case",
    "catch",
    "const",
    "continue",
    "curry",
    "debug",
    "default",
    "do",
    "else",
    "eval",
    "exit",
    "export",
    "false",
    "fn",
    "for",
    "go",
    "goto",
    "if",
    "import",
    "in",
    "is",
    "is_def_fn",
    "is_def_var",
    "is_shared",
    "let",
    "loop",
    "match",
    "module",
    "new",
    "nil",
    "null",
    "package",
    "print",
    "private",
    "protected",
    "public",
    "return",
    "shared",
    "spawn",
    "static",
    "super",
    "switch",
    "sync",
    "this",
    "thread",
    "throw",
    "true",
    "try",
    "type_of",
    "until",
];

fn is_name(text: &str) -> bool {
    let head = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let body = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    head && body && !RESERVED.contains(&text) && !["use", "var", "void", "while", "with", "yield", "Fn"].contains(&text)
}

fn key(name: &str) -> String {
    if is_name(name) { name.to_string() } else { literal(&name.into()) }
}

/// A value as Rhai writes it.
fn literal(value: &Value) -> String {
    match value {
        Value::Null => "()".into(),
        Value::String(text) => {
            let mut out = String::from('"');
            for letter in text.chars() {
                match letter {
                    '"' => out.push_str("\\\""),
                    '\\' => out.push_str("\\\\"),
                    '\n' => out.push_str("\\n"),
                    '\t' => out.push_str("\\t"),
                    '\r' => out.push_str("\\r"),
                    other => out.push(other),
                }
            }
            out + "\""
        }
        Value::Array(list) => format!("[{}]", list.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let fields: Vec<String> =
                map.iter().map(|(name, value)| format!("{}: {}", key(name), literal(value))).collect();
            if fields.is_empty() { "#{}".into() } else { format!("#{{ {} }}", fields.join(", ")) }
        }
        other => other.to_string(),
    }
}
