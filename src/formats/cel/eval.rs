//! Evaluating a checked expression: what it gives, what it costs, and an end to both.
//! As github.com/google/cel-go v0.26, interpreter/interpretable.go and attributes.go.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::compare;
use super::cost::{self, Cost};
use super::functions::pattern;
use super::tree::{Access, Call, Loop, Node};
use super::value::{Key, List, Made, Map, Outcome, Text, Trouble, Value, error, no_overload};

/// As many elements may one list or map have that a rule makes.
pub(super) const MOST_ELEMENTS: usize = 1_000_000;
/// As many bytes may one text have that a rule makes.
pub(super) const LONGEST_TEXT: usize = 16 << 20;

/// One evaluation.
pub(super) struct Evaluation<'a> {
    /// The variables. A loop whose rounds failed so far holds its error.
    places: Vec<Outcome<'a>>,
    cost: u64,
    limit: u64,
}

impl<'a> Evaluation<'a> {
    /// An evaluation with so many places, of which the first hold these, and a limit of what it may cost.
    pub(super) fn new(places: usize, variables: Vec<Value<'a>>, limit: u64) -> Self {
        let mut all: Vec<Outcome> = variables.into_iter().map(Ok).collect();
        all.resize(places.max(all.len()), Ok(Value::Null));
        Evaluation { places: all, cost: 0, limit }
    }

    /// What was spent so far.
    pub(super) fn cost(&self) -> u64 {
        self.cost
    }

    fn spend(&mut self, cost: u64) -> Result<(), Trouble> {
        self.cost = self.cost.saturating_add(cost);
        if self.cost > self.limit { Err(Trouble::Exceeded) } else { Ok(()) }
    }

    /// The value of a node.
    pub(super) fn value(&mut self, node: &'a Node) -> Outcome<'a> {
        match node {
            Node::Constant(value) => Ok(value.clone()),
            Node::Local(_) | Node::Select(..) | Node::Index(..) => {
                let value = self.attribute(node);
                self.spend(cost::SELECT)?;
                value
            }
            Node::And(terms) => self.logic(terms, false),
            Node::Or(terms) => self.logic(terms, true),
            Node::If(parts) => {
                let [condition, yes, no] = &**parts;
                // What is got at in a branch isn't counted as a whole, only by its fields.
                match self.value(condition)? {
                    Value::Bool(true) => self.attribute(yes),
                    Value::Bool(false) => self.attribute(no),
                    _ => Err(no_overload()),
                }
            }
            Node::List(items) => self.list(items),
            Node::Map(entries) => self.map(entries),
            Node::Equal(pair, wanted) => {
                let (a, b) = (self.argument(&pair[0])?, self.argument(&pair[1])?);
                match (a, b) {
                    (Ok(a), Ok(b)) => {
                        let outcome = compare::equal(&a, &b);
                        self.spend(Cost::equality(&a, &b))?;
                        Ok(Value::Bool(outcome? == *wanted))
                    }
                    (Err(trouble), _) | (_, Err(trouble)) => {
                        self.spend(1)?;
                        Err(trouble)
                    }
                }
            }
            Node::Among(value, items) => {
                let value = self.value(value)?;
                Ok(Value::Bool(items.iter().any(|item| compare::equal(item, &value) == Ok(true))))
            }
            Node::NotFalse(value) => {
                let value = match self.value(value) {
                    Ok(Value::Bool(false)) => false,
                    Ok(_) | Err(Trouble::Error(_)) => true,
                    Err(Trouble::Exceeded) => return Err(Trouble::Exceeded),
                };
                self.spend(1)?;
                Ok(Value::Bool(value))
            }
            Node::Otherwise(pair, unwrap) => match self.value(&pair[0])? {
                Value::Optional(None) => self.value(&pair[1]),
                Value::Optional(Some(value)) if *unwrap => Ok((*value).clone()),
                // What is no optional value stays as it is; the checker lets that through for dyn alone.
                other => Ok(other),
            },
            Node::Grown(place, item) => self.grown(*place, item),
            Node::Inserted(place, items) => self.inserted(*place, items),
            Node::Loop(comprehension) => self.comprehension(comprehension),
            Node::Call(call) => self.call(call),
        }
    }

    /// An argument. An error in it is kept, so that the others are still evaluated and counted.
    fn argument(&mut self, node: &'a Node) -> Result<Outcome<'a>, Trouble> {
        match self.value(node) {
            Err(Trouble::Exceeded) => Err(Trouble::Exceeded),
            other => Ok(other),
        }
    }

    /// A variable or what is got at from it, each field counted, but not yet the whole.
    fn attribute(&mut self, node: &'a Node) -> Outcome<'a> {
        match node {
            Node::Local(place) => self.places.get(*place).cloned().unwrap_or(Ok(Value::Null)),
            Node::Select(operand, field, access) => {
                let operand = self.attribute(operand)?;
                self.select(operand, field, *access)
            }
            Node::Index(pair, access) => {
                let operand = self.attribute(&pair[0])?;
                let key = self.attribute(&pair[1])?;
                self.index(operand, &key, *access)
            }
            other => self.value(other),
        }
    }

    fn select(&mut self, operand: Value<'a>, field: &str, access: Access) -> Outcome<'a> {
        let (operand, access) = match operand {
            Value::Optional(None) if access == Access::Test => return Ok(Value::Bool(false)),
            Value::Optional(None) => return Ok(Value::Optional(None)),
            Value::Optional(Some(inner)) => {
                ((*inner).clone(), if access == Access::Test { access } else { Access::Optional })
            }
            other => (other, access),
        };
        let found = match &operand {
            Value::Map(map) => map.field(field),
            _ if access == Access::Plain => None,
            _ => return Err(no_overload()),
        };
        match access {
            // What is asked about is counted, the question isn't.
            Access::Test => Ok(Value::Bool(found.transpose()?.is_some())),
            Access::Optional => match found {
                None => Ok(Value::Optional(None)),
                Some(value) => {
                    self.spend(cost::SELECT)?;
                    Ok(Value::some(value?))
                }
            },
            Access::Plain => {
                self.spend(cost::SELECT)?;
                found.unwrap_or_else(|| Err(error(format!("no such key: {field}"))))
            }
        }
    }

    fn index(&mut self, operand: Value<'a>, key: &Value<'a>, access: Access) -> Outcome<'a> {
        let (operand, access) = match operand {
            Value::Optional(None) => return Ok(Value::Optional(None)),
            Value::Optional(Some(inner)) => ((*inner).clone(), Access::Optional),
            other => (other, access),
        };
        if access == Access::Plain {
            self.spend(cost::SELECT)?;
        }
        let found = match &operand {
            Value::List(list) => {
                let index = match key {
                    Value::Int(index) => *index,
                    Value::Uint(index) if !list.is_typed() => i64::try_from(*index).unwrap_or(i64::MAX),
                    Value::Double(index) if !list.is_typed() && index.fract() == 0.0 => *index as i64,
                    other => return Err(error(format!("unsupported index: {}", shown(other)))),
                };
                let item = usize::try_from(index).ok().and_then(|index| list.get(index));
                if item.is_none() && access == Access::Plain {
                    return Err(error(format!("index out of bounds: {index}")));
                }
                item
            }
            Value::Map(map) => map.find(key),
            _ => return Err(no_overload()),
        };
        match (found, access) {
            (Some(value), Access::Optional) => {
                self.spend(cost::SELECT)?;
                Ok(Value::some(value?))
            }
            (Some(value), _) => value,
            (None, Access::Optional) => Ok(Value::Optional(None)),
            (None, _) => Err(error(format!("no such key: {}", shown(key)))),
        }
    }

    /// `&&` and `||`: a term that decides does so whatever errors there were.
    fn logic(&mut self, terms: &'a [Node], deciding: bool) -> Outcome<'a> {
        let mut trouble = None;
        for term in terms {
            match self.value(term) {
                Ok(Value::Bool(value)) if value == deciding => return Ok(Value::Bool(deciding)),
                Ok(Value::Bool(_)) => {}
                Ok(_) => trouble = trouble.or_else(|| Some(no_overload())),
                Err(Trouble::Exceeded) => return Err(Trouble::Exceeded),
                Err(found) => trouble = trouble.or(Some(found)),
            }
        }
        trouble.map_or(Ok(Value::Bool(!deciding)), Err)
    }

    fn list(&mut self, items: &'a [(Node, bool)]) -> Outcome<'a> {
        let mut values = Vec::with_capacity(items.len());
        // A literal that isn't completed is paid for, too.
        self.spend(cost::LIST)?;
        for (node, optional) in items {
            match (self.value(node)?, optional) {
                (Value::Optional(inner), true) => values.extend(inner.map(|inner| (*inner).clone())),
                (_, true) => return Err(no_overload()),
                (value, false) => values.push(value),
            }
        }
        Ok(Value::list(values))
    }

    fn map(&mut self, entries: &'a [(Node, Node, bool)]) -> Outcome<'a> {
        let mut built = BTreeMap::new();
        self.spend(cost::MAP)?;
        for (key, value, optional) in entries {
            let (key, value) = (self.value(key)?, self.value(value)?);
            let value = match (value, optional) {
                (Value::Optional(Some(inner)), true) => (*inner).clone(),
                (Value::Optional(None), true) => continue,
                (_, true) => return Err(no_overload()),
                (value, false) => value,
            };
            built.insert(key_of(&key)?, value);
        }
        Ok(Value::Map(Map::Made(Arc::new(built))))
    }

    fn take(&mut self, place: usize) -> Outcome<'a> {
        self.places.get_mut(place).map_or(Ok(Value::Null), |value| std::mem::replace(value, Ok(Value::Null)))
    }

    /// The loop's list and one more: the place is left empty meanwhile, so that the list is grown where it is.
    fn grown(&mut self, place: usize, item: &'a Node) -> Outcome<'a> {
        let item = self.argument(item)?;
        self.spend(cost::SELECT + cost::LIST + 1)?;
        let (so_far, item) = (self.take(place)?, item?);
        match so_far {
            Value::List(List::Made(mut made)) => {
                if made.items.len() >= MOST_ELEMENTS {
                    return Err(Trouble::Exceeded);
                }
                Arc::make_mut(&mut made).items.push(item);
                Ok(Value::List(List::Made(made)))
            }
            Value::List(list) => {
                let mut items = list.items()?;
                items.push(item);
                Ok(Value::list(items))
            }
            _ => Err(no_overload()),
        }
    }

    fn inserted(&mut self, place: usize, items: &'a [Node]) -> Outcome<'a> {
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            values.push(self.value(item)?);
        }
        self.spend(cost::SELECT + 1)?;
        let Value::Map(Map::Made(mut entries)) = self.take(place)? else { return Err(no_overload()) };
        let map = Arc::make_mut(&mut entries);
        let mut insert = |key: Value<'a>, value: Value<'a>| {
            if map.len() >= MOST_ELEMENTS {
                return Err(Trouble::Exceeded);
            }
            match map.insert(key_of(&key)?, value) {
                None => Ok(()),
                Some(_) => Err(error(format!("insert failed: key {} already exists", shown(&key)))),
            }
        };
        let mut values = values.into_iter();
        match (values.next(), values.next()) {
            (Some(key), Some(value)) => insert(key, value)?,
            (Some(Value::Map(more)), None) => {
                for key in more.keys() {
                    let value = more.find(&key).unwrap_or_else(|| Err(no_overload()))?;
                    insert(key, value)?;
                }
            }
            _ => return Err(no_overload()),
        }
        Ok(Value::Map(Map::Made(entries)))
    }

    fn comprehension(&mut self, comprehension: &'a Loop) -> Outcome<'a> {
        let range = self.value(&comprehension.range)?;
        let start = self.value(&comprehension.start)?;
        let place = comprehension.place;
        self.set(place, Ok(start));
        match &range {
            Value::List(list) => {
                for index in 0..list.len() {
                    let item = list.get(index).unwrap_or_else(|| Err(no_overload()))?;
                    let (one, two) =
                        if comprehension.two { (Value::Int(index as i64), Some(item)) } else { (item, None) };
                    if !self.round(comprehension, one, two)? {
                        break;
                    }
                }
            }
            Value::Map(map) => {
                for key in map.keys() {
                    let value = match comprehension.two {
                        true => Some(map.find(&key).unwrap_or_else(|| Err(no_overload()))?),
                        false => None,
                    };
                    if !self.round(comprehension, key, value)? {
                        break;
                    }
                }
            }
            _ => return Err(no_overload()),
        }
        self.value(&comprehension.result)
    }

    fn set(&mut self, place: usize, value: Outcome<'a>) {
        if let Some(found) = self.places.get_mut(place) {
            *found = value;
        }
    }

    /// One round of a loop; false when it is to end.
    fn round(&mut self, comprehension: &'a Loop, one: Value<'a>, two: Option<Value<'a>>) -> Result<bool, Trouble> {
        let place = comprehension.place;
        self.set(place + 1, Ok(one));
        if let Some(two) = two {
            self.set(place + 2, Ok(two));
        }
        match self.value(&comprehension.goes_on)? {
            Value::Bool(true) => {}
            _ => return Ok(false),
        }
        // After an error the loop goes on: in `all` and `exists` a later element may decide.
        let outcome = self.argument(&comprehension.step)?;
        self.set(place, outcome);
        Ok(true)
    }

    fn call(&mut self, call: &'a Call) -> Outcome<'a> {
        const MOST: usize = 4;
        let mut values = [Value::Null, Value::Null, Value::Null, Value::Null];
        let mut trouble = None;
        for (slot, node) in values.iter_mut().zip(&call.args) {
            match self.argument(node)? {
                Ok(value) => *slot = value,
                // With more than two arguments the API server stops at the first error, uncounted.
                Err(found) if call.args.len() > 2 => return Err(found),
                Err(found) => trouble = trouble.or(Some(found)),
            }
        }
        let values = values.get(..call.args.len().min(MOST)).unwrap_or_default();
        if let Some(trouble) = trouble {
            self.spend(call.cost.count(values, None))?;
            return Err(trouble);
        }
        // An expensive call is paid for before it is made, where its cost doesn't hang on what it gives.
        self.affordable(call, values)?;
        let outcome = match &call.pattern {
            Some(compiled) => pattern::with(compiled, values),
            None => (call.function)(values),
        };
        let result = outcome.as_ref().ok();
        self.spend(call.cost.count(values, result))?;
        if let Some(Value::Text(Text::Made(text))) = result
            && text.len() > LONGEST_TEXT
        {
            return Err(Trouble::Exceeded);
        }
        outcome
    }

    fn affordable(&self, call: &Call, values: &[Value]) -> Result<(), Trouble> {
        let needs_result = matches!(call.cost, Cost::Written | Cost::Output | Cost::Flatten | Cost::Walk);
        if !needs_result && self.cost.saturating_add(call.cost.count(values, None)) > self.limit {
            return Err(Trouble::Exceeded);
        }
        // Lists are joined at a cost of one, but they do take memory.
        if let [Value::List(a), Value::List(b)] = values
            && a.len().saturating_add(b.len()) > MOST_ELEMENTS
        {
            return Err(Trouble::Exceeded);
        }
        Ok(())
    }
}

/// A value as the key of a map.
fn key_of<'a>(value: &Value<'a>) -> Outcome<'a, Key<'a>> {
    match value {
        Value::Double(_) => Err(error("unsupported key type: double")),
        other => other.key().ok_or_else(|| error(format!("unsupported key type: {}", other.type_name()))),
    }
}

/// A value in the words of an error.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Uint(n) => n.to_string(),
        Value::Double(n) => n.to_string(),
        Value::Bool(b) => b.to_string(),
        Value::Null => "null".to_owned(),
        other => other.type_name().to_owned(),
    }
}

/// A list that keeps the ways of the one that it came of.
pub(super) fn like<'a>(list: &List<'a>, items: Vec<Value<'a>>) -> Value<'a> {
    Value::List(List::Made(Arc::new(Made { items, order: list.order(), typed: list.is_typed() })))
}
