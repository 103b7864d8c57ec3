//! A run in a job of GitHub Actions: each outermost step of an apply is a group that can be folded, and what is wrong
//! is an annotation beside the text for people. The commands go to stderr; stdout stays the result.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Actions, command};
use crate::output::stream::Stream;
use crate::report::{Event, Sink};

/// A sink for people or machines, with commands for the runner around it.
pub struct InActions {
    inner: Arc<dyn Sink>,
    actions: Actions,
    /// Whether steps are shown as they go on: those of a plan are headings of its result.
    groups: bool,
    state: Mutex<State>,
}

struct State {
    stderr: Stream,
    open: bool,
}

impl InActions {
    /// Around this sink, with commands on a stream of their own.
    pub fn around(inner: Arc<dyn Sink>, actions: Actions, groups: bool, stderr: Stream) -> InActions {
        InActions { inner, actions, groups, state: Mutex::new(State { stderr, open: false }) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn close(&mut self) {
        if std::mem::take(&mut self.open) {
            self.stderr.command(&command::end_group());
        }
    }
}

impl Sink for InActions {
    fn emit(&self, event: Event) {
        let annotations = match &event {
            Event::Failure { error, frames } => {
                let related = error.related().iter().map(|one| self.actions.of_error(&one.error, &one.frames));
                std::iter::once(self.actions.of_error(error, frames)).chain(related).collect()
            }
            Event::Finding(finding) => vec![self.actions.of_finding(finding, &finding.policy)],
            Event::Warning { message, help } => vec![self.actions.of_warning(message, help.as_deref())],
            _ => Vec::new(),
        };
        let mut state = self.state();
        let ended = matches!(&event, Event::StepEnded { depth: 0, .. });
        match &event {
            Event::StepStarted { name, depth: 0 } if self.groups => {
                // There are no groups within groups: steps beside each other end the one before.
                state.close();
                state.stderr.command(&command::group(name));
                state.open = true;
            }
            // What a run ended in is never folded away.
            Event::Failure { .. } | Event::Summary { .. } => state.close(),
            _ => {}
        }
        self.inner.emit(event);
        if ended {
            state.close();
        }
        let commands: String = annotations.iter().map(command::annotate).collect();
        state.stderr.command(&commands);
    }

    fn suspend(&self, f: &mut dyn FnMut()) {
        self.inner.suspend(f);
    }
}
