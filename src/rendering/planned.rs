//! What the changes of a plan make of ApplicationSets: of those that they touch, and of those whose generators look at a
//! repository that they touch. Each is rendered as it is and as it would be once all is merged.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::book::Book;
use super::files::{Changes, Files};
use super::given::Given;
use super::repositories::Repositories;
use super::sets::{Set, may_hold, of_text};
use super::{compared, settings, told};
use crate::error::Result;
use crate::formats::applicationset::{Choice, Globbing, Rendering};
use crate::formats::{go_path, objects};
use crate::report::{Comparison, RenderedSet};
use crate::world::World;
use crate::world::forge::{Entry, RepoId, State};
use crate::world::plan::written::{self, Onto, Written};

/// A branch of a repository.
type Branch = (RepoId, String);
/// An ApplicationSet by the branch that it is on, its namespace and its name.
type Name = (Branch, (String, String));

/// What a plan makes of ApplicationSets. `before` is the world as it is, `after` as the plan leaves it.
///
/// # Errors
/// What reading ends in. What can't be read of a set, others tell.
pub async fn planned(before: &World, after: &World, written: &Written) -> Result<Vec<RenderedSet>> {
    let changes = changes(before, after, written).await?;
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    let then = Repositories { forge: Some(before.forge.clone()), ..Repositories::default() };
    let now = Repositories { changes: changes.clone(), ..then.clone() };
    let (old, new) = sets(before, &changes).await?;
    let (given, names) = (Given::default(), old.keys().chain(new.keys()).collect::<BTreeSet<_>>());
    let (old_book, new_book) = (Book::new(&then, &given, before), Book::new(&now, &given, after));
    let mut found = Vec::new();
    for name in names {
        let (old, new) = (old.get(name), new.get(name));
        let is_touched = old.map(|set| &set.value) != new.map(|set| &set.value);
        let looks = |set: &Set| looks_at(&set.value["spec"]["generators"], &now, &changes);
        if !is_touched && !new.is_some_and(looks) {
            continue;
        }
        let was = match old {
            Some(set) => Some(old_book.render(&set.value, &settings()).await?),
            None => None,
        };
        let is = match new {
            Some(set) => Some(new_book.render(&set.value, &settings()).await?),
            None => None,
        };
        let side = |set: Option<&'_ Set>| set.map(|set| set.value.clone());
        let (old_value, new_value) = (side(old), side(new));
        let comparison = compared(old_value.as_ref().zip(was.as_ref()), new_value.as_ref().zip(is.as_ref()));
        let same_problems = was.as_ref().map(|was| &was.problems) == is.as_ref().map(|is| &is.problems);
        if !is_touched && comparison.changes.is_empty() && same_problems {
            continue;
        }
        found.push(report(old.or(new), new, is.as_ref(), comparison));
    }
    found.sort_by(|a, b| (&a.place.file, a.place.line).cmp(&(&b.place.file, b.place.line)));
    Ok(found)
}

fn report(any: Option<&Set>, new: Option<&Set>, is: Option<&Rendering>, comparison: Comparison) -> RenderedSet {
    let mut report = match (new, is, any) {
        (Some(set), Some(is), _) => told(set, is),
        (_, _, Some(set)) => told(set, &Rendering::default()),
        _ => RenderedSet::default(),
    };
    // A plan has no options to give what is missing; the comparison says what it is.
    report.missing = Vec::new();
    report.compared = Some(comparison);
    report
}

/// What each branch will hold, pull requests merged.
async fn changes(before: &World, after: &World, written: &Written) -> Result<BTreeMap<Branch, Changes>> {
    let mut all: BTreeMap<Branch, written::Changes> = BTreeMap::new();
    for ((repo, onto), files) in written.files() {
        match onto {
            Onto::Branch(branch) => all.entry((repo, branch)).or_default().extend(files),
            Onto::BaseOf(head) => {
                if let Some((base, files)) = of_pull_request(before, after, &repo, &head).await? {
                    all.entry((repo, base)).or_default().extend(files);
                }
            }
        }
    }
    Ok(all.into_iter().map(|(branch, files)| (branch, Arc::new(files))).collect())
}

/// All that an open pull request brings, what it had before included.
async fn of_pull_request(
    before: &World,
    after: &World,
    repo: &RepoId,
    head: &str,
) -> Result<Option<(String, written::Changes)>> {
    let pulls = after.forge.pull_requests(repo, Some(head)).await?;
    let Some(pull) = pulls.into_iter().rfind(|pull| pull.state == State::Open) else { return Ok(None) };
    let (old, new) = (before.forge.branch(repo, &pull.base).await?, after.forge.branch(repo, head).await?);
    let (Some(old), Some(new)) = (old, new) else { return Ok(None) };
    let Some(fork) = after.forge.merge_base(repo, &old, &new).await? else { return Ok(None) };
    let was = after.forge.list(repo, &fork, "").await?;
    let was: BTreeMap<String, Entry> = was.into_iter().map(|entry| (entry.path.clone(), entry)).collect();
    let is = after.forge.list(repo, &new, "").await?;
    let mut files = written::Changes::new();
    let paths: BTreeSet<&String> = is.iter().map(|entry| &entry.path).collect();
    files.extend(was.keys().filter(|path| !paths.contains(path)).map(|path| (path.clone(), None)));
    let differs = |entry: &&Entry| was.get(&entry.path).is_none_or(|was| was.blob != entry.blob);
    let changed: Vec<Entry> = is.iter().filter(differs).cloned().collect();
    let contents = after.forge.contents(repo, &new, &changed).await?;
    for (entry, file) in changed.into_iter().zip(contents) {
        files.insert(entry.path, file.map(|file| file.bytes));
    }
    Ok(Some((pull.base, files)))
}

/// The ApplicationSets as they are, and as they would be: all of the embedded forge's, elsewhere those in files that change.
async fn sets(
    before: &World,
    changes: &BTreeMap<Branch, Changes>,
) -> Result<(BTreeMap<Name, Set>, BTreeMap<Name, Set>)> {
    let mut branches: BTreeMap<Branch, Option<Changes>> = BTreeMap::new();
    if before.embedded {
        for repo in before.forge.repositories().await? {
            let Some(known) = before.forge.repository(&repo).await? else { continue };
            branches.insert((repo, known.settings.default_branch), None);
        }
    }
    branches.extend(changes.iter().map(|(branch, files)| (branch.clone(), Some(files.clone()))));
    let (mut old, mut new) = (BTreeMap::new(), BTreeMap::new());
    for (branch, changes) in branches {
        let changes = changes.unwrap_or_default();
        // What isn't YAML is for the reviewers of changes, and else for audits.
        let read = |path: &str, text: &str| {
            let sets = of_text(&format!("{}:{path}", branch.0), text).unwrap_or_default();
            sets.into_iter().map(|set| ((branch.clone(), set.key()), set)).collect::<Vec<_>>()
        };
        for (path, text) in texts(before, &branch, &changes).await? {
            let sets = read(&path, &text);
            if !changes.contains_key(&path) {
                new.extend(sets.iter().cloned());
            }
            old.extend(sets);
        }
        for (path, content) in changes.iter() {
            let text = content.as_ref().and_then(|content| std::str::from_utf8(content).ok());
            new.extend(text.filter(|text| may_hold(path, text)).map(|text| read(path, text)).unwrap_or_default());
        }
    }
    Ok((old, new))
}

/// The files of a branch that may hold sets.
async fn texts(before: &World, (repo, branch): &Branch, changes: &Changes) -> Result<Vec<(String, String)>> {
    let forge = &before.forge;
    let head = match forge.repository(repo).await? {
        Some(_) => forge.branch(repo, branch).await?,
        None => None,
    };
    let Some(head) = head else { return Ok(Vec::new()) };
    let files = Files::Forge(forge.clone(), repo.clone(), head);
    let mut found = Vec::new();
    if before.embedded {
        let mut entries = files.list().await?;
        entries.retain(|entry| objects::may_hold(&entry.path));
        let contents = files.contents(&entries).await?;
        found.extend(entries.into_iter().zip(contents).filter_map(|(entry, content)| Some((entry.path, content?))));
    } else {
        for path in changes.keys().filter(|path| objects::may_hold(path)) {
            found.extend(files.one(path).await?.map(|content| (path.clone(), content)));
        }
    }
    let text = |(path, content): (String, Arc<[u8]>)| {
        let text = std::str::from_utf8(&content).ok().filter(|text| may_hold(&path, text))?;
        Some((path, text.to_owned()))
    };
    Ok(found.into_iter().filter_map(text).collect())
}

/// Whether a generator looks at what is written. What is made of parameters may be anything.
fn looks_at(generators: &Value, repositories: &Repositories, changes: &BTreeMap<Branch, Changes>) -> bool {
    generators.as_array().into_iter().flatten().any(|entry| {
        let git = &entry["git"];
        let url = git["repoURL"].as_str().unwrap_or_default();
        let own = match url.contains("{{") {
            true => None,
            false => repositories.repository(url).map(|(_, repo)| repo),
        };
        let seen = changes.iter().filter(|((repo, _), _)| url.contains("{{") || own.as_ref() == Some(repo));
        (git.is_object() && seen.flat_map(|(_, files)| files.keys()).any(|path| sees(git, path)))
            || ["matrix", "merge"].iter().any(|kind| looks_at(&entry[kind]["generators"], repositories, changes))
    })
}

/// Whether a path, or a folder that it is in, is one that a generator asks for.
fn sees(git: &Value, path: &str) -> bool {
    let patterns = |field: &str| git[field].as_array().into_iter().flatten().filter_map(|entry| entry["path"].as_str());
    let is_open = |pattern: &str| pattern.contains("{{");
    let folders = path.match_indices('/').map(|(at, _)| &path[..at]);
    patterns("files").any(|pattern| is_open(pattern) || Choice::new([(pattern, false)], Globbing::Old).matches(path))
        || patterns("directories")
            .any(|pattern| is_open(pattern) || folders.clone().any(|folder| go_path::matches(pattern, folder)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::sees;

    #[test]
    fn generators_see_files_and_the_folders_that_hold_them() {
        let files = json!({ "files": [{ "path": "claims/*/*.yaml" }] });
        assert!(sees(&files, "claims/dev/a.yaml") && !sees(&files, "notes.md"));
        let folders = json!({ "directories": [{ "path": "services/*/k8s" }] });
        assert!(sees(&folders, "services/api/k8s/deep/a.yaml"));
        assert!(!sees(&folders, "services/api/README.md") && !sees(&folders, "services/api/k8s"));
        assert!(sees(&json!({ "directories": [{ "path": "apps/{{ .env }}/*" }] }), "a"));
    }
}
