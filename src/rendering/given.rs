//! What the caller gives of the world outside: clusters, and a fixture with what providers, plugins and clusters would say.
//! The keys of a fixture are those of the published cases of ApplicationSets.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::{Error, Place, Result, nearest};
use crate::formats::applicationset::{Answer, Cluster, PullRequest, Repository, Unanswered};
use crate::formats::lists;
use crate::formats::yaml::{self, Document, Step};

/// The code of what can't be read of it.
const CODE: &str = "idp::render::fixture";

/// What is given; what isn't is unknown.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Given {
    /// Folders of every repository.
    pub directories: Option<Vec<String>>,
    /// Files of every repository, with their texts.
    pub files: Option<BTreeMap<String, String>>,
    /// The clusters that Argo CD knows.
    pub clusters: Option<Vec<Cluster>>,
    pulls: Option<Vec<(Option<String>, PullRequest)>>,
    repositories: Option<Vec<(Vec<String>, Repository)>>,
    config_maps: Option<BTreeMap<String, BTreeMap<String, String>>>,
    resources: Option<Vec<Value>>,
    plugin: Option<String>,
    projects: Option<Vec<String>>,
}

/// What a fixture may say.
const KEYS: [&str; 9] = [
    "repo_dirs",
    "repo_files",
    "clusters",
    "prs",
    "scm_repos",
    "config_maps",
    "resources",
    "plugin_response",
    "projects",
];

/// A part of a document, with where it is.
struct Part<'d> {
    document: &'d Document,
    path: Vec<Step>,
    value: &'d Value,
}

impl<'d> Part<'d> {
    fn wrong(&self, message: impl Into<String>) -> Error {
        Error::invalid(CODE, message).at(self.document.place(&self.path))
    }

    /// What it is called in messages.
    fn name(&self) -> String {
        yaml::Path(&self.path).to_string()
    }

    fn below(&self, step: Step, value: &'d Value) -> Part<'d> {
        let path = self.path.iter().cloned().chain([step]).collect();
        Part { document: self.document, path, value }
    }

    fn items(&self) -> Result<Vec<Part<'d>>> {
        let Some(items) = self.value.as_array() else {
            return Err(self.wrong(format!("{} must be a list", self.name())));
        };
        Ok(items.iter().enumerate().map(|(at, item)| self.below(Step::Index(at), item)).collect())
    }

    /// Its fields; only these may be there.
    fn fields(&self, known: &[&str]) -> Result<BTreeMap<&'d str, Part<'d>>> {
        let Some(fields) = self.value.as_object() else {
            return Err(self.wrong(format!("{} must be a map", self.name())));
        };
        let mut found = BTreeMap::new();
        for (key, value) in fields {
            let part = self.below(Step::Key(key.clone()), value);
            if !known.is_empty() && !known.contains(&key.as_str()) {
                let error =
                    Error::invalid(CODE, format!("unknown field `{key}`")).at(self.document.key_place(&part.path));
                return Err(match nearest(key, known.iter().copied()) {
                    Some(near) => error.help(format!("did you mean `{near}`?")),
                    None => error.help(format!("known fields are {}", known.join(", "))),
                });
            }
            found.insert(key.as_str(), part);
        }
        Ok(found)
    }

    fn text(&self) -> Result<String> {
        match self.value {
            Value::String(text) => Ok(text.clone()),
            Value::Number(number) => Ok(number.to_string()),
            Value::Bool(truth) => Ok(truth.to_string()),
            _ => Err(self.wrong(format!("{} must be a text", self.name()))),
        }
    }

    fn texts(&self) -> Result<Vec<String>> {
        self.items()?.iter().map(Part::text).collect()
    }

    fn text_map(&self) -> Result<BTreeMap<String, String>> {
        self.fields(&[])?.into_iter().map(|(key, part)| Ok((key.to_owned(), part.text()?))).collect()
    }
}

/// A field's text, or nothing if it isn't there.
fn text(fields: &BTreeMap<&str, Part<'_>>, name: &str) -> Result<String> {
    fields.get(name).map_or(Ok(String::new()), Part::text)
}

fn needed(part: &Part<'_>, fields: &BTreeMap<&str, Part<'_>>, name: &str) -> Result<String> {
    match text(fields, name)? {
        text if text.is_empty() => Err(part.wrong(format!("{} has no {name}", part.name()))),
        text => Ok(text),
    }
}

fn texts(fields: &BTreeMap<&str, Part<'_>>, name: &str) -> Result<Vec<String>> {
    fields.get(name).map_or(Ok(Vec::new()), Part::texts)
}

/// The clusters of a file: Secrets of Argo CD's, or a plain list of `name`, `server`, `project`, `labels`, `annotations`.
///
/// # Errors
/// `idp::render::clusters` for a file without any, `idp::render::fixture` and `idp::yaml::...` with the place of what is wrong.
pub fn clusters(file: &str, content: &str) -> Result<Vec<Cluster>> {
    let mut found = Vec::new();
    for document in yaml::parse(file, content)? {
        let root = Part { document: &document, path: Vec::new(), value: &document.value };
        if document.value.is_array() {
            found.extend(plain_clusters(&root)?);
        } else {
            found.extend(lists::of(&document.value).objects.iter().filter_map(|part| Cluster::of_secret(&part.value)));
        }
    }
    if found.is_empty() {
        let error = Error::invalid("idp::render::clusters", format!("{file} holds no cluster")).at(Place::file(file));
        return Err(error.help(
            "give Secrets with the label `argocd.argoproj.io/secret-type: cluster`, or a list: \
             `- { name: dev, server: https://dev.example, labels: { env: dev } }`",
        ));
    }
    Ok(found)
}

fn plain_clusters(list: &Part<'_>) -> Result<Vec<Cluster>> {
    let mut found = Vec::new();
    for item in list.items()? {
        if let Some(cluster) = Cluster::of_secret(item.value) {
            found.push(cluster);
            continue;
        }
        let fields = item.fields(&["name", "server", "project", "labels", "annotations"])?;
        let map = |name: &str| fields.get(name).map_or(Ok(BTreeMap::new()), Part::text_map);
        found.push(Cluster {
            name: needed(&item, &fields, "name")?,
            server: needed(&item, &fields, "server")?,
            project: fields.get("project").map(Part::text).transpose()?,
            labels: map("labels")?,
            annotations: map("annotations")?,
        });
    }
    Ok(found)
}

impl Given {
    /// What a fixture says.
    ///
    /// # Errors
    /// `idp::render::fixture` and `idp::yaml::...` with the place of what is wrong.
    pub fn read(file: &str, content: &str) -> Result<Given> {
        let documents = yaml::parse(file, content)?;
        let [document] = documents.as_slice() else {
            let message = format!("{file} must be one document, a map of {}", KEYS.join(", "));
            return Err(Error::invalid(CODE, message).at(Place::file(file)));
        };
        let root = Part { document, path: Vec::new(), value: &document.value };
        if !document.value.is_object() {
            return Err(root.wrong(format!("a fixture is a map of {}", KEYS.join(", "))));
        }
        let fields = root.fields(&KEYS)?;
        let mut given = Given::default();
        let of = |name: &str| fields.get(name);
        given.directories = of("repo_dirs").map(Part::texts).transpose()?;
        given.files = of("repo_files").map(Part::text_map).transpose()?;
        given.clusters = of("clusters").map(plain_clusters).transpose()?;
        given.projects = of("projects").map(Part::texts).transpose()?;
        given.pulls = of("prs").map(pulls).transpose()?;
        given.repositories = of("scm_repos").map(repositories).transpose()?;
        given.config_maps = match of("config_maps") {
            Some(part) => {
                let maps = part.fields(&[])?.into_iter();
                Some(maps.map(|(name, data)| Ok((name.to_owned(), data.text_map()?))).collect::<Result<_>>()?)
            }
            None => None,
        };
        given.resources = match of("resources") {
            Some(part) => Some(part.items()?.iter().map(|item| item.value.clone()).collect()),
            None => None,
        };
        given.plugin = of("plugin_response").map(|part| match part.value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        Ok(given)
    }

    /// The pull requests of a generator's repository.
    pub(super) fn pull_requests(&self, generator: &Value) -> Answer<Vec<PullRequest>> {
        let (owner, name) = provider(generator);
        let wanted = format!("{owner}/{name}");
        let pulls = self.pulls.as_ref().ok_or_else(|| missing(&format!("the open pull requests of {wanted}")))?;
        let own = pulls.iter().filter(|(of, _)| of.as_ref().is_none_or(|of| *of == wanted || *of == name));
        Ok(own.map(|(_, pull)| pull.clone()).collect())
    }

    /// The repositories of a generator's owner.
    pub(super) fn repositories(&self, generator: &Value) -> Answer<Vec<Repository>> {
        let (owner, _) = provider(generator);
        let known = self.repositories.as_ref().ok_or_else(|| missing(&format!("the repositories of {owner}")))?;
        let own = known.iter().map(|(_, found)| found);
        let own = own.filter(|found| owner.is_empty() || found.organization.is_empty() || found.organization == owner);
        Ok(own.cloned().collect())
    }

    /// Whether a repository has a path.
    pub(super) fn has_path(&self, repository: &Repository, path: &str) -> Answer<bool> {
        let entries = self.repositories.iter().flatten();
        let mut own = entries.filter(|(_, found)| found.url == repository.url && found.branch == repository.branch);
        let below = format!("{path}/");
        Ok(own.any(|(paths, _)| paths.iter().any(|there| there == path || there.starts_with(&below))))
    }

    pub(super) fn config_map(&self, name: &str) -> Answer<Option<BTreeMap<String, String>>> {
        let maps = self.config_maps.as_ref().ok_or_else(|| missing(&format!("the ConfigMap {name}")))?;
        Ok(maps.get(name).cloned())
    }

    pub(super) fn resources(&self, api_version: &str, kind: &str) -> Answer<Vec<Value>> {
        self.resources.clone().ok_or_else(|| missing(&format!("the {kind} of {api_version}")))
    }

    pub(super) fn plugin(&self, config_map: &str, _: &Value) -> Answer<String> {
        self.plugin.clone().ok_or_else(|| missing(&format!("what the plugin of the ConfigMap {config_map} answers")))
    }

    pub(super) fn has_project(&self, name: &str) -> Answer<bool> {
        let known = self.projects.as_ref().ok_or_else(|| missing(&format!("whether there is a project {name}")))?;
        Ok(known.iter().any(|known| known == name))
    }
}

fn missing(what: &str) -> Unanswered {
    Unanswered::Unknown(what.to_owned())
}

/// Whom a generator asks: owner and repository, as far as it names them.
fn provider(generator: &Value) -> (String, String) {
    const OWNERS: [&str; 6] = ["organization", "owner", "group", "project", "teamProject", "region"];
    let not_ours = ["filters", "values", "template"];
    let mut fields = generator.as_object().into_iter().flatten();
    let settings = fields.find(|(key, value)| value.is_object() && !not_ours.contains(&key.as_str()));
    let text = |key: &str| settings.and_then(|(_, settings)| settings[key].as_str());
    let owner = OWNERS.iter().find_map(|key| text(key)).unwrap_or_default();
    (owner.to_owned(), text("repo").unwrap_or_default().to_owned())
}

fn pulls(list: &Part<'_>) -> Result<Vec<(Option<String>, PullRequest)>> {
    const FIELDS: [&str; 8] =
        ["repository", "number", "title", "branch", "targetBranch", "headSHA", "labels", "author"];
    let mut found = Vec::new();
    for item in list.items()? {
        let fields = item.fields(&FIELDS)?;
        let number = fields.get("number").and_then(|part| part.value.as_i64());
        let Some(number) = number else { return Err(item.wrong(format!("{} has no number", item.name()))) };
        let pull = PullRequest {
            number,
            title: text(&fields, "title")?,
            branch: text(&fields, "branch")?,
            target_branch: text(&fields, "targetBranch")?,
            head_sha: text(&fields, "headSHA")?,
            labels: texts(&fields, "labels")?,
            author: text(&fields, "author")?,
        };
        found.push((fields.get("repository").map(Part::text).transpose()?, pull));
    }
    Ok(found)
}

fn repositories(list: &Part<'_>) -> Result<Vec<(Vec<String>, Repository)>> {
    const FIELDS: [&str; 8] = ["organization", "repository", "repositoryId", "url", "branch", "sha", "labels", "paths"];
    let mut found = Vec::new();
    for item in list.items()? {
        let fields = item.fields(&FIELDS)?;
        let repository = Repository {
            organization: text(&fields, "organization")?,
            repository: needed(&item, &fields, "repository")?,
            id: fields.get("repositoryId").map_or(Value::Null, |part| part.value.clone()),
            url: text(&fields, "url")?,
            branch: text(&fields, "branch")?,
            sha: text(&fields, "sha")?,
            labels: texts(&fields, "labels")?,
        };
        found.push((texts(&fields, "paths")?, repository));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let said = |text: &str| {
            let error = Given::read("f.yaml", text).unwrap_err();
            let help = error.help_text().unwrap_or_default().to_owned();
            format!("{} {} {help}", error.place().unwrap(), error.message())
        };
        assert_eq!(said("prs:\n  - titel: x\n"), "f.yaml:2:5 unknown field `titel` did you mean `title`?");
        assert_eq!(said("prs:\n  - title: x\n"), "f.yaml:2:5 prs[0] has no number ");
        assert_eq!(said("prs: 3\n"), "f.yaml:1:6 prs must be a list ");
        assert!(said("pullrequests: []\n").starts_with("f.yaml:1:1 unknown field `pullrequests`"));
        assert!(said("- 1\n").starts_with("f.yaml:1:1 a fixture is a map of repo_dirs"));
    }

    #[test]
    fn clusters_are_secrets_or_a_list() {
        let secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n  labels: { argocd.argoproj.io/secret-type: cluster, env: dev }\n\
                      stringData: { name: dev, server: https://dev.example }\n";
        let list = "- { name: dev, server: https://dev.example, labels: { env: dev } }\n";
        let names =
            |text: &str| clusters("c.yaml", text).unwrap().into_iter().map(|c| (c.name, c.server)).collect::<Vec<_>>();
        assert_eq!(names(secret), names(list));
        assert_eq!(clusters("c.yaml", "kind: Secret\n").unwrap_err().code(), "idp::render::clusters");
        let error = clusters("c.yaml", "- { name: dev }\n").unwrap_err();
        assert_eq!((error.message(), error.place().unwrap().line), ("[0] has no server", 1));
    }
}
