//! Plans: they leave nothing, list what the apply does, and don't pretend to know what the world will assign.

use serde_json::Value;

use crate::workspace::Workspace;

const EVERYTHING: &str = r##"
let api = step("Repository", || {
    let api = repo("api").ensure(#{ description: "API", topics: ["java"] });
    api.commit("main", "feat: first", tree().write("README.md", "# API\n"));
    api.commit("main", "docs: more", |t| t.write("docs/a.md", t.read("README.md") + "More\n"), #{ id: "docs" });
    api.protect("main", #{ reviews: 1, code_owners: true });
    api
});
step("Proposals", || {
    let pull = repo("gitops").propose("Add api", |t| t.write("api.txt", "api\n"), #{ labels: ["new"] });
    pull.comment(`Look at ${pull.url}`, #{ once: "look" });
    api.propose("Second thoughts", |t| t.write("README.md", "# The API\n"));
});
cluster("dev").apply(manifest(#{ apiVersion: "v1", kind: "Namespace", metadata: #{ name: "api" } }));
cluster("dev").apply(manifest(#{ apiVersion: "v1", kind: "Namespace", metadata: #{ name: "api", labels: #{ a: "b" } } }));
notify("ops", "done", #{ once: "done" });
output("Repository", api.url);
"##;

/// The change events without what only an apply knows.
fn listed(events: Vec<Value>) -> Vec<Value> {
    let text =
        |value: &Value| value.to_string().replace("(known after apply)", "https://git.acme.example/acme/gitops/pull/1");
    events.iter().map(|event| serde_json::from_str(&text(event)).unwrap()).collect()
}

#[test]
fn a_plan_lists_what_the_apply_does() {
    let ws = Workspace::new();
    let planned = ws.plan(EVERYTHING);
    planned.ends(0, "create 9 update 0 delete 0 unchanged 0 planned");
    assert!(!ws.has_state(), "a plan leaves no file");
    let applied = ws.script(EVERYTHING);
    applied.ends(0, "create 9 update 0 delete 0 unchanged 0 applied");
    assert_eq!(listed(planned.of_type("change")), applied.of_type("change"));
    assert_eq!(planned.of_type("step"), applied.of_type("step"));
    assert_eq!(planned.of_type("output"), applied.of_type("output"));
}

#[test]
fn so_does_the_plan_of_an_update() {
    let ws = Workspace::new();
    ws.script(EVERYTHING);
    let before = ws.git("gitops", &["for-each-ref"]);
    let journal = ws.idp(&["runs", "list"]).stdout;
    let text = EVERYTHING
        .replace("description: \"API\"", "description: \"The API\"")
        .replace("\"api\\n\"", "\"API\\n\"")
        .replace("a: \"b\"", "a: \"c\"")
        .replace("reviews: 1", "reviews: 2")
        .replace("[\"new\"]", "[\"new\", \"old\"]");
    let planned = ws.plan(&text);
    planned.ends(0, "create 0 update 4 delete 0 unchanged 5 planned");
    assert_eq!(ws.git("gitops", &["for-each-ref"]), before);
    assert_eq!(ws.idp(&["runs", "list"]).stdout, journal, "a plan is no run");
    let applied = ws.script(&text);
    applied.ends(0, "create 0 update 4 delete 0 unchanged 5 applied");
    assert_eq!(planned.of_type("change"), applied.of_type("change"));
    assert_eq!(planned.of_type("unchanged"), applied.of_type("unchanged"));
}

#[test]
fn a_plan_knows_what_its_own_changes_made() {
    let ws = Workspace::new();
    let said = ws.plan(
        r#"
let api = repo("api");
print(api.exists());
api.ensure(#{ description: "API" });
print(api.exists());
api.commit("main", "feat: first", tree().write("a/b.txt", "b\n"));
print(api.tree("main").files());
print(api.tree("main").read("a/b.txt"));
cluster("dev").apply(manifest(#{ apiVersion: "v1", kind: "Namespace", metadata: #{ name: "api" } }));
print(cluster("dev").list("v1", "Namespace", "").len);
"#,
    );
    said.ends(0, "create 3 update 0 delete 0 unchanged 0 planned");
    assert_eq!(said.prints(), "false\ntrue\n[\"a/b.txt\"]\nb\n\n1");
    assert!(!ws.has_state());
}

#[test]
fn pending_changes_have_an_exit_code_if_asked_for() {
    let ws = Workspace::new();
    let plan = |args: &[&str]| ws.named("script", EVERYTHING, &[&["--plan"], args].concat()).code;
    assert_eq!(plan(&[]), 0);
    assert_eq!(plan(&["--detailed-exitcode"]), 5);
    ws.script(EVERYTHING);
    assert_eq!(plan(&["--detailed-exitcode"]), 0);
    // A failure is a failure.
    let said = ws.named("script", &format!("{EVERYTHING}\nthrow \"no\";"), &["--plan", "--detailed-exitcode"]);
    said.fails(1, "idp::script::thrown");
}

const LATER: &str = "let pull = repo(\"gitops\").propose(\"X\", |t| t.write(\"x\", \"x\"));\n";

#[test]
fn values_that_the_world_assigns_enter_texts() {
    let ws = Workspace::new();
    let text = format!(
        "{LATER}print(`n ${{pull.number}}`); print(\"u \" + pull.url); print(pull.url + \"/files\"); print(pull.number); output(\"PR\", pull.url);"
    );
    let said = ws.plan(&text);
    assert_eq!(said.code, 0, "{said}");
    let later = "(known after apply)";
    assert_eq!(said.prints(), format!("n {later}\nu {later}\n{later}/files\n{later}"));
    assert_eq!(said.of_type("output")[0]["value"], later);
    let said = ws.script(&text);
    let url = "https://git.acme.example/acme/gitops/pull/1";
    assert_eq!(said.prints(), format!("n 1\nu {url}\n{url}/files\n1"));
    assert_eq!(said.of_type("output")[0]["value"], url);
}

#[test]
fn decisions_about_values_that_the_world_assigns_are_errors() {
    let ws = Workspace::new();
    for decision in [
        "if pull.number == 1 { print(\"one\"); }",
        "if 1 == pull.number { print(\"one\"); }",
        "if pull.number != () { print(\"there\"); }",
        "if pull.number > 3 { print(\"many\"); }",
        "if pull.url == \"x\" { print(\"x\"); }",
        "if pull.url != pull.url { print(\"x\"); }",
        "if pull.url.contains(\"gitops\") { print(\"x\"); }",
        "if pull.number in [1, 2] { print(\"x\"); }",
        "if pull.url { print(\"x\"); }",
        "let next = pull.number + 1;",
        "print(pull.url.len);",
    ] {
        let said = ws.plan(&format!("{LATER}{decision}"));
        assert_eq!((said.code, said.error().as_str()), (1, "idp::plan::unknown"), "{decision}\n{said}");
        assert!(said.stderr.contains("script.rhai:2:"), "{decision}\n{said}");
    }
}

#[test]
fn a_plan_for_people_reads_as_it_should() {
    let ws = Workspace::new();
    ws.write("script.rhai", EVERYTHING);
    let said = ws.idp(&["script.rhai", "--plan"]);
    assert_eq!(said.code, 0);
    insta::assert_snapshot!(said.stdout, @r#"
    Repository
      + repository acme/api
          description     API
          visibility      private
          default branch  main
          topics          java
      + commit acme/api main (1 file, +1 -0)
          message  feat: first
          + README.md
            | # API
      + commit acme/api main (docs) (1 file, +2 -0)
          message  docs: more
          + docs/a.md
            | # API
            | More
      + branch protection acme/api main
          reviews      1
          code owners  true

    Proposals
      + pull request acme/gitops script (1 file, +1 -0)
          title   Add api
          base    main
          labels  new
          + api.txt
            | api
      + comment acme/gitops script 19e00d79
          body  Look at (known after apply)
      + pull request acme/api script (1 file, +1 -1)
          title  Second thoughts
          base   main
          ~ README.md (+1 -1)
            @@ -1 +1 @@
            -# API
            +# The API
    + manifest dev Namespace api (1 file, +6 -0)
        + Namespace api
          | apiVersion: v1
          | kind: Namespace
          | metadata:
          |   name: api
          |   annotations:
          |     idp-run/made-by: 21a0270b7f66a1e4
    ~ manifest dev Namespace api (1 file, +2 -0)
        ~ Namespace api (+2 -0)
          @@ -4,3 +4,5 @@
             name: api
             annotations:
               idp-run/made-by: 21a0270b7f66a1e4
          +  labels:
          +    a: b
    + notification ops done
        text  done

    Repository   https://git.acme.example/acme/api

    Plan: 9 to create, 0 to change, 0 to delete.
    "#);
    assert_eq!(said.stderr, "");
}
