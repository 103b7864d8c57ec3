//! All tests, several at a time: each on a thread of its own, with a deadline, in a world of its own.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::cases::{Common, execute};
use super::examiner::Examiner;
use super::snapshot::{Keeping, Taking};
use super::{TestFile, stage::Fixtures};
use crate::config::{Config, Limits};
use crate::error::{Error, Result};
use crate::report::{TestCase, TestFailure, TestReport};
use crate::script::engine::Observer;
use crate::script::{Ended, Fence, Progress, Reviewers};

/// What is to be run, and how.
pub struct Suite {
    /// The workspace.
    pub config: Arc<Config>,
    /// The folder from which paths are told.
    pub here: PathBuf,
    /// The files.
    pub files: Vec<TestFile>,
    /// Only tests whose `file test` contains this text.
    pub filter: Option<String>,
    /// How many tests run at a time.
    pub jobs: usize,
    /// Whether the first failure ends it.
    pub fail_fast: bool,
    /// How long one test may take.
    pub time: Duration,
    /// What is done about snapshots.
    pub keeping: Keeping,
    /// Watches what engines execute.
    pub observer: Option<Observer>,
    /// Who asks policies, if tests may.
    pub examiner: Option<Arc<dyn Examiner>>,
    /// Who looks at each change first.
    pub reviewers: Reviewers,
}

impl Suite {
    /// The tests that the filter leaves, as file and name.
    pub fn chosen(&self) -> Vec<(&TestFile, &str)> {
        let fits = |file: &TestFile, test: &str| {
            let filter = self.filter.as_deref().unwrap_or_default();
            format!("{} {test}", file.script.shown).contains(filter)
        };
        let all = self.files.iter().flat_map(|file| file.tests.iter().map(move |(test, _)| (file, test.as_str())));
        all.filter(|(file, test)| fits(file, test)).collect()
    }
}

impl Suite {
    /// The chosen tests by file, name and line.
    pub fn listed(&self) -> Vec<(String, String, usize)> {
        let line =
            |file: &TestFile, test: &str| file.tests.iter().find(|(name, _)| name == test).map_or(0, |(_, at)| *at);
        let all = self.chosen().into_iter();
        all.map(|(file, test)| (file.script.shown.clone(), test.to_string(), line(file, test))).collect()
    }
}

/// Runs the tests. The report has them in the order of the files, however they ended.
pub fn run(suite: &Suite) -> Result<TestReport> {
    let began = Instant::now();
    let chosen = suite.chosen();
    let common = Common {
        config: suite.config.clone(),
        fixtures: Arc::new(Fixtures::default()),
        keeping: suite.keeping,
        time: suite.time,
        here: suite.here.clone(),
        observer: suite.observer.clone(),
        examiner: suite.examiner.clone(),
        reviewers: suite.reviewers.clone(),
    };
    let mut report = TestReport::default();
    for file in suite.files.iter().filter(|_| suite.filter.is_none()) {
        if let Some(failure) = &file.broken {
            report.cases.push(failed(file, "(compile)", failure.clone()));
        }
    }
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(suite.fail_fast && !report.cases.is_empty());
    let ended: Mutex<BTreeMap<usize, (TestCase, Option<Taking>)>> = Mutex::default();
    let work = || -> Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(|error| Error::failed("idp::io", format!("can't start the runtime: {error}")))?;
        while !stop.load(Ordering::SeqCst) {
            let at = next.fetch_add(1, Ordering::SeqCst);
            let Some((file, test)) = chosen.get(at) else { break };
            let (case, taking) = one(&runtime, &common, file, test)?;
            if case.failure.is_some() && suite.fail_fast {
                stop.store(true, Ordering::SeqCst);
            }
            ended.lock().unwrap_or_else(PoisonError::into_inner).insert(at, (case, taking));
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..suite.jobs.clamp(1, chosen.len().max(1))).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().unwrap_or(Ok(())))
    })?;
    let mut takings: BTreeMap<&str, Vec<Taking>> = BTreeMap::new();
    let mut passed: BTreeMap<&str, usize> = BTreeMap::new();
    let ended = ended.into_inner().unwrap_or_else(PoisonError::into_inner);
    report.skipped = chosen.len() - ended.len();
    for (at, (case, taking)) in ended {
        let shown = chosen[at].0.script.shown.as_str();
        // What a failed test took is no measure.
        if case.failure.is_none() {
            *passed.entry(shown).or_default() += 1;
            takings.entry(shown).or_default().extend(taking);
        }
        report.cases.push(case);
    }
    for file in suite.files.iter().filter(|file| file.broken.is_none()) {
        let shown = file.script.shown.as_str();
        let whole = passed.get(shown).copied().unwrap_or(0) == file.tests.len();
        let notes = file.snapshots.settle(takings.remove(shown).unwrap_or_default(), suite.keeping, whole)?;
        report.snapshots.extend(notes.into_iter().map(|(name, note)| (shown.to_string(), name, note)));
    }
    report.time = began.elapsed();
    Ok(report)
}

fn failed(file: &TestFile, test: &str, failure: TestFailure) -> TestCase {
    TestCase {
        file: file.script.shown.clone(),
        name: test.to_string(),
        line: 0,
        time: Duration::ZERO,
        said: Vec::new(),
        failure: Some(failure),
    }
}

/// One test on its thread, watched from here.
fn one(
    runtime: &tokio::runtime::Runtime,
    common: &Common,
    file: &TestFile,
    test: &str,
) -> Result<(TestCase, Option<Taking>)> {
    let progress = Progress::new(common.config.limits.memory);
    let (theirs, watch, handle) = (common.clone(), progress.clone(), runtime.handle().clone());
    let copy = file.clone();
    let name = test.to_string();
    let limits = Limits { time: common.time, ..common.config.limits };
    let mut fence =
        Fence::start(limits, &progress, move || execute(&theirs, &copy, &name, watch, handle)).map_err(|error| {
            Error::failed("idp::io", format!("can't start a test's thread: {error}"))
                .help("lower `limits.memory` in idp.yaml, or `--jobs`")
        })?;
    Ok(match runtime.block_on(fence.ended()) {
        Ended::Itself { result: (case, taking), .. } => (case, Some(taking)),
        Ended::Left(error) | Ended::Panicked(error) => {
            (failed(file, test, TestFailure { error, frames: Vec::new(), diff: None }), None)
        }
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Condvar;

    use super::*;
    use crate::script::harness::discover;

    /// Two tests, each of which ends only once the other one has begun, too.
    const MEETING: &str = "fn test_one() { meet(); }\nfn test_other() { meet(); }\n";

    #[test]
    fn tests_run_beside_each_other() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("meeting.test.rhai"), MEETING).unwrap();
        let here = Arc::new((Mutex::new(0), Condvar::new()));
        let observer: Observer = Arc::new(move |engine| {
            let here = here.clone();
            engine.register_fn("meet", move || -> Result<(), Box<rhai::EvalAltResult>> {
                let (count, arrived) = &*here;
                let mut count = count.lock().unwrap();
                *count += 1;
                arrived.notify_all();
                let waited = arrived.wait_timeout_while(count, Duration::from_secs(60), |count| *count < 2).unwrap();
                if waited.1.timed_out() { Err("nobody else came".into()) } else { Ok(()) }
            });
        });
        let suite = Suite {
            config: Arc::new(Config::bare(folder.path()).unwrap()),
            here: folder.path().to_path_buf(),
            files: discover(folder.path(), folder.path(), &[]).unwrap(),
            filter: None,
            jobs: 2,
            fail_fast: false,
            time: Duration::from_secs(120),
            keeping: Keeping::Nothing,
            observer: Some(observer),
            examiner: None,
            reviewers: Arc::new(crate::schemas::reviewer::all),
        };
        let report = run(&suite).unwrap();
        let failures: Vec<_> = report.cases.iter().filter_map(|case| case.failure.as_ref()).collect();
        assert!(failures.is_empty(), "{failures:?}");
        assert_eq!(report.cases.len(), 2);
    }
}
