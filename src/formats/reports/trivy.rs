//! Trivy's JSON: `Report` and `Result` of aquasecurity/trivy (pkg/types/report.go), of images, file systems and clusters.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::scan::{Scan, Severity, time};
use crate::error::Result;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    schema_version: Option<u32>,
    created_at: Option<String>,
    artifact_name: Option<String>,
    cluster_name: Option<String>,
    /// Left out where nothing was found.
    #[serde(default)]
    results: Option<Vec<Found>>,
    /// Of clusters.
    #[serde(default)]
    resources: Option<Vec<Resource>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Resource {
    #[serde(default)]
    results: Option<Vec<Found>>,
    #[serde(default)]
    error: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Found {
    #[serde(default)]
    vulnerabilities: Option<Vec<Vulnerability>>,
    #[serde(default)]
    misconfigurations: Option<Vec<Misconfiguration>>,
    #[serde(default)]
    secrets: Option<Vec<Secret>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Vulnerability {
    #[serde(default)]
    severity: String,
    #[serde(default)]
    fixed_version: Option<String>,
    #[serde(default, rename = "CVSS")]
    cvss: Option<BTreeMap<String, Scores>>,
}

/// By whoever scored it: `nvd`, `redhat`, `ghsa`.
#[derive(Deserialize)]
struct Scores {
    #[serde(rename = "V2Score")]
    v2: Option<f64>,
    #[serde(rename = "V3Score")]
    v3: Option<f64>,
    #[serde(rename = "V40Score")]
    v4: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Misconfiguration {
    #[serde(default)]
    severity: String,
    /// Checks that pass are reported, too, where they are asked for.
    #[serde(default)]
    status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Secret {
    #[serde(default)]
    severity: String,
}

/// Reads a report of Trivy.
pub fn read(file: &str, text: &str) -> Result<Scan> {
    let document: Document = super::json(file, text)?;
    if document.schema_version.is_some_and(|version| version != 2) {
        let what = format!("is a report of Trivy of schema {}", document.schema_version.unwrap_or_default());
        return Err(super::unreadable(file, 1, 1, &what).help("schema 2 is read, which Trivy writes since 0.20"));
    }
    let mut scan = Scan {
        tool: "Trivy".into(),
        subject: document.artifact_name.or(document.cluster_name).unwrap_or_default(),
        generated: document.created_at.as_deref().and_then(time),
        ..Scan::default()
    };
    for found in document.results.into_iter().flatten() {
        take(&mut scan, found);
    }
    for resource in document.resources.into_iter().flatten() {
        scan.troubles.extend(resource.error.filter(|error| !error.is_empty()));
        resource.results.into_iter().flatten().for_each(|found| take(&mut scan, found));
    }
    Ok(scan)
}

fn take(scan: &mut Scan, found: Found) {
    for vulnerability in found.vulnerabilities.into_iter().flatten() {
        let severity = Severity::named(&vulnerability.severity);
        scan.vulnerabilities.add(severity);
        if vulnerability.fixed_version.is_some_and(|version| !version.is_empty()) {
            scan.fixable.add(severity);
        }
        let scores: Vec<Scores> = vulnerability.cvss.into_iter().flatten().map(|(_, scores)| scores).collect();
        let newer = scores.iter().flat_map(|scores| [scores.v3, scores.v4]).flatten().reduce(f64::max);
        // Scores of CVSS 2 count where there is no newer one: they are of another scale.
        scan.scored(newer.or_else(|| scores.iter().filter_map(|scores| scores.v2).reduce(f64::max)));
    }
    for misconfiguration in found.misconfigurations.into_iter().flatten() {
        if misconfiguration.status.as_deref().is_none_or(|status| status == "FAIL") {
            scan.misconfigurations.add(Severity::named(&misconfiguration.severity));
        }
    }
    for secret in found.secrets.into_iter().flatten() {
        scan.secrets.add(Severity::named(&secret.severity));
    }
}
