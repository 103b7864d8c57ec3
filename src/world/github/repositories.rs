//! Repositories on GitHub: settings, the marker among their topics, and their making, which survives being killed.

use std::collections::{BTreeMap, BTreeSet};

use hyper::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::PER_PAGE;
use super::paths::{of, segment};
use super::refusal::Trouble;
use super::{GitHubForge, read, rulesets};
use crate::error::{Error, Result};
use crate::world::change::Change;
use crate::world::forge::{MOVED, Outcome, RepoId, Repository, Settings, missing};

/// The topic of a repository that a run (or project) made: `idp-run-` and its hash.
const MADE: &str = "idp-run-";
/// The same of one that a run took over.
const ADOPTED: &str = "idp-run-adopted-";
/// The topic of one that a run's undo archived.
const UNDONE: &str = "idp-run-undone-";

/// What stands in the description while a repository is made: topics can't be given with the first request.
const MAKING: &str = "idp-run is making this repository: ";

/// A repository as GitHub tells it, as far as it is used.
#[derive(Debug, Clone, Deserialize)]
pub struct Told {
    pub full_name: String,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub visibility: Option<String>,
    #[serde(default)]
    pub private: bool,
    #[serde(default)]
    pub default_branch: Option<String>,
    #[serde(default)]
    pub topics: Vec<String>,
    #[serde(default)]
    pub archived: bool,
    #[serde(default)]
    pub is_template: bool,
    /// What it was made from.
    #[serde(default)]
    pub template_repository: Option<Value>,
}

impl Told {
    /// The hash behind a topic's prefix.
    fn marked(&self, prefix: &str) -> Option<&str> {
        let hash = |topic: &'_ String| -> Option<(usize, usize)> {
            let hash = topic.strip_prefix(prefix)?;
            (hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
                .then_some((prefix.len(), topic.len()))
        };
        self.topics.iter().find_map(|topic| hash(topic).map(|(from, to)| &topic[from..to]))
    }

    /// The run that was making it when it was last looked at; its making isn't over.
    fn making(&self) -> Option<&str> {
        self.description.as_deref()?.strip_prefix(MAKING)
    }

    fn settings(&self) -> Settings {
        let visibility = match &self.visibility {
            Some(visibility) => visibility.clone(),
            None if self.private => "private".into(),
            None => "public".into(),
        };
        Settings {
            description: self.description.clone().filter(|_| self.making().is_none()).unwrap_or_default(),
            visibility,
            default_branch: self.default_branch.clone().unwrap_or_else(|| "main".into()),
            topics: self.topics.iter().filter(|topic| !topic.starts_with(MADE)).cloned().collect(),
            labels: BTreeMap::new(),
        }
    }
}

impl GitHubForge {
    /// A repository as GitHub tells it; none while its making isn't over, so that the run that makes it makes an end.
    pub(super) async fn find(&self, repo: &RepoId) -> Result<Option<Repository>> {
        let Some(told) = self.told(repo).await? else { return Ok(None) };
        if told.making().is_some() {
            return Ok(None);
        }
        let adopted = told.marked(ADOPTED);
        Ok(Some(Repository {
            id: repo.clone(),
            settings: told.settings(),
            marker: adopted.or_else(|| told.marked(MADE)).map(str::to_owned),
            adopted: adopted.is_some(),
            // One that a person archived takes no changes either, and belongs to no undo.
            archived: told.archived.then(|| told.marked(UNDONE).unwrap_or_default().to_string()),
        }))
    }

    /// What GitHub tells of a repository.
    ///
    /// Errors: `idp::github::renamed` if it goes by another name now.
    pub(super) async fn told(&self, repo: &RepoId) -> Result<Option<Told>> {
        let Some(body) = self.client.get(&of(repo, "")).await? else {
            // Of an owner who isn't there nothing is: a typing error, and no repository to be made.
            self.is_organisation(repo.owner()).await?;
            return Ok(None);
        };
        let told: Told = read(&body)?;
        if told.full_name.eq_ignore_ascii_case(&repo.to_string()) {
            return Ok(Some(told));
        }
        Err(Error::failed("idp::github::renamed", format!("{repo} is called {} now", told.full_name))
            .help("use the new name in the script, or rename it back: names are what runs find their repositories by"))
    }

    /// Makes a repository with a first commit, since GitHub takes no objects before one. Killed in between, it is found
    /// by its description and made an end of.
    pub(super) async fn create(&self, change: &Change) -> Result<Outcome> {
        let Change::CreateRepository { repo, settings, marker, template } = change else {
            return Err(Error::failed("idp::forge", "not a new repository"));
        };
        let making = format!("{MAKING}{marker}");
        let mut there = self.told(repo).await?;
        if there.is_none() {
            let made = match template {
                Some(template) => self.generate(repo, template, &making).await,
                None => self.create_empty(repo, settings, &making).await,
            };
            there = match made {
                Ok(told) => Some(told),
                // Another run was faster, or GitHub made it before it failed.
                Err(trouble) if trouble.says(422, "already exists") => {
                    self.client.reads.refresh();
                    self.told(repo).await?
                }
                Err(trouble) if settings.visibility == "internal" && trouble.says(422, "visibility") => {
                    return Err(
                        Error::from(trouble).help("only an enterprise has internal repositories: use `private`")
                    );
                }
                Err(trouble) => return Err(trouble.into()),
            };
        }
        let told = there.ok_or_else(|| missing(repo))?;
        match told.making() {
            Some(by) if by == *marker => {}
            Some(_) => {
                let message = format!("{repo} is being made by another run");
                return Err(Error::failed("idp::repo::foreign", message).help("give this one another name"));
            }
            None => return Ok(Outcome { already: true, ..Outcome::default() }),
        }
        let visibility = told.settings().visibility;
        if let (Some(_), Some(branch)) = (template, &told.default_branch) {
            self.filled(repo, branch).await?;
        }
        let topics = settings.topics.iter().cloned().chain([format!("{MADE}{marker}")]).collect();
        self.set_topics(repo, &topics).await?;
        if let Some(branch) = told.default_branch.filter(|branch| *branch != settings.default_branch) {
            let path = of(repo, &format!("branches/{}/rename", segment(&branch)));
            self.client.send(Method::POST, &path, Some(json!({ "new_name": settings.default_branch }))).await?;
        }
        self.set_labels(repo, &BTreeMap::new(), &settings.labels).await?;
        // The description last: until then the making isn't over.
        let mut last = json!({ "description": settings.description });
        if visibility != settings.visibility && template.is_some() {
            last["visibility"] = json!(settings.visibility);
        }
        let told = self.client.send(Method::PATCH, &of(repo, ""), Some(last)).await?;
        self.know(repo, told, &topics).await;
        self.know_new(repo, settings, marker).await;
        Ok(Outcome::default())
    }

    async fn create_empty(&self, repo: &RepoId, settings: &Settings, making: &str) -> Result<Told, Trouble> {
        let mut body = json!({
            "name": repo.name(),
            "description": making,
            "private": settings.visibility != "public",
            "auto_init": true,
        });
        let path = match self.is_organisation(repo.owner()).await? {
            true => {
                body["visibility"] = Value::String(settings.visibility.clone());
                format!("/orgs/{}/repos", segment(repo.owner()))
            }
            false => {
                self.is_self(repo.owner()).await?;
                "/user/repos".to_string()
            }
        };
        let told = self.client.send(Method::POST, &path, Some(body)).await?;
        self.client.reads.written(&of(repo, ""), false);
        Ok(read(&told)?)
    }

    /// Whether the owner is an organisation, and not a person.
    ///
    /// Errors: `idp::github::owner` if there is neither.
    pub(super) async fn is_organisation(&self, owner: &str) -> Result<bool> {
        let ask = || self.ask_whether_organisation(owner);
        match owner == self.owner {
            true => self.organisation.get_or_try_init(ask).await.copied(),
            false => ask().await,
        }
    }

    async fn ask_whether_organisation(&self, owner: &str) -> Result<bool> {
        let login = segment(owner);
        if self.client.get(&format!("/orgs/{login}")).await?.is_some() {
            return Ok(true);
        }
        if self.client.get(&format!("/users/{login}")).await?.is_some() {
            return Ok(false);
        }
        let message = format!("GitHub at {} knows neither an organisation nor a user {owner}", self.client.api());
        Err(Error::failed("idp::github::owner", message)
            .help("check `forge.owner` and `forge.api_url` in idp.yaml; a token that may not see it is told the same"))
    }

    /// Refuses unless the token is that user's own: GitHub makes a person's repositories for nobody else.
    async fn is_self(&self, user: &str) -> Result<()> {
        let me = self.client.get("/user").await?;
        let login = me.as_ref().and_then(|me| me.get("login")?.as_str()).unwrap_or("somebody else");
        if login.eq_ignore_ascii_case(user) {
            return Ok(());
        }
        let message = format!("{user} is a person, and the token is one of {login}");
        let help =
            "repositories of a person are made with that person's own token; `forge.owner` may be an organisation";
        Err(Error::denied("idp::github::owner", message).help(help))
    }

    /// New settings, and the marker of a run that takes it over.
    pub(super) async fn update_repository(&self, change: &Change) -> Result<Outcome> {
        let Change::UpdateRepository { repo, before, after, marker } = change else {
            return Err(Error::failed("idp::forge", "not new settings"));
        };
        let told = self.told(repo).await?.ok_or_else(|| missing(repo))?;
        let now = told.settings();
        let bare = |settings: &Settings| Settings { labels: BTreeMap::new(), ..settings.clone() };
        // Several runs may share the repository: what another one set meanwhile is not to be set back.
        if now != bare(before) && now != bare(after) {
            self.client.reads.refresh();
            return Err(Error::failed(MOVED, format!("the settings of {repo} moved while they were edited"))
                .help("run the same command again"));
        }
        let topics: BTreeSet<String> = match marker {
            Some(marker) => {
                let others = told.topics.iter().filter(|topic| !topic.starts_with(MADE));
                others.chain(&after.topics).cloned().chain([format!("{ADOPTED}{marker}")]).collect()
            }
            None => told.topics.iter().filter(|topic| topic.starts_with(MADE)).chain(&after.topics).cloned().collect(),
        };
        if topics != told.topics.iter().cloned().collect() {
            self.set_topics(repo, &topics).await?;
        }
        self.set_labels(repo, &before.labels, &after.labels).await?;
        let mut patch = serde_json::Map::new();
        let mut set = |name: &str, before: &str, after: &str| {
            if before != after {
                patch.insert(name.into(), after.into());
            }
        };
        set("description", &now.description, &after.description);
        set("visibility", &now.visibility, &after.visibility);
        set("default_branch", &now.default_branch, &after.default_branch);
        if !patch.is_empty() {
            self.client.send(Method::PATCH, &of(repo, ""), Some(Value::Object(patch))).await?;
        }
        Ok(Outcome::default())
    }

    async fn set_topics(&self, repo: &RepoId, topics: &BTreeSet<String>) -> Result<()> {
        self.client.send(Method::PUT, &of(repo, "topics"), Some(json!({ "names": topics }))).await?;
        Ok(())
    }

    async fn set_labels(
        &self,
        repo: &RepoId,
        before: &BTreeMap<String, String>,
        after: &BTreeMap<String, String>,
    ) -> Result<()> {
        for (name, colour) in after.iter().filter(|(name, colour)| before.get(*name) != Some(colour)) {
            let label = json!({ "name": name, "color": colour });
            match self.client.send(Method::POST, &of(repo, "labels"), Some(label)).await {
                Ok(_) => {}
                Err(trouble) if trouble.refused(422).is_some() => {
                    let path = of(repo, &format!("labels/{}", segment(name)));
                    self.client.send(Method::PATCH, &path, Some(json!({ "color": colour }))).await?;
                }
                Err(trouble) => return Err(trouble.into()),
            }
        }
        Ok(())
    }

    /// The labels that it has.
    pub(super) async fn labels_of(&self, repo: &RepoId) -> Result<BTreeMap<String, String>> {
        let all = self.client.all(&of(repo, "labels"), None).await?;
        let text = |label: &Value, key: &str| label.get(key).and_then(Value::as_str).map(str::to_owned);
        Ok(all.iter().filter_map(|label| Some((text(label, "name")?, text(label, "color")?))).collect())
    }

    /// Archives it with the run's topic, or takes it back into use.
    pub(super) async fn archive(&self, repo: &RepoId, by: Option<&str>) -> Result<Outcome> {
        let told = self.told(repo).await?.ok_or_else(|| missing(repo))?;
        if told.archived == by.is_some() {
            return Ok(Outcome { already: true, ..Outcome::default() });
        }
        let topics = |marked: bool| -> BTreeSet<String> {
            let others = told.topics.iter().filter(|topic| !topic.starts_with(UNDONE)).cloned();
            others.chain(by.filter(|_| marked).map(|by| format!("{UNDONE}{by}"))).collect()
        };
        let archived = json!({ "archived": by.is_some() });
        // An archived repository takes no topics: they are set on the side on which it is in use.
        if by.is_some() {
            self.set_topics(repo, &topics(true)).await?;
            self.client.send(Method::PATCH, &of(repo, ""), Some(archived)).await?;
        } else {
            self.client.send(Method::PATCH, &of(repo, ""), Some(archived)).await?;
            self.set_topics(repo, &topics(false)).await?;
        }
        Ok(Outcome::default())
    }

    /// Deletes it, if it is as it was looked at.
    pub(super) async fn delete_repository(&self, change: &Change) -> Result<Outcome> {
        let Change::DeleteRepository { repo, refs, pull_requests } = change else {
            return Err(Error::failed("idp::forge", "not the deletion of a repository"));
        };
        self.client.reads.refresh();
        let now = (self.all_refs(repo).await?, self.list_pulls(repo, None).await?.len());
        if now.0 != *refs || now.1 != *pull_requests {
            return Err(Error::failed(MOVED, format!("{repo} was touched while it was to be deleted")));
        }
        match self.client.send(Method::DELETE, &of(repo, ""), None).await {
            Ok(_) => Ok(Outcome::default()),
            Err(trouble) if trouble.refused(404).is_some() => Ok(Outcome { already: true, ..Outcome::default() }),
            Err(trouble) => Err(trouble.into()),
        }
    }

    /// All repositories of the owner that aren't archived or being made, in name order.
    pub(super) async fn all_repositories(&self) -> Result<Vec<RepoId>> {
        let owner = segment(&self.owner);
        let path = match self.is_organisation(&self.owner).await? {
            true => format!("/orgs/{owner}/repos"),
            false => format!("/users/{owner}/repos"),
        };
        let told: Vec<Value> = self.client.all(&path, None).await?;
        let names = told.iter().filter_map(|repo| repo.get("name")?.as_str());
        let mut all: Vec<RepoId> = names.filter_map(|name| RepoId::new(&self.owner, name).ok()).collect();
        all.sort();
        Ok(all)
    }

    /// What a PATCH answered, with topics that it may tell of or not.
    async fn know(&self, repo: &RepoId, mut told: Value, topics: &BTreeSet<String>) {
        if let Some(map) = told.as_object_mut() {
            map.insert("topics".into(), json!(topics));
            self.client.reads.put(&of(repo, ""), Some(told)).await;
        }
    }

    /// Of a repository that was just made it is known what it lacks.
    async fn know_new(&self, repo: &RepoId, settings: &Settings, marker: &str) {
        let reads = &self.client.reads;
        reads.put(&self.marks_path(repo, marker), Some(json!([]))).await;
        reads.put(&of(repo, &format!("branches/{}/protection", segment(&settings.default_branch))), None).await;
        if self.rulesets {
            reads.put(&format!("{}&per_page={PER_PAGE}", rulesets::list_path(repo)), Some(json!([]))).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_topics() {
        let told = |topics: &[&str]| Told {
            full_name: "acme/a".into(),
            description: Some(format!("{MAKING}0123456789abcdef")),
            visibility: None,
            private: true,
            default_branch: None,
            topics: topics.iter().map(|topic| topic.to_string()).collect(),
            archived: false,
            is_template: false,
            template_repository: None,
        };
        let made = told(&["java", "idp-run-0123456789abcdef"]);
        assert_eq!((made.marked(MADE), made.marked(ADOPTED)), (Some("0123456789abcdef"), None));
        assert_eq!(made.settings().topics, BTreeSet::from(["java".to_string()]));
        assert_eq!((made.settings().visibility.as_str(), made.settings().description.as_str()), ("private", ""));
        assert_eq!(made.making(), Some("0123456789abcdef"));
        let adopted = told(&["idp-run-adopted-0123456789abcdef", "idp-run-rocks"]);
        assert_eq!((adopted.marked(MADE), adopted.marked(ADOPTED)), (None, Some("0123456789abcdef")));
    }
}
