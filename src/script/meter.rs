//! A sink that counts what a script says, and ends the run that floods its readers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Progress;
use crate::bridge::Stop;
use crate::report::{Event, Sink};

/// The most that a run may print, output and name in steps, in bytes.
pub const MOST_SAID: usize = 64 << 20;

/// What an event costs beside its text: an empty one is a line, too.
const LINE: usize = 64;

/// A sink in front of another one.
pub struct Metered {
    inner: Arc<dyn Sink>,
    progress: Progress,
    said: AtomicUsize,
}

impl Metered {
    /// Hands everything on to `inner` until it is too much.
    pub fn new(inner: Arc<dyn Sink>, progress: Progress) -> Metered {
        Metered { inner, progress, said: AtomicUsize::new(0) }
    }
}

impl Sink for Metered {
    fn emit(&self, event: Event) {
        let bytes = match &event {
            Event::Print(text) | Event::Debug { text, .. } => text.len(),
            Event::StepStarted { name, .. } => name.len(),
            Event::Output { name, value } => name.len() + size(value),
            // The rest is told by what the run does to the world, and its end.
            _ => return self.inner.emit(event),
        };
        let before = self.said.fetch_add(bytes.saturating_add(LINE), Ordering::Relaxed);
        if before.saturating_add(bytes) > MOST_SAID {
            return self.progress.stop(Stop::Said);
        }
        self.inner.emit(event);
    }

    fn suspend(&self, f: &mut dyn FnMut()) {
        self.inner.suspend(f);
    }
}

/// About as many bytes as the value takes when it is written.
fn size(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::String(text) => text.len(),
        serde_json::Value::Array(list) => list.iter().map(size).sum(),
        serde_json::Value::Object(map) => map.iter().map(|(name, value)| name.len() + size(value)).sum(),
        _ => 8,
    }
}
