//! `idp-run test`: tests of scripts, in worlds in memory, and what is said of them.

use idp_run::script::reference;
use serde_json::Value;

use crate::workspace::{Said, Workspace};

const GREET: &str = r#"//! Greet
fn params() { #{ name: param("string", "Who is greeted").identity() } }
fn run(p) {
    step("Say hello", || {
        let app = repo(p.name);
        app.ensure(#{ description: "A greeting" });
        app.commit("main", "feat: greet", tree().write("README.md", `Hello, ${p.name}` + "\n"));
    });
    print(`Hello, ${p.name}`);
    output("Repository", repo(p.name).url);
}
"#;

const CASES: &str = "\
### platform/no-secrets fails at kind: a Secret is in Git
apiVersion: v1
kind: Secret
metadata: {name: a}
---
### platform/no-secrets skips
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
";

fn greeting(tests: &str) -> Workspace {
    let workspace = Workspace::new();
    workspace.write("scripts/greet.rhai", GREET).write("scripts/greet.test.rhai", tests);
    workspace
}

/// The lines of `--output json` of one type.
fn lines(said: &Said, kind: &str) -> Vec<Value> {
    said.events().into_iter().filter(|line| line["type"] == kind).collect()
}

/// Text without what differs from run to run.
fn timeless(text: &str) -> String {
    regex::Regex::new(r"\d+(\.\d+)? (ms|s)\b").unwrap().replace_all(text, "N ms").into_owned()
}

#[test]
fn tests_that_hold_pass_and_the_real_world_is_untouched() {
    let workspace = greeting(
        r#"
fn test_greets() {
    let r = run_script("greet", #{ name: "api" });
    assert_eq(r.counts.create, 2);
    assert_eq(r.file("api", "README.md"), "Hello, api\n");
    assert_unchanged(run_script("greet", #{ name: "api" }));
}
fn test_plans() {
    assert_eq(plan_script("greet", #{ name: "api" }).counts.create, 2);
    assert(!repo("api").exists());
}
"#,
    );
    let said = workspace.idp(&["test"]);
    assert_eq!(said.code, 0, "{said}");
    insta::assert_snapshot!(timeless(&said.stdout), @r"
    ok scripts/greet.test.rhai  2 tests, N ms

    2 passed, in N ms.
    ");
    assert!(!workspace.has_state(), "a test leaves no world");
}

#[test]
fn a_test_sees_nothing_of_the_real_world() {
    let workspace = greeting(
        r#"
fn test_a_world_of_its_own() {
    assert(repo("gitops").exists());
    assert(!repo("api").exists());
    notify("ops", "Hello", #{ once: "test" });
}
"#,
    );
    assert_eq!(workspace.idp(&["greet", "name=api"]).code, 0);
    let before = workspace.read(".idp/forge/acme/api.git/HEAD");
    let said = workspace.idp(&["test"]);
    assert_eq!(said.code, 0, "{said}");
    assert_eq!(workspace.read(".idp/forge/acme/api.git/HEAD"), before);
    assert!(!workspace.path().join(".idp/ops.jsonl").exists(), "a test sends nothing");
}

#[test]
fn a_failure_says_where_and_what_differs() {
    let workspace = greeting(
        r#"
fn helper(r) {
    assert_eq(r.file("api", "README.md"), "Hello, you\n");
}
fn test_greets() {
    print("about to greet");
    helper(run_script("greet", #{ name: "api" }));
}
"#,
    );
    let said = workspace.idp(&["test"]);
    assert_eq!(said.code, 3, "{said}");
    insta::assert_snapshot!(timeless(&said.stdout), @r#"
    FAILED scripts/greet.test.rhai  1 test, N ms
        FAILED test_greets  N ms

    scripts/greet.test.rhai test_greets
    idp::test::assertion

      x it is "Hello, api\n", and should be "Hello, you\n"
       ,-[scripts/greet.test.rhai:3:5]
     2 | fn helper(r) {
     3 |     assert_eq(r.file("api", "README.md"), "Hello, you\n");
       :     ^^^^|^^^^
       :         `-- here
     4 | }
     5 | fn test_greets() {
     6 |     print("about to greet");
     7 |     helper(run_script("greet", #{ name: "api" }));
       :     ^^^|^^
       :        `-- `helper`
     8 | }
       `----
        @@ -1 +1 @@
        -Hello, you
        +Hello, api
      It said:
        about to greet

    1 failed, 0 passed, in N ms.
    "#);
}

#[test]
fn a_script_that_fails_shows_its_own_place_first() {
    let workspace = greeting("fn test_fails() { run_script(\"broken\", #{}); }\n");
    workspace.write("scripts/broken.rhai", "fn run(p) {\n    fail(\"no luck\", \"try again\");\n}\n");
    let said = workspace.idp(&["test", "--output", "json"]);
    assert_eq!(said.code, 3, "{said}");
    let failure = &lines(&said, "test")[0]["failure"];
    assert_eq!(failure["code"], "idp::script::failed");
    let files: Vec<&str> =
        failure["frames"].as_array().unwrap().iter().filter_map(|frame| frame["place"]["file"].as_str()).collect();
    assert!(files[0].ends_with("scripts/broken.rhai"), "{files:?}");
    assert_eq!(files[1], "scripts/greet.test.rhai");
}

#[test]
fn expected_errors_are_expected_by_their_code() {
    let workspace = greeting(
        r#"
fn test_expected() {
    let e = expect_error("idp::param::missing", || run_script("greet", #{}));
    assert_contains(e.message, "name");
    let r = run_script("greet", #{ nam: "x" }, #{ fails: "idp::param::unknown" });
    assert_contains(r.error.help, "did you mean");
    assert_eq(run_script("greet", #{ name: 7 }, #{ fails: "idp::param::type" }).status, "failed");
}
fn test_other_code() { run_script("greet", #{}, #{ fails: "idp::nothing" }); }
fn test_no_error() { expect_error("idp::nothing", || 1 + 1); }
fn test_wrong_option() { run_script("greet", #{}, #{ fail: "idp::nothing" }); }
"#,
    );
    let said = workspace.idp(&["test", "--output", "json"]);
    assert_eq!(said.code, 3, "{said}");
    let message = |at: usize| lines(&said, "test")[at]["failure"]["message"].as_str().map(str::to_owned);
    assert_eq!(message(0), None, "{said}");
    assert!(message(1).unwrap().contains("failed with idp::param::missing"), "{said}");
    assert!(message(2).unwrap().contains("and didn't"), "{said}");
    assert!(message(3).unwrap().contains("no option `fail`"), "{said}");
}

#[test]
fn no_test_is_an_error() {
    let empty = Workspace::new();
    let said = empty.idp(&["test"]);
    assert_eq!(said.code, 2, "{said}");
    assert!(said.stderr.contains("idp::test::none") && said.stderr.contains("NAME.test.rhai"), "{said}");
    let workspace = greeting("fn helper() {}\n");
    assert_eq!(workspace.idp(&["test"]).code, 2);
    workspace.write("scripts/greet.test.rhai", "fn test_a() {}\n");
    let said = workspace.idp(&["test", "--filter", "nothing"]);
    assert_eq!(said.code, 2, "{said}");
    assert!(said.stderr.contains("--list"), "{said}");
    assert_eq!(workspace.idp(&["test", "scripts/other.rhai"]).code, 2);
}

#[test]
fn filters_paths_and_lists_choose_tests() {
    let workspace = greeting("fn test_one() {}\nfn test_two() {}\n");
    workspace.write("lib/words.test.rhai", "fn test_words() {}\n");
    workspace.write("other/idp.yaml", "").write("other/x.test.rhai", "fn test_of_another_workspace() {}\n");
    assert_eq!(
        workspace.idp(&["test", "--list"]).stdout,
        "lib/words.test.rhai:1 test_words\nscripts/greet.test.rhai:1 test_one\nscripts/greet.test.rhai:2 test_two\n"
    );
    let names = |args: &[&str]| -> Vec<String> {
        let said = workspace.idp(&[&["test", "--output", "json"], args].concat());
        lines(&said, "test").iter().map(|line| line["name"].as_str().unwrap().to_string()).collect()
    };
    assert_eq!(names(&["--filter", "two"]), ["test_two"]);
    assert_eq!(names(&["--filter", "words"]), ["test_words"]);
    assert_eq!(names(&["scripts/greet.rhai"]), ["test_one", "test_two"]);
    assert_eq!(names(&["lib"]), ["test_words"]);
    assert_eq!(names(&["other"]), ["test_of_another_workspace"]);
}

#[test]
fn a_broken_file_fails_and_the_others_run() {
    let workspace = greeting("fn test_one( {}\n");
    workspace.write("lib/words.test.rhai", "fn test_words() {}\n");
    let said = workspace.idp(&["test"]);
    assert_eq!(said.code, 3, "{said}");
    assert!(said.stdout.contains("scripts/greet.test.rhai:1:"), "{said}");
    assert!(said.stdout.contains("1 failed, 1 passed"), "{said}");
    workspace.write("scripts/greet.test.rhai", "fn test_one(a) {}\n");
    let said = workspace.idp(&["test"]);
    assert_eq!(said.code, 2, "{said}");
    assert!(said.stderr.contains("idp::test::parameters"), "{said}");
}

#[test]
fn snapshots_are_written_compared_updated_and_named_when_unused() {
    let workspace = greeting("fn test_a() { assert_snapshot(run_script(\"greet\", #{ name: \"api\" })); }\n");
    let mut ci = workspace.command(&["test"]);
    ci.env("CI", "true");
    let said = crate::workspace::said(ci);
    assert_eq!(said.code, 3, "in CI no snapshot is written: {said}");
    assert!(!workspace.path().join("scripts/greet.test.snap").exists());

    assert_eq!(workspace.idp(&["test"]).code, 0);
    insta::assert_snapshot!(workspace.read("scripts/greet.test.snap"), @r"
    # What greet.test.rhai compares with. `idp-run test --update` rewrites it.

    [test_a: 1]
        + repository acme/api
        + commit acme/api main
            + README.md
    ");

    workspace.write("scripts/greet.test.rhai", "fn test_a() { assert_snapshot(\"other\"); }\n");
    let said = workspace.idp(&["test"]);
    assert_eq!(said.code, 3, "{said}");
    assert!(said.stdout.contains("-+ repository acme/api") && said.stdout.contains("+other"), "{said}");
    let said = workspace.idp(&["test", "--update"]);
    assert_eq!(said.code, 0, "{said}");
    assert!(workspace.read("scripts/greet.test.snap").ends_with("[test_a: 1]\n    other\n"));

    workspace.write("scripts/greet.test.rhai", "fn test_b() { assert_snapshot(\"name\", 1); }\n");
    let said = workspace.idp(&["test"]);
    assert!(said.stdout.contains("no assertion of scripts/greet.test.rhai names the snapshot test_a: 1"), "{said}");
    assert!(workspace.read("scripts/greet.test.snap").contains("test_a"));
    workspace.idp(&["test", "--update"]);
    assert!(!workspace.read("scripts/greet.test.snap").contains("test_a"));
}

#[test]
fn every_test_has_a_world_of_its_own() {
    let mut tests = String::new();
    for number in 0..24 {
        tests.push_str(&format!(
            "fn test_{number}() {{\n    assert_eq(catalog(\"Component\", \"x\").len, 0);\n    \
             let r = run_script(\"greet\", #{{ name: \"api\" }});\n    assert_eq(r.counts.create, 2);\n}}\n"
        ));
    }
    let workspace = greeting(&tests);
    for jobs in ["1", "8"] {
        let said = workspace.idp(&["test", "--jobs", jobs]);
        assert!(said.code == 0 && said.stdout.contains("24 passed"), "{said}");
    }
}

#[test]
fn endless_and_greedy_tests_end_by_their_limits() {
    let workspace = greeting(
        "fn test_endless() { loop {} }\nfn test_greedy() {\n    let text = \"x\";\n    for n in 0..17 { text += text; }\n    \
         let kept = #{};\n    for n in 0..1000 { kept[`${n}`] = text + n; }\n}\nfn test_fine() {}\n",
    );
    let yaml = workspace.read("idp.yaml");
    workspace.write("idp.yaml", &format!("{yaml}limits: {{ memory: 16MiB }}\n"));
    let said = workspace.idp(&["test", "--timeout", "3", "--output", "json"]);
    assert_eq!(said.code, 3, "{said}");
    let codes: Vec<Value> = lines(&said, "test").iter().map(|line| line["failure"]["code"].clone()).collect();
    assert_eq!(codes[0], "idp::script::time");
    assert!(["idp::script::memory", "idp::script::size"].map(Value::from).contains(&codes[1]), "{codes:?}");
    assert_eq!(codes[2], Value::Null);
}

#[test]
fn the_first_failure_can_end_it() {
    let workspace = greeting("fn test_a() { assert(false); }\nfn test_b() {}\nfn test_c() {}\n");
    let said = workspace.idp(&["test", "--fail-fast", "--jobs", "1"]);
    assert_eq!(said.code, 3, "{said}");
    assert!(said.stdout.contains("1 failed, 0 passed, 2 not run"), "{said}");
}

#[test]
fn people_and_fixtures_are_part_of_the_test() {
    let workspace = greeting(
        r#"
fn test_people_settle_a_proposal() {
    let r = run_script("propose", #{});
    assert_eq(r.status, "waiting");
    push("gitops", r.pull("gitops").head, #{ "mine.txt": "Mine\n" });
    let again = run_script("propose", #{});
    assert_unchanged(again);
    assert_contains(again.warnings.len, 1);
}
fn test_merge() {
    let r = run_script("propose", #{});
    assert_eq(r.pull("gitops").number, 1);
    push("gitops", "main", #{ "other.txt": "Beside\n" });
    merge(r.pull("gitops"));
    let main = repo("gitops").tree("main");
    assert(main.has("other.txt") && main.has("hello.md"));
    assert_eq(run_script("propose", #{}).status, "applied");
}
fn test_environments() {
    with_environments(["dev", #{ name: "live", cluster: "west", production: true }]);
    with_values(#{ registry: "registry.test" });
    assert_eq(environments().map(|env| env.name), ["dev", "live"]);
    assert_eq(setting("registry", "none"), "registry.test");
    place("west", manifest(#{ apiVersion: "v1", kind: "Namespace", metadata: #{ name: "a" } }));
    assert_eq(cluster("west").get("v1", "Namespace", "", "a").name, "a");
}
fn test_empty() {
    empty_world();
    assert(!repo("gitops").exists());
    expect_error("idp::test::fixture", || fixture("."));
}
"#,
    );
    workspace.write(
        "scripts/propose.rhai",
        "let pull = repo(\"gitops\").propose(\"Say hello\", |tree| tree.write(\"hello.md\", \"Hello\\n\"));\npull.wait();\n",
    );
    let said = workspace.idp(&["test"]);
    assert_eq!(said.code, 3, "{said}");
    // Only the wrong use of assert_contains fails, and says how it is used.
    assert!(said.stdout.contains("1 failed, 3 passed") && said.stdout.contains("idp::test::arguments"), "{said}");
}

#[test]
fn functions_of_modules_and_scripts_are_tested_by_importing_them() {
    let workspace = greeting(
        "import \"greet\" as script;\nimport \"lib/words\" as words;\nimport \"std/naming\" as naming;\n\
         fn test_all() {\n    assert_eq(script::params().keys(), [\"name\"]);\n    assert_eq(words::twice(2), 4);\n    \
         assert_eq(naming::java_segment(\"new\"), \"new_\");\n}\n",
    );
    workspace.write("lib/words.rhai", "fn twice(n) { n * 2 }\n");
    let said = workspace.idp(&["test"]);
    assert_eq!(said.code, 0, "{said}");
}

#[test]
fn junit_is_for_tests_and_is_well_formed() {
    let workspace = greeting("fn test_a() { print(\"<&>\\u0007\"); assert_eq(\"<a>\", \"]]>\"); }\nfn test_b() {}\n");
    let said = workspace.idp(&["test", "--output", "junit"]);
    assert_eq!(said.code, 3, "{said}");
    let text = said.stdout.as_str();
    assert!(text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"), "{text}");
    // Every tag that opens closes, in order, and nothing is left that XML would read as markup.
    let tag = regex::Regex::new(r"<(/?)([a-z-]+)([^<>]*?)(/?)>").unwrap();
    let mut open = Vec::new();
    for found in tag.captures_iter(text) {
        match (&found[1], &found[4]) {
            ("/", _) => assert_eq!(open.pop(), Some(found[2].to_string()), "{text}"),
            (_, "/") => {}
            _ => open.push(found[2].to_string()),
        }
    }
    assert!(open.is_empty(), "{open:?}");
    let rest = tag.replace_all(text, "");
    assert!(
        !rest.trim_start_matches("<?xml version=\"1.0\" encoding=\"UTF-8\"?>").contains(['<', '>', '\u{7}']),
        "{rest}"
    );
    assert!(text.contains("tests=\"2\" failures=\"1\""), "{text}");
    let said = workspace.idp(&["list", "--output", "junit"]);
    assert_eq!(said.code, 2, "{said}");
    assert_eq!(workspace.idp(&["greet", "name=a", "--output", "junit"]).code, 2);
}

#[test]
fn every_function_for_tests_is_documented_with_an_example_that_runs() {
    let mut tests = String::new();
    let mut count = 0;
    for chapter in reference::tests() {
        for usage in chapter.entries.iter().flat_map(|entry| &entry.usages) {
            assert!(!usage.examples.is_empty(), "{}: {} has no ```rhai example", chapter.name, usage.signature);
            for example in &usage.examples {
                tests.push_str(&format!("fn test_example_{count}() {{\n{example}}}\n"));
                count += 1;
            }
        }
    }
    assert!(count > 30, "only {count} examples were found");
    let workspace = Workspace::acme();
    let acme = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/acme");
    crate::workspace::copy(&acme, &workspace.path().join("examples/acme"));
    workspace.write("examples/greet.rhai", GREET).write("examples.test.rhai", &tests);
    workspace.write("examples/cases.yaml", CASES);
    let said = workspace.idp(&["test"]);
    assert_eq!(said.code, 0, "{said}");
}

#[test]
fn the_page_on_testing_keeps_its_word() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/testing.md")).unwrap();
    let workspace = Workspace::empty();
    workspace.write("idp.yaml", "seeds: { handbook: { folder: seeds/handbook } }\n");
    workspace.write("seeds/handbook/README.md", "# Handbook\n");
    let named = regex::Regex::new(r"(?ms)^`([a-z0-9/.-]+)`:\n\n```(?:rhai|yaml)\n(.*?)```").unwrap();
    for file in named.captures_iter(&text) {
        workspace.write(&file[1], &file[2]);
    }
    let commands = regex::Regex::new(r"(?m)^\$ idp-run (.*)$").unwrap();
    let commands: Vec<_> = commands.captures_iter(&text).map(|found| found[1].to_string()).collect();
    assert!(commands.len() >= 7, "{commands:?}");
    for command in commands {
        let said = workspace.idp(&command.split(' ').collect::<Vec<_>>());
        assert_eq!(said.code, 0, "{command}\n{said}");
    }
    assert!(workspace.read("scripts/whole.test.snap").contains("+ teams/payments.md"));
    assert!(workspace.read("coverage.info").contains("SF:scripts/team-page.rhai"));
    assert!(workspace.read("coverage.html").contains("scripts/team-page.rhai"));
}

#[test]
fn coverage_counts_lines_and_branches_as_they_were_executed() {
    let workspace = Workspace::empty();
    workspace.write(
        "scripts/ways.rhai",
        "fn kind(n) {\n    if n > 10 {\n        return \"big\";\n    }\n    for i in 0..n {\n        if i == 7 && n == 9 { return \"nine\"; }\n    }\n    \
         switch n {\n        0 => \"none\",\n        1 => \"one\",\n        _ => \"some\",\n    }\n}\nfn unused() {\n    let m = #{};\n    m.get(\"a\") ?? 1\n}\n",
    );
    workspace.write(
        "scripts/ways.test.rhai",
        "import \"scripts/ways\" as ways;\nfn test_a() { assert_eq(ways::kind(0), \"none\"); assert_eq(ways::kind(2), \"some\"); }\n",
    );
    let said = workspace.idp(&["test", "--lcov", "c.info"]);
    assert_eq!(said.code, 0, "{said}");
    insta::assert_snapshot!(workspace.read("c.info"), @r"
    TN:
    SF:scripts/ways.rhai
    BRDA:2,0,0,0
    BRDA:2,0,1,2
    BRDA:5,0,0,2
    BRDA:5,0,1,1
    BRDA:6,0,0,0
    BRDA:6,0,1,2
    BRDA:6,1,0,0
    BRDA:6,1,1,2
    BRDA:8,0,0,1
    BRDA:8,0,1,0
    BRDA:8,0,2,1
    BRDA:16,0,0,-
    BRDA:16,0,1,-
    BRF:13
    BRH:7
    DA:2,2
    DA:3,0
    DA:5,2
    DA:6,2
    DA:8,2
    DA:9,1
    DA:10,0
    DA:11,1
    DA:15,0
    DA:16,0
    LF:10
    LH:6
    end_of_record
    ");
    let said = workspace.idp(&["test", "--coverage-min", "61", "--output", "json"]);
    assert_eq!(said.code, 3, "{said}");
    assert!(said.stderr.contains("idp::test::coverage"), "{said}");
    assert_eq!(lines(&said, "coverage_summary")[0]["lines"], serde_json::json!({ "hit": 6, "all": 10 }));
    assert_eq!(workspace.idp(&["test", "--coverage-min", "60"]).code, 0);
}

#[test]
fn what_ships_is_tested() {
    let mut command = std::process::Command::new(crate::workspace::BINARY);
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env_clear().env("CI", "true");
    command.args(["test", "scripts", "stdlib", "--coverage-min", "90", "--output", "json"]);
    let said = crate::workspace::said(command);
    assert_eq!(said.code, 0, "{said}");
    let files: Vec<Value> = lines(&said, "coverage").iter().map(|line| line["file"].clone()).collect();
    assert!(files.contains(&"stdlib/gitops.rhai".into()) && files.len() > 5, "{files:?}");
    // Every rule of every pack has an object that passes, one that fails and one that is waived; those that mend, one mended.
    let rules = lines(&said, "rule_coverage");
    assert_eq!(rules.len(), declared(), "a rule is counted for each one that the packs declare");
    let lacking: Vec<_> = rules.iter().filter(|rule| rule["never"] != serde_json::json!([])).collect();
    assert!(lacking.is_empty(), "{lacking:#?}");
}

/// How many rules the shipped packs declare.
fn declared() -> usize {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/policies");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let packs = files.filter(|path| !path.to_string_lossy().ends_with(".test.rhai"));
    let rules = packs.map(|path| std::fs::read_to_string(path).unwrap().matches("\npolicy(\"").count());
    rules.sum()
}
