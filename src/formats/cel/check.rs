//! The type checker: from the syntax tree to one that can be evaluated, or the fault that the API server finds in it.
//! As github.com/google/cel-go v0.26, checker/checker.go; the words of its errors are those of checker/errors.go.

use std::borrow::Cow;
use std::sync::Arc;

use super::cost::Cost;
use super::fold;
use super::functions;
use super::kinds::{Bindings, Kind};
use super::names;
use super::rule::{Fault, Part};
use super::signatures::{self, Overload};
use super::tree::{Access, Call, Loop, Node};
use super::types::Shape;
use super::value::{Trouble, Value};
use cel::common::ast::operators as op;
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, SourceInfo};

/// A node with its type.
type Checked = Result<(Node, Kind), Fault>;

/// Deeper trees are refused: they would be walked by recursion.
const DEEPEST: usize = 250;

/// What a checked expression is.
pub(super) struct Expression {
    pub(super) node: Node,
    pub(super) kind: Kind,
    /// How many places its variables need.
    pub(super) places: usize,
    /// It names `oldSelf`.
    pub(super) uses_old: bool,
}

/// Checks a parsed expression in which these variables are known.
pub(super) fn check(
    source: &str,
    (tree, info): (&IdedExpr, &SourceInfo),
    variables: &[(&str, Kind)],
) -> Result<Expression, Fault> {
    let scope: Vec<(String, Kind)> = variables.iter().map(|(name, kind)| ((*name).to_owned(), kind.clone())).collect();
    let mut checker = Checker {
        source,
        info,
        places: scope.len(),
        scope,
        bindings: Bindings::default(),
        variables: 0,
        depth: 0,
        uses_old: false,
        alike: Vec::new(),
        mixed: 0,
    };
    let (node, kind) = checker.check(tree)?;
    checker.all_alike()?;
    let kind = checker.bindings.resolve(&kind, true);
    Ok(Expression { node, kind, places: checker.places, uses_old: checker.uses_old })
}

struct Checker<'s> {
    source: &'s str,
    info: &'s SourceInfo,
    /// The variables that are known, each at its place.
    scope: Vec<(String, Kind)>,
    places: usize,
    bindings: Bindings,
    /// How many type variables were made.
    variables: u32,
    depth: usize,
    uses_old: bool,
    /// Elements of literals, by their ids, and the types that they must have in the end: those of the first ones.
    alike: Vec<(u64, Kind, Kind)>,
    /// How many calls of `format` are around, whose literals may mix types.
    mixed: usize,
}

impl Checker<'_> {
    /// Literals hold one type, unless they are given to `format`.
    fn all_alike(&self) -> Result<(), Fault> {
        for (id, first, found) in &self.alike {
            let (first, found) = (self.bindings.resolve(first, true), self.bindings.resolve(found, true));
            if first != found {
                return Err(self.fault(*id, format!("expected type '{first}' but found '{found}'")));
            }
        }
        Ok(())
    }

    fn fault(&self, id: u64, message: impl Into<String>) -> Fault {
        let offset = self.info.offset_for(id).map_or(0, |(start, _)| start as usize);
        Fault::at(self.source, offset, message.into())
    }

    fn undeclared(&self, id: u64, name: &str) -> Fault {
        self.fault(id, format!("undeclared reference to '{name}' (in container '')"))
    }

    fn mismatch(&self, id: u64, wanted: &Kind, found: &Kind) -> Fault {
        let (wanted, found) = (self.bindings.resolve(wanted, false), self.bindings.resolve(found, false));
        self.fault(id, format!("expected type '{wanted}' but found '{found}'"))
    }

    fn fresh(&mut self) -> Kind {
        self.variables += 1;
        Kind::Variable(self.variables - 1)
    }

    fn check(&mut self, expression: &IdedExpr) -> Checked {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.fault(expression.id, "expression recursion limit exceeded"));
        }
        let checked = self.check_inner(expression);
        self.depth -= 1;
        checked
    }

    fn check_inner(&mut self, expression: &IdedExpr) -> Checked {
        match &expression.expr {
            Expr::Literal(literal) => Ok(fold::constant(literal)),
            Expr::Ident(name) => self.ident(expression.id, name),
            Expr::Select(select) => {
                if let Some((node, kind)) = (!select.test).then(|| self.qualified(expression)).flatten() {
                    return Ok((node, kind));
                }
                let access = if select.test { Access::Test } else { Access::Plain };
                self.select(expression.id, &select.operand, &select.field, access)
            }
            Expr::Call(call) => self.call(expression.id, call),
            Expr::List(list) => {
                let (mut kind, mut first): (Option<Kind>, Option<Kind>) = (None, None);
                let mut items = Vec::with_capacity(list.elements.len());
                for (index, element) in list.elements.iter().enumerate() {
                    let optional = list.optional_indices.contains(&index);
                    let (node, found) = self.check(element)?;
                    let found = self.unwrapped(element.id, found, optional)?;
                    self.like_first(element.id, &mut first, &found);
                    kind = Some(self.joined(kind, found));
                    items.push((node, optional));
                }
                let kind = kind.unwrap_or_else(|| self.fresh());
                Ok((fold::list(items), Kind::list(kind)))
            }
            Expr::Map(map) => {
                let (mut keys, mut values): (Option<Kind>, Option<Kind>) = (None, None);
                let (mut first_key, mut first_value): (Option<Kind>, Option<Kind>) = (None, None);
                let mut entries = Vec::with_capacity(map.entries.len());
                for entry in &map.entries {
                    let EntryExpr::MapEntry(entry) = &entry.expr else {
                        return Err(self.fault(expression.id, "unsupported map entry"));
                    };
                    let (key, found) = self.check(&entry.key)?;
                    self.like_first(entry.key.id, &mut first_key, &found);
                    keys = Some(self.joined(keys, found));
                    let (value, found) = self.check(&entry.value)?;
                    let found = self.unwrapped(entry.value.id, found, entry.optional)?;
                    self.like_first(entry.value.id, &mut first_value, &found);
                    values = Some(self.joined(values, found));
                    entries.push((key, value, entry.optional));
                }
                let keys = keys.unwrap_or_else(|| self.fresh());
                let values = values.unwrap_or_else(|| self.fresh());
                Ok((fold::map(entries), Kind::map(keys, values)))
            }
            Expr::Struct(named) => Err(self.undeclared(expression.id, &named.type_name)),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            Expr::Unspecified => Err(self.fault(expression.id, "unexpected expression")),
        }
    }

    fn ident(&mut self, id: u64, name: &str) -> Checked {
        match self.scope.iter().rposition(|(known, _)| known == name) {
            Some(place) => {
                self.uses_old |= place == 1 && name == "oldSelf";
                Ok((Node::Local(place), self.scope[place].1.clone()))
            }
            None => type_name(name).ok_or_else(|| self.undeclared(id, name)),
        }
    }

    /// A type's name with dots in it.
    fn qualified(&self, expression: &IdedExpr) -> Option<(Node, Kind)> {
        let name = dotted(expression)?;
        let root = name.split('.').next().unwrap_or_default();
        if self.scope.iter().any(|(known, _)| known == root) {
            return None;
        }
        type_name(&name)
    }

    fn select(&mut self, id: u64, operand: &IdedExpr, field: &str, access: Access) -> Checked {
        let (node, kind) = self.check(operand)?;
        let kind = self.bindings.resolve(&kind, false);
        let (of, optional) = kind.unwrapped();
        let found = match of {
            Kind::Map(_, values) => (**values).clone(),
            Kind::Object(schema) => {
                let Shape::Object { fields, .. } = &schema.shape else { return Err(self.fault(id, "unexpected type")) };
                let name = names::unescape(field);
                let known = name.as_ref().and_then(|name| fields.get(name.as_ref()));
                // A field whose name needs escapes is known by the escaped name alone.
                let escaped = name.as_ref().and_then(|name| names::escape(name));
                let known = known.filter(|_| escaped.as_deref() == Some(field) || names::is_reserved(field));
                match known.and_then(Kind::of) {
                    Some(kind) => kind,
                    None => return Err(self.fault(id, format!("undefined field '{field}'"))),
                }
            }
            Kind::Variable(_) => {
                let of = of.clone();
                self.bindings.assign(&Kind::Dyn, &of);
                Kind::Dyn
            }
            Kind::Dyn => Kind::Dyn,
            other => {
                return Err(self.fault(id, format!("type '{other}' does not support field selection")));
            }
        };
        let kind = match access {
            Access::Test => Kind::Bool,
            Access::Optional => Kind::optional(found),
            Access::Plain if optional => Kind::optional(found),
            Access::Plain => found,
        };
        Ok((Node::Select(Box::new(node), Cow::Owned(field.to_owned()), access), self.bindings.resolve(&kind, false)))
    }

    /// The type in an optional element; what isn't optional can't be one.
    fn unwrapped(&self, id: u64, found: Kind, optional: bool) -> Result<Kind, Fault> {
        if !optional {
            return Ok(found);
        }
        let found = self.bindings.resolve(&found, false);
        match found.unwrapped() {
            (inner, true) => Ok(inner.clone()),
            (Kind::Dyn, false) => Ok(Kind::Dyn),
            (other, false) => Err(self.mismatch(id, &Kind::optional(other.clone()), other)),
        }
    }

    fn joined(&mut self, previous: Option<Kind>, current: Kind) -> Kind {
        match previous {
            None => current,
            Some(previous) => self.bindings.join(&previous, &current).unwrap_or(Kind::Dyn),
        }
    }

    fn like_first(&mut self, id: u64, first: &mut Option<Kind>, found: &Kind) {
        match first {
            None => *first = Some(found.clone()),
            Some(first) if self.mixed == 0 => self.alike.push((id, first.clone(), found.clone())),
            Some(_) => {}
        }
    }

    fn call(&mut self, id: u64, call: &CallExpr) -> Checked {
        if call.func_name == op::OPT_SELECT {
            return match &call.args[..] {
                [operand, IdedExpr { expr: Expr::Literal(LiteralValue::String(field)), .. }] => {
                    self.select(id, operand, field.inner(), Access::Optional)
                }
                _ => Err(self.fault(id, "unsupported optional field selection")),
            };
        }
        let mut args = Vec::with_capacity(call.args.len() + 1);
        let mut kinds = Vec::with_capacity(call.args.len() + 1);
        let mut ids = Vec::with_capacity(call.args.len() + 1);
        let mut name = call.func_name.as_str();
        let mut member = false;
        let full;
        let mixing = name == "format";
        self.mixed += usize::from(mixing);
        if let Some(target) = &call.target {
            full = dotted(target).map(|prefix| format!("{prefix}.{name}"));
            match full.as_deref().filter(|full| signatures::find(full).is_some()) {
                Some(full) => name = full,
                None => {
                    let (node, kind) = self.check(target)?;
                    args.push(node);
                    kinds.push(kind);
                    ids.push(target.id);
                    member = true;
                }
            }
        }
        for arg in &call.args {
            let (node, kind) = self.check(arg)?;
            args.push(node);
            kinds.push(kind);
            ids.push(arg.id);
        }
        self.mixed -= usize::from(mixing);
        let Some(overloads) = signatures::find(name) else {
            return Err(self.undeclared(id, name));
        };
        if matches!(name, op::LOGICAL_AND | op::LOGICAL_OR) {
            for (kind, id) in kinds.iter().zip(&ids) {
                if !self.bindings.assign(kind, &Kind::Bool) {
                    return Err(self.mismatch(*id, &Kind::Bool, kind));
                }
            }
            let node = if name == op::LOGICAL_AND { Node::And(args) } else { Node::Or(args) };
            return Ok((node, Kind::Bool));
        }
        let (found, kind) = self.resolve(id, (name, overloads), member, &kinds)?;
        let node = self.built(id, (name, &found), (args, &ids))?;
        Ok((node, kind))
    }

    /// The forms of a function that take these types, and what they give.
    fn resolve(
        &mut self,
        id: u64,
        (name, overloads): (&str, &'static [Overload]),
        member: bool,
        kinds: &[Kind],
    ) -> Result<(Vec<&'static str>, Kind), Fault> {
        let mut found = Vec::new();
        let mut result: Option<Kind> = None;
        for overload in overloads.iter().filter(|overload| overload.member == member) {
            if overload.takes.len() != kinds.len() {
                continue;
            }
            let base = self.variables;
            self.variables += overload.variables;
            let takes: Vec<Kind> =
                overload.takes.iter().map(|kind| kind.replaced(&mut |n| Kind::Variable(base + n))).collect();
            let pairs: Vec<(&Kind, &Kind)> = kinds.iter().zip(&takes).collect();
            if !self.bindings.assign_all(&pairs) {
                continue;
            }
            found.push(overload.id);
            let gives = overload.gives.replaced(&mut |n| Kind::Variable(base + n));
            let gives = self.bindings.resolve(&gives, false);
            result = Some(match result {
                None => gives,
                Some(first) if first == gives => first,
                Some(_) => Kind::Dyn,
            });
        }
        if let Some(kind) = result {
            return Ok((found, kind));
        }
        let mut kinds = kinds.iter().map(|kind| self.bindings.resolve(kind, true).to_string());
        let applied = if member {
            let target = kinds.next().unwrap_or_default();
            format!("{target}.({})", kinds.collect::<Vec<_>>().join(", "))
        } else {
            format!("({})", kinds.collect::<Vec<_>>().join(", "))
        };
        Err(self.fault(id, format!("found no matching overload for '{name}' applied to '{applied}'")))
    }

    /// The node of a call whose types are right.
    fn built(
        &mut self,
        id: u64,
        (name, overloads): (&str, &[&'static str]),
        (mut args, ids): (Vec<Node>, &[u64]),
    ) -> Result<Node, Fault> {
        let missing = || Fault::at(self.source, 0, format!("the function '{name}' isn't known"));
        let pair = |args: Vec<Node>| <[Node; 2]>::try_from(args).map(Box::new).map_err(|_| missing());
        Ok(match name {
            op::CONDITIONAL => Node::If(<[Node; 3]>::try_from(args).map(Box::new).map_err(|_| missing())?),
            op::INDEX => Node::Index(pair(args)?, Access::Plain),
            op::OPT_INDEX => Node::Index(pair(args)?, Access::Optional),
            op::EQUALS => Node::Equal(pair(args)?, true),
            op::NOT_EQUALS => Node::Equal(pair(args)?, false),
            op::NOT_STRICTLY_FALSE | "__not_strictly_false__" => {
                Node::NotFalse(Box::new(args.pop().ok_or_else(missing)?))
            }
            "or" => Node::Otherwise(pair(args)?, false),
            "orValue" => Node::Otherwise(pair(args)?, true),
            op::IN if overloads == ["in_list"] => match &args[..] {
                [_, Node::Constant(Value::List(list))] => {
                    let items = list.items().unwrap_or_default();
                    let primitive = |item: &Value| {
                        matches!(
                            item,
                            Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Double(_) | Value::Text(_)
                        )
                    };
                    if items.is_empty() {
                        Node::Constant(Value::Bool(false))
                    } else if items.iter().all(primitive) {
                        args.truncate(1);
                        Node::Among(Box::new(args.pop().ok_or_else(missing)?), items)
                    } else {
                        self.native(id, (name, overloads), (args, ids))?
                    }
                }
                _ => self.native(id, (name, overloads), (args, ids))?,
            },
            _ => self.native(id, (name, overloads), (args, ids))?,
        })
    }

    fn native(
        &mut self,
        id: u64,
        (name, overloads): (&str, &[&'static str]),
        (args, ids): (Vec<Node>, &[u64]),
    ) -> Result<Node, Fault> {
        let last = ids.last().copied().unwrap_or(id);
        let Some(function) = functions::find(name, overloads) else {
            return Err(self.undeclared(id, name));
        };
        // What grows with each round of a loop grows in place.
        match (&args[..], name) {
            ([Node::Local(place), Node::List(items)], op::ADD) if self.is_result(*place) && items.len() == 1 => {
                if let [(_, false)] = items[..] {
                    let (place, item) = (*place, args.into_iter().nth(1));
                    let Some(Node::List(mut items)) = item else { return Err(self.undeclared(id, name)) };
                    let Some((item, _)) = items.pop() else { return Err(self.undeclared(id, name)) };
                    return Ok(Node::Grown(place, Box::new(item)));
                }
            }
            ([Node::Local(place), ..], "cel.@mapInsert") if self.is_result(*place) => {
                let place = *place;
                return Ok(Node::Inserted(place, args.into_iter().skip(1).collect()));
            }
            _ => {}
        }
        if let [Node::Constant(value)] = &args[..] {
            self.literal(last, name, value)?;
            if is_conversion(name) {
                return match function(std::slice::from_ref(value)) {
                    Ok(value) => Ok(Node::Constant(value)),
                    // Numbers that are no time are found as texts are.
                    Err(Trouble::Error(_)) if name == "timestamp" => {
                        Err(self.fault(last, "invalid timestamp argument"))
                    }
                    Err(Trouble::Error(message)) => {
                        Err(Fault::plain(Part::Rule, format!("program instantiation failed: {message}")))
                    }
                    Err(Trouble::Exceeded) => Err(self.fault(id, "the value is too large")),
                };
            }
        }
        if let (
            [Node::Constant(Value::Text(pattern)), list @ (Node::Constant(Value::List(_)) | Node::List(_))],
            "format",
        ) = (&args[..], name)
        {
            self.clauses(last, pattern, list)?;
        }
        let pattern = match (&args[..], name) {
            ([_, Node::Constant(Value::Text(pattern)), ..], "matches" | "find" | "findAll") => {
                let compiled = functions::pattern::Compiled::new(name, pattern);
                Some(compiled.map_err(|message| match name {
                    "matches" => self.fault(ids.get(1).copied().unwrap_or(id), "invalid matches argument"),
                    _ => Fault::plain(Part::Rule, format!("program instantiation failed: {message}")),
                })?)
            }
            _ => None,
        };
        Ok(Node::Call(Box::new(Call { function, args, cost: Cost::of(name, overloads), pattern })))
    }

    /// A text that is spelt out and its arguments, as far as they are known.
    fn clauses(&self, id: u64, pattern: &str, list: &Node) -> Result<(), Fault> {
        let (items, count) = match list {
            Node::Constant(Value::List(list)) => (list.items().unwrap_or_default(), list.len()),
            Node::List(items) if items.iter().all(|(_, optional)| !optional) => (Vec::new(), items.len()),
            _ => return Ok(()),
        };
        let wanted = functions::print::clauses(pattern, count).map_err(|trouble| self.worded(id, trouble))?;
        if count > wanted {
            let message = format!("too many arguments supplied to string.format (expected {wanted}, got {count})");
            return Err(self.fault(id, message));
        }
        if items.len() == count {
            functions::print::format(pattern, &items).map_err(|trouble| self.worded(id, trouble))?;
        }
        Ok(())
    }

    fn worded(&self, id: u64, trouble: Trouble) -> Fault {
        match trouble {
            Trouble::Error(message) => self.fault(id, message),
            Trouble::Exceeded => self.fault(id, "the text is too long"),
        }
    }

    /// Literals that no evaluation could read.
    fn literal(&self, id: u64, name: &str, value: &Value) -> Result<(), Fault> {
        let Value::Text(text) = value else { return Ok(()) };
        let readable = match name {
            "duration" => functions::time::duration(text).is_ok(),
            "timestamp" => functions::time::timestamp(text).is_ok(),
            _ => true,
        };
        if readable { Ok(()) } else { Err(self.fault(id, format!("invalid {name} argument"))) }
    }

    fn is_result(&self, place: usize) -> bool {
        self.scope.get(place).is_some_and(|(name, _)| name == "@result")
    }

    fn comprehension(&mut self, comprehension: &ComprehensionExpr) -> Checked {
        let (range, range_kind) = self.check(&comprehension.iter_range)?;
        let (start, start_kind) = self.check(&comprehension.accu_init)?;
        let range_kind = self.bindings.resolve(&range_kind, false);
        let two = comprehension.iter_var2.as_ref();
        let (first, second) = match &range_kind {
            Kind::List(items) if two.is_some() => (Kind::Int, Some((**items).clone())),
            Kind::List(items) => ((**items).clone(), None),
            Kind::Map(keys, values) => ((**keys).clone(), Some((**values).clone())),
            Kind::Dyn | Kind::Variable(_) => {
                self.bindings.assign(&Kind::Dyn, &range_kind);
                (Kind::Dyn, Some(Kind::Dyn))
            }
            other => {
                let message = format!(
                    "expression of type '{other}' cannot be range of a comprehension (must be list, map, or dynamic)"
                );
                return Err(self.fault(comprehension.iter_range.id, message));
            }
        };
        let place = self.scope.len();
        self.scope.push((comprehension.accu_var.clone(), start_kind.clone()));
        self.scope.push((comprehension.iter_var.clone(), first));
        if let Some(name) = two {
            self.scope.push((name.clone(), second.unwrap_or(Kind::Dyn)));
        }
        self.places = self.places.max(self.scope.len());
        let (goes_on, kind) = self.check(&comprehension.loop_cond)?;
        if !self.bindings.assign(&Kind::Bool, &kind) {
            return Err(self.mismatch(comprehension.loop_cond.id, &Kind::Bool, &kind));
        }
        let (step, kind) = self.check(&comprehension.loop_step)?;
        if !self.bindings.assign(&start_kind, &kind) {
            return Err(self.mismatch(comprehension.loop_step.id, &start_kind, &kind));
        }
        self.scope.truncate(place + 1);
        let (result, kind) = self.check(&comprehension.result)?;
        self.scope.truncate(place);
        let kind = self.bindings.resolve(&kind, false);
        Ok((Node::Loop(Box::new(Loop { range, place, two: two.is_some(), start, goes_on, step, result })), kind))
    }
}

/// The functions that the API server evaluates beforehand where their argument is written out.
fn is_conversion(name: &str) -> bool {
    const NAMES: [&str; 10] =
        ["bool", "bytes", "double", "dyn", "duration", "int", "string", "timestamp", "type", "uint"];
    NAMES.contains(&name)
}

fn type_name(name: &str) -> Option<(Node, Kind)> {
    let kind = signatures::type_named(name)?;
    Some((Node::Constant(Value::Type(Cow::Owned(name.to_owned()))), Kind::Type(Arc::new(kind))))
}

/// `a.b.c`, if that is what an expression is.
fn dotted(expression: &IdedExpr) -> Option<String> {
    match &expression.expr {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(select) if !select.test => Some(format!("{}.{}", dotted(&select.operand)?, select.field)),
        _ => None,
    }
}
