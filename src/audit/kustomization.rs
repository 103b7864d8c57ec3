//! Which files are patches: those that a kustomization names as such. Their objects have only what they change.

use std::collections::BTreeSet;
use std::path::Path;

use super::walk::File;
use crate::formats::{kustomize, yaml};

/// What marks the root of a repository, and of a workspace: kustomizations above it have nothing to do with the files.
const ROOTS: [&str; 2] = [".git", "idp.yaml"];

/// The patches of some kustomizations.
pub struct Patches(kustomize::Named);

impl Patches {
    /// Those of the kustomizations beside these files and above them, as far as the root of their repository, or of the
    /// current folder.
    pub fn of(files: &[File], here: &Path) -> Patches {
        let mut folders = BTreeSet::new();
        for folder in files.iter().filter_map(|file| file.path.parent()) {
            if folders.contains(folder) {
                continue;
            }
            let above: Vec<&Path> = folder.ancestors().collect();
            let is_root = |folder: &&Path| ROOTS.iter().any(|name| folder.join(name).exists());
            let root = above.iter().position(is_root).or_else(|| above.iter().position(|folder| *folder == here));
            folders.extend(above.into_iter().take(root.unwrap_or_default() + 1));
        }
        let mut named = kustomize::Named::default();
        for folder in folders {
            for text in kustomize::NAMES.iter().filter_map(|name| std::fs::read_to_string(folder.join(name)).ok()) {
                for document in yaml::parse("", &text).unwrap_or_default() {
                    named.add(&document.value, &folder.to_string_lossy());
                }
            }
        }
        Patches(named)
    }

    /// Whether a file is one of them.
    pub fn name(&self, file: &File) -> bool {
        self.0.is_patch(file.path.to_string_lossy().trim_start_matches('/'))
    }
}
