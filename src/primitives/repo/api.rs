//! Repositories in scripts.

use rhai::plugin::*;

use super::Repo;
use crate::bridge::Run;
use crate::error::Result;
use crate::world::forge::RepoId;

fn named(run: &Run, name: &str, shared: Option<String>) -> Result<Repo> {
    let forge = &run.world()?.forge;
    let id = RepoId::parse(name, forge.owner())?;
    Ok(Repo { url: forge.url(&id), id, shared })
}

/// Repositories: their settings, commits to long-lived branches, protection, proposals.
#[export_module]
pub mod api {
    use rhai::{Array, Dynamic, ImmutableString, Map, NativeCallContext};

    use super::super::webhook::HookWish;
    use super::super::{Delivery, Stand, Wish, options, redo, status};
    use crate::bridge::{RhaiResultOf, run_of, throw};
    use crate::error::{Error, Result};
    use crate::primitives::options::Options;
    use crate::primitives::pull_request::update::Before;
    use crate::primitives::pull_request::{self, Edit, PullRequest};
    use crate::primitives::tree::Tree;
    use crate::world::access::Role;
    use crate::world::forge::{RepoId, check_branch};

    /// A repository of the forge.
    pub type Repo = super::super::Repo;

    /// The repository of that name, which need not exist yet. A bare name belongs to the workspace's owner.
    ///
    /// Errors: `idp::repo::name`.
    ///
    /// ```rhai
    /// let app = repo("payments-api");
    /// print(app.url);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn repo(ctx: NativeCallContext, name: &str) -> RhaiResultOf<Repo> {
        super::named(&*run_of(&ctx)?, name, None).map_err(|error| throw(&ctx, error))
    }

    /// The repository of that name; with `shared: project`, one that all runs for a project have in common.
    ///
    /// ```rhai
    /// let gitops = repo("payments-gitops", #{ shared: "payments" });
    /// print(gitops.name);
    /// ```
    #[rhai_fn(name = "repo", return_raw)]
    pub fn repo_with(ctx: NativeCallContext, name: &str, options: Map) -> RhaiResultOf<Repo> {
        let run = run_of(&ctx)?;
        let act = || {
            let options = Options::of(&options::REPO, &options)?;
            super::named(&run, name, options.text("shared")?)
        };
        act().map_err(|error| throw(&ctx, error))
    }

    /// All repositories of the workspace's owner.
    ///
    /// ```rhai
    /// for each in repos() { print(each.name); }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn repos(ctx: NativeCallContext) -> RhaiResultOf<Array> {
        let run = run_of(&ctx)?;
        let act = || -> Result<Array> {
            let forge = &run.door()?.world().forge;
            let found = run.wait(forge.repositories())?.into_iter();
            Ok(found.map(|id| Dynamic::from(Repo { url: forge.url(&id), id, shared: None })).collect())
        };
        act().map_err(|error| throw(&ctx, error))
    }

    /// Makes the repository, or changes those of its settings that are given: `description`, `visibility`
    /// (`private`, `internal`, `public`), `default_branch`, `topics` (list), `labels` (name → colour). One that was
    /// made by hand is only taken over with `adopt: true`. With `template`, one that is made begins with the files of that
    /// repository; of one that is there, the template changes nothing.
    ///
    /// Errors: `idp::repo::name`, `idp::repo::template`, `idp::repo::foreign`, `idp::repo::unmarked`, `idp::repo::branch`, `idp::permission`.
    ///
    /// ```rhai
    /// repo("payments-api").ensure(#{ description: "Public payments API", visibility: "internal" });
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn ensure(ctx: NativeCallContext, repo: &mut Repo, options: Map) -> RhaiResultOf<Repo> {
        let run = run_of(&ctx)?;
        let act = || {
            let options = Options::of(&options::ENSURE, &options)?;
            let wish = Wish {
                description: options.text("description")?,
                visibility: options.text("visibility")?,
                default_branch: options.text("default_branch")?,
                topics: options.texts("topics")?,
                labels: options.text_map("labels")?,
                adopt: options.flag("adopt")?.unwrap_or(false),
                template: match options.text("template")? {
                    Some(name) => Some(RepoId::parse(&name, run.world()?.forge.owner())?),
                    None => None,
                },
            };
            if let Some(visibility) = &wish.visibility
                && !["private", "internal", "public"].contains(&visibility.as_str())
            {
                return Err(Error::invalid("idp::script::option", format!("`{visibility}` is not a visibility"))
                    .help("private, internal or public"));
            }
            if let Some(branch) = &wish.default_branch {
                check_branch(branch)?;
            }
            run.pass(repo.ensure(run.door()?, &wish))
        };
        act().map(|()| repo.clone()).map_err(|error| throw(&ctx, error))
    }

    /// Commits a tree to a long-lived branch, once: a rerun finds that it was done and leaves the files to people. The
    /// third argument is a tree, or a function that edits the tree of the branch's head.
    ///
    /// Errors: `idp::script::argument`, `idp::repo::twice`, `idp::repo::branch`, `idp::forge::missing`,
    /// `idp::forge::protected`, `idp::forge::moved`, `idp::tree::twin`, `idp::review::refused`, `idp::policy::denied`,
    /// `idp::permission`.
    ///
    /// ```rhai
    /// let app = repo("payments-api").ensure(#{ description: "Payments" });
    /// app.commit("main", "feat: first words", tree().write("README.md", "# Payments\n"));
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn commit(
        ctx: NativeCallContext,
        repo: &mut Repo,
        branch: &str,
        message: &str,
        edit: Dynamic,
    ) -> RhaiResultOf<Repo> {
        commit_with(ctx, repo, branch, message, edit, Map::new())
    }

    /// Commits a tree with options: `id` names this commit among those of the run in the same repository (default: the
    /// branch).
    ///
    /// ```rhai
    /// let app = repo("payments-api").ensure(#{ description: "Payments" });
    /// app.commit("main", "feat: code", tree().write("README.md", "# Payments\n"));
    /// app.commit("main", "docs: runbook", |t| t.write("RUNBOOK.md", "# Runbook\n"), #{ id: "runbook" });
    /// ```
    #[rhai_fn(global, name = "commit", return_raw, pure)]
    pub fn commit_with(
        ctx: NativeCallContext,
        repo: &mut Repo,
        branch: &str,
        message: &str,
        edit: Dynamic,
        options: Map,
    ) -> RhaiResultOf<Repo> {
        let run = run_of(&ctx)?;
        let edit = Edit::of(&ctx, "commit", edit)?;
        let prepare = || {
            check_branch(branch)?;
            let options = Options::of(&options::COMMIT, &options)?;
            let id = options.text("id")?.unwrap_or_else(|| branch.to_string());
            run.take_once(format!("commit {} {id}", repo.id), || {
                Error::invalid("idp::repo::twice", format!("this run commits to {} twice with the id `{id}`", repo.id))
                    .help("give each commit an `id` of its own: `repo.commit(branch, message, tree, #{ id: ... })`")
            })?;
            Ok(Delivery { repo: repo.clone(), branch: branch.into(), id, message: message.into() })
        };
        let delivery = prepare().map_err(|error: Error| throw(&ctx, error))?;
        let mut before = None;
        redo(&format!("{branch} of {}", repo.id), || {
            let look = run.door().and_then(|door| run.pass(delivery.look(door))).map_err(|error| throw(&ctx, error))?;
            let head = match look {
                Stand::Due(head) => head,
                Stand::Made(commit) => {
                    before = Some(commit);
                    return Ok(true);
                }
            };
            let tree = edit.apply(&ctx, &repo.id, head.as_ref())?;
            run.door().and_then(|door| run.pass(delivery.make(door, head, &tree))).map_err(|error| throw(&ctx, error))
        })?;
        if let Some(commit) = before {
            run.leave_to_people();
            if run.updates() {
                let look = |door| run.wait(Before::of_commit(door, repo, branch, delivery.marker(door), commit));
                let before = run.door().and_then(look).map_err(|error| throw(&ctx, error))?;
                before.update(&ctx, &run, &edit)?;
            }
        }
        Ok(repo.clone())
    }

    /// Protects a branch: `reviews` (number), `checks` (list of names), `code_owners` (true or false). Only what is
    /// given is compared.
    ///
    /// Errors: `idp::repo::branch`, `idp::forge::missing`, `idp::permission`.
    ///
    /// ```rhai
    /// let app = repo("payments-api").ensure(#{ description: "Payments" });
    /// app.protect("main", #{ reviews: 1, checks: ["test"], code_owners: true });
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn protect(ctx: NativeCallContext, repo: &mut Repo, branch: &str, options: Map) -> RhaiResultOf<Repo> {
        let run = run_of(&ctx)?;
        let act = || {
            check_branch(branch)?;
            let options = Options::of(&options::PROTECT, &options)?;
            let (reviews, checks) = (options.count("reviews")?, options.texts("checks")?);
            let owners = options.flag("code_owners")?;
            run.pass(repo.protect(run.door()?, branch, reviews, checks, owners))
        };
        act().map(|()| repo.clone()).map_err(|error| throw(&ctx, error))
    }

    /// Says what was found out about a commit, as a commit status: the commit is a branch's head, or one by its id; the
    /// state is `success`, `failure`, `error` or `pending`. Branch protection asks for `checks` by these names.
    ///
    /// Errors: `idp::repo::status`, `idp::repo::branch`, `idp::forge::missing`, `idp::permission`.
    ///
    /// ```rhai
    /// repo("platform-gitops").status("main", "lint", "success");
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn status(ctx: NativeCallContext, repo: &mut Repo, at: &str, name: &str, state: &str) -> RhaiResultOf<Repo> {
        status_with(ctx, repo, at, name, state, Map::new())
    }

    /// Says what was found out about a commit, with options: `description` (one line, of at most 140 characters), `url`
    /// (where there is more about it).
    ///
    /// ```rhai
    /// repo("platform-gitops").status("main", "lint", "failure", #{
    ///     description: "2 findings", url: "https://ci.acme.example/runs/7",
    /// });
    /// ```
    #[rhai_fn(global, name = "status", return_raw, pure)]
    pub fn status_with(
        ctx: NativeCallContext,
        repo: &mut Repo,
        at: &str,
        name: &str,
        state: &str,
        options: Map,
    ) -> RhaiResultOf<Repo> {
        let run = run_of(&ctx)?;
        let act = || {
            let options = Options::of(&options::STATUS, &options)?;
            let status = status::of(name, state, options.text("description")?, options.text("url")?)?;
            run.pass(repo.set_status(run.door()?, at, name, status))
        };
        act().map(|()| repo.clone()).map_err(|error| throw(&ctx, error))
    }

    /// Gives a team of the owner a role: `read`, `triage`, `write`, `maintain` or `admin`. A team that may do more keeps
    /// it. The name is what the team's address ends in.
    ///
    /// Errors: `idp::repo::role`, `idp::repo::team`, `idp::forge::missing`, `idp::permission`.
    ///
    /// ```rhai
    /// let app = repo("payments-api").ensure(#{ description: "Payments" });
    /// app.grant("team-payments", "maintain");
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn grant(ctx: NativeCallContext, repo: &mut Repo, team: &str, role: &str) -> RhaiResultOf<Repo> {
        grant_with(ctx, repo, team, role, Map::new())
    }

    /// The same with an option: with `lower: true` a team that may do more gets the lower role.
    ///
    /// ```rhai
    /// let app = repo("payments-api").ensure(#{ description: "Payments" });
    /// app.grant("team-payments", "read", #{ lower: true });
    /// ```
    #[rhai_fn(global, name = "grant", return_raw, pure)]
    pub fn grant_with(
        ctx: NativeCallContext,
        repo: &mut Repo,
        team: &str,
        role: &str,
        options: Map,
    ) -> RhaiResultOf<Repo> {
        let run = run_of(&ctx)?;
        let act = || {
            let role = Role::parse(role)?;
            let lower = Options::of(&options::GRANT, &options)?.flag("lower")?.unwrap_or(false);
            run.pass(repo.grant(run.door()?, team, role, lower))
        };
        act().map(|()| repo.clone()).map_err(|error| throw(&ctx, error))
    }

    /// Has a URL told of what happens in the repository. A webhook is found by its URL: there is never a second one, and
    /// only what is given of it is compared. `events` are added to those that are there. A `secret` is read when it is sent,
    /// and given to a webhook that has none: hosts don't tell which one it has. `renew_secret: true` gives it anew.
    ///
    /// Errors: `idp::repo::webhook`, `idp::secret::missing`, `idp::secret::short`, `idp::forge::missing`,
    /// `idp::permission`.
    ///
    /// ```rhai
    /// let app = repo("payments-api").ensure(#{ description: "Payments" });
    /// app.webhook("https://ci.acme.example/hook", #{ events: ["push", "pull_request"], secret: secret("HOOK_SECRET") });
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn webhook(ctx: NativeCallContext, repo: &mut Repo, url: &str, options: Map) -> RhaiResultOf<Repo> {
        let run = run_of(&ctx)?;
        let act = || {
            let wish = HookWish::of(&Options::of(&options::WEBHOOK, &options)?)?;
            run.pass(repo.webhook(run.door()?, url, &wish))
        };
        act().map(|()| repo.clone()).map_err(|error| throw(&ctx, error))
    }

    /// Proposes an edit as a pull request: one for the run in this repository, found again and updated by reruns. The
    /// second argument is a function that edits the tree of the base, or a tree.
    ///
    /// Errors: `idp::script::argument`, `idp::pr::twice`, `idp::pr::base`, `idp::pr::branch`,
    /// `idp::pr::branch_taken`, `idp::pr::closed`, `idp::pr::foreign`, `idp::forge::missing`,
    /// `idp::tree::twin`, `idp::review::refused`, `idp::policy::denied`, `idp::permission`.
    ///
    /// ```rhai
    /// let pull = repo("platform-gitops").propose("Say hello", |t| t.write("hello.md", "Hello\n"));
    /// print(pull.title);
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn propose(ctx: NativeCallContext, repo: &mut Repo, title: &str, edit: Dynamic) -> RhaiResultOf<PullRequest> {
        propose_with(ctx, repo, title, edit, Map::new())
    }

    /// Proposes an edit with options: `body`, `labels`, `reviewers`, `message` (of the commit; the title unless given),
    /// `base` (the default branch unless given), `branch` (its name; derived from the run unless given), `id` (tells
    /// several of one run apart), `keep` (files, as globs, that `--update` leaves as they were delivered: lines among those of
    /// others), `reopen` (true: one that a person closed is opened again).
    ///
    /// ```rhai
    /// repo("platform-gitops").propose("Say hello", |t| t.write("hello.md", "Hello\n"), #{
    ///     body: "Words.", labels: ["idp-run"], reviewers: ["platform-team"],
    /// });
    /// ```
    #[rhai_fn(global, name = "propose", return_raw, pure)]
    pub fn propose_with(
        ctx: NativeCallContext,
        repo: &mut Repo,
        title: &str,
        edit: Dynamic,
        options: Map,
    ) -> RhaiResultOf<PullRequest> {
        let run = run_of(&ctx)?;
        let edit = Edit::of(&ctx, "propose", edit)?;
        pull_request::propose(&ctx, &run, repo, title, &edit, &options)
    }

    /// What this run proposed here before: its pull request as it stands, with the state `none` if there is none. The text is
    /// the `id` that it was proposed with, empty for one without. Nothing is proposed, and nothing counts as found.
    ///
    /// Errors: `idp::forge::missing`.
    ///
    /// ```rhai
    /// print(repo("platform-gitops").proposed("").state);
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn proposed(ctx: NativeCallContext, repo: &mut Repo, id: &str) -> RhaiResultOf<PullRequest> {
        let run = run_of(&ctx)?;
        let act = || {
            let id = Some(id).filter(|id| !id.is_empty());
            let head = pull_request::branch_of(&run.door()?.run().key, id);
            run.wait(pull_request::standing(run.door()?, &repo.id, &head))
        };
        act().map_err(|error| throw(&ctx, error))
    }

    /// The pull request from a branch, whoever proposed it: the open one, or else the latest. Its state is `none` if there is
    /// none.
    ///
    /// Errors: `idp::forge::missing`.
    ///
    /// ```rhai
    /// print(repo("platform-gitops").pull_request("say-hello").state);
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn pull_request(ctx: NativeCallContext, repo: &mut Repo, branch: &str) -> RhaiResultOf<PullRequest> {
        let run = run_of(&ctx)?;
        let act = || run.wait(pull_request::standing(run.door()?, &repo.id, branch));
        act().map_err(|error| throw(&ctx, error))
    }

    /// Whether the repository exists.
    ///
    /// ```rhai
    /// print(repo("platform-gitops").exists());
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn exists(ctx: NativeCallContext, repo: &mut Repo) -> RhaiResultOf<bool> {
        let run = run_of(&ctx)?;
        let act = || run.wait(run.world()?.forge.repository(&repo.id));
        act().map(|found| found.is_some()).map_err(|error| throw(&ctx, error))
    }

    /// Whether the repository exists and this run made it; with `shared`, a run for the same project.
    ///
    /// ```rhai
    /// print(repo("platform-gitops").is_ours());
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn is_ours(ctx: NativeCallContext, repo: &mut Repo) -> RhaiResultOf<bool> {
        let run = run_of(&ctx)?;
        let act = || {
            let door = run.door()?;
            let found = run.wait(door.world().forge.repository(&repo.id))?;
            Ok(found.is_some_and(|found| found.marker == Some(repo.owner_hash(door))))
        };
        act().map_err(|error: Error| throw(&ctx, error))
    }

    /// The files of a branch's head, or of the commit with that id, to be read and edited.
    ///
    /// Errors: `idp::forge::missing`, `idp::repo::branch`.
    ///
    /// ```rhai
    /// let files = repo("platform-gitops").tree("main");
    /// print(files.has("README.md"));
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn tree(ctx: NativeCallContext, repo: &mut Repo, branch: &str) -> RhaiResultOf<Tree> {
        let run = run_of(&ctx)?;
        let act = || run.wait(repo.tree(run.door()?, branch));
        act().map_err(|error| throw(&ctx, error))
    }

    /// The name without its owner.
    ///
    /// ```rhai
    /// print(repo("payments-api").name);
    /// ```
    #[rhai_fn(global, get = "name", pure)]
    pub fn name(repo: &mut Repo) -> ImmutableString {
        repo.id.name().into()
    }

    /// The user or organisation.
    ///
    /// ```rhai
    /// print(repo("payments-api").owner);
    /// ```
    #[rhai_fn(global, get = "owner", pure)]
    pub fn owner(repo: &mut Repo) -> ImmutableString {
        repo.id.owner().into()
    }

    /// Where people look at it.
    ///
    /// ```rhai
    /// print(repo("payments-api").url);
    /// ```
    #[rhai_fn(global, get = "url", pure)]
    pub fn url(repo: &mut Repo) -> ImmutableString {
        repo.url.as_str().into()
    }

    /// The address as a text: `acme/payments-api`.
    ///
    /// ```rhai
    /// print(`${repo("payments-api")}`);
    /// ```
    #[rhai_fn(global, name = "to_string", name = "to_debug", pure)]
    pub fn to_string(repo: &mut Repo) -> ImmutableString {
        repo.id.to_string().into()
    }
}
