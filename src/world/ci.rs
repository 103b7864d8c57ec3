//! Where a job of CI runs, and what is said there of a run beside its log: one comment of the pull request, a check run
//! of the commit. It is no change of the platform: who asks for it on the command line lets it be said.

use serde_json::Value;

use crate::error::{Error, Result};
use crate::formats::url::Url;
use crate::report::Annotation;

/// The variables that may hold the token, the first that is set. The second may be that of the forge, which need not
/// be allowed to say anything here.
pub const TOKENS: [&str; 2] = ["IDP_CI_TOKEN", "GITHUB_TOKEN"];

/// Where a job of GitHub Actions runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The address of the API, without a slash at its end.
    pub api: String,
    /// `owner/name`.
    pub repository: String,
    /// The pull request that it runs for, if it does.
    pub pull_request: Option<u64>,
    /// The commit that it is about: the head of the pull request, not the merge that was checked out.
    pub head: Option<String>,
    /// The page with its log.
    pub url: Option<String>,
    /// Number and attempt of the workflow's run: the same for all that a job says.
    pub id: String,
}

impl Job {
    /// The job that an environment describes, with what the file of its event says.
    ///
    /// Errors: `idp::ci::job` where there is no job or it can't be understood.
    pub fn of(env: impl Fn(&str) -> Option<String>) -> Result<Job> {
        let set = |name: &str| env(name).filter(|value| !value.is_empty());
        if set("GITHUB_ACTIONS").as_deref() != Some("true") {
            let error = Error::invalid("idp::ci::job", "this is no job of GitHub Actions");
            return Err(error.help("--comment and --check-run are for jobs: leave them out here"));
        }
        let missing = |name: &str| {
            Error::invalid("idp::ci::job", format!("the environment variable {name} is not set"))
                .help("GitHub Actions sets it for every job; a container must be given it")
        };
        let need = |name: &str| set(name).ok_or_else(|| missing(name));
        let repository = need("GITHUB_REPOSITORY")?;
        let letters =
            |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        if !repository.split_once('/').is_some_and(|(owner, name)| letters(owner) && letters(name)) {
            return Err(Error::invalid("idp::ci::job", format!("GITHUB_REPOSITORY `{repository}` is not OWNER/NAME")));
        }
        let api = set("GITHUB_API_URL").unwrap_or_else(|| "https://api.github.com".into());
        let api = api.trim_end_matches('/').to_string();
        Url::parse(&api).map_err(|wrong| Error::invalid("idp::ci::job", format!("GITHUB_API_URL `{api}`: {wrong}")))?;
        let event = match set("GITHUB_EVENT_PATH") {
            Some(path) => read_event(&path)?,
            None => Value::Null,
        };
        let (pull_request, head) = subject(&event);
        // What was pushed, unless the event is about a pull request: then this is a merge that nobody sees.
        let head = head.or_else(|| set("GITHUB_SHA").filter(|_| pull_request.is_none()));
        let run = set("GITHUB_RUN_ID");
        let url = set("GITHUB_SERVER_URL")
            .zip(run.clone())
            .map(|(server, run)| format!("{}/{repository}/actions/runs/{run}", server.trim_end_matches('/')));
        let id = format!("{}.{}", run.unwrap_or_default(), set("GITHUB_RUN_ATTEMPT").unwrap_or_default());
        Ok(Job { api, repository, pull_request, head, url, id })
    }
}

fn read_event(path: &str) -> Result<Value> {
    let wrong = |error: String| Error::invalid("idp::ci::job", format!("the event in {path} can't be read: {error}"));
    let bytes = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))
}

/// The pull request of an event, and its head: of `pull_request` and its kin, of a comment, of a workflow that ran for
/// one.
fn subject(event: &Value) -> (Option<u64>, Option<String>) {
    let head = |value: &Value| {
        let sha = value["sha"].as_str()?;
        (sha.len() >= 40 && sha.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| sha.to_string())
    };
    let pull = &event["pull_request"];
    if let Some(number) = pull["number"].as_u64() {
        return (Some(number), head(&pull["head"]));
    }
    if event["issue"]["pull_request"].is_object() {
        return (event["issue"]["number"].as_u64(), None);
    }
    let pull = &event["workflow_run"]["pull_requests"][0];
    (pull["number"].as_u64(), head(&pull["head"]))
}

/// The one comment of a run: written once, then kept up to date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Its first line, by which it is found again.
    pub marker: String,
    /// The whole text, which begins with the marker.
    pub markdown: String,
}

/// How a check run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    /// Nothing to object to.
    Success,
    /// Something is to be looked at, nothing is wrong: changes are pending, or people are waited for.
    Neutral,
    /// It failed.
    Failure,
    /// A person stopped it.
    Cancelled,
}

impl Conclusion {
    /// As GitHub writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Conclusion::Success => "success",
            Conclusion::Neutral => "neutral",
            Conclusion::Failure => "failure",
            Conclusion::Cancelled => "cancelled",
        }
    }
}

/// The verdict on a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRun {
    /// What it is called on the page: the same for the same run.
    pub name: String,
    /// What makes it one, however often it is sent.
    pub external_id: String,
    /// How it ended.
    pub conclusion: Conclusion,
    /// One line.
    pub title: String,
    /// The whole text.
    pub summary: String,
    /// Remarks at files of the commit.
    pub annotations: Vec<Annotation>,
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use serde_json::json;

    use super::*;

    const SHA: &str = "0123456789abcdef0123456789abcdef01234567";
    const PUSHED: &str = "ffffffffffffffffffffffffffffffffffffffff";

    /// The job of an event, with these variables beside those that each has.
    fn job(event: &Value, more: &[(&str, &str)]) -> Result<Job> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(event.to_string().as_bytes()).unwrap();
        let path = file.path().display().to_string();
        let all = [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_REPOSITORY", "acme/platform"),
            ("GITHUB_SHA", PUSHED),
            ("GITHUB_EVENT_PATH", &path),
        ];
        Job::of(|name| {
            let found = more.iter().chain(&all).find(|(known, _)| *known == name);
            found.map(|(_, value)| value.to_string())
        })
    }

    #[test]
    fn events_say_what_a_job_is_about() {
        let pull = json!({ "number": 7, "head": { "sha": SHA } });
        for (event, number, head) in [
            (json!({ "pull_request": pull }), Some(7), Some(SHA)),
            (json!({ "issue": { "number": 8, "pull_request": {} }, "comment": {} }), Some(8), None),
            (json!({ "issue": { "number": 8 }, "comment": {} }), None, Some(PUSHED)),
            (json!({ "workflow_run": { "pull_requests": [pull] } }), Some(7), Some(SHA)),
            (json!({ "workflow_run": { "pull_requests": [] } }), None, Some(PUSHED)),
            (json!({ "pull_request": { "number": 7, "head": { "sha": "../../x" } } }), Some(7), None),
            (json!({ "pull_request": { "number": "7" } }), None, Some(PUSHED)),
            (json!({ "ref": "refs/heads/main" }), None, Some(PUSHED)),
            (json!([]), None, Some(PUSHED)),
        ] {
            let job = job(&event, &[]).unwrap();
            assert_eq!((job.pull_request, job.head.as_deref()), (number, head), "{event}");
        }
    }

    #[test]
    fn variables_that_cant_be_are_refused() {
        for (name, value) in [
            ("GITHUB_ACTIONS", "false"),
            ("GITHUB_REPOSITORY", ""),
            ("GITHUB_REPOSITORY", "platform"),
            ("GITHUB_REPOSITORY", "acme/../other"),
            ("GITHUB_API_URL", "ftp://example.com"),
            ("GITHUB_EVENT_PATH", "/nowhere/event.json"),
        ] {
            let error = job(&json!({}), &[(name, value)]).unwrap_err();
            assert_eq!(error.code(), "idp::ci::job", "{name}={value}");
        }
        let enterprise = [("GITHUB_API_URL", "https://git.acme.example/api/v3/"), ("GITHUB_SERVER_URL", "https://x/")];
        let job = job(&json!({}), &[&enterprise[..], &[("GITHUB_RUN_ID", "5")]].concat()).unwrap();
        assert_eq!(job.api, "https://git.acme.example/api/v3");
        assert_eq!(job.url.as_deref(), Some("https://x/acme/platform/actions/runs/5"));
    }
}
