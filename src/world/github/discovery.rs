//! Many files in a request: one file and the files of one folder of every repository of the owner, and files of one
//! repository by their ids.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use futures_util::future::try_join_all;
use serde::Deserialize;
use serde_json::json;

use super::listing::Wish;
use super::objects::blob_path;
use super::paths::of;
use super::{GitHubForge, read};
use crate::error::{Error, Result};
use crate::world::change::File;
use crate::world::forge::{self, Located, RepoId};

/// What isn't there is null; the text of what isn't text, too.
const FILES: Wish = Wish {
    variables: ", $file: String!, $folder: String!",
    fields: "file: object(expression: $file) { ... on Blob { oid text isTruncated } } \
        folder: object(expression: $folder) { ... on Tree { entries { path type object { ... on Blob { oid text isTruncated } } } } }",
};

#[derive(Deserialize)]
struct Files {
    #[serde(default)]
    file: Option<Blob>,
    #[serde(default)]
    folder: Option<Folder>,
}

#[derive(Deserialize)]
struct Folder {
    #[serde(default)]
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    path: String,
    #[serde(default)]
    object: Option<Blob>,
}

/// A blob; all of its fields are missing where the path is something else.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Blob {
    #[serde(default)]
    oid: Option<String>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    is_truncated: bool,
}

/// How many files are asked for in one query: GitHub answers within ten seconds, or not at all.
const AT_ONCE: usize = 100;

#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    repository: Option<HashMap<String, Option<Blob>>>,
}

impl GitHubForge {
    /// The files at the heads of the default branches, in the order of the repositories' names.
    pub(super) async fn discover(&self, file: &str, folder: &str) -> Result<Vec<Located>> {
        let given = json!({ "file": format!("HEAD:{file}"), "folder": format!("HEAD:{folder}") });
        let mut blobs = Vec::new();
        for (repo, told) in self.of_each::<Files>(&FILES, given).await? {
            blobs.extend(told.file.map(|blob| (repo.clone(), file.to_string(), blob)));
            let entries = told.folder.into_iter().flat_map(|folder| folder.entries);
            blobs.extend(entries.filter_map(|entry| Some((repo.clone(), entry.path, entry.object?))));
        }
        let located = try_join_all(blobs.into_iter().map(|(repo, path, blob)| async move {
            let file = self.whole(&repo, blob).await?;
            Ok::<_, Error>(file.map(|file| Located { repo, path, file }))
        }));
        Ok(located.await?.into_iter().flatten().collect())
    }

    /// Files by their ids, in the order of those. They are remembered like what is asked for one by one.
    pub(super) async fn texts(&self, repo: &RepoId, entries: &[forge::Entry]) -> Result<Vec<File>> {
        // Who asks for the same at the same time waits for it.
        let asking = self.asking.lock().await;
        let mut unknown = BTreeSet::new();
        for entry in entries {
            if !self.client.reads.knows(&blob_path(repo, &entry.blob)).await {
                unknown.insert(entry.blob.as_str());
            }
        }
        let unknown: Vec<&str> = unknown.into_iter().collect();
        // A single one is as well asked for by itself.
        for ids in unknown.chunks(AT_ONCE).filter(|ids| ids.len() > 1) {
            self.remember(repo, ids).await?;
        }
        drop(asking);
        try_join_all(entries.iter().map(|entry| async move {
            let bytes = self.blob(repo, &entry.blob, &entry.path).await?;
            Ok(File { bytes, executable: entry.executable })
        }))
        .await
    }

    async fn remember(&self, repo: &RepoId, ids: &[&str]) -> Result<()> {
        let declared: String = (0..ids.len()).map(|at| format!(", $i{at}: GitObjectID!")).collect();
        let asked: String = (0..ids.len())
            .map(|at| format!(" i{at}: object(oid: $i{at}) {{ ... on Blob {{ oid text isTruncated }} }}"))
            .collect();
        let query = format!(
            "query($owner: String!, $name: String!{declared}) {{ repository(owner: $owner, name: $name) {{{asked} }} }}"
        );
        let mut given = json!({ "owner": repo.owner(), "name": repo.name() });
        for (at, id) in ids.iter().enumerate() {
            given[format!("i{at}")] = (*id).into();
        }
        let said: Told = read(&self.client.graphql(&query, given).await?)?;
        for blob in said.repository.unwrap_or_default().into_values().flatten() {
            // What is no text, or is cut, is asked for where it is needed.
            if let (Some(id), Some(text), false) = (blob.oid, blob.text, blob.is_truncated) {
                let body = json!({ "content": text, "encoding": "utf-8" });
                self.client.reads.put(&blob_path(repo, &id), Some(body)).await;
            }
        }
        Ok(())
    }

    /// A blob's contents; GraphQL cuts long texts, and tells none of what isn't text.
    async fn whole(&self, repo: &RepoId, blob: Blob) -> Result<Option<File>> {
        let Some(id) = blob.oid else { return Ok(None) };
        let bytes: Arc<[u8]> = match blob.text {
            Some(text) if !blob.is_truncated => Arc::from(text.into_bytes()),
            _ => self.blob(repo, &id, &of(repo, &id)).await?,
        };
        Ok(Some(File { bytes, executable: false }))
    }
}
