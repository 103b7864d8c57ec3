//! The one error type that rooms hand upwards, and the exit codes of the binary.
//! Callers that need to tell errors apart match on the stable code.

pub mod codes;

use std::fmt;

use crate::error::Kind::*;

/// What sort of failure this is. It decides the exit code and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The script or the platform failed.
    Failed,
    /// Usage or input is wrong; the world is untouched.
    Invalid,
    /// A verdict failed: policy, scorecard, tests.
    Verdict,
    /// Authentication or permission is missing.
    Denied,
    /// A person (or a deadline of the caller) stopped it.
    Interrupted,
}

/// Exit codes of `idp-run`, the only place where they are numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, or waiting for people.
    Ok = 0,
    /// The script or the platform failed.
    Failed = 1,
    /// Usage or invalid input.
    Invalid = 2,
    /// A verdict failed.
    Verdict = 3,
    /// Authentication or permission.
    Denied = 4,
    /// `--plan --detailed-exitcode` found changes.
    Pending = 5,
    /// Interrupted.
    Interrupted = 130,
}

impl From<Kind> for Exit {
    fn from(kind: Kind) -> Self {
        match kind {
            Failed => Exit::Failed,
            Invalid => Exit::Invalid,
            Verdict => Exit::Verdict,
            Denied => Exit::Denied,
            Interrupted => Exit::Interrupted,
        }
    }
}

/// A place in a text that a person wrote: file, 1-based line and column (in characters).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
pub struct Place {
    /// The file as the user named it, or a repository path such as `acme/payments-gitops@main:k8s/x.yaml`.
    pub file: String,
    /// 1-based; 0 means the file as a whole.
    pub line: usize,
    /// 1-based, in characters; 0 means the line as a whole.
    pub column: usize,
}

impl Place {
    /// A place that is a whole file.
    pub fn file(file: impl Into<String>) -> Self {
        Place { file: file.into(), line: 0, column: 0 }
    }

    /// A line and column of a file, both 1-based.
    pub fn at(file: impl Into<String>, line: usize, column: usize) -> Self {
        Place { file: file.into(), line, column }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
            if self.column > 0 {
                write!(f, ":{}", self.column)?;
            }
        }
        Ok(())
    }
}

/// One frame of a script's call stack.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Frame {
    /// The function called, or what happened there.
    pub label: String,
    /// Where in the script.
    pub place: Place,
    /// The whole source of that file, for the snippet.
    #[serde(skip)]
    pub source: std::sync::Arc<str>,
}

/// One of several errors that another one sums up: what it happened to, and where in the scripts.
#[derive(Debug, Clone, PartialEq)]
pub struct Related {
    /// What it happened to, as people named it.
    pub item: String,
    /// The error.
    pub error: Error,
    /// Where in the scripts it came from, innermost first.
    pub frames: Vec<Frame>,
}

/// An error as a person meets it: a stable code, a sentence, what to do next, and where it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Error(Box<Inner>);

#[derive(Debug, Clone, PartialEq)]
struct Inner {
    kind: Kind,
    code: &'static str,
    message: String,
    help: Option<String>,
    place: Option<Place>,
    retryable: bool,
    related: Vec<Related>,
}

/// The result of almost everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of a kind with its stable code (`idp::room::what`) and one sentence without a final stop.
    pub fn new(kind: Kind, code: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Error(Box::new(Inner { kind, code, message, help: None, place: None, retryable: false, related: Vec::new() }))
    }

    /// The script or the platform failed (exit 1).
    pub fn failed(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Failed, code, message)
    }

    /// Usage or input is wrong (exit 2).
    pub fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Invalid, code, message)
    }

    /// Permission is missing (exit 4).
    pub fn denied(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Denied, code, message)
    }

    /// What the reader can do about it: a sentence that names the next command where there is one.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    /// Where it is.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.0.place = Some(place);
        self
    }

    /// Marks it as worth repeating without a change of input: the door does so with backoff.
    #[must_use]
    pub fn retryable(mut self) -> Self {
        self.0.retryable = true;
        self
    }

    /// Changes its sentence and its help, and the name of its place.
    #[must_use]
    pub fn map_texts(mut self, change: impl Fn(&mut String)) -> Self {
        change(&mut self.0.message);
        self.0.help.as_mut().into_iter().for_each(&change);
        self.0.place.as_mut().into_iter().for_each(|place| change(&mut place.file));
        self
    }

    /// The errors that it sums up.
    #[must_use]
    pub fn because(mut self, related: Vec<Related>) -> Self {
        self.0.related = related;
        self
    }

    /// The errors that it sums up, if it does.
    pub fn related(&self) -> &[Related] {
        &self.0.related
    }

    /// What sort of failure.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// The sentence.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to do about it.
    pub fn help_text(&self) -> Option<&str> {
        self.0.help.as_deref()
    }

    /// Where it is, if it has a place of its own.
    pub fn place(&self) -> Option<&Place> {
        self.0.place.as_ref()
    }

    /// Whether the same call may succeed if made again.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {}

/// Turns an I/O error into ours, naming what was done and to what.
pub fn io(doing: &str, path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Error {
    let what = format!("can't {doing} {}", path.display());
    move |error| {
        let message = format!("{what}: {error}");
        match error.kind() {
            std::io::ErrorKind::PermissionDenied => Error::denied("idp::io", message),
            _ => Error::failed("idp::io", message),
        }
    }
}

/// The nearest of the names to a wrong one, if one is near enough to be meant.
pub fn nearest<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    names
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(wrong, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.chars().count().min(wrong.chars().count()) / 4)
        .min()
        .map(|(_, name)| name)
}

/// A noun with its indefinite article: `an owner`, `a project`. What begins like an abbreviation is said letter by letter: `an S3
/// bucket`, `an HTTPRoute`, `a URL`.
pub fn with_article(noun: &str) -> String {
    let mut letters = noun.chars();
    let first = letters.next().unwrap_or_default();
    let spelled =
        first.is_ascii_uppercase() && letters.next().is_some_and(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    let vowels = if spelled { "aefhilmnorsx" } else { "aeio" };
    let article = if vowels.contains(first.to_ascii_lowercase()) { "an" } else { "a" };
    format!("{article} {noun}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nouns_have_their_article() {
        assert_eq!(with_article("owner"), "an owner");
        assert_eq!(with_article("Array"), "an Array");
        assert_eq!(with_article("repository name"), "a repository name");
        assert_eq!(with_article("S3 bucket"), "an S3 bucket");
        assert_eq!(with_article("HTTPRoute"), "an HTTPRoute");
        assert_eq!(with_article("SQSQueue"), "an SQSQueue");
        assert_eq!(with_article("URL"), "a URL");
        assert_eq!(with_article("MongoDB"), "a MongoDB");
    }

    #[test]
    fn nearest_finds_typos_and_refuses_strangers() {
        assert_eq!(nearest("descripton", ["description", "visibility"]), Some("description"));
        assert_eq!(nearest("onwer", ["owner", "other"]), Some("owner"));
        assert_eq!(nearest("foo", ["cos"]), None);
        assert_eq!(nearest("colour", ["owner", "visibility"]), None);
    }

    #[test]
    fn places_print_as_editors_jump_to_them() {
        assert_eq!(Place::at("a.yaml", 3, 7).to_string(), "a.yaml:3:7");
        assert_eq!(Place::file("a.yaml").to_string(), "a.yaml");
    }
}
