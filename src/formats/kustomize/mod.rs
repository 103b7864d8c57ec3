//! Kustomizations: which files they name as patches, that is parts of objects, and what they build. The rules are those of
//! kustomize 5.8 (api and kyaml 0.21); `build` is pure, its files come from the caller.

mod build;
pub mod edit;
mod fields;
mod generators;
mod images;
mod json_patch;
mod labels;
mod merge;
mod names;
mod objects;
mod order;
mod patches;
mod references;
mod replacements;
mod resource;
mod schema;
mod selector;
mod spec;
mod tables;
mod text;

use std::collections::BTreeSet;

use serde_json::Value;

pub use build::{Files, Object, build};
pub use resource::Origin;

/// The names of the files.
pub const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Whether a file is one, by its name.
pub fn is_one(path: &str) -> bool {
    NAMES.contains(&path.rsplit('/').next().unwrap_or_default())
}

/// What kustomizations name, by the paths from the same root as their folders'.
#[derive(Debug, Default)]
pub struct Named {
    /// Files of whole objects, and folders.
    pub resources: BTreeSet<String>,
    /// Files of parts of objects.
    pub patches: BTreeSet<String>,
}

impl Named {
    /// Adds what a kustomization in a folder names.
    pub fn add(&mut self, kustomization: &Value, folder: &str) {
        let list = |key: &str| kustomization[key].as_array().into_iter().flatten();
        let with_path = list("patches").chain(list("patchesJson6902")).filter_map(|patch| patch["path"].as_str());
        // An older field, whose elements are paths or the patches themselves.
        let plain = list("patchesStrategicMerge").filter_map(Value::as_str).filter(|text| !text.contains('\n'));
        self.patches.extend(with_path.chain(plain).filter_map(|path| joined(folder, path)));
        let resources = list("resources").filter_map(Value::as_str);
        self.resources.extend(resources.filter_map(|path| joined(folder, path)));
    }

    /// Whether a file is a patch, and nowhere a resource: that would be a whole object, which is merged with another one.
    pub fn is_patch(&self, path: &str) -> bool {
        self.patches.contains(path) && !self.resources.contains(path)
    }
}

/// The folders that a file is in, innermost first; the root is empty.
pub fn folders_above(path: &str) -> Vec<&str> {
    let mut folders = Vec::new();
    let mut rest = path;
    while let Some((folder, _)) = rest.rsplit_once('/') {
        folders.push(folder);
        rest = folder;
    }
    folders.push("");
    folders
}

/// A path as seen from a folder, without `.` and `..`; none if it leaves the root.
fn joined(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_field_that_names_patches_counts() {
        let kustomization = json!({
            "resources": ["../base"],
            "patches": [{ "path": "a.yaml" }, { "patch": "- op: remove" }],
            "patchesStrategicMerge": ["../b.yaml", "kind: Deployment\n"],
            "patchesJson6902": [{ "path": "./c.yaml" }],
        });
        let mut named = Named::default();
        named.add(&kustomization, "k8s/dev");
        let found: Vec<&str> = named.patches.iter().map(String::as_str).collect();
        assert_eq!(found, ["k8s/b.yaml", "k8s/dev/a.yaml", "k8s/dev/c.yaml"]);
        assert!(named.resources.contains("k8s/base"));
        let mut outside = Named::default();
        outside.add(&json!({ "patches": [{ "path": "../a.yaml" }] }), "");
        assert!(outside.patches.is_empty());
    }

    #[test]
    fn a_patch_that_is_a_resource_is_whole() {
        let mut named = Named::default();
        named.add(&json!({ "patches": [{ "path": "a.yaml" }, { "path": "b.yaml" }] }), "k8s/dev");
        named.add(&json!({ "resources": ["dev/b.yaml"] }), "k8s");
        assert!(named.is_patch("k8s/dev/a.yaml") && !named.is_patch("k8s/dev/b.yaml"));
        assert!(is_one("k8s/kustomization.yml") && is_one("Kustomization") && !is_one("k8s/a.yaml"));
    }

    #[test]
    fn a_file_is_in_all_folders_above_it() {
        assert_eq!(folders_above("k8s/dev/a.yaml"), ["k8s/dev", "k8s", ""]);
        assert_eq!(folders_above("a.yaml"), [""]);
    }
}
