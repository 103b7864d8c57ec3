//! YAML as sigs.k8s.io/yaml writes it: through JSON, and then by go-yaml v2, whose order of keys, quotes and block scalars
//! these are, and its folding of long lines. Called by `toYaml`.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value as Json;

use super::limits::{Budget, Fault};
use super::sprig::json;
use super::strconv::{format_float, is_digit, is_letter};
use super::value::{Numbers, Value};
use crate::formats::yaml::scalar::{Plain, resolve};

/// A value as YAML, with a line break at its end.
pub fn to_yaml(value: &Value, budget: &mut Budget) -> Result<String, Fault> {
    let mut out = Emitter { out: String::new(), column: 0, whitespace: true, indention: true, budget };
    out.node(value, Place::Root, None, 0)?;
    out.line(0);
    Ok(out.out)
}

/// Reads a YAML text as sigs.k8s.io/yaml reads it into an empty interface.
pub fn from_yaml(text: &str, budget: &mut Budget) -> Result<Json, Fault> {
    budget.room(text.len().saturating_mul(4))?;
    let documents = crate::formats::yaml::parse("yaml", text).map_err(|error| error.to_string())?;
    Ok(documents.into_iter().next().map_or(Json::Null, |document| document.value))
}

/// A value of JSON for a template.
pub fn from_json(json: &Json) -> Value {
    Value::from_json(json, Numbers::Floats)
}

/// What a node is in.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Root,
    Sequence,
    Mapping,
    SimpleKey,
}

/// The state of go-yaml's emitter, as far as blocks need it.
struct Emitter<'b> {
    out: String,
    column: usize,
    whitespace: bool,
    indention: bool,
    budget: &'b mut Budget,
}

#[derive(Clone, Copy, PartialEq)]
enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// What a text has in it that decides on its style.
struct Found {
    multiline: bool,
    plain: bool,
    single: bool,
    block: bool,
}

const INDENT: usize = 2;
/// Where a line is folded at the next space.
const WIDTH: usize = 80;
/// The longest key that stands before its colon without a question mark.
const SIMPLE_KEY: usize = 128;

type Done = Result<(), Fault>;

impl Emitter<'_> {
    /// A node, given the indent of the collection around it.
    fn node(&mut self, value: &Value, place: Place, indent: Option<usize>, depth: usize) -> Done {
        self.budget.step(1)?;
        self.budget.check_depth(depth)?;
        if self.out.len() > self.budget.memory_left() {
            self.budget.room(self.out.len())?;
        }
        match value {
            Value::List(list) if list.is_nil() => self.scalar("null", Style::Plain, place, indent),
            Value::Map(map) if map.is_nil() => self.scalar("null", Style::Plain, place, indent),
            Value::List(list) if list.items().is_empty() => {
                self.indicator("[", true, true);
                self.indicator("]", false, false);
                Ok(())
            }
            Value::Map(map) if map.len() == 0 => {
                self.indicator("{", true, true);
                self.indicator("}", false, false);
                Ok(())
            }
            Value::List(list) => {
                let indentless = place == Place::Mapping && !self.indention;
                let inner = match indent {
                    None => 0,
                    Some(indent) if indentless => indent,
                    Some(indent) => indent + INDENT,
                };
                for item in list.items() {
                    self.line(inner);
                    self.indention_indicator("-");
                    self.node(item, Place::Sequence, Some(inner), depth + 1)?;
                }
                Ok(())
            }
            Value::Map(map) => {
                let inner = indent.map_or(0, |indent| indent + INDENT);
                let mut entries = map.snapshot();
                entries.sort_by(|(a, _), (b, _)| compare_keys(a, b));
                for (key, value) in entries {
                    if key.contains('\u{85}') {
                        // A key of several lines is none.
                        return Err("yaml: line 1: did not find expected ',' or '}'".into());
                    }
                    let key = read_back(&key)?;
                    self.line(inner);
                    let style = style_of(&key);
                    if key.len() <= SIMPLE_KEY && !analyse(&key).multiline {
                        self.scalar(&key, style, Place::SimpleKey, Some(inner))?;
                        self.indicator(":", false, false);
                    } else {
                        self.indention_indicator("?");
                        self.scalar(&key, style, Place::Mapping, Some(inner))?;
                        self.line(inner);
                        self.indention_indicator(":");
                    }
                    self.node(&value, Place::Mapping, Some(inner), depth + 1)?;
                }
                Ok(())
            }
            Value::Str(text) => {
                let text = read_back(text)?;
                self.scalar(&text, style_of(&text), place, indent)
            }
            Value::Time(_) | Value::Version(_) => {
                let text = json(value, super::sprig::Style::Raw, self.budget)?;
                let text = text.trim_matches('"');
                self.scalar(text, style_of(text), place, indent)
            }
            Value::Float(number) => {
                let text = number_text(*number)?;
                self.scalar(&text, Style::Plain, place, indent)
            }
            other => {
                let text = json(other, super::sprig::Style::Short, self.budget)?;
                self.scalar(&text, Style::Plain, place, indent)
            }
        }
    }

    fn put(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }

    fn line_break(&mut self) {
        self.out.push('\n');
        self.column = 0;
    }

    fn line(&mut self, indent: usize) {
        if !self.indention || self.column > indent || self.column == indent && !self.whitespace {
            self.line_break();
        }
        while self.column < indent {
            self.put(' ');
        }
        self.whitespace = true;
        self.indention = true;
    }

    fn indicator(&mut self, text: &str, needs_space: bool, is_space: bool) {
        if needs_space && !self.whitespace {
            self.put(' ');
        }
        text.chars().for_each(|c| self.put(c));
        self.whitespace = is_space;
        self.indention = false;
    }

    /// `-`, `?` or `:` at the beginning of a line, behind which a collection may go on.
    fn indention_indicator(&mut self, text: &str) {
        let indention = self.indention;
        self.indicator(text, true, false);
        self.indention = indention;
    }

    fn scalar(&mut self, text: &str, style: Style, place: Place, indent: Option<usize>) -> Done {
        let found = analyse(text);
        let is_key = place == Place::SimpleKey;
        let mut style = if is_key && found.multiline { Style::Double } else { style };
        if style == Style::Plain && (!found.plain || text.is_empty() && is_key) {
            style = Style::Single;
        }
        if style == Style::Single && !found.single || style == Style::Literal && (!found.block || is_key) {
            style = Style::Double;
        }
        self.budget.room(text.len().saturating_mul(2))?;
        let inner = indent.map_or(INDENT, |indent| indent + INDENT);
        match style {
            Style::Plain => self.plain(text, inner, !is_key),
            Style::Single => self.single(text, inner, !is_key),
            Style::Double => self.double(text, inner, !is_key),
            Style::Literal => self.literal(text, inner),
        }
        Ok(())
    }

    fn plain(&mut self, text: &str, indent: usize, folds: bool) {
        if !self.whitespace {
            self.put(' ');
        }
        let mut after_space = false;
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            if c == ' ' && folds && !after_space && self.column > WIDTH && chars.peek() != Some(&' ') {
                self.line(indent);
            } else {
                self.put(c);
                self.indention &= c == ' ';
            }
            after_space = c == ' ';
        }
        self.whitespace = false;
        self.indention = false;
    }

    fn single(&mut self, text: &str, indent: usize, folds: bool) {
        self.indicator("'", true, false);
        let (mut breaks, mut after_space) = (false, false);
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            if c == ' ' {
                // Neither the first nor the last sign.
                let within = at > 0 && chars.peek().is_some_and(|(_, next)| *next != ' ');
                if folds && !after_space && self.column > WIDTH && within {
                    self.line(indent);
                } else {
                    self.put(c);
                }
                after_space = true;
                continue;
            }
            if is_break(c) {
                if !breaks && c == '\n' {
                    self.line_break();
                }
                self.broken(c);
                breaks = true;
                self.indention = true;
                continue;
            }
            if breaks {
                self.line(indent);
            }
            if c == '\'' {
                self.put('\'');
            }
            self.put(c);
            self.indention = false;
            (breaks, after_space) = (false, false);
        }
        self.indicator("'", false, false);
    }

    fn broken(&mut self, c: char) {
        if c == '\n' {
            self.line_break();
        } else {
            self.out.push(c);
            self.column = 0;
        }
    }

    fn double(&mut self, text: &str, indent: usize, folds: bool) {
        self.indicator("\"", true, false);
        let mut after_space = false;
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            if c == ' ' {
                let next = chars.peek().map(|(_, next)| *next);
                if folds && !after_space && self.column > WIDTH && at > 0 && next.is_some() {
                    self.line(indent);
                    if next == Some(' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(c);
                }
                after_space = true;
                continue;
            }
            after_space = false;
            let escape = match c {
                '\0' => "\\0",
                '\x07' => "\\a",
                '\x08' => "\\b",
                '\t' => "\\t",
                '\n' => "\\n",
                '\x0b' => "\\v",
                '\x0c' => "\\f",
                '\r' => "\\r",
                '\x1b' => "\\e",
                '"' => "\\\"",
                '\\' => "\\\\",
                '\u{85}' => "\\N",
                '\u{2028}' => "\\L",
                '\u{2029}' => "\\P",
                c if is_printable(c) => {
                    self.put(c);
                    continue;
                }
                c if (c as u32) <= 0xff => &format!("\\x{:02X}", c as u32),
                c if (c as u32) <= 0xffff => &format!("\\u{:04X}", c as u32),
                c => &format!("\\U{:08X}", c as u32),
            };
            escape.chars().for_each(|c| self.put(c));
        }
        self.indicator("\"", false, false);
    }

    fn literal(&mut self, text: &str, indent: usize) {
        self.indicator("|", true, false);
        if text.starts_with(|c| c == ' ' || is_break(c)) {
            self.put('2');
        }
        let mut ends = text.chars().rev();
        match (ends.next(), ends.next()) {
            (Some(last), _) if !is_break(last) => self.put('-'),
            (Some(_), None) => self.put('+'),
            (Some(_), Some(before)) if is_break(before) => self.put('+'),
            _ => {}
        }
        self.line_break();
        self.indention = true;
        self.whitespace = true;
        let mut breaks = true;
        for c in text.chars() {
            if is_break(c) {
                self.broken(c);
                self.indention = true;
                breaks = true;
                continue;
            }
            if breaks {
                self.line(indent);
            }
            self.put(c);
            self.indention = false;
            breaks = false;
        }
    }
}

fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
    // Signs beyond the first plane are escaped.
}

/// Whether go-yaml reads a sign: JSON has escapes for what is below the space alone.
fn is_readable(c: char) -> bool {
    c < ' ' || matches!(c, '\u{85}' | '\u{feff}') || is_printable(c) || c >= '\u{10000}'
}

/// A text as it is after JSON was read as YAML: there U+0085 is a line break, which is folded.
fn read_back(text: &str) -> Result<Cow<'_, str>, Fault> {
    if !text.chars().all(is_readable) {
        return Err("yaml: control characters are not allowed".into());
    }
    let Some((first, rest)) = text.split_once('\u{85}') else { return Ok(Cow::Borrowed(text)) };
    let mut out = first.trim_end_matches(' ').to_owned();
    let mut breaks = 0;
    let mut lines = rest.split('\u{85}').peekable();
    while let Some(line) = lines.next() {
        let line = line.trim_start_matches(' ');
        let line = if lines.peek().is_some() { line.trim_end_matches(' ') } else { line };
        if line.is_empty() && lines.peek().is_some() {
            breaks += 1;
            continue;
        }
        out.push_str(&if breaks == 0 { " ".to_owned() } else { "\n".repeat(breaks) });
        out.push_str(line);
        breaks = 0;
    }
    Ok(Cow::Owned(out))
}

fn style_of(text: &str) -> Style {
    if text.contains('\n') {
        Style::Literal
    } else if resolves_to_text(text) {
        Style::Plain
    } else {
        Style::Double
    }
}

/// Whether a word without quotes is read as itself.
fn resolves_to_text(text: &str) -> bool {
    resolve(text) == Plain::Str && !is_timestamp(text) && !is_base_60(text)
}

/// The formats of go-yaml: a date, or a date and a time.
fn is_timestamp(text: &str) -> bool {
    let Some((year, rest)) = text.split_once('-').filter(|(year, _)| year.len() == 4) else { return false };
    let number = |text: &str, most: u32| {
        !text.is_empty()
            && text.len() <= 2
            && text.bytes().all(|b| b.is_ascii_digit())
            && text.parse::<u32>().is_ok_and(|n| n <= most)
    };
    let Some((month, rest)) = rest.split_once('-') else { return false };
    let (day, time) = rest.find(['T', 't', ' ']).map_or((rest, None), |at| (&rest[..at], Some(&rest[at..])));
    let date = year.bytes().all(|b| b.is_ascii_digit()) && number(month, 12) && number(day, 31);
    let parsed = |text: &str| text.parse::<i64>().unwrap_or_default();
    if !date || parsed(month) == 0 || parsed(day) == 0 || parsed(day) > days_in(parsed(year), parsed(month)) {
        return false;
    }
    let Some(time) = time else { return true };
    let clock = &time[1..];
    let (clock, zone) = match time.starts_with(' ') {
        true => (clock.trim_start_matches(' '), ""),
        false => clock.find(['Z', '+', '-']).map_or((clock, "?"), |at| clock.split_at(at)),
    };
    let parts: Vec<&str> = clock.splitn(3, ':').collect();
    let [hour, minute, second] = parts[..] else { return false };
    let (second, fraction) =
        second.find(['.', ',']).map_or((second, None), |at| (&second[..at], Some(&second[at + 1..])));
    let fraction_fits = fraction.is_none_or(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()));
    let zone_fits = match zone.as_bytes() {
        [] | [b'Z'] => true,
        [b'+' | b'-', a, b, b':', c, d] => [a, b, c, d].iter().all(|byte| byte.is_ascii_digit()),
        _ => false,
    };
    number(hour, 23) && number(minute, 59) && number(second, 59) && fraction_fits && zone_fits
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// `^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$`
fn is_base_60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (number, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let mut parts = number.split(':');
    let is_figure = |byte: u8| byte.is_ascii_digit() || byte == b'_';
    let first = parts.next().unwrap_or_default();
    let rest: Vec<&[u8]> = parts.map(str::as_bytes).collect();
    let fits = |part: &&[u8]| matches!(part, [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']);
    first.starts_with(|c: char| c.is_ascii_digit())
        && first.bytes().all(is_figure)
        && !rest.is_empty()
        && rest.iter().all(fits)
        && fraction.bytes().all(is_figure)
}

fn analyse(text: &str) -> Found {
    if text.is_empty() {
        return Found { multiline: false, plain: true, single: true, block: false };
    }
    let mut indicators = text.starts_with("---") || text.starts_with("...");
    let (mut line_breaks, mut special, mut break_space, mut space_break) = (false, false, false, false);
    let (mut after_blank, mut after_space, mut after_break) = (true, false, false);
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let before_blank = chars.peek().is_none_or(|(_, next)| matches!(next, ' ' | '\t'));
        indicators |= match c {
            '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`'
                if at == 0 =>
            {
                true
            }
            '?' | '-' if at == 0 => before_blank,
            ':' => before_blank,
            '#' => after_blank,
            _ => false,
        };
        special |= !is_printable(c);
        if c == ' ' {
            break_space |= after_break;
        } else if is_break(c) {
            line_breaks = true;
            space_break |= after_space;
        }
        after_space = c == ' ';
        after_break = is_break(c);
        after_blank = matches!(c, ' ' | '\t' | '\0') || is_break(c);
    }
    let edge = |c: Option<char>| c.is_some_and(|c| c == ' ' || is_break(c));
    let at_edges = edge(text.chars().next()) || edge(text.chars().next_back());
    let unusual = space_break || special;
    Found {
        multiline: line_breaks,
        plain: !(at_edges || break_space || unusual || line_breaks || indicators),
        single: !(break_space || unusual),
        block: !(text.ends_with(' ') || unusual),
    }
}

/// The order of keys: letters behind all else, numbers by their size.
fn compare_keys(a: &str, b: &str) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    for at in 0..a.len().min(b.len()) {
        if a[at] == b[at] {
            continue;
        }
        match (is_letter(a[at]), is_letter(b[at])) {
            (true, true) => return a[at].cmp(&b[at]),
            (true, false) => return Ordering::Greater,
            (false, true) => return Ordering::Less,
            (false, false) => {}
        }
        let behind_digits =
            (a[at] == '0' || b[at] == '0') && a[..at].iter().rev().take_while(|c| is_digit(**c)).any(|c| *c != '0');
        let number = |text: &[char]| {
            let figures: Vec<i64> =
                text[at..].iter().take_while(|c| is_digit(**c)).map(|c| i64::from(*c as u32) - 48).collect();
            let start = i64::from(behind_digits);
            (figures.iter().fold(start, |sum, figure| sum.wrapping_mul(10).wrapping_add(*figure)), figures.len())
        };
        let ((number_a, length_a), (number_b, length_b)) = (number(&a), number(&b));
        return number_a.cmp(&number_b).then(length_a.cmp(&length_b)).then(a[at].cmp(&b[at]));
    }
    a.len().cmp(&b.len())
}

/// A float goes through the text of JSON, where whole ones are integers.
fn number_text(number: f64) -> Result<String, Fault> {
    if !number.is_finite() {
        let shown = format_float(number, 'g', None);
        return Err(format!("error marshaling into JSON: json: unsupported value: {shown}").into());
    }
    let is_whole = number.fract() == 0.0 && number.abs() < 1e21;
    let plain = format_float(number, 'f', None);
    if is_whole && (plain.parse::<i64>().is_ok() || plain.parse::<u64>().is_ok()) {
        return Ok(if plain == "-0" { "0".to_owned() } else { plain });
    }
    Ok(format_float(number, 'g', None))
}
