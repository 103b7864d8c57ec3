//! A service on this machine for tests: it answers what it is told to, and remembers what it was sent.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What was sent, one text a request.
pub type Sent = Arc<Mutex<Vec<String>>>;

/// A service; it answers for as long as the test's process lives.
pub struct Server {
    pub port: u16,
    sent: Sent,
}

impl Server {
    /// Answers each request, whose text it is given, with a status and a body.
    pub fn new(answer: impl Fn(&str) -> (u16, String) + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, sent) = (listener.local_addr().unwrap().port(), Sent::default());
        let log = sent.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                exchange(stream, &log, &answer);
            }
        });
        Server { port, sent }
    }

    /// What it was sent so far.
    pub fn sent(&self) -> Vec<String> {
        self.sent.lock().unwrap().clone()
    }
}

/// One request and its answer, over whatever carries them.
pub fn exchange(mut stream: impl Read + Write, log: &Sent, answer: &dyn Fn(&str) -> (u16, String)) {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    while !whole(&bytes) {
        match stream.read(&mut part) {
            Ok(count) if count > 0 => bytes.extend_from_slice(&part[..count]),
            _ => return,
        }
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    log.lock().unwrap().push(text.clone());
    let (status, body) = answer(&text);
    let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    let _ = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(body.as_bytes()))
        .and_then(|()| stream.flush());
}

/// Whether head and body are there.
fn whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    body.len() >= length.unwrap_or(0)
}

/// For the connections of a service with TLS.
pub fn accept(listener: &TcpListener) -> TcpStream {
    listener.accept().unwrap().0
}
