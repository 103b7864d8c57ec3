//! Merging of two commits by file, as Git does it, with nothing but the API of the emulator.

use std::collections::{BTreeMap, BTreeSet};

use git2::{MergeFileInput, merge_file};
use serde_json::{Value, json};

use super::{Below, ask, get};
use crate::support::github::http::Request;

/// A file of a tree: mode and blob.
type Files = BTreeMap<String, (String, String)>;

/// One repository, through the emulator and in the name of who asks.
pub struct Repository<'a> {
    pub request: &'a Request,
    pub below: Below<'a>,
    /// Such as `acme/app`.
    pub name: &'a str,
}

impl Repository<'_> {
    /// What is at a path below the repository; null if it isn't there.
    pub fn get(&self, rest: &str) -> Value {
        get(self.request, self.below, &format!("/repos/{}{rest}", self.name))
    }

    fn post(&self, rest: &str, body: Value) -> Value {
        ask(self.request, self.below, "POST", &format!("/repos/{}{rest}", self.name), body).value()
    }

    /// The commit at a branch's head.
    pub fn head(&self, branch: &str) -> Option<String> {
        self.get(&format!("/git/ref/heads/{branch}"))["object"]["sha"].as_str().map(str::to_owned)
    }

    /// The tree of both sides' changes; nothing if they conflict.
    pub fn merged(&self, ours: &str, theirs: &str) -> Option<String> {
        let compared = self.get(&format!("/compare/{ours}...{theirs}"));
        let base = self.files(compared["merge_base_commit"]["sha"].as_str()?);
        let (ours, theirs) = (self.files(ours), self.files(theirs));
        let paths: BTreeSet<&String> = base.keys().chain(ours.keys()).chain(theirs.keys()).collect();
        let mut merged = Files::new();
        for path in paths {
            let (was, our, their) = (base.get(path), ours.get(path), theirs.get(path));
            let file = match () {
                () if our == their || was == their => our.cloned(),
                () if was == our => their.cloned(),
                () => Some(self.file(path, was?, our?, their?)?),
            };
            if let Some(file) = file {
                merged.insert(path.clone(), file);
            }
        }
        let entry = |(path, (mode, sha)): (&String, &(String, String))| json!({ "path": path, "mode": mode, "type": "blob", "sha": sha });
        let tree: Vec<Value> = merged.iter().map(entry).collect();
        self.post("/git/trees", json!({ "tree": tree }))["sha"].as_str().map(str::to_owned)
    }

    /// Both sides' lines; nothing if they conflict.
    fn file(
        &self,
        path: &str,
        was: &(String, String),
        our: &(String, String),
        their: &(String, String),
    ) -> Option<(String, String)> {
        let (was_bytes, our_bytes, their_bytes) = (self.blob(&was.1)?, self.blob(&our.1)?, self.blob(&their.1)?);
        let inputs = [&was_bytes, &our_bytes, &their_bytes].map(|bytes| {
            let mut input = MergeFileInput::new();
            input.content(bytes).path(path);
            input
        });
        let result = merge_file(&inputs[0], &inputs[1], &inputs[2], None).ok()?;
        if !result.is_automergeable() {
            return None;
        }
        let text = std::str::from_utf8(result.content()).ok()?;
        let blob = self.post("/git/blobs", json!({ "content": text, "encoding": "utf-8" }));
        let mode = if was.0 == our.0 { &their.0 } else { &our.0 };
        Some((mode.clone(), blob["sha"].as_str()?.to_owned()))
    }

    /// The bytes of a file.
    fn blob(&self, sha: &str) -> Option<Vec<u8>> {
        let blob = self.get(&format!("/git/blobs/{sha}"));
        decoded(blob["content"].as_str()?)
    }

    fn files(&self, commit: &str) -> Files {
        let tree = self.get(&format!("/git/trees/{commit}?recursive=1"));
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let files = tree["tree"].as_array().into_iter().flatten().filter(|entry| entry["type"] != "tree");
        files.map(|file| (text(&file["path"]), (text(&file["mode"]), text(&file["sha"])))).collect()
    }

    /// A new commit on a branch, also on a protected one.
    pub fn commit(&self, branch: &str, message: &str, tree: &str, parents: &[&str]) -> Option<String> {
        let commit = self.post("/git/commits", json!({ "message": message, "tree": tree, "parents": parents }));
        let sha = commit["sha"].as_str()?.to_owned();
        let target = format!("/repos/{}/git/refs/heads/{branch}", self.name);
        let update = || ask(self.request, self.below, "PATCH", &target, json!({ "sha": sha })).status;
        match update() {
            200 => Some(sha),
            // Protection forbids a push, not a merge: it is put aside for as long as that takes.
            409 => {
                let protection = format!("/repos/{}/branches/{branch}/protection", self.name);
                let rules = get(self.request, self.below, &protection);
                ask(self.request, self.below, "DELETE", &protection, Value::Null);
                let status = update();
                ask(self.request, self.below, "PUT", &protection, rules);
                (status == 200).then_some(sha)
            }
            _ => None,
        }
    }
}

/// The files of a listed tree, as a new tree takes them.
pub fn entries(listed: &[Value]) -> Vec<Value> {
    let files = listed.iter().filter(|entry| entry["type"] != "tree");
    let entry =
        |file: &Value| json!({ "path": file["path"], "mode": file["mode"], "type": file["type"], "sha": file["sha"] });
    files.map(entry).collect()
}

/// Base64 undone; line breaks don't count.
pub fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0u32, 0);
    for char in text.bytes().filter(|char| !char.is_ascii_whitespace() && *char != b'=') {
        let value = match char {
            b'A'..=b'Z' => char - b'A',
            b'a'..=b'z' => char - b'a' + 26,
            b'0'..=b'9' => char - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    Some(bytes)
}
