//! What of a script can be executed: its lines, its branches, and the nodes of the syntax tree that tell.

use std::mem::{Discriminant, discriminant};

use rhai::{ASTNode, Expr, Position, Stmt};

/// What tells a node of a file from the others: its kind and its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Node {
    /// A statement.
    Statement(Discriminant<Stmt>, Position),
    /// An expression.
    Expression(Discriminant<Expr>, Position),
}

impl Node {
    /// Its line; 0 if it has none.
    pub fn line(&self) -> usize {
        let (Node::Statement(_, position) | Node::Expression(_, position)) = self;
        position.line().unwrap_or(0)
    }

    /// The node of a step.
    pub fn of(node: &ASTNode<'_>) -> Option<Node> {
        match node {
            ASTNode::Stmt(stmt) => Some(Node::statement(stmt)),
            ASTNode::Expr(expr) => Some(Node::expression(expr)),
            _ => None,
        }
    }

    fn statement(stmt: &Stmt) -> Node {
        Node::Statement(discriminant(stmt), stmt.position())
    }

    fn expression(expr: &Expr) -> Node {
        Node::Expression(discriminant(expr), expr.position())
    }
}

/// The node that is executed first of statements; none if there is nothing to execute.
pub fn first<'a>(statements: impl IntoIterator<Item = &'a Stmt>) -> Option<Node> {
    statements.into_iter().find_map(|stmt| match stmt {
        Stmt::Noop(..) | Stmt::Share(..) | Stmt::Export(..) => None,
        Stmt::Expr(expr) => first_of(expr),
        other => Some(Node::statement(other)),
    })
}

/// The node that is executed first of an expression: the engine reports no step for a block as such.
fn first_of(expr: &Expr) -> Option<Node> {
    match expr {
        Expr::Stmt(block) => first(block.statements()),
        other => Some(Node::expression(other)),
    }
}

/// How often one way was taken, in terms of nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Times {
    /// As often as this node was executed.
    Of(Node),
    /// As often as the first was executed, and none of the others.
    Rest(Node, Vec<Node>),
    /// As often as this `for` was executed without an element.
    NoElement(Node),
}

/// One way that execution can go.
pub type Way = (String, Times);

/// A place at which execution can go several ways.
#[derive(Debug, Clone)]
pub struct Fork {
    /// 1-based.
    pub line: usize,
    /// What it is.
    pub kind: &'static str,
    /// Its ways.
    pub ways: Vec<Way>,
}

/// What of a file can be executed.
#[derive(Debug, Clone, Default)]
pub struct Executable {
    /// Lines with the node that tells whether they were executed.
    pub lines: Vec<(usize, Node)>,
    /// Branches.
    pub forks: Vec<Fork>,
}

impl Executable {
    /// Takes one node of the tree.
    pub fn add(&mut self, node: &ASTNode<'_>) {
        match node {
            ASTNode::Stmt(stmt) => self.statement(stmt),
            ASTNode::Expr(expr) => self.expression(expr),
            _ => {}
        }
    }

    fn line(&mut self, at: Position, node: Option<Node>) {
        if let (Some(line), Some(node)) = (at.line(), node) {
            self.lines.push((line, node));
        }
    }

    fn fork(&mut self, at: Position, kind: &'static str, ways: Vec<Way>) {
        if let Some(line) = at.line()
            && ways.len() > 1
        {
            self.forks.push(Fork { line, kind, ways });
        }
    }

    fn statement(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::Noop(..) | Stmt::Share(..) | Stmt::Export(..) | Stmt::Block(..) => {}
            Stmt::Expr(expr) => self.line(expr.start_position(), first_of(expr)),
            other => self.line(other.position(), Some(Node::statement(other))),
        }
        match stmt {
            Stmt::If(flow, at) => {
                let Some(asked) = first_of(&flow.expr) else { return };
                self.fork(*at, "if", choices(asked, [("then", first(&flow.body)), ("else", first(&flow.branch))]));
            }
            Stmt::While(flow, at) if !matches!(flow.expr, Expr::Unit(..) | Expr::BoolConstant(true, ..)) => {
                let (Some(asked), Some(body)) = (first_of(&flow.expr), first(&flow.body)) else { return };
                let ways = vec![("goes on".into(), Times::Of(body)), ("ends".into(), Times::Rest(asked, vec![body]))];
                self.fork(*at, "while", ways);
            }
            Stmt::For(parts, at) => {
                let Some(body) = first(&parts.2.body) else { return };
                let none = Times::NoElement(Node::statement(stmt));
                self.fork(*at, "for", vec![("with an element".into(), Times::Of(body)), ("without one".into(), none)]);
            }
            Stmt::Switch(parts, at) => {
                let (asked, cases) = &**parts;
                let Some(asked) = first_of(asked) else { return };
                let mut ways = Vec::new();
                for (number, case) in cases.expressions.iter().enumerate() {
                    let otherwise = cases.def_case == Some(number);
                    let name = if otherwise { "otherwise".to_string() } else { format!("case {}", number + 1) };
                    ways.push((name, first_of(&case.rhs)));
                    if !matches!(case.rhs, Expr::Stmt(..)) {
                        self.line(case.rhs.start_position(), first_of(&case.rhs));
                    }
                }
                if cases.def_case.is_none() {
                    ways.push(("no case".into(), None));
                }
                self.fork(*at, "switch", choices(asked, ways));
            }
            _ => {}
        }
    }

    fn expression(&mut self, expr: &Expr) {
        let (operands, at, kind) = match expr {
            Expr::And(operands, at) => (operands, *at, "&&"),
            Expr::Or(operands, at) => (operands, *at, "||"),
            Expr::Coalesce(operands, at) => (operands, *at, "??"),
            _ => return,
        };
        for pair in operands.windows(2) {
            let (Some(left), Some(right)) = (first_of(&pair[0]), first_of(&pair[1])) else { continue };
            let ways = vec![
                ("right side".into(), Times::Of(right)),
                ("left side alone".into(), Times::Rest(left, vec![right])),
            ];
            self.fork(at, kind, ways);
        }
    }
}

/// Ways of which one at most has no node of its own: it was taken as often as was asked, and none of the others was.
fn choices<N: Into<String>>(asked: Node, named: impl IntoIterator<Item = (N, Option<Node>)>) -> Vec<Way> {
    let named: Vec<(String, Option<Node>)> = named.into_iter().map(|(name, node)| (name.into(), node)).collect();
    let known: Vec<Node> = named.iter().filter_map(|(_, node)| *node).collect();
    let mut rest = Some(Times::Rest(asked, known));
    let way = |(name, node): (String, Option<Node>)| Some((name, node.map(Times::Of).or_else(|| rest.take())?));
    named.into_iter().filter_map(way).collect()
}
