//! Commit statuses: what somebody found out about a commit, under a name. Branch protection asks for them by these names.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, nearest};
use crate::report::Diff;

/// What hosts take of a description, in characters.
pub const DESCRIPTION: usize = 140;

/// What they take of a name.
pub const NAME: usize = 255;

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CommitState {
    /// It is as it should be: the only one with which protection lets a merge pass.
    Success,
    /// It isn't.
    Failure,
    /// It couldn't be found out.
    Error,
    /// It isn't known yet.
    Pending,
}

impl CommitState {
    /// All of them.
    pub const ALL: [CommitState; 4] =
        [CommitState::Success, CommitState::Failure, CommitState::Error, CommitState::Pending];

    /// `success`, `failure`, `error` or `pending`.
    pub fn as_str(self) -> &'static str {
        match self {
            CommitState::Success => "success",
            CommitState::Failure => "failure",
            CommitState::Error => "error",
            CommitState::Pending => "pending",
        }
    }

    /// The state of that name.
    ///
    /// Errors: `idp::repo::status`.
    pub fn parse(text: &str) -> Result<CommitState> {
        if let Some(state) = CommitState::ALL.into_iter().find(|state| state.as_str() == text) {
            return Ok(state);
        }
        let names = || CommitState::ALL.iter().map(|state| state.as_str());
        let help = match nearest(text, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("one of {}", names().collect::<Vec<_>>().join(", ")),
        };
        Err(Error::invalid("idp::repo::status", format!("`{text}` is not the state of a commit")).help(help))
    }
}

impl fmt::Display for CommitState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A commit status; the newest of a name and commit counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitStatus {
    /// How it went.
    pub state: CommitState,
    /// One line about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Where there is more about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl CommitStatus {
    pub(super) fn diff(&self, before: Option<&CommitStatus>, diff: &mut Diff) {
        let of = |status: &CommitStatus| {
            let description = Some(status.description.clone()).filter(|text| !text.is_empty());
            [("state", Some(status.state.to_string())), ("description", description), ("url", status.url.clone())]
        };
        let before = before.map(of);
        for (at, (name, after)) in of(self).into_iter().enumerate() {
            diff.field(name, before.as_ref().and_then(|fields| fields[at].1.clone()), after);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_those_of_hosts() {
        for state in CommitState::ALL {
            assert_eq!(CommitState::parse(state.as_str()).unwrap(), state);
        }
        let error = CommitState::parse("sucess").unwrap_err();
        assert_eq!((error.code(), error.help_text()), ("idp::repo::status", Some("did you mean `success`?")));
        assert!(CommitState::parse("green").unwrap_err().help_text().unwrap().contains("pending"));
    }
}
