//! The one way between sync scripts and async Rust: the run in the engine's tag, `wait`, and how errors are thrown.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use rhai::{Dynamic, Engine, EvalAltResult, NativeCallContext};
use tokio::sync::watch;

use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::library::Library;
use crate::report::{Event, Frame, Sink};
use crate::schemas::workspace::Offers;
use crate::schemas::{Schemas, Workspace};
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
    /// It made a text that is too long.
    Size,
    /// It shows a value that nests too deep.
    Depth,
    /// It prints more than anybody reads.
    Said,
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
            Stop::Size => Some(
                Error::failed("idp::script::size", "the text of a list or map is longer than 1 MiB")
                    .help("show a part of it"),
            ),
            Stop::Depth => Some(
                Error::failed("idp::script::depth", "a value that is shown nests deeper than 64 levels")
                    .help("look for a list or map that is put into itself again and again"),
            ),
            Stop::Said => Some(
                Error::failed(
                    "idp::script::said",
                    "the script says more than 64 MiB: it prints, outputs or names steps",
                )
                .help("look for a `print` in a loop"),
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

/// What travels in the engine's tag: the run that calls belong to, and what the host has for functions of its own.
#[derive(Clone)]
pub struct RunTag {
    run: Arc<RwLock<Arc<Run>>>,
    host: Option<Arc<dyn Any + Send + Sync>>,
}

impl RunTag {
    /// A tag with a run.
    pub fn new(run: Arc<Run>) -> RunTag {
        RunTag { run: Arc::new(RwLock::new(run)), host: None }
    }

    /// The same, with what functions of the host find by [`RunTag::host`].
    #[must_use]
    pub fn with(self, host: Arc<dyn Any + Send + Sync>) -> RunTag {
        RunTag { host: Some(host), ..self }
    }

    /// A tag with another run and the same host.
    #[must_use]
    pub fn another(&self, run: Arc<Run>) -> RunTag {
        RunTag { host: self.host.clone(), ..RunTag::new(run) }
    }

    /// The run.
    pub fn run(&self) -> Arc<Run> {
        self.run.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts another run in its place: calls from here on belong to it.
    pub fn set_run(&self, run: Arc<Run>) {
        *self.run.write().unwrap_or_else(PoisonError::into_inner) = run;
    }

    /// What the host put here.
    pub fn host<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        self.host.clone()?.downcast().ok()
    }

    /// The tag of a call.
    pub fn of(ctx: &NativeCallContext) -> Option<RunTag> {
        ctx.tag()?.clone().try_cast()
    }
}

/// How a script ended that didn't end well.
#[derive(Debug)]
pub enum Trouble {
    /// It failed.
    Failed {
        /// Why.
        error: Error,
        /// Where, innermost first.
        frames: Vec<Frame>,
    },
    /// It waits for people.
    Waiting(String),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Trouble {
        Trouble::Failed { error, frames: Vec::new() }
    }
}

/// What the host of a script lends to items beside each other. `script` has the one implementation.
pub trait Branches: Send + Sync {
    /// What a thread needs; made on that thread.
    fn worker(&self) -> Box<dyn Worker>;
    /// What an error of an item means.
    fn explain(&self, error: Box<EvalAltResult>) -> Trouble;
    /// Counts the bytes that a worker left behind as this thread's.
    fn adopt(&self, bytes: isize);
}

/// What one thread needs to run items.
pub trait Worker {
    /// An engine for one item; what the item prints goes to the sink.
    fn engine(&self, sink: Arc<dyn Sink>) -> Engine;
    /// The bytes that its thread allocated and didn't free: results that live on.
    fn leave(self: Box<Self>) -> isize;
}

/// A step that is under way.
struct OpenStep {
    name: String,
    /// Its number in the journal, once the world was needed.
    entry: Option<i64>,
}

/// What a run goes by, whoever starts it.
#[derive(Clone)]
pub struct Setup {
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
    /// Whether what it changes stays in memory, as in plans and tests: there items take turns, so that each time is the same.
    pub in_memory: bool,
}

/// One attempt at a run; or one of several items beside each other in it, which has steps and a sink of its own.
pub struct Run {
    setup: Setup,
    shared: Arc<Shared>,
    /// The steps that are under way, outermost first.
    steps: Mutex<Vec<OpenStep>>,
    branch: Option<Branch>,
}

impl std::ops::Deref for Run {
    type Target = Setup;

    fn deref(&self) -> &Setup {
        &self.setup
    }
}

/// What an attempt and its items have in common.
struct Shared {
    /// Makes the door; scripts that touch no world never pay for one.
    open: Box<dyn Fn() -> Opening + Send + Sync>,
    /// The door, once it was needed.
    opened: OnceLock<Opened>,
    /// Held while it is opened: two items would wait for each other's lock of the run.
    opening: Mutex<()>,
    /// Names that a run may use once, such as the ids of its commits in a repository.
    used: Mutex<BTreeSet<String>>,
    branches: OnceLock<Arc<dyn Branches>>,
    /// Counts the places in the run at which items went beside each other.
    forks: AtomicI64,
    /// Whether what was delivered before is to be brought up to date.
    update: AtomicBool,
    /// Whether something was found as it was delivered before, and left to people.
    left: AtomicBool,
    /// The kinds that the workspace knows.
    schemas: Workspace,
    /// The templates that were rendered, with their digests.
    templates: Mutex<BTreeMap<String, String>>,
}

/// What an item has for itself.
struct Branch {
    parent: Arc<Run>,
    position: i64,
    door: OnceLock<Door>,
}

/// Positions in the journal that each fork takes.
const FORK: i64 = 1 << 20;

impl Run {
    /// An attempt of these parts, whose door is made by `open`.
    pub fn new(setup: Setup, open: impl Fn() -> Opening + Send + Sync + 'static) -> Run {
        let shared = Shared {
            open: Box::new(open),
            opened: OnceLock::new(),
            opening: Mutex::default(),
            used: Mutex::default(),
            branches: OnceLock::new(),
            forks: AtomicI64::new(0),
            update: AtomicBool::new(false),
            left: AtomicBool::new(false),
            schemas: Workspace::new(&setup.config),
            templates: Mutex::default(),
        };
        Run { setup, shared: Arc::new(shared), steps: Mutex::default(), branch: None }
    }

    /// The door and what lives with it, if the world was needed.
    pub fn opened(&self) -> Option<&Opened> {
        self.shared.opened.get()
    }

    /// The door, opened with the first call.
    pub fn door(&self) -> Result<&Door> {
        let opened = match self.shared.opened.get() {
            Some(opened) => opened,
            None => self.first_look()?,
        };
        let Some(branch) = &self.branch else { return Ok(&opened.door) };
        let door = branch.door.get_or_init(|| opened.door.beside(self.sink.clone(), branch.position));
        self.record_open(door)?;
        Ok(door)
    }

    fn first_look(&self) -> Result<&Opened> {
        let _one = self.shared.opening.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(opened) = self.shared.opened.get() {
            return Ok(opened);
        }
        let opened = self.handle.block_on((self.shared.open)())?;
        let opened = self.shared.opened.get_or_init(|| opened);
        self.branch.as_ref().map_or(self, |branch| &branch.parent).record_open(&opened.door)?;
        Ok(opened)
    }

    /// Records the steps that began before the world was needed.
    fn record_open(&self, door: &Door) -> Result<()> {
        let first = self.first_depth();
        for (depth, step) in self.open_steps().iter_mut().enumerate().filter(|(_, step)| step.entry.is_none()) {
            step.entry = self.record_step(door, &step.name, first + depth)?;
        }
        Ok(())
    }

    fn open_steps(&self) -> MutexGuard<'_, Vec<OpenStep>> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many steps of the attempt an item stands in.
    fn first_depth(&self) -> usize {
        self.branch.as_ref().map_or(0, |branch| branch.parent.open_steps().len())
    }

    fn record_step(&self, door: &Door, name: &str, depth: usize) -> Result<Option<i64>> {
        let Some((journal, attempt)) = door.journal() else { return Ok(None) };
        self.handle.block_on(journal.step(*attempt, name, depth, door.position())).map(Some)
    }

    /// The world behind the door.
    pub fn world(&self) -> Result<&World> {
        Ok(self.door()?.world())
    }

    /// The kinds that the workspace and its repositories know; read with the first call.
    pub fn schemas(&self) -> Result<Arc<Schemas>> {
        let world = self.world()?;
        self.wait(async { Ok(self.shared.schemas.whole(world.forge.as_ref()).await?.schemas.clone()) })
    }

    /// What can be claimed; read with the first call.
    pub fn offers(&self) -> Result<Offers> {
        self.wait(self.shared.schemas.offers(self.world()?.forge.as_ref()))
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

    /// The error of a run that was told to stop, if it was.
    pub fn stopped(&self) -> Option<Error> {
        self.stop.borrow().error()
    }

    /// Makes the run bring up to date what was delivered before.
    pub fn set_update(&self, update: bool) {
        self.shared.update.store(update, Ordering::Relaxed);
    }

    /// Whether what was delivered before is to be brought up to date.
    pub fn updates(&self) -> bool {
        self.shared.update.load(Ordering::Relaxed)
    }

    /// Notes that something was delivered before, and left to people.
    pub fn leave_to_people(&self) {
        self.shared.left.store(true, Ordering::Relaxed);
    }

    /// Whether something that was delivered before was left to people.
    pub fn left_to_people(&self) -> bool {
        self.shared.left.load(Ordering::Relaxed)
    }

    /// Notes that a template was rendered.
    pub fn rendered(&self, template: &str, digest: impl FnOnce() -> String) {
        let mut templates = self.shared.templates.lock().unwrap_or_else(PoisonError::into_inner);
        templates.entry(template.to_string()).or_insert_with(digest);
    }

    /// The templates that were rendered, with their digests.
    pub fn templates(&self) -> BTreeMap<String, String> {
        self.shared.templates.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes a name that may be used once in a run.
    pub fn take_once(&self, name: String, error: impl FnOnce() -> Error) -> Result<()> {
        let fresh = self.shared.used.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
        if fresh { Ok(()) } else { Err(error()) }
    }

    /// Says and records that a step begins. What never touches the world leaves no record.
    pub fn step_started(&self, name: &str) -> Result<()> {
        let depth = self.first_depth() + self.open_steps().len();
        self.sink.emit(Event::StepStarted { name: name.to_string(), depth });
        let entry = match self.door_if_open() {
            Some(door) => self.record_step(door, name, depth)?,
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
        self.sink.emit(Event::StepEnded { name: step.name, depth: self.first_depth() + depth, ok });
        match (step.entry, self.opened().and_then(|opened| opened.door.journal())) {
            (Some(entry), Some((journal, _))) => self.handle.block_on(journal.step_ended(entry, ok)),
            _ => Ok(()),
        }
    }

    /// The door that this run (or item) has come to already.
    fn door_if_open(&self) -> Option<&Door> {
        match &self.branch {
            Some(branch) => branch.door.get(),
            None => self.opened().map(|opened| &opened.door),
        }
    }

    /// Lends what items beside each other need.
    pub fn lend(&self, branches: Arc<dyn Branches>) {
        let _ = self.shared.branches.set(branches);
    }

    /// What items beside each other need, once a host runs the script.
    pub fn branches(&self) -> Option<&Arc<dyn Branches>> {
        self.shared.branches.get()
    }

    /// Whether this is one of several items beside each other.
    pub fn is_branch(&self) -> bool {
        self.branch.is_some()
    }

    /// A place at which items go beside each other; returns the position of the first of them.
    pub fn fork(&self) -> i64 {
        (self.shared.forks.fetch_add(2, Ordering::SeqCst) + 1) * FORK
    }

    /// One of the items of a fork. `position` is that of the fork and the item's number.
    pub fn branch(self: &Arc<Run>, sink: Arc<dyn Sink>, position: i64) -> Run {
        Run {
            setup: Setup { sink, ..self.setup.clone() },
            shared: self.shared.clone(),
            steps: Mutex::default(),
            branch: Some(Branch { parent: self.clone(), position, door: OnceLock::new() }),
        }
    }

    /// The items of a fork came together again: what follows is listed behind them.
    pub fn join(&self, fork: i64) {
        if let Some(door) = self.door_if_open() {
            door.move_on(fork + FORK);
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
    match RunTag::of(ctx) {
        Some(tag) => Ok(tag.run()),
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
