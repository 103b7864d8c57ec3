//! What a job of GitHub Actions reads of a run, whole.

use super::*;
use crate::error::Error;
use crate::output::tests::{Captured, UNICODE, change, ended, output, started, summary};
use crate::output::{Options, in_actions, sink_to};
use crate::report::{Action, Diff, Event, Severity, Status};

fn job(folder: &std::path::Path) -> Actions {
    Actions { checkout: Some(folder.to_path_buf()), ..Actions::default() }
}

/// stdout and stderr of a run in a job.
fn run(options: Options, actions: Actions, events: Vec<Event>) -> (String, String) {
    let (stdout, stderr) = (Captured::default(), Captured::default());
    let stream = |to: &Captured| Stream::new(Box::new(to.clone()), UNICODE).tamed();
    let sink = sink_to(&options, Streams { stdout: stream(&stdout), stderr: stream(&stderr) });
    let sink = in_actions(&options, sink, actions, stream(&stderr));
    events.into_iter().for_each(|event| sink.emit(event));
    drop(sink);
    (stdout.text(), stderr.text())
}

fn finding(file: &str) -> Event {
    let place = Place::at(file, 2, 0);
    let message = "kind is missing".to_string();
    Event::Finding(Finding { policy: "manifest".into(), severity: Severity::High, place, message, help: None })
}

#[test]
fn an_apply_has_groups_and_annotations() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("path.rhai");
    std::fs::write(&script, "x").unwrap();
    let error = Error::failed("idp::script::thrown", "100 % wrong\n::error::no").help("mend it");
    let events = vec![
        started("Deliver: 50 %", 0),
        started("Open", 1),
        change(Action::Create, "commit", "acme/api main", Diff::default()),
        finding(&script.display().to_string()),
        finding("acme/api:k8s/x.yaml"),
        ended("Open", 1, true),
        ended("Deliver: 50 %", 0, true),
        Event::Print("::set-output name=a::b".into()),
        started("::set-env name=x::y", 0),
        Event::Warning { message: "slow".into(), help: Some("wait".into()) },
        Event::Failure { error: error.at(Place::at(script.display().to_string(), 3, 7)), frames: Vec::new() },
        summary(1, 0, 0, 0, Status::Failed),
    ];
    let (stdout, stderr) = run(Options::default(), job(folder.path()), events);
    insta::assert_snapshot!(stderr.replace(&script.display().to_string(), "SCRIPT"), @r#"
    ::group::Deliver: 50 %25
    • Deliver: 50 %
      • Open
        + commit acme/api main
        ✗ manifest: kind is missing
          high, at SCRIPT:2
    ::error file=path.rhai,line=2,title=manifest::kind is missing
        ✗ manifest: kind is missing
          high, at acme/api:k8s/x.yaml:2
    ::error title=manifest::kind is missing (at acme/api:k8s/x.yaml:2)
      ✓ Open
    ✓ Deliver: 50 %
    ::endgroup::
    ::group::::set-env name=x::y
    • ::set-env name=x::y
      ⚠ slow
        help: wait
    ::warning::slow%0Await
    ::endgroup::

    idp::script::thrown

      × 100 % wrong
      │ ::error::no
      ╰─▶ SCRIPT:3:7
      help: mend it
      idp-run explain idp::script::thrown
    ::error file=path.rhai,line=3,col=7,title=idp%3A%3Ascript%3A%3Athrown::100 %25 wrong%0A::error::no%0Amend it
    "#);
    insta::assert_snapshot!(stdout, @r#"
    \u{3a}:set-output name=a::b

    Stopped after 1 change; run the same command again to go on.
    "#);
}

#[test]
fn a_plan_has_no_groups_and_its_result_no_commands() {
    let events = vec![
        started("::group::x", 0),
        change(Action::Create, "repository", "::warning::acme/api", Diff::default()),
        ended("::group::x", 0, true),
        output("URL", serde_json::json!("a ##[add-mask]secret")),
        summary(1, 0, 0, 0, Status::Planned),
    ];
    let (stdout, stderr) = run(Options { plan: true, ..Options::default() }, Actions::default(), events);
    assert_eq!(stderr, "");
    insta::assert_snapshot!(stdout, @r#"
    \u{3a}:group::x
      + repository ::warning::acme/api

    URL   a ##\u{5b}add-mask]secret

    Plan: 1 to create, 0 to change, 0 to delete.
    "#);
}

#[test]
fn masks_are_told_line_by_line_and_unescaped_by_nobody_else() {
    let captured = Captured::default();
    let redactor = crate::report::Redactor::default();
    redactor.tell(masks_to(Stream::new(Box::new(captured.clone()), UNICODE).tamed()));
    redactor.learn("p%ss\tword");
    redactor.learn("p%ss\tword");
    redactor.learn("-----BEGIN KEY-----\nMIIEvQIBADANBgkq\r\nx\n hkiG9w0BAQEFAASC\n-----END KEY-----\n");
    assert_eq!(
        captured.text(),
        "::add-mask::p%25ss\tword\n::add-mask::MIIEvQIBADANBgkq\n::add-mask::hkiG9w0BAQEFAASC\n"
    );
}

#[test]
fn only_a_job_is_one() {
    let of = |value: Option<&str>| {
        let value = value.map(str::to_owned);
        Actions::of(move |name| if name == "GITHUB_ACTIONS" { value.clone() } else { None }).is_some()
    };
    assert!(of(Some("true")));
    assert!(!of(None) && !of(Some("")) && !of(Some("false")) && !of(Some("1")));
}
