//! `idp-run check`: each rule by its own examples, formats, suppression, exit codes, and that all that ships is clean.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use idp_run::library::Library;
use idp_run::report::Finding;
use idp_run::script::check::{Checker, Rule, rules};
use serde_json::Value;

use crate::workspace::Workspace;

/// What is found in a script of a workspace, by rule and line.
fn found(ws: &Workspace, text: &str) -> Vec<(String, usize)> {
    findings(ws, text).into_iter().map(|finding| (finding.policy, finding.place.line)).collect()
}

fn findings(ws: &Workspace, text: &str) -> Vec<Finding> {
    // Tests know more functions, by the name of their file.
    let name = if text.contains("fn test_") { "script.test.rhai" } else { "script.rhai" };
    ws.write(name, text);
    let library = Library::new(ws.path());
    let script = library.script(name, ws.path()).unwrap();
    Checker::new(library).check(&script)
}

/// A script with a title, which is another rule's business.
fn titled(rule: &Rule, text: &str) -> String {
    if rule.id == "missing-docs" { text.to_string() } else { format!("//! Example\n\n{text}") }
}

#[test]
fn every_rule_finds_what_its_example_shows_and_nothing_else() {
    let acme = Workspace::acme();
    let mut seen = BTreeSet::new();
    let mut offences = String::new();
    for rule in rules() {
        assert!(seen.insert(rule.id), "{} is listed twice", rule.id);
        for (path, text) in rule.files {
            acme.write(path, text);
        }
        let bad = found(&acme, &titled(rule, rule.bad));
        if bad.is_empty() || bad.iter().any(|(found, _)| found != rule.id) {
            offences.push_str(&format!("{}: its bad example gives {bad:?}\n", rule.id));
        }
        let good = found(&acme, &titled(rule, rule.good));
        if !good.is_empty() {
            offences.push_str(&format!("{}: its good example gives {good:?}\n", rule.id));
        }
    }
    let listed: Vec<&str> = rules().map(|rule| rule.id).collect();
    assert!(listed.is_sorted(), "{listed:?}");
    assert!(offences.is_empty(), "{offences}");
}

#[test]
fn tests_know_what_tests_have() {
    let ws = Workspace::new();
    assert_eq!(found(&ws, "fn test_sums() {\n    assert_eq(1 + 1, 2);\n}\n"), []);
    let misspelt = "fn test_sums() {\n    assert_qe(1 + 1, 2);\n}\n";
    assert_eq!(findings(&ws, misspelt)[0].help.as_deref(), Some("did you mean `assert_eq`?"));
    assert_eq!(found(&ws, "//! T\n\nassert_eq(1 + 1, 2);\n"), [("unknown-function".into(), 3)]);
}

/// The good examples run, and so do the bad ones of warnings: a warning is about scripts that work.
#[test]
fn what_is_called_good_runs() {
    let acme = Workspace::acme();
    let mut offences = String::new();
    for rule in rules() {
        for (path, text) in rule.files {
            acme.write(path, text);
        }
        let said = acme.plan(&format!("//! Example\n\n{}", rule.good));
        let asks = rule.good.contains("fn params()");
        if said.code != 0 && !asks {
            offences.push_str(&format!("{}: {said}\n", rule.id));
        }
        if rule.is_error() && rule.id != "bad-suppression" && !asks {
            let said = acme.plan(&format!("//! Example\n\n{}", rule.bad));
            // What is lost in silence is worse than what fails.
            if said.code == 0 && !["discarded-edit", "unknown-manifest-field"].contains(&rule.id) {
                offences.push_str(&format!("{}: its bad example runs\n", rule.id));
            }
        }
    }
    assert!(offences.is_empty(), "{offences}");
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn scripts_below(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            scripts_below(&path, all);
        } else if path.to_string_lossy().ends_with(".rhai") && !path.to_string_lossy().ends_with(".d.rhai") {
            all.push(path);
        }
    }
}

#[test]
fn what_ships_is_clean() {
    let mut all = Vec::new();
    for folder in ["scripts", "stdlib", "examples"] {
        scripts_below(&root().join(folder), &mut all);
    }
    assert!(all.len() >= 3, "{all:?}");
    let library = Library::new(&root());
    let checker = Checker::new(library.clone());
    let mut offences = String::new();
    for path in all {
        let script = library.script(path.to_str().unwrap(), &root()).unwrap();
        for finding in checker.check(&script) {
            offences.push_str(&format!("{}: {}: {}\n", finding.place, finding.policy, finding.message));
        }
    }
    assert!(offences.is_empty(), "{offences}");
}

/// Snippets of pages show one thing each: they need no title, and name what the reader is to see rather than use.
#[test]
fn what_the_documentation_shows_is_clean() {
    let acme = Workspace::acme();
    let mut pages = vec![root().join("README.md")];
    for entry in fs::read_dir(root().join("docs")).unwrap() {
        pages.push(entry.unwrap().path());
    }
    let mut offences = String::new();
    let mut count = 0;
    for page in pages.iter().filter(|page| page.extension().is_some_and(|ext| ext == "md")) {
        // The page of errors shows what leads to each.
        if page.ends_with("docs/errors.md") {
            continue;
        }
        let text = fs::read_to_string(page).unwrap();
        // Files that a page tells the reader to save: `path`: and a fence.
        for part in text.split("```rhai\n").collect::<Vec<_>>().windows(2) {
            let named = part[0].trim_end().rsplit_once('\n').map_or(part[0].trim(), |(_, line)| line);
            let name = named.trim().strip_prefix('`').and_then(|rest| rest.strip_suffix("`:"));
            if let Some(name) = name.filter(|name| name.ends_with(".rhai")) {
                acme.write(name, part[1].split("```").next().unwrap());
            }
        }
        for block in text.split("```rhai\n").skip(1).map(|rest| rest.split("```").next().unwrap()) {
            count += 1;
            for finding in findings(&acme, block) {
                // The tutorial makes one mistake, to show how it is found.
                let mistake = page.ends_with("docs/tutorial.md") && finding.policy == "unknown-option";
                let shows = mistake
                    || ["missing-docs", "unused-variable", "unknown-template"].contains(&finding.policy.as_str());
                if !shows {
                    offences.push_str(&format!(
                        "{}: {}: {} in\n{block}\n",
                        page.display(),
                        finding.policy,
                        finding.message
                    ));
                }
            }
        }
    }
    assert!(count > 15, "only {count} snippets were found");
    assert!(offences.is_empty(), "{offences}");
}

/// Where the function stands that `parallel` is given makes no difference.
#[test]
fn functions_in_variables_are_followed_to_parallel() {
    let ws = Workspace::new();
    let held = "//! T\n\nlet made = [];\nlet work = |name| made.push(name);\nparallel([\"a\"], work);\nprint(made);\n";
    assert_eq!(found(&ws, held), [("captured-assignment".into(), 4)]);
    let handed_on = held.replace("parallel([\"a\"], work)", "let other = work;\nparallel([\"a\"], other)");
    assert_eq!(found(&ws, &handed_on), [("captured-assignment".into(), 4)]);
    let later = "//! T\n\nlet n = 0;\nlet work = |name| name;\nif environments().len > 1 {\n    work = |name| n += name.len;\n}\n\
                 parallel([\"a\"], work);\nprint(n);\n";
    assert_eq!(found(&ws, later), [("captured-assignment".into(), 6)]);
    let harmless = held.replace("made.push(name)", "name + made.len");
    assert_eq!(found(&ws, &harmless), []);
    let elsewhere = held.replace("parallel([\"a\"], work)", "work.call(\"a\")");
    assert_eq!(found(&ws, &elsewhere), []);
}

#[test]
fn comments_allow_what_they_name() {
    let ws = Workspace::new();
    let allowed = "//! T\n\nlet x = 1; // idp-run: allow(unused-variable): an example\n";
    assert_eq!(found(&ws, allowed), []);
    let above = "//! T\n\n// idp-run: allow(unused-variable): an example\n// of names\nlet x = 1;\n";
    assert_eq!(found(&ws, above), []);
    let two = "//! T\n\n// idp-run: allow(unused-variable, unused-import): an example\nlet x = 1;\n";
    assert_eq!(found(&ws, two), []);
    let far = "//! T\n\n// idp-run: allow(unused-variable): an example\n\nlet x = 1;\n";
    assert_eq!(found(&ws, far), [("unused-suppression".into(), 3), ("unused-variable".into(), 5)]);
    let other = "//! T\n\nlet x = 1; // idp-run: allow(unused-import): an example\n";
    assert_eq!(found(&ws, other), [("unused-variable".into(), 3), ("unused-suppression".into(), 3)]);
    let no_reason = "//! T\n\nlet x = 1; // idp-run: allow(unused-variable)\n";
    assert_eq!(found(&ws, no_reason), [("bad-suppression".into(), 3)]);
    let no_rule = "//! T\n\nlet x = 1; // idp-run: allow(unused-variabel): why\n";
    let all = findings(&ws, no_rule);
    assert_eq!(all.len(), 2);
    assert_eq!(all[1].help.as_deref(), Some("did you mean `unused-variable`?"));
    let in_text = "//! T\n\nprint(\"// idp-run: allow(unused-variable)\");\n";
    assert_eq!(found(&ws, in_text), []);
}

#[test]
fn exit_codes_tell_errors_from_warnings() {
    let ws = Workspace::new();
    ws.write("scripts/good.rhai", "//! Good\n\nprint(\"hello\");\n");
    assert_eq!(ws.idp(&["check"]).code, 0);
    ws.write("scripts/warned.rhai", "//! Warned\n\nlet x = 1;\n");
    assert_eq!(ws.idp(&["check"]).code, 0);
    assert_eq!(ws.idp(&["check", "--strict"]).code, 3);
    ws.write("scripts/broken.rhai", "//! Broken\n\nlet x = ;\n");
    let said = ws.idp(&["check"]);
    assert_eq!(said.code, 3);
    assert!(said.stdout.contains("1 error, 1 warning in 3 files."), "{said}");
    assert_eq!(ws.idp(&["check", "scripts/good.rhai"]).code, 0);
    assert_eq!(ws.idp(&["check", "good"]).code, 0, "a script by its name");
    assert_eq!(ws.idp(&["check", "create-service", "std/naming.rhai"]).code, 2);
    assert_eq!(ws.idp(&["check", "create-service"]).code, 0, "a built-in script by its name");
    assert_eq!(ws.idp(&["check", "nowhere/"]).code, 2);
    assert_eq!(ws.idp(&["list", "--output", "sarif"]).code, 2);
    let empty = Workspace::empty();
    let said = empty.idp(&["check"]);
    assert_eq!(said.code, 2);
    assert!(said.stderr.contains("there is no script to check"), "{said}");
    assert!(!ws.has_state(), "checking touches no world");
}

#[test]
fn people_see_the_line() {
    let ws = Workspace::new();
    ws.write("scripts/a.rhai", "//! A\n\nlet app = repo(\"app\");\nprint(app.nmae);\nlet x = 1;\n");
    let said = ws.idp(&["check"]);
    insta::assert_snapshot!(said.stdout, @r#"
    idp::check::unknown_field

      x a Repo has no field `nmae`
       ,-[scripts/a.rhai:4:11]
     3 | let app = repo("app");
     4 | print(app.nmae);
       :           ^^^^
     5 | let x = 1;
       `----
      help: did you mean `name`?

    idp::check::unused_variable

      ! nobody reads `x`
       ,-[scripts/a.rhai:5:5]
     4 | print(app.nmae);
     5 | let x = 1;
       :     ^
       `----
      help: remove it; a call may stand alone

    1 error, 1 warning in 1 file.
    "#);
}

#[test]
fn machines_get_lines() {
    let ws = Workspace::new();
    ws.write("scripts/a.rhai", "//! A\n\nprint(repo(\"app\").nmae);\n");
    let said = ws.idp(&["check", "--output", "json"]);
    assert_eq!(said.code, 3);
    let one = &said.of_type("diagnostic")[0];
    assert_eq!(one["code"], "idp::check::unknown_field");
    assert_eq!(one["rule"], "unknown-field");
    assert_eq!(one["level"], "high");
    assert_eq!(one["place"], serde_json::json!({ "file": "scripts/a.rhai", "line": 3, "column": 19 }));
    assert_eq!(said.of_type("summary")[0]["status"], "failed");
    let rules = ws.idp(&["check", "--rules", "--output", "json"]);
    assert_eq!(rules.of_type("rule").len(), idp_run::script::check::rules().count());
}

#[test]
fn pull_requests_get_annotations() {
    let ws = Workspace::new();
    ws.write("scripts/a.rhai", "//! A\n\nprint(repo(\"app\").nmae);\nlet x = 1;\n");
    let said = ws.idp(&["check", "--output", "github"]);
    insta::assert_snapshot!(said.stdout, @r"
    ::error file=scripts/a.rhai,line=3,col=19,title=idp%3A%3Acheck%3A%3Aunknown_field::a Repo has no field `nmae`%0Adid you mean `name`?
    ::warning file=scripts/a.rhai,line=4,col=5,title=idp%3A%3Acheck%3A%3Aunused_variable::nobody reads `x`%0Aremove it; a call may stand alone
    ");
}

/// What SARIF 2.1.0 requires of the parts that are written (sections 3.13, 3.14, 3.19, 3.27, 3.30, 3.49).
#[test]
fn code_scanning_gets_sarif() {
    let ws = Workspace::new();
    ws.write("scripts/a b.rhai", "//! A\n\nprint(repo(\"app\").nmae);\nlet x = 1;\n");
    let said = ws.idp(&["check", "--output", "sarif"]);
    assert_eq!(said.code, 3);
    let log: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let runs = log["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 1);
    let driver = &runs[0]["tool"]["driver"];
    assert_eq!(driver["name"], "idp-run");
    let rules = driver["rules"].as_array().unwrap();
    for rule in rules {
        assert!(rule["id"].is_string() && rule["shortDescription"]["text"].is_string(), "{rule}");
        assert!(["error", "warning"].contains(&rule["defaultConfiguration"]["level"].as_str().unwrap()), "{rule}");
    }
    let results = runs[0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    for result in results {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(["error", "warning"].contains(&result["level"].as_str().unwrap()));
        assert!(result["message"]["text"].is_string());
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "scripts/a%20b.rhai");
        assert!(place["region"]["startLine"].as_u64().unwrap() >= 3);
        assert!(place["region"]["startColumn"].as_u64().unwrap() >= 1);
    }
    let clean = Workspace::new();
    clean.write("scripts/a.rhai", "//! A\n\nprint(1);\n");
    let log: Value = serde_json::from_str(&clean.idp(&["check", "--output", "sarif"]).stdout).unwrap();
    assert_eq!(log["runs"][0]["results"], serde_json::json!([]), "results are there, and empty");
}

/// The page of rules, as their own words make it.
fn page() -> String {
    let mut text = String::from(
        "# Checks of scripts\n\n\
         `idp-run check [PATH]...` looks for mistakes in scripts without running them: in `scripts/` and `stdlib/` of the\n\
         workspace, or in the files, folders and scripts that are named. It exits with 3 if there is an error, with\n\
         `--strict` also if there is a warning. `--output` takes `human`, `json`, `sarif` (2.1.0, for code scanning and\n\
         editors) and `github` (workflow commands that show at the lines of a pull request).\n\n\
         A comment allows what a rule finds, on its line or on the one below, and says why:\n\n\
         ```rhai\n\
         // idp-run: allow(unused-variable): shows how a value is named\n\
         let answer = 42;\n\
         ```\n\n\
         What a variable holds is told from the text: from literals, from the functions of the engine and what they\n\
         return, from `params()`, and from the calls within the file. Where it can't be told, nothing is said. A\n\
         `switch` on a value that is known only after the apply, for one, is found where the value comes from `.number`\n\
         or `.url` of a pull request in the same file, and not where it comes by way of a list or a map.\n\n\
         This page is made from the rules themselves; the tests run every example.\n\n\
         | rule | level | what it finds |\n|---|---|---|\n",
    );
    let level = |rule: &Rule| if rule.is_error() { "error" } else { "warning" };
    for rule in rules() {
        text.push_str(&format!("| [`{0}`](#{0}) | {1} | {2} |\n", rule.id, level(rule), rule.about));
    }
    for rule in rules() {
        text.push_str(&format!(
            "\n## {}\n\n{} (`{}`). {}.\n{}\n",
            rule.id,
            capital(level(rule)),
            rule.code(),
            rule.about,
            rule.why
        ));
        for (path, file) in rule.files {
            text.push_str(&format!("\nWith `{path}`:\n\n```\n{file}```\n"));
        }
        text.push_str(&format!("\nBad:\n\n```rhai bad\n{}```\n\nGood:\n\n```rhai good\n{}```\n", rule.bad, rule.good));
    }
    text
}

fn capital(word: &str) -> String {
    word[..1].to_uppercase() + &word[1..]
}

/// `IDP_WRITE_DOCS=1 cargo test --test integration check::` writes the page.
#[test]
fn the_page_of_rules_says_what_the_rules_say() {
    let path = root().join("docs/checks.md");
    if std::env::var_os("IDP_WRITE_DOCS").is_some() {
        fs::write(&path, page()).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(there == page(), "docs/checks.md is not what the rules say: write it with IDP_WRITE_DOCS=1");
}
