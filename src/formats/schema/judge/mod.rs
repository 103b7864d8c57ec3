//! Schemas of CustomResourceDefinitions themselves, as the API server judges them before it takes one: in its words, with
//! the place in the definition. After k8s.io/apiextensions-apiserver v0.36; what its rules may cost isn't estimated.

mod defaults;
mod keywords;
mod structural;
mod words;

use serde_json::Value;

use super::violation::{Reason, Trail, Violation};
use crate::formats::yaml::Step;
use words::Words;

/// Everything for which the API server would refuse an `openAPIV3Schema`. `status` says whether the version has the
/// subresource of that name, which the root of the schema must leave room for.
pub(in crate::formats) fn faults(schema: &Value, status: bool, trail: &Trail) -> Vec<Violation> {
    let mut found = Vec::new();
    words::unreadable(schema, trail, &mut found);
    let unread: Vec<Vec<Step>> =
        found.iter().filter(|fault| fault.reason != Reason::Unknown).map(|fault| fault.path.clone()).collect();
    if unread.is_empty() {
        judge(Words(schema), status, trail, &mut found);
        return found;
    }
    // An API server stops here. What can be read is judged nevertheless, so that all is told at once: but for what isn't
    // known without the rest.
    let mut rest = schema.clone();
    let above = trail.steps().len();
    unread.iter().for_each(|path| take(&mut rest, &path[above..]));
    let mut more = Vec::new();
    judge(Words(&rest), status, trail, &mut more);
    more.retain(|fault| !unread.iter().any(|path| fault.path.starts_with(path)));
    found.extend(more);
    found
}

/// Makes null of what is at a path, which is as good as not there.
fn take(value: &mut Value, path: &[Step]) {
    let Some((step, rest)) = path.split_first() else {
        *value = Value::Null;
        return;
    };
    let inner = match step {
        Step::Key(key) => value.get_mut(key),
        Step::Index(index) => value.get_mut(*index),
    };
    inner.into_iter().for_each(|inner| take(inner, rest));
}

/// What is wrong with a schema that can be decoded.
fn judge(schema: Words, status: bool, trail: &Trail, found: &mut Vec<Violation>) {
    if status {
        found.extend(beside_status(schema, trail));
    }
    if schema.flag("nullable") {
        found.push(trail.field("nullable").forbidden("nullable cannot be true at the root"));
    }
    let unsupported = structural::unsupported(schema);
    let mut structural = match unsupported {
        Some(_) => Vec::new(),
        None => structural::faults(schema, trail),
    };
    if unsupported.is_none() && structural.is_empty() {
        structural = defaults::faults(schema, trail);
    }
    let rules = unsupported.is_none() && structural.is_empty();
    let keywords = keywords::faults(schema, rules, trail);
    found.extend(structural.into_iter().chain(keywords.schema).chain(keywords.rules));
    if let Some(why) = unsupported.filter(|_| found.is_empty()) {
        found.push(trail.invalid(&Value::from(""), why));
    }
}

/// What the root may say where the status is a subresource, in Go's names.
const AT_ROOT: [(&str, &str); 22] = [
    ("description", "Description"),
    ("type", "Type"),
    ("format", "Format"),
    ("title", "Title"),
    ("maximum", "Maximum"),
    ("exclusiveMaximum", "ExclusiveMaximum"),
    ("minimum", "Minimum"),
    ("exclusiveMinimum", "ExclusiveMinimum"),
    ("maxLength", "MaxLength"),
    ("minLength", "MinLength"),
    ("pattern", "Pattern"),
    ("maxItems", "MaxItems"),
    ("minItems", "MinItems"),
    ("uniqueItems", "UniqueItems"),
    ("multipleOf", "MultipleOf"),
    ("required", "Required"),
    ("items", "Items"),
    ("properties", "Properties"),
    ("externalDocs", "ExternalDocs"),
    ("example", "Example"),
    ("x-kubernetes-preserve-unknown-fields", "XPreserveUnknownFields"),
    ("x-kubernetes-validations", "XValidations"),
];

fn beside_status(schema: Words, trail: &Trail) -> Option<Violation> {
    let kind = schema.text("type");
    if !kind.is_empty() && kind != "object" {
        let detail =
            "only \"object\" is allowed as the type at the root of the schema if the status subresource is enabled";
        return Some(trail.field("type").invalid(&kind.into(), detail));
    }
    let other = schema.said().find(|word| !AT_ROOT.iter().any(|(known, _)| known == word))?;
    let names: Vec<&str> = AT_ROOT.iter().map(|(_, name)| *name).collect();
    let detail = format!(
        "only [{}] fields are allowed at the root of the schema if the status subresource is enabled",
        names.join(" ")
    );
    Some(trail.field(other).forbidden(&detail))
}
