//! Parameters and levels of packs, from the command line and `idp.yaml`: for each environment they are put together once,
//! and what no pack knows is refused at its place.

use std::sync::Arc;

use serde_json::Map;

use super::panel::{Settings, Setup};
use crate::config::policies::{Param, Said};
use crate::error::{Error, Result, nearest};
use crate::library::Library;
use crate::primitives::param::check as fits;
use crate::primitives::policy::Facts;
use crate::report::PolicyLevel;
use crate::script::{Given, Pack};

/// What holds for a pack: in an environment, or where nothing is said of one.
pub fn setup(pack: &Pack, environment: Option<&str>, settings: &Settings) -> Result<Setup> {
    let name = pack.script().name.as_str();
    let of_pack = settings.policies.packs.get(name);
    // The nearer one first.
    let said: Vec<&Said> = of_pack
        .into_iter()
        .flat_map(|of_pack| {
            environment.and_then(|name| of_pack.environments.get(name)).into_iter().chain([&of_pack.always])
        })
        .collect();
    let mut values = Map::new();
    for said in said.iter().rev() {
        values.extend(said.params.iter().map(|(name, param)| (name.clone(), param.value.clone())));
    }
    values.extend(settings.values.get(name).cloned().unwrap_or_default());
    let qualified = format!("{name}.");
    let pairs = settings.params.iter().filter_map(|(param, value)| match param.strip_prefix(&qualified) {
        Some(param) => Some((param.to_owned(), value.clone())),
        None => (!param.contains('.') && takes(pack, param)).then(|| (param.clone(), value.clone())),
    });
    // The environment's variables are for golden paths: nobody loosens a policy by one.
    let given = Given { pairs: pairs.collect(), exactly: Some(values), ..Given::default() };
    let values = pack.values(&given).map_err(|error| match (error.code(), of_pack) {
        ("idp::param::missing", of_pack) => {
            let error =
                error.help(format!("give `--param {name}.NAME=VALUE`, or `policies.packs.{name}.params` in idp.yaml"));
            of_pack.map(|of_pack| of_pack.place.clone()).into_iter().fold(error, Error::at)
        }
        _ => error,
    })?;
    let level = |id: &str, own: PolicyLevel| {
        let of = |said: &&Said| said.levels.get(id).or_else(|| said.levels.get(name)).map(|(level, _)| *level);
        said.iter().find_map(of).unwrap_or(own)
    };
    let level = |facts: &Facts| match settings.levels.get(&facts.id).or_else(|| settings.levels.get(name)) {
        Some(wanted) => *wanted,
        None => level(&facts.id, facts.level),
    };
    let levels = pack.rules().iter().map(|facts| level(facts)).collect();
    Ok(Setup { values, levels })
}

fn takes(pack: &Pack, param: &str) -> bool {
    pack.declared().iter().any(|declared| declared.name == param)
}

/// Refuses what the packs don't know, and what contradicts itself.
///
/// # Errors
/// `idp::param::unknown` and its like, `idp::param::twice`, `idp::policy::level`, each at its place.
pub fn check(packs: &[Arc<Pack>], settings: &Settings) -> Result<()> {
    params(packs, settings)?;
    for pack in packs {
        let Some(of_pack) = settings.policies.packs.get(&pack.script().name) else { continue };
        for said in [&of_pack.always].into_iter().chain(of_pack.environments.values()) {
            of_idp_yaml(pack, said)?;
        }
    }
    Ok(())
}

/// Refuses what is said of packs that there aren't. Those that nobody asks now are left alone.
///
/// # Errors
/// `idp::audit::policy` at its place.
pub fn known_packs(packs: &[Pack], library: &Library, settings: &Settings) -> Result<()> {
    let known: Vec<String> =
        library.packs().into_iter().chain(packs.iter().map(|pack| pack.script().name.clone())).collect();
    let Some((name, of_pack)) = settings.policies.packs.iter().find(|(name, _)| !known.contains(name)) else {
        return Ok(());
    };
    let error = Error::invalid("idp::audit::policy", format!("there is no pack `{name}`")).at(of_pack.place.clone());
    Err(match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error.help(format!("there are {}", known.join(", "))),
    })
}

fn of_idp_yaml(pack: &Pack, said: &Said) -> Result<()> {
    let name = &pack.script().name;
    for (param, Param { value, place, key }) in &said.params {
        let Some(declared) = pack.declared().iter().find(|declared| declared.name == *param) else {
            let error = Error::invalid("idp::param::unknown", format!("the pack {name} has no parameter `{param}`"));
            return Err(with_nearest(error, param, pack).at(key.clone()));
        };
        fits(param, &declared.rule, value).map_err(|error| {
            // Nobody asks a pack for `--help`.
            let help = error.help_text().filter(|help| !help.contains("--help")).map(str::to_owned);
            let help = help.unwrap_or_else(|| format!("params() of the pack {name} says what it takes"));
            error.at(place.clone()).help(help)
        })?;
    }
    for (id, (_, place)) in &said.levels {
        if id != name && !pack.rules().iter().any(|facts| facts.id == *id) {
            let error = Error::invalid("idp::policy::level", format!("the pack {name} has no policy `{id}`"));
            let ids = pack.rules().iter().map(|facts| facts.id.as_str()).chain([name.as_str()]);
            let near =
                nearest(id, ids.clone()).or_else(|| ids.clone().find(|known| known.ends_with(&format!("/{id}"))));
            let error = error.at(place.clone());
            return Err(match near {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None => error.help(format!("write {name}/RULE, or `{name}` for all of its policies")),
            });
        }
    }
    Ok(())
}

/// What is wrong with `--param PACK.NAME=VALUE` where nobody asks the pack.
fn no_pack(packs: &[Arc<Pack>], pack: &str, param: &str) -> Error {
    let asked: Vec<&str> = packs.iter().map(|known| known.script().name.as_str()).collect();
    let message = format!("no pack `{pack}` is asked, so nothing takes the parameter `{param}`");
    let error = Error::invalid("idp::param::unknown", message);
    match nearest(pack, asked.iter().copied()) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None if asked.is_empty() => error.help("no pack is asked: name one with `--with`"),
        None => error.help(format!("{} asked; `--with` names others", words(&asked))),
    }
}

/// `a is`, `a, b are`.
fn words(names: &[&str]) -> String {
    format!("{} {}", names.join(", "), if names.len() == 1 { "is" } else { "are" })
}

fn with_nearest(error: Error, param: &str, pack: &Pack) -> Error {
    let all: Vec<&str> = pack.declared().iter().map(|declared| declared.name.as_str()).collect();
    match nearest(param, all.iter().copied()) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None if all.is_empty() => error.help("it takes none"),
        None => error.help(format!("there are {}", all.join(", "))),
    }
}

/// Refuses a parameter of the command line that no pack has, that several have without a word on which is meant, or that
/// is given two values.
fn params(packs: &[Arc<Pack>], settings: &Settings) -> Result<()> {
    let mut given: Vec<(&str, &str, &str)> = Vec::new();
    for (param, value) in &settings.params {
        let (pack, name) = match param.split_once('.') {
            Some((pack, name)) => (Some(pack), name),
            None => (None, param.as_str()),
        };
        let named = packs.iter().filter(|known| pack.is_none_or(|pack| known.script().name == pack));
        let named: Vec<&Arc<Pack>> = named.collect();
        if let Some(pack) = pack.filter(|_| named.is_empty()) {
            return Err(no_pack(packs, pack, param));
        }
        let taking: Vec<&Arc<Pack>> = named.iter().copied().filter(|pack| takes(pack, name)).collect();
        match taking.as_slice() {
            [] => {
                let message = format!("no pack that is asked has a parameter `{param}`");
                let error = Error::invalid("idp::param::unknown", message);
                let all: Vec<String> = named
                    .iter()
                    .flat_map(|pack| pack.declared().iter().map(|declared| declared.name.clone()))
                    .collect();
                return Err(match nearest(name, all.iter().map(String::as_str)) {
                    Some(near) => error.help(format!("did you mean `{near}`?")),
                    None if all.is_empty() => error.help("they take none"),
                    None => error.help(format!("there are {}", all.join(", "))),
                });
            }
            [pack] => {
                let of = pack.script().name.as_str();
                if let Some((_, _, other)) =
                    given.iter().find(|(pack, param, other)| (*pack, *param) == (of, name) && other != value)
                {
                    let message = format!("the parameter `{name}` of {of} is given twice: {other} and {value}");
                    return Err(Error::invalid("idp::param::twice", message).help("leave one of them out"));
                }
                given.push((of, name, value));
            }
            [first, ..] => {
                let message = format!("{} packs have a parameter `{name}`", taking.len());
                let of = first.script().name.as_str();
                return Err(Error::invalid("idp::param::unknown", message)
                    .help(format!("say which is meant: `--param {of}.{name}=...`")));
            }
        }
    }
    Ok(())
}
