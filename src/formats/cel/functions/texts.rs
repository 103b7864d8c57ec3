//! Strings: CEL's own functions and those of its extension. Indexes count characters.
//! As github.com/google/cel-go v0.26, common/types/string.go and ext/strings.go, version 2.

use super::super::eval::LONGEST_TEXT;
use super::super::tree::Native;
use super::super::value::{Outcome, Trouble, Value, error, no_overload};
use super::print;

pub(super) fn find(name: &str) -> Option<Native> {
    Some(match name {
        "contains" => |args| two(args, |text, part| text.contains(part)),
        "startsWith" => |args| two(args, |text, part| text.starts_with(part)),
        "endsWith" => |args| two(args, |text, part| text.ends_with(part)),
        "charAt" => char_at,
        "lowerAscii" => |args| changed(args, |text| text.to_ascii_lowercase()),
        "upperAscii" => |args| changed(args, |text| text.to_ascii_uppercase()),
        "trim" => |args| changed(args, |text| text.trim_matches(char::is_whitespace).to_owned()),
        "replace" => replace,
        "split" => split,
        "join" => join,
        "substring" => substring,
        "strings.quote" => |args| changed(args, quoted),
        "format" => |args| match args {
            [Value::Text(pattern), Value::List(list)] => Ok(Value::made(print::format(pattern, &list.items()?)?)),
            _ => Err(no_overload()),
        },
        _ => return None,
    })
}

fn two<'a>(args: &[Value<'a>], test: fn(&str, &str) -> bool) -> Outcome<'a> {
    match args {
        [Value::Text(text), Value::Text(part)] => Ok(Value::Bool(test(text, part))),
        _ => Err(no_overload()),
    }
}

fn changed<'a>(args: &[Value<'a>], change: fn(&str) -> String) -> Outcome<'a> {
    match args {
        [Value::Text(text)] => Ok(Value::made(change(text))),
        _ => Err(no_overload()),
    }
}

fn out_of_range(index: i64) -> Trouble {
    error(format!("index out of range: {index}"))
}

fn char_at<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::Text(text), Value::Int(index)] = args else { return Err(no_overload()) };
    let at = usize::try_from(*index).map_err(|_| out_of_range(*index))?;
    match text.chars().nth(at) {
        Some(c) => Ok(Value::made(c.to_string())),
        None if at == text.chars().count() => Ok(Value::made("")),
        None => Err(out_of_range(*index)),
    }
}

/// Where a text begins in another, from a position on.
pub(super) fn index_of<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    let (text, part, offset) = match args {
        [Value::Text(text), Value::Text(part)] => (text, part, 0),
        [Value::Text(text), Value::Text(part), Value::Int(offset)] => (text, part, *offset),
        _ => return Err(no_overload()),
    };
    if part.is_empty() {
        return Ok(Value::Int(offset));
    }
    let from = usize::try_from(offset).map_err(|_| out_of_range(offset))?;
    let Some((start, _)) = text.char_indices().nth(from) else { return Ok(Value::Int(-1)) };
    let found = text[start..].find(&**part).map(|at| from + text[start..start + at].chars().count());
    Ok(Value::Int(found.map_or(-1, |index| index as i64)))
}

/// Where a text begins in another the last time, no later than a position.
pub(super) fn last_index_of<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    let (text, part, offset) = match args {
        [Value::Text(text), Value::Text(part)] => (text, part, None),
        [Value::Text(text), Value::Text(part), Value::Int(offset)] => (text, part, Some(*offset)),
        _ => return Err(no_overload()),
    };
    let length = text.chars().count() as i64;
    if part.is_empty() {
        return Ok(Value::Int(offset.unwrap_or(length)));
    }
    let offset = offset.unwrap_or(length - 1);
    if text.is_empty() {
        return Ok(Value::Int(-1));
    }
    let last = usize::try_from(offset).map_err(|_| out_of_range(offset))?;
    if offset >= length {
        return Ok(Value::Int(-1));
    }
    // The part may reach beyond the position, but not begin there.
    let starts = text.char_indices().map(|(start, _)| start).take(last.saturating_add(1));
    let found = starts.enumerate().filter(|(_, start)| text[*start..].starts_with(&**part)).last();
    let found = found.map(|(index, _)| index);
    Ok(Value::Int(found.map_or(-1, |index| index as i64)))
}

fn replace<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    let (text, old, new, times) = match args {
        [Value::Text(text), Value::Text(old), Value::Text(new)] => (text, old, new, -1),
        [Value::Text(text), Value::Text(old), Value::Text(new), Value::Int(times)] => (text, old, new, *times),
        _ => return Err(no_overload()),
    };
    let most = text.len() / old.len().max(1) + 1;
    let times = usize::try_from(times).map_or(most, |times| times.min(most));
    if text.len().saturating_add(times.saturating_mul(new.len())) > LONGEST_TEXT {
        return Err(Trouble::Exceeded);
    }
    Ok(Value::made(text.replacen(&**old, new, times)))
}

fn split<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    let (text, separator, most) = match args {
        [Value::Text(text), Value::Text(separator)] => (text, separator, -1),
        [Value::Text(text), Value::Text(separator), Value::Int(most)] => (text, separator, *most),
        _ => return Err(no_overload()),
    };
    if most == 0 {
        return Ok(Value::list(Vec::new()));
    }
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let parts: Vec<Value> = if separator.is_empty() {
        // Into characters, the last of as many as are wanted with the rest.
        let mut parts = Vec::new();
        for (start, c) in text.char_indices() {
            if parts.len() + 1 == most {
                parts.push(Value::made(&text[start..]));
                break;
            }
            parts.push(Value::made(c.to_string()));
        }
        parts
    } else {
        text.splitn(most, &**separator).map(Value::made).collect()
    };
    Ok(Value::list(parts))
}

fn join<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    let (list, separator) = match args {
        [Value::List(list)] => (list, ""),
        [Value::List(list), Value::Text(separator)] => (list, &**separator),
        _ => return Err(no_overload()),
    };
    let mut joined = String::new();
    for (index, item) in list.items()?.iter().enumerate() {
        let Value::Text(text) = item else { return Err(error("join: invalid input")) };
        if index > 0 {
            joined.push_str(separator);
        }
        joined.push_str(text);
        if joined.len() > LONGEST_TEXT {
            return Err(Trouble::Exceeded);
        }
    }
    Ok(Value::made(joined))
}

fn substring<'a>(args: &[Value<'a>]) -> Outcome<'a> {
    let (text, start, end) = match args {
        [Value::Text(text), Value::Int(start)] => (text, *start, None),
        [Value::Text(text), Value::Int(start), Value::Int(end)] => (text, *start, Some(*end)),
        _ => return Err(no_overload()),
    };
    let length = text.chars().count() as i64;
    let to = end.unwrap_or(length);
    if let Some(end) = end.filter(|end| start > *end) {
        return Err(error(format!("invalid substring range. start: {start}, end: {end}")));
    }
    for index in [start, to] {
        if index < 0 || index > length {
            return Err(out_of_range(index));
        }
    }
    let part: String = text.chars().skip(start as usize).take((to - start) as usize).collect();
    Ok(Value::made(part))
}

fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '\x07' => quoted.push_str("\\a"),
            '\x08' => quoted.push_str("\\b"),
            '\x0c' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\x0b' => quoted.push_str("\\v"),
            '\\' => quoted.push_str("\\\\"),
            '"' => quoted.push_str("\\\""),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
