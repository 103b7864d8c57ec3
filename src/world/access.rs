//! What teams may do with a repository: the five roles that hosts know, and the change that gives a team one.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::forge::RepoId;
use crate::error::{Error, Result, nearest};
use crate::report::Diff;

/// What a team may do with a repository, the least first: each may do what those before it may.
///
/// After docs.github.com, "Repository roles for an organization".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Look at it, comment.
    Read,
    /// Tend to its issues and pull requests.
    Triage,
    /// Push to it.
    Write,
    /// Run it, but for what is dangerous.
    Maintain,
    /// All.
    Admin,
}

impl Role {
    /// All of them, the least first.
    pub const ALL: [Role; 5] = [Role::Read, Role::Triage, Role::Write, Role::Maintain, Role::Admin];

    /// As people say it.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Read => "read",
            Role::Triage => "triage",
            Role::Write => "write",
            Role::Maintain => "maintain",
            Role::Admin => "admin",
        }
    }

    /// The role that people call so.
    ///
    /// Errors: `idp::repo::role`.
    pub fn parse(text: &str) -> Result<Role> {
        if let Some(role) = Role::ALL.into_iter().find(|role| role.as_str() == text) {
            return Ok(role);
        }
        // As some hosts call them.
        let help = match text {
            "pull" => "did you mean `read`?".to_string(),
            "push" => "did you mean `write`?".to_string(),
            _ => match nearest(text, Role::ALL.iter().map(|role| role.as_str())) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "one of read, triage, write, maintain, admin".to_string(),
            },
        };
        Err(Error::invalid("idp::repo::role", format!("`{text}` is not a role in a repository")).help(help))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Gives a team a role in a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamGrant {
    /// The repository.
    pub repo: RepoId,
    /// The team of the repository's owner, by the name that stands in its address: `team-payments`.
    pub team: String,
    /// As it is.
    pub before: Option<Role>,
    /// As it becomes.
    pub after: Role,
}

impl TeamGrant {
    pub(super) fn diff(&self, diff: &mut Diff) {
        diff.field("role", self.before.map(|role| role.to_string()), Some(self.after.to_string()));
    }
}

/// Refuses what can't be a team's name.
///
/// Errors: `idp::repo::team`.
pub fn check_team(team: &str) -> Result<()> {
    let fine = team.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if fine && !team.is_empty() && team.len() <= 100 {
        return Ok(());
    }
    Err(Error::invalid("idp::repo::team", format!("`{}` can't be the name of a team", team.escape_debug()))
        .help("give the name that its address ends in, without the organisation: `team-payments`"))
}

/// The error for a team that the owner doesn't have.
pub fn no_team(repo: &RepoId, team: &str) -> Error {
    Error::failed("idp::repo::team", format!("{} has no team {team}", repo.owner()))
        .help("check the name: it is what the team's address ends in; a token sees secret teams only of its own")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_in_order_and_called_as_people_say() {
        assert!(Role::ALL.is_sorted());
        assert!(None < Some(Role::Read));
        assert_eq!(Role::parse("maintain").unwrap(), Role::Maintain);
        for (text, near) in [("push", "write"), ("pull", "read"), ("maintian", "maintain")] {
            let error = Role::parse(text).unwrap_err();
            assert_eq!(
                (error.code(), error.help_text()),
                ("idp::repo::role", Some(&*format!("did you mean `{near}`?")))
            );
        }
    }

    #[test]
    fn teams_have_the_names_of_addresses() {
        for bad in ["", "@acme/team", "a team", "a/b", "..", "ä"] {
            assert_eq!(check_team(bad).unwrap_err().code(), "idp::repo::team", "{bad}");
        }
        check_team("team-payments").unwrap();
    }
}
