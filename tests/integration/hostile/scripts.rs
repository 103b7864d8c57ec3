//! A table of scripts that mean harm, what each ends in, and what it costs. `cargo test hostile:: -- --nocapture` shows it.

use std::sync::Mutex;
use std::time::Duration;

use idp_run::config::Limits;

use super::inside::{Ending, plan};
use crate::workspace::Workspace;

const TIME: &str = "idp::script::time";
const MEMORY: &str = "idp::script::memory";
const SIZE: &str = "idp::script::size";
const DEPTH: &str = "idp::script::depth";
const SAID: &str = "idp::script::said";
const SYNTAX: &str = "idp::script::syntax";
const IMPORT: &str = "idp::script::import";

/// What each script may use.
const LIMITS: Limits = Limits { time: Duration::from_secs(90), memory: 48 << 20 };

/// What those that never end may use.
const SHORT: Duration = Duration::from_millis(400);

/// What one call may hold beyond the limit before the next look at it.
const SLACK: usize = 64 << 20;

/// A text of 1 MiB less a bit, in a variable.
const BIG: &str = "let s = \"x\"; for n in 0..19 { s += s; }";

struct Case {
    name: &'static str,
    text: String,
    /// The codes that it may end in: where two limits are near each other, either.
    codes: &'static [&'static str],
}

fn case(name: &'static str, codes: &'static [&'static str], text: impl Into<String>) -> Case {
    Case { name, text: text.into(), codes }
}

fn endless() -> Vec<Case> {
    vec![
        case("loop", &[TIME], "loop {}"),
        case("while", &[TIME], "while true { let x = 1; }"),
        case("do until", &[TIME], "let n = 0; do { n = (n + 1) % 7; } until n > 9;"),
        case("range of all numbers", &[TIME], "for n in 0..9223372036854775807 { n; }"),
        case("range by steps", &[TIME], "for n in range(0, 9223372036854775807, 1) { n; }"),
        case("try that swallows", &[TIME], "loop { try { loop {} } catch { } }"),
        case("throw and catch", &[TIME], "loop { try { throw \"x\"; } catch (e) { } }"),
        case("catch in a function", &[TIME], "fn f() { try { loop {} } catch (e) { f(); } } f();"),
        case("closure of filter", &[TIME], "let a = [1, 2]; loop { a.filter(|x| { loop {} }); }"),
        case("closure of map", &[TIME], "let a = [1, 2]; a.map(|x| { try { loop {} } catch { 1 } });"),
        case("closure of reduce", &[TIME], "let a = [1, 2]; a.reduce(|sum, x| { loop {} });"),
        case("closure of for_each", &[TIME], "let a = [1, 2]; a.for_each(|| { loop {} });"),
        case("comparison of sort", &[TIME], "let a = [3, 1, 2]; a.sort(|x, y| { loop {} });"),
        case(
            "sort in a loop",
            &[TIME],
            "let a = []; for n in 0..20000 { a.push(n * 7919 % 20011); } loop { let b = a; b.sort(|x, y| x - y); }",
        ),
        case(
            "sort that swallows",
            &[TIME],
            "let a = []; for n in 0..20000 { a.push(n); } loop { try { a.sort(|x, y| { loop {} }); } catch { } }",
        ),
        case(
            "builtin sort in a loop",
            &[TIME],
            "let a = []; for n in 0..20000 { a.push(`${n * 7919 % 20011}`); } loop { let b = a; b.sort(); }",
        ),
        case("comparison of dedup", &[TIME], "let a = [1, 1, 1]; a.dedup(|x, y| { loop {} });"),
        case("drain one by one", &[TIME], "let a = []; a.pad(20000, 1); loop { let b = a; b.drain(|x| true); }"),
        case("closure of a commit", &[TIME], "repo(\"app\").commit(\"main\", \"x\", |t| { loop {} });"),
        case("closure of a step", &[TIME], "step(\"Spin\", || { try { loop {} } catch { } });"),
        case("items beside each other", &[TIME], "parallel([1, 2, 3], |n| { loop {} });"),
        case("items that swallow", &[TIME], "parallel([1, 2, 3], |n| { try { loop {} } catch { loop {} } });"),
        case("params() that spins", &[TIME], "fn params() { loop {} } fn run(p) { }"),
        case("top level that spins", &[TIME], "let x = 0; loop { x += 0; } fn params() { #{} } fn run(p) { }"),
        case("calls that fan out", &[TIME], "fn f(n) { if n > 0 { f(n - 1); f(n - 1); f(n - 1); } } f(40);"),
        case("arithmetic", &[TIME], "let x = 3; loop { x = (x * x) % 1000003; }"),
        case("text searched again and again", &[TIME], format!("{BIG} loop {{ s.contains(\"xxxxxxxxy\"); }}")),
        case("text indexed from the end", &[TIME], format!("{BIG} loop {{ s[-500000]; }}")),
        case("text cut again and again", &[TIME], format!("{BIG} loop {{ s.sub_string(1, 500000); }}")),
        case(
            "equal lists of equal texts",
            &[TIME],
            format!(
                "{BIG} let a = #{{}}; let b = #{{}}; for n in 0..3000 {{ a[`${{n}}`] = s; }} let t = s + \"\"; for n in 0..3000 {{ b[`${{n}}`] = t; }} loop {{ a == b; }}"
            ),
        ),
        case(
            "switch over a large map",
            &[TIME],
            format!(
                "{BIG} let a = #{{}}; for n in 0..300 {{ a[`${{n}}`] = s; }} loop {{ switch a {{ 1 => 1, _ => 2 }} }}"
            ),
        ),
        case(
            "errors formatted",
            &[TIME],
            "let a = []; a.pad(1000, 1); loop { try { throw a; } catch (e) { `${e}`; } }",
        ),
        case(
            "waiting in a loop, which a plan passes",
            &[TIME],
            "loop { try { wait_for(\"a sign\", || false); } catch { } }",
        ),
        case("steps without end", &[TIME, SAID], "loop { step(\"x\", || 1); }"),
        case(
            "templates without end",
            &[TIME, "idp::template::value"],
            "loop { template(\"gitops-repository\", #{ project: \"a\", org: \"b\", forge_url: \"c\", gitops_repository: \"d\", platform_team: \"e\" }); }",
        ),
    ]
}

fn growing() -> Vec<Case> {
    vec![
        case("text doubled", &[SIZE], "let s = \"x\"; loop { s += s; }"),
        case("text doubled by +", &[SIZE], "let s = \"x\"; loop { s = s + s; }"),
        case("text doubled by interpolation", &[SIZE], "let s = \"x\"; loop { s = `${s}${s}`; }"),
        case("text appended", &[SIZE], "let s = \"x\"; loop { s.append(s); }"),
        case(
            "text from a list",
            &[SIZE],
            format!("{BIG} let m = #{{}}; for n in 0..20000 {{ m[`${{n}}`] = s; }} m.to_string();"),
        ),
        case(
            "text and a list",
            &[SIZE],
            format!("{BIG} let m = #{{}}; for n in 0..20000 {{ m[`${{n}}`] = s; }} \"x\" + m;"),
        ),
        case(
            "list in a text",
            &[SIZE],
            format!("{BIG} let m = #{{}}; for n in 0..20000 {{ m[`${{n}}`] = s; }} `${{m}}`;"),
        ),
        case(
            "list printed",
            &[SIZE],
            format!("{BIG} let m = #{{}}; for n in 0..20000 {{ m[`${{n}}`] = s; }} print(m);"),
        ),
        case(
            "list debugged",
            &[SIZE],
            format!("{BIG} let m = #{{}}; for n in 0..20000 {{ m[`${{n}}`] = s; }} debug(m);"),
        ),
        case(
            "list thrown",
            &["idp::script::thrown", SIZE],
            format!("{BIG} let m = #{{}}; for n in 0..20000 {{ m[`${{n}}`] = s; }} throw m;"),
        ),
        case(
            "list as JSON",
            &[SIZE],
            format!("{BIG} let m = #{{}}; for n in 0..20000 {{ m[`${{n}}`] = s; }} m.to_json();"),
        ),
        case(
            "list as an output",
            &[SIZE],
            format!("{BIG} let m = #{{}}; for n in 0..20000 {{ m[`${{n}}`] = s; }} output(\"m\", m);"),
        ),
        case(
            "list as a manifest",
            &[SIZE],
            format!("{BIG} let m = #{{}}; for n in 0..20000 {{ m[`${{n}}`] = s; }} manifest(m);"),
        ),
        case(
            "list as values of a template",
            &[SIZE],
            format!(
                "{BIG} let m = #{{}}; for n in 0..20000 {{ m[`${{n}}`] = s; }} template(\"gitops-repository\", m);"
            ),
        ),
        case("replace", &[SIZE], format!("{BIG} s.replace(\"x\", s);")),
        case("replace a letter by a text", &[SIZE], format!("{BIG} s.replace('x', s);")),
        case("replace nothing", &["ok"], format!("{BIG} s.replace(\"\", s);")),
        case("pad a text", &[SIZE], "let s = \"ab\"; s.pad(9223372036854775807, \"ab\");"),
        case("pad a text with a letter", &[SIZE], "let s = \"ab\"; s.pad(9223372036854775807, 'a');"),
        case("pad a list", &[SIZE], "let a = [0]; a.pad(9223372036854775807, 0);"),
        case("pad a list with texts", &[SIZE], format!("{BIG} let a = []; a.pad(20000, s);")),
        case("split into letters", &[SIZE], format!("{BIG} s.split(\"\");")),
        case("split at each letter", &[SIZE], format!("{BIG} s.split('x');")),
        case("split from behind", &[SIZE], format!("{BIG} s.split_rev(\"x\");")),
        case("letters as a list", &[SIZE], format!("{BIG} s.to_chars();")),
        case("words as a list", &[SIZE], "let s = \"a \"; for n in 0..18 { s += s; } s.split();"),
        case("list doubled", &[SIZE], "let a = [0]; loop { a += a; }"),
        case("list doubled by +", &[SIZE], "let a = [0]; loop { a = a + a; }"),
        case("list pushed", &[SIZE], "let a = []; loop { a.push(1); }"),
        case("list of lists", &[SIZE], "let a = [0]; loop { a = [a, a]; }"),
        case("list spliced", &[SIZE], "let a = [1, 2]; loop { a.splice(1, 0, a); }"),
        case("list inserted into itself", &[SIZE, MEMORY, TIME], "let a = [1]; loop { a.insert(0, a); }"),
        case("map grown", &[SIZE, MEMORY], "let m = #{}; let n = 0; loop { m[`k${n}`] = n; n += 1; }"),
        case("map of maps", &[SIZE, MEMORY], "let m = #{ a: 1 }; loop { m = #{ a: m, b: m }; }"),
        case(
            "texts hoarded in a map",
            &[MEMORY, SIZE],
            format!("{BIG} let m = #{{}}; let n = 0; loop {{ m[`k${{n}}`] = s + n; n += 1; }}"),
        ),
        case(
            "texts hoarded in a list",
            &[MEMORY, SIZE],
            format!("{BIG} let a = []; a.pad(15000, 0); for n in 0..15000 {{ a[n] = s + n; }}"),
        ),
        case(
            "texts hoarded in calls",
            &[MEMORY],
            format!(
                "fn hog(s, n) {{ let a = s + n; let b = s + a.len; let c = s + b.len; if n > 0 {{ hog(s, n - 1) + c.len }} else {{ 0 }} }} {BIG} hog(s, 60);"
            ),
        ),
        case(
            "texts hoarded by closures",
            &[MEMORY],
            format!("{BIG} let all = []; for n in 0..10000 {{ let t = s + n; all.push(|| t); }}"),
        ),
        case("closures in a chain", &[MEMORY, TIME], "let f = || 1; loop { let g = f; f = || g.call() + 1; }"),
        case(
            "a closure that holds itself",
            &[MEMORY],
            format!("{BIG} loop {{ let t = s + 1; let f = 0; f = || [f, t]; }}"),
        ),
        case(
            "memory by a caught error",
            &[MEMORY],
            format!(
                "{BIG} let m = #{{}}; let n = 0; loop {{ try {{ m[`k${{n}}`] = s + n; n += 1; throw 1; }} catch {{ }} }}"
            ),
        ),
        case(
            "trees of large files",
            &[MEMORY],
            format!("{BIG} let t = tree(); let n = 0; loop {{ t = t.write(`f${{n}}`, s + n); n += 1; }}"),
        ),
        case(
            "texts hoarded by items",
            &[MEMORY],
            format!(
                "{BIG} parallel([1, 2, 3], |n| {{ let m = #{{}}; let n = 0; loop {{ m[`k${{n}}`] = s + n; n += 1; }} }});"
            ),
        ),
        case(
            "prints of items without end",
            &[MEMORY, SAID],
            format!("{BIG} parallel([1, 2, 3], |n| {{ loop {{ print(s); }} }});"),
        ),
        case("prints without end", &[SAID], format!("{BIG} loop {{ print(s); }}")),
        case("empty prints without end", &[SAID, TIME], "loop { print(\"\"); }"),
        case("debugs without end", &[SAID], format!("{BIG} loop {{ debug(s); }}")),
        case("outputs without end", &[SAID], format!("{BIG} loop {{ output(\"x\", s); }}")),
        case("names of steps without end", &[SAID], format!("{BIG} loop {{ step(s, || 1); }}")),
        case("prints caught", &[SAID], format!("{BIG} loop {{ try {{ print(s); }} catch {{ }} }}")),
        case(
            "a list of large maps in a literal",
            &[SIZE, MEMORY],
            "let m = #{}; for n in 0..60000 { m[`k${n}`] = n; } let a = [m, m, m, m, m, m, m, m, m, m, m, m, m, m, m, m, m, m, m, m];",
        ),
        case(
            "large maps as arguments",
            &[MEMORY, SIZE],
            "fn f(a, b, c, d, e) { f(a, b, c, d, e) } let m = #{}; for n in 0..60000 { m[`k${n}`] = n; } f(m, m, m, m, m);",
        ),
        case(
            "a captured variable in a list",
            &["ok"],
            "let x = [1]; let f = || x; let a = [x]; a.push(x); a[0] = x; let m = #{ x: x }; m.y = x; m[\"z\"] = a; a += x; print(`${a} ${m}`);",
        ),
        case(
            "values of a map",
            &[SIZE],
            format!("{BIG} let m = #{{}}; for n in 0..20000 {{ m[`${{n}}`] = s; }} m.values();"),
        ),
        case("keys of a map", &[SIZE], "let m = #{}; for n in 0..25000 { m[`${n}`] = n; } m.keys();"),
        case(
            "manifest as text",
            &[SIZE],
            format!(
                "{BIG} let t = tree(); t = t.write(\"a.yaml\", s); let m = #{{ apiVersion: \"v1\", kind: \"X\", metadata: #{{ name: \"x\" }} }}; for n in 0..20000 {{ m[`${{n}}`] = s; }} manifest(m).to_yaml();"
            ),
        ),
        case(
            "YAML of aliases",
            &["idp::yaml::too_large"],
            r#"let s = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"; for n in 1..12 { let a = `*a${n - 1}, `; s += `a${n}: &a${n} [${a}${a}${a}${a}${a}${a}${a}${a}]` + "\n"; } tree().write("a.yaml", s).manifest("a.yaml");"#,
        ),
        case(
            "YAML of brackets",
            &["idp::yaml::too_deep", "idp::yaml::syntax"],
            "let s = \"[\"; for n in 0..19 { s += s; } tree().write(\"a.yaml\", s).manifest(\"a.yaml\");",
        ),
        case(
            "YAML of many documents",
            &["ok"],
            "let s = \"---\\na: 1\\n\"; for n in 0..16 { s += s; } tree().write(\"a.yaml\", s).manifest(\"a.yaml\");",
        ),
        case(
            "edits of a large file",
            &[TIME],
            "let s = \"a: [\"; for n in 0..20000 { s += \"1, \"; } s += \"]\\nb: 1\\n\"; let t = tree().write(\"a.yaml\", s); loop { t = t.set(\"a.yaml\", \"b\", 2); t = t.set(\"a.yaml\", \"b\", 3); }",
        ),
        case("a path without an end", &["idp::tree::path"], format!("{BIG} tree().write(s, \"x\");")),
        case(
            "a message of a page",
            &["idp::contact::unknown", "idp::script::error", "ok"],
            format!("{BIG} for n in 0..30 {{ notify(\"ops\", s, #{{ once: `${{n}}` }}); }}"),
        ),
        case(
            "a list of maps, copied",
            &["ok", SIZE],
            "let a = []; for n in 0..4000 { a.push(#{ a: n, b: [n], c: `${n}` }); } for n in 0..20 { let b = a; b.push(1); }",
        ),
        case("100,000 elements", &[SIZE], "let a = []; for n in 0..100000 { a.push(#{ a: n }); }"),
    ]
}

fn deep() -> Vec<Case> {
    let nested = "let a = #{}; for n in 0..500 { a = #{ a: a }; }";
    let with = |text: &str| format!("{nested} {text}");
    vec![
        case("functions", &[DEPTH], "fn f(n) { f(n + 1) } f(0);"),
        case("functions of each other", &[DEPTH], "fn f(n) { g(n) } fn g(n) { f(n) } f(0);"),
        case("closures", &[DEPTH, "idp::script::variable"], "let f = |f, n| f.call(f, n + 1); f.call(f, 0);"),
        case("closures of map", &[DEPTH], "fn f(n) { [1].map(|x| f(n + 1)) } f(0);"),
        case("comparisons of sort", &[DEPTH], "fn f() { let a = [2, 1]; a.sort(|x, y| { f(); 1 }); } f();"),
        case("values without end", &[TIME, MEMORY, SIZE], "let a = []; loop { a = [a]; }"),
        case("maps without end", &[TIME, MEMORY, SIZE], "let a = #{}; loop { a = #{ a: a }; }"),
        case("value compared", &[DEPTH], with("let b = a == a; print(b);")),
        case("value compared in a list", &[DEPTH], with("[a].contains(a);")),
        case("value looked for with in", &[DEPTH], with("a in [a];")),
        case("value shown", &[DEPTH], with("a.to_string();")),
        case("value printed", &[DEPTH], with("print(a);")),
        case("value in a text", &[DEPTH], with("`${a}`;")),
        case("value after a text", &[DEPTH], with("\"x\" + a;")),
        case("value as JSON", &[DEPTH], with("a.to_json();")),
        case("value as an output", &[DEPTH], with("output(\"a\", a);")),
        case("value as a manifest", &[DEPTH], with("manifest(a);")),
        case("value thrown", &["idp::script::thrown"], with("throw a;")),
        case("value in a switch", &["ok"], with("switch a { 1 => 1, _ => 2 }")),
        case("value deduplicated", &[DEPTH], with("let l = [a, a]; l.dedup();")),
        case("JSON", &["idp::script::json"], "let s = \"[\"; for n in 0..16 { s += s; } parse_json(s);"),
        case(
            "JSON within serde's limit",
            &[DEPTH],
            "let s = \"\"; for n in 0..100 { s += \"[\"; } for n in 0..100 { s += \"]\"; } parse_json(s);",
        ),
        case("expression", &[SYNTAX], format!("let x = {}1{};", "(".repeat(5000), ")".repeat(5000))),
        case("sum", &[SYNTAX, DEPTH, "ok"], format!("let x = 1{};", " + 1".repeat(50_000))),
        case("blocks", &[SYNTAX], format!("{}{}", "{".repeat(5000), "}".repeat(5000))),
        case("lists", &[SYNTAX], format!("let x = {}{};", "[".repeat(60_000), "]".repeat(60_000))),
        case("negations", &[SYNTAX], format!("let x = {}true;", "!".repeat(100_000))),
        case("indexes", &[SYNTAX, "idp::script::variable"], format!("let x = [0]; x{};", "[0]".repeat(60_000))),
        case("conditions", &[SYNTAX, "ok"], format!("if true {{ }}{}", " else if true { }".repeat(10_000))),
        case("texts in texts", &[SYNTAX], format!("let x = {}1{};", "`${".repeat(20_000), "}`".repeat(20_000))),
    ]
}

fn texts() -> Vec<Case> {
    vec![
        case("open bracket", &[SYNTAX], "(".repeat(200_000)),
        case("dots", &[SYNTAX], format!("let x = 1; x{};", ".x".repeat(100_000))),
        case("functions", &[SYNTAX], (0..5000).map(|n| format!("fn f{n}() {{ {n} }}\n")).collect::<String>()),
        case(
            "closures",
            &[SYNTAX, "idp::script::error", SIZE],
            (0..5000).map(|n| format!("let f{n} = || {n};\n")).collect::<String>(),
        ),
        case(
            "variables",
            &["idp::script::error", SYNTAX],
            (0..10_000).map(|n| format!("let v{n} = {n};\n")).collect::<String>(),
        ),
        case("one long name", &[SYNTAX], "x".repeat(250_000)),
        case("one long number", &["ok"], format!("let x = {};", "9".repeat(250_000))),
        case("comments", &["ok"], "// x\n".repeat(50_000)),
        case("comment without an end", &["ok"], format!("/*{}", "/*".repeat(100_000))),
        case(
            "switch of many cases",
            &["ok", TIME],
            format!("switch 3 {{ {} _ => 0 }}", (0..15_000).map(|n| format!("{n} => {n}, ")).collect::<String>()),
        ),
        case("one long list", &[SYNTAX], format!("let x = [{}];", "1,".repeat(100_000))),
        case("NUL bytes", &[SYNTAX], "let x = 1;\0let y = 2;"),
        case("escapes", &[SYNTAX], "let x = \"\\u{110000}\";"),
        case("a text without an end", &[SYNTAX], format!("let x = \"{}", "x".repeat(200_000))),
        case("letters from right to left", &[SYNTAX], "let \u{202e}x = 1;"),
        case("eval", &[SYNTAX], "eval(\"loop {}\");"),
        case("Fn", &[SYNTAX], "let f = Fn(\"print\"); f.call(1);"),
        case("curry", &[SYNTAX, "idp::script::error"], "let f = || 1; f.curry(1);"),
        case("sleep", &["idp::script::function"], "sleep(1000000);"),
        case("timestamp", &["idp::script::function"], "timestamp();"),
        case("blob", &["idp::script::function"], "blob(1000000000);"),
        case("overflow", &["idp::script::arithmetic"], "let x = 9223372036854775807; x + 1;"),
        case("division", &["idp::script::arithmetic"], "1 / 0;"),
        case("shift", &["idp::script::error", "ok"], "1 << 100000;"),
        case("power", &["idp::script::arithmetic"], "9223372036854775807 ** 9223372036854775807;"),
        case("least number divided", &["idp::script::arithmetic"], "let x = -9223372036854775807 - 1; x / -1;"),
        case("negative index", &["idp::script::bounds"], "\"abc\"[-9223372036854775807 - 1];"),
        case("index beyond", &["idp::script::bounds"], "[1][9223372036854775807];"),
        case(
            "a pattern that explodes",
            &["idp::script::param"],
            "param(\"string\", \"x\").matching(\"((a{100}){100}){100}\");",
        ),
        case(
            "a pattern of 1 MiB",
            &["idp::script::param"],
            "let s = \"(a|\"; for n in 0..17 { s += s; } param(\"string\", \"x\").matching(s);",
        ),
        case(
            "a pattern that backtracks elsewhere",
            &["ok"],
            "fn params() { #{ x: param(\"string\", \"x\").matching(\"^(a+)+$\").or_else(\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\") } } fn run(p) { }",
        ),
        case("import of a system file", &[IMPORT], "import \"/etc/passwd\" as x;"),
        case("import from above", &[IMPORT], "import \"../../x\" as x;"),
        case("import of itself", &["idp::script::import_cycle"], "import \"loop/a\" as a;"),
        case(
            "imports without end",
            &[IMPORT, "idp::script::error"],
            "let n = 0; loop { import `gone${n}` as x; n += 1; }",
        ),
        case("an import that spins", &[TIME], "import \"spin\" as x;"),
    ]
}

#[test]
fn scripts_that_mean_harm_end_within_their_limits() {
    let ws = Workspace::new();
    ws.write("loop/a.rhai", "import \"loop/b\" as b;").write("loop/b.rhai", "import \"loop/a\" as a;");
    ws.write("spin.rhai", "loop {}");
    // One of them by its name, for those who look into it.
    let only = std::env::var("HOSTILE").ok();
    let cases: Vec<(&str, Case)> =
        [("endless", endless()), ("growing", growing()), ("deep", deep()), ("text", texts())]
            .into_iter()
            .flat_map(|(group, cases)| cases.into_iter().map(move |case| (group, case)))
            .filter(|(_, case)| only.as_ref().is_none_or(|only| case.name.contains(only)))
            .collect();
    let number = cases.len();
    let queue = Mutex::new(cases.into_iter());
    let results = Mutex::new(Vec::new());
    // Two at once, so that what one does to another shows.
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some((group, case)) = queue.lock().unwrap().next() else { return };
                    let ends = case.codes.first() != Some(&TIME);
                    let limits = if ends { LIMITS } else { Limits { time: SHORT, ..LIMITS } };
                    let ending = plan(ws.path(), &case.text, limits);
                    results.lock().unwrap().push((group, case, limits, ending));
                }
            });
        }
    });
    let results = results.into_inner().unwrap();
    let mut wrong = Vec::new();
    for (group, case, limits, ending) in &results {
        println!("{}", line(group, case, ending));
        let late = ending.time > limits.time + Duration::from_secs(15);
        let heavy = ending.most.is_none_or(|most| most > limits.memory + SLACK);
        if late || heavy || !case.codes.contains(&ending.code.as_str()) {
            wrong.push(format!("{} expected {:?}: {}", line(group, case, ending), case.codes, ending.message));
        }
    }
    println!("{number} scripts that mean harm");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    // The process does its work as before.
    let good = plan(ws.path(), "repo(\"fresh\").ensure(#{}); print(\"made\");", LIMITS);
    assert_eq!((good.code.as_str(), good.said), ("ok", 4), "{}", good.message);
    assert!(!ws.has_state());
}

fn line(group: &str, case: &Case, ending: &Ending) -> String {
    let most = ending.most.map_or("left".to_string(), |most| format!("{:.1} MB", most as f64 / 1e6));
    format!("{group:8} {:36} {:7.0} ms {most:>10}  {}", case.name, ending.time.as_secs_f64() * 1e3, ending.code)
}
