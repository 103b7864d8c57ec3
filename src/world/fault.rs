//! Places where the fault tests kill the process. `IDP_FAULT=N` dies with SIGKILL at the Nth place that is passed.
//! Nothing else reads or sets it; without the variable a place costs one atomic load.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// A countdown shared by the door and the journal of a run.
#[derive(Debug, Clone, Default)]
pub struct Faults(Option<Arc<AtomicU64>>);

impl Faults {
    /// The countdown that the environment asks for, one for the whole process.
    pub fn from_env() -> Faults {
        static COUNTDOWN: OnceLock<Faults> = OnceLock::new();
        COUNTDOWN
            .get_or_init(|| {
                let asked = std::env::var("IDP_FAULT").ok().and_then(|text| text.parse().ok());
                Faults(asked.map(|n: u64| Arc::new(AtomicU64::new(n))))
            })
            .clone()
    }

    /// Passes a place; the process ends here if it is the one asked for.
    pub fn pass(&self) {
        if let Some(left) = &self.0
            && left.fetch_sub(1, Ordering::SeqCst) == 1
        {
            // SIGKILL, so that nothing (no destructor, no buffer) gets the chance to tidy up.
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        }
    }
}
