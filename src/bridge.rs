//! The one way between sync scripts and async Rust: the run in the engine's tag, `wait`, and how errors are thrown.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rhai::{Dynamic, EvalAltResult, NativeCallContext};
use tokio::sync::watch;

use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::library::Library;
use crate::report::{Event, Sink};
use crate::world::{Door, World};

/// What functions that scripts call return; named so that generated definitions print it cleanly.
pub type RhaiResultOf<T> = Result<T, Box<EvalAltResult>>;

/// Why a run is to stop, if it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stop {
    /// It isn't.
    #[default]
    No,
    /// A person said so.
    Cancelled,
    /// Its time is up.
    Time,
    /// It uses more memory than it may.
    Memory,
}

impl Stop {
    /// The error that the run ends in.
    pub fn error(self) -> Option<Error> {
        match self {
            Stop::No => None,
            Stop::Cancelled => Some(crate::world::door::cancelled()),
            Stop::Time => Some(
                Error::failed("idp::script::time", "the script took longer than its limit allows")
                    .help("look for an endless loop, or raise `limits.time` in idp.yaml"),
            ),
            Stop::Memory => Some(
                Error::failed("idp::script::memory", "the script used more memory than its limit allows")
                    .help("look for something that grows without end, or raise `limits.memory` in idp.yaml"),
            ),
        }
    }
}

/// The end of an attempt that has to wait for people. Thrown so that no script catches it.
#[derive(Debug, Clone)]
pub struct Waiting(pub String);

/// A future of a door, made when the run first needs the world.
pub type Opening = Pin<Box<dyn Future<Output = Result<Opened>> + Send>>;

/// A door, and what must live as long as it does (the run's lock).
pub struct Opened {
    /// The door.
    pub door: Door,
    /// Held until the run ends.
    pub hold: Option<crate::world::lock::FileLock>,
}

/// What a run shares with the functions that its script calls. It travels in the engine's tag.
#[derive(Clone)]
pub struct RunTag(pub Arc<Run>);

/// A step that is under way.
pub struct OpenStep {
    /// Its name.
    pub name: String,
    /// Its number in the journal, once the world was needed.
    pub entry: Option<i64>,
}

/// One attempt at a run.
pub struct Run {
    /// The workspace.
    pub config: Arc<Config>,
    /// Where names are looked up.
    pub library: Library,
    /// Where events go.
    pub sink: Arc<dyn Sink>,
    /// The runtime that futures are driven by.
    pub handle: tokio::runtime::Handle,
    /// Why to stop, if so.
    pub stop: watch::Receiver<Stop>,
    /// Makes the door; scripts that touch no world never pay for one.
    pub open: Box<dyn Fn() -> Opening + Send + Sync>,
    /// The door, once it was needed.
    pub opened: OnceLock<Opened>,
    /// The steps that are under way, outermost first.
    pub steps: Mutex<Vec<OpenStep>>,
    /// Names that a run may use once, such as the ids of its commits in a repository.
    pub used: Mutex<BTreeSet<String>>,
}

impl Run {
    /// The door, opened with the first call.
    pub fn door(&self) -> Result<&Door> {
        if let Some(opened) = self.opened.get() {
            return Ok(&opened.door);
        }
        let opened = self.handle.block_on((self.open)())?;
        let door = &self.opened.get_or_init(|| opened).door;
        // Steps that began before the world was needed.
        for (depth, step) in self.open_steps().iter_mut().enumerate() {
            step.entry = self.record_step(door, &step.name, depth)?;
        }
        Ok(door)
    }

    fn open_steps(&self) -> MutexGuard<'_, Vec<OpenStep>> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record_step(&self, door: &Door, name: &str, depth: usize) -> Result<Option<i64>> {
        let Some((journal, attempt)) = door.journal() else { return Ok(None) };
        self.handle.block_on(journal.step(*attempt, name, depth)).map(Some)
    }

    /// The world behind the door.
    pub fn world(&self) -> Result<&World> {
        Ok(self.door()?.world())
    }

    /// Drives a read to its end, or to the run's.
    pub fn wait<T>(&self, future: impl Future<Output = Result<T>>) -> Result<T> {
        let mut stop = self.stop.clone();
        self.handle.block_on(async move {
            tokio::select! {
                biased;
                result = future => result,
                error = stopped(&mut stop) => Err(error),
            }
        })
    }

    /// Drives a change to its end: once begun, it is not dropped half-way.
    pub fn pass<T>(&self, future: impl Future<Output = Result<T>>) -> Result<T> {
        self.handle.block_on(future)
    }

    /// Takes a name that may be used once in a run.
    pub fn take_once(&self, name: String, error: impl FnOnce() -> Error) -> Result<()> {
        let fresh = self.used.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
        if fresh { Ok(()) } else { Err(error()) }
    }

    /// Says and records that a step begins. What never touches the world leaves no record.
    pub fn step_started(&self, name: &str) -> Result<()> {
        let depth = self.open_steps().len();
        self.sink.emit(Event::StepStarted { name: name.to_string(), depth });
        let entry = match self.opened.get() {
            Some(opened) => self.record_step(&opened.door, name, depth)?,
            None => None,
        };
        self.open_steps().push(OpenStep { name: name.to_string(), entry });
        Ok(())
    }

    /// Says and records that the innermost step ended.
    pub fn step_ended(&self, ok: bool) -> Result<()> {
        let (step, depth) = {
            let mut steps = self.open_steps();
            (steps.pop(), steps.len())
        };
        let Some(step) = step else { return Ok(()) };
        self.sink.emit(Event::StepEnded { name: step.name, depth, ok });
        match (step.entry, self.opened.get().and_then(|opened| opened.door.journal())) {
            (Some(entry), Some((journal, _))) => self.handle.block_on(journal.step_ended(entry, ok)),
            _ => Ok(()),
        }
    }
}

async fn stopped(stop: &mut watch::Receiver<Stop>) -> Error {
    match stop.wait_for(|stop| *stop != Stop::No).await.map(|stop| *stop) {
        Ok(stop) => stop.error().unwrap_or_else(crate::world::door::cancelled),
        // Nobody is left who could stop the run.
        Err(_) => std::future::pending().await,
    }
}

/// The run that a call belongs to.
pub fn run_of(ctx: &NativeCallContext) -> RhaiResultOf<Arc<Run>> {
    match ctx.tag().and_then(|tag| tag.clone().try_cast::<RunTag>()) {
        Some(tag) => Ok(tag.0),
        None => Err(throw(ctx, Error::failed("idp::script::no_run", format!("{} needs a run", ctx.fn_name())))),
    }
}

/// Throws an error at the place of the call, so that scripts can catch it; the end of the run can't be caught.
pub fn throw(ctx: &NativeCallContext, error: Error) -> Box<EvalAltResult> {
    throw_at(error, ctx.call_position())
}

/// Throws an error at a position.
pub fn throw_at(error: Error, position: rhai::Position) -> Box<EvalAltResult> {
    Box::new(match error.kind() {
        Kind::Interrupted => EvalAltResult::ErrorTerminated(Dynamic::from(error), position),
        _ => EvalAltResult::ErrorRuntime(Dynamic::from(error), position),
    })
}

/// Ends the attempt: it waits for this.
pub fn throw_waiting(ctx: &NativeCallContext, what: String) -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorTerminated(Dynamic::from(Waiting(what)), ctx.call_position()))
}
