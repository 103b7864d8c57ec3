//! What can be claimed: the CompositeResourceDefinitions among the definitions of a workspace, with their forms. Claims,
//! forms and `explain` ask for them.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde_json::Value;

use crate::error::{Error, Result, nearest};
use crate::formats::form::{self, Form};
use crate::formats::schema::Schema;
use crate::formats::{definitions, yaml};

/// One kind that can be claimed.
#[derive(Debug)]
pub struct Offer {
    /// What a claim of it asks for.
    pub form: Form,
    /// The file of its definition, as people find it: `acme/platform-gitops:crossplane/s3/definition.yaml`.
    pub file: String,
    forms: Vec<Form>,
    document: yaml::Document,
    schema: OnceLock<Schema>,
    refused: OnceLock<Option<Error>>,
}

/// The same as [`of_texts`] of the same files, read once: tests of scripts have a world each, and all of them offer the same.
///
/// # Errors
/// Those of [`of_texts`].
pub fn of_same_texts(texts: Vec<(String, String)>) -> Result<Arc<Vec<Arc<Offer>>>> {
    type Kept = (Vec<(String, String)>, Arc<Vec<Arc<Offer>>>);
    /// More worlds than that are hardly told apart by the tests of one workspace.
    const MOST: usize = 4;
    static KEPT: Mutex<Vec<Kept>> = Mutex::new(Vec::new());
    let kept = || KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, offers)) = kept().iter().find(|(known, _)| *known == texts) {
        return Ok(offers.clone());
    }
    let offers = Arc::new(of_texts(texts.clone())?);
    let mut kept = kept();
    if kept.len() == MOST {
        kept.remove(0);
    }
    kept.push((texts, offers.clone()));
    Ok(offers)
}

/// What these files, each with its name, define. Of two of one kind and group the first counts.
///
/// # Errors
/// Those of YAML, and with the place in a definition that can't be used `idp::schema::definition` or `idp::form::definition`.
pub fn of_texts(texts: Vec<(String, String)>) -> Result<Vec<Arc<Offer>>> {
    let mut documents = Vec::new();
    for (file, text) in texts {
        documents.extend(yaml::parse(&file, &text)?.into_iter().map(|document| (file.clone(), document)));
    }
    let values: Vec<Value> = documents.iter().map(|(_, document)| document.value.clone()).collect();
    let mut offers: Vec<Arc<Offer>> = Vec::new();
    for (file, document) in documents.into_iter().filter(|(_, document)| form::is_definition(&document.value)) {
        let why = |error: Error| refused(&document).unwrap_or_else(|| error.at(document.place(&[])));
        let forms = form::read(&document.value, &values).map_err(why)?;
        let Some(form) = form::preferred(&forms).cloned() else { continue };
        let known = |offer: &Arc<Offer>| offer.form.kind == form.kind && offer.form.group == form.group;
        if !offers.iter().any(known) {
            let (schema, refused) = (OnceLock::new(), OnceLock::new());
            offers.push(Arc::new(Offer { form, forms, file, document, schema, refused }));
        }
    }
    Ok(offers)
}

/// What an API server refuses a definition for, with the place of the first mistake; nothing for one that it takes.
pub fn refused(document: &yaml::Document) -> Option<Error> {
    /// As many mistakes as one error names.
    const NAMED: usize = 8;
    let found = definitions::faults(&document.value);
    let first = found.first()?;
    let place = document.place(&first.path);
    let mut lines: Vec<String> = found.iter().take(NAMED).map(ToString::to_string).collect();
    if found.len() > NAMED {
        lines.push(format!("and {} more", found.len() - NAMED));
    }
    let message = format!("an API server refuses the definition in {place}: {}", lines.join("\n"));
    let help =
        first.help.clone().unwrap_or_else(|| "mend the field; `idp-run audit FILE` shows each in its line".into());
    Some(Error::invalid("idp::schema::definition", message).at(place).help(help))
}

/// The one that a word means: a kind, a plural, a short name, with or without the group.
///
/// # Errors
/// `idp::schema::definition` for one whose definition an API server refuses; `idp::claim::unknown` with the nearest word; `idp::claim::ambiguous` for a word of several groups.
pub fn named(offers: &[Arc<Offer>], word: &str) -> Result<Arc<Offer>> {
    let kinds: Vec<String> = offers.iter().map(|offer| offer.form.kind.clone()).collect();
    let words: Vec<String> =
        offers.iter().flat_map(|offer| [offer.form.kind.clone(), offer.form.word.clone()]).collect();
    let mut found: Vec<&Arc<Offer>> = offers.iter().filter(|offer| offer.form.answers_to(word)).collect();
    if found.len() > 1 {
        let groups: Vec<String> =
            found.iter().map(|offer| format!("{}.{}", offer.form.plural, offer.form.group)).collect();
        let error = Error::invalid("idp::claim::ambiguous", format!("`{word}` is of several groups"));
        return Err(error.help(format!("say which: {}", groups.join(", "))));
    }
    if let Some(offer) = found.pop() {
        return offer.refused().map_or_else(|| Ok(offer.clone()), |error| Err(error.clone()));
    }
    let error = Error::invalid("idp::claim::unknown", format!("the platform offers no `{word}`"));
    Err(match nearest(word, words.iter().map(String::as_str)) {
        Some(near) => error.help(format!("did you mean `{near}`? `idp-run explain claim` lists what is on offer")),
        None if kinds.is_empty() => {
            error.help("definitions are looked for in schemas/ of the workspace, and where `schemas` in idp.yaml says")
        }
        None => error.help(format!("on offer: {}", kinds.join(", "))),
    })
}

impl Offer {
    /// The forms of all versions that are served.
    pub fn forms(&self) -> &[Form] {
        &self.forms
    }

    /// What an API server refuses the definition for.
    pub fn refused(&self) -> Option<&Error> {
        self.refused.get_or_init(|| refused(&self.document)).as_ref()
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
