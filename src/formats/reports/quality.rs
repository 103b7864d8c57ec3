//! SonarQube's answers: `api/measures/component` and `api/qualitygates/project_status`, saved as they are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Result;

/// A condition of a quality gate that isn't kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// The metric: `new_coverage`.
    pub metric: String,
    /// What was measured.
    pub actual: String,
    /// What was asked for, with how it is compared: `LT 80` fails below 80.
    pub threshold: String,
}

/// A quality gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// `OK`, `WARN`, `ERROR`; `NONE` where the project has no gate, or was never analysed.
    pub status: String,
    /// The conditions that fail.
    pub failed: Vec<Condition>,
}

impl Gate {
    /// Whether it is kept; none where there is no gate.
    pub fn is_kept(&self) -> Option<bool> {
        match self.status.as_str() {
            "OK" | "WARN" => Some(true),
            "ERROR" => Some(false),
            _ => None,
        }
    }
}

/// What SonarQube measured.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quality {
    /// The project's key; empty if the answer doesn't say.
    pub subject: String,
    /// The quality gate, if the answer has one.
    pub gate: Option<Gate>,
    /// Measures by metric, as they are written.
    pub measures: BTreeMap<String, String>,
}

impl Quality {
    /// A measure as a number.
    pub fn number(&self, metric: &str) -> Option<f64> {
        self.measures.get(metric)?.parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// The coverage in percent.
    pub fn coverage(&self) -> Option<f64> {
        self.number("coverage")
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    component: Option<Component>,
    project_status: Option<Status>,
}

#[derive(Deserialize)]
struct Component {
    #[serde(default, deserialize_with = "super::or_default")]
    key: String,
    #[serde(default, deserialize_with = "super::or_default")]
    measures: Vec<Measure>,
}

#[derive(Deserialize)]
struct Measure {
    metric: String,
    value: Option<String>,
    /// Of metrics of new code.
    period: Option<Period>,
    /// The same in older versions.
    #[serde(default, deserialize_with = "super::or_default")]
    periods: Vec<Period>,
}

#[derive(Deserialize)]
struct Period {
    value: Option<String>,
}

#[derive(Deserialize)]
struct Status {
    status: String,
    #[serde(default, deserialize_with = "super::or_default")]
    conditions: Vec<Judged>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Judged {
    status: String,
    metric_key: String,
    #[serde(default, deserialize_with = "super::or_default")]
    comparator: String,
    #[serde(default, deserialize_with = "super::or_default")]
    error_threshold: String,
    #[serde(default, deserialize_with = "super::or_default")]
    actual_value: String,
}

/// Reads an answer of SonarQube.
pub fn read(file: &str, text: &str) -> Result<Quality> {
    let document: Document = super::json(file, text)?;
    let mut quality = Quality::default();
    if let Some(component) = document.component {
        quality.subject = component.key;
        for measure in component.measures {
            let of_period = measure.period.into_iter().chain(measure.periods).find_map(|period| period.value);
            if let Some(value) = measure.value.or(of_period) {
                quality.measures.insert(measure.metric, value);
            }
        }
        quality.gate = gate_of(&quality.measures);
    }
    if let Some(status) = document.project_status {
        let failed = status.conditions.into_iter().filter(|condition| condition.status == "ERROR");
        let told = |condition: Judged| Condition {
            threshold: format!("{} {}", condition.comparator, condition.error_threshold).trim().to_owned(),
            metric: condition.metric_key,
            actual: condition.actual_value,
        };
        quality.gate = Some(Gate { status: status.status, failed: failed.map(told).collect() });
    }
    Ok(quality)
}

/// The gate as two of the measures tell it, if they were asked for: its status, and its conditions as JSON in a text.
fn gate_of(measures: &BTreeMap<String, String>) -> Option<Gate> {
    let status = measures.get("alert_status")?.clone();
    let details = measures.get("quality_gate_details").and_then(|text| serde_json::from_str::<Value>(text).ok());
    let conditions = details.as_ref().and_then(|details| details.get("conditions")?.as_array());
    let told = |condition: &Value| {
        let text = |key: &str| condition.get(key).and_then(Value::as_str).unwrap_or_default();
        (text("level") == "ERROR").then(|| Condition {
            metric: text("metric").to_owned(),
            actual: text("actual").to_owned(),
            threshold: format!("{} {}", text("op"), text("error")).trim().to_owned(),
        })
    };
    Some(Gate { status, failed: conditions.into_iter().flatten().filter_map(told).collect() })
}
