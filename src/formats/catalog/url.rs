//! Whether a text is an absolute URL as browsers and Node.js read it: the parts of the WHATWG URL Standard that decide
//! validity. Used for the links of entities.

use std::net::Ipv6Addr;

/// Schemes that must have a host.
const WITH_HOST: [&str; 5] = ["http", "https", "ws", "wss", "ftp"];

/// Whether `new URL(text)` succeeds. Host names beyond ASCII are taken as they are, without the tables of IDNA.
pub fn is_url(text: &str) -> bool {
    let trimmed = text.trim_matches(|c: char| c <= ' ');
    let text: String = trimmed.chars().filter(|c| !matches!(c, '\t' | '\n' | '\r')).collect();
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) || !scheme.chars().all(letters) {
        return false;
    }
    let scheme = scheme.to_ascii_lowercase();
    if WITH_HOST.contains(&scheme.as_str()) {
        // Any number of slashes, of either kind, leads to the host.
        let rest = rest.trim_start_matches(['/', '\\']);
        return has_host(rest.split(['/', '\\', '?', '#']).next().unwrap_or_default());
    }
    if scheme == "file" {
        let Some(rest) = rest.strip_prefix("//") else { return true };
        let host = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
        let drive =
            host.len() == 2 && host.starts_with(|c: char| c.is_ascii_alphabetic()) && host.ends_with([':', '|']);
        return host.is_empty() || drive || is_host(host);
    }
    match rest.strip_prefix("//") {
        Some(rest) => is_opaque_authority(rest.split(['/', '?', '#']).next().unwrap_or_default()),
        None => true,
    }
}

fn has_host(authority: &str) -> bool {
    let (userless, port) = without_port(authority);
    !userless.is_empty() && is_host(userless) && is_port(port)
}

/// The host and what follows its colon; what stands before an `@` is a user.
fn without_port(authority: &str) -> (&str, &str) {
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match (host.rfind(']'), host.rfind(':')) {
        (Some(bracket), Some(colon)) if colon < bracket => (host, ""),
        (_, Some(colon)) => (&host[..colon], &host[colon + 1..]),
        (_, None) => (host, ""),
    }
}

fn is_port(port: &str) -> bool {
    port.is_empty()
        || (port.bytes().all(|b| b.is_ascii_digit())
            && port.trim_start_matches('0').parse().unwrap_or(0u32) <= 65535
            && port.trim_start_matches('0').len() <= 5)
}

fn is_opaque_authority(authority: &str) -> bool {
    let (host, port) = without_port(authority);
    if authority.contains('@') && host.is_empty() {
        return false;
    }
    if host.is_empty() {
        return authority.is_empty();
    }
    is_port(port) && (is_ipv6(host) || !host.contains(|c: char| forbidden(c) && c != '%'))
}

fn is_ipv6(host: &str) -> bool {
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    inner.is_some_and(|inner| inner.parse::<Ipv6Addr>().is_ok())
}

fn is_host(host: &str) -> bool {
    if host.starts_with('[') {
        return is_ipv6(host);
    }
    let Some(decoded) = percent_decoded(host) else { return false };
    if decoded.is_empty() || decoded.contains(|c: char| forbidden(c) || c.is_control()) {
        return false;
    }
    let labels = decoded.strip_suffix('.').unwrap_or(&decoded);
    match labels.rsplit('.').next() {
        Some(last) if is_number(last) => is_ipv4(labels),
        _ => true,
    }
}

/// None where the bytes are no text.
fn percent_decoded(host: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(host.len());
    let mut rest = host.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = |at: usize| tail.get(at).and_then(|byte| (*byte as char).to_digit(16));
        match (first, hex(0), hex(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

fn forbidden(c: char) -> bool {
    c <= ' ' || matches!(c, '#' | '/' | ':' | '<' | '>' | '?' | '@' | '[' | '\\' | ']' | '^' | '|' | '%' | '\u{7f}')
}

/// Whether the last label makes the host an IPv4 address.
fn is_number(label: &str) -> bool {
    (!label.is_empty() && label.bytes().all(|b| b.is_ascii_digit())) || part(label).is_some()
}

/// A part of an IPv4 address: decimal, octal after `0`, hexadecimal after `0x`.
fn part(label: &str) -> Option<u64> {
    let lower = label.to_ascii_lowercase();
    let read = |digits: &str, radix| if digits.is_empty() { Some(0) } else { u64::from_str_radix(digits, radix).ok() };
    match (lower.strip_prefix("0x"), lower.len() > 1 && lower.starts_with('0')) {
        _ if lower.is_empty() || lower.contains(['+', '-']) => None,
        (Some(digits), _) => read(digits, 16),
        (None, true) => read(&lower[1..], 8),
        (None, false) => read(&lower, 10),
    }
}

fn is_ipv4(labels: &str) -> bool {
    let parts: Option<Vec<u64>> = labels.split('.').map(part).collect();
    let Some(parts) = parts.filter(|parts| parts.len() <= 4) else { return false };
    let Some((last, first)) = parts.split_last() else { return false };
    first.iter().all(|part| *part <= 255) && *last < 256u64.pow(5 - parts.len() as u32)
}
