//! Calls of functions and methods: arguments are evaluated for the types of the parameters, as Go's text/template does
//! with reflection, and told in its words where they don't fit. A part of `State`.

use super::eval::{At, Result, State};
use super::functions::{Call, Function, Type};
use super::node::{Kind, Node};
use super::value::{Slot, Value};

/// What a value takes beside its text, about, in bytes.
const VALUE_COST: usize = 32;

impl<'t> State<'t, '_> {
    /// Calls a function. `args` are those of the command with the function itself first; `last` is what the pipeline adds.
    pub fn call(
        &mut self,
        dot: &Slot,
        function: &'static Function,
        receiver: Value,
        node: At<'t>,
        args: Option<&'t [Node]>,
        last: Option<Slot>,
    ) -> Result<Slot> {
        let args = args.and_then(|args| args.get(1..)).unwrap_or_default();
        let name = function.name;
        let given = args.len() + usize::from(last.is_some());
        let wanted = function.params.len();
        if function.rest.is_some() && given < wanted {
            return Err(
                self.error(format!("wrong number of args for {name}: want at least {wanted} got {}", args.len()))
            );
        }
        if function.rest.is_none() && given != wanted {
            return Err(self.error(format!("wrong number of args for {name}: want {wanted} got {given}")));
        }
        self.step(1 + given)?;
        if std::ptr::eq(function, super::builtins::AND) || std::ptr::eq(function, super::builtins::OR) {
            return self.shortcut(dot, name == "or", args, last);
        }
        let mut values = Vec::with_capacity(given);
        for (position, arg) in args.iter().enumerate() {
            let kind = function.params.get(position).copied().or(function.rest).unwrap_or(Type::Any);
            values.push(self.argument(dot, kind, arg)?);
        }
        let callee = match (name, args.first(), &last) {
            ("call", Some(first), _) => first.to_string(),
            ("call", None, Some(Slot::Plain(Value::Str(text)))) => text.to_string(),
            ("call", None, Some(last)) => format!("<{} Value>", last.type_name()),
            _ => String::new(),
        };
        if let Some(last) = last {
            let kind = function.params.get(args.len()).copied().or(function.rest).unwrap_or(Type::Any);
            values.push(self.fitting(last, kind)?);
        }
        let mut call = Call { args: values, receiver, callee, budget: self.budget };
        let result = (function.run)(&mut call).and_then(|value| {
            let size = match &value {
                Value::Str(text) => text.len(),
                Value::List(list) => list.items().len().saturating_mul(VALUE_COST),
                Value::Map(map) => map.len().saturating_mul(VALUE_COST * 2),
                _ => 0,
            };
            call.budget.room(size.saturating_add(VALUE_COST))?;
            Ok(value)
        });
        result.map(Slot::plain).map_err(|mut fault| {
            self.at = node;
            fault.message = format!("error calling {name}: {}", fault.message);
            self.fault(&fault)
        })
    }

    /// `and` and `or` stop at the first argument that decides.
    fn shortcut(&mut self, dot: &Slot, is_or: bool, args: &'t [Node], last: Option<Slot>) -> Result<Slot> {
        let mut value = Slot::Invalid;
        for arg in args {
            value = self.argument(dot, Type::Reflect, arg)?;
            if value.value().is_true() == is_or {
                return Ok(value);
            }
        }
        Ok(last.unwrap_or(value))
    }

    /// An argument for a parameter of a type.
    fn argument(&mut self, dot: &Slot, kind: Type, node: &'t Node) -> Result<Slot> {
        self.at = At::Node(node);
        let value = match &node.kind {
            Kind::Dot => dot.clone(),
            Kind::Nil => {
                return kind.zero().ok_or_else(|| self.error(format!("cannot assign nil to {}", kind.name())));
            }
            Kind::Field(names) => self.fields(dot, dot.clone(), node, names, None, None)?,
            Kind::Variable(_) => self.variable(dot, node, None, None)?,
            Kind::Pipe(pipe) => self.pipeline(dot, pipe)?,
            Kind::Identifier(function) => self.call(dot, function, Value::Nil, At::Node(node), None, None)?,
            Kind::Chain(..) => self.chain(dot, node, None, None)?,
            constant => return self.literal(constant, kind, node),
        };
        self.fitting(value, kind)
    }

    fn literal(&self, constant: &'t Kind, kind: Type, node: &Node) -> Result<Slot> {
        let value = match (kind, constant) {
            (Type::Any | Type::Reflect, Kind::Number(number)) => return self.constant(number),
            (Type::Any | Type::Reflect | Type::Bool, Kind::Bool(value)) => Value::Bool(*value),
            (Type::Any | Type::Reflect | Type::Str, Kind::Str { text, .. }) => Value::str(text),
            (Type::Int, Kind::Number(number)) if number.int.is_some() => Value::Int(number.int.unwrap_or_default()),
            (Type::Float, Kind::Number(number)) if number.float.is_some() => {
                Value::Float(number.float.unwrap_or_default())
            }
            (Type::Bool, _) => return Err(self.error(format!("expected bool; found {node}"))),
            (Type::Str, _) => return Err(self.error(format!("expected string; found {node}"))),
            (Type::Int, _) => return Err(self.error(format!("expected integer; found {node}"))),
            (Type::Float, _) => return Err(self.error(format!("expected float; found {node}"))),
            (kind, _) => {
                return Err(self.error(format!("can't handle {node} for arg of type {}", kind.name())));
            }
        };
        Ok(Slot::Plain(value))
    }

    /// A value for a parameter of a type, if it is one.
    fn fitting(&self, value: Slot, kind: Type) -> Result<Slot> {
        if let Slot::Invalid = value {
            let expected = || self.error(format!("invalid value; expected {}", kind.name()));
            return kind.zero().ok_or_else(expected);
        }
        let fits = match (kind, value.value()) {
            (Type::Any | Type::Reflect, _)
            | (Type::Str, Value::Str(_))
            | (Type::Int, Value::Int(_))
            | (Type::Bool, Value::Bool(_))
            | (Type::Float, Value::Float(_))
            | (Type::Time, Value::Time(_))
            | (Type::Version, Value::Version(_)) => true,
            (Type::Map, Value::Map(map)) => map.elem() == super::value::Elem::Any,
            _ => false,
        };
        if fits {
            return Ok(value);
        }
        let got = match &value {
            Slot::Boxed(Value::Nil) => "interface {}",
            other => other.value().type_name(),
        };
        Err(self.error(format!("wrong type for value; expected {}; got {got}", kind.name())))
    }
}
