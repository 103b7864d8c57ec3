//! The reference as Rhai definition files, which the language server reads to complete names and show their words.

use super::entry::{Chapter, Entry, Kind, Of, Usage};

/// The file of all primitives and of what tests have besides, or that of one module.
pub fn file(chapters: &[&Chapter]) -> String {
    let mut text = String::new();
    if let Some(module) = chapters.iter().find(|chapter| chapter.of == Of::Module) {
        text.push_str(&comment(&module.about));
        text.push_str(&format!("module \"{}\";\n", module.name));
    } else {
        text.push_str("/// What scripts can call without an import.\nmodule static;\n");
    }
    for entry in chapters.iter().flat_map(|chapter| &chapter.entries) {
        for usage in &entry.usages {
            text.push_str(&definition(entry, usage));
        }
    }
    text
}

fn definition(entry: &Entry, usage: &Usage) -> String {
    let mut words = usage.about.clone();
    if !usage.options.is_empty() {
        words.push_str("\n\nOptions:\n");
        for option in &usage.options {
            words.push_str(&format!("- `{}`: {}, {}\n", option.key, option.takes, option.about));
        }
    }
    for example in &usage.examples {
        words.push_str(&format!("\n\n```rhai\n{example}```"));
    }
    let mut text = format!("\n{}", comment(&words));
    let on = entry.on.as_ref().map(|on| format!("{}: {on}", entry.title.split('.').next().unwrap_or("it")));
    let parameter = |name: &str, takes: &str| format!("{name}: {}", kind(takes));
    let all: Vec<String> = usage.parameters.iter().map(|p| parameter(&p.name, &p.takes)).collect();
    let returns = kind(&usage.returns);
    let mut one = |parameters: &[String]| {
        let inside: Vec<&str> = on.iter().map(String::as_str).chain(parameters.iter().map(String::as_str)).collect();
        text.push_str(&match entry.kind {
            Kind::Property => format!("fn get {}({}) -> {returns};\n", entry.name, inside.join(", ")),
            Kind::Operator => {
                let kinds: Vec<&str> =
                    inside.iter().map(|side| side.split_once(": ").map_or(*side, |(_, kind)| kind)).collect();
                format!("op {}({}) -> {returns};\n", entry.name, kinds.join(", "))
            }
            _ => format!("fn {}({}) -> {returns};\n", entry.name, inside.join(", ")),
        });
    };
    if usage.parameters.last().is_some_and(|last| last.optional) {
        one(&all[..all.len() - 1]);
    }
    one(&all);
    text
}

fn comment(words: &str) -> String {
    words.lines().map(|line| format!("/// {line}").trim_end().to_string() + "\n").collect()
}

/// A type as definition files write it.
fn kind(takes: &str) -> &str {
    match takes {
        "text" => "String",
        "list" => "Array",
        "map" => "Map",
        "function" => "FnPtr",
        "any" | "" => "?",
        other if other.contains(' ') => "?",
        other => other,
    }
}
