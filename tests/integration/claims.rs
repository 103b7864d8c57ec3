//! The life of claims on the example organisation: asked for, refused, delivered, changed, given up.

use idp_run::formats::yaml;
use serde_json::Value;

use crate::workspace::{Said, Workspace};

const KINDS: [(&str, &[&str]); 5] = [
    ("postgresql", &["storageGB=30"]),
    ("s3", &["expireAfterDays=30"]),
    ("sqs", &[]),
    ("db", &["engine=postgres", "version=16", "provider=gcp"]),
    ("mongodb", &["storageGB=20"]),
];

fn run(ws: &Workspace, path: &str, words: &[&str]) -> Said {
    ws.idp(&[&[path, "--output", "json", "project=orders"][..], words].concat())
}

fn made(ws: &Workspace, path: &str, words: &[&str]) -> Said {
    let said = run(ws, path, words);
    said.ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
    said
}

fn merge(ws: &Workspace, number: usize) {
    let number = number.to_string();
    for act in ["approve", "merge"] {
        let said = ws.idp(&["pr", act, "orders-gitops", &number, "--as", "alice"]);
        assert_eq!(said.code, 0, "{said}");
    }
}

fn claim(ws: &Workspace, file: &str) -> Value {
    yaml::parse(file, &ws.file("orders-gitops", "main", file).unwrap()).unwrap().remove(0).value
}

#[test]
fn every_kind_is_asked_for_changed_and_given_up() {
    let ws = Workspace::acme();
    let same = "create 0 update 0 delete 0 unchanged 1 applied";
    let mut pulls = 0;
    for (kind, fields) in KINDS {
        let kind_of = format!("type={kind}");
        let named = ["env=dev", "name=x", &kind_of];
        let create = [&named[..], &["owner=team-orders"], fields].concat();
        made(&ws, "create-resource", &create);
        run(&ws, "create-resource", &create).ends(0, same);
        pulls += 1;
        merge(&ws, pulls);
        run(&ws, "create-resource", &create).ends(0, same);
        let file = format!("crossplane/claims/dev/{kind}-x.yaml");
        let before = claim(&ws, &file);
        let change = match kind {
            "postgresql" => ("storageGB=40", "/spec/parameters/storageGB", Value::from(40)),
            "s3" => ("expireAfterDays=7", "/spec/parameters/expireAfterDays", Value::from(7)),
            "sqs" => ("retentionDays=9", "/spec/parameters/retentionDays", Value::from(9)),
            "db" => ("size=large", "/spec/size", Value::from("large")),
            _ => ("version=8.0", "/spec/version", Value::from("8.0")),
        };
        let update = [&named[..], &[change.0]].concat();
        made(&ws, "update-resource", &update);
        run(&ws, "update-resource", &update).ends(0, same);
        pulls += 1;
        merge(&ws, pulls);
        run(&ws, "update-resource", &update).ends(0, "create 0 update 0 delete 0 unchanged 0 applied");
        let mut after = claim(&ws, &file);
        assert_eq!(after.pointer(change.1), Some(&change.2), "{kind}");
        *after.pointer_mut(change.1).unwrap() = before.pointer(change.1).unwrap().clone();
        assert_eq!(after, before, "{kind}: one field, and nothing else");
        made(&ws, "delete-resource", &named);
        run(&ws, "delete-resource", &named).ends(0, same);
        pulls += 1;
        merge(&ws, pulls);
        run(&ws, "delete-resource", &named).ends(0, same);
        assert!(ws.file("orders-gitops", "main", &file).is_none(), "{kind}");
    }
    ws.git("orders-gitops", &["fsck", "--full", "--strict"]);
}

/// The name of an instance is its own, and stays on reruns, with the journal or without.
#[test]
fn a_unique_name_stays_on_reruns() {
    let name = |ws: &Workspace| {
        let file = "crossplane/claims/dev/mongodb-carts.yaml";
        let text = ws.file("orders-gitops", "create-resource-dev-carts-orders-mongodb", file).unwrap();
        yaml::parse(file, &text).unwrap()[0].value["metadata"]["name"].as_str().unwrap().to_string()
    };
    let words = ["env=dev", "type=mongodb", "name=carts", "owner=team-orders"];
    let ws = Workspace::acme();
    made(&ws, "create-resource", &words);
    let first = name(&ws);
    assert!(first.starts_with("mongodb-carts-") && first.len() == "mongodb-carts-".len() + 5, "{first}");
    ws.forget_journal();
    run(&ws, "create-resource", &words).ends(0, "create 0 update 0 delete 0 unchanged 1 applied");
    assert_eq!(name(&ws), first);
    let elsewhere = Workspace::acme();
    made(&elsewhere, "create-resource", &words);
    assert_eq!(name(&elsewhere), first);
    let other = ["env=dev", "type=mongodb", "name=carts2", "owner=team-orders"];
    made(&ws, "create-resource", &other);
}

/// Whatever people call the kind, it is one run with one pull request, also where the journal is asked for it.
#[test]
fn a_kind_has_one_name_for_runs() {
    let ws = Workspace::acme();
    let words = |kind: &'static str| [kind, "env=dev", "name=x", "owner=team-orders", "engine=mysql"];
    made(&ws, "create-resource", &words("type=Database"));
    for kind in ["type=db", "type=databases", "type=DB"] {
        run(&ws, "create-resource", &words(kind)).ends(0, "create 0 update 0 delete 0 unchanged 1 applied");
    }
    merge(&ws, 1);
    run(&ws, "create-resource", &["type=databases", "env=dev", "name=x", "owner=team-orders", "--update"])
        .ends(0, "create 0 update 0 delete 0 unchanged 1 applied");
    made(&ws, "update-resource", &["type=Database", "env=dev", "name=x", "size=large"]);
    made(&ws, "delete-resource", &["type=databases", "env=dev", "name=x"]);
    let listed = ws.idp(&["runs", "list", "--output", "json"]).of_type("run");
    let keys: Vec<&str> = listed.iter().map(|run| run["key"].as_str().unwrap()).collect();
    assert_eq!(keys.len(), 3, "{keys:?}");
    assert!(keys.iter().all(|key| key.ends_with(" env=dev name=x project=orders type=db")), "{keys:?}");
}

/// What was merged and is asked for another way is for another script, and the warning says which, journal or not.
#[test]
fn a_change_of_what_is_there_names_the_command_for_it() {
    let ws = Workspace::acme();
    let words = ["type=db", "env=dev", "name=x", "owner=team-orders"];
    let with = |more: &[&'static str]| [&words[..], more].concat();
    made(&ws, "create-resource", &with(&["engine=mysql", "provider=gcp"]));
    merge(&ws, 1);
    let warned = |more: &[&'static str]| {
        let said = run(&ws, "create-resource", &with(more));
        assert_eq!(said.code, 0, "{said}");
        let warnings = said.of_type("diagnostic");
        warnings.iter().map(|each| each["help"].as_str().unwrap().to_string()).collect::<Vec<_>>()
    };
    assert!(warned(&[]).is_empty());
    let change = "`idp-run update-resource env=dev name=x project=orders type=db";
    let other = "another one is another resource: give it another name, move the data, and give this one up with \
                 delete-resource";
    assert_eq!(
        warned(&["provider=aws", "size=large"]),
        [format!("{change} size=large` changes it"), other.to_string()]
    );
    assert_eq!(warned(&["engine=postgres", "version=16"]), [other, other]);
    assert_eq!(warned(&["size=large", "--plan"]), [format!("{change} size=large` changes it")]);
    // What is there isn't changed by an update either, which brings what this path itself writes another way.
    assert_eq!(warned(&["engine=mysql", "provider=aws", "--update"]), [other]);
    ws.forget_journal();
    assert_eq!(warned(&["size=large"]), [format!("{change} size=large` changes it")]);
    made(&ws, "update-resource", &["type=db", "env=dev", "name=x", "size=large"]);
    merge(&ws, 2);
    assert!(warned(&["size=large"]).is_empty(), "it is as asked for by now");
}

/// An update of what a resource was made with leaves the workloads alone: two resources have their lines in one of them, and one
/// that is asked for with another service stays connected with the first.
#[test]
fn an_update_leaves_the_connections_of_services() {
    let ws = Workspace::acme();
    let shelf = ["env=dev", "type=postgresql", "name=shelf", "service=stock", "prefix=SHELF"];
    made(&ws, "create-resource", &shelf);
    merge(&ws, 1);
    made(&ws, "create-resource", &["env=dev", "type=s3", "name=pictures", "service=stock"]);
    merge(&ws, 2);
    let unchanged = "create 0 update 0 delete 0 unchanged 1 applied";
    let other = [
        "env=dev",
        "type=postgresql",
        "name=shelf",
        "service=checkout",
        "prefix=LATER",
        "description=Other",
        "--update",
    ];
    run(&ws, "create-resource", &other).ends(0, unchanged);
    // A newer version of the path, in a workspace that has its own.
    assert_eq!(ws.idp(&["eject", "create-resource"]).code, 0);
    let path = "scripts/golden-paths/create-resource.rhai";
    let text = std::fs::read_to_string(ws.path().join(path)).unwrap();
    let newer =
        text.replace("\"app.kubernetes.io/part-of\": at.key.project", "\"app.kubernetes.io/part-of\": \"other\"");
    assert_ne!(newer, text);
    ws.write(path, &newer);
    let said = run(&ws, "create-resource", &other);
    said.ends(0, "create 1 update 0 delete 0 unchanged 1 applied");
    assert_eq!(said.of_type("change")[0]["diff"]["files"].as_array().unwrap().len(), 1, "{said}");
    merge(&ws, 3);
    let claim = claim(&ws, "crossplane/claims/dev/postgresql-shelf.yaml");
    assert_eq!(claim["metadata"]["labels"]["app.kubernetes.io/part-of"], "other");
    let deployment = ws.file("orders-gitops", "main", "k8s/dev/stock/deployment.yaml").unwrap();
    assert!(deployment.contains("SHELF_HOST") && deployment.contains("BUCKET_NAME"), "{deployment}");
    run(&ws, "create-resource", &other).ends(0, unchanged);
    ws.forget_journal();
    run(&ws, "create-resource", &other).ends(0, unchanged);
}

/// Given up and made anew, twice: each has a name of its own, and reruns find theirs without the journal.
#[test]
fn what_was_given_up_is_made_anew() {
    let ws = Workspace::acme();
    let named = ["env=dev", "type=mongodb", "name=carts"];
    let create = [&named[..], &["owner=team-orders"]].concat();
    let anew = [&create[..], &["anew=true"]].concat();
    let file = "crossplane/claims/dev/mongodb-carts.yaml";
    let mut names = Vec::new();
    for turn in 0..3 {
        let words = if turn == 0 { &create } else { &anew };
        let unchanged = "create 0 update 0 delete 0 unchanged 1 applied";
        made(&ws, "create-resource", words);
        run(&ws, "create-resource", words).ends(0, unchanged);
        ws.forget_journal();
        run(&ws, "create-resource", words).ends(0, unchanged);
        merge(&ws, 2 * turn + 1);
        let done = run(&ws, "create-resource", &create);
        done.ends(0, "create 0 update 0 delete 0 unchanged 1 applied");
        assert!(done.of_type("diagnostic").is_empty(), "that it isn't asked for anew now is no news: {done}");
        names.push(claim(&ws, file)["metadata"]["name"].clone());
        made(&ws, "delete-resource", &named);
        merge(&ws, 2 * turn + 2);
        run(&ws, "delete-resource", &named).ends(0, "create 0 update 0 delete 0 unchanged 1 applied");
        let refused = run(&ws, "create-resource", &create);
        refused.fails(2, "idp::param::refused");
        assert!(refused.stderr.contains("the same command with anew=true"), "{refused}");
    }
    assert!(names[0] != names[1] && names[1] != names[2] && names[0] != names[2], "{names:?}");
    ws.git("orders-gitops", &["fsck", "--full", "--strict"]);
}

/// What was made anew with other values is what the run delivered: that the first one had others is no news, and nothing is
/// proposed to bring that one up to date.
#[test]
fn what_was_made_anew_is_what_counts() {
    let ws = Workspace::acme();
    let named = ["env=dev", "type=s3", "name=x"];
    let create = |more: &[&'static str]| [&named[..], &["owner=team-orders"], more].concat();
    made(&ws, "create-resource", &create(&["expireAfterDays=30", "description=First"]));
    merge(&ws, 1);
    made(&ws, "delete-resource", &named);
    merge(&ws, 2);
    made(&ws, "create-resource", &create(&["expireAfterDays=7", "description=Second", "anew=true"]));
    merge(&ws, 3);
    let again = run(&ws, "create-resource", &create(&["description=Second"]));
    again.ends(0, "create 0 update 0 delete 0 unchanged 1 applied");
    assert!(again.of_type("diagnostic").is_empty(), "{again}");
    let link = again.of_type("output").into_iter().find(|output| output["name"] == "Pull request").unwrap();
    assert!(link["value"].as_str().unwrap().ends_with("/pull/3"), "{again}");
    let older = ws.idp(&["runs", "list", "--outdated", "--output", "json"]).of_type("run");
    assert!(older.is_empty(), "{older:?}");
    // `anew` was a word for that attempt alone.
    let updated = run(&ws, "create-resource", &[&named[..], &["--update"]].concat());
    updated.ends(0, "create 0 update 0 delete 0 unchanged 1 applied");
    made(&ws, "delete-resource", &named);
    merge(&ws, 4);
    run(&ws, "create-resource", &[&named[..], &["--update"]].concat()).fails(2, "idp::param::refused");
}

/// A field that was taken back has what holds where nobody says: to bring the claim up to date doesn't write that into it.
#[test]
fn what_was_taken_back_is_not_filled_in_by_an_update() {
    let ws = Workspace::acme();
    let named = ["env=dev", "type=sqs", "name=parcels"];
    let create = [&named[..], &["owner=team-orders", "retentionDays=6"]].concat();
    let file = "crossplane/claims/dev/sqs-parcels.yaml";
    made(&ws, "create-resource", &create);
    merge(&ws, 1);
    made(&ws, "update-resource", &[&named[..], &["unset=retentionDays"]].concat());
    merge(&ws, 2);
    let before = claim(&ws, file);
    for more in [&["--update", "--plan"][..], &["--update"]] {
        let said = run(&ws, "create-resource", &[&create[..], more].concat());
        let how = if more.contains(&"--plan") { "planned" } else { "applied" };
        said.ends(0, &format!("create 0 update 0 delete 0 unchanged 1 {how}"));
    }
    assert_eq!(claim(&ws, file), before);
}

/// A kind that nobody prepared: a composite without claims, defined in the workspace's own folder.
#[test]
fn a_definition_of_the_workspace_is_enough() {
    let ws = Workspace::acme();
    ws.write(
        "schemas/cache.yaml",
        "apiVersion: apiextensions.crossplane.io/v2
kind: CompositeResourceDefinition
metadata: {name: caches.platform.acme.example}
spec:
  scope: Namespaced
  group: platform.acme.example
  names: {kind: Cache, plural: caches}
  versions:
  - name: v1
    served: true
    referenceable: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [memoryGB]
            properties:
              memoryGB: {type: integer, minimum: 1, maximum: 64}
              name: {type: string, default: main}
",
    );
    let words = ["env=dev", "type=cache", "name=x", "owner=team-orders", "memoryGB=4", "specName=second"];
    made(&ws, "create-resource", &words);
    let branch = "create-resource-dev-x-orders-cache";
    insta::assert_snapshot!(ws.file("orders-gitops", branch, "crossplane/claims/dev/cache-x.yaml").unwrap(), @r"
    apiVersion: platform.acme.example/v1
    kind: Cache
    metadata:
      name: cache-x
      namespace: orders-dev-infra
      labels:
        app.kubernetes.io/name: x
        app.kubernetes.io/part-of: orders
        backstage.io/kubernetes-id: cloud-orders-dev-cache-x
    spec:
      memoryGB: 4
      name: second
    ");
    let service = [&words[..], &["service=stock"]].concat();
    run(&ws, "create-resource", &service).fails(2, "idp::param::refused");
    assert!(ws.idp(&["explain", "claim"]).stdout.contains("Cache (cache): Cache\n    memoryGB, name\n"));
}

/// A definition that an API server refuses is named with its file, line and field wherever its kind is asked for, and the other
/// kinds are on offer all the same.
#[test]
fn a_definition_that_is_refused_is_named() {
    let ws = Workspace::acme();
    let definition = "apiVersion: apiextensions.crossplane.io/v2
kind: CompositeResourceDefinition
metadata: {name: caches.platform.acme.example}
spec:
  scope: Namespaced
  group: platform.acme.example
  names: {kind: Cache, plural: caches}
  versions:
  - name: v1
    served: true
    referenceable: true
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {
      memoryGB: {type: intger, minimum: 1}}}}}}
";
    ws.write("schemas/cache.yaml", definition);
    let place = "schemas/cache.yaml:13:24";
    let field = "spec.versions[0].schema.openAPIV3Schema.properties[spec].properties[memoryGB].type: Unsupported value: \"intger\"";
    let asked = run(&ws, "create-resource", &["env=dev", "type=cache", "name=xy", "owner=team-orders", "--plan"]);
    asked.fails(2, "idp::param::refused");
    let told = asked.of_type("diagnostic").remove(0);
    let message = told["message"].as_str().unwrap();
    assert!(message.starts_with("the parameter `type` can't be `cache`: ") && message.contains(place), "{asked}");
    assert!(message.contains(field), "{asked}");
    assert_eq!(told["frames"], serde_json::json!([]), "nobody wants to read our script: {asked}");
    for words in [&["form", "cache"][..], &["form", "schemas/cache.yaml"], &["explain", "cache"]] {
        let said = ws.idp(&[words, &["--output", "json"]].concat());
        said.fails(2, "idp::schema::definition");
        assert!(said.stdout.contains(place) && said.stdout.contains("Unsupported value"), "{said}");
    }
    let on_offer = ws.idp(&["explain", "claim"]);
    assert!(
        on_offer.stdout.contains("Cache (cache) can't be asked for: an API server refuses the definition in"),
        "{on_offer}"
    );
    let listed = ws.idp(&["schemas", "list"]);
    assert!(listed.code == 0 && listed.stderr.contains("an API server refuses the definition of Cache"), "{listed}");
    run(&ws, "create-resource", &["env=dev", "type=sqs", "name=xy", "owner=team-orders", "--plan"])
        .ends(0, "create 1 update 0 delete 0 unchanged 0 planned");
    // So is one of which no kind can be made.
    ws.write("schemas/cache.yaml", &definition.replace("    referenceable: true\n", "").replace("intger", "integer"));
    let said = ws.idp(&["form", "schemas/cache.yaml", "--output", "json"]);
    said.fails(2, "idp::schema::definition");
    assert!(said.stdout.contains("referenceable"), "{said}");
}

/// What people are told, a mistake a paragraph: the command, then what is wrong, where in the script if there, and the help.
fn told(ws: &Workspace, words: &[&str]) -> String {
    let said = ws.idp(&[words, &["--output", "json"]].concat());
    assert_ne!(said.code, 0, "{said}");
    let error = said.of_type("diagnostic").into_iter().rfind(|each| each["severity"] == "error").unwrap();
    let text = |name: &str| error[name].as_str().unwrap_or_default().to_string();
    let line = &error["frames"][0]["place"]["line"];
    let place = if words[0].ends_with(".rhai") { format!(" (line {line})") } else { String::new() };
    let command = words.join(" ").replace(" --plan project=orders env=dev name=x owner=team-orders", " ...");
    let help = Some(text("help")).filter(|help| !help.is_empty()).map(|help| format!("  {help}\n"));
    format!("{command}\n  {} {}{place}\n{}", said.code, text("message"), help.unwrap_or_default())
}

#[test]
fn mistakes_and_what_people_are_told() {
    let ws = Workspace::acme();
    let mut all = String::new();
    for words in [
        &["type=Databse"][..],
        &["type=postgresql", "storageGB=5"],
        &["type=postgresql", "storageGB=5000"],
        &["type=postgresql", "storageGB=many"],
        &["type=postgresql", "instanceClass=db.t4g.larg"],
        &["type=postgresql", "multiAZ=maybe"],
        &["type=postgresql", "storgeGB=50"],
        &["type=postgresql", "provider=gcp"],
        &["type=db"],
        &["type=db", "engine=postgers"],
        &["type=db", "engine=postgres", "version=fifteen"],
        &["type=db", "engine=mysql", "version=16"],
        &["type=db", "engine=postgres", "provider=azure"],
        &["type=s3", "expireAfterDays=0"],
        &["type=sqs", "retentionDays=15"],
        &["type=mongodb", "version=7"],
    ] {
        let asked = ["create-resource", "--plan", "project=orders", "env=dev", "name=x", "owner=team-orders"];
        all.push_str(&told(&ws, &[&asked[..], words].concat()));
    }
    assert!(!ws.has_state(), "nothing is made");
    for (number, script) in [
        "claim(\"PostgresInstance\");",
        "claim(\"S3Bucket\").set(\"expireAfter\", 3);",
        "claim(\"S3Bucket\").set(\"expireAfterDays\", \"3\");",
        "claim(\"PostgreSQLInstance\").set(\"instanceClass\", \"huge\");",
        "claim(\"PostgreSQLInstance\").manifest(\"x\");",
        "claim(\"SQSQueue\").manifest(\"My_Queue\");",
        "let there = manifest(#{ apiVersion: \"platform.acme.example/v1alpha1\", kind: \"SQSQueue\", metadata: #{ name: \"x\" }, spec: #{ writeConnectionSecretToRef: #{ name: \"x\", namespace: \"orders\" } } });\nclaim(\"SQSQueue\").accepts(there);",
    ]
    .into_iter()
    .enumerate()
    {
        let file = format!("mistake{number}.rhai");
        ws.write(&file, &format!("//! A mistake\n\n{script}\n"));
        all.push_str(&told(&ws, &[&file]));
    }
    run(&ws, "create-resource", &["env=dev", "name=x", "owner=team-orders", "type=mongodb", "storageGB=20"]);
    run(&ws, "create-resource", &["env=dev", "name=x", "owner=team-orders", "type=db", "engine=mysql", "size=medium"]);
    merge(&ws, 1);
    merge(&ws, 2);
    for words in [
        &["update-resource", "env=prod", "type=postgresql", "name=checkout", "storageGB=30"][..],
        &["update-resource", "env=prod", "type=postgresql", "name=checkout", "storageGB=2000"],
        &["update-resource", "env=prod", "type=postgresql", "name=checkot", "storageGB=60"],
        &["update-resource", "env=dev", "type=mongodb", "name=x", "storageGB=30"],
        &["update-resource", "env=dev", "type=mongodb", "name=x", "version=6.0"],
        &["update-resource", "env=dev", "type=db", "name=x", "size=small"],
        &["update-resource", "env=dev", "type=db", "name=x", "engine=postgres"],
        &["update-resource", "env=dev", "type=db", "name=x", "provider=gcp"],
        &["update-resource", "env=dev", "type=db", "name=x", "unset=enginee"],
        &["delete-resource", "env=dve", "type=databases", "name=x"],
        &["create-resource", "env=prod", "type=postgresql", "name=checkout", "owner=team-orders"],
        &["delete-resource", "env=prod", "type=postgresql", "name=checkout"],
    ] {
        all.push_str(&told(&ws, &[&[words[0], "project=orders"][..], &words[1..]].concat()));
    }
    insta::assert_snapshot!(all, @r#"
    create-resource ... type=Databse
      2 the parameter `type` can't be `Databse`: the platform offers no such kind
      did you mean `Database`? `idp-run explain claim` lists what is on offer
    create-resource ... type=postgresql storageGB=5
      2 the parameter `storageGB` is 5, and must lie between 20 and 1000
      Size of the disk. It can grow, never shrink.
    create-resource ... type=postgresql storageGB=5000
      2 the parameter `storageGB` is 5000, and must lie between 20 and 1000
      Size of the disk. It can grow, never shrink.
    create-resource ... type=postgresql storageGB=many
      2 the parameter `storageGB` must be a whole number, not `many`
    create-resource ... type=postgresql instanceClass=db.t4g.larg
      2 the parameter `instanceClass` can't be `db.t4g.larg`
      did you mean `db.t4g.large`? Choices: db.t4g.medium, db.t4g.large, db.m7g.large, db.m7g.xlarge
    create-resource ... type=postgresql multiAZ=maybe
      2 the parameter `multiAZ` must be true or false, not `maybe`
    create-resource ... type=postgresql storgeGB=50
      2 create-resource has no parameter `storgeGB`
      did you mean `storageGB`?
    create-resource ... type=postgresql provider=gcp
      2 the parameter `provider` can't be `gcp`
      choices: aws
    create-resource ... type=db
      2 the parameter `engine` is missing
      give NAME=VALUE or --params FILE; `idp-run create-resource project=orders env=dev name=x owner=team-orders type=db --help` lists them
    create-resource ... type=db engine=postgers
      2 the parameter `engine` can't be `postgers`
      did you mean `postgres`? Choices: postgres, mysql
    create-resource ... type=db engine=postgres version=fifteen
      2 the parameter `version` `fifteen` doesn't match ^[0-9]+(\.[0-9]+)?$
      Major version of the engine; PostgreSQL 16 or MySQL 8.4 unless given
    create-resource ... type=db engine=mysql version=16
      2 the parameter `version` isn't what Database takes: Invalid value: there is no mysql 16 on this platform
      `idp-run form db` shows its fields
    create-resource ... type=db engine=postgres provider=azure
      2 the parameter `provider` can't be `azure`
      choices: aws, gcp
    create-resource ... type=s3 expireAfterDays=0
      2 the parameter `expireAfterDays` is 0, and must lie between 1 and 3650
      After how many days an object goes; never unless given
    create-resource ... type=sqs retentionDays=15
      2 the parameter `retentionDays` is 15, and must lie between 1 and 14
      For how many days a message waits to be read
    create-resource ... type=mongodb version=7
      2 the parameter `version` can't be `7`
      choices: 6.0, 7.0, 8.0
    mistake0.rhai
      2 the platform offers no `PostgresInstance` (line 3)
      did you mean `PostgreSQLInstance`? `idp-run explain claim` lists what is on offer
    mistake1.rhai
      2 S3Bucket has no field `expireAfter` (line 3)
      it has expireAfterDays; `idp-run form s3` shows its fields
    mistake2.rhai
      2 S3Bucket would be rejected: spec.parameters.expireAfterDays: Invalid value: "string": spec.parameters.expireAfterDays in body must be of type integer: "string" (line 3)
      write it without quotes: 3; `idp-run form s3` shows its fields
    mistake3.rhai
      2 PostgreSQLInstance would be rejected: spec.parameters.instanceClass: Unsupported value: "huge": supported values: "db.t4g.medium", "db.t4g.large", "db.m7g.large", "db.m7g.xlarge" (line 3)
      `idp-run form postgresql` shows its fields
    mistake4.rhai
      2 PostgreSQLInstance would be rejected: spec.parameters: Required value (line 3)
      `idp-run form postgresql` shows its fields
    mistake5.rhai
      2 SQSQueue would be rejected: metadata.name: Invalid value: "My_Queue": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*') (line 3)
      `idp-run form sqs` shows its fields
    mistake6.rhai
      2 SQSQueue would be rejected: unknown field "spec.writeConnectionSecretToRef.namespace" (line 4)
      v1 claims have no namespace there: the secret is beside the claim, in its own namespace; leave it out; `idp-run form sqs` shows its fields
    update-resource project=orders env=prod type=postgresql name=checkout storageGB=30
      2 the parameter `storageGB` isn't what PostgreSQLInstance takes: Invalid value: 30: a disk can't shrink
      `idp-run form postgresql` shows its fields
    update-resource project=orders env=prod type=postgresql name=checkout storageGB=2000
      2 the parameter `storageGB` is 2000, and must lie between 20 and 1000
      Size of the disk. It can grow, never shrink.
    update-resource project=orders env=prod type=postgresql name=checkot storageGB=60
      2 the parameter `name` can't be `checkot`: there is no postgresql of that name in prod
      did you mean `checkout`? There are: checkout
    update-resource project=orders env=dev type=mongodb name=x storageGB=30
      2 the parameter `storageGB` isn't what MongoDB takes: Invalid value: 30: the disks of a MongoDB stay as they are; make a new one and move the data
      `idp-run form mongodb` shows its fields
    update-resource project=orders env=dev type=mongodb name=x version=6.0
      2 the parameter `version` isn't what MongoDB takes: Invalid value: "6.0": MongoDB goes from one major version to the next, and never back
      `idp-run form mongodb` shows its fields
    update-resource project=orders env=dev type=db name=x size=small
      2 the parameter `size` isn't what Database takes: Invalid value: "small": a disk can't shrink
      `idp-run form db` shows its fields
    update-resource project=orders env=dev type=db name=x engine=postgres
      2 the parameter `engine` isn't what Database takes: Invalid value: "postgres": an engine can't become another one; make a new database and move the data
      `idp-run form db` shows its fields
    update-resource project=orders env=dev type=db name=x provider=gcp
      2 the parameter `provider` isn't what Database takes: Invalid value: a database can't move to another provider; make a new one there and move the data
      Database runs on aws, gcp
    update-resource project=orders env=dev type=db name=x unset=enginee
      2 the parameter `unset` can't be `enginee`
      did you mean `engine`? Choices: engine, size, version
    delete-resource project=orders env=dve type=databases name=x
      2 the parameter `env` can't be `dve`: idp.yaml has no such environment
      did you mean `dev`? There are: dev, staging, prod
    create-resource project=orders env=prod type=postgresql name=checkout owner=team-orders
      2 the parameter `name` is taken: the claim checkout of prod exists already: PostgreSQLInstance in crossplane/claims/prod/postgresql-checkout.yaml
      choose another name; to change that one: idp-run update-resource project=orders env=prod type=postgresql name=checkout
    delete-resource project=orders env=prod type=postgresql name=checkout
      2 the parameter `anyway` is needed: PostgreSQLInstance checkout of prod is still needed by ExternalSecret checkout in k8s/prod/checkout/externalsecret.yaml, Deployment checkout in k8s/prod/checkout/deployment.yaml
      take those away first, or give anyway=true
    "#);
}
