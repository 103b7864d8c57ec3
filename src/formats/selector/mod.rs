//! Selectors of labels: `matchLabels` and `matchExpressions`, or the plain map of a Service. As k8s.io/apimachinery v0.36,
//! pkg/apis/meta/v1/helpers.go and pkg/labels. The `selector` primitive calls it.

#[cfg(test)]
mod tests;

use serde_json::Value;

/// What labels must be to be selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    /// All must hold; nothing is selected without a list.
    requirements: Option<Vec<Requirement>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Requirement {
    key: String,
    operator: Operator,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Operator {
    Among(Vec<String>),
    NotAmong(Vec<String>),
    Exists,
    DoesNotExist,
}

impl Selector {
    /// The selector of a field: null selects nothing, an empty map everything.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(value: &Value) -> Result<Selector, String> {
        let map = match value {
            Value::Null => return Ok(Selector { requirements: None }),
            Value::Object(map) => map,
            other => return Err(format!("a selector is a map, not {other}")),
        };
        // The label of a Service's selector may be called `matchLabels` too; its value is a text then.
        let is_plain = map.iter().any(|(key, value)| match key.as_str() {
            "matchLabels" => !value.is_object() && !value.is_null(),
            "matchExpressions" => !value.is_array() && !value.is_null(),
            _ => true,
        });
        if is_plain {
            return Ok(Selector { requirements: Some(equal(value)?) });
        }
        let mut requirements = map.get("matchLabels").map(equal).transpose()?.unwrap_or_default();
        for expression in map.get("matchExpressions").and_then(Value::as_array).into_iter().flatten() {
            requirements.push(requirement(expression)?);
        }
        Ok(Selector { requirements: Some(requirements) })
    }

    /// Whether it selects what has these labels. What are no texts are no labels.
    pub fn matches(&self, labels: &Value) -> bool {
        let label = |key: &str| labels.get(key).and_then(Value::as_str);
        self.requirements.as_ref().is_some_and(|requirements| {
            requirements.iter().all(|requirement| match (&requirement.operator, label(&requirement.key)) {
                (Operator::Among(values), label) => {
                    label.is_some_and(|label| values.iter().any(|value| value == label))
                }
                (Operator::NotAmong(values), label) => {
                    label.is_none_or(|label| values.iter().all(|value| value != label))
                }
                (Operator::Exists, label) => label.is_some(),
                (Operator::DoesNotExist, label) => label.is_none(),
            })
        })
    }

    /// Whether it selects whatever there is.
    pub fn is_everything(&self) -> bool {
        self.requirements.as_ref().is_some_and(Vec::is_empty)
    }
}

fn equal(labels: &Value) -> Result<Vec<Requirement>, String> {
    let entries = labels.as_object().into_iter().flatten();
    let requirement = |(key, value): (&String, &Value)| match value {
        Value::String(text) => Ok(Requirement { key: key.clone(), operator: Operator::Among(vec![text.clone()]) }),
        other => Err(format!("the label {key} of a selector is a text, not {other}")),
    };
    entries.map(requirement).collect()
}

fn requirement(expression: &Value) -> Result<Requirement, String> {
    let text = |field: &str| expression.get(field).and_then(Value::as_str);
    let key = text("key").ok_or("an expression of a selector has no key")?;
    let values = || -> Result<Vec<String>, String> {
        let values = expression.get("values").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let texts: Option<Vec<String>> = values.iter().map(|value| value.as_str().map(str::to_owned)).collect();
        match texts {
            Some(texts) if !texts.is_empty() => Ok(texts),
            Some(_) => Err(format!("the expression of {key} has no values")),
            None => Err(format!("the expression of {key} has values that are no texts")),
        }
    };
    let without_values = |operator: Operator| match expression.get("values").and_then(Value::as_array) {
        Some(values) if !values.is_empty() => {
            Err(format!("the expression of {key} has values, and its operator takes none"))
        }
        _ => Ok(operator),
    };
    let operator = match text("operator") {
        Some("In") => Operator::Among(values()?),
        Some("NotIn") => Operator::NotAmong(values()?),
        Some("Exists") => without_values(Operator::Exists)?,
        Some("DoesNotExist") => without_values(Operator::DoesNotExist)?,
        Some(other) => return Err(format!("{other} is not an operator of selectors: In, NotIn, Exists, DoesNotExist")),
        None => return Err(format!("the expression of {key} has no operator")),
    };
    Ok(Requirement { key: key.to_owned(), operator })
}
