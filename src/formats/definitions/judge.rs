//! CustomResourceDefinitions as the API server judges them before it takes one: all that is wrong, in its words.
//! As k8s.io/apiextensions-apiserver v0.36, pkg/apis/apiextensions/validation/validation.go.

use serde_json::{Value, json};

use super::{Definition, conversion};
use crate::formats::schema::{self, Trail, Violation};

/// Everything for which the API server would refuse a CRD.
pub fn faults(definition: &Value) -> Vec<Violation> {
    let mut found = Vec::new();
    let spec = &definition["spec"];
    let trail = Trail::ROOT.field("spec");
    let (group, plural) = (text(spec, "group"), text(&spec["names"], "plural"));
    let name = text(&definition["metadata"], "name");
    if name != format!("{plural}.{group}") && !name.is_empty() {
        let at = Trail::ROOT.field("metadata");
        found.push(at.field("name").invalid(&name.into(), "must be spec.names.plural+\".\"+spec.group"));
    }
    of_group(definition, group, &trail, &mut found);
    match text(spec, "scope") {
        "" => found.push(trail.field("scope").required("")),
        "Cluster" | "Namespaced" => {}
        other => found.push(trail.field("scope").not_supported(&other.into(), &["Cluster", "Namespaced"])),
    }
    of_versions(spec, &trail, &mut found);
    of_names(&spec["names"], &trail.field("names"), &mut found);
    conversion::faults(&spec["conversion"], &trail.field("conversion"), &mut found);
    if spec["preserveUnknownFields"] == true {
        let detail =
            "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead";
        found.push(trail.field("preserveUnknownFields").invalid(&true.into(), detail));
    }
    found
}

/// The same of what is known of a kind: its names, and the schemas and columns of its versions.
pub fn of_kind(definition: &Definition) -> Vec<Violation> {
    let mut found = Vec::new();
    let trail = Trail::ROOT.field("spec");
    let names = json!({
        "kind": definition.kind, "plural": definition.plural, "singular": definition.singular,
        "listKind": definition.list_kind, "shortNames": definition.short_names, "categories": definition.categories,
    });
    of_names(&names, &trail.field("names"), &mut found);
    for (at, version) in definition.versions.iter().enumerate() {
        found.extend(of_made(at, &version.schema, version.status, &version.columns));
    }
    found
}

/// The same of the schema and the columns of one version.
pub fn of_made(at: usize, made: &Value, status: bool, columns: &[Value]) -> Vec<Violation> {
    let trail = Trail::ROOT.field("spec");
    let trail = trail.field("versions");
    let trail = trail.index(at);
    let schema = trail.field("schema");
    let mut found = schema::faults(made, status, &schema.field("openAPIV3Schema"));
    for (index, column) in columns.iter().enumerate() {
        of_column(column, &trail.field("additionalPrinterColumns").index(index), &mut found);
    }
    found
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

const APPROVAL: &str = "api-approved.kubernetes.io";

/// The group; those of Kubernetes' own community say who approved of the API.
fn of_group(definition: &Value, group: &str, trail: &Trail, found: &mut Vec<Violation>) {
    let at = trail.field("group");
    let wrong = schema::wrong_subdomain(group);
    if group.is_empty() {
        found.push(at.required(""));
    } else if !wrong.is_empty() {
        found.push(at.invalid(&group.into(), &wrong.join(",")));
    } else if !group.contains('.') {
        found.push(at.invalid(&group.into(), "should be a domain with at least one dot"));
    }
    let own = |domain: &str| group == domain || group.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    if !own("k8s.io") && !own("kubernetes.io") {
        return;
    }
    let approval = text(&definition["metadata"]["annotations"], APPROVAL);
    let at = Trail::ROOT.field("metadata");
    let at = at.field("annotations");
    let at = at.key(APPROVAL);
    let see = "see https://github.com/kubernetes/enhancements/pull/1111";
    let is_url = approval.split_once("://").is_some_and(|(scheme, rest)| !scheme.is_empty() && !rest.is_empty());
    if approval.is_empty() {
        found.push(at.required(&format!("protected groups must have approval annotation \"{APPROVAL}\", {see}")));
    } else if !is_url && !approval.starts_with("unapproved") {
        let detail = format!(
            "protected groups must have approval annotation \"{APPROVAL}\" with either a URL or a reason starting with \
             \"unapproved\", {see}"
        );
        found.push(at.invalid(&approval.into(), &detail));
    }
}

pub fn of_names(names: &Value, trail: &Trail, found: &mut Vec<Violation>) {
    for (key, has_case) in [("plural", false), ("singular", false), ("kind", true), ("listKind", true)] {
        let name = text(names, key);
        let spelt = if has_case { name.to_lowercase() } else { name.to_owned() };
        let wrong = wrong_label(&spelt);
        if name.is_empty() {
            // What is left out of these the API server fills in.
            if matches!(key, "plural" | "kind") {
                found.push(trail.field(key).required(""));
            }
        } else if !wrong.is_empty() {
            let mixed = if has_case { "may have mixed case, but should otherwise match: " } else { "" };
            found.push(trail.field(key).invalid(&name.into(), &format!("{mixed}{}", wrong.join(","))));
        }
    }
    for key in ["shortNames", "categories"] {
        for (at, name) in list(names, key).iter().enumerate() {
            let wrong = wrong_label(name.as_str().unwrap_or_default());
            if !wrong.is_empty() {
                found.push(trail.field(key).index(at).invalid(name, &wrong.join(",")));
            }
        }
    }
    let (kind, list_kind) = (text(names, "kind"), text(names, "listKind"));
    if !kind.is_empty() && kind == list_kind {
        found.push(trail.field("listKind").invalid(&kind.into(), "kind and listKind may not be the same"));
    }
}

/// What is wrong with a label of RFC 1035.
pub(super) fn wrong_label(name: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if name.len() > 63 {
        wrong.push("must be no more than 63 characters".to_string());
    }
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let fine = name.bytes().all(inner) && name.starts_with(|c: char| c.is_ascii_lowercase()) && !name.ends_with('-');
    if !fine {
        wrong.push(
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic \
             character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation \
             is '[a-z]([-a-z0-9]*[a-z0-9])?')"
                .into(),
        );
    }
    wrong
}

fn of_versions(spec: &Value, trail: &Trail, found: &mut Vec<Violation>) {
    let at = trail.field("versions");
    let versions = list(spec, "versions");
    for (index, version) in versions.iter().enumerate() {
        of_version(version, &at.index(index), found);
    }
    let name = |at: usize| text(&versions[at], "name");
    if (0..versions.len()).any(|later| (0..later).any(|earlier| name(earlier) == name(later))) {
        found.push(at.plainly_invalid("must contain unique version names"));
    }
    if versions.iter().filter(|version| version["storage"] == true).count() != 1 {
        found.push(at.plainly_invalid("must have exactly one version marked as storage version"));
    }
}

fn of_version(version: &Value, trail: &Trail, found: &mut Vec<Violation>) {
    let name = text(version, "name");
    let wrong = wrong_label(name);
    if !wrong.is_empty() {
        found.push(trail.field("name").invalid(&name.into(), &wrong.join(",")));
    }
    if let Some(warning) = version.get("deprecationWarning").and_then(Value::as_str) {
        let wrong = wrong_warning(version["deprecated"] == true, warning);
        let at = trail.field("deprecationWarning");
        found.extend(wrong.into_iter().map(|detail| at.invalid(&warning.into(), &detail)));
    }
    let at = trail.field("schema");
    let at = at.field("openAPIV3Schema");
    let written = &version["schema"]["openAPIV3Schema"];
    let subresources = &version["subresources"];
    if written.is_null() {
        found.push(at.required(""));
    } else {
        found.extend(schema::faults(written, !subresources["status"].is_null(), &at));
    }
    of_scale(&subresources["scale"], &trail.field("subresources"), found);
    for (index, column) in list(version, "additionalPrinterColumns").iter().enumerate() {
        of_column(column, &trail.field("additionalPrinterColumns").index(index), found);
    }
    of_selectable(list(version, "selectableFields"), written, &trail.field("selectableFields"), found);
}

fn wrong_warning(deprecated: bool, warning: &str) -> Vec<String> {
    if !deprecated {
        return vec!["can only be set for deprecated versions".into()];
    }
    let mut wrong = Vec::new();
    if warning.len() > 256 {
        wrong.push("must be <= 256 characters long".to_string());
    }
    if warning.is_empty() {
        wrong.push("must not be an empty string".into());
    }
    // Go prints no white space but the blank.
    let hidden = |c: char| c.is_control() || (c.is_whitespace() && c != ' ');
    if let Some((at, _)) = warning.char_indices().find(|(_, c)| hidden(*c)) {
        wrong
            .push(format!("must only contain printable UTF-8 characters; non-printable character found at index {at}"));
    }
    wrong
}

/// What is wrong with a path that begins with a dot, as far as the API server looks.
fn wrong_path(path: &str) -> Option<&'static str> {
    (!path.starts_with('.')).then_some("must be a simple json path starting with .")
}

fn of_scale(scale: &Value, trail: &Trail, found: &mut Vec<Violation>) {
    if scale.is_null() {
        return;
    }
    let trail = trail.field("scale");
    let paths: [(&str, &[&str], &str); 3] = [
        ("specReplicasPath", &[".spec."], "should be a json path under .spec"),
        ("statusReplicasPath", &[".status."], "should be a json path under .status"),
        ("labelSelectorPath", &[".spec.", ".status."], "should be a json path under either .spec or .status"),
    ];
    for (key, under, detail) in paths {
        let (at, path) = (trail.field(key), text(scale, key));
        if path.is_empty() {
            if key != "labelSelectorPath" {
                found.push(at.required(""));
            }
        } else if let Some(wrong) = wrong_path(path) {
            found.push(at.invalid(&path.into(), wrong));
        } else if !under.iter().any(|under| path.starts_with(under)) {
            found.push(at.invalid(&path.into(), detail));
        }
    }
}

fn of_column(column: &Value, trail: &Trail, found: &mut Vec<Violation>) {
    const TYPES: [&str; 5] = ["boolean", "date", "integer", "number", "string"];
    const FORMATS: [&str; 8] = ["byte", "date", "date-time", "double", "float", "int32", "int64", "password"];
    if text(column, "name").is_empty() {
        found.push(trail.field("name").required(""));
    }
    let (kind, format, path) = (text(column, "type"), text(column, "format"), text(column, "jsonPath"));
    let types = format!("must be one of {}", TYPES.join(","));
    if kind.is_empty() {
        found.push(trail.field("type").required(&types));
    } else if !TYPES.contains(&kind) {
        found.push(trail.field("type").invalid(&kind.into(), &types));
    }
    if !format.is_empty() && !FORMATS.contains(&format) {
        let formats = format!("must be one of {}", FORMATS.join(","));
        found.push(trail.field("format").invalid(&format.into(), &formats));
    }
    // The API server calls it JSONPath here, by its name in Go.
    if path.is_empty() {
        found.push(trail.field("jsonPath").required(""));
    } else if let Some(wrong) = wrong_path(path) {
        found.push(trail.field("jsonPath").invalid(&path.into(), wrong));
    }
}

/// How many fields may be selected by.
const MOST_SELECTABLE: usize = 8;

fn of_selectable(fields: &[Value], schema: &Value, trail: &Trail, found: &mut Vec<Violation>) {
    let mut paths: Vec<Vec<String>> = Vec::new();
    for (index, field) in fields.iter().enumerate() {
        let at = trail.index(index);
        let at = at.field("jsonPath");
        let path = text(field, "jsonPath");
        if path.is_empty() {
            found.push(at.required(""));
            continue;
        }
        let steps = match crate::formats::cel::field_path(path, schema) {
            Ok(steps) if !path.contains('[') => steps,
            Ok(_) => {
                let detail = "is an invalid path: array notation is not allowed";
                found.push(at.invalid(&path.into(), detail));
                continue;
            }
            Err(why) => {
                found.push(at.invalid(&path.into(), &format!("is an invalid path: {why}")));
                continue;
            }
        };
        if steps.first().is_some_and(|first| first == "metadata") {
            found.push(at.invalid(&path.into(), "must not point to fields in metadata"));
        }
        let below = |schema: &Value, step: &String| {
            let named = schema["properties"].get(step);
            named.cloned().unwrap_or_else(|| schema["additionalProperties"].clone())
        };
        let of = steps.iter().fold(schema.clone(), |schema, step| below(&schema, step));
        if !matches!(text(&of, "type"), "string" | "boolean" | "integer") {
            let detail = "must point to a field of type string, boolean or integer. Enum string fields and strings with \
                          formats are allowed.";
            found.push(at.invalid(&path.into(), detail));
        }
        if paths.contains(&steps) {
            found.push(at.duplicate(&path.into()));
        } else {
            paths.push(steps);
        }
    }
    if paths.len() > MOST_SELECTABLE {
        let detail = format!("must have at most {MOST_SELECTABLE} items");
        found.push(trail.too_many(&json!(paths.len()), &detail));
    }
}
