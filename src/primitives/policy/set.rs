//! All objects of a run, as whole-set policies are shown them: found by kind and name without a walk over all of them.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use rhai::{Array, Dynamic};

use crate::formats::selector::Selector;
use crate::primitives::manifest::Manifest;

/// The objects. Cloning is cheap.
#[derive(Clone, Default)]
pub struct Objects(Arc<Index>);

#[derive(Default)]
struct Index {
    all: Vec<Manifest>,
    by_kind: HashMap<String, Vec<usize>>,
    /// By kind, namespace and name: the first of those that are there.
    by_name: HashMap<(String, String, String), usize>,
    /// Pods by namespace, once somebody selects some.
    pods: OnceLock<HashMap<String, Vec<Manifest>>>,
}

impl Objects {
    /// Of whole objects, in their order.
    pub fn new(all: Vec<Manifest>) -> Objects {
        let mut index = Index { all, ..Index::default() };
        for (at, object) in index.all.iter().enumerate() {
            let kind = object.kind().to_owned();
            let part = |field: &str| object.of_metadata(field).unwrap_or_default().to_owned();
            let key = (kind.clone(), part("namespace"), part("name"));
            index.by_kind.entry(kind).or_default().push(at);
            index.by_name.entry(key).or_insert(at);
        }
        Objects(Arc::new(index))
    }

    /// Those of a kind, in a group if one is given.
    pub fn of(&self, group: Option<&str>, kind: &str) -> Array {
        let of_kind = self.0.by_kind.get(kind).into_iter().flatten().map(|at| &self.0.all[*at]);
        let fits = |object: &&Manifest| group.is_none_or(|group| group_of(object) == group);
        of_kind.filter(fits).cloned().map(Dynamic::from).collect()
    }

    /// Pods, and pod templates as pods.
    pub fn pods(&self) -> Array {
        self.0.all.iter().filter_map(Manifest::pod).map(Dynamic::from).collect()
    }

    /// Those of a namespace that a selector selects.
    pub fn selected(&self, namespace: &str, selector: &Selector) -> Array {
        let pods = self.0.pods.get_or_init(|| {
            let mut found: HashMap<String, Vec<Manifest>> = HashMap::new();
            for pod in self.0.all.iter().filter_map(Manifest::pod) {
                let namespace = pod.of_metadata("namespace").unwrap_or_default().to_owned();
                found.entry(namespace).or_default().push(pod);
            }
            found
        });
        let of_namespace = pods.get(namespace).into_iter().flatten();
        let selected = of_namespace.filter(|pod| selector.matches(&pod.value()["metadata"]["labels"]));
        selected.cloned().map(Dynamic::from).collect()
    }

    /// The object of a kind, namespace and name.
    pub fn find(&self, kind: &str, namespace: &str, name: &str) -> Option<Manifest> {
        let at = self.0.by_name.get(&(kind.to_owned(), namespace.to_owned(), name.to_owned()))?;
        Some(self.0.all[*at].clone())
    }

    /// All of them.
    pub fn all(&self) -> Array {
        self.0.all.iter().cloned().map(Dynamic::from).collect()
    }
}

/// The API group of an object; that of the core is empty.
pub fn group_of(object: &Manifest) -> &str {
    object.api_version().split_once('/').map_or("", |(group, _)| group)
}
