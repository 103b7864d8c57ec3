//! What changes between two states of an ApplicationSet: which Applications appear, change and vanish, and what of that its
//! controller would do.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::in_short;
use crate::formats::applicationset::{Differences, Policy, Reason, Rendering, differences};
use crate::report::{Action, ApplicationChange, ApplicationField, Comparison};

/// One state of a set: it isn't there, or gives this.
pub type Side<'r> = Option<(&'r Value, &'r Rendering)>;

/// What is between the two. Nothing is said where one of them isn't known.
pub fn compared(before: Side<'_>, after: Side<'_>) -> Comparison {
    if let Some(stopped) = why_not(before, after) {
        return Comparison { stopped: Some(stopped), ..Comparison::default() };
    }
    let applications = |side: Side<'_>| -> Vec<Value> {
        let made = side.into_iter().flat_map(|(_, rendering)| &rendering.applications);
        made.map(|made| made.application.clone()).collect()
    };
    let (then, now) = (applications(before), applications(after));
    // Without a set its Applications go, whatever its policy was: they are its own.
    let policy = Policy::of(after.map_or(&Value::Null, |(set, _)| set));
    let found = differences(&then.iter().collect::<Vec<_>>(), &now.iter().collect::<Vec<_>>(), &policy);
    let refused = after.into_iter().flat_map(|(_, rendering)| &rendering.refused);
    let refused = refused.filter_map(|made| made.application["metadata"]["name"].as_str()).collect();
    Comparison { changes: changes(found, &then, &now, &refused), ..Comparison::default() }
}

/// Why two states can't be compared, or why nothing changes.
fn why_not(before: Side<'_>, after: Side<'_>) -> Option<String> {
    if let Some((_, after)) = after {
        if let Some(missing) = after.missing.first() {
            return Some(format!("nobody knows {}", missing.what));
        }
        if after.is_blocked() {
            return Some("the controller changes no Application of a set that is wrong".to_owned());
        }
    }
    let before = before?.1;
    if let Some(missing) = before.missing.first() {
        return Some(format!("nobody knows what it was: {}", missing.what));
    }
    let blocks = |reason: Reason| matches!(reason, Reason::Parameters | Reason::Template);
    let problem = before.problems.iter().find(|problem| blocks(problem.reason))?;
    Some(format!("what there is nobody knows: the set was wrong before ({})", problem.message))
}

/// By name. What is refused for what it asks stays as it is.
fn changes(found: Differences, then: &[Value], now: &[Value], refused: &BTreeSet<&str>) -> Vec<ApplicationChange> {
    let (then, now) = (by_name(then), by_name(now));
    let named = |all: &BTreeMap<&str, &Value>, name: &str| all.get(name).copied().map(in_short).unwrap_or_default();
    let plain = |action, application| ApplicationChange {
        action,
        application,
        fields: Vec::new(),
        kept: None,
        with_resources: false,
    };
    let mut changes: Vec<ApplicationChange> =
        found.added.iter().map(|added| plain(Action::Create, in_short(added))).collect();
    changes.extend(found.changed.into_iter().map(|changed| {
        let fields = changed.fields.into_iter().map(|field| ApplicationField {
            path: field.path,
            before: field.before.unwrap_or_default(),
            after: field.after.unwrap_or_default(),
            ignored: field.is_ignored,
        });
        let mut change = plain(Action::Update, named(&now, &changed.name));
        change.fields = fields.collect();
        change.kept = changed.kept;
        change
    }));
    let deleted = found.deleted.into_iter().filter(|deleted| !refused.contains(deleted.name.as_str()));
    changes.extend(deleted.map(|deleted| {
        let mut change = plain(Action::Delete, named(&then, &deleted.name));
        change.kept = deleted.kept;
        change.with_resources = deleted.with_resources;
        change
    }));
    changes.sort_by(|a, b| a.application.name.cmp(&b.application.name));
    changes
}

fn by_name(applications: &[Value]) -> BTreeMap<&str, &Value> {
    applications
        .iter()
        .filter_map(|application| Some((application["metadata"]["name"].as_str()?, application)))
        .collect()
}
