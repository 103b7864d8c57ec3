//! Trees and commits as objects of a bare repository, written as one pack: never through a work tree.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use git2::{ObjectType, Oid, Repository, Signature, Tree};

use super::options;
use super::packs::Packs;
use crate::error::{Error, Result};
use crate::world::change::{File, FileChange};
use crate::world::forge::{Actor, CommitId, Entry, Mergeable, file_and_folder};

const PLAIN: i32 = 0o100_644;
const EXECUTABLE: i32 = 0o100_755;
const FOLDER: i32 = 0o040_000;

/// One open repository's objects. Opened for each use: it holds no state worth keeping.
pub struct Objects {
    repository: Repository,
    packs: Packs,
}

/// Turns libgit2's error into ours.
pub fn git(doing: &'static str) -> impl Fn(git2::Error) -> Error {
    move |error| Error::failed("idp::forge::git", format!("can't {doing}: {}", error.message()))
}

impl Objects {
    /// Opens the bare repository in this folder.
    ///
    /// Errors: `idp::forge::git` if it is none, or keeps its refs in another format than files.
    pub fn open(folder: &Path) -> Result<Objects> {
        options::set_once();
        refuse_detours(folder)?;
        let repository = Repository::open_bare(folder).map_err(git("open the repository"))?;
        if let Ok(config) = repository.config().and_then(|mut config| config.snapshot())
            && let Ok(format) = config.get_str("extensions.refstorage")
            && format != "files"
        {
            return Err(Error::failed(
                "idp::forge::git",
                format!("{} keeps its refs as `{format}`, which is not supported", folder.display()),
            )
            .help("convert it with `git refs migrate --ref-format=files`"));
        }
        Ok(Objects { packs: Packs::of(folder), repository })
    }

    /// Opens the repository of a clone, to be read.
    pub(super) fn of_clone(root: &Path) -> Result<Objects> {
        options::set_once();
        let repository = Repository::open(root).map_err(git("open the repository"))?;
        Ok(Objects { packs: Packs::of(repository.commondir()), repository })
    }

    pub(super) fn repository(&self) -> &Repository {
        &self.repository
    }

    fn tree(&self, commit: &CommitId) -> Result<Tree<'_>> {
        self.commit(commit)?.tree().map_err(git("read the tree"))
    }

    /// The commit object.
    pub fn commit(&self, id: &CommitId) -> Result<git2::Commit<'_>> {
        self.repository.find_commit(oid(id)?).map_err(git("read the commit"))
    }

    /// All files under a folder, in path order. Submodules and symlinks are not files and are left out.
    pub fn list(&self, commit: &CommitId, folder: &str) -> Result<Vec<Entry>> {
        let root = self.tree(commit)?;
        let (tree, prefix) = if folder.is_empty() {
            (root, String::new())
        } else {
            let Ok(entry) = root.get_path(Path::new(folder)) else { return Ok(Vec::new()) };
            let Ok(tree) = self.repository.find_tree(entry.id()) else { return Ok(Vec::new()) };
            (tree, format!("{folder}/"))
        };
        let mut found = Vec::new();
        tree.walk(git2::TreeWalkMode::PreOrder, |parent, entry| {
            if let (Ok(name), true) = (entry.name(), matches!(entry.filemode(), PLAIN | EXECUTABLE)) {
                found.push(Entry {
                    path: format!("{prefix}{parent}{name}"),
                    blob: entry.id().to_string(),
                    executable: entry.filemode() == EXECUTABLE,
                });
            }
            git2::TreeWalkResult::Ok
        })
        .map_err(git("read the tree"))?;
        found.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }

    /// One file, if it is there and is a file.
    pub fn file(&self, commit: &CommitId, path: &str) -> Result<Option<File>> {
        let Ok(entry) = self.tree(commit)?.get_path(Path::new(path)) else { return Ok(None) };
        if !matches!(entry.filemode(), PLAIN | EXECUTABLE) {
            return Ok(None);
        }
        let blob = self.repository.find_blob(entry.id()).map_err(git("read the file"))?;
        Ok(Some(File { bytes: Arc::from(blob.content()), executable: entry.filemode() == EXECUTABLE }))
    }

    /// The best common ancestor.
    pub fn merge_base(&self, one: &CommitId, other: &CommitId) -> Result<Option<CommitId>> {
        match self.repository.merge_base(oid(one)?, oid(other)?) {
            Ok(id) => Ok(Some(id_of(id))),
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
            Err(error) => Err(git("find the merge base")(error)),
        }
    }

    /// Whether every commit of `part` is in `whole`.
    pub fn contains(&self, whole: &CommitId, part: &CommitId) -> Result<bool> {
        if whole == part {
            return Ok(true);
        }
        self.repository.graph_descendant_of(oid(whole)?, oid(part)?).map_err(git("walk the history"))
    }

    /// Whether the head merges into the base.
    pub fn mergeable(&self, base: &CommitId, head: &CommitId) -> Result<Mergeable> {
        let index = self.merge_index(base, head)?;
        let conflicts = conflicts(&index)?;
        Ok(if conflicts.is_empty() { Mergeable::Clean } else { Mergeable::Conflicts(conflicts) })
    }

    /// The merged index of two commits, with its conflicts in it.
    pub(super) fn merge_index(&self, ours: &CommitId, theirs: &CommitId) -> Result<git2::Index> {
        let (ours, theirs) = (self.commit(ours)?, self.commit(theirs)?);
        self.repository.merge_commits(&ours, &theirs, None).map_err(git("merge"))
    }

    /// Writes a commit whose tree is `tree_of`'s with the files changed, and all its objects as one pack.
    pub fn write_commit(
        &self,
        parents: &[CommitId],
        tree_of: Option<&CommitId>,
        files: &[FileChange],
        message: &str,
        actor: &Actor,
    ) -> Result<CommitId> {
        self.packed(|repository| commit_files(repository, parents, tree_of, files, message, actor))
    }

    /// Runs `make` with new objects held in memory, then writes them as one synced pack. The caller holds the
    /// repository's lock.
    ///
    /// A pack costs two syncs however many objects it has: 1,000 loose objects would cost 1,000. Once for each opened
    /// repository: of several memories libgit2 writes to the first.
    pub(super) fn packed(&self, make: impl FnOnce(&Repository) -> Result<Oid>) -> Result<CommitId> {
        let repository = &self.repository;
        let odb = repository.odb().map_err(git("open the objects"))?;
        let memory = odb.add_new_mempack_backend(1000).map_err(git("open the objects"))?;
        let id = make(repository)?;
        let mut pack = git2::Buf::new();
        memory.dump(repository, &mut pack).map_err(git("pack the objects"))?;
        memory.reset().map_err(git("pack the objects"))?;
        if !pack.is_empty() {
            self.packs.write(&odb, &pack)?;
        }
        Ok(id_of(id))
    }
}

/// Refuses a repository that leads elsewhere, or to a pipe that libgit2 would wait for. Hooks and commands of its
/// configuration are harmless: nothing here runs them.
fn refuse_detours(folder: &Path) -> Result<()> {
    let refused = |name: &str, why: &str| {
        Error::failed("idp::forge::git", format!("{} {why}", folder.join(name).display()))
            .help("repositories of the embedded forge keep all that they have in their own folder")
    };
    for (name, is_folder) in
        [("config", false), ("HEAD", false), ("packed-refs", false), ("objects", true), ("refs", true)]
    {
        if let Ok(data) = folder.join(name).symlink_metadata()
            && (if is_folder { !data.is_dir() } else { !data.is_file() })
        {
            return Err(refused(name, if is_folder { "is not a folder" } else { "is not a regular file" }));
        }
    }
    for name in ["objects/info/alternates", "commondir"] {
        if folder.join(name).symlink_metadata().is_ok() {
            return Err(refused(name, "leads to another repository"));
        }
    }
    Ok(())
}

/// A commit whose tree is `tree_of`'s with the files changed.
pub(super) fn commit_files(
    repository: &Repository,
    parents: &[CommitId],
    tree_of: Option<&CommitId>,
    files: &[FileChange],
    message: &str,
    actor: &Actor,
) -> Result<Oid> {
    let base = tree_of.map(|id| repository.find_commit(oid(id)?).and_then(|c| c.tree()).map_err(git("read the tree")));
    let base = base.transpose()?;
    let tree = edit_tree(repository, base.as_ref(), &Edits::of(files)?)?.unwrap_or(empty_tree(repository)?);
    commit(repository, parents, tree, message, actor)
}

/// A commit object over a tree.
pub(super) fn commit(
    repository: &Repository,
    parents: &[CommitId],
    tree: Oid,
    message: &str,
    actor: &Actor,
) -> Result<Oid> {
    let tree = repository.find_tree(tree).map_err(git("read the tree"))?;
    let mail = format!("{}@users.noreply.idp-run.invalid", actor.name.replace([' ', '<', '>', '\n'], "-"));
    let who = Signature::new(&actor.name, &mail, &git2::Time::new(actor.time, 0)).map_err(git("sign the commit"))?;
    let parents = parents
        .iter()
        .map(|id| repository.find_commit(oid(id)?).map_err(git("read the commit")))
        .collect::<Result<Vec<_>>>()?;
    let parents: Vec<_> = parents.iter().collect();
    repository.commit(None, &who, &who, message, &tree, &parents).map_err(git("write the commit"))
}

/// The paths that conflict in a merged index.
pub(super) fn conflicts(index: &git2::Index) -> Result<Vec<String>> {
    if !index.has_conflicts() {
        return Ok(Vec::new());
    }
    let mut paths: Vec<String> = index
        .conflicts()
        .map_err(git("read the conflicts"))?
        .flatten()
        .filter_map(|conflict| conflict.our.or(conflict.their).or(conflict.ancestor))
        .map(|entry| String::from_utf8_lossy(&entry.path).into_owned())
        .collect();
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// Edits of one folder: files by name, and the folders below.
#[derive(Default)]
struct Edits<'a> {
    files: BTreeMap<&'a str, Option<&'a File>>,
    folders: BTreeMap<&'a str, Edits<'a>>,
}

impl<'a> Edits<'a> {
    fn of(files: &'a [FileChange]) -> Result<Edits<'a>> {
        let mut root = Edits::default();
        for file in files {
            crate::world::forge::check_path(&file.path)?;
            let (folders, name) = match file.path.rsplit_once('/') {
                Some((folders, name)) => (Some(folders), name),
                None => (None, file.path.as_str()),
            };
            let mut at = &mut root;
            for folder in folders.into_iter().flat_map(|folders| folders.split('/')) {
                at = at.folders.entry(folder).or_default();
            }
            at.files.insert(name, file.after.as_ref());
        }
        Ok(root)
    }
}

/// The edited tree; none when nothing is left in it. What goes makes room for what comes, and for nothing else: a file
/// never takes the place of a folder that stays, or the other way round.
fn edit_tree(repository: &Repository, base: Option<&Tree<'_>>, edits: &Edits<'_>) -> Result<Option<Oid>> {
    let mut builder = repository.treebuilder(base).map_err(git("edit the tree"))?;
    let is_folder = |builder: &git2::TreeBuilder<'_>, name: &str| -> Result<Option<bool>> {
        let entry = builder.get(name).map_err(git("edit the tree"))?;
        Ok(entry.map(|entry| entry.kind() == Some(ObjectType::Tree)))
    };
    for (name, _) in edits.files.iter().filter(|(_, file)| file.is_none()) {
        if is_folder(&builder, name)? == Some(false) {
            builder.remove(name).map_err(git("edit the tree"))?;
        }
    }
    for (name, folder) in &edits.folders {
        let there = is_folder(&builder, name)?;
        let below = base
            .and_then(|tree| tree.get_name(name))
            .filter(|_| there == Some(true))
            .map(|entry| repository.find_tree(entry.id()).map_err(git("read the tree")))
            .transpose()?;
        match edit_tree(repository, below.as_ref(), folder)? {
            Some(_) if there == Some(false) => return Err(file_and_folder(name)),
            Some(tree) => {
                builder.insert(name, tree, FOLDER).map_err(git("edit the tree"))?;
            }
            None if there == Some(true) => builder.remove(name).map_err(git("edit the tree"))?,
            None => {}
        }
    }
    for (name, file) in edits.files.iter().filter_map(|(name, file)| Some((name, (*file)?))) {
        if is_folder(&builder, name)? == Some(true) {
            return Err(file_and_folder(name));
        }
        let blob = repository.blob(&file.bytes).map_err(git("write the file"))?;
        let mode = if file.executable { EXECUTABLE } else { PLAIN };
        builder.insert(name, blob, mode).map_err(git("edit the tree"))?;
    }
    if builder.is_empty() {
        return Ok(None);
    }
    builder.write().map(Some).map_err(git("write the tree"))
}

fn empty_tree(repository: &Repository) -> Result<Oid> {
    repository.treebuilder(None).and_then(|builder| builder.write()).map_err(git("write the tree"))
}

/// libgit2's id of a commit.
pub(super) fn oid(id: &CommitId) -> Result<Oid> {
    Oid::from_str(&id.0).map_err(git("read the commit id"))
}

/// Our id of libgit2's.
pub(super) fn id_of(id: Oid) -> CommitId {
    CommitId(id.to_string())
}
