//! Reads files of waivers: each document one waiver. What they lack, or say too much, is an error with its place.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Waiver;
use super::grounds::{Grounds, grounds, need};
use super::matching::{About, Fields, Glob};
use crate::config::fields::Field;
use crate::config::{Config, file};
use crate::error::{Error, Place, Result, io};
use crate::formats::{objects, yaml};

/// The code of errors in waivers.
pub const INVALID: &str = "idp::waiver::invalid";

/// What a document is called in errors.
const WAIVER: &str = "waiver";

/// The files of waivers of a workspace with their texts, in order.
pub fn files(config: &Config, here: &Path) -> Result<Vec<(String, String)>> {
    let mut paths = Vec::new();
    for path in &config.waivers {
        collect(path, &mut |path, is_read| paths.extend(is_read.then_some(path)))?;
    }
    let read = |path: PathBuf| {
        let shown = path.strip_prefix(here).unwrap_or(&path).display().to_string();
        let error = |error| Error::invalid(INVALID, format!("can't read {shown}: {error}")).at(Place::file(&shown));
        let text = file::read_text(&path).map_err(error)?;
        Ok((shown, text))
    };
    paths.into_iter().map(read).collect()
}

/// The files beside them that nobody reads, and that somebody may have taken for waivers.
pub fn unread(config: &Config, here: &Path) -> Result<Vec<String>> {
    let mut unread = Vec::new();
    for path in &config.waivers {
        collect(path, &mut |path, is_read| unread.extend((!is_read && !is_about_waivers(&path)).then_some(path)))?;
    }
    Ok(unread.iter().map(|path| path.strip_prefix(here).unwrap_or(path).display().to_string()).collect())
}

/// Whether a file says something to people, or to the forge.
fn is_about_waivers(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    name.ends_with(".md") || ["readme", "owners", "codeowners"].contains(&name.as_str())
}

/// A file, or those of a folder and the folders in it, each with whether it is read: YAML and JSON are. Links to folders
/// aren't followed.
fn collect(path: &Path, found: &mut impl FnMut(PathBuf, bool)) -> Result<()> {
    // Git keeps no empty folders: where nothing is, nothing is waived.
    if !path.exists() {
        return Ok(());
    }
    if !path.is_dir() {
        found(path.to_owned(), true);
        return Ok(());
    }
    let entries = std::fs::read_dir(path).map_err(io("read", path))?;
    let mut inner: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    inner.sort();
    for path in inner {
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let is_link = path.symlink_metadata().is_ok_and(|data| data.is_symlink());
        if hidden {
            continue;
        }
        if path.is_dir() && !is_link {
            collect(&path, found)?;
        } else if path.is_file() {
            let is_read = objects::may_hold(&path.to_string_lossy());
            found(path, is_read);
        }
    }
    Ok(())
}

/// Whether a path is that of a file of waivers, not of a folder.
pub fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml")
}

/// The waivers of a text.
pub fn waivers(file: &str, text: &str) -> Result<Vec<Waiver>> {
    yaml::parse(file, text)?.iter().map(|document| waiver(&Field::root_of(document, INVALID))).collect()
}

fn waiver(root: &Field<'_>) -> Result<Waiver> {
    root.only(&["policy", "objects", "owner", "reason", "ticket", "expires"])?;
    let policy = need(root, WAIVER, "policy", "the id of a policy, or a glob such as workload/*")?;
    let objects =
        need(root, WAIVER, "objects", "a list such as [{ kind: Deployment, namespace: payments, name: api }]")?;
    let Grounds { told, expires, expires_place } = grounds(root, WAIVER)?;
    let abouts = objects.elements()?.iter().map(about).collect::<Result<Vec<_>>>()?;
    if abouts.is_empty() {
        return Err(objects.error("is empty").help("a waiver names what it covers: kind, namespace, name, file"));
    }
    Ok(Waiver {
        policies: globs(&policy)?,
        policies_place: policy.place(),
        objects: abouts,
        told,
        expires,
        expires_place,
    })
}

fn globs(field: &Field<'_>) -> Result<Vec<Glob>> {
    let fields = match field.value() {
        Value::Array(_) => field.elements()?,
        _ => vec![field.clone()],
    };
    fields.iter().try_for_each(|field| field.text().map(drop))?;
    let globs = fields.iter().map(glob).collect::<Result<Vec<_>>>()?;
    if globs.is_empty() { Err(field.error("is empty")) } else { Ok(globs) }
}

fn glob(field: &Field<'_>) -> Result<Glob> {
    // An empty namespace is that of objects without one.
    let text = match field.value() {
        Value::String(text) if text.is_empty() => String::new(),
        _ => field.text()?,
    };
    Glob::new(&text).map_err(|error| field.error(format!("is not a glob: {}", error.kind())))
}

fn about(field: &Field<'_>) -> Result<About> {
    field.only(&["kind", "namespace", "name", "file", "path"])?;
    let of = |key: &str| field.get(key).map(|field| glob(&field)).transpose();
    let about = About {
        kind: of("kind")?,
        namespace: of("namespace")?,
        name: of("name")?,
        file: of("file")?,
        fields: match field.get("path") {
            None => None,
            Some(path) => Some(Fields::new(&path.text()?).map_err(|error| path.error(format!("is wrong: {error}")))?),
        },
        place: field.place(),
    };
    if [&about.kind, &about.namespace, &about.name, &about.file].iter().all(|glob| glob.is_none()) {
        let error = field.error("names no object");
        return Err(error.help("give one or more of kind, namespace, name and file"));
    }
    Ok(about)
}
