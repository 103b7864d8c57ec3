//! Strings in other cases and widths: snake, kebab and camel case by the rules of huandu/xstrings, abbreviating and
//! wrapping by those of Masterminds/goutils.

use super::super::functions::{Call, Done, Function, Type};
use super::super::strconv::{
    from_bytes, is_letter, is_lower, is_number, is_punctuation, is_space, is_title, is_upper, to_lower, to_title,
    to_upper,
};
use super::super::value::Value;

use Type::{Int, Str};

pub static FUNCTIONS: &[Function] = &[
    Function::new("abbrev", &[Int, Str], |call| abbreviated(call.int(0), 0, call.int(0), call.str(1).as_ref())),
    Function::new("abbrevboth", &[Int, Int, Str], |call| {
        let (left, right) = (call.int(0), call.int(1));
        if left > 0 && right < 7 {
            return Ok(Value::Str(call.str(2)));
        }
        abbreviated(right, left, right, call.str(2).as_ref())
    }),
    Function::new("swapcase", &[Str], swap_case),
    Function::new("snakecase", &[Str], |call| Ok(connected(&call.str(0), '_').into())),
    Function::new("kebabcase", &[Str], |call| Ok(connected(&call.str(0), '-').into())),
    Function::new("camelcase", &[Str], |call| Ok(pascal_case(&call.str(0)).into())),
    Function::new("wrap", &[Int, Str], |call| wrap(call, 1, "\n", false)),
    Function::new("wrapWith", &[Int, Str, Str], |call| {
        let separator = call.str(1);
        wrap(call, 2, if separator.is_empty() { "\n" } else { &separator }, true)
    }),
];

/// A text in a width, dots included, which begins to be shown at an offset.
fn abbreviated(least: i64, offset: i64, width: i64, text: &str) -> Done {
    if least < 4 {
        return Ok(Value::str(text));
    }
    let width = usize::try_from(width).unwrap_or(usize::MAX);
    Ok(abbreviate(text.as_bytes(), offset, width).map(|bytes| from_bytes(&bytes)).unwrap_or_default().into())
}

fn abbreviate(text: &[u8], offset: i64, width: usize) -> Option<Vec<u8>> {
    if width < 4 {
        return None;
    }
    if text.len() <= width {
        return Some(text.to_vec());
    }
    let shown = width - 3;
    // Negative offsets show the beginning, too.
    let mut offset = usize::try_from(offset).unwrap_or(0).min(text.len());
    if text.len() - offset < shown {
        offset = text.len() - shown;
    }
    if offset <= 4 {
        return Some([&text[..shown], b"..."].concat());
    }
    if width < 7 {
        return None;
    }
    let rest = if offset + shown < text.len() {
        abbreviate(&text[offset..], 0, shown).unwrap_or_default()
    } else {
        text[text.len() - shown..].to_vec()
    };
    Some([b"...".as_slice(), &rest].concat())
}

fn swap_case(call: &mut Call<'_>) -> Done {
    let mut after_space = true;
    let text = call.str(0);
    let swapped = text.chars().map(|c| {
        if is_upper(c) || is_title(c) {
            after_space = false;
            to_lower(c)
        } else if is_lower(c) {
            if std::mem::replace(&mut after_space, false) { to_title(c) } else { to_upper(c) }
        } else {
            after_space = is_space(c);
            c
        }
    });
    Ok(swapped.collect::<String>().into())
}

fn is_connector(c: char) -> bool {
    c == '-' || c == '_' || is_space(c)
}

fn pascal_case(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    let mut first = None;
    let mut last_read = None;
    for c in chars.by_ref() {
        last_read = Some(c);
        if !is_connector(c) {
            first = Some(c);
            break;
        }
        out.push(c);
    }
    let mut in_upper = first.is_some_and(is_upper);
    let mut current = first.map(to_upper);
    if chars.as_str().is_empty() {
        // The last sign is written once more, connector or not.
        out.extend(current.or(last_read));
        return out;
    }
    for c in chars {
        let before = current.unwrap_or(c);
        let mut now = c;
        if is_connector(now) && is_connector(before) {
            out.push(before);
            current = Some(now);
            continue;
        }
        if is_connector(before) {
            in_upper = is_upper(now);
            now = to_upper(now);
        } else {
            if in_upper {
                if is_upper(now) {
                    now = to_lower(now);
                } else {
                    in_upper = false;
                }
            }
            out.push(before);
        }
        current = Some(now);
    }
    out.extend(current);
    out
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Word {
    Invalid,
    Number,
    Upper,
    Letters,
    Connector,
    Punctuation,
    Other,
}

/// Words in lower case with a connector between them.
fn connected(text: &str, connector: char) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let (mut kind, mut word, mut rest) = next_word(text);
    while !rest.is_empty() {
        if kind != Word::Connector {
            lower(&mut out, kind, word, connector);
        }
        let (previous, last) = (kind, word);
        (kind, word, rest) = next_word(rest);
        match previous {
            Word::Number => {
                while matches!(kind, Word::Letters | Word::Number) {
                    lower(&mut out, kind, word, connector);
                    (kind, word, rest) = next_word(rest);
                }
                if !matches!(kind, Word::Invalid | Word::Punctuation | Word::Connector) {
                    out.push(connector);
                }
            }
            Word::Connector => lower(&mut out, previous, last, connector),
            Word::Punctuation => {}
            _ if kind != Word::Number => {
                if !matches!(kind, Word::Connector | Word::Punctuation) {
                    out.push(connector);
                }
            }
            _ if rest.is_empty() => {}
            _ => {
                let number = word;
                (kind, word, rest) = next_word(rest);
                // A number belongs to the word before it: "Bld4Floor" is "bld4_floor".
                if kind != Word::Letters {
                    lower(&mut out, Word::Number, number, connector);
                    if !matches!(kind, Word::Connector | Word::Punctuation) {
                        out.push(connector);
                    }
                    continue;
                }
                // Unless letters in lower case follow: "HTTP2xx" is "http_2xx".
                out.push(connector);
                lower(&mut out, Word::Number, number, connector);
                while matches!(kind, Word::Letters | Word::Number) {
                    lower(&mut out, kind, word, connector);
                    (kind, word, rest) = next_word(rest);
                }
                if !matches!(kind, Word::Invalid | Word::Connector | Word::Punctuation) {
                    out.push(connector);
                }
            }
        }
    }
    lower(&mut out, kind, word, connector);
    out
}

fn lower(out: &mut String, kind: Word, word: &str, connector: char) {
    if kind != Word::Upper && kind != Word::Connector {
        out.push_str(word);
        return;
    }
    out.extend(word.chars().map(|c| if is_connector(c) { connector } else { to_lower(c) }));
}

/// Letters, but not the signs of Chinese, of which each is a word.
fn is_alphabet(c: char) -> bool {
    is_letter(c) && !matches!(c, '\u{4e00}'..='\u{9fcc}' | '\u{3400}'..='\u{4d85}' | '\u{20000}'..='\u{2b81d}')
}

/// The first sign that isn't U+FFFD, and its length with what was skipped.
fn next_valid(text: &str, before: char) -> (char, usize) {
    let mut size = 0;
    for c in text.chars() {
        size += c.len_utf8();
        if c != char::REPLACEMENT_CHARACTER {
            return (c, size);
        }
    }
    (before, size)
}

fn next_word(text: &str) -> (Word, &str, &str) {
    if text.is_empty() {
        return (Word::Invalid, "", "");
    }
    let (first, mut offset) = next_valid(text, char::REPLACEMENT_CHARACTER);
    if first == char::REPLACEMENT_CHARACTER {
        return (Word::Invalid, &text[..offset], &text[offset..]);
    }
    let run = |mut offset: usize, mut last: char, belongs: fn(char) -> bool| {
        while offset < text.len() {
            let (c, size) = next_valid(&text[offset..], last);
            if !belongs(c) {
                break;
            }
            last = c;
            offset += size;
        }
        offset
    };
    let small = |c: char| is_alphabet(c) && !is_upper(c);
    let kind = if is_connector(first) {
        offset = run(offset, first, is_connector);
        Word::Connector
    } else if is_punctuation(first) {
        offset = run(offset, first, is_punctuation);
        Word::Punctuation
    } else if is_upper(first) {
        if offset < text.len() {
            let (second, size) = next_valid(&text[offset..], first);
            if is_upper(second) {
                let mut before = size;
                offset += size;
                let mut last = second;
                while offset < text.len() {
                    let (c, size) = next_valid(&text[offset..], last);
                    last = c;
                    if !is_upper(c) {
                        break;
                    }
                    before = size;
                    offset += size;
                }
                // "HTTPStatus" is "HTTP" and "Status".
                if offset < text.len() && is_alphabet(last) {
                    offset -= before;
                }
            } else if is_alphabet(second) {
                offset = run(offset + size, second, small);
            }
        }
        Word::Upper
    } else if is_alphabet(first) {
        offset = run(offset, first, small);
        Word::Letters
    } else if is_number(first) {
        offset = run(offset, first, is_number);
        Word::Number
    } else {
        let other = |c: char| !is_connector(c) && !is_alphabet(c) && !is_number(c) && !is_punctuation(c);
        offset = run(offset, first, other);
        Word::Other
    };
    (kind, &text[..offset], &text[offset..])
}

fn wrap(call: &mut Call<'_>, position: usize, newline: &str, cuts: bool) -> Done {
    let text = call.str(position);
    let text = text.as_bytes();
    let width = usize::try_from(call.int(0)).unwrap_or(0).max(1);
    call.budget.room(text.len().saturating_add((text.len() / width).saturating_mul(newline.len())))?;
    let mut out: Vec<u8> = Vec::with_capacity(text.len());
    let line = |out: &mut Vec<u8>, part: &[u8]| {
        out.extend_from_slice(part);
        out.extend_from_slice(newline.as_bytes());
    };
    let mut offset = 0;
    while text.len() - offset > width {
        if text[offset] == b' ' {
            offset += 1;
            continue;
        }
        let end = offset + width;
        if let Some(space) = text[offset..=end].iter().rposition(|byte| *byte == b' ') {
            line(&mut out, &text[offset..offset + space]);
            offset += space + 1;
        } else if cuts {
            line(&mut out, &text[offset..end]);
            offset = end;
        } else if let Some(space) = text[end..].iter().position(|byte| *byte == b' ') {
            line(&mut out, &text[offset..end + space]);
            offset = end + space + 1;
        } else {
            out.extend_from_slice(&text[offset..]);
            offset = text.len();
        }
    }
    out.extend_from_slice(&text[offset..]);
    Ok(from_bytes(&out).into())
}
