//! Pull requests of the embedded forge: a JSON file each, with `refs/pull/N/head` beside the branch.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::objects::{Objects, commit_files, id_of};
use super::refs::{Refs, Writer};
use super::{GitForge, moved, rules, with_trailer};
use crate::error::{Error, Result, io};
use crate::world::change::{BranchCommit, Change, Marker, RENDERED, Rendering, trailer_of};
use crate::world::forge::{
    Actor, Approval, Comment, CommitId, Forge, Merged, Outcome, PullRequest, RUNS_AS, RepoId, State, branch_taken,
    check_branch,
};
use crate::world::later::Later;
use crate::world::store;

/// A pull request's file, `idp/pulls/N.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Record {
    pub number: u64,
    pub title: String,
    pub body: String,
    pub author: String,
    pub head: String,
    pub base: String,
    pub state: State,
    #[serde(default)]
    pub labels: BTreeSet<String>,
    #[serde(default)]
    pub reviewers: BTreeSet<String>,
    #[serde(default)]
    pub approvals: Vec<Approval>,
    #[serde(default)]
    pub comments: Vec<Comment>,
    /// The merge that was about to be made; it was, if its commit is in the base.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged: Option<Merged>,
}

/// The message of renderings.
const KEPT: &str = "A rendering, kept for the next update\n";

pub fn head_ref(number: u64) -> String {
    format!("refs/pull/{number}/head")
}

/// All records, in the order of their numbers.
pub fn records(folder: &Path) -> Result<Vec<Record>> {
    let pulls = folder.join("idp/pulls");
    let mut numbers: Vec<u64> = fs::read_dir(&pulls)
        .map_err(io("read the folder", &pulls))?
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".json")?.parse().ok())
        .collect();
    numbers.sort_unstable();
    numbers.into_iter().filter_map(|number| read(folder, number).transpose()).collect()
}

pub fn read(folder: &Path, number: u64) -> Result<Option<Record>> {
    store::read_json(&folder.join(format!("idp/pulls/{number}.json")))
}

pub fn save(folder: &Path, record: &Record) -> Result<()> {
    store::write_json(&folder.join(format!("idp/pulls/{}.json", record.number)), record)
}

/// The record of that number, or an error that says which there are.
pub fn existing(folder: &Path, repo: &RepoId, number: u64) -> Result<Record> {
    read(folder, number)?.ok_or_else(|| {
        Error::failed("idp::pr::missing", format!("{repo} has no pull request {number}"))
            .help(format!("`idp-run pr list {repo}` shows those it has"))
    })
}

/// The pull requests as they are, also where people merged, pushed or deleted with plain git meanwhile.
pub fn list(forge: &GitForge, repo: &RepoId, head: Option<&str>) -> Result<Vec<PullRequest>> {
    let folder = forge.existing(repo)?;
    let refs = Refs::of(&folder);
    let objects = Objects::open(&folder)?;
    let mut found = Vec::new();
    for record in records(&folder)? {
        if head.is_none_or(|head| head == record.head) {
            found.push(present(forge, repo, &refs, &objects, record)?);
        }
    }
    Ok(found)
}

pub fn present(
    forge: &GitForge,
    repo: &RepoId,
    refs: &Refs<'_>,
    objects: &Objects,
    record: Record,
) -> Result<PullRequest> {
    let kept = refs.read(&head_ref(record.number))?;
    let pushed = match record.state {
        State::Open => refs.read(&format!("refs/heads/{}", record.head))?,
        _ => None,
    };
    let commit = pushed
        .or(kept)
        .ok_or_else(|| Error::failed("idp::pr::broken", format!("the head of {repo}#{} is gone", record.number)))?;
    let (state, merged) = standing(refs, objects, &record, &commit)?;
    Ok(PullRequest {
        number: Later::Known(record.number),
        url: Later::Known(format!("{}/pull/{}", forge.url(repo), record.number)),
        title: record.title,
        body: record.body,
        author: record.author,
        head: record.head,
        base: record.base,
        commit,
        labels: record.labels,
        reviewers: record.reviewers,
        state,
        merged,
    })
}

/// Open, merged or closed, as the branches say. A merge is recorded before the base moves, and counts only once it
/// did; and a person may have merged and pushed without us.
fn standing(refs: &Refs<'_>, objects: &Objects, record: &Record, head: &CommitId) -> Result<(State, Option<Merged>)> {
    if record.state == State::Merged {
        return Ok((State::Merged, record.merged.clone()));
    }
    let Some(base) = refs.read(&format!("refs/heads/{}", record.base))? else { return Ok((record.state, None)) };
    if let Some(merged) = &record.merged
        && objects.commit(&merged.commit).is_ok()
        && objects.contains(&base, &merged.commit)?
    {
        return Ok((State::Merged, record.merged.clone()));
    }
    if record.state == State::Open && objects.contains(&base, head)? {
        return Ok((State::Merged, None));
    }
    Ok((record.state, None))
}

/// Makes the branch, its commit and the pull request. Each step finds what a killed run left of the same step.
pub fn open(forge: &GitForge, change: &Change, actor: &Actor) -> Result<Outcome> {
    let Change::OpenPullRequest { repo, base, head, commit, marker, title, body, labels, reviewers } = change else {
        return Err(Error::failed("idp::forge", "not a pull request"));
    };
    check_branch(head)?;
    let folder = forge.existing(repo)?;
    let objects = Objects::open(&folder)?;
    let writer = Refs::of(&folder).write()?;
    rules::refuse_direct_commit(forge.protections(&folder)?.get(head), repo, head)?;
    let records = records(&folder)?;
    if let Some(there) = records.iter().find(|record| record.head == *head && record.state == State::Open) {
        return Ok(Outcome { number: Some(Later::Known(there.number)), already: true, ..Outcome::default() });
    }
    if writer.refs().read(&format!("refs/heads/{base}"))?.is_none() {
        return Err(Error::failed("idp::pr::base", format!("{repo} has no branch {base} to propose to")));
    }
    let number = records.iter().map(|record| record.number).max().unwrap_or(0) + 1;
    let branch = format!("refs/heads/{head}");
    let there = writer.refs().read(&branch)?;
    if let Some(there) = &there {
        refuse_foreign(&objects, there, marker, repo, head)?;
    }
    let made = write_commit(&objects, &writer, commit, marker, actor)?;
    // The record comes last: it is what makes it a pull request.
    set(&writer, &head_ref(number), &made)?;
    if !writer.update(&branch, there.as_ref(), &made)? {
        return Err(moved(repo, head));
    }
    save(
        &folder,
        &Record {
            number,
            title: title.clone(),
            body: body.clone(),
            author: actor.name.clone(),
            head: head.clone(),
            base: base.clone(),
            state: State::Open,
            labels: labels.clone(),
            reviewers: reviewers.clone(),
            approvals: Vec::new(),
            comments: Vec::new(),
            merged: None,
        },
    )?;
    Ok(Outcome { commit: Some(Later::Known(made)), number: Some(Later::Known(number)), ..Outcome::default() })
}

/// A branch that is there already must be ours: left by a killed run, or by a pull request that was closed.
fn refuse_foreign(objects: &Objects, there: &CommitId, marker: &Marker, repo: &RepoId, head: &str) -> Result<()> {
    let commit = objects.commit(there)?;
    if trailer_of(&String::from_utf8_lossy(commit.message_bytes())) == Some(&marker.to_string()) {
        return Ok(());
    }
    Err(branch_taken(repo, head))
}

/// Changes text, commits and state of a pull request.
pub fn update(forge: &GitForge, change: &Change, actor: &Actor) -> Result<Outcome> {
    let Change::UpdatePullRequest { repo, number, head, marker, after, commit, reopen, .. } = change else {
        return Err(Error::failed("idp::forge", "not a pull request"));
    };
    let Some(number) = number.known() else {
        return Err(Error::failed("idp::pr::missing", "the pull request has no number yet"));
    };
    let folder = forge.existing(repo)?;
    let objects = Objects::open(&folder)?;
    let writer = Refs::of(&folder).write()?;
    let mut record = existing(&folder, repo, *number)?;
    let now = present(forge, repo, writer.refs(), &objects, record.clone())?;
    if now.state != State::Open && !(*reopen && now.state == State::Closed) {
        // A person was faster: what is merged or closed takes no commits. The caller looks again and finds it so.
        return Err(moved(repo, head));
    }
    let branch = format!("refs/heads/{head}");
    let mut outcome = Outcome { number: Some(Later::Known(*number)), ..Outcome::default() };
    if let Some(commit) = commit {
        let there = writer.refs().read(&branch)?;
        let kept = writer.refs().read(&head_ref(*number))?;
        let expected = commit.parents.first();
        if there.as_ref().or(kept.as_ref()) != expected {
            return Err(moved(repo, head));
        }
        let made = write_commit(&objects, &writer, commit, marker, actor)?;
        set(&writer, &head_ref(*number), &made)?;
        if !writer.update(&branch, there.as_ref(), &made)? {
            return Err(moved(repo, head));
        }
        outcome.commit = Some(Later::Known(made));
    } else if *reopen
        && writer.refs().read(&branch)?.is_none()
        && let Some(kept) = writer.refs().read(&head_ref(*number))?
    {
        writer.update(&branch, None, &kept)?;
    }
    if *reopen {
        record.state = State::Open;
    }
    if let Some(title) = &after.title {
        record.title = title.clone();
    }
    if let Some(body) = &after.body {
        record.body = body.clone();
    }
    if let Some(labels) = &after.labels {
        record.labels = labels.clone();
    }
    if let Some(reviewers) = &after.reviewers {
        record.reviewers = reviewers.clone();
    }
    save(&folder, &record)?;
    Ok(outcome)
}

/// Writes a commit, and the rendering that it was merged from as a commit of its own, which is kept by a ref before a
/// branch names it. The rendering's id follows from its files alone: a run that does this again writes nothing new.
fn write_commit(
    objects: &Objects,
    writer: &Writer<'_>,
    commit: &BranchCommit,
    marker: &Marker,
    actor: &Actor,
) -> Result<CommitId> {
    let BranchCommit { parents, message, files, tree_of, rendering } = commit;
    let mut message = with_trailer(message, marker);
    let mut kept = None;
    let made = objects.packed(|repository| {
        if let Some(Rendering { on, files, .. }) = rendering {
            let nobody = Actor { name: RUNS_AS.to_string(), time: 0 };
            let rendered = commit_files(repository, &[], on.as_ref(), files, KEPT, &nobody)?;
            message.push_str(&format!("{RENDERED}: {rendered}\n"));
            kept = Some(id_of(rendered));
        }
        commit_files(repository, parents, Some(tree_of), files, &message, actor)
    })?;
    if let Some(kept) = kept {
        set(writer, &format!("refs/idp-run/renderings/{kept}"), &kept)?;
    }
    Ok(made)
}

/// Points a ref of ours at a commit, wherever it pointed before.
pub fn set(writer: &Writer<'_>, name: &str, to: &CommitId) -> Result<()> {
    let now = writer.refs().read(name)?;
    if now.as_ref() != Some(to) && !writer.update(name, now.as_ref(), to)? {
        return Err(Error::failed("idp::forge::moved", format!("{name} moved while it was written")).retryable());
    }
    Ok(())
}

/// Adds a comment unless one with this marker is there.
pub fn comment(
    forge: &GitForge,
    repo: &RepoId,
    number: &Later<u64>,
    marker: &str,
    body: &str,
    actor: &Actor,
) -> Result<Outcome> {
    let Some(number) = number.known() else {
        return Err(Error::failed("idp::pr::missing", "the pull request has no number yet"));
    };
    let folder = forge.existing(repo)?;
    let _writer = Refs::of(&folder).write()?;
    let mut record = existing(&folder, repo, *number)?;
    if record.comments.iter().any(|comment| comment.marker.as_deref() == Some(marker)) {
        return Ok(Outcome { already: true, ..Outcome::default() });
    }
    let comment = Comment { by: actor.name.clone(), body: body.to_string(), marker: Some(marker.to_string()) };
    record.comments.push(comment);
    save(&folder, &record)?;
    Ok(Outcome::default())
}

/// Records an approval of the present head; the author's own is refused, as hosts do.
pub fn approve(forge: &GitForge, repo: &RepoId, number: u64, actor: &Actor) -> Result<Outcome> {
    let folder = forge.existing(repo)?;
    let writer = Refs::of(&folder).write()?;
    let objects = Objects::open(&folder)?;
    let (mut record, now) = open_one(forge, repo, &folder, writer.refs(), &objects, number)?;
    if actor.name == record.author {
        return Err(Error::failed(
            "idp::pr::own",
            format!("{} opened {repo}#{number} and can't approve it", actor.name),
        )
        .help("someone else approves it: `--as NAME`"));
    }
    record.approvals.retain(|approval| approval.by != actor.name);
    record.approvals.push(Approval { by: actor.name.clone(), commit: now.commit });
    save(&folder, &record)?;
    Ok(Outcome::default())
}

/// Closes a pull request.
pub fn set_state(forge: &GitForge, repo: &RepoId, number: u64, state: State) -> Result<Outcome> {
    let folder = forge.existing(repo)?;
    let writer = Refs::of(&folder).write()?;
    let objects = Objects::open(&folder)?;
    let (mut record, now) = open_one(forge, repo, &folder, writer.refs(), &objects, number)?;
    // Commits that people pushed since stay reachable when the branch goes.
    set(&writer, &head_ref(number), &now.commit)?;
    record.state = state;
    save(&folder, &record)?;
    Ok(Outcome::default())
}

/// The record of a pull request that must be open, and the pull request as it is.
pub fn open_one(
    forge: &GitForge,
    repo: &RepoId,
    folder: &Path,
    refs: &Refs<'_>,
    objects: &Objects,
    number: u64,
) -> Result<(Record, PullRequest)> {
    let mut record = existing(folder, repo, number)?;
    let now = present(forge, repo, refs, objects, record.clone())?;
    if now.state != State::Open {
        if now.state == State::Merged && record.state != State::Merged {
            // A merge that was killed after the base moved left its record a step behind.
            record.state = State::Merged;
            save(folder, &record)?;
        }
        let message = format!("{repo}#{number} is {} already", now.state.as_str());
        return Err(Error::failed("idp::pr::state", message));
    }
    Ok((record, now))
}
