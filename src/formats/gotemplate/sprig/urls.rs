//! URLs, by the rules of Go's net/url: what may stand where, and what is written with percent signs.

use super::super::functions::{Call, Done, Function, Type};
use super::super::limits::Fault;
use super::super::strconv::{from_bytes, quote};
use super::super::value::{Entries, Map, Value};

pub static FUNCTIONS: &[Function] =
    &[Function::new("urlParse", &[Type::Str], parse), Function::new("urlJoin", &[Type::Map], join)];

#[derive(Debug, Default)]
struct Url {
    scheme: String,
    opaque: String,
    user: Option<User>,
    host: String,
    path: String,
    /// As it was written, where writing the path gives something else.
    raw_path: String,
    query: String,
    force_query: bool,
    fragment: String,
}

#[derive(Debug)]
struct User {
    name: String,
    password: Option<String>,
}

/// The part of a URL that something stands in.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    Path,
    Host,
    Zone,
    User,
    Fragment,
}

fn parse(call: &mut Call<'_>) -> Done {
    let text = call.str(0);
    let wrong = |message: String| format!("unable to parse url: parse {}: {message}", quote(&text));
    let url = read(&text).map_err(wrong)?;
    let host_name = host_name(&url.host);
    let fields = [
        ("scheme", url.scheme),
        ("hostname", host_name),
        ("host", url.host),
        ("path", url.path),
        ("query", url.query),
        ("opaque", url.opaque),
        ("fragment", url.fragment),
        ("userinfo", url.user.map(|user| user.shown()).unwrap_or_default()),
    ];
    Ok(Value::Map(Map::any(fields.into_iter().map(|(key, text)| (key.into(), text.into())).collect::<Entries>())))
}

fn join(call: &mut Call<'_>) -> Done {
    let map = call.map(0);
    let field = |key: &str| match map.get(key) {
        None => Ok(String::new()),
        Some(Value::Str(text)) => Ok(text.to_string()),
        Some(Value::Nil) => Err(Fault::from(super::super::functions::NIL_POINTER)),
        Some(other) => {
            let kind = other.kind_name();
            Err(format!("unable to parse {key} key, must be of type string, but {kind} found").into())
        }
    };
    let mut url = Url {
        scheme: field("scheme")?,
        host: field("host")?,
        path: field("path")?,
        query: field("query")?,
        opaque: field("opaque")?,
        fragment: field("fragment")?,
        ..Url::default()
    };
    let user = field("userinfo")?;
    if !user.is_empty() {
        let text = format!("proto://{user}@host");
        let wrong = |message: String| format!("unable to parse userinfo in dict: parse {}: {message}", quote(&text));
        url.user = read(&text).map_err(wrong)?.user;
    }
    Ok(url.shown().into())
}

fn read(text: &str) -> Result<Url, String> {
    let (main, fragment) = text.split_once('#').unwrap_or((text, ""));
    if main.bytes().chain(fragment.bytes()).any(|byte| byte < b' ' || byte == 0x7f) {
        return Err("net/url: invalid control character in URL".to_owned());
    }
    let mut url = Url::default();
    if main == "*" {
        url.path = "*".to_owned();
    } else {
        read_main(main, &mut url)?;
    }
    if !fragment.is_empty() {
        url.fragment = unescape(fragment, Part::Fragment)?;
    }
    Ok(url)
}

fn read_main(text: &str, url: &mut Url) -> Result<(), String> {
    let (scheme, mut rest) = scheme(text)?;
    url.scheme = scheme.to_ascii_lowercase();
    if rest.ends_with('?') && rest.matches('?').count() == 1 {
        url.force_query = true;
        rest = &rest[..rest.len() - 1];
    } else if let Some((before, query)) = rest.split_once('?') {
        url.query = query.to_owned();
        rest = before;
    }
    if !rest.starts_with('/') {
        if !url.scheme.is_empty() {
            url.opaque = rest.to_owned();
            return Ok(());
        }
        if rest.split('/').next().is_some_and(|first| first.contains(':')) {
            return Err("first path segment in URL cannot contain colon".to_owned());
        }
    }
    if let Some(behind) = rest.strip_prefix("//")
        && (!url.scheme.is_empty() || !rest.starts_with("///"))
    {
        let (authority, path) = behind.find('/').map_or((behind, ""), |at| behind.split_at(at));
        rest = path;
        let host = match authority.rsplit_once('@') {
            Some((user, host)) => {
                url.user = Some(read_user(user)?);
                host
            }
            None => authority,
        };
        url.host = read_host(host)?;
    }
    url.path = unescape(rest, Part::Path)?;
    if escape(&url.path, Part::Path) != rest {
        url.raw_path = rest.to_owned();
    }
    Ok(())
}

fn scheme(text: &str) -> Result<(&str, &str), String> {
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return Err("missing protocol scheme".to_owned()),
            b':' => return Ok((&text[..at], &text[at + 1..])),
            _ => break,
        }
    }
    Ok(("", text))
}

fn read_user(text: &str) -> Result<User, String> {
    let valid = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
    if !text.chars().all(valid) {
        return Err("net/url: invalid userinfo".to_owned());
    }
    let (name, password) = text.split_once(':').map_or((text, None), |(name, password)| (name, Some(password)));
    let password = password.map(|password| unescape(password, Part::User)).transpose()?;
    Ok(User { name: unescape(name, Part::User)?, password })
}

fn read_host(text: &str) -> Result<String, String> {
    let port_fits = |port: &str| {
        port.is_empty() || port.strip_prefix(':').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
    };
    if text.starts_with('[') {
        let Some(end) = text.rfind(']') else { return Err("missing ']' in host".to_owned()) };
        let port = &text[end + 1..];
        if !port_fits(port) {
            return Err(format!("invalid port {} after host", quote(port)));
        }
        if let Some(zone) = text[..end].find("%25") {
            let host = unescape(&text[..zone], Part::Host)?;
            return Ok(format!(
                "{host}{}{}",
                unescape(&text[zone..end], Part::Zone)?,
                unescape(&text[end..], Part::Host)?
            ));
        }
    } else if let Some(at) = text.rfind(':') {
        let port = &text[at..];
        if !port_fits(port) {
            return Err(format!("invalid port {} after host", quote(port)));
        }
    }
    unescape(text, Part::Host)
}

fn host_name(host: &str) -> String {
    let end = host.rfind(':').filter(|at| host[at + 1..].bytes().all(|byte| byte.is_ascii_digit()));
    let name = end.map_or(host, |at| &host[..at]);
    name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name).to_owned()
}

fn unescape(text: &str, part: Part) -> Result<String, String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte == b'%' {
            let digits = text.get(at + 1..at + 3).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
            let Some(code) = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) else {
                let shown = from_bytes(&bytes[at..bytes.len().min(at + 3)]);
                return Err(format!("invalid URL escape {}", quote(&shown)));
            };
            let wrong = match part {
                // Hosts have signs beyond ASCII in percent signs, and `%25` before a zone.
                Part::Host => code < 0x80 && &bytes[at..at + 3] != b"%25",
                Part::Zone => code != b'%' && code != b' ' && must_escape(code, Part::Host),
                _ => false,
            };
            if wrong {
                return Err(format!("invalid URL escape {}", quote(&text[at..at + 3])));
            }
            out.push(code);
            at += 3;
            continue;
        }
        if matches!(part, Part::Host | Part::Zone) && byte < 0x80 && must_escape(byte, part) {
            return Err(format!("invalid character {} in host name", quote(&text[at..=at])));
        }
        out.push(byte);
        at += 1;
    }
    Ok(from_bytes(&out))
}

fn must_escape(byte: u8, part: Part) -> bool {
    if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
        return false;
    }
    let allowed: &[u8] = match part {
        Part::Host | Part::Zone => b"!$&'()*+,;=:[]<>\"",
        Part::Path => b"$&+/:=@",
        Part::User => b"$&+,;=",
        Part::Fragment => b"$&+,/:;=?@!()*",
    };
    !allowed.contains(&byte)
}

fn escape(text: &str, part: Part) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if must_escape(byte, part) {
            out.push_str(&format!("%{byte:02X}"));
        } else {
            out.push(char::from(byte));
        }
    }
    out
}

impl User {
    fn shown(&self) -> String {
        let name = escape(&self.name, Part::User);
        match &self.password {
            Some(password) => format!("{name}:{}", escape(password, Part::User)),
            None => name,
        }
    }
}

impl Url {
    /// The path as it was written, if that is a way to write it.
    fn escaped_path(&self) -> String {
        if !self.raw_path.is_empty() && unescape(&self.raw_path, Part::Path).as_ref() == Ok(&self.path) {
            return self.raw_path.clone();
        }
        if self.path == "*" { "*".to_owned() } else { escape(&self.path, Part::Path) }
    }

    fn shown(&self) -> String {
        let mut out = String::new();
        if !self.scheme.is_empty() {
            out.push_str(&self.scheme);
            out.push(':');
        }
        if self.opaque.is_empty() {
            if !self.scheme.is_empty() || !self.host.is_empty() || self.user.is_some() {
                if !self.host.is_empty() || !self.path.is_empty() || self.user.is_some() {
                    out.push_str("//");
                }
                if let Some(user) = &self.user {
                    out.push_str(&user.shown());
                    out.push('@');
                }
                out.push_str(&escape(&self.host, Part::Host));
            }
            let path = self.escaped_path();
            if !path.is_empty() && !path.starts_with('/') && !self.host.is_empty() {
                out.push('/');
            }
            if out.is_empty() && path.split('/').next().is_some_and(|first| first.contains(':')) {
                out.push_str("./");
            }
            out.push_str(&path);
        } else {
            out.push_str(&self.opaque);
        }
        if self.force_query || !self.query.is_empty() {
            out.push('?');
            out.push_str(&self.query);
        }
        if !self.fragment.is_empty() {
            out.push('#');
            out.push_str(&escape(&self.fragment, Part::Fragment));
        }
        out
    }
}
