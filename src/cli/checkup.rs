//! What `doctor` looks at, one function a concern. Nothing here changes anything, and nothing stops at the first trouble.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use super::audit::known_policies;
use super::block_on;
use super::waive::declared_policies;
use crate::audit::panel;
use crate::audit::waivers::{Waivers, today};
use crate::config::{self, Config, Forge, HeaderText};
use crate::error::{Error, Exit, Result};
use crate::library::{Library, Script, files_of};
use crate::report::Silence;
use crate::script::{Declared, Host, Progress, Trouble, diagnose};
use crate::world::Clock;
use crate::world::fault::Faults;
use crate::world::forge::RepoId;
use crate::world::github::{GitHubForge, Standing};
use crate::world::journal::Journal;
use crate::world::lock::FileLock;
use crate::world::open;
use crate::world::secrets::Secrets;
use crate::world::sqlite::SqliteJournal;

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Fine.
    Fine,
    /// Works, and deserves a look.
    Warning,
    /// Would fail.
    Failed,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub what: String,
    /// How it stands.
    pub state: State,
    /// In a sentence.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// The code of the error that it would be.
    pub code: Option<&'static str>,
    /// The exit code that it would end in.
    pub exit: Option<Exit>,
}

impl Finding {
    fn fine(what: &str, message: impl Into<String>) -> Finding {
        Finding { what: what.into(), state: State::Fine, message: message.into(), help: None, code: None, exit: None }
    }

    /// Something that works, and deserves a look.
    pub fn warning(what: &str, message: impl Into<String>, help: impl Into<String>) -> Finding {
        let help = Some(help.into());
        Finding { what: what.into(), state: State::Warning, message: message.into(), help, code: None, exit: None }
    }

    /// The finding as a line for people.
    pub fn line(&self) -> String {
        let mark = match self.state {
            State::Fine => "ok   ",
            State::Warning => "look ",
            State::Failed => "FAIL ",
        };
        let code = self.code.map(|code| format!(" [{code}]")).unwrap_or_default();
        let help = self.help.as_ref().map(|help| format!("       {help}\n")).unwrap_or_default();
        format!("{mark} {}: {}{code}\n{help}", self.what, self.message)
    }

    /// The finding as data.
    pub fn data(&self) -> serde_json::Value {
        let state = match self.state {
            State::Fine => "ok",
            State::Warning => "warning",
            State::Failed => "failed",
        };
        json!({
            "type": "check", "what": self.what, "state": state, "message": self.message, "help": self.help,
            "code": self.code,
        })
    }
}

/// Looks at everything.
pub fn checkup(config: &Config) -> Vec<Finding> {
    let mut found = Vec::new();
    seeds(config, &mut found);
    world(config, &mut found);
    journal(config, &mut found);
    leftovers(config, &mut found);
    scripts(config, &mut found);
    templates(config, &mut found);
    policies(config, &mut found);
    grants(config, &mut found);
    secrets(config, &mut found);
    surroundings(&mut found);
    found
}

fn add(found: &mut Vec<Finding>, what: &str, result: Result<String>) {
    found.push(match result {
        Ok(message) => Finding::fine(what, message),
        Err(error) => Finding::of(what, &error),
    });
}

fn seeds(config: &Config, found: &mut Vec<Finding>) {
    // A forge elsewhere has its repositories already.
    let Forge::Local { folder, owner, .. } = &config.forge else { return };
    let made = folder.is_dir();
    for seed in &config.seeds {
        let what = format!("seed {}", seed.repository);
        let looked = RepoId::parse(&seed.repository, owner).and_then(|_| files_of(&seed.folder, "idp::seed"));
        match looked {
            Ok(files) if files.is_empty() => {
                let error = Error::invalid("idp::seed", format!("the folder {} has no files", seed.folder.display()));
                found.push(Finding::of(&what, &error.help("put at least a README.md in it")));
            }
            Ok(files) => found.push(Finding::fine(&what, format!("readable; files: {}", files.len()))),
            // The world is there: seeds aren't looked at again.
            Err(error) if made => {
                found.push(Finding::warning(&what, error.message(), "it matters once the world is made anew"));
            }
            Err(error) => found.push(Finding::of(&what, &error)),
        }
    }
}

/// How runs stand with GitHub: a few requests, however many repositories there are.
fn github(github: &GitHubForge, found: &mut Vec<Finding>) {
    let standing = match block_on(github.standing()) {
        Ok(standing) => standing,
        Err(error) => return found.push(Finding::of("github", &error)),
    };
    let Standing { acts_as, owner, version, left, missing, untold } = standing;
    found.push(Finding::fine("github", format!("{owner} is there; {version}")));
    let left = left.map(|(left, of)| format!("; {left} of {of} requests are left this hour")).unwrap_or_default();
    found.push(Finding::fine("github", format!("runs act as {acts_as}{left}")));
    for missing in missing {
        let help = "runs that need it are refused; docs/github.md has the table";
        found.push(Finding::warning("github", format!("missing: {missing}"), help));
    }
    if let Some((what, help)) = untold {
        found.push(Finding::warning("github", what, help));
    }
}

/// Whether every repository can be opened, and its pull requests read.
fn world(config: &Config, found: &mut Vec<Finding>) {
    if let Some(forge) = open::github(config) {
        return github(&forge, found);
    }
    if let Forge::Local { folder, .. } = &config.forge
        && !folder.is_dir()
    {
        let message = "not made yet: the first run makes it from its seeds";
        return found.push(Finding::fine("world", message));
    }
    let look = block_on(async {
        let world = open::for_reading(config).await?;
        let repositories = world.forge.repositories().await?;
        let mut open = 0;
        for repository in &repositories {
            let pulls = world.forge.pull_requests(repository, None).await?;
            open += pulls.iter().filter(|pull| pull.state == crate::world::forge::State::Open).count();
        }
        Ok(format!("made; repositories: {}, open pull requests: {open}", repositories.len()))
    });
    add(found, "world", look);
}

fn journal(config: &Config, found: &mut Vec<Finding>) {
    let path = config.journal();
    if !path.is_file() {
        return found.push(Finding::fine("journal", "no runs yet"));
    }
    let rows = SqliteJournal::open(&path, Faults::default()).and_then(|journal| block_on(journal.runs()));
    let rows = match rows {
        Ok(rows) => rows,
        Err(error) => return found.push(Finding::of("journal", &error)),
    };
    found.push(Finding::fine("journal", format!("readable; runs: {}", rows.len())));
    for row in &rows {
        let help = "`idp-run runs resume` goes on with it";
        match row.status.as_str() {
            "waiting" => {
                let what = row.waiting_for.as_deref().unwrap_or("people");
                found.push(Finding::warning("run", format!("{} waits for {what}", row.key), help));
            }
            // Whoever runs it holds its lock; a killed process holds none.
            "running" if held(&config.run_lock(&row.hash)) => {
                let message = format!("{} is under way in another process", row.key);
                found.push(Finding::warning("run", message, "a second run of the same key waits for it"));
            }
            "running" => {
                found.push(Finding::warning("run", format!("{} was interrupted", row.key), help));
            }
            _ => {}
        }
    }
}

/// Whether a process holds a lock; a lock whose file isn't there is held by nobody.
fn held(lock: &Path) -> bool {
    lock.is_file() && matches!(FileLock::try_acquire(lock), Ok(None))
}

fn leftovers(config: &Config, found: &mut Vec<Finding>) {
    if held(&config.state().join("lock")) {
        let message = "another process is making it from its seeds";
        found.push(Finding::warning("world", message, "wait for its end"));
    }
    let mut left = Vec::new();
    let mut todo = vec![(config.state(), 0)];
    while let Some((folder, depth)) = todo.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(".unfinished-") || name.ends_with(".unfinished") {
                left.push(entry.path().display().to_string());
            } else if depth < 3 && !name.ends_with(".git") && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                todo.push((entry.path(), depth + 1));
            }
        }
    }
    left.sort();
    for path in left {
        let help = "a kill left it behind; the next run that writes there removes it";
        found.push(Finding::warning("leftover", path, help));
    }
}

fn scripts(config: &Config, found: &mut Vec<Finding>) {
    let library = Library::new(&config.root);
    let listed = match library.scripts() {
        Ok(listed) => listed,
        Err(error) => return found.push(Finding::of("scripts", &error)),
    };
    let own: Vec<_> = listed.iter().filter(|script| script.origin == "workspace").collect();
    let mut broken = 0;
    for (at, listed) in own.iter().enumerate() {
        let name = &listed.name;
        let what = format!("script {name}");
        if own[..at].iter().any(|other| other.name == *name) {
            let help = "the first of golden-paths, policies, scorecards, watch is run; rename the other";
            found.push(Finding::warning(&what, "two files of scripts/ have this name", help));
            continue;
        }
        if super::command().get_subcommands().any(|verb| verb.get_name() == name) {
            let help = format!("run it by its path, or as `idp-run run {name}`, or rename it");
            found.push(Finding::warning(&what, "a command of idp-run has the same name, and wins", help));
        }
        let compiled = library.script(name, &config.root).and_then(|script| declared(config, &library, script));
        if let Err(error) = compiled {
            broken += 1;
            found.push(Finding::of(&what, &error));
        }
    }
    if broken == 0 {
        let built_in = listed.len() - own.len();
        found.push(Finding::fine(
            "scripts",
            format!("all compile; of the workspace: {}, built in: {built_in}", own.len()),
        ));
    }
}

/// What would refuse every change: a policy that can't be asked, a waiver that can't be read.
fn policies(config: &Config, found: &mut Vec<Finding>) {
    let names: Vec<&str> = config.policies.enforce.iter().map(|(word, _)| word.as_str()).collect();
    let names = if names.is_empty() { "none".to_string() } else { names.join(", ") };
    let enforced = panel::of_workspace(config).map(|panel| {
        let rules: usize = panel.packs.iter().map(|chosen| chosen.pack().rules().len()).sum();
        format!("enforced: {names}; rules of packs: {rules}")
    });
    if !config.policies.enforce.is_empty() || enforced.is_err() {
        add(found, "policies", enforced);
    }
    of_others(config, found);
    match Waivers::of(config, &config.root, today(&Clock::System)) {
        Ok(waivers) => of_waivers(config, &waivers, found),
        Err(error) => found.push(Finding::of("waivers", &error)),
    }
}

/// What `idp.yaml` says of packs that aren't enforced: an audit reads it once somebody names them.
fn of_others(config: &Config, found: &mut Vec<Finding>) {
    let library = Library::new(&config.root);
    let enforced = panel::enforced(config, &library).unwrap_or_default();
    let others = config.policies.packs.keys().filter(|name| !enforced.iter().any(|script| script.name == **name));
    let wrong = others.filter_map(|name| panel::check_said(name, config, &library).err());
    found.extend(wrong.map(|error| Finding::of("policies", &error)));
}

/// Waivers that cover nothing, whatever is found.
fn of_waivers(config: &Config, waivers: &Waivers, found: &mut Vec<Finding>) {
    for file in waivers.unread() {
        let help = "waivers are YAML or JSON: give it the ending .yaml, or put it elsewhere";
        found.push(Finding::warning("waivers", format!("nobody reads {file}"), help));
    }
    if waivers.is_empty() {
        return;
    }
    let mut known: Vec<String> = known_policies(config).into_iter().map(|rule| rule.id).collect();
    known.extend(declared_policies(config).unwrap_or_default());
    for (policy, place, meant) in waivers.of_nobody(&known) {
        let help = meant.unwrap_or_else(|| "no pack and no script of the workspace has it".into());
        found.push(Finding::warning("waivers", format!("there is no policy `{policy}` ({place})"), help));
    }
}

/// Compiles a script and reads its parameters, as `--help` does: imports are resolved, nothing is run.
pub fn declared(config: &Config, library: &Library, script: Script) -> Result<Vec<Declared>> {
    let progress = Progress::new(config.limits.memory);
    let plain = |trouble: Trouble| match trouble {
        Trouble::Failed { error, frames } => match (error.place(), frames.into_iter().next()) {
            (None, Some(frame)) => error.at(frame.place),
            _ => error,
        },
        Trouble::Waiting(what) => Error::failed("idp::script::error", what),
    };
    let host = Host::compile(script, library, Arc::new(Silence), progress).map_err(plain)?;
    host.declared().map_err(|error| plain(diagnose(&host, *error)))
}

fn templates(config: &Config, found: &mut Vec<Finding>) {
    let library = Library::new(&config.root);
    let folder = config.root.join("templates");
    for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let what = format!("template {name}");
        if !entry.path().join("template.yaml").is_file() {
            if entry.path().is_dir() {
                let help = "`template(\"NAME\")` finds folders with a card alone";
                found.push(Finding::warning(&what, "the folder has no template.yaml", help));
            }
            continue;
        }
        let files = library.template(&name).map(|template| format!("readable; files: {}", template.files.len()));
        add(found, &what, files);
    }
}

fn grants(config: &Config, found: &mut Vec<Finding>) {
    let Some(file) = std::env::var_os("IDP_GRANTS").filter(|file| !file.is_empty()) else { return };
    let shown = file.to_string_lossy().into_owned();
    let read = config::read_grants(Path::new(&file))
        .and_then(|grants| open::permissions(config, Some((&shown, &grants))).map(|_| grants.len()));
    add(found, "grants", read.map(|number| format!("{number} in {shown}")));
}

/// Whether every secret that `idp.yaml` names can be had. Their values are said nowhere.
fn secrets(config: &Config, found: &mut Vec<Finding>) {
    let secrets = Secrets::of(config);
    let headers = config.http.values().flat_map(|service| service.headers.values());
    let named = config.secrets.keys().map(String::as_str).chain(headers.filter_map(HeaderText::secret));
    for name in named.collect::<BTreeSet<&str>>() {
        add(found, &format!("secret {name}"), secrets.value(name).map(|_| secrets.origin(name)));
    }
}

/// What runs need of the machine.
fn surroundings(found: &mut Vec<Finding>) {
    if std::env::var_os("IDP_FAULT").is_some() {
        let help = "unset it: it kills the process on purpose, for the project's own tests";
        found.push(Finding::warning("environment", "IDP_FAULT is set", help));
    }
    match std::process::Command::new("git").arg("--version").output() {
        Ok(output) if output.status.success() => {
            let version = String::from_utf8_lossy(&output.stdout).trim().to_string();
            found.push(Finding::fine("git", format!("{version}; runs don't need it, people who look at the world do")));
        }
        _ => {
            let help = "runs don't need it; install it to look at the repositories";
            found.push(Finding::warning("git", "not on the PATH", help));
        }
    }
}
