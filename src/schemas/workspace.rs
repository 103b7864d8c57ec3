//! The schemas of a workspace: what is built in, the files of its folder schemas/, and the CRDs and XRDs of the
//! repositories that idp.yaml names. The latter are read when somebody asks for a kind that isn't known otherwise.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use tokio::sync::Mutex;

use super::Schemas;
use super::offers::{self, Offer};
use crate::config::{Config, file};
use crate::error::{Error, Place, Result, io};
use crate::formats::definitions::{self, Broken, Definition};
use crate::formats::objects;
use crate::formats::yaml;
use crate::world::change::File;
use crate::world::forge::{CommitId, Entry, Forge, RepoId};

/// The folder of a workspace whose files define kinds.
pub const FOLDER: &str = "schemas";

/// Schemas that are read when they are needed.
#[derive(Debug)]
pub struct Workspace {
    root: PathBuf,
    /// The version of Kubernetes, unless it is the newest.
    release: Option<String>,
    owner: String,
    from: Vec<(String, String)>,
    own: OnceLock<Result<Arc<Schemas>>>,
    /// What the repositories said when they were last looked at.
    last: Mutex<Option<Arc<Said>>>,
}

/// What the repositories say at these heads, and what comes of it.
#[derive(Debug)]
struct Said {
    heads: Vec<Option<(RepoId, CommitId)>>,
    /// The YAML files by repository and path.
    texts: Vec<(String, String)>,
    whole: OnceLock<Result<Arc<Whole>>>,
    offers: OnceLock<Result<Offers>>,
}

/// What can be claimed, in the order of the files.
pub type Offers = Arc<Vec<Arc<Offer>>>;

/// The schemas with those of the repositories.
#[derive(Debug)]
pub struct Whole {
    /// All of them.
    pub schemas: Arc<Schemas>,
    /// Definitions that can't be read: those who own the repository have to mend them, and others go on.
    pub broken: Vec<Error>,
}

impl Workspace {
    /// The schemas of this workspace. Nothing is read yet.
    pub fn new(config: &Config) -> Workspace {
        Workspace {
            root: config.root.clone(),
            release: config.kubernetes.clone(),
            owner: config.forge.owner().to_string(),
            from: config.schemas.clone(),
            own: OnceLock::new(),
            last: Mutex::default(),
        }
    }

    /// The same for another version of Kubernetes.
    #[must_use]
    pub fn of_release(self, release: &str) -> Workspace {
        Workspace { release: Some(release.to_string()), own: OnceLock::new(), last: Mutex::default(), ..self }
    }

    /// What is built in, and the files of schemas/.
    ///
    /// # Errors
    /// `idp::schema::release` for an unknown Kubernetes; what is wrong with a file, with its place.
    pub fn own(&self) -> Result<Arc<Schemas>> {
        let read = || {
            let mut found = Schemas::embedded(self.release.as_deref().unwrap_or_else(|| Schemas::newest()))?;
            for path in files(&self.root)? {
                found = found.with(of_file(&self.root, &path)?);
            }
            Ok(Arc::new(found))
        };
        self.own.get_or_init(read).clone()
    }

    /// The same with the definitions of the repositories, as they are at the heads of their default branches. The
    /// workspace's own files come before them.
    ///
    /// # Errors
    /// Those of [`Workspace::own`], and the forge's.
    pub async fn whole(&self, forge: &dyn Forge) -> Result<Arc<Whole>> {
        let said = self.said(forge).await?;
        said.whole.get_or_init(|| self.with(&said.texts)).clone()
    }

    fn with(&self, texts: &[(String, String)]) -> Result<Arc<Whole>> {
        let own = self.own()?;
        let (mut found, mut broken, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        for (name, text) in texts {
            match sorted(name, text) {
                Ok((definitions, wrong)) => {
                    found.extend(definitions);
                    broken.extend(wrong);
                }
                Err(error) => errors.push(error),
            }
        }
        for known in &broken {
            if !errors.contains(&known.error) {
                errors.push(known.error.clone());
            }
        }
        let none = found.is_empty() && broken.is_empty();
        let schemas = if none { own } else { Arc::new(own.behind(found).with_broken(broken)) };
        Ok(Arc::new(Whole { schemas, broken: errors }))
    }

    /// What can be claimed: the CompositeResourceDefinitions of schemas/ and of the repositories. Of two of one kind and
    /// group the first counts.
    ///
    /// # Errors
    /// Those of the forge, of YAML, and `idp::form::definition` with the place of a definition that can't be used.
    pub async fn offers(&self, forge: &dyn Forge) -> Result<Offers> {
        let said = self.said(forge).await?;
        let read = || {
            let mut texts = Vec::new();
            for path in files(&self.root)? {
                texts.push((shown(&self.root, &path), file::read_text(&path).map_err(io("read", &path))?));
            }
            texts.extend(said.texts.iter().cloned());
            offers::of_same_texts(texts)
        };
        said.offers.get_or_init(read).clone()
    }

    /// What the repositories say: read again where a branch moved since, such as by a commit of the same run.
    async fn said(&self, forge: &dyn Forge) -> Result<Arc<Said>> {
        let mut last = self.last.lock().await;
        let mut heads = Vec::new();
        for (repo, _) in &self.from {
            heads.push(head(forge, RepoId::parse(repo, &self.owner)?).await?);
        }
        if let Some(said) = last.as_ref().filter(|said| said.heads == heads) {
            return Ok(said.clone());
        }
        let mut found = Vec::new();
        for (head, (_, folder)) in heads.iter().zip(&self.from) {
            if let Some((repo, commit)) = head {
                found.extend(texts(forge, repo, commit, folder).await?);
            }
        }
        let said = Arc::new(Said { heads, texts: found, whole: OnceLock::new(), offers: OnceLock::new() });
        *last = Some(said.clone());
        Ok(said)
    }
}

/// The head of a repository's default branch; none if there is no such repository.
pub(super) async fn head(forge: &dyn Forge, repo: RepoId) -> Result<Option<(RepoId, CommitId)>> {
    let Some(repository) = forge.repository(&repo).await? else { return Ok(None) };
    let head = forge.branch(&repo, &repository.settings.default_branch).await?;
    Ok(head.map(|head| (repo, head)))
}

/// The YAML and JSON files below a folder of a commit.
pub(super) async fn texts(
    forge: &dyn Forge,
    repo: &RepoId,
    head: &CommitId,
    folder: &str,
) -> Result<Vec<(String, String)>> {
    let entries = forge.list(repo, head, folder).await?;
    let entries: Vec<_> = entries.into_iter().filter(|entry| objects::may_hold(&entry.path)).collect();
    let files = forge.contents(repo, head, &entries).await?;
    let text = |(entry, file): (&Entry, Option<File>)| {
        let text = String::from_utf8(file?.bytes.to_vec()).ok()?;
        Some((format!("{repo}:{}", entry.path), text))
    };
    Ok(entries.iter().zip(files).filter_map(text).collect())
}

/// The kinds that the documents of a text define. Documents that define none are passed over.
pub fn of_text(name: &str, text: &str) -> Result<Vec<Definition>> {
    // Most files define nothing; reading those for it would take longer than looking for the word.
    if !text.contains("ResourceDefinition") {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for document in yaml::parse(name, text)? {
        found.extend(definitions::read(&document)?);
    }
    Ok(found)
}

/// The same, with those of which no kind can be made apart.
fn sorted(name: &str, text: &str) -> Result<(Vec<Definition>, Vec<Broken>)> {
    let (mut found, mut broken) = (Vec::new(), Vec::new());
    if text.contains("ResourceDefinition") {
        for document in yaml::parse(name, text)? {
            let (kinds, wrong) = definitions::sorted(&document);
            found.extend(kinds);
            broken.extend(wrong);
        }
    }
    Ok((found, broken))
}

fn of_file(root: &Path, path: &Path) -> Result<Vec<Definition>> {
    let shown = shown(root, path);
    let text = file::read_text(path).map_err(io("read", path))?;
    let found = of_text(&shown, &text)?;
    if found.is_empty() {
        return Err(Error::invalid("idp::schema::definition", format!("{shown} defines no kind"))
            .at(Place::file(shown))
            .help("schemas/ is for CustomResourceDefinitions and CompositeResourceDefinitions"));
    }
    Ok(found)
}

/// A path as people know it.
fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}

/// The YAML and JSON files of schemas/, sorted.
fn files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut todo = vec![root.join(FOLDER)];
    let mut found = Vec::new();
    while let Some(folder) = todo.pop() {
        if !folder.is_dir() || !file::stays_inside(root, &folder) {
            continue;
        }
        for entry in std::fs::read_dir(&folder).map_err(io("read", &folder))? {
            let entry = entry.map_err(io("read", &folder))?;
            let path = entry.path();
            let name = path.to_string_lossy();
            if path.is_dir() {
                // Links to folders aren't followed: two that lead back would never end.
                if !entry.file_type().map_err(io("read", &path))?.is_symlink() {
                    todo.push(path);
                }
            } else if objects::may_hold(&name) {
                if !file::stays_inside(root, &path) {
                    let message = format!("can't read {name}: a link leads out of the workspace");
                    return Err(Error::invalid("idp::schema::definition", message).help("put the file itself there"));
                }
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
