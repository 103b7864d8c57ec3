//! Exemptions: what they take out of the score, and what is told of them.

use super::Verdict::*;
use super::*;

const GOOD: &str = "\
check: readiness/no-cves
services: [api, legacy-*]
owner: team-orders
reason: the library is replaced in January
ticket: ORD-17
expires: 2027-01-31
";

fn findings(text: &str, today: &str, standings: impl Fn(&Exemptions) -> Vec<Standing>) -> Vec<String> {
    let exemptions = exemptions(text, today).unwrap();
    let standings = standings(&exemptions);
    let found = exemptions.judge(&[&scorecard()], &standings, true);
    let line = |finding: &crate::report::Finding| {
        let help = finding.help.as_deref().unwrap_or("-");
        format!("{} {:?} {}; {help}", finding.place, finding.severity, finding.message)
    };
    found.iter().map(line).collect()
}

fn failing(exemptions: &Exemptions) -> Vec<Standing> {
    vec![
        stands(&service("api"), exemptions, &[("no-cves", Fail)]),
        stands(&service("legacy-a"), exemptions, &[("no-cves", Unknown)]),
    ]
}

#[test]
fn an_exempted_check_leaves_the_score_and_stays_in_sight() {
    let exemptions = exemptions(GOOD, "2027-01-31").unwrap();
    for verdict in [Fail, Unknown] {
        let stands = stands(&service("api"), &exemptions, &[("no-cves", verdict)]);
        assert_eq!((stands.score, stands.known), (Some(Score::FULL), Some(Score::FULL)));
        assert_eq!(
            (stands.level.as_deref(), stands.by_exemption.as_slice()),
            (Some("gold"), &["no-cves".to_owned()][..])
        );
        let outcome = stands.outcome("no-cves").unwrap();
        assert_eq!(outcome.answer.verdict, verdict);
        assert_eq!(outcome.exempted.as_ref().unwrap().ticket.as_deref(), Some("ORD-17"));
        assert_eq!(stands.dimensions[1].exempted, 1);
    }
    // Others aren't meant, and a pass needs none.
    assert_eq!(stands(&service("stock"), &exemptions, &[("no-cves", Fail)]).level.as_deref(), Some("silver"));
    assert!(stands(&service("api"), &exemptions, &[]).outcome("no-cves").unwrap().exempted.is_none());
    assert_eq!(findings(GOOD, "2027-01-31", failing), Vec::<String>::new());
}

#[test]
fn an_expired_one_counts_again() {
    let exemptions = exemptions(GOOD, "2027-02-01").unwrap();
    let stands = stands(&service("api"), &exemptions, &[("no-cves", Fail)]);
    assert_eq!(stands.level.as_deref(), Some("silver"));
    let outcome = stands.outcome("no-cves").unwrap();
    assert_eq!((outcome.exempted.is_none(), outcome.lapsed.as_ref().unwrap().expires.as_str()), (true, "2027-01-31"));
    assert_eq!(
        findings(GOOD, "2027-02-01", failing),
        [
            "exemptions/a.yaml:6:10 High the exemption from readiness/no-cves expired with 2027-01-31; what it covered counts \
          again: mend it, or have team-orders agree on another day, ORD-17"
        ]
    );
    let passing = |exemptions: &Exemptions| vec![super::stands(&service("api"), exemptions, &[])];
    assert_eq!(
        findings(GOOD, "2027-02-01", passing),
        [
            "exemptions/a.yaml:6:10 High the exemption from readiness/no-cves expired with 2027-01-31; nothing needs it any \
          more: remove it"
        ]
    );
}

#[test]
fn one_that_nobody_needs_is_told() {
    let passing = |exemptions: &Exemptions| vec![stands(&service("api"), exemptions, &[])];
    assert_eq!(
        findings(GOOD, "2026-11-22", passing),
        [
            "exemptions/a.yaml:2:17 Low no service is called `legacy-*`; remove it, or mend its name: `*` doesn't cross `/`",
            "exemptions/a.yaml:1:1 Low readiness/no-cves passes without this exemption; nothing needs it any more: remove it",
        ]
    );
    let misspelled = GOOD.replace("no-cves", "no-cvs").replace("2027-01-31", "2029-01-31");
    assert_eq!(
        findings(&misspelled, "2026-11-22", failing),
        [
            "exemptions/a.yaml:1:8 Low there is no check `readiness/no-cvs`, so the exemption covers nothing of it; did you mean \
          `readiness/no-cves`?"
        ]
    );
    let long = GOOD.replace("2027-01-31", "2029-01-31");
    assert_eq!(
        findings(&long, "2026-11-22", failing),
        [
            "exemptions/a.yaml:6:10 Low the exemption from readiness/no-cves holds until 2029-01-31, for longer than a year; have \
          team-orders look at it once a year: give it an earlier day"
        ]
    );
    // Of a scorecard that wasn't asked, and of services that weren't looked at, nothing can be said.
    assert_eq!(findings(&GOOD.replace("readiness/", "security/"), "2027-02-01", failing), Vec::<String>::new());
    let some = exemptions(GOOD, "2026-11-22").unwrap();
    assert_eq!(some.judge(&[&scorecard()], &[stands(&service("stock"), &some, &[])], false), []);
}

#[test]
fn wrong_files_are_errors_with_their_place() {
    let error = |text: &str| {
        let error = exemptions(text, "2026-11-22").unwrap_err();
        let place = error.place().map(ToString::to_string).unwrap_or_default();
        format!("{place} {} {}; {}", error.code(), error.message(), error.help_text().unwrap_or("-"))
    };
    for (from, to, expected) in [
        (
            "expires: 2027-01-31",
            "expires: 2027-02-31",
            "exemptions/a.yaml:6:10 idp::exemption::invalid `expires` must be a day such as 2027-03-31; it is the last day on \
             which the exemption holds",
        ),
        (
            "owner: team-orders",
            "onwer: team-orders",
            "exemptions/a.yaml:3:1 idp::exemption::invalid unknown key `onwer`; did you mean `owner`?",
        ),
        (
            "readiness/no-cves",
            "no-cves",
            "exemptions/a.yaml:1:8 idp::exemption::invalid `check` must be SCORECARD/CHECK; name its scorecard, too: \
             production-readiness/no-cves; of all of them: */no-cves",
        ),
        (
            "[api, legacy-*]",
            "[]",
            "exemptions/a.yaml:2:11 idp::exemption::invalid `services` is empty; name at least one; `*` is all of them",
        ),
        (
            "[api, legacy-*]",
            "['a[']",
            "exemptions/a.yaml:2:12 idp::exemption::invalid `services[0]` is not a glob: unclosed character class; missing \
             ']'; -",
        ),
        (
            "reason: the library is replaced in January",
            "reason: ' '",
            "exemptions/a.yaml:4:9 idp::exemption::invalid `reason` says nothing; -",
        ),
    ] {
        assert_eq!(error(&GOOD.replace(from, to)), expected);
    }
    assert_eq!(
        error("check: a/b\nservices: x\nreason: y\nexpires: 2027-01-01\n"),
        "exemptions/a.yaml:1:1 idp::exemption::invalid the exemption needs `owner`; `owner` is the team that answers for it"
    );
}
