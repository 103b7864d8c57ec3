//! The ApplicationSets of a text, each with where it is written.

use std::sync::Arc;

use serde_json::Value;

use crate::error::{Place, Result};
use crate::formats::lists::{self, Part};
use crate::formats::objects;
use crate::formats::yaml::{self, Document, Step};

/// An ApplicationSet, and where it is.
#[derive(Debug, Clone)]
pub struct Set {
    /// The object.
    pub value: Value,
    document: Arc<Document>,
    path: Vec<Step>,
}

impl Set {
    /// Its name.
    pub fn name(&self) -> &str {
        self.value["metadata"]["name"].as_str().unwrap_or_default()
    }

    /// What tells it from others: namespace and name.
    pub fn key(&self) -> (String, String) {
        (self.value["metadata"]["namespace"].as_str().unwrap_or_default().to_owned(), self.name().to_owned())
    }

    /// Where it begins.
    pub fn place(&self) -> Place {
        self.document.place(&self.path)
    }

    /// Where a field is: `spec.generators[0].git`; where it isn't there, what is nearest.
    pub fn place_of(&self, field: &str) -> Place {
        let below = yaml::parse_path(field).unwrap_or_default();
        let whole: Vec<Step> = self.path.iter().cloned().chain(below).collect();
        self.document.key_place(&self.known(whole))
    }

    /// As much of a path as is there.
    fn known(&self, mut path: Vec<Step>) -> Vec<Step> {
        while !path.is_empty() && yaml::get(&self.document.value, &path).is_none() {
            path.pop();
        }
        path
    }
}

/// Whether a file may hold one at all, by its name and its text.
pub fn may_hold(path: &str, text: &str) -> bool {
    objects::may_hold(path) && text.contains("ApplicationSet")
}

/// The ApplicationSets of a text.
///
/// # Errors
/// `idp::yaml::...` for what can't be read.
pub fn of_text(file: &str, text: &str) -> Result<Vec<Set>> {
    let mut found = Vec::new();
    for document in yaml::parse(file, text)? {
        let document = Arc::new(document);
        let parts = lists::of(&document.value).objects;
        let own = parts.into_iter().filter(|part| is_set(&part.value));
        let set = |part: Part<'_>| Set { value: part.value.into_owned(), path: part.path, document: document.clone() };
        found.extend(own.map(set));
    }
    Ok(found)
}

fn is_set(value: &Value) -> bool {
    let group = value["apiVersion"].as_str().and_then(|version| version.split('/').next());
    value["kind"] == "ApplicationSet" && group == Some("argoproj.io")
}
