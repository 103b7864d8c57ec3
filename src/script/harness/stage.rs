//! What one test acts on: its world in memory, the runs that it starts there, and what is known of its failure.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use serde_json::{Map, Value};
use tokio::sync::OnceCell;

use super::examiner::Examiner;
use super::outcome::{Outcome, Recorder};
use super::snapshot::Taking;
use crate::bridge::{Opened, Opening, Run, RunTag};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::library::{Library, Script};
use crate::primitives::param::Param;
use crate::report::{Frame, Silence, Sink};
use crate::schemas::reviewer;
use crate::script::prompt::{Asking, Judge};
use crate::script::{Attempt, Given, Host, Reviewers, Surroundings, Trouble, diagnose};
use crate::world::door::Parts;
use crate::world::journal::RunKey;
use crate::world::{Change, Door, Mode, World, hash, open};

/// The worlds that tests begin with, each made once for all tests: overlays keep them as they are.
#[derive(Default)]
pub struct Fixtures(Mutex<HashMap<Fixture, Arc<OnceCell<World>>>>);

/// What tells the beginnings apart: the workspace, whether its seeds are in it, and the names of clusters.
type Fixture = (PathBuf, bool, Vec<String>);

impl Fixtures {
    async fn world(&self, config: &Config, seeded: bool) -> Result<World> {
        let clusters = config.clusters.keys().cloned().collect();
        let cell = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.entry((config.root.clone(), seeded, clusters)).or_default().clone()
        };
        cell.get_or_try_init(|| open::for_tests(config, seeded)).await.cloned()
    }
}

/// More about an error than it says itself.
#[derive(Clone)]
pub struct Detail {
    error: Error,
    /// Where in the script that the test ran, innermost first.
    pub frames: Vec<Frame>,
    /// Expected against actual.
    pub diff: Option<String>,
}

/// What one test acts on. It travels in the tag of the test's engine.
pub struct Stage {
    /// The workspace whose scripts are tested.
    pub root: PathBuf,
    name: String,
    /// The test file's own.
    pub folder: Option<PathBuf>,
    examiner: Option<Arc<dyn Examiner>>,
    fixtures: Arc<Fixtures>,
    state: Mutex<State>,
    detail: Mutex<Option<Detail>>,
    host: OnceLock<Weak<Host>>,
    /// What it compares with.
    pub snapshots: Mutex<Taking>,
}

struct State {
    surroundings: Surroundings,
    seeded: bool,
    world: Option<World>,
}

/// Nobody is asked in a test.
struct Nobody;

impl Asking for Nobody {
    fn is_there(&self) -> bool {
        false
    }

    fn ask(&self, name: &str, _: &Param, _: &Judge) -> Result<Value> {
        Err(Error::invalid("idp::param::missing", format!("the parameter `{name}` is missing")))
    }

    fn offer(&self, _: &[&str], _: bool) -> Result<bool> {
        Ok(false)
    }
}

/// Who looks at what a test itself and its people do: they bring about what a script finds, and keep to no policies.
fn own() -> Reviewers {
    Arc::new(reviewer::all)
}

impl Stage {
    /// The stage of a test, with the workspace's own world.
    pub fn new(
        name: &str,
        test: &Script,
        surroundings: Surroundings,
        (fixtures, examiner): (Arc<Fixtures>, Option<Arc<dyn Examiner>>),
        snapshots: Taking,
    ) -> Arc<Stage> {
        Arc::new(Stage {
            root: surroundings.config.root.clone(),
            name: format!("{} {name}", test.name),
            folder: test.folder.clone(),
            examiner,
            fixtures,
            state: Mutex::new(State { surroundings, seeded: true, world: None }),
            detail: Mutex::default(),
            host: OnceLock::new(),
            snapshots: Mutex::new(snapshots),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The tag of the test's engine.
    pub fn tag(self: &Arc<Stage>) -> RunTag {
        RunTag::new(self.own_run()).with(self.clone())
    }

    /// Remembers the host, for the errors that tests expect.
    pub fn set_host(&self, host: &Arc<Host>) {
        let _ = self.host.set(Arc::downgrade(host));
    }

    /// What an error of the test's script means.
    pub fn explain(&self, error: rhai::EvalAltResult) -> Trouble {
        match self.host.get().and_then(Weak::upgrade) {
            Some(host) => diagnose(&host, error),
            None => Error::failed("idp::script::error", error.to_string()).into(),
        }
    }

    /// Who asks policies.
    pub fn examiner(&self) -> Result<Arc<dyn Examiner>> {
        self.examiner.clone().ok_or_else(|| Error::failed("idp::script::no_run", "nobody here asks policies"))
    }

    /// The workspace as the test has it by now.
    pub fn config(&self) -> Arc<Config> {
        self.state().surroundings.config.clone()
    }

    /// The test's world, made with the first look at it.
    pub async fn world(&self) -> Result<World> {
        let (config, seeded) = {
            let state = self.state();
            if let Some(world) = &state.world {
                return Ok(world.clone());
            }
            (state.surroundings.config.clone(), state.seeded)
        };
        let world = self.fixtures.world(&config, seeded).await?.rehearsed();
        Ok(self.state().world.get_or_insert(world).clone())
    }

    /// Another workspace (`idp.yaml` with its seeds) in place of the own one; without `seeded` its world is empty.
    pub fn set_config(self: &Arc<Stage>, tag: &RunTag, config: Config, seeded: Option<bool>) -> Result<()> {
        {
            let mut state = self.state();
            let same = state.surroundings.config.root == config.root
                && state.surroundings.config.clusters == config.clusters
                && seeded.is_none_or(|seeded| seeded == state.seeded);
            if !same && state.world.is_some() {
                return Err(Error::invalid("idp::test::fixture", "the test has looked at its world already")
                    .help("say which world it has before the first look at it, best at the top of the file"));
            }
            state.surroundings.config = Arc::new(config);
            state.seeded = seeded.unwrap_or(state.seeded);
        }
        tag.set_run(self.own_run());
        Ok(())
    }

    /// The run that the test's own calls of primitives belong to.
    fn own_run(self: &Arc<Stage>) -> Arc<Run> {
        let surroundings = self.state().surroundings.clone();
        let (stage, sink) = (self.clone(), surroundings.sink.clone());
        let run = Arc::new(surroundings.run(move || {
            let (stage, sink) = (stage.clone(), sink.clone());
            Box::pin(async move {
                let world = stage.world().await?;
                let who = ("test", crate::world::forge::RUNS_AS);
                stage.opened(world, Mode::Apply, own_key(&stage.name), who, sink, &own())
            })
        }));
        if let Some(host) = self.host.get().and_then(Weak::upgrade) {
            host.lend(&run);
        }
        run
    }

    fn opened(
        &self,
        world: World,
        mode: Mode,
        run: RunKey,
        (script, actor): (&str, &str),
        sink: Arc<dyn Sink>,
        reviewers: &Reviewers,
    ) -> Result<Opened> {
        let Surroundings { config, progress, .. } = self.state().surroundings.clone();
        let door = Door::new(Parts {
            world,
            mode,
            run,
            script: script.to_string(),
            actor: actor.to_string(),
            permissions: open::permissions(&config, None)?,
            reviewers: reviewers(&config)?,
            guard: None,
            journal: None,
            sink,
            cancelled: progress.flag(),
        });
        Ok(Opened { door, hold: None })
    }

    /// What a person does beside the runs.
    pub async fn act(&self, person: &str, change: impl AsyncFnOnce(&World) -> Result<Change>) -> Result<()> {
        let world = self.world().await?;
        let change = change(&world).await?;
        let key = own_key(person);
        let sink: Arc<dyn Sink> = Arc::new(Recorder::default());
        let opened = self.opened(world, Mode::Apply, key, ("test", person), sink, &own())?;
        opened.door.pass(change).await.map(drop)
    }

    /// Runs a script of the workspace with these parameters, in the test's world or (a plan) over it.
    pub fn run_script(
        self: &Arc<Stage>,
        name: &str,
        params: Map<String, Value>,
        mode: Mode,
    ) -> Result<Outcome, Trouble> {
        let mut surroundings = self.state().surroundings.clone();
        let recorder = Arc::new(Recorder::default());
        let script = self.script(name)?;
        surroundings.sink = recorder.clone();
        surroundings.library = Library::new(&self.root).beside(&script);
        surroundings.extras.modules.clear();
        surroundings.mode = mode;
        let (progress, handle) = (surroundings.progress.clone(), surroundings.handle.clone());
        let reviewers = surroundings.reviewers.clone();
        let granted = script.granted(&self.root);
        let behind = handle.block_on(self.world())?;
        let world = if mode == Mode::Plan { behind.overlaid() } else { behind };
        let run = OnceLock::new();
        let whole = || {
            let mut attempt = Attempt::prepare(script, surroundings)?;
            let opener = |key: RunKey, world: World, mode: Mode, sink: Arc<dyn Sink>| {
                let (stage, granted, reviewers) = (self.clone(), granted.clone(), reviewers.clone());
                move || -> Opening {
                    let (stage, world, sink, key) = (stage.clone(), world.clone(), sink.clone(), key.clone());
                    let granted = granted.clone();
                    let actor = crate::world::forge::RUNS_AS;
                    let reviewers = reviewers.clone();
                    Box::pin(async move { stage.opened(world, mode, key, (&granted, actor), sink, &reviewers) })
                }
            };
            let given = Given { exactly: Some(params), ..Given::default() };
            let look = |key| Ok(opener(key, world.overlaid(), Mode::Plan, Arc::new(Silence)));
            let values = attempt.values(name, &given, &Nobody, look)?;
            let key = attempt.key(&values);
            attempt.go(&values, opener(key, world.clone(), mode, recorder.clone()), &run)
        };
        let ended = whole();
        if let Some(error) = progress.why().error() {
            // The test ends with the script that it ran.
            return Err(error.into());
        }
        let counts = run.get().and_then(|run| run.opened()).map(|opened| opened.door.counts());
        Ok(Outcome::new(name, mode, ended, counts.unwrap_or_default(), recorder.take(), world))
    }

    /// A script by name, the one beside the test first; or by its path from the workspace's folder.
    fn script(&self, name: &str) -> Result<Script> {
        let library = Library::new(&self.root);
        let beside = self.folder.as_ref().map(|folder| folder.join(format!("{name}.rhai")));
        match beside.filter(|path| !name.contains('/') && path.is_file()) {
            Some(path) => library.script(&path.display().to_string(), &self.root),
            None => library.script(name, &self.root),
        }
    }

    /// Keeps what is known of an error beyond its own words, for the report.
    pub fn explain_later(&self, error: &Error, frames: Vec<Frame>, diff: Option<String>) {
        let detail = Detail { error: error.clone(), frames, diff };
        *self.detail.lock().unwrap_or_else(PoisonError::into_inner) = Some(detail);
    }

    /// What is known of this error, if it was the last to be explained.
    pub fn detail(&self, error: &Error) -> Option<Detail> {
        let detail = self.detail.lock().unwrap_or_else(PoisonError::into_inner).clone();
        detail.filter(|detail| detail.error == *error)
    }
}

fn own_key(name: &str) -> RunKey {
    RunKey { hash: hash::short(name), script: "test".into(), input_hash: String::new(), key: name.to_string() }
}
