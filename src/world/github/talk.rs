//! What is said under pull requests: comments and reviews, and the hidden markers that tell the runs' from people's.

use std::collections::BTreeSet;

use hyper::Method;
use serde::Deserialize;
use serde_json::json;

use super::paths::of;
use super::pulls::{User, known};
use super::refusal::Trouble;
use super::{GitHubForge, read};
use crate::error::{Error, Result};
use crate::world::forge::{Approval, Comment, CommitId, Discussion, Outcome, RUNS_AS, RepoId};
use crate::world::later::Later;

/// How a hidden marker begins; GitHub shows no HTML comments.
const OPENS: &str = "<!-- idp-run: ";
const CLOSES: &str = " -->";
/// What stands before the names of the reviewers who were asked.
const REVIEWERS: &str = " reviewers=";

/// What a run hides in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hidden {
    /// Whose it is: `<hash>/<id>`.
    pub marker: String,
    /// Whom it asked for a review: GitHub forgets them once they answered.
    pub reviewers: BTreeSet<String>,
}

/// A text with something hidden at its end.
pub fn hide(text: &str, hidden: &Hidden) -> String {
    let names: Vec<&str> = hidden.reviewers.iter().map(String::as_str).collect();
    let reviewers = if names.is_empty() { String::new() } else { format!("{REVIEWERS}{}", names.join(",")) };
    let gap = if text.is_empty() { "" } else { "\n\n" };
    format!("{text}{gap}{OPENS}{}{reviewers}{CLOSES}", hidden.marker)
}

/// A text and what is hidden at its end. GitHub ends lines with CR and LF where people edited.
pub fn reveal(text: &str) -> (String, Option<Hidden>) {
    let plain = || text.replace("\r\n", "\n");
    let Some(at) = text.rfind(OPENS) else { return (plain(), None) };
    let Some(inside) = text[at + OPENS.len()..].trim_end().strip_suffix(CLOSES) else { return (plain(), None) };
    let (marker, names) = inside.split_once(REVIEWERS).unwrap_or((inside, ""));
    if marker.is_empty() || marker.contains(['\n', ' ']) {
        return (plain(), None);
    }
    let reviewers = names.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let before = text[..at].replace("\r\n", "\n");
    let before = before.strip_suffix("\n\n").unwrap_or(&before).to_string();
    (before, Some(Hidden { marker: marker.to_string(), reviewers }))
}

#[derive(Deserialize)]
struct Said {
    id: u64,
    #[serde(default)]
    user: Option<User>,
    #[serde(default)]
    body: Option<String>,
}

#[derive(Deserialize)]
struct Review {
    #[serde(default)]
    user: Option<User>,
    state: String,
    #[serde(default)]
    commit_id: Option<String>,
}

impl Said {
    fn marker(&self) -> Option<String> {
        Some(reveal(self.body.as_deref()?).1?.marker)
    }

    fn comment(self) -> Comment {
        let (body, hidden) = reveal(self.body.as_deref().unwrap_or_default());
        let by = match hidden {
            Some(_) => RUNS_AS.to_string(),
            None => name_of(self.user),
        };
        Comment { by, body, marker: hidden.map(|hidden| hidden.marker) }
    }
}

fn name_of(user: Option<User>) -> String {
    user.map_or_else(|| "ghost".to_string(), |user| user.login)
}

impl GitHubForge {
    async fn said(&self, repo: &RepoId, number: u64) -> Result<Vec<Said>> {
        let all = self.client.all(&of(repo, &format!("issues/{number}/comments")), None).await?;
        all.iter().map(read::<Said>).collect()
    }

    /// Approvals and comments. Of several reviews of one person the last one that says yes or no counts.
    pub(super) async fn discussed(&self, repo: &RepoId, number: &Later<u64>) -> Result<Discussion> {
        let Later::Known(number) = number else { return Ok(Discussion::default()) };
        let reviews = of(repo, &format!("pulls/{number}/reviews"));
        let (said, reviews) = tokio::try_join!(self.said(repo, *number), self.client.all(&reviews, None))?;
        let comments = said.into_iter().map(Said::comment).collect();
        let mut approvals: Vec<Approval> = Vec::new();
        for review in reviews {
            let Review { user, state, commit_id } = read(&review)?;
            let by = name_of(user);
            match state.as_str() {
                "APPROVED" => {
                    approvals.retain(|approval| approval.by != by);
                    approvals.push(Approval { by, commit: CommitId(commit_id.unwrap_or_default()) });
                }
                "CHANGES_REQUESTED" | "DISMISSED" => approvals.retain(|approval| approval.by != by),
                _ => {}
            }
        }
        Ok(Discussion { approvals, comments })
    }

    /// Says something under a pull request, unless its marker is there. Two runs that say it at once both look again:
    /// the first one's stays.
    pub(super) async fn say(&self, repo: &RepoId, number: &Later<u64>, marker: &str, body: &str) -> Result<Outcome> {
        let number = known(number)?;
        let ours = |said: &Said| said.marker().as_deref() == Some(marker);
        if self.said(repo, number).await?.iter().any(ours) {
            return Ok(Outcome { already: true, ..Outcome::default() });
        }
        let text = hide(body, &Hidden { marker: marker.to_string(), reviewers: BTreeSet::new() });
        let path = of(repo, &format!("issues/{number}/comments"));
        self.client.send(Method::POST, &path, Some(json!({ "body": text }))).await?;
        let mut doubled: Vec<u64> =
            self.said(repo, number).await?.iter().filter(|said| ours(said)).map(|said| said.id).collect();
        doubled.sort_unstable();
        for id in doubled.into_iter().skip(1) {
            match self.client.send(Method::DELETE, &of(repo, &format!("issues/comments/{id}")), None).await {
                Err(trouble) if trouble.refused(404).is_none() => return Err(trouble.into()),
                _ => {}
            }
        }
        Ok(Outcome::default())
    }

    /// How many reviews approve a commit.
    pub(super) async fn approvals(&self, repo: &RepoId, number: u64, commit: &str) -> Result<usize> {
        let reviews = self.client.all(&of(repo, &format!("pulls/{number}/reviews")), None).await?;
        let reviews: Vec<Review> = reviews.iter().map(read).collect::<Result<_>>()?;
        let approves = |review: &&Review| review.state == "APPROVED" && review.commit_id.as_deref() == Some(commit);
        Ok(reviews.iter().filter(approves).count())
    }

    /// Approves the present head, as whoever the token is. GitHub takes a second review like the first: of one whose
    /// answer didn't come it is looked whether it is there.
    pub(super) async fn approve(&self, repo: &RepoId, number: u64) -> Result<Outcome> {
        let told = self.still_open(repo, number).await?;
        let before = self.approvals(repo, number, &told.head.sha).await?;
        let body = json!({ "event": "APPROVE", "commit_id": told.head.sha });
        match self.client.send(Method::POST, &of(repo, &format!("pulls/{number}/reviews")), Some(body)).await {
            Ok(_) => Ok(Outcome::default()),
            Err(Trouble::Failed(error)) if error.is_retryable() => {
                match self.approvals(repo, number, &told.head.sha).await? > before {
                    true => Ok(Outcome::default()),
                    false => Err(error),
                }
            }
            Err(trouble) if trouble.says(422, "own pull request") => {
                Err(Error::failed("idp::pr::own", format!("who opened {repo}#{number} can't approve it"))
                    .help("someone else approves it, with a token of their own"))
            }
            Err(trouble) => Err(trouble.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_is_found_again() {
        let hidden = Hidden { marker: "0a1b/main".into(), reviewers: ["ann".to_string(), "acme/sre".into()].into() };
        for text in ["", "Words.", "Words.\n\n- more\n", "<!-- idp-run: x -->\n\nfaked"] {
            assert_eq!(reveal(&hide(text, &hidden)), (text.to_string(), Some(hidden.clone())), "{text:?}");
        }
        let edited = hide("One\nTwo", &hidden).replace('\n', "\r\n");
        assert_eq!(reveal(&edited), ("One\nTwo".to_string(), Some(hidden)));
        for text in ["Words.", "<!-- idp-run: a b -->", "<!-- idp-run: x --> after"] {
            assert_eq!(reveal(text), (text.to_string(), None), "{text:?}");
        }
    }
}
