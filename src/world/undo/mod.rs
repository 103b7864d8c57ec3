//! Takes back what a run created: open pull requests are closed, merged ones and commits get a revert to be reviewed,
//! branches that nobody touched go, repositories are archived. Never anything else. What a run made is seen by the
//! markers that it left; the journal adds what carries none.

mod look;
mod revert;
mod since;

use std::collections::{BTreeMap, BTreeSet};

use super::Mode;
use super::change::{Change, Marker};
use super::door::Door;
use super::forge::{CommitId, Forge, PullRequest, RUNS_AS, RepoId, Repository, Revision, State, undone_marker};
use super::hash;
use super::journal::{ChangeRow, RunKey};
use super::later::Later;
use crate::error::{Error, Result};
use crate::report::Event;

/// The code of the error that says that something can't be taken back.
pub const CONFLICT: &str = "idp::undo::conflict";

/// What can't be taken back.
struct Conflict {
    /// What it is, and by what it was changed, in words.
    named: String,
    /// Whether the run itself changed it since, and nobody else.
    own: bool,
}

/// An undo of one run.
pub struct Undo<'a> {
    door: &'a Door,
    /// The hash of the run that is undone.
    run: String,
    /// Its key, for what people read.
    key: String,
    /// What the journal knows of its changes.
    rows: Vec<ChangeRow>,
    /// Whether repositories that nobody else touched are deleted.
    delete: bool,
}

/// The run that an undo is: it has a key, a lock and a journal of its own.
pub fn run_key(key: &str, run: &str) -> RunKey {
    let whole = format!("undo {run}");
    RunKey { key: format!("undo {key}"), hash: hash::short(&whole), script: "undo".into(), input_hash: String::new() }
}

impl<'a> Undo<'a> {
    /// An undo through this door of the run with that hash.
    pub fn new(door: &'a Door, run: &str, key: &str, rows: Vec<ChangeRow>, delete: bool) -> Undo<'a> {
        Undo { door, run: run.to_string(), key: key.to_string(), rows, delete }
    }

    /// Takes back all that can be taken back. Done again, it changes nothing.
    ///
    /// Errors: `idp::undo::conflict`, at the end, if what was merged was changed since in the same places.
    pub async fn go(&self) -> Result<()> {
        let mut conflicts = Vec::new();
        let mut own = Vec::new();
        for repo in self.repositories().await? {
            let Some(found) = self.forge().repository(&repo).await? else { continue };
            let is_own = self.is_own(&found);
            if is_own && (found.archived.is_some() || self.delete && self.touched(&found).await?.is_empty()) {
                own.push(found);
                continue;
            }
            if found.archived.is_none() {
                self.pull_requests(&found, is_own, &mut conflicts).await?;
                if !is_own {
                    self.commits(&found, &mut conflicts).await?;
                }
                self.branches(&found).await?;
            }
            if is_own {
                own.push(found);
            }
        }
        for repository in own {
            self.put_away(repository).await?;
        }
        self.name_what_stays().await?;
        if conflicts.is_empty() {
            return Ok(());
        }
        let named: Vec<String> = conflicts.iter().map(|conflict| conflict.named.clone()).collect();
        let rest = if self.door.mode() == Mode::Plan { "all else would be done" } else { "all else was done" };
        let help = match conflicts.iter().all(|conflict| conflict.own) {
            true => format!("{rest}: have the reverts of what the run changed later merged, and undo it again"),
            false => format!("take it back by hand; {rest}"),
        };
        Err(Error::failed(CONFLICT, format!("can't take back {}", named.join("; "))).help(help))
    }

    fn forge(&self) -> &dyn Forge {
        &*self.door.world().forge
    }

    /// All repositories of the owner, and those of others that the journal knows.
    async fn repositories(&self) -> Result<BTreeSet<RepoId>> {
        let mut all: BTreeSet<RepoId> = self.forge().repositories().await?.into_iter().collect();
        let kinds = ["repository", "commit", "pull_request", "comment", "protection", "access", "webhook"];
        for row in self.rows.iter().filter(|row| kinds.contains(&row.kind.as_str())) {
            let name = row.target.split([' ', '#']).next().unwrap_or_default();
            all.extend(RepoId::parse(name, self.forge().owner()));
        }
        Ok(all)
    }

    /// Whether the run made the repository: not another one, and not by taking it over.
    fn is_own(&self, repository: &Repository) -> bool {
        repository.marker.as_ref() == Some(&self.run) && !repository.adopted
    }

    /// Closes what is open, reverts what was merged.
    async fn pull_requests(&self, repository: &Repository, is_own: bool, conflicts: &mut Vec<Conflict>) -> Result<()> {
        for pull in self.own_pulls(&repository.id).await? {
            let Later::Known(number) = pull.number else { continue };
            let repo = repository.id.clone();
            match pull.state {
                State::Open => {
                    // Told first: a closed pull request without the comment is a person's no.
                    self.tell(&repo, &pull).await?;
                    self.door.pass(Change::ClosePullRequest { repo, number }).await?;
                }
                // What is in a repository that is put away needs no revert.
                State::Merged if is_own => {}
                State::Merged => match self.revert_pull(repository, &pull, number).await? {
                    Some(conflict) => conflicts.push(conflict),
                    None => self.tell(&repo, &pull).await?,
                },
                State::Closed if self.forge().was_undone(&repo, &pull, &self.run).await? => {
                    self.tell(&repo, &pull).await?
                }
                // A person's no stays one.
                State::Closed => {}
            }
        }
        Ok(())
    }

    /// Says under a pull request, once, that it was undone: a rerun of the script then proposes anew. It is passed
    /// again where it was said: the forge then tidies what a kill left of the deletion of the branch.
    async fn tell(&self, repo: &RepoId, pull: &PullRequest) -> Result<()> {
        let marker = undone_marker(&self.run);
        let body = format!("Undone, together with all that `{}` made.", self.key);
        let (repo, number, head) = (repo.clone(), pull.number.clone(), pull.head.clone());
        self.door.pass(Change::Comment { repo, number, head, marker, body }).await.map(drop)
    }

    /// Deletes branches of proposals that nobody touched since.
    async fn branches(&self, repository: &Repository) -> Result<()> {
        let (forge, repo) = (self.forge(), &repository.id);
        let pulls = forge.pull_requests(repo, None).await?;
        let in_use = |branch: &str| {
            let open = pulls.iter().filter(|pull| pull.state == State::Open);
            branch == repository.settings.default_branch
                || open.into_iter().any(|pull| pull.base == branch || pull.head == branch)
        };
        let mut heads: BTreeSet<String> = self.own_pulls(repo).await?.into_iter().map(|pull| pull.head).collect();
        // A run that was killed before it had its pull request; the journal knows what the branch was for.
        let prefix = format!("{repo} ");
        let begun = self.rows.iter().filter(|row| row.kind == "pull_request" && row.action == "create");
        heads.extend(begun.filter_map(|row| row.target.strip_prefix(&prefix)).map(str::to_owned));
        for branch in heads.into_iter().filter(|branch| !in_use(branch)) {
            let Some(commit) = forge.branch(repo, &branch).await? else { continue };
            let ours =
                forge.trailer(repo, &commit).await?.as_deref() == Some(&Marker::new(&self.run, &branch).to_string());
            let why = if forge.protection(repo, &branch).await?.is_some() {
                "it is protected"
            } else if !ours {
                "others have worked on it since"
            } else {
                self.door.pass(Change::DeleteBranch { repo: repo.clone(), branch, commit }).await?;
                continue;
            };
            self.stays("branch", &format!("{repo} {branch}"), why);
        }
        Ok(())
    }

    /// Archives a repository that the run made, or deletes it.
    async fn put_away(&self, repository: Repository) -> Result<()> {
        let repo = repository.id.clone();
        if self.delete {
            let touched = self.touched(&repository).await?;
            if touched.is_empty() {
                let refs = self.forge().refs(&repo).await?;
                let pull_requests = self.forge().pull_requests(&repo, None).await?.len();
                return self.door.pass(Change::DeleteRepository { repo, refs, pull_requests }).await.map(drop);
            }
            let why = format!("not deleted, since others touched it: {}", touched.join(", "));
            self.stays("repository", &repo.to_string(), &why);
        }
        if repository.archived.is_some() {
            self.door.unchanged("repository", &repo.to_string());
            return Ok(());
        }
        self.door.pass(Change::ArchiveRepository { repo, by: self.run.clone() }).await.map(drop)
    }

    /// Names what an undo doesn't take back; only the journal knows of it.
    async fn name_what_stays(&self) -> Result<()> {
        let mut known: BTreeMap<(&str, &str), &str> = BTreeMap::new();
        for row in self.rows.iter().filter(|row| row.status == "done" && row.action != "delete") {
            known.entry((&row.kind, &row.target)).or_insert(&row.action);
        }
        for ((kind, target), action) in known {
            let repo = RepoId::parse(target.split(' ').next().unwrap_or_default(), self.forge().owner());
            let repository = match (kind, repo) {
                ("repository" | "protection" | "access" | "webhook" | "commit_status", Ok(repo)) => {
                    self.forge().repository(&repo).await?
                }
                _ => None,
            };
            let of_others = repository.as_ref().is_some_and(|found| !self.is_own(found));
            let why = match kind {
                "notification" => "what was said can't be unsaid",
                "manifest" => "objects of clusters are not deleted: that could take data with them",
                "repository" if repository.as_ref().is_some_and(|found| found.adopted) => "it was taken over, not made",
                "repository" if of_others && action == "create" => "several runs share it",
                "commit_status" if of_others => "what was found out about a commit can't be unsaid",
                "protection" if of_others => "protection of a repository that stays is not lowered",
                "access" if of_others => "what a team was given is not taken from it: others may rely on it",
                "webhook" if of_others => "it carries no mark of who made it: delete it in the repository's settings",
                _ => continue,
            };
            self.stays(kind, target, why);
        }
        Ok(())
    }

    fn stays(&self, kind: &str, target: &str, why: &str) {
        let (kind, target, why) = (kind.to_string(), target.to_string(), why.to_string());
        self.door.sink().emit(Event::Stays { kind, target, why });
    }
}

/// Whether a run (and nobody else) made a commit: the forge says so, or one of the run's markers is at it. A forge on which
/// runs act as a person names that person.
fn made_by(revision: &Revision, run: &str, marked: &[(String, CommitId)]) -> bool {
    let Some((owner, id)) = revision.trailer.as_deref().and_then(|trailer| trailer.split_once('/')) else {
        return false;
    };
    let is_marked = || marked.iter().any(|(known, commit)| known == id && *commit == revision.id);
    owner == run && (revision.author == RUNS_AS || is_marked())
}
