//! A saved plan beside a plan of now: what is to be done, what is done, and what moved.

use serde_json::Value;

use super::guard::Recorded;
use super::touches::same;
use super::{Planned, SavedPlan};
use crate::formats::digest::digest;
use crate::report::{Diff, FileDiff};

/// How a saved plan fits the world.
#[derive(Debug, Default)]
pub struct Fit {
    /// How many of its changes are to be made.
    pub to_do: usize,
    /// How many of them the world has already.
    pub done: usize,
    /// What no longer fits; nothing of the plan may be made unless it is empty.
    pub moved: Vec<Moved>,
}

/// An object that is not as the plan found it.
#[derive(Debug, Clone, PartialEq)]
pub struct Moved {
    /// The kind of object.
    pub kind: String,
    /// Which.
    pub target: String,
    /// What moved, in words.
    pub why: String,
    /// Between what was planned and what would be made now.
    pub diff: Diff,
}

/// Compares. A change that both make is to be done. One that only the saved plan makes is done if the run found its
/// object as asked; whatever else differs has moved.
pub fn fit(saved: &SavedPlan, now: &Recorded) -> Fit {
    fit_so_far(saved, now, true)
}

/// The same for a run that may have stopped on its way: what it didn't come to hasn't moved.
pub fn fit_so_far(saved: &SavedPlan, now: &Recorded, whole: bool) -> Fit {
    let mut fit = Fit::default();
    let mut left: Vec<&Planned> = saved.changes.iter().collect();
    let mut strangers = Vec::new();
    for change in &now.changes {
        match left.iter().position(|planned| same(&planned.touches, &change.touches)) {
            Some(at) => {
                left.remove(at);
                fit.to_do += 1;
            }
            None => strangers.push(change),
        }
    }
    for change in strangers {
        let planned = left.iter().position(|planned| planned.kind == change.kind && planned.target == change.target);
        fit.moved.push(match planned.map(|at| left.remove(at)) {
            Some(planned) => differs(planned, change),
            None => Moved {
                kind: change.kind.clone(),
                target: change.target.clone(),
                why: "is to be changed now, and the plan didn't change it".into(),
                diff: change.diff.clone(),
            },
        });
    }
    for planned in left {
        if now.unchanged.iter().any(|(kind, target)| witnesses(planned, kind, target)) {
            fit.done += 1;
        } else if whole {
            fit.moved.push(Moved {
                kind: planned.kind.clone(),
                target: planned.target.clone(),
                why: "was to be changed, and the run no longer asks for it".into(),
                diff: Diff::default(),
            });
        }
    }
    fit
}

/// Whether an object that was found as asked is the one that a change was for.
fn witnesses(planned: &Planned, kind: &str, target: &str) -> bool {
    if planned.kind != kind {
        return false;
    }
    // What tells comments apart may derive from a text that holds what the world assigned since.
    let place = |target: &'_ str| target.rsplit_once(' ').map(|(place, _)| place.to_string());
    planned.target == target || (kind == "comment" && place(&planned.target) == place(target))
}

/// What differs between two changes of one object.
fn differs(planned: &Planned, now: &Planned) -> Moved {
    let (mut was, mut wanted, mut diff) = (Vec::new(), Vec::new(), Diff::default());
    let files = |change: &Planned| change.touches.get("files").cloned().unwrap_or_default();
    let (planned_files, now_files) = (files(planned), files(now));
    let paths = |value: &Value| value.as_object().map(|map| map.keys().cloned().collect::<Vec<_>>());
    let mut all: Vec<String> = [paths(&planned_files), paths(&now_files)].into_iter().flatten().flatten().collect();
    all.sort();
    all.dedup();
    for path in all {
        let (planned, now) = (planned_files.get(&path), now_files.get(&path));
        let field = |file: Option<&Value>, name: &str| file.and_then(|file| file.get(name)).cloned();
        if planned.is_some() && now.is_some() && field(planned, "before") != field(now, "before") {
            was.push(path.clone());
        } else if planned == now {
            continue;
        } else {
            wanted.push(path.clone());
        }
        let text = |file| field(file, "wanted").and_then(|file| Some(file.get("text")?.as_str()?.as_bytes().to_vec()));
        diff.files.push(FileDiff::between(&path, text(planned).as_deref(), text(now).as_deref()));
    }
    for side in ["before", "wanted"] {
        let of = |change: &Planned| change.touches.get(side).cloned().unwrap_or_default();
        fields("", &of(planned), &of(now), &mut diff);
        if of(planned) != of(now) {
            let names = if side == "before" { &mut was } else { &mut wanted };
            names.push("its settings".to_string());
        }
    }
    for name in ["title", "body", "base", "message", "labels", "reviewers", "cause", "action", "marker"] {
        let of = |change: &Planned| change.touches.get(name).cloned().unwrap_or_default();
        if !same(&of(planned), &of(now)) {
            wanted.push(name.to_string());
            diff.field(name, spoken(&of(planned)), spoken(&of(now)));
        }
    }
    let list = |names: &[String]| names.join(", ");
    let why = match (was.is_empty(), wanted.is_empty()) {
        (false, true) => format!("changed since: {}", list(&was)),
        (false, false) => format!("changed since: {}; would become something else: {}", list(&was), list(&wanted)),
        (true, false) => format!("would become something else: {}", list(&wanted)),
        (true, true) => "is not as it was planned".to_string(),
    };
    Moved { kind: now.kind.clone(), target: now.target.clone(), why, diff }
}

fn fields(path: &str, planned: &Value, now: &Value, diff: &mut Diff) {
    if same(planned, now) {
        return;
    }
    match (planned, now) {
        (Value::Object(old), Value::Object(new)) => {
            let keys: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for key in keys {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                let of = |map: &serde_json::Map<String, Value>| map.get(key).cloned().unwrap_or_default();
                fields(&path, &of(old), &of(new), diff);
            }
        }
        _ => diff.field(if path.is_empty() { "state" } else { path }, spoken(planned), spoken(now)),
    }
}

fn spoken(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// The files that a plan is bound to and that aren't as they were: name and what happened. `read` gives the present
/// contents of a name.
pub fn changed_sources(
    saved: &SavedPlan,
    read: impl Fn(&str) -> crate::error::Result<Option<Vec<u8>>>,
) -> crate::error::Result<Vec<String>> {
    let mut changed = Vec::new();
    for (name, was) in &saved.sources {
        match read(name)? {
            None => changed.push(format!("{name} (gone)")),
            Some(bytes) if digest(&bytes) != *was => changed.push(name.clone()),
            Some(_) => {}
        }
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::super::Run;
    use super::*;
    use crate::report::Action;

    fn planned(kind: &str, target: &str, touches: Value) -> Planned {
        Planned {
            action: Action::Create,
            kind: kind.into(),
            target: target.into(),
            fingerprint: String::new(),
            touches,
            diff: Diff::default(),
        }
    }

    fn saved(changes: Vec<Planned>) -> SavedPlan {
        SavedPlan {
            format: SavedPlan::format(),
            idp_run: "0".into(),
            created: String::new(),
            run: Run { key: "x".into(), hash: "x".into(), input: "x".into() },
            script: "x".into(),
            update: false,
            params: serde_json::Map::new(),
            sources: BTreeMap::new(),
            changes,
            waits: Vec::new(),
            outputs: Vec::new(),
            application_sets: Vec::new(),
        }
    }

    #[test]
    fn each_change_is_to_do_done_or_moved() {
        let file = |before: &str, after: &str| json!({ "files": { "a": { "before": { "blob": before }, "wanted": { "text": after } } } });
        let plan = saved(vec![
            planned("repository", "acme/x", json!({ "wanted": 1 })),
            planned("pull_request", "acme/g x", file("1", "one\n")),
            planned("commit", "acme/x main", json!({ "wanted": 2 })),
            planned("manifest", "dev X", json!({ "wanted": 3 })),
        ]);
        let now = Recorded {
            changes: vec![
                planned("pull_request", "acme/g x", file("2", "two\n")),
                planned("commit", "acme/x main", json!({ "wanted": 2 })),
                planned("comment", "acme/g x 1", json!({ "body": "new" })),
            ],
            unchanged: vec![("repository".into(), "acme/x".into())],
            ..Recorded::default()
        };
        let fit = fit(&plan, &now);
        assert_eq!((fit.to_do, fit.done), (1, 1));
        let moved: Vec<_> = fit.moved.iter().map(|moved| format!("{}: {}", moved.target, moved.why)).collect();
        assert_eq!(
            moved,
            [
                "acme/g x: changed since: a",
                "acme/g x 1: is to be changed now, and the plan didn't change it",
                "dev X: was to be changed, and the run no longer asks for it",
            ]
        );
        assert_eq!(fit.moved[0].diff.files[0].text, "@@ -1 +1 @@\n-one\n+two\n");
    }
}
