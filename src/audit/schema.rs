//! The built-in policy `schema`: objects are such as the API server would take, by the schemas of their kinds.

use super::Text;
use super::policy::{Breach, Object, Policy};
use crate::formats::definitions::{self, Broken, Definition};
use crate::formats::schema::Reason;
use crate::formats::yaml::{self, Step};
use crate::report::{RuleInfo, Severity};
use crate::schemas::{Checks, Problem, Schemas};
use crate::script::spread;

/// What every definition of kinds says somewhere: CustomResourceDefinition, CompositeResourceDefinition.
const DEFINES: &str = "ResourceDefinition";

/// The definitions of kinds among the texts, and those of which no kind can be made. What is wrong with one of them is
/// found when it is looked at itself.
pub fn definitions(texts: &[Text]) -> (Vec<Definition>, Vec<Broken>) {
    let read = |text: &Text| -> Vec<(Vec<Definition>, Vec<Broken>)> {
        // What can't be read is told of when it is looked at.
        let text = text.read().ok().filter(|text| !text.partial);
        let content = text.as_ref().and_then(|text| text.content.as_ref()).filter(|content| content.contains(DEFINES));
        let documents = text.as_ref().zip(content).and_then(|(text, content)| yaml::parse(&text.shown, content).ok());
        documents.iter().flatten().map(definitions::sorted).collect()
    };
    let (mut found, mut broken) = (Vec::new(), Vec::new());
    for (kinds, wrong) in spread(texts, read).into_iter().flatten() {
        found.extend(kinds);
        broken.extend(wrong);
    }
    (found, broken)
}

/// The policy with the schemas that count.
pub struct BySchema {
    schemas: Schemas,
}

impl BySchema {
    /// By these schemas.
    pub fn new(schemas: Schemas) -> BySchema {
        BySchema { schemas }
    }
}

/// What it finds, and why that matters.
pub fn about() -> RuleInfo {
    RuleInfo {
        id: "schema".into(),
        about: "An object that the API server would refuse, or a field that it would drop".into(),
        why: "A wrong field is found by a controller's log an hour later, or by nobody".into(),
        is_error: true,
        waivable: true,
    }
}

impl Policy for BySchema {
    fn about(&self) -> RuleInfo {
        about()
    }

    fn check(&self, object: &Object<'_>) -> Vec<Breach> {
        let problems = self.schemas.check(object.value, Checks { partial: object.partial, ..Checks::default() });
        let mut found: Vec<Breach> = problems.into_iter().map(|problem| breach(problem, object)).collect();
        if !object.partial && definitions::is_one(object.value) {
            found.extend(self.schemas.about_definition(object.place).map(told));
        }
        found
    }
}

fn breach(problem: Problem, object: &Object<'_>) -> Breach {
    let help = in_quotes(&problem, object).or(problem.help);
    let Problem { path, at_key, severity, message, .. } = problem;
    Breach { severity, path, at_key, place: None, message, help }
}

fn told((message, help): (String, String)) -> Breach {
    Breach { severity: Severity::Medium, path: Vec::new(), at_key: false, place: None, message, help: Some(help) }
}

/// What to write where a text is wanted and a number or a boolean stands: what stands there, and not what YAML reads in it
/// (`on` is true, `0644` is 420).
fn in_quotes(problem: &Problem, object: &Object<'_>) -> Option<String> {
    problem.help.as_ref().filter(|_| problem.reason == Some(Reason::TypeInvalid))?;
    yaml::get(object.value, &problem.path).filter(|value| value.is_number() || value.is_boolean())?;
    let whole: Vec<Step> = object.root.iter().chain(&problem.path).cloned().collect();
    Some(format!("write it in quotes: \"{}\"", object.document.written(&whole)?))
}
