//! Which objects are meant: kinds, names and namespaces as patterns, labels and annotations as kubectl's selectors.

use regex::Regex;
use serde::Deserialize;

use super::resource::{Id, Resource};
use crate::formats::pattern;

/// A selection as it is written.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub(super) struct Target {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) annotation_selector: String,
    pub(super) label_selector: String,
}

/// A selection that is ready to be used.
#[derive(Debug)]
pub(super) struct Selector {
    group: Option<Regex>,
    version: Option<Regex>,
    kind: Option<Regex>,
    name: Option<Regex>,
    namespace: Option<Regex>,
    annotations: Vec<Requirement>,
    labels: Vec<Requirement>,
}

impl Selector {
    /// Reads a selection.
    ///
    /// # Errors
    /// Patterns that Go doesn't read, and selectors that kubectl doesn't, in words.
    pub(super) fn new(target: &Target) -> Result<Selector, String> {
        let read = |field: &str, text: &str| {
            let whole = |text: &str| pattern_of(&format!("^(?:{text})$")).map_err(|why| format!("{field}: {why}"));
            if text.is_empty() { Ok(None) } else { whole(text).map(Some) }
        };
        Ok(Selector {
            group: read("group", &target.group)?,
            version: read("version", &target.version)?,
            kind: read("kind", &target.kind)?,
            name: read("name", &target.name)?,
            namespace: read("namespace", &target.namespace)?,
            annotations: requirements(&target.annotation_selector)?,
            labels: requirements(&target.label_selector)?,
        })
    }

    /// Whether a resource is selected, by its first or its present name.
    pub(super) fn selects(&self, resource: &Resource) -> bool {
        let (group, version) = resource.group_version();
        if !fits(&self.kind, resource.kind()) || !fits(&self.group, group) || !fits(&self.version, version) {
            return false;
        }
        let (first, now) = (resource.first_id(), resource.id());
        let place = fits(&self.namespace, &first.place) || fits(&self.namespace, &now.place);
        let name = fits(&self.name, &first.name) || fits(&self.name, &now.name);
        place && name && self.fits_metadata(resource)
    }

    /// Whether labels and annotations are selected.
    pub(super) fn fits_metadata(&self, resource: &Resource) -> bool {
        let holds = |requirements: &[Requirement], key: &str| {
            requirements.is_empty() || {
                let map: Vec<(&str, String)> = resource.metadata_map(key).collect();
                requirements.iter().all(|requirement| requirement.holds(&map))
            }
        };
        holds(&self.labels, "labels") && holds(&self.annotations, "annotations")
    }

    /// Whether it says something about labels or annotations.
    pub(super) fn has_metadata(&self) -> bool {
        !self.labels.is_empty() || !self.annotations.is_empty()
    }

    /// Whether it says something about kinds and names.
    pub(super) fn has_id(&self) -> bool {
        [&self.group, &self.version, &self.kind, &self.name, &self.namespace].iter().any(|part| part.is_some())
    }

    /// Whether an id is selected, its namespace as it is written.
    pub(super) fn fits_id(&self, id: &Id) -> bool {
        fits(&self.group, &id.group)
            && fits(&self.version, &id.version)
            && fits(&self.kind, &id.kind)
            && fits(&self.name, &id.name)
            && fits(&self.namespace, &id.namespace)
    }
}

/// A pattern of Go.
///
/// # Errors
/// What Go doesn't read.
pub(super) fn pattern_of(text: &str) -> Result<Regex, String> {
    let translated = pattern::translate(text)?;
    Regex::new(&translated).map_err(|_| format!("`{text}` is too large for a pattern"))
}

fn fits(pattern: &Option<Regex>, text: &str) -> bool {
    pattern.as_ref().is_none_or(|pattern| pattern.is_match(text))
}

/// One part of a label selector.
#[derive(Debug, Clone, PartialEq)]
enum Requirement {
    Has(String),
    HasNot(String),
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    More(String, i64),
    Less(String, i64),
}

impl Requirement {
    fn holds(&self, map: &[(&str, String)]) -> bool {
        let value = |key: &str| map.iter().find(|(name, _)| *name == key).map(|(_, value)| value);
        let number = |key: &str| value(key).and_then(|value| value.parse::<i64>().ok());
        match self {
            Requirement::Has(key) => value(key).is_some(),
            Requirement::HasNot(key) => value(key).is_none(),
            Requirement::In(key, values) => value(key).is_some_and(|value| values.contains(value)),
            Requirement::NotIn(key, values) => value(key).is_none_or(|value| !values.contains(value)),
            Requirement::More(key, than) => number(key).is_some_and(|number| number > *than),
            Requirement::Less(key, than) => number(key).is_some_and(|number| number < *than),
        }
    }
}

/// Reads `app=web,tier in (a, b),!old`.
fn requirements(text: &str) -> Result<Vec<Requirement>, String> {
    let mut parts = Vec::new();
    let (mut depth, mut from) = (0, 0);
    for (at, sign) in text.char_indices() {
        match sign {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    if !text.trim().is_empty() {
        parts.push(&text[from..]);
    }
    parts.into_iter().map(|part| requirement(part.trim()).ok_or_else(|| format!("`{text}` is no selector"))).collect()
}

fn requirement(part: &str) -> Option<Requirement> {
    let key = |text: &str| {
        let text = text.trim();
        let fits = |sign: char| sign.is_ascii_alphanumeric() || "-_./".contains(sign);
        (!text.is_empty() && text.chars().all(fits)).then(|| text.to_string())
    };
    if let Some(rest) = part.strip_prefix('!') {
        return Some(Requirement::HasNot(key(rest)?));
    }
    if let Some((head, list)) = part.strip_suffix(')').and_then(|rest| rest.split_once('(')) {
        let values = list.split(',').map(|value| value.trim().to_string()).collect();
        let (name, word) = head.trim().rsplit_once(char::is_whitespace)?;
        return match word {
            "in" => Some(Requirement::In(key(name)?, values)),
            "notin" => Some(Requirement::NotIn(key(name)?, values)),
            _ => None,
        };
    }
    let one = |value: &str| vec![value.trim().to_string()];
    if let Some((name, value)) = part.split_once("!=") {
        return Some(Requirement::NotIn(key(name)?, one(value)));
    }
    if let Some((name, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return Some(Requirement::In(key(name)?, one(value)));
    }
    if let Some((name, value)) = part.split_once('>') {
        return Some(Requirement::More(key(name)?, value.trim().parse().ok()?));
    }
    if let Some((name, value)) = part.split_once('<') {
        return Some(Requirement::Less(key(name)?, value.trim().parse().ok()?));
    }
    Some(Requirement::Has(key(part)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_read_as_kubectl_reads_them() {
        let map = [("app", "web".to_string()), ("tier", "3".to_string())];
        let holds = |text: &str| requirements(text).unwrap().iter().all(|requirement| requirement.holds(&map));
        for text in ["app=web", "app == web, tier", "app in (api, web),!old", "app!=api", "old notin (x)", "tier>2", ""]
        {
            assert!(holds(text), "{text}");
        }
        for text in ["app=api", "!app", "app notin (web)", "old", "tier<3"] {
            assert!(!holds(text), "{text}");
        }
        assert!(requirements("app of (web)").is_err() && requirements("a b").is_err());
    }
}
