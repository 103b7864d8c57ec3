//! The life of claims of every kind, killed before and after every change of a run and every commit of the journal. Of the
//! points every other one is with the journal kept, the others with it deleted; `IDP_FAULT_POINTS=all` takes both for each.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::points::killed;
use super::{Scenario, all_points, on_two_threads};
use crate::support::Workspace;

/// A kind, the fields with which it is asked for, and one that changes later.
type Kind = (&'static str, &'static [&'static str], &'static str);

fn words<'a>(path: &'a str, kind: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let named = [path, "--output", "json", "project=orders", "env=dev", "name=x", kind];
    [&named[..], more].concat()
}

fn converges(name: &str, make: &(dyn Fn() -> Workspace + Sync), args: &[&str]) {
    let scenario = Scenario { name, make, args };
    let expected = scenario.undisturbed();
    let kills = AtomicUsize::new(0);
    on_two_threads(|number| {
        let keep_journal = number % 2 == 0;
        let mut died = killed(&scenario, number + 1, keep_journal, &expected);
        if died && all_points() {
            died = killed(&scenario, number + 1, !keep_journal, &expected);
        }
        kills.fetch_add(usize::from(died), Ordering::SeqCst);
        died
    });
    let kills = kills.into_inner();
    println!("{name}: {kills} fault points: every one converges");
    assert!(kills > 10, "the fault points are gone");
}

/// Asked for, changed and given up, each killed at every point.
fn a_life((kind, fields, change): Kind) {
    let create = words("create-resource", kind, &[&["owner=team-orders"], fields].concat());
    converges(&format!("create-resource {kind}"), &Workspace::acme, &create);
    let made = Workspace::acme();
    made.idp(&create).succeeds("made");
    made.idp(&["pr", "merge", "orders-gitops", "1", "--admin", "--as", "jane"]).succeeds("merged");
    let there = || made.copy();
    converges(&format!("update-resource {kind}"), &there, &words("update-resource", kind, &[change]));
    converges(&format!("delete-resource {kind}"), &there, &words("delete-resource", kind, &[]));
}

#[test]
fn a_bucket_killed_at_every_point_of_its_life() {
    a_life(("type=s3", &["expireAfterDays=30"], "expireAfterDays=7"));
}

#[test]
fn a_queue_killed_at_every_point_of_its_life() {
    a_life(("type=sqs", &[], "retentionDays=9"));
}

#[test]
fn a_database_killed_at_every_point_of_its_life() {
    a_life(("type=Database", &["engine=postgres", "version=16", "provider=gcp"], "size=large"));
}

#[test]
fn a_postgresql_instance_killed_at_every_point_of_its_life() {
    a_life(("type=postgresql", &["storageGB=30"], "storageGB=40"));
}
