//! What golden paths commit is checked against schemas, and `idp-run schemas` shows them.

use serde_json::Value;

use crate::workspace::{Said, Workspace};

const GADGET: &str = "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: gadgets.acme.example
  uid: 1a2b
spec:
  group: acme.example
  scope: Namespaced
  names: { kind: Gadget, plural: gadgets, shortNames: [gd] }
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              required: [size]
              properties:
                size: { type: integer, minimum: 1, maximum: 9, description: How large it is }
                mode: { type: string, enum: [fast, slow], default: fast }
status: { conditions: [] }
";

/// A script that proposes files.
fn proposal(repo: &str, files: &[(&str, &str)]) -> String {
    let edits: String = files.iter().map(|(path, text)| format!(".write({path:?}, {text:?})")).collect();
    format!("repo({repo:?}).propose(\"X\", |t| t{edits});")
}

/// The findings of the door: level, place, message, help.
fn findings(said: &Said) -> String {
    let mut lines = String::new();
    for event in said.of_type("diagnostic").iter().filter(|event| event["severity"] == "finding") {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
        let place = &event["place"];
        let line = format!("{} {}:{}", text(&event["level"]), text(&place["file"]), place["line"]);
        lines.push_str(&format!("{line}: {}\n", text(&event["message"])));
        if event["help"].is_string() {
            lines.push_str(&format!("  {}\n", text(&event["help"])));
        }
    }
    lines
}

/// A command that isn't a run is refused with a code.
#[track_caller]
fn refused(said: &Said, code: &str) {
    assert!(said.code == 2 && said.stderr.starts_with(code), "{said}");
}

#[test]
fn a_wrong_object_is_refused_in_the_plan_and_in_the_apply() {
    let ws = Workspace::acme();
    let claim = "apiVersion: platform.acme.example/v1alpha1
kind: PostgreSQLInstance
metadata: { name: stock, namespace: orders-dev-stock }
spec:
  writeConnectionSecretToRef: { name: stock, namespace: orders-dev-stock }
  storageGb: 20
";
    let service = "apiVersion: v1\nkind: Service\nmetadata: { name: a }\nspec:\n  port: [{ port: 80 }]\n---\nkind: Ingress\napiVersion: extensions/v1beta1\nmetadata: { name: a }\n";
    let text = proposal("orders-gitops", &[("k8s/dev/a.yaml", service), ("crossplane/claims/dev/a.yaml", claim)]);
    let plan = ws.plan(&text);
    plan.fails(1, "idp::review::refused");
    insta::assert_snapshot!(findings(&plan), @r#"
    high acme/orders-gitops:crossplane/claims/dev/a.yaml:5: PostgreSQLInstance stock: unknown field "spec.writeConnectionSecretToRef.namespace"
      v1 claims have no namespace there: the secret is beside the claim, in its own namespace; leave it out
    high acme/orders-gitops:crossplane/claims/dev/a.yaml:6: PostgreSQLInstance stock: unknown field "spec.storageGb"
    high acme/orders-gitops:crossplane/claims/dev/a.yaml:5: PostgreSQLInstance stock: spec.parameters: Required value
      a PostgreSQLInstance needs it
    high acme/orders-gitops:k8s/dev/a.yaml:5: Service a: unknown field "spec.port"
      did you mean `ports`?
    high acme/orders-gitops:k8s/dev/a.yaml:8: Ingress a: extensions/v1beta1 Ingress was removed in Kubernetes 1.22
      use networking.k8s.io/v1
    "#);
    ws.script(&text).fails(1, "idp::review::refused");
    assert_eq!(ws.idp(&["pr", "list", "orders-gitops"]).stdout, "acme/orders-gitops has no pull requests.\n");
    // People see the line of the script.
    assert!(plan.stderr.contains("script.rhai:1:"), "{plan}");
}

#[test]
fn rules_about_changes_hold_against_what_was_delivered() {
    let ws = Workspace::acme();
    let claim = |size: u32| {
        let text = format!(
            "apiVersion: platform.acme.example/v1alpha1\nkind: PostgreSQLInstance\nmetadata: {{ name: stock, namespace: a }}\n\
             spec: {{ parameters: {{ storageGB: {size} }} }}\n"
        );
        proposal("orders-gitops", &[("crossplane/claims/dev/stock.yaml", &text)])
    };
    ws.script(&claim(50)).ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
    // Nobody has it yet.
    ws.script(&claim(30)).ends(0, "create 0 update 1 delete 0 unchanged 0 applied");
    assert_eq!(ws.idp(&["pr", "merge", "orders-gitops", "1", "--admin"]).code, 0);
    let said = ws.named("smaller", &claim(20), &[]);
    said.fails(1, "idp::review::refused");
    assert_eq!(
        findings(&said),
        "high acme/orders-gitops:crossplane/claims/dev/stock.yaml:4: PostgreSQLInstance stock: \
         spec.parameters.storageGB: Invalid value: 20: a disk can't shrink\n"
    );
}

#[test]
fn rules_about_changes_follow_an_object_through_the_tree() {
    let disk = |size: u32, more: &str| {
        format!(
            "apiVersion: platform.acme.example/v1alpha1\nkind: PostgreSQLInstance\nmetadata: {{ name: stock{more} }}\n\
             spec: {{ parameters: {{ storageGB: {size} }} }}\n"
        )
    };
    let list = |size: u32| {
        let item = disk(size, "").trim_end().replace('\n', "\n  ");
        format!("apiVersion: v1\nkind: List\nitems:\n- {item}\n")
    };
    let refuses = |before: &str, edit: &str| {
        let ws = Workspace::acme();
        ws.write("seeds/orders-gitops/k8s/stock.yaml", before);
        let said = ws.plan(&format!("repo(\"orders-gitops\").propose(\"X\", |t| t{edit});"));
        said.fails(1, "idp::review::refused");
        assert!(findings(&said).contains("a disk can't shrink"), "{edit}: {said}");
    };
    let same = |text: &str| format!(".write(\"k8s/stock.yaml\", {text:?})");
    let moved = |text: &str| format!(".remove(\"k8s/stock.yaml\").write(\"k8s/other.yaml\", {text:?})");
    refuses(&disk(50, ""), &moved(&disk(20, "")));
    refuses(&disk(50, ", namespace: a"), &same(&disk(20, "")));
    refuses(&disk(50, ""), &moved(&disk(20, ", namespace: a")));
    refuses(&list(50), &same(&disk(20, "")));
    refuses(&disk(50, ""), &moved(&list(20)));
    // The same name elsewhere is another object, as long as the first one is there; so is one of another namespace.
    let ws = Workspace::acme();
    ws.write("seeds/orders-gitops/k8s/stock.yaml", &disk(50, ""));
    ws.write("seeds/orders-gitops/k8s/a.yaml", &disk(50, ", namespace: a"));
    for edit in [
        format!(".write(\"k8s/dev/stock.yaml\", {:?})", disk(20, "")),
        format!(".remove(\"k8s/a.yaml\").write(\"k8s/b.yaml\", {:?})", disk(20, ", namespace: b")),
    ] {
        let said = ws.plan(&format!("repo(\"orders-gitops\").propose(\"X\", |t| t{edit});"));
        said.ends(0, "create 1 update 0 delete 0 unchanged 0 planned");
    }
}

#[test]
fn what_a_branch_took_away_is_what_an_object_was() {
    let disk = |size: u32| {
        format!(
            "apiVersion: platform.acme.example/v1alpha1\nkind: PostgreSQLInstance\nmetadata: {{ name: stock }}\n\
             spec: {{ parameters: {{ storageGB: {size} }} }}\n"
        )
    };
    let ws = Workspace::acme();
    ws.write("seeds/orders-gitops/k8s/stock.yaml", &disk(50));
    let edit = |text: &str| format!("repo(\"orders-gitops\").propose(\"X\", |t| t.remove(\"k8s/stock.yaml\"){text});");
    ws.script(&edit("")).ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
    let smaller = format!(".write(\"k8s/other.yaml\", {:?})", disk(20));
    let said = ws.script(&edit(&smaller));
    said.fails(1, "idp::review::refused");
    assert!(findings(&said).contains("a disk can't shrink"), "{said}");
}

#[test]
fn the_whole_of_a_kind_counts_before_the_part_that_is_built_in() {
    let application = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: { name: a }\n\
                       spec: { project: a, destination: { name: b }, source: { repoURL: c, path: d } }\nfancy: true\n";
    let whole = GADGET
        .replace("gadgets.acme.example", "applications.argoproj.io")
        .replace("group: acme.example", "group: argoproj.io")
        .replace("kind: Gadget, plural: gadgets, shortNames: [gd]", "kind: Application, plural: applications")
        .replace("name: v1\n", "name: v1alpha1\n")
        .replace("            spec:\n", "            fancy: { type: boolean }\n            spec:\n");
    let ws = Workspace::new();
    ws.write("seeds/app/crds/application.yaml", &whole);
    ws.write("idp.yaml", &format!("{}schemas: [app/crds]\n", ws.read("idp.yaml")));
    let said = ws.plan(&proposal("gitops", &[("a.yaml", application)]));
    said.fails(1, "idp::review::refused");
    // Its size is missing, and it may be fancy.
    assert!(findings(&said).contains("spec.size: Required value") && !findings(&said).contains("fancy"), "{said}");
}

#[test]
fn definitions_that_an_api_server_refuses_are_refused() {
    let ws = Workspace::new();
    let wrong = GADGET.replace("default: fast", "default: quick");
    let said = ws.plan(&proposal("gitops", &[("gadget.yaml", &wrong)]));
    said.fails(1, "idp::review::refused");
    let place = "high acme/gitops:gadget.yaml:23:";
    let words = "spec.versions[0].schema.openAPIV3Schema.properties[spec].properties[mode].default: Unsupported value: \"quick\"";
    assert!(
        findings(&said).contains(&format!("{place} CustomResourceDefinition gadgets.acme.example: {words}")),
        "{said}"
    );
    // In a list, too, and its objects with it.
    let indented = wrong.trim_end().replace('\n', "\n  ");
    let list = format!(
        "apiVersion: v1\nkind: List\nitems:\n- {indented}\n- apiVersion: acme.example/v1\n  kind: Gadget\n  metadata: {{ name: a }}\n"
    );
    let said = ws.plan(&proposal("gitops", &[("all.yaml", &list)]));
    said.fails(1, "idp::review::refused");
    assert!(findings(&said).contains("high acme/gitops:all.yaml:26:"), "{said}");
    assert!(findings(&said).contains("the Gadget can't be checked"), "{said}");
    ws.write("crds/gadget.yaml", &wrong);
    let said = ws.idp(&["schemas", "import", "crds"]);
    refused(&said, "idp::schema::definition");
    assert!(said.stderr.contains("crds/gadget.yaml:23:") && said.stderr.contains("Unsupported"), "{said}");
    let said =
        ws.plan(&proposal("gitops", &[("a.yaml", "apiVersion: app/v1\nkind: Deployment\nmetadata: { name: a }\n")]));
    said.fails(1, "idp::review::refused");
    assert!(findings(&said).contains("there is no API group `app`\n  did you mean `apps/v1`?"), "{said}");
}

#[test]
fn two_definitions_of_a_kind_are_told() {
    let ws = Workspace::new();
    ws.write("schemas/gadget.yaml", GADGET);
    let other = GADGET.replace("maximum: 9", "maximum: 99");
    let said = ws.plan(&proposal("gitops", &[("gadget.yaml", &other)]));
    said.ends(0, "create 1 update 0 delete 0 unchanged 0 planned");
    assert_eq!(
        findings(&said),
        "medium acme/gitops:gadget.yaml:1: Gadget of acme.example is defined at schemas/gadget.yaml:1:1, too, and not the \
         same: this one counts, and that one doesn't\n  take one of them away\n"
    );
}

#[test]
fn the_definitions_of_a_cluster_are_imported_from_standard_input() {
    let ws = Workspace::new();
    let gadget: Value = idp_run::formats::yaml::parse("", GADGET).unwrap()[0].value.clone();
    let mut made = gadget.clone();
    made["metadata"]["name"] = "xbuckets.acme.example".into();
    made["spec"]["names"] = serde_json::json!({ "kind": "XBucket", "plural": "xbuckets" });
    made["metadata"]["ownerReferences"] =
        serde_json::json!([{ "kind": "CompositeResourceDefinition", "name": "xbuckets.acme.example" }]);
    let mut xrd = made.clone();
    xrd["apiVersion"] = "apiextensions.crossplane.io/v2".into();
    xrd["kind"] = "CompositeResourceDefinition".into();
    xrd["metadata"].as_object_mut().unwrap().shift_remove("ownerReferences");
    xrd["spec"]["versions"][0]["referenceable"] = true.into();
    let list = serde_json::json!({ "apiVersion": "v1", "kind": "List", "items": [gadget, made, xrd] });
    ws.write("crds.json", &list.to_string());
    let import = |file: &str| {
        let mut command = ws.command(&["schemas", "import", "-"]);
        command.stdin(std::fs::File::open(ws.path().join(file)).unwrap());
        crate::workspace::said(command)
    };
    let said = import("crds.json");
    assert_eq!(said.code, 0, "{said}");
    assert!(ws.read("schemas/gadgets.acme.example.yaml").starts_with("apiVersion: apiextensions.k8s.io/v1"), "{said}");
    assert!(ws.read("schemas/xbuckets.acme.example.yaml").contains("kind: CompositeResourceDefinition"), "{said}");
    let said = ws.idp(&["schemas", "list", "acme.example"]);
    assert!(said.stdout.contains("Gadget") && said.stdout.contains("XBucket"), "{said}");
    ws.write("empty.json", "");
    refused(&import("empty.json"), "idp::schema::import");
}

#[test]
fn applied_manifests_are_checked_too() {
    let ws = Workspace::new();
    let text = r#"cluster("dev").apply(manifest(#{ apiVersion: "v1", kind: "ConfigMap", metadata: #{ name: "a", namespace: "b" },
        data: #{ port: 80 } }));"#;
    let said = ws.script(text);
    said.fails(1, "idp::review::refused");
    assert!(findings(&said).contains("data.port in body must be of type string"), "{said}");
}

#[test]
fn a_patch_of_a_kustomization_is_a_part() {
    let patch = "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: a }\nspec: { replicas: 3 }\n";
    let ws = Workspace::new();
    let file = |path: &'static str| [(path, patch)];
    ws.plan(&proposal("gitops", &file("k8s/dev/replicas.yaml"))).fails(1, "idp::review::refused");
    let kustomization =
        "kind: Kustomization\napiVersion: kustomize.config.k8s.io/v1beta1\npatches:\n  - path: replicas.yaml\n";
    let both = [("k8s/dev/replicas.yaml", patch), ("k8s/dev/kustomization.yaml", kustomization)];
    ws.plan(&proposal("gitops", &both)).ends(0, "create 1 update 0 delete 0 unchanged 0 planned");
    // In the repository it counts as well; what is wrong in a patch is wrong.
    let ws = Workspace::new();
    ws.write("seeds/gitops/k8s/dev/kustomization.yaml", kustomization);
    ws.plan(&proposal("gitops", &file("k8s/dev/replicas.yaml")))
        .ends(0, "create 1 update 0 delete 0 unchanged 0 planned");
    let wrong = patch.replace("replicas", "replcas");
    let said = ws.plan(&proposal("gitops", &[("k8s/dev/replicas.yaml", wrong.as_str())]));
    assert!(findings(&said).contains("did you mean `replicas`?"), "{said}");
}

#[test]
fn a_patch_needs_no_name_of_its_own_and_a_resource_is_whole() {
    let ws = Workspace::new();
    let kustomization =
        |text: &str| format!("kind: Kustomization\napiVersion: kustomize.config.k8s.io/v1beta1\n{text}\n");
    let by_target = kustomization("patches: [{ path: dev/a.yaml, target: { kind: Deployment } }]");
    let both = kustomization("resources: [dev/a.yaml]\npatches: [{ path: dev/a.yaml }]");
    for name in ["metadata: {}\n", "metadata: { name: Any Name }\n"] {
        let patch = format!("apiVersion: apps/v1\nkind: Deployment\n{name}spec: {{ replicas: 3 }}\n");
        let plan = |above: &str| {
            ws.plan(&proposal("gitops", &[("k8s/dev/a.yaml", patch.as_str()), ("k8s/kustomization.yaml", above)]))
        };
        plan(&by_target).ends(0, "create 1 update 0 delete 0 unchanged 0 planned");
        plan(&both).fails(1, "idp::review::refused");
        plan(&kustomization("resources: []")).fails(1, "idp::review::refused");
    }
}

#[test]
fn what_is_no_object_passes_the_door() {
    let ws = Workspace::new();
    let chart = "apiVersion: v2\nname: api\nversion: 1.0.0\n";
    let template = "apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Release.Name }}\n{{- if .Values.x }}\nspec: {}\n{{- end }}\n";
    let files = [
        ("charts/api/Chart.yaml", chart),
        ("charts/api/values.yaml", "kind: StatefulSet\nmetadata: { labels: {} }\n"),
        ("charts/api/templates/service.yaml", template),
        ("charts/api/templates/plain.yaml", "apiVersion: v1\nkind: Service\nspce: {}\n"),
        ("storage.yaml", "kind: gp3\n"),
        ("kubeconfig", "apiVersion: v1\nkind: Config\n"),
        ("kube.yaml", "apiVersion: v1\nkind: Config\nclusters: []\n"),
        ("k8s/prefix.yaml", "apiVersion: builtin\nkind: PrefixTransformer\nmetadata: { name: a }\nprefix: x-\n"),
        (
            "k8s/list.yaml",
            "apiVersion: v1\nkind: List\nitems:\n- { apiVersion: v1, kind: ConfigMap, metadata: { name: a } }\n",
        ),
        ("score.yaml", "apiVersion: score.dev/v1b1\nmetadata: { name: a }\n"),
        ("tsconfig.json", "{ // with a comment\n }\n"),
        (
            "templates/api/template.yaml",
            "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: { name: a }\n",
        ),
        ("templates/api/skeleton/k8s/a.yaml", "{% if values.x %}\n  kind: [\n{% endif %}\n"),
    ];
    ws.plan(&proposal("gitops", &files)).ends(0, "create 1 update 0 delete 0 unchanged 0 planned");
    // A template is one because of the chart beside it, which may be in the repository.
    let alone = proposal("gitops", &[("charts/api/templates/service.yaml", template)]);
    ws.plan(&alone).fails(1, "idp::review::refused");
    let ws = Workspace::new();
    ws.write("seeds/gitops/charts/api/Chart.yaml", chart);
    ws.plan(&alone).ends(0, "create 1 update 0 delete 0 unchanged 0 planned");
}

#[test]
fn files_are_looked_at_whatever_the_case_of_their_ending_and_as_json() {
    let ws = Workspace::new();
    let wrong = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\nadta: {}\n";
    let json = r#"{ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "a" }, "adta": {} }"#;
    let unnamed = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {}\n";
    for (path, text, found) in [
        ("a.YAML", wrong, "high acme/gitops:a.YAML:4: ConfigMap a: unknown field \"adta\""),
        ("a.Yml", wrong, "high acme/gitops:a.Yml:4: ConfigMap a: unknown field \"adta\""),
        ("a.json", json, "high acme/gitops:a.json:1: ConfigMap a: unknown field \"adta\""),
        ("b.json", "{ \"apiVersion\": \"v1\",", "high acme/gitops:b.json:1: "),
        ("list.yaml", unnamed, "high acme/gitops:list.yaml:4: the ConfigMap has no metadata.name"),
    ] {
        let said = ws.plan(&proposal("gitops", &[(path, text)]));
        said.fails(1, "idp::review::refused");
        assert!(findings(&said).contains(found), "{path}\n{}", findings(&said));
    }
}

#[test]
fn what_was_wrong_before_is_told_and_not_refused() {
    let ws = Workspace::new();
    ws.write("seeds/gitops/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\nadta: { a: b }\n");
    let edit = |text: &str| format!("repo(\"gitops\").propose(\"X\", |t| t.write(\"a.yaml\", {text:?}));");
    let said =
        ws.plan(&edit("apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\nadta: { a: b }\ndata: { c: d }\n"));
    said.ends(0, "create 1 update 0 delete 0 unchanged 0 planned");
    assert_eq!(
        findings(&said),
        "medium acme/gitops:a.yaml:4: ConfigMap a: unknown field \"adta\"\n  did you mean `data`?\n"
    );
    let said = ws.plan(&edit("apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\nadta: { a: b }\nmode: x\n"));
    said.fails(1, "idp::review::refused");
}

#[test]
fn definitions_of_the_workspace_of_repositories_and_of_the_change_count() {
    let gadget = "apiVersion: acme.example/v1\nkind: Gadget\nmetadata: { name: a }\nspec: { size: 12 }\n";
    let text = proposal("gitops", &[("a.yaml", gadget)]);
    // Nobody knows the kind.
    Workspace::new().plan(&text).ends(0, "create 1 update 0 delete 0 unchanged 0 planned");
    let refuses = |ws: &Workspace, text: &str| {
        let said = ws.plan(text);
        said.fails(1, "idp::review::refused");
        assert!(findings(&said).contains("spec.size in body should be less than or equal to 9"), "{said}");
    };
    let ws = Workspace::new();
    ws.write("schemas/gadget.yaml", GADGET);
    refuses(&ws, &text);
    let ws = Workspace::new();
    ws.write("seeds/app/crds/gadget.yaml", GADGET);
    ws.write("idp.yaml", &format!("{}schemas: [app/crds]\n", ws.read("idp.yaml")));
    refuses(&ws, &text);
    let ws = Workspace::new();
    refuses(&ws, &proposal("gitops", &[("a.yaml", gadget), ("crds/gadget.yaml", GADGET)]));
    // A definition that is none stops nobody but who writes it.
    let broken = GADGET.replace("scope: Namespaced", "scope: Galaxy");
    let said = ws.plan(&proposal("gitops", &[("crds/gadget.yaml", &broken)]));
    said.fails(1, "idp::review::refused");
    assert!(findings(&said).contains("spec.scope: Unsupported value: \"Galaxy\""), "{said}");
    let ws = Workspace::new();
    ws.write("seeds/app/crds/gadget.yaml", &broken);
    ws.write("idp.yaml", &format!("{}schemas: [app/crds]\n", ws.read("idp.yaml")));
    // Nor can anybody say what its objects are.
    let said = ws.plan(&text);
    said.fails(1, "idp::review::refused");
    assert!(findings(&said).contains("the Gadget can't be checked: the CustomResourceDefinition"), "{said}");
    assert!(findings(&said).contains("mend the definition at acme/app:crds/gadget.yaml:8:10"), "{said}");
    let said = ws.idp(&["schemas", "list"]);
    assert_eq!(said.code, 0);
    assert!(said.stderr.contains("acme/app:crds/gadget.yaml:8:10"), "{said}");
    // One's own file is to be mended at once.
    ws.write("schemas/gadget.yaml", &broken);
    refused(&ws.idp(&["schemas", "list"]), "idp::schema::definition");
    ws.plan(&text).fails(1, "idp::review::refused");
}

#[test]
fn links_that_lead_back_end() {
    let ws = Workspace::new();
    ws.write("schemas/gadget.yaml", GADGET);
    for name in ["one", "other"] {
        std::os::unix::fs::symlink(".", ws.path().join("schemas").join(name)).unwrap();
    }
    let said = ws.idp(&["schemas", "list", "acme.example"]);
    assert_eq!(said.code, 0, "{said}");
    assert_eq!(said.stdout.matches("Gadget").count(), 1, "{said}");
}

#[test]
fn what_a_list_holds_is_looked_up_where_kinds_are_defined() {
    let ws = Workspace::acme();
    let bucket = "apiVersion: platform.acme.example/v1alpha1\nkind: S3Bucket\nmetadata: {name: a}\nspec: {nope: 1}\n";
    let list = format!(
        "apiVersion: v1\nkind: List\nmetadata: {{name: all}}\nitems:\n- {}",
        bucket.trim_end().replace('\n', "\n  ")
    );
    for text in [bucket.to_owned(), list + "\n"] {
        let said = ws.plan(&proposal("orders-gitops", &[("k8s/a.yaml", &text)]));
        said.fails(1, "idp::review::refused");
        assert!(findings(&said).contains("nope"), "{text}\n{said}");
    }
}

#[test]
fn kinds_are_listed_and_shown() {
    let ws = Workspace::acme();
    let said = ws.idp(&["schemas", "list", "platform.acme.example"]);
    assert_eq!(said.code, 0, "{said}");
    assert!(said.stdout.contains("PostgreSQLInstance"), "{said}");
    assert!(said.stdout.contains("acme/platform-gitops:crossplane/postgresql/definition.yaml"), "{said}");
    assert!(ws.idp(&["schemas", "list", "apps"]).stdout.contains("Deployment"));
    assert!(ws.idp(&["schemas", "list", "core"]).stdout.contains("ConfigMap"));
    refused(&ws.idp(&["schemas", "list", "argproj.io"]), "idp::schema::unknown");
    assert!(ws.idp(&["schemas", "list", "argproj.io"]).stderr.contains("did you mean `argoproj.io`?"));
    assert!(!ws.path().join(".idp").exists(), "looking makes nothing");

    ws.write("schemas/gadget.yaml", GADGET);
    let said = ws.idp(&["schemas", "show", "gd"]);
    insta::assert_snapshot!(said.stdout, @r#"
    Gadget of acme.example/v1, custom, in a namespace

    FIELD      TYPE     DEFAULT     ALLOWED    ABOUT
    spec       object   -
    spec.size  integer  (required)  1 to 9     How large it is
    spec.mode  string   fast        fast|slow
    "#);
    let said = ws.idp(&["schemas", "show", "apps/v1/Deployment", "spec.template.spec.containers"]);
    assert!(said.stdout.contains("spec.template.spec.containers.image"), "{said}");
    for (kind, field, near) in [("Deploymnet", "", "Deployment"), ("Deployment", "spec.replcas", "replicas")] {
        let said = ws.idp(&["schemas", "show", kind, field]);
        refused(&said, "idp::schema::unknown");
        assert!(said.stderr.contains(&format!("did you mean `{near}`?")), "{said}");
    }
    refused(&ws.idp(&["schemas", "show", "Deployment", "--kubernetes", "1.2"]), "idp::schema::release");
    let said = ws.idp(&["schemas", "show", "Gadget", "--output", "json"]);
    let fields = said.of_type("field");
    assert_eq!(fields.iter().filter(|field| field["path"] == "spec.mode" && field["default"] == "fast").count(), 1);
}

#[test]
fn definitions_are_imported_once_and_never_over_others() {
    let ws = Workspace::new();
    ws.write("snapshot/crd/gadget.yaml", GADGET).write("snapshot/other.yaml", "a: 1\n");
    let said = ws.idp(&["schemas", "import", "snapshot"]);
    assert_eq!((said.code, said.stdout.contains("schemas/gadgets.acme.example.yaml")), (0, true), "{said}");
    let text = ws.read("schemas/gadgets.acme.example.yaml");
    assert!(!text.contains("uid") && !text.contains("status:\n") && !text.contains("conditions"), "{text}");
    assert!(ws.idp(&["schemas", "import", "snapshot"]).stdout.contains("unchanged"));
    ws.write("snapshot/crd/gadget.yaml", &GADGET.replace("maximum: 9", "maximum: 8"));
    refused(&ws.idp(&["schemas", "import", "snapshot"]), "idp::schema::import");
    assert_eq!(ws.read("schemas/gadgets.acme.example.yaml"), text);
    assert!(ws.idp(&["schemas", "import", "snapshot", "--replace"]).stdout.contains("replaced"));
    for wrong in ["https://acme.example/crd.yaml", "gone.yaml", "snapshot/other.yaml", "seeds"] {
        refused(&ws.idp(&["schemas", "import", wrong]), "idp::schema::import");
    }
}

#[test]
fn a_version_of_kubernetes_is_chosen_in_idp_yaml() {
    let ws = Workspace::new();
    let own = ws.read("idp.yaml");
    let text = proposal(
        "gitops",
        &[("a.yaml", "apiVersion: resource.k8s.io/v1\nkind: DeviceClass\nmetadata: { name: a }\nspec: {}\n")],
    );
    ws.write("idp.yaml", &format!("{own}kubernetes: \"1.33\"\n"));
    let said = ws.plan(&text);
    said.fails(1, "idp::review::refused");
    assert!(findings(&said).contains("comes with Kubernetes 1.34, and this is for 1.33"), "{said}");
    ws.write("idp.yaml", &format!("{own}kubernetes: \"1.34\"\n"));
    ws.plan(&text).ends(0, "create 1 update 0 delete 0 unchanged 0 planned");
    ws.write("idp.yaml", &format!("{own}kubernetes: 1.34\n"));
    ws.plan(&text).fails(2, "idp::config");
}

#[test]
fn an_audit_knows_the_kinds_of_repositories_on_this_disk() {
    let ws = Workspace::acme();
    let claim = ws.read("seeds/orders-gitops/crossplane/claims/prod/postgresql-checkout.yaml");
    ws.write("claim.yaml", &claim);
    let fine = ws.idp(&["audit", "claim.yaml"]);
    assert!(fine.code == 0 && fine.stdout.contains("Nothing found in 1 object in 1 file"), "{fine}");
    ws.write("claim.yaml", &claim.replace("storageGB", "storgeGB"));
    let said = ws.idp(&["audit", "claim.yaml", "--output", "json"]);
    assert_eq!(said.code, 3, "{said}");
    let found: Vec<Value> = said.of_type("finding");
    let unknown = found.iter().find(|each| each["message"].to_string().contains("storgeGB"));
    assert!(unknown.is_some_and(|each| each["help"].to_string().contains("storageGB")), "{said}");
    // Looking at a world that isn't there yet doesn't make it.
    assert!(!ws.has_state());
    // A forge elsewhere isn't asked.
    let elsewhere = ws.read("idp.yaml").replace(
        "{ kind: local, folder: .idp/forge, owner: acme, url: https://git.acme.example }",
        "{ kind: github, owner: acme, api_url: http://127.0.0.1:9 }",
    );
    ws.write("idp.yaml", &elsewhere);
    let said = ws.idp(&["audit", "claim.yaml"]);
    assert!(said.code == 0 && said.stdout.contains("it was not checked"), "{said}");
}
