//! The reference as Markdown: an index, and a page for each primitive and module.

use super::entry::{Chapter, Entry, Kind, Of, Usage, first_sentence};
use crate::error::codes;

/// The index of all pages.
pub fn index(chapters: &[Chapter]) -> String {
    let mut text = String::from(
        "# Reference\n\n\
         Everything that scripts can call. `idp-run explain NAME` shows the same in a terminal. These pages are written by\n\
         `idp-run reference`; change the doc comments instead of them.\n",
    );
    for (of, title) in [(Of::Primitive, "Primitives"), (Of::Module, "Modules"), (Of::Test, "In test files")] {
        text.push_str(&format!("\n## {title}\n\n"));
        for chapter in chapters.iter().filter(|chapter| chapter.of == of) {
            text.push_str(&format!(
                "- [{}]({}): {}\n",
                chapter.name,
                file(chapter),
                first_sentence(&chapter.about).trim_end_matches('.')
            ));
        }
    }
    text.push_str(
        "\n## For machines and editors\n\n\
         - [reference.json](reference.json): the same as data.\n\
         - [definitions/](definitions): Rhai definition files, for the language server.\n",
    );
    text
}

/// The file name of a chapter's page.
pub fn file(chapter: &Chapter) -> String {
    format!("{}.md", chapter.name.replace('/', "-"))
}

/// The page of a chapter.
pub fn page(chapter: &Chapter) -> String {
    let mut text = format!("# {}\n\n{}\n", chapter.name, chapter.about);
    if chapter.of == Of::Module {
        let short = chapter.name.rsplit('/').next().unwrap_or(&chapter.name);
        text.push_str(&format!("\n```rhai\nimport \"{}\" as {short};\n```\n", chapter.name));
    }
    text.push_str("\n| call | does |\n|---|---|\n");
    for entry in &chapter.entries {
        text.push_str(&format!(
            "| [`{}`](#{}) | {} |\n",
            cell(&entry.title),
            anchor(&heading(entry)),
            cell(entry.brief())
        ));
    }
    for entry in &chapter.entries {
        text.push_str(&section(entry));
    }
    text
}

fn section(entry: &Entry) -> String {
    let mut text = format!("\n## {}\n", heading(entry));
    for usage in &entry.usages {
        text.push_str(&format!("\n```text\n{}\n```\n\n{}\n", usage.signature, usage.about));
        text.push_str(&options(usage));
        for example in &usage.examples {
            text.push_str(&format!("\n```rhai\n{example}```\n"));
        }
    }
    if !entry.errors.is_empty() {
        text.push_str("\nErrors:\n\n");
        for code in &entry.errors {
            let title = codes::find(code).map(|meaning| meaning.title.as_str()).unwrap_or_default();
            text.push_str(&format!("- [`{code}`](../errors.md#{}): {title}\n", anchor(code)));
        }
    }
    text
}

fn options(usage: &Usage) -> String {
    if usage.options.is_empty() {
        return String::new();
    }
    let mut text = String::from("\n| option | takes | without it | meaning |\n|---|---|---|---|\n");
    for option in &usage.options {
        let default = if option.default.is_empty() { "nothing" } else { &option.default };
        text.push_str(&format!(
            "| `{}` | {} | {} | {} |\n",
            option.key,
            option.takes,
            cell(default),
            cell(&option.about)
        ));
    }
    if usage.open {
        text.push_str("\nOther keys are data of your own.\n");
    }
    text
}

/// Operators have no name that a heading's anchor could be made of.
fn heading(entry: &Entry) -> String {
    match (entry.kind, entry.name.as_str()) {
        (Kind::Operator, "+") => "plus: `+`".into(),
        (Kind::Operator, "==") => "equal: `==`".into(),
        (Kind::Operator, "!=") => "not equal: `!=`".into(),
        (Kind::Operator, "<") => "less: `<`".into(),
        (Kind::Operator, "<=") => "at most: `<=`".into(),
        (Kind::Operator, ">") => "greater: `>`".into(),
        (Kind::Operator, ">=") => "at least: `>=`".into(),
        (Kind::Operator, name) => format!("operator `{name}`"),
        _ => entry.title.clone(),
    }
}

/// The anchor that Markdown renderers make of a heading.
fn anchor(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | ' '))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
