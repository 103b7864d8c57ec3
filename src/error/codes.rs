//! What each error code means: docs/errors.md, read. The page is the only table, so that it can't drift from what
//! `explain` says.

use std::sync::OnceLock;

/// The page, as it is in the repository.
const PAGE: &str = include_str!("../../docs/errors.md");

/// One code with its meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meaning {
    /// `idp::room::what`.
    pub code: &'static str,
    /// The heading that it stands under.
    pub group: &'static str,
    /// What happened, in a sentence.
    pub title: String,
    /// Why it happens.
    pub cause: String,
    /// What to do about it.
    pub cure: String,
    /// A whole script that ends in it, if a script can.
    pub example: Option<&'static str>,
}

/// All codes, in the order of the page.
pub fn all() -> &'static [Meaning] {
    static ALL: OnceLock<Vec<Meaning>> = OnceLock::new();
    ALL.get_or_init(|| read(PAGE))
}

/// The meaning of a code, written with or without its `idp::`.
pub fn find(code: &str) -> Option<&'static Meaning> {
    let inner = code.strip_prefix("idp::").unwrap_or(code);
    all().iter().find(|meaning| meaning.code.strip_prefix("idp::") == Some(inner))
}

fn read(page: &'static str) -> Vec<Meaning> {
    let mut found = Vec::new();
    for chapter in page.split("\n## ").skip(1) {
        let mut sections = chapter.split("\n### ");
        let group = sections.next().and_then(|head| head.lines().next()).unwrap_or_default();
        found.extend(sections.map(|section| meaning(group, section)));
    }
    found
}

fn meaning(group: &'static str, section: &'static str) -> Meaning {
    let (code, rest) = section.split_once('\n').unwrap_or((section, ""));
    let (words, example) = match rest.split_once("```rhai\n") {
        Some((words, block)) => (words, block.split_once("```").map(|(script, _)| script)),
        None => (rest, None),
    };
    let mut meaning =
        Meaning { code: code.trim(), group, title: String::new(), cause: String::new(), cure: String::new(), example };
    for paragraph in words.split("\n\n") {
        let text = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some(cause) = text.strip_prefix("Cause: ") {
            meaning.cause = cause.into();
        } else if let Some(cure) = text.strip_prefix("Cure: ") {
            meaning.cure = cure.into();
        } else if meaning.title.is_empty() {
            meaning.title = text;
        }
    }
    meaning
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_entry_is_whole() {
        assert!(all().len() > 100, "only {} codes", all().len());
        for meaning in all() {
            let parts = [&meaning.title, &meaning.cause, &meaning.cure];
            assert!(parts.iter().all(|part| part.ends_with(['.', ')'])), "docs/errors.md: {meaning:?}");
            assert!(meaning.code.starts_with("idp::"), "{}", meaning.code);
        }
        let codes: BTreeSet<&str> = all().iter().map(|meaning| meaning.code).collect();
        assert_eq!(codes.len(), all().len(), "a code has two entries");
    }

    #[test]
    fn a_code_is_found_with_and_without_its_prefix() {
        let meaning = find("idp::repo::twice").unwrap();
        assert_eq!(meaning.group, "Repositories and trees");
        assert!(meaning.example.is_some_and(|script| script.contains("feat: two")), "{meaning:?}");
        assert_eq!(find("repo::twice"), Some(meaning));
        assert_eq!(find("twice"), None);
    }
}
