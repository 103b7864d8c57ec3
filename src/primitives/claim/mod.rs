//! Claims: what a team asks the platform for, checked against the definition of its kind while it is put together.

pub mod api;
mod change;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::error::{Error, Result, nearest};
use crate::formats::definitions;
use crate::formats::form::{Field, Makes, Shape};
use crate::formats::schema::{How, Names, Violation};
use crate::formats::yaml::{self, Path, Step};
use crate::primitives::options::{CallOptions, OptionSpec, Takes};
use crate::primitives::param::{Kind, Param, REFUSED};
use crate::schemas::offers::Offer;
pub use change::refuse_change;

/// The code of every error that says that the platform wouldn't take a claim.
pub const REJECTED: &str = "idp::claim::rejected";
/// As many mistakes as one error names.
const NAMED: usize = 8;
/// The field of Crossplane's that chooses a composition.
const SELECTOR: &str = "compositionSelector";
/// The field of Crossplane's that says where the connection goes.
const SECRET: &str = "writeConnectionSecretToRef";
/// The label by which it chooses, and the parameter that says so.
const PROVIDER: &str = "provider";

/// A claim in the making. Cheap to clone; setting makes a new one.
#[derive(Debug, Clone)]
pub struct Claim {
    /// What it is a claim of.
    pub offer: Arc<Offer>,
    spec: Value,
    /// The part of it that is there already, as `spec` of an object of its kind says it.
    present: Arc<Value>,
    /// Names that belong to others: fields of these names are called another way.
    avoided: Arc<Vec<String>>,
    provider: Option<String>,
    /// Whether its values are those of a script's parameters: what is wrong with one is the parameter's fault.
    asked: bool,
}

/// What a claim is called, and what it carries beside its fields.
#[derive(Debug, Clone, Default)]
pub struct Wrapping {
    /// Its namespace.
    pub namespace: Option<String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// The name of its connection secret.
    pub secret: Option<String>,
}

/// The options of `claim.manifest(name, options)`.
pub const MANIFEST: CallOptions = CallOptions {
    function: "manifest",
    on: "Claim",
    arguments: 2,
    known: &[
        OptionSpec::new("annotations", Takes::TextMap, "its annotations"),
        OptionSpec::new("labels", Takes::TextMap, "its labels"),
        OptionSpec::new("namespace", Takes::Text, "its namespace"),
        OptionSpec::new("secret", Takes::Text, "the name of the connection secret that is written beside it"),
    ],
    open: false,
};

impl Claim {
    /// A claim of which nothing is said yet.
    pub fn of(offer: Arc<Offer>) -> Claim {
        Claim { offer, spec: json!({}), present: Arc::default(), avoided: Arc::default(), provider: None, asked: false }
    }

    /// The same with names that its fields must not have.
    #[must_use]
    pub fn avoiding(self, names: Vec<String>) -> Claim {
        Claim { avoided: Arc::new(names), ..self }
    }

    /// What a field is called where names are avoided: `specName` for `name`.
    fn name_of(&self, field: &Field) -> String {
        if !self.avoided.contains(&field.name) {
            return field.name.clone();
        }
        let mut letters = field.name.chars();
        let head: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
        format!("spec{head}{}", letters.as_str())
    }

    /// The field of a name, or of a path such as `spec.parameters.storageGB`.
    fn field(&self, name: &str) -> Result<&Field> {
        let form = &self.offer.form;
        let path: Vec<&str> = name.trim_start_matches("spec.").split('.').collect();
        let found = form.fields.iter().find(|field| self.name_of(field) == name || field.path == path);
        found.ok_or_else(|| {
            let names: Vec<String> = form.fields.iter().map(|field| self.name_of(field)).collect();
            let error = Error::invalid(REJECTED, format!("{} has no field `{name}`", form.kind));
            match path.as_slice() {
                [SECRET, "namespace"] if form.makes == Makes::Claim => return error.help(definitions::BESIDE_CLAIMS),
                [SECRET, ..] => {
                    return error.help("`claim.manifest(name, #{ secret: NAME })` says where the connection goes");
                }
                _ => {}
            }
            match nearest(name, names.iter().map(String::as_str)) {
                Some(near) => error.help(format!("did you mean `{near}`? {}", self.next())),
                None => error.help(format!("it has {}; {}", names.join(", "), self.next())),
            }
        })
    }

    /// Where the reader finds out what may be asked for.
    fn next(&self) -> String {
        format!("`idp-run form {}` shows its fields", self.offer.form.word)
    }

    /// The same with a field set.
    pub fn set(&self, name: &str, value: Value) -> Result<Claim> {
        let field = self.field(name)?;
        let mut spec = self.spec.clone();
        put(&mut spec, &field.path, value);
        let claim = Claim { spec, ..self.clone() };
        claim.refuse_wrong(field)?;
        Ok(claim)
    }

    /// Ends in an error if a field by itself is wrong.
    fn refuse_wrong(&self, field: &Field) -> Result<()> {
        let schema = self.offer.schema()?;
        let path = steps(&field.path);
        let object = json!({ "spec": self.spec });
        let how = How { partial: true, rules: false };
        let mut found = schema.unknown(&object);
        found.extend(schema.validate(&object, None, how));
        found.retain(|violation| violation.path.starts_with(&path));
        self.refuse(found)
    }

    fn known_providers(&self) -> Vec<&str> {
        self.offer.form.providers.iter().map(|(provider, _)| provider.as_str()).collect()
    }

    fn refuse(&self, mut found: Vec<Violation>) -> Result<()> {
        for violation in found.iter_mut().filter(|_| self.offer.form.makes == Makes::Claim) {
            violation.help = violation.help.take().or_else(|| definitions::said_of_claims(violation));
        }
        if let Some(error) = found.first().and_then(|violation| self.of_parameter(violation)) {
            return Err(error);
        }
        // Values of parameters that are wrong together are nobody's mistake in a script.
        let code = if self.asked { REFUSED } else { REJECTED };
        match rejected(code, &self.offer.form.kind, &found) {
            None => Ok(()),
            Some((error, help)) => Err(error.help(match help {
                Some(help) => format!("{help}; {}", self.next()),
                None => self.next(),
            })),
        }
    }

    /// What is wrong with the value of a parameter, where it was one that said so.
    fn of_parameter(&self, violation: &Violation) -> Option<Error> {
        let is_at = |path: &[Step]| violation.path.starts_with(path);
        let field = self.offer.form.fields.iter().find(|field| is_at(&steps(&field.path)));
        let name = match field {
            Some(field) => self.name_of(field),
            None if is_at(&steps(&self.selector())) => PROVIDER.to_string(),
            None => return None,
        };
        let (kind, why) = (&self.offer.form.kind, &violation.message);
        let error = Error::invalid(REFUSED, format!("the parameter `{name}` isn't what {kind} takes: {why}"));
        // Forms show fields, and where it runs is none.
        let next = match field {
            Some(_) => self.next(),
            None => format!("{kind} runs on {}", self.known_providers().join(", ")),
        };
        let help = violation.help.clone().map_or(next.clone(), |help| format!("{help}; {next}"));
        self.asked.then(|| error.help(help))
    }

    /// The same with all values of a map that are fields of it; others are left alone, and so are values that are missing, and
    /// those that are there already: what is wrong with one of them by now is nobody's mistake in this map.
    /// Values of fields that are neither texts nor numbers nor lists of texts may be given as a text of YAML.
    pub fn answered(&self, values: &Map<String, Value>) -> Result<Claim> {
        let mut claim = Claim { asked: true, ..self.clone() };
        let form = &self.offer.form;
        for field in &form.fields {
            let name = self.name_of(field);
            let Some(value) = values.get(&name).filter(|value| !value.is_null()) else { continue };
            let present = at(&self.present, &field.path);
            if present == Some(value) {
                continue;
            }
            let value = match (field.shape, value) {
                (Shape::Data, Value::String(text)) => self.data(&name, text)?,
                (Shape::NumberOrText, Value::String(text)) => {
                    text.parse::<i64>().map_or_else(|_| value.clone(), Value::from)
                }
                _ => value.clone(),
            };
            if present == Some(&value) {
                continue;
            }
            claim = claim.set(&name, value)?;
        }
        Ok(claim)
    }

    /// The value of a field that is neither a text nor a number nor a list of texts, given as a text.
    fn data(&self, name: &str, text: &str) -> Result<Value> {
        match yaml::parse(name, text) {
            Ok(documents) => Ok(documents.into_iter().next().map(|document| document.value).unwrap_or_default()),
            Err(error) => {
                let message = format!("the parameter `{name}` isn't JSON or YAML: {}", error.message());
                Err(Error::invalid(REFUSED, message).help(self.next()))
            }
        }
    }

    /// The same with what the platform gives where nobody says, in general or in production; what is set stays.
    pub fn usual(&self, production: bool) -> Result<Claim> {
        let mut spec = Value::Object(self.offer.form.usual(production)?);
        merge(&mut spec, &self.spec);
        Ok(Claim { spec, ..self.clone() })
    }

    /// The same with the fields of an object of its kind.
    #[must_use]
    pub fn like(&self, object: &Value) -> Claim {
        let mut spec = json!({});
        for field in &self.offer.form.fields {
            if let Some(value) = yaml::get(object, &steps(&field.path)) {
                put(&mut spec, &field.path, value.clone());
            }
        }
        let chosen = yaml::get(object, &steps(&self.label())).and_then(Value::as_str).map(str::to_string);
        let present = Arc::new(spec.clone());
        Claim { spec, present, provider: chosen.or(self.provider.clone()), ..self.clone() }
    }

    /// Where an object says on which composition it runs, below `spec`.
    fn selector(&self) -> Vec<String> {
        let path: &[&str] = if self.offer.form.makes.nested() { &["crossplane", SELECTOR] } else { &[SELECTOR] };
        path.iter().map(ToString::to_string).collect()
    }

    /// The label of it that says the provider.
    fn label(&self) -> Vec<String> {
        self.selector().into_iter().chain(["matchLabels", PROVIDER].map(str::to_string)).collect()
    }

    /// The same on a provider: one of those that a composition names.
    pub fn on(&self, provider: &str) -> Result<Claim> {
        let known = self.known_providers();
        if known.contains(&provider) {
            return Ok(Claim { provider: Some(provider.to_string()), ..self.clone() });
        }
        let message = format!("{} doesn't run on `{provider}`", self.offer.form.kind);
        let error = Error::invalid(REJECTED, message);
        Err(match nearest(provider, known.iter().copied()) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None if known.is_empty() => error.help("no composition of it says its provider, by the label `provider`"),
            None => error.help(format!("it runs on {}", known.join(", "))),
        })
    }

    /// The provider: the one that was chosen, or the definition's own.
    pub fn provider(&self) -> Option<&str> {
        self.provider.as_deref().or_else(|| self.offer.form.provider())
    }

    /// Its fields as parameters, in the order of the form: what was set before is their default.
    pub fn params(&self) -> Vec<(String, Param)> {
        let number = |(place, field): (usize, &Field)| {
            let set = at(&self.spec, &field.path);
            let rule = param(field, set, place + 1);
            let present = set.is_some() && set == at(&self.present, &field.path);
            (self.name_of(field), Param { present, ..rule })
        };
        self.offer.form.fields.iter().enumerate().map(number).collect()
    }

    /// The values of its fields by their names: what was set, or else the definition's default.
    pub fn values(&self) -> Vec<(String, Option<&Value>)> {
        let fields = self.offer.form.fields.iter();
        fields.map(|field| (self.name_of(field), at(&self.spec, &field.path).or(field.default.as_ref()))).collect()
    }

    /// Its fields' paths by their names; the provider's, too, where there is a choice.
    pub fn paths(&self) -> Vec<(String, String)> {
        let shown = |path: &[String]| Path(&steps(path)).to_string();
        let fields = self.offer.form.fields.iter().map(|field| (self.name_of(field), shown(&field.path)));
        let choice = self.offer.form.providers.len() > 1;
        fields.chain(choice.then(|| (PROVIDER.to_string(), shown(&self.label())))).collect()
    }

    /// The object, with the defaults of the definition. Errors: what the API server would refuse.
    pub fn object(&self, name: &str, wrapping: &Wrapping) -> Result<Value> {
        let form = &self.offer.form;
        let mut metadata = Map::new();
        metadata.insert("name".into(), name.into());
        if let Some(namespace) = &wrapping.namespace {
            metadata.insert("namespace".into(), namespace.clone().into());
        }
        for (key, texts) in [("labels", &wrapping.labels), ("annotations", &wrapping.annotations)] {
            if !texts.is_empty() {
                metadata.insert(key.into(), json!(texts));
            }
        }
        let mut spec = self.offer.defaulted(self.spec.clone())?;
        self.wrap(&mut spec, wrapping);
        let object = json!({ "apiVersion": form.api_version(), "kind": form.kind, "metadata": metadata, "spec": spec });
        self.accepts(&object)?;
        Ok(object)
    }

    /// Crossplane's own part of `spec`.
    fn wrap(&self, spec: &mut Value, wrapping: &Wrapping) {
        let form = &self.offer.form;
        // The definition's own composition is taken without a word.
        if let Some(provider) = self.provider.as_deref().filter(|provider| form.provider() != Some(*provider)) {
            put(spec, &self.label(), provider.into());
        }
        if let Some(secret) = &wrapping.secret {
            let mut to = json!({ "name": secret });
            // A composite in no namespace has to say where; a claim writes beside itself.
            if let (Makes::LegacyCluster, Some(namespace)) = (form.makes, &wrapping.namespace) {
                to["namespace"] = namespace.clone().into();
            }
            put(spec, &[SECRET.to_string()], to);
        }
    }

    /// What the API server adds to an object where it says nothing: defaults, by their paths.
    pub fn added(&self, object: &Value) -> Result<Vec<(String, Value)>> {
        let settled = self.offer.schema()?.settled(object);
        let mut found = Vec::new();
        added(&mut found, &mut Vec::new(), Some(object), &settled);
        Ok(found)
    }

    /// Ends in an error if the API server would refuse an object of this kind.
    pub fn accepts(&self, object: &Value) -> Result<()> {
        let how = How { partial: false, rules: true };
        self.refuse(self.offer.schema()?.review(object, None, Names::Subdomain, how))
    }
}

/// The error that names what is wrong, with the nearest right name of the first.
fn rejected(code: &'static str, kind: &str, found: &[Violation]) -> Option<(Error, Option<String>)> {
    let first = found.first()?;
    let mut lines: Vec<String> = found.iter().take(NAMED).map(ToString::to_string).collect();
    if found.len() > NAMED {
        lines.push(format!("and {} more", found.len() - NAMED));
    }
    let error = Error::invalid(code, format!("{kind} would be rejected: {}", lines.join("\n")));
    Some((error, first.help.clone()))
}

/// The path of a field from the root of the object.
fn steps(path: &[String]) -> Vec<Step> {
    std::iter::once("spec").chain(path.iter().map(String::as_str)).map(|key| Step::Key(key.to_string())).collect()
}

/// The value at a path.
fn at<'a>(value: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(value, |at, key| at.get(key))
}

/// Sets a value; maps on the way are made.
fn put(at: &mut Value, path: &[String], value: Value) {
    let Some((key, rest)) = path.split_first() else {
        *at = value;
        return;
    };
    if !at.is_object() {
        *at = json!({});
    }
    if let Value::Object(map) = at {
        put(map.entry(key.clone()).or_insert(Value::Null), rest, value);
    }
}

/// Lays values over others, map by map.
fn merge(under: &mut Value, over: &Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                merge(under.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (under, over) => *under = over.clone(),
    }
}

/// The leaves of a value that another one doesn't have.
fn added(found: &mut Vec<(String, Value)>, at: &mut Vec<Step>, before: Option<&Value>, after: &Value) {
    match (before, after) {
        (Some(Value::Object(_)) | None, Value::Object(map)) if !map.is_empty() => {
            for (key, value) in map {
                at.push(Step::Key(key.clone()));
                added(found, at, before.and_then(|before| before.get(key)), value);
                at.pop();
            }
        }
        (None, value) => found.push((Path(at).to_string(), value.clone())),
        (Some(_), _) => {}
    }
}

/// The longest pattern that a parameter takes from a definition, compiled, in bytes.
const PATTERN: usize = 1 << 20;

fn param(field: &Field, set: Option<&Value>, place: usize) -> Param {
    let kind = match field.shape {
        Shape::Text | Shape::Data => Kind::String,
        Shape::NumberOrText => Kind::IntOrString,
        Shape::Whole => Kind::Int,
        Shape::Number => Kind::Float,
        Shape::Flag => Kind::Bool,
        Shape::Texts => Kind::List,
    };
    let about = if field.shape == Shape::Data { format!("{}, as JSON", field.about) } else { field.about.clone() };
    let default = set.or(field.default.as_ref()).cloned();
    let default = match (field.shape, default) {
        (Shape::Data, Some(value)) if !value.is_string() => Some(value.to_string().into()),
        (_, default) => default,
    };
    let (least, greatest) = field.range;
    let bounded = least.is_some() || greatest.is_some();
    let range = (least.unwrap_or(f64::NEG_INFINITY), greatest.unwrap_or(f64::INFINITY));
    // What Go reads and this library doesn't is left to the check of the whole claim.
    let pattern = field.pattern.as_deref();
    let pattern = pattern.and_then(|text| regex::RegexBuilder::new(text).size_limit(PATTERN).build().ok());
    Param {
        optional: !field.required && default.is_none(),
        default,
        choices: if matches!(field.shape, Shape::Data | Shape::NumberOrText) {
            Vec::new()
        } else {
            field.choices.clone()
        },
        range: bounded.then_some(range),
        pattern,
        advanced: field.advanced,
        place,
        ..Param::new(kind, &about)
    }
}
