//! Cycles of a directed graph: its strongly connected components by Tarjan's algorithm, with a stack of its own, since chains of
//! dependencies may be as long as the catalog.

use std::collections::VecDeque;

/// Node by node, what it leads to.
pub type Graph = Vec<Vec<usize>>;

/// A group of nodes that lead to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cycle {
    /// A shortest way from its first node back to it, without the return: `[1, 4]` is `1 -> 4 -> 1`.
    pub way: Vec<usize>,
    /// How many nodes of the group aren't on that way.
    pub further: usize,
}

/// One cycle for each group of nodes that lead to each other, by its lowest node.
pub fn of(graph: &Graph) -> Vec<Cycle> {
    let mut found: Vec<Cycle> = Vec::new();
    for mut group in components(graph) {
        group.sort_unstable();
        let first = group[0];
        if group.len() == 1 && !graph[first].contains(&first) {
            continue;
        }
        let way = shortest(graph, first, &group);
        found.push(Cycle { further: group.len() - way.len(), way });
    }
    found.sort_by_key(|cycle| cycle.way[0]);
    found
}

/// The shortest way from a node back to itself; all within its group.
fn shortest(graph: &Graph, first: usize, group: &[usize]) -> Vec<usize> {
    let within = |node: usize| group.binary_search(&node).ok();
    let mut before: Vec<Option<usize>> = vec![None; group.len()];
    let mut todo = VecDeque::from([first]);
    while let Some(node) = todo.pop_front() {
        for next in &graph[node] {
            if *next == first {
                let mut way = vec![node];
                while let Some(previous) = way.last().and_then(|last| before[within(*last)?]) {
                    way.push(previous);
                }
                way.reverse();
                return way;
            }
            if let Some(at) = within(*next)
                && before[at].is_none()
            {
                before[at] = Some(node);
                todo.push_back(*next);
            }
        }
    }
    vec![first]
}

const UNSEEN: usize = usize::MAX;

struct Walk<'g> {
    graph: &'g Graph,
    /// When each node was first seen.
    seen: Vec<usize>,
    /// The earliest node on the stack that it leads to.
    low: Vec<usize>,
    on_stack: Vec<bool>,
    stack: Vec<usize>,
    clock: usize,
}

impl Walk<'_> {
    fn enter(&mut self, node: usize) {
        self.seen[node] = self.clock;
        self.low[node] = self.clock;
        self.clock += 1;
        self.stack.push(node);
        self.on_stack[node] = true;
    }

    /// The group whose first node this is, if it is one.
    fn leave(&mut self, node: usize) -> Option<Vec<usize>> {
        if self.low[node] != self.seen[node] {
            return None;
        }
        let from = self.stack.iter().rposition(|on| *on == node)?;
        let group = self.stack.split_off(from);
        group.iter().for_each(|member| self.on_stack[*member] = false);
        Some(group)
    }
}

fn components(graph: &Graph) -> Vec<Vec<usize>> {
    let count = graph.len();
    let mut walk = Walk {
        graph,
        seen: vec![UNSEEN; count],
        low: vec![UNSEEN; count],
        on_stack: vec![false; count],
        stack: Vec::new(),
        clock: 0,
    };
    let mut found = Vec::new();
    for root in 0..count {
        if walk.seen[root] != UNSEEN {
            continue;
        }
        walk.enter(root);
        // Nodes on the way, each with the edge that is looked at next.
        let mut way = vec![(root, 0)];
        while let Some((node, edge)) = way.last_mut() {
            let node = *node;
            if let Some(next) = walk.graph[node].get(*edge).copied() {
                *edge += 1;
                if walk.seen[next] == UNSEEN {
                    walk.enter(next);
                    way.push((next, 0));
                } else if walk.on_stack[next] {
                    walk.low[node] = walk.low[node].min(walk.seen[next]);
                }
                continue;
            }
            way.pop();
            if let Some((above, _)) = way.last() {
                walk.low[*above] = walk.low[*above].min(walk.low[node]);
            }
            found.extend(walk.leave(node));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ways(graph: &[&[usize]]) -> Vec<Vec<usize>> {
        of(&graph.iter().map(|to| to.to_vec()).collect()).into_iter().map(|cycle| cycle.way).collect()
    }

    #[test]
    fn cycles_are_found_once_each() {
        assert_eq!(ways(&[&[1], &[2], &[]]), Vec::<Vec<usize>>::new());
        assert_eq!(ways(&[&[0]]), [[0]]);
        assert_eq!(ways(&[&[1], &[0], &[3], &[2]]), [[0, 1], [2, 3]]);
        // The short way is told, not the long one.
        assert_eq!(ways(&[&[1, 3], &[2], &[0], &[0]]), [[0, 3]]);
        let both = of(&vec![vec![1, 3], vec![2], vec![0], vec![0]]);
        assert_eq!(both[0].further, 2);
    }

    #[test]
    fn a_chain_of_a_hundred_thousand_is_no_recursion() {
        let mut graph: Graph = (0..100_000).map(|node| vec![node + 1]).collect();
        graph.push(vec![0]);
        assert_eq!(of(&graph)[0].way.len(), 100_001);
    }

    proptest! {
        /// A node is in a cycle just if it leads back to itself, and what is told is a way.
        #[test]
        fn agrees_with_reachability(edges in prop::collection::vec((0usize..12, 0usize..12), 0..40)) {
            let mut graph: Graph = vec![Vec::new(); 12];
            for (from, to) in edges {
                graph[from].push(to);
            }
            let reaches = |from: usize| {
                let mut seen = [false; 12];
                let mut todo = graph[from].clone();
                while let Some(node) = todo.pop() {
                    if !std::mem::replace(&mut seen[node], true) {
                        todo.extend(&graph[node]);
                    }
                }
                seen
            };
            let found = of(&graph);
            let cyclic = (0..12).filter(|node| reaches(*node)[*node]).count();
            prop_assert_eq!(found.iter().map(|cycle| cycle.way.len() + cycle.further).sum::<usize>(), cyclic);
            for cycle in found {
                for (at, node) in cycle.way.iter().enumerate() {
                    let next = cycle.way[(at + 1) % cycle.way.len()];
                    prop_assert!(graph[*node].contains(&next));
                }
            }
        }
    }
}
