//! Pull requests on GitHub: found by their head branch, told from others' by a hidden marker in their text. Each change
//! looks before it writes, so that it can be passed again after a failure whose end isn't known.

use std::collections::BTreeSet;

use hyper::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::PER_PAGE;
use super::objects::{Commit, Draft, Id};
use super::paths::{of, segment};
use super::talk::{Hidden, hide, reveal};
use super::{GitHubForge, moved, read, with_trailer};
use crate::error::{Error, Result};
use crate::world::change::{BranchCommit, Change, Marker, RENDERED, Rendering};
use crate::world::forge::{CommitId, Outcome, PullRequest, RUNS_AS, RepoId, State, branch_taken};
use crate::world::later::Later;

/// What couldn't be had, and what to do about it.
type Warnings = Vec<(String, String)>;

/// The message of renderings.
const KEPT: &str = "A rendering, kept for the next update\n";

/// A pull request as GitHub tells it, as far as it is used.
#[derive(Debug, Clone, Deserialize)]
pub struct Told {
    pub number: u64,
    #[serde(default)]
    pub html_url: String,
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub body: Option<String>,
    #[serde(default)]
    pub user: Option<User>,
    pub head: End,
    pub base: End,
    #[serde(default)]
    pub labels: Vec<Label>,
    #[serde(default)]
    pub requested_reviewers: Option<Vec<User>>,
    #[serde(default)]
    pub requested_teams: Option<Vec<Team>>,
    pub state: String,
    #[serde(default)]
    pub merged_at: Option<String>,
    #[serde(default)]
    pub merged: Option<bool>,
    #[serde(default)]
    pub merged_by: Option<User>,
    #[serde(default)]
    pub merge_commit_sha: Option<String>,
    #[serde(default)]
    pub mergeable: Option<bool>,
    #[serde(default)]
    pub mergeable_state: Option<String>,
    #[serde(default)]
    pub node_id: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct User {
    pub login: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Team {
    pub slug: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Label {
    pub name: String,
}

/// One end of a pull request.
#[derive(Debug, Clone, Deserialize)]
pub struct End {
    #[serde(rename = "ref")]
    pub branch: String,
    pub sha: String,
}

impl Told {
    pub fn state(&self) -> State {
        match (self.state.as_str(), self.merged_at.is_some() || self.merged == Some(true)) {
            (_, true) => State::Merged,
            ("open", false) => State::Open,
            _ => State::Closed,
        }
    }

    fn hidden(&self) -> (String, Option<Hidden>) {
        reveal(self.body.as_deref().unwrap_or_default())
    }

    /// Who was asked: whom GitHub still waits for, and whom the run asked who answered since.
    fn reviewers(&self, asked: &BTreeSet<String>) -> BTreeSet<String> {
        let users = self.requested_reviewers.iter().flatten().map(|user| user.login.as_str());
        let teams = self.requested_teams.iter().flatten().map(|team| team.slug.as_str());
        let mut all = asked.clone();
        all.extend(
            users.chain(teams).filter(|name| !asked.iter().any(|asked| slug(asked) == *name)).map(str::to_owned),
        );
        all
    }

    /// As the rest of the program knows it.
    pub fn pull(self) -> PullRequest {
        let state = self.state();
        let (body, hidden) = self.hidden();
        let asked = hidden.as_ref().map(|hidden| hidden.reviewers.clone()).unwrap_or_default();
        let login = self.user.as_ref().map_or("ghost", |user| user.login.as_str());
        PullRequest {
            number: Later::Known(self.number),
            url: Later::Known(self.html_url.clone()),
            author: if hidden.is_some() { RUNS_AS.into() } else { login.into() },
            reviewers: self.reviewers(&asked),
            labels: self.labels.iter().map(|label| label.name.clone()).collect(),
            title: self.title,
            body,
            commit: CommitId(self.head.sha),
            head: self.head.branch,
            base: self.base.branch,
            state,
            merged: None,
        }
    }
}

/// A reviewer's name without the organisation and the `@` that people write.
fn slug(name: &str) -> &str {
    let name = name.trim_start_matches('@');
    name.rsplit_once('/').map_or(name, |(_, team)| team)
}

impl GitHubForge {
    fn pulls_path(&self, repo: &RepoId, head: Option<&str>) -> String {
        let head = head.map(|head| format!("&head={}:{}", segment(repo.owner()), segment(head))).unwrap_or_default();
        of(repo, &format!("pulls?state=all&sort=created&direction=asc{head}"))
    }

    /// Pull requests, oldest first, of one branch or all.
    pub(super) async fn told_pulls(&self, repo: &RepoId, head: Option<&str>) -> Result<Vec<Told>> {
        let all = self.client.all(&self.pulls_path(repo, head), None).await?;
        all.iter().map(read::<Told>).collect()
    }

    pub(super) async fn list_pulls(&self, repo: &RepoId, head: Option<&str>) -> Result<Vec<PullRequest>> {
        let told = self.told_pulls(repo, head).await?;
        // A fork may have a branch of that name: GitHub tells apart by owner, some hosts don't.
        Ok(told.into_iter().map(Told::pull).filter(|pull| head.is_none_or(|head| pull.head == head)).collect())
    }

    /// One pull request as it is now.
    pub(super) async fn told_pull(&self, repo: &RepoId, number: u64) -> Result<Told> {
        let body = self.client.get(&of(repo, &format!("pulls/{number}"))).await?;
        let body = body.ok_or_else(|| {
            Error::failed("idp::pr::missing", format!("{repo} has no pull request {number}"))
                .help(format!("`idp-run pr list {repo}` shows those it has"))
        })?;
        read(&body)
    }

    /// Makes a branch with one commit, and a pull request of it.
    pub(super) async fn open(&self, change: &Change) -> Result<Outcome> {
        let Change::OpenPullRequest { repo, base, head, commit, marker, title, body, labels, reviewers } = change
        else {
            return Err(Error::failed("idp::forge", "not a pull request"));
        };
        let opened = |told: &Told| told.state() == State::Open && told.head.branch == *head;
        let mut listed = self.client.all(&self.pulls_path(repo, Some(head)), None).await?;
        if let Some(there) = self.told_pulls(repo, Some(head)).await?.iter().find(|told| opened(told)) {
            return self.finish(repo, there, labels, reviewers).await;
        }
        let made = self.propose(repo, head, commit, marker).await?;
        // Whom the run asked is kept in the text, since GitHub forgets who answered. The labels come last, so that a run
        // that is killed before it asked finds them missing; without labels the names are kept once they were asked.
        let mut hidden = Hidden { marker: marker.to_string(), reviewers: reviewers.clone() };
        if labels.is_empty() {
            hidden.reviewers.clear();
        }
        let text = hide(body, &hidden);
        let wish = json!({ "title": title, "head": head, "base": base, "body": text });
        let mut told = match self.client.send(Method::POST, &of(repo, "pulls"), Some(wish)).await {
            Ok(told) => told,
            Err(trouble) if trouble.says(422, "already exists") => {
                self.client.reads.refresh();
                let all = self.told_pulls(repo, Some(head)).await?;
                let there = all.iter().find(|told| opened(told)).ok_or_else(|| Error::from(trouble))?;
                return self.finish(repo, there, labels, reviewers).await;
            }
            Err(trouble) if trouble.says(422, "base") => {
                return Err(Error::failed("idp::pr::base", format!("{repo} has no branch {base} to propose to")));
            }
            Err(trouble) => return Err(trouble.into()),
        };
        let number = read::<Told>(&told)?.number;
        let warnings = self.ask(repo, number, reviewers.iter()).await?;
        if labels.is_empty() && !reviewers.is_empty() {
            hidden.reviewers = reviewers.clone();
            let path = of(repo, &format!("pulls/{number}"));
            told["body"] = hide(body, &hidden).into();
            self.client.send(Method::PATCH, &path, Some(json!({ "body": told["body"] }))).await?;
        }
        self.label(repo, number, labels.iter()).await?;
        // What the list says now is known.
        told["labels"] = labels.iter().map(|name| json!({ "name": name })).collect();
        listed.push(told);
        let path = format!("{}&per_page={PER_PAGE}", self.pulls_path(repo, Some(head)));
        self.client.reads.put(&path, Some(Value::Array(listed))).await;
        let commit = Some(Later::Known(CommitId(made.sha)));
        Ok(Outcome { commit, number: Some(Later::Known(number)), warnings, ..Outcome::default() })
    }

    /// A pull request that a killed or a concurrent run opened: what it may lack is added.
    async fn finish(
        &self,
        repo: &RepoId,
        there: &Told,
        labels: &BTreeSet<String>,
        reviewers: &BTreeSet<String>,
    ) -> Result<Outcome> {
        let has: Vec<&str> = there.labels.iter().map(|label| label.name.as_str()).collect();
        let warnings = self.ask_missing(repo, there, reviewers).await?;
        self.label(repo, there.number, labels.iter().filter(|label| !has.contains(&label.as_str()))).await?;
        let number = Some(Later::Known(there.number));
        Ok(Outcome { number, warnings, already: true, ..Outcome::default() })
    }

    /// The branch of a proposal: made, or what a killed run left of it.
    async fn propose(&self, repo: &RepoId, head: &str, commit: &BranchCommit, marker: &Marker) -> Result<Commit> {
        let there = self.head(repo, head).await?;
        if let Some(there) = &there
            && crate::world::change::trailer_of(&there.message) != Some(&marker.to_string())
        {
            return Err(branch_taken(repo, head));
        }
        let made = self.branch_commit(repo, commit, marker).await?;
        let name = format!("heads/{head}");
        match there {
            // What a killed run made of the same edit needs no second commit.
            Some(there) if is_same(&there, &made) => return Ok(there),
            Some(_) => self.move_ref(repo, &name, &made, true).await?,
            None if self.create_ref(repo, &name, &made).await? => {}
            None => {
                self.client.reads.refresh();
                return Err(moved(repo, head));
            }
        }
        Ok(made)
    }

    /// The commit of a proposal, and the rendering that it was merged from, which a ref of its own keeps.
    async fn branch_commit(&self, repo: &RepoId, commit: &BranchCommit, marker: &Marker) -> Result<Commit> {
        let BranchCommit { parents, message, files, tree_of, rendering } = commit;
        let mut message = with_trailer(message, &marker.trailer());
        if let Some(Rendering { on, files, .. }) = rendering {
            let draft = Draft { parents: &[], tree_of: on.as_ref(), files, message: KEPT, timeless: true };
            let kept = self.write_commit(repo, &draft).await?;
            self.create_ref(repo, &format!("idp-run/renderings/{}", kept.sha), &kept).await?;
            message.push_str(&format!("{RENDERED}: {}\n", kept.sha));
        }
        let draft = Draft { parents, tree_of: Some(tree_of), files, message: &message, timeless: false };
        Ok(self.write_commit(repo, &draft).await?)
    }

    /// Changes text, commits and state of a pull request.
    pub(super) async fn update_pull(&self, change: &Change) -> Result<Outcome> {
        let Change::UpdatePullRequest { repo, number, head, marker, after, commit, reopen, .. } = change else {
            return Err(Error::failed("idp::forge", "not a pull request"));
        };
        let number = known(number)?;
        let told = self.told_pulls(repo, Some(head)).await?.into_iter().find(|told| told.number == number);
        let told = told.ok_or_else(|| moved(repo, head))?;
        let state = told.state();
        if state != State::Open && !(*reopen && state == State::Closed) {
            // A person was faster: what is merged or closed takes no commits. The caller looks again and finds it so.
            return Err(moved(repo, head));
        }
        let mut outcome = Outcome { number: Some(Later::Known(number)), ..Outcome::default() };
        let there = self.head(repo, head).await?;
        let name = format!("heads/{head}");
        if let Some(commit) = commit {
            let expected = commit.parents.first().map(|parent| parent.0.as_str());
            let now = there.as_ref().map_or(told.head.sha.as_str(), |there| there.sha.as_str());
            if Some(now) != expected {
                return Err(moved(repo, head));
            }
            let made = self.branch_commit(repo, commit, marker).await?;
            match there {
                Some(_) => self.move_ref(repo, &name, &made, false).await?,
                None if self.create_ref(repo, &name, &made).await? => {}
                None => return Err(moved(repo, head)),
            }
            outcome.commit = Some(Later::Known(CommitId(made.sha)));
        } else if *reopen && there.is_none() {
            let kept = self.commit(repo, &CommitId(told.head.sha.clone())).await?;
            self.create_ref(repo, &name, &kept).await?;
        }
        let (body, hidden) = told.hidden();
        let mut hidden = hidden.unwrap_or(Hidden { marker: marker.to_string(), reviewers: BTreeSet::new() });
        let has: Vec<&str> = told.labels.iter().map(|label| label.name.as_str()).collect();
        let labels: Vec<&String> =
            after.labels.iter().flatten().filter(|label| !has.contains(&label.as_str())).collect();
        hidden.reviewers.extend(after.reviewers.iter().flatten().cloned());
        // Missing labels may say that its opening was killed before anyone was asked.
        if after.reviewers.is_some() || !labels.is_empty() {
            outcome.warnings = self.ask_missing(repo, &told, &hidden.reviewers).await?;
        }
        let mut patch = serde_json::Map::new();
        if let Some(title) = after.title.as_ref().filter(|title| **title != told.title) {
            patch.insert("title".into(), title.as_str().into());
        }
        let text = hide(after.body.as_ref().unwrap_or(&body), &hidden);
        if Some(&text) != told.body.as_ref() {
            patch.insert("body".into(), text.into());
        }
        if *reopen && state == State::Closed {
            patch.insert("state".into(), "open".into());
        }
        if !patch.is_empty() {
            let path = of(repo, &format!("pulls/{number}"));
            self.client.send(Method::PATCH, &path, Some(Value::Object(patch))).await?;
        }
        self.label(repo, number, labels.into_iter()).await?;
        Ok(outcome)
    }

    async fn label(&self, repo: &RepoId, number: u64, labels: impl Iterator<Item = &String>) -> Result<()> {
        let labels: Vec<&String> = labels.collect();
        if labels.is_empty() {
            return Ok(());
        }
        let path = of(repo, &format!("issues/{number}/labels"));
        self.client.send(Method::POST, &path, Some(json!({ "labels": labels }))).await?;
        Ok(())
    }

    /// Asks those for a review whom GitHub doesn't wait for and who didn't answer.
    async fn ask_missing(&self, repo: &RepoId, there: &Told, wanted: &BTreeSet<String>) -> Result<Warnings> {
        let waiting = there.reviewers(&BTreeSet::new());
        let missing: Vec<&String> = wanted.iter().filter(|name| !waiting.contains(slug(name))).collect();
        if missing.is_empty() {
            return Ok(Warnings::new());
        }
        // Who reviewed is waited for no more; of a team, it is one of its members.
        let reviews = self.client.all(&of(repo, &format!("pulls/{}/reviews", there.number)), None).await?;
        if reviews.is_empty() {
            return self.ask(repo, there.number, missing.into_iter()).await;
        }
        Ok(Warnings::new())
    }

    /// Asks people and teams for a review: `name` is either, `org/name` a team. Those who can't be asked are a warning:
    /// the pull request is there, and a person can ask others.
    async fn ask(&self, repo: &RepoId, number: u64, names: impl Iterator<Item = &String>) -> Result<Warnings> {
        let (mut users, mut teams) = (Vec::new(), Vec::new());
        for name in names {
            let is_team = name.contains('/') || self.is_team(repo, slug(name)).await?;
            if is_team { &mut teams } else { &mut users }.push(slug(name));
        }
        if users.is_empty() && teams.is_empty() {
            return Ok(Warnings::new());
        }
        let body = json!({ "reviewers": users, "team_reviewers": teams });
        let path = of(repo, &format!("pulls/{number}/requested_reviewers"));
        match self.client.send(Method::POST, &path, Some(body)).await {
            Ok(_) => Ok(Warnings::new()),
            Err(trouble) if trouble.refused(422).is_some() => {
                let all: Vec<&str> = users.iter().chain(&teams).copied().collect();
                let why = Error::from(trouble);
                let message = format!("{} can't be asked to review {repo}#{number}: {}", all.join(", "), why.message());
                let help =
                    "reviewers are people with access to the repository, or teams of the organisation that have it";
                Ok(vec![(message, help.to_string())])
            }
            Err(trouble) => Err(trouble.into()),
        }
    }

    /// Whether the organisation has a team of that name.
    async fn is_team(&self, repo: &RepoId, name: &str) -> Result<bool> {
        let path = format!("/orgs/{}/teams/{}", segment(repo.owner()), segment(name));
        match self.client.get(&path).await {
            Ok(found) => Ok(found.is_some()),
            // A job's own token sees no teams: then it is taken for a person.
            Err(error) if error.code() == "idp::github::forbidden" => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Closes a pull request.
    pub(super) async fn close(&self, repo: &RepoId, number: u64) -> Result<Outcome> {
        // An answer that was lost may have said so: closed is as good.
        if self.told_pull(repo, number).await?.state() == State::Closed {
            return Ok(Outcome { already: true, ..Outcome::default() });
        }
        self.still_open(repo, number).await?;
        let path = of(repo, &format!("pulls/{number}"));
        self.client.send(Method::PATCH, &path, Some(json!({ "state": "closed" }))).await?;
        Ok(Outcome::default())
    }

    /// A pull request that must be open.
    pub(super) async fn still_open(&self, repo: &RepoId, number: u64) -> Result<Told> {
        let told = self.told_pull(repo, number).await?;
        match told.state() {
            State::Open => Ok(told),
            state => Err(Error::failed("idp::pr::state", format!("{repo}#{number} is {} already", state.as_str()))),
        }
    }
}

/// Whether two commits are the same edit: the same files on the same parents.
fn is_same(one: &Commit, other: &Commit) -> bool {
    let ids = |commit: &Commit| commit.parents.iter().map(|Id { sha }| sha.clone()).collect::<Vec<_>>();
    one.tree.sha == other.tree.sha && ids(one) == ids(other)
}

pub fn known(number: &Later<u64>) -> Result<u64> {
    number.known().copied().ok_or_else(|| Error::failed("idp::pr::missing", "the pull request has no number yet"))
}
