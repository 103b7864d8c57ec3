//! Tests of rendering: where errors are, what is missing, and what is put together.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;

/// A workspace that knows some directories and clusters, and nothing else.
struct Known;

impl Answers for Known {
    fn directories(&self, source: Source<'_>) -> Answer<Vec<String>> {
        match source.repository {
            "https://git/known" => Ok(["apps/a", "apps/b", "apps/b/c", "other"].map(str::to_owned).into()),
            "https://git/gone" => Err(Unanswered::Failed("repository not found".to_owned())),
            other => Err(Unanswered::Unknown(format!("the directories of {other}"))),
        }
    }

    fn clusters(&self) -> Answer<Vec<Cluster>> {
        let cluster = |name: &str, environment: &str| Cluster {
            name: name.to_owned(),
            server: format!("https://{name}"),
            labels: BTreeMap::from([("env".to_owned(), environment.to_owned())]),
            ..Cluster::default()
        };
        Ok(vec![cluster("east", "prod"), cluster("lab", "dev")])
    }
}

/// An ApplicationSet with Go's templates, whose Applications go somewhere.
fn set(generators: Value, mut template: Value) -> Value {
    if template["spec"]["destination"].is_null() {
        template["spec"]["destination"] = json!({ "server": "https://somewhere" });
    }
    json!({
        "metadata": { "name": "set", "namespace": "argocd" },
        "spec": { "goTemplate": true, "goTemplateOptions": ["missingkey=error"], "generators": generators, "template": template },
    })
}

fn directories(repository: &str) -> Value {
    json!({ "git": { "repoURL": repository, "revision": "HEAD", "directories": [{ "path": "apps/*" }] } })
}

fn rendered(set: &Value) -> Rendering {
    render(set, &Known, &Settings::default())
}

fn names(rendering: &Rendering) -> Vec<&str> {
    rendering.applications.iter().filter_map(|made| made.application["metadata"]["name"].as_str()).collect()
}

#[test]
fn a_matrix_of_directories_and_clusters() {
    let clusters = json!({ "clusters": { "selector": { "matchLabels": { "env": "prod" } } } });
    let matrix = json!([{ "matrix": { "generators": [directories("https://git/known"), clusters] } }]);
    let template = json!({
        "metadata": { "name": "{{ .path.basename }}-{{ .name }}", "labels": { "{{ .name }}": "yes" } },
        "spec": { "project": "default", "destination": { "server": "{{ .server }}" } },
    });
    let rendering = rendered(&set(matrix, template));
    assert_eq!(rendering.problems, []);
    assert_eq!(names(&rendering), ["a-east", "b-east"]);
    let first = &rendering.applications[0];
    assert_eq!(first.from, "spec.generators[0].matrix");
    assert_eq!(first.params.value()["path"]["segments"], json!(["apps", "a"]));
    assert_eq!(
        first.application,
        json!({
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {
                "name": "a-east", "namespace": "argocd", "labels": { "east": "yes" }, "finalizers": [FINALIZER],
            },
            "spec": { "project": "default", "destination": { "server": "https://east" } },
        })
    );
}

#[test]
fn what_nobody_knows_is_missing_and_the_rest_is_rendered() {
    let elements = json!({ "list": { "elements": [{ "name": "one" }] } });
    let set = set(json!([directories("https://git/new"), elements]), json!({ "metadata": { "name": "{{ .name }}" } }));
    let rendering = rendered(&set);
    assert_eq!(names(&rendering), ["one"]);
    let missing = Missing {
        path: "spec.generators[0].git.directories".to_owned(),
        what: "the directories of https://git/new".to_owned(),
    };
    assert_eq!(rendering.missing, [missing]);
    assert_eq!(rendering.problems, []);
}

#[test]
fn an_error_in_a_generator_inside_of_others_has_its_path() {
    let list = json!({ "list": { "elements": [{ "a": "1" }] } });
    let merge = json!({ "merge": { "mergeKeys": ["a"], "generators": [list, directories("https://git/gone")] } });
    let matrix = json!([{ "matrix": { "generators": [list, merge] } }]);
    let rendering = rendered(&set(matrix, json!({})));
    let [problem] = rendering.problems.as_slice() else { panic!("{rendering:?}") };
    assert_eq!(problem.path, "spec.generators[0].matrix.generators[1].merge.generators[1].git.directories");
    assert!(problem.message.ends_with("error getting directories from git: repository not found"), "{problem:?}");
}

#[test]
fn combinations_are_two_deep_and_no_deeper() {
    let list = json!({ "list": { "elements": [{ "a": "1" }] } });
    let matrix = |inner: &Value| json!({ "matrix": { "generators": [list, inner] } });
    let rendering = rendered(&set(json!([matrix(&matrix(&list))]), json!({ "metadata": { "name": "x{{ .a }}" } })));
    assert_eq!(names(&rendering), ["x1"]);
    let rendering = rendered(&set(json!([matrix(&matrix(&matrix(&list)))]), json!({})));
    let problem = &rendering.problems[0];
    assert_eq!(problem.path, "spec.generators[0].matrix.generators[1].matrix.generators[1]");
    assert!(problem.message.ends_with("child generator generated no parameters"), "{problem:?}");
}

#[test]
fn a_generators_template_wins_over_the_sets() {
    let own = json!({ "metadata": { "labels": { "of": "generator" } }, "spec": { "source": { "path": "own" } } });
    let list = json!([{ "list": { "elements": [{ "n": "1" }], "template": own } }]);
    let base = json!({
        "metadata": { "name": "n{{ .n }}", "labels": { "of": "set", "more": "set" } },
        "spec": { "project": "p", "source": { "path": "base", "repoURL": "r" }, "destination": { "server": "s" } },
    });
    let rendering = rendered(&set(list, base));
    let application = &rendering.applications[0].application;
    assert_eq!(application["metadata"]["labels"], json!({ "of": "generator", "more": "set" }));
    let source = json!({ "repoURL": "r", "path": "own" });
    assert_eq!(application["spec"], json!({ "source": source, "destination": { "server": "s" }, "project": "p" }));
}

#[test]
fn a_product_that_is_too_large_ends_in_an_error() {
    let elements: Vec<Value> = (0..1000).map(|n| json!({ "n": n })).collect();
    let list = json!({ "list": { "elements": elements } });
    let matrix = json!([{ "matrix": { "generators": [list, list] } }]);
    let rendering = rendered(&set(matrix, json!({})));
    assert_eq!(rendering.applications, []);
    assert_eq!(rendering.problems[0].path, "spec.generators[0].matrix");
    assert_eq!(rendering.problems[0].message, "the generators give more than 100000 sets of parameters");
}

#[test]
fn endless_templates_end_in_an_error() {
    let list = json!([{ "list": { "elements": [{ "n": "1" }] } }]);
    let endless = "{{ define \"x\" }}{{ template \"x\" . }}{{ end }}{{ template \"x\" . }}";
    for text in [endless, "{{ repeat 1000000000 \"x\" }}", "{{ range until 2000000000 }}x{{ end }}"] {
        let rendering = rendered(&set(list.clone(), json!({ "metadata": { "name": text } })));
        let [problem] = rendering.problems.as_slice() else { panic!("{rendering:?}") };
        assert_eq!((problem.path.as_str(), problem.reason), ("spec.template", Reason::Template), "{problem:?}");
    }
}

#[test]
fn names_that_collide_and_projects_that_are_missing_are_refused() {
    struct Projects;
    impl Answers for Projects {
        fn has_project(&self, name: &str) -> Answer<bool> {
            Ok(name == "there")
        }
    }
    let elements = json!([
        { "n": "a", "p": "there" }, { "n": "a", "p": "there" }, { "n": "b", "p": "gone" }, { "n": "", "p": "there" }
    ]);
    let template = json!({ "metadata": { "name": "{{ .n }}" }, "spec": { "project": "{{ .p }}" } });
    let rendering =
        render(&set(json!([{ "list": { "elements": elements } }]), template), &Projects, &Settings::default());
    assert_eq!((names(&rendering), rendering.refused.len(), rendering.is_blocked()), (vec!["a"], 3, false));
    let messages: Vec<&str> = rendering.problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(messages[0], "ApplicationSet set contains applications with duplicate name: a");
    assert_eq!(messages[1], "application references project gone which does not exist");
    assert!(messages[2].starts_with("ApplicationSet set contains an application with no name"), "{messages:?}");
}

#[test]
fn a_field_of_the_wrong_sort_is_named() {
    let list = json!([{ "list": { "elements": [{ "n": "1" }] } }]);
    let template = json!({ "spec": { "syncPolicy": { "automated": { "prune": "{{ .n }}" } } } });
    let problem = &rendered(&set(list, template)).problems[0];
    assert_eq!(
        problem.message,
        "json: cannot unmarshal string into Go struct field SyncPolicyAutomated.spec.syncPolicy.automated.prune of type bool"
    );
}

#[test]
fn a_rolling_sync_whose_step_is_empty_is_told() {
    let list = json!([{ "list": { "elements": [{ "n": "1" }] } }]);
    let mut set = set(list, json!({ "metadata": { "name": "x", "labels": { "env": "dev" } } }));
    let step =
        |values: [&str; 1]| json!({ "matchExpressions": [{ "key": "env", "operator": "In", "values": values }] });
    set["spec"]["strategy"] =
        json!({ "type": "RollingSync", "rollingSync": { "steps": [step(["dev"]), step(["prod"])] } });
    let problem = &rendered(&set).problems[0];
    assert_eq!(problem.message, "Steps [2] have no applications matching their criteria");
    assert_eq!((problem.path.as_str(), problem.reason), ("spec.strategy.rollingSync.steps", Reason::Warning));
}

#[test]
fn what_appears_changes_and_vanishes() {
    let application = |name: &str, revision: &str| {
        json!({
            "metadata": { "name": name, "finalizers": [FINALIZER] },
            "spec": { "source": { "targetRevision": revision, "path": "p" }, "sources": [{ "a": revision }] },
        })
    };
    let before = [application("stays", "1"), application("changes", "1"), application("goes", "1")];
    let after = [application("stays", "1"), application("changes", "2"), application("comes", "1")];
    let (before, after): (Vec<_>, Vec<_>) = (before.iter().collect(), after.iter().collect());
    let set = json!({ "spec": {
        "syncPolicy": { "applicationsSync": "create-update" },
        "ignoreApplicationDifferences": [{ "jsonPointers": ["/spec/source/targetRevision"] }],
    } });
    let found = differences(&before, &after, &Policy::of(&set));
    assert_eq!(found.added, [after[2].clone()]);
    let [changed] = found.changed.as_slice() else { panic!("{found:?}") };
    let fields: Vec<_> = changed.fields.iter().map(|field| (field.path.as_str(), field.is_ignored)).collect();
    assert_eq!(fields, [("spec.source.targetRevision", true), ("spec.sources[0].a", false)]);
    assert_eq!((&changed.fields[0].before, &changed.fields[0].after), (&Some(json!("1")), &Some(json!("2"))));
    assert_eq!(changed.kept, None);
    let kept = Some("applicationsSync is create-update".to_owned());
    assert_eq!(found.deleted, [Deleted { name: "goes".to_owned(), kept, with_resources: true }]);
    let found = differences(&before, &after, &Policy::of(&Value::Null));
    assert_eq!(found.deleted[0].kept, None);
}
