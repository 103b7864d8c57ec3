//! What counts, what doesn't, and which level follows.

use proptest::prelude::*;

use super::Verdict::*;
use super::*;

fn points(score: Option<Score>) -> String {
    score.map_or("-".into(), |score| score.to_string())
}

/// Score, lowest, highest, known, level.
fn told(standing: &Standing) -> [String; 5] {
    let level = standing.level.clone().unwrap_or_else(|| "-".into());
    [points(standing.score), points(standing.lowest), points(standing.highest), points(standing.known), level]
}

fn missing(standing: &Standing) -> Vec<&str> {
    let next = standing.next.iter().flat_map(|next| &next.missing);
    next.map(|missing| missing.check.as_str()).collect()
}

#[test]
fn a_dimension_counts_by_its_weight_and_a_check_by_its_own() {
    assert_eq!(told(&standing(&[])), ["100", "100", "100", "100", "gold"]);
    // Security: 1 of 5; (3*1 + 4*0.2 + 2*1) / 9.
    let fails = standing(&[("no-cves", Fail)]);
    assert_eq!(told(&fails), ["64.44", "64.44", "64.44", "100", "silver"]);
    assert_eq!(fails.dimensions[1].score.unwrap().to_string(), "20");
    let next = fails.next.as_ref().unwrap();
    assert_eq!(next.level, "gold");
    assert_eq!(
        next.missing,
        [Missing {
            check: "no-cves".into(),
            title: "Has no-cves".into(),
            verdict: Fail,
            reason: "no-cves isn't there".into(),
            remediation: Some("add no-cves".into()),
            fixable: false,
        }]
    );
}

#[test]
fn what_is_unknown_is_neither_won_nor_lost() {
    let unknown = standing(&[("no-cves", Unknown)]);
    // Left out of the score; the whole of it stays in sight, and gold isn't reached.
    assert_eq!(told(&unknown), ["100", "64.44", "100", "64.44", "silver"]);
    assert_eq!(missing(&unknown), ["no-cves"]);
    assert_eq!((unknown.dimensions[1].unknown, unknown.count(Unknown)), (1, 1));
    let all: Vec<(&str, Verdict)> =
        ["runbook", "oncall", "scan", "no-cves", "readme", "api"].map(|check| (check, Unknown)).into();
    assert_eq!(told(&standing(&all)), ["-", "0", "100", "0", "-"]);
}

#[test]
fn what_isnt_applicable_keeps_no_level_and_gives_none() {
    let mut library = service("lib");
    library.type_of = "library".into();
    let standing_of = |answers: &[(&str, Verdict)]| stands(&library, &Exemptions::default(), answers);
    let stands = standing_of(&[]);
    assert_eq!(told(&stands), ["100", "100", "100", "100", "gold"]);
    assert_eq!(stands.outcome("api").unwrap().answer.reason, "its type is library, which is none of service");
    let all: Vec<(&str, Verdict)> =
        ["runbook", "oncall", "scan", "no-cves", "readme", "api"].map(|check| (check, NotApplicable)).into();
    let nothing = standing_of(&all);
    assert_eq!(told(&nothing), ["-", "-", "-", "-", "-"]);
    assert_eq!(missing(&nothing), Vec::<&str>::new());
    // A dimension of which nothing counts doesn't count.
    assert_eq!(told(&standing_of(&[("readme", NotApplicable), ("runbook", Fail)]))[0], "78.57");
}

#[test]
fn a_level_needs_those_below() {
    let stands = standing(&[("readme", Fail), ("api", Fail)]);
    assert_eq!(stands.level, None);
    assert_eq!(stands.next.as_ref().unwrap().level, "bronze");
    assert_eq!(missing(&stands), ["readme"]);
    assert!(stands.next.unwrap().missing[0].fixable);
}

#[test]
fn others_arent_scored() {
    let mut asked = 0;
    let system = Service { key: "system:default/orders".into(), ..service("orders") };
    let score = scorecard().score(&system, &Exemptions::default(), |_| {
        asked += 1;
        Answer::pass("")
    });
    assert_eq!((score, asked), (None, 0));
}

#[test]
fn a_standing_survives_writing() {
    let exemptions = exemptions(
        "check: readiness/scan\nservices: api\nowner: team-orders\nreason: vendored\nexpires: 2027-01-01\n",
        "2026-11-22",
    );
    let mut stands =
        stands(&service("api"), &exemptions.unwrap(), &[("scan", Fail), ("no-cves", Unknown), ("api", NotApplicable)]);
    stands.checks[0].answer = Answer::measured(91.5, "%", Threshold::AtLeast(80.0))
        .because(Evidence::at(Place::at("a.yaml", 3, 1), "coverage"));
    let text = serde_json::to_string(&stands).unwrap();
    assert_eq!(serde_json::from_str::<Standing>(&text).unwrap(), stands);
}

fn any_verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![Just(Pass), Just(Fail), Just(Unknown), Just(NotApplicable)]
}

const CHECKS: [&str; 6] = ["runbook", "oncall", "scan", "no-cves", "readme", "api"];

fn rank(standing: &Standing) -> usize {
    ["bronze", "silver", "gold"]
        .iter()
        .position(|level| standing.level.as_deref() == Some(*level))
        .map_or(0, |at| at + 1)
}

proptest! {
    /// Scores keep their bounds, mending never harms, and nothing is won by hiding.
    #[test]
    fn rules_of_counting(verdicts in prop::array::uniform6(any_verdict()), at in 0usize..6) {
        let answers = |verdicts: [Verdict; 6]| CHECKS.into_iter().zip(verdicts).collect::<Vec<_>>();
        let stands = standing(&answers(verdicts));
        prop_assert!(stands.score.is_none() || stands.lowest <= stands.score && stands.score <= stands.highest);
        prop_assert_eq!(stands.known == Some(Score::FULL), stands.lowest == stands.highest && stands.known.is_some());
        prop_assert_eq!(stands.score == Some(Score::FULL) && stands.known == Some(Score::FULL), stands.lowest == Some(Score::FULL));
        let with = |verdict| {
            let mut changed = verdicts;
            changed[at] = verdict;
            standing(&answers(changed))
        };
        let (pass, fail, hidden) = (with(Pass), with(Fail), with(Unknown));
        prop_assert!(fail.score <= pass.score && rank(&fail) <= rank(&pass));
        prop_assert!(hidden.lowest == fail.lowest && rank(&hidden) == rank(&fail));
        prop_assert!(hidden.highest == pass.highest);
    }

    /// The level is the highest of which nothing is missing, and the next one is the one above.
    #[test]
    fn levels_are_climbed_one_by_one(verdicts in prop::array::uniform6(any_verdict())) {
        let stands = standing(&CHECKS.into_iter().zip(verdicts).collect::<Vec<_>>());
        let scorecard = scorecard();
        let reached = rank(&stands);
        prop_assert_eq!(stands.next.as_ref().map(|next| next.level.as_str()), scorecard.levels().get(reached).map(|level| level.name.as_str()));
        if reached > 0 {
            for check in scorecard.needs(reached - 1) {
                prop_assert!(stands.outcome(check).unwrap().suffices());
            }
        }
        let any_pass = stands.count(Pass) > 0;
        prop_assert!(!any_pass || stands.next.as_ref().is_none_or(|next| !next.missing.is_empty()));
    }
}
