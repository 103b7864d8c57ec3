//! Contracts of APIs, as far as it takes to tell whether there is one: OpenAPI 3 and 2 (Swagger), AsyncAPI 2 and 3. Read from YAML
//! and JSON; nothing that they refer to is followed.

use serde_json::{Map, Value};

use crate::error::{Error, Place, Result};
use crate::formats::yaml::{self, Document, Step};

/// The code of errors about contracts.
pub const INVALID: &str = "idp::contract::invalid";

/// A language of contracts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// OpenAPI 3.
    OpenApi,
    /// OpenAPI 2.
    Swagger,
    /// AsyncAPI.
    AsyncApi,
}

impl Language {
    /// As it calls itself.
    pub fn name(self) -> &'static str {
        match self {
            Language::OpenApi => "OpenAPI",
            Language::Swagger => "Swagger",
            Language::AsyncApi => "AsyncAPI",
        }
    }
}

/// A contract.
#[derive(Debug, Clone, PartialEq)]
pub struct Contract {
    /// Its language.
    pub language: Language,
    /// The version of the language: `3.1.0`.
    pub written_in: String,
    /// The title of the API.
    pub title: Option<String>,
    /// The version of the API.
    pub version: Option<String>,
    /// Where it is served, as it is written.
    pub servers: Vec<String>,
    /// How many operations it describes. A path or channel that is described elsewhere counts as one.
    pub operations: usize,
    /// Whether some of it is described in other files.
    pub refers_elsewhere: bool,
    /// What it must have and hasn't, each with its place.
    pub lacks: Vec<(Place, String)>,
}

/// The operations of a path of OpenAPI: `query` is of 3.2.
const METHODS: [&str; 9] = ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];

/// Reads a contract.
///
/// # Errors
/// `idp::yaml::*`, and `idp::contract::invalid` with its place for a text that is none.
pub fn read(file: &str, text: &str) -> Result<Contract> {
    let documents = yaml::parse(file, text)?;
    let none = |what: &str, place: Place| {
        let help = "a contract begins with openapi: 3.1.0, swagger: \"2.0\" or asyncapi: 3.0.0";
        Error::invalid(INVALID, format!("{file} {what}")).help(help).at(place)
    };
    let Some(document) = documents.first() else { return Err(none("is empty", Place::at(file, 1, 1))) };
    let languages = [("openapi", Language::OpenApi), ("swagger", Language::Swagger), ("asyncapi", Language::AsyncApi)];
    let found = languages.into_iter().find_map(|(key, language)| Some((key, language, document.value.get(key)?)));
    let Some((key, language, version)) = found else {
        return Err(none("is no contract that is known", document.place(&[])));
    };
    let written_in = match version {
        Value::String(text) => text.clone(),
        // `swagger: 2.0` without quotes.
        Value::Number(_) => document.written(&[key.into()]).map_or_else(|| version.to_string(), str::to_owned),
        _ => return Err(none(&format!("has no version of {}", language.name()), document.place(&[key.into()]))),
    };
    let mut contract = Contract {
        language,
        written_in,
        title: None,
        version: None,
        servers: Vec::new(),
        operations: 0,
        refers_elsewhere: false,
        lacks: Vec::new(),
    };
    contract.info(document);
    match language {
        Language::AsyncApi => contract.channels(document),
        _ => contract.paths(document),
    }
    Ok(contract)
}

fn text(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer).and_then(Value::as_str).filter(|text| !text.trim().is_empty()).map(str::to_owned)
}

impl Contract {
    fn lacks(&mut self, document: &Document, path: &[Step], what: &str) {
        self.lacks.push((document.place(path), what.to_owned()));
    }

    fn info(&mut self, document: &Document) {
        let value = &document.value;
        self.title = text(value, "/info/title");
        // A version without quotes is read as a number.
        let path = ["info".into(), "version".into()];
        let number = value.pointer("/info/version").filter(|version| version.is_number());
        let number = number.and_then(|_| document.written(&path)).map(str::to_owned);
        self.version = text(value, "/info/version").or(number);
        if self.title.is_none() {
            self.lacks(document, &["info".into()], "it has no info.title");
        }
        if self.version.is_none() {
            self.lacks(document, &["info".into()], "it has no info.version");
        }
    }

    /// The operations of a map of paths.
    fn count(&mut self, paths: Option<&Map<String, Value>>) {
        for path in paths.into_iter().flatten().filter(|(key, _)| !key.starts_with("x-")).map(|(_, path)| path) {
            if path.get("$ref").is_some() {
                self.refers_elsewhere = true;
                self.operations += 1;
            }
            let more = path.get("additionalOperations").and_then(Value::as_object).map_or(0, Map::len);
            self.operations += METHODS.iter().filter(|method| path.get(**method).is_some()).count() + more;
        }
    }

    fn paths(&mut self, document: &Document) {
        let value = &document.value;
        let map = |key: &str| value.get(key).and_then(Value::as_object);
        self.count(map("paths"));
        self.count(map("webhooks"));
        // From 3.1 on a contract may be of components alone, which other contracts refer to.
        let is_old = self.language == Language::Swagger || self.written_in.starts_with("3.0");
        let has_any = map("paths").is_some() || (!is_old && (map("webhooks").is_some() || map("components").is_some()));
        if !has_any {
            self.lacks(document, &["paths".into()], "it has no paths");
        }
        if self.language == Language::Swagger {
            let base = text(value, "/basePath").unwrap_or_default();
            if let Some(host) = text(value, "/host") {
                let schemes = value.get("schemes").and_then(Value::as_array).into_iter().flatten();
                let schemes: Vec<&str> = schemes.filter_map(Value::as_str).collect();
                let schemes = if schemes.is_empty() { vec!["https"] } else { schemes };
                self.servers = schemes.iter().map(|scheme| format!("{scheme}://{host}{base}")).collect();
            }
            return;
        }
        let servers = value.get("servers").and_then(Value::as_array).into_iter().flatten();
        self.servers = servers.filter_map(|server| text(server, "/url")).collect();
    }

    fn channels(&mut self, document: &Document) {
        let value = &document.value;
        let map = |key: &str| value.get(key).and_then(Value::as_object);
        let is_old = self.written_in.starts_with("2.");
        if is_old {
            for channel in map("channels").into_iter().flatten().map(|(_, channel)| channel) {
                if channel.get("$ref").is_some() {
                    self.refers_elsewhere = true;
                    self.operations += 1;
                }
                self.operations += ["publish", "subscribe"].iter().filter(|key| channel.get(**key).is_some()).count();
            }
            if map("channels").is_none() {
                self.lacks(document, &["channels".into()], "it has no channels");
            }
        } else {
            let operations = map("operations").into_iter().flatten();
            self.refers_elsewhere = operations.clone().any(|(_, operation)| operation.get("$ref").is_some());
            self.operations = operations.count();
        }
        let server = |server: &Value| {
            let host = text(server, "/host")?;
            let protocol = text(server, "/protocol").map(|protocol| format!("{protocol}://")).unwrap_or_default();
            Some(format!("{protocol}{host}{}", text(server, "/pathname").unwrap_or_default()))
        };
        let servers = map("servers").into_iter().flatten();
        self.servers = servers.filter_map(|(_, value)| text(value, "/url").or_else(|| server(value))).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> (String, Vec<String>, usize, Vec<String>) {
        let found = read("api.yaml", text).unwrap();
        let name = format!(
            "{} {} {} {}",
            found.language.name(),
            found.written_in,
            found.title.as_deref().unwrap_or("-"),
            found.version.as_deref().unwrap_or("-")
        );
        let lacks = found.lacks.iter().map(|(place, what)| format!("{place} {what}")).collect();
        (name, found.servers, found.operations, lacks)
    }

    #[test]
    fn openapi() {
        let text = "\
openapi: 3.1.0
info: { title: Orders, version: 1.10 }
servers: [{ url: https://api.acme.example/v1 }, { url: '{scheme}://b' }]
paths:
  /orders: { get: { responses: { 200: { description: ok } } }, post: {}, parameters: [] }
  /orders/{id}: { $ref: './order.yaml' }
  x-internal: { get: {} }
webhooks:
  paid: { post: {} }
";
        let servers = ["https://api.acme.example/v1".to_owned(), "{scheme}://b".to_owned()];
        assert_eq!(told(text), ("OpenAPI 3.1.0 Orders 1.10".into(), servers.into(), 4, vec![]));
        assert!(read("a", text).unwrap().refers_elsewhere);
        let json = r#"{"openapi": "3.0.3", "info": {"title": "A"}}"#;
        let lacks = ["api.yaml:1:30 it has no info.version", "api.yaml:1:1 it has no paths"];
        assert_eq!(told(json), ("OpenAPI 3.0.3 A -".into(), vec![], 0, lacks.map(str::to_owned).into()));
        assert!(told("openapi: 3.1.0\ninfo: { title: a, version: b }\ncomponents: {}\n").3.is_empty());
    }

    #[test]
    fn swagger() {
        let text = "swagger: 2.0\ninfo: { title: a, version: '1' }\nhost: a.example\nbasePath: /v1\nschemes: [http, https]\npaths: { /a: { get: {} } }\n";
        let servers = ["http://a.example/v1".to_owned(), "https://a.example/v1".to_owned()];
        assert_eq!(told(text), ("Swagger 2.0 a 1".into(), servers.into(), 1, vec![]));
    }

    #[test]
    fn asyncapi() {
        let old = "\
asyncapi: 2.6.0
info: { title: Events, version: 1.0.0 }
servers: { prod: { url: kafka.acme.example:9092, protocol: kafka } }
channels: { orders.paid: { publish: {}, subscribe: {} }, orders.sent: { $ref: x.yaml } }
";
        let host = vec!["kafka.acme.example:9092".to_owned()];
        assert_eq!(told(old), ("AsyncAPI 2.6.0 Events 1.0.0".into(), host, 3, vec![]));
        let new = "\
asyncapi: 3.0.0
info: { title: Events, version: 1.0.0 }
servers: { prod: { host: kafka.acme.example:9092, protocol: kafka, pathname: /a } }
operations: { onPaid: { action: receive }, sendPaid: { action: send } }
";
        let host = vec!["kafka://kafka.acme.example:9092/a".to_owned()];
        assert_eq!(told(new), ("AsyncAPI 3.0.0 Events 1.0.0".into(), host, 2, vec![]));
    }

    #[test]
    fn what_is_no_contract_is_told() {
        let wrong = |text: &str| {
            let error = read("api.yaml", text).unwrap_err();
            format!("{} {} {}", error.place().unwrap(), error.code(), error.message())
        };
        assert_eq!(wrong("# nothing\n"), "api.yaml:1:1 idp::contract::invalid api.yaml is empty");
        assert_eq!(
            wrong("openApi: 3.0.0\n"),
            "api.yaml:1:1 idp::contract::invalid api.yaml is no contract that is known"
        );
        assert_eq!(wrong("asyncapi:\n"), "api.yaml:1:10 idp::contract::invalid api.yaml has no version of AsyncAPI");
        assert!(wrong("{\"openapi\": \"3.0.0\", ").contains("idp::yaml::syntax"));
    }
}
