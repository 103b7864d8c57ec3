//! Definitions of kinds: CustomResourceDefinitions as they are, Crossplane's CompositeResourceDefinitions as the CRDs
//! that Crossplane makes of them. Pure; `schemas` looks kinds up in them, forms and claims are made of them.

mod composite;
mod conversion;
mod crd;
mod field;
mod judge;
mod manifest;
mod names;
#[cfg(test)]
mod tests;
mod xrd;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::error::{Error, Place, Result};
use crate::formats::lists::{self, Part};
use crate::formats::schema::{Reason, Violation};
use crate::formats::yaml::{Document, Step};
pub use composite::{BESIDE_CLAIMS, said_of_claims};

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

    /// Everything for which an API server would refuse that CustomResourceDefinition. Keywords that it doesn't know it drops.
    pub fn faults(&self) -> Vec<Violation> {
        let mut found = judge::of_kind(self);
        found.retain(|fault| fault.reason != Reason::Unknown);
        found
    }
}

/// A definition of which no kind can be made.
#[derive(Debug, Clone, PartialEq)]
pub struct Broken {
    /// The API group that it names.
    pub group: String,
    /// The kind that it would define.
    pub kind: String,
    /// What is wrong with it, with its place.
    pub error: Error,
}

/// The kinds that the objects of a document define, alone or in a list: one for a CRD; for an XRD the composite resource,
/// and its claim if there is one; none for other documents.
///
/// # Errors
/// `idp::schema::definition` with the place of the field that is missing or wrong.
pub fn read(document: &Document) -> Result<Vec<Definition>> {
    let mut found = Vec::new();
    for part in lists::of(&document.value).objects {
        found.extend(kinds(document, &part)?);
    }
    Ok(found)
}

/// The same, with those of which no kind can be made apart.
pub fn sorted(document: &Document) -> (Vec<Definition>, Vec<Broken>) {
    let (mut found, mut broken) = (Vec::new(), Vec::new());
    for part in lists::of(&document.value).objects {
        match kinds(document, &part) {
            Ok(kinds) => found.extend(kinds),
            Err(error) => {
                let text = |path: &str| part.value.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
                for kind in
                    ["/spec/names/kind", "/spec/claimNames/kind"].map(text).into_iter().filter(|k| !k.is_empty())
                {
                    broken.push(Broken { group: text("/spec/group"), kind, error: error.clone() });
                }
            }
        }
    }
    (found, broken)
}

/// The kinds that an object of a document defines.
///
/// # Errors
/// As [`read`].
pub fn kinds(document: &Document, part: &Part<'_>) -> Result<Vec<Definition>> {
    match of_value(&part.value) {
        Ok(mut found) => {
            found.iter_mut().for_each(|definition| definition.place = Some(document.place(&part.path)));
            Ok(found)
        }
        Err(fault) => {
            let path: Vec<Step> = part.path.iter().chain(&fault.path).cloned().collect();
            let text = |path: &str| part.value.pointer(path).and_then(Value::as_str);
            let kind = text("/kind").unwrap_or("definition");
            let called = text("/metadata/name").map_or(kind.to_string(), |name| format!("{kind} {name}"));
            let at = if fault.field.is_empty() { String::new() } else { format!("{}: ", fault.field) };
            let message = format!("the {called} defines no kind: {at}{}", fault.message);
            let help = fault.help.clone();
            Err(Error::invalid("idp::schema::definition", message)
                .at(document.place(&path))
                .help(help.unwrap_or_else(|| "an API server would refuse it, too: mend the field".into())))
        }
    }
}

/// Everything for which an API server would refuse an object that defines a kind; nothing for other objects. Of an XRD it
/// is what it would refuse of the CRDs that Crossplane makes of it, at the place in the XRD.
pub fn faults(object: &Value) -> Vec<Violation> {
    let all = match (api_of(object), of_value(object)) {
        (Some((Api::Crd, "v1")), _) => return judge::faults(object),
        (Some((Api::Xrd, version @ ("v1" | "v2"))), Err(first)) => {
            let mut all = xrd::faults(object, version);
            if !all.iter().any(|fault| fault.path == first.path) {
                all.insert(0, *first);
            }
            all
        }
        (_, Err(fault)) => vec![*fault],
        (Some((Api::Xrd, _)), Ok(made)) => {
            let of = |definition: &Definition| {
                let is_claim = matches!(definition.role, Role::Claim { .. });
                judge::of_kind(definition).into_iter().map(move |fault| xrd::placed(fault, is_claim))
            };
            made.iter().flat_map(of).collect()
        }
        (_, Ok(_)) => Vec::new(),
    };
    // Crossplane drops keywords that it doesn't know, such as those for forms. What looks like a slip is told. What composite
    // resource and claim have in common is told once.
    let mut found: Vec<Violation> = Vec::new();
    for fault in all.into_iter().filter(|fault| fault.reason != Reason::Unknown || is_slip(fault)) {
        if !found.iter().any(|known| known.path == fault.path && known.message == fault.message) {
            found.push(fault);
        }
    }
    found
}

/// Whether an unknown keyword is near to one that there is.
fn is_slip(fault: &Violation) -> bool {
    let own = matches!(fault.path.last(), Some(Step::Key(word)) if word.starts_with("x-"));
    fault.help.is_some() && !own
}

#[derive(Clone, Copy, PartialEq)]
enum Api {
    Crd,
    Xrd,
}

/// What sort of definition an object is, and in which version.
fn api_of(object: &Value) -> Option<(Api, &str)> {
    let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
    match (text("apiVersion").rsplit_once('/')?, text("kind")) {
        (("apiextensions.k8s.io", version), "CustomResourceDefinition") => Some((Api::Crd, version)),
        (("apiextensions.crossplane.io", version), "CompositeResourceDefinition") => Some((Api::Xrd, version)),
        _ => None,
    }
}

/// Whether an object defines a kind, or means to.
pub fn is_one(object: &Value) -> bool {
    api_of(object).is_some()
}

fn of_value(object: &Value) -> field::Result<Vec<Definition>> {
    match api_of(object) {
        Some((Api::Crd, version)) => crd::read(object, version),
        Some((Api::Xrd, version)) => xrd::read(object, version),
        None => Ok(Vec::new()),
    }
}
