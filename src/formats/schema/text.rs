//! Formats of short texts: names, addresses, identifiers, numbers with a check digit.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use regex::Regex;

/// 24 hexadecimal digits.
pub(super) fn is_object_id(text: &str) -> bool {
    text.len() == 24 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

pub(super) fn is_hostname(text: &str) -> bool {
    static HOSTNAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(concat!(
            r"^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|",
            r"([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9\-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})$"
        ))
        .ok()
    });
    text.len() <= 255
        && text.split('.').all(|label| label.len() <= 63)
        && HOSTNAME.as_ref().is_some_and(|regex| regex.is_match(text))
}

/// Four numbers that may have zeros in front, and whatever else is an address with a dot in it.
pub(super) fn is_ipv4(text: &str) -> bool {
    text.contains('.') && (four_numbers(text).is_some() || is_lenient_ipv6(text))
}

pub(super) fn is_ipv6(text: &str) -> bool {
    text.contains(':') && text.parse::<Ipv6Addr>().is_ok()
}

pub(super) fn is_cidr(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else { return false };
    let most = match (four_numbers(address), is_lenient_ipv6(address)) {
        (Some(_), _) => 32,
        (None, true) => 128,
        (None, false) => return false,
    };
    length.bytes().all(|byte| byte.is_ascii_digit()) && length.parse::<u32>().is_ok_and(|length| length <= most)
}

fn four_numbers(text: &str) -> Option<Ipv4Addr> {
    let number = |part: &str| {
        let plain = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if plain { part.parse::<u8>().ok() } else { None }
    };
    let parts: Vec<u8> = text.split('.').map(number).collect::<Option<_>>()?;
    let parts: [u8; 4] = parts.try_into().ok()?;
    Some(parts.into())
}

/// An address of version 6, the numbers of an embedded one of version 4 with zeros in front or without.
fn is_lenient_ipv6(text: &str) -> bool {
    if text.parse::<Ipv6Addr>().is_ok() {
        return true;
    }
    let Some((front, back)) = text.rsplit_once(':') else { return false };
    four_numbers(back).is_some_and(|address| format!("{front}:{address}").parse::<Ipv6Addr>().is_ok())
}

/// 6, 8 or 20 bytes with one kind of separator: `00:00:5e:00:53:01`, `00-…`, `0000.5e00.5301`.
pub(super) fn is_mac(text: &str) -> bool {
    let bytes = if text.as_bytes().get(2).is_some_and(|byte| matches!(byte, b':' | b'-')) {
        let separator = if text.as_bytes()[2] == b':' { ':' } else { '-' };
        groups(text, separator, 2)
    } else if text.as_bytes().get(4) == Some(&b'.') {
        groups(text, '.', 4).map(|count| count * 2)
    } else {
        // Without separators since Go 1.26, with which 1.36 is built.
        let digits = text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        digits.then_some(text.len() / 2)
    };
    matches!(bytes, Some(6 | 8 | 20))
}

fn groups(text: &str, separator: char, width: usize) -> Option<usize> {
    let hexadecimal = |part: &str| part.len() == width && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut count = 0;
    for part in text.split(separator) {
        if !hexadecimal(part) {
            return None;
        }
        count += 1;
    }
    Some(count)
}

/// 32 hexadecimal digits, a dash before the 9th, 13th, 17th and 21st or not.
pub(super) fn is_uuid(text: &str, version: Option<char>) -> bool {
    let mut digits = Vec::with_capacity(32);
    for c in text.chars() {
        match c {
            '-' if matches!(digits.len(), 8 | 12 | 16 | 20) => {}
            c if c.is_ascii_hexdigit() => digits.push(c.to_ascii_lowercase()),
            _ => return false,
        }
    }
    let variant = version.is_none_or(|version| {
        digits.get(12) == Some(&version) && (version == '3' || matches!(digits.get(16), Some('8' | '9' | 'a' | 'b')))
    });
    digits.len() == 32 && !text.contains("--") && variant
}

pub(super) fn is_isbn10(text: &str) -> bool {
    let signs: Vec<char> = text.chars().filter(|c| !is_filler(*c)).collect();
    let [first @ .., last] = signs.as_slice() else { return false };
    let last = if *last == 'X' { Some(10) } else { last.to_digit(10) };
    let sum = first.iter().zip(1..).try_fold(0, |sum, (c, weight)| Some(sum + weight * c.to_digit(10)?));
    signs.len() == 10 && matches!((sum, last), (Some(sum), Some(last)) if (sum + 10 * last) % 11 == 0)
}

pub(super) fn is_isbn13(text: &str) -> bool {
    let signs: Vec<char> = text.chars().filter(|c| !is_filler(*c)).collect();
    let weighted = signs.iter().zip([1, 3].into_iter().cycle());
    let sum = weighted.into_iter().try_fold(0, |sum, (c, weight)| Some(sum + weight * c.to_digit(10)?));
    signs.len() == 13 && sum.is_some_and(|sum| sum % 10 == 0)
}

fn is_filler(c: char) -> bool {
    matches!(c, '-' | ' ' | '\t' | '\n' | '\r' | '\x0c')
}

/// A number of a known issuer with the right check digit, anything between its digits.
pub(super) fn is_credit_card(text: &str) -> bool {
    static ISSUERS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(concat!(
            "^(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|",
            "3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35[0-9]{3})[0-9]{11})$"
        ))
        .ok()
    });
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let sum: u32 = digits
        .bytes()
        .rev()
        .map(|byte| u32::from(byte - b'0'))
        .enumerate()
        .map(|(at, digit)| if at % 2 == 0 { digit } else { digit * 2 / 10 + digit * 2 % 10 })
        .sum();
    sum.is_multiple_of(10) && ISSUERS.as_ref().is_some_and(|regex| regex.is_match(&digits))
}

/// `123-45-6789` or `123 45 6789`: the API server wants 11 signs.
pub(super) fn is_social_security_number(text: &str) -> bool {
    let shape = |(at, byte): (usize, u8)| match at {
        3 | 6 => matches!(byte, b'-' | b' '),
        _ => byte.is_ascii_digit(),
    };
    text.len() == 11 && text.bytes().enumerate().all(shape)
}

pub(super) fn is_hex_color(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or(text);
    matches!(digits.len(), 3 | 6) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

pub(super) fn is_rgb_color(text: &str) -> bool {
    let Some(inner) = text.strip_prefix("rgb(").and_then(|rest| rest.strip_suffix(')')) else { return false };
    let part = |part: &str| {
        let part = part.trim_matches([' ', '\t', '\n', '\r', '\x0c']);
        let plain = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        plain && (part == "0" || !part.starts_with('0')) && part.parse::<u8>().is_ok()
    };
    inner.split(',').count() == 3 && inner.split(',').all(part)
}

/// Standard base64 with its padding, at least one group of it.
pub(super) fn is_base64(text: &str) -> bool {
    let data = text.trim_end_matches('=');
    let padding = text.len() - data.len();
    let plain = data.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'));
    !text.is_empty() && text.len().is_multiple_of(4) && padding <= 2 && plain
}

/// What Go decodes into bytes: as above, lines broken anywhere, and nothing at all.
pub(super) fn is_base64_of_go(text: &str) -> bool {
    match text.contains(['\n', '\r']) {
        true => is_base64_of_go(&text.replace(['\n', '\r'], "")),
        false => text.is_empty() || is_base64(text),
    }
}

/// A label of DNS in lower case, 63 bytes at most.
pub(super) fn is_short_name(text: &str) -> bool {
    text.len() <= 63 && is_label(text)
}

/// Labels of DNS in lower case between dots, 253 bytes at most in all.
pub(super) fn is_long_name(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_label)
}

fn is_label(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let (Some(first), Some(last)) = (text.bytes().next(), text.bytes().last()) else { return false };
    plain(first) && plain(last) && text.bytes().all(|byte| plain(byte) || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(is: fn(&str) -> bool, right: &[&str], wrong: &[&str]) {
        for text in right {
            assert!(is(text), "{text}");
        }
        for text in wrong {
            assert!(!is(text), "{text}");
        }
    }

    #[test]
    fn addresses() {
        check(
            is_ipv4,
            &["127.0.0.1", "010.001.1.1", "::ffff:1.2.3.4"],
            &["", "1.2.3", "1.2.3.256", "::1", "1.2.3.4.5", "1.2.3.+4"],
        );
        check(is_ipv6, &["::1", "2001:db8:0000:1:1:1:1:1"], &["", "1.2.3.4", "::1%eth0", ":::"]);
        check(
            is_cidr,
            &["10.0.0.0/8", "010.0.0.0/08", "::/0"],
            &["10.0.0.0", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1"],
        );
        check(
            is_mac,
            &["3D:F2:C9:A6:B3:4F", "3D-F2-C9-A6-B3-4F", "0000.5e00.5301", "02:00:5e:10:00:00:00:01"],
            &["3D-F2-C9-A6-B3:4F", "123", "", "3D:F2:C9:A6:B3", "3D.F2.C9.A6.B3.4F"],
        );
        check(
            is_hostname,
            &["localhost", "example.com", "a-b.example", "1.example.com", "ex☃mple.com"],
            &["", "a_b.com", "-a.com", "a..com"],
        );
    }

    #[test]
    fn identifiers() {
        check(
            |text| is_uuid(text, None),
            &["a8098c1a-f86e-11da-bd1a-00112444be1e", "A8098C1AF86E11DABD1A00112444BE1E"],
            &[
                "a8098c1a-f86e-11da-bd1a-00112444be1",
                "a8098c1a--f86e-11da-bd1a-00112444be1e",
                "-a8098c1af86e11dabd1a00112444be1e",
                "",
            ],
        );
        check(
            |text| is_uuid(text, Some('4')),
            &["025b0d74-00a2-4048-bf57-227c5111bb34"],
            &["025b0d74-00a2-4048-cf57-227c5111bb34", "025b0d74-00a2-3048-bf57-227c5111bb34"],
        );
        check(
            is_isbn10,
            &["3836221195", "1-61729-085-8", "3 423 21412 0", "3 401 01319 X"],
            &["", "3423214121", "978-3836221191"],
        );
        check(
            is_isbn13,
            &["9784873113685", "978-4-87311-368-5"],
            &["", "3-8362-2119-5", "01234567890ab", "978 3 8362 2119 0"],
        );
        check(
            is_credit_card,
            &["4220855426222389", "4220 8554 2622 2389", "374953669708156", "6011464355444102", "3548209662790989"],
            &["", "credit card", "4220855426213389", "6521674451993089"],
        );
        check(is_social_security_number, &["191 60 2869", "191-60-2869"], &["00-90-8787", "191602869", ""]);
        check(is_object_id, &["507f1f77bcf86cd799439011"], &["507f1f77bcf86cd79943901", "x07f1f77bcf86cd799439011"]);
    }

    #[test]
    fn colours_and_bytes() {
        check(is_hex_color, &["CCccCC", "fff", "#f00"], &["", "#ff", "fff0", "#ff12FG"]);
        check(
            is_rgb_color,
            &["rgb(0,31,255)", "rgb(0,  31, 255)"],
            &["", "rgb(1,349,275)", "rgb(01,31,255)", "rgba(0,31,255)", "rgb(1,2)"],
        );
        check(
            is_base64,
            &["TG9yZW0=", "Vml2YW11cyBmZXJtZW50dW0gc2VtcGVyIHBvcnRhLg=="],
            &["", "12345", "Vml2=YW1", "AAA_"],
        );
        check(is_base64_of_go, &["", "TG9y\nZW0="], &["12345"]);
        check(is_short_name, &["a", "a-b1"], &["", "-a", "A", "a.b"]);
        check(is_long_name, &["a.b-c", "a"], &["a..b", ".a"]);
    }
}
