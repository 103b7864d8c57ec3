//! API groups that aren't there, and which one was meant: `app/v1`, `core/v1`, `networking.k8.io/v1`.

use super::find::{best, join, split};
use super::{Schemas, kubernetes};
use crate::error::nearest;

/// The apiVersion that was meant by one whose group isn't known.
pub fn meant(schemas: &Schemas, api_version: &str, kind: &str) -> Option<String> {
    let (group, version) = split(api_version);
    let known = Known::of(schemas);
    if group == "core" {
        return Some(known.spelt("", version, kind));
    }
    let near = if group.contains('.') { known.by_typo(group, kind) } else { known.by_word(group, kind) };
    near.map(|near| known.spelt(near, version, kind))
}

/// Everything that is known, as group, version, kind, and whether Kubernetes itself has it.
struct Known<'s>(Vec<(&'s str, &'s str, &'s str, bool)>);

impl<'s> Known<'s> {
    fn of(schemas: &'s Schemas) -> Known<'s> {
        let own = kubernetes::kinds().iter().filter(|known| known.is_in(schemas.release));
        let mut all: Vec<_> = own.map(|known| (known.group, known.version, known.kind, true)).collect();
        for definition in schemas.definitions() {
            let served = definition.versions.iter().filter(|version| version.served);
            all.extend(
                served
                    .map(|version| (definition.group.as_str(), version.name.as_str(), definition.kind.as_str(), false)),
            );
        }
        Known(all)
    }

    /// Only Kubernetes' own groups have no dot, and those of them that have one begin with the same word.
    fn by_word(&self, group: &str, kind: &str) -> Option<&'s str> {
        let own = || self.0.iter().filter(|(known, _, _, is_own)| *is_own && !known.is_empty());
        let of_kind = |(known, _, of, _): &&(&'s str, &'s str, &'s str, bool)| {
            known.split('.').next() == Some(group) && of.eq_ignore_ascii_case(kind)
        };
        let longer = own().find(of_kind).map(|(known, ..)| *known);
        longer.or_else(|| nearest(group, own().map(|(known, ..)| *known).filter(|known| !known.contains('.'))))
    }

    /// One sign that is wrong, or for Kubernetes' own several, in a group that has such a kind: many groups are near to each
    /// other (`rds.aws.upbound.io`, `rds.aws.m.upbound.io`), and right.
    fn by_typo(&self, group: &str, kind: &str) -> Option<&'s str> {
        let with_kind = || self.0.iter().filter(|(_, _, of, _)| of.eq_ignore_ascii_case(kind));
        let own =
            with_kind().filter(|(.., is_own)| *is_own).map(|(known, ..)| *known).filter(|known| known.contains('.'));
        let by_one = |known: &&str| strsim::damerau_levenshtein(group, known) == 1;
        nearest(group, own).or_else(|| with_kind().map(|(known, ..)| *known).find(by_one))
    }

    /// The version as it was written, if the kind is there in it.
    fn spelt(&self, group: &str, version: &str, kind: &str) -> String {
        let versions = self.0.iter().filter(|(known, _, of, _)| *known == group && of.eq_ignore_ascii_case(kind));
        let versions: Vec<&str> = versions.map(|(_, version, ..)| *version).collect();
        let version = if versions.contains(&version) { version } else { best(versions.into_iter()).unwrap_or(version) };
        join(group, version)
    }
}
