//! What machines read, and how streams behave.

use super::*;

#[test]
fn json_is_one_event_a_line_with_a_version_first_and_a_summary_last() {
    let json = Options { format: Format::Json, ..plan() };
    let mut events = an_apply();
    events.splice(12..12, [a_failure(), Event::Print("hello".into()), Event::Waiting("a merge".into())]);
    events.insert(12, unchanged("repository", "acme/x"));
    events.insert(
        12,
        Event::PullRequest {
            repository: "a/b".into(),
            number: 1,
            title: "t".into(),
            head: "h".into(),
            base: "main".into(),
            state: "open",
            url: "u".into(),
        },
    );
    let (stdout, stderr) = run(json, UNICODE, events);
    assert!(stdout.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
    assert!(stderr.starts_with("idp::claim::rejected\n"), "{stderr}");
    insta::assert_snapshot!(stdout, @r#"
    {"type":"version","format":1,"idp_run":"0.1.0"}
    {"type":"step","name":"Scaffold the application repository","depth":0,"state":"started"}
    {"type":"change","action":"create","kind":"repository","target":"acme/payments-api","diff":{"fields":[["visibility",null,"internal"]]}}
    {"type":"change","action":"create","kind":"commit","target":"acme/payments-api main","diff":{"files":[{"path":"README.md","action":"create","added":3,"removed":0,"text":"@@ -0,0 +1,3 @@\n+# api\n+\n+Owned by team-payments.\n"},{"path":"k8s/deployment.yaml","action":"create","added":12,"removed":0,"text":"@@ -0,0 +1,12 @@\n+apiVersion: apps/v1\n+kind: Deployment\n+metadata:\n+  name: api\n+  namespace: payments-dev\n+spec:\n+  replicas: 1\n+  selector:\n+    matchLabels:\n+      app: api\n+  template:\n+    metadata:\n"},{"path":"logo.png","action":"create","added":0,"removed":0,"text":""}]}}
    {"type":"step","name":"Scaffold the application repository","depth":0,"state":"done"}
    {"type":"step","name":"Deliver","depth":0,"state":"started"}
    {"type":"step","name":"Open the GitOps pull request","depth":1,"state":"started"}
    {"type":"change","action":"create","kind":"pull_request","target":"acme/platform-gitops create-service-payments-api","diff":{"fields":[["title",null,"Create payments-api"],["body",null,"Creates the service.\n\nSee (known after apply)."]],"files":[{"path":"apps/index.yaml","action":"update","added":2,"removed":1,"text":"@@ -1,5 +1,6 @@\n apps:\n   - orders\n+  - payments-api\n   - users\n \n-owner: platform\n+owner: platform\n\\ No newline at end of file\n"},{"path":"apps/old.yaml","action":"delete","added":0,"removed":2,"text":"@@ -1,2 +0,0 @@\n-a: 1\n-b: 2\n"}]}}
    {"type":"step","name":"Open the GitOps pull request","depth":1,"state":"done"}
    {"type":"diagnostic","severity":"warning","code":null,"message":"pull request acme/platform-gitops#12 has commits by people; it is kept as it is","help":"review it, or close it and run with reopen: true","place":null,"frames":[]}
    {"type":"diagnostic","severity":"finding","level":"medium","code":"pod-security","message":"the container may run as root","help":"set securityContext.runAsNonRoot: true","place":{"file":"k8s/deployment.yaml","line":7,"column":3},"frames":[]}
    {"type":"step","name":"Deliver","depth":0,"state":"done"}
    {"type":"output","name":"Repository","value":"https://git.acme.dev/acme/payments-api"}
    {"type":"pull_request","number":1,"title":"t","head":"h","base":"main","state":"open","url":"u","repository":"a/b"}
    {"type":"unchanged","kind":"repository","target":"acme/x"}
    {"type":"diagnostic","severity":"error","code":"idp::claim::rejected","message":"spec.size of PostgreSQLInstance can't be `huge`: it is one of small, medium, large","help":"run `idp-run explain PostgreSQLInstance` to see its fields","place":{"file":"acme/platform-gitops@main:xrds/postgres.yaml","line":31,"column":17},"frames":[{"label":"claim","place":{"file":"std/claims.rhai","line":2,"column":5}},{"label":"claims::postgres","place":{"file":"create-service.rhai","line":5,"column":13}},{"label":"database","place":{"file":"create-service.rhai","line":11,"column":9}}]}
    {"type":"print","text":"hello"}
    {"type":"waiting","for":"a merge"}
    {"type":"output","name":"Pull request","value":"https://git.acme.dev/acme/platform-gitops/pulls/12"}
    {"type":"summary","create":3,"update":0,"delete":0,"unchanged":2,"status":"applied"}
    "#);
}

#[test]
fn an_error_outside_of_a_run_is_a_whole_stream() {
    let error =
        Error::invalid("idp::usage", "there is no script `crate-service`").help("did you mean `create-service`?");
    let (stdout, stderr) = (Captured::default(), Captured::default());
    let streams = Streams {
        stdout: Stream::new(Box::new(stdout.clone()), UNICODE),
        stderr: Stream::new(Box::new(stderr.clone()), UNICODE),
    };
    refuse(&Options { format: Format::Json, ..apply() }, streams, &error);
    insta::assert_snapshot!(stdout.text() + stderr.text().as_str(), @r#"
    {"type":"version","format":1,"idp_run":"0.1.0"}
    {"type":"diagnostic","severity":"error","code":"idp::usage","message":"there is no script `crate-service`","help":"did you mean `create-service`?","place":null,"frames":[]}
    {"type":"summary","create":0,"update":0,"delete":0,"unchanged":0,"status":"failed"}
    idp::usage

      × there is no script `crate-service`
      help: did you mean `create-service`?
      idp-run explain idp::usage
    "#);
}

#[test]
fn a_reader_that_went_away_is_no_panic() {
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }
    for format in [Format::Human, Format::Json] {
        let streams =
            Streams { stdout: Stream::new(Box::new(Gone), UNICODE), stderr: Stream::new(Box::new(Gone), UNICODE) };
        let sink = sink_to(&Options { format, ..plan() }, streams);
        for event in a_plan().into_iter().chain([a_failure()]) {
            sink.emit(event);
        }
    }
}

#[test]
fn a_question_may_speak_while_drawing_is_suspended() {
    let captured = Captured::default();
    let streams = Streams {
        stdout: Stream::new(Box::new(captured.clone()), UNICODE),
        stderr: Stream::new(Box::new(Captured::default()), UNICODE),
    };
    let sink = sink_to(&apply(), streams);
    sink.suspend(&mut || sink.emit(Event::Print("asked".into())));
    assert_eq!(captured.text(), "asked\n");
}
