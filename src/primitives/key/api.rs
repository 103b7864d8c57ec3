//! The semantic key in scripts.

use rhai::plugin::*;

/// The semantic key `{project}-{env}-{service}`, from which every name of a service derives.
#[export_module]
pub mod api {
    use rhai::{ImmutableString, NativeCallContext};

    use crate::bridge::{RhaiResultOf, throw};

    /// A semantic key `{project}-{env}-{service}`. Every name of a service is one of its properties.
    pub type Key = super::super::Key;

    /// The key of a project, environment and service; the system's name is the project's.
    ///
    /// Errors: `idp::key::segment`, `idp::key::word`, `idp::key::reserved`, `idp::key::too_long`.
    ///
    /// ```rhai
    /// let key = key("payments", "prod", "api");
    /// print(key.namespace);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn key(ctx: NativeCallContext, project: &str, env: &str, service: &str) -> RhaiResultOf<Key> {
        Key::new(project, env, service, None).map_err(|error| throw(&ctx, error))
    }

    /// The key of a service that belongs to a system with a name of its own.
    ///
    /// ```rhai
    /// let key = key("payments", "prod", "api", "gateway");
    /// print(key.application);
    /// ```
    #[rhai_fn(name = "key", return_raw)]
    pub fn key_in_system(
        ctx: NativeCallContext,
        project: &str,
        env: &str,
        service: &str,
        system: &str,
    ) -> RhaiResultOf<Key> {
        Key::new(project, env, service, Some(system)).map_err(|error| throw(&ctx, error))
    }

    /// The key that a text spells.
    ///
    /// Errors: `idp::key::shape`.
    ///
    /// ```rhai
    /// print(key("payments-prod-api").service);
    /// ```
    #[rhai_fn(name = "key", return_raw)]
    pub fn key_of_text(ctx: NativeCallContext, text: &str) -> RhaiResultOf<Key> {
        Key::parse(text).map_err(|error| throw(&ctx, error))
    }

    /// The key of the same service in another environment.
    ///
    /// Errors: `idp::key::segment`, `idp::key::word`, `idp::key::too_long`.
    ///
    /// ```rhai
    /// let dev = key("payments", "dev", "api");
    /// print(dev.at("prod").namespace);
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn at(ctx: NativeCallContext, key: &mut Key, env: &str) -> RhaiResultOf<Key> {
        key.at(env).map_err(|error| throw(&ctx, error))
    }

    /// What the file of a claim is called, from its type and name: `cloudsql-main`.
    ///
    /// Errors: `idp::key::segment`, `idp::key::too_long`.
    ///
    /// ```rhai
    /// print(key("payments-prod-api").claim("cloudsql", "main"));
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn claim(ctx: NativeCallContext, key: &mut Key, kind: &str, name: &str) -> RhaiResultOf<ImmutableString> {
        key.claim(kind, name).map(Into::into).map_err(|error| throw(&ctx, error))
    }

    /// The Backstage Resource of a claim, from its provider, type and name: `gcp-payments-prod-cloudsql`.
    ///
    /// Errors: `idp::key::segment`, `idp::key::too_long`.
    ///
    /// ```rhai
    /// print(key("payments-prod-api").resource("gcp", "cloudsql", "main"));
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn resource(
        ctx: NativeCallContext,
        key: &mut Key,
        provider: &str,
        kind: &str,
        name: &str,
    ) -> RhaiResultOf<ImmutableString> {
        key.resource(provider, kind, name).map(Into::into).map_err(|error| throw(&ctx, error))
    }

    /// The key as a text: `payments-prod-api`.
    ///
    /// ```rhai
    /// print(`The key is ${key("payments", "prod", "api")}`);
    /// ```
    #[rhai_fn(global, name = "to_string", name = "to_debug", pure)]
    pub fn to_string(key: &mut Key) -> ImmutableString {
        key.namespace().into()
    }

    /// The first segment of a key, the business domain: `payments`.
    ///
    /// ```rhai
    /// let key = key("payments", "prod", "api", "gateway");
    /// print(key.project);
    /// ```
    #[rhai_fn(global, get = "project", pure)]
    pub fn get_project(key: &mut Key) -> ImmutableString {
        key.project().into()
    }

    /// The second segment of a key, the environment: `prod`.
    ///
    /// ```rhai
    /// let key = key("payments", "prod", "api", "gateway");
    /// print(key.env);
    /// ```
    #[rhai_fn(global, get = "env", pure)]
    pub fn get_env(key: &mut Key) -> ImmutableString {
        key.env().into()
    }

    /// The third segment of a key: `api`.
    ///
    /// ```rhai
    /// let key = key("payments", "prod", "api", "gateway");
    /// print(key.service);
    /// ```
    #[rhai_fn(global, get = "service", pure)]
    pub fn get_service(key: &mut Key) -> ImmutableString {
        key.service().into()
    }

    /// The system that the service belongs to; the project's name unless given: `gateway`.
    ///
    /// ```rhai
    /// let key = key("payments", "prod", "api", "gateway");
    /// print(key.system);
    /// ```
    #[rhai_fn(global, get = "system", pure)]
    pub fn get_system(key: &mut Key) -> ImmutableString {
        key.system().into()
    }

    /// The Kubernetes namespace: `payments-prod-api`.
    ///
    /// ```rhai
    /// let key = key("payments", "prod", "api", "gateway");
    /// print(key.namespace);
    /// ```
    #[rhai_fn(global, get = "namespace", pure)]
    pub fn get_namespace(key: &mut Key) -> ImmutableString {
        key.namespace().into()
    }

    /// The Argo CD Application: `gateway-api-prod`.
    ///
    /// ```rhai
    /// let key = key("payments", "prod", "api", "gateway");
    /// print(key.application);
    /// ```
    #[rhai_fn(global, get = "application", pure)]
    pub fn get_application(key: &mut Key) -> ImmutableString {
        key.application().into()
    }

    /// The Argo CD AppProject: `payments`.
    ///
    /// ```rhai
    /// let key = key("payments", "prod", "api", "gateway");
    /// print(key.app_project);
    /// ```
    #[rhai_fn(global, get = "app_project", pure)]
    pub fn get_app_project(key: &mut Key) -> ImmutableString {
        key.app_project().into()
    }

    /// The Backstage Component: `gateway-api`.
    ///
    /// ```rhai
    /// let key = key("payments", "prod", "api", "gateway");
    /// print(key.component);
    /// ```
    #[rhai_fn(global, get = "component", pure)]
    pub fn get_component(key: &mut Key) -> ImmutableString {
        key.component().into()
    }

    /// The Backstage Domain: `payments`.
    ///
    /// ```rhai
    /// let key = key("payments", "prod", "api", "gateway");
    /// print(key.domain);
    /// ```
    #[rhai_fn(global, get = "domain", pure)]
    pub fn get_domain(key: &mut Key) -> ImmutableString {
        key.domain().into()
    }

    /// The application repository: `payments-api`.
    ///
    /// ```rhai
    /// let key = key("payments", "prod", "api", "gateway");
    /// print(key.repository);
    /// ```
    #[rhai_fn(global, get = "repository", pure)]
    pub fn get_repository(key: &mut Key) -> ImmutableString {
        key.repository().into()
    }

    /// The project's GitOps repository: `payments-gitops`.
    ///
    /// ```rhai
    /// let key = key("payments", "prod", "api", "gateway");
    /// print(key.gitops_repository);
    /// ```
    #[rhai_fn(global, get = "gitops_repository", pure)]
    pub fn get_gitops_repository(key: &mut Key) -> ImmutableString {
        key.gitops_repository().into()
    }

    /// The namespace of claims and connection secrets: `payments-prod-infra`.
    ///
    /// ```rhai
    /// let key = key("payments", "prod", "api", "gateway");
    /// print(key.infra_namespace);
    /// ```
    #[rhai_fn(global, get = "infra_namespace", pure)]
    pub fn get_infra_namespace(key: &mut Key) -> ImmutableString {
        key.infra_namespace().into()
    }

    /// The folder of the service's manifests in the GitOps repository: `k8s/prod/api`.
    ///
    /// ```rhai
    /// let key = key("payments", "prod", "api", "gateway");
    /// print(key.folder);
    /// ```
    #[rhai_fn(global, get = "folder", pure)]
    pub fn get_folder(key: &mut Key) -> ImmutableString {
        key.folder().into()
    }
}
