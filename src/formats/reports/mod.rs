//! What scanners, tests and analysers report, each format read into one small summary. A report that ends too early is an error with
//! its line, and never one without findings. Callers are those who gather facts of a service.

mod coverage;
mod dependency_check;
mod jacoco;
mod quality;
mod sarif;
mod scan;
#[cfg(test)]
mod tests;
mod trivy;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};

use crate::error::{Error, Place, Result};
pub use coverage::{Counter, Coverage};
pub use jacoco::read as jacoco;
pub use quality::{Condition, Gate, Quality};
pub use scan::{Counts, Scan, Severity};

/// The code of errors in reports that end too early, or whose scan did.
pub const CUT_OFF: &str = "idp::reports::cut_off";

/// The code of errors in reports that can't be read.
pub const UNREADABLE: &str = "idp::reports::unreadable";

/// A report of a format that is known.
#[derive(Debug, Clone, PartialEq)]
pub enum Report {
    /// Vulnerabilities and their like: Trivy, SARIF, OWASP dependency-check.
    Scan(Scan),
    /// How much of the code tests run: JaCoCo.
    Coverage(Coverage),
    /// Measures and a quality gate: SonarQube.
    Quality(Quality),
}

/// What tells one format in JSON from another.
#[derive(Deserialize)]
struct Head {
    #[serde(rename = "SchemaVersion")]
    trivy: Option<IgnoredAny>,
    #[serde(rename = "ClusterName")]
    trivy_cluster: Option<IgnoredAny>,
    runs: Option<IgnoredAny>,
    #[serde(rename = "scanInfo")]
    dependency_check: Option<IgnoredAny>,
    component: Option<IgnoredAny>,
    #[serde(rename = "projectStatus")]
    status: Option<IgnoredAny>,
    errors: Option<IgnoredAny>,
}

/// Reads a report, whichever of the known formats it has.
///
/// # Errors
/// `idp::reports::cut_off` where the text ends too early, or says that the scan did; `idp::reports::unreadable` for all else, both with
/// their place.
pub fn read(file: &str, text: &str) -> Result<Report> {
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with('<') {
        return jacoco(file, text).map(Report::Coverage);
    }
    let head: Head = json(file, text)?;
    if head.trivy.is_some() || head.trivy_cluster.is_some() {
        trivy::read(file, text).map(Report::Scan)
    } else if head.runs.is_some() {
        sarif::read(file, text).map(Report::Scan)
    } else if head.dependency_check.is_some() {
        dependency_check::read(file, text).map(Report::Scan)
    } else if head.component.is_some() || head.status.is_some() {
        quality::read(file, text).map(Report::Quality)
    } else if head.errors.is_some() {
        let what = "is what a server says when it fails, and no report";
        Err(unreadable(file, 1, 1, what).help("see what it says, and ask it again"))
    } else {
        let what = "is no report of a known format";
        Err(unreadable(file, 1, 1, what).help(KNOWN))
    }
}

const KNOWN: &str = "formats that are read: Trivy (--format json), SARIF 2.1.0, OWASP dependency-check (JSON), JaCoCo (XML), SonarQube's \
                     measures and project status";

fn unreadable(file: &str, line: usize, column: usize, what: &str) -> Error {
    Error::invalid(UNREADABLE, format!("{file} {what}")).at(Place::at(file, line, column))
}

fn cut_off(file: &str, line: usize, column: usize, what: &str) -> Error {
    Error::invalid(CUT_OFF, format!("{file} {what}")).at(Place::at(file, line, column))
}

/// What to do about a report that ends too early.
const AGAIN: &str = "run the scan again, and write the report beside its place before it is moved there";

/// Reads JSON, and says which line is wrong.
fn json<T: DeserializeOwned>(file: &str, text: &str) -> Result<T> {
    if text.trim().is_empty() {
        return Err(cut_off(file, 1, 1, "is empty").help(AGAIN));
    }
    // Structs could be read from lists, too, by the order of their fields.
    if !text.trim_start().starts_with('{') {
        return Err(unreadable(file, 1, 1, "is no JSON object").help(KNOWN));
    }
    serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line().max(1), error.column().max(1));
        // A number that ends behind its point is wrong, not unfinished, to the parser.
        let is_last = || text.split('\n').nth(line - 1).is_some_and(|last| column >= last.len());
        let said = error.to_string();
        let at_end = said.starts_with("invalid number") && line > text.matches('\n').count() && is_last();
        if error.is_eof() || at_end {
            return cut_off(file, line, column, &format!("ends in line {line}, in the middle of its JSON")).help(AGAIN);
        }
        let said = said.rsplit_once(" at line ").map_or(said.as_str(), |(said, _)| said);
        unreadable(file, line, column, &format!("isn't read: {said}")).help(KNOWN)
    })
}

/// What is null as what isn't there: programs written in Go say so of empty lists.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> std::result::Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
