//! Roles of an organisation's teams in a repository.

use hyper::Method;
use serde_json::{Value, json};

use super::GitHubForge;
use super::paths::segment;
use crate::error::{Error, Result};
use crate::world::access::{Role, TeamGrant, no_team};
use crate::world::forge::{MOVED, Outcome, RepoId, missing};

/// A role as GitHub is told it.
fn permission(role: Role) -> &'static str {
    match role {
        Role::Read => "pull",
        Role::Write => "push",
        other => other.as_str(),
    }
}

/// The role that an answer tells. Of one that the organisation defines itself it is the one that it is based on.
fn role(told: &Value) -> Role {
    let may = |role: &Role| told.pointer(&format!("/permissions/{}", permission(*role))) == Some(&Value::Bool(true));
    // A team that has the repository at all may read it.
    Role::ALL.into_iter().rfind(may).unwrap_or(Role::Read)
}

impl GitHubForge {
    /// What a team may do, if it has the repository.
    pub(super) async fn role_of(&self, repo: &RepoId, team: &str) -> Result<Option<Role>> {
        if let Some(told) = self.client.get(&path(repo, team)).await? {
            return Ok(Some(role(&told)));
        }
        match self.told(repo).await? {
            Some(_) => Ok(None),
            None => Err(missing(repo)),
        }
    }

    /// Whether the organisation has the team, as far as the token sees.
    pub(super) async fn knows_team(&self, owner: &str, team: &str) -> Result<bool> {
        Ok(self.client.get(&format!("/orgs/{}/teams/{}", segment(owner), segment(team))).await?.is_some())
    }

    /// Gives a team a role.
    pub(super) async fn grant(&self, grant: &TeamGrant) -> Result<Outcome> {
        let TeamGrant { repo, team, before, after } = grant;
        let now = self.role_of(repo, team).await?;
        if now == Some(*after) {
            return Ok(Outcome { already: true, ..Outcome::default() });
        }
        if now != *before {
            self.client.reads.refresh();
            return Err(Error::failed(MOVED, format!("the role of {team} in {repo} moved while it was edited"))
                .help("run the same command again"));
        }
        let body = json!({ "permission": permission(*after) });
        match self.client.send(Method::PUT, &path(repo, team), Some(body)).await {
            Ok(_) => Ok(Outcome::default()),
            Err(trouble) if trouble.refused(404).is_some() && !self.knows_team(repo.owner(), team).await? => {
                Err(no_team(repo, team))
            }
            Err(trouble) => Err(trouble.into()),
        }
    }
}

fn path(repo: &RepoId, team: &str) -> String {
    format!("/orgs/{}/teams/{}/repos/{repo}", segment(repo.owner()), segment(team))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_of_the_permissions_is_the_role() {
        let told = |all: &[&str]| {
            let permissions: serde_json::Map<String, Value> =
                all.iter().map(|name| (name.to_string(), Value::Bool(true))).collect();
            json!({ "permissions": permissions, "role_name": "releases" })
        };
        assert_eq!(role(&told(&["pull", "triage", "push"])), Role::Write);
        assert_eq!(role(&told(&["pull", "triage", "push", "maintain", "admin"])), Role::Admin);
        assert_eq!(role(&Value::Null), Role::Read);
    }
}
