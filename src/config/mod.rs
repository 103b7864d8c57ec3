//! The workspace's configuration: defaults < the nearest `idp.yaml` < `IDP_*` < flags.

pub mod fields;
pub mod file;
mod idp_yaml;
pub mod origins;
pub mod policies;
mod services;
pub mod settings;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::error::{Error, Result, io};
use crate::report::Redactor;

pub use policies::Policies;
pub use services::{HeaderText, HttpService, SecretSource};

/// The file that makes a folder a workspace.
pub const FILE: &str = "idp.yaml";

/// Everything that a workspace declares, with defaults filled in. Relative paths are resolved against the workspace.
#[derive(Debug, Clone)]
pub struct Config {
    /// The workspace's folder, absolute.
    pub root: PathBuf,
    /// Its `idp.yaml`, if it has one.
    pub file: Option<PathBuf>,
    /// Git hosting.
    pub forge: Forge,
    /// Clusters by name: a folder of manifests each.
    pub clusters: BTreeMap<String, PathBuf>,
    /// Contacts by name: a file each.
    pub contacts: BTreeMap<String, PathBuf>,
    /// HTTP services by name.
    pub http: BTreeMap<String, HttpService>,
    /// Where secrets come from, by name.
    pub secrets: BTreeMap<String, SecretSource>,
    /// Hides the values of secrets: one for all that is said and recorded of this workspace.
    pub redactor: Redactor,
    /// Where versions are said, as `repository/path` with `{project}`, `{env}` and `{service}`.
    pub deployments: Vec<String>,
    /// Environments in promotion order.
    pub environments: Vec<Environment>,
    /// Whether `idp.yaml` says which there are.
    pub declares_environments: bool,
    /// The cluster to which claims are synced.
    pub claims_cluster: Option<String>,
    /// Folders that become repositories when the world is first made.
    pub seeds: Vec<Seed>,
    /// Globs over `repository/path`: files in which every document must be a manifest.
    pub manifests: Vec<String>,
    /// The version of Kubernetes whose schemas count; without one the newest that is built in.
    pub kubernetes: Option<String>,
    /// Where repositories define kinds: repository and folder.
    pub schemas: Vec<(String, String)>,
    /// Which policies are enforced, and what is said of packs.
    pub policies: Policies,
    /// Files of waivers, and folders of such files.
    pub waivers: Vec<PathBuf>,
    /// Facts about the platform that scripts and skeletons use.
    pub values: Value,
    /// Grants that narrow what runs may change.
    pub permissions: Option<Vec<Grant>>,
    /// What a script may use.
    pub limits: Limits,
}

/// Git hosting. Another kind is another variant.
#[derive(Debug, Clone)]
pub enum Forge {
    /// A folder of bare Git repositories.
    Local {
        /// Where the repositories are.
        folder: PathBuf,
        /// The organisation that bare repository names belong to.
        owner: String,
        /// What people and committed files call it.
        url: String,
        /// Members by team, for the rule that code owners must approve.
        teams: BTreeMap<String, Vec<String>>,
    },
    /// GitHub, or GitHub Enterprise.
    GitHub {
        /// The organisation or user that bare repository names belong to.
        owner: String,
        /// Where its API is.
        api_url: String,
        /// What people and committed files call it.
        url: String,
        /// The App that runs act as; without one they act as their token.
        app: Option<App>,
        /// How long a run waits for a rate limit.
        wait: Duration,
        /// Whether branches are protected with rulesets, instead of classic branch protection.
        rulesets: bool,
    },
}

impl Forge {
    /// The organisation or user that bare repository names belong to.
    pub fn owner(&self) -> &str {
        match self {
            Forge::Local { owner, .. } | Forge::GitHub { owner, .. } => owner,
        }
    }

    /// What people and committed files call it.
    pub fn url(&self) -> &str {
        match self {
            Forge::Local { url, .. } | Forge::GitHub { url, .. } => url,
        }
    }
}

/// A GitHub App.
#[derive(Debug, Clone)]
pub struct App {
    /// Its id, from its settings page.
    pub id: u64,
    /// Its private key.
    pub key: AppKey,
}

/// Where the private key of an App is, a PEM file's text.
#[derive(Debug, Clone)]
pub enum AppKey {
    /// In this file.
    File(PathBuf),
    /// In the secret of this name.
    Secret(String),
}

/// A stage of promotion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// `dev`, `staging`, `prod`: the middle segment of the semantic key.
    pub name: String,
    /// The cluster that its applications run in.
    pub cluster: String,
    /// Whether a person decides about each sync.
    pub production: bool,
    /// What a version must have behind it before it gets here.
    pub promotion: Promotion,
}

/// What is asked of a version before it gets to an environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Promotion {
    /// Checks that must have succeeded on the commit that brought it to the environment before.
    pub checks: Vec<String>,
    /// How long it must have been there.
    pub soak: Duration,
    /// Whether it is committed directly, without a pull request.
    pub direct: bool,
}

/// A folder that becomes a repository.
#[derive(Debug, Clone)]
pub struct Seed {
    /// The repository, with or without its owner.
    pub repository: String,
    /// Its files.
    pub folder: PathBuf,
    /// One line about it.
    pub description: String,
    /// Approving reviews that its default branch asks for; none for no protection.
    pub reviews: Option<u32>,
}

/// One grant as people write it: globs over script, kind of change and target.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Over the script's name or path.
    pub script: String,
    /// Over the kind of change: `repository`, `commit`, `branch`, `protection`, `pull_request`, `comment`,
    /// `manifest`, `notification`, `request`.
    pub change: String,
    /// Over the target: `owner/repo/branch/path`, `cluster/namespace/Kind/name`, `contact`,
    /// `service/METHOD/path`.
    pub target: String,
}

impl Grant {
    /// Every script, every change, everywhere.
    pub fn everything() -> Grant {
        Grant { script: "**".into(), change: "**".into(), target: "**".into() }
    }
}

/// What a script may use before it is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Wall-clock time.
    pub time: Duration,
    /// Bytes of memory on the script's thread.
    pub memory: usize,
}

impl Limits {
    /// The stack of a thread that runs a script: dropping values that nest deeply recurses, and what they hold is
    /// bounded by the memory limit, of which this is a multiple. It is reserved, not used.
    pub fn stack(&self) -> usize {
        self.memory.saturating_mul(4)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits { time: Duration::from_secs(600), memory: 256 << 20 }
    }
}

impl Config {
    /// The workspace at a folder, at `IDP_WORKSPACE`, or the nearest one above `from`; none if there is no `idp.yaml`.
    ///
    /// Errors: a folder that was named but has no `idp.yaml`; an `idp.yaml` with a mistake, with its place.
    pub fn find(named: Option<&Path>, from: &Path) -> Result<Option<Config>> {
        let named = match named {
            Some(folder) => Some(folder.to_path_buf()),
            None => std::env::var_os("IDP_WORKSPACE").filter(|value| !value.is_empty()).map(PathBuf::from),
        };
        if let Some(folder) = named {
            if !folder.join(FILE).is_file() {
                return Err(Error::invalid("idp::workspace", format!("{} has no {FILE}", folder.display()))
                    .help("name the folder that holds idp.yaml"));
            }
            let shown = folder.join(FILE).display().to_string();
            return Config::load(&folder, &shown).map(Some);
        }
        for (depth, folder) in from.ancestors().enumerate() {
            if folder.join(FILE).is_file() {
                return Config::load(folder, &format!("{}{FILE}", "../".repeat(depth))).map(Some);
            }
        }
        Ok(None)
    }

    /// A folder without `idp.yaml` as a workspace: an empty world under `.idp/`.
    pub fn bare(folder: &Path) -> Result<Config> {
        let root = std::path::absolute(folder).map_err(io("find", folder))?;
        // Whoever made the workspace may have made the link, too; what runs write stays where they run.
        if !file::stays_inside(&root, &root.join(".idp")) {
            let message = format!("{} leads out of the workspace by a link", root.join(".idp").display());
            return Err(Error::invalid("idp::workspace", message).help("remove the link"));
        }
        Ok(Config {
            forge: Forge::Local {
                folder: root.join(".idp/forge"),
                owner: "local".into(),
                url: "https://git.example".into(),
                teams: BTreeMap::new(),
            },
            clusters: BTreeMap::new(),
            contacts: BTreeMap::new(),
            http: BTreeMap::new(),
            secrets: BTreeMap::new(),
            redactor: Redactor::default(),
            deployments: vec!["{project}-gitops/k8s/{env}/{service}/kustomization.yaml".into()],
            environments: default_environments(),
            declares_environments: false,
            claims_cluster: None,
            seeds: Vec::new(),
            manifests: Vec::new(),
            kubernetes: None,
            schemas: vec![("platform-gitops".into(), "crossplane".into())],
            policies: Policies::default(),
            waivers: vec![root.join("waivers")],
            values: Value::Object(serde_json::Map::new()),
            permissions: None,
            limits: Limits::default(),
            file: None,
            root,
        })
    }

    fn load(folder: &Path, shown: &str) -> Result<Config> {
        let mut config = Config::bare(folder)?;
        let file = config.root.join(FILE);
        let text = file::read_text(&file).map_err(io("read", &file))?;
        idp_yaml::read(shown, &text, &mut config)?;
        config.file = Some(file);
        Ok(config)
    }

    /// The folder of the embedded world's own files.
    pub fn state(&self) -> PathBuf {
        self.root.join(".idp")
    }

    /// The lock of a run, by the hash of its key: one writer at a time.
    pub fn run_lock(&self, hash: &str) -> PathBuf {
        self.state().join(format!("locks/{hash}.lock"))
    }

    /// The journal's file.
    pub fn journal(&self) -> PathBuf {
        self.state().join("journal.sqlite")
    }
}

/// Reads a file of grants: `allow: [{ script, change, target }]`.
pub fn read_grants(path: &Path) -> Result<Vec<Grant>> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Error::invalid("idp::grants", format!("can't read {}: {error}", path.display())))?;
    idp_yaml::read_grants(&path.display().to_string(), &text)
}

fn default_environments() -> Vec<Environment> {
    ["dev", "staging", "prod"]
        .map(|name| Environment {
            name: name.into(),
            cluster: format!("cluster-{name}"),
            production: name == "prod",
            promotion: Promotion::default(),
        })
        .into()
}
