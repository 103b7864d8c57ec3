//! Definitions of kinds: CustomResourceDefinitions as they are, Crossplane's CompositeResourceDefinitions as the CRDs
//! that Crossplane makes of them. Pure; `schemas` looks kinds up in them, forms and claims are made of them.

mod composite;
mod crd;
mod field;
mod manifest;
mod names;
#[cfg(test)]
mod tests;
mod xrd;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::error::{Place, Result};
use crate::formats::yaml::Document;

/// One kind with all of its versions.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// The API group; empty for the core group.
    pub group: String,
    /// `PostgreSQLInstance`.
    pub kind: String,
    /// `postgresqlinstances`.
    pub plural: String,
    /// `postgresqlinstance`.
    pub singular: String,
    /// `PostgreSQLInstanceList`.
    pub list_kind: String,
    /// What `kubectl` takes beside it.
    pub short_names: Vec<String>,
    /// Groups of kinds that `kubectl get` takes together, such as `claim`.
    pub categories: Vec<String>,
    /// Whether objects live in namespaces.
    pub namespaced: bool,
    /// In the order of the document.
    pub versions: Vec<Version>,
    /// What the kind is to the platform.
    pub role: Role,
    /// Keys of the connection secret that the XRD promises; empty for all that the Composition makes.
    pub connection_keys: Vec<String>,
    /// Annotations of the document that defines it.
    pub annotations: BTreeMap<String, String>,
    /// Where the document is.
    pub place: Option<Place>,
}

/// One version of a kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// `v1alpha1`.
    pub name: String,
    /// Whether the API server answers for it.
    pub served: bool,
    /// Whether objects are kept in it: of an XRD the referenceable one.
    pub storage: bool,
    /// What the API server warns of, if the version is deprecated.
    pub deprecated: Option<String>,
    /// `openAPIV3Schema`.
    pub schema: Arc<Value>,
    /// What `kubectl get` shows, as the document lists it.
    pub columns: Vec<Value>,
    /// Whether the status is a subresource.
    pub status: bool,
}

/// What a kind is to the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// A CustomResourceDefinition.
    Custom,
    /// A composite resource of Crossplane.
    Composite {
        /// The kind of its claims, if it offers any.
        claim: Option<String>,
    },
    /// A claim of Crossplane.
    Claim {
        /// The kind of the composite resource behind it.
        of: String,
    },
    /// Kubernetes' own.
    BuiltIn,
    /// Described only in part: fields that the description leaves out are not judged.
    Partial,
}

impl Definition {
    /// The version of this name.
    pub fn version(&self, name: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.name == name)
    }

    /// The version to write objects in: the one that is stored, or else the first that is served.
    pub fn preferred(&self) -> Option<&Version> {
        let served = || self.versions.iter().filter(|version| version.served);
        served().find(|version| version.storage).or_else(|| served().next())
    }

    /// `group/version`, or the version alone for the core group.
    pub fn api_version(&self, version: &str) -> String {
        if self.group.is_empty() { version.to_string() } else { format!("{}/{version}", self.group) }
    }

    /// Whether people order resources with it: claims, and composite resources that have none.
    pub fn is_claimable(&self) -> bool {
        matches!(self.role, Role::Claim { .. } | Role::Composite { claim: None })
    }

    /// The CustomResourceDefinition that a cluster would have of it.
    pub fn manifest(&self) -> Value {
        manifest::of(self)
    }
}

/// The kinds that a document defines: one for a CRD; for an XRD the composite resource, and its claim if there is one;
/// none for other documents.
///
/// # Errors
/// `idp::schema::definition` with the place of the field that is missing or wrong.
pub fn read(document: &Document) -> Result<Vec<Definition>> {
    let text = |key: &str| document.value.get(key).and_then(Value::as_str).unwrap_or_default();
    let (api_version, kind) = (text("apiVersion"), text("kind"));
    match (api_version.rsplit_once('/'), kind) {
        (Some(("apiextensions.k8s.io", version)), "CustomResourceDefinition") => crd::read(document, version),
        (Some(("apiextensions.crossplane.io", version)), "CompositeResourceDefinition") => xrd::read(document, version),
        _ => Ok(Vec::new()),
    }
}
