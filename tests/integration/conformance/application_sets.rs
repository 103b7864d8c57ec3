//! Cases of Argo CD's ApplicationSets: what generators give, how templates are filled, and in which steps it is synced.

use std::collections::{BTreeMap, BTreeSet};

use idp_run::formats::applicationset::{
    self, Answer, Answers, Choice, Cluster, Globbing, PullRequest, Reason, Repository, Settings, Source,
};
use idp_run::formats::gotemplate::{Data, Limits, Numbers, Options, application_set};
use serde_json::{Value, json};

use super::{conclude, text_of};

/// What a case says that there is.
struct World<'c>(&'c Value);

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|text| Some(text.as_str()?.to_owned())).collect()
}

fn string_map(value: &Value) -> BTreeMap<String, String> {
    let entries = value.as_object().into_iter().flatten();
    entries.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl Answers for World<'_> {
    fn directories(&self, _: Source<'_>) -> Answer<Vec<String>> {
        Ok(strings(&self.0["repo_dirs"]))
    }

    fn files(&self, _: Source<'_>, choice: &Choice) -> Answer<BTreeMap<String, String>> {
        let files = string_map(&self.0["repo_files"]);
        Ok(files.into_iter().filter(|(path, _)| choice.matches(path)).collect())
    }

    fn clusters(&self) -> Answer<Vec<Cluster>> {
        let secrets = self.0["clusters"].as_array().into_iter().flatten();
        // The cases have the data of Secrets as it is, not in base64.
        let clusters = secrets.map(|secret| Cluster {
            name: text(&secret["data"]["name"]),
            server: text(&secret["data"]["server"]),
            project: secret["data"]["project"].as_str().map(str::to_owned),
            labels: string_map(&secret["metadata"]["labels"]),
            annotations: string_map(&secret["metadata"]["annotations"]),
        });
        Ok(clusters.collect())
    }

    fn pull_requests(&self, _: &Value) -> Answer<Vec<PullRequest>> {
        let pulls = self.0["prs"].as_array().into_iter().flatten();
        let pulls = pulls.map(|pull| PullRequest {
            number: pull["number"].as_i64().unwrap_or_default(),
            title: text(&pull["title"]),
            branch: text(&pull["branch"]),
            target_branch: text(&pull["targetBranch"]),
            head_sha: text(&pull["headSHA"]),
            labels: strings(&pull["labels"]),
            author: text(&pull["author"]),
        });
        Ok(pulls.collect())
    }

    fn repositories(&self, _: &Value) -> Answer<Vec<Repository>> {
        let repositories = self.0["scm_repos"].as_array().into_iter().flatten();
        let repositories = repositories.map(|repository| Repository {
            organization: text(&repository["organization"]),
            repository: text(&repository["repository"]),
            id: repository["repositoryId"].clone(),
            url: text(&repository["url"]),
            branch: text(&repository["branch"]),
            sha: text(&repository["sha"]),
            labels: strings(&repository["labels"]),
        });
        Ok(repositories.collect())
    }

    fn config_map(&self, _: &str) -> Answer<Option<BTreeMap<String, String>>> {
        let data = [
            ("apiVersion", "mallard.io/v1"),
            ("kind", "ducks"),
            ("statusListKey", "decisions"),
            ("matchKey", "clusterName"),
        ];
        Ok(Some(data.map(|(key, value)| (key.to_owned(), value.to_owned())).into()))
    }

    fn resources(&self, _: &str, _: &str) -> Answer<Vec<Value>> {
        Ok(self.0["resources"].as_array().cloned().unwrap_or_default())
    }

    fn plugin(&self, _: &str, _: &Value) -> Answer<String> {
        Ok(text(&self.0["plugin_response"]))
    }
}

/// The errors that the cases name as Go's variables are called.
fn words(error: &str) -> &str {
    match error {
        "ErrMoreThanTwoGenerators" => "found more than two generators, Matrix support only two",
        "ErrLessThanTwoGenerators" => "found less than two generators, Matrix support only two",
        "ErrMoreThenOneInnerGenerators" => "found more than one generator in matrix.Generators",
        "ErrLessThanTwoGeneratorsInMerge" => "found less than two generators, Merge requires two or more",
        "ErrNoMergeKeys" => "no merge keys were specified, Merge requires at least one",
        "ErrNonUniqueParamSets" => "the parameters from a generator were not unique by the given mergeKeys",
        "ErrEmptyAppSetGenerator" => "ApplicationSet is empty",
        other => other,
    }
}

/// A value as it would be in JSON: a case has the input of plugins by the names of Go's fields.
fn as_json(value: &Value) -> Value {
    match value {
        Value::Object(fields) => match fields.get("Raw").and_then(Value::as_str) {
            Some(raw) if fields.len() == 1 => serde_json::from_str(raw).unwrap_or_default(),
            _ => {
                let name = |key: &String| if key == "Parameters" { "parameters".to_owned() } else { key.clone() };
                Value::Object(fields.iter().map(|(key, value)| (name(key), as_json(value))).collect())
            }
        },
        Value::Array(items) => Value::Array(items.iter().map(as_json).collect()),
        other => other.clone(),
    }
}

/// Sets in an order of their own where the controller has none, and where its tests look at none: those of clusters,
/// merges, decisions and files.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(sorted).collect();
            items.sort_by_key(|item| serde_json::to_string(item).unwrap());
            Value::Array(items)
        }
        Value::Object(fields) => {
            let sorted: BTreeMap<&String, Value> = fields.iter().map(|(key, value)| (key, sorted(value))).collect();
            json!(sorted)
        }
        other => other.clone(),
    }
}

/// An ApplicationSet that gives a template these parameters.
fn set_of(template: &Value, params: &Value, fixtures: &Value) -> Value {
    let is_go = fixtures["goTemplate"] == true;
    // In the older dialect elements have texts alone, and these cases others too; a plugin may give both.
    json!({
        "metadata": { "name": "set", "namespace": "n" },
        "spec": {
            "goTemplate": is_go,
            "goTemplateOptions": fixtures["goTemplateOptions"],
            "generators": [{ "list": { "elements": [params] } }],
            "syncPolicy": fixtures["syncPolicy"],
            "template": template,
        },
    })
}

/// Whether a result is what a case expects, and it otherwise.
fn expect(expected: &Value, result: &Result<Value, String>) -> Result<(), String> {
    let error = expected["error"].as_str().map(words);
    let fits = match (result, error) {
        (Ok(value), None) => *value == expected["value"],
        (Err(message), Some(error)) => message.contains(error),
        _ => false,
    };
    if fits { Ok(()) } else { Err(format!("{result:?}")) }
}

/// Whether generators give the parameters that a case expects.
fn parameters(case: &Value, settings: &Settings) -> Result<(), String> {
    let world = World(&case["fixtures"]);
    let result = applicationset::parameters(&case["appset"], &world, settings).map_err(|problem| problem.message);
    let expected = as_json(&case["expect"]["params"]);
    let is_unordered =
        ["cluster-", "merge-", "decision-", "gitfile-"].iter().any(|kind| text(&case["id"]).starts_with(kind));
    let result = result.map(|sets| if is_unordered { sorted(&json!(sets)) } else { json!(sets) });
    let expected = if is_unordered { sorted(&expected) } else { expected };
    expect(&json!({ "value": expected, "error": case["expect"]["error"] }), &result)
}

/// Whether a template is filled as a case expects.
fn filled(case: &Value) -> Result<(), String> {
    let (fixtures, expected) = (&case["fixtures"], &case["expect"]);
    let set = set_of(&fixtures["template"], &fixtures["params"], fixtures);
    let rendering = applicationset::render(&set, &World(fixtures), &Settings::default());
    let result = match rendering.problems.first() {
        Some(problem) => Err(problem.message.clone()),
        None => {
            let path = strings(&expected["app_field"]);
            let found = path.iter().fold(&rendering.applications[0].application, |value, key| &value[key]);
            Ok(found.clone())
        }
    };
    expect(expected, &result)
}

/// Whether values are rendered as a case expects.
fn values(case: &Value) -> Result<(), String> {
    let (fixtures, expected) = (&case["fixtures"], &case["expect"]);
    let settings = Settings::default();
    if !fixtures["generator"].is_null() {
        let set = set_of(&Value::Null, &Value::Null, fixtures);
        let filled = applicationset::interpolated(&set, &fixtures["generator"], &fixtures["params"], &settings);
        return match (filled, &expected["expectedClusterValues"]) {
            (Ok(filled), values) if filled["clusters"]["values"] == *values => Ok(()),
            // A case without values expects an error.
            (Err(_), Value::Null) => Ok(()),
            (result, _) => Err(format!("{result:?}")),
        };
    }
    // What a plugin gives is what its values look at.
    let mut set = set_of(&Value::Null, &Value::Null, fixtures);
    set["spec"]["generators"] = json!([{ "plugin": { "values": fixtures["values"] } }]);
    let response = json!({ "output": { "parameters": [fixtures["params"]] } }).to_string();
    let world = json!({ "plugin_response": response });
    let result = applicationset::parameters(&set, &World(&world), &settings).map_err(|problem| problem.message);
    let result = result.map(|mut sets| {
        let mut set = sets.remove(0);
        set.as_object_mut().unwrap().shift_remove("generator");
        set
    });
    expect(&json!({ "value": expected["params"], "error": expected["error"] }), &result)
}

fn finalizers(case: &Value) -> Result<(), String> {
    let fixtures = &case["fixtures"];
    let template = json!({ "metadata": { "name": "{{one}}", "finalizers": fixtures["finalizers"] }, "spec": { "destination": { "server": "s" } } });
    let set = set_of(&template, &json!({ "one": "two" }), fixtures);
    let rendering = applicationset::render(&set, &World(fixtures), &Settings::default());
    let found = &rendering.applications[0].application["metadata"]["finalizers"];
    if *found == case["expect"]["finalizers"] { Ok(()) } else { Err(found.to_string()) }
}

fn unrecognized(case: &Value) -> Result<(), String> {
    let rendering = applicationset::render(&case["appset"], &World(&Value::Null), &Settings::default());
    let problem = rendering.problems.iter().find(|problem| problem.reason == Reason::Warning);
    let message = case["expect"]["message"].as_str();
    let is_said = message.is_none_or(|message| problem.is_some_and(|problem| problem.message == message));
    let is_invalid = case["expect"]["invalid"] == true;
    if is_said && problem.is_some() == is_invalid { Ok(()) } else { Err(format!("{problem:?}")) }
}

fn steps(case: &Value) -> Result<(), String> {
    let expected = &case["expect"];
    let applications: Vec<&Value> = case["fixtures"]["apps"].as_array().into_iter().flatten().collect();
    let found = applicationset::steps(&case["appset"], &applications);
    let mut issues = serde_json::Map::new();
    if !found.empty.is_empty() {
        issues.insert("emptySteps".into(), json!(found.empty));
    }
    if !found.in_several.is_empty() {
        issues.insert("duplicateAppSelections".into(), json!(found.in_several));
    }
    if !found.wrong_operators.is_empty() {
        let wrong = found.wrong_operators.iter();
        let wrong: Vec<Value> =
            wrong.map(|(step, operator)| json!({ "stepIndex": step, "operator": operator })).collect();
        issues.insert("invalidMatchExpressions".into(), json!(wrong));
    }
    let result = json!({ "steps": found.steps, "step_of": found.step_of, "issues": issues });
    if result == *expected { Ok(()) } else { Err(result.to_string()) }
}

fn in_turn(case: &Value) -> Result<(), String> {
    let fixtures = &case["fixtures"];
    let mut set = case["appset"].clone();
    // The cases have the names of Go's constants, whose values lack the prefix.
    for state in set["status"]["applicationStatus"].as_array_mut().into_iter().flatten() {
        state["status"] = json!(text(&state["status"]).trim_start_matches("ProgressiveSync"));
    }
    let steps = fixtures["steps"].as_array().into_iter().flatten().map(strings).collect();
    let steps = applicationset::Steps { steps, ..Default::default() };
    let names = fixtures["apps"].as_array().into_iter().flatten();
    let current: BTreeSet<&str> = names.filter_map(|app| app["metadata"]["name"].as_str()).collect();
    let turn = steps.in_turn(&set, &current);
    let turn: BTreeMap<String, bool> = turn.into_iter().map(|name| (name, true)).collect();
    if json!(turn) == case["expect"]["apps_to_sync"] { Ok(()) } else { Err(format!("{turn:?}")) }
}

fn slug(case: &Value) -> Result<(), String> {
    let fixtures = &case["fixtures"];
    let template = "{{ slugify (int .length) .smartTruncate .branch }}";
    let data = Data::new(fixtures, Numbers::Floats);
    let result = application_set::render(template, &data, &Options::default(), &Limits::default());
    expect(&case["expect"], &result.map(Value::from).map_err(|error| error.message))
}

fn patched(case: &Value) -> Result<(), String> {
    let fixtures = &case["fixtures"];
    let result = applicationset::patched(&fixtures["app"], &text(&fixtures["templatePatch"]), &Limits::default());
    expect(&json!({ "value": case["expect"]["app"], "error": case["expect"]["error"] }), &result)
}

/// Why a case can't apply.
fn apart(case: &Value) -> Option<&'static str> {
    let error = case["expect"]["error"].as_str()?;
    let asks_cluster = ["error fetching Secret", "error fetching ConfigMap"].iter().any(|part| error.contains(part));
    asks_cluster.then_some("the ConfigMap and Secret that a plugin is called with are not among the fixtures")
}

#[test]
fn application_sets() {
    let name = "applicationset";
    let Some(text) = text_of("applicationset.json") else { return };
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    let (mut met, mut failed, mut aside) = (0, Vec::new(), Vec::new());
    for case in &cases {
        let id = case["id"].as_str().unwrap_or_default();
        if let Some(reason) = apart(case) {
            aside.push(format!("{id}: {reason}"));
            continue;
        }
        let globbing = if case["globbing"] == "new" { Globbing::New } else { Globbing::Old };
        let result = match id.rsplit_once('-').unwrap_or_default().0 {
            "render" => filled(case),
            "values" => values(case),
            "finalizers" => finalizers(case),
            "invalid" => unrecognized(case),
            "steps" => steps(case),
            "sync_next" => in_turn(case),
            "slug" => slug(case),
            "patch" => patched(case),
            _ => parameters(case, &Settings { globbing, ..Settings::default() }),
        };
        match result {
            Ok(()) => met += 1,
            Err(found) => failed.push(format!("{id} ({}): {found}", case["name"].as_str().unwrap_or_default())),
        }
    }
    conclude(name, met, &failed, &aside);
}
