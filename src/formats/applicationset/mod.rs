//! ApplicationSets, rendered as their controller does but without a cluster: what generators ask the world outside is
//! answered by the caller. The rules and words are those of argo-cd 3.6.

mod answers;
mod differences;
mod engine;
mod generators;
mod glob;
mod params;
mod patch;
#[cfg(test)]
mod property_tests;
mod selector;
mod shape;
mod steps;
mod template;
#[cfg(test)]
mod tests;
mod text;
mod validate;
mod words;

use serde_json::{Map, Value, json};

pub use answers::{Answer, Answers, Cluster, PullRequest, Repository, Source, Unanswered};
pub use differences::{Changed, Deleted, Differences, FieldChange, Policy, differences};
use engine::Engine;
use generators::Level;
pub use glob::{Choice, Globbing};
pub use patch::apply as patched;
pub use steps::{Steps, steps};
use template::Blueprint;
pub use template::FINALIZER;
use text::Bound;

use crate::formats::gotemplate;

/// How an ApplicationSet is rendered.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The bounds.
    pub limits: Limits,
    /// How the controller reads patterns of files.
    pub globbing: Globbing,
}

/// The bounds of one rendering.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Sets of parameters that all generators may give, those on the way counted.
    pub params: usize,
    /// Bytes that all texts of all Applications may have.
    pub output: usize,
    /// The bounds of one text; its deadline is that of all.
    pub template: gotemplate::Limits,
}

impl Default for Limits {
    fn default() -> Self {
        let template = gotemplate::Limits { output: 1 << 20, ..gotemplate::Limits::default() };
        Limits { params: 100_000, output: 256 << 20, template }
    }
}

/// What an ApplicationSet gives.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rendering {
    /// The Applications, by their generators.
    pub applications: Vec<Generated>,
    /// Applications that the controller would leave out; the problems say why.
    pub refused: Vec<Generated>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
    /// What nobody knows offline, and which generator asks for it.
    pub missing: Vec<Missing>,
}

/// An Application, and where it is from.
#[derive(Debug, Clone, PartialEq)]
pub struct Generated {
    /// The object.
    pub application: Value,
    /// The generator: `spec.generators[0].matrix`.
    pub from: String,
    /// The parameters that its template was filled with.
    pub params: Parameters,
}

/// Parameters as the text of a JSON object, which is a fifth of what they take as a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters(Box<str>);

impl Parameters {
    /// The parameters as a value.
    pub fn value(&self) -> Value {
        serde_json::from_str(&self.0).unwrap_or_default()
    }
}

/// Something that is wrong, in the controller's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where in the ApplicationSet: `spec.generators[0].matrix.generators[1].git`.
    pub path: String,
    /// What.
    pub message: String,
    /// What the controller does about it.
    pub reason: Reason,
}

/// How far a problem reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A generator fails: the controller changes no Application of the set.
    Parameters,
    /// A template can't be filled: the controller changes no Application of the set.
    Template,
    /// An Application is wrong: the controller leaves it out.
    Application,
    /// The controller says so, and goes on.
    Warning,
}

/// Something that nobody knows offline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The generator that asks.
    pub path: String,
    /// What would have to be given.
    pub what: String,
}

/// Why a generator gives nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fault {
    path: String,
    message: String,
    is_missing: bool,
}

impl Fault {
    fn new(path: String, message: String) -> Self {
        Fault { path, message, is_missing: false }
    }

    /// A question without an answer; `asking` is what the controller says before the reason.
    fn unanswered(path: &str, why: Unanswered, asking: &str) -> Self {
        match why {
            Unanswered::Unknown(what) => Fault { path: path.to_owned(), message: what, is_missing: true },
            Unanswered::Failed(message) => Fault::new(path.to_owned(), format!("{asking}: {message}")),
        }
    }

    /// The fault with what the controller says before it.
    fn under(mut self, what: &str) -> Self {
        if !self.is_missing {
            self.message = format!("{what}: {}", self.message);
        }
        self
    }
}

impl Rendering {
    /// Whether the controller would change nothing at all, because of a generator or the template.
    pub fn is_blocked(&self) -> bool {
        self.problems.iter().any(|problem| matches!(problem.reason, Reason::Parameters | Reason::Template))
    }

    fn fault(&mut self, fault: Fault) {
        match fault {
            Fault { path, message: what, is_missing: true } => self.missing.push(Missing { path, what }),
            Fault { path, message, .. } => self.problems.push(Problem { path, message, reason: Reason::Parameters }),
        }
    }
}

/// The Applications of an ApplicationSet.
pub fn render(set: &Value, answers: &dyn Answers, settings: &Settings) -> Rendering {
    let mut rendering = Rendering::default();
    let engine = match Engine::new(set, answers, settings) {
        Ok(engine) => engine,
        Err(message) => {
            rendering.fault(Fault::new("spec.goTemplateOptions".to_owned(), message));
            return rendering;
        }
    };
    rendering.problems.extend(unrecognized(set));
    for (at, entry) in entries(set).iter().enumerate() {
        match generators::transform(&engine, entry, Level::Top, None, &format!("spec.generators[{at}]")) {
            Ok(results) => {
                for result in results {
                    fill(&engine, &mut rendering, &result);
                }
            }
            Err(fault) => rendering.fault(fault),
        }
    }
    validate::validate(&engine, &mut rendering);
    rendering
}

/// The sets of parameters that the generators give, by generator, without a look at the template.
///
/// # Errors
/// The first generator's that fails, or whose answers nobody knows.
pub fn parameters(set: &Value, answers: &dyn Answers, settings: &Settings) -> Result<Vec<Value>, Problem> {
    let failed = |Fault { path, message, .. }| Problem { path, message, reason: Reason::Parameters };
    let engine = Engine::new(set, answers, settings)
        .map_err(|message| failed(Fault::new("spec.goTemplateOptions".to_owned(), message)))?;
    let mut found = Vec::new();
    for (at, entry) in entries(set).iter().enumerate() {
        let path = format!("spec.generators[{at}]");
        let results = generators::transform(&engine, entry, Level::Top, None, &path).map_err(failed)?;
        found.extend(results.iter().flat_map(|result| &result.params).map(params::object));
    }
    Ok(found)
}

/// A generator with the parameters of another put in, as a matrix does for its second one.
///
/// # Errors
/// In the controller's words.
pub fn interpolated(set: &Value, generator: &Value, params: &Value, settings: &Settings) -> Result<Value, String> {
    struct Nobody;
    impl Answers for Nobody {}
    let engine = Engine::new(set, &Nobody, settings)?;
    generators::interpolated(&engine, generator, &params::of_object(params))
}

fn entries(set: &Value) -> &[Value] {
    set["spec"]["generators"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Fills the template for each set of parameters that a generator gave.
fn fill(engine: &Engine<'_>, rendering: &mut Rendering, result: &generators::Generated<'_>) {
    let spec = &engine.set["spec"];
    let template = template::merged(&result.settings["template"], &spec["template"]);
    let blueprint = match Blueprint::new(&template, &spec["syncPolicy"], &engine.dialect) {
        Ok(blueprint) => blueprint,
        Err(message) => {
            let path = "spec.template".to_owned();
            return rendering.problems.push(Problem { path, message, reason: Reason::Template });
        }
    };
    let patch = spec["templatePatch"].as_str();
    for params in &result.params {
        let bound = Bound::new(params, &engine.dialect);
        let filled = blueprint.filled(&bound, &engine.dialect).map_err(|message| ("spec.template", message));
        let filled = filled.and_then(|application| match patch {
            None => Ok(application),
            Some(patch) => {
                patch_in(engine, &application, patch, &bound).map_err(|message| ("spec.templatePatch", message))
            }
        });
        match filled {
            Ok(application) => rendering.applications.push(Generated {
                application: with_head(application, engine.set),
                from: result.path.clone(),
                params: Parameters(params::written(params).into()),
            }),
            Err((path, message)) => {
                // One text is wrong for all, as a rule: it is said once.
                let problem = Problem { path: path.to_owned(), message, reason: Reason::Template };
                if rendering.problems.last() != Some(&problem) {
                    rendering.problems.push(problem);
                }
            }
        }
    }
}

fn patch_in(engine: &Engine<'_>, application: &Value, patch: &str, bound: &Bound<'_>) -> Result<Value, String> {
    let text = engine
        .dialect
        .replace(patch, bound)
        .map_err(|message| format!("error replacing values in templatePatch: {message}"))?;
    patch::apply(application, &text, &engine.dialect.limits)
}

/// The Application as an object: in the namespace of its set, always.
fn with_head(application: Value, set: &Value) -> Value {
    let mut object = Map::new();
    object.insert("apiVersion".to_owned(), json!("argoproj.io/v1alpha1"));
    object.insert("kind".to_owned(), json!("Application"));
    if let Value::Object(fields) = application {
        object.extend(fields.into_iter().filter(|(key, _)| !object_head(key)));
    }
    let mut object = Value::Object(object);
    match set["metadata"]["namespace"].as_str() {
        Some(namespace) => object["metadata"]["namespace"] = json!(namespace),
        None => {
            if let Some(metadata) = object["metadata"].as_object_mut() {
                metadata.shift_remove("namespace");
            }
        }
    }
    object
}

fn object_head(key: &str) -> bool {
    matches!(key, "apiVersion" | "kind")
}

/// Says if an entry has no generator that the controller knows.
fn unrecognized(set: &Value) -> Option<Problem> {
    let mut names: Vec<String> = Vec::new();
    let mut first = None;
    for (at, entry) in entries(set).iter().enumerate() {
        let is_known = generators::kinds_of(entry, Level::Top).next().is_some() || !entry["selector"].is_null();
        if is_known {
            continue;
        }
        first.get_or_insert(at);
        // The controller knows only what was applied; here it is as it is written.
        let applied = set["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"].as_str();
        let applied = applied.and_then(|text| serde_json::from_str::<Value>(text).ok()).unwrap_or_default();
        let own = entry.as_object().into_iter().flatten().map(|(name, _)| name);
        let named = applied["spec"]["generators"][at].as_object().into_iter().flatten().map(|(name, _)| name);
        names.extend(own.chain(named).take(1).cloned());
    }
    let path = format!("spec.generators[{}]", first?);
    names.sort();
    names.dedup();
    let name = set["metadata"]["name"].as_str().unwrap_or_default();
    let names = if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
    let message = format!("ApplicationSet {name} contains unrecognized generators{names}");
    Some(Problem { path, message, reason: Reason::Warning })
}
