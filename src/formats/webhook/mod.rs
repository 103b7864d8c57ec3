//! What GitHub sends to webhooks, as <https://docs.github.com/webhooks/webhook-events-and-payloads> describes it, with the
//! fields that triggers use. Lenient: what isn't used may be missing, null or of any shape. No signature is checked here.

mod events;
#[cfg(test)]
mod tests;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
pub use events::*;

/// One delivery: what happened, where, and who did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// What is done to the subject of the event: `opened`, `completed`. Some events have none.
    pub action: Option<String>,
    /// Where it happened; an App's or an organisation's events may have none.
    pub repository: Option<Repository>,
    /// The organisation that it happened in.
    pub organization: Option<Account>,
    /// Who did it.
    pub sender: Option<Account>,
    /// The installation of the App that the hook belongs to.
    pub installation: Option<u64>,
    /// What happened.
    pub event: Event,
}

/// What happened, by the name in the header `X-GitHub-Event`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// `push`: a branch or tag moved, appeared or went away.
    Push(Box<Push>),
    /// `pull_request`: its state, text, labels or head changed.
    PullRequest(Box<PullRequest>),
    /// `pull_request_review`: somebody approved, asked for changes or commented.
    PullRequestReview(Box<PullRequestReview>),
    /// `check_run`: one check of a commit.
    CheckRun(Box<CheckRun>),
    /// `check_suite`: all checks of an App for a commit.
    CheckSuite(Box<CheckSuite>),
    /// `issue_comment`: on an issue, or in the conversation of a pull request.
    IssueComment(Box<IssueComment>),
    /// `repository`: created, renamed, archived; which one is in the delivery.
    Repository(Box<RepositoryChange>),
    /// `release`.
    Release(Box<Release>),
    /// `workflow_run`: a workflow of GitHub Actions.
    WorkflowRun(Box<WorkflowRun>),
    /// `ping`: the hook was made.
    Ping(Box<Ping>),
    /// `installation`: the App was installed, changed or removed.
    Installation(Box<Installation>),
    /// Any other, by its name.
    Other(String),
}

/// Reads a delivery: the event's name from `X-GitHub-Event`, and the body as JSON.
///
/// Errors: `idp::webhook::payload` if the body isn't JSON or lacks what the event stands for.
pub fn parse(name: &str, body: &[u8]) -> Result<Delivery> {
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(refused(name, "it is no JSON object"));
    }
    let envelope: Envelope = read(name, body)?;
    let event = match name {
        "push" => Event::Push(read(name, body)?),
        "pull_request" => Event::PullRequest(read(name, body)?),
        "pull_request_review" => Event::PullRequestReview(read(name, body)?),
        "check_run" => Event::CheckRun(read(name, body)?),
        "check_suite" => Event::CheckSuite(read(name, body)?),
        "issue_comment" => Event::IssueComment(read(name, body)?),
        "repository" => Event::Repository(read(name, body)?),
        "release" => Event::Release(read(name, body)?),
        "workflow_run" => Event::WorkflowRun(read(name, body)?),
        "ping" => Event::Ping(read(name, body)?),
        "installation" => Event::Installation(read(name, body)?),
        other => Event::Other(other.to_owned()),
    };
    Ok(Delivery {
        action: envelope.action,
        repository: envelope.repository,
        organization: envelope.organization,
        sender: envelope.sender,
        installation: envelope.installation.map(|installation| installation.id),
        event,
    })
}

#[derive(Deserialize)]
struct Envelope {
    action: Option<String>,
    repository: Option<Repository>,
    organization: Option<Account>,
    sender: Option<Account>,
    installation: Option<Id>,
}

#[derive(Deserialize)]
struct Id {
    id: u64,
}

fn read<T: DeserializeOwned>(name: &str, body: &[u8]) -> Result<T> {
    serde_json::from_slice(body).map_err(|error| refused(name, &error.to_string()))
}

fn refused(name: &str, why: &str) -> Error {
    Error::invalid("idp::webhook::payload", format!("the delivery of `{name}` can't be read: {why}"))
        .help("the hook's content type must be `application/json`; GitHub lists what it sent under Recent Deliveries")
}
