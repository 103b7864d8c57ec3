//! What can be claimed: the CompositeResourceDefinitions of the platform's repository and of the workspace's `schemas/`.
//! Claims, forms and `explain` read them here.

use std::path::Path;
use std::sync::OnceLock;

use serde_json::Value;

use crate::config::Config;
use crate::error::{Error, Result, nearest};
use crate::formats::form::{self, Form};
use crate::formats::schema::Schema;
use crate::formats::{definitions, yaml};
use crate::world::World;
use crate::world::forge::{Located, RepoId};

/// The repository in which the platform says what it offers.
const PLATFORM: &str = "platform-gitops";
/// Its folder of definitions.
const FOLDER: &str = "crossplane";
/// The folder of a workspace for definitions that no repository has.
const OWN: &str = "schemas";

/// One kind that can be claimed.
#[derive(Debug)]
pub struct Offer {
    /// What a claim of it asks for.
    pub form: Form,
    /// The file of its definition, as people find it: `acme/platform-gitops: crossplane/s3/definition.yaml`.
    pub file: String,
    forms: Vec<Form>,
    document: yaml::Document,
    schema: OnceLock<Schema>,
}

/// All kinds on offer, in the order of their files. Of two of one kind and group the first counts.
///
/// # Errors
/// Those of the forge, of YAML, and `idp::form::definition` with the place of a definition that can't be used.
pub async fn all(world: &World, config: &Config) -> Result<Vec<Offer>> {
    let platform = RepoId::new(world.forge.owner(), PLATFORM)?;
    let mut texts: Vec<(String, String)> = Vec::new();
    if world.forge.repository(&platform).await?.is_some() {
        // The interface reads a file and a folder; there is no such file.
        for Located { path, file, .. } in world.forge.located(&platform, ".claims", FOLDER).await? {
            if is_yaml(&path) {
                texts.push((format!("{platform}: {path}"), String::from_utf8_lossy(&file.bytes).into_owned()));
            }
        }
    }
    texts.extend(own(&config.root.join(OWN)));
    of_texts(texts)
}

/// What these files, each with its name, define.
pub(super) fn of_texts(texts: Vec<(String, String)>) -> Result<Vec<Offer>> {
    let mut documents = Vec::new();
    for (file, text) in texts {
        documents.extend(yaml::parse(&file, &text)?.into_iter().map(|document| (file.clone(), document)));
    }
    let values: Vec<Value> = documents.iter().map(|(_, document)| document.value.clone()).collect();
    let mut offers: Vec<Offer> = Vec::new();
    for (file, document) in documents.into_iter().filter(|(_, document)| form::is_definition(&document.value)) {
        let at = |error: Error| error.at(document.place(&[]));
        let forms = form::read(&document.value, &values).map_err(at)?;
        let Some(form) = form::preferred(&forms).cloned() else { continue };
        let known = |offer: &Offer| offer.form.kind == form.kind && offer.form.group == form.group;
        if !offers.iter().any(known) {
            offers.push(Offer { form, forms, file, document, schema: OnceLock::new() });
        }
    }
    Ok(offers)
}

/// The one that a word means: a kind, a plural, a short name, with or without the group.
///
/// # Errors
/// `idp::claim::unknown` with the nearest word; `idp::claim::ambiguous` for a word of several groups.
pub fn named(offers: Vec<Offer>, word: &str) -> Result<Offer> {
    let kinds: Vec<String> = offers.iter().map(|offer| offer.form.kind.clone()).collect();
    let words: Vec<String> =
        offers.iter().flat_map(|offer| [offer.form.kind.clone(), offer.form.word.clone()]).collect();
    let mut found: Vec<Offer> = offers.into_iter().filter(|offer| offer.form.answers_to(word)).collect();
    if found.len() > 1 {
        let groups: Vec<String> =
            found.iter().map(|offer| format!("{}.{}", offer.form.plural, offer.form.group)).collect();
        let error = Error::invalid("idp::claim::ambiguous", format!("`{word}` is of several groups"));
        return Err(error.help(format!("say which: {}", groups.join(", "))));
    }
    if let Some(offer) = found.pop() {
        return Ok(offer);
    }
    let error = Error::invalid("idp::claim::unknown", format!("the platform offers no `{word}`"));
    Err(match nearest(word, words.iter().map(String::as_str)) {
        Some(near) => error.help(format!("did you mean `{near}`? `idp-run explain claim` lists what is on offer")),
        None if kinds.is_empty() => {
            error.help(format!("definitions are looked for in {FOLDER}/ of {PLATFORM} and in {OWN}/ of the workspace"))
        }
        None => error.help(format!("on offer: {}", kinds.join(", "))),
    })
}

impl Offer {
    /// The forms of all versions that are served.
    pub fn forms(&self) -> &[Form] {
        &self.forms
    }

    /// The schema of the objects, as Crossplane gives it to the API server.
    pub fn schema(&self) -> Result<&Schema> {
        if let Some(schema) = self.schema.get() {
            return Ok(schema);
        }
        let kinds = definitions::read(&self.document)?;
        let definition = kinds.iter().find(|definition| definition.kind == self.form.kind);
        let version = definition.and_then(|definition| definition.version(&self.form.version)).ok_or_else(|| {
            let message = format!("{} defines no {} {}", self.file, self.form.kind, self.form.version);
            Error::invalid(form::DEFINITION, message)
        })?;
        let schema = Schema::parse(&version.schema).map_err(|error| error.at(self.document.place(&[])))?;
        Ok(self.schema.get_or_init(|| schema))
    }

    /// `spec` with the defaults of the definition.
    pub fn defaulted(&self, spec: Value) -> Result<Value> {
        let schema = serde_json::json!({ "type": "object", "properties": { "spec": self.form.spec } });
        let mut object = serde_json::json!({ "spec": spec });
        Schema::parse(&schema)?.default(&mut object);
        Ok(object["spec"].take())
    }
}

fn is_yaml(path: &str) -> bool {
    path.ends_with(".yaml") || path.ends_with(".yml")
}

/// The YAML files of the workspace's own folder, if it has one.
fn own(folder: &Path) -> Vec<(String, String)> {
    let mut files: Vec<_> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    let named = files.into_iter().filter_map(|path| {
        let name = path.file_name()?.to_str().filter(|name| is_yaml(name))?.to_string();
        Some((format!("{OWN}/{name}"), std::fs::read_to_string(&path).ok()?))
    });
    named.collect()
}
