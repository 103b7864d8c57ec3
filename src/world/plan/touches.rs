//! What a change touches, and nothing else of the world: the state that it wants, and the state that it was planned
//! upon, without what the world assigns (commits, numbers). Its digest is the change's fingerprint.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::config::HeaderText;
use crate::formats::digest::digest;
use crate::world::change::{Change, File, FileChange, PullRequestText};
use crate::world::later::KNOWN_AFTER_APPLY;

/// What a change touches. Two plans make the same change if these are equal, see [`same`].
pub fn touches(change: &Change) -> Value {
    let mut all = match change {
        Change::CreateRepository { repo, settings, marker, template } => {
            let mut touches = json!({ "repository": repo, "wanted": settings, "marker": marker });
            if let Some(template) = template {
                touches["template"] = json!(template);
            }
            touches
        }
        Change::UpdateRepository { repo, before, after, marker } => {
            let (before, after) = differing(&json!(before), &json!(after));
            json!({ "repository": repo, "before": before, "wanted": after, "marker": marker })
        }
        Change::ArchiveRepository { repo, .. } => json!({ "repository": repo, "archived": true }),
        Change::UnarchiveRepository { repo } => json!({ "repository": repo, "archived": false }),
        Change::DeleteRepository { repo, .. } => json!({ "repository": repo }),
        Change::ProtectBranch { repo, branch, before, after } => {
            let (before, after) = match before {
                Some(before) => differing(&json!(before), &json!(after)),
                None => (Value::Null, json!(after)),
            };
            json!({ "repository": repo, "branch": branch, "before": before, "wanted": after })
        }
        Change::SetStatus { repo, at, name, before, after, .. } => {
            json!({ "repository": repo, "at": at, "name": name, "before": before, "wanted": after })
        }
        Change::GrantTeam(grant) => {
            json!({ "repository": grant.repo, "team": grant.team, "before": grant.before, "wanted": grant.after })
        }
        Change::SetWebhook(hook) => {
            let (before, after) = match &hook.before {
                Some(before) => differing(&json!(before), &json!(hook.after)),
                None => (Value::Null, json!(hook.after)),
            };
            let secret = hook.secret.as_ref().and_then(HeaderText::secret);
            json!({ "repository": hook.repo, "url": hook.url, "before": before, "wanted": after, "secret": secret })
        }
        Change::Commit { repo, branch, message, marker, files, .. } => {
            json!({ "repository": repo, "branch": branch, "marker": marker.to_string(), "message": message, "files": of_files(files) })
        }
        Change::RestoreMarker { repo, marker, .. } => json!({ "repository": repo, "marker": marker.to_string() }),
        Change::OpenPullRequest { repo, base, head, commit, marker, title, body, labels, reviewers } => json!({
            "repository": repo, "base": base, "head": head, "marker": marker.to_string(), "title": title, "body": body,
            "labels": labels, "reviewers": reviewers, "message": commit.message, "files": of_files(&commit.files),
        }),
        Change::UpdatePullRequest { repo, head, marker, before, after, commit, reopen, .. } => {
            let (message, files) = match commit {
                Some(commit) => (json!(commit.message), of_files(&commit.files)),
                None => (Value::Null, json!({})),
            };
            json!({
                "repository": repo, "head": head, "marker": marker.to_string(), "reopen": reopen,
                "before": added(before, &PullRequestText::default()), "wanted": added(after, before),
                "message": message, "files": files,
            })
        }
        // Its marker may derive from a text that holds what the world assigns; repository, branch and text say enough.
        Change::Comment { repo, head, body, .. } => json!({ "repository": repo, "head": head, "body": body }),
        Change::Merge { repo, number, method, admin, .. } => {
            json!({ "repository": repo, "number": number, "method": method, "admin": admin })
        }
        Change::Approve { repo, number } | Change::ClosePullRequest { repo, number } => {
            json!({ "repository": repo, "number": number })
        }
        Change::DeleteBranch { repo, branch, .. } => json!({ "repository": repo, "branch": branch }),
        Change::ApplyManifest { cluster, object, before, after } => {
            let (before, after) = match before {
                Some(before) => differing(before, after),
                None => (Value::Null, after.clone()),
            };
            json!({ "cluster": cluster, "object": object, "before": before, "wanted": after })
        }
        Change::Notify { contact, cause, message, .. } => {
            json!({ "contact": contact, "cause": cause, "message": message })
        }
        Change::Request(request) => json!({ "request": request }),
    };
    if let Value::Object(fields) = &mut all {
        fields.insert("kind".into(), change.kind().into());
        fields.insert("action".into(), json!(change.action()));
    }
    all
}

/// The fingerprint of what a change touches.
pub fn fingerprint(touches: &Value) -> String {
    digest(touches.to_string().as_bytes())
}

/// Files by path: the blob that was there, and the text (of a binary file the blob) that is wanted.
fn of_files(files: &[FileChange]) -> Value {
    let blob = |file: &File| crate::world::git::blob_id(&file.bytes);
    let files = files.iter().map(|file| {
        let before =
            file.before.as_ref().map(|before| json!({ "blob": blob(before), "executable": before.executable }));
        let wanted = file.after.as_ref().map(|after| match std::str::from_utf8(&after.bytes) {
            Ok(text) => json!({ "text": text, "executable": after.executable }),
            Err(_) => json!({ "blob": blob(after), "executable": after.executable }),
        });
        (file.path.clone(), json!({ "before": before, "wanted": wanted }))
    });
    Value::Object(files.collect())
}

/// Of two values only what differs, field by field: what others do to the rest is none of the change's business.
fn differing(before: &Value, after: &Value) -> (Value, Value) {
    let (Value::Object(old), Value::Object(new)) = (before, after) else {
        return match (before, after) {
            // Lists of names are added to.
            (Value::Array(old), Value::Array(new)) if new.iter().all(Value::is_string) => {
                let added = new.iter().filter(|value| !old.contains(value)).cloned().collect();
                let gone: Vec<Value> = old.iter().filter(|value| !new.contains(value)).cloned().collect();
                (Value::Array(gone), Value::Array(added))
            }
            _ => (before.clone(), after.clone()),
        };
    };
    let (mut was, mut wanted) = (Map::new(), Map::new());
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for key in keys {
        match (old.get(key), new.get(key)) {
            (Some(old), Some(new)) if old == new => {}
            (Some(old), Some(new)) => {
                let (old, new) = differing(old, new);
                was.insert(key.clone(), old);
                wanted.insert(key.clone(), new);
            }
            (old, new) => {
                was.insert(key.clone(), old.cloned().unwrap_or_default());
                wanted.insert(key.clone(), new.cloned().unwrap_or_default());
            }
        }
    }
    (Value::Object(was), Value::Object(wanted))
}

/// The fields of a pull request's text; of its sets only what `than` doesn't have.
fn added(text: &PullRequestText, than: &PullRequestText) -> Value {
    let set = |set: &Option<BTreeSet<String>>, than: &Option<BTreeSet<String>>| {
        set.as_ref().map(|set| set.difference(than.as_ref().unwrap_or(&BTreeSet::new())).cloned().collect::<Vec<_>>())
    };
    // What labels and reviewers were beside those that are added doesn't matter.
    let sets = *than != PullRequestText::default();
    json!({
        "title": text.title, "body": text.body,
        "labels": sets.then(|| set(&text.labels, &than.labels)),
        "reviewers": sets.then(|| set(&text.reviewers, &than.reviewers)),
    })
}

/// Whether what was planned is what is about to be made. In the place of `(known after apply)` may stand any word
/// that the world assigned since.
pub fn same(planned: &Value, made: &Value) -> bool {
    match (planned, made) {
        (Value::String(planned), Value::String(made)) => planned == made || fits(planned, made),
        (Value::Array(planned), Value::Array(made)) => {
            planned.len() == made.len() && planned.iter().zip(made).all(|(planned, made)| same(planned, made))
        }
        (Value::Object(planned), Value::Object(made)) => {
            planned.len() == made.len()
                && planned.iter().all(|(key, planned)| made.get(key).is_some_and(|made| same(planned, made)))
        }
        // A number alone, in a message or a manifest.
        (Value::String(planned), made) if made.is_number() => planned == KNOWN_AFTER_APPLY,
        _ => planned == made,
    }
}

/// Whether a planned text becomes this one when each unknown value is replaced by a word.
fn fits(planned: &str, made: &str) -> bool {
    let mut parts = planned.split(KNOWN_AFTER_APPLY);
    let Some(mut rest) = parts.next().and_then(|first| made.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let word = |text: &str| !text.is_empty() && !text.chars().any(char::is_whitespace);
    for (at, part) in parts.iter().enumerate() {
        // The first place at which the text goes on; a word has at least one character.
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let end = if at + 1 == parts.len() {
            rest.strip_suffix(part).map(str::len)
        } else {
            rest[first..].find(part).map(|found| found + first)
        };
        let Some(end) = end.filter(|end| word(&rest[..*end])) else { return false };
        rest = &rest[end + part.len()..];
    }
    // Without an unknown value only equal texts are the same.
    rest.is_empty() && !parts.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::change::{BranchCommit, Marker, ObjectId};
    use crate::world::forge::{CommitId, RepoId};

    #[test]
    fn unknown_values_become_words_and_nothing_else() {
        let later = KNOWN_AFTER_APPLY;
        for (planned, made, fine) in [
            ("See LATER.", "See https://x/pull/1.", true),
            ("LATER", "12", true),
            ("#LATER and #LATER", "#1 and #2", true),
            ("LATERLATER", "12", true),
            ("See LATER.", "See .", false),
            ("See LATER.", "See 1 and run away.", false),
            ("See LATER.", "Look 1.", false),
            ("LATER", "", false),
            ("é LATER ü", "é ö ü", true),
            ("plain", "other", false),
        ] {
            assert_eq!(fits(&planned.replace("LATER", later), made), fine, "{planned} {made}");
        }
        assert!(same(&json!({ "number": later }), &json!({ "number": 3 })));
        assert!(!same(&json!({ "number": 2 }), &json!({ "number": 3 })));
        assert!(!same(&json!({ "a": 1 }), &json!({ "a": 1, "b": 2 })));
    }

    fn proposal(parent: &str, before: &str, after: &str) -> Change {
        let commit = CommitId(parent.into());
        Change::OpenPullRequest {
            repo: RepoId::new("acme", "gitops").unwrap(),
            base: "main".into(),
            head: "x".into(),
            commit: BranchCommit {
                parents: vec![commit.clone()],
                message: "x".into(),
                files: vec![FileChange {
                    path: "a".into(),
                    before: Some(File::text(before)),
                    after: Some(File::text(after)),
                }],
                tree_of: commit,
                rendering: None,
            },
            marker: Marker::new("ab", "x"),
            title: "X".into(),
            body: String::new(),
            labels: BTreeSet::new(),
            reviewers: BTreeSet::new(),
        }
    }

    #[test]
    fn commits_don_t_count_but_what_was_there_does() {
        let of = |change: &Change| fingerprint(&touches(change));
        let one = of(&proposal("plan:1", "a", "b"));
        assert_eq!(one, of(&proposal("c0ffee", "a", "b")));
        assert_ne!(one, of(&proposal("plan:1", "b", "b")));
        assert_ne!(one, of(&proposal("plan:1", "a", "c")));
    }

    #[test]
    fn of_an_object_only_what_changes_counts() {
        let change = |status: &str, replicas: u32| Change::ApplyManifest {
            cluster: "dev".into(),
            object: ObjectId { api_version: "v1".into(), kind: "X".into(), namespace: None, name: "x".into() },
            before: Some(json!({ "spec": { "replicas": replicas }, "status": { "phase": status } })),
            after: json!({ "spec": { "replicas": 3 }, "status": { "phase": status } }),
        };
        let of = |change: &Change| fingerprint(&touches(change));
        assert_eq!(of(&change("Pending", 1)), of(&change("Ready", 1)));
        assert_ne!(of(&change("Pending", 1)), of(&change("Pending", 2)));
    }
}
