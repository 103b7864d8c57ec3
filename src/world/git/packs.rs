//! Puts packs into a bare repository while `git gc` may run there.
//!
//! libgit2 puts the index in place before the pack; `git gc` takes such an index for garbage, and the objects are lost.

use std::cell::RefCell;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::objects::git;
use crate::error::{Error, Result, io};
use crate::world::store;

/// What is in our `.keep` files, which tells them from those of people.
const OURS: &[u8] = b"idp-run: written, no ref names it yet\n";

/// The packs of one repository, and those among them that no ref names yet.
pub struct Packs {
    folder: PathBuf,
    kept: RefCell<Vec<PathBuf>>,
}

impl Packs {
    /// The packs of the bare repository in this folder.
    pub fn of(repository: &Path) -> Packs {
        Packs { folder: repository.to_path_buf(), kept: RefCell::default() }
    }

    /// Writes a pack so that git sees it whole or not at all, and keeps it until this value goes: by then its caller
    /// has pointed a ref at it. The caller holds the repository's lock.
    pub fn write(&self, odb: &git2::Odb<'_>, pack: &[u8]) -> Result<()> {
        let place = self.folder.join("objects/pack");
        let draft = self.folder.join("idp/packing");
        self.sweep(&place, &draft)?;
        fs::create_dir_all(&draft).map_err(io("make the folder", &draft))?;
        fs::create_dir_all(&place).map_err(io("make the folder", &place))?;
        let failed = |error| Error::failed("idp::forge::git", format!("can't write the pack: {error}"));
        let mut indexer = git2::Indexer::new(Some(odb), &draft, 0o444, false).map_err(git("write the pack"))?;
        indexer.write_all(pack).map_err(failed)?;
        let name = indexer.commit().map_err(git("write the pack"))?;
        // Git's own order: `.keep`, so that a repack that has begun doesn't delete the pack; then the pack; the index
        // last, which makes it one.
        let keep = place.join(format!("pack-{name}.keep"));
        fs::write(&keep, OURS).map_err(io("write", &keep))?;
        self.kept.borrow_mut().push(keep);
        for ending in ["pack", "idx"] {
            let file = format!("pack-{name}.{ending}");
            let (from, to) = (draft.join(&file), place.join(&file));
            fs::rename(&from, &to).map_err(io("put the pack in place", &to))?;
        }
        store::sync_folder_of(&place.join("pack"))
    }

    /// Removes what a kill left: nobody else is at work, since the caller holds the lock.
    fn sweep(&self, place: &Path, draft: &Path) -> Result<()> {
        if draft.exists() {
            fs::remove_dir_all(draft).map_err(io("remove the unfinished pack", draft))?;
        }
        let kept = self.kept.borrow();
        for entry in fs::read_dir(place).into_iter().flatten().flatten() {
            let path = entry.path();
            let left = path.extension().is_some_and(|ext| ext == "keep") && !kept.contains(&path);
            if left && store::read(&path)?.as_deref() == Some(OURS) {
                let _ = fs::remove_file(&path);
            }
        }
        Ok(())
    }
}

impl Drop for Packs {
    fn drop(&mut self) {
        for keep in self.kept.borrow().iter() {
            let _ = fs::remove_file(keep);
        }
    }
}
