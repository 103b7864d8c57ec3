//! Items beside each other: what they give, say, change and record comes in their order; all their errors are told.

use serde_json::Value;

use crate::support::{Said, Workspace};

const IDP_YAML: &str = "\
forge: { kind: local, folder: .idp/forge, owner: acme, url: https://git.acme.example }
seeds:
  platform: { folder: seeds/platform }
";

/// Eight services: a repository each, and a proposal each to one that they share.
const SERVICES: &str = r##"//! Services
//!
//! Makes several at once.

import "lib/words" as words;

const TEAM = "orders";

fn readme(name) { words::title(name) + `Team ${global::TEAM}.` + "\n" }

fn run(p) {
    let visibility = "internal";
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let urls = step("Make them", || parallel(names, |name| {
        let app = repo(`${name}-service`);
        app.ensure(#{ visibility: visibility });
        app.commit("main", "feat: start", tree().write("README.md", readme(name)));
        step("Propose", || {
            let file = `services/${name}.yaml`;
            repo("platform").propose(`Add ${name}`, |t| t.write(file, `name: ${name}` + "\n"), #{ branch: `add-${name}` })
        });
        print(name);
        app.url
    }));
    output("Urls", urls);
}
"##;

fn services() -> Workspace {
    Workspace::of(&[
        ("idp.yaml", IDP_YAML),
        ("seeds/platform/README.md", "# Platform\n"),
        ("lib/words.rhai", "fn title(name) { `# ${name}` + \"\\n\\n\" }\n"),
        ("scripts/services.rhai", SERVICES),
    ])
}

/// A script of its own, without a world.
fn script(text: &str) -> Said {
    Workspace::of(&[("s.rhai", text)]).idp(&["./s.rhai", "--output", "json"])
}

fn lines(said: &Said, kind: &str) -> Vec<Value> {
    let all = said.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    all.filter(|line| line["type"] == kind).collect()
}

fn targets(said: &Said) -> Vec<String> {
    lines(said, "change").iter().map(|line| format!("{} {}", line["kind"], line["target"])).collect()
}

#[track_caller]
fn fails_with(said: &Said, code: &str) -> Value {
    let found = lines(said, "diagnostic").into_iter().find(|line| line["severity"] == "error").unwrap_or_default();
    assert_eq!(found["code"], code, "{said}");
    found
}

#[test]
fn results_changes_prints_and_records_come_in_the_order_of_the_items() {
    let workspace = services();
    let plan = workspace.idp(&["services", "--plan", "--output", "json"]).succeeds("plan");
    let again = workspace.idp(&["services", "--plan", "--output", "json"]).succeeds("plan");
    assert_eq!(plan.stdout, again.stdout);
    let applied = workspace.idp(&["services", "--output", "json"]).succeeds("apply");
    assert_eq!(targets(&applied), targets(&plan));
    assert_eq!(targets(&plan).len(), 24);
    let printed: String = lines(&applied, "print").iter().map(|line| line["text"].as_str().unwrap()).collect();
    assert_eq!(printed, "abcdefgh");
    let urls = lines(&applied, "output")[0]["value"].clone();
    assert_eq!(urls[7], "https://git.acme.example/acme/h-service", "{urls}");
    let steps: Vec<String> = lines(&applied, "step").iter().map(|s| format!("{} {}", s["depth"], s["name"])).collect();
    assert_eq!(steps[..5], ["0 \"Make them\"", "1 \"a\"", "2 \"Propose\"", "2 \"Propose\"", "1 \"a\""]);
    // The journal lists them so, too, whatever happened first.
    let shown = workspace.idp(&["runs", "show", "services"]).succeeds("show").stdout;
    let at = |words: &str| shown.find(words).unwrap_or_else(|| panic!("{words} in {shown}"));
    for pair in ["a", "b", "c", "d", "e", "f", "g", "h"].windows(2) {
        let [one, other] = pair else { unreachable!() };
        assert!(at(&format!("pull request acme/platform add-{one}")) < at(&format!("repository acme/{other}-service")));
        assert!(at(&format!("done {one}\n")) < at(&format!("done {other}\n")), "{shown}");
    }
    let again = workspace.idp(&["services", "--output", "json"]).succeeds("again");
    assert_eq!(again.counts(), [0, 0, 0]);
    workspace.fsck("after parallel");
}

#[test]
fn progress_is_told_at_once() {
    let said = services().idp(&["services", "--output", "json"]).succeeds("apply");
    let items = lines(&said, "items");
    assert_eq!(items.len(), 16, "one as each begins, one as it ends: {said}");
    assert_eq!((&items[0]["done"], &items[0]["of"]), (&0.into(), &8.into()));
    assert_eq!((&items[15]["done"], &items[15]["running"]), (&8.into(), &serde_json::json!([])));
}

#[test]
fn every_error_is_told_and_the_others_go_on() {
    let said = script(
        r#"
fn deeper(n) { n.nothing_of_the_kind(1) }
let all = parallel(["a", "b", "c"], |n| {
    if n == "a" { fail("a is bad", "mend a"); }
    if n == "b" { deeper(n); }
    print(`${n} went on`);
});
"#,
    );
    let error = fails_with(&said, "idp::parallel::failed");
    assert_eq!(error["message"], "2 of 3 items failed: a, b");
    let related = error["related"].as_array().unwrap();
    let codes: Vec<_> =
        related.iter().map(|one| (&one["item"], &one["code"], &one["frames"][0]["place"]["line"])).collect();
    assert_eq!(
        codes,
        [
            (&"a".into(), &"idp::script::failed".into(), &4.into()),
            (&"b".into(), &"idp::script::function".into(), &2.into())
        ]
    );
    assert_eq!(lines(&said, "print")[0]["text"], "c went on");
    assert!(said.stderr.contains("a: a is bad") && said.stderr.contains("mend a"), "{said}");
    assert_eq!(said.status.code(), Some(1));
}

#[test]
fn errors_of_one_kind_keep_their_exit_code_and_can_be_caught() {
    let said = script("parallel([1, 2], |n| param(\"no such type\", \"x\"));");
    assert_eq!(said.status.code(), Some(2), "{said}");
    let said = script(
        "try { parallel([\"a\"], |n| fail(\"no\", \"\")); } catch (e) { print(e.errors[0].item + e.errors[0].error.message); }",
    );
    assert_eq!(lines(&said.succeeds("caught"), "print")[0]["text"], "ano");
}

#[test]
fn closures_that_change_what_they_captured_are_refused() {
    for (text, how) in [
        ("let total = 0; parallel([1], |n| { total += n; });", "assigns `total`"),
        ("let total = 0; parallel([1], |n| step(\"x\", || { total = n; }));", "assigns `total`"),
        ("let all = []; parallel([1], |n| { all.push(n); });", "calls `push` on `all`"),
        ("let m = #{ a: 0 }; parallel([1], |n| { m.a = n; });", "assigns `m`"),
    ] {
        let error = fails_with(&script(text), "idp::parallel::captured");
        assert!(error["message"].as_str().unwrap().contains(how), "{text}: {error}");
    }
    let fine = "let all = [1]; let t = tree(); parallel([1], |n| { let all = []; all.push(n); t.set(\"a.yaml\", \"b\", 1); });";
    assert_eq!(fails_with(&script(fine), "idp::parallel::failed")["related"][0]["code"], "idp::tree::missing");
}

#[test]
fn items_see_constants_imports_and_copies_of_what_was_captured() {
    let workspace = Workspace::of(&[
        ("lib/sums.rhai", "fn twice(n) { n * 2 }\n"),
        (
            "s.rhai",
            r#"
import "lib/sums" as sums;
const MORE = 100;
fn more(n) { n + global::MORE }
let k = 10;
let times = |n| n * k;
let list = [k];
print(parallel([1, 2, 3, 4, 5, 6, 7, 8, 9], |n| more(sums::twice(times.call(n))) + list[0], #{ at_most: 9 }));
print(parallel([], |n| n));
print(parallel([#{ name: "x" }], |m| m.name));
"#,
        ),
    ]);
    let said = workspace.idp(&["./s.rhai"]).succeeds("values");
    assert_eq!(said.stdout, "[130, 150, 170, 190, 210, 230, 250, 270, 290]\n[]\n[\"x\"]\n");
}

#[test]
fn calls_that_cant_be_meant_are_refused() {
    let nested = script("parallel([1], |n| parallel([1], |m| m));");
    assert_eq!(fails_with(&nested, "idp::parallel::failed")["related"][0]["code"], "idp::parallel::nested");
    fails_with(&script("parallel([1], || 1);"), "idp::script::arguments");
    fails_with(&script("parallel([1], |n| n, #{ at_most: 0 });"), "idp::script::option");
    fails_with(&script("parallel([1], |n| n, #{ name: \"x\" });"), "idp::script::option");
}

#[test]
fn items_that_wait_are_told_together() {
    let said = script("parallel([1, 2, 3], |n| if n > 1 { wait_for(`number ${n}`, || false); });");
    assert_eq!(lines(&said, "waiting")[0]["for"], "number 2; number 3", "{said}");
    assert_eq!(said.status.code(), Some(0));
}

#[test]
fn limits_hold_for_all_items_together() {
    let memory = |items: &str| {
        let text = format!(
            "let all = parallel({items}, |n| {{ let t = tree(); for i in range(0, 12) {{ let s = `${{n}}`; \
             s.pad(500000, 'x'); t = t.write(`${{i}}`, s); }} t }}); for i in range(0, 1000) {{ all.len(); }} print(all.len());"
        );
        let files = [("idp.yaml", "limits: { memory: 16MiB }\n"), ("s.rhai", text.as_str())];
        Workspace::of(&files).idp(&["./s.rhai", "--output", "json"])
    };
    memory("[1, 2]").succeeds("12 MB of 16 MiB");
    fails_with(&memory("[1, 2, 3, 4]"), "idp::script::memory");
    let endless = [("idp.yaml", "limits: { time: 1s }\n"), ("s.rhai", "parallel([1, 2, 3, 4, 5], |n| { loop {} });")];
    fails_with(&Workspace::of(&endless).idp(&["./s.rhai", "--output", "json"]), "idp::script::time");
}
