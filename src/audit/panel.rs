//! Who is asked in an audit: policies that are built in, and packs with their parameters and levels. Packs are found by
//! name, file or folder.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rhai::Dynamic;
use serde_json::{Map, Value};

use super::policy::Policy;
use crate::bridge::Trouble;
use crate::config::Limits;
use crate::error::{Error, Place, Result, nearest};
use crate::library::{Library, Script};
use crate::report::{PolicyLevel, RuleInfo};
use crate::script::{Ended, Extras, Fence, Given, Pack, Progress, as_params};

/// Everything that objects are shown to.
#[derive(Default)]
pub struct Panel {
    /// Those that are no scripts.
    pub built_in: Vec<Box<dyn Policy>>,
    /// Those that are.
    pub packs: Vec<Chosen>,
    /// What a script may use.
    pub limits: Limits,
    /// The environments that there are.
    pub environments: Vec<String>,
    /// The one that everything is for, if somebody says so.
    pub environment: Option<String>,
}

/// What was said of packs beside their names.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// `NAME=VALUE` or `PACK.NAME=VALUE`, as the command line has them.
    pub params: Vec<(String, String)>,
    /// Values by pack.
    pub values: BTreeMap<String, Map<String, Value>>,
    /// Levels by rule or pack.
    pub levels: BTreeMap<String, PolicyLevel>,
    /// Whether the values are all there is, and what the environment says doesn't count.
    pub alone: bool,
}

/// A pack with its parameters.
pub struct Chosen {
    pack: Arc<Pack>,
    values: Map<String, Value>,
    rules: Vec<Asked>,
}

/// What follows from a rule of a pack.
struct Asked {
    level: PolicyLevel,
    /// Set once it took longer than it may: what takes for ever once does so again.
    given_up: AtomicBool,
    /// How often it was asked.
    times: AtomicUsize,
}

impl Chosen {
    /// The pack.
    pub fn pack(&self) -> &Pack {
        &self.pack
    }

    /// Its parameters.
    pub fn values(&self) -> &Map<String, Value> {
        &self.values
    }

    /// Its parameters, as rules take them.
    pub fn params(&self) -> Dynamic {
        as_params(&self.values)
    }

    /// The level of a rule, unless it isn't asked.
    pub fn level(&self, rule: usize) -> Option<PolicyLevel> {
        let asked = self.rules.get(rule)?;
        let on = asked.level > PolicyLevel::Off && !asked.given_up.load(Ordering::Relaxed);
        on.then_some(asked.level)
    }

    /// Notes that a rule is asked.
    pub fn ask(&self, rule: usize) {
        if let Some(asked) = self.rules.get(rule) {
            asked.times.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How often a rule was asked.
    pub fn times(&self, rule: usize) -> usize {
        self.rules.get(rule).map_or(0, |asked| asked.times.load(Ordering::Relaxed))
    }

    /// Asks a rule no more.
    pub fn give_up(&self, rule: usize) {
        if let Some(asked) = self.rules.get(rule) {
            asked.given_up.store(true, Ordering::Relaxed);
        }
    }
}

impl Panel {
    /// The rules, for those who show what they found.
    pub fn about(&self) -> Vec<RuleInfo> {
        let built_in = self.built_in.iter().map(|policy| policy.about());
        let rules = self.packs.iter().flat_map(|chosen| {
            chosen.pack.rules().iter().enumerate().filter(|(at, _)| chosen.level(*at).is_some()).map(|(at, facts)| {
                RuleInfo {
                    id: facts.id.clone(),
                    about: facts.title.clone(),
                    why: facts.description.clone(),
                    is_error: chosen.level(at) == Some(PolicyLevel::Deny),
                    waivable: facts.waivable,
                }
            })
        });
        built_in.chain(rules).collect()
    }

    /// The pack and the rule of an id, if it is asked.
    pub fn rule(&self, id: &str) -> Option<(usize, usize)> {
        self.packs.iter().enumerate().find_map(|(at, chosen)| {
            let rule = chosen.pack.rules().iter().position(|facts| facts.id == id)?;
            chosen.level(rule).map(|_| (at, rule))
        })
    }

    /// Whether a rule looks at all objects together.
    pub fn looks_at_all(&self) -> bool {
        let of_all = |chosen: &Chosen| {
            let rules = chosen.pack.rules().iter().enumerate();
            rules.into_iter().any(|(at, facts)| facts.of_all && chosen.level(at).is_some())
        };
        self.packs.iter().any(of_all)
    }

    /// Adds packs.
    ///
    /// # Errors
    /// What is wrong with a script, its place in the text; `idp::param::unknown` and its like; `idp::policy::level`.
    pub fn with_packs(self, scripts: Vec<Script>, library: &Library, settings: &Settings) -> Result<Panel> {
        let packs = read(scripts, library, self.limits, &Extras::default())?;
        self.with_read(packs.into_iter().map(Arc::new).collect(), settings)
    }

    /// Adds packs that were read before.
    ///
    /// # Errors
    /// As of [`Panel::with_packs`], but for those of scripts.
    pub fn with_read(mut self, packs: Vec<Arc<Pack>>, settings: &Settings) -> Result<Panel> {
        known_params(&packs, settings)?;
        known_levels(&packs, settings)?;
        for pack in packs {
            let name = pack.script().name.clone();
            let qualified = format!("{name}.");
            let takes = |param: &str| pack.declared().iter().any(|declared| declared.name == param);
            let pairs = settings.params.iter().filter_map(|(param, value)| match param.strip_prefix(&qualified) {
                Some(param) => Some((param.to_owned(), value.clone())),
                None => (!param.contains('.') && takes(param)).then(|| (param.clone(), value.clone())),
            });
            let values = settings.values.get(&name).cloned().unwrap_or_default();
            let (values, exactly) = if settings.alone { (Map::new(), Some(values)) } else { (values, None) };
            let given = Given { pairs: pairs.collect(), values, exactly, ..Given::default() };
            let values = pack.values(&given)?;
            let level = |facts: &crate::primitives::policy::Facts| {
                let said = settings.levels.get(&facts.id).or_else(|| settings.levels.get(&name));
                said.copied().unwrap_or(facts.level)
            };
            let rules = pack.rules().iter();
            let rules = rules.map(|facts| Asked {
                level: level(facts),
                given_up: AtomicBool::new(false),
                times: AtomicUsize::new(0),
            });
            let rules = rules.collect();
            self.packs.push(Chosen { pack, values, rules });
        }
        Ok(self)
    }

    /// The environment of an object: the one that everything is for; else the first that its file's path or its namespace
    /// names.
    pub fn environment_of(&self, file: &str, namespace: Option<&str>) -> Option<&str> {
        if let Some(environment) = &self.environment {
            return Some(environment);
        }
        let path = file.split(['/', '.']);
        let folders: Vec<&str> = path.chain(namespace.into_iter().flat_map(|name| name.split('-'))).collect();
        self.environments.iter().map(String::as_str).find(|name| folders.contains(name))
    }
}

/// The scripts that a word of `--with` stands for: a pack by name, a file, or those of a folder.
///
/// # Errors
/// `idp::audit::policy` if there is nothing of that name; what reading says.
pub fn scripts(word: &str, library: &Library, here: &Path, built_in: &[&str]) -> Result<Vec<Script>> {
    let folder = here.join(word);
    if folder.is_dir() {
        return of_folder(word, &folder, library, here);
    }
    library.pack(word, here).map(|script| vec![script]).map_err(|error| {
        if error.code() != "idp::script::unknown" {
            return error;
        }
        let packs = library.packs();
        let known: Vec<&str> = built_in.iter().copied().chain(packs.iter().map(String::as_str)).collect();
        let near = nearest(word, known.iter().copied());
        let near = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
        Error::invalid("idp::audit::policy", format!("there is no policy `{word}`"))
            .help(format!("{near}there are {}; a path contains a `/` or ends in .rhai", known.join(", ")))
    })
}

fn of_folder(word: &str, folder: &Path, library: &Library, here: &Path) -> Result<Vec<Script>> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .map_err(crate::error::io("look into", folder))?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".rhai") && !name.ends_with(".test.rhai"))
        .collect();
    names.sort();
    if names.is_empty() {
        let error = Error::invalid("idp::audit::policy", format!("there is no script in the folder {word}"));
        return Err(error.help("policies are scripts, files that end in .rhai"));
    }
    let word = word.trim_end_matches('/');
    names.iter().map(|name| library.script(&format!("{word}/{name}"), here)).collect()
}

/// Compiles the scripts on a thread that is watched: their top level runs.
///
/// # Errors
/// What is wrong with a script; `idp::audit::policy` if two have one name.
pub fn read(scripts: Vec<Script>, library: &Library, limits: Limits, extras: &Extras) -> Result<Vec<Pack>> {
    if scripts.is_empty() {
        return Ok(Vec::new());
    }
    let mut names: Vec<&str> = scripts.iter().map(|script| script.name.as_str()).collect();
    names.sort_unstable();
    if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        let error = Error::invalid("idp::audit::policy", format!("there are two packs `{}`", pair[0]));
        return Err(error.help("a pack is known by the name of its file: give one of them another name"));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|error| Error::failed("idp::io", format!("can't start the runtime: {error}")))?;
    let progress = Progress::new(limits.memory);
    let (library, watch, extras) = (library.clone(), progress.clone(), extras.clone());
    let work = move || -> Result<Vec<Pack>, Trouble> {
        let load = |script| Pack::load(script, &library, watch.clone(), extras.clone());
        scripts.into_iter().map(load).collect()
    };
    let limits = Limits { time: limits.time.min(super::crew::DEADLINE * 2), ..limits };
    let mut fence = Fence::start(limits, &progress, work)
        .map_err(|error| Error::failed("idp::io", format!("can't start a thread: {error}")))?;
    match runtime.block_on(fence.ended()) {
        Ended::Itself { result, .. } => result.map_err(error_of),
        Ended::Left(error) | Ended::Panicked(error) => Err(error),
    }
}

/// An error of a script with its place.
pub fn error_of(trouble: Trouble) -> Error {
    match trouble {
        Trouble::Failed { error, frames } => match (error.place(), frames.into_iter().next()) {
            (None, Some(frame)) => error.at(frame.place),
            _ => error,
        },
        Trouble::Waiting(what) => Error::failed("idp::policy::outside", format!("a policy can't wait for {what}")),
    }
}

/// Refuses a parameter that no pack has, or several without saying which is meant.
fn known_params(packs: &[Arc<Pack>], settings: &Settings) -> Result<()> {
    for (param, _) in &settings.params {
        let takes = |pack: &Pack, name: &str| pack.declared().iter().any(|declared| declared.name == name);
        let (pack, name) = match param.split_once('.') {
            Some((pack, name)) => (Some(pack), name),
            None => (None, param.as_str()),
        };
        let named: Vec<&Pack> = packs
            .iter()
            .map(|known| &**known)
            .filter(|known| pack.is_none_or(|pack| known.script().name == pack))
            .collect();
        let taking = named.iter().filter(|pack| takes(pack, name)).count();
        if taking > 1 {
            let error = Error::invalid("idp::param::unknown", format!("{taking} packs have a parameter `{name}`"));
            let of = named.iter().find(|pack| takes(pack, name)).map_or("PACK", |pack| pack.script().name.as_str());
            return Err(error.help(format!("say which is meant: `--param {of}.{name}=...`")));
        }
        if taking == 0 {
            let error =
                Error::invalid("idp::param::unknown", format!("no pack that is asked has a parameter `{param}`"));
            let all: Vec<String> =
                named.iter().flat_map(|pack| pack.declared().iter().map(|declared| declared.name.clone())).collect();
            return Err(match nearest(name, all.iter().map(String::as_str)) {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None if all.is_empty() => error.help("they take none"),
                None => error.help(format!("there are {}", all.join(", "))),
            });
        }
    }
    Ok(())
}

/// Refuses levels of rules that a pack doesn't have.
fn known_levels(packs: &[Arc<Pack>], settings: &Settings) -> Result<()> {
    for id in settings.levels.keys() {
        let Some((pack, _)) = id.split_once('/') else { continue };
        let Some(pack) = packs.iter().find(|known| known.script().name == pack) else { continue };
        if !pack.rules().iter().any(|facts| facts.id == *id) {
            let error = Error::invalid("idp::policy::level", format!("there is no policy `{id}`"))
                .at(Place::file(crate::config::FILE));
            let near = nearest(id, pack.rules().iter().map(|facts| facts.id.as_str()));
            return Err(near.map_or(error.clone(), |near| error.help(format!("did you mean `{near}`?"))));
        }
    }
    Ok(())
}
