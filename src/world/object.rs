//! What names an object of Kubernetes in a cluster.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// What names an object in a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ObjectId {
    /// `apps/v1`, `v1`.
    pub api_version: String,
    /// `Deployment`.
    pub kind: String,
    /// None for objects of the whole cluster.
    pub namespace: Option<String>,
    /// `metadata.name`.
    pub name: String,
}

impl ObjectId {
    /// Refuses what no API server would take as a name. Names become paths of files, so nothing else may pass.
    pub fn check(&self) -> Result<()> {
        let words = |text: &str, more: &[u8]| {
            !text.is_empty()
                && text.len() <= 253
                && !text.starts_with('.')
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
        };
        let (group, version) = self.api_version.rsplit_once('/').unwrap_or(("v", &self.api_version));
        let parts = [
            // RFC 1123 subdomains; names of RBAC also hold colons.
            ("name", &*self.name, words(&self.name, b"-.:")),
            (
                "namespace",
                self.namespace.as_deref().unwrap_or("-"),
                self.namespace.as_deref().is_none_or(|n| words(n, b"-")),
            ),
            ("kind", &*self.kind, words(&self.kind, b"")),
            ("apiVersion", &*self.api_version, words(group, b"-.") && words(version, b"")),
        ];
        match parts.into_iter().find(|(_, _, fine)| !fine) {
            None => Ok(()),
            Some((what, text, _)) => Err(Error::invalid(
                "idp::manifest::name",
                format!("`{}` can't be the {what} of an object", text.escape_debug()),
            )),
        }
    }

    /// Whether both name one object: versions of an API group are views of the same.
    pub fn is_same(&self, other: &ObjectId) -> bool {
        self.group() == other.group()
            && self.kind == other.kind
            && self.namespace == other.namespace
            && self.name == other.name
    }

    /// The API group; empty for the core group.
    pub fn group(&self) -> &str {
        self.api_version.rsplit_once('/').map_or("", |(group, _)| group)
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        if let Some(namespace) = &self.namespace {
            write!(f, " {namespace}/{}", self.name)
        } else {
            write!(f, " {}", self.name)
        }
    }
}
