//! An audit as SARIF, with what code scanning of forges makes of it beyond the standard: how bad a rule's findings are for
//! security, and which finding of one upload is which of the next (docs.github.com, "SARIF support for code scanning").

use std::collections::HashMap;

use serde_json::json;

use crate::formats::digest;
use crate::output::sarif;
use crate::report::{Audit, Detection, PolicyLevel, Review, Severity};

/// The log, with a newline at its end. `review` has the same findings: those that nobody answers for, then the others.
pub fn log(audit: &Audit, review: &Review) -> String {
    let mut log = sarif::document(review);
    let run = &mut log["runs"][0];
    run["automationDetails"] = json!({ "id": "idp-run-audit/" });
    let rules = run["tool"]["driver"]["rules"].as_array_mut().into_iter().flatten();
    for (rule, info) in rules.zip(&review.rules) {
        let worst = audit.detections.iter().filter(|found| found.finding.policy == info.id);
        let worst = worst.map(|found| found.finding.severity).max();
        let usual = if info.is_error { Severity::High } else { Severity::Medium };
        let severity = worst.unwrap_or(usual);
        rule["help"]["markdown"] = format!("**{}**\n\n{}", info.about, info.why).into();
        rule["properties"]["security-severity"] = score(severity).into();
        rule["properties"]["precision"] = "very-high".into();
        rule["properties"]["tags"] = json!(["security", "kubernetes"]);
    }
    let (open, waived): (Vec<&Detection>, Vec<_>) = audit.detections.iter().partition(|found| found.waived.is_none());
    let mut met: HashMap<String, usize> = HashMap::new();
    let results = run["results"].as_array_mut().into_iter().flatten();
    for (result, detection) in results.zip(open.into_iter().chain(waived)) {
        result["level"] = level(audit, detection).into();
        result["properties"] = json!({
            "severity": detection.finding.severity, "policyLevel": detection.level.name(), "path": detection.path,
            "mended": detection.mended,
        });
        let hash = fingerprint(audit, detection);
        let number = met.entry(hash.clone()).and_modify(|number| *number += 1).or_insert(1);
        result["partialFingerprints"] = json!({ "primaryLocationLineHash": format!("{hash}:{number}") });
    }
    format!("{log:#}\n")
}

/// What stays while lines move: the rule, the file, the object and the field.
fn fingerprint(audit: &Audit, detection: &Detection) -> String {
    let object = audit.object(detection).map(|object| format!("{} {object}", object.api_version)).unwrap_or_default();
    let finding = &detection.finding;
    let parts = [finding.policy.as_str(), finding.place.file.as_str(), object.as_str(), detection.path.as_str()];
    digest::short(&parts.join("\n"))
}

/// What fails the audit is an error, were it not for who answers for it.
fn level(audit: &Audit, detection: &Detection) -> &'static str {
    match detection.level {
        _ if detection.mended => "note",
        PolicyLevel::Deny if detection.finding.severity >= audit.fail_on => "error",
        PolicyLevel::Deny | PolicyLevel::Warn => "warning",
        PolicyLevel::Audit | PolicyLevel::Off => "note",
    }
}

/// In the ranges that forges divide scores into: above 9.0 is critical, 7.0 high, 4.0 medium.
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
    }
}
