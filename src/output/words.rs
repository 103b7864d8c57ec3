//! The words for kinds, numbers and endings, the same in a plan, an apply and a list.

use crate::report::{Counts, Status};

/// A kind of object as people say it: `pull_request` is a pull request.
pub(super) fn kind(kind: &str) -> String {
    match kind {
        "protection" => "branch protection".to_string(),
        "access" => "team access".to_string(),
        "notify" => "notification".to_string(),
        _ => kind.replace('_', " "),
    }
}

/// A number and its noun.
pub(super) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// The last line of a run: its first words, which are set off, and the rest.
pub(super) fn summary(plan: bool, counts: &Counts, status: Status, waits_for: Option<&str>) -> (String, String) {
    let unchanged = if counts.unchanged > 0 { format!(", {} unchanged", counts.unchanged) } else { String::new() };
    let made = format!("{} created, {} changed, {} deleted{unchanged}", counts.create, counts.update, counts.delete);
    let (head, rest) = match status {
        Status::Planned | Status::Applied if counts.changes() == 0 => {
            let rest = match counts.unchanged {
                0 => String::new(),
                1 => " 1 object is as asked.".to_string(),
                many => format!(" {many} objects are as asked."),
            };
            ("No changes.", rest)
        }
        Status::Planned => {
            let Counts { create, update, delete, .. } = counts;
            ("Plan:", format!(" {create} to create, {update} to change, {delete} to delete{unchanged}."))
        }
        Status::Applied => ("Done:", format!(" {made}.")),
        Status::Waiting => {
            let what = waits_for.map(|what| format!(" for {what}")).unwrap_or_default();
            let far = if counts.changes() == 0 { "nothing was changed".to_string() } else { made };
            ("Waiting", format!("{what}. So far {far}.\nRun the same command again to go on."))
        }
        Status::Failed | Status::Cancelled => {
            let head = if status == Status::Failed { "Stopped" } else { "Cancelled" };
            let rest = match counts.changes() {
                _ if plan => " while planning. Nothing was touched.".to_string(),
                0 => " before any change.".to_string(),
                many => format!(" after {}; run the same command again to go on.", count(many, "change")),
            };
            (head, rest)
        }
    };
    (head.to_string(), rest)
}
