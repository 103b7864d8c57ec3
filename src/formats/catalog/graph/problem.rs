//! What is wrong with the entities of a catalog, each with its place and what to do.

use std::collections::HashMap;

use super::entity::{Entity, Reference};
use super::{Catalog, Relation};
use crate::error::{Place, nearest};
use crate::formats::catalog::{Violation, called};
use crate::formats::yaml::Document;
use crate::report::{Finding, Severity, shortened};

/// What sort of thing is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// A document that isn't YAML, or too much of it.
    Unreadable,
    /// A document of a descriptor that is no entity.
    NoEntity,
    /// An entity that Backstage wouldn't take.
    Invalid,
    /// An entity that another file, or the same, declared before.
    Double,
    /// A reference to what isn't there.
    Dangling,
    /// A reference to an entity of a kind that the field doesn't mean.
    WrongKind,
    /// Entities that depend on, are part of, or stand above themselves.
    Cycle,
}

/// Something wrong in a catalog.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// What sort.
    pub rule: Rule,
    /// The entity, as [`Entity::key`] has it; none where it can't be read.
    pub entity: Option<String>,
    /// Where.
    pub place: Place,
    /// One sentence without a final stop.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl Problem {
    pub(super) fn new(rule: Rule, place: Place, message: impl Into<String>) -> Problem {
        Problem { rule, entity: None, place, message: message.into(), help: None }
    }

    pub(super) fn about(mut self, entity: &Entity) -> Problem {
        self.entity = Some(entity.key().to_owned());
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(help.into());
        self
    }

    /// The same as a finding: what keeps an entity out of the catalog is worse than what it points at.
    pub fn finding(&self) -> Finding {
        let severity = match self.rule {
            Rule::Unreadable | Rule::NoEntity | Rule::Invalid | Rule::Double => Severity::High,
            Rule::Dangling | Rule::WrongKind | Rule::Cycle => Severity::Medium,
        };
        let (place, message) = (self.place.clone(), shortened(&self.message));
        Finding { policy: "catalog".into(), severity, place, message, help: self.help.clone() }
    }
}

/// A rule of Backstage's that an entity breaks.
pub fn invalid(entity: Option<&Entity>, document: &Document, violation: Violation) -> Problem {
    let value = &document.value;
    let place = if violation.key { document.key_place(&violation.field) } else { document.place(&violation.field) };
    let message = format!("{}: {} {}", called(value), violation.path(), violation.what);
    let message = if violation.field.is_empty() { format!("{} {}", called(value), violation.what) } else { message };
    let problem = Problem::new(Rule::Invalid, place, message).help(violation.help);
    match entity {
        Some(entity) => problem.about(entity),
        None => problem,
    }
}

fn field_of(entity: &Entity, reference: &Reference) -> String {
    format!("{}: spec.{}", called(entity.value()), reference.field.name)
}

/// A reference to a kind that its field doesn't mean, which Backstage leaves out without a word.
pub fn wrong_kind(entity: &Entity, reference: &Reference) -> Problem {
    let kinds = reference.field.allowed.join(" or a ");
    let message = format!("{} names {}, and it may name a {kinds}", field_of(entity, reference), reference.key);
    let help = format!("name a {kinds}; Backstage leaves this reference out");
    Problem::new(Rule::WrongKind, entity.place(&reference.path), message).about(entity).help(help)
}

/// A reference to nothing.
pub fn dangling(entity: &Entity, reference: &Reference, help: String) -> Problem {
    let message = format!("{} names {}, which isn't in the catalog", field_of(entity, reference), reference.key);
    Problem::new(Rule::Dangling, entity.place(&reference.path), message).about(entity).help(help)
}

/// Entities that lead back to themselves, told at the field that says the first step.
pub fn cycle(relation: Relation, way: &[&Entity], further: usize) -> Problem {
    let first = way[0];
    let next = way.get(1).copied().unwrap_or(first);
    let says = |from: &Entity, relation: Relation, to: &Entity| {
        let mut references = from.references().into_iter();
        references.find(|reference| reference.relation() == relation && reference.key == to.key())
    };
    let place = match says(first, relation, next) {
        Some(reference) => first.place(&reference.path),
        None => match says(next, relation.reverse(), first) {
            Some(reference) => next.place(&reference.path),
            None => first.place(&[]),
        },
    };
    let (does, help) = match relation {
        Relation::DependsOn => ("depends on itself", "none of them can be brought up first: take one dependency out"),
        Relation::ChildOf => ("stands above itself", "groups form a tree: take one parent out"),
        _ => ("is part of itself", "parts form a tree: take one of the references out"),
    };
    let shown: Vec<&str> = way.iter().copied().take(SHOWN).map(Entity::key).collect();
    let more = if way.len() > SHOWN { format!(" -> {} more", way.len() - SHOWN) } else { String::new() };
    let mut message = format!("{} {does}: {}{more} -> {}", called(first.value()), shown.join(" -> "), first.key());
    match further {
        0 => {}
        1 => message.push_str(", and one more is in a circle with them"),
        count => message.push_str(&format!(", and {count} more are in a circle with them")),
    }
    Problem::new(Rule::Cycle, place, message).about(first).help(help)
}

/// How many entities of a circle are named.
const SHOWN: usize = 8;

/// How many different references to nothing get a name that may have been meant: comparing texts takes its time.
const MOST_HINTS: usize = 200;

/// What to do about references to nothing.
pub struct Hints<'c> {
    refused: &'c HashMap<String, Place>,
    /// By kind, the keys of its entities.
    keys: HashMap<&'c str, Vec<&'c str>>,
    /// By name, the keys of all kinds and namespaces.
    named: HashMap<&'c str, Vec<&'c str>>,
    said: HashMap<String, String>,
}

/// Kind and name of a key.
fn parts(key: &str) -> (&str, &str) {
    let (kind, rest) = key.split_once(':').unwrap_or_default();
    (kind, rest.split_once('/').unwrap_or_default().1)
}

impl<'c> Hints<'c> {
    pub fn new(catalog: &'c Catalog, refused: &'c HashMap<String, Place>) -> Hints<'c> {
        let mut hints = Hints { refused, keys: HashMap::new(), named: HashMap::new(), said: HashMap::new() };
        for key in catalog.entities.iter().map(Entity::key) {
            let (kind, name) = parts(key);
            hints.keys.entry(kind).or_default().push(key);
            hints.named.entry(name).or_default().push(key);
        }
        hints
    }

    pub fn of(&mut self, reference: &Reference) -> String {
        let key = reference.key.as_str();
        if let Some(said) = self.said.get(key) {
            return said.clone();
        }
        let said = self.found(reference);
        if self.said.len() < MOST_HINTS {
            self.said.insert(key.to_owned(), said.clone());
        }
        said
    }

    fn found(&self, reference: &Reference) -> String {
        let key = reference.key.as_str();
        if let Some(place) = self.refused.get(key) {
            return format!("it is declared at {place}, and wrongly: mend it there");
        }
        let (kind, name) = parts(key);
        let allowed = |key: &&&str| {
            let allowed = reference.field.allowed;
            allowed.is_empty() || allowed.contains(&parts(key).0)
        };
        let elsewhere = self.named.get(name).and_then(|keys| keys.iter().find(allowed)).copied();
        let near = elsewhere.or_else(|| {
            let keys = self.keys.get(kind).filter(|_| self.said.len() < MOST_HINTS)?;
            let names = keys.iter().map(|other| parts(other).1);
            let near = nearest(name, names.filter(|other| other.len().abs_diff(name.len()) <= 1 + name.len() / 4))?;
            keys.iter().copied().find(|other| parts(other).1 == near)
        });
        match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("declare the {kind} `{name}`, or name one that there is"),
        }
    }
}
