//! Requests and answers of HTTP/1.1 as tests see them: whole, in memory, a connection for each.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;

/// A request as it was sent.
#[derive(Debug, Clone, Default)]
pub struct Request {
    pub method: String,
    /// The path and the query.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// An answer, from above or made up.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Whether somebody made it up as an answer of GitHub, and the description must allow it.
    pub checked: bool,
}

impl Request {
    pub fn new(method: &str, target: &str, body: Value) -> Request {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        Request { method: method.into(), target: target.into(), headers: Vec::new(), body }
    }

    pub fn get(target: &str) -> Request {
        Request::new("GET", target, Value::Null)
    }

    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The parts of the path.
    pub fn parts(&self) -> Vec<&str> {
        self.path().trim_matches('/').split('/').collect()
    }

    /// A parameter of the query as it was sent, percent-encoded or not.
    pub fn query(&self, name: &str) -> Option<&str> {
        let (_, query) = self.target.split_once('?')?;
        query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The body, or null.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Whether it asks to change something. A query of GraphQL is sent by POST all the same.
    pub fn writes(&self) -> bool {
        match self.method.as_str() {
            "GET" | "HEAD" => false,
            _ => !self.is_graphql() || self.json()["query"].as_str().unwrap_or_default().contains("mutation"),
        }
    }

    pub fn is_graphql(&self) -> bool {
        self.path() == "/graphql"
    }

    /// Reads one; nothing if the connection ended before.
    pub fn read(stream: &mut TcpStream) -> io::Result<Option<Request>> {
        let Some((head, mut rest)) = read_head(stream)? else { return Ok(None) };
        let (first, headers) = parse_head(&head);
        let mut words = first.split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let length = header(&headers, "content-length").and_then(|text| text.parse::<usize>().ok());
        let body = if let Some(length) = length {
            let mut part = [0; 16 * 1024];
            while rest.len() < length {
                match stream.read(&mut part)? {
                    0 => return Ok(None),
                    count => rest.extend_from_slice(&part[..count]),
                }
            }
            rest.truncate(length);
            rest
        } else if header(&headers, "transfer-encoding").is_some() {
            return Err(io::Error::other("the proxy of the tests doesn't read chunked requests"));
        } else {
            Vec::new()
        };
        Ok(Some(Request { method: method.into(), target: target.into(), headers, body }))
    }

    /// Sends it to a server of this machine. HTTP/1.0, so that the answer ends where the connection does.
    pub fn send(&self, to: SocketAddr, host: &str) -> io::Result<Answer> {
        let mut text = format!("{} {} HTTP/1.0\r\nhost: {host}\r\nconnection: close\r\n", self.method, self.target);
        for (name, value) in &self.headers {
            if !["host", "connection", "content-length", "accept-encoding", "te"].contains(&name.as_str()) {
                text.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        text.push_str(&format!("content-length: {}\r\n\r\n", self.body.len()));
        let mut stream = TcpStream::connect(to)?;
        stream.write_all(text.as_bytes())?;
        stream.write_all(&self.body)?;
        let Some((head, mut body)) = read_head(&mut stream)? else {
            return Err(io::Error::other("the server closed the connection"));
        };
        stream.read_to_end(&mut body)?;
        let (first, mut headers) = parse_head(&head);
        headers.retain(|(name, _)| {
            !["connection", "keep-alive", "transfer-encoding", "content-length"].contains(&name.as_str())
        });
        let status = first.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("no status: {first}")))?;
        Ok(Answer { status, headers, body, checked: false })
    }
}

impl Answer {
    /// As GitHub would answer; the description must allow it.
    pub fn json(status: u16, body: &Value) -> Answer {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let headers = vec![("content-type".into(), "application/json; charset=utf-8".into())];
        Answer { status, headers, body, checked: true }
    }

    /// An error with GitHub's usual body.
    pub fn error(status: u16, message: &str) -> Answer {
        let url = "https://docs.github.com/rest";
        let body = serde_json::json!({ "message": message, "documentation_url": url, "status": status.to_string() });
        Answer::json(status, &body)
    }

    /// What no API of GitHub says, such as the page of a load balancer.
    pub fn raw(status: u16, body: &str) -> Answer {
        let headers = vec![("content-type".into(), "text/html".into())];
        Answer { status, headers, body: body.as_bytes().to_vec(), checked: false }
    }

    pub fn with(mut self, name: &str, value: &str) -> Answer {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.into(), value.into()));
        self
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The body, or null.
    pub fn value(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The same answer with another body.
    pub fn set(&mut self, body: &Value) {
        self.body = body.to_string().into_bytes();
    }

    /// Writes it, with at most so many bytes of the body, though all are announced.
    pub fn write(&self, stream: &mut TcpStream, head_only: bool, at_most: usize) -> io::Result<()> {
        let mut text = format!("HTTP/1.1 {} X\r\nconnection: close\r\n", self.status);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        if ![204, 304].contains(&self.status) {
            text.push_str(&format!("content-length: {}\r\n", self.body.len()));
        }
        text.push_str("\r\n");
        stream.write_all(text.as_bytes())?;
        if !head_only && ![204, 304].contains(&self.status) {
            stream.write_all(&self.body[..self.body.len().min(at_most)])?;
        }
        stream.flush()
    }
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// The head as text and what came of the body with it.
fn read_head(stream: &mut TcpStream) -> io::Result<Option<(String, Vec<u8>)>> {
    let mut bytes = Vec::new();
    let mut part = [0; 16 * 1024];
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let body = bytes.split_off(end + 4);
            return Ok(Some((String::from_utf8_lossy(&bytes).into_owned(), body)));
        }
        match stream.read(&mut part)? {
            0 => return Ok(None),
            count => bytes.extend_from_slice(&part[..count]),
        }
    }
}

/// The first line, and the headers with their names in lower case.
fn parse_head(head: &str) -> (String, Vec<(String, String)>) {
    let mut lines = head.trim_end().split("\r\n");
    let first = lines.next().unwrap_or_default().to_owned();
    let headers = lines.filter_map(|line| line.split_once(':'));
    (first, headers.map(|(name, value)| (name.trim().to_lowercase(), value.trim().to_owned())).collect())
}
