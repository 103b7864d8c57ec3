//! Findings as workflow commands of GitHub Actions, which it shows at the lines of a pull request. Called by
//! `findings`.

use crate::report::{Finding, Review};

/// One command a line.
pub(super) fn commands(review: &Review) -> String {
    review.findings.iter().map(|finding| command(finding, &review.code(&finding.policy))).collect()
}

fn command(finding: &Finding, code: &str) -> String {
    let kind = if finding.refuses() { "error" } else { "warning" };
    let place = &finding.place;
    let mut properties = format!("file={}", property(place.file.trim_start_matches("./")));
    if place.line > 0 {
        properties.push_str(&format!(",line={}", place.line));
    }
    if place.column > 0 {
        properties.push_str(&format!(",col={}", place.column));
    }
    let message = match &finding.help {
        Some(help) => format!("{}\n{help}", finding.message),
        None => finding.message.clone(),
    };
    format!("::{kind} {properties},title={}::{}\n", property(code), data(&message))
}

/// As the runner's own toolkit escapes the text of a command (`escapeData` of actions/toolkit).
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// As it escapes a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Place;
    use crate::report::Severity;

    #[test]
    fn nothing_in_a_finding_ends_its_command() {
        let finding = Finding {
            policy: "x".into(),
            severity: Severity::High,
            place: Place::at("a,b:c.rhai", 2, 3),
            message: "100 %\n::error::y".into(),
            help: None,
        };
        let text = command(&finding, "idp::check::x");
        assert_eq!(
            text,
            "::error file=a%2Cb%3Ac.rhai,line=2,col=3,title=idp%3A%3Acheck%3A%3Ax::100 %25%0A::error::y\n"
        );
    }
}
