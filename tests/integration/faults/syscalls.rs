//! Kills from outside at arbitrary system calls that change the disk: at their entry and at their exit, with the
//! journal kept and deleted. A sample spread over the run; all of them with `IDP_FAULT_POINTS=all`.

use super::{GOLDEN, RESOURCE, SAVED, SMALLEST, Scenario, UNDO};

/// Kills at `sample` system calls of the run.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn at_system_calls(scenario: &Scenario, sample: usize) {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::tracer::{self, Death, changes_disk};
    use super::{all_points, on_two_threads};

    if !scenario.is_there() {
        return;
    }
    let calm = match tracer::run(&(scenario.make)(), scenario.args, changes_disk, None) {
        Ok(calm) => calm,
        Err(error) => return println!("skipped: ptrace is not permitted here: {error}"),
    };
    assert_eq!(calm.code, Some(0), "traced without a kill");
    let expected = scenario.undisturbed();
    let kills = if all_points() { calm.seen * 2 } else { sample };
    let died = AtomicUsize::new(0);
    on_two_threads(|number| {
        if number >= kills {
            return false;
        }
        let death = Death { at: 1 + number * calm.seen / kills, after: number % 2 == 1 };
        let workspace = (scenario.make)();
        let ended = tracer::run(&workspace, scenario.args, changes_disk, Some(death)).unwrap();
        // Timing makes some runs a few calls shorter: those just ended.
        died.fetch_add(usize::from(ended.code.is_none()), Ordering::SeqCst);
        let keep_journal = number / 2 % 2 == 0;
        scenario.converges(&workspace, &expected, keep_journal, &format!("killed at {death:?} of {}", calm.seen));
        true
    });
    let died = died.into_inner();
    println!("{}: {died} kills at entries and exits of {} system calls: every one converges", scenario.name, calm.seen);
    assert!(died > kills / 2, "most runs ended before they were killed");
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
fn at_system_calls(scenario: &Scenario, _: usize) {
    println!("skipped: {} at system calls: the harness reads the registers of x86_64 Linux", scenario.name);
}

#[test]
fn the_smallest_script_killed_at_system_calls() {
    at_system_calls(&SMALLEST, 60);
}

#[test]
fn create_service_killed_at_system_calls() {
    at_system_calls(&GOLDEN, 60);
}

#[test]
fn create_resource_killed_at_system_calls() {
    at_system_calls(&RESOURCE, 40);
}

#[test]
fn a_saved_plan_and_an_undo_killed_at_system_calls() {
    at_system_calls(&SAVED, 30);
    at_system_calls(&UNDO, 30);
}
