//! JaCoCo's XML (`report.dtd` 1.1 of jacoco/jacoco), read as a stream: reports of large projects have millions of elements.

use quick_xml::Reader;
use quick_xml::events::attributes::AttrError;
use quick_xml::events::{BytesStart, Event};

use super::coverage::{Counter, Coverage};
use super::{AGAIN, cut_off, unreadable};
use crate::error::{Error, Place, Result};

/// Reads a report of JaCoCo. Nothing but the report's own counters and sessions is kept; a document type is skipped, and entities aren't
/// resolved.
///
/// # Errors
/// `idp::reports::cut_off`, `idp::reports::unreadable`.
pub fn read(file: &str, text: &str) -> Result<Coverage> {
    let mut reader = Reader::from_str(text);
    let mut coverage = Coverage::default();
    let mut depth = 0;
    let mut seen = false;
    loop {
        let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let wrong = |what: String| {
            let place = place(file, text, at);
            unreadable(file, place.line, place.column, &what)
        };
        let event = reader.read_event();
        match event {
            Ok(Event::Start(element)) => {
                look(&element, depth, &mut coverage).map_err(|what| wrong(format!("isn't read: {what}")))?;
                seen |= depth == 0;
                depth += 1;
            }
            Ok(Event::Empty(element)) => {
                look(&element, depth, &mut coverage).map_err(|what| wrong(format!("isn't read: {what}")))?;
                seen |= depth == 0;
            }
            Ok(Event::End(_)) => depth = depth.saturating_sub(1),
            Ok(Event::Eof) if depth > 0 || !seen => return Err(ends(file, text)),
            Ok(Event::Eof) => return Ok(coverage),
            Ok(_) => {}
            Err(quick_xml::Error::Syntax(_)) => return Err(ends(file, text)),
            Err(error) => {
                let at = usize::try_from(reader.error_position()).unwrap_or(usize::MAX);
                let place = place(file, text, at);
                return Err(unreadable(file, place.line, place.column, &format!("isn't XML: {error}")));
            }
        }
    }
}

/// An element that is never closed is what a report that was cut in half looks like.
fn ends(file: &str, text: &str) -> Error {
    let place = place(file, text, text.trim_end().len());
    let what = format!("ends in line {}, in the middle of its XML", place.line);
    cut_off(file, place.line, place.column, &what).help(AGAIN)
}

fn place(file: &str, text: &str, at: usize) -> Place {
    let before = text.get(..at.min(text.len())).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Place::at(file, line, column)
}

fn look(element: &BytesStart<'_>, depth: usize, coverage: &mut Coverage) -> Result<(), String> {
    let name = element.local_name();
    match (depth, name.as_ref()) {
        (0, "report") => {
            coverage.subject = text_of(element, "name")?.unwrap_or_default();
        }
        (0, other) => {
            return Err(format!("it begins with <{other}>, and JaCoCo's begin with <report>"));
        }
        (1, "sessioninfo") => {
            let ended = text_of(element, "dump")?.and_then(|millis| millis.parse::<i64>().ok());
            coverage.generated = coverage.generated.max(ended.map(|millis| millis.div_euclid(1_000)));
        }
        // Those further down are of a group, a package, a class.
        (1, "counter") => {
            let kind = text_of(element, "type")?.unwrap_or_default();
            let counter = Counter { covered: number(element, "covered")?, missed: number(element, "missed")? };
            match kind.as_str() {
                "LINE" => coverage.lines = Some(counter),
                "BRANCH" => coverage.branches = Some(counter),
                "INSTRUCTION" => coverage.instructions = Some(counter),
                _ => {}
            }
        }
        _ => {}
    }
    Ok(())
}

fn text_of(element: &BytesStart<'_>, name: &str) -> Result<Option<String>, String> {
    let attribute = element.try_get_attribute(name).map_err(|error: AttrError| error.to_string())?;
    Ok(attribute.map(|attribute| attribute.value.into_owned()))
}

fn number(element: &BytesStart<'_>, name: &str) -> Result<u64, String> {
    let text = text_of(element, name)?.ok_or_else(|| format!("a counter has no {name}"))?;
    text.parse().map_err(|_| format!("a counter has the {name} `{text}`"))
}
