//! The golden path `create-resource` on the example organisation: the claim, its entry in the catalog, the connection
//! of a service, and what it refuses.

use idp_run::formats::yaml;
use serde_json::Value;

use crate::support::terminal::Terminal;
use crate::workspace::{Said, Workspace};

const BRANCH: &str = "create-resource-dev-shelf-orders-postgresql";
const SHELF: [&str; 5] = ["project=orders", "env=dev", "type=postgresql", "name=shelf", "service=stock"];

fn create(ws: &Workspace, words: &[&str]) -> Said {
    ws.idp(&[&["create-resource", "--output", "json"][..], words].concat())
}

fn act(ws: &Workspace, args: &[&str]) {
    let said = ws.idp(args);
    assert_eq!(said.code, 0, "{said}");
}

fn merge(ws: &Workspace, repo: &str, number: &str) {
    act(ws, &["pr", "approve", repo, number, "--as", "alice"]);
    act(ws, &["pr", "merge", repo, number, "--as", "alice"]);
}

fn object(text: &str) -> Value {
    yaml::parse("file", text).unwrap().remove(0).value
}

#[test]
fn plan_and_apply_are_the_same_and_a_second_run_changes_nothing() {
    let ws = Workspace::acme();
    let plan = create(&ws, &[&SHELF[..], &["--plan"]].concat());
    plan.ends(0, "create 1 update 0 delete 0 unchanged 0 planned");
    assert!(!ws.has_state());
    let apply = create(&ws, &SHELF);
    apply.ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
    assert_eq!(plan.changes(), apply.changes());
    let files = |said: &Said| said.of_type("change")[0]["diff"]["files"].clone();
    assert_eq!(files(&plan), files(&apply), "the files that were planned are those that were made");
    create(&ws, &[&SHELF[..], &["--plan"]].concat()).ends(0, "create 0 update 0 delete 0 unchanged 1 planned");
    create(&ws, &SHELF).ends(0, "create 0 update 0 delete 0 unchanged 1 applied");
    ws.forget_journal();
    create(&ws, &SHELF).ends(0, "create 0 update 0 delete 0 unchanged 1 applied");
    merge(&ws, "orders-gitops", "1");
    create(&ws, &SHELF).ends(0, "create 0 update 0 delete 0 unchanged 1 applied");
    ws.git("orders-gitops", &["fsck", "--full", "--strict"]);
}

#[test]
fn the_claim_and_its_entry_in_the_catalog() {
    let ws = Workspace::acme();
    create(&ws, &SHELF).ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
    insta::assert_snapshot!(ws.file("orders-gitops", BRANCH, "crossplane/claims/dev/postgresql-shelf.yaml").unwrap(), @r"
    apiVersion: platform.acme.example/v1alpha1
    kind: PostgreSQLInstance
    metadata:
      name: shelf
      namespace: orders-dev-infra
      labels:
        app.kubernetes.io/name: shelf
        app.kubernetes.io/part-of: orders
        backstage.io/kubernetes-id: aws-orders-dev-postgresql-shelf
    spec:
      parameters:
        storageGB: 20
        instanceClass: db.t4g.medium
        multiAZ: false
        backupRetentionDays: 1
      writeConnectionSecretToRef:
        name: shelf-connection
    ");
    insta::assert_snapshot!(ws.file("orders-gitops", BRANCH, "catalog/aws-orders-dev-postgresql-shelf.yaml").unwrap(), @r"
    apiVersion: backstage.io/v1alpha1
    kind: Resource
    metadata:
      name: aws-orders-dev-postgresql-shelf
      description: PostgreSQL database shelf of orders in dev
      annotations:
        backstage.io/kubernetes-id: aws-orders-dev-postgresql-shelf
      tags:
      - postgresql
      - dev
      links:
      - title: Claim
        url: https://git.acme.example/acme/orders-gitops/blob/main/crossplane/claims/dev/postgresql-shelf.yaml
      - title: GitOps repository
        url: https://git.acme.example/acme/orders-gitops
    spec:
      type: postgresql
      owner: group:team-orders
      system: orders
      dependencyOf:
      - component:orders-stock
    ");
}

#[test]
fn the_service_gets_the_connection_and_people_keep_every_line() {
    let ws = Workspace::acme();
    create(&ws, &SHELF).ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
    let folder = "k8s/dev/stock";
    for file in ["deployment.yaml", "kustomization.yaml", "networkpolicy.yaml"] {
        let path = format!("{folder}/{file}");
        let before = ws.file("orders-gitops", "main", &path).unwrap();
        let after = ws.file("orders-gitops", BRANCH, &path).unwrap();
        let mut rest = after.lines();
        for line in before.lines() {
            assert!(rest.any(|there| there == line), "{path} lost `{line}`:\n{after}");
        }
        assert!(after.lines().count() > before.lines().count(), "{path}");
    }
    let secret =
        object(&ws.file("orders-gitops", BRANCH, &format!("{folder}/externalsecret-shelf-connection.yaml")).unwrap());
    assert_eq!(secret["metadata"]["namespace"], "orders-dev-stock");
    assert_eq!(secret["spec"]["secretStoreRef"]["kind"], "ClusterSecretStore");
    let read: Vec<String> = secret["spec"]["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            format!("{} {} {}", entry["secretKey"], entry["remoteRef"]["key"], entry["remoteRef"]["property"])
                .replace('"', "")
        })
        .collect();
    let key = "orders-dev-infra/shelf";
    let wanted = ["host", "password", "port", "username"].map(|name| format!("{name} {key} {name}"));
    assert_eq!(read, wanted);
    let deployment = object(&ws.file("orders-gitops", BRANCH, &format!("{folder}/deployment.yaml")).unwrap());
    let env = deployment["spec"]["template"]["spec"]["containers"][0]["env"].as_array().unwrap();
    let wired: Vec<&str> = env
        .iter()
        .filter(|entry| entry["valueFrom"]["secretKeyRef"]["name"] == "shelf-connection")
        .map(|entry| entry["name"].as_str().unwrap())
        .collect();
    assert_eq!(wired, ["DATABASE_HOST", "DATABASE_PASSWORD", "DATABASE_PORT", "DATABASE_USERNAME"]);
    let policy = object(&ws.file("orders-gitops", BRANCH, &format!("{folder}/networkpolicy.yaml")).unwrap());
    assert_eq!(policy["spec"]["egress"].as_array().unwrap().last().unwrap()["ports"][0]["port"], 5432);
    let kustomization = object(&ws.file("orders-gitops", BRANCH, &format!("{folder}/kustomization.yaml")).unwrap());
    assert!(kustomization["resources"].as_array().unwrap().contains(&"externalsecret-shelf-connection.yaml".into()));
}

#[test]
fn buckets_and_queues() {
    let ws = Workspace::acme();
    let words = ["project=orders", "env=prod", "type=s3", "name=pictures", "service=checkout", "expireAfterDays=30"];
    create(&ws, &words).ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
    let branch = "create-resource-prod-pictures-orders-s3";
    let claim = object(&ws.file("orders-gitops", branch, "crossplane/claims/prod/s3-pictures.yaml").unwrap());
    assert_eq!(claim["kind"], "S3Bucket");
    assert_eq!(claim["metadata"]["namespace"], "orders-prod-infra");
    assert_eq!(claim["spec"]["parameters"], serde_json::json!({ "expireAfterDays": 30 }));
    let deployment = ws.file("orders-gitops", branch, "k8s/prod/checkout/deployment.yaml").unwrap();
    for variable in ["BUCKET_NAME", "BUCKET_REGION", "BUCKET_ACCESS_KEY_ID", "BUCKET_SECRET_ACCESS_KEY"] {
        assert!(deployment.contains(&format!("- name: {variable}\n")), "{deployment}");
    }
    let words = ["project=orders", "env=dev", "type=sqs", "name=parcels", "owner=team-orders"];
    create(&ws, &words).ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
    let claim =
        ws.file("orders-gitops", "create-resource-dev-parcels-orders-sqs", "crossplane/claims/dev/sqs-parcels.yaml");
    assert_eq!(object(&claim.unwrap())["kind"], "SQSQueue");
}

/// A generator of directories sees no files: each type has a folder then.
#[test]
fn folders_for_each_type_where_argo_cd_looks_for_folders() {
    let ws = Workspace::acme();
    let path = "seeds/platform-gitops/argocd/crossplane-claims.yaml";
    let flat = ws.read(path);
    let folders = flat
        .replace(
            "files:\n                - path: crossplane/claims/*/*.yaml",
            "directories:\n                - path: crossplane/claims/*/*",
        )
        .replace("{{ trimSuffix \".yaml\" .path.filename }}", "{{ index .path.segments 2 }}");
    assert_ne!(flat, folders);
    ws.write(path, &folders);
    create(&ws, &SHELF).ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
    let claim = "crossplane/claims/dev/postgresql/shelf.yaml";
    assert_eq!(object(&ws.file("orders-gitops", BRANCH, claim).unwrap())["metadata"]["name"], "shelf");
    let entry = ws.file("orders-gitops", BRANCH, "catalog/aws-orders-dev-postgresql-shelf.yaml").unwrap();
    assert!(entry.contains(&format!("blob/main/{claim}")), "{entry}");
    create(&ws, &SHELF).ends(0, "create 0 update 0 delete 0 unchanged 1 applied");
    // What people keep flat is still seen.
    let said = create(&ws, &["project=orders", "env=dev", "type=postgresql", "name=checkout", "owner=team-orders"]);
    said.fails(2, "idp::param::refused");
    assert!(said.stdout.contains("PostgreSQLInstance in crossplane/claims/dev/postgresql-checkout.yaml"), "{said}");
}

#[test]
fn a_service_with_a_database_gets_the_one_it_waits_for() {
    let ws = Workspace::acme();
    act(&ws, &["create-service", "--params", "payments-api.yaml", "database=true"]);
    merge(&ws, "platform-gitops", "1");
    merge(&ws, "payments-gitops", "1");
    let words = ["project=payments", "env=dev", "type=postgresql", "name=api", "service=api"];
    let said = create(&ws, &words);
    said.ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
    let files = said.of_type("change")[0]["diff"]["files"].clone();
    let paths: Vec<&str> = files.as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap()).collect();
    // Its manifests read the connection of a claim named like the service already: they stay as they are.
    assert_eq!(paths, ["catalog/aws-payments-dev-postgresql-api.yaml", "crossplane/claims/dev/postgresql-api.yaml"]);
    let secret = ws.file("payments-gitops", "main", "k8s/dev/api/externalsecret.yaml").unwrap();
    assert!(secret.contains("key: payments-dev-infra/api\n"), "{secret}");
    let entry = ws.file("payments-gitops", "create-resource-dev-api-payments-postgresql", paths[0]).unwrap();
    assert!(entry.contains("system: gateway\n") && entry.contains("owner: group:team-payments\n"), "{entry}");
}

#[test]
fn another_size_updates_the_open_pull_request() {
    let ws = Workspace::acme();
    create(&ws, &SHELF).ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
    let larger = [&SHELF[..], &["storageGB=100"]].concat();
    create(&ws, &larger).ends(0, "create 0 update 1 delete 0 unchanged 0 applied");
    create(&ws, &larger).ends(0, "create 0 update 0 delete 0 unchanged 1 applied");
    let claim = ws.file("orders-gitops", BRANCH, "crossplane/claims/dev/postgresql-shelf.yaml").unwrap();
    assert!(claim.contains("storageGB: 100\n"), "{claim}");
}

#[test]
fn two_for_one_service_are_merged_one_after_the_other() {
    let ws = Workspace::acme();
    let parcels = ["project=orders", "env=dev", "type=sqs", "name=parcels", "service=stock"];
    create(&ws, &SHELF).ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
    create(&ws, &parcels).ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
    merge(&ws, "orders-gitops", "1");
    // Both add to the same lists: the second is redone on what was merged.
    create(&ws, &parcels).ends(0, "create 0 update 1 delete 0 unchanged 0 applied");
    merge(&ws, "orders-gitops", "2");
    let kustomization = ws.file("orders-gitops", "main", "k8s/dev/stock/kustomization.yaml").unwrap();
    for name in ["shelf", "sqs-parcels"] {
        assert_eq!(kustomization.matches(&format!("- externalsecret-{name}-connection.yaml\n")).count(), 1);
    }
}

/// The revert is a pull request: until it is merged, the claim is on the main branch, and this run's own.
#[test]
fn what_was_undone_is_made_again_once_its_revert_is_merged() {
    let ws = Workspace::acme();
    create(&ws, &SHELF).ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
    merge(&ws, "orders-gitops", "1");
    act(&ws, &["runs", "undo", "create-resource"]);
    let said = create(&ws, &SHELF);
    said.ends(0, "create 0 update 0 delete 0 unchanged 1 applied");
    let next = said.of_type("output").into_iter().find(|output| output["name"] == "Next").unwrap();
    assert!(next["value"].as_str().unwrap().contains("if a pull request reverts it"), "{said}");
    merge(&ws, "orders-gitops", "2");
    create(&ws, &SHELF).ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
}

/// An update that renames a claim would have Argo CD prune the resource with all that it holds.
#[test]
fn a_claim_keeps_the_name_under_which_it_was_made() {
    let ws = Workspace::acme();
    let own = "scripts/golden-paths/create-resource.rhai";
    act(&ws, &["eject", "create-resource"]);
    let text = ws.read(own);
    let (by_type, label) = ("wish.name_for(p.name))", "\"app.kubernetes.io/part-of\": at.key.project");
    assert!(text.contains(by_type) && text.contains(label), "the way names were made before is put in its place");
    ws.write(own, &text.replace(by_type, "p.name)").replace(label, "\"app.kubernetes.io/part-of\": \"other\""));
    let words = ["project=orders", "env=dev", "type=s3", "name=pictures", "service=stock"];
    create(&ws, &words).ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
    merge(&ws, "orders-gitops", "1");
    std::fs::remove_file(ws.path().join(own)).unwrap();
    create(&ws, &words).ends(0, "create 0 update 0 delete 0 unchanged 1 applied");
    create(&ws, &[&words[..], &["--update", "expireAfterDays=9"]].concat())
        .ends(0, "create 1 update 0 delete 0 unchanged 1 applied");
    let heads = ws.git("orders-gitops", &["for-each-ref", "--format=%(refname:short)", "refs/heads/idp-run"]);
    assert_eq!(
        ws.git("orders-gitops", &["diff", "--name-only", "main", &heads]),
        "crossplane/claims/dev/s3-pictures.yaml"
    );
    let claim = object(&ws.file("orders-gitops", &heads, "crossplane/claims/dev/s3-pictures.yaml").unwrap());
    assert_eq!(claim["metadata"]["name"], "pictures");
    assert_eq!(claim["metadata"]["labels"]["app.kubernetes.io/part-of"], "orders");
    assert_eq!(claim["spec"]["parameters"]["expireAfterDays"], Value::Null, "fields are changed by update-resource");
}

/// Neither sees the other before it is merged.
#[test]
fn two_alike_but_for_the_type_have_connections_of_their_own() {
    let ws = Workspace::acme();
    for kind in ["s3", "sqs"] {
        let kind = format!("type={kind}");
        create(&ws, &["project=orders", "env=dev", &kind, "name=x", "owner=team-orders"])
            .ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
    }
    merge(&ws, "orders-gitops", "1");
    merge(&ws, "orders-gitops", "2");
    let secret = |kind: &str| {
        let claim = ws.file("orders-gitops", "main", &format!("crossplane/claims/dev/{kind}-x.yaml")).unwrap();
        object(&claim)["spec"]["writeConnectionSecretToRef"]["name"].clone()
    };
    assert_eq!((secret("s3"), secret("sqs")), ("s3-x-connection".into(), "sqs-x-connection".into()));
}

#[test]
fn what_is_taken_is_refused_and_nothing_is_made() {
    let ws = Workspace::acme();
    for (words, text) in [
        (
            &["type=postgresql", "name=checkout", "owner=team-orders"][..],
            "the claim checkout of dev exists already: PostgreSQLInstance",
        ),
        (&["type=postgresql", "name=second", "service=checkout"], "deployment.yaml sets DATABASE_HOST already"),
        (
            &["type=postgresql", "name=x", "owner=a", "service=nope"],
            "there is no such service in dev: k8s/dev/nope is missing",
        ),
        (&["type=postgresql", "name=x", "service=nope"], "there is no such service in dev: k8s/dev/nope is missing"),
    ] {
        let said = create(&ws, &[&["project=orders", "env=dev", "--plan"][..], words].concat());
        said.fails(2, "idp::param::refused");
        let refused = said.of_type("diagnostic").pop().unwrap();
        assert!(refused["message"].as_str().unwrap().contains(text), "{words:?}: {text}: {said}");
        assert_eq!(refused["frames"], serde_json::json!([]), "{said}");
        assert!(!ws.has_state());
    }
    // A prefix of its own lets a service have two.
    let words = ["type=postgresql", "name=second", "service=checkout", "prefix=SECOND"];
    let said = create(&ws, &[&["project=orders", "env=dev", "--plan"][..], &words].concat());
    said.ends(0, "create 1 update 0 delete 0 unchanged 0 planned");
}

#[test]
fn wrong_parameters_are_named_and_nothing_is_made() {
    let ws = Workspace::acme();
    for (words, code, text) in [
        (
            &["env=qa", "type=s3", "name=x", "owner=team-orders"][..],
            "idp::param::refused",
            "the parameter `env` can't be `qa`",
        ),
        (&["env=dev", "type=rds", "name=x", "owner=team-orders"], "idp::param::refused", "PostgreSQLInstance"),
        (
            &["env=dev", "type=s3", "name=x", "owner=team-orders", "multiAZ=true"],
            "idp::param::unknown",
            "create-resource has no parameter `multiAZ`",
        ),
        (
            &["env=dev", "type=sqs", "name=x", "owner=team-orders", "retentionDays=100"],
            "idp::param::range",
            "retentionDays",
        ),
        (
            &["env=dev", "type=s3", "name=y", "owner=team-orders"],
            "idp::param::pattern",
            "`name` can't be `y`: YAML reads it",
        ),
        (&["env=dev", "type=s3", "name=x", "owner=team-orders", "prefix=A"], "idp::param::check", "service=NAME"),
        (&["env=dev", "type=s3", "name=X", "owner=team-orders"], "idp::param::pattern", "`name`"),
        (
            &["env=dev", "type=postgresql", "name=x", "owner=team-orders", "storage=5"],
            "idp::param::unknown",
            "storageGB",
        ),
    ] {
        let said = create(&ws, &[&["project=orders"][..], words].concat());
        said.fails(2, code);
        assert!(said.stderr.contains(text), "{words:?}: {said}");
        assert!(!ws.has_state());
    }
}

/// What the platform's definitions allow is known once the world is looked at, and before anything is made of it.
#[test]
fn values_that_the_platform_does_not_take_point_at_the_parameter() {
    let ws = Workspace::acme();
    for (given, code, text) in [
        ("storageGB=5", "idp::param::range", "the parameter `storageGB` is 5, and must lie between 20 and 1000"),
        ("storageGB=5000", "idp::param::range", "the parameter `storageGB` is 5000, and must lie between 20 and 1000"),
        ("instanceClass=huge", "idp::param::choice", "the parameter `instanceClass` can't be `huge`"),
    ] {
        let words = ["--plan", "project=orders", "env=dev", "type=postgresql", "name=x", "owner=team-orders", given];
        let said = create(&ws, &words);
        said.fails(2, code);
        let refused = said.of_type("diagnostic").pop().unwrap();
        assert!(refused["message"].as_str().unwrap().starts_with(text), "{said}");
        assert_eq!(refused["frames"], serde_json::json!([]), "{said}");
        create(&ws, &words[1..]).fails(2, code);
        assert!(!ws.has_state());
    }
}

#[test]
fn a_project_or_a_kind_that_is_not_there_is_named() {
    let ws = Workspace::acme();
    let said = create(&ws, &["project=payments", "env=dev", "type=s3", "name=x", "owner=team-payments"]);
    said.fails(2, "idp::param::refused");
    assert!(said.stderr.contains("idp-run create-service project=payments"), "{said}");
    let ws = Workspace::acme();
    std::fs::remove_dir_all(ws.path().join("seeds/platform-gitops/crossplane/sqs")).unwrap();
    let said = create(&ws, &["project=orders", "env=dev", "type=sqs", "name=x", "owner=team-orders"]);
    said.fails(2, "idp::param::refused");
    assert!(said.stderr.contains("the parameter `type` can't be `sqs`"), "{said}");
    assert!(said.stderr.contains("MongoDB, PostgreSQLInstance, S3Bucket"), "{said}");
}

/// What is asked for at a terminal, in the order of what people know: the thing, who needs it, whose it is, its fields. What the
/// catalog or the definition tell is the answer of those who press Enter.
#[test]
fn who_is_asked_sees_the_team_the_defaults_and_the_bounds() {
    let ws = Workspace::acme();
    let mut terminal = Terminal::start(ws.command(&["create-resource", "--plan"]));
    for (question, answer) in [
        ("Business domain, first segment of the key (project)", "order\r"),
        ("the parameter `project` can't be `order`: the repository acme/order-gitops doesn't exist", "platform\r"),
        ("the parameter `project` can't be `platform`: that is the platform team's own", "orders\r"),
        ("Environment in which it is needed (env)", "de\r"),
        ("the parameter `env` can't be `de`: idp.yaml has no such environment; did you mean `dev`?", "dev\r"),
        ("What it is: a kind that the platform offers, such as postgresql, s3 or MongoDB (type)", "postgresq\r"),
        ("the parameter `type` can't be `postgresq`", "postgresql\r"),
        ("Its name, unique in the environment (name)", "n\r"),
        ("the parameter `name` can't be `n`: YAML reads it as another thing than a text", "\u{7f}shelf\r"),
        ("Service that gets the connection (service)", "stok\r"),
        ("the parameter `service` can't be `stok`: there is no such service in dev", "\r"),
        ("Owning team (owner) [team-orders]", "team-order\r"),
        (
            "the parameter `owner` can't be `team-order`: the catalog has no such Group; did you mean `team-orders`?",
            "\r",
        ),
        ("(storageGB, 20 to 1000) [20]", "5\r"),
        ("the parameter `storageGB` is 5, and must lie between 20 and 1000", "\u{7f}40\r"),
        ("(instanceClass)", "\r"),
        ("(multiAZ) [y/N]", "\r"),
    ] {
        terminal.shows(question);
        terminal.types(answer);
    }
    let said = terminal.ends();
    assert!(said.status.success(), "{said}");
    assert!(
        said.stdout.contains("    storageGB: 40\n") && said.stdout.contains("  owner: group:team-orders\n"),
        "{said}"
    );
    assert!(!said.stdout.contains("(system"), "{said}");
}

/// A service tells the team; without one, and where several teams own the system, the team has to be named.
#[test]
fn who_names_a_service_is_not_asked_for_the_team() {
    let ws = Workspace::acme();
    let words = ["create-resource", "--plan", "project=orders", "env=dev", "type=sqs"];
    let mut terminal = Terminal::start(ws.command(&words));
    terminal.shows("(name)");
    terminal.types("parcels\r");
    terminal.shows("(service)");
    terminal.types("stock\r");
    terminal.shows("(retentionDays, 1 to 14)");
    terminal.types("\r");
    let said = terminal.ends();
    assert!(said.status.success() && !said.stdout.contains("(owner)"), "{said}");
    assert!(said.stdout.contains("owner: group:team-orders"), "{said}");
    let card = "seeds/orders-stock/catalog-info.yaml";
    let text = std::fs::read_to_string(ws.path().join(card)).unwrap();
    ws.write(card, &text.replace("owner: group:team-orders", "owner: group:team-payments"));
    let mut terminal = Terminal::start(ws.command(&words));
    terminal.shows("(name)");
    terminal.types("parcels\r");
    terminal.shows("(service)");
    terminal.types("\r");
    terminal.shows("Owning team (owner): ");
    terminal.types("team-payments\r");
    terminal.shows("(retentionDays, 1 to 14)");
    terminal.types("\r");
    let said = terminal.ends();
    assert!(said.status.success() && said.stdout.contains("owner: group:team-payments"), "{said}");
}

/// Who gives all that has to be given is offered the rest once, and Enter leaves it; what is wrong is told before any question.
#[test]
fn what_need_not_be_given_is_offered_once() {
    let ws = Workspace::acme();
    let words = ["create-resource", "--plan", "project=orders", "env=dev", "type=postgresql", "name=shelf"];
    let with = |more: &[&'static str]| Terminal::start(ws.command(&[&words[..], more].concat()));
    let offer = "Go through owner, storageGB, instanceClass, multiAZ?";
    let mut terminal = with(&["service=stock"]);
    terminal.shows("Go through storageGB, instanceClass, multiAZ? What isn't asked has its default [y/N]");
    terminal.types("maybe\r");
    terminal.shows("answer y or n");
    terminal.types("\u{8}\u{8}\u{8}\u{8}\u{8}\r");
    let said = terminal.ends();
    assert!(said.status.success() && said.stdout.contains("storageGB: 20"), "{said}");
    let mut terminal = with(&[]);
    terminal.shows(offer);
    terminal.types("y\r");
    for (question, answer) in
        [("(owner)", "\r"), ("(storageGB, 20 to 1000)", "30\r"), ("(instanceClass)", "\r"), ("(multiAZ)", "\r")]
    {
        terminal.shows(question);
        terminal.types(answer);
    }
    let said = terminal.ends();
    assert!(said.status.success() && said.stdout.contains("storageGB: 30"), "{said}");
    let yes: Vec<&str> =
        words.iter().copied().filter(|word| *word != "--plan").chain(["service=stock", "--yes"]).collect();
    let given = [&words[..], &["service=stock", "storageGB=30"]].concat();
    // One after the other: a plan whose world moves meanwhile says so.
    for words in [&given, &yes] {
        let said = Terminal::start(ws.command(words)).ends();
        assert!(said.status.success() && !said.stdout.contains("Go through"), "{said}");
    }
    // What is there stays as it is where nobody says.
    let update = ["update-resource", "--plan", "project=orders", "env=prod", "type=postgresql", "name=checkout"];
    let mut terminal = Terminal::start(ws.command(&update));
    terminal.shows("What isn't asked stays as it is [y/N]");
    terminal.types("no\r");
    assert!(terminal.ends().status.success());
    let said = Terminal::start(ws.command(&["create-resource", "--plan", "project=orders", "env=prd"])).ends();
    assert!(!said.stdout.contains("(name)") && said.stdout.contains("idp.yaml has no such environment"), "{said}");
}
