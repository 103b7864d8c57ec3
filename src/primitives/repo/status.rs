//! What scripts find out about a commit, as a commit status.

use super::Repo;
use crate::error::{Error, Result};
use crate::formats::url::Url;
use crate::world::Door;
use crate::world::change::Change;
use crate::world::commit_status::{CommitState, CommitStatus, DESCRIPTION, NAME};
use crate::world::forge::CommitId;
use crate::world::later::KNOWN_AFTER_APPLY;

/// A status as a script gives it.
///
/// Errors: `idp::repo::status` for what hosts don't take.
pub fn of(name: &str, state: &str, description: Option<String>, url: Option<String>) -> Result<CommitStatus> {
    let refuse = |what: String| Err(Error::invalid("idp::repo::status", what));
    if name.trim().is_empty() || name.chars().count() > NAME || name.chars().any(char::is_control) {
        return refuse(format!(
            "`{}` can't be the name of a commit status: 1 to {NAME} characters",
            name.escape_debug()
        ));
    }
    let state = CommitState::parse(state)?;
    let description = description.unwrap_or_default();
    let long = description.chars().count();
    if long > DESCRIPTION {
        return refuse(format!(
            "the description of the status `{name}` has {long} characters, at most {DESCRIPTION} fit"
        ));
    }
    if let Some(url) = &url
        && !url.contains(KNOWN_AFTER_APPLY)
        && let Err(wrong) = Url::parse(url)
    {
        return refuse(format!("the url of the status `{name}`: {wrong}"));
    }
    Ok(CommitStatus { state, description, url })
}

impl Repo {
    /// Brings about a status of a branch's head, or of the commit with that id.
    pub async fn set_status(&self, door: &Door, at: &str, name: &str, after: CommitStatus) -> Result<()> {
        let forge = &door.world().forge;
        let commit = match is_id(at) {
            true => CommitId(at.to_string()),
            false => self.commit_at(door, at).await?,
        };
        let before = forge.statuses(&self.id, &commit).await?.remove(name);
        let (repo, at, name) = (self.id.clone(), at.to_string(), name.to_string());
        let is_there = before.as_ref() == Some(&after);
        let change = Change::SetStatus { repo, at, commit, name, before, after };
        if is_there {
            door.unchanged(change.kind(), &change.target());
            return Ok(());
        }
        door.pass(change).await.map(drop)
    }
}

/// Whether it is the whole id of a commit, or of one that isn't made yet: no branch has a colon in its name.
pub(super) fn is_id(text: &str) -> bool {
    let is_hash = matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash || text.contains(':')
}
