//! Who is asked in an audit: policies that are built in, and packs with their parameters and levels. Packs are found by
//! name, file or folder.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rhai::Dynamic;
use serde_json::{Map, Value};

use super::policy::Policy;
use super::{Text, settings};
use crate::bridge::Trouble;
use crate::config::{Config, Limits, Policies};
use crate::error::{Error, Result, nearest};
use crate::library::{Library, Script};
use crate::report::{PolicyLevel, RuleInfo};
use crate::script::{Ended, Extras, Fence, Pack, Progress, as_params};

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
    /// `NAME=VALUE` or `PACK.NAME=VALUE`, as the command line has them: they win.
    pub params: Vec<(String, String)>,
    /// Values by pack, for every environment: they win over `idp.yaml`.
    pub values: BTreeMap<String, Map<String, Value>>,
    /// Levels by rule or pack, for every environment: they win over `idp.yaml`.
    pub levels: BTreeMap<String, PolicyLevel>,
    /// What `idp.yaml` says.
    pub policies: Policies,
}

/// A pack with its parameters and levels.
pub struct Chosen {
    pack: Arc<Pack>,
    /// The first one holds where nothing is said of an environment.
    setups: Vec<Setup>,
    of_environment: BTreeMap<String, usize>,
    rules: Vec<Asked>,
}

/// Parameters and levels, as they hold together.
pub(super) struct Setup {
    pub(super) values: Map<String, Value>,
    pub(super) levels: Vec<PolicyLevel>,
}

/// What became of a rule of a pack.
#[derive(Default)]
struct Asked {
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

    /// Which parameters and levels hold in an environment.
    pub fn setup(&self, environment: Option<&str>) -> usize {
        environment.and_then(|name| self.of_environment.get(name)).copied().unwrap_or_default()
    }

    /// The parameters of each setup, as rules take them.
    pub fn params(&self) -> Vec<Dynamic> {
        self.setups.iter().map(|setup| as_params(&setup.values)).collect()
    }

    /// The parameters of a setup.
    pub fn values(&self, setup: usize) -> Option<&Map<String, Value>> {
        Some(&self.setups.get(setup)?.values)
    }

    /// The level that a setup says of a rule.
    pub fn said(&self, rule: usize, setup: usize) -> Option<PolicyLevel> {
        self.setups.get(setup)?.levels.get(rule).copied()
    }

    /// The level of a rule in a setup, unless it isn't asked there.
    pub fn level(&self, rule: usize, setup: usize) -> Option<PolicyLevel> {
        let level = self.said(rule, setup)?;
        let given_up = self.rules.get(rule).is_some_and(|asked| asked.given_up.load(Ordering::Relaxed));
        (level > PolicyLevel::Off && !given_up).then_some(level)
    }

    /// The setups in which a rule is asked.
    pub fn asked(&self, rule: usize) -> impl Iterator<Item = usize> + '_ {
        (0..self.setups.len()).filter(move |setup| self.level(rule, *setup).is_some())
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

/// The policies that are built in.
pub const BUILT_IN: [&str; 1] = ["schema"];

impl Panel {
    /// Nobody yet, with the limits and environments of a workspace.
    pub fn of(config: &Config) -> Panel {
        let environments = config.environments.iter().map(|environment| environment.name.clone()).collect();
        Panel { limits: config.limits, environments, ..Panel::default() }
    }

    /// The rules, for those who show what they found.
    pub fn about(&self) -> Vec<RuleInfo> {
        let built_in = self.built_in.iter().map(|policy| policy.about());
        let rules = self.packs.iter().flat_map(|chosen| {
            let asked = chosen.pack.rules().iter().enumerate().filter(|(at, _)| chosen.asked(*at).next().is_some());
            asked.map(|(at, facts)| RuleInfo {
                id: facts.id.clone(),
                about: facts.title.clone(),
                why: facts.description.clone(),
                is_error: chosen.asked(at).any(|setup| chosen.level(at, setup) == Some(PolicyLevel::Deny)),
                waivable: facts.waivable,
            })
        });
        built_in.chain(rules).collect()
    }

    /// Asks every rule again, also those that took too long: another audit says so again, or finds what they find.
    pub fn renew(&self) {
        let rules = self.packs.iter().flat_map(|chosen| &chosen.rules);
        rules.for_each(|asked| asked.given_up.store(false, Ordering::Relaxed));
    }

    /// The pack and the rule of an id, if it is asked anywhere.
    pub fn rule(&self, id: &str) -> Option<(usize, usize)> {
        self.packs.iter().enumerate().find_map(|(at, chosen)| {
            let rule = chosen.pack.rules().iter().position(|facts| facts.id == id)?;
            chosen.asked(rule).next().map(|_| (at, rule))
        })
    }

    /// Whether a rule looks at all objects together.
    pub fn looks_at_all(&self) -> bool {
        let of_all = |chosen: &Chosen| {
            let rules = chosen.pack.rules().iter().enumerate();
            rules.into_iter().any(|(at, facts)| facts.of_all && chosen.asked(at).next().is_some())
        };
        self.packs.iter().any(of_all)
    }

    /// Adds packs.
    ///
    /// # Errors
    /// What is wrong with a script, its place in the text; `idp::param::unknown` and its like; `idp::policy::level`.
    pub fn with_packs(self, scripts: Vec<Script>, library: &Library, settings: &Settings) -> Result<Panel> {
        let packs = read(scripts, library, self.limits, &Extras::default())?;
        settings::known_packs(&packs, library, settings)?;
        self.with_read(packs.into_iter().map(Arc::new).collect(), settings)
    }

    /// Adds packs that were read before.
    ///
    /// # Errors
    /// As of [`Panel::with_packs`], but for those of scripts.
    pub fn with_read(mut self, packs: Vec<Arc<Pack>>, settings: &Settings) -> Result<Panel> {
        settings::check(&packs, settings)?;
        for pack in packs {
            let of_pack = settings.policies.packs.get(&pack.script().name);
            let environments = of_pack.map(|of_pack| of_pack.environments.keys()).into_iter().flatten();
            let mut setups = vec![settings::setup(&pack, None, settings)?];
            let mut of_environment = BTreeMap::new();
            for environment in environments {
                of_environment.insert(environment.clone(), setups.len());
                setups.push(settings::setup(&pack, Some(environment), settings)?);
            }
            let rules = pack.rules().iter().map(|_| Asked::default()).collect();
            self.packs.push(Chosen { pack, setups, of_environment, rules });
        }
        Ok(self)
    }

    /// The environment of an object: the one that everything is for, or that its text is for; else the first that the
    /// file's path or the namespace names.
    pub fn environment_of<'p>(&'p self, text: &'p Text, namespace: Option<&str>) -> Option<&'p str> {
        if let Some(environment) = self.environment.as_deref().or(text.environment.as_deref()) {
            return Some(environment);
        }
        let path = text.shown.split(['/', '.', ':']);
        let words: Vec<&str> = path.chain(namespace.into_iter().flat_map(|name| name.split('-'))).collect();
        self.environments.iter().map(String::as_str).find(|name| words.contains(name))
    }
}

/// The scripts that words stand for, each once; those that are built in are no scripts.
///
/// # Errors
/// What [`scripts`] says.
pub fn scripts_of<'w>(words: impl Iterator<Item = &'w str>, library: &Library, here: &Path) -> Result<Vec<Script>> {
    let mut found: Vec<Script> = Vec::new();
    for word in words.filter(|word| !BUILT_IN.contains(word)) {
        for script in scripts(word, library, here, &BUILT_IN)? {
            if !found.iter().any(|known| known.is_same(&script)) {
                found.push(script);
            }
        }
    }
    Ok(found)
}

/// The packs that a workspace enforces, with what it says of them.
///
/// # Errors
/// Those of [`enforced`] and of [`Panel::with_packs`].
pub fn of_workspace(config: &Config) -> Result<Panel> {
    let library = Library::new(&config.root);
    let settings = Settings { policies: config.policies.clone(), ..Settings::default() };
    Panel::of(config).with_packs(enforced(config, &library)?, &library, &settings)
}

/// The scripts that a workspace enforces.
///
/// # Errors
/// `idp::audit::policy` for a name that nothing has, at its place in `idp.yaml`; what reading says.
pub fn enforced(config: &Config, library: &Library) -> Result<Vec<Script>> {
    let mut found: Vec<Script> = Vec::new();
    for (word, place) in &config.policies.enforce {
        let scripts = scripts_of(std::iter::once(word.as_str()), library, &config.root);
        for script in scripts.map_err(|error| if error.place().is_none() { error.at(place.clone()) } else { error })? {
            if found.iter().any(|known| known.is_same(&script)) {
                continue;
            }
            if let Some(other) = found.iter().find(|known| known.name == script.name) {
                return Err(namesakes(other, &script).at(place.clone()));
            }
            found.push(script);
        }
    }
    Ok(found)
}

/// Looks at what `idp.yaml` says of a pack, whether or not anybody asks it now. What is wrong with the pack itself, and a
/// name that none has, is for others to tell.
///
/// # Errors
/// `idp::param::unknown` and its like, `idp::policy::level`, each at its place.
pub fn check_said(name: &str, config: &Config, library: &Library) -> Result<()> {
    let Ok(script) = library.pack(name, &config.root) else { return Ok(()) };
    let Ok(packs) = read(vec![script], library, config.limits, &Extras::default()) else { return Ok(()) };
    let packs: Vec<Arc<Pack>> = packs.into_iter().map(Arc::new).collect();
    settings::check(&packs, &Settings { policies: config.policies.clone(), ..Settings::default() })
}

/// What is wrong with two files that are packs of one name.
fn namesakes(one: &Script, other: &Script) -> Error {
    let message = format!("there are two packs `{}`: {} and {}", one.name, one.shown, other.shown);
    let error = Error::invalid("idp::audit::policy", message);
    error.help("a pack is known by the name of its file: leave one of them out, or give it another name")
}

/// The scripts that a word of `--with` stands for: a pack by name, a file, or those of a folder.
///
/// # Errors
/// `idp::audit::policy` if there is nothing of that name; what reading says.
pub fn scripts(word: &str, library: &Library, here: &Path, built_in: &[&str]) -> Result<Vec<Script>> {
    let folder = here.join(word);
    // A folder that happens to have the name of a pack doesn't take its place.
    if folder.is_dir() && !library.packs().iter().any(|name| name == word) {
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
    let mut names: BTreeMap<&str, &Script> = BTreeMap::new();
    for script in &scripts {
        if let Some(other) = names.insert(&script.name, script) {
            return Err(namesakes(other, script));
        }
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
