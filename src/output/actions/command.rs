//! Workflow commands of GitHub Actions: lines that its runner reads out of what a step says. Escaping is that of the
//! runner's own toolkit (actions/toolkit, packages/core/src/command.ts).

use crate::output::look::{clean, one_line};
use crate::report::{Annotation, Level, Review};

/// Findings, one command a line: what `--output github` writes.
pub fn findings(review: &Review) -> String {
    review
        .findings
        .iter()
        .map(|finding| {
            let place = &finding.place;
            let message = match &finding.help {
                Some(help) => format!("{}\n{help}", finding.message),
                None => finding.message.clone(),
            };
            annotate(&Annotation {
                level: if finding.refuses() { Level::Error } else { Level::Warning },
                title: review.title(&finding.policy),
                message,
                file: Some(place.file.trim_start_matches("./").to_string()),
                line: place.line,
                column: place.column,
            })
        })
        .collect()
}

/// A remark at a line, or at the job as a whole.
pub fn annotate(annotation: &Annotation) -> String {
    let Annotation { level, title, message, file, line, column } = annotation;
    let mut properties = Vec::new();
    if let Some(file) = file {
        properties.push(format!("file={}", property(&clean(file))));
        for (name, number) in [("line", line), ("col", column)] {
            if *number > 0 {
                properties.push(format!("{name}={number}"));
            }
        }
    }
    if !title.is_empty() {
        properties.push(format!("title={}", property(&one_line(title))));
    }
    let kind = if *level == Level::Error { "error" } else { "warning" };
    let gap = if properties.is_empty() { "" } else { " " };
    format!("::{kind}{gap}{}::{}\n", properties.join(","), data(&clean(message)))
}

/// What follows can be folded below this name.
pub fn group(name: &str) -> String {
    format!("::group::{}\n", data(&one_line(name)))
}

/// The end of what can be folded.
pub fn end_group() -> String {
    "::endgroup::\n".to_string()
}

/// From now on the runner hides this line.
pub fn mask(line: &str) -> String {
    format!("::add-mask::{}\n", data(line))
}

/// The text of a command (`escapeData`).
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property (`escapeProperty`).
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A text in which the runner finds no command of somebody else: neither `::name::` at the beginning of a line nor
/// `##[name]` anywhere in it. What looks like one keeps its letters, one of them written as its number.
pub fn tame(text: &str) -> String {
    let mut tame = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let rest = line.trim_start();
        let (indent, rest) = line.split_at(line.len() - rest.len());
        tame.push_str(indent);
        match rest.strip_prefix("::") {
            Some(rest) => {
                tame.push_str("\\u{3a}:");
                tame.push_str(&rest.replace("##[", "##\\u{5b}"));
            }
            None => tame.push_str(&rest.replace("##[", "##\\u{5b}")),
        }
    }
    tame
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Place;
    use crate::report::{Finding, Severity};

    #[test]
    fn nothing_in_a_finding_ends_its_command() {
        let finding = Finding {
            policy: "x".into(),
            severity: Severity::High,
            place: Place::at("a,b:c.rhai", 2, 3),
            message: "100 %\n::error::y".into(),
            help: None,
        };
        let review = Review { family: "idp::check", findings: vec![finding], ..Review::default() };
        assert_eq!(
            findings(&review),
            "::error file=a%2Cb%3Ac.rhai,line=2,col=3,title=idp%3A%3Acheck%3A%3Ax::100 %25%0A::error::y\n"
        );
    }

    #[test]
    fn foreign_lines_are_no_commands() {
        assert_eq!(tame("a ::error::x\n"), "a ::error::x\n");
        assert_eq!(tame("::set-output name=a::b\n \t::x::\n"), "\\u{3a}:set-output name=a::b\n \t\\u{3a}:x::\n");
        assert_eq!(tame("see ##[error]no\n::a##[b]"), "see ##\\u{5b}error]no\n\\u{3a}:a##\\u{5b}b]");
    }
}
