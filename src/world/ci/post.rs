//! Comment and check run over GitHub's REST API. Whatever a request leaves uncertain is looked up before it is made
//! again, and of two jobs that say the same at once one gives way.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::{CheckRun, Comment, Job, TOKENS};
use crate::config::{HeaderText, HttpService};
use crate::error::{Error, Kind, Result};
use crate::formats::url::Url;
use crate::report::{Annotation, Level};
use crate::world::http::{Client, Method, Request};
use crate::world::secrets::Secrets;

/// How often something is tried, each time from the look at what is there.
const TRIES: u32 = 4;

/// Comments of one page, and the pages that are looked through for ours.
const PAGE: usize = 100;
const PAGES: usize = 50;

/// Annotations that GitHub takes with one request.
const ANNOTATIONS: usize = 50;

/// The API, with the job's token.
pub struct GitHub {
    client: Client,
    repository: String,
    pause: Duration,
}

impl GitHub {
    /// The API that a job was told of.
    ///
    /// Errors: `idp::ci::token` where there is none.
    pub fn of(job: &Job, secrets: &Secrets) -> Result<GitHub> {
        let token = TOKENS.into_iter().find(|name| secrets.value(name).is_ok()).ok_or_else(|| {
            let [own, shared] = TOKENS;
            Error::denied("idp::ci::token", format!("there is no token in {own} or {shared}"))
                .help(format!("give it to the step: `env: {{ {own}: \"${{{{ github.token }}}}\" }}`"))
        })?;
        let url = Url::parse(&job.api).map_err(|wrong| Error::invalid("idp::ci::job", wrong))?;
        let text = |text: &str| HeaderText::Text(text.to_string());
        let token = HeaderText::Secret { secret: token.into(), prefix: "Bearer ".into() };
        let headers = [
            ("accept".to_string(), text("application/vnd.github+json")),
            ("x-github-api-version".to_string(), text("2022-11-28")),
            ("authorization".to_string(), token),
        ];
        let service = HttpService {
            url,
            headers: headers.into(),
            timeout: Duration::from_secs(30),
            max_bytes: 16 << 20,
            // GitHub Enterprise Server is in a private network.
            allow_private: true,
            hosts: Vec::new(),
            deduplicates: false,
        };
        let client = Client::new("github", service, secrets.clone());
        Ok(GitHub { client, repository: job.repository.clone(), pause: Duration::from_secs(1) })
    }

    /// The same with another pause between two tries.
    #[must_use]
    pub fn pausing(self, pause: Duration) -> GitHub {
        GitHub { pause, ..self }
    }

    async fn get(&self, path: &str, query: &[(&str, String)]) -> Result<Value> {
        self.ask(Method::Get, path, query, None).await
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value> {
        self.ask(method, path, &[], body).await
    }

    async fn ask(&self, method: Method, path: &str, query: &[(&str, String)], body: Option<Value>) -> Result<Value> {
        let request = Request {
            service: "github".into(),
            method,
            path: if path == "/user" { path.into() } else { format!("/repos/{}{path}", self.repository) },
            query: query.iter().map(|(name, value)| (name.to_string(), value.clone())).collect(),
            headers: BTreeMap::new(),
            body,
            once: None,
        };
        let answer = self.client.exchange(&request).await.map_err(|error| {
            // Whether it arrived is not known: the look that each try begins with tells.
            let passing = matches!(error.code(), "idp::http::time" | "idp::http::broken" | "idp::http::connect");
            let error = Error::failed("idp::ci::post", error.message().to_string());
            if passing { error.retryable() } else { error }
        })?;
        let value: Value = serde_json::from_slice(&answer.bytes).unwrap_or_default();
        let said: String = value["message"].as_str().unwrap_or_default().chars().take(200).collect();
        let message = format!("GitHub answered {method} {} with {}: {said}", request.path, answer.status);
        let limited = answer.headers.get("x-ratelimit-remaining").is_some_and(|left| left == "0")
            || answer.headers.contains_key("retry-after");
        match answer.status {
            200..300 => Ok(value),
            403 if limited => Err(Error::failed("idp::ci::post", message).retryable()),
            429 | 500.. => Err(Error::failed("idp::ci::post", message).retryable()),
            401 | 403 | 404 => Err(Error::denied("idp::ci::denied", message)),
            _ => Err(Error::failed("idp::ci::post", message)),
        }
    }

    /// Comments with the marker that are ours, oldest first: a person may write any text, and change it later.
    async fn ours(&self, number: u64, marker: &str) -> Result<Vec<(u64, String)>> {
        let mut found = Vec::new();
        let mut me = None;
        for page in 1..=PAGES {
            let query = [("per_page", PAGE.to_string()), ("page", page.to_string())];
            let comments = self.get(&format!("/issues/{number}/comments"), &query).await?;
            let comments = comments.as_array().map(Vec::as_slice).unwrap_or_default();
            for comment in comments {
                let body = comment["body"].as_str().unwrap_or_default();
                let (Some(id), true) = (comment["id"].as_u64(), body.lines().next() == Some(marker)) else { continue };
                let user = &comment["user"];
                let own = user["type"] == "Bot" || {
                    if me.is_none() {
                        // Tokens of apps have no user.
                        me = Some(self.get("/user", &[]).await.map_or(Value::Null, |user| user["login"].clone()));
                    }
                    me.as_ref().is_some_and(|me| me.is_string() && *me == user["login"])
                };
                if own {
                    found.push((id, body.to_string()));
                }
            }
            if comments.len() < PAGE {
                break;
            }
        }
        Ok(found)
    }

    /// Brings the pull request to have exactly one comment of ours, with this text.
    async fn keep(&self, number: u64, comment: &Comment) -> Result<()> {
        let mut there = self.ours(number, &comment.marker).await?;
        if there.is_empty() {
            let body = json!({ "body": comment.markdown });
            self.send(Method::Post, &format!("/issues/{number}/comments"), Some(body)).await?;
            // Another job may have looked before this one wrote.
            there = self.ours(number, &comment.marker).await?;
        }
        let mut there = there.into_iter();
        if let Some((id, body)) = there.next()
            && body.trim_end() != comment.markdown.trim_end()
        {
            let body = json!({ "body": comment.markdown });
            self.send(Method::Patch, &format!("/issues/comments/{id}"), Some(body)).await?;
        }
        for (id, _) in there {
            self.send(Method::Delete, &format!("/issues/comments/{id}"), None).await?;
        }
        Ok(())
    }

    /// Brings the commit to have this check run.
    async fn conclude(&self, head: &str, check: &CheckRun) -> Result<()> {
        let query = [("check_name", check.name.clone()), ("per_page", PAGE.to_string())];
        let there = self.get(&format!("/commits/{head}/check-runs"), &query).await?;
        let same = |one: &&Value| one["external_id"] == check.external_id.as_str();
        let there = there["check_runs"].as_array().and_then(|all| all.iter().find(same));
        let remarks: Vec<Value> = check.annotations.iter().filter_map(remark).collect();
        let mut parts = remarks.chunks(ANNOTATIONS);
        let output = |part: &[Value]| json!({ "title": check.title, "summary": check.summary, "annotations": part });
        let mut body = json!({
            "name": check.name,
            "external_id": check.external_id,
            "status": "completed",
            "conclusion": check.conclusion.as_str(),
        });
        let id = match there.and_then(|one| one["id"].as_u64()) {
            // GitHub adds annotations to those that are there.
            Some(id) => {
                let known = there.map_or(0, |one| one["output"]["annotations_count"].as_u64().unwrap_or(0));
                parts =
                    remarks.get(usize::try_from(known).unwrap_or(usize::MAX)..).unwrap_or_default().chunks(ANNOTATIONS);
                body["output"] = output(parts.next().unwrap_or_default());
                self.send(Method::Patch, &format!("/check-runs/{id}"), Some(body)).await?;
                Some(id)
            }
            None => {
                body["head_sha"] = json!(head);
                body["output"] = output(parts.next().unwrap_or_default());
                self.send(Method::Post, "/check-runs", Some(body)).await?["id"].as_u64()
            }
        };
        for part in parts {
            if let Some(id) = id {
                let body = json!({ "output": output(part) });
                self.send(Method::Patch, &format!("/check-runs/{id}"), Some(body)).await?;
            }
        }
        Ok(())
    }
}

/// An annotation of a file, as GitHub takes it; those of no file are in the text alone.
fn remark(annotation: &Annotation) -> Option<Value> {
    let line = annotation.line.max(1);
    let mut value = json!({
        "path": annotation.file.as_ref()?,
        "start_line": line,
        "end_line": line,
        "annotation_level": if annotation.level == Level::Error { "failure" } else { "warning" },
        "message": cut(&annotation.message, 60_000),
    });
    if !annotation.title.is_empty() {
        value["title"] = json!(cut(&annotation.title, 250));
    }
    if annotation.column > 0 {
        value["start_column"] = json!(annotation.column);
        value["end_column"] = json!(annotation.column);
    }
    Some(value)
}

/// At most so many bytes of a text, whole characters.
fn cut(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    &text[..end]
}

/// Says a run as the one comment of a pull request.
///
/// Errors: `idp::ci::denied` without the permission; `idp::ci::post`, after several tries where that may help.
pub async fn comment(github: &GitHub, number: u64, comment: &Comment) -> Result<()> {
    tried(github, "pull-requests: write", || github.keep(number, comment)).await
}

/// Says the verdict on a commit.
///
/// Errors: as [`comment`].
pub async fn check_run(github: &GitHub, head: &str, check: &CheckRun) -> Result<()> {
    tried(github, "checks: write", || github.conclude(head, check)).await
}

async fn tried<F: Future<Output = Result<()>>>(github: &GitHub, permission: &str, go: impl Fn() -> F) -> Result<()> {
    let mut tries = 1;
    loop {
        let Err(error) = go().await else { return Ok(()) };
        if error.kind() == Kind::Denied {
            let help = format!(
                "the job needs `permissions: {{ {permission} }}`; for pull requests from forks GitHub gives none"
            );
            return Err(error.help(help));
        }
        if !error.is_retryable() || tries == TRIES {
            return Err(error);
        }
        tokio::time::sleep(github.pause * 2_u32.pow(tries - 1)).await;
        tries += 1;
    }
}
