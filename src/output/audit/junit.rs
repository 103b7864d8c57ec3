//! An audit as JUnit's XML, which CI servers show: a suite a file, a case an object. A file that can't be read is a case of
//! its own.

use std::collections::BTreeMap;

use crate::output::verdicts::escaped;
use crate::report::{Audit, Detection, Finding, Seen};

pub fn text(audit: &Audit) -> String {
    let case = |seen: &Seen| Case { name: seen.object.to_string(), line: seen.line, found: Vec::new() };
    let mut cases: Vec<Case> = audit.objects.iter().map(case).collect();
    let mut suites: BTreeMap<&str, Vec<Case>> = BTreeMap::new();
    for detection in &audit.detections {
        let place = &detection.finding.place;
        match detection.object.and_then(|at| cases.get_mut(at)) {
            Some(case) => case.found.push(detection),
            None => suites.entry(&place.file).or_default().push(Case {
                name: place.file.clone(),
                line: place.line,
                found: vec![detection],
            }),
        }
    }
    for (seen, case) in audit.objects.iter().zip(cases) {
        suites.entry(&*seen.file).or_default().push(case);
    }
    let all = || suites.values().flatten();
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"idp-run audit\" tests=\"{}\" failures=\"{}\">\n",
        all().count(),
        all().filter(|case| case.fails(audit)).count()
    );
    for (file, cases) in &suites {
        let file = escaped(file);
        text.push_str(&format!(
            "  <testsuite name=\"{file}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\">\n",
            cases.len(),
            cases.iter().filter(|case| case.fails(audit)).count(),
            cases.iter().filter(|case| case.is_waived()).count()
        ));
        for case in cases {
            text.push_str(&format!(
                "    <testcase classname=\"{file}\" name=\"{}\" file=\"{file}\" line=\"{}\">\n",
                escaped(&case.name),
                case.line
            ));
            text.push_str(&case.text(audit));
            text.push_str("    </testcase>\n");
        }
        text.push_str("  </testsuite>\n");
    }
    text + "</testsuites>\n"
}

/// An object, or a file that can't be read, with what was found there.
struct Case<'a> {
    name: String,
    line: usize,
    found: Vec<&'a Detection>,
}

impl Case<'_> {
    fn fails(&self, audit: &Audit) -> bool {
        self.found.iter().any(|detection| audit.counts(detection))
    }

    /// Whether all that was found is answered for.
    fn is_waived(&self) -> bool {
        !self.found.is_empty() && self.found.iter().all(|detection| detection.waived.is_some())
    }

    /// Failures first, then what fails nothing: readers take one `system-out` a case.
    fn text(&self, audit: &Audit) -> String {
        let (mut text, mut said) = (String::new(), String::new());
        for detection in &self.found {
            let Finding { policy, place, message, help, .. } = &detection.finding;
            let help = help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
            let whole = format!("{place}: {message}{help}");
            if audit.counts(detection) {
                let (code, message, whole) = (Audit::code(policy), escaped(message), escaped(&whole));
                text.push_str(&format!("      <failure type=\"{code}\" message=\"{message}\">{whole}</failure>\n"));
                continue;
            }
            let why = match &detection.waived {
                Some(waived) => format!("waived by {waived}"),
                None if detection.mended => "--fix mends it".to_owned(),
                None => detection.level.name().to_owned(),
            };
            said.push_str(&format!("{policy} ({why}): {whole}\n"));
        }
        if self.is_waived() {
            text.push_str("      <skipped message=\"waived\"/>\n");
        }
        if !said.is_empty() {
            text.push_str(&format!("      <system-out>{}</system-out>\n", escaped(said.trim_end())));
        }
        text
    }
}
