//! The shipped skeletons, rendered from the binary's own table with more than one set of values.

use std::collections::{BTreeMap, BTreeSet};

use idp_run::embedded;
use idp_run::formats::skeleton::{SourceFile, render};
use serde_json::{Value, json};

/// The skeletons of services.
const SERVICES: [&str; 4] = ["java-spring-boot", "nodejs-express", "python-fastapi", "go-gin"];
const JAVA: &str = SERVICES[0];

/// Free text that is a trap in YAML, in a template and in a shell.
const DESCRIPTION: &str = "Takes \"payments\": yes, 100% #1 – it's ${{ values.owner }} {% if %}";

fn plain(template: &str) -> Value {
    let mut values = json!({
        "project": "payments", "system": "gateway", "service": "api", "owner": "payments-team",
        "description": DESCRIPTION, "component": "gateway-api", "repository": "payments-api",
        "gitops_repository": "payments-gitops", "org": "acme", "url": "https://github.com/acme/payments-api",
        "registry": "registry.acme.example/team", "image": "registry.acme.example/team/payments/api",
        "app_name": "gateway-api-dev", "pagerduty": "", "grafana_url": "", "port": 8080, "database": false,
        "environments": [],
    });
    if template == JAVA {
        values["package"] = json!("com.acme.payments.api");
        values["package_path"] = json!("com/acme/payments/api");
    }
    values
}

fn full(template: &str) -> Value {
    let mut values = plain(template);
    values["database"] = json!(true);
    values["port"] = json!(9090);
    values["pagerduty"] = json!("P1234AB");
    values["grafana_url"] = json!("https://grafana.acme.example/d/gateway-api");
    values["environments"] = json!([
        { "name": "dev", "cluster": "cluster-dev", "namespace": "payments-dev-api", "application": "gateway-api-dev" },
        { "name": "prod", "cluster": "cluster-prod", "namespace": "payments-prod-api", "application": "gateway-api-prod" },
    ]);
    values
}

fn sources(template: &str) -> Vec<SourceFile> {
    let root = format!("templates/{template}/skeleton/");
    let file = |file: &embedded::EmbeddedFile| SourceFile {
        path: file.path[root.len()..].to_owned(),
        executable: file.executable,
        bytes: file.bytes.to_vec().into(),
    };
    embedded::under(&root).iter().map(file).collect()
}

fn rendered(template: &str, values: &Value) -> BTreeMap<String, String> {
    let files = render(template, &sources(template), values).unwrap();
    files.into_iter().map(|file| (file.path, String::from_utf8(file.bytes).unwrap())).collect()
}

/// Every service skeleton with little and with everything.
fn all() -> impl Iterator<Item = (&'static str, BTreeMap<String, String>)> {
    SERVICES
        .into_iter()
        .flat_map(|template| [plain(template), full(template)].map(|values| (template, rendered(template, &values))))
}

#[test]
fn nothing_is_left_of_the_template() {
    for (template, files) in all() {
        for (path, text) in files {
            let path = format!("{template}: {path}");
            assert!(!text.trim().is_empty(), "{path} is empty");
            assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{path} doesn't end with one newline");
            let text = text.replace(DESCRIPTION, "x").replace(&DESCRIPTION.replace('"', "\\\""), "x");
            assert!(!text.contains("${{ values"), "{path}");
            assert!(!text.contains("{%"), "{path}");
            assert!(text.lines().all(|line| line == line.trim_end()), "{path} has spaces at the end of a line");
            // Python puts two empty lines between functions.
            let most = if path.ends_with(".py") { "\n\n\n\n" } else { "\n\n\n" };
            assert!(!text.contains(most), "{path} has too many empty lines in a row");
        }
    }
}

#[test]
fn a_database_is_all_or_nothing() {
    for template in SERVICES {
        let count = |values: &Value| {
            rendered(template, values).values().filter(|text| text.to_lowercase().contains("postgres")).count()
        };
        assert_eq!(count(&plain(template)), 0, "{template} without a database");
        assert!(count(&full(template)) > 5, "{template} with a database");
    }
}

#[test]
fn files_follow_the_values() {
    let (plain, full) = (rendered(JAVA, &plain(JAVA)), rendered(JAVA, &full(JAVA)));
    let java = "src/main/java/com/acme/payments/api";
    for path in ["Application.java", "item/ItemController.java", "web/ProblemHandler.java"] {
        let path = format!("{java}/{path}");
        assert!(plain[&path].starts_with("package com.acme.payments.api"), "{path}");
        assert!(full.contains_key(&path));
    }
    let only_full: BTreeSet<_> = full.keys().filter(|path| !plain.contains_key(*path)).cloned().collect();
    let expected = [
        format!("{java}/item/JdbcItemStore.java"),
        "src/main/resources/db/migration/V1__create_item.sql".to_owned(),
        "src/test/java/com/acme/payments/api/item/JdbcItemStoreTest.java".to_owned(),
    ];
    assert_eq!(only_full, BTreeSet::from(expected));
    assert!(full["build.gradle.kts"].contains("flyway") && !plain["build.gradle.kts"].contains("flyway"));
    assert!(full["src/main/resources/application.yaml"].contains("include: [readinessState, db]"));
    assert!(full["Dockerfile"].contains("EXPOSE 9090\n"));
    assert_eq!(plain["CODEOWNERS"].lines().last(), Some("* @acme/payments-team"));
}

#[test]
fn the_dashboard_is_json() {
    for (template, files) in all() {
        let text = &files["observability/dashboard.json"];
        let dashboard: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{template}: {error}"));
        assert_eq!(dashboard["title"], "gateway-api service");
        let panels = dashboard["panels"].as_array().unwrap();
        let database = text.contains("\"Database\"");
        assert_eq!(panels.len(), if database { 15 } else { 12 }, "{template}");
        let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].as_u64()).collect();
        assert_eq!(ids.len(), panels.len(), "each panel has an id of its own");
        let selected = if template == JAVA { r#"application=\"gateway-api\""# } else { r#"job=\"api\""# };
        assert!(text.contains(&format!(r#"{{{selected}, namespace=~\"$namespace\""#)), "{template}");
        assert!(text.contains("\"{{method}} {{uri}}\""));
    }
}

#[test]
fn pipelines_keep_their_expressions() {
    for (template, files) in all() {
        keeps_its_expressions(template, &files);
    }
}

fn keeps_its_expressions(template: &str, files: &BTreeMap<String, String>) {
    let ci = &files[".github/workflows/ci.yaml"];
    // The golden path makes these two required for a merge.
    for job in ["    name: Test, coverage and dependencies\n", "    name: Image\n"] {
        assert!(ci.contains(job), "{template}: {job}");
    }
    for expression in [
        "tags: ${{ env.IMAGE }}:${{ github.sha }}\n",
        "password: ${{ secrets.REGISTRY_PASSWORD }}\n",
        "cancel-in-progress: ${{ github.event_name == 'pull_request' }}\n",
        "IMAGE: \"registry.acme.example/team/payments/api\"\n",
        "registry: \"registry.acme.example\"\n",
    ] {
        assert!(ci.contains(expression), "{template}: {expression}");
    }
    assert!(files[".github/workflows/techdocs.yaml"].contains("role-to-assume: ${{ vars.TECHDOCS_ROLE }}\n"));
    for (path, text) in files.iter().filter(|(path, _)| path.starts_with(".github/workflows/")) {
        assert!(text.contains("\npermissions: {}\n"), "{path}: no permissions but those that a job asks for");
        for line in text.lines().filter(|line| line.contains("uses: ")) {
            let (_, pin) = line.split_once('@').unwrap();
            let commit = pin.split(' ').next().unwrap();
            assert!(commit.len() == 40 && commit.bytes().all(|b| b.is_ascii_hexdigit()), "{path}: {line}");
        }
    }
}

#[test]
fn the_catalog_entry_has_the_annotations_of_the_plugins() {
    let always = [
        "\n    argocd/app-name: \"gateway-api-dev\"\n",
        "\n    backstage.io/kubernetes-id: \"gateway-api\"\n",
        "\n    backstage.io/techdocs-ref: dir:.\n",
        "\n    github.com/project-slug: \"acme/payments-api\"\n",
        "\n  owner: \"group:payments-team\"\n",
    ];
    let sometimes = [
        "\n    pagerduty.com/service-id: \"P1234AB\"\n",
        "\n    grafana/dashboard-url: \"https://grafana.acme.example/d/gateway-api\"\n",
    ];
    for template in SERVICES {
        let (plain, full) = (rendered(template, &plain(template)), rendered(template, &full(template)));
        has_annotations(&plain["catalog-info.yaml"], &full["catalog-info.yaml"], &always, &sometimes);
    }
}

fn has_annotations(plain: &str, full: &str, always: &[&str], sometimes: &[&str]) {
    for &annotation in always {
        assert!(plain.contains(annotation) && full.contains(annotation), "{annotation}");
    }
    for &annotation in sometimes {
        assert!(full.contains(annotation), "{annotation}");
    }
    assert!(!plain.contains("pagerduty") && !plain.contains("grafana"));
    let description = format!("\n  description: {}\n", serde_json::to_string(DESCRIPTION).unwrap());
    assert_eq!(plain.matches(&description).count(), 2, "of the Component and of the API");
}

#[test]
fn template_yaml_describes_the_values_that_are_used() {
    SERVICES.into_iter().for_each(describes_the_values_that_are_used);
}

fn describes_the_values_that_are_used(name: &str) {
    let used = regex::Regex::new(r"values\.([a-z_]+)").unwrap();
    let used: BTreeSet<String> = sources(name)
        .iter()
        .flat_map(|file| {
            let text = format!("{}\n{}", file.path, String::from_utf8_lossy(&file.bytes));
            used.captures_iter(&text).map(|found| found[1].to_owned()).collect::<Vec<_>>()
        })
        .collect();
    let template = embedded::file(&format!("templates/{name}/template.yaml")).unwrap();
    let text = std::str::from_utf8(template.bytes).unwrap();
    let (_, described) = text.split_once("\nvalues:\n").unwrap();
    let described: BTreeSet<String> =
        described.lines().filter_map(|line| line.trim().split_once(": {")).map(|(name, _)| name.to_owned()).collect();
    assert!(used.is_subset(&described), "not described: {:?}", used.difference(&described));
    let given: BTreeSet<String> = plain(name).as_object().unwrap().keys().cloned().collect();
    assert_eq!(described, given);
}

#[test]
fn a_missing_value_is_found_in_the_shipped_skeleton_too() {
    let mut values = plain(JAVA);
    values.as_object_mut().unwrap().remove("owner");
    let error = render(JAVA, &sources(JAVA), &values).unwrap_err();
    assert_eq!(error.code(), "idp::template::undefined");
    assert!(error.message().contains("values.owner"), "{error}");
    assert!(error.place().unwrap().file.starts_with("java-spring-boot/"));
}
