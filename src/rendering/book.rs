//! What generators were told so far. Answers come from a forge, and a rendering doesn't wait: what it asks and isn't known
//! yet is looked up behind it, and it is rendered again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::files::Files;
use super::given::Given;
use super::repositories::Repositories;
use crate::error::Result;
use crate::formats::applicationset::{
    self, Answer, Answers, Choice, Cluster, PullRequest, Rendering, Repository, Settings, Source, Unanswered,
};
use crate::world::forge::Entry;
use crate::world::{self, World};

/// A repository at a revision, as generators name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    is_oci: bool,
    url: String,
    revision: String,
}

impl Key {
    fn of(source: Source<'_>) -> Key {
        let Source { is_oci, repository, revision } = source;
        Key { is_oci, url: repository.to_owned(), revision: revision.to_owned() }
    }
}

/// The files of a repository, as far as they were asked for.
struct Listing {
    files: Files,
    entries: Vec<Entry>,
    directories: Arc<Vec<String>>,
    texts: BTreeMap<String, Option<String>>,
}

/// Something that nobody knows yet.
enum Question {
    Listing(Key),
    Texts(Key, Vec<Entry>),
    Clusters,
}

#[derive(Default)]
struct Known {
    listings: BTreeMap<Key, Answer<Listing>>,
    clusters: Option<Answer<Vec<Cluster>>>,
    open: Vec<Question>,
}

/// Who answers generators, and what was answered.
pub struct Book<'a> {
    repositories: &'a Repositories,
    given: &'a Given,
    /// Whose snapshots may hold the Secrets of clusters.
    clusters: &'a BTreeMap<String, Arc<dyn world::Cluster>>,
    known: Mutex<Known>,
}

/// Rounds of questions: a generator asks for folders, one in a matrix asks for what is in those, and it nests two deep.
const ROUNDS: usize = 16;

impl<'a> Book<'a> {
    /// Nothing is known yet but what is given.
    pub fn new(repositories: &'a Repositories, given: &'a Given, world: &'a World) -> Book<'a> {
        Book { repositories, given, clusters: &world.clusters, known: Mutex::default() }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Renders a set, and looks up what it asks.
    ///
    /// # Errors
    /// What looking up ends in.
    pub async fn render(&self, set: &Value, settings: &Settings) -> Result<Rendering> {
        let mut rendering = Rendering::default();
        for _ in 0..ROUNDS {
            rendering = applicationset::render(set, self, settings);
            let open = std::mem::take(&mut self.known().open);
            if open.is_empty() {
                break;
            }
            for question in open {
                self.look_up(question).await?;
            }
        }
        Ok(rendering)
    }

    async fn look_up(&self, question: Question) -> Result<()> {
        match question {
            Question::Listing(key) => {
                if self.known().listings.contains_key(&key) {
                    return Ok(());
                }
                let listing = self.listing(&key).await?;
                self.known().listings.insert(key, listing);
            }
            Question::Texts(key, entries) => {
                let files = match self.known().listings.get(&key) {
                    Some(Ok(listing)) => listing.files.clone(),
                    _ => return Ok(()),
                };
                let contents = files.contents(&entries).await?;
                if let Some(Ok(listing)) = self.known().listings.get_mut(&key) {
                    for (entry, content) in entries.into_iter().zip(contents) {
                        let text = content.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
                        listing.texts.insert(entry.path, text);
                    }
                }
            }
            Question::Clusters => {
                let clusters = self.of_snapshots().await?;
                self.known().clusters = Some(clusters);
            }
        }
        Ok(())
    }

    async fn listing(&self, key: &Key) -> Result<Answer<Listing>> {
        if key.is_oci {
            return Ok(Err(Unanswered::Unknown(format!("what is in {}", key.url))));
        }
        Ok(match self.repositories.files(&key.url, &key.revision).await? {
            Ok(files) => {
                let entries = files.list().await?;
                let directories = Arc::new(directories(&entries));
                Ok(Listing { files, entries, directories, texts: BTreeMap::new() })
            }
            Err(why) => Err(why),
        })
    }

    /// The clusters whose Secrets are in a snapshot of the workspace's.
    async fn of_snapshots(&self) -> Result<Answer<Vec<Cluster>>> {
        let mut found = Vec::new();
        for cluster in self.clusters.values() {
            let secrets = cluster.list("v1", "Secret", None).await?;
            found.extend(secrets.iter().filter_map(Cluster::of_secret));
        }
        let what = "the clusters that Argo CD knows";
        Ok(if found.is_empty() { Err(Unanswered::Unknown(what.to_owned())) } else { Ok(found) })
    }

    /// What is known of a repository; if it isn't looked up yet, it will be, and until then `meanwhile` counts.
    fn with<T>(
        &self,
        source: Source<'_>,
        meanwhile: T,
        read: impl FnOnce(&Listing, &mut Vec<Question>) -> T,
    ) -> Answer<T> {
        let key = Key::of(source);
        let mut known = self.known();
        let Known { listings, open, .. } = &mut *known;
        match listings.get(&key) {
            Some(Ok(listing)) => Ok(read(listing, open)),
            Some(Err(why)) => Err(why.clone()),
            None => {
                open.push(Question::Listing(key));
                Ok(meanwhile)
            }
        }
    }
}

/// The folders that hold the files, in the order of a walk, without hidden ones.
fn directories(entries: &[Entry]) -> Vec<String> {
    let mut found: std::collections::BTreeSet<Vec<&str>> = std::collections::BTreeSet::new();
    for entry in entries {
        let mut parts: Vec<&str> = entry.path.split('/').collect();
        parts.pop();
        if let Some(hidden) = parts.iter().position(|part| part.starts_with('.')) {
            parts.truncate(hidden);
        }
        while !parts.is_empty() && found.insert(parts.clone()) {
            parts.pop();
        }
    }
    found.into_iter().map(|parts| parts.join("/")).collect()
}

impl Answers for Book<'_> {
    fn directories(&self, source: Source<'_>) -> Answer<Vec<String>> {
        if let Some(given) = &self.given.directories {
            return Ok(given.clone());
        }
        self.with(source, Vec::new(), |listing, _| listing.directories.to_vec())
    }

    fn files(&self, source: Source<'_>, choice: &Choice) -> Answer<BTreeMap<String, String>> {
        if let Some(given) = &self.given.files {
            let chosen = given.iter().filter(|(path, _)| choice.matches(path));
            return Ok(chosen.map(|(path, text)| (path.clone(), text.clone())).collect());
        }
        self.with(source, BTreeMap::new(), |listing, open| {
            let chosen: Vec<&Entry> = listing.entries.iter().filter(|entry| choice.matches(&entry.path)).collect();
            let unread: Vec<Entry> =
                chosen.iter().filter(|entry| !listing.texts.contains_key(&entry.path)).map(|e| (*e).clone()).collect();
            if !unread.is_empty() {
                open.push(Question::Texts(Key::of(source), unread));
                return BTreeMap::new();
            }
            let read = |entry: &Entry| Some((entry.path.clone(), listing.texts.get(&entry.path)?.clone()?));
            chosen.into_iter().filter_map(read).collect()
        })
    }

    fn clusters(&self) -> Answer<Vec<Cluster>> {
        if let Some(given) = &self.given.clusters {
            return Ok(given.clone());
        }
        let mut known = self.known();
        match &known.clusters {
            Some(answer) => answer.clone(),
            None => {
                known.open.push(Question::Clusters);
                Ok(Vec::new())
            }
        }
    }

    fn pull_requests(&self, generator: &Value) -> Answer<Vec<PullRequest>> {
        self.given.pull_requests(generator)
    }

    fn repositories(&self, generator: &Value) -> Answer<Vec<Repository>> {
        self.given.repositories(generator)
    }

    fn has_path(&self, repository: &Repository, path: &str) -> Answer<bool> {
        self.given.has_path(repository, path)
    }

    fn config_map(&self, name: &str) -> Answer<Option<BTreeMap<String, String>>> {
        self.given.config_map(name)
    }

    fn resources(&self, api_version: &str, kind: &str) -> Answer<Vec<Value>> {
        self.given.resources(api_version, kind)
    }

    fn plugin(&self, config_map: &str, parameters: &Value) -> Answer<String> {
        self.given.plugin(config_map, parameters)
    }

    fn has_project(&self, name: &str) -> Answer<bool> {
        self.given.has_project(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_come_as_a_walk_has_them() {
        let paths = ["a-b/x", "a/b/c/x", "a/x", "top", ".hidden/in/x", "a/.git-like/deep/x"];
        let entry = |path: &&str| Entry { path: (*path).to_owned(), blob: String::new(), executable: false };
        let entries: Vec<Entry> = paths.iter().map(entry).collect();
        assert_eq!(directories(&entries), ["a", "a/b", "a/b/c", "a-b"]);
    }
}
