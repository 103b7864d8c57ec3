//! Forms of CompositeResourceDefinitions: what a person fills in to get a claim, as parameters of a golden path, as JSON
//! Schema, and as a Template of Backstage. Rules of the annotations: TeraSky's kubernetes-ingestor.

mod backstage;
mod fields;
mod json_schema;
mod params;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use super::yaml;
use crate::error::{Error, Result};
pub use backstage::{Portal, template};
pub use fields::{Field, Shape};
pub use json_schema::json_schema;
pub use params::params;

/// The code of everything that keeps a definition from becoming a form.
pub const DEFINITION: &str = "idp::form::definition";
/// What annotations of a definition begin with that say how its claims are made.
const OURS: &str = "idp-run/";

/// What the object is that the form makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Makes {
    /// A claim: namespaced, with fields of Crossplane beside those of the definition.
    Claim,
    /// A composite without claims, in a namespace; Crossplane's fields are below `spec.crossplane`.
    Namespaced,
    /// A composite without claims, in no namespace.
    Cluster,
    /// A composite of before Crossplane 2 without claims: in no namespace, with Crossplane's fields beside its own.
    LegacyCluster,
}

impl Makes {
    /// Whether the object is in a namespace.
    pub fn namespaced(self) -> bool {
        matches!(self, Makes::Claim | Makes::Namespaced)
    }

    /// Whether Crossplane's own fields are below `spec.crossplane`.
    pub fn nested(self) -> bool {
        matches!(self, Makes::Namespaced | Makes::Cluster)
    }
}

/// One served version of a definition as a form.
#[derive(Debug, Clone)]
pub struct Form {
    /// `metadata.name` of the definition.
    pub definition: String,
    /// The group of its kinds.
    pub group: String,
    /// The version.
    pub version: String,
    /// The kind that people ask for: the claim's, or the composite's where there are no claims.
    pub kind: String,
    /// Its plural.
    pub plural: String,
    /// The composite's kind.
    pub composite: String,
    /// The word for it in names and files: its first short name, or the kind in small letters.
    pub word: String,
    /// What people call it.
    pub title: String,
    /// What it is for, as far as the definition says.
    pub description: String,
    /// What the object is.
    pub makes: Makes,
    /// Whether compositions may refer to this version.
    pub referenceable: bool,
    /// What a person fills in, in the order of the form.
    pub fields: Vec<Field>,
    /// The schema of `spec`, as the definition has it.
    pub spec: Value,
    /// The keys of the connection secret.
    pub secret: Vec<String>,
    /// The composition that is taken unless a claim chooses.
    pub default_composition: Option<String>,
    /// The cloud on which it runs, for each composition that says: (provider, composition).
    pub providers: Vec<(String, String)>,
    /// The definition's annotations that begin with `idp-run/`, without that.
    pub notes: Map<String, Value>,
}

/// Whether a document is a definition.
pub fn is_definition(document: &Value) -> bool {
    text(document, "/kind") == Some("CompositeResourceDefinition")
        && text(document, "/apiVersion").is_some_and(|version| version.starts_with("apiextensions.crossplane.io/"))
}

/// The forms of a definition: one for each version that is served, in its order.
///
/// # Errors
/// `idp::form::definition` for what is no definition, or one without a served version; `idp::form::hidden` for one with a
/// field that has to be given and is hidden.
pub fn read(document: &Value, compositions: &[Value]) -> Result<Vec<Form>> {
    if !is_definition(document) {
        let kind = text(document, "/kind").unwrap_or("no kind");
        return Err(wrong(format!("this is no CompositeResourceDefinition: it says {kind}"))
            .help("give the definition, such as crossplane/postgresql/definition.yaml"));
    }
    let versions = document.pointer("/spec/versions").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let served = versions.iter().filter(|version| version.get("served").and_then(Value::as_bool) == Some(true));
    let forms: Vec<Form> = served.map(|version| form(document, version, compositions)).collect::<Result<_>>()?;
    if forms.is_empty() {
        let name = text(document, "/metadata/name").unwrap_or("without a name");
        return Err(wrong(format!("the CompositeResourceDefinition {name} serves no version"))
            .help("set `served: true` of the version that people may use"));
    }
    Ok(forms)
}

/// The form that people are given where they don't name a version: that of the referenceable one, else the last.
pub fn preferred(forms: &[Form]) -> Option<&Form> {
    forms.iter().find(|form| form.referenceable).or_else(|| forms.last())
}

fn form(document: &Value, version: &Value, compositions: &[Value]) -> Result<Form> {
    let need = |path: &str| {
        let shown = path.trim_start_matches('/').replace('/', ".");
        text(document, path).map(str::to_string).ok_or_else(|| wrong(format!("the definition has no {shown}")))
    };
    let composite = need("/spec/names/kind")?;
    let scope = text(document, "/spec/scope");
    let claims = document.pointer("/spec/claimNames").filter(|_| !matches!(scope, Some("Namespaced" | "Cluster")));
    let v2 = text(document, "/apiVersion") == Some("apiextensions.crossplane.io/v2");
    let (names, makes) = match (claims, scope) {
        (Some(claims), _) => (Some(claims), Makes::Claim),
        (None, Some("Namespaced")) => (document.pointer("/spec/names"), Makes::Namespaced),
        (None, Some("Cluster")) => (document.pointer("/spec/names"), Makes::Cluster),
        // The second version of the API has namespaced composites unless it says another thing.
        (None, None) if v2 => (document.pointer("/spec/names"), Makes::Namespaced),
        (None, _) => (document.pointer("/spec/names"), Makes::LegacyCluster),
    };
    let names = names.unwrap_or(&Value::Null);
    let kind = text(names, "/kind").ok_or_else(|| wrong("the definition has no spec.claimNames.kind".into()))?;
    let spec = version.pointer("/schema/openAPIV3Schema/properties/spec").cloned();
    let spec = spec.unwrap_or_else(|| serde_json::json!({ "type": "object" }));
    let notes: Map<String, Value> = document
        .pointer("/metadata/annotations")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.strip_prefix(OURS)?.to_string(), value.clone())))
        .collect();
    let word = text(names, "/shortNames/0").map_or_else(|| kind.to_lowercase(), str::to_string);
    let group = need("/spec/group")?;
    let title = notes.get("title").and_then(Value::as_str).unwrap_or(kind).to_string();
    let described = version.pointer("/schema/openAPIV3Schema/description").and_then(Value::as_str);
    Ok(Form {
        definition: need("/metadata/name")?,
        version: text(version, "/name").unwrap_or_default().to_string(),
        kind: kind.to_string(),
        plural: text(names, "/plural").unwrap_or_default().to_string(),
        word,
        title,
        description: described.unwrap_or_default().to_string(),
        makes,
        referenceable: version.get("referenceable").and_then(Value::as_bool) == Some(true),
        fields: fields::of(&spec)?,
        secret: texts(document.pointer("/spec/connectionSecretKeys")),
        default_composition: text(document, "/spec/defaultCompositionRef/name").map(str::to_string),
        providers: providers(compositions, &group, &composite),
        composite,
        group,
        spec,
        notes,
    })
}

/// The compositions of a composite that say their provider, by the label of that name.
fn providers(compositions: &[Value], group: &str, composite: &str) -> Vec<(String, String)> {
    let fits = |object: &&Value| {
        let version = text(object, "/spec/compositeTypeRef/apiVersion").unwrap_or_default();
        text(object, "/kind") == Some("Composition")
            && text(object, "/spec/compositeTypeRef/kind") == Some(composite)
            && version.split('/').next() == Some(group)
    };
    let named = |object: &Value| {
        let provider = text(object, "/metadata/labels/provider")?;
        Some((provider.to_string(), text(object, "/metadata/name")?.to_string()))
    };
    compositions.iter().filter(fits).filter_map(named).collect()
}

impl Form {
    /// `platform.acme.example/v1alpha1`
    pub fn api_version(&self) -> String {
        format!("{}/{}", self.group, self.version)
    }

    /// Whether a word means this form: its kind, plural, singular or short name, with or without the group, as kubectl
    /// takes them.
    pub fn answers_to(&self, word: &str) -> bool {
        let name = word.strip_suffix(&format!(".{}", self.group)).unwrap_or(word);
        [&self.kind, &self.plural, &self.word].iter().any(|known| known.eq_ignore_ascii_case(name))
            || word == self.definition
    }

    /// The provider that is taken unless a claim chooses.
    pub fn provider(&self) -> Option<&str> {
        let default = self.default_composition.as_deref();
        let of = |(_, composition): &&(String, String)| Some(composition.as_str()) == default;
        let found = self.providers.iter().find(of).or(match self.providers.as_slice() {
            [only] => Some(only),
            _ => None,
        });
        found.map(|(provider, _)| provider.as_str())
    }

    /// An annotation as text.
    pub fn note(&self, name: &str) -> Option<&str> {
        self.notes.get(name).and_then(Value::as_str)
    }

    /// What `spec` gets where nobody says, in general or in production: the annotations `defaults` and
    /// `defaults-production`. Errors: YAML that isn't a map.
    pub fn usual(&self, production: bool) -> Result<Map<String, Value>> {
        let name = if production && self.notes.contains_key("defaults-production") {
            "defaults-production"
        } else {
            "defaults"
        };
        let Some(text) = self.note(name) else { return Ok(Map::new()) };
        let shown = format!("{OURS}{name} of {}", self.definition);
        match yaml::parse(&shown, text)?.into_iter().next().map(|document| document.value) {
            Some(Value::Object(map)) => Ok(map),
            None => Ok(Map::new()),
            Some(_) => Err(wrong(format!("{shown} must be a map, as below `spec`"))),
        }
    }

    /// What a claim gets of a field where nobody says: elsewhere, and in production. Errors: as for `usual`.
    pub fn given(&self, field: &Field) -> Result<(Option<Value>, Option<Value>)> {
        let of = |production: bool| -> Result<Option<Value>> {
            let usual = Value::Object(self.usual(production)?);
            let found = field.path.iter().try_fold(&usual, |at, key| at.get(key));
            Ok(found.or(field.default.as_ref()).cloned())
        };
        Ok((of(false)?, of(true)?))
    }

    /// The paths below `spec` that an annotation lists, such as `immutable` and `grows`: separated by commas or spaces.
    pub fn paths(&self, note: &str) -> Vec<Vec<String>> {
        let text = self.note(note).unwrap_or_default();
        let words = text.split([',', ' ', '\n']).filter(|word| !word.is_empty());
        words.map(|word| word.trim_start_matches("spec.").split('.').map(str::to_string).collect()).collect()
    }
}

fn wrong(message: String) -> Error {
    Error::invalid(DEFINITION, message)
}

fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let list = value.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_string).collect()
}
