//! What people do in a test's world beside the runs: they merge, close, approve, push, and place objects in clusters.

use rhai::plugin::*;

use crate::error::{Error, Result};
use crate::world::World;
use crate::world::forge::{PullRequest, RepoId, missing};
use crate::world::later::Later;

/// Who acts, as the forge records it.
const PERSON: &str = "somebody";

/// A pull request by its number.
async fn pull(world: &World, repo: &str, number: i64) -> Result<(RepoId, PullRequest, u64)> {
    let id = RepoId::parse(repo, world.forge.owner())?;
    let all = world.forge.pull_requests(&id, None).await?;
    let number = u64::try_from(number).unwrap_or_default();
    match all.into_iter().find(|pull| pull.number == Later::Known(number)) {
        Some(pull) => Ok((id, pull, number)),
        None => Err(Error::invalid("idp::pr::missing", format!("{id} has no pull request {number}"))
            .help("`r.pull(repo).number` is the number of the one that a run opened")),
    }
}

/// Repository and number, from what `r.pull(repo)` gives.
fn address(pull: &rhai::Map) -> Result<(String, i64)> {
    let repo = pull.get("repository").and_then(|repo| repo.clone().into_string().ok());
    let number = pull.get("number").and_then(|number| number.as_int().ok());
    repo.zip(number).ok_or_else(|| {
        Error::invalid("idp::test::pull_request", "this is no pull request that a run opened").help(
            "give what `r.pull(repo)` returns after `run_script`; what a plan would open can't be merged or closed",
        )
    })
}

async fn head(world: &World, repo: &RepoId, branch: &str) -> Result<Option<crate::world::forge::CommitId>> {
    world.forge.repository(repo).await?.ok_or_else(|| missing(repo))?;
    world.forge.branch(repo, branch).await
}

/// People in a test: somebody merges, closes, pushes.
#[export_module]
pub mod api {
    use std::sync::atomic::{AtomicU64, Ordering};

    use rhai::{Map, NativeCallContext};

    use super::super::stage_of;
    use crate::bridge::{RhaiResultOf, run_of, throw};
    use crate::error::{Error, Result};
    use crate::primitives::manifest::Manifest;
    use crate::world::change::{Change, File, FileChange, Marker};
    use crate::world::cluster::{address, merged};
    use crate::world::forge::{MergeMethod, RepoId};

    /// Somebody merges a pull request, whatever rules its base has.
    ///
    /// ```rhai
    /// fixture("examples/acme");
    /// let p = #{ project: "payments", service: "api", owner: "team-payments", description: "Pays" };
    /// let r = run_script("create-service", p);
    /// merge(r.pull("platform-gitops"));
    /// assert(repo("platform-gitops").tree("main").has("argocd/payments.yaml"));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn merge(ctx: NativeCallContext, pull: Map) -> RhaiResultOf<()> {
        let (repo, number) = super::address(&pull).map_err(|error| throw(&ctx, error))?;
        let (stage, _) = stage_of(&ctx)?;
        let act = stage.act(super::PERSON, async |world| {
            let (repo, pull, number) = super::pull(world, &repo, number).await?;
            Ok(Change::Merge { repo, number, method: MergeMethod::Merge, head: pull.commit, admin: true, later: false })
        });
        run_of(&ctx)?.pass(act).map_err(|error| throw(&ctx, error))
    }

    /// Somebody closes a pull request without merging it: a person's no.
    ///
    /// ```rhai
    /// fixture("examples/acme");
    /// let p = #{ project: "payments", service: "api", owner: "team-payments", description: "Pays" };
    /// close(run_script("create-service", p).pull("platform-gitops"));
    /// run_script("create-service", p, #{ fails: "idp::param::refused" });
    /// ```
    #[rhai_fn(return_raw)]
    pub fn close(ctx: NativeCallContext, pull: Map) -> RhaiResultOf<()> {
        let (repo, number) = super::address(&pull).map_err(|error| throw(&ctx, error))?;
        let (stage, _) = stage_of(&ctx)?;
        let act = stage.act(super::PERSON, async |world| {
            let (repo, _, number) = super::pull(world, &repo, number).await?;
            Ok(Change::ClosePullRequest { repo, number })
        });
        run_of(&ctx)?.pass(act).map_err(|error| throw(&ctx, error))
    }

    /// Somebody approves a pull request under this name.
    ///
    /// ```rhai
    /// fixture("examples/acme");
    /// let p = #{ project: "payments", service: "api", owner: "team-payments", description: "Pays" };
    /// approve(run_script("create-service", p).pull("platform-gitops"), "pat");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn approve(ctx: NativeCallContext, pull: Map, person: &str) -> RhaiResultOf<()> {
        let (repo, number) = super::address(&pull).map_err(|error| throw(&ctx, error))?;
        let (stage, _) = stage_of(&ctx)?;
        let act = stage.act(person, async |world| {
            let (repo, _, number) = super::pull(world, &repo, number).await?;
            Ok(Change::Approve { repo, number })
        });
        run_of(&ctx)?.pass(act).map_err(|error| throw(&ctx, error))
    }

    /// Somebody pushes a commit to a branch: texts by path, `()` for a file that goes.
    ///
    /// ```rhai
    /// fixture("examples/acme");
    /// push("orders-stock", "main", #{ "NOTES.md": "Mine\n", "README.md": () });
    /// assert(!repo("orders-stock").tree("main").has("README.md"));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn push(ctx: NativeCallContext, repo: &str, branch: &str, files: Map) -> RhaiResultOf<()> {
        static PUSHED: AtomicU64 = AtomicU64::new(0);
        let (stage, _) = stage_of(&ctx)?;
        let act = stage.act(super::PERSON, async |world| {
            let repo = RepoId::parse(repo, world.forge.owner())?;
            let parent = super::head(world, &repo, branch).await?;
            let mut changed = Vec::new();
            for (path, text) in &files {
                crate::world::forge::check_path(path)?;
                let before = match &parent {
                    Some(parent) => world.forge.file(&repo, parent, path).await?,
                    None => None,
                };
                let wrong = |_| Error::invalid("idp::test::push", format!("{path} must be a text, or () to remove it"));
                let after = match text.is_unit() {
                    true => None,
                    false => Some(File::text(text.clone().into_string().map_err(wrong)?)),
                };
                changed.push(FileChange { path: path.to_string(), before, after });
            }
            // No run's marker: an empty owner is a person's.
            let marker = Marker::new("", &format!("push-{}", PUSHED.fetch_add(1, Ordering::Relaxed)));
            let (branch, message) = (branch.to_string(), "Push\n".to_string());
            Ok(Change::Commit { repo, branch, parent, message, marker, files: changed })
        });
        run_of(&ctx)?.pass(act).map_err(|error| throw(&ctx, error))
    }

    /// Somebody places an object in a cluster, or changes one there: no run's marker is on it.
    ///
    /// ```rhai
    /// with_environments(["dev"]);
    /// place("cluster-dev", manifest(#{ apiVersion: "v1", kind: "Namespace", metadata: #{ name: "payments" } }));
    /// assert_eq(cluster("cluster-dev").list("v1", "Namespace", "").len, 1);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn place(ctx: NativeCallContext, cluster: &str, object: Manifest) -> RhaiResultOf<()> {
        let (stage, _) = stage_of(&ctx)?;
        let act = stage.act(super::PERSON, async |world| {
            let id = address(object.value())?;
            let before = world.cluster(cluster)?.get(&id).await?;
            let after = merged(before.as_ref(), object.value());
            Ok(Change::ApplyManifest { cluster: cluster.to_string(), object: id, before, after })
        });
        let act: Result<()> = run_of(&ctx)?.pass(act);
        act.map_err(|error| throw(&ctx, error))
    }
}
