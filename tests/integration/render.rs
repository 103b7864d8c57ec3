//! ApplicationSets on the command line: what they generate from the workspace's repositories, clones and fixtures, and what
//! changes in it between two revisions.

use std::path::Path;

use serde_json::Value;

use crate::workspace::{Said, Workspace, copy, git};

/// A layout of `tests/fixtures/render` in a folder of its own.
fn layout(name: &str) -> Workspace {
    let workspace = Workspace::empty();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/render").join(name), workspace.path());
    workspace
}

/// The same as a clone, with a first commit.
fn clone(name: &str, url: &str) -> Workspace {
    let workspace = layout(name);
    let at = workspace.path();
    git(at, &["init", "-q", "-b", "main"]);
    git(at, &["remote", "add", "origin", url]);
    git(at, &["add", "-A"]);
    git(at, &["commit", "-q", "-m", "first"]);
    workspace
}

#[track_caller]
fn ends(said: &Said, code: i32) -> &Said {
    assert_eq!(said.code, code, "{said}");
    said
}

/// The first words of what went wrong: its code, message, place and help.
fn refusal(said: &Said) -> String {
    said.stderr.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

const SET: &str = "seeds/platform-gitops/applicationsets/services.yaml";
const APPS: &str = "infrastructure/argocd/applicationsets/all-apps.yaml";

#[test]
fn services_by_element_and_environments_by_cluster() {
    let ws = layout("service-matrix");
    let said = ws.idp(&["render", "seeds/platform-gitops/argocd"]);
    insta::assert_snapshot!(ends(&said, 0).stdout, @r"
    ApplicationSet payments (seeds/platform-gitops/argocd/payments.yaml:1:1) gives 4 Applications
    NAME                 PROJECT   REPOSITORY                                 PATH             REVISION  DESTINATION
    gateway-api-dev      payments  git@git.bank.example:bank/payments-gitops  k8s/dev/api      main      https://dev.k8s.bank.example payments-dev-api
    gateway-api-prod     payments  git@git.bank.example:bank/payments-gitops  k8s/prod/api     main      https://prod.k8s.bank.example payments-prod-api
    gateway-ledger-dev   payments  git@git.bank.example:bank/payments-gitops  k8s/dev/ledger   main      https://dev.k8s.bank.example payments-dev-ledger
    gateway-ledger-prod  payments  git@git.bank.example:bank/payments-gitops  k8s/prod/ledger  main      https://prod.k8s.bank.example payments-prod-ledger

    ApplicationSet crossplane-claims (seeds/platform-gitops/argocd/payments.yaml:40:1) gives 1 Application
    NAME             PROJECT   REPOSITORY                             PATH                    REVISION  DESTINATION
    claim-prod-main  platform  git.bank.example/bank/payments-gitops  crossplane/claims/prod  HEAD      in-cluster payments-prod-infra
    ");
    assert!(!ws.has_state(), "rendering makes no world");
}

#[test]
fn services_are_discovered_by_their_folders() {
    let ws = layout("discovered-services");
    let said = ws.idp(&["render", SET]);
    insta::assert_snapshot!(ends(&said, 0).stdout, @r"
    ApplicationSet services (seeds/platform-gitops/applicationsets/services.yaml:1:1) gives 6 Applications
    NAME                        PROJECT        REPOSITORY                             PATH                          REVISION  DESTINATION
    order-service-dev           microservices  git.shop.example/shop/platform-gitops  services/order-service/k8s    main      https://kubernetes.default.svc dev
    order-service-staging       microservices  git.shop.example/shop/platform-gitops  services/order-service/k8s    main      https://kubernetes.default.svc staging
    order-service-production    microservices  git.shop.example/shop/platform-gitops  services/order-service/k8s    main      https://kubernetes.default.svc production
    payment-service-dev         microservices  git.shop.example/shop/platform-gitops  services/payment-service/k8s  main      https://kubernetes.default.svc dev
    payment-service-staging     microservices  git.shop.example/shop/platform-gitops  services/payment-service/k8s  main      https://kubernetes.default.svc staging
    payment-service-production  microservices  git.shop.example/shop/platform-gitops  services/payment-service/k8s  main      https://kubernetes.default.svc production
    ");
    // Production waits for a person.
    let yaml = ws.idp(&["render", "platform-gitops:applicationsets/services.yaml", "--output", "yaml"]);
    let documents = idp_run::formats::yaml::parse("out", &ends(&yaml, 0).stdout).unwrap();
    let automated: Vec<bool> =
        documents.iter().map(|document| document.value["spec"]["syncPolicy"]["automated"].is_object()).collect();
    assert_eq!(automated, [true, true, false, true, true, false]);
    assert!(documents.iter().all(|document| document.value["metadata"]["namespace"] == "argocd"));
}

#[test]
fn a_clone_is_what_its_remotes_name_and_its_files_count_as_they_are() {
    for url in ["https://git.example/acme/gitops-repo.git", "git@git.example:acme/gitops-repo.git"] {
        let ws = clone("overlays", url);
        ws.write("apps/overlays/staging/order-service/kustomization.yaml", "resources: []\n");
        let said = ws.idp(&["render", APPS, "--output", "json"]);
        let lines = ends(&said, 0).of_type("application");
        let names: Vec<&str> = lines.iter().map(|line| line["name"].as_str().unwrap()).collect();
        let expected = [
            "development-user-service",
            "staging-order-service",
            "staging-user-service",
            "production-order-service",
            "production-user-service",
        ];
        assert_eq!(names, expected, "{said}");
        assert_eq!(lines[0]["set"], "all-platform-apps");
        assert_eq!(lines[0]["manifest"]["spec"]["source"]["path"], "apps/overlays/development/user-service");
        assert_eq!(said.of_type("application_set")[0]["count"], 5);
    }
    // From elsewhere the folder is named; what .gitignore leaves out isn't there.
    let ws = layout("overlays");
    let missing = ws.idp(&["render", APPS]);
    insta::assert_snapshot!(ends(&missing, 1).stdout, @r"
    ApplicationSet all-platform-apps (infrastructure/argocd/applicationsets/all-apps.yaml:1:1) gives 0 Applications, as far as is known
    unknown infrastructure/argocd/applicationsets/all-apps.yaml:21:15 spec.generators[0].matrix.generators[1].git.directories: the files of https://git.example/acme/gitops-repo.git at main
      --repo URL=DIR says which folder stands for it
    ");
    ws.write(".gitignore", "production/\n");
    let named = ws.idp(&["render", APPS, "--repo", "https://git.example/acme/gitops-repo=."]);
    assert!(ends(&named, 0).stdout.contains("gives 2 Applications"), "{named}");
}

#[test]
fn what_changes_since_a_revision_is_shown_with_what_the_policy_does() {
    let ws = clone("overlays", "https://git.example/acme/gitops-repo.git");
    std::fs::remove_dir_all(ws.path().join("apps/overlays/production/order-service")).unwrap();
    ws.write("apps/overlays/staging/order-service/kustomization.yaml", "resources: []\n");
    let said = ws.idp(&["render", APPS, "--against", "HEAD"]);
    insta::assert_snapshot!(ends(&said, 0).stdout, @r"
    ApplicationSet all-platform-apps (infrastructure/argocd/applicationsets/all-apps.yaml:1:1) against HEAD: 1 Application appears, 1 Application vanishes
      - production-order-service  goes, and what it deployed with it
      + staging-order-service  git.example/acme/gitops-repo apps/overlays/staging/order-service@main -> https://staging.k8s.example order-service
    ");
    // The set itself changes, and so does its policy.
    let text = ws.read(APPS).replace("https://prod.k8s.example", "https://prod2.k8s.example");
    let text = text.replace("  template:\n", "  syncPolicy: { applicationsSync: create-only }\n  template:\n");
    ws.write(APPS, &text);
    let said = ws.idp(&["render", APPS, "--against", "main"]);
    insta::assert_snapshot!(ends(&said, 0).stdout, @r"
    ApplicationSet all-platform-apps (infrastructure/argocd/applicationsets/all-apps.yaml:1:1) against main: 1 Application appears, 1 Application changes, 1 Application vanishes
      - production-order-service  stays: applicationsSync is create-only
      ~ production-user-service
          spec.destination.server  https://prod.k8s.example -> https://prod2.k8s.example
          stays as it is: applicationsSync is create-only
      + staging-order-service  git.example/acme/gitops-repo apps/overlays/staging/order-service@main -> https://staging.k8s.example order-service
    ");
    let events = ws.idp(&["render", APPS, "--against", "main", "--output", "json"]);
    let changes = events.of_type("application_set")[0]["compared"]["changes"].clone();
    let told = |change: &Value| format!("{} {}", change["action"], change["application"]["name"]);
    let told: Vec<String> = changes.as_array().unwrap().iter().map(told).collect();
    let expected = [
        r#""delete" "production-order-service""#,
        r#""update" "production-user-service""#,
        r#""create" "staging-order-service""#,
    ];
    assert_eq!(told, expected);
    // A set that is gone takes its Applications with it, whatever its policy was.
    git(ws.path(), &["add", "-A"]);
    git(ws.path(), &["commit", "-q", "-m", "second"]);
    git(ws.path(), &["rm", "-q", APPS]);
    let gone = ws.idp(&["render", APPS, "--against", "HEAD"]);
    assert!(ends(&gone, 0).stdout.contains("4 Applications vanish\n"), "{gone}");
    assert_eq!(gone.stdout.matches("goes, and what it deployed with it").count(), 4);
    let unknown = ws.idp(&["render", APPS, "--against", "nope"]);
    assert!(ends(&unknown, 2).stderr.starts_with("idp::render::revision"), "{unknown}");
}

#[test]
fn another_revision_than_the_one_that_is_worked_on_is_read_from_the_clone() {
    let ws = clone("overlays", "https://git.example/acme/gitops-repo.git");
    git(ws.path(), &["tag", "v1"]);
    ws.write(APPS, &ws.read(APPS).replace("revision: main", "revision: v1"));
    ws.write("apps/overlays/staging/order-service/kustomization.yaml", "resources: []\n");
    assert!(ends(&ws.idp(&["render", APPS]), 0).stdout.contains("gives 4 Applications"));
    ws.write(APPS, &ws.read(APPS).replace("revision: v1", "revision: v2"));
    let said = ws.idp(&["render", APPS]);
    assert!(ends(&said, 1).stdout.contains("what v2 is: the clone in"), "{said}");
}

/// Generators that ask three worlds outside.
const ASKING: &str = "apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: previews, namespace: argocd }
spec:
  goTemplate: true
  goTemplateOptions: [missingkey=error]
  generators:
    - matrix:
        generators:
          - clusters: { selector: { matchLabels: { env: dev } } }
          - pullRequest: { github: { owner: acme, repo: api }, filters: [{ branchMatch: \"fix-.*\" }] }
  template:
    metadata: { name: 'api-{{ .name }}-{{ .number }}' }
    spec:
      project: previews
      source: { repoURL: https://git.example/acme/api.git, path: k8s, targetRevision: '{{ .head_sha }}' }
      destination: { server: '{{ .server }}', namespace: 'api-{{ .number }}' }
";

#[test]
fn what_nobody_knows_offline_is_given_by_options() {
    let ws = Workspace::empty();
    ws.write("set.yaml", ASKING);
    let bare = ws.idp(&["render", "set.yaml"]);
    assert!(ends(&bare, 1).stdout.contains("the clusters that Argo CD knows\n  --clusters FILE gives them"), "{bare}");
    ws.write("clusters.yaml", "- { name: one, server: https://one, labels: { env: dev } }\n- { name: two, server: https://two, labels: { env: prod } }\n");
    let half = ws.idp(&["render", "set.yaml", "--clusters", "clusters.yaml", "--output", "json"]);
    assert_eq!(
        ends(&half, 1).of_type("application_set")[0]["missing"][0]["what"],
        "the open pull requests of acme/api"
    );
    assert_eq!(half.summary(), "create 0 update 0 delete 0 unchanged 0 failed");
    ws.write(
        "fixture.yaml",
        "prs:\n  - { number: 7, branch: fix-it, headSHA: abc123 }\n  - { number: 8, branch: wip, headSHA: def }\n  - { number: 9, branch: fix-too, headSHA: ghi, repository: acme/web }\nprojects: [previews]\n",
    );
    let whole =
        ws.idp(&["render", "-", "--clusters", "clusters.yaml", "--fixture", "fixture.yaml", "--output", "json"]);
    assert_eq!(whole.code, 2, "standard input is empty: {whole}");
    let whole = ws.idp(&["render", "set.yaml", "--clusters", "clusters.yaml", "--fixture", "fixture.yaml"]);
    insta::assert_snapshot!(ends(&whole, 0).stdout, @r"
    ApplicationSet previews (set.yaml:1:1) gives 1 Application
    NAME       PROJECT   REPOSITORY            PATH  REVISION  DESTINATION
    api-one-7  previews  git.example/acme/api  k8s   abc123    https://one api-7
    ");
    ws.write("fixture.yaml", "prs:\n  - { number: 7, branch: fix-it, headSHA: abc123 }\nprojects: [other]\n");
    let refused = ws.idp(&["render", "set.yaml", "--clusters", "clusters.yaml", "--fixture", "fixture.yaml"]);
    insta::assert_snapshot!(ends(&refused, 3).stdout, @r"
    ApplicationSet previews (set.yaml:1:1) gives 0 Applications
    error set.yaml:8:7 spec.generators[0].matrix: application references project previews which does not exist
      the controller leaves the Application out
    ");
}

#[test]
fn wrong_input_is_refused_with_its_place() {
    let ws = Workspace::empty();
    let set = |spec: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{ name: a, namespace: argocd }}\nspec:\n{spec}"
        )
    };
    let template = "  template:\n    metadata: { name: a }\n    spec: { project: p, source: { repoURL: u }, destination: { server: s } }\n";
    ws.write("set.yaml", &set(&format!("  generators:\n    - list: {{ elements: [] }}\n{template}")));
    ws.write(
        "unknown.yaml",
        &set(&format!(
            "  generators:\n    - git:\n        repoURL: u\n        revision: main\n        directoriez: []\n{template}"
        )),
    );
    ws.write("untemplated.yaml", &set("  generators: []\n"));
    ws.write("broken.yaml", "kind: [\n");
    ws.write("other.yaml", "kind: ConfigMap\napiVersion: v1\n");
    ws.write("fixture.yaml", "pulls: []\n");
    ws.write("noclusters.yaml", "a: 1\n");
    let mut told = String::new();
    for args in [
        &["nope.yaml"][..],
        &["nowhere:a.yaml"],
        &["other.yaml"],
        &["broken.yaml"],
        &["unknown.yaml"],
        &["untemplated.yaml"],
        &["set.yaml", "--fixture", "fixture.yaml"],
        &["set.yaml", "--clusters", "noclusters.yaml"],
        &["set.yaml", "--repo", "https://x/y=nope"],
        &["set.yaml", "--against", "HEAD"],
        &["set.yaml", "--against", "HEAD", "--output", "yaml"],
    ] {
        let said = ws.idp(&[&["render"], args].concat());
        told.push_str(&format!("{} {}\n", ends(&said, 2).code, refusal(&said)));
        assert_eq!(said.stdout, "");
    }
    insta::assert_snapshot!(told, @r#"
    2 idp::render::file x there is no file or folder nope.yaml help: name files, folders, REPOSITORY:PATH, or - for standard input
    2 idp::render::file x there is no repository local/nowhere help: name files, folders, or a file of the forge's as REPOSITORY:PATH
    2 idp::render::file x there is no ApplicationSet in what is named help: an ApplicationSet has the apiVersion argoproj.io/v1alpha1
    2 idp::yaml::syntax x not valid YAML: `[` that is never closed `-> broken.yaml:1:7 help: close the bracket
    2 idp::render::set x ApplicationSet a: unknown field "spec.generators[0].git.directoriez" `-> unknown.yaml:9:9 help: did you mean `directories`? only a part of ApplicationSet is built in: if the field is right, import its CRD, idp-run schemas import FILE
    2 idp::render::set x ApplicationSet a: spec.template: Required value `-> untemplated.yaml:4:1 help: an ApplicationSet needs it
    2 idp::render::fixture x unknown field `pulls` `-> fixture.yaml:1:1 help: known fields are repo_dirs, repo_files, clusters, prs, scm_repos, config_maps, resources, plugin_response, projects
    2 idp::render::clusters x noclusters.yaml holds no cluster `-> noclusters.yaml help: give Secrets with the label `argocd.argoproj.io/secret-type: cluster`, or a list: `- { name: dev, server: https://dev.example, labels: { env: dev } }`
    2 idp::render::folder x there is no folder nope help: --repo URL=DIR names the folder that stands for the repository of the URL
    2 idp::render::revision x set.yaml is in no Git repository help: --against takes a branch, a tag, a commit or HEAD~1 of the repository that the file is in
    2 idp::usage x --output yaml writes manifests, and --against shows differences help: leave one of them out; --output json has both
    "#);
    assert!(!ws.has_state());
}

#[test]
fn hostile_sets_end_in_clear_problems() {
    let ws = Workspace::empty();
    let set = |generators: &str, name: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{ name: a, namespace: argocd }}\nspec:\n  goTemplate: true\n  generators: {generators}\n  template:\n    metadata: {{ name: '{name}' }}\n    spec: {{ project: p, source: {{ repoURL: u, path: p }}, destination: {{ server: s }} }}\n"
        )
    };
    ws.write("endless.yaml", &set("[{ list: { elements: [{ a: b }] } }]", "{{ range until 100000000 }}x{{ end }}"));
    ws.write(
        "deep.yaml",
        &set(
            "[{ list: { elements: [{ a: b }] } }]",
            "{{ define \"a\" }}{{ template \"a\" }}{{ end }}{{ template \"a\" }}",
        ),
    );
    ws.write("same.yaml", &set("[{ list: { elements: [{ a: b }, { a: c }] } }]", "one"));
    ws.write(
        "many.yaml",
        &set("[{ git: { repoURL: u, revision: main, directories: [{ path: '*' }] } }]", "{{ .path.basename }}"),
    );
    let folders: String = (0..100_001).map(|at| format!("  - d{at}\n")).collect();
    ws.write("fixture.yaml", &format!("repo_dirs:\n{folders}"));
    let mut told = String::new();
    for file in ["endless.yaml", "deep.yaml", "same.yaml", "many.yaml"] {
        let said = ws.idp(&["render", file, "--fixture", "fixture.yaml"]);
        let problems = ends(&said, 3).stdout.lines().filter(|line| line.starts_with("error"));
        told.push_str(&problems.map(|line| format!("{line}\n")).collect::<String>());
    }
    insta::assert_snapshot!(told, @r#"
    error endless.yaml:7:3 spec.template: failed to execute go template {{ range until 100000000 }}x{{ end }}: template: base:1:9: executing "base" at <until 100000000>: error calling until: the template's values take more than 67108864 bytes
    error deep.yaml:7:3 spec.template: failed to execute go template {{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}: template: base:1:28: executing "a" at <{{template "a"}}>: it is nested more than 200 deep
    error same.yaml:6:18 spec.generators[0].list: ApplicationSet a contains applications with duplicate name: one
    error many.yaml:6:18 spec.generators[0].git: the generators give more than 100000 sets of parameters
    "#);
    // As many as there may be are rendered.
    let folders: String = (0..20_000).map(|at| format!("  - d{at}\n")).collect();
    ws.write("fixture.yaml", &format!("repo_dirs:\n{folders}"));
    let said = ws.idp(&["render", "many.yaml", "--fixture", "fixture.yaml"]);
    assert!(ends(&said, 0).stdout.starts_with("ApplicationSet a (many.yaml:1:1) gives 20000 Applications\n"));
}

/// What a plan says of ApplicationSets: name, then each change.
fn foreseen(said: &Said) -> String {
    let mut text = String::new();
    for set in said.of_type("application_set") {
        text.push_str(&format!("{}\n", set["name"].as_str().unwrap()));
        if let Some(stopped) = set["compared"]["stopped"].as_str() {
            text.push_str(&format!("  ! {stopped}\n"));
        }
        for change in set["compared"]["changes"].as_array().unwrap() {
            let (action, name) = (change["action"].as_str().unwrap(), change["application"]["name"].as_str().unwrap());
            text.push_str(&format!("  {action} {name}\n"));
            for field in change["fields"].as_array().into_iter().flatten() {
                text.push_str(&format!(
                    "    {}: {} -> {}\n",
                    field["path"].as_str().unwrap(),
                    field["before"],
                    field["after"]
                ));
            }
        }
    }
    text
}

#[test]
fn a_plan_shows_what_becomes_of_application_sets() {
    let ws = Workspace::acme();
    let plan = ws.idp(&[
        "create-service",
        "--params",
        "payments-api.yaml",
        "--plan",
        "--out",
        "plan.json",
        "--output",
        "json",
    ]);
    insta::assert_snapshot!(foreseen(ends(&plan, 0)), @r"
    crossplane-claims
    payments
      create gateway-api-dev
      create gateway-api-prod
      create gateway-api-staging
    rbac
      create rbac-dev-payments
      create rbac-dev-payments-api
      create rbac-prod-payments
      create rbac-prod-payments-api
      create rbac-staging-payments
      create rbac-staging-payments-api
    ");
    let saved: Value = serde_json::from_str(&ws.read("plan.json")).unwrap();
    assert_eq!(saved["application_sets"].as_array().unwrap().len(), 3);
    let again = ws.idp(&["apply", "plan.json", "--plan", "--output", "json"]);
    assert_eq!(foreseen(ends(&again, 0)), foreseen(&plan));
    let people = ws.idp(&["create-service", "--params", "payments-api.yaml", "--plan"]);
    let told = "\nApplicationSet payments (acme/platform-gitops:argocd/payments.yaml:2:1): 3 Applications appear\n  \
                + gateway-api-dev  git.acme.example/acme/payments-gitops k8s/dev/api@main -> cluster-dev payments-dev-api\n";
    assert!(ends(&people, 0).stdout.contains(told), "{people}");
    // An apply says nothing of it, and neither does a plan in which nothing is left to do.
    let applied = ws.idp(&["apply", "plan.json", "--output", "json"]);
    assert_eq!(foreseen(ends(&applied, 0)), "");
    let rest = ws.idp(&["create-service", "--params", "payments-api.yaml", "--plan", "--output", "json"]);
    assert_eq!(foreseen(ends(&rest, 0)), "");
}

#[test]
fn sets_whose_generators_see_what_a_plan_writes_are_rendered_too() {
    let ws = Workspace::acme();
    let claim = "apiVersion: platform.acme.example/v1alpha1\\nkind: PostgreSQLInstance\\nmetadata: { name: stock, namespace: orders-dev-infra }\\nspec:\\n  parameters: { storageGB: 20 }\\n";
    let write = |text: &str| {
        format!(
            "repo(\"orders-gitops\").propose(\"X\", |t| t.write(\"crossplane/claims/dev/postgresql-stock.yaml\", \"{text}\"), #{{ branch: \"x\" }});"
        )
    };
    let plan = ws.plan(&write(claim));
    insta::assert_snapshot!(foreseen(ends(&plan, 0)), @r"
    crossplane-claims
      create claim-orders-dev-postgresql-stock
    ");
    // A pull request that is open and changes again counts with all that it has.
    ends(&ws.script(&write(claim)), 0);
    let more = write(claim).replace("\"), #", "\").remove(\"crossplane/claims/prod/postgresql-checkout.yaml\"), #");
    let plan = ws.plan(&more);
    insta::assert_snapshot!(foreseen(ends(&plan, 0)), @r"
    crossplane-claims
      create claim-orders-dev-postgresql-stock
      delete claim-orders-prod-postgresql-checkout
    ");
    // What no generator looks at is no news.
    let plan = ws.plan("repo(\"orders-gitops\").propose(\"Y\", |t| t.write(\"notes.md\", \"x\"), #{ branch: \"y\" });");
    assert_eq!(foreseen(ends(&plan, 0)), "");
}

#[test]
fn a_plan_that_edits_a_set_shows_its_fields_and_what_would_stop_the_controller() {
    let ws = Workspace::acme();
    let edit = |replacements: &[(&str, &str)]| {
        let replaced: String = replacements.iter().map(|(from, to)| format!("s.replace({from:?}, {to:?}); ")).collect();
        let path = "argocd/orders.yaml";
        let edit = format!("let s = t.read({path:?}); {replaced}t.write({path:?}, s)");
        format!("repo(\"platform-gitops\").propose(\"X\", |t| {{ {edit} }}, #{{ branch: \"x\" }});")
    };
    let plan = ws.plan(&edit(&[
        ("targetRevision: main", "targetRevision: release"),
        ("component: orders-stock", "component: orders-store"),
    ]));
    insta::assert_snapshot!(foreseen(ends(&plan, 0)), @r#"
    orders
      update orders-checkout-dev
        spec.source.targetRevision: "main" -> "release"
      update orders-checkout-prod
        spec.source.targetRevision: "main" -> "release"
      update orders-checkout-staging
        spec.source.targetRevision: "main" -> "release"
      delete orders-stock-dev
      delete orders-stock-prod
      delete orders-stock-staging
      create orders-store-dev
      create orders-store-prod
      create orders-store-staging
    "#);
    let plan = ws.plan(&edit(&[("{{ .component }}-", "{{ .componnet }}-")]));
    insta::assert_snapshot!(foreseen(ends(&plan, 0)), @r"
    orders
      ! the controller changes no Application of a set that is wrong
    ");
    let problem = &plan.of_type("application_set")[0]["problems"][0];
    assert_eq!(problem["effect"], "stops");
    assert_eq!(problem["place"]["file"], "acme/platform-gitops:argocd/orders.yaml");
    // A set that goes.
    let plan =
        ws.plan("repo(\"platform-gitops\").propose(\"X\", |t| t.remove(\"argocd/rbac.yaml\"), #{ branch: \"x\" });");
    assert_eq!(foreseen(ends(&plan, 0)).matches("  delete rbac-").count(), 9, "{plan}");
}
