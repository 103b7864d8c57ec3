//! GraphQL over what the emulator has: repositories of an owner with the contents of files, and what pull requests are
//! told to do by mutations. What isn't served is said, never guessed.

use serde_json::{Map, Value, json};

use super::merging::decoded;
use super::pages::unchecked;
use super::{Below, Memory, get, pulls, repositories};
use crate::support::github::graphql::{Field, Selection, check};
use crate::support::github::http::{Answer, Request};

pub fn answer(memory: &Memory, request: &Request, below: Below) -> Answer {
    if !request.is_graphql() {
        return below(request);
    }
    let body = request.json();
    let operation = match check(&body) {
        Ok(operation) => operation,
        Err(fault) => return unchecked(200, &json!({ "errors": [{ "message": fault }] })),
    };
    let asked = Asked { memory, request, below, variables: &body["variables"] };
    let root = json!({ "__typename": if operation.mutation { "Mutation" } else { "Query" } });
    let mut errors = Vec::new();
    let data = asked.object(&root, &operation.selections, &mut errors);
    let mut said = json!({ "data": data });
    if !errors.is_empty() {
        said["errors"] = errors.into();
    }
    unchecked(200, &said)
}

struct Asked<'a> {
    memory: &'a Memory,
    request: &'a Request,
    below: Below<'a>,
    variables: &'a Value,
}

/// An object is its type (`__typename`) with what its fields are computed from; other values are answers as they are.
type Found = Result<Value, Value>;

impl Asked<'_> {
    fn object(&self, of: &Value, selections: &[Selection], errors: &mut Vec<Value>) -> Value {
        let mut said = Map::new();
        for selection in selections {
            match selection {
                Selection::On(on, inner) => {
                    let interfaces = ["GitObject", "Node", "Actor", "RepositoryOwner"];
                    let is = of["__typename"] == **on || interfaces.contains(&on.as_str());
                    if let (true, Value::Object(more)) = (is, self.object(of, inner, errors)) {
                        said.extend(more);
                    }
                }
                Selection::Field(field) => {
                    let value = self.field(of, field).unwrap_or_else(|mut error| {
                        error["path"] = json!([field.alias]);
                        errors.push(error);
                        Value::Null
                    });
                    said.insert(field.alias.clone(), self.selected(&value, field, errors));
                }
            }
        }
        said.into()
    }

    fn selected(&self, value: &Value, field: &Field, errors: &mut Vec<Value>) -> Value {
        match value {
            Value::Array(list) => list.iter().map(|one| self.selected(one, field, errors)).collect(),
            Value::Object(_) if !field.selections.is_empty() => self.object(value, &field.selections, errors),
            other => other.clone(),
        }
    }

    fn get(&self, target: &str) -> Value {
        get(self.request, self.below, target)
    }

    fn field(&self, of: &Value, field: &Field) -> Found {
        let kind = of["__typename"].as_str().unwrap_or_default();
        let given = |name: &str| field.argument(name, self.variables);
        let text = |name: &str| given(name).as_str().unwrap_or_default().to_owned();
        let repo = of["full_name"].as_str().unwrap_or_default();
        let time = "2026-01-01T00:00:00Z";
        Ok(match (kind, field.name.as_str()) {
            (_, "__typename") => of["__typename"].clone(),
            ("Query", "viewer") => typed("User", self.get("/user")),
            ("Query", "rateLimit") => {
                json!({ "__typename": "RateLimit", "cost": 1, "limit": 5000, "remaining": 4999, "used": 1, "resetAt": time })
            }
            ("RateLimit" | "PageInfo" | "TreeEntry" | "Topic", name) => of[name].clone(),
            ("Query", "organization" | "repositoryOwner") => {
                let login = text("login");
                match self.get(&format!("/orgs/{login}")) {
                    Value::Null => return Err(missing("an Organization", &format!("login of '{login}'"))),
                    found => typed("Organization", found),
                }
            }
            ("Query", "repository") => {
                let name = format!("{}/{}", text("owner"), text("name"));
                match self.get(&format!("/repos/{name}")) {
                    Value::Null => return Err(missing("a Repository", &format!("name '{name}'"))),
                    found => typed("Repository", found),
                }
            }
            ("Organization" | "User", "id") => of["node_id"].clone(),
            ("Organization" | "User", "login" | "name" | "databaseId") => of[field.name.as_str()].clone(),
            ("Organization", "repositories") => {
                let owner = of["login"].as_str().unwrap_or_default();
                let mut all = repositories::of_owner(self.request, self.below, owner);
                if let Value::Bool(archived) = given("isArchived") {
                    all.retain(|repo| repo["archived"] == archived);
                }
                if given("orderBy")["field"] == "NAME" {
                    all.sort_by_key(|repo| repo["name"].as_str().map(str::to_owned));
                }
                let all = all.into_iter().map(|repo| typed("Repository", repo)).collect();
                connection("RepositoryConnection", all, &given("first"), &given("after"))
            }
            ("RepositoryConnection", name) => of[name].clone(),
            ("Repository", "id") => of["node_id"].clone(),
            ("Repository", "databaseId") => of["id"].clone(),
            ("Repository", "name" | "description") => of[field.name.as_str()].clone(),
            ("Repository", "nameWithOwner") => of["full_name"].clone(),
            ("Repository", "url") => of["html_url"].clone(),
            ("Repository", "owner") => typed("Organization", of["owner"].clone()),
            ("Repository", "isArchived") => of["archived"].clone(),
            ("Repository", "isPrivate") => of["private"].clone(),
            ("Repository", "isFork") => of["fork"].clone(),
            ("Repository", "isTemplate") => of["is_template"].clone(),
            ("Repository", "isDisabled") => of["disabled"].clone(),
            ("Repository", "visibility") => of["visibility"].as_str().map(str::to_uppercase).into(),
            ("Repository", "isEmpty") => json!(self.get(&format!("/repos/{repo}/branches?per_page=1")) == json!([])),
            ("Repository", "defaultBranchRef") => {
                self.branch(repo, &format!("refs/heads/{}", of["default_branch"].as_str().unwrap_or_default()))
            }
            ("Repository", "ref") => self.branch(repo, &text("qualifiedName")),
            ("Repository", "object") => {
                if given("oid").is_string() {
                    return Ok(self.by_id(repo, &text("oid")));
                }
                self.git_object(repo, of["default_branch"].as_str().unwrap_or_default(), &text("expression"))
            }
            ("Repository", "pullRequests") if given("states") == "OPEN" || given("states") == json!(["OPEN"]) => {
                let open = self.get(&format!("/repos/{repo}/pulls?state=open&per_page=100"));
                let open = open.as_array().cloned().unwrap_or_default();
                let open = open.into_iter().map(|pull| typed("PullRequest", pull)).collect();
                connection("PullRequestConnection", open, &given("first"), &given("after"))
            }
            ("PullRequestConnection", name) => of[name].clone(),
            ("Repository", "pullRequest") => {
                typed("PullRequest", self.get(&format!("/repos/{repo}/pulls/{}", given("number"))))
            }
            ("Ref", "name") => of["ref"].as_str().and_then(|name| name.splitn(3, '/').nth(2)).into(),
            ("Ref", "prefix") => of["ref"]
                .as_str()
                .map(|name| name.splitn(3, '/').take(2).fold(String::new(), |all, part| all + part + "/"))
                .into(),
            ("Ref", "target") => {
                let sha = of["object"]["sha"].as_str().unwrap_or_default();
                self.commit(repo, sha)
            }
            ("Commit", "message") => of["message"].clone(),
            ("Commit", "tree") => {
                json!({ "__typename": "Tree", "sha": of["tree"]["sha"], "full_name": repo, "ref": of["sha"], "path": "" })
            }
            ("Commit" | "Tree" | "Blob", "oid") => of["sha"].clone(),
            ("Tree", "entries") => {
                let (path, at) = (of["path"].as_str().unwrap_or_default(), of["ref"].as_str().unwrap_or_default());
                let list = self.get(&format!("/repos/{repo}/contents/{path}?ref={at}"));
                let entry = |file: &Value| {
                    let kind = if file["type"] == "dir" { "tree" } else { "blob" };
                    let path = file["path"].as_str().unwrap_or_default();
                    json!({ "__typename": "TreeEntry", "name": file["name"], "path": file["path"], "type": kind,
                        "oid": file["sha"], "object": self.git_object(repo, at, &format!("{at}:{path}")) })
                };
                list.as_array().map(|list| list.iter().map(entry).collect()).unwrap_or_default()
            }
            ("Blob", "byteSize") => of["bytes"].clone(),
            ("Blob", "isBinary" | "text") => of[field.name.as_str()].clone(),
            ("Blob", "isTruncated") => false.into(),
            ("PullRequest", "id") => of["node_id"].clone(),
            ("PullRequest", "number" | "title" | "body" | "merged") => of[field.name.as_str()].clone(),
            ("PullRequest", "isDraft") => of["draft"].clone(),
            ("PullRequest", "headRefOid") => of["head"]["sha"].clone(),
            ("PullRequest", "state") if of["merged"] == true => "MERGED".into(),
            ("PullRequest", "state") => of["state"].as_str().map(str::to_uppercase).into(),
            ("PullRequest", "autoMergeRequest") => match &of["auto_merge"] {
                Value::Null => Value::Null,
                set => {
                    json!({ "__typename": "AutoMergeRequest", "mergeMethod": set["merge_method"].as_str().map(str::to_uppercase) })
                }
            },
            ("AutoMergeRequest", "mergeMethod") => of["mergeMethod"].clone(),
            ("Mutation", "enablePullRequestAutoMerge") => self.later(&given("input"), true)?,
            ("Mutation", "disablePullRequestAutoMerge") => self.later(&given("input"), false)?,
            ("EnablePullRequestAutoMergePayload", name) => of[name].clone(),
            (kind, name) => {
                return Err(
                    json!({ "message": format!("{kind}.{name} isn't served beside the emulator: add it to gaps/queries.rs") }),
                );
            }
        })
    }

    fn branch(&self, repo: &str, name: &str) -> Value {
        let name = name.strip_prefix("refs/").map_or_else(|| format!("heads/{name}"), str::to_owned);
        let mut found = typed("Ref", self.get(&format!("/repos/{repo}/git/ref/{name}")));
        if !found.is_null() {
            found["full_name"] = json!(repo);
        }
        found
    }

    fn commit(&self, repo: &str, sha: &str) -> Value {
        let mut commit = typed("Commit", self.get(&format!("/repos/{repo}/git/commits/{sha}")));
        if !commit.is_null() {
            commit["full_name"] = json!(repo);
        }
        commit
    }

    /// `REVISION` or `REVISION:PATH`.
    fn git_object(&self, repo: &str, default: &str, expression: &str) -> Value {
        let Some((revision, path)) = expression.split_once(':') else {
            let revision = if expression == "HEAD" { default } else { expression };
            let sha = self.get(&format!("/repos/{repo}/commits/{revision}"))["sha"].clone();
            return sha.as_str().map(|sha| self.commit(repo, sha)).unwrap_or_default();
        };
        let revision = if revision == "HEAD" { default } else { revision };
        match self.get(&format!("/repos/{repo}/contents/{path}?ref={revision}")) {
            Value::Array(list) => json!({ "__typename": "Tree", "full_name": repo, "ref": revision, "path": path,
                "sha": list.first().map(|_| "tree") }),
            Value::Null => Value::Null,
            file => blob(&file),
        }
    }

    fn by_id(&self, repo: &str, id: &str) -> Value {
        match self.get(&format!("/repos/{repo}/git/blobs/{id}")) {
            Value::Null => self.commit(repo, id),
            found => blob(&found),
        }
    }

    /// Sets or takes back that a pull request is merged once it may be.
    fn later(&self, input: &Value, set: bool) -> Found {
        let refuse = |message: &str| json!({ "type": "UNPROCESSABLE", "message": message });
        let id = &input["pullRequestId"];
        let found = repositories::of_owner(self.request, self.below, "acme").into_iter().find_map(|repo| {
            let list = self.get(&format!("/repos/{}/pulls?state=all&per_page=100", repo["full_name"].as_str()?));
            let pull = list.as_array()?.iter().find(|pull| pull["node_id"] == *id)?.clone();
            Some((repo, pull))
        });
        let Some((repo, pull)) = found else { return Err(missing("a node", &format!("global id of {id}"))) };
        let (name, number) =
            (repo["full_name"].as_str().unwrap_or_default(), pull["number"].as_u64().unwrap_or_default());
        let expected = &input["expectedHeadOid"];
        if set && repo["allow_auto_merge"] != true {
            return Err(refuse("Auto merge is not allowed for this repository"));
        }
        let now = pulls::current_of(self.memory, self.request, self.below, name, number);
        if now["state"] != "open" {
            return Err(refuse("Pull request is closed"));
        }
        if expected.is_string() && *expected != now["head"]["sha"] {
            return Err(refuse("Head branch was modified. Review and try the merge again."));
        }
        if set && pulls::may_merge(self.memory, self.request, self.below, name, &now) {
            return Err(refuse("Pull request is in clean status"));
        }
        let method = input["mergeMethod"].as_str().unwrap_or("MERGE").to_lowercase();
        let value = if set {
            json!({ "merge_method": method, "commit_title": input["commitHeadline"], "commit_message": input["commitBody"] })
        } else {
            Value::Null
        };
        pulls::remember(self.memory, name, number, "auto_merge", value);
        let pull = typed("PullRequest", pulls::current_of(self.memory, self.request, self.below, name, number));
        Ok(json!({ "__typename": "EnablePullRequestAutoMergePayload", "pullRequest": pull,
            "clientMutationId": input["clientMutationId"] }))
    }
}

fn typed(kind: &str, mut value: Value) -> Value {
    if let Some(map) = value.as_object_mut() {
        map.insert("__typename".into(), kind.into());
    }
    value
}

/// A file of the contents API, or a blob of the Git data API.
fn blob(file: &Value) -> Value {
    let bytes = file["content"].as_str().and_then(decoded).unwrap_or_default();
    let text = String::from_utf8(bytes.clone()).ok().filter(|text| !text.contains('\0'));
    json!({ "__typename": "Blob", "sha": file["sha"], "bytes": bytes.len(), "isBinary": text.is_none(), "text": text })
}

fn missing(what: &str, with: &str) -> Value {
    json!({ "type": "NOT_FOUND", "message": format!("Could not resolve to {what} with the {with}.") })
}

/// The part of a list after a cursor; cursors are positions.
fn connection(kind: &str, all: Vec<Value>, first: &Value, after: &Value) -> Value {
    let start: usize = after.as_str().and_then(|cursor| cursor.parse().ok()).unwrap_or(0);
    let first = usize::try_from(first.as_u64().unwrap_or(100).min(100)).unwrap_or(100);
    let (total, start) = (all.len(), start.min(all.len()));
    let end = (start + first).min(total);
    let page = json!({ "__typename": "PageInfo", "hasNextPage": end < total, "hasPreviousPage": start > 0,
        "endCursor": (end > start).then(|| end.to_string()) });
    json!({ "__typename": kind, "totalCount": total, "pageInfo": page, "nodes": all[start..end].to_vec() })
}
