//! Kubernetes' own kinds: reads kinds/kubernetes.z, which tests/schemas/make-kubernetes.py makes and describes. An API
//! group is unpacked when the first of its kinds is met, and a definition is read when it is referred to.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::OnceLock;

use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;
use serde_json::Value;

use crate::embedded;

/// More than all of it takes.
const MOST: usize = 16 << 20;

/// Kinds that live in no namespace. OpenAPI doesn't say so; these are the ones that `kubectl api-resources
/// --namespaced=false` lists, and those of versions that have to be switched on.
const OF_THE_CLUSTER: &[&str] = &[
    "APIService",
    "CSIDriver",
    "CSINode",
    "CertificateSigningRequest",
    "ClusterRole",
    "ClusterRoleBinding",
    "ClusterTrustBundle",
    "ComponentStatus",
    "CustomResourceDefinition",
    "DeviceClass",
    "DeviceTaintRule",
    "FlowSchema",
    "IPAddress",
    "IngressClass",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "MutatingWebhookConfiguration",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PriorityClass",
    "PriorityLevelConfiguration",
    "ResourceSlice",
    "RuntimeClass",
    "SelfSubjectAccessReview",
    "SelfSubjectReview",
    "SelfSubjectRulesReview",
    "ServiceCIDR",
    "StorageClass",
    "StorageVersion",
    "StorageVersionMigration",
    "SubjectAccessReview",
    "TokenReview",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
    "VolumeAttachment",
    "VolumeAttributesClass",
];

/// A kind in one version of its API group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BuiltIn {
    /// Empty for the core group.
    pub group: &'static str,
    /// `v1`.
    pub version: &'static str,
    /// `Deployment`.
    pub kind: &'static str,
    /// The name of its definition.
    definition: &'static str,
    /// The versions of Kubernetes that have it.
    mask: u32,
}

impl BuiltIn {
    /// `apps/v1`, `v1`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_string() } else { format!("{}/{}", self.group, self.version) }
    }

    /// Whether a version of Kubernetes has it.
    pub fn is_in(&self, release: Release) -> bool {
        self.mask & release.bit() != 0
    }

    /// The first release among those that are built in that doesn't have it any more, seen from one that doesn't.
    pub fn removed_in(&self, release: Release) -> Option<&'static str> {
        let last = (0..release.0).rev().find(|at| self.mask & Release(*at).bit() != 0)?;
        versions().get(last + 1).copied()
    }

    /// The first release that has it, seen from an earlier one.
    pub fn comes_with(&self, release: Release) -> Option<&'static str> {
        let after = (release.0 + 1)..versions().len();
        after.into_iter().find(|at| self.mask & Release(*at).bit() != 0).map(|at| versions()[at])
    }

    /// Whether its objects live in namespaces.
    pub fn is_namespaced(&self) -> bool {
        !OF_THE_CLUSTER.contains(&self.kind)
    }

    /// What kubectl calls its objects: the guess that API servers make, too.
    pub fn plural(&self) -> String {
        let lower = self.kind.to_ascii_lowercase();
        match lower.as_str() {
            "endpoints" => lower,
            _ if lower.ends_with('s') => format!("{lower}es"),
            _ => match lower.strip_suffix('y') {
                Some(stem) => format!("{stem}ies"),
                None => format!("{lower}s"),
            },
        }
    }
}

/// A version of Kubernetes whose schemas are built in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release(usize);

impl Release {
    /// The release of a text such as `1.36`; a patch version (`v1.36.2`) is that of its minor version.
    pub fn parse(text: &str) -> Option<Release> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let mut parts = text.splitn(3, '.');
        let minor = format!("{}.{}", parts.next()?, parts.next()?);
        versions().iter().position(|known| **known == minor).map(Release)
    }

    /// The newest.
    pub fn newest() -> Release {
        Release(versions().len().saturating_sub(1))
    }

    /// `1.36`.
    pub fn name(self) -> &'static str {
        versions().get(self.0).copied().unwrap_or_default()
    }

    fn bit(self) -> u32 {
        1 << self.0
    }
}

/// The versions that are built in, oldest first.
pub fn versions() -> &'static [&'static str] {
    &archive().versions
}

/// All kinds of all versions.
pub fn kinds() -> &'static [BuiltIn] {
    &archive().kinds
}

/// The schema of a kind in a version of Kubernetes, with all definitions that it refers to by their names.
pub fn schema(kind: &BuiltIn, release: Release) -> Option<(Value, HashMap<String, Value>)> {
    let archive = archive();
    let root = archive.definition(kind.definition, release)?;
    let mut found = HashMap::new();
    let mut todo = Vec::new();
    references(&root, &mut todo);
    while let Some(name) = todo.pop() {
        if let Entry::Vacant(place) = found.entry(name) {
            let definition = archive.definition(place.key(), release)?;
            references(&definition, &mut todo);
            place.insert(definition);
        }
    }
    Some((root, found))
}

fn references(schema: &Value, found: &mut Vec<String>) {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
        found.push(name.to_string());
    }
    for key in ["items", "additionalProperties"] {
        schema.get(key).into_iter().for_each(|below| references(below, found));
    }
    for below in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        references(below.1, found);
    }
}

struct Archive {
    versions: Vec<&'static str>,
    kinds: Vec<BuiltIn>,
    /// Each definition once for each form that it had.
    definitions: HashMap<&'static str, Vec<Part>>,
    blocks: HashMap<&'static str, Block>,
}

/// Where a form of a definition is.
struct Part {
    mask: u32,
    block: &'static str,
    start: usize,
    length: usize,
}

struct Block {
    packed: &'static [u8],
    text: OnceLock<Vec<u8>>,
}

fn archive() -> &'static Archive {
    static ARCHIVE: OnceLock<Archive> = OnceLock::new();
    // Nothing is in an archive that can't be read; a test sees that ours can.
    ARCHIVE.get_or_init(|| {
        let bytes = embedded::file("kinds/kubernetes.z").map_or(&[][..], |file| file.bytes);
        Archive::open(bytes).unwrap_or_else(|| Archive::read("", &[]))
    })
}

impl Archive {
    fn open(bytes: &'static [u8]) -> Option<Archive> {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        let (index, blocks) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        let index = decompress_to_vec_zlib_with_limit(index, MOST).ok()?;
        Some(Archive::read(String::from_utf8(index).ok()?.leak(), blocks))
    }

    fn read(index: &'static str, mut packed: &'static [u8]) -> Archive {
        let mut archive =
            Archive { versions: Vec::new(), kinds: Vec::new(), definitions: HashMap::new(), blocks: HashMap::new() };
        for line in index.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            let number = |at: usize| words[at].parse::<usize>().unwrap_or_default();
            match words[0] {
                "versions" => archive.versions = words[1..].to_vec(),
                "block" => {
                    let (own, rest) = packed.split_at_checked(number(2)).unwrap_or((packed, &[]));
                    archive.blocks.insert(words[1], Block { packed: own, text: OnceLock::new() });
                    packed = rest;
                }
                "definition" => {
                    let part = Part { mask: number(2) as u32, block: words[3], start: number(4), length: number(5) };
                    archive.definitions.entry(words[1]).or_default().push(part);
                }
                "kind" => archive.kinds.push(BuiltIn {
                    group: if words[1] == "-" { "" } else { words[1] },
                    version: words[2],
                    kind: words[3],
                    mask: number(4) as u32,
                    definition: words[5],
                }),
                _ => {}
            }
        }
        archive
    }

    fn definition(&self, name: &str, release: Release) -> Option<Value> {
        let part = self.definitions.get(name)?.iter().find(|part| part.mask & release.bit() != 0)?;
        let text = self.blocks.get(part.block)?.text();
        serde_json::from_slice(text.get(part.start..part.start + part.length)?).ok()
    }
}

impl Block {
    fn text(&self) -> &[u8] {
        self.text.get_or_init(|| decompress_to_vec_zlib_with_limit(self.packed, MOST).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn everything_in_the_archive_can_be_read() {
        assert_eq!(versions(), ["1.32", "1.33", "1.34", "1.35", "1.36", "1.37"]);
        let mut schemas = 0;
        for at in 0..versions().len() {
            for kind in kinds().iter().filter(|kind| kind.is_in(Release(at))) {
                let (root, _) = schema(kind, Release(at)).unwrap_or_else(|| panic!("{kind:?} of {}", versions()[at]));
                assert_eq!(root["type"], "object");
                schemas += 1;
            }
        }
        assert!(schemas > 900, "{schemas}");
    }

    #[test]
    fn the_archive_is_what_the_generator_makes() {
        let bytes = embedded::file("kinds/kubernetes.z").unwrap().bytes;
        assert!(bytes.len() < 300_000);
        let length = u32::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
        let index = decompress_to_vec_zlib_with_limit(&bytes[4..4 + length], MOST).unwrap();
        let index = String::from_utf8(index).unwrap();
        let line = |word: &str| index.lines().find_map(|line| line.strip_prefix(word)).unwrap().trim().to_string();
        let hex = |bytes: &[u8]| Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let generator =
            std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schemas/make-kubernetes.py")).unwrap();
        assert_eq!(line("generator"), hex(&generator), "run tests/schemas/make-kubernetes.py again");
        // What it was made from, and what came of it: neither changes without somebody who means it.
        let mut unpacked = index.lines().filter(|line| !line.starts_with("generator")).collect::<Vec<_>>().join("\n");
        for block in index.lines().filter_map(|line| line.strip_prefix("block ")) {
            let text = archive().blocks[block.split(' ').next().unwrap()].text();
            unpacked.push_str(std::str::from_utf8(text).unwrap());
        }
        assert_eq!(line("source").split(' ').take(2).collect::<Vec<_>>(), ["kubernetes_validate", "1.37.0"]);
        assert_eq!(hex(unpacked.as_bytes()), "7276764ae7fa094fbc9b445aefd78fc37ec5112bef8c37f985511dc7b4ec6bae");
    }

    #[test]
    fn releases_are_told_apart() {
        assert_eq!(Release::parse("v1.36.2"), Release::parse("1.36"));
        assert_eq!(Release::parse("1.20"), None);
        assert_eq!(Release::newest().name(), "1.37");
        let deployment = kinds().iter().find(|kind| kind.kind == "Deployment").unwrap();
        assert!(deployment.is_namespaced());
        assert_eq!((deployment.api_version().as_str(), deployment.plural().as_str()), ("apps/v1", "deployments"));
        let named = |kind: &str| kinds().iter().find(|found| found.kind == kind).unwrap();
        assert_eq!(named("NetworkPolicy").plural(), "networkpolicies");
        assert_eq!(named("Ingress").plural(), "ingresses");
        assert!(!named("ClusterRole").is_namespaced());
    }
}
