//! CODEOWNERS: what GitHub can't read in the file that a change wrote. GitHub ignores such lines without a word, and the
//! files that they should guard have no owner.

use serde::Deserialize;
use serde_json::Value;

use super::paths::{of, segment};
use super::{GitHubForge, read};
use crate::error::Result;
use crate::world::change::Change;
use crate::world::forge::{Outcome, RepoId};

/// Where GitHub looks for the file.
const PLACES: [&str; 3] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];

/// How many errors are named.
const NAMED: usize = 10;

/// What is wrong with a line.
#[derive(Debug, Deserialize)]
struct Fault {
    #[serde(default)]
    path: String,
    #[serde(default)]
    line: u64,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    suggestion: Option<String>,
}

impl GitHubForge {
    /// Adds to what became of a change GitHub's errors in the CODEOWNERS that it wrote. The change was made, whatever
    /// becomes of the question.
    pub(super) async fn read_owners(&self, change: &Change, outcome: &mut Outcome) {
        let (Change::Commit { repo, branch: at, .. }
        | Change::OpenPullRequest { repo, head: at, .. }
        | Change::UpdatePullRequest { repo, head: at, .. }) = change
        else {
            return;
        };
        let wrote = change.files().iter().any(|file| file.after.is_some() && PLACES.contains(&file.path.as_str()));
        if !wrote || outcome.already {
            return;
        }
        match self.owners_faults(repo, at).await {
            Ok(faults) => outcome.warnings.extend(warnings(repo, at, &faults)),
            Err(error) => outcome.warnings.push((
                format!("whether GitHub can read CODEOWNERS of {repo} isn't known: {}", error.message()),
                "look at the file on GitHub: it shows its errors above it".into(),
            )),
        }
    }

    async fn owners_faults(&self, repo: &RepoId, at: &str) -> Result<Vec<Fault>> {
        let path = of(repo, &format!("codeowners/errors?ref={}", segment(at)));
        // Hosts that don't know the question answer 404.
        let Some(body) = self.client.get(&path).await? else { return Ok(Vec::new()) };
        read(body.get("errors").unwrap_or(&Value::Array(Vec::new())))
    }
}

/// One warning a fault, with what GitHub suggests.
fn warnings(repo: &RepoId, at: &str, faults: &[Fault]) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = faults
        .iter()
        .take(NAMED)
        .map(|fault| {
            let Fault { path, line, kind, source, suggestion } = fault;
            let message = format!("{path}:{line} of {repo} at {at}: GitHub says `{kind}` of `{}`", source.trim());
            let help = suggestion.clone().filter(|text| !text.trim().is_empty());
            (
                message,
                help.unwrap_or_else(|| "GitHub ignores the line: its files have no owner until it is mended".into()),
            )
        })
        .collect();
    if let Some(more) = faults.len().checked_sub(NAMED).filter(|more| *more > 0) {
        let message = format!("CODEOWNERS of {repo} at {at} has {more} more such lines");
        all.push((message, "look at the file on GitHub: it shows its errors above it".into()));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_faults_some_are_named_and_the_rest_counted() {
        let fault = |line| Fault {
            path: "CODEOWNERS".into(),
            line,
            kind: "Unknown owner".into(),
            source: "* @nobody\n".into(),
            suggestion: (line == 1).then(|| "make sure @nobody exists".to_string()),
        };
        let repo = RepoId::new("acme", "app").unwrap();
        let all = warnings(&repo, "main", &(1..=12).map(fault).collect::<Vec<_>>());
        assert_eq!(all.len(), 11);
        assert_eq!(
            all[0],
            (
                "CODEOWNERS:1 of acme/app at main: GitHub says `Unknown owner` of `* @nobody`".to_string(),
                "make sure @nobody exists".to_string()
            )
        );
        assert!(all[1].1.contains("no owner"));
        assert_eq!(all[10].0, "CODEOWNERS of acme/app at main has 2 more such lines");
        assert!(warnings(&repo, "main", &[]).is_empty());
    }
}
