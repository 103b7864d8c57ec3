//! A scorecard: dimensions with weights, their checks, and levels that list the checks that they need. Declared by scripts, made
//! here, where it is seen whether it makes sense.

use std::collections::{HashMap, HashSet};

use super::points::Weight;
use super::service::Applies;
use super::verdict::{Answer, Threshold};
use crate::error::{Error, nearest};

/// The code of errors in declarations.
pub const DECLARED: &str = "idp::scorecard::declared";

/// What a scorecard says of itself, before anybody looked whether it makes sense.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// Its id, `production-readiness`.
    pub id: String,
    /// What it measures, in one line.
    pub title: String,
    /// Why, and for whom.
    pub description: String,
    /// Which services it is about.
    pub applies_to: Applies,
    /// What it looks at, in the order in which it is shown.
    pub dimensions: Vec<Dimension>,
    /// Its levels from the lowest.
    pub levels: Vec<Level>,
}

/// A side of a service that is scored by itself.
#[derive(Debug, Clone)]
pub struct Dimension {
    /// Its id, `reliability`.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// How much it counts among the others.
    pub weight: Weight,
    /// Its checks.
    pub checks: Vec<Check>,
}

/// One question about a service.
#[derive(Debug, Clone)]
pub struct Check {
    /// Its id, unique in its scorecard: `runbook`.
    pub id: String,
    /// What it asks for, in one line.
    pub title: String,
    /// Why that matters.
    pub description: String,
    /// How much it counts within its dimension.
    pub weight: Weight,
    /// Which of the scorecard's services it is asked of.
    pub applies_to: Applies,
    /// The bound for checks that answer with a number.
    pub threshold: Option<Threshold>,
    /// What to do where it doesn't pass.
    pub remediation: Option<String>,
    /// Whether it comes with a fix.
    pub fixable: bool,
}

impl Check {
    /// The answer that a number gives; none where the check has no bound to hold it against.
    pub fn measured(&self, value: f64, unit: &str) -> Option<Answer> {
        Some(Answer::measured(value, unit, self.threshold?))
    }
}

/// A level of maturity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// `bronze`.
    pub name: String,
    /// The checks that it needs beside those of the levels below it.
    pub checks: Vec<String>,
}

/// A scorecard that makes sense.
#[derive(Debug, Clone)]
pub struct Scorecard {
    draft: Draft,
    places: HashMap<String, (usize, usize)>,
}

impl Scorecard {
    /// Looks whether a draft makes sense.
    ///
    /// # Errors
    /// `idp::scorecard::declared` for everything that is wrong.
    pub fn new(draft: Draft) -> Result<Scorecard, Vec<Error>> {
        let mut wrong = Wrong { id: draft.id.clone(), errors: Vec::new() };
        if !is_id(&draft.id) {
            wrong.tell(
                "has no proper id".into(),
                "an id is of lower-case letters, digits and hyphens: \"production-readiness\"",
            );
        }
        if draft.title.trim().is_empty() {
            wrong.tell("has no title".into(), "say in one line what it measures");
        }
        if draft.dimensions.is_empty() {
            wrong.tell("has no dimensions".into(), "give it `dimensions: [#{ id, weight, checks }]`");
        }
        let places = wrong.dimensions(&draft.dimensions);
        wrong.levels(&draft.levels, &places);
        if wrong.errors.is_empty() { Ok(Scorecard { draft, places }) } else { Err(wrong.errors) }
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.draft.id
    }

    /// What it measures, in one line.
    pub fn title(&self) -> &str {
        &self.draft.title
    }

    /// Why, and for whom.
    pub fn description(&self) -> &str {
        &self.draft.description
    }

    /// Which services it is about.
    pub fn applies_to(&self) -> &Applies {
        &self.draft.applies_to
    }

    /// Its dimensions, in order.
    pub fn dimensions(&self) -> &[Dimension] {
        &self.draft.dimensions
    }

    /// Its levels from the lowest.
    pub fn levels(&self) -> &[Level] {
        &self.draft.levels
    }

    /// All checks, in the order of the dimensions.
    pub fn checks(&self) -> impl Iterator<Item = &Check> {
        self.draft.dimensions.iter().flat_map(|dimension| &dimension.checks)
    }

    /// A check by its id.
    pub fn check(&self, id: &str) -> Option<&Check> {
        let (dimension, check) = *self.places.get(id)?;
        self.draft.dimensions.get(dimension)?.checks.get(check)
    }

    /// A check's id among those of all scorecards: `production-readiness/runbook`.
    pub fn full_id(&self, check: &str) -> String {
        format!("{}/{check}", self.id())
    }

    /// What a level needs: its checks and those of all levels below it, lowest first, each once.
    pub fn needs(&self, level: usize) -> Vec<&str> {
        let mut seen = HashSet::new();
        let below = self.draft.levels.iter().take(level + 1);
        below.flat_map(|level| &level.checks).map(String::as_str).filter(|check| seen.insert(*check)).collect()
    }
}

/// Whether a text is an id: lower-case letters and digits with hyphens between them.
pub fn is_id(text: &str) -> bool {
    let part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    text.split('-').all(part)
}

struct Wrong {
    id: String,
    errors: Vec<Error>,
}

impl Wrong {
    fn tell(&mut self, what: String, help: impl Into<String>) {
        self.errors.push(Error::invalid(DECLARED, format!("the scorecard `{}` {what}", self.id)).help(help));
    }

    /// Where each check is.
    fn dimensions(&mut self, dimensions: &[Dimension]) -> HashMap<String, (usize, usize)> {
        let mut places = HashMap::new();
        let mut seen = HashSet::new();
        for (at, dimension) in dimensions.iter().enumerate() {
            let id = dimension.id.as_str();
            if !is_id(id) {
                let help = "an id is of lower-case letters, digits and hyphens: \"reliability\"";
                self.tell(format!("has a dimension with the id `{id}`"), help);
            }
            if !seen.insert(id) {
                self.tell(format!("has two dimensions `{id}`"), "give each of them an id of its own, or make them one");
            }
            if dimension.checks.is_empty() {
                self.tell(
                    format!("has no checks in its dimension `{id}`"),
                    "give it `checks: [#{ id, title, check }]`",
                );
            }
            for (number, check) in dimension.checks.iter().enumerate() {
                self.check(check);
                if places.insert(check.id.clone(), (at, number)).is_some() {
                    let help = "exemptions and levels name checks by their ids: give each of them one of its own";
                    self.tell(format!("has two checks `{}`", check.id), help);
                }
            }
        }
        places
    }

    fn check(&mut self, check: &Check) {
        let id = check.id.as_str();
        if !is_id(id) {
            let help = "an id is of lower-case letters, digits and hyphens: \"has-runbook\"";
            self.tell(format!("has a check with the id `{id}`"), help);
        }
        if check.title.trim().is_empty() {
            self.tell(format!("has a check `{id}` without a title"), "say in one line what it asks for");
        }
        if let Some(Threshold::AtLeast(bound) | Threshold::AtMost(bound)) = check.threshold
            && !bound.is_finite()
        {
            self.tell(format!("has a check `{id}` with the threshold {bound}"), "write a number");
        }
    }

    fn levels(&mut self, levels: &[Level], checks: &HashMap<String, (usize, usize)>) {
        let mut names = HashSet::new();
        let mut below: HashMap<&str, &str> = HashMap::new();
        for level in levels {
            let name = level.name.as_str();
            if !is_id(name) {
                let help = "a level is of lower-case letters, digits and hyphens: \"bronze\"";
                self.tell(format!("has a level `{name}`"), help);
            }
            if !names.insert(name) {
                self.tell(format!("has two levels `{name}`"), "give each of them a name of its own");
            }
            if level.checks.is_empty() {
                let help = "list the checks that it needs; those of the levels below it come with it";
                self.tell(format!("has a level `{name}` that needs nothing"), help);
            }
            for check in &level.checks {
                if !checks.contains_key(check) {
                    let mut known: Vec<&str> = checks.keys().map(String::as_str).collect();
                    known.sort_unstable();
                    let help = match nearest(check, known.iter().copied()) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("its checks are {}", known.join(", ")),
                    };
                    self.tell(format!("has a level `{name}` that needs `{check}`, which is no check of it"), help);
                }
                match below.get(check.as_str()) {
                    Some(lower) => {
                        let help = "a level needs all that the levels below it need: name the check once";
                        self.tell(format!("has a level `{name}` that names `{check}`, which {lower} needs"), help);
                    }
                    None => {
                        below.insert(check, name);
                    }
                }
            }
        }
    }
}
