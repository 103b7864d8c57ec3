//! Edits of an object, as fixes make them, in the text of its file: what they don't name keeps every byte.

use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::formats::yaml::{self, Document, Path, Step};
use crate::report::Edit;

/// The object that is mended: a document of a file, and where in it the object is.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The file, for errors.
    pub file: &'a str,
    /// The document, counted as `yaml::parse` gives them.
    pub document: usize,
    /// The object's root in it: empty, or an element of a `List`.
    pub root: &'a [Step],
}

/// The text with the edits made one after the other, and why some weren't: those of one element of a list are made together
/// or not at all, so that an element that belongs to others, too, doesn't stand in the way of the rest.
///
/// # Errors
/// `idp::yaml::edit` if none can be made exactly: what comes through an alias or a merge key, and what isn't there.
/// `idp::yaml::path` for an edit whose path is none.
pub fn apply(text: &str, target: Target<'_>, edits: &[Edit]) -> Result<(String, Option<Error>)> {
    let all = |text: &str, edits: &[(Vec<Step>, &Edit)]| {
        edits.iter().try_fold(text.to_owned(), |text, (path, edit)| one(&text, target, path, edit.to.as_ref()))
    };
    let edits = edits.iter().map(|edit| Ok((yaml::parse_path(&edit.path)?, edit))).collect::<Result<Vec<_>>>()?;
    let shared = Shared::of(text, target, &edits)?;
    let is_allowed = |mended: &str| shared.as_ref().is_none_or(|shared| shared.allows(mended, target));
    let error = match all(text, &edits) {
        Ok(text) if is_allowed(&text) => return Ok((text, None)),
        Ok(_) => repeated(target, &edits),
        Err(error) => error,
    };
    let mut parts: Vec<(Vec<Step>, Vec<_>)> = Vec::new();
    for (path, edit) in &edits {
        let element = part(path, &edits);
        match parts.iter_mut().find(|(known, _)| *known == element) {
            Some((_, edits)) => edits.push((path.clone(), *edit)),
            None => parts.push((element, vec![(path.clone(), *edit)])),
        }
    }
    let mut mended = text.to_owned();
    for (_, edits) in parts {
        mended = all(&mended, &edits).ok().filter(|text| is_allowed(text)).unwrap_or(mended);
    }
    if mended == text { Err(error) } else { Ok((mended, Some(error))) }
}

/// What an edit is made together with: the innermost element of a list that it is in, or the outermost list that loses an
/// element, since the others move up.
fn part(path: &[Step], edits: &[(Vec<Step>, &Edit)]) -> Vec<Step> {
    let shrunk = edits.iter().filter(|(_, edit)| edit.to.is_none()).filter_map(|(gone, _)| match gone.split_last() {
        Some((Step::Index(_), list)) => Some(list),
        _ => None,
    });
    let around = shrunk.filter(|list| path.starts_with(list)).min_by_key(|list| list.len());
    let element = path.iter().rposition(|step| matches!(step, Step::Index(_))).map_or(0, |at| at + 1);
    around.unwrap_or(&path[..element]).to_vec()
}

fn one(text: &str, target: Target<'_>, steps: &[Step], to: Option<&Value>) -> Result<String> {
    let documents = yaml::parse(target.file, text)?;
    let document = documents.get(target.document).ok_or_else(|| gone(target.file))?;
    let path: Vec<Step> = target.root.iter().chain(steps).cloned().collect();
    match exact(document, path, to)? {
        Some(edit) => yaml::edit_parsed(&documents, target.document, &edit),
        None => Ok(text.to_owned()),
    }
}

/// What an object with anchors is and shall be: an alias repeats what its anchor says, so that an edit there is one of every
/// place that has the alias.
struct Shared {
    before: Value,
    wanted: Value,
}

impl Shared {
    /// Nothing where no anchor is.
    fn of(text: &str, target: Target<'_>, edits: &[(Vec<Step>, &Edit)]) -> Result<Option<Shared>> {
        if !text.contains('&') {
            return Ok(None);
        }
        let mut documents = yaml::parse(target.file, text)?;
        let document = documents.get_mut(target.document).ok_or_else(|| gone(target.file))?;
        let before = document.value.clone();
        for (steps, edit) in edits {
            let path: Vec<Step> = target.root.iter().chain(steps).cloned().collect();
            if let Some(edit) = exact(document, path, edit.to.as_ref())? {
                make(&mut document.value, &edit);
            }
        }
        Ok(Some(Shared { before, wanted: std::mem::take(&mut document.value) }))
    }

    /// Whether only what was to be changed has been.
    fn allows(&self, mended: &str, target: Target<'_>) -> bool {
        let documents = yaml::parse(target.file, mended).unwrap_or_default();
        documents.get(target.document).is_some_and(|now| is_wanted(&self.before, &now.value, &self.wanted))
    }
}

/// Whether a value is everywhere what it was or what it shall be.
fn is_wanted(before: &Value, now: &Value, wanted: &Value) -> bool {
    if now == before || now == wanted {
        return true;
    }
    match (before, now, wanted) {
        (Value::Object(before), Value::Object(now), Value::Object(wanted)) => {
            let in_all = |key: &String| [before, now, wanted].map(|map| map.get(key).unwrap_or(&Value::Null));
            before.keys().chain(now.keys()).map(in_all).all(|[before, now, wanted]| is_wanted(before, now, wanted))
        }
        (Value::Array(before), Value::Array(now), Value::Array(wanted)) if before.len() == now.len() => before
            .iter()
            .zip(now)
            .enumerate()
            .all(|(at, (before, now))| is_wanted(before, now, wanted.get(at).unwrap_or(before))),
        _ => false,
    }
}

/// Makes an edit of a value that stands alone.
fn make(value: &mut Value, edit: &yaml::Edit) -> Option<()> {
    match edit {
        yaml::Edit::Append { path, value: new } => yaml::get_mut(value, path)?.as_array_mut()?.push(new.clone()),
        yaml::Edit::Set { path, value: new } => match path.split_last()? {
            (Step::Key(key), above) => {
                yaml::get_mut(value, above)?.as_object_mut()?.insert(key.clone(), new.clone());
            }
            (Step::Index(_), _) => *yaml::get_mut(value, path)? = new.clone(),
        },
        yaml::Edit::Remove { path } => match path.split_last()? {
            (Step::Key(key), above) => drop(yaml::get_mut(value, above)?.as_object_mut()?.shift_remove(key)?),
            (Step::Index(at), above) => {
                let items = yaml::get_mut(value, above)?.as_array_mut()?;
                drop((*at < items.len()).then(|| items.remove(*at)));
            }
        },
        yaml::Edit::Add { .. } => return None,
    }
    Some(())
}

fn repeated(target: Target<'_>, edits: &[(Vec<Step>, &Edit)]) -> Error {
    let path = edits.first().map_or_else(String::new, |(steps, _)| Path(steps).to_string());
    let message = format!("`{path}` is where an anchor stands: what its aliases repeat would change, too");
    let error = Error::invalid("idp::yaml::edit", message).at(crate::error::Place::file(target.file));
    error.help("write it out at each place, or mend it by hand")
}

fn gone(file: &str) -> Error {
    Error::invalid("idp::yaml::edit", format!("{file} doesn't hold the object any more"))
}

/// The edit of the document as it is: maps on the way that aren't there are made, and what one past the end of a list is
/// set to is appended. Nothing where all is as wanted.
fn exact(document: &Document, mut path: Vec<Step>, to: Option<&Value>) -> Result<Option<yaml::Edit>> {
    let value = &document.value;
    let Some(to) = to else {
        return Ok(yaml::get(value, &path).map(|_| yaml::Edit::Remove { path }));
    };
    let mut to = to.clone();
    // What is there, and not null, begins the path; the rest is made.
    let is_there = |steps: &[Step]| yaml::get(value, steps).is_some_and(|there| !there.is_null());
    let there = (0..=path.len()).rev().find(|length| is_there(&path[..*length])).unwrap_or(0);
    while path.len() > there + 1 {
        to = match path.pop() {
            Some(Step::Key(key)) => Value::Object(Map::from_iter([(key, to)])),
            Some(Step::Index(0)) => Value::Array(vec![to]),
            _ => return Err(no_place(document, &path)),
        };
    }
    let around = path.split_last().and_then(|(last, above)| Some((last, yaml::get(value, above)?)));
    match around {
        Some((Step::Index(at), Value::Array(items))) if *at == items.len() => {
            path.pop();
            Ok(Some(yaml::Edit::Append { path, value: to }))
        }
        Some((Step::Index(at), Value::Array(items))) if *at > items.len() => Err(no_place(document, &path)),
        _ => Ok(Some(yaml::Edit::Set { path, value: to })),
    }
}

fn no_place(document: &Document, path: &[Step]) -> Error {
    let message = format!("there is no place for `{}`", Path(path));
    Error::invalid("idp::yaml::edit", message).at(document.place(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn edit(path: &str, to: Option<Value>) -> Edit {
        Edit { path: path.into(), to }
    }

    fn applied(text: &str, edits: &[Edit]) -> Result<String> {
        apply(text, Target { file: "a.yaml", document: 0, root: &[] }, edits).map(|(text, _)| text)
    }

    const POD: &str = "\
# The shop's pod.
kind: Pod   # a pod
metadata:
    name: 'shop'
spec:
    containers:
    - name: \"shop\"  # ours
      image: shop:1
      args:
      - a
    hostPID: true   # for the tracer
    # The end.
";

    #[test]
    fn maps_on_the_way_are_made() {
        let edits = [
            edit("spec.containers[0].securityContext.capabilities.drop", Some(json!(["ALL"]))),
            edit("spec.containers[0].securityContext.runAsNonRoot", Some(json!(true))),
            edit("spec.containers[0].args[1]", Some(json!("b"))),
            edit("spec.hostPID", None),
            edit("spec.hostIPC", None),
        ];
        let text = applied(POD, &edits).unwrap();
        assert_eq!(
            text,
            "\
# The shop's pod.
kind: Pod   # a pod
metadata:
    name: 'shop'
spec:
    containers:
    - name: \"shop\"  # ours
      image: shop:1
      args:
      - a
      - b
      securityContext:
          capabilities:
              drop:
              - ALL
          runAsNonRoot: true
    # The end.
"
        );
    }

    #[test]
    fn null_is_as_good_as_nothing() {
        let text = applied("a:\nb: ~\nc: {}\n", &[edit("a.x", Some(json!(1))), edit("b.y.z", Some(json!(2)))]).unwrap();
        let read = yaml::parse("", &text).unwrap().remove(0).value;
        assert_eq!(read, json!({ "a": { "x": 1 }, "b": { "y": { "z": 2 } }, "c": {} }), "{text}");
        assert!(text.ends_with("c: {}\n"), "{text}");
    }

    #[test]
    fn elements_of_lists_of_objects_and_json_are_objects() {
        let root = [Step::from("items"), Step::from(1)];
        let text = "{\n  \"kind\": \"List\",\n  \"items\": [\n    {\"a\": 1},\n    {\"a\": 1}\n  ]\n}\n";
        let target = Target { file: "a.json", document: 0, root: &root };
        let (mended, _) = apply(text, target, &[edit("a", Some(json!(2)))]).unwrap();
        assert_eq!(mended, "{\n  \"kind\": \"List\",\n  \"items\": [\n    {\"a\": 1},\n    {\"a\": 2}\n  ]\n}\n");
        let (mended, _) = apply(text, target, &[edit("b.c", Some(json!("d")))]).unwrap();
        let read: Value = serde_json::from_str(&mended).expect("it is still JSON");
        assert_eq!(read["items"][1], json!({ "a": 1, "b": { "c": "d" } }));
    }

    #[test]
    fn what_belongs_to_others_is_refused() {
        let shared = "a: &x {b: 1}\nc: *x\nd: [1]\n";
        for (path, to) in [("c.b", Some(json!(2))), ("c.e", Some(json!(2))), ("d[3]", Some(json!(2))), ("a..b", None)] {
            let error = applied(shared, &[edit(path, to)]).unwrap_err();
            assert!(["idp::yaml::edit", "idp::yaml::path"].contains(&error.code()), "{path}: {error}");
        }
        let error = apply(shared, Target { file: "a", document: 1, root: &[] }, &[edit("a", None)]).unwrap_err();
        assert_eq!(error.code(), "idp::yaml::edit");
    }

    #[test]
    fn what_belongs_to_others_doesnt_stop_the_rest() {
        let text = "a:\n- &x {k: [1, 2]}\n- {k: [1, 2]}\nb: [*x , {k: [1, 2]}]\n";
        let edits = [
            edit("b[0].k[0]", None),
            edit("b[0].k[0]", Some(json!(3))),
            edit("b[1].k[0]", None),
            edit("b[1].k[0]", Some(json!(3))),
        ];
        let target = Target { file: "a.yaml", document: 0, root: &[] };
        let (mended, unmade) = apply(text, target, &edits).unwrap();
        assert_eq!(mended, text.replace("*x , {k: [1, 2]}", "*x , {k: [3]}"));
        assert!(unmade.unwrap().message().contains("through the alias"));
        // Numbers of elements hold only if all that go from their list go.
        let edits = [edit("b[0]", None), edit("b[0].k[1]", None), edit("b[5]", Some(json!(1)))];
        assert_eq!(apply(text, target, &edits).unwrap_err().code(), "idp::yaml::edit");
    }

    #[test]
    fn an_anchor_is_not_changed_for_those_that_repeat_it() {
        let text = "labels: &l {app: a}\nselector: *l\nalone: &m {b: 1}\n";
        for (path, to) in [("labels.owner", Some(json!("us"))), ("labels.app", Some(json!("b"))), ("labels.app", None)]
        {
            let error = applied(text, &[edit(path, to)]).unwrap_err();
            assert!(error.message().contains("is where an anchor stands"), "{path}: {error}");
        }
        assert_eq!(applied(text, &[edit("alone.b", Some(json!(2)))]).unwrap(), text.replace("b: 1", "b: 2"));
        // Beside it nothing is repeated.
        assert!(applied(text, &[edit("owner", Some(json!("us")))]).unwrap().ends_with("owner: us\n"));
        let merged = "a: &x {b: 1}\nc: {<<: *x, d: 2}\n";
        assert!(applied(merged, &[edit("a.e", Some(json!(2)))]).is_err());
        assert_eq!(applied(merged, &[edit("c.d", Some(json!(3)))]).unwrap(), merged.replace("d: 2", "d: 3"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        /// Documents around the one that is mended, the lines before the first change and behind the last one stay.
        #[test]
        fn no_other_byte_changes(
            before in prop::collection::vec("[a-z]{1,6}", 0..4),
            names in prop::collection::vec("[a-z][a-z0-9-]{0,8}", 1..4),
            at in any::<prop::sample::Index>(),
            crlf in any::<bool>(),
            field in "(hostPID|securityContext[.]runAsNonRoot|a[.]b[.]c)",
            value in prop_oneof![any::<bool>().prop_map(Value::from), any::<i32>().prop_map(Value::from), "[ -~]{0,12}".prop_map(Value::from)],
        ) {
            let mut text = String::new();
            for word in &before {
                text.push_str(&format!("# {word}\nkind: '{word}'   # as it is\n---\n"));
            }
            text.push_str("kind:   Pod\nspec:\n    containers:   # all of them\n");
            for name in &names {
                text.push_str(&format!("    -   name: \"{name}\"   # {name}\n        image: {{ a: 1 }}\n\n"));
            }
            text.push_str("    # last\n---\n# tail\nkind: \"x\"\n");
            if crlf {
                text = text.replace('\n', "\r\n");
            }
            let index = at.index(names.len());
            let edits = [edit(&format!("spec.containers[{index}].{field}"), Some(value.clone()))];
            let target = Target { file: "a.yaml", document: before.len(), root: &[] };
            let (mended, _) = apply(&text, target, &edits).unwrap();
            let lines = |text: &str| text.split_inclusive('\n').map(str::to_owned).collect::<Vec<_>>();
            let (old, new) = (lines(&text), lines(&mended));
            // Each old line is there, in order, byte by byte.
            let mut rest = new.iter();
            for line in &old {
                prop_assert!(rest.any(|there| there == line), "{line:?} is gone:\n{mended}");
            }
            prop_assert!(new.len() <= old.len() + 3);
            let read = yaml::parse("", &mended).unwrap();
            let path = yaml::parse_path(&edits[0].path).unwrap();
            prop_assert_eq!(yaml::get(&read[before.len()].value, &path), Some(&value));
            prop_assert_eq!(apply(&mended, target, &edits).unwrap().0, mended);
        }
    }
}
