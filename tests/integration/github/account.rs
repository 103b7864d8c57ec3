//! As whom runs act on GitHub: a token or an App, and what a person reads where neither works.

use std::sync::Mutex;

use serde_json::{Value, json};

use super::stage::{RESOURCE, SERVICE, Stage};
use crate::support::Said;
use crate::support::github::emulator::{APP, APP_KEY};
use crate::support::github::{Answer, Fault, Request, failures};

impl Stage {
    /// The same workspace with an App instead of a token.
    pub(super) fn as_app(&self, key: &str) {
        let config = self.workspace.path().join("idp.yaml");
        let text = std::fs::read_to_string(&config).unwrap();
        let app = format!("wait: 2s, app: {{ id: {APP}, key_file: app.pem }}");
        if !text.contains("app: {") {
            std::fs::write(&config, text.replace("wait: 2s", &app)).unwrap();
        }
        self.workspace.write("app.pem", key);
    }

    pub(super) fn without_token(&self, args: &[&str]) -> Said {
        Said::of(self.command(args).env_remove("GITHUB_TOKEN"))
    }
}

/// How many tokens the App was issued.
fn issued(stage: &Stage) -> usize {
    let asked = stage.github.proxy.exchanges();
    asked.iter().filter(|exchange| exchange.request.path().ends_with("/access_tokens")).count()
}

#[test]
fn an_app_makes_what_a_token_makes_with_one_token_an_hour() {
    let Some(stage) = Stage::acme() else { return };
    stage.as_app(APP_KEY);
    let said = stage.without_token(&SERVICE).succeeds("as an App");
    assert!(said.counts()[0] >= 8, "{said}");
    assert_eq!(issued(&stage), 1);
    assert!(!format!("{said}").contains("PRIVATE KEY"));
    stage.github.proxy.taken();
    let again = stage.without_token(&SERVICE).succeeds("again");
    assert_eq!(again.counts(), [0, 0, 0], "{again}");
    stage.github.proxy.assert_valid();
}

#[test]
fn a_token_of_an_app_is_replaced_before_it_expires() {
    let Some(stage) = Stage::acme() else { return };
    stage.as_app(APP_KEY);
    stage.github.proxy.layer(|request, below| {
        let mut answer = below(request);
        if request.path().ends_with("/access_tokens") {
            let mut token: Value = serde_json::from_slice(&answer.body).unwrap();
            // Less than the half minute that a token must have left to be used.
            let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(20);
            token["expires_at"] = json!(soon.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
            answer.body = token.to_string().into_bytes();
            answer.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-length"));
        }
        answer
    });
    stage.without_token(&SERVICE).succeeds("with tokens that expire at once");
    assert!(issued(&stage) > 1, "{}", issued(&stage));
}

#[test]
fn an_app_that_does_not_work_says_what_to_mend() {
    let Some(stage) = Stage::acme() else { return };
    stage.as_app("-----BEGIN NONSENSE-----\n");
    let said = stage.without_token(&["doctor"]);
    assert_eq!(said.status.code(), Some(4), "{said}");
    assert!(said.stdout.contains("the key of the GitHub App 4711 is no RSA key"), "{said}");
    stage.as_app(APP_KEY);
    let asked = |path: &'static str, answer: Answer| {
        stage.github.proxy.forgive();
        stage.github.proxy.fault_on(1, 9, move |request| request.path().contains(path), Fault::Instead(answer));
        let said = stage.without_token(&["pr", "list"]);
        assert_eq!(said.status.code(), Some(4), "{said}");
        said.stderr
    };
    let wrong = asked("/installation", Answer::error(401, "A JSON web token could not be decoded"));
    assert!(wrong.contains("GitHub doesn't know the App 4711 by this key"), "{wrong}");
    let gone = asked("/installation", Answer::error(404, "Not Found"));
    assert!(gone.contains("isn't installed for acme"), "{gone}");
    let suspended = asked("/access_tokens", Answer::error(403, "This installation has been suspended"));
    assert!(suspended.contains("This installation has been suspended"), "{suspended}");
    assert!(suspended.contains("takes the App back into use"), "{suspended}");
    let unknown = asked("/access_tokens", Answer::error(404, "Not Found"));
    assert!(unknown.contains("idp::github::app") && unknown.contains("is installed"), "{unknown}");
    // What GitHub refuses although it issued it has nothing to do with GITHUB_TOKEN.
    stage.github.proxy.forgive();
    let refused = |request: &Request| !request.path().contains("/installation");
    stage.github.proxy.fault_on(1, 9, refused, Fault::Instead(failures::unauthorized()));
    let said = stage.without_token(&["pr", "list"]);
    assert_eq!(said.status.code(), Some(4), "{said}");
    assert!(said.stderr.contains("that it just issued to the App 4711"), "{said}");
    stage.github.proxy.forgive();
    stage.github.proxy.layer(|request, below| {
        let mut answer = below(request);
        if request.path().ends_with("/installation") {
            let mut found = answer.value();
            found["suspended_at"] = json!("2026-01-01T00:00:00Z");
            answer.set(&found);
        }
        answer
    });
    let said = stage.without_token(&["pr", "list"]);
    assert_eq!(said.status.code(), Some(4), "{said}");
    assert!(said.stderr.contains("is suspended for acme"), "{said}");
}

/// An App that is suspended in the middle of a run.
#[test]
fn an_app_that_is_suspended_meanwhile_is_said_so() {
    let Some(stage) = Stage::acme() else { return };
    stage.as_app(APP_KEY);
    let topics = |request: &Request| request.path().ends_with("/topics");
    let suspended = Answer::error(403, "This installation has been suspended");
    stage.github.proxy.fault_on(1, 9, topics, Fault::Instead(suspended));
    let said = stage.without_token(&["create-service", "--params", "payments-api.yaml"]);
    assert_eq!(said.status.code(), Some(4), "{said}");
    assert!(said.stderr.contains("idp::github::app") && said.stderr.contains("takes the App back"), "{said}");
    stage.github.proxy.forgive();
    stage.without_token(&SERVICE).succeeds("back in use");
}

/// GitHub in trouble while it issues a token, before it does or after.
#[test]
fn a_token_that_is_not_issued_at_once_is_asked_for_again() {
    for trouble in [
        Fault::Instead(failures::unicorn(502)),
        Fault::Instead(Answer { checked: false, ..Answer::error(500, "Server Error") }),
        Fault::CutBefore,
        Fault::CutAfter,
        Fault::Truncated,
    ] {
        let Some(stage) = Stage::acme() else { return };
        stage.as_app(APP_KEY);
        let tokens = |request: &Request| request.path().ends_with("/access_tokens");
        stage.github.proxy.fault_on(1, 1, tokens, trouble.clone());
        let said = stage.without_token(&RESOURCE).succeeds(&trouble.to_string());
        assert_eq!(said.counts(), [1, 0, 0], "{trouble}: {said}");
        assert_eq!(issued(&stage), 2, "{trouble}");
    }
}

/// Takes a token back after so many requests: from then on GitHub refuses it, whatever its hour.
fn revoke_after(stage: &Stage, requests: usize) {
    let revoked = Mutex::new((None::<String>, 0));
    stage.github.proxy.layer(move |request, below| {
        if request.path().contains("/installation") {
            return below(request);
        }
        let mut revoked = revoked.lock().unwrap();
        let sign = request.header("authorization").unwrap_or_default().to_owned();
        revoked.1 += 1;
        if revoked.1 == requests {
            revoked.0 = Some(sign.clone());
        }
        match revoked.0.as_ref() {
            Some(gone) if *gone == sign => failures::unauthorized(),
            _ => below(request),
        }
    });
}

/// One that was used by several requests at once is replaced once. On GitHub Enterprise it is the query of the catalog
/// that is refused.
#[test]
fn a_token_of_an_app_that_is_refused_in_the_middle_is_replaced_once() {
    let Some(alone) = Stage::acme() else { return };
    alone.idp(&SERVICE).succeeds("with a token");
    let expected = alone.state();
    // The fourth is the query, the ninth one of eight files that are read at once, the others are in the middle of writes.
    for (requests, enterprise) in [(1, false), (4, true), (9, false), (20, false), (30, true), (44, false)] {
        let Some(stage) = (if enterprise { Stage::enterprise() } else { Stage::acme() }) else { return };
        stage.as_app(APP_KEY);
        stage.github.accept_duplicates();
        revoke_after(&stage, requests);
        let when = format!("refused from request {requests} on");
        let said = stage.without_token(&SERVICE).succeeds(&when);
        assert_eq!(said.counts(), [8, 0, 0], "{when}: {said}");
        assert_eq!(issued(&stage), 2, "{when}");
        // The addresses in the files are the server's own on GitHub Enterprise.
        if !enterprise {
            stage.state().assert_same(&expected, &when);
        }
    }
}

#[test]
fn a_token_that_does_not_work_says_what_to_mend() {
    let Some(stage) = Stage::acme() else { return };
    let none = stage.without_token(&["create-service", "--params", "payments-api.yaml"]);
    assert_eq!(none.status.code(), Some(4), "{none}");
    assert!(none.stderr.contains("idp::github::token") && none.stderr.contains("gh auth token"), "{none}");
    stage.github.proxy.fault_on(1, 9, |_| true, Fault::Instead(failures::unauthorized()));
    let wrong = stage.idp(&["create-service", "--params", "payments-api.yaml"]);
    assert_eq!(wrong.status.code(), Some(4), "{wrong}");
    assert!(wrong.stderr.contains("idp::github::unauthorized"), "{wrong}");
}

/// Where it isn't known, GitHub says of every repository that it isn't there: nothing may be planned on that.
#[test]
fn an_owner_who_is_not_there_is_an_error_and_no_empty_world() {
    let Some(stage) = Stage::acme() else { return };
    let config = stage.workspace.path().join("idp.yaml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("owner: acme,", "owner: acmee,")).unwrap();
    for args in [&["create-service", "--params", "payments-api.yaml", "--plan"][..], &["pr", "list"], &["doctor"]] {
        let said = stage.idp(args);
        assert_eq!(said.status.code(), Some(1), "{args:?}: {said}");
        assert!(format!("{said}").contains("idp::github::owner"), "{args:?}: {said}");
    }
    assert_eq!(stage.github.proxy.counts().writes, 0);
}

#[test]
fn open_pull_requests_are_found_without_asking_each_repository() {
    let Some(stage) = Stage::acme() else { return };
    stage.idp(&SERVICE).succeeds("a service");
    stage.asked();
    let said = stage.idp(&["pr", "list"]).succeeds("list");
    assert!(said.stdout.contains("acme/platform-gitops#1"), "{said}");
    let asked = stage.asked();
    assert!(!asked.iter().any(|line| line.contains("/orders-stock/")), "{asked:?}");
    stage.github.proxy.assert_valid();
}
