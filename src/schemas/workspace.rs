//! The schemas of a workspace: what is built in, the files of its folder schemas/, and the CRDs and XRDs of the
//! repositories that idp.yaml names. The latter are read when somebody asks for a kind that isn't known otherwise.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use tokio::sync::OnceCell;

use super::Schemas;
use crate::config::{Config, file};
use crate::error::{Error, Place, Result, io};
use crate::formats::definitions::{self, Definition};
use crate::formats::yaml;
use crate::world::forge::{Forge, RepoId};

/// The folder of a workspace whose files define kinds.
pub const FOLDER: &str = "schemas";

/// Schemas that are read when they are needed.
#[derive(Debug)]
pub struct Workspace {
    root: PathBuf,
    release: String,
    owner: String,
    from: Vec<(String, String)>,
    own: OnceLock<Result<Arc<Schemas>>>,
    whole: OnceCell<Arc<Whole>>,
}

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
            release: config.kubernetes.clone().unwrap_or_else(|| Schemas::newest().to_string()),
            owner: config.forge.owner().to_string(),
            from: config.schemas.clone(),
            own: OnceLock::new(),
            whole: OnceCell::new(),
        }
    }

    /// The same for another version of Kubernetes.
    #[must_use]
    pub fn of_release(self, release: &str) -> Workspace {
        Workspace { release: release.to_string(), own: OnceLock::new(), whole: OnceCell::new(), ..self }
    }

    /// What is built in, and the files of schemas/.
    ///
    /// # Errors
    /// `idp::schema::release` for an unknown Kubernetes; what is wrong with a file, with its place.
    pub fn own(&self) -> Result<Arc<Schemas>> {
        let read = || {
            let mut found = Schemas::embedded(&self.release)?;
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
        self.whole.get_or_try_init(|| self.read(forge)).await.cloned()
    }

    async fn read(&self, forge: &dyn Forge) -> Result<Arc<Whole>> {
        let own = self.own()?;
        let (mut found, mut broken) = (Vec::new(), Vec::new());
        for (repo, folder) in &self.from {
            let repo = RepoId::parse(repo, &self.owner)?;
            for (path, text) in texts(forge, &repo, folder).await? {
                match of_text(&format!("{repo}:{path}"), &text) {
                    Ok(definitions) => found.extend(definitions),
                    Err(error) => broken.push(error),
                }
            }
        }
        let schemas = if found.is_empty() { own } else { Arc::new(own.behind(found)) };
        Ok(Arc::new(Whole { schemas, broken }))
    }
}

/// The YAML files below a folder of a repository; none if there is no such repository.
async fn texts(forge: &dyn Forge, repo: &RepoId, folder: &str) -> Result<Vec<(String, String)>> {
    let Some(repository) = forge.repository(repo).await? else { return Ok(Vec::new()) };
    let Some(head) = forge.branch(repo, &repository.settings.default_branch).await? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for entry in forge.list(repo, &head, folder).await?.into_iter().filter(|entry| is_yaml(&entry.path)) {
        let file = forge.file(repo, &head, &entry.path).await?;
        let text = file.and_then(|file| String::from_utf8(file.bytes.to_vec()).ok());
        found.extend(text.map(|text| (entry.path, text)));
    }
    Ok(found)
}

/// Whether a file may hold objects, by its name.
pub fn is_yaml(path: &str) -> bool {
    path.ends_with(".yaml") || path.ends_with(".yml")
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

fn of_file(root: &Path, path: &Path) -> Result<Vec<Definition>> {
    let shown = path.strip_prefix(root).unwrap_or(path).display().to_string();
    let text = file::read_text(path).map_err(io("read", path))?;
    let found = of_text(&shown, &text)?;
    if found.is_empty() {
        return Err(Error::invalid("idp::schema::definition", format!("{shown} defines no kind"))
            .at(Place::file(shown))
            .help("schemas/ is for CustomResourceDefinitions and CompositeResourceDefinitions"));
    }
    Ok(found)
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
            let path = entry.map_err(io("read", &folder))?.path();
            let name = path.to_string_lossy();
            if path.is_dir() {
                todo.push(path);
            } else if is_yaml(&name) || name.ends_with(".json") {
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
