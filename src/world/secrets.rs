//! Secrets: values that scripts name and never hold. They come from the environment or from files, are read where a
//! request needs them, and are hidden in all that is said and refused in all that is written.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::World;
use super::change::Change;
use super::review::Reviewer;
use crate::config::{Config, HeaderText, SecretSource};
use crate::error::{Error, Place, Result};
use crate::report::redact::{self, Guarded};
use crate::report::{Finding, Redactor, Severity, Sink};

/// The folder with a file for each secret.
pub const FOLDER: &str = "IDP_SECRETS_DIR";

/// The longest secret, in bytes: keys and certificates are far below.
const LONGEST: u64 = 64 << 10;

/// The secrets of a workspace. Clones are the same.
#[derive(Clone, Default)]
pub struct Secrets(Arc<Known>);

#[derive(Default)]
struct Known {
    declared: BTreeMap<String, SecretSource>,
    folder: Option<PathBuf>,
    redactor: Redactor,
}

impl Secrets {
    /// Those that `idp.yaml` declares and the others that can be named.
    pub fn of(config: &Config) -> Secrets {
        let folder = std::env::var_os(FOLDER).filter(|folder| !folder.is_empty()).map(PathBuf::from);
        let (declared, redactor) = (config.secrets.clone(), config.redactor.clone());
        Secrets(Arc::new(Known { declared, folder, redactor }))
    }

    /// From now on the secret of that name is hidden, if there is one.
    pub fn hide(&self, name: &str) {
        if let Ok(Some(value)) = self.read(name) {
            self.0.redactor.learn(&value);
        }
    }

    /// The value. Only what sends it away asks for it.
    ///
    /// Errors: `idp::secret::missing`; `idp::secret::short`, since it couldn't be hidden; a file that can't be read.
    pub fn value(&self, name: &str) -> Result<String> {
        let Some(value) = self.read(name)? else {
            return Err(
                Error::failed("idp::secret::missing", format!("there is no secret `{name}`")).help(self.how(name))
            );
        };
        if value.trim().len() < redact::SHORTEST {
            let message = format!("the secret `{name}` has fewer than {} characters", redact::SHORTEST);
            return Err(Error::failed("idp::secret::short", message)
                .help("so short a text can't be told from others, and so not be hidden: use a longer one"));
        }
        self.0.redactor.learn(&value);
        Ok(value)
    }

    /// Where the value comes from, in words.
    pub fn origin(&self, name: &str) -> String {
        match self.0.declared.get(name) {
            Some(SecretSource::Env(variable)) => format!("there, in the environment variable {variable}"),
            Some(SecretSource::File(path)) => format!("there, in the file {}", path.display()),
            None => format!("there, in a file of {FOLDER} or in the environment"),
        }
    }

    /// How the secret is given.
    fn how(&self, name: &str) -> String {
        match self.0.declared.get(name) {
            Some(SecretSource::Env(variable)) => format!("set the environment variable {variable}, as idp.yaml says"),
            Some(SecretSource::File(path)) => format!("write it to the file {}, as idp.yaml says", path.display()),
            None => format!(
                "set the environment variable {name}, write it to a file {name} in the folder that {FOLDER} names, or \
                 declare it under `secrets` in idp.yaml"
            ),
        }
    }

    fn read(&self, name: &str) -> Result<Option<String>> {
        check_name(name)?;
        match self.0.declared.get(name) {
            Some(SecretSource::Env(variable)) => variable_of(variable),
            Some(SecretSource::File(path)) => file(name, path),
            None => {
                let in_folder = self.0.folder.as_ref().map(|folder| file(name, &folder.join(name))).transpose()?;
                match in_folder.flatten() {
                    Some(value) => Ok(Some(value)),
                    None => variable_of(name),
                }
            }
        }
    }
}

/// A sink that hides the secrets of a workspace: those that it declares from the first word, the others from where a
/// script names them.
pub fn guarded(config: &Config, sink: Arc<dyn Sink>) -> Arc<dyn Sink> {
    let secrets = Secrets::of(config);
    let headers = config.http.values().flat_map(|service| service.headers.values());
    for name in config.secrets.keys().map(String::as_str).chain(headers.filter_map(HeaderText::secret)) {
        secrets.hide(name);
    }
    Arc::new(Guarded::over(sink, config.redactor.clone()))
}

/// A name is that of a file and of a variable.
///
/// Errors: `idp::secret::name`.
pub fn check_name(name: &str) -> Result<()> {
    let fine = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
    if fine && !name.is_empty() && name.len() <= 128 && !name.starts_with('.') {
        return Ok(());
    }
    let message = format!("`{}` can't be the name of a secret", name.escape_debug());
    Err(Error::invalid("idp::secret::name", message).help("use letters, digits and `_`, such as SLACK_TOKEN"))
}

fn variable_of(name: &str) -> Result<Option<String>> {
    match std::env::var(name) {
        Ok(value) if !value.is_empty() => Ok(Some(value)),
        Ok(_) | Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => {
            Err(Error::failed("idp::secret::encoding", format!("the environment variable {name} is not UTF-8")))
        }
    }
}

fn file(name: &str, path: &std::path::Path) -> Result<Option<String>> {
    // A pipe or a device would never end.
    let Ok(found) = std::fs::metadata(path) else { return Ok(None) };
    if !found.is_file() || found.len() > LONGEST {
        let message = format!("{} is not the file of a secret: at most {LONGEST} bytes of text", path.display());
        return Err(Error::failed("idp::secret::file", message));
    }
    let bytes = std::fs::read(path).map_err(crate::error::io("read the secret", path))?;
    match String::from_utf8(bytes) {
        // Editors end files with a newline that is no part of the secret.
        Ok(text) => Ok(Some(text.trim_end_matches(['\r', '\n']).to_string()).filter(|text| !text.is_empty())),
        Err(_) => Err(Error::failed("idp::secret::encoding", format!("the secret `{name}` is not UTF-8"))),
    }
}

/// Refuses changes that would write a secret where people read: files, messages, texts of pull requests, manifests.
pub struct NoSecrets(pub Redactor);

#[async_trait]
impl Reviewer for NoSecrets {
    async fn review(&self, change: &Change, _: &World) -> Vec<Finding> {
        if self.0.knows_nothing() {
            return Vec::new();
        }
        let mut findings = Vec::new();
        let target = change.repo().map_or_else(|| change.target(), ToString::to_string);
        for file in change.files() {
            let found = file.after.as_ref().and_then(|after| Some((self.0.find(&after.bytes)?, after)));
            if let Some((at, after)) = found {
                let line = after.bytes[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
                let place = Place::at(format!("{target}:{}", file.path), line, 0);
                findings.push(refusal(place, "the file holds a secret".into()));
            }
        }
        // What a change says beside its files. `before` is what is there already, and may be on its way out.
        let mut fields = serde_json::to_value(without_contents(change)).unwrap_or_default();
        if let Value::Object(fields) = &mut fields {
            fields.remove("before");
        }
        let mut found = Vec::new();
        self.walk(&fields, "", &mut found);
        let place = Place::file(self.0.clean(&target));
        let kind = change.kind().replace('_', " ");
        findings.extend(found.into_iter().map(|field| {
            refusal(place.clone(), format!("the field `{}` of the {kind} holds a secret", self.0.clean(&field)))
        }));
        findings
    }
}

/// The change without what its files hold: those are looked at as bytes.
fn without_contents(change: &Change) -> Change {
    let mut change = change.clone();
    let files = match &mut change {
        Change::Commit { files, .. } => files,
        Change::OpenPullRequest { commit, .. } | Change::UpdatePullRequest { commit: Some(commit), .. } => {
            &mut commit.files
        }
        _ => return change,
    };
    for file in files {
        (file.before, file.after) = (None, None);
    }
    change
}

impl NoSecrets {
    /// The paths of fields that hold a secret, in their values or in their names.
    fn walk(&self, value: &Value, path: &str, found: &mut Vec<String>) {
        let hidden = |text: &str| self.0.find(text.as_bytes()).is_some();
        match value {
            Value::String(text) if hidden(text) => found.push(path.to_string()),
            Value::Array(list) => list.iter().for_each(|item| self.walk(item, path, found)),
            Value::Object(map) => {
                for (key, item) in map {
                    let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    if hidden(key) {
                        found.push(below.clone());
                    }
                    self.walk(item, &below, found);
                }
            }
            _ => {}
        }
    }
}

fn refusal(place: Place, message: String) -> Finding {
    let help = "name the secret where it is needed, and let the cluster or the pipeline read its value";
    Finding { policy: "secret".into(), severity: Severity::Critical, place, message, help: Some(help.into()) }
}
