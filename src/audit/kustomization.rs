//! Which files are patches: those that a kustomization names as such. Their objects have only what they change.

use std::collections::BTreeSet;
use std::path::Path;

use super::walk::File;
use crate::formats::{kustomize, yaml};

/// The patches of some kustomizations.
pub struct Patches(BTreeSet<String>);

impl Patches {
    /// Those of the kustomizations among or beside these files.
    pub fn of(files: &[File], here: &Path) -> Patches {
        let mut folders = BTreeSet::new();
        for file in files {
            // The folders of files that were found are walked themselves; of those that are named alone, the ones above
            // are looked at, as far as the current folder.
            let above = file.path.ancestors().skip(1).take(if file.named { usize::MAX } else { 1 });
            folders.extend(above.take_while(|folder| !file.named || folder.starts_with(here)));
        }
        let mut patches = BTreeSet::new();
        for folder in folders {
            for text in kustomize::NAMES.iter().filter_map(|name| std::fs::read_to_string(folder.join(name)).ok()) {
                for document in yaml::parse("", &text).unwrap_or_default() {
                    patches.extend(kustomize::patches(&document.value, &folder.to_string_lossy()));
                }
            }
        }
        Patches(patches)
    }

    /// Whether a file is one of them.
    pub fn name(&self, file: &File) -> bool {
        self.0.contains(file.path.to_string_lossy().trim_start_matches('/'))
    }
}
