//! A cluster as scripts need it: objects by name, and the rule of what an ensured object is compared with.

use async_trait::async_trait;
use serde_json::{Map, Value};

use super::change::{Change, ObjectId};
use crate::error::{Error, Result};

/// The annotation that names the run that made an object.
pub const MADE_BY: &str = "idp-run/made-by";

/// A cluster. Reads see what is there now; `apply` is called by the door alone.
#[async_trait]
pub trait Cluster: Send + Sync {
    /// An object, if it is there.
    async fn get(&self, object: &ObjectId) -> Result<Option<Value>>;
    /// All objects of a kind, in a namespace or in all of them, in name order.
    async fn list(&self, api_version: &str, kind: &str, namespace: Option<&str>) -> Result<Vec<Value>>;
    /// Brings an object to the change's `after`. Only the door calls this.
    async fn apply(&self, change: &Change) -> Result<()>;
}

/// The address of an object, or what it lacks to have one.
pub fn address(object: &Value) -> Result<ObjectId> {
    let text = |path: &str| object.pointer(path).and_then(Value::as_str).filter(|text| !text.is_empty());
    let need = |path: &str, name: &str| {
        text(path).map(str::to_owned).ok_or_else(|| {
            Error::invalid("idp::manifest::incomplete", format!("the object has no {name}"))
                .help("a manifest needs apiVersion, kind and metadata.name")
        })
    };
    let id = ObjectId {
        api_version: need("/apiVersion", "apiVersion")?,
        kind: need("/kind", "kind")?,
        namespace: text("/metadata/namespace").map(str::to_owned),
        name: need("/metadata/name", "metadata.name")?,
    };
    id.check()?;
    Ok(id)
}

/// The object as it would be after the given fields were applied: maps merge, lists and scalars are replaced, `null`
/// removes. Fields that are not given stay.
pub fn merged(now: Option<&Value>, given: &Value) -> Value {
    match (now, given) {
        (Some(Value::Object(now)), Value::Object(given)) => {
            let mut result = now.clone();
            for (key, value) in given {
                if value.is_null() {
                    result.shift_remove(key);
                } else {
                    let below = merged(now.get(key), value);
                    result.insert(key.clone(), below);
                }
            }
            Value::Object(result)
        }
        (_, Value::Object(given)) => {
            let below = given.iter().filter(|(_, value)| !value.is_null());
            Value::Object(below.map(|(key, value)| (key.clone(), merged(None, value))).collect::<Map<_, _>>())
        }
        _ => given.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_given_fields_change() {
        let now = json!({"spec": {"replicas": 2, "paused": true}, "status": {"ready": 2}});
        let given = json!({"spec": {"replicas": 3, "paused": null}});
        assert_eq!(merged(Some(&now), &given), json!({"spec": {"replicas": 3}, "status": {"ready": 2}}));
    }

    #[test]
    fn names_can_not_leave_their_folder() {
        for (api_version, kind, namespace, name) in [
            ("v1", "ConfigMap", "default", "../x"),
            ("v1", "ConfigMap", "../..", "x"),
            ("v1", "/etc/x", "default", "x"),
            ("v1", "../../x", "default", "x"),
            ("a/../../v1", "ConfigMap", "default", "x"),
            ("../v1", "ConfigMap", "default", "x"),
        ] {
            let object =
                json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": namespace}});
            assert_eq!(address(&object).unwrap_err().code(), "idp::manifest::name", "{object}");
        }
        let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "system:x"}});
        address(&role).unwrap();
    }
}
