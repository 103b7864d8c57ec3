//! One version of a kind, with its schema: compiled when the first object of it is checked.

use std::sync::{Arc, OnceLock};

use super::kubernetes::{self, BuiltIn, Release};
use crate::error::{Error, Result};
use crate::formats::definitions::{Definition, Role};
use crate::formats::schema::{Schema, Violation};

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
    source: Source,
    schema: OnceLock<Result<Schema>>,
}

#[derive(Debug)]
enum Source {
    BuiltIn(BuiltIn, Release),
    Defined(Arc<Definition>, usize),
}

impl Kind {
    /// A kind of Kubernetes.
    pub(super) fn built_in(kind: BuiltIn, release: Release, deprecated: Option<String>) -> Kind {
        Kind {
            api_version: kind.api_version(),
            kind: kind.kind.to_string(),
            plural: kind.plural(),
            namespaced: kind.is_namespaced(),
            role: Role::BuiltIn,
            deprecated,
            source: Source::BuiltIn(kind, release),
            schema: OnceLock::new(),
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
            source: Source::Defined(definition, at),
            schema: OnceLock::new(),
        }
    }

    /// What defines it, unless Kubernetes itself does.
    pub fn definition(&self) -> Option<&Arc<Definition>> {
        match &self.source {
            Source::BuiltIn(..) => None,
            Source::Defined(definition, _) => Some(definition),
        }
    }

    /// Whether only a part of it is described: fields beyond that aren't judged.
    pub fn is_partial(&self) -> bool {
        self.role == Role::Partial
    }

    /// Its schema.
    ///
    /// # Errors
    /// What is wrong with the schema of a definition, with the place of the definition.
    pub fn schema(&self) -> Result<&Schema> {
        self.schema.get_or_init(|| self.compile()).as_ref().map_err(Clone::clone)
    }

    fn compile(&self) -> Result<Schema> {
        match &self.source {
            Source::BuiltIn(kind, release) => {
                let missing = || Error::failed("idp::schema::definition", format!("{} has no schema", self.kind));
                let (root, definitions) = kubernetes::schema(kind, *release).ok_or_else(missing)?;
                Schema::parse_with(&root, &|name| definitions.get(name))
            }
            Source::Defined(definition, at) => {
                if definition.role != Role::Partial
                    && let [first, others @ ..] = definition.faults().as_slice()
                {
                    return Err(refused(definition, first, others.len()));
                }
                let version = &definition.versions[*at];
                Schema::parse(&version.schema).map_err(|error| {
                    let message = format!("the schema of {} {}: {}", self.kind, version.name, error.message());
                    let mut told = Error::new(error.kind(), error.code(), message);
                    if let Some(help) = error.help_text() {
                        told = told.help(help);
                    }
                    if let Some(place) = &definition.place {
                        told = told.at(place.clone());
                    }
                    told
                })
            }
        }
    }
}

/// That an API server wouldn't have such a kind.
fn refused(definition: &Definition, first: &Violation, others: usize) -> Error {
    let more = match others {
        0 => String::new(),
        1 => ", and one thing more".to_string(),
        several => format!(", and {several} things more"),
    };
    let message = format!("the definition of {} is one that an API server refuses: {first}{more}", definition.kind);
    let error = Error::invalid("idp::schema::definition", message);
    match &definition.place {
        Some(place) => error.at(place.clone()),
        None => error,
    }
}
