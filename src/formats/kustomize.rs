//! Kustomizations, as far as others need to know: which files they name as patches. Those are parts of objects.

use std::collections::BTreeSet;

use serde_json::Value;

/// The names of the files.
pub const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// The files that a kustomization in a folder names as patches, by their paths from the same root as the folder's.
pub fn patches(kustomization: &Value, folder: &str) -> BTreeSet<String> {
    let list = |key: &str| kustomization[key].as_array().into_iter().flatten();
    let with_path = list("patches").chain(list("patchesJson6902")).filter_map(|patch| patch["path"].as_str());
    // An older field, whose elements are paths or the patches themselves.
    let plain = list("patchesStrategicMerge").filter_map(Value::as_str).filter(|text| !text.contains('\n'));
    with_path.chain(plain).filter_map(|path| joined(folder, path)).collect()
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
        let found: Vec<String> = patches(&kustomization, "k8s/dev").into_iter().collect();
        assert_eq!(found, ["k8s/b.yaml", "k8s/dev/a.yaml", "k8s/dev/c.yaml"]);
        assert!(patches(&json!({ "patches": [{ "path": "../a.yaml" }] }), "").is_empty());
    }

    #[test]
    fn a_file_is_in_all_folders_above_it() {
        assert_eq!(folders_above("k8s/dev/a.yaml"), ["k8s/dev", "k8s", ""]);
        assert_eq!(folders_above("a.yaml"), [""]);
    }
}
