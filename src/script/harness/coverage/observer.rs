//! Counts the nodes that engines execute, through Rhai's debugger. Each engine counts for itself.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rhai::debugger::DebuggerCommand;
use rhai::{ASTNode, Engine, Stmt};

use super::nodes::{Node, first};
use crate::script::engine::Observer;

/// How often the nodes of one file were executed.
#[derive(Debug, Clone, Default)]
pub struct Hits {
    nodes: HashMap<Node, u64>,
    /// Loops that had no element.
    empty: HashMap<Node, u64>,
    /// Loops whose first element is still to come, by the node that it would execute first.
    begun: HashMap<Node, Node>,
}

impl Hits {
    fn take(&mut self, node: &ASTNode<'_>) {
        let Some(key) = Node::of(node) else { return };
        *self.nodes.entry(key).or_default() += 1;
        if !self.begun.is_empty() {
            self.begun.remove(&key);
        }
        if let ASTNode::Stmt(Stmt::For(parts, ..)) = node
            && let Some(body) = first(&parts.2.body)
            && let Some(before) = self.begun.insert(body, key)
        {
            *self.empty.entry(before).or_default() += 1;
        }
    }

    /// Adds the counts of another engine, which has ended.
    pub fn add(&mut self, other: &Hits) {
        for (node, times) in &other.nodes {
            *self.nodes.entry(*node).or_default() += times;
        }
        for (node, times) in &other.empty {
            *self.empty.entry(*node).or_default() += times;
        }
        for node in other.begun.values() {
            *self.empty.entry(*node).or_default() += 1;
        }
    }

    /// How often a node was executed.
    pub fn of(&self, node: &Node) -> u64 {
        self.nodes.get(node).copied().unwrap_or(0)
    }

    /// How often a `for` had no element.
    pub fn without_element(&self, node: &Node) -> u64 {
        self.empty.get(node).copied().unwrap_or(0)
    }
}

/// The counts of one engine, by the name of the file.
type OfEngine = Arc<Mutex<HashMap<String, Hits>>>;

/// The counts of all engines.
#[derive(Clone, Default)]
pub struct Counter(Arc<Mutex<Vec<OfEngine>>>);

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Counter {
    /// What builds a counter into an engine.
    pub fn observer(&self) -> Observer {
        let all = self.clone();
        Arc::new(move |engine| {
            let own = OfEngine::default();
            locked(&all.0).push(own.clone());
            watch(engine, own);
        })
    }

    /// Begins anew.
    pub fn forget(&self) {
        locked(&self.0).iter().for_each(|engine| locked(engine).clear());
    }

    /// The lines of a file that were executed, in order.
    pub fn lines(&self, file: &str) -> Vec<usize> {
        let sum = self.sum();
        let nodes = sum.get(file).into_iter().flat_map(|hits| hits.nodes.keys());
        let lines: BTreeSet<usize> = nodes.map(Node::line).filter(|line| *line > 0).collect();
        lines.into_iter().collect()
    }

    /// The counts of all engines, by the name of the file.
    pub fn sum(&self) -> HashMap<String, Hits> {
        let mut sum: HashMap<String, Hits> = HashMap::new();
        for engine in locked(&self.0).iter() {
            for (file, hits) in locked(engine).iter() {
                sum.entry(file.clone()).or_default().add(hits);
            }
        }
        sum
    }
}

#[expect(deprecated, reason = "Rhai marks the function as one that may change, not as one that goes")]
fn watch(engine: &mut Engine, own: OfEngine) {
    engine.register_debugger(
        |_, debugger| debugger,
        move |_, _, node, source, _| {
            if let Some(source) = source {
                let mut files = locked(&own);
                match files.get_mut(source) {
                    Some(hits) => hits.take(&node),
                    None => files.entry(source.to_string()).or_default().take(&node),
                }
            }
            Ok(DebuggerCommand::StepInto)
        },
    );
}
