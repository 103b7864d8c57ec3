//! One file, and the files of one folder, of every repository of the owner: a hundred repositories a request, over
//! GraphQL. The REST API would take one for each file.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;

use super::paths::of;
use super::{GitHubForge, read};
use crate::error::{Error, Result};
use crate::world::change::File;
use crate::world::forge::{Located, RepoId};

/// A page of repositories. What isn't there is null; the text of what isn't text, too.
const QUERY: &str = "query($owner: String!, $after: String, $file: String!, $folder: String!) { \
    repositoryOwner(login: $owner) { repositories(first: 100, after: $after, orderBy: { field: NAME, direction: ASC }) { \
    nodes { name file: object(expression: $file) { ... on Blob { oid text isTruncated } } \
    folder: object(expression: $folder) { ... on Tree { entries { path type object { ... on Blob { oid text isTruncated } } } } } } \
    pageInfo { hasNextPage endCursor } } } }";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    repository_owner: Option<Owner>,
}

#[derive(Deserialize)]
struct Owner {
    repositories: Repositories,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Repositories {
    nodes: Vec<Option<Repository>>,
    page_info: PageInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Repository {
    name: String,
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
    ///
    /// Errors: `idp::forge::missing` if there is no such owner.
    pub(super) async fn discover(&self, file: &str, folder: &str) -> Result<Vec<Located>> {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let variables = json!({
                "owner": self.owner, "after": after, "file": format!("HEAD:{file}"), "folder": format!("HEAD:{folder}"),
            });
            let data: Data = read(&self.client.graphql(QUERY, variables).await?)?;
            let owner = data.repository_owner.ok_or_else(|| {
                Error::failed("idp::forge::missing", format!("GitHub knows no organisation or user {}", self.owner))
                    .help("check `forge.owner` in idp.yaml, and what the token may see")
            })?;
            for repository in owner.repositories.nodes.into_iter().flatten() {
                let Ok(repo) = RepoId::new(&self.owner, &repository.name) else { continue };
                let entries = repository.folder.into_iter().flat_map(|folder| folder.entries);
                let below = entries.filter_map(|entry| Some((entry.path, entry.object?)));
                for (path, blob) in repository.file.into_iter().map(|blob| (file.to_string(), blob)).chain(below) {
                    if let Some(file) = self.whole(&repo, blob).await? {
                        found.push(Located { repo: repo.clone(), path, file });
                    }
                }
            }
            let page = owner.repositories.page_info;
            match page.end_cursor.filter(|_| page.has_next_page) {
                Some(cursor) => after = Some(cursor),
                None => return Ok(found),
            }
        }
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
