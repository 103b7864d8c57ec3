//! The JSON of OWASP dependency-check: `templates/jsonReport.vsl` of jeremylong/DependencyCheck.

use serde::Deserialize;
use serde_json::Value;

use super::scan::{Scan, Severity, time};
use crate::error::Result;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    scan_info: Info,
    #[serde(default)]
    project_info: Option<Project>,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Info {
    /// Read as it comes: its form has changed, and what failed is worth more than how.
    #[serde(default)]
    analysis_exceptions: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Project {
    name: Option<String>,
    report_date: Option<String>,
}

#[derive(Deserialize)]
struct Dependency {
    /// Those that are suppressed stand in a list of their own.
    #[serde(default, deserialize_with = "super::or_default")]
    vulnerabilities: Vec<Vulnerability>,
}

#[derive(Deserialize)]
struct Vulnerability {
    #[serde(default)]
    severity: Option<String>,
    cvssv2: Option<Old>,
    cvssv3: Option<New>,
    cvssv4: Option<New>,
}

#[derive(Deserialize)]
struct Old {
    score: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct New {
    base_score: Option<f64>,
}

/// Reads a report of dependency-check.
pub fn read(file: &str, text: &str) -> Result<Scan> {
    let document: Document = super::json(file, text)?;
    let project = document.project_info;
    let mut scan = Scan { tool: "OWASP dependency-check".into(), ..Scan::default() };
    if let Some(project) = project {
        scan.subject = project.name.unwrap_or_default();
        scan.generated = project.report_date.as_deref().and_then(time);
    }
    let troubles = document.scan_info.analysis_exceptions.as_array().into_iter().flatten();
    let said = |trouble: &Value| {
        let said = trouble.pointer("/exception/message").or_else(|| trouble.get("message")).and_then(Value::as_str);
        said.unwrap_or("an analyser failed").to_owned()
    };
    scan.troubles = troubles.map(said).collect();
    for vulnerability in document.dependencies.into_iter().flat_map(|dependency| dependency.vulnerabilities) {
        let newer = [&vulnerability.cvssv3, &vulnerability.cvssv4];
        let newer = newer.into_iter().filter_map(|score| score.as_ref()?.base_score).reduce(f64::max);
        let score = newer.or_else(|| vulnerability.cvssv2.as_ref()?.score);
        // Some sources give a number, or nothing that can be compared, where a word belongs.
        let named = vulnerability.severity.as_deref().map_or(Severity::Unknown, Severity::named);
        let severity = if named == Severity::Unknown { score.map_or(named, Severity::of_cvss) } else { named };
        scan.vulnerabilities.add(severity);
        scan.scored(score);
    }
    Ok(scan)
}
