//! Mistakes that the compiler finds, and imports.

use super::plan;

#[test]
fn a_semicolon_forgotten() {
    let said = plan(
        r##"let app = repo("orders-returns")
print(app.name);
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::script::syntax

      x `;` is missing at the end of a statement
       ,-[script.rhai:2:1]
     1 | let app = repo("orders-returns")
     2 | print(app.name);
       : ^^|^^
       :   `-- here
       `----
      help: put it before this place; look at the line above, too
    "##);
}

#[test]
fn a_brace_forgotten() {
    let said = plan(
        r##"if true {
    print("yes");
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::script::syntax

      x `}` is missing to terminate this block
       ,-[script.rhai:2]
     1 | if true {
     2 |     print("yes");
       :     ^^^^^^|^^^^^^
       :           `-- here
       `----
      help: a `{` before this place isn't closed
    "##);
}

#[test]
fn a_quote_forgotten() {
    let said = plan(
        r##"print("hello);
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::script::syntax

      x the script ends in the middle of something
       ,-[script.rhai:1:7]
     1 | print("hello);
       :       |
       :       `-- here
       `----
      help: a text or a bracket that is opened before isn't closed; a text over several lines stands
            in backticks
    "##);
}

#[test]
fn a_reserved_word_as_a_key() {
    let said = plan(
        r##"print(#{ package: "com.acme" });
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::script::syntax

      x `package` is a reserved word
       ,-[script.rhai:1:10]
     1 | print(#{ package: "com.acme" });
       :          ^^^|^^^
       :             `-- here
       `----
      help: choose another name; as the key of a map, put it in quotes: `"package": ...`
    "##);
}

#[test]
fn a_variable_misspelt() {
    let said = plan(
        r##"let service = "returns";
print(servcie);
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::script::syntax

      x there is no variable `servcie`
       ,-[script.rhai:2:7]
     1 | let service = "returns";
     2 | print(servcie);
       :       ^^^|^^^
       :          `-- here
       `----
      help: did you mean `service`?
    "##);
}

#[test]
fn a_constant_in_a_function() {
    let said = plan(
        r##"const PLATFORM = "platform-gitops";

fn home() {
    repo(PLATFORM)
}

print(home().name);
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::script::syntax

      x there is no variable `PLATFORM`
       ,-[script.rhai:4:10]
     3 | fn home() {
     4 |     repo(PLATFORM)
       :          ^^^^|^^^
       :              `-- here
     5 | }
       `----
      help: it is a constant of the top level: in functions write `global::PLATFORM`
    "##);
}

#[test]
fn a_variable_of_the_top_level_in_a_function() {
    let said = plan(
        r##"let platform = "platform-gitops";

fn home() {
    repo(platform)
}

print(home().name);
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::script::syntax

      x there is no variable `platform`
       ,-[script.rhai:4:10]
     3 | fn home() {
     4 |     repo(platform)
       :          ^^^^|^^^
       :              `-- here
     5 | }
       `----
      help: functions don't see variables of the top level: hand it over as an argument, or make it a
            constant and write `global::platform`
    "##);
}

#[test]
fn one_equals_sign() {
    let said = plan(
        r##"let level = "high";
if level = "high" {
    print("urgent");
}
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::script::syntax

      x `=` gives a variable its value; it doesn't compare
       ,-[script.rhai:2:10]
     1 | let level = "high";
     2 | if level = "high" {
       :          |
       :          `-- here
     3 |     print("urgent");
       `----
      help: to compare, write `==`
    "##);
}

#[test]
fn an_import_forgotten() {
    let said = plan(
        r##"print(naming::java_segment("a-b"));
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::script::syntax

      x nothing is imported as `naming`
       ,-[script.rhai:1:7]
     1 | print(naming::java_segment("a-b"));
       :       ^^^|^^
       :          `-- here
       `----
      help: import it at the top: `import "std/..." as naming;`
    "##);
}

#[test]
fn an_import_misspelt() {
    let said = plan(
        r##"import "std/namign" as naming;
print(naming::java_segment("a-b"));
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::script::import

      x there is no module `std/namign`
       ,-[script.rhai:1:8]
     1 | import "std/namign" as naming;
       :        ^^^^^^|^^^^^
       :              `-- here
     2 | print(naming::java_segment("a-b"));
       `----
      help: did you mean `std/naming`?
    "##);
}

#[test]
fn an_import_out_of_the_workspace() {
    let said = plan(
        r##"import "../secrets" as secrets;
print(secrets::all());
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::script::import

      x can't import `../secrets`: it leaves the workspace
       ,-[script.rhai:1:8]
     1 | import "../secrets" as secrets;
       :        ^^^^^^|^^^^^
       :              `-- here
     2 | print(secrets::all());
       `----
      help: import "std/..." or a file below the workspace, by its path without .rhai
    "##);
}

#[test]
fn a_function_within_a_function() {
    let said = plan(
        r##"fn outer() {
    fn inner() { 1 }
    inner()
}
print(outer());
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::script::syntax

      x a function can't be defined within a block or another function
       ,-[script.rhai:2:5]
     1 | fn outer() {
     2 |     fn inner() { 1 }
       :     ^|
       :      `-- here
     3 |     inner()
       `----
      help: move it to the top level, or use a closure: `let f = |x| ...;`, called as `f.call(1)`
    "##);
}

#[test]
fn a_constant_that_is_set() {
    let said = plan(
        r##"const LIMIT = 3;
LIMIT = 4;
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::script::syntax

      x `LIMIT` is a constant: it keeps its value
       ,-[script.rhai:2:1]
     1 | const LIMIT = 3;
     2 | LIMIT = 4;
       : ^^|^^
       :   `-- here
       `----
      help: declare it with `let`: `let LIMIT = ...;`
    "##);
}

#[test]
fn going_through_a_map() {
    let said = plan(
        r##"for field in #{ a: 1 } {
    print(field);
}
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::script::syntax

      x `for` can't go through a map
       ,-[script.rhai:1:14]
     1 | for field in #{ a: 1 } {
       :              |
       :              `-- here
     2 |     print(field);
       `----
      help: it goes through lists and ranges; through the keys of a map with `map.keys()`
    "##);
}
