//! The shape of the reference: chapters, the functions in them, and how each is called, in the terms of scripts.

use serde::Serialize;

/// Where the functions of a chapter come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Of {
    /// A primitive: there without an import.
    Primitive,
    /// What test files have besides the primitives.
    Test,
    /// A module, which scripts import.
    Module,
    /// The language itself.
    Language,
}

/// A primitive or a module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Chapter {
    /// `repo`, `std/gitops`.
    pub name: String,
    /// Where it comes from.
    pub of: Of,
    /// What it is about.
    pub about: String,
    /// Its functions.
    pub entries: Vec<Entry>,
}

/// How something is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// `repo("...")`.
    Function,
    /// `repo.commit(...)`.
    Method,
    /// `repo.url`.
    Property,
    /// `a + b`.
    Operator,
}

/// A function with all the ways to call it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// `commit`.
    pub name: String,
    /// `repo.commit`, `std/gitops::applications`: what it is found by.
    pub title: String,
    /// How it is called.
    pub kind: Kind,
    /// The type that it is a method or property of.
    pub on: Option<String>,
    /// The ways to call it.
    pub usages: Vec<Usage>,
    /// The codes of errors that it throws, beside those that any call may.
    pub errors: Vec<String>,
}

/// One way to call a function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// `repo.commit(branch: text, message: text, edit: Tree | function, options?: map) -> Repo`.
    pub signature: String,
    /// What it takes, without what it is called on.
    pub parameters: Vec<Parameter>,
    /// The type of its result.
    pub returns: String,
    /// What it does.
    pub about: String,
    /// The keys of its options.
    pub options: Vec<OptionRow>,
    /// Whether other keys than these are data of the script's own.
    pub open: bool,
    /// Whole scripts that use it.
    pub examples: Vec<String>,
}

/// A parameter of a function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its type, as people say it; empty where scripts don't say.
    #[serde(rename = "type")]
    pub takes: String,
    /// Whether it may be left out.
    pub optional: bool,
}

/// A key of a map of options.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OptionRow {
    /// The key.
    pub key: String,
    /// What it takes.
    #[serde(rename = "type")]
    pub takes: String,
    /// What holds without it.
    pub default: String,
    /// What it means.
    pub about: String,
}

impl Entry {
    /// What it does, in its first sentence.
    pub fn brief(&self) -> &str {
        let about = self.usages.first().map(|usage| usage.about.as_str()).unwrap_or_default();
        first_sentence(about)
    }
}

/// The first sentence of a text.
pub fn first_sentence(text: &str) -> &str {
    let paragraph = text.split("\n\n").next().unwrap_or_default();
    let end = paragraph.match_indices(". ").map(|(at, _)| at + 1).find(|at| {
        let next = paragraph[*at..].trim_start().chars().next();
        next.is_some_and(|next| next.is_uppercase() || next == '`')
    });
    &paragraph[..end.unwrap_or(paragraph.len())]
}
