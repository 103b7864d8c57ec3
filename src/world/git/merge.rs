//! Merging pull requests on the embedded forge: merge commit, squash or rebase, when the base's rules allow it.

use git2::Repository;

use super::objects::{self, Objects, commit, conflicts, git, id_of, oid};
use super::pulls::{self, Record};
use super::refs::Refs;
use super::{GitForge, moved, rules, statuses};
use crate::error::{Error, Result};
use crate::world::forge::{Actor, CommitId, MergeMethod, Merged, Outcome, RepoId, State};
use crate::world::later::Later;

/// Merges a pull request whose head is still `head`. With `admin`, rules that don't hold are overridden and recorded.
pub fn merge(
    forge: &GitForge,
    repo: &RepoId,
    number: u64,
    method: MergeMethod,
    head: &CommitId,
    admin: bool,
    actor: &Actor,
) -> Result<Outcome> {
    let folder = forge.existing(repo)?;
    let objects = Objects::open(&folder)?;
    let writer = Refs::of(&folder).write()?;
    let (mut record, now) = pulls::open_one(forge, repo, &folder, writer.refs(), &objects, number)?;
    if now.commit != *head {
        return Err(moved(repo, &record.head));
    }
    let base_ref = format!("refs/heads/{}", record.base);
    let base = writer.refs().read(&base_ref)?.ok_or_else(|| {
        Error::failed("idp::pr::base", format!("the base {} of {repo}#{number} is gone", record.base))
    })?;
    let mut overridden = Vec::new();
    if let Some(rule) = forge.protections(&folder)?.get(&record.base) {
        let owners = match rule.code_owners {
            true => code_owners(&objects, &base)?,
            false => None,
        };
        let changed = changed_paths(&objects, &base, head)?;
        let said = statuses::of(&folder, &objects, head)?;
        let lacks =
            rules::missing_for_merge(rule, &now, &record.approvals, &said, owners.as_deref(), &changed, &forge.teams);
        if !lacks.is_empty() && !admin {
            return Err(Error::failed("idp::pr::rules", format!("{repo}#{number} needs {}", lacks.join(", and ")))
                .help(format!(
                    "`idp-run pr approve {repo} {number} --as NAME` approves it; `pr merge --admin` overrides"
                )));
        }
        overridden = lacks;
    }
    let index = objects.merge_index(&base, head)?;
    let conflicting = conflicts(&index)?;
    if !conflicting.is_empty() {
        return Err(conflict(repo, number, &record.base, &conflicting));
    }
    let made = match method {
        MergeMethod::Merge => {
            let message = format!("Merge pull request #{number} from {}\n\n{}\n", record.head, record.title);
            write(&objects, &[base.clone(), head.clone()], index, &message, actor)?
        }
        MergeMethod::Squash => {
            let message = format!("{} (#{number})\n\n{}\n", record.title, record.body.trim());
            write(&objects, std::slice::from_ref(&base), index, message.trim_end(), actor)?
        }
        MergeMethod::Rebase => rebase(&objects, &base, head, repo, number, &record, actor)?,
    };
    // Recorded first: a kill between the two leaves a merge that counts as soon as the base has its commit, or never.
    pulls::set(&writer, &pulls::head_ref(number), head)?;
    record.merged = Some(Merged { by: actor.name.clone(), method, commit: made.clone(), overridden });
    pulls::save(&folder, &record)?;
    if !writer.update(&base_ref, Some(&base), &made)? {
        return Err(moved(repo, &record.base));
    }
    record.state = State::Merged;
    pulls::save(&folder, &record)?;
    Ok(Outcome { commit: Some(Later::Known(made)), ..Outcome::default() })
}

fn conflict(repo: &RepoId, number: u64, base: &str, paths: &[String]) -> Error {
    Error::failed("idp::pr::conflict", format!("{repo}#{number} conflicts with {base} in {}", paths.join(", ")))
        .help("run again what proposed it: it redoes its edit on the base's head; or resolve the conflict by hand")
}

fn write(
    objects: &Objects,
    parents: &[CommitId],
    mut index: git2::Index,
    message: &str,
    actor: &Actor,
) -> Result<CommitId> {
    objects.packed(|repository| {
        let tree = index.write_tree_to(repository).map_err(git("write the tree"))?;
        commit(repository, parents, tree, message, actor)
    })
}

/// The commits of the head that the base lacks, again on top of the base. A merge among them is refused, as on hosts.
fn rebase(
    objects: &Objects,
    base: &CommitId,
    head: &CommitId,
    repo: &RepoId,
    number: u64,
    record: &Record,
    actor: &Actor,
) -> Result<CommitId> {
    objects.packed(|repository: &Repository| {
        let walk = || -> std::result::Result<Vec<git2::Oid>, git2::Error> {
            let mut walk = repository.revwalk()?;
            walk.set_sorting(git2::Sort::TOPOLOGICAL | git2::Sort::REVERSE)?;
            walk.push(git2::Oid::from_str(&head.0)?)?;
            walk.hide(git2::Oid::from_str(&base.0)?)?;
            walk.collect()
        };
        let mut top = oid(base)?;
        for id in walk().map_err(git("walk the history"))? {
            let picked = repository.find_commit(id).map_err(git("read the commit"))?;
            if picked.parent_count() != 1 {
                return Err(Error::failed(
                    "idp::pr::rebase",
                    format!("{repo}#{number} holds a merge, which can't be rebased"),
                )
                .help("merge it with a merge commit, or with --squash"));
            }
            let onto = repository.find_commit(top).map_err(git("read the commit"))?;
            let mut index = repository.cherrypick_commit(&picked, &onto, 0, None).map_err(git("rebase"))?;
            let conflicting = conflicts(&index)?;
            if !conflicting.is_empty() {
                return Err(conflict(repo, number, &record.base, &conflicting));
            }
            let tree = index.write_tree_to(repository).map_err(git("write the tree"))?;
            let message = String::from_utf8_lossy(picked.message_bytes()).into_owned();
            top = commit(repository, &[id_of(top)], tree, &message, actor)?;
        }
        Ok(top)
    })
}

/// The paths that a head changes since it left the base.
pub fn changed_paths(objects: &Objects, base: &CommitId, head: &CommitId) -> Result<Vec<String>> {
    let from = objects.merge_base(base, head)?;
    let from = from.map(|id| objects.commit(&id)?.tree().map_err(git("read the tree"))).transpose()?;
    let to = objects.commit(head)?.tree().map_err(git("read the tree"))?;
    let diff = objects
        .repository()
        .diff_tree_to_tree(from.as_ref(), Some(&to), None)
        .map_err(objects::git("compare the trees"))?;
    Ok(diff
        .deltas()
        .filter_map(|delta| delta.new_file().path().or(delta.old_file().path()).map(|path| path.display().to_string()))
        .collect())
}

/// CODEOWNERS at the base, where GitHub looks for it.
fn code_owners(objects: &Objects, base: &CommitId) -> Result<Option<String>> {
    for path in [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"] {
        if let Some(file) = objects.file(base, path)? {
            return Ok(Some(String::from_utf8_lossy(&file.bytes).into_owned()));
        }
    }
    Ok(None)
}
