//! Findings as SARIF 2.1.0 (OASIS), which code scanning of forges and editors read: one run, every rule, one result a
//! finding. Called by `findings`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::report::{Finding, Review, RuleInfo};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The log, with a newline at its end.
pub(super) fn log(review: &Review) -> String {
    format!("{:#}\n", document(review))
}

/// The log: a result for each finding, then those that somebody answers for.
pub(super) fn document(review: &Review) -> Value {
    let order: BTreeMap<&str, usize> =
        review.rules.iter().enumerate().map(|(at, rule)| (rule.id.as_str(), at)).collect();
    let mut results: Vec<Value> = review.findings.iter().map(|finding| result(finding, &order)).collect();
    results.extend(review.suppressed.iter().map(|(finding, why)| {
        let mut result = result(finding, &order);
        // `external`: it is written down beside the file, not in it (SARIF 2.1.0, 3.35.2).
        result["suppressions"] = json!([{ "kind": "external", "status": "accepted", "justification": why }]);
        result
    }));
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "idp-run",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": review.rules.iter().map(|rule| describe(rule, review)).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn describe(rule: &RuleInfo, review: &Review) -> Value {
    json!({
        "id": rule.id,
        "name": rule.id,
        "shortDescription": { "text": rule.about },
        // A rule without a description says its title for both.
        "fullDescription": { "text": match rule.about == rule.why {
            true => rule.about.clone(),
            false => format!("{}. {}", rule.about, rule.why),
        } },
        "help": { "text": rule.why },
        "defaultConfiguration": { "level": level(rule.is_error) },
        "properties": { "code": review.code(&rule.id) },
    })
}

fn result(finding: &Finding, order: &BTreeMap<&str, usize>) -> Value {
    let text = match &finding.help {
        Some(help) => format!("{} ({help})", finding.message),
        None => finding.message.clone(),
    };
    let mut physical = json!({ "artifactLocation": { "uri": uri(&finding.place.file) } });
    if finding.place.line > 0 {
        physical["region"] = json!({ "startLine": finding.place.line });
        if finding.place.column > 0 {
            physical["region"]["startColumn"] = finding.place.column.into();
        }
    }
    let mut result = json!({
        "ruleId": finding.policy,
        "level": level(finding.refuses()),
        "message": { "text": text },
        "locations": [{ "physicalLocation": physical }],
    });
    if let Some(at) = order.get(finding.policy.as_str()) {
        result["ruleIndex"] = (*at).into();
    }
    result
}

fn level(error: bool) -> &'static str {
    if error { "error" } else { "warning" }
}

/// A path as a relative reference (RFC 3986): what isn't allowed in one is percent-encoded.
fn uri(path: &str) -> String {
    let mut text = String::new();
    // Standard input is no file; its name has no brackets here.
    let path = path.strip_prefix('<').and_then(|path| path.strip_suffix('>')).unwrap_or(path);
    for byte in path.trim_start_matches("./").bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b'@' => {
                text.push(char::from(byte));
            }
            other => text.push_str(&format!("%{other:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_references() {
        assert_eq!(uri("./a b/ü:x.rhai"), "a%20b/%C3%BC%3Ax.rhai");
        assert_eq!(uri("<stdin>"), "stdin");
    }
}
