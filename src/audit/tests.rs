//! Tests of what is read, taken apart and passed over, with a policy that asks for replicas.

use serde_json::json;

use super::policy::{Breach, Object, Policy};
use super::*;
use crate::formats::yaml::Step;
use crate::report::Detection;

/// Refuses objects without replicas.
struct Replicas;

impl Policy for Replicas {
    fn about(&self) -> RuleInfo {
        RuleInfo {
            id: "replicas".into(),
            about: "No replicas".into(),
            why: "For the tests".into(),
            is_error: true,
            waivable: true,
        }
    }

    fn check(&self, object: &Object<'_>) -> Vec<Breach> {
        if object.partial || object.value["spec"]["replicas"].is_number() {
            return Vec::new();
        }
        vec![Breach {
            severity: Severity::Medium,
            path: vec![Step::Key("spec".into()), Step::Key("replicas".into())],
            at_key: false,
            place: None,
            message: "there are no replicas".into(),
            help: None,
        }]
    }
}

fn audited(texts: &[(&str, &str)], fail_on: Severity) -> Audit {
    let texts: Vec<Text> =
        texts.iter().map(|(name, text)| Text { named: false, ..Text::new(name, (*text).into()) }).collect();
    audit(texts, Panel { built_in: vec![Box::new(Replicas)], ..Panel::default() }.into(), fail_on).unwrap()
}

/// Each finding as `file:line:column policy object path message`.
fn lines(audit: &Audit) -> Vec<String> {
    let line = |found: &Detection| {
        let Detection { finding, path, .. } = found;
        let object = audit.object(found).map(ToString::to_string).unwrap_or_default();
        format!("{} {} [{object}] {path}: {}", finding.place, finding.policy, finding.message)
    };
    audit.detections.iter().map(line).collect()
}

#[test]
fn objects_are_found_in_documents_and_lists() {
    let two = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: n}\nspec: {replicas: 1}\n---\n\
               apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: b}\nspec:\n  paused: true\n";
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": [
        { "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "c" } },
    ] });
    let audit = audited(&[("two.yaml", two), ("list.json", &list.to_string())], Severity::Medium);
    assert_eq!(
        lines(&audit),
        [
            "two.yaml:9:1 replicas [Deployment b] spec.replicas: there are no replicas",
            "list.json:1:43 replicas [ConfigMap c] spec.replicas: there are no replicas",
        ]
    );
    assert_eq!((audit.files, audit.objects.len(), audit.skipped), (2, 3, 0));
    assert!(audit.fails());
    assert!(!audited(&[("two.yaml", two)], Severity::High).fails(), "medium is less than high");
}

#[test]
fn what_is_no_object_is_counted_and_passed_over() {
    let audit = audited(
        &[
            ("values.yaml", "replicas: 1\nkind: none\n"),
            ("empty.yaml", "# nothing\n"),
            ("package.json", "{ \"name\": 1, }"),
            ("Chart.yaml", "apiVersion: v2\nname: chart\n"),
            ("kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"),
            ("catalog-info.yaml", "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: a}\n"),
            ("template.yaml", "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: {name: a}\n"),
            ("kubeconfig.yaml", "apiVersion: v1\nkind: Config\nclusters: []\n"),
            ("plugin.yaml", "apiVersion: builtin\nkind: PrefixTransformer\nmetadata: {name: a}\n"),
            ("score.yaml", "apiVersion: score.dev/v1b1\nmetadata: {name: a}\n"),
            ("tsconfig.JSON", "{ // with a comment\n }"),
        ],
        Severity::Low,
    );
    assert_eq!(lines(&audit), Vec::<String>::new());
    assert_eq!((audit.files, audit.objects.len(), audit.skipped), (11, 0, 11));
}

#[test]
fn what_cant_be_read_is_a_finding() {
    let audit = audited(
        &[
            ("broken.yaml", "a: 1\n b: 2\n"),
            ("half.yaml", "kind: Deployment\nmetadata: {name: a}\n"),
            ("other.yaml", "apiVersion: apps/v1\nmetadata: {name: a}\n"),
            ("broken.json", "{ \"apiVersion\": \"v1\", "),
        ],
        Severity::High,
    );
    let found = lines(&audit);
    assert_eq!(found.len(), 4, "{found:#?}");
    assert!(found[0].starts_with("broken.yaml:2:") && found[3].starts_with("broken.json:1:"), "{found:#?}");
    assert_eq!(found[1], "half.yaml:1:1 manifest [] : the Deployment has no apiVersion");
    assert_eq!(found[2], "other.yaml:1:1 manifest [] : the object has no kind");
    assert_eq!(audit.skipped, 0);
}

#[test]
fn yaml_of_another_encoding_is_a_finding_wherever_it_is() {
    let folder = workspace(&[("a.yaml", ""), ("b.json", "")]);
    for name in ["a.yaml", "b.json"] {
        std::fs::write(folder.path().join(name), b"kind: caf\xe9\n").unwrap();
    }
    let files = walk::files(&[".".to_owned()], &[], folder.path()).unwrap();
    let audit = audit(read(&files, folder.path()).unwrap(), Arc::default(), Severity::High).unwrap();
    assert_eq!(lines(&audit), ["a.yaml:1:10 manifest [] : the file is not UTF-8"]);
    assert_eq!(audit.skipped, 1);
}

fn workspace(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn found(folder: &tempfile::TempDir, paths: &[&str], exclude: &[&str]) -> Vec<String> {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let files = walk::files(&owned(paths), &owned(exclude), folder.path()).unwrap();
    files.into_iter().map(|file| file.shown).collect()
}

#[test]
fn folders_are_walked_as_their_gitignore_says() {
    let folder = workspace(&[
        (".gitignore", "/out/\n*.gen.yaml\n"),
        ("a.yaml", ""),
        ("b.gen.yaml", ""),
        ("c.txt", ""),
        ("out/d.yaml", ""),
        ("k8s/e.yml", ""),
        ("k8s/f.json", ""),
        ("k8s/j.YAML", ""),
        ("k8s/.gitignore", "g.yaml\n"),
        ("k8s/g.yaml", ""),
        (".github/workflows/ci.yaml", ""),
        ("node_modules/x/package.json", ""),
        ("chart/Chart.yaml", ""),
        ("chart/templates/deployment.yaml", "{{ }}"),
        ("templates/h.yaml", ""),
        ("templates/api/template.yaml", ""),
        ("templates/api/skeleton/k8s/api.yaml", "{% if values.a %}"),
        ("skeleton/i.yaml", ""),
    ]);
    assert_eq!(
        found(&folder, &["."], &[]),
        [
            "a.yaml",
            "chart/Chart.yaml",
            "k8s/e.yml",
            "k8s/f.json",
            "k8s/j.YAML",
            "skeleton/i.yaml",
            "templates/api/template.yaml",
            "templates/h.yaml"
        ]
    );
    assert_eq!(
        found(&folder, &["."], &["chart", "*.json", "templates/api"]),
        ["a.yaml", "k8s/e.yml", "k8s/j.YAML", "skeleton/i.yaml", "templates/h.yaml"]
    );
    assert_eq!(
        found(&folder, &["k8s", "c.txt", "k8s/e.yml", "./k8s/g.yaml"], &[]),
        ["c.txt", "k8s/e.yml", "k8s/f.json", "k8s/g.yaml", "k8s/j.YAML"]
    );
    let missing = walk::files(&["nowhere".into()], &[], folder.path()).unwrap_err();
    assert_eq!(missing.code(), "idp::audit::path");
}

#[test]
fn files_that_a_kustomization_names_are_patches() {
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n";
    let folder = workspace(&[
        (
            "dev/kustomization.yaml",
            "resources: [../base]\npatches: [{path: patch.yaml}, {path: ../shared/patch.yaml}]\n",
        ),
        ("dev/patch.yaml", deployment),
        ("shared/patch.yaml", deployment),
        ("base/deployment.yaml", deployment),
        ("base/kustomization.yaml", "resources: [deployment.yaml, both.yaml]\npatches: [{path: both.yaml}]\n"),
        ("base/both.yaml", deployment),
        ("above/idp.yaml", ""),
        ("above/k8s/kustomization.yaml", "patches: [{path: dev/patches/a.yaml, target: {kind: Deployment}}]\n"),
        ("above/k8s/dev/patches/a.yaml", deployment),
        ("kustomization.yaml", "patches: [{path: above/k8s/dev/patches/b.yaml}]\n"),
        ("above/k8s/dev/patches/b.yaml", deployment),
    ]);
    let in_folder = |paths: &[&str], here: &std::path::Path| {
        let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        let files = walk::files(&paths, &[], here).unwrap();
        let texts = read(&files, here).unwrap();
        texts.into_iter().filter(|text| text.partial).map(|text| text.shown.to_string()).collect::<Vec<_>>()
    };
    let partial = |paths: &[&str]| in_folder(paths, folder.path());
    assert_eq!(partial(&["dev", "base", "shared"]), ["dev/patch.yaml", "shared/patch.yaml"]);
    // Above a folder that is named, and above the current one: as far as the workspace goes.
    assert_eq!(partial(&["above/k8s/dev"]), ["above/k8s/dev/patches/a.yaml"]);
    assert_eq!(in_folder(&["."], &folder.path().join("above/k8s/dev/patches")), ["a.yaml"]);
    assert_eq!(partial(&["dev/patch.yaml", "base/deployment.yaml"]), ["dev/patch.yaml"]);
}
