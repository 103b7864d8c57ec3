//! Commit statuses on GitHub. It keeps every one that was ever set; the newest of a name counts.

use std::collections::{BTreeMap, BTreeSet};

use hyper::Method;
use serde::Deserialize;
use serde_json::json;

use super::paths::of;
use super::{GitHubForge, read};
use crate::error::{Error, Result};
use crate::world::change::Change;
use crate::world::commit_status::{CommitState, CommitStatus};
use crate::world::forge::{CommitId, Outcome, RepoId};

#[derive(Deserialize)]
struct Told {
    context: String,
    state: CommitState,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    target_url: Option<String>,
}

/// A check run.
#[derive(Deserialize)]
struct Run {
    name: String,
    #[serde(default)]
    conclusion: Option<String>,
}

impl GitHubForge {
    /// The newest status of each name.
    pub(super) async fn statuses_of(&self, repo: &RepoId, commit: &CommitId) -> Result<BTreeMap<String, CommitStatus>> {
        // Of a commit that isn't there GitHub says something else than 404.
        self.commit(repo, commit).await?;
        let all = self.client.all(&of(repo, &format!("commits/{commit}/status")), Some("statuses")).await?;
        all.iter()
            .map(|told| {
                let Told { context, state, description, target_url } = read(told)?;
                let url = target_url.filter(|url| !url.is_empty());
                Ok((context, CommitStatus { state, description: description.unwrap_or_default(), url }))
            })
            .collect()
    }

    /// The names of the statuses and check runs of a commit that are as protection wants them.
    pub(super) async fn passed(&self, repo: &RepoId, commit: &CommitId) -> Result<BTreeSet<String>> {
        let runs = of(repo, &format!("commits/{commit}/check-runs"));
        let (statuses, runs) =
            tokio::try_join!(self.statuses_of(repo, commit), self.client.all(&runs, Some("check_runs")))?;
        let good = |run: &Run| matches!(run.conclusion.as_deref(), Some("success" | "neutral" | "skipped"));
        let runs: Vec<Run> = runs.iter().map(read).collect::<Result<_>>()?;
        let said = statuses.into_iter().filter(|(_, status)| status.state == CommitState::Success);
        Ok(said.map(|(name, _)| name).chain(runs.into_iter().filter(good).map(|run| run.name)).collect())
    }

    /// Sets one.
    pub(super) async fn set_status(&self, change: &Change) -> Result<Outcome> {
        let Change::SetStatus { repo, commit, name, after, .. } = change else {
            return Err(Error::failed("idp::forge", "not a commit status"));
        };
        if self.statuses_of(repo, commit).await?.get(name) == Some(after) {
            return Ok(Outcome { already: true, ..Outcome::default() });
        }
        let mut body = json!({ "state": after.state, "context": name, "description": after.description });
        if let Some(url) = &after.url {
            body["target_url"] = json!(url);
        }
        self.client.send(Method::POST, &of(repo, &format!("statuses/{commit}")), Some(body)).await?;
        Ok(Outcome::default())
    }
}
