//! What scripts see of HTTP services.

use rhai::plugin::*;

/// HTTP services that `idp.yaml` declares. Reads happen in plans, too; what changes something is a change.
#[export_module]
pub mod api {
    use rhai::{Dynamic, ImmutableString, Map, NativeCallContext};

    use crate::bridge::{RhaiResultOf, throw};
    use crate::world::http::Method;

    /// A service that `idp.yaml` declares under `http`.
    pub type Http = crate::primitives::http::Http;
    /// What a service answered. In a plan nothing is sent, and what would be answered is known later.
    pub type HttpResponse = crate::primitives::http::HttpResponse;

    /// The service of that name. Scripts reach no other network.
    ///
    /// Errors: `idp::world::unknown`.
    ///
    /// ```rhai
    /// try { http("pager"); } catch (e) { print(e.message); }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn http(ctx: NativeCallContext, name: &str) -> RhaiResultOf<Http> {
        Http::named(&ctx, name)
    }

    /// Reads from a service, in plans, too. The path is below the service's URL, and not escaped. Whatever the status is,
    /// the response says it.
    ///
    /// Errors: `idp::http::path`, `idp::http::address`, `idp::http::connect`, `idp::http::redirect`, `idp::http::time`,
    /// `idp::http::large`, `idp::http::broken`, `idp::http::count`, `idp::http::certificates`.
    ///
    /// ```rhai
    /// try { print(http("pager").get("/services").json); } catch (e) { print(e.code); }
    /// ```
    #[rhai_fn(global, pure, return_raw)]
    pub fn get(ctx: NativeCallContext, service: &mut Http, path: &str) -> RhaiResultOf<HttpResponse> {
        service.call(&ctx, Method::Get, path, None, &Map::new())
    }

    /// The same with options: `query`, a map of texts; `headers`, a map of texts and secrets.
    ///
    /// ```rhai
    /// try { print(http("pager").get("/services", #{ query: #{ team: "orders" } }).status); } catch (e) { print(e.code); }
    /// ```
    #[rhai_fn(global, name = "get", pure, return_raw)]
    pub fn get_with(
        ctx: NativeCallContext,
        service: &mut Http,
        path: &str,
        options: Map,
    ) -> RhaiResultOf<HttpResponse> {
        service.call(&ctx, Method::Get, path, None, &options)
    }

    /// Asks a service to make or do something. A text goes out as it is, anything else as JSON. It is sent by each run
    /// and rerun, unless it has a cause.
    ///
    /// Errors: `idp::http::status`, `idp::permission`.
    ///
    /// ```rhai
    /// try { http("pager").post("/services", #{ name: "api" }); } catch (e) { print(e.code); }
    /// ```
    #[rhai_fn(global, pure, return_raw)]
    pub fn post(ctx: NativeCallContext, service: &mut Http, path: &str, body: Dynamic) -> RhaiResultOf<HttpResponse> {
        service.call(&ctx, Method::Post, path, Some(&body), &Map::new())
    }

    /// The same with options: `once`, the cause for which it is sent at most once; `query`; `headers`.
    ///
    /// Errors: `idp::http::header`, `idp::secret::missing`, `idp::secret::short`.
    ///
    /// ```rhai
    /// try { http("pager").post("/services", #{ name: "api" }, #{ once: "created" }); } catch (e) { print(e.code); }
    /// ```
    #[rhai_fn(global, name = "post", pure, return_raw)]
    pub fn post_with(
        ctx: NativeCallContext,
        service: &mut Http,
        path: &str,
        body: Dynamic,
        options: Map,
    ) -> RhaiResultOf<HttpResponse> {
        service.call(&ctx, Method::Post, path, Some(&body), &options)
    }

    /// Brings something of a service to a state: the same request again changes nothing.
    ///
    /// ```rhai
    /// try { http("pager").put("/services/api", #{ team: "orders" }); } catch (e) { print(e.code); }
    /// ```
    #[rhai_fn(global, pure, return_raw)]
    pub fn put(ctx: NativeCallContext, service: &mut Http, path: &str, body: Dynamic) -> RhaiResultOf<HttpResponse> {
        service.call(&ctx, Method::Put, path, Some(&body), &Map::new())
    }

    /// The same with options: `once`, `query`, `headers`.
    ///
    /// ```rhai
    /// try { http("pager").put("/services/api", #{ team: "orders" }, #{ once: "made" }); } catch (e) { print(e.code); }
    /// ```
    #[rhai_fn(global, name = "put", pure, return_raw)]
    pub fn put_with(
        ctx: NativeCallContext,
        service: &mut Http,
        path: &str,
        body: Dynamic,
        options: Map,
    ) -> RhaiResultOf<HttpResponse> {
        service.call(&ctx, Method::Put, path, Some(&body), &options)
    }

    /// Changes a part of something.
    ///
    /// ```rhai
    /// try { http("pager").patch("/services/api", #{ team: "orders" }); } catch (e) { print(e.code); }
    /// ```
    #[rhai_fn(global, pure, return_raw)]
    pub fn patch(ctx: NativeCallContext, service: &mut Http, path: &str, body: Dynamic) -> RhaiResultOf<HttpResponse> {
        service.call(&ctx, Method::Patch, path, Some(&body), &Map::new())
    }

    /// The same with options: `once`, `query`, `headers`.
    ///
    /// ```rhai
    /// try { http("pager").patch("/services/api", #{ team: "billing" }, #{ once: "moved" }); } catch (e) { print(e.code); }
    /// ```
    #[rhai_fn(global, name = "patch", pure, return_raw)]
    pub fn patch_with(
        ctx: NativeCallContext,
        service: &mut Http,
        path: &str,
        body: Dynamic,
        options: Map,
    ) -> RhaiResultOf<HttpResponse> {
        service.call(&ctx, Method::Patch, path, Some(&body), &options)
    }

    /// Takes something away.
    ///
    /// ```rhai
    /// try { http("pager").delete("/services/api"); } catch (e) { print(e.code); }
    /// ```
    #[rhai_fn(global, pure, return_raw)]
    pub fn delete(ctx: NativeCallContext, service: &mut Http, path: &str) -> RhaiResultOf<HttpResponse> {
        service.call(&ctx, Method::Delete, path, None, &Map::new())
    }

    /// The same with options: `once`, `query`, `headers`.
    ///
    /// ```rhai
    /// try { http("pager").delete("/services/api", #{ query: #{ force: "true" } }); } catch (e) { print(e.code); }
    /// ```
    #[rhai_fn(global, name = "delete", pure, return_raw)]
    pub fn delete_with(
        ctx: NativeCallContext,
        service: &mut Http,
        path: &str,
        options: Map,
    ) -> RhaiResultOf<HttpResponse> {
        service.call(&ctx, Method::Delete, path, None, &options)
    }

    /// The status of an answer, such as 200 or 404; `()` for a request that was sent before, for the same cause.
    ///
    /// ```rhai
    /// try { print(http("pager").get("/services").status); } catch (e) { print(e.code); }
    /// ```
    #[rhai_fn(global, get = "status", pure, return_raw)]
    pub fn status(ctx: NativeCallContext, response: &mut HttpResponse) -> RhaiResultOf<Dynamic> {
        let status = response.of("status", |answer| Ok(i64::from(answer.status).into()));
        status.map_err(|error| throw(&ctx, error))
    }

    /// The headers of an answer, by their names in lower case.
    ///
    /// ```rhai
    /// try { print(http("pager").get("/services").headers.get("content-type")); } catch (e) { print(e.code); }
    /// ```
    #[rhai_fn(global, get = "headers", pure, return_raw)]
    pub fn headers(ctx: NativeCallContext, response: &mut HttpResponse) -> RhaiResultOf<Dynamic> {
        response.headers().map_err(|error| throw(&ctx, error))
    }

    /// The body of an answer as a text.
    ///
    /// Errors: `idp::http::text`.
    ///
    /// ```rhai
    /// try { print(http("pager").get("/health").text); } catch (e) { print(e.code); }
    /// ```
    #[rhai_fn(global, get = "text", pure, return_raw)]
    pub fn text(ctx: NativeCallContext, response: &mut HttpResponse) -> RhaiResultOf<Dynamic> {
        response.text().map_err(|error| throw(&ctx, error))
    }

    /// The body of an answer as data; an error if it is no JSON.
    ///
    /// Errors: `idp::http::json`.
    ///
    /// ```rhai
    /// try { print(http("pager").get("/services").json.len); } catch (e) { print(e.code); }
    /// ```
    #[rhai_fn(global, get = "json", pure, return_raw)]
    pub fn json(ctx: NativeCallContext, response: &mut HttpResponse) -> RhaiResultOf<Dynamic> {
        response.json().map_err(|error| throw(&ctx, error))
    }

    /// The service's name.
    ///
    /// ```rhai
    /// try { print(http("pager").name); } catch (e) { print(e.code); }
    /// ```
    #[rhai_fn(global, get = "name", pure)]
    pub fn name(service: &mut Http) -> ImmutableString {
        service.name().into()
    }
}
