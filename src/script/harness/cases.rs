//! One test, on a thread of its own: its engine, its stage, its watch on time and memory.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use super::discover::shown;
use super::examiner::Examiner;
use super::outcome::Recorder;
use super::snapshot::{Keeping, Taking};
use super::stage::{Fixtures, Stage};
use super::{TestFile, modules};
use crate::bridge::Stop;
use crate::config::Config;
use crate::error::Error;
use crate::library::Library;
use crate::report::{Event, TestCase, TestFailure};
use crate::script::engine::Observer;
use crate::script::{Extras, Host, Progress, Reviewers, Surroundings, Trouble};
use crate::world::Mode;

/// What tests have in common.
#[derive(Clone)]
pub struct Common {
    /// The workspace.
    pub config: Arc<Config>,
    /// The worlds that tests begin with.
    pub fixtures: Arc<Fixtures>,
    /// Who asks policies.
    pub examiner: Option<Arc<dyn Examiner>>,
    /// What is done about snapshots.
    pub keeping: Keeping,
    /// How long a test may take.
    pub time: Duration,
    /// The folder from which paths are told.
    pub here: PathBuf,
    /// Watches what engines execute.
    pub observer: Option<Observer>,
    /// Who looks at each change first.
    pub reviewers: Reviewers,
}

/// Runs one test of a file to its end.
pub fn execute(
    common: &Common,
    file: &TestFile,
    test: &str,
    progress: Progress,
    handle: tokio::runtime::Handle,
) -> (TestCase, Taking) {
    let began = Instant::now();
    let recorder = Arc::new(Recorder::default());
    let surroundings = Surroundings {
        config: common.config.clone(),
        library: Library::new(&common.config.root).beside(&file.script),
        sink: recorder.clone(),
        progress: progress.clone(),
        mode: Mode::Apply,
        in_memory: true,
        handle,
        extras: Extras { modules: modules(), observer: common.observer.clone() },
        reviewers: common.reviewers.clone(),
    };
    let taking = file.snapshots.taking(test, common.keeping);
    let stage = Stage::new(
        test,
        &file.script,
        surroundings.clone(),
        (common.fixtures.clone(), common.examiner.clone()),
        taking,
    );
    let mut failure = whole(&stage, surroundings, file, test, common.time).err();
    for frame in failure.iter_mut().flat_map(|failure| &mut failure.frames) {
        // Scripts that a test runs by name know their whole path.
        frame.place.file = shown(Path::new(&frame.place.file), &common.here);
    }
    let said = recorder.take().into_iter().filter_map(|event| match event {
        Event::Print(text) | Event::Debug { text, .. } => Some(text),
        Event::Warning { message, .. } => Some(format!("warning: {message}")),
        _ => None,
    });
    let line = file.tests.iter().find(|(name, _)| name == test).map_or(0, |(_, line)| *line);
    let case = TestCase {
        file: file.script.shown.clone(),
        name: test.to_string(),
        line,
        time: began.elapsed(),
        said: said.collect(),
        failure,
    };
    let mut taking = stage.snapshots.lock().unwrap_or_else(PoisonError::into_inner);
    let taken = std::mem::replace(&mut *taking, file.snapshots.taking(test, common.keeping));
    (case, taken)
}

fn whole(
    stage: &Arc<Stage>,
    surroundings: Surroundings,
    file: &TestFile,
    test: &str,
    time: Duration,
) -> Result<(), TestFailure> {
    let Surroundings { library, sink, progress, extras, .. } = surroundings;
    let host = Host::compile_with(file.script.clone(), &library, sink, progress.clone(), extras);
    let trouble = match host {
        Ok(mut host) => {
            host.attach(stage.tag());
            let host = Arc::new(host);
            stage.set_host(&host);
            match host.call(test, ()) {
                Ok(_) => return Ok(()),
                Err(error) => stage.explain(*error),
            }
        }
        Err(trouble) => trouble,
    };
    let (error, mut frames) = match trouble {
        Trouble::Failed { error, frames } => (error, frames),
        Trouble::Waiting(what) => (
            Error::failed("idp::test::waiting", format!("the test itself waits for {what}"))
                .help("only scripts wait: run one with `run_script`, and look at `r.status`"),
            Vec::new(),
        ),
    };
    let detail = stage.detail(&error);
    let diff = detail.as_ref().and_then(|detail| detail.diff.clone());
    // Where the script was that the test ran comes before where the test called it.
    let mut all = detail.map(|detail| detail.frames).unwrap_or_default();
    all.append(&mut frames);
    let error = match progress.why() {
        Stop::Time => Error::failed("idp::script::time", format!("the test took longer than {} s", time.as_secs_f64()))
            .help("look for an endless loop, or give it more time with `--timeout`"),
        _ => error,
    };
    Err(TestFailure { error, frames: all, diff })
}
