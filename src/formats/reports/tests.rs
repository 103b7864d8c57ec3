//! One small report of each format, whole, cut at every place, and with what may be said otherwise.

use proptest::prelude::*;

use super::*;

const TRIVY: &str = r#"{
  "SchemaVersion": 2,
  "CreatedAt": "2026-11-20T10:00:00.123456789+01:00",
  "ArtifactName": "registry.acme.example/orders-api:1.4.2",
  "ArtifactType": "container_image",
  "Metadata": { "OS": { "Family": "debian", "Name": "12.5" } },
  "Results": [
    { "Target": "debian 12.5", "Class": "os-pkgs", "Type": "debian", "Vulnerabilities": [
      { "VulnerabilityID": "CVE-2024-1", "PkgName": "openssl", "InstalledVersion": "3.0", "FixedVersion": "3.1", "Severity": "CRITICAL",
        "CVSS": { "nvd": { "V2Score": 10, "V3Score": 9.1 }, "redhat": { "V3Score": 9.8 } } },
      { "VulnerabilityID": "CVE-2024-2", "PkgName": "zlib", "Severity": "LOW", "CVSS": { "nvd": { "V2Score": 9.9 } } },
      { "VulnerabilityID": "CVE-2024-3", "PkgName": "perl", "FixedVersion": "", "Severity": "UNKNOWN" }
    ] },
    { "Target": "Dockerfile", "Class": "config", "Misconfigurations": [
      { "ID": "DS002", "Severity": "HIGH", "Status": "FAIL" }, { "ID": "DS001", "Severity": "MEDIUM", "Status": "PASS" }
    ] },
    { "Target": "app/.env", "Class": "secret", "Secrets": [{ "RuleID": "aws-access-key-id", "Severity": "CRITICAL" }] },
    { "Target": "app/go.mod", "Class": "lang-pkgs", "Vulnerabilities": null }
  ]
}"#;

const SARIF: &str = r#"{
  "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
  "version": "2.1.0",
  "runs": [{
    "tool": { "driver": { "name": "CodeQL", "rules": [
      { "id": "sql", "defaultConfiguration": { "level": "error" }, "properties": { "security-severity": "9.1" } },
      { "id": "style", "defaultConfiguration": { "level": "note" } },
      { "id": "plain" }
    ] }, "extensions": [{ "name": "pack", "rules": [{ "id": "x", "properties": { "security-severity": 4.5 } }] }] },
    "invocations": [{ "executionSuccessful": true, "endTimeUtc": "2026-11-19T08:00:00Z" }],
    "results": [
      { "ruleId": "sql", "ruleIndex": 0, "message": { "text": "a" } },
      { "ruleId": "style/part", "message": { "text": "b" } },
      { "ruleId": "plain", "message": { "text": "c" } },
      { "ruleId": "plain", "level": "error", "message": { "text": "d" } },
      { "rule": { "index": 0, "toolComponent": { "index": 0 } }, "message": { "text": "e" } },
      { "ruleId": "sql", "kind": "pass", "message": { "text": "f" } },
      { "ruleId": "sql", "baselineState": "absent", "message": { "text": "g" } },
      { "ruleId": "sql", "suppressions": [{ "kind": "inSource" }], "message": { "text": "h" } },
      { "ruleId": "plain", "suppressions": [{ "kind": "external", "status": "rejected" }], "message": { "text": "i" } },
      { "ruleId": "plain", "level": "none", "message": { "text": "j" } }
    ]
  }]
}"#;

const DEPENDENCY_CHECK: &str = r#"{
  "reportSchema": "1.1",
  "scanInfo": { "engineVersion": "12.1.0", "dataSource": [{ "name": "NVD", "timestamp": "2026-11-20T00:00:00Z" }] },
  "projectInfo": { "name": "orders-api", "reportDate": "2026-11-20T10:00:00.5Z" },
  "dependencies": [
    { "fileName": "a.jar", "vulnerabilities": [
      { "source": "NVD", "name": "CVE-1", "severity": "HIGH", "cvssv2": { "score": 10.0 }, "cvssv3": { "baseScore": 7.5, "baseSeverity": "HIGH" } },
      { "source": "NPM", "name": "GHSA-1", "severity": "moderate" },
      { "source": "OSSINDEX", "name": "CVE-2", "severity": "0.0", "cvssv4": { "baseScore": 9.3 } }
    ], "suppressedVulnerabilities": [{ "source": "NVD", "name": "CVE-3", "severity": "CRITICAL", "cvssv3": { "baseScore": 10.0 } }] },
    { "fileName": "b.jar" }
  ]
}"#;

const JACOCO: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<!DOCTYPE report PUBLIC "-//JACOCO//DTD Report 1.1//EN" "report.dtd">
<report name="orders-api">
  <sessioninfo id="build-1" start="1763630000000" dump="1763630060000"/>
  <sessioninfo id="build-2" start="1763630000000" dump="1763630090000"/>
  <package name="com/acme">
    <class name="com/acme/A" sourcefilename="A.java"><counter type="LINE" missed="100" covered="0"/></class>
    <counter type="LINE" missed="100" covered="0"/>
  </package>
  <counter type="INSTRUCTION" missed="200" covered="600"/>
  <counter type="BRANCH" missed="5" covered="5"/>
  <counter type="LINE" missed="35" covered="165"/>
  <counter type="CLASS" missed="0" covered="1"/>
</report>
"#;

const MEASURES: &str = r#"{"component": {"key": "acme_orders", "name": "orders", "qualifier": "TRK", "measures": [
  {"metric": "coverage", "value": "80.3", "bestValue": false},
  {"metric": "alert_status", "value": "ERROR"},
  {"metric": "new_coverage", "period": {"index": 1, "value": "71.0"}},
  {"metric": "quality_gate_details", "value": "{\"level\":\"ERROR\",\"conditions\":[{\"metric\":\"new_coverage\",\"op\":\"LT\",\"error\":\"80\",\"actual\":\"71.0\",\"level\":\"ERROR\"},{\"metric\":\"bugs\",\"op\":\"GT\",\"error\":\"0\",\"actual\":\"0\",\"level\":\"OK\"}]}"}
]}}"#;

const STATUS: &str = r#"{"projectStatus": {"status": "OK", "conditions": [
  {"status": "OK", "metricKey": "new_coverage", "comparator": "LT", "errorThreshold": "80", "actualValue": "91"}]}}"#;

fn scan(text: &str) -> Scan {
    match read("report.json", text).unwrap() {
        Report::Scan(scan) => scan,
        other => panic!("{other:?}"),
    }
}

fn wrong(text: &str) -> String {
    let error = read("r", text).unwrap_err();
    let place = error.place().map(ToString::to_string).unwrap_or_default();
    format!("{place} {} {}", error.code(), error.message())
}

fn counts(critical: usize, high: usize, medium: usize, low: usize, unknown: usize) -> Counts {
    Counts { critical, high, medium, low, unknown }
}

#[test]
fn trivy() {
    let scan = scan(TRIVY);
    assert_eq!(scan.subject, "registry.acme.example/orders-api:1.4.2");
    assert_eq!(scan.generated, scan::time("2026-11-20T09:00:00Z"));
    assert_eq!(scan.vulnerabilities, counts(1, 0, 0, 1, 1));
    assert_eq!(scan.fixable, counts(1, 0, 0, 0, 0));
    assert_eq!((scan.misconfigurations, scan.secrets), (counts(0, 1, 0, 0, 0), counts(1, 0, 0, 0, 0)));
    // The score of CVSS 2 is no match for one of CVSS 3, and stands in where there is no other.
    assert_eq!(scan.highest_cvss, Some(9.9));
    assert_eq!((scan.total().total(), scan.total().at_least(Severity::High)), (5, 3));
}

#[test]
fn trivy_leaves_out_what_it_didnt_find() {
    let clean = scan(r#"{"SchemaVersion": 2, "ArtifactName": "scratch", "ArtifactType": "container_image"}"#);
    assert_eq!((clean.total().total(), clean.highest_cvss, clean.generated), (0, None, None));
    let cluster = scan(
        r#"{"ClusterName": "prod", "Resources": [{"Kind": "Pod", "Error": "pull failed", "Results": [
        {"Misconfigurations": [{"ID": "K1", "Severity": "LOW", "Status": "FAIL"}]}]}]}"#,
    );
    assert_eq!((cluster.subject.as_str(), cluster.misconfigurations.low), ("prod", 1));
    assert_eq!(cluster.troubles, ["pull failed"]);
    assert_eq!(wrong(r#"{"SchemaVersion": 3}"#), "r:1:1 idp::reports::unreadable r is a report of Trivy of schema 3");
}

#[test]
fn sarif() {
    let scan = scan(SARIF);
    assert_eq!((scan.tool.as_str(), scan.generated), ("CodeQL", scan::time("2026-11-19T08:00:00Z")));
    // sql by its score; `error` and a rule of an extension; a warning by default, and one whose suppression was rejected; a note.
    assert_eq!(scan.others, counts(1, 1, 3, 1, 0));
    assert_eq!(scan.highest_cvss, Some(9.1));
}

#[test]
fn a_scan_that_didnt_happen_is_no_scan_without_findings() {
    let run =
        |rest: &str| format!(r#"{{"version": "2.1.0", "runs": [{{"tool": {{"driver": {{"name": "T"}}}}{rest}}}]}}"#);
    assert_eq!(scan(&run(r#", "results": []"#)).total().total(), 0);
    assert_eq!(scan(&run(r#", "results": [], "invocations": null"#)).total().total(), 0);
    assert_eq!(wrong(&run("")), "r:1:1 idp::reports::cut_off r has no results of T: nothing was scanned");
    assert_eq!(
        wrong(&run(r#", "results": [], "invocations": [{"executionSuccessful": false}]"#)),
        "r:1:1 idp::reports::cut_off r says that T failed: what it didn't find may be there"
    );
    assert_eq!(wrong(r#"{"runs": []}"#), "r:1:1 idp::reports::cut_off r has no run: nothing was scanned");
    assert_eq!(
        wrong(r#"{"errors": [{"msg": "Insufficient privileges"}]}"#),
        "r:1:1 idp::reports::unreadable r is what a server says when it fails, and no report"
    );
}

#[test]
fn dependency_check() {
    let scan = scan(DEPENDENCY_CHECK);
    assert_eq!((scan.subject.as_str(), scan.generated), ("orders-api", scan::time("2026-11-20T10:00:00Z")));
    assert_eq!(scan.vulnerabilities, counts(1, 1, 1, 0, 0));
    assert_eq!(scan.highest_cvss, Some(9.3));
    assert!(scan.troubles.is_empty());
    let failed = DEPENDENCY_CHECK.replace(
        "\"dataSource\"",
        "\"analysisExceptions\": [{ \"exception\": { \"message\": \"no NVD\" } }], \"dataSource\"",
    );
    assert_eq!(self::scan(&failed).troubles, ["no NVD"]);
}

#[test]
fn jacoco_counts_the_whole() {
    let Report::Coverage(coverage) = read("jacoco.xml", JACOCO).unwrap() else { panic!() };
    assert_eq!(coverage.subject, "orders-api");
    assert_eq!(coverage.lines.unwrap().percent(), Some(82.5));
    assert_eq!(
        (coverage.branches.unwrap().percent(), coverage.instructions.unwrap().percent()),
        (Some(50.0), Some(75.0))
    );
    assert_eq!(coverage.generated, Some(1_763_630_090));
    let Report::Coverage(empty) = read("jacoco.xml", "<report name=\"a\"/>").unwrap() else { panic!() };
    assert_eq!((empty.lines, Counter::default().percent()), (None, None));
    assert_eq!(
        wrong("<coverage>\n</coverage>"),
        "r:1:1 idp::reports::unreadable r isn't read: it begins with <coverage>, and JaCoCo's begin with <report>"
    );
    assert_eq!(
        wrong(&JACOCO.replace("missed=\"35\"", "missed=\"-1\"")),
        "r:12:3 idp::reports::unreadable r isn't read: a counter has the missed `-1`"
    );
    assert!(wrong("<report>\n</package>").starts_with("r:2:"));
    // Entities are neither resolved nor fetched.
    let bomb =
        "<!DOCTYPE report [<!ENTITY a \"&b;&b;\"><!ENTITY b SYSTEM \"file:///etc/passwd\">]><report name=\"&a;\"/>";
    let Report::Coverage(bomb) = read("jacoco.xml", bomb).unwrap() else { panic!() };
    assert_eq!(bomb.subject, "&a;");
}

#[test]
fn sonarqube() {
    let Report::Quality(quality) = read("sonar.json", MEASURES).unwrap() else { panic!() };
    assert_eq!(
        (quality.subject.as_str(), quality.coverage(), quality.number("new_coverage")),
        ("acme_orders", Some(80.3), Some(71.0))
    );
    let gate = quality.gate.clone().unwrap();
    assert_eq!(gate.is_kept(), Some(false));
    assert_eq!(
        gate.failed,
        [Condition { metric: "new_coverage".into(), actual: "71.0".into(), threshold: "LT 80".into() }]
    );
    assert_eq!((quality.number("alert_status"), quality.number("bugs")), (None, None));
    let Report::Quality(status) = read("gate.json", STATUS).unwrap() else { panic!() };
    assert_eq!(status.gate, Some(Gate { status: "OK".into(), failed: Vec::new() }));
    let Report::Quality(none) = read("gate.json", r#"{"projectStatus": {"status": "NONE"}}"#).unwrap() else {
        panic!()
    };
    assert_eq!(none.gate.unwrap().is_kept(), None);
}

#[test]
fn a_report_that_is_cut_anywhere_is_an_error_with_its_line() {
    for whole in [TRIVY, SARIF, DEPENDENCY_CHECK, JACOCO.trim_end(), MEASURES, STATUS] {
        assert!(read("r", whole).is_ok());
        for end in (0..whole.len()).filter(|end| whole.is_char_boundary(*end)) {
            let text = &whole[..end];
            let error = read("r", text).unwrap_err();
            assert_eq!(error.code(), CUT_OFF, "{}", &text[text.len().saturating_sub(60)..]);
            assert!(error.place().unwrap().line <= whole.matches('\n').count() + 1);
        }
    }
    let half = TRIVY.find("CVE-2024-2").unwrap();
    assert_eq!(wrong(&TRIVY[..half]), "r:11:28 idp::reports::cut_off r ends in line 11, in the middle of its JSON");
    let half = JACOCO.find("covered=\"165\"").unwrap();
    assert_eq!(wrong(&JACOCO[..half]), "r:12:35 idp::reports::cut_off r ends in line 12, in the middle of its XML");
}

#[test]
fn what_is_none_of_them_is_told() {
    assert_eq!(wrong("{}"), "r:1:1 idp::reports::unreadable r is no report of a known format");
    assert!(wrong("<html></html>").contains("it begins with <html>"));
    assert_eq!(
        wrong("{\n  \"SchemaVersion\": 2,\n  \"Results\": 7\n}"),
        "r:3:14 idp::reports::unreadable r isn't read: invalid type: integer `7`, expected a sequence"
    );
    assert_eq!(wrong("[1]"), "r:1:1 idp::reports::unreadable r is no JSON object");
    assert!(wrong("{\"runs\": []} trailing").starts_with("r:1:14 idp::reports::unreadable"));
    assert!(read("r", &format!("\u{feff}{STATUS}")).is_ok());
    let deep = format!("{{\"runs\": {}", "[".repeat(100_000));
    assert!(wrong(&deep).contains("unreadable") || wrong(&deep).contains("cut_off"));
}

#[test]
fn severities() {
    for (word, severity) in [
        ("CRITICAL", Severity::Critical),
        ("Moderate", Severity::Medium),
        ("7.5", Severity::High),
        ("negligible", Severity::Low),
        ("", Severity::Unknown),
        ("0.0", Severity::Unknown),
    ] {
        assert_eq!(Severity::named(word), severity, "{word}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// A report with a piece taken out is read or refused with a place, and nothing else.
    #[test]
    fn broken_reports_break_nothing(which in 0usize..6, from in 0usize..3_000, length in 1usize..200) {
        let text = [TRIVY, SARIF, DEPENDENCY_CHECK, JACOCO, MEASURES, STATUS][which];
        let (from, to) = (from % text.len(), (from % text.len() + length).min(text.len()));
        if let Err(error) = read("r", &format!("{}{}", &text[..from], &text[to..])) {
            prop_assert!(error.place().is_some_and(|place| place.line > 0) && error.help_text().is_some() || error.code() == UNREADABLE);
        }
    }
}
