//! Branch protection, as the embedded forge enforces it: who may commit, and what a merge needs.

use std::collections::BTreeMap;

use globset::GlobBuilder;

use crate::error::{Error, Result};
use crate::world::commit_status::{CommitState, CommitStatus};
use crate::world::forge::{Approval, Protection, PullRequest, RepoId};

/// Refuses a direct commit to a protected branch.
pub fn refuse_direct_commit(rule: Option<&Protection>, repo: &RepoId, branch: &str) -> Result<()> {
    match rule {
        None => Ok(()),
        Some(_) => Err(Error::failed("idp::forge::protected", format!("{branch} of {repo} is protected"))
            .help("propose a pull request instead: `repo.propose(...)`")),
    }
}

/// What a merge lacks, in words; empty when nothing.
///
/// Approvals of the author don't count. A code owner is one whom the last matching line of CODEOWNERS names, by user
/// name or through a team, as GitHub reads the file. `statuses` are those of the head: a check has passed once the status
/// of its name is a success.
pub fn missing_for_merge(
    rule: &Protection,
    pull: &PullRequest,
    approvals: &[Approval],
    statuses: &BTreeMap<String, CommitStatus>,
    code_owners: Option<&str>,
    changed: &[String],
    teams: &BTreeMap<String, Vec<String>>,
) -> Vec<String> {
    let mut lacks = Vec::new();
    let approvers: Vec<&str> =
        approvals.iter().map(|approval| approval.by.as_str()).filter(|by| *by != pull.author).collect();
    if (approvers.len() as u32) < rule.reviews {
        let (have, need) = (approvers.len(), rule.reviews);
        lacks.push(format!("{need} approving {} (has {have})", if need == 1 { "review" } else { "reviews" }));
    }
    for check in &rule.checks {
        match statuses.get(check).map(|status| status.state) {
            Some(CommitState::Success) => {}
            Some(state) => lacks.push(format!("the check `{check}` (it says {state})")),
            None => lacks.push(format!("the check `{check}`")),
        }
    }
    if rule.code_owners
        && let Some(text) = code_owners
    {
        for (owners, example) in owners_of(text, changed) {
            let approved = owners.iter().any(|owner| {
                approvers.iter().any(|by| {
                    let handle = owner.trim_start_matches('@');
                    let team = handle.rsplit_once('/').map(|(_, team)| team);
                    handle == *by || team.is_some_and(|team| teams.get(team).is_some_and(|m| m.iter().any(|x| x == by)))
                })
            });
            if !approved {
                lacks.push(format!("an approval of {} (code owner of {example})", owners.join(" or ")));
            }
        }
    }
    lacks
}

/// The groups of owners that the changed files have, each with one of its files.
fn owners_of(text: &str, changed: &[String]) -> Vec<(Vec<String>, String)> {
    let lines: Vec<(globset::GlobMatcher, Vec<String>)> = text
        .lines()
        .map(|line| line.split(" #").next().unwrap_or_default().trim())
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let pattern = words.next()?;
            Some((matcher(pattern)?, words.map(str::to_owned).collect()))
        })
        .collect();
    let mut groups: Vec<(Vec<String>, String)> = Vec::new();
    for path in changed {
        let Some((_, owners)) = lines.iter().rev().find(|(glob, _)| glob.is_match(path)) else { continue };
        if !owners.is_empty() && !groups.iter().any(|(known, _)| known == owners) {
            groups.push((owners.clone(), path.clone()));
        }
    }
    groups
}

/// A line's pattern, by gitignore's rules: anchored if it holds a slash, a folder means all below it.
fn matcher(pattern: &str) -> Option<globset::GlobMatcher> {
    let anchored = pattern.trim_end_matches('/').contains('/');
    let bare = pattern.trim_start_matches('/').trim_end_matches('/');
    let root = if anchored { String::new() } else { "{,**/}".to_string() };
    let below = if pattern == "*" || bare.ends_with("*") { "" } else { "{,/**}" };
    GlobBuilder::new(&format!("{root}{bare}{below}"))
        .literal_separator(true)
        .empty_alternates(true)
        .build()
        .ok()
        .map(|glob| glob.compile_matcher())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_matching_line_owns() {
        let text = "* @acme/platform\n/docs/ @acme/writers # prose\nk8s/prod @acme/sre\n";
        let groups = owners_of(text, &["docs/a.md".into(), "k8s/prod/x.yaml".into(), "src/a.rs".into()]);
        let owners: Vec<_> = groups.iter().map(|(owners, _)| owners[0].as_str()).collect();
        assert_eq!(owners, ["@acme/writers", "@acme/sre", "@acme/platform"]);
        let text = "* @acme/team\n/CODEOWNERS @acme/platform\n*.sql @acme/data\n";
        let groups = owners_of(text, &["CODEOWNERS".into(), "db/V1.sql".into(), "x/CODEOWNERS".into()]);
        let owners: Vec<_> = groups.iter().map(|(owners, _)| owners[0].as_str()).collect();
        assert_eq!(owners, ["@acme/platform", "@acme/data", "@acme/team"]);
    }
}
