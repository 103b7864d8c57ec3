//! The built-in policy `schema`: objects are such as the API server would take, by the schemas of their kinds.

use std::sync::Arc;

use super::Text;
use super::policy::{Breach, Object, Policy};
use super::spread::spread;
use crate::error::Error;
use crate::formats::definitions::{self, Definition};
use crate::formats::yaml;
use crate::report::{RuleInfo, Severity};
use crate::schemas::{Checks, Problem, Schemas};

/// What every definition of kinds says somewhere: CustomResourceDefinition, CompositeResourceDefinition.
const DEFINES: &str = "ResourceDefinition";

/// The definitions of kinds among the texts. What is wrong with one of them is found when it is looked at itself.
pub fn definitions(texts: &[Text]) -> Vec<Definition> {
    let contents = texts.iter().filter_map(|text| Some((text, text.content.as_ref()?)));
    let defining: Vec<_> = contents.filter(|(text, content)| !text.partial && content.contains(DEFINES)).collect();
    let read = |(text, content): &(&Text, &Arc<str>)| -> Vec<Definition> {
        let documents = yaml::parse(&text.shown, content).unwrap_or_default();
        documents.iter().flat_map(|document| definitions::read(document).unwrap_or_default()).collect()
    };
    spread(&defining, read).into_iter().flatten().collect()
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

impl Policy for BySchema {
    fn about(&self) -> RuleInfo {
        RuleInfo {
            id: "schema".into(),
            about: "An object that the API server would refuse, or a field that it would drop".into(),
            why: "A wrong field is found by a controller's log an hour later, or by nobody".into(),
            is_error: true,
            waivable: true,
        }
    }

    fn check(&self, object: &Object<'_>) -> Vec<Breach> {
        let problems = self.schemas.check(object.value, Checks { partial: object.partial, ..Checks::default() });
        let mut found: Vec<Breach> = problems.into_iter().map(breach).collect();
        // A definition may be an object as it should be, and the schema in it none. What the first tells needs no second.
        let wrong = object.document.filter(|_| found.is_empty() && !object.partial);
        found.extend(wrong.and_then(|document| definitions::read(document).err()).map(broken));
        found
    }
}

fn breach(problem: Problem) -> Breach {
    let Problem { path, at_key, severity, message, help, .. } = problem;
    Breach { severity, path, at_key, place: None, message, help }
}

fn broken(error: Error) -> Breach {
    Breach {
        severity: Severity::High,
        path: Vec::new(),
        at_key: false,
        place: error.place().cloned(),
        message: error.message().to_owned(),
        help: error.help_text().map(str::to_owned),
    }
}
