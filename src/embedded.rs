//! What the binary carries: `schemas/`, `scripts/`, `starters/`, `stdlib/` and `templates/`, packed in by `build.rs`.
//! Names that neither the workspace nor a script's own folder has are looked up here.

/// A file that is part of the binary.
#[derive(Debug, PartialEq, Eq)]
pub struct EmbeddedFile {
    /// Path from the root of the source tree, such as `scripts/golden-paths/create-service.rhai`.
    pub path: &'static str,
    /// Whether the executable bit was set.
    pub executable: bool,
    /// The contents.
    pub bytes: &'static [u8],
}

/// All embedded files, sorted by path.
static FILES: &[EmbeddedFile] = &include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The file with this very path.
pub fn file(path: &str) -> Option<&'static EmbeddedFile> {
    FILES.binary_search_by(|file| file.path.cmp(path)).ok().map(|at| &FILES[at])
}

/// The files in a folder and the folders below it, sorted by path; all of them for `""`. A `/` at the end changes nothing.
pub fn under(folder: &str) -> &'static [EmbeddedFile] {
    let folder = folder.trim_end_matches('/');
    if folder.is_empty() {
        return FILES;
    }
    let prefix = format!("{folder}/");
    let start = FILES.partition_point(|file| file.path < prefix.as_str());
    let length = FILES[start..].iter().take_while(|file| file.path.starts_with(&prefix)).count();
    &FILES[start..start + length]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_found_by_its_path_and_in_its_folder() {
        assert!(FILES.is_sorted_by(|a, b| a.path < b.path));
        for embedded in FILES {
            assert_eq!(file(embedded.path), Some(embedded));
            let (folder, _) = embedded.path.rsplit_once('/').unwrap();
            assert!(under(folder).contains(embedded), "{}", embedded.path);
        }
        assert_eq!(under("").len(), FILES.len());
    }

    #[test]
    fn a_folder_is_more_than_a_prefix() {
        assert!(under("templ").is_empty());
        assert!(under("zzz").is_empty());
        assert_eq!(file("templates"), None);
        assert_eq!(under("templates/"), under("templates"));
        assert!(!under("templates/java-spring-boot").is_empty());
        assert!(under("templates/java-spring").is_empty());
    }
}
