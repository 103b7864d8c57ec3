//! Numbers and quotes in the way of Go's strconv, and its classes of signs. Called by the lexer, by `fmt` and by
//! functions that read numbers out of strings.

use std::sync::OnceLock;

use regex::Regex;

/// Why a number can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    Syntax,
    /// It is one, but too large; functions that ignore errors get the bound.
    Range,
}

/// Whether Go takes a sign for a letter.
pub fn is_letter(c: char) -> bool {
    static CLASS: OnceLock<Option<Regex>> = OnceLock::new();
    if c.is_ascii() { c.is_ascii_alphabetic() } else { is_in(c, r"\pL", &CLASS) }
}

/// Whether Go takes a sign for a decimal digit.
pub fn is_digit(c: char) -> bool {
    static CLASS: OnceLock<Option<Regex>> = OnceLock::new();
    if c.is_ascii() { c.is_ascii_digit() } else { is_in(c, r"\p{Nd}", &CLASS) }
}

/// Whether Go takes a sign for a number of any sort.
pub fn is_number(c: char) -> bool {
    static CLASS: OnceLock<Option<Regex>> = OnceLock::new();
    if c.is_ascii() { c.is_ascii_digit() } else { is_in(c, r"\pN", &CLASS) }
}

/// Whether Go takes a sign for punctuation.
pub fn is_punctuation(c: char) -> bool {
    static CLASS: OnceLock<Option<Regex>> = OnceLock::new();
    is_in(c, r"\pP", &CLASS)
}

/// Whether Go takes a sign for one in title case.
pub fn is_title(c: char) -> bool {
    static CLASS: OnceLock<Option<Regex>> = OnceLock::new();
    !c.is_ascii() && is_in(c, r"\p{Lt}", &CLASS)
}

/// Whether Go takes a sign for an upper case letter.
pub fn is_upper(c: char) -> bool {
    static CLASS: OnceLock<Option<Regex>> = OnceLock::new();
    if c.is_ascii() { c.is_ascii_uppercase() } else { is_in(c, r"\p{Lu}", &CLASS) }
}

/// Whether Go takes a sign for a lower case letter.
pub fn is_lower(c: char) -> bool {
    static CLASS: OnceLock<Option<Regex>> = OnceLock::new();
    if c.is_ascii() { c.is_ascii_lowercase() } else { is_in(c, r"\p{Ll}", &CLASS) }
}

/// Whether Go prints a sign as it is.
pub fn is_print(c: char) -> bool {
    static CLASS: OnceLock<Option<Regex>> = OnceLock::new();
    if c.is_ascii() { c == ' ' || c.is_ascii_graphic() } else { is_in(c, r"[\pL\pM\pN\pP\pS]", &CLASS) }
}

fn is_in(c: char, class: &str, compiled: &OnceLock<Option<Regex>>) -> bool {
    let regex = compiled.get_or_init(|| Regex::new(class).ok());
    regex.as_ref().is_some_and(|regex| regex.is_match(c.encode_utf8(&mut [0; 4])))
}

/// One sign in upper case, where that is one sign.
pub fn to_upper(c: char) -> char {
    one(c.to_uppercase()).unwrap_or(c)
}

/// One sign in lower case, where that is one sign.
pub fn to_lower(c: char) -> char {
    one(c.to_lowercase()).unwrap_or(if c == 'İ' { 'i' } else { c })
}

/// One sign in title case, which is the upper case of nearly all.
pub fn to_title(c: char) -> char {
    match c {
        'Ǆ' | 'ǅ' | 'ǆ' => 'ǅ',
        'Ǉ' | 'ǈ' | 'ǉ' => 'ǈ',
        'Ǌ' | 'ǋ' | 'ǌ' => 'ǋ',
        'Ǳ' | 'ǲ' | 'ǳ' => 'ǲ',
        'ა'..='ჺ' | 'ჽ'..='ჿ' => c,
        c => to_upper(c),
    }
}

fn one(mut mapped: impl Iterator<Item = char>) -> Option<char> {
    let first = mapped.next()?;
    mapped.next().is_none().then_some(first)
}

/// Whether Go takes a sign for a space.
pub fn is_space(c: char) -> bool {
    c.is_whitespace()
}

/// `strconv.Quote`.
pub fn quote(text: &str) -> String {
    quoted(text, '"', false)
}

/// A text in quotes, with the escapes that it needs, or as ASCII.
pub fn quoted(text: &str, mark: char, ascii: bool) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(mark);
    for c in text.chars() {
        escape(&mut out, c, mark, ascii);
    }
    out.push(mark);
    out
}

fn escape(out: &mut String, c: char, mark: char, ascii: bool) {
    match c {
        c if c == mark || c == '\\' => {
            out.push('\\');
            out.push(c);
        }
        c if (!ascii || c.is_ascii()) && is_print(c) => out.push(c),
        '\x07' => out.push_str("\\a"),
        '\x08' => out.push_str("\\b"),
        '\x0c' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\x0b' => out.push_str("\\v"),
        c if c < ' ' || c == '\x7f' => out.push_str(&format!("\\x{:02x}", c as u32)),
        c if (c as u32) < 0x1_0000 => out.push_str(&format!("\\u{:04x}", c as u32)),
        c => out.push_str(&format!("\\U{:08x}", c as u32)),
    }
}

/// Whether a text can stand between backquotes.
pub fn can_backquote(text: &str) -> bool {
    !text.chars().any(|c| c == '\u{feff}' || c < ' ' && c != '\t' || c == '`' || c == '\x7f' || c == '\u{fffd}')
}

/// The text of a Go string literal. Bytes that are no UTF-8 become U+FFFD each.
pub fn unquote(literal: &str) -> Option<String> {
    let mark = literal.chars().next()?;
    let inner = literal.get(1..literal.len().checked_sub(1)?)?;
    match mark {
        '`' => Some(inner.replace('\r', "")),
        '"' => {
            let mut bytes = Vec::with_capacity(inner.len());
            let mut rest = inner;
            while !rest.is_empty() {
                let (sign, behind) = unquote_char(rest, '"')?;
                match sign {
                    Sign::Byte(byte) => bytes.push(byte),
                    Sign::Char(c) => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
                }
                rest = behind;
            }
            Some(from_bytes(&bytes))
        }
        _ => None,
    }
}

/// A sign of a literal.
pub enum Sign {
    Byte(u8),
    Char(char),
}

/// The first sign of what stands between quotes, and what follows it.
pub fn unquote_char(text: &str, mark: char) -> Option<(Sign, &str)> {
    let mut chars = text.chars();
    let c = chars.next()?;
    if c == mark && (mark == '\'' || mark == '"') || c == '\n' {
        return None;
    }
    if c != '\\' {
        return Some((Sign::Char(c), chars.as_str()));
    }
    let escape = chars.next()?;
    let rest = chars.as_str();
    let plain = |c: char| Some((Sign::Char(c), rest));
    match escape {
        'a' => plain('\x07'),
        'b' => plain('\x08'),
        'f' => plain('\x0c'),
        'n' => plain('\n'),
        'r' => plain('\r'),
        't' => plain('\t'),
        'v' => plain('\x0b'),
        '\\' => plain('\\'),
        '\'' | '"' if escape == mark => plain(escape),
        'x' | 'u' | 'U' => {
            let length = match escape {
                'x' => 2,
                'u' => 4,
                _ => 8,
            };
            let digits = rest.get(..length).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
            let code = u32::from_str_radix(digits, 16).ok()?;
            let behind = &rest[length..];
            if escape == 'x' {
                return Some((Sign::Byte(u8::try_from(code).ok()?), behind));
            }
            Some((Sign::Char(char::from_u32(code)?), behind))
        }
        '0'..='7' => {
            let digits = text.get(1..4).filter(|digits| digits.bytes().all(|b| (b'0'..=b'7').contains(&b)))?;
            let code = u32::from_str_radix(digits, 8).ok()?;
            Some((Sign::Byte(u8::try_from(code).ok()?), &text[4..]))
        }
        _ => None,
    }
}

/// A text of bytes, in which each that is no UTF-8 becomes U+FFFD, as in Go's JSON.
pub fn from_bytes(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text
}

/// Underscores only between digits, or behind the letter of the base.
fn underscores_fit(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text).as_bytes();
    let based = matches!(digits, [b'0', b'b' | b'B' | b'o' | b'O' | b'x' | b'X', ..]);
    let is_hex = matches!(digits, [b'0', b'x' | b'X', ..]);
    let mut last = if based { b'0' } else { b'^' };
    for byte in digits.iter().skip(if based { 2 } else { 0 }) {
        last = match byte {
            byte if byte.is_ascii_digit() || is_hex && byte.is_ascii_hexdigit() => b'0',
            b'_' if last != b'0' => return false,
            b'_' => b'_',
            _ if last == b'_' => return false,
            _ => b'!',
        };
    }
    last != b'_'
}

/// `strconv.ParseInt(text, 0, 64)`: the base by the prefix.
pub fn parse_int(text: &str) -> Result<i64, Wrong> {
    let (negative, digits) = match text.strip_prefix(['+', '-']) {
        Some(digits) => (text.starts_with('-'), digits),
        None => (false, text),
    };
    if text.contains('_') && !underscores_fit(text) {
        return Err(Wrong::Syntax);
    }
    signed(negative, parse_digits(digits)?)
}

/// `strconv.ParseInt(text, base, 64)` for a base that is known.
pub fn parse_int_base(text: &str, base: u32) -> Result<i64, Wrong> {
    let (negative, digits) = match text.strip_prefix(['+', '-']) {
        Some(digits) => (text.starts_with('-'), digits),
        None => (false, text),
    };
    signed(negative, digits_of(digits, base)?)
}

fn signed(negative: bool, value: u64) -> Result<i64, Wrong> {
    match (negative, i64::try_from(value)) {
        (false, value) => value.map_err(|_| Wrong::Range),
        (true, _) if value == 1 << 63 => Ok(i64::MIN),
        (true, value) => value.map(|value| -value).map_err(|_| Wrong::Range),
    }
}

/// `strconv.ParseUint(text, 0, 64)`.
pub fn parse_uint(text: &str) -> Result<u64, Wrong> {
    if text.starts_with(['+', '-']) || text.contains('_') && !underscores_fit(text) {
        return Err(Wrong::Syntax);
    }
    parse_digits(text)
}

fn parse_digits(text: &str) -> Result<u64, Wrong> {
    let (base, digits) = match text.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (16, &text[2..]),
        [b'0', b'o' | b'O', _, ..] => (8, &text[2..]),
        [b'0', b'b' | b'B', _, ..] => (2, &text[2..]),
        [b'0', _, ..] => (8, &text[1..]),
        _ => (10, text),
    };
    digits_of(&digits.replace('_', ""), base)
}

fn digits_of(digits: &str, base: u32) -> Result<u64, Wrong> {
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(base)) {
        return Err(Wrong::Syntax);
    }
    u64::from_str_radix(digits, base).map_err(|_| Wrong::Range)
}

/// `strconv.ParseFloat(text, 64)`.
pub fn parse_float(text: &str) -> Result<f64, Wrong> {
    if text.contains('_') && !underscores_fit(text) {
        return Err(Wrong::Syntax);
    }
    let plain = text.replace('_', "");
    let unsigned = plain.strip_prefix(['+', '-']).unwrap_or(&plain);
    if unsigned.starts_with("0x") || unsigned.starts_with("0X") {
        let value = hexadecimal_float(&unsigned[2..])?;
        return Ok(if plain.starts_with('-') { -value } else { value });
    }
    let is_word = ["inf", "infinity", "nan"].iter().any(|word| unsigned.eq_ignore_ascii_case(word));
    if unsigned.eq_ignore_ascii_case("nan") && unsigned.len() != plain.len() {
        return Err(Wrong::Syntax);
    }
    match plain.parse::<f64>() {
        Ok(value) if value.is_infinite() && !is_word => Err(Wrong::Range),
        Ok(value) => Ok(value),
        Err(_) => Err(Wrong::Syntax),
    }
}

fn hexadecimal_float(text: &str) -> Result<f64, Wrong> {
    let (mantissa, exponent) = text.split_once(['p', 'P']).ok_or(Wrong::Syntax)?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Wrong::Syntax);
    }
    let exponent: i32 = exponent.parse().map_err(|_| Wrong::Syntax)?;
    let value = digits.chars().filter_map(|c| c.to_digit(16)).fold(0.0, |sum, digit| sum * 16.0 + f64::from(digit));
    let shift = exponent.saturating_sub(i32::try_from(fraction.len() * 4).map_err(|_| Wrong::Range)?);
    let value = value * 2f64.powi(shift);
    if value.is_finite() { Ok(value) } else { Err(Wrong::Range) }
}

/// `strconv.FormatFloat(value, verb, precision, 64)`; no precision is the shortest that
/// reads back.
pub fn format_float(value: f64, verb: char, precision: Option<usize>) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    match verb {
        'e' | 'E' => exponential(value, verb, precision),
        'b' => binary(value),
        'x' => hexadecimal(value, precision),
        'X' => hexadecimal(value, precision).to_ascii_uppercase(),
        'f' => match precision {
            Some(precision) => format!("{value:.precision$}"),
            None => format!("{value}"),
        },
        _ => general(value, verb, precision),
    }
}

fn exponential(value: f64, mark: char, precision: Option<usize>) -> String {
    let text = match precision {
        Some(precision) => format!("{value:.precision$e}"),
        None => format!("{value:e}"),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => ('+', exponent),
    };
    format!("{mantissa}{mark}{sign}{digits:0>2}")
}

fn general(value: f64, verb: char, precision: Option<usize>) -> String {
    let mark = if verb == 'G' { 'E' } else { 'e' };
    let significant = precision.map(|precision| precision.max(1));
    let text = match significant {
        Some(significant) => format!("{value:.*e}", significant - 1),
        None => format!("{value:e}"),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    // Zeros at the end are no digits of the number.
    let digits = mantissa.chars().filter(char::is_ascii_digit).collect::<String>();
    let digits = if significant.is_some() { digits.trim_end_matches('0') } else { &digits };
    let count = digits.len().max(1);
    let point = exponent + 1;
    let bound = match significant {
        None => 6,
        Some(precision) if precision > count && i32::try_from(count).is_ok_and(|count| count >= point) => count,
        Some(precision) => precision,
    };
    if exponent < -4 || i32::try_from(bound).is_ok_and(|bound| exponent >= bound) {
        return exponential(value, mark, Some(significant.map_or(count, |precision| precision.min(count)) - 1));
    }
    let fraction = (i32::try_from(count).unwrap_or(i32::MAX) - point).max(0);
    format!("{value:.*}", usize::try_from(fraction).unwrap_or_default())
}

/// Bits of the fraction of a double.
const MANTISSA_BITS: u32 = 52;

/// Mantissa and exponent as they are stored.
fn stored(value: f64) -> (u64, i32) {
    let bits = value.to_bits();
    let mantissa = bits & ((1 << MANTISSA_BITS) - 1);
    match i32::from((bits >> MANTISSA_BITS & 0x7ff) as u16) {
        0 => (mantissa, -1022),
        exponent => (mantissa | 1 << MANTISSA_BITS, exponent - 1023),
    }
}

fn sign(value: f64) -> &'static str {
    if value.is_sign_negative() { "-" } else { "" }
}

fn binary(value: f64) -> String {
    let (mantissa, exponent) = stored(value);
    format!("{}{mantissa}p{:+}", sign(value), exponent - 52)
}

fn hexadecimal(value: f64, precision: Option<usize>) -> String {
    let (mut mantissa, mut exponent) = stored(value);
    if mantissa == 0 {
        exponent = 0;
    }
    while mantissa != 0 && mantissa >> MANTISSA_BITS == 0 {
        mantissa <<= 1;
        exponent -= 1;
    }
    // Half of the last digit goes to the even one.
    if let Some(digits) = precision.filter(|digits| *digits < 13) {
        let cut = MANTISSA_BITS - 4 * u32::try_from(digits).unwrap_or_default();
        let (rest, half) = (mantissa & ((1 << cut) - 1), 1 << (cut - 1));
        mantissa >>= cut;
        if rest > half || rest == half && mantissa & 1 == 1 {
            mantissa += 1;
        }
        mantissa <<= cut;
        if mantissa >> (MANTISSA_BITS + 1) != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let mut fraction = format!("{:013x}", mantissa & ((1 << MANTISSA_BITS) - 1));
    match precision {
        Some(digits) if digits <= 13 => fraction.truncate(digits),
        Some(digits) => fraction.extend(std::iter::repeat_n('0', digits - 13)),
        None => fraction.truncate(fraction.trim_end_matches('0').len()),
    }
    let point = if fraction.is_empty() { "" } else { "." };
    let (mark, size) = (if exponent < 0 { '-' } else { '+' }, exponent.unsigned_abs());
    format!("{}0x{}{point}{fraction}p{mark}{size:02}", sign(value), mantissa >> MANTISSA_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_go_reads_them() {
        assert_eq!(parse_int("0x1F"), Ok(31));
        assert_eq!(parse_int("-0b11"), Ok(-3));
        assert_eq!(parse_int("017"), Ok(15));
        assert_eq!(parse_int("1_000"), Ok(1000));
        assert_eq!(parse_int("1__0"), Err(Wrong::Syntax));
        assert_eq!(parse_int("9223372036854775808"), Err(Wrong::Range));
        assert_eq!(parse_int("-9223372036854775808"), Ok(i64::MIN));
        assert_eq!(parse_float("0x1.8p1"), Ok(3.0));
        assert_eq!(parse_float("1e400"), Err(Wrong::Range));
        assert_eq!(parse_float("."), Err(Wrong::Syntax));
    }

    #[test]
    fn numbers_are_written_as_go_writes_them() {
        for (value, text) in
            [(1e6, "1e+06"), (123456.0, "123456"), (0.0001, "0.0001"), (0.00001, "1e-05"), (1.5, "1.5")]
        {
            assert_eq!(format_float(value, 'g', None), text);
        }
        assert_eq!(format_float(1234.5678, 'g', Some(3)), "1.23e+03");
        assert_eq!(format_float(100.0, 'g', Some(5)), "100");
        assert_eq!(format_float(2.5, 'e', None), "2.5e+00");
        assert_eq!(format_float(2.71, 'f', Some(1)), "2.7");
    }

    #[test]
    fn quotes_are_those_of_go() {
        assert_eq!(quote("a\"\\\n\u{1}é\u{200b}😀"), r#""a\"\\\n\x01é\u200b😀""#);
        assert_eq!(unquote(r#""\x41\101\u00e9\n""#).as_deref(), Some("AAé\n"));
        assert_eq!(unquote(r#""\q""#), None);
        assert_eq!(unquote("`a\\`").as_deref(), Some("a\\"));
    }
}
