//! The command line: one thin file a verb. Errors are dressed here, at the rim.

mod apply;
mod audit;
mod check;
mod checkup;
mod ci;
mod complete;
mod delivered;
mod desk;
mod doctor;
mod eject;
mod explain;
mod fix;
mod foresee;
mod form;
mod input;
mod list;
mod man;
mod outdated;
mod pr;
mod prompt;
mod reference;
mod render;
mod report_files;
mod run;
mod runs;
mod schemas;
mod script_help;
mod starter;
mod test;
mod undo;
mod waive;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::config::Config;
use crate::error::{Error, Exit, Result};
use crate::output::{ColorChoice, Format, Options, error_to_stderr};

/// Golden paths, policies and scorecards as scripts that can be planned, killed and rerun.
#[derive(Parser)]
#[command(name = "idp-run", version, max_term_width = 100, after_help = EXAMPLES, override_usage = USAGE)]
#[command(subcommand_required = true, arg_required_else_help = true, allow_external_subcommands = true)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    verb: Verb,
}

const USAGE: &str = "\
idp-run [OPTIONS] SCRIPT [NAME=VALUE]... [--plan]
       idp-run [OPTIONS] COMMAND";

const EXAMPLES: &str = "\
Examples:
  idp-run create-service project=payments service=api owner=team-payments --plan
  idp-run create-service --params payments-api.yaml --plan --out plan.json
  idp-run apply plan.json
  idp-run ./scripts/my-path.rhai --help
  idp-run check scripts/
  idp-run audit k8s/ --with schema
  idp-run pr list platform-gitops
  idp-run runs show create-service

`idp-run SCRIPT --help` shows what a script does and its parameters.

Exit codes:
  0 ok                                  3 a verdict failed
  1 the script or the platform failed   4 authentication or permission is missing
  2 usage or invalid input              5 changes pending (--detailed-exitcode)
                                      130 interrupted";

/// Flags of every verb.
#[derive(Args, Clone, Default)]
struct Global {
    /// The folder with idp.yaml [default: the nearest one above the current folder]
    #[arg(short, long, value_name = "DIR", global = true)]
    workspace: Option<PathBuf>,
    /// What stdout gets: text for people, or one JSON event a line
    #[arg(long, value_name = "FORMAT", value_enum, global = true)]
    output: Option<Format>,
    /// When to use colour [default: on a terminal, unless NO_COLOR is set]
    #[arg(long, value_name = "WHEN", value_enum, global = true)]
    color: Option<ColorChoice>,
    /// Say less: no steps, no changes
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Say more: whole diffs, unchanged objects
    #[arg(short, long, global = true)]
    verbose: bool,
}

impl Global {
    /// These flags, with those of another place (behind the script's name) on top.
    fn with(self, later: Global) -> Global {
        Global {
            workspace: later.workspace.or(self.workspace),
            output: later.output.or(self.output),
            color: later.color.or(self.color),
            quiet: later.quiet || self.quiet,
            verbose: later.verbose || self.verbose,
        }
    }

    /// Refuses a format that the verb doesn't speak.
    fn check_format(&self, verb: &Verb) -> Result<()> {
        let others: &[Format] = match verb {
            Verb::Test(_) => &[Format::Junit],
            Verb::Check(_) => &[Format::Sarif, Format::Github],
            Verb::Audit(args) if args.explains() => &[],
            Verb::Audit(_) => {
                &[Format::Junit, Format::Sarif, Format::Github, Format::PolicyReport, Format::OpenReports]
            }
            Verb::Render(_) => &[Format::Yaml],
            _ => &[],
        };
        match self.output.unwrap_or_default() {
            Format::Human | Format::Json => Ok(()),
            other if others.contains(&other) => Ok(()),
            other if matches!(verb, Verb::Audit(_)) => {
                let error = Error::invalid("idp::usage", format!("--output {other} is not for --explain"));
                Err(error.help(
                    "an explanation is for people, or `--output json`; without --explain the audit writes all formats",
                ))
            }
            other => {
                let error = Error::invalid("idp::usage", format!("--output {other} is not for this command"));
                Err(error.help("human and json are for all commands, junit for `test` and `audit`, sarif and github for `check` and `audit`, policyreport and openreports for `audit`, yaml for `render`"))
            }
        }
    }

    fn options(&self, plan: bool) -> Options {
        Options {
            format: self.output.unwrap_or_default(),
            plan,
            color: self.color.unwrap_or_default(),
            quiet: self.quiet,
            verbose: self.verbose,
        }
    }

    /// The workspace for verbs that need no script: the named one, the nearest, or the current folder.
    fn config(&self) -> Result<Config> {
        let here = current_folder()?;
        match Config::find(self.workspace.as_deref(), &here)? {
            Some(config) => Ok(config),
            None => Config::bare(&here),
        }
    }
}

#[derive(Subcommand)]
enum Verb {
    /// Run a script: by name, or by a path that contains a `/` or ends in .rhai
    ///
    /// `idp-run SCRIPT` is short for this. `idp-run SCRIPT --help` shows what the script does and its parameters.
    #[command(disable_help_flag = true)]
    Run(run::RunArgs),
    /// Run the tests of scripts: the functions test_... of files NAME.test.rhai, each in a world of its own in memory
    Test(test::TestArgs),
    /// Apply a plan that `--plan --out` saved: exactly its changes, or none if the world moved
    Apply(apply::ApplyArgs),
    /// Look for mistakes in scripts without running them
    Check(check::CheckArgs),
    /// Look for mistakes in manifests: what the API server would refuse or drop, and what policies forbid
    Audit(audit::AuditArgs),
    /// Write down that somebody answers for findings until a day
    Waive(waive::WaiveArgs),
    /// Show the scripts that can be run by name, or the templates that they can render
    List(list::ListArgs),
    /// Copy a built-in script, template or module into the workspace, to change it
    Eject(eject::EjectArgs),
    /// Look at and act on pull requests
    #[command(subcommand)]
    Pr(pr::Verb),
    /// Look at the journal of runs, and go on with those that wait
    #[command(subcommand)]
    Runs(runs::Verb),
    /// Explain a function, a script, a setting or an error code
    Explain(explain::ExplainArgs),
    /// Show what a CompositeResourceDefinition asks people for, or make a form of it
    Form(form::FormArgs),
    /// Look at the kinds that objects are checked against, and add some
    #[command(subcommand)]
    Schemas(schemas::Verb),
    /// Show the Applications that ApplicationSets generate, without a cluster, and what changes in them
    Render(render::RenderArgs),
    /// Write the pages about everything that scripts can call, or check that they are up to date
    Reference(reference::ReferenceArgs),
    /// Make a workspace: a first golden path with its test, a world, CI files
    Init(starter::InitArgs),
    /// Make the files of a new script
    New(starter::NewArgs),
    /// Say what holds in a workspace, where it comes from, and what would fail
    Doctor(doctor::DoctorArgs),
    /// Print a completion script for a shell
    Completions(complete::CompletionsArgs),
    /// Print the manual page
    Man(man::ManArgs),
    /// What may come next on a command line; for the scripts of `completions`
    #[command(hide = true)]
    CompleteWords(complete::WordsArgs),
    #[command(external_subcommand)]
    Script(Vec<OsString>),
}

/// Run a script: by name, or by a path that contains a `/` or ends in .rhai
#[derive(Parser)]
#[command(name = "idp-run run", disable_help_flag = true, max_term_width = 100)]
struct ScriptCli {
    #[command(flatten)]
    global: Global,
    #[command(flatten)]
    args: run::RunArgs,
}

/// Runs the command line and returns the exit code.
pub fn main(args: Vec<OsString>) -> Exit {
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => return usage(&error, &args),
    };
    let (global, verb) = match cli.verb {
        Verb::Script(words) => {
            let words = std::iter::once(OsString::from("idp-run run")).chain(words);
            match ScriptCli::try_parse_from(words) {
                Ok(script) => (cli.global.with(script.global), Verb::Run(script.args)),
                Err(error) => return usage(&error, &args),
            }
        }
        verb => (cli.global, verb),
    };
    if let Err(error) = global.check_format(&verb) {
        error_to_stderr(&Options { format: Format::Human, ..global.options(false) }, &error);
        return Exit::Invalid;
    }
    let result = match verb {
        Verb::Run(args) => return run::run(&global, args),
        Verb::Apply(args) => return apply::apply(&global, args),
        Verb::Runs(verb) => runs::runs(&global, verb),
        Verb::Pr(verb) => pr::pr(&global, verb),
        Verb::Test(args) => test::test(&global, &args),
        Verb::Check(args) => check::check(&global, &args),
        Verb::Audit(args) => audit::audit(&global, &args),
        Verb::Waive(args) => waive::waive(&global, &args),
        Verb::List(args) => list::list(&global, &args),
        Verb::Eject(args) => eject::eject(&global, &args),
        Verb::Explain(args) => explain::explain(&global, &args),
        Verb::Form(args) => form::form(&global, &args),
        Verb::Schemas(verb) => schemas::schemas(&global, verb),
        Verb::Render(args) => render::render(&global, &args),
        Verb::Reference(args) => reference::reference(&global, &args),
        Verb::Init(args) => starter::init(&global, &args),
        Verb::New(args) => starter::new(&global, &args),
        Verb::Doctor(args) => doctor::doctor(&global, &args),
        Verb::Completions(args) => complete::completions(&args),
        Verb::Man(args) => man::man(&args),
        Verb::CompleteWords(args) => complete::words(&global, &args),
        Verb::Script(_) => Ok(Exit::Ok),
    };
    match result {
        Ok(exit) => exit,
        Err(error) => {
            error_to_stderr(&global.options(false), &error);
            error.kind().into()
        }
    }
}

/// Help and version go to stdout; a mistake goes to stderr in clap's words, and as events where JSON was asked for.
fn usage(error: &clap::Error, args: &[OsString]) -> Exit {
    use clap::error::ErrorKind;
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let _ = error.print();
        return Exit::Ok;
    }
    let words: Vec<_> = args.iter().map(|arg| arg.to_string_lossy()).collect();
    let json = words.iter().any(|word| word == "--output=json")
        || words.windows(2).any(|pair| pair[0] == "--output" && pair[1] == "json");
    if json {
        let message = error.render().to_string();
        let first = message.lines().next().unwrap_or_default().trim_start_matches("error: ").to_string();
        let options = Options { format: Format::Json, ..Options::default() };
        error_to_stderr(&options, &Error::invalid("idp::usage", first).help("see --help"));
    } else {
        let _ = error.print();
    }
    Exit::Invalid
}

/// Whether this is CI, by the variable that CI servers set: nobody is there to answer, even on a terminal.
fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false" && value != "0")
}

fn current_folder() -> Result<PathBuf> {
    std::env::current_dir().map_err(|error| Error::failed("idp::io", format!("can't tell the current folder: {error}")))
}

/// Drives a future of a verb that runs no script.
fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    runtime()?.block_on(future)
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::failed("idp::io", format!("can't start the runtime: {error}")))
}

/// The command of `run`, for its help.
fn run_command() -> clap::Command {
    ScriptCli::command()
}

/// The whole command, for completions.
fn command() -> clap::Command {
    Cli::command()
}
