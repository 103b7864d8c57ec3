//! What came to a branch before, and what was found out about it.

use rhai::plugin::*;
use rhai::{Dynamic, Map};

use super::options::{CallOptions, OptionSpec, Takes};
use crate::world::forge::Touch;

/// Of `repo.history(path, options)`.
pub const HISTORY: CallOptions = CallOptions {
    function: "history",
    on: "Repo",
    arguments: 2,
    known: &[
        OptionSpec::new("from", Takes::Text, "a branch, or the id of a commit").otherwise("`main`"),
        OptionSpec::new("most", Takes::Count, "how many commits, 1000 at most").otherwise("20"),
    ],
    open: false,
};

fn of_touch(touch: &Touch, now: i64) -> Dynamic {
    let at = touch.at.and_then(|at| jiff::Timestamp::from_second(at).ok());
    Dynamic::from_map(Map::from([
        ("commit".into(), touch.id.to_string().into()),
        ("author".into(), touch.author.as_str().into()),
        ("title".into(), touch.title.as_str().into()),
        ("at".into(), at.map_or(Dynamic::UNIT, |at| at.to_string().into())),
        ("age".into(), touch.at.map_or(0, |at| (now - at).max(0)).into()),
    ]))
}

/// What came to a branch before, and what was found out about it.
#[export_module]
pub mod api {
    use rhai::{Array, Map, NativeCallContext};

    use super::of_touch;
    use crate::bridge::{RhaiResultOf, run_of, throw};
    use crate::error::Result;
    use crate::primitives::options::Options;
    use crate::primitives::repo::Repo;
    use crate::world::forge::check_path;

    /// How many commits are told where nobody says.
    const MOST: u32 = 20;

    /// The commits that changed a file or a folder on the branch `main`, the newest first: maps with `commit`, `author`, `title`,
    /// `at` (a text such as `2026-01-31T12:00:00Z`) and `age` (seconds since then). A merge is one of them, at its own time,
    /// and not what it merged. Of what is planned, and not made yet, `at` is `()` and `age` 0.
    ///
    /// Errors: `idp::forge::missing`, `idp::repo::branch`, `idp::tree::path`.
    ///
    /// ```rhai
    /// for change in repo("orders-gitops").history("k8s/dev/stock") {
    ///     print(`${change.at ?? "now"} ${change.author}: ${change.title}`);
    /// }
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn history(ctx: NativeCallContext, repo: &mut Repo, path: &str) -> RhaiResultOf<Array> {
        history_with(ctx, repo, path, Map::new())
    }

    /// The same with options: `from` (a branch, or the id of a commit), `most` (how many commits).
    ///
    /// ```rhai
    /// let last = repo("orders-gitops").history("k8s/dev/stock/kustomization.yaml", #{ most: 1 })[0];
    /// print(repo("orders-gitops").tree(last.commit).read("k8s/dev/stock/kustomization.yaml").len > 0);
    /// ```
    #[rhai_fn(global, name = "history", return_raw, pure)]
    pub fn history_with(ctx: NativeCallContext, repo: &mut Repo, path: &str, options: Map) -> RhaiResultOf<Array> {
        let run = run_of(&ctx)?;
        let act = || -> Result<_> {
            let options = Options::of(&super::HISTORY, &options)?;
            let from = options.text("from")?.unwrap_or_else(|| "main".into());
            let most = options.count("most")?.unwrap_or(MOST).clamp(1, 1000);
            check_path(path)?;
            let door = run.door()?;
            let from = run.wait(repo.commit_at(door, &from))?;
            let most = usize::try_from(most).unwrap_or(usize::MAX);
            let found = run.wait(door.world().forge.touched(&repo.id, &from, path, most))?;
            let now = door.world().clock.now();
            Ok(found.iter().map(|touch| of_touch(touch, now)).collect())
        };
        act().map_err(|error| throw(&ctx, error))
    }

    /// What was found out about a commit by its name: `success`, `failure`, `error` or `pending`. The commit is a branch's head, or
    /// one by its id.
    ///
    /// Errors: `idp::forge::missing`, `idp::repo::branch`.
    ///
    /// ```rhai
    /// let found = repo("orders-gitops").statuses("main");
    /// print(found.get("smoke") ?? "nobody said");
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn statuses(ctx: NativeCallContext, repo: &mut Repo, at: &str) -> RhaiResultOf<Map> {
        let run = run_of(&ctx)?;
        let act = || -> Result<_> {
            let door = run.door()?;
            let commit = run.wait(repo.commit_at(door, at))?;
            let found = run.wait(door.world().forge.statuses(&repo.id, &commit))?;
            Ok(found.into_iter().map(|(name, status)| (name.into(), status.state.as_str().into())).collect())
        };
        act().map_err(|error| throw(&ctx, error))
    }
}
