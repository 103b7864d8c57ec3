//! The schema of `idp.yaml`: each section, its keys and its checks.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::fields::Field;
use super::{App, AppKey, Config, Environment, Forge, Grant, Promotion, Seed, policies, services};
use crate::error::{Error, Result};
use crate::formats::url::Url;
use crate::formats::yaml;

const SECTIONS: &[&str] = &[
    "forge",
    "clusters",
    "contacts",
    "http",
    "secrets",
    "environments",
    "deployments",
    "claims",
    "seeds",
    "naming",
    "manifests",
    "kubernetes",
    "schemas",
    "policies",
    "waivers",
    "values",
    "permissions",
    "limits",
];

/// Reads the text into the configuration. `file` names it in errors.
pub fn read(file: &str, text: &str, config: &mut Config) -> Result<()> {
    let documents = yaml::parse(file, text)?;
    let [document] = documents.as_slice() else {
        return match documents.len() {
            0 => Ok(()),
            _ => Err(Error::invalid("idp::config", "must be one YAML document").at(crate::error::Place::file(file))),
        };
    };
    let root = Field::root(document);
    root.only(SECTIONS)?;
    if let Some(field) = root.get("forge") {
        config.forge = forge(&field, config)?;
    }
    if let Some(field) = root.get("clusters") {
        for (name, cluster) in field.entries()? {
            cluster.only(&["kind", "folder"])?;
            kind(&cluster, &["snapshot"])?;
            config.clusters.insert(name, path(config, &cluster.need("folder")?)?);
        }
    }
    if let Some(field) = root.get("contacts") {
        for (name, contact) in field.entries()? {
            contact.only(&["kind", "path"])?;
            kind(&contact, &["file"])?;
            config.contacts.insert(name, path(config, &contact.need("path")?)?);
        }
    }
    if let Some(field) = root.get("http") {
        config.http = services::http(&field)?;
    }
    if let Some(field) = root.get("secrets") {
        config.secrets = services::secrets(&field, config)?;
    }
    if let Some(field) = root.get("environments") {
        config.environments = environments(&field, config)?;
        config.declares_environments = true;
    }
    if let Some(field) = root.get("deployments") {
        config.deployments = deployments(&field)?;
    }
    if let Some(field) = root.get("claims") {
        field.only(&["cluster"])?;
        config.claims_cluster = Some(known_cluster(&field.need("cluster")?, config)?);
    }
    if let Some(field) = root.get("seeds") {
        config.seeds = seeds(&field, config)?;
    }
    if let Some(field) = root.get("naming") {
        let scheme = field.text()?;
        if scheme != "semantic-key" {
            return Err(field.error(format!("names an unknown scheme `{scheme}`")).help("known: semantic-key"));
        }
    }
    if let Some(field) = root.get("manifests") {
        config.manifests = field.texts()?;
        for (glob, field) in config.manifests.iter().zip(field.elements()?) {
            globset::Glob::new(glob).map_err(|error| field.error(format!("is not a glob: {}", error.kind())))?;
        }
    }
    if let Some(field) = root.get("kubernetes") {
        let version = field.text().map_err(|error| error.help("put it in quotes: a number would lose its zeros"))?;
        config.kubernetes = Some(version);
    }
    if let Some(field) = root.get("schemas") {
        config.schemas.clear();
        for (text, field) in field.texts()?.iter().zip(field.elements()?) {
            let parts = text.trim_end_matches('/').split_once('/').filter(|(repository, _)| !repository.is_empty());
            let (repository, folder) = parts.ok_or_else(|| field.error("must be `repository/folder`"))?;
            config.schemas.push((repository.into(), folder.into()));
        }
    }
    if let Some(field) = root.get("policies") {
        config.policies = policies::read(&field, config)?;
    }
    if let Some(field) = root.get("waivers") {
        config.waivers = field.elements()?.iter().map(|field| path(config, field)).collect::<Result<_>>()?;
    }
    if let Some(field) = root.get("values") {
        field.entries()?;
        config.values = field.value().clone();
    }
    if let Some(field) = root.get("permissions") {
        config.permissions = Some(grants(&field)?);
    }
    if let Some(field) = root.get("limits") {
        field.only(&["time", "memory"])?;
        if let Some(time) = field.get("time") {
            config.limits.time = duration(&time)?;
        }
        if let Some(memory) = field.get("memory") {
            config.limits.memory = bytes(&memory)?;
        }
    }
    Ok(())
}

/// Reads a file of grants.
pub fn read_grants(file: &str, text: &str) -> Result<Vec<Grant>> {
    match yaml::parse(file, text)?.as_slice() {
        [document] => grants(&Field::root(document)),
        _ => {
            Err(Error::invalid("idp::grants", "must be one YAML document with `allow`")
                .at(crate::error::Place::file(file)))
        }
    }
}

fn grants(field: &Field<'_>) -> Result<Vec<Grant>> {
    field.only(&["allow"])?;
    let grant = |field: Field<'_>| {
        field.only(&["script", "change", "target"])?;
        let text = |key: &str| field.need(key)?.text();
        Ok(Grant { script: text("script")?, change: text("change")?, target: text("target")? })
    };
    field.need("allow")?.elements()?.into_iter().map(grant).collect()
}

fn forge(field: &Field<'_>, config: &Config) -> Result<Forge> {
    if field.get("kind").is_some_and(|kind| kind.value() == "github") {
        return github(field, config);
    }
    let (default_owner, default_url) = (config.forge.owner(), config.forge.url());
    field.only(&["kind", "folder", "owner", "url", "teams"])?;
    kind(field, &["local", "github"])?;
    let mut teams = BTreeMap::new();
    if let Some(field) = field.get("teams") {
        for (team, members) in field.entries()? {
            teams.insert(team, members.texts()?);
        }
    }
    let folder = field.get("folder").map(|folder| path(config, &folder)).transpose()?;
    Ok(Forge::Local {
        folder: folder.unwrap_or_else(|| config.state().join("forge")),
        owner: field.text_of("owner")?.unwrap_or_else(|| default_owner.to_string()),
        url: field.text_of("url")?.unwrap_or_else(|| default_url.to_string()),
        teams,
    })
}

/// GitHub: `api_url` is `https://HOST/api/v3` for GitHub Enterprise Server, whose repositories are below `https://HOST`.
fn github(field: &Field<'_>, config: &Config) -> Result<Forge> {
    field.only(&["kind", "owner", "api_url", "url", "app", "wait", "protect_with"])?;
    let owner_field = field.need("owner")?;
    let owner = owner_field.text()?;
    if owner.len() > 39 || !owner.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
        return Err(owner_field.error(format!("`{owner}` can't be an organisation or user of GitHub")));
    }
    let api_url = match field.get("api_url") {
        None => "https://api.github.com".to_string(),
        Some(field) => api_url(&field)?,
    };
    let url = match field.text_of("url")? {
        Some(url) => url,
        None if api_url == "https://api.github.com" => "https://github.com".to_string(),
        None => api_url.trim_end_matches("/api/v3").replacen("://api.", "://", 1),
    };
    let app = field.get("app").map(|field| app(&field, config)).transpose()?;
    let wait = field.get("wait").map(|field| duration(&field)).transpose()?;
    let rulesets = match field.get("protect_with") {
        None => false,
        Some(with) => {
            one_of(&with, &["branch_protection", "rulesets"])?;
            with.value() == "rulesets"
        }
    };
    Ok(Forge::GitHub { owner, api_url, url, app, wait: wait.unwrap_or(Duration::from_secs(300)), rulesets })
}

/// Tokens go there: in plain text only to this machine.
fn api_url(field: &Field<'_>) -> Result<String> {
    let text = field.text()?;
    let url = Url::parse(&text).map_err(|why| field.error(format!("`{text}` is no URL: {why}")))?;
    let is_here = matches!(url.host.as_str(), "localhost" | "::1") || url.host.starts_with("127.");
    if !url.secure && !is_here {
        return Err(field.error("would send tokens in plain text").help("begin it with https://"));
    }
    Ok(text.trim_end_matches('/').to_string())
}

fn app(field: &Field<'_>, config: &Config) -> Result<App> {
    field.only(&["id", "key_file", "key"])?;
    let id = field.need("id")?.count()?;
    let key = match (field.get("key_file"), field.text_of("key")?) {
        (Some(file), None) => AppKey::File(path(config, &file)?),
        (None, Some(secret)) => AppKey::Secret(secret),
        (None, None) => return Err(field.error("needs `key_file`, or `key` with the name of a secret")),
        (Some(file), Some(_)) => return Err(file.error("and `key` can't both be given")),
    };
    Ok(App { id, key })
}

fn environments(field: &Field<'_>, config: &Config) -> Result<Vec<Environment>> {
    let mut found = Vec::new();
    for (name, field) in field.entries()? {
        field.only(&["cluster", "production", "promotion"])?;
        let fine = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if !fine {
            return Err(field.error("can't be the name of an environment").help(
                "lower-case letters and digits, a letter first, no hyphen: it is a segment of the semantic key",
            ));
        }
        let cluster = known_cluster(&field.need("cluster")?, config)?;
        let production = field.get("production").map(|field| field.flag()).transpose()?.unwrap_or(false);
        let promotion =
            field.get("promotion").map(|field| promotion(&field, production)).transpose()?.unwrap_or_default();
        found.push(Environment { name, cluster, production, promotion });
    }
    Ok(found)
}

fn promotion(field: &Field<'_>, production: bool) -> Result<Promotion> {
    field.only(&["checks", "soak", "direct"])?;
    let checks = field.get("checks").map(|field| field.texts()).transpose()?.unwrap_or_default();
    let soak = field.get("soak").map(|field| duration(&field)).transpose()?.unwrap_or_default();
    let direct = match field.get("direct") {
        Some(field) if field.flag()? && production => {
            return Err(field
                .error("can't be true of production")
                .help("what goes to production goes there through a pull request"));
        }
        Some(field) => field.flag()?,
        None => false,
    };
    Ok(Promotion { checks, soak, direct })
}

/// Patterns in which each of the three words stands once.
fn deployments(field: &Field<'_>) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for item in field.elements()? {
        let text = item.text()?;
        let once = |word: &str| text.matches(word).count() == 1;
        let known = ["{project}", "{env}", "{service}"];
        let rest = known.iter().fold(text.clone(), |text, word| text.replacen(word, "x", 1));
        if !known.iter().all(|word| once(word)) || rest.contains(['{', '}']) || !rest.contains('/') {
            return Err(item
                .error("must be repository/path with {project}, {env} and {service}, each once")
                .help("such as `{project}-gitops/k8s/{env}/{service}/kustomization.yaml`"));
        }
        found.push(text);
    }
    Ok(found)
}

fn known_cluster(field: &Field<'_>, config: &Config) -> Result<String> {
    let name = field.text()?;
    if config.clusters.contains_key(&name) {
        return Ok(name);
    }
    let near = crate::error::nearest(&name, config.clusters.keys().map(String::as_str));
    let error = field.error(format!("names a cluster `{name}` that `clusters` doesn't declare"));
    Err(match near {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error,
    })
}

fn seeds(field: &Field<'_>, config: &Config) -> Result<Vec<Seed>> {
    let mut found = Vec::new();
    for (repository, field) in field.entries()? {
        field.only(&["folder", "description", "protection"])?;
        let folder_field = field.need("folder")?;
        let folder = path(config, &folder_field)?;
        if !folder.is_dir() {
            return Err(folder_field.error(format!("is not a folder: {}", folder.display())));
        }
        let reviews = match field.get("protection") {
            None => None,
            Some(rule) => {
                rule.only(&["reviews"])?;
                let reviews = rule.get("reviews").map(|field| field.count()).transpose()?.unwrap_or(1);
                Some(u32::try_from(reviews).map_err(|_| rule.error("asks for too many reviews"))?)
            }
        };
        let description = field.text_of("description")?.unwrap_or_default();
        found.push(Seed { repository, folder, description, reviews });
    }
    Ok(found)
}

fn kind(field: &Field<'_>, known: &[&str]) -> Result<()> {
    one_of(&field.need("kind")?, known)
}

fn one_of(field: &Field<'_>, known: &[&str]) -> Result<()> {
    let text = field.text()?;
    if known.contains(&text.as_str()) {
        return Ok(());
    }
    Err(field.error(format!("`{text}` is not known")).help(format!("known: {}", known.join(", "))))
}

/// A path of the workspace: relative, and not out of it, unless it is absolute on purpose.
pub(super) fn path(config: &Config, field: &Field<'_>) -> Result<PathBuf> {
    let text = field.text()?;
    let path = PathBuf::from(&text);
    if path.components().any(|part| matches!(part, std::path::Component::ParentDir)) {
        return Err(field
            .error("leaves the workspace: `..` is not allowed")
            .help("use an absolute path if you mean it"));
    }
    let there = config.root.join(&path);
    if path.is_relative() && !super::file::stays_inside(&config.root, &there) {
        return Err(field.error("leads out of the workspace by a link").help("use an absolute path if you mean it"));
    }
    Ok(there)
}

pub(super) fn duration(field: &Field<'_>) -> Result<Duration> {
    let wrong = || field.error("must be a time such as 90s, 10m, 1h or 2d");
    let text = field.text().map_err(|_| wrong())?;
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[number.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => 0,
    };
    match number.parse::<u64>() {
        Ok(amount) if unit > 0 && amount > 0 => Ok(Duration::from_secs(amount.saturating_mul(unit))),
        _ => Err(wrong()),
    }
}

fn bytes(field: &Field<'_>) -> Result<usize> {
    let text = field.text()?;
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: usize = match &text[number.len()..] {
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => 0,
    };
    match number.parse::<usize>().ok().and_then(|amount| amount.checked_mul(unit)) {
        Some(amount) if (16 << 20..=4 << 30).contains(&amount) => Ok(amount),
        _ => Err(field.error("must be a size from 16MiB to 4GiB")),
    }
}
