//! Roles of teams, ensured: a team that may do more keeps it, unless the script says otherwise.

use super::{REDONE, Repo};
use crate::error::Result;
use crate::world::access::{Role, TeamGrant, check_team, no_team};
use crate::world::forge::MOVED;
use crate::world::{Change, Door, Mode};

impl Repo {
    /// Brings about that a team may do so much; with `lower` not more, either.
    pub async fn grant(&self, door: &Door, team: &str, role: Role, lower: bool) -> Result<()> {
        check_team(team)?;
        let forge = &door.world().forge;
        let mut tries = 0;
        loop {
            let before = forge.team_role(&self.id, team).await?;
            if before == Some(role) || (before > Some(role) && !lower) {
                door.unchanged("access", &format!("{} {team}", self.id));
                return Ok(());
            }
            // A run hears it from the forge when it gives the role.
            if before.is_none() && door.mode() == Mode::Plan && !forge.has_team(self.id.owner(), team).await? {
                return Err(no_team(&self.id, team));
            }
            let grant = TeamGrant { repo: self.id.clone(), team: team.to_string(), before, after: role };
            tries += 1;
            match door.pass(Change::GrantTeam(grant)).await {
                Err(error) if error.code() == MOVED && tries < REDONE => {}
                ended => return ended.map(drop),
            }
        }
    }
}
