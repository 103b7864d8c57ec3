//! The URLs of HTTP services, by RFC 3986 and narrower: no user names, no fragments, hosts in ASCII, `http` and `https`.

use std::fmt;

/// A URL, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    /// `https`.
    pub secure: bool,
    /// In lower case; an IPv6 address without its brackets.
    pub host: String,
    /// 443 or 80 unless given.
    pub port: u16,
    /// Path and query, beginning with a slash.
    pub target: String,
}

impl Url {
    /// Reads an absolute URL. The error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Url, String> {
        let (scheme, rest) = text.split_once("://").ok_or("it has no scheme, such as https://")?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err("its scheme is neither https nor http".into()),
        };
        let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        if authority.contains('@') {
            return Err("it holds a user name or a password".into());
        }
        let (host, port) = match authority.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']').ok_or("its address has no closing bracket")?;
                host.parse::<std::net::Ipv6Addr>().map_err(|_| "its address is not IPv6")?;
                (host, port)
            }
            None => {
                let at = authority.find(':').unwrap_or(authority.len());
                let (host, port) = authority.split_at(at);
                let letters = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
                if host.is_empty() || host.len() > 253 || host.starts_with('.') || !host.bytes().all(letters) {
                    return Err("its host is not a name in ASCII".into());
                }
                (host, port)
            }
        };
        let port = match port.strip_prefix(':') {
            None if port.is_empty() => {
                if secure {
                    443
                } else {
                    80
                }
            }
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().ok().filter(|port| *port > 0).ok_or("its port is not from 1 to 65535")?
            }
            _ => return Err("its port is not a number".into()),
        };
        Ok(Url { secure, host: host.to_ascii_lowercase(), port, target: target_of(target)? })
    }

    /// Where a redirect from here leads to: an absolute URL, or a reference to resolve.
    pub fn join(&self, reference: &str) -> Result<Url, String> {
        let begins_with_scheme = reference
            .split_once(':')
            .is_some_and(|(scheme, _)| scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        if begins_with_scheme {
            return Url::parse(reference);
        }
        if reference.starts_with("//") {
            return Url::parse(&format!("{}:{reference}", self.scheme()));
        }
        let path = self.target.split('?').next().unwrap_or_default();
        let target = match reference.as_bytes().first() {
            Some(b'/') => reference.to_string(),
            Some(b'?') => format!("{path}{reference}"),
            _ => format!("{}/{reference}", path.rsplit_once('/').map_or("", |(folder, _)| folder)),
        };
        Ok(Url { target: target_of(&target)?, ..self.clone() })
    }

    /// Whether both are of one origin: scheme, host and port. Credentials for one are for the other.
    pub fn same_origin(&self, other: &Url) -> bool {
        (self.secure, &self.host, self.port) == (other.secure, &other.host, other.port)
    }

    /// Host, and port unless it is the scheme's, as the header `Host` has them.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let usual = if self.secure { 443 } else { 80 };
        if self.port == usual { host } else { format!("{host}:{}", self.port) }
    }

    fn scheme(&self) -> &'static str {
        if self.secure { "https" } else { "http" }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme(), self.authority(), self.target)
    }
}

/// Path and query without the fragment.
fn target_of(text: &str) -> Result<String, String> {
    let text = text.split('#').next().unwrap_or_default();
    if !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
        return Err("it holds characters that must be escaped".into());
    }
    Ok(if text.starts_with('/') { text.to_string() } else { format!("/{text}") })
}

/// A path and a query as they stand in a URL. Both are given unescaped.
///
/// Errors: a path that doesn't begin with a slash, or that holds `.` or `..` as a segment.
pub fn target<'a>(path: &str, query: impl Iterator<Item = (&'a str, &'a str)>) -> Result<String, String> {
    if !path.starts_with('/') || path.starts_with("//") {
        return Err("it must begin with one slash".into());
    }
    if path.split('/').any(|segment| segment == "." || segment == "..") {
        return Err("`.` and `..` are not allowed".into());
    }
    let mut text = escape(path, b"/-._~!$&'()*+,;=:@");
    for (at, (name, value)) in query.enumerate() {
        text.push(if at == 0 { '?' } else { '&' });
        text.push_str(&format!("{}={}", escape(name, b"-._~"), escape(value, b"-._~")));
    }
    Ok(text)
}

fn escape(text: &str, kept: &[u8]) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_and_written() {
        for (text, shown) in [
            ("https://API.example", "https://api.example/"),
            ("https://api.example:8443/v2/x?y=1#z", "https://api.example:8443/v2/x?y=1"),
            ("http://127.0.0.1:80/", "http://127.0.0.1/"),
            ("https://[::1]:9/a", "https://[::1]:9/a"),
            ("https://api.example?x", "https://api.example/?x"),
        ] {
            assert_eq!(Url::parse(text).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_may_mean_another_host_is_refused() {
        for text in [
            "api.example",
            "ftp://api.example",
            "https://user:word@api.example",
            "https://api.example@evil.example/",
            "https://api.example\\@evil.example/",
            "https://",
            "https://:443/",
            "https://ap\u{456}.example/",
            "https://api.example:0/",
            "https://api.example:+80/",
            "https://api.example/a b",
            "https://api.example/a\r\nHost: evil.example",
            "https://[::1/",
        ] {
            assert!(Url::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn redirects_are_resolved() {
        let from = Url::parse("https://api.example/v2/items?page=1").unwrap();
        for (reference, to) in [
            ("/login", "https://api.example/login"),
            ("?page=2", "https://api.example/v2/items?page=2"),
            ("other", "https://api.example/v2/other"),
            ("//evil.example/x", "https://evil.example/x"),
            ("http://api.example/x", "http://api.example/x"),
        ] {
            assert_eq!(from.join(reference).unwrap().to_string(), to);
        }
        assert!(from.join("javascript:alert(1)").is_err());
        assert!(from.join("/a\nb").is_err());
    }

    #[test]
    fn paths_are_escaped_and_stay_below_the_service() {
        let query = [("q", "a&b=c"), ("n", "1")];
        assert_eq!(target("/a b/ü?x", query.into_iter()).unwrap(), "/a%20b/%C3%BC%3Fx?q=a%26b%3Dc&n=1");
        for path in ["a", "", "//evil.example", "/a/../b", "/."] {
            assert!(target(path, [].into_iter()).is_err(), "{path}");
        }
    }
}
