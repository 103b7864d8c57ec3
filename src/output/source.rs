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

/// How many lines around a label are prepared to be drawn: more than a snippet shows of them.
const AROUND: usize = 2 * NEAR;

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
    /// The number of its first line, which isn't 1 where the text is an excerpt.
    first: usize,
}

/// A part of a source.
#[derive(Debug, Clone, Copy)]
pub(super) struct Excerpt<'s> {
    text: &'s str,
    /// The number of its first line.
    first: usize,
}

/// A source that many findings are about: its lines are found without counting them again.
#[derive(Debug)]
pub(super) struct Lines<'s> {
    text: &'s str,
    starts: Vec<usize>,
}

impl<'s> Lines<'s> {
    pub(super) fn of(text: &'s str) -> Lines<'s> {
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        Lines { text, starts: std::iter::once(0).chain(ends).collect() }
    }

    /// The lines around one, as many as a snippet may show.
    pub(super) fn around(&self, line: usize) -> Excerpt<'s> {
        let first = line.saturating_sub(AROUND).max(1);
        let start = self.starts.get(first - 1).copied().unwrap_or(self.text.len());
        let end = self.starts.get(line.saturating_add(AROUND)).copied().unwrap_or(self.text.len());
        Excerpt { text: &self.text[start..end], first }
    }
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
        self.mark_in(label, place, Excerpt { text: source, first: 1 }, width)
    }

    /// The same in a part of the source.
    pub(super) fn mark_in(&mut self, label: &str, place: &Place, source: Excerpt<'_>, width: usize) -> bool {
        if let Some(known) = self.marks.iter_mut().find(|mark| mark.place == *place) {
            // Recursion comes through one place many times.
            if known.label.is_empty() {
                known.label = label.to_string();
            }
            return true;
        }
        let Some(below) = place.line.checked_sub(source.first) else { return false };
        if source.text.lines().nth(below).is_none() {
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
                self.files.push(File {
                    name: place.file.clone(),
                    text: shown(source.text, width),
                    start,
                    first: source.first,
                });
                start
            }
        };
        let Some(file) = self.files.iter().find(|file| file.start == start) else { return false };
        let Some(below) = place.line.checked_sub(file.first) else { return false };
        let before: usize = file.text.split('\n').take(below).map(|line| line.len() + 1).sum();
        let line = file.text.split('\n').nth(below).unwrap_or_default();
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
            contents.line() + file.first - 1,
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
    fn an_excerpt_has_the_lines_around_with_their_numbers() {
        let text: String = (1..=100).map(|line| format!("line {line}\n")).collect();
        let lines = Lines::of(&text);
        let excerpt = |line| {
            let Excerpt { text, first } = lines.around(line);
            (first, text.lines().next().map(str::to_owned), text.lines().count())
        };
        assert_eq!(excerpt(50), (38, Some("line 38".into()), 25));
        assert_eq!(excerpt(1), (1, Some("line 1".into()), 13));
        assert_eq!(excerpt(100), (88, Some("line 88".into()), 13));
        assert_eq!(excerpt(0).0, 1);
        assert_eq!(excerpt(1000), (988, None, 0));
        let mut sources = Sources::default();
        assert!(sources.mark_in("x", &Place::at("a", 50, 1), lines.around(50), 80));
        let label = &sources.labels()[0];
        let contents = sources.read_span(label.inner(), 1, 1).unwrap();
        assert_eq!((contents.line(), contents.data()), (48, "line 49\nline 50\nline 51\n".as_bytes()));
        assert!(!Sources::default().mark_in("x", &Place::at("b", 1000, 1), lines.around(1000), 80));
    }

    #[test]
    fn places_outside_the_source_are_refused() {
        let mut sources = Sources::default();
        assert!(!sources.mark("x", &Place::at("a", 3, 1), "one\ntwo\n", 80));
        assert!(!sources.mark("x", &Place::file("a"), "one\n", 80));
        assert!(sources.mark("x", &Place::at("a", 2, 9), "one\ntwo", 80));
    }
}
