//! What a policy is: it looks at one object and says what is wrong. Those that are built in are listed here.

use serde_json::Value;

use crate::error::Place;
use crate::formats::yaml::{Document, Step};
use crate::report::{ObjectName, RuleInfo, Severity};

/// One object, as it stands in a file.
pub struct Object<'a> {
    /// Its fields.
    pub value: &'a Value,
    /// The document that it is in.
    pub document: &'a Document,
    /// Where it is in that.
    pub root: &'a [Step],
    /// Its name.
    pub name: &'a ObjectName,
    /// Where it begins.
    pub place: &'a Place,
    /// Whether it is a patch, which has the fields that it changes and no others.
    pub partial: bool,
}

/// Something wrong with an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Breach {
    /// How bad.
    pub severity: Severity,
    /// The field, from the object's root; the nearest that is there gives the place.
    pub path: Vec<Step>,
    /// Whether the field's name is wrong, not its value.
    pub at_key: bool,
    /// Where it is, if the path doesn't say.
    pub place: Option<Place>,
    /// One sentence without a final stop.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

/// Looks at objects one by one, on several threads at once.
pub trait Policy: Send + Sync {
    /// Its name, what it finds and why that matters.
    fn about(&self) -> RuleInfo;
    /// What is wrong with an object.
    fn check(&self, object: &Object<'_>) -> Vec<Breach>;
}
