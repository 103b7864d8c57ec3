//! What stands between a client and the emulator: checks each request against GitHub's description, remembers it, and
//! fails as it is told to. Layers answer what the emulator can't.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use super::description::description;
use super::flight::{Flight, Gathering};
use super::http::{Answer, Request};
use super::{enterprise, graphql};

/// What happens to a request instead of an answer from above.
#[derive(Debug, Clone)]
pub enum Fault {
    /// The client is killed before the server hears of the request.
    KillBefore,
    /// The server did it, and the client is killed before it hears of that.
    KillAfter,
    /// This is answered; the server hears nothing.
    Instead(Answer),
    /// The server did it, and this is answered.
    Afterwards(Answer),
    /// The connection ends without an answer; the server heard nothing.
    CutBefore,
    /// The server did it, and the connection ends without an answer.
    CutAfter,
    /// The server did it, and half of its answer arrives.
    Truncated,
    /// Nobody answers for as long as the client waits.
    Silent,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Fault::KillBefore => f.write_str("killed before"),
            Fault::KillAfter => f.write_str("killed after"),
            Fault::Instead(answer) => write!(f, "{} instead of", answer.status),
            Fault::Afterwards(answer) => write!(f, "{} after", answer.status),
            Fault::CutBefore => f.write_str("connection cut before"),
            Fault::CutAfter => f.write_str("connection cut after"),
            Fault::Truncated => f.write_str("half an answer to"),
            Fault::Silent => f.write_str("no answer to"),
        }
    }
}

/// Answers a request itself, or asks the next one and hands on or alters what it says.
pub type Layer = Box<dyn Fn(&Request, &dyn Fn(&Request) -> Answer) -> Answer + Send + Sync>;

/// A request and how it was answered.
#[derive(Debug, Clone)]
pub struct Exchange {
    pub request: Request,
    /// The operation of the description; empty if there is none.
    pub operation: String,
    /// 0 if there was no answer.
    pub status: u16,
    pub answer: Value,
}

impl std::fmt::Display for Exchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} -> {}", self.request.method, self.request.target, self.status)
    }
}

/// How many requests of a kind there were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// GET that was answered with something.
    pub reads: usize,
    pub head: usize,
    /// GET that was answered 304; it costs nothing of the hourly limit.
    pub not_modified: usize,
    /// Queries of GraphQL.
    pub graphql: usize,
    /// POST, PUT, PATCH, DELETE and mutations of GraphQL.
    pub writes: usize,
}

struct Rule {
    matches: Box<dyn Fn(&Request) -> bool + Send + Sync>,
    /// The first of the matching requests that it is about, from 1, and how many.
    first: usize,
    times: usize,
    seen: AtomicUsize,
    fault: Fault,
}

#[derive(Default)]
struct State {
    layers: Mutex<Vec<Arc<Layer>>>,
    rules: Mutex<Vec<Arc<Rule>>>,
    exchanges: Mutex<Vec<Exchange>>,
    violations: Mutex<Vec<String>>,
    upstream: Mutex<Option<SocketAddr>>,
    forwarded: AtomicUsize,
    enterprise: AtomicBool,
    flight: Flight,
    gatherings: Mutex<Vec<Arc<Gathering>>>,
    /// Whom a kill is for; 0 as long as nobody said.
    client: AtomicI32,
}

/// The proxy; it listens for as long as the test's process lives.
pub struct Proxy {
    port: u16,
    state: Arc<State>,
}

impl Proxy {
    /// One that answers 404 until it has an upstream or layers.
    pub fn new() -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State::default());
        let served = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = served.clone();
                std::thread::spawn(move || {
                    // A client that went away is what kills are for.
                    let _ = state.serve(stream, port);
                });
            }
        });
        Proxy { port, state }
    }

    /// For `api_url`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// From now on a GitHub Enterprise Server; for `api_url`.
    pub fn as_enterprise(&self) -> String {
        self.state.enterprise.store(true, Ordering::SeqCst);
        format!("{}{}", self.url(), enterprise::REST)
    }

    /// Holds requests back, before the server hears of them.
    pub fn gather(&self, gathering: Gathering) {
        self.state.gatherings.lock().unwrap().push(Arc::new(gathering));
    }

    /// Since the last time this was called: the most requests that waited for their answers at once, and how many times
    /// the client waited, be it for one request or for several.
    pub fn at_once(&self) -> (usize, usize) {
        self.state.flight.taken()
    }

    /// Where requests go that no layer answers.
    pub fn forward_to(&self, upstream: SocketAddr) {
        *self.state.upstream.lock().unwrap() = Some(upstream);
    }

    /// A layer above those that are there: it is asked before them.
    pub fn layer(&self, layer: impl Fn(&Request, &dyn Fn(&Request) -> Answer) -> Answer + Send + Sync + 'static) {
        self.state.layers.lock().unwrap().push(Arc::new(Box::new(layer)));
    }

    /// What happens to the `nth` request from now on, counted from 1.
    pub fn fault(&self, nth: usize, fault: Fault) {
        self.fault_on(nth, 1, |_| true, fault);
    }

    /// What happens to the `first` and further, `times` in all, of the requests that match.
    pub fn fault_on(
        &self,
        first: usize,
        times: usize,
        matches: impl Fn(&Request) -> bool + Send + Sync + 'static,
        fault: Fault,
    ) {
        let rule = Rule { matches: Box::new(matches), first, times, seen: AtomicUsize::new(0), fault };
        self.state.rules.lock().unwrap().push(Arc::new(rule));
    }

    /// No faults any more.
    pub fn forgive(&self) {
        self.state.rules.lock().unwrap().clear();
    }

    /// Whom kills are for, 0 for nobody. A request whose client has to be killed waits until this is said.
    pub fn client(&self, pid: u32) {
        self.state.client.store(i32::try_from(pid).unwrap(), Ordering::SeqCst);
    }

    /// All that was asked since the last time this was called.
    pub fn taken(&self) -> Vec<Exchange> {
        std::mem::take(&mut *self.state.exchanges.lock().unwrap())
    }

    /// All that was asked since then, as it stands.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.state.exchanges.lock().unwrap().clone()
    }

    /// Of what was asked since then.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for exchange in self.state.exchanges.lock().unwrap().iter() {
            let request = &exchange.request;
            let kind = match request.method.as_str() {
                _ if request.writes() => &mut counts.writes,
                _ if request.is_graphql() => &mut counts.graphql,
                "HEAD" => &mut counts.head,
                _ if exchange.status == 304 => &mut counts.not_modified,
                _ => &mut counts.reads,
            };
            *kind += 1;
        }
        counts
    }

    /// Asks as a person with the token, past checks, records and faults.
    pub fn ask(&self, method: &str, target: &str, body: Value) -> Answer {
        let mut request = Request::new(method, target, body);
        request.headers.push(("authorization".into(), format!("Bearer {}", super::TOKEN)));
        self.state.answer(&request, self.port)
    }

    /// What was asked or answered against the description, one line each.
    pub fn violations(&self) -> Vec<String> {
        std::mem::take(&mut *self.state.violations.lock().unwrap())
    }

    /// Fails if a request or a made-up answer was against the description.
    #[track_caller]
    pub fn assert_valid(&self) {
        let violations = self.violations();
        assert!(violations.is_empty(), "GitHub's description forbids:\n{}", violations.join("\n"));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.assert_valid();
        }
    }
}

impl State {
    fn serve(&self, mut stream: TcpStream, port: u16) -> io::Result<()> {
        let Some(mut request) = Request::read(&mut stream)? else { return Ok(()) };
        let waiting = self.flight.begin();
        let is_enterprise = self.enterprise.load(Ordering::SeqCst);
        if is_enterprise {
            request = match enterprise::within(request) {
                Ok(request) => request,
                Err(fault) => {
                    self.violations.lock().unwrap().push(fault);
                    return Answer::error(404, "Not Found").write(&mut stream, false, usize::MAX);
                }
            };
        }
        let gatherings = self.gatherings.lock().unwrap().clone();
        for gathering in gatherings {
            gathering.hold(&request).unwrap_or_else(|fault| self.violations.lock().unwrap().push(fault));
        }
        let operation = self.check(&request);
        let fault = self.fault_of(&request);
        let head_only = request.method == "HEAD";
        let answer = match &fault {
            Some(Fault::KillBefore) => {
                self.record(request, operation, None);
                self.kill();
                return Ok(());
            }
            Some(Fault::CutBefore) => {
                self.record(request, operation, None);
                return Ok(());
            }
            Some(Fault::Silent) => {
                self.record(request, operation, None);
                stream.set_read_timeout(Some(Duration::from_secs(600)))?;
                // It ends when the client gives up.
                return Request::read(&mut stream).map(drop);
            }
            Some(Fault::Instead(answer)) => answer.clone(),
            _ => self.answer(&request, port),
        };
        let url = format!("http://127.0.0.1:{port}");
        let answer = if is_enterprise { enterprise::without(answer, &url) } else { answer };
        // Who has the answer may send the next request at once.
        drop(waiting);
        match fault {
            Some(Fault::KillAfter) => {
                self.record(request, operation, None);
                self.kill();
                Ok(())
            }
            Some(Fault::CutAfter) => {
                self.record(request, operation, None);
                Ok(())
            }
            Some(Fault::Truncated) => {
                let half = answer.body.len() / 2;
                self.record(request, operation, Some(&answer));
                answer.write(&mut stream, head_only, half)
            }
            Some(Fault::Afterwards(instead)) => {
                self.check_answer(&operation, &instead);
                self.record(request, operation, Some(&instead));
                instead.write(&mut stream, head_only, usize::MAX)
            }
            _ => {
                self.check_answer(&operation, &answer);
                self.record(request, operation, Some(&answer));
                answer.write(&mut stream, head_only, usize::MAX)
            }
        }
    }

    /// What the layers say, and below them the upstream.
    fn answer(&self, request: &Request, port: u16) -> Answer {
        let layers = self.layers.lock().unwrap().clone();
        let upstream = *self.upstream.lock().unwrap();
        fn ask(layers: &[Arc<Layer>], upstream: &dyn Fn(&Request) -> Answer, request: &Request) -> Answer {
            match layers.split_last() {
                Some((layer, below)) => layer(request, &|request| ask(below, upstream, request)),
                None => upstream(request),
            }
        }
        let host = format!("127.0.0.1:{port}");
        let forward = |request: &Request| match upstream {
            Some(upstream) => {
                let sent = self.unlimited(request).send(upstream, &host);
                sent.unwrap_or_else(|error| Answer::raw(502, &error.to_string()))
            }
            None => Answer::error(404, "Not Found"),
        };
        ask(&layers, &forward, request)
    }

    /// The emulator grants each token 5,000 requests, and the layers make more of one: to it, the token that scripts have
    /// is another after every 4,000. A token that it doesn't know is its first user's.
    fn unlimited(&self, request: &Request) -> Request {
        let mut request = request.clone();
        let number = self.forwarded.fetch_add(1, Ordering::SeqCst) / 4_000;
        for (name, value) in &mut request.headers {
            if name == "authorization" && value.ends_with(super::TOKEN) && number > 0 {
                *value = format!("Bearer {}{number}", super::TOKEN);
            }
        }
        request
    }

    fn check(&self, request: &Request) -> String {
        let checked = if request.is_graphql() {
            checked_graphql(request).map(|()| "graphql".to_owned())
        } else {
            description().request(&request.method, &request.target, &request.body).map(str::to_owned)
        };
        checked.unwrap_or_else(|faults| {
            self.violations.lock().unwrap().push(faults);
            description().operation(&request.method, &request.target).unwrap_or_default().to_owned()
        })
    }

    fn check_answer(&self, operation: &str, answer: &Answer) {
        if !answer.checked || operation.is_empty() || operation == "graphql" {
            return;
        }
        if let Err(fault) = description().answer(operation, answer.status, &answer.body) {
            self.violations.lock().unwrap().push(fault);
        }
    }

    fn fault_of(&self, request: &Request) -> Option<Fault> {
        let rules = self.rules.lock().unwrap().clone();
        let mut found = None;
        for rule in rules.iter().filter(|rule| (rule.matches)(request)) {
            let number = rule.seen.fetch_add(1, Ordering::SeqCst) + 1;
            if (rule.first..rule.first + rule.times).contains(&number) && found.is_none() {
                found = Some(rule.fault.clone());
            }
        }
        found
    }

    fn kill(&self) {
        for _ in 0..10_000 {
            match self.client.load(Ordering::SeqCst) {
                0 => std::thread::sleep(Duration::from_millis(1)),
                // One that is dead already needs no killing.
                pid => return kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap_or_default(),
            }
        }
        self.violations.lock().unwrap().push("a kill was due, but nobody said of whom".into());
    }

    fn record(&self, request: Request, operation: String, answer: Option<&Answer>) {
        let status = answer.map_or(0, |answer| answer.status);
        let answer = answer.map(Answer::value).unwrap_or_default();
        self.exchanges.lock().unwrap().push(Exchange { request, operation, status, answer });
    }
}

/// GraphQL has one path and a schema of its own.
fn checked_graphql(request: &Request) -> Result<(), String> {
    let body = request.json();
    let known = |name: &String| ["query", "variables", "operationName"].contains(&name.as_str());
    match body.as_object() {
        _ if request.method != "POST" => Err("/graphql: it is asked by POST".into()),
        Some(map) if body["query"].is_string() && map.keys().all(known) => {
            graphql::check(&body).map(drop).map_err(|fault| format!("POST /graphql: {fault}: {}", body["query"]))
        }
        _ => Err(format!("POST /graphql: {body} is no query")),
    }
}
