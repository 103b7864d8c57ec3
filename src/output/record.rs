//! What a run said, kept until its end for those who write it as a whole; without what is known to be secret by then.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::actions::Actions;
use crate::report::clean::cleaned;
use crate::report::{Action, Annotation, Counts, Diff, Event, Finding, Redactor, RenderedSet, Sink, Status};

/// What a run said.
#[derive(Debug, Default)]
pub struct Told {
    /// Changes, and what the run waits for, in their order.
    pub happened: Vec<Happened>,
    /// What went wrong or needs attention, in its order.
    pub troubles: Vec<Trouble>,
    /// The same as remarks at files of the checkout.
    pub annotations: Vec<Annotation>,
    /// What becomes of ApplicationSets.
    pub rendered: Vec<RenderedSet>,
    /// Named results.
    pub outputs: Vec<(String, Value)>,
    /// What the script printed.
    pub prints: String,
    /// What the run waits for.
    pub waits_for: Option<String>,
    /// How it ended, if it came to its end.
    pub end: Option<(Counts, Status)>,
}

/// Something that a plan or an apply shows.
#[derive(Debug)]
pub struct Happened {
    /// The steps that it happened in, outermost first.
    pub steps: Vec<String>,
    /// What it was.
    pub what: What,
}

/// What happened.
#[derive(Debug)]
pub enum What {
    /// A change.
    Change {
        /// What it does.
        action: Action,
        /// The kind of object.
        kind: &'static str,
        /// Which.
        target: String,
        /// Before and after.
        diff: Diff,
        /// What else there is to say of it.
        note: Option<String>,
    },
    /// The run waits.
    Wait(String),
    /// An undo doesn't take an object back, by its rules or since people changed it.
    Stays {
        /// The kind of object.
        kind: String,
        /// Which.
        target: String,
        /// Why.
        why: String,
    },
    /// An object isn't as a saved plan found it.
    Moved {
        /// The kind of object.
        kind: String,
        /// Which.
        target: String,
        /// What moved.
        why: String,
        /// From what was planned to what would be made now.
        diff: Diff,
    },
}

/// What went wrong or needs attention.
#[derive(Debug)]
pub enum Trouble {
    /// The run ended in it, or it is one of those that an error sums up.
    Error {
        /// What it happened to, if it is one of several.
        item: Option<String>,
        /// The stable code.
        code: &'static str,
        /// The sentence.
        message: String,
        /// What to do.
        help: Option<String>,
        /// Where.
        place: Option<String>,
    },
    /// A reviewer's finding.
    Finding(Finding),
    /// It stops nothing.
    Warning {
        /// The sentence.
        message: String,
        /// What to do.
        help: Option<String>,
    },
}

/// Keeps what it hands on.
pub struct Record {
    sink: Arc<dyn Sink>,
    events: Mutex<Vec<Event>>,
}

impl Record {
    /// Keeps what this sink is told.
    pub fn of(sink: Arc<dyn Sink>) -> Record {
        Record { sink, events: Mutex::default() }
    }

    /// What was said so far, without what is known to be secret by now; it is forgotten here.
    pub fn take(&self, actions: &Actions, redactor: &Redactor) -> Told {
        let mut state = State::default();
        for event in std::mem::take(&mut *self.events()) {
            // What was said before its secret was named is clean here at least.
            state.take(&cleaned(event, redactor), actions);
        }
        state.told
    }

    fn events(&self) -> MutexGuard<'_, Vec<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for Record {
    fn emit(&self, event: Event) {
        if !matches!(event, Event::Items { .. } | Event::Unchanged { .. } | Event::Debug { .. }) {
            self.events().push(event.clone());
        }
        self.sink.emit(event);
    }

    fn suspend(&self, f: &mut dyn FnMut()) {
        self.sink.suspend(f);
    }
}

/// What was said so far, and the steps that go on.
#[derive(Default)]
struct State {
    told: Told,
    steps: Vec<String>,
}

impl State {
    fn take(&mut self, event: &Event, actions: &Actions) {
        match event {
            Event::StepStarted { name, depth } => {
                self.steps.truncate(*depth);
                self.steps.push(name.clone());
            }
            Event::StepEnded { depth, .. } => self.steps.truncate(*depth),
            Event::Change { action, kind, target, diff, note } => self.happened(What::Change {
                action: *action,
                kind,
                target: target.clone(),
                diff: diff.clone(),
                note: note.clone(),
            }),
            Event::Waiting(what) => {
                self.told.waits_for = Some(what.clone());
                self.happened(What::Wait(what.clone()));
            }
            Event::Moved { kind, target, why, diff } => self.happened(What::Moved {
                kind: kind.clone(),
                target: target.clone(),
                why: why.clone(),
                diff: diff.clone(),
            }),
            Event::Output { name, value } => self.told.outputs.push((name.clone(), value.clone())),
            Event::Print(text) => {
                self.told.prints.push_str(text);
                self.told.prints.push('\n');
            }
            Event::Warning { message, help } => {
                self.told.annotations.push(actions.of_warning(message, help.as_deref()));
                self.told.troubles.push(Trouble::Warning { message: message.clone(), help: help.clone() });
            }
            Event::Finding(finding) => {
                self.told.annotations.push(actions.of_finding(finding, &finding.policy));
                self.told.troubles.push(Trouble::Finding(finding.clone()));
            }
            Event::Failure { error, frames } => {
                let related = error.related().iter().map(|one| (Some(one.item.clone()), &one.error, &*one.frames));
                for (item, error, frames) in std::iter::once((None, error, &**frames)).chain(related) {
                    self.told.annotations.push(actions.of_error(error, frames));
                    let place = error.place().or(frames.first().map(|frame| &frame.place));
                    self.told.troubles.push(Trouble::Error {
                        item,
                        code: error.code(),
                        message: error.message().to_string(),
                        help: error.help_text().map(str::to_owned),
                        place: place.map(ToString::to_string),
                    });
                }
            }
            Event::Summary { counts, status } => self.told.end = Some((*counts, *status)),
            Event::Stays { kind, target, why } | Event::Conflict { kind, target, why } => {
                self.happened(What::Stays { kind: kind.clone(), target: target.clone(), why: why.clone() })
            }
            Event::Rendered(set) => self.told.rendered.push((**set).clone()),
            Event::Items { .. }
            | Event::Unchanged { .. }
            | Event::Debug { .. }
            | Event::PlanSaved { .. }
            | Event::PlanRead { .. }
            | Event::PullRequest { .. } => {}
        }
    }

    fn happened(&mut self, what: What) {
        self.told.happened.push(Happened { steps: self.steps.clone(), what });
    }
}
