//! `idp-run test`: the tests of scripts, found, run and reported.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::{Global, current_folder};
use crate::audit::gate;
use crate::audit::trial::Trial;
use crate::config::Config;
use crate::error::{Error, Exit, Kind, Result, io};
use crate::output::{self, Format, Options};
use crate::report::Coverage;
use crate::script::Extras;
use crate::script::harness::coverage::{self, Counter};
use crate::script::harness::{Keeping, Suite, discover, run};

/// Where packs of policies are.
const PACKS: &str = "scripts/policies";

#[derive(Args, Clone, Default)]
pub struct TestArgs {
    /// Test files, scripts, or folders to look for tests in [default: the workspace]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Only tests whose file and name contain this text
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Show the tests, run none
    #[arg(long)]
    list: bool,
    /// How many tests run at a time [default: one for each core]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
    /// Stop after the first failure
    #[arg(long)]
    fail_fast: bool,
    /// How long one test may take, in seconds; `limits.time` of idp.yaml is another bound
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
    /// Write snapshots as the values are now
    #[arg(long)]
    update: bool,
    /// Show which lines and branches of scripts the tests executed
    #[arg(long)]
    coverage: bool,
    /// Fail if less than this part of the lines was executed; implies --coverage
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    coverage_min: Option<u8>,
    /// Write the coverage for other tools, as lcov's trace file; implies --coverage
    #[arg(long, value_name = "FILE")]
    lcov: Option<PathBuf>,
    /// Write the coverage as a page; implies --coverage
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

pub fn test(global: &Global, args: &TestArgs) -> Result<Exit> {
    let here = current_folder()?;
    let config = config(global, args)?;
    let counter = args.wants_coverage().then(Counter::default);
    let observer = counter.as_ref().map(Counter::observer);
    let trial = Arc::new(Trial::new(Extras { modules: Vec::new(), observer: observer.clone() }));
    let jobs = args.jobs.map_or_else(cores, usize::from);
    let suite = Suite {
        files: discover(&config.root, &here, &args.paths)?,
        filter: args.filter.clone(),
        here: here.clone(),
        jobs,
        fail_fast: args.fail_fast,
        time: Duration::from_secs(args.timeout).min(config.limits.time),
        keeping: keeping(args.update),
        observer,
        examiner: Some(trial.clone()),
        config: Arc::new(config),
        reviewers: gate::reviewers(),
    };
    let options = global.options(false);
    let broken = suite.files.iter().any(|file| file.broken.is_some());
    if suite.chosen().is_empty() && !broken {
        return Err(nothing_found(&suite, args));
    }
    if args.list {
        output::test_list(&options, &suite.listed());
        return Ok(Exit::Ok);
    }
    let report = run(&suite)?;
    output::test_report(&options, &report);
    let mut fine = report.failed() == 0;
    if let Some(counter) = counter {
        let mut coverage = coverage::report(&counter, &suite.config.root, &here, &args.paths)?;
        coverage.rules = trial.coverage(&suite.config.root, &packs(&suite.config.root, &here, &args.paths));
        fine &= covered(&options, args, &coverage)?;
    }
    Ok(if fine { Exit::Ok } else { Exit::Verdict })
}

/// The folders of packs among the paths: of the whole workspace if there are none.
fn packs(root: &Path, here: &Path, paths: &[PathBuf]) -> Vec<PathBuf> {
    let shelf = root.join(PACKS);
    let holds = |path: &PathBuf| shelf.starts_with(here.join(path));
    let whole = (paths.is_empty() || paths.iter().any(holds)) && shelf.is_dir();
    whole.then_some(shelf).into_iter().collect()
}

impl TestArgs {
    fn wants_coverage(&self) -> bool {
        self.coverage || self.coverage_min.is_some() || self.lcov.is_some() || self.html.is_some()
    }
}

/// Says what was covered, writes the files that were asked for, and tells whether it is enough.
fn covered(options: &Options, args: &TestArgs, coverage: &Coverage) -> Result<bool> {
    output::coverage(options, coverage);
    for (path, text) in
        [(&args.lcov, output::coverage_trace as fn(&Coverage) -> String), (&args.html, output::coverage_page)]
    {
        if let Some(path) = path {
            std::fs::write(path, text(coverage)).map_err(io("write", path))?;
        }
    }
    let Some(least) = args.coverage_min.filter(|least| coverage.lines().percent() < f64::from(*least)) else {
        return Ok(true);
    };
    let is = (coverage.lines().percent() * 10.0).floor() / 10.0;
    let error = Error::new(
        Kind::Verdict,
        "idp::test::coverage",
        format!("the tests execute {is} % of the lines, and should execute {least} %"),
    )
    .help("`idp-run test --html coverage.html` shows what is left out");
    output::error_to_stderr(&Options { format: Format::Human, ..*options }, &error);
    Ok(false)
}

/// The workspace: of the first path, so that tests of another one find its world, or of the current folder.
fn config(global: &Global, args: &TestArgs) -> Result<Config> {
    let here = current_folder()?;
    let Some(first) = args.paths.first() else { return global.config() };
    let path = here.join(first);
    let from = if path.is_dir() { path.as_path() } else { path.parent().unwrap_or(&here) };
    match Config::find(global.workspace.as_deref(), from)? {
        Some(config) => Ok(config),
        None => Config::bare(&here),
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}

fn keeping(update: bool) -> Keeping {
    match (update, super::in_ci()) {
        (true, _) => Keeping::All,
        (false, true) => Keeping::Nothing,
        (false, false) => Keeping::New,
    }
}

fn nothing_found(suite: &Suite, args: &TestArgs) -> Error {
    let error = |message: String| Error::invalid("idp::test::none", message);
    match (&args.filter, suite.files.is_empty()) {
        (Some(filter), false) => {
            error(format!("no test matches `{filter}`")).help("`idp-run test --list` shows all tests")
        }
        (None, false) => error("the test files define no `fn test_...()`".into())
            .help("a test is a function without arguments whose name begins with test_"),
        _ => error(format!("there is no test file below {}", suite.config.root.display()))
            .help("tests of NAME.rhai stand in NAME.test.rhai beside it, as `fn test_...()`"),
    }
}
