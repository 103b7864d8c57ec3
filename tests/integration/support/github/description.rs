//! GitHub's own description of its API (see tests/github/make-description.mjs): finds the operation of a request, and
//! says what of a request or of an answer it forbids.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::{Registry, Validator};
use serde::Deserialize;
use serde_json::{Value, json};

const PACKED: &[u8] = include_bytes!("../../../github/description.json.z");

/// Under this name the schemas know each other; nothing is fetched from it.
const NAME: &str = "https://api.github.com/description";

static TEXT: LazyLock<Value> = LazyLock::new(|| {
    let text = miniz_oxide::inflate::decompress_to_vec_zlib(PACKED).unwrap();
    serde_json::from_slice(&text).unwrap()
});

static REGISTRY: LazyLock<Registry<'static>> =
    LazyLock::new(|| Registry::new().add(NAME, TEXT.clone()).unwrap().prepare().unwrap());

static DESCRIPTION: LazyLock<Description> = LazyLock::new(|| {
    let operations: Vec<Operation> = serde_json::from_value(TEXT["operations"].clone()).unwrap();
    Description { operations, compiled: Mutex::default() }
});

/// The operations that are described.
pub struct Description {
    operations: Vec<Operation>,
    compiled: Mutex<HashMap<String, Arc<Validator>>>,
}

#[derive(Deserialize)]
struct Operation {
    method: String,
    path: String,
    id: String,
    parameters: Vec<Parameter>,
    body: Option<Body>,
    responses: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Parameter {
    name: String,
    #[serde(rename = "in")]
    place: String,
    #[serde(default)]
    required: bool,
    /// Its value may hold slashes.
    #[serde(default)]
    segments: bool,
    schema: Value,
}

#[derive(Deserialize)]
struct Body {
    required: bool,
}

/// The description; it is unpacked once.
pub fn description() -> &'static Description {
    &DESCRIPTION
}

/// The types of GraphQL: fields, arguments, inputs and enums.
pub fn graphql_types() -> &'static Value {
    &TEXT["graphql"]
}

impl Description {
    /// The id of the operation that a method and a path (which may have a query) name.
    pub fn operation(&self, method: &str, target: &str) -> Option<&str> {
        let target = &by_name(target);
        self.find(method, target.split('?').next().unwrap_or_default()).map(|(at, _)| self.operations[at].id.as_str())
    }

    /// The operation's id, or what is wrong with the request: one line a fault.
    pub fn request(&self, method: &str, target: &str, body: &[u8]) -> Result<&str, String> {
        let target: &str = &by_name(target);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let Some((at, values)) = self.find(method, path) else {
            return Err(format!("{method} {path}: there is no such operation"));
        };
        let operation = &self.operations[at];
        let mut faults = Vec::new();
        for (number, parameter) in operation.parameters.iter().enumerate().filter(|(_, one)| one.place == "path") {
            let value = values.get(parameter.name.as_str()).copied().unwrap_or_default();
            faults.extend(self.parameter(at, number, "path", value));
        }
        self.query(at, query, &mut faults);
        self.body(at, body, &mut faults);
        if faults.is_empty() {
            return Ok(&operation.id);
        }
        let said: Vec<String> =
            faults.iter().map(|fault| format!("{method} {path} ({}): {fault}", operation.id)).collect();
        Err(said.join("\n"))
    }

    /// What is wrong with an answer that somebody made up, by the operation's id.
    pub fn answer(&self, id: &str, status: u16, body: &[u8]) -> Result<(), String> {
        let at = self.operations.iter().position(|one| one.id == id).ok_or(format!("{id}: no such operation"))?;
        let fail = |fault: String| Err(format!("the answer {status} of {id}: {fault}"));
        let described = self.operations[at].responses.get(&status.to_string());
        let empty = body.is_empty();
        let pointer = match described {
            Some(Value::Null) if empty => return Ok(()),
            Some(Value::Null) if status < 400 => return fail("it has no body".into()),
            Some(Value::Null) => "/$defs/basic-error".into(),
            Some(_) => format!("/operations/{at}/responses/{status}"),
            None if status == 304 && empty => return Ok(()),
            // What any operation may be answered: the description lists few of them.
            None if status == 301 || status >= 400 => "/$defs/basic-error".into(),
            None => return fail("the status isn't described".into()),
        };
        let Ok(value) = serde_json::from_slice::<Value>(body) else { return fail("the body is no JSON".into()) };
        if pointer == "/$defs/basic-error" && !value["message"].is_string() {
            return fail("/message is missing".into());
        }
        match self.schema(&pointer, &value, "") {
            faults if faults.is_empty() => Ok(()),
            faults => fail(faults.join("; ")),
        }
    }

    fn query(&self, at: usize, query: &str, faults: &mut Vec<String>) {
        let mut seen = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decoded(name);
            if seen.contains(&name) {
                faults.push(format!("query {name}: it is given twice"));
            }
            let known = |(_, one): &(usize, &Parameter)| one.place == "query" && one.name == name;
            match self.operations[at].parameters.iter().enumerate().find(known) {
                Some((number, _)) => faults.extend(self.parameter(at, number, "query", value)),
                None => faults.push(format!("query {name}: it isn't described")),
            }
            seen.push(name);
        }
        let required = self.operations[at].parameters.iter().filter(|one| one.place == "query" && one.required);
        faults.extend(
            required.filter(|one| !seen.contains(&one.name)).map(|one| format!("query {}: it is missing", one.name)),
        );
    }

    fn parameter(&self, at: usize, number: usize, place: &str, value: &str) -> Vec<String> {
        let parameter = &self.operations[at].parameters[number];
        let text = decoded(value);
        if place == "query" && value.contains(['/', ' ', '#', '"']) {
            // Not forbidden by the grammar of queries but for the last three; it shows that nobody encoded it.
            return vec![format!("query {}: `{value}` isn't percent-encoded", parameter.name)];
        }
        let number_or_text = |schema: &Value| match schema["type"].as_str() {
            Some("integer" | "number") => text.parse::<i64>().map(Value::from).unwrap_or(Value::from(text.clone())),
            Some("boolean") => text.parse::<bool>().map(Value::from).unwrap_or(Value::from(text.clone())),
            Some("array") => text.split(',').collect(),
            _ => Value::from(text.clone()),
        };
        let pointer = format!("/operations/{at}/parameters/{number}/schema");
        // A reference or a choice doesn't say the type: whichever reading holds.
        let mut readings = vec![number_or_text(&parameter.schema)];
        if parameter.schema.get("type").is_none() {
            readings.extend(text.parse::<i64>().map(Value::from));
        }
        let faults = readings.iter().map(|value| self.schema(&pointer, value, &format!("{place} {}", parameter.name)));
        faults.min_by_key(Vec::len).unwrap_or_default()
    }

    fn body(&self, at: usize, body: &[u8], faults: &mut Vec<String>) {
        match &self.operations[at].body {
            None if body.is_empty() => {}
            None => faults.push("body: the operation has none".into()),
            Some(described) if body.is_empty() => {
                if described.required {
                    faults.push("body: it is missing".into());
                }
            }
            Some(_) => match serde_json::from_slice(body) {
                Ok(value) => faults.extend(self.schema(&format!("/operations/{at}/body/schema"), &value, "body ")),
                Err(error) => faults.push(format!("body: it is no JSON: {error}")),
            },
        }
    }

    /// The faults of a value by the schema at a JSON pointer.
    fn schema(&self, pointer: &str, value: &Value, place: &str) -> Vec<String> {
        let validator = {
            let mut compiled = self.compiled.lock().unwrap();
            compiled
                .entry(pointer.to_owned())
                .or_insert_with(|| {
                    let schema = json!({ "$ref": format!("{NAME}#{pointer}") });
                    let options = jsonschema::options().with_registry(&REGISTRY).should_validate_formats(true);
                    Arc::new(options.build(&schema).unwrap())
                })
                .clone()
        };
        let faults = validator.iter_errors(value).map(|error| {
            let mut text = error.to_string();
            if let Some((end, _)) = text.char_indices().nth(300) {
                text.truncate(end);
                text.push_str("...");
            }
            let at = error.instance_path().to_string();
            format!("{place}{}: {text}", if at.is_empty() { "" } else { at.as_str() })
        });
        faults.collect()
    }

    /// The operation of a path, with the raw values of its parameters. Literal segments win over parameters.
    fn find<'a>(&'a self, method: &str, path: &'a str) -> Option<(usize, HashMap<&'a str, &'a str>)> {
        let method = if method == "HEAD" { "GET" } else { method };
        let path = path.strip_prefix('/')?;
        let candidates = self.operations.iter().enumerate().filter(|(_, one)| one.method == method);
        let matching = candidates.filter_map(|(at, one)| {
            let template: Vec<&str> = one.path.trim_start_matches('/').split('/').collect();
            let mut values = HashMap::new();
            one.fits(&template, path, &mut values).then_some((at, template, values))
        });
        let best = matching
            .max_by_key(|(_, template, _)| template.iter().map(|part| !part.starts_with('{')).collect::<Vec<bool>>());
        best.map(|(at, _, values)| (at, values))
    }
}

impl Operation {
    fn fits<'a>(&'a self, template: &[&'a str], path: &'a str, values: &mut HashMap<&'a str, &'a str>) -> bool {
        let Some((first, rest)) = template.split_first() else { return false };
        let Some(name) = first.strip_prefix('{').and_then(|name| name.strip_suffix('}')) else {
            return match path.strip_prefix(first) {
                Some("") => rest.is_empty() || self.root(rest),
                Some(after) => after
                    .strip_prefix('/')
                    .is_some_and(|after| (after.is_empty() && self.root(rest)) || self.fits(rest, after, values)),
                None => false,
            };
        };
        let several = self.parameters.iter().any(|one| one.place == "path" && one.name == name && one.segments);
        let ends = path.char_indices().filter(|(_, char)| *char == '/').map(|(at, _)| at).chain([path.len()]);
        let mut ends: Vec<usize> = if several { ends.collect() } else { ends.take(1).collect() };
        ends.reverse();
        for end in ends.into_iter().filter(|end| *end > 0) {
            let after = &path[end..];
            let fits = match rest {
                [] => after.is_empty(),
                _ => after.strip_prefix('/').is_some_and(|after| self.fits(rest, after, values)),
            };
            if fits {
                values.insert(name, &path[..end]);
                return true;
            }
        }
        false
    }

    /// Whether what is left is the path of a file: the folder at the top has none.
    fn root(&self, rest: &[&str]) -> bool {
        rest == ["{path}"]
    }
}

/// Where GitHub redirects to after a rename, `/repositories/7`, everything is that is below a repository's name.
fn by_name(target: &str) -> Cow<'_, str> {
    let Some(rest) = target.strip_prefix("/repositories/") else { return target.into() };
    let rest = rest.trim_start_matches(|char: char| char.is_ascii_digit());
    format!("/repos/owner/name{rest}").into()
}

/// Percent-encoding undone; what isn't UTF-8 is shown as such.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        match (bytes[at], hex.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 2;
            }
            (b'+', _) => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}
