//! What a plan's changes make of ApplicationSets, said behind the changes themselves.

use std::sync::{Arc, OnceLock};

use super::run::Commanded;
use crate::bridge::Run;
use crate::rendering;
use crate::report::{Event, Sink};
use crate::world::World;
use crate::world::plan::SavedPlan;
use crate::world::plan::guard::Guard;
use crate::world::plan::written::Written;

/// What a plan writes, and the world beneath it.
pub(super) struct Foresight {
    pub(super) written: Arc<Written>,
    pub(super) beneath: Arc<OnceLock<World>>,
}

impl Foresight {
    /// Looks on beside another guard.
    pub(super) fn beside(guard: Option<Arc<dyn Guard>>) -> Foresight {
        Foresight { written: Arc::new(Written::beside(guard)), beneath: Arc::default() }
    }
}

impl Commanded {
    /// Says what becomes of ApplicationSets. Nothing depends on it: what can't be told is a warning.
    pub(super) fn foresee(&self, foresight: Option<&Foresight>, run: &OnceLock<Arc<Run>>, sink: &Arc<dyn Sink>) {
        let opened = run.get().and_then(|run| run.opened());
        let (Some(opened), Some(foresight)) = (opened, foresight) else { return };
        let Some(beneath) = foresight.beneath.get() else { return };
        let planned = rendering::planned(beneath, opened.door.world(), &foresight.written);
        match self.surroundings.handle.block_on(planned) {
            Ok(sets) => sets.into_iter().for_each(|set| sink.emit(Event::Rendered(Box::new(set)))),
            Err(error) => {
                let message = format!("what becomes of ApplicationSets can't be told: {}", error.message());
                sink.emit(Event::Warning { message, help: error.help_text().map(str::to_owned) });
            }
        }
    }
}

/// Says it once more of a plan that still fits.
pub(super) fn again(saved: &SavedPlan, sink: &Arc<dyn Sink>) {
    saved.application_sets.iter().for_each(|set| sink.emit(Event::Rendered(Box::new(set.clone()))));
}
