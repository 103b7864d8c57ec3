//! Schemas of all kinds that a platform knows: Kubernetes' own, those of the tools around it, and the CRDs and XRDs of
//! the workspace. One call looks a document up and checks it: for the door, for audits, for claims.

mod before;
mod check;
#[cfg(test)]
mod check_tests;
mod find;
mod group;
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

use crate::error::{Error, Place, Result};
use crate::formats::definitions::{Broken, Definition};
pub use check::{Checks, Problem};
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
    /// Definitions of kinds that Kubernetes itself defines. They don't count.
    beside_kubernetes: Vec<Arc<Definition>>,
    /// Kinds whose definitions can't be used.
    broken: HashMap<(String, String), Arc<Broken>>,
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
        Schemas {
            release,
            base: None,
            definitions: Vec::new(),
            index: HashMap::new(),
            twice: Vec::new(),
            beside_kubernetes: Vec::new(),
            broken: HashMap::new(),
            met: Mutex::default(),
        }
    }

    /// The newest Kubernetes that is built in.
    pub fn newest() -> &'static str {
        Release::newest().name()
    }

    /// The same with these kinds; of two of one kind the later one counts.
    #[must_use]
    pub fn with(mut self, definitions: Vec<Definition>) -> Schemas {
        definitions.into_iter().for_each(|definition| self.add(definition, true, 0));
        self
    }

    /// The same, in which it is known why these kinds can't be used; a definition of one of them that can counts.
    #[must_use]
    pub fn with_broken(mut self, broken: Vec<Broken>) -> Schemas {
        let known = broken.into_iter().map(|broken| ((broken.group.clone(), broken.kind.clone()), Arc::new(broken)));
        self.broken.extend(known);
        self.met = Mutex::default();
        self
    }

    /// A copy with these kinds before those that are known.
    #[must_use]
    pub fn before(&self, definitions: Vec<Definition>) -> Schemas {
        let mut copy = self.copy();
        // What a file says anew isn't said twice.
        let known = copy.definitions.len();
        definitions.into_iter().for_each(|definition| copy.add(definition, true, known));
        copy
    }

    /// A copy with these kinds behind those that are known, but for what is built in.
    #[must_use]
    pub fn behind(&self, definitions: Vec<Definition>) -> Schemas {
        let mut copy = self.copy();
        let known = copy.definitions.len();
        for definition in definitions {
            let place = (definition.group.clone(), definition.kind.clone());
            let own = copy.index.get(&place).is_some_and(|at| *at < known);
            copy.add(definition, !own, 0);
        }
        copy
    }

    fn copy(&self) -> Schemas {
        Schemas {
            release: self.release,
            base: self.base,
            definitions: self.definitions.clone(),
            index: self.index.clone(),
            twice: self.twice.clone(),
            beside_kubernetes: self.beside_kubernetes.clone(),
            broken: self.broken.clone(),
            met: Mutex::default(),
        }
    }

    /// Adds a kind. Of those before `anew`, one of the same file is the same definition as it was.
    fn add(&mut self, definition: Definition, wins: bool, anew: usize) {
        let definition = Arc::new(definition);
        // Nobody loosens what Kubernetes says of its own kinds: an API server doesn't serve such a definition either.
        if kubernetes::kinds().iter().any(|own| own.group == definition.group && own.kind == definition.kind) {
            self.beside_kubernetes.push(definition);
            return;
        }
        let place = (definition.group.clone(), definition.kind.clone());
        let at = self.index.get(&place).copied();
        let known = at.map(|at| &self.definitions[at]);
        let is_anew = |known: &Definition| at.is_some_and(|at| at < anew) && is_one_file(known, &definition);
        if let Some(known) = known.filter(|known| !is_same(known, &definition) && !is_anew(known)) {
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

    /// Definitions of kinds that Kubernetes itself defines, which don't count.
    pub fn beside_kubernetes(&self) -> &[Arc<Definition>] {
        &self.beside_kubernetes
    }

    /// What there is to say of a definition beside what is wrong with it: that it doesn't count, or why another doesn't.
    pub fn about_definition(&self, at: &Place) -> Option<(String, String)> {
        let is_here = |definition: &Definition| definition.place.as_ref() == Some(at);
        if let Some(here) = self.beside_kubernetes.iter().find(|definition| is_here(definition)) {
            let message = format!("{} of {} is Kubernetes' own: this definition doesn't count", here.kind, here.group);
            return Some((message, "give the kind a group of your own".into()));
        }
        let (unused, used) = self.twice.iter().find(|(unused, used)| is_here(unused) || is_here(used))?;
        let other = if is_here(used) { unused } else { used };
        let place = other.place.as_ref().map_or_else(|| "another place".into(), ToString::to_string);
        let which = if is_here(used) {
            "this one counts, and that one doesn't"
        } else {
            "that one counts, and this one doesn't"
        };
        let message = format!("{} of {} is defined at {place}, too, and not the same: {which}", used.kind, used.group);
        Some((message, "take one of them away".into()))
    }

    /// Looks a kind up.
    pub fn find(&self, api_version: &str, kind: &str) -> Found {
        // What is built in is met once for all.
        if let Some(base) = self.base
            && self.own(find::split(api_version).0, kind).is_none()
        {
            let found = base.find(api_version, kind);
            if !matches!(found, Found::UnknownKind { .. } | Found::UnknownGroup { .. }) {
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

    /// Why a definition of a kind can't be used.
    fn broken(&self, group: &str, kind: &str) -> Option<&Arc<Broken>> {
        self.broken.get(&(group.to_string(), kind.to_string()))
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

/// Whether two definitions are of one file, such as one that a change writes anew.
fn is_one_file(one: &Definition, other: &Definition) -> bool {
    let file = |definition: &Definition| definition.place.as_ref().map(|place| place.file.clone());
    file(one).is_some_and(|one| file(other) == Some(one))
}

fn is_same(one: &Definition, other: &Definition) -> bool {
    let plain = |definition: &Definition| Definition { place: None, ..definition.clone() };
    plain(one) == plain(other)
}
