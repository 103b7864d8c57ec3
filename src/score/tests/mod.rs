//! Scorecards over services made by hand: one scorecard of three dimensions and three levels for all of them.

mod counting;
mod declared;
mod exempted;
mod many;

use std::collections::BTreeMap;

use super::*;
use crate::error::Place;

fn check(id: &str, weight: &str) -> Check {
    Check {
        id: id.into(),
        title: format!("Has {id}"),
        description: String::new(),
        weight: Weight::named(weight).unwrap(),
        applies_to: Applies::default(),
        threshold: None,
        remediation: Some(format!("add {id}")),
        fixable: id == "readme",
    }
}

fn dimension(id: &str, weight: &str, checks: Vec<Check>) -> Dimension {
    Dimension { id: id.into(), title: id.to_uppercase(), weight: Weight::named(weight).unwrap(), checks }
}

fn level(name: &str, checks: &[&str]) -> Level {
    Level { name: name.into(), checks: checks.iter().map(|check| (*check).to_owned()).collect() }
}

/// Reliability (high): runbook, oncall. Security (critical): scan, no-cves (critical). Documentation (medium): readme, api.
fn draft() -> Draft {
    let api =
        Check { applies_to: Applies::default().with("types", &["service".into()]).unwrap(), ..check("api", "low") };
    Draft {
        id: "readiness".into(),
        title: "Ready for production".into(),
        dimensions: vec![
            dimension("reliability", "high", vec![check("runbook", "medium"), check("oncall", "medium")]),
            dimension("security", "critical", vec![check("scan", "low"), check("no-cves", "critical")]),
            dimension("documentation", "medium", vec![check("readme", "low"), api]),
        ],
        levels: vec![
            level("bronze", &["readme", "oncall"]),
            level("silver", &["runbook", "scan"]),
            level("gold", &["no-cves", "api"]),
        ],
        ..Draft::default()
    }
}

fn scorecard() -> Scorecard {
    Scorecard::new(draft()).unwrap()
}

fn service(name: &str) -> Service {
    Service {
        key: format!("component:default/{name}"),
        title: name.into(),
        type_of: "service".into(),
        owner: Some("group:default/team-orders".into()),
        owner_is_known: true,
        place: Place::at("catalog-info.yaml", 4, 9),
        ..Service::default()
    }
}

/// A service where the checks answer as named: `pass` for those that aren't.
fn stands(service: &Service, exemptions: &Exemptions, answers: &[(&str, Verdict)]) -> Standing {
    let answer = |check: &Check| {
        let named = answers.iter().find(|(id, _)| *id == check.id);
        match named.map_or(Verdict::Pass, |(_, verdict)| *verdict) {
            Verdict::Pass => Answer::pass(format!("{} is there", check.id)),
            Verdict::Fail => Answer::fail(format!("{} isn't there", check.id)),
            Verdict::Unknown => Answer::unknown("the forge didn't answer"),
            Verdict::NotApplicable => Answer::not_applicable("it needs none"),
        }
    };
    scorecard().score(service, exemptions, answer).unwrap()
}

fn standing(answers: &[(&str, Verdict)]) -> Standing {
    stands(&service("api"), &Exemptions::default(), answers)
}

fn exemptions(text: &str, today: &str) -> crate::error::Result<Exemptions> {
    let files = BTreeMap::from([("exemptions/a.yaml".to_owned(), text.to_owned())]);
    Exemptions::of(&files, today.parse().unwrap())
}
