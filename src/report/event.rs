//! Everything that a run says while it goes on, in the order in which it happens.

use serde::Serialize;

use super::{Diff, Finding, RenderedSet};
use crate::error::{Error, Frame, Place};

/// What a change does to its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// The target is new.
    Create,
    /// The target exists and is changed.
    Update,
    /// The target goes.
    Delete,
}

/// How many objects a run created, updated, deleted or found as asked. Each object is in one of the four.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// New objects.
    pub create: usize,
    /// Changed objects.
    pub update: usize,
    /// Deleted objects.
    pub delete: usize,
    /// Ensured objects that were as asked.
    pub unchanged: usize,
}

impl Counts {
    /// Changes of any kind.
    pub fn changes(&self) -> usize {
        self.create + self.update + self.delete
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Shown, not made.
    Planned,
    /// Made.
    Applied,
    /// It waits for people; a rerun goes on.
    Waiting,
    /// It ended in an error; what was made stays, a rerun converges.
    Failed,
    /// A person stopped it.
    Cancelled,
}

/// Something that a run says.
#[derive(Debug, Clone)]
pub enum Event {
    /// A named part of the run begins.
    StepStarted {
        /// Its name, as the script gives it.
        name: String,
        /// How many steps it stands inside of.
        depth: usize,
    },
    /// A named part of the run ended.
    StepEnded {
        /// Its name.
        name: String,
        /// How many steps it stands inside of.
        depth: usize,
        /// Whether it ended without an error.
        ok: bool,
    },
    /// How far items beside each other are: said at once, while what they say comes in their order.
    Items {
        /// Those that are under way.
        running: Vec<String>,
        /// How many ended.
        done: usize,
        /// How many there are.
        of: usize,
    },
    /// A change was planned or made.
    Change {
        /// What it does.
        action: Action,
        /// `repository`, `commit`, `pull_request` ...
        kind: &'static str,
        /// What it is done to.
        target: String,
        /// Before and after.
        diff: Diff,
        /// What else there is to say of it.
        note: Option<String>,
    },
    /// An ensured object was found as asked.
    Unchanged {
        /// `repository`, `commit`, `pull_request` ...
        kind: &'static str,
        /// What was looked at.
        target: String,
    },
    /// A named result.
    Output {
        /// Its name.
        name: String,
        /// Its value; `(known after apply)` in plans where the world will assign it.
        value: serde_json::Value,
    },
    /// What the script printed.
    Print(String),
    /// What the script says to those who look into it.
    Debug {
        /// The text.
        text: String,
        /// Where it says so.
        place: Place,
    },
    /// Something that needs attention but stops nothing.
    Warning {
        /// One sentence.
        message: String,
        /// What to do.
        help: Option<String>,
    },
    /// A reviewer's finding.
    Finding(Finding),
    /// The run waits for this.
    Waiting(String),
    /// The run ended in this error.
    Failure {
        /// The error.
        error: Error,
        /// Where in the scripts it came from, innermost first.
        frames: Vec<Frame>,
    },
    /// The plan was saved.
    PlanSaved {
        /// The file.
        file: String,
        /// The SHA-256 of its document.
        digest: String,
        /// How many changes it has.
        changes: usize,
    },
    /// A saved plan is about to be applied.
    PlanRead {
        /// The key of its run.
        run: String,
        /// When it was made.
        created: String,
        /// The version of `idp-run` that made it.
        idp_run: String,
        /// The SHA-256 of its document.
        digest: String,
        /// How many changes it has.
        changes: usize,
    },
    /// An object isn't as a saved plan found it.
    Moved {
        /// The kind of object.
        kind: String,
        /// Which.
        target: String,
        /// What moved, in words.
        why: String,
        /// From what was planned to what would be made now.
        diff: Diff,
    },
    /// Something that an undo can't take back, since others changed it in the same places.
    Conflict {
        /// The kind of object.
        kind: String,
        /// Which.
        target: String,
        /// What was changed since, and by whom.
        why: String,
    },
    /// Something that an undo doesn't take back.
    Stays {
        /// The kind of object.
        kind: String,
        /// Which.
        target: String,
        /// Why it stays.
        why: String,
    },
    /// What a plan makes of an ApplicationSet.
    Rendered(Box<RenderedSet>),
    /// A pull request, listed.
    PullRequest {
        /// `owner/name`.
        repository: String,
        /// Its number.
        number: u64,
        /// Its title.
        title: String,
        /// The head branch.
        head: String,
        /// The base branch.
        base: String,
        /// `open`, `merged` or `closed`.
        state: &'static str,
        /// Where people look at it.
        url: String,
    },
    /// The last word of a run.
    Summary {
        /// The four numbers.
        counts: Counts,
        /// How it ended.
        status: Status,
    },
}

/// Takes events as they happen. `output` has one for people and one for machines.
pub trait Sink: Send + Sync {
    /// Takes one event.
    fn emit(&self, event: Event);
    /// Stops drawing (spinners, cursors) while `f` reads from the terminal.
    fn suspend(&self, f: &mut dyn FnMut()) {
        f();
    }
}

/// Nobody listens: for scripts that are only compiled, or asked for their parameters.
#[derive(Debug, Clone, Copy)]
pub struct Silence;

impl Sink for Silence {
    fn emit(&self, _: Event) {}
}
