//! Which repository a generator means by its URL, and which of its states by its revision: folders that are named for a URL,
//! clones on this disk, and repositories of the workspace's forge.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::{Changes, Files};
use crate::error::Result;
use crate::formats::applicationset::{Answer, Unanswered};
use crate::formats::appproject::normalized_url;
use crate::world::Forge;
use crate::world::forge::{CommitId, RepoId};
use crate::world::git::checkout::Checkout;

/// A repository on this disk.
#[derive(Debug, Clone)]
pub struct Local {
    /// What it is called in generators, as [`place_of`] has it.
    places: Vec<String>,
    folder: PathBuf,
    /// The clone that it is, or that it is a folder of.
    checkout: Option<(Checkout, String)>,
    /// The commit that stands for what people work on.
    at: Option<CommitId>,
}

/// Where generators find the files of repositories.
#[derive(Clone, Default)]
pub struct Repositories {
    /// Those on this disk, the first that fits counts.
    pub local: Vec<Local>,
    /// The workspace's.
    pub forge: Option<Arc<dyn Forge>>,
    /// Files that will be on branches of the forge's repositories.
    pub changes: BTreeMap<(RepoId, String), Changes>,
    /// Repositories of the forge at a commit of their default branches.
    pub at: BTreeMap<RepoId, CommitId>,
}

/// What is the same of all URLs of a repository, over HTTPS, SSH or Git's own protocol: host and path. Empty for no URL.
pub fn place_of(url: &str) -> String {
    let url = normalized_url(url);
    let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.rsplit('@').next().unwrap_or(host);
    format!("{host}/{}", path.trim_matches('/'))
}

impl Local {
    /// A folder that stands for the repository of a URL.
    ///
    /// # Errors
    /// If it is in a clone that can't be read.
    pub fn named(url: &str, folder: &Path) -> Result<Local> {
        let mut local = Local { places: vec![place_of(url)], folder: folder.to_owned(), checkout: None, at: None };
        if let (Some(checkout), Ok(whole)) = (Checkout::around(folder)?, folder.canonicalize())
            && let Ok(root) = checkout.root().canonicalize()
            && let Some(below) = whole.strip_prefix(&root).ok().and_then(Path::to_str)
        {
            local.checkout = Some((checkout, below.to_owned()));
        }
        Ok(local)
    }

    /// A clone, which stands for what its remotes name.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn clone_of(checkout: Checkout) -> Result<Local> {
        let places = checkout.urls()?.iter().map(|url| place_of(url)).collect();
        let folder = checkout.root().to_owned();
        Ok(Local { places, folder, checkout: Some((checkout, String::new())), at: None })
    }

    /// The same as it was at a commit of this clone.
    pub fn as_of(&self, root: &Path, commit: &CommitId) -> Local {
        let is_of = self.checkout.as_ref().is_some_and(|(checkout, _)| checkout.root() == root);
        Local { at: is_of.then(|| commit.clone()).or_else(|| self.at.clone()), ..self.clone() }
    }

    fn files(&self, revision: &str) -> Result<Answer<Files>> {
        let Some((checkout, below)) = &self.checkout else { return Ok(Ok(Files::Folder(self.folder.clone()))) };
        if checkout.is_worked_on(revision)? || !below.is_empty() {
            return Ok(Ok(match &self.at {
                Some(commit) => Files::Commit(checkout.clone(), commit.clone(), below.clone()),
                None => Files::Folder(self.folder.clone()),
            }));
        }
        Ok(match checkout.remote_commit(revision)? {
            Some(commit) => Ok(Files::Commit(checkout.clone(), commit, String::new())),
            None => Err(Unanswered::Unknown(format!(
                "what {revision} is: the clone in {} has no such branch, tag or commit",
                self.folder.display()
            ))),
        })
    }
}

impl Repositories {
    /// The files that a generator means.
    ///
    /// # Errors
    /// What reading ends in.
    pub async fn files(&self, url: &str, revision: &str) -> Result<Answer<Files>> {
        let place = place_of(url);
        if let Some(local) = self.local.iter().find(|local| local.places.contains(&place)) {
            return local.files(revision);
        }
        let Some((forge, repo)) = self.repository(url) else {
            return Ok(Err(Unanswered::Unknown(format!("the files of {url}{}", at(revision)))));
        };
        self.of_forge(forge, repo, (url, revision)).await
    }

    /// The forge's repository of a URL, whether it is there or not.
    pub fn repository(&self, url: &str) -> Option<(&Arc<dyn Forge>, RepoId)> {
        let forge = self.forge.as_ref()?;
        let probe = RepoId::new(forge.owner(), "x").ok()?;
        let base = place_of(&forge.url(&probe));
        let base = base.strip_suffix(&probe.to_string().to_lowercase())?;
        let place = place_of(url);
        let (owner, name) = place.strip_prefix(base)?.split_once('/')?;
        // Hosts don't tell letters by case, and folders do.
        let whole = url.trim().trim_end_matches('/').trim_end_matches(".git");
        let written = |part: &str| {
            let at = whole.len().checked_sub(part.len())?;
            whole.get(at..).filter(|end| end.eq_ignore_ascii_case(part)).map(str::to_owned)
        };
        let owner = if owner.eq_ignore_ascii_case(forge.owner()) { forge.owner() } else { owner };
        let name = written(name).unwrap_or_else(|| name.to_owned());
        RepoId::new(owner, &name).ok().map(|repo| (forge, repo))
    }

    async fn of_forge(
        &self,
        forge: &Arc<dyn Forge>,
        repo: RepoId,
        (url, revision): (&str, &str),
    ) -> Result<Answer<Files>> {
        let known = forge.repository(&repo).await?;
        let default = known.as_ref().map_or("main", |known| known.settings.default_branch.as_str());
        let branch = if matches!(revision, "" | "HEAD") { default } else { revision };
        let changes = self.changes.get(&(repo.clone(), branch.to_owned()));
        if known.is_none() && changes.is_none() {
            return Ok(Err(match repo.owner() == forge.owner() {
                true => Unanswered::Failed(format!("failed to get git client for repo {url}: repository not found")),
                false => Unanswered::Unknown(format!("the files of {url}{}", at(revision))),
            }));
        }
        let commit = match (&known, self.at.get(&repo).filter(|_| branch == default)) {
            (None, _) => None,
            (Some(_), Some(commit)) => Some(commit.clone()),
            (Some(_), None) => commit_of(forge, &repo, branch).await?,
        };
        let base = match commit {
            Some(commit) => Files::Forge(forge.clone(), repo, commit),
            None if changes.is_some() => Files::None,
            None => {
                return Ok(Err(Unanswered::Failed(format!("unable to resolve '{branch}' to a commit SHA"))));
            }
        };
        Ok(Ok(match changes {
            Some(changes) => Files::Changed(Box::new(base), changes.clone()),
            None => base,
        }))
    }
}

/// The commit of a branch, a tag or an id; of the default branch for `HEAD`.
///
/// # Errors
/// What reading ends in.
pub async fn commit_of(forge: &Arc<dyn Forge>, repo: &RepoId, revision: &str) -> Result<Option<CommitId>> {
    let default = match revision {
        "HEAD" => forge.repository(repo).await?.map(|known| known.settings.default_branch),
        _ => None,
    };
    let revision = default.as_deref().unwrap_or(revision);
    if let Some(head) = forge.branch(repo, revision).await? {
        return Ok(Some(head));
    }
    if revision.len() == 40 && revision.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(Some(CommitId(revision.to_ascii_lowercase())));
    }
    let refs = forge.refs(repo).await?;
    let short = |name: &str| name.strip_prefix("tags/") == Some(revision) || name == revision;
    Ok(refs.into_iter().find(|(name, commit)| short(name) && commit.is_one()).map(|(_, commit)| commit))
}

fn at(revision: &str) -> String {
    if matches!(revision, "" | "HEAD") { String::new() } else { format!(" at {revision}") }
}

#[cfg(test)]
mod tests {
    use super::place_of;

    #[test]
    fn urls_of_one_repository_are_the_same_place() {
        for url in [
            "https://git.acme.example/acme/orders-gitops.git",
            "https://Git.Acme.example/acme/orders-gitops/",
            "git@git.acme.example:acme/orders-gitops.git",
            "ssh://git@git.acme.example/acme/orders-gitops",
            "https://token@git.acme.example/acme/orders-gitops.git",
        ] {
            assert_eq!(place_of(url), "git.acme.example/acme/orders-gitops", "{url}");
        }
        assert_ne!(place_of("https://other.example/acme/orders-gitops"), "git.acme.example/acme/orders-gitops");
    }
}
