//! The format `uri`: an absolute URL or path as Go's `url.ParseRequestURI` takes it.

use std::net::Ipv6Addr;

/// Whether a text is one.
pub(super) fn is_request_uri(text: &str) -> bool {
    if text.is_empty() || text.bytes().any(|byte| byte.is_ascii_control()) {
        return false;
    }
    if text == "*" {
        return true;
    }
    let Some((scheme, rest)) = scheme(text) else { return false };
    let rest = rest.split('?').next().unwrap_or_default();
    if !rest.starts_with('/') {
        return !scheme.is_empty();
    }
    if !scheme.is_empty()
        && let Some(rest) = rest.strip_prefix("//")
    {
        let slash = rest.find('/').unwrap_or(rest.len());
        return is_authority(scheme, &rest[..slash]) && escapes(&rest[slash..]).is_some();
    }
    escapes(rest).is_some()
}

/// The scheme, empty if there is none, and what follows. None where a colon has nothing in front.
fn scheme(text: &str) -> Option<(&str, &str)> {
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return None,
            b':' => return Some((&text[..at], &text[at + 1..])),
            _ => break,
        }
    }
    Some(("", text))
}

/// The bytes that escapes stand for. None if one isn't `%` and two hexadecimal digits.
fn escapes(text: &str) -> Option<Vec<u8>> {
    let mut parts = text.split('%');
    parts.next();
    parts.map(|part| u8::from_str_radix(part.get(..2).filter(|digits| !digits.starts_with('+'))?, 16).ok()).collect()
}

fn is_authority(scheme: &str, text: &str) -> bool {
    let (user, host) = text.rsplit_once('@').map_or((None, text), |(user, host)| (Some(user), host));
    let user_is_right = user.is_none_or(|user| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
        user.chars().all(allowed) && escapes(user).is_some()
    });
    user_is_right && is_host(scheme, host)
}

fn is_host(scheme: &str, text: &str) -> bool {
    match text.rfind('[') {
        Some(0) => return is_literal(text),
        Some(_) => return false,
        None => {}
    }
    let first = text.find(':');
    let strict = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    // Lists of hosts, each with its port, are taken where the scheme isn't HTTP.
    let port = if strict { first } else { text.rfind(':') };
    port.is_none_or(|at| is_port(&text[at..])) && is_host_text(text)
}

/// `[fe80::1%25en0]:80`.
fn is_literal(text: &str) -> bool {
    let Some(end) = text.rfind(']') else { return false };
    let (inner, port) = (&text[1..end], &text[end + 1..]);
    let (address, zone) = inner.split_once("%25").map_or((inner, None), |(address, zone)| (address, Some(zone)));
    let zone_is_right = zone.is_none_or(|zone| {
        let escaped = escapes(zone)
            .is_some_and(|bytes| bytes.iter().all(|byte| *byte == b'%' || *byte == b' ' || may_stand_in_host(*byte)));
        !zone.is_empty() && escaped && zone.bytes().all(|byte| byte == b'%' || may_stand_in_host(byte))
    });
    is_port(port) && zone_is_right && address.parse::<Ipv6Addr>().is_ok()
}

fn is_port(text: &str) -> bool {
    text.is_empty() || text.strip_prefix(':').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_host_text(text: &str) -> bool {
    let escaped = escapes(text).is_some_and(|bytes| bytes.iter().all(|byte| *byte >= 0x80 || *byte == b'%'));
    escaped && text.bytes().all(|byte| byte == b'%' || may_stand_in_host(byte))
}

fn may_stand_in_host(byte: u8) -> bool {
    byte >= 0x80 || byte.is_ascii_alphanumeric() || b"!\"$&'()*+,-.:;<=>[]_~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_and_paths() {
        for text in [
            "http://foo.bar/#com",
            "http://foobar.中文网/",
            "ftp://foobar.ru:21/",
            "http://user:pass@www.foobar.com/",
            "/abs/test/dir",
            "http://duckduckgo.com/?q=%2F",
            "http://foobar.com?foo=bar",
            "mailto:someone@example.com",
            "*",
            "http://[fe80::1%25en0]:80/",
            "http://www.foo_bar.com/",
            "http://foobar.com/t$-_.+!*\\'(),",
            "mongodb://a:1,b:2/",
            "http://",
            "//x y/",
        ] {
            assert!(is_request_uri(text), "{text}");
        }
        for text in [
            "",
            "foobar.com",
            "./rel",
            ":a",
            "http://a b/",
            "http://a:b/",
            "http://a/%2",
            "http://a/%zz",
            "http://a:1:2/",
            "http://[1.2.3.4]/",
            "http://x[::1]/",
            "http://a\n/",
            "http://us er@a/",
            "http://%41/",
        ] {
            assert!(!is_request_uri(text), "{text}");
        }
    }
}
