//! Merging on GitHub, and what merges would do: GitHub tells only of pull requests, and later than asked, so that what
//! two commits make of each other is worked out here from their trees.

use std::time::Duration;

use futures_util::future::try_join_all;
use hyper::Method;
use serde_json::{Value, json};

use super::paths::of;
use super::pulls::Told;
use super::{GitHubForge, moved};
use crate::error::{Error, Result};
use crate::world::change::FileChange;
use crate::world::forge::{CommitId, MergeMethod, Mergeable, Merged, Outcome, PullRequest, RepoId, Reverted, State};
use crate::world::later::Later;
use crate::world::three_way::{self, Version};

/// How often GitHub is asked whether a pull request merges: it works that out in the background.
const LOOKS: u32 = 10;

impl GitHubForge {
    /// Whether a head merges into a base, by files and lines.
    pub(super) async fn merges(&self, repo: &RepoId, base: &CommitId, head: &CommitId) -> Result<Mergeable> {
        let Some(common) = self.common(repo, base, head).await? else { return Ok(Mergeable::Clean) };
        if common == *base || common == *head {
            return Ok(Mergeable::Clean);
        }
        let merged = self.three_way(repo, &common, base, head).await?;
        let conflicts: Vec<String> = merged.conflicts.into_iter().map(|conflict| conflict.path).collect();
        Ok(if conflicts.is_empty() { Mergeable::Clean } else { Mergeable::Conflicts(conflicts) })
    }

    /// The files that take back on `onto` what came between `before` and `after`.
    pub(super) async fn take_back(
        &self,
        repo: &RepoId,
        onto: &CommitId,
        before: &CommitId,
        after: &CommitId,
    ) -> Result<Reverted> {
        let merged = self.three_way(repo, after, onto, before).await?;
        if !merged.conflicts.is_empty() {
            return Ok(Reverted::Conflicts(merged.conflicts.into_iter().map(|conflict| conflict.path).collect()));
        }
        let files = merged.edits.into_iter().map(|(path, after)| async move {
            Ok::<_, Error>(FileChange { before: self.one_file(repo, onto, &path).await?, path, after })
        });
        Ok(Reverted::Files(try_join_all(files).await?))
    }

    async fn three_way(
        &self,
        repo: &RepoId,
        base: &CommitId,
        ours: &CommitId,
        theirs: &CommitId,
    ) -> Result<three_way::Merged> {
        let (base, ours, theirs) = tokio::try_join!(
            Version::at(self, repo, Some(base)),
            Version::at(self, repo, Some(ours)),
            Version::at(self, repo, Some(theirs)),
        )?;
        three_way::merge(self, repo, &base, &ours, &theirs).await
    }

    /// Merges a pull request whose head is still `head`.
    pub(super) async fn merge_pull(
        &self,
        repo: &RepoId,
        number: u64,
        method: MergeMethod,
        head: &CommitId,
        admin: bool,
    ) -> Result<Outcome> {
        let told = self.judged(repo, number).await?;
        if told.state() == State::Merged && told.head.sha == head.0 {
            return Ok(Outcome { already: true, ..Outcome::default() });
        }
        let told = match told.state() {
            State::Open => told,
            _ => self.still_open(repo, number).await?,
        };
        if told.head.sha != head.0 {
            return Err(moved(repo, &told.head.branch));
        }
        // GitHub lets those pass who may override: without being asked to, that is a mistake.
        if told.mergeable_state.as_deref() == Some("blocked") && !admin {
            return Err(self.lacking(repo, &told, None).await);
        }
        if told.mergeable == Some(false) {
            return Err(conflict(repo, &told));
        }
        let method = match method {
            MergeMethod::Merge => "merge",
            MergeMethod::Squash => "squash",
            MergeMethod::Rebase => "rebase",
        };
        let body = json!({ "sha": head.0, "merge_method": method });
        match self.client.send(Method::PUT, &of(repo, &format!("pulls/{number}/merge")), Some(body)).await {
            Ok(made) => {
                let commit = made.get("sha").and_then(Value::as_str).map(|id| Later::Known(CommitId(id.to_string())));
                Ok(Outcome { commit, ..Outcome::default() })
            }
            Err(trouble) if trouble.refused(409).is_some() => Err(moved(repo, &told.head.branch)),
            Err(trouble) if trouble.says(405, "conflict") || trouble.says(405, "not mergeable") => {
                Err(conflict(repo, &told))
            }
            Err(trouble) if trouble.refused(405).is_some() => {
                Err(self.lacking(repo, &told, Some(Error::from(trouble).message())).await)
            }
            Err(trouble) => Err(trouble.into()),
        }
    }

    /// The error for a pull request whose rules don't hold yet. GitHub doesn't say which, or in words alone:
    /// what can be asked is named.
    async fn lacking(&self, repo: &RepoId, told: &Told, words: Option<&str>) -> Error {
        let (number, base, head) = (told.number, &told.base.branch, CommitId(told.head.sha.clone()));
        let (rule, passed, approvals) = tokio::join!(
            self.protection_of(repo, base),
            self.passed(repo, &head),
            self.approvals(repo, number, &head.0),
        );
        if let (Ok(Some(rule)), Ok(passed), Ok(approvals)) = (rule, passed, approvals) {
            let checks: Vec<&str> =
                rule.checks.iter().filter(|name| !passed.contains(*name)).map(String::as_str).collect();
            if !checks.is_empty() && approvals >= rule.reviews as usize {
                let message = format!("{repo}#{number} lacks what {base} asks for: {}", checks.join(", "));
                return Error::failed("idp::pr::rules", message).help(format!(
                    "`idp-run pr merge {repo} {number} --auto` lets GitHub merge it once they passed; a script says it of \
                     one with `repo.status(...)`"
                ));
            }
        }
        let message = match words {
            Some(words) => format!("{repo}#{number}: {words}"),
            None => format!("{repo}#{number} lacks a review or a check that {base} asks for"),
        };
        Error::failed("idp::pr::rules", message).help(format!(
            "`idp-run pr show {repo} {number}` shows its reviews; `pr merge --admin` overrides where the token may"
        ))
    }

    /// A pull request of which GitHub worked out whether it merges.
    async fn judged(&self, repo: &RepoId, number: u64) -> Result<Told> {
        for look in 1..=LOOKS {
            let told = self.told_pull(repo, number).await?;
            if told.mergeable.is_some() || told.state() != State::Open || look == LOOKS {
                return Ok(told);
            }
            tokio::time::sleep(Duration::from_millis(200 * u64::from(look))).await;
            self.client.reads.refresh();
        }
        self.told_pull(repo, number).await
    }

    /// Lets GitHub merge a pull request once its rules hold: GraphQL alone can.
    pub(super) async fn merge_later(
        &self,
        repo: &RepoId,
        number: u64,
        method: MergeMethod,
        head: &CommitId,
    ) -> Result<Outcome> {
        const QUERY: &str = "mutation($pull: ID!, $method: PullRequestMergeMethod!, $head: GitObjectID!) { \
            enablePullRequestAutoMerge(input: { pullRequestId: $pull, mergeMethod: $method, expectedHeadOid: $head }) \
            { pullRequest { number } } }";
        let told = self.still_open(repo, number).await?;
        if told.head.sha != head.0 {
            return Err(moved(repo, &told.head.branch));
        }
        let named = match method {
            MergeMethod::Merge => "MERGE",
            MergeMethod::Squash => "SQUASH",
            MergeMethod::Rebase => "REBASE",
        };
        let variables = json!({ "pull": told.node_id, "method": named, "head": head.0 });
        let path = of(repo, &format!("pulls/{number}"));
        let ended = self.client.graphql(QUERY, variables).await;
        self.client.reads.written(&path, ended.is_ok());
        let message =
            format!("{repo}#{number} isn't merged yet: GitHub merges it once its reviews and checks are there");
        let help = format!("`idp-run pr show {repo} {number}` shows where it stands");
        match ended {
            Ok(_) => Ok(Outcome { warnings: vec![(message, help)], ..Outcome::default() }),
            // Nothing is missing: then GitHub doesn't wait, and doesn't merge either.
            Err(error) if error.message().contains("clean status") => {
                self.merge_pull(repo, number, method, head, false).await
            }
            Err(error) => Err(error),
        }
    }

    /// How a pull request came into its base.
    pub(super) async fn merge_of(&self, repo: &RepoId, pull: &PullRequest) -> Result<Option<Merged>> {
        let (Later::Known(number), State::Merged) = (&pull.number, pull.state) else { return Ok(None) };
        let told: Told = self.told_pull(repo, *number).await?;
        let Some(id) = told.merge_commit_sha.clone() else { return Ok(None) };
        let made = self.commit(repo, &CommitId(id.clone())).await?;
        let head: super::objects::Commit = self.commit(repo, &pull.commit).await?;
        let method = match made.parents.len() {
            2 => MergeMethod::Merge,
            // GitHub doesn't say: a rebased commit has its first one's words, a squashed one those of the pull request.
            _ if made.message.trim() == head.message.trim() => MergeMethod::Rebase,
            _ => MergeMethod::Squash,
        };
        let by = told.merged_by.map_or_else(|| "someone".to_string(), |user| user.login);
        Ok(Some(Merged { by, method, commit: CommitId(id), overridden: Vec::new() }))
    }
}

fn conflict(repo: &RepoId, told: &Told) -> Error {
    Error::failed("idp::pr::conflict", format!("{repo}#{} conflicts with {}", told.number, told.base.branch))
        .help("run again what proposed it: it redoes its edit on the base's head; or resolve the conflict by hand")
}
