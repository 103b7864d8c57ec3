//! Regular expressions as Go has them. A pattern that Go refuses is refused here, too, in other words.

use regex::{Captures, Regex};

use super::super::functions::{Call, Done, Function, Type};
use super::super::limits::Fault;
use super::super::strconv::quote;
use super::super::value::{Elem, List, Value};

use Type::{Int, Str};

pub static FUNCTIONS: &[Function] = &[
    Function::new("regexMatch", &[Str, Str], |call| match call.budget.pattern(&call.str(0)) {
        Ok(pattern) => Ok(Value::Bool(pattern.is_match(&call.str(1)))),
        Err(fault) if fault.is_limit => Err(fault),
        Err(_) => Ok(Value::Bool(false)),
    }),
    Function::new("mustRegexMatch", &[Str, Str], |call| {
        Ok(Value::Bool(call.budget.pattern(&call.str(0))?.is_match(&call.str(1))))
    }),
    Function::new("regexFindAll", &[Str, Str, Int], |call| find_all(compiled(call)?, call)),
    Function::new("mustRegexFindAll", &[Str, Str, Int], |call| find_all(call.budget.pattern(&call.str(0))?, call)),
    Function::new("regexFind", &[Str, Str], |call| Ok(find(&compiled(call)?, &call.str(1)))),
    Function::new("mustRegexFind", &[Str, Str], |call| Ok(find(&call.budget.pattern(&call.str(0))?, &call.str(1)))),
    Function::new("regexReplaceAll", &[Str, Str, Str], |call| replace_all(compiled(call)?, call, true)),
    Function::new("mustRegexReplaceAll", &[Str, Str, Str], |call| {
        replace_all(call.budget.pattern(&call.str(0))?, call, true)
    }),
    Function::new("regexReplaceAllLiteral", &[Str, Str, Str], |call| replace_all(compiled(call)?, call, false)),
    Function::new("mustRegexReplaceAllLiteral", &[Str, Str, Str], |call| {
        replace_all(call.budget.pattern(&call.str(0))?, call, false)
    }),
    Function::new("regexSplit", &[Str, Str, Int], |call| split(compiled(call)?, call)),
    Function::new("mustRegexSplit", &[Str, Str, Int], |call| split(call.budget.pattern(&call.str(0))?, call)),
    Function::new("regexQuoteMeta", &[Str], |call| {
        let mut out = String::new();
        for c in call.str(0).chars() {
            if r"\.+*?()|[]{}^$".contains(c) {
                out.push('\\');
            }
            out.push(c);
        }
        Ok(out.into())
    }),
];

/// A pattern that must be one.
fn compiled(call: &mut Call<'_>) -> Result<Regex, Fault> {
    let text = call.str(0);
    call.budget.pattern(&text).map_err(|mut fault| {
        if !fault.is_limit {
            fault.message = format!("regexp: Compile({}): {}", quote(&text), fault.message);
        }
        fault
    })
}

fn find(pattern: &Regex, text: &str) -> Value {
    Value::str(pattern.find(text).map_or("", |found| found.as_str()))
}

/// How many matches are wanted: a negative number is all.
fn most(count: i64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn find_all(pattern: Regex, call: &mut Call<'_>) -> Done {
    let text = call.str(1);
    let found: Vec<&str> = pattern.find_iter(&text).take(most(call.int(2))).map(|found| found.as_str()).collect();
    call.budget.room(found.len().saturating_mul(64))?;
    Ok(Value::List(if found.is_empty() { List::nil(Elem::Str) } else { List::strings(found) }))
}

fn split(pattern: Regex, call: &mut Call<'_>) -> Done {
    let (expression, text, count) = (call.str(0), call.str(1), call.int(2));
    if count == 0 {
        return Ok(Value::List(List::nil(Elem::Str)));
    }
    if !expression.is_empty() && text.is_empty() {
        return Ok(Value::List(List::strings([""])));
    }
    let mut parts: Vec<&str> = Vec::new();
    let (mut begin, mut end) = (0, 0);
    for found in pattern.find_iter(&text).take(most(count)) {
        if count > 0 && parts.len() + 1 == most(count) {
            break;
        }
        end = found.start();
        if found.end() != 0 {
            parts.push(&text[begin..end]);
        }
        begin = found.end();
    }
    if end != text.len() {
        parts.push(&text[begin..]);
    }
    call.budget.room(parts.len().saturating_mul(64))?;
    Ok(Value::List(List::strings(parts)))
}

fn replace_all(pattern: Regex, call: &mut Call<'_>, expands: bool) -> Done {
    let (text, replacement) = (call.str(1), call.str(2));
    let mut out = String::with_capacity(text.len());
    let mut end = 0;
    for captures in pattern.captures_iter(&text) {
        let Some(found) = captures.get(0) else { continue };
        out.push_str(&text[end..found.start()]);
        if expands {
            expand(&mut out, &replacement, &captures);
        } else {
            out.push_str(&replacement);
        }
        end = found.end();
        if out.len() > call.budget.memory_left() {
            call.budget.room(out.len())?;
        }
    }
    out.push_str(&text[end..]);
    Ok(out.into())
}

/// `$1`, `${1}`, `$name`, `${name}` and `$$`; a dollar with something else behind it stays.
fn expand(out: &mut String, template: &str, captures: &Captures<'_>) {
    let is_word = |c: char| c == '_' || super::super::strconv::is_letter(c) || super::super::strconv::is_digit(c);
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once('$') {
        out.push_str(before);
        if let Some(behind) = behind.strip_prefix('$') {
            out.push('$');
            rest = behind;
            continue;
        }
        let in_braces = behind.strip_prefix('{');
        let start = in_braces.unwrap_or(behind);
        let name = &start[..start.find(|c| !is_word(c)).unwrap_or(start.len())];
        let tail = &start[name.len()..];
        let tail = if in_braces.is_some() { tail.strip_prefix('}') } else { Some(tail) };
        let Some(tail) = tail.filter(|_| !name.is_empty()) else {
            out.push('$');
            rest = behind;
            continue;
        };
        let found = match name.parse::<usize>() {
            Ok(number) => captures.get(number),
            Err(_) => captures.name(name),
        };
        out.push_str(found.map_or("", |found| found.as_str()));
        rest = tail;
    }
    out.push_str(rest);
}
