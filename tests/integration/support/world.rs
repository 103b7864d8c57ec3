//! A workspace's world as lines that can be compared: branches by their trees and messages, every file of the forge,
//! of the clusters and of the contacts. Commit ids hold times and are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use git2::Repository;
use serde_json::Value;

use super::Workspace;

/// What is there, by a name that says where.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct World(BTreeMap<String, String>);

impl World {
    pub fn of(workspace: &Workspace) -> World {
        let mut world = World::default();
        let root = workspace.path().join(".idp");
        world.walk(&root, "");
        for repo in workspace.repositories() {
            let name = repo.strip_prefix(&root).unwrap().display().to_string();
            world.refs(&repo, &name);
            // Where a pull request stands is what people are told: its file may be a step behind the branches.
            let repo = repo.file_stem().unwrap().to_str().unwrap();
            let said = workspace.idp(&["pr", "list", repo, "--output", "json"]).succeeds("pr list");
            world.0.insert(format!("{name} pull requests"), said.stdout);
        }
        world
    }

    /// Each ref with its tree, how many commits lead to it, and what the last one says.
    fn refs(&mut self, folder: &Path, name: &str) {
        let repo = Repository::open_bare(folder).unwrap();
        for found in repo.references().unwrap() {
            let found = found.unwrap();
            let commit = found.peel_to_commit().unwrap();
            let mut walk = repo.revwalk().unwrap();
            walk.push(commit.id()).unwrap();
            let value = format!("{} after {} commits: {}", commit.tree_id(), walk.count(), commit.message().unwrap());
            self.0.insert(format!("{name} {}", found.name().unwrap()), value);
        }
    }

    fn walk(&mut self, folder: &Path, prefix: &str) {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let entry = entry.unwrap();
            let (path, file) = (entry.path(), entry.file_name().into_string().unwrap());
            let name = format!("{prefix}{file}");
            let in_repository = prefix.contains(".git/");
            if path.is_dir() {
                // Objects are named by the trees above; hooks are samples.
                if !(in_repository && ["objects", "hooks", "info"].contains(&file.as_str())) && name != "locks" {
                    self.walk(&path, &format!("{name}/"));
                }
            } else if !unseen(&name, &file, in_repository) {
                self.0.insert(name, contents(&path));
            }
        }
    }

    /// Fails with what differs, and with nothing else.
    #[track_caller]
    pub fn assert_same(&self, expected: &World, when: &str) {
        let names: BTreeSet<&String> = self.0.keys().chain(expected.0.keys()).collect();
        let mut text = String::new();
        for name in names {
            let (is, should) = (self.0.get(name), expected.0.get(name));
            if is != should {
                let show =
                    |value: Option<&String>| value.map_or("(not there)".into(), |value| value.trim().to_string());
                text.push_str(&format!("\n{name}\n  - {}\n  + {}\n", show(should), show(is)));
            }
        }
        assert!(text.is_empty(), "{when}: the world differs (- undisturbed, + this):\n{text}");
    }
}

/// Files that say nothing about the world: kernel locks (a `.lock` that git respects is not among them), the journal,
/// refs (compared by their trees), and drafts that the next writer of a repository tidies away.
fn unseen(name: &str, file: &str, in_repository: bool) -> bool {
    if in_repository {
        let inner = name.split_once(".git/").map_or("", |(_, inner)| inner);
        let is_ref = (inner.starts_with("refs/") || inner == "packed-refs") && !file.ends_with(".lock");
        let tidied_later = inner.starts_with("idp/packing/") || ["idp/lock.note", "idp/draft"].contains(&inner);
        return is_ref || tidied_later || inner == "idp/lock";
    }
    name.starts_with("journal.") || ["lock", ".lock"].contains(&file) || file.ends_with(".jsonl.lock")
}

fn contents(path: &Path) -> String {
    let text = String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
    if path.extension().is_some_and(|ext| ext == "json") {
        let mut value: Value =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        if path.parent().is_some_and(|folder| folder.ends_with("idp/pulls")) {
            value.as_object_mut().unwrap().remove("state");
        }
        forget_commits(&mut value);
        return format!("{value:#}");
    }
    text
}

fn forget_commits(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.remove("commit");
            map.values_mut().for_each(forget_commits);
        }
        Value::Array(list) => list.iter_mut().for_each(forget_commits),
        _ => {}
    }
}
