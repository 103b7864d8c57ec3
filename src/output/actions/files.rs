//! The files by which a step of a job tells others: its summary in Markdown, and its outputs.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::Actions;
use crate::error::{Exit, Result, io};
use crate::output::markdown::{self, About};
use crate::output::record::Told;
use crate::report::{Counts, Status};

/// How a run ended, for those who come after it.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What stands around the text.
    pub about: About,
    /// The exit code.
    pub exit: Exit,
}

impl Actions {
    /// Adds the run to the summary of the step, and its outputs to those of the step.
    ///
    /// Errors: `idp::io`, after both were tried.
    pub fn write(&self, told: &Told, outcome: &Outcome) -> Result<()> {
        let summary = self.summary.as_deref().map_or(Ok(()), |file| summarise(file, told, outcome));
        let outputs = self.output.as_deref().map_or(Ok(()), |file| append(file, &outputs(told, outcome)));
        summary.and(outputs)
    }
}

/// What GitHub takes of all that a step adds: what earlier runs of it said counts, too.
fn summarise(file: &Path, told: &Told, outcome: &Outcome) -> Result<()> {
    let there = std::fs::metadata(file).map_or(0, |found| usize::try_from(found.len()).unwrap_or(usize::MAX));
    let room = markdown::SUMMARY.saturating_sub(there);
    let text = markdown::render(&outcome.about, told, room.saturating_sub(1));
    if text.is_empty() {
        let note = "\n> A further run is left out: GitHub shows 1 MiB of a step.\n";
        return if note.len() <= room { append(file, note) } else { Ok(()) };
    }
    append(file, &format!("{text}\n"))
}

fn append(file: &Path, text: &str) -> Result<()> {
    let mut opened = std::fs::OpenOptions::new().append(true).create(true).open(file).map_err(io("open", file))?;
    opened.write_all(text.as_bytes()).map_err(io("write", file))
}

/// Fixed outputs, then those of the script, each by a name that GitHub takes and that no other has.
fn outputs(told: &Told, outcome: &Outcome) -> String {
    let (counts, status) = told.end.unwrap_or((Counts::default(), Status::Cancelled));
    let all: Map<String, Value> = told.outputs.iter().cloned().collect();
    let status = serde_json::to_value(status).unwrap_or_default();
    let mut list = vec![
        ("run-key".to_string(), Value::from(outcome.about.run.clone())),
        ("status".to_string(), status),
        ("exit-code".to_string(), Value::from(outcome.exit as u8)),
        ("changes".to_string(), Value::from(counts.changes())),
        ("created".to_string(), Value::from(counts.create)),
        ("changed".to_string(), Value::from(counts.update)),
        ("deleted".to_string(), Value::from(counts.delete)),
        ("unchanged".to_string(), Value::from(counts.unchanged)),
        ("outputs".to_string(), Value::Object(all)),
    ];
    let mut taken: BTreeSet<String> = list.iter().map(|(name, _)| name.clone()).collect();
    for (name, value) in &told.outputs {
        let valid = valid(name);
        let numbered = (2..).map(|number| format!("{valid}-{number}"));
        let free = std::iter::once(valid.clone()).chain(numbered).find(|name| !taken.contains(name));
        if let Some(free) = free {
            taken.insert(free.clone());
            list.push((free, value.clone()));
        }
    }
    list.iter().map(|(name, value)| entry(name, value)).collect()
}

/// `Pull request` is `pull-request`: letters, digits, `-` and `_`, no digit first.
fn valid(name: &str) -> String {
    let letters =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c.to_ascii_lowercase() } else { '-' });
    let joined: String = letters.collect();
    let words: Vec<&str> = joined.split('-').filter(|word| !word.is_empty()).collect();
    let name = words.join("-");
    match name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        true => name,
        false if name.is_empty() => "output".to_string(),
        false => format!("_{name}"),
    }
}

/// An entry of the file: the value between two lines that it doesn't hold.
fn entry(name: &str, value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let digest = Sha256::digest(text.as_bytes());
    let mut fence: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    while text.contains(&fence) {
        fence.push('_');
    }
    format!("{name}<<{fence}\n{text}\n{fence}\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_those_that_github_takes() {
        for (name, made) in [
            ("Pull request", "pull-request"),
            ("URL (prod)", "url-prod"),
            ("2nd", "_2nd"),
            ("é", "output"),
            ("a_b--c", "a_b-c"),
        ] {
            assert_eq!(valid(name), made);
        }
    }

    #[test]
    fn outputs_of_scripts_never_take_a_fixed_name() {
        let texts = [("Status", "x"), ("A b", "1"), ("a-b", "2")];
        let told = Told {
            outputs: texts.map(|(name, value)| (name.to_string(), Value::from(value))).into(),
            ..Told::default()
        };
        let text = outputs(&told, &Outcome { about: About::default(), exit: Exit::Ok });
        let names: Vec<&str> = text.lines().filter_map(|line| Some(line.split_once("<<")?.0)).collect();
        assert_eq!(
            names,
            [
                "run-key",
                "status",
                "exit-code",
                "changes",
                "created",
                "changed",
                "deleted",
                "unchanged",
                "outputs",
                "status-2",
                "a-b",
                "a-b-2"
            ]
        );
    }

    /// As the runner reads it: a line `name<<fence`, then lines up to the fence.
    fn read(text: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut rest = text;
        while let Some((head, after)) = rest.split_once('\n') {
            let (name, fence) = head.split_once("<<").unwrap();
            let end = format!("\n{fence}\n");
            let body = format!("\n{after}");
            let at = body.find(&end).unwrap();
            found.push((name.to_string(), body[..at].trim_start_matches('\n').to_string()));
            rest = &after[at + end.len() - 1..];
        }
        found
    }

    proptest! {
        #[test]
        fn no_value_ends_itself(values in prop::collection::vec("[a-f0-9_<\n=]{0,60}", 0..5)) {
            let told = Told {
                outputs: values.iter().enumerate().map(|(at, v)| (format!("v{at}"), Value::from(v.as_str()))).collect(),
                ..Told::default()
            };
            let text = outputs(&told, &Outcome { about: About::default(), exit: Exit::Ok });
            let found = read(&text);
            prop_assert_eq!(found.len(), 9 + values.len());
            for ((_, value), given) in found[9..].iter().zip(&values) {
                prop_assert_eq!(value.as_str(), given.trim_start_matches('\n'));
            }
        }
    }
}
