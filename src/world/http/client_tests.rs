//! Services on this machine: what a client sends, follows, refuses and gives up.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};

use super::*;
use crate::world::http::Once;

/// A service that answers so many requests, each on a connection of its own, and hands on what it was sent.
fn serve(answers: Vec<String>) -> (u16, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sent, got) = channel();
    std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut text = String::new();
            let mut bytes = [0; 4096];
            while !text.contains("\r\n\r\n") {
                let count = stream.read(&mut bytes).unwrap_or(0);
                text.push_str(&String::from_utf8_lossy(&bytes[..count]));
                if count == 0 {
                    break;
                }
            }
            let _ = sent.send(text);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (port, got)
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
}

fn service(url: &str) -> HttpService {
    HttpService {
        url: Url::parse(url).unwrap(),
        headers: BTreeMap::from([("Authorization".to_string(), HeaderText::Text("Bearer abc".into()))]),
        timeout: Duration::from_secs(20),
        max_bytes: 1000,
        allow_private: true,
        hosts: vec!["cdn.example".into()],
        deduplicates: false,
    }
}

fn client(url: &str) -> Client {
    Client::new("test", service(url), Secrets::default())
}

fn request(method: Method, path: &str) -> Request {
    let (query, headers) = Default::default();
    Request { service: "test".into(), method, path: path.into(), query, headers, body: None, once: None }
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn get(client: &Client, path: &str) -> Result<Response> {
    wait(client.get(&request(Method::Get, path)))
}

/// Answers with the next address each time it is asked.
struct Rebinding(Mutex<Vec<Ipv4Addr>>);

#[async_trait]
impl Resolver for Rebinding {
    async fn resolve(&self, _: &str, port: u16) -> std::io::Result<Vec<SocketAddr>> {
        Ok(vec![SocketAddr::new(IpAddr::V4(self.0.lock().unwrap().remove(0)), port)])
    }
}

#[test]
fn a_request_goes_out_with_what_was_declared() {
    let (port, got) = serve(vec![answer("200 OK", "x-a: 1\r\nX-A: 2\r\n", "hello")]);
    let mut asked = request(Method::Get, "/a b");
    asked.query.insert("q".into(), "x&y".into());
    let response = wait(client(&format!("http://127.0.0.1:{port}/v2/")).get(&asked)).unwrap();
    assert_eq!((response.status, &*response.bytes, response.headers["x-a"].as_str()), (200, &b"hello"[..], "1, 2"));
    let sent = got.recv().unwrap();
    assert!(sent.starts_with("GET /v2/a%20b?q=x%26y HTTP/1.1\r\n"), "{sent}");
    for line in ["authorization: Bearer abc\r\n", &format!("host: 127.0.0.1:{port}\r\n"), "user-agent: idp-run/"] {
        assert!(sent.contains(line), "{line} in {sent}");
    }
}

#[test]
fn redirects_stay_with_the_service() {
    let to = |location: &str| vec![answer("302 Found", &format!("location: {location}\r\n"), "")];
    for (location, code) in [
        ("https://evil.example/", "idp::http::redirect"),
        ("http://cdn.example/", "idp::http::redirect"),
        ("https://cdn.example:8443/", "idp::http::redirect"),
        ("http://169.254.169.254/latest/meta-data", "idp::http::redirect"),
        ("https://127.0.0.1:1/", "idp::http::redirect"),
        ("https://user@127.0.0.1/", "idp::http::redirect"),
        ("//evil.example/x", "idp::http::redirect"),
        ("file:///etc/passwd", "idp::http::redirect"),
    ] {
        let (port, _got) = serve(to(location));
        let error = get(&client(&format!("http://127.0.0.1:{port}")), "/").unwrap_err();
        assert_eq!(error.code(), code, "{location}: {error}");
    }
    let mut answers = to("/there?x=1");
    answers.push(answer("200 OK", "", "there"));
    let (port, got) = serve(answers);
    assert_eq!(&*get(&client(&format!("http://127.0.0.1:{port}")), "/").unwrap().bytes, b"there");
    assert!(got.iter().nth(1).unwrap().starts_with("GET /there?x=1 "));
    let (port, _got) = serve((0..9).flat_map(|_| to("/again")).collect());
    let error = get(&client(&format!("http://127.0.0.1:{port}")), "/").unwrap_err();
    assert!(error.message().contains("more than 5 times"), "{error}");
}

#[test]
fn what_changes_something_is_not_redirected() {
    let (port, _got) = serve(vec![answer("307 Temporary Redirect", "location: /x\r\n", "")]);
    let error = wait(client(&format!("http://127.0.0.1:{port}")).send(&request(Method::Post, "/"))).unwrap_err();
    assert_eq!(error.code(), "idp::http::redirect");
}

#[test]
fn credentials_go_to_the_declared_origin_alone() {
    let client = client("https://api.example");
    let sent = |url: &str| {
        let at = Url::parse(url).unwrap();
        client.message(&request(Method::Get, "/"), &at).unwrap().headers().contains_key("authorization")
    };
    assert!(sent("https://api.example/x"));
    for other in ["https://cdn.example/", "http://api.example/", "https://api.example:8443/"] {
        assert!(!sent(other), "{other}");
    }
}

#[test]
fn a_name_that_is_pointed_elsewhere_is_noticed_at_each_hop() {
    let (port, _got) = serve(vec![answer("302 Found", "location: /next\r\n", "")]);
    let metadata = Ipv4Addr::new(169, 254, 169, 254);
    let resolver = Arc::new(Rebinding(Mutex::new(vec![Ipv4Addr::LOCALHOST, metadata])));
    let service = service(&format!("http://service.example:{port}"));
    let client = Client::resolving("test", service, Secrets::default(), resolver.clone());
    let error = get(&client, "/").unwrap_err();
    assert_eq!(error.code(), "idp::http::address");
    assert!(error.message().contains("169.254.169.254"), "{error}");
    assert!(resolver.0.lock().unwrap().is_empty(), "asked once for each hop");
}

#[test]
fn private_addresses_need_a_word_in_the_declaration() {
    let (port, _got) = serve(vec![]);
    let strict = |url: &str| {
        let service = HttpService { allow_private: false, ..service(url) };
        get(&Client::new("test", service, Secrets::default()), "/").unwrap_err()
    };
    for host in ["127.0.0.1", "[::1]", "localhost", "10.0.0.1", "169.254.169.254", "0.0.0.0"] {
        let error = strict(&format!("http://{host}:{port}"));
        assert_eq!(error.code(), "idp::http::address", "{host}: {error}");
    }
}

#[test]
fn answers_have_limits() {
    let (port, _got) = serve(vec![answer("200 OK", "", &"x".repeat(1001))]);
    assert_eq!(get(&client(&format!("http://127.0.0.1:{port}")), "/").unwrap_err().code(), "idp::http::large");
    // It promises more than it sends, and goes away.
    let (port, _got) = serve(vec!["HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc".into()]);
    assert_eq!(get(&client(&format!("http://127.0.0.1:{port}")), "/").unwrap_err().code(), "idp::http::broken");
    let (port, _got) = serve(vec!["nonsense\r\n\r\n".into()]);
    assert_eq!(get(&client(&format!("http://127.0.0.1:{port}")), "/").unwrap_err().code(), "idp::http::broken");
    // It never answers: the connection is taken, and nothing comes.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let service = HttpService { timeout: Duration::from_millis(50), ..service(&url) };
    let error = get(&Client::new("test", service, Secrets::default()), "/").unwrap_err();
    assert_eq!((error.code(), error.is_retryable()), ("idp::http::time", true));
}

#[test]
fn a_busy_service_is_asked_again() {
    let busy = || answer("429 Too Many Requests", "retry-after: 0\r\n", "");
    let (port, _got) = serve(vec![busy(), busy(), answer("200 OK", "", "now")]);
    assert_eq!(&*get(&client(&format!("http://127.0.0.1:{port}")), "/").unwrap().bytes, b"now");
    let (port, _got) = serve(vec![busy(), busy(), busy()]);
    assert_eq!(get(&client(&format!("http://127.0.0.1:{port}")), "/").unwrap().status, 429);
    let (port, _got) = serve(vec![answer("429 Too Many Requests", "retry-after: 86400\r\n", "")]);
    assert_eq!(get(&client(&format!("http://127.0.0.1:{port}")), "/").unwrap().status, 429, "not for a day");
}

#[test]
fn only_what_may_be_done_twice_is_tried_again() {
    let failing = |method, once: bool, deduplicates, status: &str| {
        let (port, got) = serve(vec![answer(status, "", "no such thing\nsecond line")]);
        let service = HttpService { deduplicates, ..service(&format!("http://127.0.0.1:{port}")) };
        let once = once.then(|| Once { cause: "made".into(), key: "ab/cd".into() });
        let request = Request { once, ..request(method, "/x") };
        let error = wait(Client::new("test", service, Secrets::default()).send(&request)).unwrap_err();
        assert_eq!(error.code(), "idp::http::status");
        assert_eq!(got.recv().unwrap().contains("idempotency-key: ab/cd\r\n"), request.once.is_some());
        error.is_retryable()
    };
    assert!(!failing(Method::Post, false, false, "500 Internal Server Error"));
    assert!(!failing(Method::Post, true, false, "500 Internal Server Error"));
    assert!(failing(Method::Post, true, true, "500 Internal Server Error"));
    assert!(failing(Method::Put, false, false, "502 Bad Gateway"));
    assert!(failing(Method::Post, false, false, "429 Too Many Requests"));
    assert!(!failing(Method::Delete, false, false, "404 Not Found"));
}

#[test]
fn headers_cant_bring_other_headers() {
    let send = |name: &str, text: &str| {
        let mut request = request(Method::Post, "/");
        request.headers.insert(name.into(), HeaderText::Text(text.into()));
        wait(client("http://127.0.0.1:9").send(&request)).unwrap_err().code()
    };
    for (name, text) in [
        ("x-a", "1\r\nx-evil: 1"),
        ("x-a", "1\0"),
        ("x-a\r\nx-evil", "1"),
        ("Host", "evil.example"),
        ("Content-Length", "5"),
        ("Transfer-Encoding", "chunked"),
        ("", "1"),
    ] {
        assert_eq!(send(name, text), "idp::http::header", "{name:?}: {text:?}");
    }
}
