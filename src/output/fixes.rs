//! What fixes changed, or would change: differences for people, lines for machines. Called by `audit`.

use serde_json::{Value, json};

use super::look::Look;
use super::words::count;
use super::{change, diagnostic};
use crate::report::{Action, Diff, FileDiff, Fixes};

/// The files, whole with their differences in a plan, then the fixes that weren't made.
pub(super) fn people(look: &Look, fixes: &Fixes, verbose: bool) -> String {
    let mut text = String::new();
    for file in &fixes.files {
        let diff = of(file);
        text.push_str(&change::line(look, Action::Update, "file", &file.path, &diff, None));
        text.push('\n');
        if fixes.plan || verbose {
            for line in change::details(look, Action::Update, &diff, true) {
                text.push_str(format!("    {line}").trim_end());
                text.push('\n');
            }
        }
    }
    for refused in &fixes.refused {
        let message = format!("{}: the fix of {} isn't made: {}", refused.place, refused.policy, refused.why);
        text.push_str(&diagnostic::warning(look, &message, None));
    }
    let (found, files) = (count(fixes.mended, "finding"), count(fixes.files.len(), "file"));
    text.push_str(&match (fixes.files.is_empty(), fixes.plan) {
        (true, _) => "Nothing was mended.\n\n".to_owned(),
        (_, true) => format!("Plan: {found} to mend in {files}. Nothing was written; this is what would be left:\n\n"),
        (_, false) => format!("Mended: {found} in {files}. This is what is left:\n\n"),
    });
    text
}

/// A `change` for each file, then a `fix_refused` for each fix that wasn't made.
pub(super) fn events(fixes: &Fixes) -> Vec<Value> {
    let changed = fixes.files.iter().map(
        |file| json!({ "type": "change", "action": "update", "kind": "file", "target": file.path, "diff": of(file) }),
    );
    let refused = fixes.refused.iter().map(|refused| {
        let (policy, place, why) = (&refused.policy, &refused.place, &refused.why);
        json!({
            "type": "fix_refused", "policy": policy, "file": place.file, "line": place.line, "column": place.column,
            "message": why,
        })
    });
    changed.chain(refused).collect()
}

fn of(file: &FileDiff) -> Diff {
    Diff { files: vec![file.clone()], ..Diff::default() }
}
