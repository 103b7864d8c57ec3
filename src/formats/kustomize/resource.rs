//! An object on its way through a build: its value, where it came from, and the names that it had.

use std::sync::Arc;

use serde_json::Value;

use super::schema::is_of_the_cluster;
use super::text;

/// The namespace of what lives in none.
pub(super) const NO_NAMESPACE: &str = "_non_namespaceable_";
/// The namespace of what doesn't say one.
pub(super) const DEFAULT: &str = "default";

/// What an object is known by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Id {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) kind: String,
    pub(super) name: String,
    /// As it is written.
    pub(super) namespace: String,
    /// Where it is in fact.
    pub(super) place: String,
}

impl Id {
    /// Whether two ids are of the same object.
    pub(super) fn same(&self, other: &Id) -> bool {
        self.name == other.name
            && self.kind == other.kind
            && self.group == other.group
            && self.version == other.version
            && self.place == other.place
    }

    /// For people: `Deployment api`, `Deployment api in shop`.
    pub(super) fn words(&self) -> String {
        match self.namespace.as_str() {
            "" => format!("{} {}", self.kind, self.name),
            namespace => format!("{} {} in {namespace}", self.kind, self.name),
        }
    }
}

/// Group, version and kind, each of which may be left open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Gvk {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) kind: String,
}

impl Gvk {
    /// Whether what it leaves open or says holds for others.
    pub(super) fn selects(&self, group: &str, version: &str, kind: &str) -> bool {
        let fits = |wanted: &str, found: &str| wanted.is_empty() || wanted == found;
        fits(&self.group, group) && fits(&self.version, version) && fits(&self.kind, kind)
    }
}

/// A name that an object had.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Previous {
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) place: String,
}

/// What a generated object does to one that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Behavior {
    #[default]
    Create,
    Merge,
    Replace,
}

/// The file that an object is from, and which of its documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// From the root that the build was given; of a generated object the kustomization.
    pub file: Arc<str>,
    /// Counted from 0. Elements of a list count one by one.
    pub document: usize,
}

/// An object in the making.
#[derive(Debug, Clone)]
pub(super) struct Resource {
    pub(super) value: Value,
    pub(super) origin: Origin,
    pub(super) previous: Vec<Previous>,
    pub(super) prefixes: Vec<String>,
    pub(super) suffixes: Vec<String>,
    pub(super) behavior: Behavior,
    pub(super) wants_hash: bool,
    /// Paths of fields that say nothing at all (`data:`): a patch of the object loses them.
    pub(super) unsaid: Vec<Vec<String>>,
    /// Whether kustomize would have kept notes of its own in the annotations.
    pub(super) noted: bool,
}

impl Resource {
    pub(super) fn new(value: Value, origin: Origin) -> Resource {
        Resource {
            value,
            origin,
            previous: Vec::new(),
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            behavior: Behavior::Create,
            wants_hash: false,
            unsaid: Vec::new(),
            noted: false,
        }
    }

    pub(super) fn api_version(&self) -> &str {
        self.value["apiVersion"].as_str().unwrap_or_default()
    }

    pub(super) fn kind(&self) -> &str {
        self.value["kind"].as_str().unwrap_or_default()
    }

    pub(super) fn group_version(&self) -> (&str, &str) {
        group_version(self.api_version())
    }

    pub(super) fn name(&self) -> String {
        self.value.get("metadata").map(|metadata| text::of_field(metadata, "name")).unwrap_or_default()
    }

    /// As it is written.
    pub(super) fn namespace(&self) -> String {
        self.value.get("metadata").map(|metadata| text::of_field(metadata, "namespace")).unwrap_or_default()
    }

    pub(super) fn is_of_the_cluster(&self) -> bool {
        is_of_the_cluster(self.api_version(), self.kind())
    }

    /// The namespace that it is in, with a word for none and one for the default.
    pub(super) fn place(&self) -> String {
        if self.is_of_the_cluster() { NO_NAMESPACE.to_string() } else { place_of(self.namespace()) }
    }

    /// What it is known by now.
    pub(super) fn id(&self) -> Id {
        let (group, version) = self.group_version();
        Id {
            group: group.into(),
            version: version.into(),
            kind: self.kind().into(),
            name: self.name(),
            namespace: self.namespace(),
            place: self.place(),
        }
    }

    /// What it was known by, oldest first.
    pub(super) fn previous_ids(&self) -> impl Iterator<Item = Id> + '_ {
        let (group, version) = self.group_version();
        self.previous.iter().map(move |previous| Id {
            group: group.into(),
            version: version.into(),
            kind: previous.kind.clone(),
            name: previous.name.clone(),
            namespace: previous.place.clone(),
            place: place_of(previous.place.clone()),
        })
    }

    /// What it was known by at first.
    pub(super) fn first_id(&self) -> Id {
        self.previous_ids().next().unwrap_or_else(|| self.id())
    }

    /// Whether it is or was known by an id.
    pub(super) fn is_or_was(&self, id: &Id) -> bool {
        self.id().same(id) || self.previous_ids().any(|own| own.same(id))
    }

    /// Keeps the present name, before it changes.
    pub(super) fn keep_name(&mut self) {
        let previous = Previous { kind: self.kind().into(), name: self.name(), place: self.place() };
        self.previous.push(previous);
        self.noted = true;
    }

    /// Sets a text in the metadata; an empty one takes the field away.
    pub(super) fn set_metadata(&mut self, key: &str, text: String) {
        if text.is_empty() {
            if let Some(metadata) = self.value.get_mut("metadata").and_then(Value::as_object_mut) {
                metadata.shift_remove(key);
            }
        } else if let Some(metadata) = text::map_at(&mut self.value, "metadata") {
            metadata.insert(key.into(), text.into());
        }
    }

    /// A map of the metadata: labels, annotations.
    pub(super) fn metadata_map(&self, key: &str) -> impl Iterator<Item = (&str, String)> {
        let map = self.value.get("metadata").and_then(|metadata| metadata.get(key)).and_then(Value::as_object);
        map.into_iter().flatten().map(|(key, value)| (key.as_str(), text::of(value)))
    }

    /// Takes fields away that say nothing, as kustomize does it when it merges.
    pub(super) fn drop_unsaid(&mut self) {
        for path in std::mem::take(&mut self.unsaid) {
            let Some((last, above)) = path.split_last() else { continue };
            let map = above.iter().try_fold(&mut self.value, |value, key| value.get_mut(key));
            if let Some(map) = map.and_then(Value::as_object_mut)
                && map.get(last).is_some_and(Value::is_null)
            {
                map.shift_remove(last);
            }
        }
    }
}

/// `apps/v1` is `apps` and `v1`.
pub(super) fn group_version(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

fn place_of(namespace: String) -> String {
    if namespace.is_empty() { DEFAULT.to_string() } else { namespace }
}
