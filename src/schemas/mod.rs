//! Schemas of all kinds that a platform knows: Kubernetes' own, those of the tools around it, and the CRDs and XRDs of
//! the workspace. One call looks a document up and checks it: for the door, for audits, for claims.

mod check;
#[cfg(test)]
mod check_tests;
mod find;
mod kind;
pub mod kubernetes;
pub mod layout;
pub mod lifecycle;
pub mod offers;
mod platform;
pub mod reviewer;
mod shorthand;
#[cfg(test)]
mod tests;
pub mod workspace;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::formats::definitions::Definition;
pub use check::{Checks, Problem, object_of};
pub use find::Found;
pub use kind::Kind;
use kubernetes::Release;
pub use workspace::Workspace;

/// The schemas that are in force. What they hold is compiled when it is first met, and once.
#[derive(Debug)]
pub struct Schemas {
    release: Release,
    /// What is built in, which all schemas of a release share.
    base: Option<&'static Schemas>,
    /// The index names the last of each kind.
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
        Ok(Schemas { base: Some(base(release)?), ..Schemas::empty(release) })
    }

    fn empty(release: Release) -> Schemas {
        let (definitions, index, twice) = (Vec::new(), HashMap::new(), Vec::new());
        Schemas { release, base: None, definitions, index, twice, met: Mutex::default() }
    }

    /// The newest Kubernetes that is built in.
    pub fn newest() -> &'static str {
        Release::newest().name()
    }

    /// The same with these kinds; of two of one kind the later one counts.
    #[must_use]
    pub fn with(mut self, definitions: Vec<Definition>) -> Schemas {
        definitions.into_iter().for_each(|definition| self.add(definition, true));
        self
    }

    /// A copy with these kinds before those that are known.
    #[must_use]
    pub fn before(&self, definitions: Vec<Definition>) -> Schemas {
        self.copy().with(definitions)
    }

    /// A copy with these kinds behind those that are known, but for what is built in.
    #[must_use]
    pub fn behind(&self, definitions: Vec<Definition>) -> Schemas {
        let mut copy = self.copy();
        let known = copy.definitions.len();
        for definition in definitions {
            let place = (definition.group.clone(), definition.kind.clone());
            let own = copy.index.get(&place).is_some_and(|at| *at < known);
            copy.add(definition, !own);
        }
        copy
    }

    fn copy(&self) -> Schemas {
        let Schemas { release, base, definitions, index, twice, .. } = self;
        let (definitions, index, twice) = (definitions.clone(), index.clone(), twice.clone());
        Schemas { release: *release, base: *base, definitions, index, twice, met: Mutex::default() }
    }

    fn add(&mut self, definition: Definition, wins: bool) {
        let definition = Arc::new(definition);
        let place = (definition.group.clone(), definition.kind.clone());
        let known = self.index.get(&place).map(|at| &self.definitions[*at]);
        if let Some(known) = known.filter(|known| !is_same(known, &definition)) {
            let pair = (known.clone(), definition.clone());
            self.twice.push(if wins { pair } else { (pair.1, pair.0) });
        }
        if wins {
            self.index.insert(place, self.definitions.len());
            self.definitions.push(definition);
            self.met = Mutex::default();
        }
    }

    /// The version of Kubernetes.
    pub fn release(&self) -> &'static str {
        self.release.name()
    }

    /// The definitions that count, but for Kubernetes' own, in the order of group and kind.
    pub fn definitions(&self) -> Vec<&Arc<Definition>> {
        let own = self.index.values().map(|at| &self.definitions[*at]);
        let built_in = self.base.into_iter().flat_map(|base| &base.definitions);
        let mut found: Vec<_> =
            own.chain(built_in.filter(|known| self.own(&known.group, &known.kind).is_none())).collect();
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
        // What is built in is met once for all.
        if let Some(base) = self.base
            && self.own(find::split(api_version).0, kind).is_none()
        {
            let found = base.find(api_version, kind);
            if !matches!(found, Found::UnknownKind { .. } | Found::UnknownGroup) {
                return found;
            }
        }
        let key = (api_version.to_string(), kind.to_string());
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = met.get(&key) {
            return found.clone();
        }
        let found = find::find(self, api_version, kind);
        met.insert(key, found.clone());
        found
    }

    /// A definition beyond what is built in.
    fn own(&self, group: &str, kind: &str) -> Option<&Arc<Definition>> {
        if self.index.is_empty() {
            return None;
        }
        self.index.get(&(group.to_string(), kind.to_string())).map(|at| &self.definitions[*at])
    }
}

/// What is built in for a release. It is kept: tests of scripts and runs beside each other would compile it again and again.
fn base(release: Release) -> Result<&'static Schemas> {
    static BASES: Mutex<Vec<&'static Schemas>> = Mutex::new(Vec::new());
    let mut bases = BASES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(base) = bases.iter().find(|base| base.release == release) {
        return Ok(base);
    }
    let base: &'static Schemas = Box::leak(Box::new(Schemas::empty(release).with(platform::definitions()?)));
    bases.push(base);
    Ok(base)
}

fn is_same(one: &Definition, other: &Definition) -> bool {
    let plain = |definition: &Definition| Definition { place: None, ..definition.clone() };
    plain(one) == plain(other)
}
