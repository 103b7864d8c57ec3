//! `idp-run runs undo`: takes back what a run created, through the same door, as a run of its own.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use clap::Args;
use serde_json::json;

use super::ci::{CiArgs, Telling};
use super::desk::{self, Desk, Hushable};
use super::run::lock;
use super::{Global, block_on};
use crate::config::Config;
use crate::error::{Error, Exit, Kind, Result};
use crate::report::{Event, Sink, Status};
use crate::world::door::{Door, Parts};
use crate::world::fault::Faults;
use crate::world::forge::RUNS_AS;
use crate::world::journal::{ChangeRow, End, Journal, RunKey, RunRow, Start};
use crate::world::plan::guard::{Bound, Guard, Heard, Recorder};
use crate::world::sqlite::SqliteJournal;
use crate::world::undo::{CONFLICT, Undo, run_key};
use crate::world::{Clock, Mode, World, hash, open};

#[derive(Args)]
pub struct UndoArgs {
    /// The run's key, its hash, or enough of either to tell it from others
    #[arg(required = true, value_name = "RUN")]
    pub run: Vec<String>,
    /// Show what would be taken back, change nothing
    #[arg(long)]
    pub plan: bool,
    /// With --plan: exit with 5 if there are changes
    #[arg(long, requires = "plan")]
    pub detailed_exitcode: bool,
    /// Delete the repositories that the run made and nobody else touched, instead of archiving them
    #[arg(long)]
    pub delete: bool,
    /// A file that says what may be changed outside the embedded world
    #[arg(long, value_name = "FILE", env = "IDP_GRANTS")]
    pub grants: Option<PathBuf>,
    /// Make the changes without asking; the embedded world never asks
    #[arg(long, conflicts_with = "plan")]
    pub yes: bool,
}

impl UndoArgs {
    /// Whether what would be taken back is shown and asked about.
    fn asks(&self, desk: Desk) -> bool {
        desk.asks() && !self.plan
    }
}

/// The run that is to be undone.
struct Undone {
    key: String,
    hash: String,
    /// What the journal knows of its changes; without a record, what it says of that.
    rows: Result<Vec<ChangeRow>>,
}

impl Undone {
    /// The named run: from the journal, or by its whole key or hash, as markers have it.
    fn find(config: &Config, rows: &[RunRow], name: &str) -> Result<Undone> {
        let row = match super::runs::find(rows, name) {
            Ok(row) => row,
            Err(error) if error.code() == "idp::runs::unknown" => {
                let is_hash = name.len() == 16 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
                let hash = if is_hash { name.to_string() } else { hash::short(name) };
                return Ok(Undone { key: name.to_string(), hash, rows: Err(error) });
            }
            Err(error) => return Err(error),
        };
        if row.script == "undo" {
            return Err(Error::invalid("idp::undo::undo", format!("`{}` is an undo", row.key))
                .help("an undo isn't undone: run the script again, and it makes anew what was taken back"));
        }
        let journal = SqliteJournal::open(&config.journal(), Faults::default())?;
        let attempts = block_on(journal.attempts(&row.hash))?;
        let rows = attempts.into_iter().flat_map(|attempt| attempt.changes).collect();
        Ok(Undone { key: row.key.clone(), hash: row.hash.clone(), rows: Ok(rows) })
    }
}

/// Undoes a run and says how it ended.
pub fn undo(global: &Global, config: &Config, rows: &[RunRow], args: &UndoArgs) -> Result<Exit> {
    let undone = Undone::find(config, rows, &super::runs::key_of(&args.run))?;
    let known = Arc::new(OnceLock::from(run_key(&undone.key, &undone.hash)));
    let options = global.options(args.plan);
    let (sink, telling) = Telling::of(config, &options, CiArgs::default(), "undo", known)?;
    let runtime = super::runtime()?;
    let desk = Desk::of(config, &options, args.yes);
    let hushed = Arc::<AtomicBool>::default();
    let sink: Arc<dyn Sink> = match args.asks(desk) {
        true => Arc::new(Hushable { sink, hushed: hushed.clone() }),
        false => sink,
    };
    let result = runtime.block_on(run(config, &undone, args, &sink, desk, &hushed));
    let (counts, status, exit) = match result {
        Ok((counts, pending)) => {
            let status = if args.plan { Status::Planned } else { Status::Applied };
            (counts, status, if pending { Exit::Pending } else { Exit::Ok })
        }
        Err((error, counts)) => {
            let status = match error.code() {
                // What can be done is shown, and what can't is marked.
                CONFLICT if args.plan => Status::Planned,
                _ if error.kind() == Kind::Interrupted => Status::Cancelled,
                _ => Status::Failed,
            };
            let exit = error.kind().into();
            if !desk::is_no(&error) {
                sink.emit(Event::Failure { error, frames: Vec::new() });
            }
            (counts, status, exit)
        }
    };
    sink.emit(Event::Summary { counts, status });
    if let Some(telling) = telling {
        telling.finish(&runtime, exit);
    }
    Ok(exit)
}

type Counts = crate::report::Counts;

async fn run(
    config: &Config,
    undone: &Undone,
    args: &UndoArgs,
    sink: &Arc<dyn Sink>,
    desk: Desk,
    hushed: &AtomicBool,
) -> Result<(Counts, bool), (Error, Counts)> {
    let before = |error: Error| (error, Counts::default());
    let grants = desk.grants(args.grants.as_deref()).map_err(before)?;
    let run = run_key(&undone.key, &undone.hash);
    let original = RunKey { key: undone.key.clone(), hash: undone.hash.clone(), ..run.clone() };
    let never = AtomicBool::new(false);
    let (mut guard, mut outside): (Option<Arc<dyn Guard>>, Option<World>) = (None, None);
    let door = |world: World, mode: Mode, sink: Arc<dyn Sink>, guard, journal| -> Result<Door> {
        Ok(Door::new(Parts {
            world,
            mode,
            run: run.clone(),
            script: "undo".into(),
            actor: RUNS_AS.to_string(),
            permissions: open::permissions(
                config,
                grants.as_ref().map(|(file, grants)| (file.as_str(), grants.as_slice())),
            )?,
            reviewers: open::reviewers(config)?,
            guard,
            journal,
            sink,
            cancelled: Arc::new(AtomicBool::new(false)),
        }))
    };
    let rows = || undone.rows.clone().unwrap_or_default();
    if args.asks(desk) {
        let world = open::for_reading(config).await.map_err(before)?;
        let (recorder, shown) = (Arc::new(Recorder::default()), desk.sink(config));
        let door = door(world.overlaid(), Mode::Plan, shown.clone(), Some(recorder.clone()), None).map_err(before)?;
        match Undo::new(&door, &undone.hash, &undone.key, rows(), args.delete).go().await {
            // What can't be taken back was shown; the rest may be agreed to.
            Err(error) if error.code() != CONFLICT => return Err(before(error)),
            _ => {}
        }
        let counts = door.counts();
        if undone.rows.is_ok() || counts != Counts::default() {
            shown.emit(Event::Summary { counts, status: Status::Planned });
        }
        match counts.changes() {
            0 => hushed.store(true, Ordering::SeqCst),
            _ => desk.ask(config.forge.owner(), &counts).map_err(before)?,
        }
        world.forge.look_again();
        guard = Some(Arc::new(Bound::to(recorder.recorded().changes)));
        outside = Some(world);
    }
    // Neither the run nor another undo of it goes on meanwhile.
    let mut held = Vec::new();
    if !args.plan && config.state().is_dir() {
        for run in [&run, &original] {
            held.push(lock(config, run, sink, &never).await.map_err(before)?);
        }
    }
    let world = match outside {
        Some(world) => world,
        None => open::for_reading(config).await.map_err(before)?,
    };
    if let Err(unknown) = &undone.rows {
        // Nothing is recorded: is there anything that carries the run's marker?
        let recorder = Arc::new(Recorder::default());
        let heard = Arc::new(Heard { recorder: recorder.clone(), sink: None });
        let door = door(world.overlaid(), Mode::Plan, heard, None, None).map_err(before)?;
        let seen = Undo::new(&door, &undone.hash, &undone.key, rows(), args.delete).go().await;
        if seen.is_ok() && door.counts() == Counts::default() {
            let message = format!("the journal has no run `{}`, and nothing carries its marker", undone.key);
            let help = unknown.help_text().unwrap_or_default();
            let help = format!("{help}; without a journal name one by its whole key or hash");
            return Err(before(Error::invalid("idp::runs::unknown", message).help(help)));
        }
    }
    let (world, mode, journal) = if args.plan {
        (world.overlaid(), Mode::Plan, None)
    } else {
        let journal = SqliteJournal::open(&config.journal(), Faults::from_env()).map_err(before)?;
        let journal: Arc<dyn Journal> = Arc::new(journal.hiding(config.redactor.clone()));
        let mut command = vec!["runs".to_string(), "undo".into(), undone.hash.clone()];
        command.extend(args.delete.then(|| "--delete".to_string()));
        let params = json!({ "run": undone.key, "delete": args.delete });
        let start = Start { run: run.clone(), params, command, plan: None, time: world.clock.now() };
        let attempt = journal.begin(&start).await.map_err(before)?;
        (world, Mode::Apply, Some((journal, attempt)))
    };
    let door = door(world, mode, sink.clone(), guard, journal).map_err(before)?;
    let ended = Undo::new(&door, &undone.hash, &undone.key, rows(), args.delete).go().await;
    let counts = door.counts();
    if let Some((journal, attempt)) = door.journal() {
        let (status, note) = match &ended {
            Ok(()) => (Status::Applied, None),
            Err(error) => (Status::Failed, Some(error.message())),
        };
        let end = End { status, counts, note, inputs: None, time: Clock::System.now() };
        let end = journal.end(*attempt, &end).await;
        end.map_err(|error| (error, counts))?;
    }
    drop(held);
    match ended {
        Ok(()) => Ok((counts, args.detailed_exitcode && counts.changes() > 0)),
        Err(error) => Err((error, counts)),
    }
}
