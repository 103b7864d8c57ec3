//! `idp-run test`: the tests of scripts, found, run and reported.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::{Global, current_folder};
use crate::config::Config;
use crate::error::{Error, Exit, Result};
use crate::output;
use crate::script::harness::{Keeping, Suite, discover, run};

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
}

pub fn test(global: &Global, args: &TestArgs) -> Result<Exit> {
    let here = current_folder()?;
    let config = config(global, args)?;
    let jobs = args.jobs.map_or_else(cores, usize::from);
    let suite = Suite {
        files: discover(&config.root, &here, &args.paths)?,
        filter: args.filter.clone(),
        jobs,
        fail_fast: args.fail_fast,
        time: Duration::from_secs(args.timeout).min(config.limits.time),
        keeping: keeping(args.update),
        observer: None,
        config: Arc::new(config),
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
    Ok(if report.failed() > 0 { Exit::Verdict } else { Exit::Ok })
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
    let ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false" && value != "0");
    match (update, ci) {
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
