//! Reading a schema from JSON: keywords of CRDs, or definitions of Kubernetes with references.

use std::collections::HashMap;
use std::fmt;

use serde_json::{Map, Value};

use super::format::Format;
use super::node::{About, Additional, Below, Bounds, Dialect, Graph, Id, Junctors, List, Node, Property, Type};
use super::rules::Rules;
use crate::error::{Error, Result};
use crate::formats::pattern::Pattern;

/// How references are found.
pub(super) type Resolve<'a> = &'a dyn Fn(&str) -> Option<&'a Value>;

pub(super) fn parse(json: &Value, dialect: Dialect, resolve: Resolve) -> Result<(Graph, Id)> {
    let mut reader = Reader { graph: Graph { dialect, ..Graph::default() }, known: HashMap::new(), resolve };
    let root = reader.schema(json, &Where::Root)?;
    acyclic(&reader.graph)?;
    let mut graph = reader.graph;
    look_below(&mut graph);
    if graph.node(root).below.rules {
        graph.source = Some(without_prose(json));
    }
    Ok((graph, root))
}

fn without_prose(json: &Value) -> Value {
    match json {
        Value::Object(map) => {
            let prose = |key: &str, value: &Value| key == "description" && value.is_string();
            let kept = map.iter().filter(|(key, value)| !prose(key, value));
            Value::Object(kept.map(|(key, value)| (key.clone(), without_prose(value))).collect())
        }
        Value::Array(list) => list.iter().map(without_prose).collect(),
        other => other.clone(),
    }
}

/// A place in the schema, for errors.
enum Where<'a> {
    Root,
    In(&'a Where<'a>, &'a str),
    At(&'a Where<'a>, usize),
}

impl fmt::Display for Where<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Where::Root => Ok(()),
            Where::In(Where::Root, key) => f.write_str(key),
            Where::In(up, key) => write!(f, "{up}.{key}"),
            Where::At(up, index) => write!(f, "{up}[{index}]"),
        }
    }
}

impl Where<'_> {
    fn wrong(&self, what: impl fmt::Display) -> Error {
        let place = match self {
            Where::Root => "the schema".to_string(),
            other => format!("`{other}` of the schema"),
        };
        Error::invalid("idp::schema::invalid", format!("{place} {what}"))
            .help("write it as the openAPIV3Schema of a CustomResourceDefinition")
    }
}

/// Keywords that the API server refuses in a CRD.
const REFUSED: [&str; 6] = ["id", "$schema", "patternProperties", "dependencies", "additionalItems", "definitions"];

struct Reader<'a> {
    graph: Graph,
    known: HashMap<String, Id>,
    resolve: Resolve<'a>,
}

impl Reader<'_> {
    fn schema(&mut self, json: &Value, at: &Where) -> Result<Id> {
        let map = json.as_object().ok_or_else(|| at.wrong("must be a map"))?;
        if let Some(name) = self.reference(map, at)? {
            return self.referred(name, at);
        }
        let id = self.reserve();
        let node = self.node(map, at)?;
        self.graph.nodes[id as usize] = node;
        Ok(id)
    }

    fn reserve(&mut self) -> Id {
        self.graph.nodes.push(Node::default());
        (self.graph.nodes.len() - 1) as Id
    }

    /// The name that a schema stands for: `$ref`, or an `allOf` that is nothing but one.
    fn reference<'v>(&self, map: &'v Map<String, Value>, at: &Where) -> Result<Option<&'v str>> {
        let direct = match map.get("$ref") {
            Some(Value::String(name)) if !name.is_empty() => Some(name.as_str()),
            Some(Value::String(_)) | None => None,
            Some(_) => return Err(Where::In(at, "$ref").wrong("must be a text")),
        };
        if direct.is_some() && self.graph.dialect == Dialect::Custom {
            return Err(Where::In(at, "$ref").wrong("isn't allowed: a CRD has no references"));
        }
        let alone = || {
            let [only] = map.get("allOf")?.as_array()?.as_slice() else { return None };
            let structured =
                ["type", "properties", "items", "additionalProperties"].iter().any(|k| map.contains_key(*k));
            only.get("$ref")?.as_str().filter(|_| !structured)
        };
        Ok(direct.or_else(|| if self.graph.dialect == Dialect::BuiltIn { alone() } else { None }))
    }

    fn referred(&mut self, name: &str, at: &Where) -> Result<Id> {
        if let Some(id) = self.known.get(name) {
            return Ok(*id);
        }
        let json =
            (self.resolve)(name).ok_or_else(|| at.wrong(format_args!("refers to `{name}`, which isn't there")))?;
        let map = json.as_object().ok_or_else(|| at.wrong(format_args!("refers to `{name}`, which isn't a map")))?;
        if let Some(further) = self.reference(map, at)? {
            if further == name {
                return Err(at.wrong(format_args!("refers to `{name}`, which refers to itself")));
            }
            // A chain of names that comes back to its start finds itself here as known.
            let id = self.reserve();
            self.known.insert(name.to_string(), id);
            let target = self.referred(further, at)?;
            self.known.insert(name.to_string(), target);
            return Ok(target);
        }
        let id = self.reserve();
        self.known.insert(name.to_string(), id);
        let node = self.node(map, at)?;
        self.graph.nodes[id as usize] = node;
        Ok(id)
    }

    fn node(&mut self, map: &Map<String, Value>, at: &Where) -> Result<Node> {
        let custom = self.graph.dialect == Dialect::Custom;
        if custom && let Some(word) = REFUSED.iter().find(|word| map.get(**word).is_some_and(is_said)) {
            return Err(Where::In(at, word).wrong("isn't supported by the API server"));
        }
        let fields = Fields { map, at };
        if custom && fields.flag("uniqueItems")? {
            return Err(Where::In(at, "uniqueItems")
                .wrong("can't be true, since looking for duplicates takes too long")
                .help("use `x-kubernetes-list-type: set`"));
        }
        if custom && map.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(false)) {
            return Err(Where::In(at, "x-kubernetes-preserve-unknown-fields").wrong("must be true or left out"));
        }
        let format_name = fields.text("format")?.unwrap_or_default();
        let types = types(map, at)?;
        let int_or_string = fields.flag("x-kubernetes-int-or-string")? || (!custom && format_name == "int-or-string");
        let types = if int_or_string { vec![Type::Integer, Type::String] } else { types };
        let (properties, additional) = (self.properties(map, at)?, self.additional(map, at)?);
        let open = !custom
            && properties.is_empty()
            && additional == Additional::Unsaid
            && types.iter().all(|kind| *kind == Type::Object);
        let format = match custom {
            true => Format::of_custom(format_name, &types),
            false => Format::of_built_in(format_name, &types),
        };
        Ok(Node {
            int_or_string,
            nullable: fields.flag("nullable")?,
            preserve: open || fields.flag("x-kubernetes-preserve-unknown-fields")?,
            embedded: fields.flag("x-kubernetes-embedded-resource")?,
            format,
            properties,
            additional,
            items: self.items(map, at)?,
            list: if custom { list(&fields)? } else { List::Atomic },
            required: fields.texts("required")?,
            default: map.get("default").filter(|value| custom && !value.is_null()).cloned(),
            choices: fields.list("enum")?.to_vec(),
            bounds: bounds(&fields)?,
            junctors: self.junctors(map, at)?,
            about: about(&fields)?,
            rules: match fields.list("x-kubernetes-validations")? {
                entries if custom && !entries.is_empty() => Some(Box::new(Rules::new(entries.to_vec()))),
                _ => None,
            },
            below: Below::default(),
            types,
        })
    }

    fn properties(&mut self, map: &Map<String, Value>, at: &Where) -> Result<Vec<Property>> {
        let at = Where::In(at, "properties");
        let Some(json) = map.get("properties").filter(|json| !json.is_null()) else { return Ok(Vec::new()) };
        let map = json.as_object().ok_or_else(|| at.wrong("must be a map"))?;
        let mut properties = Vec::with_capacity(map.len());
        for (rank, (name, json)) in map.iter().enumerate() {
            let node = self.schema(json, &Where::In(&at, name))?;
            properties.push(Property { name: name.clone(), node, rank: rank as u32 });
        }
        properties.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(properties)
    }

    fn additional(&mut self, map: &Map<String, Value>, at: &Where) -> Result<Additional> {
        Ok(match map.get("additionalProperties") {
            None | Some(Value::Null) => Additional::Unsaid,
            Some(Value::Bool(true)) => Additional::Any,
            Some(Value::Bool(false)) => Additional::Forbidden,
            Some(json) => Additional::Schema(self.schema(json, &Where::In(at, "additionalProperties"))?),
        })
    }

    fn items(&mut self, map: &Map<String, Value>, at: &Where) -> Result<Option<Id>> {
        match map.get("items") {
            None | Some(Value::Null) => Ok(None),
            Some(json) => Ok(Some(self.schema(json, &Where::In(at, "items"))?)),
        }
    }

    fn junctors(&mut self, map: &Map<String, Value>, at: &Where) -> Result<Option<Box<Junctors>>> {
        let mut alternatives = |word: &str| -> Result<Vec<Id>> {
            let at = Where::In(at, word);
            let Some(json) = map.get(word).filter(|json| !json.is_null()) else { return Ok(Vec::new()) };
            let list = json.as_array().ok_or_else(|| at.wrong("must be a list"))?;
            list.iter().enumerate().map(|(index, json)| self.schema(json, &Where::At(&at, index))).collect()
        };
        let (all, any, one) = (alternatives("allOf")?, alternatives("anyOf")?, alternatives("oneOf")?);
        let not = match map.get("not") {
            None | Some(Value::Null) => None,
            Some(json) => Some(self.schema(json, &Where::In(at, "not"))?),
        };
        let none = all.is_empty() && any.is_empty() && one.is_empty() && not.is_none();
        Ok((!none).then(|| Box::new(Junctors { all, any, one, not })))
    }
}

/// Whether a keyword says anything.
fn is_said(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Object(map) => !map.is_empty(),
        _ => true,
    }
}

fn types(map: &Map<String, Value>, at: &Where) -> Result<Vec<Type>> {
    let at = Where::In(at, "type");
    let one = |value: &Value| {
        let name = value.as_str().ok_or_else(|| at.wrong("must be the name of a type"))?;
        Type::named(name).ok_or_else(|| {
            let names = "array, boolean, integer, number, object or string";
            at.wrong(format_args!("is `{name}`, which is none of {names}"))
        })
    };
    match map.get("type") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(name)) if name.is_empty() => Ok(Vec::new()),
        Some(Value::Array(list)) => list.iter().map(one).collect(),
        Some(value) => Ok(vec![one(value)?]),
    }
}

fn list(fields: &Fields) -> Result<List> {
    Ok(match fields.text("x-kubernetes-list-type")? {
        None | Some("" | "atomic") => List::Atomic,
        Some("set") => List::Set,
        Some("map") => List::Map(fields.texts("x-kubernetes-list-map-keys")?),
        Some(other) => {
            let at = Where::In(fields.at, "x-kubernetes-list-type");
            return Err(at.wrong(format_args!("is `{other}`, which is none of atomic, map or set")));
        }
    })
}

fn bounds(fields: &Fields) -> Result<Option<Box<Bounds>>> {
    const WORDS: [&str; 10] = [
        "minimum",
        "maximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "pattern",
        "minItems",
        "maxItems",
        "minProperties",
        "maxProperties",
    ];
    if !WORDS.iter().any(|word| fields.map.contains_key(*word)) {
        return Ok(None);
    }
    let pattern = match fields.text("pattern")? {
        None | Some("") => None,
        Some(pattern) => Some(Pattern::new(pattern).map_err(|error| {
            let place = Where::In(fields.at, "pattern");
            Error::invalid("idp::schema::pattern", format!("`{place}` of the schema isn't a pattern of Go: {error}"))
                .help("the API server knows the syntax of https://github.com/google/re2/wiki/Syntax")
        })?),
    };
    Ok(Some(Box::new(Bounds {
        minimum: fields.number("minimum")?,
        maximum: fields.number("maximum")?,
        exclusive_minimum: fields.flag("exclusiveMinimum")?,
        exclusive_maximum: fields.flag("exclusiveMaximum")?,
        multiple_of: fields.number("multipleOf")?,
        min_length: fields.count("minLength")?,
        max_length: fields.count("maxLength")?,
        pattern,
        min_items: fields.count("minItems")?,
        max_items: fields.count("maxItems")?,
        min_properties: fields.count("minProperties")?,
        max_properties: fields.count("maxProperties")?,
    })))
}

fn about(fields: &Fields) -> Result<Option<Box<About>>> {
    let title = fields.text("title")?.filter(|text| !text.is_empty()).map(str::to_string);
    let description = fields.text("description")?.filter(|text| !text.is_empty()).map(str::to_string);
    let example = fields.map.get("example").cloned();
    let none = title.is_none() && description.is_none() && example.is_none();
    Ok((!none).then(|| Box::new(About { title, description, example })))
}

/// The keywords of one schema.
struct Fields<'a> {
    map: &'a Map<String, Value>,
    at: &'a Where<'a>,
}

impl<'a> Fields<'a> {
    fn get<T>(&self, word: &str, kind: &str, read: impl Fn(&'a Value) -> Option<T>) -> Result<Option<T>> {
        match self.map.get(word) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match read(value) {
                Some(value) => Ok(Some(value)),
                None => Err(Where::In(self.at, word).wrong(format_args!("must be {kind}"))),
            },
        }
    }

    fn text(&self, word: &str) -> Result<Option<&'a str>> {
        self.get(word, "a text", Value::as_str)
    }

    fn flag(&self, word: &str) -> Result<bool> {
        Ok(self.get(word, "true or false", Value::as_bool)?.unwrap_or_default())
    }

    fn number(&self, word: &str) -> Result<Option<f64>> {
        self.get(word, "a number", Value::as_f64)
    }

    fn count(&self, word: &str) -> Result<Option<i64>> {
        self.get(word, "a whole number", Value::as_i64)
    }

    fn list(&self, word: &str) -> Result<&'a [Value]> {
        Ok(self.get(word, "a list", |value| value.as_array().map(Vec::as_slice))?.unwrap_or_default())
    }

    fn texts(&self, word: &str) -> Result<Vec<String>> {
        let texts = |value: &Value| value.as_array()?.iter().map(|item| Some(item.as_str()?.to_string())).collect();
        Ok(self.get(word, "a list of texts", texts)?.unwrap_or_default())
    }
}

/// Refuses a schema that is an alternative of itself: its check would never end.
fn acyclic(graph: &Graph) -> Result<()> {
    // 0 is unseen, 1 on the way, 2 done.
    let mut state = vec![0u8; graph.nodes.len()];
    for start in 0..graph.nodes.len() as Id {
        let mut stack = vec![(start, false)];
        while let Some((id, left)) = stack.pop() {
            let now = &mut state[id as usize];
            if left {
                *now = 2;
                continue;
            }
            match *now {
                2 => continue,
                1 => return Err(Where::Root.wrong("has a definition that is an alternative of itself")),
                _ => *now = 1,
            }
            stack.push((id, true));
            if let Some(junctors) = &graph.node(id).junctors {
                let next = junctors.all.iter().chain(&junctors.any).chain(&junctors.one).chain(&junctors.not);
                stack.extend(next.filter(|id| state[**id as usize] != 2).map(|id| (*id, false)));
            }
        }
    }
    Ok(())
}

/// Tells each node what is below it. Definitions may be cyclic, so that it is repeated until nothing changes.
fn look_below(graph: &mut Graph) {
    for node in &mut graph.nodes {
        node.below = Below {
            defaults: node.default.is_some(),
            lists: node.list != List::Atomic,
            embedded: node.embedded,
            rules: node.rules.is_some(),
            all_rules: node.rules.is_some(),
        };
    }
    loop {
        let mut changed = false;
        // Parents come before their children: backwards, one round is enough where nothing is shared.
        for at in (0..graph.nodes.len()).rev() {
            let node = &graph.nodes[at];
            let additional = match node.additional {
                Additional::Schema(id) => Some(id),
                _ => None,
            };
            let children = node.properties.iter().map(|property| property.node).chain(node.items).chain(additional);
            let below = children.fold(node.below, |below, id| below.or(graph.nodes[id as usize].below));
            let mut parts = node.junctors.iter().flat_map(|junctors| &junctors.all);
            let in_parts = parts.any(|id| graph.nodes[*id as usize].below.all_rules);
            let below = Below { all_rules: below.all_rules || in_parts, ..below };
            if below != node.below {
                graph.nodes[at].below = below;
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}
