//! Deliveries as GitHub sends them, cut down, and bodies that are none.

use super::{Event, parse};

const REPOSITORY: &str =
    r#""repository": { "id": 7, "name": "app", "full_name": "acme/app", "owner": { "login": "acme" } }"#;

fn event(name: &str, body: &str) -> Event {
    parse(name, format!("{{ {body}, {REPOSITORY} }}").as_bytes()).unwrap().event
}

#[test]
fn a_push_names_its_branch_and_paths() {
    let body = r#""ref": "refs/heads/feature/x", "before": "a", "after": "b", "commits": [
        { "id": "b", "message": "m", "added": ["new"], "modified": ["b", "a"], "removed": ["b"] }], "head_commit": null"#;
    let Event::Push(push) = event("push", body) else { unreachable!() };
    assert_eq!((push.branch(), push.paths()), (Some("feature/x"), vec!["a", "b", "new"]));
    let tag = body.replace("heads/feature/x", "tags/v1");
    let Event::Push(push) = event("push", &tag) else { unreachable!() };
    assert_eq!(push.branch(), None);
}

#[test]
fn a_merged_pull_request_is_told_from_a_closed_one() {
    let pull = |merged: &str| {
        let body = format!(
            r#""action": "closed", "pull_request": {{ "number": 3, "title": "t", "state": "closed", "merged_at": {merged},
            "head": {{ "ref": "b", "sha": "1", "repo": null }}, "base": {{ "ref": "main", "sha": "2", "repo": {{ "id": 1 }} }} }}"#
        );
        let Event::PullRequest(change) = event("pull_request", &body) else { unreachable!() };
        change.pull_request
    };
    assert!(pull("\"2026-01-01T00:00:00Z\"").merged() && !pull("null").merged());
    assert_eq!(pull("null").base.repo, None);
}

#[test]
fn a_comment_on_a_pull_request_is_told_from_one_on_an_issue() {
    let on = |part: &str| {
        let body = format!(
            r#""issue": {{ "number": 3, "title": "t", "state": "open"{part} }}, "comment": {{ "id": 1, "body": "/plan" }}"#
        );
        let Event::IssueComment(comment) = event("issue_comment", &body) else { unreachable!() };
        comment.issue.is_pull_request
    };
    assert!(on(r#", "pull_request": { "url": "x" }"#) && !on("") && !on(r#", "pull_request": null"#));
}

#[test]
fn events_that_nobody_asks_about_keep_their_name() {
    let found =
        parse("star", br#"{ "action": "created", "sender": { "login": "alice" }, "installation": { "id": 9 } }"#);
    let found = found.unwrap();
    assert_eq!(found.event, Event::Other("star".into()));
    assert_eq!((found.sender.unwrap().login.as_str(), found.installation), ("alice", Some(9)));
}

#[test]
fn a_body_that_is_no_delivery_is_refused() {
    for (name, body, words) in [
        ("push", "payload=%7B%7D", "it is no JSON object"),
        ("star", r#"["created", null, null, null, null]"#, "it is no JSON object"),
        ("push", r#"{ "ref": "refs/heads/main" }"#, "missing field `before`"),
        ("pull_request", r#"{ "pull_request": { "number": "3" } }"#, "invalid type: string \"3\""),
        ("star", " {", "EOF"),
        ("star", &format!("{{ \"x\": {}", "[".repeat(100_000)), "EOF"),
    ] {
        let error = parse(name, body.as_bytes()).unwrap_err();
        assert_eq!(error.code(), "idp::webhook::payload");
        assert!(error.to_string().contains(words) && error.to_string().contains(name), "{error}");
    }
}
