//! What each key of `idp.yaml` and each environment variable means: the tables of docs/idp-yaml.md, read. The page is
//! the only list, so that `explain` says what it says.

use std::sync::OnceLock;

const PAGE: &str = include_str!("../../docs/idp-yaml.md");

/// A key of `idp.yaml`, or an environment variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// `limits.time`, `clusters.NAME.kind`, `IDP_GRANTS`.
    pub key: &'static str,
    /// What it takes; empty for variables.
    pub takes: &'static str,
    /// What holds without it; empty for variables.
    pub default: &'static str,
    /// What it means.
    pub about: &'static str,
    /// The example of its section, if it has one.
    pub example: Option<&'static str>,
}

/// All of them, in the order of the page.
pub fn all() -> &'static [Setting] {
    static ALL: OnceLock<Vec<Setting>> = OnceLock::new();
    ALL.get_or_init(|| read(PAGE))
}

/// The settings that a key names: itself, or everything below it. Names that a workspace chooses stand for the page's
/// capitals: `clusters.dev.kind` is `clusters.NAME.kind`.
pub fn find(wanted: &str) -> Vec<&'static Setting> {
    let parts: Vec<&str> = wanted.split('.').collect();
    let fits = |setting: &&Setting| {
        let key: Vec<&str> = setting.key.split('.').collect();
        let free = |part: &str| key.len() > 1 && part.bytes().all(|b| b.is_ascii_uppercase());
        key.len() >= parts.len()
            && key.iter().zip(&parts).all(|(known, part)| known == part || (free(known) && !part.is_empty()))
    };
    let mut found: Vec<&Setting> = all().iter().filter(fits).collect();
    if let Some(exact) = found.iter().position(|setting| setting.key.split('.').count() == parts.len()) {
        found = vec![found[exact]];
    }
    found
}

fn read(page: &'static str) -> Vec<Setting> {
    let mut found = Vec::new();
    for section in page.split("\n### ").flat_map(|section| section.split("\n## ")) {
        let example =
            section.split_once("```yaml\n").and_then(|(_, rest)| rest.split_once("```")).map(|(text, _)| text);
        for line in section.lines().filter(|line| line.starts_with("| `")) {
            let cells: Vec<&'static str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
            let key = cells[0].trim_matches('`');
            match cells.as_slice() {
                [_, takes, default, about] => found.push(Setting { key, takes, default, about, example }),
                // Several variables that mean the same stand in one row.
                [keys, about] => found.extend(keys.split(", ").map(|key| Setting {
                    key: key.trim_matches('`'),
                    takes: "",
                    default: "",
                    about,
                    example: None,
                })),
                _ => {}
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_workspace_stand_for_those_of_the_page() {
        assert_eq!(find("clusters.dev.kind")[0].key, "clusters.NAME.kind");
        assert_eq!(find("limits").len(), 2);
        assert_eq!(find("limits.time").len(), 1);
        assert_eq!(find("IDP_GRANTS")[0].takes, "");
        assert!(find("LANG")[0].about.contains("symbols"));
        assert_eq!(find("clusters.dev.colour"), Vec::<&Setting>::new());
    }

    /// Every key that the reader of `idp.yaml` knows is on the page.
    #[test]
    fn every_key_is_described() {
        let source = include_str!("idp_yaml.rs");
        let page: Vec<&str> = all().iter().flat_map(|setting| setting.key.split('.')).collect();
        let lists = source.split("only(&[").skip(1).filter_map(|rest| rest.split(']').next());
        let known: Vec<&str> = lists.flat_map(|list| list.split('"').skip(1).step_by(2)).collect();
        assert!(known.len() > 15, "{known:?}");
        for key in known {
            // The three fields of a grant are described together, and `REPO` stands for two.
            assert!(page.contains(&key) || ["script", "change", "target"].contains(&key), "{key} is not described");
        }
    }
}
