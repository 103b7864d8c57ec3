//! Goes through a script's syntax tree and writes down what it says: scopes, statements, declarations. Expressions are
//! in `expressions`.

use std::collections::{BTreeSet, HashMap, HashSet};

use rhai::{AST, ASTFlags, Expr, Position, ScriptFuncDef, Shared, Stmt};

use super::facts::{Decision, Facts, Function, Import, Inside, Kind, Value, Variable, VariableId};
use super::tokens::Tokens;
use super::types::{Signatures, Type};
use crate::primitives::captured::statements_of;

/// How often a script is gone through: types of parameters and results are learned one call deeper each time.
const ROUNDS: usize = 4;

/// What one round learns for the next.
#[derive(Debug, Default, PartialEq)]
struct Learned {
    /// What variables hold, by where they are declared.
    variables: HashMap<Position, Type>,
    /// What functions return, by name and number of parameters.
    returns: HashMap<(String, usize), Type>,
    /// What functions are called with: the parameter's number last.
    parameters: HashMap<(String, usize, usize), Type>,
}

/// A closure that is being gone through.
pub(super) struct Open {
    /// Variables from this number on are its own.
    pub(super) from: VariableId,
    pub(super) captured: BTreeSet<VariableId>,
    pub(super) returning: Vec<Position>,
    pub(super) returns: Option<Type>,
}

pub(super) struct Walk<'a> {
    ast: &'a AST,
    pub(super) tokens: &'a Tokens,
    pub(super) signatures: &'static Signatures,
    functions: HashMap<String, Shared<ScriptFuncDef>>,
    assigned: &'a HashSet<String>,
    known: Option<&'a Learned>,
    learned: Learned,
    pub(super) facts: Facts,
    /// How often each variable was read.
    pub(super) reads: Vec<usize>,
    pub(super) scope: Vec<VariableId>,
    /// The variables of each name, in scope or not.
    names: HashMap<String, Vec<VariableId>>,
    pub(super) inside: Vec<Inside>,
    /// In how many blocks we are that aren't executed in any case.
    pub(super) decided: usize,
    blocks: usize,
    pub(super) function: String,
    pub(super) closures: Vec<Open>,
    returns: Option<Type>,
    /// Whether each loop that is open can be left.
    breaks: Vec<bool>,
    /// The word that ended the statements last.
    word: &'static str,
}

/// The facts about a compiled script. What a module's functions are called with is for others to say.
pub fn facts(ast: &AST, tokens: &Tokens, signatures: &'static Signatures, module: bool) -> Facts {
    let assigned = assigned(ast);
    let mut known: Option<Learned> = None;
    let mut facts = Facts::default();
    for _ in 0..ROUNDS {
        let mut walk = Walk::new(ast, tokens, signatures, &assigned, known.as_ref());
        walk.script(module);
        facts = walk.facts;
        let same = known.as_ref() == Some(&walk.learned);
        known = Some(walk.learned);
        if same {
            break;
        }
    }
    facts
}

/// The names of variables that are given another value anywhere: their first values say little.
fn assigned(ast: &AST) -> HashSet<String> {
    let mut found = HashSet::new();
    ast.walk(&mut |path| {
        if let Some(rhai::ASTNode::Stmt(Stmt::Assignment(parts))) = path.last()
            && let Expr::Variable(variable, ..) = &parts.1.lhs
        {
            found.insert(variable.1.to_string());
        }
        true
    });
    found
}

/// The type of what is one of two; nothing where neither comes to an end.
pub(super) fn either(one: Option<Type>, other: Option<Type>) -> Option<Type> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.join(other)),
        (one, other) => one.or(other),
    }
}

impl<'a> Walk<'a> {
    fn new(
        ast: &'a AST,
        tokens: &'a Tokens,
        signatures: &'static Signatures,
        assigned: &'a HashSet<String>,
        known: Option<&'a Learned>,
    ) -> Self {
        let functions = ast.shared_lib().iter_script_fn_info();
        Walk {
            ast,
            tokens,
            signatures,
            functions: functions.map(|(.., function)| (function.name.to_string(), function.clone())).collect(),
            assigned,
            known,
            learned: Learned::default(),
            facts: Facts::default(),
            reads: Vec::new(),
            scope: Vec::new(),
            names: HashMap::new(),
            inside: Vec::new(),
            decided: 0,
            blocks: 0,
            function: String::new(),
            closures: Vec::new(),
            returns: None,
            breaks: Vec::new(),
            word: "",
        }
    }

    fn script(&mut self, module: bool) {
        let mut heads = self.tokens.heads();
        for definition in self.ast.iter_fn_def() {
            let same = |head: &super::tokens::Head| {
                head.name == definition.name && head.parameters.len() == definition.params.len()
            };
            // Closures have no head.
            let Some(at) = heads.iter().position(same) else { continue };
            let head = heads.swap_remove(at);
            self.facts.functions.push(Function {
                name: head.name,
                parameters: definition.params.iter().map(ToString::to_string).collect(),
                position: head.position,
                private: definition.access == rhai::FnAccess::Private,
                documented: !definition.comments.is_empty(),
                called: false,
                returns: Type::Unknown,
            });
        }
        self.facts.functions.sort_by_key(|function| function.position);
        self.facts.params = self.params();
        let statements = self.ast.statements();
        for statement in statements {
            let value = matches!(statement, Stmt::Import(..) | Stmt::Export(..) | Stmt::Noop(_) | Stmt::Share(_));
            let constant = matches!(statement, Stmt::Var(_, flags, _) if flags.contains(ASTFlags::CONSTANT));
            if !value && !constant {
                self.facts.work.push(start(statement));
            }
        }
        self.inside = vec![Inside { block: 0, repeats: false }];
        // Constants and imports of the top level are known to functions by other ways than scopes.
        self.statements(statements, false);
        self.scope.clear();
        let mut bodies: Vec<Shared<ScriptFuncDef>> = self.ast.iter_fn_def().cloned().collect();
        bodies.retain(|definition| !definition.name.starts_with("anon$"));
        for head in self.tokens.heads() {
            let Some(at) = bodies.iter().position(|definition| {
                definition.name == head.name && definition.params.len() == head.parameters.len()
            }) else {
                continue;
            };
            let definition = bodies.swap_remove(at);
            self.body(&definition, &head.parameters, module);
        }
    }

    fn body(&mut self, definition: &Shared<ScriptFuncDef>, parameters: &[(String, Position)], module: bool) {
        self.function = definition.name.to_string();
        self.returns = None;
        self.blocks += 1;
        self.inside = vec![Inside { block: self.blocks, repeats: false }];
        let contract = ["run", "check", "identity"].contains(&definition.name.as_str()) && parameters.len() == 1;
        for (number, (name, position)) in parameters.iter().enumerate() {
            let called_with = (self.function.clone(), parameters.len(), number);
            let holds = match self.known.and_then(|known| known.parameters.get(&called_with)) {
                _ if contract && self.facts.params.is_some() => Type::Params,
                Some(holds) if !module && !contract => holds.clone(),
                _ => Type::Unknown,
            };
            self.declare(name, *position, Kind::Parameter, holds, None);
        }
        let value = self.statements(&statements_of(definition), true);
        let returns = either(value, self.returns.take()).unwrap_or(Type::Unit);
        self.learned.returns.insert((self.function.clone(), parameters.len()), returns.clone());
        let own =
            |function: &&mut Function| function.name == self.function && function.parameters.len() == parameters.len();
        if let Some(function) = self.facts.functions.iter_mut().find(own) {
            function.returns = returns;
        }
        self.scope.clear();
    }

    /// What `params()` declares, if it is one literal map, and nothing depends on it.
    fn params(&self) -> Option<Vec<(String, Type)>> {
        if self.facts.defines("params", 1) {
            return None;
        }
        let definition = self.functions.get("params").filter(|definition| definition.params.is_empty())?;
        let statements = statements_of(definition);
        let [Stmt::Expr(expression)] = statements.as_slice() else { return None };
        let Expr::Map(parts, _) = &**expression else { return None };
        Some(parts.0.iter().map(|(key, value)| (key.name.to_string(), declared(value))).collect())
    }

    /// The definition of a closure, by the name that Rhai gave it.
    pub(super) fn definition(&self, name: &str) -> Option<Shared<ScriptFuncDef>> {
        self.functions.get(name).cloned()
    }

    pub(super) fn returns_of(&self, name: &str, arguments: usize) -> Type {
        let known = self.known.and_then(|known| known.returns.get(&(name.to_string(), arguments)));
        known.cloned().unwrap_or(Type::Unknown)
    }

    pub(super) fn called_with(&mut self, name: &str, arguments: &[Value]) {
        for (number, argument) in arguments.iter().enumerate() {
            let key = (name.to_string(), arguments.len(), number);
            let all = match self.learned.parameters.remove(&key) {
                Some(all) => all.join(argument.is.clone()),
                None => argument.is.clone(),
            };
            self.learned.parameters.insert(key, all);
        }
    }

    /// The variable that a name stands for here.
    pub(super) fn lookup(&self, name: &str) -> Option<VariableId> {
        // The scope holds numbers in ascending order.
        let mut all = self.names.get(name)?.iter().rev().copied();
        all.find(|id| self.scope.binary_search(id).is_ok())
    }

    pub(super) fn declare(
        &mut self,
        name: &str,
        position: Position,
        kind: Kind,
        holds: Type,
        hides: Option<(VariableId, bool)>,
    ) {
        let id = self.facts.variables.len();
        let all = match self.learned.variables.remove(&position) {
            Some(all) => all.join(holds.clone()),
            None => holds.clone(),
        };
        self.learned.variables.insert(position, all);
        let holds = match self.known {
            Some(known) => known.variables.get(&position).cloned().unwrap_or(Type::Unknown),
            None if self.assigned.contains(name) => Type::Unknown,
            None => holds,
        };
        self.facts.variables.push(Variable {
            name: name.to_string(),
            position,
            kind,
            holds,
            read: false,
            exported: false,
            hides,
            depth: self.inside.len(),
            function: self.function.clone(),
            closures: BTreeSet::new(),
        });
        self.reads.push(0);
        self.scope.push(id);
        self.names.entry(name.to_string()).or_default().push(id);
    }

    /// Statements with a scope of their own; what the last one gives. Nothing, if they don't come to an end.
    pub(super) fn block(&mut self, statements: &[Stmt], repeats: bool, used: bool) -> Option<Type> {
        self.blocks += 1;
        self.inside.push(Inside { block: self.blocks, repeats });
        let outside = self.scope.len();
        let value = self.statements(statements, used);
        self.scope.truncate(outside);
        self.inside.pop();
        value
    }

    /// The same for statements that aren't executed in any case.
    fn choice(&mut self, statements: &[Stmt], used: bool) -> Option<Type> {
        self.decided += 1;
        let value = self.block(statements, false, used);
        self.decided -= 1;
        value
    }

    pub(super) fn statements(&mut self, statements: &[Stmt], used: bool) -> Option<Type> {
        let mut value = Some(Type::Unit);
        let mut said = false;
        let last = statements.iter().rposition(|statement| !matches!(statement, Stmt::Noop(_)));
        for (at, statement) in statements.iter().enumerate() {
            if matches!(statement, Stmt::Noop(_) | Stmt::Share(_)) {
                continue;
            }
            if value.is_none() {
                if !said {
                    self.facts.unreachable.push((start(statement), self.word));
                }
                said = true;
                let word = self.word;
                self.statement(statement, false);
                self.word = word;
                continue;
            }
            value = self.statement(statement, used && Some(at) == last);
        }
        value
    }

    fn ends(&mut self, word: &'static str) -> Option<Type> {
        self.word = word;
        None
    }

    fn statement(&mut self, statement: &Stmt, used: bool) -> Option<Type> {
        match statement {
            Stmt::Var(parts, flags, _) => {
                let (ident, expression, _) = &**parts;
                let hidden = self.lookup(&ident.name);
                let before = hidden.map(|id| self.reads[id]);
                let value = self.expression(expression, true);
                let hides = hidden.map(|id| (id, Some(self.reads[id]) != before));
                let kind = if flags.contains(ASTFlags::CONSTANT) { Kind::Const } else { Kind::Let };
                let closures = self.facts.closures_of(&value);
                self.declare(&ident.name, ident.pos, kind, value.is, hides);
                if let Some(variable) = self.facts.variables.last_mut() {
                    variable.closures = closures;
                }
                if flags.contains(ASTFlags::EXPORTED)
                    && let Some(variable) = self.facts.variables.last_mut()
                {
                    variable.exported = true;
                }
                Some(Type::Unit)
            }
            Stmt::Assignment(parts) => {
                let (operator, sides) = &**parts;
                let value = self.expression(&sides.rhs, true);
                match &sides.lhs {
                    Expr::Variable(variable, ..) if variable.2.is_empty() => {
                        if let Some(id) = self.lookup(&variable.1) {
                            self.captures(id);
                            let closures = self.facts.closures_of(&value);
                            self.facts.variables[id].closures.extend(closures);
                            let position = self.facts.variables[id].position;
                            let is = if operator.is_op_assignment() { Type::Unknown } else { value.is };
                            if let Some(all) = self.learned.variables.remove(&position) {
                                self.learned.variables.insert(position, all.join(is));
                            }
                        }
                    }
                    path => {
                        self.place(path);
                    }
                }
                Some(Type::Unit)
            }
            Stmt::If(flow, _) => {
                self.decision(&flow.expr, "if");
                let body = self.choice(flow.body.statements(), used);
                if flow.branch.is_empty() {
                    return either(body, Some(Type::Unit));
                }
                let branch = self.choice(flow.branch.statements(), used);
                either(body, branch)
            }
            Stmt::While(flow, _) => {
                let endless = matches!(&flow.expr, Expr::Unit(_) | Expr::BoolConstant(true, _));
                if !endless {
                    self.decision(&flow.expr, "while");
                }
                self.breaks.push(false);
                self.block(flow.body.statements(), true, false);
                let left = self.breaks.pop().unwrap_or(true);
                if endless && !left { self.ends("a loop without end") } else { Some(Type::Unknown) }
            }
            Stmt::Do(flow, ..) => {
                self.breaks.push(false);
                self.block(flow.body.statements(), true, false);
                self.breaks.pop();
                self.decision(&flow.expr, "while");
                Some(Type::Unknown)
            }
            Stmt::For(parts, _) => {
                let (variable, counter, flow) = &**parts;
                self.expression(&flow.expr, true);
                let outside = self.scope.len();
                let hides = self.lookup(&variable.name).map(|id| (id, false));
                self.declare(&variable.name, variable.pos, Kind::Loop, Type::Unknown, hides);
                if let Some(counter) = counter {
                    let hides = self.lookup(&counter.name).map(|id| (id, false));
                    self.declare(&counter.name, counter.pos, Kind::Counter, Type::Int, hides);
                }
                self.breaks.push(false);
                self.block(flow.body.statements(), true, false);
                self.breaks.pop();
                self.scope.truncate(outside);
                Some(Type::Unknown)
            }
            Stmt::Switch(parts, _) => {
                let (by, cases) = &**parts;
                self.decision(by, "switch");
                let mut value = None;
                for arm in &cases.expressions {
                    if !matches!(arm.lhs, Expr::BoolConstant(true, _)) {
                        self.decision(&arm.lhs, "if");
                    }
                    let arm = self.arm(&arm.rhs, used);
                    value = either(value, arm);
                }
                if cases.def_case.is_some() { value } else { either(value, Some(Type::Unit)) }
            }
            Stmt::TryCatch(flow, _) => {
                let body = self.choice(flow.body.statements(), used);
                let outside = self.scope.len();
                if let Expr::Variable(caught, _, position) = &flow.expr {
                    let hides = self.lookup(&caught.1).map(|id| (id, false));
                    self.declare(&caught.1, *position, Kind::Caught, Type::Unknown, hides);
                }
                let branch = self.choice(flow.branch.statements(), used);
                self.scope.truncate(outside);
                either(body, branch)
            }
            Stmt::Block(block) => self.block(block.statements(), false, used),
            Stmt::Expr(expression) => self.valued(expression, used),
            Stmt::FnCall(call, position) => {
                let value = self.call(call, *position, used);
                if ends(&call.name) { self.ends("`fail`") } else { Some(value.is) }
            }
            Stmt::BreakLoop(expression, flags, _) => {
                if let Some(expression) = expression {
                    self.expression(expression, true);
                }
                if !flags.contains(ASTFlags::BREAK) {
                    return self.ends("`continue`");
                }
                if let Some(left) = self.breaks.last_mut() {
                    *left = true;
                }
                self.ends("`break`")
            }
            Stmt::Return(expression, flags, position) => {
                let is = expression.as_ref().map_or(Type::Unit, |expression| self.expression(expression, true).is);
                if flags.contains(ASTFlags::BREAK) {
                    return self.ends("`throw`");
                }
                match self.closures.last_mut() {
                    Some(open) => {
                        if is != Type::Unit {
                            open.returning.push(*position);
                        }
                        open.returns = either(open.returns.take(), Some(is));
                    }
                    None => self.returns = either(self.returns.take(), Some(is)),
                }
                self.ends("`return`")
            }
            Stmt::Import(parts, _) => {
                let (path, alias) = &**parts;
                self.expression(path, true);
                let module = match path {
                    Expr::StringConstant(text, _) => Some(text.to_string()),
                    _ => None,
                };
                let (alias, position) = (alias.name.to_string(), path.position());
                self.facts.imports.push(Import { module, alias, position, used: false });
                Some(Type::Unit)
            }
            Stmt::Export(parts, _) => {
                if let Some(id) = self.lookup(&parts.0.name) {
                    self.facts.variables[id].exported = true;
                }
                Some(Type::Unit)
            }
            _ => Some(Type::Unit),
        }
    }

    /// An expression as a statement, or as what a block gives.
    fn valued(&mut self, expression: &Expr, used: bool) -> Option<Type> {
        match expression {
            Expr::Stmt(block) if !matches!(block.statements().first(), Some(Stmt::Share(_))) => {
                self.block(block.statements(), false, used)
            }
            Expr::FnCall(call, position) if !call.is_qualified() && ends(&call.name) => {
                self.call(call, *position, used);
                self.ends("`fail`")
            }
            other => Some(self.expression(other, used).is),
        }
    }

    /// An arm of a `switch`.
    fn arm(&mut self, expression: &Expr, used: bool) -> Option<Type> {
        self.blocks += 1;
        self.inside.push(Inside { block: self.blocks, repeats: false });
        self.decided += 1;
        let value = self.valued(expression, used);
        self.decided -= 1;
        self.inside.pop();
        value
    }

    /// What something is decided by.
    pub(super) fn decision(&mut self, expression: &Expr, word: &'static str) {
        let by = self.expression(expression, true);
        let constant = match expression {
            Expr::BoolConstant(value, _) => Some(*value),
            _ => None,
        };
        let position = expression.start_position();
        self.facts.decisions.push(Decision { by, word, constant, position });
    }

    /// Notes that the closures around here use a variable from outside of them.
    pub(super) fn captures(&mut self, id: VariableId) {
        for open in self.closures.iter_mut().filter(|open| id < open.from) {
            open.captured.insert(id);
        }
    }

    pub(super) fn read(&mut self, id: VariableId) {
        self.facts.variables[id].read = true;
        self.reads[id] += 1;
        self.captures(id);
    }
}

/// Functions that never return.
fn ends(name: &str) -> bool {
    matches!(name, "fail" | "refuse" | "exit")
}

/// Where a statement begins.
fn start(statement: &Stmt) -> Position {
    match statement {
        Stmt::Expr(expression) => expression.start_position(),
        Stmt::Assignment(parts) => parts.1.lhs.start_position(),
        other => other.position(),
    }
}

/// The type of the parameter that `param("string", ...).optional()` declares.
fn declared(expression: &Expr) -> Type {
    let (first, mut rest) = match expression {
        Expr::Dot(parts, ..) => (&parts.lhs, Some(&parts.rhs)),
        other => (other, None),
    };
    let Expr::FnCall(call, _) = first else { return Type::Unknown };
    let is = match (call.name.as_str(), call.args.first()) {
        ("param", Some(Expr::StringConstant(kind, _))) => match kind.as_str() {
            "string" => Type::Text,
            "int" => Type::Int,
            "float" => Type::Float,
            "bool" => Type::Bool,
            "list" => Type::List,
            _ => Type::Unknown,
        },
        _ => Type::Unknown,
    };
    while let Some(link) = rest {
        let (own, next) = match link {
            Expr::Dot(parts, ..) => (&parts.lhs, Some(&parts.rhs)),
            other => (other, None),
        };
        if matches!(own, Expr::MethodCall(call, _) if call.name == "optional") {
            return Type::Unknown;
        }
        rest = next;
    }
    is
}
