//! Updates: what a run delivered before and would deliver differently now, merged with people's edits and proposed.
//! `repo.commit` and `repo.propose` call it with `--update`, once they find that they were carried out before.

use std::collections::{BTreeMap, BTreeSet};

use globset::GlobSet;
use rhai::NativeCallContext;

use super::{Edit, Look, Proposal, Then};
use crate::bridge::{RhaiResultOf, Run, throw};
use crate::error::Result;
use crate::formats::digest;
use crate::primitives::repo::{Repo, redo};
use crate::primitives::tree::Tree;
use crate::report::Event;
use crate::world::change::{Marker, PullRequestText, Rendering};
use crate::world::forge::{self, CommitId, Forge, RepoId, State};
use crate::world::three_way::{Conflict, Version, Why, merge};
use crate::world::{Door, FileChange};

/// How many commits of a pull request are searched for the last one of ours.
const RECENT: usize = 200;

/// Longer ids of deliveries stand in the names of branches by their digests.
const LONGEST_ID: usize = 100;

/// What was delivered, and where.
pub struct Before {
    /// The repository.
    pub repo: Repo,
    /// The long-lived branch that has it.
    pub branch: String,
    /// `commit` or `proposal`.
    pub kind: &'static str,
    /// What the delivery was marked with.
    pub marker: Marker,
    /// The commit that the edit was made on; none if on no files at all.
    pub on: Option<CommitId>,
    /// The commit whose files are what was rendered.
    pub rendered: CommitId,
    /// Who reviewed it.
    pub reviewers: BTreeSet<String>,
    /// Files that stay as they were delivered.
    pub keep: GlobSet,
}

impl Before {
    /// What a commit to a long-lived branch delivered. One that found all of its files there has them as they were.
    pub async fn of_commit(door: &Door, repo: &Repo, branch: &str, marker: Marker, commit: CommitId) -> Result<Before> {
        let noted = door.world().forge.revision(&repo.id, &commit).await?;
        let on = match noted.trailer == Some(marker.to_string()) {
            true => noted.parents.into_iter().next(),
            false => Some(commit.clone()),
        };
        let (repo, branch, reviewers) = (repo.clone(), branch.to_string(), Default::default());
        let keep = GlobSet::empty();
        Ok(Before { repo, branch, kind: "commit", marker, on, rendered: commit, reviewers, keep })
    }

    /// What a merged pull request delivered: the files at the last commit of ours on it. Says so if there is none.
    pub(super) async fn of_proposal(
        door: &Door,
        proposal: &Proposal,
        pull: &forge::PullRequest,
    ) -> Result<Option<Before>> {
        let (forge, id) = (&*door.world().forge, &proposal.repo.id);
        let marker = proposal.marker.to_string();
        let Some((rendered, _)) = last_of_ours(forge, id, &pull.commit, &marker).await? else {
            door.sink().emit(Event::Warning {
                message: format!("no commit of {id}#{} says what was proposed: it can't be updated", pull.number),
                help: None,
            });
            return Ok(None);
        };
        // The edit was last made on the base as it was when the branch began, or when it was redone on a later one.
        let mut at = rendered.clone();
        let on = loop {
            let mut parents = forge.revision(id, &at).await?.parents;
            match parents.len() {
                0 => break None,
                1 => {
                    let parent = parents.remove(0);
                    if forge.revision(id, &parent).await?.trailer.as_deref() != Some(&marker) {
                        break Some(parent);
                    }
                    at = parent;
                }
                _ => break Some(parents.remove(1)),
            }
        };
        Ok(Some(Before {
            repo: proposal.repo.clone(),
            branch: pull.base.clone(),
            kind: "proposal",
            marker: proposal.marker.clone(),
            on,
            rendered,
            reviewers: proposal.text.reviewers.clone().unwrap_or_default(),
            keep: proposal.keep.clone(),
        }))
    }

    /// Proposes what the edit makes differently by now; nothing, if it makes the same.
    pub fn update(&self, ctx: &NativeCallContext, run: &Run, edit: &Edit) -> RhaiResultOf<()> {
        let tree = edit.apply(ctx, &self.repo.id, self.on.as_ref())?;
        redo(&format!("{} of {}", self.branch, self.repo.id), || {
            let passed = run.door().and_then(|door| run.pass(self.propose(door, &tree)));
            passed.map_err(|error| throw(ctx, error))
        })
    }

    /// Opens or follows the pull request. False if a branch moved: look again.
    async fn propose(&self, door: &Door, tree: &Tree) -> Result<bool> {
        let (forge, id) = (&*door.world().forge, &self.repo.id);
        let standing = self.standing(door).await?;
        let mut files = tree.changes(forge, id, self.on.as_ref()).await?;
        if !self.keep.is_empty() {
            files.retain(|file| !self.keep.is_match(&file.path));
            files.extend(self.kept(forge, &standing.rendered).await?);
        }
        let now = Version::at(forge, id, self.on.as_ref()).await?.with(&files);
        let before = Version::at(forge, id, Some(&standing.rendered)).await?;
        if now.is_same(&before) {
            if let Some(pull) = &standing.open {
                let message = format!("{id}#{} proposes what isn't asked for any more", pull.number);
                let help = Some(format!("close it: `idp-run pr close {id} {}`", pull.number));
                door.sink().emit(Event::Warning { message, help });
            }
            return Ok(true);
        }
        for (number, refused) in &standing.refused {
            if Version::at(forge, id, Some(refused)).await?.is_same(&now) {
                door.sink().emit(Event::Warning {
                    message: format!("{id}#{number} proposed the same and was closed: it isn't proposed again"),
                    help: Some("it will be, once the script, a template or a parameter changes".into()),
                });
                return Ok(true);
            }
        }
        let mut proposal = self.proposal(door, &standing.head);
        if let Some(pull) = &standing.open
            && forge.trailer(id, &pull.commit).await?.as_deref() != Some(&proposal.marker.to_string())
            && let Some((_, Some(rendering))) =
                last_of_ours(forge, id, &pull.commit, &proposal.marker.to_string()).await?
            && Version::at(forge, id, Some(&rendering)).await?.is_same(&now)
        {
            // People are at work on it, and there is nothing newer.
            door.unchanged("pull_request", &proposal.target());
            return Ok(true);
        }
        let Look::Edit { at, base, then } = proposal.look(door).await? else { return Ok(true) };
        let people = Version::at(forge, id, Some(&at)).await?;
        let merged = merge(forge, id, &before, &people, &now).await?;
        if merged.edits.is_empty() && matches!(then, Then::Open) {
            self.tell(door, &merged.conflicts, None);
            return Ok(true);
        }
        let marked = merged.conflicts.iter().filter(|conflict| conflict.why == Why::Lines);
        proposal.rendering = Some(Rendering {
            on: self.on.clone(),
            files,
            conflicts: marked.map(|conflict| conflict.path.clone()).collect(),
        });
        proposal.text.body = Some(self.body(door, &merged.conflicts));
        if !merged.conflicts.is_empty() {
            proposal.text.labels.get_or_insert_default().insert("conflicts".into());
        }
        let edited = Tree::with_edits(id.clone(), at.clone(), merged.edits);
        let Some(pull) = proposal.make(door, &at, &base, then, &edited).await? else { return Ok(false) };
        self.tell(door, &merged.conflicts, pull.now.as_ref());
        Ok(true)
    }

    /// What was delivered of the files that stay as they were.
    async fn kept(&self, forge: &dyn Forge, rendered: &CommitId) -> Result<Vec<FileChange>> {
        let id = &self.repo.id;
        let listed = |entries: Vec<forge::Entry>| -> BTreeMap<String, forge::Entry> {
            let kept = entries.into_iter().filter(|entry| self.keep.is_match(&entry.path));
            kept.map(|entry| (entry.path.clone(), entry)).collect()
        };
        let before = match &self.on {
            Some(commit) => listed(forge.list(id, commit, "").await?),
            None => BTreeMap::new(),
        };
        let after = listed(forge.list(id, rendered, "").await?);
        let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let mut kept = Vec::new();
        for path in paths.into_iter().filter(|path| before.get(*path) != after.get(*path)) {
            let was = match &self.on {
                Some(commit) => forge.file(id, commit, path).await?,
                None => None,
            };
            let is = forge.file(id, rendered, path).await?;
            kept.push(FileChange { path: path.clone(), before: was, after: is });
        }
        Ok(kept)
    }

    /// Which updates there were, and which branch is the next one's.
    async fn standing(&self, door: &Door) -> Result<Standing> {
        let (forge, id) = (&*door.world().forge, &self.repo.id);
        let mut standing =
            Standing { rendered: self.rendered.clone(), head: self.head(1), open: None, refused: Vec::new() };
        for number in 2.. {
            let pulls = forge.pull_requests(id, Some(&standing.head)).await?;
            let there = pulls.iter().rfind(|pull| pull.state == State::Open).or(pulls.last());
            let Some(pull) = there else { break };
            if pull.state == State::Open {
                standing.open = Some(pull.clone());
                break;
            }
            let marker = Marker::new(&self.marker.owner, &standing.head).to_string();
            let rendering = last_of_ours(forge, id, &pull.commit, &marker).await?.and_then(|(_, rendering)| rendering);
            match (pull.state, rendering) {
                (State::Merged, Some(rendering)) => {
                    standing.rendered = rendering;
                    standing.refused.clear();
                }
                (State::Closed, Some(rendering)) => standing.refused.push((pull.number.to_string(), rendering)),
                _ => {}
            }
            standing.head = self.head(number);
        }
        Ok(standing)
    }

    /// The branch of the update of that number: each settled pull request keeps its own.
    fn head(&self, number: usize) -> String {
        let id =
            if self.marker.id.len() > LONGEST_ID { digest::short(&self.marker.id) } else { self.marker.id.clone() };
        format!("idp-run/update-{}-{id}-{}-{number}", self.kind, &self.marker.owner[..8.min(self.marker.owner.len())])
    }

    fn proposal(&self, door: &Door, head: &str) -> Proposal {
        let by = match &self.repo.shared {
            Some(project) => format!("the golden paths of {project}"),
            None => door.run().script.clone(),
        };
        let title = format!("Update from {by}");
        Proposal {
            repo: self.repo.clone(),
            base: Some(self.branch.clone()),
            head: head.to_string(),
            marker: Marker::new(&self.marker.owner, head),
            message: format!("chore: update from {by}"),
            text: PullRequestText {
                title: Some(title),
                body: None,
                labels: Some(["idp-run", "update"].map(str::to_owned).into()),
                reviewers: Some(self.reviewers.clone()),
            },
            reopen: false,
            rendering: None,
            keep: GlobSet::empty(),
        }
    }

    fn body(&self, door: &Door, conflicts: &[Conflict]) -> String {
        let by = match &self.repo.shared {
            Some(project) => format!("The golden paths of {project}"),
            None => format!("`{}`", door.run().key),
        };
        let mut body = format!(
            "{by} would deliver these files differently by now: the script, a template or a parameter changed since. \
             What people changed meanwhile is kept.\n"
        );
        let (marked, left): (Vec<_>, Vec<_>) = conflicts.iter().partition(|conflict| conflict.why == Why::Lines);
        for (title, conflicts) in [
            ("**Conflicts**, marked in the files. Resolve them on this branch before it is merged:", marked),
            ("**Left as they are**, for you to decide:", left),
        ] {
            if !conflicts.is_empty() {
                body.push_str(&format!("\n{title}\n\n"));
                conflicts.iter().for_each(|conflict| body.push_str(&format!("- {}\n", said(conflict))));
            }
        }
        body
    }

    /// Names the pull request and its conflicts on the terminal.
    fn tell(&self, door: &Door, conflicts: &[Conflict], pull: Option<&forge::PullRequest>) {
        let id = &self.repo.id;
        if let Some(pull) = pull {
            let value = serde_json::json!(pull.url.to_string());
            door.sink().emit(Event::Output { name: format!("Update of {id}"), value });
        }
        if conflicts.is_empty() {
            return;
        }
        let files: Vec<String> = conflicts.iter().map(said).collect();
        let marked = conflicts.iter().any(|conflict| conflict.why == Why::Lines);
        let help = match pull {
            Some(pull) if marked => {
                format!("resolve them on the branch {} and push it, then have it merged", pull.head)
            }
            Some(_) => "look at them when you review the pull request".to_string(),
            None => "nothing else is new, so nothing is proposed".to_string(),
        };
        let message = format!("the update of {id} conflicts with people's edits: {}", files.join("; "));
        door.sink().emit(Event::Warning { message, help: Some(help) });
    }
}

/// Where the updates of a delivery stand.
struct Standing {
    /// The rendering that people have: the delivery's, or that of the last update which was merged.
    rendered: CommitId,
    /// The branch of the update that is open, or of the next one.
    head: String,
    /// The update that is open.
    open: Option<forge::PullRequest>,
    /// Updates that people closed since, by number, with their renderings.
    refused: Vec<(String, CommitId)>,
}

fn said(conflict: &Conflict) -> String {
    let what = match conflict.why {
        Why::Lines => "changed on both sides",
        Why::Binary => "a binary file that changed on both sides",
        Why::Deleted => "deleted by people, and rendered differently now",
        Why::Dropped => "changed by people, and not rendered any more",
        Why::InTheWay => "would be a file where people have a folder, or the other way round",
    };
    format!("`{}` ({what})", conflict.path)
}

/// The last commit with this trailer that leads to a head, and the rendering that it names. People may have pushed
/// theirs on top of it.
async fn last_of_ours(
    forge: &dyn Forge,
    repo: &RepoId,
    head: &CommitId,
    marker: &str,
) -> Result<Option<(CommitId, Option<CommitId>)>> {
    let mut at = head.clone();
    for _ in 0..RECENT {
        let noted = forge.revision(repo, &at).await?;
        if noted.trailer.as_deref() == Some(marker) {
            return Ok(Some((at, noted.rendering)));
        }
        match noted.parents.into_iter().next() {
            Some(parent) => at = parent,
            None => break,
        }
    }
    Ok(None)
}
