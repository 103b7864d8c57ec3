//! Selectors: behind a generator, where flat parameters are looked at and values may be any text, and of the cluster
//! generator, where they are labels. As applicationset/utils/selector.go and k8s.io/apimachinery.

use serde_json::Value as Json;

use crate::formats::cel::{label_value, qualified_name};

/// What labels must be to be selected.
#[derive(Debug)]
pub struct Selector(Vec<Requirement>);

#[derive(Debug)]
struct Requirement {
    key: String,
    operator: Operator,
    values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
}

impl Selector {
    /// A selector whose values may be any text.
    ///
    /// # Errors
    /// In the controller's words.
    pub fn parse(selector: &Json) -> Result<Self, String> {
        let mut requirements = Vec::new();
        for (key, value) in selector["matchLabels"].as_object().into_iter().flatten() {
            let values = vec![value.as_str().unwrap_or_default().to_owned()];
            requirements.push(Requirement::new(key, Operator::In, values)?);
        }
        for expression in selector["matchExpressions"].as_array().into_iter().flatten() {
            let operator = match expression["operator"].as_str().unwrap_or_default() {
                "In" => Operator::In,
                "NotIn" => Operator::NotIn,
                "Exists" => Operator::Exists,
                "DoesNotExist" => Operator::DoesNotExist,
                other => return Err(format!("{other:?} is not a valid pod selector operator")),
            };
            let values = expression["values"].as_array().into_iter().flatten();
            let values = values.map(|value| value.as_str().unwrap_or_default().to_owned()).collect();
            requirements.push(Requirement::new(expression["key"].as_str().unwrap_or_default(), operator, values)?);
        }
        Ok(Selector(requirements))
    }

    /// A selector of labels, whose values are such.
    ///
    /// # Errors
    /// In the words of apimachinery.
    pub fn parse_strict(selector: &Json) -> Result<Self, String> {
        let selector = Self::parse(selector).map_err(|message| {
            // The library has another word for it where labels are meant.
            message.replace("is not a valid pod selector operator", "is not a valid label selector operator")
        })?;
        for requirement in &selector.0 {
            for (at, value) in requirement.values.iter().enumerate() {
                let faults = label_value(value);
                if !faults.is_empty() {
                    let path = format!("values[{at}][{}]", requirement.key);
                    return Err(format!("{path}: Invalid value: {value:?}: {}", faults.join("; ")));
                }
            }
        }
        Ok(selector)
    }

    /// Whether it asks for nothing.
    pub fn is_everything(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether all holds for names and values.
    pub fn matches(&self, labels: &[(String, String)]) -> bool {
        self.0.iter().all(|requirement| {
            let value = labels.iter().find(|(key, _)| *key == requirement.key).map(|(_, value)| value);
            match (requirement.operator, value) {
                (Operator::In, value) => value.is_some_and(|value| requirement.values.contains(value)),
                (Operator::NotIn, value) => value.is_none_or(|value| !requirement.values.contains(value)),
                (Operator::Exists, value) => value.is_some(),
                (Operator::DoesNotExist, value) => value.is_none(),
            }
        })
    }
}

impl Requirement {
    fn new(key: &str, operator: Operator, values: Vec<String>) -> Result<Self, String> {
        let mut wrong = Vec::new();
        let faults = qualified_name(key);
        if !faults.is_empty() {
            wrong.push(format!("key: Invalid value: {key:?}: {}", faults.join("; ")));
        }
        match operator {
            Operator::In | Operator::NotIn if values.is_empty() => wrong
                .push("values: Invalid value: null: for 'in', 'notin' operators, values set can't be empty".to_owned()),
            Operator::Exists | Operator::DoesNotExist if !values.is_empty() => {
                let shown = Json::from(values.clone());
                let why = "values set must be empty for exists and does not exist";
                wrong.push(format!("values: Invalid value: {shown}: {why}"));
            }
            _ => {}
        }
        match wrong.as_slice() {
            [] => Ok(Requirement { key: key.to_owned(), operator, values }),
            [one] => Err(one.clone()),
            several => Err(format!("[{}]", several.join(", "))),
        }
    }
}
