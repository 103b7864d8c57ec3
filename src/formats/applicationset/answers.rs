//! What generators ask the world outside for. Callers answer as far as they know, and say what is missing otherwise.

use std::collections::BTreeMap;

use serde_json::Value;

use super::glob::Choice;

/// An answer, or why there is none.
pub type Answer<T> = Result<T, Unanswered>;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unanswered {
    /// Nobody knows offline: what one would have to give.
    Unknown(String),
    /// It was asked for, and this went wrong.
    Failed(String),
}

/// Where directories and files are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source<'a> {
    /// Whether it is an artifact of an OCI registry rather than a Git repository.
    pub is_oci: bool,
    /// The URL, as the generator has it.
    pub repository: &'a str,
    /// A branch, tag or commit; empty or `HEAD` for the default branch.
    pub revision: &'a str,
}

/// A cluster that Argo CD knows, as its Secret has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cluster {
    /// Its name in Argo CD.
    pub name: String,
    /// The URL of its API.
    pub server: String,
    /// The only project that may use it.
    pub project: Option<String>,
    /// Labels of the Secret.
    pub labels: BTreeMap<String, String>,
    /// Annotations of the Secret.
    pub annotations: BTreeMap<String, String>,
}

/// An open pull request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PullRequest {
    /// Its number.
    pub number: i64,
    /// Its title.
    pub title: String,
    /// The branch that it would merge.
    pub branch: String,
    /// The branch that it would be merged into.
    pub target_branch: String,
    /// The commit at the head of its branch.
    pub head_sha: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// Who opened it.
    pub author: String,
}

/// A branch of a repository at a forge.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Repository {
    /// The organization, group or owner.
    pub organization: String,
    /// Its name.
    pub repository: String,
    /// What the forge calls it: a number or a text.
    pub id: Value,
    /// The URL to clone it from.
    pub url: String,
    /// The branch.
    pub branch: String,
    /// The commit at the branch's head.
    pub sha: String,
    /// Labels or topics.
    pub labels: Vec<String>,
}

fn unknown<T>(what: String) -> Answer<T> {
    Err(Unanswered::Unknown(what))
}

/// What generators may ask. What a caller doesn't answer is missing.
pub trait Answers {
    /// All directories, from the root and without a slash before; hidden ones excepted, as the repo server has them.
    fn directories(&self, source: Source<'_>) -> Answer<Vec<String>> {
        unknown(format!("the directories of {}", named(source)))
    }

    /// The chosen files and their texts, by their paths from the root.
    fn files(&self, source: Source<'_>, choice: &Choice) -> Answer<BTreeMap<String, String>> {
        let patterns: Vec<&str> = choice.patterns().collect();
        unknown(format!("the files {} of {}", patterns.join(", "), named(source)))
    }

    /// The clusters that have a Secret; the controller's own has none, as a rule, and is added.
    fn clusters(&self) -> Answer<Vec<Cluster>> {
        unknown("the clusters that Argo CD knows".to_owned())
    }

    /// All open pull requests that the provider of a `pullRequest` generator would list; its filters are applied later.
    fn pull_requests(&self, generator: &Value) -> Answer<Vec<PullRequest>> {
        unknown(format!("the open pull requests of {}", provider(generator)))
    }

    /// All branches of repositories that the provider of an `scmProvider` generator would list; filters come later.
    fn repositories(&self, generator: &Value) -> Answer<Vec<Repository>> {
        unknown(format!("the repositories of {}", provider(generator)))
    }

    /// Whether a path is in a branch of a repository, for filters.
    fn has_path(&self, repository: &Repository, path: &str) -> Answer<bool> {
        unknown(format!("whether {} has {path} on its branch {}", repository.url, repository.branch))
    }

    /// The data of a ConfigMap in Argo CD's namespace; nothing if there is none.
    fn config_map(&self, name: &str) -> Answer<Option<BTreeMap<String, String>>> {
        unknown(format!("the ConfigMap {name}"))
    }

    /// All objects of a kind in Argo CD's namespace.
    fn resources(&self, api_version: &str, kind: &str) -> Answer<Vec<Value>> {
        unknown(format!("the objects of {kind} in {api_version}"))
    }

    /// What a plugin answers to these parameters: the body, which is JSON.
    fn plugin(&self, config_map: &str, _parameters: &Value) -> Answer<String> {
        unknown(format!("what the plugin of the ConfigMap {config_map} answers"))
    }

    /// Whether there is a project.
    fn has_project(&self, name: &str) -> Answer<bool> {
        unknown(format!("whether there is a project {name}"))
    }
}

fn named(source: Source<'_>) -> String {
    match source.revision {
        "" | "HEAD" => source.repository.to_owned(),
        revision => format!("{} at {revision}", source.repository),
    }
}

/// What a generator's provider is, in a few words.
fn provider(generator: &Value) -> String {
    const OWNERS: [&str; 7] = ["organization", "owner", "group", "project", "teamProject", "region", "api"];
    let not_ours = ["filters", "values", "template", "requeueAfterSeconds", "cloneProtocol"];
    let mut fields = generator.as_object().into_iter().flatten();
    let named = fields.find(|(key, value)| value.is_object() && !not_ours.contains(&key.as_str()));
    let Some((kind, settings)) = named else { return "a provider that the generator doesn't name".to_owned() };
    let owner = OWNERS.iter().find_map(|key| settings[*key].as_str()).unwrap_or_default();
    match settings["repo"].as_str() {
        Some(repo) => format!("{owner}/{repo} ({kind})"),
        None => format!("{owner} ({kind})"),
    }
}

impl Cluster {
    /// The cluster of a Secret of Argo CD's: what it says in `stringData` or, as base64, in `data`. Nothing if the Secret
    /// isn't one of a cluster.
    pub fn of_secret(secret: &Value) -> Option<Cluster> {
        let labels = string_map(&secret["metadata"]["labels"]);
        if labels.get("argocd.argoproj.io/secret-type").map(String::as_str) != Some("cluster") {
            return None;
        }
        let field = |name: &str| {
            let plain = secret["stringData"][name].as_str().map(str::to_owned);
            plain.or_else(|| decoded(secret["data"][name].as_str()?))
        };
        Some(Cluster {
            name: field("name").unwrap_or_default(),
            server: field("server").unwrap_or_default(),
            project: field("project"),
            labels,
            annotations: string_map(&secret["metadata"]["annotations"]),
        })
    }
}

fn decoded(text: &str) -> Option<String> {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::STANDARD.decode(text.trim()).ok()?;
    String::from_utf8(bytes).ok()
}

/// The texts of a map; what isn't a text is left out.
pub fn string_map(map: &Value) -> BTreeMap<String, String> {
    let entries = map.as_object().into_iter().flatten();
    entries.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}
