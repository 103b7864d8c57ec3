//! What GitHub does and the emulator doesn't, as layers of the proxy (tests/github/EMULATOR.md lists it all).

mod merging;
pub mod pages;
mod pulls;
mod queries;
mod repositories;
mod small;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use parking::Guarded;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::http::{Answer, Request};
use super::proxy::Proxy;

/// The next layer, or the emulator.
type Below<'a> = &'a dyn Fn(&Request) -> Answer;

/// What the layers remember for the emulator.
#[derive(Default)]
pub struct Memory {
    /// Whether pull requests may be opened twice and without commits, as the emulator lets them: for tests that count.
    pub accepts_duplicates: AtomicBool,
    /// Repositories that have commits, by their full names.
    filled: Guarded<HashSet<String>>,
    /// What GitHub says of pull requests and the emulator doesn't, by repository and number.
    pulls: Guarded<BTreeMap<(String, u64), Value>>,
    /// What repositories were made from, by their full names.
    templates: Guarded<BTreeMap<String, Value>>,
    /// Commit statuses, newest last, by repository and commit.
    statuses: Guarded<BTreeMap<(String, String), Vec<Value>>>,
    /// Rulesets by repository.
    rulesets: Guarded<BTreeMap<String, Vec<Value>>>,
    /// Permissions of teams, by organisation, team and repository.
    teams: Guarded<BTreeMap<(String, String, String), String>>,
    /// Webhooks that have a secret, by repository and id.
    secrets: Guarded<HashSet<(String, u64)>>,
    /// Held by what must look and write in one go.
    writing: Guarded<()>,
}

mod parking {
    //! A lock that a panicking test doesn't poison for the others.

    use std::sync::{Mutex, MutexGuard, PoisonError};

    #[derive(Default)]
    pub struct Guarded<T>(Mutex<T>);

    impl<T> Guarded<T> {
        pub fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }
}

/// Adds them all.
pub fn add(proxy: &Proxy) -> Arc<Memory> {
    let memory = Arc::new(Memory::default());
    let layers: [fn(&Memory, &Request, Below) -> Answer; 4] =
        [small::answer, pulls::answer, repositories::answer, queries::answer];
    for layer in layers {
        let memory = memory.clone();
        proxy.layer(move |request, below| layer(&memory, request, below));
    }
    proxy.layer(etags);
    memory
}

/// ETags of the answers to GET, and 304 to who has that answer. GitHub's are weak, too.
fn etags(request: &Request, below: Below) -> Answer {
    let answer = below(request);
    if request.method != "GET" || answer.status != 200 {
        return answer;
    }
    let digest: String = Sha256::digest(&answer.body)[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    let etag = format!("W/\"{digest}\"");
    if request.header("if-none-match").is_some_and(|known| known.split(',').any(|one| one.trim() == etag)) {
        return Answer { status: 304, body: Vec::new(), ..answer }.with("etag", &etag);
    }
    answer.with("etag", &etag)
}

/// Asks below in the name of who sent the request.
fn ask(request: &Request, below: Below, method: &str, target: &str, body: Value) -> Answer {
    let mut inner = Request::new(method, target, body);
    inner.headers.extend(request.headers.iter().filter(|(name, _)| name == "authorization").cloned());
    below(&inner)
}

/// The answer to a GET below; null if it failed.
fn get(request: &Request, below: Below, target: &str) -> Value {
    let answer = ask(request, below, "GET", target, Value::Null);
    if answer.status == 200 { answer.value() } else { Value::Null }
}

/// 422 as GitHub says it.
fn invalid(message: &str, errors: Value) -> Answer {
    let url = "https://docs.github.com/rest";
    Answer::json(422, &json!({ "message": message, "errors": errors, "documentation_url": url, "status": "422" }))
}
