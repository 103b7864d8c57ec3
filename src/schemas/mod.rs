//! Schemas of all kinds that a platform knows: Kubernetes' own, those of the tools around it, and the CRDs and XRDs of
//! the workspace. One call looks a document up and checks it: for the door, for audits, for claims.

mod find;
mod kind;
pub mod kubernetes;
mod lifecycle;
mod platform;
mod shorthand;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::formats::definitions::{Definition, Role};
pub use find::Found;
pub use kind::Kind;
use kubernetes::Release;

/// The schemas that are in force. What they hold is compiled when it is first met, and once.
#[derive(Debug)]
pub struct Schemas {
    release: Release,
    /// Those of the tools around Kubernetes, then those of the workspace; the index names the last of each kind.
    definitions: Vec<Arc<Definition>>,
    /// Group and kind to the place in the list.
    index: HashMap<(String, String), usize>,
    twice: Vec<(Arc<Definition>, Arc<Definition>)>,
    /// What was found by apiVersion and kind.
    met: Mutex<HashMap<(String, String), Found>>,
}

impl Schemas {
    /// What is built in: a minor version of Kubernetes, such as `1.36`, and the kinds of the tools around it.
    ///
    /// # Errors
    /// `idp::schema::release` for a version that isn't built in.
    pub fn embedded(kubernetes: &str) -> Result<Schemas> {
        let Some(release) = Release::parse(kubernetes) else {
            let known = kubernetes::versions();
            let ends = known.first().zip(known.last()).map_or_else(String::new, |(a, z)| format!("{a} to {z}"));
            return Err(Error::invalid(
                "idp::schema::release",
                format!("there are no schemas of Kubernetes `{kubernetes}`"),
            )
            .help(format!("built in are {ends}: name the nearest one, as `kubernetes` in idp.yaml or --kubernetes")));
        };
        let empty = Schemas {
            release,
            definitions: Vec::new(),
            index: HashMap::new(),
            twice: Vec::new(),
            met: Mutex::default(),
        };
        Ok(empty.with(platform::definitions()?))
    }

    /// The newest Kubernetes that is built in.
    pub fn newest() -> &'static str {
        Release::newest().name()
    }

    /// The same with these kinds; of two of one kind the later one counts.
    #[must_use]
    pub fn with(mut self, definitions: Vec<Definition>) -> Schemas {
        for definition in definitions {
            let definition = Arc::new(definition);
            let at = self.definitions.len();
            let place = (definition.group.clone(), definition.kind.clone());
            if let Some(before) = self.index.insert(place, at) {
                let before = &self.definitions[before];
                if before.role != Role::Partial && !is_same(before, &definition) {
                    self.twice.push((before.clone(), definition.clone()));
                }
            }
            self.definitions.push(definition);
        }
        self.met = Mutex::default();
        self
    }

    /// The version of Kubernetes.
    pub fn release(&self) -> &'static str {
        self.release.name()
    }

    /// The definitions that count, but for Kubernetes' own, in the order of group and kind.
    pub fn definitions(&self) -> Vec<&Arc<Definition>> {
        let mut found: Vec<_> = self.index.values().map(|at| &self.definitions[*at]).collect();
        found.sort_by(|a, b| (&a.group, &a.kind).cmp(&(&b.group, &b.kind)));
        found
    }

    /// The kinds that people order resources with: claims, and composite resources that have none.
    pub fn claimable(&self) -> Vec<&Arc<Definition>> {
        self.definitions().into_iter().filter(|definition| definition.is_claimable()).collect()
    }

    /// Kinds that are defined twice, and not the same: first the one that doesn't count.
    pub fn defined_twice(&self) -> &[(Arc<Definition>, Arc<Definition>)] {
        &self.twice
    }

    /// Looks a kind up.
    pub fn find(&self, api_version: &str, kind: &str) -> Found {
        let key = (api_version.to_string(), kind.to_string());
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = met.get(&key) {
            return found.clone();
        }
        let found = find::find(self, api_version, kind);
        met.insert(key, found.clone());
        found
    }

    fn definition(&self, group: &str, kind: &str) -> Option<&Arc<Definition>> {
        // A lookup by two borrowed texts would need a key type of its own; this is once a kind.
        self.index.get(&(group.to_string(), kind.to_string())).map(|at| &self.definitions[*at])
    }
}

fn is_same(one: &Definition, other: &Definition) -> bool {
    let plain = |definition: &Definition| Definition { place: None, ..definition.clone() };
    plain(one) == plain(other)
}
