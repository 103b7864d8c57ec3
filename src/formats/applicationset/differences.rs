//! What changes when an ApplicationSet gives other Applications than before: which appear, which change and in what, and
//! which vanish, as far as the set's policy lets its controller do so.

use std::collections::BTreeMap;

use serde_json::Value;

use super::template::FINALIZER;

/// What the controller may do with Applications that there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// `applicationsSync`, `sync` if the set says nothing.
    pub name: String,
    ignored: Vec<Ignored>,
}

/// Fields that the controller leaves as they are, of all Applications or one.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Ignored {
    application: Option<String>,
    fields: Vec<Vec<String>>,
}

/// What is between two renderings, each by the names of the Applications.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Differences {
    /// Applications that weren't there.
    pub added: Vec<Value>,
    /// Applications that are others.
    pub changed: Vec<Changed>,
    /// Applications that aren't there any more.
    pub deleted: Vec<Deleted>,
}

/// An Application that is another.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// Its name.
    pub name: String,
    /// What in it, by path.
    pub fields: Vec<FieldChange>,
    /// Why the controller leaves the Application that there is as it is, if it does.
    pub kept: Option<String>,
}

/// A field that has another value.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldChange {
    /// Where: `spec.source.targetRevision`.
    pub path: String,
    /// What was there.
    pub before: Option<Value>,
    /// What is there.
    pub after: Option<Value>,
    /// Whether `ignoreApplicationDifferences` leaves it as it is.
    pub is_ignored: bool,
}

/// An Application that isn't generated any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deleted {
    /// Its name.
    pub name: String,
    /// Why the controller keeps it, if it does.
    pub kept: Option<String>,
    /// Whether what it deployed is deleted with it: it has the finalizer.
    pub with_resources: bool,
}

impl Policy {
    /// The policy of an ApplicationSet, if the controller lets sets have their own, as it does unless told otherwise.
    pub fn of(set: &Value) -> Self {
        let spec = &set["spec"];
        let name = spec["syncPolicy"]["applicationsSync"].as_str().filter(|name| !name.is_empty()).unwrap_or("sync");
        let ignored = spec["ignoreApplicationDifferences"].as_array().into_iter().flatten().map(|entry| {
            let texts = |field: &str| entry[field].as_array().into_iter().flatten().filter_map(Value::as_str);
            let fields = texts("jsonPointers").map(pointer).chain(texts("jqPathExpressions").filter_map(simple));
            let application = entry["name"].as_str().filter(|name| !name.is_empty()).map(str::to_owned);
            Ignored { application, fields: fields.collect() }
        });
        Policy { name: name.to_owned(), ignored: ignored.collect() }
    }

    /// Whether Applications that there are are changed.
    pub fn updates(&self) -> bool {
        matches!(self.name.as_str(), "sync" | "create-update")
    }

    /// Whether Applications that aren't generated any more are deleted.
    pub fn deletes(&self) -> bool {
        matches!(self.name.as_str(), "sync" | "create-delete")
    }

    fn ignores(&self, application: &str, path: &[String]) -> bool {
        let own =
            self.ignored.iter().filter(|ignored| ignored.application.as_deref().is_none_or(|name| name == application));
        own.flat_map(|ignored| &ignored.fields).any(|field| path.starts_with(field))
    }

    fn kept(&self, does: bool) -> Option<String> {
        (!does).then(|| format!("applicationsSync is {}", self.name))
    }
}

/// The steps of a JSON pointer.
fn pointer(text: &str) -> Vec<String> {
    text.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect()
}

/// The steps of a jq path that is nothing but names: `.spec.source.targetRevision`. Others take a jq to know.
fn simple(text: &str) -> Option<Vec<String>> {
    let is_name = |step: &str| !step.is_empty() && step.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let steps: Vec<&str> = text.trim().strip_prefix('.')?.split('.').collect();
    steps.iter().all(|step| is_name(step)).then(|| steps.into_iter().map(str::to_owned).collect())
}

/// What is between the Applications of one rendering and another; the policy is that of the set as it is now.
pub fn differences(before: &[&Value], after: &[&Value], policy: &Policy) -> Differences {
    let (before, after) = (by_name(before), by_name(after));
    let mut found = Differences::default();
    for (name, now) in &after {
        let Some(then) = before.get(name) else {
            found.added.push((*now).clone());
            continue;
        };
        let mut fields = Vec::new();
        for part in ["metadata", "spec"] {
            compare(&then[part], &now[part], &mut vec![part.to_owned()], &mut fields);
        }
        if fields.is_empty() {
            continue;
        }
        let fields = fields.into_iter().map(|(path, before, after)| {
            let is_ignored = policy.ignores(name, &path);
            FieldChange { path: shown(&path), before, after, is_ignored }
        });
        let changed =
            Changed { name: (*name).to_owned(), fields: fields.collect(), kept: policy.kept(policy.updates()) };
        found.changed.push(changed);
    }
    for (name, then) in before.iter().filter(|(name, _)| !after.contains_key(*name)) {
        let finalizers = then["metadata"]["finalizers"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let deletes_all = |name: &str| name.split('/').next() == Some(FINALIZER);
        found.deleted.push(Deleted {
            name: (*name).to_owned(),
            kept: policy.kept(policy.deletes()),
            with_resources: finalizers.into_iter().any(deletes_all),
        });
    }
    found
}

fn by_name<'a>(applications: &[&'a Value]) -> BTreeMap<&'a str, &'a Value> {
    let named = applications.iter().map(|object| (object["metadata"]["name"].as_str().unwrap_or_default(), *object));
    named.collect()
}

type Difference = (Vec<String>, Option<Value>, Option<Value>);

/// The fields in which two values differ. Lists are compared as a whole if their lengths differ.
fn compare(before: &Value, after: &Value, path: &mut Vec<String>, found: &mut Vec<Difference>) {
    let given = |value: &Value| (!value.is_null()).then(|| value.clone());
    let mut below = |step: String, before: &Value, after: &Value| {
        path.push(step);
        compare(before, after, path, found);
        path.pop();
    };
    match (before, after) {
        (before, after) if before == after => {}
        (Value::Object(then), Value::Object(now)) => {
            let gone = then.keys().filter(|key| !now.contains_key(*key));
            for key in now.keys().chain(gone) {
                below(key.clone(), then.get(key).unwrap_or(&Value::Null), now.get(key).unwrap_or(&Value::Null));
            }
        }
        (Value::Array(then), Value::Array(now)) if then.len() == now.len() => {
            for (at, (then, now)) in then.iter().zip(now).enumerate() {
                below(at.to_string(), then, now);
            }
        }
        (before, after) => found.push((path.clone(), given(before), given(after))),
    }
}

/// A path as people write it: `spec.sources[0].path`, with quotes around what isn't a plain name.
fn shown(path: &[String]) -> String {
    let mut out = String::new();
    for step in path {
        let is_plain = step.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
        if step.chars().all(|c| c.is_ascii_digit()) && !out.ends_with("labels") && !out.ends_with("annotations") {
            out.push_str(&format!("[{step}]"));
        } else if is_plain {
            if !out.is_empty() {
                out.push('.');
            }
            out.push_str(step);
        } else {
            out.push_str(&format!("[{step:?}]"));
        }
    }
    out
}
