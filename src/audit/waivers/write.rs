//! Writes a waiver into a file's text: behind what is there, or by changing the one that is about the same.

use serde_json::{Map, Value};

use super::read;
use crate::error::{Error, Place, Result};
use crate::formats::yaml::{self, Edit, Step};

/// A waiver to be written.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The id of a policy, or a glob.
    pub policy: String,
    /// `kind`, `namespace`, `name`, `file` and `path`, as far as they are given.
    pub object: Vec<(&'static str, String)>,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// Where it was agreed.
    pub ticket: Option<String>,
    /// The last day.
    pub expires: String,
}

impl Wanted {
    fn object(&self) -> Value {
        Value::Object(self.object.iter().map(|(key, text)| ((*key).to_owned(), text.as_str().into())).collect())
    }

    /// The fields that another waiver of the same may differ in.
    fn terms(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let ticket = self.ticket.as_deref().map(|ticket| ("ticket", ticket));
        let always = [("owner", self.owner.as_str()), ("reason", self.reason.as_str())];
        always.into_iter().chain(ticket).chain([("expires", self.expires.as_str())])
    }

    fn document(&self) -> Value {
        let mut map = Map::new();
        map.insert("policy".into(), self.policy.as_str().into());
        map.insert("objects".into(), Value::Array(vec![self.object()]));
        map.extend(self.terms().map(|(key, text)| (key.to_owned(), text.into())));
        Value::Object(map)
    }
}

/// The name of the file that the waivers of a policy go into: one a pack.
pub fn file_name(policy: &str) -> String {
    let pack = policy.split('/').next().unwrap_or(policy);
    let plain: String = pack.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
    format!("{}.yaml", if plain.is_empty() { "all" } else { &plain })
}

/// The text with the terms of the waiver that is about the same object and policy, if there is one: two of them would
/// be one too many.
///
/// # Errors
/// What can't be read or changed, with its place.
pub fn changed(file: &str, text: &str, wanted: &Wanted) -> Result<Option<String>> {
    let documents = yaml::parse(file, text)?;
    let same = |value: &Value| {
        value["policy"] == wanted.policy.as_str() && value["objects"] == Value::Array(vec![wanted.object()])
    };
    let Some(at) = documents.iter().position(|document| same(&document.value)) else { return Ok(None) };
    let differs = |(key, term): &(&str, &str)| documents[at].value[*key] != *term;
    let set = |(key, term): (&'static str, &str)| Edit::Set { path: vec![Step::from(key)], value: term.into() };
    let edits: Vec<Edit> = wanted.terms().filter(differs).map(set).collect();
    yaml::edit_all(file, text, at, &edits).map(Some)
}

/// The text with the waiver behind all that is there.
///
/// # Errors
/// `idp::waiver::invalid` where something can't follow; what can't be read, with its place.
pub fn appended(file: &str, text: &str, wanted: &Wanted) -> Result<String> {
    let before = yaml::parse(file, text)?;
    let document = wanted.document();
    let mut new = text.to_owned();
    if !new.is_empty() && !new.ends_with('\n') {
        new.push('\n');
    }
    if !before.is_empty() {
        new.push_str("---\n");
    }
    new.push_str(&yaml::render(&document));
    if text.contains("\r\n") {
        new = new.replace("\r\n", "\n").replace('\n', "\r\n");
    }
    let after: Vec<Value> = yaml::parse(file, &new)?.into_iter().map(|document| document.value).collect();
    let expected: Vec<Value> = before.into_iter().map(|document| document.value).chain([document]).collect();
    if after != expected {
        let error = Error::invalid(read::INVALID, "a waiver can't be written behind what is there");
        return Err(error.at(Place::file(file)).help("look at how the file ends"));
    }
    // What is wrong with it is wrong before it is written.
    read::waivers(file, &new)?;
    Ok(new)
}
