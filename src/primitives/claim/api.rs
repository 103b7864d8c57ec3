//! Claims in scripts.

use rhai::plugin::*;

/// Claims: what a team asks the platform for. Fields, defaults and bounds come from the definition of the kind, a
/// CompositeResourceDefinition in `schemas/` of the workspace or where `schemas` of idp.yaml says.
#[export_module]
pub mod api {

    use rhai::{Array, Dynamic, ImmutableString, Map, NativeCallContext};

    use super::not_names;
    use crate::bridge::{RhaiResultOf, run_of, throw};
    use crate::error::Result;
    use crate::primitives::claim::{MANIFEST, Wrapping};
    use crate::primitives::manifest::Manifest;
    use crate::primitives::options::Options;
    use crate::primitives::{step, value};
    use crate::schemas::offers;

    /// A claim in the making. Every call returns a new one.
    pub type Claim = super::super::Claim;

    /// A claim of a kind: by its name, its plural or a short name, with or without the group. A definition whose
    /// composites have no claims is asked for by the composite's own kind.
    ///
    /// Errors: `idp::claim::unknown`, `idp::claim::ambiguous`, `idp::form::definition`, `idp::form::hidden`,
    /// `idp::schema::definition`, `idp::yaml::syntax`.
    ///
    /// ```rhai
    /// let database = claim("PostgreSQLInstance").set("storageGB", 50).set("multiAZ", true);
    /// print(database.manifest("shelf", #{ namespace: "orders-dev-infra", secret: "shelf-connection" }));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn claim(ctx: NativeCallContext, kind: &str) -> RhaiResultOf<Claim> {
        let run = run_of(&ctx)?;
        let act = || offers::named(&run.offers()?, kind);
        act().map(Claim::of).map_err(|error| throw(&ctx, error))
    }

    /// A claim of each kind on offer.
    ///
    /// Errors: `idp::form::definition`.
    ///
    /// ```rhai
    /// for each in claimables() { print(`${each.type}: ${each.title}`); }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn claimables(ctx: NativeCallContext) -> RhaiResultOf<Array> {
        let run = run_of(&ctx)?;
        let found = run.offers().map_err(|error| throw(&ctx, error))?;
        Ok(found.iter().map(|offer| Dynamic::from(Claim::of(offer.clone()))).collect())
    }

    /// The kind.
    ///
    /// ```rhai
    /// print(claim("s3").kind);
    /// ```
    #[rhai_fn(global, get = "kind", pure)]
    pub fn kind(claim: &mut Claim) -> ImmutableString {
        claim.offer.form.kind.as_str().into()
    }

    /// `apiVersion`: the group and the version that is referenceable.
    ///
    /// ```rhai
    /// print(claim("s3").api_version);
    /// ```
    #[rhai_fn(global, get = "api_version", pure)]
    pub fn api_version(claim: &mut Claim) -> ImmutableString {
        claim.offer.form.api_version().into()
    }

    /// The word for the kind in names and files: its first short name, or the kind in small letters.
    ///
    /// ```rhai
    /// print(claim("PostgreSQLInstance").type);
    /// ```
    #[rhai_fn(global, get = "type", pure)]
    pub fn word(claim: &mut Claim) -> ImmutableString {
        claim.offer.form.word.as_str().into()
    }

    /// What people call the kind: the annotation `idp-run/title` of its definition, or the kind.
    ///
    /// ```rhai
    /// print(claim("sqs").title);
    /// ```
    #[rhai_fn(global, get = "title", pure)]
    pub fn title(claim: &mut Claim) -> ImmutableString {
        claim.offer.form.title.as_str().into()
    }

    /// The file of the definition.
    ///
    /// ```rhai
    /// print(claim("sqs").file);
    /// ```
    #[rhai_fn(global, get = "file", pure)]
    pub fn file(claim: &mut Claim) -> ImmutableString {
        claim.offer.file.as_str().into()
    }

    /// The keys of the connection secret.
    ///
    /// ```rhai
    /// print(claim("PostgreSQLInstance").secret);
    /// ```
    #[rhai_fn(global, get = "secret", pure)]
    pub fn secret(claim: &mut Claim) -> Array {
        claim.offer.form.secret.iter().map(|key| key.as_str().into()).collect()
    }

    /// Where it runs: the provider that was chosen, or that of the default composition; `()` if none says.
    ///
    /// ```rhai
    /// print(claim("Database").provider ?? "somewhere");
    /// ```
    #[rhai_fn(global, get = "provider", pure)]
    pub fn provider(claim: &mut Claim) -> Dynamic {
        claim.provider().map_or(Dynamic::UNIT, |text| text.into())
    }

    /// Where it can run: the label `provider` of each composition.
    ///
    /// ```rhai
    /// print(claim("Database").providers);
    /// ```
    #[rhai_fn(global, get = "providers", pure)]
    pub fn providers(claim: &mut Claim) -> Array {
        claim.offer.form.providers.iter().map(|(provider, _)| provider.as_str().into()).collect()
    }

    /// Whether it is in a namespace.
    ///
    /// ```rhai
    /// print(claim("S3Bucket").namespaced);
    /// ```
    #[rhai_fn(global, get = "namespaced", pure)]
    pub fn namespaced(claim: &mut Claim) -> bool {
        claim.offer.form.makes.namespaced()
    }

    /// An annotation `idp-run/NAME` of the definition; `()` if it has none.
    ///
    /// ```rhai
    /// print(claim("PostgreSQLInstance").note("ports") ?? "443");
    /// ```
    #[rhai_fn(global, pure)]
    pub fn note(claim: &mut Claim, name: &str) -> Dynamic {
        claim.offer.form.note(name).map_or(Dynamic::UNIT, |text| text.into())
    }

    /// The claim with names that are somebody else's: a field `name` is called `specName` then.
    ///
    /// Errors: `idp::script::data`.
    ///
    /// ```rhai
    /// print(claim("MongoDB").avoid(["version"]).questions().keys());
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn avoid(ctx: NativeCallContext, claim: &mut Claim, names: Array) -> RhaiResultOf<Claim> {
        let texts = names.into_iter().map(|name| name.into_string().map_err(|wrong| not_names(&ctx, wrong)));
        Ok(claim.clone().avoiding(texts.collect::<RhaiResultOf<_>>()?))
    }

    /// Its fields as parameters, for `params(p)`: types, bounds, choices and defaults are those of the definition, and of
    /// what was set before.
    ///
    /// ```rhai
    /// fn params() {
    ///     #{ size: param("string", "How large").or_else("small") }
    /// }
    ///
    /// fn params(p) {
    ///     claim("PostgreSQLInstance").usual(p.size == "large").questions()
    /// }
    ///
    /// fn run(p) {
    ///     print(p.storageGB);
    /// }
    /// ```
    #[rhai_fn(global, pure)]
    pub fn questions(claim: &mut Claim) -> Map {
        claim.params().into_iter().map(|(name, param)| (name.into(), Dynamic::from(param))).collect()
    }

    /// The claim with a field set, by its name or by its path (`spec.parameters.storageGB`).
    ///
    /// Errors: `idp::claim::rejected`, `idp::script::data`.
    ///
    /// ```rhai
    /// print(claim("S3Bucket").set("expireAfterDays", 30).manifest("pictures"));
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn set(ctx: NativeCallContext, claim: &mut Claim, field: &str, to: Dynamic) -> RhaiResultOf<Claim> {
        let act = || claim.set(field, value::to_json(&to)?);
        act().map_err(|error| throw(&ctx, error))
    }

    /// The claim with all fields set that a map has values for; what is no field is left alone, and so is `()`. It takes
    /// the `p` of a script whose `params(p)` declares `claim.questions()`: what is wrong with a value from now on is said of
    /// the parameter.
    ///
    /// Errors: `idp::param::refused`, `idp::script::data`, `idp::yaml::syntax`.
    ///
    /// ```rhai
    /// let p = #{ team: "team-orders", retentionDays: 7 };
    /// print(claim("SQSQueue").answers(p).manifest("parcels"));
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn answers(ctx: NativeCallContext, claim: &mut Claim, values: Map) -> RhaiResultOf<Claim> {
        let act = || {
            let values: Result<serde_json::Map<String, serde_json::Value>> =
                values.iter().map(|(name, one)| Ok((name.to_string(), value::to_json(one)?))).collect();
            claim.answered(&values?)
        };
        act().map_err(|error| throw(&ctx, error))
    }

    /// The claim with what the platform gives where nobody says, in general or in production: the annotations
    /// `idp-run/defaults` and `idp-run/defaults-production`. What is set stays.
    ///
    /// Errors: `idp::form::definition`, `idp::yaml::syntax`.
    ///
    /// ```rhai
    /// print(claim("PostgreSQLInstance").usual(true).manifest("shelf"));
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn usual(ctx: NativeCallContext, claim: &mut Claim, production: bool) -> RhaiResultOf<Claim> {
        claim.usual(production).map_err(|error| throw(&ctx, error))
    }

    /// The claim on a provider, one of `providers`.
    ///
    /// Errors: `idp::claim::rejected`.
    ///
    /// ```rhai
    /// print(claim("Database").set("engine", "postgres").on("gcp").manifest("shelf"));
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn on(ctx: NativeCallContext, claim: &mut Claim, provider: &str) -> RhaiResultOf<Claim> {
        claim.on(provider).map_err(|error| throw(&ctx, error))
    }

    /// The claim with the fields that a manifest of its kind has.
    ///
    /// ```rhai
    /// let there = repo("orders-gitops").tree("main").manifest("crossplane/claims/dev/postgresql-checkout.yaml");
    /// print(claim(there.kind).like(there).values().storageGB);
    /// ```
    #[rhai_fn(global, pure)]
    pub fn like(claim: &mut Claim, manifest: Manifest) -> Claim {
        claim.like(manifest.value())
    }

    /// The values of its fields by their names: what was set, or else the definition's default, or else `()`. Where it
    /// runs is the value of `provider`, if that is known.
    ///
    /// ```rhai
    /// print(claim("MongoDB").values().storageGB);
    /// ```
    #[rhai_fn(global, pure)]
    pub fn values(claim: &mut Claim) -> Map {
        let given = |value: Option<&serde_json::Value>| value.map_or(Dynamic::UNIT, value::from_json);
        let values = claim.values().into_iter().map(|(name, value)| (name.into(), given(value)));
        let provider = claim.provider().map(|provider| ("provider".into(), provider.into()));
        provider.into_iter().chain(values).collect()
    }

    /// What a claim is called that people call `name`: the annotation `idp-run/claim-name` with `{type}`, `{name}` and
    /// `{unique}` replaced, `{type}-{name}` without one. The unique part stays the same in every rerun.
    ///
    /// ```rhai
    /// print(claim("MongoDB").name_for("carts"));
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn name_for(ctx: NativeCallContext, claim: &mut Claim, name: &str) -> RhaiResultOf<String> {
        name_anew(ctx, claim, name, 1)
    }

    /// The same for the first, second, third claim that people call so, each made after the one before was given up: the
    /// unique part is another one each time.
    ///
    /// ```rhai
    /// print(claim("MongoDB").name_for("carts", 2));
    /// ```
    #[rhai_fn(global, name = "name_for", return_raw, pure)]
    pub fn name_anew(ctx: NativeCallContext, claim: &mut Claim, name: &str, time: i64) -> RhaiResultOf<String> {
        let form = &claim.offer.form;
        let pattern = form.note("claim-name").unwrap_or("{type}-{name}");
        let mut text = pattern.replace("{type}", &form.word);
        if text.contains("{unique}") {
            let run = run_of(&ctx)?;
            let door = run.door().map_err(|error| throw(&ctx, error))?;
            let cause = if time > 1 { format!("claim {name} {time}") } else { format!("claim {name}") };
            text = text.replace("{unique}", &step::unique(&door.run().hash, &cause));
        }
        Ok(text.replace("{name}", name))
    }

    /// The claim as a manifest, with the defaults of the definition. What the API server would refuse is an error.
    ///
    /// Errors: `idp::claim::rejected`.
    ///
    /// ```rhai
    /// print(claim("SQSQueue").manifest("parcels"));
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn manifest(ctx: NativeCallContext, claim: &mut Claim, name: &str) -> RhaiResultOf<Manifest> {
        manifest_with(ctx, claim, name, Map::new())
    }

    /// The same with a namespace, labels, annotations, and a connection secret beside it.
    ///
    /// Errors: `idp::claim::rejected`, `idp::script::option`.
    ///
    /// ```rhai
    /// print(claim("SQSQueue").manifest("parcels", #{
    ///     namespace: "orders-dev-infra", labels: #{ "app.kubernetes.io/name": "parcels" }, secret: "parcels-connection",
    /// }));
    /// ```
    #[rhai_fn(global, name = "manifest", return_raw, pure)]
    pub fn manifest_with(
        ctx: NativeCallContext,
        claim: &mut Claim,
        name: &str,
        options: Map,
    ) -> RhaiResultOf<Manifest> {
        let act = || {
            let options = Options::of(&MANIFEST, &options)?;
            let wrapping = Wrapping {
                namespace: options.text("namespace")?,
                labels: options.text_map("labels")?.unwrap_or_default(),
                annotations: options.text_map("annotations")?.unwrap_or_default(),
                secret: options.text("secret")?,
            };
            claim.object(name, &wrapping).map(Manifest::of)
        };
        act().map_err(|error| throw(&ctx, error))
    }

    /// What the API server adds to a manifest where it says nothing: the defaults of the definition and of Crossplane, by
    /// their paths.
    ///
    /// Errors: `idp::schema::invalid`.
    ///
    /// ```rhai
    /// let queue = claim("SQSQueue");
    /// print(queue.defaults_of(queue.manifest("parcels")));
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn defaults_of(ctx: NativeCallContext, claim: &mut Claim, manifest: Manifest) -> RhaiResultOf<Map> {
        let added = claim.added(manifest.value()).map_err(|error| throw(&ctx, error))?;
        Ok(added.into_iter().map(|(path, one)| (path.into(), value::from_json(&one))).collect())
    }

    /// Refuses a manifest that the API server would refuse.
    ///
    /// Errors: `idp::claim::rejected`.
    ///
    /// ```rhai
    /// let there = repo("orders-gitops").tree("main").manifest("crossplane/claims/dev/postgresql-checkout.yaml");
    /// claim(there.kind).accepts(there);
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn accepts(ctx: NativeCallContext, claim: &mut Claim, manifest: Manifest) -> RhaiResultOf<()> {
        claim.accepts(manifest.value()).map_err(|error| throw(&ctx, error))
    }

    /// Refuses what a claim that is there can't become: by the rules of the definition's schema that compare with the old
    /// value, and by its annotations `idp-run/immutable` and `idp-run/grows`, which list fields.
    ///
    /// Errors: `idp::claim::rejected`.
    ///
    /// ```rhai
    /// let there = repo("orders-gitops").tree("main").manifest("crossplane/claims/dev/postgresql-checkout.yaml");
    /// try { claim(there.kind).accepts(there, there.set("spec.parameters.storageGB", 20)); } catch (e) { print(e.message); }
    /// ```
    #[rhai_fn(global, name = "accepts", return_raw, pure)]
    pub fn accepts_change(
        ctx: NativeCallContext,
        claim: &mut Claim,
        before: Manifest,
        after: Manifest,
    ) -> RhaiResultOf<()> {
        super::super::refuse_change(claim, before.value(), after.value()).map_err(|error| throw(&ctx, error))
    }

    /// The paths of its fields, `spec.parameters.storageGB`, by their names as parameters; that of `provider`, too, where a
    /// claim can choose one.
    ///
    /// ```rhai
    /// print(claim("PostgreSQLInstance").paths());
    /// ```
    #[rhai_fn(global, pure)]
    pub fn paths(claim: &mut Claim) -> Map {
        let paths = claim.paths().into_iter();
        paths.map(|(name, path)| (name.into(), path.into())).collect()
    }
}

fn not_names(ctx: &rhai::NativeCallContext, wrong: &str) -> Box<rhai::EvalAltResult> {
    let message = format!("the names to avoid are a list of texts, and one is {wrong}");
    crate::bridge::throw(ctx, crate::error::Error::invalid("idp::script::data", message))
}
