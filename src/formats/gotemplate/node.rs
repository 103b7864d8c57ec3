//! The tree of a template, and how error messages write its parts. Made by the parser, walked by the evaluator.

use std::collections::HashMap;
use std::fmt;

use super::functions::Function;
use super::strconv::quote;

/// A part of a template, and the byte where it is written.
#[derive(Debug, Clone)]
pub struct Node {
    pub pos: usize,
    pub kind: Kind,
}

pub type Nodes = Vec<Node>;

#[derive(Debug, Clone)]
pub enum Kind {
    Text(String),
    Action(Pipe),
    If(Branch),
    With(Branch),
    Range(Branch),
    Template { name: String, pipe: Option<Pipe> },
    Break,
    Continue,
    Bool(bool),
    Dot,
    Nil,
    Number(Number),
    Str { quoted: String, text: String },
    Field(Vec<String>),
    Variable(Vec<String>),
    Identifier(&'static Function),
    Chain(Box<Node>, Vec<String>),
    Pipe(Pipe),
}

/// What `if`, `with` and `range` have in common.
#[derive(Debug, Clone)]
pub struct Branch {
    pub pipe: Pipe,
    pub list: Nodes,
    pub otherwise: Option<Nodes>,
}

#[derive(Debug, Clone)]
pub struct Pipe {
    pub pos: usize,
    /// Variables that it declares or assigns.
    pub names: Vec<String>,
    pub assigns: bool,
    pub commands: Vec<Command>,
}

#[derive(Debug, Clone)]
pub struct Command {
    pub pos: usize,
    pub args: Vec<Node>,
}

/// A number in every type that can hold it.
#[derive(Debug, Clone)]
pub struct Number {
    pub text: String,
    pub int: Option<i64>,
    pub uint: Option<u64>,
    pub float: Option<f64>,
}

/// All templates of a text by name.
pub type Trees = HashMap<String, Nodes>;

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Text(text) => f.write_str(text),
            Kind::Action(pipe) => write!(f, "{{{{{pipe}}}}}"),
            Kind::If(branch) => branch.write(f, "if"),
            Kind::With(branch) => branch.write(f, "with"),
            Kind::Range(branch) => branch.write(f, "range"),
            Kind::Template { name, pipe: Some(pipe) } => write!(f, "{{{{template {} {pipe}}}}}", quote(name)),
            Kind::Template { name, pipe: None } => write!(f, "{{{{template {}}}}}", quote(name)),
            Kind::Break => f.write_str("{{break}}"),
            Kind::Continue => f.write_str("{{continue}}"),
            Kind::Bool(value) => write!(f, "{value}"),
            Kind::Dot => f.write_str("."),
            Kind::Nil => f.write_str("nil"),
            Kind::Number(number) => f.write_str(&number.text),
            Kind::Str { quoted, .. } => f.write_str(quoted),
            Kind::Field(names) => names.iter().try_for_each(|name| write!(f, ".{name}")),
            Kind::Variable(names) => f.write_str(&names.join(".")),
            Kind::Identifier(function) => f.write_str(function.name),
            Kind::Chain(node, names) => {
                match &node.kind {
                    Kind::Pipe(pipe) => write!(f, "({pipe})")?,
                    _ => write!(f, "{node}")?,
                }
                names.iter().try_for_each(|name| write!(f, ".{name}"))
            }
            Kind::Pipe(pipe) => write!(f, "{pipe}"),
        }
    }
}

impl Branch {
    fn write(&self, f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
        write!(f, "{{{{{name} {}}}}}", self.pipe)?;
        self.list.iter().try_for_each(|node| write!(f, "{node}"))?;
        if let Some(otherwise) = &self.otherwise {
            f.write_str("{{else}}")?;
            otherwise.iter().try_for_each(|node| write!(f, "{node}"))?;
        }
        f.write_str("{{end}}")
    }
}

impl fmt::Display for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.names.is_empty() {
            write!(f, "{} {} ", self.names.join(", "), if self.assigns { "=" } else { ":=" })?;
        }
        for (position, command) in self.commands.iter().enumerate() {
            if position > 0 {
                f.write_str(" | ")?;
            }
            write!(f, "{command}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, arg) in self.args.iter().enumerate() {
            if position > 0 {
                f.write_str(" ")?;
            }
            match &arg.kind {
                Kind::Pipe(pipe) => write!(f, "({pipe})")?,
                _ => write!(f, "{arg}")?,
            }
        }
        Ok(())
    }
}
