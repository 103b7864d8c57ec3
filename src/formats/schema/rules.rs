//! Rules of a schema in CEL (`x-kubernetes-validations`), found on the way through an object and its older self. They are
//! compiled when a value first meets them.

use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::correlate::Old;
use super::node::{Additional, Graph, Id};
use super::violation::{Reason, Trail, Violation};
use super::wording;
use crate::formats::cel::{self, Broken, Budget, Rule, Type};
use crate::formats::yaml::Step;

/// How the fault of a rule begins whose value can't be named in CEL.
const NO_TYPE: &str = "failed to convert to declType";

/// The rules of one node.
#[derive(Debug)]
pub(super) struct Rules {
    entries: Vec<Value>,
    /// Each rule, or why it is none.
    compiled: OnceLock<Vec<Result<Rule, String>>>,
}

impl Rules {
    pub(super) fn new(entries: Vec<Value>) -> Rules {
        Rules { entries, compiled: OnceLock::new() }
    }

    /// Whether one of them names the value before.
    pub(super) fn compare(&self) -> bool {
        self.entries.iter().any(|entry| entry["rule"].as_str().is_some_and(|rule| rule.contains("oldSelf")))
    }

    /// The rules for values of a type, which is that of the schema around them: an alternative has none of its own.
    fn on(&self, schema: &Value, is_root: bool) -> &[Result<Rule, String>] {
        self.compiled.get_or_init(|| {
            let on = Arc::new(if is_root { Type::of_root(schema) } else { Type::of_schema(schema) });
            let compile = |entry| Rule::compile(entry, &on).map_err(|fault| fault.to_string());
            self.entries.iter().map(compile).collect()
        })
    }
}

/// Checks all rules of an object, until their costs are too high.
pub(super) fn check(
    graph: &Graph,
    root: Id,
    object: &Value,
    old: Option<&Value>,
    is_root: bool,
    found: &mut Vec<Violation>,
) {
    // Rules in an `allOf` alone are none for the API server: it looks there only if there are others.
    let Some(source) = &graph.source else { return };
    let mut walk = Walk { graph, budget: Budget::new(), found };
    let spot = Spot { rules: root, structure: root, schema: source, is_root };
    let ratchet = Ratchet { current: old.map(|value| (Old { value, structure: root }, object)), parent: None };
    walk.value(spot, object, old, ratchet, &Trail::ROOT);
}

/// Where in the schema the walk is.
#[derive(Clone, Copy)]
struct Spot<'a> {
    /// The node whose rules are checked: that of the structure, or a part of its `allOf`.
    rules: Id,
    structure: Id,
    /// The structure as it was written.
    schema: &'a Value,
    is_root: bool,
}

/// What the value was, and what it is part of was: what hasn't changed may stay wrong.
#[derive(Clone, Copy)]
struct Ratchet<'a> {
    current: Option<(Old<'a>, &'a Value)>,
    parent: Option<(Old<'a>, &'a Value)>,
}

impl<'a> Ratchet<'a> {
    fn is_same(self, graph: &Graph) -> bool {
        self.current.or(self.parent).is_some_and(|(old, now)| old.is_same(graph, now))
    }

    fn down(self, old: impl FnOnce(Old<'a>) -> Option<Old<'a>>, value: &'a Value) -> Ratchet<'a> {
        match self.current {
            None => self,
            Some((current, _)) => Ratchet { current: old(current).map(|old| (old, value)), parent: self.current },
        }
    }
}

struct Walk<'a, 'f> {
    graph: &'a Graph,
    budget: Budget,
    found: &'f mut Vec<Violation>,
}

impl<'a> Walk<'a, '_> {
    fn value(&mut self, spot: Spot<'a>, value: &'a Value, old: Option<&'a Value>, ratchet: Ratchet<'a>, trail: &Trail) {
        let graph = self.graph;
        let (rules, structure) = (graph.node(spot.rules), graph.node(spot.structure));
        if !rules.below.all_rules || value.is_null() {
            return;
        }
        self.rules(spot, value, old, ratchet, trail);
        for part in rules.junctors.iter().flat_map(|junctors| &junctors.all) {
            let inner = Ratchet { current: None, parent: ratchet.parent };
            self.value(Spot { rules: *part, ..spot }, value, old, inner, trail);
        }
        if self.budget.is_spent() {
            return;
        }
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    let (rules, below, trail) = match (rules.property(key), rules.additional) {
                        (Some(rules), _) => (rules, structure.field(key), trail.field(key)),
                        (None, Additional::Schema(rules)) => (rules, structure.field(key), trail.key(key)),
                        (None, _) => continue,
                    };
                    let Some(below) = below else { continue };
                    let old = old.and_then(|old| old.get(key));
                    // Both objects are of one version for the API server.
                    let same = spot.is_root && matches!(key.as_str(), "apiVersion" | "kind");
                    let ratchet = match same {
                        true => Ratchet { current: None, parent: None },
                        false => ratchet.down(|old| old.field(graph, key), value),
                    };
                    let named = &spot.schema["properties"][key];
                    let schema = if named.is_null() { &spot.schema["additionalProperties"] } else { named };
                    self.value(Spot { rules, structure: below, schema, is_root: false }, value, old, ratchet, &trail);
                }
            }
            Value::Array(list) => {
                let (Some(rules), Some(below)) = (rules.items, structure.items) else { return };
                let before = old.map(|value| Old { value, structure: spot.structure });
                let spot = Spot { rules, structure: below, schema: &spot.schema["items"], is_root: false };
                for (index, item) in list.iter().enumerate() {
                    let old = before.and_then(|old| old.element(graph, item)).map(|old| old.value);
                    let ratchet = ratchet.down(|old| old.element(graph, item), item);
                    self.value(spot, item, old, ratchet, &trail.index(index));
                }
            }
            _ => {}
        }
    }

    fn rules(&mut self, spot: Spot, value: &Value, old: Option<&Value>, ratchet: Ratchet, trail: &Trail) {
        let Some(rules) = &self.graph.node(spot.rules).rules else { return };
        for rule in rules.on(spot.schema, spot.is_root) {
            if self.budget.is_spent() {
                return;
            }
            match rule {
                Ok(rule) => {
                    let Err(mut broken) = rule.check(value, old, &mut self.budget) else { continue };
                    if broken.evaluated {
                        broken.shown = broken.shown.map(|_| wording::shown(value));
                    }
                    if rule.is_transition() || !broken.evaluated || !ratchet.is_same(self.graph) {
                        self.found.push(violation(broken, trail));
                    }
                }
                // Values of types that CEL doesn't have are left out, and their rules with them.
                Err(fault) if !spot.is_root && fault.starts_with(NO_TYPE) => {}
                Err(fault) => {
                    let kind = spot.schema.get("type").cloned().unwrap_or_else(|| Value::from(""));
                    let detail = format!("rule compile error: {fault}");
                    self.found.push(trail.other(Reason::Invalid, wording::body(Reason::Invalid, &kind, &detail)));
                }
            }
        }
    }
}

/// A rule may blame a field below the value that it is on.
fn violation(broken: Broken, trail: &Trail) -> Violation {
    let reason = match broken.reason {
        cel::Reason::Invalid => Reason::Invalid,
        cel::Reason::Forbidden => Reason::Forbidden,
        cel::Reason::Required => Reason::Required,
        cel::Reason::Duplicate => Reason::Duplicate,
    };
    let mut violation = trail.other(reason, broken.to_string());
    if !broken.field_path.is_empty() {
        let below = broken.field_path.join(".");
        violation.field = if trail.is_root() { below } else { format!("{}.{below}", violation.field) };
        violation.path.extend(broken.field_path.into_iter().map(Step::from));
    }
    violation
}
