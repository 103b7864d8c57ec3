//! Habits from other languages: what is said to each, by a plan and by the check alike.

use crate::workspace::Workspace;

/// A script and the message and help that its author reads.
const HABITS: &[(&str, &str, &str)] = &[
    ("function run(p) {\n}", "there is no variable `function`", "functions are defined with `fn`: `fn run(p) { ... }`"),
    (
        "def run(p):\n    print(\"x\")",
        "there is no variable `def`",
        "functions are defined with `fn`: `fn run(p) { ... }`",
    ),
    (
        "print('single quotes');",
        "a text stands in double quotes or backticks",
        "write `\"single quotes\"`; in single quotes stands a single character",
    ),
    ("var x = 1;\nprint(x);", "`var` is a reserved word", "variables are declared with `let`: `let name = ...;`"),
    ("let mut x = 1;\nprint(x);", "`;` is missing here", "every variable can change: `let name = ...;`"),
    (
        "let a = 1;\nif a === 1 { print(1); }",
        "`===` means nothing in a script",
        "values are compared with `==` and `!=`, which mind their types",
    ),
    (
        "let x = null;\nprint(x);",
        "`null` is a reserved word",
        "a value that is missing is `()`; `value ?? otherwise` puts another in its place",
    ),
    (
        "let x = None;\nprint(x);",
        "there is no variable `None`",
        "a value that is missing is `()`; `value ?? otherwise` puts another in its place",
    ),
    ("let x = True;\nprint(x);", "there is no variable `True`", "it is written `true`"),
    (
        "if 1 > 2 { print(1); } elif 2 > 1 { print(2); }",
        "there is no variable `elif`",
        "it is written `else if ... { ... }`",
    ),
    ("if true and false { print(1); }", "`{` is missing here", "it is written `&&`"),
    ("if not true { print(1); }", "there is no variable `not`", "it is written `!`: `if !done { ... }`"),
    (
        "if true: print(1);",
        "`{` is missing here",
        "what depends on it stands in braces, even one statement: `if a > b { ... }`",
    ),
    (
        "if (true) print(1);",
        "`{` is missing here",
        "what depends on it stands in braces, even one statement: `if a > b { ... }`",
    ),
    (
        "let n = 1;\nprint(f\"hello {n}\");",
        "there is no variable `f`",
        "a text with values in it stands in backticks: `Hello ${name}`",
    ),
    ("let m = { a: 1 };\nprint(m);", "there is no variable `a`", "a map begins with `#{`: `#{ name: \"api\" }`"),
    ("let m = { \"a\": 1 };\nprint(m);", "`;` is missing here", "a map begins with `#{`: `#{ name: \"api\" }`"),
    ("let f = (x) => x + 1;", "there is no variable `x`", "a function without a name is `|x| x + 1`"),
    ("let f = x => x + 1;", "there is no variable `x`", "a function without a name is `|x| x + 1`"),
    ("# a comment", "`#` means nothing in a script", "comments begin with `//`; a map with `#{`"),
    (
        "for (let i = 0; i < 3; i++) { print(i); }",
        "`for` doesn't count like this",
        "loops go through lists and ranges: `for item in list { ... }`, `for i in 0..3 { ... }`",
    ),
    (
        "for k, v in [1] { print(k); }",
        "`in` is missing after the name of the item",
        "a second name, which counts, stands in parentheses with the first: `for (item, number) in list { ... }`",
    ),
    ("let i = 0;\ni++;", "there is no operator `++`", "write `i += 1;`"),
    ("let size = true ? 1 : 2;", "there is no operator `?`", "`if` has a value: `let size = if big { 3 } else { 1 };`"),
    (
        "let x: string = \"a\";",
        "`;` is missing here",
        "types aren't written down: `let name = ...;`, `fn size(of) { ... }`",
    ),
    (
        "fn size(of: list) { of.len }",
        "`,` is missing here",
        "types aren't written down: `let name = ...;`, `fn size(of) { ... }`",
    ),
    (
        "fn size(of) -> int { of.len }",
        "the body of `size` is missing",
        "types aren't written down: `let name = ...;`, `fn size(of) { ... }`",
    ),
    (
        "try { fail(\"x\", \"\"); } except (e) { print(e); }",
        "`catch` is missing here",
        "errors are caught with `catch`: `try { ... } catch (e) { ... }`",
    ),
    (
        "import std/naming as naming;",
        "there is no variable `std`",
        "modules are imported by a text, with a name: `import \"std/naming\" as naming;`",
    ),
    (
        "import \"std/naming\";\nprint(naming::java_segment(\"a\"));",
        "nothing is imported as `naming`",
        "give the import its name: `import \"std/naming\" as naming;`",
    ),
    (
        "print(\"a\" . \"b\");",
        "the name of a field is missing behind the dot",
        "texts are put together with `+`, or as `${...}` in backticks",
    ),
    (
        "new Repo(\"x\");",
        "`new` is a reserved word",
        "values are made by calls: `repo(\"name\")`, `manifest(#{ ... })`",
    ),
    ("console.log(\"x\");", "there is no variable `console`", "texts are shown with `print(text)`"),
];

/// Habits in calls, which the compiler lets pass: the message is that of a plan.
const CALLS: &[(&str, &str, &str)] = &[
    (
        "print(str(1));",
        "there is no function `str` (called with a whole number)",
        "a text of a value is `value.to_string()`, or `${value}` in backticks",
    ),
    ("print(int(\"1\"));", "`int` can't be called with a text", "a number of a text is `parse_int(text)`"),
    (
        "for i in range(3) { print(i); }",
        "`range` can't be called with a whole number",
        "a range is `0..3`; with its last number, `1..=3`",
    ),
    ("print([1].length);", "a list has no field `length`", "it is `list.len`"),
    (
        "print(\"a\".includes(\"a\"));",
        "there is no function `includes` (called with a text, a text)",
        "it is `contains`",
    ),
];

#[test]
fn habits_are_answered() {
    let acme = Workspace::acme();
    let mut offences = String::new();
    for (number, (text, message, help)) in HABITS.iter().chain(CALLS).enumerate() {
        let name = format!("habit{number}.rhai");
        acme.write(&name, &format!("//! Habit\n\n{text}\n"));
        for verb in [&["--plan"][..], &["check"]] {
            let mut arguments = [verb, &[name.as_str()]].concat();
            arguments.sort_by_key(|argument| argument.starts_with('-'));
            let said = acme.idp(&[&arguments[..], &["--output", "json"]].concat());
            let all = said.of_type("diagnostic");
            // The check has words of its own for calls, and the same help.
            let same = |one: &&serde_json::Value| {
                one["help"] == *help && (verb == ["check"] && number >= HABITS.len() || one["message"] == *message)
            };
            if !all.iter().any(|one| same(&one)) {
                offences.push_str(&format!("{text}\n{verb:?} {said}\n"));
            }
        }
    }
    assert!(offences.is_empty(), "{offences}");
}

/// What the answers recommend is so.
#[test]
fn what_is_said_to_habits_works() {
    let acme = Workspace::acme();
    let text = r##"import "std/naming" as naming;
let missing = ();
print(missing ?? "otherwise");
let f = |x| x + 1;
print(f.call(1));
for (item, number) in ["a"] { print(`${number} ${item}`); }
for i in 0..3 { print(i); }
for i in 1..=3 { print(i); }
let size = if size_of([1]) > 3 { 3 } else { 1 };
print(size);
print(switch size { 1 => "one", _ => "more" });
print(1.to_string() + parse_int("2") + parse_float("2.5"));
print([1].len + " " + "abc".contains("b") + " A ".to_lower() + "a".to_upper() + type_of(1));
let text = " a ";
text.trim();
print(text + naming::java_segment("a"));
let i = 0;
i += 1;
try { throw "x"; } catch (e) { print(e + i); }
fn size_of(of) { of.len }
"##;
    let said = acme.plan(text);
    assert_eq!(said.code, 0, "{said}");
}

/// Words of other languages are good names where they are declared, and good keys.
#[test]
fn declared_names_are_no_habits() {
    let acme = Workspace::acme();
    let said = acme.plan("let function = 1;\nlet from = #{ \"null\": 1, None: 2 };\nprint(function + from.None);\n");
    assert_eq!((said.code, said.stdout.contains('3')), (0, true), "{said}");
    let said = acme.plan("print(#{ null: 1 });\n");
    assert!(said.stderr.contains("as the key of a map, put it in quotes"), "{said}");
}

/// `print` is the engine's own, and no check knows what it takes.
#[test]
fn more_than_one_value_to_print() {
    let said = super::plan("print(\"it is {}\", 1);\n");
    assert!(said.contains("put values into a text in backticks: `it is ${value}`"), "{said}");
}

#[test]
fn nothing_to_explain() {
    let acme = Workspace::acme();
    for name in ["", "  "] {
        let said = acme.idp(&["explain", name]);
        assert_eq!(said.code, 2);
        insta::allow_duplicates! {
            insta::assert_snapshot!(said.stderr, @r"
            idp::explain::unknown

              x the name of what is to be explained is empty
              help: name it, as in `idp-run explain repo.commit`; `idp-run explain` lists what there is
            ");
        }
    }
}
