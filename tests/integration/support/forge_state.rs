//! What is in a forge, as lines that can be compared between the embedded forge and GitHub: repositories, branches by
//! their trees, markers, protection, pull requests with what was said. Commit ids, times and authors are left out.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Workspace;
use super::github::GitHub;

/// What is there, by a name that says where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ForgeState(BTreeMap<String, String>);

impl ForgeState {
    /// The organisation `acme` on GitHub.
    pub fn of_github(github: &GitHub) -> ForgeState {
        let mut state = ForgeState::default();
        let here = github.proxy.url();
        for repo in github.list("/orgs/acme/repos") {
            let (name, path) = (text(&repo["name"]), format!("/repos/{}", text(&repo["full_name"])));
            let topics: BTreeSet<String> = texts(&repo["topics"]);
            let (marks, topics): (Vec<String>, Vec<String>) =
                topics.into_iter().partition(|topic| topic.starts_with("idp-run-"));
            let marks: Vec<&str> = marks.iter().filter_map(|mark| mark.strip_prefix("idp-run-")).collect();
            let (undone, made): (Vec<&str>, Vec<&str>) = marks.iter().partition(|mark| mark.starts_with("undone-"));
            let by = undone.first().map_or("", |mark| &mark["undone-".len()..]);
            let archived = if repo["archived"] == true { format!("archived by {by:?}") } else { "in use".into() };
            state.repository(&name, &repo, &topics, &made.join(" "), &archived);
            for found in github.list(&format!("{path}/branches")) {
                let branch = text(&found["name"]);
                let commit = github.read(&format!("{path}/git/commits/{}", text(&found["commit"]["sha"])));
                state.branch(&name, &branch, &text(&commit["tree"]["sha"]), &text(&commit["message"]));
                if found["protected"] == true {
                    let encoded = branch.replace('/', "%2F");
                    let rules = github.read(&format!("{path}/branches/{encoded}/protection"));
                    let reviews = &rules["required_pull_request_reviews"];
                    let checks = texts(&rules["required_status_checks"]["contexts"]);
                    let owners = reviews["require_code_owner_reviews"] == true;
                    let count = reviews["required_approving_review_count"].as_u64().unwrap_or(0);
                    state.protection(&name, &branch, count, &checks, owners);
                }
            }
            for found in github.read(&format!("{path}/git/matching-refs/idp-run/")).as_array().unwrap() {
                state.0.insert(format!("{name} {}", text(&found["ref"])), "there".into());
            }
            for pull in github.list(&format!("{path}/pulls?state=all")) {
                let whole = github.read(&format!("{path}/pulls/{}", pull["number"]));
                let people = names(&whole["requested_reviewers"], "login");
                let reviewers = people.into_iter().chain(names(&whole["requested_teams"], "slug")).collect();
                let comments = github.list(&format!("{path}/issues/{}/comments", pull["number"]));
                let standing = if whole["merged"] == true { "merged".into() } else { text(&whole["state"]) };
                let (head, base) = (text(&whole["head"]["ref"]), text(&whole["base"]["ref"]));
                let labels = names(&whole["labels"], "name");
                state.pull(&name, &whole, &standing, &head, &base, &labels, &reviewers, &comments);
            }
        }
        // Pull requests link to each other: both hosts are called as the example calls its own.
        state.0.values_mut().for_each(|line| *line = line.replace(&here, "https://git.acme.example"));
        state
    }

    /// The owner `acme` of a workspace's embedded forge.
    pub fn of_embedded(workspace: &Workspace) -> ForgeState {
        let mut state = ForgeState::default();
        for folder in workspace.repositories() {
            let name = folder.file_stem().unwrap().to_str().unwrap().to_owned();
            let json = |file: &str| -> Value {
                let text = std::fs::read_to_string(folder.join("idp").join(file)).unwrap_or_else(|_| "null".into());
                serde_json::from_str(&text).unwrap()
            };
            let settings = json("repository.json");
            let topics: Vec<String> = texts(&settings["topics"]).into_iter().collect();
            let archived = settings["archived"].as_str().map_or("in use".into(), |by| format!("archived by {by:?}"));
            state.repository(&name, &settings, &topics, &text(&settings["marker"]), &archived);
            let repo = git2::Repository::open_bare(&folder).unwrap();
            for found in repo.references().unwrap() {
                let found = found.unwrap();
                let full = found.name().unwrap();
                if let Some(branch) = full.strip_prefix("refs/heads/") {
                    let commit = found.peel_to_commit().unwrap();
                    state.branch(&name, branch, &commit.tree_id().to_string(), commit.message().unwrap());
                } else if full.starts_with("refs/idp-run/") {
                    state.0.insert(format!("{name} {full}"), "there".into());
                }
            }
            for (branch, rule) in json("protection.json").as_object().into_iter().flatten() {
                let count = rule["reviews"].as_u64().unwrap();
                state.protection(&name, branch, count, &texts(&rule["checks"]), rule["code_owners"] == true);
            }
            for entry in std::fs::read_dir(folder.join("idp/pulls")).into_iter().flatten() {
                let pull = json(&format!("pulls/{}", entry.unwrap().file_name().to_str().unwrap()));
                let (head, base) = (text(&pull["head"]), text(&pull["base"]));
                let comments = pull["comments"].as_array().cloned().unwrap_or_default();
                let (labels, reviewers) = (texts(&pull["labels"]), texts(&pull["reviewers"]));
                let standing = text(&pull["state"]);
                state.pull(&name, &pull, &standing, &head, &base, &labels, &reviewers, &comments);
            }
        }
        state
    }

    /// Only what is in these repositories.
    pub fn only(mut self, repositories: &[&str]) -> ForgeState {
        self.0.retain(|name, _| repositories.contains(&name.split(' ').next().unwrap()));
        self
    }

    /// Fails with what differs, and with nothing else.
    #[track_caller]
    pub fn assert_same(&self, expected: &ForgeState, when: &str) {
        let names: BTreeSet<&String> = self.0.keys().chain(expected.0.keys()).collect();
        let show = |state: &ForgeState, name: &String| state.0.get(name).cloned().unwrap_or("(not there)".into());
        let differing = names.into_iter().filter(|name| self.0.get(*name) != expected.0.get(*name));
        let said: Vec<String> =
            differing.map(|name| format!("{name}\n  - {}\n  + {}", show(expected, name), show(self, name))).collect();
        assert!(said.is_empty(), "{when}: the forge differs (- expected, + this):\n{}", said.join("\n"));
    }

    fn repository(&mut self, name: &str, from: &Value, topics: &[String], mark: &str, archived: &str) {
        let (description, visibility) = (text(&from["description"]), text(&from["visibility"]));
        let branch = text(&from["default_branch"]);
        let line = format!("{visibility}, {branch}, topics {topics:?}, {archived}, made by {mark:?}: {description}");
        self.0.insert(format!("{name} settings"), line);
    }

    fn branch(&mut self, name: &str, branch: &str, tree: &str, message: &str) {
        // GitHub's own words for a merge name the owner.
        let message = match message.starts_with("Merge pull request #") {
            true => message.replacen(" from acme/", " from ", 1),
            false => message.to_owned(),
        };
        self.0.insert(format!("{name} refs/heads/{branch}"), format!("{tree}: {}", message.trim_end()));
    }

    fn protection(&mut self, name: &str, branch: &str, reviews: u64, checks: &BTreeSet<String>, owners: bool) {
        let line = format!("{reviews} reviews, checks {checks:?}, code owners {owners}");
        self.0.insert(format!("{name} protection of {branch}"), line);
    }

    #[allow(clippy::too_many_arguments, reason = "a line has as many parts")]
    fn pull(
        &mut self,
        name: &str,
        from: &Value,
        standing: &str,
        head: &str,
        base: &str,
        labels: &BTreeSet<String>,
        reviewers: &BTreeSet<String>,
        comments: &[Value],
    ) {
        let comments: Vec<String> = comments.iter().map(|comment| seen(&text(&comment["body"]))).collect();
        let line = format!(
            "{standing}, {head} to {base}, labels {labels:?}, reviewers {reviewers:?}: {}\n{}\ncomments {comments:?}",
            text(&from["title"]),
            seen(&text(&from["body"])),
        );
        self.0.insert(format!("{name} pull request {}", from["number"]), line);
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn texts(value: &Value) -> BTreeSet<String> {
    value.as_array().into_iter().flatten().map(text).collect()
}

fn names(value: &Value, field: &str) -> BTreeSet<String> {
    value.as_array().into_iter().flatten().map(|one| text(&one[field])).collect()
}

/// A text without the markers that GitHub hides.
fn seen(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with("<!-- idp-run"));
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}
