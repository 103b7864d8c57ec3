//! A form as Rhai: `params()` for a golden path, and `spec(p)`, which puts what was given where the claim has it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Field, Form, Shape};

/// The two functions as text.
pub fn params(form: &Form) -> String {
    let mut text =
        format!("// Fields of {}, {}, as {} defines them.\n", form.kind, form.api_version(), form.definition);
    text.push_str("fn params() {\n    #{\n");
    for field in &form.fields {
        text.push_str(&format!("        {}: {},\n", key(&field.name), param(field)));
    }
    text.push_str("    }\n}\n\n/// The claim's `spec`; what wasn't given is left out.\nfn spec(p) {\n");
    text.push_str(&format!("    {}\n}}\n", tree(form)));
    text
}

/// One parameter's declaration.
fn param(field: &Field) -> String {
    let kind = match field.shape {
        Shape::Text | Shape::Data => "string",
        Shape::Whole => "int",
        Shape::Number => "float",
        Shape::Flag => "bool",
        Shape::Texts => "list",
    };
    let about = if field.shape == Shape::Data { format!("{} (JSON)", field.about) } else { field.about.clone() };
    let mut text = format!("param({}, {})", literal(&kind.into()), literal(&about.into()));
    if !field.choices.is_empty() && field.shape != Shape::Data {
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
    match &field.default {
        Some(default) if field.shape == Shape::Data => {
            text.push_str(&format!(".or_else({})", literal(&default.to_string().into())));
        }
        Some(default) => text.push_str(&format!(".or_else({})", literal(default))),
        None if !field.required => text.push_str(".optional()"),
        None => {}
    }
    text
}

/// The map of `spec` with the parameters in their places.
fn tree(form: &Form) -> String {
    enum Node<'a> {
        Map(BTreeMap<usize, (&'a str, Node<'a>)>),
        Leaf(&'a Field),
    }
    fn add<'a>(map: &mut BTreeMap<usize, (&'a str, Node<'a>)>, path: &'a [String], field: &'a Field) {
        let Some((key, rest)) = path.split_first() else { return };
        if rest.is_empty() {
            map.insert(map.len(), (key, Node::Leaf(field)));
            return;
        }
        let at = map.iter().find(|(_, (known, _))| known == key).map_or(map.len(), |(at, _)| *at);
        let entry = map.entry(at).or_insert_with(|| (key, Node::Map(BTreeMap::new())));
        if let Node::Map(inner) = &mut entry.1 {
            add(inner, rest, field);
        }
    }
    fn write(map: &BTreeMap<usize, (&str, Node)>, depth: usize) -> String {
        if map.is_empty() {
            return "#{}".to_string();
        }
        let indent = "    ".repeat(depth + 1);
        let mut text = "#{\n".to_string();
        for (name, node) in map.values() {
            let value = match node {
                Node::Map(inner) => write(inner, depth + 1),
                Node::Leaf(field) => {
                    let value = if is_name(&field.name) {
                        format!("p.{}", field.name)
                    } else {
                        format!("p[{}]", literal(&field.name.as_str().into()))
                    };
                    let parsed = format!("parse_json({value})");
                    match field.shape {
                        Shape::Data if field.required || field.default.is_some() => parsed,
                        Shape::Data => format!("if {value} != () {{ {parsed} }}"),
                        _ => value,
                    }
                }
            };
            text.push_str(&format!("{indent}{}: {value},\n", key(name)));
        }
        format!("{text}{}}}", "    ".repeat(depth))
    }
    let mut root = BTreeMap::new();
    for field in &form.fields {
        add(&mut root, &field.path, field);
    }
    write(&root, 1)
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
