//! Tests of what waivers cover, from when on they don't, and what is found of them.

use super::*;
use crate::audit::{Text, audit};
use crate::error::Error;
use crate::report::Seen;

const WAIVER: &str = "\
policy: schema
objects:
- kind: Deployment
  namespace: payments
  name: api-*
  path: spec.template
owner: team-payments
reason: it goes in spring
ticket: PAY-12
expires: 2027-03-31
";

fn on(day: &str, text: &str) -> Waivers {
    let waivers = read::waivers("waivers/a.yaml", text).unwrap();
    let sources = BTreeMap::from([("waivers/a.yaml".to_owned(), text.into())]);
    Waivers { waivers, sources, unread: Vec::new(), today: day.parse().unwrap() }
}

fn deployment(name: &str) -> ObjectName {
    ObjectName {
        api_version: "apps/v1".into(),
        kind: "Deployment".into(),
        namespace: Some("payments".into()),
        name: Some(name.into()),
    }
}

#[test]
fn a_day_begins_and_ends_in_utc() {
    assert_eq!(today(&Clock::Fixed(0)).to_string(), "1970-01-01");
    assert_eq!(today(&Clock::Fixed(86_399)).to_string(), "1970-01-01");
    assert_eq!(today(&Clock::Fixed(86_400)).to_string(), "1970-01-02");
}

#[test]
fn it_covers_what_it_names_through_its_last_day() {
    let object = deployment("api-a");
    let subject =
        Subject { policy: "schema", object: Some(&object), file: "k8s/a.yaml", path: "spec.template.spec.x[0]" };
    let waived = on("2027-03-31", WAIVER).waived(&subject).unwrap();
    assert_eq!(waived.to_string(), "team-payments until 2027-03-31: it goes in spring (waivers/a.yaml:1:1, PAY-12)");
    assert_eq!(on("2027-04-01", WAIVER).waived(&subject), None);
    for other in [
        Subject { policy: "other", ..subject },
        Subject { path: "spec.replicas", ..subject },
        Subject { path: "", ..subject },
        Subject { object: None, ..subject },
        Subject { object: Some(&deployment("web")), ..subject },
        Subject { object: Some(&ObjectName { namespace: None, ..deployment("api-a") }), ..subject },
        Subject { object: Some(&ObjectName { kind: "Job".into(), ..deployment("api-a") }), ..subject },
    ] {
        assert_eq!(on("2027-03-31", WAIVER).waived(&other), None, "{other:?}");
    }
}

#[test]
fn globs_stay_between_slashes_and_elements_may_be_any() {
    let text = "{policy: workload/*, owner: a, reason: b, expires: '2027-01-01', objects: [\
                {file: 'legacy/*.yaml', path: 'spec.containers[*].image'}]}";
    let waivers = on("2026-01-01", text);
    let object = deployment("a");
    let subject = Subject {
        policy: "workload/tag",
        object: Some(&object),
        file: "legacy/a.yaml",
        path: "spec.containers[7].image",
    };
    assert!(waivers.waived(&subject).is_some());
    assert!(waivers.waived(&Subject { file: "legacy/b/a.yaml", ..subject }).is_none());
    assert!(waivers.waived(&Subject { policy: "workload", ..subject }).is_none());
    assert!(waivers.waived(&Subject { path: "spec.containers[7].name", ..subject }).is_none());
}

#[test]
fn what_it_lacks_or_says_too_much_is_told_with_its_place() {
    let error = |text: &str| -> String {
        let error: Error = read::waivers("w.yaml", text).unwrap_err();
        assert_eq!(error.kind(), crate::error::Kind::Invalid, "{text}");
        format!("{} {} {}", error.place().unwrap(), error.code(), error.message())
    };
    let without = |key: &str| -> String {
        let lines: Vec<&str> = WAIVER.lines().filter(|line| !line.starts_with(key)).collect();
        lines.join("\n")
    };
    assert_eq!(error(&without("owner")), "w.yaml:1:1 idp::waiver::invalid the waiver needs `owner`");
    assert_eq!(error(&without("reason")), "w.yaml:1:1 idp::waiver::invalid the waiver needs `reason`");
    assert_eq!(error(&without("expires")), "w.yaml:1:1 idp::waiver::invalid the waiver needs `expires`");
    let wrong = |from: &str, to: &str| error(&WAIVER.replace(from, to));
    assert_eq!(wrong("ticket", "tickt"), "w.yaml:9:1 idp::waiver::invalid unknown key `tickt`");
    assert_eq!(wrong("  name:", "  nam:"), "w.yaml:5:3 idp::waiver::invalid unknown key `objects[0].nam`");
    assert_eq!(
        wrong("2027-03-31", "spring"),
        "w.yaml:10:10 idp::waiver::invalid `expires` must be a day such as 2027-03-31"
    );
    assert_eq!(wrong("team-payments", "' '"), "w.yaml:7:8 idp::waiver::invalid `owner` says nothing");
    assert_eq!(
        wrong("api-*", "'a[b'"),
        "w.yaml:5:9 idp::waiver::invalid `objects[0].name` is not a glob: unclosed character class; missing ']'"
    );
    let nobody = "policy: a\nobjects: [{path: spec}]\nowner: a\nreason: b\nexpires: 2027-01-01\n";
    assert_eq!(error(nobody), "w.yaml:2:11 idp::waiver::invalid `objects[0]` names no object");
    assert!(error("policy: [a\n").starts_with("w.yaml:"));
}

/// An audit of Deployments named so, each of which a policy finds fault with at `spec.template`.
fn audited(names: &[&str], waivable: bool) -> Audit {
    let text = |name: &&str| format!("apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\n---\n");
    let texts = vec![Text::new("k8s/all.yaml", names.iter().map(text).collect())];
    let mut audit = audit(texts, Arc::default(), Severity::High).unwrap();
    audit.policies.push(RuleInfo {
        id: "schema".into(),
        about: String::new(),
        why: String::new(),
        is_error: true,
        waivable,
    });
    audit.objects =
        names.iter().map(|name| Seen { object: deployment(name), file: "k8s/all.yaml".into(), line: 1 }).collect();
    audit.detections = (0..names.len())
        .map(|at| Detection {
            level: PolicyLevel::Deny,
            finding: Finding {
                policy: "schema".into(),
                severity: Severity::High,
                place: Place::at("k8s/all.yaml", 1, 1),
                message: "wrong".into(),
                help: None,
            },
            object: Some(at),
            path: "spec.template".into(),
            fixable: false,
            failed: false,
            mended: false,
            waived: None,
        })
        .collect();
    audit
}

fn scope(whole: bool) -> Scope<'static> {
    Scope { here: Path::new("/w"), root: Path::new("/w"), whole, known: &[] }
}

/// What is found of the waivers themselves.
fn about_waivers(audit: &Audit) -> Vec<String> {
    let own = audit.detections.iter().filter(|detection| detection.finding.policy == POLICY);
    own.map(|own| format!("{} {:?} {}", own.finding.place, own.finding.severity, own.finding.message)).collect()
}

#[test]
fn waived_findings_stay_and_count_no_more() {
    let mut audit = audited(&["api-a", "web"], true);
    on("2027-01-01", WAIVER).apply(&mut audit, &scope(false));
    assert_eq!((audit.waived(), audit.detections.len(), audit.fails()), (1, 2, true));
    let mut audit = audited(&["api-a"], true);
    on("2027-01-01", WAIVER).apply(&mut audit, &scope(false));
    assert!(!audit.fails() && about_waivers(&audit).is_empty());
    assert_eq!(audit.detections[0].waived.as_ref().unwrap().owner, "team-payments");
}

#[test]
fn an_expired_one_fails_beside_what_it_covered() {
    let mut audit = audited(&["api-a"], true);
    on("2027-04-01", WAIVER).apply(&mut audit, &scope(false));
    assert_eq!((audit.waived(), audit.fails()), (0, true));
    assert_eq!(about_waivers(&audit), ["waivers/a.yaml:10:10 High the waiver of schema expired with 2027-03-31"]);
    assert!(audit.sources.contains_key("waivers/a.yaml"));
    // It fails alone, too, once what it covered is mended.
    let mut audit = audited(&["api-a"], true);
    audit.detections.clear();
    on("2027-04-01", WAIVER).apply(&mut audit, &scope(false));
    assert!(audit.fails() && audit.detections[0].finding.help.as_deref().unwrap().contains("remove it"));
}

#[test]
fn an_unused_one_is_told_only_if_what_it_is_about_was_looked_at() {
    let waivers = on("2027-01-01", WAIVER);
    let unused = ["waivers/a.yaml:3:3 Low schema finds nothing that this waiver covers"];
    let mut mended = audited(&["api-a"], true);
    mended.detections.clear();
    waivers.apply(&mut mended, &scope(false));
    assert_eq!(about_waivers(&mended), unused);
    assert!(!mended.fails());
    // Another object was looked at, and nobody knows of this one.
    let mut other = audited(&["web"], true);
    waivers.apply(&mut other, &scope(false));
    assert_eq!(about_waivers(&other), Vec::<String>::new());
    // All of the workspace was looked at, and it isn't there.
    let mut gone = audited(&["web"], true);
    waivers.apply(&mut gone, &scope(true));
    assert_eq!(about_waivers(&gone), unused);
    // Its policy wasn't asked.
    let mut unasked = audited(&["api-a"], true);
    unasked.policies.retain(|rule| rule.id != "schema");
    unasked.detections.clear();
    waivers.apply(&mut unasked, &scope(true));
    assert_eq!(about_waivers(&unasked), Vec::<String>::new());
}

#[test]
fn a_policy_may_forbid_them() {
    let mut audit = audited(&["api-a"], false);
    on("2027-01-01", WAIVER).apply(&mut audit, &scope(false));
    assert_eq!((audit.waived(), audit.fails()), (0, true));
    assert_eq!(about_waivers(&audit), ["waivers/a.yaml:1:9 High schema allows no waiver"]);
    // A glob that covers nothing of it says nothing against it.
    let mut audit = audited(&["web"], false);
    let waivers = on("2027-01-01", &WAIVER.replace("policy: schema", "policy: '*'"));
    waivers.apply(&mut audit, &scope(false));
    assert_eq!(about_waivers(&audit), Vec::<String>::new());
    let mut audit = audited(&["api-a"], false);
    waivers.apply(&mut audit, &scope(false));
    assert_eq!(about_waivers(&audit), ["waivers/a.yaml:1:9 High schema allows no waiver"]);
}

fn wanted() -> write::Wanted {
    write::Wanted {
        policy: "schema".into(),
        object: vec![("kind", "Deployment".into()), ("name", "api".into())],
        owner: "team-payments".into(),
        reason: "it goes: in spring".into(),
        ticket: None,
        expires: "2027-03-31".into(),
    }
}

#[test]
fn one_is_written_behind_the_others_and_changed_in_its_place() {
    let first = write::appended("w.yaml", "# Ours.\n", &wanted()).unwrap();
    assert_eq!(
        first,
        "# Ours.\npolicy: schema\nobjects:\n- kind: Deployment\n  name: api\nowner: team-payments\n\
         reason: \"it goes: in spring\"\nexpires: \"2027-03-31\"\n"
    );
    let second = write::appended("w.yaml", WAIVER.trim_end(), &wanted()).unwrap();
    assert!(second.starts_with(WAIVER) && second.contains("\n---\npolicy: schema\n"), "{second}");
    assert_eq!(write::changed("w.yaml", WAIVER, &wanted()).unwrap(), None);
    assert_eq!(write::changed("w.yaml", &second, &wanted()).unwrap(), Some(second.clone()));
    let later = write::Wanted { expires: "2028-01-01".into(), ticket: Some("PAY-1".into()), ..wanted() };
    let changed = write::changed("w.yaml", &second, &later).unwrap().unwrap();
    assert_eq!(changed, second.replace("expires: \"2027-03-31\"\n", "expires: \"2028-01-01\"\nticket: PAY-1\n"));
    assert_eq!([write::file_name("workload/tag"), write::file_name("*")], ["workload.yaml", "all.yaml"]);
}
