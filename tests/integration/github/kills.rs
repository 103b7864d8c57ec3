//! Runs on GitHub that are killed before and after their requests: a rerun, with the journal or without, makes the same
//! and nothing twice. A sample of the requests by default; all of them with `IDP_FAULT_POINTS=all`.

use super::stage::{RESOURCE, SERVICE, Stage};
use crate::support::github::Fault;

/// Of so many requests one is tried in a sample; which one, `IDP_FAULT_OFFSET` says.
const SAMPLE: usize = 16;

/// Whether this one of many is tried.
pub fn is_sampled(number: usize) -> bool {
    let offset = std::env::var("IDP_FAULT_OFFSET").ok().and_then(|text| text.parse::<usize>().ok()).unwrap_or(0);
    all_points() || number % SAMPLE == offset % SAMPLE
}

/// Whether all of them are wanted.
pub fn all_points() -> bool {
    std::env::var("IDP_FAULT_POINTS").is_ok_and(|value| value == "all")
}

/// Kills the run at one request after the other; first what comes before it is run.
fn killed_at_requests(before: Option<&[&str]>, args: &[&str], fault: &Fault) {
    let stage = || {
        let stage = Stage::acme()?;
        if let Some(before) = before {
            stage.idp(before).succeeds("before");
            stage.github.proxy.taken();
        }
        Some(stage)
    };
    let Some(stage_of_all) = stage() else { return };
    stage_of_all.idp(args).succeeds("undisturbed");
    let (expected, requests) = (stage_of_all.state(), stage_of_all.github.proxy.taken());
    let mut tried = 0;
    for (number, request) in (1..).zip(&requests).filter(|(number, _)| is_sampled(*number)) {
        let Some(stage) = stage() else { return };
        stage.github.accept_duplicates();
        stage.github.proxy.fault(number, fault.clone());
        let when = format!("{}: {fault} request {number} of {}, {request}", args[0], requests.len());
        let killed = stage.idp(args);
        assert!(!killed.status.success() && killed.status.code().is_none(), "{when}: it wasn't killed: {killed}");
        // What the journal says of it is of no consequence.
        if tried % 2 == 0 {
            stage.workspace.forget_journal();
        }
        stage.converges(args, &expected, &when);
        tried += 1;
    }
    println!("{}: {fault} {tried} of {} requests", args[0], requests.len());
}

#[test]
fn create_service_is_killed_before_requests() {
    killed_at_requests(None, &SERVICE, &Fault::KillBefore);
}

#[test]
fn create_service_is_killed_after_requests() {
    killed_at_requests(None, &SERVICE, &Fault::KillAfter);
}

#[test]
fn create_resource_is_killed_before_requests() {
    killed_at_requests(None, &RESOURCE, &Fault::KillBefore);
}

#[test]
fn create_resource_is_killed_after_requests() {
    killed_at_requests(None, &RESOURCE, &Fault::KillAfter);
}

#[test]
fn an_update_is_killed_at_requests() {
    let update = [&SERVICE[..], &["description=Takes the money", "--update"]].concat();
    killed_at_requests(Some(&SERVICE), &update, &Fault::KillBefore);
    killed_at_requests(Some(&SERVICE), &update, &Fault::KillAfter);
}

#[test]
fn who_was_to_review_is_asked_after_a_kill_between_the_pull_request_and_that() {
    for fault in [Fault::KillBefore, Fault::KillAfter] {
        for journal in [true, false] {
            let Some(stage) = Stage::acme() else { return };
            stage.idp(&RESOURCE).succeeds("undisturbed");
            let expected = stage.state();
            let Some(stage) = Stage::acme() else { return };
            stage.github.accept_duplicates();
            stage.github.proxy.fault_on(
                1,
                1,
                |request| request.path().ends_with("/requested_reviewers"),
                fault.clone(),
            );
            let killed = stage.idp(&RESOURCE);
            assert!(killed.status.code().is_none(), "{killed}");
            if !journal {
                stage.workspace.forget_journal();
            }
            stage.converges(&RESOURCE, &expected, &format!("{fault} asking for reviews, journal {journal}"));
        }
    }
}
