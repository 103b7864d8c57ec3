//! Trees, files and commits through the Git data API. A commit is a tree on top of another one and a ref moved to it
//! without force: GitHub moves a branch only forward, which is the compare and swap.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::paths::{of, segment, segments};
use super::refusal::{Tried, Trouble};
use super::{GitHubForge, moved, read};
use crate::error::{Error, Result};
use crate::world::change::{File, FileChange};
use crate::world::forge::{CommitId, Entry, RUNS_AS, RepoId, missing};

/// Texts go inline into the tree up to so many bytes in all; GitHub refuses requests far above.
const INLINE: usize = 8 << 20;

/// The message of the commit that GitHub makes in a new repository.
const FIRST: &str = "Initial commit";

/// The address and the time of commits whose ids follow from their files alone, as the embedded forge has them.
const TIMELESS: (&str, &str) = ("idp-run@users.noreply.idp-run.invalid", "1970-01-01T00:00:00Z");

/// A commit as it is used here.
#[derive(Debug, Clone, Deserialize)]
pub struct Commit {
    pub sha: String,
    pub message: String,
    pub tree: Id,
    #[serde(default)]
    pub parents: Vec<Id>,
    #[serde(default)]
    pub author: Option<Person>,
    #[serde(default)]
    pub committer: Option<Person>,
}

/// Something that has an id.
#[derive(Debug, Clone, Deserialize)]
pub struct Id {
    pub sha: String,
}

/// Whom a commit names.
#[derive(Debug, Clone, Deserialize)]
pub struct Person {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub date: Option<String>,
}

#[derive(Deserialize)]
struct Tree {
    tree: Vec<TreeEntry>,
    #[serde(default)]
    truncated: bool,
}

#[derive(Clone, Deserialize)]
struct TreeEntry {
    path: String,
    mode: String,
    #[serde(rename = "type")]
    kind: String,
    sha: String,
}

#[derive(Deserialize)]
struct Blob {
    content: String,
    #[serde(default)]
    encoding: String,
}

/// What a commit is made of.
pub struct Draft<'a> {
    pub parents: &'a [CommitId],
    /// The commit whose tree the files change; none for an empty one.
    pub tree_of: Option<&'a CommitId>,
    pub files: &'a [FileChange],
    pub message: &'a str,
    /// Whether it is nobody's and of no time, so that its id follows from its files alone.
    pub timeless: bool,
}

impl GitHubForge {
    /// A commit by its id.
    pub(super) async fn commit(&self, repo: &RepoId, id: &CommitId) -> Result<Commit> {
        let body = self.client.get(&commit_path(repo, &id.0)).await?;
        let body = body.ok_or_else(|| Error::failed("idp::github::missing", format!("{repo} has no commit {id}")))?;
        read(&body)
    }

    /// Whether it is the commit that GitHub made with the repository, and nobody has added to: an empty branch to all
    /// who ask, since the embedded forge has none.
    pub(super) async fn is_blank(&self, repo: &RepoId, commit: &Commit) -> Result<bool> {
        if !commit.parents.is_empty() || commit.message.trim() != FIRST {
            return Ok(false);
        }
        let entries = self.tree(repo, &commit.tree.sha).await?;
        Ok(entries.iter().all(|entry| entry.path == "README.md"))
    }

    async fn tree(&self, repo: &RepoId, id: &str) -> Result<Vec<TreeEntry>> {
        let whole = self.tree_at(repo, id, true).await?;
        if !whole.truncated {
            return Ok(whole.tree);
        }
        // Too large for one answer: folder by folder.
        let mut found = Vec::new();
        let mut folders = vec![(String::new(), id.to_string())];
        while let Some((prefix, id)) = folders.pop() {
            for mut entry in self.tree_at(repo, &id, false).await?.tree {
                entry.path = format!("{prefix}{}", entry.path);
                if entry.kind == "tree" {
                    folders.push((format!("{}/", entry.path), entry.sha.clone()));
                }
                found.push(entry);
            }
        }
        Ok(found)
    }

    async fn tree_at(&self, repo: &RepoId, id: &str, whole: bool) -> Result<Tree> {
        let path = of(repo, &format!("git/trees/{}{}", segment(id), if whole { "?recursive=1" } else { "" }));
        let body = self
            .client
            .get(&path)
            .await?
            .ok_or_else(|| Error::failed("idp::github::missing", format!("{repo} has no tree {id}")))?;
        read(&body)
    }

    /// The files of a commit below a folder, in path order; links and submodules are none.
    pub(super) async fn files(&self, repo: &RepoId, commit: &CommitId, folder: &str) -> Result<Vec<Entry>> {
        let tree = self.commit(repo, commit).await?.tree.sha;
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let mut found: Vec<Entry> = self
            .tree(repo, &tree)
            .await?
            .into_iter()
            .filter(|entry| matches!(entry.mode.as_str(), "100644" | "100755") && entry.path.starts_with(&prefix))
            .map(|entry| Entry { executable: entry.mode == "100755", path: entry.path, blob: entry.sha })
            .collect();
        found.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(found)
    }

    /// One file at a commit.
    pub(super) async fn one_file(&self, repo: &RepoId, commit: &CommitId, path: &str) -> Result<Option<File>> {
        let entries = self.files(repo, commit, "").await?;
        let Some(entry) = entries.into_iter().find(|entry| entry.path == path) else { return Ok(None) };
        let bytes = self.blob(repo, &entry.blob, path).await?;
        Ok(Some(File { bytes, executable: entry.executable }))
    }

    /// The contents of a blob; `path` names it in errors.
    pub(super) async fn blob(&self, repo: &RepoId, id: &str, path: &str) -> Result<Arc<[u8]>> {
        let body = self.client.get(&blob_path(repo, id)).await?;
        let body = body.ok_or_else(|| missing(repo))?;
        let blob: Blob = read(&body)?;
        let bytes = match blob.encoding.as_str() {
            "base64" => {
                let packed: String = blob.content.split_ascii_whitespace().collect();
                STANDARD.decode(packed).map_err(|error| {
                    Error::failed("idp::github::answer", format!("{path} of {repo} is no base64: {error}"))
                })?
            }
            _ => blob.content.into_bytes(),
        };
        Ok(Arc::from(bytes))
    }

    /// Writes a commit that no ref names yet: done again, it leaves nothing that anyone sees.
    pub(super) async fn write_commit(&self, repo: &RepoId, draft: &Draft<'_>) -> Tried<Commit> {
        let base = match draft.tree_of {
            Some(commit) => Some(self.commit(repo, commit).await?.tree.sha),
            None => None,
        };
        let tree = self.write_tree(repo, base.as_deref(), draft.files).await?;
        let parents: Vec<&str> = draft.parents.iter().map(|parent| parent.0.as_str()).collect();
        let mut body = json!({ "message": draft.message, "tree": tree, "parents": parents });
        if draft.timeless {
            body["author"] = json!({ "name": RUNS_AS, "email": TIMELESS.0, "date": TIMELESS.1 });
        }
        let made = self.client.send(Method::POST, &of(repo, "git/commits"), Some(body)).await?;
        let commit: Commit = read(&made)?;
        self.client.reads.put(&commit_path(repo, &commit.sha), Some(made)).await;
        Ok(commit)
    }

    async fn write_tree(&self, repo: &RepoId, base: Option<&str>, files: &[FileChange]) -> Tried<String> {
        let mut entries = Vec::with_capacity(files.len());
        let mut inline = 0;
        for file in files {
            let Some(after) = &file.after else {
                entries.push(json!({ "path": file.path, "mode": "100644", "type": "blob", "sha": null }));
                continue;
            };
            let mode = if after.executable { "100755" } else { "100644" };
            let mut entry = json!({ "path": file.path, "mode": mode, "type": "blob" });
            match std::str::from_utf8(&after.bytes) {
                Ok(text) if inline + text.len() <= INLINE => {
                    inline += text.len();
                    entry["content"] = Value::String(text.to_string());
                }
                _ => entry["sha"] = Value::String(self.write_blob(repo, &after.bytes).await?),
            }
            entries.push(entry);
        }
        let mut body = json!({ "tree": entries });
        if let Some(base) = base {
            body["base_tree"] = Value::String(base.to_string());
        }
        let made = self.client.send(Method::POST, &of(repo, "git/trees"), Some(body)).await?;
        Ok(read::<Id>(&made)?.sha)
    }

    async fn write_blob(&self, repo: &RepoId, bytes: &[u8]) -> Tried<String> {
        let body = json!({ "content": STANDARD.encode(bytes), "encoding": "base64" });
        let made = self.client.send(Method::POST, &of(repo, "git/blobs"), Some(body)).await?;
        Ok(read::<Id>(&made)?.sha)
    }

    /// Makes the first commit of a repository that a person made without one: only the contents API can.
    pub(super) async fn begin(&self, repo: &RepoId, branch: &str) -> Result<CommitId> {
        let body = json!({ "message": FIRST, "content": "", "branch": branch });
        let made = self.client.send(Method::PUT, &of(repo, "contents/README.md"), Some(body)).await?;
        self.client.reads.refresh();
        let id = made.pointer("/commit/sha").and_then(Value::as_str);
        id.map(|id| CommitId(id.to_string())).ok_or_else(|| missing(repo))
    }

    /// Makes a ref; false if it is there already.
    pub(super) async fn create_ref(&self, repo: &RepoId, name: &str, to: &Commit) -> Result<bool> {
        let body = json!({ "ref": format!("refs/{name}"), "sha": to.sha });
        match self.client.send(Method::POST, &of(repo, "git/refs"), Some(body)).await {
            Ok(_) => {}
            Err(trouble) if trouble.says(422, "already exists") => return Ok(false),
            Err(trouble) => return Err(trouble.into()),
        }
        self.know_branch(repo, name, to).await;
        Ok(true)
    }

    /// Moves a ref; without `force` only forward.
    ///
    /// Errors: `idp::forge::moved`; `idp::forge::protected`.
    pub(super) async fn move_ref(&self, repo: &RepoId, name: &str, to: &Commit, force: bool) -> Result<()> {
        let body = json!({ "sha": to.sha, "force": force });
        let path = of(repo, &format!("git/refs/{}", segments(name)));
        match self.client.send(Method::PATCH, &path, Some(body)).await {
            Ok(_) => {}
            Err(trouble) if trouble.says(422, "fast") || trouble.says(422, "does not exist") => {
                return Err(moved(repo, name.trim_start_matches("heads/")));
            }
            Err(trouble) if is_protected(&trouble) => {
                let branch = name.trim_start_matches("heads/");
                return Err(Error::failed("idp::forge::protected", format!("{branch} of {repo} is protected"))
                    .help("propose a pull request instead: `repo.propose(...)`"));
            }
            Err(trouble) => return Err(trouble.into()),
        }
        self.know_branch(repo, name, to).await;
        Ok(())
    }

    /// Deletes a ref; one that is gone is as good.
    pub(super) async fn delete_ref(&self, repo: &RepoId, name: &str) -> Result<()> {
        let path = of(repo, &format!("git/refs/{}", segments(name)));
        match self.client.send(Method::DELETE, &path, None).await {
            Ok(_) => Ok(()),
            Err(trouble) if trouble.says(422, "does not exist") || trouble.refused(404).is_some() => Ok(()),
            Err(trouble) => Err(trouble.into()),
        }
    }

    /// Where a branch is after a write of ours.
    async fn know_branch(&self, repo: &RepoId, name: &str, at: &Commit) {
        if let Some(branch) = name.strip_prefix("heads/") {
            let body = json!({ "name": branch, "commit": { "sha": at.sha } });
            self.client.reads.put(&branch_path(repo, branch), Some(body)).await;
        }
    }
}

/// Where a blob is told.
pub(super) fn blob_path(repo: &RepoId, id: &str) -> String {
    of(repo, &format!("git/blobs/{}", segment(id)))
}

/// Where a branch is told, with its commit.
pub fn branch_path(repo: &RepoId, branch: &str) -> String {
    of(repo, &format!("branches/{}", segment(branch)))
}

pub fn commit_path(repo: &RepoId, id: &str) -> String {
    of(repo, &format!("git/commits/{}", segment(id)))
}

/// Whether a rule of the branch is why a ref doesn't move: classic protection and rulesets say it in words of their own.
fn is_protected(trouble: &Trouble) -> bool {
    [403, 409, 422].iter().any(|status| trouble.says(*status, "protected") || trouble.says(*status, "rule violation"))
}
