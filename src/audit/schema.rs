//! The built-in policy `schema`: objects are such as the API server would take, by the schemas of their kinds.

use std::sync::{Arc, OnceLock};

use super::Text;
use super::policy::{Breach, Object, Policy};
use crate::error::Result;
use crate::formats::definitions::{self, Broken, Definition};
use crate::formats::objects::object_of;
use crate::formats::schema::Reason;
use crate::formats::yaml::{self, Step};
use crate::report::{RuleInfo, Severity};
use crate::schemas::{Checks, Found, Problem, Schemas};
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
        let documents = text.as_ref().zip(content).map(|(text, content)| yaml::parse_each(&text.shown, content).0);
        documents.iter().flatten().map(definitions::sorted).collect()
    };
    let (mut found, mut broken) = (Vec::new(), Vec::new());
    for (kinds, wrong) in spread(texts, read).into_iter().flatten() {
        found.extend(kinds);
        broken.extend(wrong);
    }
    (found, broken)
}

/// Reads the schemas with those that repositories define.
pub type Repositories = Box<dyn Fn() -> Result<Arc<Schemas>> + Send + Sync>;

/// The policy with the schemas that count.
pub struct BySchema {
    schemas: Schemas,
    /// What to ask about kinds that aren't known otherwise.
    repositories: Option<Repositories>,
    /// What they said: they are read once, and only if such a kind is met.
    said: OnceLock<Result<Arc<Schemas>>>,
}

impl BySchema {
    /// By these schemas.
    pub fn new(schemas: Schemas) -> BySchema {
        BySchema { schemas, repositories: None, said: OnceLock::new() }
    }

    /// The same, with repositories to ask about kinds that these schemas don't know.
    #[must_use]
    pub fn asking(self, repositories: Option<Repositories>) -> BySchema {
        BySchema { repositories, ..self }
    }

    /// The problems of an object, by the repositories' definition if nobody else has one.
    fn problems(&self, object: &Object<'_>) -> Vec<Problem> {
        let how = Checks { partial: object.partial, ..Checks::default() };
        let unknown = || {
            let (api_version, kind) = object_of(object.value)?;
            matches!(
                self.schemas.find(api_version, kind),
                Found::UnknownGroup { nearest: None } | Found::UnknownKind { all: false, .. }
            )
            .then_some(())
        };
        let Some(repositories) = self.repositories.as_ref().filter(|_| unknown().is_some()) else {
            return self.schemas.check(object.value, how);
        };
        match self.said.get_or_init(repositories) {
            Ok(schemas) => schemas.check(object.value, how),
            Err(error) => {
                let mut problems = self.schemas.check(object.value, how);
                let why = format!("the repositories that may define it can't be read: {}", error.message());
                problems.iter_mut().for_each(|problem| problem.help = Some(why.clone()));
                problems
            }
        }
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
        let mut found: Vec<Breach> = self.problems(object).into_iter().map(|problem| breach(problem, object)).collect();
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
