//! Declarations that make no sense are told all at once.

use super::*;

fn wrong(change: impl FnOnce(&mut Draft)) -> Vec<String> {
    let mut draft = draft();
    change(&mut draft);
    let errors = Scorecard::new(draft).unwrap_err();
    errors.iter().map(|error| format!("{}; {}", error.message(), error.help_text().unwrap())).collect()
}

#[test]
fn levels_include_those_below() {
    let scorecard = scorecard();
    assert_eq!(scorecard.needs(0), ["readme", "oncall"]);
    assert_eq!(scorecard.needs(2), ["readme", "oncall", "runbook", "scan", "no-cves", "api"]);
    assert_eq!(scorecard.check("scan").unwrap().title, "Has scan");
    assert_eq!(scorecard.full_id("scan"), "readiness/scan");
}

#[test]
fn what_makes_no_sense_is_told() {
    assert_eq!(
        wrong(|draft| draft.levels[1].checks = vec!["runbok".into(), "readme".into()]),
        [
            "the scorecard `readiness` has a level `silver` that needs `runbok`, which is no check of it; did you mean \
             `runbook`?",
            "the scorecard `readiness` has a level `silver` that names `readme`, which bronze needs; a level needs all that \
             the levels below it need: name the check once",
        ]
    );
    assert_eq!(
        wrong(|draft| {
            draft.id = "Readiness".into();
            draft.title = " ".into();
            draft.dimensions[0].checks.clear();
            draft.dimensions[2].checks[0].id = "scan".into();
            draft.levels.clear();
        }),
        [
            "the scorecard `Readiness` has no proper id; an id is of lower-case letters, digits and hyphens: \
             \"production-readiness\"",
            "the scorecard `Readiness` has no title; say in one line what it measures",
            "the scorecard `Readiness` has no checks in its dimension `reliability`; give it `checks: [#{ id, title, check }]`",
            "the scorecard `Readiness` has two checks `scan`; exemptions and levels name checks by their ids: give each of \
             them one of its own",
        ]
    );
    assert_eq!(
        wrong(|draft| {
            draft.levels.push(level("bronze", &[]));
            draft.dimensions[1].checks[0].threshold = Some(Threshold::AtLeast(f64::NAN));
        }),
        [
            "the scorecard `readiness` has a check `scan` with the threshold NaN; write a number",
            "the scorecard `readiness` has two levels `bronze`; give each of them a name of its own",
            "the scorecard `readiness` has a level `bronze` that needs nothing; list the checks that it needs; those of the \
             levels below it come with it",
        ]
    );
}

#[test]
fn ids_are_words_with_hyphens() {
    assert!(["a", "has-runbook", "pci-4-0"].iter().all(|id| is_id(id)));
    assert!(["", "-a", "a-", "a--b", "A", "a_b", "a/b", "ä"].iter().all(|id| !is_id(id)));
}

#[test]
fn a_check_holds_numbers_against_its_own_bound() {
    let coverage = Check { threshold: Some(Threshold::AtLeast(80.0)), ..check("coverage", "high") };
    assert_eq!(coverage.measured(82.5, "%").unwrap().verdict, Verdict::Pass);
    assert_eq!(coverage.measured(12.0, "%").unwrap().reason, "12 %, and at least 80 % is asked for");
    assert_eq!(check("coverage", "high").measured(82.5, "%"), None);
}
