//! Kinds of objects by their names alone, as policies name them, and whether a field is one of theirs. Asked by rules.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::error::nearest;
use crate::formats::schema::{How, Reason, Violation};
use crate::formats::yaml::Step;
use crate::schemas::{Found, Kind, Schemas, kubernetes};

/// What schemas know.
pub struct Kinds {
    schemas: Arc<Schemas>,
}

impl Kinds {
    /// Of schemas.
    pub fn of(schemas: Arc<Schemas>) -> Kinds {
        Kinds { schemas }
    }

    /// The kinds of a name, whatever their groups and versions.
    fn named(&self, name: &str) -> Vec<Arc<Kind>> {
        let built_in = kubernetes::kinds().iter().filter(|kind| kind.kind == name).map(|kind| kind.api_version());
        let defined = self.schemas.definitions().into_iter().filter(|definition| definition.kind == name);
        let versions = defined.flat_map(|definition| {
            definition.versions.iter().map(|version| definition.api_version(&version.name)).collect::<Vec<_>>()
        });
        let known = |api_version: String| match self.schemas.find(&api_version, name) {
            Found::Known(kind) => Some(kind),
            _ => None,
        };
        built_in.chain(versions).filter_map(known).collect()
    }

    /// Whether all kinds of a group are known: it is Kubernetes' own.
    pub fn knows_group(&self, group: &str) -> bool {
        kubernetes::kinds().iter().any(|kind| kind.group == group)
    }

    /// The groups of all kinds that are known.
    pub fn groups(&self) -> BTreeSet<String> {
        let built_in = kubernetes::kinds().iter().map(|kind| kind.group.to_string());
        built_in.chain(self.schemas.definitions().into_iter().map(|definition| definition.group.clone())).collect()
    }

    /// The groups of the kinds of a name.
    pub fn groups_of(&self, name: &str) -> BTreeSet<String> {
        let built_in = kubernetes::kinds().iter().filter(|kind| kind.kind == name).map(|kind| kind.group.to_string());
        let defined = self.schemas.definitions().into_iter().filter(|definition| definition.kind == name);
        built_in.chain(defined.map(|definition| definition.group.clone())).collect()
    }

    /// The kind that was probably meant, if none has that name and one has nearly that.
    pub fn meant(&self, name: &str) -> Option<String> {
        let built_in = kubernetes::kinds().iter().map(|kind| kind.kind);
        let definitions = self.schemas.definitions();
        let all: Vec<&str> = built_in.chain(definitions.iter().map(|definition| definition.kind.as_str())).collect();
        if all.contains(&name) { None } else { nearest(name, all).map(str::to_owned) }
    }

    /// The field that was probably meant, or an empty text, where a field is certainly none of a kind: in no version of it.
    pub fn lacks(&self, kind: &str, path: &[Step]) -> Option<String> {
        let kinds = self.named(kind);
        let mut meant = None;
        for kind in &kinds {
            if kind.is_partial() {
                return None;
            }
            let (schema, object) = (kind.schema().ok()?, written(path));
            let unknown = schema.unknown(&object).into_iter().find(|violation| path.starts_with(&violation.path))?;
            // A text or a number is no object of the kind's any more: what it has, the script's language says.
            let above = path.split_last().map_or(path, |(_, above)| above);
            let is_plain = |violation: &Violation| violation.reason == Reason::TypeInvalid && violation.path == above;
            if schema.validate(&object, None, How::default()).iter().any(is_plain) {
                return None;
            }
            // What lies below a field that there isn't isn't meant there.
            meant = meant.or(unknown.help.filter(|_| unknown.path == path));
        }
        (!kinds.is_empty()).then(|| meant.unwrap_or_default())
    }
}

/// An object that has something at a path and nothing else.
fn written(path: &[Step]) -> Value {
    path.iter().rev().fold(Value::Bool(true), |inner, step| match step {
        Step::Key(key) => Value::Object(Map::from_iter([(key.clone(), inner)])),
        Step::Index(_) => Value::Array(vec![inner]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::yaml::parse_path;

    #[test]
    fn a_field_is_one_of_a_kind_or_certainly_none() {
        let kinds = Kinds::of(Arc::new(Schemas::embedded(Schemas::newest()).unwrap()));
        let lacks = |kind: &str, path: &str| kinds.lacks(kind, &parse_path(path).unwrap());
        assert_eq!(lacks("Deployment", "spec.replicas"), None);
        assert_eq!(lacks("Deployment", "spec.replcas").as_deref(), Some("did you mean `replicas`?"));
        assert_eq!(lacks("Pod", "spec.containers[0].imge").as_deref(), Some("did you mean `image`?"));
        assert_eq!(lacks("Pod", "metadata.labels.anything"), None);
        assert_eq!(lacks("Pod", "metadata.lables").as_deref(), Some("did you mean `labels`?"));
        assert_eq!(lacks("ConfigMap", "data.anything"), None);
        // What lies below a scalar, or in a kind that nobody knows, can't be told.
        assert_eq!(lacks("Deployment", "spec.replicas.x"), None);
        assert_eq!(lacks("NobodyKnows", "spec.x"), None);
        assert_eq!(kinds.meant("Deploymnet").as_deref(), Some("Deployment"));
        assert_eq!((kinds.meant("Deployment"), kinds.meant("NobodyKnowsThis")), (None, None));
    }
}
