//! What was read in this run: nothing is asked twice while nothing changed it, and asked with its ETag afterwards.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::sync::Mutex as AsyncMutex;

/// Bytes of answers that are kept; beyond them all is forgotten.
const MOST: usize = 64 << 20;

/// One answer to a GET.
#[derive(Debug, Clone)]
pub struct Page {
    /// Its body; none for what isn't there.
    pub body: Option<Arc<Value>>,
    /// The path of the next page.
    pub next: Option<String>,
    /// What GitHub compares with its own.
    pub etag: Option<String>,
}

/// A page as it is kept, with the ages at which it was read.
pub struct Kept {
    page: Page,
    age: Age,
}

/// Where a page is kept. Holding it keeps others from asking for the same at the same time.
pub type Slot = Arc<AsyncMutex<Option<Kept>>>;

/// How often what a page shows was changed: all of it, the repository, and the part of the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Age(u64, u64, u64);

/// The pages of one forge.
#[derive(Default)]
pub struct Reads(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    slots: HashMap<String, Slot>,
    all: u64,
    repos: HashMap<String, u64>,
    parts: HashMap<(String, Part), u64>,
    bytes: usize,
    writes: u64,
}

/// What of a repository changes together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// Its settings and topics.
    Settings,
    /// Branches, refs, and what is reached from them.
    Refs,
    /// Pull requests and what is said there.
    Pulls,
    /// What was found out about commits.
    Statuses,
    /// Rules of branches.
    Rules,
    /// What teams may do there.
    Access,
    /// Webhooks.
    Hooks,
    /// Everything else.
    Other,
    /// Objects by their ids: these never change.
    Objects,
}

impl Kept {
    /// The page, if nothing changed since.
    pub fn fresh(&self, age: Age) -> Option<Page> {
        (self.age == age).then(|| self.page.clone())
    }

    /// What to compare with GitHub's.
    pub fn etag(&self) -> Option<String> {
        self.page.etag.clone()
    }

    /// The page, which GitHub said is still right.
    pub fn again(&mut self, age: Age) -> Page {
        self.age = age;
        self.page.clone()
    }
}

impl Reads {
    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the page of a path is kept, and how old what it shows is now.
    pub fn slot(&self, path: &str) -> (Slot, Age) {
        let (repo, part) = place(path);
        let mut inner = self.inner();
        let age = match part {
            Part::Objects => Age::default(),
            part => Age(
                inner.all,
                inner.repos.get(&repo).copied().unwrap_or_default(),
                inner.parts.get(&(repo, part)).copied().unwrap_or_default(),
            ),
        };
        (inner.slots.entry(path.to_string()).or_default().clone(), age)
    }

    /// A page to keep in a slot.
    pub fn keep(&self, page: &Page, age: Age, bytes: usize) -> Kept {
        let mut inner = self.inner();
        inner.bytes += bytes;
        if inner.bytes > MOST {
            inner.slots.clear();
            inner.bytes = bytes;
        }
        Kept { page: page.clone(), age }
    }

    /// All that was read may have changed: the next look asks again.
    pub fn refresh(&self) {
        let mut inner = self.inner();
        inner.all += 1;
        inner.writes += 1;
    }

    /// How many writes were sent, or looks were taken anew, so far.
    pub fn writes(&self) -> u64 {
        self.inner().writes
    }

    /// A write was sent there: what it may have changed is asked for again. Of one whose end isn't known that is all of
    /// the repository.
    pub fn written(&self, path: &str, ended: bool) {
        let (repo, part) = place(path);
        let mut inner = self.inner();
        inner.writes += 1;
        let mut bump = |part: Part| *inner.parts.entry((repo.clone(), part)).or_default() += 1;
        match part {
            Part::Objects if ended => {}
            Part::Refs if ended => {
                bump(Part::Refs);
                bump(Part::Pulls);
            }
            // Whether pull requests merge may depend on them.
            Part::Statuses if ended => {
                bump(Part::Statuses);
                bump(Part::Pulls);
            }
            Part::Pulls if ended && path.ends_with("/merge") => {
                bump(Part::Refs);
                bump(Part::Pulls);
            }
            part if ended && part != Part::Other => bump(part),
            _ => *inner.repos.entry(repo).or_default() += 1,
        }
    }

    /// What is known of a path, if nothing changed it since.
    pub async fn known(&self, path: &str) -> Option<Page> {
        let (slot, age) = self.slot(path);
        let kept = slot.lock().await;
        kept.as_ref().and_then(|kept| kept.fresh(age))
    }

    /// Whether the page of a path is known, and nothing changed since.
    pub async fn knows(&self, path: &str) -> bool {
        let (slot, age) = self.slot(path);
        slot.lock().await.as_ref().is_some_and(|kept| kept.fresh(age).is_some())
    }

    /// What is known without asking: after a write, what it made.
    pub async fn put(&self, path: &str, body: Option<Value>) {
        let (slot, age) = self.slot(path);
        let page = Page { body: body.map(Arc::new), next: None, etag: None };
        *slot.lock().await = Some(Kept { page, age });
    }
}

/// The repository of a path, `owner/name` in lower case, and the part of it.
fn place(path: &str) -> (String, Part) {
    let path = path.split('?').next().unwrap_or_default();
    let mut segments = path.trim_start_matches('/').split('/');
    let mut access = false;
    match segments.next() {
        Some("repos") => {}
        // What a team may do in a repository is a part of that.
        Some("orgs") if segments.nth(1) == Some("teams") && segments.nth(1) == Some("repos") => access = true,
        _ => return (String::new(), Part::Other),
    }
    let repo = format!("{}/{}", segments.next().unwrap_or_default(), segments.next().unwrap_or_default());
    let rest: Vec<&str> = segments.collect();
    let part = match rest.as_slice() {
        _ if access => Part::Access,
        [] | ["topics"] => Part::Settings,
        ["hooks", ..] => Part::Hooks,
        ["git", "blobs" | "trees" | "commits", ..] => Part::Objects,
        ["compare", ends] if ends.split("...").all(is_id) => Part::Objects,
        ["branches", .., "protection"] | ["rulesets" | "rules", ..] => Part::Rules,
        ["statuses", _] | ["commits", _, "status"] => Part::Statuses,
        ["git" | "branches" | "commits" | "compare" | "codeowners", ..] => Part::Refs,
        ["pulls" | "issues", ..] => Part::Pulls,
        _ => Part::Other,
    };
    (repo.to_ascii_lowercase(), part)
}

/// Whether it is the whole id of an object.
fn is_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_ages_what_it_may_have_changed() {
        let reads = Reads::default();
        let age = |path: &str| reads.slot(path).1;
        let paths = ["/repos/acme/a", "/repos/acme/a/pulls?state=all", "/repos/acme/a/branches/main", "/repos/acme/b"];
        let before = paths.map(age);
        reads.written("/repos/acme/a/git/refs/heads/main", true);
        let after = paths.map(age);
        assert_eq!([0, 1, 2, 3].map(|at| before[at] == after[at]), [true, false, false, true]);
        reads.written("/repos/Acme/a/pulls", false);
        assert_ne!(age(paths[0]), after[0], "what became of the write isn't known");
        assert_eq!(age(paths[3]), after[3]);
        reads.refresh();
        assert_ne!(age(paths[3]), after[3]);
        let blob = format!("/repos/acme/a/git/blobs/{}", "0".repeat(40));
        let before = age(&blob);
        reads.refresh();
        assert_eq!(age(&blob), before, "an object never changes");
    }
}
