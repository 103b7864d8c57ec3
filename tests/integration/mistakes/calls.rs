//! Mistakes that show themselves while a script runs.

use super::plan;
use crate::workspace::Workspace;

/// A plan takes the last arm, since nothing equals a value that isn't known: only the check sees it.
#[test]
fn a_later_value_in_a_switch() {
    let acme = Workspace::acme();
    acme.write(
        "script.rhai",
        r##"//! T

let pull = repo("orders-stock").propose("Say hello", |tree| tree.write("hello.md", "Hello"));
switch pull.number {
    1 => print("the first"),
    _ => print("another"),
}
"##,
    );
    let said = acme.idp(&["check", "script.rhai"]);
    insta::assert_snapshot!(said.stdout, @r##"
    idp::check::later_decision

      ! `switch` decides by a value that may be known only after the apply
       ,-[script.rhai:4:8]
     3 | let pull = repo("orders-stock").propose("Say hello", |tree| tree.write("hello.md", "Hello…
     4 | switch pull.number {
       :        ^^^^
     5 |     1 => print("the first"),
       `----
      help: decide by what is known already, such as `pull.state`; in texts the value is fine

    1 warning in 1 file.
    "##);
}

#[test]
fn a_function_misspelt() {
    let said = plan(
        r##"for env in enviroments() {
    print(env.name);
}
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::script::function

      x there is no function `enviroments` (called with no arguments)
       ,-[script.rhai:1:12]
     1 | for env in enviroments() {
       :            ^^^^^|^^^^^
       :                 `-- here
     2 |     print(env.name);
       `----
      help: did you mean `environments`?
    "##);
}

#[test]
fn a_method_misspelt() {
    let said = plan(
        r##"repo("orders-returns").comit("main", "feat: start", tree());
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::script::function

      x there is no function `comit` (called with a Repo, a text, a text, a Tree)
       ,-[script.rhai:1:24]
     1 | repo("orders-returns").comit("main", "feat: start", tree());
       :                        ^^|^^
       :                          `-- here
       `----
      help: did you mean `commit`?
    "##);
}

#[test]
fn an_option_misspelt() {
    let said = plan(
        r##"repo("orders-returns").ensure(#{ descripton: "Takes goods back" });
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::script::option

      x ensure has no option `descripton`
       ,-[script.rhai:1:34]
     1 | repo("orders-returns").ensure(#{ descripton: "Takes goods back" });
       :                                  ^^^^^|^^^^
       :                                       `-- here
       `----
      help: did you mean `description`?
    "##);
}

#[test]
fn an_argument_of_the_wrong_type() {
    let said = plan(
        r##"let files = tree().write("replicas.yaml", "a: 1\n");
files.set("replicas.yaml", 3, "a");
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::script::arguments

      x `set` can't be called with a Tree, a text, a whole number, a text
       ,-[script.rhai:2:7]
     1 | let files = tree().write("replicas.yaml", "a: 1\n");
     2 | files.set("replicas.yaml", 3, "a");
       :       ^|^
       :        `-- here
       `----
      help: it is called as `tree.set(path, at, value)`
    "##);
}

#[test]
fn too_few_arguments() {
    let said = plan(
        r##"repo("orders-returns").commit("main", tree());
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::script::arguments

      x `commit` can't be called with a Repo, a text, a Tree
       ,-[script.rhai:1:24]
     1 | repo("orders-returns").commit("main", tree());
       :                        ^^^|^^
       :                           `-- here
       `----
      help: it is called as `repo.commit(branch, message, edit)` or `repo.commit(branch, message,
            edit, options)`
    "##);
}

#[test]
fn a_parameter_that_is_not_declared() {
    let said = plan(
        r##"fn params() {
    #{ project: param("string", "Business domain").or_else("orders") }
}

fn run(p) {
    print(p.porject);
}
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::script::field

      x params() declares no `porject`
       ,-[script.rhai:6:13]
     5 | fn run(p) {
     6 |     print(p.porject);
       :             ^^^|^^^
       :                `-- here
     7 | }
       `----
      help: did you mean `project`?
    "##);
}

#[test]
fn a_closure_called_like_a_function() {
    let said = plan(
        r##"let greet = |name| `Hello ${name}`;
print(greet("world"));
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::script::function

      x there is no function `greet` (called with a text)
       ,-[script.rhai:2:7]
     1 | let greet = |name| `Hello ${name}`;
     2 | print(greet("world"));
       :       ^^|^^
       :         `-- here
       `----
      help: `greet` is a variable: call what it holds, `greet.call(...)`
    "##);
}

#[test]
fn a_later_value_in_a_decision() {
    let said = plan(
        r##"let pull = repo("orders-stock").propose("Say hello", |tree| tree.write("hello.md", "Hello\n"));
if pull.number > 3 {
    print("many");
}
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::plan::unknown

      x the number of the pull request `Say hello` is not known before the plan is applied
       ,-[script.rhai:2:16]
     1 | let pull = repo("orders-stock").propose("Say hello", |tree| tree.write("hello.md", "Hello…
     2 | if pull.number > 3 {
       :                |
       :                `-- here
     3 |     print("many");
       `----
      help: don't decide by it: use it in texts and options only, or look at what is known already
    "##);
}

#[test]
fn a_text_in_quotes_instead_of_backticks() {
    let said = plan(
        r##"let name = "no such repository";
repo("orders ${name}");
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::repo::name

      x `orders ${name}` can't be a repository name
       ,-[script.rhai:2:6]
     1 | let name = "no such repository";
     2 | repo("orders ${name}");
       :      ^^^^^^^^|^^^^^^^
       :              `-- here
       `----
      help: put the text in backticks: `...`
    "##);
}

#[test]
fn a_variable_changed_by_items_beside_each_other() {
    let said = plan(
        r##"let made = [];
parallel(["a", "b"], |name| made.push(name));
print(made);
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::parallel::captured

      x the function given to `parallel` calls `push` on `made`, which was declared outside of it
       ,-[script.rhai:2:1]
     1 | let made = [];
     2 | parallel(["a", "b"], |name| made.push(name));
       : ^^^^|^^^                    ^^^^
       :     `-- here
     3 | print(made);
       `----
      help: items have copies, so the change would be lost: return a value, and use the list that
            `parallel` gives
    "##);
}

#[test]
fn an_edit_without_its_tree() {
    let said = plan(
        r##"repo("orders-stock").propose("Say hello", |tree| {
    tree = tree.write("hello.md", "Hello\n");
});
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::script::argument

      x the function that edits acme/orders-stock must return the tree, and it returned nothing
       ,-[script.rhai:1:22]
     1 | repo("orders-stock").propose("Say hello", |tree| {
       :                      ^^^|^^^
       :                         `-- here
     2 |     tree = tree.write("hello.md", "Hello\n");
       `----
      help: edits return a new tree: end with it
    "##);
}

#[test]
fn a_commit_to_a_protected_branch() {
    let said = plan(
        r##"repo("orders-stock").commit("main", "feat: hello", |tree| tree.write("hello.md", "Hello\n"));
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::forge::protected

      x main of acme/orders-stock is protected
       ,-[script.rhai:1:22]
     1 | repo("orders-stock").commit("main", "feat: hello", |tree| tree.write("hello.md", "Hello\n…
       :                      ^^^|^^
       :                         `-- here
       `----
      help: propose a pull request instead: `repo.propose(...)`
    "##);
}

#[test]
fn a_map_thrown() {
    let said = plan(
        r##"throw #{ message: "the name is taken", help: "choose another one" };
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::script::thrown

      x the name is taken
       ,-[script.rhai:1:1]
     1 | throw #{ message: "the name is taken", help: "choose another one" };
       : ^^|^^
       :   `-- here
       `----
      help: choose another one
    "##);
}

#[test]
fn a_text_times_a_number() {
    let said = plan(
        r##"print("ab" * 3);
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::script::operator

      x `*` can't be used with a text and a whole number
       ,-[script.rhai:1:12]
     1 | print("ab" * 3);
       :            |
       :            `-- here
       `----
      help: texts are put together with `+` or as `${...}` in backticks; a number of a text is
            `parse_int(text)`
    "##);
}

#[test]
fn a_missing_value_added() {
    let said = plan(
        r##"let size = #{ least: 1 }.get("most") + 1;
print(size);
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::script::operator

      x `+` can't be used with nothing and a whole number
       ,-[script.rhai:1:38]
     1 | let size = #{ least: 1 }.get("most") + 1;
       :                                      |
       :                                      `-- here
     2 | print(size);
       `----
      help: `()` is a value that is missing: give it another with `value ?? otherwise`
    "##);
}

#[test]
fn something_and_a_missing_value() {
    let said = plan(
        r##"let size = 1 + #{ least: 1 }.get("most");
print(size);
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::script::operator

      x `+` can't be used with a whole number and nothing
       ,-[script.rhai:1:14]
     1 | let size = 1 + #{ least: 1 }.get("most");
       :              |
       :              `-- here
     2 | print(size);
       `----
      help: `()` is a value that is missing: give it another with `value ?? otherwise`
    "##);
}

#[test]
fn a_number_as_a_condition() {
    let said = plan(
        r##"let files = repo("orders-stock").tree("main").files();
if files.len && true {
    print("some");
}
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::script::type

      x true or false is needed here, and it is a whole number
       ,-[script.rhai:2:9]
     1 | let files = repo("orders-stock").tree("main").files();
     2 | if files.len && true {
       :         |
       :         `-- here
     3 |     print("some");
       `----
      help: decide by a comparison: `count > 0`, `text != ""`, `list.len > 0`
    "##);
}

#[test]
fn a_template_misspelt() {
    let said = plan(
        r##"print(template("java-sprin-boot", #{}).files());
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::template::unknown

      x there is no template `java-sprin-boot`
       ,-[script.rhai:1:7]
     1 | print(template("java-sprin-boot", #{}).files());
       :       ^^^^|^^^
       :           `-- here
       `----
      help: did you mean `java-spring-boot`?
    "##);
}

#[test]
fn a_value_of_a_template_forgotten() {
    let said = plan(
        r##"print(template("gitops-repository", #{ project: "orders" }).files());
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::template::value

      x the template gitops-repository needs the value `org`
       ,-[script.rhai:1:7]
     1 | print(template("gitops-repository", #{ project: "orders" }).files());
       :       ^^^^|^^^
       :           `-- here
       `----
      help: org: Organisation that owns the repositories
    "##);
}

#[test]
fn a_closure_that_uses_its_own_receiver() {
    let said = plan(
        r##"let app = repo("orders-stock");
app.propose("Say hello", |tree| tree.write("hello.md", app.name));
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::script::data_race

      x the function that `propose` is given uses `app`, which it is called on
       ,-[script.rhai:2:26]
     1 | let app = repo("orders-stock");
     2 | app.propose("Say hello", |tree| tree.write("hello.md", app.name));
       :                          |
       :                          `-- here
       `----
      help: take what it needs of `app` into a variable before
    "##);
}

#[test]
fn an_element_that_is_not_there() {
    let said = plan(
        r##"let first = environments()[9];
print(first.name);
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::script::bounds

      x there is no element 9: the list has 3
       ,-[script.rhai:1:28]
     1 | let first = environments()[9];
       :                            |
       :                            `-- here
     2 | print(first.name);
       `----
      help: elements count from 0; where it may be missing, write `list.get(9) ?? otherwise`
    "##);
}

#[test]
fn a_field_that_is_not_there() {
    let said = plan(
        r##"let app = repo("orders-stock");
print(app.nmae);
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::script::field

      x a Repo has no field `nmae`
       ,-[script.rhai:2:11]
     1 | let app = repo("orders-stock");
     2 | print(app.nmae);
       :           ^^|^
       :             `-- here
       `----
      help: did you mean `name`?
    "##);
}

#[test]
fn a_function_used_as_a_field() {
    let said = plan(
        r##"let app = repo("orders-stock");
if app.exists {
    print("yes");
}
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::script::field

      x a Repo has no field `exists`
       ,-[script.rhai:2:8]
     1 | let app = repo("orders-stock");
     2 | if app.exists {
       :        ^^^|^^
       :           `-- here
     3 |     print("yes");
       `----
      help: is it a function? `.exists()`
    "##);
}

#[test]
fn a_code_of_what_the_language_refuses() {
    let said = plan(
        r##"try {
    print(1 / 0);
} catch (e) {
    print(e.code);
}
"##,
    );
    insta::assert_snapshot!(said, @r##"
    idp::script::field

      x there is no field `code`
       ,-[script.rhai:4:13]
     3 | } catch (e) {
     4 |     print(e.code);
       :             ^^|^
       :               `-- here
     5 | }
       `----
      help: if this was caught: what the language itself refuses is a map with `message` and `error`,
            without a code
    "##);
}
