//! What people read: plans, applies, endings, colours, lists.

use super::*;

#[test]
fn a_plan_shows_every_change_and_ends_in_its_numbers() {
    insta::assert_snapshot!(both(plan(), a_plan()), @r#"
    ----- stderr -----
    ----- stdout -----
    Scaffold the application repository
      + repository acme/payments-api
          visibility   internal
          description  api of payments
          url          (known after apply)
      + commit acme/payments-api main (3 files, +15 −0)
          + README.md
            │ # api
            │
            │ Owned by team-payments.
          + k8s/deployment.yaml
            │ apiVersion: apps/v1
            │ kind: Deployment
            │ metadata:
            │   name: api
            │   namespace: payments-dev
            │ spec:
            │   replicas: 1
            │   selector:
            │     matchLabels:
            │       app: api
            │   template:
            │     metadata:
          + logo.png

    Deliver
      Open the GitOps pull request
        + pull request acme/platform-gitops create-service-payments-api (2 files, +2 −3)
            title  Create payments-api
            body
              │ Creates the service.
              │
              │ See (known after apply).
            ~ apps/index.yaml (+2 −1)
              @@ -1,5 +1,6 @@
               apps:
                 - orders
              +  - payments-api
                 - users
              
              -owner: platform
              +owner: platform
              \ No newline at end of file
            - apps/old.yaml (−2)
        … wait for the approval of acme/platform-gitops#(known after apply)
      ~ branch protection acme/platform-gitops main
          reviews      1 → 2
          code_owners  (none) → true
          note
            @@ -1,2 +1,2 @@
             Two lines
            -of text
            +of prose

    payments-dev-api goes to dev

    Repository   (known after apply)
    Namespaces   payments-dev, payments-prod

    Plan: 3 to create, 1 to change, 0 to delete, 1 unchanged.
    "#);
}

#[test]
fn a_verbose_plan_shows_files_whole_and_what_is_as_asked() {
    let options = Options { verbose: true, ..plan() };
    let events = vec![
        started("Scaffold", 0),
        unchanged("repository", "acme/payments-api"),
        change(Action::Update, "commit", "acme/payments-api main", {
            files(&[("a.txt", None, Some(DEPLOYMENT)), ("b.txt", Some("b\n"), None)])
        }),
        ended("Scaffold", 0, true),
        summary(0, 1, 0, 1, Status::Planned),
    ];
    insta::assert_snapshot!(both(options, events), @r#"
    ----- stderr -----
    ----- stdout -----
    Scaffold
      = repository acme/payments-api
      ~ commit acme/payments-api main (2 files, +12 −1)
          + a.txt
            │ apiVersion: apps/v1
            │ kind: Deployment
            │ metadata:
            │   name: api
            │   namespace: payments-dev
            │ spec:
            │   replicas: 1
            │   selector:
            │     matchLabels:
            │       app: api
            │   template:
            │     metadata:
          - b.txt (−1)
            -b

    Plan: 0 to create, 1 to change, 0 to delete, 1 unchanged.
    "#);
}

#[test]
fn an_apply_shows_progress_and_results_apart() {
    insta::assert_snapshot!(both(apply(), an_apply()), @r#"
    ----- stderr -----
    • Scaffold the application repository
      + repository acme/payments-api
      + commit acme/payments-api main (3 files, +15 −0)
    ✓ Scaffold the application repository
    • Deliver
      • Open the GitOps pull request
        + pull request acme/platform-gitops create-service-payments-api (2 files, +2 −3)
      ✓ Open the GitOps pull request
      ⚠ pull request acme/platform-gitops#12 has commits by people; it is kept as it is
        help: review it, or close it and run with reopen: true
      ⚠ pod-security: the container may run as root
        medium, at k8s/deployment.yaml:7:3
        help: set securityContext.runAsNonRoot: true
    ✓ Deliver

    ----- stdout -----
    Repository     https://git.acme.dev/acme/payments-api
    Pull request   https://git.acme.dev/acme/platform-gitops/pulls/12

    Done: 3 created, 0 changed, 0 deleted, 2 unchanged.
    "#);
}

#[test]
fn without_unicode_symbols_are_ascii() {
    let (stdout, stderr) = run(apply(), Look::default(), an_apply());
    assert!(stdout.is_ascii() && stderr.is_ascii(), "{stdout}{stderr}");
    let (stdout, stderr) = run(plan(), Look::default(), a_plan());
    assert!(stdout.is_ascii() && stderr.is_ascii(), "{stdout}{stderr}");
}

#[test]
fn an_apply_that_changes_nothing_says_so() {
    let events = vec![
        started("Scaffold the application repository", 0),
        unchanged("repository", "acme/payments-api"),
        ended("Scaffold the application repository", 0, true),
        output("Repository", json!("https://git.acme.dev/acme/payments-api")),
        summary(0, 0, 0, 9, Status::Applied),
    ];
    insta::assert_snapshot!(both(apply(), events), @r#"
    ----- stderr -----
    • Scaffold the application repository
    ✓ Scaffold the application repository

    ----- stdout -----
    Repository   https://git.acme.dev/acme/payments-api

    No changes. 9 objects are as asked.
    "#);
}

#[test]
fn a_script_that_only_prints_has_nothing_else_on_stdout() {
    let events = vec![Event::Print("a,b".into()), summary(0, 0, 0, 0, Status::Applied)];
    assert_eq!(run(apply(), UNICODE, events), ("a,b\n".into(), String::new()));
}

#[test]
fn the_last_words_fit_the_ending() {
    let last = |options: Options, event: Event| {
        let (stdout, _) = run(options, UNICODE, vec![Event::Waiting("the approval of a/b#1".into()), event]);
        stdout
    };
    let endings = [
        last(plan(), summary(0, 0, 0, 0, Status::Planned)),
        last(plan(), summary(2, 1, 0, 0, Status::Failed)),
        last(apply(), summary(0, 0, 0, 0, Status::Applied)),
        last(apply(), summary(0, 0, 0, 1, Status::Applied)),
        last(apply(), summary(2, 1, 0, 0, Status::Waiting)),
        last(apply(), summary(0, 0, 0, 4, Status::Waiting)),
        last(apply(), summary(2, 1, 0, 0, Status::Failed)),
        last(apply(), summary(0, 0, 0, 0, Status::Failed)),
        last(apply(), summary(1, 0, 0, 0, Status::Cancelled)),
    ];
    insta::assert_snapshot!(endings.concat(), @r#"
    … wait for the approval of a/b#1

    No changes.
    … wait for the approval of a/b#1

    Stopped while planning. Nothing was touched.
    No changes.
    No changes. 1 object is as asked.
    Waiting for the approval of a/b#1. So far 2 created, 1 changed, 0 deleted.
    Run the same command again to go on.
    Waiting for the approval of a/b#1. So far nothing was changed.
    Run the same command again to go on.
    Stopped after 3 changes; run the same command again to go on.
    Stopped before any change.
    Cancelled after 1 change; run the same command again to go on.
    "#);
}

#[test]
fn colours_are_as_diffs_have_them() {
    let look = Look { color: true, ..UNICODE };
    let events = vec![change(Action::Update, "commit", "a/b main", files(&[("x", Some("1\n"), Some("2\n"))]))];
    let (stdout, _) = run(plan(), look, events);
    assert!(stdout.starts_with("\u{1b}[33m~\u{1b}[0m commit \u{1b}[1ma/b main\u{1b}[0m"), "{stdout:?}");
    assert!(stdout.contains("\u{1b}[31m-1\u{1b}[0m\n"), "{stdout:?}");
    assert!(stdout.contains("\u{1b}[32m+2\u{1b}[0m\n"), "{stdout:?}");
    let (_, stderr) = run(apply(), look, vec![a_failure()]);
    assert!(stderr.contains("\u{1b}[31midp::claim::rejected\u{1b}[0m"), "{stderr:?}");
}

#[test]
fn quiet_says_only_what_needs_attention() {
    let (stdout, stderr) = run(Options { quiet: true, ..apply() }, UNICODE, an_apply());
    assert!(stdout.ends_with("Done: 3 created, 0 changed, 0 deleted, 2 unchanged.\n"));
    assert!(stderr.starts_with("⚠ pull request"), "{stderr}");
    assert!(!stderr.contains("Scaffold"), "{stderr}");
}

#[test]
fn pull_requests_are_a_table() {
    let pull = |number, title: &str, state| Event::PullRequest {
        repository: "acme/platform-gitops".into(),
        number,
        title: title.into(),
        head: "create-payments-api".into(),
        base: "main".into(),
        state,
        url: format!("https://git.acme.dev/{number}"),
    };
    let events = vec![pull(7, "Create payments-api", "open"), pull(12, "Rotate", "merged")];
    let (stdout, _) = run(apply(), Look { width: None, ..UNICODE }, events);
    insta::assert_snapshot!(stdout, @r#"
    PULL REQUEST             STATE   TITLE                BRANCH                      URL
    acme/platform-gitops#7   open    Create payments-api  create-payments-api → main  https://git.acme.dev/7
    acme/platform-gitops#12  merged  Rotate               create-payments-api → main  https://git.acme.dev/12
    "#);
}
