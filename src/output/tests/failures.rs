//! What people read when it went wrong.

use super::*;

#[test]
fn a_failure_shows_the_calls_that_led_to_it() {
    let events = vec![
        started("Provision PostgreSQL", 0),
        change(Action::Create, "repository", "acme/payments-api", Diff::default()),
        ended("Provision PostgreSQL", 0, false),
        a_failure(),
        summary(1, 0, 0, 0, Status::Failed),
    ];
    insta::assert_snapshot!(both(apply(), events), @r#"
    ----- stderr -----
    • Provision PostgreSQL
      + repository acme/payments-api
    ✗ Provision PostgreSQL

    idp::claim::rejected

      × spec.size of PostgreSQLInstance can't be `huge`: it is one of small, medium, large
      ╰─▶ acme/platform-gitops@main:xrds/postgres.yaml:31:17
       ╭─[std/claims.rhai:2:5]
     1 │ fn postgres(key, spec) {
     2 │     claim("PostgreSQLInstance", key, spec)
       ·     ──┬──
       ·       ╰── claim
     3 │ }
       ╰────
        ╭─[create-service.rhai:5:13]
      4 │     let spec = #{ size: size };
      5 │     claims::postgres(key, spec)
        ·             ────┬───
        ·                 ╰── claims::postgres
      6 │ }
      7 │
      8 │ fn run(p) {
      9 │     let key = key(p.project, "dev", p.service);
     10 │     step("Provision PostgreSQL", || {
     11 │         database(key, "huge").propose("platform-gitops")
        ·         ────┬───
        ·             ╰── database
     12 │     });
        ╰────
      help: run `idp-run explain PostgreSQLInstance` to see its fields
      idp-run explain idp::claim::rejected

    ----- stdout -----
    Stopped after 1 change; run the same command again to go on.
    "#);
}

#[test]
fn places_without_text_are_named() {
    let error = Error::invalid("idp::params::missing", "owner is missing");
    let frames = vec![frame("", Place::at("a.rhai", 90, 1), SCRIPT), frame("run", Place::at("b.rhai", 1, 1), "")];
    insta::assert_snapshot!(diagnostic::failure(&UNICODE, &error, &frames), @r#"
    idp::params::missing

      × owner is missing
      ├─▶ at a.rhai:90:1
      ╰─▶ run at b.rhai:1:1
    "#);
}

#[test]
fn odd_sources_are_drawn_without_a_panic() {
    let sources = ["", "\n", "x", "\r\n\r\nx\r\n", "ä\u{1b}[2J→\tö", &"long ".repeat(100), "日本語 = 1\n\n\n\n\n\nend"];
    let error = Error::failed("idp::x", "it\u{1b}[31m failed\nin two lines");
    for source in sources {
        for line in 0..9 {
            for column in [0, 1, 2, 5, 80, 400] {
                let frames = [
                    frame("one", Place::at("a", line, column), source),
                    frame("two", Place::at("a", 1, 1), source),
                    frame("three", Place::at("b", line, 0), source),
                ];
                let text = diagnostic::failure(&UNICODE, &error.clone().at(Place::at("a", 2, column)), &frames);
                assert!(!text.contains('\u{1b}'), "{text}");
                assert!(text.contains("it\\u{1b}[31m failed"), "{text}");
                assert!(!text.contains("Failed to read"), "{text}");
            }
        }
    }
}

#[test]
fn deep_recursion_is_summed_up() {
    let source = "walk(x)\n".repeat(40);
    let frames: Vec<_> = (1..=40).map(|line| frame("walk", Place::at("a.rhai", line, 1), &source)).collect();
    let text = diagnostic::failure(&UNICODE, &Error::failed("idp::script::depth", "too deep"), &frames);
    assert!(text.contains("walk (and 32 more calls)"), "{text}");
    assert!(text.lines().count() < 40, "{text}");
}

/// Where the next command can be typed, and `explain` knows the code.
#[test]
fn a_terminal_is_told_where_more_is_said() {
    let error = Error::invalid("idp::repo::twice", "it is committed twice");
    insta::assert_snapshot!(diagnostic::failure(&UNICODE, &error, &[]), @r"
    idp::repo::twice

      × it is committed twice
      idp-run explain idp::repo::twice
    ");
    // What several items failed with is told once, below the first.
    let related = |item: &str| Related { item: item.into(), error: error.clone(), frames: Vec::new() };
    let all = Error::failed("idp::parallel::failed", "2 of 2 items failed").because(vec![related("a"), related("b")]);
    insta::assert_snapshot!(diagnostic::failure(&UNICODE, &all, &[]), @r"
    idp::parallel::failed

      × 2 of 2 items failed
      idp-run explain idp::parallel::failed

    idp::repo::twice

      × a: it is committed twice
      idp-run explain idp::repo::twice

    idp::repo::twice

      × b: it is committed twice
    ");
    let file = Look { terminal: false, ..UNICODE };
    assert!(!diagnostic::failure(&file, &error, &[]).contains("explain"));
    let strange = Error::invalid("idp::no::such", "it is strange");
    assert!(!diagnostic::failure(&UNICODE, &strange, &[]).contains("explain"));
}
