//! What an unquoted word means: the YAML 1.1 rules that kubectl applies, which are those of go-yaml v2
//! (`resolve.go`, `decode.go`) as vendored in sigs.k8s.io/yaml `goyaml.v2`. Called by the loader and by `render`.

use serde_json::{Number, Value};

/// The prefix that `!!` stands for.
pub const CORE: &str = "tag:yaml.org,2002:";

/// What a plain word is taken for.
#[derive(Debug, Clone, PartialEq)]
pub enum Plain {
    Null,
    Bool(bool),
    Int(i64),
    /// Above `i64::MAX`.
    Uint(u64),
    Float(f64),
    Str,
}

/// Resolves a plain word without a tag.
pub fn resolve(word: &str) -> Plain {
    let Some(first) = word.bytes().next() else { return Plain::Null };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => match word {
            "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Plain::Bool(true),
            "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Plain::Bool(false),
            "~" | "null" | "Null" | "NULL" => Plain::Null,
            _ => Plain::Str,
        },
        b'.' => match word {
            ".nan" | ".NaN" | ".NAN" => Plain::Float(f64::NAN),
            ".inf" | ".Inf" | ".INF" => Plain::Float(f64::INFINITY),
            _ => float(&spaced_digits(word)),
        },
        b'+' | b'-' | b'0'..=b'9' => number(word),
        _ => Plain::Str,
    }
}

fn number(word: &str) -> Plain {
    match word {
        "+.inf" | "+.Inf" | "+.INF" => return Plain::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Plain::Float(f64::NEG_INFINITY),
        _ => {}
    }
    let plain = if word.contains('_') { word.replace('_', "") } else { word.to_owned() };
    let (negative, digits) = match plain.as_bytes().first() {
        Some(b'-') => (true, &plain[1..]),
        Some(b'+') => (false, &plain[1..]),
        _ => (false, plain.as_str()),
    };
    let signed = plain.len() > digits.len();
    let (radix, body) = base(digits);
    if !body.is_empty() && body.bytes().all(|b| (b as char).is_digit(radix)) {
        match u64::from_str_radix(body, radix) {
            Ok(n) if negative && n <= 1 << 63 => return Plain::Int((n as i64).wrapping_neg()),
            Ok(n) if !negative && n <= i64::MAX as u64 => return Plain::Int(n as i64),
            // go-yaml tries ParseUint next, which takes no sign.
            Ok(n) if !signed => return Plain::Uint(n),
            _ => {}
        }
        // Past 64 bits: go-yaml makes a big integer, which JSON readers take for a double.
        if radix != 10 && !signed && !matches!(float(&plain), Plain::Float(_)) {
            return whole(body, radix);
        }
    }
    float(&plain)
}

fn whole(digits: &str, radix: u32) -> Plain {
    let digits = digits.chars().filter_map(|c| c.to_digit(radix)).map(f64::from);
    let value = digits.fold(0f64, |sum, digit| sum * f64::from(radix) + digit);
    if value.is_finite() { Plain::Float(value) } else { Plain::Str }
}

/// Radix and digits as Go's `strconv.ParseInt(s, 0, 64)` reads them: a leading zero alone means octal.
fn base(digits: &str) -> (u32, &str) {
    match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    }
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`, and within the range of a double; out of it the word stays a string.
fn float(word: &str) -> Plain {
    let bytes = word.as_bytes();
    let count = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut at = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let whole = count(at);
    at += whole;
    if bytes.get(at) == Some(&b'.') {
        let fraction = count(at + 1);
        if whole + fraction == 0 {
            return Plain::Str;
        }
        at += 1 + fraction;
    } else if whole == 0 {
        return Plain::Str;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let exponent = bytes.get(at..).map_or(0, |_| count(at));
        if exponent == 0 {
            return Plain::Str;
        }
        at += exponent;
    }
    if at != bytes.len() {
        return Plain::Str;
    }
    match word.parse::<f64>() {
        Ok(value) if value.is_finite() => Plain::Float(value),
        _ => Plain::Str,
    }
}

/// Words that begin with a dot go straight to Go's `ParseFloat`, which takes `_` between digits only.
fn spaced_digits(word: &str) -> String {
    let bytes = word.as_bytes();
    let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    word.char_indices()
        .filter(|&(at, c)| c != '_' || !digit(at.checked_sub(1)) || !digit(Some(at + 1)))
        .map(|(_, c)| c)
        .collect()
}

/// The value of a scalar under its tag (resolved, with `!!` written out), or why there is none.
pub fn value(text: &str, plain: bool, tag: Option<&str>) -> Result<Value, String> {
    let Some(tag) = tag else {
        return match resolve(text) {
            found if plain && found != Plain::Str => json(found),
            _ => Ok(Value::String(text.to_owned())),
        };
    };
    let core = tag.strip_prefix(CORE);
    let wrong = || format!("`{text}` can't be read as !!{}", core.unwrap_or_default());
    match core {
        Some("bool") => match resolve(text) {
            Plain::Bool(b) => Ok(b.into()),
            _ => Err(wrong()),
        },
        Some("int") => match resolve(text) {
            found @ (Plain::Int(_) | Plain::Uint(_)) => json(found),
            _ => Err(wrong()),
        },
        Some("float") => match resolve(text) {
            found @ (Plain::Int(_) | Plain::Uint(_) | Plain::Float(_)) => json(found),
            _ => Err(wrong()),
        },
        Some("null") => match resolve(text) {
            Plain::Null => Ok(Value::Null),
            _ => Err(wrong()),
        },
        Some("binary") => decode_base64(text)
            .ok_or("this !!binary is not valid base64")
            .and_then(|bytes| String::from_utf8(bytes).map_err(|_| "this !!binary is not text, and JSON has no bytes"))
            .map(Value::String)
            .map_err(str::to_owned),
        // `!!str`, `!!timestamp`, `!` and every tag of one's own: upstream takes the text as it is.
        _ => Ok(Value::String(text.to_owned())),
    }
}

fn json(plain: Plain) -> Result<Value, String> {
    Ok(match plain {
        Plain::Null => Value::Null,
        Plain::Bool(b) => b.into(),
        Plain::Int(n) => n.into(),
        Plain::Uint(n) => n.into(),
        Plain::Float(n) => {
            Value::Number(decimal(n).ok_or("JSON has no infinity and no NaN: quote it if text is meant")?)
        }
        Plain::Str => return Err("not a plain value".to_owned()),
    })
}

/// A double as it arrives in Kubernetes: whole numbers become integers, because the way is through JSON text.
pub fn decimal(n: f64) -> Option<Number> {
    // 2^63 and above can't be an i64; Go then keeps a float.
    if n.fract() == 0.0 && n >= -(2f64.powi(63)) && n < 2f64.powi(63) {
        Some(Number::from(n as i64))
    } else {
        Number::from_f64(n)
    }
}

/// A map key as sigs.k8s.io/yaml turns it into a string; `None` for the kinds that it refuses.
pub fn key(text: &str, plain: bool, tag: Option<&str>) -> Result<Option<String>, String> {
    let typed = match tag.map(|tag| tag.strip_prefix(CORE)) {
        None => plain,
        Some(core) => matches!(core, Some("bool" | "int" | "float" | "null")),
    };
    if !typed {
        return match value(text, plain, tag)? {
            Value::String(text) => Ok(Some(text)),
            _ => Ok(None),
        };
    }
    if tag.is_some() {
        value(text, plain, tag)?;
    }
    Ok(match resolve(text) {
        Plain::Null | Plain::Uint(_) => None,
        Plain::Bool(b) => Some(b.to_string()),
        Plain::Int(n) => Some(n.to_string()),
        Plain::Float(n) => Some(go_float32(n)),
        Plain::Str => Some(text.to_owned()),
    })
}

/// Go's `strconv.FormatFloat(n, 'g', -1, 32)`: the shortest digits of a single, with an exponent below 1e-4 and from 1e6.
fn go_float32(n: f64) -> String {
    let n = n as f32;
    if n.is_nan() {
        return ".nan".to_owned();
    }
    if n.is_infinite() {
        return if n > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let scientific = format!("{n:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return n.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// Standard base64 with padding; line breaks are skipped as Go's decoder skips them.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let bytes: Vec<u8> = text.bytes().filter(|b| !matches!(b, b'\n' | b'\r')).collect();
    if !bytes.len().is_multiple_of(4) {
        return None;
    }
    let padding = bytes.iter().rev().take_while(|b| **b == b'=').count();
    if padding > 2 {
        return None;
    }
    let mut decoded = Vec::with_capacity(bytes.len() / 4 * 3);
    let (mut group, mut have) = (0u32, 0);
    for byte in &bytes[..bytes.len() - padding] {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        group = group << 6 | u32::from(six);
        have += 6;
        if have >= 8 {
            have -= 8;
            decoded.push((group >> have) as u8);
        }
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(word: &str) -> Value {
        match resolve(word) {
            Plain::Str => json!(word),
            found => json(found).unwrap(),
        }
    }

    #[test]
    fn words_mean_what_kubectl_takes_them_for() {
        for (word, meant) in [
            ("yes", json!(true)),
            ("y", json!(true)),
            ("On", json!(true)),
            ("NO", json!(false)),
            ("off", json!(false)),
            ("yEs", json!("yEs")),
            ("~", json!(null)),
            ("", json!(null)),
            ("Null", json!(null)),
            ("nULL", json!("nULL")),
            ("0755", json!(493)),
            ("0o755", json!(493)),
            ("-0755", json!(-493)),
            ("0x1F", json!(31)),
            ("-0x1f", json!(-31)),
            ("0b101", json!(5)),
            ("+0b101", json!(5)),
            ("0b102", json!("0b102")),
            ("0x", json!("0x")),
            ("1e3", json!(1000)),
            ("1.0", json!(1)),
            ("1.", json!(1)),
            (".5", json!(0.5)),
            ("-.5", json!(-0.5)),
            (".", json!(".")),
            (".e3", json!(".e3")),
            ("1e", json!("1e")),
            ("1e+", json!("1e+")),
            ("1.2.3", json!("1.2.3")),
            ("09", json!(9)),
            ("0o9", json!("0o9")),
            ("1_000", json!(1000)),
            ("_1", json!("_1")),
            (".1_5", json!(0.15)),
            ("1:30", json!("1:30")),
            ("2001-12-14", json!("2001-12-14")),
            ("1e400", json!("1e400")),
            ("9223372036854775807", json!(9_223_372_036_854_775_807_i64)),
            ("-9223372036854775808", json!(i64::MIN)),
            ("18446744073709551615", json!(u64::MAX)),
            ("18446744073709551616", json!(18_446_744_073_709_551_616_f64)),
            ("+18446744073709551615", json!(18_446_744_073_709_551_615_f64)),
            ("-0xFFFFFFFFFFFFFFFFFF", json!("-0xFFFFFFFFFFFFFFFFFF")),
            ("0xFFFFFFFFFFFFFFFFFF", json!(0xFFFF_FFFF_FFFF_FFFF_FFFF_u128 as f64 / 256.0)),
            ("+", json!("+")),
            ("<<", json!("<<")),
            ("v1", json!("v1")),
            ("=", json!("=")),
        ] {
            assert_eq!(read(word), meant, "{word}");
        }
    }

    #[test]
    fn infinity_and_nan_have_no_json() {
        for word in [".inf", "-.INF", "+.Inf", ".NaN"] {
            assert!(value(word, true, None).is_err(), "{word}");
        }
        assert_eq!(value(".inf", false, None), Ok(json!(".inf")));
        assert_eq!(value("-.nan", true, None), Ok(json!("-.nan")));
    }

    #[test]
    fn tags_decide() {
        let tagged = |tag: &str, text: &str| value(text, true, Some(&format!("{CORE}{tag}")));
        assert_eq!(tagged("str", "1"), Ok(json!("1")));
        assert_eq!(tagged("str", ""), Ok(json!("")));
        assert_eq!(tagged("int", "0x10"), Ok(json!(16)));
        assert!(tagged("int", "1.5").is_err());
        assert_eq!(tagged("float", "3"), Ok(json!(3)));
        assert_eq!(tagged("bool", "on"), Ok(json!(true)));
        assert!(tagged("bool", "1").is_err());
        assert!(tagged("null", "x").is_err());
        assert_eq!(tagged("binary", "aGVs\nbG8="), Ok(json!("hello")));
        assert!(tagged("binary", "aGVsbG8").is_err());
        assert!(tagged("binary", "/w==").is_err());
        assert_eq!(tagged("timestamp", "2001-12-14"), Ok(json!("2001-12-14")));
        assert_eq!(value("12", true, Some("!custom")), Ok(json!("12")));
    }

    #[test]
    fn keys_become_strings_as_sigs_yaml_makes_them() {
        for (word, name) in [
            ("y", "true"),
            ("on", "true"),
            ("No", "false"),
            ("0755", "493"),
            ("1.50", "1.5"),
            ("1e3", "1000"),
            ("1e6", "1e+06"),
            ("1234567.0", "1.234567e+06"),
            ("1e-5", "1e-05"),
            (".inf", ".inf"),
            ("a.b/c", "a.b/c"),
        ] {
            assert_eq!(key(word, true, None), Ok(Some(name.to_owned())), "{word}");
        }
        assert_eq!(key("~", true, None), Ok(None));
        assert_eq!(key("18446744073709551615", true, None), Ok(None));
        assert_eq!(key("on", false, None), Ok(Some("on".to_owned())));
        assert_eq!(key("1", true, Some("tag:yaml.org,2002:str")), Ok(Some("1".to_owned())));
    }
}
