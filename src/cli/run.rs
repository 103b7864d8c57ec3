//! `idp-run SCRIPT`: one attempt at a run, on a thread of its own, watched for time, memory and Ctrl-C.

use std::cell::OnceCell;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::apply;
use super::ci::{CiArgs, Telling};
use super::desk::{self, Desk, Hushable};
use super::foresee::Foresight;
use super::prompt::Terminal;
use super::{Global, current_folder, outdated, runtime, script_help};
use crate::audit::gate;
use crate::bridge::{Opened, Opening, Run, Stop};
use crate::config::{self, Config};
use crate::error::{Error, Exit, Kind, Result};
use crate::library::{Library, Script};
use crate::output::{self, Format};
use crate::report::{Counts, Event, Sink, Status};
use crate::script::{
    Attempt, Declared, Ended, Extras, Fence, Given, Progress, Reviewers, Surroundings, Trouble, input_hash,
};
use crate::world::door::{Parts, cancelled};
use crate::world::fault::Faults;
use crate::world::forge::RUNS_AS;
use crate::world::journal::{End, Inputs, Journal, RunKey, Start};
use crate::world::lock::FileLock;
use crate::world::plan::SavedPlan;
use crate::world::plan::guard::{Guard, Heard, Recorder};
use crate::world::sqlite::SqliteJournal;
use crate::world::{Door, Mode, World, open};

/// How long a run waits for another one of the same key.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Args, Clone, Default)]
pub struct RunArgs {
    /// The script's name, or its path
    #[arg(value_name = "SCRIPT")]
    pub script: Option<String>,
    /// Parameters of the script
    #[arg(value_name = "NAME=VALUE")]
    pub pairs: Vec<String>,
    /// A parameter of the script; the same as NAME=VALUE
    #[arg(long, value_name = "NAME=VALUE")]
    pub param: Vec<String>,
    /// Parameters from a YAML or JSON file
    #[arg(long, value_name = "FILE")]
    pub params: Option<PathBuf>,
    /// Show every change, make none
    #[arg(long)]
    pub plan: bool,
    /// With --plan: save the plan, for `idp-run apply FILE`
    #[arg(long, value_name = "FILE", requires = "plan")]
    pub out: Option<PathBuf>,
    /// With --plan: exit with 5 if there are changes
    #[arg(long, requires = "plan")]
    pub detailed_exitcode: bool,
    /// Propose what earlier attempts delivered and would deliver differently now, merged with people's edits
    #[arg(long)]
    pub update: bool,
    /// Make the changes without asking; the embedded world never asks
    #[arg(long, conflicts_with = "plan")]
    pub yes: bool,
    /// A file that says what the run may change outside the embedded world
    #[arg(long, value_name = "FILE", env = "IDP_GRANTS")]
    pub grants: Option<PathBuf>,
    #[command(flatten)]
    pub ci: CiArgs,
    /// Show what the script does and its parameters
    #[arg(short, long)]
    pub help: bool,
    /// Values of an earlier attempt, when a run is resumed.
    #[arg(skip)]
    pub values: serde_json::Map<String, serde_json::Value>,
    /// The plan that is applied, if one is.
    #[arg(skip)]
    pub saved: Option<Arc<SavedPlan>>,
}

/// Runs a script and says how it ended, whatever happened.
pub fn run(global: &Global, args: RunArgs) -> Exit {
    let options = global.options(args.plan);
    let Some(name) = args.script.clone() else {
        if args.help {
            let _ = super::run_command().print_long_help();
            return Exit::Ok;
        }
        let error = Error::invalid("idp::usage", "run needs the name or the path of a script");
        output::error_to_stderr(
            &options,
            &error.help("`idp-run list` shows the scripts, `idp-run run --help` the flags"),
        );
        return Exit::Invalid;
    };
    let known = Arc::new(OnceLock::new());
    let prepared = (|| {
        let here = current_folder()?;
        args.out.as_deref().map(apply::check_out).transpose()?;
        let (config, script) = find(global, &name, &here)?;
        let told = Telling::of(&config, &options, args.ci, &name, known.clone())?;
        let runtime = runtime()?;
        // Heard from before the script's first word.
        let interrupts = {
            let _inside = runtime.enter();
            signal(SignalKind::interrupt())
        };
        let interrupts =
            interrupts.map_err(|error| Error::failed("idp::io", format!("can't listen for interrupts: {error}")))?;
        Ok((config, script, runtime, interrupts, told))
    })();
    let (config, script, runtime, mut interrupts, (sink, telling)) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => {
            output::error_to_stderr(&options, &error);
            return error.kind().into();
        }
    };
    let (config, help) = (Arc::new(config), args.help);
    let desk = Desk::of(&config, &options, args.yes);
    let hushed = Arc::<AtomicBool>::default();
    let sink: Arc<dyn Sink> = match desk.asks() && !args.plan {
        true => Arc::new(Hushable { sink, hushed: hushed.clone() }),
        false => sink,
    };
    let progress = Progress::new(config.limits.memory);
    let surroundings = Surroundings {
        library: Library::new(&config.root).beside(&script),
        config: config.clone(),
        sink: sink.clone(),
        progress: progress.clone(),
        mode: if args.plan { Mode::Plan } else { Mode::Apply },
        in_memory: args.plan,
        handle: runtime.handle().clone(),
        extras: Extras::default(),
        reviewers: gate::reviewers(),
    };
    let (ask, outside) = (options.format == Format::Human, Arc::default());
    let attempt = Commanded { surroundings, script, args, known, ask, desk, hushed, outside };
    let mut fence = match Fence::start(config.limits, &progress, move || attempt.whole()) {
        Ok(fence) => fence,
        Err(error) => {
            let error = Error::failed("idp::io", format!("can't start the script's thread: {error}"))
                .help("lower `limits.memory` in idp.yaml");
            output::error_to_stderr(&options, &error);
            return Exit::Failed;
        }
    };
    let exit = match runtime.block_on(watch(&mut fence, &progress, &mut interrupts)) {
        Some(Ended::Itself { result, .. }) => result,
        // The thread is left where it is: the process ends, and with it the change that is under way.
        None => Exit::Interrupted,
        Some(Ended::Left(error) | Ended::Panicked(error)) => {
            last_words(sink, error);
            Exit::Failed
        }
    };
    if let Some(telling) = telling.filter(|_| !help) {
        telling.finish(&runtime, exit);
    }
    exit
}

/// Waits for the end, telling the run to stop when a person says so; nothing if they say it twice.
async fn watch(fence: &mut Fence<Exit>, progress: &Progress, interrupts: &mut Signal) -> Option<Ended<Exit>> {
    let ended = fence.ended();
    tokio::pin!(ended);
    let mut asked = false;
    loop {
        tokio::select! {
            ended = &mut ended => return Some(ended),
            heard = interrupts.recv() => {
                // A second Ctrl-C doesn't wait for the change that is under way.
                if asked || heard.is_none() {
                    return None;
                }
                asked = true;
                progress.stop(Stop::Cancelled);
            }
        }
    }
}

/// Says how a run ended whose own thread can't. That thread may hold the sink's lock, so nobody waits for it for long.
fn last_words(sink: Arc<dyn Sink>, error: Error) {
    let (said, heard) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        sink.emit(Event::Failure { error, frames: Vec::new() });
        sink.emit(Event::Summary { counts: Counts::default(), status: Status::Failed });
        let _ = said.send(());
    });
    let _ = heard.recv_timeout(Duration::from_secs(2));
}

/// Whether a script is named by its path.
pub(super) fn is_path(name: &str) -> bool {
    name.contains('/') || name.ends_with(".rhai")
}

/// The workspace and the script: a path without a workspace above brings its own folder as one.
fn find(global: &Global, name: &str, here: &std::path::Path) -> Result<(Config, Script)> {
    let found = Config::find(global.workspace.as_deref(), here)?;
    let config = match found {
        Some(config) => config,
        None if is_path(name) => {
            let folder = here.join(name);
            Config::bare(folder.parent().unwrap_or(here))?
        }
        None => Config::bare(here)?,
    };
    let script = Library::new(&config.root).script(name, here)?;
    Ok((config, script))
}

/// What an attempt was made with, its parameters, and their rules.
pub(super) struct MadeWith {
    pub(super) inputs: Inputs,
    pub(super) values: serde_json::Map<String, serde_json::Value>,
    pub(super) declared: Vec<Declared>,
}

impl MadeWith {
    pub(super) fn by(
        attempt: &Attempt,
        run: &OnceLock<Arc<Run>>,
        values: &serde_json::Map<String, serde_json::Value>,
    ) -> MadeWith {
        let inputs = attempt.inputs(run.get().map(Arc::as_ref));
        MadeWith { inputs, values: values.clone(), declared: attempt.declared().to_vec() }
    }
}

/// One attempt of the command line, with all that it needs on its thread.
pub(super) struct Commanded {
    pub(super) surroundings: Surroundings,
    pub(super) script: Script,
    pub(super) args: RunArgs,
    /// The run's key, once it is known.
    pub(super) known: Arc<OnceLock<RunKey>>,
    pub(super) ask: bool,
    pub(super) desk: Desk,
    /// Set once nothing needs saying that the plan said.
    pub(super) hushed: Arc<AtomicBool>,
    /// The world outside, once it was opened: a plan and the run behind it look through the same client.
    pub(super) outside: Arc<OnceLock<World>>,
}

impl Commanded {
    /// The attempt from compiling to its last word.
    fn whole(self) -> Exit {
        let run = OnceLock::new();
        let made = OnceCell::new();
        let result = self.attempt(&run, &made);
        let sink = &self.surroundings.sink;
        let door = run.get().and_then(|run: &Arc<Run>| run.opened()).map(|opened| &opened.door);
        let counts = door.map(Door::counts).unwrap_or_default();
        let (mut status, mut exit, note) = match result {
            Ok(None) => {
                let planned = self.args.plan;
                let pending = planned && self.args.detailed_exitcode && counts.changes() > 0;
                let status = if planned { Status::Planned } else { Status::Applied };
                (status, if pending { Exit::Pending } else { Exit::Ok }, None)
            }
            Ok(Some(help)) if self.ask => {
                output::text(&help);
                return Exit::Ok;
            }
            Ok(Some(help)) => {
                sink.emit(Event::Print(help));
                (Status::Planned, Exit::Ok, None)
            }
            Err(Trouble::Waiting(what)) => {
                sink.emit(Event::Waiting(what.clone()));
                (Status::Waiting, Exit::Ok, Some(what))
            }
            Err(Trouble::Failed { error, frames }) => {
                let status = if error.kind() == Kind::Interrupted { Status::Cancelled } else { Status::Failed };
                // 2 promises an untouched world: a mistake that shows itself after a change is a failure.
                let touched = !self.args.plan && counts.changes() > 0;
                let exit = match Exit::from(error.kind()) {
                    Exit::Invalid if touched => Exit::Failed,
                    exit => exit,
                };
                let note = Some(error.message().to_string());
                if !desk::is_no(&error) {
                    sink.emit(Event::Failure { error, frames });
                }
                (status, exit, note)
            }
        };
        let made = made.into_inner();
        let mut told = match (&made, run.get(), exit) {
            (Some(made), Some(run), Exit::Ok | Exit::Pending) => outdated::notice(run, self.called(), made),
            _ => Ok(()),
        };
        if let Some((journal, attempt)) = door.and_then(Door::journal) {
            let time = crate::world::Clock::System.now();
            let inputs = made.map(|made| (input_hash(&made.inputs, &made.values), made.inputs));
            let end = End { status, counts, note: note.as_deref(), inputs, time };
            told = told.and(self.surroundings.handle.block_on(journal.end(*attempt, &end)));
        }
        if let Err(error) = told {
            sink.emit(Event::Failure { error, frames: Vec::new() });
            (status, exit) = (Status::Failed, Exit::Failed);
        }
        sink.emit(Event::Summary { counts, status });
        exit
    }

    /// Runs the script; the text if only help was asked for.
    fn attempt(&self, run: &OnceLock<Arc<Run>>, made: &OnceCell<MadeWith>) -> Result<Option<String>, Trouble> {
        let asks = self.asks() && !self.args.help;
        if let Some(saved) = &self.args.saved {
            if asks {
                self.show(saved)?;
            }
            return self.apply(saved, run, made).map(|()| None);
        }
        let recorder = (self.args.out.is_some() || asks).then(|| Arc::new(Recorder::default()));
        let surroundings = match &recorder {
            Some(recorder) if asks => self.heard_by(recorder, Some(self.desk.sink(&self.surroundings.config))),
            Some(recorder) => self.heard_by(recorder, Some(self.surroundings.sink.clone())),
            None => self.surroundings.clone(),
        };
        let mut attempt = Attempt::prepare(self.script.clone(), surroundings.clone())?.updating(self.args.update);
        if self.args.help {
            return script_help::of(self, &mut attempt).map(Some);
        }
        let mut given = self.given()?;
        let Surroundings { config, handle, progress, .. } = &self.surroundings;
        let look = |key| self.looking(key);
        let known =
            !self.args.update || outdated::recall(config, handle, self.called(), &mut attempt, &mut given, look)?;
        let terminal = Terminal { allowed: self.ask, offers: !self.args.yes };
        let gathered = progress.asking(|| attempt.values(self.called(), &given, &terminal, look));
        let values = gathered.map_err(|trouble| match trouble {
            Trouble::Failed { error, frames } if !known && error.code() == "idp::param::missing" => {
                let help = "--update takes what isn't given from the journal, and it has no run of these values: \
                            `idp-run runs list` shows those it has";
                Trouble::Failed { error: error.help(help), frames }
            }
            other => other,
        })?;
        let key = attempt.key(&values);
        let _ = self.known.set(key.clone());
        let mut opening = self.opening(&surroundings, key.clone(), values.clone())?;
        let foresight = (asks || self.args.plan)
            .then(|| Foresight::beside(recorder.clone().map(|recorder| recorder as Arc<dyn Guard>)));
        if let Some(foresight) = &foresight {
            opening.guard = Some(foresight.written.clone());
            opening.beneath = Some(foresight.beneath.clone());
        }
        if let (Some(recorder), true) = (&recorder, asks) {
            let shown = OnceLock::new();
            attempt.go(&values, opening.opener(), &shown)?;
            self.foresee(foresight.as_ref(), &shown, &surroundings.sink);
            let saved = self.plan_of(recorder.recorded(), key, values)?;
            // What showed the plan has said its last word before the question is put.
            drop(attempt);
            self.agree(&saved, &surroundings, shown)?;
            return self.apply(&saved, run, made).map(|()| None);
        }
        let ended = attempt.go(&values, opening.opener(), run);
        let _ = made.set(MadeWith::by(&attempt, run, &values));
        ended?;
        self.foresee(foresight.as_ref(), run, &surroundings.sink);
        if let (Some(recorder), Some(out)) = (recorder, &self.args.out) {
            self.save(recorder.recorded(), key, values, out)?;
        }
        Ok(None)
    }

    /// What opens a door for looking alone, before the parameters are known.
    pub(super) fn looking(&self, key: RunKey) -> Result<impl Fn() -> Opening + Send + Sync + 'static + use<>> {
        let plan = Surroundings { mode: Mode::Plan, in_memory: true, ..self.surroundings.clone() };
        Ok(self.opening(&plan, key, serde_json::Map::new())?.opener())
    }

    /// Whether the plan is shown and asked about.
    pub(super) fn asks(&self) -> bool {
        self.desk.asks() && !self.args.plan
    }

    /// The surroundings of a plan that is written down, and said to a sink or not at all.
    pub(super) fn heard_by(&self, recorder: &Arc<Recorder>, sink: Option<Arc<dyn Sink>>) -> Surroundings {
        let sink = Arc::new(Heard { recorder: recorder.clone(), sink });
        Surroundings { sink, mode: Mode::Plan, in_memory: true, ..self.surroundings.clone() }
    }

    /// The script as the command line called it: what people can type again.
    pub(super) fn called(&self) -> &str {
        self.args.script.as_deref().unwrap_or(&self.script.name)
    }

    pub(super) fn given(&self) -> Result<Given> {
        let mut pairs = Vec::new();
        for text in self.args.pairs.iter().chain(&self.args.param) {
            let Some((name, value)) = text.split_once('=') else {
                return Err(Error::invalid("idp::usage", format!("`{text}` is not NAME=VALUE"))
                    .help(format!("`idp-run {} --help` lists the parameters", self.called())));
            };
            pairs.push((name.to_string(), value.to_string()));
        }
        Ok(Given { pairs, file: self.args.params.clone(), values: self.args.values.clone(), ..Given::default() })
    }

    /// What the door is made of, once the script looks at the world.
    pub(super) fn opening(
        &self,
        surroundings: &Surroundings,
        key: RunKey,
        values: serde_json::Map<String, serde_json::Value>,
    ) -> Result<OpeningParts> {
        let config = self.surroundings.config.clone();
        Ok(OpeningParts {
            sink: surroundings.sink.clone(),
            progress: surroundings.progress.clone(),
            mode: surroundings.mode,
            script: self.script.granted(&config.root),
            command: command(&self.script, &self.args)?,
            grants: self.desk.grants(self.args.grants.as_deref())?,
            params: serde_json::Value::Object(values),
            config,
            key,
            guard: None,
            beneath: None,
            hold: Mutex::default(),
            plan: None,
            outside: self.outside.clone(),
            reviewers: self.surroundings.reviewers.clone(),
        })
    }
}

/// The script as a later attempt names it: a path must not depend on the current folder.
fn command(script: &Script, args: &RunArgs) -> Result<Vec<String>> {
    let name = args.script.clone().unwrap_or_default();
    let name = match &script.folder {
        Some(folder) if is_path(&name) => {
            let path = folder.join(format!("{}.rhai", script.name));
            std::path::absolute(&path).map_err(crate::error::io("find", &path))?.display().to_string()
        }
        _ => name,
    };
    Ok([name].into_iter().chain(args.update.then(|| outdated::UPDATE.to_string())).collect())
}

pub(super) struct OpeningParts {
    config: Arc<Config>,
    sink: Arc<dyn Sink>,
    progress: Progress,
    mode: Mode,
    script: String,
    command: Vec<String>,
    grants: Option<(String, Vec<config::Grant>)>,
    key: RunKey,
    params: serde_json::Value,
    /// Who looks on while changes pass.
    pub(super) guard: Option<Arc<dyn Guard>>,
    /// Where a plan leaves the world that it lies on.
    pub(super) beneath: Option<Arc<OnceLock<World>>>,
    /// The run's lock, if it was taken before.
    pub(super) hold: Mutex<Option<FileLock>>,
    /// The digest of the plan that is applied.
    pub(super) plan: Option<String>,
    outside: Arc<OnceLock<World>>,
    reviewers: Reviewers,
}

impl OpeningParts {
    /// What opens the door with these parts.
    pub(super) fn opener(self) -> impl Fn() -> Opening + Send + Sync + 'static + use<> {
        let parts = Arc::new(self);
        move || -> Opening { Box::pin(opened(parts.clone())) }
    }
}

/// Opens the door: over the real world with the run's lock and journal, or over an overlay.
async fn opened(parts: Arc<OpeningParts>) -> Result<Opened> {
    let config = &parts.config;
    let grants = parts.grants.as_ref().map(|(file, grants)| (file.as_str(), grants.as_slice()));
    let permissions = open::permissions(config, grants)?;
    let reviewers = (parts.reviewers)(config)?;
    let (world, journal, hold) = match parts.mode {
        Mode::Plan => {
            let world = match parts.outside.get() {
                Some(world) => {
                    world.forge.look_again();
                    world.clone()
                }
                None => open::for_reading(config).await?,
            };
            if !world.embedded {
                let _ = parts.outside.set(world.clone());
            }
            if let Some(beneath) = &parts.beneath {
                let _ = beneath.set(world.clone());
            }
            (world.overlaid(), None, None)
        }
        Mode::Apply => {
            let taken = parts.hold.lock().unwrap_or_else(PoisonError::into_inner).take();
            let hold = match taken {
                Some(hold) => hold,
                None => lock(config, &parts.key, &parts.sink, &parts.progress.flag()).await?,
            };
            let world = match parts.outside.get() {
                Some(world) => world.clone(),
                None => open::for_changes(config)?,
            };
            let journal: Arc<dyn Journal> =
                Arc::new(SqliteJournal::open(&config.journal(), Faults::from_env())?.hiding(config.redactor.clone()));
            let attempt = journal
                .begin(&Start {
                    run: parts.key.clone(),
                    params: parts.params.clone(),
                    command: parts.command.clone(),
                    plan: parts.plan.clone(),
                    time: world.clock.now(),
                })
                .await?;
            (world, Some((journal, attempt)), Some(hold))
        }
    };
    let door = Door::new(Parts {
        world,
        mode: parts.mode,
        run: parts.key.clone(),
        script: parts.script.clone(),
        actor: RUNS_AS.to_string(),
        permissions,
        reviewers,
        guard: parts.guard.clone(),
        journal,
        sink: parts.sink.clone(),
        cancelled: parts.progress.flag(),
    });
    Ok(Opened { door, hold })
}

/// The run's lock: one writer for a key at a time.
pub(super) async fn lock(config: &Config, run: &RunKey, sink: &Arc<dyn Sink>, cancel: &AtomicBool) -> Result<FileLock> {
    let path = config.run_lock(&run.hash);
    let began = std::time::Instant::now();
    let mut said = false;
    loop {
        if let Some(mut lock) = FileLock::try_acquire(&path)? {
            lock.sign(&format!("process {} (`{}`)", std::process::id(), run.key))?;
            return Ok(lock);
        }
        let holder = std::fs::read_to_string(&path).unwrap_or_default();
        if !said {
            said = true;
            sink.emit(Event::Warning {
                message: format!("another run of `{}` is under way: {}", run.key, holder.trim()),
                help: Some(format!("waiting for it, for at most {} s", PATIENCE.as_secs())),
            });
        }
        if cancel.load(Ordering::SeqCst) {
            return Err(cancelled());
        }
        if began.elapsed() > PATIENCE {
            let message = format!("another run of `{}` is still under way: {}", run.key, holder.trim());
            return Err(Error::failed("idp::run::held", message).help("stop it, or wait for its end"));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
