//! What a script did that a test ran: its plan or its changes, what it said, and the world that it left.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::error::{Error, Result};
use crate::primitives::tree::Tree;
use crate::report::{Action, Counts, Diff, Event, Frame, Severity, Sink};
use crate::script::Trouble;
use crate::world::forge::{Discussion, PullRequest, RepoId, missing};
use crate::world::{Mode, World};

/// Takes what a run says, and shows it to nobody.
#[derive(Default)]
pub struct Recorder(Mutex<Vec<Event>>);

impl Recorder {
    /// What was said so far, once.
    pub fn take(&self) -> Vec<Event> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Sink for Recorder {
    fn emit(&self, event: Event) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    }
}

/// One change of a run.
pub struct Seen {
    /// What it does.
    pub action: Action,
    /// The kind of object.
    pub kind: &'static str,
    /// The object.
    pub target: String,
    /// Before and after.
    pub diff: Diff,
}

impl Seen {
    /// The change in a line, as plans show it, and its files below.
    fn lines(&self) -> String {
        let mut text = format!("{} {} {}\n", sign(self.action), self.kind, self.target);
        for file in &self.diff.files {
            text.push_str(&format!("    {} {}\n", sign(file.action), file.path));
        }
        text
    }
}

fn sign(action: Action) -> char {
    match action {
        Action::Create => '+',
        Action::Update => '~',
        Action::Delete => '-',
    }
}

/// What a script did.
pub struct Outcome {
    /// Its name.
    pub script: String,
    /// `planned`, `applied`, `waiting` or `failed`.
    pub status: &'static str,
    /// What it waits for.
    pub waiting_for: Option<String>,
    /// What it failed in, with the places in the scripts.
    pub failure: Option<(Error, Vec<Frame>)>,
    /// How many objects it made, changed, deleted, found as asked.
    pub counts: Counts,
    /// Its changes in order.
    pub changes: Vec<Seen>,
    /// Named results.
    pub outputs: Vec<(String, Value)>,
    /// Names of steps in the order in which they began.
    pub steps: Vec<String>,
    /// What it printed.
    pub prints: Vec<String>,
    /// Warnings and findings that refuse nothing.
    pub warnings: Vec<String>,
    world: World,
}

impl Outcome {
    /// From what the run said, and how it ended.
    pub fn new(
        script: &str,
        mode: Mode,
        ended: Result<(), Trouble>,
        counts: Counts,
        events: Vec<Event>,
        world: World,
    ) -> Outcome {
        let (status, waiting_for, failure) = match ended {
            Ok(()) if mode == Mode::Plan => ("planned", None, None),
            Ok(()) => ("applied", None, None),
            Err(Trouble::Waiting(what)) => ("waiting", Some(what), None),
            Err(Trouble::Failed { error, frames }) => ("failed", None, Some((error, frames))),
        };
        let mut outcome = Outcome {
            script: script.to_string(),
            status,
            waiting_for,
            failure,
            counts,
            changes: Vec::new(),
            outputs: Vec::new(),
            steps: Vec::new(),
            prints: Vec::new(),
            warnings: Vec::new(),
            world,
        };
        for event in events {
            match event {
                Event::Change { action, kind, target, diff, .. } => {
                    outcome.changes.push(Seen { action, kind, target, diff });
                }
                Event::Output { name, value } => outcome.outputs.push((name, value)),
                Event::StepStarted { name, .. } => outcome.steps.push(name),
                Event::Print(text) => outcome.prints.push(text),
                Event::Warning { message, .. } => outcome.warnings.push(message),
                Event::Finding(finding) if finding.severity < Severity::High => outcome.warnings.push(finding.message),
                // A plan lists what it would wait for, and goes on.
                Event::Waiting(what) => outcome.waiting_for = Some(what),
                _ => {}
            }
        }
        outcome
    }

    /// The changes as text: what snapshots hold.
    pub fn summary(&self) -> String {
        let mut text: String = self.changes.iter().map(Seen::lines).collect();
        if let Some((error, _)) = &self.failure {
            text.push_str(&format!("failed: {}: {}\n", error.code(), error.message()));
        } else if let Some(what) = &self.waiting_for {
            text.push_str(&format!("waiting for {what}\n"));
        } else if self.changes.is_empty() {
            text.push_str("no changes\n");
        }
        text
    }

    /// The one change of that kind and target, or an error that says which there are.
    pub fn change(&self, kind: &str, target: &str) -> Result<&Seen> {
        let fits = |seen: &&Seen| seen.kind == kind && (seen.target == target || seen.target.starts_with(target));
        let found: Vec<&Seen> = self.changes.iter().filter(fits).collect();
        match found.as_slice() {
            [one] => Ok(one),
            several => {
                let how = if several.is_empty() { "no" } else { "more than one" };
                let message = format!("{} made {how} change of kind {kind} to {target}", self.script);
                let made: Vec<String> =
                    self.changes.iter().map(|seen| format!("{} {}", seen.kind, seen.target)).collect();
                let made = if made.is_empty() { "nothing".to_string() } else { made.join(" · ") };
                Err(super::assertion(message).help(format!("it changed: {made}")))
            }
        }
    }

    /// A repository by name.
    fn repo(&self, name: &str) -> Result<RepoId> {
        RepoId::parse(name, self.world.forge.owner())
    }

    /// The files of a branch (by default the default one), as they are in the world that the run left.
    pub async fn tree(&self, repo: &str, branch: Option<&str>) -> Result<Tree> {
        let (id, forge) = (self.repo(repo)?, &self.world.forge);
        let found = forge.repository(&id).await?.ok_or_else(|| missing(&id))?;
        let branch = branch.unwrap_or(&found.settings.default_branch);
        let head = forge.branch(&id, branch).await?.ok_or_else(|| {
            Error::failed("idp::repo::branch", format!("{id} has no branch {branch}"))
                .help("`r.proposal(repo)` gives the files of the pull request that the run opened")
        })?;
        let mut files = Vec::new();
        for entry in forge.list(&id, &head, "").await? {
            if let Some(file) = forge.file(&id, &head, &entry.path).await? {
                files.push((entry.path, file));
            }
        }
        Ok(Tree::of(files))
    }

    /// The pull request that the run opened, changed or found in a repository.
    pub async fn pull(&self, repo: &str) -> Result<(RepoId, PullRequest, Discussion)> {
        let id = self.repo(repo)?;
        let all = self.world.forge.pull_requests(&id, None).await?;
        let touched = |pull: &PullRequest| {
            let target = format!("{id} {}", pull.head);
            self.changes.iter().any(|seen| seen.kind == "pull_request" && seen.target == target)
        };
        let touched: Vec<&PullRequest> = all.iter().filter(|pull| touched(pull)).collect();
        let pulls = if touched.is_empty() { all.iter().collect() } else { touched };
        match pulls.as_slice() {
            [one] => {
                let said = self.world.forge.discussion(&id, one).await?;
                Ok((id, (*one).clone(), said))
            }
            [] => Err(super::assertion(format!("{id} has no pull request"))),
            several => {
                let heads: Vec<&str> = several.iter().map(|pull| pull.head.as_str()).collect();
                Err(super::assertion(format!("{id} has several pull requests"))
                    .help(format!("`r.pull(repo, head)` tells them apart: {}", heads.join(", "))))
            }
        }
    }
}

/// What scripts hold of it.
#[derive(Clone)]
pub struct RunResult(pub Arc<Outcome>);
