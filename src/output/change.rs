//! One change as a line, and what it alters: fields, file diffs. A plan shows both, an apply the line.

use super::look::{Look, clean, one_line};
use super::words::{self, count};
use crate::report::{Action, Diff, FileDiff};

/// Lines shown of a new file or value before `--verbose` is needed.
const NEW: usize = 8;
/// Lines that a change's new files have together to be shown whole: few and short ones are what is to be read.
const FEW: usize = 80;
/// Lines of a value that is shown whole.
const SHORT: usize = 20;
/// Lines shown of a changed file's hunks.
const CHANGED: usize = 40;
/// Cutting fewer lines than this saves nothing.
const WORTH: usize = 3;

/// `+ commit acme/payments-api main (12 files, +342 −0)`
pub(super) fn line(look: &Look, action: Action, kind: &str, target: &str, diff: &Diff, note: Option<&str>) -> String {
    let mut line = format!("{} {} {}", look.action(action), words::kind(kind), look.bold(&one_line(target)));
    if !diff.files.is_empty() {
        let added = diff.files.iter().map(|file| file.added).sum();
        let removed = diff.files.iter().map(|file| file.removed).sum();
        let size = format!(" ({}, {})", count(diff.files.len(), "file"), stat(look, added, removed));
        line.push_str(&look.dim(&size));
    }
    if let Some(note) = note {
        line.push_str(&look.dim(&format!(" {} {}", look.symbol("·", "-"), one_line(note))));
    }
    line
}

/// `= repository acme/payments-api`
pub(super) fn unchanged(look: &Look, kind: &str, target: &str) -> String {
    look.dim(&format!("= {} {}", words::kind(kind), one_line(target)))
}

/// The lines below a change's own, not indented.
pub(super) fn details(look: &Look, action: Action, diff: &Diff, verbose: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let width = diff.fields.iter().map(|(name, ..)| name.chars().count()).max().unwrap_or(0).min(20);
    for (name, before, after) in &diff.fields {
        field(&mut lines, look, width, (action, name, before.as_deref(), after.as_deref()), verbose);
    }
    let new = diff.files.iter().filter(|file| file.action == Action::Create);
    let most = if new.map(|file| file.added).sum::<usize>() <= FEW { FEW } else { NEW };
    for file in &diff.files {
        lines.extend(self::file(look, file, most, verbose));
    }
    lines
}

fn field(
    lines: &mut Vec<String>,
    look: &Look,
    width: usize,
    (action, name, before, after): (Action, &str, Option<&str>, Option<&str>),
    verbose: bool,
) {
    let name = clean(name);
    if [before, after].into_iter().flatten().any(|value| value.trim_end().contains('\n')) {
        // Whether a value ends in a newline is of no interest.
        let bytes = |value: Option<&str>| value.map(|value| format!("{}\n", value.trim_end()).into_bytes());
        let diff = FileDiff::between("", bytes(before).as_deref(), bytes(after).as_deref());
        let most = |diff: &FileDiff| if diff.added <= SHORT { SHORT } else { NEW };
        lines.push(look.dim(&name));
        lines.extend(body(look, &diff, most(&diff), verbose).into_iter().map(|line| format!("  {line}")));
        return;
    }
    let value = |value: Option<&str>| match value {
        Some("") => look.dim("(empty)"),
        Some(value) => look.value(value.trim_end()),
        None => look.dim("(none)"),
    };
    let values = match (action, before, after) {
        (Action::Create, None, after) => value(after),
        (Action::Delete, before, None) => value(before),
        (_, before, after) => format!("{} {} {}", value(before), look.dim(look.symbol("→", "->")), value(after)),
    };
    lines.push(format!("{}  {values}", look.dim(&format!("{name:width$}"))));
}

fn file(look: &Look, file: &FileDiff, most: usize, verbose: bool) -> Vec<String> {
    let size = match file.action {
        Action::Update if file.text.is_empty() => " (binary)".to_string(),
        Action::Create => String::new(),
        Action::Delete if file.text.is_empty() => String::new(),
        Action::Update => format!(" ({})", stat(look, file.added, file.removed)),
        Action::Delete => format!(" ({}{})", look.symbol("−", "-"), file.removed),
    };
    let mut lines = vec![format!("{} {}{}", look.action(file.action), one_line(&file.path), look.dim(&size))];
    if file.action != Action::Delete || verbose {
        lines.extend(body(look, file, most, verbose).into_iter().map(|line| format!("  {line}")));
    }
    lines
}

/// The contents of a new file, of which so many lines at most, or the hunks of a changed one.
fn body(look: &Look, file: &FileDiff, most: usize, verbose: bool) -> Vec<String> {
    let text = clean(&file.text);
    let whole = file.action == Action::Create;
    let one_sided = file.action != Action::Update;
    let lines: Vec<&str> = text.lines().filter(|line| !(one_sided && line.starts_with(['@', '\\']))).collect();
    let most = if whole { most } else { CHANGED };
    let shown = if verbose || lines.len() < most + WORTH { lines.len() } else { most };
    let edge = look.dim(look.symbol("│", "|"));
    let mut body: Vec<String> = lines[..shown]
        .iter()
        .map(|line| match line.chars().next() {
            // A new file is read as a file; the sign before each of its lines says nothing.
            Some('+') if whole => format!("{edge} {}", look.value(&line[1..])).trim_end().to_string(),
            Some('+') => look.green(line),
            Some('-') => look.red(line),
            Some('@') => look.cyan(line),
            Some('\\') => look.dim(line),
            _ => line.trim_end().to_string(),
        })
        .collect();
    if shown < lines.len() {
        let more = count(lines.len() - shown, "more line");
        body.push(look.dim(&format!("{} {more} (--verbose shows all)", look.symbol("…", "..."))));
    }
    body
}

fn stat(look: &Look, added: usize, removed: usize) -> String {
    format!("+{added} {}{removed}", look.symbol("−", "-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(lines: &[usize]) -> Vec<usize> {
        let text = |lines: usize| "a: b\n".repeat(lines).into_bytes();
        let new =
            |(number, lines): (usize, &usize)| FileDiff::between(&format!("{number}.yaml"), None, Some(&text(*lines)));
        let diff = Diff { files: lines.iter().enumerate().map(new).collect(), ..Diff::default() };
        let said = details(&Look::default(), Action::Create, &diff, false);
        let parts = said.split(|line| line.starts_with('+')).skip(1);
        parts.map(|lines| lines.iter().filter(|line| line.contains("a: b")).count()).collect()
    }

    #[test]
    fn few_lines_are_shown_whole() {
        assert_eq!(shown(&[40, 40]), [40, 40]);
        assert_eq!(shown(&[40, 10, 41]), [8, 10, 8]);
    }
}
