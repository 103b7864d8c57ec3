//! The filters that skeletons have beyond minijinja's own, and those of its own that are bounded here.

use minijinja::{Environment, Error, ErrorKind, Value};

/// The widest indent that makes sense; beyond it is a mistake or an attempt on memory.
const WIDEST: usize = 200;

/// Adds `yaml`, `dump` and `tojson`, bounds `indent`, and takes away what could grow without bound.
pub fn install(environment: &mut Environment<'_>) {
    environment.add_filter("yaml", yaml);
    environment.add_filter("dump", json);
    environment.add_filter("tojson", json);
    environment.add_filter("indent", indent);
    // Carried from turn to turn of a loop, a text could double until memory is gone: fuel counts steps, not bytes.
    environment.remove_global("namespace");
    // Their widths and counts have no upper limit.
    for filter in ["format", "batch", "slice"] {
        environment.remove_filter(filter);
    }
}

/// JSON, as `dump` of Nunjucks writes it; with a number, over several lines indented by it.
fn json(value: &Value, indent: Option<usize>) -> Result<String, Error> {
    let value = defined(value)?;
    let Some(indent) = indent.map(|indent| indent.min(WIDEST)) else {
        return serde_json::to_string(value).map_err(unwritable);
    };
    let spaces = vec![b' '; indent];
    let mut out = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(&spaces);
    serde::Serialize::serialize(value, &mut serde_json::Serializer::with_formatter(&mut out, formatter))
        .map_err(unwritable)?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// A value as YAML on one line: a text is always quoted, so that `yes`, `1e3` or `a: b #c` are read back as texts.
fn yaml(value: &Value) -> Result<String, Error> {
    let json = serde_json::to_string(defined(value)?).map_err(unwritable)?;
    if json.chars().all(|c| matches!(c, ' '..='~')) {
        return Ok(json);
    }
    // JSON leaves characters as they are that YAML takes for line breaks or can't hold (YAML 1.2.2, 5.1 and 5.4).
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        match c {
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            _ => out.push(c),
        }
    }
    Ok(out)
}

/// Indents all lines but the first by `width` spaces; with `true` the first too, with a second `true` empty lines too.
fn indent(text: String, width: usize, first: Option<bool>, blank: Option<bool>) -> Result<String, Error> {
    if width > WIDEST {
        return Err(Error::new(ErrorKind::InvalidOperation, format!("indent takes at most {WIDEST}")));
    }
    let spaces = " ".repeat(width);
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            out.push('\n');
        }
        let wanted = if number == 0 { first } else { Some(true) };
        if wanted.unwrap_or(false) && (!line.is_empty() || blank.unwrap_or(false)) {
            out.push_str(&spaces);
        }
        out.push_str(line);
    }
    Ok(out)
}

/// Strictness doesn't reach arguments of type `Value` by itself; the engine's own refusal knows the value's name.
fn defined(value: &Value) -> Result<&Value, Error> {
    if value.is_undefined() {
        value.get_attr("")?;
    }
    Ok(value)
}

fn unwritable(error: serde_json::Error) -> Error {
    Error::new(ErrorKind::BadSerialization, error.to_string())
}
