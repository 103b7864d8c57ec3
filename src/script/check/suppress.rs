//! `// idp-run: allow(rule): reason` on the line of a finding or on the line before. One that has no reason, names no
//! rule or allows nothing is a finding itself.

use rhai::Position;

use super::rules::{bad_suppression, by_id, unused_suppression};
use super::tokens::Comment;
use crate::error::{Place, nearest};
use crate::report::Finding;

/// What comments allow.
pub struct Allowances(Vec<Allowance>);

struct Allowance {
    rules: Vec<String>,
    reason: String,
    position: Position,
    /// The line whose findings it allows.
    line: usize,
}

impl Allowances {
    /// Reads the comments of a file.
    pub fn of(comments: &[Comment]) -> Allowances {
        let read = |(at, comment): (usize, &Comment)| {
            let text = comment.text.trim_start_matches('/').trim();
            let text = text.strip_prefix("idp-run:")?.trim_start();
            let (rules, reason) = match text.strip_prefix("allow(").and_then(|rest| rest.split_once(')')) {
                Some((rules, rest)) => (rules, rest.trim_start().strip_prefix(':').unwrap_or_default().trim()),
                None => ("", ""),
            };
            let mut line = comment.position.line()?;
            if !comment.trailing {
                // Comments below one another belong to the same line of code.
                line += 1;
                for next in &comments[at + 1..] {
                    if !next.trailing && next.position.line() == Some(line) {
                        line += 1;
                    }
                }
            }
            let rules = rules.split(',').map(|rule| rule.trim().to_string()).filter(|rule| !rule.is_empty()).collect();
            Some(Allowance { rules, reason: reason.to_string(), position: comment.position, line })
        };
        Allowances(comments.iter().enumerate().filter_map(read).collect())
    }

    /// The findings that are left, and those about the comments.
    pub fn apply(&self, file: &str, found: Vec<Finding>) -> Vec<Finding> {
        let mut left = Vec::new();
        let mut used = vec![false; self.0.len()];
        for finding in found {
            let allows = |allowance: &Allowance| {
                allowance.line == finding.place.line && allowance.rules.contains(&finding.policy)
            };
            match self.0.iter().position(allows) {
                Some(at) => used[at] = true,
                None => left.push(finding),
            }
        }
        for (allowance, used) in self.0.iter().zip(used) {
            let mut add = |rule: &super::Rule, message: String, help: String| {
                let at = allowance.position;
                left.push(Finding {
                    policy: rule.id.to_string(),
                    severity: rule.severity,
                    place: Place::at(file, at.line().unwrap_or(0), at.position().unwrap_or(0)),
                    message,
                    help: Some(help),
                });
            };
            let unknown = allowance.rules.iter().find(|rule| by_id(rule).is_none());
            if allowance.rules.is_empty() {
                let help = "write `// idp-run: allow(rule): reason`".to_string();
                add(&bad_suppression::RULE, "the comment allows nothing".into(), help);
            } else if let Some(rule) = unknown {
                let help = match nearest(rule, super::rules().map(|rule| rule.id)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "`idp-run check --rules` lists the rules".to_string(),
                };
                add(&bad_suppression::RULE, format!("there is no rule `{rule}`"), help);
            } else if allowance.reason.is_empty() {
                let help = format!("write why: `// idp-run: allow({}): reason`", allowance.rules.join(", "));
                add(&bad_suppression::RULE, "the comment gives no reason".into(), help);
            } else if !used {
                let message = format!("nothing here is found by {}", allowance.rules.join(", "));
                add(&unused_suppression::RULE, message, "remove the comment".into());
            }
        }
        left
    }
}
