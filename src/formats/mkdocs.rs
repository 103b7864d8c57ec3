//! `mkdocs.yml`, the configuration of TechDocs: the pages of its navigation, and where they are. MkDocs' own rules are those of
//! `mkdocs/structure/nav.py` and `mkdocs/config/defaults.py` (mkdocs/mkdocs 1.6).

use serde_json::Value;

use crate::error::{Error, Place, Result};
use crate::formats::repository_path;
use crate::formats::yaml::{self, Document, Step};

/// The code of errors about it.
pub const INVALID: &str = "idp::mkdocs::invalid";

/// A configuration of MkDocs.
#[derive(Debug, Clone, PartialEq)]
pub struct MkDocs {
    /// The name of the site.
    pub site_name: Option<String>,
    /// The folder of the pages, from the configuration's own: `docs`.
    pub docs_dir: String,
    /// The pages of the navigation; none where it isn't given, and all Markdown of the folder are pages.
    pub nav: Option<Vec<Page>>,
    /// The plugins by name: TechDocs asks for `techdocs-core`.
    pub plugins: Vec<String>,
    /// The configuration that this one adds to, by its path: what isn't here may be there.
    pub inherits: Option<String>,
}

/// A page of the navigation.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Its title, if the navigation gives one.
    pub title: Option<String>,
    /// Its file, from the configuration's folder: `docs/runbook.md`; none for a link to elsewhere.
    pub file: Option<String>,
    /// As it is written.
    pub written: String,
    /// Where.
    pub place: Place,
}

impl MkDocs {
    /// Reads a configuration. Tags of plugins, such as `!ENV` and `!!python/name:`, are read as texts.
    ///
    /// # Errors
    /// `idp::yaml::*`, and `idp::mkdocs::invalid` with its place for what MkDocs wouldn't take.
    pub fn read(file: &str, text: &str) -> Result<MkDocs> {
        let documents = yaml::parse(file, text)?;
        let [document] = documents.as_slice() else {
            let what = if documents.is_empty() { "is empty" } else { "has more than one document" };
            let help = "it needs at least `site_name`, and `plugins: [techdocs-core]` for TechDocs";
            return Err(Error::invalid(INVALID, format!("{file} {what}")).help(help).at(Place::at(file, 1, 1)));
        };
        let value = &document.value;
        if !value.is_object() {
            return Err(wrong(document, &[], "must be a map of settings"));
        }
        let text = |key: &str| match value.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(wrong(document, &[key.into()], &format!("{key} must be a text"))),
        };
        let docs_dir = text("docs_dir")?.unwrap_or_else(|| "docs".to_owned());
        let docs_dir = joined("", &docs_dir).ok_or_else(|| {
            wrong(document, &["docs_dir".into()], "docs_dir leaves the repository")
                .help("it is a folder beside mkdocs.yml, or below it")
        })?;
        let nav = match value.get("nav") {
            None | Some(Value::Null) => None,
            Some(list @ Value::Array(_)) => {
                let mut pages = Vec::new();
                gather(document, list, &mut vec!["nav".into()], None, &docs_dir, &mut pages)?;
                Some(pages)
            }
            Some(_) => {
                let error = wrong(document, &["nav".into()], "nav must be a list");
                return Err(error.help("write `- Title: page.md` for each page"));
            }
        };
        let inherits = text("INHERIT")?;
        Ok(MkDocs { site_name: text("site_name")?, docs_dir, nav, plugins: plugins(value), inherits })
    }

    /// The files of the navigation's pages, each once.
    pub fn files(&self) -> Vec<&Page> {
        let mut seen = std::collections::HashSet::new();
        let pages = self.nav.iter().flatten();
        pages.filter(|page| page.file.as_ref().is_some_and(|file| seen.insert(file))).collect()
    }
}

fn wrong(document: &Document, path: &[Step], what: &str) -> Error {
    Error::invalid(INVALID, what).at(document.place(path))
}

fn plugins(value: &Value) -> Vec<String> {
    let of = |item: &Value| match item {
        Value::String(name) => Some(name.clone()),
        Value::Object(map) => map.keys().next().cloned(),
        _ => None,
    };
    match value.get("plugins") {
        Some(Value::Array(list)) => list.iter().filter_map(of).collect(),
        Some(Value::Object(map)) => map.keys().cloned().collect(),
        _ => Vec::new(),
    }
}

/// Adds the pages of an item: a path, a title with its path, or a section with more items.
fn gather(
    document: &Document,
    item: &Value,
    path: &mut Vec<Step>,
    title: Option<&str>,
    docs_dir: &str,
    pages: &mut Vec<Page>,
) -> Result<()> {
    match item {
        Value::String(written) => {
            let file = if is_link(written) { None } else { joined(docs_dir, written) };
            if file.is_none() && !is_link(written) {
                let error = wrong(document, path, &format!("the page `{written}` is outside of the repository"));
                return Err(error.help(format!("pages are files below {docs_dir}/")));
            }
            let (title, written) = (title.map(str::to_owned), written.clone());
            pages.push(Page { title, file, written, place: document.place(path) });
            Ok(())
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                path.push(Step::Index(at));
                gather(document, item, path, None, docs_dir, pages)?;
                path.pop();
            }
            Ok(())
        }
        Value::Object(map) => {
            for (title, item) in map {
                path.push(Step::Key(title.clone()));
                gather(document, item, path, Some(title), docs_dir, pages)?;
                path.pop();
            }
            Ok(())
        }
        _ => Err(wrong(document, path, "a page of nav must be a path, a title with its path, or a section")
            .help("write `- Title: page.md`")),
    }
}

/// Whether an entry leads elsewhere: it has a scheme, or begins at the server's root.
fn is_link(written: &str) -> bool {
    let scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    };
    written.starts_with('/') || written.split_once(':').is_some_and(|(before, _)| scheme(before))
}

/// A path below a folder, without `.` and `..`; none where it leaves the root.
fn joined(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    if path.starts_with('/') {
        return None;
    }
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    let path = parts.join("/");
    (path.is_empty() || repository_path::check(&path).is_ok()).then_some(path)
}

/// Where an entity's documentation is: its annotation `backstage.io/techdocs-ref`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// In a folder of its own repository; empty for the root.
    Folder(String),
    /// Elsewhere, at a URL.
    Url(String),
}

impl Source {
    /// Reads the annotation of an entity in a file: `dir:./docs` begins at the file's folder.
    ///
    /// # Errors
    /// What is wrong with it, a sentence's end.
    pub fn read(annotation: &str, entity_file: &str) -> Result<Source, String> {
        let folder = entity_file.rsplit_once('/').map_or("", |(folder, _)| folder);
        match annotation.split_once(':') {
            Some(("dir", path)) => joined(folder, path.trim())
                .map(Source::Folder)
                .ok_or_else(|| format!("`{annotation}` leaves the repository")),
            Some(("url", url)) if !url.trim().is_empty() => Ok(Source::Url(url.trim().to_owned())),
            _ => Err(format!("`{annotation}` is neither dir: nor url:")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_found_in_sections() {
        let text = "\
site_name: Orders
plugins: [search, techdocs-core: {}]
nav:
  - index.md
  - Runbook: ops/runbook.md
  - Design:
      - 'design/../adr/0001.md'
      - API: https://api.acme.example
      - Deep: [{ Deeper: ./x.md }]
  - Again: index.md
markdown_extensions:
  - pymdownx.emoji:
      emoji_index: !!python/name:material.extensions.emoji.twemoji
      site_url: !ENV [SITE_URL, 'https://a.example']
";
        let docs = MkDocs::read("mkdocs.yml", text).unwrap();
        assert_eq!((docs.site_name.as_deref(), docs.docs_dir.as_str()), (Some("Orders"), "docs"));
        assert_eq!(docs.plugins, ["search", "techdocs-core"]);
        let files: Vec<(&str, usize)> =
            docs.files().iter().map(|page| (page.file.as_deref().unwrap(), page.place.line)).collect();
        assert_eq!(
            files,
            [("docs/index.md", 4), ("docs/ops/runbook.md", 5), ("docs/adr/0001.md", 7), ("docs/x.md", 9)]
        );
        let nav = docs.nav.unwrap();
        assert_eq!((nav.len(), nav[1].title.as_deref(), nav[3].file.as_deref()), (6, Some("Runbook"), None));
    }

    #[test]
    fn without_a_navigation_all_files_are_pages() {
        let docs = MkDocs::read("mkdocs.yml", "site_name: a\ndocs_dir: ./doc/\nINHERIT: ../base.yml\n").unwrap();
        assert_eq!((docs.nav, docs.docs_dir.as_str(), docs.inherits.as_deref()), (None, "doc", Some("../base.yml")));
    }

    #[test]
    fn what_mkdocs_wouldnt_take_is_told() {
        let wrong = |text: &str| {
            let error = MkDocs::read("mkdocs.yml", text).unwrap_err();
            format!("{} {}", error.place().unwrap(), error.message())
        };
        assert_eq!(wrong(""), "mkdocs.yml:1:1 mkdocs.yml is empty");
        assert_eq!(wrong("[a]"), "mkdocs.yml:1:1 must be a map of settings");
        assert_eq!(wrong("nav: index.md"), "mkdocs.yml:1:6 nav must be a list");
        assert_eq!(
            wrong("nav:\n  - A: 7\n"),
            "mkdocs.yml:2:8 a page of nav must be a path, a title with its path, or a section"
        );
        assert_eq!(
            wrong("nav:\n  - ../../secret.md\n"),
            "mkdocs.yml:2:5 the page `../../secret.md` is outside of the repository"
        );
        assert_eq!(wrong("docs_dir: /etc"), "mkdocs.yml:1:11 docs_dir leaves the repository");
    }

    #[test]
    fn sources_begin_at_the_file_of_the_entity() {
        let folder = |path: &str| Ok(Source::Folder(path.to_owned()));
        assert_eq!(Source::read("dir:.", "catalog-info.yaml"), folder(""));
        assert_eq!(Source::read("dir:./handbook", "services/api/catalog-info.yaml"), folder("services/api/handbook"));
        assert_eq!(Source::read("dir:..", "services/api/catalog-info.yaml"), folder("services"));
        assert_eq!(Source::read("url:https://a.example/x", "a"), Ok(Source::Url("https://a.example/x".into())));
        assert!(Source::read("dir:..", "catalog-info.yaml").is_err());
        assert!(Source::read("docs", "catalog-info.yaml").is_err());
    }
}
