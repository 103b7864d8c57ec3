//! `--plan --out FILE` and `idp-run apply FILE`: a plan is written down, and applied by running its script again under
//! it: first against an overlay, to see whether the plan still fits the world, then for real, bound to its changes.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use clap::Args;
use serde_json::{Map, Value};

use super::ci::CiArgs;
use super::foresee;
use super::prompt::Terminal;
use super::run::{self, Commanded, MadeWith, RunArgs};
use super::{Global, current_folder};
use crate::bridge::Run;
use crate::config::FILE;
use crate::error::{Error, Exit, Kind, Related, Result};
use crate::output;
use crate::report::{Event, Status};
use crate::script::{Attempt, Given, Surroundings, Trouble};
use crate::world::Clock;
use crate::world::journal::RunKey;
use crate::world::plan::compare::{Moved, changed_sources, fit, fit_so_far};
use crate::world::plan::guard::{Bound, Guard, Recorded, Recorder};
use crate::world::plan::{self, SavedPlan};

#[derive(Args)]
pub struct ApplyArgs {
    /// The file that `--plan --out` wrote
    #[arg(value_name = "PLAN")]
    file: PathBuf,
    /// Show what of the plan would be made now, make nothing
    #[arg(long)]
    plan: bool,
    /// With --plan: exit with 5 if there are changes
    #[arg(long, requires = "plan")]
    detailed_exitcode: bool,
    /// Make the changes without asking; the embedded world never asks
    #[arg(long, conflicts_with = "plan")]
    yes: bool,
    /// A file that says what the run may change outside the embedded world
    #[arg(long, value_name = "FILE", env = "IDP_GRANTS")]
    grants: Option<PathBuf>,
    #[command(flatten)]
    ci: CiArgs,
}

/// Applies a saved plan, or says why it can't be applied.
pub fn apply(global: &Global, args: ApplyArgs) -> Exit {
    let prepared = || -> Result<RunArgs> {
        let saved = SavedPlan::read(&args.file)?;
        Ok(RunArgs {
            script: Some(script_of(global, &saved)?),
            values: saved.params.clone(),
            plan: args.plan,
            update: saved.update,
            detailed_exitcode: args.detailed_exitcode,
            yes: args.yes,
            grants: args.grants.clone(),
            ci: args.ci,
            saved: Some(Arc::new(saved)),
            ..RunArgs::default()
        })
    };
    match prepared() {
        Ok(args) => run::run(global, args),
        Err(error) => {
            output::error_to_stderr(&global.options(args.plan), &error);
            error.kind().into()
        }
    }
}

/// The script as the command line would name it here: a plan names it from its workspace.
fn script_of(global: &Global, saved: &SavedPlan) -> Result<String> {
    let config = global.config()?;
    let changed = changed_sources(saved, |name| crate::library::Library::new(&config.root).bytes_of(name))?;
    if !changed.is_empty() {
        return Err(stale(saved, &changed));
    }
    if !saved.script.ends_with(".rhai") {
        return Ok(saved.script.clone());
    }
    let (path, here) = (config.root.join(&saved.script), current_folder()?);
    Ok(path.strip_prefix(&here).unwrap_or(&path).display().to_string())
}

fn stale(saved: &SavedPlan, changed: &[String]) -> Error {
    let message = format!("what the plan was made of changed since: {}", changed.join(", "));
    let help = format!("plan again, in the workspace that it is for: `idp-run {} ... --plan --out FILE`", saved.script);
    Error::failed("idp::plan::sources", message).help(help)
}

/// Refuses a place for a plan before any work is done.
pub(super) fn check_out(out: &Path) -> Result<()> {
    let folder = out.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let why = if out.is_dir() {
        "it is a folder"
    } else if !folder.is_dir() {
        "its folder doesn't exist"
    } else if out.exists() && !SavedPlan::may_replace(out) {
        "there is a file that is no saved plan"
    } else {
        return Ok(());
    };
    let message = format!("can't save the plan as {}: {why}", out.display());
    Err(Error::invalid("idp::plan::out", message).help("`--out FILE` names the file to write; only plans are replaced"))
}

/// The script of a plan, ready to be run again with the plan's values.
struct Again {
    attempt: Attempt,
    heard: Surroundings,
    key: RunKey,
    values: Map<String, Value>,
}

impl Commanded {
    /// What a run would do, as a plan that can be applied.
    pub(super) fn plan_of(&self, recorded: Recorded, key: RunKey, params: Map<String, Value>) -> Result<SavedPlan> {
        let config = &self.surroundings.config;
        Ok(SavedPlan {
            format: SavedPlan::format(),
            idp_run: env!("CARGO_PKG_VERSION").to_string(),
            created: jiff::Timestamp::from_second(Clock::System.now())
                .map_or_else(|_| String::new(), |time| time.to_string()),
            run: plan::Run { key: key.key, hash: key.hash, input: key.input_hash },
            script: match &self.script.folder {
                Some(_) if run::is_path(self.called()) => self.script.granted(&config.root),
                _ => self.called().to_string(),
            },
            update: self.args.update,
            params,
            sources: self.sources()?,
            changes: recorded.changes,
            waits: recorded.waits,
            outputs: recorded.outputs,
            application_sets: recorded.rendered,
        })
    }

    /// Saves what a run would do.
    pub(super) fn save(&self, recorded: Recorded, key: RunKey, params: Map<String, Value>, out: &Path) -> Result<()> {
        let mut plan = self.plan_of(recorded, key, params)?;
        plan.hide(&self.surroundings.config.redactor)?;
        plan.save(out)?;
        let (file, changes) = (out.display().to_string(), plan.changes.len());
        self.surroundings.sink.emit(Event::PlanSaved { file, digest: plan.digest()?, changes });
        Ok(())
    }

    /// The digests of all that was read, and of the workspace's declarations.
    fn sources(&self) -> Result<std::collections::BTreeMap<String, String>> {
        let library = &self.surroundings.library;
        if self.surroundings.config.file.is_some()
            && let Some(bytes) = library.bytes_of(FILE)?
        {
            library.reads().note(FILE, &bytes);
        }
        Ok(library.reads().all())
    }

    /// Asks about the plan that its surroundings have shown, once they have said its last word.
    pub(super) fn agree(&self, saved: &SavedPlan, shown: &Surroundings, run: OnceLock<Arc<Run>>) -> Result<()> {
        let counts = run.get().and_then(|run| run.opened()).map(|opened| opened.door.counts()).unwrap_or_default();
        drop(run);
        shown.sink.emit(Event::Summary { counts, status: Status::Planned });
        if saved.changes.is_empty() {
            self.hushed.store(true, Ordering::SeqCst);
            return Ok(());
        }
        let Surroundings { config, progress, .. } = &self.surroundings;
        progress.asking(|| self.desk.ask(config.forge.owner(), &counts))
    }

    /// Shows what of a saved plan would be made now, and asks about it.
    pub(super) fn show(&self, saved: &SavedPlan) -> Result<(), Trouble> {
        let (recorder, run) = (Arc::new(Recorder::default()), OnceLock::new());
        let shown = self.heard_by(&recorder, Some(self.desk.sink(&self.surroundings.config)));
        let again = self.again(saved, &shown)?;
        self.announce(saved)?;
        self.compare(saved, again, &recorder, &run)?;
        foresee::again(saved, &shown.sink);
        let left = SavedPlan { changes: recorder.recorded().changes, ..saved.clone() };
        Ok(self.agree(&left, &shown, run)?)
    }

    /// Plans again, compares, and makes what is left of the plan; nothing, unless all of it still fits.
    pub(super) fn apply(
        &self,
        saved: &SavedPlan,
        run: &OnceLock<Arc<Run>>,
        made: &OnceCell<MadeWith>,
    ) -> Result<(), Trouble> {
        let recorder = Arc::new(Recorder::default());
        let (surroundings, aloud) = (&self.surroundings, self.args.plan);
        let again = self.again(saved, &self.heard_by(&recorder, aloud.then(|| surroundings.sink.clone())))?;
        let (key, values) = (again.key.clone(), again.values.clone());
        // Held from the look at the world to the last change.
        let hold = match self.args.plan {
            true => None,
            false => {
                let cancel: Arc<AtomicBool> = surroundings.progress.flag();
                let lock = run::lock(&surroundings.config, &key, &surroundings.sink, &cancel);
                Some(surroundings.handle.block_on(lock)?)
            }
        };
        if self.args.saved.is_some() && !self.asks() {
            self.announce(saved)?;
        }
        if self.args.plan {
            self.compare(saved, again, &recorder, run)?;
            foresee::again(saved, &surroundings.sink);
            return Ok(());
        }
        // A plan of nothing was shown a moment ago, and nobody was asked about it.
        if self.args.saved.is_some() || !saved.changes.is_empty() {
            self.compare(saved, again, &recorder, &OnceLock::new())?;
        }
        let bound = Arc::new(Bound::to(saved.changes.clone()));
        let mut opening = self.opening(surroundings, key, values.clone())?;
        opening.guard = Some(bound.clone() as Arc<dyn Guard>);
        opening.hold = Mutex::new(hold);
        opening.plan = self.args.saved.as_ref().map(|saved| saved.digest()).transpose()?;
        let mut attempt = Attempt::prepare(self.script.clone(), surroundings.clone())?.updating(saved.update);
        let ended = attempt.go(&values, opening.opener(), run);
        let _ = made.set(MadeWith::by(&attempt, run, &values));
        match bound.refusal() {
            // A script may have caught the refusal and gone on.
            Some(error) if ended.is_ok() => Err(error.into()),
            _ => ended,
        }
    }

    /// The script of a plan once more, with the plan's values.
    fn again(&self, saved: &SavedPlan, heard: &Surroundings) -> Result<Again, Trouble> {
        let mut attempt = Attempt::prepare(self.script.clone(), heard.clone())?.updating(saved.update);
        let given = Given { values: saved.params.clone(), ..Given::default() };
        let nobody = Terminal { allowed: false, offers: false };
        let values = attempt.values(self.called(), &given, &nobody, |key| self.looking(key))?;
        let key = attempt.key(&values);
        let _ = self.known.set(key.clone());
        if key.hash != saved.run.hash {
            let message = format!("the plan is one of `{}`, and this would be `{}`", saved.run.key, key.key);
            return Err(Error::failed("idp::plan::sources", message).help("plan again").into());
        }
        Ok(Again { attempt, heard: heard.clone(), key, values })
    }

    /// Says which plan was read.
    fn announce(&self, saved: &SavedPlan) -> Result<()> {
        self.surroundings.sink.emit(Event::PlanRead {
            run: saved.run.key.clone(),
            created: saved.created.clone(),
            idp_run: saved.idp_run.clone(),
            changes: saved.changes.len(),
            digest: saved.digest()?,
        });
        Ok(())
    }

    /// Plans again, and refuses unless the saved plan still fits.
    fn compare(
        &self,
        saved: &SavedPlan,
        again: Again,
        recorder: &Arc<Recorder>,
        run: &OnceLock<Arc<Run>>,
    ) -> Result<(), Trouble> {
        let Again { mut attempt, heard, key, values } = again;
        let mut opening = self.opening(&heard, key, values.clone())?;
        opening.guard = Some(recorder.clone() as Arc<dyn Guard>);
        if let Err(trouble) = attempt.go(&values, opening.opener(), run) {
            return Err(self.moved_under(saved, &recorder.recorded(), trouble));
        }
        Ok(self.refuse_moved(saved, &recorder.recorded())?)
    }

    /// Refuses unless the plan still fits the files and the world.
    fn refuse_moved(&self, saved: &SavedPlan, now: &Recorded) -> Result<()> {
        let read = self.sources()?;
        let added = read.keys().filter(|name| !saved.sources.contains_key(*name)).map(|name| format!("{name} (new)"));
        let added: Vec<String> = added.collect();
        if !added.is_empty() {
            return Err(stale(saved, &added));
        }
        let fit = fit(saved, now);
        if fit.moved.is_empty() {
            return Ok(());
        }
        let mut names = self.name_moved(fit.moved);
        let more = match names.len() {
            0..=3 => String::new(),
            all => format!(" and {} more", all - 3),
        };
        names.truncate(3);
        let message = format!("the world moved since the plan was made: {}{more}", names.join(", "));
        Err(Error::failed(plan::MOVED, message).help(self.plan_again(saved)))
    }

    /// The script ran through when the plan was made, and what it read is as it was: where the world makes it fail
    /// now, the world moved. What has other reasons stays what it is.
    fn moved_under(&self, saved: &SavedPlan, now: &Recorded, trouble: Trouble) -> Trouble {
        let Trouble::Failed { error, frames } = trouble else { return trouble };
        if !is_of_the_world(&error) {
            return Trouble::Failed { error, frames };
        }
        let mut names = self.name_moved(fit_so_far(saved, now, false).moved);
        names.push(error.message().to_string());
        let message = format!("the world moved since the plan was made: {}", names.join(", "));
        let related = Related { item: "the script now ends in".into(), error, frames };
        Error::failed(plan::MOVED, message).help(self.plan_again(saved)).because(vec![related]).into()
    }

    /// What to do about a plan that no longer fits.
    fn plan_again(&self, saved: &SavedPlan) -> String {
        match &self.args.saved {
            Some(_) => {
                format!("nothing was changed; plan again: `idp-run {} ... --plan --out FILE`", saved.script)
            }
            None => "nothing was changed; run the same command again: it shows what would be made now".into(),
        }
    }

    /// Says what moved, one by one; gives the names for a sentence.
    fn name_moved(&self, all: Vec<Moved>) -> Vec<String> {
        let mut names = Vec::new();
        for moved in all {
            names.push(format!("{} {}", moved.kind.replace('_', " "), moved.target));
            self.surroundings.sink.emit(Event::Moved {
                kind: moved.kind,
                target: moved.target,
                why: moved.why,
                diff: moved.diff,
            });
        }
        names
    }
}

/// Whether an error says something of the world that a plan lies on: not of grants, limits, the machine, or of what
/// isn't part of it.
fn is_of_the_world(error: &Error) -> bool {
    let own =
        ["idp::cancelled", "idp::io", "idp::journal", "idp::forge::git", "idp::script::time", "idp::script::memory"];
    let rooms =
        ["idp::http::", "idp::secret::", "idp::store", "idp::config", "idp::policy::", "idp::waiver::", "idp::audit::"];
    matches!(error.kind(), Kind::Failed | Kind::Invalid)
        && !error.is_retryable()
        && !own.contains(&error.code())
        && !rooms.iter().any(|room| error.code().starts_with(room))
}
