//! Strings: cutting, joining, quoting, searching. Positions are bytes, as in Go; half a sign becomes U+FFFD.

use super::super::functions::{Call, Done, Function, Type};
use super::super::limits::Fault;
use super::super::strconv::{
    from_bytes, is_digit, is_letter, is_space, parse_int_base, quote, to_lower, to_title, to_upper,
};
use super::super::value::{Elem, Entries, List, Map, Value};
use super::text;

use Type::{Any, Bool, Int, Str};

pub static FUNCTIONS: &[Function] = &[
    Function::new("hello", &[], |_| Ok(Value::str("Hello!"))),
    Function::new("trunc", &[Int, Str], trunc),
    Function::new("trim", &[Str], |call| Ok(Value::str(call.str(0).trim()))),
    Function::new("upper", &[Str], |call| Ok(call.str(0).chars().map(to_upper).collect::<String>().into())),
    Function::new("lower", &[Str], |call| Ok(call.str(0).chars().map(to_lower).collect::<String>().into())),
    Function::new("title", &[Str], title),
    Function::new("untitle", &[Str], untitle),
    Function::new("substr", &[Int, Int, Str], substring),
    Function::new("repeat", &[Int, Str], repeat),
    Function::new("trimall", &[Str, Str], trim_all),
    Function::new("trimAll", &[Str, Str], trim_all),
    Function::new("trimSuffix", &[Str, Str], |call| {
        let text = call.str(1);
        Ok(Value::str(text.strip_suffix(&*call.str(0)).unwrap_or(&text)))
    }),
    Function::new("trimPrefix", &[Str, Str], |call| {
        let text = call.str(1);
        Ok(Value::str(text.strip_prefix(&*call.str(0)).unwrap_or(&text)))
    }),
    Function::new("nospace", &[Str], no_space),
    Function::new("initials", &[Str], initials),
    Function::new("contains", &[Str, Str], |call| Ok(Value::Bool(call.str(1).contains(&*call.str(0))))),
    Function::new("hasPrefix", &[Str, Str], |call| Ok(Value::Bool(call.str(1).starts_with(&*call.str(0))))),
    Function::new("hasSuffix", &[Str, Str], |call| Ok(Value::Bool(call.str(1).ends_with(&*call.str(0))))),
    Function::variadic("quote", &[], Any, |call| quoted(call, quote)),
    Function::variadic("squote", &[], Any, |call| quoted(call, |text| format!("'{text}'"))),
    Function::variadic("cat", &[], Any, |call| quoted(call, str::to_owned)),
    Function::new("indent", &[Int, Str], |call| indent(call).map(Value::from)),
    Function::new("nindent", &[Int, Str], |call| Ok(format!("\n{}", indent(call)?).into())),
    Function::new("replace", &[Str, Str, Str], replace),
    Function::new("plural", &[Str, Str, Int], |call| {
        Ok(Value::Str(if call.int(2) == 1 { call.str(0) } else { call.str(1) }))
    }),
    Function::new("toString", &[Any], |call| Ok(text(&call.any(0).clone(), call.budget)?.into())),
    Function::new("atoi", &[Str], |call| {
        let text = call.str(0);
        Ok(Value::Int(match parse_int_base(&text, 10) {
            Ok(number) => number,
            Err(super::super::strconv::Wrong::Syntax) => 0,
            Err(_) if text.starts_with('-') => i64::MIN,
            Err(_) => i64::MAX,
        }))
    }),
    Function::new("split", &[Str, Str], |call| numbered(split(&call.str(1), &call.str(0), None), call)),
    Function::new("splitList", &[Str, Str], |call| {
        let parts = split(&call.str(1), &call.str(0), None);
        call.budget.room(parts.len().saturating_mul(64))?;
        Ok(Value::List(List::strings(parts)))
    }),
    Function::new("splitn", &[Str, Int, Str], |call| {
        let parts = match call.int(1) {
            0 => Vec::new(),
            count => split(&call.str(2), &call.str(0), usize::try_from(count).ok()),
        };
        numbered(parts, call)
    }),
    Function::new("toStrings", &[Any], |call| {
        let items = strings(&call.any(0).clone(), call)?;
        Ok(Value::List(List::strings(items)))
    }),
    Function::new("join", &[Str, Any], join),
    Function::new("sortAlpha", &[Any], |call| {
        let mut items = strings(&call.any(0).clone(), call)?;
        if let Value::Nil = call.any(0) {
            items = vec!["<nil>".to_owned()];
        }
        items.sort_unstable();
        Ok(Value::List(List::strings(items)))
    }),
    Function::new("ternary", &[Any, Any, Bool], |call| {
        Ok(if call.is_true(2) { call.any(0) } else { call.any(1) }.clone())
    }),
    Function::new("fail", &[Str], |call| Err(call.str(0).to_string().into())),
];

/// A part of a text by bytes, or what Go panics with.
pub fn part(text: &str, from: Option<i64>, to: Option<i64>) -> Result<String, Fault> {
    let length = i64::try_from(text.len()).unwrap_or(i64::MAX);
    let (start, end) = (from.unwrap_or(0), to.unwrap_or(length));
    let wrong = match (from, to) {
        (_, Some(end)) if end < 0 => Some(format!("[:{end}]")),
        (_, Some(end)) if end > length => Some(format!("[:{end}] with length {length}")),
        (Some(start), _) if start < 0 => Some(format!("[{start}:]")),
        _ if start > end => Some(format!("[{start}:{end}]")),
        _ => None,
    };
    if let Some(wrong) = wrong {
        return Err(format!("runtime error: slice bounds out of range {wrong}").into());
    }
    let bytes = |position: i64| usize::try_from(position).unwrap_or_default();
    Ok(from_bytes(&text.as_bytes()[bytes(start)..bytes(end)]))
}

fn trunc(call: &mut Call<'_>) -> Done {
    let (count, text) = (call.int(0), call.str(1));
    let length = i64::try_from(text.len()).unwrap_or(i64::MAX);
    if count < 0 && length.saturating_add(count) > 0 {
        return part(&text, Some(length + count), None).map(Value::from);
    }
    if count >= 0 && length > count {
        return part(&text, None, Some(count)).map(Value::from);
    }
    Ok(Value::Str(text))
}

fn substring(call: &mut Call<'_>) -> Done {
    let (start, end, text) = (call.int(0), call.int(1), call.str(2));
    if start < 0 {
        return part(&text, None, Some(end)).map(Value::from);
    }
    if end < 0 || usize::try_from(end).is_ok_and(|end| end > text.len()) {
        return part(&text, Some(start), None).map(Value::from);
    }
    part(&text, Some(start), Some(end)).map(Value::from)
}

fn title(call: &mut Call<'_>) -> Done {
    let is_separator = |c: char| match c {
        '_' => false,
        c if c.is_ascii() => !c.is_ascii_alphanumeric(),
        c => !is_letter(c) && !is_digit(c) && is_space(c),
    };
    let mut before = ' ';
    let text = call.str(0);
    let titled = text.chars().map(|c| {
        let shown = if is_separator(before) { to_title(c) } else { c };
        before = c;
        shown
    });
    Ok(titled.collect::<String>().into())
}

fn untitle(call: &mut Call<'_>) -> Done {
    let mut at_start = true;
    let text = call.str(0);
    let lowered = text.chars().map(|c| {
        let shown = if at_start && !is_space(c) { to_lower(c) } else { c };
        at_start = is_space(c);
        shown
    });
    Ok(lowered.collect::<String>().into())
}

fn count_of(count: i64) -> Result<usize, Fault> {
    usize::try_from(count).map_err(|_| "strings: negative Repeat count".into())
}

fn repeat(call: &mut Call<'_>) -> Done {
    let (count, text) = (count_of(call.int(0))?, call.str(1));
    call.budget.room(text.len().saturating_mul(count))?;
    Ok(text.repeat(if text.is_empty() { 0 } else { count }).into())
}

fn trim_all(call: &mut Call<'_>) -> Done {
    let set = call.str(0);
    Ok(Value::str(call.str(1).trim_matches(|c| set.contains(c))))
}

/// Each byte is taken for a sign of its own.
fn no_space(call: &mut Call<'_>) -> Done {
    let text = call.str(0);
    if !text.bytes().any(|byte| is_space(char::from(byte))) {
        return Ok(Value::Str(text));
    }
    Ok(text.bytes().map(char::from).filter(|c| !is_space(*c)).collect::<String>().into())
}

/// Here as well.
fn initials(call: &mut Call<'_>) -> Done {
    let mut after_gap = true;
    let text = call.str(0);
    let firsts = text.bytes().map(char::from).filter(|c| {
        let is_gap = is_space(*c);
        let is_first = after_gap && !is_gap;
        after_gap = is_gap;
        is_first
    });
    Ok(firsts.collect::<String>().into())
}

/// All arguments that are there, with a space between them.
fn quoted(call: &mut Call<'_>, quote: fn(&str) -> String) -> Done {
    let mut parts = Vec::new();
    for value in call.values(0) {
        if let Value::Nil = value {
            continue;
        }
        let plain = text(&value, call.budget)?;
        call.budget.room(plain.len())?;
        parts.push(quote(&plain));
    }
    Ok(parts.join(" ").into())
}

fn indent(call: &mut Call<'_>) -> Result<String, Fault> {
    let (spaces, text) = (count_of(call.int(0))?, call.str(1));
    let lines = 1 + text.bytes().filter(|byte| *byte == b'\n').count();
    call.budget.room(spaces.saturating_mul(lines).saturating_add(text.len()))?;
    let pad = " ".repeat(spaces);
    Ok(format!("{pad}{}", text.replace('\n', &format!("\n{pad}"))))
}

fn replace(call: &mut Call<'_>) -> Done {
    let (old, new, text) = (call.str(0), call.str(1), call.str(2));
    let count = if old.is_empty() { text.len() + 1 } else { text.len() / old.len() };
    if new.len() > old.len() {
        call.budget.room(text.len().saturating_add(count.saturating_mul(new.len())))?;
    }
    Ok(text.replace(&*old, &new).into())
}

/// `strings.SplitN`: at most so many parts.
pub fn split(text: &str, separator: &str, most: Option<usize>) -> Vec<String> {
    if !separator.is_empty() {
        return match most {
            Some(most) => text.splitn(most, separator).map(str::to_owned).collect(),
            None => text.split(separator).map(str::to_owned).collect(),
        };
    }
    let mut parts = Vec::new();
    for (at, c) in text.char_indices() {
        if most == Some(parts.len() + 1) {
            parts.push(text[at..].to_owned());
            break;
        }
        parts.push(c.to_string());
    }
    parts
}

fn numbered(parts: Vec<String>, call: &mut Call<'_>) -> Done {
    call.budget.room(parts.len().saturating_mul(96))?;
    let mut entries = Entries::new();
    for (position, part) in parts.into_iter().enumerate() {
        entries.insert(format!("_{position}").into(), part.into());
    }
    Ok(Value::Map(Map::new(Elem::Str, entries)))
}

/// A list as strings, without what is nil; all else as a list of one.
fn strings(value: &Value, call: &mut Call<'_>) -> Result<Vec<String>, Fault> {
    let items = match value {
        Value::Nil => return Ok(Vec::new()),
        Value::List(list) => list.items(),
        other => std::slice::from_ref(other),
    };
    let mut out = Vec::with_capacity(items.len());
    for item in items.iter().filter(|item| !matches!(item, Value::Nil)) {
        let item = text(item, call.budget)?;
        call.budget.room(item.len().saturating_add(32))?;
        out.push(item);
    }
    Ok(out)
}

fn join(call: &mut Call<'_>) -> Done {
    let separator = call.str(0);
    let items = strings(&call.any(1).clone(), call)?;
    call.budget.room(items.len().saturating_mul(separator.len()))?;
    Ok(items.join(&separator).into())
}
