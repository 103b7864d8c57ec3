//! Saved plans: a document that holds what a run would change, and to what it is bound. Applying one runs the script
//! again under it (see [`guard`]); a plan is compared with the present world by [`compare`].

pub mod compare;
pub mod guard;
mod touches;
pub mod written;

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::change::Change;
use super::store;
use crate::error::{Error, Place, Result};
use crate::formats::digest::digest;
use crate::report::clean::{diff_of, rendered};
use crate::report::{Action, Diff, Redactor, RenderedSet};

/// The version of the document. It counts up when an older reader would be misled.
const FORMAT: u64 = 1;

/// The code of the error that says that a plan no longer fits the world.
pub const MOVED: &str = "idp::plan::moved";

/// A plan as it is saved.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedPlan {
    /// The version of the document.
    pub format: u64,
    /// The version of `idp-run` that wrote it.
    pub idp_run: String,
    /// When it was made, RFC 3339 in UTC.
    pub created: String,
    /// The run that it is a plan of.
    pub run: Run,
    /// The script's name, or its path from the workspace.
    pub script: String,
    /// Whether it brings up to date what was delivered before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub update: bool,
    /// Its parameters, defaults filled in.
    pub params: Map<String, Value>,
    /// The SHA-256 of every file that the plan depends on: script, modules, templates, `idp.yaml`.
    pub sources: BTreeMap<String, String>,
    /// The changes, in order.
    pub changes: Vec<Planned>,
    /// What the run would wait for.
    pub waits: Vec<Wait>,
    /// The results: name and value.
    pub outputs: Vec<(String, Value)>,
    /// What becomes of ApplicationSets: for people, nothing is bound to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub application_sets: Vec<RenderedSet>,
}

/// The run of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Its key.
    pub key: String,
    /// Its key's hash.
    pub hash: String,
    /// The digest of its input.
    pub input: String,
}

/// One change of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Planned {
    /// What it does to its target.
    pub action: Action,
    /// To what kind of object.
    pub kind: String,
    /// To which.
    pub target: String,
    /// The SHA-256 of `touches`.
    pub fingerprint: String,
    /// What it wants, and what it was planned upon.
    pub touches: Value,
    /// The difference that it makes, for people.
    pub diff: Diff,
}

/// What a plan would wait for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// In the run's words.
    #[serde(rename = "for")]
    pub what: String,
    /// How many changes come before it.
    pub after: usize,
}

impl Planned {
    /// What a plan says of a change.
    pub fn of(change: &Change) -> Planned {
        let touches = touches::touches(change);
        Planned {
            action: change.action(),
            kind: change.kind().to_string(),
            target: change.target(),
            fingerprint: touches::fingerprint(&touches),
            touches,
            diff: change.diff(),
        }
    }
}

/// The document as it is in the file: the plan, and a digest that tells whether it was changed since.
#[derive(Serialize)]
struct Sealed<'a> {
    #[serde(flatten)]
    plan: &'a SavedPlan,
    digest: String,
}

impl SavedPlan {
    /// The version of documents that are written.
    pub fn format() -> u64 {
        FORMAT
    }

    /// What names the plan: the SHA-256 of its document.
    pub fn digest(&self) -> Result<String> {
        let value = serde_json::to_value(self).map_err(|error| Error::failed("idp::plan", error.to_string()))?;
        Ok(digest(value.to_string().as_bytes()))
    }

    /// Hides what a redactor knows where a plan only tells of it: in differences, outputs and waits.
    ///
    /// Errors: `idp::plan::secret` if it stands in what the plan is applied by.
    pub fn hide(&mut self, redactor: &Redactor) -> Result<()> {
        for change in &mut self.changes {
            change.diff = diff_of(std::mem::take(&mut change.diff), redactor);
        }
        for set in &mut self.application_sets {
            *set = rendered(std::mem::take(set), redactor);
        }
        self.waits.iter_mut().for_each(|wait| redactor.clean_in(&mut wait.what));
        for (name, value) in &mut self.outputs {
            redactor.clean_in(name);
            redactor.clean_json(value);
        }
        let params = Value::Object(self.params.clone());
        let mut parts = self.changes.iter().map(|change| (change.target.as_str(), &change.touches));
        let holds = |value: &Value| redactor.find(value.to_string().as_bytes()).is_some();
        let what = match parts.find(|(_, touches)| holds(touches)) {
            _ if holds(&params) => "its parameters".to_string(),
            Some((target, _)) => format!("what it changes of {}", redactor.clean(target)),
            None => return Ok(()),
        };
        Err(Error::failed("idp::plan::secret", format!("the plan can't be saved: {what} would hold a secret"))
            .help("give the script the secret's name, and let it call `secret`"))
    }

    /// Writes it whole or not at all, readable by its owner alone: it holds parameters and contents of files.
    pub fn save(&self, path: &Path) -> Result<()> {
        let sealed = Sealed { plan: self, digest: self.digest()? };
        let mut text = serde_json::to_vec_pretty(&sealed)
            .map_err(|error| Error::failed("idp::plan", format!("can't write the plan: {error}")))?;
        text.push(b'\n');
        store::replace_private(path, &text)
    }

    /// Whether a file may give way to a plan: one that is empty, or a plan itself, of whatever version.
    pub fn may_replace(path: &Path) -> bool {
        let Ok(metadata) = path.metadata() else { return false };
        let plan = |bytes: Vec<u8>| {
            let value: Value = serde_json::from_slice(&bytes).unwrap_or_default();
            value.get("format").is_some_and(Value::is_u64) && value.get("digest").is_some_and(Value::is_string)
        };
        metadata.is_file() && (metadata.len() == 0 || std::fs::read(path).is_ok_and(plan))
    }

    /// Reads a saved plan.
    ///
    /// Errors: `idp::plan::file` for what is none, `idp::plan::version` for one of a newer `idp-run`,
    /// `idp::plan::edited` for one that was changed since it was made.
    pub fn read(path: &Path) -> Result<SavedPlan> {
        let shown = path.display().to_string();
        let again = "make it anew: `idp-run SCRIPT ... --plan --out FILE`";
        let broken = |message: String, place: Place| Error::invalid("idp::plan::file", message).at(place).help(again);
        // A pipe would be waited for.
        if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
            return Err(broken(format!("{shown} is not a regular file"), Place::file(&shown)));
        }
        let bytes = std::fs::read(path)
            .map_err(|error| broken(format!("can't read the plan {shown}: {error}"), Place::file(&shown)))?;
        let mut value: Value = serde_json::from_slice(&bytes).map_err(|error| {
            let place = Place::at(&shown, error.line(), error.column());
            broken(format!("{shown} is no saved plan: {error}"), place)
        })?;
        let Some(format) = value.get("format").and_then(Value::as_u64) else {
            let message = format!("{shown} is no saved plan: it has no number `format`");
            return Err(broken(message, Place::file(&shown)));
        };
        if format != FORMAT {
            let message = format!("{shown} has format {format}; this idp-run knows {FORMAT}");
            let help = "apply it with the idp-run that made it, or plan again with this one";
            return Err(Error::invalid("idp::plan::version", message).at(Place::file(&shown)).help(help));
        }
        let sealed = value.as_object_mut().and_then(|fields| fields.shift_remove("digest"));
        let is = digest(value.to_string().as_bytes());
        let plan: SavedPlan = serde_json::from_value(value)
            .map_err(|error| broken(format!("{shown} is no saved plan: {error}"), Place::file(&shown)))?;
        if sealed.as_ref().and_then(Value::as_str) != Some(&is) {
            let message = format!("{shown} was changed after it was made");
            let help = format!("a plan is applied as it was shown, or not at all; {again}");
            return Err(Error::invalid("idp::plan::edited", message).at(Place::file(&shown)).help(help));
        }
        Ok(plan)
    }
}
