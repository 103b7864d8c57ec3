//! Proposals: one pull request for a run in a repository, found again by its branch, updated while it is open.

pub mod api;
pub mod options;
pub mod update;

use futures_util::future::try_join_all;
use globset::{Glob, GlobSet, GlobSetBuilder};
use rhai::{Dynamic, FnPtr, Map, NativeCallContext};

use self::update::Before;
use crate::bridge::{RhaiResultOf, Run, throw};
use crate::error::{Error, Result};
use crate::primitives::options::Options;
use crate::primitives::repo::{Repo, no_branch, redo};
use crate::primitives::tree::Tree;
use crate::report::Event;
use crate::world::change::{BranchCommit, Change, Marker, PullRequestText, Rendering};
use crate::world::forge::{self, CommitId, MOVED, Mergeable, RepoId, State, branch_taken, check_branch, missing};
use crate::world::{Door, FileChange};

/// A pull request as scripts hold it.
#[derive(Debug, Clone)]
pub struct PullRequest {
    /// Its repository.
    pub repo: RepoId,
    /// As it is, or as the plan would make it; none if there was nothing to propose.
    pub now: Option<forge::PullRequest>,
    /// The title that was asked for.
    pub title: String,
}

/// An edit as scripts give it: a tree, or a function from the base's tree to the edited one.
pub enum Edit {
    /// Its edits are laid on the base.
    Tree(Tree),
    /// Called with the tree of the base; again, whenever the base is another one.
    Function(FnPtr),
}

impl Edit {
    /// The edit that an argument is.
    pub fn of(ctx: &NativeCallContext, function: &str, argument: Dynamic) -> RhaiResultOf<Edit> {
        if argument.is::<Tree>() {
            return Ok(Edit::Tree(argument.cast()));
        }
        if argument.is::<FnPtr>() {
            return Ok(Edit::Function(argument.cast()));
        }
        let is = crate::primitives::value::type_of(&argument);
        let message = format!("{function} needs a tree or a function that edits one, and got {is}");
        Err(throw(ctx, Error::invalid("idp::script::argument", message).help("`|tree| tree.write(\"path\", text)`")))
    }

    /// The edited tree on this base.
    pub fn apply(&self, ctx: &NativeCallContext, repo: &RepoId, base: Option<&CommitId>) -> RhaiResultOf<Tree> {
        match self {
            Edit::Tree(tree) => Ok(tree.rebased(repo, base)),
            Edit::Function(function) => {
                let start = match base {
                    Some(commit) => Tree::at(repo.clone(), commit.clone()),
                    None => Tree::default(),
                };
                let result: Dynamic = function.call_within_context(ctx, (start,))?;
                let is = match result.is_unit() {
                    true => "nothing".to_string(),
                    false => crate::primitives::value::type_of(&result),
                };
                result.try_cast::<Tree>().ok_or_else(|| {
                    let message = format!("the function that edits {repo} must return the tree, and it returned {is}");
                    throw(
                        ctx,
                        Error::failed("idp::script::argument", message).help("edits return a new tree: end with it"),
                    )
                })
            }
        }
    }
}

/// What a script proposes.
struct Proposal {
    repo: Repo,
    base: Option<String>,
    head: String,
    marker: Marker,
    text: PullRequestText,
    message: String,
    reopen: bool,
    rendering: Option<Rendering>,
    /// Files that an update leaves as they were delivered.
    keep: GlobSet,
}

/// What is to be done about a proposal.
enum Look {
    /// Nothing: it is there, merged, or kept as a person left it.
    Settled(Box<PullRequest>),
    /// The edit is to be made on this commit.
    Edit { at: CommitId, base: String, then: Then },
}

enum Then {
    /// No pull request yet.
    Open,
    /// Bring the open one to what the edit makes of its merge base.
    Amend(Box<forge::PullRequest>),
    /// The open one stopped merging: redo the edit on the base's head.
    Redo(Box<forge::PullRequest>),
}

/// Finds or opens the pull request, and updates it.
pub fn propose(
    ctx: &NativeCallContext,
    run: &Run,
    repo: &Repo,
    title: &str,
    edit: &Edit,
    options: &Map,
) -> RhaiResultOf<PullRequest> {
    let prepare = || -> Result<Proposal> {
        let options = Options::of(&options::PROPOSE, options)?;
        let door = run.door()?;
        let id = options.text("id")?;
        let head = match options.text("branch")? {
            Some(branch) => branch,
            None => branch_of(&door.run().key, id.as_deref()),
        };
        check_branch(&head)?;
        run.take_once(format!("propose {} {head}", repo.id), || {
            Error::invalid("idp::pr::twice", format!("this run proposes to {} twice from the branch {head}", repo.id))
                .help("give each proposal an `id` of its own: `repo.propose(title, edit, #{ id: ... })`")
        })?;
        Ok(Proposal {
            repo: repo.clone(),
            base: options.text("base")?,
            marker: Marker::new(&door.run().hash, &head),
            head,
            text: PullRequestText {
                title: Some(title.to_string()),
                body: options.text("body")?,
                labels: options.texts("labels")?,
                reviewers: options.texts("reviewers")?,
            },
            message: options.text("message")?.unwrap_or_else(|| title.to_string()),
            reopen: options.flag("reopen")?.unwrap_or(false),
            rendering: None,
            keep: globs(options.texts("keep")?.unwrap_or_default())?,
        })
    };
    let thrown = |error: Error| throw(ctx, error);
    let proposal = prepare().map_err(thrown)?;
    let mut made = None;
    redo(&format!("{} of {}", proposal.head, repo.id), || {
        let door = run.door().map_err(thrown)?;
        match run.pass(proposal.look(door)).map_err(thrown)? {
            Look::Settled(pull) => made = Some(*pull),
            Look::Edit { at, base, then } => {
                let tree = edit.apply(ctx, &repo.id, Some(&at))?;
                match run.pass(proposal.make(door, &at, &base, then, &tree)).map_err(thrown)? {
                    Some(pull) => made = Some(pull),
                    None => return Ok(false),
                }
            }
        }
        Ok(true)
    })?;
    let made = made.ok_or_else(|| thrown(missing(&repo.id)))?;
    if let Some(pull) = made.now.as_ref().filter(|pull| pull.state == State::Merged) {
        run.leave_to_people();
        if run.updates() {
            let before = run.door().and_then(|door| run.wait(Before::of_proposal(door, &proposal, pull)));
            if let Some(before) = before.map_err(thrown)? {
                before.update(ctx, run, edit)?;
            }
        }
    }
    Ok(made)
}

fn globs(texts: std::collections::BTreeSet<String>) -> Result<GlobSet> {
    let mut set = GlobSetBuilder::new();
    for text in texts {
        let wrong = |error: globset::Error| {
            let error = Error::invalid("idp::script::option", format!("`keep` has the glob `{text}`: {error}"));
            error.help("globs are as in `k8s/**` and `catalog/*.yaml`")
        };
        set.add(Glob::new(&text).map_err(wrong)?);
    }
    set.build().map_err(|error| Error::invalid("idp::script::option", format!("`keep` has too many globs: {error}")))
}

/// The branch of a run: `create-service-payments-api`, from its key; with the proposal's id behind it.
pub fn branch_of(key: &str, id: Option<&str>) -> String {
    let mut name = String::new();
    for word in key.split_whitespace() {
        let value = word.split_once('=').map_or(word, |(_, value)| value);
        let value: String =
            value.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' }).collect();
        if !name.is_empty() {
            name.push('-');
        }
        name.push_str(&value);
    }
    match id {
        Some(id) => format!("{name}-{id}"),
        None => name,
    }
}

/// The pull request from a branch as it stands, with those left out that this run opened and that were undone.
pub async fn standing(door: &Door, id: &RepoId, head: &str) -> Result<PullRequest> {
    let pulls = counting(door, id, forge_pulls(door, id, head).await?, &door.run().hash).await?;
    let now = pulls.iter().rfind(|pull| pull.state == State::Open).or(pulls.last()).cloned();
    let title = now.as_ref().map(|pull| pull.title.clone()).unwrap_or_default();
    Ok(PullRequest { repo: id.clone(), now, title })
}

async fn forge_pulls(door: &Door, id: &RepoId, head: &str) -> Result<Vec<forge::PullRequest>> {
    door.world().forge.repository(id).await?.ok_or_else(|| missing(id))?;
    door.world().forge.pull_requests(id, Some(head)).await
}

/// Those of these pull requests that count: what was undone is proposed again, as if it had never been.
async fn counting(
    door: &Door,
    id: &RepoId,
    known: Vec<forge::PullRequest>,
    owner: &str,
) -> Result<Vec<forge::PullRequest>> {
    let mut pulls = Vec::new();
    for pull in known {
        if !door.world().forge.was_undone(id, &pull, owner).await? {
            pulls.push(pull);
        }
    }
    Ok(pulls)
}

impl Proposal {
    /// Where it stands, and what is to be edited where.
    async fn look(&self, door: &Door) -> Result<Look> {
        let (forge, id) = (&door.world().forge, &self.repo.id);
        let repository = forge.repository(id).await?.ok_or_else(|| missing(id))?;
        let base = self.base.clone().unwrap_or(repository.settings.default_branch);
        // None of them needs another one's answer.
        let (base_head, protection, known) = tokio::try_join!(
            forge.branch(id, &base),
            forge.protection(id, &self.head),
            forge.pull_requests(id, Some(&self.head)),
        )?;
        let base_head = base_head.ok_or_else(|| no_branch(id, &base))?;
        if self.head == base || protection.is_some() {
            return Err(Error::invalid(
                "idp::pr::branch",
                format!("{} of {id} can't be the branch of a proposal", self.head),
            )
            .help("a proposal comes from a branch of its own: leave `branch` out, or name a new one"));
        }
        let pulls = counting(door, id, known, &self.marker.owner).await?;
        let there = pulls.iter().rfind(|pull| pull.state == State::Open).or(pulls.last()).cloned();
        let Some(pull) = there else {
            // A branch without a pull request is what a killed run of ours left, or somebody else's.
            if let Some(branch) = forge.branch(id, &self.head).await?
                && forge.trailer(id, &branch).await?.as_deref() != Some(&self.marker.to_string())
            {
                return Err(branch_taken(id, &self.head));
            }
            return Ok(Look::Edit { at: base_head, base, then: Then::Open });
        };
        let trailer = forge.trailer(id, &pull.commit).await?;
        let ours = trailer.as_deref() == Some(&self.marker.to_string());
        match pull.state {
            State::Merged => Ok(self.settled(door, pull)),
            State::Closed if !self.reopen => Err(Error::failed(
                "idp::pr::closed",
                format!("{id}#{} was closed without being merged, and that is a person's no", pull.number),
            )
            .help("talk to those who closed it; `reopen: true` in `propose` opens it again")),
            State::Open | State::Closed => {
                if !ours {
                    if trailer.is_some() {
                        return Err(Error::failed(
                            "idp::pr::foreign",
                            format!("{id}#{} was proposed by another run", pull.number),
                        )
                        .help("give this proposal another `branch` or `id`"));
                    }
                    if pull.state == State::Closed {
                        // `reopen` was asked for; the commits of other people come back with it, as they are.
                        return self.reopened(door, pull).await;
                    }
                    door.sink().emit(Event::Warning {
                        message: format!("{id}#{} has commits of other people: it is kept as it is", pull.number),
                        help: Some(format!(
                            "merge or close it; look at it with `idp-run pr show {id} {}`",
                            pull.number
                        )),
                    });
                    return Ok(self.settled(door, pull));
                }
                let merges = forge.mergeable(id, &base_head, &pull.commit).await?;
                let common = forge.merge_base(id, &base_head, &pull.commit).await?;
                let pull = Box::new(pull);
                Ok(match (merges, common) {
                    (Mergeable::Clean, Some(at)) => Look::Edit { at, base, then: Then::Amend(pull) },
                    _ => Look::Edit { at: base_head, base, then: Then::Redo(pull) },
                })
            }
        }
    }

    fn settled(&self, door: &Door, pull: forge::PullRequest) -> Look {
        door.unchanged("pull_request", &self.target());
        Look::Settled(Box::new(self.handle(Some(pull))))
    }

    async fn reopened(&self, door: &Door, pull: forge::PullRequest) -> Result<Look> {
        door.pass(Change::UpdatePullRequest {
            repo: self.repo.id.clone(),
            number: pull.number.clone(),
            head: self.head.clone(),
            marker: self.marker.clone(),
            before: PullRequestText::default(),
            after: PullRequestText::default(),
            commit: None,
            reopen: true,
        })
        .await?;
        let now = forge::PullRequest { state: State::Open, ..pull };
        Ok(Look::Settled(Box::new(self.handle(Some(now)))))
    }

    fn target(&self) -> String {
        format!("{} {}", self.repo.id, self.head)
    }

    fn handle(&self, now: Option<forge::PullRequest>) -> PullRequest {
        let title = self.text.title.clone().unwrap_or_default();
        PullRequest { repo: self.repo.id.clone(), now, title }
    }

    /// Opens or updates it with the edited tree. None if a branch moved: look again.
    async fn make(
        &self,
        door: &Door,
        at: &CommitId,
        base: &str,
        then: Then,
        tree: &Tree,
    ) -> Result<Option<PullRequest>> {
        let (forge, id) = (&door.world().forge, &self.repo.id);
        let files = tree.changes(&**forge, id, Some(at)).await?;
        let commit = |parents: Vec<CommitId>, tree_of: &CommitId, files: Vec<FileChange>| BranchCommit {
            parents,
            message: self.message.clone(),
            files,
            tree_of: tree_of.clone(),
            rendering: self.rendering.clone(),
        };
        let change = match then {
            Then::Open if files.is_empty() => {
                // The base has all of it: somebody brought it there, and there is nothing to ask for.
                door.unchanged("pull_request", &self.target());
                return Ok(Some(self.handle(None)));
            }
            Then::Open => Change::OpenPullRequest {
                repo: id.clone(),
                base: base.to_string(),
                head: self.head.clone(),
                commit: commit(vec![at.clone()], at, files),
                marker: self.marker.clone(),
                title: self.text.title.clone().unwrap_or_default(),
                body: self.text.body.clone().unwrap_or_default(),
                labels: self.text.labels.clone().unwrap_or_default(),
                reviewers: self.text.reviewers.clone().unwrap_or_default(),
            },
            Then::Amend(pull) => {
                let missing = self.missing_on_head(door, at, &pull.commit, &files).await?;
                let commit =
                    (!missing.is_empty()).then(|| commit(vec![pull.commit.clone()], &pull.commit.clone(), missing));
                match self.update(&pull, commit) {
                    Some(change) => change,
                    None => {
                        door.unchanged("pull_request", &self.target());
                        return Ok(Some(self.handle(Some(*pull))));
                    }
                }
            }
            Then::Redo(pull) => {
                let commit = commit(vec![pull.commit.clone(), at.clone()], at, files);
                match self.update(&pull, Some(commit)) {
                    Some(change) => change,
                    None => return Ok(None),
                }
            }
        };
        match door.pass(change).await {
            Ok(_) => {}
            Err(error) if error.code() == MOVED => return Ok(None),
            Err(error) => return Err(error),
        }
        let pulls = forge.pull_requests(id, Some(&self.head)).await?;
        Ok(Some(self.handle(pulls.into_iter().rfind(|pull| pull.state == State::Open))))
    }

    /// The update that brings a pull request to what was asked for; none if it is so.
    fn update(&self, pull: &forge::PullRequest, commit: Option<BranchCommit>) -> Option<Change> {
        let (mut before, mut after) = (PullRequestText::default(), PullRequestText::default());
        if let Some(title) = self.text.title.as_ref().filter(|title| **title != pull.title) {
            (before.title, after.title) = (Some(pull.title.clone()), Some(title.clone()));
        }
        if let Some(body) = self.text.body.as_ref().filter(|body| **body != pull.body) {
            (before.body, after.body) = (Some(pull.body.clone()), Some(body.clone()));
        }
        if let Some(labels) = self.text.labels.as_ref().filter(|labels| !labels.is_subset(&pull.labels)) {
            (before.labels, after.labels) = (Some(pull.labels.clone()), Some(&pull.labels | labels));
        }
        if let Some(people) = self.text.reviewers.as_ref().filter(|people| !people.is_subset(&pull.reviewers)) {
            (before.reviewers, after.reviewers) = (Some(pull.reviewers.clone()), Some(&pull.reviewers | people));
        }
        let reopen = pull.state == State::Closed;
        if commit.is_none() && after == PullRequestText::default() && !reopen {
            return None;
        }
        Some(Change::UpdatePullRequest {
            repo: self.repo.id.clone(),
            number: pull.number.clone(),
            head: self.head.clone(),
            marker: self.marker.clone(),
            before,
            after,
            commit,
            reopen,
        })
    }

    /// What the head's tree lacks to be the edit applied to the merge base: also what an earlier edit wrote and this
    /// one doesn't.
    async fn missing_on_head(
        &self,
        door: &Door,
        merge_base: &CommitId,
        head: &CommitId,
        files: &[FileChange],
    ) -> Result<Vec<FileChange>> {
        let (forge, id) = (&door.world().forge, &self.repo.id);
        let listed = |entries: Vec<forge::Entry>| -> std::collections::BTreeMap<String, forge::Entry> {
            entries.into_iter().map(|entry| (entry.path.clone(), entry)).collect()
        };
        let (from, now) = tokio::try_join!(forge.list(id, merge_base, ""), forge.list(id, head, ""))?;
        let (from, now) = (listed(from), listed(now));
        let mut paths: std::collections::BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
        paths
            .extend(from.keys().chain(now.keys()).filter(|path| from.get(*path) != now.get(*path)).map(String::as_str));
        let edited = |path: &str| files.iter().find(|file| file.path == path);
        // By their ids: what is as it should be needn't be read.
        let is_missing = |path: &&str| match edited(path) {
            Some(file) => !forge::Entry::is(now.get(*path), file.after.as_ref()),
            None => from.get(*path) != now.get(*path),
        };
        try_join_all(paths.into_iter().filter(is_missing).map(|path| async move {
            let after = async {
                match edited(path) {
                    Some(file) => Ok(file.after.clone()),
                    None => forge.file(id, merge_base, path).await,
                }
            };
            let (before, after) = tokio::try_join!(forge.file(id, head, path), after)?;
            Ok(FileChange { path: path.to_string(), before, after })
        }))
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::branch_of;

    #[test]
    fn branches_say_what_they_are_for() {
        assert_eq!(branch_of("create-service project=payments service=api", None), "create-service-payments-api");
        assert_eq!(branch_of("hello", Some("docs")), "hello-docs");
    }
}
