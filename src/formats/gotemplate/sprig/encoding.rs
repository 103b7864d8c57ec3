//! Base64 and base32, and JSON as Go's encoding/json writes it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::functions::{Call, Done, Function, Type};
use super::super::limits::{Budget, Fault};
use super::super::strconv::{format_float, from_bytes};
use super::super::value::{Numbers, Value};

use Type::{Any, Str};

pub static FUNCTIONS: &[Function] = &[
    Function::new("b64enc", &[Str], |call| Ok(STANDARD.encode(call.str(0).as_bytes()).into())),
    Function::new("b64dec", &[Str], |call| {
        Ok(decode_base64(call.str(0).as_bytes()).map_or_else(|message| message, |bytes| from_bytes(&bytes)).into())
    }),
    Function::new("b32enc", &[Str], |call| Ok(encode_base32(call.str(0).as_bytes()).into())),
    Function::new("b32dec", &[Str], |call| {
        Ok(decode_base32(call.str(0).as_bytes()).map_or_else(|message| message, |bytes| from_bytes(&bytes)).into())
    }),
    Function::new("fromJson", &[Str], |call| from_json(call).or_else(ignored)),
    Function::new("mustFromJson", &[Str], from_json),
    Function::new("toJson", &[Any], |call| to_json(call, Style::Short).or_else(ignored)),
    Function::new("mustToJson", &[Any], |call| to_json(call, Style::Short)),
    Function::new("toPrettyJson", &[Any], |call| to_json(call, Style::Pretty).or_else(ignored)),
    Function::new("mustToPrettyJson", &[Any], |call| to_json(call, Style::Pretty)),
    Function::new("toRawJson", &[Any], |call| to_json(call, Style::Raw)),
    Function::new("mustToRawJson", &[Any], |call| to_json(call, Style::Raw)),
];

/// Errors other than those of the bounds are swallowed by the functions without `must`.
fn ignored(fault: Fault) -> Done {
    if fault.is_limit { Err(fault) } else { Ok(Value::Nil) }
}

/// `base64.StdEncoding.DecodeString`
pub fn decode_base64(text: &[u8]) -> Result<Vec<u8>, String> {
    let kept: Vec<(usize, u8)> =
        text.iter().copied().enumerate().filter(|(_, byte)| !matches!(byte, b'\r' | b'\n')).collect();
    let plain: Vec<u8> = kept.iter().map(|(_, byte)| *byte).collect();
    let position = |at: usize| kept.get(at).map_or(text.len(), |(position, _)| *position);
    let corrupt = |at: usize| format!("illegal base64 data at input byte {at}");
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    // Four at a time: padding ends it, and only the last may have some.
    for (number, group) in plain.chunks(4).enumerate() {
        let start = number * 4;
        let digits = group.iter().take_while(|byte| is_digit(byte)).count();
        if digits == group.len() {
            if digits < 4 {
                return Err(corrupt(position(start + digits).saturating_sub(digits)));
            }
            continue;
        }
        if group[digits] != b'=' || digits < 2 {
            return Err(corrupt(position(start + digits)));
        }
        if digits == 2 {
            match plain.get(start + 3) {
                None => return Err(corrupt(text.len())),
                Some(b'=') => {}
                Some(_) => return Err(corrupt(position(start + 3))),
            }
        }
        if plain.len() > start + 4 {
            return Err(corrupt(position(start + 4)));
        }
        break;
    }
    let engine = base64::engine::GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        base64::engine::GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
    );
    engine.decode(&plain).map_err(|_| corrupt(0))
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn encode_base32(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for group in bytes.chunks(5) {
        let bits = group.iter().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte)) << (8 * (5 - group.len()));
        let digits = (group.len() * 8).div_ceil(5);
        for position in 0..8 {
            let index = usize::try_from(bits >> (35 - 5 * position) & 31).unwrap_or_default();
            out.push(if position < digits { char::from(BASE32[index]) } else { '=' });
        }
    }
    out
}

fn decode_base32(text: &[u8]) -> Result<Vec<u8>, String> {
    let plain: Vec<u8> = text.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let corrupt = |at: usize| format!("illegal base32 data at input byte {at}");
    let mut out = Vec::with_capacity(plain.len() / 8 * 5);
    for (number, group) in plain.chunks(8).enumerate() {
        let start = number * 8;
        let mut bits = 0u64;
        let mut digits = 0;
        while let Some(byte) = group.get(digits).filter(|byte| **byte != b'=') {
            let value = BASE32.iter().position(|digit| digit == byte).ok_or_else(|| corrupt(start + digits))?;
            bits = bits << 5 | value as u64;
            digits += 1;
        }
        if group.len() < 8 {
            return Err(corrupt(start));
        }
        if digits < 8 {
            let is_last = plain.len() == start + 8 && group[digits..].iter().all(|byte| *byte == b'=');
            if !is_last || !matches!(digits, 2 | 4 | 5 | 7) {
                return Err(corrupt(start + digits));
            }
        }
        bits <<= 5 * (8 - digits);
        let bytes = bits.to_be_bytes();
        out.extend_from_slice(&bytes[3..3 + digits * 5 / 8]);
    }
    Ok(out)
}

fn from_json(call: &mut Call<'_>) -> Done {
    let text = call.str(0);
    call.budget.room(text.len().saturating_mul(4))?;
    let value: serde_json::Value = serde_json::from_str(&text).map_err(|error| Fault::from(error.to_string()))?;
    Ok(Value::from_json(&value, Numbers::Floats))
}

/// How JSON is laid out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Style {
    Short,
    /// Two spaces a level.
    Pretty,
    /// Signs of HTML stay as they are.
    Raw,
}

fn to_json(call: &mut Call<'_>, style: Style) -> Done {
    let value = call.any(0).clone();
    json(&value, style, call.budget).map(Value::from)
}

/// A value as JSON.
pub fn json(value: &Value, style: Style, budget: &mut Budget) -> Result<String, Fault> {
    let mut out = String::new();
    write(&mut out, value, style, 0, budget)?;
    Ok(out)
}

fn write(out: &mut String, value: &Value, style: Style, depth: usize, budget: &mut Budget) -> Result<(), Fault> {
    budget.step(1)?;
    budget.check_depth(depth)?;
    if out.len() > budget.memory_left() {
        budget.room(out.len())?;
    }
    match value {
        Value::Nil => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(number) | Value::Int64(number) => out.push_str(&number.to_string()),
        Value::Uint64(number) => out.push_str(&number.to_string()),
        Value::Byte(number) => out.push_str(&number.to_string()),
        Value::Float(number) => out.push_str(&float(*number)?),
        Value::Str(text) => string(out, text, style),
        Value::Time(time) => string(out, &time.rfc3339(), style),
        Value::Version(version) => string(out, &version.to_string(), style),
        Value::List(list) if list.is_nil() => out.push_str("null"),
        Value::Map(map) if map.is_nil() => out.push_str("null"),
        Value::List(list) => {
            out.push('[');
            for (position, item) in list.items().iter().enumerate() {
                separate(out, position, style, depth + 1);
                write(out, item, style, depth + 1, budget)?;
            }
            close(out, list.items().is_empty(), style, depth);
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            for (position, (key, item)) in map.snapshot().iter().enumerate() {
                separate(out, position, style, depth + 1);
                string(out, key, style);
                out.push_str(if style == Style::Pretty { ": " } else { ":" });
                write(out, item, style, depth + 1, budget)?;
            }
            close(out, map.len() == 0, style, depth);
            out.push('}');
        }
    }
    Ok(())
}

fn separate(out: &mut String, position: usize, style: Style, depth: usize) {
    if position > 0 {
        out.push(',');
    }
    if style == Style::Pretty {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    }
}

fn close(out: &mut String, is_empty: bool, style: Style, depth: usize) {
    if style == Style::Pretty && !is_empty {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    }
}

/// As in JavaScript: exponents only for the very small and the very large.
fn float(number: f64) -> Result<String, Fault> {
    if !number.is_finite() {
        return Err(format!("json: unsupported value: {}", format_float(number, 'g', None)).into());
    }
    let size = number.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format_float(number, 'e', None);
        // e-09 is written e-9.
        return Ok(match text.len().checked_sub(4).map(|at| text.split_at(at)) {
            Some((head, tail)) if tail.starts_with("e-0") => format!("{head}e-{}", &tail[3..]),
            _ => text,
        });
    }
    Ok(format_float(number, 'f', None))
}

fn string(out: &mut String, text: &str, style: Style) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            '<' | '>' | '&' if style != Style::Raw => out.push_str(&format!("\\u{:04x}", c as u32)),
            c if c < ' ' || matches!(c, '\u{2028}' | '\u{2029}') => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
}
