//! The section `policies` of `idp.yaml`: which policies are enforced, and what is said of packs by their names. What only a
//! pack itself knows, its parameters and rules, is checked when it is read.

use std::collections::BTreeMap;

use serde_json::Value;

use super::fields::Field;
use super::{Config, idp_yaml};
use crate::error::{Error, Place, Result, nearest};
use crate::report::PolicyLevel;

/// What a workspace says of policies.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Policies {
    /// What runs at the door, and in audits that name nothing: packs, scripts, folders, and what is built in.
    pub enforce: Vec<(String, Place)>,
    /// What holds for a pack, by its name.
    pub packs: BTreeMap<String, OfPack>,
}

/// What is said of a pack.
#[derive(Debug, Clone, PartialEq)]
pub struct OfPack {
    /// Where its name stands.
    pub place: Place,
    /// For every environment.
    pub always: Said,
    /// For some.
    pub environments: BTreeMap<String, Said>,
}

/// Parameters and levels, each with its place.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Said {
    /// Values by parameter.
    pub params: BTreeMap<String, Param>,
    /// Levels by rule, or by the pack's name for all of them.
    pub levels: BTreeMap<String, (PolicyLevel, Place)>,
}

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Param {
    /// As YAML has it.
    pub value: Value,
    /// Where it stands.
    pub place: Place,
    /// Where the parameter's name stands.
    pub key: Place,
}

/// Reads the section. The environments must be known by then.
pub(super) fn read(field: &Field<'_>, config: &Config) -> Result<Policies> {
    field.only(&["enforce", "packs"])?;
    let mut found = Policies::default();
    for field in field.get("enforce").map(|field| field.elements()).transpose()?.unwrap_or_default() {
        let word = field.text()?;
        // A path keeps to the workspace; a name is looked up when it is needed.
        if word.contains('/') || word.ends_with(".rhai") {
            idp_yaml::path(config, &field)?;
        }
        if found.enforce.iter().any(|(known, _)| *known == word) {
            return Err(field.error(format!("names `{word}` a second time")));
        }
        found.enforce.push((word, field.place()));
    }
    for (name, field) in field.get("packs").map(|field| field.entries()).transpose()?.unwrap_or_default() {
        field.only(&["params", "levels", "environments"])?;
        let mut environments = BTreeMap::new();
        for (environment, field) in
            field.get("environments").map(|field| field.entries()).transpose()?.unwrap_or_default()
        {
            if !config.environments.iter().any(|known| known.name == environment) {
                return Err(unknown_environment(&field, &environment, config));
            }
            field.only(&["params", "levels"])?;
            environments.insert(environment, said(&field)?);
        }
        let place = field.key_place();
        found.packs.insert(name, OfPack { place, always: said(&field)?, environments });
    }
    Ok(found)
}

fn said(field: &Field<'_>) -> Result<Said> {
    let mut said = Said::default();
    for (name, field) in field.get("params").map(|field| field.entries()).transpose()?.unwrap_or_default() {
        // Null is what isn't said.
        if !field.value().is_null() {
            let (value, place, key) = (field.value().clone(), field.place(), field.key_place());
            said.params.insert(name, Param { value, place, key });
        }
    }
    for (id, field) in field.get("levels").map(|field| field.entries()).transpose()?.unwrap_or_default() {
        said.levels.insert(id, (level(&field)?, field.key_place()));
    }
    Ok(said)
}

fn level(field: &Field<'_>) -> Result<PolicyLevel> {
    // YAML reads `off` as a truth value.
    if field.value() == &Value::Bool(false) {
        return Ok(PolicyLevel::Off);
    }
    let names = PolicyLevel::ALL.map(PolicyLevel::name);
    let known = format!("levels are {}", names.join(", "));
    let text = field.text().map_err(|_| field.error("must be a level").help(&known))?;
    PolicyLevel::named(&text).ok_or_else(|| {
        let error = field.error(format!("can't be `{text}`"));
        match nearest(&text, names) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help(known),
        }
    })
}

fn unknown_environment(field: &Field<'_>, name: &str, config: &Config) -> Error {
    let known: Vec<&str> = config.environments.iter().map(|environment| environment.name.as_str()).collect();
    let error = Error::invalid("idp::config", format!("there is no environment `{name}`")).at(field.key_place());
    match nearest(name, known.iter().copied()) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error.help(format!("`environments` has {}", known.join(", "))),
    }
}
