//! HTTP services that `idp.yaml` declares: `http("name").get("/path")` and its like. Reads happen in plans, too; what
//! changes something is a change and passes the door.

pub mod api;

use std::collections::BTreeMap;

use rhai::{Dynamic, Map, NativeCallContext};

use super::later::LaterValue;
use super::options::{CallOptions, OptionSpec, Options, Takes};
use super::{secret, value};
use crate::bridge::{RhaiResultOf, run_of, throw};
use crate::config::HeaderText;
use crate::error::{Error, Result};
use crate::world::hash;
use crate::world::http::{Method, Once, Request, Response};

/// A service, by its name in `idp.yaml`.
#[derive(Debug, Clone)]
pub struct Http {
    name: String,
}

/// What a service answered.
#[derive(Debug, Clone)]
pub struct HttpResponse {
    /// The request, for errors.
    request: String,
    answer: Answer,
}

#[derive(Debug, Clone)]
enum Answer {
    /// It answered.
    Known(Response),
    /// A plan sends nothing.
    Planned,
    /// It was sent before, for the same cause: what was answered isn't kept.
    Before,
}

const HEADERS: OptionSpec = OptionSpec::new("headers", Takes::Headers, "beside those that idp.yaml gives");
const QUERY: OptionSpec = OptionSpec::new("query", Takes::TextMap, "what follows the `?`");
const ONCE: OptionSpec = OptionSpec::new(
    "once",
    Takes::Text,
    "the cause, for which it is sent at most once; sent along as `Idempotency-Key`",
);

const READ: &[OptionSpec] = &[HEADERS, QUERY];
const WRITE: &[OptionSpec] = &[HEADERS, QUERY, ONCE];

/// Of `http(name).get(path, options)`.
pub const GET: CallOptions = CallOptions { function: "get", on: "Http", arguments: 2, known: READ, open: false };

/// Of `http(name).post(path, body, options)`.
pub const POST: CallOptions = CallOptions { function: "post", on: "Http", arguments: 3, known: WRITE, open: false };

/// Of `http(name).put(path, body, options)`.
pub const PUT: CallOptions = CallOptions { function: "put", on: "Http", arguments: 3, known: WRITE, open: false };

/// Of `http(name).patch(path, body, options)`.
pub const PATCH: CallOptions = CallOptions { function: "patch", on: "Http", arguments: 3, known: WRITE, open: false };

/// Of `http(name).delete(path, options)`.
pub const DELETE: CallOptions = CallOptions { function: "delete", on: "Http", arguments: 2, known: WRITE, open: false };

/// The options of all calls on services.
pub const ALL: &[CallOptions] = &[GET, POST, PUT, PATCH, DELETE];

impl Http {
    fn name(&self) -> &str {
        &self.name
    }

    fn named(ctx: &NativeCallContext, name: &str) -> RhaiResultOf<Http> {
        let run = run_of(ctx)?;
        let known = run.world().and_then(|world| world.service(name).map(drop));
        known.map_err(|error| throw(ctx, error))?;
        Ok(Http { name: name.to_string() })
    }

    fn call(
        &self,
        ctx: &NativeCallContext,
        method: Method,
        path: &str,
        body: Option<&Dynamic>,
        options: &Map,
    ) -> RhaiResultOf<HttpResponse> {
        let run = run_of(ctx)?;
        let act = || {
            let request =
                Request { body: body.map(value::to_json).transpose()?, ..self.request(method, path, options)? };
            request.check()?;
            let shown = request.to_string();
            if method == Method::Get {
                let answer = run.wait(run.world()?.service(&self.name)?.get(&request))?;
                return Ok(HttpResponse { request: shown, answer: Answer::Known(answer) });
            }
            let door = run.door()?;
            let request = match request.once {
                Some(Once { cause, .. }) => {
                    let key = format!("{}/{}", door.run().hash, hash::short(&format!("{}\n{cause}", self.name)));
                    Request { once: Some(Once { cause, key }), ..request }
                }
                None => request,
            };
            let cause = request.once.is_some();
            let answer = match run.pass(door.request(request))? {
                Some(answer) => Answer::Known(answer),
                None if door.mode() == crate::world::Mode::Apply && cause => Answer::Before,
                None => Answer::Planned,
            };
            Ok(HttpResponse { request: shown, answer })
        };
        act().map_err(|error| throw(ctx, error))
    }

    fn request(&self, method: Method, path: &str, map: &Map) -> Result<Request> {
        let name = method.to_string().to_lowercase();
        let call = ALL.iter().find(|call| call.function == name);
        let call = call.ok_or_else(|| Error::failed("idp::script::option", "no such request"))?;
        let options = Options::of(call, map)?;
        let headers = options.headers("headers")?.unwrap_or_default();
        let once = options.text("once")?.map(|cause| Once { cause, key: String::new() });
        let query = options.text_map("query")?.unwrap_or_default();
        Ok(Request { service: self.name.clone(), method, path: path.to_string(), query, headers, body: None, once })
    }
}

impl HttpResponse {
    /// What is made of an answer that is known; in a plan a value that is known later.
    fn of(&self, what: &str, known: impl FnOnce(&Response) -> Result<Dynamic>) -> Result<Dynamic> {
        match &self.answer {
            Answer::Known(answer) => known(answer),
            Answer::Planned => {
                let data = matches!(what, "answer" | "headers");
                Ok(Dynamic::from(LaterValue { what: format!("{what} of `{}`", self.request), data }))
            }
            Answer::Before => Ok(Dynamic::UNIT),
        }
    }

    fn text(&self) -> Result<Dynamic> {
        self.of("text", |answer| match std::str::from_utf8(&answer.bytes) {
            Ok(text) => Ok(text.to_string().into()),
            Err(_) => Err(Error::failed("idp::http::text", format!("the answer to `{}` is not text", self.request))),
        })
    }

    fn json(&self) -> Result<Dynamic> {
        self.of("answer", |answer| {
            let data: serde_json::Value = serde_json::from_slice(&answer.bytes).map_err(|error| {
                let message =
                    format!("the answer to `{}` (status {}) is not JSON: {error}", self.request, answer.status);
                Error::failed("idp::http::json", message).help("look at its `status` first, or read it as `text`")
            })?;
            Ok(value::from_json(&data))
        })
    }

    fn headers(&self) -> Result<Dynamic> {
        self.of("headers", |answer| {
            let map: Map = answer.headers.iter().map(|(name, text)| (name.as_str().into(), text.into())).collect();
            Ok(map.into())
        })
    }
}

impl Options<'_> {
    /// A map of texts and secrets.
    fn headers(&self, key: &str) -> Result<Option<BTreeMap<String, HeaderText>>> {
        let Some(given) = self.get(key) else { return Ok(None) };
        let wrong = || self.wrong(key, given, Takes::Headers);
        let map = given.clone().try_cast::<Map>().ok_or_else(wrong)?;
        let one = |(name, item): (&rhai::Identifier, &Dynamic)| {
            if let Some(secret) = item.read_lock::<secret::Secret>() {
                return Ok((name.to_string(), secret.header()));
            }
            let text = item.clone().into_string().map_err(|_| wrong())?;
            Ok((name.to_string(), HeaderText::Text(text)))
        };
        map.iter().map(one).collect::<Result<_>>().map(Some)
    }
}
