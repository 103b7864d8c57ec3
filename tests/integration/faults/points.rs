//! Kills at every place before and after a change at the door, and before and after every commit of the journal.

use std::os::unix::process::ExitStatusExt;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{
    ANEW, BESIDE, CHANGE, GIVE_UP, GIVE_UP_AGAIN, GOLDEN, PROMOTE, RESOURCE, ROLLBACK, SAVED, SMALLEST, Scenario, UNDO,
    UNDO_MERGED, UNIQUE, UPDATE, on_two_threads,
};
use crate::support::{Said, World};

/// Kills the run at its `point`th place. False if it ended before.
pub(super) fn killed(scenario: &Scenario, point: usize, keep_journal: bool, expected: &World) -> bool {
    let workspace = (scenario.make)();
    let said = Said::of(workspace.command(scenario.args).env("IDP_FAULT", point.to_string()));
    if said.status.signal() != Some(9) {
        said.succeeds(&format!("{}, fault point {point}", scenario.name));
        World::of(&workspace).assert_same(expected, "not killed");
        return false;
    }
    scenario.converges(&workspace, expected, keep_journal, &format!("killed at fault point {point}"));
    true
}

fn at_every_point(scenario: &Scenario) {
    if !scenario.is_there() {
        return;
    }
    let expected = scenario.undisturbed();
    for keep_journal in [true, false] {
        let kills = AtomicUsize::new(0);
        on_two_threads(|number| {
            let died = killed(scenario, number + 1, keep_journal, &expected);
            kills.fetch_add(usize::from(died), Ordering::SeqCst);
            died
        });
        let journal = if keep_journal { "kept" } else { "deleted" };
        let kills = kills.into_inner();
        println!("{}: {kills} fault points, journal {journal}: every one converges", scenario.name);
        assert!(kills > 10, "the fault points are gone");
    }
}

#[test]
fn the_smallest_script_killed_at_every_door_and_journal_point() {
    at_every_point(&SMALLEST);
}

#[test]
fn an_update_killed_at_every_door_and_journal_point() {
    at_every_point(&UPDATE);
}

#[test]
fn items_beside_each_other_killed_at_every_door_and_journal_point() {
    at_every_point(&BESIDE);
}

#[test]
fn create_service_killed_at_every_door_and_journal_point() {
    at_every_point(&GOLDEN);
}

#[test]
fn a_saved_plan_killed_at_every_door_and_journal_point() {
    at_every_point(&SAVED);
}

#[test]
fn an_undo_killed_at_every_door_and_journal_point() {
    at_every_point(&UNDO);
    at_every_point(&UNDO_MERGED);
}

#[test]
fn create_resource_killed_at_every_door_and_journal_point() {
    at_every_point(&RESOURCE);
}

#[test]
fn day_two_killed_at_every_door_and_journal_point() {
    at_every_point(&UNIQUE);
    at_every_point(&CHANGE);
    at_every_point(&GIVE_UP);
}

#[test]
fn promotion_and_rollback_killed_at_every_door_and_journal_point() {
    // What a pull request says of commits holds in one world: each kill begins with a copy of the same.
    for scenario in [&PROMOTE, &ROLLBACK] {
        let made = (scenario.make)();
        at_every_point(&Scenario { make: &|| made.copy(), ..*scenario });
    }
}

#[test]
fn what_was_given_up_is_made_anew_killed_at_every_door_and_journal_point() {
    at_every_point(&ANEW);
    at_every_point(&GIVE_UP_AGAIN);
}
