//! The scripts that a failure came through, as one source for miette: several files, one label a place.
//! Made by `diagnostic`.

use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::look::hostile;
use super::words::count;
use crate::error::Place;

/// Labels beyond this many are summed up in the last: deep recursion says little by its middle.
const MOST: usize = 8;

/// Labels with at most about this many lines between them share a snippet.
const NEAR: usize = 6;

/// Files one behind the other in one range of offsets, so that a span belongs to exactly one of them. miette joins
/// labels that are near each other into one snippet, and draws a snippet of its own for each other file.
#[derive(Debug, Default)]
pub(super) struct Sources {
    files: Vec<File>,
    marks: Vec<Mark>,
    unlabelled: usize,
}

#[derive(Debug)]
struct File {
    name: String,
    text: String,
    start: usize,
}

#[derive(Debug)]
struct Mark {
    place: Place,
    offset: usize,
    length: usize,
    label: String,
}

impl Sources {
    /// Adds a label. False if the source has no such place; then it can only be named.
    pub(super) fn mark(&mut self, label: &str, place: &Place, source: &str, width: usize) -> bool {
        if let Some(known) = self.marks.iter_mut().find(|mark| mark.place == *place) {
            // Recursion comes through one place many times.
            if known.label.is_empty() {
                known.label = label.to_string();
            }
            return true;
        }
        if source.lines().nth(place.line.wrapping_sub(1)).is_none() {
            return false;
        }
        if self.marks.len() == MOST {
            self.unlabelled += 1;
            return true;
        }
        let start = match self.files.iter().find(|file| file.name == place.file) {
            Some(file) => file.start,
            None => {
                // One past the end stays free, so that the end of one file isn't the start of the next.
                let start = self.files.last().map_or(0, |file| file.start + file.text.len() + 1);
                self.files.push(File { name: place.file.clone(), text: shown(source, width), start });
                start
            }
        };
        let Some(file) = self.files.iter().find(|file| file.start == start) else { return false };
        let before: usize = file.text.split('\n').take(place.line - 1).map(|line| line.len() + 1).sum();
        let line = file.text.split('\n').nth(place.line - 1).unwrap_or_default();
        let (column, length) = token(line, place.column);
        self.marks.push(Mark {
            place: place.clone(),
            offset: start + before + column,
            length,
            label: label.to_string(),
        });
        true
    }

    /// Adds a label to a file that is already shown. False if it isn't.
    pub(super) fn mark_again(&mut self, label: &str, place: &Place) -> bool {
        let Some(text) = self.files.iter().find(|file| file.name == place.file).map(|file| file.text.clone()) else {
            return false;
        };
        self.mark(label, place, &text, usize::MAX)
    }

    /// The labels; the first that was added is the primary one.
    pub(super) fn labels(&self) -> Vec<LabeledSpan> {
        let last = self.marks.len().saturating_sub(1);
        let label = |(at, mark): (usize, &Mark)| {
            let mut text = mark.label.clone();
            if at == last && self.unlabelled > 0 {
                text.push_str(&format!(" (and {})", count(self.unlabelled, "more call")));
            }
            let text = Some(text).filter(|text| !text.is_empty());
            let span = SourceSpan::new(mark.offset.into(), mark.length);
            if at == 0 {
                LabeledSpan::new_primary_with_span(text, span)
            } else {
                LabeledSpan::new_with_span(text, span)
            }
        };
        self.marks.iter().enumerate().map(label).collect()
    }

    /// Which label, in the order of the text, is the primary one.
    pub(super) fn primary(&self) -> Option<usize> {
        let first = self.marks.first()?;
        Some(self.marks.iter().filter(|mark| mark.offset < first.offset).count())
    }

    /// How many labels there are.
    pub(super) fn len(&self) -> usize {
        self.marks.len()
    }
}

impl SourceCode for Sources {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let file = self.files.iter().rfind(|file| file.start <= span.offset()).ok_or(MietteError::OutOfBounds)?;
        let local = SourceSpan::new((span.offset() - file.start).into(), span.len());
        let contents = file.text.read_span(&local, before, after)?;
        // The place as editors know it: miette would count bytes.
        let name = match self.marks.iter().find(|mark| mark.offset == span.offset()) {
            Some(mark) => mark.place.to_string(),
            None => file.name.clone(),
        };
        // miette joins labels by this count. Its own starts at the top of the file, which joins what is far apart.
        let lines = contents.data().iter().filter(|byte| **byte == b'\n').count() + NEAR;
        let span = SourceSpan::new((file.start + contents.span().offset()).into(), contents.span().len());
        Ok(Box::new(MietteSpanContents::new_named(
            name,
            contents.data(),
            span,
            contents.line(),
            contents.column(),
            lines,
        )))
    }
}

/// The text as it is drawn: nothing that drives the terminal, no line wider than it.
fn shown(source: &str, width: usize) -> String {
    let mut text = String::with_capacity(source.len());
    for line in source.lines() {
        let cut = line.chars().count() > width;
        let keep = if cut { width.saturating_sub(1) } else { usize::MAX };
        text.extend(line.chars().take(keep).map(|c| if hostile(c) { '\u{fffd}' } else { c }));
        if cut {
            text.push('…');
        }
        text.push('\n');
    }
    text
}

/// Byte offset and length of the word at a 1-based column; of the line's text for column 0.
fn token(line: &str, column: usize) -> (usize, usize) {
    if column == 0 {
        let text = line.trim();
        return (line.len() - line.trim_start().len(), text.len());
    }
    let Some((start, first)) = line.char_indices().nth(column - 1) else { return (line.len(), 0) };
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let length = match first {
        c if word(c) => line[start..].find(|c| !word(c)).unwrap_or(line.len() - start),
        quote @ ('"' | '`') => line[start + 1..].find(quote).map_or(1, |end| end + 2),
        c => c.len_utf8(),
    };
    (start, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_spans_the_word_at_its_column() {
        assert_eq!(token("  repo.commit(x)", 8), (7, 6));
        assert_eq!(token(r#"x = "ab c";"#, 5), (4, 6));
        assert_eq!(token("  a b ", 0), (2, 3));
        assert_eq!(token("ä = 1", 3), (3, 1));
        assert_eq!(token("a", 9), (1, 0));
    }

    #[test]
    fn places_outside_the_source_are_refused() {
        let mut sources = Sources::default();
        assert!(!sources.mark("x", &Place::at("a", 3, 1), "one\ntwo\n", 80));
        assert!(!sources.mark("x", &Place::file("a"), "one\n", 80));
        assert!(sources.mark("x", &Place::at("a", 2, 9), "one\ntwo", 80));
    }
}
