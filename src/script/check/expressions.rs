//! Expressions of a script: what they are, what they call, which fields they use. A part of `walk`.

use std::collections::BTreeSet;

use rhai::{ASTFlags, Expr, FnCallExpr, FnPtr, Position, Stmt, Token};

use super::facts::{Call, Closure, Field, Key, Kind, Value};
use super::types::Type;
use super::walk::{Open, Walk, either};

impl Walk<'_> {
    /// What an expression is. `used` says whether somebody gets it.
    pub(super) fn expression(&mut self, expression: &Expr, used: bool) -> Value {
        let at = expression.start_position();
        match expression {
            Expr::BoolConstant(..) => Value::of(Type::Bool, at),
            Expr::IntegerConstant(..) => Value::of(Type::Int, at),
            Expr::FloatConstant(..) => Value::of(Type::Float, at),
            Expr::CharConstant(..) => Value::of(Type::Named("char".into()), at),
            Expr::Unit(_) => Value::of(Type::Unit, at),
            Expr::StringConstant(text, _) => {
                self.quoted(text, at);
                Value { text: Some(text.to_string()), ..Value::of(Type::Text, at) }
            }
            Expr::DynamicConstant(value, _) => {
                let closure = value.read_lock::<FnPtr>().map(|function| function.fn_name().to_string());
                match closure {
                    Some(name) => self.closure(&name, 0, at, &[]),
                    None => Value::of(Type::Unknown, at),
                }
            }
            Expr::InterpolatedString(parts, _) => {
                for part in parts.iter().filter(|part| !matches!(part, Expr::StringConstant(..))) {
                    self.expression(part, true);
                }
                Value::of(Type::Text, at)
            }
            Expr::Array(parts, _) => {
                let items = parts.iter().map(|part| self.expression(part, true)).collect();
                Value { items: Some(items), ..Value::of(Type::List, at) }
            }
            Expr::Map(parts, _) => {
                let keys = parts.0.iter().map(|(key, value)| Key {
                    name: key.name.to_string(),
                    position: key.pos,
                    value: self.expression(value, true),
                });
                let keys = keys.collect();
                Value { keys: Some(keys), ..Value::of(Type::Map, at) }
            }
            Expr::Variable(..) => self.variable(expression),
            Expr::Stmt(block) => match block.statements() {
                [Stmt::Share(_), Stmt::Expr(inner)] => self.capturing(inner, at, &[]),
                statements => {
                    let is = self.block(statements, false, used).unwrap_or(Type::Unknown);
                    Value::of(is, at)
                }
            },
            Expr::FnCall(call, position) => self.call(call, *position, used),
            Expr::Dot(parts, ..) => {
                let on = self.expression(&parts.lhs, true);
                self.chain(on, &parts.rhs, used, false)
            }
            Expr::Index(parts, flags, _) => {
                let on = self.expression(&parts.lhs, true);
                self.index(on, &parts.rhs, *flags, used, false)
            }
            Expr::And(parts, _) | Expr::Or(parts, _) => {
                let word = if matches!(expression, Expr::And(..)) { "&&" } else { "||" };
                for part in parts.iter() {
                    self.decision(part, word);
                }
                Value::of(Type::Bool, at)
            }
            Expr::Coalesce(parts, _) => {
                let all: Vec<Type> = parts.iter().map(|part| self.expression(part, true).is).collect();
                let is = all.into_iter().reduce(Type::join).unwrap_or(Type::Unknown);
                Value::of(is, at)
            }
            _ => Value::of(Type::Unknown, at),
        }
    }

    /// What is set: `a.b[c] = ...`.
    pub(super) fn place(&mut self, expression: &Expr) {
        match expression {
            Expr::Dot(parts, ..) => {
                let on = self.expression(&parts.lhs, true);
                self.chain(on, &parts.rhs, true, true);
            }
            Expr::Index(parts, flags, _) => {
                let on = self.expression(&parts.lhs, true);
                self.index(on, &parts.rhs, *flags, true, true);
            }
            other => {
                self.expression(other, true);
            }
        }
    }

    fn variable(&mut self, expression: &Expr) -> Value {
        let Expr::Variable(variable, _, position) = expression else {
            return Value::of(Type::Unknown, expression.position());
        };
        let name = variable.1.as_str();
        if let Some(namespace) = variable.2.path.first() {
            if namespace.name == "global" {
                self.facts.globals.push((name.to_string(), *position));
                for constant in &mut self.facts.variables {
                    constant.read |= constant.name == name && constant.function.is_empty();
                }
            } else {
                self.import(&namespace.name);
                self.facts.foreign.push((namespace.name.to_string(), name.to_string(), *position));
            }
            return Value::of(Type::Unknown, *position);
        }
        match self.lookup(name) {
            Some(id) => {
                self.read(id);
                let is = self.facts.variables[id].holds.clone();
                Value { variable: Some(id), ..Value::of(is, *position) }
            }
            None => Value::of(Type::Unknown, *position),
        }
    }

    fn import(&mut self, alias: &str) {
        for import in self.facts.imports.iter_mut().filter(|import| import.alias == alias) {
            import.used = true;
        }
    }

    /// What follows a dot. `set` says that its end is given a value.
    fn chain(&mut self, on: Value, rest: &Expr, used: bool, set: bool) -> Value {
        match rest {
            Expr::Dot(parts, ..) => {
                let on = self.link(on, &parts.lhs, true, false);
                self.chain(on, &parts.rhs, used, set)
            }
            Expr::Index(parts, flags, _) => {
                let on = self.link(on, &parts.lhs, true, false);
                self.index(on, &parts.rhs, *flags, used, set)
            }
            last => self.link(on, last, used, set),
        }
    }

    /// What is in brackets, and what follows them.
    fn index(&mut self, on: Value, rest: &Expr, flags: ASTFlags, used: bool, set: bool) -> Value {
        let element = Value::of(Type::Unknown, on.position);
        match rest {
            Expr::Dot(parts, ..) if !flags.contains(ASTFlags::BREAK) => {
                self.expression(&parts.lhs, true);
                self.chain(element, &parts.rhs, used, set)
            }
            Expr::Index(parts, inner, _) if !flags.contains(ASTFlags::BREAK) => {
                self.expression(&parts.lhs, true);
                self.index(element, &parts.rhs, *inner, used, set)
            }
            index => {
                self.expression(index, true);
                element
            }
        }
    }

    /// A field or a method.
    fn link(&mut self, on: Value, link: &Expr, used: bool, set: bool) -> Value {
        match link {
            Expr::Property(property, position) => {
                let name = property.2.to_string();
                let is = match &on.is {
                    Type::Params => {
                        let declared =
                            self.facts.params.as_ref().and_then(|all| all.iter().find(|(own, _)| *own == name));
                        declared.map_or(Type::Unknown, |(_, is)| is.clone())
                    }
                    other => self.signatures.field(other, &name).unwrap_or(Type::Unknown),
                };
                if !set {
                    self.facts.fields.push(Field { on: on.is, name, position: *position });
                } else if on.is == Type::Params
                    && let Some(params) = &mut self.facts.params
                {
                    params.push((name, Type::Unknown));
                }
                Value::of(is, on.position)
            }
            Expr::MethodCall(call, position) => self.method(on, call, *position, used),
            other => self.expression(other, true),
        }
    }

    fn method(&mut self, on: Value, call: &FnCallExpr, position: Position, used: bool) -> Value {
        let name = call.name.as_str();
        let hint = match name {
            "propose" | "commit" => vec![Type::Named("Tree".into())],
            _ => Vec::new(),
        };
        let arguments: Vec<Value> = call.args.iter().map(|argument| self.argument(argument, &hint)).collect();
        let mut types = vec![on.is.clone()];
        types.extend(arguments.iter().map(|argument| argument.is.clone()));
        let returns = self.signatures.returns(name, &types);
        let begins = on.position;
        self.called(name, arguments.len());
        let call = self.a_call(name, position, arguments, returns.clone(), used);
        self.facts.calls.push(Call { on: Some(on), ..call });
        Value::of(returns, begins)
    }

    pub(super) fn call(&mut self, call: &FnCallExpr, position: Position, used: bool) -> Value {
        let name = call.name.as_str();
        if let Some(operator) = &call.op_token {
            return self.operator(call, operator, position);
        }
        let hint = if name == "parallel" { vec![Type::Unknown] } else { Vec::new() };
        let arguments: Vec<Value> = call.args.iter().map(|argument| self.argument(argument, &hint)).collect();
        let types: Vec<Type> = arguments.iter().map(|argument| argument.is.clone()).collect();
        let namespace = call.namespace.path.first().map(|namespace| namespace.name.to_string());
        let own = namespace.is_none() && self.facts.defines(name, arguments.len());
        let returns = match &namespace {
            Some(_) => Type::Unknown,
            None if own => self.returns_of(name, arguments.len()),
            None => self.signatures.returns(name, &types),
        };
        match &namespace {
            Some(alias) => self.import(alias),
            None => {
                self.called(name, arguments.len());
                self.called_with(name, &arguments);
            }
        }
        let variable = if own || namespace.is_some() { None } else { self.lookup(name) };
        if let Some(id) = variable
            && self.signatures.named(name).is_empty()
        {
            self.read(id);
        }
        let call = self.a_call(name, position, arguments, returns.clone(), used);
        self.facts.calls.push(Call { namespace, variable, ..call });
        Value::of(returns, position)
    }

    /// A call that stands here, of a function by its name alone.
    fn a_call(&self, name: &str, position: Position, arguments: Vec<Value>, returns: Type, used: bool) -> Call {
        Call {
            name: name.to_string(),
            namespace: None,
            on: None,
            arguments,
            position,
            returns,
            used,
            function: self.function.clone(),
            inside: self.inside.clone(),
            decided: self.decided > 0,
            variable: None,
        }
    }

    fn called(&mut self, name: &str, arguments: usize) {
        // As a method, a function of a script has its value as `this`.
        let caller = self.function.clone();
        let own = self.facts.functions.iter_mut();
        for function in own.filter(|own| own.name == name && own.parameters.len() == arguments) {
            function.called |= function.name != caller;
        }
    }

    fn operator(&mut self, call: &FnCallExpr, operator: &Token, at: Position) -> Value {
        let decides = match operator {
            Token::EqualsTo => Some("=="),
            Token::NotEqualsTo => Some("!="),
            Token::LessThan => Some("<"),
            Token::LessThanEqualsTo => Some("<="),
            Token::GreaterThan => Some(">"),
            Token::GreaterThanEqualsTo => Some(">="),
            Token::Bang => Some("!"),
            _ => None,
        };
        let mut types = Vec::new();
        for argument in &call.args {
            let value = self.expression(argument, true);
            types.push(value.is.clone());
            if let Some(word) = decides
                && value.is == Type::Later
            {
                let (position, constant) = (argument.start_position(), None);
                self.facts.decisions.push(super::facts::Decision { by: value, word, constant, position });
            }
        }
        let is = match (operator, types.as_slice()) {
            _ if decides.is_some() => Type::Bool,
            (Token::In | Token::NotIn, _) => Type::Bool,
            (Token::Plus, [Type::Text, _] | [_, Type::Text]) => Type::Text,
            (Token::Plus | Token::Minus | Token::Multiply | Token::Divide | Token::Modulo, [one, other]) => {
                match (one, other) {
                    (Type::Int, Type::Int) => Type::Int,
                    (Type::Int | Type::Float, Type::Int | Type::Float) => Type::Float,
                    (Type::List, Type::List) => Type::List,
                    (Type::Map | Type::Params, Type::Map | Type::Params) => Type::Map,
                    _ => Type::Unknown,
                }
            }
            _ => Type::Unknown,
        };
        Value::of(is, call.args.first().map_or(at, Expr::start_position))
    }

    /// An argument; `hint` says what a closure's parameters hold.
    fn argument(&mut self, expression: &Expr, hint: &[Type]) -> Value {
        let at = expression.start_position();
        match expression {
            Expr::Stmt(block) => match block.statements() {
                [Stmt::Share(_), Stmt::Expr(inner)] => self.capturing(inner, at, hint),
                _ => self.expression(expression, true),
            },
            Expr::DynamicConstant(value, _) => {
                let closure = value.read_lock::<FnPtr>().map(|function| function.fn_name().to_string());
                match closure {
                    Some(name) => self.closure(&name, 0, at, hint),
                    None => Value::of(Type::Unknown, at),
                }
            }
            Expr::InterpolatedString(parts, _) => {
                let value = self.expression(expression, true);
                // `${""}` and white space name nothing.
                let blank = |part: &Expr| matches!(part, Expr::StringConstant(text, _) if text.trim().is_empty());
                let text = parts.iter().all(blank).then(String::new);
                Value { text, ..value }
            }
            other => self.expression(other, true),
        }
    }

    /// A closure that takes variables from around it: `curry(closure, variable ...)` as Rhai writes it down.
    fn capturing(&mut self, inner: &Expr, at: Position, hint: &[Type]) -> Value {
        if let Expr::FnCall(call, _) = inner
            && let [Expr::DynamicConstant(value, _), captured @ ..] = &*call.args
            && let Some(name) = value.read_lock::<FnPtr>().map(|function| function.fn_name().to_string())
        {
            return self.closure(&name, captured.len(), at, hint);
        }
        Value::of(Type::Function, at)
    }

    fn closure(&mut self, name: &str, captures: usize, at: Position, hint: &[Type]) -> Value {
        let Some(definition) = self.definition(name) else { return Value::of(Type::Function, at) };
        let outside = self.scope.len();
        let open =
            Open { from: self.facts.variables.len(), captured: BTreeSet::new(), returning: Vec::new(), returns: None };
        self.closures.push(open);
        let places = self.tokens.closure(at);
        let first = self.facts.variables.len();
        for (number, parameter) in definition.params.iter().skip(captures).enumerate() {
            let place = places.iter().find(|(own, _)| parameter.as_str() == own).map_or(at, |(_, place)| *place);
            let hides = self.lookup(parameter).map(|id| (id, false));
            let holds = hint.get(number).cloned().unwrap_or(Type::Unknown);
            self.declare(parameter, place, Kind::ClosureParameter, holds, hides);
        }
        let parameters = (first..self.facts.variables.len()).collect();
        let statements = crate::primitives::captured::statements_of(&definition);
        let value = self.block(&statements, false, true);
        self.scope.truncate(outside);
        let Some(open) = self.closures.pop() else { return Value::of(Type::Function, at) };
        let number = self.facts.closures.len();
        self.facts.closures.push(Closure {
            position: at,
            captured: open.captured,
            definition,
            captures,
            parameters,
            returns: either(value, open.returns),
            returning: open.returning,
        });
        Value { closure: Some(number), ..Value::of(Type::Function, at) }
    }

    /// Notes a text with `${name}`, which only texts in backticks replace.
    fn quoted(&mut self, text: &str, at: Position) {
        for part in text.split("${").skip(1) {
            let name: &str = part.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
            if let Some(id) = self.lookup(name) {
                // Its author meant to read it.
                self.facts.variables[id].read = true;
                self.facts.uninterpolated.push((name.to_string(), at));
                return;
            }
        }
    }
}
