//! Requests to GitHub: what is asked twice, how long a rate limit is waited for, which answers are kept. A write is sent
//! once; the door passes a change again whose end isn't known, and the change looks before it writes.

use std::sync::Arc;
use std::time::Duration;

use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderMap, IF_NONE_MATCH, USER_AGENT};
use hyper::{Method, Request, Response};
use serde_json::{Value, json};
use tokio::sync::{OnceCell, Semaphore};

use super::link::{Account, Link, Sign, lost};
use super::reads::{Page, Reads};
use super::refusal::{Refusal, Tried, Trouble};
use crate::error::{Error, Result};
use crate::world::door::backoff;
use crate::world::secrets::Secrets;

/// Requests under way at a time: GitHub's secondary limits count them.
const AT_ONCE: usize = 8;

/// For one answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often something is read whose answer doesn't come.
const TRIES: u32 = 5;

/// How often a busy GitHub is asked again, within the longest wait.
const BUSY_TRIES: u32 = 6;

/// Redirects that one read follows.
const REDIRECTS: usize = 3;

/// Items of a page.
pub const PER_PAGE: usize = 100;

/// Where queries of GraphQL go.
const GRAPHQL: &str = "/graphql";

/// The version of the API that the requests are written for.
pub const VERSION: &str = "2022-11-28";

/// GitHub's API for one account.
pub struct Client {
    account: Account,
    /// How long a run waits for a rate limit in one request.
    wait: Duration,
    link: OnceCell<Link>,
    gate: Semaphore,
    /// What was read so far.
    pub reads: Reads,
}

impl Client {
    /// A client; nothing is asked before the first request.
    pub fn new(account: Account, wait: Duration) -> Client {
        let gate = Semaphore::new(AT_ONCE);
        Client { account, wait, link: OnceCell::new(), gate, reads: Reads::default() }
    }

    /// What runs may send along and never say.
    pub fn secrets(&self) -> &Secrets {
        &self.account.secrets
    }

    /// The API's base.
    pub fn api(&self) -> &str {
        &self.account.api
    }

    /// What is at a path; nothing if GitHub knows nothing there (404), or the repository has no commit yet (409).
    pub async fn get(&self, path: &str) -> Result<Option<Arc<Value>>> {
        Ok(self.page(path).await?.body)
    }

    /// What is at a path, asked anew, with what the answer says about itself.
    pub async fn look(&self, path: &str) -> Result<(HeaderMap, Option<Value>)> {
        let answer = self.read(path, None).await?;
        let body = match self.body(Method::GET, path, &answer) {
            Ok(body) => Some(body),
            Err(trouble) if trouble.refused(404).is_some() => None,
            Err(trouble) => return Err(trouble.into()),
        };
        Ok((answer.headers().clone(), body))
    }

    /// By what the requests are signed.
    pub async fn sign(&self) -> Result<&Sign> {
        Ok(&self.link().await?.sign)
    }

    async fn link(&self) -> Result<&Link> {
        self.link.get_or_try_init(|| Link::open(&self.account)).await
    }

    /// All items of a list, page by page. `key` is where an answer that is no list has them.
    pub async fn all(&self, path: &str, key: Option<&str>) -> Result<Vec<Value>> {
        Ok(self.some(path, key, usize::MAX).await?.0)
    }

    /// The items of a list up to about so many, and whether there are more.
    pub async fn some(&self, path: &str, key: Option<&str>, most: usize) -> Result<(Vec<Value>, bool)> {
        let mut items = Vec::new();
        let mut next = Some(format!("{path}{}per_page={PER_PAGE}", if path.contains('?') { '&' } else { '?' }));
        while let Some(path) = next {
            if items.len() >= most {
                return Ok((items, true));
            }
            let page = self.page(&path).await?;
            let Some(body) = page.body else { break };
            let list = match key {
                Some(key) => body.get(key),
                None => Some(&*body),
            };
            let list = list.and_then(Value::as_array).ok_or_else(|| unexpected(&path, "a list"))?;
            items.extend(list.iter().cloned());
            next = page.next;
        }
        Ok((items, false))
    }

    async fn page(&self, path: &str) -> Result<Page> {
        let (slot, age) = self.reads.slot(path);
        let mut kept = slot.lock().await;
        if let Some(page) = kept.as_ref().and_then(|kept| kept.fresh(age)) {
            return Ok(page);
        }
        let etag = kept.as_ref().and_then(|kept| kept.etag());
        let answer = self.read(path, etag.as_deref()).await?;
        let status = answer.status().as_u16();
        if let (304, Some(kept)) = (status, kept.as_mut()) {
            return Ok(kept.again(age));
        }
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (next, etag) = (header("link").and_then(|link| self.next(&link)), header("etag"));
        let page = match self.body(Method::GET, path, &answer) {
            Ok(body) => Page { body: Some(Arc::new(body)), next, etag },
            Err(Trouble::Refused(refusal)) if refusal.status == 404 => Page { body: None, next: None, etag: None },
            Err(trouble) if trouble.is_empty_repository() => Page { body: None, next: None, etag: None },
            Err(trouble) => return Err(trouble.into()),
        };
        *kept = Some(self.reads.keep(&page, age, answer.body().len()));
        Ok(page)
    }

    /// A read, asked again while its answer doesn't come, and where GitHub says that it moved.
    async fn read(&self, path: &str, etag: Option<&str>) -> Result<Response<Vec<u8>>> {
        let (mut path, mut tries, mut redirects) = (path.to_string(), 1, 0);
        loop {
            match self.exchange(&Method::GET, &path, None, etag).await {
                Err(error) if error.is_retryable() && tries < TRIES => {
                    tokio::time::sleep(backoff(tries, &path)).await;
                    tries += 1;
                }
                // The door needn't repeat what was repeated here.
                Err(error) => return Err(final_of(error)),
                Ok(answer) if matches!(answer.status().as_u16(), 301 | 302 | 307 | 308) && redirects < REDIRECTS => {
                    let to = answer.headers().get("location").and_then(|value| value.to_str().ok());
                    path = to.and_then(|to| self.below_api(to)).ok_or_else(|| unexpected(&path, "another place"))?;
                    redirects += 1;
                }
                Ok(answer) => return Ok(answer),
            }
        }
    }

    /// A write, sent once. An error that is retryable says that GitHub may have carried it out.
    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Tried<Value> {
        let sent = self.exchange(&method, path, body.as_ref(), None).await;
        self.reads.written(path, sent.as_ref().is_ok_and(|answer| answer.status().is_success()));
        let answer = sent?;
        if answer.status().is_redirection() {
            let refusal =
                Refusal::read(format!("{method} {path}"), answer.status().as_u16(), answer.headers(), &Value::Null);
            let error = Error::failed("idp::github::renamed", format!("{refusal}: it was renamed or moved"))
                .help("use its present name: `gh repo view` shows it");
            return Err(error.into());
        }
        self.body(method, path, &answer)
    }

    /// A query of the GraphQL API: the `data` of its answer.
    ///
    /// Errors: `idp::github::refused` with GitHub's words.
    pub async fn graphql(&self, query: &str, variables: Value) -> Result<Value> {
        let body = json!({ "query": query, "variables": variables });
        let path = GRAPHQL;
        let writes = query.trim_start().starts_with("mutation");
        let mut tries = 1;
        let answer = loop {
            match self.exchange(&Method::POST, path, Some(&body), None).await {
                Err(error) if error.is_retryable() && tries < TRIES && !writes => {
                    tokio::time::sleep(backoff(tries, query)).await;
                    tries += 1;
                }
                Err(error) if !writes => return Err(final_of(error)),
                answer => break answer?,
            }
        };
        let mut body = self.body(Method::POST, path, &answer)?;
        let words: Vec<&str> = errors_of(&body).filter_map(|error| error.get("message")?.as_str()).collect();
        if !words.is_empty() {
            return Err(Error::failed("idp::github::refused", format!("GitHub answered: {}", words.join("; "))));
        }
        Ok(body.get_mut("data").map(Value::take).unwrap_or_default())
    }

    /// One request and its answer, whatever its status but those of a limit, which is waited for.
    async fn exchange(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
        etag: Option<&str>,
    ) -> Result<Response<Vec<u8>>> {
        let link = self.link().await?;
        let mut waited = Duration::ZERO;
        for tries in 1.. {
            let mut request = Request::builder()
                .method(method.clone())
                .uri(path)
                .header(USER_AGENT, concat!("idp-run/", env!("CARGO_PKG_VERSION")))
                .header(ACCEPT, media(path))
                .header("x-github-api-version", VERSION);
            if let Some(etag) = etag {
                request = request.header(IF_NONE_MATCH, etag);
            }
            if body.is_some() {
                request = request.header(CONTENT_TYPE, "application/json");
            }
            let text = body.map(Value::to_string).unwrap_or_default();
            let request = request.body(text).map_err(|error| unexpected(path, &error.to_string()))?;
            let answer = {
                let _turn = self.gate.acquire().await.map_err(|_| lost("it was closed"))?;
                let ended = tokio::time::timeout(PATIENCE, link.ask(request)).await;
                ended.map_err(|_| lost(&format!("no answer in {} s", PATIENCE.as_secs())))??
            };
            let status = answer.status().as_u16();
            if status >= 500 {
                if let (&Method::GET, Some(pause)) = (method, retry_after(answer.headers()))
                    && waited + pause <= self.wait
                    && tries < TRIES
                {
                    waited += pause;
                    tokio::time::sleep(pause).await;
                    continue;
                }
                return Err(lost(&format!("it answered {status} to {method} {path}")));
            }
            // What a limit refused was not carried out: it may be sent again, whatever it is.
            let spent = status == 200 && path == GRAPHQL && is_spent(answer.body());
            let pause = limit(if spent { 429 } else { status }, answer.headers(), answer.body(), tries);
            let Some(pause) = pause else { return Ok(answer) };
            waited += pause;
            if waited > self.wait || tries >= BUSY_TRIES {
                return Err(Error::failed(
                    "idp::github::rate_limit",
                    format!("GitHub's rate limit is used up for {} s more", pause.as_secs()),
                )
                .help("run the same command again later: it goes on from here; `forge.wait` in idp.yaml says how long a run waits for it"));
            }
            tokio::time::sleep(pause).await;
        }
        Err(lost("it is busy"))
    }

    fn body(&self, method: Method, path: &str, answer: &Response<Vec<u8>>) -> Tried<Value> {
        let status = answer.status();
        if status.is_success() {
            if answer.body().is_empty() {
                return Ok(Value::Null);
            }
            let body = serde_json::from_slice(answer.body());
            return body.map_err(|error| unexpected(path, &format!("JSON ({error})")).into());
        }
        let body = serde_json::from_slice(answer.body()).unwrap_or_default();
        let refusal = Refusal::read(format!("{method} {path}"), status.as_u16(), answer.headers(), &body);
        Err(Trouble::Refused(Box::new(refusal)))
    }

    /// The path of the next page, from a `Link` header.
    fn next(&self, link: &str) -> Option<String> {
        let next = link.split(',').find(|part| part.contains("rel=\"next\""))?;
        let url = next.trim().strip_prefix('<')?.split_once('>')?.0;
        self.below_api(url)
    }

    /// The path of a URL below the API's base: credentials go nowhere else.
    fn below_api(&self, url: &str) -> Option<String> {
        let path =
            url.strip_prefix(self.account.api.trim_end_matches('/')).or_else(|| url.starts_with('/').then_some(url))?;
        path.starts_with('/').then(|| path.to_string())
    }
}

/// How long to wait before the same request is sent again, if the answer says that a limit is used up.
///
/// After docs.github.com, "Rate limits for the REST API": `retry-after`, then `x-ratelimit-reset` where nothing remains,
/// then a minute, doubled each time.
fn limit(status: u16, headers: &HeaderMap, body: &[u8], tries: u32) -> Option<Duration> {
    if status != 403 && status != 429 {
        return None;
    }
    if let Some(pause) = retry_after(headers) {
        return Some(pause);
    }
    if number(headers, "x-ratelimit-remaining") == Some(0) {
        let reset = number(headers, "x-ratelimit-reset")?;
        return Some(Duration::from_secs((reset - now(headers) + 1).max(1).unsigned_abs()));
    }
    let text = String::from_utf8_lossy(body).to_ascii_lowercase();
    let secondary = text.contains("secondary rate limit") || text.contains("abuse detection");
    (status == 429 || secondary).then(|| Duration::from_secs(60 << (tries - 1).min(5)))
}

/// The errors of an answer of GraphQL.
fn errors_of(body: &Value) -> impl Iterator<Item = &Value> {
    body.get("errors").and_then(Value::as_array).into_iter().flatten()
}

/// Whether GraphQL, which answers 200 to that, refused a query because a limit is used up.
///
/// After docs.github.com, "Rate limits and query limits for the GraphQL API".
fn is_spent(body: &[u8]) -> bool {
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return false };
    let is = |error: &Value, key: &str, words: &[&str]| {
        let text = error.get(key).and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
        words.iter().any(|word| text.contains(word))
    };
    errors_of(&body).any(|error| is(error, "type", &["rate_limit"]) || is(error, "message", &["secondary rate limit"]))
}

/// What an answer is asked for as. Whether a team has a repository is answered with what it may do there only in the form
/// of the repository.
fn media(path: &str) -> &'static str {
    match path.starts_with("/orgs/") && path.contains("/teams/") && path.contains("/repos/") {
        true => "application/vnd.github.v3.repository+json",
        false => "application/vnd.github+json",
    }
}

fn number(headers: &HeaderMap, name: &str) -> Option<i64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    number(headers, "retry-after").map(|seconds| Duration::from_secs(seconds.max(1).unsigned_abs()))
}

/// GitHub's own time, since this machine's clock may differ.
fn now(headers: &HeaderMap) -> i64 {
    let date = headers.get("date").and_then(|value| value.to_str().ok());
    let theirs = date.and_then(|text| jiff::fmt::rfc2822::parse(text).ok()).map(|time| time.timestamp().as_second());
    theirs.unwrap_or_else(|| jiff::Timestamp::now().as_second())
}

fn unexpected(path: &str, what: &str) -> Error {
    Error::failed("idp::github::answer", format!("GitHub's answer at {path} is not what was asked for: {what}"))
        .help("check that `forge.api_url` is the base of GitHub's API")
}

/// The same error, not to be repeated once more.
fn final_of(error: Error) -> Error {
    if !error.is_retryable() {
        return error;
    }
    let ended = Error::new(error.kind(), error.code(), error.message());
    match error.help_text() {
        Some(help) => ended.help(help),
        None => ended,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pause(status: u16, headers: &[(&'static str, &str)], body: &str) -> Option<u64> {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        limit(status, &headers, body.as_bytes(), 1).map(|pause| pause.as_secs())
    }

    #[test]
    fn limits_say_how_long_they_last() {
        assert_eq!(pause(429, &[("retry-after", "7")], ""), Some(7));
        assert_eq!(pause(403, &[("retry-after", "7")], ""), Some(7));
        let spent = [
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1767225630"),
            ("date", "Thu, 01 Jan 2026 00:00:00 GMT"),
        ];
        assert_eq!(pause(403, &spent, ""), Some(31));
        assert_eq!(pause(403, &[("x-ratelimit-remaining", "12")], "{\"message\":\"Forbidden\"}"), None);
        assert_eq!(pause(403, &[], "You have exceeded a secondary rate limit"), Some(60));
        assert_eq!(pause(500, &[("retry-after", "7")], ""), None);
        assert!(is_spent(br#"{"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}"#));
        assert!(is_spent(br#"{"errors": [{"message": "You have exceeded a secondary rate limit."}]}"#));
        // What a file says of limits is no refusal.
        assert!(!is_spent(br#"{"data": {"text": "RATE_LIMITED"}, "errors": [{"type": "NOT_FOUND"}]}"#));
    }
}
