//! One version of a kind, and where its schema comes from.

use std::sync::Arc;

use super::kubernetes::BuiltIn;
use crate::formats::definitions::{Definition, Role};

/// A kind in one of its versions.
#[derive(Debug)]
pub struct Kind {
    /// `apps/v1`.
    pub api_version: String,
    /// `Deployment`.
    pub kind: String,
    /// `deployments`.
    pub plural: String,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// What it is to the platform.
    pub role: Role,
    /// What an API server warns of when it is written.
    pub deprecated: Option<String>,
    definition: Option<Arc<Definition>>,
}

impl Kind {
    /// A kind of Kubernetes.
    pub(super) fn built_in(kind: BuiltIn, deprecated: Option<String>) -> Kind {
        Kind {
            api_version: kind.api_version(),
            kind: kind.kind.to_string(),
            plural: kind.plural(),
            namespaced: kind.is_namespaced(),
            role: Role::BuiltIn,
            deprecated,
            definition: None,
        }
    }

    /// The version of that number of a definition.
    pub(super) fn defined(definition: Arc<Definition>, at: usize) -> Kind {
        let version = &definition.versions[at];
        Kind {
            api_version: definition.api_version(&version.name),
            kind: definition.kind.clone(),
            plural: definition.plural.clone(),
            namespaced: definition.namespaced,
            role: definition.role.clone(),
            deprecated: version.deprecated.clone(),
            definition: Some(definition),
        }
    }

    /// What defines it, unless Kubernetes itself does.
    pub fn definition(&self) -> Option<&Arc<Definition>> {
        self.definition.as_ref()
    }

    /// Whether only a part of it is described: fields beyond that aren't judged.
    pub fn is_partial(&self) -> bool {
        self.role == Role::Partial
    }
}
