//! Syntax errors in words that help: what the parser says, where, and what is the usual cause. Called by the loader.

use std::ops::Range;

use granit_parser::{ErrorKind, ScanError};

use super::MAX_DEPTH;
use super::tree::Source;
use crate::error::Error;

/// Dresses an error of the parser, which had a part of the text.
pub fn syntax(source: &Source, part: &Range<usize>, error: &ScanError) -> Error {
    let said_at = error.marker().byte_offset().map_or(part.end, |at| part.start + at);
    let tab = is_of_tabs(error.kind()).then(|| tab_in_indent(source, said_at)).flatten();
    let at = tab.unwrap_or(said_at);
    let place = source.place(at);
    if *error.kind() == ErrorKind::RecursionLimitExceeded {
        return Error::invalid("idp::yaml::too_deep", format!("nested deeper than {MAX_DEPTH} levels")).at(place);
    }
    let said = if tab.is_some() { "a tab in the indentation".to_owned() } else { said(error) };
    let dressed = Error::invalid("idp::yaml::syntax", format!("not valid YAML: {said}")).at(place);
    match help(source, error.kind(), at) {
        Some(help) => dressed.help(help),
        None => dressed,
    }
}

fn is_of_tabs(kind: &ErrorKind) -> bool {
    use ErrorKind::*;
    matches!(kind, TabNotAllowed | TabInBlockIndentation | TabInIndentation | TabAtBlockScalarStart | TabInPlainScalar)
}

/// The first tab that indents the line where the parser stopped, or one behind it: it takes a line that a tab begins for
/// more of the value before it.
fn tab_in_indent(source: &Source, at: usize) -> Option<usize> {
    let before = source.text.get(..at)?;
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let mut offset = start;
    for line in source.text.get(start..)?.split_inclusive('\n').take(MOST_LINES_BEHIND) {
        let indent = line.len() - line.trim_start_matches([' ', '\t', '-']).len();
        let tab = line[..indent].find('\t').filter(|_| !line.trim().is_empty());
        // A tab behind a dash parts it from its element, which YAML takes.
        if let Some(tab) = tab.filter(|tab| !line[..*tab].contains('-')) {
            return Some(offset + tab);
        }
        offset += line.len();
    }
    None
}

/// How far behind the place that the parser names its tab may be.
const MOST_LINES_BEHIND: usize = 100;

fn said(error: &ScanError) -> String {
    match error.kind() {
        ErrorKind::UnknownAnchor => "this alias has no anchor before it".to_owned(),
        ErrorKind::MappingValueNotAllowed => "a `: ` where no map can begin".to_owned(),
        ErrorKind::SimpleKeyExpected => "a key without `: `".to_owned(),
        ErrorKind::UnclosedQuotedScalar => "a quote that is never closed".to_owned(),
        ErrorKind::UnclosedFlowCollection { open } => format!("`{open}` that is never closed"),
        _ => error.info(),
    }
}

fn help(source: &Source, kind: &ErrorKind, at: usize) -> Option<&'static str> {
    use ErrorKind::*;
    match kind {
        kind if is_of_tabs(kind) => return Some("indent with spaces: YAML takes no tabs there"),
        UnknownAnchor => return Some("quote the value if it is text that begins with `*`"),
        UnknownQuotedScalarEscape | InvalidQuotedScalarHexEscape => {
            return Some("in double quotes a backslash begins an escape: write it twice, or use single quotes");
        }
        UnclosedQuotedScalar | DocumentIndicatorInQuotedScalar | InvalidQuotedScalarIndent => {
            return Some("close the quote");
        }
        _ => {}
    }
    let lines = around(source, at);
    if lines.iter().any(|line| indented_with_tab(line)) {
        return Some("indent with spaces: YAML takes no tabs there");
    }
    if let Some(help) = lines.iter().find_map(|line| template(line)) {
        return Some(help);
    }
    if lines.iter().any(|line| starts_reserved(line)) {
        return Some("quote a value that begins with `@`, `%` or a backtick");
    }
    if *kind == MappingValueNotAllowed && lines.first().is_some_and(|line| line.matches(": ").count() > 1) {
        return Some("quote a value that has `: ` in it");
    }
    if lines.iter().any(|line| misses_space(line)) {
        return Some("put a space after the colon of a key");
    }
    match kind {
        InvalidColonPlacement
        | UnclosedFlowCollection { .. }
        | UnexpectedEofFlowMapping
        | UnexpectedEofFlowSequence => Some("close the bracket"),
        MappingValueNotAllowed | InvalidIndentation | ExpectedBlockMappingKey | SimpleKeyExpected => {
            Some("keys of one map begin in the same column; check the indentation here and in the line before")
        }
        _ => None,
    }
}

/// A usual cause that can be told from the place alone.
pub fn help_at(source: &Source, at: usize) -> Option<&'static str> {
    around(source, at).first().and_then(|line| template(line))
}

/// The line of a byte, then the last one before it that is not blank.
fn around(source: &Source, at: usize) -> Vec<&str> {
    let at = at.min(source.text.len());
    let before = source.text.get(..at).unwrap_or_default();
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let here = source.text.get(start..).unwrap_or_default().lines().next();
    let previous = source.text.get(..start).unwrap_or_default().lines().rev().find(|line| !line.trim().is_empty());
    here.into_iter().chain(previous).collect()
}

fn template(line: &str) -> Option<&'static str> {
    let value = line.split_once(": ").map_or(line.trim_start_matches([' ', '-']), |(_, value)| value.trim_start());
    value.starts_with("{{").then_some("quote a value that begins with a template: \"{{ … }}\"")
}

fn indented_with_tab(line: &str) -> bool {
    line.chars().take_while(|c| c.is_whitespace()).any(|c| c == '\t')
}

fn starts_reserved(line: &str) -> bool {
    line.split_once(": ").is_some_and(|(_, value)| value.trim_start().starts_with(['@', '%', '`']))
}

/// `key:value` where nothing else stands in the line.
fn misses_space(line: &str) -> bool {
    let line = line.trim_start_matches([' ', '-']);
    line.split_once(':').is_some_and(|(key, value)| {
        let word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
        !key.is_empty()
            && key.chars().all(word)
            && !value.is_empty()
            && !value.starts_with(|c: char| c.is_whitespace() || c == '/')
    })
}
