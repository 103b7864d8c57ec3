//! Requests that fail on their way, one by one: GitHub in trouble before or after it did what was asked, connections that
//! end, answers that are cut short. The run goes on by itself, and nothing is there twice.

use std::collections::HashSet;
use std::sync::Mutex;

use super::kills::{all_points, is_sampled};
use super::stage::{RESOURCE, SERVICE, Stage};
use crate::support::github::{Fault, Request, failures};

/// How a request fails of which GitHub may have done what was asked.
fn troubles() -> [Fault; 5] {
    [
        Fault::Instead(failures::unicorn(502)),
        Fault::Afterwards(failures::unicorn(500)),
        Fault::CutBefore,
        Fault::CutAfter,
        Fault::Truncated,
    ]
}

/// One request after the other fails: of writes in each way, of reads in one.
fn requests_fail(args: &[&str]) {
    let Some(stage) = Stage::acme() else { return };
    stage.idp(args).succeeds("undisturbed");
    let (expected, requests) = (stage.state(), stage.github.proxy.taken());
    let (mut cases, mut tried) = (0, 0);
    for (number, request) in (1..).zip(&requests) {
        let ways = if request.request.writes() { troubles().len() } else { 1 };
        for way in 0..ways {
            cases += 1;
            if !is_sampled(cases) {
                continue;
            }
            let fault = troubles()[(way + cases) % troubles().len()].clone();
            let Some(stage) = Stage::acme() else { return };
            stage.github.accept_duplicates();
            stage.github.proxy.fault(number, fault.clone());
            let when = format!("{}: {fault} at request {number}, {request}", args[0]);
            stage.idp(args).succeeds(&when);
            stage.state().assert_same(&expected, &when);
            stage.is_done(args, &when);
            tried += 1;
        }
    }
    println!("{}: {tried} of {cases} failures of its requests", args[0]);
}

#[test]
fn create_service_goes_on_when_a_request_fails() {
    requests_fail(&SERVICE);
}

#[test]
fn create_resource_goes_on_when_a_request_fails() {
    requests_fail(&RESOURCE);
}

#[test]
fn every_request_may_fail_once() {
    let Some(stage) = Stage::acme() else { return };
    stage.idp(&SERVICE).succeeds("undisturbed");
    let expected = stage.state();
    let sampled = |way: usize| all_points() || matches!(troubles()[way], Fault::Afterwards(_) | Fault::Truncated);
    for fault in (0..troubles().len()).filter(|way| sampled(*way)).map(|way| troubles()[way].clone()) {
        let Some(stage) = Stage::acme() else { return };
        stage.github.accept_duplicates();
        let seen = Mutex::new(HashSet::new());
        let is_new = move |request: &Request| {
            let key = (request.method.clone(), request.target.clone());
            seen.lock().unwrap().insert(key)
        };
        stage.github.proxy.fault_on(1, usize::MAX / 2, is_new, fault.clone());
        // Once a run gave up, the next one goes on from there.
        let runs = (1..=10).find(|_| {
            let said = stage.idp(&SERVICE);
            assert!(matches!(said.status.code(), Some(0 | 1)), "{said}");
            said.status.success()
        });
        println!("every request fails once, {fault}: {runs:?} runs");
        assert!(runs.is_some(), "{fault}");
        stage.converges(&SERVICE, &expected, &format!("every request failed once: {fault}"));
    }
}

#[test]
fn a_review_whose_answer_does_not_come_is_given_once() {
    for fault in troubles() {
        let Some(stage) = Stage::acme() else { return };
        stage.idp(&RESOURCE).succeeds("proposed");
        let matches = |request: &Request| request.method == "POST" && request.path().ends_with("/reviews");
        stage.github.proxy.fault_on(1, 1, matches, fault.clone());
        stage.alice(&["pr", "approve", "orders-gitops", "1"]).succeeds(&format!("{fault} the review"));
        assert_eq!(stage.github.list("/repos/acme/orders-gitops/pulls/1/reviews").len(), 1, "{fault} the review");
    }
}

#[test]
fn who_never_answers_is_given_up() {
    if !all_points() {
        println!("who never answers is waited for 30 s: left to the long rounds, IDP_FAULT_POINTS=all");
        return;
    }
    let Some(stage) = Stage::acme() else { return };
    stage.idp(&RESOURCE).succeeds("undisturbed");
    let expected = stage.state();
    let Some(stage) = Stage::acme() else { return };
    stage.github.accept_duplicates();
    stage.github.proxy.fault_on(
        1,
        1,
        |request| request.method == "POST" && request.path().ends_with("/pulls"),
        Fault::Silent,
    );
    stage.idp(&RESOURCE).succeeds("no answer");
    stage.converges(&RESOURCE, &expected, "no answer");
}
