//! A checked expression, ready to be evaluated: names are places, calls are functions.

use std::borrow::Cow;

use super::cost::Cost;
use super::functions::pattern::Compiled;
use super::value::{Outcome, Value};

/// A function of the libraries; what it is called on comes first.
pub(super) type Native = for<'a> fn(&[Value<'a>]) -> Outcome<'a>;

/// A node of a checked expression.
#[derive(Debug)]
pub(super) enum Node {
    Constant(Value<'static>),
    /// A variable by its place.
    Local(usize),
    Select(Box<Node>, Field, Access),
    Index(Box<[Node; 2]>, Access),
    And(Vec<Node>),
    Or(Vec<Node>),
    If(Box<[Node; 3]>),
    /// The elements, and whether each is an optional one.
    List(Vec<(Node, bool)>),
    Map(Vec<(Node, Node, bool)>),
    Equal(Box<[Node; 2]>, bool),
    /// Membership in a list that the rule spells out, which costs nothing.
    Among(Box<Node>, Vec<Value<'static>>),
    NotFalse(Box<Node>),
    /// `a.or(b)` and `a.orValue(b)`, which look at `b` only if they must.
    Otherwise(Box<[Node; 2]>, bool),
    /// The result of the loop with one more element, or one more entry.
    Grown(usize, Box<Node>),
    Inserted(usize, Vec<Node>),
    Loop(Box<Loop>),
    Call(Box<Call>),
}

/// A field by the name that the rule has for it.
pub(super) type Field = Cow<'static, str>;

/// How a value is got at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Access {
    /// It must be there.
    Plain,
    /// `.?` and `[?]`.
    Optional,
    /// `has()`.
    Test,
}

/// A comprehension. Its variables are places, one after another.
#[derive(Debug)]
pub(super) struct Loop {
    pub(super) range: Node,
    /// The result's place; the variables follow.
    pub(super) place: usize,
    pub(super) two: bool,
    pub(super) start: Node,
    pub(super) goes_on: Node,
    pub(super) step: Node,
    pub(super) result: Node,
}

/// A call of a function of the libraries.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) function: Native,
    pub(super) args: Vec<Node>,
    pub(super) cost: Cost,
    /// The pattern, where the rule spells it out.
    pub(super) pattern: Option<Compiled>,
}
