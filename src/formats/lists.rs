//! The objects of a document: the document itself, or the elements of a list, as kubectl takes lists apart. Whoever looks
//! at manifests asks here: the door, audits, those who look for definitions.

use std::borrow::Cow;

use serde_json::Value;

use crate::formats::yaml::Step;

/// An object, and where in its document it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Part<'d> {
    /// Empty for the document itself.
    pub path: Vec<Step>,
    /// The object. Elements of a typed list have the kind that the list says.
    pub value: Cow<'d, Value>,
}

/// What is in a document.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parts<'d> {
    /// The objects, and whatever else stands alone in a document.
    pub objects: Vec<Part<'d>>,
    /// What can't be taken apart: where it is, and why not.
    pub odd: Vec<(Vec<Step>, String)>,
}

/// Takes a document apart.
pub fn of(document: &Value) -> Parts<'_> {
    let mut parts = Parts::default();
    take(Cow::Borrowed(document), Vec::new(), &mut parts);
    parts
}

/// Whether a document is a list of objects: `List`, or one of a kind, such as `ConfigMapList`.
pub fn is_list(document: &Value) -> bool {
    let text = |key: &str| document.get(key).and_then(Value::as_str).unwrap_or_default();
    match (text("apiVersion"), text("kind")) {
        ("v1", "List") => true,
        (version, kind) => !version.is_empty() && kind.ends_with("List") && document.get("items").is_some(),
    }
}

fn take<'d>(value: Cow<'d, Value>, path: Vec<Step>, parts: &mut Parts<'d>) {
    if !is_list(&value) {
        parts.objects.push(Part { path, value });
        return;
    }
    let kind = value["kind"].as_str().unwrap_or_default().to_owned();
    let below = |step: Step| -> Vec<Step> { path.iter().cloned().chain([step]).collect() };
    let at_items = below("items".into());
    if value.get("items").is_none_or(Value::is_null) {
        parts.odd.push((path.clone(), format!("the {kind} has no items")));
        return;
    }
    let Some(count) = value["items"].as_array().map(Vec::len) else {
        parts.odd.push((at_items, format!("the items of the {kind} must be a list")));
        return;
    };
    for at in 0..count {
        let place: Vec<Step> = at_items.iter().cloned().chain([Step::Index(at)]).collect();
        let item = match &value {
            Cow::Borrowed(list) => Cow::Borrowed(&list["items"][at]),
            Cow::Owned(list) => Cow::Owned(list["items"][at].clone()),
        };
        let said = |key: &str| item.get(key).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
        if !item.is_object() {
            parts.odd.push((place, format!("items[{at}] of the {kind} is no object")));
            continue;
        }
        match (said("apiVersion"), said("kind"), kind.strip_suffix("List")) {
            (true, true, _) => take(item, place, parts),
            (false, false, Some(of)) if !of.is_empty() => {
                let mut typed = item.into_owned();
                typed["apiVersion"] = value["apiVersion"].clone();
                typed["kind"] = of.into();
                take(Cow::Owned(typed), place, parts);
            }
            (has_version, has_kind, _) => {
                let lacks = match (has_version, has_kind) {
                    (false, false) => "apiVersion and kind",
                    (false, true) => "apiVersion",
                    _ => "kind",
                };
                parts.odd.push((place, format!("items[{at}] of the {kind} has no {lacks}")));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(document: &Value) -> (Vec<String>, Vec<String>) {
        let parts = of(document);
        let path = |path: &[Step]| crate::formats::yaml::Path(path).to_string();
        let object = |part: &Part| {
            let text = |key: &str| part.value[key].as_str().unwrap_or("-").to_owned();
            format!("{} {} {}", path(&part.path), text("apiVersion"), text("kind"))
        };
        let odd = parts.odd.iter().map(|(at, why)| format!("{}: {why}", path(at))).collect();
        (parts.objects.iter().map(object).collect(), odd)
    }

    #[test]
    fn lists_are_taken_apart_as_kubectl_does() {
        let pod = json!({ "apiVersion": "v1", "kind": "Pod" });
        assert_eq!(told(&pod), (vec![" v1 Pod".to_string()], vec![]));
        let list = json!({ "apiVersion": "v1", "kind": "List", "items": [pod, { "apiVersion": "v1", "kind": "List", "items": [pod] }] });
        assert_eq!(told(&list).0, ["items[0] v1 Pod", "items[1].items[0] v1 Pod"]);
        let typed = json!({ "apiVersion": "v1", "kind": "ConfigMapList", "items": [{ "data": {} }, pod] });
        assert_eq!(told(&typed).0, ["items[0] v1 ConfigMap", "items[1] v1 Pod"]);
        // A kind whose name ends in List, and that holds none.
        assert_eq!(told(&json!({ "apiVersion": "a.b/v1", "kind": "AllowList", "spec": {} })).0, [" a.b/v1 AllowList"]);
    }

    #[test]
    fn what_is_no_object_is_told() {
        let list = |items: Value| told(&json!({ "apiVersion": "v1", "kind": "List", "items": items })).1;
        assert_eq!(list(json!(null)), [": the List has no items"]);
        assert_eq!(list(json!({})), ["items: the items of the List must be a list"]);
        assert_eq!(
            list(json!([1, {}, { "kind": "Pod" }, { "apiVersion": "v1" }])),
            [
                "items[0]: items[0] of the List is no object",
                "items[1]: items[1] of the List has no apiVersion and kind",
                "items[2]: items[2] of the List has no apiVersion",
                "items[3]: items[3] of the List has no kind",
            ]
        );
        assert_eq!(list(json!([])), Vec::<String>::new());
    }
}
