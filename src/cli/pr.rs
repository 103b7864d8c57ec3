//! `idp-run pr`: pull requests of any forge, looked at and acted on by people.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::{Args, Subcommand};
use futures_util::future::try_join_all;

use super::{Global, block_on};
use crate::error::{Error, Exit, Result};
use crate::output::{self, Format};
use crate::report::{Counts, Event, FileDiff, Sink, Status};
use crate::world::change::{Change, File};
use crate::world::door::Parts;
use crate::world::forge::{CommitId, Forge, MergeMethod, Mergeable, Outcome, PullRequest, RepoId, State, missing};
use crate::world::git::is_marked;
use crate::world::journal::RunKey;
use crate::world::permission::Permissions;
use crate::world::{Door, Later, Mode, World, open};

#[derive(Subcommand)]
pub enum Verb {
    /// Pull requests of a repository, oldest first; the open ones of all repositories unless one is named
    List(ListArgs),
    /// One pull request with its description, reviews and diff
    Show(One),
    /// Approve a pull request
    Approve(Act),
    /// Merge a pull request, if the rules of its base hold
    Merge(MergeArgs),
    /// Close a pull request without merging it
    Close(CloseArgs),
}

#[derive(Args)]
pub struct ListArgs {
    /// The repository, with or without its owner [default: all of them]
    #[arg(value_name = "[OWNER/]REPO")]
    repo: Option<String>,
    /// Which ones: open, merged, closed or all [default: all of a repository, the open ones of all repositories]
    #[arg(long, value_name = "STATE", value_parser = ["open", "merged", "closed", "all"])]
    state: Option<String>,
}

#[derive(Args)]
pub struct One {
    /// The repository, with or without its owner
    #[arg(value_name = "[OWNER/]REPO")]
    repo: String,
    /// The pull request's number
    #[arg(value_name = "N")]
    number: u64,
}

#[derive(Args)]
pub struct Act {
    #[command(flatten)]
    one: One,
    /// Who acts, on the embedded forge [default: $USER]; elsewhere the token says who
    #[arg(long = "as", value_name = "NAME")]
    who: Option<String>,
}

impl Act {
    /// Who acts. A forge elsewhere knows by the token.
    fn who(&self, world: &World) -> Result<String> {
        match &self.who {
            Some(_) if !world.embedded => Err(Error::invalid("idp::usage", "--as is for the embedded forge alone")
                .help("who acts on this forge is said by the token: set GITHUB_TOKEN to another person's")),
            Some(who) => Ok(who.clone()),
            None if !world.embedded => Ok("you".into()),
            None => Ok(std::env::var("USER").ok().filter(|name| !name.is_empty()).unwrap_or_else(|| "someone".into())),
        }
    }
}

#[derive(Args)]
pub struct CloseArgs {
    #[command(flatten)]
    act: Act,
    /// Delete its branch, too
    #[arg(long)]
    delete_branch: bool,
}

#[derive(Args)]
pub struct MergeArgs {
    #[command(flatten)]
    act: Act,
    /// Merge although rules of the base don't hold; it is recorded which
    #[arg(long)]
    admin: bool,
    /// Where reviews or checks are missing, have the host merge it once they are there
    #[arg(long, conflicts_with_all = ["admin", "delete_branch"])]
    auto: bool,
    /// Delete its branch, too
    #[arg(long)]
    delete_branch: bool,
    /// One commit on the base
    #[arg(long, conflicts_with = "rebase")]
    squash: bool,
    /// The commits again, on the base
    #[arg(long)]
    rebase: bool,
}

pub fn pr(global: &Global, verb: Verb) -> Result<Exit> {
    let config = global.config()?;
    block_on(async {
        match verb {
            Verb::List(args) => {
                let world = open::for_reading(&config).await?;
                let (repos, usual) = match &args.repo {
                    Some(repo) => {
                        let repo = RepoId::parse(repo, world.forge.owner())?;
                        existing(&*world.forge, &repo).await?;
                        (vec![repo], "all")
                    }
                    None if args.state.as_deref().is_none_or(|state| state == "open") => {
                        (world.forge.with_open_pull_requests().await?, "open")
                    }
                    None => (world.forge.repositories().await?, "open"),
                };
                let state = args.state.as_deref().unwrap_or(usual);
                let sink = output::sink(&global.options(false));
                let mut shown = 0;
                for repo in &repos {
                    let pulls = world.forge.pull_requests(repo, None).await?;
                    for pull in pulls.iter().filter(|pull| state == "all" || pull.state.as_str() == state) {
                        sink.emit(event(repo, pull));
                        shown += 1;
                    }
                }
                if global.options(false).format == Format::Json {
                    sink.emit(DONE);
                }
                drop(sink);
                if shown == 0 && global.options(false).format == Format::Human {
                    let which = if state == "all" { String::new() } else { format!("{state} ") };
                    output::text(&match args.repo.as_ref().and(repos.first()) {
                        Some(repo) => format!("{repo} has no {which}pull requests.\n"),
                        None => format!("No repository has {which}pull requests.\n"),
                    });
                }
            }
            Verb::Show(args) => {
                let world = open::for_reading(&config).await?;
                let (repo, pull) = find(&world, &args).await?;
                if global.options(false).format == Format::Json {
                    stream(&global.options(false), &repo, &pull);
                } else {
                    output::text(&shown(&world, &repo, &pull).await?);
                }
            }
            Verb::Approve(act) => {
                let (world, repo, pull) = acting(&config, &act.one).await?;
                let number = act.one.number;
                let who = act.who(&world)?;
                pass(&world, &who, Change::Approve { repo: repo.clone(), number }).await?;
                said(global, &repo, &pull, &format!("{who} approved {repo}#{number}."));
            }
            Verb::Merge(args) => {
                let (world, repo, mut pull) = acting(&config, &args.act.one).await?;
                let method = match (args.squash, args.rebase) {
                    (true, _) => MergeMethod::Squash,
                    (_, true) => MergeMethod::Rebase,
                    _ => MergeMethod::Merge,
                };
                let (number, head, admin) = (args.act.one.number, pull.commit.clone(), args.admin);
                let (who, later) = (&args.act.who(&world)?, args.auto);
                let marked = marked(&world, &repo, &pull).await?;
                if !admin && pull.state == State::Open && !marked.is_empty() {
                    let message = format!("{repo}#{number} holds conflict markers in {}", marked.join(", "));
                    let help = format!(
                        "resolve them on the branch {} and push it; --admin merges them as they are",
                        pull.head
                    );
                    return Err(Error::failed("idp::pr::markers", message).help(help));
                }
                let change = Change::Merge { repo: repo.clone(), number, method, head, admin, later };
                let merged = pass(&world, who, change).await;
                if let (true, Ok(outcome)) = (later, &merged)
                    && let Some((waiting, _)) = outcome.warnings.first()
                {
                    said(global, &repo, &pull, &format!("{waiting}."));
                    return Ok(Exit::Ok);
                }
                // A command that was killed between the two goes on with the branch.
                if !(args.delete_branch && pull.state == State::Merged && branch_left(&world, &repo, &pull).await?) {
                    merged?;
                }
                if args.delete_branch {
                    delete_branch(&world, who, &repo, &pull).await?;
                }
                pull.state = State::Merged;
                let with = match marked.is_empty() {
                    true => String::new(),
                    false => format!(" Conflict markers came along in {}.", marked.join(", ")),
                };
                said(global, &repo, &pull, &format!("Merged {repo}#{number} into {} ({method}).{with}", pull.base));
            }
            Verb::Close(CloseArgs { act, delete_branch: delete }) => {
                let (world, repo, mut pull) = acting(&config, &act.one).await?;
                let number = act.one.number;
                let who = act.who(&world)?;
                let closed = pass(&world, &who, Change::ClosePullRequest { repo: repo.clone(), number }).await;
                if !(delete && pull.state == State::Closed && branch_left(&world, &repo, &pull).await?) {
                    closed?;
                }
                if delete {
                    delete_branch(&world, &who, &repo, &pull).await?;
                }
                pull.state = State::Closed;
                said(global, &repo, &pull, &format!("Closed {repo}#{number}."));
            }
        }
        Ok(Exit::Ok)
    })
}

async fn existing(forge: &dyn Forge, repo: &RepoId) -> Result<()> {
    if forge.repository(repo).await?.is_some() {
        return Ok(());
    }
    let all = forge.repositories().await?;
    let near = crate::error::nearest(repo.name(), all.iter().map(RepoId::name));
    Err(match near {
        Some(near) => missing(repo).help(format!("did you mean `{near}`?")),
        None => missing(repo),
    })
}

async fn find(world: &World, one: &One) -> Result<(RepoId, PullRequest)> {
    let repo = RepoId::parse(&one.repo, world.forge.owner())?;
    existing(&*world.forge, &repo).await?;
    let pulls = world.forge.pull_requests(&repo, None).await?;
    let found = pulls.into_iter().find(|pull| pull.number == Later::Known(one.number));
    let pull = found.ok_or_else(|| {
        Error::failed("idp::pr::missing", format!("{repo} has no pull request {}", one.number))
            .help(format!("`idp-run pr list {repo}` shows those it has"))
    })?;
    Ok((repo, pull))
}

/// The world to act on: what isn't there yet has no pull request, so nothing is made here.
async fn acting(config: &crate::config::Config, one: &One) -> Result<(World, RepoId, PullRequest)> {
    let world = open::for_reading(config).await?;
    let (repo, pull) = find(&world, one).await?;
    Ok((world, repo, pull))
}

fn event(repo: &RepoId, pull: &PullRequest) -> Event {
    Event::PullRequest {
        repository: repo.to_string(),
        number: pull.number.known().copied().unwrap_or_default(),
        title: pull.title.clone(),
        head: pull.head.clone(),
        base: pull.base.clone(),
        state: pull.state.as_str(),
        url: pull.url.to_string(),
    }
}

/// The last event of every stream.
const DONE: Event =
    Event::Summary { counts: Counts { create: 0, update: 0, delete: 0, unchanged: 0 }, status: Status::Applied };

/// One pull request as a whole stream of events.
fn stream(options: &output::Options, repo: &RepoId, pull: &PullRequest) {
    let sink = output::sink(options);
    sink.emit(event(repo, pull));
    sink.emit(DONE);
}

fn said(global: &Global, repo: &RepoId, pull: &PullRequest, text: &str) {
    let options = global.options(false);
    match options.format {
        Format::Json => stream(&options, repo, pull),
        _ => output::text(&format!("{text}\n")),
    }
}

/// A person's act passes the same door as a run's, without a run of its own in the journal: the forge records it. Naming
/// it on the command line is the permission.
async fn pass(world: &World, who: &str, change: Change) -> Result<Outcome> {
    struct Silent;
    impl Sink for Silent {
        fn emit(&self, _: Event) {}
    }
    let key = format!("{who} {}", change.target());
    let run = RunKey { hash: crate::world::hash::short(&key), key, script: "pr".into(), input_hash: String::new() };
    let door = Door::new(Parts {
        world: world.clone(),
        mode: Mode::Apply,
        run,
        script: "pr".into(),
        actor: who.to_string(),
        permissions: Permissions::all()?,
        reviewers: Vec::new(),
        guard: None,
        journal: None,
        sink: Arc::new(Silent),
        cancelled: Arc::new(AtomicBool::new(false)),
    });
    door.pass(change).await
}

/// Whether its branch still is where the pull request left it.
async fn branch_left(world: &World, repo: &RepoId, pull: &PullRequest) -> Result<bool> {
    Ok(world.forge.branch(repo, &pull.head).await?.as_ref() == Some(&pull.commit))
}

async fn delete_branch(world: &World, who: &str, repo: &RepoId, pull: &PullRequest) -> Result<()> {
    if world.forge.branch(repo, &pull.head).await?.is_none() {
        return Ok(());
    }
    // Only the commit that was looked at: what people pushed meanwhile would be lost with the branch.
    let (branch, commit) = (pull.head.clone(), pull.commit.clone());
    pass(world, who, Change::DeleteBranch { repo: repo.clone(), branch, commit }).await.map(drop)
}

/// A pull request as people read it.
async fn shown(world: &World, repo: &RepoId, pull: &PullRequest) -> Result<String> {
    let mut text = format!("{}  ({repo}#{})\n", pull.title, pull.number);
    text.push_str(&format!("{} · {} → {} · by {}\n", pull.state.as_str(), pull.head, pull.base, pull.author));
    let list = |name: &str, values: Vec<&str>| {
        if values.is_empty() { String::new() } else { format!("{name}: {}\n", values.join(", ")) }
    };
    text.push_str(&list("Labels", pull.labels.iter().map(String::as_str).collect()));
    text.push_str(&list("Reviewers", pull.reviewers.iter().map(String::as_str).collect()));
    let said = world.forge.discussion(repo, pull).await?;
    text.push_str(&list("Approved by", said.approvals.iter().map(|approval| approval.by.as_str()).collect()));
    if let Some(merged) = &world.forge.merged(repo, pull).await? {
        text.push_str(&format!("Merged by {} ({})\n", merged.by, merged.method));
        text.push_str(&list("Overridden", merged.overridden.iter().map(String::as_str).collect()));
    }
    let base = world.forge.branch(repo, &pull.base).await?;
    if let (State::Open, Some(base)) = (pull.state, &base) {
        match world.forge.mergeable(repo, base, &pull.commit).await? {
            Mergeable::Clean => text.push_str("Merges cleanly\n"),
            Mergeable::Conflicts(paths) => text.push_str(&format!("Conflicts in {}\n", paths.join(", "))),
        }
    }
    if !pull.body.trim().is_empty() {
        text.push_str(&format!("\n{}\n", pull.body.trim()));
    }
    for comment in &said.comments {
        text.push_str(&format!("\n{}:\n{}\n", comment.by, comment.body.trim()));
    }
    if let Some(base) = base {
        for file in diff(world, repo, pull, &base).await? {
            text.push_str(&format!("\n{} (+{} −{})\n{}", file.path, file.added, file.removed, file.text));
        }
    }
    Ok(text)
}

/// The files that a pull request changes and that hold the conflict markers of an update.
async fn marked(world: &World, repo: &RepoId, pull: &PullRequest) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let Some(base) = world.forge.branch(repo, &pull.base).await? else { return Ok(found) };
    for (path, _, new) in changed(world, repo, pull, &base).await? {
        if new.is_some_and(|new| is_marked(&new)) {
            found.push(path);
        }
    }
    Ok(found)
}

/// A file by its path, with what it held and what it holds.
type Changed = (String, Option<Arc<[u8]>>, Option<Arc<[u8]>>);

/// What a pull request changes since it left its base; of a merged one what its merge brought.
async fn diff(world: &World, repo: &RepoId, pull: &PullRequest, base: &CommitId) -> Result<Vec<FileDiff>> {
    let files = changed(world, repo, pull, base).await?.into_iter();
    Ok(files.map(|(path, old, new)| FileDiff::between(&path, old.as_deref(), new.as_deref())).collect())
}

async fn changed(world: &World, repo: &RepoId, pull: &PullRequest, base: &CommitId) -> Result<Vec<Changed>> {
    let forge = &world.forge;
    let Some(from) = forge.merge_base(repo, base, &pull.commit).await? else { return Ok(Vec::new()) };
    let listed = |entries: Vec<crate::world::forge::Entry>| -> BTreeMap<String, String> {
        entries.into_iter().map(|entry| (entry.path, entry.blob)).collect()
    };
    let (before, after) = tokio::try_join!(forge.list(repo, &from, ""), forge.list(repo, &pull.commit, ""))?;
    let (before, after) = (listed(before), listed(after));
    let paths: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed = paths.into_iter().filter(|path| before.get(*path) != after.get(*path));
    let bytes = |file: Option<File>| file.map(|file| file.bytes);
    try_join_all(changed.map(|path| async {
        let (old, new) = tokio::try_join!(forge.file(repo, &from, path), forge.file(repo, &pull.commit, path))?;
        Ok((path.clone(), bytes(old), bytes(new)))
    }))
    .await
}
