//! The validator of requests by GitHub's own description: it lets good requests pass and says what is wrong with bad ones.

use serde_json::{Value, json};

use crate::support::github::description::description;
use crate::support::github::graphql;

fn said(method: &str, target: &str, body: Value) -> String {
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    match description().request(method, target, &body) {
        Ok(id) => id.to_owned(),
        Err(faults) => faults,
    }
}

#[test]
fn good_requests_pass() {
    for (method, target, body, id) in [
        ("GET", "/repos/acme/app", Value::Null, "repos/get"),
        ("HEAD", "/repos/acme/app", Value::Null, "repos/get"),
        ("GET", "/repositories/7/pulls?state=all", Value::Null, "pulls/list"),
        ("POST", "/orgs/acme/repos", json!({ "name": "app", "visibility": "internal" }), "repos/create-in-org"),
        ("GET", "/repos/acme/app/contents/", Value::Null, "repos/get-content"),
        ("GET", "/repos/acme/app/contents/a/b%20c.yaml?ref=main", Value::Null, "repos/get-content"),
        ("GET", "/repos/acme/app/git/ref/heads/feature/x", Value::Null, "git/get-ref"),
        ("GET", "/repos/acme/app/git/matching-refs/idp-run/", Value::Null, "git/list-matching-refs"),
        ("GET", "/repos/acme/app/branches/feature%2Fx/protection", Value::Null, "repos/get-branch-protection"),
        ("GET", "/repos/acme/app/branches/feature/x/protection", Value::Null, "repos/get-branch-protection"),
        ("GET", "/repos/acme/app/branches/feature/x", Value::Null, "repos/get-branch"),
        ("GET", "/repos/acme/app/commits/abc/pulls", Value::Null, "repos/list-pull-requests-associated-with-commit"),
        ("GET", "/repos/acme/app/commits/a/b/check-runs?check_name=c", Value::Null, "checks/list-for-ref"),
        ("GET", "/repos/acme/app/pulls?head=acme%3Ab&state=all&per_page=100", Value::Null, "pulls/list"),
        ("GET", "/repos/acme/app/issues/comments/7", Value::Null, "issues/get-comment"),
        ("PUT", "/repos/acme/app/topics", json!({ "names": ["a"] }), "repos/replace-all-topics"),
        ("POST", "/repos/acme/app/issues/7/labels", json!({ "labels": ["a"] }), "issues/add-labels"),
        ("DELETE", "/repos/acme/app/git/refs/heads/x", Value::Null, "git/delete-ref"),
        (
            "POST",
            "/repos/acme/app/git/trees",
            json!({ "base_tree": "a", "tree": [
                { "path": "a", "mode": "100755", "type": "blob", "content": "x" },
                { "path": "b", "mode": "100644", "type": "blob", "sha": null },
            ] }),
            "git/create-tree",
        ),
        (
            "POST",
            "/repos/acme/app/check-runs",
            json!({ "name": "plan", "head_sha": "a", "status": "completed", "conclusion": "success",
                "output": { "title": "t", "summary": "s" } }),
            "checks/create",
        ),
        (
            "PUT",
            "/repos/acme/app/branches/main/protection",
            json!({ "required_status_checks": null, "enforce_admins": true, "restrictions": null,
                "required_pull_request_reviews": { "required_approving_review_count": 1 } }),
            "repos/update-branch-protection",
        ),
        (
            "POST",
            "/repos/acme/app/hooks",
            json!({ "name": "web", "events": ["push"], "config": { "url": "https://x", "content_type": "json" } }),
            "repos/create-webhook",
        ),
    ] {
        assert_eq!(said(method, target, body), id, "{method} {target}");
    }
}

#[test]
fn bad_requests_are_told_by_operation_field_and_reason() {
    for (method, target, body, words) in [
        ("GET", "/repos/acme", Value::Null, "there is no such operation"),
        ("PATCH", "/orgs/acme/repos", json!({}), "there is no such operation"),
        ("GET", "/repos/acme/app/pulls?sate=all", Value::Null, "(pulls/list): query sate: it isn't described"),
        ("GET", "/repos/acme/app/pulls?state=merged", Value::Null, "query state: \"merged\" is not one of"),
        ("GET", "/repos/acme/app/pulls?state=all&state=open", Value::Null, "query state: it is given twice"),
        ("GET", "/repos/acme/app/pulls?per_page=many", Value::Null, "query per_page: \"many\" is not of type"),
        ("GET", "/repos/acme/app/pulls?base=a/b", Value::Null, "isn't percent-encoded"),
        ("GET", "/repos/acme/app/pulls/seven", Value::Null, "path pull_number: \"seven\" is not of type"),
        ("POST", "/repos/acme/app/issues/7/labels", json!(["a"]), "body : [\"a\"] is not of type \"object\""),
        ("GET", "/search/code", Value::Null, "query q: it is missing"),
        ("GET", "/repos/acme/app", json!({}), "(repos/get): body: the operation has none"),
        ("POST", "/orgs/acme/repos", Value::Null, "(repos/create-in-org): body: it is missing"),
        ("POST", "/orgs/acme/repos", json!({ "private": true }), "body : \"name\" is a required property"),
        ("POST", "/orgs/acme/repos", json!({ "name": "a", "visiblity": "x" }), "'visiblity' was unexpected"),
        ("POST", "/orgs/acme/repos", json!({ "name": 7 }), "body /name: 7 is not of type \"string\""),
        (
            "POST",
            "/repos/acme/app/git/trees",
            json!({ "tree": [{ "path": "a", "mode": "644", "type": "blob", "content": "" }] }),
            "body /tree/0/mode: \"644\" is not one of",
        ),
        (
            "POST",
            "/repos/acme/app/hooks",
            json!({ "name": "web", "config": { "url": "https://x" }, "id": 1, "type": "Repository" }),
            "unexpected",
        ),
        (
            "PUT",
            "/repos/acme/app/branches/main/protection",
            json!({ "required_status_checks": null, "enforce_admins": true, "restrictions": null }),
            "\"required_pull_request_reviews\" is a required property",
        ),
        (
            "POST",
            "/repos/acme/app/check-runs",
            json!({ "name": "plan", "head_sha": "a", "started_at": "yesterday" }),
            "body /started_at",
        ),
    ] {
        let said = said(method, target, body);
        assert!(said.starts_with(&format!("{method} /")) && said.contains(words), "{method} {target}: {said}");
    }
    let no_json = description().request("PUT", "/repos/acme/app/topics", b"names");
    assert!(no_json.unwrap_err().contains("body: it is no JSON"));
}

#[test]
fn answers_that_tests_make_up_are_checked() {
    let judged = |id: &str, status: u16, body: Value| {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        description().answer(id, status, &body).err().unwrap_or_default()
    };
    let found = json!({ "ref": "refs/heads/x", "node_id": "a", "url": "https://x",
        "object": { "type": "commit", "sha": "a".repeat(40), "url": "https://x" } });
    assert_eq!(judged("git/get-ref", 200, found.clone()), "");
    assert_eq!(judged("git/get-ref", 404, json!({ "message": "Not Found" })), "");
    assert_eq!(judged("git/get-ref", 429, json!({ "message": "Slow down" })), "");
    assert_eq!(judged("git/get-ref", 304, Value::Null), "");
    assert_eq!(judged("git/delete-ref", 204, Value::Null), "");
    assert!(judged("git/delete-ref", 204, json!({})).ends_with("it has no body"));
    assert!(judged("git/get-ref", 201, found).ends_with("the status isn't described"));
    assert!(judged("git/get-ref", 200, json!({ "ref": "x" })).contains("\"node_id\" is a required property"));
    assert!(judged("git/get-ref", 500, json!({ "error": "x" })).contains("/message is missing"));
    assert!(judged("git/get-ref", 200, Value::Null).contains("the body is no JSON"));
    assert!(judged("git/get", 200, json!({})).contains("no such operation"));
}

#[test]
fn queries_are_checked_against_the_schema() {
    let said = |query: &str, variables: Value| {
        graphql::check(&json!({ "query": query, "variables": variables })).err().unwrap_or_default()
    };
    let files = "query($owner: String!, $after: String) { organization(login: $owner) { repositories(first: 100, \
        after: $after, orderBy: { field: NAME, direction: ASC }) { pageInfo { hasNextPage endCursor } nodes { name \
        defaultBranchRef { name target { oid } } info: object(expression: \"HEAD:catalog-info.yaml\") { ...File } } } } } \
        fragment File on Blob { text isTruncated }";
    assert_eq!(said(files, json!({ "owner": "acme" })), "");
    let auto = "mutation($pull: ID!, $method: PullRequestMergeMethod!) { enablePullRequestAutoMerge(input: \
        { pullRequestId: $pull, mergeMethod: $method }) { pullRequest { number } } }";
    assert_eq!(said(auto, json!({ "pull": "a", "method": "SQUASH" })), "");
    for (query, variables, words) in [
        (files, json!({}), "the variable $owner of type String! isn't given"),
        (files, json!({ "owner": 7 }), "the variable $owner: 7 is no String"),
        (files, json!({ "owner": "a", "ref": "b" }), "the variable $ref isn't declared"),
        (auto, json!({ "pull": "a", "method": "squash" }), "\"squash\" is no PullRequestMergeMethod"),
        ("{ organisation(login: \"a\") { name } }", json!({}), "Field 'organisation' doesn't exist on type 'Query'"),
        ("{ organization { name } }", json!({}), "Query.organization needs the argument login"),
        ("{ organization(name: \"a\") { name } }", json!({}), "Query.organization has no argument name"),
        ("{ organization(login: \"a\") }", json!({}), "it says no fields"),
        ("{ viewer { login { x } } }", json!({}), "it has no fields"),
        ("{ organization(login: \"a\") { repositories { totalCount } } }", json!({}), "`first` or `last`"),
        ("{ viewer { login }", json!({}), "the query ends too early"),
        (
            "{ repository(owner: \"a\", name: \"b\") { object(expression: \"HEAD\") { ... on User { login } } } }",
            json!({}),
            "a GitObject is never a User",
        ),
        (
            &auto.replace("pullRequestId", "pullRequest"),
            json!({ "pull": "a", "method": "SQUASH" }),
            "has no field pullRequest",
        ),
    ] {
        let said = said(query, variables);
        assert!(said.contains(words), "{words}: {said}");
    }
}
