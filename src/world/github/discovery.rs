//! One file, and the files of one folder, of every repository of the owner.

use std::sync::Arc;

use futures_util::future::try_join_all;
use serde::Deserialize;
use serde_json::json;

use super::GitHubForge;
use super::listing::Wish;
use super::paths::of;
use crate::error::Result;
use crate::world::change::File;
use crate::world::forge::{Located, RepoId};

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
            Ok::<_, crate::error::Error>(file.map(|file| Located { repo, path, file }))
        }));
        Ok(located.await?.into_iter().flatten().collect())
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
