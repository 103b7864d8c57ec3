//! Trees merged three ways: what was rendered before, what is rendered now, and what people made of it meanwhile. Over
//! any forge, so that a plan merges as an apply does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::change::{File, FileChange};
use super::forge::{CommitId, Forge, RepoId};
use super::git::{blob_id, is_binary, merge_text};
use crate::error::Result;

/// How much of a file must be found in another one for the two to count as one that moved, in percent, as git has it.
const SIMILAR: usize = 50;

/// A version of a repository's files: those of a commit, with changes on top.
#[derive(Debug, Clone, Default)]
pub struct Version {
    commit: Option<CommitId>,
    files: BTreeMap<String, (String, bool)>,
    held: BTreeMap<String, File>,
}

impl Version {
    /// The files of a commit; none at all without one.
    pub async fn at(forge: &dyn Forge, repo: &RepoId, commit: Option<&CommitId>) -> Result<Version> {
        let listed = match commit {
            Some(commit) => forge.list(repo, commit, "").await?,
            None => Vec::new(),
        };
        let files = listed.into_iter().map(|entry| (entry.path, (entry.blob, entry.executable))).collect();
        Ok(Version { commit: commit.cloned(), files, held: BTreeMap::new() })
    }

    /// The same with changes on top.
    #[must_use]
    pub fn with(mut self, changes: &[FileChange]) -> Version {
        for change in changes {
            match &change.after {
                Some(file) => {
                    self.files.insert(change.path.clone(), (blob_id(&file.bytes), file.executable));
                    self.held.insert(change.path.clone(), file.clone());
                }
                None => {
                    self.files.remove(&change.path);
                    self.held.remove(&change.path);
                }
            }
        }
        self
    }

    /// Whether both have the same files with the same contents.
    pub fn is_same(&self, other: &Version) -> bool {
        self.files == other.files
    }

    fn get(&self, path: &str) -> Option<&(String, bool)> {
        self.files.get(path)
    }

    async fn read(&self, forge: &dyn Forge, repo: &RepoId, path: &str) -> Result<Option<File>> {
        match (self.held.get(path), &self.commit) {
            (Some(file), _) => Ok(Some(file.clone())),
            (None, Some(commit)) if self.files.contains_key(path) => forge.file(repo, commit, path).await,
            _ => Ok(None),
        }
    }

    /// Whether a file can't be at this path: one of its folders is a file, or it is a folder.
    fn is_blocked(&self, path: &str) -> bool {
        let below = format!("{path}/");
        path.match_indices('/').any(|(at, _)| self.files.contains_key(&path[..at]))
            || self.files.range(below.clone()..).next().is_some_and(|(next, _)| next.starts_with(&below))
    }
}

/// Why people have to look at a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Both changed the same lines; the file holds conflict markers.
    Lines,
    /// Both changed a file that is no text; it stays as people have it.
    Binary,
    /// People deleted what is rendered differently now; it stays away.
    Deleted,
    /// People changed what isn't rendered any more; it stays.
    Dropped,
    /// People have a folder where a file is rendered now, or the other way round; theirs stays.
    InTheWay,
}

/// A file that people have to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Where it is, or would be.
    pub path: String,
    /// What happened to it.
    pub why: Why,
}

/// What a merge makes of the people's version.
#[derive(Debug, Default)]
pub struct Merged {
    /// Files that become others, or go.
    pub edits: BTreeMap<String, Option<File>>,
    /// What people have to look at, in path order.
    pub conflicts: Vec<Conflict>,
}

/// Merges into `ours` what became of `base` in `theirs`.
pub async fn merge(
    forge: &dyn Forge,
    repo: &RepoId,
    base: &Version,
    ours: &Version,
    theirs: &Version,
) -> Result<Merged> {
    let mut merge = Merge { forge, repo, base, ours, theirs, done: Merged::default(), moved: BTreeSet::new() };
    let paths: BTreeSet<&String> = base.files.keys().chain(theirs.files.keys()).collect();
    let changed: Vec<&String> = paths.into_iter().filter(|path| base.get(path) != theirs.get(path)).collect();
    // Files that go come first: what people changed in them may have to move with them.
    for path in changed.iter().filter(|path| theirs.get(path).is_none()) {
        merge.dropped(path, &changed).await?;
    }
    for path in changed.iter().filter(|path| theirs.get(path).is_some()) {
        merge.rendered(path).await?;
    }
    let mut done = merge.done;
    done.conflicts.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(done)
}

struct Merge<'a> {
    forge: &'a dyn Forge,
    repo: &'a RepoId,
    base: &'a Version,
    ours: &'a Version,
    theirs: &'a Version,
    done: Merged,
    /// Files that took over what is new in, or what people changed in, a file that they replace.
    moved: BTreeSet<String>,
}

impl Merge<'_> {
    async fn read(&self, version: &Version, path: &str) -> Result<Option<File>> {
        version.read(self.forge, self.repo, path).await
    }

    fn conflict(&mut self, path: &str, why: Why) {
        self.done.conflicts.push(Conflict { path: path.to_string(), why });
    }

    fn write(&mut self, path: &str, file: Option<File>) {
        self.done.edits.insert(path.to_string(), file);
    }

    /// A file that isn't rendered any more.
    async fn dropped(&mut self, path: &str, changed: &[&String]) -> Result<()> {
        match self.ours.get(path) {
            None => {}
            now if now == self.base.get(path) => self.write(path, None),
            Some(_) => {
                let Some(before) = self.read(self.base, path).await? else { return Ok(()) };
                let added = changed.iter().map(|path| path.as_str()).filter(|added| {
                    self.base.get(added).is_none() && self.ours.get(added).is_none() && !self.moved.contains(*added)
                });
                let added: Vec<&str> = added.filter(|added| self.theirs.get(added).is_some()).collect();
                match self.nearest(&before, self.base.get(path), self.theirs, &added, path).await? {
                    // The new rendering has it elsewhere: what people changed in it goes along.
                    Some(to) => {
                        let (Some(ours), Some(theirs)) =
                            (self.read(self.ours, path).await?, self.read(self.theirs, &to).await?)
                        else {
                            return Ok(());
                        };
                        self.moved.insert(to.clone());
                        if self.is_blocked(&to) {
                            self.conflict(&to, Why::InTheWay);
                        } else {
                            self.contents(&to, Some(&before), &ours, &theirs, Some(path))?;
                        }
                    }
                    None => self.conflict(path, Why::Dropped),
                }
            }
        }
        Ok(())
    }

    /// A file that is rendered, and was not, or differently.
    async fn rendered(&mut self, path: &str) -> Result<()> {
        if self.moved.contains(path) || self.ours.get(path) == self.theirs.get(path) {
            return Ok(());
        }
        let (new, before) = tokio::try_join!(self.read(self.theirs, path), self.read(self.base, path))?;
        let Some(new) = new else { return Ok(()) };
        match (&before, self.ours.get(path)) {
            (None, None) if self.is_blocked(path) => self.conflict(path, Why::InTheWay),
            (None, None) => self.write(path, Some(new)),
            (Some(_), now) if now == self.base.get(path) => self.write(path, Some(new)),
            (Some(before), None) => {
                let added = self.ours.files.keys().map(String::as_str).filter(|added| {
                    self.base.get(added).is_none() && self.theirs.get(added).is_none() && !self.moved.contains(*added)
                });
                let added: Vec<&str> = added.collect();
                match self.nearest(before, self.base.get(path), self.ours, &added, path).await? {
                    // People have it elsewhere: what is new in it follows them.
                    Some(to) => {
                        if let Some(ours) = self.read(self.ours, &to).await? {
                            self.moved.insert(to.clone());
                            self.contents(&to, Some(before), &ours, &new, None)?;
                        }
                    }
                    None => self.conflict(path, Why::Deleted),
                }
            }
            (before, Some(_)) => {
                if let Some(ours) = self.read(self.ours, path).await? {
                    self.contents(path, before.as_ref(), &ours, &new, None)?;
                }
            }
        }
        Ok(())
    }

    /// Merges the contents of a file into `path`; what was at `from` goes.
    fn contents(
        &mut self,
        path: &str,
        base: Option<&File>,
        ours: &File,
        theirs: &File,
        from: Option<&str>,
    ) -> Result<()> {
        let executable = match base {
            Some(base) if ours.executable == base.executable => theirs.executable,
            _ => ours.executable,
        };
        let before: &[u8] = base.map_or(&[], |base| &base.bytes);
        let is = |bytes: &Arc<[u8]>| base.is_some_and(|base| base.bytes == *bytes);
        let bytes = if ours.bytes == theirs.bytes || is(&theirs.bytes) {
            ours.bytes.clone()
        } else if is(&ours.bytes) {
            theirs.bytes.clone()
        } else if [before, &ours.bytes, &theirs.bytes].into_iter().any(is_binary) {
            // With a file that moves, people's stays where they have it.
            self.conflict(from.unwrap_or(path), Why::Binary);
            if from.is_some() {
                return Ok(());
            }
            ours.bytes.clone()
        } else {
            let merged = merge_text(before, &ours.bytes, &theirs.bytes)?;
            if merged.conflicts {
                self.conflict(path, Why::Lines);
            }
            merged.bytes.into()
        };
        let file = File { bytes, executable };
        if from.is_some() || file != *ours {
            self.write(path, Some(file));
        }
        if let Some(from) = from {
            self.write(from, None);
        }
        Ok(())
    }

    /// Whether a file that is rendered now has no room in the people's version. What goes makes room.
    fn is_blocked(&self, path: &str) -> bool {
        if !self.ours.is_blocked(path) {
            return false;
        }
        let gone = self.done.edits.iter().filter(|(_, file)| file.is_none()).map(|(path, _)| path);
        let mut left = Version { files: self.ours.files.clone(), ..Version::default() };
        gone.for_each(|path| {
            left.files.remove(path);
        });
        left.is_blocked(path)
    }

    /// Which of these files is the one that was at `path`, moved: the same contents, or a file of the same name that has
    /// most of its lines.
    async fn nearest(
        &self,
        before: &File,
        id: Option<&(String, bool)>,
        version: &Version,
        among: &[&str],
        path: &str,
    ) -> Result<Option<String>> {
        let blob = |of: Option<&(String, bool)>| of.map(|(blob, _)| blob.clone());
        let exact = among.iter().find(|other| !before.bytes.is_empty() && blob(version.get(other)) == blob(id));
        if let Some(exact) = exact {
            return Ok(Some((*exact).to_string()));
        }
        let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_string();
        let mut best = None;
        for other in among.iter().filter(|other| name(other) == name(path)) {
            let Some(file) = self.read(version, other).await? else { continue };
            let score = similarity(&before.bytes, &file.bytes);
            if score >= SIMILAR && best.as_ref().is_none_or(|(most, _)| score > *most) {
                best = Some((score, (*other).to_string()));
            }
        }
        Ok(best.map(|(_, path)| path))
    }
}

/// How much of the larger one is in both, in percent of its bytes, by whole lines.
fn similarity(one: &[u8], other: &[u8]) -> usize {
    let mut lines: BTreeMap<&[u8], usize> = BTreeMap::new();
    for line in one.split_inclusive(|byte| *byte == b'\n') {
        *lines.entry(line).or_default() += 1;
    }
    let mut common = 0;
    for line in other.split_inclusive(|byte| *byte == b'\n') {
        if let Some(left) = lines.get_mut(line).filter(|left| **left > 0) {
            *left -= 1;
            common += line.len();
        }
    }
    common * 100 / one.len().max(other.len()).max(1)
}

#[cfg(test)]
mod tests;
