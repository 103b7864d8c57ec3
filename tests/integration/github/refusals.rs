//! What GitHub refuses, and limits: each ends in an error that says what to do, or in success after a wait; a rerun
//! makes the rest, and nothing twice.

use serde_json::Value;

use super::stage::{SERVICE, Stage};
use crate::support::Said;
use crate::support::github::{Answer, Fault, Request, failures};

/// A refusal of one request, and what the run says of it.
struct Case {
    method: &'static str,
    /// How the path ends.
    path: &'static str,
    answer: Answer,
    /// How many of the matching requests are answered so.
    times: usize,
    exit: i32,
    /// The error's code; empty where the run succeeds.
    code: &'static str,
    /// What its help must hold.
    help: &'static str,
}

fn case(
    method: &'static str,
    path: &'static str,
    answer: Answer,
    exit: i32,
    code: &'static str,
    help: &'static str,
) -> Case {
    Case { method, path, answer, times: 1, exit, code, help }
}

fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

fn cases() -> Vec<Case> {
    let bare = || Answer::error(403, "Resource not accessible by integration");
    let unknown = || Answer::error(404, "Not Found");
    let invalid = || failures::invalid("PullRequest", "head", "head is invalid");
    let refused = "idp::github::refused";
    let (denied, forbidden) = ("idp::github::unauthorized", "idp::github::forbidden");
    let limit = "idp::github::rate_limit";
    vec![
        case("GET", "/platform-gitops", failures::unauthorized(), 4, denied, "GITHUB_TOKEN"),
        case("POST", "/orgs/acme/repos", failures::unauthorized(), 4, denied, "GITHUB_TOKEN"),
        case("POST", "/pulls", failures::forbidden("pull_requests=write"), 4, forbidden, "pull_requests=write"),
        case("POST", "/orgs/acme/repos", bare(), 4, forbidden, "Administration: write"),
        case("POST", "/git/trees", bare(), 4, forbidden, "Contents: write"),
        case("PUT", "/protection", bare(), 4, forbidden, "Administration: write"),
        case("POST", "/labels", bare(), 4, forbidden, "Pull requests: write"),
        case("POST", "/requested_reviewers", bare(), 4, forbidden, "Pull requests: write"),
        case("GET", "/platform-gitops", failures::single_sign_on(), 4, forbidden, "single sign-on"),
        case("POST", "/git/refs", unknown(), 1, "idp::github::missing", "Contents: write"),
        case("POST", "/pulls", unknown(), 1, "idp::github::missing", "Pull requests: write"),
        case("POST", "/orgs/acme/repos", unknown(), 1, "idp::github::missing", "Administration: write"),
        case("PATCH", "/git/refs/heads/main", failures::conflict("Conflict"), 1, refused, "again"),
        case("POST", "/git/trees", failures::conflict("Conflict"), 1, refused, "again"),
        case("POST", "/pulls", invalid(), 1, refused, "again"),
        case(
            "POST",
            "/orgs/acme/repos",
            failures::invalid("Repository", "name", "name is reserved"),
            1,
            refused,
            "again",
        ),
        case("PUT", "/protection", Answer::error(422, "Validation Failed"), 1, refused, "again"),
        case("GET", "/platform-gitops", failures::too_fast(429, Some(1)), 0, "", ""),
        case("POST", "/orgs/acme/repos", failures::too_fast(403, Some(1)), 0, "", ""),
        case("POST", "/pulls", failures::too_fast(429, Some(1)), 0, "", ""),
        case("POST", "/pulls", failures::limit_reached(403, now()), 0, "", ""),
        case("PUT", "/protection", failures::limit_reached(429, now()), 0, "", ""),
        case("GET", "/platform-gitops", failures::limit_reached(403, now() + 3_600), 1, limit, "forge.wait"),
        case("POST", "/pulls", failures::limit_reached(429, now() + 3_600), 1, limit, "forge.wait"),
        case("POST", "/pulls", failures::too_fast(403, None), 1, limit, "forge.wait"),
        case("POST", "/git/commits", failures::too_fast(429, None), 1, limit, "forge.wait"),
        case("POST", "/graphql", failures::query_limit(Some(1)), 0, "", ""),
        case("POST", "/graphql", failures::too_fast(403, Some(1)), 0, "", ""),
        case("POST", "/graphql", failures::limit_reached(429, now()), 0, "", ""),
        case("POST", "/graphql", failures::query_limit(None), 1, limit, "forge.wait"),
        case("POST", "/graphql", failures::query_limit(Some(3_600)), 1, limit, "forge.wait"),
        Case { times: 9, ..case("POST", "/pulls", failures::too_fast(429, Some(1)), 1, limit, "forge.wait") },
        Case {
            times: 99,
            ..case("GET", "/platform-gitops", failures::unicorn(503), 1, "idp::github::unreachable", "again")
        },
        Case { times: 99, ..case("POST", "/pulls", failures::unicorn(502), 1, "idp::github::unreachable", "again") },
    ]
}

/// The error of a run: code and help.
fn error(said: &Said) -> (String, String) {
    let events = said.stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let found = events.into_iter().find(|event| event["severity"] == "error").unwrap_or_default();
    let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
    (text("code"), text("help"))
}

#[test]
fn what_github_refuses_is_said_with_what_to_do_and_a_rerun_makes_the_rest() {
    let Some(stage) = Stage::acme() else { return };
    stage.idp(&SERVICE).succeeds("undisturbed");
    let expected = stage.state();
    for Case { method, path, answer, times, exit, code, help } in cases() {
        let Some(stage) = Stage::acme() else { return };
        stage.github.accept_duplicates();
        let when = format!("{} to {method} {path}, {times} times", answer.status);
        let matches = move |request: &Request| request.method == method && request.path().ends_with(path);
        stage.github.proxy.fault_on(1, times, matches, Fault::Instead(answer));
        let said = stage.idp(&SERVICE);
        let (told, advice) = error(&said);
        println!("{when}: exit {exit} {told} {advice}");
        assert_eq!((said.status.code(), told.as_str()), (Some(exit), code), "{when}: {said}");
        assert!(advice.contains(help), "{when}: {said}");
        stage.recovers(&SERVICE, &expected, &when);
    }
}

#[test]
fn who_cannot_be_asked_to_review_is_a_warning() {
    let Some(stage) = Stage::acme() else { return };
    let matches = |request: &Request| request.path().ends_with("/requested_reviewers");
    let message = "Reviews may only be requested from collaborators.";
    stage.github.proxy.fault_on(1, 99, matches, Fault::Instead(failures::invalid("PullRequest", "reviewers", message)));
    let said = stage.idp(&SERVICE).succeeds("without reviewers");
    assert!(said.stdout.contains(message) && said.stdout.contains("\"warning\""), "{said}");
    stage.is_done(&SERVICE, "without reviewers");
}
