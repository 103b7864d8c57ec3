//! One entry of `x-kubernetes-validations`: compiled once, checked against values.
//! As k8s.io/apiextensions-apiserver v0.36, pkg/apiserver/schema/cel/{compilation,validation}.go, in its words.

use std::fmt;
use std::sync::Arc;

use serde_json::Value as Json;

use super::check;
use super::eval::Evaluation;
use super::field_path;
use super::kinds::Kind;
use super::parse;
use super::tree::Node;
use super::types::{Shape, Type};
use super::value::{Trouble, Value};

/// What one evaluation may cost.
const CALL_LIMIT: u64 = 1_000_000;
/// What all rules of one object may cost.
const OBJECT_LIMIT: u64 = 10_000_000;
/// How long a message that an expression makes may be.
const LONGEST_MESSAGE: usize = 5 * 1024;

/// Which part of an entry a fault is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The entry itself.
    Entry,
    /// `rule`.
    Rule,
    /// `messageExpression`.
    Message,
    /// `fieldPath`.
    FieldPath,
}

/// Why an entry is no rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// The part that is wrong.
    pub part: Part,
    /// Where in that part, in characters from 0.
    pub offset: usize,
    /// What is wrong there.
    pub message: String,
    /// Line and column, from 1, and the line's text; none if it isn't about a place.
    place: Option<(usize, usize, String)>,
}

impl Fault {
    pub(super) fn at(source: &str, offset: usize, message: String) -> Fault {
        let before: String = source.chars().take(offset).collect();
        let line = before.matches('\n').count();
        let column = before.chars().rev().take_while(|c| *c != '\n').count();
        let text = source.split('\n').nth(line).unwrap_or_default().to_owned();
        Fault { part: Part::Rule, offset, message, place: Some((line + 1, column + 1, text)) }
    }

    pub(super) fn plain(part: Part, message: impl Into<String>) -> Fault {
        Fault { part, offset: 0, message: message.into(), place: None }
    }

    fn within(mut self, part: Part) -> Fault {
        self.part = part;
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            None => f.write_str(&self.message),
            Some((line, column, text)) => {
                let of = if self.part == Part::Message { "messageExpression compilation" } else { "compilation" };
                let dots = ".".repeat(column - 1);
                write!(f, "{of} failed: ERROR: <input>:{line}:{column}: {}\n | {text}\n | {dots}^", self.message)
            }
        }
    }
}

impl std::error::Error for Fault {}

/// What the rules of one object may still cost.
#[derive(Debug, Clone)]
pub struct Budget {
    left: u64,
    spent: bool,
}

impl Budget {
    /// As much as the API server gives an object.
    pub fn new() -> Budget {
        Budget { left: OBJECT_LIMIT, spent: false }
    }

    /// Another sum, in the API server's units.
    pub fn of(units: u64) -> Budget {
        Budget { left: units, spent: false }
    }

    /// What is left of it.
    pub fn left(&self) -> u64 {
        if self.spent { 0 } else { self.left }
    }

    /// It was exceeded, or a rule exceeded its own limit: no further rule is evaluated.
    pub fn is_spent(&self) -> bool {
        self.spent
    }
}

impl Default for Budget {
    fn default() -> Self {
        Budget::new()
    }
}

/// The kind of an error: `reason` of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The value isn't right; what a rule without a reason says.
    Invalid,
    /// It isn't allowed.
    Forbidden,
    /// It has to be there.
    Required,
    /// It is there twice.
    Duplicate,
}

/// A rule that doesn't hold, or couldn't be evaluated.
#[derive(Debug, Clone, PartialEq)]
pub struct Broken {
    /// In the API server's words, without the value before it.
    pub message: String,
    /// The kind of error.
    pub reason: Reason,
    /// The field that the rule blames, from the value that it is on.
    pub field_path: Vec<String>,
    /// The value that the API server shows in the error: as JSON writes it; none for objects and lists.
    pub shown: Option<String>,
    /// The rule came to false; otherwise it came to no end.
    pub evaluated: bool,
}

impl fmt::Display for Broken {
    /// The error as the API server prints it behind the path.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.reason, &self.shown) {
            (Reason::Invalid, Some(shown)) => write!(f, "Invalid value: {shown}: {}", self.message),
            (Reason::Invalid, None) => write!(f, "Invalid value: {}", self.message),
            (Reason::Forbidden, _) => write!(f, "Forbidden: {}", self.message),
            (Reason::Required, _) => write!(f, "Required value: {}", self.message),
            (Reason::Duplicate, Some(shown)) => write!(f, "Duplicate value: {shown}"),
            (Reason::Duplicate, None) => f.write_str("Duplicate value"),
        }
    }
}

/// A compiled rule.
#[derive(Debug)]
pub struct Rule {
    on: Arc<Type>,
    /// `None` for an empty rule, which always holds.
    test: Option<Compiled>,
    message: Option<Compiled>,
    message_fault: Option<Fault>,
    /// The words for a rule that doesn't hold.
    fixed_message: String,
    /// The words for the rule itself.
    name: String,
    reason: Reason,
    field_path: Vec<String>,
    /// `oldSelf` is an optional value, and the rule is checked without one, too.
    optional_old: bool,
}

#[derive(Debug)]
struct Compiled {
    source: String,
    node: Node,
    places: usize,
    uses_old: bool,
}

impl Compiled {
    fn new(source: &str, on: &Arc<Type>, optional_old: bool) -> Result<(Compiled, Kind), Fault> {
        let Some(this) = Kind::of(on) else {
            return Err(Fault::plain(Part::Rule, "failed to convert to declType for CEL validation rules"));
        };
        let old = if optional_old { Kind::optional(this.clone()) } else { this.clone() };
        let (tree, info) = parse::parse(source)?;
        let checked = check::check(source, (&tree, &info), &[("self", this), ("oldSelf", old)])?;
        let (node, places, uses_old) = (checked.node, checked.places, checked.uses_old);
        Ok((Compiled { source: source.to_owned(), node, places, uses_old }, checked.kind))
    }

    /// The value, and what it cost.
    fn evaluate<'a>(&'a self, this: &Value<'a>, old: &Value<'a>) -> (Result<Value<'a>, Trouble>, u64) {
        let mut evaluation = Evaluation::new(self.places, vec![this.clone(), old.clone()], CALL_LIMIT);
        let value = evaluation.value(&self.node);
        (value, evaluation.cost())
    }
}

impl Rule {
    /// Compiles an entry for values of this type. A message expression that is wrong is no fault of the rule, as the API
    /// server evaluates: see [`Rule::message_fault`].
    pub fn compile(entry: &Json, on: &Arc<Type>) -> Result<Rule, Fault> {
        let text = |name: &str| entry.get(name).and_then(Json::as_str).unwrap_or_default();
        let Some(source) = entry.get("rule").and_then(Json::as_str) else {
            return Err(Fault::plain(Part::Entry, "a rule is missing"));
        };
        let optional_old = entry.get("optionalOldSelf").and_then(Json::as_bool).unwrap_or_default();
        let reason = match text("reason") {
            "FieldValueForbidden" => Reason::Forbidden,
            "FieldValueRequired" => Reason::Required,
            "FieldValueDuplicate" => Reason::Duplicate,
            "" | "FieldValueInvalid" => Reason::Invalid,
            other => return Err(Fault::plain(Part::Entry, format!("Unsupported value: {other:?}"))),
        };
        let name = if text("message").is_empty() { source.trim() } else { text("message").trim() };
        let fixed_message = if text("message").is_empty() { format!("failed rule: {name}") } else { name.to_owned() };
        let mut rule = Rule {
            on: on.clone(),
            test: None,
            message: None,
            message_fault: None,
            fixed_message,
            name: name.to_owned(),
            reason,
            field_path: field_path::read(text("fieldPath"), on)
                .map_err(|why| Fault::plain(Part::FieldPath, why))
                .unwrap_or_default(),
            optional_old,
        };
        if source.trim().is_empty() {
            return Ok(rule);
        }
        let (test, kind) = Compiled::new(source, on, optional_old)?;
        if kind != Kind::Bool {
            return Err(Fault::plain(Part::Rule, "cel expression must evaluate to a bool"));
        }
        rule.test = Some(test);
        if !text("messageExpression").is_empty() {
            match Compiled::new(text("messageExpression"), on, optional_old) {
                Ok((message, Kind::Text)) => rule.message = Some(message),
                Ok(_) => {
                    let fault = Fault::plain(Part::Message, "messageExpression must evaluate to a string");
                    rule.message_fault = Some(fault);
                }
                Err(fault) => rule.message_fault = Some(fault.within(Part::Message)),
            }
        }
        Ok(rule)
    }

    /// What is wrong with its message expression, for which the rule's own message stands in.
    pub fn message_fault(&self) -> Option<&Fault> {
        self.message_fault.as_ref()
    }

    /// Whether it names `oldSelf`. Such a rule is checked only where there is an old value, unless that is optional.
    pub fn is_transition(&self) -> bool {
        self.test.as_ref().is_some_and(|test| test.uses_old)
    }

    /// Checks a value, and the one before it. What it costs comes off the budget; once that is spent, rules hold.
    pub fn check(&self, this: &Json, old: Option<&Json>, budget: &mut Budget) -> Result<(), Broken> {
        let Some(test) = &self.test else { return Ok(()) };
        // What no expression names isn't looked at, even if it is of another type.
        let names_old = test.uses_old || self.message.as_ref().is_some_and(|message| message.uses_old);
        let old = old.filter(|old| names_old && !old.is_null());
        if budget.spent || this.is_null() || (test.uses_old && old.is_none() && !self.optional_old) {
            return Ok(());
        }
        if budget.left == 0 {
            return Err(self.out_of_budget(budget));
        }
        let values = Value::of(this, &self.on).and_then(|this| {
            let old = old.map(|old| Value::of(old, &self.on)).transpose()?;
            let old = match (old, self.optional_old) {
                (Some(old), true) => Value::some(old),
                (None, true) => Value::Optional(None),
                (old, false) => old.unwrap_or(Value::Null),
            };
            Ok((this, old))
        });
        let (this_value, old_value) = match values {
            Ok(values) => values,
            Err(trouble) => return Err(self.trouble(trouble, budget)),
        };
        let (outcome, cost) = test.evaluate(&this_value, &old_value);
        // Beyond its own limit a rule says so, whatever is left.
        if cost > budget.left && cost <= CALL_LIMIT {
            return Err(self.out_of_budget(budget));
        }
        budget.left = budget.left.saturating_sub(cost);
        match outcome {
            Ok(Value::Bool(true)) => return Ok(()),
            Ok(_) => {}
            Err(trouble) => return Err(self.trouble(trouble, budget)),
        }
        let message = match &self.message {
            None => None,
            Some(message) => self.made_message(message, (&this_value, &old_value), budget)?,
        };
        Err(Broken {
            message: message.unwrap_or_else(|| self.fixed_message.clone()),
            reason: self.reason,
            field_path: self.field_path.clone(),
            shown: shown(this),
            evaluated: true,
        })
    }

    /// The message that the entry's expression makes; none if the fixed one is to be taken.
    fn made_message<'a>(
        &'a self,
        message: &'a Compiled,
        (this, old): (&Value<'a>, &Value<'a>),
        budget: &mut Budget,
    ) -> Result<Option<String>, Broken> {
        let (outcome, cost) = message.evaluate(this, old);
        let mut ended = |words: String| {
            budget.spent = true;
            Err(Broken {
                message: words,
                reason: Reason::Invalid,
                field_path: self.field_path.clone(),
                shown: Some(self.type_shown()),
                evaluated: true,
            })
        };
        if cost > budget.left && cost <= CALL_LIMIT {
            return ended(
                "messageExpression evaluation failed due to running out of cost budget, no further validation rules \
                 will be run"
                    .to_owned(),
            );
        }
        if matches!(outcome, Err(Trouble::Exceeded)) {
            return ended(format!(
                "no further validation rules will be run due to call cost exceeds limit for messageExpression: {:?}",
                message.source
            ));
        }
        budget.left = budget.left.saturating_sub(cost);
        let Ok(Value::Text(text)) = outcome else { return Ok(None) };
        let text = text.trim();
        let fits = !text.is_empty() && text.len() <= LONGEST_MESSAGE && !text.contains('\n');
        Ok(fits.then(|| text.to_owned()))
    }

    fn out_of_budget(&self, budget: &mut Budget) -> Broken {
        budget.spent = true;
        self.not_evaluated(
            "validation failed due to running out of cost budget, no further validation rules will be run".to_owned(),
        )
    }

    fn trouble(&self, trouble: Trouble, budget: &mut Budget) -> Broken {
        let name = &self.name;
        self.not_evaluated(match trouble {
            Trouble::Exceeded => {
                budget.spent = true;
                format!(
                    "'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to \
                     call cost exceeds limit for rule: {name}"
                )
            }
            Trouble::Error(why) if why.starts_with("no such overload") => format!(
                "'{why}': call arguments did not match a supported operator, function or macro signature for rule: {name}"
            ),
            Trouble::Error(why) => format!("{why} evaluating rule: {name}"),
        })
    }

    fn not_evaluated(&self, message: String) -> Broken {
        let shown = Some(self.type_shown());
        Broken { message, reason: Reason::Invalid, field_path: Vec::new(), shown, evaluated: false }
    }

    /// The schema's type, which errors of evaluation show in place of the value.
    fn type_shown(&self) -> String {
        let name = match &self.on.shape {
            Shape::Bool => "boolean",
            Shape::Int => "integer",
            Shape::Double => "number",
            Shape::Text | Shape::Bytes | Shape::Date | Shape::DateTime | Shape::Duration => "string",
            Shape::List(..) | Shape::Shapeless => "array",
            Shape::Map(_) | Shape::Object { .. } => "object",
            Shape::IntOrString | Shape::Preserved | Shape::Unknown(_) => "",
        };
        format!("{name:?}")
    }
}

/// A value as errors show it.
fn shown(value: &Json) -> Option<String> {
    match value {
        Json::Object(_) | Json::Array(_) => None,
        other => Some(other.to_string()),
    }
}
