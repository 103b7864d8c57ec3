//! Many services: put together, and held against an earlier day.

use proptest::prelude::*;

use super::Verdict::*;
use super::*;

fn of(name: &str, team: &str, answers: &[(&str, Verdict)]) -> Standing {
    let mut service = service(name);
    service.owner = Some(team).filter(|team| !team.is_empty()).map(|team| format!("group:default/{team}"));
    service.above = service.owner.iter().map(|_| "group:default/engineering".to_owned()).collect();
    service.domains = vec!["domain:default/trade".into(), "domain:default/business".into()];
    stands(&service, &Exemptions::default(), answers)
}

#[test]
fn services_are_put_together() {
    let standings = [
        of("a", "team-a", &[]),
        of("b", "team-a", &[("no-cves", Fail)]),
        of("c", "team-b", &[("no-cves", Fail), ("scan", Unknown), ("readme", Fail)]),
        of("d", "", &[("scan", Fail)]),
    ];
    let scorecard = scorecard();
    let owners = roll_up(&scorecard, &standings, By::Owner, 5);
    let names: Vec<Option<&str>> = owners.iter().map(|group| group.of.as_deref()).collect();
    assert_eq!(names, [Some("group:default/team-a"), Some("group:default/team-b"), None]);
    assert_eq!((owners[0].services, owners[0].median.unwrap().to_string().as_str()), (2, "82.22"));
    let all = &roll_up(&scorecard, &standings, By::Organisation, 2)[0];
    assert_eq!(all.services, 4);
    let levels: Vec<(Option<&str>, usize)> =
        all.levels.iter().map(|level| (level.level.as_deref(), level.services)).collect();
    assert_eq!(levels, [(None, 1), (Some("bronze"), 1), (Some("silver"), 1), (Some("gold"), 1)]);
    assert_eq!(
        all.worst,
        [
            Worst { check: "no-cves".into(), failed: 2, unknown: 0, exempted: 0, asked: 4 },
            Worst { check: "scan".into(), failed: 1, unknown: 1, exempted: 0, asked: 4 },
        ]
    );
    let groups = roll_up(&scorecard, &standings, By::Group, 0);
    assert_eq!(groups.iter().map(|group| group.services).collect::<Vec<_>>(), [3, 2, 1, 1]);
    assert_eq!(roll_up(&scorecard, &standings, By::Domain, 0).len(), 2);
    assert_eq!(roll_up(&scorecard, &standings, By::System, 0)[0].of, None);
    assert!(roll_up(&scorecard, &[], By::Organisation, 3).is_empty());
}

fn moved(before: &[(&str, Verdict)], after: &[(&str, Verdict)]) -> Option<Moved> {
    difference(&scorecard(), &[of("a", "t", before)], &[of("a", "t", after)]).moved.pop()
}

#[test]
fn services_rise_and_fall_by_their_checks() {
    let fell = moved(&[], &[("no-cves", Fail)]).unwrap();
    assert_eq!((fell.way, fell.level.0.as_deref(), fell.level.1.as_deref()), (Way::Fell, Some("gold"), Some("silver")));
    assert_eq!(
        fell.turns,
        [Turn { check: "no-cves".into(), from: State::Pass, to: State::Fail, reason: "no-cves isn't there".into() }]
    );
    assert_eq!(fell.cause("readiness"), "readiness component:default/a gold>silver no-cves:pass>fail");
    assert_eq!(moved(&[("no-cves", Fail)], &[]).unwrap().way, Way::Rose);
    assert_eq!(moved(&[("scan", Fail)], &[("scan", Fail)]), None);
    // The level goes before the score.
    let both = moved(&[("no-cves", Fail)], &[("readme", Fail)]).unwrap();
    assert!(both.score.0 < both.score.1 && both.way == Way::Fell);
}

#[test]
fn hiding_is_no_rise_and_silence_no_fall() {
    let hidden = moved(&[("no-cves", Fail)], &[("no-cves", Unknown)]).unwrap();
    assert!(hidden.score.0 < hidden.score.1 && hidden.way == Way::Turned);
    let silent = moved(&[], &[("no-cves", Unknown)]).unwrap();
    assert!(silent.level.1.as_deref() == Some("silver") && silent.way == Way::Turned);
}

#[test]
fn a_changed_scorecard_is_told_by_its_checks() {
    let mut larger = draft();
    larger.dimensions[2].checks.push(check("techdocs", "low"));
    let larger = Scorecard::new(larger).unwrap();
    let before = [of("a", "t", &[])];
    let after = larger.score(&before[0].service, &Exemptions::default(), |check| match check.id.as_str() {
        "techdocs" => Answer::fail("mkdocs.yml isn't there"),
        _ => Answer::pass(""),
    });
    let found = difference(&larger, &before, &[after.unwrap()]);
    assert_eq!((found.moved[0].turns[0].from, found.moved[0].way), (State::Absent, Way::Fell));
}

#[test]
fn a_renamed_service_keeps_its_history() {
    let named = |name: &str, identities: &[&str], answers: &[(&str, Verdict)]| {
        let mut standing = of(name, "t", answers);
        standing.service.identities = identities.iter().map(|identity| (*identity).to_owned()).collect();
        standing
    };
    let before = [
        named("orders", &["id:17", "slug:acme/orders"], &[("scan", Fail)]),
        named("cart", &["slug:acme/cart"], &[]),
        named("one", &["slug:acme/mono"], &[]),
        named("two", &["slug:acme/mono"], &[]),
    ];
    let after = [
        named("orders-api", &["id:17", "slug:acme/shop"], &[]),
        named("basket", &["slug:acme/cart"], &[]),
        named("three", &["slug:acme/mono"], &[]),
        named("two", &["slug:acme/mono"], &[]),
    ];
    let found = difference(&scorecard(), &before, &after);
    let key = |name: &str| format!("component:default/{name}");
    assert_eq!(found.renamed, [(key("cart"), key("basket")), (key("orders"), key("orders-api"))]);
    assert_eq!((found.moved[0].renamed_from.as_deref(), found.moved[0].way), (Some(key("orders").as_str()), Way::Rose));
    // A repository of several services tells none of them.
    assert_eq!((found.new, found.gone), (vec![key("three")], vec![key("one")]));
    assert_eq!(found.unchanged, 2);
}

proptest! {
    /// Every service is told of just once, and a result is no different from itself.
    #[test]
    fn nothing_is_lost(
        before in prop::collection::btree_map(0usize..8, (any::<bool>(), 0usize..4), 0..8),
        after in prop::collection::btree_map(0usize..8, (any::<bool>(), 0usize..4), 0..8),
    ) {
        let make = |services: &BTreeMap<usize, (bool, usize)>| services.iter().map(|(at, (fails, identity))| {
            let mut standing = of(&format!("s{at}"), "t", if *fails { &[("scan", Fail)] } else { &[] });
            standing.service.identities = vec![format!("id:{identity}")];
            standing
        }).collect::<Vec<_>>();
        let (was, is) = (make(&before), make(&after));
        let found = difference(&scorecard(), &was, &is);
        prop_assert_eq!(found.moved.len() + found.unchanged + found.new.len(), is.len());
        let renamed_away = found.renamed.len();
        let same = before.keys().filter(|at| after.contains_key(at)).count();
        prop_assert_eq!(same + renamed_away + found.gone.len(), was.len());
        let itself = difference(&scorecard(), &was, &was);
        prop_assert_eq!(itself, Difference { unchanged: was.len(), ..Difference::default() });
    }
}
