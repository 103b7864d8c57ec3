//! RollingSync: which Applications belong to which step, and which may be synced now. As
//! applicationset/progressivesync of argo-cd.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

/// The steps of a strategy over Applications.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Steps {
    /// The names of each step's Applications.
    pub steps: Vec<Vec<String>>,
    /// The first step of each Application that is in one, from 0.
    pub step_of: BTreeMap<String, usize>,
    /// Steps, from 0, with the operators that aren't `In` or `NotIn`.
    pub wrong_operators: Vec<(usize, String)>,
    /// Applications that several steps select, with the steps.
    pub in_several: BTreeMap<String, Vec<usize>>,
    /// Steps without an Application.
    pub empty: Vec<usize>,
}

/// Sorts Applications into the steps of an ApplicationSet.
pub fn steps(set: &Json, applications: &[&Json]) -> Steps {
    let strategy = &set["spec"]["strategy"];
    let mut found = Steps::default();
    let no_steps = Vec::new();
    let steps = match strategy["type"].as_str() {
        None | Some("" | "AllAtOnce") => return found,
        Some("RollingSync") => strategy["rollingSync"]["steps"].as_array().unwrap_or(&no_steps),
        Some(_) => &no_steps,
    };
    found.steps = vec![Vec::new(); steps.len()];
    for application in applications {
        let metadata = &application["metadata"];
        let name = metadata["name"].as_str().unwrap_or_default();
        for (at, step) in steps.iter().enumerate() {
            if !found.selects(at, step, &metadata["labels"]) {
                continue;
            }
            found.steps[at].push(name.to_owned());
            match found.step_of.get(name) {
                Some(first) => {
                    found.in_several.entry(name.to_owned()).or_insert_with(|| vec![*first]).push(at);
                }
                None => {
                    found.step_of.insert(name.to_owned(), at);
                }
            }
        }
    }
    found.empty = (0..steps.len()).filter(|at| found.steps[*at].is_empty()).collect();
    found
}

impl Steps {
    fn selects(&mut self, at: usize, step: &Json, labels: &Json) -> bool {
        for expression in step["matchExpressions"].as_array().into_iter().flatten() {
            let operator = expression["operator"].as_str().unwrap_or_default();
            let label = labels[expression["key"].as_str().unwrap_or_default()].as_str();
            let Some(label) = label else {
                if operator == "In" {
                    return false;
                }
                continue;
            };
            let has = expression["values"].as_array().into_iter().flatten().any(|value| value == label);
            match operator {
                "In" if has => {}
                "NotIn" if !has => {}
                "In" | "NotIn" => return false,
                other => {
                    let fault = (at, other.to_owned());
                    if !self.wrong_operators.contains(&fault) {
                        self.wrong_operators.push(fault);
                    }
                    return false;
                }
            }
        }
        true
    }

    /// What the controller would say about the steps, the worst first; nothing if they are as they should be.
    pub fn message(&self) -> Option<String> {
        let numbers = |steps: &[usize], between: &str| {
            steps.iter().map(|step| (step + 1).to_string()).collect::<Vec<_>>().join(between)
        };
        if !self.wrong_operators.is_empty() {
            let steps: Vec<usize> = self.wrong_operators.iter().map(|(step, _)| *step).collect();
            let operators: Vec<&str> = self.wrong_operators.iter().map(|(_, operator)| operator.as_str()).collect();
            let (word, has) = if steps.len() == 1 { ("Step", "has") } else { ("Steps", "have") };
            let (steps, operators) = (numbers(&steps, ", "), operators.join(", "));
            return Some(format!(
                "{word} {steps} {has} invalid matchExpression operators: {operators}. Supported Operators are 'In' \
                 and 'NotIn'"
            ));
        }
        if !self.in_several.is_empty() {
            let names: Vec<&str> = self.in_several.keys().map(String::as_str).collect();
            let steps: Vec<String> = self.in_several.values().map(|steps| numbers(steps, "-")).collect();
            return Some(match names.as_slice() {
                [name] => format!("Application '{name}' is selected by multiple steps: ({})", steps.join(", ")),
                names => {
                    let (names, steps) = (names.join("', '"), steps.join("), ("));
                    format!("Applications '{names}' are selected by multiple steps: [({steps})]")
                }
            });
        }
        let empty = (!self.empty.is_empty()).then(|| numbers(&self.empty, " "));
        empty.map(|steps| format!("Steps [{steps}] have no applications matching their criteria"))
    }

    /// The Applications that may be synced now: those of all steps up to the first that isn't healthy. `current` are
    /// the names of those that there are; health is what the status of the set says.
    pub fn in_turn(&self, set: &Json, current: &BTreeSet<&str>) -> BTreeSet<String> {
        let states = set["status"]["applicationStatus"].as_array().map(Vec::as_slice).unwrap_or_default();
        let is_healthy = |name: &str| {
            let state = states.iter().find(|state| state["application"] == name);
            current.contains(name) && state.is_some_and(|state| state["status"] == "Healthy")
        };
        let mut turn = BTreeSet::new();
        for step in &self.steps {
            turn.extend(step.iter().cloned());
            if !step.iter().all(|name| is_healthy(name)) {
                break;
            }
        }
        turn
    }
}
