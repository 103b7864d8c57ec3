//! URLs: `url`, `isURL` and what they can be asked.
//! As k8s.io/apiserver v0.36, pkg/cel/library/urls.go, over Go's net/url.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::tree::Native;
use super::super::value::{Key, Map, Outcome, Text, Value, error, no_overload};

/// The parts of a URL, as Go tells them apart.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Url {
    scheme: String,
    user: Option<String>,
    host: String,
    path: String,
    opaque: String,
    query: Option<String>,
    fragment: Option<String>,
}

impl Url {
    /// Reads what Go's `ParseRequestURI` takes: absolute URLs and absolute paths.
    pub(super) fn read(text: &str) -> Result<Url, String> {
        let wrong = |why: &str| format!("parse {text:?}: {why}");
        if text.chars().any(|c| c.is_ascii_control()) {
            return Err(wrong("net/url: invalid control character in URL"));
        }
        if text.is_empty() {
            return Err(wrong("empty url"));
        }
        // For the question whether it is one, a fragment is part of the path or the query.
        Url::parts(text, true).map_err(|why| wrong(&why))?;
        let (body, fragment) = match text.split_once('#') {
            Some((body, fragment)) => (body, Some(fragment)),
            None => (text, None),
        };
        if let Some(fragment) = fragment {
            unescaped(fragment, false).map_err(|why| wrong(&why))?;
        }
        let mut url = Url::parts(body, false).map_err(|why| wrong(&why))?;
        url.fragment = fragment.map(str::to_owned);
        Ok(url)
    }

    fn parts(text: &str, request: bool) -> Result<Url, String> {
        let mut url = Url {
            scheme: String::new(),
            user: None,
            host: String::new(),
            path: String::new(),
            opaque: String::new(),
            query: None,
            fragment: None,
        };
        if text == "*" {
            url.path = "*".to_owned();
            return Ok(url);
        }
        let (scheme, mut rest) = scheme(text)?;
        url.scheme = scheme.to_ascii_lowercase();
        if let Some((before, query)) = rest.split_once('?') {
            rest = before;
            url.query = Some(query.to_owned());
        }
        if !rest.starts_with('/') {
            if !url.scheme.is_empty() {
                url.opaque = rest.to_owned();
                return Ok(url);
            }
            if request {
                return Err("invalid URI for request".to_owned());
            }
            if rest.split('/').next().is_some_and(|first| first.contains(':')) {
                return Err("first path segment in URL cannot contain colon".to_owned());
            }
        }
        let authority =
            (!url.scheme.is_empty() || !request && !rest.starts_with("///")).then(|| rest.strip_prefix("//"));
        if let Some(after) = authority.flatten() {
            let end = after.find('/').unwrap_or(after.len());
            let (authority, path) = after.split_at(end);
            rest = path;
            let host = match authority.rsplit_once('@') {
                Some((user, host)) => {
                    let fits = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
                    if !user.chars().all(fits) {
                        return Err("net/url: invalid userinfo".to_owned());
                    }
                    unescaped(user, false)?;
                    url.user = Some(user.to_owned());
                    host
                }
                None => authority,
            };
            url.host = host_of(host)?;
        }
        unescaped(rest, false)?;
        url.path = rest.to_owned();
        Ok(url)
    }

    /// Host and port of `host:port`, the brackets of an IPv6 address left out.
    fn split_host(&self) -> (&str, &str) {
        let (host, port) = match self.host.rsplit_once(':') {
            Some((host, port)) if valid_port(port) && (!self.host.starts_with('[') || host.ends_with(']')) => {
                (host, port)
            }
            _ => (self.host.as_str(), ""),
        };
        (host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host), port)
    }

    /// The path with everything escaped that has to be.
    fn escaped_path(&self) -> String {
        if self.path == "*" {
            return self.path.clone();
        }
        // What is a right escape of the path stays as it was written.
        let right = |c: char| c.is_ascii_alphanumeric() || "-_.~!$&'()*+,;=:@/[]%".contains(c);
        if self.path.chars().all(right) {
            return self.path.clone();
        }
        let mut out = String::new();
        for byte in unescaped(&self.path, false).unwrap_or_default() {
            let c = char::from(byte);
            if c.is_ascii_alphanumeric() || "-_.~$&+,/:;=@".contains(c) {
                out.push(c);
            } else {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
        out
    }

    /// The parameters of the query; those that can't be read are left out.
    fn parameters(&self) -> BTreeMap<String, Vec<String>> {
        let mut parameters: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for pair in self.query.as_deref().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            if pair.contains(';') {
                continue;
            }
            if let (Ok(key), Ok(value)) = (unescaped(key, true), unescaped(value, true)) {
                let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
                parameters.entry(text(key)).or_default().push(text(value));
            }
        }
        parameters
    }
}

fn scheme(text: &str) -> Result<(&str, &str), String> {
    for (at, c) in text.char_indices() {
        match c {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if at > 0 => {}
            ':' if at == 0 => return Err("missing protocol scheme".to_owned()),
            ':' => return Ok((&text[..at], &text[at + 1..])),
            _ => break,
        }
    }
    Ok(("", text))
}

fn valid_port(port: &str) -> bool {
    port.bytes().all(|b| b.is_ascii_digit())
}

fn host_of(host: &str) -> Result<String, String> {
    if let Some(open) = host.find('[') {
        if open > 0 {
            return Err("invalid IP-literal".to_owned());
        }
        let Some(close) = host.rfind(']') else { return Err("missing ']' in host".to_owned()) };
        let port = &host[close + 1..];
        if !(port.is_empty() || port.starts_with(':') && valid_port(&port[1..])) {
            return Err(format!("invalid port {port:?} after host"));
        }
        let literal = host[1..close].split('%').next().unwrap_or_default();
        if literal.parse::<std::net::Ipv6Addr>().is_err() {
            return Err(format!("invalid host: {:?}", &host[1..close]));
        }
    } else if let Some(colon) = host.rfind(':') {
        let port = &host[colon..];
        if host[..colon].contains(':') || !valid_port(&port[1..]) {
            let port = &host[host.find(':').unwrap_or(colon)..];
            return Err(format!("invalid port {port:?} after host"));
        }
    }
    let right = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || "-_.~!$&'()*+,;=:[]<>\"%".contains(c);
    if let Some(wrong) = host.chars().find(|c| !right(*c)) {
        return Err(format!("invalid character {:?} in host name", wrong.to_string()));
    }
    let bytes = unescaped(host, false)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Percent escapes undone, and `+` where it stands for a space.
fn unescaped(text: &str, query: bool) -> Result<Vec<u8>, String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'%' => {
                let hex = bytes.get(at + 1..at + 3).filter(|pair| pair.iter().all(u8::is_ascii_hexdigit));
                let value = hex
                    .and_then(|pair| std::str::from_utf8(pair).ok())
                    .and_then(|hex| u8::from_str_radix(hex, 16).ok());
                let Some(value) = value else {
                    let end = (at + 3).min(bytes.len());
                    return Err(format!("invalid URL escape {:?}", String::from_utf8_lossy(&bytes[at..end])));
                };
                out.push(value);
                at += 3;
                continue;
            }
            b'+' if query => out.push(b' '),
            other => out.push(*other),
        }
        at += 1;
    }
    Ok(out)
}

pub(super) fn find(name: &str) -> Option<Native> {
    Some(match name {
        "url" => |args| match args {
            [Value::Text(text)] => Url::read(text)
                .map(|url| Value::Url(Arc::new(url)))
                .map_err(|why| error(format!("URL parse error during conversion from string: {why}"))),
            _ => Err(no_overload()),
        },
        "isURL" => |args| match args {
            [Value::Text(text)] => Ok(Value::Bool(Url::read(text).is_ok())),
            _ => Err(no_overload()),
        },
        "getScheme" => |args| asked(args, |url| url.scheme.clone()),
        "getHost" => |args| asked(args, |url| url.host.clone()),
        "getHostname" => |args| asked(args, |url| url.split_host().0.to_owned()),
        "getPort" => |args| asked(args, |url| url.split_host().1.to_owned()),
        "getEscapedPath" => |args| asked(args, Url::escaped_path),
        "getQuery" => |args| match args {
            [Value::Url(url)] => {
                let parameters = url.parameters().into_iter().map(|(key, values)| {
                    let values = values.into_iter().map(Value::made).collect();
                    (Key::Text(Text::Made(key.into())), Value::list(values))
                });
                Ok(Value::Map(Map::Made(Arc::new(parameters.collect()))))
            }
            _ => Err(no_overload()),
        },
        _ => return None,
    })
}

fn asked<'a>(args: &[Value<'a>], question: fn(&Url) -> String) -> Outcome<'a> {
    match args {
        [Value::Url(url)] => Ok(Value::made(question(url))),
        _ => Err(no_overload()),
    }
}
