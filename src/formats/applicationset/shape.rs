//! The fields of an Application, as the controller reads and writes them: what has no field is dropped, what is empty is
//! left out, and what is of the wrong sort is an error. As pkg/apis/application/v1alpha1/types.go of argo-cd 3.6.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::{Map, Value as Json};

/// A type a line: its fields in order, `name=sort`. `!` is written even if it is empty, `*` tells nothing from empty, `?`
/// is left out if all of it is empty.
const TYPES: &str = "
Application: metadata=ObjectMeta! spec=ApplicationSpec!
ObjectMeta: name=string generateName=string namespace=string uid=string labels=texts annotations=texts \
ownerReferences=[]OwnerReference finalizers=strings
OwnerReference: apiVersion=string! kind=string! name=string! uid=string! controller=*bool blockOwnerDeletion=*bool
ApplicationSpec: source=*ApplicationSource destination=ApplicationDestination! project=string! syncPolicy=*SyncPolicy \
ignoreDifferences=[]ResourceIgnoreDifferences info=[]Info revisionHistoryLimit=*int64 sources=[]ApplicationSource \
sourceHydrator=*SourceHydrator
ApplicationSource: repoURL=string! path=string targetRevision=string helm=*ApplicationSourceHelm \
kustomize=*ApplicationSourceKustomize directory=*ApplicationSourceDirectory plugin=*ApplicationSourcePlugin chart=string \
ref=string name=string tagPrefix=string
ApplicationSourceHelm: valueFiles=strings parameters=[]HelmParameter releaseName=string values=string \
fileParameters=[]HelmFileParameter version=string passCredentials=bool ignoreMissingValueFiles=bool skipCrds=bool \
valuesObject=any namespace=string kubeVersion=string apiVersions=strings skipTests=bool skipSchemaValidation=bool
HelmParameter: name=string value=string forceString=bool
HelmFileParameter: name=string path=string
ApplicationSourceKustomize: namePrefix=string nameSuffix=string images=strings commonLabels=texts version=string \
commonAnnotations=texts forceCommonLabels=bool forceCommonAnnotations=bool namespace=string \
commonAnnotationsEnvsubst=bool replicas=[]KustomizeReplica patches=[]KustomizePatch components=strings \
ignoreMissingComponents=bool labelWithoutSelector=bool kubeVersion=string apiVersions=strings labelIncludeTemplates=bool
KustomizeReplica: name=string! count=any!
KustomizePatch: path=string patch=string target=*KustomizeSelector options=bools
KustomizeSelector: group=string version=string kind=string name=string namespace=string annotationSelector=string \
labelSelector=string
ApplicationSourceDirectory: recurse=bool jsonnet=ApplicationSourceJsonnet? exclude=string include=string
ApplicationSourceJsonnet: extVars=[]JsonnetVar tlas=[]JsonnetVar libs=strings
JsonnetVar: name=string! value=string! code=bool
ApplicationSourcePlugin: name=string env=[]EnvEntry parameters=[]ApplicationSourcePluginParameter
EnvEntry: name=string! value=string!
ApplicationSourcePluginParameter: name=string string=*string map=*texts array=*strings
ApplicationDestination: server=string namespace=string name=string
SyncPolicy: automated=*SyncPolicyAutomated syncOptions=strings retry=*RetryStrategy \
managedNamespaceMetadata=*ManagedNamespaceMetadata
SyncPolicyAutomated: prune=*bool selfHeal=*bool allowEmpty=*bool enabled=*bool
RetryStrategy: limit=int64 backoff=*Backoff refresh=bool
Backoff: duration=string factor=*int64 maxDuration=string
ManagedNamespaceMetadata: labels=texts annotations=texts
ResourceIgnoreDifferences: group=string kind=string! name=string namespace=string jsonPointers=strings \
jqPathExpressions=strings managedFieldsManagers=strings
Info: name=string! value=string!
SourceHydrator: drySource=DrySource! syncSource=SyncSource! hydrateTo=*HydrateTo
DrySource: repoURL=string! targetRevision=string! path=string! helm=*ApplicationSourceHelm \
kustomize=*ApplicationSourceKustomize directory=*ApplicationSourceDirectory plugin=*ApplicationSourcePlugin
SyncSource: targetBranch=string! path=string! repoURL=string
HydrateTo: targetBranch=string!
";

/// A type with fields.
pub struct Type {
    name: &'static str,
    fields: Vec<Field>,
}

/// A field of one.
pub struct Field {
    /// Its name in YAML.
    pub name: &'static str,
    sort: Sort,
    /// Whether it is written even if it is empty.
    is_always: bool,
    /// Whether it can be nothing, which is not the same as empty.
    is_pointer: bool,
}

/// What a field holds.
#[derive(Clone, Copy)]
enum Sort {
    Text,
    Bool,
    Int,
    Any,
    Texts,
    Bools,
    Strings,
    Object(&'static str),
    Objects(&'static str),
}

static APPLICATION: LazyLock<HashMap<&'static str, Type>> = LazyLock::new(|| {
    let types = TYPES.lines().filter_map(|line| line.split_once(": "));
    let types =
        types.map(|(name, fields)| (name, Type { name, fields: fields.split(' ').filter_map(field).collect() }));
    types.collect()
});

fn field(text: &'static str) -> Option<Field> {
    let (name, sort) = text.split_once('=')?;
    let is_pointer = sort.starts_with('*') || sort == "any";
    let bare = sort.trim_start_matches('*').trim_end_matches(['!', '?']);
    let sort_of = match bare {
        "string" => Sort::Text,
        "bool" => Sort::Bool,
        "int64" => Sort::Int,
        "any" => Sort::Any,
        "texts" => Sort::Texts,
        "bools" => Sort::Bools,
        "strings" => Sort::Strings,
        other => match other.strip_prefix("[]") {
            Some(name) => Sort::Objects(name),
            None => Sort::Object(other),
        },
    };
    // An object that can't be nothing is written, even if it is empty.
    let is_whole = matches!(sort_of, Sort::Object(_)) && !is_pointer && !sort.ends_with('?');
    Some(Field { name, sort: sort_of, is_always: sort.ends_with('!') || is_whole, is_pointer })
}

/// The type of Applications.
pub fn application() -> Option<&'static Type> {
    APPLICATION.get("Application")
}

impl Type {
    /// The field of a name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

impl Field {
    /// The type of what is in it, if that has fields: of a list, its elements'.
    pub fn inner(&self) -> Option<&'static Type> {
        match self.sort {
            Sort::Object(name) | Sort::Objects(name) => APPLICATION.get(name),
            _ => None,
        }
    }

    /// Whether it is one text to the controller, whatever is in it.
    pub fn is_free(&self) -> bool {
        matches!(self.sort, Sort::Any)
    }

    /// Whether an empty text in it is left out.
    pub fn omits_empty_text(&self) -> bool {
        matches!(self.sort, Sort::Text) && !self.is_always && !self.is_pointer
    }
}

/// A value as the controller would write it after reading it.
///
/// # Errors
/// For a value of the wrong sort, in the words of Go's `encoding/json`.
pub fn conformed(application: &Json) -> Result<Json, String> {
    match self::application() {
        Some(of) => object(application, of, &mut Vec::new()).map(Json::Object),
        None => Ok(application.clone()),
    }
}

fn object(value: &Json, of: &'static Type, path: &mut Vec<&'static str>) -> Result<Map<String, Json>, String> {
    let empty = Map::new();
    let fields = match value {
        Json::Object(fields) => fields,
        Json::Null => &empty,
        other => return Err(wrong(other, &format!("v1alpha1.{}", of.name), None, path)),
    };
    let mut out = Map::with_capacity(fields.len());
    for field in &of.fields {
        let given = fields.get(field.name).filter(|value| !value.is_null());
        path.push(field.name);
        if let Some(value) = given.map(|value| written(value, field, of, path)).transpose()?.flatten() {
            out.insert(field.name.to_owned(), value);
        } else if field.is_always {
            out.insert(field.name.to_owned(), field.zero()?);
        }
        path.pop();
    }
    Ok(out)
}

impl Field {
    fn zero(&self) -> Result<Json, String> {
        Ok(match self.sort {
            Sort::Text => Json::String(String::new()),
            Sort::Bool => Json::Bool(false),
            Sort::Int | Sort::Any => Json::from(0),
            Sort::Object(name) => match APPLICATION.get(name) {
                Some(of) => Json::Object(object(&Json::Null, of, &mut Vec::new())?),
                None => Json::Object(Map::new()),
            },
            Sort::Texts | Sort::Bools => Json::Object(Map::new()),
            Sort::Strings | Sort::Objects(_) => Json::Null,
        })
    }
}

/// A field's value, or nothing if it is left out.
fn written(
    value: &Json,
    field: &Field,
    holder: &'static Type,
    path: &mut Vec<&'static str>,
) -> Result<Option<Json>, String> {
    let error = |value: &Json, sort: &str, path: &[&'static str]| Err(wrong(value, sort, Some(holder), path));
    let keeps = field.is_always || field.is_pointer;
    Ok(match (field.sort, value) {
        (Sort::Any, value) => Some(value.clone()),
        (Sort::Text, Json::String(text)) => (keeps || !text.is_empty()).then(|| value.clone()),
        (Sort::Text, other) => return error(other, "string", path),
        (Sort::Bool, Json::Bool(is)) => (keeps || *is).then(|| value.clone()),
        (Sort::Bool, other) => return error(other, "bool", path),
        (Sort::Int, Json::Number(number)) if number.as_i64().is_some() => {
            (keeps || number.as_i64() != Some(0)).then(|| value.clone())
        }
        (Sort::Int, other) => return error(other, "int64", path),
        (Sort::Texts | Sort::Bools, Json::Object(entries)) => {
            let is_text = matches!(field.sort, Sort::Texts);
            let sort = if is_text { "string" } else { "bool" };
            let mut out = Map::with_capacity(entries.len());
            for (key, entry) in entries {
                let entry = match entry {
                    Json::Null if is_text => Json::String(String::new()),
                    Json::Null => Json::Bool(false),
                    Json::String(_) if is_text => entry.clone(),
                    Json::Bool(_) if !is_text => entry.clone(),
                    other => return error(other, sort, path),
                };
                out.insert(key.clone(), entry);
            }
            (keeps || !out.is_empty()).then_some(Json::Object(out))
        }
        (Sort::Texts, other) => return error(other, "map[string]string", path),
        (Sort::Bools, other) => return error(other, "map[string]bool", path),
        (Sort::Strings, Json::Array(items)) => {
            let mut out = Vec::with_capacity(items.len());
            for item in items {
                match item {
                    Json::String(_) => out.push(item.clone()),
                    Json::Null => out.push(Json::String(String::new())),
                    other => return error(other, "string", path),
                }
            }
            (keeps || !out.is_empty()).then_some(Json::Array(out))
        }
        (Sort::Strings, other) => return error(other, "[]string", path),
        (Sort::Objects(name), Json::Array(items)) => {
            let Some(of) = APPLICATION.get(name) else { return Ok(Some(value.clone())) };
            let items: Result<Vec<Json>, String> =
                items.iter().map(|item| object(item, of, path).map(Json::Object)).collect();
            Some(Json::Array(items?)).filter(|list| list.as_array().is_some_and(|items| !items.is_empty()))
        }
        (Sort::Objects(name), other) => return error(other, &format!("[]v1alpha1.{name}"), path),
        (Sort::Object(name), Json::Object(_)) => {
            let Some(of) = APPLICATION.get(name) else { return Ok(Some(value.clone())) };
            let fields = object(value, of, path)?;
            (keeps || !fields.is_empty()).then_some(Json::Object(fields))
        }
        (Sort::Object(name), other) => return error(other, &format!("v1alpha1.{name}"), path),
    })
}

/// `encoding/json`, for a value of the wrong sort in a field.
fn wrong(value: &Json, sort: &str, holder: Option<&Type>, path: &[&str]) -> String {
    let message = super::words::unmarshal(value, sort);
    match holder {
        None => message,
        Some(holder) => {
            let place = format!("Go struct field {}.{} of type", holder.name, path.join("."));
            message.replace("Go value of type", &place)
        }
    }
}
