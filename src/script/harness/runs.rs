//! What tests say to choose their world, to run scripts in it, and to look at what came of them.

use std::sync::Arc;

use rhai::plugin::*;
use rhai::{Map, NativeCallContext};

use super::outcome::RunResult;
use super::{assertion, stage_of};
use crate::bridge::{RhaiResultOf, throw};
use crate::error::{Error, Result, nearest};
use crate::primitives::value;
use crate::script::Trouble;
use crate::world::Mode;

/// Runs a script; an error that isn't expected is the test's.
fn run(ctx: &NativeCallContext, name: &str, params: &Map, options: &Map, mode: Mode) -> RhaiResultOf<RunResult> {
    let (stage, _) = stage_of(ctx)?;
    let wanted = fails(options).map_err(|error| throw(ctx, error))?;
    let params = params.iter().map(|(name, value)| Ok((name.to_string(), value::to_json(value)?)));
    let params = params.collect::<Result<_>>().map_err(|error| throw(ctx, error))?;
    let outcome = stage.run_script(name, params, mode).and_then(|mut outcome| match outcome.failure.take() {
        Some((error, frames)) if wanted.is_none() => Err(Trouble::Failed { error, frames }),
        failure => {
            outcome.failure = failure;
            Ok(outcome)
        }
    });
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(Trouble::Failed { error, frames }) => {
            stage.explain_later(&error, frames, None);
            return Err(throw(ctx, error));
        }
        Err(Trouble::Waiting(what)) => return Err(throw(ctx, assertion(format!("{name} waits for {what}")))),
    };
    match (&wanted, &outcome.failure) {
        (Some(code), None) => Err(throw(ctx, assertion(format!("{name} was to fail with {code}, and didn't")))),
        (Some(code), Some((error, frames))) if error.code() != code => {
            let message = format!("{name} was to fail with {code}, and failed with {}: {error}", error.code());
            let wrong = assertion(message);
            stage.explain_later(&wrong, frames.clone(), None);
            Err(throw(ctx, wrong))
        }
        _ => Ok(RunResult(Arc::new(outcome))),
    }
}

/// The code of the error that is expected, from the options of a call.
fn fails(options: &Map) -> Result<Option<String>> {
    if let Some(key) = options.keys().find(|key| *key != "fails") {
        let error = Error::invalid("idp::script::option", format!("running a script has no option `{key}`"));
        return Err(match nearest(key, ["fails"]) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help("known options: fails"),
        });
    }
    let Some(code) = options.get("fails") else { return Ok(None) };
    let wrong = |_| Error::invalid("idp::script::option", "the option `fails` must be the code of an error, a text");
    code.clone().into_string().map(Some).map_err(wrong)
}

/// The world of a test, the scripts that it runs there, and what came of them.
#[export_module]
pub mod api {
    use std::time::Duration;

    use rhai::{Array, Dynamic, ImmutableString, Map, NativeCallContext};

    use super::super::stage_of;
    use crate::bridge::{RhaiResultOf, run_of, throw};
    use crate::config::{Config, Environment, Promotion};
    use crate::error::Error;
    use crate::primitives::tree::Tree;
    use crate::primitives::value;
    use crate::world::Mode;
    use crate::world::later::Later;

    /// What came of a script that a test ran.
    pub type RunResult = super::RunResult;

    /// Takes the world of another workspace, by its folder: its `idp.yaml` with environments, values and seeds. At the top
    /// of a file for all of its tests, or first thing in one of them. Without it, tests have the world of the workspace
    /// that they belong to.
    ///
    /// ```rhai
    /// fixture("examples/acme");
    /// assert(repo("platform-gitops").exists());
    /// ```
    #[rhai_fn(return_raw)]
    pub fn fixture(ctx: NativeCallContext, folder: &str) -> RhaiResultOf<()> {
        let (stage, tag) = stage_of(&ctx)?;
        let act = || {
            let folder = stage.root.join(folder);
            let config = Config::find(Some(&folder), &folder)?;
            let config = config.ok_or_else(|| Error::invalid("idp::test::fixture", "there is no idp.yaml"))?;
            stage.set_config(&tag, config, Some(true))
        };
        act().map_err(|error| throw(&ctx, error))
    }

    /// Leaves the seeds out: a world without repositories.
    ///
    /// ```rhai
    /// empty_world();
    /// assert(!repo("platform-gitops").exists());
    /// ```
    #[rhai_fn(return_raw)]
    pub fn empty_world(ctx: NativeCallContext) -> RhaiResultOf<()> {
        let (stage, tag) = stage_of(&ctx)?;
        let config = (*stage.config()).clone();
        stage.set_config(&tag, config, Some(false)).map_err(|error| throw(&ctx, error))
    }

    /// Lays values on those of `idp.yaml`: what `setting(name, otherwise)` finds.
    ///
    /// ```rhai
    /// with_values(#{ registry: "registry.test" });
    /// assert_eq(setting("registry", ""), "registry.test");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn with_values(ctx: NativeCallContext, values: Map) -> RhaiResultOf<()> {
        let (stage, tag) = stage_of(&ctx)?;
        let act = || {
            let mut config = (*stage.config()).clone();
            let given = value::to_json(&Dynamic::from(values.clone()))?;
            config.values = crate::world::cluster::merged(Some(&config.values), &given);
            stage.set_config(&tag, config, None)
        };
        act().map_err(|error| throw(&ctx, error))
    }

    /// Other environments than those of `idp.yaml`, in promotion order. Each is a name (its cluster is `cluster-NAME`, and
    /// `prod` is for production), or a map with `name`, and if needed what `environments()` tells of each besides.
    ///
    /// ```rhai
    /// with_environments(["dev", #{ name: "live", cluster: "west", production: true }]);
    /// assert_eq(environments()[1].cluster, "west");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn with_environments(ctx: NativeCallContext, environments: Array) -> RhaiResultOf<()> {
        let (stage, tag) = stage_of(&ctx)?;
        let act = || {
            let mut config = (*stage.config()).clone();
            config.environments.clear();
            let text = |each: &serde_json::Value| each.as_str().map(str::to_owned);
            for each in &environments {
                let each = value::to_json(each)?;
                let name = each.as_str().or_else(|| each["name"].as_str()).ok_or_else(|| {
                    Error::invalid("idp::test::fixture", "an environment is a name, or a map with `name`")
                })?;
                let cluster = each["cluster"].as_str().map_or_else(|| format!("cluster-{name}"), str::to_owned);
                let production = each["production"].as_bool().unwrap_or(name == "prod");
                config.clusters.entry(cluster.clone()).or_default();
                config.environments.push(Environment {
                    name: name.to_string(),
                    cluster,
                    production,
                    promotion: Promotion {
                        checks: each["checks"].as_array().into_iter().flatten().filter_map(text).collect(),
                        soak: Duration::from_secs(each["soak"].as_u64().unwrap_or_default()),
                        direct: each["direct"].as_bool().unwrap_or_default(),
                    },
                });
            }
            stage.set_config(&tag, config, None)
        };
        act().map_err(|error| throw(&ctx, error))
    }

    /// Runs a script in the test's world: by name, the one beside the test first, or by a path from the workspace's folder. What it makes stays, so that a
    /// second run finds it. A script that fails fails the test.
    ///
    /// ```rhai
    /// let r = run_script("examples/greet.rhai", #{ name: "api" });
    /// assert_eq(r.status, "applied");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn run_script(ctx: NativeCallContext, name: &str, params: Map) -> RhaiResultOf<RunResult> {
        super::run(&ctx, name, &params, &Map::new(), Mode::Apply)
    }

    /// Runs a script that is expected to fail: `fails` is the code of its error, which is `r.error` then.
    ///
    /// ```rhai
    /// let r = run_script("examples/greet.rhai", #{}, #{ fails: "idp::param::missing" });
    /// assert_contains(r.error.message, "name");
    /// ```
    #[rhai_fn(name = "run_script", return_raw)]
    pub fn run_script_with(ctx: NativeCallContext, name: &str, params: Map, options: Map) -> RhaiResultOf<RunResult> {
        super::run(&ctx, name, &params, &options, Mode::Apply)
    }

    /// Plans a script: as `run_script`, and nothing of it stays in the test's world.
    ///
    /// ```rhai
    /// let r = plan_script("examples/greet.rhai", #{ name: "api" });
    /// assert_eq(r.counts.create, 2);
    /// assert(!repo("api").exists());
    /// ```
    #[rhai_fn(return_raw)]
    pub fn plan_script(ctx: NativeCallContext, name: &str, params: Map) -> RhaiResultOf<RunResult> {
        super::run(&ctx, name, &params, &Map::new(), Mode::Plan)
    }

    /// Plans a script that is expected to fail: `fails` is the code of its error, which is `r.error` then.
    ///
    /// ```rhai
    /// let r = plan_script("examples/greet.rhai", #{}, #{ fails: "idp::param::missing" });
    /// assert_eq(r.status, "failed");
    /// ```
    #[rhai_fn(name = "plan_script", return_raw)]
    pub fn plan_script_with(ctx: NativeCallContext, name: &str, params: Map, options: Map) -> RhaiResultOf<RunResult> {
        super::run(&ctx, name, &params, &options, Mode::Plan)
    }

    /// How it ended: `applied`, `planned`, `waiting` or `failed`.
    ///
    /// ```rhai
    /// assert_eq(run_script("examples/greet.rhai", #{ name: "api" }).status, "applied");
    /// ```
    #[rhai_fn(global, get = "status", pure)]
    pub fn status(result: &mut RunResult) -> ImmutableString {
        result.0.status.into()
    }

    /// What it waits for; `()` if it doesn't. A plan that lists something to wait for says so here, too.
    ///
    /// ```rhai
    /// assert_eq(run_script("examples/greet.rhai", #{ name: "api" }).waiting_for, ());
    /// ```
    #[rhai_fn(global, get = "waiting_for", pure)]
    pub fn waiting_for(result: &mut RunResult) -> Dynamic {
        result.0.waiting_for.as_ref().map_or(Dynamic::UNIT, |what| what.as_str().into())
    }

    /// The error that was expected, with `code`, `message` and `help`; `()` if there was none.
    ///
    /// ```rhai
    /// let r = run_script("examples/greet.rhai", #{}, #{ fails: "idp::param::missing" });
    /// assert_eq(r.error.code, "idp::param::missing");
    /// ```
    #[rhai_fn(global, get = "error", pure)]
    pub fn error(result: &mut RunResult) -> Dynamic {
        result.0.failure.as_ref().map_or(Dynamic::UNIT, |(error, _)| Dynamic::from(error.clone()))
    }

    /// How many objects it made, changed, deleted, and found as asked: `create`, `update`, `delete`, `unchanged`.
    ///
    /// ```rhai
    /// let r = run_script("examples/greet.rhai", #{ name: "api" });
    /// assert_eq(r.counts, #{ create: 2, update: 0, delete: 0, unchanged: 0 });
    /// ```
    #[rhai_fn(global, get = "counts", pure)]
    pub fn counts(result: &mut RunResult) -> Map {
        let counts = serde_json::json!(result.0.counts);
        counts.as_object().map(crate::script::to_map).unwrap_or_default()
    }

    /// Its changes in order: `action` (`create`, `update`, `delete`), `kind`, `target`, `files` (paths), `fields` (name →
    /// value after), `diff` (of its files, as text).
    ///
    /// ```rhai
    /// let r = run_script("examples/greet.rhai", #{ name: "api" });
    /// assert_eq(r.changes.map(|change| change.kind), ["repository", "commit"]);
    /// ```
    #[rhai_fn(global, get = "changes", pure)]
    pub fn changes(result: &mut RunResult) -> Array {
        result.0.changes.iter().map(|seen| Dynamic::from(super::seen(seen))).collect()
    }

    /// The one change of that kind to that target (or the beginning of it). None, or several, fail the test.
    ///
    /// ```rhai
    /// let r = run_script("examples/greet.rhai", #{ name: "api" });
    /// assert_eq(r.change("commit", "acme/api").files, ["README.md"]);
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn change(ctx: NativeCallContext, result: &mut RunResult, kind: &str, target: &str) -> RhaiResultOf<Map> {
        result.0.change(kind, target).map(super::seen).map_err(|error| throw(&ctx, error))
    }

    /// Its changes as text, a line each with its files below: what `assert_snapshot(r)` compares.
    ///
    /// ```rhai
    /// let r = run_script("examples/greet.rhai", #{ name: "api" });
    /// assert_contains(r.summary, "+ repository acme/api");
    /// ```
    #[rhai_fn(global, get = "summary", pure)]
    pub fn summary(result: &mut RunResult) -> String {
        result.0.summary()
    }

    /// The changes as text, in texts.
    ///
    /// ```rhai
    /// print(`${run_script("examples/greet.rhai", #{ name: "api" })}`);
    /// ```
    #[rhai_fn(global, name = "to_string", name = "to_debug", pure)]
    pub fn to_string(result: &mut RunResult) -> String {
        result.0.summary()
    }

    /// Its named results.
    ///
    /// ```rhai
    /// let r = run_script("examples/greet.rhai", #{ name: "api" });
    /// assert_eq(r.outputs["Repository"], "https://git.acme.example/acme/api");
    /// ```
    #[rhai_fn(global, get = "outputs", pure)]
    pub fn outputs(result: &mut RunResult) -> Map {
        result.0.outputs.iter().map(|(name, given)| (name.as_str().into(), value::from_json(given))).collect()
    }

    /// The names of its steps, in the order in which they began.
    ///
    /// ```rhai
    /// assert_eq(run_script("examples/greet.rhai", #{ name: "api" }).steps, ["Say hello"]);
    /// ```
    #[rhai_fn(global, get = "steps", pure)]
    pub fn steps(result: &mut RunResult) -> Array {
        super::texts(&result.0.steps)
    }

    /// What it printed, a text for each `print`.
    ///
    /// ```rhai
    /// assert_contains(run_script("examples/greet.rhai", #{ name: "api" }).prints, "Hello, api");
    /// ```
    #[rhai_fn(global, get = "prints", pure)]
    pub fn prints(result: &mut RunResult) -> Array {
        super::texts(&result.0.prints)
    }

    /// Warnings, and findings that refuse nothing.
    ///
    /// ```rhai
    /// assert_eq(run_script("examples/greet.rhai", #{ name: "api" }).warnings, []);
    /// ```
    #[rhai_fn(global, get = "warnings", pure)]
    pub fn warnings(result: &mut RunResult) -> Array {
        super::texts(&result.0.warnings)
    }

    /// The text of a file on the default branch, in the world that the run left.
    ///
    /// ```rhai
    /// let r = run_script("examples/greet.rhai", #{ name: "api" });
    /// assert_contains(r.file("api", "README.md"), "Hello, api");
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn file(ctx: NativeCallContext, result: &mut RunResult, repo: &str, path: &str) -> RhaiResultOf<String> {
        let run = run_of(&ctx)?;
        let act = || {
            let tree = run.wait(result.0.tree(repo, None))?;
            run.wait(tree.text(&*run.world()?.forge, path))
        };
        act().map_err(|error| throw(&ctx, error))
    }

    /// The files of the default branch of a repository, in the world that the run left.
    ///
    /// ```rhai
    /// let r = run_script("examples/greet.rhai", #{ name: "api" });
    /// assert_eq(r.tree("api").files(), ["README.md"]);
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn tree(ctx: NativeCallContext, result: &mut RunResult, repo: &str) -> RhaiResultOf<Tree> {
        run_of(&ctx)?.wait(result.0.tree(repo, None)).map_err(|error| throw(&ctx, error))
    }

    /// The files of a branch of a repository, in the world that the run left.
    ///
    /// ```rhai
    /// let r = run_script("examples/greet.rhai", #{ name: "api" });
    /// assert(r.tree("api", "main").has("README.md"));
    /// ```
    #[rhai_fn(global, name = "tree", return_raw, pure)]
    pub fn tree_of(ctx: NativeCallContext, result: &mut RunResult, repo: &str, branch: &str) -> RhaiResultOf<Tree> {
        run_of(&ctx)?.wait(result.0.tree(repo, Some(branch))).map_err(|error| throw(&ctx, error))
    }

    /// The files of the pull request that the run opened, changed or found in a repository.
    ///
    /// ```rhai
    /// fixture("examples/acme");
    /// let p = #{ project: "payments", service: "api", owner: "team-payments", description: "Pays" };
    /// let r = run_script("create-service", p);
    /// assert(r.proposal("payments-gitops").has("k8s/dev/api/deployment.yaml"));
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn proposal(ctx: NativeCallContext, result: &mut RunResult, repo: &str) -> RhaiResultOf<Tree> {
        let run = run_of(&ctx)?;
        let act = || {
            let (_, pull, _) = run.wait(result.0.pull(repo))?;
            run.wait(result.0.tree(repo, Some(&pull.head)))
        };
        act().map_err(|error| throw(&ctx, error))
    }

    /// The pull request that the run opened, changed or found in a repository: `repository`, `number`, `title`, `body`,
    /// `head`, `base`, `state`, `labels`, `reviewers`, `comments`.
    ///
    /// ```rhai
    /// fixture("examples/acme");
    /// let p = #{ project: "payments", service: "api", owner: "team-payments", description: "Pays" };
    /// let r = run_script("create-service", p);
    /// assert_eq(r.pull("platform-gitops").title, "Deploy payments-api");
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn pull(ctx: NativeCallContext, result: &mut RunResult, repo: &str) -> RhaiResultOf<Map> {
        let (repo, pull, said) = run_of(&ctx)?.wait(result.0.pull(repo)).map_err(|error| throw(&ctx, error))?;
        let number = match pull.number {
            Later::Known(number) => Dynamic::from(i64::try_from(number).unwrap_or(i64::MAX)),
            Later::Unknown => Dynamic::UNIT,
        };
        let list = |texts: &std::collections::BTreeSet<String>| super::texts(texts.iter());
        let comments: Array = said.comments.iter().map(|comment| comment.body.clone().into()).collect();
        let fields: [(&str, Dynamic); 10] = [
            ("repository", repo.to_string().into()),
            ("number", number),
            ("title", pull.title.into()),
            ("body", pull.body.into()),
            ("head", pull.head.into()),
            ("base", pull.base.into()),
            ("state", pull.state.as_str().into()),
            ("labels", list(&pull.labels).into()),
            ("reviewers", list(&pull.reviewers).into()),
            ("comments", comments.into()),
        ];
        Ok(fields.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }
}

fn texts<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> rhai::Array {
    texts.into_iter().map(|text| text.as_ref().into()).collect()
}

/// A change as a map.
fn seen(seen: &super::outcome::Seen) -> Map {
    let action = serde_json::json!(seen.action);
    let fields =
        seen.diff.fields.iter().filter_map(|(name, _, after)| Some((name.as_str().into(), after.clone()?.into())));
    let diff: String = seen.diff.files.iter().map(|file| format!("{}\n{}", file.path, file.text)).collect();
    let entries: [(&str, rhai::Dynamic); 6] = [
        ("action", value::from_json(&action)),
        ("kind", seen.kind.into()),
        ("target", seen.target.clone().into()),
        ("files", texts(seen.diff.files.iter().map(|file| &file.path)).into()),
        ("fields", fields.collect::<Map>().into()),
        ("diff", diff.into()),
    ];
    entries.into_iter().map(|(name, value)| (name.into(), value)).collect()
}
