//! Functions that look as if a run called them.

use super::plan;
use crate::workspace::Workspace;

#[test]
fn run_without_its_parameter() {
    let said = plan(
        r##"fn run() {
    print("hello");
}
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::script::run

      x `run` has no parameter: a run calls `run(p)`
       ,-[script.rhai:1:4]
     1 | fn run() {
       :    ^|^
       :     `-- here
     2 |     print("hello");
       `----
      help: write `fn run(p)`; where `p` isn't needed, `fn run(_p)`
    "##);
}

#[test]
fn params_with_a_parameter() {
    let said = plan(
        r##"fn params(p) {
    #{ project: param("string", "Business domain") }
}

fn run(p) {
    print(p);
}
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::script::run

      x `params` has a parameter: a run calls `params()`
       ,-[script.rhai:1:4]
     1 | fn params(p) {
       :    ^^^|^^
       :       `-- here
     2 |     #{ project: param("string", "Business domain") }
       `----
      help: write `fn params()`: what it returns declares the values that a run asks for
    "##);
}

#[test]
fn parameters_one_by_one() {
    let said = plan("fn run(project, service) {\n    print(project + service);\n}\n");
    assert!(said.contains("`run` has 2 parameters: a run calls `run(p)`"), "{said}");
    assert!(said.contains("`p` has the values that `params()` declares, `p.name`"), "{said}");
}

#[test]
fn a_check_that_nobody_asks() {
    let said = plan("fn check() {\n    \"no\"\n}\n\nfn run(p) {\n    print(p);\n}\n");
    assert!(said.contains("`check` has no parameter: a run calls `check(p)`"), "{said}");
}

/// The check finds it without a run, also where nothing else says that the file is a script.
#[test]
fn the_check_finds_it() {
    let acme = Workspace::acme();
    acme.write("script.rhai", "//! T\n\nfn run() {\n    print(\"hello\");\n}\n");
    let said = acme.idp(&["check", "script.rhai"]);
    assert_eq!(said.code, 3, "{said}");
    assert!(said.stdout.contains("idp::check::entry_point"), "{said}");
}

/// A helper that the script calls is its own business, and so are the functions of modules.
#[test]
fn helpers_may_have_such_names() {
    let acme = Workspace::acme();
    acme.write("kubectl.rhai", "//! T\n\n/// Runs something.\nfn run(what, how) {\n    what + how\n}\n");
    acme.write(
        "script.rhai",
        "//! T\n\nimport \"kubectl\" as kubectl;\n\nfn run() {\n    print(kubectl::run(\"a\", \"b\"));\n}\n\nrun();\n",
    );
    for file in ["script.rhai", "kubectl.rhai"] {
        let said = acme.idp(&["check", file, "--strict"]);
        assert_eq!(said.code, 0, "{said}");
    }
    let said = acme.idp(&["script.rhai", "--plan"]);
    assert_eq!((said.code, said.stdout.contains("ab")), (0, true), "{said}");
}
