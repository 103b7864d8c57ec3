//! Walks the trees of a template and writes its output, by the rules of Go's text/template/exec: what dot is, how long
//! variables live, what counts as true, where an error is. Called by `Template::render`; calls of functions are in `call`.

use super::limits::{Budget, Fault};
use super::node::{Branch, Command, Kind, Node, Number, Pipe};
use super::printf::Printer;
use super::strconv::quote;
use super::value::{Slot, Value};
use super::{ErrorKind, MissingKey, Template, TemplateError};

/// One rendering.
pub struct State<'t, 'b> {
    pub template: &'t Template,
    /// The name of the template that is walked, for errors.
    pub name: &'t str,
    variables: Vec<(&'t str, Slot)>,
    pub at: At<'t>,
    pub out: String,
    pub budget: &'b mut Budget,
    depth: usize,
}

/// What was looked at last, which is where an error is told.
#[derive(Clone, Copy)]
pub enum At<'t> {
    Nothing,
    Node(&'t Node),
    Pipe(&'t Pipe),
    Command(&'t Command),
}

/// How a list of nodes ended.
#[derive(PartialEq)]
enum Flow {
    Next,
    Break,
    Continue,
}

pub type Result<T> = std::result::Result<T, Box<TemplateError>>;

impl<'t, 'b> State<'t, 'b> {
    pub fn new(template: &'t Template, budget: &'b mut Budget, depth: usize) -> Self {
        let name = template.name.as_str();
        State { template, name, variables: Vec::new(), at: At::Nothing, out: String::new(), budget, depth }
    }

    /// Renders the main template.
    pub fn run(mut self, data: Slot) -> Result<String> {
        if let Some(nodes) = self.template.trees.get(self.name) {
            self.variables.push(("$", data.clone()));
            self.walk(&data, nodes)?;
        }
        Ok(self.out)
    }

    /// An error at what was looked at last.
    pub fn error(&self, message: impl AsRef<str>) -> Box<TemplateError> {
        self.failure(message.as_ref(), ErrorKind::Execute)
    }

    /// The same for what a function or a bound says.
    pub fn fault(&self, fault: &Fault) -> Box<TemplateError> {
        self.failure(&fault.message, if fault.is_limit { ErrorKind::Limit } else { ErrorKind::Execute })
    }

    fn failure(&self, message: &str, kind: ErrorKind) -> Box<TemplateError> {
        let (pos, context) = match self.at {
            At::Nothing => (0, String::new()),
            At::Node(node) => (node.pos, node.to_string()),
            At::Pipe(pipe) => (pipe.pos, pipe.to_string()),
            At::Command(command) => (command.pos, command.to_string()),
        };
        let before = self.template.text.get(..pos).unwrap_or_default();
        let line = 1 + before.bytes().filter(|byte| *byte == b'\n').count();
        let column = before.rfind('\n').map_or(pos, |newline| pos - newline - 1);
        let (file, name) = (&self.template.name, quote(self.name));
        Box::new(TemplateError {
            kind,
            line,
            column: column + 1,
            message: format!("template: {file}:{line}:{column}: executing {name} at <{context}>: {message}"),
        })
    }

    /// Takes steps.
    pub fn step(&mut self, count: usize) -> Result<()> {
        self.budget.step(count).map_err(|fault| self.fault(&fault))
    }

    pub fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.budget.check_depth(self.depth + 1).map_err(|fault| self.fault(&fault))?;
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn write(&mut self, text: &str) -> Result<()> {
        self.budget.check_output(self.out.len() + text.len()).map_err(|fault| self.fault(&fault))?;
        self.out.push_str(text);
        Ok(())
    }

    fn walk(&mut self, dot: &Slot, nodes: &'t [Node]) -> Result<Flow> {
        for node in nodes {
            self.at = At::Node(node);
            self.step(1)?;
            let flow = match &node.kind {
                Kind::Text(text) => {
                    self.write(text)?;
                    Flow::Next
                }
                Kind::Action(pipe) => {
                    let value = self.pipeline(dot, pipe)?;
                    if pipe.names.is_empty() {
                        self.at = At::Node(node);
                        self.print(&value)?;
                    }
                    Flow::Next
                }
                Kind::If(branch) => self.choose(dot, branch, false)?,
                Kind::With(branch) => self.choose(dot, branch, true)?,
                Kind::Range(branch) => self.range(dot, branch)?,
                Kind::Template { name, pipe } => {
                    self.call_template(dot, name, pipe.as_ref())?;
                    Flow::Next
                }
                Kind::Break => Flow::Break,
                Kind::Continue => Flow::Continue,
                other => return Err(self.error(format!("unknown node: {}", Shown(other)))),
            };
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn print(&mut self, value: &Slot) -> Result<()> {
        match value {
            Slot::Invalid => self.write("<no value>"),
            Slot::Plain(Value::Str(text)) | Slot::Boxed(Value::Str(text)) => self.write(text),
            other => {
                let text = Printer::print(std::slice::from_ref(other.value()), self.budget);
                let text = text.map_err(|fault| self.fault(&fault))?;
                self.write(&text)
            }
        }
    }

    fn choose(&mut self, dot: &Slot, branch: &'t Branch, sets_dot: bool) -> Result<Flow> {
        let mark = self.variables.len();
        let value = self.pipeline(dot, &branch.pipe)?;
        let flow = self.deeper(|state| {
            if value.value().is_true() {
                state.walk(if sets_dot { &value } else { dot }, &branch.list)
            } else {
                branch.otherwise.as_ref().map_or(Ok(Flow::Next), |nodes| state.walk(dot, nodes))
            }
        });
        self.variables.truncate(mark);
        flow
    }

    fn range(&mut self, dot: &Slot, branch: &'t Branch) -> Result<Flow> {
        let mark = self.variables.len();
        let value = self.pipeline(dot, &branch.pipe)?;
        let flow = self.deeper(|state| state.iterate(dot, branch, &value));
        self.variables.truncate(mark);
        flow
    }

    fn iterate(&mut self, dot: &Slot, branch: &'t Branch, value: &Slot) -> Result<Flow> {
        let mut ran = false;
        match value.value() {
            Value::Int(_) | Value::Int64(_) | Value::Uint64(_) | Value::Byte(_) => {
                if branch.pipe.names.len() > 1 {
                    let shown = self.shown(value)?;
                    return Err(self.error(format!("can't use {shown} to iterate over more than one variable")));
                }
                let same = |number: i64| match value.value() {
                    Value::Int64(_) => Value::Int64(number),
                    Value::Uint64(_) => Value::Uint64(number.unsigned_abs()),
                    Value::Byte(_) => Value::Byte(number.to_le_bytes()[0]),
                    _ => Value::Int(number),
                };
                let end = match value.value() {
                    Value::Int(end) | Value::Int64(end) => *end,
                    Value::Uint64(end) => i64::try_from(*end).unwrap_or(i64::MAX),
                    Value::Byte(end) => i64::from(*end),
                    _ => 0,
                };
                for number in 0..end {
                    ran = true;
                    if self.iteration(branch, Slot::Invalid, Slot::Plain(same(number)))? == Flow::Break {
                        break;
                    }
                }
            }
            Value::List(list) => {
                for index in 0..list.items().len() {
                    ran = true;
                    if self.iteration(branch, Slot::Plain(Value::int(index)), list.slot(index))? == Flow::Break {
                        break;
                    }
                }
            }
            Value::Map(map) => {
                for (key, _) in map.snapshot() {
                    ran = true;
                    // A key that was removed on the way is gone.
                    let element = map.slot(&key);
                    if self.iteration(branch, Slot::Plain(Value::Str(key)), element)? == Flow::Break {
                        break;
                    }
                }
            }
            Value::Nil => {}
            _ => {
                let shown = self.shown(value)?;
                return Err(self.error(format!("range can't iterate over {shown}")));
            }
        }
        match &branch.otherwise {
            // A `break` there is taken for one of this range, a `continue` for one of the range around it.
            Some(nodes) if !ran => match self.walk(dot, nodes)? {
                Flow::Continue => Ok(Flow::Continue),
                _ => Ok(Flow::Next),
            },
            _ => Ok(Flow::Next),
        }
    }

    fn iteration(&mut self, branch: &'t Branch, index: Slot, element: Slot) -> Result<Flow> {
        self.step(1)?;
        let names = &branch.pipe.names;
        let mark = self.variables.len();
        if branch.pipe.assigns {
            match names.as_slice() {
                [name] => self.assign(name, element.clone())?,
                [first, second] => {
                    self.assign(first, index)?;
                    self.assign(second, element.clone())?;
                }
                _ => {}
            }
        } else {
            // The pipeline pushed as many variables as there are names.
            if !names.is_empty()
                && let Some(top) = self.variables.last_mut()
            {
                top.1 = element.clone();
            }
            if names.len() > 1
                && let Some(next) = mark.checked_sub(2).and_then(|at| self.variables.get_mut(at))
            {
                next.1 = index;
            }
        }
        let flow = self.walk(&element, &branch.list);
        self.variables.truncate(mark);
        flow
    }

    fn call_template(&mut self, dot: &Slot, name: &'t str, pipe: Option<&'t Pipe>) -> Result<()> {
        let Some((known, nodes)) = self.template.trees.get_key_value(name) else {
            return Err(self.error(format!("template {} not defined", quote(name))));
        };
        let data = match pipe {
            Some(pipe) => self.pipeline(dot, pipe)?,
            None => Slot::Invalid,
        };
        let variables = std::mem::replace(&mut self.variables, vec![("$", data.clone())]);
        let outer = std::mem::replace(&mut self.name, known);
        let flow = self.deeper(|state| state.walk(&data, nodes));
        flow?;
        self.variables = variables;
        self.name = outer;
        Ok(())
    }

    /// The value of a pipeline, which may declare variables.
    pub fn pipeline(&mut self, dot: &Slot, pipe: &'t Pipe) -> Result<Slot> {
        self.at = At::Pipe(pipe);
        self.step(1)?;
        let mut value: Option<Slot> = None;
        for command in &pipe.commands {
            let result = self.deeper(|state| state.command(dot, command, value.take()))?;
            value = Some(result.dig());
        }
        let value = value.unwrap_or(Slot::Invalid);
        for name in &pipe.names {
            if pipe.assigns {
                self.assign(name, value.clone())?;
            } else {
                self.variables.push((name, value.clone()));
            }
        }
        Ok(value)
    }

    fn assign(&mut self, name: &str, value: Slot) -> Result<()> {
        match self.variables.iter_mut().rev().find(|(known, _)| *known == name) {
            Some((_, old)) => {
                *old = value;
                Ok(())
            }
            None => Err(self.error(format!("undefined variable: {name}"))),
        }
    }

    fn command(&mut self, dot: &Slot, command: &'t Command, last: Option<Slot>) -> Result<Slot> {
        let Some(first) = command.args.first() else { return Ok(Slot::Invalid) };
        match &first.kind {
            Kind::Field(names) => {
                self.at = At::Node(first);
                return self.fields(dot, dot.clone(), first, names, Some(&command.args), last);
            }
            Kind::Chain(..) => return self.chain(dot, first, Some(&command.args), last),
            Kind::Identifier(function) => {
                self.at = At::Node(first);
                return self.call(dot, function, Value::Nil, At::Command(command), Some(&command.args), last);
            }
            Kind::Pipe(pipe) => {
                self.no_arguments(command, last.as_ref())?;
                return self.pipeline(dot, pipe);
            }
            Kind::Variable(_) => return self.variable(dot, first, Some(&command.args), last),
            _ => {}
        }
        self.at = At::Node(first);
        self.no_arguments(command, last.as_ref())?;
        match &first.kind {
            Kind::Bool(value) => Ok(Slot::Plain(Value::Bool(*value))),
            Kind::Dot => Ok(dot.clone()),
            Kind::Nil => Err(self.error("nil is not a command")),
            Kind::Number(number) => self.constant(number),
            Kind::Str { text, .. } => Ok(Slot::Plain(Value::str(text))),
            _ => Err(self.error(format!("can't evaluate command {}", quote(&first.to_string())))),
        }
    }

    fn no_arguments(&self, command: &Command, last: Option<&Slot>) -> Result<()> {
        match command.args.first() {
            Some(first) if command.args.len() > 1 || last.is_some() => {
                Err(self.error(format!("can't give argument to non-function {first}")))
            }
            _ => Ok(()),
        }
    }

    /// A number without a type that it should have.
    pub fn constant(&self, number: &Number) -> Result<Slot> {
        let text = number.text.as_str();
        let is_hexadecimal = (text.starts_with("0x") || text.starts_with("0X")) && !text.contains(['p', 'P']);
        let is_float = !is_hexadecimal && !text.starts_with('\'') && text.contains(['.', 'e', 'E', 'p', 'P']);
        match (number.float, number.int) {
            (Some(float), _) if is_float => Ok(Slot::Plain(Value::Float(float))),
            (_, Some(int)) => Ok(Slot::Plain(Value::Int(int))),
            _ => Err(self.error(format!("{text} overflows int"))),
        }
    }

    /// A variable and the fields behind it.
    pub fn variable(
        &mut self,
        dot: &Slot,
        node: &'t Node,
        args: Option<&'t [Node]>,
        last: Option<Slot>,
    ) -> Result<Slot> {
        self.at = At::Node(node);
        let Kind::Variable(names) = &node.kind else { return Ok(Slot::Invalid) };
        let Some((name, fields)) = names.split_first() else { return Ok(Slot::Invalid) };
        let Some((_, value)) = self.variables.iter().rev().find(|(known, _)| known == name) else {
            return Err(self.error(format!("undefined variable: {name}")));
        };
        let value = value.clone();
        if fields.is_empty() {
            if args.is_some_and(|args| args.len() > 1) || last.is_some() {
                return Err(self.error(format!("can't give argument to non-function {node}")));
            }
            return Ok(value);
        }
        self.fields(dot, value, node, fields, args, last)
    }

    /// Fields of the value of something in parentheses.
    pub fn chain(&mut self, dot: &Slot, node: &'t Node, args: Option<&'t [Node]>, last: Option<Slot>) -> Result<Slot> {
        self.at = At::Node(node);
        let Kind::Chain(inner, names) = &node.kind else { return Ok(Slot::Invalid) };
        self.at = At::Node(inner);
        let value = match &inner.kind {
            Kind::Pipe(pipe) => self.pipeline(dot, pipe)?,
            Kind::Identifier(function) => self.call(dot, function, Value::Nil, At::Node(inner), None, None)?,
            Kind::Nil => {
                self.at = At::Node(node);
                return Err(self.error(format!("indirection through explicit nil in {node}")));
            }
            _ => return Err(self.error(format!("can't evaluate {inner}"))),
        };
        self.fields(dot, value, node, names, args, last)
    }

    /// Fields of fields; the last may be a method with arguments.
    pub fn fields(
        &mut self,
        dot: &Slot,
        mut receiver: Slot,
        node: &'t Node,
        names: &'t [String],
        args: Option<&'t [Node]>,
        last: Option<Slot>,
    ) -> Result<Slot> {
        let Some((name, before)) = names.split_last() else { return Ok(receiver) };
        for name in before {
            receiver = self.field(dot, name, node, None, None, receiver)?;
        }
        self.field(dot, name, node, args, last, receiver)
    }

    fn field(
        &mut self,
        dot: &Slot,
        name: &'t str,
        node: &'t Node,
        args: Option<&'t [Node]>,
        last: Option<Slot>,
        receiver: Slot,
    ) -> Result<Slot> {
        let missing_key = self.template.options.missing_key;
        let type_name = receiver.type_name();
        let value = match &receiver {
            Slot::Invalid if missing_key == MissingKey::Error => {
                return Err(self.error(format!("nil data; no entry for key {}", quote(name))));
            }
            Slot::Invalid => return Ok(Slot::Invalid),
            Slot::Boxed(Value::Nil) => {
                return Err(self.error(format!("nil pointer evaluating {type_name}.{name}")));
            }
            other => other.value(),
        };
        let methods = super::sprig::methods(value);
        if let Some(method) = methods.iter().find(|method| method.name == name) {
            let value = value.clone();
            return self.call(dot, method, value, At::Node(node), args, last);
        }
        let Value::Map(map) = value else {
            return Err(self.error(format!("can't evaluate field {name} in type {type_name}")));
        };
        if args.is_some_and(|args| args.len() > 1) || last.is_some() {
            return Err(self.error(format!("{name} is not a method but has arguments")));
        }
        match (map.slot(name), missing_key) {
            (Slot::Invalid, MissingKey::Zero) => Ok(super::builtins::zero_element(map.elem())),
            (Slot::Invalid, MissingKey::Error) => Err(self.error(format!("map has no entry for key {}", quote(name)))),
            (found, _) => Ok(found),
        }
    }

    /// A value as `%v` shows it.
    pub fn shown(&mut self, value: &Slot) -> Result<String> {
        let text = Printer::print(std::slice::from_ref(value.value()), self.budget);
        text.map_err(|fault| self.fault(&fault))
    }
}

struct Shown<'a>(&'a Kind);

impl std::fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", Node { pos: 0, kind: self.0.clone() })
    }
}
