//! What a new user reads after a mistake in a script: what is wrong, where, and what would be right.

use crate::workspace::Workspace;

/// The message and the help of the mistake in a script, which must be shown at its line.
fn message(text: &str) -> String {
    let ws = Workspace::new();
    let said = ws.plan(text);
    assert_ne!(said.code, 0, "{said}");
    let error = said.of_type("diagnostic").pop().unwrap();
    let line = text.lines().count();
    assert!(said.stderr.contains(&format!("script.rhai:{line}:")), "{said}");
    format!("{}\n{}", error["message"].as_str().unwrap(), error["help"].as_str().unwrap_or("-"))
}

#[test]
fn wrong_calls_say_how_it_is_called() {
    for (text, message_of_it) in [
        (
            "repo(\"app\").commit(\"main\", tree());",
            "`commit` can't be called with a Repo, a text, a Tree\n\
             it is called as `repo.commit(branch, message, edit)` or `repo.commit(branch, message, edit, options)`",
        ),
        (
            "repo(\"app\").comit(\"main\");",
            "there is no function `comit` (called with a Repo, a text)\ndid you mean `commit`?",
        ),
        (
            "tree().set(\"a\", 1);",
            "`set` can't be called with a Tree, a text, a whole number\nit is called as `tree.set(path, at, value)`",
        ),
        ("repo();", "`repo` can't be called with no arguments\nit is called as `repo(name)` or `repo(name, options)`"),
        (
            "let x = 1; x.foo();",
            "there is no function `foo` (called with a whole number)\n`idp-run check` looks for all such calls at once",
        ),
    ] {
        assert_eq!(message(text), message_of_it);
    }
}

#[test]
fn wrong_names_come_with_the_right_ones() {
    for (text, message_of_it) in [
        ("let r = repo(\"app\");\nprint(r.nmae);", "a Repo has no field `nmae`\ndid you mean `name`?"),
        ("let r = repo(\"app\");\nprint(r.tree);", "a Repo has no field `tree`\nis it a function? `.tree()`"),
        (
            "repo(\"app\").ensure(#{ descripton: \"x\" });",
            "ensure has no option `descripton`\ndid you mean `description`?",
        ),
        (
            "repo(\"app\").ensure(#{ topics: \"java\" });",
            "the option `topics` of ensure must be a list of texts, and it is a text\n-",
        ),
        ("cluster(\"dve\");", "there is no cluster named `dve`\ndid you mean `dev`?"),
        (
            "template(\"java-sprin-boot\", #{});",
            "there is no template `java-sprin-boot`\ndid you mean `java-spring-boot`?",
        ),
        (
            "let m = #{ a: 1 };\nprint(m.b);",
            "there is no field `b`\nfor a field that may be missing, write `map.get(\"name\") ?? otherwise`",
        ),
    ] {
        assert_eq!(message(text), message_of_it);
    }
}

#[test]
fn what_a_script_throws_is_said() {
    assert_eq!(message("throw \"it is full\";"), "it is full\n-");
    assert_eq!(message("throw #{ code: 4 };"), "{\"code\":4}\n-");
    assert_eq!(message("fail(\"It is full\", \"try later\");"), "It is full\ntry later");
    assert_eq!(
        message("try { repo(\"gone\").tree(\"main\"); } catch (e) { throw e; }").lines().next(),
        Some("there is no repository acme/gone")
    );
}

#[test]
fn every_call_on_the_way_has_a_label() {
    let ws = Workspace::new();
    ws.write("lib.rhai", "fn inner(name) {\n    repo(name).tree(\"main\")\n}\n");
    ws.write(
        "script.rhai",
        "import \"lib\" as lib;\n\nfn outer() {\n    lib::inner(\"gone\")\n}\n\nstep(\"Look\", || outer());\n",
    );
    let said = ws.idp(&["script.rhai"]);
    assert_eq!(said.code, 1);
    insta::assert_snapshot!(said.stderr.replace(ws.path().to_str().unwrap(), "WS"), @r#"
    * Look
    failed Look

    idp::forge::missing

      x there is no repository acme/gone
       ,-[WS/lib.rhai:2:16]
     1 | fn inner(name) {
     2 |     repo(name).tree("main")
       :                ^^|^
       :                  `-- here
     3 | }
       `----
       ,-[script.rhai:4:10]
     3 | fn outer() {
     4 |     lib::inner("gone")
       :          ^^|^^
       :            `-- `inner`
     5 | }
     6 |
     7 | step("Look", || outer());
       : ^^|^            ^^|^^
       :   |               `-- `outer`
       :   `-- this function
       `----
      help: check the name, or create the repository first
    "#);
}
