//! SARIF 2.1.0 (OASIS), with the severities that GitHub's code scanning reads from `security-severity`.

use serde::Deserialize;
use serde_json::Value;

use super::scan::{Scan, Severity, time};
use crate::error::Result;

#[derive(Deserialize)]
struct Log {
    version: Option<String>,
    runs: Vec<Run>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    /// Absent or null where nothing was scanned (3.14.23), which isn't the same as empty.
    #[serde(default)]
    results: Option<Vec<Found>>,
    #[serde(default, deserialize_with = "super::or_default")]
    invocations: Vec<Invocation>,
}

#[derive(Deserialize)]
struct Tool {
    driver: Driver,
    #[serde(default, deserialize_with = "super::or_default")]
    extensions: Vec<Driver>,
}

#[derive(Deserialize)]
struct Driver {
    #[serde(default, deserialize_with = "super::or_default")]
    name: String,
    #[serde(default, deserialize_with = "super::or_default")]
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: String,
    #[serde(default)]
    default_configuration: Option<Configuration>,
    #[serde(default)]
    properties: Option<Properties>,
}

#[derive(Deserialize)]
struct Configuration {
    level: Option<String>,
}

#[derive(Deserialize)]
struct Properties {
    /// A number, written as text by most.
    #[serde(rename = "security-severity")]
    security_severity: Option<Value>,
}

impl Properties {
    fn score(&self) -> Option<f64> {
        match self.security_severity.as_ref()? {
            Value::String(text) => text.trim().parse().ok(),
            value => value.as_f64(),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: Option<bool>,
    end_time_utc: Option<String>,
    start_time_utc: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    rule_id: Option<String>,
    rule_index: Option<usize>,
    #[serde(default)]
    rule: Option<RuleReference>,
    level: Option<String>,
    kind: Option<String>,
    baseline_state: Option<String>,
    #[serde(default)]
    suppressions: Option<Vec<Suppression>>,
    #[serde(default)]
    properties: Option<Properties>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RuleReference {
    id: Option<String>,
    index: Option<usize>,
    tool_component: Option<Component>,
}

#[derive(Deserialize)]
struct Component {
    index: Option<usize>,
}

#[derive(Deserialize)]
struct Suppression {
    status: Option<String>,
}

impl Found {
    /// Whether somebody suppressed it: every suppression is accepted, which it is without a status (3.27.23).
    fn is_suppressed(&self) -> bool {
        let suppressions = self.suppressions.as_deref().unwrap_or_default();
        let accepted =
            |suppression: &Suppression| suppression.status.as_deref().is_none_or(|status| status == "accepted");
        !suppressions.is_empty() && suppressions.iter().all(accepted)
    }

    fn rule<'t>(&self, tool: &'t Tool) -> Option<&'t Rule> {
        let reference = self.rule.as_ref();
        let component = reference.and_then(|rule| rule.tool_component.as_ref()?.index);
        let rules = match component {
            Some(at) => &tool.extensions.get(at)?.rules,
            None => &tool.driver.rules,
        };
        let index = reference.and_then(|rule| rule.index).or(self.rule_index);
        let id = reference.and_then(|rule| rule.id.as_deref()).or(self.rule_id.as_deref());
        let by_id = || {
            let id = id?;
            // The id of a result may have more parts than its rule's: `CA1000/1` (3.27.5).
            rules.iter().find(|rule| rule.id == id).or_else(|| {
                rules.iter().find(|rule| id.strip_prefix(&rule.id).is_some_and(|rest| rest.starts_with('/')))
            })
        };
        index.and_then(|at| rules.get(at)).or_else(by_id)
    }
}

/// Reads a SARIF log.
pub fn read(file: &str, text: &str) -> Result<Scan> {
    let log: Log = super::json(file, text)?;
    if let Some(version) = log.version.as_deref().filter(|version| *version != "2.1.0") {
        let what = format!("is SARIF of version {version}");
        return Err(super::unreadable(file, 1, 1, &what).help("version 2.1.0 is read"));
    }
    let mut scan = Scan::default();
    if log.runs.is_empty() {
        return Err(super::cut_off(file, 1, 1, "has no run: nothing was scanned").help(super::AGAIN));
    }
    for run in &log.runs {
        take(&mut scan, run, file)?;
    }
    Ok(scan)
}

fn take(scan: &mut Scan, run: &Run, file: &str) -> Result<()> {
    let name = &run.tool.driver.name;
    if !scan.tool.split(", ").any(|tool| tool == name) {
        let comma = if scan.tool.is_empty() { "" } else { ", " };
        scan.tool.push_str(&format!("{comma}{name}"));
    }
    if run.invocations.iter().any(|invocation| invocation.execution_successful == Some(false)) {
        let what = format!("says that {name} failed: what it didn't find may be there");
        return Err(super::cut_off(file, 1, 1, &what).help("see the scan's log, and run it again"));
    }
    let Some(results) = &run.results else {
        let what = format!("has no results of {name}: nothing was scanned");
        return Err(super::cut_off(file, 1, 1, &what).help("see the scan's log, and run it again"));
    };
    for invocation in &run.invocations {
        let ended = invocation.end_time_utc.as_deref().or(invocation.start_time_utc.as_deref()).and_then(time);
        scan.generated = scan.generated.max(ended);
    }
    for found in results {
        let is_counted = found.kind.as_deref().is_none_or(|kind| kind == "fail");
        if !is_counted || found.is_suppressed() || found.baseline_state.as_deref() == Some("absent") {
            continue;
        }
        let rule = found.rule(&run.tool);
        let score = |properties: &Option<Properties>| properties.as_ref().and_then(Properties::score);
        let score = score(&found.properties).or_else(|| score(&rule?.properties));
        let default = || rule?.default_configuration.as_ref()?.level.as_deref();
        let level = found.level.as_deref().or_else(default).unwrap_or("warning");
        let severity = match (score.map(Severity::of_cvss), level) {
            (Some(severity), _) if severity != Severity::Unknown => severity,
            (_, "error") => Severity::High,
            (_, "warning") => Severity::Medium,
            (_, "note") => Severity::Low,
            (_, "none") => continue,
            _ => Severity::Unknown,
        };
        scan.others.add(severity);
        scan.scored(score);
    }
    Ok(())
}
