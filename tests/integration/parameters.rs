//! Parameters of golden paths: where values come from, what is wrong with them, and where that is written.

use crate::support::terminal::Terminal;
use crate::workspace::{Said, Workspace, said};

const SCRIPT: &str = r##"//! Make a thing

fn params() {
    #{
        name: param("string", "Name of the thing").matching("^[a-z]+$").identity(),
        size: param("string", "Size").choices(["small", "large"]).or_else("small"),
        storage: param("int", "Storage in GB").range(20, 100).or_else(20),
        ratio: param("float", "Ratio").or_else(0.5),
        database: param("bool", "PostgreSQL?").or_else(false),
        teams: param("list", "Teams").or_else([]),
        system: param("string", "System").optional(),
    }
}

fn check(p) {
    if p.size == "small" && p.storage > 50 { return "a small thing has at most 50 GB of storage"; }
}

fn run(p) {
    print(`${p.name} ${p.size} ${p.storage} ${p.ratio} ${p.database} ${p.teams} ${p.system ?? "none"}`);
    repo(p.name).ensure(#{ description: p.size });
}
"##;

fn run(ws: &Workspace, args: &[&str]) -> Said {
    ws.named("thing", SCRIPT, args)
}

#[test]
fn values_come_from_four_places() {
    let ws = Workspace::new();
    assert_eq!(run(&ws, &["name=a"]).prints(), "a small 20 0.5 false [] none");
    let all = ["name=a", "size=large", "--param", "storage=80", "ratio=2", "database=yes", "teams=x, y", "system=s=t"];
    assert_eq!(run(&ws, &all).prints(), "a large 80 2.0 true [\"x\", \"y\"] s=t");
    ws.write("p.yaml", "name: file\nstorage: 30\ndatabase: true\nteams: [x]\nsystem: null\n");
    assert_eq!(run(&ws, &["--params", "p.yaml"]).prints(), "file small 30 0.5 true [\"x\"] none");
    ws.write("p.json", "{\"name\": \"json\", \"ratio\": 1}");
    assert_eq!(run(&ws, &["--params", "p.json"]).prints(), "json small 20 1.0 false [] none");
    // Flags before the file before the environment.
    let mut command = ws.command(&["thing.rhai", "--output", "json", "--params", "p.yaml", "storage=40"]);
    command.env("IDP_PARAM_NAME", "env").env("IDP_PARAM_STORAGE", "35").env("IDP_PARAM_SIZE", "large");
    assert_eq!(said(command).prints(), "file large 40 0.5 true [\"x\"] none");
}

#[test]
fn wrong_values_are_named_and_nothing_is_touched() {
    let ws = Workspace::new();
    for (arg, code, words, help) in [
        ("name=A1", "idp::param::pattern", "`name` `A1` doesn't match ^[a-z]+$", "Name of the thing"),
        ("storage=x", "idp::param::type", "`storage` must be a whole number, not `x`", ""),
        ("storage=10", "idp::param::range", "`storage` is 10, and must lie between 20 and 100", ""),
        ("storage=1.5", "idp::param::type", "`storage` must be a whole number, not `1.5`", ""),
        ("ratio=half", "idp::param::type", "`ratio` must be a number, not `half`", ""),
        ("database=maybe", "idp::param::type", "`database` must be true or false, not `maybe`", ""),
        ("size=smal", "idp::param::choice", "`size` can't be `smal`", "did you mean `small`? Choices: small, large"),
        ("sise=small", "idp::param::unknown", "thing.rhai has no parameter `sise`", "did you mean `size`?"),
        ("colour=red", "idp::param::unknown", "thing.rhai has no parameter `colour`", "`idp-run thing.rhai --help`"),
        ("storage=60", "idp::param::check", "a small thing has at most 50 GB of storage", ""),
        ("storage", "idp::usage", "`storage` is not NAME=VALUE", ""),
    ] {
        let said = run(&ws, &["name=a", arg]);
        said.fails(2, code);
        let error = &said.of_type("diagnostic")[0];
        assert!(error["message"].as_str().unwrap().contains(words), "{said}");
        assert!(error["help"].as_str().unwrap_or_default().contains(help), "{said}");
        assert!(!ws.has_state(), "{arg}");
    }
    let said = run(&ws, &[]);
    said.fails(2, "idp::param::missing");
    assert!(said.stderr.contains("`name` is missing"), "{said}");
    assert!(!ws.has_state());
}

#[test]
fn wrong_values_of_a_file_have_a_place() {
    let ws = Workspace::new();
    for (text, place, words) in [
        ("name: a\nstorage: many\n", "p.yaml:2:10", "`storage` must be a whole number"),
        ("name: a\nstorage: \"50\"\n", "p.yaml:2:10", "write it without quotes: 50"),
        ("name: 12\n", "p.yaml:1:7", "`name` must be a text, not `12`"),
        ("name: a\n\nsise: small\n", "p.yaml:3:1", "no parameter `sise`"),
        ("name: a\nsize: tiny\n", "p.yaml:2:7", "`size` can't be `tiny`"),
        ("name: a\nteams: [x, 1]\n", "p.yaml:2:8", "`teams` must be a list of texts"),
        ("name: a\nname: b\n", "p.yaml:2:1", "name"),
        ("- name\n", "p.yaml:1:1", "must be a map"),
        ("name: {a\n", "p.yaml:", ""),
    ] {
        ws.write("p.yaml", text);
        let said = run(&ws, &["--params", "p.yaml"]);
        assert_eq!(said.code, 2, "{text}{said}");
        said.summary();
        assert!(said.stderr.contains(place) && said.stderr.contains(words), "{text}{said}");
        assert!(!ws.has_state());
    }
    let said = run(&ws, &["--params", "gone.yaml"]);
    said.fails(2, "idp::param::file");
    assert!(said.stderr.contains("gone.yaml"), "{said}");
}

#[test]
fn a_wrong_value_of_the_environment_names_its_variable() {
    let ws = Workspace::new();
    ws.write("thing.rhai", SCRIPT);
    let mut command = ws.command(&["thing.rhai", "name=a", "--output", "json"]);
    command.env("IDP_PARAM_STORAGE", "many");
    let said = said(command);
    said.fails(2, "idp::param::type");
    assert!(said.stderr.contains("IDP_PARAM_STORAGE"), "{said}");
}

#[test]
fn the_params_file_is_relative_to_the_current_folder() {
    let ws = Workspace::new();
    ws.write("thing.rhai", SCRIPT).write("below/p.yaml", "name: below\n").write("p.yaml", "name: above\n");
    let mut command = ws.command(&["../thing.rhai", "--output", "json", "--params", "p.yaml"]);
    command.current_dir(ws.path().join("below"));
    assert_eq!(said(command).prints(), "below small 20 0.5 false [] none");
}

#[test]
fn only_identity_parameters_are_the_run() {
    let ws = Workspace::new();
    run(&ws, &["name=a"]).ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
    run(&ws, &["name=a", "size=large"]).ends(0, "create 0 update 1 delete 0 unchanged 0 applied");
    run(&ws, &["name=b"]).ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
    let listed = ws.idp(&["runs", "list"]).stdout;
    assert_eq!(listed.lines().count(), 3, "{listed}");
    assert!(listed.contains("thing name=a") && listed.contains("thing name=b"), "{listed}");
    // The same run by another path to the script.
    ws.write("elsewhere/thing.rhai", SCRIPT);
    let said = ws.idp(&["elsewhere/thing.rhai", "name=a", "size=large", "--output", "json"]);
    said.ends(0, "create 0 update 0 delete 0 unchanged 1 applied");
}

const IDENTITY: &str = r##"//! Make a thing of a size

fn params() {
    #{
        size: param("string", "Size, in any words").identity(),
        team: param("string", "Team").or_else("a"),
    }
}

fn identity(p) {
    if p.size == () { return #{}; }
    if !(p.size in ["s", "small", "little"]) { refuse("size", p.size, "nobody has that", ["small", "little"]); }
    #{ size: "s" }
}

fn params(p) {
    let more = #{};
    more[`of_${p.size}`] = param("string", "More of it").or_else("none");
    more
}

fn check(p) {
    if p.size != "s" { return "the words of identity(p) count everywhere"; }
}

fn run(p) {
    print(`${p.size} ${p.of_s} ${unique("x")}`);
    repo("thing").ensure(#{ description: p.team });
}
"##;

#[test]
fn words_that_mean_the_same_are_one_run() {
    let ws = Workspace::new();
    let run = |args: &[&str]| ws.named("thing", IDENTITY, args);
    let first = run(&["size=small", "of_s=b"]);
    first.ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
    assert!(first.prints().starts_with("s b "), "{first}");
    for word in ["size=little", "size=s", "size=small"] {
        let again = run(&[word, "of_s=b"]);
        again.ends(0, "create 0 update 0 delete 0 unchanged 1 applied");
        assert_eq!(again.prints(), first.prints());
    }
    run(&["size=little", "team=b", "--update"]).ends(0, "create 0 update 1 delete 0 unchanged 0 applied");
    let listed = ws.idp(&["runs", "list", "--output", "json"]).of_type("run");
    assert_eq!(listed.len(), 1);
    assert_eq!((&listed[0]["key"], &listed[0]["params"]["of_s"]), (&"thing size=s".into(), &"b".into()));
    let said = run(&["size=smal"]);
    said.fails(2, "idp::param::refused");
    assert!(said.stderr.contains("did you mean `small`?"), "{said}");
    assert!(said.of_type("diagnostic")[0]["frames"].as_array().unwrap().is_empty(), "{said}");
    assert!(ws.idp(&["thing.rhai", "size=little", "--help"]).stdout.contains("of_s"));
    assert!(ws.idp(&["thing.rhai", "--help"]).stdout.contains("size"));
}

#[test]
fn mistakes_in_what_a_run_is_known_by_are_named() {
    let ws = Workspace::new();
    for (is, words) in [
        ("3", "identity(p) must return a map"),
        ("#{ team: \"x\" }", "identity(p) names `team`, and params() declares no identity of that name"),
        ("#{ size: 3 }", "identity(p) is wrong: the parameter `size` must be a text"),
    ] {
        let text = IDENTITY.replace("#{ size: \"s\" }", is);
        let said = ws.named("thing", &text, &["size=s"]);
        said.fails(2, "idp::script::param");
        assert!(said.of_type("diagnostic")[0]["message"].as_str().unwrap().contains(words), "{said}");
        assert!(!ws.has_state());
    }
    let said = ws.named("thing", &IDENTITY.replace("fn identity(p)", "fn identity(p, q)"), &["size=s"]);
    said.fails(2, "idp::script::run");
}

#[test]
fn mistakes_in_declarations_are_shown_in_the_script() {
    let ws = Workspace::new();
    for (rule, words) in [
        ("param(\"text\", \"X\")", "`text` is not the type of a parameter"),
        ("param(\"string\", \"X\").matching(\"(\")", "not a regular expression"),
        ("param(\"int\", \"X\").range(5, 1)", "a range needs two numbers, the least first"),
        ("\"string\"", "must be made with param(type, description)"),
        ("param(\"string\")", "`param` can't be called with a text"),
        ("param(\"int\", \"X\").or_else(\"many\")", "must be a whole number, not `many`"),
        ("param(\"string\", \"X\").choices([\"a\", \"b\"]).or_else(\"c\")", "can't be `c`"),
    ] {
        let text = format!("fn params() {{\n    #{{ x: {rule} }}\n}}\nfn run(p) {{ print(p.x); }}\n");
        let said = ws.named("wrong", &text, &[]);
        assert_eq!(said.code, 2, "{rule}\n{said}");
        assert!(said.stderr.contains(words), "{rule}\n{said}");
        assert!(ws.idp(&["wrong.rhai", "--help"]).code == 2, "{rule}");
    }
    let said = ws.named("wrong", "fn params() { 3 }\nfn run(p) {}\n", &[]);
    said.fails(2, "idp::script::param");
    let said = ws.named("wrong", "fn params() { #{} }\n", &[]);
    said.fails(2, "idp::script::run");
}

/// Asks for a size first; the fields come from a file of a repository, and depend on it.
const DEPENDENT: &str =
    "fn params() { #{ size: param(\"string\", \"Size\").choices([\"small\", \"large\"]).identity() } }
fn params(p) {
    let most = if p.size == \"large\" { 500 } else { 50 };
    let lines = repo(\"gitops\").tree(\"main\").read(\"list.txt\").split(\"\\n\").len;
    #{
        storage: param(\"int\", \"Storage in GB\").range(lines, most).or_else(10),
        owner: param(\"string\", \"Team\"),
        zone: param(\"string\", \"Zone\").optional().advanced(),
    }
}
fn run(p) { print(`${p.size} ${p.storage} ${p.owner} ${p.zone ?? \"none\"}`); }
";

#[test]
fn parameters_can_depend_on_others() {
    let ws = Workspace::new();
    ws.write("thing.rhai", DEPENDENT);
    let run = |words: &[&str]| ws.idp(&[&["thing.rhai", "--output", "json"][..], words].concat());
    assert_eq!(run(&["size=large", "owner=a", "storage=400"]).prints(), "large 400 a none");
    assert_eq!(run(&["size=small", "owner=a"]).prints(), "small 10 a none");
    assert!(!ws.has_state(), "looking leaves nothing behind");
    run(&["size=small", "owner=a", "storage=400"]).fails(2, "idp::param::range");
    run(&["size=small", "owner=a", "storage=5"]).fails(2, "idp::param::range");
    run(&["size=small"]).fails(2, "idp::param::missing");
    run(&["owner=a"]).fails(2, "idp::param::missing");
    let unknown = run(&["size=small", "owner=a", "storag=5"]);
    unknown.fails(2, "idp::param::unknown");
    assert!(unknown.stderr.contains("did you mean `storage`?"), "{unknown}");
    ws.write("p.yaml", "size: small\nowner: a\nstorage: 400\n");
    let file = run(&["--params", "p.yaml"]);
    file.fails(2, "idp::param::range");
    assert!(file.stderr.contains("p.yaml:3:10"), "{file}");
    let help = ws.idp(&["thing.rhai", "--help"]).stdout;
    assert!(help.contains("  storage  Storage in GB  [int; default: 10; 8 to 50]\n"), "{help}");
    let help = ws.idp(&["thing.rhai", "size=large", "--help"]).stdout;
    assert!(help.contains("8 to 500"), "{help}");
}

#[test]
fn what_depends_on_others_is_no_part_of_what_the_run_is_known_by() {
    let ws = Workspace::new();
    for (more, words) in [
        ("#{ b: param(\"string\", \"B\").identity().optional() }", "can't be part of what the run is known by"),
        ("#{ a: param(\"string\", \"A\").optional() }", "is one of params(), too"),
        ("3", "params() must return a map"),
    ] {
        let first = "fn params() { #{ a: param(\"string\", \"A\").or_else(\"x\") } }";
        let said =
            ws.named("wrong", &format!("{first}\nfn params(_p) {{ {more} }}\nfn run(p) {{ print(p.a); }}\n"), &[]);
        said.fails(2, "idp::script::param");
        assert!(said.stderr.contains(words), "{said}");
    }
}

/// What may be left out can be told more of, once more is known; what was given counts, whoever gave it.
#[test]
fn what_may_be_left_out_is_told_more_of() {
    let ws = Workspace::new();
    ws.write(
        "thing.rhai",
        "fn params() { #{ size: param(\"string\", \"Size\").identity(), zone: param(\"string\", \"Zone\").optional().asked() } }
fn params(p) { #{ zone: param(\"string\", \"Zone\").range(1, if p.size == \"large\" { 9 } else { 3 }).optional() } }
fn run(p) { print(`${p.size} ${p.zone ?? \"none\"}`); }
",
    );
    let run = |words: &[&str]| ws.idp(&[&["thing.rhai", "--output", "json"][..], words].concat());
    assert_eq!(run(&["size=small"]).prints(), "small none");
    assert_eq!(run(&["size=small", "zone=abc"]).prints(), "small abc");
    assert_eq!(run(&["size=large", "zone=abcd"]).prints(), "large abcd");
    run(&["size=small", "zone=abcd"]).fails(2, "idp::param::range");
    let mut terminal = Terminal::start(ws.command(&["thing.rhai", "--plan"]));
    terminal.shows("Size (size)");
    terminal.types("small\r");
    terminal.shows("Zone (zone)");
    terminal.types("ab\r");
    terminal.shows("small ab");
    assert!(terminal.ends().status.success());
}

#[test]
fn whoever_is_asked_sees_defaults_and_bounds() {
    let ws = Workspace::new();
    ws.write("thing.rhai", DEPENDENT);
    let mut terminal = Terminal::start(ws.command(&["thing.rhai", "size=small", "--plan"]));
    terminal.shows("Storage in GB (storage, 8 to 50) [10]");
    terminal.types("60\r");
    terminal.shows("must lie between 8 and 50");
    terminal.types("\u{7f}\u{7f}20\r");
    terminal.shows("Team (owner)");
    terminal.types("team-a\r");
    terminal.shows("small 20 team-a none");
    assert!(terminal.ends().status.success());
}
