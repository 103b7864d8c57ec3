//! The entities of many files as one graph: relations both ways, as Backstage's catalog draws them, and what is wrong between
//! entities. Callers: whoever looks at more than one entity, such as scorecards.

mod cycles;
mod entity;
mod problem;
mod relations;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::{called, check, is_entity};
use crate::error::{Error, Place};
use crate::formats::yaml::{self, Document};
pub use entity::{Entity, Reference};
use problem::Hints;
pub use problem::{Problem, Rule};
pub use relations::Relation;

/// Entities and the relations between them.
///
/// Rules are those of `plugins/catalog-backend/src/processors/BuiltinKindsEntityProcessor.ts` and `ModelProcessor.ts` of
/// backstage/backstage: a field says a relation and its reverse, a reference without a namespace means that of the entity around
/// it, and one without a kind what its field means. An entity that Backstage wouldn't take is no part of the graph, and of two with
/// the same reference the first is; the others are [`Problem`]s.
#[derive(Debug, Default)]
pub struct Catalog {
    entities: Vec<Entity>,
    by_key: HashMap<String, usize>,
    /// By entity: where relations lead, sorted.
    edges: Vec<Vec<(Relation, usize)>>,
    problems: Vec<Problem>,
}

/// Files on their way to a [`Catalog`].
#[derive(Debug, Default)]
pub struct Files {
    catalog: Catalog,
    /// Entities that are declared, and wrongly, by reference.
    refused: HashMap<String, Place>,
}

impl Files {
    /// Takes the entities of a file. Files that come first win where two declare one entity.
    pub fn add(&mut self, file: &str, text: &str) {
        let (documents, wrong) = yaml::parse_each(file, text);
        self.catalog.problems.extend(wrong.iter().map(|error| unreadable(file, error)));
        for document in documents {
            self.document(file, &Arc::new(document));
        }
    }

    fn document(&mut self, file: &str, document: &Arc<Document>) {
        let value = &document.value;
        let violations = check(value);
        let is_ours = is_entity(value);
        if !is_ours && !violations.is_empty() {
            // Beside entities there may be anything in `catalog/`; a descriptor holds nothing else.
            let name = file.rsplit(['/', ':']).next().unwrap_or_default();
            if matches!(name, "catalog-info.yaml" | "catalog-info.yml") {
                let problem = Problem::new(Rule::NoEntity, document.place(&[]), "a document that is no entity");
                let help = "an entity has apiVersion: backstage.io/v1alpha1, kind, metadata and spec";
                self.catalog.problems.push(problem.help(help));
            }
            return;
        }
        let Some(entity) = Entity::of(document.clone()) else {
            for violation in violations {
                self.catalog.problems.push(problem::invalid(None, document, violation));
            }
            return;
        };
        if !violations.is_empty() {
            self.refused.entry(entity.key().to_owned()).or_insert_with(|| document.place(&[]));
            for violation in violations {
                self.catalog.problems.push(problem::invalid(Some(&entity), document, violation));
            }
            return;
        }
        if let Some(first) = self.catalog.by_key.get(entity.key()).map(|at| &self.catalog.entities[*at]) {
            let message = format!("{} is declared twice: first at {}", called(value), first.place(&[]));
            let help = "the first one counts: remove one of them, or give it another name or namespace";
            let problem = Problem::new(Rule::Double, document.place(&["metadata".into(), "name".into()]), message);
            self.catalog.problems.push(problem.about(&entity).help(help));
            return;
        }
        self.catalog.by_key.insert(entity.key().to_owned(), self.catalog.entities.len());
        self.catalog.entities.push(entity);
    }

    /// Draws the relations between all of them.
    pub fn finish(self) -> Catalog {
        let Files { mut catalog, refused } = self;
        let mut edges: Vec<Vec<(Relation, usize)>> = vec![Vec::new(); catalog.entities.len()];
        let mut found = Vec::new();
        let mut hints = Hints::new(&catalog, &refused);
        for (at, entity) in catalog.entities.iter().enumerate() {
            for reference in entity.references() {
                match catalog.by_key.get(&reference.key) {
                    _ if !reference.is_allowed() => found.push(problem::wrong_kind(entity, &reference)),
                    Some(target) => {
                        let relation = reference.field.relation;
                        edges[at].push((relation, *target));
                        edges[*target].push((relation.reverse(), at));
                    }
                    None => found.push(problem::dangling(entity, &reference, hints.of(&reference))),
                }
            }
        }
        for edges in &mut edges {
            edges.sort_unstable();
            edges.dedup();
        }
        catalog.edges = edges;
        catalog.problems.extend(found);
        for relation in [Relation::DependsOn, Relation::PartOf, Relation::ChildOf] {
            let problems = catalog.cycles(relation);
            catalog.problems.extend(problems);
        }
        let order = |problem: &Problem| (problem.place.file.clone(), problem.place.line, problem.place.column);
        catalog.problems.sort_by_cached_key(order);
        catalog
    }
}

impl Catalog {
    /// All entities, in the order of their files.
    pub fn entities(&self) -> &[Entity] {
        &self.entities
    }

    /// Those of a kind, compared without case.
    pub fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Entity> {
        let kind = kind.to_lowercase();
        self.entities.iter().filter(move |entity| entity.key().split(':').next() == Some(&kind))
    }

    /// The entity of a whole reference, in any case: `component:default/orders-checkout`.
    pub fn find(&self, reference: &str) -> Option<&Entity> {
        let at = self.by_key.get(reference).or_else(|| self.by_key.get(&reference.to_lowercase()))?;
        self.entities.get(*at)
    }

    /// Where a relation of an entity of this catalog leads, in the order of the files.
    pub fn related(&self, entity: &Entity, relation: Relation) -> impl Iterator<Item = &Entity> {
        let at = self.by_key.get(entity.key());
        let edges = at.and_then(|at| self.edges.get(*at)).map_or(&[][..], Vec::as_slice);
        edges.iter().filter(move |(is, _)| *is == relation).map(|(_, to)| &self.entities[*to])
    }

    /// All that is reached over a relation, nearest first, each once and never the entity itself: the groups above a team, the
    /// system and the domains that a component is part of.
    pub fn all_related(&self, entity: &Entity, relation: Relation) -> Vec<&Entity> {
        let mut found: Vec<&Entity> = Vec::new();
        let mut seen = HashSet::from([entity.key()]);
        let mut next = 0;
        let mut from = self.find(entity.key());
        while let Some(here) = from {
            for to in self.related(here, relation) {
                if seen.insert(to.key()) {
                    found.push(to);
                }
            }
            from = found.get(next).copied();
            next += 1;
        }
        found
    }

    /// What is wrong, in the order of files and lines.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    fn cycles(&self, relation: Relation) -> Vec<Problem> {
        let of = |edges: &Vec<(Relation, usize)>| {
            edges.iter().filter(|(is, _)| *is == relation).map(|(_, to)| *to).collect::<Vec<usize>>()
        };
        let graph: cycles::Graph = self.edges.iter().map(of).collect();
        let told = |cycle: cycles::Cycle| {
            let way: Vec<&Entity> = cycle.way.iter().map(|at| &self.entities[*at]).collect();
            problem::cycle(relation, &way, cycle.further)
        };
        cycles::of(&graph).into_iter().map(told).collect()
    }
}

fn unreadable(file: &str, error: &Error) -> Problem {
    let place = error.place().cloned().unwrap_or_else(|| Place::at(file, 1, 1));
    let problem = Problem::new(Rule::Unreadable, place, error.message());
    match error.help_text() {
        Some(help) => problem.help(help),
        None => problem,
    }
}
