//! Versions: `semver`.
//! As k8s.io/apiserver v0.36, pkg/cel/library/semverlib.go, which reads as github.com/blang/semver does.

use std::cmp::Ordering;

use super::super::tree::Native;
use super::super::value::{Outcome, Trouble, Value, error, no_overload};

/// A semantic version. Build metadata is read and plays no part.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Version {
    numbers: [u64; 3],
    pre: Vec<Identifier>,
}

#[derive(Debug, Clone, PartialEq)]
enum Identifier {
    Number(u64),
    Word(String),
}

impl Version {
    fn read(text: &str) -> Result<Version, String> {
        if text.is_empty() {
            return Err("Version string empty".to_owned());
        }
        let mut parts = text.splitn(3, '.');
        let (Some(major), Some(minor), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
            return Err("No Major.Minor.Patch elements found".to_owned());
        };
        let (rest, build) = rest.split_once('+').map_or((rest, None), |(rest, build)| (rest, Some(build)));
        let (patch, pre) = rest.split_once('-').map_or((rest, None), |(patch, pre)| (patch, Some(pre)));
        let number = |name: &str, text: &str| {
            if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
                return Err(format!("Invalid character(s) found in {name} number {text:?}"));
            }
            if text.len() > 1 && text.starts_with('0') {
                return Err(format!("{name} number must not contain leading zeroes {text:?}"));
            }
            text.parse::<u64>().map_err(|error| error.to_string())
        };
        let numbers = [number("major", major)?, number("minor", minor)?, number("patch", patch)?];
        let fits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let mut identifiers = Vec::new();
        for part in pre.map(|pre| pre.split('.')).into_iter().flatten() {
            if !fits(part) {
                return Err(format!("Invalid character(s) found in prerelease {part:?}"));
            }
            identifiers.push(match part.bytes().all(|b| b.is_ascii_digit()) {
                true if part.len() > 1 && part.starts_with('0') => {
                    return Err(format!("Numeric PreRelease version must not contain leading zeroes {part:?}"));
                }
                true => Identifier::Number(part.parse().map_err(|_| "the number is too large".to_owned())?),
                false => Identifier::Word(part.to_owned()),
            });
        }
        for part in build.map(|build| build.split('.')).into_iter().flatten() {
            if !fits(part) {
                return Err(format!("Invalid character(s) found in build meta data {part:?}"));
            }
        }
        Ok(Version { numbers, pre: identifiers })
    }

    /// With the leading `v`, missing parts and leading zeros that a lenient reading allows.
    fn read_leniently(text: &str) -> Result<Version, String> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let mut parts: Vec<String> = text.splitn(3, '.').map(str::to_owned).collect();
        for part in &mut parts {
            if part.len() > 1 {
                let trimmed = part.trim_start_matches('0');
                *part = match trimmed.starts_with(|c: char| c.is_ascii_digit()) {
                    true => trimmed.to_owned(),
                    false => format!("0{trimmed}"),
                };
            }
        }
        if parts.len() < 3 {
            if parts.last().is_some_and(|last| last.contains(['+', '-'])) {
                return Err("short version cannot contain PreRelease/Build meta data".to_owned());
            }
            parts.resize(3, "0".to_owned());
        }
        Version::read(&parts.join("."))
    }

    /// The order of semantic versions: one with a pre-release comes before the one without.
    pub(in super::super) fn compare(&self, other: &Version) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| match (self.pre.is_empty(), other.pre.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => {
                for (a, b) in self.pre.iter().zip(&other.pre) {
                    let order = match (a, b) {
                        (Identifier::Number(a), Identifier::Number(b)) => a.cmp(b),
                        (Identifier::Number(_), Identifier::Word(_)) => Ordering::Less,
                        (Identifier::Word(_), Identifier::Number(_)) => Ordering::Greater,
                        (Identifier::Word(a), Identifier::Word(b)) => a.cmp(b),
                    };
                    if order.is_ne() {
                        return order;
                    }
                }
                self.pre.len().cmp(&other.pre.len())
            }
        })
    }
}

pub(super) fn find(name: &str) -> Option<Native> {
    Some(match name {
        "semver" => |args| Ok(Value::Version(read(args)?.into())),
        "isSemver" => |args| match read(args) {
            Ok(_) => Ok(Value::Bool(true)),
            Err(Trouble::Error(message)) if message != "no such overload" => Ok(Value::Bool(false)),
            Err(trouble) => Err(trouble),
        },
        "major" => |args| number(args, 0),
        "minor" => |args| number(args, 1),
        "patch" => |args| number(args, 2),
        _ => return None,
    })
}

fn read(args: &[Value]) -> Result<Version, Trouble> {
    let version = match args {
        [Value::Text(text)] | [Value::Text(text), Value::Bool(false)] => Version::read(text),
        [Value::Text(text), Value::Bool(true)] => Version::read_leniently(text),
        _ => return Err(no_overload()),
    };
    version.map_err(error)
}

fn number<'a>(args: &[Value<'a>], which: usize) -> Outcome<'a> {
    match args {
        [Value::Version(version)] => Ok(Value::Int(version.numbers.get(which).copied().unwrap_or_default() as i64)),
        _ => Err(no_overload()),
    }
}
