//! `idp-run completions`: completion scripts for shells. Those of bash, zsh and fish ask the binary, which knows scripts,
//! parameters, repositories and runs; the others know commands and flags alone.

use std::ffi::OsString;

use clap::{Arg, Args, Command};
use clap_complete::Shell;

use super::audit::known_policies;
use super::checkup::declared;
use super::{Global, script_help};
use crate::audit::panel::{self, BUILT_IN, Chosen, Panel, Settings};
use crate::audit::schema;
use crate::config::{Config, Environment};
use crate::error::{Exit, Result};
use crate::library::{Library, header};
use crate::output;
use crate::schemas::{Workspace, kubernetes};
use crate::script::{Declared, reference};
use crate::world::fault::Faults;
use crate::world::journal::Journal;
use crate::world::open;
use crate::world::sqlite::SqliteJournal;

#[derive(Args)]
pub struct CompletionsArgs {
    /// The shell: bash, zsh, fish, elvish or powershell
    shell: Shell,
}

pub fn completions(args: &CompletionsArgs) -> Result<Exit> {
    let own = match args.shell {
        Shell::Bash => Some(include_str!("complete/idp-run.bash")),
        Shell::Zsh => Some(include_str!("complete/_idp-run")),
        Shell::Fish => Some(include_str!("complete/idp-run.fish")),
        _ => None,
    };
    if let Some(own) = own {
        output::text(own);
        return Ok(Exit::Ok);
    }
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut super::command(), "idp-run", &mut text);
    output::text(&String::from_utf8_lossy(&text));
    Ok(Exit::Ok)
}

#[derive(Args)]
pub struct WordsArgs {
    /// The words of the command line so far, without `idp-run`; the last one is being typed
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<OsString>,
}

/// A word that may come next, and what it means. An empty word stands for the files of the folder.
type Candidate = (String, String);

/// Prints what may come next, a line each: the word, a tab, its meaning.
pub fn words(global: &Global, args: &WordsArgs) -> Result<Exit> {
    let words: Vec<String> = args.words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let (typed, before) = words.split_last().map_or((String::new(), &[][..]), |(last, rest)| (last.clone(), rest));
    let mut root = super::command();
    root.build();
    let place = Place::after(&root, before);
    // Whatever goes wrong, a shell must not be disturbed: there are fewer words then.
    let config = Global { workspace: place.workspace.clone().or(global.workspace.clone()), ..global.clone() }.config();
    let found = place.candidates(global, &root, &typed, config.ok().as_ref());
    let mut text = String::new();
    for (word, about) in found.iter().filter(|(word, _)| word.is_empty() || word.starts_with(&typed)) {
        let about = about.lines().next().unwrap_or_default();
        text.push_str(&format!("{}\t{}\n", word, about));
    }
    if !text.is_empty() {
        output::text(&text);
    }
    Ok(Exit::Ok)
}

/// Where in the command line the next word stands.
struct Place<'a> {
    command: &'a Command,
    /// The names of commands on the way.
    path: Vec<&'a str>,
    /// The script, where one is run.
    script: Option<String>,
    /// Positional words since then.
    given: Vec<String>,
    /// The flag that waits for its value.
    flag: Option<&'a Arg>,
    /// What `--with` names.
    with: Vec<String>,
    workspace: Option<std::path::PathBuf>,
}

impl<'a> Place<'a> {
    fn after(root: &'a Command, before: &[String]) -> Place<'a> {
        let (path, given, with) = Default::default();
        let mut place = Place { command: root, path, script: None, given, flag: None, with, workspace: None };
        for word in before {
            place.take(root, word);
        }
        place
    }

    fn take(&mut self, root: &'a Command, word: &str) {
        if let Some(flag) = self.flag.take() {
            if flag.get_id() == "workspace" {
                self.workspace = Some(word.into());
            }
            if flag.get_id() == "with" {
                self.with.push(word.to_string());
            }
            return;
        }
        if word.starts_with('-') {
            let valued = |arg: &&Arg| arg.get_action().takes_values() && named(arg, word);
            self.flag = self.flags(root).into_iter().find(valued);
            return;
        }
        let below = self.command.find_subcommand(word).filter(|_| self.given.is_empty() && self.script.is_none());
        match below {
            Some(below) => {
                self.command = below;
                self.path.push(below.get_name());
            }
            None if self.script.is_none() && (self.path.is_empty() || self.path == ["run"]) => {
                self.script = Some(word.to_string());
                self.command = root.find_subcommand("run").unwrap_or(self.command);
            }
            None => self.given.push(word.to_string()),
        }
    }

    fn flags(&self, root: &'a Command) -> Vec<&'a Arg> {
        let here = self.command.get_arguments();
        let global = root.get_arguments().filter(|arg| arg.is_global_set());
        let mut all: Vec<&Arg> = here.chain(global).filter(|arg| !arg.is_positional() && !arg.is_hide_set()).collect();
        all.dedup_by_key(|arg| arg.get_id());
        all
    }

    fn candidates(&self, global: &Global, root: &Command, typed: &str, config: Option<&Config>) -> Vec<Candidate> {
        if let Some(flag) = self.flag {
            let plain = |names: &[&str]| names.iter().map(|name| ((*name).to_string(), String::new())).collect();
            return match (self.path.as_slice(), flag.get_id().as_str()) {
                (["audit"], "with") => config.map(policies).unwrap_or_default(),
                (["audit"], "param") => {
                    config.and_then(|config| pack_parameters(config, &self.with)).unwrap_or_default()
                }
                (["audit"], "environment") => config.map(environments).unwrap_or_default(),
                (["audit"], "kubernetes") => plain(kubernetes::versions()),
                _ => values(flag),
            };
        }
        if typed.starts_with('-') {
            return self.flags_as_words(root);
        }
        let library = config.map(|config| Library::new(&config.root));
        if let Some(script) = &self.script {
            return config.map_or_else(Vec::new, |config| self.parameters(global, config, script, typed));
        }
        let mut found = Vec::new();
        let verbs = self.command.get_subcommands().filter(|verb| !verb.is_hide_set() && self.given.is_empty());
        found.extend(verbs.map(|verb| (verb.get_name().to_string(), about(verb.get_about()))));
        let scripts = || {
            let listed = library.as_ref().and_then(|library| library.scripts().ok()).unwrap_or_default();
            listed.into_iter().map(|script| (script.name, script.title))
        };
        match (self.path.as_slice(), self.given.len()) {
            ([] | ["run"], 0) => found.extend(scripts()),
            (["eject"], 0) => {
                let templates = library.as_ref().and_then(|library| library.templates().ok()).unwrap_or_default();
                found.extend(scripts());
                found.extend(templates.into_iter().map(|template| (template.name, template.title)));
                found.extend(library.iter().flat_map(Library::std_modules).map(|module| (module, String::new())));
            }
            (["explain"], 0) => found.extend(library.as_ref().map(topics).unwrap_or_default()),
            (["form"], 0) => {
                found.extend(config.and_then(offered).unwrap_or_default());
                found.push((String::new(), "files".into()));
            }
            (["pr", _], 0) => found.extend(config.and_then(repositories).unwrap_or_default()),
            (["waive"], 0) => {
                let known = config.map(known_policies).unwrap_or_default();
                found.extend(known.into_iter().map(|policy| (policy.id, policy.about)));
            }
            (["waive"], 1) => {
                let kinds = config.map(kinds).unwrap_or_default();
                found.extend(kinds.into_iter().map(|(kind, about)| (format!("{kind}/"), about)));
            }
            (["schemas", "show"], 0) => found.extend(config.map(kinds).unwrap_or_default()),
            (["runs", "show" | "resume" | "undo"], 0) => found.extend(config.and_then(runs).unwrap_or_default()),
            _ => {
                let position = self.command.get_positionals().nth(self.given.len());
                let position = position.or_else(|| self.command.get_positionals().last());
                found.extend(position.map(values).unwrap_or_default());
            }
        }
        found
    }

    fn flags_as_words(&self, root: &Command) -> Vec<Candidate> {
        let flags = self.flags(root).into_iter();
        flags.filter_map(|arg| Some((format!("--{}", arg.get_long()?), about(arg.get_help())))).collect()
    }

    /// `name=` for each parameter that isn't given, or the choices of the one that is being typed.
    fn parameters(&self, global: &Global, config: &Config, script: &str, typed: &str) -> Vec<Candidate> {
        let library = Library::new(&config.root);
        let from = std::env::current_dir().unwrap_or_else(|_| config.root.clone());
        let Ok(script) = library.script(script, &from) else { return Vec::new() };
        // What depends on the others may be a question to the forge: a key press asks nobody outside.
        let declared = match open::is_embedded(config) {
            true => {
                let pairs = self.given.iter().filter(|word| word.contains('=')).cloned().collect();
                script_help::parameters(global, config, script, pairs).ok()
            }
            false => declared(config, &library, script).ok(),
        };
        let Some(declared) = declared else { return Vec::new() };
        if let Some((name, _)) = typed.split_once('=') {
            let Some(param) = declared.iter().find(|param| param.name == name) else { return Vec::new() };
            let choices: Vec<String> = match param.rule.kind.name() {
                "bool" => vec!["true".into(), "false".into()],
                _ => param
                    .rule
                    .choices
                    .iter()
                    .map(|choice| choice.as_str().map_or(choice.to_string(), str::to_owned))
                    .collect(),
            };
            return choices.into_iter().map(|choice| (format!("{name}={choice}"), String::new())).collect();
        }
        let given =
            |name: &str| self.given.iter().any(|pair| pair.split_once('=').is_some_and(|(there, _)| there == name));
        let open = declared.iter().filter(|param| !given(&param.name));
        open.map(|param| (format!("{}=", param.name), param.rule.description.clone())).collect()
    }
}

fn named(arg: &Arg, word: &str) -> bool {
    let long = word.strip_prefix("--").is_some_and(|name| arg.get_long() == Some(name));
    let short =
        word.strip_prefix('-').is_some_and(|name| arg.get_short().is_some_and(|short| name == short.to_string()));
    long || short
}

fn about(text: Option<&clap::builder::StyledStr>) -> String {
    text.map(ToString::to_string).unwrap_or_default()
}

/// The values that an argument knows; files where it knows none.
fn values(arg: &Arg) -> Vec<Candidate> {
    let known = arg.get_possible_values();
    if known.is_empty() {
        return vec![(String::new(), "files".into())];
    }
    known.iter().map(|value| (value.get_name().to_string(), about(value.get_help()))).collect()
}

/// What `--with` takes.
fn policies(config: &Config) -> Vec<Candidate> {
    let library = Library::new(&config.root);
    let title = |name: &String| library.pack(name, &config.root).map(|script| header(&script.text).0);
    let packs = library.packs();
    let packs = packs.iter().map(|name| (name.clone(), title(name).unwrap_or_default()));
    let built_in = BUILT_IN.map(|name| (name.to_string(), schema::about().about));
    built_in.into_iter().chain(packs).chain([(String::new(), "files".into())]).collect()
}

/// `NAME=` for each parameter of the packs that would be asked, with the pack where two have it.
fn pack_parameters(config: &Config, with: &[String]) -> Option<Vec<Candidate>> {
    let library = Library::new(&config.root);
    let here = super::current_folder().ok()?;
    let scripts = match with.is_empty() {
        true => panel::enforced(config, &library).ok()?,
        false => panel::scripts_of(with.iter().map(String::as_str), &library, &here).ok()?,
    };
    let asked = Panel::of(config).with_packs(scripts, &library, &Settings::default()).ok()?;
    let all =
        || asked.packs.iter().flat_map(|chosen| chosen.pack().declared().iter().map(move |param| (chosen, param)));
    let word = |(chosen, param): (&Chosen, &Declared)| {
        let alone = all().filter(|(_, other)| other.name == param.name).count() == 1;
        let pack = &chosen.pack().script().name;
        let word = if alone { format!("{}=", param.name) } else { format!("{pack}.{}=", param.name) };
        (word, param.rule.description.clone())
    };
    Some(all().map(word).collect())
}

fn environments(config: &Config) -> Vec<Candidate> {
    let of_cluster = |known: &Environment| (known.name.clone(), known.cluster.clone());
    config.environments.iter().map(of_cluster).collect()
}

fn topics(library: &Library) -> Vec<Candidate> {
    let mut found = Vec::new();
    for chapter in reference::all(library).unwrap_or_default() {
        found.push((chapter.name.clone(), chapter.about.clone()));
        found.extend(chapter.entries.iter().map(|entry| (entry.title.clone(), entry.brief().to_string())));
    }
    found.extend(crate::error::codes::all().iter().map(|code| (code.code.to_string(), code.title.clone())));
    let settings = crate::config::settings::all().iter();
    found.extend(settings.map(|setting| (setting.key.to_string(), setting.about.to_string())));
    found
}

/// Those of the embedded forge: a key press asks nobody outside.
fn repositories(config: &Config) -> Option<Vec<Candidate>> {
    if !open::is_embedded(config) {
        return None;
    }
    let found = super::block_on(async {
        let world = open::for_reading(config).await?;
        world.forge.repositories().await
    });
    Some(found.ok()?.into_iter().map(|repo| (repo.name().to_string(), repo.to_string())).collect())
}

/// Kinds of the workspace's own files and those that are built in: a key press asks no forge.
fn kinds(config: &Config) -> Vec<Candidate> {
    let Ok(schemas) = Workspace::new(config).own() else { return Vec::new() };
    let own = schemas.definitions().into_iter().map(|known| (known.kind.clone(), known.group.clone()));
    let built_in = kubernetes::kinds().iter().filter(|known| !known.kind.ends_with("List"));
    let built_in = built_in.map(|known| (known.kind.to_string(), known.api_version()));
    let mut found: Vec<Candidate> = own.chain(built_in).collect();
    found.sort();
    found.dedup_by(|one, other| one.0 == other.0);
    found
}

/// The kinds that the platform of an embedded forge offers.
fn offered(config: &Config) -> Option<Vec<Candidate>> {
    if !open::is_embedded(config) {
        return None;
    }
    let found = super::form::on_offer(config).ok()?;
    Some(found.iter().map(|offer| (offer.form.word.clone(), offer.form.title.clone())).collect())
}

fn runs(config: &Config) -> Option<Vec<Candidate>> {
    let path = config.journal();
    let rows = path.is_file().then(|| SqliteJournal::open(&path, Faults::default()).ok())??;
    let rows = super::block_on(rows.runs()).ok()?;
    Some(rows.into_iter().map(|row| (row.hash, row.key)).collect())
}
