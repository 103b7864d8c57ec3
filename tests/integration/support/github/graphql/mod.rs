//! GraphQL as GitHub has it: queries are read here, and checked against its own schema.

mod check;
mod read;

pub use check::check;
pub use read::read;

use serde_json::Value;

/// One operation with its fragments in place.
#[derive(Debug, Default)]
pub struct Operation {
    pub mutation: bool,
    /// Names and types of the variables.
    pub variables: Vec<(String, String)>,
    pub selections: Vec<Selection>,
}

/// What is asked of an object.
#[derive(Debug, Clone)]
pub enum Selection {
    Field(Field),
    /// For objects of this type alone.
    On(String, Vec<Selection>),
}

#[derive(Debug, Clone)]
pub struct Field {
    /// The name in the answer.
    pub alias: String,
    pub name: String,
    pub arguments: Vec<(String, Argument)>,
    pub selections: Vec<Selection>,
}

/// A value, or a variable's name where one stands.
#[derive(Debug, Clone)]
pub enum Argument {
    Variable(String),
    /// A word that is no text: an enum's value, `true`, `null`.
    Word(String),
    Plain(Value),
    List(Vec<Argument>),
    Map(Vec<(String, Argument)>),
}

impl Argument {
    /// With the variables in place.
    pub fn value(&self, variables: &Value) -> Value {
        match self {
            Argument::Variable(name) => variables[name].clone(),
            Argument::Word(word) => match word.as_str() {
                "true" => true.into(),
                "false" => false.into(),
                "null" => Value::Null,
                word => word.into(),
            },
            Argument::Plain(value) => value.clone(),
            Argument::List(list) => list.iter().map(|one| one.value(variables)).collect(),
            Argument::Map(map) => map.iter().map(|(name, one)| (name.clone(), one.value(variables))).collect(),
        }
    }
}

impl Field {
    /// An argument with the variables in place; null if it isn't given.
    pub fn argument(&self, name: &str, variables: &Value) -> Value {
        let found = self.arguments.iter().find(|(known, _)| known == name);
        found.map(|(_, argument)| argument.value(variables)).unwrap_or_default()
    }
}
