//! Who looks on while changes pass a door: to write a plan down, or to let nothing pass that isn't in one.

use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::touches::{same, touches};
use super::{Planned, Wait};
use crate::error::{Error, Result};
use crate::report::{Event, RenderedSet, Sink};
use crate::world::change::Change;

/// Looks at every change that passes a door.
pub trait Guard: Send + Sync {
    /// Refuses a change before it is made.
    fn admit(&self, _: &Change) -> Result<()> {
        Ok(())
    }
    /// Sees a change that was made, or in a plan shown, with the position at which the journal lists it.
    fn made(&self, _: &Change, _: i64) {}
}

/// What a run would do, written down as it goes: its changes as they pass the door, the rest as it is said.
#[derive(Default)]
pub struct Recorder {
    recorded: Mutex<Recorded>,
    /// Changes with their positions: items beside each other come in the order of the items.
    changes: Mutex<Vec<(i64, Planned)>>,
}

/// What a run would do.
#[derive(Debug, Default, Clone)]
pub struct Recorded {
    /// Its changes, in order.
    pub changes: Vec<Planned>,
    /// Objects that it found as asked: kind and target.
    pub unchanged: Vec<(String, String)>,
    /// What it would wait for.
    pub waits: Vec<Wait>,
    /// Its results.
    pub outputs: Vec<(String, Value)>,
    /// What becomes of ApplicationSets.
    pub rendered: Vec<RenderedSet>,
    /// How many changes were said.
    pub said: usize,
}

impl Recorder {
    /// What was recorded so far.
    pub fn recorded(&self) -> Recorded {
        let recorded = self.recorded.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        changes.sort_by_key(|(position, _)| *position);
        Recorded { changes: changes.into_iter().map(|(_, change)| change).collect(), ..recorded }
    }

    /// Takes what a run says.
    pub fn hear(&self, event: &Event) {
        let mut recorded = self.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Change { .. } => recorded.said += 1,
            Event::Unchanged { kind, target } => recorded.unchanged.push(((*kind).to_string(), target.clone())),
            Event::Waiting(what) => {
                let after = recorded.said;
                recorded.waits.push(Wait { what: what.clone(), after });
            }
            Event::Rendered(set) => recorded.rendered.push((**set).clone()),
            Event::Output { name, value } => recorded.outputs.push((name.clone(), value.clone())),
            _ => {}
        }
    }
}

impl Guard for Recorder {
    fn made(&self, change: &Change, position: i64) {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).push((position, Planned::of(change)));
    }
}

/// A sink that a recorder hears, too.
pub struct Heard {
    /// What writes down.
    pub recorder: std::sync::Arc<Recorder>,
    /// Where the events go on to; nowhere, if a plan is only compared.
    pub sink: Option<std::sync::Arc<dyn Sink>>,
}

impl Sink for Heard {
    fn emit(&self, event: Event) {
        self.recorder.hear(&event);
        if let Some(sink) = &self.sink {
            sink.emit(event);
        }
    }

    fn suspend(&self, f: &mut dyn FnMut()) {
        match &self.sink {
            Some(sink) => sink.suspend(f),
            None => f(),
        }
    }
}

/// Lets the changes of a plan pass, and no others. After the first refusal nothing passes.
pub struct Bound {
    changes: Vec<Planned>,
    refused: Mutex<Option<Error>>,
}

impl Bound {
    /// Bound to these changes.
    pub fn to(changes: Vec<Planned>) -> Bound {
        Bound { changes, refused: Mutex::default() }
    }

    /// What was refused: a script may have caught it, and the run ends in it all the same.
    pub fn refusal(&self) -> Option<Error> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Guard for Bound {
    fn admit(&self, change: &Change) -> Result<()> {
        // A marker that is put back is bookkeeping of a change that was made before.
        if matches!(change, Change::RestoreMarker { .. }) {
            return Ok(());
        }
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = &*refused {
            return Err(error.clone());
        }
        let made = touches(change);
        if self.changes.iter().any(|planned| same(&planned.touches, &made)) {
            return Ok(());
        }
        let what = format!("{} {}", change.kind().replace('_', " "), change.target());
        let error = Error::failed(
            super::MOVED,
            format!("the world moved while the plan was applied: {what} is not as it was planned"),
        )
        .help("what was made stays; plan again: the new plan shows what is left");
        *refused = Some(error.clone());
        Err(error)
    }
}
