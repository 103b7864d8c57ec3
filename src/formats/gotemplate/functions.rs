//! Functions as the evaluator knows them: name, types of parameters and what they do. The lists are beside the functions;
//! here they are put together to the sets of the dialects.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::OnceLock;

use super::limits::{Budget, Fault};
use super::sprig::dates::Time;
use super::sprig::semver::Version;
use super::value::{Map, Slot, Value};
use super::{application_set, builtins, sprig};

/// The type of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    Any,
    /// A `reflect.Value`: nothing is asked of it.
    Reflect,
    Str,
    Int,
    Bool,
    Float,
    Map,
    Time,
    Version,
}

/// A function or a method.
#[derive(Debug)]
pub struct Function {
    pub name: &'static str,
    pub params: &'static [Type],
    /// The type of any number of further parameters.
    pub rest: Option<Type>,
    pub run: fn(&mut Call<'_>) -> Done,
}

pub type Done = Result<Value, Fault>;

/// A call: the arguments have the types of the parameters.
pub struct Call<'a> {
    pub args: Vec<Slot>,
    /// What a method is called on.
    pub receiver: Value,
    /// How the first argument is written.
    pub callee: String,
    pub budget: &'a mut Budget,
}

/// The functions that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Dialect {
    /// Those of text/template alone.
    Go,
    /// Those of sprig, too.
    Sprig,
    /// As the ApplicationSet controller has them: sprig without a look at the environment, and some of its own.
    #[default]
    ApplicationSet,
}

/// The functions of a dialect by name.
pub struct Functions(HashMap<&'static str, &'static Function>);

impl Function {
    pub const fn new(name: &'static str, params: &'static [Type], run: fn(&mut Call<'_>) -> Done) -> Self {
        Function { name, params, rest: None, run }
    }

    pub const fn variadic(
        name: &'static str,
        params: &'static [Type],
        rest: Type,
        run: fn(&mut Call<'_>) -> Done,
    ) -> Self {
        Function { name, params, rest: Some(rest), run }
    }
}

impl Functions {
    pub fn of(dialect: Dialect) -> &'static Functions {
        static GO: OnceLock<Functions> = OnceLock::new();
        static SPRIG: OnceLock<Functions> = OnceLock::new();
        static APPLICATION_SET: OnceLock<Functions> = OnceLock::new();
        // Later ones replace earlier ones of the same name: sprig has a `slice` of its own.
        match dialect {
            Dialect::Go => GO.get_or_init(|| Functions::new(&[builtins::FUNCTIONS])),
            Dialect::Sprig => {
                SPRIG.get_or_init(|| Functions::new(&[&[builtins::FUNCTIONS], sprig::FUNCTIONS].concat()))
            }
            Dialect::ApplicationSet => APPLICATION_SET.get_or_init(|| {
                let lists = [&[builtins::FUNCTIONS], sprig::FUNCTIONS, &[application_set::FUNCTIONS]].concat();
                let mut functions = Functions::new(&lists);
                for name in application_set::LEFT_OUT {
                    functions.0.remove(name);
                }
                functions
            }),
        }
    }

    fn new(lists: &[&'static [Function]]) -> Self {
        Functions(lists.iter().copied().flatten().map(|function| (function.name, function)).collect())
    }

    pub fn find(&self, name: &str) -> Option<&'static Function> {
        self.0.get(name).copied()
    }

    /// All names, sorted.
    pub fn names(&self) -> Vec<&'static str> {
        let mut names: Vec<&str> = self.0.keys().copied().collect();
        names.sort_unstable();
        names
    }
}

impl Type {
    /// As error messages name it.
    pub fn name(self) -> &'static str {
        match self {
            Type::Any => "interface {}",
            Type::Reflect => "reflect.Value",
            Type::Str => "string",
            Type::Int => "int",
            Type::Bool => "bool",
            Type::Float => "float64",
            Type::Map => "map[string]interface {}",
            Type::Time => "time.Time",
            Type::Version => "*semver.Version",
        }
    }

    /// What `nil` is for it, where it may be nil.
    pub fn zero(self) -> Option<Slot> {
        match self {
            Type::Any => Some(Slot::Boxed(Value::Nil)),
            Type::Reflect => Some(Slot::Invalid),
            Type::Map => Some(Slot::Plain(Value::Map(Map::nil()))),
            _ => None,
        }
    }
}

impl Call<'_> {
    pub fn any(&self, position: usize) -> &Value {
        self.args.get(position).map_or(&Value::Nil, Slot::value)
    }

    pub fn slot(&self, position: usize) -> Slot {
        self.args.get(position).cloned().unwrap_or(Slot::Invalid)
    }

    pub fn str(&self, position: usize) -> Rc<str> {
        match self.any(position) {
            Value::Str(text) => text.clone(),
            _ => Rc::from(""),
        }
    }

    pub fn int(&self, position: usize) -> i64 {
        match self.any(position) {
            Value::Int(number) => *number,
            _ => 0,
        }
    }

    pub fn float(&self, position: usize) -> f64 {
        match self.any(position) {
            Value::Float(number) => *number,
            _ => 0.0,
        }
    }

    pub fn is_true(&self, position: usize) -> bool {
        matches!(self.any(position), Value::Bool(true))
    }

    pub fn map(&self, position: usize) -> Map {
        match self.any(position) {
            Value::Map(map) => map.clone(),
            _ => Map::nil(),
        }
    }

    pub fn time(&self, position: usize) -> Time {
        match self.any(position) {
            Value::Time(time) => time.clone(),
            _ => Time::default(),
        }
    }

    pub fn version(&self, position: usize) -> Option<Rc<Version>> {
        match self.any(position) {
            Value::Version(version) => Some(version.clone()),
            _ => None,
        }
    }

    /// All arguments from a position on, as interfaces.
    pub fn values(&self, from: usize) -> Vec<Value> {
        self.args.iter().skip(from).map(|slot| slot.value().clone()).collect()
    }

    /// How many arguments there are.
    pub fn count(&self) -> usize {
        self.args.len()
    }
}

/// What Go says when code looks into nil.
pub const NIL_POINTER: &str = "runtime error: invalid memory address or nil pointer dereference";
