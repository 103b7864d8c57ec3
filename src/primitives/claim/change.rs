//! What may become of a claim that is there: fields that stay as they are, fields that only grow, by the rules of the
//! definition's schema and by what the platform notes at it.

use std::cmp::Ordering;

use serde_json::Value;

use super::{Claim, steps};
use crate::error::Result;
use crate::formats::schema::{How, Names, Reason, Violation};
use crate::formats::yaml::{self, Path};

/// Ends in an error if a claim can't become another one. Both have the definition's defaults where they say nothing, as the
/// API server sees them.
pub fn refuse_change(claim: &Claim, before: &Value, after: &Value) -> Result<()> {
    let (before, after) = (&defaulted(claim, before)?, &defaulted(claim, after)?);
    let how = How { partial: false, rules: true };
    let mut found = claim.offer.schema()?.review(after, Some(before), Names::Subdomain, how);
    let form = &claim.offer.form;
    for path in form.paths("immutable") {
        let path = steps(&path);
        if yaml::get(before, &path) != yaml::get(after, &path) {
            found.push(violation(&path, yaml::get(after, &path), "field is immutable"));
        }
    }
    for path in form.paths("grows") {
        let path = steps(&path);
        let (old, new) = (yaml::get(before, &path), yaml::get(after, &path));
        let smaller = match (old, new) {
            (Some(old), Some(new)) => compared(old, new) == Some(Ordering::Greater),
            (Some(old), None) => !old.is_null(),
            (None, _) => false,
        };
        if smaller {
            let old = old.map(shown).unwrap_or_default();
            found.push(violation(&path, new, &format!("can't be less than before, which is {old}")));
        }
    }
    claim.refuse(found)
}

fn defaulted(claim: &Claim, object: &Value) -> Result<Value> {
    let mut object = object.clone();
    if let Some(spec) = object.get_mut("spec") {
        *spec = claim.offer.defaulted(spec.take())?;
    }
    Ok(object)
}

fn violation(path: &[yaml::Step], value: Option<&Value>, why: &str) -> Violation {
    let value = value.map_or_else(|| "null".to_string(), Value::to_string);
    Violation {
        path: path.to_vec(),
        field: Path(path).to_string(),
        reason: Reason::Invalid,
        message: format!("Invalid value: {value}: {why}"),
        help: None,
    }
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// How two sizes compare: numbers, or quantities of Kubernetes such as `20Gi`.
fn compared(one: &Value, other: &Value) -> Option<Ordering> {
    size(one)?.partial_cmp(&size(other)?)
}

/// Suffixes of Kubernetes' quantities.
const SUFFIXES: [(&str, f64); 15] = [
    ("Ki", 1024.0),
    ("Mi", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
    ("Ti", 1_099_511_627_776.0),
    ("Pi", 1_125_899_906_842_624.0),
    ("Ei", 1_152_921_504_606_846_976.0),
    ("n", 1e-9),
    ("u", 1e-6),
    ("m", 1e-3),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
    ("P", 1e15),
    ("E", 1e18),
];

fn size(value: &Value) -> Option<f64> {
    let text = match value {
        Value::Number(number) => return number.as_f64(),
        Value::String(text) => text,
        _ => return None,
    };
    let whole = text.parse::<f64>().ok();
    let with = |(suffix, times): &(&str, f64)| Some(text.strip_suffix(suffix)?.parse::<f64>().ok()? * times);
    whole.or_else(|| SUFFIXES.iter().find_map(with))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sizes_compare_as_kubernetes_does() {
        for (one, other, is) in [
            (json!("20Gi"), json!("10Gi"), Some(Ordering::Greater)),
            (json!("1024Mi"), json!("1Gi"), Some(Ordering::Equal)),
            (json!("1G"), json!("1Gi"), Some(Ordering::Less)),
            (json!("500m"), json!(1), Some(Ordering::Less)),
            (json!(20), json!(30.5), Some(Ordering::Less)),
            (json!("large"), json!("small"), None),
        ] {
            assert_eq!(compared(&one, &other), is, "{one} {other}");
        }
    }
}
