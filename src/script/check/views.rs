//! What functions of policies look at: goes through a closure with what its parameters stand for, and tells which fields of
//! which kinds it names. Where it isn't certain what a value is, nothing is told.

use std::collections::{HashMap, HashSet};

use rhai::{ASTFlags, Expr, FnCallExpr, FnPtr, Position, ScriptFuncDef, Shared, Stmt};

use crate::formats::yaml::{Step, parse_path};
use crate::primitives::captured::statements_of;
use crate::primitives::manifest::pod::template_of_kind;

/// Lists of containers in a pod.
const CONTAINERS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

/// Kinds of Kubernetes that have a pod template.
const CONTROLLERS: [&str; 8] =
    ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob", "PodTemplate"];

/// Getters of objects that are no fields of theirs.
const GETTERS: [&str; 6] = ["kind", "name", "namespace", "api_version", "labels", "annotations"];

/// A place in objects of some kinds; of several paths it is one.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Names of kinds.
    pub kinds: Vec<String>,
    /// Where, from the object's root.
    pub paths: Vec<Vec<Step>>,
    /// Whether the object may be of another kind than these.
    pub open: bool,
}

impl Place {
    /// Whole objects of these kinds.
    pub fn of_kinds(kinds: &[&str]) -> Place {
        Place { kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(), paths: vec![Vec::new()], open: false }
    }

    /// The object that a person wrote, of which this is one or a pod template.
    fn whole(&self) -> Place {
        let mut kinds = self.kinds.clone();
        let open = self.open || kinds.iter().any(|kind| kind == "Pod");
        if open {
            kinds.extend(
                CONTROLLERS
                    .iter()
                    .filter(|kind| !self.kinds.iter().any(|own| own == **kind))
                    .map(|kind| (*kind).to_owned()),
            );
        }
        Place { kinds, paths: vec![Vec::new()], open }
    }

    fn below(&self, steps: &[Step]) -> Place {
        let paths = self.paths.iter().map(|path| path.iter().chain(steps).cloned().collect()).collect();
        Place { kinds: self.kinds.clone(), paths, open: self.open }
    }

    /// The containers of whole objects: of pods and of pod templates, and of what has them in its own spec.
    fn containers(&self) -> Option<Place> {
        if self.paths != [Vec::new()] {
            return None;
        }
        let mut templates: Vec<&[&str]> = Vec::new();
        for kind in &self.kinds {
            let template = template_of_kind(kind).unwrap_or_default();
            if !templates.contains(&template) {
                templates.push(template);
            }
        }
        let path = |template: &[&str], list: &str| {
            let keys = template.iter().copied().chain(["spec", list]);
            keys.map(Step::from).chain([Step::from(0)]).collect()
        };
        let paths = templates.iter().flat_map(|template| CONTAINERS.map(|list| path(template, list))).collect();
        Some(Place { kinds: self.kinds.clone(), paths, open: self.open })
    }

    /// What containers' security contexts say, and beneath them those of their pods; none if these are no containers.
    fn security(&self) -> Option<Place> {
        let mut paths = self.below(&[Step::from("securityContext")]).paths;
        for path in &self.paths {
            let [spec @ .., Step::Key(list), Step::Index(_)] = path.as_slice() else { return None };
            let context = spec.iter().cloned().chain([Step::from("securityContext")]).collect();
            if !CONTAINERS.contains(&list.as_str()) {
                return None;
            }
            if !paths.contains(&context) {
                paths.push(context);
            }
        }
        Some(Place { kinds: self.kinds.clone(), paths, open: self.open })
    }
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub enum Thing {
    /// A view of a place.
    View(Place),
    /// A list of such views.
    Views(Place),
    /// All objects of a run.
    All,
    /// The parameters of the pack.
    Params,
    /// It can't be told.
    Other,
}

/// A field that is named.
#[derive(Debug, Clone)]
pub struct Named {
    /// Where in the script.
    pub position: Position,
    /// What it is in objects.
    pub place: Place,
    /// How many steps from the value that it is a field of.
    steps: usize,
}

type Scope = HashMap<String, Thing>;

/// What a method of the script is called on.
const THIS: &str = "this";

/// How deep functions may call each other.
const MOST_INSIDE: usize = 16;

/// Goes through closures.
pub struct Views<'a> {
    /// The function of a name.
    pub find: &'a dyn Fn(&str) -> Option<Shared<ScriptFuncDef>>,
    /// Whether a place is one of objects; what is below one that isn't isn't told.
    pub is_known: &'a dyn Fn(&Place) -> bool,
    /// Those that aren't.
    unknown: Vec<Named>,
    /// Where a field is named that there is, and how many steps of that: what a function is handed in one call may have it,
    /// and in another may not.
    known: HashSet<(Position, usize)>,
    /// Kinds that are asked for by name.
    pub kinds: Vec<(String, Position)>,
    /// Parameters of the pack that are read.
    pub params: Vec<(String, Position)>,
    assigned: HashSet<String>,
    /// Functions of the script that calls are in, and with what, to any depth.
    inside: Vec<(String, Vec<Thing>)>,
    /// How many calls of functions may still be gone into.
    left: usize,
}

/// How many calls of functions are gone into.
const MOST_CALLS: usize = 2_000;

impl<'a> Views<'a> {
    /// With what it needs to know.
    pub fn new(
        find: &'a dyn Fn(&str) -> Option<Shared<ScriptFuncDef>>,
        is_known: &'a dyn Fn(&Place) -> bool,
    ) -> Views<'a> {
        Views {
            find,
            is_known,
            unknown: Vec::new(),
            known: HashSet::new(),
            kinds: Vec::new(),
            params: Vec::new(),
            assigned: HashSet::new(),
            inside: Vec::new(),
            left: MOST_CALLS,
        }
    }

    /// The fields that there aren't, each once: of none of the objects that its place in the script is reached with.
    pub fn unknown(&self) -> Vec<Named> {
        let mut met = HashSet::new();
        let found = self.unknown.iter().filter(|named| !self.known.contains(&(named.position, named.steps)));
        found.filter(|named| met.insert(named.position)).cloned().collect()
    }

    /// Goes through a closure whose own parameters are such a thing and the parameters of the pack.
    pub fn closure(&mut self, definition: &Shared<ScriptFuncDef>, captures: usize, first: Thing) {
        let own = definition.params.iter().skip(captures).map(ToString::to_string);
        self.body(definition, own.zip([first, Thing::Params]).collect());
    }

    fn body(&mut self, definition: &Shared<ScriptFuncDef>, mut scope: Scope) -> Thing {
        let statements = statements_of(definition);
        let before = self.assigned.clone();
        assigned(&statements, &mut self.assigned);
        scope.retain(|name, _| !self.assigned.contains(name));
        let value = self.statements(&statements, &mut scope);
        self.assigned = before;
        value
    }

    /// Goes through a function of the script with what it is handed.
    fn function_of_script(&mut self, name: &str, this: Option<&Thing>, given: Vec<Thing>) -> Thing {
        if given.iter().chain(this).all(|thing| *thing == Thing::Other) {
            return Thing::Other;
        }
        let Some(definition) = (self.find)(name).filter(|found| found.params.len() == given.len()) else {
            return Thing::Other;
        };
        let call = (name.to_owned(), this.cloned().into_iter().chain(given.iter().cloned()).collect());
        // What calls itself with the same is gone through already.
        if self.left == 0 || self.inside.contains(&call) || self.inside.len() >= MOST_INSIDE {
            return Thing::Other;
        }
        self.left -= 1;
        let mut scope: Scope = definition.params.iter().map(ToString::to_string).zip(given).collect();
        scope.extend(this.map(|this| (THIS.to_owned(), this.clone())));
        self.inside.push(call);
        // A function sees nothing of the one that calls it.
        let outer = std::mem::take(&mut self.assigned);
        let value = self.body(&definition, scope);
        self.assigned = outer;
        self.inside.pop();
        if returns(&definition) { Thing::Other } else { value }
    }

    fn statements(&mut self, statements: &[Stmt], scope: &mut Scope) -> Thing {
        let mut last = Thing::Other;
        for statement in statements.iter().filter(|statement| !matches!(statement, Stmt::Noop(_))) {
            last = self.statement(statement, scope);
        }
        last
    }

    fn block(&mut self, statements: &[Stmt], scope: &Scope) -> Thing {
        self.statements(statements, &mut scope.clone())
    }

    fn statement(&mut self, statement: &Stmt, scope: &mut Scope) -> Thing {
        match statement {
            Stmt::Var(parts, ..) => {
                let (ident, value, _) = &**parts;
                let value = self.value(value, scope);
                let sure = !self.assigned.contains(ident.name.as_str());
                scope.insert(ident.name.to_string(), if sure { value } else { Thing::Other });
                Thing::Other
            }
            Stmt::Assignment(parts) => {
                self.value(&parts.1.rhs, scope);
                Thing::Other
            }
            Stmt::If(flow, _) => {
                self.value(&flow.expr, scope);
                let body = self.block(flow.body.statements(), scope);
                let branch = self.block(flow.branch.statements(), scope);
                if body == branch { body } else { Thing::Other }
            }
            Stmt::While(flow, _) | Stmt::Do(flow, ..) => {
                self.value(&flow.expr, scope);
                self.block(flow.body.statements(), scope);
                Thing::Other
            }
            Stmt::For(parts, _) => {
                let (variable, counter, flow) = &**parts;
                let element = elements(&self.value(&flow.expr, scope));
                let mut inner = scope.clone();
                inner.insert(variable.name.to_string(), element);
                if let Some(counter) = counter {
                    inner.insert(counter.name.to_string(), Thing::Other);
                }
                self.statements(flow.body.statements(), &mut inner);
                Thing::Other
            }
            Stmt::Switch(parts, _) => {
                let (by, cases) = &**parts;
                self.value(by, scope);
                for arm in &cases.expressions {
                    self.value(&arm.lhs, scope);
                    self.value(&arm.rhs, scope);
                }
                Thing::Other
            }
            Stmt::TryCatch(flow, _) => {
                self.block(flow.body.statements(), scope);
                self.block(flow.branch.statements(), scope);
                Thing::Other
            }
            Stmt::Block(block) => self.block(block.statements(), scope),
            Stmt::Expr(expression) => self.value(expression, scope),
            Stmt::FnCall(call, _) => self.call(call, scope),
            Stmt::Return(Some(expression), ..) | Stmt::BreakLoop(Some(expression), ..) => {
                self.value(expression, scope);
                Thing::Other
            }
            _ => Thing::Other,
        }
    }

    fn value(&mut self, expression: &Expr, scope: &Scope) -> Thing {
        match expression {
            Expr::Variable(variable, ..) if variable.2.is_empty() => {
                scope.get(variable.1.as_str()).cloned().unwrap_or(Thing::Other)
            }
            Expr::ThisPtr(..) => scope.get(THIS).cloned().unwrap_or(Thing::Other),
            Expr::Stmt(block) => self.block(block.statements(), scope),
            Expr::FnCall(call, _) => self.call(call, scope),
            Expr::Dot(parts, ..) => {
                let on = self.value(&parts.lhs, scope);
                self.chain(on, &parts.rhs, scope)
            }
            Expr::Index(parts, flags, _) => {
                let on = self.value(&parts.lhs, scope);
                self.index(on, &parts.rhs, *flags, scope)
            }
            Expr::Coalesce(parts, _) => {
                let mut all = parts.iter().map(|part| (self.value(part, scope), part)).collect::<Vec<_>>().into_iter();
                let Some((first, _)) = all.next() else { return Thing::Other };
                // What holds instead is nothing, or something of no fields.
                let empty = |part: &Expr| match part {
                    Expr::Unit(_) => true,
                    Expr::Array(parts, _) => parts.is_empty(),
                    Expr::Map(parts, _) => parts.0.is_empty(),
                    _ => false,
                };
                if all.all(|(_, part)| empty(part)) { first } else { Thing::Other }
            }
            Expr::And(parts, _) | Expr::Or(parts, _) => self.each(parts.iter(), scope),
            Expr::Array(parts, _) | Expr::InterpolatedString(parts, _) => self.each(parts.iter(), scope),
            Expr::Map(parts, _) => self.each(parts.0.iter().map(|(_, value)| value), scope),
            Expr::DynamicConstant(..) => {
                self.function(expression, &Thing::Other, scope);
                Thing::Other
            }
            _ => Thing::Other,
        }
    }

    fn each<'e>(&mut self, parts: impl Iterator<Item = &'e Expr>, scope: &Scope) -> Thing {
        for part in parts {
            self.value(part, scope);
        }
        Thing::Other
    }

    fn call(&mut self, call: &FnCallExpr, scope: &Scope) -> Thing {
        // A closure with what it captures.
        if let [Expr::DynamicConstant(..), rest @ ..] = &*call.args
            && call.name == "curry"
        {
            self.captured(&call.args[0], rest, &Thing::Other, scope);
            return Thing::Other;
        }
        let given: Vec<Thing> = call.args.iter().map(|part| self.value(part, scope)).collect();
        match call.is_qualified() {
            true => Thing::Other,
            false => self.function_of_script(&call.name, None, given),
        }
    }

    fn chain(&mut self, on: Thing, rest: &Expr, scope: &Scope) -> Thing {
        match rest {
            Expr::Dot(parts, ..) => {
                let on = self.link(on, &parts.lhs, scope);
                self.chain(on, &parts.rhs, scope)
            }
            Expr::Index(parts, flags, _) => {
                let on = self.link(on, &parts.lhs, scope);
                self.index(on, &parts.rhs, *flags, scope)
            }
            last => self.link(on, last, scope),
        }
    }

    fn index(&mut self, on: Thing, rest: &Expr, flags: ASTFlags, scope: &Scope) -> Thing {
        match rest {
            Expr::Dot(parts, ..) if !flags.contains(ASTFlags::BREAK) => {
                let element = self.element(&on, &parts.lhs, scope);
                self.chain(element, &parts.rhs, scope)
            }
            Expr::Index(parts, inner, _) if !flags.contains(ASTFlags::BREAK) => {
                let element = self.element(&on, &parts.lhs, scope);
                self.index(element, &parts.rhs, *inner, scope)
            }
            index => self.element(&on, index, scope),
        }
    }

    fn element(&mut self, on: &Thing, index: &Expr, scope: &Scope) -> Thing {
        self.value(index, scope);
        match (on, index) {
            (Thing::View(place), Expr::StringConstant(key, at)) => self.named(place, &[Step::from(key.as_str())], *at),
            (Thing::View(_) | Thing::Views(_), Expr::IntegerConstant(..)) => elements(on),
            (Thing::Params, Expr::StringConstant(name, at)) => {
                self.params.push((name.to_string(), *at));
                Thing::Other
            }
            _ => Thing::Other,
        }
    }

    /// A field below a place, if there is one.
    fn named(&mut self, place: &Place, steps: &[Step], position: Position) -> Thing {
        let place = place.below(steps);
        if (self.is_known)(&place) {
            self.known.insert((position, steps.len()));
            return Thing::View(place);
        }
        self.unknown.push(Named { position, place, steps: steps.len() });
        Thing::Other
    }

    fn link(&mut self, on: Thing, link: &Expr, scope: &Scope) -> Thing {
        match (link, &on) {
            (Expr::Property(property, at), Thing::View(place)) if !GETTERS.contains(&property.2.as_str()) => {
                self.named(place, &[Step::from(property.2.as_str())], *at)
            }
            (Expr::Property(property, at), Thing::Params) => {
                self.params.push((property.2.to_string(), *at));
                Thing::Other
            }
            (Expr::MethodCall(call, _), _) => self.method(&on, call, scope),
            _ => Thing::Other,
        }
    }

    fn method(&mut self, on: &Thing, call: &FnCallExpr, scope: &Scope) -> Thing {
        let element = elements(on);
        let name = call.name.as_str();
        let goes_through = matches!(name, "filter" | "find" | "map" | "some" | "all");
        for argument in &call.args {
            let given = if goes_through { &element } else { &Thing::Other };
            if !self.function(argument, given, scope) {
                self.value(argument, scope);
            }
        }
        if (self.find)(name).is_some() {
            let given: Vec<Thing> = call.args.iter().map(|part| self.value(part, scope)).collect();
            return self.function_of_script(name, Some(on), given);
        }
        let text = |at: usize| match call.args.get(at) {
            Some(Expr::StringConstant(text, position)) => Some((text.to_string(), *position)),
            _ => None,
        };
        match (on, name) {
            (Thing::View(place), "at" | "get" | "has" | "set" | "remove") => {
                let Some((path, position)) = text(0) else { return Thing::Other };
                let Ok(steps) = parse_path(&path) else { return Thing::Other };
                // Several fields may be missing at once: the first one that is none is told.
                let found = (1..=steps.len()).try_fold(Thing::Other, |_, length| {
                    match self.named(place, &steps[..length], position) {
                        Thing::Other => Err(()),
                        view => Ok(view),
                    }
                });
                match name {
                    "at" => found.unwrap_or(Thing::Other),
                    "set" | "remove" => on.clone(),
                    _ => Thing::Other,
                }
            }
            (Thing::View(place), "whole") => Thing::View(place.whole()),
            (Thing::View(place), "containers") => place.containers().map_or(Thing::Other, Thing::Views),
            (Thing::View(place), "security" | "security_at") => {
                if let Some((path, position)) = text(0)
                    && let Ok(steps) = parse_path(&path)
                    && let Some(context) = place.security()
                {
                    self.named(&context, &steps, position);
                }
                Thing::Other
            }
            (Thing::View(_) | Thing::Views(_), "find") => element,
            (Thing::View(_), "filter" | "values") | (Thing::Views(_), "filter") => match element {
                Thing::View(place) => Thing::Views(place),
                _ => Thing::Other,
            },
            (Thing::All, "of") => match text(call.args.len().saturating_sub(1)) {
                Some((kind, at)) => Thing::Views(self.kind(kind, at)),
                None => Thing::Other,
            },
            (Thing::All, "pods") => Thing::Views(Place::of_kinds(&["Pod"])),
            (Thing::All, "find") => match text(0) {
                Some((kind, at)) => Thing::View(self.kind(kind, at)),
                None => Thing::Other,
            },
            (Thing::Params, "get" | "contains") => {
                self.params.extend(text(0));
                Thing::Other
            }
            _ => Thing::Other,
        }
    }

    fn kind(&mut self, kind: String, position: Position) -> Place {
        let place = Place::of_kinds(&[&kind]);
        self.kinds.push((kind, position));
        place
    }

    /// Goes through a closure that is given such a thing; whether the expression is one.
    fn function(&mut self, expression: &Expr, given: &Thing, scope: &Scope) -> bool {
        match expression {
            Expr::Stmt(block) => match block.statements() {
                [Stmt::Share(_), Stmt::Expr(inner)] => match &**inner {
                    Expr::FnCall(call, _) => match &*call.args {
                        [function, captured @ ..] => self.captured(function, captured, given, scope),
                        [] => false,
                    },
                    _ => false,
                },
                _ => false,
            },
            Expr::DynamicConstant(..) => self.captured(expression, &[], given, scope),
            _ => false,
        }
    }

    fn captured(&mut self, function: &Expr, captured: &[Expr], given: &Thing, scope: &Scope) -> bool {
        let Expr::DynamicConstant(value, _) = function else { return false };
        let Some(name) = value.read_lock::<FnPtr>().map(|function| function.fn_name().to_string()) else {
            return false;
        };
        let Some(definition) = (self.find)(&name) else { return false };
        let mut inner = Scope::new();
        let outer = definition.params.iter().take(captured.len());
        inner.extend(outer.filter_map(|name| Some((name.to_string(), scope.get(name.as_str())?.clone()))));
        for (number, own) in definition.params.iter().skip(captured.len()).enumerate() {
            inner.insert(own.to_string(), if number == 0 { given.clone() } else { Thing::Other });
        }
        self.body(&definition, inner);
        true
    }
}

/// What the elements of a thing are.
fn elements(of: &Thing) -> Thing {
    match of {
        Thing::View(place) => Thing::View(place.below(&[Step::from(0)])),
        Thing::Views(place) => Thing::View(place.clone()),
        _ => Thing::Other,
    }
}

/// Whether a function says `return`, so that its last value needn't be what it gives back.
fn returns(definition: &Shared<ScriptFuncDef>) -> bool {
    let mut found = false;
    for statement in &statements_of(definition) {
        statement.walk(&mut Vec::new(), &mut |path| {
            found |= matches!(path.last(), Some(rhai::ASTNode::Stmt(Stmt::Return(..))));
            true
        });
    }
    found
}

/// The names of variables that statements give another value.
fn assigned(statements: &[Stmt], found: &mut HashSet<String>) {
    for statement in statements {
        statement.walk(&mut Vec::new(), &mut |path| {
            if let Some(rhai::ASTNode::Stmt(Stmt::Assignment(parts))) = path.last()
                && let Expr::Variable(variable, ..) = &parts.1.lhs
            {
                found.insert(variable.1.to_string());
            }
            true
        });
    }
}
