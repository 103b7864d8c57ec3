//! What the embedded forge keeps of a repository beside its settings: roles of teams and webhooks. Nothing is sent to
//! those, and nobody is kept out: both are there to be seen and compared.

use std::collections::BTreeMap;

use super::refs::Refs;
use super::{GitForge, moved};
use crate::error::Result;
use crate::world::access::{Role, TeamGrant, no_team};
use crate::world::forge::{Outcome, RepoId};
use crate::world::store;
use crate::world::webhook::{Hook, Webhook};

const TEAMS: &str = "idp/teams.json";
const WEBHOOKS: &str = "idp/webhooks.json";

impl GitForge {
    /// The roles of teams, by their names.
    pub(super) fn roles(&self, repo: &RepoId) -> Result<BTreeMap<String, Role>> {
        Ok(store::read_json(&self.existing(repo)?.join(TEAMS))?.unwrap_or_default())
    }

    /// Its webhooks, by their URLs.
    pub(super) fn webhooks(&self, repo: &RepoId) -> Result<BTreeMap<String, Hook>> {
        Ok(store::read_json(&self.existing(repo)?.join(WEBHOOKS))?.unwrap_or_default())
    }

    /// Whether there is such a team; without any that `idp.yaml` names, whoever is named is one.
    pub(super) fn knows_team(&self, team: &str) -> bool {
        self.teams.is_empty() || self.teams.contains_key(team)
    }

    pub(super) fn grant(&self, grant: &TeamGrant) -> Result<Outcome> {
        let TeamGrant { repo, team, before, after } = grant;
        let path = self.existing(repo)?;
        if !self.knows_team(team) {
            return Err(no_team(repo, team));
        }
        let _writer = Refs::of(&path).write()?;
        let mut roles = self.roles(repo)?;
        let now = roles.get(team);
        if now == Some(after) {
            return Ok(Outcome { already: true, ..Outcome::default() });
        }
        if now != before.as_ref() {
            return Err(moved(repo, &format!("the role of {team}")));
        }
        roles.insert(team.clone(), *after);
        store::write_json(&path.join(TEAMS), &roles)?;
        Ok(Outcome::default())
    }

    pub(super) fn set_webhook(&self, change: &Webhook) -> Result<Outcome> {
        let path = self.existing(&change.repo)?;
        let _writer = Refs::of(&path).write()?;
        let mut hooks = self.webhooks(&change.repo)?;
        let now = hooks.get(&change.url);
        if change.is_done(now) {
            return Ok(Outcome { already: true, ..Outcome::default() });
        }
        if now != change.before.as_ref() {
            return Err(moved(&change.repo, &format!("the webhook {}", change.url)));
        }
        hooks.insert(change.url.clone(), change.after.clone());
        store::write_json(&path.join(WEBHOOKS), &hooks)?;
        Ok(Outcome::default())
    }
}
