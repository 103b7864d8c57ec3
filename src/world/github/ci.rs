//! What a run says of itself at GitHub: its comment and its check run. Whatever a request leaves uncertain is looked up
//! before it is made again, and of two jobs that say the same at once one gives way.

use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};

use super::Account;
use super::client::Client;
use super::paths::segment;
use crate::error::{Error, Kind, Result};
use crate::report::{Annotation, Level, Redactor};
use crate::world::ci::{CheckRun, Comment, Job, TOKENS};
use crate::world::door::backoff;
use crate::world::secrets::Secrets;

/// How often something is tried, each time from the look at what is there.
const TRIES: u32 = 4;

/// How long a rate limit is waited for.
const WAIT: Duration = Duration::from_secs(60);

/// Comments of a pull request that are looked through for ours.
const MOST: usize = 5_000;

/// Annotations that GitHub takes with one request.
const ANNOTATIONS: usize = 50;

/// The API, with the job's token.
pub struct Talk {
    client: Client,
    repository: String,
}

impl Talk {
    /// The API that a job was told of.
    ///
    /// Errors: `idp::ci::token` where there is no token.
    pub fn of(job: &Job, secrets: &Secrets, redactor: &Redactor) -> Result<Talk> {
        if TOKENS.iter().all(|name| secrets.value(name).is_err()) {
            let [own, shared] = TOKENS;
            return Err(Error::denied("idp::ci::token", format!("there is no token in {own} or {shared}"))
                .help(format!("give it to the step: `env: {{ {own}: \"${{{{ talk.token }}}}\" }}`")));
        }
        let account = Account {
            owner: job.repository.split('/').next().unwrap_or_default().to_string(),
            api: job.api.clone(),
            app: None,
            tokens: &TOKENS,
            secrets: secrets.clone(),
            redactor: redactor.clone(),
        };
        Ok(Talk { client: Client::new(account, WAIT), repository: job.repository.clone() })
    }

    async fn send(&self, method: Method, below: &str, body: Option<Value>) -> Result<Value> {
        Ok(self.client.send(method, &self.path(below), body).await?)
    }

    fn path(&self, below: &str) -> String {
        format!("/repos/{}{below}", self.repository)
    }

    /// Comments with the marker that are ours, oldest first: a person may write any text, and change it later.
    async fn ours(&self, number: u64, marker: &str) -> Result<Vec<(u64, String)>> {
        let path = self.path(&format!("/issues/{number}/comments"));
        let mut found = Vec::new();
        let mut me = None;
        for comment in self.client.some(&path, None, MOST).await?.0 {
            let body = comment["body"].as_str().unwrap_or_default();
            let (Some(id), true) = (comment["id"].as_u64(), body.lines().next() == Some(marker)) else { continue };
            let user = &comment["user"];
            let own = user["type"] == "Bot" || {
                if me.is_none() {
                    // Tokens of apps have no user.
                    let user = self.client.get("/user").await.ok().flatten();
                    me = Some(user.map_or(Value::Null, |user| user["login"].clone()));
                }
                me.as_ref().is_some_and(|me| me.is_string() && *me == user["login"])
            };
            if own {
                found.push((id, body.to_string()));
            }
        }
        Ok(found)
    }

    /// Brings the pull request to have exactly one comment of ours, with this text.
    async fn keep(&self, number: u64, comment: &Comment) -> Result<()> {
        let mut there = self.ours(number, &comment.marker).await?;
        if there.is_empty() {
            let body = json!({ "body": comment.markdown });
            self.send(Method::POST, &format!("/issues/{number}/comments"), Some(body)).await?;
            // Another job may have looked before this one wrote.
            there = self.ours(number, &comment.marker).await?;
        }
        let mut there = there.into_iter();
        if let Some((id, body)) = there.next()
            && body.trim_end() != comment.markdown.trim_end()
        {
            let body = json!({ "body": comment.markdown });
            self.send(Method::PATCH, &format!("/issues/comments/{id}"), Some(body)).await?;
        }
        for (id, _) in there {
            let deleted = self.client.send(Method::DELETE, &self.path(&format!("/issues/comments/{id}")), None).await;
            match deleted {
                // The other job saw both, too, and was faster.
                Err(trouble) if trouble.refused(404).is_some() => {}
                ended => drop(ended?),
            }
        }
        Ok(())
    }

    /// Brings the commit to have this check run.
    async fn conclude(&self, head: &str, check: &CheckRun) -> Result<()> {
        let path = self.path(&format!("/commits/{head}/check-runs?check_name={}", segment(&check.name)));
        let there = self.client.all(&path, Some("check_runs")).await?;
        let there = there.iter().find(|one| one["external_id"] == check.external_id.as_str());
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
                self.send(Method::PATCH, &format!("/check-runs/{id}"), Some(body)).await?;
                Some(id)
            }
            None => {
                body["head_sha"] = json!(head);
                body["output"] = output(parts.next().unwrap_or_default());
                self.send(Method::POST, "/check-runs", Some(body)).await?["id"].as_u64()
            }
        };
        for part in parts {
            if let Some(id) = id {
                let body = json!({ "output": output(part) });
                self.send(Method::PATCH, &format!("/check-runs/{id}"), Some(body)).await?;
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
pub async fn comment(talk: &Talk, number: u64, comment: &Comment) -> Result<()> {
    tried("pull-requests: write", || talk.keep(number, comment)).await
}

/// Says the verdict on a commit.
///
/// Errors: as [`comment`].
pub async fn check_run(talk: &Talk, head: &str, check: &CheckRun) -> Result<()> {
    tried("checks: write", || talk.conclude(head, check)).await
}

async fn tried<F: Future<Output = Result<()>>>(permission: &str, go: impl Fn() -> F) -> Result<()> {
    let mut tries = 1;
    loop {
        let Err(error) = go().await else { return Ok(()) };
        // GitHub knows nothing of what a token may not see.
        if error.kind() == Kind::Denied || error.code() == "idp::github::missing" {
            let help = format!(
                "the job needs `permissions: {{ {permission} }}`; for pull requests from forks GitHub gives none"
            );
            return Err(Error::denied("idp::ci::denied", error.message().to_string()).help(help));
        }
        // The look that each try begins with makes it safe to try what may have been done.
        if !error.is_retryable() || tries == TRIES {
            return Err(Error::failed("idp::ci::post", error.message().to_string()));
        }
        tokio::time::sleep(backoff(tries, permission)).await;
        tries += 1;
    }
}
