//! Names that follow the objects that they name: a Deployment asks for its ConfigMap by the new name.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::fields::Make;
use super::names::role_of;
use super::resource::{Gvk, Id, NO_NAMESPACE, Resource};
use super::tables::Tables;
use super::text;

/// What is known of an object that had other names.
struct Candidate {
    now: Id,
    before: Vec<Id>,
    prefixes: Vec<String>,
    suffixes: Vec<String>,
}

/// Who refers.
struct Referrer {
    id: Id,
    prefixes: Vec<String>,
    suffixes: Vec<String>,
    role: Option<Gvk>,
    /// Namespaces of the service accounts that it binds.
    binds: HashSet<String>,
}

/// All objects that had other names, by those names.
struct Candidates {
    all: Vec<Candidate>,
    by_name: HashMap<String, Vec<usize>>,
    /// Namespaces that objects were in at first.
    places: HashSet<String>,
}

/// Brings all references up to date.
///
/// # Errors
/// Objects and fields with references that could mean several objects.
pub(super) fn follow(resources: &mut [Resource], tables: &Tables) -> Result<(), String> {
    let candidates = Candidates::of(resources);
    if candidates.all.is_empty() {
        return Ok(());
    }
    for resource in resources.iter_mut() {
        let first = resource.first_id();
        let mut referrer = None;
        for references in &tables.references {
            for spec in &references.from {
                if !spec.gvk.selects(&first.group, &first.version, &first.kind) {
                    continue;
                }
                let referrer = referrer.get_or_insert_with(|| Referrer::of(resource));
                let is_role = spec.path.ends_with("roleRef/name");
                let look = Look { candidates: &candidates, referrer, to: &references.to, is_role };
                spec.change(&mut resource.value, Make::Nothing, &mut |field| look.set(field))
                    .map_err(|why| format!("{}: {why}", referrer.id.words()))?;
            }
        }
    }
    Ok(())
}

impl Candidates {
    fn of(resources: &[Resource]) -> Candidates {
        let mut all = Candidates { all: Vec::new(), by_name: HashMap::new(), places: HashSet::new() };
        for resource in resources {
            all.places.insert(resource.first_id().place);
            if resource.previous.is_empty() {
                continue;
            }
            let before: Vec<Id> = resource.previous_ids().collect();
            let at = all.all.len();
            for id in &before {
                let list = all.by_name.entry(id.name.clone()).or_default();
                if list.last() != Some(&at) {
                    list.push(at);
                }
            }
            let (prefixes, suffixes) = (resource.prefixes.clone(), resource.suffixes.clone());
            all.all.push(Candidate { now: resource.id(), before, prefixes, suffixes });
        }
        all
    }
}

impl Referrer {
    fn of(resource: &Resource) -> Referrer {
        let mut binds = HashSet::new();
        if resource.kind() == "RoleBinding" {
            for subject in resource.value["subjects"].as_array().into_iter().flatten() {
                if subject["kind"] == "ServiceAccount" {
                    binds.extend(subject["namespace"].as_str().map(Into::into));
                }
            }
        }
        let (prefixes, suffixes) = (resource.prefixes.clone(), resource.suffixes.clone());
        Referrer { id: resource.id(), prefixes, suffixes, role: role_of(resource), binds }
    }

    fn is_of_the_cluster(&self) -> bool {
        self.id.place == NO_NAMESPACE
    }
}

/// One field of one referrer.
struct Look<'a> {
    candidates: &'a Candidates,
    referrer: &'a Referrer,
    to: &'a Gvk,
    is_role: bool,
}

impl Look<'_> {
    fn set(&self, field: &mut Value) -> Result<(), String> {
        match field {
            Value::Null => Ok(()),
            Value::Object(_) => self.set_map(field),
            Value::Array(list) => list.iter_mut().try_for_each(|element| match element {
                Value::Object(_) => self.set_map(element),
                Value::Array(_) => Err("a list in a list has no names".to_string()),
                _ => self.set_text(element),
            }),
            _ => self.set_text(field),
        }
    }

    fn set_text(&self, field: &mut Value) -> Result<(), String> {
        let name = text::of(field);
        if let Some(found) = self.find(&name, None, |one, other| one.name == other.name)?
            && found.name != name
        {
            *field = Value::String(found.name.clone());
        }
        Ok(())
    }

    /// A map with `name` and perhaps `namespace`, as the subjects of a binding are.
    fn set_map(&self, field: &mut Value) -> Result<(), String> {
        let Some(map) = field.as_object_mut() else { return Ok(()) };
        let Some(name) = map.get("name").map(text::of) else { return Err("there is no `name` in the map".to_string()) };
        let namespace = map.get("namespace").filter(|value| !value.is_null()).map(text::of);
        let same = |one: &Id, other: &Id| one.name == other.name && one.namespace == other.namespace;
        let Some(found) = self.find(&name, namespace.as_deref(), same)? else { return Ok(()) };
        if found.name == name && found.namespace.is_empty() {
            return Ok(());
        }
        map.insert("name".into(), found.name.clone().into());
        if !found.namespace.is_empty() {
            map.insert("namespace".into(), found.namespace.clone().into());
        }
        Ok(())
    }

    /// The object that is meant by a name, if it had it.
    fn find(&self, name: &str, namespace: Option<&str>, alike: fn(&Id, &Id) -> bool) -> Result<Option<&Id>, String> {
        let Some(list) = self.candidates.by_name.get(name) else { return Ok(None) };
        let named = list.iter().map(|at| &self.candidates.all[*at]);
        let mut left: Vec<&Candidate> = named.filter(|candidate| self.could_be(candidate, namespace)).collect();
        if left.len() != 1 {
            left.retain(|candidate| self.same_surroundings(candidate, true));
        }
        if left.len() > 1 {
            left.retain(|candidate| self.same_surroundings(candidate, false));
        }
        match left.as_slice() {
            [] => Ok(None),
            [first, rest @ ..] if rest.iter().all(|other| alike(&first.now, &other.now)) => Ok(Some(&first.now)),
            several => {
                let words: Vec<String> = several.iter().map(|candidate| candidate.now.words()).collect();
                Err(format!("`{name}` could be any of {}", words.join(", ")))
            }
        }
    }

    fn could_be(&self, candidate: &Candidate, namespace: Option<&str>) -> bool {
        let (now, referrer) = (&candidate.now, self.referrer);
        let is_selected = |gvk: &Gvk| candidate.before.iter().any(|id| gvk.selects(&id.group, &id.version, &id.kind));
        if !is_selected(self.to) || self.is_role && referrer.role.as_ref().is_some_and(|role| !is_selected(role)) {
            return false;
        }
        if let Some(namespace) = namespace {
            let first = candidate.before.first().map_or(&now.place, |id| &id.place);
            let by_first = self.candidates.places.contains(namespace);
            let place = if by_first { first } else { &now.place };
            if place != namespace {
                return false;
            }
        }
        if referrer.is_of_the_cluster() || now.place == NO_NAMESPACE || now.place == referrer.id.place {
            return true;
        }
        referrer.binds.contains(&now.namespace) && now.kind == "ServiceAccount"
    }

    /// Whether both got the same prefixes and suffixes, those of the outer kustomizations at least.
    fn same_surroundings(&self, candidate: &Candidate, empty_fits: bool) -> bool {
        let same = |one: &[String], other: &[String]| {
            empty_fits && (one.is_empty() || other.is_empty()) || same_ending(one, other)
        };
        same(&candidate.prefixes, &self.referrer.prefixes) && same(&candidate.suffixes, &self.referrer.suffixes)
    }
}

fn same_ending(one: &[String], other: &[String]) -> bool {
    let (short, long) = if one.len() > other.len() { (other, one) } else { (one, other) };
    if short.is_empty() { long.is_empty() } else { long.ends_with(short) }
}
