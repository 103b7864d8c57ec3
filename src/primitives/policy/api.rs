//! What scripts see of policies.

use rhai::plugin::*;

/// Policies: what is wrong with manifests, as scripts say it. `idp-run audit --with FILE` asks them.
#[export_module]
pub mod api {
    use rhai::{Array, Dynamic, Map, NativeCallContext};

    use crate::bridge::RhaiResultOf;
    use crate::report::PolicyLevel;

    /// All objects of a run, as `check_all` is shown them.
    pub type Objects = crate::primitives::policy::Objects;

    /// Declares a policy. Its id is PACK/RULE; `check` looks at one object that `applies_to` describes, `check_all` at all
    /// objects of the run. `applies_to` has `kinds`, `api_groups`, `namespaces`, `not_namespaces`, `names`, `labels`,
    /// `paths` and `environments`, each with globs. Who asks for `Pod` is shown the pod templates of controllers, too.
    ///
    /// Errors: `idp::policy::declared`, `idp::script::option`.
    ///
    /// ```rhai
    /// policy("shop/replicas", #{
    ///     title: "A Deployment with one replica",
    ///     severity: "high",
    ///     applies_to: #{ kinds: ["Deployment"] },
    ///     check: |o| {
    ///         if (o.spec.replicas ?? 1) < 2 { deny(o.at("spec.replicas"), "one replica is none while it restarts"); }
    ///     },
    /// });
    /// ```
    #[rhai_fn(return_raw)]
    pub fn policy(ctx: NativeCallContext, id: &str, fields: Map) -> RhaiResultOf<()> {
        crate::primitives::policy::declare(&ctx, id, &fields)
    }

    /// Reports that something is wrong at a place: a view, or what `at` gives.
    ///
    /// Errors: `idp::policy::place`, `idp::policy::message`, `idp::policy::outside`, `idp::policy::reports`.
    ///
    /// ```rhai
    /// policy("shop/no-host-network", #{
    ///     title: "A pod in the network of its node",
    ///     applies_to: #{ kinds: ["Pod"] },
    ///     check: |o| if o.spec?.hostNetwork == true { deny(o.at("spec.hostNetwork"), "the pod uses the node's network") },
    /// });
    /// ```
    #[rhai_fn(return_raw)]
    pub fn deny(ctx: NativeCallContext, place: Dynamic, message: &str) -> RhaiResultOf<()> {
        crate::primitives::policy::report(&ctx, PolicyLevel::Deny, &place, message, None)
    }

    /// The same, with what to do.
    ///
    /// ```rhai
    /// policy("shop/named-ports", #{
    ///     title: "A port without a name",
    ///     applies_to: #{ kinds: ["Service"] },
    ///     check: |o| for port in o.spec?.ports ?? [] {
    ///         if port.name == () { deny(port, `port ${port.port} has no name`, "name it after its protocol: http") }
    ///     },
    /// });
    /// ```
    #[rhai_fn(name = "deny", return_raw)]
    pub fn deny_with_help(ctx: NativeCallContext, place: Dynamic, message: &str, help: &str) -> RhaiResultOf<()> {
        crate::primitives::policy::report(&ctx, PolicyLevel::Deny, &place, message, Some(help))
    }

    /// Reports something that is told as a warning and fails nothing.
    ///
    /// ```rhai
    /// policy("shop/owner", #{
    ///     title: "An object without an owner",
    ///     check: |o| if o.label("owner") == () { warn(o.at("metadata.labels.owner"), "nobody owns this") },
    /// });
    /// ```
    #[rhai_fn(return_raw)]
    pub fn warn(ctx: NativeCallContext, place: Dynamic, message: &str) -> RhaiResultOf<()> {
        crate::primitives::policy::report(&ctx, PolicyLevel::Warn, &place, message, None)
    }

    /// The same, with what to do.
    ///
    /// ```rhai
    /// policy("shop/owner", #{
    ///     title: "An object without an owner",
    ///     check: |o| if o.label("owner") == () { warn(o, "nobody owns this", "add the label `owner`") },
    /// });
    /// ```
    #[rhai_fn(name = "warn", return_raw)]
    pub fn warn_with_help(ctx: NativeCallContext, place: Dynamic, message: &str, help: &str) -> RhaiResultOf<()> {
        crate::primitives::policy::report(&ctx, PolicyLevel::Warn, &place, message, Some(help))
    }

    /// Reports something that is counted and fails nothing.
    ///
    /// ```rhai
    /// policy("shop/paused", #{
    ///     title: "A Deployment that is paused",
    ///     applies_to: #{ kinds: ["Deployment"] },
    ///     check: |o| if o.spec?.paused == true { audit(o.at("spec.paused"), "it is paused") },
    /// });
    /// ```
    #[rhai_fn(return_raw)]
    pub fn audit(ctx: NativeCallContext, place: Dynamic, message: &str) -> RhaiResultOf<()> {
        crate::primitives::policy::report(&ctx, PolicyLevel::Audit, &place, message, None)
    }

    /// The same, with what to do.
    ///
    /// ```rhai
    /// policy("shop/paused", #{
    ///     title: "A Deployment that is paused",
    ///     applies_to: #{ kinds: ["Deployment"] },
    ///     check: |o| if o.spec?.paused == true { audit(o, "it is paused", "let it go on") },
    /// });
    /// ```
    #[rhai_fn(name = "audit", return_raw)]
    pub fn audit_with_help(ctx: NativeCallContext, place: Dynamic, message: &str, help: &str) -> RhaiResultOf<()> {
        crate::primitives::policy::report(&ctx, PolicyLevel::Audit, &place, message, Some(help))
    }

    /// The objects of a kind; of `Pod`, pods alone.
    ///
    /// ```rhai
    /// policy("shop/services", #{
    ///     title: "Two Services of one name",
    ///     check_all: |all| {
    ///         let seen = [];
    ///         for s in all.of("Service") {
    ///             let name = `${s.namespace}/${s.name}`;
    ///             if name in seen { deny(s, "there is another Service of this name") }
    ///             seen.push(name);
    ///         }
    ///     },
    /// });
    /// ```
    #[rhai_fn(global, name = "of", pure)]
    pub fn of_kind(all: &mut Objects, kind: &str) -> Array {
        all.of(None, kind)
    }

    /// The objects of a kind in an API group; the core group is `""`.
    ///
    /// ```rhai
    /// policy("shop/deployments", #{
    ///     title: "No Deployment at all",
    ///     check_all: |all| for n in all.of("Namespace") { if all.of("apps", "Deployment").is_empty() { warn(n, "it is empty") } },
    /// });
    /// ```
    #[rhai_fn(global, name = "of", pure)]
    pub fn of_group(all: &mut Objects, group: &str, kind: &str) -> Array {
        all.of(Some(group), kind)
    }

    /// Pods, and the pod templates of controllers as pods.
    ///
    /// ```rhai
    /// policy("shop/pods", #{
    ///     title: "A pod without a Service",
    ///     check_all: |all| for pod in all.pods() { if all.of("Service").is_empty() { warn(pod, "nothing reaches it") } },
    /// });
    /// ```
    #[rhai_fn(global, pure)]
    pub fn pods(all: &mut Objects) -> Array {
        all.pods()
    }

    /// The pods, and pod templates as pods, of a namespace (`""` for those that name none) that a selector selects.
    ///
    /// ```rhai
    /// policy("shop/services", #{
    ///     title: "A Service of no pod",
    ///     check_all: |all| for s in all.of("Service") {
    ///         if all.pods(s.namespace, selector(s.at("spec.selector"))).is_empty() { deny(s, "it leads nowhere") }
    ///     },
    /// });
    /// ```
    #[rhai_fn(global, name = "pods", pure)]
    pub fn pods_of(all: &mut Objects, namespace: &str, selector: crate::formats::selector::Selector) -> Array {
        all.selected(namespace, &selector)
    }

    /// The object of a kind by its namespace (`""` where it has none) and name; `()` if there is none.
    ///
    /// ```rhai
    /// policy("shop/backend", #{
    ///     title: "An Ingress to nowhere",
    ///     check_all: |all| for i in all.of("Ingress") {
    ///         if all.find("Service", i.namespace, "shop") == () { deny(i, "there is no Service shop") }
    ///     },
    /// });
    /// ```
    #[rhai_fn(global, pure)]
    pub fn find(all: &mut Objects, kind: &str, namespace: &str, name: &str) -> Dynamic {
        all.find(kind, namespace, name).map_or(Dynamic::UNIT, Dynamic::from)
    }

    /// All objects.
    ///
    /// ```rhai
    /// policy("shop/many", #{
    ///     title: "More than a hundred objects",
    ///     check_all: |all| if all.all().len() > 100 { warn(all.all()[0], "there are more than 100 objects") },
    /// });
    /// ```
    #[rhai_fn(global, name = "all", pure)]
    pub fn all_objects(all: &mut Objects) -> Array {
        all.all()
    }
}
