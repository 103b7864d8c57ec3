//! Clones that people work in: where they are from, which branch is checked out, and the files of any revision. They are
//! read alone.

use std::path::{Path, PathBuf};

use git2::{BranchType, ErrorCode, Repository, RepositoryOpenFlags};
use ignore::WalkBuilder;

use super::objects::{Objects, git, id_of};
use super::options;
use crate::error::{Error, Result};
use crate::world::forge::{CommitId, Entry};

/// A clone with its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    root: PathBuf,
}

impl Checkout {
    /// The clone that a file or folder is in, if it is in one.
    ///
    /// # Errors
    /// If there is one, and it can't be read.
    pub fn around(path: &Path) -> Result<Option<Checkout>> {
        options::set_once();
        let none: [&str; 0] = [];
        match Repository::open_ext(path, RepositoryOpenFlags::empty(), none) {
            Ok(repository) => Ok(repository.workdir().map(|root| Checkout { root: root.to_path_buf() })),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(git("open the repository")(error)),
        }
    }

    /// The folder of its files.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn open(&self) -> Result<Objects> {
        Objects::of_clone(&self.root)
    }

    /// The URLs of its remotes.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn urls(&self) -> Result<Vec<String>> {
        let objects = self.open()?;
        let names = objects.repository().remotes().map_err(git("read the remotes"))?;
        let mut urls = Vec::new();
        for name in names.iter().filter_map(|name| name.ok().flatten()) {
            let remote = objects.repository().find_remote(name).map_err(git("read a remote"))?;
            urls.extend(remote.url().ok().map(str::to_owned));
        }
        Ok(urls)
    }

    /// Whether a revision is what people work on here: the branch that is checked out, or the default branch that it will
    /// be merged into. Nothing and `HEAD` are, too.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn is_worked_on(&self, revision: &str) -> Result<bool> {
        if matches!(revision, "" | "HEAD") {
            return Ok(true);
        }
        let objects = self.open()?;
        let repository = objects.repository();
        // A branch without a commit yet counts as well.
        let head = repository.find_reference("HEAD").ok();
        let own = head.as_ref().and_then(|head| head.symbolic_target().ok().flatten().map(str::to_owned));
        if own.is_some_and(|own| own.strip_prefix("refs/heads/") == Some(revision)) {
            return Ok(true);
        }
        let remote = repository.find_reference("refs/remotes/origin/HEAD").ok();
        let default = remote.as_ref().and_then(|head| head.symbolic_target().ok().flatten().map(str::to_owned));
        Ok(match default {
            Some(default) => default.strip_prefix("refs/remotes/origin/") == Some(revision),
            None => matches!(revision, "main" | "master"),
        })
    }

    /// The commit of a revision as a person writes it: a branch, a tag, `HEAD~1`, an id.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn commit(&self, revision: &str) -> Result<Option<CommitId>> {
        let objects = self.open()?;
        match objects.repository().revparse_single(revision).and_then(|found| found.peel_to_commit()) {
            Ok(commit) => Ok(Some(id_of(commit.id()))),
            Err(error) if is_unknown(&error) => Ok(None),
            Err(error) => Err(git("find the revision")(error)),
        }
    }

    /// The commit that a revision is at its remote, as far as it was fetched.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn remote_commit(&self, revision: &str) -> Result<Option<CommitId>> {
        {
            let objects = self.open()?;
            if let Ok(branch) = objects.repository().find_branch(&format!("origin/{revision}"), BranchType::Remote)
                && let Ok(commit) = branch.get().peel_to_commit()
            {
                return Ok(Some(id_of(commit.id())));
            }
        }
        self.commit(revision)
    }

    /// All files of a commit below a folder.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn list(&self, commit: &CommitId, folder: &str) -> Result<Vec<Entry>> {
        self.open()?.list(commit, folder)
    }

    /// Files of a commit by their paths.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn files(&self, commit: &CommitId, paths: &[String]) -> Result<Vec<Option<std::sync::Arc<[u8]>>>> {
        let objects = self.open()?;
        paths.iter().map(|path| Ok(objects.file(commit, path)?.map(|file| file.bytes))).collect()
    }
}

/// Whether a revision isn't there, or isn't one.
fn is_unknown(error: &git2::Error) -> bool {
    matches!(error.code(), ErrorCode::NotFound | ErrorCode::InvalidSpec | ErrorCode::Peel | ErrorCode::Ambiguous)
}

/// The most files of a folder that are looked at.
const MOST: usize = 1_000_000;

/// The files below a folder as they are now, by their paths from there: those that git would commit. Links aren't followed.
///
/// # Errors
/// `idp::io`, and `idp::render::folder` for more files than a repository has.
pub fn files_below(folder: &Path) -> Result<Vec<Entry>> {
    let walk = WalkBuilder::new(folder)
        .standard_filters(false)
        .parents(true)
        .git_ignore(true)
        .git_exclude(true)
        .require_git(false)
        .filter_entry(|entry| entry.depth() == 0 || entry.file_name() != ".git")
        .build();
    let mut found = Vec::new();
    for entry in walk {
        let entry = entry
            .map_err(|error| Error::failed("idp::io", format!("can't look below {}: {error}", folder.display())))?;
        let path = entry.path().strip_prefix(folder).ok().and_then(Path::to_str);
        let (Some(path), true) = (path, entry.file_type().is_some_and(|kind| kind.is_file())) else { continue };
        if found.len() == MOST {
            let message = format!("{} has more than {MOST} files", folder.display());
            return Err(Error::invalid("idp::render::folder", message).help("name the folder of one repository"));
        }
        found.push(Entry { path: path.to_owned(), blob: String::new(), executable: false });
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}
