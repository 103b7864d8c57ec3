//! Commands that write people's own files, killed at every system call that changes the disk: each file is as it was or
//! as it is to be, and the same command again ends where an undisturbed one ends.

use std::collections::BTreeMap;
use std::path::Path;

use super::on_two_threads;
use super::tracer::{self, Death, changes_disk};
use crate::support::Workspace;

/// The files of a workspace with their texts.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut todo = vec![folder.to_path_buf()];
    while let Some(at) = todo.pop() {
        for entry in std::fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                todo.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

fn killed_and_done_again(original: &Workspace, args: &[&str]) {
    let undisturbed = original.copy();
    let calm = match tracer::run(&undisturbed, args, changes_disk, None) {
        Ok(calm) => calm,
        Err(error) => return println!("skipped: ptrace is not permitted here: {error}"),
    };
    assert_eq!(calm.code, Some(0), "{args:?} without a kill");
    let (old, new) = (files(original.path()), files(undisturbed.path()));
    assert_ne!(old, new, "{args:?} changes something");
    let deaths = calm.seen * 2;
    on_two_threads(|number| {
        if number >= deaths {
            return false;
        }
        let death = Death { at: 1 + number / 2, after: number % 2 == 1 };
        let when = format!("{args:?}, killed at {death:?} of {}", calm.seen);
        let workspace = original.copy();
        tracer::run(&workspace, args, changes_disk, Some(death)).unwrap();
        for (name, text) in files(workspace.path()).iter().filter(|(name, _)| !name.ends_with(".new")) {
            assert!(old.get(name) == Some(text) || new.get(name) == Some(text), "{when}: {name} is half of it: {text}");
        }
        workspace.idp(args).succeeds(&when);
        assert_eq!(files(workspace.path()), new, "{when}");
        true
    });
    println!("{args:?}: killed at {deaths} entries and exits of system calls");
}

#[test]
fn fixes_killed_anywhere() {
    let pack = "policy(\"house/pid\", #{ title: \"t\", severity: \"high\", check: |o| if o.get(\"spec.hostPID\") == true { \
                deny(o.at(\"spec.hostPID\"), \"on\") }, fix: |o| o.remove(\"spec.hostPID\") });\n";
    let pod = |name: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec:\n  hostPID: true   # {name}\n  containers: []\n"
        )
    };
    let (a, b) = (pod("a"), pod("b"));
    let workspace = Workspace::of(&[("house.rhai", pack), ("k8s/a.yaml", a.as_str()), ("k8s/b.yaml", b.as_str())]);
    killed_and_done_again(&workspace, &["audit", "k8s", "--with", "./house.rhai", "--fix"]);
}

const MANIFEST: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\n";

#[test]
fn a_waiver_killed_anywhere() {
    let waiver = |reason: &str| {
        format!(
            "# Ours.\npolicy: schema\nobjects:\n- kind: ConfigMap\n  namespace: shop\n  name: a\nowner: us\nreason: {reason}\n\
             expires: 2999-12-31\n"
        )
    };
    let args = |reason: &'static str| {
        ["waive", "schema", "ConfigMap/shop/a", "--owner", "us", "--reason", reason, "--expires", "2999-12-31"]
    };
    let first = Workspace::of(&[("idp.yaml", ""), ("a.yaml", MANIFEST)]);
    killed_and_done_again(&first, &args("why"));
    let text = waiver("why");
    let changed = Workspace::of(&[("idp.yaml", ""), ("a.yaml", MANIFEST), ("waivers/schema.yaml", text.as_str())]);
    killed_and_done_again(&changed, &args("because"));
}
