//! Values as text: `string()` and `"…".format([…])`.
//! As github.com/google/cel-go v0.26, common/types and ext/formatting.go.

use std::fmt::Write;

use super::super::eval::LONGEST_TEXT;
use super::super::value::{Map, Outcome, Trouble, Value, error, no_overload};
use super::time;

/// What `string(value)` gives.
pub(super) fn string(value: &Value) -> Outcome<'static, String> {
    Ok(match value {
        Value::Text(text) => text.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Uint(n) => n.to_string(),
        Value::Double(n) => shortest(*n),
        Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => return Err(error("invalid UTF-8 in bytes, cannot convert to string")),
        },
        Value::Timestamp(at) => at.to_string(),
        Value::Duration(nanoseconds) => time::seconds_text(*nanoseconds),
        Value::Type(name) => name.clone().into_owned(),
        Value::Address(address) => address.to_string(),
        Value::Network(network) => network.to_string(),
        _ => return Err(no_overload()),
    })
}

/// A double as Go's `%g` prints it: as few digits as tell it apart, with an exponent where that is large or small.
fn shortest(n: f64) -> String {
    if n.is_nan() {
        return "NaN".to_owned();
    }
    if n.is_infinite() {
        return if n > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    if n == 0.0 {
        return if n.is_sign_negative() { "-0" } else { "0" }.to_owned();
    }
    let scientific = format!("{n:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..21).contains(&exponent) {
        return format!("{n}");
    }
    format!("{mantissa}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
}

/// How many arguments the clauses of a text take, if there are as many.
pub(in super::super) fn clauses(pattern: &str, there: usize) -> Outcome<'static, usize> {
    let (mut rest, mut count) = (pattern, 0);
    while let Some(at) = rest.find('%') {
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            rest = after;
            continue;
        }
        if rest.is_empty() {
            return Err(error("unexpected end of string"));
        }
        if count >= there {
            return Err(error(format!("index {count} out of range")));
        }
        count += 1;
        let (_, after) = precision(rest)?;
        let clause = after.chars().next().unwrap_or_default();
        if !"sdfebxXo".contains(clause) {
            return Err(unrecognized(clause));
        }
        rest = &after[clause.len_utf8()..];
    }
    Ok(count)
}

fn unrecognized(clause: char) -> Trouble {
    parsing(&format!("unrecognized formatting clause \"{clause}\""))
}

/// The text with its clauses filled in.
pub(in super::super) fn format(pattern: &str, args: &[Value]) -> Outcome<'static, String> {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    let mut args = args.iter().enumerate();
    let mut taken = 0;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            out.push('%');
            rest = after;
            continue;
        }
        let arg = args.next().map(|(_, arg)| arg).ok_or_else(|| error(format!("index {taken} out of range")))?;
        taken += 1;
        if rest.is_empty() {
            return Err(error("unexpected end of string"));
        }
        let (precision, after) = precision(rest)?;
        let clause = after.chars().next().ok_or_else(|| error("unexpected end of string"))?;
        rest = &after[clause.len_utf8()..];
        clause_text(clause, precision, arg, &mut out)?;
        if out.len() > LONGEST_TEXT {
            return Err(Trouble::Exceeded);
        }
    }
    out.push_str(rest);
    Ok(out)
}

fn parsing(why: &str) -> Trouble {
    error(format!("could not parse formatting clause: {why}"))
}

fn precision(text: &str) -> Outcome<'static, (Option<usize>, &str)> {
    let Some(text) = text.strip_prefix('.') else { return Ok((None, text)) };
    let digits = text.find(|c: char| !c.is_ascii_digit());
    let Some(digits) = digits else {
        return Err(parsing("error while parsing precision: could not find end of precision specifier"));
    };
    // No text that is asked for is longer than this.
    let number = text[..digits].parse().ok().filter(|digits: &usize| *digits <= 1_000);
    match number {
        Some(number) => Ok((Some(number), &text[digits..])),
        None => Err(parsing("error while parsing precision: error while converting precision to integer")),
    }
}

fn clause_text(clause: char, precision: Option<usize>, arg: &Value, out: &mut String) -> Result<(), Trouble> {
    let wrong = |takes: &str| error(format!("error during formatting: {takes}, was given {}", arg.type_name()));
    let number = |arg: &Value| match arg {
        Value::Double(n) => Some(*n),
        Value::Text(text) => match &**text {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    };
    let places = precision.unwrap_or(6);
    match clause {
        's' => text(arg, out).map_err(|_| {
            wrong(
                "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, \
                 durations, and timestamps",
            )
        })?,
        'd' => match arg {
            Value::Int(_) | Value::Uint(_) => out.push_str(&string(arg)?),
            _ => return Err(wrong("decimal clause can only be used on integers")),
        },
        'f' => match number(arg) {
            Some(n) if n.is_finite() => push(out, format_args!("{n:.places$}")),
            Some(n) => out.push_str(named(n)),
            None => return Err(wrong("fixed-point clause can only be used on doubles")),
        },
        'e' => match number(arg) {
            Some(n) if n.is_finite() => {
                let text = format!("{n:.places$e}");
                let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
                let exponent: i32 = exponent.parse().unwrap_or_default();
                // A printer of Go's for English writes it so.
                push(out, format_args!("{mantissa}×10{}", superscript(exponent)));
            }
            Some(n) => out.push_str(named(n)),
            None => return Err(wrong("scientific clause can only be used on doubles")),
        },
        'b' => match arg {
            Value::Int(n) if *n < 0 => push(out, format_args!("-{:b}", n.unsigned_abs())),
            Value::Int(n) => push(out, format_args!("{n:b}")),
            Value::Uint(n) => push(out, format_args!("{n:b}")),
            Value::Bool(value) => out.push(if *value { '1' } else { '0' }),
            _ => return Err(wrong("only integers and bools can be formatted as binary")),
        },
        'o' => match arg {
            Value::Int(n) if *n < 0 => push(out, format_args!("-{:o}", n.unsigned_abs())),
            Value::Int(n) => push(out, format_args!("{n:o}")),
            Value::Uint(n) => push(out, format_args!("{n:o}")),
            _ => return Err(wrong("octal clause can only be used on integers")),
        },
        'x' | 'X' => {
            let mut hex = String::new();
            match arg {
                Value::Int(n) if *n < 0 => push(&mut hex, format_args!("-{:x}", n.unsigned_abs())),
                Value::Int(n) => push(&mut hex, format_args!("{n:x}")),
                Value::Uint(n) => push(&mut hex, format_args!("{n:x}")),
                Value::Text(text) => text.bytes().for_each(|byte| push(&mut hex, format_args!("{byte:02x}"))),
                Value::Bytes(bytes) => bytes.iter().for_each(|byte| push(&mut hex, format_args!("{byte:02x}"))),
                _ => return Err(wrong("only integers, byte buffers, and strings can be formatted as hex")),
            }
            out.push_str(&if clause == 'X' { hex.to_uppercase() } else { hex });
        }
        other => return Err(unrecognized(other)),
    }
    Ok(())
}

/// Writing into a `String` can't fail.
fn push(out: &mut String, text: std::fmt::Arguments) {
    let _ = out.write_fmt(text);
}

fn named(n: f64) -> &'static str {
    if n.is_nan() {
        "NaN"
    } else if n > 0.0 {
        "∞"
    } else {
        "-∞"
    }
}

fn superscript(exponent: i32) -> String {
    let digits = format!("{}{:02}", if exponent < 0 { "-" } else { "" }, exponent.abs());
    let sign = |c| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => char::from_u32('⁰' as u32 + digit as u32 - '0' as u32).unwrap_or(digit),
    };
    digits.chars().map(sign).collect()
}

/// `%s`: texts as they are, what is inside lists and maps as literals.
fn text(value: &Value, out: &mut String) -> Result<(), Trouble> {
    match value {
        Value::List(_) | Value::Map(_) => literal(value, out),
        Value::Null => {
            out.push_str("null");
            Ok(())
        }
        Value::Address(_) | Value::Network(_) => Err(no_overload()),
        other => {
            out.push_str(&string(other)?);
            Ok(())
        }
    }
}

fn literal(value: &Value, out: &mut String) -> Result<(), Trouble> {
    if out.len() > LONGEST_TEXT {
        return Err(Trouble::Exceeded);
    }
    match value {
        Value::Text(text) => push(out, format_args!("{text:?}", text = &**text)),
        Value::Bytes(bytes) => push(out, format_args!("b{:?}", String::from_utf8_lossy(bytes))),
        Value::Timestamp(at) => push(out, format_args!("timestamp(\"{at}\")")),
        Value::Duration(n) => push(out, format_args!("duration(\"{}\")", time::seconds_text(*n))),
        Value::Double(n) if n.is_finite() => push(out, format_args!("{n:.6}")),
        Value::Double(n) => out.push_str(match n {
            n if n.is_nan() => "\"NaN\"",
            n if *n > 0.0 => "\"+Inf\"",
            _ => "\"-Inf\"",
        }),
        Value::List(list) => {
            out.push('[');
            for (index, item) in list.items()?.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                literal(item, out)?;
            }
            out.push(']');
        }
        Value::Map(map) => {
            let mut entries = entries(map)?;
            entries.sort();
            push(out, format_args!("{{{}}}", entries.join(", ")));
        }
        other => text(other, out)?,
    }
    Ok(())
}

fn entries(map: &Map) -> Outcome<'static, Vec<String>> {
    let mut entries = Vec::new();
    for key in map.keys() {
        let mut entry = String::new();
        literal(&key, &mut entry)?;
        entry.push(':');
        let value = map.find(&key).unwrap_or_else(|| Err(no_overload()))?;
        literal(&value, &mut entry)?;
        entries.push(entry);
    }
    Ok(entries)
}
