//! Which captured variables a closure changes: `parallel` refuses such closures when it is called, the static checks
//! find them before. Goes by the syntax tree alone.

use std::collections::BTreeSet;

use rhai::{AST, Expr, FnCallExpr, FnPtr, Module, Position, ScriptFuncDef, Shared, Stmt};

/// Methods of Rhai's texts, lists and maps that change the value that they are called on.
const CHANGING: [&str; 26] = [
    "append",
    "chop",
    "clear",
    "crop",
    "dedup",
    "drain",
    "extract",
    "fill_with",
    "insert",
    "make_lower",
    "make_upper",
    "mixin",
    "pad",
    "pop",
    "push",
    "remove",
    "replace",
    "retain",
    "reverse",
    "set",
    "shift",
    "sort",
    "splice",
    "trim",
    "truncate",
    "unshift",
];

/// A captured variable that a closure changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assigned {
    /// Its name.
    pub name: String,
    /// Where in the closure.
    pub position: Position,
    /// The method that changes it; none for an assignment. Methods of that name may be harmless on other types than
    /// texts, lists and maps.
    pub method: Option<String>,
}

/// The first change of each captured variable in a closure. `captured` is how many of its parameters are captured
/// variables (they come first: as many as the function pointer has curried values); `find` looks up the closures
/// within it by name.
pub fn assigned_captures(
    closure: &Shared<ScriptFuncDef>,
    captured: usize,
    find: &dyn Fn(&str) -> Option<Shared<ScriptFuncDef>>,
) -> Vec<Assigned> {
    let mut search = Search {
        names: closure.params.iter().take(captured).map(ToString::to_string).collect(),
        find,
        found: Vec::new(),
    };
    search.body(closure);
    let mut seen = BTreeSet::new();
    search.found.retain(|assigned| seen.insert(assigned.name.clone()));
    search.found
}

/// The functions of the scripts that a call belongs to, by name: what `find` is while a script runs.
pub fn function_of(ctx: &rhai::NativeCallContext, name: &str) -> Option<Shared<ScriptFuncDef>> {
    let of = |module: &rhai::Module| {
        module.iter_script_fn_info().find(|(.., found, _, _)| *found == name).map(|(.., function)| function.clone())
    };
    ctx.iter_namespaces().find_map(of)
}

/// The statements of a function. Rhai keeps the type of a function's body to itself, but walks it.
pub fn statements_of(function: &Shared<ScriptFuncDef>) -> Vec<Stmt> {
    let mut alone = Module::new();
    alone.set_script_fn(function.clone());
    let mut statements = Vec::new();
    AST::new([], alone).walk(&mut |path| {
        if let [rhai::ASTNode::Stmt(statement)] = path {
            statements.push((*statement).clone());
        }
        true
    });
    statements
}

struct Search<'a> {
    /// Captured variables that nothing shadows here.
    names: BTreeSet<String>,
    find: &'a dyn Fn(&str) -> Option<Shared<ScriptFuncDef>>,
    found: Vec<Assigned>,
}

impl Search<'_> {
    fn body(&mut self, function: &Shared<ScriptFuncDef>) {
        self.block(&statements_of(function));
    }

    /// Statements with a scope of their own.
    fn block(&mut self, statements: &[Stmt]) {
        let outside = self.names.clone();
        for statement in statements {
            self.statement(statement);
        }
        self.names = outside;
    }

    /// A part in which these names are other variables.
    fn without<'n>(&mut self, shadowed: impl Iterator<Item = &'n str>, part: impl FnOnce(&mut Self)) {
        let outside = self.names.clone();
        for name in shadowed {
            self.names.remove(name);
        }
        part(self);
        self.names = outside;
    }

    fn statement(&mut self, statement: &Stmt) {
        match statement {
            Stmt::Var(parts, ..) => {
                self.expression(&parts.1);
                self.names.remove(parts.0.name.as_str());
            }
            Stmt::Assignment(parts) => {
                if let Some((name, position)) = root(&parts.1.lhs) {
                    self.changed(name, position, None);
                }
                self.expression(&parts.1.lhs);
                self.expression(&parts.1.rhs);
            }
            Stmt::If(parts, _) | Stmt::While(parts, _) | Stmt::Do(parts, ..) => {
                self.expression(&parts.expr);
                self.block(parts.body.statements());
                self.block(parts.branch.statements());
            }
            Stmt::For(parts, _) => {
                let (variable, counter, flow) = &**parts;
                self.expression(&flow.expr);
                let names = [Some(variable), counter.as_ref()].into_iter().flatten().map(|ident| ident.name.as_str());
                self.without(names, |search| search.block(flow.body.statements()));
            }
            Stmt::TryCatch(parts, _) => {
                self.block(parts.body.statements());
                let caught = root(&parts.expr).map(|(name, _)| name);
                self.without(caught.into_iter(), |search| search.block(parts.branch.statements()));
            }
            Stmt::Switch(parts, _) => {
                self.expression(&parts.0);
                for arm in &parts.1.expressions {
                    self.expression(&arm.lhs);
                    self.expression(&arm.rhs);
                }
            }
            Stmt::Block(block) => self.block(block.statements()),
            Stmt::Expr(expression) => self.expression(expression),
            Stmt::FnCall(call, position) => self.call(call, *position),
            Stmt::Return(Some(expression), ..) | Stmt::BreakLoop(Some(expression), ..) => self.expression(expression),
            _ => {}
        }
    }

    fn expression(&mut self, expression: &Expr) {
        match expression {
            Expr::InterpolatedString(parts, _) | Expr::Array(parts, _) => {
                parts.iter().for_each(|part| self.expression(part));
            }
            Expr::Map(parts, _) => parts.0.iter().for_each(|(_, part)| self.expression(part)),
            Expr::And(parts, _) | Expr::Or(parts, _) | Expr::Coalesce(parts, _) => {
                parts.iter().for_each(|part| self.expression(part));
            }
            Expr::Stmt(block) => self.block(block.statements()),
            Expr::Dot(parts, ..) | Expr::Index(parts, ..) => {
                if let (Some((name, position)), Some(method)) = (root(expression), last_method(expression)) {
                    self.changed(name, position, Some(method));
                }
                self.expression(&parts.lhs);
                self.expression(&parts.rhs);
            }
            Expr::MethodCall(call, position) | Expr::FnCall(call, position) => self.call(call, *position),
            // A closure that captures nothing can't change what is captured here.
            _ => {}
        }
    }

    fn call(&mut self, call: &FnCallExpr, position: Position) {
        if let [Expr::DynamicConstant(value, _), captured @ ..] = &*call.args
            && let Some(function) = value.read_lock::<FnPtr>()
            && let Some(inner) = (self.find)(function.fn_name())
        {
            let handed: BTreeSet<String> = captured.iter().filter_map(root).map(|(name, _)| name.to_string()).collect();
            let other = self.names.iter().filter(|name| !handed.contains(*name)).cloned().collect::<Vec<_>>();
            // Its own parameters are other variables, whatever they are called.
            let own = inner.params.iter().skip(captured.len()).map(ToString::to_string);
            let shadowed: Vec<String> = other.into_iter().chain(own).collect();
            self.without(shadowed.iter().map(String::as_str), |search| search.body(&inner));
            return;
        }
        // Rhai hands the first argument of a native function by reference: `push(list, 1)` is `list.push(1)`.
        if let Some((name, at)) = call.args.first().and_then(root)
            && CHANGING.contains(&call.name.as_str())
        {
            self.changed(name, if at.is_none() { position } else { at }, Some(&call.name));
        }
        call.args.iter().for_each(|argument| self.expression(argument));
    }

    fn changed(&mut self, name: &str, position: Position, method: Option<&str>) {
        if self.names.contains(name) {
            self.found.push(Assigned { name: name.into(), position, method: method.map(str::to_owned) });
        }
    }
}

/// The variable that a path such as `x.list[0]` starts at.
fn root(expression: &Expr) -> Option<(&str, Position)> {
    match expression {
        Expr::Variable(variable, _, position) if variable.2.is_empty() => Some((&variable.1, *position)),
        Expr::Dot(parts, ..) | Expr::Index(parts, ..) => root(&parts.lhs),
        _ => None,
    }
}

/// The method that a path ends in, if it changes what it is called on.
fn last_method(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Dot(parts, ..) | Expr::Index(parts, ..) => last_method(&parts.rhs),
        Expr::MethodCall(call, _) => Some(call.name.as_str()).filter(|name| CHANGING.contains(name)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rhai::Engine;

    use super::*;

    /// What the outermost closure of a script, which is the last that Rhai defines, changes of what it captures.
    fn changed(text: &str) -> Vec<String> {
        let mut engine = Engine::new();
        engine.set_optimization_level(rhai::OptimizationLevel::None);
        let ast = engine.compile(text).unwrap();
        let functions: Vec<_> = ast.shared_lib().iter_script_fn_info().map(|(.., f)| f.clone()).collect();
        let find = |name: &str| functions.iter().find(|f| f.name == name).cloned();
        let mut outer = None;
        ast.walk(&mut |path| {
            if let Some(rhai::ASTNode::Expr(Expr::FnCall(call, _))) = path.last()
                && let Some(Expr::DynamicConstant(value, _)) = call.args.first()
                && let Some(function) = value.read_lock::<FnPtr>()
                && outer.is_none()
            {
                outer = find(function.fn_name()).map(|f| (f, call.args.len() - 1));
            }
            true
        });
        let (closure, captured) = outer.unwrap();
        assigned_captures(&closure, captured, &find).into_iter().map(|assigned| assigned.name).collect()
    }

    #[test]
    fn assignments_and_changing_methods_are_found() {
        for text in [
            "let n = 0; let f = |x| { n = x; };",
            "let n = 0; let f = |x| { n += x; };",
            "let n = #{ a: 1 }; let f = |x| { n.a = x; };",
            "let n = [1]; let f = |x| { n[0] = x; };",
            "let n = []; let f = |x| n.push(x);",
            "let n = []; let f = |x| push(n, x);",
            "let n = #{ l: [] }; let f = |x| n.l.push(x);",
            "let n = 0; let f = |x| { if x > 1 { n = x; } };",
            "let n = 0; let f = |x| { let g = |y| { n = y; }; g.call(x); };",
            "let n = 0; let f = |x| { try { x } catch (e) { n = e; } };",
            "let n = 0; let f = |x| { switch x { 1 => n += 1, _ => () } };",
        ] {
            assert_eq!(changed(text), ["n"], "{text}");
        }
    }

    #[test]
    fn variables_of_its_own_are_its_own() {
        for text in [
            "let n = 0; let f = |x| { let y = n; y = x; };",
            "let n = 0; let f = |x| { let z = n; let n = z; n = x; };",
            "let n = 0; let f = |x| { let s = n; for n in x { n = 1; } };",
            "let n = 0; let f = |x| { let s = n; try { x } catch (n) { n = 1; } };",
            "let n = 0; let f = |x| { let s = n; x = s; };",
            "let n = []; let f = |x| { let g = |n| { n = 1; }; g.call(n.len); };",
        ] {
            assert_eq!(changed(text), Vec::<String>::new(), "{text}");
        }
    }
}
