//! `idp-run render`: the Applications that Argo CD's controller would generate from ApplicationSets, and what changes in
//! them between a revision and now.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::Args;

use super::{Global, block_on, current_folder, input};
use crate::audit::walk;
use crate::config::file;
use crate::error::{Error, Exit, Place, Result, io};
use crate::output::{self, Format};
use crate::rendering::{self, Book, Files, Given, Local, Repositories, Set, commit_of};
use crate::report::{Comparison, RenderedSet, Severity};
use crate::schemas::{Checks, Schemas, Workspace};
use crate::world::forge::RepoId;
use crate::world::git::checkout::Checkout;
use crate::world::{World, open};

#[derive(Args)]
pub struct RenderArgs {
    /// Files or folders with ApplicationSets, REPOSITORY:PATH for those of the workspace's forge, or - for standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<String>,
    /// A folder that stands for the repository of that URL; may be given more than once
    #[arg(long, value_name = "URL=DIR", value_parser = repo)]
    repo: Vec<(String, PathBuf)>,
    /// The clusters that Argo CD knows: their Secrets, or a list of names, servers and labels
    #[arg(long, value_name = "FILE")]
    clusters: Option<PathBuf>,
    /// What pull requests, repositories, plugins and decisions there are, where generators ask for them
    #[arg(long, value_name = "FILE")]
    fixture: Option<PathBuf>,
    /// Show what changes since that revision: in the files, and in the repositories that they are in
    #[arg(long, value_name = "REV")]
    against: Option<String>,
}

/// `URL=DIR`, as clap reads it: a URL may have a `=` of its own.
fn repo(text: &str) -> Result<(String, PathBuf), String> {
    let (url, folder) = text.rsplit_once('=').ok_or("write it as URL=DIR")?;
    if url.is_empty() || folder.is_empty() {
        return Err("write it as URL=DIR".to_owned());
    }
    Ok((url.to_owned(), PathBuf::from(folder)))
}

/// A file that may hold ApplicationSets, and where it is from.
struct Input {
    /// As it is shown.
    shown: String,
    /// As it is now; nothing if it isn't there any more.
    now: Option<String>,
    from: From,
    /// Whether it is named, and not just a folder above it.
    named: bool,
}

enum From {
    Stdin,
    File(PathBuf),
    Repository(RepoId, String),
}

/// All that rendering needs.
struct Desk {
    world: World,
    given: Given,
    local: Vec<Local>,
    schemas: std::sync::Arc<Schemas>,
}

pub fn render(global: &Global, args: &RenderArgs) -> Result<Exit> {
    let here = current_folder()?;
    let options = global.options(false);
    if options.format == Format::Yaml && args.against.is_some() {
        let error = Error::invalid("idp::usage", "--output yaml writes manifests, and --against shows differences");
        return Err(error.help("leave one of them out; --output json has both"));
    }
    let given = given(args)?;
    if let Some((_, folder)) = args.repo.iter().find(|(_, folder)| !folder.is_dir()) {
        let error = Error::invalid("idp::render::folder", format!("there is no folder {}", folder.display()));
        return Err(error.help("--repo URL=DIR names the folder that stands for the repository of the URL"));
    }
    let config = global.config()?;
    let schemas = Workspace::new(&config).own()?;
    let sets = block_on(async {
        let world = open::for_reading(&config).await?;
        let inputs = inputs(args, &here, &world).await?;
        let local = local(args, &inputs)?;
        let desk = Desk { world, given, local, schemas };
        match &args.against {
            Some(revision) => desk.against(&inputs, revision).await,
            None => desk.now(&inputs).await,
        }
    })?;
    output::rendered(&options, &sets);
    Ok(if sets.iter().any(|set| !set.missing.is_empty()) {
        Exit::Failed
    } else if sets.iter().any(RenderedSet::is_refused) {
        Exit::Verdict
    } else {
        Exit::Ok
    })
}

fn given(args: &RenderArgs) -> Result<Given> {
    let read = |path: &Path, code: &'static str| -> Result<(String, String)> {
        let shown = path.display().to_string();
        let text = file::read_text(path)
            .map_err(|error| Error::invalid(code, format!("can't read {shown}: {error}")).at(Place::file(&shown)))?;
        Ok((shown, text))
    };
    let mut given = match &args.fixture {
        Some(path) => {
            let (shown, text) = read(path, "idp::render::fixture")?;
            Given::read(&shown, &text)?
        }
        None => Given::default(),
    };
    if let Some(path) = &args.clusters {
        let (shown, text) = read(path, "idp::render::clusters")?;
        given.clusters = Some(rendering::clusters(&shown, &text)?);
    }
    Ok(given)
}

/// What the words of the command line stand for.
async fn inputs(args: &RenderArgs, here: &Path, world: &World) -> Result<Vec<Input>> {
    let mut found = Vec::new();
    for word in &args.files {
        let path = walk::plain(&here.join(word));
        if word == "-" {
            let now = Some(input::text("idp::render::file")?);
            found.push(Input { shown: input::NAME.to_owned(), now, from: From::Stdin, named: true });
        } else if path.is_dir() {
            for file in walk::files(std::slice::from_ref(word), &[], here)? {
                let text = std::fs::read(&file.path).map_err(io("read", &file.path))?;
                let Ok(text) = String::from_utf8(text) else { continue };
                let from = From::File(file.path);
                found.push(Input { shown: file.shown, now: Some(text), from, named: false });
            }
        } else if path.exists() {
            let unreadable = |error: std::io::Error| {
                Error::invalid("idp::render::file", format!("can't read {word}: {error}")).at(Place::file(word))
            };
            let now = Some(file::read_text(&path).map_err(unreadable)?);
            found.push(Input { shown: word.clone(), now, from: From::File(path), named: true });
        } else if let Some((repo, file)) = of_forge(word, world) {
            found.push(of_repository(repo, file, world).await?);
        } else if args.against.is_some() && Checkout::around(nearest(&path))?.is_some() {
            found.push(Input { shown: word.clone(), now: None, from: From::File(path), named: true });
        } else {
            let error = Error::invalid("idp::render::file", format!("there is no file or folder {word}"));
            return Err(error.help("name files, folders, REPOSITORY:PATH, or - for standard input"));
        }
    }
    Ok(found)
}

fn of_forge(word: &str, world: &World) -> Option<(RepoId, String)> {
    let (repo, path) = word.split_once(':')?;
    Some((RepoId::parse(repo, world.forge.owner()).ok()?, path.to_owned()))
}

async fn of_repository(repo: RepoId, path: String, world: &World) -> Result<Input> {
    let help = "name files, folders, or a file of the forge's as REPOSITORY:PATH";
    let missing = |what: String| Error::invalid("idp::render::file", what).help(help);
    let Some(known) = world.forge.repository(&repo).await? else {
        return Err(missing(format!("there is no repository {repo}")));
    };
    let branch = known.settings.default_branch;
    let head = world.forge.branch(&repo, &branch).await?;
    let file = match &head {
        Some(head) => world.forge.file(&repo, head, &path).await?,
        None => None,
    };
    let Some(file) = file else { return Err(missing(format!("{repo} has no file {path} on {branch}"))) };
    let now = Some(String::from_utf8_lossy(&file.bytes).into_owned());
    Ok(Input { shown: format!("{repo}:{path}"), now, from: From::Repository(repo, path), named: true })
}

/// The repositories on this disk: those that are named, and the clones that the files are in.
fn local(args: &RenderArgs, inputs: &[Input]) -> Result<Vec<Local>> {
    let mut found: Vec<Local> =
        args.repo.iter().map(|(url, folder)| Local::named(url, folder)).collect::<Result<_>>()?;
    let mut checkouts: Vec<Checkout> = Vec::new();
    let mut seen: BTreeSet<&Path> = BTreeSet::new();
    for input in inputs {
        let From::File(path) = &input.from else { continue };
        let folder = nearest(path);
        if !seen.insert(folder) {
            continue;
        }
        if let Some(checkout) = Checkout::around(folder)?
            && !checkouts.contains(&checkout)
        {
            checkouts.push(checkout.clone());
            found.push(Local::clone_of(checkout)?);
        }
    }
    Ok(found)
}

impl Desk {
    /// What the sets give.
    async fn now(&self, inputs: &[Input]) -> Result<Vec<RenderedSet>> {
        let repositories = self.repositories();
        let book = Book::new(&repositories, &self.given, &self.world);
        let mut found = Vec::new();
        for input in inputs {
            for set in self.sets(input, input.now.as_deref())? {
                let rendering = book.render(&set.value, &rendering::settings()).await?;
                found.push(rendering::whole(&set, rendering));
            }
        }
        if found.is_empty() {
            let error = Error::invalid("idp::render::file", "there is no ApplicationSet in what is named");
            return Err(error.help("an ApplicationSet has the apiVersion argoproj.io/v1alpha1"));
        }
        Ok(found)
    }

    /// What changes in what the sets give.
    async fn against(&self, inputs: &[Input], revision: &str) -> Result<Vec<RenderedSet>> {
        let (now, mut then) = (self.repositories(), self.repositories());
        let mut old = Vec::new();
        for input in inputs {
            let (files, path) = self.as_of(input, revision, &mut then).await?;
            let content = files.one(&path).await?;
            old.push(content.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()));
        }
        let (now, then) = (Book::new(&now, &self.given, &self.world), Book::new(&then, &self.given, &self.world));
        let mut found = Vec::new();
        for (input, old) in inputs.iter().zip(old) {
            let before = self.sets(input, old.as_deref())?;
            let mut before: BTreeMap<_, Set> = before.into_iter().map(|set| (set.key(), set)).collect();
            for set in self.sets(input, input.now.as_deref())? {
                let old = before.remove(&set.key());
                found.push(self.compared((old.as_ref(), &then), (Some(&set), &now), revision).await?);
            }
            for set in before.values() {
                found.push(self.compared((Some(set), &then), (None, &now), revision).await?);
            }
        }
        if found.is_empty() {
            let message = format!("there is no ApplicationSet in what is named, neither now nor at {revision}");
            return Err(Error::invalid("idp::render::file", message));
        }
        Ok(found)
    }

    async fn compared(
        &self,
        (old, then): (Option<&Set>, &Book<'_>),
        (new, now): (Option<&Set>, &Book<'_>),
        revision: &str,
    ) -> Result<RenderedSet> {
        let before = match old {
            Some(set) => Some(then.render(&set.value, &rendering::settings()).await?),
            None => None,
        };
        let after = match new {
            Some(set) => Some(now.render(&set.value, &rendering::settings()).await?),
            None => None,
        };
        let side = |set: Option<&Set>| set.map(|set| set.value.clone());
        let (old_value, new_value) = (side(old), side(new));
        let comparison =
            rendering::compared(old_value.as_ref().zip(before.as_ref()), new_value.as_ref().zip(after.as_ref()));
        let mut told = match (new, &after, old, &before) {
            (Some(set), Some(after), ..) => rendering::told(set, after),
            (_, _, Some(set), Some(before)) => {
                let told = rendering::told(set, before);
                RenderedSet { count: 0, problems: Vec::new(), missing: Vec::new(), ..told }
            }
            _ => RenderedSet::default(),
        };
        told.compared = Some(Comparison { against: Some(revision.to_owned()), ..comparison });
        Ok(told)
    }

    fn repositories(&self) -> Repositories {
        let forge = Some(self.world.forge.clone());
        Repositories { local: self.local.clone(), forge, ..Repositories::default() }
    }

    /// The repository of a file as it was, and the file's path in it; generators see that state, too.
    async fn as_of(&self, input: &Input, revision: &str, then: &mut Repositories) -> Result<(Files, String)> {
        let unknown = |what: String| {
            let error = Error::invalid("idp::render::revision", what);
            error.help("--against takes a branch, a tag, a commit or HEAD~1 of the repository that the file is in")
        };
        match &input.from {
            From::Stdin => Err(unknown("standard input has no revision".to_owned())),
            From::Repository(repo, path) => {
                let Some(commit) = commit_of(&self.world.forge, repo, revision).await? else {
                    return Err(unknown(format!("{repo} has no revision {revision}")));
                };
                then.at.insert(repo.clone(), commit.clone());
                Ok((Files::Forge(self.world.forge.clone(), repo.clone(), commit), path.clone()))
            }
            From::File(path) => {
                let Some(checkout) = Checkout::around(nearest(path))? else {
                    return Err(unknown(format!("{} is in no Git repository", input.shown)));
                };
                let Some(commit) = checkout.commit(revision)? else {
                    let root = checkout.root().display();
                    return Err(unknown(format!("the repository in {root} has no revision {revision}")));
                };
                let inside = within(&checkout, path)
                    .ok_or_else(|| unknown(format!("{} is not below {}", input.shown, checkout.root().display())))?;
                then.local = then.local.iter().map(|local| local.as_of(checkout.root(), &commit)).collect();
                Ok((Files::Commit(checkout, commit, String::new()), inside))
            }
        }
    }

    /// The sets of a text, each one that an API server takes.
    fn sets(&self, input: &Input, text: Option<&str>) -> Result<Vec<Set>> {
        let Some(text) = text.filter(|text| input.named || rendering::may_hold(&input.shown, text)) else {
            return Ok(Vec::new());
        };
        let sets = rendering::of_text(&input.shown, text)?;
        for set in &sets {
            let problems = self.schemas.check(&set.value, Checks::default());
            if let Some(problem) = problems.into_iter().find(|problem| problem.severity >= Severity::High) {
                let field = crate::formats::yaml::Path(&problem.path).to_string();
                let message = format!("ApplicationSet {}: {}", set.name(), problem.message);
                let error = Error::invalid("idp::render::set", message).at(set.place_of(&field));
                let help = "`idp-run schemas show ApplicationSet spec` lists what it may have";
                return Err(error.help(problem.help.unwrap_or_else(|| help.to_owned())));
            }
        }
        Ok(sets)
    }
}

/// The nearest folder around a file that is there: with the last file of a folder, the folder may be gone.
fn nearest(path: &Path) -> &Path {
    path.ancestors().skip(1).find(|folder| folder.is_dir()).unwrap_or(path)
}

/// A file's path from the root of its clone, whatever links lead there.
fn within(checkout: &Checkout, path: &Path) -> Option<String> {
    let (root, folder) = (checkout.root().canonicalize().ok()?, nearest(path));
    let below = folder.canonicalize().ok()?.strip_prefix(&root).ok()?.join(path.strip_prefix(folder).ok()?);
    below.to_str().map(str::to_owned)
}
