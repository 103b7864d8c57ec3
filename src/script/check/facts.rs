//! What a script says, as lists that rules go through: variables, calls, fields, closures, conditions, imports.
//! Made by `walk`.

use std::collections::BTreeSet;

use rhai::{Position, ScriptFuncDef, Shared};

use super::types::Type;

/// The number of a variable among those of its script.
pub type VariableId = usize;

/// What a variable is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Declared with `let`.
    Let,
    /// Declared with `const`.
    Const,
    /// What a loop counts or goes through.
    Loop,
    /// The second name of a `for`.
    Counter,
    /// A parameter of a function with a name.
    Parameter,
    /// A parameter of a closure.
    ClosureParameter,
    /// What a `catch` holds.
    Caught,
}

/// A name for a value.
#[derive(Debug, Clone)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Where it is declared.
    pub position: Position,
    /// What it is.
    pub kind: Kind,
    /// What it holds, as far as it can be told.
    pub holds: Type,
    /// Whether it is read.
    pub read: bool,
    /// Whether its value is seen elsewhere: `export`.
    pub exported: bool,
    /// The variable of the same name that it hides, and whether its value is made of that one.
    pub hides: Option<(VariableId, bool)>,
    /// In how many blocks it is declared.
    pub depth: usize,
    /// The function that declares it, by its name; empty for the top level.
    pub function: String,
    /// The closures that it may hold.
    pub closures: BTreeSet<usize>,
}

/// A function of the script with a name.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The names of its parameters.
    pub parameters: Vec<String>,
    /// Where its name stands.
    pub position: Position,
    /// Whether only its own file sees it.
    pub private: bool,
    /// Whether a `///` comment describes it.
    pub documented: bool,
    /// Whether its own file calls it.
    pub called: bool,
    /// What it returns.
    pub returns: Type,
}

/// A key of a literal map.
#[derive(Debug, Clone)]
pub struct Key {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub position: Position,
    /// What its value is.
    pub value: Value,
}

/// What is known of an expression.
#[derive(Debug, Clone)]
pub struct Value {
    /// Its type.
    pub is: Type,
    /// Where it begins.
    pub position: Position,
    /// The text that it is, if it is one as it stands.
    pub text: Option<String>,
    /// The variable that it is.
    pub variable: Option<VariableId>,
    /// The closure that it is, by its number.
    pub closure: Option<usize>,
    /// The keys of the literal map that it is.
    pub keys: Option<Vec<Key>>,
    /// The elements of the literal list that it is.
    pub items: Option<Vec<Value>>,
}

impl Value {
    /// A value of a type at a place.
    pub fn of(is: Type, position: Position) -> Value {
        Value { is, position, text: None, variable: None, closure: None, keys: None, items: None }
    }
}

/// A block or arm that a statement stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inside {
    /// Its number.
    pub block: usize,
    /// Whether it is executed again and again.
    pub repeats: bool,
}

/// A call.
#[derive(Debug, Clone)]
pub struct Call {
    /// The function's name.
    pub name: String,
    /// The import that it belongs to.
    pub namespace: Option<String>,
    /// What it is called on, as a method.
    pub on: Option<Value>,
    /// Its arguments.
    pub arguments: Vec<Value>,
    /// Where its name stands.
    pub position: Position,
    /// What it returns.
    pub returns: Type,
    /// Whether somebody gets what it returns.
    pub used: bool,
    /// The function with a name that it stands in; empty for the top level.
    pub function: String,
    /// The blocks that it stands in, outermost first.
    pub inside: Vec<Inside>,
    /// Whether something decides if it is made: an `if`, a `switch`, a `try`.
    pub decided: bool,
    /// The variable of that name, which isn't a function.
    pub variable: Option<VariableId>,
}

/// A field that is read or set.
#[derive(Debug, Clone)]
pub struct Field {
    /// What it belongs to.
    pub on: Type,
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub position: Position,
}

/// A closure.
#[derive(Debug, Clone)]
pub struct Closure {
    /// Where it begins.
    pub position: Position,
    /// The variables that it takes from around it.
    pub captured: BTreeSet<VariableId>,
    /// Its definition.
    pub definition: Shared<ScriptFuncDef>,
    /// How many of its parameters are captured variables.
    pub captures: usize,
    /// The others.
    pub parameters: Vec<VariableId>,
    /// What it returns, if it ever does.
    pub returns: Option<Type>,
    /// Where it says `return` with a value.
    pub returning: Vec<Position>,
}

/// What a decision is made by.
#[derive(Debug, Clone)]
pub struct Decision {
    /// The value.
    pub by: Value,
    /// The word that decides: `if`, `while`, `switch`, `==` ...
    pub word: &'static str,
    /// The value, where it is written down.
    pub constant: Option<bool>,
    /// Where to point.
    pub position: Position,
}

/// An import.
#[derive(Debug, Clone)]
pub struct Import {
    /// The name of the module, where it is a text.
    pub module: Option<String>,
    /// The name that it has here.
    pub alias: String,
    /// Where the module's name stands.
    pub position: Position,
    /// Whether something of it is used.
    pub used: bool,
}

/// Everything about a script.
#[derive(Debug, Default)]
pub struct Facts {
    /// Its variables, in the order of the text.
    pub variables: Vec<Variable>,
    /// Its functions.
    pub functions: Vec<Function>,
    /// Its calls.
    pub calls: Vec<Call>,
    /// Its fields.
    pub fields: Vec<Field>,
    /// Its closures.
    pub closures: Vec<Closure>,
    /// What decides.
    pub decisions: Vec<Decision>,
    /// Its imports.
    pub imports: Vec<Import>,
    /// The first statement behind one that never ends, and the word that ends.
    pub unreachable: Vec<(Position, &'static str)>,
    /// `global::NAME`.
    pub globals: Vec<(String, Position)>,
    /// Variables of `namespace::NAME`.
    pub foreign: Vec<(String, String, Position)>,
    /// Texts in double quotes that hold `${name}` of a variable.
    pub uninterpolated: Vec<(String, Position)>,
    /// Statements of the top level that do something.
    pub work: Vec<Position>,
    /// What `params()` declares, where it is written as one map.
    pub params: Option<Vec<(String, Type)>>,
}

impl Facts {
    /// The closures that a value may be, by their numbers: written down there, or held by its variable.
    pub fn closures_of(&self, value: &Value) -> BTreeSet<usize> {
        let held = value.variable.map(|id| &self.variables[id].closures);
        value.closure.into_iter().chain(held.into_iter().flatten().copied()).collect()
    }

    /// Whether the script has a function.
    pub fn defines(&self, name: &str, parameters: usize) -> bool {
        self.functions.iter().any(|function| function.name == name && function.parameters.len() == parameters)
    }
}
