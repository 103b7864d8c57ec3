//! A cluster that is a folder of manifests: the embedded default. Each object that is applied is a file,
//! `<namespace or _cluster>/<kind>.<group>/<name>.yaml`; files that people put there are read wherever they are.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

use super::change::{Change, ObjectId};
use super::cluster::{Cluster, address};
use super::lock::FileLock;
use super::store;
use crate::error::{Error, Result, io};
use crate::formats::yaml;

/// A cluster on a folder.
pub struct Snapshot {
    folder: PathBuf,
}

impl Snapshot {
    /// The cluster in this folder, which is made with the first object.
    pub fn new(folder: impl Into<PathBuf>) -> Snapshot {
        Snapshot { folder: folder.into() }
    }

    fn own_path(&self, object: &ObjectId) -> PathBuf {
        let group = object.group();
        let kind = if group.is_empty() { object.kind.clone() } else { format!("{}.{group}", object.kind) };
        self.folder
            .join(object.namespace.as_deref().unwrap_or("_cluster"))
            .join(kind)
            .join(format!("{}.yaml", object.name))
    }

    /// Every object of the folder with the file and the number of the document that it is in.
    fn objects(&self) -> Result<Vec<(PathBuf, usize, Value)>> {
        let mut found = Vec::new();
        walk(&self.folder, &mut |path| {
            let bytes = store::read(path)?.unwrap_or_default();
            let name = path.display().to_string();
            let text = String::from_utf8(bytes)
                .map_err(|_| Error::failed("idp::yaml::syntax", format!("{name} is not UTF-8")))?;
            for (at, document) in yaml::parse(&name, &text)?.into_iter().enumerate() {
                found.push((path.to_path_buf(), at, document.value));
            }
            Ok(())
        })?;
        Ok(found)
    }

    fn find(&self, object: &ObjectId) -> Result<Option<(PathBuf, usize, Value)>> {
        object.check()?;
        let own = self.own_path(object);
        if let Some(bytes) = store::read(&own)? {
            let text = String::from_utf8_lossy(&bytes);
            let mut documents = yaml::parse(&own.display().to_string(), &text)?;
            if documents.len() == 1 && address(&documents[0].value).is_ok_and(|id| id.is_same(object)) {
                return Ok(Some((own, 0, documents.remove(0).value)));
            }
        }
        Ok(self.objects()?.into_iter().find(|(_, _, value)| address(value).is_ok_and(|id| id.is_same(object))))
    }
}

#[async_trait]
impl Cluster for Snapshot {
    async fn get(&self, object: &ObjectId) -> Result<Option<Value>> {
        Ok(self.find(object)?.map(|(_, _, value)| value))
    }

    async fn list(&self, api_version: &str, kind: &str, namespace: Option<&str>) -> Result<Vec<Value>> {
        let mut found: Vec<(ObjectId, Value)> = self
            .objects()?
            .into_iter()
            .filter_map(|(_, _, value)| Some((address(&value).ok()?, value)))
            .filter(|(id, _)| {
                let wanted = ObjectId { api_version: api_version.into(), ..id.clone() };
                id.group() == wanted.group()
                    && id.kind == kind
                    && namespace.is_none_or(|namespace| id.namespace.as_deref() == Some(namespace))
            })
            .collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(found.into_iter().map(|(_, value)| value).collect())
    }

    async fn apply(&self, change: &Change) -> Result<()> {
        let Change::ApplyManifest { object, before, after, .. } = change else {
            return Err(Error::failed("idp::cluster", "not a change of a cluster"));
        };
        let _lock = FileLock::acquire(&self.folder.join(".lock"), Duration::from_secs(30))?;
        let there = self.find(object)?;
        let now = there.as_ref().map(|(_, _, value)| value);
        if now == Some(after) {
            return Ok(());
        }
        if now != before.as_ref() {
            return Err(Error::failed("idp::cluster::moved", format!("{object} changed meanwhile"))
                .help("run the same command again"));
        }
        let path = match &there {
            // A person's file with one object is kept where it is; one of several objects can't be split safely.
            Some((path, _, _)) if *path != self.own_path(object) => {
                let text = fs::read_to_string(path).map_err(io("read", path))?;
                if yaml::parse(&path.display().to_string(), &text)?.len() > 1 {
                    return Err(Error::failed(
                        "idp::cluster::shared_file",
                        format!("{object} is in {} together with other objects", path.display()),
                    )
                    .help("put it in a file of its own"));
                }
                path.clone()
            }
            _ => self.own_path(object),
        };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(io("make the folder", folder))?;
        }
        store::replace(&path, yaml::render(after).as_bytes())
    }
}

fn walk(folder: &Path, take: &mut dyn FnMut(&Path) -> Result<()>) -> Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(io("read the folder", folder)(error)),
    };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let yaml = path.extension().is_some_and(|ext| ext == "yaml" || ext == "yml");
        let data = fs::symlink_metadata(&path).map_err(io("read", &path))?;
        if data.is_dir() && !hidden {
            walk(&path, take)?;
        } else if data.is_file() && yaml && !hidden {
            take(&path)?;
        }
    }
    Ok(())
}
