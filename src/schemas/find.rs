//! Looking a kind up: the workspace's definitions, then those of the tools around Kubernetes, then Kubernetes' own; and
//! what there is to say of one that isn't there.

use std::sync::Arc;

use super::kind::Kind;
use super::{Schemas, group, kubernetes, lifecycle};
use crate::error::nearest;
use crate::formats::definitions::{Broken, Role};

/// What is known of a kind.
#[derive(Debug, Clone)]
pub enum Found {
    /// It is there.
    Known(Arc<Kind>),
    /// Kubernetes had this version of it once.
    Removed {
        /// The first release without it.
        release: String,
        /// The version that has taken its place.
        instead: Option<String>,
    },
    /// A later Kubernetes has this version of it.
    NotYet {
        /// The first release with it.
        release: String,
        /// The version to use until then.
        instead: Option<String>,
    },
    /// There is such a kind, but not in this version.
    UnknownVersion {
        /// The versions that there are.
        has: Vec<String>,
        /// Whether all of them are known; of a kind that is described in part, other versions may be there.
        all: bool,
    },
    /// The group is known, and has no such kind as far as is known.
    UnknownKind {
        /// What was probably meant.
        nearest: Option<String>,
        /// Whether all kinds of the group are known.
        all: bool,
    },
    /// There is a definition, and it can't be used.
    Broken(Arc<Broken>),
    /// Nothing of that group is known.
    UnknownGroup {
        /// What was probably meant: an apiVersion.
        nearest: Option<String>,
    },
}

/// The group of an apiVersion, and the version.
pub fn split(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

pub fn find(schemas: &Schemas, api_version: &str, kind: &str) -> Found {
    let (group, version) = split(api_version);
    if let Some(definition) = schemas.own(group, kind) {
        let served = definition.versions.iter().position(|known| known.served && known.name == version);
        return match served {
            Some(at) => Found::Known(Arc::new(Kind::defined(definition.clone(), at))),
            None => Found::UnknownVersion {
                has: definition
                    .versions
                    .iter()
                    .filter(|version| version.served)
                    .map(|version| definition.api_version(&version.name))
                    .collect(),
                all: definition.role != Role::Partial,
            },
        };
    }
    if let Some(broken) = schemas.broken(group, kind) {
        return Found::Broken(broken.clone());
    }
    built_in(schemas, api_version, kind).unwrap_or_else(|| unknown(schemas, api_version, kind))
}

/// A kind of Kubernetes itself, in any version.
fn built_in(schemas: &Schemas, api_version: &str, kind: &str) -> Option<Found> {
    let (group, version) = split(api_version);
    let release = schemas.release;
    let called = || kubernetes::kinds().iter().filter(move |known| known.group == group && known.kind == kind);
    let now = || called().filter(move |known| known.is_in(release));
    if let Some(found) = called().find(|known| known.version == version) {
        if found.is_in(release) {
            let minor = release.name().rsplit('.').next().and_then(|minor| minor.parse().ok()).unwrap_or_default();
            let stabler = best(now().map(|known| known.version)).filter(|best| *best != version);
            let stabler = stabler.map(|version| join(group, version));
            let warning = lifecycle::deprecated(api_version, kind, minor, stabler.as_deref());
            return Some(Found::Known(Arc::new(Kind::built_in(*found, release, warning))));
        }
        let instead = best(now().map(|known| known.version)).map(|version| join(group, version));
        if let Some(gone) = found.removed_in(release) {
            return Some(Found::Removed { release: gone.to_string(), instead });
        }
        let release = found.comes_with(release)?.to_string();
        return Some(Found::NotYet { release, instead });
    }
    if let Some((release, instead)) = lifecycle::removed(api_version, kind) {
        return Some(Found::Removed { release: release.to_string(), instead: instead.map(str::to_string) });
    }
    let has: Vec<String> = now().map(kubernetes::BuiltIn::api_version).collect();
    (!has.is_empty()).then_some(Found::UnknownVersion { has, all: true })
}

/// The version to write: a stable one before beta before alpha.
pub(super) fn best<'v>(versions: impl Iterator<Item = &'v str>) -> Option<&'v str> {
    versions.min_by_key(|version| (version.contains("alpha"), version.contains("beta"), std::cmp::Reverse(*version)))
}

pub(super) fn join(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_string() } else { format!("{group}/{version}") }
}

fn unknown(schemas: &Schemas, api_version: &str, kind: &str) -> Found {
    let (group, _) = split(api_version);
    let own: Vec<&str> = kubernetes::kinds()
        .iter()
        .filter(|known| known.group == group && known.is_in(schemas.release))
        .map(|known| known.kind)
        .collect();
    let defined: Vec<_> = schemas.definitions().into_iter().filter(|known| known.group == group).collect();
    if own.is_empty() && defined.is_empty() {
        return Found::UnknownGroup { nearest: group::meant(schemas, api_version, kind) };
    }
    let names = own.iter().copied().chain(defined.iter().map(|known| known.kind.as_str()));
    // In lower case, so that `deployment` is near.
    let lower: Vec<(String, &str)> = names.map(|name| (name.to_ascii_lowercase(), name)).collect();
    let near = nearest(&kind.to_ascii_lowercase(), lower.iter().map(|(name, _)| name.as_str()));
    let near = near.and_then(|near| lower.iter().find(|(name, _)| name == near)).map(|(_, name)| name.to_string());
    Found::UnknownKind { nearest: near, all: !own.is_empty() }
}
